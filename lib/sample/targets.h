/* The processes that -p names: a list, separated by commas, of ids, of program names, of users and
 * of control groups.
 *
 *   4242,nginx,user:postgres,cgroup:/system.slice/db.service
 *
 * A name that no program has, but a user, is that user.
 */
#ifndef VMPIPE_SAMPLE_TARGETS_H
#define VMPIPE_SAMPLE_TARGETS_H

#include "sample/groups.h"

/* Attaches the sources to them. Users and control groups are added to `groups`, which the caller
 * renews. Returns how many processes were taken. A word without a process is said. */
int vp_targets_attach(struct vp_sources *sources, struct vp_groups *groups, const char *list);
/* Checks that one of them is there: 0, or -1 (vp_error). */
int vp_targets_check(const char *list);
/* Reads a list of ids alone. 0, or -1 (vp_error): a word is no id, or out of memory. Caller frees
 * *pids. */
int vp_targets_ids(const char *list, int64_t **pids, size_t *count);

#endif
