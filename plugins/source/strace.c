/* The source strace: calls of memory in a log of strace, replayed into an address space; parse half
 * only.
 *
 *   317   mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f6becb0a000
 *   317   openat(AT_FDCWD, "/lib64/libc.so.6", O_RDONLY|O_CLOEXEC) = 3
 *   317   mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_DENYWRITE, 3, 0) = 0x7f6bec9bb000
 *   317   munmap(0x7f6becb0a000, 8192)      = 0
 *   -> an event for each call, with its arguments, its result, and `after`: the regions that lie
 * then in the span of the call; around them snapshots, empty at first, of what is mapped at the end
 *
 * Quirks: the pid stands first, alone (-o with -f) or as [pid 317] (-f on a terminal), or not at
 * all; then perhaps a time (-t, -tt, -ttt, -r). A call that another thread interrupts is written in
 * two halves, "<unfinished ...>" and "<... mmap resumed>". -k writes a stack below a call: it is
 * the call's. The program break is known from the second brk on. What was mapped before the log
 * began is not known, so a snapshot holds only what the log shows. A file is known by the
 * descriptor that its openat gave. execve empties the space.
 */
#include "kit/text.h"

#define PAGE       4096
#define SPACES_MAX 256
#define FILES_MAX  256
#define STACK_MAX  64

struct file {
	int64_t fd;
	vp_str path;
};

struct space {
	int64_t pid;               /* -1: the log names none */
	struct vp_region *regions; /* sorted by address */
	size_t count, size;
	uint64_t heap, top; /* start and end of the program break; 0: not known */
	struct file files[FILES_MAX];
	size_t file_count;
	vp_str half; /* the first half of an unfinished call */
	bool told;
};

/* One call as it is written. */
struct call {
	vp_str name, args[6], result;
	size_t count;
	int64_t pid;
	bool failed;
	vp_str error;
	uint64_t value;
};

struct parser {
	struct vp_parse_api *host;
	int64_t pid; /* of the text */
	struct space *spaces[SPACES_MAX];
	size_t space_count;
	uint64_t stacks;
	int64_t base;      /* of the text */
	int64_t from, now; /* times of the log in ns; -1: none */
	char *joined[64];  /* halves put together */
	size_t joined_count;
	struct vp_frame frames[STACK_MAX];
};

/* ---- a line ---- */

static vp_str until(vp_str text, const char *at)
{
	return (vp_str){ text.p, (size_t)(at - text.p) };
}

/* Takes "317", "[pid   317]" off the front. */
static void take_pid(vp_str *line, int64_t *pid)
{
	uint64_t number;
	vp_str rest = *line, word = text_word(&rest);
	*pid = -1;
	if (text_is(word, "[pid")) {
		word = text_word(&rest);
		if (text_ends(word, "]"))
			word.n--;
	}
	if (!text_decimal(word, &number) || number > UINT32_MAX || !text_left(rest).n)
		return;
	*pid = (int64_t)number;
	*line = text_left(rest);
}

/* Takes "10:00:00.123456", "1714550400.123456" or "     0.000123" off the front. */
static void take_time(vp_str *line, int64_t *ns)
{
	vp_str rest = *line, word = text_word(&rest), whole = word;
	uint64_t parts[3] = { 0 }, part = 0;
	size_t n = 0;
	*ns = -1;
	const char *point = word.n ? memchr(word.p, '.', word.n) : NULL;
	if (point)
		whole = until(word, point);
	while (whole.n && n < 3) {
		const char *colon = memchr(whole.p, ':', whole.n);
		vp_str one = colon ? until(whole, colon) : whole;
		if (!text_decimal(one, &parts[n++]) || parts[n - 1] > UINT32_MAX)
			return;
		whole = text_from(whole, one.n + (colon != NULL));
	}
	if (whole.n || (n != 3 && !(n == 1 && point)))
		return;
	uint64_t seconds = n == 3 ? (parts[0] * 60 + parts[1]) * 60 + parts[2] : parts[0];
	vp_str digits = point ? text_from(word, (size_t)(point + 1 - word.p)) : (vp_str){ NULL, 0 };
	uint64_t scale = 1000000000;
	for (size_t i = 0; i < digits.n && i < 9; i++) {
		if (!text_digit(digits.p[i]))
			return;
		part = part * 10 + (uint64_t)(digits.p[i] - '0');
		scale /= 10;
	}
	if (seconds >= UINT64_C(8000000000))
		return;
	*ns = (int64_t)(seconds * 1000000000 + part * scale);
	*line = text_left(rest);
}

