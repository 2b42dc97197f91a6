# vm-check: streams that it accepts, and every way in which a tracked stream can contradict itself.
# bats file_tags=steady
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

# life FILTER: the lines of a hand-written stream, changed by sed.
life() {
	sed "$1" <<-'END'
		{"type":"stream","t":0,"version":1}
		{"type":"process","t":0,"pid":7,"why":"first","name":"a"}
		{"type":"snapshot","t":0,"pid":7,"seq":0,"regions":2}
		{"type":"region","t":0,"pid":7,"seq":0,"id":1,"start":"0x0000000000010000","end":"0x0000000000014000","size":16384,"perms":"rw-p","kind":"heap"}
		{"type":"region","t":0,"pid":7,"seq":0,"id":2,"start":"0x0000000000020000","end":"0x0000000000024000","size":16384,"perms":"rw-p","kind":"anon"}
		{"type":"change","t":1,"pid":7,"event":"BRK_GROW","act":1,"id":1,"start":"0x0000000000010000","end":"0x0000000000015000","size":20480,"perms":"rw-p","kind":"heap","was":{"end":"0x0000000000014000","size":16384}}
		{"type":"change","t":2,"pid":7,"event":"MMAP_ADD","act":2,"id":3,"start":"0x0000000000030000","end":"0x0000000000034000","size":16384,"perms":"rw-p","kind":"anon"}
		{"type":"change","t":3,"pid":7,"event":"MUNMAP_REMOVE","act":3,"id":2,"start":"0x0000000000020000","end":"0x0000000000024000","size":16384,"perms":"rw-p","kind":"anon"}
		{"type":"event","t":4,"pid":7,"call":"exit"}
		{"type":"change","t":4,"pid":7,"event":"EXIT","act":4,"id":1,"start":"0x0000000000010000","end":"0x0000000000015000","size":20480,"perms":"rw-p","kind":"heap"}
		{"type":"change","t":4,"pid":7,"event":"EXIT","act":4,"id":3,"start":"0x0000000000030000","end":"0x0000000000034000","size":16384,"perms":"rw-p","kind":"anon"}
		{"type":"end","t":5,"reason":"exit"}
	END
}

# says TEXT FILTER: vm-check finds one contradiction in that stream, and says so.
says() {
	run -1 --separate-stderr vm-check <<<"$(life "$2")"
	[[ "$stderr" == *"$1"* ]] || { echo "$stderr"; return 1; }
	[[ "$output" == wrong:* ]]
}

@test "what an event says must fit its region: it lives or is new, and its range moves that way" {
	life '' | vm-check -q
	says 'key frame 0: region 1 is in it twice' '5s/"id":2/"id":1/'
	says 'MMAP_ADD of region 1, which lives already' '7s/"id":3/"id":1/'
	says 'BRK_GROW of region 9, which does not live' '6s/"id":1/"id":9/'
	says 'BRK_GROW of region 1: its end did not rise' '6s/15000/13000/; 6s/"size":20480/"size":12288/'
	says 'BRK_SHRINK of region 1: its end did not fall' '6s/BRK_GROW/BRK_SHRINK/'
	says 'STACK_GROW of region 1: its start did not fall' '6s/BRK_GROW/STACK_GROW/'
	says 'RESIDENT_CHANGE of region 1: it has another range' '6s/BRK_GROW/RESIDENT_CHANGE/'
	says 'MUNMAP_REMOVE of region 2: it has another range' '8s/24000/25000/; 8s/16384/20480/'
	says 'id 2 of pid 7 goes, but no region has that id' '11s/"id":3/"id":2/'
}

@test "an unknown event is a contradiction" {
	says 'region 1: unknown event "GROW"' '6s/BRK_GROW/GROW/'
	says 'region 1: unknown event ""' '6s/"event":"BRK_GROW",//'
}

@test "a region has a range, is not empty, and is as long as its size" {
	says 'region 2: its size is 16385, its range has 16384 bytes' '5s/16384/16385/'
	says 'region 1: its size is 4096, its range has 20480 bytes' '6s/20480/4096/'
	says 'region 2: a MUNMAP_REMOVE without start and end' '8s/"start":[^,]*,"end":[^,]*,//'
	says 'region 3 is empty' '7s/34000/30000/; 7s/16384/0/'
}

