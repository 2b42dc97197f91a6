#!/usr/bin/env bats
# Contents of the views, read through the renderer trace: boxes, sums, ticks, filters, and the reasons for an empty picture.
# bats file_tags=steady
load helper

setup() {
	requires program vm-render
	S=$BATS_TEST_TMPDIR/s.ndjson
	cat >"$S" <<'END'
{"type":"stream","t":0.0,"version":1,"program":"vm-sample 0.1.0","began":"2026-11-20T13:52:01.000000000Z","host":{"name":"box"}}
{"type":"process","t":0.0,"pid":7,"why":"first","name":"demo"}
{"type":"snapshot","t":0.0,"pid":7,"seq":0,"regions":3}
{"type":"region","t":0.0,"pid":7,"seq":0,"id":1,"start":"0x0000000000400000","end":"0x0000000000402000","size":8192,"perms":"r-xp","kind":"text","name":"/bin/demo","rss":8192,"pss":4096,"dirty":0}
{"type":"region","t":0.0,"pid":7,"seq":0,"id":2,"start":"0x0000000001000000","end":"0x0000000001004000","size":16384,"perms":"rw-p","kind":"heap","name":"[heap]","rss":4096,"pss":4096,"dirty":4096}
{"type":"region","t":0.0,"pid":7,"seq":0,"id":3,"start":"0x00007f0000000000","end":"0x00007f0040000000","size":1073741824,"perms":"rw-p","kind":"anon","rss":1048576,"pss":1048576,"dirty":1048576}
{"type":"mark","t":1.0,"pid":7,"text":"loaded"}
{"type":"change","t":2.0,"pid":7,"event":"BRK_GROW","act":1,"id":2,"start":"0x0000000001000000","end":"0x0000000001008000","size":32768,"perms":"rw-p","kind":"heap","name":"[heap]","rss":32768,"pss":32768,"dirty":32768,"was":{"end":"0x0000000001004000","size":16384}}
{"type":"change","t":3.0,"pid":7,"event":"RESIDENT_CHANGE","act":2,"id":3,"start":"0x00007f0000000000","end":"0x00007f0040000000","size":1073741824,"perms":"rw-p","kind":"anon","rss":2097152,"pss":2097152,"dirty":2097152,"was":{"rss":1048576}}
{"type":"change","t":4.0,"pid":7,"event":"MMAP_ADD","act":3,"id":4,"start":"0x00007f0050000000","end":"0x00007f0050001000","size":4096,"perms":"rwxp","kind":"jit","rss":0,"pss":0,"dirty":0}
{"type":"end","t":4.0,"reason":"exit"}
END
}

render() { run --separate-stderr vm-render --trace "$@"; [ "$status" = 0 ]; }
has() { grep -qF -- "$1" <<<"$output" || { echo "not in the output: $1" >&2; echo "$output" >&2; return 1; }; }
hasnt() { if grep -qF -- "$1" <<<"$output"; then echo "in the output: $1" >&2; return 1; fi; }
count() { [ "$(grep -c -- "$1" <<<"$output")" = "$2" ] || { echo "not $2 times: $1" >&2; echo "$output" >&2; return 1; }; }
# The height of the first box of a kind, in ten-thousandths.
height() { sed -n "s/^box .* class=\"$1\" .* y=\([0-9.]*\)\.\.\([0-9.]*\) .*/\1 \2/p" <<<"$output" | awk 'NR==1 { printf "%d\n", ($2 - $1) * 10000 + .5 }'; }

@test "timeline: one box for each stretch of constant range, permissions, kind and name" {
	render "$S"
	count '^box' 5
	has 'x=0.0000..0.5000'
	has '0x1000000-0x1004000 16 KiB\nrw-p heap [heap]\nid 2\nrss 4 KiB -> 4 KiB (peak 4 KiB)\n0 s to 2 s\nalready there at the first sample, went by BRK_GROW'
	has 'came by BRK_GROW, still there at the end'
}

@test "timeline: a change of residency alone makes no new box, but the box gives first, last and peak" {
	render "$S"
	count 'class="anon" x' 1
	has 'rss 1 MiB -> 2 MiB (peak 2 MiB)'
}

@test "timeline: packed folds the gaps, and a page beside a gigabyte is visible" {
	render "$S"
	has 'axis y title="address (gaps folded)"'
	has 'fold "127 TiB"'
	has '"0x7f0000000000"'
	[ "$(height jit)" -gt 150 ]
	[ "$(height anon)" -gt "$(height text)" ]
}

@test "timeline: linear keeps proportions, log spreads low distances" {
	render --scale linear "$S"
	has 'class="anon"'
	[ "$(height heap)" = 0 ] # of all that is below a pixel there; the largest is the heap
	hasnt fold
	render --scale log "$S"
	has 'axis y title="address (log)"'
	[ "$(height heap)" -gt 0 ]
}

@test "timeline: marks become flags at their time" {
	render "$S"
	has 'flag 0.2500 "loaded"'
}

@test "timeline: a region of the last sample is still a box" {
	render "$S"
	has 'class="jit" x=0.9990..1.0000'
}

