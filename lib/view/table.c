/* The view table: the regions of one moment in rows, with the columns that were asked for, or their
 * sums by kind, name or permissions. Bytes are shown in KiB, as pmap shows them. */
#include "base/error.h"
#include "base/nearest.h"
#include "view/pages.h"

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
	MEASURE
};
enum { NUMBERS = MEASURE - EXCLUSIVE }; /* of further members and of faults */

/* A column by its name; the measures follow as MEASURE + enum vp_measure. */
static const struct {
	const char *name;
	bool right;
} fields[MEASURE] = {
	[ID] = { "id", true },
	[START] = { "start", false },
	[END] = { "end", false },
	[RANGE] = { "range", false },
	[SIZE] = { "size", true },
	[PERMS] = { "perms", false },
	[MAX_PERMS] = { "max_perms", false },
	[SHARE] = { "share", false },
	[KIND] = { "kind", false },
	[NAME] = { "name", false },
	[LABEL] = { "label", false },
	[OFFSET] = { "offset", true },
	[DEV] = { "dev", false },
	[INODE] = { "inode", true },
	[FLAGS] = { "flags", false },
	[PID] = { "pid", true },
	[REGIONS] = { "regions", true },
	[NUMA] = { "numa", true },
	[POLICY] = { "policy", false },
	[EXCLUSIVE] = { "exclusive", true },
	[MINOR] = { "minor", true },
	[MAJOR] = { "major", true },
	[PTE_ENTRIES] = { "pte_entries", true },
	[PMD_ENTRIES] = { "pmd_entries", true },
	[PUD_ENTRIES] = { "pud_entries", true },
	[P4D_ENTRIES] = { "p4d_entries", true },
	[PGD_ENTRIES] = { "pgd_entries", true },
	[PTE_TABLES] = { "pte_tables", true },
	[PMD_TABLES] = { "pmd_tables", true },
	[PUD_TABLES] = { "pud_tables", true },
	[P4D_TABLES] = { "p4d_tables", true },
};

static const struct {
	const char *name, *columns, *by;
} presets[] = {
	{ "default", "start,size,rss,pss,dirty,swap,numa,minor,major,perms,kind,name", NULL },
	{ "pmap", "start,size,rss,dirty,perms,name",
	  NULL }, /* these six with columns, sorted or grouped; else see view_listing.c */
	{ "pmap-x", "start,size,rss,dirty,perms,name", NULL },
	{ "pmap-X",
	  "start,perms,offset,dev,inode,size,rss,pss,referenced,anonymous,swap,locked,name", NULL },
	{ "pmap-d", "start,size,perms,offset,dev,name", NULL },
	{ "vmmap", "label,start,end,size,rss,dirty,swap,perms,max_perms,share,name", NULL },
	{ "regions", "id,start,end,size,perms,share,kind,label,offset,dev,inode,name", NULL },
	{ "smaps",
	  "start,size,rss,pss,shared_clean,shared_dirty,private_clean,private_dirty,referenced,"
	  "anonymous,huge,swap,"
	  "swap_pss,locked,perms,kind,name",
	  NULL },
	{ "kinds", NULL, "kind" },
	{ "pages",
	  "start,size,rss,exclusive,dirty,swap,huge,pte_entries,pmd_entries,pud_entries,p4d_"
	  "entries,pgd_entries,pte_tables,pmd_tables,"
	  "pud_tables,p4d_tables,perms,kind,name",
	  NULL },
	{ "all", "id,start,end,size,perms,share,kind,label,offset,dev,inode,name",
	  NULL }, /* of what vm-diff wrote every row, as of any other stream */
};
#define PRESETS     (sizeof presets / sizeof *presets)
#define COLUMNS_MAX 64

/* One row: a region, or a group of them. */
struct row {
	const struct vp_live *live; /* the first of a group */
	vp_str key;                 /* of a group */
	uint64_t regions, size, measured, measure[VP_M_COUNT];
	uint64_t known, number[NUMBERS]; /* bit i: number[i] is known */
	vp_str numa, policy;             /* numa: a JSON object */
};

