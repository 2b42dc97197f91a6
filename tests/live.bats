#!/usr/bin/env bats
# The live picture on a full screen, in tmux: it takes the screen late, answers keys, and always gives the screen back.
load helper

setup() {
	requires cmd tmux
	life="$ROOT/tests/golden/life.track.ndjson"
	cd "$BATS_TEST_TMPDIR" || return 1
	mkfifo feed never
}

teardown() {
	[ -z "${feed:-}" ] || exec {feed}>&-
	tm kill-server 2>/dev/null
	return 0
}

# The next server gets its own socket, since nothing waits for the end of this one.
servers=0
tm() { tmux -S "s$servers" -f /dev/null "$@"; } # a short name: that of a socket has at most 107 bytes

# in_terminal WIDTH HEIGHT COMMAND: runs a command in a terminal of that size; keeps stty before and after, and the status.
in_terminal() {
	cat >run.sh <<-END
		PATH='$PATH'; export PATH LC_ALL=C.UTF-8 TERM=\${term:-\$TERM}
		set -m
		trap : INT
		stty -g >before
		$3
		echo "status \$?" >status.new
		stty -g >after
		mv status.new status
		exec cat
	END
	servers=$((servers + 1))
	tm new-session -d -x "$1" -y "$2" "bash --norc run.sh"
}

live() { # live WIDTH HEIGHT [OPTION...]: fed through $feed
	local width=$1 height=$2
	shift 2
	in_terminal "$width" "$height" "vm-render $* <feed"
	exec {feed}>feed
}

part() { head -n "$1" "$life" >&"$feed"; }
rest() { tail -n "+$(($1 + 1))" "$life" >&"$feed"; exec {feed}>&-; feed=; }
screen() { tm capture-pane -p; }
shows() { screen | grep -qF -- "$1"; }
hides() { ! shows "$1"; }
full() { [ "$(tm display -p '#{alternate_on}')" = 1 ]; }
plain() { [ "$(tm display -p '#{alternate_on}')" = 0 ]; }
ended() { [ -e status ]; }
renderer() { pgrep -P "$(tm display -p '#{pane_pid}')" -x vm-render; }
given_back() { until_true ended; until_true plain; cmp before after; until_true with_cursor; }
with_cursor() { [ "$(tm display -p '#{cursor_flag}')" = 1 ]; }
printed() { tm capture-pane -p -S - | tr -d '\n' | grep -q "$1"; } # also what has scrolled away
rests() { before=$(screen); [ -n "$before" ] && ! read -rt 0.1 <>never && same; } # and keeps the screen in $before
same() { [ "$(screen)" = "$before" ]; }

@test "the picture grows with its input, and remains as plain text when the input ends" {
	live 100 30
	part 60
	until_true full
	until_true shows 'lifecycle (20732)'
	until_true shows '? help'
	rest 60
	given_back
	grep -qx 'status 0' status
	until_true shows '█ vsyscall'
	until_true hides '? help'
	until_true printed 'address space over time, 1.751 ms to 3.399 s'
}

@test "an input that is complete at once takes no screen" {
	in_terminal 100 40 "cat '$life' | vm-render --view table --ascii"
	until_true ended
	until_true shows 'total'
	cmp before after
}

@test "q ends the picture though the writer still holds the pipe" {
	live 100 30
	part 60
	until_true full
	tm send-keys q
	given_back
	grep -qx 'status 0' status
	until_true shows 'lifecycle (20732)'
}

@test "v, Tab and numbers change the view, s the scale, k the kind, ? shows the keys" {
	live 100 30
	part 200
	until_true shows 'address space over time'
	tm send-keys v
	until_true shows ' map '
	tm send-keys Tab
	until_true hides ' map '
	tm send-keys 4
	until_true shows 'size KiB'
	tm send-keys s
	until_true shows 'by -size'
	tm send-keys 1
	until_true shows 'address space over time'
	tm send-keys s
	until_true shows 'timeline log'
	tm send-keys k
	until_true shows ' only text'
	until_true hides '█ rodata'
	tm send-keys K
	until_true hides ' only text'
	tm send-keys '?'
	until_true shows 'pause, go on'
	tm send-keys '?'
	until_true hides 'pause, go on'
}

@test "a table higher than the screen scrolls below its head" {
	live 100 12 --view table
	part 200
	until_true shows 'size KiB'
	until_true rests
	first=$(sed -n 4p <<<"$before")
	[ -n "$first" ]
	tm send-keys Down
	until_true hides "$first"
	until_true shows 'size KiB'
	tm send-keys End
	until_true shows 'total'
	tm send-keys Home
	until_true shows "$first"
	tm send-keys PPage NPage
	until_true hides "$first"
}

@test "a paused picture does not change, whatever key redraws it, and input is read meanwhile" {
	live 100 30
	part 60
	until_true shows '? help'
	tm send-keys Space
	until_true shows PAUSED
	until_true rests
	part 200 >/dev/null
	yes '{"type":"mark","t":3,"text":"much"}' | head -20000 >&"$feed" # more than the pipe can hold
	[ "$(screen)" = "$before" ]
	tm send-keys v
	until_true shows ' map '
	hides '3 s'
	tm send-keys BTab
	until_true hides ' map '
	until_true same
	tm send-keys Space
	until_true hides PAUSED
	until_true shows '3 s'
}