@test "timeline: boxes below a pixel are merged, and a note gives their number" {
	awk 'BEGIN { print "{\"type\":\"snapshot\",\"t\":0.0,\"pid\":7,\"seq\":0,\"regions\":5000}"
		for (i = 0; i < 5000; i++) printf "{\"type\":\"region\",\"t\":0.0,\"pid\":7,\"seq\":0,\"id\":%d,\"start\":\"0x%016x\",\"end\":\"0x%016x\",\"size\":4096,\"perms\":\"rw-p\",\"kind\":\"%s\"}\n", i + 1, 1048576 + i * 8192, 1048576 + i * 8192 + 4096, i % 2 ? "anon" : "heap" }' >"$BATS_TEST_TMPDIR/many"
	render "$BATS_TEST_TMPDIR/many"
	has 'note "5000 of 5000 boxes are too small to draw; merged into'
	[ "$(grep -c '^box' <<<"$output")" -le 600 ]
	has flags=merged
}

@test "map: regions below a pixel are merged, and a note gives their number" {
	awk 'BEGIN { print "{\"type\":\"snapshot\",\"t\":0.0,\"pid\":7,\"seq\":0,\"regions\":20000}"
		for (i = 0; i < 20000; i++) printf "{\"type\":\"region\",\"t\":0.0,\"pid\":7,\"seq\":0,\"id\":%d,\"start\":\"0x%016x\",\"end\":\"0x%016x\",\"size\":4096,\"perms\":\"rw-p\",\"kind\":\"%s\",\"rss\":2048}\n", i + 1, 1048576 + i * 8192, 1048576 + i * 8192 + 4096, i % 2 ? "anon" : "heap" }' >"$BATS_TEST_TMPDIR/many"
	render --view map "$BATS_TEST_TMPDIR/many"
	has 'note "20000 of 20000 regions are too small to draw; merged into'
	[ "$(grep -c '^box' <<<"$output")" -le 600 ]
	has 'fill=0.50 flags=merged'
	has 'regions merged, mostly'
	run -0 vm-render --ascii --view map --height 30 "$BATS_TEST_TMPDIR/many"
	has '20000 of 20000 regions are too small to draw'
}

# Twenty consecutive programs within 5 ms, each with its process line and its event.
execs() {
	awk 'BEGIN { for (i = 0; i < 2; i++) {
		if (i) for (k = 0; k < 20; k++) {
			printf "{\"type\":\"process\",\"t\":1.%04d,\"pid\":7,\"why\":\"exec\",\"name\":\"prog%d\"}\n", k * 2, k
			printf "{\"type\":\"event\",\"t\":1.%04d,\"pid\":7,\"call\":\"exec\",\"name\":\"prog%d\"}\n", k * 2 + 1, k
		}
		printf "{\"type\":\"snapshot\",\"t\":%d,\"pid\":7,\"seq\":%d,\"regions\":1}\n", i * 4, i
		printf "{\"type\":\"region\",\"t\":%d,\"pid\":7,\"seq\":%d,\"start\":\"0x0000000000001000\",\"end\":\"0x0000000000002000\",\"size\":4096,\"perms\":\"rw-p\",\"kind\":\"anon\"}\n", i * 4, i
	} }'
}

@test "timeline: flags in the same place are merged, and the flag and a note give their number; none is lost" {
	execs >"$BATS_TEST_TMPDIR/execs"
	render "$BATS_TEST_TMPDIR/execs"
	has 'flag 0.2500 "exec: prog0 and 19 more"'
	has 'note "20 markers overlap and are drawn as one"'
	render --from 0.999 --to 1.005 "$BATS_TEST_TMPDIR/execs"
	count '^flag' 20
}

@test "one is written in the singular: 1 sample, 1 process" {
	{ head -6 "$S"; echo '{"type":"sample","t":1.0,"pid":7,"seq":1,"took":0.001}'; for one in '1 samples' '2 samples' '1 processes' '1 overlap'; do echo "{\"type\":\"lost\",\"t\":1.5,\"what\":\"${one#* }\",\"count\":${one% *},\"where\":\"vm-sample\",\"why\":\"a test\"}"; done; } >"$BATS_TEST_TMPDIR/lost"
	render --view events --columns text "$BATS_TEST_TMPDIR/lost"
	for one in '1 sample' '2 samples' '1 process' '1 overlap'; do has "\"$one at vm-sample: a test\""; done
	render --view summary "$BATS_TEST_TMPDIR/lost"
	has ', 1 sample: '
}

@test "flags without room for their text are counted under an SVG and a text" {
	for i in {0..7}; do echo "{\"type\":\"mark\",\"t\":1.0$((i + 1)),\"text\":\"the mark that was set as number $i\"}"; done >"$BATS_TEST_TMPDIR/marks"
	{ execs | head -2; cat "$BATS_TEST_TMPDIR/marks"; execs | tail -2; } >"$BATS_TEST_TMPDIR/near"
	run -0 vm-render --svg "$BATS_TEST_TMPDIR/near"
	has '5 markers are unlabelled'
}

