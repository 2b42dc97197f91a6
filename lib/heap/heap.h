/* The heap of each process, from `alloc` lines: the live blocks, and sums by call stack.
 *
 *   malloc 100 at A, free A, free A   -> A was live once; the second free finds it freed
 *
 * Memory: 32 bytes a live block, in a table that is half full or more; the sums of each pair of
 * process and stack, and the last VP_HEAP_FREED blocks that were freed, by which a second free is
 * told from one of a stranger.
 */
#ifndef VMPIPE_HEAP_HEAP_H
#define VMPIPE_HEAP_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/places.h"
#include "stream/record.h"

enum { VP_HEAP_FREED = 4096, VP_HEAP_CLASSES = 54 };

/* A block that is live. */
struct vp_block {
	uint64_t addr; /* 0: a free place of the table */
	uint64_t size; /* bytes asked for; of a sampled stream, bytes that it stands for */
	int64_t t;     /* ns: when it was allocated */
	uint32_t site; /* index in the sites of its process */
	uint32_t count : 26, class : 6; /* blocks that it stands for; vp_heap_class */
};

/* Sums of one call stack; bytes and blocks. Of a sampled stream, what the samples stand for. */
struct vp_heap_site {
	uint64_t stack; /* 0: of calls without a stack */
	uint64_t allocated, allocated_blocks;
	uint64_t live, live_blocks;
	uint64_t peak;      /* the most that was live of it at once */
	uint64_t at_peak;   /* what was live of it at the peak of its process */
	uint64_t temporary; /* blocks that the next call of their thread has freed */
	uint64_t lifetime;  /* ns: of all blocks that were freed, together */
	uint64_t failed;    /* calls that got nothing */
	uint32_t epoch;     /* the heap's own */
	bool changed;       /* since vp_heap_site_told */
};

/* Blocks of [2^i, 2^(i+1)) bytes; class 0: of 0 and 1 byte. */
struct vp_heap_class {
	uint64_t allocated_blocks, live_blocks, live, temporary;
};

/* The heap of one process. */
struct vp_heap_process {
	int64_t pid;
	struct vp_block *blocks; /* a table: those with an address */
	size_t block_count, block_size;
	uint64_t allocated, allocated_blocks, live, freed, freed_blocks, peak, peak_blocks;
	int64_t peak_t;
	uint64_t temporary, calls, failed;
	uint64_t unknown_frees; /* of blocks that were never told */
	uint64_t lost;          /* calls that were lost */
	bool partial;           /* not all calls are told: a free of an unknown block is no fault */
	bool sampled;
	bool executed; /* a session has begun by an exec, which a `process` line may tell again */
	struct vp_heap_class classes[VP_HEAP_CLASSES];
	struct vp_heap_site *sites;
	size_t site_count, site_size;
	struct vp_places stacks; /* into sites */
	/* the heap's own */
	struct vp_block *freed_ring; /* by hash of the address */
	struct {
		int64_t tid;
		uint64_t addr;
	} last[64];
	uint32_t epoch;
};

struct vp_heap {
	struct vp_heap_process **processes;
	size_t process_count, process_size;
	struct vp_places pids;
};

/* What is wrong with a call. */
enum vp_heap_trouble {
	VP_HEAP_WELL,
	VP_HEAP_DOUBLE_FREE,  /* the block was freed before */
	VP_HEAP_FOREIGN_FREE, /* no call has returned that address */
	VP_HEAP_REUSED,       /* an address is given out that is live: a free was not told */
};

/* What a call did. */
struct vp_heap_call {
	enum vp_heap_trouble trouble;
	uint64_t addr;       /* of the block that trouble is about */
	struct vp_block old; /* the block that is freed, or was freed before; addr 0: unknown */
	uint64_t stack;      /* of the call */
	bool frees, allocates;
};

void vp_heap_init(struct vp_heap *heap);
void vp_heap_free(struct vp_heap *heap);
/* Another segment: nothing is live. */
void vp_heap_clear(struct vp_heap *heap);
/* Takes an `alloc` line at t (ns). `call` may be NULL. 0, or -1 (vp_error): no memory. */
int vp_heap_alloc(struct vp_heap *heap, struct vp_record *record, int64_t t,
                  struct vp_heap_call *call);
/* Takes a `site` or `heap` line: sums that somebody else has made. 0, or -1 (vp_error). */
int vp_heap_stated(struct vp_heap *heap, struct vp_record *record, int64_t t);
/* So many calls of a process were lost: what is not known to be freed may be. */
int vp_heap_lost(struct vp_heap *heap, int64_t pid, uint64_t count);
/* A `process` line says that the process executes another program or that its id is reused: its
 * blocks are gone, its sums stay as those of what has ended. Where its heap's own source has told
 * so already, nothing changes. */
void vp_heap_forget(struct vp_heap *heap, int64_t pid);

/* A process has ended: nothing of it is kept. 0, or -1 (vp_error): no memory. */
int vp_heap_remove(struct vp_heap *heap, int64_t pid);

/* NULL: no call of it was told. */
struct vp_heap_process *vp_heap_find(const struct vp_heap *heap, int64_t pid);
/* NULL: not live. */
const struct vp_block *vp_heap_block(const struct vp_heap_process *process, uint64_t addr);
/* What was live of a site at the peak of its process. */
uint64_t vp_heap_at_peak(const struct vp_heap_process *process, const struct vp_heap_site *site);
/* The class of a size. */
unsigned vp_heap_class(uint64_t size);

#endif
