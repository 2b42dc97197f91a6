/* Known regions of every sort, some with hostile names, that never change afterwards.
 *
 *   still DIRECTORY
 *   -> region 0x00007f0000000000 0x00007f0000004000 rw-p anon
 *      ... one such line for each region, then
 *      ready
 *
 * A page without permissions separates each region from the next, so that the kernel merges none.
 * Files with the hostile names are made in DIRECTORY, an empty folder of the caller.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGE = 4096 };

static const char *const names[] = {
	"plain.bin",        "with space.bin", "two  spaces ",
	"tab\there",        "new\nline",      "esc\033[31mred\033[0m",
	"quote\"'`$(id)",   "back\\slash",    "<script>alert(1)<",
	"\xff\xfe no utf8", "caf\xc3\xa9",    "real (deleted)",
	"[heap]",           "012\\012",
};

static const char *prot_words(int prot, char share)
{
	static char words[5];
	words[0] = prot & PROT_READ ? 'r' : '-';
	words[1] = prot & PROT_WRITE ? 'w' : '-';
	words[2] = prot & PROT_EXEC ? 'x' : '-';
	words[3] = share;
	return words;
}

/* Finds a free place between two guards. */
static char *place(size_t bytes)
{
	char *room = mmap(NULL, bytes + 2 * PAGE, PROT_NONE,
	                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (room == MAP_FAILED)
		perror("mmap"), exit(1);
	return room + PAGE;
}

static void map(const char *what, size_t bytes, int prot, int flags, int fd, size_t touched)
{
	char *at = mmap(place(bytes), bytes, prot, flags | MAP_FIXED, fd, 0);
	if (at == MAP_FAILED)
		perror(what), exit(1);
	if (prot == PROT_NONE)
		madvise(at, bytes, MADV_DONTFORK); /* otherwise it would merge with its guards */
	for (size_t i = 0; i < touched; i += PAGE) {
		if (prot & PROT_WRITE)
			at[i] = 1;
		else
			(void)*(volatile char *)(at + i);
	}
	printf("region 0x%016lx 0x%016lx %s %s\n", (unsigned long)at, (unsigned long)at + bytes,
	       prot_words(prot, flags & MAP_SHARED ? 's' : 'p'), what);
}

static void map_file(int dir, const char *name, bool gone)
{
	int fd = openat(dir, name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || ftruncate(fd, 2 * PAGE))
		perror("file"), exit(1);
	map("file", 2 * PAGE, PROT_READ, MAP_PRIVATE, fd, PAGE);
	if (gone)
		unlinkat(dir, name, 0);
	close(fd);
}

int main(int argc, char **argv)
{
	static char buffer[1 << 16];
	setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
	int dir = argc > 1 ? open(argv[1], O_RDONLY | O_DIRECTORY) : -1;
	if (dir < 0)
		return fputs("usage: still DIRECTORY\n", stderr), 1;
	map("anon", 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 3 * PAGE);
	map("untouched", 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	map("readonly", 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	map("executable", 2 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
	    -1, PAGE);
	map("shared", 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 2 * PAGE);
	map("reserve", (size_t)1 << 36, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
	    0);
	int memory = memfd_create("a memfd", 0);
	if (memory >= 0 && !ftruncate(memory, 4 * PAGE))
		map("memfd", 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, memory, PAGE);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		map_file(dir, names[i], false);
	map_file(dir, "unlinked", true);
	char *heap = sbrk(64 * PAGE);
	if (heap != (void *)-1)
		memset(heap, 1, 8 * PAGE);
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
