/* A row of maps, smaps, or another text of the kernel that has such rows.
 *
 *   7f0000000000-7f0000004000 rw-p 00001000 fe:00 4711                       /usr/lib/libc.so.6
 *   -> start, end, size, perms rw-p, share prv, offset 0x1000, dev fe:00, inode 4711, name
 */
#include "inner.h"

#include "base/bytes.h"

static const signed char hex_digit[256] = {
	['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,
	['6'] = 7,  ['7'] = 8,  ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
	['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

/* Reads up to 16 digits. NULL: none, or more. */
static const char *hex(const char *p, const char *end, uint64_t *value)
{
	const char *from = p;
	uint64_t v = 0;
	int high, low; /* two at a time: a shorter chain of shifts */
	for (; end - p >= 2 && (high = hex_digit[(unsigned char)p[0]]) &&
	       (low = hex_digit[(unsigned char)p[1]]);
	     p += 2)
		v = v << 8 | (uint64_t)((high - 1) << 4 | (low - 1));
	for (; p < end && (low = hex_digit[(unsigned char)*p]); p++)
		v = v << 4 | (uint64_t)(low - 1);
	*value = v;
	return p > from && p - from <= 16 ? p : NULL;
}

/* Reads eight digits at once; false: one is no digit. */
static inline bool hex8(const char *p, uint32_t *value)
{
	const uint64_t ones = 0x0101010101010101u, low7 = ones * 0x7f;
	uint64_t x = vp_load8(p), digit = x ^ ones * 0x30,
	         letter = x ^ ones * 0x60; /* 0 to 9, and 1 to 6 */
	uint64_t no_digit = (digit & low7) + ones * 0x76,
	         no_letter = ((letter & low7) + ones * 0x79) | ~((letter & low7) + low7);
	if (((no_digit & no_letter) | x) & ones * 0x80)
		return false;
	x = (x & ones * 0x0f) + 9 * ((x & ones * 0x40) >> 6);
	x = (x << 4 | x >> 8) & 0x00ff00ff00ff00ffu;
	x = (x | x >> 8) & 0x0000ffff0000ffffu;
	x |= x >> 16;
	const uint32_t y = (uint32_t)x; /* 32 bits, so that compilers see a byte swap */
	*value = y << 24 | (y << 8 & 0xff0000u) | (y >> 8 & 0xff00u) | y >> 24;
	return true;
}

/* Reads `7f0000000000-7f0000004000 rw-p 00000000 `, the usual form on 64-bit machines. False:
 * another form. */
static inline bool usual_row(const char *p, struct vp_region *region)
{
	uint32_t high, low, high_end, low_end, offset;
	if (p[12] != '-' || p[25] != ' ' || p[30] != ' ' || p[39] != ' ')
		return false;
	if (!hex8(p, &high) || !hex8(p + 4, &low) || !hex8(p + 17, &low_end))
		return false;
	if (vp_load8(p) == vp_load8(p + 13))
		high_end = high; /* start and end of a region below 64 KiB mostly differ in four
		                    digits */
	else if (!hex8(p + 13, &high_end))
		return false;
	if (memcmp(p + 31, "00000000", 8) == 0)
		offset = 0; /* the usual offset */
	else if (!hex8(p + 31, &offset))
		return false;
	region->start = (uint64_t)high << 16 | (low & 0xffff);
	region->end = (uint64_t)high_end << 16 | (low_end & 0xffff);
	region->offset = offset;
	return true;
}

static const char *blanks(const char *p, const char *end)
{
	while (end - p >= 8 && memcmp(p, "        ", 8) == 0)
		p += 8; /* a path begins in column 73 */
	while (p < end && *p == ' ')
		p++;
	return p;
}

static bool perms_letters(const char *p)
{
	return (p[0] == 'r' || p[0] == '-') && (p[1] == 'w' || p[1] == '-') &&
	       (p[2] == 'x' || p[2] == '-') && (p[3] == 'p' || p[3] == 's' || p[3] == '-');
}

/* Whether an offset without a file has a meaning: only for the stack of Linux 2.4. */
static bool tells_offset(const struct vp_region *region)
{
	return region->offset >= UINT64_C(0xff000000) && region->offset != region->start;
}

/* Reads `major:minor inode`: hexadecimal, then decimal. */
static const char *backing(const char *p, const char *end, struct vp_region *region)
{
	const char *from = p;
	uint64_t major, minor;
	if (end - p >= 7 && memcmp(p, "00:00 0", 7) == 0 &&
	    (end - p == 7 || p[7] == ' ')) { /* no file */
		region->has_offset = tells_offset(region);
		return p + 7;
	}
	if (!(p = hex(p, end, &major)) || p == end || *p++ != ':' || !(p = hex(p, end, &minor)))
		return NULL;
	region->dev = (vp_str){ from, (size_t)(p - from) };
	if (p == end || *p != ' ')
		return NULL;
	from = p = blanks(p, end);
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	if (p == from || (p < end && *p != ' '))
		return NULL;
	region->inode = (vp_str){ from, (size_t)(p - from) };
	if (major == 0 && minor == 0 && p - from == 1 && *from == '0') {
		region->dev = region->inode = (vp_str){ 0 };
		region->has_offset = tells_offset(region);
	}
	return p;
}

bool procfs_row(vp_str line, struct vp_region *region)
{
	const char *p = line.p, *end = line.p + line.n;
	bool usual = line.n >= 40 && usual_row(p, region);
	if (usual)
		p += 25;
	else if (!(p = hex(p, end, &region->start)) || p == end || *p++ != '-' ||
	         !(p = hex(p, end, &region->end)) || p == end || *p != ' ')
		return false;
	if (region->end <= region->start)
		return false;
	p = blanks(p, end);
	if (end - p < 5 || !perms_letters(p) || p[4] != ' ')
		return false;
	memcpy(region->perms, p, 4);
	region->share = p[3] == 's'   ? (vp_str){ "shm", 3 }
	                : p[3] == 'p' ? (vp_str){ "prv", 3 }
	                              : (vp_str){ 0 };
	if (usual)
		p = line.p + 39;
	else if (!(p = hex(blanks(p + 4, end), end, &region->offset)) || p == end || *p != ' ')
		return false;
	region->has_offset = true;
	if (!(p = backing(blanks(p, end), end, region)))
		return false;
	p = blanks(p, end);
	if (p < end)
		region->name = (vp_str){ p, (size_t)(end - p) };
	if (p < end && *p == '/')
		region->has_offset = true; /* of a file system without inodes and devices, too */
	region->size = region->end - region->start;
	return true;
}

bool procfs_row_range(vp_str line, uint64_t *start, uint64_t *end)
{
	struct vp_region region = { 0 };
	if (!line.n || !hex_digit[(unsigned char)*line.p] || !procfs_row(line, &region))
		return false;
	*start = region.start;
	*end = region.end;
	return true;
}

bool procfs_row_begins(const char *at)
{
	return hex_digit[(unsigned char)*at];
}
