/* Cache of the previous sample's parse. See cache.h. */
#include "parse/cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/large.h"

enum {
	ENTRIES = 16, /* processes at most */
	ALIKE = 16,   /* bytes that distinguish parts: an address, and more */
	AHEAD = 8,    /* parts that are searched for an equal beginning */
};
#define WRITTEN_LEAST ((size_t)1 << 16)

struct vp_cache {
	struct vp_cached entries[ENTRIES], none;
	size_t count;
	uint64_t clock;
};

struct vp_cache *vp_cache_new(void)
{
	return calloc(1, sizeof(struct vp_cache));
}

static void forget_sample(struct vp_cached_sample *sample)
{
	free(sample->text);
	free(sample->regions);
	free(sample->parts);
	free(sample->from);
	vp_strings_free(sample->strings);
	vp_kind_memory_free(&sample->kinds);
	memset(sample, 0, sizeof *sample);
}

static void forget(struct vp_cached *entry)
{
	forget_sample(&entry->last);
	forget_sample(&entry->now);
	free(entry->written);
	memset(entry, 0, sizeof *entry);
}

void vp_cache_free(struct vp_cache *cache)
{
	if (!cache)
		return;
	for (size_t i = 0; i < cache->count; i++)
		forget(&cache->entries[i]);
	forget(&cache->none);
	free(cache);
}

static struct vp_cached *entry_of(struct vp_cache *cache, int64_t pid, const char *format)
{
	struct vp_cached *oldest = &cache->entries[0];
	for (size_t i = 0; i < cache->count; i++) {
		struct vp_cached *entry = &cache->entries[i];
		if (entry->pid == pid && strcmp(entry->format, format) == 0)
			return entry;
		if (entry->used < oldest->used)
			oldest = entry;
	}
	if (cache->count < ENTRIES)
		oldest = &cache->entries[cache->count++];
	else
		forget(oldest);
	oldest->pid = pid;
	strncpy(oldest->format, format, sizeof oldest->format - 1);
	return oldest;
}

static int take_text(struct vp_cached_sample *sample, vp_str text)
{
	if (sample->text_size < text.n || !sample->text) {
		char *grown = vp_large_grow(sample->text, 0, text.n + text.n / 4 + 64);
		if (!grown)
			return -1;
		sample->text = grown;
		sample->text_size = text.n + text.n / 4 + 64;
	}
	if (text.n)
		memcpy(sample->text, text.p, text.n);
	sample->text_n = text.n;
	return 0;
}

/* Drops all lines once most of them belong to regions that are gone: they are written anew. */
static void tidy_written(struct vp_cached *entry)
{
	size_t needed = 0;
	for (size_t i = 0; i < entry->last.count; i++)
		needed += entry->last.parts[i].written_n;
	if (entry->written_n < 2 * needed + WRITTEN_LEAST)
		return;
	for (size_t i = 0; i < entry->last.count; i++)
		entry->last.parts[i].written_n = 0;
	entry->written_n = 0;
}

static void begin_sample(struct vp_cached_sample *sample)
{
	vp_strings_free(sample->strings);
	sample->strings = NULL;
	sample->count = 0;
	sample->whole = false;
	sample->kinds.rules = 0;
}

struct vp_cached *vp_cache_begin(struct vp_cache *cache, int64_t pid, struct vp_text *text,
                                 bool *caching)
{
	struct vp_cached *entry = entry_of(cache, pid, text->format);
	entry->used = ++cache->clock;
	*caching = entry->worthwhile;
	if (!*caching)
		return vp_cache_without(cache);
	struct vp_cached_sample older = entry->last;
	entry->last = entry->now;
	entry->now = older;
	entry->cursor = 0;
	if (!entry->last.whole)
		entry->last.count = 0;
	tidy_written(entry);
	begin_sample(&entry->now);
	if (take_text(&entry->now, text->text))
		return NULL;
	text->text.p = entry->now.text;
	return entry;
}

void vp_cache_judge(struct vp_cache *cache, int64_t pid, const struct vp_text *text, size_t regions)
{
	struct vp_cached *entry = entry_of(cache, pid, text->format);
	bool worthwhile =
	        regions && text->text.n <= VP_CACHE_TEXT && text->text.n / regions <= VP_CACHE_PART;
	if (entry->worthwhile && !worthwhile) {
		forget_sample(&entry->last);
		forget_sample(&entry->now);
		free(entry->written);
		entry->written = NULL;
		entry->written_n = entry->written_size = 0;
	}
	entry->worthwhile = worthwhile;
}

struct vp_cached *vp_cache_without(struct vp_cache *cache)
{
	begin_sample(&cache->none.now);
	return &cache->none;
}

/* ---- finding ---- */

static bool alike(const struct vp_cached_part *part, vp_str rest)
{
	return part->at && part->n >= ALIKE && memcmp(part->at, rest.p, ALIKE) == 0;
}

static bool before(const struct vp_cached_part *part, vp_str rest)
{
	return !part->at || part->n < ALIKE || memcmp(part->at, rest.p, ALIKE) < 0;
}

/* Finds the next part that begins with the same bytes: close by, or by address, as texts are sorted
 * by it. VP_KIND_NEW: there is none. */
