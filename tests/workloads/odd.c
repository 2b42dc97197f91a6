/* Rare mappings: memory without a folder, files with two names, a process that shares its memory
 * with another, a stack that grows at the end.
 *
 *   odd memory        memfd, shared and named memory without a file, System V segments
 *   odd links FOLDER  a file under two names, then under none; another file that is mapped, removed
 *                     and read again
 *   odd shared        a child in the same address space (clone with CLONE_VM) maps for both; then
 *                     the parent does
 *   odd deep          its stack grows, and it ends at once
 *
 * Prints "ready PID" afterwards, except for the last one; then it waits for a line.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK(it)                    \
	do {                         \
		if ((it) == -1) {    \
			perror(#it); \
			exit(1);     \
		}                    \
	} while (0)

static void *map(size_t n, int protection, int flags, int fd, off_t at)
{
	void *got = mmap(NULL, n, protection, flags, fd, at);
	if (got == MAP_FAILED)
		perror("mmap"), exit(1);
	return got;
}

static void memory(void)
{
	int fd = memfd_create("a name\nof two", 0), zero = open("/dev/zero", O_RDWR),
	    id = shmget(IPC_PRIVATE, 65536, 0600);
	CHECK(ftruncate(fd, 65536));
	map(65536, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	map(4096, PROT_READ, MAP_PRIVATE, fd, 8192);
	map(1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	map(4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, zero, 0);
	map(4096, PROT_READ | PROT_WRITE, MAP_SHARED, zero, 0);
	if (shmat(id, NULL, 0) == (void *)-1)
		perror("shmat"), exit(1);
	CHECK(shmctl(id, IPC_RMID, NULL));
}

static void links(const char *folder)
{
	CHECK(chdir(folder));
	int fd = open("one", O_RDWR | O_CREAT, 0600), other,
	    gone = open("gone", O_RDWR | O_CREAT, 0600);
	CHECK(ftruncate(fd, 65536));
	CHECK(ftruncate(gone, 65536));
	CHECK(link("one", "other"));
	CHECK(other = open("other", O_RDWR));
	map(8192, PROT_READ, MAP_SHARED, fd, 0);
	map(8192, PROT_READ, MAP_PRIVATE, other, 0);
	char *at = map(8192, PROT_READ | PROT_WRITE, MAP_SHARED, gone, 0);
	CHECK(unlink("gone"));
	CHECK(mprotect(at, 8192, PROT_READ));
	at = map(8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	CHECK(rename("one", "renamed"));
	CHECK(mprotect(at, 8192, PROT_READ));
	munmap(map(4096, PROT_READ, MAP_PRIVATE, fd, 0), 4096);
}

static int child(void *nothing)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	char *at = map(1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(at + 65536, 65536);
	raise(SIGSTOP);
	return nothing != NULL;
}

static void shared(void)
{
	char *stack = map(65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int pid = clone(child, stack + 65536, CLONE_VM | SIGCHLD, NULL), status;
	CHECK(pid);
	CHECK(waitpid(pid, &status, WUNTRACED));
	map(1 << 20, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static int deep(int n)
{
	volatile char room[16384];
	memset((char *)room, n, sizeof room);
	return n ? deep(n - 1) + room[7] : room[5];
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	if (!strcmp(what, "memory"))
		memory();
	else if (!strcmp(what, "links") && argc > 2)
		links(argv[2]);
	else if (!strcmp(what, "shared"))
		shared();
	else if (!strcmp(what, "deep"))
		_exit(deep(100) == 1);
	else
		return 2;
	char line[64];
	dprintf(STDOUT_FILENO, "ready %d\n", getpid());
	return read(STDIN_FILENO, line, sizeof line) < 0;
}
