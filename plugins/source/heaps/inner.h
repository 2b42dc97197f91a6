/* Shared by the files of the source heaps: allocator calls and sums by call stack, in the making.
 * Each file reads the texts of one tool and shows them in its head; heaps.c is the list of them. */
#ifndef HEAPS_H
#define HEAPS_H

#include "../kit/text.h"

#define HEAPS_FRAMES 256

/* Sums of one call stack. */
struct heaps_site {
	uint64_t stack; /* id of its stack line; 0: unknown */
	uint64_t live, live_blocks, allocated, allocated_blocks, peak, at_peak;
	bool changed;
};

struct heaps {
	struct vp_parse_api *host;
	int64_t pid;  /* of the text, or as the text says; 0: unknown */
	bool given;   /* the pid is known without the text */
	int64_t base; /* time of the text in ns */
	/* The stack that is being read, innermost first. */
	struct vp_frame frames[HEAPS_FRAMES];
	size_t count;
	bool cut;
	uint64_t *told; /* ids of the stacks that are written; 0: a free place */
	size_t told_size, told_count;
	struct heaps_site *sites;
	size_t site_count, site_size;
	uint32_t *places; /* by stack: an index in sites, from 1 */
	size_t place_size;
	uint64_t peak;   /* of the total */
	bool peaks;      /* the text tells of peaks */
	bool live_alone; /* the text does not say what was allocated, nor in how many blocks */
	bool failed;     /* out of memory */
};

/* Writes the line of the process, unless it is known already. An empty command is left out. */
void heaps_process(struct heaps *heaps, uint64_t pid, vp_str command);

/* Adds a frame outside the last one; further ones than HEAPS_FRAMES are cut off. */
void heaps_frame(struct heaps *heaps, const struct vp_frame *frame);
/* Writes the line of the stack that was read, once, and forgets its frames. Returns its id, which
 * is the same for the same frames in any text; 0: there are none. */
uint64_t heaps_stack(struct heaps *heaps);

struct heaps_call {
	int64_t t, tid; /* tid -1: unknown */
	const char *op;
	uint64_t addr, size, old, stack;
	bool has_addr, has_size, has_old, failed;
};
/* Writes an `alloc` line. */
void heaps_alloc(struct heaps *heaps, const struct heaps_call *call);

/* Finds or makes the sums of a stack. NULL: no memory. */
struct heaps_site *heaps_site(struct heaps *heaps, uint64_t stack);
/* Writes the sums that changed, and the total. `live`: the bytes that are live in all, by the text;
 * 0: those of the sites. */
void heaps_sums(struct heaps *heaps, int64_t t, uint64_t live);

/* "0x109154: f (m.c:4)", "0x48417B4: malloc (in /usr/libexec/x.so)", "0x109154: ??? (in /tmp/m)":
 * a frame as valgrind writes it. False: it is none. */
bool heaps_valgrind_frame(vp_str text, struct vp_frame *frame);

/* One text that is read. */
struct heaps_reader {
	const char *format;
	int sure;
	bool (*is)(vp_str line);     /* a line that only this text has */
	bool (*beside)(vp_str line); /* a line that may stand around those; NULL: none */
	void (*parse)(struct heaps *heaps, vp_str text);
};

extern const struct heaps_reader heaps_mtrace, heaps_ltrace, heaps_heaptrack, heaps_massif,
        heaps_dhat, heaps_profile, heaps_macos;

#endif
