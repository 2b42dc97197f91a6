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
	return vp_places_get(&check->life_pids, (uint64_t)pid, 0) == VP_CHECK_ENDED;
}

struct vp_check_life *vp_check_life_find(struct vp_check *check, int64_t pid)
{
	size_t at = vp_places_get(&check->life_pids, (uint64_t)pid, VP_CHECK_ENDED);
	return at == VP_CHECK_ENDED ? NULL : &check->lives[at];
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
	vp_places_set(&check->life_pids, (uint64_t)pid, VP_CHECK_ENDED);
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
	return life;
}
