/* What a plugin and its host say to each other. The only header that a plugin needs.
 *
 * A plugin is a shared object with one exported constant: `vp_source` (it reads a system, or a
 * text of that system) or `vp_renderer` (it draws figures, or takes the lines themselves). It links
 * against nothing of ours: all that it may ask for stands in `struct vp_host`. plugins/README.md
 * teaches how to write one; plugins/render/trace.c prints every call that a renderer gets.
 *
 *   1  words        vp_str, measures, struct vp_region
 *   2  options      struct vp_option
 *   3  the host     struct vp_host
 *   4  sources      struct vp_source
 *   5  figures      struct vp_figure and its three shapes
 *   6  renderers    struct vp_renderer
 *
 * Ownership, everywhere: who calls owns, who is called borrows until it returns; to keep, copy.
 * Failure, everywhere: record one message by `host->fail` and return -1. A plugin never prints
 * to stdout or stderr and never exits.
 */
#ifndef VMPIPE_PLUGIN_H
#define VMPIPE_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#define class class_ /* a word that C++ keeps for itself: there the members are called class_ */
#endif

/* A host refuses a plugin of another number. It grows with every change of this header that an
 * old plugin would misread. */
#define VP_ABI 6

/* ---- 1 words ------------------------------------------------------------------------------- */

/* A slice of bytes that somebody else owns; not ended by a NUL. Absent where p is NULL. */
typedef struct vp_str {
	const char *p;
	size_t n;
} vp_str;

/* Everything a source can measure of a region: name in the stream, and the unit as a comment where
 * it is not bytes. The order is the order in which writers put them on a line. A measure of smaps
 * that has no row here becomes a member of its own (`struct vp_region.extra`). */
/* clang-format off */
#define VP_MEASURES(M)                                                                             \
	M(rss) M(pss) M(pss_dirty) M(dirty) M(referenced) M(anonymous) M(swap) M(swap_pss) M(locked)   \
	M(huge) M(shared_clean) M(shared_dirty) M(private_clean) M(private_dirty) M(ksm)               \
	M(lazy_free) M(shmem_huge) M(file_huge) M(shared_hugetlb) M(private_hugetlb)                   \
	M(page) M(mmu_page) M(thp_eligible /* 0 or 1 */) M(pkey /* a number */)
/* clang-format on */

/* clang-format off */
enum vp_measure {
#define M(name) VP_M_##name,
	VP_MEASURES(M)
#undef M
	VP_M_COUNT
};
/* clang-format on */

/* One region of one address space at one moment. All strings are borrowed.
 * `size` is end - start unless the source says otherwise. */
struct vp_region {
	uint64_t start, end, size;    /* addresses [start, end); bytes */
	uint64_t offset;              /* bytes into the file; valid if has_offset */
	uint64_t measured;            /* bit i set: measure[i] is known */
	uint64_t measure[VP_M_COUNT]; /* bytes unless VP_MEASURES says otherwise */
	bool has_offset;
	bool has_start, has_end, has_size; /* the reader's: a `was` holds only what differed */
	char perms[8], max_perms[8];       /* "r-xp"; "" where unknown */
	vp_str share;                      /* prv cow shm nul ali ...; */
	vp_str kind;                       /* filled by the host from `kinds` rules where absent */
	vp_str name;                       /* the bytes that the system gave, escaped by nobody */
	vp_str label;                      /* the source's own word for it, e.g. MALLOC_TINY */
	vp_str dev, inode;                 /* "fe:00", "247134" */
	vp_str flags;                      /* "rd ex mr" as VmFlags has them */
	vp_str extra; /* further members as JSON text: "a":1,"b":"x" ; may be empty */
};

/* ---- 2 options ------------------------------------------------------------------------------ */

enum vp_option_type {
	VP_OPT_FLAG, /* bool */
	VP_OPT_INT,  /* int64_t; limits "0..100" */
	VP_OPT_SIZE, /* uint64_t bytes; 4096, 64K, 1.5M, 2G (powers of 1024) */
	VP_OPT_TIME, /* int64_t nanoseconds; 100ms, 1.5s, 5m, 250us, 2h; a bare number is seconds */
	VP_OPT_STRING, /* const char *; NULL where not given; owned by the option set */
	VP_OPT_ENUM,   /* int, the index of the word; limits "maps|rss|smaps|pages" */
	VP_OPT_LIST, /* const char *, like STRING, but given twice it is joined by a comma; limits:
	                the words that may stand in it, as of ENUM */
};

/* One row of an option table; the table ends with a row whose name is NULL. From the same row come
 * the preset, the YAML key, `-O name=value` or `--name`, the limits, `--help` and completions. */
