# vm-track: each event, key frames, and unordered input.
load helper
load stream

setup() { requires cmd jq; }

# tracked ROW…: runs two snapshots (the rows before and after "then") through vm-track, whose output vm-check must accept.
tracked() {
	local before=() after=() here=before row
	for row; do
		[ "$row" = then ] && { here=after; continue; }
		[ $here = before ] && before+=("$row") || after+=("$row")
	done
	{ begin; snap 1 "${before[@]}"; snap 2 "${after[@]}"; snap 3 "${after[@]}"; finish; } >"$BATS_TEST_TMPDIR/in"
	vm-track ${options:-} --keyframe 1ns "$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out"
	vm-check "$BATS_TEST_TMPDIR/out" >"$BATS_TEST_TMPDIR/verdict"
	run -0 changes <"$BATS_TEST_TMPDIR/out"
}

is() { [ "$output" = "$1" ] || { diff <(echo "$1") <(echo "$output"); return 1; }; }

@test "a new mapping is MMAP_ADD, with a new id" {
	tracked "10 12 rw-p anon" then "10 12 rw-p anon" "20 21 rw-p anon"
	is "1 MMAP_ADD 2 20-21 rw-p"
}

@test "a mapping that is gone is MUNMAP_REMOVE" {
	tracked "10 12 rw-p anon" "20 21 r--p anon" then "10 12 rw-p anon"
	is "1 MUNMAP_REMOVE 2 20-21 r--p"
}

@test "a heap whose end moves is BRK_GROW and BRK_SHRINK" {
	tracked "10 12 rw-p heap" then "10 18 rw-p heap"
	is "1 BRK_GROW 1 10-18 rw-p was end=12,size=8192"
	tracked "10 18 rw-p heap" then "10 12 rw-p heap"
	is "1 BRK_SHRINK 1 10-12 rw-p was end=18,size=32768"
}

@test "a heap that begins is BRK_GROW from nothing, and a heap that ends is BRK_SHRINK to nothing" {
	tracked "80 90 rw-p anon" then '10 14 rw-p heap "name":"[heap]","rss":4096' "80 90 rw-p anon"
	is "1 BRK_GROW 2 10-14 rw-p"
	tracked '10 14 rw-p heap "name":"[heap]","rss":4096' "80 90 rw-p anon" then "80 90 rw-p anon"
	is "1 BRK_SHRINK 1 10-10 rw-p was end=14,size=16384,rss=4096"
	run -0 jq -c 'select(.type=="change") | [.name, .kind, .size, .rss]' "$BATS_TEST_TMPDIR/out"
	[ "$output" = '["[heap]","heap",0,null]' ]
	# every reader understands: nothing is left of the heap, and it is gone in this look
	run -0 vm-render --table --columns kind,size "$BATS_TEST_TMPDIR/out"
	[[ $output != *heap* ]]
	run -0 jq -nc "$(cat "$BATS_TEST_DIRNAME/../contrib/vm.jq") replay(inputs) | .[] | map(.kind)" "$BATS_TEST_TMPDIR/out"
	[ "$output" = '["anon"]' ]
	# a process whose regions are all gone has ended
	tracked '10 14 rw-p heap "name":"[heap]"' then
	is "1 MUNMAP_REMOVE 1 10-14 rw-p"
}

@test "where the call is known, memory that brk maps is BRK_GROW whatever its kind, and a heap that munmap ends is MUNMAP_REMOVE" {
	told() { # CALL SPAN AFTER…: the change of one event
		local call=$1 span=$2 after=$3
		{
			begin
			snap 1 '10 14 rw-p heap "name":"[heap]"' '80 90 rw-p anon'
			echo "{\"type\":\"event\",\"t\":2,\"pid\":7,\"call\":\"$call\",\"tid\":7,\"span\":$span,\"after\":[$after]}"
			finish
		} >"$BATS_TEST_TMPDIR/in"
		vm-track "$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out"
		vm-check -q "$BATS_TEST_TMPDIR/out"
		changes <"$BATS_TEST_TMPDIR/out"
	}
	heap='{"start":"0x0000000000010000","end":"0x0000000000014000"}'
	[ "$(told munmap "$heap" "")" = "1 MUNMAP_REMOVE 1 10-14 rw-p" ]
	[ "$(told brk "$heap" "")" = "1 BRK_SHRINK 1 10-10 rw-p was end=14,size=16384" ]
	[ "$(told brk '{"start":"0x0000000000020000","end":"0x0000000000022000"}' '{"start":"0x0000000000020000","end":"0x0000000000022000","perms":"rw-p","name":"[anon:mine]"}')" = "1 BRK_GROW 3 20-22 rw-p" ]
}