@test "timeline: several processes are stacked, each with its name" {
	sed 's/"pid":7/"pid":8/; s/"name":"demo"/"name":"other"/; /"type":"stream"/d' "$S" | sort -s -t: -k3,3n "$S" - >"$BATS_TEST_TMPDIR/two"
	render "$BATS_TEST_TMPDIR/two"
	has 'title "2 processes"'
	has '"demo (7)"'
	has '"other (8)"'
	count '^box' 10
	render --pid 8 "$BATS_TEST_TMPDIR/two"
	has 'title "other (8)"'
	count '^box' 5
}

@test "views of one process take the first, and name the others" {
	sed 's/"pid":7/"pid":8/; s/"name":"demo"/"name":"other"/; /"type":"stream"/d' "$S" | sort -s -t: -k3,3n "$S" - >"$BATS_TEST_TMPDIR/two"
	for view in map area table; do
		render --view $view "$BATS_TEST_TMPDIR/two"
		has 'title "demo (7)"'
		has 'note "1 more process in the input (choose with --pid): other (8)"'
	done
}

@test "map: one moment, its blocks by address, with their resident share" {
	render --view map "$S"
	count '^box' 4
	has 'subtitle "at 4 s: 4 regions'
	has 'box 0 class="text" x=0.0000..1.0000 y=0.0000'
	has 'fill=1.00 flags=- label="text demo 8 KiB r-xp"'
	has 'label="jit 4 KiB rwxp"'
}

@test "map: --at shows that moment and its numbers, not those of the end" {
	render --view map --at 1s "$S"
	count '^box' 3
	has 'rss 1 MiB (0 %)'
	has 'label="heap [heap] 16 KiB rw-p"'
}

@test "map: changes since the previous sample are marked" {
	render --view map "$S"
	has 'class="jit" x=0.0000..1.0000'
	count 'flags=new' 1
	render --view map --at 2 "$S"
	count 'flags=changed' 1
	has 'note "since 0 s: 0 new, 1 changed, 0 gone"'
}

@test "area: sums by kind at every moment, the kinds in the order of the table" {
	render --view area "$S"
	[ "$(grep -o '^serie "[a-z]*"' <<<"$output" | tr '\n' ' ')" = 'serie "text" serie "heap" serie "anon" ' ]
	has 'axis y title="resident (rss)"'
	has 'tick y 1.0000 "2.5 MiB"'
	has 'last 2 MiB\npeak 2 MiB at 3 s'
	has 'detail="32 KiB"'
	has 'serie "heap" class="heap" y=0.0016,0.0125,0.0125,0.0125,0.0125 '
}

@test "area: --measure selects the stacked measure, and an unknown measure is reported" {
	render --view area --measure size "$S"
	has 'axis y title="size"'
	render --view area --measure regions "$S"
	has 'subtitle "regions by kind, 4 moments, last 4 regions, peak 4 regions"'
	render --view area --measure swap "$S"
	has 'empty "no sample has the swap of a region (see --measure)"'
}

@test "area: the sums of snapshot lines are used" {
	render --view area <<'END'
{"type":"snapshot","t":0.0,"pid":7,"seq":0,"regions":9,"kinds":{"heap":{"regions":9,"size":1024,"rss":512}}}
{"type":"sample","t":1.0,"pid":7,"seq":1,"same":true}
{"type":"snapshot","t":2.0,"pid":7,"seq":2,"regions":9,"kinds":{"heap":{"regions":9,"size":2048,"rss":1024}}}
END
	has 'y=0.5000,0.5000,1.0000,1.0000'
}

@test "table: rows by address, bytes in KiB, and their totals" {
	render --view table "$S"
	count '^row' 4
	has 'cell 0 "start" "0000000000400000"'
	has 'column 1 "size KiB" right'
	has 'cell 1 "size KiB" "32"'
	has 'total "size KiB" "1048620"'
	has 'total "rss KiB" "2088"'
	hasnt '"swap KiB"'
}

@test "table: --columns, --sort and --by" {
	render --view table --columns name,rss,swap,id --sort=-rss "$S"
	has 'column 0 "name" left'
	has 'cell 0 "rss KiB" "2048"'
	has 'cell 0 "swap KiB" unknown'
	has 'cell 0 "id" "3"'
	render --view table --by perms "$S"
	count '^row' 3
	has 'cell 0 "perms" "rw-p"'
	has 'cell 0 "regions" "2"'
	has 'total "regions" "4"'
}

@test "table: --at is exact at the moment of a change and just before it" {
	render --view table --at 1.999s "$S"
	has 'cell 1 "size KiB" "16"'
	render --view table --at 2 "$S"
	has 'cell 1 "size KiB" "32"'
}

@test "table: the last moment of a process that has ended is the one before its end" {
	sed '$d' "$S" >"$BATS_TEST_TMPDIR/e"
	for id in 1 2 3 4; do
		echo '{"type":"change","t":5.0,"pid":7,"event":"EXIT","act":9,"id":'$id',"start":"0x0000000000400000","end":"0x0000000000402000"}'
	done >>"$BATS_TEST_TMPDIR/e"
	render --view table "$BATS_TEST_TMPDIR/e"
	count '^row' 4
	has 'just before it ended'
	render --view map "$BATS_TEST_TMPDIR/e"
	count '^box' 4
	render --view table --at 5 "$BATS_TEST_TMPDIR/e"
	has 'empty "no region matches --at 5 s'
}

