/* The view stats: one moment of one process in figures: regions by kind, the holes between them,
 * sharing and what it costs, guards and W^X, and how many regions other programs have.
 *
 *   section   what                     regions  size KiB  rss KiB  pss KiB  remark
 *   kinds     text                           4      2360     2180      312  PSS is 14 % of RSS
 *   space     largest hole                     142606336                    0x... to 0x..., 136 GiB
 *   sharing   private pages                                   344      344  ...
 *   memory    page tables                        410624                     in the kernel, not in
 * RSS audit     writable and executable        1        64       64           first: jit at 0x...
 *   programs  a shell (bash)                                                15 to 25 regions: ...
 *
 * Counts by program are those of a lecture's answers, of small systems: a rule of thumb.
 */
#include "base/error.h"
#include "view/causes.h"
#include "view/empty.h"
#include "view/moment.h"
#include "view/nodes.h"
#include "view/rows.h"
#include "view/stated.h"

#include <string.h>

enum field { SECTION, WHAT, REGIONS, SIZE, RSS, PSS, REMARK, FIELDS };

static const struct vp_field fields[FIELDS] = {
	[SECTION] = { "section", "section", false, false },
	[WHAT] = { "what", "what", false, false },
	[REGIONS] = { "regions", "regions", true, false },
	[SIZE] = { "size", "size KiB", true, false },
	[RSS] = { "rss", "rss KiB", true, false },
	[PSS] = { "pss", "pss KiB", true, false },
	[REMARK] = { "remark", "remark", false, false },
};

struct sum {
	uint64_t regions, size, rss, pss;
	bool has_rss, has_pss;
};

enum known { HAS_REGIONS = 1, HAS_SIZE = 2, HAS_RSS = 4, HAS_PSS = 8 };

struct row {
	const char *section, *what, *remark;
	struct sum sum;
	unsigned has;
	size_t kind; /* index + 1; 0: of no kind */
};

#define SHARES 12

struct stats {
	struct vp_build build;
	const struct vp_space *space;
	struct row *rows;
	size_t count, room;
	bool failed;
	struct sum *kinds, all, guards, stacks, bare, both, twice, fileless, may, stack_code,
	        shares[SHARES];
	vp_str share[SHARES];
	size_t share_count;
	const struct vp_region *first_both, *first_twice, *first_fileless, *first_bare, *first_may;
	uint64_t private, shared, hole[2], hole_count, hole_bytes;
	bool has_private;
	struct vp_causes causes;
	bool stated; /* the sums by kind are those that the report states */
};

/* ---- sums ---- */

static bool has(const struct vp_region *region, enum vp_measure measure)
{
	return region->measured >> measure & 1;
}

static void add(struct sum *sum, const struct vp_region *region)
{
	sum->regions++;
	sum->size += region->size;
	sum->has_rss |= has(region, VP_M_rss);
	sum->has_pss |= has(region, VP_M_pss);
	sum->rss += has(region, VP_M_rss) ? region->measure[VP_M_rss] : 0;
	sum->pss += has(region, VP_M_pss) ? region->measure[VP_M_pss] : 0;
}

static void add_as(struct sum *sum, const struct vp_region **first, const struct vp_region *region)
{
	if (!sum->regions)
		*first = region;
	add(sum, region);
}

static void add_share(struct stats *stats, const struct vp_region *region)
{
	size_t i = 0;
	while (i < stats->share_count && !vp_str_eq(stats->share[i], region->share))
		i++;
	if (!region->share.n || i == SHARES)
		return;
	if (i == stats->share_count)
		stats->share[stats->share_count++] = region->share;
	add(&stats->shares[i], region);
}

static bool closed(const struct vp_region *region)
{
	return region->perms[0] && !strpbrk(region->perms, "rwx");
}

static bool executable(const char *perms)
{
	return strchr(perms, 'x') != NULL;
}

