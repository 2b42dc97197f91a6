/* The view explain: one moment of one process in plain words. The rows say what each kind of memory
 * is for and how much of it is resident; the notes say what is lazy, shared, without access,
 * writable and executable at once, and where the holes are. */
#include "base/error.h"
#include "space/rules_macos.h"
#include "view/causes.h"
#include "view/empty.h"
#include "view/moment.h"
#include "view/nodes.h"
#include "view/rows.h"
#include "view/stated.h"

#include <stdlib.h>
#include <string.h>

enum field {
	KIND,
	LABEL,
	REGIONS,
	SIZE,
	RSS,
	RESIDENT,
	SHARED,
	PRIVATE,
	DIRTY,
	SWAP,
	HUGE,
	HUGETLB,
	FREED,
	ABOUT,
	FIELDS
};

static const struct vp_field fields[FIELDS] = {
	[KIND] = { "kind", "kind", false, false },
	[LABEL] = { "label", "label", false, false },
	[REGIONS] = { "regions", "regions", true, true },
	[SIZE] = { "size", "size KiB", true, true },
	[RSS] = { "rss", "rss KiB", true, true },
	[RESIDENT] = { "resident", "resident %", true, false },
	[SHARED] = { "shared", "shared KiB", true, true },
	[PRIVATE] = { "private", "private KiB", true, true },
	[DIRTY] = { "dirty", "dirty KiB", true, true },
	[SWAP] = { "swap", "swap KiB", true, true },
	[HUGE] = { "huge", "huge KiB", true, true },
	[HUGETLB] = { "hugetlb", "hugetlb KiB", true, true },
	[FREED] = { "freed", "freed KiB", true, true },
	[ABOUT] = { "about", "what it is", false, false },
};

/* Regions that have something in common, and their sums. */
struct sum {
	uint64_t regions, size, rss, shared, dirty, swap, huge, hugetlb, freed, touched,
	        measured_size;
	bool has_rss, has_shared, has_dirty, has_swap, has_huge, has_hugetlb, has_freed;
};

/* A row: a kind, or one of the labels that macOS has for regions of a kind. */
struct group {
	size_t kind;
	uint64_t guessed; /* bytes whose kind is a guess */
	vp_str label;     /* n 0: none */
	const char *about;
	struct sum sum;
};

#define GROUPS_MAX 500 /* from then on regions are grouped by kind alone */
#define LAZIEST    3
#define HOLES      3
#define LAZY_LEAST (UINT64_C(1) << 20) /* bytes: smaller regions do not matter */

struct explain {
	struct vp_build build;
	const struct vp_space *space;
	struct sum *kinds, all, textbook, guards, reserved, both, code, allocated, lazy,
	        mapped_shared, twice;
	const struct vp_region *first_both, *first_twice, *laziest[LAZIEST];
	struct group *groups;
	size_t group_count, group_room, lazy_count, kind_count, kinds_there;
	uint64_t holes[HOLES][2], hole_count, hole_bytes, pss;
	bool has_pss;
	struct vp_causes causes;
	bool stated; /* the rows are sums that the report states */
};

/* ---- sums ---- */

static bool has(const struct vp_region *region, enum vp_measure measure)
{
	return region->measured >> measure & 1;
}

static void add_measure(uint64_t *sum, bool *known, const struct vp_region *region,
                        enum vp_measure measure)
{
	if (has(region, measure)) {
		*known = true;
		*sum += region->measure[measure];
	}
}

