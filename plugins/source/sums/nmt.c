/* Native Memory Tracking of a Java machine: jcmd PID VM.native_memory, its summary and its diff.
 *
 *   Total: reserved=3302318KB, committed=1757634KB
 *   -                 Java Heap (reserved=2603008KB, committed=1272832KB)
 *                               (mmap: reserved=2603008KB, committed=1272832KB)
 *   -> snapshot of size 3381573632, committed 1799817216; labels "Java Heap" of kind gc ...
 *
 * Quirks: committed bytes are backed by memory once they are touched, so they are no resident
 * bytes. A diff has the change behind each number: committed=1757634KB +12KB. Newer machines put
 * "Class" beside "Shared class space", and a peak behind malloc. Units are those that the user
 * asked for.
 */
#include "inner.h"

static const struct {
	const char *word, *kind;
} kinds[] = {
	{ "Java Heap", "gc" },      { "Thread", "thread-stack" },
	{ "Code", "jit" },          { "Shared class space", "file" },
	{ "Class", "arena" },       { "Metaspace", "arena" },
	{ "Arena Chunk", "arena" },
};

/* "(reserved=42783KB, committed=42783KB +7KB)": the value of a key. */
static bool value(vp_str line, const char *key, uint64_t *bytes, int64_t *change)
{
	const char *at = text_find(line, key);
	vp_str rest =
	        at ? text_from(line, (size_t)(at - line.p) + strlen(key)) : (vp_str){ NULL, 0 };
	size_t n = 0;
	while (n < rest.n && !strchr(",) \t", rest.p[n]))
		n++;
	if (!at || !sums_bytes((vp_str){ rest.p, n }, 1, bytes))
		return false;
	vp_str after = text_left(text_from(rest, n));
	*change = 0;
	if (after.n > 1 && (*after.p == '+' || *after.p == '-')) {
		uint64_t by;
		for (n = 1; n < after.n && !strchr(",) \t", after.p[n]);)
			n++;
		if (sums_bytes((vp_str){ after.p + 1, n - 1 }, 1, &by))
			*change = *after.p == '-' ? -(int64_t)by : (int64_t)by;
	}
	return true;
}

static bool is(vp_str line)
{
	return (text_starts(line, "Total:") || (text_starts(line, "-") && text_has(line, "("))) &&
	       text_has(line, "reserved=") && text_has(line, "committed=");
}

static bool beside(vp_str line)
{
	return text_starts(line, "Native Memory Tracking:") ||
	       text_starts(line, "(mmap: reserved=") || text_starts(line, "(malloc=") ||
	       text_starts(line, "(arena=") || text_starts(line, "(classes #") ||
	       text_starts(line, "(thread #") || text_starts(line, "(stack: reserved=");
}

static void put_change(struct text_json *to, const char *key, int64_t change)
{
	char digits[32];
	if (!change)
		return;
	text_json_key(to, text_of(key));
	text_json_bytes(to, digits,
	                (size_t)snprintf(digits, sizeof digits, "%lld", (long long)change));
}

static void total(struct sums *s, vp_str line)
{
	uint64_t reserved, committed;
	int64_t more, grown;
	if (!value(line, "reserved=", &reserved, &more) ||
	    !value(line, "committed=", &committed, &grown))
		return;
	sums_begin(s);
	s->total.size = reserved;
	text_json_num(&s->members, "committed", committed);
	put_change(&s->members, "reserved_change", more);
	put_change(&s->members, "committed_change", grown);
}

static void part(struct sums *s, vp_str line)
{
	uint64_t reserved, committed;
	int64_t more, grown;
	const char *open = memchr(line.p, '(', line.n), *kind = "unknown";
	vp_str word = text_trim((vp_str){ line.p + 1, (size_t)(open - line.p) - 1 });
	if (!value(line, "reserved=", &reserved, &more) ||
	    !value(line, "committed=", &committed, &grown))
		return;
	if (!s->open)
		sums_begin(s);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (text_is(word, kinds[i].word))
			kind = kinds[i].kind;
	if (!sums_label(s, word, kind))
		return;
	text_json_num(&s->labels, "size", reserved);
	text_json_num(&s->labels, "committed", committed);
	put_change(&s->labels, "reserved_change", more);
	put_change(&s->labels, "committed_change", grown);
	text_json_close(&s->labels);
}

static void parse(struct sums *s, vp_str text)
{
	struct text_lines lines = { .rest = text };
	uint64_t pid;
	vp_str line;
	while (text_next(&lines, &line)) {
		vp_str rest = line = text_trim(line), word = text_word(&rest);
		if (word.n > 1 && word.n == line.n && text_ends(word, ":") &&
		    text_decimal((vp_str){ word.p, word.n - 1 }, &pid) && pid <= UINT32_MAX) {
			if (sums_process(s, pid,
			                 (vp_str){ NULL, 0 })) /* jcmd's first line: "4711:" */
				s->host->end(s->host);
		} else if (!is(line))
			continue;
		else if (text_starts(line, "Total:"))
			total(s, line);
		else
			part(s, line);
	}
}

const struct sums_reader sums_nmt = {
	.format = "nmt",
	.sure = 92,
	.needs = { "committed=" },
	.is = is,
	.beside = beside,
	.parse = parse,
};
