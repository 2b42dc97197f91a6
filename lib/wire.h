/* The wire: what a traced program and the source that listens to it say to each other. The second
 * contract beside plugin.h; it includes standard headers alone, so that both sides, and programs of
 * users, can have it.
 *
 * Two forms carry the same records.
 *
 * In memory (one machine). The traced half makes a file in memory, fills its head, and sends the
 * descriptor with struct vp_wire_hello over a Unix socket. Behind the head, at the offsets that it
 * names, lie
 *
 *   rings    struct vp_wire_ring each, then their slots: a thread writes one, the source reads all
 *   stacks   a table of struct vp_wire_stack; a stack's id is its place in the table, from 1
 *   frames   words: of each stack a count, then the addresses from the innermost out
 *   modules  struct vp_wire_module, one behind the other
 *
 * The source trusts nothing in it: it copies a value before it checks it, and the file is sealed
 * against being made shorter.
 *
 * As bytes (a socket, a pipe): struct vp_wire_packet, then its bytes, in the order of bytes that
 * the hello tells.
 */
#ifndef VMPIPE_WIRE_H
#define VMPIPE_WIRE_H

#include <stdint.h>

#define VP_WIRE_MAGIC   0x45524957u /* "WIRE" read as a little-endian word */
#define VP_WIRE_VERSION 1

/* Names of the environment variable, and of the object that LD_PRELOAD names. */
#define VP_WIRE_VARIABLE "VMPIPE_HEAP"
#define VP_WIRE_PRELOAD  "vmpipe-heap.so"

/* ---- records ---- */

/* The allocator's calls. The number is the wire's: new ones go to the end. */
/* clang-format off */
#define VP_WIRE_OPS(M)                                                                             \
	M(none) M(malloc) M(calloc) M(realloc) M(reallocarray) M(free) M(memalign)                     \
	M(aligned_alloc) M(posix_memalign) M(valloc) M(pvalloc) M(new) M(new_array) M(delete)          \
	M(delete_array) M(alloc) M(resize) M(reset)
/* clang-format on */

enum vp_wire_op {
#define M(name) VP_WIRE_##name,
	VP_WIRE_OPS(M)
#undef M
	        VP_WIRE_OP_COUNT
};

/* One call of the allocator. `commit` is written last: the low half of the slot's number + 1, where
 * slots of a ring are counted from 0 on and for ever. */
struct vp_wire_record {
	uint32_t commit;
	uint32_t stack; /* id of its stack; 0: none */
	uint64_t t;     /* by the head's clock: of an allocation after it, of a free before it */
	uint64_t addr;  /* what the call returned, or what was freed; 0: it failed */
	uint64_t what;  /* size in bytes | op << VP_WIRE_OP_SHIFT | flags */
};
#define VP_WIRE_SIZE     ((UINT64_C(1) << 53) - 1) /* larger sizes are this */
#define VP_WIRE_OP_SHIFT 56
#define VP_WIRE_OP_MASK  UINT64_C(0x7f)
#define VP_WIRE_MORE     (UINT64_C(1) << 63) /* struct vp_wire_more is in the next slot */
#define VP_WIRE_SIZED    (UINT64_C(1) << 55) /* the size is known: of a free, from its caller */

struct vp_wire_more {
	uint32_t commit;
	uint32_t tid;    /* the thread, where it is not the ring's; else 0 */
	uint64_t began;  /* of a realloc: time before it */
	uint64_t old;    /* of a realloc: the former address */
	uint64_t weight; /* of a sampled call: bytes that it stands for; 0: its size */
};

/* ---- in memory ---- */

/* Counters on cache lines of their own: one side writes each. */
struct vp_wire_ring {
	uint64_t head; /* slots reserved; the program's */
	uint64_t lost; /* records without room; the program's */
	uint32_t tid;  /* the thread; 0: free, or of several threads */
	uint32_t pad1;
	/* Of a session that only counts: blocks, and the bytes that the allocator made of them. */
	uint64_t blocks, bytes, freed_blocks, freed;
	uint64_t pad3;
	uint64_t tail; /* slots read; the source's */
	uint64_t pad2[7];
};

