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
