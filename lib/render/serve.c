/* A renderer that serves somebody beside its input.
 *
 * The input calls us before a read that would block: then both descriptors are waited for. A busy
 * input is interrupted every few hundred lines.
 */
#include "render/serve.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>

#include "base/error.h"

enum { BUSY_LINES = 256 };

static int drain(struct vp_serve *serve)
{
	struct vp_render_host *host = serve->host;
	int going = host->renderer->drain(host->state, &host->host);
	serve->failed |= going < 0;
	return going;
}

/* Returns whether the descriptor can be waited for again. */
static bool asks(struct vp_serve *serve, short events)
{
	if (events & POLLNVAL)
		serve->fd = -1;
	return events && serve->fd >= 0;
}

static void idle(void *ctx)
{
	struct vp_serve *serve = ctx;
	struct vp_input *input = &serve->host->flow->input;
	if (serve->idle)
		serve->idle(serve->ctx);
	while (serve->fd >= 0 && !input->stop) {
		struct pollfd fds[] = { { .fd = input->fd, .events = POLLIN },
			                { .fd = serve->fd, .events = POLLIN } };
		if (poll(fds, 2, -1) < 0) {
			if (errno != EINTR)
				return;
			continue;
		}
		if (asks(serve, fds[1].revents) && drain(serve) < 0)
			input->stop = true;
		if (fds[0].revents)
			return;
		if (serve->idle)
			serve->idle(serve->ctx); /* what drain wrote */
	}
}

void vp_serve_begin(struct vp_serve *serve, struct vp_render_host *host)
{
	const struct vp_renderer *renderer = host->renderer;
	struct vp_input *input = &host->flow->input;
	*serve = (struct vp_serve){ .host = host, .fd = -1 };
	if (renderer->fd && renderer->drain)
		serve->fd = renderer->fd(host->state);
	if (serve->fd < 0)
		return;
	serve->idle = input->idle;
	serve->ctx = input->ctx;
	input->idle = idle;
	input->ctx = serve;
}

int vp_serve_line(struct vp_serve *serve)
{
	if (serve->fd >= 0 && ++serve->lines >= BUSY_LINES) {
		struct pollfd fd = { .fd = serve->fd, .events = POLLIN };
		serve->lines = 0;
		if (poll(&fd, 1, 0) > 0 && asks(serve, fd.revents))
			drain(serve);
	}
	return serve->failed ? -1 : 0;
}

static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

/* Serves until drain returns 0 or a signal arrives. Signals are blocked except in ppoll. */
static void go_on(struct vp_serve *serve, const sigset_t *waiting)
{
	struct vp_flow *flow = serve->host->flow;
	while (!interrupted && drain(serve) > 0) {
		struct pollfd fd = { .fd = serve->fd, .events = POLLIN };
		if (!flow->late_output && vp_out_flush(&flow->out))
			return; /* the message comes when the output is closed */
		while (!interrupted && ppoll(&fd, 1, NULL, waiting) < 0 && errno == EINTR)
			continue;
		if (!interrupted && !asks(serve, fd.revents))
			return;
	}
}

int vp_serve_end(struct vp_serve *serve)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction before[3], end = { .sa_handler = interrupt };
	sigset_t ours, old;
	if (serve->fd < 0)
		return serve->failed ? -1 : 0;
	sigemptyset(&ours);
	for (int i = 0; i < 3; i++)
		sigaddset(&ours, signals[i]);
	sigprocmask(SIG_BLOCK, &ours, &old);
	for (int i = 0; i < 3; i++) {
		sigaction(signals[i], NULL, &before[i]);
		if (before[i].sa_handler != SIG_IGN)
			sigaction(signals[i], &end, NULL);
	}
	go_on(serve, &old);
	for (int i = 0; i < 3; i++)
		sigaction(signals[i], &before[i], NULL);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return serve->failed ? -1 : 0;
}
