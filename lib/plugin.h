/* What a plugin and its host say to each other. The only header that a plugin needs.
 *
 * A plugin is a shared object with one exported constant: `vp_source` (it reads a system, or a
 * text of that system) or `vp_renderer` (it draws figures, or takes the lines of the stream). It
 * links against nothing of vmpipe: it calls the host through a table of functions. A source has two
 * halves, sample and parse; a renderer is the third. Each half has a table of its own.
 * plugins/README.md teaches how to write one; plugins/render/trace.c prints every call that a
 * renderer gets.
 *
 *   1  values       vp_str, measures, struct vp_region, struct vp_thread, struct vp_frame
 *   2  options      struct vp_option
 *   3  the host     struct vp_sample_api, struct vp_parse_api, struct vp_render_api
 *   4  sources      struct vp_source
 *   5  figures      struct vp_figure and its four shapes
 *   6  renderers    struct vp_renderer
 *
 * Ownership, everywhere: the caller owns; the function called borrows until it returns, and copies
 * what it keeps. Failure, everywhere: record one message by `host->fail` and return -1. A plugin
 * never prints to stdout or stderr and never exits.
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

/* A host refuses a plugin of another number. The number grows with every change of this header that
 * an old plugin would misread. */
#define VP_ABI 9

#ifdef __GNUC__
#define VP_PRINTF(text, first) __attribute__((__format__(__printf__, text, first)))
#else
#define VP_PRINTF(text, first)
#endif

/* ---- 1 values ------------------------------------------------------------------------------- */

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
	vp_str share;                      /* prv cow shm nul ali ... */
	vp_str kind;                       /* filled by the host from `kinds` rules where absent */
	vp_str kind_by; /* how the kind was told: name thread file flags shape program; filled with
	                   it */
	vp_str name;    /* the bytes that the system gave, not escaped */
	vp_str label;   /* the source's own word for the region: MALLOC_TINY */
	vp_str dev, inode; /* "fe:00", "247134" */
	vp_str flags;      /* "rd ex mr" as VmFlags has them */
	vp_str extra;      /* further members as JSON text: "a":1,"b":"x" ; may be empty */
};

/* A thread of a process; what is not known is 0, or absent. */
struct vp_thread {
	int64_t tid;
	vp_str name;    /* the bytes that the system gave */
	uint64_t stack; /* its stack pointer */
	uint64_t local; /* an address in its thread-local storage */
	bool main;      /* the first thread: its local storage has a region of its own */
};

/* One frame of a call stack. What is not known is absent. */
struct vp_frame {
	uint64_t addr;
	vp_str object, function; /* the file that holds the address, and the symbol there */
	uint64_t offset;         /* bytes into that file; valid if has_offset */
	vp_str file;             /* of the source text */
	uint64_t line;           /* in `file`, from 1; 0: unknown */
	bool has_offset;
	bool inlined; /* the compiler put this function into the next frame's */
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

/* What a plugin may call: one table for each half. `h` is always the table itself; no member is
 * ever NULL. All three tables begin with the same front:
 *
 *   abi   the VP_ABI of the host
 *   ctx   the host's own
 *   fail  records the message of a failure; returns -1
 *   warn  prints a message on stderr, each text once
 *   now   nanoseconds since the beginning of the stream. Parse half: the time of the text.
 *         Renderer: the time of the last line that was read.
 *
 * The tables of both halves of a source go on with one line of the stream, member by member. The
 * host escapes, adds the `_raw` members and formats the digits:
 *
 *   begin    the type, the time (ns) and the pid (-1: none). The host lifts a time that would lie
 *            before the last line's.
 *   str      a string
 *   num      a number
 *   sec      nanoseconds, written as seconds
 *   addr     an address
 *   json     valid JSON, written unchanged
 *   strs     an array of strings
 *   span     an object of two addresses
 *   regions  an array of regions
 *   frames   an array of the frames of a call stack, from the innermost out
 *   end      ends the line
 *   lost     a whole `lost` line; `pid` -1: none
 */

#define VP_REDACTED 12 /* digits in place of a name */

/* For the sample half of a source. */
struct vp_sample_api {
	int abi;
	void *ctx;
	int (*fail)(struct vp_sample_api *h, const char *format, ...) VP_PRINTF(2, 3);
	void (*warn)(struct vp_sample_api *h, const char *format, ...) VP_PRINTF(2, 3);
	int64_t (*now)(struct vp_sample_api *h);

