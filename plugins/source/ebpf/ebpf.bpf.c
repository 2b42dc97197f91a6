/* The kernel's half of the source ebpf: at the end of each memory call of a watched process, what
 * it did and what is there now.
 *
 * One hook at the end of every system call serves: the arguments are still in the saved registers,
 * and it costs a call that is none of ours less than a tracepoint of its own costs one that is. The
 * truth after a call is read by the kernel's own iterator over regions, while nobody changes them;
 * where somebody does, the record says so and the process is read from outside.
 */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "ebpf.h"

char LICENSE[] SEC("license") = "GPL";

#define PAGE             4096ull
#define VM_MAYSHARE      0x80
#define MAP_FIXED        0x10
#define PROT_EXEC        4
#define EBUSY            16
#define MREMAP_DONTUNMAP 4
#define GROUP_EXIT       4       /* SIGNAL_GROUP_EXIT */
#define DEPTH            4096    /* names and mounts of a path */
#define LOOKS            128     /* most tries at a range, while a writer holds it, for some us */
#define RARE             1000000 /* ns; after so long without a record the reader is woken at once */
#define ANON_INODE_FS    0x09041934
#define SHMAT            21 /* numbers of the 32-bit ipc() */
#define PR_SET_VMA       0x53564d41
#define PR_SET_MM        35

const volatile bool exact = true, follow = false, faults_each = false, stacks = false,
                    timed = false;
const volatile unsigned char calls[EBPF_NUMBERS] = {
	0
}; /* by system call number: an ebpf_call plus 1; 0: no memory call */
const volatile unsigned char calls32[EBPF_NUMBERS] = { 0 }; /* the same for the 32-bit interface */
const volatile bool unasked[EBPF_CALL_COUNT] = { 0 };       /* calls that only tell where code is */
const volatile unsigned long long least = 0; /* bytes; smaller calls are not recorded */
const volatile unsigned int stack_most = EBPF_STACK_MOST; /* bytes of a stack that are copied */

extern int LINUX_KERNEL_VERSION __kconfig;

/* FMODE_BACKING, a file of an overlay, which has the path that the user knows beside it. Another
 * bit means it since Linux 6.14. */
#define MODE_BACKING (LINUX_KERNEL_VERSION >= 0x60e00 ? 1u << 24 : 1u << 25)
#define IS_BACKING(mode) \
	(bpf_core_field_exists(struct backing_file, user_path) && (mode)&MODE_BACKING)

/* Kernels without CONFIG_ANON_VMA_NAME have no such member. */
struct vm_area_struct___named {
	struct anon_vma_name *anon_name;
} __attribute__((preserve_access_index));

struct bpf_iter_task_vma_kern_data___each {
	u64 next_addr;
} __attribute__((preserve_access_index));

struct mm_struct___seq {
	struct seqcount mm_lock_seq;
} __attribute__((preserve_access_index));

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, unsigned int);
	__type(value, struct ebpf_watched);
} pids SEC(".maps");

/* Exits that found no room in the ring. */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 4096);
	__type(value, struct ebpf_ended);
} ended SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, EBPF_FAULT_KEYS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ebpf_fault_key);
	__type(value, struct ebpf_fault_count);
} fault_counts SEC(".maps");

/* The last fault of each thread: the count of the task shows only later whether it was a major one.
 */
struct fault_seen {
	struct ebpf_fault_key key;
	unsigned long long major;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, unsigned int);
	__type(value, struct fault_seen);
} faults_seen SEC(".maps");

/* A path that was sent. */
struct sent {
	unsigned long long path; /* a hash of it */
	unsigned int moves, pad; /* when it was last compared */
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct ebpf_file_key);
	__type(value, struct sent);
} files SEC(".maps");

/* Buffers for records; the tracepoints do not nest. */
union scratch {
	struct ebpf_called called;
	struct ebpf_lived lived;
	struct ebpf_faulted faulted;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, unsigned int);
	__type(value, union scratch);
} scratches SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, unsigned int);
	__type(value, struct ebpf_file);
} paths SEC(".maps");

/* When each thread's call began, ns. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, unsigned long long);
} entered SEC(".maps");

/* State of a whole reading at our own request, which a traced call may interrupt. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, unsigned int);
	__type(value, union scratch);
} own_scratch SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, unsigned int);
	__type(value, struct ebpf_file);
} own_path SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, unsigned int);
	__type(value, struct ebpf_vma);
} rows SEC(".maps");

unsigned long long last;    /* ns: of the newest record */
unsigned long long refused; /* records lost so far */
unsigned long long exits;   /* exits so far that went to `ended`, and those that found it full */
unsigned long long exits_lost;
unsigned long long unfollowed; /* children so far that found `pids` full */
unsigned long long fault_keys; /* entries so far that fault_counts got, and those read from it */
unsigned long long fault_keys_read;
struct ebpf_first first[EBPF_FIRST];
unsigned int moves;       /* grows when folders may have been renamed or mounted elsewhere */
unsigned int further;     /* `pids` may hold some, too */
struct mount *root_mount; /* the reader's root, where paths begin, as in /proc; NULL: unknown yet */
struct dentry *root_dentry;

extern int bpf_iter_task_vma_new(struct bpf_iter_task_vma *it, struct task_struct *task,
                                 u64 addr) __ksym __weak;
extern struct vm_area_struct *bpf_iter_task_vma_next(struct bpf_iter_task_vma *it) __ksym __weak;
extern void *bpf_rdonly_cast(const void *at, u32 type) __ksym __weak;
extern void bpf_iter_task_vma_destroy(struct bpf_iter_task_vma *it) __ksym __weak;
extern struct task_struct *bpf_task_from_pid(s32 pid) __ksym __weak;
extern void bpf_task_release(struct task_struct *task) __ksym __weak;

/* Limits to `most` so that the verifier sees it: hidden from the compiler, which might drop the
 * test. */
static __always_inline unsigned long bound(unsigned long n, unsigned long most)
{
	asm volatile("" : "+r"(n));
	if (n > most)
		n = most;
	asm volatile("" : "+r"(n));
	return n;
}

static __always_inline unsigned long long mix(unsigned long long hash, unsigned long long value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 29;
}

