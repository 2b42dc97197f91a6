/* The traced processes, and the reading of a whole one through /proc. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inner.h"
#include "../kit/limits.h"

#define TRIES 8 /* for an untorn text */
#define SHARE                                                                                   \
	10 /* of our time, one part in so many for reading a process whole: meanwhile it cannot \
	      map */
#define MANY 64 /* processes, beyond which none keeps room for its next text */

static bool add(struct target_list *list, struct target *target)
{
	if (!list_more(&list->at, list->count, 1, &list->size, sizeof *list->at))
		return false;
	list->at[list->count++] = target;
	return true;
}

/* ---- the index ---- */

static struct target **place(const struct ebpf *e, int64_t pid)
{
	return &e->by_pid[(uint64_t)pid & (e->places - 1)];
}

static bool grow_index(struct ebpf *e)
{
	size_t places = e->places ? 2 * e->places : 64;
	struct target **by_pid = calloc(places, sizeof *by_pid);
	if (!by_pid)
		return e->places;
	free(e->by_pid);
	e->by_pid = by_pid;
	e->places = places;
	for (size_t i = 0; i < e->targets.count; i++) {
		struct target *target = e->targets.at[i], **first = place(e, target->pid);
		target->next = *first;
		*first = target;
	}
	return true;
}

struct target *target_find(struct ebpf *e, int64_t pid)
{
	struct target *target = e->places ? *place(e, pid) : NULL;
	while (target && (target->pid != pid || target->forget))
		target = target->next;
	return target;
}

struct target *target_add(struct ebpf *e, int64_t pid)
{
	if (e->targets.count >= e->places && !grow_index(e))
		return NULL;
	struct target *target = calloc(1, sizeof *target);
	if (!target || !add(&e->targets, target)) {
		free(target);
		return NULL;
	}
	target->pid = pid;
	target->space = ++e->spaces;
	target->at = e->targets.count - 1;
	struct target **first = place(e, pid);
	target->next = *first;
	*first = target;
	return target;
}

static void drop_texts(struct target *target)
{
	free(target->text);
	free(target->rows);
	free(target->picture);
	target->text = target->picture = NULL;
	target->rows = NULL;
	target->text_n = target->text_size = target->picture_n = target->picture_size = 0;
	target->row_count = target->row_size = 0;
}

static void free_one(struct target *target)
{
	drop_texts(target);
	code_free(&target->code);
	free(target);
}

void target_want(struct ebpf *e, struct target *target)
{
	target->wanted = true;
	target->idle = false;
	target->listed = target->listed || add(&e->wanted, target);
}

void target_forget(struct ebpf *e, struct target *target)
{
	if (target->forget)
		return;
	target->forget = true;
	target->wanted = target->has_text = false;
	add(&e->gone, target); /* without memory it is freed at the end of all */
}

static void take_out(struct target_list *list, const struct target *target)
{
	size_t kept = 0;
	for (size_t i = 0; i < list->count; i++)
		if (list->at[i] != target)
			list->at[kept++] = list->at[i];
	list->count = kept;
}

static void remove_one(struct ebpf *e, struct target *target)
{
	struct target **at = place(e, target->pid), *last = e->targets.at[--e->targets.count];
	while (*at != target)
		at = &(*at)->next;
	*at = target->next;
	e->targets.at[target->at] = last;
	last->at = target->at;
	if (target->listed)
		take_out(&e->wanted, target);
	take_out(&e->texts, target);
	free_one(target);
}

void target_sweep(struct ebpf *e)
{
	while (e->gone.count)
		remove_one(e, e->gone.at[--e->gone.count]);
}

void target_free_all(struct ebpf *e)
{
	for (size_t i = 0; i < e->targets.count; i++)
		free_one(e->targets.at[i]);
	free(e->targets.at);
	free(e->wanted.at);
	free(e->texts.at);
	free(e->gone.at);
	free(e->by_pid);
}

/* ---- reading ---- */

void target_narrow(const struct ebpf *e, struct vp_sample_api *h, int64_t pid)
{
	if (e->hook != HOOK_CALLS)
		return;
	h->warn(h,
	        "process %lld runs a 32-bit program, whose calls hook=calls does not see: use -O "
	        "hook=all",
	        (long long)pid);
	h->lost(h, pid, "calls", 1,
	        "a 32-bit program with hook=calls: none of its calls is recorded");
}

