/* Eight or sixteen bytes at a time: loads and tests that the reader and the writer of lines share.
 * Portable C, of which compilers make single instructions. */
#ifndef VMPIPE_BASE_BYTES_H
#define VMPIPE_BASE_BYTES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define VP_ONES  0x0101010101010101u
#define VP_HIGHS 0x8080808080808080u

/* Loads and stores have the first byte lowest, on any machine. */
static inline uint32_t vp_load4(const void *at)
{
	const unsigned char *b = at;
	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static inline uint64_t vp_load8(const void *at)
{
	const unsigned char *b = at;
	return (uint64_t)b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 | (uint64_t)b[3] << 24 |
	       (uint64_t)b[4] << 32 | (uint64_t)b[5] << 40 | (uint64_t)b[6] << 48 |
	       (uint64_t)b[7] << 56;
}

static inline void vp_store4(void *at, uint32_t v)
{
	unsigned char *b = at;
	b[0] = (unsigned char)v;
	b[1] = (unsigned char)(v >> 8);
	b[2] = (unsigned char)(v >> 16);
	b[3] = (unsigned char)(v >> 24);
}

static inline void vp_store8(void *at, uint64_t v)
{
	unsigned char *b = at;
	b[0] = (unsigned char)v;
	b[1] = (unsigned char)(v >> 8);
	b[2] = (unsigned char)(v >> 16);
	b[3] = (unsigned char)(v >> 24);
	b[4] = (unsigned char)(v >> 32);
	b[5] = (unsigned char)(v >> 40);
	b[6] = (unsigned char)(v >> 48);
	b[7] = (unsigned char)(v >> 56);
}

/* Sets the high bit of each byte that a JSON string must escape, or that is 0x80 or above: control
 * characters, quote, backslash. The lowest set bit is exact; bits above it may be false. */
static inline uint64_t vp_specials(uint64_t x)
{
	/* Each subtraction also marks bytes from 0x80 on: the result has them anyway. */
	return ((x - VP_ONES * 0x20) | ((x ^ VP_ONES * '"') - VP_ONES) |
	        ((x ^ VP_ONES * '\\') - VP_ONES) | x) &
	       VP_HIGHS;
}

/* Index of the lowest marked byte; `specials` is not 0. */
static inline unsigned vp_first(uint64_t specials)
{
	/* The bits below the mark cover one byte more than the index. */
	uint64_t below = (specials & (~specials + 1)) - 1;
	return (unsigned)((below & VP_ONES) * VP_ONES >> 56) - 1;
}

/* Counts how many of 16 bytes, from the first on, need no escape. */
static inline unsigned vp_run16(const void *at)
{
#ifdef __SSE2__
	__m128i x = _mm_loadu_si128(at);
	__m128i low = _mm_cmplt_epi8(x, _mm_set1_epi8(0x20)); /* signed: also from 0x80 on */
	__m128i marks = _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8('"')),
	                             _mm_cmpeq_epi8(x, _mm_set1_epi8('\\')));
	return (unsigned)__builtin_ctz((unsigned)_mm_movemask_epi8(_mm_or_si128(low, marks)) |
	                               0x10000u);
#else
	uint64_t found = vp_specials(vp_load8(at));
	if (found)
		return vp_first(found);
	found = vp_specials(vp_load8((const char *)at + 8));
	return 8 + (found ? vp_first(found) : 8);
#endif
}

/* Copies 16 bytes, and counts them like vp_run16. The two may overlap if `to` is below `at`. */
static inline unsigned vp_plain16(const void *at, void *to)
{
	unsigned run = vp_run16(at);
#ifdef __SSE2__
	_mm_storeu_si128(to, _mm_loadu_si128(at));
#else
	uint64_t x = vp_load8(at), y = vp_load8((const char *)at + 8);
	vp_store8(to, x);
	vp_store8((char *)to + 8, y);
#endif
	return run;
}

/* Reads eight hexadecimal digits of either case. False: one is none. */
static inline bool vp_hex8(const void *at, uint32_t *value)
{
	uint64_t x = vp_load8(at), letters = (x & VP_ONES * 0x40) >> 6;
	x |= letters << 5; /* to lower case */
	uint64_t v = (x & VP_ONES * 0x0f) + 9 * letters;
	if ((x & VP_ONES * 0xf0) != VP_ONES * 0x30 + letters * 0x30)
		return false;
	if ((v & VP_ONES * 0x10) || ((v + VP_ONES * 6) & VP_ONES * 0x10) != letters << 4)
		return false;
	v = (v << 4 | v >> 8) & 0x00ff00ff00ff00ffu;
	v = (v | v >> 8) & 0x0000ffff0000ffffu;
	v = (v | v >> 16) & 0xffffffffu;
	*value = (uint32_t)(v >> 24 | (v >> 8 & 0xff00) | (v << 8 & 0xff0000) |
	                    (v << 24 & 0xff000000u));
	return true;
}

#endif
