#!/usr/bin/env bats
# The views events, tree, summary and cards, read through the renderer trace: a family of processes, hostile names, filters, empty pictures.
# bats file_tags=steady
load helper

region() { # t pid seq id start size perms kind name rss
	printf '{"type":"region","t":%s,"pid":%s,"seq":%s,"id":%s,"start":"0x%016x","end":"0x%016x","size":%d,"perms":"%s","kind":"%s","name":"%s","rss":%d}\n' \
		"$1" "$2" "$3" "$4" "$5" $(($5 + $6)) "$6" "$7" "$8" "$9" "${10}"
}

change() { # t pid event act id start size perms kind name rss more
	printf '{"type":"change","t":%s,"pid":%s,"event":"%s","act":%s,"id":%s,"start":"0x%016x","end":"0x%016x","size":%d,"perms":"%s","kind":"%s","name":"%s","rss":%d%s}\n' \
		"$1" "$2" "$3" "$4" "$5" "$6" $(($6 + $7)) "$7" "$8" "$9" "${10}" "${11}" "${12:-}"
}

# 100 forks 101, which executes sh and forks 102; 102 exits, 101 is killed, 100 stays.
family() {
	echo '{"type":"stream","t":0.0,"version":1,"program":"vm-sample 0.1.0","began":"2026-11-20T13:52:01.000000000Z","host":{"name":"box"}}'
	echo '{"type":"process","t":0.0,"pid":100,"why":"first","ppid":1,"name":"demo","exe":"/bin/demo","args":["demo","--big"]}'
	echo '{"type":"sample","t":0.0,"pid":100,"seq":0}'
	echo '{"type":"snapshot","t":0.0,"pid":100,"seq":0,"regions":3}'
	region 0.0 100 0 1 4194304 8192 r-xp text /bin/demo 8192
	region 0.0 100 0 2 16777216 65536 rw-p heap '[heap]' 32768
	region 0.0 100 0 3 139637976727552 1048576 rw-p anon '' 524288
	echo '{"type":"event","t":1.0,"pid":100,"call":"fork","tid":100,"name":"demo","child":101,"result":101}'
	echo '{"type":"process","t":1.0,"pid":101,"why":"fork","ppid":100,"name":"demo"}'
	change 1.0 101 FORK 1 4 4194304 8192 r-xp text /bin/demo 8192 ',"from":[1]'
	change 1.0 101 FORK 1 5 16777216 65536 rw-p heap '[heap]' 32768 ',"from":[2]'
	change 1.0 101 FORK 1 6 139637976727552 1048576 rw-p anon '' 524288 ',"from":[3]'
	echo '{"type":"event","t":1.9,"pid":100,"call":"brk","tid":100,"addr":"0x0000000001020000","result":"0x0000000001020000"}'
	echo '{"type":"sample","t":2.0,"pid":100,"seq":1}'
	change 2.0 100 BRK_GROW 2 2 16777216 131072 rw-p heap '[heap]' 131072 ',"was":{"end":"0x0000000001010000","size":65536,"rss":32768},"cause":{"call":"brk","tid":100}'
	echo '{"type":"process","t":2.5,"pid":101,"why":"exec","name":"sh","exe":"/bin/sh","args":["sh","-c","exit 3"]}'
	change 2.5 101 EXEC_REBUILD 3 7 8388608 16384 r-xp text /bin/sh 16384 ',"gone":[4,5,6]'
	change 2.5 101 EXEC_REBUILD 3 8 140722000000000 135168 rw-p stack '[stack]' 12288
	echo '{"type":"process","t":3.0,"pid":102,"why":"fork","ppid":101,"name":"sh"}'
	change 3.0 102 FORK 4 9 8388608 16384 r-xp text /bin/sh 16384 ',"from":[7]'
	change 3.0 102 FORK 4 10 140722000000000 135168 rw-p stack '[stack]' 12288 ',"from":[8]'
	echo '{"type":"mark","t":3.5,"text":"loaded"}'
	change 4.0 100 MMAP_ADD 5 11 139640000000000 2097152 rw-p anon '' 2097152 ',"cause":{"call":"mmap","tid":100}'
	change 4.0 100 PERM_CHANGE 6 3 139637976727552 1048576 r--p anon '' 524288 ',"was":{"perms":"rw-p"}'
	echo '{"type":"event","t":4.5,"pid":102,"call":"exit","status":3}'
	change 4.5 102 EXIT 7 9 8388608 16384 r-xp text /bin/sh 16384
	change 4.5 102 EXIT 7 10 140722000000000 135168 rw-p stack '[stack]' 12288
	echo '{"type":"lost","t":4.6,"pid":100,"what":"events","count":5,"where":"ring","why":"it was full"}'
	echo '{"type":"event","t":5.0,"pid":101,"call":"exit","signal":9}'
	change 5.0 101 EXIT 8 7 8388608 16384 r-xp text /bin/sh 16384
	change 5.0 101 EXIT 8 8 140722000000000 135168 rw-p stack '[stack]' 12288
	echo '{"type":"finding","t":5.5,"pid":100,"rule":"wx","severity":"warning","text":"writable and executable"}'
	change 6.0 100 MUNMAP_REMOVE 9 11 139640000000000 2097152 rw-p anon '' 2097152
	echo '{"type":"end","t":6.0,"reason":"count"}'
}