@test "the picture follows the size of the terminal, down to 10 columns and 2 rows" {
	live 100 30
	part 200
	until_true shows 'address space over time'
	tm resize-window -x 60 -y 15
	until_true hides 'p process'
	tm resize-window -x 10 -y 8
	until_true shows 'too small'
	tm resize-window -x 10 -y 2
	tm resize-window -x 120 -y 35
	until_true shows 'p process  ? help'
	until_true shows 'address space over time'
	tm send-keys q
	given_back
}

@test "SIGTERM, SIGHUP, SIGQUIT and a crash give the screen back" {
	for signal in TERM HUP QUIT SEGV; do
		rm -f status
		live 100 30
		part 60
		until_true full
		kill "-$signal" "$(renderer)"
		given_back
		grep -qx "status $((128 + $(kill -l "$signal")))" status
		exec {feed}>&-
		tm kill-server
	done
}

@test "Ctrl-C ends the stream, not the picture; a second one ends the picture too" {
	in_terminal 100 30 "(trap '' INT; exec cat feed) | vm-render"
	exec {feed}>feed
	part 60
	until_true full
	tm send-keys C-c
	tm send-keys v
	until_true shows ' map '
	tm send-keys C-c
	exec {feed}>&-
	feed=
	given_back
	grep -qx 'status 130' status
}

@test "Ctrl-Z gives the screen to the shell, fg takes it again" {
	in_terminal 100 30 "vm-render <feed; fg >/dev/null"
	exec {feed}>feed
	part 60
	until_true full
	tm send-keys C-z
	until_true full
	until_true shows 'lifecycle (20732)'
	tm send-keys q
	given_back
}

@test "with vm-run, keys control the screen, and a command that would read them reads nothing" {
	in_terminal 100 30 "vm-run -- sh -c 'cat; sleep 60'"
	until_true full
	until_true shows 'sh ('
	tm send-keys q
	given_back
}

@test "the summary after the picture fits the terminal too" {
	in_terminal 80 50 "vm-run -- sleep 0.3"
	until_true ended
	summary() { tm capture-pane -p -J -S - | sed -n '/^kind .*regions/,$p' >printed && grep -q '^total ' printed; } # wrapped lines are joined
	until_true summary
	[ "$(wc -L <printed)" -le 80 ]
}

@test "an input that breaks off, or is no stream, is reported after the screen was given back" {
	live 100 30
	part 60
	echo '{"type":"region","t":' >&"$feed"
	until_true full
	hides 'line skipped'
	exec {feed}>&-
	feed=
	given_back
	grep -qx 'status 1' status
	until_true printed 'line skipped'
	until_true printed 'cut short'
}

@test "names cannot control the terminal" {
	live 100 30
	printf '%s\n' '{"type":"stream","t":0,"version":1,"program":"t"}' \
		'{"type":"process","t":0,"pid":7,"why":"first","name":"\u001b[31mred\u001b]0;title\u0007\u009b2J\u202e"}' \
		'{"type":"snapshot","t":0,"pid":7,"seq":0,"regions":1}' \
		'{"type":"region","t":0,"pid":7,"seq":0,"start":"0x0000000000001000","end":"0x0000000000002000","size":4096,"perms":"rw-p","kind":"anon","name":"\u001b[2J"}' \
		'{"type":"mark","t":1,"text":"x"}' >&"$feed"
	until_true shows '? help'
	until_true shows '[31mred'
	[ "$(tm display -p '#{pane_title}')" != title ]
}

@test "live pictures need a usable terminal: no file, no -o, no TERM=dumb, no --no-live" {
	for how in "vm-render --ascii -o out <feed" "vm-render --ascii --no-live <feed" "vm-render --live no <feed" "TERM=dumb vm-render <feed" \
		"vm-render <feed | cat" "vm-render --svg <feed >out" "vm-render --trace <feed"; do
		rm -f status
		in_terminal 80 24 "$how"
		exec {feed}>feed
		part 60
		exec {feed}>&-
		until_true ended
		if tm capture-pane -p -S - | grep -q '? help'; then false; fi
		cmp before after
		tm kill-server
	done
	feed=
}

@test "--live yes is refused without a screen" {
	run vm-render --live yes "$life"
	[ "$status" -eq 2 ]
	[[ $output == *"stdout is no terminal"* ]]
	run vm-render --svg --live yes "$life"
	[ "$status" -eq 2 ]
	run vm-render --fps 0 "$life"
	[ "$status" -eq 2 ]
}

@test "only changed parts are written" {
	requires cmd strace
	in_terminal 100 30 "strace -f -o trace -e trace=write -s 4 vm-render <feed"
	exec {feed}>feed
	part 200
	until_true shows 'address space over time'
	until_true rests
	drawn=$(grep -c 'write(1' trace)
	tm send-keys x x x x x
	tm send-keys '?'
	until_true shows 'pause, go on'
	[ "$(grep -c 'write(1' trace)" -lt $((drawn + 5)) ]
}
