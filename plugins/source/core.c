/* The source core: the regions that an ELF core file holds of a process that has died; parse half
 * only.
 *
 *   PT_LOAD vaddr 0x7f..., memsz, filesz, flags R-X; NT_FILE says which file was mapped there;
 * NT_PRPSINFO whose it was
 *   -> process, snapshot, regions with perms r-x, name, offset, dumped (bytes of it that are in the
 * core)
 *
 * Quirks: 32 and 64 bits, either byte order. A core has no p or s in its permissions, no device and
 * no inode. Cut cores (ulimit -c) keep their notes, which stand first. gdb's gcore leaves out code
 * that is in a file: of that NT_FILE tells, without permissions. With more than 65534 regions their
 * number stands in the first section header. Formats: elf(5); NT_FILE as fs/binfmt_elf.c of Linux
 * has it.
 */
#include "kit/text.h"

enum {
	PT_LOAD = 1,
	PT_NOTE = 4,
	NT_PRSTATUS = 1,
	NT_PRPSINFO = 3,
	NT_FILE = 0x46494c45,
	ET_CORE = 4,
	PN_XNUM = 0xffff
};

struct file {
	uint64_t start, end, offset;
	vp_str name;
};

struct segment {
	uint64_t type, flags, offset, start, file_size, size;
};

struct core {
	struct vp_parse_api *host;
	vp_str bytes;
	bool wide, big; /* 64 bits; the most significant byte first */
	struct file *files;
	size_t file_count;
	struct segment *segments;
	size_t segment_count;
	int64_t pid;
	vp_str name, command;
};

/* ---- bytes ---- */

/* Returns `n` bytes at `at` as a number; 0: the file is too short. */
static uint64_t number(const struct core *core, uint64_t at, unsigned n)
{
	uint64_t value = 0;
	if (at > core->bytes.n || core->bytes.n - at < n)
		return 0;
	for (unsigned i = 0; i < n; i++)
		value |= (uint64_t)(unsigned char)core->bytes.p[at + i]
		         << 8 * (core->big ? n - 1 - i : i);
	return value;
}

static unsigned word(const struct core *core)
{
	return core->wide ? 8 : 4;
}

static vp_str slice(const struct core *core, uint64_t at, uint64_t n)
{
	if (at > core->bytes.n)
		at = core->bytes.n;
	if (n > core->bytes.n - at)
		n = core->bytes.n - at;
	return (vp_str){ core->bytes.p + at, (size_t)n };
}

static vp_str until_nul(vp_str text)
{
	const char *nul = text.n ? memchr(text.p, 0, text.n) : NULL;
	return (vp_str){ text.p, nul ? (size_t)(nul - text.p) : text.n };
}

/* ---- notes ---- */

/* Reads NT_FILE: count, page size, count times (start, end, offset in pages), then as many names.
 */
static void files_note(struct core *core, uint64_t at, uint64_t n)
{
	unsigned w = word(core);
	uint64_t count = number(core, at, w), page = number(core, at + w, w),
	         names = at + 2 * w + count * 3 * w;
	if (core->files || n < 2 * w || count > (n - 2 * w) / (3 * w))
		return;
	core->files = calloc(count ? count : 1, sizeof *core->files);
	for (uint64_t i = 0; i < count && core->files; i++) {
		struct file *file = &core->files[core->file_count];
		uint64_t entry = at + 2 * w + i * 3 * w;
		*file = (struct file){ number(core, entry, w),
			               number(core, entry + w, w),
			               number(core, entry + 2 * w, w) * page,
			               { NULL, 0 } };
		if (names >= at + n)
			return;
		file->name = until_nul(slice(core, names, at + n - names));
		names += file->name.n + 1;
		core->file_count++;
	}
}

static void one_note(struct core *core, uint64_t type, uint64_t at, uint64_t n)
{
	if (type == NT_FILE)
		files_note(core, at, n);
	if (type == NT_PRSTATUS && core->pid < 0 && n >= 36)
		core->pid = (int64_t)number(core, at + (core->wide ? 32 : 24), 4);
	if (type != NT_PRPSINFO || n < 80)
		return;
	core->pid = (int64_t)number(core, at + (core->wide ? 24 : 12), 4);
	core->name = until_nul(slice(core, at + (core->wide ? 40 : 28), 16));
	core->command = text_trim(until_nul(slice(core, at + (core->wide ? 56 : 44), 80)));
}

static void notes(struct core *core, uint64_t at, uint64_t size)
{
	uint64_t end = at + size;
	if (at > core->bytes.n)
		return;
	if (size > core->bytes.n - at)
		end = core->bytes.n;
	while (end - at >= 12) {
		uint64_t name = number(core, at, 4), n = number(core, at + 4, 4),
		         type = number(core, at + 8, 4);
		uint64_t body = at + 12 + (name + 3) / 4 * 4, next = body + (n + 3) / 4 * 4;
		if (body > end || n > end - body)
			return;
		if (text_starts(slice(core, at + 12, name), "CORE"))
			one_note(core, type, body, n);
		if (next > end)
			return;
		at = next;
	}
}

/* ---- program headers ---- */

static struct segment segment(const struct core *core, uint64_t at)
{
	if (core->wide)
		return (struct segment){ number(core, at, 4),      number(core, at + 4, 4),
			                 number(core, at + 8, 8),  number(core, at + 16, 8),
			                 number(core, at + 32, 8), number(core, at + 40, 8) };
	return (struct segment){ number(core, at, 4),      number(core, at + 24, 4),
		                 number(core, at + 4, 4),  number(core, at + 8, 4),
		                 number(core, at + 16, 4), number(core, at + 20, 4) };
}

