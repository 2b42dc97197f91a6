/* Option numa: on which nodes the memory of each region lies, by /proc/PID/numa_maps, as a line
 * below its row.
 *
 *   7f2485b55000 default file=/usr/lib/libc.so.6 anon=4 dirty=4 active=0 N0=3 N1=1
 * kernelpagesize_kB=4
 *   -> below the row that begins there:
 *   Numa: default N0=3 N1=1 4 kB
 *
 * Both files list the same regions in the same order; one that has come or gone between the two
 * reads has no such line.
 */
#include "scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int read_all(int fd, struct procfs_scanned *into)
{
	into->n = 0;
	for (;;) {
		if (scan_grow(into, 65536))
			return -1;
		ssize_t n = read(fd, into->text + into->n, into->size - into->n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return (int)n;
		into->n += (size_t)n;
	}
}

static vp_str next_word(vp_str *rest)
{
	while (rest->n && *rest->p == ' ') {
		rest->p++;
		rest->n--;
	}
	const char *blank = memchr(rest->p, ' ', rest->n);
	vp_str word = { rest->p, blank ? (size_t)(blank - rest->p) : rest->n };
	rest->p += word.n;
	rest->n -= word.n;
	return word;
}

static bool starts(vp_str word, const char *prefix)
{
	size_t n = strlen(prefix);
	return word.n > n && memcmp(word.p, prefix, n) == 0;
}

/* Makes our line from a row of numa_maps. A policy has no blank except "prefer (many)". */
static size_t line_of(vp_str row, char *to, size_t size)
{
	vp_str word, policy;
	unsigned long kb = 0;
	next_word(&row);
	policy = next_word(&row);
	size_t n = (size_t)snprintf(to, size, "Numa: %.*s", (int)(policy.n < 200 ? policy.n : 200),
	                            policy.p);
	while ((word = next_word(&row)).n) {
		bool node = word.n > 1 && word.n < 40 && *word.p == 'N' && word.p[1] >= '0' &&
		            word.p[1] <= '9';
		if (starts(word, "kernelpagesize_kB="))
			kb = strtoul(word.p + 18, NULL, 10);
		else if ((node || starts(word, "(many)")) && n + word.n + 40 < size)
			n += (size_t)sprintf(to + n, " %.*s", (int)word.n, word.p);
	}
	return n + (size_t)sprintf(to + n, " %lu kB\n",
	                           kb ? kb : (unsigned long)sysconf(_SC_PAGESIZE) / 1024);
}

/* Appends the line for the region at `start`, if there is one. */
static int put(struct procfs_scanned *to, vp_str *rows, uint64_t start)
{
	char line[8192];
	while (rows->n) {
		vp_str rest = *rows, row = procfs_line(&rest);
		uint64_t at = strtoull(row.p, NULL, 16);
		if (at > start)
			return 0;
		*rows = rest;
		if (at < start)
			continue;
		size_t n = line_of(row, line, sizeof line);
		if (scan_grow(to, n))
			return -1;
		memcpy(to->text + to->n, line, n);
		to->n += n;
		return 0;
	}
	return 0;
}

int procfs_numa_text(struct procfs_scanned *to, struct procfs_scanned *numa, int64_t pid,
                     vp_str text)
{
	char path[64];
	struct scan_row row;
	snprintf(path, sizeof path, "/proc/%lld/numa_maps", (long long)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int failed = fd < 0 ? -1 : read_all(fd, numa);
	if (fd >= 0)
		close(fd);
	vp_str rows = { numa->text, failed ? 0 : numa->n };
	to->n = 0;
	while (text.n) {
		vp_str line = procfs_line(&text);
		if (scan_grow(to, line.n + 1))
			return -1;
		memcpy(to->text + to->n, line.p, line.n);
		to->n += line.n;
		if (line.p + line.n < text.p)
			to->text[to->n++] = '\n';
		if (line.n && !(*line.p >= 'A' && *line.p <= 'Z') && scan_read_row(line, &row) &&
		    put(to, &rows, row.start))
			return -1;
	}
	return failed ? 1 : 0;
}

bool procfs_numa_there(void)
{
	return access("/proc/self/numa_maps", R_OK) == 0;
}