static void audit(struct stats *stats, const struct vp_region *region,
                  const struct vp_region *below)
{
	bool stack = vp_str_is(region->kind, "stack"),
	     thread = vp_str_is(region->kind, "thread-stack"),
	     writable = strchr(region->perms, 'w') != NULL;
	bool kernels = vp_str_is(region->kind, "vdso") || vp_str_is(region->kind, "vsyscall") ||
	               vp_str_is(region->kind, "commpage");
	if (vp_str_is(region->kind, "guard"))
		add(&stats->guards, region);
	if (thread) {
		add(&stats->stacks, region);
		if (!below || below->end != region->start || !closed(below))
			add_as(&stats->bare, &stats->first_bare, region);
	}
	if (writable && executable(region->perms))
		add_as(&stats->both, &stats->first_both, region);
	else if (strchr(region->max_perms, 'w') && executable(region->max_perms))
		add_as(&stats->may, &stats->first_may, region);
	if (executable(region->perms) && !writable && strchr(region->perms, 's') &&
	    vp_written_elsewhere(stats->space, region))
		add_as(&stats->twice, &stats->first_twice, region);
	if ((stack || thread) && executable(region->perms))
		add(&stats->stack_code, region);
	if (executable(region->perms) && !kernels &&
	    (!region->name.n || (region->name.p[0] == '[' && !region->inode.n)))
		add_as(&stats->fileless, &stats->first_fileless, region);
}

static void hole(struct stats *stats, uint64_t start, uint64_t end)
{
	stats->hole_count++;
	stats->hole_bytes += end - start;
	if (end - start > stats->hole[1] - stats->hole[0]) {
		stats->hole[0] = start;
		stats->hole[1] = end;
	}
}

static int collect(struct stats *stats)
{
	const struct vp_region *below = NULL;
	uint64_t last = 0;
	stats->kinds = vp_pool_take(stats->build.pool,
	                            (stats->build.kind_count + 1) * sizeof *stats->kinds);
	if (!stats->kinds)
		return vp_no_memory();
	for (size_t i = 0; i < stats->space->count; i++) {
		const struct vp_region *region = &stats->space->live[i]->region;
		size_t kind = vp_kind_index(region->kind);
		if (vp_filter_region(&stats->build.model->filter, region, region->kind) &&
		    kind < stats->build.kind_count) {
			add(&stats->all, region);
			add(&stats->kinds[kind], region);
			vp_build_count(&stats->build, kind, region->size);
			add_share(stats, region);
			audit(stats, region, below);
			vp_causes_add(&stats->causes, region);
			if (has(region, VP_M_private_clean) && has(region, VP_M_private_dirty) &&
			    has(region, VP_M_shared_clean) && has(region, VP_M_shared_dirty)) {
				stats->has_private = true;
				stats->private += region->measure[VP_M_private_clean] +
				                  region->measure[VP_M_private_dirty];
				stats->shared += region->measure[VP_M_shared_clean] +
				                 region->measure[VP_M_shared_dirty];
			}
		}
		if (last && region->start > last &&
		    !(region->start >> 63)) /* the kernel's half is no hole */
			hole(stats, last, region->start);
		last = region->end > last ? region->end : last;
		below = region;
	}
	return vp_build_classes(&stats->build);
}

/* Without a filter: only then holes and the number of regions describe the address space. */
static bool is_whole(const struct stats *stats)
{
	const struct vp_filter *filter = &stats->build.model->filter;
	return !filter->kinds && !filter->perms && !filter->address_end;
}

static int count_stated(void *ctx, const struct vp_region *sums, uint64_t regions)
{
	struct stats *stats = ctx;
	size_t kind = vp_kind_index(sums->kind);
	if (kind >= stats->build.kind_count)
		return 0;
	add(&stats->all, sums);
	add(&stats->kinds[kind], sums);
	stats->all.regions += regions - 1;
	stats->kinds[kind].regions += regions - 1;
	vp_build_count(&stats->build, kind, sums->size);
	vp_causes_sums(&stats->causes, sums);
	return 0;
}

/* The sums take the place of regions. */
static int collect_stated(struct stats *stats)
{
	struct vp_build *build = &stats->build;
	size_t bytes = (build->kind_count + 1) * sizeof *stats->kinds;
	stats->kinds = vp_pool_take(build->pool, bytes);
	if (!stats->kinds)
		return vp_no_memory();
	memset(stats->kinds, 0, bytes);
	memset(build->regions, 0, build->kind_count * sizeof *build->regions);
	memset(build->bytes, 0, build->kind_count * sizeof *build->bytes);
	stats->all = (struct sum){ 0 };
	stats->causes = vp_causes_begin(build->model);
	stats->stated = true;
	stats->has_private = false;
	vp_stated_each(build->model, stats->causes.account, count_stated, stats);
	stats->causes.sums = true;
	if (!stats->causes.account->regions && is_whole(stats)) {
		const struct vp_account *account = stats->causes.account;
		if (account->measured >> VP_M_rss & 1) {
			stats->all.has_rss = true;
			stats->all.rss = account->measure[VP_M_rss];
		}
		if (account->size)
			stats->all.size = account->size;
		vp_causes_whole(&stats->causes);
	}
	return vp_build_classes(build);
}

