#!/usr/bin/env bats
# Inputs that were once read or shown wrongly, and the kinds of fault behind them: what each view must say of them now.
# Recordings and programs that are not in the repository are read where they are (cases/ beside the samples).
load helper
load stream

cases() {
	requires samples
	CASES=$SAMPLES/../cases
	[ -d "$CASES" ] || skip "needs the folder cases beside the samples"
}

# Counts the rows of a timeline in which both letters stand.
rows_with_both() { sed -n 's/^[^│┤≈]*[│┤≈]//p' | grep -c "$1.*$2\|$2.*$1" || true; }

# The column NAME of the row whose first cell is KEY, in a table as JSON.
cell() { jq -r --arg key "$1" --arg name "$2" '(.columns | map(.name) | index($name)) as $at | .rows[] | select(.cells[0] == $key) | .cells[$at]'; }

@test "a region that grows within a row of the timeline keeps its cells: its neighbour does not show where it is smaller" {
	{
		begin
		# Four pages of a file below a heap that grows by 196 KiB at each sample.
		for i in {0..38}; do
			snap "$i" "55f4a8577 55f4a8578 r--p rodata" "55f4a8578 55f4a8579 r--p rodata" "55f4a8579 55f4a857a r--p rodata" \
				"55f4a857a 55f4a857b r--p rodata" "55f4e0166 $(printf %x $((16#55f4e0166 + 586 + i * 49))) rw-p heap \"name\":\"[heap]\""
		done
		finish 39
	} >"$BATS_TEST_TMPDIR/in"
	for height in 10 11 12 13 14 16 18 20 24 30 40; do
		vm-render --width 80 --height $height "$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out"
		[ "$(rows_with_both H r <"$BATS_TEST_TMPDIR/out")" = 0 ] || { cat "$BATS_TEST_TMPDIR/out"; return 1; }
	done
}

@test "what a report states beyond its parts is a row of its own, and every view has the same whole" {
	printf '%s\n' 'Physical footprint:         98.4M' \
		'MALLOC_LARGE                      96.0M    96.0M    96.0M       0K       0K       0K       0K        1         see MALLOC ZONE table below' \
		'TOTAL                              1.1G   130.2M   100.1M       0K       0K       0K       0K     1200 ' >"$BATS_TEST_TMPDIR/in"
	vm-parse -q "$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/parsed"
	[ "$(vm-render --json --view table "$BATS_TEST_TMPDIR/parsed" | cell unknown "size KiB")" = 1055129.6 ]
	for view in table explain; do
		vm-render --json --view $view "$BATS_TEST_TMPDIR/parsed" | jq -e '.totals | index("1153433.6") and index("133324.8")' >/dev/null
	done
	[[ $(vm-render --view area --height 12 "$BATS_TEST_TMPDIR/parsed") == *"last 130 MiB"* ]]
	# A hundredth is rounding.
	vm-parse -q <<<'{"app_name":"x","bug_type":"309"}
{"pid":7,"procName":"x","vmSummary":"REGION TYPE    SIZE   COUNT\n===========\nMALLOC_TINY 1024K 1\n__TEXT 112.1M 44\n===========\nTOTAL 113.0M 45\n"}' | vm-render --json --view table >"$BATS_TEST_TMPDIR/table"
	[ "$(cell unknown "size KiB" <"$BATS_TEST_TMPDIR/table")" = "" ]
}

@test "a report that states a footprint alone is shown with it" {
	printf '%s\n' 'Process:         app [11729]' 'Path:            /Applications/x' 'Report Version:  7' 'Analysis Tool:   /usr/bin/heap' '' \
		'Physical footprint:         163.0M' 'Physical footprint (peak):  246.5M' '----' '' 'Process 11729: 2 zones' >"$BATS_TEST_TMPDIR/in"
	vm-parse "$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/parsed"
	for view in table explain; do
		run -0 vm-render --view $view "$BATS_TEST_TMPDIR/parsed"
		[[ $output == *"physical footprint: 163 MiB, 246 MiB at its peak"* && $output != *"no memory map"* ]]
	done
	[[ $(vm-render --view area --width 200 "$BATS_TEST_TMPDIR/parsed") == *"--view explain shows what it states"* ]]
}

