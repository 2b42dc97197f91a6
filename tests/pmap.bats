# pmap: its output, in all dialects, becomes regions again.
load helper

parsed() { run --separate-stderr vm-parse "$@"; }
field() { jq -c "select(.type == \"$1\") | $2" <<<"$output"; }

@test "pmap -x: ranges, sizes, permissions and names; [ anon ] is no name" {
	parsed "$ROOT/tests/texts/pmap.txt"
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[ "$(field process '[.pid, .name, .command]')" = '[4711,"counter","./counter --to 10"]' ]
	[ "$(field snapshot '[.regions, .size, .rss, .dirty] | map(. / 1024)' | cut -d, -f2-)" = "1852,330,32]" ]
	[ "$(field region '[.start, .end, .perms, .share, .name]' | sed -n '1p;2p;5p')" = '["0x000055d0c8a4f000","0x000055d0c8a70000","rw-p","prv",null]
["0x00007f2485972000","0x00007f2485982000","rw-s","shm","memfd:my memfd (deleted)"]
["0x00007fffc13ff000","0x00007fffc1420000","rw-p","prv","[stack]"]' ]
	valid_stream <<<"$output"
}

@test "pmap -X: every column is a measure, VmFlags are flags" {
	parsed "$ROOT/tests/texts/pmap-X.txt"
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[ "$(field region 'select(.name == "libc.so.6") | [.rss, .pss, .dirty, .thp_eligible, .dev, .inode, .flags]')" = '[155648,11264,0,0,"fe:00","1095295","rd mr mw me"]' ]
	[ "$(field region '.flags' | head -1)" = '"rd wr mr mw me ac"' ]
}

@test "a total that differs from the sum of the rows is reported" {
	sed '/libc.so.6/d' "$ROOT/tests/texts/pmap.txt" >"$BATS_TEST_TMPDIR/in"
	parsed "$BATS_TEST_TMPDIR/in"
	[[ $stderr == *"the report has a total of 1852 KiB, its rows have 332 KiB"* ]]
	[ "$(field lost .what)" = '"regions"' ]
}

@test "pmap of several processes becomes snapshots, each at its own time, and --every counts per process" {
	sed 's/^4711/4712/' "$ROOT/tests/texts/pmap.txt" >"$BATS_TEST_TMPDIR/other"
	cat "$ROOT/tests/texts/pmap.txt" "$BATS_TEST_TMPDIR/other" >"$BATS_TEST_TMPDIR/both"
	parsed --every 1s "$BATS_TEST_TMPDIR/both" "$BATS_TEST_TMPDIR/both"
	[ "$(field snapshot '[.t, .pid] | map(floor)' | paste -sd' ')" = "[0,4711] [0,4712] [1,4711] [1,4712]" ]
}

@test "pmap of a stopped process gives the regions of its maps, in each form" {
	requires cmd pmap
	workload still "$BATS_TEST_TMPDIR"
	kill -STOP "$pid"
	vm-parse "/proc/$pid/maps" | jq -r 'select(.type == "region") | "\(.start) \(.end) \(.perms)"' >"$BATS_TEST_TMPDIR/want"
	for form in -p -x -X -XX -d -q; do
		pmap $form "$pid" >"$BATS_TEST_TMPDIR/in"
		vm-parse "$BATS_TEST_TMPDIR/in" | jq -r 'select(.type == "region") | "\(.start) \(.end) \(.perms)"' >"$BATS_TEST_TMPDIR/got"
		diff "$BATS_TEST_TMPDIR/want" "$BATS_TEST_TMPDIR/got" || { echo "pmap $form"; return 1; }
	done
}

@test "thousands of random reports of nine dialects keep their content: plain, quoted, logged, indented" {
	requires cmd node
	run -0 node "$ROOT/tests/fuzz/reports.js" pmap 3000 21
	for form in quoted logged indented; do run -0 node "$ROOT/tests/fuzz/reports.js" pmap 60 22 $form; done
}

@test "cut or corrupted random reports of pmap harm nothing, and no region is invented" {
	requires cmd node
	for form in cut corrupt; do run -0 node "$ROOT/tests/fuzz/reports.js" pmap 150 23 $form; done
}

@test "external pmap texts give a region for each row that a plain reading finds (external samples)" {
	requires samples
	while read -r file regions; do
		got=$(vm-parse -q "$SAMPLES/pmap/$file.txt" | grep -c '"type":"region"') || true
		[ "$got" -eq "$regions" ] || { echo "$file: $got regions, not $regions"; return 1; }
	done <<-END
		busybox_pmap-x_arm32_init 8
		procps3.2.8_pmap-x_i386_man 23
		procps3.2.8_pmap_default_i386_man 23
		procps3.3.17_pmap-XX_edgecases 66
		procps3.3.17_pmap-X_edgecases 66
		procps3.3.17_pmap-d_edgecases 66
		procps3.3.17_pmap-x_edgecases 66
		procps3.3.17_pmap_default_edgecases 66
		procps4.0.2_pmap-XX_edgecases 66
		procps4.0.2_pmap-X_edgecases 66
		procps4.0.2_pmap-d_edgecases 66
		procps4.0.2_pmap-p_edgecases 66
		procps4.0.2_pmap-q_edgecases 66
		procps4.0.2_pmap-x_edgecases 66
		procps4.0.2_pmap_default_edgecases 66
		solaris9_pmap-x_ksh 18
		suse_pmap-d_sles11_start-size-rss-pss 11
		toybox0.8.9_pmap-x_edgecases 66
		toybox0.8.9_pmap_edgecases 66
	END
}

@test "pmap of one process in thirteen forms has the ranges of its maps (external samples)" {
	requires samples
	vm-parse -q "$SAMPLES"/maps/local_edgecases_*.txt | jq -r 'select(.type == "region") | "\(.start) \(.end) \(.perms)"' >"$BATS_TEST_TMPDIR/want"
	for file in "$SAMPLES"/pmap/*_edgecases.txt; do
		vm-parse -q "$file" | jq -r 'select(.type == "region") | "\(.start) \(.end) \(.perms)"' >"$BATS_TEST_TMPDIR/got"
		diff "$BATS_TEST_TMPDIR/want" "$BATS_TEST_TMPDIR/got" || { echo "$file"; return 1; }
	done
}

@test "pmap pasted by people: prose and fences around it, sums with a K each, unsorted rows" {
	printf '%s\n' 'Here is what it says of the other node:' '```' 'sudo pmap -X NUMBER' '871:   agent -c /etc' '         Address Perm   Offset Device  Inode    Size   Rss   Pss Swap Mapping' \
		'        00400000 r-xp 00000000  fd:01  9344    6480  1580  1529    0 agent' '    7ffe6b5f8000 rw-p 00000000  00:00     0     132    16    16    0 [stack]' \
		'                                             ======= ===== ===== ====' '                                               6612K 1596K 1545K   0K' '```' >"$BATS_TEST_TMPDIR/in"
	run -0 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[ -z "$stderr" ]
	[ "$(jq -c 'select(.type == "snapshot") | [.pid, .regions, .size, .rss]' <<<"$output")" = '[871,2,6770688,1634304]' ]
	sed -i 's/ 6612K/ 9612K/; s/^ *7ffe6b5f8000 rw-p/    7ffe6x5f8000 rw-p/' "$BATS_TEST_TMPDIR/in"
	run -1 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[[ $stderr == *":7: not a row of pmap"* && $stderr == *"total of 9612 KiB"* ]]
	printf '%s\n' 'Address           Kbytes     RSS   Dirty Mode  Mapping' '# program' '0000555555554000    8192    4096       0 r-x-- prog' '# shared' \
		'00007fffb0000000     512     512       0 rw-s- /dev/shm/x' '# heaps' '00007fff8a000000    1024     128     128 rw--- [ anon ] # the first' >"$BATS_TEST_TMPDIR/in"
	vm-parse -o "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/in"
	[ "$(jq -c 'select(.type == "snapshot") | .regions' "$BATS_TEST_TMPDIR/out")" = 3 ]
	[ "$(jq -r 'select(.type == "region") | .start' "$BATS_TEST_TMPDIR/out" | tr '\n' ' ')" = "0x0000555555554000 0x00007fff8a000000 0x00007fffb0000000 " ]
}
