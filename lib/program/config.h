/* The YAML file: each program reads its own section, by the same option tables as the command line.
 *
 *   vm-sample:
 *     interval: 50ms
 *     source: [procfs]
 *     procfs: { detail: smaps }     # options of a plugin, under its name
 *   kinds:                          # rules before the built-in ones, see config_kinds.h
 *     - { kind: model, name: "*.gguf", file: true }
 *
 * Messages begin with FILE:LINE:COLUMN. Refused are: a key given twice, several documents, more
 * than VP_CONFIG_MAX bytes, a NUL in a value. Aliases are followed.
 */
#ifndef VMPIPE_PROGRAM_CONFIG_H
#define VMPIPE_PROGRAM_CONFIG_H

#include "program/option.h"

#define VP_CONFIG_MAX (256u << 10)

struct vp_config;
struct vp_config *vp_config_read(const char *path); /* NULL: vp_error */
void vp_config_free(struct vp_config *config);      /* NULL: does nothing */

/* What a mapping may hold, and where its values go. */
struct vp_config_into {
	struct vp_options *options;
	struct vp_options *shared; /* options that every program has; NULL: none */
	const char *const *own;    /* keys that the caller reads itself, NULL-ended; NULL: none */
	bool plugins; /* keys that are names of plugins are allowed, and left to them */
	enum vp_layer layer;
};
/* Applies the section `name` of the top level, or of the section `within` where not NULL. No such
 * section: does nothing. 0, or -1 (vp_error with position). */
int vp_config_apply(struct vp_config *config, const char *within, const char *name,
                    const struct vp_config_into *into);
/* Checks that every top-level key is among `sections` (NULL-ended), or is `kinds`. */
int vp_config_check(struct vp_config *config, const char *const *sections);

/* Nodes, for what is no option. A node is a number; 0: there is none. */
enum vp_node { VP_NODE_NONE, VP_NODE_EMPTY, VP_NODE_TEXT, VP_NODE_LIST, VP_NODE_MAP };
/* Finds a node by a path of keys, and of places in lists from 1 on: "vm-run/render/2". */
int vp_config_find(struct vp_config *config, const char *path);
enum vp_node vp_config_node(struct vp_config *config, int node);
/* The number of items of a list or mapping; 0 for others. */
size_t vp_config_count(struct vp_config *config, int node);
int vp_config_item(struct vp_config *config, int node, size_t i);
/* A key of a mapping. NULL: the key is no text. */
const char *vp_config_key(struct vp_config *config, int node, size_t i);
const char *vp_config_text(struct vp_config *config, int node); /* NULL: no text */
bool vp_config_plain(struct vp_config *config, int node);       /* a text without quotes */
/* "FILE:LINE:COLUMN"; caller frees. NULL: no memory. */
char *vp_config_place(struct vp_config *config, int node);
/* Records a message with the node's position, returns -1. */
int vp_config_wrong(struct vp_config *config, int node, const char *text);
int vp_config_apply_node(struct vp_config *config, int node, const struct vp_config_into *into);

#endif
