#!/usr/bin/env bats
# The judge of figures (tests/judge/) computes what each view must state, without any code of the product. `make judge` holds
# all views against it; here the judge is held against itself.
load helper

@test "the judge reads what the maker of random streams has made, and figures by hand" {
	run -0 /usr/bin/python3 -I -B "$ROOT/tests/judge" own "${JUDGE_SEEDS:-1-20}"
}
