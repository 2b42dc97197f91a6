/* The host of a renderer: bytes of the picture go to an output, messages to the flow. */
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
	struct vp_out *to; /* where the picture goes: the flow's output, unless somebody took it */
	char **warned;
	size_t warned_count; /* each text is said once */
};

/* Allocates the renderer's state and fills it from presets; further options are the caller's
 * (render->options). 0, -1 (vp_error). */
int vp_render_host_open(struct vp_render_host *render, struct vp_flow *flow,
                        const struct vp_renderer *renderer);
/* From now on the picture goes there and warnings nowhere; NULL: both as usual. */
void vp_render_host_to(struct vp_render_host *render, struct vp_out *to);
void vp_render_host_close(struct vp_render_host *render); /* the renderer's close, and its state */
/* The size, colours and signs of the output: from what the user asked for (0: nothing), the
 * terminal, the environment, and the renderer's presets, in this order. */
struct vp_canvas vp_render_canvas(const struct vp_render_host *render, int width, int height);

#endif