struct table {
	struct vp_build build;
	const struct vp_space *space;
	int columns[COLUMNS_MAX];
	size_t column_count;
	int by;     /* field, or -1 */
	bool asked; /* the columns were named by the user: shown even if nothing is known */
	struct row *rows, total;
	size_t count;
	int sort;
	bool down;
};

/* ---- what was asked for ---- */

static int field_of(const char *word, size_t n)
{
	for (int i = 0; i < MEASURE; i++)
		if (strlen(fields[i].name) == n && !memcmp(fields[i].name, word, n))
			return i;
	for (int i = 0; i < VP_M_COUNT; i++)
		if (strlen(vp_measure_names[i]) == n && !memcmp(vp_measure_names[i], word, n))
			return MEASURE + i;
	return -1;
}

static const char *field_name(int field)
{
	return field < MEASURE ? fields[field].name : vp_measure_names[field - MEASURE];
}

static int unknown_column(const char *word, size_t n)
{
	const char *names[MEASURE + VP_M_COUNT];
	char text[64];
	for (int i = 0; i < MEASURE + VP_M_COUNT; i++)
		names[i] = field_name(i);
	snprintf(text, sizeof text, "%.*s", (int)(n < 60 ? n : 60), word);
	return vp_unknown("column", text, names, MEASURE + VP_M_COUNT);
}

static int columns_set(struct table *table, const char *list)
{
	table->column_count = 0;
	while (list && *list) {
		size_t n = strcspn(list, ",");
		int field = field_of(list, n);
		if (n && field < 0)
			return unknown_column(list, n);
		if (n && table->column_count == COLUMNS_MAX)
			return vp_fail("more than %d columns", COLUMNS_MAX);
		if (n)
			table->columns[table->column_count++] = field;
		list += n + (list[n] == ',');
	}
	return 0;
}

static int unknown_preset(const char *name)
{
	const char *names[PRESETS + 1];
	for (size_t i = 0; i <= PRESETS; i++)
		names[i] = i < PRESETS ? presets[i].name : "free";
	return vp_unknown("table preset", name, names, PRESETS + 1);
}

static int by_set(struct table *table, const char *by)
{
	table->by = by ? field_of(by, strlen(by)) : -1;
	if (by && table->by != KIND && table->by != NAME && table->by != PERMS)
		return vp_fail("rows are grouped by kind, name or perms, not by '%s'", by);
	return 0;
}

/* Columns of a group: its key, how many, and every sum that is known. */
static void columns_of_groups(struct table *table)
{
	static const int sums[] = { SIZE,
		                    MEASURE + VP_M_rss,
		                    MEASURE + VP_M_pss,
		                    MEASURE + VP_M_dirty,
		                    MEASURE + VP_M_anonymous,
		                    MEASURE + VP_M_locked,
		                    MEASURE + VP_M_huge,
		                    MEASURE + VP_M_swap };
	table->columns[0] = table->by;
	table->columns[1] = REGIONS;
	memcpy(table->columns + 2, sums, sizeof sums);
	table->column_count = 2 + sizeof sums / sizeof *sums;
}

static int ask(struct table *table, const struct vp_view_options *options)
{
	size_t preset = 0;
	while (options->preset && preset < PRESETS && strcmp(options->preset, presets[preset].name))
		preset++;
	if (preset == PRESETS)
		return unknown_preset(options->preset);
	table->asked = options->columns && *options->columns;
	if (by_set(table, options->by ? options->by : presets[preset].by))
		return -1;
	if (table->by >= 0)
		columns_of_groups(table);
	if ((table->asked || table->by < 0) &&
	    columns_set(table, table->asked ? options->columns : presets[preset].columns))
		return -1;
	const char *sort = options->sort && *options->sort ? options->sort
	                   : table->by >= 0                ? "-size"
	                                                   : "start";
	table->down = *sort == '-';
	table->sort = field_of(sort + table->down, strlen(sort + table->down));
	return table->sort < 0 ? unknown_column(sort + table->down, strlen(sort + table->down)) : 0;
}

static int check(const struct vp_view_options *options)
{
	struct table table = { 0 };
	return vp_free_is(options->preset) ? vp_free_check(options) : ask(&table, options);
}

