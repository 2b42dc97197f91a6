/* Completion scripts for shells, made from the option tables: what --help shows is what Tab offers.
 */
#ifndef VMPIPE_PROGRAM_COMPLETE_H
#define VMPIPE_PROGRAM_COMPLETE_H

#include <stdio.h>

#include "program/about.h"

/* Answers `PROGRAM --complete WHAT`. 0, or -1 (vp_error).
 *
 *   bash, zsh, fish             the script of that shell
 *   source, renderer, plugins   names of plugins that can be found, one a line
 *   options                     the options of the program's plugins as "key=", one a line
 *   view, kind                  the values of that option of vm-render, one a line
 *
 * The scripts ask for plugins and options when Tab is pressed. */
int vp_complete(const char *what, const struct vp_about *about, const struct vp_option *rows,
                FILE *to);

#endif
