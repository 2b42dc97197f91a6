/* The output of valgrind --tool=dhat, and of the crate dhat of Rust: JSON.
 *
 *   {"dhatFileVersion":2,"mode":"heap","verb":"Allocated","cmd":"./m","pid":18242,"pps":
 *    [{"tb":100000,"tbk":50,"gb":100000,"gbk":50,"eb":50000,"ebk":25,"fs":[1,2,3,4]}],
 *   "ftbl":["[root]","0x48417B4: malloc (in /usr/x.so)","0x109154: f (m.c:4)", ...]}
 *   -> a site: stack malloc f ..., live 50000 in 25 blocks, freed 50000, at_peak 100000
 *
 * Quirks: `fs` are indexes in `ftbl`, the innermost first, which stands at the end; tb is all that
 * was allocated, g at the time of the most, e at the end. Profiles of other modes ("ad hoc",
 * "copy") count no memory. Rust's frames have a path and a column: "0x1: f (src/m.rs:4:5)".
 */
#include "inner.h"

static vp_str skip_string(vp_str at)
{
	size_t i = 1;
	while (i < at.n && at.p[i] != '"')
		i += at.p[i] == '\\' ? 2 : 1;
	return text_from(at, i + 1);
}

static vp_str skip_value(vp_str at)
{
	size_t depth = 0;
	while (at.n) {
		char c = *at.p;
		if (!depth && (c == ',' || c == '}' || c == ']'))
			break;
		at = c == '"' ? skip_string(at) : text_from(at, 1);
		depth += c == '{' || c == '[';
		depth -= (c == '}' || c == ']') && depth;
		if (!depth && (c == '}' || c == ']' || c == '"'))
			break;
	}
	return at;
}

/* Takes the next member of an object, or element of an array (key empty). */
static bool next(vp_str *rest, bool object, vp_str *key, vp_str *value)
{
	*rest = text_left(*rest);
	if (rest->n && *rest->p == ',')
		*rest = text_left(text_from(*rest, 1));
	if (!rest->n || *rest->p == '}' || *rest->p == ']')
		return false;
	*key = (vp_str){ NULL, 0 };
	if (object) {
		vp_str after = skip_string(*rest);
		if (*rest->p != '"' || after.p - rest->p < 2)
			return false;
		*key = (vp_str){ rest->p + 1, (size_t)(after.p - rest->p) - 2 };
		after = text_left(after);
		if (!after.n || *after.p != ':')
			return false;
		*rest = text_left(text_from(after, 1));
	}
	vp_str after = skip_value(*rest);
	if (after.p == rest->p)
		return false;
	*value = text_right((vp_str){ rest->p, (size_t)(after.p - rest->p) });
	*rest = after;
	return true;
}

static bool is(vp_str line)
{
	return text_has(line, "\"dhatFileVersion\"") || text_starts(line, "[{\"tb\":") ||
	       text_starts(line, ",{\"tb\":");
}

static bool beside(vp_str line)
{
	struct vp_frame frame;
	return text_starts(line, ",\"fs\":[") || text_starts(line, ",\"ftbl\":") ||
	       (text_starts(line, ",\"0x") && text_ends(line, ")\"") &&
	        heaps_valgrind_frame((vp_str){ line.p + 2, line.n - 3 }, &frame));
}

struct table {
	vp_str *at; /* strings of ftbl, without their quotes */
	size_t count, size;
};

static void read_table(struct heaps *h, struct table *table, vp_str json)
{
	vp_str rest = text_from(json, 1), key, value;
	while (next(&rest, false, &key, &value)) {
		if (!list_more(&table->at, table->count, 1, &table->size, sizeof *table->at)) {
			h->failed = true;
			return;
		}
		bool quoted = value.n >= 2 && *value.p == '"';
		table->at[table->count++] =
		        quoted ? (vp_str){ value.p + 1, value.n - 2 } : (vp_str){ NULL, 0 };
	}
}

static void add_frame(struct heaps *h, vp_str text)
{
	struct vp_frame frame;
	if (text_is(text, "[root]"))
		return;
	if (!heaps_valgrind_frame(text, &frame))
		frame = (struct vp_frame){ .function = text };
	/* Rust: "src/m.rs:4" with a column behind */
	const char *colon = frame.file.n ? memrchr(frame.file.p, ':', frame.file.n) : NULL;
	uint64_t line;
	if (colon &&
	    text_decimal(text_from(frame.file, (size_t)(colon + 1 - frame.file.p)), &line)) {
		frame.line = line;
		frame.file.n = (size_t)(colon - frame.file.p);
	}
	heaps_frame(h, &frame);
}

static void point(struct heaps *h, const struct table *table, vp_str json)
{
	static const char *const names[] = { "tb", "tbk", "eb", "ebk", "gb", "mb" };
	uint64_t numbers[6] = { 0 }, index;
	vp_str rest = text_from(json, 1), key, value, frames = { NULL, 0 }, one;
	while (next(&rest, true, &key, &value)) {
		for (size_t i = 0; i < 6; i++)
			if (text_is(key, names[i]))
				text_decimal(value, &numbers[i]);
		if (text_is(key, "fs") && value.n && *value.p == '[')
			frames = text_from(value, 1);
	}
	while (next(&frames, false, &key, &one))
		if (text_decimal(one, &index) && index < table->count)
			add_frame(h, table->at[index]);
	struct heaps_site *site = heaps_site(h, heaps_stack(h));
	if (!site)
		return;
	site->allocated += numbers[0];
	site->allocated_blocks += numbers[1];
	site->live += numbers[2];
	site->live_blocks += numbers[3];
	site->at_peak += numbers[4];
	site->peak += numbers[5];
}

static void parse(struct heaps *h, vp_str text)
{
	const char *open = text.n ? memchr(text.p, '{', text.n) : NULL;
	vp_str rest, key, value, command = { NULL, 0 }, points = { NULL, 0 }, mode = { NULL, 0 };
	struct table table = { .at = NULL };
	uint64_t pid = 0;
	if (!open)
		return;
	rest = text_from(text, (size_t)(open + 1 - text.p));
	while (next(&rest, true, &key, &value)) {
		bool quoted = value.n >= 2 && *value.p == '"';
		if (text_is(key, "cmd") && quoted)
			command = (vp_str){ value.p + 1, value.n - 2 };
		else if (text_is(key, "mode") && quoted)
			mode = (vp_str){ value.p + 1, value.n - 2 };
		else if (text_is(key, "pid"))
			text_decimal(value, &pid);
		else if (text_is(key, "pps") && *value.p == '[')
			points = text_from(value, 1);
		else if (text_is(key, "ftbl") && *value.p == '[')
			read_table(h, &table, value);
	}
	heaps_process(h, pid, command);
	h->peaks = true;
	if (mode.n && !text_starts(mode, "heap") && !text_is(mode, "rust-heap")) {
		h->host->warn(h->host, "this profile of DHAT counts no memory: its mode is %.*s",
		              (int)(mode.n < 40 ? mode.n : 40), mode.p);
	} else {
		while (next(&points, false, &key, &value))
			if (*value.p == '{')
				point(h, &table, value);
		if (!points.p)
			h->host->bad(h->host, 1, "a profile of DHAT without its points (pps)");
		else
			heaps_sums(h, h->base, 0);
	}
	free(table.at);
}

const struct heaps_reader heaps_dhat = {
	.format = "dhat",
	.sure = 92,
	.is = is,
	.beside = beside,
	.parse = parse,
};