static void add(struct sum *sum, const struct vp_region *region)
{
	sum->regions++;
	sum->size += region->size;
	sum->touched += vp_touched(region);
	if (has(region, VP_M_rss)) {
		sum->has_rss = true;
		sum->rss += region->measure[VP_M_rss];
		sum->measured_size += region->size;
	}
	if (has(region, VP_M_shared_clean) && has(region, VP_M_shared_dirty)) {
		sum->has_shared = true;
		sum->shared +=
		        region->measure[VP_M_shared_clean] + region->measure[VP_M_shared_dirty];
	}
	add_measure(&sum->dirty, &sum->has_dirty, region, VP_M_dirty);
	add_measure(&sum->swap, &sum->has_swap, region, VP_M_swap);
	add_measure(&sum->huge, &sum->has_huge, region, VP_M_huge);
	add_measure(&sum->hugetlb, &sum->has_hugetlb, region, VP_M_shared_hugetlb);
	add_measure(&sum->hugetlb, &sum->has_hugetlb, region, VP_M_private_hugetlb);
	add_measure(&sum->freed, &sum->has_freed, region, VP_M_lazy_free);
}

static struct group *group_of(struct explain *explain, size_t kind, vp_str label, const char *about)
{
	for (size_t i = 0; i < explain->group_count; i++) {
		struct group *group = &explain->groups[i];
		if (group->kind == kind && group->about == about && vp_str_eq(group->label, label))
			return group;
	}
	explain->groups = vp_build_grow(explain->build.pool, explain->groups, explain->group_count,
	                                &explain->group_room, sizeof *explain->groups);
	if (!explain->groups)
		return NULL;
	struct group *group = &explain->groups[explain->group_count++];
	*group = (struct group){ .kind = kind, .label = label, .about = about };
	return group;
}

/* NULL: no memory. */
static struct group *add_to_group(struct explain *explain, size_t kind,
                                  const struct vp_region *region)
{
	bool own = explain->group_count < GROUPS_MAX && vp_is_macos(region);
	vp_str label = own ? region->label : (vp_str){ NULL, 0 };
	const char *about = label.n ? vp_macos_about(region) : vp_kind_about(kind);
	struct group *group = group_of(explain, kind, label, about);
	if (!group)
		return NULL;
	add(&group->sum, region);
	if (vp_kind_guessed(region))
		group->guessed += region->size;
	return group;
}

static bool is_one_of(vp_str kind, const char *const *kinds)
{
	while (*kinds && !vp_str_is(kind, *kinds))
		kinds++;
	return *kinds != NULL;
}

/* Bytes that were never touched. Swapped ones were; those of files and of a source that knows no
 * swap may have been. */
static uint64_t untouched(const struct vp_region *region)
{
	return region->size - vp_touched(region);
}

static void add_lazy(struct explain *explain, const struct vp_region *region)
{
	size_t at = explain->lazy_count < LAZIEST ? explain->lazy_count++ : LAZIEST;
	add(&explain->lazy, region);
	for (; at > 0 && untouched(explain->laziest[at - 1]) < untouched(region); at--)
		if (at < LAZIEST)
			explain->laziest[at] = explain->laziest[at - 1];
	if (at < LAZIEST)
		explain->laziest[at] = region;
}

static void add_hole(struct explain *explain, uint64_t start, uint64_t end)
{
	size_t at = HOLES;
	explain->hole_count++;
	explain->hole_bytes += end - start;
	for (; at > 0 && explain->holes[at - 1][1] - explain->holes[at - 1][0] < end - start; at--)
		if (at < HOLES)
			memcpy(explain->holes[at], explain->holes[at - 1], sizeof *explain->holes);
	if (at < HOLES) {
		explain->holes[at][0] = start;
		explain->holes[at][1] = end;
	}
}

/* Memory that the program allocated. Of a user's own kind: all that is writable, private and of no
 * file. */
static bool was_allocated(size_t kind, const struct vp_region *region)
{
	static const char *const allocated[] = { "heap", "arena", "anon", "gc",   "wasm",
		                                 "jit",  "bss",   "tls",  "huge", NULL };
	bool file = region->inode.n && !vp_str_is(region->inode, "0");
	if (is_one_of(region->kind, allocated))
		return true;
	return !vp_kind_about(kind)[0] && strchr(region->perms, 'w') &&
	       !strchr(region->perms, 's') && !file;
}

