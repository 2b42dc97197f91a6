# The source ebpf when the ring is full, when there are too many processes, and for what no call tells: nothing is lost
# unsaid, nobody else is traced.

load helper
load overrun

setup() {
	requires bpf
	requires cmd jq /usr/bin/python3
	[ -e "$BUILD/lib/vmpipe/source/ebpf.so" ] || skip "the source ebpf is not built (clang, bpftool or libbpf-dev is missing)"
	cd "$BATS_TEST_TMPDIR"
}

# For each process, in order: the calls that are in the stream and those reported as lost, added up.
calls_told() {
	jq -rs '[.[] | select((.type == "event" and (.call | . == "mmap" or . == "munmap")) or (.type == "lost" and .what == "events"))]
		| group_by(.pid) | map(map(.count // 1) | add) | map(tostring) | join(" ")' raw.ndjson
}

@test "processes that call faster than the ring is read: told and lost calls are all that each has made, and all exits are there" {
	vm-sample --ebpf -f -O ring=4K -O faults=none -- "$WORKLOADS/burst" 8 20000 >raw.ndjson
	[ "$(grep -c '"call":"exit"' raw.ndjson)" = 9 ]
	grep -q '"what":"events"' raw.ndjson
	[[ "$(calls_told) " == *" 40000 40000 40000 40000 40000 40000 40000 40000 "* ]]
	tail -n 1 raw.ndjson | grep -q '"reason":"exit"'
	jq -se '[.[] | select(.t) | .t] | . == sort' raw.ndjson
	vm-parse raw.ndjson | vm-track | vm-check -q
}

@test "whoever gets the id of a process that has ended is not traced, not counted, and not told as the dead one" {
	requires root
	[ -w /proc/sys/kernel/ns_last_pid ] || skip "needs /proc/sys/kernel/ns_last_pid"
	overrun
	echo "exit 3" >&"$step_in"
	wait "$pid" || no_crash $?
	"$WORKLOADS/reuse" "$pid" "$WORKLOADS/burst" 0 1
	kill -CONT "$sampler"
	wait "$sampler"
	jq -se --argjson pid "$pid" '[.[] | select(.pid == $pid and (.type == "event" or .type == "lost"))]
		| (map(select(.call == "mprotect" or .type == "lost") | .count // 1) | add) == 200 and .[-1].call == "exit" and .[-1].status == 3' raw.ndjson
	run ! grep -q burst raw.ndjson
}

@test "more children than may be traced: the others are counted, and end nothing" {
	vm-sample --ebpf -f -O processes=16 -O faults=none -- "$WORKLOADS/burst" live 50 </dev/null >raw.ndjson 2>err || [ $? = 125 ]
	jq -se '([.[] | select(.type == "lost" and .what == "processes") | .count] | add) as $lost
		| ([.[] | select(.type == "process")][0].pid) as $first
		| ([.[] | select(.call == "mmap" and .length == 12288 and .pid != $first) | .pid] | unique | length) as $told
		| $lost >= 30 and $lost + $told == 50' raw.ndjson
	grep -q 'further children are not' err
}

@test "page faults in more regions than the kernel counts at once are all told, or counted as lost" {
	[ "$(cat /proc/sys/vm/max_map_count)" -ge 65000 ] || skip "needs 65 000 regions"
	mkfifo go
	"$WORKLOADS/burst" faults 60000 <go >out 3>&- &
	pid=$!
	started+=("$pid")
	exec {go}>go
	until_true grep -q ready out
	background vm-sample --ebpf -p "$pid" -i 1h -O reread=0 -o raw.ndjson
	until_true grep -qs '"type":"raw"' raw.ndjson
	echo >&"$go"
	exec {go}>&-
	wait "$pid"
	made=$(sed -n 's/^faults //p' out)
	jq -se --argjson made "$made" '[.[] | select(.type == "faults" or .what == "faults") | .count // (.minor + .major)] | add | . >= $made and . < $made + 50' raw.ndjson
}

# odd ARGS...: the workload odd within $WITHIN, until the tracked state equals what maps then says. $OPTIONS are vm-sample's.
odd() {
	mkfifo go
	${WITHIN:-} vm-sample --ebpf -O reread=20ms -i 1h ${OPTIONS:-} --command-output "$PWD/out" -- "$WORKLOADS/odd" "$@" <go >raw.ndjson 3>&- &
	sampler=$!
	started+=("$sampler")
	exec {go}>go
	touch out
	until_true grep -q ready out
	pid=$(sed -n 's/^ready //p' out)
	sampler=$(awk '/^PPid/ { print $2 }' "/proc/$pid/status")
	nsenter -t "$sampler" -m cat "/proc/$pid/maps" | tr -s ' ' | sed -E 's/^0*([0-9a-f]+)-0*/\1-/; s/ $//' >wanted.txt
	until_true equal
	echo go >&"$go"
	exec {go}>&-
	wait "${started[-1]}"
	vm-parse raw.ndjson | vm-track | vm-check -q
}

equal() {
	vm-parse -q raw.ndjson | vm-track -q 2>/dev/null | /usr/bin/python3 -I "$ROOT/tests/state.py" "$pid" | sed 's/ $//' >got.txt
	cmp -s got.txt wanted.txt
}

@test "what changes by no memory call is seen at the next whole read of an idle process: aio" { odd silent aio; }
@test "the same: userfaultfd" { odd silent userfaultfd; }
@test "the same: process_madvise" { odd silent process_madvise; }
@test "the same: a stack that the kernel itself lets grow" { odd silent stack; }
@test "the same: a folder of a mapped file is renamed" { odd silent rename; }

@test "whole reads of an idle process that find nothing new write nothing" {
	workload still "$BATS_TEST_TMPDIR"
	background vm-sample --ebpf -p "$pid" -O reread=1ms -O faults=none -i 1h -o raw.ndjson
	sampler=$pid
	until_true grep -qs '"type":"raw"' raw.ndjson
	switches() { awk '/^voluntary_ctxt/ { print $2 }' "/proc/$sampler/status"; }
	before=$(switches)
	until_true eval '[ "$(switches)" -gt $((before + 100)) ]'
	kill -INT "$sampler"
	wait "$sampler" || no_crash $?
	[ "$(grep -c '"type":"raw"' raw.ndjson)" -le 2 ]
}

@test "many children that wait are read in turn, and each is written once" {
	mkfifo go
	vm-sample --ebpf -f -O reread=1ms -O faults=none -i 1h -o raw.ndjson --command-output out -- "$WORKLOADS/burst" live 100 <go 3>&- &
	started+=($!)
	exec {go}>go
	until_true grep -qs ready out
	sampler=${started[-1]}
	switches() { awk '/^voluntary_ctxt/ { print $2 }' "/proc/$sampler/status"; }
	before=$(switches)
	until_true eval '[ "$(switches)" -gt $((before + 20)) ]'
	exec {go}>&-
	wait "$sampler"
	[ "$(jq -r 'select(.type == "process" and .why == "fork") | .pid' raw.ndjson | wc -l)" = 100 ]
	[ "$(grep -c '"call":"exit"' raw.ndjson)" = 101 ]
	[ "$(jq -r 'select(.type == "sample") | .pid' raw.ndjson | wc -l)" -lt 130 ]
	vm-parse raw.ndjson | vm-track | vm-check -q
}

@test "a child in the same memory, by CLONE_VM or vfork, is told without -f, until it executes a program" {
	OPTIONS="-O reread=0" odd shared
	jq -se --argjson pid "$pid" '[.[] | select(.call == "munmap" and .length == 65536)] | length == 1 and .[0].pid == $pid and .[0].tid != $pid' raw.ndjson
}

@test "the same: vfork" {
	OPTIONS="-O reread=0" odd vfork
	jq -se --argjson pid "$pid" '[.[] | select(.call == "mprotect" and .len == 65536 and .prot == "PROT_NONE" and .tid != $pid)] | length == 2' raw.ndjson
	[ "$(grep -c '"call":"exec"' raw.ndjson)" = 1 ]
}

@test "one file through two mounts has the name of each" {
	mkdir a b
	printf '#!/bin/sh\nmount --bind a b && exec "$@"\n' >within
	chmod +x within
	WITHIN="unshare -m ./within" OPTIONS="-O reread=0" odd files a/file b/file
	grep -q /a/file got.txt
	grep -q /b/file got.txt
}

@test "paths of a hundred folders and of 3000 bytes have their names" {
	deep=$(printf 'd/%.0s' {1..100}) long=$(for i in {1..12}; do printf 'x%.0s' {1..240}; echo; done | paste -sd/)
	mkdir -p "$deep" "$long"
	OPTIONS="-O reread=0" odd files "$deep/file" "$long/file"
}

@test "a path longer than any call takes has its name from the next whole read on" { odd silent depth; }

# So many files are mapped for a moment and removed while the sampler is stopped: all of their names are in the ring when it
# goes on. Sets $right, the number of calls with the right name, and $memory, in bytes.
names_at_once() {
	mkfifo go.$1
	"$WORKLOADS/odd" names "$long" "$1" <go.$1 >out.$1 3>&- &
	pid=$!
	started+=("$pid")
	exec {go}>go.$1
	background vm-sample --ebpf -p "$pid" -O ring=64M -O faults=none -O reread=0 -i 1h -o raw.$1
	sampler=$pid
	until_true grep -qs '"type":"raw"' raw.$1
	kill -STOP "$sampler"
	until_true grep -q '^State:.T' "/proc/$sampler/status"
	echo >&"$go"
	while ! grep -q ready out.$1; do sleep 0.01; done
	kill -CONT "$sampler"
	echo >&"$go"
	wait "$sampler"
	exec {go}>&-
	read -r right memory < <(awk '
		/"call":"mmap".*MAP_SHARED/ { if (index($0, "/f" n++ "\"")) right++ }
		/"type":"stage"/ { sub(/.*"memory":/, ""); memory = $0 + 0 }
		END { print right + 0, memory }' raw.$1)
	echo "$1 files: $right names are right, $memory bytes"
}

@test "names of files that are gone are forgotten: the memory for them is bounded however many come at once, and the names are right" {
	long=$(for i in {1..12}; do printf 'x%.0s' {1..240}; echo; done | paste -sd/)
	mkdir -p "$long"
	names_at_once 5000
	[ "$right" -ge 4995 ] # one in a thousand may be unknown
	local few=$memory
	names_at_once 15000 # 45 MB of names
	[ "$right" -ge 14985 ]
	[ "$memory" -lt $((few + (20 << 20))) ]
}

@test "in a time namespace the times are those of the stream" {
	unshare -T --fork --monotonic 1000000 true 2>/dev/null || skip "needs time namespaces"
	unshare -T --fork --monotonic 1000000 vm-sample --ebpf -- "$WORKLOADS/burst" 0 100 >raw.ndjson
	jq -se '.[-1].t < 1000 and ([.[] | select(.type == "raw")] | length > 0) and ([.[] | select(.call == "exit")][0].t > [.[] | select(.call == "exec")][0].t)' raw.ndjson
	vm-parse raw.ndjson | vm-track | vm-check -q
}

@test "signals by the thousand do not keep the source ebpf from starting" {
	requires cmd cc
	if nm -D "$BUILD/bin/vm-sample" | grep -qE '__(asan|tsan)_init'; then skip "the sanitizer cannot be preloaded"; fi
	cc -shared -fPIC -O1 -o storm.so "$ROOT/tests/signal_storm.c"
	LD_PRELOAD=$PWD/storm.so vm-sample --ebpf -- /bin/true >raw.ndjson
	jq -se 'any(.[]; .call == "exec") and .[-1].reason == "exit"' raw.ndjson
}
