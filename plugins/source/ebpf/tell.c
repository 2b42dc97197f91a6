/* Writes lines from a record of the kernel's half. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "inner.h"
#include "../kit/limits.h"

static vp_str text_of(const char *text, size_t most)
{
	return (vp_str){ text, strnlen(text, most) };
}

static int64_t stream_time(const struct ebpf *e, const struct ebpf_head *head)
{
	int64_t t = (int64_t)head->t - e->offset;
	return t < 0 ? 0 : t;
}

static void put_name(struct vp_sample_api *h, const char *key, vp_str name)
{
	char hidden[REDACTED_MAX];
	h->str(h, key, names_hidden(h, name, hidden));
}

static void begin_event(const struct ebpf *e, struct vp_sample_api *h, const struct ebpf_head *head,
                        const char *call)
{
	h->begin(h, "event", stream_time(e, head), head->pid);
	h->str(h, "call", (vp_str){ call, strlen(call) });
	h->num(h, "tid", head->tid);
	put_name(h, "name", text_of(head->comm, sizeof head->comm));
}

/* ---- calls ---- */

/* Writes the state after a call. Returns whether it has a file whose name is not known: its path is
 * too long, or was lost. */
static bool put_after(struct ebpf *e, struct vp_sample_api *h, const struct ebpf_called *called)
{
	struct vp_region regions[EBPF_VMAS];
	char digits[EBPF_VMAS][48];
	bool nameless = false;
	for (uint32_t i = 0; i < called->head.count; i++) {
		tell_region(e, &called->vmas[i], &regions[i], digits[i]);
		nameless |= called->vmas[i].what & EBPF_VMA_FILE && !regions[i].name.p;
	}
	h->span(h, "span", called->lo, called->hi);
	h->regions(h, "after", regions, called->head.count);
	if (called->head.flags & EBPF_LEFT)
		h->span(h, "left", called->left, called->left_end);
	if (called->head.flags & EBPF_RACY)
		h->json(h, "racy", (vp_str){ "true", 4 });
	return nameless;
}

/* Writes the members of time, and the stack. */
static void put_circumstances(const struct ebpf *e, struct vp_sample_api *h,
                              const struct ebpf_head *head, uint64_t took, uint64_t stack)
{
	if (took)
		h->sec(h, "took", (int64_t)took);
	if (e->timing)
		h->sec(h, "lag", e->now > (int64_t)head->t ? e->now - (int64_t)head->t : 0);
	if (stack)
		h->num(h, "stack", stack);
}

/* Marks processes that share the space to be read. */
static void want_sharers(struct ebpf *e, const struct target *target)
{
	for (size_t i = 0; i < e->targets.count; i++)
		if (e->targets.at[i]->space == target->space && e->targets.at[i] != target)
			target_want(e, e->targets.at[i]);
}

static void learn_code(struct target *target, const struct ebpf_called *called)
{
	if (called->head.flags & EBPF_LEFT)
		code_clear(&target->code, called->left, called->left_end);
	if (called->head.flags & EBPF_EXACT)
		code_learn_range(&target->code, called->lo, called->hi, called->vmas,
		                 called->head.count);
}

static void tell_call(struct ebpf *e, struct vp_sample_api *h, struct target *target,
                      const struct ebpf_called *called)
{
	if (called->call >= EBPF_CALL_COUNT || called->head.count > EBPF_VMAS)
		return;
	uint64_t stack = stacks_of(e, &called->head, called->stack);
	if (e->stacks)
		learn_code(target, called);
	if (called->head.flags & EBPF_CODE) {
		if (called->head.flags & EBPF_UNREAD)
			target_want(e, target);
		return;
	}
	begin_event(e, h, &called->head, ebpf_call_names[called->call]);
	words_put_call(h, called);
	put_circumstances(e, h, &called->head, called->took, stack);
	bool nameless = called->head.flags & EBPF_EXACT && put_after(e, h, called);
	h->end(h);
	if (called->head.flags & EBPF_UNREAD || (nameless && e->reread))
		target_want(e, target);
	if (target->shared && called->head.flags & (EBPF_UNREAD | EBPF_EXACT))
		want_sharers(e, target);
}

/* ---- lives ---- */

