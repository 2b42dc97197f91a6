# Duties of every filter in a pipe: a closed pipe, a full disk, a line cut in half, a line of a megabyte.
load helper

# The programs that read a stream and write a stream or a picture; each gets input that it can read.
filters() {
	for program in vm-parse vm-track vm-render vm-check vm-replay; do
		[ -x "$BUILD/bin/$program" ] && echo "$program"
	done
}

command_of() { # PROGRAM -> its command line for these tests
	case $1 in
	vm-render) echo "vm-render --ascii" ;;
	vm-replay) echo "vm-replay --speed 100000" ;;
	*) echo "$1" ;;
	esac
}

# A recording with input for each of them, made once for the file.
setup_file() {
	load helper
	export RECORDING=$BATS_FILE_TMPDIR/run.ndjson
	requires program vm-sample vm-parse
	local pause
	for pause in 5 20 80; do # where samples are rare, a longer life
		vm-sample -i 5ms -- "$WORKLOADS/lifecycle" $pause | vm-parse >"$RECORDING"
		[ "$(wc -c <"$RECORDING")" -le 200000 ] || break
	done
	[ "$(wc -c <"$RECORDING")" -gt 200000 ] # more than a pipe holds
	[ ! -x "$BUILD/bin/vm-track" ] || vm-track "$RECORDING" >"$RECORDING.tracked"
}

recording_of() { # PROGRAM -> its input
	case $1 in
	vm-check | vm-replay) echo "$RECORDING.tracked" ;;
	*) echo "$RECORDING" ;;
	esac
}

@test "| head -1 ends quietly" {
	for program in vm-sample $(filters); do
		[ "$program" = vm-check ] && continue
		if [ "$program" = vm-sample ]; then text="vm-sample -i 1ms -d 5s -p $$"; else text="$(command_of "$program") '$(recording_of "$program")'"; fi
		run --separate-stderr timeout 100 bash -c "set -o pipefail; $text | head -1; exit \${PIPESTATUS[0]}"
		echo "$program: $status $stderr"
		[ "$status" = 0 ] || [ "$status" = 141 ]
		[ -z "$stderr" ]
	done
}

@test "> /dev/full fails with a message" {
	for program in vm-sample $(filters); do
		[ "$program" = vm-check ] && continue
		if [ "$program" = vm-sample ]; then text="vm-sample -n 1 -p $$"; else text="$(command_of "$program") '$(recording_of "$program")'"; fi
		run --separate-stderr bash -c "$text >/dev/full"
		echo "$program: $status $stderr"
		[ "$status" = 1 ]
		[[ $stderr == "$program: "*"No space left"* ]]
	done
}

@test "a line cut in half is reported with its place, the rest is read, exit 1" {
	for program in $(filters); do
		whole=$(recording_of "$program")
		n=$(($(wc -l <"$whole") / 2))
		{ head -$n "$whole"; sed -n "$((n + 1))p" "$whole" | cut -c1-40; tail -n +$((n + 2)) "$whole"; } >"$BATS_TEST_TMPDIR/cut"
		run --separate-stderr $(command_of "$program") "$BATS_TEST_TMPDIR/cut"
		echo "$program: $status $stderr"
		[ "$status" = 1 ]
		[[ $stderr == "$program: $BATS_TEST_TMPDIR/cut:$((n + 1)): "* ]]
		case $program in vm-parse | vm-track | vm-replay)
			[[ $output == *'"type":"lost"'* ]]
			[ "$(tail -1 <<<"$output" | jq -r .type)" = end ] ;;
		esac
	done
}

@test "a stream that stops in the middle of a line is reported" {
	for program in $(filters); do
		head -c 20000 "$(recording_of "$program")" >"$BATS_TEST_TMPDIR/cut"
		run --separate-stderr $(command_of "$program") "$BATS_TEST_TMPDIR/cut"
		echo "$program: $status $stderr"
		[ "$status" = 1 ]
		[[ $stderr == *"$program: $BATS_TEST_TMPDIR/cut:"* ]]
	done
}

