/* The full screen: modes, signals, keys, and lines that are written only where they have changed.
 *
 * Signals can come at any time, so all that gives the screen back stands in `kept` and uses nothing
 * but calls that POSIX allows in a handler (write, tcsetattr, dup2, lseek, read, sigaction, raise).
 */
#include "render/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/error.h"
#include "base/list.h"

/* Alternate screen, no cursor, no wrapping at the right edge; and the reverse. */
static const char enter[] = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[0m\x1b[2J";
static const char leave[] = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";

static const int fatal[] = { SIGTERM, SIGHUP, SIGQUIT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
enum { FATALS = sizeof fatal / sizeof *fatal };

static struct {
	volatile sig_atomic_t on; /* the screen is ours */
	int tty, wake[2];
	int messages,
	        errors; /* the file that has stderr meanwhile, and the real stderr; -1: unchanged */
	struct termios before, ours;
	struct sigaction was[FATALS], was_int, was_stop, was_cont, was_size;
	volatile sig_atomic_t resized, interrupts;
} kept;

/* ---- what may happen in a signal handler ---- */

static void put(int fd, const char *bytes, size_t n)
{
	while (n) {
		ssize_t done = write(fd, bytes, n);
		if (done < 0 && errno == EAGAIN) {
			struct pollfd wait = { .fd = fd, .events = POLLOUT };
			poll(&wait, 1, 1000);
		} else if (done < 0 && errno != EINTR) {
			return;
		}
		bytes += done > 0 ? done : 0;
		n -= done > 0 ? (size_t)done : 0;
	}
}

/* Works from the background too, where the kernel would stop the program for it. */
static void set_modes(const struct termios *modes)
{
	sigset_t quiet, before;
	sigemptyset(&quiet);
	sigaddset(&quiet, SIGTTOU);
	sigprocmask(SIG_BLOCK, &quiet, &before);
	tcsetattr(kept.tty, TCSADRAIN, modes);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static void say_messages(void)
{
	char bytes[4096];
	ssize_t n;
	if (kept.errors < 0)
		return;
	dup2(kept.errors, STDERR_FILENO);
	lseek(kept.messages, 0, SEEK_SET);
	while ((n = read(kept.messages, bytes, sizeof bytes)) > 0)
		put(STDERR_FILENO, bytes, (size_t)n);
}

static void give_back(void)
{
	if (!kept.on)
		return;
	kept.on = 0;
	put(STDOUT_FILENO, leave, sizeof leave - 1);
	set_modes(&kept.before);
}

static void take(void)
{
	set_modes(&kept.ours);
	put(STDOUT_FILENO, enter, sizeof enter - 1);
	kept.on = 1;
}

static void wake(void)
{
	int error = errno;
	ssize_t ignored = write(kept.wake[1], "", 1);
	(void)ignored;
	errno = error;
}

static void on_fatal(int number)
{
	give_back();
	say_messages();
	signal(number, SIG_DFL);
	raise(number);
}

/* The first SIGINT goes to the whole pipeline, whose first program ends the stream. The second ends
 * this program. */
static void on_interrupt(int number)
{
	if (kept.interrupts)
		on_fatal(number);
	kept.interrupts = 1;
	wake();
}

static void on_size(int number)
{
	(void)number;
	kept.resized = 1;
	wake();
}

static void on_stop(int number)
{
	struct sigaction now, plain = { .sa_handler = SIG_DFL };
	sigset_t stop, before;
	int error = errno;
	give_back();
	sigaction(number, &plain, &now);
	sigemptyset(&stop);
	sigaddset(&stop, number);
	raise(number);
	sigprocmask(SIG_UNBLOCK, &stop, &before); /* stops here until SIGCONT */
	sigprocmask(SIG_SETMASK, &before, NULL);
	sigaction(number, &now, NULL);
	errno = error;
	take();
	on_size(number);
}

/* SIGSTOP cannot be handled: after it, the screen may belong to another program. */
static void on_continue(int number)
{
	int error = errno;
	if (kept.on) {
		take();
		on_size(number);
	}
	errno = error;
}

/* ---- taking and giving back ---- */

static void handle(int number, void (*handler)(int), struct sigaction *was)
{
	struct sigaction action = { .sa_handler = handler };
	sigfillset(&action.sa_mask); /* one at a time */
	sigaction(number, &action, was);
}

static void signals_on(void)
{
	for (int i = 0; i < FATALS; i++)
		handle(fatal[i], on_fatal, &kept.was[i]);
	handle(SIGINT, on_interrupt, &kept.was_int);
	handle(SIGTSTP, on_stop, &kept.was_stop);
	handle(SIGCONT, on_continue, &kept.was_cont);
	handle(SIGWINCH, on_size, &kept.was_size);
}

static void signals_off(void)
{
	for (int i = 0; i < FATALS; i++)
		sigaction(fatal[i], &kept.was[i], NULL);
	/* A first interrupt that has arrived is remembered. */
	if (kept.interrupts)
		signal(SIGINT, SIG_DFL);
	else
		sigaction(SIGINT, &kept.was_int, NULL);
	sigaction(SIGTSTP, &kept.was_stop, NULL);
	sigaction(SIGCONT, &kept.was_cont, NULL);
	sigaction(SIGWINCH, &kept.was_size, NULL);
}

bool vp_terminal_possible(void)
{
	const char *term = getenv("TERM");
	int tty;
	bool front;
	if (!isatty(STDOUT_FILENO) || !term || !*term || !strcmp(term, "dumb"))
		return false;
	tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (tty < 0)
		return false;
	front = tcgetpgrp(tty) == getpgrp();
	close(tty);
	return front;
}

static void hold_messages(void)
{
	FILE *file = isatty(STDERR_FILENO) ? tmpfile() : NULL;
	kept.errors = kept.messages = -1;
	if (!file)
		return;
	kept.messages = fcntl(fileno(file), F_DUPFD_CLOEXEC, 3);
	kept.errors = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	fclose(file);
	if (kept.messages < 0 || kept.errors < 0 || dup2(kept.messages, STDERR_FILENO) < 0)
		kept.errors = -1;
}

static void measure(struct vp_terminal *terminal)
{
	struct winsize size;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col || !size.ws_row)
		size = (struct winsize){ .ws_col = 80, .ws_row = 24 };
	terminal->width = size.ws_col;
	terminal->height = size.ws_row;
}

static int failed(const char *what)
{
	vp_fail_errno("%s", what);
	if (kept.tty >= 0)
		close(kept.tty);
	return -1;
}

/* The program ends without vp_terminal_close, by vp_die. */
static void at_exit(void)
{
	if (!kept.on)
		return;
	give_back();
	fflush(stderr);
	say_messages();
}

int vp_terminal_open(struct vp_terminal *terminal)
{
	static bool registered;
	if (!registered)
		registered = atexit(at_exit) == 0;
	memset(terminal, 0, sizeof *terminal);
	terminal->in = terminal->wake = -1;
	kept.resized = kept.interrupts = 0;
	kept.tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (kept.tty < 0 || tcgetattr(kept.tty, &kept.before))
		return failed("cannot use the terminal");
	if (pipe(kept.wake))
		return failed("cannot make a pipe");
	for (int i = 0; i < 2; i++) {
		fcntl(kept.wake[i], F_SETFD, FD_CLOEXEC);
		fcntl(kept.wake[i], F_SETFL, O_NONBLOCK);
	}
	kept.ours = kept.before;
	kept.ours.c_lflag &=
	        ~(tcflag_t)(ICANON |
	                    ECHO); /* ISIG stays set: Ctrl-C and Ctrl-Z go to the whole pipeline */
	kept.ours.c_iflag &= ~(tcflag_t)IXON;
	kept.ours.c_cc[VMIN] = 1;
	kept.ours.c_cc[VTIME] = 0;
	terminal->in = kept.tty;
	terminal->wake = kept.wake[0];
	fflush(stderr);
	hold_messages();
	signals_on();
	take();
	measure(terminal);
	return 0;
}

void vp_terminal_forget(struct vp_terminal *terminal)
{
	for (int i = 0; i < terminal->rows; i++)
		free(terminal->lines[i]);
	free(terminal->lines);
	free(terminal->lengths);
	terminal->lines = NULL;
	terminal->lengths = NULL;
	terminal->rows = 0;
}

void vp_terminal_close(struct vp_terminal *terminal)
{
	if (terminal->in < 0)
		return;
	give_back();
	signals_off();
	fflush(stderr);
	say_messages();
	if (kept.errors >= 0)
		close(kept.errors);
	if (kept.messages >= 0)
		close(kept.messages);
	close(kept.tty);
	close(kept.wake[0]);
	close(kept.wake[1]);
	vp_terminal_forget(terminal);
	free(terminal->buffer);
	terminal->buffer = NULL;
	terminal->in = terminal->wake = -1;
}

unsigned vp_terminal_news(struct vp_terminal *terminal)
{
	char bytes[64];
	unsigned news = 0;
	while (read(terminal->wake, bytes, sizeof bytes) > 0)
		continue;
	if (kept.resized) {
		kept.resized = 0;
		measure(terminal);
		vp_terminal_forget(terminal);
		news |= VP_NEWS_SIZE;
	}
	return news | (kept.interrupts ? VP_NEWS_INTERRUPT : 0);
}

/* ---- keys ---- */

static int more_keys(struct vp_terminal *terminal)
{
	ssize_t n = read(terminal->in, terminal->keys, sizeof terminal->keys);
	terminal->key_at = 0;
	terminal->key_count = n > 0 ? (size_t)n : 0;
	return n > 0;
}

/* Reads a sequence after ESC [ or ESC O: digits and semicolons, then a letter or ~. */
static int sequence(struct vp_terminal *terminal)
{
	static const struct {
		char last;
		int number, key;
	} known[] = {
		{ 'A', 0, VP_KEY_UP },      { 'B', 0, VP_KEY_DOWN },      { 'C', 0, VP_KEY_RIGHT },
		{ 'D', 0, VP_KEY_LEFT },    { 'H', 0, VP_KEY_HOME },      { 'F', 0, VP_KEY_END },
		{ 'Z', 0, VP_KEY_BACKTAB }, { '~', 1, VP_KEY_HOME },      { '~', 4, VP_KEY_END },
		{ '~', 5, VP_KEY_PAGE_UP }, { '~', 6, VP_KEY_PAGE_DOWN }, { '~', 7, VP_KEY_HOME },
		{ '~', 8, VP_KEY_END },
	};
	int number = 0;
	while (terminal->key_at < terminal->key_count) {
		unsigned char c = terminal->keys[terminal->key_at++];
		if (c >= '0' && c <= '9' && number < 1000)
			number = number * 10 + c - '0';
		if (c < 0x40)
			continue;
		for (size_t i = 0; i < sizeof known / sizeof *known; i++)
			if (known[i].last == (char)c && (c != '~' || known[i].number == number))
				return known[i].key;
		break;
	}
	return VP_KEY_OTHER;
}

int vp_terminal_key(struct vp_terminal *terminal)
{
	if (terminal->key_at >= terminal->key_count && !more_keys(terminal))
		return VP_KEY_NONE;
	unsigned char c = terminal->keys[terminal->key_at++];
	if (c != 0x1b)
		return c ? c : VP_KEY_OTHER;
	if (terminal->key_at >= terminal->key_count)
		return VP_KEY_ESCAPE;
	c = terminal->keys[terminal->key_at++];
	return c == '[' || c == 'O' ? sequence(terminal) : VP_KEY_OTHER;
}

/* ---- lines ---- */

static int gather(struct vp_terminal *terminal, const char *bytes, size_t n)
{
	if (vp_list_more(&terminal->buffer, terminal->used, n, &terminal->size, 1))
		return -1;
	if (n)
		memcpy(terminal->buffer + terminal->used, bytes, n);
	terminal->used += n;
	return 0;
}

/* Makes room for the lines of a screen of another height; all are unknown then. */
static int known_lines(struct vp_terminal *terminal)
{
	if (terminal->rows == terminal->height)
		return 0;
	vp_terminal_forget(terminal);
	terminal->lines = calloc((size_t)terminal->height, sizeof *terminal->lines);
	terminal->lengths = calloc((size_t)terminal->height, sizeof *terminal->lengths);
	if (!terminal->lines || !terminal->lengths)
		return vp_no_memory();
	terminal->rows = terminal->height;
	return gather(terminal, "\x1b[2J", 4);
}

static int write_line(struct vp_terminal *terminal, int row, vp_str line)
{
	char place[32], *copy = terminal->lines[row];
	if (copy && terminal->lengths[row] == line.n && !memcmp(copy, line.p ? line.p : "", line.n))
		return 0;
	int n = snprintf(place, sizeof place, "\x1b[%d;1H\x1b[0m\x1b[K", row + 1);
	if (gather(terminal, place, (size_t)n) || gather(terminal, line.p, line.n))
		return -1;
	free(copy);
	terminal->lines[row] = copy = malloc(line.n + 1);
	terminal->lengths[row] = line.n;
	if (copy && line.n)
		memcpy(copy, line.p, line.n);
	return 0;
}

int vp_terminal_draw(struct vp_terminal *terminal, const vp_str *lines, int count)
{
	terminal->used = 0;
	if (known_lines(terminal))
		return -1;
	for (int row = 0; row < terminal->rows; row++)
		if (write_line(terminal, row, row < count ? lines[row] : (vp_str){ "", 0 }))
			return -1;
	for (size_t at = 0; at < terminal->used;) {
		ssize_t n = write(STDOUT_FILENO, terminal->buffer + at, terminal->used - at);
		if (n >= 0) {
			at += (size_t)n;
		} else if (errno == EAGAIN) {
			struct pollfd wait = { .fd = STDOUT_FILENO, .events = POLLOUT };
			poll(&wait, 1, 1000);
		} else if (errno != EINTR) {
			return vp_fail_errno("cannot write to the terminal");
		}
	}
	return 0;
}
