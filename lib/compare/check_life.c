/* What all parts of the check call: a contradiction is counted and told, a process found. */
#include "compare/inner.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include "base/list.h"

void vp_check_wrong(struct vp_check *check, const char *format, ...)
{
	char text[1024];
	va_list list;
	va_start(list, format);
	vsnprintf(text, sizeof text, format, list);
	va_end(list);
	check->counts.wrong++;
	check->sink.wrong(check->sink.ctx, text);
}

void vp_check_trouble(struct vp_check *check, const char *format, ...)
{
	char text[512];
	va_list list;
	va_start(list, format);
	vsnprintf(text, sizeof text, format, list);
	va_end(list);
	check->sink.trouble(check->sink.ctx, text);
}

bool vp_check_life_ended(const struct vp_check *check, int64_t pid)
{
	size_t word = (size_t)pid / 64;
	if (pid < 0 || pid >= VP_CHECK_PIDS)
		return vp_places_get(&check->ended_far, (uint64_t)pid, 0) != 0;
	return word < check->ended_words && check->ended_pids[word] >> (pid % 64) & 1;
}

struct vp_check_life *vp_check_life_find(struct vp_check *check, int64_t pid)
{
	size_t at = vp_places_get(&check->life_pids, (uint64_t)pid, SIZE_MAX);
	return at == SIZE_MAX ? NULL : &check->lives[at];
}

/* Sets or clears the mark of a process that has ended. */
static void mark_ended(struct vp_check *check, int64_t pid, bool ended)
{
	if (pid < 0 || pid >= VP_CHECK_PIDS) {
		if (!ended)
			vp_places_drop(&check->ended_far, (uint64_t)pid);
		else if (vp_places_set(&check->ended_far, (uint64_t)pid, 1))
			check->no_memory = true;
		return;
	}
	size_t word = (size_t)pid / 64;
	if (vp_list_reach(&check->ended_pids, word + 1, &check->ended_words,
	                  sizeof *check->ended_pids)) {
		check->no_memory = true;
		return;
	}
	check->ended_pids[word] &= ~(UINT64_C(1) << (pid % 64));
	check->ended_pids[word] |= (uint64_t)ended << (pid % 64);
}

void vp_check_life_end(struct vp_check *check, struct vp_check_life *life)
{
	struct vp_space *space = vp_state_space(&check->state, life->pid, false);
	int64_t pid = life->pid;
	for (size_t i = 0; space && i < space->count; i++)
		vp_places_drop(&check->owners, space->live[i]->id);
	vp_state_forget(&check->state, pid);
	*life = check->lives[--check->life_count];
	vp_places_set(&check->life_pids, (uint64_t)life->pid, (size_t)(life - check->lives));
	vp_places_drop(&check->life_pids, (uint64_t)pid);
	mark_ended(check, pid, true);
}

struct vp_check_life *vp_check_life_of(struct vp_check *check, int64_t pid)
{
	struct vp_check_life *known = vp_check_life_find(check, pid);
	bool again = vp_check_life_ended(check, pid);
	if (known)
		return known;
	if (vp_list_room(&check->lives, check->life_count, &check->life_size,
	                 sizeof *check->lives) ||
	    vp_places_set(&check->life_pids, (uint64_t)pid, check->life_count)) {
		check->no_memory = true;
		return NULL;
	}
	struct vp_check_life *life = &check->lives[check->life_count++];
	*life = (struct vp_check_life){ .pid = pid };
	check->counts.processes += !again;
	if (again)
		mark_ended(check, pid, false);
	return life;
}
