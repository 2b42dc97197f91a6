/* The source heaps: the heap of a process as other tools have recorded it; parse half only.
 *
 *   @ ./mt:[0x11d0] + 0x5605eaa5c4a0 0x64
 *   -> alloc op malloc, addr 0x5605eaa5c4a0, size 100, and its stack
 *     n0: 100000 0x109188: main (m.c:6)
 *   -> site stack 7, live 100000
 *
 * mtrace.c ltrace.c heaptrack.c have calls; massif.c dhat.c profile.c macos.c have sums.
 */
#include "inner.h"

static const struct heaps_reader *const readers[] = { &heaps_mtrace,   &heaps_ltrace,
	                                              &heaps_massif,   &heaps_dhat,
	                                              &heaps_profile,  &heaps_macos,
	                                              &heaps_heaptrack };
#define SIZE_MOST (UINT64_C(1) << 53) /* no block is larger; a failed call may ask for more */
enum { READERS = sizeof readers / sizeof *readers };

/* ---- processes and stacks ---- */

void heaps_process(struct heaps *h, uint64_t pid, vp_str command)
{
	if (h->given || pid > UINT32_MAX)
		return;
	h->pid = (int64_t)pid;
	h->host->begin(h->host, "process", h->base, h->pid);
	h->host->str(h->host, "why", text_of("first"));
	vp_str rest = command, program = text_word(&rest);
	const char *slash = program.n ? memrchr(program.p, '/', program.n) : NULL;
	if (slash)
		program = text_from(program, (size_t)(slash + 1 - program.p));
	if (program.n)
		h->host->str(h->host, "name", program);
	if (command.n)
		h->host->str(h->host, "command", command);
	h->host->end(h->host);
}

void heaps_frame(struct heaps *h, const struct vp_frame *frame)
{
	if (h->count == HEAPS_FRAMES) {
		h->cut = true;
		return;
	}
	struct vp_frame *made = &h->frames[h->count++];
	*made = *frame;
	made->object.p = made->object.n ? made->object.p : NULL; /* an empty name is none */
	made->function.p = made->function.n ? made->function.p : NULL;
	made->file.p = made->file.n ? made->file.p : NULL;
}

static uint64_t mixed(uint64_t id, const void *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		id = (id ^ ((const unsigned char *)bytes)[i]) * UINT64_C(0x100000001b3);
	return (id ^ n) * UINT64_C(0x100000001b3);
}

static uint64_t id_of(const struct heaps *h)
{
	uint64_t id = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < h->count; i++) {
		const struct vp_frame *f = &h->frames[i];
		uint64_t numbers[] = { f->addr, f->offset, f->line, f->inlined };
		id = mixed(id, numbers, sizeof numbers);
		id = mixed(id, f->object.p, f->object.n);
		id = mixed(id, f->function.p, f->function.n);
		id = mixed(id, f->file.p, f->file.n);
	}
	id = (id ^ id >> 32) & ((UINT64_C(1) << 52) - 1);
	return id ? id : 1;
}

/* Makes room in a table of open addresses, at most half full. */
static bool roomy(struct heaps *h, size_t count, size_t size)
{
	return h->failed || (count + 1) * 2 <= size;
}

static bool is_told(struct heaps *h, uint64_t id)
{
	if (!roomy(h, h->told_count, h->told_size)) {
		size_t size = h->told_size ? h->told_size * 2 : 256;
		uint64_t *made = calloc(size, sizeof *made);
		if (!made) {
			h->failed = true;
			return false;
		}
		for (size_t i = 0; i < h->told_size; i++) {
			size_t at = h->told[i] & (size - 1);
			while (h->told[i] && made[at])
				at = (at + 1) & (size - 1);
			if (h->told[i])
				made[at] = h->told[i];
		}
		free(h->told);
		h->told = made;
		h->told_size = size;
	}
	if (h->failed)
		return false;
	size_t at = id & (h->told_size - 1);
	while (h->told[at] && h->told[at] != id)
		at = (at + 1) & (h->told_size - 1);
	if (h->told[at])
		return true;
	h->told[at] = id;
	h->told_count++;
	return false;
}

uint64_t heaps_stack(struct heaps *h)
{
	if (!h->count)
		return 0;
	uint64_t id = id_of(h);
	if (!is_told(h, id)) {
		h->host->begin(h->host, "stack", h->base, h->pid);
		h->host->num(h->host, "id", id);
		h->host->frames(h->host, "frames", h->frames, h->count);
		if (h->cut)
			h->host->json(h->host, "cut", text_of("true"));
		h->host->end(h->host);
	}
	h->count = 0;
	h->cut = false;
	return id;
}

