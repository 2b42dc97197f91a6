/* What a text said the last time. See again.h. */
#include "parse/again.h"

#include <stdlib.h>
#include <string.h>

#include "base/large.h"

enum {
	PASTS = 16, /* processes at most */
	ALIKE = 16, /* bytes by which parts are told apart: an address, and more */
	AHEAD = 8,  /* parts that are looked through for one that looks alike */
};
#define TAILS_LEAST ((size_t)1 << 16)

struct vp_again {
	struct vp_past pasts[PASTS], none;
	size_t count;
	uint64_t clock;
};

struct vp_again *vp_again_new(void)
{
	return calloc(1, sizeof(struct vp_again));
}

static void forget_look(struct vp_look *look)
{
	free(look->text);
	free(look->regions);
	free(look->parts);
	free(look->from);
	vp_strings_free(look->strings);
	vp_kind_memory_free(&look->kinds);
	memset(look, 0, sizeof *look);
}

static void forget(struct vp_past *past)
{
	forget_look(&past->last);
	forget_look(&past->now);
	free(past->tails);
	memset(past, 0, sizeof *past);
}

void vp_again_free(struct vp_again *again)
{
	if (!again)
		return;
	for (size_t i = 0; i < again->count; i++)
		forget(&again->pasts[i]);
	forget(&again->none);
	free(again);
}

static struct vp_past *past_of(struct vp_again *again, int64_t pid, const char *format)
{
	struct vp_past *oldest = &again->pasts[0];
	for (size_t i = 0; i < again->count; i++) {
		struct vp_past *past = &again->pasts[i];
		if (past->pid == pid && strcmp(past->format, format) == 0)
			return past;
		if (past->used < oldest->used)
			oldest = past;
	}
	if (again->count < PASTS)
		oldest = &again->pasts[again->count++];
	else
		forget(oldest);
	oldest->pid = pid;
	strncpy(oldest->format, format, sizeof oldest->format - 1);
	return oldest;
}

static int take_text(struct vp_look *look, vp_str text)
{
	if (look->text_size < text.n || !look->text) {
		char *grown = vp_large_grow(look->text, 0, text.n + text.n / 4 + 64);
		if (!grown)
			return -1;
		look->text = grown;
		look->text_size = text.n + text.n / 4 + 64;
	}
	if (text.n)
		memcpy(look->text, text.p, text.n);
	look->text_n = text.n;
	return 0;
}

/* Lines of regions that are long gone lie between those that are wanted: all are written anew once.
 */
static void tidy_tails(struct vp_past *past)
{
	size_t wanted = 0;
	for (size_t i = 0; i < past->last.count; i++)
		wanted += past->last.parts[i].tail_n;
	if (past->tails_n < 2 * wanted + TAILS_LEAST)
		return;
	for (size_t i = 0; i < past->last.count; i++)
		past->last.parts[i].tail_n = 0;
	past->tails_n = 0;
}

static void begin_look(struct vp_look *look)
{
	vp_strings_free(look->strings);
	look->strings = NULL;
	look->count = 0;
	look->whole = false;
	look->kinds.rules = 0;
}

struct vp_past *vp_again_begin(struct vp_again *again, int64_t pid, struct vp_text *text,
                               bool *remembers)
{
	struct vp_past *past = past_of(again, pid, text->format);
	past->used = ++again->clock;
	*remembers = past->worthwhile;
	if (!*remembers)
		return vp_again_without(again);
	struct vp_look older = past->last;
	past->last = past->now;
	past->now = older;
	past->cursor = 0;
	if (!past->last.whole)
		past->last.count = 0;
	tidy_tails(past);
	begin_look(&past->now);
	if (take_text(&past->now, text->text))
		return NULL;
	text->text.p = past->now.text;
	return past;
}

void vp_again_judge(struct vp_again *again, int64_t pid, const struct vp_text *text, size_t regions)
{
	struct vp_past *past = past_of(again, pid, text->format);
	bool worthwhile =
	        regions && text->text.n <= VP_AGAIN_TEXT && text->text.n / regions <= VP_AGAIN_PART;
	if (past->worthwhile && !worthwhile) {
		forget_look(&past->last);
		forget_look(&past->now);
		free(past->tails);
		past->tails = NULL;
		past->tails_n = past->tails_size = 0;
	}
	past->worthwhile = worthwhile;
}

struct vp_past *vp_again_without(struct vp_again *again)
{
	begin_look(&again->none.now);
	return &again->none;
}

/* ---- finding ---- */

static bool alike(const struct vp_part *part, vp_str rest)
{
	return part->at && part->n >= ALIKE && memcmp(part->at, rest.p, ALIKE) == 0;
}

static bool before(const struct vp_part *part, vp_str rest)
{
	return !part->at || part->n < ALIKE || memcmp(part->at, rest.p, ALIKE) < 0;
}

