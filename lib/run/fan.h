/* One stream of bytes to several readers and a file: a chunk at a time, the next only when
 * everybody has taken the last. */
#ifndef VMPIPE_RUN_FAN_H
#define VMPIPE_RUN_FAN_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "stream/out.h"

#define VP_FAN_TAIL 4096 /* bytes of its end that a fan remembers */

struct vp_fan_way {
	int fd;    /* not blocking; -1: gone */
	size_t at; /* taken of the chunk */
};

struct vp_fan {
	int in; /* -1: at its end */
	char *chunk;
	size_t n; /* bytes in it; 0: read the next */
	struct vp_fan_way *ways;
	size_t way_count;
	const char *record_path; /* NULL: none, or it has failed */
	char *record_name;       /* with %p and %t filled in */
	struct vp_out record;
	bool record_late; /* %p: gathered until the first pid comes by */
	char tail[VP_FAN_TAIL];
	size_t tail_n;
};

/* Takes over `in` and the ways that are added. record: a file, or NULL. 0, -1 (vp_error). */
int vp_fan_init(struct vp_fan *fan, int in, const char *record);
int vp_fan_add(struct vp_fan *fan, int fd);
void vp_fan_drop(struct vp_fan *fan, int fd); /* its reader has gone */
/* What to wait for: at most way_count + 1 rows; how many. */
size_t vp_fan_poll(const struct vp_fan *fan, struct pollfd *fds);
/* As far as it goes without waiting. -1 (vp_error), once: the recording has failed; all else goes
 * on. */
int vp_fan_step(struct vp_fan *fan);
/* Before a wait: what was recorded is written. As vp_fan_step. */
int vp_fan_flush(struct vp_fan *fan);
void vp_fan_free(struct vp_fan *fan);

#endif