static int count(struct explain *explain, const struct vp_region *region)
{
	static const char *const textbook[] = { "text", "rodata", "data", "bss",
		                                "heap", "stack",  NULL };
	size_t kind = vp_kind_index(region->kind);
	bool closed = !strchr(region->perms, 'r') && !strchr(region->perms, 'w') &&
	              !strchr(region->perms, 'x') && region->perms[0];
	if (kind >= explain->kind_count)
		return 0; /* cannot be: a kind gets its number when its line is read */
	add(&explain->all, region);
	add(&explain->kinds[kind], region);
	vp_build_count(&explain->build, kind, region->size);
	if (is_one_of(region->kind, textbook))
		add(&explain->textbook, region);
	if (was_allocated(kind, region))
		add(&explain->allocated, region);
	if (vp_str_is(region->kind, "guard"))
		add(&explain->guards, region);
	if (vp_str_is(region->kind, "reserved"))
		add(&explain->reserved, region);
	if (strchr(region->perms, 'x'))
		add(&explain->code, region);
	if (strchr(region->perms, 's') || vp_str_is(region->share, "shm"))
		add(&explain->mapped_shared, region);
	if (strchr(region->perms, 'w') && strchr(region->perms, 'x')) {
		if (!explain->both.regions)
			explain->first_both = region;
		add(&explain->both, region);
	}
	if (strchr(region->perms, 'x') && !strchr(region->perms, 'w') &&
	    strchr(region->perms, 's') && vp_written_elsewhere(explain->space, region)) {
		if (!explain->twice.regions)
			explain->first_twice = region;
		add(&explain->twice, region);
	}
	if (!closed && has(region, VP_M_rss) && region->size >= LAZY_LEAST &&
	    !vp_is_hugetlb(region) && vp_touched(region) < region->size / 2)
		add_lazy(explain, region);
	vp_causes_add(&explain->causes, region);
	if (has(region, VP_M_pss)) {
		explain->has_pss = true;
		explain->pss += region->measure[VP_M_pss];
	}
	return add_to_group(explain, kind, region) ? 0 : vp_no_memory();
}

static bool is_filtered(const struct vp_filter *filter)
{
	return filter->kinds || filter->perms || filter->address_end;
}

static int collect(struct explain *explain)
{
	const struct vp_filter *filter = &explain->build.model->filter;
	uint64_t last = 0;
	explain->kind_count = explain->build.kind_count;
	explain->kinds = vp_pool_take(explain->build.pool,
	                              (explain->kind_count + 1) * sizeof *explain->kinds);
	if (!explain->kinds)
		return vp_no_memory();
	for (size_t i = 0; i < explain->space->count; i++) {
		const struct vp_region *region = &explain->space->live[i]->region;
		if (!vp_filter_region(filter, region, region->kind))
			continue;
		if (count(explain, region))
			return -1;
		if (last && region->start > last && !(region->start >> 63))
			add_hole(explain, last, region->start); /* the kernel's half is no hole */
		if (region->end > last)
			last = region->end;
	}
	for (size_t kind = 0; kind < explain->kind_count; kind++)
		explain->kinds_there += explain->kinds[kind].regions > 0;
	return vp_build_classes(&explain->build);
}

/* A sum that the report states. */
static int count_stated(void *ctx, const struct vp_region *sums, uint64_t regions)
{
	struct explain *explain = ctx;
	size_t kind = vp_kind_index(sums->kind);
	if (kind >= explain->kind_count)
		return 0;
	struct group *group = add_to_group(explain, kind, sums);
	if (!group)
		return vp_no_memory();
	group->sum.regions += regions - 1;
	add(&explain->all, sums);
	explain->all.regions += regions - 1;
	vp_build_count(&explain->build, kind, sums->size);
	if (was_allocated(kind, sums))
		add(&explain->allocated, sums);
	if (has(sums, VP_M_pss)) {
		explain->has_pss = true;
		explain->pss += sums->measure[VP_M_pss];
	}
	vp_causes_sums(&explain->causes, sums);
	return 0;
}

