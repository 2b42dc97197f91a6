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

struct vp_check_life *vp_check_life_of(struct vp_check *check, int64_t pid)
{
	size_t at = vp_places_get(&check->life_pids, (uint64_t)pid, SIZE_MAX);
	if (at != SIZE_MAX)
		return &check->lives[at];
	if (vp_list_room(&check->lives, check->life_count, &check->life_size,
	                 sizeof *check->lives) ||
	    vp_places_set(&check->life_pids, (uint64_t)pid, check->life_count)) {
		check->no_memory = true;
		return NULL;
	}
	struct vp_check_life *life = &check->lives[check->life_count++];
	*life = (struct vp_check_life){ .pid = pid };
	check->counts.processes++;
	return life;
}
