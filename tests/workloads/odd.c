/* Rare mappings: memory without a folder, files with two names, a process that shares its memory
 * with another, a stack that grows at the end.
 *
 *   odd memory        memfd, shared and named memory without a file, System V segments
 *   odd links FOLDER  a file under two names, then under none; another file that is mapped, removed
 *                     and read again
 *   odd shared        a child in the same address space (clone with CLONE_VM) maps for both; then
 *                     the parent does
 *   odd deep          its stack grows, and it ends at once
 *   odd files FILE... maps each file
 *   odd silent WHAT [FOLDER]   changes its regions by no memory call: a ring for aio, memory
 *                     registered by userfaultfd, process_madvise, a stack that the kernel lets grow
 *                     (stack), a folder of a mapped file renamed (rename); a mapped file so deep
 *                     that its path is longer than 4096 bytes (depth)
 *   odd names FOLDER COUNT     after a line: so many files, each mapped for a moment and removed
 *   odd vfork         children by vfork map; one of them ends, one executes a program
 *
 * Prints "ready PID" afterwards, except for `odd deep`; then it waits for a line.
 */
#include <alloca.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
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

static void files(char **names)
{
	for (size_t i = 1; *names; names++, i++) {
		int fd = open(*names, O_RDWR | O_CREAT, 0600);
		CHECK(fd);
		CHECK(ftruncate(fd, 65536));
		map(4096 * i, PROT_READ, MAP_SHARED, fd, 0);
		close(fd);
	}
}

static void by_aio(void)
{
	unsigned long ring = 0;
	CHECK(syscall(SYS_io_setup, 128, &ring));
}

static void by_userfaultfd(void)
{
	char *at = map(40960, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register part = { .range = { (uintptr_t)at + 16384, 8192 },
		                        .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
	CHECK(fd);
	CHECK(ioctl(fd, UFFDIO_API, &api));
	CHECK(ioctl(fd, UFFDIO_REGISTER, &part));
}

static void by_process_madvise(void)
{
	char *at = map(40960, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec part = { at + 16384, 8192 };
	int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	CHECK(fd);
	CHECK(syscall(SYS_process_madvise, fd, &part, 1, MADV_DONTFORK, 0));
}

static void by_stack(void)
{
	int zero = open("/dev/zero", O_RDONLY);
	char *at = alloca(1 << 20);
	CHECK(read(zero, at, 4096));
}

static void by_rename(void)
{
	CHECK(mkdir("before", 0700));
	files((char *[]){ "before/file", NULL });
	CHECK(rename("before", "after"));
}

/* A path longer than a call takes. */
static void by_depth(void)
{
	char name[251];
	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = 0;
	for (int i = 0; i < 20; i++) {
		CHECK(mkdir(name, 0700));
		CHECK(chdir(name));
	}
	files((char *[]){ "file", NULL });
}

static void silent(const char *what, const char *folder)
{
	CHECK(chdir(folder));
	if (!strcmp(what, "aio"))
		by_aio();
	else if (!strcmp(what, "userfaultfd"))
		by_userfaultfd();
	else if (!strcmp(what, "process_madvise"))
		by_process_madvise();
	else if (!strcmp(what, "stack"))
		by_stack();
	else if (!strcmp(what, "rename"))
		by_rename();
	else if (!strcmp(what, "depth"))
		by_depth();
	else
		exit(2);
}

static void forked(void)
{
	int status;
	for (int i = 0; i < 2; i++) {
		int pid = vfork();
		if (pid == 0) {
			char *at =
			        mmap(NULL, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			mprotect(at + 65536, 65536, PROT_NONE);
			if (i)
				execl("/bin/true", "true", NULL);
			_exit(0);
		}
		CHECK(pid);
		CHECK(waitpid(pid, &status, 0));
	}
}

static void names(const char *folder, long count)
{
	char name[32];
	CHECK(chdir(folder));
	CHECK(read(STDIN_FILENO, name, 1)); /* so that a sampler can be ready, or stopped */
	for (long i = 0; i < count; i++) {
		snprintf(name, sizeof name, "f%ld", i);
		int fd = open(name, O_RDWR | O_CREAT, 0600);
		CHECK(fd);
		CHECK(ftruncate(fd, 4096));
		munmap(map(4096, PROT_READ, MAP_SHARED, fd, 0), 4096);
		close(fd);
		CHECK(unlink(name));
	}
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
	else if (!strcmp(what, "files") && argc > 2)
		files(argv + 2);
	else if (!strcmp(what, "silent") && argc > 2)
		silent(argv[2], argc > 3 ? argv[3] : ".");
	else if (!strcmp(what, "names") && argc > 3)
		names(argv[2], atol(argv[3]));
	else if (!strcmp(what, "vfork"))
		forked();
	else if (!strcmp(what, "deep"))
		_exit(deep(100) == 1);
	else
		return 2;
	char line[64];
	dprintf(STDOUT_FILENO, "ready %d\n", getpid());
	return read(STDIN_FILENO, line, sizeof line) < 0;
}
