/* A text picture on a full screen, drawn again while lines arrive; and the keys that change it. */
#ifndef VMPIPE_RENDER_SHOW_H
#define VMPIPE_RENDER_SHOW_H

#include "render/host.h"
#include "render/terminal.h"
#include "view/views.h"

#include <stdio.h>

enum vp_show_when { VP_SHOW_AUTO, VP_SHOW_YES, VP_SHOW_NO };

/* What the picture shows. Keys change it; the last picture is drawn with it. */
struct vp_picture {
	const struct vp_view *view;
	struct vp_view_options options;
	const char *kind; /* only this kind; NULL: as the filter says */
	int64_t pid;      /* only this process; -1: as the filter says */
};

struct vp_show {
	struct vp_flow *flow;
	struct vp_render_host *host;
	struct vp_model *model;
	struct vp_picture picture;
	struct vp_canvas canvas; /* colours and letters; the size is the terminal's */
	struct vp_terminal terminal;
	struct vp_out text;              /* the picture as written by the renderer */
	bool wanted, on;                 /* may take the screen; has taken it */
	bool dirty, paused, help, asked; /* lines arrived since the picture; paused; the help is
	                                    shown; a key needs a new picture */
	int64_t period, began, due,
	        now; /* ns, monotonic; period: the least time between pictures */
	FILE *aside; /* lines that arrived during the pause, not yet fed to the model; NULL: none */
	int64_t paused_at;   /* ns of the stream at which the picture is paused */
	unsigned busy;       /* lines since the clock was read */
	uint64_t frame_left; /* region lines of the snapshot that are not yet read */
	bool in_frame;
	int scroll, scroll_most; /* lines above the screen, and the most */
	int zoom;                /* height of the picture in screens */
};

/* Decides whether the picture is live. AUTO: if stdout is a terminal, the input a pipe and the
 * renderer draws text. YES that is impossible exits with status 2. */
void vp_show_init(struct vp_show *show, struct vp_render_host *host, struct vp_model *model,
                  const struct vp_picture *picture, enum vp_show_when when, int64_t fps);
unsigned vp_show_keep(
        const struct vp_show *show,
        const struct vp_filter *filter); /* returns VP_KEEP_... for all views that keys can reach */
void vp_show_begin(struct vp_show *show,
                   const struct vp_canvas *canvas); /* call before the first line */
/* Keeps a line aside if the picture is paused: then it must not go to the model. */
bool vp_show_aside(struct vp_show *show);
void vp_show_line(struct vp_show *show); /* call after every line that went to the model */
/* Gives the screen back. */
void vp_show_end(struct vp_show *show);

/* Returns the model restricted to the picture's kind and process; allocated in the pool. */
struct vp_model vp_picture_model(const struct vp_picture *picture, const struct vp_model *model,
                                 struct vp_pool *pool);

#endif
