/* The view table: the regions of one moment in rows, or their sums by kind, name or permissions.
 * Bytes are shown in KiB, as pmap shows them. */
#include "base/error.h"
#include "base/nearest.h"
#include "view/aslr.h"
#include "view/diff_table.h"
#include "view/empty.h"
#include "view/free.h"
#include "view/listing.h"
#include "view/moment.h"
#include "view/nodes.h"
#include "view/causes.h"
#include "view/page_words.h"
#include "view/process_table.h"
#include "view/rows.h"
#include "view/stated.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum field {
	ID,
	START,
	END,
	RANGE,
	SIZE,
	PERMS,
	MAX_PERMS,
	SHARE,
	KIND,
	KIND_BY,
	TID,
	THREAD,
	NAME,
	LABEL,
	OFFSET,
	DEV,
	INODE,
	FLAGS,
	PID,
	REGIONS,
	NUMA,
	POLICY,
	EXCLUSIVE,
	MINOR,
	MAJOR,
	PTE_ENTRIES,
	PMD_ENTRIES,
	PUD_ENTRIES,
	P4D_ENTRIES,
	PGD_ENTRIES,
	PTE_TABLES,
	PMD_TABLES,
	PUD_TABLES,
	P4D_TABLES,
	MEASURE, /* the measures follow: MEASURE + enum vp_measure */
	FIELDS = MEASURE + VP_M_COUNT
};
enum { NUMBERS = MEASURE - EXCLUSIVE }; /* of further members and of faults */

/* Entries above the PTEs, and tables, may be the same for several regions: they do not add up. */
/* clang-format off */
static const struct vp_field fixed[MEASURE] = {
	[ID]          = { "id",          "id",          .right = true },
	[START]       = { "start",       "start" },
	[END]         = { "end",         "end" },
	[RANGE]       = { "range",       "range" },
	[SIZE]        = { "size",        "size",        .right = true, .sums = true, .kib = true },
	[PERMS]       = { "perms",       "perms" },
	[MAX_PERMS]   = { "max_perms",   "max_perms" },
	[SHARE]       = { "share",       "share" },
	[KIND]        = { "kind",        "kind" },
	[KIND_BY]     = { "kind_by",     "kind_by" },
	[TID]         = { "tid",         "tid",         .right = true },
	[THREAD]      = { "thread",      "thread" },
	[NAME]        = { "name",        "name",        .always = true },
	[LABEL]       = { "label",       "label" },
	[OFFSET]      = { "offset",      "offset",      .right = true },
	[DEV]         = { "dev",         "dev" },
	[INODE]       = { "inode",       "inode",       .right = true },
	[FLAGS]       = { "flags",       "flags" },
	[PID]         = { "pid",         "pid",         .right = true },
	[REGIONS]     = { "regions",     "regions",     .right = true, .sums = true },
	[NUMA]        = { "numa",        "numa KiB",    .right = true },
	[POLICY]      = { "policy",      "policy" },
	[EXCLUSIVE]   = { "exclusive",   "exclusive",   .right = true, .sums = true, .kib = true },
	[MINOR]       = { "minor",       "minor",       .right = true, .sums = true },
	[MAJOR]       = { "major",       "major",       .right = true, .sums = true },
	[PTE_ENTRIES] = { "pte_entries", "pte_entries", .right = true, .sums = true },
	[PMD_ENTRIES] = { "pmd_entries", "pmd_entries", .right = true },
	[PUD_ENTRIES] = { "pud_entries", "pud_entries", .right = true },
	[P4D_ENTRIES] = { "p4d_entries", "p4d_entries", .right = true },
	[PGD_ENTRIES] = { "pgd_entries", "pgd_entries", .right = true },
	[PTE_TABLES]  = { "pte_tables",  "pte_tables",  .right = true },
	[PMD_TABLES]  = { "pmd_tables",  "pmd_tables",  .right = true },
	[PUD_TABLES]  = { "pud_tables",  "pud_tables",  .right = true },
	[P4D_TABLES]  = { "p4d_tables",  "p4d_tables",  .right = true },
};