/* What the report says of the whole counts more than the sum of its parts. */
static void take_whole(struct explain *explain)
{
	const struct vp_account *account = explain->causes.account;
	if (account->regions || is_filtered(&explain->build.model->filter))
		return;
	if (account->measured >> VP_M_rss & 1) {
		explain->all.has_rss = true;
		explain->all.rss = account->measure[VP_M_rss];
		explain->all.measured_size = account->size; /* 0: unknown */
	}
	if (account->size)
		explain->all.size = account->size;
	vp_causes_whole(&explain->causes);
}

/* The sums take the place of regions. */
static int collect_stated(struct explain *explain)
{
	struct vp_build *build = &explain->build;
	struct sum *kinds = explain->kinds;
	size_t count = explain->kind_count;
	struct vp_causes begun = vp_causes_begin(build->model);
	if (!kinds)
		count = build->kind_count;
	explain->kind_count = count;
	explain->all = explain->allocated = (struct sum){ 0 };
	explain->group_count = 0;
	explain->causes = begun;
	explain->has_pss = false;
	explain->pss = 0;
	explain->stated = true;
	memset(build->regions, 0, build->kind_count * sizeof *build->regions);
	memset(build->bytes, 0, build->kind_count * sizeof *build->bytes);
	if (vp_stated_each(build->model, begun.account, count_stated, explain))
		return -1;
	explain->causes.sums = true;
	take_whole(explain);
	return vp_build_classes(build);
}

/* ---- rows ---- */

static int64_t percent(uint64_t part, uint64_t whole)
{
	return whole ? (int64_t)((double)part * 100 / (double)whole + 0.5) : 0;
}

/* "3%", and never 0 of something. */
static const char *percent_words(const struct explain *explain, uint64_t part, uint64_t whole)
{
	int64_t n = percent(part, whole);
	return part && !n ? "less than 1%"
	                  : vp_pool_print(explain->build.pool, "%lld%%", (long long)n);
}

static struct vp_value sum_value(const struct sum *sum, int field)
{
	uint64_t own = sum->rss > sum->shared ? sum->rss - sum->shared : 0;
	switch (field) {
	case REGIONS: return vp_known(sum->regions, VP_COUNT, (int64_t)sum->regions);
	case SIZE: return vp_known(sum->size || sum->regions, VP_KIB, (int64_t)sum->size);
	case RSS: return vp_known(sum->has_rss, VP_KIB, (int64_t)sum->rss);
	case RESIDENT:
		return vp_known(sum->has_rss && sum->measured_size, VP_COUNT,
		                percent(sum->rss + sum->hugetlb, sum->measured_size));
	case SHARED: return vp_known(sum->has_shared, VP_KIB, (int64_t)sum->shared);
	case PRIVATE: return vp_known(sum->has_shared && sum->has_rss, VP_KIB, (int64_t)own);
	case DIRTY: return vp_known(sum->has_dirty, VP_KIB, (int64_t)sum->dirty);
	case SWAP: return vp_known(sum->has_swap, VP_KIB, (int64_t)sum->swap);
	case HUGE: return vp_known(sum->has_huge, VP_KIB, (int64_t)sum->huge);
	case HUGETLB: return vp_known(sum->has_hugetlb, VP_KIB, (int64_t)sum->hugetlb);
	case FREED: return vp_known(sum->has_freed, VP_KIB, (int64_t)sum->freed);
	default: return vp_nothing();
	}
}

static const char *about_words(struct explain *explain, const struct group *group)
{
	if (!group->about[0])
		return "a kind from a rule in YAML or from a plugin";
	return group->guessed > group->sum.size / 2
	               ? vp_pool_print(explain->build.pool, "probably %s", group->about)
	               : group->about;
}