struct vp_option {
	const char *name; /* "interval"; long name and YAML key */
	char letter;      /* 'i', or 0 */
	enum vp_option_type type;
	size_t offset;      /* of the field in the state (offsetof) */
	const char *preset; /* as a user would write it; NULL: zero, NULL, false */
	const char *limits; /* by type, see above; NULL: none */
	const char *arg;    /* what --help calls the value: "TIME" */
	const char *help;   /* one line */
};

/* ---- 3 the host ------------------------------------------------------------------------------ */

/* A process that a source is asked to look at. */
struct vp_process {
	int64_t pid;
	bool launched; /* the program itself has started it and holds it until everything is
	                  attached */
};

/* One frame of a call stack; what is not known is absent. */
struct vp_frame {
	uint64_t addr;
	vp_str object, function; /* the file that it lies in, and what its symbols say */
	uint64_t offset;         /* bytes into that file; valid if has_offset */
	bool has_offset;
};

#define VP_REDACTED 12 /* digits that stand in place of a name */

/* The function table that a plugin calls back through. `h` is always the table itself. */
struct vp_host {
	int abi;
	void *ctx; /* the host's own */

	/* Messages. fail: records it and returns -1. warn: says it on stderr, once for each text.
	 */
	int (*fail)(struct vp_host *h, const char *format, ...);
	void (*warn)(struct vp_host *h, const char *format, ...);
	/* Writes a `lost` line; `pid` -1 where none. */
	void (*lost)(struct vp_host *h, int64_t pid, const char *what, uint64_t count,
	             const char *why);

	/* Nanoseconds since the beginning of the stream (monotonic), and of one event on that
	 * clock. */
	int64_t (*now)(struct vp_host *h);

	/* Sample half: one line of the stream, member by member. `begin` takes the type, the time
	 * and the pid (-1: none); escaping, _raw twins and digits are the host's care. `t` never
	 * decreases in what is written: the host lifts it where needed. */
	void (*begin)(struct vp_host *h, const char *type, int64_t t, int64_t pid);
	void (*str)(struct vp_host *h, const char *key, vp_str value);
	void (*num)(struct vp_host *h, const char *key, uint64_t value);
	void (*sec)(struct vp_host *h, const char *key, int64_t nanoseconds);
	void (*addr)(struct vp_host *h, const char *key, uint64_t address);
	void (*json)(struct vp_host *h, const char *key,
	             vp_str json); /* valid JSON, written as it is */
	void (*strs)(struct vp_host *h, const char *key, const vp_str *values,
	             size_t count); /* an array of strings */
	void (*span)(struct vp_host *h, const char *key, uint64_t start,
	             uint64_t end); /* an object of two addresses */
	void (*regions)(struct vp_host *h, const char *key, const struct vp_region *regions,
	                size_t count); /* an array of them */
	void (*end)(struct vp_host *h);
	/* `raw` lines for one whole text, in pieces of at most 64 KiB cut at line ends. */
	void (*raw)(struct vp_host *h, int64_t t, int64_t pid, uint64_t seq, const char *format,
	            vp_str text);

	/* A child that the source looks at from now on, found by itself (its option `follow` is
	 * set): the host waits for its end too, and hands it to the sources that do not follow.
	 * Between two lines, not within one. */
	void (*follow)(struct vp_host *h, int64_t pid);
	/* All that this source looks at is to be left alone until then (`now`), lest looking be a
	 * burden: ticks in between are passed over, and told as `lost` with the reason. Where other
	 * sources go on, it is asked all the same, and must not look. */
	void (*rest)(struct vp_host *h, int64_t until, const char *why);
	/* NULL unless --redact: then no name, path or argument may leave the source as it is.
	 * Writes VP_REDACTED hexadecimal digits, the same for the same bytes, and no NUL behind
	 * them. Keep what the parse half needs to tell one kind of memory from another. */
	void (*redact)(struct vp_host *h, vp_str bytes, char *digits);

	/* Parse half. It may write lines of its own too, by begin to end, between two snapshots:
	 * `process` for whom the text names (those that follow are then its, and the same one is
	 * not said twice), `system` for the machine. snapshot: begins one; `members` is JSON text
	 * like vp_region.extra (may be empty); `measured`/`measure` are totals that the text itself
	 * states (NULL: none), else the host adds up. region: the next region of it. The host
	 * writes the snapshot line with counts and sums first. */
	void (*snapshot)(struct vp_host *h, vp_str members, const struct vp_region *stated);
	void (*region)(struct vp_host *h, const struct vp_region *region);
	/* One line of the text (counted from 1) that the parser could not read. */
	void (*bad)(struct vp_host *h, size_t line, const char *format, ...);

