#!/usr/bin/env bats
# The gnuplot renderer: its scripts run unchanged, its pictures are complete or absent, and gnuplot executes no name.
# bats file_tags=steady
load helper

setup_file() {
	export DRAW="$BATS_FILE_TMPDIR/draw"
	draw_harness "$DRAW"
}

setup() {
	requires cmd gnuplot
	PLUGIN="$BUILD/lib/vmpipe/render/gnuplot.so"
	life="$ROOT/tests/golden/life.track.ndjson"
	cd "$BATS_TEST_TMPDIR" || return 1
}

figures="timeline map area table stacks empty nasty nastyarea nastytable nastystacks none nonearea nonetable nonestacks many"

# A process whose names are gnuplot commands, macros, formats and ends of data.
hostile() {
	local i=0 name
	echo '{"type":"stream","t":0,"version":1,"program":"test"}'
	echo '{"type":"process","t":0,"pid":7,"why":"first","name":"`touch pwned-title` %s {a}_b^c"}'
	echo '{"type":"snapshot","t":0,"pid":7,"seq":0,"regions":9,"size":94371840}'
	for name in '`touch pwned1`' "'.system('touch pwned2').'" '\"; system \"touch pwned3\"; \"' '$(touch pwned4)' '@macro %d %n {/Bold x}_y^z' \
		'\\nEOD\\n!touch pwned5' 'EOD\n!touch pwned6\nplot `touch pwned7`' "trailing\\\\" "'' it''s # \$x <b>&amp;"; do
		printf '{"type":"region","t":0,"pid":7,"seq":0,"start":"0x%016x","end":"0x%016x","size":10485760,"perms":"rw-p","kind":"anon","name":"%s","rss":10485760}\n' \
			$((0x10000000 + i * 0xa00000)) $((0x10000000 + (i + 1) * 0xa00000)) "$name"
		i=$((i + 1))
	done
	echo '{"type":"mark","t":1,"pid":7,"text":"`touch pwned8`"}'
	echo '{"type":"mark","t":2,"pid":7,"text":"end\n!touch pwned9"}'
	echo '{"type":"end","t":3,"reason":"exit"}'
}

@test "gnuplot draws the script of every figure unchanged, without a message" {
	for figure in $figures; do
		"$DRAW" "$PLUGIN" "$figure" >"$figure.gp"
		run --separate-stderr gnuplot -d -e "output='$figure.png'" "$figure.gp"
		[ "$status" -eq 0 ]
		[ -z "$output$stderr" ]
		[ "$(head -c 4 "$figure.png" | tail -c 3)" = PNG ]
	done
}

@test "every view is drawn, in each theme and size" {
	for view in timeline map area table; do
		for how in "-O theme=dark" "--width 200 --height 150" "--width 1 --height 1" "--width 2400 --height 1400 -O size=22"; do
			run --separate-stderr vm-render --gnuplot --view "$view" $how -o "$view.png" "$life"
			[ "$status" -eq 0 ]
			[ -z "$stderr" ]
			[ -s "$view.png" ]
		done
	done
}

@test "the output's name decides: png, pdf and svg are pictures, everything else is the script" {
	for name in x.png x.PNG x.pdf x.svg x.gp run-%p.png; do vm-render --gnuplot -o "$name" "$life"; done
	[ "$(head -c 4 x.png | tail -c 3)" = PNG ]
	cmp x.png x.PNG
	cmp x.png run-20732.png
	[ "$(head -c 5 x.pdf)" = %PDF- ]
	grep -q '<svg' x.svg
	vm-render --gnuplot "$life" | cmp - x.gp
}

@test "without a display the script draws, even if no terminal is named" {
	vm-render --gnuplot "$life" >x.gp
	env -u DISPLAY gnuplot -d x.gp >x.txt
	grep -q 'lifecycle (20732)' x.txt
}

@test "a script for an unknown type of file is refused with a message" {
	vm-render --gnuplot "$life" >x.gp
	run gnuplot -d -e "output='x.doc'" x.gp
	[ "$status" -eq 1 ]
	[[ $output == *".png, .pdf or .svg"* ]]
}

@test "the script has real addresses, times, sizes and the colours of the classes" {
	vm-render --gnuplot "$life" >x.gp
	grep -q "'0x555fcc173000'" x.gp
	grep -q "'500 ms'" x.gp
	grep -q "'3 at the end, 1.5 MiB'" x.gp
	grep -q "'#d55e00'" x.gp
	vm-render --gnuplot -O theme=dark "$life" | grep -q "'#ff8a3c'"
}

@test "gnuplot executes no name, and shows each name literally" {
	requires cmd xmllint
	hostile >hostile.ndjson
	for view in timeline map area table; do
		run --separate-stderr vm-render --gnuplot --view "$view" -o "$view.svg" hostile.ndjson
		[ "$status" -eq 0 ]
		[ -z "$stderr" ]
		vm-render --gnuplot --view "$view" hostile.ndjson >"$view.gp"
		gnuplot -d -e "output='$view.png'" "$view.gp"
		xmllint --noout "$view.svg"
	done
	run compgen -G 'pwned*'
	[ -z "$output" ]
	xmllint --xpath '//*[local-name()="text"]' table.svg | sed 's/<[^>]*>//g; s/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g' >texts
	for text in '`touch pwned-title` %s {a}_b^c' '`touch pwned1`' "'.system('touch pwned2').'" '$(touch pwned4)' '@macro %d %n {/Bold x}_y^z' \
		'trailing\' "'' it''s # \$x <b>&amp;"; do
		grep -qF -- "$text" texts || { echo "not shown: $text"; false; }
	done
}

