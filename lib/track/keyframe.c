/* What a key frame repeats of a process, kept as lines and written with another `t`. */
#include "track/keyframe.h"
#include "stream/put.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/amount.h"
#include "base/error.h"
#include "base/list.h"
#include "base/places.h"

struct kept {
	char *bytes;
	size_t n, size;
	uint64_t start; /* of a module */
};

struct life {
	int64_t pid, framed;
	struct kept process, snapshot;
	struct kept *modules; /* by start */
	size_t module_count, module_size;
};

struct stack {
	struct kept line;
	uint64_t written; /* number of frames before it was written last */
	int64_t pid;
};

struct vp_keyframes {
	struct life *lives;
	size_t count, size;
	struct vp_places pids; /* into lives */
	struct stack *stacks;
	size_t stack_count, stack_size;
	struct vp_places ids; /* into stacks */
	uint64_t framed;      /* number of frames so far */
};

static int keep_line(struct kept *kept, vp_str line)
{
	if (vp_list_reach(&kept->bytes, line.n, &kept->size, 1))
		return -1;
	if (line.n)
		memcpy(kept->bytes, line.p, line.n);
	kept->n = line.n;
	return 0;
}

static void drop_modules(struct life *life)
{
	for (size_t i = 0; i < life->module_count; i++)
		free(life->modules[i].bytes);
	free(life->modules);
	life->modules = NULL;
	life->module_count = life->module_size = 0;
}

static void drop(struct life *life)
{
	drop_modules(life);
	free(life->process.bytes);
	free(life->snapshot.bytes);
}

struct vp_keyframes *vp_keyframes_new(void)
{
	return calloc(1, sizeof(struct vp_keyframes));
}

void vp_keyframes_clear(struct vp_keyframes *frames)
{
	for (size_t i = 0; i < frames->stack_count; i++)
		free(frames->stacks[i].line.bytes);
	frames->stack_count = 0;
	vp_places_free(&frames->ids);
	for (size_t i = 0; i < frames->count; i++)
		drop(&frames->lives[i]);
	frames->count = 0;
	vp_places_free(&frames->pids);
}

void vp_keyframes_free(struct vp_keyframes *frames)
{
	if (!frames)
		return;
	vp_keyframes_clear(frames);
	free(frames->lives);
	free(frames->stacks);
	free(frames);
}

static struct life *find(const struct vp_keyframes *frames, int64_t pid)
{
	size_t at = vp_places_get(&frames->pids, pid, SIZE_MAX);
	return at == SIZE_MAX ? NULL : &frames->lives[at];
}

static struct life *make(struct vp_keyframes *frames, int64_t pid)
{
	struct life *life = find(frames, pid);
	if (life)
		return life;
	if (vp_list_room(&frames->lives, frames->count, &frames->size, sizeof *frames->lives) ||
	    vp_places_set(&frames->pids, pid, frames->count))
		return NULL;
	frames->lives[frames->count] = (struct life){ .pid = pid, .framed = INT64_MIN };
	return &frames->lives[frames->count++];
}

void vp_keyframes_forget(struct vp_keyframes *frames, int64_t pid)
{
	struct life *life = find(frames, pid);
	if (!life)
		return;
	drop(life);
	*life = frames->lives[--frames->count];
	vp_places_set(&frames->pids, life->pid, (size_t)(life - frames->lives));
	vp_places_drop(&frames->pids, pid);
}

int64_t vp_keyframes_last(const struct vp_keyframes *frames, int64_t pid)
{
	const struct life *life = find(frames, pid);
	return life ? life->framed : INT64_MIN;
}

void vp_keyframes_mark(struct vp_keyframes *frames, int64_t t, int64_t pid)
{
	struct life *life = make(frames, pid);
	if (life)
		life->framed = t;
	frames->framed++;
}

/* ---- modules ---- */

static bool leaves(const struct vp_record *record)
{
	static const char *const words[] = { "unload", "remove", "unmap", "close", "gone" };
	const struct vp_member *op = vp_record_member(record, "op");
	for (size_t i = 0; op && op->json == VP_STRING && i < sizeof words / sizeof words[0]; i++)
		if (op->value.n == strlen(words[i]) + 2 &&
		    memcmp(op->value.p + 1, words[i], op->value.n - 2) == 0)
			return true;
	return false;
}

static bool module_start(const struct vp_record *record, uint64_t *start)
{
	const struct vp_member *m = vp_record_member(record, "start");
	return m && m->json == VP_STRING &&
	       vp_parse_address((vp_str){ m->value.p + 1, m->value.n - 2 }, start);
}

static int keep_module(struct life *life, const struct vp_record *record)
{
	uint64_t start;
	size_t i = 0;
	if (!module_start(record, &start))
		return 0;
	while (i < life->module_count && life->modules[i].start < start)
		i++;
	bool known = i < life->module_count && life->modules[i].start == start;
	if (leaves(record)) {
		if (!known)
			return 0;
		free(life->modules[i].bytes);
		life->module_count--;
		memmove(&life->modules[i], &life->modules[i + 1],
		        (life->module_count - i) * sizeof life->modules[0]);
		return 0;
	}
	if (!known) {
		if (vp_list_room(&life->modules, life->module_count, &life->module_size,
		                 sizeof *life->modules))
			return -1;
		struct kept *at = &life->modules[i];
		memmove(at + 1, at, (life->module_count++ - i) * sizeof *at);
		*at = (struct kept){ .start = start };
	}
	return keep_line(&life->modules[i], record->line);
}