	/* Render half: bytes of the picture. */
	void (*write)(struct vp_host *h, const char *bytes, size_t n);

	/* Parse half again: a thread of the process whose regions come next in the same look (the
	 * same `seq`), as a text beside them tells of it: its stack pointer, an address in its
	 * thread-local storage (0: unknown), and whether it is the first thread. By these the host
	 * tells the kinds thread-stack and tls. */
	void (*thread)(struct vp_host *h, uint64_t stack, uint64_t local, bool main);

	/* Sample half again: an array of the frames of a stack, from the innermost out. */
	void (*frames)(struct vp_host *h, const char *key, const struct vp_frame *frames,
	               size_t count);

	/* Parse half again, for speed alone, and NULL where nothing is remembered: most of a text
	 * stood in the last look at the same process, in the same format, as well. part: the bytes
	 * of the text that have made the region given last, and would make the same one wherever
	 * they stand; `lines`, so many newlines are in them. Of what was mended, was in part
	 * unreadable, or depends on what stands around, it is not told. again: the region that was
	 * made of the bytes with which `rest`, to the end of the text, begins; NULL: it has to be
	 * read. Their number and lines are in n and lines; `ends` says whether a part may end
	 * before these bytes (not asked at the end of the text). It is asked in the order of the
	 * text. The region is the host's; to give it, pass it to `region` as it is. */
	const struct vp_region *(*again)(struct vp_host *h, vp_str rest,
	                                 bool (*ends)(const char *at), size_t *n, size_t *lines);
	void (*part)(struct vp_host *h, vp_str text, size_t lines);
};

/* ---- 4 sources ------------------------------------------------------------------------------- */

/* A whole text in a format that the source's parse half reads. */
struct vp_text {
	const char *format; /* one of `formats` */
	vp_str text;
	int64_t pid; /* -1 where unknown */
	uint64_t seq;
	uint64_t before; /* lines that stand before it in the text that it was cut out of; `bad`
	                    adds them by itself */
};

/* Callbacks in the order of their life. A half that is absent is NULL. */
struct vp_source {
	int abi; /* VP_ABI */
	const char *name, *about;
	const char *const *formats; /* that parse reads, ended by NULL */
	size_t state; /* bytes; allocated, zeroed, filled from `options`, freed by the host */
	const struct vp_option *options;

	/* sample half: touches the system and hands its text on untouched */
	int (*open)(void *state, struct vp_host *host);
	/* A process to look at from now on: writes its `process` line. -1: cannot, with the reason.
	 * A source without it looks at the system as a whole: vm-sample then needs no process, and
	 * does not count what its `sample` returns. */
	int (*attach)(void *state, struct vp_host *host, const struct vp_process *process);
	/* One look at every attached process. Returns how many are still there, or -1. A process
	 * that is gone gets `event` `exit` and is dropped; one that executed something new, or
	 * whose pid was taken by another, gets a new `process` line (`why` `exec`, `reused`) before
	 * its sample. */
	int (*sample)(void *state, struct vp_host *host);
	void (*close)(void *state, struct vp_host *host);

	/* parse half: a pure function of the text */
	/* How sure it is, 0 (not mine) to 100, and which format; sees the first 64 KiB, or any
	 * other piece. A text of several formats is taken apart by it: it is shown single lines
	 * too. 1 to 9: the text is not known to be mine, but its first line is such as stands
	 * around my rows, a head, a value, a sum; this alone makes no text mine. */
	int (*probe)(vp_str head, const char **format);
	int (*parse)(void *state, struct vp_host *host, const struct vp_text *text);

	bool redacts; /* its sample half heeds host->redact; else --redact refuses it */

	/* A source that is told of things as they happen: a descriptor that is readable when
	 * something is there (-1: none), asked for once after open; then drain, which returns as
	 * sample does. sample is called at each tick all the same. */
	int (*fd)(void *state);
	int (*drain)(void *state, struct vp_host *host);
};

/* A source plugin defines this; a wrong definition does not compile. It is seen from outside also
 * where -fvisibility=hidden (which makes loading faster) hides all else. */
#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif
extern const struct vp_source vp_source;
#ifdef __GNUC__
#pragma GCC visibility pop
#endif

/* ---- 5 figures ------------------------------------------------------------------------------- */

/* Every position is a share of the plotting area: x 0 left .. 1 right, y 0 BOTTOM .. 1 top.
 * Every string is UTF-8 for people, already in words; control characters may be in it (names come
 * from outside): the renderer escapes for its own language. */