static const struct file *file_at(const struct core *core, uint64_t start)
{
	for (size_t i = 0; i < core->file_count; i++)
		if (start >= core->files[i].start && start < core->files[i].end)
			return &core->files[i];
	return NULL;
}

static void give(struct core *core, const struct segment *segment, struct text_json *json)
{
	struct vp_region region;
	const struct file *file = file_at(core, segment->start);
	memset(&region, 0, sizeof region);
	region.start = segment->start;
	region.end = segment->start + segment->size;
	region.size = segment->size;
	if (segment->type == PT_LOAD)
		snprintf(region.perms, sizeof region.perms, "%c%c%c",
		         segment->flags & 4 ? 'r' : '-', segment->flags & 2 ? 'w' : '-',
		         segment->flags & 1 ? 'x' : '-');
	if (file) {
		region.name = file->name;
		region.offset = file->offset + (segment->start - file->start);
		region.has_offset = true;
	}
	json->n = 0;
	text_json_num(json, "dumped", segment->file_size);
	region.extra = text_json_members(json);
	core->host->region(core->host, &region);
}

static int by_start(const void *a, const void *b)
{
	const struct segment *x = a, *y = b;
	return x->start != y->start ? (x->start < y->start ? -1 : 1) : 0;
}

/* Adds mapped files that no segment covers. */
static void add_files(struct core *core)
{
	size_t loads = core->segment_count, at = 0;
	for (size_t i = 0; i < core->file_count; i++) {
		const struct file *file = &core->files[i];
		while (at < loads &&
		       core->segments[at].start + core->segments[at].size <= file->start)
			at++;
		if (file->end <= file->start ||
		    (at < loads && core->segments[at].start < file->end))
			continue;
		core->segments[core->segment_count++] =
		        (struct segment){ .start = file->start, .size = file->end - file->start };
	}
}

/* Collects all regions, by address. Returns -1: no memory. */
static int gather(struct core *core, uint64_t table, uint64_t size, uint64_t count)
{
	core->segments = calloc(count + core->file_count + 1, sizeof *core->segments);
	if (!core->segments)
		return -1;
	for (uint64_t i = 0; i < count; i++) {
		struct segment one = segment(core, table + i * size);
		if (one.type == PT_LOAD && one.size && one.start <= UINT64_MAX - one.size)
			core->segments[core->segment_count++] = one;
	}
	qsort(core->segments, core->segment_count, sizeof *core->segments, by_start);
	add_files(core);
	qsort(core->segments, core->segment_count, sizeof *core->segments, by_start);
	return 0;
}

static void put_process(struct core *core)
{
	if (core->pid < 0)
		return;
	core->host->begin(core->host, "process", core->host->now(core->host), core->pid);
	core->host->str(core->host, "why", text_of("first"));
	if (core->name.n)
		core->host->str(core->host, "name", core->name);
	if (core->command.n)
		core->host->str(core->host, "command", core->command);
	core->host->end(core->host);
}

/* Whether the bytes begin as a core file; fills the fields that the other functions use. */
static bool identify(struct core *core)
{
	if (core->bytes.n < 52 || memcmp(core->bytes.p, "\177ELF", 4) != 0)
		return false;
	core->wide = core->bytes.p[4] == 2;
	core->big = core->bytes.p[5] == 2;
	return number(core, 16, 2) == ET_CORE && (core->bytes.n >= 64 || !core->wide);
}

static uint64_t header_count(const struct core *core)
{
	uint64_t count = number(core, core->wide ? 56 : 44, 2),
	         sections = number(core, core->wide ? 40 : 32, word(core));
	return count == PN_XNUM ? number(core, sections + (core->wide ? 44 : 28), 4) : count;
}

static int parse(void *state, struct vp_parse_api *host, const struct vp_text *text)
{
	struct core core = { .host = host, .bytes = text->text, .pid = -1 };
	struct text_json json = { 0 };
	(void)state;
	if (!identify(&core))
		return host->fail(host, "not an ELF core file");
	uint64_t table = number(&core, core.wide ? 32 : 28, word(&core)),
	         size = number(&core, core.wide ? 54 : 42, 2), count = header_count(&core);
	if (size < (core.wide ? 56u : 32u) || table > core.bytes.n)
		return host->fail(host, "the core file has no program headers");
	uint64_t there = (core.bytes.n - table) / size;
	if (there < count)
		host->lost(host, -1, "regions", count - there,
		           "the core file ends within its program headers");
	if (there < count)
		host->warn(host, "the core file is cut: %llu of its %llu program headers are there",
		           (unsigned long long)there, (unsigned long long)count);
	if (there < count)
		count = there;
	for (uint64_t i = 0; i < count; i++) {
		struct segment one = segment(&core, table + i * size);
		if (one.type == PT_NOTE)
			notes(&core, one.offset, one.file_size);
	}
	if (text->pid < 0)
		put_process(&core);
	if (gather(&core, table, size, count))
		host->fail(host, "out of memory for a core file");
	host->snapshot(host, (vp_str){ NULL, 0 }, NULL);
	for (size_t i = 0; i < core.segment_count; i++)
		give(&core, &core.segments[i], &json);
	free(core.segments);
	free(core.files);
	free(json.p);
	return 0;
}

static int probe(vp_str head, const char **format)
{
	struct core core = { .bytes = head };
	*format = "elf-core";
	return identify(&core) ? 100 : 0;
}

static const char *const formats[] = { "elf-core", NULL };

static const char *const examples[][2] = {
	{ "elf-core", "(a core file)" },
	{ NULL, NULL },
};

const struct vp_source vp_source = {
	.abi = VP_ABI,
	.name = "core",
	.about = "ELF core files: the regions of a process that has died",
	.formats = formats,
	.examples = examples,
	.probe = probe,
	.parse = parse,
};
