/* Sets the kind of each region of a snapshot: the first rule that fits decides. */
#include "space/kinds.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/list.h"
#include "base/str.h"
#include "space/inner.h"
#include "space/rules_macos.h"

/* A rule that a region may fit, and the questions that are still open. */
struct candidate {
	const struct vp_kind_rule *rule;
	vp_str kind, by, after;
	size_t number;
	unsigned asks;
};
enum { NAME = 1, PERMISSIONS = 2, EXTENT = 4, BESIDE = 8, WORDS = 16, SHAPE = 32, POINTED = 64 };

/* The rules that a region of one sort may fit: of the same permissions, with a name or without,
 * with a file or without, with words of the system (flags, a label) or without. */
struct shortlist {
	struct candidate *rules;
	size_t count;
	bool made;
};

#define PERMS 16 /* r, w, x or not, shared or private; one more list is for any other letters */

/* Last components of the paths that are mapped executable, a NUL after each. */
struct programs {
	char *names;
	size_t n, size;
};

/* One pass over a snapshot. The buffers are kept for the next pass. */
struct pass {
	struct vp_kind_place place;
	unsigned char *facts;
	size_t facts_size;
	struct programs found, programs; /* of this pass; those that the lists were made for */
	bool vdso_named;                 /* by the text */
	unsigned char *name_fits;        /* by rule, for `name`: 0 not asked yet, 1 no, 2 yes */
	size_t rule_count;
	/* [name][file][words][permissions]; valid while rules and programs are the same */
	struct shortlist lists[2][2][2][PERMS + 1];
	vp_str name;
};

static bool same_file(const struct vp_region *a, const struct vp_region *b)
{
	return a->name.n == b->name.n && a->inode.n == b->inode.n &&
	       memcmp(a->name.p, b->name.p, a->name.n) == 0;
}

static int program_add(struct programs *found, vp_str path)
{
	static const char gone[] = " (deleted)";
	size_t n = sizeof gone - 1;
	if (path.n > n && memcmp(path.p + path.n - n, gone, n) == 0)
		path.n -= n;
	const char *slash = memrchr(path.p, '/', path.n);
	if (slash)
		path = (vp_str){ slash + 1, path.n - (size_t)(slash + 1 - path.p) };
	if (vp_list_more(&found->names, found->n, path.n + 1, &found->size, 1))
		return -1;
	memcpy(found->names + found->n, path.p, path.n);
	found->n += path.n;
	found->names[found->n++] = 0;
	return 0;
}

/* Neighbours of one file are one object if any of them is executable. The program itself is the
 * last object below the heap, or the first where there is no heap. */
static int find_objects(struct pass *pass)
{
	const struct vp_region *regions = pass->place.regions;
	size_t first = 0, first_end = 0, last = 0, last_end = 0;
	bool heap = false;
	pass->vdso_named = false;
	for (size_t i = 0, next; i < pass->place.count; i = next) {
		bool executable = false, file = regions[i].name.n && vp_kind_has_file(&regions[i]);
		for (next = i; next < pass->place.count &&
		               (next == i || (file && same_file(&regions[i], &regions[next])));
		     next++)
			executable |= regions[next].perms[0] && regions[next].perms[2] == 'x';
		if (regions[i].name.n && regions[i].name.p[0] == '[') {
			heap |= vp_str_is(regions[i].name, "[heap]");
			pass->vdso_named |= vp_str_is(regions[i].name, "[vdso]");
		}
		if (!file || !executable)
			continue;
		if (!first_end) {
			first = i;
			first_end = next;
		}
		if (!heap) {
			last = i;
			last_end = next;
		}
		memset(pass->facts + i, VP_KIND_OBJECT, next - i);
		if (program_add(&pass->found, regions[i].name))
			return -1;
	}
	if (!heap || !last_end) {
		last = first;
		last_end = first_end;
	}
	for (; last < last_end; last++)
		pass->facts[last] |= VP_KIND_MAIN;
	return 0;
}

