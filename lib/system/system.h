/* What a program asks of its system. Each system has a file: system-SYSTEM.c. */
#ifndef VMPIPE_SYSTEM_SYSTEM_H
#define VMPIPE_SYSTEM_SYSTEM_H

#include <stddef.h>
#include <stdint.h>

/* The `host` member of the stream line; "" and 0: unknown. */
struct vp_system {
	char name[256], os[32], release[128], arch[128];
	uint64_t page, memory;  /* bytes */
	uint64_t cpus;          /* online */
	uint64_t max_map_count; /* regions that a process may have */
	int overcommit;         /* vm.overcommit_memory; -1: unknown */
};

void vp_system_facts(struct vp_system *facts);
/* The path of the running program, with links resolved and without a NUL. Returns its length; 0:
 * unknown. */
size_t vp_system_program(char *path, size_t size);
/* Finds the living processes, except this one, whose name or executable's last component is `name`,
 * by rising pid. 0, also if there is none; -1: vp_error. The caller frees *pids. */
int vp_system_find(const char *name, int64_t **pids, size_t *count);
/* Checks that the system names processes as we do. -1 (vp_error): /proc is that of another pid
 * namespace, so that an id there is another process here. */
int vp_system_same_ids(void);
/* Returns a descriptor that is readable when the process has ended; -1: errno (ENOSYS: the system
 * has none). */
int vp_system_watch(int64_t pid);

#endif
