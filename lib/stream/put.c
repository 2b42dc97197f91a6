/* Writing lines member by member: one place for every escape, region lines by a path of their own.
 */
#include "stream/put.h"

#include <string.h>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/utf8.h"
#include "stream/out.h"

/* ---- digits ---- */

static const char pairs[] =
        "000102030405060708091011121314151617181920212223242526272829303132333435363738394041424344"
        "45464748495051525354555657585960616263"
        "646566676869707172737475767778798081828384858687888990919293949596979899";

static inline char *put_u64(char *at, uint64_t v)
{
	if (v < 10) {
		*at = (char)('0' + v);
		return at + 1;
	}
	char digits[20], *p = digits + sizeof digits;
	while (v >= 100) {
		p -= 2;
		memcpy(p, pairs + 2 * (v % 100), 2);
		v /= 100;
	}
	if (v >= 10) {
		p -= 2;
		memcpy(p, pairs + 2 * v, 2);
	} else {
		*--p = (char)('0' + v);
	}
	size_t n = (size_t)(digits + sizeof digits - p);
	memcpy(at, p, n);
	return at + n;
}

static char *put_seconds(char *at, int64_t ns)
{
	uint64_t v = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
	if (ns < 0)
		*at++ = '-';
	at = put_u64(at, v / 1000000000u);
	*at++ = '.';
	uint64_t rest = v % 1000000000u;
	for (int i = 8; i >= 0; i--, rest /= 10)
		at[i] = (char)('0' + rest % 10);
	return at + 9;
}

#define ROW(h)                                                                                \
	h "0" h "1" h "2" h "3" h "4" h "5" h "6" h "7" h "8" h "9" h "a" h "b" h "c" h "d" h \
	  "e" h "f"
static const char hex_pairs[] = ROW("0") ROW("1") ROW("2") ROW("3") ROW("4") ROW("5") ROW("6")
        ROW("7") ROW("8") ROW("9") ROW("a") ROW("b") ROW("c") ROW("d") ROW("e") ROW("f");
#undef ROW

static inline char *put_address(char *at, uint64_t v) /* with its quotes: 20 bytes */
{
	memcpy(at, "\"0x", 3);
	for (int i = 0; i < 8; i++)
		memcpy(at + 3 + 2 * i, hex_pairs + 2 * (v >> (56 - 8 * i) & 0xff), 2);
	at[19] = '"';
	return at + 20;
}

/* ---- strings ---- */

static char *put_escape(char *at, unsigned char c)
{
	static const char hex[] = "0123456789abcdef", short_from[] = "\"\\\n\t\r\b\f",
	                  short_to[] = "\"\\ntrbf";
	const char *known = memchr(short_from, c, sizeof short_from - 1);
	*at++ = '\\';
	if (known) {
		*at++ = short_to[known - short_from];
		return at;
	}
	memcpy(at, "u00", 3);
	at[3] = hex[c >> 4];
	at[4] = hex[c & 15];
	return at + 5;
}

/* Copies a text of 4 to 15 bytes that needs no escapes, by two loads that overlap. False: it is
 * another. */
static inline bool put_short(char *at, const char *from, size_t n)
{
	uint64_t x, y;
	if (n - 4 > 11)
		return false;
	if (n >= 8) {
		x = vp_load8(from);
		y = vp_load8(from + n - 8);
	} else {
		x = (uint64_t)vp_load4(from) << 32 | vp_load4(from + n - 4);
		y = x;
	}
	if ((vp_specials(x) | vp_specials(y) | ((x + VP_ONES) & VP_HIGHS) |
	     ((y + VP_ONES) & VP_HIGHS)) != 0)
		return false; /* 0x7f, too */
	if (n >= 8) {
		vp_store8(at, x);
		vp_store8(at + n - 8, y);
	} else {
		vp_store4(at, (uint32_t)(x >> 32));
		vp_store4(at + n - 4, (uint32_t)x);
	}
	return true;
}

