#!/usr/bin/env bats
# The renderer web: the live page, its server and its clients. tests/web_client.py is a client without a browser; tests/browser/live.mjs
# drives a real one.
load helper

setup_file() {
	export VMPIPE_BROWSER=$BUILD/browser
	/usr/bin/python3 -I -B "$ROOT/tests/web_client.py" stream 1 14000 >"$BATS_FILE_TMPDIR/long.ndjson"
}

setup() {
	requires program vm-render
	[ -e "$BUILD/lib/vmpipe/render/web.so" ] || skip "the renderer web is not built: $("$ROOT/contrib/packages.sh" lacks page)$("$ROOT/contrib/packages.sh" lacks web)"
	cd "$BATS_TEST_TMPDIR" || return 1
	life=$ROOT/tests/golden/life.track.ndjson
	long=$BATS_FILE_TMPDIR/long.ndjson
	mkfifo feed
	head -60 "$life" >begin.ndjson
}

# serve [OPTION...] [FILE]: starts a server at a free port. Sets url and server.
serve() {
	rm -f err
	background vm-render --web --port 0 "$@" >out 2>err
	server=$pid
	until_true grep -q http:// err
	url=$(grep -o 'http://.*' err)
}

# Ends a server as Ctrl-C does, once it serves after the end of its input: then it catches SIGTERM.
catches() { (($(sed -n 's/^SigCgt:[^0-9a-f]*/0x/p' "/proc/$1/status") & 0x4000)); }
finish() {
	until_true catches "$server"
	kill -TERM "$server"
}

client() { /usr/bin/python3 -I -B "$ROOT/tests/web_client.py" "$1" "$url" "${@:2}"; }

ends() { grep -q 'the input has ended' err; }

browser() { # CHECK [MORE...]
	requires cmd node chromium
	[ -r "$VMPIPE_BROWSER/node_modules/playwright-core/package.json" ] || skip "playwright-core is not installed"
	node "$ROOT/tests/browser/live.mjs" "$1" "$url" "${@:2}"
}

# Runs a check of the browser that lets the stream grow in between: begin.ndjson, then all of it.
growing() { # CHECK
	serve feed
	exec {in}>feed
	cat begin.ndjson >&"$in"
	mkfifo says hears
	browser "$1" begin.ndjson "$life" <hears >says 3>&- {in}>&- &
	checker=$!
	exec {hears}>hears {says}<says
	read -r word <&"$says"
	[ "$word" = grow ]
	tail -n +61 "$life" >&"$in"
	exec {in}>&-
	until_true ends
	echo grown >&"$hears"
	wait "$checker"
}

@test "web: the page of a recording gives every view the figure of vm-render" {
	serve "$life"
	browser figures "$life"
}

@test "web: a page sees the stream grow; one that joins late has all of it" {
	growing late
}

@test "web: a page that connects again has what came in the meantime" {
	growing reconnect
}

@test "web: a paused page holds its picture while the stream goes on" {
	growing pause
}

@test "web: the token leaves the address bar, a reload keeps it, and without it there is no page" {
	serve "$life"
	browser token
}

@test "web: a mark of a page reaches the other pages, and the recording before its end line" {
	serve --record run.ndjson.gz "$life"
	browser mark
	finish
	wait "$server"
	gzip -dc run.ndjson.gz >run.ndjson
	[ "$(tail -2 run.ndjson | jq -r .type | tr '\n' ' ')" = "mark end " ]
	[ "$(jq -r 'select(.type == "mark").text' run.ndjson)" = '<img src=x onerror=hacked=1> "quoted" \ ü 😀' ]
	grep -v '"type":"mark"' run.ndjson | cmp - "$life"
	valid_stream <run.ndjson
	run -2 --separate-stderr vm-render --web --record a -o b "$life"
	[[ $stderr == *"--output and --record exclude each other"* ]]
}

@test "web: --timing says of each update when it was sent, and when a page had drawn it" {
	serve --timing timing.csv "$life"
	browser figures "$life"
	finish
	wait "$server"
	[ "$(head -1 timing.csv)" = t,pid,raw,semantic,acts,regions,reconstruct,took,seen,lag,sent,acknowledged ]
	# as many rows as times and processes with changes, as many acts as acts
	[ "$(sed 1d timing.csv | wc -l)" -eq "$(jq -r 'select(.type == "change") | [.t, .pid] | @csv' "$life" | uniq | wc -l)" ]
	[ "$(awk -F, 'NR > 1 { n += $5 } END { print n }' timing.csv)" -eq "$(jq -r 'select(.type == "change") | [.pid, .act] | @csv' "$life" | uniq | wc -l)" ]
	awk -F, 'NR > 1 && !($11 > $1 && $12 >= $11) { bad = 1; print } END { exit bad }' timing.csv
	run -2 --separate-stderr vm-render --web --timing a -o ./a "$life"
	[[ $stderr == *"both write"* ]]
}

