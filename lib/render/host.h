/* The host of a renderer: writes the picture to an output, and messages to the flow. */
#ifndef VMPIPE_RENDER_HOST_H
#define VMPIPE_RENDER_HOST_H

#include "program/option.h"
#include "stream/flow.h"

struct vp_render_host {
	struct vp_render_api host;
	struct vp_flow *flow;
	const struct vp_renderer *renderer;
	void *state;
	struct vp_options options;
	struct vp_out
	        *to; /* output of the picture; the flow's unless vp_render_host_to set another */
	char **warned;
	size_t warned_count; /* messages that were printed already */
};

/* Allocates the renderer's state and fills it from presets; the caller sets further options
 * (render->options). Returns 0, or -1 (vp_error). */
int vp_render_host_open(struct vp_render_host *render, struct vp_flow *flow,
                        const struct vp_renderer *renderer);
/* Sends the picture to `to` and drops warnings; NULL: both as before. */
void vp_render_host_to(struct vp_render_host *render, struct vp_out *to);
void vp_render_host_close(struct vp_render_host *render); /* calls close and frees the state */
/* Returns size, colours and letters of the output, from the user (0: not given), the terminal, the
 * environment and the renderer's presets, in this order. */
struct vp_canvas vp_render_canvas(const struct vp_render_host *render, int width, int height);

#endif
