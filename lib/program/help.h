/* --help and --list: option tables for people, wrapped at 80 columns. */
#ifndef VMPIPE_PROGRAM_HELP_H
#define VMPIPE_PROGRAM_HELP_H

#include <stdio.h>

#include "program/about.h"

void vp_help(const struct vp_about *about, const struct vp_option *rows, FILE *to);
/* The options of a plugin as key=value, after `indent` blanks. */
void vp_options_list(const struct vp_option *rows, int indent, FILE *to);

#endif
