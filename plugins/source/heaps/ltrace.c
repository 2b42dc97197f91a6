/* Calls of the allocator in a log of ltrace.
 *
 *   mt->malloc(100)                                  = 0x56103427d2a0
 *   [pid 317] mt->realloc(0x56103427d2a0, 5000)      = 0x56103427d3e0
 *   317 10:00:00.1 libx.so->free(0x56103427d310)     = <void>
 *   -> alloc op malloc, addr, size; op realloc with `old`; op free
 *
 * Quirks: the pid, then a time, may stand first, as in a log of strace. A function whose prototype
 * ltrace does not know has further arguments that mean nothing. A call that another thread
 * interrupts is written in two halves. posix_memalign gives its block by a pointer, which the log
 * does not show: such a call is told as lost. With -C names of C++ are written out.
 */
#include "inner.h"

static const struct function {
	const char *name, *op;
	int size, times, old; /* indexes of the arguments; -1: none */
} functions[] = {
	{ "malloc", "malloc", 0, -1, -1 },
	{ "calloc", "calloc", 0, 1, -1 },
	{ "realloc", "realloc", 1, -1, 0 },
	{ "reallocarray", "reallocarray", 1, 2, 0 },
	{ "memalign", "memalign", 1, -1, -1 },
	{ "aligned_alloc", "aligned_alloc", 1, -1, -1 },
	{ "valloc", "valloc", 0, -1, -1 },
	{ "pvalloc", "pvalloc", 0, -1, -1 },
	{ "posix_memalign", "posix_memalign", 2, -1, -1 },
	{ "free", "free", -1, -1, 0 },
	{ "cfree", "free", -1, -1, 0 },
	{ "_Znwm", "new", 0, -1, -1 },
	{ "_Znam", "new_array", 0, -1, -1 },
	{ "_Znwj", "new", 0, -1, -1 },
	{ "_Znaj", "new_array", 0, -1, -1 },
	{ "operator new", "new", 0, -1, -1 },
	{ "operator new[]", "new_array", 0, -1, -1 },
	{ "_ZdlPv", "delete", -1, -1, 0 },
	{ "_ZdaPv", "delete_array", -1, -1, 0 },
	{ "_ZdlPvm", "delete", -1, -1, 0 },
	{ "_ZdaPvm", "delete_array", -1, -1, 0 },
	{ "operator delete", "delete", -1, -1, 0 },
	{ "operator delete[]", "delete_array", -1, -1, 0 },
};
enum { FUNCTIONS = sizeof functions / sizeof *functions, HALVES = 64 };

struct line {
	const struct function *function;
	int64_t tid;
	vp_str args, result;
	bool first, second; /* half of a call */
};

static const struct function *function_of(vp_str name)
{
	for (size_t i = 0; i < FUNCTIONS; i++)
		if (text_is(name, functions[i].name))
			return &functions[i];
	return NULL;
}

/* Takes "[pid 317]" or "317" and perhaps a time off the front. */
static vp_str without_front(vp_str line, int64_t *tid)
{
	uint64_t number;
	*tid = -1;
	for (int i = 0; i < 3; i++) {
		vp_str rest = line, word = text_word(&rest);
		if (text_is(word, "[pid")) {
			word = text_word(&rest);
			if (text_ends(word, "]"))
				word.n--;
		}
		bool time = word.n && text_digit(*word.p) &&
		            (memchr(word.p, ':', word.n) || memchr(word.p, '.', word.n));
		for (size_t k = 0; time && k < word.n; k++)
			time = text_digit(word.p[k]) || word.p[k] == ':' || word.p[k] == '.';
		if (!time && !(i == 0 && text_decimal(word, &number) && number <= UINT32_MAX))
			break;
		if (!time)
			*tid = (int64_t)number;
		line = text_left(rest);
	}
	return line;
}

/* Reads the front and the name of a line. */
static bool read_line(vp_str text, struct line *line)
{
	vp_str rest = without_front(text_trim(text), &line->tid);
	line->first = line->second = false;
	if (text_starts(rest, "<... ")) {
		const char *resumed = text_find(rest, " resumed> ");
		if (!resumed)
			return false;
		line->function =
		        function_of((vp_str){ rest.p + 5, (size_t)(resumed - rest.p) - 5 });
		rest = text_from(rest, (size_t)(resumed - rest.p) + 10);
		line->second = true;
		line->args = (vp_str){ NULL, 0 };
	} else {
		const char *arrow = text_find(rest, "->"),
		           *open = rest.n ? memchr(rest.p, '(', rest.n) : NULL;
		if (arrow && open && arrow < open) /* the library that calls */
			rest = text_from(rest, (size_t)(arrow - rest.p) + 2);
		open = rest.n ? memchr(rest.p, '(', rest.n) : NULL;
		if (!open)
			return false;
		line->function = function_of((vp_str){ rest.p, (size_t)(open - rest.p) });
		rest = text_from(rest, (size_t)(open + 1 - rest.p));
		if (text_starts(rest, "unsigned ") || text_starts(rest, "void*)(") ||
		    text_starts(rest, "void*, ")) { /* -C: the types, then the arguments */
			const char *second = text_find(rest, ")(");
			if (second)
				rest = text_from(rest, (size_t)(second + 2 - rest.p));
		}
	}
	if (!line->function)
		return false;
	const char *unfinished = text_find(rest, "<unfinished ...>");
	if (unfinished && !line->second) {
		line->args = text_trim((vp_str){ rest.p, (size_t)(unfinished - rest.p) });
		line->first = true;
		return true;
	}
	const char *equals = NULL;
	for (size_t i = rest.n; i-- > 1 && !equals;)
		if (rest.p[i] == '=' && text_blank(rest.p[i - 1]))
			equals = rest.p + i;
	if (!equals)
		return false;
	vp_str args = text_right((vp_str){ rest.p, (size_t)(equals - rest.p) });
	if (!text_ends(args, ")"))
		return false;
	args.n--;
	if (!line->second)
		line->args = text_trim(args);
	rest = text_from(rest, (size_t)(equals + 1 - rest.p));
	line->result = text_word(&rest);
	if (text_is(line->result, "nil"))
		line->result = text_of("0");
	return text_starts(line->result, "0x") || text_is(line->result, "0") ||
	       text_is(line->result, "<void>") || text_is(line->result, "<void");
}

