# The source ebpf compared with independent counts: /proc/PID/maps line for line, strace, perf trace, and the workload's own
# output. The full million of calls is a row of the bench (tests/bench/run soak).

load helper

setup() {
	requires bpf
	requires cmd jq /usr/bin/python3
	[ -e "$BUILD/lib/vmpipe/source/ebpf.so" ] || skip "the source ebpf is not built (clang, bpftool or libbpf-dev is missing)"
	cd "$BATS_TEST_TMPDIR"
}

# churned CALLS REGIONS SEED THREADS: holds the workload at its end to read its maps; tracked.ndjson is its stream.
churned() {
	mkfifo go
	vm-sample --ebpf --command-output out -- "$WORKLOADS/churn" calls "$@" <go 3>&- | vm-parse 3>&- | vm-track 3>&- >tracked.ndjson &
	local sampler=$!
	started+=("$sampler")
	exec {go}>go
	touch out
	local end=$((SECONDS + 300))
	until grep -q ready out; do [ $SECONDS -lt $end ] && sleep 0.05; done
	pid=$(sed -n 's/^ready //p' out)
	cp "/proc/$pid/maps" maps.txt
	echo go >&"$go"
	exec {go}>&-
	wait "$sampler"
	vm-check -q tracked.ndjson
}

# odd_one ARGS...: the same for the workload odd. No whole read by the clock: each call must be exact by itself.
odd_one() {
	mkfifo go
	${WITHIN:-} vm-sample --ebpf ${OPTIONS:-} -O reread=0 --command-output "$PWD/out" -- "${ODD:-$WORKLOADS/odd}" "$@" <go >raw.ndjson 3>&- &
	local sampler=$!
	started+=("$sampler")
	exec {go}>go
	touch out
	until_true grep -q ready out
	pid=$(sed -n 's/^ready //p' out)
	[ -z "${SETTLED:-}" ] || until_true $SETTLED
	nsenter -t "$sampler" -m -r cat "/proc/$pid/maps" >maps.txt # as it reads them
	echo go >&"$go"
	exec {go}>&-
	wait "$sampler"
	vm-parse raw.ndjson | vm-track >tracked.ndjson
	vm-check -q tracked.ndjson
}

# The tracked state before the end equals maps, with file, offset and inode; losses were reported (and repaired).
same_as_maps() {
	/usr/bin/python3 -I "$ROOT/tests/state.py" "$pid" <tracked.ndjson >got.txt
	tr -s ' ' <maps.txt | sed -E 's/^0*([0-9a-f]+)-0*/\1-/; s/ $//' >wanted.txt
	sed -i 's/ $//' got.txt
	diff got.txt wanted.txt
}

# Ends vm-sample and its command with the test; vm-sample does not end its command.
interrupted() {
	started+=($(jq -r 'select(.type=="process") | .pid' raw.ndjson | sort -u))
	kill -INT "$pid"
	wait "$pid" || no_crash $?
}

# Counts each call in all processes of a traced stream, of strace -c and of perf trace -s, as lines like "mmap 12".
traced_calls() { jq -r 'select(.type=="event") | .call' "$1" | grep -xE 'mmap|munmap|brk|mprotect' | sort | uniq -c | awk '{ print $2, $1 }'; }
strace_calls() { awk '$NF ~ /^(mmap|munmap|brk|mprotect)$/ { print $NF, $4 }' "$1" | sort; }
perf_calls() { awk '$1 ~ /^(mmap|munmap|brk|mprotect)$/ { n[$1] += $2 } END { for (c in n) print c, n[c] }' "$1" | sort; }

@test "calls by the ten thousand in a process of 5000 regions: the state at the end equals maps, line for line" {
	churned 60000 5000 11
	[ "$(wc -l <maps.txt)" -gt 4000 ]
	same_as_maps
	run ! grep '"what":"events"' tracked.ndjson # samples by the clock may be skipped
}

@test "the same with four threads that map at once" {
	churned 40000 1000 12 4
	[ "$(wc -l <maps.txt)" -gt 2500 ]
	same_as_maps
}

@test "the stream has every call: as many as strace -c counts" {
	requires cmd strace
	strace -c -o strace.txt "$WORKLOADS/churn" calls 20000 500 13 </dev/null || true
	churned 20000 500 13
	strace_calls strace.txt >wanted
	traced_calls tracked.ndjson >got
	diff got wanted
	[ "$(awk '/^mmap/ { print $2 }' got)" -gt 7000 ]
}

