/* Live regions in blocks: a call changes a few of very many regions, and the others stay in place.
 *
 *   live    |1 2 3 4 5 6 7 8|      one array: while there are few, and to look at every region
 *   blocks  |1 2 3|4 5 6 7|8|      from DIVIDED regions on, while calls come one by one
 *
 * `live` keeps its room meanwhile, so joining the blocks again needs no memory.
 */
#include "track/inner.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"

#define DIVIDED 512 /* from so many regions on they are divided ... */
#define BLOCK   64  /* ... into blocks of so many; a block may grow to twice that */

static uint32_t blocks_of(const struct space *space)
{
	return space->block_count ? space->block_count : 1;
}

static const struct entries *block_of(const struct space *space, uint32_t block)
{
	return space->block_count ? &space->blocks[block] : &space->live;
}

static struct entries *block_for_change(struct space *space, uint32_t block)
{
	return space->block_count ? &space->blocks[block] : &space->live;
}

/* Makes room for so many entries in all. */
static int make_room(struct entries *entries, uint32_t count)
{
	return count <= entries->size ? 0 : vp_track_entries(entries, count - entries->count);
}

static int make_blocks(struct space *space, uint32_t more)
{
	return vp_list_more(&space->blocks, space->block_count, more, &space->block_size,
	                    sizeof *space->blocks);
}

/* ---- divided and whole ---- */

static void remove_blocks(struct space *space, uint32_t from, uint32_t to)
{
	for (uint32_t b = from; b < to; b++)
		free(space->blocks[b].at);
	memmove(space->blocks + from, space->blocks + to,
	        (space->block_count - to) * sizeof *space->blocks);
	space->block_count -= to - from;
}

/* Copies entries into a new block. False: no memory. */
static bool fill_block(struct entries *block, const struct entry *at, uint32_t count)
{
	*block = (struct entries){ .at = malloc(2 * BLOCK * sizeof *at),
		                   .count = count,
		                   .size = 2 * BLOCK };
	if (block->at)
		memcpy(block->at, at, count * sizeof *at);
	return block->at;
}

/* Without memory the regions stay undivided, which is slow and correct. */
void vp_track_divide(struct space *space)
{
	uint32_t count = space->live.count, blocks = (count + BLOCK - 1) / BLOCK;
	if (space->block_count || count < DIVIDED || make_blocks(space, blocks))
		return;
	for (uint32_t b = 0; b < blocks; b++) {
		uint32_t from = b * BLOCK, n = count - from < BLOCK ? count - from : BLOCK;
		if (fill_block(&space->blocks[b], space->live.at + from, n))
			continue;
		while (b-- > 0)
			free(space->blocks[b].at);
		return;
	}
	space->block_count = blocks;
}

void vp_track_whole(struct space *space)
{
	uint32_t count = 0;
	if (!space->block_count)
		return;
	for (uint32_t b = 0; b < space->block_count; b++) {
		memcpy(space->live.at + count, space->blocks[b].at,
		       space->blocks[b].count * sizeof *space->live.at);
		count += space->blocks[b].count;
	}
	remove_blocks(space, 0, space->block_count);
}

/* ---- places ---- */

int vp_track_order(struct place a, struct place b)
{
	return a.block != b.block ? (a.block > b.block) - (a.block < b.block)
	                          : (a.at > b.at) - (a.at < b.at);
}

const struct entry *vp_track_at(const struct space *space, struct place place)
{
	const struct entries *block = block_of(space, place.block);
	return place.at < block->count ? &block->at[place.at] : NULL;
}

bool vp_track_next(const struct space *space, struct place *place)
{
	uint32_t count = block_of(space, place->block)->count;
	if (place->at >= count)
		return false;
	if (++place->at == count && place->block + 1 < blocks_of(space))
		*place = (struct place){ place->block + 1, 0 };
	return true;
}

bool vp_track_back(const struct space *space, struct place *place)
{
	if (!place->at && !place->block)
		return false;
	if (!place->at)
		*place = (struct place){ place->block - 1,
			                 block_of(space, place->block - 1)->count };
	place->at--;
	return true;
}

/* The first entry that ends after the address; count: none. */
static uint32_t first_after(const struct entries *entries, uint64_t address)
{
	uint32_t low = 0, high = entries->count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (now(entries, middle)->end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct place vp_track_find(const struct space *space, uint64_t address)
{
	uint32_t low = 0, high = blocks_of(space) - 1;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct entries *block = block_of(space, middle);
		if (now(block, block->count - 1)->end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return (struct place){ low, first_after(block_of(space, low), address) };
}

/* ---- changing ---- */

/* Divides a block that has become too large. Without memory it stays large. */
static void split(struct space *space, uint32_t b)
{
	uint32_t count = space->blocks[b].count;
	if (count <= 2 * BLOCK || make_blocks(space, (count - 1) / BLOCK))
		return;
	struct entries *block = &space->blocks[b], fresh;
	while (block->count > BLOCK) {
		uint32_t n = (block->count - 1) % BLOCK + 1;
		if (!fill_block(&fresh, block->at + block->count - n, n))
			return;
		block->count -= n;
		memmove(block + 2, block + 1, (space->block_count - b - 1) * sizeof *block);
		block[1] = fresh;
		space->block_count++;
	}
}

/* No block may be empty, except the only one. */
static void tidy(struct space *space, uint32_t b)
{
	if (!space->block_count)
		return;
	if (b + 1 < space->block_count && !space->blocks[b + 1].count)
		remove_blocks(space, b + 1, b + 2);
	if (!space->blocks[b].count && space->block_count > 1)
		remove_blocks(space, b, b + 1);
	else
		split(space, b);
}

/* Replaces `old` entries of the block, from `from` on. There is room for the new ones. */
static void exchange(struct entries *block, uint32_t from, uint32_t old, const struct entries *by)
{
	uint32_t after = block->count - from - old;
	if (old != by->count && after)
		memmove(block->at + from + by->count, block->at + from + old,
		        after * sizeof *block->at);
	if (by->count)
		memcpy(block->at + from, by->at, by->count * sizeof *block->at);
	block->count = from + by->count + after;
}

struct place vp_track_still(const struct space *space, struct place place)
{
	while (place.block + 1 < blocks_of(space) &&
	       place.at > block_of(space, place.block)->count) {
		place.at -= block_of(space, place.block)->count;
		place.block++;
	}
	uint32_t last = blocks_of(space) - 1;
	if (place.block > last)
		place = (struct place){ last, block_of(space, last)->count };
	return place;
}

int vp_track_replace(struct space *space, struct place from, struct place to,
                     const struct entries *by)
{
	const struct entries none = { NULL, 0, 0 };
	struct entries *block = block_for_change(space, from.block);
	uint32_t old = to.block == from.block ? to.at - from.at : block->count - from.at,
	         gone = old;
	for (uint32_t b = from.block + 1; b <= to.block; b++)
		gone += b < to.block ? space->blocks[b].count : to.at;
	if (make_room(block, block->count - old + by->count))
		return -1;
	if (space->block_count && make_room(&space->live, space->live.count - gone + by->count))
		return -1;
	exchange(block, from.at, old, by);
	if (to.block > from.block) {
		exchange(&space->blocks[to.block], 0, to.at, &none);
		remove_blocks(space, from.block + 1, to.block);
	}
	if (space->block_count)
		space->live.count += by->count - gone;
	tidy(space, from.block);
	return 0;
}
