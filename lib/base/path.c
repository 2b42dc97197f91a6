/* Names of output files, with what they ask for filled in. */
#include "base/path.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"

#define LONGEST 20 /* bytes that stand for %p or %t at most: a number of 64 bits */

static size_t put_stamp(char *to)
{
	time_t now = time(NULL);
	struct tm parts;
	return strftime(to, LONGEST + 1, "%Y%m%dT%H%M%S", localtime_r(&now, &parts));
}

/* Writes what the letter after % stands for. Returns its length; 0: the letter stands for nothing.
 */
static size_t put_letter(char letter, int64_t pid, char *to)
{
	switch (letter) {
	case 'p':
		if (pid < 0)
			return (size_t)snprintf(to, LONGEST + 1, "none");
		return (size_t)snprintf(to, LONGEST + 1, "%lld", (long long)pid);
	case 't': return put_stamp(to);
	case '%': *to = '%'; return 1;
	default: return 0;
	}
}

char *vp_path_expand(const char *path, int64_t pid)
{
	/* Two letters become LONGEST bytes at most. */
	char *made = malloc(strlen(path) * (LONGEST / 2) + LONGEST + 1), *to = made;
	if (!made) {
		vp_no_memory();
		return NULL;
	}
	for (const char *c = path; *c; c++) {
		size_t n = *c == '%' ? put_letter(c[1], pid, to) : 0;
		c += n > 0;
		if (!n)
			*to = *c;
		to += n ? n : 1;
	}
	*to = 0;
	return made;
}

static bool is_standard(const char *path)
{
	return !strcmp(path, "-");
}

static bool stat_path(const char *path, int standard, struct stat *info)
{
	return (is_standard(path) ? fstat(standard, info) : stat(path, info)) == 0;
}

/* Replaces a link that leads nowhere by the name it has for the file. False: it is none. */
static bool follow(char path[PATH_MAX])
{
	char to[PATH_MAX];
	ssize_t n = readlink(path, to, sizeof to - 1);
	const char *slash = strrchr(path, '/');
	if (n <= 0)
		return false;
	to[n] = 0;
	size_t kept = to[0] == '/' || !slash ? 0 : (size_t)(slash + 1 - path);
	return snprintf(path + kept, PATH_MAX - kept, "%s", to) < (int)(PATH_MAX - kept);
}

/* Reads the folder of a file that does not exist yet. Returns the file's name, within `path`; NULL:
 * there is no such folder. */
static const char *stat_folder(char path[PATH_MAX], struct stat *info)
{
	for (int links = 0; links < 40 && follow(path); links++)
		continue;
	char *slash = strrchr(path, '/');
	if (!slash)
		return stat(".", info) ? NULL : path;
	char name = slash[1];
	slash[1] = 0;
	bool there = stat(path, info) == 0;
	slash[1] = name;
	return there ? slash + 1 : NULL;
}

static bool same_name(const char *first, const char *output)
{
	struct stat a, b;
	char one[PATH_MAX], other[PATH_MAX];
	if (is_standard(first) || is_standard(output) ||
	    snprintf(one, sizeof one, "%s", first) >= (int)sizeof one ||
	    snprintf(other, sizeof other, "%s", output) >= (int)sizeof other)
		return false;
	const char *x = stat_folder(one, &a), *y = stat_folder(other, &b);
	return x && y && a.st_dev == b.st_dev && a.st_ino == b.st_ino && !strcmp(x, y);
}

bool vp_path_same(const char *first, const char *output)
{
	struct stat a, b;
	bool there = stat_path(first, STDIN_FILENO, &a);
	if (there != stat_path(output, STDOUT_FILENO, &b))
		return false;
	if (there)
		return S_ISREG(a.st_mode) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
	return same_name(first, output);
}