@test "generations of forking processes: each is in the stream, with every call, as strace -f -c counts" {
	requires cmd strace
	for way in fork exec mixed; do
		strace -f -c -o strace.txt "$WORKLOADS/generations" 5 2 $way
		vm-sample --ebpf -f --command-output out -- "$WORKLOADS/generations" 5 2 $way | vm-parse | vm-track >tracked.ndjson
		vm-check -q tracked.ndjson
		strace_calls strace.txt >wanted
		traced_calls tracked.ndjson >got
		diff got wanted
		# 1 + 2 + 4 + ... + 32 lives, which end as the workload says, each with the status of its level
		[ "$(jq -r 'select(.type=="event" and .call=="exit") | .status' tracked.ndjson | sort -n | uniq -c | awk '{ printf "%s:%s ", $2, $1 }')" = "0:1 1:2 2:4 3:8 4:16 5:32 " ]
		[ "$(jq -r 'select(.type=="event" and .call=="fork") | .child' tracked.ndjson | sort -u | wc -l)" = 62 ]
		run ! grep '"what":"events"' tracked.ndjson
	done
}

@test "the stream has as many calls as perf trace -s counts" {
	requires cmd perf unshare
	vm-sample --ebpf --command-output out -- "$WORKLOADS/long_running" 500 0 >raw.ndjson
	traced_calls raw.ndjson >got
	# perf mounts tracefs and leaves it mounted: so perf gets mounts of its own
	# perf itself loses records on a busy machine: perf may repeat, vm-sample may not
	for take in 1 2 3 4 5 6; do
		unshare -m perf trace -m 4096 -s -o perf.txt "$WORKLOADS/long_running" 500 0 2>perf.err >/dev/null || skip "perf trace does not work here: $(head -1 perf.err)"
		perf_calls perf.txt >wanted
		! diff got wanted || return 0
		# perf may have fewer calls, never more
		[ "$(join got wanted | awk '$3 > $2' | wc -l)" = 0 ]
		[ "$(join got wanted | wc -l)" = "$(wc -l <wanted)" ]
	done
	skip "perf trace lost records in each of six runs"
}

@test "each child has its parent's regions, from the parent's own ids, in all generations" {
	vm-sample --ebpf -f --command-output out -- "$WORKLOADS/generations" 6 1 fork | vm-parse | vm-track >tracked.ndjson
	vm-check -q tracked.ndjson
	# every region of a FORK act descends from a region that its parent had then
	jq -nc 'reduce (inputs | select(.type=="region" or .type=="change" or (.type=="process"))) as $l ({owner: {}, parent: {}, forks: 0, wrong: []};
		if $l.type == "process" then (if $l.why == "fork" then .parent["\($l.pid)"] = $l.ppid else . end)
		else (if $l.event == "FORK" then
				.forks += 1
				| if ($l.from | length) == 1 and .owner["\($l.from[0])"] == .parent["\($l.pid)"] then . else .wrong += [$l] end
			else . end)
			| if $l.id then .owner["\($l.id)"] = $l.pid else . end
		end) | {forks, wrong: (.wrong | length)}' tracked.ndjson >forks
	jq -e '.forks > 100 and .wrong == 0' forks
	# and the chain has seven links
	[ "$(jq -r 'select(.type=="process") | .pid' tracked.ndjson | sort -u | wc -l)" = 7 ]
}

@test "a tight loop by four threads: each mmap and munmap is in the stream, and no mapping remains" {
	vm-sample --ebpf --command-output out -- "$WORKLOADS/stress" 20000 8 4 1 | vm-parse | vm-track >tracked.ndjson
	vm-check -q tracked.ndjson
	run ! grep '"what":"events"' tracked.ndjson
	marks='[.[] | select(.type=="event" and .call=="madvise" and .addr=="0x0000000000000000") | .t] as [$from, $to]'
	jq -sc "$marks"' | [.[] | select(.type=="event" and .length == 8192 and .t > $from and .t < $to)] | group_by(.call) | map([.[0].call, length])' tracked.ndjson >counts
	diff counts - <<<'[["mmap",20000],["munmap",20000]]'
}

@test "a leak: the heap grows by the allocated amount, each time by a brk" {
	background vm-sample --ebpf --command-output out -o raw.ndjson -- "$WORKLOADS/leak" 40 64 0 brk
	touch out
	until_true grep -q lost out
	interrupted
	vm-parse raw.ndjson | vm-track >tracked.ndjson
	vm-check -q tracked.ndjson
	jq -se '([.[] | select(.type=="event" and .call=="madvise") | .t][0]) as $from
		| [.[] | select(.type=="change" and .t > $from and .kind=="heap" and .cause.call=="brk")] | length == 40 and (.[-1].size - .[0].size == 39 * 65536)' tracked.ndjson
	grep -q "2560 KiB lost" out
}

