/* Completion scripts for shells, made from the option tables: what --help shows is what Tab offers.
 */
#ifndef VMPIPE_PROGRAM_COMPLETE_H
#define VMPIPE_PROGRAM_COMPLETE_H

#include <stdio.h>

#include "program/about.h"

/* Answers `PROGRAM --complete WHAT`, which people have no use for:
 *
 *   bash, zsh, fish   the script of that shell
 *   source, renderer, plugins, options
 *                     words that a script asks for when Tab is pressed, one a line: the plugins
 * that can be found, of a kind or of all that the program has, and their options as "key="
 *
 * 0, or -1 (vp_error). */
int vp_complete(const char *what, const struct vp_about *about, const struct vp_option *rows,
                FILE *to);

#endif
