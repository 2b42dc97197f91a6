/* What the files of program/ share. */
#ifndef VMPIPE_PROGRAM_INNER_H
#define VMPIPE_PROGRAM_INNER_H

#include "program/program.h"

/* Reads the flags into the options of `program` and into `common`, the rest into its arguments.
 * Exits on wrong usage. */
void vp_arguments_read(struct vp_program *program, struct vp_options *common, char **argv);
/* Adds a pair of -O behind the others. Exits where there is no memory. */
void vp_arguments_pair(struct vp_program *program, const char *pair);
/* Says what is wrong, and how to see the usage; exits. */
_Noreturn void vp_wrong_usage(struct vp_program *program, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

#endif
