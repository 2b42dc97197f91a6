/* The history that a stream tells: each line goes where it belongs; streams without ids are tracked
 * on the way. */
#include "base/error.h"
#include "model/inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int vp_model_room(struct vp_model *model, void *list, size_t count, size_t *size, size_t item)
{
	void *old, *fresh;
	if (count < *size)
		return 0;
	size_t more = *size       ? *size * 2
	              : item > 64 ? 8
	                          : 64; /* there may be a list for each of many processes */
	memcpy(&old, list, sizeof old);
	if (!(fresh = realloc(old, more * item))) {
		model->no_memory = true;
		return -1;
	}
	memcpy(list, &fresh, sizeof fresh);
	*size = more;
	return 0;
}

/* ---- the filter ---- */

bool vp_filter_kind(const struct vp_filter *filter, vp_str kind)
{
	const char *p = filter->kinds;
	if (!p || !*p)
		return true;
	while (*p) {
		size_t n = strcspn(p, ",");
		if (n == kind.n && !memcmp(p, kind.p, n))
			return true;
		p += n + (p[n] == ',');
	}
	return false;
}

static bool perms_fit(const char *want, const char *have)
{
	if (!want || !*want)
		return true;
	if (!strpbrk(want, "-?")) {
		for (; *want; want++)
			if (!strchr(have, *want))
				return false;
		return true;
	}
	for (; *want; want++, have += *have != 0)
		if (*want != '?' && *want != *have)
			return false;
	return true;
}

bool vp_filter_region(const struct vp_filter *filter, const struct vp_region *region, vp_str kind)
{
	if (filter->address_end &&
	    (region->end <= filter->address || region->start >= filter->address_end))
		return false;
	return vp_filter_kind(filter, kind) && perms_fit(filter->perms, region->perms);
}

/* ---- changes ---- */

/* Mostly it is the one of the line before. */
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

static void seen(struct vp_model *model, int64_t t, int64_t pid, const struct vp_region *region)
{
	struct vp_proc *proc = vp_model_proc_make(model, t, pid);
	size_t kind = vp_kind_index(region->kind);
	if (proc)
		proc->seen_regions++;
	if (kind >= model->kinds_size) {
		uint8_t *wider = realloc(model->kinds_seen, kind + 16);
		if (!wider) {
			model->no_memory = true;
			return;
		}
		memset(wider + model->kinds_size, 0, kind + 16 - model->kinds_size);
		model->kinds_seen = wider;
		model->kinds_size = kind + 16;
	}
	model->kinds_seen[kind] = 1;
}

/* What an act has before and behind one of its lines, of what passes the filter. */
struct weight {
	int64_t size, rss;
	bool any, has_rss;
};

static void weigh(const struct vp_follow *follow, uint64_t id, struct weight *weight)
{
	const struct vp_open *open = vp_live_find(follow, id);
	if (!open)
		return;
	weight->any = true;
	weight->size += (int64_t)open->part.sums[VP_SUM_SIZE];
	weight->rss += (int64_t)open->part.sums[VP_SUM_RSS];
	weight->has_rss |= open->part.known >> VP_SUM_RSS & 1;
}

static bool removes(int event)
{
	return event == VP_E_MUNMAP_REMOVE || event == VP_E_EXIT;
}

static void change_apply(struct vp_model *model, struct vp_follow *follow,
                         struct vp_told_change *change, uint64_t from, const uint64_t *gone,
                         size_t gone_count)
{
	struct weight was = { 0 }, now = { 0 };
	bool told = model->keep & (VP_KEEP_JOURNAL | VP_KEEP_TALLIES);
	if (told)
		weigh(follow, change->id, &was);
	for (size_t i = 0; told && i < gone_count; i++)
		if (gone[i] != change->id)
			weigh(follow, gone[i], &was);
	if (change->event == VP_E_EXIT)
		vp_tally_exit(model, follow, change->t);
	for (size_t i = 0; i < gone_count; i++)
		vp_live_drop(model, follow, change->t, gone[i], change->event);
	if (change->event == VP_E_MUNMAP_REMOVE && change->region->has_start &&
	    change->region->has_end)
		vp_faults_forget(model, change->pid, change->region->start, change->region->end);
	if (removes(change->event))
		vp_live_drop(model, follow, change->t, change->id, change->event);
	else
		vp_live_set(model, follow, change->t, change->id, change->region, change->event,
		            from);
	if (!told)
		return;
	weigh(follow, change->id, &now);
	change->size = now.size - was.size;
	change->rss = now.rss - was.rss;
	change->has_rss = was.has_rss || now.has_rss;
	change->shown = was.any || now.any;
	if (change->shown)
		vp_tally_line(model, change->pid, change->event, change->act, change->size,
		              change->rss, change->has_rss);
	vp_journal_change(model, change);
}