/* ---- rows ---- */

static bool is_bytes(int field)
{
	return field == SIZE || field == EXCLUSIVE ||
	       (field >= MEASURE && field - MEASURE != VP_M_thp_eligible &&
	        field - MEASURE != VP_M_pkey);
}

/* Page sizes and flags do not add up to anything. */
static bool is_sum(int field)
{
	if (field >= EXCLUSIVE && field < MEASURE)
		return field <= PTE_ENTRIES; /* entries above and tables may be the same for several
		                                regions */
	return field == REGIONS || (is_bytes(field) && field - MEASURE != VP_M_page &&
	                            field - MEASURE != VP_M_mmu_page);
}

static vp_str text_of(const struct vp_region *region, int field)
{
	switch (field) {
	case PERMS: return vp_s(region->perms);
	case MAX_PERMS: return vp_s(region->max_perms);
	case SHARE: return region->share;
	case KIND: return region->kind;
	case NAME: return region->name;
	case LABEL: return region->label;
	case DEV: return region->dev;
	case INODE: return region->inode;
	case FLAGS: return region->flags;
	default: return (vp_str){ NULL, 0 };
	}
}

static void set_number(struct row *row, int field, uint64_t value)
{
	row->number[field - EXCLUSIVE] += value;
	row->known |= UINT64_C(1) << (field - EXCLUSIVE);
}

/* Of the further members those that have columns. */
static void add_further(struct row *to, const struct vp_region *region)
{
	struct vp_member member;
	uint64_t value;
	for (size_t at = 0; vp_region_extra(region->extra, &at, &member);) {
		if (vp_str_is(member.key, "numa") && member.json == VP_OBJECT)
			to->numa = member.value;
		else if (vp_str_is(member.key, "policy") && member.json == VP_STRING &&
		         member.value.n > 2)
			to->policy = (vp_str){ member.value.p + 1, member.value.n - 2 };
		else if (member.json == VP_NUMBER)
			for (int field = EXCLUSIVE; field < MEASURE; field++)
				if (field != MINOR && field != MAJOR &&
				    vp_str_is(member.key, fields[field].name) &&
				    vp_json_num(member.value, &value))
					set_number(to, field, value);
	}
}

static void add_faults(struct row *to, const struct vp_model *model, int64_t pid,
                       const struct vp_region *region)
{
	uint64_t major, minor;
	if (!vp_model_faults(model, pid, region->start, region->end, &major, &minor))
		return;
	set_number(to, MINOR, minor);
	set_number(to, MAJOR, major);
}

static void add(struct row *to, const struct vp_region *region)
{
	to->regions++;
	to->size += region->size;
	to->measured |= region->measured;
	for (int i = 0; i < VP_M_COUNT; i++)
		if (region->measured >> i & 1)
			to->measure[i] += region->measure[i];
	if (region->extra.n)
		add_further(to, region);
}

static int compare_text(vp_str a, vp_str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;
	return order ? order : (a.n > b.n) - (a.n < b.n);
}

static bool number_of(const struct table *table, const struct row *row, int field, uint64_t *value)
{
	const struct vp_region *region = &row->live->region;
	*value = field == ID                        ? row->live->id
	         : field == START || field == RANGE ? region->start
	         : field == END                     ? region->end
	         : field == SIZE                    ? row->size
	         : field == OFFSET                  ? region->offset
	         : field == REGIONS                 ? row->regions
	         : field == PID                     ? (uint64_t)table->space->pid
	         : field >= MEASURE                 ? row->measure[field - MEASURE]
	         : field >= EXCLUSIVE               ? row->number[field - EXCLUSIVE]
	                                            : 0;
	if (field == ID)
		return row->live->id != 0;
	if (field == OFFSET)
		return region->has_offset;
	if (field >= MEASURE)
		return row->measured >> (field - MEASURE) & 1;
	if (field >= EXCLUSIVE)
		return row->known >> (field - EXCLUSIVE) & 1;
	return field == START || field == RANGE || field == END || field == SIZE ||
	       field == REGIONS || field == PID;
}

