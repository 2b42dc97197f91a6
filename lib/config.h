/* The YAML file: each program reads its own section, by the same option tables as the command line.
 *
 *   vm-sample:
 *     interval: 50ms
 *     source: procfs
 *     procfs: { detail: smaps }     # options of a plugin, under its name
 *
 * The only file that knows yaml.h is config.c. Messages have FILE:LINE:COLUMN.
 */
#ifndef VMPIPE_CONFIG_H
#define VMPIPE_CONFIG_H

#include "option.h"

struct vp_config;
struct vp_config *vp_config_read(const char *path);  /* NULL: vp_error */
void vp_config_free(struct vp_config *config);
/* Applies the section `name` (absent: nothing) of the top level, or of the section `within` where not NULL,
 * to the options. Keys that are mappings are left to plugins if `plugins` says so, else refused. -1: vp_error with position. */
int vp_config_apply(struct vp_config *config, const char *within, const char *name, struct vp_options *options, bool plugins);
/* Every top-level key and every key of the section must be known to somebody: checks the top level against `sections`. */
int vp_config_check(struct vp_config *config, const char *const *sections);
/* YAML rules of kinds (top-level `kinds:`), see kinds.h; calls back for each in order with its position text. */
struct vp_kind_rule;
int vp_config_kinds(struct vp_config *config);

#endif