/* Turns a pointer into a number, for functions that are verified by themselves. */
static __always_inline unsigned long long number_of(struct ebpf_called *by, const void *at)
{
	*(volatile unsigned long long *)&by->took = (unsigned long long)at;
	unsigned long long number = *(volatile unsigned long long *)&by->took;
	by->took = 0;
	return number;
}

/* ---- who is watched ---- */

static __always_inline struct ebpf_watched *watched_of(unsigned int pid)
{
	for (int i = 0; i < EBPF_FIRST; i++)
		if (first[i].pid == pid)
			return &first[i].watched;
	return further ? bpf_map_lookup_elem(&pids, &pid) : NULL;
}

/* Watches a process, from now on. False: too many are watched already. */
static bool watch(unsigned int pid, unsigned int as)
{
	struct ebpf_watched fresh = { .as = as };
	further = 1;
	return bpf_map_update_elem(&pids, &pid, &fresh, BPF_ANY) == 0;
}

/* Watches it no longer. False: it was not. */
static bool unwatch(unsigned int pid)
{
	for (int i = 0; i < EBPF_FIRST; i++)
		if (__sync_val_compare_and_swap(&first[i].pid, (unsigned long long)pid, 0ull) ==
		    pid)
			return true;
	return further && bpf_map_delete_elem(&pids, &pid) == 0;
}

/* The same for one that is told as another, whose pid it then gives. NULL also where that one has
 * ended. */
static __always_inline struct ebpf_watched *told_as(unsigned int *pid)
{
	struct ebpf_watched *watched = watched_of(*pid);
	if (!watched || !watched->as)
		return watched;
	*pid = watched->as;
	return watched_of(*pid);
}

/* ---- sending ---- */

/* Sends a record; not 0: no room. Wakes the reader at once while records are rare; else the reader
 * comes by its timer. */
static long offer(struct ebpf_watched *watched, struct ebpf_head *head, unsigned long size)
{
	unsigned long long now = head->t, before = last;
	unsigned long flags =
	        now - before > RARE && now > before ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
	last = now;
	head->lost = watched->lost;
	return bpf_ringbuf_output(&ring, head, size, flags);
}

/* Sends an event; without room it is counted as lost. */
static void send(struct ebpf_watched *watched, struct ebpf_head *head, unsigned long size)
{
	if (offer(watched, head, size) == 0)
		return;
	__sync_fetch_and_add(&watched->lost, 1);
	__sync_fetch_and_add(&refused, 1);
}

/* Sends a piece of a picture; without room the process is read again. False: no room. */
static bool send_piece(struct ebpf_watched *watched, struct ebpf_head *head, unsigned long size)
{
	if (offer(watched, head, size) == 0)
		return true;
	__sync_fetch_and_add(&watched->stale, 1);
	__sync_fetch_and_add(&refused, 1);
	return false;
}

static void begin(struct ebpf_head *head, unsigned int kind)
{
	struct task_struct *task = bpf_get_current_task_btf();
	head->t = bpf_ktime_get_ns();
	head->kind = kind;
	head->flags = 0;
	head->pid = task->tgid;
	head->tid = task->pid;
	head->count = 0;
	const struct timespec64 *words =
	        bpf_rdonly_cast(task->comm,
	                        bpf_core_type_id_kernel(
	                                struct timespec64)); /* two words of eight bytes: cheaper
	                                                        than sixteen bytes or the helper */
	((unsigned long long *)head->comm)[0] = words->tv_sec;
	((unsigned long long *)head->comm)[1] = words->tv_nsec;
}

/* ---- regions ---- */

/* The walk from a file up to the root, over mounts. */
struct climb {
	struct ebpf_file *to;
	struct dentry *dentry;
	struct mount *mount;
	unsigned long long path; /* a hash of the way so far */
	unsigned int n;
	bool there;
};

static long step(unsigned int i, struct climb *climb)
{
	struct mount *mount = climb->mount;
	struct dentry *dentry = climb->dentry, *parent = BPF_CORE_READ(dentry, d_parent);
	if (dentry == root_dentry && mount == root_mount) {
		climb->there = true;
		return 1;
	}
	if (dentry == BPF_CORE_READ(mount, mnt.mnt_root) || dentry == parent) {
		struct mount *above = BPF_CORE_READ(mount, mnt_parent);
		climb->there = above == mount;
		climb->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
		climb->mount = above;
		return above == mount ? 1 : 0;
	}
	if (climb->n >= EBPF_PATH)
		return 1;
	long got = bpf_probe_read_kernel_str(climb->to->names + (climb->n & (EBPF_PATH - 1)),
	                                     EBPF_NAME, BPF_CORE_READ(dentry, d_name.name));
	if (got <= 0)
		return 1;
	climb->n += got;
	climb->path = mix(climb->path, (unsigned long long)parent);
	climb->path = mix(climb->path, BPF_CORE_READ(dentry, d_name.hash_len));
	climb->dentry = parent;
	return 0;
}

static __always_inline unsigned int alias_of(const struct ebpf_file_key *key)
{
	unsigned long long hash = mix(mix(key->dentry, key->mount), key->name);
	return hash >> 32 ? hash >> 32 : 1;
}

/* Reads the names of a path. False: too many, or too long. */
static bool climb_up(struct ebpf_file *to, struct dentry *dentry, struct vfsmount *mount,
                     unsigned long long *path)
{
	struct climb climb = { .to = to,
		               .dentry = dentry,
		               .mount = (void *)mount - bpf_core_field_offset(struct mount, mnt) };
	bpf_loop(DEPTH, step, &climb, 0);
	to->n = climb.n;
	*path = climb.path;
	return climb.there;
}

/* Sends the path of a file once, and again after it has changed; returns its alias. Not static, so
 * that the verifier checks it once, not for each region of each call. */
