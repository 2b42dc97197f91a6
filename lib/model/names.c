/* The names of regions, each kept once: views refer to them by their index.
 *
 * Memory: every name of the stream, as it came and as text.
 */
#include "base/words.h"
#include "model/inner.h"
#include "space/region.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void vp_model_words(struct vp_model *model, char **text, vp_str bytes)
{
	char *words = bytes.p ? malloc(bytes.n * 4 + 1) : NULL;
	if (!words) {
		model->no_memory |= bytes.p != NULL;
		return;
	}
	vp_words_into(words, bytes);
	free(*text);
	*text = words;
}

static uint64_t hash_of(vp_str bytes)
{
	uint64_t hash = 14695981039346656037u; /* FNV-1a */
	for (size_t i = 0; i < bytes.n; i++)
		hash = (hash ^ (unsigned char)bytes.p[i]) * 1099511628211u;
	return hash;
}

struct asked {
	const vp_str *raw;
	vp_str bytes;
};

static bool is_asked(const void *ctx, uint64_t index)
{
	const struct asked *asked = ctx;
	return vp_str_eq(asked->raw[index], asked->bytes);
}

/* Adds a name: 0, -1. */
static int add(struct vp_model *model, vp_str bytes, uint64_t hash)
{
	struct vp_names_work *work = &model->inner->names;
	size_t count = model->name_count;
	if (vp_model_room(model, &model->names, count, &model->name_size, sizeof *model->names) ||
	    vp_model_room(model, &work->raw, count, &work->raw_size, sizeof *work->raw))
		return -1;
	char *raw = malloc(bytes.n + 1);
	model->names[count] = NULL;
	vp_model_words(model, &model->names[count], bytes);
	if (!raw || !model->names[count] || vp_places_add(&work->indexes, hash, count)) {
		free(raw);
		free(model->names[count]);
		return -1;
	}
	memcpy(raw, bytes.p, bytes.n);
	work->raw[count] = (vp_str){ raw, bytes.n };
	model->name_count++;
	return 0;
}

uint32_t vp_model_name(struct vp_model *model, vp_str bytes)
{
	struct vp_names_work *work = &model->inner->names;
	if (!bytes.p)
		bytes = vp_s("");
	uint64_t hash = hash_of(bytes);
	struct asked asked = { work->raw, bytes };
	uint64_t index = vp_places_find(&work->indexes, hash, is_asked, &asked, UINT64_MAX);
	if (index != UINT64_MAX)
		return (uint32_t)index;
	if (!add(model, bytes, hash))
		return (uint32_t)model->name_count - 1;
	model->no_memory = true;
	return 0;
}

/* The thread of a stack without a name: "worker (4712)". */
static uint32_t thread_of(struct vp_model *model, const struct vp_region *region)
{
	char name[VP_THREAD_NAME], words[VP_THREAD_NAME + 32];
	uint64_t tid;
	if (region->name.n || !vp_region_thread(region, &tid, name))
		return 0;
	int n = snprintf(words, sizeof words, name[0] ? "%s (%llu)" : "%s%llu", name,
	                 (unsigned long long)tid);
	return vp_model_name(model, (vp_str){ words, (size_t)n });
}

struct vp_named vp_model_named(struct vp_model *model, const struct vp_region *region)
{
	return (struct vp_named){ .region = region,
		                  .kind = (uint32_t)vp_kind_index(region->kind),
		                  .name = vp_model_name(model, region->name),
		                  .thread = thread_of(model, region),
		                  .guessed = vp_kind_guessed(region) };
}

static void names_free(struct vp_model *model)
{
	struct vp_names_work *work = &model->inner->names;
	for (size_t i = 0; i < model->name_count; i++) {
		free(model->names[i]);
		free((char *)work->raw[i].p);
	}
	free(model->names);
	free(work->raw);
	vp_places_free(&work->indexes);
}

const struct vp_keeper vp_keeper_names = {
	.free = names_free,
};
