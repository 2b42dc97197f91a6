#!/usr/bin/env bats
# vm-sample: its processes, its schedule, and the fate of the command, the reader and the exit status.
load helper

lines() { # of a type, of $output
	jq -c "select(.type==\"$1\")" <<<"$output"
}

@test "a command's exit status is that of vm-sample, and is in the end line and in the exit event" {
	run --separate-stderr vm-sample -i 10ms -- sh -c 'exit 7'
	[ "$status" -eq 7 ]
	[ "$(tail -1 <<<"$output" | jq -c '[.type, .reason, .status]')" = '["end","exit",7]' ]
	[ "$(lines event | jq -c '[.call, .status]')" = '["exit",7]' ]
}

@test "a command killed by a signal gives 128 and the signal" {
	run --separate-stderr vm-sample -- sh -c 'kill -9 $$'
	[ "$status" -eq 137 ]
	[ "$(lines event | jq -c '[.call, .signal]')" = '["exit",9]' ]
}

@test "the first sample of a command shows its own program, not vm-sample" {
	cd "$BATS_TEST_TMPDIR"
	mkfifo go
	vm-sample --detail maps -o out -- cat go 3>&- &
	sampler=$!
	until_true grep -qs '"type":"raw"' out
	echo >go
	wait "$sampler"
	output=$(<out)
	[ "$(lines process | head -1 | jq -r '.why + " " + .name')" = "first cat" ]
	first=$(jq -sr '[.[] | select(.format == "linux-maps")][0].text' <<<"$output")
	grep '/cat$' <<<"$first"
	grep 'stack' <<<"$first"
	run ! grep vm-sample <<<"$first"
}

@test "a missing command gives 127, one that cannot be executed 126, each with a complete stream" {
	run -127 --separate-stderr vm-sample -- /no/such/program
	[[ "$stderr" == "vm-sample: /no/such/program: No such file or directory" ]]
	[ "$(tail -1 <<<"$output" | jq -c '[.reason, .status]')" = '["error",127]' ]
	run --separate-stderr vm-sample -- /etc/passwd
	[ "$status" -eq 126 ]
}

@test "a command's stdout never mixes with the stream" {
	run --separate-stderr vm-sample -n 1 -- sh -c 'echo hello; echo error >&2'
	[[ "$stderr" == *hello* && "$stderr" == *error* && "$output" != *'"hello"'* ]]
	jq -e . <<<"$output" >/dev/null
	run --separate-stderr vm-sample --command-output "$BATS_TEST_TMPDIR/said" -- sh -c 'cat' <<<"through stdin"
	[ "$(cat "$BATS_TEST_TMPDIR/said")" = "through stdin" ]
	[ -z "$stderr" ]
}

@test "neither a process nor a command, or both, is wrong usage" {
	run --separate-stderr vm-sample
	[ "$status" -eq 2 ]
	[[ "$stderr" == *"-p PID"*"-- COMMAND"* ]]
	run --separate-stderr vm-sample -p 1 -- true
	[ "$status" -eq 2 ]
	[ -z "$output" ]
}

@test "a detail that the source does not have is refused, with the known ones" {
	run --separate-stderr vm-sample -p 1 --detail bytes
	[ "$status" -eq 2 ]
	[[ "$stderr" == *maps*smaps* ]]
}

@test "the stream line has host, sources and the options in force" {
	background sleep 60
	run --separate-stderr vm-sample --procfs -p "$pid" -n 1 -i 250ms
	[ "$(head -1 <<<"$output" | jq -c '[.type, .version, .sources, .host.os, .host.page > 0, .options.interval, .options.detail]')" = \
		'["stream",1,["procfs"],"linux",true,"250ms","smaps"]' ]
	[ "$(tail -1 <<<"$output" | jq -r .reason)" = count ]
}

@test "programs are found by name" {
	cp "$(command -v sleep)" "$BATS_TEST_TMPDIR/vmtest-name"
	background "$BATS_TEST_TMPDIR/vmtest-name" 60
	first=$pid
	background "$BATS_TEST_TMPDIR/vmtest-name" 60
	until_true [ "$(cat "/proc/$first/comm")" = vmtest-name ]
	until_true grep -q vmtest-name "/proc/$pid/comm"
	run --separate-stderr vm-sample -p vmtest-name -n 1
	[ "$status" -eq 0 ]
	[ "$(lines sample | jq .pid | sort -n | tr '\n' ' ')" = "$(printf '%s\n' "$first" "$pid" | sort -n | tr '\n' ' ')" ]
	run --separate-stderr vm-sample -p no-such-name
	[ "$status" -eq 1 ]
	[[ "$stderr" == *no-such-name* ]]
}