@test "filters apply to every view" {
	for view in timeline map table area; do
		render --view $view --kind heap,jit "$S"
		has 'class 0 "heap"'
		hasnt '"text"'
		render --view $view --perms x "$S"
		has '"text"'
		hasnt '"heap" letter'
		render --view $view --perms rw-p "$S"
		has '"heap"'
		hasnt '"text"'
		hasnt '"jit"'
		render --view $view --address 0x400fff-401001 "$S"
		count '^class' 1
		has '"text"'
		render --view $view --to 1 "$S"
		hasnt '"jit"'
	done
	render --from 2.5 "$S"
	has 'subtitle "address space over time, 3 s to 4 s'
	count '^box' 4
}

@test "a filter without matches gives a picture that lists what was seen" {
	for view in timeline map table area; do
		render --view $view --kind stack "$S"
		has '; kinds seen: text, heap, '
		has '--kind stack'
	done
	render --kind haep "$S"
	has 'note "no region is of kind \"haep\"; did you mean \"heap\"?"'
	render --pid 99 "$S"
	has 'empty "no process 99 in the input; there are: 7"'
}

@test "lines without ids are tracked first" {
	grep -v '"change"' "$S" | sed 's/"id":[0-9]*,//' >"$BATS_TEST_TMPDIR/u"
	sed -n '/"region"/p' "$BATS_TEST_TMPDIR/u" | sed 's/"t":0.0/"t":1.0/; s/"seq":0/"seq":1/; s/01004000"/01006000"/; s/16384/24576/' >"$BATS_TEST_TMPDIR/second"
	sed -i '$d' "$BATS_TEST_TMPDIR/u"
	cat "$BATS_TEST_TMPDIR/second" >>"$BATS_TEST_TMPDIR/u"
	render "$BATS_TEST_TMPDIR/u"
	count '^box' 4
	has 'came by BRK_GROW'
	render --view table "$BATS_TEST_TMPDIR/u"
	has 'cell 1 "size KiB" "24"'
}

@test "region lines alone are enough" {
	grep '"region"' "$S" | sed 's/"t":0.0,"pid":7,"seq":0,"id":[0-9]*,//' >"$BATS_TEST_TMPDIR/r"
	for view in timeline map; do
		render --view $view "$BATS_TEST_TMPDIR/r"
		count '^box' 3
	done
	render --view table "$BATS_TEST_TMPDIR/r"
	count '^row' 3
}

@test "a stream that begins in the middle is drawn from there" {
	tail -n +8 "$S" >"$BATS_TEST_TMPDIR/m"
	render "$BATS_TEST_TMPDIR/m"
	count '^box' 3
}

@test "two consecutive recordings are drawn one after the other" {
	render "$S" <(sed 's/13:52:01/13:52:11/' "$S")
	has 'note "2 recordings, drawn one after the other"'
	has 'subtitle "address space over time, 0 s to 14 s'
}

@test "events: each of two consecutive recordings has its own call stacks" {
	for function in first second; do
		grep '"stream"' "$S"
		echo '{"type":"stack","t":1.0,"pid":7,"id":1,"frames":[{"addr":"0x0000000000400010","function":"'$function'"}]}'
		echo '{"type":"event","t":1.0,"pid":7,"call":"mmap","stack":1}'
	done >"$BATS_TEST_TMPDIR/two"
	render --view events --columns cause "$BATS_TEST_TMPDIR/two"
	has 'cell 0 "cause" "first"'
	has 'cell 1 "cause" "second"'
}

@test "kinds have colours of their own, and a user's kind always the same" {
	sed 's/"kind":"anon"/"kind":"texture"/' "$S" >"$BATS_TEST_TMPDIR/k"
	render "$BATS_TEST_TMPDIR/k"
	[ "$(grep '^class' <<<"$output" | grep -o 'light=#[0-9a-f]*' | sort -u | wc -l)" = 4 ]
	[ "$(grep '^class' <<<"$output" | grep -o 'letter=.' | sort -u | wc -l)" = 4 ]
	one=$(grep '"texture"' <<<"$output" | grep '^class' | grep -o 'light=.*ansi=[0-9]*')
	render --kind texture "$BATS_TEST_TMPDIR/k"
	[ "$(grep '^class' <<<"$output" | grep -o 'light=.*ansi=[0-9]*')" = "$one" ]
}

