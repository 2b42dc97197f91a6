#!/usr/bin/env bats
# The SVG renderer, with figures of draw_harness.c; and its pictures in a real browser.
load helper

setup_file() {
	export DRAW="$BATS_FILE_TMPDIR/draw"
	draw_harness "$DRAW"
}

setup() {
	SVG="$BUILD/lib/vmpipe/render/svg.so"
	OUT="$BATS_TEST_TMPDIR/out.svg"
}

figures="timeline map area table stacks empty nasty nastyarea nastytable nastystacks none nonearea nonetable nonestacks many"

@test "every figure becomes XML that a parser accepts, at any size" {
	requires cmd xmllint
	for figure in $figures; do
		for size in 0 10 400 1200; do
			"$DRAW" "$SVG" "$figure" width=$size height=$size > "$OUT"
			xmllint --noout "$OUT"
		done
	done
}

@test "every figure is drawn by a second program, in each theme" {
	requires cmd rsvg-convert
	for figure in $figures; do
		for theme in auto light dark; do
			"$DRAW" "$SVG" "$figure" theme=$theme | rsvg-convert > "$BATS_TEST_TMPDIR/out.png"
			[ -s "$BATS_TEST_TMPDIR/out.png" ]
		done
	done
}

@test "names from outside never become markup, and controls are shown" {
	for figure in nasty nastyarea nastytable; do
		"$DRAW" "$SVG" "$figure" > "$OUT"
		[ "$(grep -c '<script' "$OUT")" = 1 ] # its own, at the end
		[ "$(sed -n '/<script>/,/<\/script>/!p' "$OUT" | tail -1)" = "</svg>" ]
		"$DRAW" "$SVG" "$figure" script=no > "$OUT"
		run ! grep -q '<script' "$OUT"
		run ! grep -qP '[\x00-\x08\x0b-\x1f\x7f]' "$OUT"
		grep -qF '&lt;script&gt;' "$OUT"
		grep -qF '\x1b[31m' "$OUT"
		grep -qF '\u202e' "$OUT"
	done
}

@test "every box, series and row has a title, so hovering needs no script" {
	"$DRAW" "$SVG" map > "$OUT"
	[ "$(grep -c '^<rect.*<title>.*</title></rect>' "$OUT")" -eq 26 ]
	"$DRAW" "$SVG" area > "$OUT"
	[ "$(grep -c '^peak 12.2 MiB</title>' "$OUT")" -eq 11 ]
	"$DRAW" "$SVG" table > "$OUT"
	[ "$(grep -c '<g class="r"><title>start: 0x' "$OUT")" -eq 40 ]
}

@test "the picture is self-contained: no link, no foreign font, no script but its own" {
	for figure in timeline area table; do
		"$DRAW" "$SVG" "$figure" > "$OUT"
		run ! grep -qiE 'href|@import|@font-face|url\(h|fetch|XMLHttp|innerHTML|eval\(' "$OUT"
		[ "$(grep -c '<script' "$OUT")" = 1 ]
		"$DRAW" "$SVG" "$figure" script=no > "$OUT"
		run ! grep -qiE '<script|class="ui|cursor:pointer' "$OUT"
	done
}

@test "of more than 10000 boxes the small ones are one shape for each kind, and a message says so" {
	requires cmd xmllint
	"$DRAW" "$SVG" toomany >"$OUT" 2>"$BATS_TEST_TMPDIR/err"
	xmllint --noout "$OUT"
	count=$(grep -c '^<rect.*0x' "$OUT")
	[ "$count" -gt 0 ]
	[ "$count" -le 10000 ]
	grep -q "$count of 12000 boxes have texts of their own" "$BATS_TEST_TMPDIR/err"
	[ "$((count + $(grep -oP '<title>\K[0-9]+(?= small boxes)' "$OUT" | paste -sd+)))" = 12000 ]
}

browser() { # CHECK FILE...: an SVG in a real browser, from its file
	requires cmd node chromium
	export VMPIPE_BROWSER=$BUILD/browser
	[ -r "$VMPIPE_BROWSER/node_modules/playwright-core/package.json" ] || skip "playwright-core is not installed"
	node "$ROOT/tests/browser/svg.mjs" "$@"
}

# A heap that grows beside other regions, drawn as a timeline.
growing() { # NAME OPTION...
	for t in 0 1 2 3; do
		echo '{"type":"snapshot","t":'$t',"pid":7,"seq":'$t',"regions":3}'
		echo '{"type":"region","t":'$t',"pid":7,"seq":'$t',"start":"0x0000000000010000","end":"0x0000000000040000","size":196608,"perms":"r-xp","kind":"text","name":"'"$1"'"}'
		echo '{"type":"region","t":'$t',"pid":7,"seq":'$t',"start":"0x0000000000050000","end":"0x00000000000'$((t + 6))'0000","size":'$((65536 * (t + 1)))',"perms":"rw-p","kind":"heap","name":"[heap]"}'
		echo '{"type":"region","t":'$t',"pid":7,"seq":'$t',"start":"0x0000000000200000","end":"0x0000000000201000","size":4096,"perms":"rw-p","kind":"stack","name":"[stack]"}'
	done | vm-track | vm-render --svg -O theme=auto "${@:2}"
}

@test "in a browser the picture answers the mouse: hover, pin, zoom, move, kinds of the legend" {
	growing /bin/a >"$OUT"
	browser mouse "$OUT"
}

