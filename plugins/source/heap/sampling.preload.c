/* Which calls are told where not all are: a point of each thread's stream of allocated bytes, at
 * random distances of `every` bytes in the mean. A call that holds such a point is told. So a call
 * of n bytes is told by the chance 1 - exp(-n / every), whatever the program's rhythm.
 *
 * Of the blocks that are told the free is told too: a table has their addresses. Most frees are of
 * other blocks, and a small filter before the table says so.
 */
#include "preload.h"

#define BUCKETS (1u << 14)
#define PLACES  8 /* of a bucket: a line of the cache */

static uint64_t table[BUCKETS][PLACES] __attribute__((aligned(64)));
uint8_t heap_filter[HEAP_FILTER]; /* 255: stays */

void heap_sampling_begins(void)
{
	for (uint32_t i = 0; i < BUCKETS; i++)
		for (uint32_t k = 0; k < PLACES; k++)
			if (table[i][k]) /* touches no page anew */
				table[i][k] = 0;
	for (uint32_t i = 0; i < HEAP_FILTER; i++)
		if (heap_filter[i])
			heap_filter[i] = 0;
}

static bool put(const void *block)
{
	uint64_t addr = (uintptr_t)block;
	uint32_t hash = heap_hash(block);
	uint64_t *bucket = table[hash % BUCKETS];
	uint8_t *count = &heap_filter[hash % HEAP_FILTER];
	uint8_t there = __atomic_load_n(count, __ATOMIC_RELAXED);
	while (there != UINT8_MAX &&
	       !__atomic_compare_exchange_n(count, &there, there + 1, true, __ATOMIC_RELAXED,
	                                    __ATOMIC_RELAXED)) {}
	for (uint32_t i = 0; i < PLACES; i++) {
		uint64_t none = 0;
		if (__atomic_compare_exchange_n(&bucket[i], &none, addr, false, __ATOMIC_RELAXED,
		                                __ATOMIC_RELAXED))
			return true;
	}
	return false; /* the filter counts one too many: a look into the table more */
}

/* ---- chance ---- */

/* The natural logarithm of n / 2^32, n from 1 on, to five digits. */
static double log_of(uint32_t n)
{
	int bits = 31 - __builtin_clz(n);
	double m = (double)n / (double)(UINT64_C(1) << bits), z = (m - 1) / (m + 1), q = z * z;
	return (bits - 32) * 0.6931471805599453 +
	       2 * z * (1 + q * (1.0 / 3 + q * (1.0 / 5 + q * (1.0 / 7))));
}

/* Draws the distance to the next point. */
static uint64_t draw(struct thread *thread)
{
	uint64_t x = thread->chance;
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	thread->chance = x;
	double distance = -log_of((uint32_t)(x >> 32) | 1) * (double)heap_session.every;
	return (uint64_t)distance + 1;
}

static uint64_t first(struct thread *thread)
{
	thread->chance =
	        ((thread->tid + UINT64_C(1)) * UINT64_C(0x9e3779b97f4a7c15) ^ heap_clock()) | 1;
	draw(thread); /* the first numbers of close seeds are close */
	draw(thread);
	return draw(thread);
}

static bool at_point(struct thread *thread, const void *addr)
{
	thread->until = draw(thread);
	if (!addr)
		return false;
	if (put(addr))
		return true;
	__atomic_fetch_add(&heap_session.rings[thread->ring - 1].lost, 1, __ATOMIC_RELAXED);
	return false;
}

bool heap_sample_point(struct thread *thread, const void *addr, uint64_t size)
{
	if (size >= INT64_MAX / 2)
		return false; /* it has failed */
	if (!thread->chance)  /* its first call */
		thread->until = first(thread);
	return !heap_passes(thread, size) && at_point(thread, addr);
}

bool heap_unsample_found(const void *block)
{
	uint64_t addr = (uintptr_t)block;
	uint32_t hash = heap_hash(block);
	uint64_t *bucket = table[hash % BUCKETS];
	for (uint32_t i = 0; i < PLACES; i++) {
		uint64_t there = addr;
		if (__atomic_load_n(&bucket[i], __ATOMIC_RELAXED) != addr ||
		    !__atomic_compare_exchange_n(&bucket[i], &there, 0, false, __ATOMIC_RELAXED,
		                                 __ATOMIC_RELAXED))
			continue;
		uint8_t *count = &heap_filter[hash % HEAP_FILTER],
		        n = __atomic_load_n(count, __ATOMIC_RELAXED);
		while (n && n != UINT8_MAX &&
		       !__atomic_compare_exchange_n(count, &n, n - 1, true, __ATOMIC_RELAXED,
		                                    __ATOMIC_RELAXED)) {}
		return true;
	}
	return false;
}

void heap_resample(const void *block)
{
	put(block);
}
