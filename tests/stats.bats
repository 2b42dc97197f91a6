# The view stats, compared with what awk counts in smaps of another program, and with reports written for this test.
load helper

# section, what -> the other cells of that row, as in the trace
row() { vm-render --ascii --view stats --width 300 "$BATS_TEST_TMPDIR/s" | grep -E "^$1 +$2 " || { echo "no row $1 $2"; return 1; }; }

@test "regions, size, residency and fair share equal those of smaps" {
	workload still "$BATS_TEST_TMPDIR"
	kill -STOP "$pid"
	cat "/proc/$pid/smaps" >"$BATS_TEST_TMPDIR/smaps"
	vm-parse "$BATS_TEST_TMPDIR/smaps" >"$BATS_TEST_TMPDIR/s"
	want=$(awk '/^[0-9a-f]+-/ { n++ } /^Size:/ { s += $2 } /^Rss:/ { r += $2 } /^Pss:/ { p += $2 } END { print n, s, r, p }' "$BATS_TEST_TMPDIR/smaps")
	[ "$(row kinds all | awk '{ print $3, $4, $5, $6 }')" = "$want" ]
	want=$(awk '/^Private/ { own += $2 } /^Shared_(Clean|Dirty)/ { others += $2 } END { print own, others }' "$BATS_TEST_TMPDIR/smaps")
	[ "$(row sharing 'private pages' | awk '{ print $6 }') $(row sharing 'shared pages' | awk '{ print $6 }')" = "$want" ]
}

@test "the largest hole is the one that awk finds" {
	cat /proc/self/maps >"$BATS_TEST_TMPDIR/maps"
	vm-parse "$BATS_TEST_TMPDIR/maps" >"$BATS_TEST_TMPDIR/s"
	want=$(jq -rs 'def n: ltrimstr("0x") | ascii_downcase | explode | reduce .[] as $c (0; . * 16 + (if $c > 57 then $c - 87 else $c - 48 end));
		[.[] | select(.type == "region" and .kind != "vsyscall") | [(.start | n), (.end | n)]] | [., .[1:]] | transpose | map(select(.[0] and .[1]) | .[1][0] - .[0][1]) | max / 1024' "$BATS_TEST_TMPDIR/s")
	[ "$(row space 'largest hole' | awk '{ print $5 }')" = "$want" ]
}

@test "guards, stacks without a guard, and writable and executable memory are counted" {
	printf '%s\n' '10000000-10001000 ---p 00000000 00:00 0 ' '10001000-10801000 rw-p 00000000 00:00 0          [stack:12]' \
		'20001000-20801000 rw-p 00000000 00:00 0          [stack:13]' '30000000-30001000 rwxp 00000000 00:00 0 ' '40000000-40001000 r-xp 00000000 00:00 0 ' \
		'7ffffffde000-7ffffffff000 rwxp 00000000 00:00 0                          [stack]' | vm-parse >"$BATS_TEST_TMPDIR/s"
	[ "$(row audit guards | awk '{ print $3 }')" = 1 ]
	[ "$(row audit 'thread stacks' | head -1 | awk '{ print $4 }')" = 2 ]
	[[ $(row audit 'thread stacks without a guard below') =~ below\ +1\ +8192\ .*0x20001000 ]]
	[[ $(row audit 'writable and executable') =~ executable\ +2\ .*0x30000000 ]]
	[[ $(row audit 'executable stacks') =~ stacks\ +1\  ]]
	[[ $(row audit 'executable, not from a file') =~ file\ +3\  ]]
}

@test "a process has its place among the programs of a table of region counts" {
	for want in "3 fewer than simple" "7 about as many as simple" "12 between simple .sleep. and a shell" "20 about as many as a shell" "60 about as many as a database" \
		"150 about as many as an IDE" "400 about as many as a browser" "900 more than browsers"; do
		n=${want%% *}
		seq "$n" | awk '{ printf "%08x-%08x rw-p 00000000 00:00 0 \n", $1 * 65536, $1 * 65536 + 4096 }' | vm-parse >"$BATS_TEST_TMPDIR/s"
		[[ $(row programs '> this process') =~ $n\ .*${want#* } ]]
	done
	run -0 vm-render --ascii --view stats --width 200 "$BATS_TEST_TMPDIR/s"
	[[ $output == *"5 to 10 regions"*"15 to 25 regions"*"50 to 100 regions"*"100 to 200 regions"*"200 to 500 regions"* ]]
}

@test "for a vmmap report: sharing modes, guards, and what maximum permissions would allow" {
	vm-parse "$ROOT/tests/texts/vmmap.txt" >"$BATS_TEST_TMPDIR/s"
	want=$(jq -s '[.[] | select(.type == "region" and .share == "cow")] | length' "$BATS_TEST_TMPDIR/s")
	[[ $(row sharing 'copy on write .cow.') =~ \ +$want\  ]]
	want=$(jq -s '[.[] | select(.type == "region" and .kind == "guard")] | length' "$BATS_TEST_TMPDIR/s")
	[[ $(row audit guards) =~ guards\ +$want\  ]]
}

@test "unknown values are named unknown, never shown as 0" {
	vm-parse "/proc/$$/maps" >"$BATS_TEST_TMPDIR/s"
	run -0 vm-render --ascii --view stats "$BATS_TEST_TMPDIR/s"
	[[ $output == *"what is resident is unknown"* && $output != *"rss KiB"* ]]
	run -0 vm-render --ascii --view stats </dev/null
	[[ $output == *"empty"* ]]
}

@test "the user may choose filters and columns, but no groups" {
	vm-parse "/proc/$$/smaps" >"$BATS_TEST_TMPDIR/s"
	run -0 vm-render --ascii --view stats --kind heap --columns what,size "$BATS_TEST_TMPDIR/s"
	[[ $output != *"programs"* && $output != *"text"* && $output == *"heap"* ]]
	run -2 vm-render --view stats --by kind "$BATS_TEST_TMPDIR/s"
	run -2 vm-render --view stats --columns sise "$BATS_TEST_TMPDIR/s"
}

@test "every renderer draws the view" {
	vm-parse "/proc/$$/smaps" >"$BATS_TEST_TMPDIR/s"
	for renderer in svg ascii gnuplot trace; do
		run -0 --separate-stderr vm-render -r "$renderer" --view stats "$BATS_TEST_TMPDIR/s"
		[[ $output == *"largest hole"* ]]
	done
}

@test "code that is written through another mapping of its pages evades W^X, and code of other pages does not" {
	maps() { printf '%s\n' "7f0000000000-7f0000010000 rw-s 00000000 00:01 7 /memfd:double (deleted)" "7f0000010000-7f0000020000 r-xs $1 00:01 7 /memfd:double (deleted)"; }
	maps 00008000 >"$BATS_TEST_TMPDIR/maps"
	vm-parse "$BATS_TEST_TMPDIR/maps" >"$BATS_TEST_TMPDIR/s"
	[[ "$(row audit 'writable and executable')" == *' 0 '*'W^X is evaded'* ]]
	[[ "$(row audit 'executable, written through another mapping')" == *' 1 '*' 64 '*'first: jit at 0x7f0000010000'* ]]
	maps 00010000 >"$BATS_TEST_TMPDIR/maps"
	vm-parse "$BATS_TEST_TMPDIR/maps" >"$BATS_TEST_TMPDIR/s"
	[[ "$(row audit 'writable and executable')" == *'W^X holds'* ]]
	run row audit 'executable, written through another mapping'
	[ "$status" = 1 ]
}