@test "in a browser the picture answers the keys: find, pin, zoom, move, kinds" {
	growing /bin/a >"$OUT"
	browser keyboard "$OUT"
}

@test "merged boxes say so when one zooms into them" {
	kinds=(anon file)
	for i in {0..299}; do
		printf '{"type":"region","t":0,"pid":7,"seq":0,"start":"0x%016x","end":"0x%016x","size":4096,"perms":"rw-p","kind":"%s"}\n' $((65536 + 4096 * i)) $((69632 + 4096 * i)) ${kinds[i % 2]}
	done | vm-render --svg --height 160 >"$OUT"
	grep -q 'class="mg"' "$OUT"
	browser merged "$OUT"
}

@test "in a browser names that are scripts stay texts; as an image the picture has no script" {
	name='</script><img src=x onerror=\"globalThis.hacked=1\">]]><script>globalThis.hacked=1</script>'
	for view in timeline map table; do growing "$name" --view $view >"$BATS_TEST_TMPDIR/$view.svg"; done
	growing "$name" --view area --by name >"$BATS_TEST_TMPDIR/area.svg"
	browser hostile "$BATS_TEST_TMPDIR"/{timeline,map,table,area}.svg
	browser image "$BATS_TEST_TMPDIR/timeline.svg"
}

@test "10000 boxes take less than 5 MB" {
	"$DRAW" "$SVG" many > "$OUT"
	[ "$(grep -c '^<rect.*0x' "$OUT")" -eq 10000 ]
	[ "$(stat -c %s "$OUT")" -lt 5000000 ]
}

@test "the theme decides the colours of the file" {
	"$DRAW" "$SVG" map theme=light > "$OUT"
	run ! grep -q 'prefers-color-scheme' "$OUT"
	run ! grep -qF '.ground{fill:#14171c}' "$OUT"
	"$DRAW" "$SVG" map theme=dark > "$OUT"
	run ! grep -q 'prefers-color-scheme' "$OUT"
	grep -qF '.ground{fill:#14171c}' "$OUT"
	"$DRAW" "$SVG" map > "$OUT"
	grep -q 'prefers-color-scheme:dark' "$OUT"
}

@test "an empty picture gives the reason" {
	"$DRAW" "$SVG" empty > "$OUT"
	grep -q 'class="why m">Nothing to draw: the stream holds no snapshot' "$OUT"
}

@test "a figure is drawn the same twice" {
	for figure in timeline area table; do
		cmp <("$DRAW" "$SVG" "$figure") <("$DRAW" "$SVG" "$figure")
	done
}

@test "a table grows with its rows and keeps the end of a long path" {
	requires cmd xmllint
	"$DRAW" "$SVG" table height=200 > "$OUT"
	[ "$(xmllint --xpath 'string(/*/@height)' "$OUT")" -gt 900 ]
	grep -qF 'libgraphics-driver-extra.so.12.4.8</tspan>' "$OUT"
}

@test "a box on an address axis is as opaque as its resident share, and no part of it is drawn as resident" {
	cat >"$BATS_TEST_TMPDIR/half" <<'EOF'
{"type":"stream","t":0.0,"version":1,"program":"hand 1"}
{"type":"region","t":0.0,"pid":7,"seq":0,"id":1,"start":"0x0000000000010000","end":"0x0000000000020000","size":65536,"perms":"rw-p","kind":"heap","rss":32768}
{"type":"end","t":1.0,"reason":"exit"}
EOF
	vm-render --svg "$BATS_TEST_TMPDIR/half" >"$BATS_TEST_TMPDIR/half.svg"
	grep -q '<rect [^>]*fill-opacity="0.64"><title>0x10000-0x20000' "$BATS_TEST_TMPDIR/half.svg"
	run ! grep -q 'class="s t"' "$BATS_TEST_TMPDIR/half.svg"
	vm-render --svg --view map "$BATS_TEST_TMPDIR/half" >"$BATS_TEST_TMPDIR/map.svg"
	grep -q 'class="s t"' "$BATS_TEST_TMPDIR/map.svg"
}

@test "a box below two pixels stands on whole pixels, so that no colours mix" {
	{
		echo '{"type":"stream","t":0.0,"version":1,"program":"hand 1"}'
		for i in $(seq 1000); do
			printf '{"type":"region","t":0.0,"pid":7,"seq":0,"id":%d,"start":"0x%016x","end":"0x%016x","size":4096,"perms":"rw-p","kind":"%s"}\n' \
				"$i" $((i * 8192)) $((i * 8192 + 4096)) "$([ $((i % 3)) = 0 ] && echo heap || echo gc)"
		done
		echo '{"type":"end","t":1.0,"reason":"exit"}'
	} >"$BATS_TEST_TMPDIR/low"
	for view in timeline map; do
		vm-render --svg --view $view "$BATS_TEST_TMPDIR/low" >"$BATS_TEST_TMPDIR/low.svg"
		# Heights below two pixels are one or two, at a whole y.
		grep -oE '<rect x="[0-9.]*" y="[0-9.]*" width="[0-9.]*" height="[0-9.]*"[^>]*><title>' "$BATS_TEST_TMPDIR/low.svg" |
			sed 's/.* y="\([0-9.]*\)".* height="\([0-9.]*\)".*/\1 \2/' |
			awk '$2 < 2 && ($2 != 1 || $1 != int($1)) { bad++ } END { exit !NR || bad }'
	done
}