@test "nothing of a process changes before its key frame or after its exit" {
	says 'pid 8: BRK_GROW before its first key frame' '6s/"pid":7/"pid":8/'
	says 'pid 7: EXIT after its exit' '11s/"act":4/"act":5/'
	says 'after act 4: 1 regions are left after the exit' '11d'
	says 'pid 7 has ended, but no EXIT ended its 2 regions' '10,11d'
	says 'a change line after the end of the stream' '6{h;d}; 12{G;s/"act":1/"act":9/}'
}

@test "an id is that of one live region in all processes" {
	says 'is that of a live region of pid 7' '2{p;s/7/8/}; 5{p;s/"t":0,.*"start/"t":0,"pid":8,"seq":0,"regions":1}\n{"type":"region","t":0,"pid":8,"seq":0,"id":1,"start/;s/"region","t":0,"pid":8,"seq":0,"regions"/"snapshot","t":0,"pid":8,"seq":0,"regions"/}'
}

@test "a process that begins again has first ended" {
	says 'pid 7 begins again, but no EXIT ended its 2 regions of before' '5{p;s/.*/{"type":"process","t":0,"pid":7,"why":"reused"}/}'
	life '12i {"type":"process","t":4,"pid":7,"why":"reused"}' | vm-check -q
}

@test "where nothing can be checked, that is said, and the status is 1" {
	run -1 --separate-stderr vm-check /dev/null
	[ "$output" = "nothing to check: 0 processes, 0 key frames, 0 changes in 0 acts" ]
	[ "$stderr" = "vm-check: /dev/null: no line: nothing to check" ]
	run -1 --separate-stderr vm-check <<<"$(life '3,11d')"
	[[ "$output" == "nothing to check: 1 process"* && "$stderr" == *"no key frame and no change: nothing to check"* ]]
	run -1 --separate-stderr vm-check "$BATS_TEST_DIRNAME/golden/life.raw.ndjson"
	[[ "$output" == "nothing to check: "* && "$stderr" == *"only raw lines: nothing to check before vm-parse and vm-track have read them"* ]]
	# beside a stream that was tracked, too
	run -1 --separate-stderr vm-check "$good" "$BATS_TEST_DIRNAME/golden/life.raw.ndjson"
	[[ "$stderr" == *"only raw lines"* ]]
}

@test "a recording that is cut in a key frame is said to be cut, packed or not, and contradicts nothing" {
	head -n 4 <<<"$(life '')" >"$BATS_TEST_TMPDIR/cut"
	run -1 --separate-stderr vm-check "$BATS_TEST_TMPDIR/cut"
	[[ "$output" == "cut short: "* && "$stderr" == *"cut short in a key frame of pid 7: it has 1 of 2 regions"* ]]
	# another stream behind it is another segment
	run -1 --separate-stderr vm-check "$BATS_TEST_TMPDIR/cut" "$good"
	[[ "$output" == "cut short: "* && "$stderr" == *"cut short in a key frame of pid 7"* ]]
	life '' | gzip >"$BATS_TEST_TMPDIR/whole.gz"
	head -c 200 "$BATS_TEST_TMPDIR/whole.gz" >"$BATS_TEST_TMPDIR/cut.gz"
	run -1 --separate-stderr vm-check "$BATS_TEST_TMPDIR/cut.gz"
	[[ "$output" != ok* && "$output" != wrong* && "$stderr" == *"the compressed input stops early"* ]]
}

@test "regions of a first key frame may overlap if the stream says so" {
	{ begin; snap 1 "10 14 rw-p anon" "12 16 r--p anon"; finish; } | vm-track 2>/dev/null >"$BATS_TEST_TMPDIR/out"
	vm-check -q "$BATS_TEST_TMPDIR/out"
	run -1 --separate-stderr vm-check <<<"$(grep -v '"overlap"' "$BATS_TEST_TMPDIR/out")"
	[[ "$stderr" == *"key frame 1: regions 1 and 2 overlap"* ]]
}

@test "of mutated streams, each that a checker of its own refuses is refused" {
	requires cmd python3
	run -0 python3 -I "$BATS_TEST_DIRNAME/check_mutants.py" 8 20
	[[ "$output" == *" 0 failures" ]]
}
