# Setting up: what is missing is named, nothing is installed where nobody may, and the test run tells the truth about itself.
load helper

setup() {
	# A machine with a shell and little else.
	poor=$BATS_TEST_TMPDIR/bin
	mkdir "$poor"
	for tool in sh bash env cat cut tr sed id cp mkdir touch make gcc cc; do ln -s "$(command -v $tool)" "$poor/$tool"; done
}

@test "with all there, set-up says nothing and calls no apt" {
	printf '#!/bin/sh\necho called >&2\nexit 1\n' >"$poor/apt-get"
	chmod +x "$poor/apt-get"
	run --separate-stderr env PATH="$poor:$PATH" "$ROOT/contrib/packages.sh" -i build test
	[ "$status" = 0 ]
	[ -z "$output$stderr" ]
}

@test "where there is no apt-get, the missing packages are named with their reasons, exit 1" {
	run --separate-stderr env PATH="$poor" "$ROOT/contrib/packages.sh" -i build test
	[ "$status" = 1 ]
	[ -z "$output" ]
	[[ $stderr == *"there is no apt-get"* && $stderr == *"  jq: "* && $stderr == *"  bats: "* ]]
	[[ $stderr != *"  gcc: "* ]]
}

@test "where nobody may install, the missing packages are named with the command that would do it" {
	printf '#!/bin/sh\n[ "$1" = -u ] && echo 1000\n' >"$BATS_TEST_TMPDIR/id"
	printf '#!/bin/sh\necho called >&2\n' >"$poor/apt-get"
	chmod +x "$BATS_TEST_TMPDIR/id" "$poor/apt-get"
	run --separate-stderr env PATH="$BATS_TEST_TMPDIR:$poor" "$ROOT/contrib/packages.sh" -i test
	[ "$status" = 1 ]
	[[ $stderr == *"only root may install them (apt-get install bats jq"* ]]
	[[ $stderr != *called* ]]
}

@test "make without yaml.h says which package has it, before it compiles" {
	printf '#!/bin/sh\ncase " $* " in *" -E "*) ! grep -q yaml.h ;; *) exec gcc "$@" ;; esac\n' >"$BATS_TEST_TMPDIR/nocc"
	chmod +x "$BATS_TEST_TMPDIR/nocc"
	run make -C "$ROOT" BUILD="$BATS_TEST_TMPDIR/out" CC="$BATS_TEST_TMPDIR/nocc"
	[ "$status" = 2 ]
	[[ $output == *"  libyaml-dev: "* ]]
	[[ $output != *"  CC  "* && $output != *"  libc6-dev: "* ]]
}

@test "a test run counts, shows why, and fails if anything did" {
	printf '@test "good" { true; }\n@test "bad" { echo because; false; }\n@test "not here" { skip "no moon"; }\n' >"$BATS_TEST_TMPDIR/some.bats"
	run env -i PATH=/usr/local/bin:/usr/bin:/bin TMPDIR="$BATS_TEST_TMPDIR" "$ROOT/tests/run" "$BATS_TEST_TMPDIR/some.bats"
	echo "$output"
	[ "$status" = 1 ]
	[ "${lines[-1]}" = "1 passed, 1 failed, 1 skipped" ]
	[[ $output == *"not ok 2 bad"*"# because"* && $output == *"# skip no moon"* && $output != *"ok 1 good"* ]]
}

@test "a test file that cannot be read is a failure, not an empty success" {
	printf '@test "broken {\n' >"$BATS_TEST_TMPDIR/some.bats"
	run env -i PATH=/usr/local/bin:/usr/bin:/bin TMPDIR="$BATS_TEST_TMPDIR" "$ROOT/tests/run" "$BATS_TEST_TMPDIR/some.bats"
	echo "$output"
	[ "$status" = 1 ]
	[[ ${lines[-1]} =~ ^[0-9]+\ passed,\ [1-9][0-9]*\ failed,\ 0\ skipped$ ]]
}
