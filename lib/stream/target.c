/* Files that are written beside the old ones. On Linux they have no name at first (O_TMPFILE), so
 * that nothing is left of them if the program is killed. */
#include "stream/target.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#ifdef __linux__
#include <sys/xattr.h>
#endif
#include <unistd.h>

#include "base/error.h"

#ifndef O_PATH
#define O_PATH O_RDONLY
#endif

struct vp_target {
	struct vp_target *next; /* of those with a name of their own, for the end of the program */
	pid_t owner;            /* the process that removes it */
	int fd;                 /* the caller's */
	int folder;             /* -1: written in its place */
	int old;                /* the old file, for the case that it must be written; -1: none */
	bool replaces, begun, kept;
	char base[NAME_MAX + 1];
	char made[32]; /* its name before it is kept; "": none yet */
};

/* ---- which file a name means ---- */

/* Splits a path, in place: the folder, which is returned, and the last part. */
static const char *split(char *path, const char **base)
{
	char *slash = strrchr(path, '/');
	*base = slash ? slash + 1 : path;
	if (!slash)
		return ".";
	if (slash == path)
		return "/";
	*slash = 0;
	return path;
}

/* Reads N of /proc/self/fd/N, given the real folder: -1: it is none of this process. */
static int own_descriptor(const char *folder, const char *base)
{
	char own[64];
	snprintf(own, sizeof own, "/proc/%ld/fd", (long)getpid());
	if (strcmp(folder, own) != 0 || !*base || base[strspn(base, "0123456789")])
		return -1;
	return (int)strtol(base, NULL, 10);
}

/* Follows the links of the last part to the file that is meant. Returns 0: `real` is its real
 * folder and `base` its name; 1: it is the descriptor *fd; -1 (errno). */
static int locate(const char *path, char real[PATH_MAX], char base[NAME_MAX + 1], int *fd)
{
	char at[PATH_MAX], to[PATH_MAX];
	if (snprintf(at, sizeof at, "%s", path) >= (int)sizeof at) {
		errno = ENAMETOOLONG;
		return -1;
	}
	for (int links = 0; links < 40; links++) {
		const char *last, *folder = split(at, &last);
		if (!realpath(folder, real))
			return -1;
		if (snprintf(base, NAME_MAX + 1, "%s", last) > NAME_MAX) {
			errno = ENAMETOOLONG;
			return -1;
		}
		if ((*fd = own_descriptor(real, base)) >= 0)
			return 1;
		if (snprintf(at, sizeof at, "%s/%s", real, base) >= (int)sizeof at) {
			errno = ENAMETOOLONG;
			return -1;
		}
		ssize_t n = readlink(at, to, sizeof to - 1);
		if (n < 0)
			return 0; /* no link, or nothing there */
		to[n] = 0;
		int used = to[0] == '/' ? snprintf(at, sizeof at, "%s", to)
		                        : snprintf(at, sizeof at, "%s/%s", real, to);
		if (used >= (int)sizeof at) {
			errno = ENAMETOOLONG;
			return -1;
		}
	}
	errno = ELOOP;
	return -1;
}

/* ---- the end of the program ---- */

static struct vp_target *named;

static void remove_named(void)
{
	for (struct vp_target *one = named; one; one = one->next)
		if (one->owner == getpid() && one->made[0] && !one->kept)
			unlinkat(one->folder, one->made, 0);
}

static void note_named(struct vp_target *target)
{
	static bool registered;
	if (!registered)
		registered = atexit(remove_named) == 0;
	target->next = named;
	named = target;
}

static void forget_named(struct vp_target *target)
{
	struct vp_target **at = &named;
	while (*at && *at != target)
		at = &(*at)->next;
	if (*at)
		*at = target->next;
}

/* ---- the new file ---- */

/* Calls `make` with names that do not exist yet. Returns what it returns, or -1 (errno). */
static int with_new_name(struct vp_target *target, int (*make)(struct vp_target *target))
{
	static unsigned count;
	for (int tries = 0; tries < 100; tries++) {
		snprintf(target->made, sizeof target->made, ".vmpipe-%ld-%u", (long)getpid(),
		         count++);
		int made = make(target);
		if (made >= 0)
			return made;
		if (errno != EEXIST)
			break;
	}
	target->made[0] = 0;
	return -1;
}

static int create(struct vp_target *target)
{
	return openat(target->folder, target->made, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
}

static int give_link(struct vp_target *target, const char *name)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/self/fd/%d", target->fd);
	return linkat(AT_FDCWD, path, target->folder, name, AT_SYMLINK_FOLLOW);
}

static int link_made(struct vp_target *target)
{
	return give_link(target, target->made);
}