@test "legend, peaks and kinds of a recording are one in every view (external samples)" {
	cases
	cd "$CASES/stream"
	vm-parse -q --every 1s legend/a.txt legend/b.txt | vm-track -q >"$BATS_TEST_TMPDIR/legend"
	run -0 vm-render "$BATS_TEST_TMPDIR/legend"
	[[ $output == *"heap 1 at the end, 320 KiB"* ]]
	for view in area tree; do
		run -0 vm-render --view $view demo_area_vs_timeline.tracked.ndjson
		[[ $output == *"anon "*"16.0 MiB"* && $output != *"17.0 MiB"* ]]
	done
	[ "$(vm-render --json --view summary demo_area_vs_timeline.tracked.ndjson | cell anon "rss peak KiB")" = 16388 ]
	vm-track -q kind_kept_sums_not.parsed.ndjson >"$BATS_TEST_TMPDIR/kinds"
	[ "$(vm-render --json --view table --by kind "$BATS_TEST_TMPDIR/kinds" | jq -r '.rows[].cells[0]')" = bss ]
	[[ $(vm-render --view area "$BATS_TEST_TMPDIR/kinds") == *"bss 1 MiB"*"gc 0 B"* ]]
	vm-track -q stale_pss.parsed.ndjson >"$BATS_TEST_TMPDIR/pss"
	[ "$(vm-render --json --view stats "$BATS_TEST_TMPDIR/pss" | jq -r '.rows[] | select(.cells[1] == "all") | .cells | index("1024") != null')" = true ]
	[[ $(vm-render --view explain "$BATS_TEST_TMPDIR/pss") == *"(PSS) is 1 MiB"* ]]
	run -0 vm-render --view area --by region region_label_frozen.tracked.ndjson
	[[ $output == *"anon 0x7f0000000000 1.0 MiB"* ]]
}

@test "processes that end together are added up as they were just before (external samples)" {
	cases
	run -0 vm-render --view summary "$CASES/stream/three_exits_within_80us.tracked.ndjson"
	[[ $output == *"-> 42.3 MiB, rss 3.1 MiB -> 35.3 MiB"* ]]
	run -0 vm-render --width 100 --height 40 "$CASES/stream/three_exits_within_80us.tracked.ndjson"
	[[ $output == *"heap 3 at the end, 3.2 MiB"* ]]
}

@test "a heap whose top alone moves is heap all along its rows (external samples)" {
	cases
	for size in "120 36" "80 24" "100 30" "200 50"; do
		vm-render --width "${size% *}" --height "${size#* }" "$CASES/stream/heap_row.tracked.ndjson" >"$BATS_TEST_TMPDIR/out" 2>/dev/null || no_crash $?
		[ "$(rows_with_both H r <"$BATS_TEST_TMPDIR/out")" = 0 ] || { cat "$BATS_TEST_TMPDIR/out"; return 1; }
	done
}

@test "each region that is gone has a line beside its partner (external samples)" {
	cases
	run -0 vm-render --view diff --from 2.9 --to 2.99 --width 110 "$CASES/stream/diff_rows/q2.ndjson"
	[ "$(grep -c '│ - gc' <<<"$output")" = 4 ]
	[[ $output == *"0 new, 3 changed, 4 gone; 114 -> 110 regions"* ]]
}

@test "-r changes no identity, an exec between two texts is one, and raw lines are never within a budget (external samples)" {
	cases
	cd "$CASES/stream"
	vm-parse -q --every 1s move_r0/*.txt >"$BATS_TEST_TMPDIR/moved"
	for r in "" "-r 0" "-r 1M"; do
		[ "$(vm-track -q $r "$BATS_TEST_TMPDIR/moved" | jq -r 'select(.type == "change" and .event != "RESIDENT_CHANGE") | .event' | paste -sd' ')" = "MUNMAP_REMOVE MMAP_ADD" ]
	done
	for exec in ep ex; do
		[ "$(vm-parse -q exec_text/${exec}1.txt exec_text/${exec}2.txt | vm-track -q | jq -r 'select(.type == "change") | .event' | sort -u)" = EXEC_REBUILD ]
	done
	run -1 --separate-stderr vm-track --budget budget.yaml raw_to_track.raw.zst -o /dev/null
	[[ $stderr == *"not judged"* ]]
}
