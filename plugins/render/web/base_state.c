/* Applies lines to the base state, and writes it as key frames.
 *
 *   {"type":"change","t":2.0,"pid":7,"event":"BRK_GROW","act":3,"id":5,"start":…,"was":{…}}
 *   {"type":"region","t":9.0,"pid":7,"seq":4,"id":5,"start":…}
 */
#include "base_state.h"

#include <stdio.h>

#include "fields.h"

/* A line that is kept. */
struct text {
	uint64_t number, id;
	size_t n;
	char bytes[];
};

struct process {
	int64_t pid;
	uint64_t touched; /* number of the last line that changed it */
	struct text *process, *snapshot;
	bool framed;        /* region lines of the last snapshot have begun */
	uint64_t unnamed;   /* of them, without an id */
	struct map regions; /* id -> struct text * */
};

/* Ids of regions without one: above all others. */
#define UNNAMED (UINT64_C(1) << 60)

struct fields {
	vp_str type, event, gone;
	int64_t pid;
	uint64_t id;
	bool has_id;
};

static struct fields fields_of(vp_str line)
{
	struct fields fields = { .pid = -1 };
	const char *at = line.p;
	vp_str key, value;
	while (member_next(&at, line.p + line.n, &key, &value)) {
		if (vp_str_is(key, "type"))
			fields.type = value;
		else if (vp_str_is(key, "event"))
			fields.event = value;
		else if (vp_str_is(key, "gone"))
			fields.gone = value;
		else if (vp_str_is(key, "pid"))
			fields.pid = (int64_t)number_of(value);
		else if (vp_str_is(key, "id"))
			fields.id = number_of(value);
		if (vp_str_is(key, "id"))
			fields.has_id = true;
	}
	return fields;
}

static struct text *keep(struct base *base, struct text *old, vp_str line, uint64_t number,
                         uint64_t id)
{
	struct text *text = malloc(sizeof *text + line.n);
	if (old)
		base->bytes -= old->n;
	free(old);
	if (!text)
		return NULL;
	*text = (struct text){ .number = number, .id = id, .n = line.n };
	memcpy(text->bytes, line.p, line.n);
	base->bytes += line.n;
	return text;
}

static struct text *text_in(uint64_t value)
{
	return (struct text *)(uintptr_t)value;
}

static void put(struct base *base, struct map *map, uint64_t id, vp_str line, uint64_t number)
{
	uint64_t *value = map_put(map, id);
	if (value)
		*value = (uintptr_t)keep(base, text_in(*value), line, number, id);
	if (value && !*value)
		map_remove(map, id);
}

static void drop(struct base *base, struct map *map, uint64_t id)
{
	const uint64_t *value = map_get(map, id);
	if (!value)
		return;
	base->bytes -= text_in(*value)->n;
	free(text_in(*value));
	map_remove(map, id);
}

static void drop_all(struct base *base, struct map *map)
{
	for (size_t i = 0; i < map->size; i++) {
		if (!map->cells[i].key)
			continue;
		base->bytes -= text_in(map->cells[i].value)->n;
		free(text_in(map->cells[i].value));
	}
	map_free(map);
}

static struct process *process_of(struct base *base, int64_t pid)
{
	const uint64_t *index = map_get(&base->by_pid, (uint64_t)pid);
	if (index)
		return &base->processes[*index];
	struct process *grown =
	        realloc(base->processes, (base->count + 1) * sizeof *base->processes);
	uint64_t *place = grown ? map_put(&base->by_pid, (uint64_t)pid) : NULL;
	base->processes = grown ? grown : base->processes;
	if (!place)
		return NULL;
	*place = base->count;
	base->processes[base->count] = (struct process){ .pid = pid };
	return &base->processes[base->count++];
}

static void empty(struct base *base, struct process *process)
{
	struct text *const kept[] = { process->process, process->snapshot };
	drop_all(base, &process->regions);
	for (int i = 0; i < 2; i++) {
		base->bytes -= kept[i] ? kept[i]->n : 0;
		free(kept[i]);
	}
}

/* Removes a process; the last of the list takes its place. */
static void end_process(struct base *base, struct process *process)
{
	uint64_t *moved;
	empty(base, process);
	map_remove(&base->by_pid, (uint64_t)process->pid);
	base->count--;
	if (process == &base->processes[base->count])
		return;
	*process = base->processes[base->count];
	moved = map_get(&base->by_pid, (uint64_t)process->pid);
	if (moved)
		*moved = (uint64_t)(process - base->processes);
}

