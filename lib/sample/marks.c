/* The FIFO is open for reading and writing: no writer has to wait, and there is no end of file when
 * one closes it. */
#include "sample/marks.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

#define AT_ONCE (1u << 20) /* bytes read before the other descriptors have their turn */

static int refuse(struct vp_marks *marks)
{
	if (marks->fd >= 0)
		close(marks->fd);
	marks->fd = -1;
	return vp_fail("%s exists and is no FIFO: name another file, or make one with `mkfifo %s`",
	               marks->path, marks->path);
}

/* Refuses a FIFO that is there already and not for us: of another user (root: only in a folder such
 * as /tmp, where anybody could have made it), or read by another program, whose lines would be
 * taken away. */
static int check_found(struct vp_marks *marks, const struct stat *info)
{
	char folder[PATH_MAX];
	struct stat around;
	const char *slash = strrchr(marks->path, '/');
	snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash + 1 - marks->path) : 1,
	         slash ? marks->path : ".");
	bool open_to_all = stat(folder, &around) != 0 || (around.st_mode & S_IWOTH);
	if (info->st_uid != geteuid() && (geteuid() != 0 || open_to_all))
		return vp_fail("the FIFO %s belongs to another user: name another file",
		               marks->path);
	int fd = open(marks->path, O_WRONLY | O_NONBLOCK | O_CLOEXEC); /* needs a reader */
	if (fd < 0)
		return 0;
	close(fd);
	return vp_fail("the FIFO %s is read by another program: name another file", marks->path);
}

int vp_marks_open(struct vp_marks *marks, const char *path)
{
	struct stat info;
	marks->fd = -1;
	marks->path = path;
	marks->used = 0;
	marks->dropped = 0;
	marks->made = mkfifo(path, 0600) == 0;
	if (!marks->made && errno != EEXIST)
		return vp_fail_errno("cannot make the FIFO %s", path);
	if (stat(path, &info) != 0)
		return vp_fail_errno("%s", path);
	if (!S_ISFIFO(info.st_mode))
		return refuse(marks); /* before it is opened: opening may change a device */
	if (!marks->made && check_found(marks, &info))
		return -1;
	marks->fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (marks->fd < 0)
		return vp_fail_errno("cannot read the FIFO %s", path);
	return fstat(marks->fd, &info) == 0 && S_ISFIFO(info.st_mode) ? 0 : refuse(marks);
}

/* Cuts "pid=42 " off a line; false: it does not begin so. */
static bool split_pid(vp_str *text, int64_t *pid)
{
	int64_t value = 0;
	size_t i = 4;
	if (text->n < 5 || memcmp(text->p, "pid=", 4) != 0)
		return false;
	for (; i < text->n && text->p[i] >= '0' && text->p[i] <= '9' && value < INT32_MAX; i++)
		value = value * 10 + (text->p[i] - '0');
	if (i == 4 || value > INT32_MAX || (i < text->n && text->p[i] != ' '))
		return false;
	if (i < text->n)
		i++;
	text->p += i;
	text->n -= i;
	*pid = value;
	return true;
}

static void pass_on(struct vp_marks *marks, vp_mark_take *take, void *ctx)
{
	vp_str text = { marks->line, marks->used };
	int64_t pid = -1;
	if (text.n) {
		split_pid(&text, &pid);
		take(ctx, pid, text, marks->dropped);
	}
	marks->used = 0;
	marks->dropped = 0;
}

static void gather(struct vp_marks *marks, const char *at, size_t n)
{
	size_t room = sizeof marks->line - marks->used, fits = n < room ? n : room;
	memcpy(marks->line + marks->used, at, fits);
	marks->used += fits;
	marks->dropped += n - fits;
}

void vp_marks_read(struct vp_marks *marks, vp_mark_take *take, void *ctx)
{
	char bytes[16384];
	ssize_t n;
	for (size_t all = 0; marks->fd >= 0 && all < AT_ONCE; all += (size_t)n) {
		while ((n = read(marks->fd, bytes, sizeof bytes)) < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		const char *at = bytes, *end = bytes + n, *newline;
		for (; (newline = memchr(at, '\n', (size_t)(end - at))); at = newline + 1) {
			gather(marks, at, (size_t)(newline - at));
			pass_on(marks, take, ctx);
		}
		gather(marks, at, (size_t)(end - at));
	}
}

void vp_marks_close(struct vp_marks *marks, vp_mark_take *take, void *ctx)
{
	struct stat ours, there;
	if (marks->fd < 0)
		return;
	vp_marks_read(marks, take, ctx);
	pass_on(marks, take, ctx);
	bool same = fstat(marks->fd, &ours) == 0 && lstat(marks->path, &there) == 0 &&
	            ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
	if (marks->made && same)
		unlink(marks->path);
	close(marks->fd);
	marks->fd = -1;
}
