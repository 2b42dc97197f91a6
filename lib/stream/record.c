/* The record of a line: its memory, and its members without a slot, asked for by name. */
#include "stream/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/amount.h"
#include "base/error.h"
#include "stream/line.h"

/* clang-format off */
const char *const vp_type_names[VP_T_COUNT] = {
	"",
#define T(name) #name,
	VP_TYPES(T)
#undef T
};
/* clang-format on */

const char *const vp_measure_names[VP_M_COUNT] = {
#define M(name) #name,
	VP_MEASURES(M)
#undef M
};

int vp_record_init(struct vp_record *record)
{
	memset(record, 0, sizeof *record);
	record->scratch_size = 2 * (size_t)VP_LINE_MAX;
	record->scratch = malloc(record->scratch_size);
	return record->scratch ? 0 : vp_no_memory();
}

void vp_record_free(struct vp_record *record)
{
	free(record->scratch);
	record->scratch = NULL;
}

vp_str vp_record_own(const struct vp_record *record)
{
	if (record->type != VP_T_region || !record->front_size)
		return (vp_str){ NULL, 0 };
	return (vp_str){ record->line.p + record->front_size, record->line.n - record->front_size };
}

vp_str vp_record_shared(const struct vp_record *record)
{
	return (vp_str){ record->front_size ? record->front : NULL, record->front_size };
}

const struct vp_member *vp_record_find(const struct vp_record *record, vp_str key)
{
	for (const struct vp_member *m = record->rest + record->rest_count; m-- > record->rest;)
		if (m->key.n == key.n && m->key.p[0] == key.p[0] &&
		    memcmp(m->key.p, key.p, key.n) == 0)
			return m->json == VP_NULL ? NULL : m;
	return NULL;
}

vp_str vp_record_str(struct vp_record *record, const char *key)
{
	const struct vp_member *m = vp_record_member(record, key);
	if (!m || m->json != VP_STRING)
		return (vp_str){ NULL, 0 };
	return vp_record_decode(record, m->value);
}

bool vp_record_num(const struct vp_record *record, const char *key, uint64_t *value)
{
	const struct vp_member *m = vp_record_member(record, key);
	return m && m->json == VP_NUMBER && vp_json_num(m->value, value);
}

bool vp_record_exits(struct vp_record *record)
{
	uint64_t tid;
	if (record->type != VP_T_event || !vp_str_is(vp_record_str(record, "call"), "exit"))
		return false;
	return !vp_record_num(record, "tid", &tid) || (int64_t)tid == record->pid;
}

bool vp_record_time(const struct vp_record *record, const char *key, int64_t *nanoseconds)
{
	const struct vp_member *m = vp_record_member(record, key);
	return m && m->json == VP_NUMBER && vp_json_time(m->value, nanoseconds);
}

bool vp_record_bool(const struct vp_record *record, const char *key, bool *value)
{
	const struct vp_member *m = vp_record_member(record, key);
	if (!m || m->json != VP_BOOL)
		return false;
	*value = m->value.p[0] == 't';
	return true;
}

bool vp_record_addr(struct vp_record *record, const char *key, uint64_t *address)
{
	return vp_parse_address(vp_record_str(record, key), address);
}

bool vp_record_removes(const struct vp_record *record)
{
	const struct vp_region *region = &record->region;
	return vp_str_is(record->event, "MUNMAP_REMOVE") || vp_str_is(record->event, "EXIT") ||
	       (vp_str_is(record->event, "BRK_SHRINK") && region->has_start && region->has_end &&
	        region->start == region->end);
}