@test "a line of more than a megabyte is skipped and reported, a slightly shorter one passes" {
	head -1 "$RECORDING" >"$BATS_TEST_TMPDIR/long"
	printf '{"type":"mark","t":0.1,"text":"%s"}\n' "$(head -c 1000000 /dev/zero | tr '\0' a)" >>"$BATS_TEST_TMPDIR/long"
	printf '{"type":"mark","t":0.2,"text":"%s"}\n' "$(head -c 1100000 /dev/zero | tr '\0' b)" >>"$BATS_TEST_TMPDIR/long"
	printf '{"type":"mark","t":0.3,"text":"after"}\n{"type":"end","t":0.4,"reason":"exit"}\n' >>"$BATS_TEST_TMPDIR/long"
	for program in $(filters); do
		$(command_of "$program") "$BATS_TEST_TMPDIR/long" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" && status=0 || status=$?
		echo "$program: $status $(<"$BATS_TEST_TMPDIR/err")"
		[ "$status" = 1 ]
		grep -q "^$program: $BATS_TEST_TMPDIR/long:3: " "$BATS_TEST_TMPDIR/err"
		case $program in vm-parse | vm-track | vm-replay)
			[ "$(jq -r 'select(.type=="mark").text | .[:5]' "$BATS_TEST_TMPDIR/out" | paste -sd' ')" = "aaaaa after" ] ;;
		esac
	done
}

@test "a line that is no JSON, NUL bytes and invalid UTF-8 are reported with their place" {
	{ head -1 "$RECORDING"; printf 'hello\n{"type":"mark","t":0.1,"text":"a\0b"}\n{"type":"mark","t":0.1,"text":"\xff"}\n[1]\n'; printf '{"type":"mark","t":0.3,"text":"after"}\n{"type":"end","t":0.4,"reason":"exit"}\n'; } >"$BATS_TEST_TMPDIR/bad"
	for program in $(filters); do
		run --separate-stderr $(command_of "$program") "$BATS_TEST_TMPDIR/bad"
		echo "$program: $status $stderr"
		[ "$status" = 1 ]
		for line in 2 3 4 5; do [[ $stderr == *"$BATS_TEST_TMPDIR/bad:$line: "* ]]; done
		case $program in vm-parse | vm-track | vm-replay)
			[ "$(grep -c '"type":"lost"' <<<"$output")" -ge 4 ]
			[[ $output == *'"text":"after"'* ]] ;;
		esac
	done
}

@test "lines of unknown types and unknown members pass unchanged and in order" {
	cat >"$BATS_TEST_TMPDIR/in" <<-'END'
	{"type":"stream","t":0.000000000,"version":1,"program":"x 1","mood":"glad"}
	{"type":"weather","t":0.1,"sky":[1,{"a":null}]}
	{ "t" : 1e-1 , "type" : "mark", "text" : "spaces \u0041", "more": {"x": 1} }
	{"type":"end","t":0.200000000,"reason":"exit","more":true}
	END
	for program in $(filters); do
		case $program in vm-parse | vm-track | vm-replay) ;; *) continue ;; esac
		run --separate-stderr $(command_of "$program") "$BATS_TEST_TMPDIR/in"
		echo "$program: $status $output $stderr"
		[ "$status" = 0 ]
		[ "$(grep -v '"type":"stage"' <<<"$output")" = "$(<"$BATS_TEST_TMPDIR/in")" ]
	done
}

@test "an unreadable file is reported, the others are read, exit 1" {
	for program in $(filters); do
		run --separate-stderr $(command_of "$program") /nowhere/a "$(recording_of "$program")"
		echo "$program: $status $stderr"
		[ "$status" = 1 ]
		[[ $stderr == "$program: "*"/nowhere/a: No such file"* ]]
	done
}

@test "a stream of another version is read with a message and status 1" {
	for program in vm-parse vm-track vm-check vm-render; do
		run --separate-stderr $program <<<'{"type":"stream","t":0,"version":2,"program":"x 1"}
{"type":"end","t":0,"reason":"exit"}'
		[ "$status" = 1 ]
		[[ $stderr == *"the stream is of version 2, and this program knows version 1"* ]]
	done
}
