#!/usr/bin/env bats
# Figures of stacks of calls: every renderer draws the tree, whatever names and numbers are in it.
load helper

setup_file() {
	export DRAW="$BATS_FILE_TMPDIR/draw"
	draw_harness "$DRAW"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
}

draw() { # RENDERER FIGURE [NAME=VALUE...]
	"$DRAW" "$BUILD/lib/vmpipe/render/$1.so" "${@:2}"
}

@test "text: a line for each frame, indented below its caller, with a bar for its share" {
	run draw ascii stacks width=100
	[ "$status" -eq 0 ]
	grep -qx ' 93.8 %  960 KiB  a*    main' <<<"$output"
	grep -qx ' 34.4 %  352 KiB   *a*      parse' <<<"$output"
	grep -qx ' 21.9 %  224 KiB   *H*             parse_node' <<<"$output"
	grep -qx '  6.2 %   64 KiB   *H*  *strdup  new' <<<"$output"
	[ "$(grep -c ' % ' <<<"$output")" -eq 9 ]
}

@test "text: no line is wider than the terminal, however long the names and amounts are" {
	for width in 24 40 60 200; do
		for figure in stacks nastystacks; do
			draw ascii $figure width=$width >out
			[ "$(grep ' % ' out | wc -L)" -le "$width" ]
		done
	done
}

@test "svg: a box for each frame, callees within their caller, with its words to hover over" {
	draw svg stacks >out.svg
	[ "$(grep -c '^<rect x=.*<title>' out.svg)" -eq 9 ]
	grep -q 'strdup$' out.svg
	# x and width of main, parse and parse_node below it; y grows with the depth
	box() { grep -m1 "<title>$1\$" out.svg | sed 's/.*x="\([0-9.]*\)" y="\([0-9.]*\)" width="\([0-9.]*\)".*/\1 \2 \3/'; }
	read -r x y w <<<"$(box main)"
	read -r x1 y1 w1 <<<"$(box parse)"
	read -r x2 y2 w2 <<<"$(box parse_node)"
	awk "BEGIN { exit !($y < $y1 && $y1 < $y2 && $x <= $x1 && $x1 + $w1 <= $x + $w + 0.02 && $x1 <= $x2 && $x2 + $w2 <= $x1 + $w1 + 0.02) }"
}

@test "svg: a name that is too long for its box is cut, and is whole in the title" {
	draw svg stacks width=400 >out.svg
	grep -q '>std::[^<]*…</text>' out.svg
	grep -q '<title>std::vector&lt;std::string, std::allocator&lt;std::string&gt;&gt;::push_back$' out.svg
	run ! grep -q '<text.*>libc.so.6' out.svg
}

@test "gnuplot: the script has a box for each frame" {
	requires cmd gnuplot
	draw gnuplot stacks >out.gp
	[ "$(sed -n '/^\$boxes/,/^EOD/p' out.gp | grep -cE '^[0-9.]+ [0-9.]+ [0-9.]+ [0-9.]+ 1 ')" -eq 9 ]
	run --separate-stderr gnuplot -d -e "output='out.png'" out.gp
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
}

@test "trace: each frame with its caller, its share and its own weights" {
	run draw trace stacks
	[ "${lines[1]}" = 'draw stacks view="stacks"' ]
	grep -qx 'weight 1 "blocks" unit=""' <<<"$output"
	grep -qx 'frame 0 parent=- depth=0 class="anon" x=0.0000..0.9375 flags=- own=0,0 name="main" amount="960 KiB" title="main\\n.*"' <<<"$output"
	grep -qx 'frame 6 parent=5 depth=4 class="heap" x=0.5938..0.6562 flags=new own=64,8 name="strdup" .*' <<<"$output"
	run draw trace nastystacks
	[ "$status" -eq 0 ]
}

@test "the example renderer and the template's know stacks as well" {
	awk '$0 == "```c csv.c" { on = 1; next } on && $0 == "```" { exit } on' "$ROOT/plugins/README.md" >csv.c
	mkdir vmpipe && cp "$ROOT/lib/plugin.h" vmpipe
	cp "$ROOT/contrib/plugin-template/tally.c" .
	for name in csv tally; do
		"${CC:-cc}" -std=c11 -Wall -Wextra -Werror -shared -fPIC -I"$ROOT/lib" -I. -o $name.so $name.c
	done
	[ "$("$DRAW" ./csv.so stacks | tail -1)" = '1.000000,0.937500,0.960938,"libc.so.6+0x2a1ca"' ]
	"$DRAW" ./tally.so stacks | grep -qx ' *4  anon'
}