static bool is(vp_str text)
{
	struct line line;
	return text_has(text, "(") && read_line(text, &line) && !line.second;
}

static bool beside(vp_str line)
{
	int64_t tid;
	vp_str rest = without_front(line, &tid);
	return text_starts(rest, "+++ exited (status") || text_starts(rest, "--- SIG") ||
	       text_starts(rest, "--- Called exec");
}

static bool argument(vp_str args, int index, uint64_t *value)
{
	for (; index >= 0; index--) {
		const char *comma = args.n ? memchr(args.p, ',', args.n) : NULL;
		vp_str one = text_trim(comma ? (vp_str){ args.p, (size_t)(comma - args.p) } : args);
		args = comma ? text_from(args, (size_t)(comma + 1 - args.p)) : (vp_str){ NULL, 0 };
		if (index)
			continue;
		*value = 0;
		if (text_is(one, "nil") || text_is(one, "NULL"))
			return true;
		if (text_starts(one, "-") && text_decimal(text_from(one, 1), value)) {
			*value = -*value; /* a size beyond 2^63 */
			return true;
		}
		return text_starts(one, "0x") ? text_hex(one, value) : text_decimal(one, value);
	}
	return false;
}

/* Writes a whole call. False: an argument is no number. */
static bool tell(struct heaps *h, const struct line *line)
{
	const struct function *f = line->function;
	struct heaps_call call = { .t = h->base, .tid = line->tid, .op = f->op };
	uint64_t value, times = 1;
	if (f->size >= 0) {
		if (!argument(line->args, f->size, &call.size) ||
		    (f->times >= 0 && !argument(line->args, f->times, &times)))
			return false;
		call.has_size = true;
		if (__builtin_mul_overflow(call.size, times, &call.size))
			call.size = UINT64_MAX; /* the call has failed */
	}
	if (f->old >= 0) {
		if (!argument(line->args, f->old, &value))
			return false;
		if (f->size < 0) { /* a free */
			call.addr = value;
			call.has_addr = value != 0;
			if (!value)
				return true; /* free(NULL) does nothing */
		} else if (value) {
			call.old = value;
			call.has_old = true;
		}
	}
	if (f->size >= 0 && text_is(text_of(f->op), "posix_memalign")) {
		h->host->lost(h->host, h->pid, "alloc", 1,
		              "ltrace does not show the block of posix_memalign");
		return true;
	}
	if (f->size >= 0) {
		if (!text_starts(line->result, "0x")) {
			call.failed = !(call.has_old && call.size == 0);
		} else if (!text_hex(line->result, &call.addr)) {
			return false;
		} else {
			call.has_addr = true;
		}
	}
	heaps_alloc(h, &call);
	return true;
}

static void parse(struct heaps *h, vp_str text)
{
	struct text_lines lines = { .rest = text };
	struct line halves[HALVES], line;
	size_t count = 0;
	int64_t tid;
	vp_str one;
	while (text_next(&lines, &one)) {
		one = text_unquoted(one);
		vp_str plain = without_front(text_trim(one), &tid), word = text_word(&plain);
		const char *open = word.n ? memchr(word.p, '(', word.n) : NULL,
		           *arrow = text_find(word, "->");
		vp_str name = { word.p, open ? (size_t)(open - word.p) : 0 };
		if (arrow && open && arrow < open)
			name = (vp_str){ arrow + 2, (size_t)(open - arrow) - 2 };
		bool good = read_line(one, &line);
		if (good && line.first) {
			size_t at = 0;
			while (at < count && halves[at].tid != line.tid)
				at++;
			if (at == count && count < HALVES)
				count++;
			if (at < HALVES)
				halves[at] = line;
			continue;
		}
		if (good && line.second) {
			size_t at = 0;
			while (at < count &&
			       (halves[at].tid != line.tid || halves[at].function != line.function))
				at++;
			good = at < count;
			if (good) {
				line.args = halves[at].args;
				halves[at] = halves[--count];
			}
		}
		if (good ? !tell(h, &line) : name.n && function_of(name))
			h->host->bad(h->host, lines.number, "not a whole call of ltrace");
	}
}

const struct heaps_reader heaps_ltrace = {
	.format = "ltrace-malloc",
	.sure = 88,
	.is = is,
	.beside = beside,
	.parse = parse,
};
