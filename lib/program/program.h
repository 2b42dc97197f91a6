/* What all programs share: their flags, their YAML file, their plugins' options, and a flow.
 *
 * The one shape of main:
 *
 *   int main(int argc, char **argv)
 *   {
 *       static struct vp_program program;
 *       vp_program_start(&program, &about, rows, &state, argc, argv);
 *       while (vp_flow_next(&program.flow))
 *           on_line(&program.flow.record);
 *       return vp_program_finish(&program);
 *   }
 */
#ifndef VMPIPE_PROGRAM_PROGRAM_H
#define VMPIPE_PROGRAM_PROGRAM_H

#include "program/about.h"
#include "program/config.h"
#include "stream/flow.h"

#define VP_VERSION "0.1.0"

enum { VP_SHARED = 4 }; /* common options that YAML may set as well */

struct vp_placed {
	const char *text;
	char *place; /* "FILE:LINE:COLUMN" */
};

struct vp_program {
	const struct vp_about *about;
	struct vp_options options; /* the program's own */
	struct vp_common common;
	struct vp_config *config; /* or NULL */
	struct vp_option shared_rows[VP_SHARED + 1];
	struct vp_options shared; /* the common options that YAML may set as well */
	struct vp_placed *placed; /* the plugin pairs that are of YAML */
	size_t placed_count;
	char **arguments; /* what follows the options; NULL-ended */
	int argument_count;
	int before_dashes; /* how many of them are before `--`; all where there is none */
	bool dashes;       /* there is a `--` */
	struct vp_flow flow;
};

/* Starts a program that is all zeros: reads flags and YAML, opens input and output. Exits on
 * --help, --version, --list and wrong usage. */
void vp_program_start(struct vp_program *program, const struct vp_about *about,
                      const struct vp_option *rows, void *state, int argc, char **argv);
/* Applies YAML sections and -O pairs to the options of plugins (see vp_options_init; the owner is
 * the plugin's name), each pair to all that have such an option. Exits 2 on a wrong one. */
void vp_program_plugin_options(struct vp_program *program, struct vp_options *const *sets,
                               size_t count);
/* Called when all options are known to be right and nothing is done yet: exits if --check is given.
 */
void vp_program_checked(struct vp_program *program);
/* Refuses the path of a further output, an option's, if -o or an input is the same file: exits 2.
 */
void vp_program_output(struct vp_program *program, const char *option, const char *path);
/* Frees what vp_program_start made, for a program that is alone (about->alone). */
void vp_program_free(struct vp_program *program);
/* Finishes the flow and frees the program. Returns the exit status. */
int vp_program_finish(struct vp_program *program);

#endif