static void know_stack(struct pass *pass, size_t at)
{
	struct vp_kind_place *place = &pass->place;
	const uint64_t size = place->regions[at].size;
	pass->facts[at] |= VP_KIND_HOLDS_STACK;
	place->stacks_marked |= vp_match_word(place->regions[at].flags, "nh");
	if (place->regions[at].name.n ||
	    place->stack_size_count == sizeof place->stack_sizes / sizeof *place->stack_sizes)
		return;
	for (size_t i = 0; i < place->stack_size_count; i++)
		if (place->stack_sizes[i] == size)
			return;
	place->stack_sizes[place->stack_size_count++] = size;
}

/* Of a thread other than the first, the local storage lies at the upper end of its stack. */
static void know_threads(struct pass *pass, const struct vp_kind_facts *facts)
{
	for (size_t i = 0; facts && i < facts->thread_count; i++) {
		const struct vp_thread *thread = &facts->threads[i];
		size_t stack = vp_kind_region_at(&pass->place, thread->stack),
		       local = vp_kind_region_at(&pass->place, thread->local);
		pass->place.threads_known = true;
		if (stack < pass->place.count)
			know_stack(pass, stack);
		if (local < pass->place.count && thread->main)
			pass->facts[local] |= VP_KIND_HOLDS_LOCAL;
		else if (local < pass->place.count)
			know_stack(pass, local);
	}
}

/* A page of the vdso or of its data where the text does not name them: no file, 64 KiB at most. */
static bool may_be_lent(const struct vp_region *region, const char *perms)
{
	return !region->name.n && !region->label.n && !vp_kind_has_file(region) &&
	       region->size <= 65536 && memcmp(region->perms, perms, 3) == 0;
}

/* The vdso is code right above data that is only read ([vvar], [vvar_vclock]). It lies above the
 * stack, on Linux 6.18 among the libraries. Of several such places it is the highest. */
static void find_lent(struct pass *pass)
{
	const struct vp_region *regions = pass->place.regions;
	for (size_t i = pass->place.count; i-- > 1 && !pass->vdso_named;) {
		if (!may_be_lent(&regions[i], "r-x"))
			continue;
		size_t low = i;
		while (low > 0 && i - low < 3 && regions[low - 1].end == regions[low].start &&
		       may_be_lent(&regions[low - 1], "r--"))
			low--;
		if (low == i)
			continue;
		for (; low <= i; low++)
			pass->facts[low] |= VP_KIND_LENT;
		return;
	}
}

static bool program_fits(const struct pass *pass, const struct vp_kind_rule *rule)
{
	for (size_t at = 0, n; at < pass->programs.n; at += n + 1) {
		n = strlen(pass->programs.names + at);
		if (vp_match_glob(rule->program, (vp_str){ pass->programs.names + at, n }))
			return true;
	}
	return false;
}

static bool name_fits(struct pass *pass, const struct vp_kind_rule *rule, size_t number,
                      vp_str name)
{
	if (!rule->name[0] || !name.n)
		return !rule->name[0] && !name.n;
	unsigned char *asked = &pass->name_fits[number];
	if (!*asked)
		*asked = vp_match_glob(rule->name, name) ? 2 : 1;
	return *asked == 2;
}

static bool extent_fits(const struct vp_kind_rule *rule, const struct vp_region *region)
{
	if (region->size < rule->least || (rule->most && region->size > rule->most))
		return false;
	if (region->start < rule->from || (rule->until && region->end > rule->until))
		return false;
	return !rule->align || region->start % rule->align == 0;
}

static bool beside_fits(const struct pass *pass, const struct candidate *candidate)
{
	const struct vp_kind_rule *rule = candidate->rule;
	const struct vp_region *below = rule->after ? vp_kind_neighbour(&pass->place, -1) : NULL;
	if (rule->object && (rule->object > 0) != !!(pass->facts[pass->place.at] & VP_KIND_OBJECT))
		return false;
	return !rule->after || (below && vp_str_eq(below->kind, candidate->after));
}

