# vm-diff: the differences between two runs whose addresses differ, and the view diff.
# bats file_tags=steady
load helper
load stream

# run_of NAME COMMAND...: a process after these calls, saved as NAME.maps and NAME.smaps; each COMMAND is a line for the workload step.
run_of() {
	local name=$1 call
	shift
	rm -f "$BATS_TEST_TMPDIR"/step.*
	step_start
	for call; do
		if [[ $call == "protect last "* ]]; then call="mprotect $last ${call#protect last }"; fi
		step $call
		[[ $call != mmap* ]] || last=$answer
	done
	cat "/proc/$pid/maps" >"$BATS_TEST_TMPDIR/$name.maps"
	cat "/proc/$pid/smaps" >"$BATS_TEST_TMPDIR/$name.smaps"
	vm-sample -q -n 2 -i 1ms -p "$pid" -o "$BATS_TEST_TMPDIR/$name.raw" || return 1
	kill "$pid"
}

# real: the differences of the stream on stdin as lines EVENT SIZE PERMS NAME, sorted
real() { jq -r 'select(.type == "change" and (.cause.noise | not)) | "\(.event) \(.size) \(.perms) \(.name // "-")"' | sort; }

# text ROW...: a maps text of rows "START-END PERMS OFFSET NAME", in hexadecimal pages
text() {
	local row range perms offset name
	for row; do
		read -r range perms offset name <<<"$row"
		printf '%012x-%012x %s %08x %s %s    %s\n' $((16#${range%-*} << 12)) $((16#${range#*-} << 12)) "$perms" $((16#$offset << 12)) \
			"$([[ $name == /* ]] && echo fe:00 || echo 00:00)" "$([[ $name == /* ]] && echo 77 || echo 0)" "$name"
	done
}

setup() {
	requires cmd jq
	cd "$BATS_TEST_TMPDIR"
	same=("brk +16" "mmap 4 rw" "mmap 64 rx" thread)
}

@test "two runs of one program under ASLR are equal, in every input form" {
	[ "$(cat /proc/sys/kernel/randomize_va_space)" != 0 ] || skip "addresses are not random here"
	run_of a "${same[@]}"
	run_of b "${same[@]}"
	vm-parse a.raw | vm-track -o a.tracked.zst
	[ "$(cat /proc/sys/kernel/randomize_va_space)" = 0 ] || run ! diff <(cut -d' ' -f1 a.maps) <(cut -d' ' -f1 b.maps) >/dev/null
	for pair in "a.maps b.maps" "a.smaps b.smaps" "a.raw b.raw" "a.tracked.zst b.smaps" "a.smaps b.maps" "a.maps b.raw"; do
		run --separate-stderr vm-diff $pair
		echo "$pair: $status $stderr"
		[ "$status" = 0 ]
		[[ $stderr == *"no difference; "*" shifted by "* ]]
		[ -z "$(real <<<"$output")" ]
		vm-check -q <<<"$output"
	done
}

@test "an added mapping, a larger heap and other permissions are reported, and nothing else" {
	run_of a "${same[@]}"
	run_of b "brk +48" "mmap 4 rw" "mmap 64 rx" "protect last 64 r" thread "mmap 256 rwx"
	for form in maps smaps raw; do
		run -1 --separate-stderr vm-diff "a.$form" "b.$form"
		[ "$(real <<<"$output" | awk '{ print $1, $3 }' | sort)" = $'BRK_GROW rw-p\nMMAP_ADD rwxp\nPERM_CHANGE r--p' ]
		[[ $stderr == *"3 differences: 1 added (1 MiB), 1 resized (+128 KiB), 1 with changed permissions; "* ]]
		vm-check -q <<<"$output"
		valid_stream <<<"$output"
	done
	# in the other direction
	run -1 --separate-stderr vm-diff b.maps a.maps
	[ "$(real <<<"$output" | cut -d' ' -f1)" = $'BRK_SHRINK\nMUNMAP_REMOVE\nPERM_CHANGE' ]
	vm-check -q <<<"$output"
}

@test "the bytes by permissions are those that awk adds up" {
	run_of a "${same[@]}"
	run_of b "${same[@]}" "mmap 256 rwx" "mmap 33 r"
	sum() { echo $(($(awk -v perms="$1" '$2 == perms { split($1, a, "-"); printf "0x%s-0x%s+", a[2], a[1] } END { print 0 }' "$2"))); }
	vm-diff a.maps b.maps >out || no_crash $?
	for perms in rwxp r--p rw-p r-xp; do
		told=$(jq -s --arg p "$perms" '[.[] | select(.type == "change" and (.cause.noise | not) and .perms == $p)
			| if .event == "MUNMAP_REMOVE" then -.size else .size - (.was.size // 0) end] | add // 0' out)
		[ "$told" = $(($(sum "$perms" b.maps) - $(sum "$perms" a.maps))) ] || { echo "$perms: $told"; return 1; }
	done
}

@test "names decide first, then neighbours: a library elsewhere, of another version, with other permissions" {
	text "1000-1004 r-xp 0 /bin/prog" "1004-1005 rw-p 4 /bin/prog" "2000-2021 rw-p 0 [heap]" "9000-9010 r-xp 0 /usr/lib/libx.so.1" "9010-9012 rw-p 0" >a
	text "5000-5004 r-xp 0 /bin/prog" "5004-5005 r--p 4 /bin/prog" "6000-6021 rw-p 0 [heap]" "8000-8010 r-xp 0 /opt/lib/libx.so.2" "8010-8012 rw-p 0" >b
	run -1 --separate-stderr vm-diff a b
	[ "$(real <<<"$output")" = $'PERM_CHANGE 4096 r--p /bin/prog\nRENAME 65536 r-xp /opt/lib/libx.so.2' ]
	vm-check -q <<<"$output"
}

@test "arenas and stacks of threads that started in another order are paired by kind, and a shrunk reserve is no difference" {
	text "7f0004000-7f0004100 rw-p 0" "7f0004100-7f0008000 ---p 0" "7f0008000-7f0008021 rw-p 0" "7f0008021-7f000c000 ---p 0" \
		"7f000ffff-7f0010000 ---p 0" "7f0010000-7f0010800 rw-p 0" "7f0020000-7f0020010 r-xp 0 /l/libc.so" >a
	text "7e0000000-7e0000021 rw-p 0" "7e0000021-7e0004000 ---p 0" "7e0004fff-7e0005000 ---p 0" "7e0005000-7e0005800 rw-p 0" \
		"7e0008000-7e0008180 rw-p 0" "7e0008180-7e000c000 ---p 0" "7e0020000-7e0020010 r-xp 0 /l/libc.so" >b
	run -1 --separate-stderr vm-diff a b
	[ "$(jq -c 'select(.type == "change" and (.cause.noise | not)) | [.event, .kind, .size, .was.size]' <<<"$output")" = '["RESIZE_MAPPING","arena",1572864,1048576]' ]
	vm-check <<<"$output"
}

@test "libraries in another order and memory split differently are equal" {
	text "10-14 r-xp 0 /l/one.so" "14-18 rw-p 0" "20-24 r-xp 0 /l/two.so" "24-26 rw-p 0" >a
	text "50-54 r-xp 0 /l/two.so" "54-56 rw-p 0" "70-74 r-xp 0 /l/one.so" "74-78 rw-p 0" >b
	run -0 --separate-stderr vm-diff a b
	vm-check -q <<<"$output"
	text "10-14 r-xp 0 /l/one.so" "14-1e rw-p 0" "20-24 r-xp 0 /l/two.so" >a
	text "10-14 r-xp 0 /l/one.so" "14-18 rw-p 0" "19-1f rw-p 0" "20-24 r-xp 0 /l/two.so" >b
	run -0 --separate-stderr vm-diff a b
	[[ $stderr == *"only split differently"* ]]
	[ "$(jq -r 'select(.cause.noise == "layout") | .event' <<<"$output" | wc -l)" = 2 ]
	vm-check -q <<<"$output"
}

@test "with --same-addresses a moved region is a difference" {
	text "1000-1004 r-xp 0 /bin/prog" >a
	text "5000-5004 r-xp 0 /bin/prog" >b
	run -0 --separate-stderr vm-diff a b
	run -1 --separate-stderr vm-diff --same-addresses a b
	vm-check -q <<<"$output"
	run -0 --separate-stderr vm-diff --same-addresses a a
}

@test "residency differs from --resident on" {
	{ begin; snap 1 '10 410 rw-p anon "rss":1048576'; finish; } >a
	{ begin; snap 1 '90 490 rw-p anon "rss":3145728'; finish; } >b
	run -1 --separate-stderr vm-diff a b
	[ "$(real <<<"$output")" = "RESIDENT_CHANGE 4194304 rw-p -" ]
	run -0 --separate-stderr vm-diff --resident 4M a b
	run -0 --separate-stderr vm-diff --resident 0 a b
	vm-check -q <<<"$output"
}

@test "any two moments of recordings are compared, and an exit hides nothing" {
	G=$ROOT/tests/golden/life.track.ndjson
	run -0 --separate-stderr vm-diff --at-a 1 --at-b 1 "$G" "$G"
	run -1 --separate-stderr vm-diff --at-a 1 --at-b 2 --same-addresses "$G" "$G"
	[ "$(jq -r 'select(.type == "mark").text' <<<"$output" | paste -sd,)" = "A: $G at 1 s,B: $G at 2 s" ]
	vm-check -q <<<"$output"
	run -0 --separate-stderr vm-diff "$G" "$ROOT/tests/golden/life.parse.ndjson"
	[[ $stderr == *"no difference; "* ]]
	run -2 --separate-stderr vm-diff --pid 1 "$G" "$G"
	[[ $stderr == *"no regions of process 1; there are: "* ]]
	run -2 --separate-stderr vm-diff --pid 1 /proc/self/maps /proc/self/maps
	[ "$stderr" = "vm-diff: /proc/self/maps: its lines name no process, so process 1 is not in it" ]
}

@test "an incomplete snapshot is ignored" {
	{ begin; snap 1 '10 20 rw-p anon'; snap 2 '10 18 rw-p anon' '30 31 r--p file' | head -2; } >a
	{ begin; snap 1 '90 a0 rw-p anon'; finish; } >b
	run -0 --separate-stderr vm-diff a b
	[[ $stderr == *"a: its last snapshot is incomplete; the state before it is used"* ]]
}

@test "conditions: the truth table" {
	{ begin; snap 1 '10 20 rw-p heap "rss":40960' '30 38 r-xp text "rss":32768,"name":"/l/a.so"'; finish; } >a
	{ begin; snap 1 '10 30 rw-p heap "rss":61440' '40 48 r-xp text "rss":32768,"name":"/l/a.so"' '50 51 rwxp jit "rss":0'; finish; } >b
	holds() { run -1 --separate-stderr vm-diff --fail-if "$1" a b && [[ $stderr == *"vm-diff: $1: "*" -> "* ]] || { echo "$1: $stderr"; return 1; }; }
	fails() { run -0 --separate-stderr vm-diff --fail-if "$1" a b || { echo "$1: $stderr"; return 1; }; }
	for good in 'heap.rss > +49%' 'heap.rss >= +50%' 'heap.rss = +50%' 'heap.rss > +19K' 'heap.rss=60K' 'heap.size != 64K' 'total.regions > +0' \
		'total.regions = 3' 'perms:rwx.regions > 0' 'perms:r-xp.size = +0' 'name:*a.so.rss <= 32K' 'jit.size > +1000%' 'kind:jit.regions >= 1' \
		'stack.rss = 0' 'total.rss < 100K' 'text.rss > -1%'; do holds "$good"; done
	for bad in 'heap.rss > +50%' 'heap.rss < +50%' 'heap.rss < -1K' 'heap.size = 64K' 'total.regions > 3' 'perms:rwx.regions < 1' 'name:nothing.size > 0' \
		'jit.rss > +5%' 'text.size != +0' 'heap.rss >= 60.1K'; do fails "$bad"; done
	run -1 --separate-stderr vm-diff -f 'heap.rss > +50%' -f 'total.regions > 2, heap.size > +1K' a b
	[ "$(jq -r 'select(.type == "finding") | .rule' <<<"$output" | wc -l)" = 2 ]
	[[ $stderr == *"heap.size > +1K: 64 KiB -> 128 KiB (+64 KiB, +100.0 %)"* ]]
	valid_stream <<<"$output"
}

@test "an empty condition is refused: an unset variable of a script is no success" {
	text "1000-1004 r-xp 0 /bin/prog" >a
	for empty in "" "," "heap.size > 0,"; do
		run -2 --separate-stderr vm-diff --fail-if "$empty" a a
		[[ $stderr == *"an empty condition"* ]] || { echo "$empty: $stderr"; return 1; }
	done
}

@test "an unreadable condition is refused with its column, one that cannot be judged is trouble" {
	text "1000-1004 rw-p 0" >a
	refused() { run -2 --separate-stderr vm-diff --fail-if "$1" a a && [[ $stderr == *"column $2: $3"* ]] || { echo "$1: $stderr"; return 1; }; }
	refused 'heap' 5 'expected an operator'
	refused 'heep.rss > 1' 1 "no kind \"heep\"; did you mean \"heap\"?"
	refused 'heap.rsss > 1' 6 "no measure \"rsss\"; did you mean \"rss\"?"
	refused 'heap.rss > 5%' 12 'a percentage needs a sign'
	refused 'heap.rss > 1x' 12 'not a size'
	refused 'heap.regions > 1.5' 16 'expected a number of regions'
	refused '.rss > 1' 1 'expected a subject'
	refused 'perms:q.rss > 1' 7 'expected letters of rwxps'
	refused 'heap.rss >' 11 'expected an amount'
	refused 'heap > 1' 5 'expected SUBJECT.MEASURE'
	refused 'heap.rss => 1' 10 'no such operator'
	refused 'heap.rss > 1 anon.rss > 1' 1 'separate conditions by commas'
	run -2 --separate-stderr vm-diff --fail-if 'total.rss > +1%' a a
	[[ $stderr == *"rss is unknown"* ]]
}

@test "a condition may name a kind that the YAML defines" {
	text "1000-1004 rw-p 0" >a
	printf 'kinds:\n  - { kind: pool, name: "", perms: "rw-p" }\n' >f.yaml
	run -1 --separate-stderr vm-diff -c f.yaml --fail-if 'pool.size > 1K' a a
	[[ $stderr == *"pool.size > 1K: 16 KiB -> 16 KiB"* ]]
	run -2 --separate-stderr vm-diff -c f.yaml --fail-if 'pol.size > 1K' a a
	[[ $stderr == *'did you mean "pool"?'* ]]
}

@test "YAML sets the conditions" {
	text "1000-1004 rw-p 0" >a
	printf 'vm-diff:\n  fail-if: ["total.size > 1K"]\n' >f.yaml
	run -1 --separate-stderr vm-diff -c f.yaml a a
	[[ $stderr == *"total.size > 1K: 16 KiB -> 16 KiB"* ]]
}

@test "status 2 means trouble: a missing file, bad lines, an unknown format, a full disk, wrong usage" {
	text "1000-1004 rw-p 0" >a
	{ begin; snap 1 '10 20 rw-p anon'; echo '{"type":'; finish; } >bad
	echo "no memory here" >none
	for arguments in "a missing" "a bad" "a none" "a" "" "a a --at-a x" "- -" "a a a --fail-if total.size>1"; do
		run -2 --separate-stderr vm-diff $arguments
		[[ $stderr == "vm-diff: "* ]] || { echo "$arguments: $stderr"; return 1; }
	done
	run -2 --separate-stderr bash -c "vm-diff a a >/dev/full"
	[[ $stderr == *"No space left"* ]]
	run -0 --separate-stderr bash -c "cat a | vm-diff - a | head -1"
}

@test "hostile names are compared byte by byte, and never reach the terminal" {
	mkdir d
	workload still d
	cat "/proc/$pid/maps" >a
	cat "/proc/$pid/maps" >b
	run -0 --separate-stderr vm-diff a b
	grep -q 'u001b\[31m' <<<"$output"
	valid_stream <<<"$output"
	sed '/script/d' a >c
	vm-diff -q a c >out || no_crash $?
	vm-check -q out
	vm-render --svg --view diff out >out.svg
	run ! grep -q '<script>alert' out.svg
	vm-render --view diff out >out.txt
	run ! grep -q $'\033\[31m' out.txt
}

@test "an input that cannot be read is one message, with the reason" {
	text "1000-1004 r-xp 0 /bin/prog" >a
	for bad in "$PWD" nothing; do
		run -2 --separate-stderr vm-diff a "$bad"
		[ -z "$output" ]
		[[ $stderr == "vm-diff: cannot read $bad: "* ]]
		[ "$(wc -l <<<"$stderr")" = 1 ]
		run -2 --separate-stderr vm-diff a a "$bad"
		[ "$(wc -l <<<"$stderr")" = 1 ]
	done
}

@test "of ten thousand anonymous regions at other addresses, the five new ones alone are different" {
	local base
	for base in 100 5000000; do
		awk -v base=$base 'function row(n, writable) {
			printf "%09x000-%09x000 %s 00000000 00:00 0 \n", base, base + n, writable ? "rw-p" : "r--p" }
		BEGIN { more = base > 100
			for (i = 0; i < 10000; i++) {
				n = 1 + i * 7 % 13
				row(n, i % 3); base += n + 1
				if (more && i % 2000 == 999) { row(77, 1); base += 78 }
			} }' >$base
	done
	run -1 --separate-stderr vm-diff 100 5000000
	[ "$(real <<<"$output")" = "$(for i in 1 2 3 4 5; do echo "MMAP_ADD 315392 rw-p -"; done)" ]
	vm-check -q <<<"$output"
}

@test "for several runs it reports how many bits of each base vary" {
	text "1000-1004 r-xp 0 /bin/prog" "2000-2021 rw-p 0 [heap]" "7000-7010 r-xp 0 /l/libx.so" "8000-8010 rw-p 0 [stack]" >a
	text "1000-1004 r-xp 0 /bin/prog" "2010-2031 rw-p 0 [heap]" "7001-7011 r-xp 0 /l/libx.so" "8002-8012 rw-p 0 [stack]" >b
	text "1000-1004 r-xp 0 /bin/prog" "2030-2051 rw-p 0 [heap]" "7003-7013 r-xp 0 /l/libx.so" "8002-8012 rw-p 0 [stack]" >c
	run -1 --separate-stderr vm-diff a b c
	[[ $stderr == *"3 runs, 5 bases, 1 of them at one address in every run"* ]]
	valid_stream <<<"$output"
	[ "$(jq -r 'select(.rule == "aslr") | "\(.base) \(.bits) \(.distinct) \(.severity)"' <<<"$output")" = "program 0 1 warning
/l/libx.so 2 3 info
heap 2 3 info
stack 1 2 info
mmap 2 3 info" ]
	run -1 --separate-stderr vm-diff --entropy a b
	vm-render --view events <<<"$output" | grep -q 'program: the same address'
}

@test "the entropy of several runs is a table that shows the varying bits" {
	text "1000-1004 r-xp 0 /bin/prog" "2000-2021 rw-p 0 [heap]" "7ffe0-7fff0 rw-p 0 [stack]" >a
	text "1000-1004 r-xp 0 /bin/prog" "2400-2421 rw-p 0 [heap]" "7ffe1-7fff1 rw-p 0 [stack]" >b
	text "1000-1004 r-xp 0 /bin/prog" "2100-2121 rw-p 0 [heap]" "7ffe0-7fff0 rw-p 0 [stack]" >c
	vm-diff -q --entropy a b c >out || no_crash $?
	for form in "--table" "--view aslr" "--svg --view aslr"; do
		run -0 --separate-stderr vm-render $form --width 160 out
		[[ $output == *"program"*"000000000000000000000000000000000000"* ]] || { echo "$form: $output"; return 1; }
		[[ $output == *"heap"*"000000000000000000000000010100000000"* ]]
		[[ $output == *"stack"*"000000000000000000000000000000000001"* ]]
		[[ $output == *"2 at the same address in every run"* ]]
	done
	run -0 --separate-stderr vm-render --view aslr --columns base,bits,span --sort -bits out
	[ "$(awk '$1 == "heap" || $1 == "stack" || $1 == "program" { print $1, $2, $3 }' <<<"$output" | paste -sd,)" = "heap 2 4096,stack 1 4,program 0 0" ]
	run -2 vm-render --view aslr --by kind out
	text "1000-1004 r-xp 0 /bin/prog" | vm-parse >one
	run -0 --separate-stderr vm-render --view aslr --width 200 one
	[[ $output == *"use vm-diff --entropy"* ]]
}

@test "the view diff shows both runs side by side in every renderer, and the table lists the differences" {
	text "1000-1004 r-xp 0 /bin/prog" "2000-2021 rw-p 0 [heap]" "9000-9010 r-xp 0 /l/libx.so" >a
	text "5000-5004 r-xp 0 /bin/prog" "6000-6042 rw-p 0 [heap]" "8000-8010 r-xp 0 /l/libx.so" "8100-8110 rwxp 0" >b
	vm-diff -q a b >out || no_crash $?
	run -0 --separate-stderr vm-render --view diff --width 100 out
	[[ $output == *"A: a (left), B: b (right)"* ]]
	[[ $output == *"~ [heap] 264 KiB rw-p (+132 KiB)"* ]]
	[[ $output == *"+ "*" 64 KiB rwxp"* ]]
	run -0 --separate-stderr vm-render --svg --view diff out
	[ "$(grep -c '<title>' <<<"$output")" -ge 7 ]
	[[ $output == *"changed (+132 KiB)"* ]]
	vm-render --trace --view diff out | grep -q 'heap'
	for form in "--table" "--table=diff" "--view diff --sort -size_delta"; do
		run -0 --separate-stderr vm-render $form out
		[ "$(grep -cE '^(new|grown) ' <<<"$output")" = 2 ] || { echo "$form: $output"; return 1; }
		run ! grep -q '^same' <<<"$output"
	done
	run -0 --separate-stderr vm-render --table=all out
	rows=$output
	run -0 --separate-stderr vm-render --table --preset all out
	[ "$output" = "$rows" ]
	run -0 --separate-stderr vm-render --view diff --preset all out
	[ "$output" = "$rows" ]
	[ "$(grep -c '^same ' <<<"$output")" = 2 ]
	run -2 vm-render --view diff --preset nix out
}

@test "the view diff shows the differences in a terminal of any height" {
	for i in {1..100}; do rows+=("$(printf '%x-%x rw-p 0 /f/%d' $((0x10000 + i * 16)) $((0x10000 + i * 16 + 2)) $i)"); done
	text "${rows[@]}" >a
	rows[50]=${rows[50]/rw-p/r--p}
	text "${rows[@]}" >b
	run --separate-stderr vm-diff -o out a b
	for height in 8 9 10 12 16 20 24 31 32 40; do
		run -0 --separate-stderr vm-render --ascii --view diff --width 120 --height $height out
		[[ $output == *" ~ "*"51"* ]] || { echo "$height: $output"; return 1; }
	done
}

@test "the view diff of hundreds of regions shows each difference, and folds the rest" {
	for i in {1..300}; do rows+=("$(printf '%x-%x rw-p 0 /f/%d' $((0x10000 + i * 16)) $((0x10000 + i * 16 + 2)) $i)"); done
	text "${rows[@]}" >a
	text "${rows[@]:0:100}" "1064a-10651 rw-p 0 /f/new" "${rows[@]:101:198}" "112c0-112c8 r--p 0 /f/300" >b
	vm-diff -q a b >out || no_crash $?
	run -0 --separate-stderr vm-render --ascii --view diff --width 120 out
	for told in "100 unchanged" "198 unchanged" "+ new 28 KiB" "- 101 8 KiB" "~ 300 32 KiB r--p"; do [[ $output == *"$told"* ]] || { echo "$told: $output"; return 1; }; done
	[ "$(grep -c " │ " <<<"$output")" -le 6 ]
	run -0 --separate-stderr vm-render --svg --view diff --height 320 out
	for told in "198 unchanged" "+ new 28 KiB" "- 101 8 KiB" "~ 300 32 KiB r--p (+24 KiB, rw-p -&gt; r--p)"; do [[ $output == *"$told"* ]] || { echo "$told: $output"; return 1; }; done
	# more differences than room: the largest are shown, the rest is counted
	text "${rows[@]/rw-p/r--p}" "20000-20100 rw-p 0 /f/large" >b
	vm-diff -q a b >out || no_crash $?
	run -0 --separate-stderr vm-render --svg --view diff --height 320 out
	[[ $output == *"smallest changes: "*" changed"* ]]
}

@test "the view diff of one recording shows two of its moments, tracked or not" {
	for stream in track parse; do
		run -0 --separate-stderr vm-render --table=diff --from 1 --to 2 "$ROOT/tests/golden/life.$stream.ndjson"
		[[ $output == *"A: at 1 s, B: at 2 s"* ]]
		grep -qE '^grown +stack' <<<"$output"
		grep -qE '^new +heap' <<<"$output"
	done
	text "1000-1004 r-xp 0 /bin/prog" | vm-parse >one
	run -0 --separate-stderr vm-render --view diff --width 200 one
	[[ $output == *"the input has one moment"* ]]
}

@test "for any two texts the changes lead from one exactly to the other" {
	requires cmd python3
	for seed in {1..60}; do
		python3 -I "$ROOT/tests/property/diff.py" "$seed" a b
		for option in "" --same-addresses; do
			vm-diff -q $option a b >out || [ $? = 1 ]
			vm-check -q out || { echo "seed $seed $option"; return 1; }
			vm-diff -q $option a a >/dev/null || { echo "seed $seed $option: not itself"; return 1; }
		done
	done
}

@test "reports of sums are compared by what both state, also with a report of regions; conditions too" {
	sums() { printf '%s\n' '12c00000-7fd14f2000 ---p 00000000 00:00 0                                [rollup]' "Rss:               $1 kB" "Pss:                $2 kB" "Swap:               $3 kB"; }
	sums 55656 7071 0 >"$BATS_TEST_TMPDIR/a"
	sums 75656 7072 0 >"$BATS_TEST_TMPDIR/b"
	run -1 --separate-stderr vm-diff "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b"
	[[ $stderr == *"sums are compared"*"total rss: 54.4 MiB -> 73.9 MiB (+19.5 MiB)"* && $stderr != *pss* ]]
	echo "$output" >"$BATS_TEST_TMPDIR/out"
	vm-check -q "$BATS_TEST_TMPDIR/out"
	valid_stream <"$BATS_TEST_TMPDIR/out"
	[ "$(jq -c 'select(.type == "snapshot") | [.t, .regions, .rss / 1024]' "$BATS_TEST_TMPDIR/out" | paste -sd' ')" = '[0,0,55656] [1,0,75656]' ]
	run -0 vm-render --table "$BATS_TEST_TMPDIR/out"
	[[ $output == *"sums without regions"*75656* ]]
	run -0 --separate-stderr vm-diff "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/a" -o /dev/null
	[[ $stderr == *"no difference in the sums"* ]]
	run -1 --separate-stderr vm-diff -f 'total.rss > +30%' "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b" -o /dev/null
	run -0 --separate-stderr vm-diff -f 'total.rss > +40%' "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b" -o /dev/null
	run -2 --separate-stderr vm-diff -f 'name:x.rss > +40%' "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b" -o /dev/null
	[[ $stderr == *"neither names nor permissions"* ]]
	printf '%s\n' '7f0000000000-7f0000100000 rw-p 00000000 00:00 0 ' 'Size:               1024 kB' 'Rss:                1024 kB' >"$BATS_TEST_TMPDIR/regions"
	run -1 --separate-stderr vm-diff "$BATS_TEST_TMPDIR/regions" "$BATS_TEST_TMPDIR/a" -o /dev/null
	[[ $stderr == *"total rss: 1.0 MiB -> 54.4 MiB"* || $stderr == *"total rss: 1 MiB -> 54.4 MiB"* ]]
	printf '%s\n' 'Process:         app [7]' 'Path:            /Applications/x' 'Report Version:  7' 'Analysis Tool:   /usr/bin/heap' '' 'Physical footprint:         163.0M' '----' >"$BATS_TEST_TMPDIR/footprint"
	run -2 --separate-stderr vm-diff "$BATS_TEST_TMPDIR/footprint" "$BATS_TEST_TMPDIR/a" -o /dev/null
	[[ $stderr == *"no amount in common"* ]]
}