setup() {
	requires program vm-render
	S=$BATS_TEST_TMPDIR/s.ndjson
	family >"$S"
}

render() { run --separate-stderr vm-render --trace --view "$@"; [ "$status" = 0 ]; }
has() { grep -qF -- "$1" <<<"$output" || { echo "not in the output: $1" >&2; echo "$output" >&2; return 1; }; }
hasnt() { if grep -qF -- "$1" <<<"$output"; then echo "in the output: $1" >&2; return 1; fi; }
count() { [ "$(grep -c -- "$1" <<<"$output")" = "$2" ] || { echo "not $2 times: $1" >&2; echo "$output" >&2; return 1; }; }
# The cells of a row (or of "total") as one line of name=text.
row() { sed -n "/^row $1 /,/^row $(($1 + 1)) /p" <<<"$output" | sed -n "s/^cell $1 \"\(.*\)\" \"\(.*\)\"$/\1=\2/p" | tr '\n' ' '; }
total() { sed -n 's/^total "\(.*\)" "\(.*\)"$/\1=\2/p' <<<"$output" | tr '\n' ' '; }
# The numbers of the rows whose column has that text.
rows_with() { sed -n "s/^cell \([0-9]*\) \"$1\" \"$2\"$/\1/p" <<<"$output"; }
same() { [ "$1" = "$2" ] || { echo "'$1' is not '$2'" >&2; return 1; }; }

# ---- events

@test "events: raw, semantic and notes are distinguished, and counted separately" {
	render events "$S"
	has 'draw table view="events"'
	has 'subtitle "4 system events; 9 changes (15 lines); 0 s to 6 s"'
	same "$(rows_with level raw | wc -l)" 4
	same "$(rows_with level semantic | wc -l)" 9
	same "$(rows_with level note | wc -l)" 7
}

@test "events: one row for each act, with its id if it has one line, its cause, and its changes" {
	render events "$S"
	same "$(row 5)" "t=2.000000 pid=100 level=semantic event=BRK_GROW act=2 id=2 +/- KiB=+64 rss +/- KiB=+96 kind=heap range=1000000-1020000 name=[heap] cause=brk "
	same "$(row 3)" "t=1.000000 pid=101 level=semantic event=FORK act=1 +/- KiB=+1096 rss +/- KiB=+552 range=400000-7f0000100000 text=3 regions "
	has 'cell 12 "text" "rw-p -> r--p"'
}

@test "events: the changes of all rows add up to the difference of added and removed memory" {
	render events "$S"
	same "$(total)" "t=total +/- KiB=+64 rss +/- KiB=+96 "
}

@test "events: --by change gives a row to each change line" {
	render events --by change "$S"
	same "$(rows_with level semantic | wc -l)" 15
	has 'subtitle "4 system events; 9 changes (15 lines)'
	same "$(rows_with id 7 | wc -l)" 2
}

@test "events: a raw event has its arguments and its result, a process its arguments, a loss its reason" {
	render events "$S"
	has '"text" "child=101 -> 101"'
	has '"text" "of 1 demo --big"'
	has '"event" "process exec"'
	has '"text" "5 events at ring: it was full"'
	has '"text" "warning wx: writable and executable"'
	has '"text" "signal=9"'
}

@test "events: --rows keeps the last rows, and a note says so" {
	render events --rows 3 "$S"
	count '^row' 3
	has 'note "only the last 3 of 20 rows are kept (--rows)"'
	has 'cell 2 "event" "MUNMAP_REMOVE"'
	render events --rows 0 "$S"
	count '^row' 20
	hasnt 'are kept'
}