__attribute__((noinline)) int tell_file(unsigned long long at, unsigned long long inode,
                                        unsigned int dev, unsigned int pid, unsigned int own)
{
	struct ebpf_watched *watched = watched_of(pid);
	struct file *file = (void *)at;
	unsigned int zero = 0;
	if (!file)
		return 0;
	struct vfsmount *mount = BPF_CORE_READ(file, f_path.mnt);
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	if (IS_BACKING(BPF_CORE_READ(file, f_mode))) {
		struct backing_file *backing = (void *)file;
		mount = BPF_CORE_READ(backing, user_path.mnt);
		dentry = BPF_CORE_READ(backing, user_path.dentry);
	}
	bool deleted = BPF_CORE_READ(dentry, d_hash.pprev) == NULL;
	struct ebpf_file_key key = { .dentry = (unsigned long long)dentry,
		                     .mount = (unsigned long long)mount,
		                     .inode = inode,
		                     .dev = dev,
		                     .name = BPF_CORE_READ(dentry, d_name.hash) << 1 | deleted };
	unsigned int alias = alias_of(&key);
	if (!watched)
		return alias; /* it is about to end */
	struct sent *known = bpf_map_lookup_elem(&files, &key), now = { 0, moves, 0 };
	if (known && known->moves == now.moves)
		return alias;
	struct ebpf_file *to =
	        own ? bpf_map_lookup_elem(&own_path, &zero) : bpf_map_lookup_elem(&paths, &zero);
	if (!to)
		return alias;
	begin(&to->head, EBPF_FILE);
	to->head.pid = pid;
	to->key = key;
	to->deleted = deleted;
	to->alias = alias;
	to->root = dentry == BPF_CORE_READ(dentry, d_parent);
	to->n = 0;
	if (to->root) {
		long got = bpf_probe_read_kernel_str(to->names, EBPF_NAME,
		                                     BPF_CORE_READ(dentry, d_name.name));
		to->n = got > 0 ? got : 0;
		if (BPF_CORE_READ(dentry, d_sb, s_magic) == ANON_INODE_FS)
			to->root = 2;
	} else if (!climb_up(to, dentry, mount, &now.path)) {
		return alias;
	}
	if (known && known->path == now.path) {
		known->moves = now.moves;
		return alias;
	}
	unsigned long n = bound(to->n, EBPF_PATH + EBPF_NAME);
	if (offer(watched, &to->head, offsetof(struct ebpf_file, names) + n) == 0)
		bpf_map_update_elem(&files, &key, &now, BPF_ANY);
	return alias;
}

static void note_stack(unsigned int pid, unsigned long long start)
{
	struct ebpf_watched *watched = watched_of(pid);
	if (watched)
		watched->stack = start;
}

/* Fills entry i of a record, or of the rows for our own request. Not static, for the same reason.
 */
__attribute__((noinline)) int describe(unsigned long long at, unsigned long long space,
                                       unsigned int i, unsigned int pid, unsigned int own)
{
	unsigned int zero = 0;
	union scratch *scratch = own ? bpf_map_lookup_elem(&own_scratch, &zero)
	                             : bpf_map_lookup_elem(&scratches, &zero);
	struct vm_area_struct *vma =
	        bpf_rdonly_cast((void *)at, bpf_core_type_id_kernel(struct vm_area_struct));
	struct mm_struct *mm =
	        bpf_rdonly_cast((void *)space, bpf_core_type_id_kernel(struct mm_struct));
	struct vm_area_struct___named *named = (void *)at;
	if (!scratch)
		return 0;
	struct ebpf_vma *to = own ? bpf_map_lookup_elem(&rows, &i)
	                          : &scratch->called.vmas[bound(i, EBPF_VMAS - 1)];
	if (!to)
		return 0;
	struct file *file = vma->vm_file;
	to->start = vma->vm_start;
	to->end = vma->vm_end;
	to->perms = vma->vm_flags & 0xff;
	to->offset = to->inode = 0;
	to->dev = 0;
	to->what = 0;
	to->alias = 0;
	if (file) {
		struct inode *inode = file->f_inode;
		if (IS_BACKING(file->f_mode))
			inode = BPF_CORE_READ((struct backing_file *)(void *)file, user_path.dentry,
			                      d_inode);
		to->what = EBPF_VMA_FILE;
		to->offset = (unsigned long long)vma->vm_pgoff * PAGE;
		to->inode = BPF_CORE_READ(inode, i_ino);
		to->dev = BPF_CORE_READ(inode, i_sb, s_dev);
		to->alias =
		        tell_file(number_of(&scratch->called, file), to->inode, to->dev, pid, own);
	} else if (vma->vm_ops) {
		struct vm_special_mapping *special = vma->vm_private_data;
		to->what = EBPF_VMA_SPECIAL;
		bpf_probe_read_kernel_str(&to->offset, 16, BPF_CORE_READ(special, name));
	} else if (to->start <= mm->brk && to->end >= mm->start_brk) {
		to->what = EBPF_VMA_HEAP;
	} else {
		unsigned long long stack = mm->start_stack;
		if (to->start <= stack && to->end >= stack)
			to->what = EBPF_VMA_STACK, note_stack(pid, to->start);
		else if (bpf_core_field_exists(named->anon_name) && BPF_CORE_READ(named, anon_name))
			to->what = EBPF_VMA_NAMED;
	}
	return to->what;
}

struct one {
	struct ebpf_called *to;
	unsigned long long space;
};

static long take_one(struct task_struct *task, struct vm_area_struct *vma, struct one *one)
{
	struct ebpf_called *to = one->to;
	if (vma->vm_start > to->lo || vma->vm_end < to->hi)
		return 0;
	if (describe(number_of(to, vma), one->space, 0, to->head.pid, 0) & EBPF_VMA_NAMED)
		return 0;
	to->lo = vma->vm_start;
	to->hi = vma->vm_end;
	to->head.count = 1;
	return 0;
}

/* Answers without a walk while no other thread maps: nothing after munmap, one region after mmap.
 */
static bool plain(struct ebpf_called *to, unsigned long long space)
{
	bool failed = to->result < 0 && to->result >= -4095;
	if (failed)
		return false;
	if (to->call == EBPF_munmap)
		return true;
	if (to->call != EBPF_mmap)
		return false;
	struct one one = { to, space };
	bpf_find_vma(bpf_get_current_task_btf(), to->lo, take_one, &one, 0);
	return to->head.count == 1;
}

/* Since Linux 7.1, and in releases of 6.18 to which that was brought, the iterator locks one region
 * at a time; what a writer has locked it leaves out, and says nothing. So it is asked of the
 * address space whether anybody has written meanwhile: the count of those who began and ended is
 * odd while one does. Before, the iterator holds the lock of the whole, and the answer is always
 * the same. */
