# The tracker under thousands of random calls, each compared with a model of the process.
# bats file_tags=steady
load helper

# life SEED CALLS [EVERY [MODE [WORD...]]]: a random process, compared with its model; WORDs go to the judge.
life() {
	local seed=$1 calls=$2 every=${3:-1} mode=${4:-maps} model=$BATS_TEST_TMPDIR/model tracked=$BATS_TEST_TMPDIR/tracked
	shift $(($# > 4 ? 4 : $#))
	"$WORKLOADS/random" "$seed" "$calls" "$model" "$every" "$mode" | vm-parse | vm-track >"$tracked"
	vm-check -q "$tracked"
	run node "$ROOT/tests/property/judge.js" "$model" "$tracked" "$@"
	[ "$status" -eq 0 ] || { echo "seed $seed: $output"; return 1; }
	[[ "$output" == "$((calls / every)) looks"* ]]
}

@test "after each of 20 x 2000 random calls the state is right, and the changes are exactly those of the call" {
	requires cmd node
	for seed in $(seq 20); do life "$seed" 2000; done
}

@test "the same with visible advice: smaps" {
	requires cmd node
	for seed in 31 32 33 34 35; do life "$seed" 1000 1 smaps flags; done
}

@test "the same with named anonymous memory" {
	requires cmd node
	for seed in 36 37 38 39 40; do life "$seed" 2000 1 named; done
}

@test "with several calls between two samples the state is right, each line has a difference, and acts hardly ever outnumber calls" {
	requires cmd node
	for seed in $(seq 61 80); do life "$seed" 2000 7 maps several=7; done
	for seed in 21 22 23 24; do life "$seed" 2000 3 maps several; done
	for seed in 25 26; do life "$seed" 1000 7 smaps several flags; done
}

@test "with touched pages, which prevent merges, the state is right and each line has a difference" {
	requires cmd node
	for seed in 41 42 43 44; do life "$seed" 1000 1 touched several flags; done
	for seed in 45 46; do life "$seed" 1000 7 touched several flags; done
}

@test "vm-sample in lockstep with 300 random calls: after each call the tracked state equals the model's" {
	requires cmd node
	requires ptrace
	local model=$BATS_TEST_TMPDIR/model
	node "$ROOT/tests/property/lockstep.js" "$WORKLOADS/random" 51 300 "$model" "$BATS_TEST_TMPDIR/stream"
	vm-parse "$BATS_TEST_TMPDIR/stream" | vm-track >"$BATS_TEST_TMPDIR/tracked"
	vm-check -q "$BATS_TEST_TMPDIR/tracked"
	run -0 node "$ROOT/tests/property/judge.js" "$model" "$BATS_TEST_TMPDIR/tracked" several
	[[ "$output" == "300 looks"* ]]
}
