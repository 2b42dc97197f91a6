# The source ebpf: every call, its cause, and nothing missed; compared with strace and /proc/PID/maps.

load helper
load overrun

setup() {
	requires bpf
	requires cmd jq
	[ -e "$BUILD/lib/vmpipe/source/ebpf.so" ] || skip "the source ebpf is not built (clang, bpftool or libbpf-dev is missing)"
	cd "$BATS_TEST_TMPDIR"
}

# traced OPTIONS... -- COMMAND: writes raw.ndjson, and tracked.ndjson, which vm-check accepts.
traced() {
	vm-sample --ebpf "$@" >raw.ndjson
	vm-parse raw.ndjson | vm-track >tracked.ndjson
	vm-check tracked.ndjson
}

# Counts each call between the marks of a workload, as "mmap 1, munmap 1".
between_marks() {
	jq -rs '[.[] | select(.type=="event")] as $e
		| ([$e[] | select(.call=="madvise" and .addr=="0x0000000000000000" and .advice=="MADV_NORMAL")][0].t) as $from
		| ([$e[] | select(.call=="madvise" and .addr=="0x0000000000000000" and .advice=="MADV_RANDOM")][0].t) as $to
		| [$e[] | select(.t > $from and .t < $to and .call != "madvise") | .call] | group_by(.) | map("\(.[0]) \(length)") | join(", ")' raw.ndjson
}

# churn CALLS: runs to its end under vm-sample; maps.txt has its maps at the end, tracked.ndjson its stream.
churned() {
	local options=$1
	shift
	mkfifo go
	vm-sample --ebpf $options --command-output out -- "$WORKLOADS/churn" calls "$@" <go >raw.ndjson 3>&- &
	started+=($!)
	local sampler=$!
	exec {go}>go
	touch out
	until_true grep -q ready out
	pid=$(sed -n 's/^ready //p' out)
	cp "/proc/$pid/maps" maps.txt
	[ -z "${SETTLED:-}" ] || until_true settled # by a whole read by the clock
	echo go >&"$go"
	exec {go}>&-
	wait "$sampler"
	vm-parse raw.ndjson | vm-track >tracked.ndjson
	vm-check tracked.ndjson
}