static struct vp_value value(void *ctx, size_t i, int field)
{
	struct explain *explain = ctx;
	if (i == explain->group_count)
		return field == KIND ? vp_word("total") : sum_value(&explain->all, field);
	const struct group *group = &explain->groups[i];
	switch (field) {
	case KIND: return vp_word(vp_kind_words(explain->build.pool, group->kind));
	case LABEL:
		return vp_word(group->label.n ? vp_words(explain->build.pool, group->label) : NULL);
	case ABOUT: return vp_word(about_words(explain, group));
	default: return sum_value(&group->sum, field);
	}
}

static int class_of(void *ctx, size_t i)
{
	const struct explain *explain = ctx;
	return explain->build.class_of[explain->groups[i].kind];
}

/* Columns of memory that is not there in most processes are shown where there is some. */
static const char *preset_of(const struct explain *explain)
{
	const struct sum *all = &explain->all;
	return vp_pool_print(explain->build.pool,
	                     "kind,label,regions,size,rss,resident,shared,private%s%s%s%s,about",
	                     all->swap ? ",swap" : "", all->huge ? ",huge" : "",
	                     all->hugetlb ? ",hugetlb" : "", all->freed ? ",freed" : "");
}

static struct vp_rows rows_of(struct explain *explain)
{
	return (struct vp_rows){
		.fields = fields,
		.field_count = FIELDS,
		.preset = explain ? preset_of(explain)
		                  : "kind,label,regions,size,rss,resident,shared,private,about",
		.sort = "-size",
		.count = explain ? explain->group_count : 0,
		.value = value,
		.class_of = class_of,
		.ctx = explain,
	};
}

/* ---- texts ---- */

static const char *size_words(const struct explain *explain, uint64_t bytes)
{
	return vp_size_words(explain->build.pool, (double)bytes);
}

#define SAY(...) vp_build_note(&explain->build, __VA_ARGS__)
#define N(n)     ((unsigned long long)(n))
#define S(n)     vp_plural(n)

static const char *region_words(const struct explain *explain, const struct vp_region *region)
{
	struct vp_pool *pool = explain->build.pool;
	const char *name = vp_words(pool, region->name);
	char thread[VP_THREAD_NAME];
	uint64_t tid;
	if (!*name && vp_region_thread(region, &tid, thread))
		name = vp_pool_print(pool, "of thread %s (%llu)", vp_words(pool, vp_s(thread)),
		                     N(tid));
	return vp_pool_print(pool, "%s%s at 0x%llx%s%s", vp_kind_guessed(region) ? "probably " : "",
	                     vp_words(pool, region->kind), N(region->start), *name ? " " : "",
	                     vp_short_name(name, ""));
}

static void say_entities(struct explain *explain)
{
	const struct sum *all = &explain->all, *textbook = &explain->textbook;
	SAY("%llu region%s of %zu kind%s; %llu of these %s code, data, heap or stack (%s of the "
	    "size)",
	    N(all->regions), S(all->regions), explain->kinds_there, S(explain->kinds_there),
	    N(textbook->regions), textbook->regions == 1 ? "is" : "are",
	    percent_words(explain, textbook->size, all->size));
}

static void say_resident(struct explain *explain)
{
	const struct sum *all = &explain->all;
	if (!all->has_rss && explain->stated) {
		SAY("what is resident is unknown: the report does not state it");
		return;
	}
	if (!all->has_rss) {
		SAY("what is resident is unknown: record with vm-sample --detail rss or smaps");
		return;
	}
	const char *more = "";
	if (all->hugetlb)
		more = vp_pool_print(explain->build.pool, ", and %s of hugetlbfs on top of RSS",
		                     size_words(explain, all->hugetlb));
	const char *of = "";
	if (all->measured_size)
		of = vp_pool_print(explain->build.pool, " of %s (%s)",
		                   size_words(explain, all->measured_size),
		                   percent_words(explain, all->rss, all->measured_size));
	SAY("resident: %s%s%s%s%s", size_words(explain, all->rss), of, more,
	    explain->has_pss ? "; its proportional share (PSS) is " : "",
	    explain->has_pss ? size_words(explain, explain->pss) : "");
}