/* The presets pmap to vmmap print as those programs do (listing.c); with --columns, --by or --sort
 * they are tables with these columns. */
static const struct {
	const char *name, *columns, *by;
} presets[] = {
	{ "default", "start,size,rss,pss,dirty,swap,numa,minor,major,perms,kind,tid,thread,name", NULL },
	{ "pmap",    "start,size,rss,dirty,perms,name", NULL },
	{ "pmap-x",  "start,size,rss,dirty,perms,name", NULL },
	{ "pmap-X",  "start,perms,offset,dev,inode,size,rss,pss,referenced,anonymous,swap,locked,name", NULL },
	{ "pmap-d",  "start,size,perms,offset,dev,name", NULL },
	{ "vmmap",   "label,start,end,size,rss,dirty,swap,perms,max_perms,share,name", NULL },
	{ "regions", "id,start,end,size,perms,share,kind,kind_by,tid,thread,label,offset,dev,inode,name", NULL },
	{ "smaps",   "start,size,rss,pss,shared_clean,shared_dirty,private_clean,private_dirty,referenced,anonymous,huge,"
	             "swap,swap_pss,locked,perms,kind,name", NULL },
	{ "kinds",   NULL, "kind" },
	{ "pages",   "start,size,rss,exclusive,dirty,swap,huge,pte_entries,pmd_entries,pud_entries,p4d_entries,pgd_entries,"
	             "pte_tables,pmd_tables,pud_tables,p4d_tables,perms,kind,name", NULL },
	/* for a stream of vm-diff: its unchanged rows too */
	{ "all",     "id,start,end,size,perms,share,kind,label,offset,dev,inode,name", NULL },
};
/* clang-format on */
#define PRESETS (sizeof presets / sizeof *presets)
#define GROUPED "regions,size,rss,pss,dirty,anonymous,locked,huge,swap,numa"

/* One row: a region, or a group of them. */
struct row {
	const struct vp_live *live; /* the first of a group */
	vp_str key;                 /* of a group */
	uint64_t regions, size, measured, measure[VP_M_COUNT];
	uint64_t known, number[NUMBERS]; /* bit i: number[i] is known */
	vp_str policy;
	struct vp_nodes nodes;
};

struct table {
	struct vp_build build;
	const struct vp_space *space;
	struct vp_field fields[FIELDS];
	char grouped[128];   /* the columns of groups */
	const char *columns; /* of the preset */
	const char *sort;    /* the preset order */
	int by;              /* field; -1: no groups */
	struct row *rows, total;
	size_t count;
	bool stated; /* the rows are sums that the report states */
};

/* ---- what was asked for ---- */

static bool adds_up(int measure)
{
	return measure != VP_M_page && measure != VP_M_mmu_page && measure != VP_M_thp_eligible &&
	       measure != VP_M_pkey;
}

static void fields_make(struct table *table)
{
	memcpy(table->fields, fixed, sizeof fixed);
	for (int i = 0; i < VP_M_COUNT; i++)
		table->fields[MEASURE + i] = (struct vp_field){
			.name = vp_measure_names[i],
			.head = vp_measure_names[i],
			.right = true,
			.sums = adds_up(i),
			.kib = i != VP_M_thp_eligible && i != VP_M_pkey,
		};
}

static int by_set(struct table *table, const char *by)
{
	static const int groups[] = { KIND, NAME, PERMS, POLICY };
	table->by = -1;
	if (!by)
		return 0;
	for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
		if (!strcmp(by, fixed[groups[i]].name))
			table->by = groups[i];
	return table->by < 0 ? vp_fail("--by %s: expected kind, name, perms, policy or process", by)
	                     : 0;
}

static int unknown_preset(const char *name)
{
	const char *names[PRESETS + 2];
	for (size_t i = 0; i < PRESETS; i++)
		names[i] = presets[i].name;
	names[PRESETS] = "free";
	names[PRESETS + 1] = "sites"; /* views.c */
	return vp_unknown("preset", name, names, PRESETS + 2);
}

