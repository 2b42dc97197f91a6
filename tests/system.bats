# The whole machine: sampled live, and read from meminfo, free, vm_stat, top, footprint.
load helper

text() { vm-parse "$ROOT/tests/texts/$1.txt" | jq -c "select(.type == \"${3:-system}\") | $2"; }

@test "meminfo, vmstat, pressure and nodes, printed by head, become one line" {
	[ "$(text meminfo '[.total, .free, .available, .cached, .swap_total, .active_anon, .huge_pages_total, .hugepagesize] | map(. / 1024 | floor)')" = '[16000000,4000000,12000000,8000000,2000000,2000000,0,2048]' ]
	[ "$(text meminfo '[.pgmajfault, .oom_kill, .psi_some_avg10, .psi_some, .nodes["1"].free]')" = '[1203,1,0.12,0.083219,1024000000]' ]
	vm-parse "$ROOT/tests/texts/meminfo.txt" | valid_stream
}

@test "free: KiB are recognised, -b, -m, -g and -h too" {
	[ "$(text free '[.unit, .total, .available, .swap_used]')" = '["KiB",16384000000,12288000000,102400000]' ]
	requires cmd free
	want=$(awk '/^MemTotal/ { printf "%.0f", $2 * 1024 }' /proc/meminfo)
	for form in -k -b -m -w -v -l; do
		got=$(free $form | vm-parse | jq 'select(.type == "system") | .total')
		[ $((want - got)) -ge 0 ] && [ $((want - got)) -lt 1048576 ] || { echo "free $form: $got, not $want"; return 1; }
	done
	got=$(free -h | vm-parse | jq 'select(.type == "system") | .total')
	[ $((want - got)) -lt 1073741824 ]
}

@test "each report of free -s is a line of its own, at its own time" {
	cat "$ROOT/tests/texts/free.txt" "$ROOT/tests/texts/free.txt" >"$BATS_TEST_TMPDIR/in"
	[ "$(vm-parse --every 2s "$BATS_TEST_TMPDIR/in" | jq -c 'select(.type == "system") | .t' | paste -sd' ' | sed 's/\.0*//g')" = "0 2" ]
}

@test "vm_stat counts pages of the size in its first line" {
	[ "$(text vm_stat '[.free, .wired, .cached, .compressor, .faults, .swapouts]')" = '[163840000,819200000,1310720000,114688000,12345678,4]' ]
}

@test "the head of top, of Linux and of macOS" {
	[ "$(text top '[.total, .available]')" = '[16384000000,12288052428]' ]
	[ "$(echo 'PhysMem: 15G used (2101M wired, 3025M compressor), 117M unused.' | vm-parse | jq -c 'select(.type == "system") | [.used, .wired, .compressor, .free] | map(. / 1048576)')" = '[15360,2101,3025,117]' ]
	[ "$(printf 'Mem:  24684092k total,   609784k used, 23716388k free,   143456k buffers\nSwap:        0k total,        0k used,        0k free,   360004k cached\n' | vm-parse | jq -c 'select(.type == "system") | [.total, .cached] | map(. / 1024)')" = '[24684092,360004]' ]
}

@test "footprint gives the sums of a process by its categories" {
	[ "$(text footprint '[.pid, .footprint, .phys_footprint, .footprint_peak, .labels.MALLOC_SMALL.reclaimable, .dirty]' snapshot)" = '[4711,2392064,2408448,4194304,16384,2392064]' ]
	sed 's/^/2026-05-04 10:11:12.131 tool[99]: /' "$ROOT/tests/texts/footprint.txt" >"$BATS_TEST_TMPDIR/logged"
	[ "$(vm-parse "$BATS_TEST_TMPDIR/logged" | grep -v '"type":"st' | jq -c .)" = "$(vm-parse "$ROOT/tests/texts/footprint.txt" | grep -v '"type":"st' | jq -c .)" ]
	[ "$(text footprint '.kinds | [.arena.rss, .text.rss, .text.size, ."page-table".regions]' snapshot)" = '[212992,49152,null,1]' ]
}