/* Puts bytes as a JSON string; `at` has room for 6 * n + 16. Sets *valid to false if they are no
 * UTF-8. */
static char *put_checked(char *at, vp_str bytes, bool *valid)
{
	const unsigned char *from = (const unsigned char *)bytes.p, *end = from + bytes.n;
	*at++ = '"';
	if (put_short(at, bytes.p, bytes.n)) {
		at[bytes.n] = '"';
		return at + bytes.n + 1;
	}
	while (from < end) {
		if (end - from >= 16) {
			unsigned run = vp_plain16(from, at);
			if (run == 16) { /* a branch: the next load need not wait for arithmetic */
				from += 16;
				at += 16;
				continue;
			}
			from += run;
			at += run;
		}
		unsigned char c = *from;
		if (c == '\n') { /* nearly all escapes of a text are newlines */
			*at++ = '\\';
			*at++ = 'n';
			from++;
		} else if (c < 0x20 || c == '"' || c == '\\' || c == 0x7f) {
			at = put_escape(at, c);
			from++;
		} else if (c < 0x80) {
			*at++ = (char)c;
			from++;
		} else {
			int n = vp_utf8_length(from, end);
			if (n == 2 && c == 0xc2 && from[1] < 0xa0) { /* C1: terminals obey them */
				at = put_escape(at, from[1]);
				from += 2;
				continue;
			}
			*valid = *valid && n;
			memcpy(at, n ? (const char *)from : "\xef\xbf\xbd", n ? (size_t)n : 3);
			at += n ? n : 3;
			from += n ? n : 1;
		}
	}
	*at++ = '"';
	return at;
}

static char *put_quoted(char *at, vp_str bytes)
{
	bool valid = true;
	return put_checked(at, bytes, &valid);
}

static void made(struct vp_out *out, char *at)
{
	out->used = (size_t)(at - out->buffer);
}

static void quoted(struct vp_out *out, vp_str bytes)
{
	if (vp_out_room(out, 6 * bytes.n + 16))
		made(out, put_quoted(out->buffer + out->used, bytes));
}

void vp_out_quoted(struct vp_out *out, vp_str bytes)
{
	quoted(out, bytes);
}

static void base64(struct vp_out *out, vp_str bytes)
{
	if (!vp_out_room(out, bytes.n / 3 * 4 + 8))
		return;
	out->buffer[out->used++] = '"';
	out->used += vp_base64_encode(bytes, out->buffer + out->used);
	out->buffer[out->used++] = '"';
}

/* ---- members ---- */

static void put(struct vp_out *out, const char *text, size_t n)
{
	if (!vp_out_room(out, n))
		return;
	memcpy(out->buffer + out->used, text, n);
	out->used += n;
}

/* Puts the key, its name ended by `ending`, and makes room for a number or an address. False: no
 * memory. */
static inline bool any_key(struct vp_out *out, const char *name, const char *ending,
                           size_t ending_n)
{
	size_t n = strlen(name);
	/* Asked before the room is made, which may write out what is there. */
	bool first = out->used && out->buffer[out->used - 1] == '{';
	if (!vp_out_room(out, n + ending_n + 40))
		return false;
	char *at = out->buffer + out->used;
	if (!first)
		*at++ = ',';
	*at++ = '"';
	memcpy(at, name, n);
	memcpy(at + n, ending, ending_n);
	out->used = (size_t)(at + n + ending_n - out->buffer);
	return true;
}

static bool key(struct vp_out *out, const char *name)
{
	return any_key(out, name, "\":", 2);
}

static bool raw_key(struct vp_out *out, const char *name)
{
	return any_key(out, name, "_raw\":", 6);
}

void vp_put_begin(struct vp_out *out, const char *type, int64_t t, int64_t pid)
{
	if (!out->memory && out->used > VP_GATHER)
		vp_out_flush(out);
	if (!vp_out_room(out, 160))
		return;
	put(out, "{\"type\":\"", 9);
	put(out, type, strlen(type));
	put(out, "\"", 1);
	vp_put_sec(out, "t", t);
	if (pid >= 0)
		vp_put_num(out, "pid", (uint64_t)pid);
}

