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

static void put_stamp(FILE *to)
{
	char stamp[32];
	time_t now = time(NULL);
	struct tm parts;
	strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%S", localtime_r(&now, &parts));
	fputs(stamp, to);
}

/* Writes what the letter after % stands for. False: the letter stands for nothing. */
static bool put_letter(char letter, int64_t pid, FILE *to)
{
	switch (letter) {
	case 'p':
		if (pid < 0)
			fputs("none", to);
		else
			fprintf(to, "%lld", (long long)pid);
		return true;
	case 't': put_stamp(to); return true;
	case '%': fputc('%', to); return true;
	default: return false;
	}
}

char *vp_path_expand(const char *path, int64_t pid)
{
	char *made = NULL;
	size_t size;
	FILE *to = open_memstream(&made, &size);
	for (const char *c = path; to && *c; c++) {
		if (*c == '%' && put_letter(c[1], pid, to))
			c++;
		else
			fputc(*c, to);
	}
	if (to && fclose(to) == 0)
		return made;
	free(made);
	vp_no_memory();
	return NULL;
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
