# Why resident memory is what it is: each cause is said, with its figure. Witnesses: smaps, status and pmap of programs that have one cause
# each, and reports written for this test.
load helper

setup() { requires cmd jq; }

# Records the process once, as tracked stream, at the preset detail or another.
record() {
	vm-sample -p "$pid" -n 1 "$@" 2>/dev/null >"$BATS_TEST_TMPDIR/raw"
	TEXT=$BATS_TEST_TMPDIR/text # of status and smaps: a second reading may differ, since other processes share pages too
	jq -rj 'select(.type == "raw" and .format != "linux-threads") | .text' "$BATS_TEST_TMPDIR/raw" >"$TEXT"
	vm-parse "$BATS_TEST_TMPDIR/raw" | vm-track -o "$BATS_TEST_TMPDIR/life"
	vm-check "$BATS_TEST_TMPDIR/life"
}
explain() { run -0 --separate-stderr vm-render --ascii --view explain --width 400 "$@" "$BATS_TEST_TMPDIR/life"; }
stats() { run -0 --separate-stderr vm-render --ascii --view stats --width 300 "$@" "$BATS_TEST_TMPDIR/life"; }
says() { grep -F -- "$1" <<<"$output" || { echo "does not say: $1" >&2; echo "$output" >&2; return 1; }; }
silent() { if grep -F -- "$1" <<<"$output" >&2; then echo "says: $1" >&2; return 1; fi; }
sum() { awk -v key="$1:" '$1 == key { n += $2 } END { print n + 0 }' "${TEXT:-/proc/$pid/smaps}"; } # KiB
status() { awk -v key="$1:" '$1 == key { print $2 }' "${TEXT:-/proc/$pid/status}"; }
# row WHAT: the cells of a row of stats, without the section, from its size on
row() { sed -nE "s/^(sharing|memory) +$1 +-? +//p" <<<"$output" | grep . || { echo "no row $1" >&2; echo "$output" >&2; return 1; }; }

smaps() { # START SIZE_KIB PERMS NAME, then lines of values
	printf '%x-%x %s 00000000 00:00 0 %s\nSize: %d kB\n' "$1" $(($1 + $2 * 1024)) "$3" "$4" "$2"
	shift 4
	printf '%s kB\n' "$@"
}

@test "huge pages behind few touches are said, with their number, and not called touched" {
	grep -q '\[always\]\|\[madvise\]' /sys/kernel/mm/transparent_hugepage/enabled || skip "transparent huge pages are off"
	workload causes huge 64
	[ "$(sum AnonHugePages)" = 65536 ] || skip "the kernel found no huge pages"
	for detail in smaps rss; do
		record --detail "$detail"
		explain
		says 'transparent huge pages: 64 MiB in 32 pages of 2 MiB; 32 touches make that resident'
		says 'page faults in all'
		says 'huge pages make more resident than was touched'
		silent 'nearly all of it was touched'
		stats
		row 'transparent huge pages' | grep -q '65536 .*32 pages of 2 MiB'
	done
	faults=$(jq -r 'select(.type == "sample") | .minor + .major' "$BATS_TEST_TMPDIR/life")
	[ "$faults" -lt 16384 ] # pages of 4 KiB
}

@test "memory that is freed and kept is said, and not called live" {
	workload causes freed 48
	[ "$(sum LazyFree)" -ge 40960 ] || skip "the kernel has taken the pages already"
	record
	explain
	says 'MiB (MADV_FREE); the kernel takes them under pressure; all of it: anon at 0x'
	grep -qE '^freed but still resident: 4[0-9.]+ MiB' <<<"$output"
	says 'most of it was freed and is kept until the kernel needs the room'
	silent 'the program still needs it'
	stats
	[ "$(row 'freed but kept \(MADV_FREE\)' | awk '{ print $2 }')" = "$(jq -s '[.[] | select(.type == "region") | .lazy_free] | add / 1024' "$BATS_TEST_TMPDIR/life")" ]
}

