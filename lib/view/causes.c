/* Why resident memory is what it is: sums by cause, and the sentences that say them. */
#include "view/causes.h"

#include "space/rules_macos.h"
#include "view/stated.h"

#include <string.h>

/* ---- sums ---- */

static bool has(const struct vp_region *region, enum vp_measure measure)
{
	return region->measured >> measure & 1;
}

static uint64_t value_of(const struct vp_region *region, enum vp_measure measure)
{
	return has(region, measure) ? region->measure[measure] : 0;
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static bool has_flag(const struct vp_region *region, const char *flag)
{
	vp_str flags = region->flags;
	size_t n = strlen(flag);
	for (const char *at = flags.n ? memmem(flags.p, flags.n, flag, n) : NULL; at;) {
		const char *end = flags.p + flags.n;
		if ((at == flags.p || at[-1] == ' ') && (at + n == end || at[n] == ' '))
			return true;
		at = memmem(at + 1, (size_t)(end - at) - 1, flag, n);
	}
	return false;
}

bool vp_is_hugetlb(const struct vp_region *region)
{
	return has_flag(region, "ht") || value_of(region, VP_M_shared_hugetlb) ||
	       value_of(region, VP_M_private_hugetlb) || vp_str_is(region->kind, "huge");
}

uint64_t vp_touched(const struct vp_region *region)
{
	uint64_t touched = value_of(region, VP_M_rss) + value_of(region, VP_M_swap) +
	                   value_of(region, VP_M_shared_hugetlb) +
	                   value_of(region, VP_M_private_hugetlb);
	return least(touched, region->size);
}

/* Does the memory belong to a file system in memory, or to no file that others could open? */
static bool is_shmem(const struct vp_region *region)
{
	return vp_str_is(region->kind, "shm") || vp_str_is(region->kind, "memfd") ||
	       (strchr(region->perms, 's') && !region->inode.n);
}

static void put(struct vp_causes *causes, enum vp_cause_name name, const struct vp_region *region,
                uint64_t bytes)
{
	struct vp_cause *cause = &causes->of[name];
	cause->known = true;
	cause->bytes += bytes;
	if (bytes > cause->most) {
		cause->most = bytes;
		cause->where = region;
	}
}

static void put_measure(struct vp_causes *causes, enum vp_cause_name name,
                        const struct vp_region *region, enum vp_measure measure)
{
	if (has(region, measure))
		put(causes, name, region, region->measure[measure]);
}

/* Anonymous pages of a private mapping that are shared are mostly those of a fork: dirty. What else
 * is private and not anonymous is of the file. */
static void put_private(struct vp_causes *causes, const struct vp_region *region, uint64_t filed)
{
	uint64_t own = value_of(region, VP_M_private_clean) + value_of(region, VP_M_private_dirty),
	         anonymous = value_of(region, VP_M_anonymous),
	         forked = least(anonymous, value_of(region, VP_M_shared_dirty)), of_file;
	if (!has(region, VP_M_private_clean) || !has(region, VP_M_private_dirty))
		return;
	of_file = least(filed, less(own, anonymous - forked));
	put(causes, is_shmem(region) ? VP_CA_private_shmem : VP_CA_private_file, region, of_file);
	put(causes, VP_CA_private_anon, region, own - of_file);
}

bool vp_is_macos(const struct vp_region *region)
{
	const char *kind = region->label.n ? vp_macos_kind(region) : NULL;
	return kind && vp_str_is(region->kind, kind);
}

void vp_causes_add(struct vp_causes *causes, const struct vp_region *region)
{
	uint64_t rss = value_of(region, VP_M_rss);
	causes->regions++;
	causes->macos |= vp_is_macos(region);
	causes->resident |= has(region, VP_M_rss);
	if (has(region, VP_M_rss) && has(region, VP_M_anonymous)) {
		uint64_t filed = less(rss, region->measure[VP_M_anonymous]);
		put(causes, VP_CA_anon, region, rss - filed);
		put(causes, is_shmem(region) ? VP_CA_shmem : VP_CA_file, region, filed);
		put_private(causes, region, filed);
	}
	put_measure(causes, VP_CA_swap, region, VP_M_swap);
	put_measure(causes, VP_CA_lazy_free, region, VP_M_lazy_free);
	put_measure(causes, VP_CA_hugetlb_shared, region, VP_M_shared_hugetlb);
	put_measure(causes, VP_CA_hugetlb_private, region, VP_M_private_hugetlb);
	if (has(region, VP_M_huge) || has(region, VP_M_shmem_huge))
		put(causes, VP_CA_thp, region,
		    value_of(region, VP_M_huge) + value_of(region, VP_M_shmem_huge) +
		            value_of(region, VP_M_file_huge));
	if (has(region, VP_M_thp_eligible))
		put(causes, VP_CA_eligible, region,
		    region->measure[VP_M_thp_eligible] ? region->size : 0);
	if (vp_is_hugetlb(region) && !has(region, VP_M_shared_hugetlb))
		causes->hugetlb_unknown += region->size;
}

struct vp_causes vp_causes_begin(const struct vp_model *model)
{
	return (struct vp_causes){ .account = vp_stated_of(model) };
}

void vp_causes_sums(struct vp_causes *causes, const struct vp_region *sums)
{
	static const struct {
		const char *label;
		enum vp_cause_name name;
	} parts[] = { /* of /proc/PID/status */
		      { "RssAnon", VP_CA_anon },
		      { "RssFile", VP_CA_file },
		      { "RssShmem", VP_CA_shmem }
	};
	vp_causes_add(causes, sums);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (vp_str_is(sums->label, parts[i].label) && has(sums, VP_M_rss))
			put(causes, parts[i].name, sums, sums->measure[VP_M_rss]);
}

/* What the report states of the whole alone. */
void vp_causes_whole(struct vp_causes *causes)
{
	const struct vp_account *account = causes->account;
	struct vp_region all = { .size = account->size, .measured = account->measured };
	struct vp_causes whole = { .account = NULL };
	memcpy(all.measure, account->measure, sizeof all.measure);
	vp_causes_add(&whole, &all);
	causes->resident |= whole.resident;
	causes->hugetlb_unknown = 0;
	causes->sums = true;
	for (int i = 0; i < VP_CA_COUNT; i++) {
		if (!causes->of[i].known)
			causes->of[i] = whole.of[i];
		causes->of[i].where = NULL;
	}
}

bool vp_causes_stated(const struct vp_causes *causes, enum vp_account_field field, uint64_t *value)
{
	const struct vp_account *account = causes->account;
	if (!account || !(account->known >> field & 1))
		return false;
	*value = account->value[field];
	return true;
}

uint64_t vp_hugetlb(const struct vp_causes *causes)
{
	uint64_t stated, sum = causes->of[VP_CA_hugetlb_shared].bytes +
	                       causes->of[VP_CA_hugetlb_private].bytes;
	return !sum && vp_causes_stated(causes, VP_AC_hugetlb, &stated) ? stated : sum;
}

/* One entry of the second level maps a whole table of entries of 8 bytes each. */
uint64_t vp_huge_page(const struct vp_model *model)
{
	return model->page ? model->page * (model->page / 8) : 0;
}

/* ---- sentences ---- */

#define SAY(...) vp_build_note(build, __VA_ARGS__)

static const char *words(struct vp_build *build, uint64_t bytes)
{
	return vp_size_words(build->pool, (double)bytes);
}

/* "; most of it: heap at 0x55d0c8a4f000 [heap]", where one region has more than half; else "". */
static const char *most_words(struct vp_build *build, const struct vp_cause *cause)
{
	struct vp_pool *pool = build->pool;
	const struct vp_region *region = cause->where;
	if (!region || cause->most <= cause->bytes / 2)
		return "";
	const char *name = vp_words(pool, region->name);
	return vp_pool_print(pool, "; %s of it: %s at 0x%llx%s%s",
	                     cause->most == cause->bytes ? "all" : "most",
	                     vp_words(pool, region->kind), (unsigned long long)region->start,
	                     *name ? " " : "", vp_short_name(name, ""));
}

/* What holds the content, and so what frees the memory. */
static void say_content(struct vp_build *build, const struct vp_causes *causes)
{
	const struct vp_cause *anon = &causes->of[VP_CA_anon], *file = &causes->of[VP_CA_file],
	                      *shmem = &causes->of[VP_CA_shmem];
	const char *shared = "";
	if (!anon->known)
		return;
	if (shmem->bytes)
		shared = vp_pool_print(build->pool,
		                       ", and %s shared memory, which stays while any process or "
		                       "name holds it",
		                       words(build, shmem->bytes));
	SAY("of the resident memory %s are anonymous, which goes with the process or to swap%s; %s "
	    "are pages of files%s: page cache, which the kernel drops under pressure and keeps "
	    "when "
	    "the process ends%s",
	    words(build, anon->bytes),
	    causes->of[VP_CA_lazy_free].bytes ? ", or is freed already (see below)" : "",
	    words(build, file->bytes), causes->sums && !shmem->known ? " or of shared memory" : "",
	    shared);
}

static void say_swap(struct vp_build *build, const struct vp_causes *causes)
{
	const struct vp_cause *swap = &causes->of[VP_CA_swap];
	if (swap->bytes)
		SAY("swapped out: %s, touched and no longer resident%s", words(build, swap->bytes),
		    most_words(build, swap));
}

static void say_hugetlb(struct vp_build *build, const struct vp_causes *causes)
{
	const struct vp_cause *shared = &causes->of[VP_CA_hugetlb_shared],
	                      *own = &causes->of[VP_CA_hugetlb_private];
	uint64_t bytes = vp_hugetlb(causes);
	const char *parts = "";
	if (shared->bytes + own->bytes)
		parts = vp_pool_print(build->pool, " (%s shared, %s private)",
		                      words(build, shared->bytes), words(build, own->bytes));
	if (bytes)
		SAY("huge pages of hugetlbfs: %s are in use%s; RSS does not count them",
		    words(build, bytes), parts);
	else if (causes->hugetlb_unknown)
		SAY("huge pages of hugetlbfs: %s are mapped; how much is in use is unknown: record "
		    "with vm-sample --detail smaps",
		    words(build, causes->hugetlb_unknown));
}

static void say_thp(struct vp_build *build, const struct vp_causes *causes)
{
	const struct vp_cause *thp = &causes->of[VP_CA_thp];
	uint64_t page = vp_huge_page(build->model), minor, major;
	const char *count = "", *faults = "";
	if (!thp->bytes)
		return;
	if (page)
		count = vp_pool_print(build->pool, " in %llu pages of %s; %llu touches make that",
		                      (unsigned long long)(thp->bytes / page), words(build, page),
		                      (unsigned long long)(thp->bytes / page));
	else
		count = "; one touch makes a whole page";
	if (vp_causes_stated(causes, VP_AC_minor, &minor) &&
	    vp_causes_stated(causes, VP_AC_major, &major))
		faults = vp_pool_print(build->pool, " (the process had %llu page faults in all)",
		                       (unsigned long long)(minor + major));
	SAY("transparent huge pages: %s%s resident, so RSS may be far more than what was "
	    "touched%s%s",
	    words(build, thp->bytes), count, faults, most_words(build, thp));
}

static void say_lazy_free(struct vp_build *build, const struct vp_causes *causes)
{
	const struct vp_cause *freed = &causes->of[VP_CA_lazy_free];
	if (freed->bytes)
		SAY("freed but still resident: %s (MADV_FREE); the kernel takes them under "
		    "pressure%s",
		    words(build, freed->bytes), most_words(build, freed));
}

static void say_kernel(struct vp_build *build, const struct vp_causes *causes)
{
	struct vp_pool *pool = build->pool;
	uint64_t tables, threads;
	const char *stacks = "", *held = "";
	bool has_tables = vp_causes_stated(causes, VP_AC_page_tables, &tables);
	if (vp_causes_stated(causes, VP_AC_threads, &threads))
		stacks = vp_pool_print(pool, "about %s of kernel stacks (%llu thread%s)",
		                       words(build, threads * VP_KERNEL_STACK),
		                       (unsigned long long)threads, vp_plural(threads));
	if (has_tables)
		held = vp_pool_print(pool, "%s of page tables%s%s", words(build, tables),
		                     causes->macos ? "" : " (VmPTE)", *stacks ? ", " : "");
	if (*held || *stacks)
		SAY("on top of RSS, in the kernel: + %s%s", held, stacks);
}

static void say_footprint(struct vp_build *build, const struct vp_causes *causes)
{
	uint64_t now, peak;
	const char *most = "";
	if (!vp_causes_stated(causes, VP_AC_footprint, &now))
		return;
	if (vp_causes_stated(causes, VP_AC_footprint_peak, &peak))
		most = vp_pool_print(build->pool, ", %s at its peak", words(build, peak));
	SAY("physical footprint: %s%s: dirty, compressed and swapped memory, by which macOS "
	    "judges a process",
	    words(build, now), most);
}

static void say_peak(struct vp_build *build, const struct vp_causes *causes)
{
	uint64_t peak;
	if (vp_causes_stated(causes, VP_AC_rss_peak, &peak))
		SAY("RSS at its peak: %s (VmHWM)", words(build, peak));
}

/* A part of the process is shown: figures of the whole would be read as the part's. */
static bool is_part(const struct vp_filter *filter)
{
	return filter->kinds || filter->perms || filter->address_end;
}

/* Names what the recording does not have, so that its absence is not read as 0. */
static void say_unknown(struct vp_build *build, const struct vp_causes *causes)
{
	static const struct {
		enum vp_cause_name name;
		const char *words;
	} needs[] = {
		{ VP_CA_swap, "swapped memory" },
		{ VP_CA_thp, "huge pages" },
		{ VP_CA_lazy_free, "freed memory that is kept (MADV_FREE)" },
		{ VP_CA_private_anon, "what other processes share" },
	};
	const char *list = "";
	uint64_t value;
	if (causes->macos || !causes->resident)
		return;
	for (size_t i = 0; i < sizeof needs / sizeof *needs; i++)
		if (!causes->of[needs[i].name].known)
			list = vp_pool_print(build->pool, "%s%s%s", list, *list ? ", " : "",
			                     needs[i].words);
	if (!vp_causes_stated(causes, VP_AC_page_tables, &value))
		list = vp_pool_print(build->pool, "%s%spage tables", list, *list ? ", " : "");
	if (*list)
		SAY("not recorded: %s (vm-sample --detail smaps has them)", list);
}

void vp_causes_notes(struct vp_build *build, const struct vp_causes *causes)
{
	bool part = is_part(&build->model->filter);
	if (!part)
		say_footprint(build, causes);
	if (!part)
		say_peak(build, causes);
	say_content(build, causes);
	say_hugetlb(build, causes);
	say_thp(build, causes);
	say_lazy_free(build, causes);
	say_swap(build, causes);
	if (!part)
		say_kernel(build, causes);
	say_unknown(build, causes);
}
