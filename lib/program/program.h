/* What all programs share: their flags, their configuration, their plugins' options, and a flow.
 *
 * The one shape of main:
 *
 *   int main(int argc, char **argv)
 *   {
 *       struct vp_program program = { 0 };
 *       vp_program_start(&program, &about, rows, &state, argc, argv); // may exit: --help, wrong
 * use while (vp_flow_next(&program.flow)) { ... program.flow.record ... program.flow.out ... }
 *       return vp_program_finish(&program);
 *   }
 */
#ifndef VMPIPE_PROGRAM_PROGRAM_H
#define VMPIPE_PROGRAM_PROGRAM_H

#include "program/config.h"
#include "program/option.h"
#include "stream/flow.h"

#define VP_VERSION "0.1.0"

struct vp_about {
	const char *name;    /* "vm-track" */
	const char *usage;   /* "[FILE...]" : what follows the options */
	const char *summary; /* one sentence */
	const char *more;    /* further lines of --help, or NULL */
	const char *plugins; /* "source", "render" or NULL: what --list lists */
	const char *pairs;   /* KEY=VALUE of -O that are the program's own, as --list shows them; or
	                        NULL */
	bool stream; /* writes a stream: has a `stage` line; false: writes a picture or a verdict */
	bool ends;   /* takes `end` lines itself; vp_program_hold keeps one back until there is
	                another or none */
	bool alone;  /* neither reads nor writes lines: vm-run */
	bool yaml_first;             /* an argument in front of -- is the YAML file */
	const char *const *own_keys; /* of its section, which are no options; NULL-ended, or NULL */
	int trouble; /* the exit status of trouble, where it is not VP_TROUBLE; the program itself
	                turns program->status into it */
	const char *statuses; /* "0 the same; ...": what --help says of the exit status where it is
	                         not the usual; or NULL */
	bool source; /* reads no stream of lines: arguments are its own, stdin is left alone */
	/* Names --NAME as short for an option: returns true if taken (vm-sample --procfs, vm-render
	 * --svg, --table=X). */
	bool (*shorthand)(void *state, struct vp_options *options, const char *name,
	                  const char *value);
	/* For completions: the words that an option may have where its table does not say them, one
	 * a line; false: not known. */
	bool (*values)(const char *option, FILE *to);
};

/* Options that every program has. */
struct vp_common {
	bool quiet, verbose, list, help, version;
	const char *config_path, *output;
	const char *plugin_option; /* where the row of -O points to; the pairs are kept below */
	const char **plugin_pairs; /* -O key=value, in order */
	size_t plugin_pair_count;
	/* Not for people, but from vm-run: a part of the YAML that stands above the program's
	 * section ("vm-run/render/2"), and only to check what was asked for. */
	const char *section;
	bool check;
};

struct vp_placed {
	const char *text;
	char *place; /* "FILE:LINE:COLUMN" */
};

struct vp_program {
	const struct vp_about *about;
	struct vp_options options; /* the program's own */
	struct vp_common common;
	struct vp_config *config; /* or NULL */
	struct vp_option shared_rows[5];
	struct vp_options shared; /* of the common ones, those that YAML may set as well */
	struct vp_placed *placed; /* the plugin pairs that are YAML's */
	size_t placed_count;
	char **arguments; /* what follows the options; NULL-ended */
	int argument_count;
	int before_dashes; /* how many of them stood before `--`; argument_count where there was
	                      none */
	bool dashes;       /* there was a `--` */
	struct vp_flow flow;
};

/* Takes a program that is all zeros. Reads flags and YAML, exits on --help, --version, --list and
 * wrong usage; opens input and output. */
void vp_program_start(struct vp_program *program, const struct vp_about *about,
                      const struct vp_option *rows, void *state, int argc, char **argv);
/* Applies YAML sections and -O pairs to the options of plugins (see vp_options_init), each pair to
 * all that have such an option. Exits 2 on a wrong one. */
void vp_program_plugin_options(struct vp_program *program, struct vp_options *const *sets,
                               size_t count);
/* Everything that was asked for is understood, and nothing is done yet: with --check, the program
 * ends here. */
void vp_program_checked(struct vp_program *program);
extern const struct vp_option vp_common_rows[];   /* of all programs, for --help and completions */
void vp_program_free(struct vp_program *program); /* of a program that is alone: all that
                                                     vp_program_start made */
int vp_program_finish(
        struct vp_program *program); /* the account, the checked close; the exit status */

/* SIGINT: the first is ignored while input is a pipe, the second kills. vm-sample asks
 * vp_interrupted. */
void vp_signals_filter(struct vp_program *program);

#endif
