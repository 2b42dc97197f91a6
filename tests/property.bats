# The tracker proves itself: thousands of random calls, each held against a model that lived them.
load helper

# A random life: SEED CALLS [EVERY]; what is wrong in $output.
life() {
	"$WORKLOADS/random" "$1" "$2" "$BATS_TEST_TMPDIR/model" "${3:-1}" | vm-parse | vm-track >"$BATS_TEST_TMPDIR/tracked"
	vm-check -q "$BATS_TEST_TMPDIR/tracked"
	run node "$ROOT/tests/property/judge.js" "$BATS_TEST_TMPDIR/model" "$BATS_TEST_TMPDIR/tracked" ${3:+every}
	[ "$status" -eq 0 ] || { echo "seed $1: $output"; return 1; }
}

@test "after each of 20 x 2000 random calls the state is right and the changes are just what the call did" {
	requires cmd node
	for seed in $(seq 20); do life "$seed" 2000; done
}

@test "with several calls between two looks the state is right and no change is empty" {
	requires cmd node
	for seed in 21 22 23 24; do life "$seed" 2000 7; done
}