static void sink_change(void *ctx, const struct vp_change *change)
{
	struct vp_model *model = ctx;
	struct vp_follow *follow = vp_follow_find(model, change->pid, true);
	const struct vp_region *was = change->was;
	if (!follow)
		return;
	uint64_t from = 0;
	vp_moment_due(model, follow, change->t); /* first: it takes the sums of the moment before */
	for (size_t i = 0; i < change->from_count && !from; i++)
		from = change->from[i] == change->id ? 0 : change->from[i];
	struct vp_told_change told = { .t = change->t,
		                       .pid = change->pid,
		                       .event = change->event,
		                       .act = change->act,
		                       .id = change->id,
		                       .region = change->now };
	if (was)
		told.was = (struct vp_was){ was->perms, was->name, was->start, true, true };
	change_apply(model, follow, &told, from, change->gone, change->gone_count);
}

static void sink_frame(void *ctx, int64_t t, int64_t pid, uint64_t seq,
                       const struct vp_region *const *regions, const uint64_t *ids, size_t count)
{
	struct vp_model *model = ctx;
	struct vp_follow *follow = vp_follow_find(model, pid, true);
	(void)seq;
	if (!follow)
		return;
	vp_moment_due(model, follow, t);
	follow->frame++;
	for (size_t i = 0; i < count; i++)
		vp_live_set(model, follow, t, ids[i], regions[i], -1, 0);
	vp_live_frame_end(model, follow, t);
}

/* The ids of a JSON array, in memory that is used again. */
static size_t ids_of(struct vp_model *model, vp_str json)
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
	return count;
}

/* `was` and `cause` are read only where somebody wants to see them. */
static void tell_before(struct vp_record *record, struct vp_told_change *told,
                        struct vp_region *was)
{
	struct vp_member member;
	if (record->was.p && !vp_record_region(record, record->was, was))
		told->was = (struct vp_was){ was->perms, was->name, was->start, was->name.p != NULL,
			                     was->has_start };
	for (size_t at = 0; record->cause.p && vp_json_each(record->cause, &at, &member);)
		if (vp_str_is(member.key, "call") && member.json == VP_STRING)
			told->cause = vp_record_decode(record, member.value);
		else if (vp_str_is(member.key, "stack"))
			vp_json_num(member.value, &told->stack);
		else if (vp_str_is(member.key, "tid"))
			vp_json_num(member.value, &told->tid);
		else if (vp_str_is(member.key, "lag"))
			vp_json_time(member.value, &told->lag);
}

static void change_line(struct vp_model *model, struct vp_record *record, int64_t t)
{
	struct vp_follow *follow = vp_follow_find(model, record->pid, true);
	struct vp_region was = { 0 };
	struct vp_member member;
	uint64_t from = 0, id;
	int event = event_index(model, record->event);
	if (!follow)
		return;
	vp_moment_due(model, follow, t);
	for (size_t at = 0; record->from.p && !from && vp_json_each(record->from, &at, &member);)
		if (vp_json_num(member.value, &id) && id != record->id)
			from = id;
	struct vp_told_change told = { .t = t,
		                       .pid = record->pid,
		                       .event = event,
		                       .act = record->act,
		                       .id = record->id,
		                       .region = &record->region };
	if (model->keep & VP_KEEP_JOURNAL)
		tell_before(record, &told, &was);
	size_t gone = ids_of(model, record->gone);
	change_apply(model, follow, &told, from, model->inner->gone, gone);
	if (event == VP_E_EXIT) {
		struct vp_proc *proc = vp_model_proc_make(model, t, record->pid);
		if (proc)
			proc->t1 = t;
		vp_pages_over(model, record->pid, t);
		vp_life_exit(model, record, t);
	}
}

/* ---- snapshots ---- */

