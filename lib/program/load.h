/* Finding and loading plugins: in $VMPIPE_PLUGINS (colon-separated, first), beside the program,
 * where installed. */
#ifndef VMPIPE_PROGRAM_LOAD_H
#define VMPIPE_PROGRAM_LOAD_H

#include <stdio.h>
#include "plugin.h"

/* Plugins are files DIR/source/NAME.so and DIR/render/NAME.so; DIR itself is searched for NAME.so
 * too (a folder with a single out-of-tree plugin). What is loaded stays so until the program ends.
 */
const struct vp_source *vp_load_source(
        const char *name); /* NULL: vp_error (known names, ABI numbers) */
const struct vp_renderer *vp_load_renderer(const char *name);
const char *vp_load_why(const char *name); /* why a plugin whose file is there cannot be used; NULL:
                                              there is none, or it can */
/* Every source there is (for recognising text), sorted by name; NULL-ended, static. */
const struct vp_source *const *vp_load_sources(void);
/* The next plugin that vp_load_sources could not load: why, static. NULL: no further one. Each is
 * given once, to be said. */
const char *vp_load_trouble(void);
/* --list of "source" or "render", NULL: both. Name, about, path and options; one that does not load
 * says why. 0, or -1 if there is none. */
int vp_list_plugins(const char *kind, FILE *to);
/* The names that can be found, sorted, NULL-ended, static until the next call; nothing is loaded
 * for it. Plugins that lie in DIR itself are of either kind. */
const char *const *vp_plugin_names(const char *kind);

#endif
