/* What macOS's heap, leaks and malloc_history list.
 *
 *      COUNT      BYTES       AVG   CLASS_NAME                 TYPE    BINARY          heap
 *      =====      =====       ===   ==========                 ====    ======
 *       5322     680512     127.9   non-object
 *        846      63168      74.7   CFString                   ObjC    CoreFoundation
 *
 *   Process 4711: 3 leaks for 144 total leaked bytes.                                  leaks
 *   Leak: 0x1001001b0  size=48  zone: DefaultMallocZone_0x100036000   malloc in main
 *   	Call stack: [thread 0x7fff7]: | start | main | f | malloc
 *
 *   2 calls for 1048576 bytes: thread_7fff7 | start | main | f | malloc       malloc_history
 *   -> a site for each class, leak or call stack: live, live_blocks
 *
 * Quirks: heap knows classes and no stacks, so a class is the one frame of its site. A stack has
 * its outermost frame first; a frame may be an address, or `0x1004 (libx.dylib) f`. Newer leaks
 * lists trees: "3 (144 bytes) ROOT LEAK: <malloc in main 0x6000> [48]", whose first line has the
 * sum of its tree.
 */
#include "inner.h"

struct reader {
	struct heaps *h;
	bool table; /* below the head of heap's table */
	bool leak;  /* a leak waits for its stack */
	bool sums;
	uint64_t bytes;                      /* of the leak */
	vp_str what;                         /* that is said of it */
	size_t class_at, type_at, binary_at; /* columns of heap's table */
};

static bool table_head(vp_str line)
{
	vp_str rest = line;
	return text_is(text_word(&rest), "COUNT") && text_is(text_word(&rest), "BYTES") &&
	       text_is(text_word(&rest), "AVG") && text_is(text_word(&rest), "CLASS_NAME");
}

static bool pid_line(vp_str line, uint64_t *pid, vp_str *rest)
{
	if (!text_starts(line, "Process "))
		return false;
	vp_str at = text_from(line, 8), word = text_word(&at);
	*rest = text_left(at);
	return text_ends(word, ":") && text_decimal((vp_str){ word.p, word.n - 1 }, pid) &&
	       *pid <= UINT32_MAX;
}

/* "2 calls for 1048576 bytes: thread_7 | start | main" */
static bool calls_line(vp_str line, uint64_t *blocks, uint64_t *bytes, vp_str *stack)
{
	vp_str rest = line;
	if (!text_decimal(text_word(&rest), blocks))
		return false;
	vp_str word = text_word(&rest);
	if (!text_is(word, "call") && !text_is(word, "calls"))
		return false;
	if (!text_is(text_word(&rest), "for") || !text_decimal(text_word(&rest), bytes))
		return false;
	word = text_word(&rest);
	*stack = text_left(rest);
	return text_is(word, "bytes:") || text_is(word, "byte:");
}

/* "Leak: 0x1001001b0  size=48  zone: ..." */
static bool leak_line(vp_str line, uint64_t *bytes, vp_str *what)
{
	uint64_t addr;
	if (!text_starts(line, "Leak: "))
		return false;
	vp_str rest = text_from(line, 6), word = text_word(&rest);
	if (!text_starts(word, "0x") || !text_hex(word, &addr))
		return false;
	word = text_word(&rest);
	if (!text_starts(word, "size=") || !text_decimal(text_from(word, 5), bytes))
		return false;
	rest = text_left(rest);
	if (text_starts(rest, "zone: ")) {
		rest = text_from(rest, 6);
		text_word(&rest);
	}
	*what = text_trim(rest);
	return true;
}

/* "3 (144 bytes) ROOT LEAK: <malloc in main 0x6000> [48]" */
static bool root_line(vp_str line, uint64_t *blocks, uint64_t *bytes, vp_str *what)
{
	struct text_size size;
	const char *root = text_find(line, ") ROOT LEAK: "), *open;
	vp_str rest = line, word = text_word(&rest);
	if (!root || !text_decimal(word, blocks))
		return false;
	rest = text_left(rest);
	open = rest.n && *rest.p == '(' ? rest.p : NULL;
	if (!open || open >= root)
		return false;
	vp_str amount = { open + 1, (size_t)(root - open) - 1 };
	if (text_ends(amount, " bytes"))
		amount.n -= 6;
	if (!text_size(amount, &size))
		return false;
	*bytes = size.bytes;
	*what = text_from(line, (size_t)(root + 13 - line.p));
	return true;
}

static bool is(vp_str line)
{
	uint64_t a, b;
	vp_str rest;
	return table_head(line) || calls_line(line, &a, &b, &rest) || leak_line(line, &a, &rest) ||
	       root_line(line, &a, &b, &rest) ||
	       (pid_line(line, &a, &rest) && text_has(rest, " total leaked bytes"));
}

static bool beside(vp_str line)
{
	uint64_t pid;
	vp_str rest;
	return text_starts(line, "Call stack: ") ||
	       (pid_line(line, &pid, &rest) &&
	        (text_has(rest, " nodes malloced for ") || text_ends(rest, " zones") ||
	         text_ends(rest, " zone"))) ||
	       text_starts(line, "All zones: ");
}

