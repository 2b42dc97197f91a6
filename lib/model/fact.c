/* What a line states, decoded once for all keepers.
 *
 *   {"type":"process","t":1,"pid":7,"why":"fork","ppid":1,"name":"sh"}
 *   -> type process, t, pid 7, word "fork", number 1, name "sh"
 */
#include "model/inner.h"
#include "model/follow.h"
#include "space/kinds.h"

#include <string.h>

/* Mostly it is that of the line before. */
static int event_index(struct vp_model *model, vp_str name)
{
	int *last = &model->inner->event;
	if (vp_str_is(name, vp_event_names[*last]))
		return *last;
	for (int i = 0; i < VP_E_COUNT; i++)
		if (vp_str_is(name, vp_event_names[i]))
			return *last = i;
	return -1;
}

/* Reads the ids of a JSON array into memory that the next line reuses. */
static void read_gone(struct vp_model *model, struct vp_fact *fact, vp_str json)
{
	struct vp_model_inner *inner = model->inner;
	struct vp_member member;
	size_t count = 0;
	for (size_t at = 0; json.p && vp_json_each(json, &at, &member);) {
		if (vp_model_room(model, &inner->gone, count, &inner->gone_size,
		                  sizeof *inner->gone))
			break;
		count += vp_json_num(member.value, &inner->gone[count]);
	}
	fact->change.gone = inner->gone;
	fact->change.gone_count = count;
}

static void read_from(struct vp_fact *fact, vp_str json)
{
	struct vp_member member;
	uint64_t id;
	for (size_t at = 0; json.p && !fact->change.from && vp_json_each(json, &at, &member);)
		if (vp_json_num(member.value, &id) && id != fact->change.id)
			fact->change.from = id;
}

static void read_cause(struct vp_fact *fact)
{
	struct vp_record *record = fact->record;
	struct vp_member member;
	for (size_t at = 0; record->cause.p && vp_json_each(record->cause, &at, &member);)
		if (vp_str_is(member.key, "call") && member.json == VP_STRING)
			fact->change.call = vp_record_decode(record, member.value);
		else if (vp_str_is(member.key, "stack"))
			vp_json_num(member.value, &fact->change.stack);
		else if (vp_str_is(member.key, "tid"))
			vp_json_num(member.value, &fact->change.tid);
		else if (vp_str_is(member.key, "lag"))
			vp_json_time(member.value, &fact->change.lag);
		else if (vp_str_is(member.key, "noise"))
			fact->change.noise = true;
}

static void read_was(struct vp_fact *fact)
{
	struct vp_record *record = fact->record;
	struct vp_region was = { 0 };
	if (!record->was.p || vp_record_region(record, record->was, &was))
		return;
	fact->change.was = (struct vp_was){ .name = was.name,
		                            .start = was.start,
		                            .has_name = was.name.p != NULL,
		                            .has_start = was.has_start };
	memcpy(fact->change.was.perms, was.perms, sizeof fact->change.was.perms);
}

static void read_change(struct vp_model *model, struct vp_fact *fact)
{
	struct vp_record *record = fact->record;
	fact->change = (struct vp_changed){ 0 };
	fact->change.event = event_index(model, record->event);
	fact->ends = fact->change.event == VP_E_EXIT;
	fact->change.act = record->act;
	fact->change.id = record->id;
	read_from(fact, record->from);
	read_gone(model, fact, record->gone);
	if (model->keep & VP_KEEP_JOURNAL || model->diff)
		read_cause(fact);
	if (model->keep & VP_KEEP_JOURNAL)
		read_was(fact);
}

/* Reads the region of a line. -1: it has no range. */
static int read_region(struct vp_model *model, struct vp_fact *fact)
{
	struct vp_region *region = &fact->record->region;
	bool tracked = fact->type == VP_T_change || fact->record->has_id;
	if (!region->has_start || !region->has_end)
		return -1;
	model->tracked |= tracked;
	if (!region->kind.n && vp_kinds_set(region, 1, NULL))
		model->no_memory = true;
	fact->follow = vp_follow_find(model, fact->pid, true);
	if (fact->follow && tracked)
		fact->now = vp_model_named(model, region);
	else
		fact->now = (struct vp_named){ .region = region,
			                       .kind = (uint32_t)vp_kind_index(region->kind) };
	return 0;
}

static void read_process(struct vp_fact *fact)
{
	fact->word = vp_record_str(fact->record, "why");
	fact->name = vp_record_str(fact->record, "name");
	fact->has_number = vp_record_num(fact->record, "ppid", &fact->number);
}

static void read_event(struct vp_model *model, struct vp_fact *fact)
{
	fact->word = vp_record_str(fact->record, "call");
	fact->ends = vp_record_exits(fact->record);
	if (fact->ends)
		fact->follow = vp_follow_find(model, fact->pid, false);
	if (vp_str_is(fact->word, "exec"))
		fact->name = vp_record_str(fact->record, "name");
}

int vp_fact_read(struct vp_model *model, struct vp_fact *fact, struct vp_record *record, int64_t t)
{
	int64_t asked = model->filter.pid;
	memset(fact, 0, offsetof(struct vp_fact, change));
	fact->record = record;
	fact->type = record->type;
	fact->t = t;
	fact->pid = record->has_pid ? record->pid : -1;
	fact->wanted = !record->has_pid || asked < 0 || asked == record->pid;
	switch (fact->type) {
	case VP_T_process: read_process(fact); break;
	case VP_T_event: read_event(model, fact); break;
	case VP_T_pages: fact->follow = vp_follow_find(model, fact->pid, false); break;
	case VP_T_sample:
		fact->follow = vp_follow_find(model, fact->pid, false);
		vp_record_bool(record, "same", &fact->same);
		break;
	case VP_T_snapshot: fact->follow = vp_follow_find(model, fact->pid, true); break;
	case VP_T_region: return read_region(model, fact);
	case VP_T_change:
		model->tracked = true;
		if (read_region(model, fact))
			return -1;
		if (fact->follow)
			read_change(model, fact);
		break;
	case VP_T_lost:
		fact->word = vp_record_str(record, "what");
		fact->number = 1;
		fact->has_number = vp_record_num(record, "count", &fact->number);
		break;
	default: break;
	}
	return 0;
}
