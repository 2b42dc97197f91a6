#!/usr/bin/env bats
# The text renderer, with figures of draw_harness.c.
load helper

setup_file() {
	export DRAW="$BATS_FILE_TMPDIR/draw"
	draw_harness "$DRAW"
}

setup() {
	ASCII="$BUILD/lib/vmpipe/render/ascii.so"
	OUT="$BATS_TEST_TMPDIR/out.txt"
}

figures="timeline map area table stacks empty nasty nastyarea nastytable nastystacks none nonearea nonetable nonestacks many"

# Width of the widest line in columns, without colour sequences.
widest() {
	sed 's/\x1b\[[0-9;]*m//g' "$1" | LC_ALL=C.UTF-8 wc -L
}

@test "no line is wider than the terminal, whatever its size" {
	for figure in $figures; do
		for width in 10 24 40 80 200; do
			for height in 3 12 40; do
				"$DRAW" "$ASCII" "$figure" width=$width height=$height colours=1 terminal=1 > "$OUT" 2> /dev/null
				[ "$(widest "$OUT")" -le "$width" ]
			done
		done
	done
}

@test "a picture with axes is not higher than the terminal" {
	for figure in timeline map area; do
		for height in 12 24 50; do
			"$DRAW" "$ASCII" "$figure" width=80 height=$height terminal=1 > "$OUT"
			[ "$(wc -l < "$OUT")" -le "$height" ]
		done
	done
}

@test "without Unicode every byte is ASCII" {
	for figure in $figures; do
		"$DRAW" "$ASCII" "$figure" width=80 height=30 unicode=0 > "$OUT"
		run ! LC_ALL=C grep -qP '[\x80-\xff]' "$OUT"
	done
}

@test "without colours there is no escape sequence, and letters distinguish the classes" {
	for figure in $figures; do
		"$DRAW" "$ASCII" "$figure" width=80 height=30 > "$OUT"
		run ! grep -q $'\x1b' "$OUT"
	done
	"$DRAW" "$ASCII" area width=80 height=30 > "$OUT"
	grep -q 'aaaaaaaaaaaaaaaa' "$OUT"
	grep -q 'a anon' "$OUT"
}

@test "escape sequences, controls and direction overrides in names are shown, never obeyed" {
	for figure in nasty nastyarea nastytable; do
		"$DRAW" "$ASCII" "$figure" width=300 height=30 > "$OUT"
		run ! grep -qP '[\x00-\x08\x0b-\x1f\x7f]' "$OUT"
		run ! LC_ALL=C grep -qP '\xc2[\x80-\x9f]|\xe2\x80\xae' "$OUT"
		grep -qF '\x1b[31mred' "$OUT"
		grep -qF '\u202e' "$OUT"
	done
}

@test "no line ends in a blank" {
	for figure in $figures; do
		"$DRAW" "$ASCII" "$figure" width=80 height=30 > "$OUT"
		run ! grep -qE '[[:space:]]$' "$OUT"
	done
}

@test "a table into a pipe is not cut; on a terminal it keeps the ends of paths" {
	"$DRAW" "$ASCII" table > "$OUT"
	grep -q '^0x00007f0000000000 .* /opt/google/a very long path/.*/libgraphics-driver-extra.so.12.4.8$' "$OUT"
	"$DRAW" "$ASCII" table width=100 terminal=1 > "$OUT"
	grep -q '….*-driver-extra.so.12.4.8$' "$OUT"
}

@test "an address in a table is never cut: other columns shrink first" {
	for width in 30 50 72; do
		run -0 --separate-stderr vm-render --ascii --table --width $width "$ROOT/tests/golden/life.track.ndjson"
		grep -qE '^0000[0-9a-f]{12}( |$)' <<<"$output"
	done
}

@test "a table too narrow for its columns gives the number of omitted columns" {
	run --separate-stderr "$DRAW" "$ASCII" table width=40 terminal=1
	[ "$status" -eq 0 ]
	[[ "$stderr" == *"of 6 columns do not fit into 40"* ]]
}

@test "the last text column of a table gets the remaining room; columns before it shrink first" {
	cd "$BATS_TEST_TMPDIR"
	printf '10000-20000 r-xp 00000000 08:01 7 /usr/lib/libone.so.1\n30000-40000 rw-p 00000000 00:00 0 [heap]\n' >a
	printf '10000-20000 r-xp 00000000 08:01 7 /usr/lib/libone.so.1\n21000-24000 r-xp 00000000 08:01 8 /usr/lib/libtwo.so.2\n30000-60000 rw-p 00000000 00:00 0 [heap]\n' >b
	vm-diff -q a b >changes || no_crash $?
	run -0 --separate-stderr vm-render --ascii --table --width 60 changes
	[[ $stderr == *"columns do not fit into 60"* ]]
	[[ $output == *libtwo.so.2* && $output == *"[heap]"* ]]
	[ "$(wc -L <<<"$output")" -le 60 ]
}

@test "in a terminal of ten columns a picture states the size it needs" {
	run "$DRAW" "$ASCII" timeline width=10 height=3 terminal=1
	[ "$status" -eq 0 ]
	[[ "$(echo $output)" == *"needs 24"* ]]
}

@test "an empty picture gives the reason" {
	run "$DRAW" "$ASCII" empty width=80
	[[ "$output" == *"Nothing to draw: the stream holds no snapshot"* ]]
}