/* ---- rows ---- */

static struct row *row(struct stats *stats, const char *section, const char *what,
                       const char *remark)
{
	static struct row nowhere;
	struct row *more = vp_build_grow(stats->build.pool, stats->rows, stats->count, &stats->room,
	                                 sizeof *more);
	stats->failed |= !more;
	if (stats->failed)
		return &nowhere;
	stats->rows = more;
	stats->rows[stats->count] =
	        (struct row){ .section = section, .what = what, .remark = remark };
	return &stats->rows[stats->count++];
}

static void row_of(struct stats *stats, const char *section, const char *what,
                   const struct sum *sum, const char *remark)
{
	struct row *one = row(stats, section, what, remark);
	one->sum = *sum;
	one->has = stats->stated && !sum->regions ? 0 : HAS_REGIONS;
	if (sum->regions || sum->size)
		one->has |= HAS_SIZE;
	if (sum->has_rss)
		one->has |= HAS_RSS;
	if (sum->has_pss)
		one->has |= HAS_PSS;
}

static const char *words_of(struct stats *stats, const struct vp_region *region)
{
	struct vp_pool *pool = stats->build.pool;
	if (!region)
		return NULL;
	const char *name = vp_words(pool, region->name);
	return vp_pool_print(pool, "first: %s at 0x%llx%s%s", vp_words(pool, region->kind),
	                     (unsigned long long)region->start, *name ? " " : "",
	                     vp_short_name(name, ""));
}

static const char *cost(struct stats *stats, const struct sum *sum)
{
	if (!sum->has_pss || !sum->rss)
		return NULL;
	return vp_pool_print(stats->build.pool, "PSS is %.0f %% of RSS",
	                     100 * (double)sum->pss / (double)sum->rss);
}

static void kinds(struct stats *stats)
{
	for (size_t kind = 0; kind < stats->build.kind_count; kind++) {
		const struct sum *sum = &stats->kinds[kind];
		if (!sum->regions && !sum->size && !sum->has_rss)
			continue;
		row_of(stats, "kinds", vp_kind_words(stats->build.pool, kind), &stats->kinds[kind],
		       cost(stats, &stats->kinds[kind]));
		if (!stats->failed)
			stats->rows[stats->count - 1].kind = kind + 1;
	}
	row_of(stats, "kinds", "all", &stats->all, cost(stats, &stats->all));
}

static void space(struct stats *stats)
{
	struct row *one;
	if (!stats->hole_count)
		return;
	one = row(stats, "space", "holes between regions",
	          vp_pool_print(stats->build.pool, "%llu hole%s",
	                        (unsigned long long)stats->hole_count,
	                        vp_plural(stats->hole_count)));
	one->sum.size = stats->hole_bytes;
	one->has = HAS_SIZE;
	one = row(stats, "space", "largest hole",
	          vp_pool_print(stats->build.pool, "0x%llx to 0x%llx, %s",
	                        (unsigned long long)stats->hole[0],
	                        (unsigned long long)stats->hole[1],
	                        vp_size_words(stats->build.pool,
	                                      (double)(stats->hole[1] - stats->hole[0]))));
	one->sum.size = stats->hole[1] - stats->hole[0];
	one->has = HAS_SIZE;
}

static const char *share_words(struct stats *stats, vp_str share)
{
	static const struct {
		const char *share, *words;
	} known[] = {
		{ "prv", "mapped private (prv)" }, { "shm", "mapped shared (shm)" },
		{ "cow", "copy on write (cow)" },  { "nul", "empty (nul)" },
		{ "ali", "aliased (ali)" },        { "zer", "zero-filled (zer)" },
		{ "s/a", "shared alias (s/a)" },
	};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (vp_str_is(share, known[i].share))
			return known[i].words;
	return vp_words(stats->build.pool, share);
}

