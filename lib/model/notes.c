/* Names, processes, and what a stream tells beside regions: marks, findings, losses, exec and exit.
 */
#include "model/inner.h"
#include "base/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXEC_TWICE 20000000 /* ns */
enum { BY_PROCESS = 1, BY_EVENT = 2 };

static uint32_t hash_of(vp_str bytes)
{
	uint32_t hash = 2166136261u;
	for (size_t i = 0; i < bytes.n; i++)
		hash = (hash ^ (unsigned char)bytes.p[i]) * 16777619u;
	return hash;
}

static size_t name_probe(const struct vp_model_inner *inner, vp_str bytes)
{
	size_t mask = inner->name_slot_count - 1, at = hash_of(bytes) & mask;
	for (uint32_t i; (i = inner->name_slots[at]) != 0; at = (at + 1) & mask)
		if (inner->raw_n[i - 1] == bytes.n && !memcmp(inner->raw[i - 1], bytes.p, bytes.n))
			break;
	return at;
}

static int name_slots_grow(struct vp_model *model)
{
	struct vp_model_inner *inner = model->inner;
	if (inner->name_slot_count > 2 * (model->name_count + 1))
		return 0;
	size_t count = inner->name_slot_count ? inner->name_slot_count * 2 : 256;
	uint32_t *slots = calloc(count, sizeof *slots);
	if (!slots)
		return -1;
	free(inner->name_slots);
	inner->name_slots = slots;
	inner->name_slot_count = count;
	for (size_t i = 0; i < model->name_count; i++)
		slots[name_probe(inner, (vp_str){ inner->raw[i], inner->raw_n[i] })] =
		        (uint32_t)i + 1;
	return 0;
}

static int name_room(struct vp_model *model)
{
	struct vp_model_inner *inner = model->inner;
	if (model->name_count < model->name_size)
		return name_slots_grow(model);
	size_t size = model->name_size ? model->name_size * 2 : 64;
	char **names = realloc(model->names, size * sizeof *names);
	if (names)
		model->names = names;
	char **raw = realloc(inner->raw, size * sizeof *raw);
	if (raw)
		inner->raw = raw;
	size_t *raw_n = realloc(inner->raw_n, size * sizeof *raw_n);
	if (raw_n)
		inner->raw_n = raw_n;
	if (!names || !raw || !raw_n)
		return -1;
	model->name_size = size;
	return name_slots_grow(model);
}

static char *words(vp_str bytes)
{
	char *text = malloc(bytes.n * 4 + 1);
	if (text)
		vp_words_into(text, bytes);
	return text;
}

uint32_t vp_model_name(struct vp_model *model, vp_str bytes)
{
	struct vp_model_inner *inner = model->inner;
	if (!bytes.p)
		bytes = (vp_str){ "", 0 };
	size_t slot = inner->name_slot_count ? name_probe(inner, bytes) : 0;
	if (inner->name_slot_count && inner->name_slots[slot])
		return inner->name_slots[slot] - 1;
	char *raw = malloc(bytes.n + 1), *text = words(bytes);
	if (!raw || !text || name_room(model)) {
		model->no_memory = true;
		free(raw);
		free(text);
		return 0;
	}
	memcpy(raw, bytes.p, bytes.n);
	inner->raw[model->name_count] = raw;
	inner->raw_n[model->name_count] = bytes.n;
	model->names[model->name_count] = text;
	inner->name_slots[name_probe(inner, bytes)] = (uint32_t)model->name_count + 1;
	return (uint32_t)model->name_count++;
}

void vp_model_note(struct vp_model *model, int64_t t, int64_t pid, const char *type, vp_str text)
{
	if (t < model->filter.from || t > model->filter.to ||
	    (model->filter.pid >= 0 && pid >= 0 && pid != model->filter.pid))
		return;
	char *copy = words(text);
	if (!copy || vp_model_room(model, &model->notes, model->note_count, &model->note_size,
	                           sizeof *model->notes)) {
		model->no_memory = true;
		free(copy);
		return;
	}
	model->notes[model->note_count++] = (struct vp_note){ t, pid, copy, type, 0 };
}

/* An exec is told by the process line and by the event, one soon behind the other: then it is the
 * same. */
static void note_exec(struct vp_model *model, int64_t t, int64_t pid, vp_str name, unsigned teller)
{
	struct vp_note *twin = NULL;
	size_t count = model->note_count;
	for (size_t i = count; i-- > 0 && model->notes[i].t + EXEC_TWICE >= t;)
		if (model->notes[i].pid == pid && model->notes[i].tellers &&
		    !(model->notes[i].tellers & teller))
			twin = &model->notes[i];
	if (twin) {
		twin->tellers |= teller;
		return;
	}
	vp_model_note(model, t, pid, "exec", name);
	if (model->note_count > count)
		model->notes[count].tellers = teller;
}

struct vp_proc *vp_model_proc(const struct vp_model *model, int64_t pid)
{
	size_t at = vp_places_get(&model->inner->procs, pid, SIZE_MAX);
	return at == SIZE_MAX ? NULL : &model->procs[at];
}

