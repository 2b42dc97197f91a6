/* Sets the kind of each region of a snapshot: the first rule that fits decides. */
#include "space/kinds.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "space/inner.h"
#include "space/rules_macos.h"
#include "stream/record.h"

/* A rule that a region may fit, and what is still to be asked of it. */
struct candidate {
	const struct vp_kind_rule *rule;
	vp_str kind, after;
	size_t number;
	unsigned asks;
};
enum { NAME = 1, PERMISSIONS = 2, EXTENT = 4, BESIDE = 8, WORDS = 16, SHAPE = 32, POINTED = 64 };

/* The rules for regions whose permissions are these, and that have a name, a file, words of the
 * system's (flags, a label) or not. */
struct shortlist {
	struct candidate *rules;
	size_t count;
	bool made;
};

#define PERMS 16 /* r, w, x or not, shared or private; one list more for any others */

/* Last parts of the paths that are mapped executable, a NUL behind each. */
struct programs {
	char *names;
	size_t n, size;
};

/* One run over a snapshot. The buffers are kept for the next. */
struct run {
	struct vp_kind_place place;
	unsigned char *facts;
	size_t facts_size;
	struct programs found, programs; /* of this run, and those that the lists are made for */
	unsigned char *name_fits; /* by rule, for the last name: 0 not asked yet, 1 no, 2 yes */
	size_t rule_count;
	struct shortlist lists[2][2][2][PERMS + 1]; /* [name][file][words][permissions]; good while
	                                               rules and programs are the same */
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
	if (found->size - found->n <= path.n) {
		size_t size = 2 * found->size + path.n + 256;
		char *more = realloc(found->names, size);
		if (!more)
			return -1;
		found->names = more;
		found->size = size;
	}
	memcpy(found->names + found->n, path.p, path.n);
	found->n += path.n;
	found->names[found->n++] = 0;
	return 0;
}

/* Neighbours in the list that are of one file are one object if any of them is executable. The
 * program itself is the last below the heap, or where there is no heap the first. */
static int find_objects(struct run *run)
{
	const struct vp_region *regions = run->place.regions;
	size_t first = 0, first_end = 0, last = 0, last_end = 0;
	bool heap = false;
	for (size_t i = 0, next; i < run->place.count; i = next) {
		bool executable = false, file = regions[i].name.n && vp_kind_has_file(&regions[i]);
		for (next = i; next < run->place.count &&
		               (next == i || (file && same_file(&regions[i], &regions[next])));
		     next++)
			executable |= regions[next].perms[0] && regions[next].perms[2] == 'x';
		heap |= regions[i].name.n && regions[i].name.p[0] == '[' &&
		        vp_str_is(regions[i].name, "[heap]");
		if (!file || !executable)
			continue;
		if (!first_end)
			first = i, first_end = next;
		if (!heap)
			last = i, last_end = next;
		memset(run->facts + i, VP_KIND_OBJECT, next - i);
		if (program_add(&run->found, regions[i].name))
			return -1;
	}
	if (!heap || !last_end)
		last = first, last_end = first_end;
	for (; last < last_end; last++)
		run->facts[last] |= VP_KIND_MAIN;
	return 0;
}