static void private_part(struct stats *stats, const char *what, enum vp_cause_name name,
                         const char *remark)
{
	const struct vp_cause *cause = &stats->causes.of[name];
	if (!cause->known)
		return;
	struct row *one = row(stats, "sharing", what, remark);
	one->sum = (struct sum){ .rss = cause->bytes, .pss = cause->bytes };
	one->has = HAS_RSS | (stats->all.has_pss ? HAS_PSS : 0);
}

static void sharing(struct stats *stats)
{
	struct vp_pool *pool = stats->build.pool;
	for (size_t i = 0; i < stats->share_count; i++)
		row_of(stats, "sharing", share_words(stats, stats->share[i]), &stats->shares[i],
		       NULL);
	if (!stats->has_private)
		return;
	if (stats->stated)
		return; /* its measures are in the section memory */
	uint64_t pss = stats->all.pss, part = pss > stats->private ? pss - stats->private : 0;
	struct row *one = row(stats, "sharing", "private pages", "no other process maps them");
	one->sum = (struct sum){ .rss = stats->private, .pss = stats->private };
	one->has = HAS_RSS | (stats->all.has_pss ? HAS_PSS : 0);
	private_part(stats, "- anonymous", VP_CA_private_anon, "freed when this process ends");
	private_part(stats, "- of files", VP_CA_private_file,
	             "page cache: kept when this process ends, dropped under pressure");
	private_part(stats, "- of shared memory", VP_CA_private_shmem,
	             "kept as long as a name or another process holds the memory");
	one = row(stats, "sharing", "shared pages",
	          !stats->all.has_pss || !part || !stats->shared
	                  ? NULL
	                  : vp_pool_print(pool, "mapped by %.1f processes on average",
	                                  (double)stats->shared / (double)part));
	one->sum = (struct sum){ .rss = stats->shared, .pss = part };
	one->has = HAS_RSS | (stats->all.has_pss ? HAS_PSS : 0);
}

/* ---- what holds the memory, and what RSS does not count ---- */

static void resident_row(struct stats *stats, const char *what, enum vp_cause_name name,
                         const char *remark)
{
	const struct vp_cause *cause = &stats->causes.of[name];
	if (!cause->known)
		return;
	struct row *one = row(stats, "memory", what, remark);
	one->sum.rss = cause->bytes;
	one->has = HAS_RSS;
}

static void beside_row(struct stats *stats, const char *what, uint64_t bytes, const char *remark)
{
	struct row *one = row(stats, "memory", what, remark);
	one->sum.size = bytes;
	one->has = HAS_SIZE;
}

static void stated_row(struct stats *stats, const char *what, enum vp_account_field field,
                       const char *remark)
{
	uint64_t bytes;
	if (vp_causes_stated(&stats->causes, field, &bytes))
		beside_row(stats, what, bytes, remark);
}

static void memory(struct stats *stats)
{
	const struct vp_causes *causes = &stats->causes;
	uint64_t threads, page = vp_huge_page(stats->build.model);
	const struct vp_cause *thp = &causes->of[VP_CA_thp];
	resident_row(stats, "anonymous pages", VP_CA_anon, "heaps, stacks, written copies");
	resident_row(stats, "pages of files", VP_CA_file, "page cache: the kernel may drop them");
	resident_row(stats, "pages of shared memory", VP_CA_shmem, NULL);
	resident_row(stats, "transparent huge pages", VP_CA_thp,
	             thp->bytes && page
	                     ? vp_pool_print(stats->build.pool,
	                                     "%llu pages of %s: one touch each is enough",
	                                     (unsigned long long)(thp->bytes / page),
	                                     vp_size_words(stats->build.pool, (double)page))
	                     : NULL);
	resident_row(stats, "freed but kept (MADV_FREE)", VP_CA_lazy_free,
	             "taken by the kernel under pressure");
	if (causes->of[VP_CA_swap].known)
		beside_row(stats, "swapped out", causes->of[VP_CA_swap].bytes,
		           "touched, no longer in RSS");
	if (vp_hugetlb(causes))
		beside_row(stats, "huge pages of hugetlbfs", vp_hugetlb(causes),
		           "in use, not in RSS");
	if (!is_whole(stats))
		return;
	stated_row(stats, "page tables", VP_AC_page_tables, "in the kernel, not in RSS");
	if (vp_causes_stated(causes, VP_AC_threads, &threads))
		beside_row(stats, "kernel stacks", threads * VP_KERNEL_STACK,
		           vp_pool_print(stats->build.pool,
		                         "about 16 KiB for each of %llu thread%s, not in RSS",
		                         (unsigned long long)threads, vp_plural(threads)));
	stated_row(stats, "RSS at its peak", VP_AC_rss_peak, "VmHWM");
	stated_row(stats, "physical footprint", VP_AC_footprint,
	           "dirty, compressed and swapped: what macOS limits");
	stated_row(stats, "physical footprint at its peak", VP_AC_footprint_peak, NULL);
}

