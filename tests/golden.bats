# Each stage of the pipe, compared with its golden file: `make golden` rewrites, `git diff` is the review.
load helper

golden=$ROOT/tests/golden

# held NAME COMMAND...: the command's output, without its stage line (times differ), equals the golden file NAME.
held() {
	local name=$1 status=0
	shift
	"$@" >"$BATS_TEST_TMPDIR/out" || status=$?
	[ "$status" -eq 0 ] || { echo "$* ended with $status" >&2; return 1; }
	sed -i '/^{"type":"stage"/d' "$BATS_TEST_TMPDIR/out"
	if [ "${GOLDEN:-}" = write ]; then cp "$BATS_TEST_TMPDIR/out" "$golden/$name"; fi
	diff -u "$golden/$name" "$BATS_TEST_TMPDIR/out"
}

@test "vm-parse turns a recorded life into the golden regions" { held life.parse.ndjson vm-parse "$golden/life.raw.ndjson"; }
@test "vm-track turns the regions into the golden changes" { held life.track.ndjson vm-track "$golden/life.parse.ndjson"; }
@test "vm-check accepts the golden changes" { vm-check "$golden/life.track.ndjson"; }

@test "vm-diff of two moments equals the golden differences" {
	held life.diff.ndjson bash -c "cd '$golden' && { vm-diff -q --at-a 1 --at-b 2 life.track.ndjson life.parse.ndjson || [ \$? = 1 ]; }"
	vm-check -q "$golden/life.diff.ndjson"
}

@test "each view equals its golden text" {
	for view in timeline map area table events tree summary cards diff explain stats; do
		held "life.$view.txt" vm-render --ascii --width 100 --view "$view" "$golden/life.track.ndjson"
	done
}

@test "without colours or Unicode the text is plain ASCII" {
	held life.plain.txt env LC_ALL=C NO_COLOR=1 vm-render --ascii --width 80 --height 24 "$golden/life.track.ndjson"
	run ! grep -nP '[^\x00-\x7f]' "$golden/life.plain.txt"
}

@test "each view equals its golden SVG" {
	for view in timeline map area table events tree summary cards diff explain stats; do
		held "life.$view.svg" vm-render --svg -O script=no --view "$view" "$golden/life.track.ndjson"
	done
}

@test "each view equals its golden figure" {
	for view in timeline map area table events tree summary cards diff explain stats; do
		held "life.$view.trace" vm-render --trace --view "$view" "$golden/life.track.ndjson"
	done
}

@test "an untracked stream gives the same picture as a tracked one" {
	vm-render --svg -O script=no "$golden/life.parse.ndjson" >"$BATS_TEST_TMPDIR/untracked.svg"
	diff "$golden/life.timeline.svg" "$BATS_TEST_TMPDIR/untracked.svg"
}

@test "lines that jq has rewritten are read the same" {
	requires cmd jq
	jq -cS . "$golden/life.parse.ndjson" >"$BATS_TEST_TMPDIR/sorted"
	vm-track "$BATS_TEST_TMPDIR/sorted" | grep '"type":"change"' >"$BATS_TEST_TMPDIR/changes"
	grep '"type":"change"' "$golden/life.track.ndjson" | diff - "$BATS_TEST_TMPDIR/changes"
}
