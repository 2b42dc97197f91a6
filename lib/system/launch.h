/* A command that is started, held until everything is attached to it, and let go. */
#ifndef VMPIPE_SYSTEM_LAUNCH_H
#define VMPIPE_SYSTEM_LAUNCH_H

#include <stdbool.h>
#include <sys/types.h>

struct vp_launch {
	pid_t pid;
	int gate;   /* held: a byte lets it go */
	int report; /* closes when its exec has succeeded, else gives errno */
	bool ended; /* and collected */
	int status; /* as a shell has it: its exit status, or 128 and the signal */
	int signal; /* that killed it, or 0 */
};

/* Forks `argv`, its stdout going to `output` (a descriptor); it calls `before` (may be NULL) just
 * before its exec. 0, -1 (vp_error). */
int vp_launch_hold(struct vp_launch *launch, char *const argv[], int output,
                   void (*before)(const void *ctx), const void *ctx);
/* Lets it go and waits until its exec is done. -1 (vp_error): it could not be executed; `status` is
 * then 127 or 126, as a shell has it. */
int vp_launch_release(struct vp_launch *launch, const char *name);
/* Collects it if it has ended (`wait`: when it has). True if it has. */
bool vp_launch_collect(struct vp_launch *launch, bool wait);

#endif