/* Splits "mmap(NULL, 8192, ...) = 0x7f..." False: it is no whole call. */
static bool read_call(vp_str line, struct call *call)
{
	const char *open = memchr(line.p, '(', line.n < 40 ? line.n : 40), *equals = NULL;
	memset(call, 0, sizeof *call);
	if (!open || open == line.p)
		return false;
	call->name = until(line, open);
	for (size_t i = 0; i < call->name.n; i++)
		if (text_form(call->name.p[i]) != 'a' && call->name.p[i] != '_')
			return false;
	for (size_t i = line.n; i-- > (size_t)(open - line.p) && !equals;)
		if (line.p[i] == '=' && i && text_blank(line.p[i - 1]) && i + 1 < line.n &&
		    text_blank(line.p[i + 1]))
			equals = line.p + i;
	if (!equals)
		return false;
	vp_str inside = text_right(until(line, equals));
	if (!text_ends(inside, ")"))
		return false;
	inside = text_from((vp_str){ inside.p, inside.n - 1 }, (size_t)(open + 1 - line.p));
	size_t from = 0;
	int depth = 0;
	bool quoted = false;
	for (size_t i = 0; i <= inside.n && call->count < 6; i++) {
		char c = i < inside.n ? inside.p[i] : ',';
		quoted = c == '"' && (!i || inside.p[i - 1] != '\\') ? !quoted : quoted;
		depth += !quoted && strchr("[{(", c) && c;
		depth -= !quoted && strchr("]})", c) && c;
		if ((c != ',' || quoted || depth) && i < inside.n)
			continue;
		call->args[call->count++] = text_trim((vp_str){ inside.p + from, i - from });
		from = i + 1;
	}
	vp_str rest = text_from(line, (size_t)(equals + 1 - line.p)), word = text_word(&rest);
	call->result = word;
	call->failed = text_is(word, "-1");
	if (call->failed)
		call->error = text_word(&rest);
	else if (text_starts(word, "0x"))
		return text_hex(word, &call->value);
	else
		return text_is(word, "?") || text_decimal(word, &call->value);
	return call->error.n > 1 && *call->error.p == 'E';
}

static bool number(vp_str text, uint64_t *value)
{
	const char *times = text.n ? memchr(text.p, '*', text.n) : NULL;
	uint64_t factor;
	if (times) /* "8*1024" */
		return text_decimal(until(text, times), value) &&
		       text_decimal(text_from(text, (size_t)(times + 1 - text.p)), &factor) &&
		       factor && *value <= UINT64_MAX / factor && (*value *= factor, true);
	if (text_is(text, "NULL")) {
		*value = 0;
		return true;
	}
	return text_starts(text, "0x") ? text_hex(text, value) : text_decimal(text, value);
}

static bool pages(uint64_t *length)
{
	if (!*length || *length > UINT64_MAX - PAGE)
		return false;
	*length = (*length + PAGE - 1) & ~(uint64_t)(PAGE - 1);
	return true;
}

/* ---- the address space ---- */

static bool insert(struct space *s, const struct vp_region *region)
{
	size_t at = s->count;
	if (!list_more(&s->regions, s->count, 1, &s->size, sizeof *s->regions))
		return false;
	while (at && s->regions[at - 1].start > region->start)
		at--;
	memmove(&s->regions[at + 1], &s->regions[at], (s->count - at) * sizeof *s->regions);
	s->regions[at] = *region;
	s->count++;
	return true;
}

static void set_range(struct vp_region *region, uint64_t start, uint64_t end)
{
	if (region->has_offset)
		region->offset += start - region->start;
	region->start = start;
	region->end = end;
	region->size = end - start;
}

/* Cuts [start, end) out of the space. False: no memory. */
static bool cut_out(struct space *s, uint64_t start, uint64_t end)
{
	for (size_t i = 0; i < s->count;) {
		struct vp_region *region = &s->regions[i], rest = *region;
		if (region->end <= start || region->start >= end) {
			i++;
			continue;
		}
		bool head = region->start<start, tail = region->end> end;
		if (tail)
			set_range(&rest, end, region->end);
		if (head)
			set_range(region, region->start, start);
		else if (tail)
			*region = rest;
		else
			memmove(region, region + 1, (--s->count - i) * sizeof *region);
		if (head && tail && !insert(s, &rest))
			return false;
		i += head || tail;
	}
	return true;
}

