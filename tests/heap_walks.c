/* Holds the walks of plugins/source/heap/unwind.preload.c against backtrace() of the C library,
 * which has an unwinder of its own. Says "equal N" for N stacks, or which differ.
 *
 *   heap_walks          stacks of each kind
 *   heap_walks speed    nanoseconds of a walk of 8 frames, of the same and of changing
 * stacks
 */
#include "../plugins/source/kit/cfi_rule.c"
#include "../plugins/source/heap/unwind.preload.c"

#include <execinfo.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <ucontext.h>

static __thread struct unwind_thread own;
static unsigned equal, unequal, most = UNWIND_MOST;
static bool may_be_cut;

static __attribute__((noinline)) unsigned walk_here(void)
{
	struct unwind_start start = UNWIND_HERE;
	return unwind_walk(&own, &start, most, UNWIND_AUTO);
}

static uint64_t hash_of(const struct unwind_thread *thread)
{
	uint64_t hash = thread->cut;
	for (unsigned i = UNWIND_MOST; i-- > thread->first;)
		hash = mix(hash, thread->frames[i].pc);
	return hash;
}

/* Compares both walks from here on. `what` names the case. */
static __attribute__((noinline)) void compare(const char *what)
{
	void *theirs[2 * UNWIND_MOST];
	unsigned n = walk_here(), m = (unsigned)backtrace(theirs, 2 * UNWIND_MOST);
	const struct unwind_frame *ours = unwind_frames(&own);
	bool same = (m > most ? n == most && own.cut : n == m && (may_be_cut || !own.cut)) &&
	            own.frames[own.first].hash == hash_of(&own);
	/* The innermost frame is this function, at another call. */
	for (unsigned i = 1; same && i < n; i++)
		same = ours[i].pc == (uintptr_t)theirs[i];
	if (same) {
		equal++;
		return;
	}
	unequal++;
	printf("%s: differs: %u frames%s, expected %u\n", what, n, own.cut ? " (cut)" : "", m);
	for (unsigned i = 0; i < n || i < m; i++)
		printf("  %2u %12llx %12llx\n", i, i < n ? (unsigned long long)ours[i].pc : 0ull,
		       i < m ? (unsigned long long)(uintptr_t)theirs[i] : 0ull);
}

static volatile unsigned sink;

static __attribute__((noinline)) void deep(unsigned n, const char *what)
{
	if (n)
		deep(n - 1, what);
	else
		compare(what);
	sink++;
}

static __attribute__((noinline)) void large(const char *what)
{
	volatile char room[300000];
	room[sink % sizeof room] = 1;
	compare(what);
	room[0] = 2;
}

static __attribute__((noinline)) void varying(size_t n, const char *what)
{
	volatile char *room = __builtin_alloca(n);
	room[0] = 1;
	compare(what);
	room[n - 1] = 2;
}

typedef double lanes __attribute__((vector_size(64)));
static __attribute__((noinline)) void aligned(const char *what)
{
	volatile lanes room[4] __attribute__((aligned(64)));
	room[sink % 4][0] = 1;
	compare(what);
	sink += room[1][0] > 2;
}

#if defined(__x86_64__)
void saving(const char *what);
void compare_for(const char *what);
__asm__(".text\n.globl saving\n.type saving, @function\nsaving:\n.cfi_startproc\n"
        "push %rbp\n.cfi_def_cfa_offset 16\n.cfi_offset %rbp, -16\n"
        "mov $12345, %ebp\n"
        "call compare_for\n"
        "pop %rbp\n.cfi_def_cfa_offset 8\n.cfi_restore %rbp\nret\n.cfi_endproc\n.size saving, . - "
        "saving\n");

void compare_for(const char *what)
{
	compare(what);
	sink++;
}
#else
static void saving(const char *what)
{
	compare(what);
}
#endif

static void on_signal(int number)
{
	(void)number;
	compare("a handler");
	deep(3, "below a handler");
}

static int by_value(const void *a, const void *b)
{
	compare("a callback of qsort");
	return *(const int *)a - *(const int *)b;
}

static void *in_thread(void *text)
{
	for (unsigned i = 0; i < 20; i++)
		deep(i, text);
	large("a large frame in a thread");
	raise(SIGUSR1);
	return NULL;
}

static ucontext_t home, other;

static void in_context(void)
{
	/* Where a context begins, backtrace() says what it likes: only the innermost frames are
	 * ours. */
	may_be_cut = true;
	deep(2, "a context");
	may_be_cut = false;
	swapcontext(&other, &home);
}

static void kinds(void)
{
	int numbers[] = { 3, 1, 2 };
	for (unsigned i = 0; i < 40; i++)
		deep(i, "recursion");
	for (unsigned i = 40; i-- > 0;)
		deep(i, "recursion, up");
	deep(5000, "deep recursion");
	deep(5001, "deeper recursion");
	for (unsigned i = UNWIND_MOST - 10; i < UNWIND_MOST + 10; i++)
		deep(i, "about the limit");
	large("a large frame");
	for (size_t n = 1; n < 100000; n *= 3)
		varying(n, "alloca");
	aligned("an aligned frame");
	saving("a frame pointer of another use");
	qsort(numbers, 3, sizeof *numbers, by_value);
	signal(SIGUSR1, on_signal);
	raise(SIGUSR1);
	stack_t aside = { .ss_sp = malloc(65536), .ss_size = 65536 };
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_ONSTACK };
	sigaltstack(&aside, NULL);
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	deep(4, "after a handler");
	for (unsigned i = 0; i < 3; i++) {
		pthread_t thread;
		pthread_create(&thread, NULL, in_thread, "a thread");
		pthread_join(thread, NULL);
	}
	static char stack[65536];
	getcontext(&other);
	other.uc_stack.ss_sp = stack;
	other.uc_stack.ss_size = sizeof stack;
	other.uc_link = &home;
	makecontext(&other, in_context, 0);
	swapcontext(&home, &other);
	deep(4, "after a context");
	most = 5;
	for (unsigned i = 0; i < 12; i++)
		deep(i, "a depth of five");
	most = 1;
	for (unsigned i = 0; i < 3; i++)
		deep(i, "a depth of one");
	most = UNWIND_MOST;
	unwind_renew();
	deep(4, "after a renewal");
}

/* ---- speed ---- */

static __attribute__((noinline)) unsigned leaf_a(void)
{
	return walk_here() + 1;
}
static __attribute__((noinline)) unsigned leaf_b(void)
{
	return walk_here() + 2;
}

static __attribute__((noinline)) unsigned nest(unsigned n, unsigned which)
{
	unsigned r = n ? nest(n - 1, which) : which & 1 ? leaf_a() : leaf_b();
	sink++;
	return r + 1;
}

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void speed(unsigned vary)
{
	double best = 1e9;
	for (unsigned round = 0; round < 7; round++) {
		double begun = seconds();
		for (unsigned i = 0; i < 1000000; i++)
			sink += nest(5 + (vary ? i * 2654435761u >> 30 : 0),
			             vary ? i * 40503u >> 7 : 0);
		double took = (seconds() - begun) * 1000;
		best = took < best ? took : best;
	}
	printf("%s %.1f ns\n", vary ? "changing" : "same", best);
}

int main(int argc, char **argv)
{
	void *warm[4];
	(void)argv;
	backtrace(warm, 4); /* loads its library */
	unwind_renew();
	if (argc > 1) {
		speed(0);
		speed(1);
		return 0;
	}
	kinds();
	printf("equal %u\n", equal);
	return unequal != 0;
}
