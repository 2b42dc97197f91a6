/* Tables whose cells a view works out: columns and order as the user asks for them, and totals. */
#include "base/error.h"
#include "base/nearest.h"
#include "view/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX 64

struct order {
	int columns[COLUMNS_MAX];
	size_t count;
	int sort; /* a field, or -1 */
	bool down;
	bool asked; /* the user named the columns: they are shown even if nothing is known */
};

static int unknown(const struct vp_rows *rows, const char *word, size_t n)
{
	const char *names[2 * COLUMNS_MAX];
	char text[64];
	size_t count = 0;
	for (; count < rows->field_count && count < sizeof names / sizeof *names; count++)
		names[count] = rows->fields[count].name;
	snprintf(text, sizeof text, "%.*s", (int)(n < 60 ? n : 60), word);
	return vp_unknown("column", text, names, count);
}

static int field_of(const struct vp_rows *rows, const char *word, size_t n)
{
	for (size_t i = 0; i < rows->field_count; i++)
		if (strlen(rows->fields[i].name) == n && !memcmp(rows->fields[i].name, word, n))
			return (int)i;
	return unknown(rows, word, n);
}

static int columns_set(const struct vp_rows *rows, const char *list, struct order *order)
{
	while (*list) {
		size_t n = strcspn(list, ",");
		int field = n ? field_of(rows, list, n) : -1;
		if (n && field < 0)
			return -1;
		if (n && order->count == COLUMNS_MAX)
			return vp_fail("--columns: more than %d columns", COLUMNS_MAX);
		if (n)
			order->columns[order->count++] = field;
		list += n + (list[n] == ',');
	}
	return order->count ? 0 : vp_fail("--columns: no column is named");
}

static int ask(const struct vp_rows *rows, const struct vp_view_options *options,
               struct order *order)
{
	const char *sort = options->sort && *options->sort ? options->sort : rows->sort;
	bool asked = options->columns && *options->columns;
	*order = (struct order){ .sort = -1, .asked = asked };
	if (columns_set(rows, asked ? options->columns : rows->preset, order))
		return -1;
	if (!sort)
		return 0;
	order->down = *sort == '-';
	sort += order->down;
	order->sort = field_of(rows, sort, strlen(sort));
	return order->sort < 0 ? -1 : 0;
}

int vp_rows_check(const struct vp_rows *rows, const struct vp_view_options *options)
{
	struct order order;
	return ask(rows, options, &order);
}

/* ---- order ---- */

struct key {
	struct vp_value value;
	size_t row;
	bool down;
};

/* A value that is not known comes last in either direction. */
static int compare(const void *left, const void *right)
{
	const struct key *a = left, *b = right;
	int order;
	if ((a->value.how == VP_NOTHING) != (b->value.how == VP_NOTHING))
		return a->value.how == VP_NOTHING ? 1 : -1;
	if (a->value.how == VP_WORD && b->value.how == VP_WORD)
		order = strcmp(a->value.text, b->value.text);
	else
		order = (a->value.n > b->value.n) - (a->value.n < b->value.n);
	if (order)
		return a->down ? -order : order;
	return (a->row > b->row) - (a->row < b->row);
}

static struct key *keys_of(const struct vp_rows *rows, const struct order *order,
                           struct vp_pool *pool)
{
	struct key *keys = vp_pool_take(pool, (rows->count + 1) * sizeof *keys);
	if (!keys)
		return NULL;
	for (size_t i = 0; i < rows->count; i++) {
		keys[i] = (struct key){ .row = i, .down = order->down };
		if (order->sort >= 0)
			keys[i].value = rows->value(rows->ctx, i, order->sort);
	}
	if (order->sort >= 0)
		qsort(keys, rows->count, sizeof *keys, compare);
	return keys;
}

/* ---- cells ---- */

const char *vp_kib_words(struct vp_pool *pool, int64_t bytes, bool sign)
{
	const char *plus = sign && bytes > 0 ? "+" : "";
	if (bytes % 1024)
		return vp_pool_print(pool, "%s%.1f", plus, (double)bytes / 1024);
	return vp_pool_print(pool, "%s%lld", plus, (long long)(bytes / 1024));
}

