/* The window of lines, and what of it is superseded. */
#include "window.h"

#include <stdio.h>

#include "base_state.h"
#include "fields.h"
#include "map.h"

enum kind { OTHER, STREAM, PROCESS, SNAPSHOT, REGION, CHANGE, REMOVAL, SYSTEM, FLEETING };

struct line {
	uint64_t at;   /* of its bytes, counted since the beginning */
	uint64_t key;  /* pid and id */
	uint64_t born; /* number of the first line of that key */
	int64_t t, arrived;
	uint32_t n;
	uint8_t kind;
	bool superseded;
	bool keep;  /* other regions end with it: it is never left out */
	bool churn; /* all lines of its key are changes that may be left out */
};

struct window {
	char *bytes; /* a ring; a line is never split */
	size_t size;
	int64_t span, t;
	uint64_t put; /* bytes taken so far, with gaps */
	struct line *lines;
	size_t slots; /* a power of two */
	uint64_t first, next, began, segment;
	struct map last;   /* key -> number of its last line */
	struct map frames; /* pid -> number of the snapshot of its last key frame */
	struct map looks;  /* pid -> number of its last snapshot */
	uint64_t system;   /* number of the last line of the whole machine; 0: none */
	struct base base;
};

struct window *window_new(size_t bytes, int64_t span)
{
	struct window *window = calloc(1, sizeof *window);
	if (!window)
		return NULL;
	*window = (struct window){ .size = bytes, .span = span, .first = 1, .next = 1 };
	window->began = window->segment = 1;
	window->bytes = malloc(bytes);
	if (window->bytes)
		return window;
	free(window);
	return NULL;
}

static void forget_keys(struct window *window)
{
	map_free(&window->last);
	map_free(&window->frames);
	map_free(&window->looks);
	window->system = 0;
}

void window_free(struct window *window)
{
	if (!window)
		return;
	forget_keys(window);
	base_free(&window->base);
	free(window->lines);
	free(window->bytes);
	free(window);
}

void window_reset(struct window *window)
{
	forget_keys(window);
	base_free(&window->base);
	window->first = window->began = window->segment = window->next;
	window->put = 0;
	window->t = 0;
}

static struct line *line_at(const struct window *window, uint64_t number)
{
	return &window->lines[number & (window->slots - 1)];
}

static vp_str text_of(const struct window *window, const struct line *line)
{
	return (vp_str){ window->bytes + line->at % window->size, line->n };
}

static uint64_t pid_of(const struct line *line)
{
	return line->key >> 42;
}

/* ---- what a line is ---- */

static enum kind kind_of(vp_str type)
{
	static const struct {
		const char *type;
		enum kind kind;
	} kinds[] = { { "\"change\"", CHANGE },     { "\"region\"", REGION },
		      { "\"snapshot\"", SNAPSHOT }, { "\"event\"", FLEETING },
		      { "\"sample\"", FLEETING },   { "\"faults\"", FLEETING },
		      { "\"pages\"", FLEETING },    { "\"raw\"", FLEETING },
		      { "\"alloc\"", FLEETING },    { "\"process\"", PROCESS },
		      { "\"system\"", SYSTEM },     { "\"stream\"", STREAM } };
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (vp_str_is(type, kinds[i].type))
			return kinds[i].kind;
	return OTHER;
}

static void classify(struct line *line, vp_str text)
{
	const char *at = text.p, *end = text.p + text.n;
	uint64_t pid = 0, id = 0;
	vp_str key, value;
	while (member_next(&at, end, &key, &value)) {
		if (vp_str_is(key, "type"))
			line->kind = (uint8_t)kind_of(value);
		else if (vp_str_is(key, "t"))
			line->t = nanoseconds_of(value);
		else if (vp_str_is(key, "pid"))
			pid = number_of(value);
		else if (vp_str_is(key, "id"))
			id = number_of(value);
		else if (vp_str_is(key, "cgroup") && line->kind == SYSTEM)
			line->kind = OTHER;
		else if (vp_str_is(key, "event") && line->kind == CHANGE &&
		         (vp_str_is(value, "\"MUNMAP_REMOVE\"") || vp_str_is(value, "\"EXIT\"")))
			line->kind = REMOVAL;
		else if (vp_str_is(key, "gone") && value.n > 2)
			line->keep = true;
	}
	line->key = pid << 42 | (id & ((UINT64_C(1) << 42) - 1));
}