/* The region that holds an address; count: none. */
static size_t region_at(const struct vp_kind_place *place, uint64_t address)
{
	size_t low = 0, high = place->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (place->regions[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < place->count && place->regions[low].start <= address ? low : place->count;
}

static void know_stack(struct run *run, size_t at)
{
	struct vp_kind_place *place = &run->place;
	const uint64_t size = place->regions[at].size;
	run->facts[at] |= VP_KIND_HOLDS_STACK;
	place->stacks_marked |= vp_match_word(place->regions[at].flags, "nh");
	if (place->regions[at].name.n ||
	    place->stack_size_count == sizeof place->stack_sizes / sizeof *place->stack_sizes)
		return;
	for (size_t i = 0; i < place->stack_size_count; i++)
		if (place->stack_sizes[i] == size)
			return;
	place->stack_sizes[place->stack_size_count++] = size;
}

/* The local storage of a thread other than the first lies at the upper end of its stack. */
static void know_threads(struct run *run, const struct vp_kind_facts *facts)
{
	for (size_t i = 0; facts && i < facts->thread_count; i++) {
		const struct vp_kind_thread *thread = &facts->threads[i];
		size_t stack = region_at(&run->place, thread->stack),
		       local = region_at(&run->place, thread->local);
		run->place.threads_known = true;
		if (stack < run->place.count)
			know_stack(run, stack);
		if (local < run->place.count && thread->main)
			run->facts[local] |= VP_KIND_HOLDS_LOCAL;
		else if (local < run->place.count)
			know_stack(run, local);
	}
}

static bool program_fits(const struct run *run, const struct vp_kind_rule *rule)
{
	for (size_t at = 0, n; at < run->programs.n; at += n + 1) {
		n = strlen(run->programs.names + at);
		if (vp_match_glob(rule->program, (vp_str){ run->programs.names + at, n }))
			return true;
	}
	return false;
}

static bool name_fits(struct run *run, const struct vp_kind_rule *rule, size_t number, vp_str name)
{
	if (!rule->name[0] || !name.n)
		return !rule->name[0] && !name.n;
	unsigned char *asked = &run->name_fits[number];
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

static bool beside_fits(const struct run *run, const struct candidate *candidate)
{
	const struct vp_kind_rule *rule = candidate->rule;
	const struct vp_region *below = rule->after ? vp_kind_neighbour(&run->place, -1) : NULL;
	if (rule->object && (rule->object > 0) != !!(run->facts[run->place.at] & VP_KIND_OBJECT))
		return false;
	return !rule->after || (below && vp_str_eq(below->kind, candidate->after));
}

/* Where only three letters are told, most memory is private; macOS has words of its own for the
 * rest. */
static bool permissions_fit(const struct vp_kind_rule *rule, const struct vp_region *region)
{
	char perms[sizeof region->perms];
	memcpy(perms, region->perms, sizeof perms);
	if (perms[0] && perms[1] && perms[2] && !perms[3] && !region->label.n)
		memcpy(perms + 3, "p", 2);
	return vp_match_perms(rule->perms, perms);
}

static bool fits(struct run *run, const struct candidate *candidate, const struct vp_region *region)
{
	const struct vp_kind_rule *rule = candidate->rule;
	const unsigned asks = candidate->asks;
	if (asks & NAME && !name_fits(run, rule, candidate->number, region->name))
		return false;
	if (asks & EXTENT && !extent_fits(rule, region))
		return false;
	if (asks & POINTED &&
	    !(run->facts[run->place.at] & (VP_KIND_HOLDS_LOCAL | VP_KIND_HOLDS_STACK)))
		return false;
	if (asks & PERMISSIONS && !permissions_fit(rule, region))
		return false;
	if (asks & BESIDE && !beside_fits(run, candidate))
		return false;
	if (asks & WORDS && rule->flags && !vp_match_word(region->flags, rule->flags))
		return false;
	if (asks & WORDS && rule->label && !vp_match_glob(rule->label, region->label))
		return false;
	return !(asks & SHAPE) || rule->shape(&run->place);
}

/* 0 .. PERMS - 1, or PERMS: other letters than Linux has. */
static unsigned perms_index(const char *perms)
{
	unsigned r = perms[0] == 'r', w = perms[1] == 'w', x = perms[2] == 'x', s = perms[3] == 's';
	bool usual = (r || perms[0] == '-') && (w || perms[1] == '-') && (x || perms[2] == '-') &&
	             (s || perms[3] == 'p') && !perms[4];
	return usual ? r | w << 1 | x << 2 | s << 3 : PERMS;
}

static bool can_fit(const struct run *run, const struct vp_kind_rule *rule, bool has_name,
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
	return !rule->program || program_fits(run, rule);
}

static struct candidate make_candidate(const struct vp_kind_rule *rule, size_t number,
                                       bool has_name, bool perms_known)
{
	struct candidate candidate = {
		.rule = rule, .kind = vp_s(rule->kind), .after = vp_s(rule->after), .number = number
	};
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

/* What a region of this sort is held against: made when the first one comes. NULL: no memory. */
static const struct shortlist *list_of(struct run *run, const struct vp_region *region)
{
	bool has_name = region->name.n > 0, file = vp_kind_has_file(region),
	     words = region->flags.n || region->label.n;
	unsigned perms = perms_index(region->perms);
	struct shortlist *list = &run->lists[has_name][file][words][perms];
	if (list->made)
		return list;
	if (!list->rules && !(list->rules = malloc(run->rule_count * sizeof *list->rules)))
		return NULL;
	list->count = 0;
	for (size_t i = 0; i < run->rule_count; i++)
		if (can_fit(run, vp_kind_rule_at(i), has_name, file, words,
		            perms < PERMS ? region->perms : NULL))
			list->rules[list->count++] =
			        make_candidate(vp_kind_rule_at(i), i, has_name, perms < PERMS);
	list->made = true;
	return list;
}

static int set_one(struct run *run)
{
	struct vp_region *region = &run->place.regions[run->place.at];
	bool asked = !region->label.n;
	if (region->kind.n)
		return 0;
	if (!vp_str_eq(region->name, run->name)) {
		memset(run->name_fits, 0, run->rule_count);
		run->name = region->name;
	}
	const struct shortlist *list = list_of(run, region);
	if (!list)
		return -1;
	for (size_t i = 0; i < list->count && !region->kind.n; i++) {
		const struct candidate *candidate = &list->rules[i];
		if (!asked && candidate->number >= vp_kind_rules_added())
			asked = true, region->kind = vp_s(vp_macos_kind(region));
		if (!region->kind.n && fits(run, candidate, region))
			region->kind = candidate->kind;
	}
	return 0;
}

/* Other rules, or other programs: the lists are to be made again, with room for all rules. */
static void forget_lists(struct run *run, bool all)
{
	struct shortlist *list = &run->lists[0][0][0][0];
	for (size_t i = 0; i < sizeof run->lists / sizeof *list; i++) {
		list[i].made = false;
		if (all)
			free(list[i].rules), list[i].rules = NULL;
	}
}

static void compare_programs(struct run *run)
{
	struct programs *found = &run->found, *programs = &run->programs, last = *programs;
	if (found->n == programs->n &&
	    (!found->n || memcmp(found->names, programs->names, found->n) == 0))
		return;
	*programs = *found;
	*found = last;
	forget_lists(run, false);
}

static int prepare(struct run *run, size_t count)
{
	if (run->rule_count != vp_kind_rules()) {
		free(run->name_fits);
		forget_lists(run, true);
		run->rule_count = vp_kind_rules();
		if (!(run->name_fits = malloc(run->rule_count)))
			return run->rule_count = 0, vp_fail("out of memory");
	}
	if (run->facts_size < count) {
		free(run->facts);
		run->facts_size = count + count / 2;
		run->facts = malloc(run->facts_size);
	}
	if (!run->facts)
		return run->facts_size = 0, vp_fail("out of memory");
	memset(run->name_fits, 0, run->rule_count);
	memset(run->facts, 0, count);
	run->found.n = 0;
	run->name = (vp_str){ 0 };
	return 0;
}

/* ---- the next snapshot of the same process ---- */

#define BELOW 3 /* the farthest that a rule looks at, below; above it is the next one */

void vp_kind_memory_free(struct vp_kind_memory *memory)
{
	free(memory->facts);
	free(memory->programs);
	memset(memory, 0, sizeof *memory);
}

/* Whether all that concerns the process as a whole is as it was. */
static bool same_process(const struct run *run, const struct vp_kind_memory *memory)
{
	const struct vp_kind_place *place = &run->place;
	return memory->rules == run->rule_count && memory->threads_known == place->threads_known &&
	       memory->stacks_marked == place->stacks_marked &&
	       memory->stack_size_count == place->stack_size_count &&
	       memcmp(memory->stack_sizes, place->stack_sizes,
	              place->stack_size_count * sizeof *place->stack_sizes) == 0 &&
	       memory->programs_n == run->programs.n &&
	       (!memory->programs_n ||
	        memcmp(memory->programs, run->programs.names, memory->programs_n) == 0);
}

static int note(const struct run *run, struct vp_kind_memory *now)
{
	const struct vp_kind_place *place = &run->place;
	now->rules = 0;
	if (now->size < place->count) {
		free(now->facts);
		now->facts = malloc(now->size = place->count + place->count / 2);
	}
	if (now->programs_size < run->programs.n) {
		free(now->programs);
		now->programs = malloc(now->programs_size = 2 * run->programs.n);
	}
	if (!now->facts || (now->programs_size && !now->programs)) {
		now->size = now->programs_size = 0;
		return -1;
	}
	memcpy(now->facts, run->facts, now->count = place->count);
	if (run->programs.n)
		memcpy(now->programs, run->programs.names, run->programs.n);
	now->programs_n = run->programs.n;
	now->threads_known = place->threads_known, now->stacks_marked = place->stacks_marked;
	memcpy(now->stack_sizes, place->stack_sizes, sizeof now->stack_sizes);
	now->stack_size_count = place->stack_size_count;
	now->rules = run->rule_count;
	return 0;
}

/* Whether the region at `at`, and its neighbours as far as rules look, are what they were.
 * `straight`: so many regions below it stand below it as they did before. */
static bool as_before(const struct run *run, const struct vp_kind_before *before, size_t straight)
{
	size_t at = run->place.at, from = before->from[at];
	const unsigned char *facts = run->facts + at, *were;
	const struct vp_region *regions = run->place.regions;
	if (from == VP_KIND_NEW)
		return false;
	were = before->known->facts + from;
	if (straight < BELOW && (straight < at || at != from))
		return false;
	if (at + 1 < run->place.count ? before->from[at + 1] != from + 1
	                              : from + 1 != before->count)
		return false;
	if (*facts != *were || (at + 1 < run->place.count && facts[1] != were[1]))
		return false;
	return !at || (facts[-1] == were[-1] &&
	               vp_str_eq(regions[at - 1].kind, before->regions[from - 1].kind));
}

static int set_again(struct run *run, const struct vp_kind_before *before)
{
	bool same = before->known->rules && before->known->count == before->count &&
	            same_process(run, before->known);
	size_t straight = 0;
	for (size_t *at = &run->place.at; *at < run->place.count; ++*at) {
		size_t from = before->from[*at];
		straight = *at && from != VP_KIND_NEW && before->from[*at - 1] == from - 1
		                   ? straight + 1
		                   : 0;
		if (same && as_before(run, before, straight))
			continue;
		if (from != VP_KIND_NEW)
			run->place.regions[*at].kind = (vp_str){ 0 };
		if (set_one(run))
			return -1;
	}
	return note(run, before->now);
}

static int set_all(struct run *run)
{
	for (; run->place.at < run->place.count; run->place.at++)
		if (set_one(run))
			return -1;
	return 0;
}

int vp_kinds_set_again(struct vp_region *regions, size_t count, const struct vp_kind_facts *facts,
                       const struct vp_kind_before *before)
{
	static struct run run;
	if (!count)
		return 0;
	if (prepare(&run, count))
		return -1;
	run.place =
	        (struct vp_kind_place){ .regions = regions, .count = count, .facts = run.facts };
	if (find_objects(&run))
		return vp_fail("out of memory");
	know_threads(&run, facts);
	compare_programs(&run);
	return (before ? set_again(&run, before) : set_all(&run)) ? vp_fail("out of memory") : 0;
}

int vp_kinds_set(struct vp_region *regions, size_t count, const struct vp_kind_facts *facts)
{
	return vp_kinds_set_again(regions, count, facts, NULL);
}
