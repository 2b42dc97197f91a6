/* Cache of the previous sample's parse: unchanged bytes are not parsed, judged and written again.
 *
 *   7f0000000000-7f0000004000 r--p ...   the bytes of the last sample: its region is used again
 *   7f0000004000-7f0000008000 rw-p ...   other bytes: the parser reads them
 *
 * The cache is worthwhile where the part of a region is short: comparing a long part costs as much
 * as parsing it. All has to fit into a processor's caches as well: with 10 000 regions the time
 * saved in computing is lost in waiting for memory. Limits: VP_CACHE_PART bytes for a region
 * (smaps has more), VP_CACHE_TEXT bytes in all. Nothing is cached before the second sample.
 *
 * An entry holds two samples, the last one and the current one, with their texts, as the regions
 * borrow from these. The cache has entries for the few processes that were sampled last. */
#ifndef VMPIPE_PARSE_CACHE_H
#define VMPIPE_PARSE_CACHE_H

#include "space/kinds.h"
#include "space/region.h"

#define VP_CACHE_PART 400
#define VP_CACHE_TEXT 131072 /* some 2000 rows of maps */

/* The origin of a region. */
struct vp_cached_part {
	const char *at; /* the bytes that gave the region, and it alone; NULL: not to be reused */
	size_t n, lines;
	const char *now;  /* the same bytes in the current sample; valid while that is parsed */
	size_t written;   /* where in entry->written the members of its line are ... */
	size_t written_n; /* ... and how many bytes of them; 0: none */
};

struct vp_cached_sample {
	char *text;
	size_t text_n, text_size;
	struct vp_region *regions;
	struct vp_cached_part *parts; /* by region */
	size_t *from; /* by region: its index in the last sample; VP_KIND_NEW: it was parsed */
	size_t count, size;
	struct vp_strings *strings; /* of the regions, where these are not in the text; or NULL */
	struct vp_kind_memory kinds;
	bool whole; /* sorted, and all in one snapshot: the next sample may reuse it */
};

/* The samples of one process in one format. */
struct vp_cached {
	int64_t pid;
	char format[32];
	uint64_t used; /* time of the last use: the oldest entry is replaced */
	struct vp_cached_sample last, now;
	bool worthwhile; /* as described above, judged by an earlier sample */
	size_t cursor;   /* in last: the region that comes next if nothing has changed */
	char *written;   /* members of region lines */
	size_t written_n, written_size;
};

struct vp_cache;
struct vp_cache *vp_cache_new(void); /* NULL: out of memory */
void vp_cache_free(struct vp_cache *cache);

/* Begins a sample of a process: `now` becomes `last`; the text is copied, text->text points to the
 * copy, and regions borrow from it. *caching false: nothing is cached, the text stays in place.
 * NULL: out of memory. */
struct vp_cached *vp_cache_begin(struct vp_cache *cache, int64_t pid, struct vp_text *text,
                                 bool *caching);
/* Judges after a sample whether the next one is worth caching. */
void vp_cache_judge(struct vp_cache *cache, int64_t pid, const struct vp_text *text,
                    size_t regions);
/* Returns an entry for a sample that no other one follows; it reuses nothing. */
struct vp_cached *vp_cache_without(struct vp_cache *cache);

/* Finds the region that the first bytes of `rest` gave in the last sample; `*part` has their
 * number. `ends` says whether a part may end before these bytes. NULL: the bytes are not cached. */
const struct vp_region *vp_cache_find(struct vp_cached *entry, vp_str rest,
                                      bool (*ends)(const char *at),
                                      const struct vp_cached_part **part);

/* Returns the index in `last` of a region from vp_cache_find; VP_KIND_NEW: it is none. */
size_t vp_cache_index(const struct vp_cached *entry, const struct vp_region *region);

/* Points the strings of a region of `last` into the text of `now`. */
void vp_cache_move(struct vp_cached *entry, size_t from, struct vp_region *to);

/* Adds a region to `now`; the caller fills it. NULL: out of memory. */
struct vp_region *vp_cache_add(struct vp_cached *entry, size_t from);

/* Notes that these bytes gave the region added last; ignored if they are not in the text. */
void vp_cache_part(struct vp_cached *entry, vp_str text, size_t lines);

/* Cuts the ties to the last sample: regions of `now` were sorted, or are only some of a text. */
void vp_cache_mix(struct vp_cached *entry);

/* Keeps the members of a region line for the next sample. */
void vp_cache_keep_line(struct vp_cached *entry, size_t region, vp_str members);

#endif