@test "the totals of a stopped process are those of pmap -x and of /proc/PID/maps" {
	requires cmd pmap
	requires program vm-sample vm-parse
	mkdir "$BATS_TEST_TMPDIR/w"
	workload still "$BATS_TEST_TMPDIR/w"
	kill -STOP "$pid"
	vm-sample -p "$pid" -n 1 --detail smaps | vm-parse >"$BATS_TEST_TMPDIR/live"
	read -r _ _ size rss dirty < <(pmap -x "$pid" | tail -1)
	regions=$(wc -l <"/proc/$pid/maps")
	render --view table --columns start,size,rss,dirty "$BATS_TEST_TMPDIR/live"
	has "total \"size KiB\" \"$size\""
	has "total \"rss KiB\" \"$rss\""
	has "total \"dirty KiB\" \"$dirty\""
	count '^row' "$regions"
	render --view timeline --height 20000 "$BATS_TEST_TMPDIR/live"
	count '^box' "$regions"
}

# A stream of the regions given as START END KIND NAME RSS, in pages.
regions() {
	echo '{"type":"stream","t":0.0,"version":1,"program":"hand 1"}'
	echo '{"type":"process","t":0.0,"pid":7,"why":"first","name":"demo"}'
	local id=0 start end kind rss
	while read -r start end kind rss; do
		printf '{"type":"region","t":0.0,"pid":7,"seq":0,"id":%d,"start":"0x%016x","end":"0x%016x","size":%d,"perms":"rw-p","kind":"%s","rss":%d}\n' \
			$((++id)) $((start * 4096)) $((end * 4096)) $(((end - start) * 4096)) "$kind" $((rss * 4096))
	done
}

# How many regions all boxes stand for: those that were merged say how many.
stood_for() { awk '/^box/ { n += match($0, /label="[0-9]+ regions, /) ? substr($0, RSTART + 7) : 1 } END { print n }' <<<"$output"; }

@test "map: a logarithm of addresses and a line of them merge what is low, and lose no region" {
	{
		echo '5 9 text 1'
		for i in $(seq 30); do echo "$((0x7f0000000 + 4 * i)) $((0x7f0000000 + 4 * i + 3)) data 1"; done
	} | regions >"$BATS_TEST_TMPDIR/far"
	for scale in log linear; do
		render --view map --scale $scale "$BATS_TEST_TMPDIR/far"
		hasnt 'merged into 0'
		[ "$(stood_for)" = 31 ]
		render --view map --scale $scale --width 90 --height 30 "$BATS_TEST_TMPDIR/far"
		[ "$(stood_for)" = 31 ]
	done
	render --scale log "$BATS_TEST_TMPDIR/far"
	has '30 boxes merged, mostly data'
}

@test "map: a box of merged regions counts and adds up all that it covers, of every kind" {
	seq 1000 | awk '{ print $1 * 8, $1 * 8 + ($1 % 2 ? 5 : 3), $1 % 2 ? "anon" : "gc", 1 }' | regions >"$BATS_TEST_TMPDIR/many"
	render --view map --height 100 "$BATS_TEST_TMPDIR/many"
	[ "$(stood_for)" = 1000 ]
	# 500 of 20 KiB and 500 of 12 KiB; a page of each is resident
	[ "$(sed -n 's/^box .*\\n\([0-9]*\) KiB, rss \([0-9]*\) KiB.*/\1 \2/p' <<<"$output" | awk '{ size += $1; rss += $2 } END { print size, rss }')" = "16000 4000" ]
}

@test "timeline: regions that overlap stand in bands of their own, and a note says so" {
	printf '%s\n' '16 4112 gc 9' '32 64 shm 2' '48 80 file 2' '8192 8200 anon 1' | regions >"$BATS_TEST_TMPDIR/over"
	render "$BATS_TEST_TMPDIR/over"
	has 'note "2 boxes overlap others in address and time: they are in a band of their own"'
	has '"overlapping"'
	# No two boxes share any of the plot's height.
	sed -n 's/^box .* y=\([0-9.]*\)\.\.\([0-9.]*\) .*/\1 \2/p' <<<"$output" | sort -n | awk '$1 < last - .0002 { exit 1 } { last = $2 } END { exit NR != 4 }'
	run vm-render --width 80 "$BATS_TEST_TMPDIR/over"
	for kind in gc shm file anon; do [[ $output == *"│ $kind "* || $output == *"┤ $kind "* || $output == *"≈ $kind "* ]]; done
	# Addresses that are given to another after they were given up overlap nothing.
	render "$S"
	hasnt 'overlap'
}

@test "map: as text each region has a row, or is counted in a merged one" {
	for i in $(seq 30); do echo "$((i * 64)) $((i * 64 + (i % 7 ? 1 : 60))) $([ $((i % 2)) = 1 ] && echo anon || echo gc) 1"; done | regions >"$BATS_TEST_TMPDIR/pages"
	run vm-render --ascii --view map --width 100 "$BATS_TEST_TMPDIR/pages"
	[ "$(grep -cE '(4|240) KiB rw-p' <<<"$output")" = 30 ]
	[[ $output != *merged* ]]
	run vm-render --ascii --view map --width 100 --height 24 "$BATS_TEST_TMPDIR/pages"
	[[ $output == *'of 30 regions are too small to draw'* ]]
	[ "$(grep -oE ' [0-9]+ regions, [0-9.]+ [KM]iB [aG]|KiB rw-p' <<<"$output" | awk '/regions/ { n += $1 } /rw-p/ { n++ } END { print n }')" = 30 ]
}