static unsigned int writers(unsigned long long space)
{
	struct mm_struct___seq *mm = (void *)space;
	if (!bpf_core_field_exists(struct bpf_iter_task_vma_kern_data___each, next_addr) ||
	    !bpf_core_field_exists(mm->mm_lock_seq.sequence))
		return 0;
	return BPF_CORE_READ(mm, mm_lock_seq.sequence);
}

static bool undisturbed(unsigned long long space, unsigned int before)
{
	return !(before & 1) && writers(space) == before;
}

/* Reads the regions of [lo, hi). Returns where the next region starts; 0: a writer interfered. Not
 * static, so that the verifier checks it once. */
__attribute__((noinline)) unsigned long long walk(unsigned long long space, unsigned int shared)
{
	unsigned int zero = 0, before = writers(space);
	unsigned long long behind = 0;
	struct ebpf_called *to = bpf_map_lookup_elem(&scratches, &zero);
	struct bpf_iter_task_vma it;
	struct vm_area_struct *vma;
	if (!to || !bpf_iter_task_vma_new)
		return 0;
	to->head.count = 0;
	if (bpf_iter_task_vma_new(&it, bpf_get_current_task_btf(), to->lo) == 0) {
		behind = 0x7ffffffff000ull;
		if (shared)
			to->head.t =
			        bpf_ktime_get_ns(); /* so that records are in the order of states */
		while ((vma = bpf_iter_task_vma_next(&it))) {
			unsigned long long start = vma->vm_start, end = vma->vm_end;
			unsigned int i = to->head.count;
			if (start >= to->hi) {
				behind = start;
				break;
			}
			if (i >= EBPF_VMAS) {
				to->head.flags |= EBPF_UNREAD;
				break;
			}
			if (describe(number_of(to, vma), space, i, to->head.pid, 0) &
			    EBPF_VMA_NAMED)
				to->head.flags |= EBPF_UNREAD;
			if (start < to->lo)
				to->lo = start;
			if (end > to->hi)
				to->hi = end;
			to->head.count = i + 1;
		}
	}
	bpf_iter_task_vma_destroy(&it);
	return undisturbed(space, before) ? behind : 0;
}

/* Reads the regions of [lo, hi), widened to whole regions. `open`: hi is unknown; read up to the
 * next region after the first. */
static void look(struct ebpf_called *to, bool open)
{
	struct task_struct *task = bpf_get_current_task_btf();
	unsigned long long space = number_of(to, task->mm), behind = 0;
	if (!space || !bpf_iter_task_vma_new) {
		to->head.flags |= EBPF_UNREAD;
		return;
	}
	bool shared = task->mm->mm_users.counter > 1;
	if (shared) {
		to->head.flags |= EBPF_RACY;
	} else if (plain(to, space)) {
		to->head.flags |= EBPF_EXACT;
		return;
	}
	for (int i = 0; i < LOOKS && !behind && !(to->head.flags & EBPF_UNREAD); i++)
		behind = walk(space, shared);
	if (!behind)
		to->head.flags |= EBPF_UNREAD;
	if (open && behind > to->hi)
		to->hi = behind;
	if (!(to->head.flags & EBPF_UNREAD))
		to->head.flags |= EBPF_EXACT;
	else
		to->head.count = 0;
}

/* Sends all regions of a task, in pieces. */
static void picture(struct ebpf_watched *watched, struct task_struct *task, unsigned int pid,
                    struct ebpf_called *to)
{
	unsigned long long space = number_of(to, task->mm);
	struct bpf_iter_task_vma it;
	struct vm_area_struct *vma;
	unsigned int before = writers(space);
	bool whole = false;
	if (!space || !bpf_iter_task_vma_new)
		return;
	begin(&to->head, EBPF_PICTURE);
	to->head.pid = to->head.tid = pid;
	to->call = 0;
	if (bpf_iter_task_vma_new(&it, task, 0) == 0) {
		whole = true;
		to->head.t = bpf_ktime_get_ns();
		while ((vma = bpf_iter_task_vma_next(&it))) {
			if (to->head.count >= EBPF_VMAS) {
				if (!send_piece(watched, &to->head, sizeof *to)) {
					whole = false;
					break;
				}
				to->call++;
				to->head.count = 0;
			}
			if (describe(number_of(to, vma), space, to->head.count, pid, 0) &
			    EBPF_VMA_NAMED)
				whole = false;
			to->head.count++;
		}
	}
	bpf_iter_task_vma_destroy(&it);
	to->head.flags = EBPF_LAST | (whole && undisturbed(space, before) ? 0 : EBPF_UNREAD);
	send_piece(watched, &to->head,
	           offsetof(struct ebpf_called, vmas) +
	                   bound(to->head.count, EBPF_VMAS) * sizeof(struct ebpf_vma));
}

/* Finds the reader's root by its own request. */
static void note_root(void)
{
	struct fs_struct *fs = bpf_get_current_task_btf()->fs;
	root_mount = (void *)BPF_CORE_READ(fs, root.mnt) - bpf_core_field_offset(struct mount, mnt);
	root_dentry = BPF_CORE_READ(fs, root.dentry);
}

/* Writes all regions of a task into the rows, all at one moment, at our own request. */
SEC("syscall") int take_whole(struct ebpf_whole *ask)
{
	note_root();
	unsigned int zero = 0, count = 0;
	union scratch *scratch = bpf_map_lookup_elem(&own_scratch, &zero);
	struct bpf_iter_task_vma it;
	struct vm_area_struct *vma;
	ask->count = 0;
	ask->state = EBPF_NO_TASK;
	if (!scratch || !bpf_iter_task_vma_new || !bpf_task_from_pid)
		return 0;
	struct task_struct *task = bpf_task_from_pid(ask->pid);
	if (!task)
		return 0;
	unsigned long long space = number_of(&scratch->called, task->mm);
	if (!space) {
		bpf_task_release(task);
		return 0;
	}
	ask->state = EBPF_BUSY;
	unsigned int before = writers(space);
	if (bpf_iter_task_vma_new(&it, task, 0) == 0) {
		ask->state = EBPF_WHOLE;
		ask->t = bpf_ktime_get_ns();
		while ((vma = bpf_iter_task_vma_next(&it))) {
			if (count >= ask->most) {
				ask->state = EBPF_TOO_MANY;
				break;
			}
			if (describe(number_of(&scratch->called, vma), space, count, ask->pid, 1) &
			    EBPF_VMA_NAMED)
				ask->state = EBPF_NAMED;
			count++;
		}
	}
	bpf_iter_task_vma_destroy(&it);
	if (ask->state == EBPF_WHOLE && !undisturbed(space, before))
		ask->state = EBPF_BUSY;
	unsigned int pid = ask->pid;
	struct ebpf_watched *watched = watched_of(pid);
	if (watched && ask->state == EBPF_WHOLE)
		watched->unread = 0;
	bpf_task_release(task);
	ask->count = count;
	return 0;
}

