/* Reading a line of the stream into a record, with the shape of the last line as a guess for this
 * one.
 *
 * Members that a region or change line is made of have slots. The reader remembers which slot
 * followed which. In a stream whose lines look alike, in whatever order jq left them, a member then
 * costs one comparison and the reading of its value. What the guess does not cover goes the slow
 * way: any JSON, any order, any member.
 */
#include "stream/record.h"

#include <string.h>

#include "base/amount.h"
#include "base/base64.h"
#include "base/bytes.h"

/* The members with slots. Those from S_event on have slots in region and change lines only. */
/* clang-format off */
#define SLOTS(S) S(type) S(t) S(pid) S(seq) S(id) S(act) S(event) S(from) S(gone) S(start) S(end) S(size) S(perms)              \
	S(max_perms) S(share) S(kind) S(kind_by) S(name) S(name_raw) S(label) S(offset) S(dev) S(inode) S(flags) S(was) S(cause)

enum slot {
#define S(name) S_##name,
	SLOTS(S)
#undef S
	S_measures,
	S_COUNT = S_measures + VP_M_COUNT
};
/* clang-format on */
_Static_assert(S_COUNT <= 64, "vp_record.after has 64 places");

#define KEY_MAX 24 /* bytes of "name": with padding: three words */

/* Mask of the bytes that a key of `size` bytes has in its word 0, 1 or 2 of eight bytes. */
#define KEY_MASK(size, word)                     \
	((size) >= 8 * (word) + 8 ? ~UINT64_C(0) \
	 : (size) <= 8 * (word)   ? 0            \
	                          : (UINT64_C(1) << 8 * ((size) % 8)) - 1)