static struct vp_cell cell_of(struct vp_pool *pool, const struct vp_value *value)
{
	const char *text = NULL;
	switch (value->how) {
	case VP_NOTHING: break;
	case VP_WORD: text = *value->text ? value->text : NULL; break;
	case VP_COUNT: text = vp_pool_print(pool, "%lld", (long long)value->n); break;
	case VP_HEX: text = vp_pool_print(pool, "%llx", (unsigned long long)value->n); break;
	case VP_KIB: text = vp_kib_words(pool, value->n, false); break;
	case VP_KIB_DELTA: text = vp_kib_words(pool, value->n, true); break;
	case VP_SECONDS: text = vp_pool_print(pool, "%.6f", (double)value->n / 1e9); break;
	case VP_MICROSECONDS: text = vp_pool_print(pool, "%.1f", (double)value->n / 1e3); break;
	}
	return (struct vp_cell){ text, text != NULL };
}

/* Leaves out columns in which nothing is known. */
static void columns_known(const struct vp_rows *rows, struct order *order, struct vp_pool *pool)
{
	size_t kept = 0;
	for (size_t c = 0; c < order->count; c++) {
		bool any = order->asked || rows->fields[order->columns[c]].always;
		for (size_t i = 0; i < rows->count && !any; i++) {
			struct vp_value value = rows->value(rows->ctx, i, order->columns[c]);
			any = cell_of(pool, &value).shown;
		}
		if (any)
			order->columns[kept++] = order->columns[c];
	}
	order->count = kept;
}

static struct vp_value total_of(const struct vp_rows *rows, int field)
{
	struct vp_value total = rows->value(rows->ctx, rows->count, field);
	if (total.how != VP_NOTHING || !rows->fields[field].sums)
		return total;
	for (size_t i = 0; i < rows->count; i++) {
		struct vp_value value = rows->value(rows->ctx, i, field);
		if (value.how == VP_NOTHING)
			continue;
		total.how = value.how;
		if (__builtin_add_overflow(total.n, value.n, &total.n))
			total.n = value.n < 0 ? INT64_MIN : INT64_MAX;
	}
	return total;
}

static int totals_put(const struct vp_rows *rows, const struct order *order, struct vp_build *build)
{
	struct vp_cell *totals = vp_pool_take(build->pool, (order->count + 1) * sizeof *totals);
	bool any = false, said = !rows->says_total;
	if (!totals)
		return vp_no_memory();
	for (size_t c = 0; c < order->count; c++) {
		int field = order->columns[c];
		struct vp_value total = total_of(rows, field);
		bool free = total.how == VP_NOTHING || total.how == VP_WORD;
		if (!said && free && !rows->fields[field].kib) {
			total = vp_word("total");
			said = true;
		}
		totals[c] = cell_of(build->pool, &total);
		any |= total.how != VP_NOTHING;
	}
	build->figure->totals = any ? totals : NULL;
	return 0;
}

static int heads_put(const struct vp_rows *rows, const struct order *order, struct vp_build *build)
{
	struct vp_column *columns = vp_pool_take(build->pool, (order->count + 1) * sizeof *columns);
	if (!columns)
		return vp_no_memory();
	for (size_t c = 0; c < order->count; c++) {
		const struct vp_field *field = &rows->fields[order->columns[c]];
		columns[c].name = field->head;
		if (field->kib)
			columns[c].name = vp_pool_print(build->pool, "%s KiB", field->head);
		columns[c].align = field->right ? VP_RIGHT : VP_LEFT;
	}
	build->figure->columns = columns;
	build->figure->column_count = order->count;
	return 0;
}

int vp_rows_put(const struct vp_rows *rows, struct vp_build *build)
{
	struct vp_figure *figure = build->figure;
	struct order order;
	if (ask(rows, build->options, &order))
		return -1;
	columns_known(rows, &order, build->pool);
	size_t n = order.count;
	struct key *keys = keys_of(rows, &order, build->pool);
	struct vp_cell *cells = vp_pool_take(build->pool, (rows->count * n + 1) * sizeof *cells);
	int *row_class = vp_pool_take(build->pool, (rows->count + 1) * sizeof *row_class);
	if (!keys || !cells || !row_class)
		return vp_no_memory();
	if (heads_put(rows, &order, build) || totals_put(rows, &order, build))
		return -1;
	for (size_t i = 0; i < rows->count; i++) {
		for (size_t c = 0; c < n; c++) {
			struct vp_value value =
			        rows->value(rows->ctx, keys[i].row, order.columns[c]);
			cells[i * n + c] = cell_of(build->pool, &value);
		}
		row_class[i] = rows->class_of ? rows->class_of(rows->ctx, keys[i].row) : -1;
	}
	figure->cells = cells;
	figure->row_count = rows->count;
	figure->row_class = row_class;
	return 0;
}