struct vp_proc *vp_model_proc_make(struct vp_model *model, int64_t t, int64_t pid)
{
	struct vp_proc *proc = vp_model_proc(model, pid);
	if (proc)
		return proc;
	if (vp_model_room(model, &model->procs, model->proc_count, &model->proc_size,
	                  sizeof *model->procs))
		return NULL;
	if (vp_places_set(&model->inner->procs, pid, model->proc_count)) {
		model->no_memory = true;
		return NULL;
	}
	proc = &model->procs[model->proc_count++];
	*proc = (struct vp_proc){
		.pid = pid, .ppid = -1, .t0 = t, .t1 = INT64_MAX, .look = -1, .look_before = -1
	};
	vp_life_seen(model, t, pid);
	return proc;
}

struct vp_proc *vp_model_chosen(const struct vp_model *model)
{
	if (model->filter.pid >= 0)
		return vp_model_proc(model, model->filter.pid);
	for (size_t i = 0; i < model->proc_count; i++)
		if (model->procs[i].seen_regions)
			return &model->procs[i];
	return model->proc_count ? &model->procs[0] : NULL;
}

void vp_model_process(struct vp_model *model, struct vp_record *record, int64_t t)
{
	struct vp_proc *proc = vp_model_proc_make(model, t, record->pid);
	vp_str why = vp_record_str(record, "why"), name = vp_record_str(record, "name");
	uint64_t ppid;
	char *copy = name.p ? words(name) : NULL;
	if (!proc) {
		free(copy);
		return;
	}
	if (copy) {
		free(proc->name);
		proc->name = copy;
	}
	if (vp_record_num(record, "ppid", &ppid))
		proc->ppid = (int64_t)ppid;
	proc->t1 = INT64_MAX;
	proc->later |= vp_str_is(why, "fork") || vp_str_is(why, "exec") || vp_str_is(why, "reused");
	vp_life_process(model, record, t);
	if (vp_str_is(why, "exec"))
		note_exec(model, t, record->pid, name, BY_PROCESS);
	else if (vp_str_is(why, "reused"))
		vp_model_note(model, t, record->pid, "reused", name);
}

static void told_event(struct vp_model *model, struct vp_record *record, int64_t t)
{
	vp_str call = vp_record_str(record, "call");
	char text[64] = "";
	uint64_t child;
	if (vp_str_is(call, "exit")) {
		struct vp_proc *proc = vp_model_proc_make(model, t, record->pid);
		if (proc)
			proc->t1 = t;
		vp_life_exit(model, record, t);
		vp_model_note(model, t, record->pid, "exit", vp_s(""));
	} else if (vp_str_is(call, "exec"))
		note_exec(model, t, record->pid, vp_record_str(record, "name"), BY_EVENT);
	else if (vp_str_is(call, "fork")) {
		if (vp_record_num(record, "child", &child))
			snprintf(text, sizeof text, "%llu", (unsigned long long)child);
		vp_model_note(model, t, record->pid, "fork", vp_s(text));
	}
}

static uint64_t address_of(struct vp_record *record, const char *key)
{
	vp_str text = vp_record_str(record, key);
	char digits[24];
	if (text.n < 3 || text.n >= sizeof digits)
		return 0;
	memcpy(digits, text.p, text.n);
	digits[text.n] = 0;
	return strtoull(digits, NULL, 16);
}

/* A line that vm-diff --entropy wrote: for the view aslr. */
static void varied(struct vp_model *model, struct vp_record *record)
{
	struct vp_varied one = { .base = words(vp_record_str(record, "base")) };
	vp_record_num(record, "runs", &one.runs);
	vp_record_num(record, "distinct", &one.distinct);
	vp_record_num(record, "bits", &one.bits);
	one.varies = address_of(record, "varies");
	one.low = address_of(record, "low");
	one.high = address_of(record, "high");
	if (!one.base || vp_model_room(model, &model->varied, model->varied_count,
	                               &model->varied_size, sizeof *model->varied)) {
		model->no_memory = true;
		free(one.base);
		return;
	}
	model->varied[model->varied_count++] = one;
}

vp_str vp_model_counted(vp_str what, uint64_t count)
{
	if (count != 1 || what.n < 4 || what.p[what.n - 1] != 's')
		return what;
	what.n -= memcmp(what.p + what.n - 4, "sses", 4) ? 1 : 2;
	return what;
}

void vp_model_told(struct vp_model *model, struct vp_record *record, int64_t t)
{
	int64_t pid = record->has_pid ? record->pid : -1;
	char text[160];
	uint64_t count = 1;
	if (record->type == VP_T_event)
		told_event(model, record, t);
	else if (record->type == VP_T_mark)
		vp_model_note(model, t, pid, "mark", vp_record_str(record, "text"));
	else if (record->type == VP_T_finding) {
		if (vp_str_is(vp_record_str(record, "rule"), "aslr"))
			varied(model, record);
		vp_model_note(model, t, pid, "finding", vp_record_str(record, "text"));
	} else if (record->type == VP_T_lost) {
		vp_str what = vp_record_str(record, "what");
		vp_record_num(record, "count", &count);
		model->lost += count;
		what = vp_model_counted(what, count);
		snprintf(text, sizeof text, "%llu %.*s", (unsigned long long)count,
		         (int)(what.n < 100 ? what.n : 100), what.p ? what.p : "");
		vp_model_note(model, t, pid, "lost", vp_s(text));
	}
}