static int ask(struct table *table, const struct vp_view_options *options)
{
	size_t preset = 0;
	while (options->preset && preset < PRESETS && strcmp(options->preset, presets[preset].name))
		preset++;
	if (preset == PRESETS)
		return unknown_preset(options->preset);
	fields_make(table);
	if (by_set(table, options->by ? options->by : presets[preset].by))
		return -1;
	table->columns = presets[preset].columns;
	table->sort = "start";
	if (table->by < 0)
		return 0;
	snprintf(table->grouped, sizeof table->grouped, "%s," GROUPED, fixed[table->by].name);
	table->columns = table->grouped;
	table->sort = "-size";
	return 0;
}

/* ---- rows ---- */

static vp_str text_of(const struct vp_region *region, int field)
{
	switch (field) {
	case PERMS: return vp_s(region->perms);
	case MAX_PERMS: return vp_s(region->max_perms);
	case SHARE: return region->share;
	case KIND: return region->kind;
	case KIND_BY: return region->kind_by;
	case NAME: return region->name;
	case LABEL: return region->label;
	case DEV: return region->dev;
	case INODE: return region->inode;
	case FLAGS: return region->flags;
	default: return (vp_str){ NULL, 0 };
	}
}

static void add_number(struct row *row, int field, uint64_t value)
{
	row->number[field - EXCLUSIVE] += value;
	row->known |= UINT64_C(1) << (field - EXCLUSIVE);
}

/* Adds the further members that have columns. */
static int add_further(struct row *to, const struct vp_region *region, struct vp_pool *pool)
{
	struct vp_member member;
	uint64_t value;
	for (size_t at = 0; vp_region_extra(region->extra, &at, &member);) {
		if (vp_str_is(member.key, "numa") && member.json == VP_OBJECT &&
		    vp_nodes_add(&to->nodes, pool, member.value))
			return -1;
		if (vp_str_is(member.key, "policy") && member.json == VP_STRING &&
		    member.value.n > 2)
			to->policy = (vp_str){ member.value.p + 1, member.value.n - 2 };
		if (member.json != VP_NUMBER)
			continue;
		for (int field = EXCLUSIVE; field < MEASURE; field++)
			if (field != MINOR && field != MAJOR &&
			    vp_str_is(member.key, fixed[field].name) &&
			    vp_json_num(member.value, &value))
				add_number(to, field, value);
	}
	return 0;
}

static void add_faults(struct row *to, const struct vp_model *model, int64_t pid,
                       const struct vp_region *region)
{
	uint64_t major, minor;
	if (!vp_model_faults(model, pid, region->start, region->end, &major, &minor))
		return;
	add_number(to, MINOR, minor);
	add_number(to, MAJOR, major);
}

static int add(struct row *to, const struct vp_region *region, struct vp_pool *pool)
{
	to->regions++;
	to->size += region->size;
	to->measured |= region->measured;
	for (int i = 0; i < VP_M_COUNT; i++)
		if (region->measured >> i & 1)
			to->measure[i] += region->measure[i];
	return region->extra.n ? add_further(to, region, pool) : 0;
}

static int compare_text(vp_str a, vp_str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;
	return order ? order : (a.n > b.n) - (a.n < b.n);
}

static int by_start(const void *left, const void *right)
{
	const struct vp_region *a = &((const struct row *)left)->live->region,
	                       *b = &((const struct row *)right)->live->region;
	return (a->start > b->start) - (a->start < b->start);
}

static int by_key(const void *left, const void *right)
{
	const struct row *a = left, *b = right;
	int order = compare_text(a->key, b->key);
	return order ? order : by_start(left, right);
}

static int join(struct row *to, const struct row *row, struct vp_pool *pool)
{
	to->regions += row->regions;
	to->size += row->size;
	to->measured |= row->measured;
	to->known |= row->known;
	for (int i = 0; i < VP_M_COUNT; i++)
		to->measure[i] += row->measure[i];
	for (int i = 0; i < NUMBERS; i++)
		to->number[i] += row->number[i];
	return vp_nodes_join(&to->nodes, &row->nodes, pool);
}

