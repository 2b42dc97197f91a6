/* Where memory lies among NUMA nodes: sums of the members `numa` and `policy` of regions. */
#ifndef VMPIPE_VIEW_NODES_H
#define VMPIPE_VIEW_NODES_H

#include "view/build.h"

/* Bytes by node; all zeros: none. */
struct vp_nodes {
	struct vp_node {
		uint64_t id, bytes;
	} * list; /* by id; in the pool */
	size_t count, size;
};

/* Adds {"0":12288,"1":4096}. 0, -1 (vp_error). */
int vp_nodes_add(struct vp_nodes *nodes, struct vp_pool *pool, vp_str json);
int vp_nodes_join(struct vp_nodes *to, const struct vp_nodes *from, struct vp_pool *pool);
/* "N0:12 N1:4" in KiB; "": none. */
const char *vp_nodes_words(const struct vp_nodes *nodes, struct vp_pool *pool);
/* Adds a note with the sums of an address space by node and by policy, as far as the filter passes;
 * none where they are unknown. */
void vp_nodes_note(struct vp_build *build, const struct vp_space *space);

#endif
