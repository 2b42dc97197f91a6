# The helper itself: a silent skip, or a process that outlives its test, would make all other tests worthless.
load helper

@test "requires fails on a word that it does not know" {
	run requires rooot
	[ "$status" = 1 ]
	[[ $output == *'unknown word "rooot"'* ]]
}

@test "a workload prints ready when it is ready, and its regions are in its maps" {
	workload still "$BATS_TEST_TMPDIR"
	[[ $ready_text == *" rwxp executable"* ]]
	read -r _ start end _ <<<"$ready_text"
	grep -q "^${start#0x0000}-${end#0x0000} rw-p" "/proc/$pid/maps"
}

@test "a process can be driven call by call" {
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

@test "no test has a line whose failure bats does not notice" {
	cd "$ROOT/tests"
	run grep -nE '^[[:space:]]*!' *.bats # bats ignores the failure of a command with ! before it, except the last: "run !" is safe
	output=$(grep -v ' || ' <<<"$output" || true)
	[ -z "$output" ] || { echo "$output"; return 1; }
	run -1 grep -nE '^[[:space:]]*(\[+ .* \]+ && )+\[+ .* \]+( #.*)?$' *.bats # bats also ignores a false test before &&
}
