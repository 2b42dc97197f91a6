/* The page tables of each process, from its last snapshot that counts them. */
#include "model/inner.h"

#include <stdio.h>
#include <stdlib.h>

static void number(const struct vp_record *record, const char *level, const char *what,
                   uint64_t *value)
{
	char name[24];
	snprintf(name, sizeof name, "%s%s", level, what);
	vp_record_num(record, name, value);
}

static void tables_line(struct vp_model *model, struct vp_fact *fact)
{
	static const char *const levels[VP_TABLE_LEVELS] = { "pte", "pmd", "pud", "p4d", "pgd" };
	const struct vp_record *record = fact->record;
	struct vp_tables tables = { .pid = fact->pid, .file_dirty = true };
	size_t at = 0;
	if (!fact->follow || !vp_record_member(record, "pages"))
		return;
	vp_record_num(record, "page_tables", &tables.stated);
	vp_record_num(record, "huge_entries", &tables.huge);
	tables.known = vp_record_num(record, "page_tables_needed", &tables.needed);
	vp_record_bool(record, "file_dirty", &tables.file_dirty);
	for (int i = 0; i < VP_TABLE_LEVELS; i++) {
		number(record, levels[i], "_entries", &tables.entries[i]);
		number(record, levels[i], "_tables", &tables.tables[i]);
	}
	while (at < model->tables_count && model->tables[at].pid != tables.pid)
		at++;
	if (at == model->tables_count && vp_model_room(model, &model->tables, model->tables_count,
	                                               &model->tables_size, sizeof tables))
		return;
	model->tables[at] = tables;
	model->tables_count += at == model->tables_count;
}

const struct vp_tables *vp_model_tables(const struct vp_model *model, int64_t pid)
{
	for (size_t i = 0; i < model->tables_count; i++)
		if (model->tables[i].pid == pid)
			return &model->tables[i];
	return NULL;
}

static void tables_free(struct vp_model *model)
{
	free(model->tables);
}

const struct vp_keeper vp_keeper_tables = {
	.types = 1u << VP_T_snapshot,
	.line = tables_line,
	.free = tables_free,
};
