/* The table .eh_frame of a file: read, and its FDEs found by address. */
#include "cfi_inner.h"
#include "elf_file.h"

#include <elf.h>
#include <stdlib.h>

#include "list.h"

#define TABLE (64u << 20) /* most bytes of the section */

struct cfi_code {
	uint64_t start, end;
	uint32_t at; /* of the FDE in the bytes */
};

/* ---- the index ---- */

static int by_start(const void *x, const void *y)
{
	const struct cfi_code *a = x, *b = y;
	return a->start < b->start ? -1 : a->start > b->start;
}

static void index_codes(struct cfi *cfi)
{
	struct cfi_entry entry;
	struct cfi_cie cie = { 0 };
	size_t known = SIZE_MAX, size = 0; /* known: where `cie` stands */
	bool sorted = true;
	for (size_t at = 0, was = 0; cfi_next_entry(cfi, &at, &entry); was = at) {
		if (!entry.cie)
			continue;
		if (known != entry.id - entry.cie) {
			known = cfi_read_cie_of(cfi, &entry, &cie) ? SIZE_MAX
			                                           : entry.id - entry.cie;
			if (known == SIZE_MAX)
				continue;
		}
		struct cfi_cursor c = { cfi->bytes, entry.id + 4, entry.end, false };
		uint64_t start = cfi_pointer(cfi, &c, cie.encoding),
		         n = cfi_pointer(cfi, &c, cie.encoding & 0xf);
		if (c.bad || !n || start + n < start)
			continue;
		if (!list_more(&cfi->codes, cfi->count, 1, &size, sizeof *cfi->codes))
			return;
		sorted = sorted && (!cfi->count || cfi->codes[cfi->count - 1].start <= start);
		cfi->codes[cfi->count++] = (struct cfi_code){ start, start + n, (uint32_t)was };
	}
	if (!sorted)
		qsort(cfi->codes, cfi->count, sizeof *cfi->codes, by_start);
}

/* Finds .eh_frame by the segment PT_GNU_EH_FRAME, where the file has no sections. The section goes
 * to the end of the segment that holds it. */
static bool by_segment(const struct elf_file *elf, struct elf_section *section)
{
	struct elf_section head = { .offset = elf->headers, .size = elf->headers_n };
	struct cfi frame = { .n = elf->headers_n, .wide = elf->wide };
	uint64_t offset = 0;
	if (head.size < 12 || !(frame.bytes = elf_file_read(elf, &head, TABLE)) ||
	    !elf_file_address(elf->segments, elf->segment_count, head.offset, &frame.address)) {
		free(frame.bytes);
		return false;
	}
	struct cfi_cursor c = { frame.bytes, 4, frame.n, false };
	uint64_t address = cfi_pointer(&frame, &c, frame.bytes[1]);
	free(frame.bytes);
	if (c.bad || !elf_file_offset(elf->segments, elf->segment_count, address, &offset))
		return false;
	for (size_t i = 0; i < elf->segment_count; i++) {
		const struct elf_segment *segment = &elf->segments[i];
		if (address >= segment->address && address - segment->address < segment->size)
			*section = (struct elf_section){
				.address = address,
				.offset = offset,
				.size = segment->size - (address - segment->address),
			};
	}
	return section->size > 0;
}

void cfi_read(struct cfi *cfi, const struct elf_file *elf)
{
	struct elf_section other = { 0 };
	const struct elf_section *section = elf_file_section(elf, ".eh_frame", 0);
	*cfi = (struct cfi){ 0 };
#if defined(__aarch64__)
	if (elf->machine != EM_AARCH64)
		return;
#elif defined(__x86_64__)
	if (elf->machine != EM_X86_64 && elf->machine != EM_386)
		return;
#else
	return; /* its registers are not known here */
#endif
	if (!section && by_segment(elf, &other))
		section = &other;
	if (!section || !(cfi->bytes = elf_file_read(elf, section, TABLE)))
		return;
	cfi->n = section->size;
	cfi->address = section->address;
	cfi->wide = elf->wide;
	index_codes(cfi);
}

void cfi_free(struct cfi *cfi)
{
	free(cfi->bytes);
	free(cfi->codes);
	*cfi = (struct cfi){ 0 };
}

int cfi_find(const struct cfi *cfi, uint64_t address, struct cfi_rule *rule)
{
	size_t low = 0, high = cfi->count;
	while (low < high) { /* the first code after it */
		size_t middle = low + (high - low) / 2;
		if (cfi->codes[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address >= cfi->codes[low - 1].end)
		return -1;
	return cfi_rule_at(cfi, cfi->codes[low - 1].at, address, rule);
}
