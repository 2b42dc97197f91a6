/* Lines of /proc/PID/status before the rows of a sample: what RSS does not count.
 *
 *   VmHWM:	  281624 kB
 *   VmPTE:	  411040 kB
 *   HugetlbPages:	       0 kB
 *   Threads:	3
 *   -> members of the snapshot:
 * "rss_peak":288382976,"page_tables":420904960,"hugetlb":0,"threads":3
 *
 * The other lines change at each sample, or repeat what the regions say. HugetlbPages came with
 * Linux 4.4. */
#include "inner.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct {
	const char *key, *member;
	bool kb;
} lines[PROCFS_STATUS] = {
	{ "VmHWM:", "rss_peak", true },
	{ "VmPTE:", "page_tables", true },
	{ "HugetlbPages:", "hugetlb", true },
	{ "Threads:", "threads", false },
};

static int index_of(vp_str line)
{
	for (int i = 0; i < PROCFS_STATUS; i++) {
		size_t n = strlen(lines[i].key);
		if (line.n > n && !memcmp(line.p, lines[i].key, n))
			return i;
	}
	return -1;
}

size_t procfs_status_text(int64_t pid, char to[PROCFS_STATUS_TEXT])
{
	char path[64], text[8192];
	snprintf(path, sizeof path, "/proc/%lld/status", (long long)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text);
	size_t n = 0;
	if (fd >= 0)
		close(fd);
	for (vp_str rest = { text, got > 0 ? (size_t)got : 0 }; rest.n;) {
		vp_str line = procfs_line(&rest);
		if (index_of(line) < 0 || n + line.n + 1 > PROCFS_STATUS_TEXT)
			continue;
		memcpy(to + n, line.p, line.n);
		n += line.n;
		to[n++] = '\n';
	}
	return n;
}

bool procfs_status_line(vp_str line, struct procfs_status *status)
{
	char number[32] = "", *end;
	int i = index_of(line);
	if (i < 0)
		return false;
	size_t key = strlen(lines[i].key), n = line.n - key;
	if (n >= sizeof number)
		return false;
	memcpy(number, line.p + key, n);
	unsigned long long value = strtoull(number, &end, 10);
	if (end == number || strcmp(end, lines[i].kb ? " kB" : "") || value >> 43)
		return false;
	status->value[i] = lines[i].kb ? value << 10 : value;
	status->known |= 1u << i;
	return true;
}

size_t procfs_status_members(const struct procfs_status *status, char *to, size_t size)
{
	size_t n = 0;
	to[0] = 0;
	for (int i = 0; i < PROCFS_STATUS && n < size; i++)
		if (status->known >> i & 1)
			n += (size_t)snprintf(to + n, size - n, "%s\"%s\":%llu", n ? "," : "",
			                      lines[i].member,
			                      (unsigned long long)status->value[i]);
	return n < size ? n : 0;
}
