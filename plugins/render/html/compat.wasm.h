/* What WASI lacks and the programs name: included before every file of the page's engine. Nothing
 * of it ever acts in a page, which has no terminal, no signals and no processes. */
#ifndef VMPIPE_COMPAT_WASM_H
#define VMPIPE_COMPAT_WASM_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* WASI's struct has no ru_maxrss. */
struct page_usage {
	struct timeval ru_utime, ru_stime;
	long ru_maxrss;
};
static inline int page_usage(int who, struct page_usage *usage)
{
	(void)who;
	*usage = (struct page_usage){ 0 };
	return 0;
}
#define rusage    page_usage
#define getrusage page_usage

struct sigaction {
	void (*sa_handler)(int number);
	int sa_flags;
};
#define SA_RESTART   0
#define SA_RESETHAND 0
static inline int sigaction(int number, const struct sigaction *now, struct sigaction *before)
{
	(void)number, (void)now, (void)before;
	return 0;
}

/* Files: a page has none. */
#define F_DUPFD_CLOEXEC F_GETFD
#define page_no(...)    (errno = ENOSYS, -1)
#define fchown          page_no
#define fchmod          page_no
#define dup2            page_no
#define realpath(...)   (errno = ENOSYS, (char *)0)

struct winsize {
	unsigned short ws_row, ws_col;
};
#define TIOCGWINSZ 0

#define SYS_get_robust_list 0
#define syscall(...)        (-1L)

#endif
