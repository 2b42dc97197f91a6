/* The regions of each process as forgotten lines left them: what a client gets in place of these.
 */
#ifndef VMPIPE_WEB_BASE_STATE_H
#define VMPIPE_WEB_BASE_STATE_H

#include "map.h"
#include "plugin.h"

struct base {
	int64_t t; /* of the last forgotten line, ns */
	vp_str stream;
	uint64_t stream_at; /* number of that line */
	struct process *processes;
	size_t count;
	struct map by_pid; /* pid -> index */
	struct map stacks; /* id -> struct text * */
	uint64_t ended;    /* number of the last line that ended a process; 0: none */
	size_t bytes;
};

void base_apply(struct base *base, vp_str line, uint64_t number);
/* Writes it as lines: what changed at or after the line `since`, each process whole, as a key
 * frame. Caller frees. NULL: no memory. */
char *base_text(const struct base *base, uint64_t since, size_t *n);
void base_free(struct base *base);

#endif
