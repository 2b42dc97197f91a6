/* A command is started, held until all sources are attached, and released. */
#ifndef VMPIPE_SYSTEM_LAUNCH_H
#define VMPIPE_SYSTEM_LAUNCH_H

#include <stdbool.h>
#include <sys/types.h>

struct vp_launch {
	pid_t pid;
	int gate;   /* a byte written there releases the command */
	int report; /* closes when the exec has succeeded, else gives errno */
	bool ended; /* the command has ended and was collected */
	int status; /* as in a shell: the exit status, or 128 plus the signal */
	int signal; /* the signal that killed it, or 0 */
};

/* Forks for `argv`, with stdout on the descriptor `output`. The child calls `before` (may be NULL)
 * just before the exec. 0, -1 (vp_error). */
int vp_launch_hold(struct vp_launch *launch, char *const argv[], int output,
                   void (*before)(const void *ctx), const void *ctx);
/* Releases the command and waits until its exec is done. -1 (vp_error): it could not be executed;
 * `status` is then 127 or 126, as in a shell. */
int vp_launch_release(struct vp_launch *launch, const char *name);
/* Collects the command if it has ended; with `wait`, when it has. True: it has ended. */
bool vp_launch_collect(struct vp_launch *launch, bool wait);

#endif