@test "page tables and kernel stacks are said to be on top of RSS, as the status has them" {
	workload causes tables 16
	for detail in smaps rss pages; do
		record --detail "$detail"
		[ "$(jq -r 'select(.type == "snapshot") | .page_tables / 1024' "$BATS_TEST_TMPDIR/life" | head -1)" = "$(status VmPTE)" ]
		[ "$(jq -r 'select(.type == "snapshot") | .rss_peak / 1024' "$BATS_TEST_TMPDIR/life" | head -1)" = "$(status VmHWM)" ]
		[ "$(jq -c 'select(.type == "snapshot") | .threads' "$BATS_TEST_TMPDIR/life" | head -1)" = 1 ]
		explain
		says 'on top of RSS, in the kernel: + 32'
		says ' of page tables (VmPTE), about 16 KiB of kernel stacks (1 thread)'
		stats
		[ "$(row 'page tables' | awk '{ print $1 }')" = "$(status VmPTE)" ]
	done
	workload causes threads 5
	record
	explain
	says 'about 96 KiB of kernel stacks (6 threads)'
	valid_stream <"$BATS_TEST_TMPDIR/life"
	explain --kind stack # says nothing of the process as a whole
	silent 'page tables'
}

@test "page tables that grow while no region changes are a new sample" {
	step_start
	step mmap 4194304 rw
	region=$answer
	record
	at=$((region + (1 << 30)))
	vm-sample -p "$pid" -i 50ms -o "$BATS_TEST_TMPDIR/raw" 3>&- &
	sampling=$!
	until_true grep -qs '"seq":0' "$BATS_TEST_TMPDIR/raw"
	step touch "$(printf 0x%x "$at")" 4
	grown() { vm-parse -q "$BATS_TEST_TMPDIR/raw" 2>/dev/null | jq -se '[.[] | select(.type == "snapshot") | .page_tables] | .[-1] > .[0]' >/dev/null; }
	until_true grown
	kill -INT "$sampling"
	wait "$sampling"
}

@test "pages of a file stay in the page cache when the process ends, anonymous ones do not" {
	workload causes file 16
	record
	[ "$(sum Private_Clean)" -ge 16384 ] || skip "the file system shares its pages"
	stats
	[ "$(row '- of files' | awk '{ print ($2 >= 16384) }')" = 1 ]
	row '- of files' | grep -q 'page cache: kept when this process ends'
	row '- anonymous' | grep -q 'freed when this process ends'
	# both are all that is private
	[ $(($(row '- of files' | awk '{ print $2 }') + $(row '- anonymous' | awk '{ print $2 }'))) = $(($(sum Private_Clean) + $(sum Private_Dirty))) ]
	[ "$(row 'anonymous pages' | awk '{ print $2 }')" = "$(sum Anonymous)" ]
	[ $(($(row 'anonymous pages' | awk '{ print $2 }') + $(row 'pages of files' | awk '{ print $2 }'))) = "$(sum Rss)" ]
	[ "$(row 'anonymous pages' | awk '{ print $2 }')" = "$(pmap -X "$pid" | awk '$1 == "Address" { for (i = 1; i <= NF; i++) if ($i == "Anonymous") at = i } /^ +=/ { total = 1; next } total { print $(at - 5) }')" ]
	explain
	says 'are anonymous, which goes with the process or to swap'
	says 'are pages of files: page cache'
}

@test "what a fork shares is anonymous and shared, none of it is called page cache" {
	workload causes forked 16
	record
	explain
	says 'shared: 1'
	stats
	[ "$(row 'shared pages' | awk '{ print $2 }')" = $(($(sum Shared_Clean) + $(sum Shared_Dirty))) ]
	[ "$(row 'anonymous pages' | awk '{ print ($2 >= 16384) }')" = 1 ]
	[ "$(row '- of files' | awk '{ print ($2 < 4096) }')" = 1 ]
}