static int group(struct table *table)
{
	size_t kept = 0;
	int failed = 0;
	qsort(table->rows, table->count, sizeof *table->rows, by_key);
	for (size_t i = 0; i < table->count; i++) {
		if (kept && !compare_text(table->rows[kept - 1].key, table->rows[i].key))
			failed |= join(&table->rows[kept - 1], &table->rows[i], table->build.pool);
		else
			table->rows[kept++] = table->rows[i];
	}
	table->count = kept;
	return failed;
}

static int collect(struct table *table)
{
	const struct vp_space *space = table->space;
	table->rows = vp_pool_take(table->build.pool, (space->count + 1) * sizeof *table->rows);
	if (!table->rows)
		return vp_no_memory();
	for (size_t i = 0; i < space->count; i++) {
		const struct vp_live *live = space->live[i];
		if (!vp_filter_region(&table->build.model->filter, &live->region,
		                      live->region.kind))
			continue;
		struct row *row = &table->rows[table->count++];
		row->live = live;
		if (add(row, &live->region, table->build.pool))
			return -1;
		row->key = table->by == POLICY ? row->policy : text_of(&live->region, table->by);
		add_faults(row, table->build.model, space->pid, &live->region);
		if (join(&table->total, row, table->build.pool))
			return -1;
		vp_build_count(&table->build, vp_kind_index(live->region.kind), live->region.size);
	}
	if (table->by >= 0 && group(table))
		return -1;
	qsort(table->rows, table->count, sizeof *table->rows, by_start);
	return 0;
}

/* A sum that the report states: a row like that of a group. */
static int collect_sum(void *ctx, const struct vp_region *sums, uint64_t regions)
{
	struct table *table = ctx;
	struct vp_live *live = vp_pool_take(table->build.pool, sizeof *live);
	struct row *row = &table->rows[table->count];
	if (!live)
		return vp_no_memory();
	*live = (struct vp_live){ .region = *sums };
	*row = (struct row){ .live = live, .key = text_of(sums, table->by) };
	if (add(row, sums, table->build.pool))
		return -1;
	row->regions = regions;
	if (join(&table->total, row, table->build.pool))
		return -1;
	table->count++;
	vp_build_count(&table->build, vp_kind_index(sums->kind), sums->size);
	return 0;
}

/* The sums that the report states take the place of regions, by kind. */
static int collect_sums(struct table *table, const struct vp_view_options *options,
                        const struct vp_account *account)
{
	table->rows =
	        vp_pool_take(table->build.pool, (account->kind_count + 1) * sizeof *table->rows);
	if (!table->rows)
		return vp_no_memory();
	table->by = KIND;
	table->count = 0;
	table->total = (struct row){ 0 };
	table->stated = true;
	if (!options->columns) {
		snprintf(table->grouped, sizeof table->grouped, "kind," GROUPED);
		table->columns = table->grouped;
		table->sort = "-size";
	}
	if (vp_stated_each(table->build.model, account, collect_sum, table))
		return -1;
	group(table);
	if (account->size && !account->regions && !table->build.model->filter.kinds)
		table->total.size = account->size; /* that of the parts may be rounded */
	return 0;
}

/* ---- values ---- */

/* A text that is missing is shown as nothing, but comes first in order. */
static struct vp_value text_value(struct vp_pool *pool, vp_str text)
{
	return (struct vp_value){ .how = VP_WORD, .text = text.n ? vp_words(pool, text) : "" };
}

/* Inodes are decimal, so they are in the order of their numbers. */
static struct vp_value inode_value(struct vp_pool *pool, vp_str text)
{
	int64_t n = 0;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9' || i > 17)
			return text_value(pool, text);
		n = n * 10 + text.p[i] - '0';
	}
	return text.n ? vp_number(VP_COUNT, n) : text_value(pool, text);
}

static struct vp_value address_value(struct vp_pool *pool, uint64_t address)
{
	return vp_word(vp_pool_print(pool, "%016llx", (unsigned long long)address));
}