static void frame_end(struct vp_model *model)
{
	struct vp_model_inner *inner = model->inner;
	if (!inner->in_frame)
		return;
	inner->in_frame = false;
	struct vp_follow *follow = vp_follow_find(model, inner->frame_pid, true);
	if (!inner->frame_tracked) {
		if (vp_tracker_finish(model->tracker))
			model->contradictions++;
		if (follow)
			vp_moment_due(model, follow, inner->frame_t);
	} else if (follow)
		vp_live_frame_end(model, follow, inner->frame_t);
}

static void frame_begin(struct vp_model *model, int64_t t, int64_t pid, uint64_t seq, bool tracked)
{
	struct vp_model_inner *inner = model->inner;
	frame_end(model);
	inner->frame_tracked = tracked;
	inner->frame_pid = pid;
	inner->frame_seq = seq;
	inner->frame_t = t;
	struct vp_follow *follow = vp_follow_find(model, pid, true);
	if (tracked && follow)
		follow->frame++;
	if (!tracked && vp_tracker_begin(model->tracker, t, pid, seq)) {
		model->contradictions++;
		return;
	}
	inner->in_frame = true;
}

static void region_line(struct vp_model *model, struct vp_record *record, int64_t t)
{
	struct vp_model_inner *inner = model->inner;
	bool tracked = record->has_id;
	model->tracked |= tracked;
	if (!inner->in_frame || inner->frame_pid != record->pid ||
	    inner->frame_seq != record->seq || inner->frame_tracked != tracked ||
	    inner->frame_t != t)
		frame_begin(model, t, record->pid, record->seq, tracked);
	struct vp_follow *follow = vp_follow_find(model, record->pid, true);
	if (!tracked) {
		if (inner->in_frame && vp_tracker_region(model->tracker, &record->region))
			model->contradictions++;
	} else if (follow) {
		vp_moment_due(model, follow, t);
		vp_live_set(model, follow, t, record->id, &record->region, -1, 0);
	}
}

static void snapshot_line(struct vp_model *model, struct vp_record *record, int64_t t)
{
	struct vp_follow *follow = vp_follow_find(model, record->pid, true);
	const struct vp_member *kinds = vp_record_member(record, "kinds");
	uint64_t regions;
	vp_model_proc_make(model, t, record->pid);
	if (!follow)
		return;
	vp_pages_begin(model, record, t);
	vp_moment_due(model, follow, t);
	if (kinds && kinds->json == VP_OBJECT)
		vp_moment_state(model, follow, kinds->value);
	/* An address space that has become empty has no region line that would say so. */
	if (!model->tracked && vp_record_num(record, "regions", &regions) && !regions)
		frame_begin(model, t, record->pid, record->seq, false);
}

/* ---- segments ---- */

/* RFC 3339 in UTC, as ns since 1970. */
static bool began_at(vp_str text, int64_t *ns)
{
	char buffer[64], fraction[10] = "000000000";
	struct tm tm = { 0 };
	int n = 0;
	if (!text.p || text.n >= sizeof buffer)
		return false;
	memcpy(buffer, text.p, text.n);
	buffer[text.n] = 0;
	if (sscanf(buffer, "%d-%d-%dT%d:%d:%d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
	           &tm.tm_min, &tm.tm_sec, &n) != 6 ||
	    tm.tm_year < 1970 || tm.tm_year > 2200)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	for (int i = 0;
	     buffer[n] == '.' && i < 9 && buffer[n + 1 + i] >= '0' && buffer[n + 1 + i] <= '9'; i++)
		fraction[i] = buffer[n + 1 + i];
	*ns = (int64_t)timegm(&tm) * 1000000000 + atoll(fraction);
	return true;
}

static void stream_line(struct vp_model *model, struct vp_record *record)
{
	struct vp_model_inner *inner = model->inner;
	const struct vp_member *host = vp_record_member(record, "host");
	struct vp_member member;
	int64_t began;
	frame_end(model);
	bool has = began_at(vp_record_str(record, "began"), &began);
	if (model->segments++) {
		for (size_t i = 0; i < inner->follow_count; i++) {
			vp_moment_flush(model, inner->follows[i]);
			vp_live_all_gone(model, inner->follows[i], inner->t);
		}
		vp_pages_over(model, -1, inner->t);
		vp_tracker_segment(model->tracker);
		vp_state_clear(&model->state);
		/* Two recordings stand where their clocks put them; without clocks one behind the
		 * other. */
		inner->offset = has && inner->has_began && began - inner->began >= inner->t
		                        ? began - inner->began
		                        : inner->t;
	} else if (has) {
		inner->began = began;
		inner->has_began = true;
	}
	vp_str program = vp_record_str(record, "program");
	vp_model_is_diff(model, program);
	snprintf(model->program, sizeof model->program, "%.*s",
	         (int)(program.n < 60 ? program.n : 60), program.p ? program.p : "");
	for (size_t at = 0;
	     host && host->json == VP_OBJECT && vp_json_each(host->value, &at, &member);)
		if (vp_str_is(member.key, "page"))
			vp_json_num(member.value, &model->page);
		else if (vp_str_is(member.key, "name") && member.json == VP_STRING &&
		         member.value.n < sizeof model->host) {
			long n = vp_json_unescape(member.value, model->host);
			model->host[n < 0 ? 0 : n] = 0;
		}
}