/* The kernel's clock, at our own request. */
SEC("syscall") int tell_time(struct ebpf_whole *ask)
{
	ask->t = bpf_ktime_get_ns();
	return 0;
}

/* ---- calls ---- */

static void touched(struct ebpf_called *to, unsigned long long at, unsigned long long n)
{
	to->lo = at & ~(PAGE - 1);
	to->hi = (at + n + PAGE - 1) & ~(PAGE - 1);
	if (to->hi < to->lo)
		to->hi = to->lo;
}

static bool changes_regions(unsigned long long advice)
{
	return advice <= 2 || (advice >= 10 && advice <= 19);
}

/* Finds the range that a call touched; *open: its end is unknown. False: none. */
static bool reach(struct ebpf_called *to, bool *open)
{
	bool failed = to->result < 0 && to->result >= -4095;
	unsigned long long result = to->result, *args = to->args;
	*open = false;
	switch (to->call) {
	case EBPF_mmap:
		if (failed && !(args[3] & MAP_FIXED))
			return false;
		touched(to, failed ? args[0] : result, args[1]);
		break;
	case EBPF_mremap:
		touched(to, failed ? args[0] : result, failed ? args[1] : args[2]);
		if (failed)
			break;
		if (result == args[0]) {
			if (args[1] > args[2])
				touched(to, result, args[1]);
		} else if (!(args[3] & MREMAP_DONTUNMAP)) {
			to->left = args[0];
			to->left_end = (args[0] + (args[1] ? args[1] : 0) + PAGE - 1) & ~(PAGE - 1);
			if (args[1])
				to->head.flags |= EBPF_LEFT;
		}
		break;
	case EBPF_madvise:
		if (!changes_regions(args[2]))
			return false;
		touched(to, args[0], args[1]);
		break;
	case EBPF_shmat:
		if (failed)
			return false;
		touched(to, result, 1);
		break;
	case EBPF_shmdt: /* its pieces may be apart, and its reach is unknown */
	case EBPF_mlockall:
	case EBPF_munlockall:
	case EBPF_prctl:
		if (failed)
			return false;
		to->head.flags |= EBPF_UNREAD;
		return false;
	default:
		touched(to, args[0], args[1]);
		if (failed && to->result == -22)
			return false;
	}
	return to->hi > to->lo || *open;
}

/* brk: reads from the beginning of the heap to the next region. */
static bool reach_heap(struct ebpf_called *to, bool *open)
{
	struct task_struct *task = bpf_get_current_task_btf();
	unsigned long long start = BPF_CORE_READ(task, mm, start_brk),
	                   end = BPF_CORE_READ(task, mm, brk);
	to->lo = start & ~(PAGE - 1);
	to->hi = (end + PAGE - 1) & ~(PAGE - 1);
	if (to->hi < to->lo)
		to->hi = to->lo;
	*open = true;
	return to->args[0] != 0;
}

static unsigned long long size_of(const struct ebpf_called *to)
{
	switch (to->call) {
	case EBPF_brk:
	case EBPF_shmat:
	case EBPF_shmdt:
	case EBPF_prctl:
	case EBPF_mlockall:
	case EBPF_munlockall: return ~0ull;
	case EBPF_mremap: return to->args[1] > to->args[2] ? to->args[1] : to->args[2];
	default: return to->args[1];
	}
}

#if defined(__TARGET_ARCH_x86)
#define NUMBER(regs) ((regs)->orig_ax & ~0x40000000ul) /* without the bit of x32 */
#define SIXTH(regs)  ((regs)->r9)
#define TS_COMPAT    2

static __always_inline bool is_compat(void)
{
	return bpf_get_current_task_btf()->thread_info.status & TS_COMPAT;
}

/* Converts arguments of the 32-bit interface. False: no memory call. */
static bool take_compat(struct ebpf_called *to, struct pt_regs *regs, unsigned long number)
{
	unsigned int words[6] = { regs->bx, regs->cx, regs->dx, regs->si, regs->di, regs->bp },
	             at = 0;
	to->head.flags |= EBPF_COMPAT;
	if (number == 90)
		bpf_probe_read_user(words, sizeof words,
		                    (void *)(unsigned long)(unsigned int)
		                            regs->bx); /* the old mmap */
	to->args[0] = words[0], to->args[1] = words[1], to->args[2] = words[2],
	to->args[3] = words[3], to->args[4] = words[4], to->args[5] = words[5];
	if (number == 192)
		to->args[5] = (unsigned long long)words[5] * PAGE; /* mmap2 */
	if (number != 117)
		return true;
	if ((words[0] & 0xffff) == SHMAT + 1) { /* ipc */
		to->call = EBPF_shmdt;
		to->args[0] = words[4];
	} else if ((words[0] & 0xffff) == SHMAT) {
		to->args[0] = words[1], to->args[1] = words[4], to->args[2] = words[2];
		if (to->result == 0 &&
		    bpf_probe_read_user(&at, sizeof at, (void *)(unsigned long)words[3]) == 0)
			to->result = at;
	} else {
		return false;
	}
	return calls32[397 + (to->call == EBPF_shmdt)];
}

#define USER32_CS 0x23

/* Reads the registers, and the return address of a function without a frame from the top of the
 * stack. */
