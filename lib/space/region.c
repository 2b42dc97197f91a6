/* Regions are kept and compared by one table of their members, in the order of the stream. */
#include "space/region.h"

#include <stdlib.h>
#include <string.h>

#include "base/large.h"
#include "stream/json.h"
#include "stream/put.h"

/* ---- storage for strings ---- */

/* Bytes of a piece of storage: of the first, of later ones, and of those after the first MANY
 * bytes. Most processes of very many have few strings; those of a process with very many regions
 * lie in huge pages. */
#define BLOCK_FIRST 256
#define BLOCK       16384
#define MANY        (VP_LARGE / 4)

struct block {
	struct block *next;
	char bytes[];
};

struct vp_strings {
	struct block *blocks;
	size_t used, size; /* of the first block */
	size_t bytes;
};

struct vp_strings *vp_strings_new(void)
{
	return calloc(1, sizeof(struct vp_strings));
}

void vp_strings_free(struct vp_strings *strings)
{
	if (!strings)
		return;
	for (struct block *b = strings->blocks, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	free(strings);
}

vp_str vp_strings_keep(struct vp_strings *strings, vp_str text)
{
	if (!text.n)
		return (vp_str){ NULL, 0 };
	if (!strings->blocks || text.n > strings->size - strings->used) {
		size_t size = strings->blocks ? BLOCK : BLOCK_FIRST;
		if (strings->bytes >= MANY)
			size = VP_LARGE - sizeof(struct block);
		if (size < text.n)
			size = text.n;
		struct block *fresh = vp_large_grow(NULL, 0, sizeof *fresh + size);
		if (!fresh)
			return (vp_str){ NULL, 0 };
		fresh->next = strings->blocks;
		strings->blocks = fresh;
		strings->used = 0;
		strings->size = size;
	}
	char *to = strings->blocks->bytes + strings->used;
	memcpy(to, text.p, text.n);
	strings->used += text.n;
	strings->bytes += text.n;
	return (vp_str){ to, text.n };
}

size_t vp_strings_bytes(const struct vp_strings *strings)
{
	return strings->bytes;
}

/* ---- the members ---- */

enum form { ADDRESS, BYTES, LETTERS, TEXT, OFFSET };

struct field {
	const char *name;
	enum form form;
	size_t at;
	bool identity; /* it says what the region is, not where */
};

#define AT(name) offsetof(struct vp_region, name)
/* clang-format off */
static const struct field fields[] = {
	{ .name = "start",     .form = ADDRESS, .at = AT(start) },
	{ .name = "end",       .form = ADDRESS, .at = AT(end) },
	{ .name = "size",      .form = BYTES,   .at = AT(size) },
	{ .name = "perms",     .form = LETTERS, .at = AT(perms),     .identity = true },
	{ .name = "max_perms", .form = LETTERS, .at = AT(max_perms), .identity = true },
	{ .name = "share",     .form = TEXT,    .at = AT(share) },
	{ .name = "kind",      .form = TEXT,    .at = AT(kind),      .identity = true },
	{ .name = "kind_by",   .form = TEXT,    .at = AT(kind_by) },
	{ .name = "name",      .form = TEXT,    .at = AT(name),      .identity = true },
	{ .name = "label",     .form = TEXT,    .at = AT(label),     .identity = true },
	{ .name = "offset",    .form = OFFSET,  .at = AT(offset) },
	{ .name = "dev",       .form = TEXT,    .at = AT(dev) },
	{ .name = "inode",     .form = TEXT,    .at = AT(inode) },
};
/* clang-format on */
static const struct field flags = { .name = "flags", .form = TEXT, .at = AT(flags) };

#define FIELDS (sizeof fields / sizeof fields[0])

static const void *member(const struct vp_region *region, const struct field *field)
{
	return (const char *)region + field->at;
}

static bool field_differs(const struct vp_region *a, const struct vp_region *b,
                          const struct field *field)
{
	const void *x = member(a, field), *y = member(b, field);
	switch (field->form) {
	case ADDRESS:
	case BYTES: return *(const uint64_t *)x != *(const uint64_t *)y;
	case LETTERS: return strncmp(x, y, sizeof a->perms) != 0;
	case TEXT: return !vp_str_eq(*(const vp_str *)x, *(const vp_str *)y);
	case OFFSET:
		return a->has_offset != b->has_offset || (a->has_offset && a->offset != b->offset);
	}
	return false;
}

static bool measure_differs(const struct vp_region *a, const struct vp_region *b, unsigned i)
{
	uint64_t bit = (uint64_t)1 << i;
	if ((a->measured ^ b->measured) & bit)
		return true;
	return (a->measured & bit) && a->measure[i] != b->measure[i];
}

/* ---- members without a field, as text ---- */

bool vp_region_extra(vp_str extra, size_t *at, struct vp_member *m)
{
	struct vp_json_fault fault;
	bool plain;
	if (!extra.n)
		return false;
	const char *end = extra.p + extra.n, *p = vp_json_space(extra.p + *at, end);
	if (p < end && *p == ',')
		p = vp_json_space(p + 1, end);
	const char *close =
	        p < end && *p == '"' ? vp_json_string(p + 1, end, &plain, &fault) : NULL;
	if (!close)
		return false;
	m->key = (vp_str){ p + 1, (size_t)(close - p - 1) };
	const char *value = vp_json_space(close + 1, end);
	if (value >= end || *value != ':')
		return false;
	value = vp_json_space(value + 1, end);
	const char *after = vp_json_skip(value, end, 1, &m->json, &fault);
	if (!after)
		return false;
	m->value = (vp_str){ value, (size_t)(after - value) };
	m->text = (vp_str){ p, (size_t)(after - p) };
	*at = (size_t)(after - extra.p);
	return true;
}

static bool extra_find(vp_str extra, vp_str key, vp_str *value)
{
	struct vp_member m;
	for (size_t at = 0; vp_region_extra(extra, &at, &m);)
		if (vp_str_eq(m.key, key)) {
			*value = m.value;
			return true;
		}
	return false;
}

static bool extra_differs(vp_str a, vp_str b, vp_str key)
{
	vp_str x = { NULL, 0 }, y = { NULL, 0 };
	bool has_x = extra_find(a, key, &x), has_y = extra_find(b, key, &y);
	return has_x != has_y || (has_x && !vp_str_eq(x, y));
}

/* ---- threads ---- */

bool vp_region_thread(const struct vp_region *region, uint64_t *tid, char name[VP_THREAD_NAME])
{
	vp_str number, json;
	name[0] = 0;
	if (!region->extra.n || !extra_find(region->extra, vp_s("tid"), &number) ||
	    !vp_json_num(number, tid))
		return false;
	bool named = extra_find(region->extra, vp_s("thread"), &json) && json.p[0] == '"' &&
	             json.n < VP_THREAD_NAME;
	long n = named ? vp_json_unescape(json, name) : 0;
	name[n > 0 ? n : 0] = 0;
	return true;
}

bool vp_region_other_thread(const struct vp_region *was, const struct vp_region *is)
{
	vp_str tid;
	if (!is->extra.n || vp_str_eq(was->extra, is->extra) ||
	    !extra_find(is->extra, vp_s("tid"), &tid))
		return false;
	return extra_differs(was->extra, is->extra, vp_s("tid")) ||
	       extra_differs(was->extra, is->extra, vp_s("thread"));
}

/* ---- keeping ---- */

/* Where the strings of a region come from, and what is known to be kept already. */
struct kept {
	struct vp_strings *strings;
	vp_str text, copy; /* a text and its copy */
};

static void keep(const struct kept *kept, vp_str *string, const vp_str *like)
{
	uintptr_t at = (uintptr_t)string->p - (uintptr_t)kept->text.p;
	if (string->n && at < kept->copy.n)
		string->p = kept->copy.p + at;
	else if (like && like->n && vp_str_eq(*string, *like))
		*string = *like;
	else
		*string = vp_strings_keep(kept->strings, *string);
}

static void keep_letters(char to[8])
{
	size_t n = strnlen(to, 7);
	memset(to + n, 0, 8 - n);
}

vp_str vp_region_keep_line(struct vp_strings *strings, struct vp_region *to,
                           const struct vp_region *from, vp_str text, const struct vp_region *like)
{
	const struct kept kept = { strings, text, vp_strings_keep(strings, text) };
	if (to != from)
		*to = *from;
	for (unsigned i = 0; i < VP_M_COUNT; i++)
		to->measure[i] &= -(to->measured >> i & 1);
	keep_letters(to->perms);
	keep_letters(to->max_perms);
	if (!to->has_offset)
		to->offset = 0;
	to->has_start = to->has_end = to->has_size = true;
#define KEEP(name) keep(&kept, &to->name, like ? &like->name : NULL)
	KEEP(share);
	KEEP(kind);
	KEEP(kind_by);
	KEEP(name);
	KEEP(label);
	KEEP(dev);
	KEEP(inode);
	KEEP(flags);
	KEEP(extra);
#undef KEEP
	return kept.copy;
}

void vp_region_keep(struct vp_strings *strings, struct vp_region *to, const struct vp_region *from)
{
	vp_region_keep_line(strings, to, from, (vp_str){ NULL, 0 }, NULL);
}

void vp_region_keep_like(struct vp_strings *strings, struct vp_region *to,
                         const struct vp_region *from, const struct vp_region *like)
{
	vp_region_keep_line(strings, to, from, (vp_str){ NULL, 0 }, like);
}

/* ---- comparing ---- */

static const char *extra_first_difference(vp_str a, vp_str b)
{
	static _Thread_local char name[64];
	struct vp_member m;
	for (int turn = 0; turn < 2; turn++) {
		vp_str x = turn ? b : a, y = turn ? a : b;
		for (size_t at = 0; vp_region_extra(x, &at, &m);) {
			if (!extra_differs(x, y, m.key))
				continue;
			size_t n = m.key.n < sizeof name ? m.key.n : sizeof name - 1;
			memcpy(name, m.key.p, n);
			name[n] = 0;
			return name;
		}
	}
	return NULL;
}

const char *vp_region_differs(const struct vp_region *a, const struct vp_region *b, bool measures)
{
	for (size_t i = 0; i < FIELDS; i++)
		if (field_differs(a, b, &fields[i]))
			return fields[i].name;
	if (!measures)
		return NULL;
	for (unsigned i = 0; i < VP_M_COUNT; i++)
		if (measure_differs(a, b, i))
			return vp_measure_names[i];
	if (field_differs(a, b, &flags))
		return flags.name;
	return vp_str_eq(a->extra, b->extra) ? NULL : extra_first_difference(a->extra, b->extra);
}

bool vp_region_member_differs(const struct vp_region *a, const struct vp_region *b, vp_str name)
{
	for (size_t i = 0; i < FIELDS; i++)
		if (vp_str_is(name, fields[i].name))
			return field_differs(a, b, &fields[i]);
	for (unsigned i = 0; i < VP_M_COUNT; i++)
		if (vp_str_is(name, vp_measure_names[i]))
			return measure_differs(a, b, i);
	if (vp_str_is(name, flags.name))
		return field_differs(a, b, &flags);
	return extra_differs(a->extra, b->extra, name);
}

/* ---- writing `was` ---- */

struct was {
	struct vp_out *out;
	bool open;
};

static void open_was(struct was *w)
{
	if (!w->open)
		vp_put_object(w->out, "was");
	w->open = true;
}

static void put_field(struct was *w, const struct vp_region *region, const struct field *field)
{
	const void *value = member(region, field);
	if ((field->form == LETTERS && !*(const char *)value) ||
	    (field->form == TEXT && !((const vp_str *)value)->n) ||
	    (field->form == OFFSET && !region->has_offset))
		return; /* the former value is unknown */
	open_was(w);
	if (field->form == LETTERS)
		vp_put_str(w->out, field->name, vp_s(value));
	else if (field->form == TEXT)
		vp_put_str(w->out, field->name, *(const vp_str *)value);
	else if (field->form == BYTES)
		vp_put_num(w->out, field->name, *(const uint64_t *)value);
	else
		vp_put_addr(w->out, field->name, *(const uint64_t *)value);
}

static void put_extra(struct was *w, vp_str was, vp_str now)
{
	struct vp_member m;
	if (vp_str_eq(was, now))
		return;
	for (size_t at = 0; vp_region_extra(was, &at, &m);) {
		if (!extra_differs(was, now, m.key))
			continue;
		open_was(w);
		vp_put_members(w->out, m.text);
	}
}

void vp_put_was(struct vp_out *out, const struct vp_region *was, const struct vp_region *now,
                bool identity)
{
	struct was w = { out, false };
	for (size_t i = 0; i < FIELDS; i++)
		if ((!identity || fields[i].identity) && field_differs(was, now, &fields[i]))
			put_field(&w, was, &fields[i]);
	uint64_t left = identity ? 0 : was->measured;
	for (unsigned i = 0; left; i++, left >>= 1) {
		if (!(left & 1) || !measure_differs(was, now, i))
			continue;
		open_was(&w);
		vp_put_num(out, vp_measure_names[i], was->measure[i]);
	}
	if (!identity && field_differs(was, now, &flags))
		put_field(&w, was, &flags);
	if (!identity)
		put_extra(&w, was->extra, now->extra);
	if (w.open)
		vp_put_close(out);
}