@test "the schedule does not drift" {
	background sleep 60
	run --separate-stderr vm-sample -p "$pid" -i 50ms -n 12 --detail maps
	# how late each sample was, in ms; one that is a whole interval late or more leaves out others, which is reported with the next
	late=$(jq -s '[foreach (.[] | select(.type == "sample" or .type == "lost")) as $l ({due: 0};
		if $l.type == "lost" then .due += 50 * $l.count | .late = null else .late = $l.t * 1000 - .due | .due += 50 end; .late // empty)]' <<<"$output")
	jq -e 'length == 12 and all(. >= 0) and (.[6:] | min) < 50' <<<"$late" || { echo "$late"; return 1; }
}

@test "a schedule that falls behind counts the missing samples" {
	background sleep 60
	run --separate-stderr vm-sample -p "$pid" -i 1us -n 20
	[ "$status" -eq 0 ]
	[ "$(lines lost | jq -s 'map(.count) | add > 100')" = true ]
	[ "$(lines lost | head -1 | jq -c '[.what, .where]')" = '["samples","vm-sample"]' ]
}

@test "a duration ends the stream" {
	background sleep 60
	run --separate-stderr vm-sample -p "$pid" -i 20ms -d 50ms
	[ "$status" -eq 0 ]
	[ "$(tail -1 <<<"$output" | jq -r '.reason')" = duration ]
	[ "$(lines sample | wc -l)" -le 3 ]
}

@test "SIGINT, SIGTERM and a lost terminal end the stream properly, in the middle of a long wait" {
	background sleep 60
	for signal in INT TERM HUP; do
		env --default-signal=INT,TERM,HUP vm-sample -p "$pid" -i 1h >"$BATS_TEST_TMPDIR/$signal" 3>&- &
		sampler=$!
		until_true grep -q '"type":"raw"' "$BATS_TEST_TMPDIR/$signal"
		kill -$signal "$sampler"
		wait "$sampler"
		[ "$(tail -1 "$BATS_TEST_TMPDIR/$signal" | jq -r '.type + " " + .reason')" = "end signal" ]
	done
}

@test "under nohup the stream continues without its terminal" {
	background sleep 60
	nohup vm-sample -p "$pid" -i 20ms >"$BATS_TEST_TMPDIR/out" 2>/dev/null 3>&- &
	sampler=$!
	until_true grep -q '"type":"raw"' "$BATS_TEST_TMPDIR/out"
	kill -HUP "$sampler"
	before=$(grep -c '"type":"sample"' "$BATS_TEST_TMPDIR/out")
	more() { [ "$(grep -c '"type":"sample"' "$BATS_TEST_TMPDIR/out")" -gt "$((before + 2))" ]; }
	until_true more
	kill -INT "$sampler"
	wait "$sampler"
}

@test "a command that ignores the signal does not delay the end, and is reported" {
	mkfifo "$BATS_TEST_TMPDIR/hold"
	vm-sample -i 1h -- sh -c "trap '' INT; echo up; read x <'$BATS_TEST_TMPDIR/hold'" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	sampler=$!
	until_true grep -q up "$BATS_TEST_TMPDIR/err"
	kill -INT "$sampler"
	wait "$sampler"
	echo >"$BATS_TEST_TMPDIR/hold"
	grep -q "goes on" "$BATS_TEST_TMPDIR/err"
	[ "$(tail -1 "$BATS_TEST_TMPDIR/out" | jq -r .reason)" = signal ]
}

@test "a reader that goes ends vm-sample at once and quietly" {
	background sleep 60
	run --separate-stderr timeout 100 bash -c "vm-sample -p $pid -i 1h | head -1; echo \${PIPESTATUS[0]}"
	[ "$(tail -1 <<<"$output")" = 0 ]
	[ -z "$stderr" ]
}

@test "a reader that goes leaves the command running, and its status is the exit status" {
	run --separate-stderr timeout 100 bash -c "vm-sample -i 1ms -- sh -c 'sleep 0.2; exit 5' | head -1 >/dev/null; echo \${PIPESTATUS[0]}"
	[ "$output" = 5 ]
	[ -z "$stderr" ]
}

@test "after the count of samples the stream is complete while the command runs on" {
	cd "$BATS_TEST_TMPDIR"
	mkfifo go
	vm-sample -n 1 -o out -- sh -c 'read x <go; exit 4' 3>&- &
	sampler=$!
	until_true grep -qs '"type":"end"' out
	[ "$(tail -1 out | jq -c '[.reason, .status]')" = '["count",null]' ]
	echo >go
	status=0
	wait "$sampler" || status=$?
	[ "$status" = 4 ]
}

@test "a full disk is an error" {
	background sleep 60
	run --separate-stderr bash -c "vm-sample -p $pid -n 1 >/dev/full"
	[ "$status" -eq 1 ]
	[[ "$stderr" == *"No space left"* ]]
}

@test "the output is valid against the schemas" {
	run --separate-stderr vm-sample -i 5ms -- sh -c 'exec sleep 0.05'
	[ "$status" -eq 0 ]
	valid_stream <<<"$output"
}

@test "after --duration a message says that the command goes on and is awaited" {
	mkfifo "$BATS_TEST_TMPDIR/gate"
	background vm-sample -d 20ms -o "$BATS_TEST_TMPDIR/s" -- cat "$BATS_TEST_TMPDIR/gate" 2>"$BATS_TEST_TMPDIR/said"
	until_true grep -q 'sampling has ended; cat ([0-9]*) goes on, and its end is awaited' "$BATS_TEST_TMPDIR/said"
	echo >"$BATS_TEST_TMPDIR/gate"
	wait "$pid"
	tail -n 1 "$BATS_TEST_TMPDIR/s" | grep -q '"reason":"duration"'
}