void vp_put_str(struct vp_out *out, const char *name, vp_str value)
{
	if (!value.p || !key(out, name))
		return;
	quoted(out, value);
	if (!vp_utf8_valid(value) && raw_key(out, name))
		base64(out, value);
}

void vp_put_raw_only(struct vp_out *out, const char *name, vp_str value)
{
	bool valid = true;
	if (!vp_out_room(out, 6 * value.n + strlen(name) + 64))
		return;
	size_t before = out->used;
	key(out, name);
	made(out, put_checked(out->buffer + out->used, value, &valid));
	if (valid)
		return;
	out->used = before; /* taken back */
	if (raw_key(out, name))
		base64(out, value);
}

void vp_put_num(struct vp_out *out, const char *name, uint64_t value)
{
	if (key(out, name))
		made(out, put_u64(out->buffer + out->used, value));
}

void vp_put_int(struct vp_out *out, const char *name, int64_t value)
{
	if (!key(out, name))
		return;
	char *at = out->buffer + out->used;
	if (value < 0)
		*at++ = '-';
	made(out, put_u64(at, value < 0 ? -(uint64_t)value : (uint64_t)value));
}

void vp_put_sec(struct vp_out *out, const char *name, int64_t nanoseconds)
{
	if (key(out, name))
		made(out, put_seconds(out->buffer + out->used, nanoseconds));
}

void vp_put_addr(struct vp_out *out, const char *name, uint64_t address)
{
	if (key(out, name))
		made(out, put_address(out->buffer + out->used, address));
}

void vp_put_bool(struct vp_out *out, const char *name, bool value)
{
	vp_put_json(out, name, value ? vp_s("true") : vp_s("false"));
}

void vp_put_json(struct vp_out *out, const char *name, vp_str json)
{
	if (json.p && key(out, name))
		put(out, json.p, json.n);
}

void vp_put_members(struct vp_out *out, vp_str members)
{
	if (!members.n || !out->used)
		return;
	if (out->buffer[out->used - 1] != '{')
		put(out, ",", 1);
	put(out, members.p, members.n);
}

void vp_put_object(struct vp_out *out, const char *name)
{
	if (key(out, name))
		put(out, "{", 1);
}

void vp_put_close(struct vp_out *out)
{
	put(out, "}", 1);
}

void vp_put_end(struct vp_out *out)
{
	put(out, "}\n", 2);
	out->lines++;
}

/* ---- regions ---- */

static const struct {
	unsigned char size;
	char text[23];
} measure_keys[VP_M_COUNT] = {
#define M(name) { sizeof #name + 3, ",\"" #name "\":" },
	VP_MEASURES(M)
#undef M
};

static inline char *member(char *at, const char *text, size_t n)
{
	memcpy(at, text, n);
	return at + n;
}

#define MEMBER(at, text) member(at, text, sizeof(text) - 1)

static char *string_member(char *at, const char *text, size_t n, vp_str value)
{
	if (!value.p)
		return at;
	return put_quoted(member(at, text, n), value);
}

#define STRING(at, text, value) string_member(at, text, sizeof(text) - 1, value)

static char *name_member(char *at, vp_str name)
{
	if (!name.p || !name.n)
		return at;
	at = STRING(at, ",\"name\":", name);
	if (vp_utf8_valid(name))
		return at;
	at = MEMBER(at, ",\"name_raw\":\"");
	at += vp_base64_encode(name, at);
	*at++ = '"';
	return at;
}

static inline char *measures(char *at, const struct vp_region *region)
{
	uint64_t left = region->measured;
	for (unsigned i = 0; left; i++, left >>= 1) {
		if (!(left & 1))
			continue;
		memcpy(at, measure_keys[i].text, 22);
		at = put_u64(at + measure_keys[i].size, region->measure[i]);
	}
	return at;
}

