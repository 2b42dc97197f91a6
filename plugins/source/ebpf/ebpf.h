/* The bytes that cross from the kernel's half (ebpf.bpf.c) to ours: records in one ring, oldest
 * first. */
#ifndef EBPF_H
#define EBPF_H

#define EBPF_COMM    16
#define EBPF_NUMBERS 512 /* system call numbers are below */
#define EBPF_VMAS \
	24 /* regions in a record; after a call on more regions the process is read again */
#define EBPF_PATH \
	4096 /* bytes of the names of a path; the name of a longer one is read from /proc */
#define EBPF_NAME 256  /* bytes of one name; the kernel allows 255 */
#define EBPF_ARGS 1024 /* bytes of arguments of an exec */

/* Bytes of a stack in its record: the smallest of these that holds what is copied. */
#define EBPF_STACK_LEAST 512
#define EBPF_STACK_MOST  32768

/* Calls, in the order of the table in words.c; EBPF_FAULT is not among what -e names. */
/* clang-format off */
#define EBPF_CALLS(C) \
	C(mmap) C(munmap) C(brk) C(mremap) C(mprotect) C(pkey_mprotect) C(madvise) C(shmat) C(shmdt) C(remap_file_pages) \
	C(mlock) C(mlock2) C(munlock) C(mlockall) C(munlockall) C(mbind) C(mseal) C(prctl)
/* clang-format on */

/* clang-format off */
enum ebpf_call {
#define C(name) EBPF_##name,
	EBPF_CALLS(C)
#undef C
	EBPF_CALL_COUNT
};
/* clang-format on */

enum ebpf_kind {
	EBPF_CALL, /* a memory call returned */
	EBPF_FORK,
	EBPF_CLONE,
	EBPF_EXEC,
	EBPF_EXIT,
	EBPF_PICTURE, /* a piece of an address space; the last piece is marked */
	EBPF_FILE,    /* the path of a file, for its device and inode */
	EBPF_FAULT,
	EBPF_STACK, /* registers and stack of the thread whose record follows */
	EBPF_NUDGE, /* only wakes the reader */
};

enum {
	EBPF_EXACT = 1,   /* lo, hi and the regions are the state after the call */
	EBPF_RACY = 2,    /* other threads share the address space and may have changed it */
	EBPF_UNREAD = 4,  /* the state could not be read: read the process again */
	EBPF_LEFT = 8,    /* [left, left_end) is empty now */
	EBPF_LAST = 16,   /* of a picture */
	EBPF_CUT = 32,    /* more data than fits */
	EBPF_SHARED = 64, /* a child in its parent's address space (vfork) */
	EBPF_COMPAT =
	        128, /* a call of the system's 32-bit interface; exec, stack: a program of 32 bits
	              */
	EBPF_UNFOLLOWED = 256, /* a child that is not traced: too many processes are */
	EBPF_STACKLESS = 512,  /* its stack found no room in the ring */
	EBPF_CODE = 1024,      /* a call that is not asked for: it tells where code is */
	EBPF_FAULTED = 2048,   /* stack: of a page fault */
};

struct ebpf_head {
	unsigned long long t; /* ns, CLOCK_MONOTONIC */
	unsigned int kind, flags;
	unsigned int pid, tid;
	unsigned int lost;  /* events of this process that found no room, so far */
	unsigned int count; /* regions in the record */
	char comm[EBPF_COMM];
};

enum {
	EBPF_VMA_HEAP = 1,
	EBPF_VMA_STACK = 2,
	EBPF_VMA_FILE = 4,
	EBPF_VMA_NAMED = 8 /* the program's name of the thread */,
	EBPF_VMA_SPECIAL = 16
};

struct ebpf_vma {
	unsigned long long start, end, offset,
	        inode;       /* of a special region the last two members hold its name */
	unsigned int dev;    /* as in the kernel: major << 20 | minor */
	unsigned char perms; /* lower 8 bits of vm_flags */
	unsigned char what;
	unsigned short pad;
	unsigned int alias; /* index of the name of that inode, which another file may have had */
	unsigned int pad_too;
};