# The last regions before the end, in the form of maps.
last_state() {
	jq -rn 'reduce (inputs | select((.type=="change" and .event!="EXIT") or (.type=="region" and .id))) as $c ({};
			if $c.type == "change" then delpaths([($c.gone // [])[] | [tostring]]) else . end
			| if $c.event == "MUNMAP_REMOVE" then del(.[$c.id|tostring]) else .[$c.id|tostring] = $c end)
		| [.[]] | sort_by(.start)[] | "\(.start[2:] | sub("^0+";""))-\(.end[2:] | sub("^0+";"")) \(.perms) \(.name // "")"' tracked.ndjson
}

# Is the state that the stream so far gives the one of maps.txt?
settled() {
	vm-parse -q raw.ndjson 2>/dev/null | vm-track -q >tracked.ndjson 2>/dev/null
	same_as_maps >/dev/null
}

same_as_maps() {
	sed -E 's/^0*([0-9a-f]+)-0*([0-9a-f]+) (....) [^ ]+ [^ ]+ [0-9]+ */\1-\2 \3 /' maps.txt >wanted
	last_state >got
	diff got wanted
}

@test "the first exec and the loader's first mmap are in the stream" {
	traced -- /bin/true
	run jq -r 'select(.type=="event") | .call' raw.ndjson
	[ "${lines[0]}" = exec ]
	[[ " ${lines[*]} " == *" mmap "*" munmap "* ]]
	[ "${lines[-1]}" = exit ]
	jq -se 'any(.[]; .call=="exec" and .filename == "/bin/true")' raw.ndjson
	jq -se '[.[] | select(.type=="process")] | length == 1 and .[0].why == "first" and .[0].args == ["/bin/true"]' raw.ndjson
}

@test "the stream has as many calls as strace counts" {
	requires cmd strace
	traced -- "$WORKLOADS/long_running" 40 0
	strace -f -o strace.txt -e trace=mmap,munmap,brk,mprotect "$WORKLOADS/long_running" 40 0
	for call in mmap munmap brk mprotect; do
		[ "$(jq -c "select(.type==\"event\" and .call==\"$call\")" raw.ndjson | wc -l)" = "$(grep -c " $call(" strace.txt)" ]
	done
}

@test "no short-lived mapping is missed: each of 20 000 is added and removed" {
	traced --command-output out -- "$WORKLOADS/churn" pairs 20000 </dev/null || no_crash $?
	for call in mmap munmap; do # one act each, whether the mapping is alone or enlarges a neighbour
		jq -se "[.[] | select(.type==\"change\" and .cause.call==\"$call\") | .act] | unique | length >= 20000" tracked.ndjson
	done
	run ! grep '"what":"events"' raw.ndjson
}

@test "the tracked state at the end equals /proc/PID/maps, region for region" {
	churned "" 30000 200
	same_as_maps
	run ! grep '"what":"events"' raw.ndjson
}

@test "the state is equal with several threads too, and their events are marked racy" {
	SETTLED=1 churned "" 20000 100 5 3 # if two threads map at once, a call may be unread until the process is read whole
	same_as_maps
	grep -q '"racy":true' raw.ndjson
}

@test "an event without room in the ring is reported as lost, and the process is read again" {
	SETTLED=1 churned "-O ring=4096" 20000 100
	grep -q '"type":"lost".*"what":"events"' raw.ndjson
	same_as_maps
}

# Calls in the stream, and records that were lost.
seen_and_lost() { jq -rs '"\([.[] | select(.call == "mprotect" or .call == "fork")] | length) \([.[] | select(.type == "lost" and .what == "events") | .count] | add)"' raw.ndjson; }

@test "events that find no room are reported as lost, and the process is read again, though it does nothing more" {
	overrun
	kill -CONT "$sampler"
	until_true grep -q '"type":"lost"' raw.ndjson
	until_true eval '[ "$(grep -c "\"type\":\"raw\"" raw.ndjson)" -ge 2 ]'
	kill -INT "$sampler"
	wait "$sampler" || no_crash $?
	read -r seen lost < <(seen_and_lost)
	[ "$seen" -gt 3 ]
	[ $((seen + lost)) = 200 ]
	[ "$(jq -r 'select(.call == "mprotect" or .type == "lost") | .type' raw.ndjson | tail -1)" = lost ]
}

@test "an exit that finds no room is reported with its status, after the events lost before it, and ends the stream" {
	overrun
	for i in 1 2 3; do # their records are as small as that of an exit: they leave no room for it
		step fork
		kill -KILL "$answer"
	done
	echo "exit 3" >&"$step_in"
	until_true eval '! grep -qs "^State:.[^Z]" "/proc/$pid/status"' # bash may have waited for it
	kill -CONT "$sampler"
	wait "$sampler"
	read -r seen lost < <(seen_and_lost)
	[ "$seen" -gt 3 ]
	[ $((seen + lost)) = 203 ]
	[ "$(jq -r 'select(.type == "lost" or .type == "event") | .what // .call' raw.ndjson | tail -2 | paste -sd' ')" = "events exit" ]
	[ "$(jq 'select(.call == "exit") | .status' raw.ndjson)" = 3 ]
	jq -se '.[-1].reason == "gone"' raw.ndjson
	jq -se '[.[] | select(.t) | .t] | . == sort' raw.ndjson
}

@test "each whole read of a process is of one moment, however much the process maps meanwhile" {
	vm-sample --ebpf -O exact=no --command-output out -- "$WORKLOADS/churn" calls 300000 300 </dev/null >raw.ndjson || no_crash $?
	[ "$(grep -c '"type":"raw"' raw.ndjson)" -gt 1 ]
	vm-parse raw.ndjson | vm-track >tracked.ndjson
	run ! grep '"what":"overlap"' tracked.ndjson
	vm-check tracked.ndjson
}

@test "without exact the process is read whole after its call, with the same result" {
	SETTLED=1 churned "-O exact=no" 5000 100
	run ! grep '"after":' raw.ndjson
	same_as_maps
}

@test "splits and merges by one call are one act, with that call as the cause" {
	traced -- "$WORKLOADS/churn" calls 300 </dev/null || no_crash $?
	# at most one act between two events
	jq -se '[.[] | select(.type=="event" or .type=="change")] | reduce .[] as $l ({acts: [], worst: 0};
		if $l.type == "event" then .acts = [] else .acts = (.acts + [$l.act] | unique) | .worst = ([.worst, (.acts | length)] | max) end) | .worst == 1' tracked.ndjson
	jq -se '[.[] | select(.type=="change" and (.event=="SPLIT" or .event=="MERGE"))] | length > 10 and all(.[]; .cause.call and .cause.tid and .cause.lag == 0)' tracked.ndjson
}

@test "children are followed from their first instruction: fork, exec, exit with its status" {
	traced -f -- "$WORKLOADS/parent_child" 0
	run jq -r 'select(.type=="process") | .why' raw.ndjson
	[ "${lines[*]}" = "first fork exec" ]
	jq -se '[.[] | select(.type=="event" and .call=="exit") | .status] == [0, 0]' raw.ndjson
	jq -se '[.[] | select(.type=="change" and .event=="FORK")] | length > 10 and all(.[]; .from | length == 1) and all(.[]; .cause.call == "fork")' tracked.ndjson
	jq -se '[.[] | select(.type=="change" and .event=="EXEC_REBUILD")] | length > 10 and all(.[]; .cause.call == "exec")' tracked.ndjson
	# the child's own mapping between fork and exec
	child=$(jq -r 'select(.call=="fork") | .child' raw.ndjson)
	run jq -r "select(.type==\"event\" and .pid==$child) | .call" raw.ndjson
	[ "${lines[0]} ${lines[1]}" = "mmap exec" ]
}

@test "a fatal signal is in the exit event" {
	run --separate-stderr vm-sample --ebpf -- sh -c 'kill -9 $$'
	[ "$status" = 137 ]
	[[ $output == *'"call":"exit"'*'"signal":9'* ]]
}

@test "single_basic, one_parent_multi_child and long_running make the expected calls" {
	traced -- "$WORKLOADS/single_basic"
	[ "$(between_marks)" = "brk 1, mmap 1, munmap 1" ]
	run jq -rs '[.[] | select(.type=="change" and .event != "EXIT") | [.act, .cause.call]] | unique | .[-3:] | map(.[1]) | join(", ")' tracked.ndjson
	[ "$output" = "mmap, munmap, brk" ] # three raw calls, three acts
	traced -f -- "$WORKLOADS/one_parent_multi_child"
	[ "$(between_marks)" = "brk 2, exit 3, fork 3, mmap 4, munmap 4" ] # the parent's own exit comes after its mark
	traced -- "$WORKLOADS/long_running" 150 0
	[ "$(between_marks)" = "brk 75, mmap 150, munmap 150" ]
}

@test "a running process gives one snapshot, then its changes, nothing twice" {
	step_start
	vm-sample --ebpf -p "$pid" >raw.ndjson 3>&- &
	sampler=$!
	started+=("$sampler")
	until_true grep -q '"raw"' raw.ndjson
	for i in 1 2 3; do step mmap 4 rw; done
	step munmap "$answer" 2
	cp "/proc/$pid/maps" maps.txt
	until_true grep -q '"call":"munmap"' raw.ndjson
	kill -INT "$sampler"
	wait "$sampler"
	vm-parse raw.ndjson | vm-track >tracked.ndjson
	vm-check tracked.ndjson
	same_as_maps
	[ "$(grep -c '"type":"raw"' raw.ndjson)" -ge 1 ]
}

@test "-e selects calls, -O least their size" {
	vm-sample --ebpf -e munmap,brk -- /bin/true >raw.ndjson
	run jq -rs '[.[] | select(.type=="event") | .call] | unique | join(" ")' raw.ndjson
	[ "$output" = "brk exec exit munmap" ]
	vm-sample --ebpf -O least=1M -- /bin/true >raw.ndjson
	jq -se '[.[] | select(.call=="mmap") | .length] | length > 0 and all(.[]; . >= 1048576)' raw.ndjson
	run -2 --separate-stderr vm-sample --ebpf -e mmap,nonsense -- /bin/true
	[[ $stderr == *'"nonsense" is not one of mmap|munmap|brk|'* ]]
	[ -z "$output" ]
}

@test "faults are counted by region, or each is reported" {
	vm-sample --ebpf -- /bin/true >raw.ndjson
	jq -se '[.[] | select(.type=="faults")] | length > 3 and all(.[]; .major + .minor > 0)' raw.ndjson
	vm-sample --ebpf -O faults=each -- /bin/true >raw.ndjson
	jq -se '[.[] | select(.type=="event" and .call=="fault")] | length > 10 and all(.[]; .addr and .access)' raw.ndjson
	vm-sample --ebpf -O faults=none -- /bin/true >raw.ndjson
	run ! grep -e '"faults",' -e '"call":"fault"' raw.ndjson
}

@test "without the privilege a message names the missing right and a remedy" {
	requires other
	run --separate-stderr setpriv --reuid=65534 --clear-groups vm-sample --ebpf -p $$
	[ "$status" = 1 ]
	[[ $stderr == *"CAP_BPF and CAP_PERFMON"*"vm-sample -s procfs"* ]]
}

@test "a command that no source can see is not started, and the status is no success" {
	requires other
	run --separate-stderr setpriv --reuid=65534 --clear-groups vm-sample --ebpf -- echo has run
	[ "$status" = 1 ]
	[[ $stderr == *"echo is not started"* ]]
	[[ $stderr != *"has run"* ]]
	run --separate-stderr setpriv --reuid=65534 --clear-groups vm-sample -s ebpf,procfs -i 1ms -- sleep 0.1
	[ "$status" = 125 ] # the recording lacks one of its sources
	[[ $output == *'"type":"raw"'* ]]
}

@test "CAP_BPF and CAP_PERFMON suffice" {
	requires cmd setpriv
	requires other
	local caps=+bpf,+perfmon
	setpriv --reuid=65534 --clear-groups --inh-caps=$caps --ambient-caps=$caps true || skip "this setpriv knows no CAP_BPF"
	run setpriv --reuid=65534 --clear-groups --inh-caps=$caps --ambient-caps=$caps vm-sample --ebpf -- /bin/true
	[ "$status" = 0 ]
	[[ $output == *'"call":"exec"'*'"call":"mmap"'*'"after":'*'"call":"exit"'* ]]
}

@test "every line is valid, before and after vm-track" {
	traced -f -- "$WORKLOADS/one_parent_multi_child"
	run valid_stream <raw.ndjson
	[ "$status" = 0 ]
	run valid_stream <tracked.ndjson
	[ "$status" = 0 ]
	traced --command-output out -- "$WORKLOADS/churn" calls 2000 </dev/null || no_crash $?
	grep -q '"left":' raw.ndjson
	run valid_stream <tracked.ndjson
	echo "$output"
	[ "$status" = 0 ]
}

@test "--stacks: each call has its calling functions, written once, and again after a key frame" {
	requires cmd cc
	cat >deep.c <<-'C'
		#include <sys/mman.h>
		#include <unistd.h>
		__attribute__((noinline)) void *inner(unsigned n) { void *p = mmap(0, n, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); *(volatile int *)&n = 0; return p; }
		__attribute__((noinline)) void *outer(unsigned n) { void *p = inner(n * 4096); *(volatile int *)&n = 0; return p; }
		int main(void) { for (unsigned i = 1; i <= 100; i++) munmap(outer(i), i * 4096); return 0; }
	C
	cc -O1 -fno-omit-frame-pointer -fno-optimize-sibling-calls -o deep deep.c
	traced --stacks -- ./deep
	run jq -rs '([.[] | select(.type=="stack") | {key: (.id|tostring), value: [.frames[] | .function // "?"]}] | from_entries) as $stacks
		| [.[] | select(.call=="mmap" and .length <= 409600 and .flags=="MAP_PRIVATE|MAP_ANONYMOUS" and .prot=="PROT_READ") | $stacks[.stack|tostring][:4] | join(" ")] | group_by(.) | max_by(length) | "\(.[0]) \(length)"' raw.ndjson
	[ "$output" = "mmap inner outer main 100" ]
	jq -se --arg deep "$PWD/deep" 'any(.[]; .type=="stack" and any(.frames[]; .object==$deep and .offset and .function=="outer"))' raw.ndjson
	run vm-render --ascii --view events tracked.ndjson
	[[ $output == *"mmap < inner < outer < main"* ]]
	# the cause names the stack, and each stack comes before its first use after each key frame
	vm-parse raw.ndjson | vm-track -k 1us >tracked.ndjson
	vm-check tracked.ndjson
	jq -se '[.[] | select(.type=="change" and .cause.call=="mmap" and .cause.stack)] | length >= 100' tracked.ndjson
	jq -se 'reduce .[] as $l ({known: {}, good: true};
		if $l.type=="snapshot" then .known = {}
		elif $l.type=="stack" then .known[$l.id|tostring] = true
		elif ($l.stack // $l.cause.stack) then .good = (.good and .known[($l.stack // $l.cause.stack)|tostring] == true)
		else . end) | .good' tracked.ndjson
	run valid_stream <tracked.ndjson
	[ "$status" = 0 ]
}

@test "--stacks -O faults=each: each fault has its calling functions, also through a library" {
	requires cmd cc
	cat >touch.c <<-'C'
		#include <string.h>
		#include <sys/mman.h>
		__attribute__((noinline)) void by_hand(char *p) { for (int i = 0; i < 50; i++) p[i * 4096] = 1; *(volatile char *)p = 2; }
		__attribute__((noinline)) void by_library(char *p) { for (int i = 0; i < 50; i++) memset(p + i * 4096, 1, 4096); *(volatile char *)p = 2; }
		int main(void)
		{
			char *p = mmap((void *)0x10000000, 100 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
			madvise(p, 100 * 4096, MADV_NOHUGEPAGE);
			by_hand(p);
			by_library(p + 50 * 4096);
			return 0;
		}
	C
	cc -O1 -fno-builtin -fno-omit-frame-pointer -fno-optimize-sibling-calls -o touch touch.c
	traced --stacks -O faults=each -- ./touch
	run jq -rs '([.[] | select(.type=="stack") | {key: (.id|tostring), value: [.frames[] | .function // "?"]}] | from_entries) as $stacks
		| [.[] | select(.call=="fault" and .addr >= "0x0000000010000000" and .addr < "0x0000000010064000") | $stacks[.stack|tostring] | map(select(. == "by_hand" or . == "by_library" or . == "main")) | join(" ")]
		| group_by(.) | map("\(.[0]) \(length)") | join(", ")' raw.ndjson
	[ "$output" = "by_hand main 50, by_library main 50" ]
}

@test "without --stacks there are no stacks, and without -O timing no times of calls" {
	vm-sample --ebpf -- /bin/true >raw.ndjson
	run ! grep -e '"type":"stack"' -e '"stack":' -e '"took":.*"span"' raw.ndjson
	vm-sample --ebpf -O timing -- /bin/true >raw.ndjson
	jq -se '[.[] | select(.call=="mmap")] | length > 3 and all(.[]; .took > 0 and .took < 100 and .lag > 0)' raw.ndjson
}

@test "--timing writes a row for each update, and counts raw triggers and semantic changes separately" {
	vm-sample --ebpf -O timing -- "$WORKLOADS/long_running" 20 0 >raw.ndjson
	vm-parse raw.ndjson | vm-track --timing t.csv >tracked.ndjson
	[ "$(head -1 t.csv)" = t,pid,raw,semantic,acts,regions,reconstruct,took,seen,lag,sent,acknowledged ]
	for call in mmap munmap brk; do # one row for each event that carries the state after the call
		[ "$(awk -F, -v c=$call '$3 == c' t.csv | wc -l)" = "$(jq -c "select(.type==\"event\" and .call==\"$call\" and .after)" raw.ndjson | wc -l)" ]
	done
	awk -F, 'NR > 1 && (NF != 12 || $7 !~ /^[0-9]+\.[0-9]+$/ || ($3 == "mmap" && $8 == "")) { exit 1 }' t.csv
	grep -q ',exit,EXIT,1,0,' t.csv
	acts=$(jq -s '[.[] | select(.type=="change") | .act] | unique | length' tracked.ndjson)
	[ "$(awk -F, 'NR > 1 { n += $5 } END { print n }' t.csv)" = "$acts" ]
	jq -se --argjson acts "$acts" '([.[] | select(.type=="event")] | length) as $events | [.[] | select(.type=="stage" and (.program|startswith("vm-track")))]
		| length == 1 and .[0].acts == $acts and .[0].events == $events and .[0].looks >= 1' tracked.ndjson
	run ! vm-track --timing /no/such/folder/t.csv tracked.ndjson
}

@test "calls of the 32-bit interface are reported with their abi" {
	requires cmd cc
	[ "$(uname -m)" = x86_64 ] || skip "the 32-bit interface of x86-64"
	cat >old.c <<-'C'
		#include <stdio.h>
		#include <unistd.h>
		static long call32(long n, long a, long b, long c, long d, long e)
		{
			long r;
			__asm__ volatile("int $0x80" : "=a"(r) : "a"(n), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e) : "memory", "r8", "r9", "r10", "r11");
			return r;
		}
		int main(void)
		{
			call32(9, 0, 0, 0, 0, 0); /* link() there, mmap() in 64 bits */
			long at = call32(192, 0, 12288, 3, 0x22, -1);
			if (at < 0 && at > -4096) return 77;
			return call32(125, at, 4096, 1, 0, 0) || call32(91, at + 4096, 4096, 0, 0, 0);
		}
	C
	cc -o old old.c
	run ./old
	[ "$status" != 77 ] && [ "$status" -lt 128 ] || skip "this kernel has no 32-bit interface"
	traced -- ./old
	run jq -rs '[.[] | select(.abi) | "\(.abi) \(.call) \(.length // .len)"] | join(", ")' raw.ndjson
	[ "$output" = "i386 mmap 12288, i386 mprotect 4096, i386 munmap 4096" ]
	run jq -rs '[.[] | select(.type=="change" and .event!="EXIT")] | .[-2:] | map("\(.cause.call) \(.perms) \(.size)") | join(", ")' tracked.ndjson
	[ "$output" = "mprotect rw-p 8192, munmap rw-p 4096" ]
}

@test "hook=calls sees the same calls as hook=all, with their causes, times and stacks" {
	for hook in all calls; do
		traced -O hook=$hook -O timing --stacks -- "$WORKLOADS/long_running" 20 0
		jq -r 'select(.type=="event") | "\(.call) \(.length // 0) \(has("took")) \(has("stack"))"' raw.ndjson >$hook.txt
		jq -r 'select(.type=="change") | "\(.event) \(.size) \(.cause.call)"' tracked.ndjson >$hook.changes
	done
	[ "$(grep -c "^mmap .* true true" calls.txt)" -gt 20 ]
	diff all.txt calls.txt
	diff all.changes calls.changes
}

@test "hook=calls hooks only the requested calls" {
	traced -O hook=calls -e munmap -- "$WORKLOADS/long_running" 5 0
	[ "$(jq -r 'select(.type=="event") | .call' raw.ndjson | grep -vxE 'fork|clone|exec|exit' | sort -u)" = munmap ]
}

# apart SCRIPT ARG...: runs a shell with its own mounts, in which tracefs is not mounted at first.
apart() {
	requires cmd unshare
	unshare -m bash -e -o pipefail -c 'awk "\$3 == \"tracefs\" { print \$2 }" /proc/self/mounts | while read -r at; do umount "$(printf %b "$at")"; done
		'"$1" bash "${@:2}"
}

@test "hook=calls sees calls without a mounted tracefs, and mounts nothing for it" {
	cp /proc/self/mounts before
	traced_apart='cp /proc/self/mounts own; vm-sample --ebpf -O hook=calls -O timing --command-output seen -o raw.ndjson -- cat /proc/self/mounts; cp /proc/self/mounts after; cmp own seen; cmp own after'
	apart "$traced_apart"
	run ! grep tracefs own
	jq -se '[.[] | select(.type=="event" and .call=="mmap" and .took)] | length > 5' raw.ndjson
	jq -se 'any(.[]; .type=="lost") | not' raw.ndjson
	cmp before /proc/self/mounts
}

@test "hook=calls finds tracefs wherever it is mounted, also without the right to mount" {
	requires cmd setpriv
	apart 'mkdir "else where"; mount -t tracefs tracefs "else where"; setpriv --bounding-set -sys_admin vm-sample --ebpf -O hook=calls -o raw.ndjson -- /bin/true'
	jq -se '[.[] | select(.type=="event" and .call=="mmap")] | length > 3' raw.ndjson
}

@test "if nothing can be hooked, hook=calls does not start, and gives the reason" {
	requires cmd setpriv
	run -1 --separate-stderr apart 'setpriv --bounding-set -sys_admin vm-sample --ebpf -O hook=calls -o raw.ndjson -- touch started'
	[[ $stderr == *"tracefs is not mounted"*"Operation not permitted"*"mount -t tracefs"*"-O hook=all"* ]]
	jq -se '.[-1].type == "end" and .[-1].reason == "error"' raw.ndjson
	run -1 --separate-stderr apart 'mkdir t; mount -t tracefs tracefs t; mount -t tmpfs none t/events/syscalls; vm-sample --ebpf -O hook=calls -e munmap,brk -o raw.ndjson -- touch started'
	[[ $stderr == *"no tracepoint for munmap, brk: hook=calls would see nothing"* ]]
	[ ! -e started ]
}

@test "a call without a tracepoint in the kernel is reported, the others are seen" {
	without_munmap='mkdir -p t; mount -t tracefs tracefs t; mount -t tmpfs none t/events/syscalls/sys_exit_munmap; shift; vm-sample --ebpf -O hook=calls "$@" -o raw.ndjson -- /bin/true'
	for options in "" "-e mmap,munmap"; do
		run --separate-stderr apart "$without_munmap" - $options
		[ "$status" = "$([ -n "$options" ] && echo 125 || echo 0)" ] # a recording that lacks calls that were asked for
		if [ -n "$options" ]; then [[ $stderr == *"no tracepoint for munmap:"* ]]; else [ -z "$stderr" ]; fi
		jq -se '[.[] | select(.type=="lost") | [.what, .count, (.why | test("munmap"))]] == [["calls", 1, true]]' raw.ndjson
		jq -se '[.[] | select(.type=="event") | .call] | index("mmap") and (index("munmap") | not)' raw.ndjson
	done
}

@test "for a 32-bit program hook=calls reports that it sees no call" {
	requires cmd cc
	[ "$(uname -m)" = x86_64 ] || skip "the 32-bit interface of x86-64"
	cat >narrow.S <<-'S'
		.globl _start
		_start:	mov $192, %eax
			xor %ebx, %ebx
			mov $12288, %ecx
			mov $3, %edx
			mov $0x22, %esi
			mov $-1, %edi
			xor %ebp, %ebp
			int $0x80
			mov $1, %eax
			xor %ebx, %ebx
			int $0x80
	S
	cc -m32 -nostdlib -static -o narrow narrow.S 2>/dev/null && ./narrow || skip "no 32-bit program can be made or run here"
	traced -- ./narrow
	jq -se '[.[] | select(.call=="mmap" and .abi=="i386")] | length == 1' raw.ndjson
	run --separate-stderr vm-sample --ebpf -O hook=calls -o raw.ndjson -- ./narrow
	[[ $stderr == *"32-bit program"*"-O hook=all"* ]]
	jq -se 'any(.[]; .type=="lost" and .what=="calls")' raw.ndjson
}

@test "shmdt of a segment in pieces keeps the region between the pieces" {
	requires cmd cc
	cat >pieces.c <<-'C'
		#include <stdio.h>
		#include <sys/ipc.h>
		#include <sys/mman.h>
		#include <sys/shm.h>
		int main(void)
		{
			int id = shmget(IPC_PRIVATE, 7 * 4096, 0600);
			char *at = shmat(id, NULL, 0);
			shmctl(id, IPC_RMID, NULL);
			mprotect(at + 4096, 4096, PROT_READ);
			mmap(at + 3 * 4096, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
			shmdt(at);
			puts("ready");
			fflush(stdout);
			return getchar() == 0;
		}
	C
	cc -o pieces pieces.c
	mkfifo go
	vm-sample --ebpf --command-output out -- ./pieces <go >raw.ndjson 3>&- &
	sampler=$!
	started+=($!)
	exec {go}>go
	touch out
	until_true grep -q ready out
	until_true grep -q '"type":"process"' raw.ndjson
	pid=$(jq -r 'select(.type=="process") | .pid' raw.ndjson | head -1)
	cp "/proc/$pid/maps" maps.txt
	exec {go}>&-
	wait "$sampler" || no_crash $?
	vm-parse raw.ndjson | vm-track >tracked.ndjson
	vm-check tracked.ndjson
	same_as_maps
	jq -se 'any(.[]; .type=="change" and .event=="MUNMAP_REMOVE" and .cause.call=="shmdt")' tracked.ndjson
}

@test "a growing stack is seen, whether faults are counted or each is reported" {
	requires cmd cc
	cat >grow.c <<-'C'
		#include <stdio.h>
		#include <string.h>
		__attribute__((noinline)) int deep(int n) { char room[4096]; memset(room, n, sizeof room); return n ? deep(n - 1) + room[7] : room[5]; }
		int main(void) { int r = deep(400); puts("ready"); fflush(stdout); getchar(); return r == 1; }
	C
	cc -O0 -o grow grow.c
	for faults in count each; do
		rm -f go out
		mkfifo go
		vm-sample --ebpf -O faults=$faults -O reread=0 --command-output out -- ./grow <go >raw.ndjson 3>&- &
		sampler=$!
		started+=($!)
		exec {go}>go
		touch out
		until_true grep -q ready out
		exec {go}>&-
		wait "$sampler" || no_crash $?
		vm-parse raw.ndjson | vm-track >tracked.ndjson
		vm-check tracked.ndjson
		jq -se 'any(.[]; .type=="change" and .event=="STACK_GROW" and .size > 1000000)' tracked.ndjson
	done
}

@test "--redact: no name of a file, thread, function or argument remains, and kinds stay" {
	mkdir secretdir
	cp /bin/sh secretdir/planb
	vm-sample --ebpf -f --stacks -- "$PWD/secretdir/planb" -c "(:); :" hunter2 >plain.ndjson
	vm-sample --ebpf -f --stacks --redact -- "$PWD/secretdir/planb" -c "(:); :" hunter2 >raw.ndjson
	grep -q planb plain.ndjson
	run ! grep -aE "secretdir|planb|hunter2|libc|ld-linux|main|/bin/" raw.ndjson
	grep -q '\[heap\]' raw.ndjson
	[ "$(vm-parse raw.ndjson | jq -r 'select(.type=="region") | .kind' | sort -u)" = "$(vm-parse plain.ndjson | jq -r 'select(.type=="region") | .kind' | sort -u)" ]
	run valid_stream <raw.ndjson
	[ "$status" = 0 ]
	vm-parse raw.ndjson | vm-track >tracked.ndjson
	vm-check tracked.ndjson
}

@test "page faults by region and single page faults add up to the faults of the process" {
	requires cmd cc
	cat >touch.c <<-'C'
		#include <stdio.h>
		#include <sys/mman.h>
		#include <sys/resource.h>
		int main(void)
		{
			struct rusage before, after;
			volatile char *at = mmap(0, 128 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0); /* no neighbour merges with it */
			madvise((void *)at, 128 * 4096, MADV_NOHUGEPAGE);
			getrusage(RUSAGE_SELF, &before);
			for (int i = 0; i < 100; i++) at[i * 4096] = 1;
			getrusage(RUSAGE_SELF, &after);
			printf("%p %ld\n", (void *)at, after.ru_minflt - before.ru_minflt);
			return 0;
		}
	C
	cc -O0 -o touch touch.c
	for faults in count each; do
		vm-sample --ebpf -O faults=$faults --command-output out -- ./touch >raw.ndjson
		read -r at counted <out
		at=0x$(printf %016x "$at")
		[ "$counted" -ge 100 ]
		[ "$counted" -lt 110 ] # the difference may be one or two
		if [ $faults = count ]; then told=$(jq -s --arg at "$at" '[.[] | select(.type=="faults" and .start==$at) | .minor + .major] | add' raw.ndjson)
		else told=$(jq -s --arg at "$at" '[.[] | select(.call=="fault" and .start==$at and .access=="write")] | length' raw.ndjson); fi
		[ "$told" = 100 ]
	done
}
