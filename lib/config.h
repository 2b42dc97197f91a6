/* The YAML file: each program reads its own section, by the same option tables as the command line.
 *
 *   vm-sample:
 *     interval: 50ms
 *     source: [procfs]
 *     procfs: { detail: smaps }     # options of a plugin, under its name
 *   kinds:                          # rules in front of the built-in ones, see kinds.h
 *     - { kind: model, name: "*.gguf", file: true }
 *
 * The only file that knows yaml.h is config.c. Messages have FILE:LINE:COLUMN. A key given twice is refused, and
 * so are several documents, more than VP_CONFIG_MAX bytes, and a NUL in a value; aliases are followed.
 */
#ifndef VMPIPE_CONFIG_H
#define VMPIPE_CONFIG_H

#include "option.h"

#define VP_CONFIG_MAX (256u << 10)

struct vp_config;
struct vp_config *vp_config_read(const char *path);  /* NULL: vp_error */
void vp_config_free(struct vp_config *config);       /* NULL: nothing */
/* Applies the section `name` (absent: nothing) of the top level, or of the section `within` where not NULL,
 * to the options. Keys that are mappings are left to plugins if `plugins` says so (the key must be the name of a plugin
 * that can be found), else refused. -1: vp_error with position. */
int vp_config_apply(struct vp_config *config, const char *within, const char *name, struct vp_options *options, bool plugins);
/* Every top-level key must be among `sections` (NULL-ended) or `kinds`. */
int vp_config_check(struct vp_config *config, const char *const *sections);
/* Gives the rules of the top-level `kinds` to vp_kinds_add, in order. */
int vp_config_kinds(struct vp_config *config);

#endif