@test "a stack that starts lower is STACK_GROW" {
	tracked '20 30 rw-p stack "name":"[stack]"' then '18 30 rw-p stack "name":"[stack]"'
	is "1 STACK_GROW 1 18-30 rw-p was start=20,size=65536"
}

@test "a region that grows or shrinks otherwise is RESIZE_MAPPING" {
	tracked "10 12 rw-p anon" then "10 14 rw-p anon"
	is "1 RESIZE_MAPPING 1 10-14 rw-p was end=12,size=8192"
	tracked "10 14 rw-p anon" then "12 14 rw-p anon"
	is "1 RESIZE_MAPPING 1 12-14 rw-p was start=10,size=16384"
}

@test "other permissions of a whole region are PERM_CHANGE" {
	tracked "10 14 rw-p anon" then "10 14 r--p anon"
	is "1 PERM_CHANGE 1 10-14 r--p was perms=rw-p"
}

@test "a hole punched into a region is one SPLIT of two lines" {
	tracked "10 18 rw-p anon" then "10 12 rw-p anon" "14 18 rw-p anon"
	is "1 SPLIT 1 10-12 rw-p was end=18,size=32768
1 SPLIT 2 from 1 14-18 rw-p"
}

@test "mprotect of the middle keeps the id below, and both other pieces descend from it" {
	tracked "10 18 rw-p anon" then "10 12 rw-p anon" "12 14 r--p anon" "14 18 rw-p anon"
	is "1 SPLIT 1 10-12 rw-p was end=18,size=32768
1 PERM_CHANGE 2 from 1 12-14 r--p was perms=rw-p
1 SPLIT 3 from 1 14-18 rw-p"
}

@test "mprotect of the beginning leaves the id with the rest" {
	tracked "10 18 rw-p anon" then "10 12 r--p anon" "12 18 rw-p anon"
	is "1 PERM_CHANGE 2 from 1 10-12 r--p was perms=rw-p
1 SPLIT 1 12-18 rw-p was start=10,size=32768"
}

@test "a piece that joins its neighbour resizes both in one act" {
	tracked "10 14 rw-p anon" "14 18 r--p anon" then "10 12 rw-p anon" "12 18 r--p anon"
	is "1 RESIZE_MAPPING 1 10-12 rw-p was end=14,size=16384
1 RESIZE_MAPPING 2 from 1,2 12-18 r--p was start=14,size=16384"
}

@test "a mapping that fills a hole is a MERGE, which keeps the lowest id and ends the others" {
	tracked "10 12 rw-p anon" "14 18 rw-p anon" then "10 18 rw-p anon"
	is "1 MERGE 1 from 1,2 gone 2 10-18 rw-p was end=12,size=8192"
}

@test "a merge that swallows several regions is one act" {
	tracked "10 12 rw-p anon" "12 14 r--p anon" "14 18 rw-p anon" then "10 18 rw-p anon"
	is "1 MERGE 1 from 1,2,3 gone 2,3 10-18 rw-p was end=12,size=8192"
}

@test "a mapping that moves keeps its id" {
	tracked "10 14 rw-p anon" then "50 54 rw-p anon"
	is "1 MOVE 1 50-54 rw-p was start=10,end=14"
}

@test "a mapping that moves and grows keeps its id if its pages moved along" {
	tracked '10 14 rw-p anon "rss":4096' then '50 5c rw-p anon "rss":8192'
	is "1 MOVE 1 50-5c rw-p was start=10,end=14,size=16384,rss=4096"
}

@test "memory without the pages of the removed memory did not move" {
	tracked '10 14 rw-p anon "rss":8192' then '50 54 rw-p anon "rss":0'
	is "1 MUNMAP_REMOVE 1 10-14 rw-p
2 MMAP_ADD 2 50-54 rw-p"
}

