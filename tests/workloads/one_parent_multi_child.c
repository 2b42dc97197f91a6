/* A parent with three children: one maps and unmaps, one lets its heap grow and shrink, one maps several times. Between the marks of
 * single_basic.c, each child in its own life. */
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static char *map(size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void maps(void)
{
	munmap(map(48 << 10), 48 << 10);
}

static void grows(void)
{
	sbrk(64 << 10);
	sbrk(-(64 << 10));
}

static void maps_more(void)
{
	char *at[3];
	for (int i = 0; i < 3; i++) at[i] = map(48 << 10);
	for (int i = 0; i < 3; i++) munmap(at[i], 48 << 10);
}

int main(void)
{
	void (*const roles[])(void) = { maps, grows, maps_more };
	sbrk(0);
	madvise(NULL, 0, 0);
	for (int i = 0; i < 3; i++)
		if (fork() == 0) {
			roles[i]();
			_exit(i);
		}
	while (wait(NULL) > 0) continue;
	madvise(NULL, 0, 1);
	_exit(0);
}
