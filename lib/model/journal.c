/* The journal: the last of what happened, raw lines apart from semantic changes.
 *
 * Memory: filter.rows rows. The texts of a row lie one after the other in bytes of its own; the
 * next row in its place reuses them.
 */
#include "base/words.h"
#include "model/inner.h"

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
		if (model->inner->journal.row == journal->next + 1)
			model->inner->journal.row = 0;
	} else {
		if (vp_model_reach(model, &journal->ring, journal->count + 1, &journal->room,
		                   sizeof *journal->ring))
			return NULL;
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

/* ---- texts ---- */

/* A row and the end of its texts. They are added in any order; byte 0 is the empty one. */
struct words {
	struct vp_model *model;
	struct vp_happening *row;
	size_t used;
	bool cut;
};

static bool words_room(struct words *words, size_t more)
{
	struct vp_happening *row = words->row;
	return !vp_model_reach(words->model, &row->bytes, words->used + more, &row->room, 1);
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

/* Ends the word that began at `from`. Returns its place, or 0 if it is empty. */
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

static uint32_t change_text(struct words *words, const struct vp_fact *fact)
{
	uint32_t from = begin(words);
	const struct vp_was *was = &fact->change.was;
	const struct vp_region *now = fact->now.region;
	char text[64];
	if (*was->perms && strcmp(was->perms, now->perms)) {
		snprintf(text, sizeof text, "%s -> %s", was->perms, now->perms);
		add(words, vp_s(text));
	}
	if (was->has_name && !vp_str_eq(was->name, now->name)) {
		add(words, vp_s(words->used > from ? ", was " : "was "));
		add(words, was->name.n ? was->name : vp_s("(no name)"));
	}
	if (fact->change.event == VP_E_MOVE && was->has_start && was->start != now->start) {
		snprintf(text, sizeof text, "%sfrom 0x%llx", words->used > from ? ", " : "",
		         (unsigned long long)was->start);
		add(words, vp_s(text));
	}
	return end(words, from);
}

/* Makes a row cover one more change of its act. */
static void widen(struct vp_happening *row, const struct vp_fact *fact)
{
	const struct vp_region *now = fact->now.region;
	row->kind = row->lines && row->kind != fact->now.kind ? UINT32_MAX : fact->now.kind;
	uint32_t name = fact->now.name ? fact->now.name : fact->now.thread;
	row->name_index = row->lines && row->name_index != name ? UINT32_MAX : name;
	row->events |= fact->change.event < 0 ? 0 : 1u << fact->change.event;
	row->size = vp_sum_of(row->size, fact->change.size);
	row->rss = vp_sum_of(row->rss, fact->change.rss);
	row->has_rss |= fact->change.has_rss;
	if (!row->lines++ || now->start < row->start)
		row->start = now->start;
	if (now->end > row->end)
		row->end = now->end;
}

static void journal_change(struct vp_model *model, const struct vp_fact *fact)
{
	struct vp_journal_work *work = &model->inner->journal;
	struct vp_journal *journal = &model->journal;
	if (!fact->change.shown || fact->t < model->filter.from)
		return;
	journal->lines++;
	bool same = work->act_known && work->act == fact->change.act && work->pid == fact->pid;
	journal->acts += !same;
	work->act_known = true;
	work->act = fact->change.act;
	work->pid = fact->pid;
	if (same && work->row && !model->filter.lines) {
		widen(&journal->ring[work->row - 1], fact);
		return;
	}
	struct vp_happening *row = row_new(model, fact->t, fact->pid, VP_T_change);
	if (!row)
		return;
	work->row = (size_t)(row - journal->ring) + 1;
	row->act = fact->change.act;
	row->id = fact->change.id;
	row->tid = fact->change.tid;
	row->lag = fact->change.lag;
	memcpy(row->perms, fact->now.region->perms, sizeof row->perms);
	widen(row, fact);
	struct words words = words_of(model, row);
	row->word = word(&words, vp_s(fact->change.event < 0 ? "unknown"
	                                                     : vp_event_names[fact->change.event]));
	row->cause = cause_words(&words, fact->change.call, fact->change.stack);
	row->text = change_text(&words, fact);
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

static void process_words(struct words *words, const struct vp_fact *fact)
{
	struct vp_record *record = fact->record;
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
	words->row->name = word(words, fact->name);
}

static void told_words(struct words *words, const struct vp_fact *fact)
{
	struct vp_record *record = fact->record;
	uint32_t from = begin(words);
	if (fact->type == VP_T_lost) {
		add_member(words, record, "count", "");
		if (fact->has_number)
			add(words, vp_s(" "));
		add(words, vp_counted(fact->word, fact->has_number ? fact->number : 0));
		add_member(words, record, "where", " at ");
		add_member(words, record, "why", ": ");
	} else if (fact->type == VP_T_finding) {
		add_member(words, record, "severity", "");
		add_member(words, record, "rule", " ");
		add_member(words, record, "text", ": ");
	} else {
		add_member(words, record, "text", "");
	}
	words->row->text = end(words, from);
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
	if ((vp_record_addr(record, "result", start) && length) ||
	    (vp_record_addr(record, "addr", start) && *start))
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

static void journal_line(struct vp_model *model, struct vp_fact *fact)
{
	struct vp_record *record = fact->record;
	uint64_t start, stop;
	if (fact->t < model->filter.from || !fact->wanted)
		return;
	range_of(record, &start, &stop);
	if (!passes(model, record, start, stop))
		return;
	model->journal.raw += fact->type == VP_T_event;
	model->journal.notes += fact->type != VP_T_event;
	struct vp_happening *row = row_new(model, fact->t, fact->pid, fact->type);
	if (!row)
		return;
	row->start = start;
	row->end = stop;
	struct words words = words_of(model, row);
	if (fact->type == VP_T_event) {
		row->word = word(&words, fact->word);
		event_words(&words, record);
	} else if (fact->type == VP_T_process) {
		row->word = word(&words, fact->word);
		process_words(&words, fact);
	} else {
		row->word = word(&words, record->type_name);
		told_words(&words, fact);
	}
}

static void journal_free(struct vp_model *model)
{
	for (size_t i = 0; i < model->journal.room; i++)
		free(model->journal.ring[i].bytes);
	free(model->journal.ring);
}

/* The next recording numbers its acts anew. */
static void journal_segment(struct vp_model *model)
{
	model->inner->journal.act_known = false;
}

const struct vp_keeper vp_keeper_journal = {
	.keep = VP_KEEP_JOURNAL,
	.types = 1u << VP_T_event | 1u << VP_T_process | 1u << VP_T_mark | 1u << VP_T_lost |
	         1u << VP_T_finding,
	.line = journal_line,
	.change = journal_change,
	.segment = journal_segment,
	.free = journal_free,
};