@test "memory with fewer pages than the removed memory did not move" {
	tracked '10 14 rw-p anon "rss":8192' then '50 54 rw-p anon "rss":4096'
	is "1 MUNMAP_REMOVE 1 10-14 rw-p
2 MMAP_ADD 2 50-54 rw-p"
	tracked '10 14 rw-p anon "rss":8192,"swap":0' then '50 54 rw-p anon "rss":4096,"swap":4096'
	is "1 MOVE 1 50-54 rw-p was start=10,end=14,rss=8192,swap=0"
}

@test "of two possible moves the lower mapping goes to the lower place" {
	tracked "10 14 rw-p anon" "20 24 rw-p anon" "30 31 r--p anon" then "30 31 r--p anon" "40 44 rw-p anon" "50 54 rw-p anon"
	is "1 MOVE 1 40-44 rw-p was start=10,end=14
1 MOVE 2 50-54 rw-p was start=20,end=24"
}

@test "a piece that mremap moved is one act with the hole that it left" {
	tracked "10 18 rw-p anon" then "10 12 rw-p anon" "14 18 rw-p anon" "50 52 rw-p anon"
	is "1 SPLIT 1 10-12 rw-p was end=18,size=32768
1 SPLIT 2 from 1 14-18 rw-p
1 MOVE 3 from 1 50-52 rw-p"
}

@test "another name is RENAME" {
	tracked "10 14 rw-p anon" then '10 14 rw-p anon "name":"[anon:pool]"'
	is "1 RENAME 1 10-14 rw-p"
	tracked '10 14 rw-p anon "name":"[anon:pool]"' then '10 14 rw-p anon "name":"[anon:other]"'
	is "1 RENAME 1 10-14 rw-p was name=[anon:pool]"
}

@test "other residency is RESIDENT_CHANGE, with all differing measures in was" {
	tracked '10 14 rw-p anon "rss":4096,"pss":4096' then '10 14 rw-p anon "rss":8192,"pss":8192'
	is "1 RESIDENT_CHANGE 1 10-14 rw-p was rss=4096,pss=4096"
}

@test "a measure that another process changes is reported at once, and smaller differences with the next change" {
	{ begin; snap 1 '10 14 r--p text "rss":4096,"pss":4096'; snap 2 '10 14 r--p text "rss":4096,"pss":2048'; finish; } >"$BATS_TEST_TMPDIR/in"
	run -0 bash -c "vm-track --keyframe 0 $BATS_TEST_TMPDIR/in | tee $BATS_TEST_TMPDIR/out | jq -c 'select(.type==\"change\")|[.t,.was,.pss]'"
	[ "$output" = '[2,{"pss":4096},2048]' ]
	vm-check "$BATS_TEST_TMPDIR/out"
	{ begin; snap 1 '10 14 r--p text "rss":16384,"pss":4096'; snap 2 '10 14 r--p text "rss":16384,"pss":2048'; snap 3 '10 14 r--p text "rss":8192,"pss":1024'; finish; } >"$BATS_TEST_TMPDIR/in"
	run -0 bash -c "vm-track --resident 8K --keyframe 0 $BATS_TEST_TMPDIR/in | jq -c 'select(.type==\"change\")|[.t,.was.rss,.was.pss]'"
	[ "$output" = "[3,16384,4096]" ]
}

@test "pages that a copy on write makes private are reported, though rss is the same" {
	{ begin; snap 1 '10 14 rw-p anon "rss":16384,"shared_dirty":16384,"private_dirty":0'; snap 2 '10 14 rw-p anon "rss":16384,"shared_dirty":12288,"private_dirty":4096'; finish; } >"$BATS_TEST_TMPDIR/in"
	run -0 bash -c "vm-track --keyframe 0 $BATS_TEST_TMPDIR/in | jq -c 'select(.type==\"change\")|[.t,.was.private_dirty,.private_dirty]'"
	[ "$output" = "[2,0,4096]" ]
}