/* ---- stacks ---- */

static int keep_stack(struct vp_keyframes *frames, const struct vp_record *record)
{
	if (!record->has_id)
		return 0;
	size_t at = vp_places_get(&frames->ids, record->id, SIZE_MAX);
	if (at == SIZE_MAX) {
		if (vp_list_room(&frames->stacks, frames->stack_count, &frames->stack_size,
		                 sizeof *frames->stacks))
			return -1;
		at = frames->stack_count;
		if (vp_places_set(&frames->ids, record->id, at))
			return -1;
		frames->stacks[frames->stack_count++] = (struct stack){ .pid = -1 };
	}
	struct stack *stack = &frames->stacks[at];
	stack->written = frames->framed;
	stack->pid = record->has_pid ? record->pid : -1;
	return keep_line(&stack->line, record->line);
}

/* ---- what is kept ---- */

int vp_keyframes_keep(struct vp_keyframes *frames, const struct vp_record *record)
{
	enum vp_type type = record->type;
	if (type == VP_T_stack)
		return keep_stack(frames, record);
	if (type != VP_T_process && type != VP_T_module)
		return 0;
	struct life *life = make(frames, record->has_pid ? record->pid : -1);
	if (!life)
		return -1;
	if (type == VP_T_module)
		return keep_module(life, record);
	const struct vp_member *why = vp_record_member(record, "why");
	if (why && why->value.n == 6 && memcmp(why->value.p, "\"exec\"", 6) == 0)
		drop_modules(life);
	return keep_line(&life->process, record->line);
}

int vp_keyframes_keep_snapshot(struct vp_keyframes *frames, int64_t pid, vp_str line)
{
	struct life *life = make(frames, pid);
	return life ? keep_line(&life->snapshot, line) : -1;
}

/* ---- writing ---- */

struct other {
	const char *key; /* this member gets another value; NULL: none */
	vp_str value;
	const char *without; /* this member is left out; NULL: none */
};

/* Writes a kept line with another `t`, and with `other`. */
static void put_again(struct vp_out *out, const struct kept *kept, int64_t t, int64_t pid,
                      const char *type, struct other other)
{
	struct vp_member m;
	vp_str line = { kept->bytes, kept->n };
	vp_put_begin(out, type, t, pid);
	for (size_t at = 0; vp_json_each(line, &at, &m);) {
		if (vp_str_is(m.key, "type") || vp_str_is(m.key, "t") || vp_str_is(m.key, "pid"))
			continue;
		if (other.without && vp_str_is(m.key, other.without))
			continue;
		vp_str name = { m.key.p - 1, m.key.n + 2 }; /* with its quotes */
		vp_str value = other.key && vp_str_is(m.key, other.key) ? other.value : m.value;
		vp_put_members(out, name);
		vp_out_bytes(out, ":", 1);
		vp_out_bytes(out, value.p, value.n);
	}
	vp_put_end(out);
}

void vp_keyframes_put(const struct vp_keyframes *frames, struct vp_out *out, int64_t t, int64_t pid)
{
	const struct life *life = find(frames, pid);
	if (!life)
		return;
	if (life->process.n)
		put_again(out, &life->process, t, pid, "process",
		          (struct other){ .key = "why", .value = vp_s("\"first\"") });
	for (size_t i = 0; i < life->module_count; i++)
		put_again(out, &life->modules[i], t, pid, "module", (struct other){ 0 });
}

void vp_keyframes_put_snapshot(const struct vp_keyframes *frames, struct vp_out *out, int64_t t,
                               int64_t pid, uint64_t seq, size_t regions, bool pages)
{
	const struct life *life = find(frames, pid);
	char number[24];
	snprintf(number, sizeof number, "%zu", regions);
	if (life && life->snapshot.n) {
		struct other other = { .key = "regions", .value = vp_s(number) };
		if (!pages)
			other.without = "pages";
		put_again(out, &life->snapshot, t, pid, "snapshot", other);
		return;
	}
	vp_put_begin(out, "snapshot", t, pid);
	vp_put_num(out, "seq", seq);
	vp_put_num(out, "regions", regions);
	vp_put_end(out);
}

void vp_keyframes_use_stack(struct vp_keyframes *frames, struct vp_out *out, int64_t t, uint64_t id)
{
	size_t at = vp_places_get(&frames->ids, id, SIZE_MAX);
	struct stack *stack = at == SIZE_MAX ? NULL : &frames->stacks[at];
	if (!stack || stack->written == frames->framed)
		return;
	stack->written = frames->framed;
	put_again(out, &stack->line, t, stack->pid, "stack", (struct other){ 0 });
}