	void (*begin)(struct vp_sample_api *h, const char *type, int64_t t, int64_t pid);
	void (*str)(struct vp_sample_api *h, const char *key, vp_str value);
	void (*num)(struct vp_sample_api *h, const char *key, uint64_t value);
	void (*sec)(struct vp_sample_api *h, const char *key, int64_t nanoseconds);
	void (*addr)(struct vp_sample_api *h, const char *key, uint64_t address);
	void (*json)(struct vp_sample_api *h, const char *key, vp_str json);
	void (*strs)(struct vp_sample_api *h, const char *key, const vp_str *values, size_t count);
	void (*span)(struct vp_sample_api *h, const char *key, uint64_t start, uint64_t end);
	void (*regions)(struct vp_sample_api *h, const char *key, const struct vp_region *regions,
	                size_t count);
	void (*frames)(struct vp_sample_api *h, const char *key, const struct vp_frame *frames,
	               size_t count);
	void (*end)(struct vp_sample_api *h);
	void (*lost)(struct vp_sample_api *h, int64_t pid, const char *what, uint64_t count,
	             const char *why);

	/* Writes one whole text as `raw` lines: pieces of at most 64 KiB, cut at line ends. */
	void (*raw)(struct vp_sample_api *h, int64_t t, int64_t pid, uint64_t seq,
	            const char *format, vp_str text);
	/* Names a child that the source found and samples from now on (its option `follow` is set).
	 * The host waits for the child's end too, and attaches it to the sources that do not
	 * follow. Not between begin and end. */
	void (*follow)(struct vp_sample_api *h, int64_t pid);
	/* Asks for no sample before `until` (ns, as `now`): this source would load its processes
	 * too much. Skipped ticks are written as `lost` with `why`. Where other sources go on,
	 * `sample` is called all the same; the source must not read anything then. */
	void (*rest)(struct vp_sample_api *h, int64_t until, const char *why);
	/* --redact: no name, path or argument may leave the source. Keep what the parse half needs
	 * to tell the kinds of memory apart. */
	bool redacting;
	/* Writes VP_REDACTED hexadecimal digits, the same for the same bytes, and no NUL. */
	void (*redact)(struct vp_sample_api *h, vp_str bytes, char *digits);
};

/* For the parse half of a source. Lines of its own go between two snapshots: `process` names the
 * process of the snapshots that follow (the host writes an unchanged one only once), `system` is
 * the whole machine. */
struct vp_parse_api {
	int abi;
	void *ctx;
	int (*fail)(struct vp_parse_api *h, const char *format, ...) VP_PRINTF(2, 3);
	void (*warn)(struct vp_parse_api *h, const char *format, ...) VP_PRINTF(2, 3);
	int64_t (*now)(struct vp_parse_api *h);

	void (*begin)(struct vp_parse_api *h, const char *type, int64_t t, int64_t pid);
	void (*str)(struct vp_parse_api *h, const char *key, vp_str value);
	void (*num)(struct vp_parse_api *h, const char *key, uint64_t value);
	void (*sec)(struct vp_parse_api *h, const char *key, int64_t nanoseconds);
	void (*addr)(struct vp_parse_api *h, const char *key, uint64_t address);
	void (*json)(struct vp_parse_api *h, const char *key, vp_str json);
	void (*strs)(struct vp_parse_api *h, const char *key, const vp_str *values, size_t count);
	void (*span)(struct vp_parse_api *h, const char *key, uint64_t start, uint64_t end);
	void (*regions)(struct vp_parse_api *h, const char *key, const struct vp_region *regions,
	                size_t count);
	void (*frames)(struct vp_parse_api *h, const char *key, const struct vp_frame *frames,
	               size_t count);
	void (*end)(struct vp_parse_api *h);
	void (*lost)(struct vp_parse_api *h, int64_t pid, const char *what, uint64_t count,
	             const char *why);

	/* Begins a snapshot. `members`: JSON text like vp_region.extra, may be empty. `stated`:
	 * totals that the text itself gives (size, measures, extra); NULL: the host sums up. The
	 * host writes the snapshot line, with counts and sums, before its regions. */
	void (*snapshot)(struct vp_parse_api *h, vp_str members, const struct vp_region *stated);
	/* Adds the next region to the snapshot, in the order of the text: any order will do. In a
	 * text that may have several reports the host itself begins another snapshot before a
	 * region that cannot be of the same moment: with the start or the end of another one. */
	void (*region)(struct vp_parse_api *h, const struct vp_region *region);
	/* Says whose the snapshots from here on are, without a `process` line; -1: unknown. */
	void (*whose)(struct vp_parse_api *h, int64_t pid);
	/* Reports line `line` of the text, counted from 1, as unreadable. */
	void (*bad)(struct vp_parse_api *h, size_t line, const char *format, ...) VP_PRINTF(3, 4);
	/* Names a thread of the process, for the kinds thread-stack and tls, and for the members
	 * `tid` and `thread` of its stack. It counts for the regions that follow under the same
	 * `seq`. */
	void (*thread)(struct vp_parse_api *h, const struct vp_thread *thread);

