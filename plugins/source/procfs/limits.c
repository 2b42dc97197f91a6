/* The limits that a process lives under: its own (kit/limits.h), and the memory of its cgroup.
 *
 * What a cgroup above allows holds as well, so the least limit counts.
 */
#include "inner.h"
#include "../kit/limits.h"

/* Returns the least limit from this cgroup up to the root; 0: none. Shortens `path`. */
static uint64_t least_above(const struct cgroup_mount *mount, char path[CGROUP_PATH])
{
	char folder[CGROUP_PATH];
	uint64_t least = 0, limit;
	do {
		if (cgroup_folder(mount, path, folder) && cgroup_limit(mount, folder, &limit) &&
		    limit && (!least || limit < least))
			least = limit;
	} while (cgroup_up(path));
	return least;
}

static void put_cgroup(struct vp_sample_api *h, int64_t pid)
{
	const struct cgroup_mount *mount = procfs_cgroups();
	char path[CGROUP_PATH];
	if (!cgroup_of(mount, "/proc", pid, path) || !*path)
		return; /* the root has no limit */
	procfs_put_name(h, "cgroup", path);
	uint64_t limit = least_above(mount, path);
	if (limit)
		h->num(h, "memory_limit", limit);
}

void procfs_put_limits(struct vp_sample_api *h, int64_t pid)
{
	limits_put(h, pid);
	put_cgroup(h, pid);
}