enum vp_figure_shape { VP_BOXES, VP_SERIES, VP_TABLE };

/* What a box or a series belongs to, mostly a kind of memory: a row of the legend. */
struct vp_class {
	const char *name;
	const char *detail;   /* "3 regions, 1.2 MiB"; or NULL */
	uint32_t light, dark; /* 0xRRGGBB on a light and on a dark ground */
	uint8_t ansi;         /* of the 256 colours of a terminal, readable on both */
	char letter;          /* tells it without colour; unique in the figure while letters last */
};

struct vp_tick {
	double at;
	const char *text; /* NULL: a line without a word */
	bool fold;        /* here the axis leaves something out (a gap of the address space) */
};

struct vp_axis {
	const char *title;
	const struct vp_tick *ticks;
	size_t count;
};

enum { VP_BOX_NEW = 1, VP_BOX_GONE = 2, VP_BOX_CHANGED = 4, VP_BOX_MERGED = 8 };

struct vp_box {
	float x0, x1, y0, y1;
	uint32_t class;    /* index in classes */
	uint32_t flags;    /* VP_BOX_... */
	float fill;        /* 0..1: share of it that is resident; below 0: unknown */
	const char *label; /* short, to stand in the box where it fits; or NULL */
	const char *title; /* everything about it, lines split by \n */
};

struct vp_serie {
	const char *name;
	uint32_t class;
	const double *y; /* in the unit of the y axis as 0..1 of its span, not stacked; `points` of
	                    them */
	const char *title; /* or NULL */
};

enum vp_align { VP_LEFT, VP_RIGHT };

struct vp_column {
	const char *name;
	enum vp_align align;
};

struct vp_cell {
	const char *text;
	bool shown; /* false: nothing known */
};

/* An upright line at x with words: a mark, a finding, an exec. */
struct vp_flag {
	double x;
	const char *text;
};

struct vp_figure {
	enum vp_figure_shape shape;
	const char *view;             /* "timeline" */
	const char *title, *subtitle; /* subtitle may be NULL */
	const char *empty;            /* not NULL: there is nothing to draw, and this says why */
	const struct vp_class *classes;
	size_t class_count;
	const char *const *notes;
	size_t note_count; /* "1 204 boxes smaller than a pixel are merged" */
	const struct vp_flag *flags;
	size_t flag_count;
	struct vp_axis x, y;
	/* VP_BOXES */
	const struct vp_box *boxes;
	size_t box_count;
	/* VP_SERIES: stacked in order, the first at the bottom; steps: a value holds until the next
	 * x */
	const struct vp_serie *series;
	size_t serie_count;
	const double *xs;
	size_t points;
	/* VP_TABLE: cells row by row; `totals` (column_count cells) or NULL; row_class[i] or NULL,
	 * -1 none */
	const struct vp_column *columns;
	size_t column_count;
	const struct vp_cell *cells;
	size_t row_count;
	const struct vp_cell *totals;
	const int *row_class;
	bool verbatim; /* VP_TABLE of one column, lines as another program prints them: a renderer
	                  of text adds nothing */
};

/* ---- 6 renderers ------------------------------------------------------------------------------
 */

enum vp_colours { VP_COLOUR_NONE, VP_COLOUR_256 };

/* Where the picture goes. width and height are columns and rows for a text renderer, pixels
 * for others, 0 where the renderer may choose. */
struct vp_canvas {
	int width, height;
	bool terminal; /* output is a terminal */
	bool unicode;  /* the locale shows more than ASCII */
	enum vp_colours colours;
	const char *path; /* of the output file, NULL for stdout */
};

struct vp_renderer {
	int abi; /* VP_ABI */
	const char *name, *about;
	size_t state;
	const struct vp_option *options;
	bool text;                       /* sizes are columns and rows (a terminal), else pixels */
	int preset_width, preset_height; /* used where neither user nor terminal says; 0: as the
	                                    figure wants */

	/* Before the first line and the first figure. A picture that is drawn again and again
	 * (--live) has a begin and a draw each time, for its canvas may have changed; end comes
	 * once, and close. */
	int (*begin)(void *state, struct vp_host *host, const struct vp_canvas *canvas);
	int (*record)(void *state, struct vp_host *host,
	              vp_str line); /* or NULL: takes figures only */
	int (*draw)(void *state, struct vp_host *host, const struct vp_figure *figure);
	int (*end)(void *state, struct vp_host *host);
	void (*close)(void *state, struct vp_host *host);
};

#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif
extern const struct vp_renderer vp_renderer;
#ifdef __GNUC__
#pragma GCC visibility pop
#endif

#ifdef __cplusplus
#undef class
}
#endif

#endif