@test "names with controls and invalid UTF-8 become no control in the script" {
	for figure in nasty nastyarea nastytable; do
		"$DRAW" "$PLUGIN" "$figure" >x.gp
		run ! grep -qP '[\x00-\x08\x0b-\x1f\x7f]' x.gp
		iconv -f UTF-8 -t UTF-8 x.gp >/dev/null
		grep -qF '\x1b[31m' x.gp
		grep -qF '\u202e' x.gp
	done
}

@test "without gnuplot the message names the package, and no file is written" {
	mkdir bin
	run env PATH="$PWD/bin" "$BUILD/bin/vm-render" --gnuplot -o x.png "$life"
	[ "$status" -eq 1 ]
	[[ $output == *"gnuplot-nox"* ]]
	[ ! -e x.png ]
	PATH="$PWD/bin" "$BUILD/bin/vm-render" --gnuplot -o x.gp "$life"
}

@test "gnuplot's failure is reported with its reason, and no half picture remains" {
	mkdir bin
	printf '#!/bin/sh\nprintf half\necho "line 7: something is wrong" >&2\nexit 3\n' >bin/gnuplot
	chmod +x bin/gnuplot
	run env PATH="$PWD/bin:$PATH" vm-render --gnuplot -o x.png "$life"
	[ "$status" -eq 1 ]
	[[ $output == *"status 3: line 7: something is wrong"* ]]
	[ ! -e x.png ]
	run env PATH="$PWD/bin:$PATH" vm-render --gnuplot -o run-%p.png "$life"
	[ "$status" -eq 1 ]
	[ ! -e run-20732.png ]
	printf '#!/bin/sh\nkill -SEGV $$\n' >bin/gnuplot
	run env PATH="$PWD/bin:$PATH" vm-render --gnuplot -o x.png "$life"
	[ "$status" -eq 1 ]
	[[ $output == *"signal 11"* ]]
	[ ! -e x.png ]
}

@test "a box on an address axis is as opaque as its resident share, and no part of it is drawn as resident" {
	cat >half <<'EOF'
{"type":"stream","t":0.0,"version":1,"program":"hand 1"}
{"type":"region","t":0.0,"pid":7,"seq":0,"id":1,"start":"0x0000000000010000","end":"0x0000000000020000","size":65536,"perms":"rw-p","kind":"heap","rss":32768}
{"type":"end","t":1.0,"reason":"exit"}
EOF
	vm-render --gnuplot -o half.svg half
	[ "$(grep -c "fill-opacity='0.64'" half.svg)" = 1 ]
	vm-render --gnuplot --view map -o map.svg half
	run ! grep -q "fill-opacity='0.64'" map.svg
}

@test "a box too thin for an edge has none, and no other edge is drawn in its place" {
	{
		echo '{"type":"stream","t":0,"version":1,"program":"test"}'
		for t in 0 9 9.001 10; do
			printf '{"type":"snapshot","t":%s,"pid":7,"seq":%s}\n' $t "${t/./}"
			printf '{"type":"region","t":%s,"pid":7,"seq":%s,"start":"0x0000000000001000","end":"0x0000000000009000","size":32768,"perms":"rw-p","kind":"heap"}\n' $t "${t/./}"
			[ $t != 9 ] || printf '{"type":"region","t":9,"pid":7,"seq":9,"start":"0x000000000000a000","end":"0x000000000000f000","size":20480,"perms":"rw-p","kind":"heap"}\n'
		done
		echo '{"type":"end","t":10,"reason":"count"}'
	} >thin
	vm-render --gnuplot -o thin.svg thin
	sed -n '/gnuplot_plot_4/,/gnuplot_plot_5/p' thin.svg >edges
	[ "$(grep -o '<path' edges | wc -l)" = 1 ]
}

@test "a picture type that gnuplot cannot draw is refused, and no script has its name" {
	run vm-render --gnuplot -o x.jpg "$life"
	[ "$status" -eq 1 ]
	[[ $output == *"x.jpg: the pictures are .png, .pdf and .svg"* ]]
	[ ! -e x.jpg ]
}

@test "a gnuplot without the needed terminal is reported with the terminal's name" {
	mkdir bin
	printf '#!/bin/sh\nsed "s/GPVAL_TERMINALS/\\" dumb unknown \\"/" | %s "$@"\n' "$(command -v gnuplot)" >bin/gnuplot
	chmod +x bin/gnuplot
	run env PATH="$PWD/bin:$PATH" vm-render --gnuplot -o x.pdf "$life"
	[ "$status" -eq 1 ]
	[[ $output == *"no terminal pdfcairo"* ]]
	[ ! -e x.pdf ]
}

@test "start-up files of gnuplot change nothing" {
	echo '!touch pwned' >.gnuplot
	HOME=$PWD vm-render --gnuplot -o x.png "$life"
	[ ! -e pwned ]
}
