/* The files of heaptrack, unpacked: what it writes at once, and what heaptrack_interpret makes of
 * that. All numbers are hexadecimal.
 *
 *   v 10400 3
 *   X ./mt                                   the command
 *   m 9 /tmp/w/mt 55f498bfc000 0 808         an object: length and name, base, (address size)...
 *   t 55f498bfd1cf 7                         a frame and the trace outside it
 *   + 64 8 55f4b318d1d0                      size, trace, address
 *   - 55f4b318d1d0
 *   c 12                                     time in ms
 *   -> alloc op malloc, addr, size, stack; op free
 *
 *   s 4 main          a string          interpreted: strings, frames and allocations are numbered
 *   i 55f498bfd1cf 1 14 15 5 ...        address, object, and function, file, line of each that is
 *                                       inlined there, the innermost first
 *   a 64 8            size and trace
 *   + 1, - 1          one more, one less of allocation 1
 *   -> sites
 *
 * Quirks: since version 3 a string has its length before it. The object "x" is the program. A
 * realloc is a "-" and a "+". Interpreted files have no addresses.
 */
#include "inner.h"

struct trace {
	uint64_t ip, parent; /* an address, or in an interpreted file the number of an `i` line */
	uint64_t stack;      /* 0: not told yet */
};

struct inlined {
	uint64_t function, file, line;
};

struct ip {
	uint64_t addr, object;
	size_t from, count; /* in inlined */
};

struct object {
	vp_str name;
	uint64_t start, end, base;
};

struct made {
	uint64_t size, trace;
};

struct reader {
	struct heaps *h;
	struct trace *traces;
	size_t trace_count, trace_size;
	vp_str *strings;
	size_t string_count, string_size;
	struct ip *ips;
	size_t ip_count, ip_size;
	struct inlined *inlined;
	size_t inlined_count, inlined_size;
	struct object *objects;
	size_t object_count, object_size;
	struct made *allocations;
	size_t allocation_count, allocation_size;
	vp_str program;
	bool lengths, interpreted;
	uint64_t ms, live; /* of all allocations */
};

