/* The journal: the last of what happened, raw lines and semantic changes told apart, in memory that
 * is used again.
 *
 * A row's words stand one behind the other in bytes of its own, which the next row in its place
 * takes over, so that a long recording costs no more than the rows that are kept.
 */
#include "model/inner.h"
#include "base/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 2000 /* bytes of one text from outside */

/* ---- rows ---- */

static struct vp_happening *row_new(struct vp_model *model, int64_t t, int64_t pid,
                                    enum vp_type type)
{
	struct vp_journal *journal = &model->journal;
	size_t most = model->filter.rows;
	struct vp_happening *row;
	if (most && journal->count == most) {
		row = &journal->ring[journal->next];
		if (model->inner->act_row == journal->next + 1)
			model->inner->act_row = 0;
	} else {
		size_t had = journal->room;
		if (vp_model_room(model, &journal->ring, journal->count, &journal->room,
		                  sizeof *journal->ring))
			return NULL;
		if (journal->room > had)
			memset(journal->ring + had, 0,
			       (journal->room - had) * sizeof *journal->ring);
		journal->next = journal->count++;
		row = &journal->ring[journal->next];
	}
	journal->next = most ? (journal->next + 1) % most : journal->count;
	journal->all++;
	*row = (struct vp_happening){
		.t = t, .pid = pid, .type = type, .bytes = row->bytes, .room = row->room
	};
	return row;
}

void vp_journal_free(struct vp_model *model)
{
	for (size_t i = 0; i < model->journal.room; i++)
		free(model->journal.ring[i].bytes);
	free(model->journal.ring);
}

/* ---- words ---- */

/* A row and where its words end; words are added in any order, and byte 0 is the empty one. */
struct words {
	struct vp_model *model;
	struct vp_happening *row;
	size_t used;
	bool cut;
};

static bool words_room(struct words *words, size_t more)
{
	struct vp_happening *row = words->row;
	if (words->used + more <= row->room)
		return true;
	size_t size = (words->used + more) * 2;
	char *wider = realloc(row->bytes, size);
	if (!wider) {
		words->model->no_memory = true;
		return false;
	}
	row->bytes = wider;
	row->room = size;
	return true;
}

static struct words words_of(struct vp_model *model, struct vp_happening *row)
{
	struct words words = { model, row, 0, false };
	if (words_room(&words, 1))
		row->bytes[words.used++] = 0;
	return words;
}

static void add(struct words *words, vp_str text)
{
	size_t n = text.n < WORDS_MAX ? text.n : WORDS_MAX;
	if (!text.p || !words->used || words->cut || !words_room(words, n * 4 + 8))
		return;
	words->used += vp_words_into(words->row->bytes + words->used, (vp_str){ text.p, n });
	if (n == text.n)
		return;
	memcpy(words->row->bytes + words->used, "...", 3);
	words->used += 3;
	words->cut = true;
}

static uint32_t begin(const struct words *words)
{
	return (uint32_t)words->used;
}

/* The word that began at `from`: its place, or 0 if it is empty. */
static uint32_t end(struct words *words, uint32_t from)
{
	bool any = words->used > from && words_room(words, 1);
	words->cut = false;
	if (any)
		words->row->bytes[words->used++] = 0;
	return any ? from : 0;
}

static uint32_t word(struct words *words, vp_str text)
{
	uint32_t from = begin(words);
	add(words, text);
	return end(words, from);
}

static bool in_time(const struct vp_model *model, int64_t t)
{
	return model->keep & VP_KEEP_JOURNAL && t >= model->filter.from;
}

/* The call, and what led to it: "mmap < inner < outer < main". */
static uint32_t cause_words(struct words *words, vp_str call, uint64_t id)
{
	uint32_t from = begin(words);
	const char *stack = vp_stacks_words(words->model, id);
	bool named =
	        stack && strncmp(stack, call.p ? call.p : "", call.n) == 0 &&
	        (stack[call.n] == ' ' || !stack[call.n]); /* the library's function of that name */
	if (!named)
		add(words, call);
	if (stack && !named && call.n)
		add(words, vp_s(" < "));
	if (stack)
		add(words, vp_s(stack));
	return end(words, from);
}

/* ---- changes ---- */

static uint32_t change_text(struct words *words, const struct vp_told_change *change)
{
	uint32_t from = begin(words);
	const struct vp_was *was = &change->was;
	char text[64];
	if (was->perms && *was->perms && strcmp(was->perms, change->region->perms)) {
		snprintf(text, sizeof text, "%s -> %s", was->perms, change->region->perms);
		add(words, vp_s(text));
	}
	if (was->has_name && !vp_str_eq(was->name, change->region->name)) {
		add(words, vp_s(words->used > from ? ", was " : "was "));
		add(words, was->name.n ? was->name : vp_s("(no name)"));
	}
	if (change->event == VP_E_MOVE && was->has_start && was->start != change->region->start) {
		snprintf(text, sizeof text, "%sfrom 0x%llx", words->used > from ? ", " : "",
		         (unsigned long long)was->start);
		add(words, vp_s(text));
	}
	return end(words, from);
}