/* Room that the members of a region may need at most. */
static size_t region_room(const struct vp_region *r)
{
	return 1400 +
	       6 * (r->share.n + r->kind.n + r->kind_by.n + r->label.n + r->dev.n + r->inode.n +
	            r->flags.n) +
	       8 * r->name.n + r->extra.n;
}

static char *region_members(char *at, const struct vp_region *r)
{
	at = put_address(MEMBER(at, ",\"start\":"), r->start);
	at = put_address(MEMBER(at, ",\"end\":"), r->end);
	at = put_u64(MEMBER(at, ",\"size\":"), r->size);
	if (r->perms[0])
		at = STRING(at, ",\"perms\":", vp_s(r->perms));
	if (r->max_perms[0])
		at = STRING(at, ",\"max_perms\":", vp_s(r->max_perms));
	at = STRING(at, ",\"share\":", r->share);
	at = STRING(at, ",\"kind\":", r->kind);
	at = STRING(at, ",\"kind_by\":", r->kind_by);
	at = name_member(at, r->name);
	at = STRING(at, ",\"label\":", r->label);
	if (r->has_offset)
		at = put_address(MEMBER(at, ",\"offset\":"), r->offset);
	at = STRING(at, ",\"dev\":", r->dev);
	at = STRING(at, ",\"inode\":", r->inode);
	at = measures(at, r);
	at = STRING(at, ",\"flags\":", r->flags);
	if (r->extra.n) {
		*at++ = ',';
		at = member(at, r->extra.p, r->extra.n);
	}
	return at;
}

void vp_put_region(struct vp_out *out, const struct vp_region *region)
{
	if (!vp_out_room(out, region_room(region)))
		return;
	char *start = out->buffer + out->used;
	char *end = region_members(start, region);
	if (start[-1] == '{') { /* no comma after the brace */
		memmove(start, start + 1, (size_t)(end - start));
		end--;
	}
	made(out, end);
}

/* Puts what all region lines of one snapshot begin with. */
static char *region_front(struct vp_out *out, char *at, int64_t t, int64_t pid, uint64_t seq)
{
	if (out->front_size && out->front_t == t && out->front_pid == pid &&
	    out->front_seq == seq) {
		memcpy(at, out->front, sizeof out->front); /* equals the last line's */
		return at + out->front_size;
	}
	char *start = at;
	at = put_seconds(MEMBER(at, "{\"type\":\"region\",\"t\":"), t);
	if (pid >= 0)
		at = put_u64(MEMBER(at, ",\"pid\":"), (uint64_t)pid);
	at = put_u64(MEMBER(at, ",\"seq\":"), seq);
	out->front_size = (size_t)(at - start) <= sizeof out->front ? (size_t)(at - start) : 0;
	memcpy(out->front, start, out->front_size);
	out->front_t = t;
	out->front_pid = pid;
	out->front_seq = seq;
	return at;
}

vp_str vp_put_region_line(struct vp_out *out, int64_t t, int64_t pid, uint64_t seq, uint64_t id,
                          const struct vp_region *region)
{
	if (!out->memory && out->used > VP_GATHER)
		vp_out_flush(out);
	if (!vp_out_room(out, region_room(region)))
		return (vp_str){ NULL, 0 };
	char *at = region_front(out, out->buffer + out->used, t, pid, seq);
	if (id)
		at = put_u64(MEMBER(at, ",\"id\":"), id);
	char *members = at;
	at = MEMBER(region_members(at, region), "}\n");
	made(out, at);
	out->lines++;
	return (vp_str){ members, (size_t)(at - members) };
}

void vp_put_region_again(struct vp_out *out, int64_t t, int64_t pid, uint64_t seq, vp_str members)
{
	if (!out->memory && out->used > VP_GATHER)
		vp_out_flush(out);
	if (!vp_out_room(out, 160 + members.n))
		return;
	char *at = region_front(out, out->buffer + out->used, t, pid, seq);
	memcpy(at, members.p, members.n);
	made(out, at + members.n);
	out->lines++;
}