@test "--resident delays small differences until a key frame, an exit or the end" {
	{ begin; snap 1 '10 14 rw-p anon "rss":4096'; snap 2 '10 14 rw-p anon "rss":8192'; snap 3 '10 14 rw-p anon "rss":16384'; finish; } >"$BATS_TEST_TMPDIR/in"
	told() { vm-track "$@" --keyframe 0 | tee "$BATS_TEST_TMPDIR/out" | jq -c 'select(.type=="change")|[.t,.event,.was.rss,.rss]' | paste -sd' '; }
	[ "$(told --resident 12K "$BATS_TEST_TMPDIR/in")" = '[3,"RESIDENT_CHANGE",4096,16384]' ]
	[ "$(told --resident 0 "$BATS_TEST_TMPDIR/in")" = '[3,"RESIDENT_CHANGE",4096,16384]' ]
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/out" | jq -r .type)" = end ]
	# a segment may begin, or the input be cut, before any end
	grep -v '"type":"end"' "$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/cut"
	[ "$(told --resident 0 "$BATS_TEST_TMPDIR/cut" 2>/dev/null)" = '[3,"RESIDENT_CHANGE",4096,16384]' ]
	[ "$(told --resident 0 "$BATS_TEST_TMPDIR/cut" "$BATS_TEST_TMPDIR/in" 2>/dev/null)" = '[3,"RESIDENT_CHANGE",4096,16384] [3,"RESIDENT_CHANGE",4096,16384]' ]
	{ cat "$BATS_TEST_TMPDIR/cut"; echo '{"type":"event","t":4,"pid":7,"call":"exit"}'; } >"$BATS_TEST_TMPDIR/exit"
	[ "$(told --resident 0 "$BATS_TEST_TMPDIR/exit" 2>/dev/null)" = '[4,"RESIDENT_CHANGE",4096,16384] [4,"EXIT",null,null]' ]
	run ! grep -q '"event":"RESIDENT_CHANGE".*"cause"' "$BATS_TEST_TMPDIR/out"
	vm-check -q "$BATS_TEST_TMPDIR/out" 2>/dev/null
}

@test "a file over a piece of anonymous memory replaces it in one act" {
	tracked "10 18 rw-p anon" then "10 12 rw-p anon" '12 14 r--p file "name":"/lib/x","offset":"0x0000000000000000","dev":"fe:00","inode":"5"' "14 18 rw-p anon"
	is "1 SPLIT 1 10-12 rw-p was end=18,size=32768
1 MMAP_ADD 2 12-14 r--p
1 SPLIT 3 from 1 14-18 rw-p"
}

@test "the same file at another offset is another mapping" {
	tracked '10 12 r--p file "name":"/lib/x","offset":"0x0000000000000000","dev":"fe:00","inode":"5"' then '10 12 r--p file "name":"/lib/x","offset":"0x0000000000004000","dev":"fe:00","inode":"5"'
	is "1 MUNMAP_REMOVE 1 10-12 r--p
1 MMAP_ADD 2 10-12 r--p"
}

@test "one munmap over several neighbours is one act; unrelated changes are several" {
	tracked "10 14 rw-p anon" "14 16 r--p anon" "18 20 rw-p anon" then "10 12 rw-p anon" "1a 20 rw-p anon"
	is "1 MUNMAP_REMOVE 2 14-16 r--p
1 RESIZE_MAPPING 1 10-12 rw-p was end=14,size=16384
1 RESIZE_MAPPING 3 1a-20 rw-p was start=18,size=32768"
	tracked "10 14 rw-p anon" "20 22 r--p anon" "30 32 rw-p anon" then "20 22 r--p anon"
	is "1 MUNMAP_REMOVE 1 10-14 rw-p
2 MUNMAP_REMOVE 3 30-32 rw-p"
}

@test "one mprotect over neighbours that do not merge is one act" {
	tracked '10 12 rw-p anon' '12 14 rw-p data "name":"/x","inode":"5","dev":"fe:00"' then '10 12 r--p anon' '12 14 r--p data "name":"/x","inode":"5","dev":"fe:00"'
	is "1 PERM_CHANGE 1 10-12 r--p was perms=rw-p
1 PERM_CHANGE 2 12-14 r--p was perms=rw-p"
}

@test "exec is EXEC_REBUILD: all old ids end in one act, and a key frame follows" {
	{ begin; snap 1 "10 12 rw-p anon" "20 21 r--p text" "30 31 rw-p stack"
	echo '{"type":"process","t":2.000000000,"pid":7,"why":"exec","name":"other"}'
	snap 2 "10 12 rw-p anon" "40 41 r--p text"; finish; } | vm-track >"$BATS_TEST_TMPDIR/out"
	run -0 changes <"$BATS_TEST_TMPDIR/out"
	is "1 EXEC_REBUILD 4 gone 1,2 10-12 rw-p
1 EXEC_REBUILD 5 gone 3 40-41 r--p"
	run -0 vm-check "$BATS_TEST_TMPDIR/out"
	is "ok: 1 process, 2 key frames, 2 changes in 1 act"
}