@test "huge pages of hugetlbfs are in use though RSS is 0, and swapped memory is not lazy" {
	{
		smaps 0x7f3c40000000 262144 rw-s '/anon_hugepage (deleted)' 'KernelPageSize: 2048' 'Rss: 0' 'Pss: 0' 'Shared_Clean: 0' 'Shared_Dirty: 0' 'Private_Clean: 0' 'Private_Dirty: 0' \
			'Anonymous: 0' 'Shared_Hugetlb: 65536' 'Private_Hugetlb: 32768' 'Swap: 0'
		smaps 0x7f3c60000000 131072 rw-p '' 'KernelPageSize: 4' 'Rss: 10240' 'Pss: 10240' 'Shared_Clean: 0' 'Shared_Dirty: 0' 'Private_Clean: 0' 'Private_Dirty: 10240' \
			'Anonymous: 10240' 'Shared_Hugetlb: 0' 'Private_Hugetlb: 0' 'Swap: 110592'
	} | vm-parse -o "$BATS_TEST_TMPDIR/life"
	explain
	says 'resident: 10 MiB of 384 MiB (3%), and 96 MiB of hugetlbfs on top of RSS'
	says 'huge pages of hugetlbfs: 96 MiB are in use (64 MiB shared, 32 MiB private); RSS does not count them'
	says 'swapped out: 108 MiB, touched and no longer resident; all of it: anon at 0x7f3c60000000'
	says 'lazy: no accessible region of 1 MiB or more is less than half touched'
	says ' and 108 MiB swapped out'
	grep -qE '^huge +1 +262144 +0 +38 ' <<<"$output" # per cent
	stats
	[ "$(row 'swapped out' | awk '{ print $1 }')" = 110592 ]
	[ "$(row 'huge pages of hugetlbfs' | awk '{ print $1 }')" = 98304 ]
}

@test "pages of hugetlbfs of a real process are counted at every detail, as the status has them" {
	requires root
	before=$(cat /proc/sys/vm/nr_hugepages)
	echo $((before + 8)) 2>/dev/null >/proc/sys/vm/nr_hugepages || skip "huge pages cannot be set aside"
	workload causes hugetlb 16 || { echo "$before" >/proc/sys/vm/nr_hugepages; skip "huge pages cannot be set aside"; }
	echo "$before" >/proc/sys/vm/nr_hugepages # they go when the process ends
	for detail in smaps rss; do
		record --detail "$detail"
		explain
		says 'huge pages of hugetlbfs: 8 MiB are in use'
	done
}

@test "touched is not called live: the sentence names who could tell; the zones of macOS do" {
	step_start
	step mmap 16384 rw
	step touch "$answer" 16384
	record
	explain
	says 'nearly all of it was touched; whether the program still needs it, RSS cannot tell'
	says 'malloc_info'
	cat >"$BATS_TEST_TMPDIR/v" <<-'TEXT'
		Process:         app [77]
		Physical footprint:         98.4M
		Physical footprint (peak):  120.0M
		----

		Virtual Memory Map of process 77 (app)
		Output report format:  2.4  -- 64-bit process
		VM page size:  16384 bytes

		==== Writable regions for process 77
		REGION TYPE                    START - END         [ VSIZE  RSDNT  DIRTY   SWAP] PRT/MAX SHRMOD PURGE    REGION DETAIL
		MALLOC_LARGE                130000000-136000000    [ 96.0M  96.0M  96.0M     0K] rw-/rwx SM=PRV          DefaultMallocZone_0x1008b0000

		==== Summary for process 77
		                                VIRTUAL RESIDENT    DIRTY  SWAPPED VOLATILE   NONVOL    EMPTY   REGION
		REGION TYPE                        SIZE     SIZE     SIZE     SIZE     SIZE     SIZE     SIZE    COUNT (non-coalesced)
		===========                     ======= ========    =====  ======= ========   ======    =====  =======
		MALLOC_LARGE                      96.0M    96.0M    96.0M       0K       0K       0K       0K        1         see MALLOC ZONE table below
		===========                     ======= ========    =====  ======= ========   ======    =====  =======
		TOTAL                             96.0M    96.0M    96.0M       0K       0K       0K       0K        1

		                                 VIRTUAL   RESIDENT      DIRTY    SWAPPED ALLOCATION      BYTES DIRTY+SWAP          REGION
		MALLOC ZONE                         SIZE       SIZE       SIZE       SIZE      COUNT  ALLOCATED  FRAG SIZE  % FRAG   COUNT
		===========                      =======  =========  =========  =========  =========  =========  =========  ======  ======
		DefaultMallocZone_0x1008b0000      96.0M      96.0M      96.0M         0K         12      10.0M      86.0M     90%       1
	TEXT
	vm-parse "$BATS_TEST_TMPDIR/v" -o "$BATS_TEST_TMPDIR/life"
	explain
	says 'physical footprint: 98.4 MiB, 120 MiB at its peak'
	says 'the malloc zones have handed out 10 MiB'
	silent 'not recorded'
	silent 'VmPTE'
	stats
	row 'physical footprint' | grep -q 'what macOS limits'
}