/* ---- lines ---- */

static void sample_line(struct vp_model *model, struct vp_record *record, int64_t t)
{
	bool same = false;
	struct vp_follow *follow = vp_follow_find(model, record->pid, false);
	model->samples++;
	if (follow && vp_record_bool(record, "same", &same) && same)
		vp_moment_repeat(model, follow, t);
}

static void process_line(struct vp_model *model, struct vp_record *record, int64_t t)
{
	uint64_t ppid;
	vp_model_process(model, record, t);
	if (!model->tracked)
		vp_tracker_process(model->tracker, t, record->pid, vp_record_str(record, "why"),
		                   vp_record_num(record, "ppid", &ppid) ? (int64_t)ppid : -1);
}

static void event_line(struct vp_model *model, struct vp_record *record, int64_t t)
{
	vp_model_told(model, record, t);
	if (vp_str_is(vp_record_str(record, "call"), "exit"))
		vp_pages_over(model, record->pid, t);
	if (!model->tracked && vp_str_is(vp_record_str(record, "call"), "exit"))
		vp_tracker_exit(model->tracker, t, record->pid);
}

static void keep_state(struct vp_model *model, struct vp_record *record, int64_t t)
{
	if (!(model->keep & VP_KEEP_STATE) || t > model->filter.at ||
	    (model->filter.pid >= 0 && record->has_pid && record->pid != model->filter.pid))
		return;
	/* The last moment, if none was asked for, is the last at which there was something to see.
	 */
	if (model->filter.at == INT64_MAX && record->type == VP_T_change &&
	    event_index(model, record->event) == VP_E_EXIT)
		return;
	if (vp_state_apply(&model->state, record))
		model->contradictions++;
}

static void feed_line(struct vp_model *model, struct vp_record *record, int64_t t)
{
	vp_tally_told(model, record, t);
	vp_journal_line(model, record, t); /* before what follows from it */
	switch (record->type) {
	case VP_T_process: process_line(model, record, t); break;
	case VP_T_sample: sample_line(model, record, t); break;
	case VP_T_snapshot: snapshot_line(model, record, t); break;
	case VP_T_region: region_line(model, record, t); break;
	case VP_T_change:
		if (model->diff)
			vp_model_real(model, record);
		change_line(model, record, t);
		break;
	case VP_T_event: event_line(model, record, t); break;
	case VP_T_faults: vp_faults_line(model, record); break;
	case VP_T_pages: vp_pages_line(model, record, t); break;
	case VP_T_system: vp_machine_line(model, record, t); break;
	case VP_T_mark:
	case VP_T_finding:
	case VP_T_lost: vp_model_told(model, record, t); break;
	default: break;
	}
	keep_state(model, record, t);
}

void vp_model_feed(struct vp_model *model, struct vp_record *record)
{
	struct vp_model_inner *inner = model->inner;
	model->types[record->type]++;
	if (record->type == VP_T_stream) {
		stream_line(model, record);
		return;
	}
	if (record->type != VP_T_region)
		frame_end(model);
	if (!record->has_pid && (record->type == VP_T_region || record->type == VP_T_snapshot))
		record->pid = -1;
	bool sum_fits =
	        !record->has_t || inner->offset < 0 || record->t <= INT64_MAX - inner->offset;
	int64_t t = !record->has_t ? inner->t : sum_fits ? record->t + inner->offset : INT64_MAX;
	if (t > inner->t && model->keep & VP_KEEP_BEFORE && t > model->filter.from) {
		frame_end(model);
		vp_model_before(model, inner->t);
	}
	if (t > inner->t)
		inner->t = t;
	if (t > model->filter.to || (model->keep & VP_KEEP_STILL && t > model->filter.at))
		return;
	if (record->type == VP_T_change)
		model->tracked = true;
	if (record->type == VP_T_change || record->type == VP_T_region) {
		if (!record->region.has_start || !record->region.has_end) {
			model->contradictions++; /* nowhere: nothing can be drawn of it */
			return;
		}
		if (!record->region.kind.n && vp_kinds_set(&record->region, 1, NULL))
			model->no_memory = true;
		if (model->filter.pid < 0 || model->filter.pid == record->pid)
			seen(model, t, record->pid, &record->region);
	}
	if (t >= model->filter.from && record->has_t && record->type != VP_T_stage &&
	    record->type != VP_T_end) {
		if (model->t1 < model->t0)
			model->t0 = t;
		model->t1 = t > model->t1 ? t : model->t1;
	}
	feed_line(model, record, t);
}

