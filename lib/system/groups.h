/* Groups of processes: those of a user, of a control group, or of the whole machine. Each system
 * has a file: groups-SYSTEM.c. */
#ifndef VMPIPE_SYSTEM_GROUPS_H
#define VMPIPE_SYSTEM_GROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum vp_group_kind { VP_GROUP_ALL, VP_GROUP_USER, VP_GROUP_CGROUP };

struct vp_group {
	enum vp_group_kind kind;
	uint32_t user; /* the effective user id, of VP_GROUP_USER */
	char *cgroup; /* of VP_GROUP_CGROUP: a path from the root, which begins with a slash, or the
	                 last names of one; with all that is below. free() */
};

/* Reads a user's name or id. 0, -1 (vp_error). */
int vp_group_user(struct vp_group *group, const char *name);
/* Reads a path as /proc/PID/cgroup has it, or below a mount of cgroups. 0, -1 (vp_error). */
int vp_group_cgroup(struct vp_group *group, const char *path);
void vp_group_free(struct vp_group *group);

/* Lists the ids of all processes, by rising number. 0; -1: vp_error. The caller frees *pids. */
int vp_group_candidates(int64_t **pids, size_t *count);
/* Whether a process is of that group. False too: it has ended, is a kernel thread, which has no
 * memory of its own, or is this process. */
bool vp_group_has(const struct vp_group *group, int64_t pid);
/* The newest pid, unchanged until the next fork; -1: unknown. */
int64_t vp_group_newest(void);

#endif
