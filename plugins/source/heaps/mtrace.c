/* The log of glibc's mtrace().
 *
 *   = Start
 *   @ ./mt:[0x11d0] + 0x5605eaa5c4a0 0x64
 *   @ /lib/libc.so.6:(__strdup+1a)[0x9e9aa] + 0x5605eaa5c2a0 0xc
 *   @ ./mt:[0x11f8] < 0x5605eaa5c4a0
 *   @ ./mt:[0x11f8] > 0x5605eaa5c5e0 0x1388
 *   @ ./mt:[0x121b] - 0x5605eaa5c510
 *   -> alloc op malloc, addr, size, stack; op realloc with `old`; op free
 *
 * Quirks: a realloc is two lines, the second of which another thread may part from the first; a
 * failed one is "!". A size of zero has no 0x. The number in brackets is an offset in a file that
 * can be loaded anywhere, an address in one that cannot, and before glibc 2.26 an address always.
 */
#include "inner.h"

/* Splits "@ ./mt:[0x11d0] + 0x5605 0x64". Returns the sign, 0: no such line. */
static char split(vp_str line, vp_str *caller, uint64_t *addr, uint64_t *size, bool *sized)
{
	uint64_t ignored;
	vp_str rest = line, word = text_word(&rest);
	*caller = (vp_str){ NULL, 0 };
	if (text_is(word, "@")) {
		const char *close = rest.n ? memchr(rest.p, ']', rest.n) : NULL;
		if (!close)
			return 0;
		*caller = text_left((vp_str){ rest.p, (size_t)(close + 1 - rest.p) });
		rest = text_from(rest, (size_t)(close + 1 - rest.p));
		word = text_word(&rest);
	}
	if (word.n != 1 || !strchr("+-<>!", *word.p))
		return 0;
	vp_str first = text_word(&rest), second = text_word(&rest);
	*sized = second.n > 0;
	if (!text_starts(first, "0x") || !text_hex(first, addr) ||
	    (*sized && !text_hex(second, size)) || text_left(rest).n)
		return 0;
	bool needs = *word.p == '+' || *word.p == '>';
	if (needs != *sized && *word.p != '!')
		return 0;
	return caller->n || text_hex(first, &ignored) ? *word.p : 0;
}

static bool is(vp_str line)
{
	uint64_t addr, size;
	vp_str caller;
	bool sized;
	return split(line, &caller, &addr, &size, &sized) && caller.n;
}

static bool beside(vp_str line)
{
	uint64_t addr, size;
	vp_str caller;
	bool sized;
	return text_is(line, "= Start") || text_is(line, "= End") ||
	       split(line, &caller, &addr, &size, &sized);
}

/* "./mt:[0x11d0]", "/lib/libc.so.6:(__strdup+1a)[0x9e9aa]", "[0x5605]" */
static uint64_t stack_of(struct heaps *h, vp_str caller)
{
	struct vp_frame frame = { .addr = 0 };
	const char *open = caller.n ? memrchr(caller.p, '[', caller.n) : NULL;
	if (!open)
		return 0;
	vp_str number = { open + 1, (size_t)(caller.p + caller.n - open) - 2 };
	if (!text_hex(number, &frame.addr))
		return 0;
	vp_str object = { caller.p, (size_t)(open - caller.p) };
	const char *symbol = text_ends(object, ")") ? memrchr(object.p, '(', object.n) : NULL;
	if (symbol) {
		frame.function = (vp_str){ symbol + 1, (size_t)(object.p + object.n - symbol) - 2 };
		const char *plus =
		        frame.function.n ? memrchr(frame.function.p, '+', frame.function.n) : NULL;
		if (plus)
			frame.function.n = (size_t)(plus - frame.function.p);
		object.n = (size_t)(symbol - object.p);
	}
	if (text_ends(object, ":"))
		object.n--;
	frame.object = object;
	frame.has_offset = object.n > 0;
	frame.offset = frame.addr;
	heaps_frame(h, &frame);
	return heaps_stack(h);
}

static void parse(struct heaps *h, vp_str text)
{
	struct text_lines lines = { .rest = text };
	uint64_t addr, size = 0, old = 0;
	bool sized, has_old = false;
	vp_str line, caller;
	while (text_next(&lines, &line)) {
		line = text_trim(text_unquoted(line));
		/* The marks of quoted mail look like the second half of a realloc. */
		char sign = split(line, &caller, &addr, &size, &sized);
		struct heaps_call call = {
			.t = h->base, .tid = -1, .addr = addr, .has_addr = true
		};
		if (!sign && text_starts(line, "@ "))
			h->host->bad(h->host, lines.number, "not a line of mtrace");
		if (!sign)
			continue;
		if (sign == '<') {
			has_old = true;
			old = addr;
			continue;
		}
		call.op = sign == '+' ? "malloc" : sign == '-' ? "free" : "realloc";
		call.stack = stack_of(h, caller);
		call.has_size = sized;
		call.size = size;
		call.failed = sign == '!';
		if (call.failed) {
			call.has_addr = false;
			call.has_old = true;
			call.old = addr;
		} else if (sign == '>' && has_old) {
			call.has_old = true;
			call.old = old;
		}
		has_old = has_old && sign != '>';
		heaps_alloc(h, &call);
	}
}

const struct heaps_reader heaps_mtrace = {
	.format = "mtrace",
	.sure = 90,
	.is = is,
	.beside = beside,
	.parse = parse,
};
