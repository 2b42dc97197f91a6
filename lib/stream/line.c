/* Arguments or stdin, one line at a time, through one buffer. */
#include "stream/line.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/list.h"
#include "stream/compress.h"
#include "stream/out.h"

#define CHUNK (256u << 10) /* bytes asked for at once */
#define NEAR  (96u << 10)  /* so many bytes of a cut line are moved to the front of the buffer */
#define SLACK 64u          /* readable bytes after the last line, for reads of several bytes */

static char *const only_stdin[] = { "-", NULL };

int vp_input_open(struct vp_input *input, char *const *paths)
{
	memset(input, 0, sizeof *input);
	input->paths = paths && paths[0] ? paths : only_stdin;
	input->fd = -1;
	input->name = "stdin";
	input->size = VP_LINE_MAX + 2 * CHUNK;
	input->buffer = malloc(input->size + SLACK);
	return input->buffer ? 0 : vp_no_memory();
}

void vp_input_close(struct vp_input *input)
{
	if (input->fd > STDIN_FILENO)
		close(input->fd);
	vp_unpacker_free(input->unpacker);
	input->unpacker = NULL;
	free(input->buffer);
	input->buffer = NULL;
	input->fd = -1;
}

/* Opens the next file: 1; 0: there is none; -1: it cannot be opened (vp_error). */
static int next_file(struct vp_input *input)
{
	struct stat info;
	const char *path = input->paths[input->next_path];
	if (!path)
		return 0;
	input->next_path++;
	input->line = 0;
	input->from = input->to = 0;
	input->ended = input->torn = false;
	input->fresh = true;
	bool standard = strcmp(path, "-") == 0;
	input->name = standard ? "stdin" : path;
	input->fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (input->fd < 0 || fstat(input->fd, &info) != 0) {
		input->failed = true;
		input->fd = -1;
		return vp_fail_errno("cannot read %s", input->name);
	}
	input->pipe = S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode);
	if (input->pipe)
		vp_pipe_size(input->fd);
	return 1;
}

static void end_file(struct vp_input *input)
{
	if (input->fd > STDIN_FILENO)
		close(input->fd);
	vp_unpacker_free(input->unpacker);
	input->unpacker = NULL;
	input->fd = -1;
}

static bool would_block(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	return poll(&ready, 1, 0) == 0;
}

/* Reads bytes of the file, still packed: how many, 0 at its end, -1 (vp_error). */
static ssize_t read_file(void *ctx, char *into, size_t room)
{
	struct vp_input *input = ctx;
	if (input->idle && would_block(input->fd))
		input->idle(input->ctx);
	if (input->stop)
		return 0;
	for (;;) {
		ssize_t n = read(input->fd, into, room);
		if (n >= 0)
			return n;
		if (errno == EINTR)
			continue;
		if (errno == EAGAIN) {
			struct pollfd wait = { .fd = input->fd, .events = POLLIN };
			poll(&wait, 1, -1);
			continue;
		}
		return vp_fail_errno("cannot read %s", input->name);
	}
}

static ssize_t read_unpacked(struct vp_input *input, char *into, size_t room)
{
	const char *why;
	ssize_t n = vp_unpack(input->unpacker, into, room, read_file, input, &why);
	if (n >= 0 || !why)
		return n;
	if (input->stop)
		return 0;
	input->torn = true;
	return vp_fail("%s: %s", input->name, why);
}

/* Reads the first bytes, which show whether the file is packed; then they go to the unpacker. */
static ssize_t read_first(struct vp_input *input, char *into, size_t room)
{
	bool undecided = false;
	const struct vp_codec *codec = NULL;
	size_t used = 0;
	ssize_t n = 0;
	input->fresh = false;
	do {
		n = read_file(input, into + used, room - used);
		if (n < 0)
			return -1;
		used += (size_t)n;
		if (used)
			codec = vp_codec_of(into, used, &undecided);
	} while (undecided && !codec && n > 0);
	if (!codec)
		return (ssize_t)used;
	input->unpacker = vp_unpacker_new(codec, into, used);
	return input->unpacker ? read_unpacked(input, into, room) : vp_no_memory();
}

/* Reads more bytes behind input->to: 1; 0: the file has ended; -1 (vp_error). */
static int fill(struct vp_input *input)
{
	size_t left = input->to - input->from;
	/* Moving a short rest to the front costs less than the cache misses of fresh pages. */
	if (input->from > 0 && (left < NEAR || input->size - input->to < CHUNK)) {
		memmove(input->buffer, input->buffer + input->from, left);
		input->to = left;
		input->from = 0;
	}
	char *into = input->buffer + input->to;
	ssize_t n = input->fresh      ? read_first(input, into, CHUNK)
	            : input->unpacker ? read_unpacked(input, into, CHUNK)
	                              : read_file(input, into, CHUNK);
	if (n > 0) {
		input->to += (size_t)n;
		return 1;
	}
	input->ended = true;
	input->failed = input->failed || n < 0;
	return n < 0 ? -1 : 0;
}

static int give(struct vp_input *input, vp_str *line, size_t n, bool cut)
{
	line->p = input->buffer + input->from;
	line->n = n;
	input->from += n + !cut;
	input->cut = cut;
	input->line++;
	input->lines++;
	return 1;
}

/* Finds the end of the line that starts at `from`. NULL: it is not in the buffer. */
static const char *newline(struct vp_input *input, size_t searched)
{
	size_t start = input->from + searched;
	return memchr(input->buffer + start, '\n', input->to - start);
}

