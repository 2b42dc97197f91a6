/* Serves a renderer that has others to answer beside its input: calls its drain when its descriptor
 * is readable, also after the end of the input (see vp_renderer). */
#ifndef VMPIPE_RENDER_SERVE_H
#define VMPIPE_RENDER_SERVE_H

#include "render/host.h"

struct vp_serve {
	struct vp_render_host *host;
	int fd;                  /* the renderer's; -1: it serves nobody */
	void (*idle)(void *ctx); /* idle of the input, as it was */
	void *ctx;
	unsigned lines; /* since the last poll */
	bool failed;    /* drain returned -1; the message is in vp_error */
};

void vp_serve_begin(struct vp_serve *serve, struct vp_render_host *host); /* after its begin */
int vp_serve_line(struct vp_serve *serve); /* after each line; -1: drain failed (vp_error) */
/* Goes on after the renderer's end until drain returns 0, or SIGINT, SIGTERM or SIGHUP arrives.
 * Returns 0, or -1 (vp_error). */
int vp_serve_end(struct vp_serve *serve);

#endif
