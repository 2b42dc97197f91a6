/* Shared by the files of the source system: linux.c, free.c and macos.c read texts, system.c reads
 * the running system. */
#ifndef SYSTEM_SOURCE_H
#define SYSTEM_SOURCE_H

#include "../kit/text.h"

/* A `system` line in the making. A repeated member is ignored. */
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

/* Each reads all reports of its kind in a text. Returns 0, or -1 (fail). */
int system_linux(
        struct vp_parse_api *host,
        vp_str text); /* meminfo, vmstat, pressure, nodes, with or without "==> FILE <==" */
int system_free(struct vp_parse_api *host, vp_str text);
int system_vm_stat(struct vp_parse_api *host, vp_str text);
int system_vmstat(struct vp_parse_api *host, vp_str text);
int system_cgroup(struct vp_parse_api *host, vp_str text);
int system_top(struct vp_parse_api *host, vp_str text);
int system_footprint(struct vp_parse_api *host, vp_str text, int64_t pid);

/* Whether a line belongs to a report of that kind. */
bool system_is_meminfo(vp_str line);
bool system_is_linux_head(vp_str line);
bool system_is_free(vp_str line);
bool system_is_vm_stat(vp_str line);
bool system_is_top(vp_str line);
bool system_is_vmstat(vp_str line);
bool system_is_cgroup(vp_str line);
bool system_is_footprint(vp_str line);
/* Whether a line may surround such lines. */
bool system_is_linux_beside(vp_str line);
bool system_is_free_beside(vp_str line);
bool system_is_free_text(vp_str text); /* the whole text has a report in another language */
bool system_is_vmstat_beside(vp_str line);
bool system_is_cgroup_beside(vp_str line);
bool system_is_cgroup_text(vp_str text);      /* lines of memory.stat, and no heading above them */
const char *system_macos_beside(vp_str line); /* returns its format; NULL: of none */

#endif
