/* Reading a line of the stream: any JSON object, any order of members, nothing allocated a line.
 *
 *   {"type":"region","t":0.5,"pid":7,"seq":0,"start":"0x...","end":"0x...","rss":8192,"mood":"glad"}
 *   -> type VP_REGION, t 500000000, pid 7, region.start .., region.measure[VP_M_rss] 8192,
 *      and `mood` in rest[] (what this reader has no slot for is kept as it was written)
 *
 * Format: JSON as in RFC 8259. A number in any form is read exactly where it is an integer
 * below 2^53, and to the nanosecond where it is a time.
 */
#ifndef VMPIPE_STREAM_RECORD_H
#define VMPIPE_STREAM_RECORD_H

#include "base/str.h"
#include "plugin.h"
#include "stream/json.h"

#define VP_LINE_MAX (1u << 20) /* bytes without the newline; a longer line is bad input */

/* clang-format off */
#define VP_TYPES(T) T(stream) T(process) T(sample) T(raw) T(event) T(alloc) T(stack) T(module)     \
	T(system) T(snapshot) T(region) T(pages) T(faults) T(change) T(site) T(heap) T(mark) T(lost)   \
	T(finding) T(stage) T(end)
/* clang-format on */

enum vp_type {
	VP_T_OTHER, /* a type that this version does not know: pass it on */
#define T(name) VP_T_##name,
	VP_TYPES(T)
#undef T
	        VP_T_COUNT
};

#define VP_MEMBERS_MAX 256 /* members of one line without a slot; more is bad input */

/* A run of measures as some region line before had it, and what it said. */
struct vp_measured_run {
	char text[512];
	size_t n;                   /* 0: none yet; else with the quote of the member behind it */
	unsigned char before, last; /* slots: in front of it, and its last one */
	uint64_t measured, measure[VP_M_COUNT];
};
#define VP_RUNS 8

/* What the members without slots of a line were called, one by one: lines of a type mostly have the
 * same, if the first of these members, which tells what they are about ("call":"mmap"), has the
 * same value. */
#define VP_SHAPE  24 /* members */
#define VP_SHAPES 8
struct vp_shape {
	char text[24];      /* "name": as it stood there */
	uint64_t mask[3];   /* of its bytes */
	unsigned char size; /* 0: unknown */
};

/* A line, read. Reused from line to line; its strings live until the next vp_record_read. */
struct vp_record {
	vp_str line; /* as it came, without its newline */
	enum vp_type type;
	vp_str type_name;
	bool has_t, has_pid, has_seq, has_id, has_act;
	int64_t t;   /* ns since the stream began */
	int64_t pid; /* -1 where absent */
	uint64_t seq, id, act;
	vp_str event;      /* MMAP_ADD ... */
	vp_str from, gone; /* JSON arrays of ids, as text; p NULL where absent */
	vp_str was, cause; /* JSON objects, as text; p NULL where absent */
	vp_str text;       /* of raw lines: `text`, decoded; p NULL where absent */
	struct vp_region
	        region; /* the members of region and change lines; name holds the exact bytes */
	struct vp_member rest[VP_MEMBERS_MAX];
	size_t rest_count;
	char *text_room; /* where the text of the next raw line is to be decoded, if it fits; NULL:
	                    into our own memory */
	size_t text_room_n;
	/* the reader's own */
	char *scratch; /* decoded strings of this line */
	size_t scratch_size, scratch_used;
	unsigned char after[64];  /* by slot: the slot that followed it last time */
	unsigned char within[65]; /* the same of the regions within `was` and `after`; the last:
	                             their first */
	char front[128]; /* the text of the last region line up to its first own member ... */
	size_t front_size;
	unsigned char front_slot; /* ... and the slot before that */
	struct vp_measured_run runs[VP_RUNS];
	unsigned run_misses;
	struct vp_shape shapes[VP_SHAPES][VP_SHAPE];
	unsigned char shape_type; /* of which type of line it is */
	const char *error;        /* after -1: what is wrong, and where in the line */
	size_t column;
};

int vp_record_init(struct vp_record *record); /* 0, or -1 (vp_error) */
void vp_record_free(struct vp_record *record);

/* Reads one line (no newline in it) into the record. The record borrows `line`.
 * Returns 0; or -1 with `error` and `column` (from 1) set. */
int vp_record_read(struct vp_record *record, vp_str line);

/* Of a region line its own words: what stands behind the members that its whole snapshot shares,
 * and those. p NULL: not to be told apart. */
vp_str vp_record_own(const struct vp_record *record);
vp_str vp_record_shared(const struct vp_record *record);

/* A member without a slot, by its key; NULL where it is not there. */
const struct vp_member *vp_record_find(const struct vp_record *record, vp_str key);
static inline const struct vp_member *vp_record_member(const struct vp_record *record,
                                                       const char *key)
{
	return vp_record_find(record, (vp_str){ key, strlen(key) }); /* here, so that compilers know
	                                                                the length of a literal */
}
/* The same, decoded: strings unescaped (into the record's scratch), numbers as they are.
 * string: absent -> p NULL. num/time: false where absent or no number. */
vp_str vp_record_decode(struct vp_record *record,
                        vp_str json); /* any JSON string with its quotes */
vp_str vp_record_str(struct vp_record *record, const char *key);
bool vp_record_num(const struct vp_record *record, const char *key, uint64_t *value);
bool vp_record_time(const struct vp_record *record, const char *key, int64_t *nanoseconds);
/* An address as a string, "0x00007f0000000000"; false where absent or none. */
bool vp_record_addr(struct vp_record *record, const char *key, uint64_t *address);
bool vp_record_bool(const struct vp_record *record, const char *key, bool *value);

/* Reads the members of a JSON object of the line into a region (for `was` and `after`): fills
 * `region` and returns 0, or -1. Strings live in the record's scratch until the next
 * vp_record_read. */
int vp_record_region(struct vp_record *record, vp_str object, struct vp_region *region);

extern const char *const vp_type_names[VP_T_COUNT];
extern const char *const vp_measure_names[VP_M_COUNT];

#endif