static __always_inline void take_registers(struct ebpf_stack *to, struct pt_regs *regs)
{
	bool narrow = regs->cs == USER32_CS;
	to->ip = regs->ip;
	to->sp = regs->sp;
	to->fp = regs->bp;
	to->lr = to->caller = 0;
	if (narrow)
		to->head.flags |= EBPF_COMPAT;
	if (bpf_probe_read_user(&to->caller, narrow ? 4 : 8, (void *)regs->sp))
		to->caller = 0;
}

/* Where the thread's own data is, above its stack; 0: elsewhere. */
static __always_inline unsigned long long above_stack(void)
{
	return bpf_get_current_task_btf()->thread.fsbase;
}
#elif defined(__TARGET_ARCH_arm64)
#define NUMBER(regs) ((unsigned long)(regs)->syscallno)
#define SIXTH(regs)  ((regs)->regs[5])
#define TIF_32BIT    (1ul << 22)

static __always_inline bool is_compat(void)
{
	return bpf_get_current_task_btf()->thread_info.flags & TIF_32BIT;
}

static bool take_compat(struct ebpf_called *to, struct pt_regs *regs, unsigned long number)
{
	return false;
}

static __always_inline void take_registers(struct ebpf_stack *to, struct pt_regs *regs)
{
	to->ip = regs->pc;
	to->sp = regs->sp;
	to->fp = regs->regs[29];
	to->lr = to->caller = regs->regs[30];
	if (is_compat())
		to->head.flags |= EBPF_COMPAT;
}

static __always_inline unsigned long long above_stack(void)
{
	return 0;
}
#endif

static void take_arguments(struct ebpf_called *to, struct pt_regs *regs)
{
	to->args[0] = PT_REGS_PARM1(regs);
	to->args[1] = PT_REGS_PARM2(regs);
	to->args[2] = PT_REGS_PARM3(regs);
	to->args[3] = PT_REGS_PARM4_SYSCALL(regs);
	to->args[4] = PT_REGS_PARM5(regs);
	to->args[5] = SIXTH(regs);
}

/* ---- stacks ---- */

static long note_end(struct task_struct *task, struct vm_area_struct *vma, void *end)
{
	*(unsigned long long *)end = vma->vm_end;
	return 0;
}

/* Returns how many bytes of the stack to copy: up to the frame that started the program or the
 * thread, as far as that is known. */
static unsigned long stack_size(struct pt_regs *regs)
{
	struct task_struct *task = bpf_get_current_task_btf();
	unsigned long long sp = PT_REGS_SP(regs), end = 0, most = stack_most,
	                   start = task->mm ? task->mm->start_stack : 0, above = above_stack();
	if (start >= sp && start - sp <= most)
		return start - sp;
	if (above >= sp && above - sp <= most)
		return above - sp;
	bpf_find_vma(task, sp, note_end, &end, 0);
	return end > sp && end - sp < most ? end - sp : most;
}

/* Fills a record, with room for `room` bytes of the stack, and sends it. Stops before the first
 * page that cannot be read. */
static __always_inline void send_stack(struct ebpf_stack *to, struct pt_regs *regs,
                                       const struct ebpf_head *of, unsigned long n,
                                       unsigned long room)
{
	to->head = *of;
	to->head.kind = EBPF_STACK;
	to->head.flags = of->kind == EBPF_FAULT ? EBPF_FAULTED : 0;
	to->head.count = 0;
	take_registers(to, regs);
	unsigned long long before = 0;
	if (to->caller)
		bpf_probe_read_user(&before, sizeof before, (void *)(to->caller - sizeof before));
	__builtin_memcpy(to->before, &before, sizeof before);
	n = bound(n, room);
	if (bpf_probe_read_user(to->bytes, n, (void *)to->sp)) {
		n = PAGE - (to->sp & (PAGE - 1));
		n = bound(n, room < PAGE ? room : PAGE);
		if (bpf_probe_read_user(to->bytes, n, (void *)to->sp))
			n = 0;
	}
	to->n = n;
	bpf_ringbuf_submit(to, BPF_RB_NO_WAKEUP); /* the record of the call wakes the reader */
}

/* Sends the stack of the current thread, before the record of a call, fork or fault. Returns what
 * that record names it by; 0: there is no room, which the record says. Not inlined: the verifier
 * checks it once. */
static __attribute__((noinline)) unsigned long long stack_of(struct pt_regs *regs,
                                                             struct ebpf_head *of)
{
	unsigned long n = stack_size(regs);
	struct ebpf_stack *to = NULL;
#define ROOM(bytes)                                                       \
	if (n <= (bytes) || (bytes) == EBPF_STACK_MOST) {                 \
		to = bpf_ringbuf_reserve(&ring, sizeof *to + (bytes), 0); \
		if (to) {                                                 \
			send_stack(to, regs, of, n, (bytes));             \
			return of->t;                                     \
		}                                                         \
		of->flags |= EBPF_STACKLESS;                              \
		return 0;                                                 \
	}
	ROOM(EBPF_STACK_LEAST)
	ROOM(2048)
	ROOM(8192)
	ROOM(16384)
	ROOM(EBPF_STACK_MOST)
#undef ROOM
	return 0;
}

/* ---- the hooks of calls ---- */

/* Returns the memory call plus 1; 0: none. The cheapest test comes first: every call of every
 * process takes it. */
static __always_inline unsigned int which(unsigned long number)
{
	if (number >= EBPF_NUMBERS || !(calls[number] | calls32[number]))
		return 0;
	return is_compat() ? calls32[number] : calls[number];
}

