/* Call stacks as text, from the innermost function out: "mmap < inner < outer < main". Rows of the
 * journal refer to them by their id.
 *
 * Memory: a short text for every `stack` line of the segment; where sites are kept, its frames, and
 * the name and file of each function.
 */
#include "model/inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAMES 16 /* of one stack, the innermost; the others are left out */
#define TEXT   1024

static size_t put(char *text, size_t n, vp_str bytes)
{
	size_t fits = bytes.n < TEXT - n ? bytes.n : TEXT - n;
	if (fits)
		memcpy(text + n, bytes.p, fits);
	return n + fits;
}

static vp_str without_zeros(vp_str address) /* "0x000...1019b3" -> "1019b3" */
{
	size_t at = address.n > 2 ? 2 : 0;
	while (at + 1 < address.n && address.p[at] == '0')
		at++;
	return (vp_str){ address.p + at, address.n - at };
}

/* What a line says of one frame. */
struct frame {
	vp_str function, object, offset, address;
};

static struct frame read_frame(struct vp_record *record, const struct vp_member *json)
{
	struct frame frame = { .address = json->json == VP_STRING
		                                  ? vp_record_decode(record, json->value)
		                                  : (vp_str){ NULL, 0 } };
	struct vp_member member;
	for (size_t at = 0; json->json == VP_OBJECT && vp_json_each(json->value, &at, &member);) {
		if (member.json != VP_STRING)
			continue;
		vp_str *to = vp_str_is(member.key, "function") ? &frame.function
		             : vp_str_is(member.key, "object") ? &frame.object
		                                               : NULL;
		if (vp_str_is(member.key, "offset"))
			to = &frame.offset;
		if (vp_str_is(member.key, "addr"))
			to = &frame.address;
		if (to)
			*to = vp_record_decode(record, member.value);
	}
	return frame;
}

static vp_str base_name(vp_str path)
{
	const char *slash = path.n ? memrchr(path.p, '/', path.n) : NULL;
	return slash ? (vp_str){ slash + 1, (size_t)(path.p + path.n - slash) - 1 } : path;
}

/* A function; else file+offset; else an address. */
static size_t put_frame(char *text, size_t n, const struct frame *frame)
{
	if (frame->function.n)
		return put(text, n, frame->function);
	if (!frame->object.n || !frame->offset.n)
		return put(text, put(text, n, vp_s("0x")), without_zeros(frame->address));
	n = put(text, n, base_name(frame->object));
	return put(text, put(text, n, vp_s("+0x")), without_zeros(frame->offset));
}

/* Whether a frame is of a C or C++ library, the loader or an allocator: those map for others. */
static bool is_library(const struct frame *frame)
{
	static const char *const names[] = { "libc.so",     "libc-",       "libc.musl",
		                             "ld-",         "libstdc++",   "libc++",
		                             "libpthread",  "libjemalloc", "libtcmalloc",
		                             "libmimalloc", NULL };
	vp_str name = base_name(frame->object);
	for (size_t i = 0; names[i]; i++)
		if (name.n >= strlen(names[i]) && !memcmp(name.p, names[i], strlen(names[i])))
			return true;
	return false;
}

/* ---- functions, for the tree of calls ---- */

static enum vp_function_sort sort_of(const struct frame *frame)
{
	vp_str name = base_name(frame->object);
	if (!frame->function.n)
		return VP_FN_UNNAMED;
	if (is_library(frame))
		return VP_FN_C_LIBRARY;
	return name.n && memmem(name.p, name.n, ".so", 3) ? VP_FN_LIBRARY : VP_FN_PROGRAM;
}

struct wanted {
	const struct vp_model *model;
	const char *name;
	vp_str object;
};

static bool same(const void *ctx, uint64_t place)
{
	const struct wanted *wanted = ctx;
	const struct vp_function *function = &wanted->model->functions[place];
	return !strcmp(function->name, wanted->name) &&
	       strlen(function->file) == wanted->object.n &&
	       !memcmp(function->file, wanted->object.n ? wanted->object.p : "", wanted->object.n);
}

