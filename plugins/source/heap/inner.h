/* The source heap: its files share this. */
#ifndef VMPIPE_SOURCE_HEAP_INNER_H
#define VMPIPE_SOURCE_HEAP_INNER_H

#include "plugin.h"
#include "wire.h"

/* A record taken out of a ring. */
struct taken {
	uint64_t t; /* by the session's clock */
	uint64_t addr, old, began, weight, size;
	uint32_t stack, tid;
	uint8_t op;
	bool sized;
};

/* One moment by both clocks. */
struct moment {
	uint64_t t; /* of the session's clock */
	int64_t ns; /* of CLOCK_MONOTONIC */
};

/* A process whose calls are read from its memory. */
struct reading {
	int64_t pid;
	int pidfd; /* readable when the process has ended; -1: unknown */
	char *base;
	size_t size;
	struct vp_wire_head head; /* as it was at the beginning: checked */
	struct moment first, last;
	uint32_t *stacks; /* the stream's ids, by place; 0: not written yet */
	uint64_t modules_read;
	struct module *modules;
	size_t module_count, module_size;
	uint64_t *lost; /* by ring: how many are told */
	uint64_t stackless, told;
	int64_t asked;      /* ns of CLOCK_MONOTONIC: when the account was asked for */
	uint64_t counted;   /* blocks and frees that the last line of counts stands for */
	struct taken *held; /* read, but perhaps not the next by time */
	size_t held_count, held_size;
	const char *began; /* the session's first line says so; NULL: it is written */
	struct reading *next;
};

struct heap {
	/* options */
	int64_t depth;
	int walk;
	bool block, follow, aggregate;
	uint64_t every;
	int64_t account; /* ns between two accounts of the allocator; 0: none */
	/* state */
	char *preload, *name, token[33];
	char *variables[3];
	const char *environment[3];
	int listener, poll, timer;
	bool hurried; /* the timer runs */
	struct reading *readings;
	int64_t wanted; /* the process that was launched; 0: none */
	int wanted_end; /* its pidfd */
	int64_t offset; /* ns: CLOCK_MONOTONIC - clock of the stream */
	uint64_t stack_count;
};

/* reading.c */
/* Takes over the file of a process. NULL: it is none of ours, with the reason in `why`. */
struct reading *reading_new(int file, int64_t pid, const char **why);
void reading_free(struct reading *reading);
/* Has the process record no more. */
void reading_silence(struct reading *reading);
/* Reads what the process has recorded, and writes what is certainly older than the rest; with
 * `all`, all. Returns how many lines were written. */
size_t reading_drain(struct heap *heap, struct reading *reading, struct vp_sample_api *h, bool all);
/* Writes the allocator's own account and the counts, where they are new, and asks for the next. */
void reading_account(struct heap *heap, struct reading *reading, struct vp_sample_api *h);
int64_t reading_clock(void); /* ns of CLOCK_MONOTONIC */

#endif