@test "web: --pick lists the user's processes, starts the pipeline on one and stops it; no other words do anything" {
	workload still "$BATS_TEST_TMPDIR"
	still=$pid
	serve --pick --record run.ndjson </dev/null
	client pick "$still"
	[ ! -e hacked ]
	finish
	wait "$server"
	[ "$(jq -r 'select(.type == "process").pid' run.ndjson | sort -u)" = "$still" ]
	run ! pgrep -P "$server"
}

@test "web: in the page of --pick one chooses a process, starts and stops" {
	workload still "$BATS_TEST_TMPDIR"
	still=$pid
	serve --pick </dev/null
	browser pick "$still" 4194303
}

@test "web: a port that is taken is an error with --port; without it the next free one is taken and said" {
	serve "$life"
	port=${url##*127.0.0.1:} port=${port%%/*}
	run -1 --separate-stderr vm-render --web --port "$port" "$life"
	[[ $stderr == *"port $port: Address already in use; without --port the next free one is taken"* ]]
	background vm-render --web "$life" 2>first
	until_true grep -q http:// first
	background vm-render --web "$life" 2>second
	until_true grep -q http:// second
	grep -q 'port 8080 is taken: the page is at 8' second
	run ! cmp first second
	for wrong in 65536 -2 x 80.5; do run -2 vm-render --web --port "$wrong" "$life"; done
	run -2 --separate-stderr vm-render --svg --port 80 "$life"
	[[ $stderr == *"--port is for a renderer that serves a page (--web), not for svg"* ]]
	run -1 --separate-stderr vm-render --web --listen no.such.host.invalid "$life"
	[[ $stderr == *"--listen no.such.host.invalid: "* ]]
}

@test "web: it listens on this machine alone" {
	serve "$life"
	client alone
}

@test "web: only its own host, origin and token get a connection; the page comes with a strict policy" {
	serve "$life"
	client handshake
	client http
}

@test "web: random bytes, halves of handshakes, wrong frames and words end alone; others are served on" {
	serve "$life"
	client fuzz "$life"
	finish
	wait "$server"
}

@test "web: clients that read nothing delay neither the input nor others, and end with the regions of now" {
	serve -O memory=4M feed
	client stuck feed "$long"
}

@test "web: a client that comes late, goes and comes again, or is thinned ends with the regions of now" {
	serve -O memory=4M feed
	client places feed "$long"
}

@test "web: a client that joins far back has the regions first, and then all lines in their order" {
	serve "$long"
	until_true ends
	client history "$long"
}

@test "web: 300 clients at once each get all" {
	serve "$life"
	client many "$life" 300
}

@test "web: its memory does not grow with the stream" {
	for times in 1 4; do
		serve -O memory=4M feed
		{ cat "$long"; for i in $(seq 2 "$((4 * times))"); do tail -n +2 "$long" | grep -v '"type":"end"'; done; } >feed 2>/dev/null
		until_true ends
		sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$server/status" >>memory
		kill -KILL "$server"
	done
	[ "$(tail -1 memory)" -lt $(($(head -1 memory) * 3 / 2)) ]
}

@test "web: vm-run --web serves the run of a program, and ends well" {
	background vm-run --web --port 0 --record run.ndjson -i 50ms -- "$WORKLOADS/lifecycle" >out 2>err
	run=$pid
	until_true grep -q http:// err
	server=$(pgrep -P "$run" -f renderer=web)
	started+=("$server")
	url=$(grep -o 'http://.*' err)
	client save got.ndjson
	vm-check got.ndjson
	until_true ends
	finish
	wait "$run"
	cmp got.ndjson run.ndjson
}

@test "web: vm-replay at a speed gives a page the recorded lines" {
	vm-replay --speed max "$life" | vm-render --web --port 0 2>err 3>&- &
	started+=($!)
	until_true grep -q http:// err
	url=$(grep -o 'http://.*' err)
	client save got.ndjson
	cmp <(grep -v '"type":"stage"' got.ndjson) <(grep -v '"type":"stage"' "$life")
}
