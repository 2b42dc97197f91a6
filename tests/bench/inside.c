/* Measures the work of one process without pipes: parsing and comparing, reading lines, writing
 * lines. Prints figures for the table's rows.
 *
 *   inside diff TEXT-A TEXT-B   the parse half of procfs, with its regions given directly to the
 *                               tracker; A and B in turn
 *                               -> "0.00262 0.00251 0.00310": ms per sample; median, least, most of
 *                               the rounds
 *   inside least A B            the limit: the time of a program written for these texts alone
 *   inside read LINES           region lines into records -> GB/s: median, least, most
 *   inside write LINES          records into region lines -> GB/s
 *   inside sprintf LINES        the peer: records into region lines by snprintf -> GB/s
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "stream/put.h"
#include "stream/record.h"
#include "track/snapshot.h"

enum { ROUNDS = 41, KEPT = 2000 };

static struct vp_tracker *tracker;
static uint64_t changes;

static double now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now); /* other programs may use the processor */
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void say(double *figures)
{
	qsort(figures, ROUNDS, sizeof *figures, by_size);
	printf("%.6f %.6f %.6f\n", figures[ROUNDS / 2], figures[0], figures[ROUNDS - 1]);
}

static vp_str whole(const char *path)
{
	size_t size = 64 << 20;
	char *bytes = malloc(size + 64);
	FILE *file = fopen(path, "r");
	if (!file || !bytes)
		perror(path), exit(1);
	vp_str text = { bytes, fread(bytes, 1, size, file) };
	fclose(file);
	return text;
}

/* ---- parse and diff ---- */

static void snapshot(struct vp_parse_api *h, vp_str members, const struct vp_region *stated)
{
	(void)h, (void)members, (void)stated;
}
static void region(struct vp_parse_api *h, const struct vp_region *region)
{
	(void)h, vp_tracker_region(tracker, region);
}
static void bad(struct vp_parse_api *h, size_t line, const char *format, ...)
{
	(void)h, fprintf(stderr, "inside: line %zu: %s\n", line, format), exit(1);
}
static void change(void *ctx, const struct vp_change *change)
{
	(void)ctx, (void)change, changes++;
}
static void frame(void *ctx, int64_t t, int64_t pid, uint64_t seq,
                  const struct vp_region *const *regions, const uint64_t *ids, size_t count)
{
	(void)ctx, (void)t, (void)pid, (void)seq, (void)regions, (void)ids, (void)count;
}

static const struct vp_region *again(struct vp_parse_api *h, vp_str rest,
                                     bool (*ends)(const char *at), size_t *n, size_t *lines)
{
	(void)h, (void)rest, (void)ends, (void)n, (void)lines;
	return NULL;
}

static void part(struct vp_parse_api *h, vp_str text, size_t lines)
{
	(void)h, (void)text, (void)lines;
}

static void look(struct vp_parse_api *h, vp_str text, uint64_t seq)
{
	vp_tracker_begin(tracker, (int64_t)seq, 7, seq);
	vp_source.parse(NULL, h,
	                &(struct vp_text){
	                        .format = "linux-smaps", .text = text, .pid = 7, .seq = seq });
	vp_tracker_finish(tracker);
}

static void diff(const char *a, const char *b)
{
	struct vp_parse_api host = { .abi = VP_ABI,
		                     .snapshot = snapshot,
		                     .region = region,
		                     .bad = bad,
		                     .again = again,
		                     .part = part };
	struct vp_track_options options = { .resident = 1 };
	struct vp_track_sink sink = { .change = change, .frame = frame };
	vp_str texts[2] = { whole(a), whole(b) };
	double figures[ROUNDS];
	uint64_t seq = 0, looks = 64;
	tracker = vp_tracker_new(&options, &sink);
	for (int round = 0; round < ROUNDS; round++) {
		double began = now_ms();
		for (uint64_t i = 0; i < looks; i++, seq++)
			look(&host, texts[seq % 2], seq);
		figures[round] = (now_ms() - began) / (double)looks;
	}
	if (changes < seq - 2)
		fputs("inside: the texts do not differ\n", stderr), exit(1);
	say(figures);
}

/* The lower limit, a program written for these texts alone. It reads numbers from the rows and from
 * the 28-byte lines below them into an array, and compares the array with the previous one. It
 * expects correct texts of this kernel, and interprets nothing. */
struct least {
	uint64_t start, end, perms, values[32];
	vp_str rest;
};

static const char *digits(const char *at, unsigned base, uint64_t *value)
{
	for (*value = 0;; at++) {
		unsigned digit = *at >= 'a' ? (unsigned)*at - 'a' + 10 : (unsigned)*at - '0';
		if (digit >= base)
			return at;
		*value = *value * base + digit;
	}
}

static size_t least_parse(vp_str text, struct least *to)
{
	const char *at = text.p, *end = text.p + text.n, *newline;
	size_t count = 0, value = 0;
	for (; at < end; at = newline + 1) {
		if (count && *at >= 'A' && *at <= 'T') { /* Size: to THPeligible: */
			const char *digit = at + 16;
			while (*digit == ' ')
				digit++;
			digit = digits(digit, 10, &to[count - 1].values[value++ % 32]);
			newline = *digit == ' ' ? digit + 3 : digit;
			continue;
		}
		newline = memchr(at, '\n', (size_t)(end - at));
		if (*at == 'V')
			continue; /* VmFlags: */
		struct least *region = &to[count++];
		value = 0;
		at = digits(digits(at, 16, &region->start) + 1, 16, &region->end) + 1;
		memcpy(&region->perms, at, 8);
		region->rest = (vp_str){ at + 8, (size_t)(newline - at) - 8 };
	}
	return count;
}

