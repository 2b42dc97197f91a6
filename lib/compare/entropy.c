/* The bases of several runs, and the bits in which they differ. */
#include "compare/entropy.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/list.h"
#include "stream/put.h"

static struct vp_base *base_of(struct vp_entropy *entropy, vp_str name)
{
	for (size_t i = 0; i < entropy->count; i++)
		if (vp_str_is(name, entropy->bases[i].name))
			return &entropy->bases[i];
	if (vp_list_room(&entropy->bases, entropy->count, NULL, sizeof *entropy->bases))
		return NULL;
	struct vp_base *base = &entropy->bases[entropy->count];
	*base = (struct vp_base){ .name = strndup(name.p, name.n), .low = UINT64_MAX };
	if (!base->name) {
		vp_no_memory();
		return NULL;
	}
	entropy->count++;
	return base;
}

/* Notes the address of a base in the run in hand. 0, -1 (vp_error). */
static int note(struct vp_entropy *entropy, vp_str name, uint64_t address)
{
	struct vp_base *base = base_of(entropy, name);
	if (!base || vp_list_room(&base->at, base->runs, NULL, sizeof *base->at))
		return -1;
	if (base->runs)
		base->varies |= address ^ base->at[0];
	base->at[base->runs++] = address;
	if (address < base->low)
		base->low = address;
	if (address > base->high)
		base->high = address;
	return 0;
}

static bool is_program(const struct vp_region *region)
{
	for (size_t i = 0; i + 3 <= region->name.n; i++)
		if (!memcmp(region->name.p + i, ".so", 3))
			return false;
	return region->name.n && region->name.p[0] == '/';
}

static bool is_object(const struct vp_space *space, size_t i)
{
	const struct vp_region *region = &space->live[i]->region;
	if (!region->name.n || region->name.p[0] != '/')
		return false;
	for (size_t k = i; k < space->count && vp_str_eq(space->live[k]->region.name, region->name);
	     k++)
		if (space->live[k]->region.perms[2] == 'x')
			return true;
	return false;
}

static bool first_of_name(const struct vp_space *space, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (vp_str_eq(space->live[k]->region.name, space->live[i]->region.name))
			return false;
	return true;
}

/* Notes the areas that the kernel places one by one; the highest file or unnamed region below the
 * stack is mmap's. */
static int note_areas(struct vp_entropy *entropy, const struct vp_space *space)
{
	uint64_t top = 0, stack = UINT64_MAX;
	for (size_t i = 0; i < space->count; i++) {
		const struct vp_region *region = &space->live[i]->region;
		if (vp_str_is(region->kind, "stack")) {
			stack = region->end;
			if (note(entropy, vp_s("stack"), stack))
				return -1;
		}
		if (vp_str_is(region->kind, "heap") && first_of_name(space, i) &&
		    note(entropy, vp_s("heap"), region->start))
			return -1;
		if (vp_str_is(region->kind, "vdso") && note(entropy, vp_s("vdso"), region->start))
			return -1;
		if ((!region->name.n || region->name.p[0] == '/') && region->end < stack &&
		    region->end > top)
			top = region->end;
	}
	return top ? note(entropy, vp_s("mmap"), top) : 0;
}

int vp_entropy_run(struct vp_entropy *entropy, const struct vp_space *space)
{
	bool program = false;
	for (size_t i = 0; i < space->count; i++) {
		const struct vp_region *region = &space->live[i]->region;
		if (!is_object(space, i) || !first_of_name(space, i))
			continue;
		bool own = !program && is_program(region);
		program |= own;
		if (note(entropy, own ? vp_s("program") : region->name, region->start))
			return -1;
	}
	entropy->runs++;
	return note_areas(entropy, space);
}

static int by_address(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
	return (a > b) - (a < b);
}

void vp_entropy_finish(struct vp_entropy *entropy)
{
	for (size_t i = 0; i < entropy->count; i++) {
		struct vp_base *base = &entropy->bases[i];
		qsort(base->at, base->runs, sizeof *base->at, by_address);
		base->distinct = 0;
		for (size_t k = 0; k < base->runs; k++)
			base->distinct += !k || base->at[k] != base->at[k - 1];
	}
}

unsigned vp_base_bits(const struct vp_base *base)
{
	unsigned bits = 0;
	for (uint64_t left = base->varies; left; left &= left - 1)
		bits++;
	return bits;
}

static void bit_range(uint64_t mask, unsigned *low, unsigned *high)
{
	*low = *high = 0;
	for (unsigned i = 64; i-- > 0;)
		if (mask >> i & 1)
			*low = i;
	for (unsigned i = 0; i < 64; i++)
		if (mask >> i & 1)
			*high = i;
}

void vp_base_words(const struct vp_base *base, size_t runs, char *text, size_t size)
{
	unsigned low, high, bits = vp_base_bits(base);
	char in[64] = "";
	bit_range(base->varies, &low, &high);
	if (base->runs < runs)
		snprintf(in, sizeof in, " (it is in %zu of %zu)", base->runs, runs);
	if (base->runs < 2)
		snprintf(text, size, "%s: in one run only, at 0x%" PRIx64, base->name, base->low);
	else if (!bits)
		snprintf(text, size, "%s: the same address, 0x%" PRIx64 ", in all %zu runs%s",
		         base->name, base->low, base->runs, in);
	else
		snprintf(text, size,
		         "%s: at least %u bits vary (within bits %u to %u), %zu addresses in %zu "
		         "runs%s, 0x%" PRIx64 " to 0x%" PRIx64,
		         base->name, bits, low, high, base->distinct, base->runs, in, base->low,
		         base->high);
}

size_t vp_entropy_fixed(const struct vp_entropy *entropy)
{
	size_t fixed = 0;
	for (size_t i = 0; i < entropy->count; i++)
		fixed += entropy->bases[i].runs > 1 && !entropy->bases[i].varies;
	return fixed;
}

void vp_entropy_put(const struct vp_entropy *entropy, struct vp_out *out)
{
	for (size_t i = 0; i < entropy->count; i++) {
		const struct vp_base *base = &entropy->bases[i];
		char text[4600];
		vp_base_words(base, entropy->runs, text, sizeof text);
		vp_put_begin(out, "finding", 0, -1);
		vp_put_str(out, "rule", vp_s("aslr"));
		vp_put_str(out, "severity",
		           vp_s(base->runs > 1 && !base->varies ? "warning" : "info"));
		vp_put_str(out, "text", vp_s(text));
		vp_put_str(out, "base", vp_s(base->name));
		vp_put_num(out, "runs", base->runs);
		vp_put_num(out, "distinct", base->distinct);
		vp_put_num(out, "bits", vp_base_bits(base));
		vp_put_addr(out, "varies", base->varies);
		vp_put_addr(out, "low", base->low);
		vp_put_addr(out, "high", base->high);
		vp_put_end(out);
	}
}

void vp_entropy_free(struct vp_entropy *entropy)
{
	for (size_t i = 0; i < entropy->count; i++) {
		free(entropy->bases[i].name);
		free(entropy->bases[i].at);
	}
	free(entropy->bases);
	*entropy = (struct vp_entropy){ 0 };
}