static const struct table *sorted; /* qsort has no context */

static int by_column(const void *left, const void *right)
{
	const struct row *a = left, *b = right;
	uint64_t x, y;
	bool x_known = number_of(sorted, a, sorted->sort, &x),
	     y_known = number_of(sorted, b, sorted->sort, &y);
	int order = 0;
	if (x_known != y_known)
		return x_known ? -1 : 1; /* what is not known stands last in either direction */
	if (x_known)
		order = (x > y) - (x < y);
	else
		order = compare_text(text_of(&a->live->region, sorted->sort),
		                     text_of(&b->live->region, sorted->sort));
	if (sorted->sort == INODE && a->live->region.inode.n != b->live->region.inode.n)
		order = a->live->region.inode.n < b->live->region.inode.n ? -1 : 1;
	if (order)
		return sorted->down ? -order : order;
	return (a->live->region.start > b->live->region.start) -
	       (a->live->region.start < b->live->region.start);
}

static int by_key(const void *left, const void *right)
{
	const struct row *a = left, *b = right;
	int order = compare_text(a->key, b->key);
	return order ? order
	             : (a->live->region.start > b->live->region.start) -
	                       (a->live->region.start < b->live->region.start);
}

static void join(struct row *to, const struct row *row)
{
	to->regions += row->regions;
	to->size += row->size;
	to->measured |= row->measured;
	to->known |= row->known;
	for (int i = 0; i < VP_M_COUNT; i++)
		to->measure[i] += row->measure[i];
	for (int i = 0; i < NUMBERS; i++)
		to->number[i] += row->number[i];
}

static void group(struct table *table)
{
	size_t kept = 0;
	qsort(table->rows, table->count, sizeof *table->rows, by_key);
	for (size_t i = 0; i < table->count; i++) {
		if (kept && !compare_text(table->rows[kept - 1].key, table->rows[i].key))
			join(&table->rows[kept - 1], &table->rows[i]);
		else
			table->rows[kept++] = table->rows[i];
	}
	table->count = kept;
}

static int collect(struct table *table)
{
	const struct vp_space *space = table->space;
	table->rows = vp_pool_take(table->build.pool, (space->count + 1) * sizeof *table->rows);
	if (!table->rows)
		return vp_fail("out of memory");
	for (size_t i = 0; i < space->count; i++) {
		const struct vp_live *live = space->live[i];
		if (!vp_filter_region(&table->build.model->filter, &live->region,
		                      live->region.kind))
			continue;
		struct row *row = &table->rows[table->count++];
		row->live = live;
		row->key = text_of(&live->region, table->by);
		add(row, &live->region);
		add_faults(row, table->build.model, space->pid, &live->region);
		join(&table->total, row);
		vp_build_count(&table->build, vp_kind_index(live->region.kind), live->region.size);
	}
	if (table->by >= 0)
		group(table);
	sorted = table;
	qsort(table->rows, table->count, sizeof *table->rows, by_column);
	return 0;
}

/* ---- cells ---- */

static const char *kib(struct vp_pool *pool, uint64_t bytes)
{
	return bytes % 1024 ? vp_pool_print(pool, "%.1f", (double)bytes / 1024)
	                    : vp_pool_print(pool, "%llu", (unsigned long long)(bytes / 1024));
}

/* "N0:12 N1:4" in KiB. */
static struct vp_cell numa_cell(struct vp_pool *pool, vp_str json)
{
	struct vp_member node;
	const char *text = "";
	uint64_t bytes;
	for (size_t at = 0; json.n && vp_json_each(json, &at, &node);)
		if (vp_json_num(node.value, &bytes))
			text = vp_pool_print(pool, "%s%sN%.*s:%s", text, *text ? " " : "",
			                     (int)(node.key.n < 8 ? node.key.n : 8), node.key.p,
			                     kib(pool, bytes));
	return (struct vp_cell){ *text ? text : NULL, *text != 0 };
}