static void tell_fork(struct ebpf *e, struct vp_sample_api *h, const struct ebpf_lived *lived)
{
	uint64_t stack = stacks_of(e, &lived->head, lived->stack);
	begin_event(e, h, &lived->head, "fork");
	h->num(h, "child", lived->other);
	if (lived->head.flags & EBPF_SHARED)
		h->json(h, "vfork", (vp_str){ "true", 4 });
	put_circumstances(e, h, &lived->head, 0, stack);
	h->end(h);
	if (!e->follow || lived->head.flags & EBPF_UNFOLLOWED)
		return;
	struct target *child = target_find(e, lived->other);
	if (!child)
		child = target_add(e, lived->other);
	if (!child)
		return;
	child->since = (int64_t)lived->head.t;
	struct target *parent = target_find(e, lived->head.pid);
	if (parent)
		code_copy(&child->code, &parent->code);
	if (lived->head.flags & EBPF_SHARED && parent) {
		child->space = parent->space;
		child->shared = parent->shared = true;
	}
	h->begin(h, "process", stream_time(e, &lived->head), lived->other);
	h->str(h, "why", (vp_str){ "fork", 4 });
	h->num(h, "ppid", lived->head.pid);
	put_name(h, "name", text_of(lived->head.comm, sizeof lived->head.comm));
	limits_put(h, lived->other);
	h->end(h);
	h->follow(h, lived->other);
}

static void tell_clone(struct ebpf *e, struct vp_sample_api *h, const struct ebpf_lived *lived)
{
	uint64_t stack = stacks_of(e, &lived->head, lived->stack);
	begin_event(e, h, &lived->head, "clone");
	h->num(h, "child", lived->other);
	put_circumstances(e, h, &lived->head, 0, stack);
	h->end(h);
}

static void put_args(struct vp_sample_api *h, const struct ebpf_lived *lived)
{
	target_put_args(h, lived->text, lived->args < EBPF_ARGS ? lived->args : EBPF_ARGS);
	if (lived->head.flags & EBPF_CUT)
		h->json(h, "args_cut", (vp_str){ "true", 4 });
}

static void put_program(struct ebpf *e, struct vp_sample_api *h, const struct ebpf_lived *lived,
                        const char *why)
{
	h->begin(h, "process", stream_time(e, &lived->head), lived->head.pid);
	h->str(h, "why", (vp_str){ why, strlen(why) });
	h->num(h, "ppid", lived->other);
	put_name(h, "name", text_of(lived->head.comm, sizeof lived->head.comm));
	h->str(h, "exe",
	       names_shown(e->names, (uint32_t)lived->dev_inode[0], lived->dev_inode[1],
	                   (uint32_t)lived->alias));
	put_args(h, lived);
	h->num(h, "threads", 1);
	limits_put(h, lived->head.pid);
	h->end(h);
}

static void tell_exec(struct ebpf *e, struct vp_sample_api *h, struct target *target,
                      const struct ebpf_lived *lived)
{
	bool first = target->unseen;
	target->space = ++e->spaces;
	target->shared = false;
	if (first)
		put_program(e, h, lived, "first");
	begin_event(e, h, &lived->head, "exec");
	put_name(h, "filename", text_of(lived->filename, sizeof lived->filename));
	h->end(h);
	if (!first)
		put_program(e, h, lived, "exec");
	target->unseen = target->has_text = target->broken = false;
	target->pieces = 0;
	target->picture_n = 0;
	code_free(&target->code);
	if (lived->head.flags & EBPF_COMPAT)
		target_narrow(e, h, target->pid);
}

static void tell_exit(struct ebpf *e, struct vp_sample_api *h, struct target *target,
                      const struct ebpf_lived *lived)
{
	int code = (int)lived->code;
	if (!e->faults_told)
		faults_put(e, h, stream_time(e, &lived->head));
	e->faults_told = true; /* the rest of this drain: its processes counted theirs before */
	faults_put_lost(h, target, stream_time(e, &lived->head), lived->faults);
	if (target->unseen)
		target_put_process(h, stream_time(e, &lived->head), target->pid, "first");
	begin_event(e, h, &lived->head, "exit");
	if (WIFEXITED(code))
		h->num(h, "status", (uint64_t)WEXITSTATUS(code));
	if (WIFSIGNALED(code))
		h->num(h, "signal", (uint64_t)WTERMSIG(code));
	h->end(h);
	target_forget(e, target);
}

/* ---- pictures ---- */

static void tell_picture(struct ebpf *e, struct vp_sample_api *h, struct target *target,
                         const struct ebpf_called *piece)
{
	if (piece->call == 0) {
		target->pieces = 0;
		target->picture_n = 0;
		target->broken = false;
	}
	if (piece->call != target->pieces++)
		target->broken = true;
	for (uint32_t i = 0; e->stacks && i < piece->head.count && i < EBPF_VMAS; i++)
		code_learn(&target->code, &piece->vmas[i]);
	for (uint32_t i = 0; i < piece->head.count && i < EBPF_VMAS; i++)
		if (target_row(e, &target->picture, &target->picture_n, &target->picture_size,
		               &piece->vmas[i]))
			target->broken = true;
	if (!(piece->head.flags & EBPF_LAST))
		return;
	if (target->broken || piece->head.flags & EBPF_UNREAD || !target->picture_n) {
		target_want(e, target);
		return;
	}
	size_t n = strlen(e->vsyscall);
	if (target->picture_size - target->picture_n > n) {
		memcpy(target->picture + target->picture_n, e->vsyscall, n);
		target->picture_n += n;
	}
	target->idle = false;
	target->read_at = (int64_t)piece->head.t;
	target_put_text(h, target, stream_time(e, &piece->head), 0,
	                (vp_str){ target->picture, target->picture_n });
	free(target->picture);
	target->picture = NULL;
	target->picture_n = target->picture_size = 0;
}