@test "events: an act that lost its row to newer ones begins another row" {
	for i in 1 2 3; do
		change 0.1 7 MMAP_ADD 1 $i $((i * 65536)) 4096 rw-p anon '' 0
		echo '{"type":"mark","t":0.1,"pid":7,"text":"between"}'
	done >"$BATS_TEST_TMPDIR/s"
	render events --rows 1 "$BATS_TEST_TMPDIR/s"
	count '^row' 1
	has 'subtitle "0 system events; 1 change (3 lines)'
}

@test "events: --kind keeps the changes of that kind, and counts the raw events that it cannot judge" {
	render events --kind stack "$S"
	same "$(rows_with level semantic | wc -l)" 4
	has 'note "4 events without a region are hidden by the filter"'
	has '"event" "EXEC_REBUILD"'
	hasnt BRK_GROW
}

@test "events: --address keeps raw events that touch the address" {
	render events --address 1020000 "$S"
	same "$(rows_with event brk | wc -l)" 1
	hasnt '"event" "exit"'
}

@test "events: --pid, --from, --to and --at select rows" {
	render events --pid 102 "$S"
	same "$(rows_with level semantic | wc -l)" 2
	hasnt '"pid"'
	render events --from 4s --to 5s "$S"
	same "$(rows_with level semantic | wc -l)" 4
	render events --at 1s "$S"
	same "$(rows_with level semantic | wc -l)" 1
}

@test "events: --columns and --sort work, and an unknown column is refused" {
	render events --columns event,change --sort -change "$S"
	count '^column' 2
	has 'cell 0 "event" "MMAP_ADD"'
	run vm-render --view events --columns evnt "$S"
	[ "$status" = 2 ]
	has 'no column "evnt"; did you mean "event"? There are: t, pid, level'
	run vm-render --view events --by kind "$S"
	[ "$status" = 2 ]
}

@test "events: an untracked stream has its changes too" {
	requires program vm-track
	vm-render --trace --view events "$ROOT/tests/golden/life.parse.ndjson" | grep '^cell.*"event" "[A-Z]' >"$BATS_TEST_TMPDIR/untracked"
	vm-render --trace --view events "$ROOT/tests/golden/life.track.ndjson" | grep '^cell.*"event" "[A-Z]' | diff - "$BATS_TEST_TMPDIR/untracked"
}

@test "events: with only one sample the picture is empty, with the reason" {
	grep -v '"type":"\(change\|event\|process\|mark\|lost\|finding\)"' "$S" | grep -v '"t":2' >"$BATS_TEST_TMPDIR/one"
	render events "$BATS_TEST_TMPDIR/one"
	has 'empty "the input has one sample: no change can be shown"'
	render events /dev/null
	has 'empty "the input is empty: no line was read"'
}

# ---- tree

@test "tree: a lane for each process, children under their parents" {
	render tree "$S"
	has 'draw boxes view="tree"'
	grep '^tick y' <<<"$output" | sed 's/^tick y [0-9.]* //' | diff - <(printf '"demo (100)"\n"- sh (101)"\n"- - sh (102)"\n')
	has 'title "3 processes"'
	has '4 lives; a full lane is 2.6 MiB rss'
}

@test "tree: exec splits a life into two boxes of one lane" {
	render tree "$S"
	count 'class="life of a process".*label="' 4
	has 'x=0.1667..0.4167'
	has 'x=0.4167..0.8333'
	lanes=$(sed -n 's/.*class="life of a process" x=\(0.1667\|0.4167\)[^ ]* y=\([^ ]*\) .*label=".*/\2/p' <<<"$output" | sort -u | wc -l)
	same "$lanes" 1
}

@test "tree: a life has its arguments, parent, times, status and memory" {
	render tree "$S"
	has 'title="demo (100)\ndemo --big\nalready there at the first sample, child of 1\n0 s to the end (6 s), still there at the end\nsize 1.1 MiB at its end, peak 3.1 MiB\nrss 648 KiB at its end, peak 2.6 MiB"'
	has 'title="sh (101)\nsh -c exit 3\nbegan by exec, child of 100\n2.5 s to 5 s (2.5 s), killed by SIGKILL'
	has 'began by fork, child of 101\n3 s to 4.5 s (1.5 s), exit 3'
	has 'label="sh (102) peak 28 KiB rss"'
}

@test "tree: memory is drawn under its life by kind, to one scale" {
	render tree "$S"
	has 'class "anon"' || has '"anon" letter='
	has 'demo (100)\nanon 2.5 MiB of 2.6 MiB rss\n4 s to 6 s'
	has 'sh (101)\ntext 16 KiB of 28 KiB rss'
	[ -z "$(grep '^box' <<<"$output" | grep -v 'y=0\.\|y=1\.')" ]
	has 'fork at 1 s: demo (100) -> demo (101)'
}

