/* Option tables at work: presets, YAML, -O and the command line fill a state; --help and
 * completions print it. */
#ifndef VMPIPE_PROGRAM_OPTION_H
#define VMPIPE_PROGRAM_OPTION_H

#include <stdio.h>
#include "plugin.h"

enum vp_layer {
	VP_LAYER_PRESET = 1,
	VP_LAYER_YAML,
	VP_LAYER_ITEM /* one of several in YAML */,
	VP_LAYER_COMMAND
};

/* A table together with the state it fills. A later setting wins, but never over one of a higher
 * layer (so the order in which YAML and command line are read does not matter); VP_OPT_LIST of one
 * layer joins. */
struct vp_options {
	const struct vp_option *rows;
	void *state;
	const char *owner; /* for messages: "vm-sample", "source procfs" */
	char **strings;    /* owned: what STRING and LIST fields point to */
	size_t string_count;
	unsigned char *layer; /* by row: which layer set it, so that LIST joins in one only */
};

/* Sets the presets. rows and state are borrowed until vp_options_free. 0, -1. */
int vp_options_init(struct vp_options *options, const struct vp_option *rows, void *state,
                    const char *owner);
/* 0, or -1: no such option (the nearest known is named), or a value outside its type or limits.
 * A value of NULL is "given without one": true for a flag, an error for others. */
int vp_options_set(struct vp_options *options, const char *name, const char *value,
                   enum vp_layer layer);
int vp_options_pair(struct vp_options *options, const char *pair,
                    enum vp_layer layer); /* "key=value"; "key" alone for a flag */
bool vp_options_given(const struct vp_options *options,
                      const char *name); /* set by YAML or the command line */
const struct vp_option *vp_options_find(const struct vp_option *rows,
                                        const char *name); /* NULL: none */
/* Those in force as a JSON object, {"interval":"100ms","count":3}, for the stream line; NULL: no
 * memory. Caller frees. */
char *vp_options_json(const struct vp_options *options);
void vp_options_free(struct vp_options *options); /* the strings go with it: the state's pointers
                                                     are set to NULL */

#endif
