/* A crash report of macOS or iOS in its JSON form (.ips, since macOS 12 and iOS 15), as a report of
 * vmmap.
 *
 *   {"app_name":"hello","timestamp":"2024-05-01 10:00:00.00 +0200","bug_type":"309", ...}
 *   {"pid" : 4711, "procName" : "hello", "vmRegionInfo" : "0 is not in any region.  ...\n  REGION
 * TYPE ...", "vmSummary" : "...", "usedImages" : [ {"base" : 4373938176, "size" : 16384, "uuid" :
 * "...", "path" : "\/tmp\/hello", "name" : "hello"} ]}
 *   ->  Process: hello [4711] / VM Region Info: 0 is not ... / VM Region Summary: ...      and a
 * __TEXT region for each image
 *
 * Quirks: two JSON documents in one file, the first a line of its own, which pastes lose; slashes
 * are escaped; an image that could not be found out has base and size 0; an image is known by its
 * __TEXT only; the numbers are decimal.
 */
#include "inner.h"

/* ---- JSON, as far as it is needed ---- */

static vp_str skip_string(vp_str at)
{
	size_t i = 1;
	while (i < at.n && at.p[i] != '"')
		i += at.p[i] == '\\' ? 2 : 1;
	return text_from(at, i + 1);
}

/* Returns the end of a value of any kind and depth; brackets need not match. */
static vp_str skip_value(vp_str at)
{
	size_t depth = 0;
	while (at.n) {
		char c = *at.p;
		if (!depth && (c == ',' || c == '}' || c == ']'))
			break;
		if (c == '"')
			at = skip_string(at);
		else
			at = text_from(at, 1);
		depth += c == '{' || c == '[';
		depth -= (c == '}' || c == ']') && depth;
		if (!depth && (c == '}' || c == ']' || c == '"'))
			break;
	}
	return at;
}

/* Takes the next member of an object, or element of an array (key empty); `rest` begins after the
 * bracket. */
