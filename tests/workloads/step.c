/* A process that is driven call by call: one command on each line of stdin, one result on each line
 * of stdout, no other calls between.
 *
 *   mmap 4 rw            -> ok 0x00007f0000000000   pages and permissions (r w x, - none);
 *                                                   "shared" may follow
 *   map 0x7f00.. 4 rw    -> ok 0x00007f00...        the same at a given address (MAP_FIXED)
 *   file PATH 4 r        -> ok 0x00007f0000010000
 *   munmap ADDRESS 2     -> ok
 *   mprotect ADDRESS 2 r -> ok
 *   touch ADDRESS 2      -> ok
 *   dontneed ADDRESS 2   -> ok
 *   mremap ADDRESS 4 8   -> ok ADDRESS              pages before and after; it may move
 *   move ADDRESS 4 TO    -> ok TO                   mremap to a given address (MREMAP_FIXED)
 *   name ADDRESS 4 WORD  -> ok                      names an anonymous region
 *   brk +16 | brk -16    -> ok 0x0000555500000000   pages; the new end of the heap
 *   stack 64             -> ok                      pages of stack, touched
 *   fork                 -> ok PID                  the child waits to be killed
 *   thread               -> ok                      with its own stack of 16 pages
 *   exec                 -> ready                   executes itself
 *   exit 3
 *
 * Prints "ready" first. A call that fails gives "error ENOMEM". The end of stdin ends the process.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#ifndef PR_SET_VMA
#define PR_SET_VMA           0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

enum { PAGE = 4096 };

static char word[5][256];
static int words;

static char *address(int i)
{
	return (char *)strtoul(word[i], NULL, 0);
}

static size_t bytes(int i)
{
	return strtoul(word[i], NULL, 0) * PAGE;
}

static int prot(int i)
{
	return (strchr(word[i], 'r') ? PROT_READ : 0) | (strchr(word[i], 'w') ? PROT_WRITE : 0) |
	       (strchr(word[i], 'x') ? PROT_EXEC : 0);
}

static void say_address(const void *at)
{
	if (at == MAP_FAILED)
		printf("error %s\n", strerrorname_np(errno));
	else
		printf("ok 0x%016lx\n", (unsigned long)at);
}

static void say(int failed)
{
	if (failed)
		printf("error %s\n", strerrorname_np(errno));
	else
		puts("ok");
}

static void map(char *at, int first)
{
	int flags = MAP_ANONYMOUS | (at ? MAP_FIXED : 0) |
	            (strcmp(word[first + 2], "shared") ? MAP_PRIVATE : MAP_SHARED);
	say_address(mmap(at, bytes(first), prot(first + 1), flags, -1, 0));
}

static void map_file(void)
{
	int fd = open(word[1], O_RDONLY);
	if (fd < 0)
		return say(1);
	say_address(mmap(NULL, bytes(2), prot(3), MAP_PRIVATE, fd, 0));
	close(fd);
}

static void touch(volatile char *at, size_t n)
{
	for (size_t i = 0; i < n; i += PAGE)
		at[i] = 1;
	say(0);
}

/* Recurses page by page, from a stack of any size. */
static int deeper(size_t pages)
{
	volatile char room[PAGE];
	room[0] = (char)pages;
	return (pages ? deeper(pages - 1) : 0) + room[0];
}

static void *waits(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void thread(void)
{
	pthread_t id;
	pthread_attr_t attr;
	void *stack = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE,
	                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	pthread_attr_init(&attr);
	if (stack == MAP_FAILED || pthread_attr_setstack(&attr, stack, 16 * PAGE))
		return say(1);
	errno = pthread_create(&id, &attr, waits, NULL);
	say(errno != 0);
}

static void child(void)
{
	pid_t pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		waits(NULL);
	}
	if (pid < 0)
		say(1);
	else
		printf("ok %d\n", (int)pid);
}

static void obey(char **argv)
{
	const char *call = word[0];
	if (!strcmp(call, "mmap"))
		map(NULL, 1);
	else if (!strcmp(call, "map"))
		map(address(1), 2);
	else if (!strcmp(call, "file"))
		map_file();
	else if (!strcmp(call, "munmap"))
		say(munmap(address(1), bytes(2)));
	else if (!strcmp(call, "mprotect"))
		say(mprotect(address(1), bytes(2), prot(3)));
	else if (!strcmp(call, "mremap"))
		say_address(mremap(address(1), bytes(2), bytes(3), MREMAP_MAYMOVE));
	else if (!strcmp(call, "move"))
		say_address(mremap(address(1), bytes(2), bytes(2), MREMAP_MAYMOVE | MREMAP_FIXED,
		                   address(3)));
	else if (!strcmp(call, "touch"))
		touch(address(1), bytes(2));
	else if (!strcmp(call, "dontneed"))
		say(madvise(address(1), bytes(2), MADV_DONTNEED));
	else if (!strcmp(call, "name"))
		say(prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, address(1), bytes(2), word[3]));
	else if (!strcmp(call, "brk"))
		say_address(sbrk(atol(word[1]) * PAGE) == (void *)-1 ? MAP_FAILED : sbrk(0));
	else if (!strcmp(call, "stack"))
		say(deeper(bytes(1) / PAGE) == -1);
	else if (!strcmp(call, "fork"))
		child();
	else if (!strcmp(call, "thread"))
		thread();
	else if (!strcmp(call, "exec"))
		execv("/proc/self/exe", argv), say(1);
	else if (!strcmp(call, "exit"))
		exit(atoi(word[1]));
	else
		puts("error unknown command");
}

/* Reads byte by byte: input after an exec must stay in the pipe. */
static int read_line(char *line, size_t size)
{
	size_t n = 0;
	while (n + 1 < size && read(0, line + n, 1) == 1 && line[n] != '\n')
		n++;
	line[n] = 0;
	return n > 0;
}

int main(int argc, char **argv)
{
	static char out[4096], line[1024];
	(void)argc;
	setvbuf(stdout, out, _IOLBF, sizeof out);
	puts("ready");
	while (read_line(line, sizeof line)) {
		memset(word, 0, sizeof word);
		words = sscanf(line, "%255s %255s %255s %255s %255s", word[0], word[1], word[2],
		               word[3], word[4]);
		if (words > 0)
			obey(argv);
	}
	return 0;
}
