/* Measures the time from a sample to the last byte of the redrawn picture: four stages, the last
 * one on its own terminal.
 *
 *   picture LOOKS COMMAND    COMMAND is given to sh; its stdout is a terminal of 100 x 30
 *   -> "0.412 0.300 1.100": ms; median, least, most
 *
 * look.c, preloaded into vm-sample, notes the time of each sample: its first read at offset 0. The
 * picture is complete when nothing more arrives for QUIET ms. If no picture comes to its end within
 * LONGEST ms, as on a machine that is too busy, the measurement ends with those it has.
 */
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "look.h"

enum { QUIET = 12, FIRST = 5, LONGEST = 5000 };

static int64_t clock_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static struct looks *share(void)
{
	char path[] = "/tmp/looks-XXXXXX";
	int fd = mkstemp(path);
	if (fd < 0 || ftruncate(fd, sizeof(struct looks)))
		return NULL;
	setenv("VP_LOOKS", path, 1);
	return mmap(NULL, sizeof(struct looks), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

/* Returns the time of the last byte before a pause; 0: the end, or none within LONGEST ms. */
static int64_t burst(int terminal)
{
	char bytes[65536];
	int64_t last = 0, end = clock_ns() + LONGEST * INT64_C(1000000);
	struct pollfd fd = { .fd = terminal, .events = POLLIN };
	for (;;) {
		int ready = poll(&fd, 1, last ? QUIET : LONGEST);
		if (ready == 0)
			return last;
		if (clock_ns() > end)
			return 0;
		ssize_t n = read(terminal, bytes, sizeof bytes);
		if (n <= 0)
			return 0;
		last = clock_ns();
	}
}

int main(int argc, char **argv)
{
	int terminal, wanted = argc > 2 ? atoi(argv[1]) : 0, count = 0;
	struct winsize size = { .ws_row = 30, .ws_col = 100 };
	struct looks *looks = share();
	int64_t *took = calloc((size_t)wanted + 1, sizeof *took), last;
	if (wanted < 1 || !looks || !took)
		return fputs("usage: picture LOOKS COMMAND\n", stderr), 2;
	pid_t pid = forkpty(&terminal, NULL, NULL, &size);
	if (pid == 0)
		execl("/bin/sh", "sh", "-c", argv[2], (char *)NULL), _exit(127);
	for (int drawn = 0; count < wanted && (last = burst(terminal)); drawn++) {
		uint32_t n = looks->count;
		while (n && looks->at[(n - 1) % LOOKS] > last)
			n--; /* later samples do not belong to this picture */
		if (drawn >= FIRST && n)
			took[count++] = last - looks->at[(n - 1) % LOOKS];
	}
	kill(-pid, SIGKILL);
	waitpid(pid, NULL, 0);
	unlink(getenv("VP_LOOKS"));
	if (!count)
		return fputs("picture: nothing was drawn\n", stderr), 1;
	qsort(took, (size_t)count, sizeof *took, by_size);
	printf("%.3f %.3f %.3f\n", (double)took[count / 2] / 1e6, (double)took[0] / 1e6,
	       (double)took[count - 1] / 1e6);
	return 0;
}