@test "area and tree: sums that a snapshot line states by other kinds than its regions have are not those that are drawn" {
	local kinds='"kinds":{"gc":{"regions":1,"size":1048576,"rss":8192}}'
	{
		echo '{"type":"stream","t":0.0,"version":1,"program":"hand 1"}'
		echo "{\"type\":\"snapshot\",\"t\":0.1,\"pid\":7,\"seq\":0,\"regions\":1,$kinds}"
		echo '{"type":"region","t":0.1,"pid":7,"seq":0,"id":1,"start":"0x0000000001000000","end":"0x0000000001100000","size":1048576,"perms":"rw-p","kind":"bss","rss":4096}'
		echo "{\"type\":\"snapshot\",\"t\":0.2,\"pid\":7,\"seq\":1,\"regions\":1,$kinds}"
	} >"$BATS_TEST_TMPDIR/stated"
	for view in area tree; do
		render --view $view "$BATS_TEST_TMPDIR/stated"
		has 'class="bss"'
		hasnt '"gc"'
	done
	# Of the same regions, the snapshot line knows the measures of its moment.
	sed -i 's/"gc"/"bss"/' "$BATS_TEST_TMPDIR/stated"
	render --view area "$BATS_TEST_TMPDIR/stated"
	has 'detail="8 KiB"'
}

@test "an untracked stream: what an event says of the state after it holds until the next sample, in every view" {
	{
		echo '{"type":"stream","t":0.0,"version":1,"program":"hand 1"}'
		echo '{"type":"process","t":0.0,"pid":7,"why":"first","name":"demo"}'
		echo '{"type":"snapshot","t":0.1,"pid":7,"seq":0,"regions":1}'
		echo '{"type":"region","t":0.1,"pid":7,"seq":0,"start":"0x0000000000400000","end":"0x0000000000402000","size":8192,"perms":"r-xp","kind":"text"}'
		echo '{"type":"event","t":0.2,"pid":7,"call":"mmap","span":{"start":"0x0000000001000000","end":"0x0000000001004000"},"after":[{"start":"0x0000000001000000","end":"0x0000000001004000","size":16384,"perms":"rw-p","kind":"anon"}]}'
		echo '{"type":"mark","t":0.3,"pid":7,"text":"x"}'
	} >"$BATS_TEST_TMPDIR/events"
	for view in map table explain stats cards; do
		render --view "$view" "$BATS_TEST_TMPDIR/events"
		grep -qE 'subtitle ".*2 regions|2 regions of 2 kinds|in 2|2 regions' <<<"$output"
		render --view "$view" --at 0.15 "$BATS_TEST_TMPDIR/events"
		run ! grep -qE 'subtitle ".*2 regions' <<<"$output"
	done
	# The end of a thread is not the end of its process.
	echo '{"type":"event","t":0.4,"pid":7,"tid":8,"call":"exit"}' | cat "$BATS_TEST_TMPDIR/events" - >"$BATS_TEST_TMPDIR/thread"
	render --view table "$BATS_TEST_TMPDIR/thread"
	has 'at 400 ms: 2 regions'
	hasnt 'ended'
}

@test "map: regions that overlap stand beside each other, and a note says so" {
	printf '%s\n' '16 4112 gc 9' '32 64 shm 2' '8192 8200 anon 1' | regions >"$BATS_TEST_TMPDIR/over"
	render --view map "$BATS_TEST_TMPDIR/over"
	has 'note "2 regions overlap: each stands beside those it overlaps with"'
	grep -q '^box .*class="gc" x=0.0000..0.5000' <<<"$output"
	grep -q '^box .*class="shm" x=0.5000..1.0000' <<<"$output"
	grep -q '^box .*class="anon" x=0.0000..1.0000' <<<"$output"
	run vm-render --view map --width 80 --height 40 "$BATS_TEST_TMPDIR/over"
	[[ $output == *'shm 128 KiB'* && $output == *'gc 16 MiB'* ]]
}

@test "area by region: a region is called what it is at the end, at its address of then" {
	{
		echo '16 20 tls 4' | regions
		echo '{"type":"change","t":1.0,"pid":7,"event":"MOVE","act":1,"id":1,"start":"0x0000000000050000","end":"0x0000000000054000","size":16384,"perms":"rw-p","kind":"anon","rss":16384,"was":{"start":"0x0000000000010000","end":"0x0000000000014000","kind":"tls"}}'
		echo '{"type":"end","t":2.0,"reason":"exit"}'
	} >"$BATS_TEST_TMPDIR/moved"
	render --view area --by region "$BATS_TEST_TMPDIR/moved"
	has 'serie "anon 0x50000"'
}

@test "area by name: the bytes of a region go with it to its new name" {
	{
		echo '16 20 anon 4' | regions
		echo '{"type":"change","t":1.0,"pid":7,"event":"RENAME","act":1,"id":1,"start":"0x0000000000010000","end":"0x0000000000014000","size":16384,"perms":"rw-p","kind":"anon","name":"[anon:pool]","rss":16384,"was":{"name":""}}'
		echo '{"type":"end","t":2.0,"reason":"exit"}'
	} >"$BATS_TEST_TMPDIR/renamed"
	render --view area --by name "$BATS_TEST_TMPDIR/renamed"
	has 'the 2 largest of 2'
	grep -q '^class.*"(none)".*0 B, peak 16 KiB' <<<"$output"
	grep -q '^class.*"\[anon:pool\]".*16 KiB, peak 16 KiB' <<<"$output"
}

