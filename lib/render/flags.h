/* The options of vm-render, for the program itself and for vm-run, which passes some of them on. */
#ifndef VMPIPE_RENDER_FLAGS_H
#define VMPIPE_RENDER_FLAGS_H

#include "plugin.h"

struct vp_render_flags {
	const char *renderer, *view, *kind, *perms, *address, *columns, *sort, *by, *preset;
	int64_t width, height, from, to, at, pid, reference, rows, fps;
	int scale, measure, live;
	const char *port, *listen, *window, *record, *timing; /* of a renderer that serves a page */
	bool pick;
};

extern const struct vp_option vp_render_rows[];

#endif