/* ---- lines ---- */

void heaps_alloc(struct heaps *h, const struct heaps_call *call)
{
	struct vp_parse_api *host = h->host;
	host->begin(host, "alloc", call->t, h->pid);
	if (call->tid >= 0)
		host->num(host, "tid", (uint64_t)call->tid);
	host->str(host, "op", text_of(call->op));
	if (call->has_addr)
		host->addr(host, "addr", call->addr);
	if (call->has_size && call->size <= SIZE_MOST)
		host->num(host, "size", call->size);
	if (call->has_old)
		host->addr(host, "old", call->old);
	if (call->stack)
		host->num(host, "stack", call->stack);
	if (call->failed)
		host->str(host, "error", text_of("ENOMEM"));
	host->end(host);
}

static bool more_places(struct heaps *h)
{
	size_t size = h->place_size ? h->place_size * 2 : 256;
	uint32_t *made = calloc(size, sizeof *made);
	if (!made) {
		h->failed = true;
		return false;
	}
	for (size_t i = 0; i < h->site_count; i++) {
		size_t at = h->sites[i].stack & (size - 1);
		while (made[at])
			at = (at + 1) & (size - 1);
		made[at] = (uint32_t)i + 1;
	}
	free(h->places);
	h->places = made;
	h->place_size = size;
	return true;
}

struct heaps_site *heaps_site(struct heaps *h, uint64_t stack)
{
	if (!roomy(h, h->site_count, h->place_size) && !more_places(h))
		return NULL;
	if (h->failed || !list_more(&h->sites, h->site_count, 1, &h->site_size, sizeof *h->sites)) {
		h->failed = true;
		return NULL;
	}
	size_t at = stack & (h->place_size - 1);
	while (h->places[at] && h->sites[h->places[at] - 1].stack != stack)
		at = (at + 1) & (h->place_size - 1);
	if (!h->places[at]) {
		h->sites[h->site_count] = (struct heaps_site){ .stack = stack };
		h->places[at] = (uint32_t)++h->site_count;
	}
	struct heaps_site *site = &h->sites[h->places[at] - 1];
	site->changed = true;
	return site;
}

static void put_site(struct heaps *h, int64_t t, const struct heaps_site *site)
{
	struct vp_parse_api *host = h->host;
	host->begin(host, "site", t, h->pid);
	host->num(host, "stack", site->stack);
	host->num(host, "live", site->live);
	if (!h->live_alone) {
		host->num(host, "live_blocks", site->live_blocks);
		host->num(host, "freed", site->allocated - site->live);
		host->num(host, "freed_blocks", site->allocated_blocks - site->live_blocks);
	}
	if (h->peaks) {
		host->num(host, "peak", site->peak);
		host->num(host, "at_peak", site->at_peak);
	}
	host->end(host);
}

void heaps_sums(struct heaps *h, int64_t t, uint64_t live)
{
	struct vp_parse_api *host = h->host;
	struct heaps_site all = { .stack = 0 };
	for (size_t i = 0; i < h->site_count; i++) {
		struct heaps_site *site = &h->sites[i];
		site->allocated = site->allocated < site->live ? site->live : site->allocated;
		if (site->allocated_blocks < site->live_blocks)
			site->allocated_blocks = site->live_blocks;
		site->peak = site->peak < site->live ? site->live : site->peak;
		site->peak = site->peak < site->at_peak ? site->at_peak : site->peak;
		all.live += site->live;
		all.live_blocks += site->live_blocks;
		all.allocated += site->allocated;
		all.allocated_blocks += site->allocated_blocks;
		all.at_peak += site->at_peak;
		if (site->changed)
			put_site(h, t, site);
		site->changed = false;
	}
	live = live ? live : all.live;
	all.allocated = all.allocated < live ? live : all.allocated;
	h->peak = h->peak < live ? live : h->peak;
	h->peak = h->peak < all.at_peak ? all.at_peak : h->peak;
	host->begin(host, "heap", t, h->pid);
	host->num(host, "live", live);
	if (!h->live_alone) {
		host->num(host, "live_blocks", all.live_blocks);
		host->num(host, "freed", all.allocated - live);
		host->num(host, "freed_blocks", all.allocated_blocks - all.live_blocks);
		host->num(host, "allocated", all.allocated);
		host->num(host, "allocated_blocks", all.allocated_blocks);
	}
	if (h->peaks)
		host->num(host, "peak", h->peak);
	host->end(host);
}

