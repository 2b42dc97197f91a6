# Identity, with real processes: the fate of a region's id in each possible change, and the ids that others descend from.
load helper

base=0x0000100000000000 # far from everything else: a test's regions are placed here, and only these are printed

setup() {
	requires cmd jq
	step_start
}

# Samples the process from now on, with these arguments for vm-sample.
watched() {
	mkfifo "$BATS_TEST_TMPDIR/looks"
	{ vm-sample -p "$pid" -i 2ms "$@" 2>"$BATS_TEST_TMPDIR/sampler.err" | tee "$BATS_TEST_TMPDIR/stream" |
		grep --line-buffered -E '^\{"type":"(stream|sample)"' >"$BATS_TEST_TMPDIR/looks"; } 3>&- &
	sampling=$!
	exec {looks}<"$BATS_TEST_TMPDIR/looks"
	kept+=("$looks")
	local line
	IFS= read -r -t 100 -u "$looks" line
	began=$(date -d "$(jq -r .began <<<"$line")" +%s%N)
	looked
}

# Waits for a sample that began after this moment.
looked() {
	local now=$(($(date +%s%N) - began)) line t
	while IFS= read -r -t 100 -u "$looks" line; do
		t=${line#*\"t\":}
		t=${t%%,*}
		[ $((10#${t/./})) -lt "$now" ] || return 0
	done
	cat "$BATS_TEST_TMPDIR/sampler.err" >&2
	return 1
}

did() { step "$@" && looked; }

at() { printf '0x%016x' $((base + 16#$1 * 4096)); }

# Ends the process, tracks its stream, and puts the changes into $output: each act's number, and its lines: event, region
# (a, b .. in order of appearance), ancestors and ended regions, pages from the base.
story() {
	echo "exit 0" >&"$step_in"
	cat <&"$looks" >/dev/null # to its end
	wait "$sampling" || no_crash $?
	vm-parse "$BATS_TEST_TMPDIR/stream" | vm-track "$@" >"$BATS_TEST_TMPDIR/tracked"
	vm-check -q "$BATS_TEST_TMPDIR/tracked"
	run -0 jq -rs --arg base "$base" '
		def hex: [explode[] | if . > 96 then . - 87 else . - 48 end] | reduce .[] as $d (0; . * 16 + $d);
		def page: .[10:] | hex / 4096 | tostring;
		[.[] | select(.type == "change" and .event != "EXIT" and .start[:10] == $base[:10])] as $changes
		| (reduce $changes[].id as $id ([]; if index($id) then . else . + [$id] end)) as $ids
		| (reduce $changes[].act as $act ([]; if index($act) then . else . + [$act] end)) as $acts
		| def letters: map([97 + (. as $id | $ids | index($id))] | implode) | join(",");
		$changes[] | "\(.act as $act | $acts | index($act) + 1) \(.event) \([.id] | letters)"
		+ (if .from then " from " + (.from | letters) else "" end) + (if .gone then " gone " + (.gone | letters) else "" end)
		+ " \(.start | page)-\(.end | page) \(.perms)" + (if .name then " \(.name)" else "" end)' "$BATS_TEST_TMPDIR/tracked"
}

is() { [ "$output" = "$1" ] || { diff <(echo "$1") <(echo "$output"); return 1; }; }

@test "split: a hole leaves the id below, and the piece above descends from the region" {
	watched --detail maps
	did map "$(at 0)" 8 rw
	did munmap "$(at 3)" 2
	story
	is "1 MMAP_ADD a 0-8 rw-p
2 SPLIT a 0-3 rw-p
2 SPLIT b from a 5-8 rw-p"
}

@test "merge: memory that fills the hole makes one region of two, with the lower id, and the upper id ends" {
	watched --detail maps
	did map "$(at 0)" 4 rw
	did map "$(at 8)" 4 rw
	did map "$(at 4)" 4 rw
	story
	is "1 MMAP_ADD a 0-4 rw-p
2 MMAP_ADD b 8-12 rw-p
3 MERGE a from a,b gone b 0-12 rw-p"
}

@test "grow and shrink: the id stays, at either end" {
	watched --detail maps
	did map "$(at 4)" 4 rw
	did map "$(at 8)" 2 rw
	did map "$(at 2)" 2 rw
	did munmap "$(at 2)" 1
	did munmap "$(at 8)" 2
	story
	is "1 MMAP_ADD a 4-8 rw-p
2 RESIZE_MAPPING a 4-10 rw-p
3 RESIZE_MAPPING a 2-10 rw-p
4 RESIZE_MAPPING a 3-10 rw-p
5 RESIZE_MAPPING a 3-8 rw-p"
}

@test "move: the id moves along" {
	watched --detail maps
	did map "$(at 0)" 4 rw
	did move "$(at 0)" 4 "$(at 20)"
	story
	is "1 MMAP_ADD a 0-4 rw-p
2 MOVE a 32-36 rw-p"
}

@test "move of a part: the part descends from its region" {
	watched --detail maps
	did map "$(at 0)" 8 rw
	did move "$(at 2)" 3 "$(at 20)"
	story
	is "1 MMAP_ADD a 0-8 rw-p
2 SPLIT a 0-2 rw-p
2 SPLIT b from a 5-8 rw-p
2 MOVE c from a 32-35 rw-p"
}

@test "move onto other memory: the source's id moves along, and the memory there is cut" {
	watched --detail maps
	did map "$(at 0)" 4 rw
	did map "$(at 20)" 12 r
	did move "$(at 0)" 4 "$(at 24)"
	story
	is "1 MMAP_ADD a 0-4 rw-p
2 MMAP_ADD b 32-44 r--p
3 SPLIT b 32-36 r--p
3 MOVE a 36-40 rw-p
3 SPLIT c from b 40-44 r--p"
}

@test "permission change of a part: the id stays with the lower, unchanged part" {
	watched --detail maps
	did map "$(at 0)" 8 rw
	did mprotect "$(at 2)" 3 r
	did mprotect "$(at 2)" 3 rw
	story
	is "1 MMAP_ADD a 0-8 rw-p
2 SPLIT a 0-2 rw-p
2 PERM_CHANGE b from a 2-5 r--p
2 SPLIT c from a 5-8 rw-p
3 MERGE a from a,b,c gone b,c 0-8 rw-p"
}

@test "permission change of a whole region: the id stays" {
	watched --detail maps
	did map "$(at 0)" 4 rw
	did mprotect "$(at 0)" 4 r
	story
	is "1 MMAP_ADD a 0-4 rw-p
2 PERM_CHANGE a 0-4 r--p"
}

@test "rename: a renamed file leaves its mapping the id" {
	head -c 16384 /dev/zero >"$BATS_TEST_TMPDIR/before"
	step file "$BATS_TEST_TMPDIR/before" 4 r
	local start=$answer
	watched --detail maps
	mv "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/behind"
	looked
	story
	run -0 jq -r --arg start "$start" 'select(.type == "change" and .start == $start and .event != "EXIT") | "\(.event) \(.was.name / "/" | last) \(.name / "/" | last) \(.from)"' "$BATS_TEST_TMPDIR/tracked"
	is "RENAME before behind null"
}

@test "rename: the id stays, and a named part descends from the whole" {
	step map "$(at 40)" 1 r
	step name "$(at 40)" 1 probe || skip "the kernel names no anonymous memory"
	watched --detail maps
	did map "$(at 0)" 4 rw
	did name "$(at 0)" 4 pool
	did name "$(at 1)" 1 other
	story
	is "1 MMAP_ADD a 0-4 rw-p
2 RENAME a 0-4 rw-p [anon:pool]
3 SPLIT a 0-1 rw-p [anon:pool]
3 RENAME b from a 1-2 rw-p [anon:other]
3 SPLIT c from a 2-4 rw-p [anon:pool]"
}

@test "stack growth: the stack keeps its id and starts lower" {
	watched --detail maps
	did stack 200
	story
	run -0 jq -r 'select(.type == "change" and .name == "[stack]" and .event != "EXIT") | "\(.event) \(.start < .was.start) \(.was | has("end"))"' "$BATS_TEST_TMPDIR/tracked"
	output=$(sort -u <<<"$output") # a sample may fall into its growth
	is "STACK_GROW true false"
}

@test "the heap keeps its id when it grows and shrinks" {
	step brk +4
	watched --detail maps
	did brk +16
	did brk -8
	story
	run -0 jq -r 'select(.type == "change" and .name == "[heap]" and .event != "EXIT") | "\(.event) \(.size - .was.size)"' "$BATS_TEST_TMPDIR/tracked"
	is "BRK_GROW 65536
BRK_SHRINK -32768"
	[ "$(jq -r 'select(.type == "change" and .name == "[heap]") | .id' "$BATS_TEST_TMPDIR/tracked" | sort -u | wc -l)" = 1 ]
}

@test "residency: a change of the threshold or more is reported, a smaller change is not" {
	watched --detail smaps
	did map "$(at 0)" 32 rw
	did touch "$(at 0)" 2
	did touch "$(at 0)" 8
	did dontneed "$(at 0)" 8
	story --resident 16K --keyframe 0
	is "1 MMAP_ADD a 0-32 rw-p
2 RESIDENT_CHANGE a 0-32 rw-p
3 RESIDENT_CHANGE a 0-32 rw-p"
	run -0 jq -r --arg start "$(at 0)" 'select(.event == "RESIDENT_CHANGE" and .start == $start) | "\(.was.rss) \(.rss)"' "$BATS_TEST_TMPDIR/tracked"
	is "0 32768
32768 0"
}

@test "exec: every id ends in one act, and all regions are new" {
	watched --detail maps
	did map "$(at 0)" 4 rw
	did exec
	story
	is "1 MMAP_ADD a 0-4 rw-p"
	run -0 jq -rs --arg start "$(at 0)" '[.[] | select(.type == "change" and .event == "EXEC_REBUILD")] as $new
		| [.[] | select(.event == "MMAP_ADD" and .start == $start) | .id] as $mapped
		| [.[] | select(.type == "region") | .id] as $first
		| "\([$new[].act] | unique | length) \([$new[].gone // [] | .[]] | (sort == unique) and contains($mapped)) \([$new[].id] - ([$new[].id] - $first) == [$new[].id])"' "$BATS_TEST_TMPDIR/tracked"
	is "1 true true"
}

@test "fork: each region of the child descends from the parent's at the same place" {
	watched --detail maps -f
	did map "$(at 0)" 4 rw
	step fork
	local child=$answer
	started+=("$child")
	until_true grep -q "\"type\":\"raw\".*\"pid\":$child," "$BATS_TEST_TMPDIR/stream"
	kill -KILL "$child"
	story
	is "1 MMAP_ADD a 0-4 rw-p
2 FORK b from a 0-4 rw-p"
	run -0 jq -rs '[.[] | select(.event == "FORK")] | "\([.[].act] | unique | length) \(all(.from | length == 1))"' "$BATS_TEST_TMPDIR/tracked"
	is "1 true"
}

@test "PID reuse: the old life ends with EXIT, and the new one shares no id with it" {
	requires root
	[ -w /proc/sys/kernel/ns_last_pid ] || skip "needs a writable ns_last_pid"
	local old=$pid sampler _
	vm-sample -p "$old" -i 20ms --detail maps >"$BATS_TEST_TMPDIR/stream" 3>&- &
	sampler=$!
	until_true grep -q '"type":"raw"' "$BATS_TEST_TMPDIR/stream"
	kill -STOP "$sampler"
	until_true grep -q "State:.T" "/proc/$sampler/status"
	kill -KILL "$old"
	wait "$old" || true
	for _ in {1..50}; do
		echo $((old - 1)) >/proc/sys/kernel/ns_last_pid
		tail -f /dev/null 3>&- &
		[ $! = "$old" ] && break
		kill -KILL $!
	done
	pid=$!
	started+=("$pid")
	kill -CONT "$sampler"
	[ "$pid" = "$old" ] || { kill "$sampler"; skip "another process was faster"; }
	until_true bash -c "sed '1,/\"why\":\"reused\"/d' '$BATS_TEST_TMPDIR/stream' | grep -q '\"type\":\"raw\"'"
	kill -INT "$sampler"
	wait "$sampler"
	vm-parse "$BATS_TEST_TMPDIR/stream" | vm-track >"$BATS_TEST_TMPDIR/tracked"
	vm-check -q "$BATS_TEST_TMPDIR/tracked"
	run -0 jq -rs '([.[] | select(.type == "change" and .event == "EXIT")]) as $exit
		| [.[] | select(.type == "region")] | (map(select(.t < $exit[0].t) | .id)) as $old | (map(select(.t >= $exit[0].t) | .id)) as $new
		| "\([$exit[].act] | unique | length) \(($exit | map(.id) | sort) == ($old | sort)) \($new | length > 0) \(($new - $old) == $new)"' "$BATS_TEST_TMPDIR/tracked"
	is "1 true true true"
}
