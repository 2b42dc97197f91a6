# The tracker proves itself: thousands of random calls, each held against a model that lived them.
load helper

# life SEED CALLS [EVERY [MODE [WORD...]]]: a random life, held against its model with the judge's words.
life() {
	local seed=$1 calls=$2 every=${3:-1} mode=${4:-maps} model=$BATS_TEST_TMPDIR/model tracked=$BATS_TEST_TMPDIR/tracked
	shift $(($# > 4 ? 4 : $#))
	"$WORKLOADS/random" "$seed" "$calls" "$model" "$every" "$mode" | vm-parse | vm-track >"$tracked"
	vm-check -q "$tracked"
	run node "$ROOT/tests/property/judge.js" "$model" "$tracked" "$@"
	[ "$status" -eq 0 ] || { echo "seed $seed: $output"; return 1; }
	[[ "$output" == "$((calls / every)) looks"* ]]
}

@test "after each of 20 x 2000 random calls the state is right and the changes are just what the call did" {
	requires cmd node
	for seed in $(seq 20); do life "$seed" 2000; done
}

@test "the same where advice can be seen: smaps" {
	requires cmd node
	for seed in 31 32 33 34 35; do life "$seed" 1000 1 smaps flags; done
}

@test "the same where anonymous memory has names" {
	requires cmd node
	for seed in 36 37 38 39 40; do life "$seed" 2000 1 named; done
}

@test "with several calls between two looks the state is right, each line tells of a region that differs, and there are hardly ever more acts than calls" {
	requires cmd node
	for seed in $(seq 61 80); do life "$seed" 2000 7 maps several=7; done
	for seed in 21 22 23 24; do life "$seed" 2000 3 maps several; done
	for seed in 25 26; do life "$seed" 1000 7 smaps several flags; done
}

@test "where pages are touched, and keep regions from merging, the state is right and each line tells of a region that differs" {
	requires cmd node
	for seed in 41 42 43 44; do life "$seed" 1000 1 touched several flags; done
	for seed in 45 46; do life "$seed" 1000 7 touched several flags; done
}

@test "vm-sample in lockstep with 300 random calls: after each the tracked state is the model's" {
	requires cmd node
	requires ptrace
	local model=$BATS_TEST_TMPDIR/model
	node "$ROOT/tests/property/lockstep.js" "$WORKLOADS/random" 51 300 "$model" "$BATS_TEST_TMPDIR/stream"
	vm-parse "$BATS_TEST_TMPDIR/stream" | vm-track >"$BATS_TEST_TMPDIR/tracked"
	vm-check -q "$BATS_TEST_TMPDIR/tracked"
	run -0 node "$ROOT/tests/property/judge.js" "$model" "$BATS_TEST_TMPDIR/tracked" several
	[[ "$output" == "300 looks"* ]]
}