/* The next part that looks alike: close by, or where it would stand, for texts go by address. */
static size_t next_alike(struct vp_past *past, vp_str rest)
{
	const struct vp_look *last = &past->last;
	size_t at = past->cursor, most = at + AHEAD < last->count ? at + AHEAD : last->count;
	for (size_t i = at; i < most; i++)
		if (alike(&last->parts[i], rest))
			return i;
	while (at < last->count && before(&last->parts[at], rest))
		at++;
	past->cursor = at;
	return at < last->count && alike(&last->parts[at], rest) ? at : VP_KIND_NEW;
}

const struct vp_region *vp_again_find(struct vp_past *past, vp_str rest,
                                      bool (*ends)(const char *at), const struct vp_part **part)
{
	if (rest.n < ALIKE || past->cursor >= past->last.count)
		return NULL;
	size_t at = next_alike(past, rest);
	if (at == VP_KIND_NEW)
		return NULL;
	struct vp_part *found = &past->last.parts[at];
	past->cursor = at + 1;
	if (found->n > rest.n || memcmp(found->at, rest.p, found->n) != 0)
		return NULL;
	if (found->n < rest.n && !ends(rest.p + found->n))
		return NULL;
	found->now = rest.p;
	*part = found;
	return &past->last.regions[at];
}

size_t vp_again_index(const struct vp_past *past, const struct vp_region *region)
{
	uintptr_t at = (uintptr_t)region - (uintptr_t)past->last.regions;
	return past->last.count && at < past->last.count * sizeof *region ? at / sizeof *region
	                                                                  : VP_KIND_NEW;
}

/* ---- taking over ---- */

static void move_text(vp_str *text, const struct vp_part *part)
{
	uintptr_t at = (uintptr_t)text->p - (uintptr_t)part->at;
	if (text->n && at < part->n)
		text->p = part->now + at;
}

void vp_again_move(struct vp_past *past, size_t from, struct vp_region *to)
{
	const struct vp_part *part = &past->last.parts[from];
	move_text(&to->name, part), move_text(&to->label, part);
	move_text(&to->dev, part), move_text(&to->inode, part);
	move_text(&to->flags, part), move_text(&to->extra, part);
}

static int grow(struct vp_look *look, bool parts_too)
{
	size_t size = look->size ? 4 * look->size
	                         : 256; /* what is not touched costs nothing, a copy does */
	struct vp_region *regions =
	        vp_large_grow(look->regions, look->count * sizeof *regions, size * sizeof *regions);
	if (!regions)
		return -1;
	look->regions = regions;
	if (!parts_too)
		return look->size = size, 0;
	struct vp_part *parts =
	        vp_large_grow(look->parts, look->count * sizeof *parts, size * sizeof *parts);
	if (!parts)
		return -1;
	look->parts = parts;
	size_t *from = vp_large_grow(look->from, look->count * sizeof *from, size * sizeof *from);
	if (!from)
		return -1;
	look->from = from;
	look->size = size;
	return 0;
}

struct vp_region *vp_again_add(struct vp_past *past, size_t from)
{
	struct vp_look *now = &past->now;
	if (now->count == now->size && grow(now, past->worthwhile))
		return NULL;
	if (!past->worthwhile)
		return &now->regions[now->count++]; /* it remembers nothing */
	struct vp_part *part = &now->parts[now->count];
	now->from[now->count] = from;
	if (from == VP_KIND_NEW) {
		*part = (struct vp_part){ 0 };
	} else {
		*part = past->last.parts[from];
		part->at = part->now;
	}
	return &now->regions[now->count++];
}

void vp_again_part(struct vp_past *past, vp_str text, size_t lines)
{
	struct vp_look *now = &past->now;
	uintptr_t at = (uintptr_t)text.p - (uintptr_t)now->text;
	if (!now->count || at >= now->text_n || text.n > now->text_n - at)
		return; /* a parser may have made a text of its own */
	struct vp_part *part = &now->parts[now->count - 1];
	part->at = text.p, part->n = text.n, part->lines = lines;
}

void vp_again_mix(struct vp_past *past)
{
	struct vp_look *now = &past->now;
	for (size_t i = 0; i < now->count; i++)
		now->from[i] = VP_KIND_NEW, now->parts[i] = (struct vp_part){ 0 };
}

void vp_again_keep_tail(struct vp_past *past, size_t region, vp_str members)
{
	if (past->tails_n + members.n > past->tails_size) {
		size_t size = 2 * past->tails_size + members.n + TAILS_LEAST;
		char *grown = vp_large_grow(past->tails, past->tails_n, size);
		if (!grown)
			return; /* it will be written anew */
		past->tails = grown;
		past->tails_size = size;
	}
	memcpy(past->tails + past->tails_n, members.p, members.n);
	past->now.parts[region].tail = past->tails_n;
	past->now.parts[region].tail_n = members.n;
	past->tails_n += members.n;
}
