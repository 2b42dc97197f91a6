/* The lives of processes: each from its start, or from exec, to exec or to its end.
 *
 * Memory: every life of the stream, with its arguments.
 */
#include "base/words.h"
#include "model/inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARGS_MAX 1000 /* bytes of the arguments that are kept */

static struct vp_life *last_of(struct vp_model *model, int64_t pid)
{
	size_t at = vp_places_get(&model->inner->life_pids, (uint64_t)pid, SIZE_MAX);
	if (at != SIZE_MAX)
		return &model->lives[at];
	return NULL;
}

static bool wanted(const struct vp_model *model, int64_t pid)
{
	return (model->filter.pid < 0 || model->filter.pid == pid) && !vp_model_aside(model, pid);
}

static struct vp_life *life_new(struct vp_model *model, int64_t t, int64_t pid)
{
	if (vp_model_room(model, &model->lives, model->life_count, &model->life_size,
	                  sizeof *model->lives))
		return NULL;
	if (vp_places_set(&model->inner->life_pids, (uint64_t)pid, model->life_count)) {
		model->no_memory = true;
		return NULL;
	}
	model->lives[model->life_count] =
	        (struct vp_life){ .pid = pid, .ppid = -1, .t0 = t, .t1 = INT64_MAX, .why = "" };
	return &model->lives[model->life_count++];
}

void vp_life_seen(struct vp_model *model, int64_t t, int64_t pid)
{
	if (wanted(model, pid))
		life_new(model, t, pid);
}

/* ---- the process line ---- */

static void set_args(struct vp_model *model, struct vp_life *life, struct vp_record *record)
{
	const struct vp_member *args = vp_record_member(record, "args");
	struct vp_member member;
	char joined[ARGS_MAX + 8];
	size_t used = 0;
	if (!args || args->json != VP_ARRAY) {
		vp_model_words(model, &life->args, vp_record_str(record, "command"));
		return;
	}
	for (size_t at = 0; used < ARGS_MAX && vp_json_each(args->value, &at, &member);) {
		vp_str one = member.json == VP_STRING ? vp_record_decode(record, member.value)
		                                      : member.value;
		size_t n = one.n < ARGS_MAX - used ? one.n : ARGS_MAX - used;
		if (used)
			joined[used++] = ' ';
		if (n)
			memcpy(joined + used, one.p, n);
		used += n;
		if (n < one.n) {
			memcpy(joined + used, "...", 3);
			used += 3;
		}
	}
	vp_model_words(model, &life->args, (vp_str){ joined, used });
}

static const char *why_of(vp_str why)
{
	static const char *const whys[] = { "first", "fork", "exec", "reused" };
	for (size_t i = 0; i < sizeof whys / sizeof *whys; i++)
		if (vp_str_is(why, whys[i]))
			return whys[i];
	return "";
}

/* Finds the life that a process line is about, or begins one: with exec, with another owner of the
 * pid, and after an end. Otherwise it is the life that lasts, for a stream may repeat the line.
 * NULL: no memory. */
static struct vp_life *life_of(struct vp_model *model, int64_t t, int64_t pid, const char *why)
{
	struct vp_life *old = last_of(model, pid);
	bool exec = !strcmp(why, "exec"), reused = !strcmp(why, "reused");
	if (old && !*old->why)
		return old;
	if (old && old->t1 == INT64_MAX && !exec && !reused)
		return old;
	size_t before = old && exec && !old->exited ? (size_t)(old - model->lives) + 1 : 0;
	int64_t ppid = before ? old->ppid : -1;
	if (old && old->t1 == INT64_MAX)
		old->t1 = t;
	struct vp_life *life = life_new(model, t, pid);
	if (!life)
		return NULL;
	life->before = before;
	life->ppid = ppid;
	return life;
}

static void process(struct vp_model *model, const struct vp_fact *fact)
{
	const char *why = why_of(fact->word);
	struct vp_life *life =
	        wanted(model, fact->pid) ? life_of(model, fact->t, fact->pid, why) : NULL;
	if (!life)
		return;
	if (!*life->why)
		life->why = *why ? why : "first";
	if (fact->has_number)
		life->ppid = (int64_t)fact->number;
	vp_model_words(model, &life->name, fact->name);
	vp_model_words(model, &life->exe, vp_record_str(fact->record, "exe"));
	set_args(model, life, fact->record);
}

/* ---- the end ---- */

/* ": out of memory in cgroup /a", ": out of memory"; "": that was not the reason. */
static void oom_words(char *to, size_t size, struct vp_record *record)
{
	vp_str cgroup = vp_record_str(record, "cgroup");
	bool oom = false;
	*to = 0;
	if (!vp_record_bool(record, "oom", &oom) || !oom)
		return;
	snprintf(to, size, cgroup.n ? ": out of memory in cgroup %.*s" : ": out of memory",
	         (int)(cgroup.n < 400 ? cgroup.n : 400), cgroup.n ? cgroup.p : "");
}

bool vp_end_words(char to[VP_END_WORDS], struct vp_record *record)
{
	char signal[VP_SIGNAL_WORDS], oom[VP_END_WORDS - VP_SIGNAL_WORDS - 16];
	uint64_t number;
	if (vp_record_num(record, "signal", &number)) {
		vp_signal_words(signal, number);
		oom_words(oom, sizeof oom, record);
		snprintf(to, VP_END_WORDS, "killed by %s%s", signal, oom);
		return true;
	}
	*to = 0;
	if (!vp_record_num(record, "status", &number))
		return false;
	snprintf(to, VP_END_WORDS, "exit %llu", (unsigned long long)number);
	return number > 0;
}

/* Several sources may report one exit: one that knows how comes first. */
static void set_end(struct vp_model *model, struct vp_life *life, struct vp_record *record)
{
	char words[VP_END_WORDS];
	bool failed = vp_end_words(words, record);
	if (!*words || (life->end && strlen(life->end) >= strlen(words)))
		return;
	vp_model_words(model, &life->end, vp_s(words));
	life->failed = failed;
}

static void ended(struct vp_model *model, const struct vp_fact *fact)
{
	struct vp_life *life = last_of(model, fact->pid);
	if (!life)
		return;
	if (life->t1 == INT64_MAX)
		life->t1 = fact->t;
	life->exited = true;
	if (fact->type == VP_T_event)
		set_end(model, life, fact->record);
}

static void lives_line(struct vp_model *model, struct vp_fact *fact)
{
	if (fact->type == VP_T_process)
		process(model, fact);
	else if (fact->ends)
		ended(model, fact);
}

static void lives_free(struct vp_model *model)
{
	for (size_t i = 0; i < model->life_count; i++) {
		free(model->lives[i].name);
		free(model->lives[i].exe);
		free(model->lives[i].args);
		free(model->lives[i].end);
	}
	free(model->lives);
	vp_places_free(&model->inner->life_pids);
}

const struct vp_keeper vp_keeper_lives = {
	.types = 1u << VP_T_process | 1u << VP_T_event | 1u << VP_T_change,
	.line = lives_line,
	.free = lives_free,
};
