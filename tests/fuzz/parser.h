/* Fuzz target of any source: its parse half gets any bytes as each of its formats. Its regions make
 * sense, and the reader accepts every line and member as JSON. It never reads beyond the text, and
 * the cache of earlier input changes nothing. A target is a file that includes this header and has
 * the name of the source. */
#include <stdlib.h>
#include <string.h>

#include "parse/cache.h"
#include "stream/lists.h"
#include "stream/put.h"
#include "stream/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static struct vp_out line, said[2],
        unread[2]; /* output, and unreadable lines: without the cache, and with it */
static struct vp_record *record;
static struct vp_cache *memory;
static struct vp_cached *past; /* the cache; NULL: no cache */
static int snapshots;

static void check_line(void)
{
	vp_put_end(&line);
	if (line.used && vp_record_read(record, (vp_str){ line.buffer, line.used - 1 }))
		abort();
	vp_out_bytes(&said[past != NULL], line.buffer, line.used);
	line.used = 0;
	line.front_size = 0;
}

static void begin(struct vp_parse_api *h, const char *type, int64_t t, int64_t pid)
{
	(void)h;
	vp_put_begin(&line, type, t, pid);
}
static void str(struct vp_parse_api *h, const char *key, vp_str value)
{
	(void)h;
	vp_put_str(&line, key, value);
}
static void num(struct vp_parse_api *h, const char *key, uint64_t value)
{
	(void)h;
	vp_put_num(&line, key, value);
}
static void sec(struct vp_parse_api *h, const char *key, int64_t value)
{
	(void)h;
	vp_put_sec(&line, key, value);
}
static void addr(struct vp_parse_api *h, const char *key, uint64_t value)
{
	(void)h;
	vp_put_addr(&line, key, value);
}
static void json(struct vp_parse_api *h, const char *key, vp_str value)
{
	(void)h;
	vp_put_json(&line, key, value);
}
static void strs(struct vp_parse_api *h, const char *key, const vp_str *values, size_t count)
{
	(void)h;
	vp_put_strs(&line, key, values, count);
}
static void span(struct vp_parse_api *h, const char *key, uint64_t start, uint64_t last)
{
	(void)h;
	vp_put_span(&line, key, start, last);
}
static void regions(struct vp_parse_api *h, const char *key, const struct vp_region *list,
                    size_t count)
{
	(void)h;
	vp_put_regions(&line, key, list, count);
}
static void frames(struct vp_parse_api *h, const char *key, const struct vp_frame *list,
                   size_t count)
{
	(void)h;
	vp_put_frames(&line, key, list, count);
}
static void end(struct vp_parse_api *h)
{
	(void)h;
	check_line();
}
static int64_t now(struct vp_parse_api *h)
{
	(void)h;
	return 0;
}

static void snapshot(struct vp_parse_api *h, vp_str members, const struct vp_region *stated)
{
	(void)h;
	(void)stated;
	snapshots++;
	vp_put_begin(&line, "snapshot", 0, -1);
	vp_put_members(&line, members);
	check_line();
}

/* Caches regions like the host of vm-parse. */
static const struct vp_region *kept(const struct vp_region *r)
{
	size_t from = vp_cache_index(past, r);
	struct vp_cached_sample *now = &past->now;
	struct vp_region *to = vp_cache_add(past, from);
	if (!to || (!now->strings && !(now->strings = vp_strings_new())))
		abort();
	*to = *r;
	if (from != VP_KIND_NEW)
		vp_cache_move(past, from, to);
	vp_str *texts[] = { &to->share, &to->name,  &to->label, &to->dev,
		            &to->inode, &to->flags, &to->extra };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (texts[i]->n && (uintptr_t)texts[i]->p - (uintptr_t)now->text >= now->text_n)
			*texts[i] = vp_strings_keep(now->strings, *texts[i]);
	return to;
}

static const struct vp_region *again(struct vp_parse_api *h, vp_str rest,
                                     bool (*ends)(const char *at), size_t *n, size_t *lines)
{
	const struct vp_cached_part *part;
	const struct vp_region *r = past ? vp_cache_find(past, rest, ends, &part) : NULL;
	(void)h;
	if (r) {
		*n = part->n;
		*lines = part->lines;
	}
	return r;
}

