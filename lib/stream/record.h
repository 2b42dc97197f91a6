/* Reading a line of the stream: any JSON object, any order of members, no allocation for a line.
 *
 *   {"type":"region","t":0.5,"pid":7,"seq":0,"start":"0x...","end":"0x...","rss":8192,"mood":"glad"}
 *   -> type VP_REGION, t 500000000, pid 7, region.start .., region.measure[VP_M_rss] 8192,
 *      and `mood` in rest[], which holds the members without a slot as text
 *
 * Format: JSON as in RFC 8259. A number in any form is read exactly where it is an integer
 * below 2^53, and to the nanosecond where it is a time.
 */
#ifndef VMPIPE_STREAM_RECORD_H
#define VMPIPE_STREAM_RECORD_H

#include "base/str.h"
#include "plugin.h"
#include "stream/json.h"

/* clang-format off */
#define VP_TYPES(T) T(stream) T(process) T(sample) T(raw) T(event) T(alloc) T(stack) T(module)     \
	T(system) T(snapshot) T(region) T(pages) T(faults) T(change) T(site) T(heap) T(mark) T(lost)   \
	T(finding) T(stage) T(end)

enum vp_type {
	VP_T_OTHER, /* a type that this version does not know: passed on */
#define T(name) VP_T_##name,
	VP_TYPES(T)
#undef T
	VP_T_COUNT
};
/* clang-format on */

#define VP_MEMBERS_MAX 256 /* members of one line without a slot; more is bad input */

/* Cache of a run of measures: its text in an earlier region line, and its values. */
struct vp_measured_run {
	char text[512];
	size_t n;                   /* 0: unused; else with the quote of the member behind it */
	unsigned char before, last; /* slots: the one before the run, and its last one */
	uint64_t measured, measure[VP_M_COUNT];
};
#define VP_RUNS 8

/* Cache of the keys without slots in the last line, by position. Lines of a type mostly have the
 * same keys if their first member without a slot ("call":"mmap") has the same value. */
#define VP_SHAPE  24 /* members */
#define VP_SHAPES 8
struct vp_shape {
	char text[24];      /* "name": */
	uint64_t mask[3];   /* of its bytes */
	unsigned char size; /* 0: unknown */
};

/* A line, read. Reused from line to line; its strings are valid until the next vp_record_read. */
struct vp_record {
	vp_str line; /* the text of the line, without its newline */
	enum vp_type type;
	vp_str type_name;
	bool has_t, has_pid, has_seq, has_id, has_act;
	int64_t t;   /* ns since the stream began */
	int64_t pid; /* -1 where absent */
	uint64_t seq, id, act;
	vp_str event;            /* MMAP_ADD ... */
	vp_str from, gone;       /* JSON arrays of ids, as text; p NULL where absent */
	vp_str was, cause;       /* JSON objects, as text; p NULL where absent */
	vp_str text;             /* of raw lines: `text`, decoded; p NULL where absent */
	struct vp_region region; /* of region and change lines; name holds the exact bytes */
	struct vp_member rest[VP_MEMBERS_MAX]; /* members without a slot */
	size_t rest_count;
	/* Set by the caller: where the text of the next raw line is decoded, if it fits. NULL: in
	 * the record's own memory. */
	char *text_room;
	size_t text_room_n;
	const char *error; /* after -1: what is wrong, and at which byte of the line, from 1 */
	size_t column;
	/* the reader's own */
	char *scratch; /* decoded strings of this line */
	size_t scratch_size, scratch_used;
	unsigned char after[64];  /* by slot: the slot that followed it the last time */
	unsigned char within[65]; /* the same within `was` and `after`; the last: their first */
	char front[128];          /* text of the last region line up to its first own member ... */
	size_t front_size;
	unsigned char front_slot; /* ... and the slot before that */
	struct vp_measured_run runs[VP_RUNS];
	unsigned run_misses;
	struct vp_shape shapes[VP_SHAPES][VP_SHAPE];
	unsigned char shape_type; /* the type of line that the shapes are of */
};

int vp_record_init(struct vp_record *record); /* 0, or -1 (vp_error) */
void vp_record_free(struct vp_record *record);

/* Reads one line without its newline. The record borrows `line`. 0, or -1 with `error` and `column`
 * set. */
int vp_record_read(struct vp_record *record, vp_str line);

/* Does this change only delete its region? MUNMAP_REMOVE, EXIT, and a heap that brk shrank to
 * nothing: BRK_SHRINK whose end is its start. */
bool vp_record_removes(const struct vp_record *record);

/* Splits a region line: `shared` is the prefix common to its snapshot, `own` the rest. p NULL: it
 * cannot be split. */
vp_str vp_record_own(const struct vp_record *record);
vp_str vp_record_shared(const struct vp_record *record);

/* A member without a slot, by its key. NULL: absent. */
const struct vp_member *vp_record_find(const struct vp_record *record, vp_str key);
/* Inline, so that compilers know the length of a literal. */
static inline const struct vp_member *vp_record_member(const struct vp_record *record,
                                                       const char *key)
{
	return vp_record_find(record, (vp_str){ key, strlen(key) });
}

/* Decodes any JSON string of the line, with its quotes, into the record's scratch. */
vp_str vp_record_decode(struct vp_record *record, vp_str json);
/* The value of a member without a slot. p NULL: absent or no string. */
vp_str vp_record_str(struct vp_record *record, const char *key);
/* The same by other types. False: absent, or of another type. */
bool vp_record_num(const struct vp_record *record, const char *key, uint64_t *value);
bool vp_record_time(const struct vp_record *record, const char *key, int64_t *nanoseconds);
bool vp_record_addr(struct vp_record *record, const char *key, uint64_t *address);
/* Is it an event that says that its process has ended? The end of a thread is not. */
bool vp_record_exits(struct vp_record *record);
bool vp_record_bool(const struct vp_record *record, const char *key, bool *value);

/* Reads a JSON object of the line (`was`, `after`) as a region, whose strings are in the record's
 * scratch. 0, or -1. */
int vp_record_region(struct vp_record *record, vp_str object, struct vp_region *region);

extern const char *const vp_type_names[VP_T_COUNT];
extern const char *const vp_measure_names[VP_M_COUNT];

#endif
