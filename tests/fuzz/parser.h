/* Fuzz target of any source: its parse half gets any bytes as each of its formats. What it says has sense, every line and every
 * member is JSON that the reader takes, and it never reads beyond the text. A target is a file that includes this, named after the source. */
#include <stdlib.h>
#include <string.h>

#include "out.h"
#include "record.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static struct vp_out line;
static struct vp_record *record;

static void check_line(void)
{
	vp_put_end(&line);
	if (line.used && vp_record_read(record, (vp_str){ line.buffer, line.used - 1 })) abort();
	line.used = 0;
	line.front_size = 0;
}

static void begin(struct vp_host *h, const char *type, int64_t t, int64_t pid) { (void)h, vp_put_begin(&line, type, t, pid); }
static void str(struct vp_host *h, const char *key, vp_str value) { (void)h, vp_put_str(&line, key, value); }
static void num(struct vp_host *h, const char *key, uint64_t value) { (void)h, vp_put_num(&line, key, value); }
static void sec(struct vp_host *h, const char *key, int64_t value) { (void)h, vp_put_sec(&line, key, value); }
static void addr(struct vp_host *h, const char *key, uint64_t value) { (void)h, vp_put_addr(&line, key, value); }
static void json(struct vp_host *h, const char *key, vp_str value) { (void)h, vp_put_json(&line, key, value); }
static void end(struct vp_host *h) { (void)h, check_line(); }
static int64_t now(struct vp_host *h) { (void)h; return 0; }

static void snapshot(struct vp_host *h, vp_str members, const struct vp_region *stated)
{
	(void)h, (void)stated;
	vp_put_begin(&line, "snapshot", 0, -1);
	vp_put_members(&line, members);
	check_line();
}

static void region(struct vp_host *h, const struct vp_region *r)
{
	(void)h;
	if (r->start >= r->end) abort();
	vp_put_begin(&line, "region", 0, -1);
	vp_put_region(&line, r);
	check_line();
}

static void bad(struct vp_host *h, size_t number, const char *format, ...) { (void)h, (void)format; if (!number) abort(); }
static int fail(struct vp_host *h, const char *format, ...) { (void)h, (void)format; return -1; }
static void warn(struct vp_host *h, const char *format, ...) { (void)h, (void)format; }
static void lost(struct vp_host *h, int64_t pid, const char *what, uint64_t count, const char *why) { (void)h, (void)pid, (void)what, (void)count, (void)why; }
static void thread(struct vp_host *h, uint64_t stack, uint64_t local, bool main) { (void)h, (void)stack, (void)local, (void)main; }

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct vp_host host = { .abi = VP_ABI, .fail = fail, .warn = warn, .lost = lost, .now = now, .begin = begin, .str = str, .num = num,
		.sec = sec, .addr = addr, .json = json, .end = end, .snapshot = snapshot, .region = region, .bad = bad, .thread = thread };
	vp_str text = { (const char *)bytes, n };
	const char *guess = NULL;
	if (!record) {
		vp_out_memory(&line);
		if (!(record = malloc(sizeof *record)) || vp_record_init(record)) abort();
	}
	vp_source.probe(text, &guess);
	for (const char *const *format = vp_source.formats; *format; format++)
		for (int64_t pid = -1; pid <= 1; pid += 2) {
			void *state = calloc(1, vp_source.state + 1);
			vp_source.parse(state, &host, &(struct vp_text){ .format = *format, .text = text, .pid = pid });
			free(state);
		}
	return 0;
}
