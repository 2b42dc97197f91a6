#!/usr/bin/env bats
# The view compare: which regions and pages of a child are still shared with its parent.
load helper

# record DETAIL: the workload pages and its child after it has diverged, tracked into $BATS_FILE_TMPDIR/DETAIL. Sets pid and child.
record() {
	local detail=$1 sampler before
	raw=$BATS_TEST_TMPDIR/raw
	head -c 65536 /dev/zero >"$BATS_TEST_TMPDIR/file"
	workload pages "$BATS_TEST_TMPDIR/file"
	vm-sample -f -p "$pid" -i 5ms --detail "$detail" -O share=100 >"$raw" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	sampler=$!
	until_true grep -q "\"sample\".*\"pid\":$pid," "$raw"
	kill -USR1 "$pid"
	IFS= read -r -t 100 -u "${kept[0]}" added
	IFS= read -r -t 100 -u "${kept[0]}" line
	[[ $line =~ ^child\ ([0-9]+)\ ready$ ]]
	child=${BASH_REMATCH[1]} started+=("${BASH_REMATCH[1]}")
	before=$(grep -c "\"sample\".*\"pid\":$child," "$raw" || true)
	until_true eval "[ \$(grep -c '\"sample\".*\"pid\":$child,' $raw) -ge $((before + 3)) ]"
	kill -INT "$sampler"
	wait "$sampler"
	vm-parse "$raw" | vm-track >"$BATS_TEST_TMPDIR/run"
}

at() { # NAME: address of that mapping of the workload, as in the table
	{ echo "$ready_text"; echo "$added"; } | sed -n "s/^$1 0x0*\([0-9a-f]*\) .*/0x\1/p"
}

row() { # NAME: change, private and shared KiB of that region
	vm-render --table=compare --columns start,change,private,shared "$BATS_TEST_TMPDIR/run" |
		awk -v at="$(at "$1")" '$1 == at { print $2, $3, $4 }'
}

@test "each region of a child is shared, private since the fork, changed, added or gone, to the page" {
	record pages
	[ "$(row copy)" = "private 40 216" ]
	[ "$(row every)" = "shared 0 128" ]
	[ "$(row changed)" = "changed 0 256" ]
	[ "$(row added)" = "added 128 0" ]
	[ "$(row gone)" = "gone - -" ]
}

@test "smaps gives the same, region by region" {
	record smaps
	[ "$(row copy)" = "private 40 216" ]
	[ "$(row every)" = "shared 0 128" ]
	[ "$(row gone)" = "gone - -" ]
}

@test "a child that writes while it is watched has private pages at once, though no rss changes" {
	region() { # T PID SEQ SHARED PRIVATE: the one region of a process, of 256 KiB
		printf '{"type":"snapshot","t":%s,"pid":%d,"seq":%d,"regions":1}\n' "$1" "$2" "$3"
		printf '{"type":"region","t":%s,"pid":%d,"seq":%d,"start":"0x00007f0000000000","end":"0x00007f0000040000","size":262144,"perms":"rw-p","kind":"anon","rss":262144,"anonymous":262144,"shared_clean":0,"shared_dirty":%d,"private_clean":0,"private_dirty":%d}\n' "$1" "$2" "$3" "$4" "$5"
	}
	{
		printf '{"type":"stream","t":0,"version":1,"program":"test"}\n{"type":"process","t":0,"pid":7,"why":"first","name":"parent"}\n'
		region 0 7 0 0 262144
		printf '{"type":"process","t":1,"pid":8,"why":"fork","ppid":7,"name":"child"}\n'
		region 1 7 1 262144 0
		region 1 8 0 262144 0
		region 2 8 1 221184 40960
		region 2 7 2 221184 40960
		echo '{"type":"end","t":3,"reason":"count"}'
	} | vm-track >"$BATS_TEST_TMPDIR/run"
	vm-check "$BATS_TEST_TMPDIR/run"
	run -0 vm-render --table=compare --columns change,private,shared "$BATS_TEST_TMPDIR/run"
	grep -q '^private  *40  *216' <<<"$output"
}

@test "with maps alone regions are compared, and a note names the missing data" {
	record maps
	[[ $(row copy) == shared* ]]
	run --separate-stderr vm-render --view compare --width 200 "$BATS_TEST_TMPDIR/run"
	[ "$status" = 0 ]
	[[ $output == *"what was written since the fork is unknown"* ]]
	[[ $(row changed) == changed* && $(row added) == added* && $(row gone) == gone* ]]
}

@test "the pages of the picture are the pages that pagemap reports as the child's alone" {
	record pages
	start=$(at copy)
	# the child has written the first ten pages: one box of 40 KiB private, and 216 KiB still shared
	vm-render --svg --view compare "$BATS_TEST_TMPDIR/run" >"$BATS_TEST_TMPDIR/svg"
	grep -q "40 KiB of pages: only here&#10;within $start" "$BATS_TEST_TMPDIR/svg" || grep -q "40 KiB of pages: only here" "$BATS_TEST_TMPDIR/svg"
	requires cmd xmllint
	xmllint --noout "$BATS_TEST_TMPDIR/svg"
}

@test "by preset the child is selected and its parent the reference; --pid and --reference exchange them" {
	record pages
	run --separate-stderr vm-render --view compare "$BATS_TEST_TMPDIR/run"
	[[ ${lines[0]} == "pages ($pid) (reference) and pages ($child)" ]]
	run --separate-stderr vm-render --view compare --pid "$pid" --reference "$child" "$BATS_TEST_TMPDIR/run"
	[[ ${lines[0]} == "pages ($child) (reference) and pages ($pid)" ]]
	run --separate-stderr vm-render --table=compare --pid "$pid" --reference "$child" --columns start,change "$BATS_TEST_TMPDIR/run"
	grep -q "$(at gone) *added" <<<"$output"
	run --separate-stderr vm-render --view compare --reference 99999 "$BATS_TEST_TMPDIR/run"
	[ "$status" = 0 ]
	[[ $output == *"no process 99999 in the input"* ]]
}

