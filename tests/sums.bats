# Reports of sums without regions: /proc/PID/status, ps, top, the OOM killer, dumpsys meminfo, NMT, numastat, vmstat, memory.stat.
load helper

of() { vm-parse | jq -c "select(.type == \"$1\") | $2"; }

@test "status: of a live process, as the kernel says it; several, and what grep leaves of them" {
	workload still "$BATS_TEST_TMPDIR"
	kill -STOP "$pid"
	want() { awk -v k="$1:" '$1 == k { printf "%.0f", $2 * 1024 }' "/proc/$pid/status"; }
	[ "$(of snapshot '[.pid, .size, .rss, .swap, .rss_peak, .page_tables, .kinds.anon.rss, .kinds.file.rss]' <"/proc/$pid/status")" = \
		"[$pid,$(want VmSize),$(want VmRSS),$(want VmSwap),$(want VmHWM),$(want VmPTE),$(want RssAnon),$(want RssFile)]" ]
	[ "$(of process '[.pid, .ppid, .name]' <"/proc/$pid/status")" = "[$pid,$(awk '/^PPid/ { print $2 }' "/proc/$pid/status"),\"still\"]" ]
	[ "$(cat "/proc/$$/status" "/proc/$pid/status" | of snapshot .pid | paste -sd' ')" = "$$ $pid" ]
	[ "$(grep Vm "/proc/$pid/status" | of snapshot '[.pid, .size]')" = "[null,$(want VmSize)]" ]
	[ "$(sed 's/^/> /' "/proc/$pid/status" | of snapshot '.size')" = "$(want VmSize)" ]
	vm-parse "/proc/$pid/status" | valid_stream
}

@test "ps: a process and its sums for each row, whatever the columns; top's rows in their units" {
	requires cmd ps
	workload still "$BATS_TEST_TMPDIR"
	for columns in pid,rss,vsz,comm user,pid,vsz,rss,args ppid,pid,%mem,rss,stat,cmd; do
		[ "$(ps -p "$pid" -o "$columns" | of snapshot '[.pid, .rss]')" = "[$pid,$(($(ps -p "$pid" -o rss=) * 1024))]" ] || { echo "$columns"; return 1; }
	done
	printf '%s\n' '    PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND' '   4711 joe       20   0 1205.2m   1.2g  12345 S   0.0   5.1   0:01.00 /usr/bin/hello world' >"$BATS_TEST_TMPDIR/in"
	[ "$(of snapshot '[.size, .rss, .shared]' <"$BATS_TEST_TMPDIR/in")" = '[1263743795,1288490188,12641280]' ]
	[ "$(of process '[.name, .user, .command]' <"$BATS_TEST_TMPDIR/in")" = '["hello","joe","/usr/bin/hello world"]' ]
	printf '%s\n' '  PID       Vss      Rss      Pss      Uss  cmdline' ' 1525  1234567K   70712K   30711K   20000K  system_server' >"$BATS_TEST_TMPDIR/in"
	[ "$(of snapshot '[.rss, .pss, .unique] | map(. / 1024)' <"$BATS_TEST_TMPDIR/in")" = '[70712,30711,20000]' ]
}

