/* Notes: what a stream says beside regions: marks, findings, losses, exec, fork and exit.
 *
 * Memory: every note from filter.from to filter.to.
 */
#include "base/words.h"
#include "model/inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXEC_TWICE 20000000 /* ns between the two lines of one exec, at most */
enum { BY_PROCESS = 1, BY_EVENT = 2 };

static void note(struct vp_model *model, const struct vp_fact *fact, const char *type, vp_str text)
{
	if (fact->t < model->filter.from || fact->t > model->filter.to || !fact->wanted ||
	    vp_model_room(model, &model->notes, model->note_count, &model->note_size,
	                  sizeof *model->notes))
		return;
	struct vp_note one = { .t = fact->t, .pid = fact->pid, .type = type };
	vp_model_words(model, &one.text, text.p ? text : vp_s(""));
	if (one.text)
		model->notes[model->note_count++] = one;
}

/* The process line and the event report the same exec, one soon after the other: one note. */
static void note_exec(struct vp_model *model, const struct vp_fact *fact, unsigned teller)
{
	struct vp_note *twin = NULL;
	size_t count = model->note_count;
	for (size_t i = count; i-- > 0 && model->notes[i].t + EXEC_TWICE >= fact->t;)
		if (model->notes[i].pid == fact->pid && model->notes[i].tellers &&
		    !(model->notes[i].tellers & teller))
			twin = &model->notes[i];
	if (twin) {
		twin->tellers |= teller;
		return;
	}
	note(model, fact, "exec", fact->name);
	if (model->note_count > count)
		model->notes[count].tellers = teller;
}

static void note_event(struct vp_model *model, struct vp_fact *fact)
{
	char text[32] = "", end[VP_END_WORDS];
	uint64_t child;
	if (fact->ends) {
		bool failed = vp_end_words(end, fact->record);
		note(model, fact, "exit", vp_s(failed ? end : ""));
	} else if (vp_str_is(fact->word, "exec")) {
		note_exec(model, fact, BY_EVENT);
	} else if (vp_str_is(fact->word, "fork")) {
		if (vp_record_num(fact->record, "child", &child))
			snprintf(text, sizeof text, "%llu", (unsigned long long)child);
		note(model, fact, "fork", vp_s(text));
	}
}

/* ---- findings ---- */

/* A line that vm-diff --entropy wrote: for the view aslr. */
static void vary(struct vp_model *model, struct vp_record *record)
{
	struct vp_varied one = { 0 };
	vp_str base = vp_record_str(record, "base");
	vp_record_num(record, "runs", &one.runs);
	vp_record_num(record, "distinct", &one.distinct);
	vp_record_num(record, "bits", &one.bits);
	vp_record_addr(record, "varies", &one.varies);
	vp_record_addr(record, "low", &one.low);
	vp_record_addr(record, "high", &one.high);
	if (vp_model_room(model, &model->varied, model->varied_count, &model->varied_size,
	                  sizeof *model->varied))
		return;
	vp_model_words(model, &one.base, base.p ? base : vp_s(""));
	if (one.base)
		model->varied[model->varied_count++] = one;
}

static void note_finding(struct vp_model *model, struct vp_fact *fact)
{
	vp_str rule = vp_record_str(fact->record, "rule");
	size_t count = model->note_count;
	if (vp_str_is(rule, "aslr"))
		vary(model, fact->record);
	note(model, fact, "finding", vp_record_str(fact->record, "text"));
	if (model->note_count > count && vp_str_is(rule, "grows-by-site"))
		vp_record_num(fact->record, "stack", &model->notes[count].site);
}

/* ---- losses ---- */

enum { LOSSES_MAX = 16 }; /* sorts; the last of them takes all others */

/* Finds the losses of that sort, or begins them. NULL: no memory. */
static struct vp_loss *loss_of(struct vp_model *model, vp_str what)
{
	for (size_t i = 0; i < model->loss_count; i++)
		if (vp_str_is(what, model->losses[i].what))
			return &model->losses[i];
	if (model->loss_count == LOSSES_MAX)
		return &model->losses[LOSSES_MAX - 1];
	if (vp_model_room(model, &model->losses, model->loss_count, &model->loss_size,
	                  sizeof *model->losses))
		return NULL;
	if (model->loss_count == LOSSES_MAX - 1)
		what = vp_s("other items");
	struct vp_loss *loss = &model->losses[model->loss_count];
	*loss = (struct vp_loss){ 0 };
	vp_model_words(model, &loss->what, what.p ? what : vp_s("lines"));
	if (!loss->what)
		return NULL;
	model->loss_count++;
	return loss;
}

static void add_loss(struct vp_model *model, const struct vp_fact *fact)
{
	vp_str why = vp_record_str(fact->record, "why");
	struct vp_loss *loss = loss_of(model, fact->word);
	if (!loss)
		return;
	loss->count += fact->number;
	if (!why.p)
		return;
	if (!loss->why)
		vp_model_words(model, &loss->why, why);
	else if (!vp_str_is(why, loss->why))
		loss->reasons = true;
}

static void note_lost(struct vp_model *model, struct vp_fact *fact)
{
	vp_str what = vp_counted(fact->word, fact->number);
	char text[160];
	add_loss(model, fact);
	snprintf(text, sizeof text, "%llu %.*s", (unsigned long long)fact->number,
	         (int)(what.n < 100 ? what.n : 100), what.p ? what.p : "");
	note(model, fact, "lost", vp_s(text));
}

static void notes_line(struct vp_model *model, struct vp_fact *fact)
{
	switch (fact->type) {
	case VP_T_process:
		if (vp_str_is(fact->word, "exec"))
			note_exec(model, fact, BY_PROCESS);
		else if (vp_str_is(fact->word, "reused"))
			note(model, fact, "reused", fact->name);
		break;
	case VP_T_event: note_event(model, fact); break;
	case VP_T_finding: note_finding(model, fact); break;
	case VP_T_lost: note_lost(model, fact); break;
	default: note(model, fact, "mark", vp_record_str(fact->record, "text")); break;
	}
}

static void notes_free(struct vp_model *model)
{
	for (size_t i = 0; i < model->note_count; i++)
		free(model->notes[i].text);
	for (size_t i = 0; i < model->varied_count; i++)
		free(model->varied[i].base);
	for (size_t i = 0; i < model->loss_count; i++) {
		free(model->losses[i].what);
		free(model->losses[i].why);
	}
	free(model->losses);
	free(model->notes);
	free(model->varied);
}

const struct vp_keeper vp_keeper_notes = {
	.types = 1u << VP_T_process | 1u << VP_T_event | 1u << VP_T_mark | 1u << VP_T_finding |
	         1u << VP_T_lost,
	.line = notes_line,
	.free = notes_free,
};
