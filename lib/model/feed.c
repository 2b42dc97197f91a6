/* The model is fed: each line is decoded once and goes to the keepers that take its type.
 *
 *   line --fact.c--> fact --> procs, journal, notes, lives ...
 *                     |--> frames, changes --> moves of regions --> tally, spans, moments ...
 */
#include "base/error.h"
#include "base/utc.h"
#include "model/inner.h"
#include "model/thin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The order matters: what a snapshot states is known before its sums, a process before its regions;
 * a moment is over before the next segment ends its regions; the exits at the end are known before
 * what they end; a raw line is noted before the changes that the tracker derives from it; sites
 * come before the regions of a segment end and its stacks are forgotten. */
static const struct vp_keeper *const keepers[] = {
	&vp_keeper_account,
	&vp_keeper_procs,
	&vp_keeper_moments,
	&vp_keeper_ending,
	&vp_keeper_tally,
	&vp_keeper_sites,
	&vp_keeper_heap,
	&vp_keeper_frames,
	&vp_keeper_changes,
	&vp_keeper_spans,
	&vp_keeper_stacks,
	&vp_keeper_journal,
	&vp_keeper_lives,
	&vp_keeper_notes,
	&vp_keeper_tables,
	&vp_keeper_pages,
	&vp_keeper_episodes,
	&vp_keeper_before,
	&vp_keeper_faults,
	&vp_keeper_machine,
	&vp_keeper_cgroups,
	&vp_keeper_tracker,
	&vp_keeper_at,
	&vp_keeper_names,
	NULL,
};
_Static_assert(sizeof keepers / sizeof *keepers <= VP_KEEPERS_MAX, "as many as at_work has room "
                                                                   "for");

/* ---- segments ---- */

/* Two recordings lie where their clocks put them; without clocks one after the other. */
static void segment_time(struct vp_model *model, vp_str date)
{
	struct vp_model_inner *inner = model->inner;
	int64_t began;
	bool has = vp_utc_read(date, &began);
	if (model->segments > 1) {
		bool apart = has && inner->has_began && began - inner->began >= inner->t;
		inner->offset = apart ? began - inner->began : inner->t;
	} else if (has) {
		inner->began = began;
		inner->has_began = true;
	}
}

static void read_host(struct vp_model *model, vp_str host)
{
	struct vp_member member;
	for (size_t at = 0; vp_json_each(host, &at, &member);)
		if (vp_str_is(member.key, "page")) {
			vp_json_num(member.value, &model->page);
		} else if (vp_str_is(member.key, "name") && member.json == VP_STRING &&
		           member.value.n < sizeof model->host) {
			long n = vp_json_unescape(member.value, model->host);
			model->host[n < 0 ? 0 : n] = 0;
		}
}

static void stream_line(struct vp_model *model, struct vp_record *record)
{
	struct vp_model_inner *inner = model->inner;
	const struct vp_member *host = vp_record_member(record, "host");
	vp_frames_end(model);
	inner->joins |= model->segments++ > 0;
	segment_time(model, vp_record_str(record, "began"));
	vp_str program = vp_record_str(record, "program");
	snprintf(model->program, sizeof model->program, "%.*s",
	         (int)(program.n < 60 ? program.n : 60), program.p ? program.p : "");
	vp_model_is_diff(model, program);
	vp_keepers_choose(model, keepers);
	if (host && host->json == VP_OBJECT)
		read_host(model, host->value);
}

/* ---- lines ---- */

/* The time of a line in the first segment's time; a line without one has that of the last. */
static int64_t time_of(const struct vp_model *model, const struct vp_record *record)
{
	int64_t offset = model->inner->offset;
	if (!record->has_t)
		return model->inner->t;
	if (offset > 0 && record->t > INT64_MAX - offset)
		return INT64_MAX;
	return record->t + offset;
}

/* Does this line belong to the time that the picture spans? */
static bool spans_time(enum vp_type type)
{
	return type != VP_T_stage && type != VP_T_end;
}

/* Is this line about the memory of its process at its time? Regions of an untracked stream are only
 * once their snapshot is over. */
static bool is_moment(const struct vp_fact *fact)
{
	if (!fact->follow)
		return false;
	return fact->type == VP_T_change || fact->type == VP_T_snapshot ||
	       (fact->type == VP_T_region && fact->record->has_id);
}

void vp_model_feed(struct vp_model *model, struct vp_record *record)
{
	struct vp_model_inner *inner = model->inner;
	struct vp_fact fact;
	model->types[record->type]++;
	if (record->type == VP_T_stream) {
		stream_line(model, record);
		return;
	}
	int64_t t = time_of(model, record);
	vp_frames_before(model, record, t);
	if (t > inner->t && t > model->filter.from)
		vp_keepers_later(model);
	if (t > inner->t)
		inner->t = t;
	if (t > model->filter.to || (model->keep & VP_KEEP_STILL && t > model->filter.at))
		return;
	if (inner->joins && spans_time(record->type)) {
		inner->joins = false;
		vp_keepers_segment(model);
	}
	if (vp_fact_read(model, &fact, record, t)) {
		model->contradictions++;
		return;
	}
	if (t >= model->filter.from && record->has_t && spans_time(record->type)) {
		if (model->t1 < model->t0)
			model->t0 = t;
		if (t > model->t1)
			model->t1 = t;
	}
	model->samples += record->type == VP_T_sample;
	if (is_moment(&fact))
		vp_keepers_moment(model, fact.follow, t);
	vp_keepers_line(model, &fact);
}

void vp_model_finish(struct vp_model *model)
{
	vp_frames_end(model);
	vp_keepers_finish(model);
	/* No line is of the time asked for, or none has a time: what is known then is shown. */
	if (model->t1 < model->t0 && model->types[VP_T_region]) {
		bool asked = model->filter.at != INT64_MAX && model->inner->t;
		model->t0 = model->t1 = asked ? model->filter.at : model->inner->t;
	}
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
	model->tracker = model->inner ? vp_frames_tracker(model) : NULL;
	if (!model->inner || !model->tracker) {
		vp_model_free(model);
		return vp_no_memory();
	}
	model->inner->moments.most = VP_MOMENTS_BYTES;
	vp_keepers_choose(model, keepers);
	vp_model_name(model, vp_s(""));
	return 0;
}

void vp_model_free(struct vp_model *model)
{
	if (model->inner) {
		for (const struct vp_keeper *const *keeper = keepers; *keeper; keeper++)
			if ((*keeper)->free)
				(*keeper)->free(model);
		vp_follows_free(model);
		free(model->inner->gone);
		free(model->inner);
	}
	memset(model, 0, sizeof *model);
}
