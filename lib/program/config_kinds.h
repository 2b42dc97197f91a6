/* The rules of kinds that a YAML file adds. */
#ifndef VMPIPE_PROGRAM_CONFIG_KINDS_H
#define VMPIPE_PROGRAM_CONFIG_KINDS_H

#include "program/config.h"

/* Gives the rules of the top-level `kinds` to vp_kinds_add, in order. 0, or -1 (vp_error with
 * position). */
int vp_config_kinds(struct vp_config *config);

#endif