static void widen(struct vp_model *model, struct vp_happening *row,
                  const struct vp_told_change *change)
{
	const struct vp_region *region = change->region;
	uint32_t kind = (uint32_t)vp_kind_index(region->kind),
	         name = vp_model_name(model, region->name);
	row->kind = row->lines && row->kind != kind ? UINT32_MAX : kind;
	row->name_index = row->lines && row->name_index != name ? UINT32_MAX : name;
	row->events |= change->event < 0 ? 0 : 1u << change->event;
	row->size += change->size;
	row->rss += change->rss;
	row->has_rss |= change->has_rss;
	if (!row->lines++ || region->start < row->start)
		row->start = region->start;
	if (region->end > row->end)
		row->end = region->end;
}

void vp_journal_change(struct vp_model *model, const struct vp_told_change *change)
{
	struct vp_model_inner *inner = model->inner;
	struct vp_journal *journal = &model->journal;
	if (!change->shown || !in_time(model, change->t))
		return;
	journal->lines++;
	bool same = inner->journal_act_known && inner->journal_act == change->act &&
	            inner->journal_pid == change->pid;
	journal->acts += !same;
	inner->journal_act_known = true;
	inner->journal_act = change->act;
	inner->journal_pid = change->pid;
	if (same && inner->act_row && !model->filter.lines) {
		widen(model, &journal->ring[inner->act_row - 1], change);
		return;
	}
	struct vp_happening *row = row_new(model, change->t, change->pid, VP_T_change);
	if (!row)
		return;
	inner->act_row = (size_t)(row - journal->ring) + 1;
	row->act = change->act;
	row->id = change->id;
	row->tid = change->tid;
	row->lag = change->lag;
	memcpy(row->perms, change->region->perms, sizeof row->perms);
	widen(model, row, change);
	struct words words = words_of(model, row);
	row->word =
	        word(&words, vp_s(change->event < 0 ? "unknown" : vp_event_names[change->event]));
	row->cause = cause_words(&words, change->cause, change->stack);
	row->text = change_text(&words, change);
}

/* ---- raw lines ---- */

static const char *const not_arguments[] = { "call", "tid",  "name",  "name_raw", "result", "error",
	                                     "took", "span", "after", "racy",     "stack",  "lag" };

static bool is_argument(vp_str key)
{
	for (size_t i = 0; i < sizeof not_arguments / sizeof *not_arguments; i++)
		if (vp_str_is(key, not_arguments[i]))
			return false;
	return true;
}

static void add_value(struct words *words, struct vp_record *record, const struct vp_member *member)
{
	add(words,
	    member->json == VP_STRING ? vp_record_decode(record, member->value) : member->value);
}

static void add_member(struct words *words, struct vp_record *record, const char *key,
                       const char *before)
{
	const struct vp_member *member = vp_record_member(record, key);
	if (!member)
		return;
	add(words, vp_s(before));
	add_value(words, record, member);
}

static int64_t time_of(const struct vp_record *record, const char *key)
{
	const struct vp_member *member = vp_record_member(record, key);
	int64_t t = 0;
	return member && vp_json_time(member->value, &t) ? t : 0;
}

static void event_words(struct words *words, struct vp_record *record)
{
	struct vp_happening *row = words->row;
	vp_record_num(record, "tid", &row->tid);
	row->took = time_of(record, "took");
	row->lag = time_of(record, "lag");
	uint32_t from = begin(words);
	for (size_t i = 0; i < record->rest_count; i++) {
		const struct vp_member *member = &record->rest[i];
		if (!is_argument(member->key) || member->json == VP_OBJECT ||
		    member->json == VP_ARRAY)
			continue;
		if (words->used > from)
			add(words, vp_s(" "));
		add(words, member->key);
		add(words, vp_s("="));
		add_value(words, record, member);
	}
	add_member(words, record, "result", words->used > from ? " -> " : "-> ");
	add_member(words, record, "error", words->used > from ? " -> " : "-> ");
	if (vp_record_member(record, "racy"))
		add(words, vp_s(" (racy)"));
	words->row->text = end(words, from);
	words->row->name = word(words, vp_record_str(record, "name"));
	uint64_t stack;
	if (vp_record_num(record, "stack", &stack))
		words->row->cause = cause_words(words, (vp_str){ "", 0 }, stack);
}