@test "an exit ends every region in one act" {
	{ begin; snap 1 "10 12 rw-p anon" "20 21 r--p text"; echo '{"type":"event","t":2.000000000,"pid":7,"call":"exit","status":0}'; finish; } | vm-track >"$BATS_TEST_TMPDIR/out"
	run -0 changes <"$BATS_TEST_TMPDIR/out"
	is "1 EXIT 1 10-12 rw-p
1 EXIT 2 20-21 r--p"
	run -0 vm-check "$BATS_TEST_TMPDIR/out"
}

@test "a thread that exits ends nothing" {
	{ begin; snap 1 "10 12 rw-p anon"; echo '{"type":"event","t":2,"pid":7,"tid":9,"call":"exit"}'; finish; } | vm-track >"$BATS_TEST_TMPDIR/out"
	run ! grep change "$BATS_TEST_TMPDIR/out"
}

@test "a pid that another process has taken begins again: EXIT, then new ids" {
	{ begin; snap 1 "10 12 rw-p anon"; echo '{"type":"process","t":2.000000000,"pid":7,"why":"reused","name":"new"}'; snap 2 "10 12 rw-p anon"; finish; } | vm-track >"$BATS_TEST_TMPDIR/out"
	run -0 jq -r 'select(.id) | "\(.type) \(.event // "-") \(.id)"' "$BATS_TEST_TMPDIR/out"
	is "region - 1
change EXIT 1
region - 2"
	run -0 vm-check "$BATS_TEST_TMPDIR/out"
}

@test "a fork's regions each descend from the parent's" {
	{ begin; snap 1 "10 12 rw-p anon" "20 24 r--p text"
	echo '{"type":"process","t":2.000000000,"pid":8,"why":"fork","ppid":7,"name":"demo"}'
	who=8 snap 2 "10 12 rw-p anon" "21 24 r--p text" "30 31 rw-p anon"; finish; } | vm-track >"$BATS_TEST_TMPDIR/out"
	run -0 changes <"$BATS_TEST_TMPDIR/out"
	is "1 FORK 3 from 1 10-12 rw-p
1 FORK 4 from 2 21-24 r--p
1 FORK 5 30-31 rw-p"
	run -0 vm-check "$BATS_TEST_TMPDIR/out"
	is "ok: 2 processes, 2 key frames, 3 changes in 1 act"
}

@test "unchanged regions are not reported" {
	{ begin; for i in 1 2 3; do snap $i '10 12 rw-p anon "rss":4096,"numa":{"N0":1}' "20 24 r--p text"; done; finish; } | vm-track >"$BATS_TEST_TMPDIR/out"
	run -0 jq -rs 'map(.type) | join(" ")' "$BATS_TEST_TMPDIR/out"
	[ "$output" = "stream process snapshot region region snapshot snapshot stage end" ]
}

@test "a key frame comes every --keyframe of stream time, with process, modules, snapshot and regions, after the changes" {
	{ begin; echo '{"type":"module","t":0.5,"pid":7,"op":"load","start":"0x0000000000020000","end":"0x0000000000024000","path":"/lib/x","mood":"glad"}'
	snap 1 "10 12 rw-p anon"; snap 2 "10 13 rw-p anon"; snap 3 "10 14 rw-p anon"
	echo '{"type":"sample","t":5.500000000,"pid":7,"seq":4,"same":true}'; finish; } | vm-track --keyframe 2s >"$BATS_TEST_TMPDIR/out"
	run -0 jq -r '"\(.t) \(.type)"' "$BATS_TEST_TMPDIR/out"
	is "0 stream
0 process
0.5 module
1 snapshot
1 region
2 snapshot
2 change
3 snapshot
3 change
3 process
3 module
3 snapshot
3 region
5.5 sample
5.5 process
5.5 module
5.5 snapshot
5.5 region
99 stage
99 end"
	run -0 jq -r 'select(.type=="module" or .type=="process") | "\(.why) \(.mood)"' "$BATS_TEST_TMPDIR/out"
	[ "${lines[3]}" = "null glad" ]
	run -0 vm-check "$BATS_TEST_TMPDIR/out"
}