/* Three letters alone mean private memory; on macOS the label says the rest. */
static bool permissions_fit(const struct vp_kind_rule *rule, const struct vp_region *region)
{
	char perms[sizeof region->perms];
	memcpy(perms, region->perms, sizeof perms);
	if (perms[0] && perms[1] && perms[2] && !perms[3] && !region->label.n)
		memcpy(perms + 3, "p", 2);
	return vp_match_perms(rule->perms, perms);
}

static bool fits(struct pass *pass, const struct candidate *candidate,
                 const struct vp_region *region)
{
	const struct vp_kind_rule *rule = candidate->rule;
	const unsigned asks = candidate->asks;
	if (asks & NAME && !name_fits(pass, rule, candidate->number, region->name))
		return false;
	if (asks & EXTENT && !extent_fits(rule, region))
		return false;
	if (asks & POINTED &&
	    !(pass->facts[pass->place.at] & (VP_KIND_HOLDS_LOCAL | VP_KIND_HOLDS_STACK)))
		return false;
	if (asks & PERMISSIONS && !permissions_fit(rule, region))
		return false;
	if (asks & BESIDE && !beside_fits(pass, candidate))
		return false;
	if (asks & WORDS && rule->flags && !vp_match_word(region->flags, rule->flags))
		return false;
	if (asks & WORDS && rule->label && !vp_match_glob(rule->label, region->label))
		return false;
	return !(asks & SHAPE) || rule->shape(&pass->place);
}

/* 0 .. PERMS - 1, or PERMS: other letters than Linux has. */
static unsigned perms_index(const char *perms)
{
	unsigned r = perms[0] == 'r', w = perms[1] == 'w', x = perms[2] == 'x', s = perms[3] == 's';
	bool usual = (r || perms[0] == '-') && (w || perms[1] == '-') && (x || perms[2] == '-') &&
	             (s || perms[3] == 'p') && !perms[4];
	return usual ? r | w << 1 | x << 2 | s << 3 : PERMS;
}

static bool can_fit(const struct pass *pass, const struct vp_kind_rule *rule, bool has_name,
                    bool file, bool words, const char *perms)
{
	if (!words && (rule->flags || (rule->label && rule->label[0])))
		return false;
	if (rule->name && (rule->name[0] != 0) != has_name)
		return false;
	if (rule->file && (rule->file > 0) != file)
		return false;
	if (rule->perms && perms && !vp_match_perms(rule->perms, perms))
		return false;
	return !rule->program || program_fits(pass, rule);
}

static struct candidate make_candidate(const struct vp_kind_rule *rule, size_t number,
                                       bool has_name, bool perms_known)
{
	struct candidate candidate = { .rule = rule,
		                       .kind = vp_s(rule->kind),
		                       .by = vp_s(vp_kind_rule_by(rule)),
		                       .after = vp_s(rule->after),
		                       .number = number };
	if (rule->name && has_name)
		candidate.asks |= NAME;
	if (rule->perms && !perms_known)
		candidate.asks |= PERMISSIONS;
	if (rule->least || rule->most || rule->from || rule->until || rule->align)
		candidate.asks |= EXTENT;
	if (rule->object || rule->after)
		candidate.asks |= BESIDE;
	if (rule->flags || rule->label)
		candidate.asks |= WORDS;
	if (rule->shape)
		candidate.asks |= SHAPE;
	if (rule->shape == vp_kind_stack_pointed || rule->shape == vp_kind_local_pointed)
		candidate.asks |= POINTED;
	return candidate;
}