static void supersede(const struct window *window, uint64_t number)
{
	if (number >= window->first && number < window->next)
		line_at(window, number)->superseded = true;
}

static void set(struct map *map, uint64_t key, uint64_t number)
{
	uint64_t *value = map_put(map, key);
	if (value)
		*value = number;
}

/* Notes which earlier lines the line at `number` makes superfluous. */
static void enter(struct window *window, struct line *line, uint64_t number)
{
	uint64_t *before;
	line->born = number;
	line->churn = line->kind == CHANGE || line->kind == REMOVAL;
	switch (line->kind) {
	case STREAM:
		forget_keys(window);
		window->segment = number;
		break;
	case SNAPSHOT:
		before = map_get(&window->looks, pid_of(line));
		if (before) {
			const uint64_t *frame = map_get(&window->frames, pid_of(line));
			if (!frame || *frame != *before)
				supersede(window, *before);
		}
		set(&window->looks, pid_of(line), number);
		break;
	case REGION:
		before = map_get(&window->looks, pid_of(line));
		if (before)
			set(&window->frames, pid_of(line), *before);
		/* fall through */
	case CHANGE:
	case REMOVAL:
		before = map_get(&window->last, line->key);
		if (before && *before >= window->first && *before < number) {
			const struct line *old = line_at(window, *before);
			line->born = old->born;
			line->churn &= old->churn && old->kind == CHANGE && !old->keep;
			if (old->kind == CHANGE && !old->keep)
				supersede(window, *before);
		}
		set(&window->last, line->key, number);
		break;
	case SYSTEM:
		supersede(window, window->system);
		window->system = number;
		break;
	default: break;
	}
}

/* ---- the ring ---- */

static void evict(struct window *window)
{
	const struct line *line = line_at(window, window->first);
	const uint64_t *last;
	if (!line->superseded || line->keep)
		base_apply(&window->base, text_of(window, line), window->first);
	window->base.t = line->t > window->base.t ? line->t : window->base.t;
	if (line->kind == REGION || line->kind == CHANGE || line->kind == REMOVAL) {
		last = map_get(&window->last, line->key);
		if (last && *last == window->first)
			map_remove(&window->last, line->key);
	}
	window->first++;
}

static bool more_slots(struct window *window)
{
	size_t slots = window->slots ? window->slots * 2 : 1024;
	struct line *lines = malloc(slots * sizeof *lines);
	if (!lines)
		return false;
	for (uint64_t i = window->first; i < window->next; i++)
		lines[i & (slots - 1)] = *line_at(window, i);
	free(window->lines);
	window->lines = lines;
	window->slots = slots;
	return true;
}

uint64_t window_add(struct window *window, vp_str text, int64_t arrived)
{
	size_t offset = (size_t)(window->put % window->size);
	struct line line = { .n = (uint32_t)text.n, .t = -1, .arrived = arrived };
	if (text.n > window->size / 2)
		return window->next; /* the program refuses lines above 1 MiB */
	if (offset + text.n > window->size)
		window->put += window->size - offset;
	line.at = window->put;
	while (window->first < window->next &&
	       line.at + text.n - line_at(window, window->first)->at > window->size)
		evict(window);
	if (window->next - window->first >= window->slots && !more_slots(window)) {
		if (!window->slots)
			return window->next;
		evict(window);
	}
	memcpy(window->bytes + line.at % window->size, text.p, text.n);
	window->put += text.n;
	classify(&line, text);
	if (line.t < 0)
		line.t = window->t;
	else if (line.kind == STREAM || line.t > window->t)
		window->t = line.t;
	*line_at(window, window->next) = line;
	enter(window, line_at(window, window->next), window->next);
	window->next++;
	while (window->span && window->first + 1 < window->next &&
	       line_at(window, window->first)->t + window->span < window->t)
		evict(window);
	return window->next - 1;
}

uint64_t window_first(const struct window *window)
{
	return window->first;
}

uint64_t window_next(const struct window *window)
{
	return window->next;
}

size_t window_behind(const struct window *window, uint64_t number)
{
	number = number < window->first ? window->first : number;
	return number < window->next ? (size_t)(window->put - line_at(window, number)->at) : 0;
}

int64_t window_time(const struct window *window)
{
	return window->t;
}

int64_t window_arrived(const struct window *window, uint64_t number)
{
	return number >= window->first && number < window->next ? line_at(window, number)->arrived
	                                                        : 0;
}

size_t window_memory(const struct window *window)
{
	return window->base.bytes;
}