/* Touched is not in use: no figure of the kernel tells what a program still needs. */
static const char *live_words(struct explain *explain)
{
	uint64_t handed_out;
	if (vp_causes_stated(&explain->causes, VP_AC_allocated, &handed_out))
		return vp_pool_print(explain->build.pool,
		                     "; the malloc zones have handed out %s: the rest is free in "
		                     "them",
		                     size_words(explain, handed_out));
	return "; whether the program still needs it, RSS cannot tell: its allocator "
	       "(malloc_info) or a heap profiler can, and vm-sample --ebpf --stacks tells who "
	       "maps";
}

static void say_allocated(struct explain *explain)
{
	const struct sum *allocated = &explain->allocated;
	const char *verdict = "RSS follows what was touched, not what was allocated", *swapped = "",
	           *live = "";
	if (!explain->all.has_rss || !allocated->has_rss || !allocated->measured_size)
		return;
	uint64_t resident = allocated->rss + allocated->hugetlb;
	int64_t touched = percent(allocated->touched, allocated->measured_size);
	if (allocated->freed > resident / 2)
		verdict = "most of it was freed and is kept until the kernel needs the room";
	else if (allocated->huge > resident / 2)
		verdict = "huge pages make more resident than was touched";
	else if (touched >= 90)
		verdict = "nearly all of it was touched";
	else if (touched >= 50)
		verdict = "RSS follows what was touched";
	if (touched >= 90 && allocated->huge <= resident / 2 && allocated->freed <= resident / 2)
		live = live_words(explain);
	if (allocated->swap)
		swapped = vp_pool_print(explain->build.pool, " and %s swapped out",
		                        size_words(explain, allocated->swap));
	SAY("allocated (heap, anon, arena ...): %s of %s are resident%s (%s); %s%s",
	    size_words(explain, resident), size_words(explain, allocated->measured_size), swapped,
	    percent_words(explain, resident, allocated->measured_size), verdict, live);
}

static void say_lazy(struct explain *explain)
{
	const struct sum *lazy = &explain->lazy;
	const char *touched = explain->all.has_swap ? "touched" : "resident";
	if (!explain->all.has_rss)
		return;
	if (!lazy->regions) {
		SAY("lazy: no accessible region of 1 MiB or more is less than half %s", touched);
		return;
	}
	SAY("lazy: %llu accessible region%s of 1 MiB or more, %s in all, %s less than half "
	    "%s (%s)",
	    N(lazy->regions), S(lazy->regions), size_words(explain, lazy->size),
	    lazy->regions == 1 ? "is" : "are", touched, size_words(explain, lazy->touched));
	for (size_t i = 0; i < explain->lazy_count; i++)
		SAY("  %s %s: %s of %s %s",
		    i ? "then" : "laziest:", region_words(explain, explain->laziest[i]),
		    size_words(explain, vp_touched(explain->laziest[i])),
		    size_words(explain, explain->laziest[i]->size), touched);
}

static void say_closed(struct explain *explain)
{
	const struct sum *guards = &explain->guards, *reserved = &explain->reserved;
	SAY("without any access: %llu guard%s (%s) and %llu reserved region%s (%s); they take "
	    "addresses, not memory",
	    N(guards->regions), S(guards->regions), size_words(explain, guards->size),
	    N(reserved->regions), S(reserved->regions), size_words(explain, reserved->size));
}

static void say_shared_pages(struct explain *explain)
{
	const struct sum *all = &explain->all;
	if (all->has_shared && all->has_rss)
		SAY("shared: %s of %s resident are mapped by other processes too (%s); the rest is "
		    "private",
		    size_words(explain, all->shared), size_words(explain, all->rss),
		    percent_words(explain, all->shared, all->rss));
}