@test "tree: a reused pid has a lane of its own" {
	{ cat "$S"; echo '{"type":"process","t":7.0,"pid":102,"why":"reused","ppid":1,"name":"other"}'; } >"$BATS_TEST_TMPDIR/again"
	render tree "$BATS_TEST_TMPDIR/again"
	has '"other (102)"'
	has 'its memory was never sampled'
	grep -c '^tick y' <<<"$output" | grep -qx 4
}

@test "tree: --pid, --from and --to select lives, --kind selects memory" {
	render tree --pid 101 "$S"
	count '^tick y' 1
	has ', 2 lives;'
	render tree --from 4.8s "$S"
	count '^tick y' 2
	render tree --kind stack "$S"
	hasnt '"anon" letter='
	has 'a full lane is 12 KiB rss'
	render tree --measure size "$S"
	has 'a full lane is 3.1 MiB size'
}

@test "tree: parents that appear after their children are found, and a ring of parents ends" {
	{ for p in '2 1' '1 0' '5 6' '6 5' '9 9'; do set -- $p; printf '{"type":"process","t":0.0,"pid":%s,"why":"first","ppid":%s,"name":"p%s"}\n' "$1" "$2" "$1"
		printf '{"type":"region","t":0.0,"pid":%s,"seq":0,"id":%s,"start":"0x%016x","end":"0x%016x","size":4096,"perms":"rw-p","kind":"heap"}\n' "$1" "$1" 4096 8192; done; } >"$BATS_TEST_TMPDIR/ring"
	render tree "$BATS_TEST_TMPDIR/ring"
	count '^tick y' 5
	has '"- p2 (2)"'
}

@test "tree: a hundred generations and a thousand children are drawn in bounded room" {
	awk 'BEGIN { for (i = 1; i <= 1000; i++) { printf "{\"type\":\"process\",\"t\":%d.0,\"pid\":%d,\"why\":\"fork\",\"ppid\":%d,\"name\":\"p\"}\n", i, i + 1, i < 100 ? i : 50
		printf "{\"type\":\"event\",\"t\":%d.5,\"pid\":%d,\"call\":\"exit\"}\n", i, i + 1 } }' >"$BATS_TEST_TMPDIR/many"
	render tree "$BATS_TEST_TMPDIR/many"
	has 'title "1000 processes"'
	has 'more processes have no room; the largest are shown (raise --height, or choose with --pid)"'
}

@test "tree: without process lines a process is recognised by its memory" {
	grep -v '"type":"process"' "$S" >"$BATS_TEST_TMPDIR/bare"
	render tree "$BATS_TEST_TMPDIR/bare"
	has '"process 100"'
	render tree /dev/null
	has 'empty "the input is empty: no line was read"'
}

# ---- summary

@test "summary: added, removed and grown regions by kind, the greatest growth first, with totals" {
	render summary "$S"
	has 'draw table view="summary"'
	same "$(row 0)" "kind=heap regions=1 came=1 went=1 grew=1 shrank=0 size KiB=128 size +/- KiB=+64 rss KiB=128 rss +/- KiB=+96 rss peak KiB=160 "
	same "$(total)" "kind=total regions=3 came=8 went=8 grew=1 shrank=0 size KiB=1160 size +/- KiB=+64 rss KiB=648 rss +/- KiB=+96 rss peak KiB=2752 "
	has 'subtitle "0 s to 6 s (6 s), 2 samples: 1.1 MiB -> 1.1 MiB, rss 552 KiB -> 648 KiB (peak 2.7 MiB)"'
	has 'note "system events: 4"'
	has '2 FORK, 1 EXEC_REBUILD, 2 EXIT'
	has 'note "5 events were lost: it was full"'
}

@test "summary: start + came + split off - went - merged equals the regions at the end" {
	render summary --columns kind,regions_start,came,split,went,merged,regions "$ROOT/tests/golden/life.track.ndjson"
	sed -n 's/^\(cell [0-9]*\|total\) "\(.*\)" "\(.*\)"$/\2 \3/p' <<<"$output" | awk '
		{ v[$1 == "split" ? "split off" : $1 == "at" ? "at start" : $1] = $NF }
		$1 == "regions" { rows++; if (v["at start"] + v["came"] + v["split off"] - v["went"] - v["merged"] != v["regions"]) { print "does not add up in row " rows; exit 1 } }
		END { if (!rows) exit 1 }'
}