	/* A cache, for speed alone: most bytes of a text equal those of the previous sample of the
	 * process in the same format.
	 *
	 * part: `text`, with so many newlines in it, gave the region passed last, and gives the
	 * same one at any place. Not to be called for a region that was mended, was partly
	 * unreadable, or depends on bytes around it.
	 *
	 * again: the region that the first *n bytes of `rest` gave (*lines newlines); NULL: parse
	 * them. `rest` runs to the end of the text; `ends` says whether a part may end before the
	 * bytes at `at` (not asked at the end of the text). Call it in the order of the text. The
	 * region is the host's: pass it to `region` unchanged. */
	const struct vp_region *(*again)(struct vp_parse_api *h, vp_str rest,
	                                 bool (*ends)(const char *at), size_t *n, size_t *lines);
	void (*part)(struct vp_parse_api *h, vp_str text, size_t lines);
};

/* For a renderer. */
struct vp_render_api {
	int abi;
	void *ctx;
	int (*fail)(struct vp_render_api *h, const char *format, ...) VP_PRINTF(2, 3);
	void (*warn)(struct vp_render_api *h, const char *format, ...) VP_PRINTF(2, 3);
	int64_t (*now)(struct vp_render_api *h);

	/* Writes bytes of the picture. */
	void (*write)(struct vp_render_api *h, const char *bytes, size_t n);
};

/* ---- 4 sources ------------------------------------------------------------------------------- */

/* A process to sample. */
struct vp_process {
	int64_t pid;
	bool launched; /* the program started it, and holds it until every source is attached */
};

/* A whole text in a format that the source's parse half reads. */
struct vp_text {
	const char *format; /* one of `formats` */
	vp_str text;
	int64_t pid; /* -1: unknown */
	uint64_t seq;
	uint64_t before; /* lines before it in the text that it was cut out of; `bad` adds them */
};

/* Callbacks in the order of their life. A half that is absent is NULL. */
struct vp_source {
	int abi; /* VP_ABI */
	const char *name, *about;
	const char *const *formats; /* that parse reads, ended by NULL */
	/* What a person sees of each format, for --list: its format, then some lines of it with
	 * newlines between. Ended by two NULLs; NULL: none. */
	const char *const (*examples)[2];
	size_t state; /* bytes; allocated, zeroed, filled from `options`, freed by the host */
	const struct vp_option *options;

	/* sample half: reads the system and passes its text on unchanged */
	int (*open)(void *state, struct vp_sample_api *host);
	/* Adds a process and writes its `process` line. -1: cannot, with the reason. A source
	 * without attach samples the system as a whole: vm-sample then needs no process, and
	 * ignores the count that `sample` returns. */
	int (*attach)(void *state, struct vp_sample_api *host, const struct vp_process *process);
	/* Samples every attached process. Returns how many are still alive, or -1. A process that
	 * is gone gets `event` `exit` and is dropped. One that executed another program, or whose
	 * pid was reused, gets a new `process` line (`why` `exec`, `reused`) before its sample. */
	int (*sample)(void *state, struct vp_sample_api *host);
	void (*close)(void *state, struct vp_sample_api *host);

	/* parse half: a pure function of the text */
	/* Returns how sure it is that the text is its own, 0 (no) to 100, and sets its format. It
	 * gets the first 64 KiB, or any other piece: a text of several formats is split by its
	 * answers, so it gets single lines too. 1 to 9: such a line (a heading, a value, a sum)
	 * occurs around the source's rows; this alone makes no text its own. */
	int (*probe)(vp_str head, const char **format);
	int (*parse)(void *state, struct vp_parse_api *host, const struct vp_text *text);

	bool redacts; /* the sample half obeys host->redacting; else --redact refuses the source */

	/* A source that receives events. fd: a descriptor, readable when there are some (-1: none),
	 * asked for once, after open. drain: takes them in; returns as sample does, which is still
	 * called at each tick. */
	int (*fd)(void *state);
	int (*drain)(void *state, struct vp_sample_api *host);