static int open_new(struct vp_target *target)
{
#ifdef O_TMPFILE
	if (access("/proc/self/fd", X_OK) == 0) {
		int fd = openat(target->folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
		if (fd >= 0)
			return fd;
	}
#endif
	int fd = with_new_name(target, create);
	if (fd >= 0)
		note_named(target);
	return fd;
}

/* Gives the new file the owner and the permissions of the old one. False: this user may not. */
static bool like_old(int fd, const struct stat *old)
{
	struct stat own;
	if (fstat(fd, &own))
		return false;
	if ((own.st_uid != old->st_uid || own.st_gid != old->st_gid) &&
	    fchown(fd, old->st_uid, old->st_gid))
		return false;
	return fchmod(fd, old->st_mode & 07777) == 0;
}

static bool has_acl(int fd)
{
#ifdef __linux__
	return fgetxattr(fd, "system.posix_acl_access", NULL, 0) > 0;
#else
	(void)fd;
	return false;
#endif
}

/* Can another file take the name of the old one, and be to everyone what it was? */
static bool replaceable(int old, const struct stat *info, int folder)
{
	struct stat around;
	return info->st_nlink == 1 && fstat(folder, &around) == 0 &&
	       around.st_dev == info->st_dev && !has_acl(old);
}

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Chooses between a new file and the old one, whose descriptor is `old` (-1: there is none).
 * Returns the descriptor to write, or -1 (errno). */
static int choose(struct vp_target *target, const char *real, int old, const struct stat *info)
{
	target->folder = open(real, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (target->folder < 0)
		return old;
	int fd = old < 0 || replaceable(old, info, target->folder) ? open_new(target) : -1;
	if (fd >= 0 && old >= 0 && !like_old(fd, info)) {
		if (target->made[0])
			unlinkat(target->folder, target->made, 0);
		forget_named(target);
		target->made[0] = 0;
		shut(&fd);
	}
	if (fd >= 0) {
		target->old = old;
		return fd;
	}
	int error = errno;
	shut(&target->folder);
	errno = error;
	return old;
}

static int open_path(struct vp_target *target, const char *path)
{
	struct stat info = { 0 };
	char real[PATH_MAX];
	int fd, old = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	if (old < 0 && errno != ENOENT)
		return -1;
	if (old >= 0 && fstat(old, &info)) {
		shut(&old);
		return -1;
	}
	if (old >= 0 && !S_ISREG(info.st_mode)) {
		target->kept = target->begun = true; /* a FIFO, a device: written as it is */
		return old;
	}
	int found = locate(path, real, target->base, &fd);
	if (found == 1) {
		shut(&old);
		target->kept = target->begun = true;
		return fcntl(fd, F_DUPFD_CLOEXEC, 3);
	}
	if (found < 0)
		return old; /* a name that cannot be followed, of a file that can be written */
	target->replaces = old >= 0;
	return choose(target, real, old, &info);
}

struct vp_target *vp_target_open(const char *path, int *fd)
{
	struct vp_target *target = calloc(1, sizeof *target);
	if (!target) {
		vp_no_memory();
		return NULL;
	}
	target->owner = getpid();
	target->folder = target->old = -1;
	target->fd = *fd = open_path(target, path);
	if (*fd >= 0)
		return target;
	vp_fail_errno("cannot write %s", path);
	vp_target_free(target);
	return NULL;
}

bool vp_target_replaces(const struct vp_target *target)
{
	return target->replaces;
}

int vp_target_begin(struct vp_target *target)
{
	if (target->begun)
		return 0;
	target->begun = true;
	return target->folder < 0 ? ftruncate(target->fd, 0) : 0;
}

/* ---- taking the name ---- */

/* Where the name cannot be taken: writes into the old file what the new one has, and goes on there
 * under the same descriptor. */
static int copy_into_old(struct vp_target *target)
{
	char bytes[65536];
	off_t at = 0;
	ssize_t n;
	if (ftruncate(target->old, 0))
		return -1;
	while ((n = pread(target->fd, bytes, sizeof bytes, at)) > 0) {
		for (ssize_t done = 0, m; done < n; done += m) {
			m = pwrite(target->old, bytes + done, (size_t)(n - done), at + done);
			if (m < 0 && errno == EINTR)
				m = 0;
			else if (m < 0)
				return -1;
		}
		at += n;
	}
	if (n < 0 || lseek(target->old, at, SEEK_SET) < 0)
		return -1;
	if (dup2(target->old, target->fd) < 0)
		return -1;
	return fcntl(target->fd, F_SETFD, FD_CLOEXEC) < 0 ? -1 : 0;
}

static int take_name(struct vp_target *target)
{
	if (!target->made[0] && !target->replaces) {
		if (give_link(target, target->base) == 0)
			return 0;
		if (errno != EEXIST)
			return -1;
	}
	if (!target->made[0] && with_new_name(target, link_made))
		return -1;
	return renameat(target->folder, target->made, target->folder, target->base);
}

int vp_target_keep(struct vp_target *target)
{
	if (target->kept)
		return 0;
	if (vp_target_begin(target))
		return -1;
	if (target->folder >= 0 && take_name(target)) {
		int error = errno;
		if (target->made[0])
			unlinkat(target->folder, target->made, 0);
		target->made[0] = 0;
		if (target->old < 0 || copy_into_old(target)) {
			errno = error;
			return -1;
		}
	}
	target->kept = true;
	forget_named(target);
	shut(&target->old);
	return 0;
}

void vp_target_free(struct vp_target *target)
{
	if (!target)
		return;
	if (target->made[0] && !target->kept)
		unlinkat(target->folder, target->made, 0);
	forget_named(target);
	shut(&target->folder);
	shut(&target->old);
	free(target);
}
