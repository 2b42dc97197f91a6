# Set-up: missing packages are named, nothing is installed without the right to, and a test run reports its true result.
load helper

setup() {
	# A machine with a shell and few other tools.
	poor=$BATS_TEST_TMPDIR/bin
	mkdir "$poor"
	for tool in sh bash env cat cut tr sed id cp mkdir touch make gcc cc; do ln -s "$(command -v $tool)" "$poor/$tool"; done
}

@test "with every package present, set-up prints nothing and calls no apt" {
	printf '#!/bin/sh\necho called >&2\nexit 1\n' >"$poor/apt-get"
	chmod +x "$poor/apt-get"
	run --separate-stderr env PATH="$poor:$PATH" "$ROOT/contrib/packages.sh" -i build test
	[ "$status" = 0 ]
	[ -z "$output$stderr" ]
}

@test "without apt-get, the missing packages are named with their reasons, exit 1" {
	run --separate-stderr env PATH="$poor" "$ROOT/contrib/packages.sh" -i build test
	[ "$status" = 1 ]
	[ -z "$output" ]
	[[ $stderr == *"apt-get is not available"* && $stderr == *"  jq: "* && $stderr == *"  bats: "* ]]
	[[ $stderr != *"  gcc: "* ]]
}

@test "without the right to install, the missing packages are named with the command that would install them" {
	printf '#!/bin/sh\n[ "$1" = -u ] && echo 1000\n' >"$BATS_TEST_TMPDIR/id"
	printf '#!/bin/sh\necho called >&2\n' >"$poor/apt-get"
	chmod +x "$BATS_TEST_TMPDIR/id" "$poor/apt-get"
	run --separate-stderr env PATH="$BATS_TEST_TMPDIR:$poor" "$ROOT/contrib/packages.sh" -i test
	[ "$status" = 1 ]
	[[ $stderr == *"only root can install them (apt-get install bats "* ]]
	[[ $stderr != *called* ]]
}

@test "every need of the package list can be asked for" {
	for need in $(sed -n "/^\tcat <<'END'/,/^END/s/|.*//p" "$ROOT/contrib/packages.sh" | sort -u); do
		run "$ROOT/contrib/packages.sh" "$need"
		echo "$need: $output"
		[ "$status" != 2 ]
	done
	[ "$need" = web ] # the last one was asked for
	run "$ROOT/contrib/packages.sh" nothing
	[ "$status" = 2 ]
}

@test "make without yaml.h names the package before it compiles" {
	printf '#!/bin/sh\ncase " $* " in *" -E "*) ! grep -q yaml.h ;; *) exec gcc "$@" ;; esac\n' >"$BATS_TEST_TMPDIR/nocc"
	chmod +x "$BATS_TEST_TMPDIR/nocc"
	run make -C "$ROOT" BUILD="$BATS_TEST_TMPDIR/out" CC="$BATS_TEST_TMPDIR/nocc"
	[ "$status" = 2 ]
	[[ $output == *"  libyaml-dev: "* ]]
	[[ $output != *"  CC  "* && $output != *"  libc6-dev: "* ]]
}

@test "a test run counts, shows the reasons, and fails if any test failed" {
	printf 'load "%s/tests/helper"\n@test "good" { true; }\n@test "bad" { echo because; false; }\n@test "not here" { skip "no moon"; }\n' "$ROOT" >"$BATS_TEST_TMPDIR/some.bats"
	run env -i PATH=/usr/local/bin:/usr/bin:/bin TMPDIR="$BATS_TEST_TMPDIR" BUILD="$BATS_TEST_TMPDIR" "$ROOT/tests/run" "$BATS_TEST_TMPDIR/some.bats"
	echo "$output"
	[ "$status" = 1 ]
	[ "${lines[-1]}" = "1 passed, 1 failed, 1 skipped" ]
	[[ $output == *"not ok 2 bad"*"# because"* && $output == *"# skip no moon"* && $output != *"ok 1 good"* ]]
}

@test "a test file that cannot be read is a failure, not an empty success" {
	printf '@test "broken {\n' >"$BATS_TEST_TMPDIR/some.bats"
	run env -i PATH=/usr/local/bin:/usr/bin:/bin TMPDIR="$BATS_TEST_TMPDIR" BUILD="$BATS_TEST_TMPDIR" "$ROOT/tests/run" "$BATS_TEST_TMPDIR/some.bats"
	echo "$output"
	[ "$status" = 1 ]
	[[ ${lines[-1]} =~ ^[0-9]+\ passed,\ [1-9][0-9]*\ failed,\ 0\ skipped$ ]]
}

@test "steady files are run beside each other, and a failure in one of them counts once" {
	local steady='# bats file_tags=steady\nload "%s/tests/helper"\n'
	printf "$steady"'@test "waits" { until [ -e "%s/met" ]; do sleep 0.01; done; }\n' "$ROOT" "$BATS_TEST_TMPDIR" >"$BATS_TEST_TMPDIR/a.bats"
	printf "$steady"'@test "comes" { >"%s/met"; }\n@test "bad" { echo because; false; }\n' "$ROOT" "$BATS_TEST_TMPDIR" >"$BATS_TEST_TMPDIR/b.bats"
	printf 'load "%s/tests/helper"\n@test "alone" { [ -e "%s/met" ]; }\n' "$ROOT" "$BATS_TEST_TMPDIR" >"$BATS_TEST_TMPDIR/c.bats"
	run env -i PATH=/usr/local/bin:/usr/bin:/bin TMPDIR="$BATS_TEST_TMPDIR" BUILD="$BATS_TEST_TMPDIR" JOBS=2 V=1 "$ROOT/tests/run" "$BATS_TEST_TMPDIR"/[abc].bats
	echo "$output"
	[ "$status" = 1 ]
	[ "${lines[-1]}" = "3 passed, 1 failed, 0 skipped" ]
	[[ $output == *"not ok 2 bad"*"# because"*"ok 1 alone"* ]]
}
