/* What is said of the whole machine: linux.c, free.c and macos.c read texts, system.c asks the
 * running system. */
#ifndef SYSTEM_SOURCE_H
#define SYSTEM_SOURCE_H

#include "../kit/text.h"

/* One `system` line under way. A member is written once; what comes again is of no use. */
struct system_line {
	struct vp_parse_api *host;
	bool open;
	size_t count;
	char keys[256][40];
};

void system_num(struct system_line *line, const char *key, uint64_t value);
void system_json(struct system_line *line, const char *key, vp_str json);
void system_sec(struct system_line *line, const char *key, int64_t nanoseconds);
void system_str(struct system_line *line, const char *key, vp_str value);
bool system_has(const struct system_line *line, const char *key);
void system_end(struct system_line *line);

/* Each reads all reports of its kind in a text; -1: failed. */
int system_linux(
        struct vp_parse_api *host,
        vp_str text); /* meminfo, vmstat, pressure, nodes, with or without "==> FILE <==" */
int system_free(struct vp_parse_api *host, vp_str text);
int system_vm_stat(struct vp_parse_api *host, vp_str text);
int system_top(struct vp_parse_api *host, vp_str text);
int system_footprint(struct vp_parse_api *host, vp_str text, int64_t pid);

/* Whether a line is one of theirs. */
bool system_is_meminfo(vp_str line);
bool system_is_linux_head(vp_str line);
bool system_is_free(vp_str line);
bool system_is_vm_stat(vp_str line);
bool system_is_top(vp_str line);
bool system_is_footprint(vp_str line);
/* Whether it is one that stands below such a line, or around it. */
bool system_is_linux_beside(vp_str line);
bool system_is_free_beside(vp_str line);
const char *system_macos_beside(vp_str line); /* its format; NULL: it is none */

#endif