static void part(struct vp_parse_api *h, vp_str text, size_t lines)
{
	(void)h;
	if (past)
		vp_cache_part(past, text, lines);
}

static void region(struct vp_parse_api *h, const struct vp_region *r)
{
	(void)h;
	if (r->start >= r->end)
		abort();
	if (past)
		r = kept(r);
	vp_put_begin(&line, "region", 0, -1);
	vp_put_region(&line, r);
	check_line();
}

static void bad(struct vp_parse_api *h, size_t number, const char *format, ...)
{
	(void)h;
	(void)format;
	if (!number)
		abort();
	vp_out_bytes(&unread[past != NULL], (char *)&number, sizeof number);
}
static int fail(struct vp_parse_api *h, const char *format, ...)
{
	(void)h;
	(void)format;
	return -1;
}
static void warn(struct vp_parse_api *h, const char *format, ...)
{
	(void)h;
	(void)format;
}
static void lost(struct vp_parse_api *h, int64_t pid, const char *what, uint64_t count,
                 const char *why)
{
	(void)h;
	(void)pid;
	(void)what;
	(void)count;
	(void)why;
}
static void thread(struct vp_parse_api *h, const struct vp_thread *thread)
{
	(void)h;
	(void)thread;
}

static bool differ(const struct vp_out *two)
{
	return two[0].used != two[1].used ||
	       (two[0].used && memcmp(two[0].buffer, two[1].buffer, two[0].used));
}

static void whose(struct vp_parse_api *h, int64_t pid)
{
	(void)h, (void)pid;
}

/* Parses with a cache of any earlier text. */
static struct vp_cached *remembering(struct vp_text *job)
{
	bool remembers;
	vp_cache_judge(memory, 1, &(struct vp_text){ .format = job->format, .text = { NULL, 1 } },
	               1);
	struct vp_cached *begun = vp_cache_begin(memory, 1, job, &remembers);
	if (!begun || !remembers)
		abort();
	return begun;
}

static bool in_order(const struct vp_cached_sample *sample)
{
	for (size_t i = 1; i < sample->count; i++)
		if (sample->regions[i].start < sample->regions[i - 1].start)
			return false;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct vp_parse_api host = { .abi = VP_ABI,
		                     .fail = fail,
		                     .warn = warn,
		                     .lost = lost,
		                     .now = now,
		                     .begin = begin,
		                     .str = str,
		                     .num = num,
		                     .sec = sec,
		                     .addr = addr,
		                     .json = json,
		                     .strs = strs,
		                     .span = span,
		                     .regions = regions,
		                     .frames = frames,
		                     .end = end,
		                     .snapshot = snapshot,
		                     .region = region,
		                     .whose = whose,
		                     .bad = bad,
		                     .thread = thread,
		                     .again = again,
		                     .part = part };
	vp_str text = { (const char *)bytes, n };
	const char *guess = NULL;
	if (!record) {
		vp_out_memory(&line);
		for (int i = 0; i < 2; i++) {
			vp_out_memory(&said[i]);
			vp_out_memory(&unread[i]);
		}
		if (!(record = malloc(sizeof *record)) || vp_record_init(record) ||
		    !(memory = vp_cache_new()))
			abort();
	}
	vp_source.probe(text, &guess);
	for (const char *const *format = vp_source.formats; *format; format++)
		for (int turn = 0; turn < 3; turn++) {
			struct vp_text job = { .format = *format,
				               .text = text,
				               .pid = turn ? 1 : -1 };
			past = turn == 2 ? remembering(&job) : NULL;
			void *state = calloc(1, vp_source.state + 1);
			said[past != NULL].used = unread[past != NULL].used = 0;
			snapshots = 0;
			vp_source.parse(state, &host, &job);
			free(state);
			if (!past)
				continue;
			past->now.whole = snapshots == 1 && in_order(&past->now);
			if (differ(said) || differ(unread))
				abort();
		}
	return 0;
}