static struct vp_value thread_value(struct vp_pool *pool, const struct vp_region *region, int field)
{
	char name[VP_THREAD_NAME];
	uint64_t tid;
	if (!vp_region_thread(region, &tid, name))
		return vp_nothing();
	return field == TID ? vp_number(VP_COUNT, (int64_t)tid)
	                    : text_value(pool, (vp_str){ name, strlen(name) });
}

static struct vp_value value_of(const struct table *table, const struct row *row, int field)
{
	struct vp_pool *pool = table->build.pool;
	const struct vp_region *region = &row->live->region;
	enum vp_how how = table->fields[field].kib ? VP_KIB : VP_COUNT;
	if (field >= MEASURE)
		return vp_known(row->measured >> (field - MEASURE) & 1, how,
		                (int64_t)row->measure[field - MEASURE]);
	if (field >= EXCLUSIVE)
		return vp_known(row->known >> (field - EXCLUSIVE) & 1, how,
		                (int64_t)row->number[field - EXCLUSIVE]);
	switch (field) {
	case ID: return vp_known(row->live->id != 0, VP_COUNT, (int64_t)row->live->id);
	case START: return address_value(pool, region->start);
	case END: return address_value(pool, region->end);
	case RANGE:
		return vp_word(vp_pool_print(pool, "%016llx-%016llx",
		                             (unsigned long long)region->start,
		                             (unsigned long long)region->end));
	case SIZE: return vp_known(!table->stated || row->size, VP_KIB, (int64_t)row->size);
	case OFFSET: return vp_known(region->has_offset, VP_HEX, (int64_t)region->offset);
	case PID: return vp_known(table->space->pid >= 0, VP_COUNT, table->space->pid);
	case REGIONS:
		return vp_known(!table->stated || row->regions, VP_COUNT, (int64_t)row->regions);
	case NUMA: return vp_word(vp_nodes_words(&row->nodes, pool));
	case POLICY: return text_value(pool, row->policy);
	case INODE: return inode_value(pool, region->inode);
	case TID:
	case THREAD: return thread_value(pool, region, field);
	default: return text_value(pool, text_of(region, field));
	}
}

/* Page tables are those of the process, which regions share. */
static struct vp_value total_of(const struct table *table, int field)
{
	const struct vp_filter *filter = &table->build.model->filter;
	const struct row *total = &table->total;
	if (field == NAME)
		return vp_word(vp_pool_print(table->build.pool, "%llu region%s",
		                             (unsigned long long)total->regions,
		                             vp_plural(total->regions)));
	if (field == NUMA)
		return vp_word(vp_nodes_words(&total->nodes, table->build.pool));
	if (field == SIZE && table->stated && total->size)
		return vp_number(VP_KIB, (int64_t)total->size);
	if (field < PTE_ENTRIES || field > P4D_TABLES || filter->kinds || filter->perms ||
	    filter->address_end)
		return vp_nothing();
	const struct vp_tables *tables = vp_model_tables(table->build.model, table->space->pid);
	if (!tables || !tables->known)
		return vp_nothing();
	uint64_t n = field < PTE_TABLES ? tables->entries[field - PTE_ENTRIES]
	                                : tables->tables[field - PTE_TABLES];
	return vp_number(VP_COUNT, (int64_t)n);
}

static struct vp_value value(void *ctx, size_t i, int field)
{
	const struct table *table = ctx;
	if (i == table->count)
		return total_of(table, field);
	bool grouped = table->by >= 0;
	if (grouped && field != table->by && field != NUMA && !table->fields[field].sums)
		return vp_nothing(); /* it differs within the group */
	struct vp_value value = value_of(table, &table->rows[i], field);
	return grouped && field == table->by && !*value.text ? vp_word("(none)") : value;
}

static int class_of(void *ctx, size_t i)
{
	const struct table *table = ctx;
	if (table->by >= 0 && table->by != KIND)
		return -1;
	return table->build.class_of[vp_kind_index(table->rows[i].live->region.kind)];
}

static struct vp_rows rows_of(struct table *table)
{
	return (struct vp_rows){
		.fields = table->fields,
		.field_count = FIELDS,
		.preset = table->columns,
		.sort = table->sort,
		.count = table->count,
		.value = value,
		.class_of = class_of,
		.ctx = table,
		.says_total = true,
	};
}

