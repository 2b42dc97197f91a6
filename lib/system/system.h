/* What a program asks of the system that it runs on. One file for each system: system-SYSTEM.c. */
#ifndef VMPIPE_SYSTEM_SYSTEM_H
#define VMPIPE_SYSTEM_SYSTEM_H

#include <stddef.h>
#include <stdint.h>

/* The `host` member of the stream line; "" and 0 where not known. */
struct vp_system {
	char name[256], os[32], release[128], arch[128];
	uint64_t page, memory;  /* bytes */
	uint64_t cpus;          /* online */
	uint64_t max_map_count; /* regions that a process may have */
};

void vp_system_facts(struct vp_system *facts);
/* The path of the running program, links followed, without a NUL behind it. Its length; 0: not
 * known. */
size_t vp_system_program(char *path, size_t size);
/* The living processes, but this one, whose name or whose executable's last component is `name`, by
 * rising pid. 0, none found is no failure; -1: vp_error. Caller frees *pids. */
int vp_system_find(const char *name, int64_t **pids, size_t *count);
/* A descriptor that polls readable when the process has ended; -1: errno (ENOSYS where there is no
 * such thing). */
int vp_system_watch(int64_t pid);

#endif