@test "recursion: the stack reaches down to the deepest call" {
	background vm-sample --ebpf --command-output out -o raw.ndjson -- "$WORKLOADS/recursion" 1 4000 60000
	until_true grep -q '"call":"madvise"' raw.ndjson
	grown() { vm-parse -q raw.ndjson 2>/dev/null | vm-track -q 2>/dev/null | jq -ne 'any(inputs; .event=="STACK_GROW" and .size >= 4096000)' >/dev/null; }
	until_true grown # no call shows this growth: a fault in no region does
	interrupted
	vm-parse raw.ndjson | vm-track >tracked.ndjson
	vm-check -q tracked.ndjson
	jq -se '[.[] | select(.type=="change" and .event=="STACK_GROW")] | .[0].was.size < 4096000 and .[-1].size >= 4096000' tracked.ndjson
}

@test "dlopen and dlclose: the library's regions are added and removed as often" {
	requires cmd strace
	strace -c -o strace.txt "$WORKLOADS/dlopen" 5 0
	vm-sample --ebpf --command-output out -- "$WORKLOADS/dlopen" 5 0 | vm-parse | vm-track >tracked.ndjson
	vm-check -q tracked.ndjson
	diff <(traced_calls tracked.ndjson) <(strace_calls strace.txt)
	at=$(sed -n 's/^libm.so.6 at //p' out)
	jq -se --arg at "$at" '[.[] | select(.type=="change" and .start == $at and ((.name // "") | endswith("libm.so.6")))] | (map(select(.event=="MMAP_ADD")) | length >= 1) and (map(select(.event=="MUNMAP_REMOVE")) | length >= 1)' tracked.ndjson
	# after the last dlclose none of its regions remains
	jq -se '[.[] | select(.type=="change" and .event=="EXIT" and ((.name // "") | endswith("libm.so.6")))] | length == 0' tracked.ndjson
}

@test "memory without a folder has the names of maps: memfd, shared memory, segments of System V" {
	odd_one memory
	grep -q "memfd:a name" maps.txt
	grep -q "/dev/zero (deleted)" maps.txt
	same_as_maps
}

@test "files of an overlay have the names that the user knows" {
	requires cmd nsenter
	mkdir lower upper work merged
	cp "$WORKLOADS/odd" lower
	printf '%s\n' '#!/bin/sh' "mount -t overlay overlay -o lowerdir=$PWD/lower,upperdir=$PWD/upper,workdir=$PWD/work $PWD/merged || exit 77" 'exec "$@"' >within
	chmod +x within
	unshare -m ./within true || skip "no overlay can be mounted here"
	WITHIN="unshare -m ./within" ODD=$PWD/merged/odd odd_one memory
	grep -q " $PWD/merged/odd" maps.txt
	same_as_maps
}