@test "the OOM killer: the machine, each task, and the killed process" {
	cat >"$BATS_TEST_TMPDIR/in" <<'END'
[ 1234.567890] java invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0, oom_score_adj=0
[ 1234.567891] Mem-Info:
[ 1234.567892] active_anon:3912044 inactive_anon:120 isolated_anon:0
[ 1234.567893]  free:33012 free_pcp:0 free_cma:0
[ 1234.567894] 4194304 pages RAM
[ 1234.567895] memory: usage 1048576kB, limit 1048576kB, failcnt 5678
[ 1234.567896] Tasks state (memory values in pages):
[ 1234.567897] [  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name
[ 1234.567898] [   1203]  1000  1203     2525     1306    53248       10         -1000 bash
[ 1234.567899] [   4242]  1000  4242  2068353   978011  8622080        0             0 java
[ 1234.567900] oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/app,task_memcg=/app/1,task=java,pid=4242,uid=1000
[ 1234.567901] Memory cgroup out of memory: Killed process 4242 (java) total-vm:8273412kB, anon-rss:3912044kB, file-rss:8kB, shmem-rss:4kB, UID:1000 pgtables:8420kB oom_score_adj:0
END
	run -0 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[ -z "$stderr" ]
	valid_stream <<<"$output"
	[ "$(jq -c 'select(.type == "system") | [.cgroup, .total, .free, .active_anon, .current, .limit]' <<<"$output")" = '[null,17179869184,135217152,16023732224,null,null]
["/app",null,null,null,1073741824,1073741824]' ]
	[ "$(jq -c 'select(.type == "snapshot") | [.pid, .size / 4096, .rss / 4096, .swap, .page_tables]' <<<"$output")" = '[1203,2525,1306,40960,53248]
[4242,2068353,978011,0,8622080]
[4242,2068353,978014,null,8622080]' ]
	[ "$(jq -c 'select(.type == "event") | [.pid, .call, .signal, .why]' <<<"$output")" = '[4242,"exit",9,"out of memory in its cgroup"]' ]
	[ "$(echo 'Out of memory: Killed process 4242 (a (b) c) total-vm:100kB, anon-rss:40kB, file-rss:0kB' | of process '[.pid, .name]')" = '[4242,"a (b) c"]' ]
}

@test "dumpsys meminfo: categories with their measures and kinds, and the total" {
	cat >"$BATS_TEST_TMPDIR/in" <<'END'
** MEMINFO in pid 1525 [com.example] **
                   Pss  Private  Private  SwapPss      Rss     Heap     Heap     Heap
                 Total    Dirty    Clean    Dirty    Total     Size    Alloc     Free
                ------   ------   ------   ------   ------   ------   ------   ------
  Native Heap   108862   108728       76       52   109808   117740   116154     1585
        Stack     1492     1492        0        0     1500
    .so mmap     54674     7036    43908       20    75536
        TOTAL   165028   117256    43984       72   186844   117740   116154     1585

 Objects
               Views:       50         ViewRootImpl:        1
END
	run -0 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[ -z "$stderr" ]
	valid_stream <<<"$output"
	[ "$(jq -c 'select(.type == "snapshot") | [.pid, .pss, .rss, .private_dirty, .kinds.arena.rss, .labels.Stack.pss, (.labels | length)]' <<<"$output")" = '[1525,168988672,191328256,120070144,112443392,1527808,3]' ]
}

@test "NMT: reserved and committed by part, and the changes of a diff" {
	printf '%s\n' '4711:' '' 'Native Memory Tracking:' '' 'Total: reserved=3302318KB +100KB, committed=1757634KB -12KB' '-                 Java Heap (reserved=2603008KB, committed=1272832KB)' \
		'                            (mmap: reserved=2603008KB, committed=1272832KB)' '-                    Thread (reserved=42783KB +1024KB, committed=42783KB +1024KB)' >"$BATS_TEST_TMPDIR/in"
	[ "$(of snapshot '[.pid, .size, .committed, .committed_change, .kinds.gc.size, .labels.Thread.reserved_change]' <"$BATS_TEST_TMPDIR/in")" = '[4711,3381573632,1799817216,-12288,2665480192,1048576]' ]
	vm-parse "$BATS_TEST_TMPDIR/in" | valid_stream
}

@test "numastat: a process by node" {
	printf '%s\n' 'Per-node process memory usage (in MBs) for PID 1234 (httpd)' '                           Node 0          Node 1           Total' '                  --------------- --------------- ---------------' \
		'Heap                        45.25           12.50           57.75' 'Private                    120.50           35.75          156.25' '----------------  --------------- --------------- ---------------' 'Total                      165.75           48.25          214.00' >"$BATS_TEST_TMPDIR/in"
	[ "$(of snapshot '[.pid, .rss / 1048576, .numa["1"] / 1048576, .kinds.heap.rss / 1048576]' <"$BATS_TEST_TMPDIR/in")" = '[1234,214,48.25,57.75]' ]
	vm-parse "$BATS_TEST_TMPDIR/in" | valid_stream
}

@test "vmstat: a line for each row, and -s" {
	printf '%s\n' 'procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu-----' ' r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st' \
		' 1  0      4 19005132 120344 4250124    0    0     5    18   40   60  1  0 99  0  0' ' 0  0      4 19005000 120344 4250124    0    0     5    18   40   60  1  0 99  0  0' >"$BATS_TEST_TMPDIR/in"
	[ "$(of system '[.free / 1024, .cached / 1024, .swap_used]' <"$BATS_TEST_TMPDIR/in" | paste -sd' ')" = '[19005132,4250124,4096] [19005000,4250124,4096]' ]
	requires cmd vmstat
	[ "$(vmstat -s | of system .total)" = "$(awk '/^MemTotal/ { printf "%.0f", $2 * 1024 }' /proc/meminfo)" ]
	[ "$(vmstat 1 1 | of system 'has("free")')" = true ]
}

@test "memory.stat and its neighbours of a control group, of version 2 and 1, by cat and grep" {
	printf '%s\n' '# cat /sys/fs/cgroup/app/memory.current' 2481475584 '# cat /sys/fs/cgroup/app/memory.max' max '# cat /sys/fs/cgroup/app/memory.stat' 'anon 2472849408' 'file 57344' 'inactive_anon 2472730624' \
		'# cat /sys/fs/cgroup/app/memory.events' 'oom 3' 'oom_kill 1' '# cat /sys/fs/cgroup/other/memory.current' 4096 >"$BATS_TEST_TMPDIR/in"
	[ "$(of system '[.cgroup, .current, .limit, .anon, .file, .events.oom_kill]' <"$BATS_TEST_TMPDIR/in")" = '["/app",2481475584,null,2472849408,57344,1]
["/other",4096,null,null,null,null]' ]
	printf '%s\n' 'cache 57344' 'rss 2472849408' 'mapped_file 4096' 'inactive_anon 0' 'hierarchical_memory_limit 9223372036854771712' 'total_cache 99' 'total_rss 99' >"$BATS_TEST_TMPDIR/in"
	[ "$(of system '[.cgroup, .anon, .file, .file_mapped, .limit]' <"$BATS_TEST_TMPDIR/in")" = '["?",2472849408,57344,4096,null]' ]
	printf '%s\n' '/sys/fs/cgroup/app/memory.current:2481475584' '/sys/fs/cgroup/app/memory.peak:3000000000' >"$BATS_TEST_TMPDIR/in"
	[ "$(of system '[.cgroup, .current, .peak]' <"$BATS_TEST_TMPDIR/in")" = '["/app",2481475584,3000000000]' ]
	vm-parse "$BATS_TEST_TMPDIR/in" | valid_stream
}