static uint64_t hash_of(const char *name, vp_str object)
{
	uint64_t hash = 14695981039346656037u;
	for (const char *c = name; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 1099511628211u;
	hash *= 1099511628211u; /* an end of the name */
	for (size_t i = 0; i < object.n; i++)
		hash = (hash ^ (unsigned char)object.p[i]) * 1099511628211u;
	return hash;
}

/* Finds or adds a function: those of one name and file are one. UINT32_MAX: no memory. */
static uint32_t function_of(struct vp_model *model, const struct frame *frame)
{
	struct vp_places *places = &model->inner->stacks.functions;
	char name[TEXT + 1];
	name[put_frame(name, 0, frame)] = 0;
	/* as text, for it ends in a picture; a NUL within would end it early */
	vp_str object = { frame->object.p,
		          frame->object.n ? strnlen(frame->object.p, frame->object.n) : 0 };
	struct wanted wanted = { model, name, object };
	uint64_t hash = hash_of(name, object),
	         at = vp_places_find(places, hash, same, &wanted, UINT64_MAX);
	if (at != UINT64_MAX)
		return (uint32_t)at;
	if (vp_model_room(model, &model->functions, model->function_count, &model->function_size,
	                  sizeof *model->functions))
		return UINT32_MAX;
	struct vp_function function = { strdup(name), strndup(object.n ? object.p : "", object.n),
		                        sort_of(frame) };
	if (!function.name || !function.file ||
	    vp_places_add(places, hash, model->function_count)) {
		free(function.name);
		free(function.file);
		model->no_memory = true;
		return UINT32_MAX;
	}
	model->functions[model->function_count] = function;
	return (uint32_t)model->function_count++;
}

/* Reads all frames of a stack. NULL: no memory. */
static uint32_t *functions_of(struct vp_model *model, struct vp_record *record, vp_str frames,
                              size_t count)
{
	uint32_t *list = malloc((count + 1) * sizeof *list);
	struct vp_member member;
	size_t i = 0;
	for (size_t at = 0; list && i < count && vp_json_each(frames, &at, &member); i++) {
		struct frame frame = read_frame(record, &member);
		if ((list[i] = function_of(model, &frame)) == UINT32_MAX) {
			free(list);
			return NULL;
		}
	}
	if (!list)
		model->no_memory = true;
	return list;
}

/* ---- stacks ---- */

static void free_words(struct vp_stack_words *words)
{
	free(words->words);
	free(words->who);
	free(words->functions);
}

static bool is_cut(const struct vp_record *record)
{
	const struct vp_member *cut = vp_record_member(record, "cut");
	return cut && vp_str_is(cut->value, "true");
}

static void stacks_line(struct vp_model *model, struct vp_fact *fact)
{
	struct vp_stacks_work *work = &model->inner->stacks;
	struct vp_record *record = fact->record;
	const struct vp_member *frames = vp_record_member(record, "frames");
	struct vp_member member;
	char text[TEXT + 1];
	size_t n = 0, count = 0;
	if (!record->has_id || !frames || frames->json != VP_ARRAY ||
	    vp_places_get(&work->ids, record->id, SIZE_MAX) != SIZE_MAX)
		return;
	char who[TEXT + 1] = "";
	for (size_t at = 0; vp_json_each(frames->value, &at, &member); count++) {
		struct frame frame = read_frame(record, &member);
		if (!*who && !is_library(&frame))
			who[put_frame(who, 0, &frame)] = 0;
		if (count < FRAMES)
			n = put_frame(text, count ? put(text, n, vp_s(" < ")) : n, &frame);
	}
	bool cut = is_cut(record);
	if (cut && count < FRAMES)
		n = put(text, n, vp_s(" < (cut)"));
	text[n] = 0;
	if (vp_model_room(model, &work->words, work->count, &work->size, sizeof *work->words))
		return;
	struct vp_stack_words kept = {
		.words = strdup(text), .who = *who ? strdup(who) : NULL, .count = count, .cut = cut
	};
	bool trees = model->keep & (VP_KEEP_SITES | VP_KEEP_HEAP);
	if (trees)
		kept.functions = functions_of(model, record, frames->value, count);
	if (!kept.words || (*who && !kept.who) || (trees && !kept.functions) ||
	    vp_places_set(&work->ids, record->id, work->count)) {
		free_words(&kept);
		model->no_memory = true;
		return;
	}
	work->words[work->count++] = kept;
}

const struct vp_stack_words *vp_stacks_find(const struct vp_model *model, uint64_t id)
{
	const struct vp_stacks_work *work = &model->inner->stacks;
	size_t at = id ? vp_places_get(&work->ids, id, SIZE_MAX) : SIZE_MAX;
	return at == SIZE_MAX ? NULL : &work->words[at];
}

const char *vp_stacks_words(const struct vp_model *model, uint64_t id)
{
	const struct vp_stack_words *found = vp_stacks_find(model, id);
	return found ? found->words : NULL;
}

void vp_stacks_copy(struct vp_model *model, uint64_t id, struct vp_calls *to)
{
	const struct vp_stack_words *stack = vp_stacks_find(model, id);
	if (to->words || !stack || !stack->count || !stack->functions)
		return;
	to->words = strdup(stack->words);
	to->who = stack->who ? strdup(stack->who) : NULL;
	to->functions = malloc((stack->count + 1) * sizeof *to->functions);
	to->cut = stack->cut;
	if (!to->words || (stack->who && !to->who) || !to->functions) {
		model->no_memory = true;
		return;
	}
	memcpy(to->functions, stack->functions, stack->count * sizeof *to->functions);
	to->function_count = stack->count;
}

void vp_calls_free(struct vp_calls *calls)
{
	free(calls->words);
	free(calls->who);
	free(calls->functions);
	*calls = (struct vp_calls){ 0 };
}

/* The ids of a segment are its own. */
static void stacks_segment(struct vp_model *model)
{
	struct vp_stacks_work *work = &model->inner->stacks;
	for (size_t i = 0; i < work->count; i++)
		free_words(&work->words[i]);
	work->count = 0;
	vp_places_free(&work->ids);
}

static void stacks_free(struct vp_model *model)
{
	stacks_segment(model);
	free(model->inner->stacks.words);
	vp_places_free(&model->inner->stacks.functions);
	for (size_t i = 0; i < model->function_count; i++) {
		free(model->functions[i].name);
		free(model->functions[i].file);
	}
	free(model->functions);
}

const struct vp_keeper vp_keeper_stacks = {
	.keep = VP_KEEP_JOURNAL | VP_KEEP_SITES | VP_KEEP_HEAP,
	.types = 1u << VP_T_stack,
	.line = stacks_line,
	.segment = stacks_segment,
	.free = stacks_free,
};