@test "lines that vm-track does not know pass unchanged and in order" {
	{ begin; echo '{"mood": "glad","type":"strange","n":1e3}'; snap 1 "10 12 rw-p anon"; echo '{"type":"mark","t":1.5,"text":"x"}'; finish; } >"$BATS_TEST_TMPDIR/in"
	vm-track "$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out"
	diff <(grep -v '"type":"region"' "$BATS_TEST_TMPDIR/in") <(grep -v '"type":"region"\|"stage"' "$BATS_TEST_TMPDIR/out")
}

@test "unknown members of a region stay with it, and their former values are in was" {
	tracked '10 12 rw-p anon "rss":1,"mood":"glad"' then '10 12 rw-p anon "rss":2,"mood":"sad"'
	run -0 jq -c 'select(.type=="change") | [.mood, .was.mood]' "$BATS_TEST_TMPDIR/out"
	[ "$output" = '["sad","glad"]' ]
}

@test "a stream that is already tracked passes unchanged" {
	{ begin; snap 1 "10 12 rw-p anon"; snap 2 "10 13 rw-p anon"; finish; } | vm-track >"$BATS_TEST_TMPDIR/once"
	vm-track "$BATS_TEST_TMPDIR/once" | grep -v '"stage"' >"$BATS_TEST_TMPDIR/twice"
	diff <(grep -v '"stage"' "$BATS_TEST_TMPDIR/once") "$BATS_TEST_TMPDIR/twice"
}

@test "another stream line begins ids and acts anew" {
	{ begin; snap 1 "10 12 rw-p anon"; snap 2 "10 13 rw-p anon"; finish; } >"$BATS_TEST_TMPDIR/in"
	vm-track "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out"
	run -0 changes <"$BATS_TEST_TMPDIR/out"
	is "1 RESIZE_MAPPING 1 10-13 rw-p was end=12,size=8192
1 RESIZE_MAPPING 1 10-13 rw-p was end=12,size=8192"
	run -0 vm-check "$BATS_TEST_TMPDIR/out"
}

@test "regions that overlap are kept, reported once on stderr and as lost" {
	{ begin; snap 1 "10 14 rw-p anon" "12 16 r--p anon"; snap 2 "10 14 rw-p anon" "12 16 r--p anon"; finish; } >"$BATS_TEST_TMPDIR/in"
	run -0 --separate-stderr vm-track "$BATS_TEST_TMPDIR/in"
	[ "${#stderr_lines[@]}" = 1 ]
	[ "$(grep -c '"what":"overlap"' <<<"$output")" = 2 ]
	[ "$(grep -c '"type":"region"' <<<"$output")" = 2 ]
}

@test "an empty region is skipped, reported with its place, and the rest is tracked" {
	{ begin; snap 1 "10 14 rw-p anon" "16 16 r--p anon" "20 21 r--p anon"; finish; } >"$BATS_TEST_TMPDIR/in"
	run -1 --separate-stderr vm-track "$BATS_TEST_TMPDIR/in"
	[[ "${stderr_lines[0]}" == "vm-track: $BATS_TEST_TMPDIR/in:5: "* ]]
	[ "$(grep -c '"type":"region"' <<<"$output")" = 2 ]
	grep -q '"type":"snapshot".*"regions":2' <<<"$output"
	vm-check <<<"$output"
}

@test "a snapshot with too few regions is not taken for an munmap" {
	{ begin; snap 1 "10 14 rw-p anon" "20 21 r--p anon"; snap 2 "10 14 rw-p anon" "20 21 r--p anon" | sed '$d'; snap 3 "10 14 rw-p anon" "20 21 r--p anon"; finish; } >"$BATS_TEST_TMPDIR/in"
	run -1 --separate-stderr vm-track "$BATS_TEST_TMPDIR/in"
	[[ "$stderr" == *"1 regions of 2"* ]]
	[ "$(grep -c '"change"' <<<"$output")" = 0 ]
	grep -q '"type":"lost"' <<<"$output"
}

