/* Preloaded, it interrupts the program thousands of times a second, so that its calls end early
 * (EINTR). */
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/time.h>

static void nothing(int number)
{
	(void)number;
}

__attribute__((constructor)) static void begin(void)
{
	unsetenv("LD_PRELOAD"); /* the programs that it starts have their peace */
	struct sigaction action = { .sa_handler = nothing };
	struct itimerval often = { { 0, 100 }, { 0, 100 } };
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
}