/* The rules that a region of this sort may fit; made for the first such region. NULL: no memory. */
static const struct shortlist *list_of(struct pass *pass, const struct vp_region *region)
{
	bool has_name = region->name.n > 0, file = vp_kind_has_file(region),
	     words = region->flags.n || region->label.n;
	unsigned perms = perms_index(region->perms);
	struct shortlist *list = &pass->lists[has_name][file][words][perms];
	if (list->made)
		return list;
	if (!list->rules && !(list->rules = malloc(pass->rule_count * sizeof *list->rules))) {
		vp_no_memory();
		return NULL;
	}
	list->count = 0;
	for (size_t i = 0; i < pass->rule_count; i++)
		if (can_fit(pass, vp_kind_rule_at(i), has_name, file, words,
		            perms < PERMS ? region->perms : NULL))
			list->rules[list->count++] =
			        make_candidate(vp_kind_rule_at(i), i, has_name, perms < PERMS);
	list->made = true;
	return list;
}

static int set_one(struct pass *pass)
{
	struct vp_region *region = &pass->place.regions[pass->place.at];
	bool asked = !region->label.n; /* macOS's words, after the user's rules */
	if (region->kind.n)
		return 0;
	if (!vp_str_eq(region->name, pass->name)) {
		memset(pass->name_fits, 0, pass->rule_count);
		pass->name = region->name;
	}
	const struct shortlist *list = list_of(pass, region);
	if (!list)
		return -1;
	for (size_t i = 0; i < list->count && !region->kind.n; i++) {
		const struct candidate *candidate = &list->rules[i];
		if (!asked && candidate->number >= vp_kind_rules_added()) {
			asked = true;
			region->kind = vp_s(vp_macos_kind(region));
			if (region->kind.n)
				region->kind_by = vp_s("name");
		}
		if (!region->kind.n && fits(pass, candidate, region)) {
			region->kind = candidate->kind;
			region->kind_by = candidate->by;
		}
	}
	return 0;
}

/* Forgets the lists since programs, or with `all` rules, have changed. */
static void forget_lists(struct pass *pass, bool all)
{
	struct shortlist *list = &pass->lists[0][0][0][0];
	for (size_t i = 0; i < sizeof pass->lists / sizeof *list; i++) {
		list[i].made = false;
		if (!all)
			continue;
		free(list[i].rules);
		list[i].rules = NULL;
	}
}

static void compare_programs(struct pass *pass)
{
	struct programs *found = &pass->found, *programs = &pass->programs, last = *programs;
	if (found->n == programs->n &&
	    (!found->n || memcmp(found->names, programs->names, found->n) == 0))
		return;
	*programs = *found;
	*found = last;
	forget_lists(pass, false);
}

static int prepare(struct pass *pass, size_t count)
{
	if (pass->rule_count != vp_kind_rules()) {
		free(pass->name_fits);
		forget_lists(pass, true);
		pass->rule_count = vp_kind_rules();
		pass->name_fits = malloc(pass->rule_count);
		if (!pass->name_fits) {
			pass->rule_count = 0;
			return vp_no_memory();
		}
	}
	if (vp_list_reach(&pass->facts, count, &pass->facts_size, 1))
		return -1;
	memset(pass->name_fits, 0, pass->rule_count);
	memset(pass->facts, 0, count);
	pass->found.n = 0;
	pass->name = (vp_str){ 0 };
	return 0;
}

/* ---- the next snapshot of the same process ---- */

#define BELOW 3 /* a rule looks at so many regions below, and at one above */

void vp_kind_memory_free(struct vp_kind_memory *memory)
{
	free(memory->facts);
	free(memory->programs);
	memset(memory, 0, sizeof *memory);
}

/* Is everything unchanged that concerns the process as a whole? */
static bool same_process(const struct pass *pass, const struct vp_kind_memory *memory)
{
	const struct vp_kind_place *place = &pass->place;
	return memory->rules == pass->rule_count && memory->threads_known == place->threads_known &&
	       memory->stacks_marked == place->stacks_marked &&
	       memory->stack_size_count == place->stack_size_count &&
	       memcmp(memory->stack_sizes, place->stack_sizes,
	              place->stack_size_count * sizeof *place->stack_sizes) == 0 &&
	       memory->programs_n == pass->programs.n &&
	       (!memory->programs_n ||
	        memcmp(memory->programs, pass->programs.names, memory->programs_n) == 0);
}