@test "cards: the card of a library counts the regions that are there, and those that went apart" {
	{
		printf '%s\n' '{"type":"stream","t":0.0,"version":1,"program":"hand 1"}' '{"type":"process","t":0.0,"pid":7,"why":"first","name":"demo"}' \
			'{"type":"sample","t":0.0,"pid":7,"seq":0}' '{"type":"snapshot","t":0.0,"pid":7,"seq":0,"regions":2}'
		for i in 1 2; do echo '{"type":"region","t":0.0,"pid":7,"seq":0,"id":'$i',"start":"0x00000000000'$i'0000","end":"0x00000000000'$i'8000","size":32768,"perms":"r--p","kind":"rodata","name":"/lib/a.so"}'; done
		echo '{"type":"sample","t":1.0,"pid":7,"seq":1}'
		echo '{"type":"change","t":1.0,"pid":7,"event":"MUNMAP_REMOVE","act":1,"id":2,"start":"0x0000000000020000","end":"0x0000000000028000","size":32768,"perms":"r--p","kind":"rodata","name":"/lib/a.so"}'
		echo '{"type":"end","t":2.0,"reason":"exit"}'
	} >"$BATS_TEST_TMPDIR/lib"
	render --view cards "$BATS_TEST_TMPDIR/lib"
	has '1 region (and 1 gone), 32 KiB'
	hasnt ' in 2'
}

@test "a time just below a second or a millisecond is told in the larger unit" {
	for t in 0.999999999 0.000999999; do
		{
			echo '{"type":"stream","t":0.0,"version":1,"program":"hand 1"}'
			echo '{"type":"region","t":'$t',"pid":7,"seq":0,"id":1,"start":"0x0000000000010000","end":"0x0000000000014000","size":16384,"perms":"rw-p","kind":"anon"}'
		} >"$BATS_TEST_TMPDIR/t"
		render --view map "$BATS_TEST_TMPDIR/t"
		grep -qE 'at 1 m?s: 1 region' <<<"$output"
		hasnt 'at 1000 '
	done
}

@test "diff as text: each row has a line of its own, beside its partner, however high the picture is" {
	{
		for i in $(seq 8); do echo "$((i * 4096)) $((i * 4096 + i)) anon 0"; done | regions
		for i in $(seq 8); do
			at=$(printf '"t":1.0,"pid":7,"act":%d,"id":%d,"start":"0x%016x","perms":"rw-p","kind":"anon"' "$i" "$i" $((i << 24)))
			if ((i % 2)); then
				printf '{"type":"change",%s,"event":"MUNMAP_REMOVE","end":"0x%016x","size":%d}\n' "$at" $(((i * 4096 + i) << 12)) $((i << 12))
			else
				printf '{"type":"change",%s,"event":"RESIZE_MAPPING","end":"0x%016x","size":%d,"was":{"end":"0x%016x","size":%d}}\n' \
					"$at" $(((i * 4096 + i + 100) << 12)) $(((i + 100) << 12)) $(((i * 4096 + i) << 12)) $((i << 12))
			fi
		done
		echo '{"type":"end","t":2.0,"reason":"exit"}'
	} >"$BATS_TEST_TMPDIR/two"
	for height in '' '--height 40' '--height 22' '--height 17' '--height 16'; do
		run vm-render --view diff --from 0 --width 100 $height "$BATS_TEST_TMPDIR/two"
		for i in 1 3 5 7; do
			grep -qE "^ .- anon $((i * 4)) KiB rw-p a*\$" <<<"${output//│ /│}" || { echo "$height: $output" >&2; return 1; }
		done
		for i in 2 4 6 8; do
			grep -qE "anon $((i * 4)) KiB rw-p a* .*~ anon $(((i + 100) * 4)) KiB" <<<"$output" || { echo "$height: $output" >&2; return 1; }
		done
	done
}

# A gc region that goes at 1 s, a heap that lives until the process ends at 3 s.
gone_before() {
	printf '%s\n' '{"type":"stream","t":0.0,"version":1,"program":"hand 1"}' '{"type":"process","t":0.0,"pid":7,"why":"first","name":"demo"}' \
		'{"type":"snapshot","t":0.1,"pid":7,"seq":0,"regions":2}' \
		'{"type":"region","t":0.1,"pid":7,"seq":0,"id":1,"start":"0x0000000001000000","end":"0x0000000001100000","size":1048576,"perms":"rw-p","kind":"gc","rss":1048576}' \
		'{"type":"region","t":0.1,"pid":7,"seq":0,"id":2,"start":"0x0000000002000000","end":"0x0000000002100000","size":1048576,"perms":"rw-p","kind":"heap","rss":1048576}' \
		'{"type":"change","t":1.0,"pid":7,"event":"MUNMAP_REMOVE","act":1,"id":1,"start":"0x0000000001000000","end":"0x0000000001100000","size":1048576,"perms":"rw-p","kind":"gc"}' \
		'{"type":"event","t":3.0,"pid":7,"call":"exit","status":0}' \
		'{"type":"change","t":3.0,"pid":7,"event":"EXIT","act":2,"id":2,"start":"0x0000000002000000","end":"0x0000000002100000","size":1048576,"perms":"rw-p","kind":"heap"}' \
		'{"type":"end","t":3.1,"reason":"exit"}'
}

