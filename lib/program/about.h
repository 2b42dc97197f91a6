/* What a program says of itself, and the options that all programs have. */
#ifndef VMPIPE_PROGRAM_ABOUT_H
#define VMPIPE_PROGRAM_ABOUT_H

#include <stdio.h>

#include "program/option.h"

struct vp_about {
	const char *name;    /* "vm-track" */
	const char *usage;   /* "[FILE...]": what follows the options */
	const char *summary; /* one sentence */
	const char *more;    /* further lines of --help, or NULL */
	const char *plugins; /* "source", "render" or NULL: what --list lists */
	const char *pairs;   /* KEY=VALUE of -O that are the program's own, for --list; or NULL */
	/* "0 the same; ...": the exit statuses for --help; NULL: the usual ones. */
	const char *statuses;
	int trouble;     /* the exit status of trouble; 0: VP_TROUBLE */
	bool stream;     /* writes a stream, with a `stage` line; false: a picture or a verdict */
	bool source;     /* reads no lines: arguments are its own, stdin is left alone */
	bool ends;       /* takes `end` lines itself (see struct vp_flow) */
	bool alone;      /* neither reads nor writes lines: vm-run */
	bool yaml_first; /* an argument before -- is the YAML file */
	/* Keys of its section that are no options; NULL-ended, or NULL. */
	const char *const *own_keys;
	/* Takes --NAME as short for an option: vm-sample --procfs, vm-render --table=X. False: the
	 * name means nothing. */
	bool (*shorthand)(void *state, struct vp_options *options, const char *name,
	                  const char *value);
	/* Writes the words that an option may have, where its table does not say them, one a line,
	 * for completions. False: not known. */
	bool (*values)(const char *option, FILE *to);
};

/* Options that every program has. */
struct vp_common {
	bool quiet, verbose, list, help, version;
	const char *config_path, *output;
	const char *plugin_option; /* the last -O; all of them are in plugin_pairs */
	const char **plugin_pairs; /* -O key=value, in order */
	size_t plugin_pair_count;
	/* From vm-run, and not in --help: the part of the YAML that overrules the program's section
	 * ("vm-run/render/2"), and a check of options and files without any work. */
	const char *section;
	bool check;
};

extern const struct vp_option vp_common_rows[]; /* fill a struct vp_common */

#endif