bool heaps_valgrind_frame(vp_str text, struct vp_frame *frame)
{
	memset(frame, 0, sizeof *frame);
	const char *colon = text.n ? memchr(text.p, ':', text.n) : NULL;
	if (!text_starts(text, "0x") || !colon ||
	    !text_hex((vp_str){ text.p, (size_t)(colon - text.p) }, &frame->addr))
		return false;
	vp_str rest = text_trim(text_from(text, (size_t)(colon + 1 - text.p)));
	const char *open = text_ends(rest, ")") ? memrchr(rest.p, '(', rest.n) : NULL;
	frame->function = rest;
	if (open && open > rest.p && open[-1] == ' ') {
		vp_str where = { open + 1, (size_t)(rest.p + rest.n - open) - 2 };
		const char *line = where.n ? memrchr(where.p, ':', where.n) : NULL;
		bool in = text_starts(where, "in ");
		if (in)
			frame->object = text_from(where, 3);
		else if (line &&
		         text_decimal(text_from(where, (size_t)(line + 1 - where.p)), &frame->line))
			frame->file = (vp_str){ where.p, (size_t)(line - where.p) };
		if (in || frame->file.n)
			frame->function = (vp_str){ rest.p, (size_t)(open - rest.p) - 1 };
	}
	if (text_is(frame->function, "???"))
		frame->function.n = 0;
	return true;
}

/* ---- the parse half ---- */

static int parse(void *state, struct vp_parse_api *host, const struct vp_text *text)
{
	struct heaps *h = calloc(1, sizeof *h);
	(void)state;
	if (!h)
		return host->fail(host, "out of memory for a heap");
	h->host = host;
	h->given = text->pid >= 0;
	h->pid = h->given ? text->pid : 0;
	h->base = host->now(host);
	for (size_t i = 0; i < READERS; i++)
		if (!strcmp(readers[i]->format, text->format))
			readers[i]->parse(h, text->text);
	int failed = h->failed ? host->fail(host, "out of memory for a heap") : 0;
	free(h->told);
	free(h->sites);
	free(h->places);
	free(h);
	return failed;
}

static int probe(vp_str text, const char **format)
{
	vp_str line;
	for (size_t i = 0; i < READERS; i++) {
		struct text_lines lines = { .rest = text };
		while (text_next(&lines, &line))
			if (readers[i]->is(text_trim(line))) {
				*format = readers[i]->format;
				return readers[i]->sure;
			}
	}
	line = text_trim(text_first(text));
	for (size_t i = 0; i < READERS; i++)
		if (readers[i]->beside && readers[i]->beside(line)) {
			*format = readers[i]->format;
			return 4;
		}
	return 0;
}

static const char *const formats[] = { "mtrace", "ltrace-malloc", "heaptrack",  "massif",
	                               "dhat",   "heap-profile",  "macos-heap", NULL };

static const char *const examples[][2] = {
	{ "mtrace", "@ ./mt:[0x11d0] + 0x5605eaa5c4a0 0x64" },
	{ "ltrace-malloc", "mt->malloc(100) = 0x56103427d2a0" },
	{ "heaptrack", "v 10400 3\nX ./mt\nt 55f498bfd1cf 7\n+ 64 8 55f4b318d1d0" },
	{ "massif", "mem_heap_B=100000\nn1: 100000 (heap allocation functions) malloc/new/new[], "
	            "--alloc-fns, etc." },
	{ "dhat", "{\"dhatFileVersion\":2" },
	{ "heap-profile", "heap profile: 1: 16 [2: 32] @ heap/1048576\n1: 16 [2: 32] @ 0x44ff "
	                  "0x45aa" },
	{ "macos-heap", "Process 4711: 3 leaks for 144 total leaked bytes." },
	{ NULL, NULL },
};

const struct vp_source vp_source = {
	.abi = VP_ABI,
	.name = "heaps",
	.about = "the heap as other tools recorded it: mtrace, ltrace, heaptrack, massif, DHAT, "
	         "heap "
	         "profiles of pprof, macOS heap, leaks and malloc_history",
	.formats = formats,
	.examples = examples,
	.probe = probe,
	.parse = parse,
};