static size_t least_compare(const struct least *a, size_t m, const struct least *b, size_t n)
{
	size_t differ = 0, i = 0, j = 0;
	while (i < m && j < n) {
		differ += a[i].start != b[j].start || a[i].end != b[j].end ||
		          a[i].perms != b[j].perms ||
		          memcmp(a[i].values, b[j].values, sizeof a[i].values) ||
		          !vp_str_eq(a[i].rest, b[j].rest);
		uint64_t x = a[i].start, y = b[j].start;
		i += x <= y, j += y <= x;
	}
	return differ;
}

static void least(const char *a, const char *b)
{
	static struct least found[2][1024];
	vp_str texts[2] = { whole(a), whole(b) };
	size_t counts[2] = { 0 }, seq = 0, looks = 64, differ = 0;
	double figures[ROUNDS];
	for (int round = 0; round < ROUNDS; round++) {
		double began = now_ms();
		for (size_t i = 0; i < looks; i++, seq++) {
			counts[seq % 2] = least_parse(texts[seq % 2], found[seq % 2]);
			differ += least_compare(found[0], counts[0], found[1], counts[1]);
		}
		figures[round] = (now_ms() - began) / (double)looks;
	}
	if (differ < seq - 2)
		fputs("inside: the texts do not differ\n", stderr), exit(1);
	say(figures);
}

/* ---- lines ---- */

static size_t next(vp_str *rest, vp_str *line)
{
	const char *end = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;
	if (!end)
		return 0;
	*line = (vp_str){ rest->p, (size_t)(end - rest->p) };
	rest->p = end + 1, rest->n -= line->n + 1;
	return line->n;
}

static void reading(struct vp_record *record, vp_str text)
{
	double figures[ROUNDS];
	for (int round = 0; round < ROUNDS; round++) {
		vp_str rest = text, line;
		double began = now_ms();
		while (next(&rest, &line))
			if (vp_record_read(record, line))
				fprintf(stderr, "inside: %s\n", record->error), exit(1);
		figures[round] = (double)text.n / (now_ms() - began) / 1e6;
	}
	say(figures);
}

static int write_with_printf(char *at, const struct vp_region *r, uint64_t seq)
{
	int n = sprintf(at,
	                "{\"type\":\"region\",\"t\":0.000000000,\"pid\":7,\"seq\":%" PRIu64
	                ",\"start\":\"0x%016" PRIx64 "\",\"end\":\"0x%016" PRIx64 "\",\"size\":"
	                "%" PRIu64 ",\"perms\":\"%s\",\"share\":\"%.*s\",\"kind\":\"%.*s\","
	                "\"name\":\"%.*s\"",
	                seq, r->start, r->end, r->size, r->perms, (int)r->share.n, r->share.p,
	                (int)r->kind.n, r->kind.p, (int)r->name.n, r->name.p);
	for (int i = 0; i < VP_M_COUNT; i++)
		if (r->measured >> i & 1)
			n += sprintf(at + n, ",\"%s\":%" PRIu64, vp_measure_names[i],
			             r->measure[i]);
	return n + sprintf(at + n, ",\"flags\":\"%.*s\"}\n", (int)r->flags.n, r->flags.p);
}

/* Keeps the records: only the writing is timed. */
static void writing(struct vp_record *record, vp_str text, bool with_printf)
{
	static struct vp_region kept[KEPT];
	static char line_of[4096];
	double figures[ROUNDS];
	size_t count = 0;
	struct vp_out out;
	vp_str line;
	vp_out_memory(&out);
	while (count < KEPT && next(&text, &line) && vp_record_read(record, line) == 0)
		kept[count++] = record->region;
	for (int round = 0; round < ROUNDS; round++) {
		size_t bytes = 0;
		double began = now_ms();
		for (int again = 0; again < 8; again++) {
			out.used = 0;
			for (size_t i = 0; i < count; i++) {
				if (with_printf)
					bytes += (size_t)write_with_printf(line_of, &kept[i], 1);
				else
					vp_put_region_line(&out, 0, 7, 1, 0, &kept[i]);
			}
			bytes += out.used;
		}
		figures[round] = (double)bytes / (now_ms() - began) / 1e6;
	}
	vp_out_free(&out);
	say(figures);
}

int main(int argc, char **argv)
{
	static struct vp_record record;
	const char *mode = argc > 2 ? argv[1] : "";
	if (vp_record_init(&record))
		return 1;
	if (!strcmp(mode, "diff") && argc == 4)
		diff(argv[2], argv[3]);
	else if (!strcmp(mode, "least") && argc == 4)
		least(argv[2], argv[3]);
	else if (!strcmp(mode, "read"))
		reading(&record, whole(argv[2]));
	else if (!strcmp(mode, "write"))
		writing(&record, whole(argv[2]), false);
	else if (!strcmp(mode, "sprintf"))
		writing(&record, whole(argv[2]), true);
	else
		return fputs("usage: inside diff A B | least A B | read LINES | write LINES | "
		             "sprintf LINES\n",
		             stderr),
		       2;
	return 0;
}
