/* Fuzz target: the parse half of the procfs source. Regions that it gives have sense; it never reads beyond the text. */
#include <stdarg.h>
#include <stdlib.h>

#include "plugin.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void snapshot(struct vp_host *h, vp_str members, const struct vp_region *stated) { (void)h, (void)members, (void)stated; }
static void bad(struct vp_host *h, size_t line, const char *format, ...) { (void)h, (void)format; if (!line) abort(); }
static int fail(struct vp_host *h, const char *format, ...) { (void)h, (void)format; return -1; }
static void warn(struct vp_host *h, const char *format, ...) { (void)h, (void)format; }
static void lost(struct vp_host *h, int64_t pid, const char *what, uint64_t count, const char *why) { (void)h, (void)pid, (void)what, (void)count, (void)why; }

static volatile unsigned char sink;

static void read_all(vp_str text)
{
	for (size_t i = 0; i < text.n; i++) sink ^= (unsigned char)text.p[i];
}

static void region(struct vp_host *h, const struct vp_region *r)
{
	(void)h;
	if (r->start >= r->end) abort();
	read_all(r->name), read_all(r->dev), read_all(r->inode), read_all(r->flags), read_all(r->extra);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct vp_host host = { .abi = VP_ABI, .fail = fail, .warn = warn, .lost = lost, .snapshot = snapshot, .region = region, .bad = bad };
	vp_str text = { (const char *)bytes, n };
	const char *guess = NULL;
	vp_source.probe(text, &guess);
	for (const char *const *format = vp_source.formats; *format; format++) {
		void *state = calloc(1, vp_source.state + 1);
		vp_source.parse(state, &host, &(struct vp_text){ .format = *format, .text = text, .pid = 1 });
		free(state);
	}
	return 0;
}
