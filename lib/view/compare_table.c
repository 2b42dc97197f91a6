/* The view compare as a table: regions of the selected process, then those that only the reference
 * has. */
#include "base/error.h"
#include "view/compare.h"
#include "view/rows.h"

enum field {
	STATE,
	KIND,
	SIZE_REFERENCE,
	SIZE,
	PRIVATE,
	SHARED,
	PERMS_REFERENCE,
	PERMS,
	START,
	NAME,
	FIELDS
};

/* clang-format off */
static const struct vp_field fields[FIELDS] = {
	[STATE]           = { "change",          "change",        false, false },
	[KIND]            = { "kind",            "kind",          false, false },
	[SIZE_REFERENCE]  = { "size_reference",  "reference KiB", true,  true },
	[SIZE]            = { "size",            "size KiB",      true,  true },
	[PRIVATE]         = { "private",         "private KiB",   true,  true },
	[SHARED]          = { "shared",          "shared KiB",    true,  true },
	[PERMS_REFERENCE] = { "perms_reference", "perms ref",     false, false },
	[PERMS]           = { "perms",           "perms",         false, false },
	[START]           = { "start",           "address",       false, false },
	[NAME]            = { "name",            "name",          false, false },
};
/* clang-format on */

struct table {
	struct vp_compare *c;
	const struct vp_kin **rows;
	size_t count;
	size_t selected; /* the first so many are regions of the selected process */
};

static struct vp_value size_of(const struct vp_span *span)
{
	return span ? vp_number(VP_KIB, (int64_t)(span->end - span->start)) : vp_nothing();
}

static struct vp_value value(void *ctx, size_t i, int field)
{
	static const char *const words[VP_KIN_STATES] = {
		[VP_KIN_SHARED] = "shared",   [VP_KIN_PRIVATE] = "private",
		[VP_KIN_CHANGED] = "changed", [VP_KIN_ADDED] = "added",
		[VP_KIN_GONE] = "gone",       [VP_KIN_OTHERS] = "reference",
	};
	struct table *table = ctx;
	struct vp_pool *pool = table->c->build.pool;
	if (i == table->count)
		return field == STATE ? vp_word("total") : vp_nothing();
	const struct vp_kin *one = table->rows[i];
	bool selected = i < table->selected;
	const struct vp_span *span = one->span, *mine = selected ? span : NULL,
	                     *theirs = selected ? one->other : span;
	switch (field) {
	case STATE: return vp_word(words[one->state]);
	case KIND: return vp_word(vp_kind_words(pool, span->kind));
	case SIZE_REFERENCE: return size_of(theirs);
	case SIZE: return size_of(mine);
	case PRIVATE: return vp_known(mine && one->measured, VP_KIB, (int64_t)one->private);
	case SHARED: return vp_known(mine && one->measured, VP_KIB, (int64_t)one->shared);
	case PERMS_REFERENCE: return vp_word(theirs ? theirs->perms : NULL);
	case PERMS: return vp_word(mine ? mine->perms : NULL);
	case START:
		return vp_word(vp_pool_print(pool, "0x%012llx", (unsigned long long)span->start));
	default: return vp_word(table->c->build.model->names[span->name]);
	}
}

static int class_of(void *ctx, size_t i)
{
	struct table *table = ctx;
	return table->c->build.class_of[table->rows[i]->state];
}

static struct vp_rows rows_of(struct table *table)
{
	return (struct vp_rows){
		.fields = fields,
		.field_count = FIELDS,
		.preset = "change,kind,size_reference,size,private,shared,perms_reference,perms,"
		          "start,name",
		.count = table ? table->count : 0,
		.value = value,
		.class_of = class_of,
		.ctx = table,
	};
}

int vp_compare_table_check(const struct vp_view_options *options)
{
	struct vp_rows rows = rows_of(NULL);
	return vp_rows_check(&rows, options);
}

int vp_compare_table(struct vp_compare *c)
{
	struct table table = { .c = c, .selected = c->right_count };
	table.rows = vp_pool_take(c->build.pool,
	                          (c->left_count + c->right_count + 1) * sizeof *table.rows);
	if (!table.rows)
		return vp_no_memory();
	for (size_t i = 0; i < c->right_count; i++)
		table.rows[table.count++] = &c->right[i];
	for (size_t i = 0; i < c->left_count; i++)
		if (!c->left[i].other)
			table.rows[table.count++] = &c->left[i];
	struct vp_rows rows = rows_of(&table);
	return vp_rows_put(&rows, &c->build);
}
