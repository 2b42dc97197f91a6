/* Copies one stream to several readers through one buffer; no reader is waited for. */
#include "run/fan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/list.h"
#include "base/path.h"

#define CHUNK (256u << 10)

static int open_record(struct vp_fan *fan, int64_t pid)
{
	fan->record_name = vp_path_expand(fan->record_path, pid);
	return vp_out_open(&fan->record, fan->record_name);
}

int vp_fan_init(struct vp_fan *fan, int in, const char *record)
{
	memset(fan, 0, sizeof *fan);
	fan->in = in;
	fan->chunk = malloc(CHUNK);
	if (!fan->chunk)
		return vp_no_memory();
	fan->record_path = record;
	fan->record_late = record && strstr(record, "%p");
	if (fan->record_late)
		vp_out_memory(&fan->record);
	if (!record || fan->record_late || !open_record(fan, -1))
		return 0;
	fan->record_path = NULL;
	return -1;
}

int vp_fan_add(struct vp_fan *fan, int fd)
{
	if (vp_list_room(&fan->ways, fan->way_count, NULL, sizeof *fan->ways))
		return -1;
	fan->ways[fan->way_count++] = (struct vp_fan_way){ .fd = fd };
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	return 0;
}

static void close_way(struct vp_fan_way *way)
{
	if (way->fd >= 0)
		close(way->fd);
	way->fd = -1;
}

void vp_fan_drop(struct vp_fan *fan, int fd)
{
	for (size_t i = 0; i < fan->way_count; i++)
		if (fan->ways[i].fd == fd && fd >= 0)
			close_way(&fan->ways[i]);
}

static bool pending(const struct vp_fan *fan, const struct vp_fan_way *way)
{
	return way->fd >= 0 && way->at < fan->n;
}

size_t vp_fan_poll(const struct vp_fan *fan, struct pollfd *fds)
{
	size_t count = 0;
	if (fan->in < 0)
		return 0;
	if (!fan->n)
		fds[count++] = (struct pollfd){ .fd = fan->in, .events = POLLIN };
	for (size_t i = 0; i < fan->way_count; i++)
		if (pending(fan, &fan->ways[i]))
			fds[count++] = (struct pollfd){ .fd = fan->ways[i].fd, .events = POLLOUT };
	return count;
}

/* ---- the recording ---- */

static int record_failed(struct vp_fan *fan)
{
	char text[512];
	snprintf(text, sizeof text, "%s", vp_error());
	vp_out_close(&fan->record);
	fan->record_path = NULL;
	return vp_fail("the recording has failed: %s", text);
}

/* Opens a recording with %p in its name, by the first pid of the stream. */
static int name_record(struct vp_fan *fan, int64_t pid)
{
	struct vp_out gathered = fan->record;
	fan->record_late = false;
	int failed = open_record(fan, pid);
	if (!failed)
		vp_out_bytes(&fan->record, gathered.buffer, gathered.used);
	vp_out_free(&gathered);
	return failed ? record_failed(fan) : 0;
}

static int record(struct vp_fan *fan)
{
	if (!fan->record_path)
		return 0;
	vp_out_bytes(&fan->record, fan->chunk, fan->n);
	if (fan->record_late) {
		const char *pid = memmem(fan->record.buffer, fan->record.used, "\"pid\":", 6);
		const char *end =
		        pid ? memchr(pid, '\n',
		                     fan->record.used - (size_t)(pid - fan->record.buffer))
		            : NULL;
		return end ? name_record(fan, strtoll(pid + 6, NULL, 10)) : 0;
	}
	if (!fan->record.error)
		return 0;
	vp_out_flush(&fan->record); /* sets vp_error */
	return record_failed(fan);
}

int vp_fan_flush(struct vp_fan *fan)
{
	if (!fan->record_path || fan->record_late || !fan->record.used)
		return 0;
	return vp_out_flush(&fan->record) ? record_failed(fan) : 0;
}

static int end_record(struct vp_fan *fan)
{
	if (!fan->record_path)
		return 0;
	if (fan->record_late && name_record(fan, -1))
		return -1;
	int failed = vp_out_close(&fan->record);
	fan->record_path = NULL;
	return failed ? vp_fail("the recording has failed: %s", vp_error()) : 0;
}

/* ---- the readers ---- */

/* Whether no reader and no recording is left, so that the writer gets a closed pipe. */
static bool unwanted(const struct vp_fan *fan)
{
	for (size_t i = 0; i < fan->way_count; i++)
		if (fan->ways[i].fd >= 0)
			return false;
	return !fan->record_path;
}

static int end(struct vp_fan *fan)
{
	close(fan->in);
	fan->in = -1;
	fan->n = 0;
	for (size_t i = 0; i < fan->way_count; i++)
		close_way(&fan->ways[i]);
	return end_record(fan);
}

static void give(struct vp_fan *fan)
{
	bool waits = false;
	for (struct vp_fan_way *way = fan->ways; way < fan->ways + fan->way_count; way++) {
		while (pending(fan, way)) {
			ssize_t n = write(way->fd, fan->chunk + way->at, fan->n - way->at);
			if (n >= 0)
				way->at += (size_t)n;
			else if (errno == EAGAIN)
				break;
			else if (errno != EINTR)
				close_way(way);
		}
		waits |= pending(fan, way);
	}
	if (!waits)
		fan->n = 0;
}

static void remember(struct vp_fan *fan)
{
	size_t n = fan->n < VP_FAN_TAIL ? fan->n : VP_FAN_TAIL, kept = fan->tail_n;
	if (kept + n > VP_FAN_TAIL) {
		kept = VP_FAN_TAIL - n;
		memmove(fan->tail, fan->tail + fan->tail_n - kept, kept);
	}
	memcpy(fan->tail + kept, fan->chunk + fan->n - n, n);
	fan->tail_n = kept + n;
}

static bool readable(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	return poll(&ready, 1, 0) > 0;
}

int vp_fan_step(struct vp_fan *fan)
{
	if (fan->in < 0)
		return 0;
	if (fan->n)
		give(fan);
	if (unwanted(fan))
		return end(fan);
	if (fan->n || !readable(fan->in))
		return 0;
	ssize_t n = read(fan->in, fan->chunk, CHUNK);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n <= 0)
		return end(fan);
	fan->n = (size_t)n;
	for (size_t i = 0; i < fan->way_count; i++)
		fan->ways[i].at = 0;
	remember(fan);
	int failed = record(fan);
	give(fan);
	return failed;
}

void vp_fan_free(struct vp_fan *fan)
{
	if (fan->in >= 0)
		end(fan);
	free(fan->chunk);
	free(fan->ways);
	free(fan->record_name);
}