/* Splits the region around an address. */
static bool split_at(struct space *s, uint64_t at)
{
	for (size_t i = 0; i < s->count; i++) {
		struct vp_region rest = s->regions[i];
		if (rest.start >= at || rest.end <= at)
			continue;
		set_range(&rest, at, rest.end);
		set_range(&s->regions[i], s->regions[i].start, at);
		return insert(s, &rest);
	}
	return true;
}

static void perms_of(vp_str prot, bool shared, char *perms)
{
	perms[0] = text_has(prot, "PROT_READ") ? 'r' : '-';
	perms[1] = text_has(prot, "PROT_WRITE") ? 'w' : '-';
	perms[2] = text_has(prot, "PROT_EXEC") ? 'x' : '-';
	perms[3] = shared ? 's' : 'p';
	perms[4] = 0;
}

/* ---- whose ---- */

static struct space *space_of(struct parser *p, int64_t pid)
{
	for (size_t i = 0; i < p->space_count; i++)
		if (p->spaces[i]->pid == pid)
			return p->spaces[i];
	if (p->space_count == SPACES_MAX)
		return NULL;
	struct space *made = calloc(1, sizeof *made);
	if (made) {
		made->pid = pid;
		p->spaces[p->space_count++] = made;
	}
	return made;
}

static int64_t pid_of(const struct parser *p, const struct space *s)
{
	return p->pid >= 0 ? p->pid : s->pid >= 0 ? s->pid : 0;
}

static int64_t time_now(struct parser *p)
{
	return p->now < 0 ? p->base : p->base + (p->now - p->from);
}

static void tell_process(struct parser *p, struct space *s, const char *why, vp_str name)
{
	p->host->begin(p->host, "process", time_now(p), pid_of(p, s));
	p->host->str(p->host, "why", text_of(why));
	if (name.n)
		p->host->str(p->host, "name", name);
	p->host->end(p->host);
	p->host->snapshot(p->host, (vp_str){ "\"part\":true", 11 }, NULL);
	s->told = true;
}

/* Remembers or forgets the file of a descriptor. */
static void files(struct space *s, const struct call *call)
{
	uint64_t fd;
	if (text_is(call->name, "close") && call->count && text_decimal(call->args[0], &fd)) {
		for (size_t i = 0; i < s->file_count; i++)
			if (s->files[i].fd == (int64_t)fd)
				s->files[i] = s->files[--s->file_count];
		return;
	}
	bool at = text_is(call->name, "openat");
	if ((!at && !text_is(call->name, "open")) || call->failed || call->count <= (size_t)at)
		return;
	vp_str path = call->args[at];
	if (path.n < 2 || *path.p != '"' || !text_ends(path, "\""))
		return;
	path = (vp_str){ path.p + 1, path.n - 2 };
	for (size_t i = 0; i < s->file_count; i++)
		if (s->files[i].fd == (int64_t)call->value) {
			s->files[i].path = path;
			return;
		}
	if (s->file_count < FILES_MAX)
		s->files[s->file_count++] = (struct file){ (int64_t)call->value, path };
}

/* "3" or, with -y, "3</lib64/libc.so.6>" */
static vp_str path_of(const struct space *s, vp_str fd)
{
	uint64_t number_of;
	const char *open = fd.n ? memchr(fd.p, '<', fd.n) : NULL;
	if (open && text_ends(fd, ">"))
		return (vp_str){ open + 1, (size_t)(fd.p + fd.n - open) - 2 };
	for (size_t i = 0; i < s->file_count && text_decimal(fd, &number_of); i++)
		if (s->files[i].fd == (int64_t)number_of)
			return s->files[i].path;
	return (vp_str){ NULL, 0 };
}

/* ---- calls ---- */

struct effect {
	uint64_t start, end;           /* the span of the call */
	uint64_t left_start, left_end; /* what an mremap has left; both 0: nothing */
};

static bool do_mmap(struct space *s, const struct call *call, struct effect *effect)
{
	uint64_t length, offset = 0;
	struct vp_region region = { .start = call->value };
	if (call->count < 6 || !number(call->args[1], &length) || !pages(&length) ||
	    call->value > UINT64_MAX - length)
		return false;
	bool anonymous = text_has(call->args[3], "MAP_ANON"),
	     shared = text_has(call->args[3], "MAP_SHARED");
	region.end = region.start + length;
	region.size = length;
	perms_of(call->args[2], shared, region.perms);
	region.share = text_of(shared ? "shm" : "prv");
	if (!anonymous) {
		region.name = path_of(s, call->args[4]);
		region.has_offset = number(call->args[5], &offset);
		region.offset = offset;
	}
	*effect = (struct effect){ .start = region.start, .end = region.end };
	return cut_out(s, region.start, region.end) && insert(s, &region);
}