void vp_model_finish(struct vp_model *model)
{
	struct vp_model_inner *inner = model->inner;
	frame_end(model);
	model->span_count = inner->closed;
	vp_tally_finish(model);
	vp_pages_finish(model);
	vp_model_before_finish(model);
	for (size_t i = 0; i < inner->follow_count; i++) {
		struct vp_follow *follow = inner->follows[i];
		bool due = follow->due, stated = follow->has_stated;
		vp_moment_flush(model, follow);
		follow->due = due; /* the moment may not be over: another finish takes it anew */
		follow->has_stated = stated;
		for (size_t k = 0; k < follow->open_count && model->keep & VP_KEEP_SPANS; k++) {
			if (vp_model_room(model, &model->spans, model->span_count,
			                  &model->span_size, sizeof *model->spans))
				return;
			model->spans[model->span_count++] = follow->open[k].span;
		}
	}
	if (model->t1 < model->t0 && model->types[VP_T_region])
		model->t0 = model->t1 = 0; /* lines without a time */
}

/* ---- life ---- */

int vp_model_init(struct vp_model *model, const struct vp_filter *filter, unsigned keep)
{
	memset(model, 0, sizeof *model);
	model->filter = *filter;
	if (model->filter.at > model->filter.to)
		model->filter.at = model->filter.to;
	model->keep = keep;
	model->t1 = -1;
	vp_state_init(&model->state);
	model->inner = calloc(1, sizeof *model->inner);
	if (model->inner) {
		model->inner->counting = filter->from <= 0;
		model->inner->exit_t = -1;
	}
	struct vp_track_options options = { .resident = 1 };
	struct vp_track_sink sink = { model, sink_change, sink_frame };
	model->tracker = vp_tracker_new(&options, &sink);
	if (!model->inner || !model->tracker) {
		vp_model_free(model);
		return vp_fail("out of memory");
	}
	vp_model_name(model, vp_s(""));
	return 0;
}

static void inner_free(struct vp_model *model)
{
	struct vp_model_inner *inner = model->inner;
	if (!inner)
		return;
	for (size_t i = 0; i < inner->follow_count; i++)
		vp_follow_free(inner->follows[i]);
	for (size_t i = 0; i < model->name_count; i++)
		free(inner->raw[i]);
	vp_tally_free(model);
	vp_journal_free(model);
	vp_pages_free(model);
	free(inner->gone);
	vp_stacks_clear(model);
	free(inner->stacks);
	vp_places_free(&inner->procs);
	vp_places_free(&inner->follow_pids);
	vp_places_free(&inner->life_pids);
	free(inner->follows);
	free(inner->raw);
	free(inner->raw_n);
	free(inner->name_slots);
	free(inner);
}

void vp_model_free(struct vp_model *model)
{
	inner_free(model);
	for (size_t i = 0; i < model->name_count; i++)
		free(model->names[i]);
	for (size_t i = 0; i < model->moment_count; i++)
		free(model->moments[i].sums);
	for (size_t i = 0; i < model->note_count; i++)
		free(model->notes[i].text);
	for (size_t i = 0; i < model->varied_count; i++)
		free(model->varied[i].base);
	for (size_t i = 0; i < model->proc_count; i++)
		free(model->procs[i].name);
	vp_life_free(model);
	free(model->names);
	free(model->moments);
	free(model->machines);
	free(model->notes);
	free(model->varied);
	free(model->procs);
	free(model->spans);
	free(model->kinds_seen);
	free(model->before);
	free(model->real);
	vp_tracker_free(model->tracker);
	vp_state_free(&model->state);
	memset(model, 0, sizeof *model);
}