static void process_words(struct words *words, struct vp_record *record)
{
	const struct vp_member *args = vp_record_member(record, "args");
	struct vp_member member;
	uint32_t from = begin(words);
	add_member(words, record, "ppid", "of ");
	for (size_t at = 0;
	     args && args->json == VP_ARRAY && vp_json_each(args->value, &at, &member);) {
		add(words, vp_s(at && words->used > from ? " " : ""));
		add_value(words, record, &member);
	}
	words->row->text = end(words, from);
	words->row->name = word(words, vp_record_str(record, "name"));
}

static void told_words(struct words *words, struct vp_record *record)
{
	uint32_t from = begin(words);
	if (record->type == VP_T_lost) {
		uint64_t count = 0;
		add_member(words, record, "count", "");
		if (vp_record_num(record, "count", &count))
			add(words, vp_s(" "));
		add(words, vp_model_counted(vp_record_str(record, "what"), count));
		add_member(words, record, "where", " at ");
		add_member(words, record, "why", ": ");
	} else if (record->type == VP_T_finding) {
		add_member(words, record, "severity", "");
		add_member(words, record, "rule", " ");
		add_member(words, record, "text", ": ");
	} else {
		add_member(words, record, "text", "");
	}
	words->row->text = end(words, from);
}

static bool address(struct vp_record *record, const char *key, uint64_t *value)
{
	vp_str text = vp_record_str(record, key);
	char digits[32];
	if (!text.p || text.n < 3 || text.n >= sizeof digits || memcmp(text.p, "0x", 2))
		return false;
	memcpy(digits, text.p, text.n);
	digits[text.n] = 0;
	char *stop;
	*value = strtoull(digits, &stop, 16);
	return !*stop;
}

/* Where an event took place: what was read again after it, or what its arguments and result say. */
static void range_of(struct vp_record *record, uint64_t *start, uint64_t *stop)
{
	static const char *const lengths[] = { "length", "len", "new_size", "size" };
	const struct vp_member *span = vp_record_member(record, "span");
	struct vp_region region = { 0 };
	uint64_t length = 0;
	*start = *stop = 0;
	if (span && span->json == VP_OBJECT && !vp_record_region(record, span->value, &region) &&
	    region.has_start && region.has_end) {
		*start = region.start;
		*stop = region.end;
		return;
	}
	for (size_t i = 0; i < 4 && !length; i++)
		vp_record_num(record, lengths[i], &length);
	if ((address(record, "result", start) && length) ||
	    (address(record, "addr", start) && *start))
		*stop = *start + length > *start ? *start + length : *start + 1;
	else
		*start = 0;
}

/* A line without a region passes a filter of regions only where its address can be judged. */
static bool passes(struct vp_model *model, struct vp_record *record, uint64_t start, uint64_t stop)
{
	const struct vp_filter *filter = &model->filter;
	if (record->type != VP_T_event ||
	    (!filter->kinds && !filter->perms && !filter->address_end))
		return true;
	if (!filter->kinds && !filter->perms && stop)
		return stop > filter->address && start < filter->address_end;
	model->journal.unplaced++;
	return false;
}

static bool is_told(const struct vp_model *model, const struct vp_record *record)
{
	enum vp_type type = record->type;
	if (type != VP_T_event && type != VP_T_process && type != VP_T_mark && type != VP_T_lost &&
	    type != VP_T_finding)
		return false;
	return !record->has_pid || model->filter.pid < 0 || model->filter.pid == record->pid;
}

void vp_journal_line(struct vp_model *model, struct vp_record *record, int64_t t)
{
	uint64_t start, stop;
	if (record->type == VP_T_stream)
		vp_stacks_clear(model);
	if (record->type == VP_T_stack && model->keep & VP_KEEP_JOURNAL)
		vp_stacks_line(model, record);
	if (!in_time(model, t) || !is_told(model, record))
		return;
	range_of(record, &start, &stop);
	if (!passes(model, record, start, stop))
		return;
	model->journal.raw += record->type == VP_T_event;
	model->journal.notes += record->type != VP_T_event;
	struct vp_happening *row =
	        row_new(model, t, record->has_pid ? record->pid : -1, record->type);
	if (!row)
		return;
	row->start = start;
	row->end = stop;
	struct words words = words_of(model, row);
	if (record->type == VP_T_event) {
		row->word = word(&words, vp_record_str(record, "call"));
		event_words(&words, record);
	} else if (record->type == VP_T_process) {
		row->word = word(&words, vp_record_str(record, "why"));
		process_words(&words, record);
	} else {
		row->word = word(&words, record->type_name);
		told_words(&words, record);
	}
}
