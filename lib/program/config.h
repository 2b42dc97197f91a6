/* The YAML file: each program reads its own section, by the same option tables as the command line.
 *
 *   vm-sample:
 *     interval: 50ms
 *     source: [procfs]
 *     procfs: { detail: smaps }     # options of a plugin, under its name
 *   kinds:                          # rules in front of the built-in ones, see kinds.h
 *     - { kind: model, name: "*.gguf", file: true }
 *
 * The only file that knows yaml.h is config.c. Messages have FILE:LINE:COLUMN. A key given twice is
 * refused, and so are several documents, more than VP_CONFIG_MAX bytes, and a NUL in a value;
 * aliases are followed.
 */
#ifndef VMPIPE_PROGRAM_CONFIG_H
#define VMPIPE_PROGRAM_CONFIG_H

#include "program/option.h"

#define VP_CONFIG_MAX (256u << 10)

struct vp_config;
struct vp_config *vp_config_read(const char *path); /* NULL: vp_error */
void vp_config_free(struct vp_config *config);      /* NULL: nothing */
/* What the values of a mapping go to. */
struct vp_config_into {
	struct vp_options *options;
	struct vp_options *shared; /* those that every program has; NULL: none */
	const char *const *own;    /* keys that the caller reads itself, NULL-ended; NULL: none */
	bool plugins; /* keys that are mappings are left to plugins (the key must be the name of one
	                 that can be found) */
	enum vp_layer layer;
};
/* Applies the section `name` (absent: nothing) of the top level, or of the section `within` where
 * not NULL. -1: vp_error with position. */
int vp_config_apply(struct vp_config *config, const char *within, const char *name,
                    const struct vp_config_into *into);
/* Every top-level key must be among `sections` (NULL-ended) or `kinds`. */
int vp_config_check(struct vp_config *config, const char *const *sections);

/* What is no option, for who reads it itself. A node is a number, 0: there is none. */
enum vp_node { VP_NODE_NONE, VP_NODE_EMPTY, VP_NODE_TEXT, VP_NODE_LIST, VP_NODE_MAP };
int vp_config_find(struct vp_config *config,
                   const char *path); /* "vm-run/render/2": keys, and places in lists from 1 */
enum vp_node vp_config_node(struct vp_config *config, int node);
size_t vp_config_count(struct vp_config *config, int node); /* of a list or mapping; others 0 */
int vp_config_item(struct vp_config *config, int node, size_t i);
const char *vp_config_key(struct vp_config *config, int node,
                          size_t i); /* of a mapping; NULL: the key is no text */
const char *vp_config_text(struct vp_config *config, int node); /* NULL: no text */
bool vp_config_plain(struct vp_config *config,
                     int node); /* a text that was written without quotes */
char *vp_config_place(struct vp_config *config,
                      int node); /* "FILE:LINE:COLUMN"; caller frees; NULL: no memory */
int vp_config_wrong(struct vp_config *config, int node,
                    const char *text); /* records it with its position, returns -1 */
int vp_config_apply_node(struct vp_config *config, int node, const struct vp_config_into *into);

#endif