@test "summary: by event each act counts once, as a whole" {
	render summary --by event "$S"
	same "$(total)" "event=total changes=9 change lines=15 came KiB=3356 went KiB=3292 size +/- KiB=+64 rss +/- KiB=+96 "
	has 'cell 0 "event" "FORK"'
	same "$(rows_with "change lines" 5)" 0
}

@test "summary: by name and by process" {
	render summary --by name "$S"
	has '"name" "(no name)"'
	has '"name" "/bin/sh"'
	render summary --by process "$S"
	same "$(row 0)" "process=demo (100) regions=3 came=1 went=1 grew=1 shrank=0 size KiB=1160 size +/- KiB=+64 rss KiB=648 rss +/- KiB=+96 rss peak KiB=2696 "
	run vm-render --view summary --by event,kind "$S"
	[ "$status" = 2 ]
}

@test "summary: once all processes have ended, the end is just before that" {
	render summary "$ROOT/tests/golden/life.track.ndjson"
	has 'note "values at the end are those just before the process ended"'
	hasnt ' EXIT'
	has 'total "regions" "27"'
}

@test "summary: memory returned at the moment when as much is taken is no peak" {
	{ region 0.0 7 0 1 4096 4096 rw-p anon '' 4096
	change 1.0 7 MMAP_ADD 1 2 65536 4096 rw-p anon '' 4096
	change 1.0 7 MUNMAP_REMOVE 2 1 4096 4096 rw-p anon '' 4096; } >"$BATS_TEST_TMPDIR/s"
	render summary --columns size_peak,rss_peak,came,went "$BATS_TEST_TMPDIR/s"
	same "$(total)" "size peak KiB=4 rss peak KiB=4 came=1 went=1 "
}

@test "summary: --from sets the start, --at and --to the end, --pid and --kind select" {
	render summary --from 1.5s "$S"
	has 'rss 1.1 MiB -> 648 KiB'
	render summary --at 2.2s "$S"
	has ': 2.1 MiB -> 2.2 MiB' || has '1.1 MiB -> 2.2 MiB'
	render summary --pid 100 "$S"
	same "$(total | sed 's/ grew.*//')" "kind=total regions=3 came=1 went=1"
	render summary --kind heap "$S"
	count '^row' 1
	render summary --kind jit "$S"
	has 'empty "no region matches --kind jit; kinds seen: text, heap, anon, stack"' || has 'empty "no region matches --kind jit'
}

@test "summary: two consecutive recordings are one account" {
	cat "$S" "$S" >"$BATS_TEST_TMPDIR/two"
	render summary --columns kind,regions_start,came,split,went,merged,regions "$BATS_TEST_TMPDIR/two"
	same "$(total)" "kind=total at start=3 came=19 split off=0 went=19 merged=0 regions=3 "
}

# ---- cards

@test "cards: regions by category, each card as high as the others" {
	render cards "$ROOT/tests/golden/life.track.ndjson"
	has 'draw boxes view="cards"'
	for category in text data/bss heap anon/mmap libraries stack kernel-provided; do has "\"$category\" letter="; done
	heights=$(sed -n 's/^box .*y=\([0-9.]*\)\.\.\([0-9.]*\) fill=[0-9].*/\1 \2/p' <<<"$output" | awk '{ printf "%.3f\n", $2 - $1 }' | sort -u | wc -l)
	[ "$heights" -le 2 ]
}

@test "cards: the segments of a library share a card, the program's do not" {
	render cards "$ROOT/tests/golden/life.track.ndjson"
	count 'class="libraries".*label=".*in 5"' 2
	has 'label="lifecycle 4 KiB r-xp rss 4 KiB"'
	has '5 regions, 1.8 MiB, rss 1.3 MiB\n0x'
}

@test "cards: new, changed and gone are marked against the previous sample" {
	render cards --at 4s "$S"
	has 'flags=new label="anon 2 MiB rw-p rss 2 MiB"'
	has 'flags=changed label="anon 1 MiB r--p rss 512 KiB"'
	has 'note "since 2 s: 1 new, 1 changed, 0 gone"'
	render cards "$S"
	has 'fill=0.00 flags=gone label="anon gone rw-p"'
	has 'anon/mmap" letter=a' && has 'detail="1 region, 1 MiB, rss 512 KiB"'
}

