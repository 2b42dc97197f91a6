/* Key frames, put together from the region lines of a snapshot; those of streams without ids go
 * through the tracker, which says what has changed. */
#include "model/inner.h"
#include "model/follow.h"

#include <string.h>

/* ---- the tracker ---- */

static void tracker_change(void *ctx, const struct vp_change *change)
{
	struct vp_model *model = ctx;
	const struct vp_region *was = change->was;
	struct vp_fact fact = { .type = VP_T_change,
		                .t = change->t,
		                .pid = change->pid,
		                .follow = vp_follow_find(model, change->pid, true),
		                .change.event = change->event,
		                .change.act = change->act,
		                .change.id = change->id,
		                .change.gone = change->gone,
		                .change.gone_count = change->gone_count };
	if (!fact.follow)
		return;
	vp_keepers_moment(model, fact.follow, fact.t);
	for (size_t i = 0; i < change->from_count && !fact.change.from; i++)
		fact.change.from = change->from[i] == change->id ? 0 : change->from[i];
	fact.now = vp_model_named(model, change->now);
	if (was) {
		fact.change.was = (struct vp_was){
			.name = was->name, .start = was->start, .has_name = true, .has_start = true
		};
		memcpy(fact.change.was.perms, was->perms, sizeof fact.change.was.perms);
	}
	vp_live_change(model, &fact);
}

static void tracker_frame(void *ctx, int64_t t, int64_t pid, uint64_t seq,
                          const struct vp_region *const *regions, const uint64_t *ids, size_t count)
{
	struct vp_model *model = ctx;
	struct vp_follow *follow = vp_follow_find(model, pid, true);
	(void)seq;
	if (!follow)
		return;
	vp_keepers_moment(model, follow, t);
	follow->frame++;
	for (size_t i = 0; i < count; i++) {
		struct vp_named now = vp_model_named(model, regions[i]);
		vp_live_set(model, follow, t, ids[i], &now, -1, 0);
	}
	vp_live_frame_end(model, follow, t);
}

struct vp_tracker *vp_frames_tracker(struct vp_model *model)
{
	struct vp_track_options options = { .resident = 1 };
	struct vp_track_sink sink = { model, tracker_change, tracker_frame };
	return vp_tracker_new(&options, &sink);
}

/* ---- from the first line of a snapshot to its last ---- */

void vp_frames_end(struct vp_model *model)
{
	struct vp_model_inner *inner = model->inner;
	if (!inner->frame.lines.open)
		return;
	inner->frame.lines.open = false;
	struct vp_follow *follow = vp_follow_find(model, inner->frame.lines.pid, true);
	if (inner->frame.tracked) {
		if (follow)
			vp_live_frame_end(model, follow, inner->frame.t);
		return;
	}
	if (vp_tracker_finish(model->tracker))
		model->contradictions++;
	if (follow)
		vp_keepers_moment(model, follow, inner->frame.t);
}

void vp_frames_before(struct vp_model *model, const struct vp_record *record, int64_t t)
{
	struct vp_model_inner *inner = model->inner;
	if (vp_snapshot_ends(&inner->frame.lines, record) || t != inner->frame.t ||
	    record->has_id != inner->frame.tracked)
		vp_frames_end(model);
}

static void begin(struct vp_model *model, const struct vp_fact *fact, bool tracked)
{
	struct vp_model_inner *inner = model->inner;
	vp_snapshot_begin(&inner->frame.lines, fact->record);
	inner->frame.t = fact->t;
	inner->frame.tracked = tracked;
	if (tracked) {
		if (fact->follow)
			fact->follow->frame++;
	} else if (vp_tracker_begin(model->tracker, fact->t, fact->pid, fact->record->seq)) {
		model->contradictions++;
		inner->frame.lines.open = false;
	}
}

static void frames_line(struct vp_model *model, struct vp_fact *fact)
{
	struct vp_model_inner *inner = model->inner;
	const struct vp_record *record = fact->record;
	uint64_t regions;
	if (fact->type == VP_T_snapshot) {
		/* An address space that has become empty has no region line to say so. */
		bool followed = fact->follow || (fact->wanted && vp_model_aside(model, fact->pid));
		if (followed && !model->tracked && vp_record_num(record, "regions", &regions) &&
		    !regions)
			begin(model, fact, false);
		return;
	}
	if (!inner->frame.lines.open)
		begin(model, fact, record->has_id);
	if (record->has_id) {
		if (fact->follow)
			vp_live_set(model, fact->follow, fact->t, record->id, &fact->now, -1, 0);
	} else if (inner->frame.lines.open && vp_tracker_region(model->tracker, fact->now.region)) {
		model->contradictions++;
	}
}

const struct vp_keeper vp_keeper_frames = {
	.types = 1u << VP_T_snapshot | 1u << VP_T_region,
	.line = frames_line,
};

/* An event says what there is after it: later than the last sample, and before the next. */
static void tracker_span(struct vp_model *model, struct vp_fact *fact)
{
	struct vp_known *known = &model->inner->known;
	if (vp_known_read(known, fact->record) ||
	    vp_tracker_span(model->tracker, fact->t, fact->pid, known))
		model->contradictions++;
	fact->follow = vp_follow_find(model, fact->pid, false);
	if (fact->follow)
		vp_at_told(model, fact->follow);
}

/* Hands process lines, exits and what events say to the tracker, after all else has noted them. */
static void tracker_line(struct vp_model *model, struct vp_fact *fact)
{
	if (model->tracked)
		return;
	if (fact->ends)
		vp_at_refresh(model);
	if (fact->type == VP_T_process)
		vp_tracker_process(model->tracker, fact->t, fact->pid, fact->word,
		                   fact->has_number ? (int64_t)fact->number : -1);
	else if (fact->ends)
		vp_tracker_exit(model->tracker, fact->t, fact->pid);
	else if (fact->wanted && vp_known_in(fact->record))
		tracker_span(model, fact);
}

static void tracker_segment(struct vp_model *model)
{
	vp_tracker_segment(model->tracker);
}

static void tracker_free(struct vp_model *model)
{
	vp_tracker_free(model->tracker);
	vp_known_free(&model->inner->known);
}

const struct vp_keeper vp_keeper_tracker = {
	.types = 1u << VP_T_process | 1u << VP_T_event,
	.line = tracker_line,
	.segment = tracker_segment,
	.free = tracker_free,
};