static bool do_munmap(struct space *s, const struct call *call, struct effect *effect)
{
	uint64_t start, length;
	if (call->count < 2 || !number(call->args[0], &start) || !number(call->args[1], &length) ||
	    !pages(&length) || start > UINT64_MAX - length)
		return false;
	*effect = (struct effect){ .start = start, .end = start + length };
	return cut_out(s, start, start + length);
}

static bool do_mprotect(struct space *s, const struct call *call, struct effect *effect)
{
	uint64_t start, length;
	if (call->count < 3 || !number(call->args[0], &start) || !number(call->args[1], &length) ||
	    !pages(&length) || start > UINT64_MAX - length)
		return false;
	*effect = (struct effect){ .start = start, .end = start + length };
	if (!split_at(s, start) || !split_at(s, start + length))
		return false;
	for (size_t i = 0; i < s->count; i++)
		if (s->regions[i].start >= start && s->regions[i].end <= start + length)
			perms_of(call->args[2], s->regions[i].perms[3] == 's', s->regions[i].perms);
	return true;
}

static bool do_brk(struct space *s, const struct call *call, struct effect *effect)
{
	uint64_t top = (call->value + PAGE - 1) & ~(uint64_t)(PAGE - 1);
	if (!s->heap) {
		s->heap = s->top = top;
		return false;
	}
	if (top == s->top || top < s->heap)
		return false;
	*effect = (struct effect){ .start = top < s->top ? top : s->top,
		                   .end = top < s->top ? s->top : top };
	bool good = cut_out(s, s->heap, s->top > top ? s->top : top);
	struct vp_region heap = { .start = s->heap,
		                  .end = top,
		                  .size = top - s->heap,
		                  .perms = "rw-p",
		                  .share = text_of("prv"),
		                  .name = text_of("[heap]") };
	s->top = top;
	effect->start = s->heap;
	return good && (top == s->heap || insert(s, &heap));
}

static bool do_mremap(struct space *s, const struct call *call, struct effect *effect)
{
	uint64_t old, was, now;
	struct vp_region moved = { .start = 0 };
	if (call->count < 3 || !number(call->args[0], &old) || !number(call->args[1], &was) ||
	    !number(call->args[2], &now) || !pages(&was) || !pages(&now) ||
	    old > UINT64_MAX - was || call->value > UINT64_MAX - now)
		return false;
	for (size_t i = 0; i < s->count; i++)
		if (s->regions[i].start <= old && s->regions[i].end > old)
			moved = s->regions[i];
	if (!moved.end)
		memcpy(moved.perms, "rw-p", 5);
	if (moved.has_offset)
		moved.offset += old - moved.start;
	moved.start = call->value;
	moved.end = call->value + now;
	moved.size = now;
	*effect = (struct effect){ .start = moved.start, .end = moved.end };
	if (call->value != old) {
		effect->left_start = old;
		effect->left_end = old + was;
	} else if (was > now) {
		effect->end = old + was;
	}
	return cut_out(s, old, old + was) && cut_out(s, moved.start, moved.end) &&
	       insert(s, &moved);
}

static const struct {
	const char *name;
	bool (*effect)(struct space *s, const struct call *call, struct effect *effect);
	const char *args[6];
	const char *forms; /* of the arguments: a address, n number, w words, s signed */
	bool address;      /* the result is one */
} calls[] = {
	{ "mmap", do_mmap, { "addr", "length", "prot", "flags", "fd", "offset" }, "anwwsa", true },
	{ "mmap2", do_mmap, { "addr", "length", "prot", "flags", "fd", "offset" }, "anwwsa", true },
	{ "munmap", do_munmap, { "addr", "length" }, "an", false },
	{ "mprotect", do_mprotect, { "addr", "len", "prot" }, "anw", false },
	{ "pkey_mprotect", do_mprotect, { "addr", "len", "prot", "pkey" }, "anws", false },
	{ "brk", do_brk, { "addr" }, "a", true },
	{ "mremap",
	  do_mremap,
	  { "old_address", "old_size", "new_size", "flags", "new_address" },
	  "annwa",
	  true },
	{ "madvise", NULL, { "addr", "length", "advice" }, "anw", false },
	{ "mlock", NULL, { "addr", "len" }, "an", false },
	{ "munlock", NULL, { "addr", "len" }, "an", false },
};
enum { CALLS = sizeof calls / sizeof *calls };