static struct vp_cell cell_of(struct table *table, const struct row *row, int field)
{
	struct vp_pool *pool = table->build.pool;
	const struct vp_region *region = &row->live->region;
	uint64_t value;
	bool known = number_of(table, row, field, &value);
	if (table->by >= 0 && field != table->by && !is_sum(field))
		return (struct vp_cell){ NULL, false }; /* differs within the group */
	if (field == RANGE)
		return (struct vp_cell){ vp_pool_print(pool, "%016llx-%016llx",
			                               (unsigned long long)region->start,
			                               (unsigned long long)region->end),
			                 true };
	if (field == START || field == END)
		return (struct vp_cell){ vp_pool_print(pool, "%016llx", (unsigned long long)value),
			                 true };
	if (field == OFFSET && known)
		return (struct vp_cell){ vp_pool_print(pool, "%llx", (unsigned long long)value),
			                 true };
	if (is_bytes(field))
		return (struct vp_cell){ known ? kib(pool, value) : NULL, known };
	if (known)
		return (struct vp_cell){ vp_pool_print(pool, "%llu", (unsigned long long)value),
			                 true };
	if (field == NUMA)
		return numa_cell(pool, row->numa);
	vp_str text = field == POLICY ? row->policy : text_of(region, field);
	if (table->by == field && !text.n)
		return (struct vp_cell){ "(none)", true };
	return (struct vp_cell){ text.n ? vp_words(pool, text) : NULL, text.n > 0 };
}

/* A preset's column of which nothing is known is left out. */
static void columns_known(struct table *table)
{
	size_t kept = 0;
	for (size_t c = 0; c < table->column_count; c++) {
		bool any = table->asked;
		for (size_t i = 0; i < table->count && !any; i++)
			any = cell_of(table, &table->rows[i], table->columns[c]).shown;
		if (any || table->columns[c] == NAME)
			table->columns[kept++] = table->columns[c];
	}
	table->column_count = kept;
}

static bool filtered(const struct table *table)
{
	const struct vp_filter *filter = &table->build.model->filter;
	return filter->kinds || filter->perms || filter->address_end;
}

static struct vp_cell total_of(struct table *table, int field, bool *word)
{
	struct vp_pool *pool = table->build.pool;
	const struct row *total = &table->total;
	bool known = field == SIZE || field == REGIONS ||
	             (field >= MEASURE && total->measured >> (field - MEASURE) & 1);
	const struct vp_tables *tables =
	        field >= PTE_ENTRIES && field <= P4D_TABLES && !filtered(table)
	                ? vp_model_tables(table->build.model, table->space->pid)
	                : NULL;
	if (tables && tables->known) {
		uint64_t n = field < PTE_TABLES ? tables->entries[field - PTE_ENTRIES]
		                                : tables->tables[field - PTE_TABLES];
		return (struct vp_cell){ vp_pool_print(pool, "%llu", (unsigned long long)n), true };
	}
	if (field >= EXCLUSIVE && field < MEASURE && is_sum(field) &&
	    total->known >> (field - EXCLUSIVE) & 1)
		return (struct vp_cell){
			field == EXCLUSIVE
			        ? kib(pool, total->number[0])
			        : vp_pool_print(pool, "%llu",
			                        (unsigned long long)
			                                total->number[field - EXCLUSIVE]),
			true
		};
	if (is_sum(field) && known)
		return (struct vp_cell){
			field == REGIONS
			        ? vp_pool_print(pool, "%llu", (unsigned long long)total->regions)
			        : kib(pool, field == SIZE ? total->size
			                                  : total->measure[field - MEASURE]),
			true
		};
	if (!*word && !is_bytes(field)) {
		*word = true;
		return (struct vp_cell){ "total", true };
	}
	if (field == NAME)
		return (struct vp_cell){ vp_pool_print(pool, "%llu region%s",
			                               (unsigned long long)total->regions,
			                               total->regions == 1 ? "" : "s"),
			                 true };
	return (struct vp_cell){ NULL, false };
}