static size_t next_alike(struct vp_cached *entry, vp_str rest)
{
	const struct vp_cached_sample *last = &entry->last;
	size_t at = entry->cursor, most = at + AHEAD < last->count ? at + AHEAD : last->count;
	for (size_t i = at; i < most; i++)
		if (alike(&last->parts[i], rest))
			return i;
	while (at < last->count && before(&last->parts[at], rest))
		at++;
	entry->cursor = at;
	return at < last->count && alike(&last->parts[at], rest) ? at : VP_KIND_NEW;
}

const struct vp_region *vp_cache_find(struct vp_cached *entry, vp_str rest,
                                      bool (*ends)(const char *at),
                                      const struct vp_cached_part **part)
{
	if (rest.n < ALIKE || entry->cursor >= entry->last.count)
		return NULL;
	size_t at = next_alike(entry, rest);
	if (at == VP_KIND_NEW)
		return NULL;
	struct vp_cached_part *found = &entry->last.parts[at];
	entry->cursor = at + 1;
	if (found->n > rest.n || memcmp(found->at, rest.p, found->n) != 0)
		return NULL;
	if (found->n < rest.n && !ends(rest.p + found->n))
		return NULL;
	found->now = rest.p;
	*part = found;
	return &entry->last.regions[at];
}

size_t vp_cache_index(const struct vp_cached *entry, const struct vp_region *region)
{
	uintptr_t at = (uintptr_t)region - (uintptr_t)entry->last.regions;
	return entry->last.count && at < entry->last.count * sizeof *region ? at / sizeof *region
	                                                                    : VP_KIND_NEW;
}

/* ---- reusing ---- */

static void move_text(vp_str *text, const struct vp_cached_part *part)
{
	uintptr_t at = (uintptr_t)text->p - (uintptr_t)part->at;
	if (text->n && at < part->n)
		text->p = part->now + at;
}

void vp_cache_move(struct vp_cached *entry, size_t from, struct vp_region *to)
{
	const struct vp_cached_part *part = &entry->last.parts[from];
	move_text(&to->name, part);
	move_text(&to->label, part);
	move_text(&to->dev, part);
	move_text(&to->inode, part);
	move_text(&to->flags, part);
	move_text(&to->extra, part);
}

static int grow_parts(struct vp_cached_sample *sample, size_t size)
{
	size_t count = sample->count;
	struct vp_cached_part *parts =
	        vp_large_grow(sample->parts, count * sizeof *parts, size * sizeof *parts);
	if (!parts)
		return -1;
	sample->parts = parts;
	size_t *from = vp_large_grow(sample->from, count * sizeof *from, size * sizeof *from);
	if (!from)
		return -1;
	sample->from = from;
	return 0;
}

static int grow(struct vp_cached_sample *sample, bool parts_too)
{
	size_t one = sizeof *sample->regions;
	size_t size = sample->size ? vp_large_more(sample->size * one) / one : 256;
	struct vp_region *regions = vp_large_grow(sample->regions, sample->count * sizeof *regions,
	                                          size * sizeof *regions);
	if (!regions)
		return -1;
	sample->regions = regions;
	if (parts_too && grow_parts(sample, size))
		return -1;
	sample->size = size;
	return 0;
}

struct vp_region *vp_cache_add(struct vp_cached *entry, size_t from)
{
	struct vp_cached_sample *now = &entry->now;
	if (now->count == now->size && grow(now, entry->worthwhile))
		return NULL;
	if (!entry->worthwhile)
		return &now->regions[now->count++]; /* nothing is cached */
	struct vp_cached_part *part = &now->parts[now->count];
	now->from[now->count] = from;
	if (from == VP_KIND_NEW) {
		*part = (struct vp_cached_part){ 0 };
	} else {
		*part = entry->last.parts[from];
		part->at = part->now;
	}
	return &now->regions[now->count++];
}

void vp_cache_part(struct vp_cached *entry, vp_str text, size_t lines)
{
	struct vp_cached_sample *now = &entry->now;
	uintptr_t at = (uintptr_t)text.p - (uintptr_t)now->text;
	if (!now->count || at >= now->text_n || text.n > now->text_n - at)
		return; /* a parser may have made the text itself */
	struct vp_cached_part *part = &now->parts[now->count - 1];
	part->at = text.p;
	part->n = text.n;
	part->lines = lines;
}

void vp_cache_mix(struct vp_cached *entry)
{
	struct vp_cached_sample *now = &entry->now;
	for (size_t i = 0; i < now->count; i++) {
		now->from[i] = VP_KIND_NEW;
		now->parts[i] = (struct vp_cached_part){ 0 };
	}
}

void vp_cache_keep_line(struct vp_cached *entry, size_t region, vp_str members)
{
	if (entry->written_n + members.n > entry->written_size) {
		size_t size = 2 * entry->written_size + members.n + WRITTEN_LEAST;
		char *grown = vp_large_grow(entry->written, entry->written_n, size);
		if (!grown)
			return; /* the line will be written anew */
		entry->written = grown;
		entry->written_size = size;
	}
	memcpy(entry->written + entry->written_n, members.p, members.n);
	entry->now.parts[region].written = entry->written_n;
	entry->now.parts[region].written_n = members.n;
	entry->written_n += members.n;
}
