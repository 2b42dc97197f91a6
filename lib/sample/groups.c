/* Groups of processes as targets. The list of all processes is read when a process was forked, and
 * once a second, as a process may change its user or its cgroup.
 *
 * A process is judged once between two such seconds: whether it is of a group, and can be read.
 */
#include "sample/groups.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/list.h"
#include "stream/put.h"
#include "system/schedule.h"

#define SEARCH 1000000000 /* ns after which every process is judged anew */

int vp_groups_add(struct vp_groups *groups, struct vp_group group)
{
	if (vp_list_room(&groups->list, groups->count, &groups->size, sizeof *groups->list)) {
		vp_group_free(&group);
		return -1;
	}
	groups->list[groups->count++] = group;
	return 0;
}

static int by_pid(const void *key, const void *item)
{
	int64_t pid = *(const int64_t *)key, other = ((const struct vp_judged *)item)->pid;
	return (pid > other) - (pid < other);
}

static const struct vp_judged *judged(const struct vp_groups *groups, int64_t pid)
{
	if (!groups->judged_count)
		return NULL;
	return bsearch(&pid, groups->judged, groups->judged_count, sizeof *groups->judged, by_pid);
}

static bool belongs(const struct vp_groups *groups, int64_t pid)
{
	for (size_t i = 0; i < groups->count; i++)
		if (vp_group_has(&groups->list[i], pid))
			return true;
	return false;
}

/* A process that has ended meanwhile is not unreadable. */
static bool there(const struct vp_groups *groups, int64_t pid)
{
	return (kill((pid_t)pid, 0) == 0 || errno != ESRCH) && belongs(groups, pid);
}

static void tell_refused(struct vp_groups *groups, struct vp_sources *sources, uint64_t count,
                         const char *why)
{
	struct vp_flow *flow = sources->flow;
	if (!count)
		return;
	if (!groups->told)
		vp_say(flow, "%llu process%s cannot be sampled; the first: %s",
		       (unsigned long long)count, count == 1 ? "" : "es", why);
	groups->told = true;
	vp_put_lost(flow, flow->t, -1, "processes", count, why);
}

/* What is known of the processes of one search. */
struct search {
	struct vp_groups *groups;
	struct vp_sources *sources;
	struct vp_judged *list; /* becomes groups->judged */
	size_t count;
	bool anew;
	int taken;
	uint64_t refused; /* new ones */
	char why[512];    /* of the first */
};

static void one(struct search *s, int64_t pid)
{
	const struct vp_judged *old = judged(s->groups, pid);
	if (vp_sources_has(s->sources, pid))
		return;
	if (old && (old->refused || !s->anew)) {
		s->list[s->count++] = *old;
		return;
	}
	bool wanted = belongs(s->groups, pid);
	if (wanted && vp_sources_try(s->sources, &(struct vp_process){ .pid = pid }) > 0) {
		s->taken++;
		return;
	}
	bool refused = wanted && there(s->groups, pid);
	if (refused && !s->refused++)
		snprintf(s->why, sizeof s->why, "%s", vp_error());
	if (!wanted || refused)
		s->list[s->count++] = (struct vp_judged){ pid, refused };
}

int vp_groups_renew(struct vp_groups *groups, struct vp_sources *sources)
{
	int64_t *pids, newest, now = vp_clock();
	size_t count;
	if (!groups->count)
		return 0;
	newest = vp_group_newest();
	if (newest >= 0 && newest == groups->newest && now < groups->due)
		return 0;
	struct search s = { .groups = groups, .sources = sources, .anew = now >= groups->due };
	if (vp_group_candidates(&pids, &count) == 0)
		s.list = malloc((count + 1) * sizeof *s.list);
	if (!s.list) {
		free(pids);
		vp_trouble(sources->flow, "%s", vp_error());
		return 0;
	}
	for (size_t i = 0; i < count; i++)
		one(&s, pids[i]);
	free(pids);
	free(groups->judged);
	groups->judged = s.list;
	groups->judged_count = s.count;
	groups->newest = newest;
	if (s.anew)
		groups->due = now + SEARCH;
	tell_refused(groups, sources, s.refused, s.why);
	return s.taken;
}

void vp_groups_free(struct vp_groups *groups)
{
	for (size_t i = 0; i < groups->count; i++)
		vp_group_free(&groups->list[i]);
	free(groups->list);
	free(groups->judged);
	*groups = (struct vp_groups){ 0 };
}
