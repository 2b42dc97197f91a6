/* Option tables at work: presets, YAML, -O and the command line fill a state; --help and completions print it. */
#ifndef VMPIPE_OPTION_H
#define VMPIPE_OPTION_H

#include <stdio.h>
#include "plugin.h"

/* A table together with the state it fills. Later settings win; VP_OPT_LIST of one layer joins. */
struct vp_options {
	const struct vp_option *rows;
	void *state;
	const char *owner; /* for messages: "vm-sample", "source procfs" */
	char **strings;    /* owned: what STRING and LIST fields point to */
	size_t string_count;
	unsigned char *layer; /* by row: which layer set it (see below), so that LIST joins in one only */
};

enum vp_layer { VP_LAYER_PRESET = 1, VP_LAYER_YAML, VP_LAYER_COMMAND };

int  vp_options_init(struct vp_options *options, const struct vp_option *rows, void *state, const char *owner); /* sets presets */
/* 0, or -1: no such option (the nearest known is named), or a value outside its type or limits. */
int  vp_options_set(struct vp_options *options, const char *name, const char *value, enum vp_layer layer);
int  vp_options_pair(struct vp_options *options, const char *pair, enum vp_layer layer); /* "key=value"; "key" alone for a flag */
bool vp_options_given(const struct vp_options *options, const char *name); /* set by YAML or the command line */
void vp_options_help(const struct vp_option *rows, FILE *to);
/* "{"interval":"100ms",...}": those in force, as JSON members for the stream line. Caller frees. */
char *vp_options_json(const struct vp_options *options);
void vp_options_free(struct vp_options *options);

/* Of several words the one nearest to `word` (edit distance at most 2 or a third of it), or NULL. */
const char *vp_nearest(const char *word, const char *const *words, size_t count);
int vp_parse_time(const char *text, int64_t *nanoseconds);   /* 0, -1 (vp_error) */
int vp_parse_size(const char *text, uint64_t *bytes);

#endif