static void drop_gone(struct base *base, struct process *process, vp_str gone)
{
	for (size_t i = 0; i < gone.n;) {
		vp_str number = { gone.p + i, 0 };
		while (i < gone.n && gone.p[i] >= '0' && gone.p[i] <= '9') {
			number.n++;
			i++;
		}
		if (number.n)
			drop(base, &process->regions, number_of(number));
		else
			i++;
	}
}

static void apply_region(struct base *base, struct process *process, vp_str line,
                         const struct fields *fields, uint64_t number)
{
	if (!process->framed) {
		drop_all(base, &process->regions);
		process->framed = true;
		process->unnamed = 0;
	}
	put(base, &process->regions, fields->has_id ? fields->id : UNNAMED + process->unnamed++,
	    line, number);
}

static void apply_change(struct base *base, struct process *process, vp_str line,
                         const struct fields *fields, uint64_t number)
{
	drop_gone(base, process, fields->gone);
	if (vp_str_is(fields->event, "\"MUNMAP_REMOVE\"") || vp_str_is(fields->event, "\"EXIT\""))
		drop(base, &process->regions, fields->id);
	else
		put(base, &process->regions, fields->id, line, number);
	if (vp_str_is(fields->event, "\"EXIT\"") && !process->regions.used) {
		end_process(base, process);
		base->ended = number;
	}
}

void base_apply(struct base *base, vp_str line, uint64_t number)
{
	struct fields fields = fields_of(line);
	if (vp_str_is(fields.type, "\"stream\"")) {
		base_free(base);
		char *copy = malloc(line.n);
		if (!copy)
			return;
		memcpy(copy, line.p, line.n);
		base->stream = (vp_str){ copy, line.n };
		base->stream_at = number;
		return;
	}
	if (vp_str_is(fields.type, "\"stack\"")) {
		put(base, &base->stacks, fields.id, line, number);
		return;
	}
	bool process_line = vp_str_is(fields.type, "\"process\""),
	     snapshot = vp_str_is(fields.type, "\"snapshot\""),
	     region = vp_str_is(fields.type, "\"region\""),
	     change = vp_str_is(fields.type, "\"change\"");
	if (!process_line && !snapshot && !region && !change)
		return;
	struct process *process = process_of(base, fields.pid);
	if (!process)
		return;
	process->touched = number;
	if (process_line)
		process->process = keep(base, process->process, line, number, 0);
	else if (snapshot)
		process->snapshot = keep(base, process->snapshot, line, number, 0);
	if (snapshot)
		process->framed = false;
	else if (region)
		apply_region(base, process, line, &fields, number);
	else if (change)
		apply_change(base, process, line, &fields, number);
}

void base_free(struct base *base)
{
	for (size_t i = 0; i < base->count; i++)
		empty(base, &base->processes[i]);
	free(base->processes);
	map_free(&base->by_pid);
	drop_all(base, &base->stacks);
	free((char *)base->stream.p);
	*base = (struct base){ .t = 0 };
}

/* ---- as lines ---- */

struct writer {
	char *bytes;
	size_t n, size;
	bool failed;
};

static void write_bytes(struct writer *writer, const char *bytes, size_t n)
{
	if (writer->n + n > writer->size) {
		size_t size = (writer->n + n) * 2 + 4096;
		char *grown = realloc(writer->bytes, size);
		if (!grown)
			writer->failed = true;
		if (!grown)
			return;
		writer->bytes = grown;
		writer->size = size;
	}
	memcpy(writer->bytes + writer->n, bytes, n);
	writer->n += n;
}

static void write_head(struct writer *writer, const char *type, int64_t t)
{
	char text[96];
	int n = snprintf(text, sizeof text, "{\"type\":\"%s\",\"t\":%lld.%09lld", type,
	                 (long long)(t / 1000000000), (long long)(t % 1000000000));
	write_bytes(writer, text, (size_t)n);
}

/* Writes the members of a line but for those named. */
static void write_rest(struct writer *writer, vp_str line, const char *const *but)
{
	const char *at = line.p;
	vp_str key, value;
	while (member_next(&at, line.p + line.n, &key, &value)) {
		bool left_out = false;
		for (size_t i = 0; but[i]; i++)
			left_out |= vp_str_is(key, but[i]);
		if (left_out)
			continue;
		write_bytes(writer, ",\"", 2);
		write_bytes(writer, key.p, key.n);
		write_bytes(writer, "\":", 2);
		write_bytes(writer, value.p, value.n);
	}
}