/* A call; or a piece of a picture, which uses the regions alone. */
struct ebpf_called {
	struct ebpf_head head;
	unsigned long long args[6];
	long long result;
	unsigned long long took;  /* ns; 0: not known */
	unsigned long long stack; /* 0: none; else head.t of its stack */
	unsigned long long lo, hi;
	unsigned long long left, left_end;
	unsigned int call, pad;          /* of a picture: number of the piece */
	struct ebpf_vma vmas[EBPF_VMAS]; /* head.count are sent */
};

struct ebpf_lived {
	struct ebpf_head head;
	unsigned long long stack;        /* fork: as in a call */
	unsigned int other;              /* fork: the child; exec: its parent */
	unsigned int code;               /* exit: as wait() gives it */
	unsigned long long dev_inode[2]; /* exec: of the program */
	unsigned int alias, pad;
	unsigned int args, file;   /* bytes of each */
	unsigned long long faults; /* exit: page faults that found no room to be counted */
	char filename[EBPF_NAME];
	char text[EBPF_ARGS]; /* `args` of it are sent */
};

struct ebpf_watched {
	unsigned int lost;         /* events that found no room, so far */
	unsigned int held;         /* a command before its first exec: not recorded */
	unsigned long long stack;  /* start of its stack when last reported */
	unsigned long long faults; /* page faults that found no room to be counted */
	unsigned int unread;  /* a call with unknown effects, until the process is read whole */
	unsigned int stale;   /* parts of pictures that found no room, so far */
	unsigned int as, pad; /* it is told as that process, whose memory it shares; 0: itself */
};

/* An exit that found no room in the ring. */
struct ebpf_ended {
	struct ebpf_head head;
	unsigned long long faults;
	unsigned int code, pad; /* as in struct ebpf_lived */
};

/* The first traced processes, found without a hash table, which would cost a call 50 ns. */
#define EBPF_FIRST 4
struct ebpf_first {
	unsigned long long pid; /* 0: none */
	struct ebpf_watched watched;
};

/* What tells one name of a file from another. */
struct ebpf_file_key {
	unsigned long long dentry, mount, inode;
	unsigned int dev, name; /* name: the kernel's hash of the last part of its path, and whether
	                           it is deleted */
};

/* The names of a path from the file up, each ended by a NUL. */
struct ebpf_file {
	struct ebpf_head head;
	struct ebpf_file_key key;
	unsigned int deleted, root, n; /* root: the file has no parent and lives in memory */
	unsigned int alias;
	char names[EBPF_PATH + EBPF_NAME];
};

/* A request to read a process whole. */
struct ebpf_whole {
	unsigned int pid, most; /* request: the process, and the rows available */
	unsigned int state, count;
	unsigned long long t; /* ns, CLOCK_MONOTONIC: of all rows */
};

enum {
	EBPF_NO_TASK,
	EBPF_WHOLE,
	EBPF_BUSY /* it changed meanwhile: ask again */,
	EBPF_TOO_MANY,
	EBPF_NAMED /* some names only /proc has */
};

struct ebpf_faulted {
	struct ebpf_head head;
	unsigned long long address, ip, error;
	unsigned long long start; /* of the region; 0: none */
	unsigned long long stack;
};

/* What a stack is unwound from. head.t is that of the record whose `stack` names it. */
struct ebpf_stack {
	struct ebpf_head head;
	unsigned long long ip, sp, fp, lr; /* registers; lr: where a call puts the return address */
	unsigned long long caller; /* the word on top of the stack, or lr: the return address if the
	                              running function has no frame */
	unsigned char before[8];   /* the bytes before that address; 0: unreadable */
	unsigned int n, pad;
	unsigned char bytes[]; /* `n` bytes from sp on; the record may have room for more */
};

/* Regions whose faults are counted between two readings of the counts. */
#define EBPF_FAULT_KEYS 65536

struct ebpf_fault_key {
	unsigned long long start;
	unsigned int pid, pad;
};

struct ebpf_fault_count {
	unsigned long long faults, major; /* major: among these, or those counted last before */
};

#endif
