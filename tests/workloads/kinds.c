/* A process with a region of each kind that a program can make; prints the kinds, and stays.
 *
 *   kinds DIRECTORY [churn]
 *   -> is thread-stack 0x00007f1c2b7fee58      (an address inside, from the thread itself)
 *      is guard 0x00007f1c2a7fe000
 *      ...
 *      ready
 *
 * With `churn` threads then begin and end, some with stacks of odd sizes: stacks are kept, reused
 * and given back. The process prints "done" afterwards, and stays.
 */
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

enum { PAGE = 4096, THREADS = 4 };

static __thread int of_thread = 1;
static char of_bss[3 << 20];
static int of_data = 1;
static const char of_rodata[] = "constant";
static pthread_barrier_t begun;

static void is(const char *kind, const volatile void *at)
{
	printf("is %s 0x%016lx\n", kind, (unsigned long)at);
}

static char *map(size_t bytes, int prot, int flags, int fd)
{
	char *at = mmap(NULL, bytes, prot, flags, fd, 0);
	if (at == MAP_FAILED)
		perror("mmap"), exit(1);
	return at;
}

/* Maps a region between pages that the kernel cannot merge with it. */
static char *alone(size_t bytes, int prot)
{
	char *at = map(bytes + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1) + PAGE;
	if (mprotect(at, bytes, prot))
		perror("mprotect"), exit(1);
	return at;
}

/* Maps 64 MiB at a multiple of 64 MiB. One start in 32 has such a mapping by chance; it is no
 * arena. */
static char *mapped_like_arena(void)
{
	const size_t unit = 64 << 20;
	char *room = map(3 * unit, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	char *at = room + unit - (uintptr_t)room % unit;
	munmap(room, 3 * unit);
	if (mmap(at, unit, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
	         0) != at)
		perror("mmap"), exit(1);
	return at;
}

static void *thread(void *unused)
{
	static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
	pthread_attr_t attr;
	void *stack;
	size_t size, guard;
	char *block = malloc(1000);
	pthread_getattr_np(pthread_self(), &attr);
	pthread_attr_getstack(&attr, &stack, &size);
	pthread_mutex_lock(&one);
	is("thread-stack", &size);
	is("thread-stack", &of_thread); /* its local storage is at the upper end */
	is("thread-stack", stack);
	pthread_attr_getguardsize(&attr, &guard);
	is("guard", (char *)stack - 1);
	is("guard", (char *)stack - guard);
	is("arena", block);
	pthread_mutex_unlock(&one);
	pthread_barrier_wait(&begun);
	pause();
	return unused;
}

static void threads(void)
{
	pthread_t id;
	pthread_attr_t attr;
	pthread_barrier_init(&begun, NULL, THREADS + 4);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&id, NULL, thread, NULL);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 19 * PAGE); /* an unusual size */
	pthread_create(&id, &attr, thread, NULL);
	for (size_t guard = 256 << 10; guard <= 2 << 20;
	     guard *= 8) { /* larger than usual guards */
		pthread_attr_setguardsize(&attr, guard);
		pthread_attr_setstacksize(&attr, guard + (300 << 10));
		pthread_create(&id, &attr, thread, NULL);
	}
	pthread_barrier_wait(&begun);
}

static void shared(const char *directory)
{
	char name[64], path[512];
	int fd, id = shmget(IPC_PRIVATE, 8 * PAGE, IPC_CREAT | 0600);
	if (id >= 0) {
		is("shm", shmat(id, NULL, 0));
		shmctl(id, IPC_RMID, NULL);
	}
	snprintf(name, sizeof name, "/vmpipe-kinds-%d", (int)getpid());
	if ((fd = shm_open(name, O_RDWR | O_CREAT, 0600)) >= 0) {
		if (ftruncate(fd, 8 * PAGE))
			perror("ftruncate");
		is("shm", map(8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd));
		shm_unlink(name);
	}
	is("shm", map(8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1));
	if ((fd = memfd_create("kinds", 0)) >= 0) {
		if (ftruncate(fd, 8 * PAGE))
			perror("ftruncate");
		is("jit", map(8 * PAGE, PROT_READ | PROT_EXEC, MAP_SHARED,
		              fd)); /* the same memory twice: written there, executed here */
		is("memfd", map(8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd));
	}
	snprintf(path, sizeof path, "%s/face.ttf", directory);
	if ((fd = open(path, O_RDWR | O_CREAT, 0600)) >= 0 && ftruncate(fd, PAGE) == 0)
		is("font", map(PAGE, PROT_READ, MAP_PRIVATE, fd));
	snprintf(path, sizeof path, "%s/plain", directory);
	if ((fd = open(path, O_RDWR | O_CREAT, 0600)) >= 0 && ftruncate(fd, PAGE) == 0)
		is("file", map(PAGE, PROT_READ, MAP_PRIVATE, fd));
	if ((fd = open("/dev/zero", O_RDWR)) >= 0)
		is("anon", map(PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd));
}

static void other(void)
{
	char *at = mmap(NULL, 2 << 20, PROT_READ | PROT_WRITE,
	                MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (at != MAP_FAILED)
		is("huge", at);
	is("jit", alone(4 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC));
	is("jit", alone(4 * PAGE, PROT_READ | PROT_EXEC));
	is("jit",
	   map(4 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED | MAP_ANONYMOUS, -1));
	at = map(16 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (mprotect(at + PAGE, (15 << 20) + (512 << 10), PROT_READ | PROT_WRITE))
		perror("mprotect");
	is("anon", at + PAGE);
	is("reserved", at + (16 << 20) - 1); /* the small rest of a pool is no guard */
	is("anon", alone(5 << 20, PROT_READ | PROT_WRITE));
	printf("is anon 0x%016lx as large as a stack\n",
	       (unsigned long)alone(8 << 20, PROT_READ | PROT_WRITE)); /* above a guard */
	is("anon", malloc(3 << 20));
	is("anon", mapped_like_arena());
	is("reserved",
	   map((size_t)10 << 30, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1));
	at = map((size_t)10 << 30, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1) +
	     ((size_t)2 << 30);
	if (mprotect(at, 17 * 65536, PROT_READ | PROT_WRITE))
		perror("mprotect");
	is("wasm", at);
}

static void *brief(void *unused)
{
	volatile char frame[20000];
	memset((char *)frame, 1, sizeof frame);
	usleep(3000);
	return unused;
}

static void churn(void)
{
	for (int round = 0; round < 60; round++) {
		pthread_t ids[5];
		pthread_attr_t attr;
		pthread_attr_init(&attr);
		if (round % 3 == 1)
			pthread_attr_setstacksize(&attr, (size_t)(64 + round) * PAGE);
		for (int i = 0; i < 5; i++)
			pthread_create(&ids[i], &attr, brief, NULL);
		for (int i = 0; i < 5; i++)
			pthread_join(ids[i], NULL);
	}
}

int main(int argc, char **argv)
{
	int local = 0;
	if (argc < 2)
		return 2;
	setlocale(LC_ALL, "");
	is("stack", &local);
	is("tls", &of_thread);
	is("heap", malloc(100));
	is("data", &of_data);
	is("rodata", of_rodata);
	is("bss", of_bss + sizeof of_bss - 1);
	is("text", (void *)main);
	threads();
	shared(argv[1]);
	other();
	puts("ready");
	fflush(stdout);
	if (argc > 2)
		churn();
	if (argc > 2)
		puts("done"), fflush(stdout);
	for (;;)
		pause();
}
