# The whole machine: asked as it runs, and read from meminfo, free, vm_stat, top, footprint.
load helper

text() { vm-parse "$ROOT/tests/texts/$1.txt" | jq -c "select(.type == \"${3:-system}\") | $2"; }

@test "meminfo, vmstat, pressure and nodes as head prints them become one line" {
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

@test "each report of free -s is a line of its own, apart in time" {
	cat "$ROOT/tests/texts/free.txt" "$ROOT/tests/texts/free.txt" >"$BATS_TEST_TMPDIR/in"
	[ "$(vm-parse --every 2s "$BATS_TEST_TMPDIR/in" | jq -c 'select(.type == "system") | .t' | paste -sd' ' | sed 's/\.0*//g')" = "0 2" ]
}

@test "vm_stat counts pages of the size that its first line says" {
	[ "$(text vm_stat '[.free, .wired, .cached, .compressor, .faults, .swapouts]')" = '[163840000,819200000,1310720000,114688000,12345678,4]' ]
}

@test "the head of top, of Linux and of macOS" {
	[ "$(text top '[.total, .available]')" = '[16384000000,12288052428]' ]
	[ "$(echo 'PhysMem: 15G used (2101M wired, 3025M compressor), 117M unused.' | vm-parse | jq -c 'select(.type == "system") | [.used, .wired, .compressor, .free] | map(. / 1048576)')" = '[15360,2101,3025,117]' ]
	[ "$(printf 'Mem:  24684092k total,   609784k used, 23716388k free,   143456k buffers\nSwap:        0k total,        0k used,        0k free,   360004k cached\n' | vm-parse | jq -c 'select(.type == "system") | [.total, .cached] | map(. / 1024)')" = '[24684092,360004]' ]
}

@test "footprint states the sums of a process by its categories" {
	[ "$(text footprint '[.pid, .footprint, .phys_footprint, .footprint_peak, .labels.MALLOC_SMALL.reclaimable, .dirty]' snapshot)" = '[4711,2392064,2408448,4194304,16384,2392064]' ]
}

@test "the machine as it runs: total as meminfo has it, time goes on" {
	output=$(vm-sample -s system -n 2 -i 20ms | vm-parse)
	[ "$(jq -c 'select(.type == "system") | .total' <<<"$output" | sort -u)" = "$(awk '/^MemTotal/ { printf "%.0f", $2 * 1024 }' /proc/meminfo)" ]
	[ "$(jq -c 'select(.type == "system") | .t' <<<"$output" | sort -u | wc -l)" -eq 2 ]
	valid_stream <<<"$output"
}

@test "a machine without /proc/meminfo is told, with what to do instead" {
	run -1 --separate-stderr vm-sample -s system -n 1 -O proc="$BATS_TEST_TMPDIR"
	[[ $stderr == *"cannot read $BATS_TEST_TMPDIR/meminfo"*"vm-parse"* ]]
}

@test "texts of others are read as a plain reading does (external samples)" {
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
