/* A parent maps memory and forks; the child maps more and executes /bin/sleep; the parent unmaps a part of its own. Between the marks
 * of single_basic.c. */
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	madvise(NULL, 0, 0);
	char *at = mmap(NULL, 48 << 10, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid_t child = fork();
	if (child == 0) {
		mmap(NULL, 24 << 10, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		execl("/bin/sleep", "sleep", argc > 1 ? argv[1] : "0.1", (char *)NULL);
		_exit(127);
	}
	munmap(at + (32 << 10), 16 << 10);
	madvise(NULL, 0, 1);
	waitpid(child, NULL, 0);
	_exit(0);
}
