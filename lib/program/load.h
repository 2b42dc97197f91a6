/* Plugins found and loaded: in $VMPIPE_PLUGINS (colon-separated, first), beside the program, where
 * installed. */
#ifndef VMPIPE_PROGRAM_LOAD_H
#define VMPIPE_PROGRAM_LOAD_H

#include <stdio.h>
#include "plugin.h"

/* Loads DIR/source/NAME.so or DIR/render/NAME.so, or DIR/NAME.so (a folder with a single
 * out-of-tree plugin). A plugin stays loaded until the program ends. NULL: vp_error, with the known
 * names or both ABI numbers. */
const struct vp_source *vp_load_source(const char *name);
const struct vp_renderer *vp_load_renderer(const char *name);
/* Why a plugin whose file is there cannot be used. NULL: there is no file, or it can be used. */
const char *vp_load_why(const char *name);
/* All sources, for recognising text, sorted by name, at most VP_SOURCES_KNOWN; NULL-ended, static.
 */
#define VP_SOURCES_KNOWN 64
const struct vp_source *const *vp_load_sources(void);
/* The next plugin that vp_load_sources could not load: why, static. NULL: no further one. Each is
 * given once, to be said. */
const char *vp_load_trouble(void);
/* Writes --list of "source" or "render", NULL: of both: name, about, path and options, or why the
 * plugin cannot be loaded. 0, or -1 (vp_error): there is none. */
int vp_list_plugins(const char *kind, FILE *to);
/* The names that can be found, sorted; nothing is loaded. Plugins in DIR itself are of either kind.
 * NULL-ended, static until the next call. */
const char *const *vp_plugin_names(const char *kind);

#endif