/* ---- faults ---- */

static void tell_fault(struct ebpf *e, struct vp_sample_api *h, struct target *target,
                       const struct ebpf_faulted *fault)
{
	uint64_t stack = stacks_of(e, &fault->head, fault->stack);
	begin_event(e, h, &fault->head, "fault");
	h->addr(h, "addr", fault->address);
	h->addr(h, "ip", fault->ip);
	h->str(h, "access",
	       fault->error & 16  ? (vp_str){ "execute", 7 }
	       : fault->error & 2 ? (vp_str){ "write", 5 }
	                          : (vp_str){ "read", 4 });
	if (fault->start)
		h->addr(h, "start", fault->start);
	else
		target_want(e, target); /* the stack grew, or the process has no access */
	put_circumstances(e, h, &fault->head, 0, stack);
	h->end(h);
}

/* ---- all of them ---- */

void tell_lost(struct ebpf *e, struct vp_sample_api *h, struct target *target, int64_t t,
               uint32_t lost)
{
	static const char why[] = "the ring was full: enlarge it with -O ring=SIZE, or trace less "
	                          "with -e; the process is read again";
	int32_t count = (int32_t)(lost - target->lost);
	if (count <= 0)
		return;
	h->begin(h, "lost", t < e->offset ? 0 : t - e->offset, target->pid);
	h->str(h, "what", (vp_str){ "events", 6 });
	h->num(h, "count", (uint64_t)count);
	h->str(h, "where", (vp_str){ "vm-sample", 9 });
	h->str(h, "why", (vp_str){ why, sizeof why - 1 });
	h->end(h);
	target->lost = lost;
	if (!target->forget)
		target_want(e, target);
}

void tell_stackless(struct ebpf *e, struct vp_sample_api *h)
{
	static const char why[] = "the ring was full: enlarge it with -O ring=SIZE, or copy less "
	                          "with -O stack-size=SIZE; the calls are told without a stack";
	for (size_t i = 0; i < e->targets.count; i++) {
		struct target *target = e->targets.at[i];
		if (!target->stackless)
			continue;
		h->begin(h, "lost", target->stackless_t, target->pid);
		h->str(h, "what", (vp_str){ "stacks", 6 });
		h->num(h, "count", target->stackless);
		h->str(h, "where", (vp_str){ "vm-sample", 9 });
		h->str(h, "why", (vp_str){ why, sizeof why - 1 });
		h->end(h);
		target->stackless = 0;
	}
	e->stackless = false;
}

/* Takes in a process whose fork was lost. */
static struct target *adopt(struct ebpf *e, struct vp_sample_api *h, const struct ebpf_head *head)
{
	struct target *target = target_add(e, head->pid);
	if (!target)
		return NULL;
	target_want(e, target);
	target_put_process(h, stream_time(e, head), head->pid, "first");
	h->follow(h, head->pid);
	return target;
}

void tell(struct ebpf *e, struct vp_sample_api *h, const struct ebpf_head *head)
{
	const struct ebpf_called *called = (const void *)head;
	const struct ebpf_lived *lived = (const void *)head;
	struct target *target = target_find(e, head->pid);
	if (!target && !(target = adopt(e, h, head)))
		return;
	if ((int64_t)head->t <= target->since || target->forget)
		return;
	target->changed_at = (int64_t)head->t;
	target->clean = target->idle = false;
	if (head->flags & EBPF_STACKLESS) {
		e->stackless = true;
		target->stackless++;
		target->stackless_t = stream_time(e, head);
	}
	tell_lost(e, h, target, (int64_t)head->t, head->lost);
	switch (head->kind) {
	case EBPF_CALL: tell_call(e, h, target, called); break;
	case EBPF_PICTURE: tell_picture(e, h, target, called); break;
	case EBPF_FORK: tell_fork(e, h, lived); break;
	case EBPF_CLONE: tell_clone(e, h, lived); break;
	case EBPF_EXEC: tell_exec(e, h, target, lived); break;
	case EBPF_EXIT: tell_exit(e, h, target, lived); break;
	case EBPF_STACK: stacks_take(e, h, stream_time(e, head), target, (const void *)head); break;
	case EBPF_FAULT: tell_fault(e, h, target, (const void *)head); break;
	}
}
