#!/usr/bin/env bats
# The judge of figures (tests/judge/) computes what each view must state, without any code of the product, and holds every number
# of each renderer against it. Here it judges what takes about a minute; `make judge` takes more seeds.
# bats file_tags=steady
load helper

judge() {
	run /usr/bin/python3 -I -B "$ROOT/tests/judge" "$@"
	[ "$status" = 0 ] || { echo "$output" >&2; return 1; }
}

setup() { requires cmd python3; }

@test "the judge reads what the maker of random streams has made, and figures by hand" {
	judge own 1-20
}

@test "each view states what is true of small streams, each made for a figure that was once wrong" {
	judge cases
}

@test "each view states what is true of random streams: at changes, ends and exits, between times, through filters" {
	judge random "${JUDGE_SEEDS:-1-20}"
}

@test "each view of a stream that was not tracked states the same as of the tracked one" {
	judge parsed 1-3
}

@test "each view of two recordings, one after the other, states what is true of each" {
	judge join 1-3
}

@test "each view of a recording states what is true of it" {
	judge hold "$ROOT/tests/golden/life.track.ndjson" "$ROOT/tests/golden/life.parse.ndjson"
}

@test "the picture on a screen is true after each sample" {
	judge live 1-2
}

@test "findings and differences of random streams are true" {
	judge findings 1-11
	judge diff 1-6
}
