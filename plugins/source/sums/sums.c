/* The source sums: what a process uses in all, and by the parts that a report has, without its
 * regions; parse half only.
 *
 *   VmRSS:      5224 kB
 *   RssAnon:    1700 kB
 *   -> a snapshot with 0 regions, rss 5349376, and a kind for each part that is one
 *
 * status.c ps.c oom.c dumpsys.c nmt.c numastat.c read one text each.
 */
#include "inner.h"

static const struct sums_reader *const readers[] = { &sums_status, &sums_oom,      &sums_dumpsys,
	                                             &sums_nmt,    &sums_numastat, &sums_ps };
enum { READERS = sizeof readers / sizeof *readers };

/* ---- a report ---- */

bool sums_process(struct sums *s, uint64_t pid, vp_str name)
{
	sums_end(s);
	if (s->pid >= 0)
		return false;
	s->host->begin(s->host, "process", s->host->now(s->host), (int64_t)pid);
	s->host->str(s->host, "why", text_of("first"));
	if (name.n)
		s->host->str(s->host, "name", name);
	return true;
}

void sums_begin(struct sums *s)
{
	sums_end(s);
	s->open = true;
	s->members.n = s->labels.n = 0;
	memset(&s->total, 0, sizeof s->total);
}

static bool has_key(const struct text_json *json, vp_str word)
{
	struct text_json key = { 0 };
	text_json_quoted(&key, word);
	text_json_bytes(&key, ":", 1);
	bool there = json->n && key.n && memmem(json->p, json->n, key.p, key.n);
	free(key.p);
	return there;
}

bool sums_label(struct sums *s, vp_str word, const char *kind)
{
	if (!word.n || has_key(&s->labels, word))
		return false;
	text_json_open(&s->labels, word);
	if (kind)
		text_json_str(&s->labels, "kind", text_of(kind));
	return true;
}

void sums_end(struct sums *s)
{
	if (!s->open)
		return;
	s->open = false;
	if (s->labels.n) {
		text_json_open(&s->members, text_of("labels"));
		text_json_bytes(&s->members, s->labels.p, s->labels.n);
		text_json_close(&s->members);
	}
	s->host->snapshot(s->host, text_json_members(&s->members), &s->total);
}

void sums_free(struct sums *s)
{
	sums_end(s);
	free(s->members.p);
	free(s->labels.p);
}

bool sums_bytes(vp_str number, uint64_t unit, uint64_t *bytes)
{
	struct text_size size;
	char large[32];
	if (!number.n || number.n >= sizeof large)
		return false;
	for (size_t i = 0; i < number.n; i++) /* top writes 1.2g */
		large[i] = (char)(number.p[i] >= 'a' && number.p[i] <= 'z' ? number.p[i] - 32
		                                                           : number.p[i]);
	if (!text_size((vp_str){ large, number.n }, &size) ||
	    (size.bare && size.bytes > UINT64_MAX / 4 / unit))
		return false;
	*bytes = size.bare ? size.bytes * unit : size.bytes;
	return *bytes < UINT64_C(1) << 53;
}

/* ---- prefixes of logs ---- */

/* Returns where a line of the reader begins, after the prefix of a log; SIZE_MAX: it is none. */
static size_t line_at(const struct sums_reader *reader, vp_str line)
{
	vp_str at = text_behind_prefix(line, reader->is);
	return at.n ? (size_t)(at.p - line.p) : SIZE_MAX;
}

/* Returns the text without quotes and the prefixes of a log; the caller frees *made. NULL: no
 * memory. */
static char *without_prefix(const struct sums_reader *reader, vp_str text, size_t *n)
{
	struct text_lines lines = { .rest = text };
	struct text_prefix prefix = { .n = 0 };
	char *made = malloc(text.n + 2);
	bool found = false;
	vp_str line;
	*n = 0;
	while (!found && text_next(&lines, &line)) {
		line = text_unquoted(line);
		size_t at = line_at(reader, line);
		found = at != SIZE_MAX;
		if (found && at && text_left(line).p != line.p + at)
			text_prefix_learn(&prefix, line, at);
	}
	for (lines = (struct text_lines){ .rest = text }; made && text_next(&lines, &line);) {
		line = text_without(&prefix, text_unquoted(line));
		memcpy(made + *n, line.p, line.n);
		*n += line.n;
		made[(*n)++] = '\n';
	}
	return made;
}

/* ---- the parse half ---- */

static int parse(void *state, struct vp_parse_api *host, const struct vp_text *text)
{
	const struct sums_reader *reader = readers[0];
	struct sums sums = { .host = host, .pid = text->pid };
	size_t n = 0;
	(void)state;
	for (size_t i = 0; i < READERS; i++)
		if (!strcmp(readers[i]->format, text->format))
			reader = readers[i];
	char *made = without_prefix(reader, text->text, &n);
	if (!made)
		return host->fail(host, "out of memory for a report");
	reader->parse(&sums, (vp_str){ made, n });
	sums_free(&sums);
	free(made);
	return 0;
}

static bool may_be(const struct sums_reader *reader, vp_str text)
{
	for (size_t i = 0; i < 4 && reader->needs[i]; i++)
		if (text_has(text, reader->needs[i]))
			return true;
	return false;
}

static int probe(vp_str text, const char **format)
{
	vp_str line;
	for (size_t i = 0; i < READERS; i++) {
		struct text_lines lines = { .rest = text };
		while (may_be(readers[i], text) && text_next(&lines, &line)) {
			if (line_at(readers[i], text_unquoted(line)) == SIZE_MAX)
				continue;
			if (readers[i]->certain && !readers[i]->certain(text))
				break;
			*format = readers[i]->format;
			return readers[i]->sure;
		}
	}
	line = text_first(text);
	for (size_t i = 0; i < READERS; i++)
		if (readers[i]->beside && text_behind_prefix(line, readers[i]->beside).n) {
			*format = readers[i]->format;
			return 4;
		}
	return 0;
}

static const char *const formats[] = { "status", "oom", "dumpsys-meminfo", "nmt", "numastat",
	                               "ps",     NULL };

static const char *const examples[][2] = {
	{ "status", "VmSize:\t   10100 kB\nVmRSS:\t    5224 kB" },
	{ "ps", "USER  PID %CPU %MEM    VSZ   RSS TTY STAT START  TIME COMMAND" },
	{ "oom", "Out of memory: Killed process 4242 (java) total-vm:8273412kB, "
	         "anon-rss:3912044kB" },
	{ "dumpsys-meminfo", "** MEMINFO in pid 1525 [com.example] **" },
	{ "nmt", "Total: reserved=3302318KB, committed=1757634KB" },
	{ "numastat", "Per-node process memory usage (in MBs) for PID 1234 (httpd)" },
	{ NULL, NULL },
};

const struct vp_source vp_source = {
	.abi = VP_ABI,
	.name = "sums",
	.about = "what processes use in all, without regions: /proc/PID/status, ps and top, the "
	         "OOM "
	         "killer, dumpsys meminfo, Java's NMT, numastat",
	.formats = formats,
	.examples = examples,
	.probe = probe,
	.parse = parse,
};
