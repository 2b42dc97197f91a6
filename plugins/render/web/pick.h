/* Lists the user's processes, and runs the pipeline on one: vm-sample -p PID | vm-parse | vm-track.
 */
#ifndef VMPIPE_WEB_PICK_H
#define VMPIPE_WEB_PICK_H

#include <sys/types.h>

#include "plugin.h"

enum { PICK_STAGES = 3 };

struct pick {
	pid_t stages[PICK_STAGES]; /* 0: none, or its end is known */
	int lines, messages;       /* what the last stage writes, and stderr of all; -1: none */
	int64_t pid;               /* the process; 0: nothing runs */
};

/* Returns {"processes":[{"pid":…,"name":…,"args":…,"rss":…} …]} of this user; NULL: no memory.
 * Caller frees. */
char *pick_list(void);
/* Starts it. 0, or -1 with the reason in `why`. */
int pick_start(struct pick *pick, int64_t pid, char *why, size_t why_n);
/* Ends the sampling; the rest ends at the end of its input. */
void pick_stop(const struct pick *pick);
void pick_end(struct pick *pick); /* ends all of it now */
/* Writes bytes as the inside of a JSON string; what is no UTF-8 becomes U+FFFD. The bytes end with
 * a NUL, at `n` or later. Returns the size, below `size`; the text ends with a NUL. */
size_t pick_escape(char *to, size_t size, const char *bytes, size_t n);

#endif