/* Notes what the kinds depend on, for the next snapshot. -1: no memory. */
static int note(const struct pass *pass, struct vp_kind_memory *now)
{
	const struct vp_kind_place *place = &pass->place;
	now->rules = 0;
	if (vp_list_reach(&now->facts, place->count, &now->size, 1) ||
	    vp_list_reach(&now->programs, pass->programs.n, &now->programs_size, 1))
		return -1;
	memcpy(now->facts, pass->facts, place->count);
	now->count = place->count;
	if (pass->programs.n)
		memcpy(now->programs, pass->programs.names, pass->programs.n);
	now->programs_n = pass->programs.n;
	now->threads_known = place->threads_known;
	now->stacks_marked = place->stacks_marked;
	memcpy(now->stack_sizes, place->stack_sizes, sizeof now->stack_sizes);
	now->stack_size_count = place->stack_size_count;
	now->rules = pass->rule_count;
	return 0;
}

/* Are the region in hand and its neighbours, as far as rules look, unchanged? `straight`: number of
 * regions right below it that were right below it before. */
static bool as_before(const struct pass *pass, const struct vp_kind_before *before, size_t straight)
{
	size_t at = pass->place.at, from = before->from[at];
	const unsigned char *facts = pass->facts + at, *were;
	const struct vp_region *regions = pass->place.regions;
	if (from == VP_KIND_NEW)
		return false;
	were = before->known->facts + from;
	if (straight < BELOW && (straight < at || at != from))
		return false;
	bool last = at + 1 == pass->place.count;
	if (last ? from + 1 != before->count : before->from[at + 1] != from + 1)
		return false;
	if (*facts != *were || (!last && facts[1] != were[1]))
		return false;
	return !at || (facts[-1] == were[-1] &&
	               vp_str_eq(regions[at - 1].kind, before->regions[from - 1].kind));
}

static int set_again(struct pass *pass, const struct vp_kind_before *before)
{
	bool same = before->known->rules && before->known->count == before->count &&
	            same_process(pass, before->known);
	size_t straight = 0;
	for (size_t *at = &pass->place.at; *at < pass->place.count; ++*at) {
		size_t from = before->from[*at];
		bool follows = *at && from != VP_KIND_NEW && before->from[*at - 1] == from - 1;
		straight = follows ? straight + 1 : 0;
		if (same && as_before(pass, before, straight))
			continue;
		if (from != VP_KIND_NEW)
			pass->place.regions[*at].kind = pass->place.regions[*at].kind_by =
			        (vp_str){ 0 };
		if (set_one(pass))
			return -1;
	}
	return note(pass, before->now);
}

static int set_all(struct pass *pass)
{
	for (; pass->place.at < pass->place.count; pass->place.at++)
		if (set_one(pass))
			return -1;
	return 0;
}

int vp_kinds_set_again(struct vp_region *regions, size_t count, const struct vp_kind_facts *facts,
                       const struct vp_kind_before *before)
{
	static struct pass pass;
	if (!count)
		return 0;
	if (prepare(&pass, count))
		return -1;
	pass.place =
	        (struct vp_kind_place){ .regions = regions, .count = count, .facts = pass.facts };
	if (find_objects(&pass))
		return -1;
	know_threads(&pass, facts);
	find_lent(&pass);
	vp_kind_sanitizers(&pass.place, pass.facts);
	compare_programs(&pass);
	return before ? set_again(&pass, before) : set_all(&pass);
}

int vp_kinds_set(struct vp_region *regions, size_t count, const struct vp_kind_facts *facts)
{
	return vp_kinds_set_again(regions, count, facts, NULL);
}