static void say_shared(struct explain *explain)
{
	const struct sum *mapped = &explain->mapped_shared;
	say_shared_pages(explain);
	SAY("mapped shared, so that other processes see its writes: %llu region%s, %s",
	    N(mapped->regions), S(mapped->regions), size_words(explain, mapped->size));
}

static void say_both(struct explain *explain)
{
	const struct sum *both = &explain->both, *twice = &explain->twice;
	if (!explain->all.regions)
		return;
	if (!both->regions)
		SAY("W^X holds: of %llu executable region%s none is writable",
		    N(explain->code.regions), S(explain->code.regions));
	else
		SAY("W^X is broken: %llu region%s, %s, %s writable and executable; the first: %s",
		    N(both->regions), S(both->regions), size_words(explain, both->size),
		    both->regions == 1 ? "is" : "are", region_words(explain, explain->first_both));
	if (twice->regions)
		SAY("W^X is evaded: %llu executable region%s, %s, can be written through another "
		    "mapping of the same pages; the first: %s",
		    N(twice->regions), S(twice->regions), size_words(explain, twice->size),
		    region_words(explain, explain->first_twice));
}

static void say_holes(struct explain *explain)
{
	const char *list = "";
	if (!explain->hole_count || is_filtered(&explain->build.model->filter))
		return;
	for (size_t i = 0; i < HOLES && explain->holes[i][1]; i++) {
		uint64_t size = explain->holes[i][1] - explain->holes[i][0];
		list = vp_pool_print(explain->build.pool, "%s%s%s above 0x%llx", list,
		                     *list ? ", " : "", size_words(explain, size),
		                     N(explain->holes[i][0]));
	}
	SAY("holes: %llu between the regions, %s in all; the largest: %s", N(explain->hole_count),
	    size_words(explain, explain->hole_bytes), list);
}

static void words(struct explain *explain)
{
	struct vp_build *build = &explain->build;
	build->figure->subtitle = vp_pool_print(build->pool,
	                                        "%s: what each kind of memory is for, and what "
	                                        "stands out",
	                                        vp_moment_space_words(build));
	if (explain->stated)
		vp_stated_note(build, explain->causes.account);
	else
		say_entities(explain);
	say_resident(explain);
	vp_causes_notes(build, &explain->causes);
	say_allocated(explain);
	if (explain->stated) {
		say_shared_pages(explain);
		return;
	}
	say_lazy(explain);
	say_shared(explain);
	say_both(explain);
	say_closed(explain);
	say_holes(explain);
}

static int build(const struct vp_model *model, const struct vp_view_options *options,
                 struct vp_figure *figure, struct vp_pool *pool)
{
	struct explain explain = { 0 };
	if (vp_build_begin(&explain.build, "explain", VP_TABLE, model, options, figure, pool))
		return -1;
	figure->title = vp_build_process(&explain.build, vp_model_chosen(model));
	explain.space = vp_moment_space(model);
	explain.causes = vp_causes_begin(model);
	if (explain.space && collect(&explain))
		return -1;
	if (vp_stated_alone(model, explain.causes.account) && collect_stated(&explain))
		return -1;
	if (explain.group_count) {
		struct vp_rows rows = rows_of(&explain);
		words(&explain);
		if (vp_rows_put(&rows, &explain.build))
			return -1;
	} else {
		vp_build_empty(&explain.build, "region");
	}
	vp_nodes_note(&explain.build, explain.space);
	vp_build_notes(&explain.build);
	return 0;
}

static int check(const struct vp_view_options *options)
{
	struct vp_rows rows = rows_of(NULL);
	if (options->by || options->preset)
		return vp_fail("explain has one row for each kind: it takes no --by and no "
		               "--preset");
	return vp_rows_check(&rows, options);
}

const struct vp_view vp_view_explain = {
	.name = "explain",
	.about = "what each kind of memory is for, how much there is, and what stands out (--at T)",
	.keep = VP_KEEP_STATE | VP_KEEP_STILL | VP_KEEP_ONE,
	.build = build,
	.check = check,
};