/* ---- a client ---- */

/* Whether a client that gets the lines from `from` on can do without this one. */
static bool superfluous(const struct window *window, const struct line *line, uint64_t number,
                        uint64_t from)
{
	const uint64_t *frame;
	switch (line->kind) {
	case FLEETING: return true;
	case REMOVAL:
		if (line->churn && line->born >= from && !line->keep)
			return true;
		/* fall through */
	case SNAPSHOT:
	case REGION:
	case CHANGE:
		if (line->superseded)
			return true;
		frame = number >= window->segment ? map_get(&window->frames, pid_of(line)) : NULL;
		return frame && number < *frame;
	default: return line->superseded;
	}
}

/* Copies as much of the text as there is room for. True: the text is copied to its end. */
static bool copy(struct piece *piece, char *to, size_t room, const char *text, size_t n,
                 size_t *part)
{
	size_t now = n - *part < room - piece->n ? n - *part : room - piece->n;
	memcpy(to + piece->n, text + *part, now);
	piece->n += now;
	*part += now;
	if (*part < n || piece->n == room)
		return false;
	to[piece->n++] = '\n';
	*part = 0;
	return true;
}

static bool send_state(struct place *place, struct piece *piece, char *to, size_t room)
{
	size_t left = place->state_n - place->state_at,
	       now = left < room - piece->n ? left : room - piece->n;
	memcpy(to + piece->n, place->state + place->state_at, now);
	piece->n += now;
	place->state_at += now;
	if (now < left)
		return false;
	place->next = place->state_next;
	place_free(place);
	return true;
}

/* The client's next line is forgotten: what changed in the base state since takes its place. */
static bool need_state(struct window *window, struct place *place, struct piece *piece)
{
	piece->cut |= place->part > 0;
	place->part = 0;
	if (place->next <= window->base.ended && place->next != window->began) {
		piece->reset = true; /* it may have a process that ended since */
		place->next = window->began;
	}
	place->state = base_text(&window->base, place->next, &place->state_n);
	place->state_at = 0;
	place->state_next = window->first;
	if (place->next != window->began)
		place->skipped += window->first - place->next;
	return place->state;
}

/* Tells of what was left out, at the time of the line before the client's next one. */
static void say_skipped(const struct window *window, struct place *place, struct piece *piece,
                        char *to, size_t room)
{
	char text[256];
	int64_t t =
	        place->next > window->first ? line_at(window, place->next - 1)->t : window->base.t;
	int n = snprintf(text, sizeof text,
	                 "{\"type\":\"lost\",\"t\":%lld.%09lld,\"what\":\"lines\",\"count\":%llu,"
	                 "\"where\":\"vm-render\",\"why\":\"the page takes at most 2 MB a "
	                 "second; regions are as the last line left them\",\"thinned\":true}\n",
	                 (long long)(t / 1000000000), (long long)(t % 1000000000),
	                 (unsigned long long)place->skipped);
	if (!place->skipped || place->quiet || piece->n + (size_t)n > room)
		return;
	memcpy(to + piece->n, text, (size_t)n);
	piece->n += (size_t)n;
	place->skipped = 0;
}

struct piece window_read(struct window *window, struct place *place, uint64_t until, bool thin,
                         char *to, size_t room)
{
	struct piece piece = { 0 };
	if (place->next < window->began) {
		piece.reset = place->next > 0;
		piece.cut = place->part > 0;
		place_free(place);
		*place = (struct place){ .next = window->began, .quiet = place->quiet };
	}
	until = until < window->next ? until : window->next;
	uint64_t from = place->next;
	while (piece.n < room) {
		if (!place->state && place->next < window->first &&
		    !need_state(window, place, &piece))
			break;
		if (place->state) {
			if (!send_state(place, &piece, to, room))
				break;
			continue;
		}
		if (place->next >= until) {
			say_skipped(window, place, &piece, to, room);
			break;
		}
		const struct line *line = line_at(window, place->next);
		vp_str text = text_of(window, line);
		if (thin && !place->part && superfluous(window, line, place->next, from)) {
			place->skipped++;
			place->next++;
			continue;
		}
		if (line->kind == OTHER && !place->part)
			say_skipped(window, place, &piece, to, room);
		if (!copy(&piece, to, room, text.p, text.n, &place->part))
			break;
		place->next++;
	}
	return piece;
}

void place_free(struct place *place)
{
	free(place->state);
	place->state = NULL;
	place->state_n = place->state_at = 0;
}