@test "what a recording does not have is named, and is no 0" {
	step_start
	record --detail rss
	explain
	says 'not recorded: freed memory that is kept (MADV_FREE), what other processes share (vm-sample --detail smaps has them)'
	vm-parse "/proc/$pid/smaps" -o "$BATS_TEST_TMPDIR/life"
	explain
	says 'not recorded: page tables (vm-sample --detail smaps has them)'
	silent 'kernel stacks'
	record --detail maps
	explain
	says 'what is resident is unknown'
	silent 'not recorded'
}

@test "the lines of the status before the rows of a recording are no bad rows, and each report has its own" {
	step_start
	vm-sample -p "$pid" -n 1 -o "$BATS_TEST_TMPDIR/raw"
	jq -r 'select(.format == "linux-smaps") | .text' "$BATS_TEST_TMPDIR/raw" >"$BATS_TEST_TMPDIR/text"
	head -1 "$BATS_TEST_TMPDIR/text" | grep -q '^VmHWM:'
	run -0 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/text"
	[ -z "$stderr" ]
	[ "$(jq -r 'select(.type == "snapshot") | .page_tables / 1024' <<<"$output")" = "$(status VmPTE)" ]
	# two reports one after the other: each has its own figures
	{ cat "$BATS_TEST_TMPDIR/text"; sed 's/^VmPTE:.*/VmPTE:\t 5 kB/' "$BATS_TEST_TMPDIR/text"; } >"$BATS_TEST_TMPDIR/two"
	[ "$(vm-parse --every 1s "$BATS_TEST_TMPDIR/two" | jq -r 'select(.type == "snapshot") | .page_tables / 1024' | paste -sd' ')" = "$(status VmPTE) 5" ]
	# a number that is none is told, and the rest is read
	sed 's/VmPTE:[^k]*kB/VmPTE: much kB/' "$BATS_TEST_TMPDIR/raw" >"$BATS_TEST_TMPDIR/bad"
	run --separate-stderr vm-parse "$BATS_TEST_TMPDIR/bad"
	[ "$status" = 1 ]
	[[ $stderr == *":2: not a row of maps; row skipped"* ]]
	[ "$(jq -r 'select(.type == "snapshot") | .threads' <<<"$output")" = 1 ]
	vm-sample -p "$pid" -n 1 --redact | vm-parse | jq -es 'any(.[]; .page_tables > 0)'
}

# ---- reports that state sums ----

@test "a report of sums alone: explain, stats, table and area show them, and say that no region is known" {
	printf '%s kB\n' 'Rss: 4096' 'Pss: 1024' 'Shared_Clean: 2048' 'Shared_Dirty: 512' 'Private_Clean: 256' 'Private_Dirty: 1280' 'Anonymous: 1536' 'Swap: 8192' 'Shared_Hugetlb: 0' 'Private_Hugetlb: 2048' |
		cat <(echo '00400000-7fff00000000 ---p 00000000 00:00 0      [rollup]') - | vm-parse -o "$BATS_TEST_TMPDIR/life"
	explain
	says 'the report states sums and lists no region: addresses, permissions, names and holes are unknown'
	says 'resident: 4 MiB, and 2 MiB of hugetlbfs on top of RSS; its proportional share (PSS) is 1 MiB'
	says '1.5 MiB are anonymous'
	says '2.5 MiB are pages of files or of shared memory'
	says 'swapped out: 8 MiB, touched and no longer resident'
	says 'shared: 2.5 MiB of 4 MiB resident'
	silent 'W^X'
	silent ' 0 regions'
	stats
	says 'sums without regions, rss 4 MiB, pss 1 MiB'
	[ "$(row 'swapped out' | awk '{ print $1 }')" = 8192 ]
	silent 'a shell (bash)'
	run -0 vm-render --table "$BATS_TEST_TMPDIR/life"
	says 'sums without regions, rss 4 MiB'
	run -0 vm-render --ascii --view area "$BATS_TEST_TMPDIR/life"
	says 'last 4 MiB'
	run -0 vm-render --ascii --view map --width 300 "$BATS_TEST_TMPDIR/life"
	says 'no memory map was recorded; --view explain, stats, table and area show sums without regions'
}

