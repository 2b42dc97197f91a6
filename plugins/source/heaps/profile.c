/* Heap profiles in the text form of pprof: of gperftools, jemalloc, and Go's ?debug=1.
 *
 *   heap profile:     27:  1048576 [   30:  1148576] @ heap_v2/524288
 *      1:  1048576 [    2:  1148576] @ 0x00000000004006a4 0x0000000000400731
 *   #	0x44fe3	main.f+0x3f	/tmp/f.go:12        the frames of the row above, in Go
 *
 *   heap_v2/524288                                 jemalloc
 *   @ 0x4006a4 0x400731
 *     t*: 1: 1048576 [2: 1148576]
 *   -> a site: its stack, live 1048576 in 1 block, freed 100000 in 1 block
 *
 * Quirks: the numbers in front are live, those in brackets all that were allocated (jemalloc: only
 * if it accumulates, else 0). A rate behind the head says that the calls are a sample: one each so
 * many bytes, in Go each half as many. The numbers are then made larger, as pprof makes them: by
 * 1 / (1 - e^(-mean size / rate)). The objects at the end are a report of their own.
 */
#include "inner.h"

struct numbers {
	uint64_t live_blocks, live, allocated_blocks, allocated;
};

struct reader {
	struct heaps *h;
	uint64_t rate; /* bytes between samples; 0: each call is there */
	struct numbers row;
	bool open, named; /* a row is open; its frames are those of its `#` lines */
	uint64_t heap[3]; /* what Go says of its heap, from the system, in use, free */
	unsigned known;
};

/* Takes a number and the sign behind it, also with blanks between. */
static bool number(vp_str *rest, char sign, uint64_t *value)
{
	size_t n = 0;
	*rest = text_left(*rest);
	while (n < rest->n && text_digit(rest->p[n]))
		n++;
	if (!text_decimal((vp_str){ rest->p, n }, value))
		return false;
	*rest = text_left(text_from(*rest, n));
	if (!sign)
		return true;
	if (!rest->n || *rest->p != sign)
		return false;
	*rest = text_from(*rest, 1);
	return true;
}

/* "1: 16 [2: 32]" */
static bool read_numbers(vp_str *rest, struct numbers *n)
{
	if (!number(rest, ':', &n->live_blocks) || !number(rest, '[', &n->live))
		return false;
	return number(rest, ':', &n->allocated_blocks) && number(rest, ']', &n->allocated);
}

static bool is_row(vp_str line)
{
	struct numbers n;
	if (!read_numbers(&line, &n))
		return false;
	line = text_left(line);
	return text_starts(line, "@") && (line.n == 1 || text_blank(line.p[1]));
}

static bool is(vp_str line)
{
	struct numbers n;
	vp_str rest = line;
	if (text_starts(line, "heap profile: ")) {
		rest = text_from(line, 14);
		return read_numbers(&rest, &n);
	}
	return text_starts(line, "heap_v2/") || is_row(line);
}

static bool go_frame(vp_str line, struct vp_frame *frame)
{
	memset(frame, 0, sizeof *frame);
	if (!text_starts(line, "#\t0x"))
		return false;
	vp_str rest = text_from(line, 1), word = text_word(&rest);
	if (!text_hex(word, &frame->addr))
		return false;
	frame->function = text_word(&rest);
	const char *plus =
	        frame->function.n ? memrchr(frame->function.p, '+', frame->function.n) : NULL;
	if (plus)
		frame->function.n = (size_t)(plus - frame->function.p);
	rest = text_trim(rest);
	const char *colon = rest.n ? memrchr(rest.p, ':', rest.n) : NULL;
	if (colon && text_decimal(text_from(rest, (size_t)(colon + 1 - rest.p)), &frame->line))
		frame->file = (vp_str){ rest.p, (size_t)(colon - rest.p) };
	return true;
}

static bool thread_row(vp_str line, vp_str *rest)
{
	if (line.n < 3 || *line.p != 't' || (!text_digit(line.p[1]) && line.p[1] != '*'))
		return false;
	const char *colon = memchr(line.p, ':', line.n);
	struct numbers n;
	if (!colon)
		return false;
	*rest = text_from(line, (size_t)(colon + 1 - line.p));
	return read_numbers(&(vp_str){ rest->p, rest->n }, &n);
}

static bool addresses(vp_str line)
{
	uint64_t value;
	vp_str rest = text_from(line, 1), word;
	if (!text_starts(line, "@ 0x"))
		return false;
	while ((word = text_word(&rest)).n)
		if (!text_starts(word, "0x") || !text_hex(word, &value))
			return false;
	return true;
}

static bool beside(vp_str line)
{
	struct vp_frame frame;
	vp_str rest;
	return go_frame(line, &frame) || thread_row(line, &rest) || addresses(line) ||
	       text_is(line, "MAPPED_LIBRARIES:") || text_is(line, "# runtime.MemStats") ||
	       (text_starts(line, "# ") && text_has(line, " = "));
}