struct vp_wire_stack {
	uint64_t hash;  /* 0: free */
	uint32_t where; /* its word in frames; 0: being written */
	uint32_t pad;
};
/* Of the first word of a stack: how many frames; and a flag. */
#define VP_WIRE_FRAMES 0xffffu
#define VP_WIRE_CUT    0x10000u /* the walk ended before the bottom of the stack */

/* An object file that is loaded. Behind it: the build id, then the path. Each is rounded up to 8
 * bytes in all. An object over the place of another one: that one is gone. */
struct vp_wire_module {
	uint32_t length;         /* of all of it; 0: no more yet */
	uint16_t build_id, path; /* bytes of them */
	uint64_t t, start, end;  /* addresses of the whole object */
};

enum vp_wire_clock {
	VP_WIRE_MONOTONIC, /* ns of CLOCK_MONOTONIC */
	VP_WIRE_CYCLES,    /* of the processor's counter, which counts evenly */
};

/* What the control says. */
enum { VP_WIRE_ON = 1, VP_WIRE_BLOCK = 2 /* wait for room in place of losing */ };

struct vp_wire_head {
	uint32_t magic, version;
	uint32_t head_size, clock; /* sizeof of this, enum vp_wire_clock */
	uint64_t size;             /* of the file */
	uint64_t pid;              /* by the program's own name */
	uint64_t t, ns;            /* one moment: by the clock, and by CLOCK_MONOTONIC */
	uint32_t rings, slots;     /* rings, and slots of each: a power of two */
	uint64_t rings_at, slots_at;
	uint32_t stacks, frames; /* places of the table (a power of two), words of the frames */
	uint64_t stacks_at, frames_at;
	uint64_t modules_at, modules_size;
	uint32_t word, depth; /* bytes of an address; most frames of a stack */
	char walk[16];        /* how stacks are taken: "cfi", "fp", "caller", "none" */
	char allocator[16];   /* whose functions are called: "glibc", "jemalloc" ... */
	uint64_t every;       /* bytes between two samples, in the mean; 0: all calls are told */
	uint32_t counting;    /* 1: no call is told, the rings count */
	uint32_t forked; /* 1: the process has blocks of its parent, of which nothing is told */
	uint32_t pad[8];
	/* Written while it runs. */
	uint32_t control; /* the source's: VP_WIRE_ON ... */
	uint32_t asked;   /* the source's: grows when it wants the account anew */
	uint32_t ended;   /* the program's: its exit has begun */
	uint32_t pad2;
	uint64_t frames_used;  /* words */
	uint64_t modules_used; /* bytes */
	uint64_t stackless;    /* stacks that found no room */
	uint64_t nested; /* calls within calls of the allocator: told once, by the outer one */
	/* The allocator's own account (mallinfo2), written within a call of the program. `told` is
	 * odd while it is written. */
	uint64_t told, told_t, system, used, free, mapped, trimmable;
};

/* What comes with the descriptor. */
struct vp_wire_hello {
	uint32_t magic, version;
	uint64_t pid, size;
	char token[32]; /* of the variable: who may speak */
};

/* ---- as bytes ---- */

enum vp_wire_type {
	VP_WIRE_P_HELLO = 1,
	VP_WIRE_P_RECORDS,
	VP_WIRE_P_STACK,
	VP_WIRE_P_MODULE,
	VP_WIRE_P_ACCOUNT,
	VP_WIRE_P_LOST,
	VP_WIRE_P_END,
};

#define VP_WIRE_PACKET_MOST (1u << 20) /* bytes behind a packet's head */

struct vp_wire_packet {
	uint32_t length;         /* bytes that follow */
	uint16_t type, reserved; /* enum vp_wire_type */
	uint64_t seq;            /* counts packets */
};

#endif