@test "the status of a process alone: anonymous memory, pages of files and page tables, as it states them" {
	step_start
	cat "/proc/$pid/status" >"$BATS_TEST_TMPDIR/status"
	of() { awk -v key="$1:" '$1 == key { print $2 }' "$BATS_TEST_TMPDIR/status"; }
	vm-parse "$BATS_TEST_TMPDIR/status" -o "$BATS_TEST_TMPDIR/life"
	stats --columns section,what,regions,size,rss,pss,remark
	[ "$(row 'anonymous pages' | awk '{ print $2 }')" = "$(of RssAnon)" ]
	[ "$(row 'pages of files' | awk '{ print $2 }')" = "$(of RssFile)" ]
	[ "$(row 'page tables' | awk '{ print $1 }')" = "$(of VmPTE)" ]
	[ "$(row 'RSS at its peak' | awk '{ print $1 }')" = "$(of VmHWM)" ]
	grep -qE "^kinds +all +- +$(of VmSize) +$(of VmRSS)" <<<"$output"
	explain
	says 'the report states sums and lists no region'
	says ' of page tables (VmPTE)'
}

@test "a summary of which a part was kept: what is resident is a share of the whole, not of the part" {
	printf '%s\n' 'Physical footprint:         98.4M' 'MALLOC_LARGE                      96.0M    96.0M    96.0M       0K       0K       0K       0K        1' \
		'TOTAL                              1.0G   128.0M   100.1M       0K       0K       0K       0K     1200' | vm-parse -o "$BATS_TEST_TMPDIR/life"
	explain
	says 'resident: 128 MiB of 1 GiB (13%)'
	says 'physical footprint: 98.4 MiB'
}

@test "a few rows beside a summary are a part: the sums are those of the summary" {
	cat >"$BATS_TEST_TMPDIR/crash" <<-'TEXT'
		VM Region Info: 0x40 is not in any region.  Bytes before following region: 4308467648
		      REGION TYPE                    START - END         [ VSIZE] PRT/MAX SHRMOD  REGION DETAIL
		      UNUSED SPACE AT START
		--->
		      __TEXT                      100ce0000-100de0000    [ 1024K] r-x/r-x SM=COW  /Applications/x

		VM Region Summary:
		ReadOnly portion of Libraries: Total=1.0G resident=0K(0%) swapped_out_or_unallocated=1.0G(100%)
		Writable regions: Total=1.7G written=0K(0%) resident=0K(0%) swapped_out=0K(0%) unallocated=1.7G(100%)

		                                VIRTUAL   REGION
		REGION TYPE                        SIZE    COUNT (non-coalesced)
		===========                     =======  =======
		MALLOC                             1.5G       33
		Stack                             16.0M        9
	TEXT
	vm-parse "$BATS_TEST_TMPDIR/crash" | vm-track -o "$BATS_TEST_TMPDIR/life"
	explain
	says 'the report lists 1 of 42 regions, 1 MiB: the sums are those of its summary'
	silent 'W^X'
	grep -qE '^arena +MALLOC +33 +1572864 ' <<<"$output"
	explain --kind stack
	grep -qE '^total +9 +16384' <<<"$output"
	stats
	grep -qE '^kinds +all +42 +1589248' <<<"$output"
	silent 'W^X'
	run -0 vm-render --table "$BATS_TEST_TMPDIR/life"
	says 'the report lists 1 of 42 regions'
	run -0 vm-render --ascii --view area "$BATS_TEST_TMPDIR/life"
	says 'last 1.5 GiB'
}

@test "a whole listing is not called a part, nor is a process without a region a report of sums" {
	requires samples
	for file in "$SAMPLES"/vmmap/fmt2.4_complete*.txt; do
		vm-parse "$file" 2>/dev/null >"$BATS_TEST_TMPDIR/life"
		explain
		silent 'the report lists'
	done
	echo '{"type":"snapshot","t":0,"pid":7,"seq":0,"regions":0,"size":0,"kinds":{}}' >"$BATS_TEST_TMPDIR/life"
	explain
	silent 'the report states'
}