static int which(vp_str name)
{
	for (int i = 0; i < CALLS; i++)
		if (text_is(name, calls[i].name))
			return i;
	return -1;
}

static void put_argument(struct vp_parse_api *h, const char *key, char form, vp_str text)
{
	uint64_t value;
	bool minus = text.n > 1 && *text.p == '-';
	if (form == 'w' || (form == 's' && memchr(text.p, '<', text.n))) {
		h->str(h, key, text);
	} else if (form == 's' && minus && text_decimal(text_from(text, 1), &value)) {
		h->json(h, key, text);
	} else if (number(text, &value)) {
		if (form == 'a' || value >> 53)
			h->addr(h, key, value);
		else
			h->num(h, key, value);
	}
}

static void put_after(struct parser *p, const struct space *s, const struct effect *effect)
{
	size_t from = 0;
	while (from < s->count && s->regions[from].end <= effect->start)
		from++;
	size_t to = from;
	while (to < s->count && s->regions[to].start < effect->end)
		to++;
	p->host->span(p->host, "span", effect->start, effect->end);
	p->host->regions(p->host, "after", s->regions + from, to - from);
	if (effect->left_end)
		p->host->span(p->host, "left", effect->left_start, effect->left_end);
}

/* Writes the event of a call; `frames` of p->frames are its stack. */
static void put_event(struct parser *p, struct space *s, const struct call *call, int index,
                      const struct effect *effect, size_t frames)
{
	struct vp_parse_api *h = p->host;
	int64_t t = time_now(p);
	if (!s->told)
		tell_process(p, s, "first", (vp_str){ NULL, 0 });
	if (frames) {
		h->begin(h, "stack", t, -1);
		h->num(h, "id", ++p->stacks);
		h->frames(h, "frames", p->frames, frames);
		h->end(h);
	}
	h->begin(h, "event", t, pid_of(p, s));
	h->str(h, "call", text_is(call->name, "mmap2") ? text_of("mmap") : call->name);
	if (call->pid >= 0)
		h->num(h, "tid", (uint64_t)call->pid);
	for (size_t i = 0; i < call->count && calls[index].forms[i]; i++)
		put_argument(h, calls[index].args[i], calls[index].forms[i], call->args[i]);
	if (call->failed)
		h->str(h, "error", call->error);
	else if (calls[index].address)
		h->addr(h, "result", call->value);
	else
		h->num(h, "result", call->value);
	if (effect)
		put_after(p, s, effect);
	if (frames)
		h->num(h, "stack", p->stacks);
	h->end(h);
}

/* " > /lib/libc.so.6(mmap+0x1a) [0x11ba3a]", as -k writes it. */
static bool read_frame(vp_str line, struct vp_frame *frame)
{
	vp_str text = text_trim(line);
	const char *close, *open = text.n ? memrchr(text.p, '[', text.n) : NULL;
	if (!text_starts(text, "> ") || !open || !text_ends(text, "]"))
		return false;
	memset(frame, 0, sizeof *frame);
	vp_str address = { open + 1, (size_t)(text.p + text.n - open) - 2 };
	frame->has_offset = text_hex(address, &frame->offset);
	text = text_right((vp_str){ text.p + 2, (size_t)(open - text.p) - 2 });
	close = text.n && text_ends(text, ")") ? memrchr(text.p, '(', text.n) : NULL;
	frame->object = close ? until(text, close) : text;
	if (close) {
		vp_str function = text_from(text, (size_t)(close + 1 - text.p));
		function.n--;
		const char *plus = function.n ? memrchr(function.p, '+', function.n) : NULL;
		frame->function = plus ? until(function, plus) : function;
	}
	return frame->has_offset;
}

static size_t read_stack(struct parser *p, struct text_lines *lines)
{
	size_t count = 0;
	vp_str line;
	for (struct text_lines next = *lines;
	     text_next(&next, &line) && count < STACK_MAX && read_frame(line, &p->frames[count]);
	     *lines = next)
		count++;
	return count;
}

static void executed(struct parser *p, struct space *s, const struct call *call)
{
	vp_str path = call->count ? call->args[0] : (vp_str){ NULL, 0 }, name = { NULL, 0 };
	if (path.n > 2 && *path.p == '"' && text_ends(path, "\"")) {
		path = (vp_str){ path.p + 1, path.n - 2 };
		const char *slash = memrchr(path.p, '/', path.n);
		name = slash ? text_from(path, (size_t)(slash + 1 - path.p)) : path;
	}
	s->count = s->file_count = 0;
	s->heap = s->top = 0;
	tell_process(p, s, s->told ? "exec" : "first", name);
}

