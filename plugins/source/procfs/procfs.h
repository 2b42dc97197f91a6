/* The two halves of the procfs source: life.c and procfs.c touch /proc, parse.c reads its text. */
#ifndef PROCFS_H
#define PROCFS_H

#include "plugin.h"

/* What /proc/PID/stat says of a process. Two lives of one pid differ in `start`. */
struct procfs_life {
	char name[80];      /* as the kernel gives it, any bytes but NUL */
	char state;         /* 'Z' and 'X': it has ended */
	int64_t ppid;
	uint64_t flags;     /* PF_... of the kernel */
	uint64_t threads;
	uint64_t start;     /* clock ticks after boot */
	uint64_t code;      /* start of its code; 0 while an exec is under way, or not permitted */
	int exit_code;      /* as wait() gives it; valid if ended and has_exit_code */
	bool has_exit_code;
};

/* 1: filled; 0: no such process, or it is hidden; -1: errno. */
int  procfs_life(int64_t pid, struct procfs_life *life);
bool procfs_ended(const struct procfs_life *life);
bool procfs_ending(const struct procfs_life *life); /* its memory is being given back, or its main thread has ended before others */
bool procfs_kernel_thread(const struct procfs_life *life);
/* It still runs in its parent's address space (between vfork and exec). */
bool procfs_borrows(int64_t pid, const struct procfs_life *life);
/* Waits, 20 ms at most, until an exec that has begun has mapped its program, or an exit that has begun is done. */
void procfs_settle(int64_t pid, struct procfs_life *life);

/* The `process` line. `why`: first, exec, reused. */
void procfs_put_process(struct vp_host *h, int64_t t, int64_t pid, const struct procfs_life *life, const char *why);
/* Why a process cannot be looked at, and what would help: one sentence, kept until the next call. `life` NULL: no such process. */
const char *procfs_reason(int64_t pid, const struct procfs_life *life, const char *file, int cause);

/* The parse half: struct vp_source's probe and parse. */
int  procfs_probe(vp_str head, const char **format);
int  procfs_parse(void *state, struct vp_host *h, const struct vp_text *text);

#endif