	/* Variables that a launched command gets, each NAME=value, ended by NULL; asked for after
	 * open, valid until close. LD_PRELOAD goes in front of what the command has there. NULL:
	 * none. */
	const char *const *(*environment)(void *state);
	/* The source that is loaded as well where the user names this one alone; NULL: none. */
	const char *with;
};

/* A source plugin defines this; a wrong definition does not compile. It stays visible where
 * -fvisibility=hidden (which makes loading faster) hides all else. */
#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif
extern const struct vp_source vp_source;
#ifdef __GNUC__
#pragma GCC visibility pop
#endif

/* ---- 5 figures ------------------------------------------------------------------------------- */

/* Every position is a share of the plotting area: x 0 left .. 1 right, y 0 BOTTOM .. 1 top.
 * Every string is UTF-8 for people, already in words. It may hold control characters, for names
 * come from outside: the renderer escapes for its own language. */

enum vp_figure_shape { VP_BOXES, VP_SERIES, VP_TABLE, VP_STACKS };

/* What a box, a series or a frame belongs to, mostly a kind of memory: a row of the legend. */
struct vp_class {
	const char *name;
	const char *detail;   /* "3 regions, 1.2 MiB"; or NULL */
	uint32_t light, dark; /* 0xRRGGBB on a light and on a dark ground */
	uint8_t ansi;         /* of the 256 colours of a terminal, readable on both */
	char letter;          /* where there is no colour; unique while letters last */
};

struct vp_tick {
	double at;
	const char *text; /* NULL: a line without a word */
	bool fold;        /* the axis leaves something out here: a gap of the address space */
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
	const char *label; /* short, for inside the box; or NULL */
	const char *title; /* everything about the box, lines split by \n */
};

struct vp_serie {
	const char *name;
	uint32_t class;
	const double *y;   /* `points` of them, 0..1 of the y axis, not stacked */
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

#define VP_NO_PARENT UINT32_MAX

/* One frame of a tree of calls. Its stack is the way from the frame to its root. */
struct vp_stack_frame {
	uint32_t parent;  /* index of the caller, below its own index; VP_NO_PARENT: a root */
	uint32_t depth;   /* 0: a root */
	float x0, x1;     /* its share of the first weight, callees included; inside its caller's */
	uint32_t class;   /* index in classes */
	uint32_t flags;   /* VP_BOX_... */
	const char *name; /* the function, or what is known in its place */
	const char *amount; /* its first weight in words, callees included; or NULL */
	const char *title;  /* everything about the frame, lines split by \n; or NULL */
	const double *own;  /* weight_count weights of the stacks that end in it; or NULL */
};

struct vp_weight {
	const char *name, *unit; /* "live", "bytes" */
};

struct vp_figure {
	enum vp_figure_shape shape;
	const char *view;             /* "timeline" */
	const char *title, *subtitle; /* subtitle may be NULL */
	const char *empty;            /* not NULL: there is nothing to draw, for this reason */
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
	bool verbatim; /* VP_TABLE of one column, the lines of another program's report: a renderer
	                  of text adds nothing */
	/* VP_STACKS: callers before their callees. Trace and exporters read `weights` and `own`;
	 * a picture needs x0, x1 and depth alone. */
	const struct vp_stack_frame *frames;
	size_t frame_count;
	const struct vp_weight *weights;
	size_t weight_count;
};

/* ---- 6 renderers ----------------------------------------------------------------------------- */

enum vp_colours { VP_COLOUR_NONE, VP_COLOUR_256 };

/* Where the picture goes. width and height are columns and rows for a text renderer, pixels
 * for others, 0 where the renderer may choose. */
struct vp_canvas {
	int width, height;
	bool terminal; /* output is a terminal */
	bool unicode;  /* the locale shows more than ASCII */
	enum vp_colours colours;
	const char *path; /* of the output file; NULL: stdout */
};

/* Callbacks in the order of their life; each may be NULL, but not both of record and draw. */
struct vp_renderer {
	int abi; /* VP_ABI */
	const char *name, *about;
	size_t state;
	const struct vp_option *options;
	bool text;                       /* sizes are columns and rows, else pixels */
	bool lines;                      /* takes lines in place of figures: no view is computed,
	                                    draw is never called */
	int preset_width, preset_height; /* where neither user nor terminal says; 0: as the figure
	                                    needs */

	/* Before the first line and the first figure. A picture that is drawn again and again
	 * (--live) has a begin and a draw each time, for its canvas may have changed; end and close
	 * come once. */
	int (*begin)(void *state, struct vp_render_api *host, const struct vp_canvas *canvas);
	/* Takes each line of the stream as it is read, without its newline. */
	int (*record)(void *state, struct vp_render_api *host, vp_str line);
	int (*draw)(void *state, struct vp_render_api *host, const struct vp_figure *figure);
	/* The input is at its end. */
	int (*end)(void *state, struct vp_render_api *host);
	void (*close)(void *state, struct vp_render_api *host);

	/* A renderer that serves somebody beside its input, such as a page's readers. fd: a
	 * descriptor, readable when there is something to do (-1: none), asked for once, after the
	 * first begin. drain: does it, without blocking. Returns 1 to be called on after the end of
	 * the input, 0 if it need not, or -1. It is called once right after end as well; the
	 * program then goes on as long as it returns 1. Such a renderer has no --live. */
	int (*fd)(void *state);
	int (*drain)(void *state, struct vp_render_api *host);
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