/* Skips the rest of a line that is too long. */
static int long_line(struct vp_input *input)
{
	int more = 1;
	const char *end;
	while (!(end = newline(input, 0)) && more == 1) {
		input->from = input->to = 0;
		more = fill(input);
	}
	input->from = end ? (size_t)(end + 1 - input->buffer) : input->to;
	input->line++;
	input->lines++;
	input->skipped_long++;
	return more < 0 ? -1 : 2;
}

/* 1 and 2 as vp_input_next; 0: the file has ended; -1. */
static int line_here(struct vp_input *input, vp_str *line)
{
	size_t searched = 0;
	for (;;) {
		const char *end = newline(input, searched);
		if (end && (size_t)(end - input->buffer) - input->from <= VP_LINE_MAX)
			return give(input, line, (size_t)(end - input->buffer) - input->from,
			            false);
		searched = input->to - input->from;
		if (searched > VP_LINE_MAX)
			return long_line(input);
		if (!input->ended) {
			int more = fill(input);
			if (more < 0)
				return -1;
			if (more > 0)
				continue;
		}
		return searched ? give(input, line, searched, true) : 0;
	}
}

int vp_input_next(struct vp_input *input, vp_str *line)
{
	for (;;) {
		if (input->stop)
			return 0;
		if (input->fd < 0) {
			int opened = next_file(input);
			if (opened <= 0)
				return opened;
		}
		int got = line_here(input, line);
		if (got != 0)
			return got;
		end_file(input);
	}
}

bool vp_input_take(struct vp_input *input, vp_str head, vp_str tail)
{
	const char *at = input->buffer + input->from;
	size_t n = head.n + tail.n;
	if (input->stop || input->fd < 0 || input->to - input->from <= n || at[n] != '\n')
		return false;
	if (memcmp(at, head.p, head.n) || memcmp(at + head.n, tail.p, tail.n))
		return false;
	input->from += n + 1;
	input->cut = false;
	input->line++;
	input->lines++;
	return true;
}

/* Goes to a file with at least one byte left: 1; 0: the end of all; -1 (vp_error). */
static int next_with_bytes(struct vp_input *input)
{
	while (input->fd < 0 || (input->from == input->to && input->ended)) {
		if (input->fd >= 0)
			end_file(input);
		int opened = next_file(input);
		if (opened <= 0)
			return opened;
		while (input->to == input->from && !input->ended)
			if (fill(input) < 0)
				return -1;
	}
	return 1;
}

size_t vp_input_peek(struct vp_input *input, size_t want, vp_str *head)
{
	int there = next_with_bytes(input);
	*head = (vp_str){ there < 0 ? NULL : input->buffer, 0 };
	if (there <= 0)
		return 0;
	while (input->to - input->from < want && !input->ended && input->size - input->to >= CHUNK)
		if (fill(input) != 1)
			break;
	*head = (vp_str){ input->buffer + input->from, input->to - input->from };
	return head->n;
}

/* The text of a file that is gathered, without its long lines. */
struct gathered {
	char *all;
	size_t used, size;
	size_t line;   /* where the last line starts */
	bool skipping; /* within a long line */
	uint64_t lines, long_lines;
};

/* Leaves out of the last line what makes it longer than any line of a report. */
static void leave_out(struct vp_input *input, struct gathered *g)
{
	if (g->used - g->line <= VP_LINE_MAX + 1)
		return;
	if (!g->long_lines++)
		input->first_long = g->lines + 1;
	g->used = g->line;
	g->skipping = true;
}

/* Takes the lines of n bytes, the last of which may go on. */
static void take(struct vp_input *input, struct gathered *g, const char *at, size_t n)
{
	while (n) {
		const char *end = memchr(at, '\n', n);
		size_t part = end ? (size_t)(end + 1 - at) : n;
		if (!g->skipping) {
			memcpy(g->all + g->used, at, part);
			g->used += part;
			leave_out(input, g);
		}
		if (end) {
			g->skipping = false;
			g->line = g->used;
			g->lines++;
		}
		at += part;
		n -= part;
	}
}

/* Moves what the buffer holds behind the gathered text. 0, or -1 (vp_error). */
static int move_behind(struct vp_input *input, struct gathered *g, bool lines)
{
	size_t n = input->to - input->from;
	const char *at = input->buffer + input->from;
	if (vp_list_more(&g->all, g->used, n + SLACK, &g->size, 1))
		return -1;
	if (lines) {
		take(input, g, at, n);
	} else {
		memcpy(g->all + g->used, at, n);
		g->used += n;
	}
	input->from = input->to = 0;
	return 0;
}

/* Reads the rest of the file, or with `front` as much of it as the limit lets, long lines too. */
static int rest(struct vp_input *input, size_t limit, bool front, struct gathered *g)
{
	int more = move_behind(input, g, !front) ? -1 : 1;
	while (more == 1 && !input->ended) {
		more = fill(input);
		bool beyond = more == 1 && g->used + input->to > limit;
		if (beyond && front)
			break;
		if (beyond)
			more = vp_fail("%s is larger than %zu MiB", input->name, limit >> 20);
		else if (more == 1 && move_behind(input, g, !front))
			more = -1;
	}
	if (more < 0 && !input->ended)
		end_file(input);
	if (more < 0) {
		free(g->all);
		return -1;
	}
	end_file(input);
	return 0;
}

int vp_input_rest(struct vp_input *input, size_t limit, char **text, size_t *n,
                  uint64_t *long_lines)
{
	struct gathered g = { .all = NULL };
	if (rest(input, limit, false, &g))
		return -1;
	*text = g.all;
	*n = g.used;
	*long_lines = g.long_lines;
	return 0;
}

int vp_input_front(struct vp_input *input, size_t limit, char **text, size_t *n)
{
	struct gathered g = { .all = NULL };
	if (rest(input, limit, true, &g))
		return -1;
	*text = g.all;
	*n = g.used;
	return 0;
}