@test "cards: cards without room share the last card of their category" {
	awk 'BEGIN { print "{\"type\":\"snapshot\",\"t\":0.0,\"pid\":7,\"seq\":0,\"regions\":3000}"
		for (i = 0; i < 3000; i++) printf "{\"type\":\"region\",\"t\":0.0,\"pid\":7,\"seq\":0,\"id\":%d,\"start\":\"0x%016x\",\"end\":\"0x%016x\",\"size\":4096,\"perms\":\"rw-p\",\"kind\":\"anon\"}\n", i + 1, 1048576 + i * 8192, 1048576 + i * 8192 + 4096 }' >"$BATS_TEST_TMPDIR/many"
	render cards "$BATS_TEST_TMPDIR/many"
	has 'flags=merged label="29'
	[ "$(grep -c '^box' <<<"$output")" -lt 60 ]
	run vm-render --ascii --view cards --width 10 --height 5 "$BATS_TEST_TMPDIR/many"
	[ "$status" = 0 ]
}

@test "cards: in text each card has a row of its own, however high the screen" {
	requires cmd tmux
	cd "$BATS_TEST_TMPDIR" || return 1
	local life=$ROOT/tests/golden/life.track.ndjson height
	for height in 26 27 28 29 30 31 32; do
		rm -f done
		tmux -S "$PWD/s$height" -f /dev/null new-session -d -x 110 -y 60 \
			"PATH='$PATH' LC_ALL=C.UTF-8 TERM=screen-256color vm-render --no-live --view cards --at 1.5 --width 110 --height $height '$life'; : >done; exec cat"
		until_true test -e done
		tmux -S "$PWD/s$height" capture-pane -p >picture
		tmux -S "$PWD/s$height" kill-server
		grep -qF 'libc.so.6 ' picture && grep -qF '[stack] ' picture && grep -qF '[vvar] ' picture || { echo "height $height"; cat picture; return 1; }
	done
}

@test "cards: --pid and --kind select, and an empty picture gives the reason" {
	render cards --pid 101 "$S"
	has 'title "sh (101)"'
	has 'just before it ended'
	render cards --kind heap "$S"
	count '^class' 1
	render cards --address 1000-2000 "$S"
	has 'empty "no region matches --address 0x1000-0x2000'
}

# ---- all

@test "hostile names reach each renderer as text" {
	evil='\u001b]0;owned\u0007<script>alert(1)</script>\"`id`\n'
	sed "s|/bin/demo|/x/$(sed 's/[\\&]/\\&/g' <<<"$evil")|; s|\"name\":\"demo\"|\"name\":\"$(sed 's/[\\&]/\\&/g' <<<"$evil")\"|; s|\"loaded\"|\"$(sed 's/[\\&]/\\&/g' <<<"$evil")\"|; s|\"--big\"|\"$(sed 's/[\\&]/\\&/g' <<<"$evil")\"|" "$S" >"$BATS_TEST_TMPDIR/evil"
	for view in events tree summary cards; do
		run --separate-stderr vm-render --svg -O script=no --view $view "$BATS_TEST_TMPDIR/evil"
		[ "$status" = 0 ]
		hasnt '<script>'
		hasnt $'\e'
		run --separate-stderr vm-render --ascii --view $view "$BATS_TEST_TMPDIR/evil"
		[ "$status" = 0 ]
		hasnt $'\e'
		hasnt $'\a'
	done
}

@test "invalid UTF-8 and numbers instead of strings do no harm" {
	printf '{"type":"process","t":0.0,"pid":7,"why":3,"ppid":"x","name":"a\xffb","args":[1,null,{"a":[]},"\xfe"]}\n{"type":"event","t":0.1,"pid":7,"call":7,"length":-1,"addr":"0xzz","span":[],"result":{}}\n{"type":"lost","t":0.2}\n{"type":"mark","t":0.2}\n{"type":"event","t":0.3,"pid":7,"call":"exit","status":[1]}\n' >"$BATS_TEST_TMPDIR/odd"
	for view in events tree summary cards; do
		run --separate-stderr vm-render --trace --view $view "$BATS_TEST_TMPDIR/odd"
		[ "$status" -le 1 ]
		has end
	done
}

@test "each view draws the same twice, and in every renderer" {
	for view in events tree summary cards; do
		for renderer in ascii svg trace; do
			vm-render --$renderer --view $view "$S" >"$BATS_TEST_TMPDIR/one"
			vm-render --$renderer --view $view "$S" | diff - "$BATS_TEST_TMPDIR/one"
			[ -s "$BATS_TEST_TMPDIR/one" ]
		done
	done
}