static void one_call(struct parser *p, struct space *s, struct call *call, struct text_lines *lines)
{
	struct effect effect = { .start = 0 };
	int index = which(call->name);
	files(s, call);
	if (text_starts(call->name, "execve") && !call->failed) {
		executed(p, s, call);
		return;
	}
	if (index < 0)
		return;
	bool acts = !call->failed && calls[index].effect && calls[index].effect(s, call, &effect);
	put_event(p, s, call, index, acts ? &effect : NULL, read_stack(p, lines));
}

/* Joins the halves of a call that another thread interrupted. */
static bool join(struct parser *p, struct space *s, vp_str *line)
{
	const char *unfinished = text_find(*line, "<unfinished ...>");
	if (unfinished) {
		s->half = text_right(until(*line, unfinished));
		return false;
	}
	if (!text_starts(*line, "<... "))
		return true;
	const char *rest = text_find(*line, " resumed>");
	if (!rest || !s->half.n || p->joined_count == sizeof p->joined / sizeof *p->joined)
		return false;
	vp_str tail = text_from(*line, (size_t)(rest - line->p) + 9);
	char *whole = malloc(s->half.n + tail.n + 1);
	if (!whole)
		return false;
	memcpy(whole, s->half.p, s->half.n);
	memcpy(whole + s->half.n, tail.p, tail.n);
	p->joined[p->joined_count++] = whole;
	*line = (vp_str){ whole, s->half.n + tail.n };
	s->half.n = 0;
	return true;
}

/* Takes pid and time off the front. */
static vp_str plain(vp_str line, int64_t *pid, int64_t *ns)
{
	line = text_trim(text_unquoted(line));
	take_pid(&line, pid);
	take_time(&line, ns);
	return line;
}

static int parse(void *state, struct vp_parse_api *host, const struct vp_text *text)
{
	struct parser *p = calloc(1, sizeof *p);
	struct text_lines lines = { .rest = text->text };
	struct call call;
	int64_t pid, ns;
	vp_str line;
	(void)state;
	if (!p)
		return host->fail(host, "out of memory for a log of strace");
	p->host = host;
	p->base = host->now(host);
	p->pid = text->pid;
	p->from = p->now = -1;
	while (text_next(&lines, &line)) {
		line = plain(line, &pid, &ns);
		struct space *s = space_of(p, pid);
		if (!s || !line.n)
			continue;
		if (ns >= 0 && (p->now < 0 || ns >= p->now)) {
			p->now = ns;
			p->from = p->from < 0 ? ns : p->from;
		}
		if (!join(p, s, &line) || !read_call(line, &call))
			continue;
		call.pid = pid;
		one_call(p, s, &call, &lines);
	}
	for (size_t i = 0; i < p->space_count; i++) {
		struct space *s = p->spaces[i];
		if (s->told) {
			host->whose(host, pid_of(p, s));
			host->snapshot(host, (vp_str){ "\"part\":true", 11 }, NULL);
			for (size_t k = 0; k < s->count; k++)
				host->region(host, &s->regions[k]);
		}
		free(s->regions);
		free(s);
	}
	for (size_t i = 0; i < p->joined_count; i++)
		free(p->joined[i]);
	free(p);
	return 0;
}

/* ---- recognising ---- */

static int probe(vp_str text, const char **format)
{
	struct text_lines lines = { .rest = text };
	struct call call;
	int64_t pid, ns;
	*format = "strace";
	if (!text_has(text, ") "))
		return 0;
	for (vp_str line; text_next(&lines, &line);) {
		line = plain(line, &pid, &ns);
		if (read_call(line, &call) && which(call.name) >= 0)
			return 90;
	}
	vp_str first = plain(text_first(text), &pid, &ns);
	return read_call(first, &call) ? 4 : 0;
}

static const char *const formats[] = { "strace", NULL };

static const char *const examples[][2] = {
	{ "strace", "317 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3, 0) = 0x7f6bec9bb000" },
	{ NULL, NULL },
};

const struct vp_source vp_source = {
	.abi = VP_ABI,
	.name = "strace",
	.about = "calls of memory in a log of strace, also with -f, -k, -tt and -y, replayed",
	.formats = formats,
	.examples = examples,
	.probe = probe,
	.parse = parse,
};
