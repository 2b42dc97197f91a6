/* Where a process has code, as far as its calls and readings have told: for frames whose region the
 * kernel's half could not ask for.
 *
 * In a page fault interrupts are off, and there the kernel answers one such question at a time: the
 * fault's own region takes it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inner.h"

void code_free(struct code *code)
{
	free(code->at);
	*code = (struct code){ 0 };
}

/* Removes the regions that it overlaps. */
static void make_way(struct code *code, const struct ebpf_vma *vma)
{
	size_t kept = 0;
	for (size_t i = 0; i < code->count; i++)
		if (code->at[i].end <= vma->start || code->at[i].start >= vma->end)
			code->at[kept++] = code->at[i];
	code->count = kept;
}

static bool room(struct code *code, size_t count)
{
	return list_more(&code->at, 0, count, &code->size, sizeof *code->at);
}

void code_learn(struct code *code, const struct ebpf_vma *vma)
{
	if (!(vma->perms & 4) || !(vma->what & (EBPF_VMA_FILE | EBPF_VMA_SPECIAL)))
		return;
	make_way(code, vma);
	if (room(code, code->count + 1))
		code->at[code->count++] = *vma;
}

/* START-END PERMS OFFSET MAJOR:MINOR INODE */
void code_learn_maps(struct code *code, const char *text, size_t n)
{
	for (const char *at = text, *stop = text + n; at < stop;
	     at = memchr(at, '\n', (size_t)(stop - at)), at = at ? at + 1 : stop) {
		char row[96] = "", perms[5];
		unsigned major, minor;
		struct ebpf_vma vma = { .what = EBPF_VMA_FILE, .perms = 4 };
		memcpy(row, at,
		       (size_t)(stop - at) < sizeof row - 1 ? (size_t)(stop - at) : sizeof row - 1);
		if (sscanf(row, "%llx-%llx %4s %llx %x:%x %llu", &vma.start, &vma.end, perms,
		           &vma.offset, &major, &minor, &vma.inode) != 7)
			continue;
		vma.dev = major << 20 | minor;
		if (perms[2] == 'x' && vma.inode)
			code_learn(code, &vma);
	}
}

void code_copy(struct code *to, const struct code *from)
{
	if (from->count && room(to, from->count))
		memcpy(to->at, from->at, from->count * sizeof *to->at), to->count = from->count;
}

const struct ebpf_vma *code_find(const struct code *code, uint64_t at)
{
	for (size_t i = 0; i < code->count; i++)
		if (code->at[i].start <= at && at < code->at[i].end)
			return &code->at[i];
	return NULL;
}
