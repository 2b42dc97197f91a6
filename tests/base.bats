#!/usr/bin/env bats
# What every room builds on, lib/base/, beside naive twins.

load helper

base() { run -0 "$BUILD/tests/base_harness" "$@" && [ "$output" = ok ]; }

@test "lists grow, keep what they hold, and refuse a size that overflows" {
	base lists
}

@test "places by key are found whatever was set and dropped before, also where hashes collide" {
	for seed in 1 2 3 4 5; do base places "$seed"; done
}

@test "sizes, times and addresses are read and written, and the nearest word is named" {
	base texts
}
