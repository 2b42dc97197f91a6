# vm-check: streams that it accepts, and every way in which a tracked stream can contradict itself.
load helper
load stream

setup() {
	requires cmd jq
	good=$BATS_TEST_TMPDIR/good
	{ begin; snap 1 '10 18 rw-p anon "rss":4096' '20 24 r--p text "rss":8192'
	snap 2 '10 12 rw-p anon "rss":4096' '14 18 rw-p anon "rss":0' '20 24 r--p text "rss":8192'
	snap 3 '10 12 rw-p anon "rss":8192' '14 18 r--p anon "rss":0' '20 24 r--p text "rss":8192'; finish; } | vm-track --keyframe 2s >"$good"
}

# contradicts PATTERN JQ…: changes the good stream with a jq filter; vm-check must refuse it with a message like PATTERN and the line.
contradicts() {
	jq -c "$2" "$good" >"$BATS_TEST_TMPDIR/bad"
	run -1 --separate-stderr vm-check "$BATS_TEST_TMPDIR/bad"
	[[ "$stderr" == *"vm-check: $BATS_TEST_TMPDIR/bad:"*$1* ]] || { echo "$stderr"; return 1; }
	[[ "$output" == "wrong: "* ]]
}

@test "a stream of vm-track is ok, and the verdict is one line with counts" {
	run -0 --separate-stderr vm-check "$good"
	[ "$output" = "ok: 1 process, 2 key frames, 4 changes in 3 acts" ]
	[ -z "$stderr" ]
}

@test "with -q the verdict is only the status" {
	run -0 vm-check -q "$good"
	[ -z "$output" ]
	jq -c 'select(.event != "PERM_CHANGE")' "$good" >"$BATS_TEST_TMPDIR/bad"
	run -1 vm-check -q "$BATS_TEST_TMPDIR/bad"
	[ -z "$output" ]
}

@test "members in another order, and numbers in another form, are the same" {
	run -0 bash -c "jq -cS . '$good' | vm-check"
}

@test "a missing change is found at the next key frame, with both values" {
	contradicts 'key frame 3: region 3: the changes lead to perms "rw-p", the key frame has "r--p"' 'select(.event != "PERM_CHANGE")'
}

@test "a wrong measure is found" {
	contradicts 'region 1: the changes lead to rss 1, the key frame has 8192' 'if .event == "RESIDENT_CHANGE" then .rss = 1 else . end'
}

@test "a region without a change that added or removed it is found" {
	contradicts 'region 3 is in the key frame, but no change added it' 'select(.id != 3 or .type == "region")'
	contradicts 'region 2 is not in the key frame, but no change removed it' 'select(.t != 3 or .id != 2) | if .t == 3 and .type == "snapshot" then .regions = 2 else . end'
}

@test "a key frame with fewer regions than its snapshot states is found" {
	contradicts '2 region lines follow, the snapshot line says 3' 'select(.t != 3 or .id != 2)'
}

@test "a wrong former value in was is found" {
	contradicts 'was.end is "0x0000000000019000", but it had another value' 'if .was.end then .was.end = "0x0000000000019000" else . end'
}

@test "an unknown ancestor in from is found" {
	contradicts 'region 3 comes from 77, which did not exist' 'if .from then .from = [77] else . end'
}

@test "the end of an unknown id is found" {
	contradicts 'id 55 of pid 7 goes, but no region has that id' 'if .event == "SPLIT" and .id == 3 then .gone = [55] else . end'
}

@test "an id that is given twice is found" {
	{ begin; snap 1 "10 12 rw-p anon" "20 21 r--p text"; snap 2 "10 12 rw-p anon"; snap 3 "10 12 rw-p anon" "30 31 r-xp text"; finish; } | vm-track |
		jq -c 'if .event == "MMAP_ADD" then .id = 2 else . end' >"$BATS_TEST_TMPDIR/bad"
	run -1 vm-check "$BATS_TEST_TMPDIR/bad"
	[[ "$output" == *"id 2 is used again"* ]]
}

@test "acts that do not increase are found" {
	contradicts 'act numbers must rise' 'if .act == 3 then .act = 1 else . end'
}

@test "regions that overlap after an act are found" {
	contradicts 'regions 1 and 3 overlap' 'if .event == "SPLIT" and .id == 1 then .end = "0x0000000000016000" else . end'
}

@test "time that goes back is found" {
	contradicts 'time goes back from 2.000000000 to 1.500000000' 'if .event == "SPLIT" and .id == 3 then .t = 1.5 else . end'
}

@test "an untracked stream is refused" {
	{ begin; snap 1 "10 12 rw-p anon"; finish; } >"$BATS_TEST_TMPDIR/in"
	run -1 vm-check "$BATS_TEST_TMPDIR/in"
	[[ "$output" == *"was not tracked"* ]]
}

