/* A renderer that serves somebody beside its input: it is called when its descriptor is readable,
 * also after the end of the input for as long as it wants to (vp_renderer.fd and drain). */
#ifndef VMPIPE_RENDER_SERVE_H
#define VMPIPE_RENDER_SERVE_H

#include "render/host.h"

struct vp_serve {
	struct vp_render_host *host;
	int fd;                  /* the renderer's; -1: it serves nobody */
	void (*idle)(void *ctx); /* of the input, before */
	void *ctx;
	unsigned lines; /* since the descriptor was asked */
	bool failed;    /* drain returned -1; the message is in vp_error */
};

void vp_serve_begin(struct vp_serve *serve, struct vp_render_host *host); /* after its begin */
int vp_serve_line(struct vp_serve *serve); /* after each line; -1: drain failed (vp_error) */
/* After the renderer's end: returns once it has served enough, or at SIGINT, SIGTERM or SIGHUP. 0,
 * or -1 (vp_error). */
int vp_serve_end(struct vp_serve *serve);

#endif