static __always_inline int call_begins(struct pt_regs *regs)
{
	unsigned int call = which(NUMBER(regs));
	if (!call)
		return 0;
	unsigned int pid = bpf_get_current_task_btf()->tgid;
	struct ebpf_watched *watched = watched_of(pid);
	if (!watched || watched->held)
		return 0;
	unsigned long long *since = bpf_task_storage_get(&entered, bpf_get_current_task_btf(), 0,
	                                                 BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (since)
		*since = bpf_ktime_get_ns();
	return 0;
}

SEC("tp_btf/sys_enter") int BPF_PROG(on_enter, struct pt_regs *regs, long id)
{
	return call_begins(regs);
}

SEC("tp") int on_one_enter(struct trace_event_raw_sys_enter *ctx)
{
	return call_begins((struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf()));
}

static unsigned long long time_taken(unsigned long long now)
{
	unsigned long long *since =
	        bpf_task_storage_get(&entered, bpf_get_current_task_btf(), 0, 0);
	unsigned long long began = since ? *since : 0;
	if (since)
		*since = 0;
	return began && began < now ? now - began : 0;
}

/* Whether a prctl has nothing to do with regions. */
static bool idle(const struct ebpf_called *to)
{
	return to->call == EBPF_prctl && to->args[0] != PR_SET_VMA && to->args[0] != PR_SET_MM;
}

/* Whether a call may make code of memory: the frames of stacks need that. */
static bool tells_code(const struct ebpf_called *to)
{
	return stacks && exact && to->result >= 0 && to->args[2] & PROT_EXEC &&
	       (to->call == EBPF_mmap || to->call == EBPF_mprotect ||
	        to->call == EBPF_pkey_mprotect);
}

static __always_inline int call_ends(void *ctx, struct pt_regs *regs, long result)
{
	unsigned int call = which(NUMBER(regs)), zero = 0;
	if (!call)
		return 0; /* the first test: most calls end here */
	unsigned int pid = bpf_get_current_task_btf()->tgid;
	struct ebpf_watched *watched = told_as(&pid);
	if (!watched || watched->held)
		return 0;
	struct ebpf_called *to = bpf_map_lookup_elem(&scratches, &zero);
	bool open = false;
	if (!to)
		return 0;
	begin(&to->head, EBPF_CALL);
	to->head.pid = pid;
	to->call = call - 1;
	to->result = result;
	to->stack = 0;
	to->lo = to->hi = 0;
	if (!is_compat())
		take_arguments(to, regs);
	else if (!take_compat(to, regs, NUMBER(regs)))
		return 0;
	if (idle(to))
		return 0;
	if (unasked[bound(to->call, EBPF_CALL_COUNT - 1)] || (least && size_of(to) < least)) {
		if (!tells_code(to))
			return 0;
		to->head.flags |= EBPF_CODE;
	}
	unsigned long long took = timed ? time_taken(to->head.t) : 0;
	if (stacks && !(to->head.flags & EBPF_CODE))
		to->stack = stack_of(regs, &to->head);
	bool any = to->call == EBPF_brk ? reach_heap(to, &open) : reach(to, &open);
	bool whole = exact && to->call == EBPF_shmdt && to->head.flags & EBPF_UNREAD;
	if (whole)
		to->head.flags &= ~EBPF_UNREAD;
	if (any && exact)
		look(to, open);
	else if (any)
		to->head.flags |= EBPF_UNREAD;
	to->took = took;
	if (to->head.flags & EBPF_UNREAD)
		watched->unread = 1;
	send(watched, &to->head,
	     offsetof(struct ebpf_called, vmas) +
	             bound(to->head.count, EBPF_VMAS) * sizeof(struct ebpf_vma));
	if (whole)
		picture(watched, bpf_get_current_task_btf(), pid, to);
	return 0;
}

/* Runs at the end of every call, or of each memory call (hook=calls). */
SEC("tp_btf/sys_exit") int BPF_PROG(on_call, struct pt_regs *regs, long result)
{
	return call_ends(ctx, regs, result);
}

SEC("tp") int on_one_call(struct trace_event_raw_sys_exit *ctx)
{
	return call_ends(ctx, (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf()),
	                 ctx->ret);
}

/* ---- lives ---- */

/* Tells the calls of a child as its parent's: they share their memory until it executes a program.
 */
static void share(unsigned int child, unsigned int parent)
{
	if (!watch(child, parent))
		__sync_fetch_and_add(&unfollowed, 1);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	unsigned int pid = parent->tgid, zero = 0;
	struct ebpf_watched *watched = watched_of(pid);
	if (!watched || watched->held)
		return 0;
	struct ebpf_lived *to = bpf_map_lookup_elem(&scratches, &zero);
	if (!to)
		return 0;
	bool thread = child->tgid == pid;
	unsigned int other = child->pid;
	if (!thread && !follow && child->mm == parent->mm)
		share(other, watched->as ? watched->as : pid);
	if (watched->as)
		return 0;
	begin(&to->head, thread ? EBPF_CLONE : EBPF_FORK);
	if (child->mm == parent->mm)
		to->head.flags |= EBPF_SHARED;
	to->stack = stacks ? stack_of((struct pt_regs *)bpf_task_pt_regs(parent), &to->head) : 0;
	to->other = other;
	to->args = to->file = 0;
	bool followed = !thread && follow && watch(other, 0);
	if (!thread && follow && !followed) {
		to->head.flags |= EBPF_UNFOLLOWED;
		__sync_fetch_and_add(&unfollowed, 1);
	}
	send(watched, &to->head, offsetof(struct ebpf_lived, filename));
	if (!followed)
		return 0;
	watched = watched_of(other);
	struct ebpf_called *whole = bpf_map_lookup_elem(&scratches, &zero);
	if (watched && whole)
		picture(watched, child, other, whole);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, pid_t old_pid, struct linux_binprm *bprm)
{
	unsigned int pid = task->tgid, zero = 0;
	struct ebpf_watched *watched = watched_of(pid);
	if (!watched)
		return 0;
	if (watched->as) {
		unwatch(pid);
		return 0;
	}
	struct ebpf_lived *to = bpf_map_lookup_elem(&scratches, &zero);
	if (!to)
		return 0;
	watched->held = 0;
	struct file *exe = BPF_CORE_READ(task, mm, exe_file);
	struct ebpf_vma program = { .inode = BPF_CORE_READ(exe, f_inode, i_ino),
		                    .dev = BPF_CORE_READ(exe, f_inode, i_sb, s_dev) };
	to->alias = tell_file((unsigned long long)exe, program.inode, program.dev, pid, 0);
	begin(&to->head, EBPF_EXEC);
	if (BPF_CORE_READ(task, mm, task_size) <= 1ull << 32)
		to->head.flags |= EBPF_COMPAT;
	to->other = BPF_CORE_READ(task, real_parent, tgid);
	to->dev_inode[0] = program.dev;
	to->dev_inode[1] = program.inode;
	long got = bpf_probe_read_kernel_str(to->filename, sizeof to->filename, bprm->filename);
	to->file = got > 0 ? got : 0;
	unsigned long long start = BPF_CORE_READ(task, mm, arg_start),
	                   n = BPF_CORE_READ(task, mm, arg_end) - start;
	if (n > EBPF_ARGS)
		to->head.flags |= EBPF_CUT;
	n = bound(n, EBPF_ARGS);
	to->args = bpf_probe_read_user(to->text, n, (void *)start) ? 0 : n;
	send(watched, &to->head, offsetof(struct ebpf_lived, text) + bound(n, EBPF_ARGS));
	struct ebpf_called *whole = bpf_map_lookup_elem(&scratches, &zero);
	if (whole)
		picture(watched, bpf_get_current_task_btf(), pid, whole);
	return 0;
}

static long note_region(struct task_struct *task, struct vm_area_struct *vma, void *start)
{
	*(unsigned long long *)start = vma->vm_start;
	return 0;
}

/* Sends the last state of an exiting process: the growth of its stack, and the effect of an unread
 * call. Since Linux 6.16 it still has its regions here. */
static void tell_last(struct ebpf_watched *watched, struct task_struct *task, unsigned int pid)
{
	unsigned int zero = 0;
	unsigned long long start = 0, stack = BPF_CORE_READ(task, mm, start_stack);
	struct ebpf_called *whole = bpf_map_lookup_elem(&scratches, &zero);
	if (!stack || !whole)
		return;
	if (watched->stack)
		bpf_find_vma(task, stack, note_region, &start, 0);
	if (watched->unread || (start && start != watched->stack))
		picture(watched, task, pid, whole);
}

SEC("tp_btf/sched_process_exit") int BPF_PROG(on_exit, struct task_struct *task)
{
	unsigned int pid = task->tgid, zero = 0;
	struct ebpf_watched *watched = watched_of(pid);
	if (!watched)
		return 0;
	if (BPF_CORE_READ(task, signal, live.counter) > 0)
		return 0;
	if (watched->as) {
		unwatch(pid);
		return 0;
	}
	tell_last(watched, task, pid);
	struct ebpf_lived *to = bpf_map_lookup_elem(&scratches, &zero);
	if (!to)
		return 0;
	begin(&to->head, EBPF_EXIT);
	to->head.tid = pid;
	to->faults = watched->faults;
	to->args = to->file = 0;
	to->code = task->exit_code;
	if (BPF_CORE_READ(task, signal, flags) & GROUP_EXIT)
		to->code = BPF_CORE_READ(task, signal, group_exit_code);
	struct ebpf_watched before = *watched;
	/* Whatever becomes of the record, for the pid may soon be another process's. */
	if (!unwatch(pid))
		return 0; /* another of its last threads has sent it */
	if (offer(&before, &to->head, offsetof(struct ebpf_lived, filename)) == 0)
		return 0;
	struct ebpf_ended late = { to->head, to->faults, to->code, 0 };
	if (bpf_map_push_elem(&ended, &late, 0) == 0)
		__sync_fetch_and_add(&exits, 1);
	else
		__sync_fetch_and_add(&exits_lost, 1);
	return 0;
}

/* ---- faults ---- */

/* Has the reader come. */
static void nudge(void)
{
	struct ebpf_head head = { .t = bpf_ktime_get_ns(), .kind = EBPF_NUDGE };
	bpf_ringbuf_output(&ring, &head, sizeof head, BPF_RB_FORCE_WAKEUP);
}

static void count_fault(struct ebpf_watched *watched, const struct ebpf_fault_key *key,
                        struct ebpf_fault_count more)
{
	struct ebpf_fault_count *count = bpf_map_lookup_elem(&fault_counts, key);
	if (!count && bpf_map_update_elem(&fault_counts, key, &more, BPF_NOEXIST) == 0) {
		if (__sync_fetch_and_add(&fault_keys, 1) - fault_keys_read == EBPF_FAULT_KEYS / 2)
			nudge();
		return;
	}
	if (!count)
		count = bpf_map_lookup_elem(&fault_counts, key); /* another was faster */
	if (!count) {
		__sync_fetch_and_add(&watched->faults, more.faults);
		__sync_fetch_and_add(&refused, more.faults);
		return;
	}
	__sync_fetch_and_add(&count->faults, more.faults);
	__sync_fetch_and_add(&count->major, more.major);
}

static void note_major(struct ebpf_watched *watched, const struct ebpf_fault_key *key)
{
	unsigned int tid = (unsigned int)bpf_get_current_pid_tgid();
	struct fault_seen *before = bpf_map_lookup_elem(&faults_seen, &tid),
	                  now = { *key, bpf_get_current_task_btf()->maj_flt };
	if (before && now.major > before->major)
		count_fault(watched, &before->key,
		            (struct ebpf_fault_count){ 0, now.major - before->major });
	bpf_map_update_elem(&faults_seen, &tid, &now, BPF_ANY);
}

SEC("tp_btf/page_fault_user")
int BPF_PROG(on_fault, unsigned long address, struct pt_regs *regs, unsigned long error)
{
	unsigned int pid = bpf_get_current_pid_tgid() >> 32, zero = 0;
	struct ebpf_watched *watched = told_as(&pid);
	if (!watched || watched->held)
		return 0;
	struct ebpf_fault_key key = { .pid = pid };
	bool busy = bpf_find_vma(bpf_get_current_task_btf(), address, note_region, &key.start, 0) ==
	            -EBUSY;
	if (faults_each) {
		struct ebpf_faulted *to = bpf_map_lookup_elem(&scratches, &zero);
		if (!to)
			return 0;
		begin(&to->head, EBPF_FAULT);
		to->head.pid = pid;
		to->address = address;
		to->ip = PT_REGS_IP(regs);
		to->error = error;
		to->stack = stacks ? stack_of(regs, &to->head) : 0;
		to->start = key.start;
		send(watched, &to->head, sizeof *to);
		return 0;
	}
	if (busy)
		key.start = address & ~(PAGE - 1); /* another thread has the lock: it is counted by
		                                      its page, which lies in the region */
	note_major(watched, &key);
	count_fault(watched, &key, (struct ebpf_fault_count){ 1, 0 });
	return 0;
}
