#!/usr/bin/env bats
# vm-sample --marks FIFO: written lines become marks at once, whatever their bytes and their writer.
load helper

setup() {
	cd "$BATS_TEST_TMPDIR"
	workload still "$BATS_TEST_TMPDIR"
}

marking() { # options ...: runs vm-sample in the background, into out, and waits for its first sample
	vm-sample -p "$pid" --detail maps --marks m "$@" >out 2>err 3>&- &
	sampler=$!
	started+=("$sampler")
	until_true grep -q '"type":"raw"' out
}

marks() {
	jq -c 'select(.type=="mark") | [.pid, .text]' out
}

ends() {
	kill -INT "$sampler"
	wait "$sampler"
}

@test "a line becomes a mark at once, in the middle of a long wait, and a leading pid is the mark's process" {
	marking -i 1h
	echo "loaded data" >m
	until_true grep -q '"type":"mark"' out
	printf 'pid=42 garbage\npid=x y\npid=7\n' >m
	until_true bash -c '[ "$(grep -c "\"type\":\"mark\"" out)" = 4 ]'
	ends
	[ "$(marks | tr '\n' ' ')" = '[null,"loaded data"] [42,"garbage"] [null,"pid=x y"] [7,""] ' ]
	valid_stream <out
}

@test "the FIFO is made for its user alone, exists before the command starts, and is removed at the end" {
	run --separate-stderr vm-sample --marks new -i 1h -- sh -c 'stat -c %a%F new >&2; echo begun >new; echo done >new'
	[ "$status" -eq 0 ]
	[[ "$stderr" == 600fifo ]]
	[ "$(jq -r 'select(.type=="mark").text' <<<"$output" | tr '\n' ' ')" = "begun done " ]
	[ ! -e new ]
}

@test "a FIFO that existed before stays" {
	mkfifo m
	marking -n 1
	wait "$sampler"
	[ -p m ]
}

@test "a file that is no FIFO is refused and left unchanged" {
	echo precious >m
	run --separate-stderr vm-sample -p "$pid" -n 1 --marks m
	[ "$status" -eq 2 ]
	[[ "$stderr" == "vm-sample: m exists and is no FIFO"*mkfifo* ]]
	[ "$(cat m)" = precious ]
	[ -z "$output" ]
	run --separate-stderr vm-sample -p "$pid" -n 1 --marks /dev/null
	[ "$status" -eq 2 ]
	run --separate-stderr vm-sample -p "$pid" -n 1 --marks no/such/folder
	[ "$status" -eq 2 ]
	[[ "$stderr" == *"No such file"* ]]
}

@test "a mark may hold any bytes" {
	marking -i 1h
	printf 'esc \033[31m "quote" <script> caf\xe9 \\ end\n' >m
	until_true grep -q '"type":"mark"' out
	ends
	[ "$(jq -r 'select(.type=="mark").text_raw' out | base64 -d)" = "$(printf 'esc \033[31m "quote" <script> caf\xe9 \\ end')" ]
	run ! grep -q $'\033' out
}

@test "a line over 64 KiB is cut, and the missing bytes are counted" {
	marking -i 1h
	head -c 100000 /dev/zero | tr '\0' x >m
	echo >m
	echo next >m
	until_true grep -q next out
	ends
	[ "$(jq -c 'select(.type=="mark" or .type=="lost") | [.what, .count, (.text | length)]' out | tr '\n' ' ')" = '[null,null,65536] ["bytes",34464,0] [null,null,4] ' ]
}

@test "blank lines are no marks, and an unfinished last line becomes a mark at the end" {
	marking -i 1h
	printf '\n\na\n\nlast' >m
	until_true grep -q '"type":"mark"' out
	ends
	[ "$(marks | tr '\n' ' ')" = '[null,"a"] [null,"last"] ' ]
}

@test "many writers with unfinished lines; a flood does not stop the samples" {
	mkfifo m # the writers wait until vm-sample opens it, and end when it closes it
	for _ in 1 2; do
		yes flood >m 2>/dev/null 3>&- &
		started+=("$!")
	done
	vm-sample -p "$pid" --detail maps --marks m -i 5ms -n 30 >out
	[ "$(tail -1 out | jq -r .reason)" = count ]
	grep -q '"type":"mark".*"text":"flood"' out
	vm-parse out >/dev/null
}
