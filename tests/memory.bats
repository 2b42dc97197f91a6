#!/usr/bin/env bats
# Out of memory: whichever allocation fails, a program ends by itself, says so, or its output is complete.
load helper

setup_file() {
	[[ $(getconf GNU_LIBC_VERSION 2>/dev/null) == glibc* ]] || skip "needs the allocator of glibc"
	! grep -qE '__(asan|tsan)_init' "$BUILD/bin/vm-parse" || skip "the sanitizer has an allocator of its own"
	cd "$BATS_FILE_TMPDIR"
	"${CC:-cc}" -shared -fPIC -o short.so "$ROOT/tests/short_of_memory.c"
}

setup() {
	cd "$BATS_TEST_TMPDIR"
}

lines() { grep -v '"type":"st\(age\|ream\)"'; }

# each_allocation PROGRAM ARGUMENT...: runs it with the first allocation that fails, with the second, ... until none is left.
each_allocation() {
	local n status
	"$@" 2>/dev/null | lines >expected
	for ((n = 1; ; n++)); do
		: >reached
		status=0
		FAIL_AT=$n LD_PRELOAD=$BATS_FILE_TMPDIR/short.so "$@" >out 2>err 9>reached || status=$?
		[ -s reached ] || break
		[ $status -le 2 ] || { echo "allocation $n: status $status: $(<err)"; return 1; }
		if [ $status = 0 ]; then
			[ -n "$any_output" ] || lines <out | cmp - expected || { echo "allocation $n: lines are lost in silence"; return 1; }
		else
			[ -s err ] || { echo "allocation $n: status $status in silence"; return 1; }
		fi
	done
	[ $n -gt 20 ]
}

text() { for i in $(seq 10 60); do echo "7f00000${i}000-7f00000${i}800 rw-p 00000000 00:00 $i   /tmp/file with $i"; done; }

@test "vm-parse: plain text, several texts with dates, raw lines with the cache of the last sample" {
	text >maps
	each_allocation vm-parse maps
	each_allocation vm-parse --every 1s maps maps
	workload still "$BATS_TEST_TMPDIR"
	vm-sample -p "$pid" -n 4 -i 0 --detail maps >raw
	each_allocation vm-parse raw
}

@test "vm-sample: one source, and several whose lines are put in order" {
	workload still "$BATS_TEST_TMPDIR"
	any_output=1
	each_allocation vm-sample -p "$pid" -n 2 -i 1ms
	each_allocation vm-sample -p "$pid" -n 2 -i 1ms -s procfs,system --redact
}