@test "map, cards and area: what a filter lets pass and that went before the process ended is not there at its end" {
	gone_before >"$BATS_TEST_TMPDIR/gone"
	for view in map cards; do
		render --view $view --kind gc "$BATS_TEST_TMPDIR/gone"
		count '^box' 0
		render --view $view --kind heap "$BATS_TEST_TMPDIR/gone"
		has 'subtitle "at 3 s, just before it ended: 1 region'
	done
	render --view area --kind gc "$BATS_TEST_TMPDIR/gone"
	has '0 B before it ended, peak 1 MiB"'
	has 'title="gc\nbefore it ended 0 B\npeak 1 MiB at 100 ms"'
	render --view area "$BATS_TEST_TMPDIR/gone"
	has '1 MiB before it ended, peak 2 MiB"'
}

@test "area: peaks are those of all moments, also where fewer are drawn" {
	{
		printf '%s\n' '9 10 anon 1' '100 900 gc 1' | regions
		for i in $(seq 400); do # gc has its peak in a moment of which the sum is not the highest
			size=$((i == 201 ? 700 : 100)) other=$((i == 202 ? 800 : 1))
			printf '{"type":"change","t":%d.0,"pid":7,"event":"RESIDENT_CHANGE","act":%d,"id":2,"start":"0x0000000000064000","end":"0x0000000000384000","size":3276800,"perms":"rw-p","kind":"gc","rss":%d}\n' "$i" "$((2 * i))" $((size * 4096))
			printf '{"type":"change","t":%d.0,"pid":7,"event":"RESIDENT_CHANGE","act":%d,"id":1,"start":"0x0000000000009000","end":"0x000000000000a000","size":4096,"perms":"rw-p","kind":"anon","rss":%d}\n' "$i" "$((2 * i + 1))" $((other * 4096))
		done
		echo '{"type":"end","t":401.0,"reason":"exit"}'
	} >"$BATS_TEST_TMPDIR/peaks"
	render --view area --width 40 --height 300 "$BATS_TEST_TMPDIR/peaks"
	has 'moments are drawn as'
	grep -q '^class.*"gc".*peak 2.7 MiB' <<<"$output"
	has 'by kind, 401 moments'
}

@test "timeline as text: a row does not change its kind where a heap in it goes on growing" {
	{
		{
			for i in 1 2 3 4 5; do echo "$((4 * i)) $((4 * i + 1)) rodata 1"; done
			echo '100 700 heap 1'
			for i in $(seq 60); do echo "$((100000 + 8 * i)) $((100000 + 8 * i + 4)) data 1"; done
		} | regions
		for i in $(seq 40); do
			printf '{"type":"change","t":%d.0,"pid":7,"event":"BRK_GROW","act":%d,"id":6,"start":"0x0000000000064000","end":"0x%016x","size":%d,"perms":"rw-p","kind":"heap","was":{}}\n' \
				"$i" "$i" $(((700 + 100 * i) << 12)) $(((600 + 100 * i) << 12))
		done
		echo '{"type":"end","t":41.0,"reason":"exit"}'
	} >"$BATS_TEST_TMPDIR/grows"
	for height in 24 30 36 44; do
		run vm-render --ascii --width 120 --height "$height" "$BATS_TEST_TMPDIR/grows"
		[ "$status" = 0 ]
		run ! grep -E 'H[^H]*r+[^H]*H' <<<"$output"
	done
}

@test "area: a report whose rows are a part of it is drawn by the sums that it states" {
	cat >"$BATS_TEST_TMPDIR/part.txt" <<'END'
Process:         hello [4711]
Path:            /tmp/hello
Analysis Tool:   /usr/bin/vmmap
----

VM Region Info: 0x8 is not in any region.  Bytes before following region: 4294967288
      REGION TYPE                    START - END         [ VSIZE] PRT/MAX SHRMOD  REGION DETAIL
      UNUSED SPACE AT START
--->
      __TEXT                      100000000-100004000    [   16K] r-x/r-x SM=COW  /tmp/hello

                                VIRTUAL   REGION
REGION TYPE                        SIZE    COUNT (non-coalesced)
===========                     =======  =======
MALLOC                             1.7G       33
Stack                             12.1M        9
===========                     =======  =======
TOTAL                              1.7G       42
END
	vm-parse "$BATS_TEST_TMPDIR/part.txt" >"$BATS_TEST_TMPDIR/part"
	render --view area "$BATS_TEST_TMPDIR/part"
	grep -q '^class.*"arena".*1.7 GiB' <<<"$output"
}