/* 1 - e^-x for x >= 0 */
static double share_seen(double x)
{
	double term = 1, sum = 0, y = x / 1024;
	if (x > 40)
		return 1;
	for (int i = 1; i < 12; i++) {
		term *= -y / i;
		sum -= term; /* 1 - e^-y */
	}
	for (int i = 0; i < 10; i++)
		sum = sum * (2 - sum); /* 1 - (1 - s)^2 */
	return sum;
}

static void enlarge(uint64_t *blocks, uint64_t *bytes, uint64_t rate)
{
	if (rate < 2 || !*blocks || !*bytes)
		return;
	double scale = 1 / share_seen((double)*bytes / (double)*blocks / (double)rate);
	double more_blocks = (double)*blocks * scale, more = (double)*bytes * scale;
	if (more > 9e15)
		return;
	*blocks = (uint64_t)(more_blocks + 0.5);
	*bytes = (uint64_t)(more + 0.5);
}

static void close_row(struct reader *r)
{
	if (!r->open)
		return;
	r->open = r->named = false;
	struct numbers n = r->row;
	enlarge(&n.live_blocks, &n.live, r->rate);
	enlarge(&n.allocated_blocks, &n.allocated, r->rate);
	struct heaps_site *site = heaps_site(r->h, heaps_stack(r->h));
	if (!site)
		return;
	site->live += n.live;
	site->live_blocks += n.live_blocks;
	site->allocated += n.allocated;
	site->allocated_blocks += n.allocated_blocks;
}

static void add_addresses(struct reader *r, vp_str rest)
{
	struct vp_frame frame = { .addr = 0 };
	for (vp_str word; (word = text_word(&rest)).n;)
		if (text_hex(word, &frame.addr))
			heaps_frame(r->h, &frame);
}

static void head(struct reader *r, vp_str line)
{
	const char *at = text_find(line, "heap_v2/"), *go = text_find(line, "@ heap/");
	if (at)
		text_decimal(text_trim(text_from(line, (size_t)(at + 8 - line.p))), &r->rate);
	else if (go &&
	         text_decimal(text_trim(text_from(line, (size_t)(go + 7 - line.p))), &r->rate))
		r->rate /= 2;
	if (r->rate > 1)
		r->h->host->warn(r->h->host,
		                 "the profile is a sample, one call each %llu bytes: its numbers "
		                 "are "
		                 "estimates",
		                 (unsigned long long)r->rate);
}

/* "# HeapSys = 123" of Go */
static void go_number(struct reader *r, vp_str line)
{
	static const char *const names[] = { "# HeapSys = ", "# HeapAlloc = ", "# HeapIdle = " };
	for (unsigned i = 0; i < 3; i++)
		if (text_starts(line, names[i]) &&
		    text_decimal(text_from(line, strlen(names[i])), &r->heap[i]))
			r->known |= 1u << i;
}

static void go_heap(struct reader *r)
{
	static const char *const names[] = { "system", "used", "free" };
	struct vp_parse_api *host = r->h->host;
	if (!(r->known & 1))
		return;
	host->begin(host, "heap", r->h->base, r->h->pid);
	host->str(host, "allocator", text_of("go"));
	for (unsigned i = 0; i < 3; i++)
		if (r->known >> i & 1)
			host->num(host, names[i], r->heap[i]);
	host->end(host);
}

static void parse(struct heaps *h, vp_str text)
{
	struct reader reader = { .h = h }, *r = &reader;
	struct text_lines lines = { .rest = text };
	struct vp_frame frame;
	vp_str line, rest;
	while (text_next(&lines, &line)) {
		line = text_trim(text_unquoted(line));
		if (text_starts(line, "heap profile: ") || text_starts(line, "heap_v2/")) {
			close_row(r);
			head(r, line);
		} else if (is_row(line)) {
			close_row(r);
			rest = line;
			r->open = read_numbers(&rest, &r->row);
			add_addresses(r, text_from(text_left(rest), 1));
		} else if (addresses(line)) { /* jemalloc: the numbers follow */
			close_row(r);
			h->count = 0;
			add_addresses(r, text_from(line, 1));
		} else if (thread_row(line, &rest)) {
			if (line.p[1] == '*' && h->count) {
				r->open = read_numbers(&rest, &r->row);
				close_row(r);
			}
		} else if (go_frame(line, &frame)) {
			if (r->open && !r->named)
				h->count = 0; /* the same frames, with their names */
			r->named = true;
			if (r->open)
				heaps_frame(h, &frame);
		} else {
			go_number(r, line);
		}
	}
	close_row(r);
	h->count = 0;
	heaps_sums(h, h->base, 0);
	go_heap(r);
}

const struct heaps_reader heaps_profile = {
	.format = "heap-profile",
	.sure = 88,
	.is = is,
	.beside = beside,
	.parse = parse,
};