@test "the machine, live: total equals meminfo, and time increases" {
	output=$(vm-sample -s system -n 2 -i 20ms | vm-parse)
	[ "$(jq -c 'select(.type == "system") | .total' <<<"$output" | sort -u)" = "$(awk '/^MemTotal/ { printf "%.0f", $2 * 1024 }' /proc/meminfo)" ]
	[ "$(jq -c 'select(.type == "system") | .t' <<<"$output" | sort -u | wc -l)" -eq 2 ]
	valid_stream <<<"$output"
}

@test "a machine without /proc/meminfo is reported, with a remedy" {
	run -1 --separate-stderr vm-sample -s system -n 1 -O proc="$BATS_TEST_TMPDIR"
	[[ $stderr == *"cannot read $BATS_TEST_TMPDIR/meminfo"*"vm-parse"* ]]
}

@test "external texts give the values of a plain reading (external samples)" {
	requires samples
	while read -r file member want; do
		got=$(vm-parse -q "$SAMPLES/system/$file.txt" | jq "select(.type == \"system\") | .$member")
		[ "$got" = "$want" ] || { echo "$file: $member is $got, not $want"; return 1; }
	done <<-END
		meminfo_4.x_procfs_fixture total 16042172416
		meminfo_6.18_local_firecracker available 24650248192
		meminfo_rhel7.7_3.10_x86_64 swap_free 7996690432
		free_procps4.0.2_-b total 25276510208
		free_procps4.0.2_default total 25276510208
		free_procps4.0.2_-wltm low_free 24285020160
		free_procps4.0.2_-h available 23622320128
		free_procps3.3.17_-h shared 8388608
		macos_vm_stat_10.15_4k wired 2164035584
		macos_vm_stat_10.15_4k faults 510496275
	END
}

# A process uses up a machine of 16 GiB: free memory, then the cache, then swap; at last it is killed.
pressure() {
	jq -nc 'def G: 1073741824; def M: 1048576; def hex: if . < 16 then "0123456789abcdef"[.:. + 1] else (. / 16 | floor | hex) + "0123456789abcdef"[. % 16:. % 16 + 1] end;
		{ type: "stream", t: 0, version: 1, program: "test", sources: ["system", "procfs"] },
		(range(41) as $i | ([$i * 340 * M, 13.2 * G | floor] | min / 4096 | floor * 4096) as $want | ([0, $want - 3.8 * G] | max) as $over
		| ([1 * G, 7 * G - $over] | max) as $cache | ([2 * G, ([0, $over - 6 * G] | max)] | min) as $swap
		| ([0.2 * G, 4 * G - $want] | max | floor) as $free
		| { type: "system", t: ($i / 2), total: (16 * G), free: $free, available: ($free + ([0, $cache - 2 * G] | max | floor)), buffers: 0,
		    cached: ($cache | floor), swap_total: (2 * G), swap_free: (2 * G - $swap | floor), oom_kill: (if $over > 8.5 * G then 1 else 0 end),
		    psi_some_avg10: 0.25, psi_some: ($i / 10) },
		  { type: "snapshot", t: ($i / 2), pid: 77, seq: $i, regions: 1 },
		  { type: "region", t: ($i / 2), pid: 77, seq: $i, start: "0x0000000010000000", end: ("0x" + ("0000000000000000" + (268435456 + $want + 4096 | hex))[-16:]),
		    size: ($want + 4096), perms: "rw-p", kind: "heap", name: "[heap]", rss: ($want + 4096 - $swap | floor) }),
		{ type: "end", t: 20, reason: "exit" }'
}

