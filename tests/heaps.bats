#!/usr/bin/env bats
# The source heaps: the heap as other tools have recorded it. Each text gives the calls, or the sums by call stack, that it states.
load helper

setup() { cd "$BATS_TEST_TMPDIR"; }

text() { vm-parse -q "$ROOT/tests/texts/$1"; }
# Each call on a line: op, size, whether it has an old block, an address, an error; and its frame.
calls() { jq -r 'if .type == "stack" then empty else select(.type == "alloc") | [.op, .size // "-", .old // "-", .addr // "-", .error // "-"] | join(" ") end' | sed 's/0x0*/0x/g'; }
# Each site: live, blocks, freed, frames by name, object or address.
sites() {
	jq -rs '(map(select(.type == "stack")) | map({key: (.id | tostring), value: .frames}) | from_entries) as $of
		| .[] | select(.type == "site") | [.live, .live_blocks // "-", .freed // "-", .peak // "-", .at_peak // "-",
			((.stack | tostring) as $id | ($of[$id] // []) | map(.function // .object // .addr) | join("<"))] | join(" ")' | sed 's/0x0*/0x/g'
}

@test "mtrace: each call, its caller, and a realloc of two lines" {
	text mtrace.txt >out
	diff - <(calls <out) <<'END'
malloc 100 - 0x5605eaa5c4a0 -
malloc 200 - 0x5605eaa5c510 -
realloc 5000 0x5605eaa5c4a0 0x5605eaa5c5e0 -
malloc 12 - 0x5605eaa5c2a0 -
free - - 0x5605eaa5c510 -
malloc 0 - 0x5605eaa5c600 -
realloc - 0x5605eaa5c5e0 - ENOMEM
END
	[ "$(jq -rs '[.[] | select(.type == "stack") | .frames[0] | select(.function) | [.object, .function]] | unique | .[] | join(" ")' out)" = "/lib/x86_64-linux-gnu/libc.so.6 __strdup" ]
	[ "$(vm-track out | vm-render --json --view leaks | jq -r '.totals[0] // .totals')" != "" ]
}

@test "ltrace: calls of several threads, in halves, with a time, failed, and what the log does not show" {
	run --separate-stderr vm-parse "$ROOT/tests/texts/ltrace.txt"
	diff - <(calls <<<"$output") <<'END'
malloc 100 - 0x56103427d2a0 -
calloc 200 - 0x56103427d310 -
realloc 5000 0x56103427d2a0 0x56103427d3e0 -
malloc 300 - 0x56103427e7c0 -
free - - 0x56103427d310 -
realloc 0 0x56103427d3e0 - -
malloc - - - ENOMEM
END
	[ "$(jq -c 'select(.type == "lost") | [.what, .count]' <<<"$output")" = '["alloc",1]' ]
	run -1 --separate-stderr vm-parse <(echo 'hello->malloc(100) = 0x56103427d2a0'; echo 'hello->malloc(what) = 0x56103427d2b0')
	[[ $stderr == *":2: not a whole call of ltrace; row skipped"* ]]
}

@test "heaptrack: the file as it is written, and as it is interpreted" {
	text heaptrack.txt >out
	diff - <(calls <out) <<'END'
malloc 100 - 0x55f4b318d1d0 -
malloc 200 - 0x55f4b318d300 -
free - - 0x55f4b318d1d0 -
END
	[ "$(jq -rs '[.[] | select(.type == "stack")][0].frames | map([.object, .offset] | join(" ")) | join(", ")' out | sed 's/0x0*/0x/g')" = "/tmp/hello 0x11cf, /lib/x86_64-linux-gnu/libc.so.6 0x27249, /tmp/hello 0x10f0" ]
	text heaptrack-interpreted.txt >out
	diff - <(sites <out) <<'END'
100 1 100 200 0 inner<main<_start
200 1 0 200 0 main<_start
END
	[ "$(jq -c 'select(.type == "heap") | [.live, .peak]' out)" = "[300,400]" ]
	[ "$(jq -cs '[.[] | select(.type == "stack")][0].frames | map(.inlined // false)' out)" = "[true,false,false]" ]
}

@test "massif: the sites of each tree, what a node has beyond its children, and the totals between" {
	text massif.txt >out
	diff - <(sites <out) <<'END'
10000 - - 10000 10000 f<g
4000 - - 4000 4000 f<main
1000 - - 1000 1000 f
5000 - - 5000 5000 /usr/lib/libx.so
1000 - - 1000 1000 
0 - - 10000 10000 f<g
0 - - 4000 4000 f<main
0 - - 1000 1000 f
5000 - - 5000 5000 /usr/lib/libx.so
0 - - 1000 1000 
END
	[ "$(jq -c 'select(.type == "heap") | [.t, .live, .peak]' out | paste -sd' ')" = "[0.2,21000,21000] [0.3,9000,21000] [0.4,5000,21000]" ] ||
		[ "$(jq -c 'select(.type == "heap") | [.t, .live, .peak]' out | paste -sd' ')" = "[0,0,0] [0.2,21000,21000] [0.3,9000,21000] [0.4,5000,21000]" ]
}

@test "DHAT: live at the end, freed, and at the time of the most" {
	text dhat.txt >out
	diff - <(sites <out) <<'END'
50000 25 50000 90000 80000 malloc<f<main
15000 50 0 15000 15000 malloc<main::run
END
	[ "$(jq -c 'select(.type == "process") | [.pid, .name, .command]' out)" = '[4711,"hello","./hello 40"]' ]
	[ "$(jq -rs '[.[] | select(.type == "stack")][1].frames[1] | [.file, .line] | join(" ")' out)" = "src/hello.rs 6" ]
	vm-render --json --view leaks out | jq -e '.rows | length == 2' >/dev/null
}

@test "heap profiles of gperftools, Go and jemalloc: samples are made larger as pprof makes them" {
	text heap-profile.txt >out
	# 1 / (1 - e^(-mean / rate)): 1048576 of one block, and 10 and 124 bytes in 2 and 4
	diff - <(sites <out) <<'END'
1212697 1 0 - - 0x4006a4<0x400731<0x7f0000000001
1048581 209716 1048633 - - 0x4006b4<0x400731
END
	[ "$(jq -c 'select(.type == "snapshot") | .regions' out)" = 2 ]
	text heap-profile-go.txt >out
	diff - <(sites <out) <<'END'
532523 33 532522 - - main.f<main.main
528395 65 3670006 - - runtime.x
END
	[ "$(jq -c 'select(.type == "heap" and .allocator) | [.allocator, .system, .used]' out)" = '["go",4000000,123456]' ]
	text heap-profile-jemalloc.txt >out
	diff - <(sites <out) <<'END'
1212697 1 0 - - 0x7f1<0x7f2<0x7f3
2097184 131074 0 - - 0x7f1<0x7f4
END
	run --separate-stderr vm-parse "$ROOT/tests/texts/heap-profile-go.txt"
	[[ $stderr == *"is a sample, one call each 524288 bytes"* ]]
}

@test "macOS: heap's classes, leaks with and without stacks, malloc_history" {
	text macos-heap.txt >out
	diff - <(sites <out) <<'END'
680512 5322 0 - - non-object
63168 846 0 - - CFString
END
	[ "$(jq -c 'select(.type == "snapshot") | .footprint / 1048576' out)" = 163 ]
	[ "$(text macos-leaks.txt | sites)" = "48 1 0 - - malloc<f<main<start
16 1 0 - - 'NSString'
144 3 0 - - <malloc in main 0x600003a40030> [48]" ]
	[ "$(text malloc_history.txt | sites)" = "1048576 2 0 - - malloc<f<main<start
16 1 0 - - malloc<strdup<main<start" ]
}

@test "files of these tools elsewhere (external samples)" {
	requires samples
	local folder=$SAMPLES/malloc
	[ -d "$folder" ] || skip "needs the folder malloc of the samples"
	[ "$(vm-parse -q "$folder/glibc2.36_mtrace_local.txt" | calls | awk '{ print $1 }' | sort | uniq -c | paste -sd' ')" = "      4 free       8 malloc       2 realloc" ]
	[ "$(vm-parse -q "$folder/ltrace0.7.3_malloc_local.txt" | grep -c '"type":"alloc"')" = 13 ]
	[ "$(vm-parse -q "$folder/heaptrack1.4_raw_local.txt" | calls | awk '{ sum += $2 } END { print sum, NR }')" = "$(vm-parse -q "$folder/heaptrack1.4_interpreted_local.txt" | jq -rs '[.[] | select(.type == "heap")][-1] | [.allocated, .allocated_blocks + .freed_blocks] | join(" ")')" ]
}

@test "lines of these texts are valid, and the views of the heap show them" {
	for file in mtrace ltrace heaptrack heaptrack-interpreted massif dhat heap-profile-go macos-leaks malloc_history; do
		vm-parse -q "$ROOT/tests/texts/$file.txt" >"$file" || true
		valid_stream <"$file"
		vm-track -q "$file" >"$file.tracked"
		vm-render --view calls "$file.tracked" >"$file.picture"
		[ -s "$file.picture" ]
	done
}
