#!/usr/bin/env bats
# The view sites: which call stack has mapped what, compared with a count page by page that is not ours.
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
}

# Rows of the view: "mapped live stack", in KiB; OPTIONS of vm-render.
rows() { # FILE [OPTION...]
	vm-render --json --view sites --columns mapped,live,stack "${@:2}" "$1" | jq -r '.rows[]?.cells | join(" ")' | sort
}

# The same from the events alone: each page of each process belongs to the stack that mapped it last.
witness() { # FILE
	cat >witness.py <<-'P'
		import json, sys
		stacks, pages, top, mapped, live = {}, {}, {}, {}, {}
		def words(line):
		    out = []
		    for f in line["frames"][:16]:
		        if "function" in f: out.append(f["function"])
		        elif "object" in f and "offset" in f: out.append("%s+0x%x" % (f["object"].split("/")[-1], int(f["offset"], 16)))
		        else: out.append("0x%x" % int(f["addr"], 16))
		    if line.get("cut") and len(line["frames"]) < 16: out.append("(cut)")
		    return " < ".join(out)
		def up(n): return (n + 4095) // 4096
		def give(pid, start, count, stack):
		    if stack is not None and count: mapped[stack] = mapped.get(stack, 0) + 4 * count
		    for i in range(start // 4096, start // 4096 + count): pages[pid][i] = stack
		def take(pid, start, count):
		    return [pages[pid].pop(i, None) for i in range(start // 4096, start // 4096 + count)]
		for line in open(sys.argv[1]):
		    e = json.loads(line)
		    if e["type"] == "stack": stacks[e["id"]] = words(e)
		    if e["type"] != "event" or "error" in e: continue
		    pid, call = e["pid"], e["call"]
		    stack = stacks.get(e.get("stack"))
		    mine = pages.setdefault(pid, {})
		    if call == "mmap": give(pid, int(e["result"], 16), up(e["length"]), stack)
		    elif call == "munmap": take(pid, int(e["addr"], 16), up(e["length"]))
		    elif call == "brk":
		        new, was = int(e["result"], 16), top.get(pid, 0)
		        if was and new > was: give(pid, was, (new - was) // 4096, stack)
		        elif new < was: take(pid, new, (was - new) // 4096)
		        top[pid] = new
		    elif call == "mremap":
		        was, new = up(e["old_size"]), up(e["new_size"])
		        had = take(pid, int(e["old_address"], 16), was)
		        to = int(e["result"], 16)
		        for i, owner in enumerate(had[:new]): pages[pid][to // 4096 + i] = owner
		        if new > was: give(pid, to + was * 4096, new - was, stack)
		    elif call == "fork": pages[e["child"]] = dict(mine); top[e["child"]] = top.get(pid, 0)
		    elif call == "exec": pages[pid] = {}; top[pid] = 0
		    elif call == "exit":
		        for owner in mine.values(): live[owner] = live.get(owner, 0) + 4
		        pages.pop(pid)
		for mine in pages.values():
		    for owner in mine.values(): live[owner] = live.get(owner, 0) + 4
		for stack in set(mapped) | set(live):
		    if stack is not None: print(mapped.get(stack, 0), live.get(stack, 0), stack)
	P
	/usr/bin/python3 -I witness.py "$1" | sort
}

# A stream of calls of process 7 and others: lines of members, each with its t.
stream() {
	echo '{"type":"stream","t":0,"version":1}'
	for id in 1 2 3; do echo '{"type":"stack","t":0,"pid":7,"id":'$id',"frames":[{"addr":"0x0000000000001000","function":"f'$id'"},{"addr":"0x0000000000002000","function":"main"}]}'; done
	awk '{ print "{\"type\":\"event\",\"t\":" NR "," $0 "}" }'
}

@test "partial unmaps, mappings over others, mremap, brk, fork and exec count by their pages" {
	requires cmd python3
	stream >calls.ndjson <<-'END'
		"pid":7,"call":"mmap","length":40960,"result":"0x0000000000100000","stack":1
		"pid":7,"call":"munmap","addr":"0x0000000000102000","length":4097,"result":0,"stack":2
		"pid":7,"call":"mmap","length":8192,"result":"0x0000000000108000","stack":2
		"pid":7,"call":"mmap","length":8192,"error":"ENOMEM","stack":2
		"pid":7,"call":"mremap","old_address":"0x0000000000106000","old_size":16384,"new_size":32768,"flags":"MREMAP_MAYMOVE","result":"0x0000000000200000","stack":3
		"pid":7,"call":"mremap","old_address":"0x0000000000200000","old_size":32768,"new_size":20480,"flags":"MREMAP_MAYMOVE","result":"0x0000000000200000","stack":3
		"pid":7,"call":"brk","addr":"0x0000000000000000","result":"0x0000000000500000","stack":1
		"pid":7,"call":"brk","addr":"0x0000000000510000","result":"0x0000000000510000","stack":1
		"pid":7,"call":"brk","addr":"0x0000000000508000","result":"0x0000000000508000","stack":2
		"pid":7,"call":"fork","child":8,"stack":1
		"pid":8,"call":"munmap","addr":"0x0000000000100000","length":8192,"result":0,"stack":2
		"pid":7,"call":"mmap","length":4096,"result":"0x0000000000600000","stack":3
		"pid":7,"call":"fork","child":9,"stack":1
		"pid":9,"call":"exec"
		"pid":9,"call":"exit","status":0
		"pid":8,"call":"exit","status":0
	END
	diff <(witness calls.ndjson) <(rows calls.ndjson)
	[ "$(rows calls.ndjson)" = "$(printf '%s\n' '104 104 f1 < main' '20 12 f3 < main' '8 16 f2 < main' | sort)" ]
	# of one process, and of a moment
	[ "$(rows calls.ndjson --at 3)" = "$(printf '%s\n' '40 24 f1 < main' '8 8 f2 < main' | sort)" ]
	rows calls.ndjson --pid 8 | grep -qx '0 48 f1 < main'
}

@test "real programs: mapped and still mapped bytes by stack equal the count by pages" {
	requires bpf
	requires cmd cc python3
	[ -e "$BUILD/lib/vmpipe/source/ebpf.so" ] || skip "the source ebpf is not built (clang, bpftool or libbpf-dev is missing)"
	cat >busy.c <<-'C'
		#define _GNU_SOURCE
		#include <stdlib.h>
		#include <string.h>
		#include <sys/mman.h>
		#include <sys/wait.h>
		#include <unistd.h>
		__attribute__((noinline)) static void *keeps(size_t n) { void *p = malloc(n); *(volatile char *)p = 1; return p; }
		__attribute__((noinline)) static void drops(size_t n) { void *p = malloc(n); *(volatile char *)p = 1; free(p); }
		__attribute__((noinline)) static void grows(size_t n) { void *p = realloc(malloc(n), 3 * n); *(volatile char *)p = 1; }
		int main(void)
		{
			for (int i = 1; i <= 40; i++) {
				keeps(150000 + i * 4096);
				drops(300000);
				char *p = mmap(0, 20 * 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
				munmap(p + 4096 * (i % 7), 4096 * (1 + i % 5));
				grows(400000);
			}
			if (!fork()) {
				keeps(7000000);
				_exit(0);
			}
			wait(0);
			if (!fork())
				execl("/bin/true", "true", (char *)0);
			wait(0);
			return 0;
		}
	C
	cc -O1 -fno-builtin -o busy busy.c
	timeout 100 vm-sample --ebpf -f --stacks -- ./busy >raw.ndjson
	run ! grep -q '"type":"lost"' raw.ndjson
	vm-parse raw.ndjson | vm-track >tracked.ndjson
	diff <(witness raw.ndjson) <(rows tracked.ndjson)
	diff <(rows raw.ndjson) <(rows tracked.ndjson)
	# the code that gives nothing back comes first, by its own function
	run jq -r '.rows[0].cells[0]' <(vm-render --json --view sites tracked.ndjson)
	[ "$output" = grows ]
	run vm-render --ascii --width 120 --view sites tracked.ndjson
	[[ $output == *"still mapped"*grows*total* ]]
}

@test "without stacks the view says how to record them" {
	run vm-render --ascii --view sites <<<'{"type":"event","t":0,"pid":7,"call":"brk","result":"0x0000000000500000"}'
	[[ $output == *"--ebpf --stacks"* ]]
}
