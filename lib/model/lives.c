/* The lives of processes: each from its start, or from exec, to exec or to its end. */
#include "model/inner.h"
#include "base/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARGS_MAX 1000 /* bytes of the arguments that are kept */

static struct vp_life *last_of(struct vp_model *model, int64_t pid)
{
	size_t at = vp_places_get(&model->inner->life_pids, pid, SIZE_MAX);
	if (at != SIZE_MAX)
		return &model->lives[at];
	return NULL;
}

static bool wanted(const struct vp_model *model, int64_t pid)
{
	return model->filter.pid < 0 || model->filter.pid == pid;
}

static struct vp_life *life_new(struct vp_model *model, int64_t t, int64_t pid)
{
	if (vp_model_room(model, &model->lives, model->life_count, &model->life_size,
	                  sizeof *model->lives))
		return NULL;
	if (vp_places_set(&model->inner->life_pids, pid, model->life_count)) {
		model->no_memory = true;
		return NULL;
	}
	model->lives[model->life_count] =
	        (struct vp_life){ .pid = pid, .ppid = -1, .t0 = t, .t1 = INT64_MAX, .why = "" };
	return &model->lives[model->life_count++];
}

static void life_free(struct vp_life *life)
{
	free(life->name);
	free(life->exe);
	free(life->args);
	free(life->status);
}

void vp_life_free(struct vp_model *model)
{
	for (size_t i = 0; i < model->life_count; i++)
		life_free(&model->lives[i]);
	free(model->lives);
}

void vp_life_seen(struct vp_model *model, int64_t t, int64_t pid)
{
	if (wanted(model, pid))
		life_new(model, t, pid);
}

/* ---- the process line ---- */

static void set_words(char **to, vp_str bytes)
{
	char *text = bytes.p ? malloc(bytes.n * 4 + 1) : NULL;
	if (!text)
		return;
	vp_words_into(text, bytes);
	free(*to);
	*to = text;
}

static void set_args(struct vp_life *life, struct vp_record *record)
{
	const struct vp_member *args = vp_record_member(record, "args");
	struct vp_member member;
	char joined[ARGS_MAX + 8];
	size_t used = 0;
	if (!args || args->json != VP_ARRAY) {
		set_words(&life->args, vp_record_str(record, "command"));
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
	set_words(&life->args, (vp_str){ joined, used });
}

static const char *why_of(struct vp_record *record)
{
	static const char *const whys[] = { "first", "fork", "exec", "reused" };
	vp_str why = vp_record_str(record, "why");
	for (size_t i = 0; i < sizeof whys / sizeof *whys; i++)
		if (vp_str_is(why, whys[i]))
			return whys[i];
	return "";
}

/* Exec and another owner of the pid begin a new life; so does whatever comes after an end. Else the
 * line tells of the one that lasts, for a stream may repeat it. */
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

void vp_life_process(struct vp_model *model, struct vp_record *record, int64_t t)
{
	const char *why = why_of(record);
	uint64_t ppid;
	struct vp_life *life =
	        wanted(model, record->pid) ? life_of(model, t, record->pid, why) : NULL;
	if (!life)
		return;
	if (!*life->why)
		life->why = *why ? why : "first";
	if (vp_record_num(record, "ppid", &ppid))
		life->ppid = (int64_t)ppid;
	set_words(&life->name, vp_record_str(record, "name"));
	set_words(&life->exe, vp_record_str(record, "exe"));
	set_args(life, record);
}

/* ---- the end ---- */

static void set_status(struct vp_life *life, struct vp_record *record)
{
	static const char *const members[] = { "signal", "status" };
	char text[64];
	for (size_t i = 0; i < 2 && !life->status; i++) {
		const struct vp_member *member = vp_record_member(record, members[i]);
		vp_str value = !member                     ? (vp_str){ NULL, 0 }
		               : member->json == VP_STRING ? vp_record_decode(record, member->value)
		                                           : member->value;
		if (!member || member->json == VP_NULL || member->json == VP_OBJECT ||
		    member->json == VP_ARRAY)
			continue;
		int n = snprintf(text, sizeof text, "%s%.*s", i ? "" : "signal ",
		                 (int)(value.n < 40 ? value.n : 40), value.p);
		set_words(&life->status, (vp_str){ text, (size_t)n });
	}
}

void vp_life_exit(struct vp_model *model, struct vp_record *record, int64_t t)
{
	struct vp_life *life = last_of(model, record->pid);
	if (!life)
		return;
	if (life->t1 == INT64_MAX)
		life->t1 = t;
	life->exited = true;
	if (record->type == VP_T_event)
		set_status(life, record);
}