@test "tree, summary and events show a child that vm-sample followed" {
	requires program vm-sample vm-parse vm-track
	vm-sample -i 20ms -f -o "$BATS_TEST_TMPDIR/raw" -- sh -c 'sleep 1000 & wait; exit 4' 2>/dev/null 3>&- &
	local sampler=$! child
	until_true grep -qs '"why":"exec".*"name":"sleep"' "$BATS_TEST_TMPDIR/raw"
	child=$(jq -r 'select(.type == "process" and .name == "sleep") | .pid' "$BATS_TEST_TMPDIR/raw" | head -1)
	until_true grep -q "\"type\":\"raw\".*\"pid\":$child,.*/sleep" "$BATS_TEST_TMPDIR/raw"
	kill "$child"
	wait "$sampler" || [ $? = 4 ]
	vm-parse "$BATS_TEST_TMPDIR/raw" | vm-track >"$BATS_TEST_TMPDIR/real"
	render tree "$BATS_TEST_TMPDIR/real"
	has '"- sleep ('
	has 'began by fork'
	render summary --by process "$BATS_TEST_TMPDIR/real"
	has 'sleep ('
	render events "$BATS_TEST_TMPDIR/real"
	has '"level" "semantic"'
}

# ---- area

@test "area: for a process that has ended, the text gives the memory before its end" {
	render area "$ROOT/tests/golden/life.track.ndjson"
	has '13 moments, 5.8 MiB before it ended, peak 20.8 MiB'
	has '"heap" letter=H' && has 'detail="1.0 MiB, peak 2.5 MiB"'
	has 'heap\nbefore it ended 1.0 MiB\npeak 2.5 MiB at 1.502 s'
}

@test "events give the calling thread of several, the duration of its call and its delay" {
	run ! grep -q thread <<<"$(vm-render --view events "$S")"
	sed 's/"call":"mmap","tid":100}/"call":"mmap","tid":107,"lag":0.0012}/; s/"call":"brk","tid":100,"addr"/"call":"brk","tid":100,"took":0.0000035,"lag":0.00025,"addr"/' "$S" >"$BATS_TEST_TMPDIR/threads.ndjson"
	run --separate-stderr vm-render --view events --columns event,tid,cause,took,lag "$BATS_TEST_TMPDIR/threads.ndjson"
	[ "$status" = 0 ]
	grep -qE '^brk +100 +- +3\.5 +250\.0' <<<"$output"
	grep -qE '^BRK_GROW +100 +brk +- +-' <<<"$output"
	grep -qE '^MMAP_ADD +107 +mmap +- +1200\.0' <<<"$output"
	vm-render --view events --width 250 "$BATS_TEST_TMPDIR/threads.ndjson" | grep -q 'thread  cause'
}

@test "in text of any height, also unlimited, each life of the tree has its bar" {
	for height in 0 16 20 24 30 45 60; do
		vm-render --ascii --view tree --width 110 --height $height "$S" >"$BATS_TEST_TMPDIR/tree.txt"
		for pid in 100 101; do
			grep -qE "[┤│].*\($pid\) peak.*=|[┤│].*=.*\($pid\) peak" "$BATS_TEST_TMPDIR/tree.txt" || { echo "height $height:"; cat "$BATS_TEST_TMPDIR/tree.txt"; false; }
		done
	done
}

@test "losses are counted by sort, with their first reason, and an unknown sort is a line" {
	lost() { printf '{"type":"lost","t":1.0,"pid":7%s}\n' "$1"; }
	{ region 0.0 7 0 1 4096 4096 rw-p heap '' 4096
	lost ',"what":"samples","count":3,"why":"it would stop the process"'
	lost ',"what":"samples","count":2,"why":"the file was gone"'
	lost ',"what":"processes","count":1'
	lost ''
	for i in {1..40}; do lost ",\"what\":\"sort$i\""; done; } >"$BATS_TEST_TMPDIR/lost"
	render timeline "$BATS_TEST_TMPDIR/lost"
	has 'note "5 samples were skipped: it would stop the process; other reasons: see --view events"'
	has 'note "1 process was lost"'
	has 'note "1 line was lost"'
	count '^note.* lost' 15
	has 'note "28 other items were lost"'
}

# ---- the end, and the time asked for

# Lines of a tracked stream: two processes with one heap each, of 4 and 8 pages.
two_heaps() {
	echo '{"type":"stream","t":0,"version":1,"program":"hand 1","sources":["procfs"]}'
	for pid in 7 8; do
		echo '{"type":"process","t":0.1,"pid":'$pid',"why":"first","ppid":1,"name":"demo"}'
		echo '{"type":"snapshot","t":0.1,"pid":'$pid',"seq":0,"regions":1}'
		echo '{"type":"region","t":0.1,"pid":'$pid',"id":1,"seq":0,"start":"0x0000000000010000","end":"0x00000000000'$((pid - 5))'0000","size":'$(((pid - 6) * 65536))',"perms":"rw-p","kind":"heap","rss":4096}'
	done
}