@test "a stream that begins in the middle is checked from its first key frame on" {
	run -0 bash -c "tail -n +7 '$good' | vm-check"
	[[ "$output" == *"ok: 1 process, 1 key frame, 4 changes in 3 acts"* ]]
}

@test "a line that is no JSON is skipped, reported, and gives status 1" {
	run -1 bash -c "{ cat '$good'; echo '{\"type\":'; } | vm-check"
	[[ "$output" == *"stdin:"*"line skipped"* ]]
	[[ "$output" == *"bad input: 1 lines skipped"* ]]
}

@test "a stream without its end is reported" {
	run bash -c "grep -v '\"type\":\"end\"' '$good' | vm-check"
	[[ "$output" == *"without its"* ]]
}

@test "messages stop after twenty, the count continues" {
	{ begin; for i in $(seq 1 60); do snap "$i" "10 $((20 + i)) rw-p anon"; done; finish; } | vm-track | jq -c 'if .was then .was.size = 1 else . end' >"$BATS_TEST_TMPDIR/bad"
	run -1 --separate-stderr vm-check "$BATS_TEST_TMPDIR/bad"
	[ "${#stderr_lines[@]}" = 21 ]
	[[ "$output" == "wrong: 59 contradictions; "* ]]
}

@test "a process without regions at first is known from then on" {
	run -0 bash -c "$(declare -f begin snap finish); { begin; snap 1; snap 2 '10 12 rw-p anon'; finish; } | vm-track --keyframe 1s | vm-check"
	[ "$output" = "ok: 1 process, 2 key frames, 1 change in 1 act" ]
}

# paged JQ…: a tracked recording of pages, changed by a jq filter.
paged() {
	[ -e "$BATS_TEST_TMPDIR/paged" ] || vm-sample --detail pages -i 20ms -n 6 -p $$ | vm-parse | vm-track --keyframe 40ms >"$BATS_TEST_TMPDIR/paged"
	jq -c "$1" "$BATS_TEST_TMPDIR/paged" >"$BATS_TEST_TMPDIR/bad"
	run --separate-stderr vm-check "$BATS_TEST_TMPDIR/bad"
}

@test "pages lines are as many as announced, each within one region, with sorted runs" {
	paged .
	[ "$status" = 0 ]
	grep -q '"type":"pages"' "$BATS_TEST_TMPDIR/bad"
	paged 'select(.type != "pages" or .seq != 0 or (.runs | length) > 1)'
	[ "$status" = 1 ]
	[[ $stderr == *"pages lines follow, its line says"* ]]
	paged 'if .type == "pages" then .runs |= . + [.[0]] else . end'
	[ "$status" = 1 ]
	[[ $stderr == *"the runs overlap, or lie outside"* ]]
	paged 'if .type == "pages" then .runs |= [.[0] | .[1] = 100000000] else . end'
	[[ $stderr == *"the runs overlap, or lie outside"* ]]
	paged 'if .type == "pages" then .start = "0x0000000000001000" | .end = "0x0000000040000000" else . end'
	[[ $stderr == *"they are not in one region"* ]]
	paged 'if .type == "snapshot" then del(.pages) else . end'
	[[ $stderr == *"which has not announced them"* ]]
}

@test "a replay from the middle of a snapshot's pages contradicts nothing" {
	paged .
	vm-replay --speed max --from 50ms "$BATS_TEST_TMPDIR/paged" | vm-check -q
}

@test "a call stack comes before the event or cause that names it" {
	stacks() { sed "$1" <<-'END'
		{"type":"stream","t":0,"version":1}
		{"type":"snapshot","t":0,"pid":1,"seq":0,"regions":0}
		{"type":"stack","t":0,"pid":1,"id":7,"frames":["0x0000000000001000"]}
		{"type":"event","t":1,"pid":1,"call":"mmap","stack":7}
		{"type":"change","t":1,"pid":1,"event":"MMAP_ADD","act":1,"id":1,"start":"0x0000000000001000","end":"0x0000000000002000","size":4096,"perms":"rw-p","cause":{"call":"mmap","stack":7}}
		{"type":"end","t":1}
	END
	}
	stacks '' | vm-check -q
	run -1 --separate-stderr vm-check <<<"$(stacks '/"type":"stack"/d')"
	[[ $stderr == *"stdin:3: stack 7 is used before its line"*"stdin:4: stack 7"* ]]
	run -1 --separate-stderr vm-check <<<"$(stacks '/change/s/"stack":7/"stack":8/')"
	[[ $stderr == *"stdin:5: stack 8 is used before its line"* ]]
	stacks '/"type":"stream"/d; /"type":"stack"/d' | vm-check -q # begins in the middle
}