static bool next(vp_str *rest, bool object, vp_str *key, vp_str *value)
{
	*rest = text_left(*rest);
	if (rest->n && *rest->p == ',')
		*rest = text_left(text_from(*rest, 1));
	if (!rest->n || *rest->p == '}' || *rest->p == ']')
		return false;
	*key = (vp_str){ NULL, 0 };
	if (object) {
		if (*rest->p != '"')
			return false;
		vp_str after = skip_string(*rest);
		*key = (vp_str){ rest->p + 1,
			         (size_t)(after.p - rest->p) - (after.p - rest->p > 1 ? 2 : 1) };
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

static bool inside(vp_str value, char open, vp_str *rest)
{
	if (!value.n || *value.p != open)
		return false;
	*rest = text_from(value, 1);
	return true;
}

struct ips {
	char *bytes; /* decoded strings, never longer than encoded */
	size_t used;
	vp_str name, path, parent, cpu, date, launched, os, build, info, summary;
	uint64_t pid, ppid;
	bool has_pid, has_ppid, begun;
	vp_str images; /* the JSON array */
};

static size_t utf8(uint32_t c, char *to)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xc0 | c >> 6);
		to[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	to[0] = (char)(0xe0 | c >> 12);
	to[1] = (char)(0x80 | (c >> 6 & 0x3f));
	to[2] = (char)(0x80 | (c & 0x3f));
	return 3;
}

/* Decodes a string. A newline in a name becomes a blank. */
static vp_str decode(struct ips *ips, vp_str json, bool lines)
{
	static const char from[] = "nrtbf\"\\/", to[] = "\n\r\t\b\f\"\\/";
	char *begin = ips->bytes + ips->used, *out = begin;
	vp_str text = text_from(json, 1);
	if (json.n < 2 || *json.p != '"')
		return (vp_str){ NULL, 0 };
	for (size_t i = 0; i < text.n && text.p[i] != '"'; i++) {
		char c = text.p[i];
		const char *known =
		        c == '\\' && i + 1 < text.n ? strchr(from, text.p[i + 1]) : NULL;
		uint64_t code;
		if (known && *known) {
			c = to[known - from];
			i++;
		} else if (c == '\\' && i + 5 < text.n && text.p[i + 1] == 'u' &&
		           text_hex((vp_str){ text.p + i + 2, 4 }, &code)) {
			bool half = code >= 0xd800 &&
			            code < 0xe000; /* a surrogate pair: occurs in names of people,
			                              not of memory */
			out += utf8(half ? 0xfffd : code ? (uint32_t)code : ' ', out);
			i += 5;
			continue;
		}
		*out++ = c == '\n' && !lines ? ' ' : c;
	}
	ips->used += (size_t)(out - begin);
	return (vp_str){ begin, (size_t)(out - begin) };
}

/* ---- what it says ---- */

static void os_version(struct ips *ips, vp_str value)
{
	vp_str rest, key, one;
	if (!inside(value, '{', &rest))
		return;
	while (next(&rest, true, &key, &one)) {
		if (text_is(key, "train"))
			ips->os = decode(ips, one, false);
		if (text_is(key, "build"))
			ips->build = decode(ips, one, false);
	}
}

static void member(struct ips *ips, vp_str key, vp_str value)
{
	static const struct {
		const char *key;
		size_t at;
		bool lines;
	} words[] = {
		{ "procName", offsetof(struct ips, name), false },
		{ "procPath", offsetof(struct ips, path), false },
		{ "parentProc", offsetof(struct ips, parent), false },
		{ "cpuType", offsetof(struct ips, cpu), false },
		{ "captureTime", offsetof(struct ips, date), false },
		{ "procLaunch", offsetof(struct ips, launched), false },
		{ "vmRegionInfo", offsetof(struct ips, info), true },
		{ "vmregioninfo", offsetof(struct ips, info), true },
		{ "vmSummary", offsetof(struct ips, summary), true },
	};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (text_is(key, words[i].key)) {
			*(vp_str *)(void *)((char *)ips + words[i].at) =
			        decode(ips, value, words[i].lines);
			ips->begun = true;
		}
	if (text_is(key, "pid"))
		ips->has_pid = text_decimal(value, &ips->pid);
	if (text_is(key, "parentPid"))
		ips->has_ppid = text_decimal(value, &ips->ppid);
	if (text_is(key, "osVersion"))
		os_version(ips, value);
	if (text_is(key, "usedImages")) {
		ips->images = value;
		ips->begun = true;
	}
}

static void put(struct text_json *to, const char *words, vp_str text)
{
	text_json_bytes(to, words, strlen(words));
	text_json_bytes(to, text.p ? text.p : "", text.n);
}

static void put_pid(struct text_json *to, uint64_t pid, bool there)
{
	char digits[32];
	if (there)
		text_json_bytes(to, digits,
		                (size_t)snprintf(digits, sizeof digits, " [%llu]",
		                                 (unsigned long long)pid));
}

/* Makes the report in the text form of macOS. */
static void as_text(const struct ips *ips, struct text_json *to)
{
	put(to, "Process: ", ips->name);
	put_pid(to, ips->pid, ips->has_pid);
	if (ips->path.n)
		put(to, "\nPath: ", ips->path);
	if (ips->cpu.n)
		put(to, "\nCode Type: ", ips->cpu);
	if (ips->parent.n) {
		put(to, "\nParent Process: ", ips->parent);
		put_pid(to, ips->ppid, ips->has_ppid);
	}
	if (ips->date.n)
		put(to, "\nDate/Time: ", ips->date);
	if (ips->launched.n)
		put(to, "\nLaunch Time: ", ips->launched);
	if (ips->os.n)
		put(to, "\nOS Version: ", ips->os);
	if (ips->os.n && ips->build.n) {
		put(to, " (", ips->build);
		put(to, ")", (vp_str){ NULL, 0 });
	}
	if (ips->info.n)
		put(to, "\nVM Region Info: ", ips->info);
	else
		put(to, "\nOutput report format: ips", (vp_str){ NULL, 0 });
	if (ips->summary.n)
		put(to, "\n\nVM Region Summary:\n", ips->summary);
	put(to, "\n", (vp_str){ NULL, 0 });
}

/* ---- images ---- */

static bool image(struct ips *ips, vp_str value, struct vmmap_row *row)
{
	uint64_t base = 0, size = 0;
	vp_str rest, key, one, name = { NULL, 0 };
	memset(row, 0, sizeof *row);
	if (!inside(value, '{', &rest))
		return false;
	while (next(&rest, true, &key, &one)) {
		if (text_is(key, "base"))
			text_decimal(one, &base);
		if (text_is(key, "size"))
			text_decimal(one, &size);
		if (text_is(key, "path"))
			row->detail = decode(ips, one, false);
		if (text_is(key, "name"))
			name = decode(ips, one, false);
		if (text_is(key, "uuid"))
			row->uuid = decode(ips, one, false);
		if (text_is(key, "arch"))
			row->arch = decode(ips, one, false);
	}
	if (!row->detail.n)
		row->detail = name;
	row->type = text_of("__TEXT");
	row->start = base;
	row->end = base + size;
	row->image = true;
	row->size_count = 1;
	row->sizes[0].bytes = size;
	return base && size && row->end > row->start;
}

struct giving {
	struct ips *ips;
	void (*give)(struct vp_parse_api *host, struct vmmap_report *report, void *ctx);
	void *ctx;
	bool failed;
};

static void give(struct vp_parse_api *host, struct vmmap_report *report, void *ctx)
{
	struct giving *giving = ctx;
	struct vmmap_row row;
	vp_str rest, key, one;
	if (inside(giving->ips->images, '[', &rest))
		while (next(&rest, false, &key, &one)) {
			if (!image(giving->ips, one, &row))
				continue;
			if (!list_more(&report->rows, report->row_count, 1, &report->row_room,
			               sizeof row)) {
				giving->failed = true;
				break;
			}
			report->rows[report->row_count++] = row;
		}
	giving->ips->images.n = 0;
	report->images = true;
	giving->give(host, report, giving->ctx);
}

int vmmap_ips(struct vp_parse_api *host, vp_str *text, uint64_t line,
              void (*then)(struct vp_parse_api *host, struct vmmap_report *report, void *ctx),
              void *ctx)
{
	struct ips ips = { .bytes = malloc(text->n + 1) };
	int failed = ips.bytes ? 0 : -1;
	vp_str rest = *text, key, one;
	for (; !failed && (rest = text_left(rest)).n && *rest.p == '{'; *text = rest) {
		struct ips fresh = { .bytes = ips.bytes };
		struct text_json report = { 0 };
		vp_str document = rest, members;
		ips = fresh;
		rest = skip_value(document);
		inside(document, '{', &members);
		while (next(&members, true, &key, &one))
			member(&ips, key, one);
		if (!rest.n && (!members.n || *members.p != '}'))
			host->bad(host, line, "the JSON of this crash report is cut short");
		if (ips.begun) {
			struct giving giving = { &ips, then, ctx, false };
			as_text(&ips, &report);
			failed = report.failed ||
			                         vmmap_reports(host, (vp_str){ report.p, report.n },
			                                       false, 0, give, &giving) ||
			                         giving.failed
			                 ? -1
			                 : 0;
		}
		free(report.p);
	}
	free(ips.bytes);
	return failed;
}

static bool is_crash(vp_str json)
{
	return text_has(json, "\"bug_type\"") || text_has(json, "\"usedImages\"") ||
	       text_has(json, "\"vmSummary\"") ||
	       (text_has(json, "\"procName\"") && text_has(json, "\"procPath\""));
}

#define TRIES 64 /* most braces to try: each may run to the end of the text */

/* Whether a line is the first line, or belongs to the second document. */
const char *vmmap_find_ips(vp_str text)
{
	const char *p = text.p, *end = p + text.n;
	for (size_t tried = 0; tried < TRIES && p < end && (p = memchr(p, '{', (size_t)(end - p)));
	     p++) {
		const char *front = p;
		while (front > text.p && (front[-1] == ' ' || front[-1] == '\t'))
			front--;
		if (front > text.p && front[-1] != '\n')
			continue;
		vp_str rest = { p, (size_t)(end - p) }, behind = skip_value(rest);
		if (is_crash((vp_str){ p, rest.n - behind.n }))
			return p;
		tried++;
	}
	return NULL;
}
