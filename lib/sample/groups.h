/* Groups of processes as targets: their processes are attached as they come. */
#ifndef VMPIPE_SAMPLE_GROUPS_H
#define VMPIPE_SAMPLE_GROUPS_H

#include "sample/sources.h"
#include "system/groups.h"

struct vp_groups {
	struct vp_group *list;
	size_t count, size;
	/* Processes that have been judged and are not sampled: of no group, or unreadable. */
	struct vp_judged {
		int64_t pid;
		bool refused;
	} * judged; /* by rising pid */
	size_t judged_count;
	int64_t newest, due; /* due: ns, monotonic; all are judged anew then */
	bool told;           /* a message has named unreadable processes */
};

/* Takes over the group. 0, -1 (vp_error). */
int vp_groups_add(struct vp_groups *groups, struct vp_group group);
/* Attaches the sources to processes that have come. Unreadable ones are counted in a `lost` line,
 * the first time with a message. Returns how many were taken. */
int vp_groups_renew(struct vp_groups *groups, struct vp_sources *sources);
void vp_groups_free(struct vp_groups *groups);

#endif
