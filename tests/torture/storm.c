/* Preloaded: a storm of SIGALRM without SA_RESTART interrupts system calls, and the clock of the
 * day steps by hours in both directions (STORM=signals, STORM=clock). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

static int steps;

static void nothing(int number)
{
	(void)number;
}

__attribute__((constructor)) static void begin(void)
{
	const char *storm = getenv("STORM");
	steps = storm && !strcmp(storm, "clock");
	if (!storm || strcmp(storm, "signals"))
		return;
	struct sigaction action = { .sa_handler = nothing };
	struct itimerval often = { { 0, 300 }, { 0, 300 } };
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
}

int clock_gettime(clockid_t clock, struct timespec *at)
{
	static int (*real)(clockid_t, struct timespec *);
	static unsigned calls;
	if (!real)
		real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
	int failed = real(clock, at);
	if (steps && !failed && clock == CLOCK_REALTIME)
		at->tv_sec += (calls++ % 7) * 3600 - 3 * 3600;
	return failed;
}