static vp_str text_str(const struct text *text)
{
	return (vp_str){ text->bytes, text->n };
}

/* Text of the region's start: sorts as the address does. */
static vp_str start_of(const struct text *text)
{
	const char *at = text->bytes;
	vp_str key, value;
	while (member_next(&at, text->bytes + text->n, &key, &value))
		if (vp_str_is(key, "start"))
			return value;
	return (vp_str){ "", 0 };
}

static int by_start(const void *left, const void *right)
{
	vp_str a = start_of(*(struct text *const *)left),
	       b = start_of(*(struct text *const *)right);
	int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
	return order ? order : (a.n > b.n) - (a.n < b.n);
}

static vp_str seq_of(const struct process *process)
{
	const char *at = process->snapshot ? process->snapshot->bytes : NULL;
	vp_str key, value;
	while (at &&
	       member_next(&at, process->snapshot->bytes + process->snapshot->n, &key, &value))
		if (vp_str_is(key, "seq"))
			return value;
	return (vp_str){ "0", 1 };
}

static void write_process(struct writer *writer, const struct base *base,
                          const struct process *process)
{
	static const char
	        *const of_process[] = { "type", "t", NULL },
	               *const of_snapshot[] = { "type", "t", "pid", "seq", "regions", NULL },
	               *const of_region[] = { "type", "t",    "pid",  "seq",   "event", "act",
		                              "was",  "from", "gone", "cause", "lines", NULL };
	struct text **regions = malloc((process->regions.used + 1) * sizeof *regions);
	size_t count = 0;
	char text[96];
	vp_str seq = seq_of(process);
	if (!regions) {
		writer->failed = true;
		return;
	}
	for (size_t i = 0; i < process->regions.size; i++)
		if (process->regions.cells[i].key)
			regions[count++] = text_in(process->regions.cells[i].value);
	qsort(regions, count, sizeof *regions, by_start);
	if (process->process) {
		write_head(writer, "process", base->t);
		write_rest(writer, text_str(process->process), of_process);
		write_bytes(writer, "}\n", 2);
	}
	if (process->snapshot || count) {
		write_head(writer, "snapshot", base->t);
		write_bytes(writer, text,
		            (size_t)snprintf(text, sizeof text,
		                             ",\"pid\":%lld,\"seq\":%.*s,"
		                             "\"regions\":%zu",
		                             (long long)process->pid,
		                             (int)(seq.n < 24 ? seq.n : 24), seq.p, count));
		if (process->snapshot)
			write_rest(writer, text_str(process->snapshot), of_snapshot);
		write_bytes(writer, "}\n", 2);
	}
	for (size_t i = 0; i < count; i++) {
		write_head(writer, "region", base->t);
		write_bytes(writer, text,
		            (size_t)snprintf(text, sizeof text, ",\"pid\":%lld,\"seq\":%.*s",
		                             (long long)process->pid,
		                             (int)(seq.n < 24 ? seq.n : 24), seq.p));
		write_rest(writer, text_str(regions[i]), of_region);
		write_bytes(writer, "}\n", 2);
	}
	free(regions);
}

char *base_text(const struct base *base, uint64_t since, size_t *n)
{
	static const char *const of_stack[] = { "type", "t", NULL };
	struct writer writer = { .bytes = malloc(1), .size = 1 };
	writer.failed = !writer.bytes;
	if (base->stream.p && base->stream_at >= since) {
		write_bytes(&writer, base->stream.p, base->stream.n);
		write_bytes(&writer, "\n", 1);
	}
	for (size_t i = 0; i < base->stacks.size; i++) {
		const struct text *stack = text_in(base->stacks.cells[i].value);
		if (!base->stacks.cells[i].key || stack->number < since)
			continue;
		write_head(&writer, "stack", base->t);
		write_rest(&writer, text_str(stack), of_stack);
		write_bytes(&writer, "}\n", 2);
	}
	for (size_t i = 0; i < base->count; i++)
		if (base->processes[i].touched >= since)
			write_process(&writer, base, &base->processes[i]);
	if (writer.failed) {
		free(writer.bytes);
		return NULL;
	}
	*n = writer.n;
	return writer.bytes;
}
