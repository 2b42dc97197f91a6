/* Where a process has code, as far as its calls and readings have told: for the frames of stacks.
 *
 * Memory: MOST regions of a process; beyond that all are forgotten.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inner.h"

#define MOST (1u << 17)

void code_free(struct code *code)
{
	free(code->at);
	*code = (struct code){ 0 };
}

/* Returns the first region that ends above an address. */
static size_t first_above(const struct code *code, uint64_t at)
{
	size_t low = 0, high = code->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (code->at[middle].vma.end <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Puts `n` regions in place of those from `from` up to `to`. */
static void replace(struct code *code, size_t from, size_t to, const struct code_region *with,
                    size_t n)
{
	size_t count = code->count - (to - from) + n;
	if (!list_more(&code->at, 0, count, &code->size, sizeof *code->at))
		return;
	if (to < code->count)
		memmove(&code->at[from + n], &code->at[to], (code->count - to) * sizeof *code->at);
	if (n)
		memcpy(&code->at[from], with, n * sizeof *with);
	code->count = count;
}

/* The part of a region within a range; asked for anew, as the mapping has other bounds. */
static struct code_region part(const struct code_region *region, uint64_t start, uint64_t end)
{
	struct code_region part = { .vma = region->vma };
	if (part.vma.what & EBPF_VMA_FILE)
		part.vma.offset += start - part.vma.start;
	part.vma.start = start;
	part.vma.end = end;
	return part;
}

/* Puts a region, or nothing, in place of all that a range holds. */
static void put(struct code *code, uint64_t start, uint64_t end, const struct ebpf_vma *vma)
{
	struct code_region with[3];
	size_t n = 0, from = first_above(code, start), to = from;
	while (to < code->count && code->at[to].vma.start < end)
		to++;
	if (from < to && code->at[from].vma.start < start)
		with[n++] = part(&code->at[from], code->at[from].vma.start, start);
	if (vma)
		with[n++] = (struct code_region){ .vma = *vma };
	if (from < to && code->at[to - 1].vma.end > end)
		with[n++] = part(&code->at[to - 1], end, code->at[to - 1].vma.end);
	replace(code, from, to, with, n);
}

void code_clear(struct code *code, uint64_t start, uint64_t end)
{
	if (start < end)
		put(code, start, end, NULL);
}

static bool same(const struct ebpf_vma *x, const struct ebpf_vma *y)
{
	return x->start == y->start && x->end == y->end && x->inode == y->inode &&
	       x->dev == y->dev && x->offset == y->offset && x->what == y->what;
}

void code_learn(struct code *code, const struct ebpf_vma *vma)
{
	size_t at = first_above(code, vma->start);
	if (vma->start >= vma->end)
		return;
	if (!(vma->perms & 4)) {
		code_clear(code, vma->start, vma->end);
		return;
	}
	if (at < code->count && same(&code->at[at].vma, vma))
		return; /* what was read of its file stays */
	if (code->count >= MOST)
		code_free(code);
	put(code, vma->start, vma->end, vma);
}

void code_learn_range(struct code *code, uint64_t start, uint64_t end, const struct ebpf_vma *vmas,
                      size_t count)
{
	for (size_t i = 0; i < count; i++) {
		code_clear(code, start, vmas[i].start);
		code_learn(code, &vmas[i]);
		start = vmas[i].end;
	}
	code_clear(code, start, end);
}

/* START-END PERMS OFFSET MAJOR:MINOR INODE */
void code_learn_maps(struct code *code, const char *text, size_t n)
{
	for (const char *at = text, *stop = text + n; at < stop;
	     at = memchr(at, '\n', (size_t)(stop - at)), at = at ? at + 1 : stop) {
		char row[96] = "", perms[5];
		unsigned major, minor;
		struct ebpf_vma vma = { .perms = 4 };
		memcpy(row, at,
		       (size_t)(stop - at) < sizeof row - 1 ? (size_t)(stop - at) : sizeof row - 1);
		if (sscanf(row, "%llx-%llx %4s %llx %x:%x %llu", &vma.start, &vma.end, perms,
		           &vma.offset, &major, &minor, &vma.inode) != 7)
			continue;
		vma.dev = major << 20 | minor;
		vma.what = vma.inode ? EBPF_VMA_FILE : 0;
		if (perms[2] == 'x')
			code_learn(code, &vma);
	}
}

void code_copy(struct code *to, const struct code *from)
{
	if (from->count && list_more(&to->at, 0, from->count, &to->size, sizeof *to->at)) {
		memcpy(to->at, from->at, from->count * sizeof *to->at);
		to->count = from->count;
	}
}

struct code_region *code_find(const struct code *code, uint64_t at)
{
	size_t i = first_above(code, at);
	return i < code->count && code->at[i].vma.start <= at ? &code->at[i] : NULL;
}
