/* Option tables at work: presets, YAML, -O and the command line fill a state. */
#ifndef VMPIPE_PROGRAM_OPTION_H
#define VMPIPE_PROGRAM_OPTION_H

#include <stdio.h>
#include "plugin.h"

/* Where a value comes from; a higher layer overrules a lower one. */
enum vp_layer {
	VP_LAYER_PRESET = 1,
	VP_LAYER_YAML,
	VP_LAYER_ITEM, /* an item of a list in YAML */
	VP_LAYER_COMMAND,
};

/* A table together with the state that it fills. A later value overrules an earlier one of the same
 * or a lower layer: YAML and command line may be read in any order. Values of a VP_OPT_LIST of one
 * layer are joined. */
struct vp_options {
	const struct vp_option *rows;
	void *state;
	const char *owner; /* for messages: "vm-sample", "procfs" */
	char **strings;    /* owned: the texts of STRING and LIST fields */
	size_t string_count;
	unsigned char *layer; /* by row: the layer that set it */
};

/* Sets the presets. Borrows rows and state until vp_options_free. 0, or -1 (vp_error). */
int vp_options_init(struct vp_options *options, const struct vp_option *rows, void *state,
                    const char *owner);
/* Sets one option; value NULL: given without one, which is true for a flag. 0, or -1 (vp_error): no
 * such option (the nearest is named), or a value outside its type or limits. */
int vp_options_set(struct vp_options *options, const char *name, const char *value,
                   enum vp_layer layer);
/* The same for "key=value", or "key" alone for a flag. */
int vp_options_pair(struct vp_options *options, const char *pair, enum vp_layer layer);
/* Whether YAML or the command line set the option. */
bool vp_options_given(const struct vp_options *options, const char *name);
const struct vp_option *vp_options_find(const struct vp_option *rows, const char *name);
/* The options in force as a JSON object for the stream line: {"interval":"100ms","count":3}. Caller
 * frees. NULL: no memory. */
char *vp_options_json(const struct vp_options *options);
/* Frees the texts; pointers of the state to them become NULL. */
void vp_options_free(struct vp_options *options);

#endif