static void add(struct reader *r, uint64_t blocks, uint64_t bytes)
{
	struct heaps_site *site = heaps_site(r->h, heaps_stack(r->h));
	r->sums = true;
	if (!site)
		return;
	site->live += bytes;
	site->live_blocks += blocks;
}

/* "0x1004 (libx.dylib) f", "f", "0x1004" */
static struct vp_frame frame_of(vp_str text)
{
	struct vp_frame frame = { .addr = 0 };
	vp_str rest = text = text_trim(text), word = text_word(&rest);
	if (text_starts(word, "0x") && text_hex(word, &frame.addr)) {
		text = text_left(rest);
		const char *close = text_starts(text, "(") ? memchr(text.p, ')', text.n) : NULL;
		if (close) {
			frame.object = (vp_str){ text.p + 1, (size_t)(close - text.p) - 1 };
			text = text_trim(text_from(text, (size_t)(close + 1 - text.p)));
		}
	}
	frame.function = text;
	return frame;
}

/* Adds the frames of "thread_7 | start | main": from the last one on. */
static void stack(struct reader *r, vp_str text)
{
	while (text.n) {
		const char *bar = memrchr(text.p, '|', text.n);
		vp_str one = bar ? text_from(text, (size_t)(bar + 1 - text.p)) : text;
		text.n = bar ? (size_t)(bar - text.p) : 0;
		one = text_trim(one);
		if (!one.n || text_starts(one, "thread_") || text_starts(one, "[thread "))
			continue;
		struct vp_frame frame = frame_of(one);
		heaps_frame(r->h, &frame);
	}
}

static void named(struct reader *r, vp_str what, vp_str object)
{
	struct vp_frame frame = { .function = what, .object = object };
	heaps_frame(r->h, &frame);
}

static void close_leak(struct reader *r)
{
	if (!r->leak)
		return;
	r->leak = false;
	if (!r->h->count)
		named(r, r->what.n ? r->what : text_of("leak"), (vp_str){ NULL, 0 });
	add(r, 1, r->bytes);
}

static vp_str column(vp_str line, size_t from, size_t to)
{
	if (from >= line.n)
		return (vp_str){ NULL, 0 };
	return text_trim((vp_str){ line.p + from, (to < line.n ? to : line.n) - from });
}

static void begin_table(struct reader *r, vp_str line)
{
	const char *class = text_find(line, "CLASS_NAME"), *type = text_find(line, "TYPE"),
	           *binary = text_find(line, "BINARY");
	r->table = true;
	r->class_at = (size_t)(class - line.p);
	r->type_at = type ? (size_t)(type - line.p) : SIZE_MAX;
	r->binary_at = binary ? (size_t)(binary - line.p) : SIZE_MAX;
}

/* A row of heap's table: its class begins where the head says, or after three numbers if blanks
 * were lost. */
static bool table_row(struct reader *r, vp_str line)
{
	uint64_t blocks, bytes;
	vp_str rest = line;
	if (!text_decimal(text_word(&rest), &blocks) || !text_decimal(text_word(&rest), &bytes))
		return false;
	vp_str mean = text_word(&rest);
	if (!mean.n || !text_digit(*mean.p))
		return false;
	bool aligned = line.n > r->class_at && r->class_at && text_blank(line.p[r->class_at - 1]) &&
	               line.p + r->class_at >= rest.p;
	vp_str class = aligned ? column(line, r->class_at, r->type_at) : text_trim(rest);
	vp_str binary = aligned && r->binary_at != SIZE_MAX ? column(line, r->binary_at, SIZE_MAX)
	                                                    : (vp_str){ NULL, 0 };
	if (!class.n)
		return false;
	named(r, class, binary);
	add(r, blocks, bytes);
	return true;
}

static void parse(struct heaps *h, vp_str text)
{
	struct reader reader = { .h = h }, *r = &reader;
	struct text_lines lines = { .rest = text };
	uint64_t pid, blocks, bytes;
	vp_str line, rest;
	while (text_next(&lines, &line)) {
		vp_str whole = text_unquoted(line);
		line = text_trim(whole);
		if (pid_line(line, &pid, &rest)) {
			if (!h->given)
				h->pid = (int64_t)pid;
		} else if (table_head(line)) {
			begin_table(r, whole);
		} else if (leak_line(line, &bytes, &rest)) {
			close_leak(r);
			r->leak = true;
			r->bytes = bytes;
			r->what = rest;
		} else if (root_line(line, &blocks, &bytes, &rest)) {
			close_leak(r);
			named(r, rest, (vp_str){ NULL, 0 });
			add(r, blocks, bytes);
		} else if (calls_line(line, &blocks, &bytes, &rest)) {
			stack(r, rest);
			add(r, blocks, bytes);
		} else if (r->leak && text_starts(line, "Call stack: ")) {
			stack(r, text_from(line, 12));
			close_leak(r);
		} else if (r->table && line.n && !table_row(r, whole) &&
		           !text_starts(line, "=====")) {
			r->table = false;
		}
	}
	close_leak(r);
	if (r->sums)
		heaps_sums(h, h->base, 0);
}

const struct heaps_reader heaps_macos = {
	.format = "macos-heap",
	.sure = 88,
	.is = is,
	.beside = beside,
	.parse = parse,
};
