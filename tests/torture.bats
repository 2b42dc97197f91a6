#!/usr/bin/env bats
# Each script of tests/torture for a few seconds; `make torture` gives them an hour.
load helper

# torture NAME: the script of that name, for its few seconds.
torture() {
	run env TORTURE_SECONDS="${TORTURE_SECONDS:-5}" "$ROOT/tests/torture/$1.sh"
	[ "$status" != 77 ] || skip "$output"
	[ "$status" = 0 ] || { echo "$output"; return 1; }
}

@test "each script of tests/torture has a test in this file" {
	for script in "$ROOT"/tests/torture/*.sh; do
		name=$(basename "$script" .sh)
		[ -x "$script" ]
		grep -q "torture $name *;* *}" "$BATS_TEST_FILENAME" || { echo "$name has no test"; return 1; }
	done
}

@test "after kill -9 at any moment the recording is there, to its last whole line" { torture kill; }
@test "a reader that stalls costs the sampler no memory, and the stream is whole" { torture stall; }
@test "a disk that fills is told once, and what was written can be read" { torture full; }
@test "a storm of signals and a clock that steps lose nothing" { torture storm; }
@test "a pid that is given again is never told as the process before" { torture pids; }
@test "each allocation of each program may fail" { torture memory; }
@test "streams that no program would write harm no program, view or renderer" { torture streams; }
@test "with a ring that is too small, told and lost calls are all that were made, and no id of a dead process is traced" { torture ebpf; }
@test "very many living processes are followed, or their number is told" { torture live; }