gone() { # PID T
	echo '{"type":"event","t":'$2',"pid":'$1',"call":"exit"}'
	echo '{"type":"change","t":'$2',"pid":'$1',"event":"EXIT","act":'$1',"id":1,"start":"0x0000000000010000","end":"0x00000000000'$(($1 - 5))'0000","gone":[1]}'
}

# The rest of a stream, and its end.
ends() { cat; echo '{"type":"end","t":1,"reason":"exit"}'; }

@test "processes that end one right after the other have all been there before the end" {
	cd "$BATS_TEST_TMPDIR"
	{ two_heaps; gone 7 0.30001; gone 8 0.30002; } | ends >family
	render timeline family
	has '"2 at the end, 192 KiB"'
	render summary --columns kind,regions,went,size family
	same "$(row 0)" "kind=heap regions=2 went=0 size KiB=192 "
	same "$(total)" "kind=total regions=2 went=0 size KiB=192 "
}

@test "a process that ended while another went on is not there at the end" {
	cd "$BATS_TEST_TMPDIR"
	{ two_heaps; gone 7 0.2; echo '{"type":"sample","t":0.25,"pid":8,"seq":1,"same":true}'; gone 8 0.3; } | ends >family
	render timeline family
	has '"1 at the end, 128 KiB"'
	render summary --columns kind,regions,went,size family
	same "$(row 0)" "kind=heap regions=1 went=1 size KiB=128 "
}

@test "a region that grew in the last sample counts once at the end, with its size of then" {
	cd "$BATS_TEST_TMPDIR"
	{ two_heaps; echo '{"type":"change","t":0.3,"pid":7,"event":"BRK_GROW","act":1,"id":1,"start":"0x0000000000010000","end":"0x0000000000050000","size":262144,"perms":"rw-p","kind":"heap","was":{"end":"0x0000000000020000","size":65536}}'; } | ends >grown
	render timeline grown
	has '"2 at the end, 384 KiB"'
}

@test "summary: a region that changes its kind neither came nor went, and totals are the sums of the rows" {
	cd "$BATS_TEST_TMPDIR"
	{ two_heaps; echo '{"type":"change","t":0.3,"pid":7,"event":"PERM_CHANGE","act":1,"id":1,"start":"0x0000000000010000","end":"0x0000000000020000","size":65536,"perms":"rwxp","kind":"jit","rss":4096,"was":{"perms":"rw-p","kind":"heap"}}'; } | ends >kinds
	render summary --columns kind,regions,came,went,bytes_came,size kinds
	same "$(row 0)" "kind=jit regions=1 came=0 went=0 came KiB=0 size KiB=64 "
	same "$(row 1)" "kind=heap regions=1 came=0 went=0 came KiB=0 size KiB=128 "
	same "$(total)" "kind=total regions=2 came=0 went=0 came KiB=0 size KiB=192 "
}

@test "summary --from: what was there at that time is the start, and samples since then are counted" {
	cd "$BATS_TEST_TMPDIR"
	{ two_heaps; printf '{"type":"sample","t":0.%s,"pid":7,"seq":%s,"same":true}\n' 2 1 3 2; } | ends >quiet
	render summary --from 0.15 --columns kind,regions_start,regions,size_start,size quiet
	same "$(row 0)" "kind=heap at start=2 regions=2 size at start KiB=192 size KiB=192 "
	has '2 samples'
}

@test "an exit that two sources report is at the time of the first, and the process was there before it" {
	cd "$BATS_TEST_TMPDIR"
	{ two_heaps; gone 7 0.3; gone 8 0.3; printf '{"type":"event","t":0.35,"pid":%s,"call":"exit"}\n' 7 8; } | ends >twice
	render timeline twice
	has '"2 at the end, 192 KiB"'
	render area --pid 8 twice
	has '4 KiB before it ended'
}

@test "a measure that a change no longer states is not shown any more" {
	cd "$BATS_TEST_TMPDIR"
	{ two_heaps; echo '{"type":"change","t":0.3,"pid":7,"event":"RESIDENT_CHANGE","act":1,"id":1,"start":"0x0000000000010000","end":"0x0000000000020000","size":65536,"perms":"rw-p","kind":"heap","was":{"rss":4096}}'; } | ends >unknown
	render map --pid 7 unknown
	hasnt 'rss 4 KiB'
}