static int cells(struct table *table)
{
	struct vp_figure *figure = table->build.figure;
	struct vp_pool *pool = table->build.pool;
	size_t n = table->column_count;
	struct vp_column *columns = vp_pool_take(pool, (n + 1) * sizeof *columns);
	struct vp_cell *list = vp_pool_take(pool, (table->count * n + 1) * sizeof *list),
	               *totals = vp_pool_take(pool, (n + 1) * sizeof *totals);
	int *row_class = vp_pool_take(pool, (table->count + 1) * sizeof *row_class);
	bool word = false;
	if (!columns || !list || !totals || !row_class)
		return vp_fail("out of memory");
	for (size_t c = 0; c < n; c++) {
		int field = table->columns[c];
		columns[c].name = is_bytes(field) || field == NUMA
		                          ? vp_pool_print(pool, "%s KiB", field_name(field))
		                          : field_name(field);
		columns[c].align = field >= MEASURE || fields[field].right ? VP_RIGHT : VP_LEFT;
		totals[c] = total_of(table, field, &word);
	}
	for (size_t i = 0; i < table->count; i++) {
		for (size_t c = 0; c < n; c++)
			list[i * n + c] = cell_of(table, &table->rows[i], table->columns[c]);
		row_class[i] = table->by >= 0 && table->by != KIND
		                       ? -1
		                       : table->build.class_of[vp_kind_index(
		                                 table->rows[i].live->region.kind)];
	}
	figure->columns = columns;
	figure->column_count = n;
	figure->cells = list;
	figure->totals = totals;
	figure->row_class = row_class;
	figure->row_count = table->count;
	return 0;
}

static void words(struct table *table)
{
	struct vp_build *build = &table->build;
	const struct vp_model *model = build->model;
	const struct vp_proc *proc = vp_model_chosen(model);
	bool ended = proc && proc->t1 <= model->t1;
	int64_t at = model->t1 >= model->t0 ? model->t1 : 0;
	bool rss = table->total.measured & 1u << VP_M_rss;
	build->figure->subtitle =
	        vp_pool_print(build->pool, "at %s%s: %llu region%s, %s%s%s",
	                      vp_time_words(build->pool, ended ? proc->t1 : at),
	                      ended ? ", just before it ended" : "",
	                      (unsigned long long)table->total.regions,
	                      table->total.regions == 1 ? "" : "s",
	                      vp_size_words(build->pool, (double)table->total.size),
	                      rss ? ", rss " : "",
	                      rss ? vp_size_words(build->pool,
	                                          (double)table->total.measure[VP_M_rss])
	                          : "");
}

static int build(const struct vp_model *model, const struct vp_view_options *options,
                 struct vp_figure *figure, struct vp_pool *pool)
{
	struct table table = { 0 };
	const struct vp_proc *proc = vp_model_chosen(model);
	if (vp_free_is(options->preset))
		return vp_free_build(model, options, figure, pool);
	if (model->varied_count && !model->proc_count && !options->preset && !options->columns &&
	    !options->by && !options->sort)
		return vp_aslr_build(model, options, figure, pool);
	if (model->diff && (!options->preset || !strcmp(options->preset, "all")) &&
	    !options->columns && !options->by && !options->sort)
		return vp_diff_table(model, options, figure, pool);
	if (vp_listing_is(options->preset) && !options->columns && !options->by && !options->sort)
		return vp_listing_build(model, options, figure, pool);
	if (ask(&table, options) ||
	    vp_build_begin(&table.build, "table", VP_TABLE, model, options, figure, pool))
		return -1;
	figure->title = vp_build_process(&table.build, proc);
	table.space = vp_moment_space(model);
	if (table.space && collect(&table))
		return -1;
	if (table.count) {
		columns_known(&table);
		if (vp_build_classes(&table.build) || cells(&table))
			return -1;
		words(&table);
		if (options->preset && !strcmp(options->preset, "pages"))
			vp_tables_note(&table.build, table.space->pid);
		vp_faults_note(&table.build, table.space->pid);
	} else
		vp_build_empty(&table.build, "region");
	vp_build_notes(&table.build);
	return 0;
}

const struct vp_view vp_view_table = {
	.name = "table",
	.about = "the regions of one moment in rows, or their sums (--columns, --sort, --by, --at)",
	.keep = VP_KEEP_STATE | VP_KEEP_STILL,
	.build = build,
	.check = check,
};
