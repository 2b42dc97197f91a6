# The helper itself: a test that skips in silence, or a process that outlives its test, would make all others worthless.
load helper

@test "requires fails on a word that it does not know" {
	run requires rooot
	[ "$status" = 1 ]
	[[ $output == *'unknown word "rooot"'* ]]
}

@test "a workload is ready when it says so, and its regions are in its maps" {
	workload still "$BATS_TEST_TMPDIR"
	[[ $ready_text == *" rwxp executable"* ]]
	read -r _ start end _ <<<"$ready_text"
	grep -q "^${start#0x0000}-${end#0x0000} rw-p" "/proc/$pid/maps"
}

@test "a process is driven call by call" {
	step_start
	step mmap 4 rw
	at=$answer
	grep -q "^${at#0x0000}-" "/proc/$pid/maps"
	step munmap "$at" 4
	run grep -q "^${at#0x0000}-" "/proc/$pid/maps"
	[ "$status" = 1 ]
	run step munmap 0x1 1
	[[ $output == *"error EINVAL"* ]]
}

@test "no line of a test is one whose failure bats does not see" {
	cd "$ROOT/tests"
	run grep -nE '^[[:space:]]*!' *.bats # bats goes on behind a command with ! in front, but for the last; so it is "run !"
	output=$(grep -v ' || ' <<<"$output" || true)
	[ -z "$output" ] || { echo "$output"; return 1; }
	run -1 grep -nE '^[[:space:]]*(\[+ .* \]+ && )+\[+ .* \]+( #.*)?$' *.bats # and so it does if a test in front of && is false
}
