/* /proc/PID/status, of one process or several: whole, or what grep Vm leaves of it.
 *
 *   Name:   bash
 *   Pid:    1203
 *   VmSize:    10100 kB
 *   VmRSS:      5224 kB
 *   RssAnon:    1700 kB
 *   -> process 1203 "bash"; size 10342400, rss 5349376; kinds: anon rss 1740800
 *
 * Quirks: RssAnon, RssFile and RssShmem since Linux 4.5, VmPin and HugetlbPages later. VmData,
 * VmStk and VmExe are sizes. A key that comes again begins another process.
 */
#include "inner.h"

static const struct {
	const char *key, *member, *kind; /* of the snapshot; or a part of that kind */
	int measure;                     /* -1: none */
	bool size;                       /* of the part: a size, no resident bytes */
} keys[] = {
	{ "VmPeak:", "size_peak", NULL, -1, false },
	{ "VmSize:", "size", NULL, -1, false },
	{ "VmLck:", NULL, NULL, VP_M_locked, false },
	{ "VmPin:", "pinned", NULL, -1, false },
	{ "VmHWM:", "rss_peak", NULL, -1, false },
	{ "VmRSS:", NULL, NULL, VP_M_rss, false },
	{ "RssAnon:", NULL, "anon", -1, false },
	{ "RssFile:", NULL, "file", -1, false },
	{ "RssShmem:", NULL, "shm", -1, false },
	{ "VmData:", "data_size", NULL, -1, false },
	{ "VmStk:", NULL, "stack", -1, true },
	{ "VmExe:", "code_size", NULL, -1, false },
	{ "VmLib:", "library_size", NULL, -1, false },
	{ "VmPTE:", "page_tables", NULL, -1, false },
	{ "VmPMD:", "page_tables_pmd", NULL, -1, false },
	{ "VmSwap:", NULL, NULL, VP_M_swap, false },
	{ "HugetlbPages:", "hugetlb", NULL, -1, false },
};
enum { KEYS = sizeof keys / sizeof *keys };

static int key_of(vp_str line)
{
	vp_str word = text_word(&line);
	for (int i = 0; i < KEYS; i++)
		if (text_is(word, keys[i].key))
			return i;
	return -1;
}

static bool is(vp_str line)
{
	uint64_t value;
	vp_str rest = line;
	text_word(&rest);
	return key_of(line) >= 0 && text_decimal(text_word(&rest), &value) &&
	       text_is(text_word(&rest), "kB");
}

static bool beside(vp_str line)
{
	static const char *const others[] = {
		"Name:\t", "Umask:\t",   "State:\t", "Tgid:\t", "Ngid:\t",   "Pid:\t",
		"PPid:\t", "Threads:\t", "Uid:\t",   "Gid:\t",  "FDSize:\t", "CoreDumping:\t"
	};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (text_starts(line, others[i]))
			return true;
	return false;
}

struct reader {
	struct sums *sums;
	vp_str name;
	uint64_t pid, ppid, threads;
	bool has_pid, has_ppid, has_threads;
	uint32_t seen; /* bit i: keys[i] */
};

static void tell_process(struct reader *r)
{
	struct vp_parse_api *host = r->sums->host;
	if (r->has_pid && sums_process(r->sums, r->pid, r->name)) {
		if (r->has_ppid)
			host->num(host, "ppid", r->ppid);
		if (r->has_threads)
			host->num(host, "threads", r->threads);
		host->end(host);
	} else if (r->sums->pid < 0 && !r->has_pid) {
		sums_end(r->sums);
		host->whose(host, -1);
	}
}

static void set(struct reader *r, int key, uint64_t bytes)
{
	struct sums *s = r->sums;
	if (keys[key].measure >= 0) {
		text_measure(&s->total, keys[key].measure, bytes);
	} else if (keys[key].kind) {
		vp_str word = { keys[key].key, strlen(keys[key].key) - 1 };
		if (sums_label(s, word, keys[key].kind)) {
			text_json_num(&s->labels, keys[key].size ? "size" : "rss", bytes);
			text_json_close(&s->labels);
		}
	} else if (!strcmp(keys[key].member, "size")) {
		s->total.size = bytes;
	} else {
		text_json_num(&s->members, keys[key].member, bytes);
	}
}

static void head(struct reader *r, vp_str key, vp_str value)
{
	if (text_is(key, "Name:")) {
		sums_end(r->sums);
		*r = (struct reader){ .sums = r->sums, .name = value };
	}
	if (text_is(key, "Pid:") && !r->seen)
		r->has_pid = text_decimal(value, &r->pid) && r->pid <= UINT32_MAX;
	if (text_is(key, "PPid:"))
		r->has_ppid = text_decimal(value, &r->ppid);
	if (text_is(key, "Threads:")) /* below the values: too late for the line of the process */
		r->has_threads = text_decimal(value, &r->threads);
}

static void parse(struct sums *s, vp_str text)
{
	struct reader reader = { .sums = s }, *r = &reader;
	struct text_lines lines = { .rest = text };
	uint64_t pid;
	vp_str line;
	while (text_next(&lines, &line)) {
		vp_str rest = text_trim(line), whole = rest, word = text_word(&rest),
		       number = text_word(&(vp_str){ rest.p, rest.n });
		int key = key_of(whole);
		uint64_t kib;
		if (key < 0) {
			head(r, word, text_trim(rest));
			if (text_pid_heading(whole, &pid) && !text_ends(word, ":")) {
				sums_end(s);
				*r = (struct reader){ .sums = s, .pid = pid, .has_pid = true };
			}
			continue;
		}
		if (!text_decimal(number, &kib) || kib >> 43) {
			s->host->bad(s->host, lines.number, "not a value of /proc/PID/status");
			continue;
		}
		if (!s->open || r->seen >> key & 1) {
			if (r->seen)
				r->has_pid = false;
			tell_process(r);
			sums_begin(s);
			r->seen = 0;
		}
		r->seen |= UINT32_C(1) << key;
		set(r, key, kib << 10);
	}
}

const struct sums_reader sums_status = {
	.format = "status",
	.sure = 90,
	.needs = { "VmPeak:", "VmSize:", "VmRSS:", "RssAnon:" },
	.is = is,
	.beside = beside,
	.parse = parse,
};
