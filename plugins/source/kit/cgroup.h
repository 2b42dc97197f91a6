/* The memory control group of a process: where its files are, of version 1 and 2. */
#ifndef VMPIPE_SOURCE_KIT_CGROUP_H
#define VMPIPE_SOURCE_KIT_CGROUP_H

#include "plugin.h"

#include <stdio.h>

enum { CGROUP_PATH = 4096 };

struct cgroup_mount {
	int version;              /* 1 or 2; 0: no memory controller is mounted */
	char folder[CGROUP_PATH]; /* where it is mounted */
	char root[CGROUP_PATH];   /* which cgroup is mounted there; "" for the root */
};

/* Finds the memory controller in `proc`/self/mountinfo, version 1 first: where that has the
 * controller, version 2 has not. */
void cgroup_find(struct cgroup_mount *mount, const char *proc);
/* Reads the path of the process's memory cgroup, "" for the root, from `proc`/PID/cgroup. False:
 * unknown. */
bool cgroup_of(const struct cgroup_mount *mount, const char *proc, int64_t pid,
               char path[CGROUP_PATH]);
/* Makes the folder of a cgroup. False: it lies outside of what is mounted. */
bool cgroup_folder(const struct cgroup_mount *mount, const char *path, char folder[CGROUP_PATH]);
/* Shortens a path to the next level up. False: it was the root. */
bool cgroup_up(char *path);

/* Reads a small file below a folder as text. False: unreadable. */
bool cgroup_read(const char *folder, const char *file, char *into, size_t size);
/* Reads the number of a file, or of a word in it ("oom_kill 3"; NULL: of the whole file). False:
 * unreadable, or "max", which is no limit. */
bool cgroup_number(const char *folder, const char *file, const char *word, uint64_t *value);
/* The limit of a cgroup by itself. False: it has none. */
bool cgroup_limit(const struct cgroup_mount *mount, const char *folder, uint64_t *limit);

#endif