@test "the area view draws the machine above the process: free memory, cache, swap, and the stages of memory pressure" {
	pressure >"$BATS_TEST_TMPDIR/s"
	run -0 --separate-stderr vm-render --ascii --view area --width 150 --height 40 "$BATS_TEST_TMPDIR/s"
	[ -z "$stderr" ]
	for words in "the machine and process 77" "H heap" "o in use by others" "c cache" "r reclaimable cache" ". free" "W swap used" \
		"available falls" "free runs short" "cache is freed" "swap is used" "OOM kill" "of the last 10 s" "--measure rss"; do
		[[ $output == *"$words"* ]] || { echo "no '$words' in: $output"; return 1; }
	done
	# each stage after the one before
	[ "$(grep -o 'available falls at.*' <<<"${output//$'\n'/ }" | grep -oE ' at [0-9.]+ s' | awk '{ print $2 }' | tee "$BATS_TEST_TMPDIR/at" | sort -n | paste -sd' ')" = "$(paste -sd' ' "$BATS_TEST_TMPDIR/at")" ]
	[ "$(wc -l <"$BATS_TEST_TMPDIR/at")" -eq 5 ]
}

@test "the bands of the machine add up to its memory, and available to free and the reclaimable cache" {
	printf '{"type":"system","t":0,"total":1000000,"free":200000,"available":500000,"buffers":100000,"cached":300000,"shared":5,"swap_total":50000,"swap_free":10000}\n' >"$BATS_TEST_TMPDIR/s"
	run -0 vm-render --ascii --view area --width 140 --height 30 "$BATS_TEST_TMPDIR/s"
	for words in "in use 391 KiB" "cache 97.7 KiB" "reclaimable cache 293 KiB" "free 195 KiB" "swap used 39.1 KiB" "available 488 KiB (50 %)"; do
		[[ $output == *"$words"* ]] || { echo "no '$words' in: $output"; return 1; }
	done
}

@test "with a kind or a measure, area is of the process alone; --measure system is of the machine alone without a process" {
	pressure >"$BATS_TEST_TMPDIR/s"
	for option in "--measure rss" "--kind heap"; do
		run -0 vm-render --ascii --view area $option "$BATS_TEST_TMPDIR/s"
		[[ $output != *"reclaimable"* && $output == *"heap"* ]]
	done
	grep -v region "$BATS_TEST_TMPDIR/s" | grep -v snapshot >"$BATS_TEST_TMPDIR/machine"
	run -0 vm-render --ascii --view area --measure system "$BATS_TEST_TMPDIR/machine"
	[[ $output == "the machine"$'\n'* && $output == *"in use "* ]]
	vm-sample -p $$ -n 1 | vm-parse >"$BATS_TEST_TMPDIR/process"
	run -0 vm-render --ascii --view area --measure system "$BATS_TEST_TMPDIR/process"
	[[ $output == *"the input has no sample of the machine"* ]]
}

@test "a process and the machine in one stream, from one clock, in one picture" {
	workload still "$BATS_TEST_TMPDIR"
	run -0 bash -c "vm-sample -s procfs,system -p $pid -n 3 -i 20ms | vm-parse | vm-track | vm-render --ascii --view area --width 120 --height 40"
	[[ $output == "the machine and still ($pid)"* && $output == *"3 samples"* && $output == *"heap"* && $output == *" free "* && $output == *"resident, "*"% of the machine"* ]]
}

@test "vm_stat becomes a picture of the sums of macOS: wired, active, compressor, inactive, free" {
	run -0 bash -c "vm-parse '$ROOT/tests/texts/vm_stat.txt' | vm-render --ascii --view area --width 120 --height 30"
	[[ $output == *"wired 781 MiB"* && $output == *"compressor"* && $output == *"inactive"* && $output == *"free 156 MiB"* ]]
}

@test "--table=free equals the output of free, byte for byte, with each of its options" {
	requires root
	requires cmd free unshare
	[[ $(free -V) == *"procps-ng 4.0.2"* ]] || skip "needs free of procps-ng 4.0.2"
	printf '%s kB\n' "MemTotal: 16384000" "MemFree: 1" "MemAvailable: 4" "Buffers: 9" "Cached: 1023" "SReclaimable: 1" "Shmem: 10240" "SwapTotal: 1048575" \
		"SwapFree: 100000" "Committed_AS: 20000000" "CommitLimit: 1000000" >"$BATS_TEST_TMPDIR/narrow"
	cat /proc/meminfo >"$BATS_TEST_TMPDIR/here"
	sed 's/^MemAvailable.*/MemAvailable: 99999999999 kB/' /proc/meminfo >"$BATS_TEST_TMPDIR/container"
	for file in narrow here container; do
		for letters in "" h w b m g t l v wlt hwtlv i hi wi; do
			options=${letters//i/} si=
			[[ $letters == *i* ]] && si=--si
			unshare -m sh -c "mount --bind '$BATS_TEST_TMPDIR/$file' /proc/meminfo && free ${options:+-$options} $si" >"$BATS_TEST_TMPDIR/want" || skip "may not mount"
			vm-parse --format meminfo "$BATS_TEST_TMPDIR/$file" | vm-render --table=free-"$letters" >"$BATS_TEST_TMPDIR/got"
			diff "$BATS_TEST_TMPDIR/want" "$BATS_TEST_TMPDIR/got" || { echo "free $letters of $file"; return 1; }
		done
	done
}

@test "an unknown letter of free is refused, with the known ones" {
	run -2 --separate-stderr vm-render --table=free-hx /dev/null
	[[ $stderr == *"unknown letter 'x'"*"b, k, m, g"* ]]
	run -2 --separate-stderr vm-render --table=free-bm /dev/null
	[[ $stderr == *"expected one unit"* ]]
	run -2 --separate-stderr vm-render --table=free --sort size /dev/null
	[[ $stderr == *"no --columns"* ]]
}

@test "all of top's memory lines: current and old macOS, busybox" {
	of() { vm-parse | jq -c "select(.type == \"system\") | $1"; }
	head='SharedLibs: 423M resident, 89M data, 156M linkedit.
MemRegions: 254123 total, 6234M resident, 189M private, 2345M shared.
PhysMem: 16G used (3.2G wired), 2.1G unused.
VM: 45T vsize, 3456M framework vsize, 7(0) swapins, 8(3) swapouts.'
	[ "$(of '[.shared_libs_resident, .shared_libs_data, .shared_libs_linkedit, .regions_resident, .regions_private, .regions_shared, .framework_vsize] | map(. / 1048576)' <<<"$head")" = '[423,89,156,6234,189,2345,3456]' ]
	[ "$(of '[.regions, .vsize / 1099511627776, .swapins, .swapouts, .used / 1073741824]' <<<"$head")" = '[254123,45,7,8,16]' ]
	[ "$(printf '%s\n\nPID COMMAND\n%s\n' "$head" "$head" | of .swapouts | paste -sd' ')" = "8 8" ]
	[ "$(of '[.wired, .active, .inactive, .used, .free] | map(. / 1048576)' <<<'PhysMem: 1234M wired, 2345M active, 456M inactive, 4035M used, 61M free.')" = '[1234,2345,456,4035,61]' ]
	[ "$(of '[.used, .free, .shared, .buffers, .cached] | map(. / 1024)' <<<'Mem: 126536K used, 3412K free, 0K shrd, 4120K buff, 51004K cached')" = '[126536,3412,0,4120,51004]' ]
}

@test "vm_stat at intervals: a line for each row, counts in thousands and millions" {
	printf '%s\n' 'Mach Virtual Memory Statistics: (page size of 16384 bytes)' '    free   active   specul inactive throttle    wired  prgable   faults' \
		'    5093   202210      986   201040        0   118482     1321    1250M' '    5100   202210      986   201040        0   118482     1321    1251M' |
		vm-parse | jq -c 'select(.type == "system") | [.free / 16384, .wired / 16384, .faults / 1000000]' >"$BATS_TEST_TMPDIR/got"
	[ "$(cat "$BATS_TEST_TMPDIR/got")" = '[5093,118482,1250]
[5100,118482,1251]' ]
}

@test "free -L on one line, and the units of free" {
	[ "$(printf 'SwapUse           4 CachUse      560000  MemUse     1000000 MemFree    22000000 \n' | vm-parse | jq -c 'select(.type == "system") | [.swap_used, .buffers_cached, .used, .free] | map(. / 1024)')" = '[4,560000,1000000,22000000]' ]
	[ "$(printf '              total        used        free      shared  buff/cache   available\nMem:           15Gi      15.5Gi       0.0Gi       0.5Gi       512Mi       0.25Gi\n' | vm-parse | jq -c 'select(.type == "system") | [.used, .shared, .available] | map(. / 1073741824)')" = '[15.5,0.5,0.25]' ]
}

@test "output of free --si is in thousands of bytes, and the machine is not a thousand times larger" {
	{ echo '               total        used        free      shared  buff/cache   available'; echo 'Mem:        25276514      671255    24878018        9435     1260126    25833089'; echo 'Swap:              0           0           0'; } >"$BATS_TEST_TMPDIR/in"
	[ "$(vm-parse "$BATS_TEST_TMPDIR/in" | jq -c 'select(.type == "system") | [.unit, .total, .shared]')" = '["kB",25276514000,9435000]' ]
	sed 's/25276514/ 2527651/; s/25833089/ 2533089/; s/24878018/ 2478018/' "$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/large" # 2.4 TiB by free -m
	[ "$(vm-parse "$BATS_TEST_TMPDIR/large" | jq -r 'select(.type == "system") | .unit')" = MiB ]
}

@test "an unreadable row of free or value of meminfo is reported with its line, and the others are kept" {
	printf '%s\n' '             total       used       free' 'Mem:       8061948    x7621620     440328' 'Swap:      4192956          0    41929x6' >"$BATS_TEST_TMPDIR/in"
	run -1 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[[ $stderr == *":2: not a row of free; row skipped"*":3: not a row of free; row skipped"* ]]
	sed 's/^MemFree:.*/MemFree:    12x4 kB/' "$ROOT/tests/texts/meminfo.txt" >"$BATS_TEST_TMPDIR/in"
	run -1 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[[ $stderr == *":$(grep -n 12x4 "$BATS_TEST_TMPDIR/in" | cut -d: -f1): not a value of meminfo; row skipped"* ]]
	[ "$(jq -c 'select(.type == "system") | del(.t)' <<<"$output")" = "$(vm-parse "$ROOT/tests/texts/meminfo.txt" | jq -c 'select(.type == "system") | del(.t, .free)')" ]
}

@test "a text that ends within a number gives no wrong number, and is reported with its place" {
	printf '               total        used        free      shared  buff/cache   available\nMem:     25276510208   6247' >"$BATS_TEST_TMPDIR/in"
	run -1 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[[ $stderr == *":2: the line is cut short"* ]]
	printf '               total        used        free\nMem:     25276510208   624726016 24285069312\nSwap:  40' >"$BATS_TEST_TMPDIR/in"
	run -1 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[ "$(jq -c 'select(.type == "system") | [.unit, .total, .swap_total]' <<<"$output")" = '["B",25276510208,null]' ]
	printf '               total        used        free\nMem:     25276510208   624726016 242' >"$BATS_TEST_TMPDIR/in" # the last number may be missing
	[ "$(vm-parse -q "$BATS_TEST_TMPDIR/in" | jq -r 'select(.type == "system") | .unit')" = B ]
	printf 'MemTotal:       24684096 kB\nMemFree:        230' >"$BATS_TEST_TMPDIR/in"
	run -1 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[ "$(jq -c 'select(.type == "system") | [.total, .free]' <<<"$output")" = '[25276514304,null]' ]
	printf '00400000-ffffffffff601000 ---p 00000000 00:00 0                          [rollu' >"$BATS_TEST_TMPDIR/in"
	run -1 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[[ $stderr == *":1: the line is cut short"* && $output != *'"region"'* ]]
	printf '00400000-ffffffffff601000 ---p 00000000 00:00 0          ' >"$BATS_TEST_TMPDIR/in"
	run -1 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[[ $stderr == *":1: the line is cut short"* && $output != *'"region"'* ]]
	printf '==> /sys/devices/system/node/node0/meminfo <==\nNode 0 MemTotal:        8000000 kB\nNode 0 MemFree:   30' >"$BATS_TEST_TMPDIR/in"
	[ "$(vm-parse -q "$BATS_TEST_TMPDIR/in" | jq -c 'select(.type == "system") | .nodes')" = '{"0":{"total":8192000000}}' ]
}

@test "--table=free leaves a value blank that the text does not state, and one that cannot be true" {
	printf '%s\n' 'Mach Virtual Memory Statistics: (page size of 4096 bytes)' 'Pages free:            10555.' 'Pages active:         984152.' >"$BATS_TEST_TMPDIR/mac"
	[ "$(vm-parse "$BATS_TEST_TMPDIR/mac" | vm-render --table=free | sed -n '2,3s/ *$//p')" = $'Mem:                                   42220\nSwap:' ]
	printf '%s\n' '             total       used       free     shared    buffers     cached' 'Mem:       8061420    7620716     440704          0     316764    3205600' 'Swap:      4194300          0    4194300' >"$BATS_TEST_TMPDIR/old"
	[ "$(vm-parse "$BATS_TEST_TMPDIR/old" | vm-render --table=free | sed -n '2s/ *$//p')" = 'Mem:         8061420     7620716      440704           0     3522364' ]
}