bool target_is_narrow(int64_t pid)
{
	char path[64];
	unsigned char head[5] = { 0 };
	snprintf(path, sizeof path, "/proc/%lld/exe", (long long)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	bool narrow = read(fd, head, sizeof head) == (ssize_t)sizeof head &&
	              memcmp(head, "\177ELF\1", 5) == 0;
	close(fd);
	return narrow;
}

static ssize_t slurp(int64_t pid, const char *file, char **text, size_t *size)
{
	char path[64];
	size_t used = 0;
	ssize_t n = 0;
	snprintf(path, sizeof path, "/proc/%lld/%s", (long long)pid, file);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	for (;;) {
		n = list_more(text, used, 4096, size, 1) ? read(fd, *text + used, *size - used)
		                                         : -1;
		if (n <= 0)
			break;
		used += (size_t)n;
	}
	int cause = errno;
	close(fd);
	errno = cause;
	return n < 0 ? -1 : (ssize_t)used;
}

bool target_there(int64_t pid)
{
	char *text = NULL;
	size_t size = 0;
	ssize_t n = slurp(pid, "stat", &text, &size);
	if (n > 0 && (size_t)n < size)
		text[n] = 0;
	const char *state = n > 0 ? strrchr(text, ')') : NULL;
	bool there = state && state[1] && state[2] != 'Z' && state[2] != 'X';
	free(text);
	return there;
}

/* Whether a region begins before the previous one ends: the text was written while regions changed.
 */
static bool torn(const char *text, size_t n)
{
	unsigned long long end = 0;
	for (const char *at = text, *stop = text + n; at < stop;
	     at = memchr(at, '\n', (size_t)(stop - at)), at = at ? at + 1 : stop) {
		char *rest;
		if (strtoull(at, &rest, 16) < end)
			return true;
		if (*rest == '-')
			end = strtoull(rest + 1, &rest, 16);
	}
	return false;
}

/* Reads /proc/PID/maps, again while the text is torn. */
static int read_maps(struct ebpf *e, struct target *target)
{
	ssize_t n = 0;
	for (int i = 0; i < TRIES; i++) {
		errno = 0;
		target->text_t = ebpf_clock();
		n = slurp(target->pid, "maps", &target->text, &target->text_size);
		if (n <= 0)
			return -1;
		if ((size_t)n < target->text_size)
			target->text[n] = 0;
		if (!torn(target->text, (size_t)n))
			break;
		if (i + 1 == TRIES) {
			errno = EAGAIN;
			return -1;
		}
	}
	target->text_n = (size_t)n;
	target->text_took = ebpf_clock() - target->text_t;
	target->row_count = 0;
	names_learn_maps(e->names, (vp_str){ target->text, target->text_n });
	if (e->stacks)
		code_learn_maps(&target->code, target->text, target->text_n);
	return 0;
}

int target_read(struct ebpf *e, struct target *target)
{
	int64_t began = ebpf_clock();
	int failed = whole_take(e, target) && read_maps(e, target);
	for (size_t i = 0; e->stacks && !failed && i < target->row_count; i++)
		code_learn(&target->code, &target->rows[i]);
	target->read_at = ebpf_clock();
	target->due = target->read_at + (SHARE - 1) * (target->read_at - began);
	if (failed)
		return -1;
	target->wanted = false;
	if (!target->has_text && !add(&e->texts, target))
		return -1;
	target->has_text = true;
	return 0;
}

/* Reads names that were lost from the ring from /proc. */
static void learn_missing(struct ebpf *e, struct target *target)
{
	bool missing = false;
	for (size_t i = 0; i < target->row_count && !missing; i++) {
		const struct ebpf_vma *row = &target->rows[i];
		missing = row->what & EBPF_VMA_FILE &&
		          !names_of(e->names, row->dev, row->inode, row->alias).p;
	}
	ssize_t n = missing ? slurp(target->pid, "maps", &target->text, &target->text_size) : 0;
	if (n > 0)
		names_learn_maps(e->names, (vp_str){ target->text, (size_t)n });
}

static int put_rows(struct ebpf *e, struct target *target)
{
	size_t n = strlen(e->vsyscall);
	learn_missing(e, target);
	target->text_n = 0;
	for (size_t i = 0; i < target->row_count; i++)
		if (target_row(e, &target->text, &target->text_n, &target->text_size,
		               &target->rows[i]))
			return -1;
	if (target->text_size - target->text_n > n) {
		memcpy(target->text + target->text_n, e->vsyscall, n);
		target->text_n += n;
	}
	return 0;
}

static uint64_t hash(vp_str text) /* FNV-1a, eight bytes at a time */
{
	uint64_t hash = 0xcbf29ce484222325u, word;
	for (; text.n >= sizeof word; text.p += sizeof word, text.n -= sizeof word) {
		memcpy(&word, text.p, sizeof word);
		hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
		hash ^= hash >> 29;
	}
	for (; text.n; text.p++, text.n--)
		hash = (hash ^ (unsigned char)*text.p) * 0x100000001b3u;
	return hash;
}

void target_put_text(struct vp_sample_api *h, struct target *target, int64_t t, int64_t took,
                     vp_str text)
{
	uint64_t shown = hash(text);
	if (target->idle && target->clean && shown == target->shown)
		return;
	h->begin(h, "sample", t, target->pid);
	h->num(h, "seq", target->seq);
	if (took)
		h->sec(h, "took", took);
	h->end(h);
	h->raw(h, t, target->pid, target->seq++, "linux-maps", text);
	target->shown = shown;
	target->clean = true;
}

void target_put(struct ebpf *e, struct vp_sample_api *h, struct target *target)
{
	int64_t t = target->text_t - e->offset;
	target->has_text = false;
	if (target->row_count && put_rows(e, target))
		return;
	vp_str text = { target->text, target->text_n };
	if (h->redacting && !target->row_count) { /* the names of rows are hashed already */
		if (redact_text(&e->redacted, h, text))
			return;
		text = (vp_str){ e->redacted.text, e->redacted.n };
	}
	target_put_text(h, target, t < 0 ? 0 : t, target->text_took, text);
	target->idle = false;
	if (e->targets.count > MANY)
		drop_texts(target);
}

void target_put_until(struct ebpf *e, struct vp_sample_api *h, int64_t t)
{
	size_t kept = 0;
	for (size_t i = 0; i < e->texts.count; i++) {
		struct target *target = e->texts.at[i];
		if (target->has_text && target->text_t >= t)
			e->texts.at[kept++] = target;
		else if (target->has_text)
			target_put(e, h, target);
	}
	e->texts.count = kept;
}

int target_row(struct ebpf *e, char **text, size_t *n, size_t *size, const struct ebpf_vma *vma)
{
	struct vp_region region;
	char digits[48];
	tell_region(e, vma, &region, digits);
	if (!list_more(text, *n, region.name.n + 512, size, 1))
		return -1;
	int used =
	        sprintf(*text + *n, "%08llx-%08llx %.4s %08llx %.*s %.*s ",
	                (unsigned long long)vma->start, (unsigned long long)vma->end, region.perms,
	                (unsigned long long)region.offset, region.dev.p ? (int)region.dev.n : 5,
	                region.dev.p ? region.dev.p : "00:00",
	                region.inode.p ? (int)region.inode.n : 1,
	                region.inode.p ? region.inode.p : "0");
	*n += (size_t)used;
	if (region.name.n) {
		while (used++ < 73)
			(*text)[(*n)++] = ' '; /* the column of names in maps */
		memcpy(*text + *n, region.name.p, region.name.n);
		*n += region.name.n;
	}
	(*text)[(*n)++] = '\n';
	return 0;
}

/* ---- the process line ---- */

void target_put_args(struct vp_sample_api *h, const char *text, size_t n)
{
	vp_str args[EBPF_ARGS];
	size_t count = 0;
	char *hidden = h->redacting ? malloc(EBPF_ARGS * REDACTED_MAX) : NULL;
	if (h->redacting && !hidden)
		return;
	for (size_t at = 0; at < n && count < EBPF_ARGS;) {
		args[count] = (vp_str){ text + at, strnlen(text + at, n - at) };
		at += args[count].n + 1;
		args[count] =
		        names_hidden(h, args[count], hidden + (hidden ? count * REDACTED_MAX : 0));
		count++;
	}
	if (count)
		h->strs(h, "args", args, count);
	free(hidden);
}

void target_put_process(struct vp_sample_api *h, int64_t t, int64_t pid, const char *why)
{
	char path[64], exe[PATH_MAX], hidden[REDACTED_MAX], *text = NULL;
	size_t size = 0;
	ssize_t n = slurp(pid, "stat", &text, &size);
	char *open = n > 0 ? memchr(text, '(', (size_t)n) : NULL,
	     *close = n > 0 ? memrchr(text, ')', (size_t)n) : NULL;
	h->begin(h, "process", t, pid);
	h->str(h, "why", (vp_str){ why, strlen(why) });
	if (open && close > open) {
		long long ppid = 0;
		if (sscanf(close + 1, " %*c %lld", &ppid) == 1)
			h->num(h, "ppid", (uint64_t)ppid);
		h->str(h, "name",
		       names_hidden(h, (vp_str){ open + 1, (size_t)(close - open - 1) }, hidden));
	}
	snprintf(path, sizeof path, "/proc/%lld/exe", (long long)pid);
	if ((n = readlink(path, exe, sizeof exe)) > 0)
		h->str(h, "exe", names_hidden(h, (vp_str){ exe, (size_t)n }, hidden));
	if ((n = slurp(pid, "cmdline", &text, &size)) > 0)
		target_put_args(h, text, (size_t)n);
	limits_put(h, pid);
	h->end(h);
	free(text);
}
