/* Whether a killed process was killed for lack of memory, and which cgroup was at its limit.
 *
 *   version 2  memory.events         oom 2  oom_kill 3   each with all that is below
 *   version 1  memory.oom_control    oom_kill 3          of this cgroup alone
 *              memory.failcnt        17                  the limit was reached so often;
 *              memory.memsw.failcnt  0                   that of memory and swap together
 *
 * The kernel counts a killed process in its own cgroup. The limit may be of any level up; if no
 * level has reached its own, the machine ran out of memory.
 */
#include "inner.h"

#include <stdlib.h>
#include <string.h>

#define AGAIN  250000000 /* ns after which the counters are read anew */
#define CHARGE (2 << 20) /* bytes: the most that the kernel charges at once */

const struct cgroup_mount *procfs_cgroups(void)
{
	static struct cgroup_mount mount;
	static bool found;
	if (!found)
		cgroup_find(&mount, "/proc");
	found = true;
	return &mount;
}

void procfs_put_name(struct vp_sample_api *h, const char *key, const char *name)
{
	char redacted[REDACTED_MAX];
	vp_str text = { name, strlen(name) };
	if (h->redacting)
		text = (vp_str){ redacted, redact_name(h, text, redacted) };
	h->str(h, key, text);
}

static uint64_t count_in(const char *folder, const char *file, const char *word)
{
	uint64_t count = 0;
	cgroup_number(folder, file, word, &count);
	return count;
}

/* Reads the counters of a cgroup and of all above it. */
static void read_counters(const char *cgroup, struct procfs_oom *oom)
{
	const struct cgroup_mount *mount = procfs_cgroups();
	bool old = mount->version == 1;
	char path[CGROUP_PATH], folder[CGROUP_PATH];
	snprintf(path, sizeof path, "%s", cgroup);
	oom->kills = 0;
	oom->levels = 0;
	do {
		if (!cgroup_folder(mount, path, folder))
			return;
		if (!oom->levels)
			oom->kills = count_in(folder, old ? "memory.oom_control" : "memory.events",
			                      "oom_kill");
		oom->reached[oom->levels++] = old ? count_in(folder, "memory.failcnt", NULL)
		                                  : count_in(folder, "memory.events", "oom");
	} while (oom->levels < PROCFS_LEVELS && cgroup_up(path));
}

void procfs_oom_look(struct procfs_oom *oom, int64_t pid, int64_t now)
{
	char path[CGROUP_PATH];
	if (now < oom->due || !procfs_cgroups()->version)
		return;
	oom->due = now + AGAIN;
	if (!cgroup_of(procfs_cgroups(), "/proc", pid, path))
		return;
	if (!oom->cgroup || strcmp(oom->cgroup, path)) {
		free(oom->cgroup);
		oom->cgroup = strdup(path);
	}
	if (oom->cgroup)
		read_counters(oom->cgroup, oom);
}

/* Version 1: not every kernel counts in memory.memsw.failcnt. Whether the peak of memory and swap
 * together has come to their limit. */
static bool was_full(const char *path)
{
	char folder[CGROUP_PATH];
	uint64_t limit, peak;
	return procfs_cgroups()->version == 1 && cgroup_folder(procfs_cgroups(), path, folder) &&
	       cgroup_number(folder, "memory.memsw.limit_in_bytes", NULL, &limit) &&
	       cgroup_number(folder, "memory.memsw.max_usage_in_bytes", NULL, &peak) &&
	       peak + CHARGE >= limit;
}

void procfs_oom_put(struct procfs_oom *oom, struct vp_sample_api *h)
{
	struct procfs_oom now = { .levels = 0 };
	size_t level = 0;
	if (!oom->cgroup)
		return;
	read_counters(oom->cgroup, &now);
	if (now.kills <= oom->kills)
		return;
	h->json(h, "oom", (vp_str){ "true", 4 });
	for (; level < now.levels; level++) {
		if (now.reached[level] > oom->reached[level] || was_full(oom->cgroup)) {
			procfs_put_name(h, "cgroup", *oom->cgroup ? oom->cgroup : "/");
			return;
		}
		if (!cgroup_up(oom->cgroup))
			return;
	}
}

void procfs_oom_free(struct procfs_oom *oom)
{
	free(oom->cgroup);
	oom->cgroup = NULL;
}
