/* Finding and loading plugins: beside the program, in $VMPIPE_PLUGINS (colon-separated, first), where installed. */
#ifndef VMPIPE_LOAD_H
#define VMPIPE_LOAD_H

#include <stdio.h>
#include "plugin.h"

/* Plugins are files DIR/source/NAME.so and DIR/render/NAME.so; DIR itself is searched for NAME.so too
 * (a folder with a single out-of-tree plugin). */
const struct vp_source   *vp_load_source(const char *name);   /* NULL: vp_error (known names, ABI numbers) */
const struct vp_renderer *vp_load_renderer(const char *name);
/* Every source there is (for recognising text); NULL-ended, static. A plugin that does not load is warned of. */
const struct vp_source *const *vp_load_sources(void);
int vp_list_plugins(const char *kind /* "source" or "render" */, FILE *to); /* --list: name, about, path; options */
/* Directories searched, in order; NULL-ended, static. */
const char *const *vp_plugin_dirs(void);

#endif