@test "in a chroot names begin where those of maps do" {
	requires cmd nsenter
	mkdir root
	cat >within <<-EOF # all top folders of the real root, wherever the programs lie
		#!/bin/sh
		for at in /*; do
			new=$PWD/root\$at
			if [ -h "\$at" ]; then cp -P "\$at" "\$new"; elif [ -d "\$at" ]; then mkdir -p "\$new" && mount --rbind "\$at" "\$new" || exit 77; fi
		done
		exec chroot $PWD/root "\$@"
	EOF
	chmod +x within
	cp "$WORKLOADS/odd" root
	unshare -m ./within true || skip "no folder can be bound to another here"
	WITHIN="unshare -m ./within" ODD=/odd odd_one memory
	grep -q " /odd$" maps.txt
	same_as_maps
}

@test "the kernel's own iterator reads a whole process, without maps, if the kernel has it" {
	requires cmd strace
	grep -q ' bpf_iter_task_vma_new$' /proc/kallsyms || skip "this kernel has no iterator over regions"
	sleep 1000 3>&- &
	started+=($!)
	ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=openat,open -o calls.txt vm-sample --ebpf -p $! -n 1 -o raw.ndjson
	grep -q /proc/self/maps calls.txt
	run ! grep "/proc/$!/maps" calls.txt
	vm-parse raw.ndjson | jq -se '[.[] | select(.type=="region")] | length > 10 and any(.name == "[stack]")'
}

@test "a region that changes without a pause is in each whole read of its process" {
	requires cmd cc
	cat >toggle.c <<-'C'
		#include <sys/mman.h>
		int main(void) { char *p = mmap((void *)0x10000000, 65536, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0); for (int i = 0; i < 500000; i++) mprotect(p, 65536, i & 1 ? PROT_READ : PROT_NONE); return 0; }
	C
	cc -O1 -o toggle toggle.c
	vm-sample --ebpf -O exact=no -- ./toggle >raw.ndjson
	jq -r 'select(.type=="raw") | .text | test("10000000-10010000")' raw.ndjson | sed -n '/true/,$p' >there
	[ "$(grep -c true there)" -gt 1 ]
	run ! grep false there
}

@test "threads that map at once: no call that has mapped memory is reported to have left nothing" {
	requires cmd cc
	cat >busy.c <<-'C'
		#include <pthread.h>
		#include <sys/mman.h>
		static void *map(void *arg)
		{
			for (int i = 0; i < 10000; i++) { char *p = mmap(0, 65536, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); mprotect(p, 4096, 1); munmap(p, 65536); }
			return arg;
		}
		int main(void) { pthread_t t[3]; for (int i = 0; i < 3; i++) pthread_create(t + i, 0, map, 0); for (int i = 0; i < 3; i++) pthread_join(t[i], 0); return 0; }
	C
	cc -O1 -pthread -o busy busy.c
	vm-sample --ebpf -O ring=64M -- ./busy >raw.ndjson
	grep -E '"call":"(mmap|mprotect)"' raw.ndjson | grep '"after":' >told
	[ "$(wc -l <told)" -gt 20000 ]
	run ! grep '"after":\[\]' told
}

@test "threads that map at once: the counts miss no page fault" {
	requires cmd cc
	cat >touch.c <<-'C'
		#include <pthread.h>
		#include <sys/mman.h>
		static void *touch(void *arg)
		{
			for (int i = 0; i < 3000; i++) {
				char *p = mmap(0, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
				madvise(p, 65536, MADV_NOHUGEPAGE);
				for (int j = 0; j < 4; j++) p[j * 4096] = 1;
				munmap(p, 65536);
			}
			return arg;
		}
		int main(void) { pthread_t t[3]; for (int i = 0; i < 3; i++) pthread_create(t + i, 0, touch, 0); for (int i = 0; i < 3; i++) pthread_join(t[i], 0); return 0; }
	C
	cc -O1 -pthread -o touch touch.c
	vm-sample --ebpf -e brk -- ./touch >raw.ndjson
	run jq -s '[.[] | select(.type=="faults") | .minor + .major] | add' raw.ndjson
	[ "$output" -ge 36000 ] || { echo "$output of 36000"; return 1; }
}

@test "beside samples at intervals each call keeps its time, and all calls come before the end that a sample has found" {
	requires cmd cc
	cat >many.c <<-'C'
		#include <sys/mman.h>
		int main(void)
		{
			char *p = mmap(0, 8192 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			for (int i = 0; i < 4000; i++) mprotect(p + i * 8192, 4096, PROT_READ | PROT_WRITE), p[i * 8192] = 1;
			for (int i = 0; i < 4000; i++) munmap(p + i * 8192, 8192);
			return 0;
		}
	C
	cc -O1 -o many many.c
	vm-sample -s ebpf,procfs -O share=100 -i 1ms -- ./many >raw.ndjson
	vm-parse raw.ndjson | vm-track >tracked.ndjson
	vm-check -q tracked.ndjson
	jq -se '[.[] | select(.type=="event" and .call=="munmap") | .t] | length >= 4000 and (unique | length) > 3900' raw.ndjson
	jq -se '(map(.type=="event" and .call=="munmap") | rindex(true)) < (map(.type=="event" and .call=="exit") | index(true))' raw.ndjson
}

@test "a process that shares memory with another has the other's mappings, in both directions" {
	# Each has been read after the last call of the other.
	settled() {
		jq -ne "[inputs] as \$lines | (\$lines | map(select(.call==\"fork\") | .child)[0]) as \$child
			| def last(\$type; \$pid): \$lines | map(select(.type==\$type and .pid==\$pid) | .t) | max;
			last(\"event\"; \$child) != null and last(\"raw\"; $pid) > last(\"event\"; \$child) and last(\"raw\"; \$child) > last(\"event\"; $pid)" raw.ndjson
	}
	OPTIONS=-f SETTLED=settled odd_one shared
	same_as_maps
	pid=$(jq -n '[inputs | select(.call=="fork") | .child][0]' raw.ndjson)
	same_as_maps
}

@test "a stack that grows just before the end is seen" {
	for how in count none each; do
		vm-sample --ebpf -O reread=0 -O faults=$how -- "$WORKLOADS/odd" deep >raw.ndjson
		vm-parse raw.ndjson | vm-track >tracked.ndjson
		vm-check -q tracked.ndjson
		jq -se 'any(.[]; .type=="change" and .event=="STACK_GROW" and .size > 1600000) and .[-1].type == "end"' tracked.ndjson
	done
}

@test "for a file with several names each region has the name it was mapped by: deleted only after deletion, renamed at the next whole read" {
	mkdir folder
	odd_one links "$PWD/folder"
	jq -r 'select(.type=="event" and (.after[0].name? // "" | test("folder"))) | .call + " " + (.after[0].name | sub(".*/"; ""))' raw.ndjson >got
	diff - got <<-'END'
		mmap one
		mmap other
		mmap gone
		mprotect gone (deleted)
		mmap one
		mprotect renamed
		mmap renamed
	END
}