#define KEY(name)                                                         \
	{ "\"" #name "\":",                                               \
	  sizeof #name + 2,                                               \
	  { KEY_MASK(sizeof #name + 2, 0), KEY_MASK(sizeof #name + 2, 1), \
	    KEY_MASK(sizeof #name + 2, 2) } },

static const struct key {
	char text[KEY_MAX]; /* "name": without blanks, as most writers put it */
	size_t size;
	uint64_t mask[3];
} keys[S_COUNT] = { SLOTS(KEY) VP_MEASURES(KEY) };

/* A line being read: the cursor, and the fault if there is one. */
struct reader {
	struct vp_record *record;
	const char *at, *end;
	struct vp_json_fault fault;
};

static int wrong(struct reader *r, const char *where, const char *text)
{
	r->fault.text = text;
	r->fault.where = where;
	return -1;
}

static vp_str keep(struct vp_record *record, const char *bytes, size_t n)
{
	if (n > record->scratch_size - record->scratch_used)
		return (vp_str){ NULL, 0 };
	char *to = record->scratch + record->scratch_used;
	memmove(to, bytes, n);
	record->scratch_used += n;
	return (vp_str){ to, n };
}

static vp_str decode(struct vp_record *record, vp_str json)
{
	if (json.n > record->scratch_size - record->scratch_used)
		return (vp_str){ NULL, 0 };
	char *to = record->scratch + record->scratch_used;
	long n = vp_json_unescape(json, to);
	if (n < 0)
		return (vp_str){ NULL, 0 };
	record->scratch_used += (size_t)n;
	return (vp_str){ to, (size_t)n };
}

/* Reads the string at the cursor; without escapes it is a slice of the line itself. */
static int read_string(struct reader *r, vp_str *value)
{
	bool plain;
	const char *start = r->at;
	if (start >= r->end || *start != '"')
		return wrong(r, start, "expected a string");
	const char *close = vp_json_string(start + 1, r->end, &plain, &r->fault);
	if (!close)
		return -1;
	r->at = close + 1;
	*value = plain ? (vp_str){ start + 1, (size_t)(close - start - 1) }
	               : decode(r->record, (vp_str){ start, (size_t)(close + 1 - start) });
	return 0;
}

static int read_number(struct reader *r, uint64_t *value)
{
	const char *p = r->at;
	uint64_t v = 0;
	while (p < r->end && *p >= '0' && *p <= '9' && p - r->at < 18)
		v = v * 10 + (uint64_t)(*p++ - '0');
	bool simple = p > r->at && p < r->end && (*p == ',' || *p == '}') &&
	              (*r->at != '0' || p == r->at + 1);
	if (simple) {
		r->at = p;
		*value = v;
		return 0;
	}
	enum vp_json json;
	const char *start = r->at, *behind = vp_json_skip(start, r->end, 1, &json, &r->fault);
	if (!behind)
		return -1;
	r->at = behind;
	if (json != VP_NUMBER || !vp_json_num((vp_str){ start, (size_t)(behind - start) }, value))
		return wrong(r, start, "expected a whole number from 0 up");
	return 0;
}

/* Reads seconds with nine decimals, as vp_put_sec writes them. False: it is another form. */
static bool usual_time(struct reader *r, int64_t *value)
{
	const char *p = r->at, *end = r->end - 11;
	int64_t seconds = 0, rest = 0;
	while (p < end && *p >= '0' && *p <= '9' && p - r->at < 9)
		seconds = seconds * 10 + (*p++ - '0');
	if (p == r->at || p >= end || *p != '.' || (*r->at == '0' && p > r->at + 1) ||
	    (p[10] != ',' && p[10] != '}'))
		return false;
	for (int i = 1; i <= 9; i++) {
		if (p[i] < '0' || p[i] > '9')
			return false;
		rest = rest * 10 + (p[i] - '0');
	}
	*value = seconds * 1000000000 + rest;
	r->at = p + 10;
	return true;
}

static int read_time(struct reader *r, int64_t *value)
{
	if (usual_time(r, value))
		return 0;
	enum vp_json json;
	const char *start = r->at, *behind = vp_json_skip(start, r->end, 1, &json, &r->fault);
	if (!behind)
		return -1;
	r->at = behind;
	if (json != VP_NUMBER || !vp_json_time((vp_str){ start, (size_t)(behind - start) }, value))
		return wrong(r, start, "expected a time in seconds");
	return *value >= 0 ? 0 : wrong(r, start, "a time before the stream began");
}

static int read_address(struct reader *r, uint64_t *value)
{
	const char *p = r->at;
	uint32_t high, low;
	if (r->end - p >= 20 && p[0] == '"' && p[1] == '0' && p[2] == 'x' && p[19] == '"' &&
	    vp_hex8(p + 3, &high) && vp_hex8(p + 11, &low)) {
		*value = (uint64_t)high << 32 | low;
		r->at = p + 20;
		return 0;
	}
	vp_str text;
	if (read_string(r, &text))
		return -1;
	return vp_parse_address(text, value)
	               ? 0
	               : wrong(r, p, "expected an address like \"0x00007f0000000000\"");
}

static int read_perms(struct reader *r, char perms[8])
{
	const char *p = r->at;
	vp_str text;
	bool plain = r->end - p >= 9 && p[0] == '"' && p[5] == '"' &&
	             !vp_specials((vp_load8(p + 1) & 0xffffffffu) | (VP_ONES << 32) * 'x');
	if (plain) { /* four letters between two quotes */
		memset(perms, 0, 8);
		memcpy(perms, p + 1, 4);
		r->at = p + 6;
		return 0;
	}
	if (read_string(r, &text))
		return -1;
	if (text.n > 7)
		return wrong(r, p, "expected permissions of at most 7 letters");
	memset(perms, 0, 8);
	if (text.n)
		memcpy(perms, text.p, text.n);
	return 0;
}

static int read_text(struct reader *r, enum vp_json want, vp_str *value)
{
	enum vp_json json;
	const char *start = r->at, *behind = vp_json_skip(start, r->end, 1, &json, &r->fault);
	if (!behind)
		return -1;
	r->at = behind;
	if (json == VP_NULL)
		return 0;
	if (json != want)
		return wrong(r, start,
		             want == VP_ARRAY ? "expected an array" : "expected an object");
	*value = (vp_str){ start, (size_t)(behind - start) };
	return 0;
}

static int read_raw_name(struct reader *r, vp_str *raw)
{
	vp_str text;
	const char *where = r->at;
	if (read_string(r, &text))
		return -1;
	struct vp_record *record = r->record;
	if (text.n > record->scratch_size - record->scratch_used)
		return wrong(r, where, "too long");
	char *to = record->scratch + record->scratch_used;
	long n = vp_base64_decode(text, to);
	if (n < 0)
		return wrong(r, where, "expected base64");
	record->scratch_used += (size_t)n;
	*raw = (vp_str){ to, (size_t)n };
	return 0;
}

static bool is_null(struct reader *r)
{
	if (r->end - r->at < 4 || memcmp(r->at, "null", 4) != 0)
		return false;
	r->at += 4;
	return true;
}

/* Finds a type by its name, `likely` first: lines come in runs. */
static enum vp_type type_of(vp_str name, enum vp_type likely)
{
	if (likely != VP_T_OTHER && vp_str_is(name, vp_type_names[likely]))
		return likely;
	for (int i = 1; i < VP_T_COUNT; i++)
		if (vp_str_is(name, vp_type_names[i]))
			return (enum vp_type)i;
	return VP_T_OTHER;
}

static int read_signed(struct reader *r, int64_t *value)
{
	uint64_t v;
	bool minus = r->at < r->end && *r->at == '-';
	r->at += minus;
	if (minus && (r->at >= r->end || *r->at < '0' || *r->at > '9'))
		return wrong(r, r->at - 1, "no JSON value");
	if (read_number(r, &v) || v > INT64_MAX)
		return wrong(r, r->at, "expected a whole number");
	*value = minus ? -(int64_t)v : (int64_t)v;
	return 0;
}

static int read_type(struct reader *r)
{
	struct vp_record *record = r->record;
	const char *where = r->at;
	if (read_string(r, &record->type_name))
		return -1;
	return type_of(record->type_name, record->type) == record->type
	               ? 0
	               : wrong(r, where, "a second \"type\" that is another");
}

static int read_slot(struct reader *r, unsigned slot, struct vp_region *region, vp_str *raw_name)
{
	struct vp_record *record = r->record;
	if (slot >= S_measures) {
		if (*r->at == 'n' && is_null(r))
			return 0;
		region->measured |= (uint64_t)1 << (slot - S_measures);
		return read_number(r, &region->measure[slot - S_measures]);
	}
	if (*r->at == 'n' && slot != S_type && is_null(r))
		return 0;
	switch (slot) {
	case S_type: return read_type(r);
	case S_t: record->has_t = true; return read_time(r, &record->t);
	case S_pid: record->has_pid = true; return read_signed(r, &record->pid);
	case S_seq: record->has_seq = true; return read_number(r, &record->seq);
	case S_id: record->has_id = true; return read_number(r, &record->id);
	case S_act: record->has_act = true; return read_number(r, &record->act);
	case S_event: return read_string(r, &record->event);
	case S_from: return read_text(r, VP_ARRAY, &record->from);
	case S_gone: return read_text(r, VP_ARRAY, &record->gone);
	case S_was: return read_text(r, VP_OBJECT, &record->was);
	case S_cause: return read_text(r, VP_OBJECT, &record->cause);
	case S_start: region->has_start = true; return read_address(r, &region->start);
	case S_end: region->has_end = true; return read_address(r, &region->end);
	case S_size: region->has_size = true; return read_number(r, &region->size);
	case S_perms: return read_perms(r, region->perms);
	case S_max_perms: return read_perms(r, region->max_perms);
	case S_share: return read_string(r, &region->share);
	case S_kind: return read_string(r, &region->kind);
	case S_kind_by: return read_string(r, &region->kind_by);
	case S_name: return read_string(r, &region->name);
	case S_name_raw: return read_raw_name(r, raw_name);
	case S_label: return read_string(r, &region->label);
	case S_offset: region->has_offset = true; return read_address(r, &region->offset);
	case S_dev: return read_string(r, &region->dev);
	case S_inode: return read_string(r, &region->inode);
	case S_flags: return read_string(r, &region->flags);
	default: return -1;
	}
}

/* Some slots are of region and change lines only; elsewhere these keys are like any other. */
static bool has_slot(enum vp_type type, unsigned slot)
{
	return slot <= S_act || type == VP_T_region || type == VP_T_change;
}

/* Finds the slot of a key below `count`. -1: it has none. */
static int slot_of(vp_str key, int count)
{
	for (int i = 0; i < count; i++)
		if (keys[i].size == key.n + 3 && keys[i].text[1] == key.p[0] &&
		    memcmp(keys[i].text + 1, key.p, key.n) == 0)
			return i;
	return -1;
}

/* Skips and decodes the long text of a raw line in one pass. */
static const char *read_raw_text(struct reader *r)
{
	struct vp_record *record = r->record;
	size_t n, needed = (size_t)(r->end - r->at) + 16;
	bool lent = record->text_room && record->text_room_n >= needed && !record->text.p;
	char *to = lent ? record->text_room : record->scratch + record->scratch_used;
	if (!lent && record->scratch_size - record->scratch_used < needed) {
		wrong(r, r->at, "too long");
		return NULL;
	}
	const char *close = vp_json_text(r->at + 1, r->end, to, &n, &r->fault);
	if (!close)
		return NULL;
	record->text = (vp_str){ to, n };
	if (!lent)
		record->scratch_used += n;
	return close + 1;
}

/* Length of a string of up to 31 bytes without escapes (an address, say), with its quotes. 0: it is
 * none. */
static inline size_t short_string(const char *at, const char *end)
{
	if (end - at < 34 || *at != '"')
		return 0;
	size_t n = vp_run16(at + 1);
	if (n == 16)
		n += vp_run16(at + 17);
	return n < 32 && at[n + 1] == '"' ? n + 2 : 0;
}

/* Length of a number that is up to 16 digits. 0: it is none. */
static inline size_t short_number(const char *at, const char *end)
{
	size_t n = 0;
	if (end - at < 18 || (*at == '0' && at[1] != ',' && at[1] != '}'))
		return 0;
	while (n < 16 && (unsigned char)(at[n] - '0') <= 9)
		n++;
	return at[n] == ',' || at[n] == '}' ? n : 0;
}

static int add_rest(struct reader *r, vp_str key, const char *quote)
{
	struct vp_record *record = r->record;
	if (record->rest_count == VP_MEMBERS_MAX)
		return wrong(r, r->at, "more than 256 members");
	struct vp_member *member = &record->rest[record->rest_count];
	const char *start = r->at;
	size_t n;
	if (record->type == VP_T_raw && key.n == 4 && memcmp(key.p, "text", 4) == 0 &&
	    *start == '"') {
		member->json = VP_STRING;
		r->at = read_raw_text(r);
	} else if ((n = short_string(start, r->end))) {
		member->json = VP_STRING;
		r->at = start + n;
	} else if ((n = short_number(start, r->end))) {
		member->json = VP_NUMBER;
		r->at = start + n;
	} else {
		r->at = vp_json_skip(start, r->end, 1, &member->json, &r->fault);
	}
	if (!r->at)
		return -1;
	member->key = key;
	member->value = (vp_str){ start, (size_t)(r->at - start) };
	member->text = (vp_str){ quote, (size_t)(r->at - quote) };
	record->rest_count++;
	return 0;
}

/* Whether `at` begins with the key; KEY_MAX bytes are readable. */
static inline bool key_at(const char *at, const struct key *key)
{
	return (((vp_load8(at) ^ vp_load8(key->text)) & key->mask[0]) |
	        ((vp_load8(at + 8) ^ vp_load8(key->text + 8)) & key->mask[1]) |
	        ((vp_load8(at + 16) ^ vp_load8(key->text + 16)) & key->mask[2])) == 0;
}

static inline bool key_here(const struct reader *r, unsigned slot)
{
	const struct key *key = &keys[slot];
	if (r->end - r->at < KEY_MAX)
		return (size_t)(r->end - r->at) > key->size &&
		       memcmp(r->at, key->text, key->size) == 0;
	return key_at(r->at, key);
}

/* Reads any key, with blanks anywhere, and its colon. */
static int read_key(struct reader *r, vp_str *key)
{
	if (r->at >= r->end || *r->at != '"')
		return wrong(r, r->at, "a member without a name in quotes");
	if (read_string(r, key))
		return -1;
	r->at = vp_json_space(r->at, r->end);
	if (r->at >= r->end || *r->at != ':')
		return wrong(r, r->at, "a member without ':'");
	r->at = vp_json_space(r->at + 1, r->end);
	return r->at < r->end ? 0 : wrong(r, r->at, "the line ends too early");
}

/* Reads a short key without escapes and blanks, as mostly. False: nothing is read. */
static inline bool quick_key(struct reader *r, vp_str *key)
{
	if (r->end - r->at < 18 || *r->at != '"')
		return false;
	unsigned n = vp_run16(r->at + 1);
	if (n > 14 || r->at[n + 1] != '"' || r->at[n + 2] != ':' || r->at[n + 3] == ' ' ||
	    r->at[n + 3] == '\t')
		return false;
	*key = (vp_str){ r->at + 1, n };
	r->at += n + 3;
	return true;
}

/* Reads what follows a value: 1 another member, 0 the end of the object, -1 neither. */
static inline int behind(struct reader *r)
{
	if (r->end - r->at > 1 && r->at[0] == ',' && r->at[1] == '"') { /* as mostly */
		r->at++;
		return 1;
	}
	if (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\r'))
		r->at = vp_json_space(r->at, r->end);
	if (r->at >= r->end)
		return wrong(r, r->at, "the line ends too early");
	char c = *r->at++;
	if (c == '}')
		return 0;
	if (c != ',')
		return wrong(r, r->at - 1, "',' is missing");
	if (r->at < r->end && *r->at != '"')
		r->at = vp_json_space(r->at, r->end);
	return 1;
}

/* The cache entry of a run of measures, by its first digits. */
static struct vp_measured_run *run_for(struct vp_record *record, const char *at)
{
	return &record->runs[(vp_load8(at + 4) * 0x9e3779b97f4a7c15u) >> 61];
}
_Static_assert(VP_RUNS == 8, "three bits choose a run");

static bool run_again(struct reader *r, const struct vp_measured_run *run, unsigned before,
                      struct vp_region *region)
{
	if (!run->n || run->before != before || region->measured ||
	    (size_t)(r->end - r->at) <= run->n)
		return false;
	if (memcmp(r->at, run->text, run->n) != 0)
		return false;
	memcpy(region->measure, run->measure, sizeof run->measure);
	region->measured = run->measured;
	r->at += run->n - 1;
	return true;
}

/* Measures often repeat, mostly as zeros. On a miss, one run in four is cached. */
static void remember_run(struct vp_record *record, struct vp_measured_run *run, unsigned before,
                         unsigned last, vp_str text, const struct vp_region *region)
{
	if (text.n < 32 || text.n > sizeof run->text || record->run_misses++ % 4)
		return;
	memcpy(run->text, text.p, text.n);
	memcpy(run->measure, region->measure, sizeof run->measure);
	run->n = text.n;
	run->measured = region->measured;
	run->before = (unsigned char)before;
	run->last = (unsigned char)last;
}

/* Reads a run of measures: each the expected one, with digits alone, and another member behind it.
 * Half of a line is that. Stops before the first member that is anything else. Returns the last
 * slot. */
static unsigned read_measures(struct reader *r, unsigned last, struct vp_region *region)
{
	const unsigned char *after = r->record->after;
	const char *at = r->at, *end = r->end - 2 * KEY_MAX;
	const unsigned before = last;
	const bool first = region->measured == 0;
	uint64_t measured = 0;
	struct vp_measured_run *run = at < end ? run_for(r->record, at) : NULL;
	if (run && run_again(r, run, before, region))
		return run->last;
	while (at < end) {
		unsigned slot = after[last];
		if (slot < S_measures || slot >= S_COUNT)
			break;
		const struct key *key = &keys[slot];
		if (!key_at(at, key))
			break;
		const char *p = at + key->size, *digits = p;
		unsigned digit = (unsigned char)*p - '0';
		uint64_t v = digit;
		if (digit > 9)
			break;
		while ((digit = (unsigned char)*++p - '0') <= 9 && p < digits + 18)
			v = v * 10 + digit;
		if (p[0] != ',' || p[1] != '"' || (*digits == '0' && p > digits + 1))
			break;
		measured |= (uint64_t)1 << (slot - S_measures);
		region->measure[slot - S_measures] = v;
		last = slot;
		at = p + 1;
	}
	region->measured |= measured;
	if (run && first && measured)
		remember_run(r->record, run, before, last,
		             (vp_str){ r->at, (size_t)(at - r->at) + 1 }, region);
	r->at = at;
	return last;
}

/* The cache entry of the next key without a slot. NULL: there is none. */
static inline struct vp_shape *shape_here(struct vp_record *record)
{
	size_t i = record->rest_count;
	if (i >= VP_SHAPE)
		return NULL;
	const struct vp_member *first = &record->rest[0];
	uint64_t about = i && first->text.n >= 8 ? vp_load8(first->text.p + first->text.n - 8) : 0;
	return &record->shapes[about * 0x9e3779b97f4a7c15u >> 61][i];
}
_Static_assert(VP_SHAPES == 8, "three bits choose a shape");

/* Reads the key if it equals the one at this place in the last line. False: it is another, or may
 * have a slot. */
static inline bool same_key(struct reader *r, vp_str *key)
{
	const struct vp_shape *shape = r->end - r->at > KEY_MAX ? shape_here(r->record) : NULL;
	if (!shape || !shape->size)
		return false;
	uint64_t differs = ((vp_load8(r->at) ^ vp_load8(shape->text)) & shape->mask[0]) |
	                   ((vp_load8(r->at + 8) ^ vp_load8(shape->text + 8)) & shape->mask[1]) |
	                   ((vp_load8(r->at + 16) ^ vp_load8(shape->text + 16)) & shape->mask[2]);
	if (differs || r->at[shape->size] == ' ' || r->at[shape->size] == '\t')
		return false;
	*key = (vp_str){ r->at + 1, shape->size - 3u };
	r->at += shape->size;
	return true;
}

/* Caches a key for the next line of this type; only keys without blanks. */
static void remember_key(struct vp_record *record, const char *member, const char *behind,
                         vp_str key)
{
	size_t size = (size_t)(behind - member);
	struct vp_shape *shape = shape_here(record);
	if (!shape)
		return;
	shape->size = 0;
	if (size > KEY_MAX || size != key.n + 3 || key.p != member + 1)
		return;
	memset(shape->text, 0, sizeof shape->text);
	memcpy(shape->text, member, size);
	for (unsigned word = 0; word < 3; word++)
		shape->mask[word] = KEY_MASK(size, word);
	shape->size = (unsigned char)size;
}

/* The members from the cursor to the closing brace. `last` is the slot before the cursor. */
static int read_members(struct reader *r, unsigned last, struct vp_region *region)
{
	struct vp_record *record = r->record;
	vp_str raw_name = { NULL, 0 };
	const char *line = record->line.p;
	/* The line begins with its type, and has had only members that its snapshot shares. */
	bool front = false;
	int more = 1;
	bool shaped = !has_slot(record->type, S_measures);
	if (shaped && record->shape_type != record->type) {
		memset(record->shapes, 0, sizeof record->shapes);
		record->shape_type = (unsigned char)record->type;
	}
	while (more == 1) {
		vp_str key;
		if (shaped && same_key(r, &key)) {
			if (add_rest(r, key, key.p - 1) || (more = behind(r)) < 0)
				return -1;
			continue;
		}
		if (last < S_COUNT && record->after[last] >= S_measures &&
		    has_slot(record->type, S_measures)) {
			unsigned before = last;
			last = read_measures(r, last, region);
			front &= last == before;
		}
		const char *member = r->at;
		unsigned slot = last < S_COUNT ? record->after[last] : S_type;
		if (slot < S_COUNT && key_here(r, slot) && has_slot(record->type, slot)) {
			r->at += keys[slot].size;
			if (r->at < r->end && (*r->at == ' ' || *r->at == '\t'))
				r->at = vp_json_space(r->at, r->end);
			if (r->at >= r->end)
				return wrong(r, r->at, "the line ends too early");
		} else {
			if (quick_key(r, &key) ? 0 : read_key(r, &key))
				return -1;
			int found = key.p && key.n ? slot_of(key, has_slot(record->type, S_measures)
			                                                  ? S_COUNT
			                                                  : S_act + 1)
			                           : -1;
			if (found < 0) {
				if (shaped)
					remember_key(record, member, r->at, key);
				if (add_rest(r, key, member) || (more = behind(r)) < 0)
					return -1;
				front = false;
				continue;
			}
			slot = (unsigned)found;
			if (last < S_COUNT)
				record->after[last] = (unsigned char)slot;
		}
		if (last == S_COUNT && slot == S_type && member == line + 1)
			front = record->type == VP_T_region;
		if (front && slot > S_seq) { /* the next line mostly has the same front */
			front = false;
			size_t n = (size_t)(member - line);
			if (n <= sizeof record->front && record->front_size == 0) {
				memcpy(record->front, line, n);
				record->front_size = n;
				record->front_slot = (unsigned char)last;
			}
		}
		if (read_slot(r, slot, region, &raw_name))
			return -1;
		last = slot;
		if ((more = behind(r)) < 0)
			return -1;
	}
	if (raw_name.p)
		region->name = raw_name;
	return 0;
}

/* Finds the type anywhere in the line; the last one, should there be several. */
static int find_type(struct reader *r)
{
	struct vp_record *record = r->record;
	const char *start = r->at;
	vp_str name = { NULL, 0 };
	int more = 1;
	while (more == 1) {
		vp_str key;
		enum vp_json json;
		if (read_key(r, &key))
			return -1;
		if (key.n == 4 && memcmp(key.p, "type", 4) == 0) {
			if (read_string(r, &name))
				return -1;
		} else if (!(r->at = vp_json_skip(r->at, r->end, 1, &json, &r->fault))) {
			return -1;
		}
		if ((more = behind(r)) < 0)
			return -1;
	}
	if (!name.p)
		return wrong(r, start - 1, "no \"type\"");
	record->type_name = name;
	r->at = start;
	return 0;
}

static int join_rest(struct vp_record *record)
{
	size_t start = record->scratch_used;
	for (size_t i = 0; i < record->rest_count; i++) {
		vp_str text = record->rest[i].text;
		if (text.n + 1 > record->scratch_size - record->scratch_used)
			return -1;
		if (i > 0)
			keep(record, ",", 1);
		keep(record, text.p, text.n);
	}
	record->region.extra = (vp_str){ record->scratch + start, record->scratch_used - start };
	return 0;
}

/* Checks what every reader relies on. */
static int finish(struct reader *r)
{
	struct vp_record *record = r->record;
	struct vp_region *region = &record->region;
	r->at = vp_json_space(r->at, r->end);
	if (r->at != r->end)
		return wrong(r, r->at, "something follows the closing brace");
	if (record->type != VP_T_region && record->type != VP_T_change)
		return 0;
	if (record->rest_count && join_rest(record))
		return wrong(r, r->end, "too long");
	if (region->has_start && region->has_end) {
		if (region->end < region->start)
			return wrong(r, record->line.p, "the region ends before it starts");
		if (!region->has_size)
			region->size = region->end - region->start;
	} else if (record->type == VP_T_region) {
		return wrong(r, record->line.p, "a region without \"start\" and \"end\"");
	}
	if (record->type == VP_T_change && !record->has_id && !record->gone.p)
		return wrong(r, record->line.p, "a change without \"id\"");
	return 0;
}

static void reset(struct vp_record *record, vp_str line)
{
	record->line = line;
	record->has_id = record->has_act = false;
	record->event = record->from = record->gone = record->was = record->cause = record->text =
	        (vp_str){ NULL, 0 };
	memset(&record->region, 0, offsetof(struct vp_region, measure));
	/* Member by member: for a larger block compilers use an instruction that is slow to start.
	 */
	struct vp_region *r = &record->region;
	r->has_offset = r->has_start = r->has_end = r->has_size = false;
	memset(r->perms, 0, sizeof r->perms);
	memset(r->max_perms, 0, sizeof r->max_perms);
	r->share = r->kind = r->kind_by = r->name = r->label = r->dev = r->inode = r->flags =
	        r->extra = (vp_str){ NULL, 0 };
	record->rest_count = 0;
	record->scratch_used = 0;
	record->error = NULL;
}

static int read_whole(struct reader *r)
{
	struct vp_record *record = r->record;
	record->has_t = record->has_pid = record->has_seq = false;
	record->t = 0;
	record->pid = -1;
	record->seq = record->id = record->act = 0;
	record->front_size = 0;
	r->at = vp_json_space(r->at, r->end);
	if (r->at >= r->end || *r->at != '{')
		return wrong(r, r->at, "no JSON object");
	r->at = vp_json_space(r->at + 1, r->end);
	if (r->at < r->end && *r->at == '}')
		return wrong(r, r->at, "no \"type\"");
	if (key_here(r, S_type)) {
		const char *start = r->at;
		r->at = vp_json_space(r->at + keys[S_type].size, r->end);
		if (r->at >= r->end || *r->at != '"')
			return wrong(r, r->at, "expected a string");
		if (read_string(r, &record->type_name))
			return -1;
		r->at = start;
	} else if (find_type(r)) {
		return -1;
	}
	record->type = type_of(record->type_name, record->type);
	return read_members(r, S_COUNT, &record->region);
}

int vp_record_read(struct vp_record *record, vp_str line)
{
	struct reader r = { record, line.p, line.p + line.n, { "", line.p } };
	bool alike = record->front_size && line.n > record->front_size + KEY_MAX &&
	             memcmp(line.p, record->front, record->front_size) == 0;
	reset(record, line);
	int failed;
	if (alike) {
		record->type_name = (vp_str){ vp_type_names[VP_T_region], 6 };
		r.at += record->front_size;
		failed = read_members(&r, record->front_slot, &record->region);
	} else {
		failed = read_whole(&r);
	}
	if (failed || finish(&r)) {
		record->error = r.fault.text;
		record->column = (size_t)((r.fault.where ? r.fault.where : line.p) - line.p) + 1;
		record->front_size = 0;
		return -1;
	}
	return 0;
}

vp_str vp_record_decode(struct vp_record *record, vp_str json)
{
	if (!memchr(json.p, '\\', json.n))
		return (vp_str){ json.p + 1, json.n - 2 };
	return decode(record, json);
}

/* Reads the key at the cursor: its slot, S_COUNT if it has none, -1 (fault). */
static int region_slot(struct reader *r, unsigned last)
{
	unsigned char *after = r->record->within;
	vp_str key;
	if (key_here(r, after[last])) {
		r->at = vp_json_space(r->at + keys[after[last]].size, r->end);
		return r->at < r->end ? after[last] : -1;
	}
	if (read_key(r, &key))
		return -1;
	int slot = key.n ? slot_of(key, S_COUNT) : -1;
	if (slot < 0)
		return S_COUNT;
	after[last] = (unsigned char)slot;
	return slot;
}

int vp_record_region(struct vp_record *record, vp_str object, struct vp_region *region)
{
	struct reader r = { record, object.p, object.p + object.n, { "", object.p } };
	vp_str raw_name = { NULL, 0 };
	enum vp_json json;
	int more = 1, slot = S_COUNT;
	memset(region, 0, sizeof *region);
	if (object.n < 2 || *r.at != '{')
		return 0;
	r.at = vp_json_space(r.at + 1, r.end);
	if (r.at < r.end && *r.at == '}')
		return 0;
	for (; more == 1; more = behind(&r)) {
		if ((slot = region_slot(&r, (unsigned)slot)) < 0)
			return -1;
		bool wanted = slot >= S_start && slot < S_COUNT && slot != S_was && slot != S_cause;
		if (wanted && read_slot(&r, (unsigned)slot, region, &raw_name))
			return -1;
		if (!wanted && !(r.at = vp_json_skip(r.at, r.end, 1, &json, &r.fault)))
			return -1;
	}
	if (raw_name.p)
		region->name = raw_name;
	return more;
}