static void audits(struct stats *stats)
{
	struct vp_pool *pool = stats->build.pool;
	row_of(stats, "audit", "guards", &stats->guards, "no access: a stray pointer faults");
	row_of(stats, "audit", "thread stacks", &stats->stacks, NULL);
	row_of(stats, "audit", "thread stacks without a guard below", &stats->bare,
	       words_of(stats, stats->first_bare));
	row_of(stats, "audit", "writable and executable", &stats->both,
	       stats->both.regions    ? words_of(stats, stats->first_both)
	       : stats->twice.regions ? "W^X is evaded"
	                              : "W^X holds");
	if (stats->twice.regions)
		row_of(stats, "audit", "executable, written through another mapping", &stats->twice,
		       words_of(stats, stats->first_twice));
	row_of(stats, "audit", "executable stacks", &stats->stack_code, NULL);
	row_of(stats, "audit", "executable, not from a file", &stats->fileless,
	       stats->fileless.regions ? words_of(stats, stats->first_fileless) : NULL);
	if (stats->may.regions)
		row_of(stats, "audit", "may become writable and executable", &stats->may,
		       vp_pool_print(pool, "by their maximum permissions; %s",
		                     words_of(stats, stats->first_may)));
}

static const struct {
	const char *name;
	uint64_t from, to;
	const char *examples;
} programs[] = {
	{ "simple (sleep)", 5, 10, "text, data, stack, libc, vdso" },
	{ "a shell (bash)", 15, 25, "text, data, heap, stack, readline, ncurses, locale" },
	{ "a database (PostgreSQL)", 50, 100,
	  "shared buffers, WAL buffers, temporary buffers, connection pools" },
	{ "an IDE (VS Code)", 100, 200,
	  "the Electron framework, Node.js, extensions, language servers" },
	{ "a browser (Chrome, Firefox)", 200, 500,
	  "several heaps, GPU buffers, site isolation, JIT cache, WebAssembly" },
};
enum { PROGRAMS = sizeof programs / sizeof *programs };

static void this_process(struct stats *stats, size_t place)
{
	struct vp_pool *pool = stats->build.pool;
	uint64_t n = stats->all.regions;
	const char *text;
	if (place == PROGRAMS)
		text = "more than browsers usually have";
	else if (n >= programs[place].from)
		text = vp_pool_print(pool, "about as many as %s", programs[place].name);
	else if (place)
		text = vp_pool_print(pool, "between %s and %s", programs[place - 1].name,
		                     programs[place].name);
	else
		text = vp_pool_print(pool, "fewer than %s", programs[0].name);
	row_of(stats, "programs", "> this process", &stats->all, text);
}

static void others(struct stats *stats)
{
	bool placed = false;
	for (size_t i = 0; i < PROGRAMS; i++) {
		if (!placed && stats->all.regions <= programs[i].to) {
			this_process(stats, i);
			placed = true;
		}
		row(stats, "programs", programs[i].name,
		    vp_pool_print(stats->build.pool, "%llu to %llu regions: %s",
		                  (unsigned long long)programs[i].from,
		                  (unsigned long long)programs[i].to, programs[i].examples));
	}
	if (!placed)
		this_process(stats, PROGRAMS);
}

/* ---- the figure ---- */

