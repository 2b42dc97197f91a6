# vm-replay: a recording again, at its pace, from any moment. Its waits are read from its system calls, never from a clock.
load helper
load stream

setup() {
	requires program vm-replay vm-parse vm-track vm-check
	cd "$BATS_TEST_TMPDIR"
}

# Three samples of a growing process 7, a second apart; then its end.
recording() {
	begin
	snap 0 "1 2 r-xp text" "10 20 rw-p heap"
	snap 1 "1 2 r-xp text" "10 30 rw-p heap"
	echo '{"type":"mark","t":1.500000000,"pid":7,"text":"half"}'
	snap 2 "1 2 r-xp text" "10 40 rw-p heap" "50 60 rw-p anon"
	finish 3
}

without_stage() { grep -v '"type":"stage"'; }

types() { jq -r '.type + " " + (.t|tostring)' | uniq -c | sed 's/^ *//' | paste -sd,; }

@test "without a pause, a recording is written unchanged, with one more stage line" {
	recording >parsed
	vm-track parsed >tracked
	for file in parsed tracked; do
		run --separate-stderr vm-replay --speed max "$file"
		[ "$status" = 0 ]
		[ -z "$stderr" ]
		diff <(without_stage <"$file") <(without_stage <<<"$output")
		[[ $(tail -2 <<<"$output" | head -1) == *'"type":"stage"'*'"program":"vm-replay '* ]]
		vm-replay --speed 0 <"$file" | without_stage | cmp - <(without_stage <"$file")
	done
}

@test "packed recordings are read too" {
	recording >parsed
	vm-replay --speed max -o packed.ndjson.zst parsed
	vm-replay --speed max packed.ndjson.zst | without_stage | cmp - parsed
}

@test "it waits for each moment once, counted from the first, N times as fast" {
	requires cmd strace
	requires ptrace
	recording >parsed
	waits() { # the whole seconds of its planned waits, in sum over the moments 1, 1.5, 2, 3
		ASAN_OPTIONS=detect_leaks=0 strace -qq -e trace=ppoll -o trace vm-replay "$@" parsed >/dev/null
		grep -oE 'tv_sec=[0-9]+, tv_nsec=[0-9]+' trace
	}
	waits --speed 2 | sort -u >fast
	[ "$(grep -c 'tv_sec=0' fast)" -ge 3 ]
	run ! grep -vE 'tv_sec=0, tv_nsec=([0-4]?[0-9]{1,8}|500000000)$' fast # 500 ms, 250 ms, 250 ms, 500 ms: never more
	[ -z "$(waits --speed max)" ]
}

@test "a line is written when it is due, and not before" {
	begin >slow
	echo '{"type":"mark","t":100000.000000000,"text":"late"}' >>slow
	background vm-replay -o out slow
	until_true test -s out
	[ "$(wc -l <out)" = 2 ]
	run ! grep -q late out
}

@test "Ctrl-C ends the stream at once" {
	begin >slow
	echo '{"type":"mark","t":100000.000000000,"text":"late"}' >>slow
	background vm-replay -o out slow
	until_true test -s out
	kill -INT "$pid"
	wait "$pid" && status=0 || status=$?
	[ "$status" = 0 ]
	[ "$(jq -r .type out | paste -sd' ')" = "stream process stage end" ]
	[ "$(tail -1 out | jq -r .reason)" = signal ]
}

@test "it ends quietly when its reader goes, also during a wait" {
	begin >slow
	echo '{"type":"mark","t":100000.000000000,"text":"late"}' >>slow
	run --separate-stderr bash -o pipefail -c 'timeout 100 vm-replay slow | head -1'
	[ "$status" = 0 ]
	[ -z "$stderr" ]
	[ "${#lines[@]}" = 1 ]
}

@test "--from begins a tracked recording with a key frame of that moment, --to ends it" {
	recording | vm-track >tracked
	run --separate-stderr vm-replay --speed max --from 1.2 --to 1.7 tracked
	[ "$status" = 0 ]
	[ -z "$stderr" ]
	[ "$(types <<<"$output")" = "1 stream 0,1 process 1.2,1 snapshot 1.2,2 region 1.2,1 mark 1.5,1 stage 1.7,1 end 1.7" ]
	[ "$(jq -c 'select(.type=="region") | [.id, .start, .size]' <<<"$output" | paste -sd' ')" = '[1,"0x0000000000001000",4096] [2,"0x0000000000010000",131072]' ]
	vm-check - <<<"$output"
}

@test "an end line that --to writes has the contents of the recorded one" {
	recording >raw
	run --separate-stderr vm-replay --speed max --to 1.7 raw
	[ "$(tail -1 <<<"$output" | jq -c 'del(.t)')" = "$(tail -1 raw | jq -c 'del(.t)')" ]
	[ "$(jq -r '.reason' <<<"${lines[-1]}")" = "$(tail -1 raw | jq -r .reason)" ]
}

@test "from any moment, the changes lead to the same end" {
	requires program vm-sample
	vm-sample -i 10ms -- "$WORKLOADS/lifecycle" 10 | vm-parse | vm-track -k 100ms >tracked
	last() { jq -s -c 'map(select(.type=="region" or .type=="change")) | last | [.id, .start, .end]' "$@"; }
	for from in 1ms 50ms 123ms 200ms 333ms; do
		run --separate-stderr bash -o pipefail -c "vm-replay --speed max --from $from tracked | tee cut | vm-check"
		echo "$from $output $stderr"
		[ "$status" = 0 ]
		[ "$(last cut)" = "$(last tracked)" ]
		jq -s -e 'map(.t) | . == sort' cut
		run valid_stream <cut
		[ "$status" = 0 ]
	done
}

