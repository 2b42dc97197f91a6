/* Copies one stream of bytes to several readers and a file. The next chunk is read when every
 * reader has taken the last one. */
#ifndef VMPIPE_RUN_FAN_H
#define VMPIPE_RUN_FAN_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "stream/out.h"

#define VP_FAN_TAIL 4096 /* bytes kept of the end of the stream */

struct vp_fan_way {
	int fd;    /* not blocking; -1: closed */
	size_t at; /* bytes of the chunk that it has taken */
};

struct vp_fan {
	int in; /* -1: the stream has ended */
	char *chunk;
	size_t n; /* bytes in it; 0: read the next */
	struct vp_fan_way *ways;
	size_t way_count;
	const char *record_path; /* NULL: none, or the recording failed */
	char *record_name;       /* with %p and %t filled in */
	struct vp_out record;
	bool record_late; /* its name has %p: gathered until the first pid */
	char tail[VP_FAN_TAIL];
	size_t tail_n;
};

/* Owns `in` and every added descriptor from now on. record: a file, or NULL. Returns 0, or -1
 * (vp_error). */
int vp_fan_init(struct vp_fan *fan, int in, const char *record);
int vp_fan_add(struct vp_fan *fan, int fd);
void vp_fan_drop(struct vp_fan *fan, int fd); /* closes the way of a reader that has ended */
/* Fills what to wait for, at most way_count + 1 rows. Returns their number. */
size_t vp_fan_poll(const struct vp_fan *fan, struct pollfd *fds);
/* Copies as far as it can without waiting. Returns -1 (vp_error) once, when the recording fails;
 * the rest goes on. */
int vp_fan_step(struct vp_fan *fan);
/* Writes the recording out, before a wait. Returns as vp_fan_step. */
int vp_fan_flush(struct vp_fan *fan);
void vp_fan_free(struct vp_fan *fan);

#endif