@test "regions alone, with no snapshot line, are tracked too" {
	{ snap 1 "10 14 rw-p anon"; snap 2 "10 15 rw-p anon"; } | grep region.,.t | vm-track >"$BATS_TEST_TMPDIR/out"
	run -0 changes <"$BATS_TEST_TMPDIR/out"
	is "1 RESIZE_MAPPING 1 10-15 rw-p was end=14,size=16384"
}

@test "each key frame equals the output of vm-parse, and the changes lead to it" {
	for seed in $(seq 1 25); do
		awk -v seed="$seed" -v steps=50 -f "$ROOT/tests/fuzz/regions.awk" >"$BATS_TEST_TMPDIR/in"
		vm-track --keyframe 1ns --resident $((seed % 3 * 4))K "$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out"
		vm-check -q "$BATS_TEST_TMPDIR/out" || { echo "seed $seed"; return 1; }
		diff <(grep '"type":"region"' "$BATS_TEST_TMPDIR/in") <(grep '"type":"region"' "$BATS_TEST_TMPDIR/out" | sed 's/"id":[0-9]*,//') ||
			{ echo "seed $seed"; return 1; }
	done
}

@test "a stack is written again at its first use after a key frame, by an event, a change or an allocation" {
	{
		echo '{"type":"stream","t":0.000000000,"version":1,"program":"test","sources":[]}'
		echo '{"type":"stack","t":0.000000000,"pid":7,"id":3,"frames":[{"addr":"0x0000000000001000","function":"f"}]}'
		echo '{"type":"alloc","t":0.000000000,"pid":7,"tid":7,"op":"malloc","addr":"0x0000000000001000","size":8,"stack":3}'
		echo '{"type":"snapshot","t":1.000000000,"pid":7,"seq":0,"regions":1,"size":4096}'
		echo '{"type":"region","t":1.000000000,"pid":7,"seq":0,"start":"0x0000000000001000","end":"0x0000000000002000","size":4096,"perms":"rw-p"}'
		echo '{"type":"alloc","t":2.000000000,"pid":7,"tid":7,"op":"free","addr":"0x0000000000001000","stack":3}'
		echo '{"type":"alloc","t":2.000000000,"pid":7,"tid":7,"op":"malloc","addr":"0x0000000000001000","size":8,"stack":3}'
		echo '{"type":"alloc","t":2.000000000,"pid":7,"tid":7,"op":"malloc","addr":"0x0000000000001000","size":8,"stack":4}'
		echo '{"type":"end","t":2.000000000,"reason":"exit"}'
	} >"$BATS_TEST_TMPDIR/in"
	run --separate-stderr vm-track "$BATS_TEST_TMPDIR/in"
	[ "$status" = 0 ]
	[ "$(grep '"type":"stack"' <<<"$output")" = '{"type":"stack","t":0.000000000,"pid":7,"id":3,"frames":[{"addr":"0x0000000000001000","function":"f"}]}
{"type":"stack","t":2.000000000,"pid":7,"id":3,"frames":[{"addr":"0x0000000000001000","function":"f"}]}' ]
	[ "$(jq -r .type <<<"$output" | tail -8 | tr '\n' ' ')" = "region stack alloc alloc alloc finding stage end " ]
}

# many_calls REGIONS: a process of that many regions; single calls move one, remove every second, and add others between.
many_calls() {
	awk -v n="$1" 'function at(i, by) { return sprintf("0x%016x", 268435456 + i * 65536 + by) }
		function row(i, by) { return "\"start\":\"" at(i, by) "\",\"end\":\"" at(i, by + 4096) "\",\"size\":4096,\"perms\":\"rw-p\"" }
		function call(name, more) { printf "{\"type\":\"event\",\"t\":%d.0,\"pid\":7,\"call\":\"%s\",\"tid\":7,%s}\n", ++t, name, more }
		function span(i, by) { return "\"span\":{\"start\":\"" at(i, by) "\",\"end\":\"" at(i, by + 4096) "\"}" }
		BEGIN {
			print "{\"type\":\"stream\",\"t\":0.0,\"version\":1}"
			printf "{\"type\":\"snapshot\",\"t\":0.0,\"pid\":7,\"seq\":0,\"regions\":%d}\n", n
			for (i = 1; i <= n; i++) printf "{\"type\":\"region\",\"t\":0.0,\"pid\":7,\"seq\":0,%s,\"kind\":\"anon\"}\n", row(i, 0)
			call("mremap", span(n, 32768) ",\"after\":[{" row(n, 32768) "}],\"left\":{\"start\":\"" at(3, 0) "\",\"end\":\"" at(3, 4096) "\"}")
			for (i = 5; i < n; i += 2) call("munmap", span(i, 0) ",\"after\":[]")
			for (i = n - 1; i > 0; i--) for (k = 1; k < 4; k++) call("mmap", span(i, k * 8192) ",\"after\":[{" row(i, k * 8192) "}]")
			call("munmap", "\"span\":{\"start\":\"" at(100, 0) "\",\"end\":\"" at(n - 100, 0) "\"},\"after\":[]")
			print "{\"type\":\"end\",\"t\":" t ".0,\"reason\":\"eof\"}"
		}'
}

@test "among thousands of regions a call changes only what it touched: a move is one act, however many regions lie between" {
	many_calls 3000 >"$BATS_TEST_TMPDIR/in"
	vm-track --keyframe 1000s "$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out"
	vm-check "$BATS_TEST_TMPDIR/out"
	run -0 jq -r 'select(.type=="change" and .act==1) | "\(.event) \(.id) \(.start) \(.was.start)"' "$BATS_TEST_TMPDIR/out"
	[ "$output" = "MOVE 3 0x000000001bb88000 0x0000000010030000" ]
	run -0 jq -rn 'reduce (inputs | select(.type=="change")) as $c ({}; .[$c.event] += 1) | to_entries[] | "\(.key) \(.value)"' "$BATS_TEST_TMPDIR/out"
	is $'MOVE 1\nMUNMAP_REMOVE 11298\nMMAP_ADD 8997'
	jq -se '[.[] | select(.type=="region")] | group_by(.t) | length > 5 and all(map(.start) | . == sort)' "$BATS_TEST_TMPDIR/out"
}

@test "a call that moves memory past hundreds of regions, exactly where a block of regions splits, is reported like any other" {
	awk 'BEGIN {
		R = "{\"type\":\"region\",\"t\":0,\"pid\":7,\"seq\":0,\"start\":\"0x%016x\",\"end\":\"0x%016x\",\"size\":4096,\"perms\":\"rw-p\",\"kind\":\"anon\"}\n"
		print "{\"type\":\"stream\",\"t\":0,\"version\":1,\"program\":\"a test\"}"
		print "{\"type\":\"process\",\"t\":0,\"pid\":7,\"why\":\"first\",\"name\":\"demo\"}"
		print "{\"type\":\"snapshot\",\"t\":0,\"pid\":7,\"seq\":0,\"regions\":2000}"
		for (i = 0; i < 2000; i++) printf R, at(i), at(i) + 4096
		
		low = at(235) + 57344; high = at(252) + 57344
		call("mmap", low, 0)
		for (i = 0; i < 300; i++) {
			call("mmap", at(193 + i % 60) + 8192 * (1 + int(i / 60)), 0)
			call("mremap", high, low)
			call("mremap", low, high)
		}
		print "{\"type\":\"end\",\"t\":9,\"reason\":\"count\"}"
	}
	function at(i) { return 268435456 + i * 65536 }
	function call(name, start, left) {
		printf "{\"type\":\"event\",\"t\":%.3f,\"pid\":7,\"call\":\"%s\",\"tid\":7,\"span\":{\"start\":\"0x%016x\",\"end\":\"0x%016x\"},\"after\":[{\"start\":\"0x%016x\",\"end\":\"0x%016x\",\"size\":4096,\"perms\":\"rw-p\"}]", t += 0.001, name, start, start + 4096, start, start + 4096
		if (left) printf ",\"left\":{\"start\":\"0x%016x\",\"end\":\"0x%016x\"}", left, left + 4096
		print "}"
	}' >"$BATS_TEST_TMPDIR/in"
	run -0 --separate-stderr vm-track "$BATS_TEST_TMPDIR/in"
	[ "$(jq -s '[.[] | select(.type=="change" and .event=="MOVE")] | length' <<<"$output")" -gt 500 ]
	run -0 vm-check <<<"$output"
	[[ $output == "ok: "* ]]
}
