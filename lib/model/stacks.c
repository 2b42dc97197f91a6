/* Call stacks as text, from the innermost function out: "mmap < inner < outer < main". Rows of the
 * journal refer to them by their id.
 *
 * Memory: a short text for every `stack` line of the segment.
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

/* A function; else file+offset; else an address. */
static size_t put_frame(char *text, size_t n, struct vp_record *record,
                        const struct vp_member *frame)
{
	vp_str address = frame->json == VP_STRING ? vp_record_decode(record, frame->value)
	                                          : (vp_str){ NULL, 0 };
	vp_str object = { NULL, 0 }, offset = object;
	struct vp_member member;
	for (size_t at = 0; frame->json == VP_OBJECT && vp_json_each(frame->value, &at, &member);) {
		if (member.json != VP_STRING)
			continue;
		if (vp_str_is(member.key, "function"))
			return put(text, n, vp_record_decode(record, member.value));
		if (vp_str_is(member.key, "object"))
			object = vp_record_decode(record, member.value);
		if (vp_str_is(member.key, "offset"))
			offset = vp_record_decode(record, member.value);
		if (vp_str_is(member.key, "addr"))
			address = vp_record_decode(record, member.value);
	}
	if (!object.n || !offset.n)
		return put(text, put(text, n, vp_s("0x")), without_zeros(address));
	const char *slash = memrchr(object.p, '/', object.n);
	size_t skip = slash ? (size_t)(slash - object.p) + 1 : 0;
	n = put(text, n, (vp_str){ object.p + skip, object.n - skip });
	return put(text, put(text, n, vp_s("+0x")), without_zeros(offset));
}

/* Whether a frame is of a C or C++ library, the loader or an allocator: those map for others. */
static bool is_library(struct vp_record *record, const struct vp_member *frame)
{
	static const char *const names[] = { "libc.so",     "libc-",       "libc.musl",
		                             "ld-",         "libstdc++",   "libc++",
		                             "libpthread",  "libjemalloc", "libtcmalloc",
		                             "libmimalloc", NULL };
	struct vp_member member;
	for (size_t at = 0; frame->json == VP_OBJECT && vp_json_each(frame->value, &at, &member);) {
		if (member.json != VP_STRING || !vp_str_is(member.key, "object"))
			continue;
		vp_str object = vp_record_decode(record, member.value);
		const char *slash = object.n ? memrchr(object.p, '/', object.n) : NULL;
		vp_str name =
		        slash ? (vp_str){ slash + 1, (size_t)(object.p + object.n - slash) - 1 }
		              : object;
		for (size_t i = 0; names[i]; i++)
			if (name.n >= strlen(names[i]) &&
			    !memcmp(name.p, names[i], strlen(names[i])))
				return true;
	}
	return false;
}

static void stacks_line(struct vp_model *model, struct vp_fact *fact)
{
	struct vp_stacks_work *work = &model->inner->stacks;
	struct vp_record *record = fact->record;
	const struct vp_member *frames = vp_record_member(record, "frames");
	struct vp_member frame;
	char text[TEXT + 1];
	size_t n = 0, count = 0;
	if (!record->has_id || !frames || frames->json != VP_ARRAY ||
	    vp_places_get(&work->ids, record->id, SIZE_MAX) != SIZE_MAX)
		return;
	char who[TEXT + 1] = "";
	for (size_t at = 0; vp_json_each(frames->value, &at, &frame); count++) {
		if (!*who && !is_library(record, &frame))
			who[put_frame(who, 0, record, &frame)] = 0;
		if (count < FRAMES)
			n = put_frame(text, count ? put(text, n, vp_s(" < ")) : n, record, &frame);
		else if (*who)
			break;
	}
	const struct vp_member *cut = vp_record_member(record, "cut");
	if (cut && vp_str_is(cut->value, "true") && count < FRAMES)
		n = put(text, n, vp_s(" < (cut)"));
	text[n] = 0;
	if (vp_model_room(model, &work->words, work->count, &work->size, sizeof *work->words))
		return;
	struct vp_stack_words kept = { strdup(text), *who ? strdup(who) : NULL };
	if (!kept.words || (*who && !kept.who) ||
	    vp_places_set(&work->ids, record->id, work->count)) {
		free(kept.words);
		free(kept.who);
		model->no_memory = true;
		return;
	}
	work->words[work->count++] = kept;
}

const char *vp_stacks_words(const struct vp_model *model, uint64_t id)
{
	const struct vp_stacks_work *work = &model->inner->stacks;
	size_t at = id ? vp_places_get(&work->ids, id, SIZE_MAX) : SIZE_MAX;
	return at == SIZE_MAX ? NULL : work->words[at].words;
}

const char *vp_stacks_who(const struct vp_model *model, uint64_t id)
{
	const struct vp_stacks_work *work = &model->inner->stacks;
	size_t at = id ? vp_places_get(&work->ids, id, SIZE_MAX) : SIZE_MAX;
	return at == SIZE_MAX ? NULL : work->words[at].who;
}

/* The ids of a segment are its own. */
static void stacks_segment(struct vp_model *model)
{
	struct vp_stacks_work *work = &model->inner->stacks;
	for (size_t i = 0; i < work->count; i++) {
		free(work->words[i].words);
		free(work->words[i].who);
	}
	work->count = 0;
	vp_places_free(&work->ids);
}

static void stacks_free(struct vp_model *model)
{
	stacks_segment(model);
	free(model->inner->stacks.words);
}

const struct vp_keeper vp_keeper_stacks = {
	.keep = VP_KEEP_JOURNAL | VP_KEEP_SITES,
	.types = 1u << VP_T_stack,
	.line = stacks_line,
	.segment = stacks_segment,
	.free = stacks_free,
};