@test "--from begins an untracked recording with the last whole sample" {
	recording >parsed
	run --separate-stderr vm-replay --speed max --from 1.2 --to 1.7 parsed
	[ "$(types <<<"$output")" = "1 stream 0,1 process 1,1 snapshot 1,2 region 1,1 mark 1.5,1 stage 1.7,1 end 1.7" ]
	{
		begin
		raw() { echo "{\"type\":\"raw\",\"t\":$1,\"pid\":7,\"seq\":$2,\"source\":\"procfs\",\"format\":\"linux-maps\",\"part\":$3,\"last\":$4,\"text\":\"$2$3000-$2$4000 r--p 00000000 00:00 0\\n\"}"; }
		raw 0.5 0 0 false; raw 0.5 0 1 true
		raw 1.0 1 0 false; raw 1.0 1 1 true
		raw 1.4 2 0 false # cut in two by the moment
		raw 1.5 2 1 true
		finish 2
	} >raw
	run --separate-stderr vm-replay --speed max --from 1.45 raw
	[ "$(jq -c 'select(.type=="raw") | [.seq, .part]' <<<"$output" | paste -sd' ')" = "[1,0] [1,1] [2,1]" ]
}

@test "--from knows regions without a snapshot line" {
	recording | sed 's/,"regions":[0-9]*//' >uncounted
	recording | grep -v '"type":"snapshot"' >bare
	for file in uncounted bare; do
		run --separate-stderr vm-replay --speed max --from 2.5 "$file"
		[ "$status" = 0 ]
		[ -z "$stderr" ]
		diff <(jq -c 'select(.type=="region")' <<<"$output") <(jq -c 'select(.type=="region" and .seq==2)' "$file")
		run --separate-stderr vm-replay --speed max --from 1.7 --to 1.8 "$file"
		diff <(jq -c 'select(.type=="region")' <<<"$output") <(jq -c 'select(.type=="region" and .seq==1)' "$file")
	done
}

@test "--from knows the samples of a source with a long name" {
	name=$(printf 'n%.0s' {1..60})
	{
		begin
		echo '{"type":"raw","t":0.5,"pid":7,"seq":0,"source":"'"$name"'","format":"linux-maps","part":0,"last":true,"text":"3000-4000 r--p 00000000 00:00 0\n"}'
		finish 2
	} >raw
	run --separate-stderr vm-replay --speed max --from 1 raw
	[ "$(jq -r 'select(.type=="raw").source' <<<"$output")" = "$name" ]
}

@test "a moment after the end gives the last state, and the end" {
	recording | vm-track >tracked
	run --separate-stderr vm-replay --speed max --from 10 tracked
	[ "$status" = 0 ]
	[ "$(types <<<"$output")" = "1 stream 0,1 process 3,1 snapshot 3,3 region 3,1 stage 3,1 end 3" ]
	vm-check - <<<"$output"
}

@test "a process that ended before is left out" {
	{
		recording | head -n -1
		echo '{"type":"event","t":2.500000000,"pid":7,"call":"exit","tid":7}'
		echo '{"type":"mark","t":2.800000000,"text":"after"}'
		finish 3
	} | vm-track >tracked
	run --separate-stderr vm-replay --speed max --from 2.6 tracked
	[ "$(jq -r .type <<<"$output" | uniq | paste -sd' ')" = "stream mark stage end" ]
}

@test "segments follow each other, each at its own time" {
	recording >parsed
	run --separate-stderr vm-replay --speed max --from 1.2 parsed parsed
	[ "$(jq -r 'select(.type=="stream" or .type=="snapshot" or .type=="end") | .type' <<<"$output" | paste -sd' ')" = "stream snapshot snapshot end stream snapshot snapshot end" ]
	[ "$(jq -c 'select(.type=="snapshot").t' <<<"$output" | paste -sd' ')" = "1 2 1 2" ]
}

@test "stacks come before the lines that may name them" {
	{
		begin
		echo '{"type":"stack","t":0.1,"pid":7,"id":1,"frames":["0x0000000000001000"]}'
		echo '{"type":"alloc","t":2.0,"pid":7,"tid":7,"op":"malloc","addr":"0x0000000000002000","size":8,"stack":1}'
		finish 3
	} >heap
	run --separate-stderr vm-replay --speed max --from 1 heap
	[ "$(jq -r 'select(.type=="stack" or .type=="alloc") | .type' <<<"$output" | paste -sd' ')" = "stack alloc" ]
}

@test "an invalid speed, and times in the wrong order, are refused" {
	for speed in fast -1 nan inf 1x ''; do
		run --separate-stderr vm-replay --speed="$speed" /dev/null
		[ "$status" = 2 ]
		[[ $stderr == "vm-replay: --speed $speed: expected a number"* ]]
	done
	run --separate-stderr vm-replay --from 2 --to 1 /dev/null
	[ "$status" = 2 ]
	printf 'vm-replay: { speed: quick }\n' >x.yaml
	run --separate-stderr vm-replay -c x.yaml /dev/null
	[ "$status" = 2 ]
}

@test "a full disk is an error, a line cut in half is reported" {
	recording >parsed
	run --separate-stderr bash -c 'vm-replay --speed max parsed >/dev/full'
	[ "$status" = 1 ]
	[[ $stderr == *"No space left on device"* ]]
	run --separate-stderr vm-replay --speed max <<<'{"type":"mark","t":0,"te'
	[ "$status" = 1 ]
	[[ $output == *'"type":"lost"'* ]]
}