#define GROW(r, what)                                                      \
	(list_more(&(r)->what##s, (r)->what##_count, 1, &(r)->what##_size, \
	           sizeof *(r)->what##s) ||                                \
	 ((r)->h->failed = true, false))

static bool hex(vp_str *rest, uint64_t *value)
{
	return text_hex(text_word(rest), value);
}

static bool all_hex(vp_str rest, size_t least, size_t most)
{
	uint64_t value;
	size_t n = 0;
	for (vp_str word; (word = text_word(&rest)).n; n++)
		if (!text_hex(word, &value) || n == most)
			return false;
	return n >= least;
}

/* Only the head is a line that nobody else writes: the others follow it. */
static bool is(vp_str line)
{
	return text_starts(line, "v ") && line.n >= 7 && line.n < 20 &&
	       all_hex(text_from(line, 2), 2, 2) && text_starts(line, "v 10");
}

static bool beside(vp_str line)
{
	if (line.n < 3 || line.p[1] != ' ')
		return text_starts(line, "# strings: ") || text_starts(line, "# ips: ");
	vp_str rest = text_from(line, 2);
	switch (*line.p) {
	case 't':
	case 'a':
	case 'I': return all_hex(rest, 2, 2);
	case '+': return all_hex(rest, 3, 3) || all_hex(rest, 1, 1);
	case '-':
	case 'c':
	case 'R': return all_hex(rest, 1, 1);
	default: return false;
	}
}

/* Takes a string off the front, with its length before it in newer files. */
static vp_str string(const struct reader *r, vp_str *rest)
{
	uint64_t n;
	vp_str after = *rest;
	if (!r->lengths)
		return text_word(rest);
	if (!hex(&after, &n) || !after.n || n > after.n - 1)
		return (vp_str){ NULL, 0 };
	vp_str text = { after.p + 1, (size_t)n };
	*rest = text_from(after, (size_t)n + 1);
	return text;
}

static void object(struct reader *r, vp_str rest)
{
	uint64_t base, at, size;
	vp_str name = string(r, &rest);
	if (text_is(name, "-")) { /* all objects are told anew */
		r->object_count = 0;
		return;
	}
	if (text_is(name, "x"))
		name = r->program;
	if (!hex(&rest, &base))
		return;
	while (hex(&rest, &at) && hex(&rest, &size)) {
		if (!GROW(r, object))
			return;
		r->objects[r->object_count++] =
		        (struct object){ name, base + at, base + at + size, base };
	}
}

static const vp_str *string_of(const struct reader *r, uint64_t number)
{
	static const vp_str none = { NULL, 0 };
	return number && number <= r->string_count ? &r->strings[number - 1] : &none;
}

static void ip(struct reader *r, vp_str rest)
{
	struct ip made = { .from = r->inlined_count };
	struct inlined one;
	if (!hex(&rest, &made.addr) || !GROW(r, ip))
		return;
	hex(&rest, &made.object);
	while (hex(&rest, &one.function)) {
		one.file = one.line = 0;
		if (hex(&rest, &one.file))
			hex(&rest, &one.line);
		if (!list_more(&r->inlined, r->inlined_count, 1, &r->inlined_size,
		               sizeof *r->inlined)) {
			r->h->failed = true;
			return;
		}
		r->inlined[r->inlined_count++] = one;
		made.count++;
	}
	r->ips[r->ip_count++] = made;
}

static void interpreted_frames(struct reader *r, uint64_t number)
{
	if (!number || number > r->ip_count)
		return;
	const struct ip *ip = &r->ips[number - 1];
	struct vp_frame frame = { .addr = ip->addr, .object = *string_of(r, ip->object) };
	for (size_t i = 0; i < ip->count; i++) {
		const struct inlined *one = &r->inlined[ip->from + i];
		frame.function = *string_of(r, one->function);
		frame.file = *string_of(r, one->file);
		frame.line = one->line;
		frame.inlined = i + 1 < ip->count;
		heaps_frame(r->h, &frame);
	}
	if (!ip->count)
		heaps_frame(r->h, &frame);
}

static void raw_frame(struct reader *r, uint64_t addr)
{
	struct vp_frame frame = { .addr = addr };
	for (size_t i = 0; i < r->object_count; i++) {
		const struct object *object = &r->objects[i];
		if (addr < object->start || addr >= object->end)
			continue;
		frame.object = object->name;
		frame.offset = addr - object->base;
		frame.has_offset = true;
	}
	heaps_frame(r->h, &frame);
}

/* Returns the id of the stack of a trace. */
static uint64_t stack_of(struct reader *r, uint64_t number)
{
	if (!number || number > r->trace_count)
		return 0;
	struct trace *first = &r->traces[number - 1];
	if (first->stack)
		return first->stack;
	size_t depth = 0;
	for (uint64_t at = number; at && at <= r->trace_count && depth++ < HEAPS_FRAMES;) {
		const struct trace *trace = &r->traces[at - 1];
		if (r->interpreted)
			interpreted_frames(r, trace->ip);
		else
			raw_frame(r, trace->ip);
		at = trace->parent < at ? trace->parent : 0; /* a parent comes first */
	}
	return first->stack = heaps_stack(r->h);
}

static void allocation(struct reader *r, vp_str rest, bool more)
{
	uint64_t number;
	if (!hex(&rest, &number) || number >= r->allocation_count)
		return;
	const struct made *made = &r->allocations[number];
	struct heaps_site *site = heaps_site(r->h, stack_of(r, made->trace));
	if (!site)
		return;
	if (more) {
		site->live += made->size;
		site->live_blocks++;
		site->allocated += made->size;
		site->allocated_blocks++;
		site->peak = site->peak < site->live ? site->live : site->peak;
		r->live += made->size;
		r->h->peak = r->h->peak < r->live ? r->live : r->h->peak;
	} else if (site->live >= made->size && site->live_blocks) {
		site->live -= made->size;
		site->live_blocks--;
		r->live -= made->size;
	}
}

static void call(struct reader *r, vp_str rest, bool more)
{
	uint64_t trace = 0;
	struct heaps_call call = { .t = r->h->base +
		                        (int64_t)(r->ms % (UINT64_C(1) << 40)) * 1000000,
		                   .tid = -1,
		                   .op = more ? "malloc" : "free",
		                   .has_addr = true };
	if (more) {
		call.has_size = true;
		if (!hex(&rest, &call.size) || !hex(&rest, &trace))
			return;
		call.stack = stack_of(r, trace);
	}
	if (hex(&rest, &call.addr))
		heaps_alloc(r->h, &call);
}

static void one_line(struct reader *r, vp_str line)
{
	uint64_t first, second;
	vp_str rest = text_from(line, 2), at = rest;
	switch (*line.p) {
	case 'v':
		if (hex(&at, &first) && hex(&at, &second))
			r->lengths = second >= 3;
		break;
	case 'X': heaps_process(r->h, (uint64_t)r->h->pid, text_trim(rest)); break;
	case 'x': r->program = string(r, &at); break;
	case 'm': object(r, rest); break;
	case 's':
		r->interpreted = true;
		if (GROW(r, string))
			r->strings[r->string_count++] =
			        r->lengths ? string(r, &at) : text_trim(rest);
		break;
	case 'i':
		r->interpreted = true;
		ip(r, rest);
		break;
	case 't':
		if (hex(&at, &first) && hex(&at, &second) && GROW(r, trace))
			r->traces[r->trace_count++] = (struct trace){ first, second, 0 };
		break;
	case 'a':
		r->interpreted = true;
		if (hex(&at, &first) && hex(&at, &second) && GROW(r, allocation))
			r->allocations[r->allocation_count++] = (struct made){ first, second };
		break;
	case 'c': hex(&at, &r->ms); break;
	case '+':
	case '-':
		if (r->interpreted)
			allocation(r, rest, *line.p == '+');
		else
			call(r, rest, *line.p == '+');
		break;
	default: break;
	}
}

static void parse(struct heaps *h, vp_str text)
{
	struct reader *r = calloc(1, sizeof *r);
	struct text_lines lines = { .rest = text };
	vp_str line;
	if (!r) {
		h->failed = true;
		return;
	}
	r->h = h;
	h->peaks = true;
	while (text_next(&lines, &line)) {
		line = text_right(line);
		if (line.n > 2 && line.p[1] == ' ' && !h->failed)
			one_line(r, line);
	}
	if (r->interpreted)
		heaps_sums(h, h->base + (int64_t)(r->ms % (UINT64_C(1) << 40)) * 1000000, 0);
	free(r->traces);
	free(r->strings);
	free(r->ips);
	free(r->inlined);
	free(r->objects);
	free(r->allocations);
	free(r);
}

const struct heaps_reader heaps_heaptrack = {
	.format = "heaptrack",
	.sure = 90,
	.is = is,
	.beside = beside,
	.parse = parse,
};