static struct vp_value value(void *ctx, size_t i, int field)
{
	struct stats *stats = ctx;
	if (i == stats->count)
		return vp_nothing();
	const struct row *one = &stats->rows[i];
	const struct sum *sum = &one->sum;
	switch (field) {
	case SECTION: return vp_word(one->section);
	case WHAT: return vp_word(one->what);
	case REMARK: return vp_word(one->remark);
	case REGIONS: return vp_known(one->has & HAS_REGIONS, VP_COUNT, (int64_t)sum->regions);
	case SIZE: return vp_known(one->has & HAS_SIZE, VP_KIB, (int64_t)sum->size);
	case RSS: return vp_known(one->has & HAS_RSS, VP_KIB, (int64_t)sum->rss);
	case PSS: return vp_known(one->has & HAS_PSS, VP_KIB, (int64_t)sum->pss);
	default: return vp_nothing();
	}
}

static int class_of(void *ctx, size_t i)
{
	const struct stats *stats = ctx;
	return stats->rows[i].kind ? stats->build.class_of[stats->rows[i].kind - 1] : -1;
}

static struct vp_rows rows_of(struct stats *stats)
{
	return (struct vp_rows){
		.fields = fields,
		.field_count = FIELDS,
		.preset = "section,what,regions,size,rss,pss,remark",
		.count = stats ? stats->count : 0,
		.value = value,
		.class_of = class_of,
		.ctx = stats,
	};
}

static void words(struct stats *stats)
{
	struct vp_build *build = &stats->build;
	struct vp_pool *pool = build->pool;
	const struct sum *all = &stats->all;
	const char *counted = "sums without regions";
	if (all->regions)
		counted = vp_pool_print(pool, "%llu region%s, %s", (unsigned long long)all->regions,
		                        vp_plural(all->regions),
		                        vp_size_words(pool, (double)all->size));
	build->figure->subtitle =
	        vp_pool_print(pool, "%s: %s%s%s%s", vp_moment_space_words(build), counted,
	                      vp_rss_words(pool, all->has_rss, (double)all->rss),
	                      all->has_pss ? ", pss " : "",
	                      all->has_pss ? vp_size_words(pool, (double)all->pss) : "");
	if (stats->stated)
		vp_stated_note(build, stats->causes.account);
	else if (!all->has_rss)
		vp_build_note(build, "what is resident is unknown: record with vm-sample --detail "
		                     "rss or smaps");
	else if (!all->has_pss)
		vp_build_note(build, "what other processes share is unknown: record with vm-sample "
		                     "--detail smaps (Linux)");
	if (is_whole(stats) && (!stats->stated || all->regions))
		vp_build_note(build, "regions by program are rules of thumb from small systems; "
		                     "today's programs often have more");
}

static int build(const struct vp_model *model, const struct vp_view_options *options,
                 struct vp_figure *figure, struct vp_pool *pool)
{
	struct stats stats = { .space = vp_moment_space(model), .causes = vp_causes_begin(model) };
	if (vp_build_begin(&stats.build, "stats", VP_TABLE, model, options, figure, pool))
		return -1;
	figure->title = vp_build_process(&stats.build, vp_model_chosen(model));
	if (stats.space && collect(&stats))
		return -1;
	if (vp_stated_alone(model, stats.causes.account) && collect_stated(&stats))
		return -1;
	if (stats.all.regions || stats.stated) {
		kinds(&stats);
		if (is_whole(&stats) && !stats.stated)
			space(&stats);
		sharing(&stats);
		memory(&stats);
		if (!stats.stated)
			audits(&stats);
		if (is_whole(&stats) && (!stats.stated || stats.all.regions))
			others(&stats);
		struct vp_rows rows = rows_of(&stats);
		if (stats.failed)
			return vp_no_memory();
		words(&stats);
		if (vp_rows_put(&rows, &stats.build))
			return -1;
		figure->totals = NULL;
	} else {
		vp_build_empty(&stats.build, "region");
	}
	vp_nodes_note(&stats.build, stats.space);
	vp_build_notes(&stats.build);
	return 0;
}

static int check(const struct vp_view_options *options)
{
	struct vp_rows rows = rows_of(NULL);
	if (options->by || options->preset)
		return vp_fail("stats has rows of its own: it takes no --by and no --preset");
	return vp_rows_check(&rows, options);
}

const struct vp_view vp_view_stats = {
	.name = "stats",
	.about = "one moment in figures: regions by kind, holes, sharing and its cost, guards and "
	         "W^X, beside other programs (--at T)",
	.keep = VP_KEEP_STATE | VP_KEEP_STILL | VP_KEEP_ONE,
	.build = build,
	.check = check,
};