# late DETAIL: the workload pages and its child, which are recorded after the fork alone, into $BATS_TEST_TMPDIR/run. Sets pid and child.
late() {
	head -c 65536 /dev/zero >"$BATS_TEST_TMPDIR/file"
	workload pages "$BATS_TEST_TMPDIR/file"
	kill -USR1 "$pid"
	IFS= read -r -t 100 -u "${kept[0]}" added
	IFS= read -r -t 100 -u "${kept[0]}" line
	[[ $line =~ ^child\ ([0-9]+)\ ready$ ]]
	child=${BASH_REMATCH[1]} started+=("${BASH_REMATCH[1]}")
	vm-sample -p "$pid,$child" -n 2 --detail "$1" -O share=100 | vm-parse | vm-track >"$BATS_TEST_TMPDIR/run"
}

@test "a fork before the recording: parent and child are kin by layout, and private pages are counted" {
	for detail in pages smaps; do
		late "$detail"
		[ "$(row copy)" = "private 40 216" ]
		[ "$(row every)" = "shared 0 128" ]
		[ "$(row changed)" = "changed 0 256" ]
		[ "$(row gone)" = "reference - -" ]
		run --separate-stderr vm-render --view compare --pid "$child" --width 200 "$BATS_TEST_TMPDIR/run"
		[ "$status" = 0 ]
		[[ $output == *"the fork was before the recording"* ]]
		case $detail in
		pages) [[ ${lines[1]} == *"private since the fork"*"(by page)"* ]] ;;
		smaps) [[ ${lines[1]} == *"private since the fork"*"(Private_Dirty of smaps)"* ]] ;;
		esac
		kill "$child" "$pid" && wait "$pid" || true
		exec {kept[0]}<&-
		kept=()
	done
	late maps # nothing is known of pages: the parent alone makes them kin
	[[ $(row copy) == shared* && $(row changed) == changed* ]]
}

@test "the bytes of the subtitle are the sum of private pages, whatever the number of regions" {
	late pages
	private=$(vm-render --table=compare --columns change,private "$BATS_TEST_TMPDIR/run" | awk '$1 == "private" || $1 == "changed" { sum += $2 } END { print sum }')
	run --separate-stderr vm-render --view compare --width 200 "$BATS_TEST_TMPDIR/run"
	[[ ${lines[1]} == *": $private KiB private since the fork"* ]]
}

@test "two runs of one program without randomized addresses lie alike, and are no kin" {
	requires cmd setarch
	setarch -R true || skip "addresses cannot be fixed here"
	for i in 1 2; do
		mkfifo "$BATS_TEST_TMPDIR/in$i" "$BATS_TEST_TMPDIR/out$i"
		setarch -R "$WORKLOADS/step" <"$BATS_TEST_TMPDIR/in$i" >"$BATS_TEST_TMPDIR/out$i" 3>&- &
		two[i]=$! started+=("$!")
		exec {in}>"$BATS_TEST_TMPDIR/in$i" {out}<"$BATS_TEST_TMPDIR/out$i"
		kept+=("$in" "$out")
		echo "mmap 4 rw" >&"$in"
		IFS= read -r -t 100 -u "$out" line
	done
	vm-sample -p "${two[1]},${two[2]}" -n 1 --detail smaps | vm-parse | vm-track >"$BATS_TEST_TMPDIR/run"
	run --separate-stderr vm-render --view compare --pid "${two[2]}" --width 200 "$BATS_TEST_TMPDIR/run"
	[ "$status" = 0 ]
	[[ $output == *"no region in common"* ]]
}

@test "before the fork there is nothing to compare, and a stream of one process gives the reason" {
	record pages
	run --separate-stderr vm-render --view compare --at 0 "$BATS_TEST_TMPDIR/run"
	[ "$status" = 0 ]
	grep -v "\"pid\":$child" "$BATS_TEST_TMPDIR/run" >"$BATS_TEST_TMPDIR/one"
	run --separate-stderr vm-render --view compare "$BATS_TEST_TMPDIR/one"
	[ "$status" = 0 ]
	[[ $output == *"the input has one process"* ]]
}

@test "every renderer draws the view" {
	record pages
	for renderer in ascii svg gnuplot trace; do
		vm-render "--$renderer" --view compare "$BATS_TEST_TMPDIR/run" >"$BATS_TEST_TMPDIR/out"
		grep -q "private since the fork" "$BATS_TEST_TMPDIR/out"
	done
}

@test "after an exec no region descends from the parent" {
	step_start
	vm-sample -f -p "$pid" -i 5ms --detail smaps -O share=100 >"$BATS_TEST_TMPDIR/raw" 2>/dev/null 3>&- &
	sampler=$!
	until_true grep -q '"sample"' "$BATS_TEST_TMPDIR/raw"
	step exec
	until_true grep -q '"why":"exec"' "$BATS_TEST_TMPDIR/raw"
	kill -INT "$sampler"
	wait "$sampler" || no_crash $?
	run --separate-stderr bash -c "vm-parse '$BATS_TEST_TMPDIR/raw' | vm-render --view compare"
	[[ $output == *"the input has one process"* ]]
}

@test "an unknown column is refused with the known columns" {
	run --separate-stderr vm-render --table=compare --columns nonsense /dev/null
	[ "$status" = 2 ]
	[[ $stderr == *change*private* ]]
}
