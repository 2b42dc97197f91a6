/* Lines on their way through a program: input, the record in hand, output, messages, the account.
 *
 *   while (vp_flow_next(flow)) { ... flow->record ... vp_put_...(&flow->out) ... }
 *
 * A bad line is said, counted and written as `lost`; an `end` line is held back until the next line
 * or the end of the input, so that the program's `stage` line comes before it.
 */
#ifndef VMPIPE_STREAM_FLOW_H
#define VMPIPE_STREAM_FLOW_H

#include "stream/line.h"
#include "stream/put.h"
#include "stream/record.h"

enum { VP_OK = 0, VP_TROUBLE = 1, VP_USAGE = 2 }; /* exit statuses */

/* What a program counts beside its lines, as members of its stage line; the list ends with a name
 * that is NULL. */
struct vp_count {
	const char *name;
	const uint64_t *value;
};

struct vp_flow {
	/* Set by its owner before anything else; all may be zero but the name. */
	const char *name;    /* of the program: "vm-track" */
	const char *version; /* for the stage line */
	bool stream;         /* it writes a stream, with `lost` and `stage` lines */
	bool ends;           /* `end` lines are the caller's; vp_flow_hold holds one back */
	bool source;         /* it reads no lines */
	bool quiet, verbose; /* as --quiet and --verbose say */
	int trouble;         /* the exit status of vp_die for VP_TROUBLE, where it is another */
	const struct vp_count *counts; /* NULL: none */

	struct vp_input input;
	struct vp_record record; /* the line last read ... */
	vp_str line;             /* ... and its text */
	struct vp_out out;
	const char *output;           /* as asked for: with %p and %t; NULL: stdout */
	char *output_name;            /* with %p and %t filled in; owned */
	bool late_output;             /* the name holds %p: opened when the first pid is known */
	int status;                   /* VP_OK until something failed */
	uint64_t read, skipped, late; /* for the stage line; wrote is out.lines */
	int64_t t;                    /* the greatest t seen, ns */
	char *held;                   /* an `end` line, held back; NULL: none */
	size_t held_n;
	uint64_t said;       /* number of messages about bad lines */
	bool told_backwards; /* of this segment */
	bool staged;         /* the stage line is written already */
	bool segment_open;   /* between `stream` and `end` */
};

/* Opens the input: files in order, NULL-ended; none: stdin. 0, or -1 (vp_error). */
int vp_flow_open_input(struct vp_flow *flow, char *const *paths);
/* Opens the output `path` (NULL: stdout), or only gathers if its name waits for a pid. 0; 1: it is
 * an input as well; -1: it cannot be opened (vp_error). */
int vp_flow_open_output(struct vp_flow *flow, const char *path);
/* Refuses an output that is an input: 0, or -1 (vp_error). "-": stdout. */
int vp_flow_check_output(const struct vp_flow *flow, const char *path);
/* Reads another input for the same program: messages and status as `flow` has them, what is written
 * gathers in own->out. vp_flow_leave adds its counts and status to `flow` and frees it. 0, or -1
 * (vp_error). */
int vp_flow_enter(struct vp_flow *own, const struct vp_flow *flow, char *const *paths);
void vp_flow_leave(struct vp_flow *own, struct vp_flow *flow);

/* Reads the next good line into flow->record. False: the end of all input, or the output failed. */
bool vp_flow_next(struct vp_flow *flow);
/* Takes the next line unread if it is the region line last read but for `own` (vp_record_own). */
bool vp_flow_again(struct vp_flow *flow, vp_str own);
void vp_flow_pass(struct vp_flow *flow); /* writes the current line unchanged */
void vp_flow_hold(struct vp_flow *flow); /* holds the current line back, for flow->ends */
/* Tells the pid of the stream: opens an output that has it in its name. Programs that read lines
 * need not call it. */
void vp_flow_pid(struct vp_flow *flow, int64_t pid);
/* Drops the current line as bad: a message with FILE:LINE, counted, `lost` written. */
void vp_flow_bad(struct vp_flow *flow, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
/* Ends the program with "out of memory" if an allocation failed: what it made may lack something.
 */
void vp_flow_complete(struct vp_flow *flow);
/* Drops the output unwritten. */
void vp_flow_drop(struct vp_flow *flow);
/* Writes what is still due, says the account, closes the output with a check. Returns the exit
 * status. */
int vp_flow_finish(struct vp_flow *flow);
void vp_flow_free(struct vp_flow *flow);

/* Says "vm-x: text" on stderr unless quiet; the status stays. */
void vp_say(struct vp_flow *flow, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Says it also where quiet, and sets VP_TROUBLE. */
void vp_trouble(struct vp_flow *flow, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
/* Says it and exits. */
_Noreturn void vp_die(struct vp_flow *flow, int status, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

void vp_put_lost(struct vp_flow *flow, int64_t t, int64_t pid, const char *what, uint64_t count,
                 const char *why);
/* Writes the stage line now; `more` lines of the program's own follow it (its `end`). */
void vp_put_stage(struct vp_flow *flow, unsigned more);

#endif