/* ---- all ---- */

static void words(struct table *table)
{
	struct vp_build *build = &table->build;
	const struct row *total = &table->total;
	const char *counted = "sums without regions";
	if (total->regions)
		counted =
		        vp_pool_print(build->pool, "%llu region%s, %s",
		                      (unsigned long long)total->regions, vp_plural(total->regions),
		                      vp_size_words(build->pool, (double)total->size));
	build->figure->subtitle =
	        vp_pool_print(build->pool, "%s: %s%s", vp_moment_space_words(build), counted,
	                      vp_rss_words(build->pool, total->measured >> VP_M_rss & 1,
	                                   (double)total->measure[VP_M_rss]));
}

static int table_build(const struct vp_model *model, const struct vp_view_options *options,
                       struct vp_figure *figure, struct vp_pool *pool)
{
	struct table table = { 0 };
	if (ask(&table, options) ||
	    vp_build_begin(&table.build, "table", VP_TABLE, model, options, figure, pool))
		return -1;
	figure->title = vp_build_process(&table.build, vp_model_chosen(model));
	table.space = vp_moment_space(model);
	if (table.space && collect(&table))
		return -1;
	const struct vp_account *account = vp_stated_of(model);
	struct vp_space none = { .pid = account ? account->pid : -1 };
	if (!table.count && vp_stated_alone(model, account)) {
		table.space = &none;
		if (collect_sums(&table, options, account))
			return -1;
	}
	if (table.count) {
		struct vp_rows rows = rows_of(&table);
		if (vp_build_classes(&table.build) || vp_rows_put(&rows, &table.build))
			return -1;
		words(&table);
		if (options->preset && !strcmp(options->preset, "pages"))
			vp_tables_note(&table.build, table.space->pid);
		vp_faults_note(&table.build, table.space->pid);
		vp_nodes_note(&table.build, table.space);
		if (vp_stated_alone(model, account))
			vp_stated_note(&table.build, account);
		if (table.stated && !account->kind_count && !account->measured) {
			struct vp_causes causes = vp_causes_begin(model);
			vp_causes_notes(&table.build, &causes);
		}
	} else {
		vp_build_empty(&table.build, "region");
	}
	vp_build_notes(&table.build);
	return 0;
}

/* Without options the kind of stream decides what a table shows. */
static int build(const struct vp_model *model, const struct vp_view_options *options,
                 struct vp_figure *figure, struct vp_pool *pool)
{
	bool plain = !options->columns && !options->by && !options->sort,
	     all = options->preset && !strcmp(options->preset, "all");
	if (vp_free_is(options->preset))
		return vp_free_build(model, options, figure, pool);
	if (vp_process_table_is(options))
		return vp_process_table(model, options, figure, pool);
	if (plain && !options->preset && model->varied_count && !model->proc_count)
		return vp_aslr_build(model, options, figure, pool);
	bool sums = vp_stated_alone(model, vp_stated_of(model)); /* of two reports of sums */
	if (plain && model->diff && !sums && (!options->preset || all))
		return vp_diff_table(model, options, figure, pool);
	if (plain && vp_listing_is(options->preset))
		return vp_listing_build(model, options, figure, pool);
	return table_build(model, options, figure, pool);
}

static int check(const struct vp_view_options *options)
{
	struct table table = { 0 };
	if (vp_free_is(options->preset))
		return vp_free_check(options);
	if (vp_process_table_is(options))
		return vp_process_table_check(options);
	if (ask(&table, options))
		return -1;
	struct vp_rows rows = rows_of(&table);
	return vp_rows_check(&rows, options);
}

const struct vp_view vp_view_table = {
	.name = "table",
	.about = "the regions of one moment in rows, or their sums (--columns, --sort, --by, --at)",
	.keep = VP_KEEP_STATE | VP_KEEP_STILL | VP_KEEP_ONE,
	.keep_by = VP_KEEP_SPANS | VP_KEEP_LAST,
	.build = build,
	.check = check,
};
