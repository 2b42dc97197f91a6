# vmmap: reports of every format become regions, live and pasted; gaps and errors in a report are reported. Expected numbers
# were counted by another reader, and are written here as numbers, not as our own output.
# bats file_tags=steady
load helper

setup() {
	story=$BATS_TEST_TMPDIR/story
	mkdir -p "$story"
	export VMMAP_STORY=$story
}

parsed() { run --separate-stderr vm-parse "$@"; }
field() { jq -c "select(.type == \"$1\") | $2" <<<"$output"; }
fake() { vm-sample -s vmmap -p $$ -i 20ms -O command="$ROOT/tests/texts/fake-vmmap" "$@"; }

# report ROW...: a report of this shell with these rows, as vmmap -w -interleaved prints it; a row is TYPE RANGE VSIZE RSDNT DIRTY SWAP.
report() {
	printf 'Process:         memory [%s]\nPhysical footprint:         %s\n----\n\nVirtual Memory Map of process %s (memory)\nOutput report format:  2.4  -- 64-bit process\nVM page size:  16384 bytes\n\n' $$ "$1" $$
	echo "==== regions for process $$  (non-writable and writable regions are interleaved)"
	echo 'REGION TYPE                    START - END         [ VSIZE  RSDNT  DIRTY   SWAP] PRT/MAX SHRMOD PURGE    REGION DETAIL'
	shift
	while [ $# -gt 0 ]; do
		printf '%-27s %s    [%6s %6s %6s %6s] rw-/rwx SM=PRV          DefaultMallocZone_0x105348000\n' "$1" "$2" "$3" "$4" "$5" "$6"
		shift 6
	done
	echo
}

@test "a whole report is one process, one snapshot and a region for each row of memory, sorted by address" {
	parsed "$ROOT/tests/texts/vmmap.txt"
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[ "$(field process '[.pid, .ppid, .name, .exe, .arch, .os, .parent]')" = '[4711,812,"counter","/Users/USER/counter/build/counter","ARM64","macOS 15.4 (24E248)","Code Helper (Plugin)"]' ]
	[ "$(field snapshot '[.pid, .regions, .footprint, .footprint_peak, .page, .date, .page_tables]')" = '[4711,12,1344512,2621440,16384,"2026-05-04 10:00:00.500 +0200",81920]' ]
	[ "$(field region .start)" = "$(field region .start | sort)" ]
	valid_stream <<<"$output"
}

@test "sizes are those of the ranges, even if they are no whole pages; measures keep their unit" {
	parsed "$ROOT/tests/texts/vmmap.txt"
	[ "$(field region 'select(.label == "unused __DATA") | [.start, .end, .size, .rss]')" = '["0x00000001e17100b0","0x00000001e17100c0",16,16]' ]
	[ "$(field region 'select(.label == "MALLOC_NANO") | [.size, .rss, .dirty, .swap]')" = '[536870912,98304,98304,180224]' ]
}

@test "sharing, permissions and their limits, purge states, threads, submaps and cut names become members" {
	parsed "$ROOT/tests/texts/vmmap.txt"
	[ "$(field region 'select(.label == "IOSurface") | [.share, .perms, .max_perms, .purge, .name]')" = '["shm","rw-","rw-","nonvolatile","SurfaceID: 0x5f  1024x512 (BGRA) 2.0M"]' ]
	[ "$(field region 'select(.label == "STACK GUARD") | [.share, .perms, .thread]')" = '["nul","---",0]' ]
	[ "$(field region 'select(.label == "shared memory") | .submap')" = '"machine-wide VM submap"' ]
	[ "$(field region 'select(.name_cut) | .name')" = '"...USER/counter/build/counter"' ]
	[ -z "$(field region 'select(.label == "Submap")')" ]
}

@test "region types of macOS have their kinds" {
	parsed "$ROOT/tests/texts/vmmap.txt"
	[ "$(field region '"\(.label): \(.kind)"' | sort -u | tr -d '"' | paste -sd,)" = "IOSurface: gpu,MALLOC guard page: guard,MALLOC_NANO: arena,MALLOC_SMALL: arena,STACK GUARD: guard,Stack: stack,__DATA: data,__DATA_DIRTY: data,__LINKEDIT: linkedit,__TEXT: text,shared memory: shm,unused __DATA: data" ]
}

@test "the summary and the table of malloc zones are in the snapshot" {
	parsed "$ROOT/tests/texts/vmmap.txt"
	[ "$(field snapshot '[(.labels | length), .labels.MALLOC_NANO.swap, .labels.IOSurface.nonvolatile, .zones.DefaultMallocZone_0x105348000.allocated, .zones.DefaultMallocZone_0x105348000.blocks]')" = '[13,180224,2097152,1712,173]' ]
}

@test "a summary that differs from its rows is reported, with the type and both sums" {
	sed 's/^MALLOC_SMALL                      8192K/MALLOC_SMALL                      16.0M/' "$ROOT/tests/texts/vmmap.txt" >"$BATS_TEST_TMPDIR/in"
	parsed "$BATS_TEST_TMPDIR/in"
	[[ $stderr == *"the summary has MALLOC_SMALL with 16384 KiB, the listing 8192 KiB in 1 rows"* ]]
	[ "$(field lost .what | sort -u | paste -sd,)" = '"regions","sums"' ]
}

@test "missing rows are reported" {
	sed '/^Stack .*thread 0/d; s/^__DATA_DIRTY .*-.*/...snip.../' "$ROOT/tests/texts/vmmap.txt" >"$BATS_TEST_TMPDIR/in"
	parsed "$BATS_TEST_TMPDIR/in"
	[[ $stderr == *"rows of this report are omitted"*"8175 KiB of 2 types are missing"* ]]
}

@test "with -pages the numbers are counts of pages" {
	{
		printf 'Virtual Memory Map of process 7 (x)\nOutput report format:  2.4  -- 64-bit process\nVM page size:  4096 bytes\n\n==== Writable regions for process 7\n'
		echo 'MALLOC_SMALL           00007fecea800000-00007feceb000000 [  2048      3      2      1] rw-/rwx SM=PRV          DefaultMallocZone_0x1036a7000'
		echo 'Stack                  00007ffeebd5e000-00007ffeec55e000 [  2048      4      4      0] rw-/rwx SM=PRV          thread 0'
	} >"$BATS_TEST_TMPDIR/in"
	parsed "$BATS_TEST_TMPDIR/in"
	[ "$(field region '[.size, .rss, .dirty, .swap]' | head -1)" = '[8388608,12288,8192,4096]' ]
}

@test "old formats: 32 bits without a head, one size, details wrapped by mail" {
	printf '%s\n' 'Virtual Memory Map of process 27 (old)' 'Output report format:  2.0' '' '==== Writable regions for process 27' \
		'Performance tool data  00605000-00685000 [  512K] rw-/rwx SM=COW' 'MALLOC_TINY            00500000-00605000 [ 1044K] rw-/rwx SM=COW' 'DefaultMallocZone_0x500000' \
		'' '==== Summary for process 27' 'REGION TYPE             [ VIRTUAL]' '===========             [ =======]' 'MALLOC                  [   1044K]' 'Performance tool data   [    512K]' >"$BATS_TEST_TMPDIR/in"
	parsed "$BATS_TEST_TMPDIR/in"
	[ -z "$stderr" ]
	[ "$(field region '[.start, .end, .label, .name]')" = $'["0x0000000000500000","0x0000000000605000","MALLOC_TINY","DefaultMallocZone_0x500000"]\n["0x0000000000605000","0x0000000000685000","Performance tool data",null]' ]
	[ "$(field process '[.pid, .name, .bits]')" = '[27,"old",32]' ]
}

@test "a report with sums alone has them in the snapshot" {
	sed -n '/^ReadOnly/,$p' "$ROOT/tests/texts/vmmap.txt" >"$BATS_TEST_TMPDIR/in"
	parsed "$BATS_TEST_TMPDIR/in"
	[ "$(field snapshot '[.regions, .rss, .dirty, .swap, .labels.Stack.size]')" = '[0,2472960,2391040,196608,8355840]' ]
	kinds=$(field snapshot '.kinds | map_values(.size)')
	[ "$(jq .guard <<<"$kinds")" = "$((56 << 20 | 16 << 10))" ]
	[ "$(jq .arena <<<"$kinds")" = "$((520 << 20))" ]
	run -0 vm-render --ascii --view area <<<"$output"
	[[ $output == *"arena 160 KiB"* && $output == *"gpu 2 MiB"* ]]
	table() { printf '%s\n' 'Process:         app [99]' "Physical footprint:         $1" '----' '' 'REGION TYPE                        SIZE    COUNT (non-coalesced)' \
		"MALLOC_LARGE                      $1       9         see MALLOC ZONE table below" "TOTAL                             $1       9" 'later:'; }
	{ table 48.0M; table 58.0M; } >"$BATS_TEST_TMPDIR/in"
	[ "$(vm-parse --every 1s "$BATS_TEST_TMPDIR/in" | jq -c 'select(.type == "snapshot") | [.t, .pid, .footprint, .kinds.arena.size]' | paste -sd' ')" = '[0,99,50331648,50331648] [1,99,60817408,60817408]' ]
}

@test "the regions around a crash are read from its report" {
	printf '%s\n' 'VM Region Info: 0x528 is not in any region.  Bytes before following region: 42' \
		'      REGION TYPE                 START - END      [ VSIZE] PRT/MAX SHRMOD  REGION DETAIL' '      UNUSED SPACE AT START' '--->  ' \
		'      __TEXT                   1004f0000-1004f4000 [   16K] r-x/r-x SM=COW  /var/x/Runner' '' 'Thread 0 Crashed:' '0   Runner 0x1004f0000 - 0x1' >"$BATS_TEST_TMPDIR/in"
	parsed "$BATS_TEST_TMPDIR/in"
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[ "$(field snapshot '[.regions, .fault]')" = '[1,"0x0000000000000528"]' ]
}

@test "several reports in one text are several snapshots, and --every gives them times" {
	cat "$ROOT/tests/texts/vmmap.txt" "$ROOT/tests/texts/vmmap.txt" >"$BATS_TEST_TMPDIR/two"
	parsed --every 500ms "$BATS_TEST_TMPDIR/two" "$ROOT/tests/texts/vmmap.txt"
	[ "$(field snapshot '[.t, .seq]' | paste -sd' ')" = "[0.000000000,0] [0.500000000,1] [1.000000000,2]" ] || [ "$(field snapshot '[.t, .seq]' | paste -sd' ')" = "[0,0] [0.5,1] [1,2]" ]
	[ "$(field process .pid | wc -l)" -eq 1 ]
	valid_stream <<<"$output"
}

@test "a report without its head is not taken for the rest of the report before" {
	{ cat "$ROOT/tests/texts/vmmap.txt"; sed -n '/^OS Version/,$p' "$ROOT/tests/texts/vmmap.txt" | sed 's/^Physical footprint: .*/Physical footprint:         9M/; s/ 4711/ 4712/'; } >"$BATS_TEST_TMPDIR/in"
	parsed -q "$BATS_TEST_TMPDIR/in"
	[ "$(field snapshot '[.regions, .footprint]' | paste -sd' ')" = "[12,1344512] [12,9437184]" ]
	{ printf '__TEXT   113K  12\n__DATA   8192K  3\nStack   8176K  1\n\n'; cat "$ROOT/tests/texts/vmmap.txt"; } >"$BATS_TEST_TMPDIR/in" # nor are the rows of a summary without its head lost
	parsed -q "$BATS_TEST_TMPDIR/in"
	[ "$(field snapshot '[.regions, .labels.__DATA.size]' | head -1)" = "[0,8388608]" ]
	[ "$(field snapshot .regions | paste -sd' ')" = "0 12" ]
	printf 'Report Version:  7\n__TEXT   113K  12\n__DATA   8192K  3\nStack   8176K  1\nFoundation   16K   1\n    -b, --bytes    3\nUsage 100\n' >"$BATS_TEST_TMPDIR/in"
	parsed "$BATS_TEST_TMPDIR/in"
	[ "$(field snapshot '.labels | keys')" = '["Foundation","Stack","__DATA","__TEXT"]' ]
}

@test "prose below the tables of a report is no row of them" {
	parsed "$ROOT/tests/texts/vmmap.txt"
	want=$(field snapshot '[.labels, .zones]')
	for words in 'So it uses 2.5G in 3 regions, 40 more than before.' 'I think 5 of these 3 are 100K each' 'see 12.1M'; do
		{ sed '/^MALLOC ZONE/,$d' "$ROOT/tests/texts/vmmap.txt"; printf '\n%s\n\n' "$words"; sed -n '/^MALLOC ZONE/,$p' "$ROOT/tests/texts/vmmap.txt"; printf '\n%s\n' "$words"; } >"$BATS_TEST_TMPDIR/in"
		parsed "$BATS_TEST_TMPDIR/in"
		[ "$(field snapshot '[.labels, .zones]')" = "$want" ] || { echo "$words"; return 1; }
	done
}

@test "a corrupt row is reported with its line, and no region is made of it" {
	sed 's/^MALLOC_SMALL  .*105800000-106000000/MALLOC_SMALL 106000000-105800000/' "$ROOT/tests/texts/vmmap.txt" >"$BATS_TEST_TMPDIR/in"
	run -1 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[[ $stderr == *":$(grep -n 106000000-105800000 "$BATS_TEST_TMPDIR/in" | cut -d: -f1): "*"row skipped"* ]]
	[ "$(field region .start | wc -l)" -eq 11 ]
}

@test "thousands of random reports keep their content: plain, quoted, logged, indented, wrapped" {
	requires cmd node
	run -0 node "$ROOT/tests/fuzz/reports.js" vmmap 3000 11
	run -0 node "$ROOT/tests/fuzz/reports.js" vmmap 1000 12 wrapped
	for form in quoted logged indented; do run -0 node "$ROOT/tests/fuzz/reports.js" vmmap 60 13 $form; done
}

@test "cut or corrupted random reports harm nothing, and no region is invented" {
	requires cmd node
	for form in cut corrupt; do run -0 node "$ROOT/tests/fuzz/reports.js" vmmap 150 14 $form; done
}

# ---- the sampling half, with a fake vmmap that replays a story

@test "50 MB that a program allocates appear as growth of MALLOC_SMALL" {
	report 2M MALLOC_SMALL 105800000-106000000 8192K 64K 64K 0K >"$story/1"
	report 52M MALLOC_SMALL 105800000-109000000 56.0M 50.1M 50.1M 0K >"$story/2"
	fake -n 2 >"$BATS_TEST_TMPDIR/raw"
	output=$(vm-parse "$BATS_TEST_TMPDIR/raw" | vm-track)
	[ "$(field change 'select(.event == "RESIZE_MAPPING") | [.label, .kind, .size - .was.size]')" = '["MALLOC_SMALL","arena",50331648]' ]
	output=$(vm-parse "$BATS_TEST_TMPDIR/raw")
	[ "$(field snapshot '[.seq, .footprint, .kinds.arena.size]' | paste -sd' ')" = "[0,2097152,8388608] [1,54525952,58720256]" ]
}

@test "200 MB become regions of 128 and 72 MB" {
	report 2M MALLOC_SMALL 105800000-106000000 8192K 64K 64K 0K >"$story/1"
	report 202M MALLOC_SMALL 105800000-106000000 8192K 64K 64K 0K MALLOC_LARGE 110000000-118000000 128.0M 128.0M 128.0M 0K MALLOC_LARGE 118000000-11c800000 72.0M 72.0M 72.0M 0K >"$story/2"
	output=$(fake -n 2 | vm-parse | vm-track)
	[ "$(field change 'select(.event == "MMAP_ADD" and .label == "MALLOC_LARGE") | .size / 1048576' | paste -sd' ')" = "128 72" ]
}

@test "100 MB that are freed go, and the program's options reach vmmap" {
	report 102M MALLOC_LARGE 110000000-116400000 100.0M 100.0M 100.0M 0K >"$story/1"
	report 2M MALLOC_SMALL 105800000-106000000 8192K 64K 64K 0K >"$story/2"
	output=$(fake -n 2 -O interleaved -O no-coalesce | vm-parse | vm-track)
	[ "$(field change 'select(.event == "MUNMAP_REMOVE") | .size / 1048576')" = 100 ]
	[ "$(sort -u "$story/asked")" = "-w -interleaved -noCoalesce $$" ]
}

@test "without vmmap on this system a message says so, with a remedy" {
	[ "$(uname)" != Darwin ] || skip "here there is one"
	run -1 --separate-stderr vm-sample -s vmmap -p $$ -n 1
	[[ $stderr == *"there is no vmmap here: it is a tool of macOS"*"vm-sample --procfs"*"vm-parse FILE"* ]]
}

@test "a process that System Integrity Protection shields is reported as shielded" {
	printf '!1\nProcess %s is not debuggable. Due to security restrictions, vmmap can only show or save contents of readonly memory of restricted processes.\n' $$ >"$story/1"
	run --separate-stderr fake -n 2
	[ "$status" -eq 1 ]
	[[ $stderr == *"System Integrity Protection shields this process"* ]]
	[ "$(field lost .what | head -1)" = '"sample"' ]
}

@test "a report that takes too long is stopped after the timeout and reported, and the next one is taken" {
	echo '!hang' >"$story/1"
	report 2M MALLOC_SMALL 105800000-106000000 8192K 64K 64K 0K >"$story/2"
	run --separate-stderr fake -n 2 -O timeout=200ms
	[[ $stderr == *"did not end within 0.2 s"* ]]
	[ "$(field raw .format)" = '"vmmap"' ]
}

@test "a process that has ended ends the stream" {
	printf '!1\nvmmap cannot examine process %s because it no longer appears to be running.\n' $$ >"$story/1"
	run --separate-stderr fake
	[ "$(field event .call)" = '"exit"' ]
	[ "$(field end .reason)" = '"gone"' ]
}

# ---- reports captured elsewhere

@test "external reports give a region for each row that a plain reading finds (external samples)" {
	requires samples
	# file, regions, pid, name
	while read -r file regions pid name; do
		output=$(vm-parse -q "$SAMPLES/vmmap/$file.txt") || true
		[ "$(field region .start | wc -l)" -eq "$regions" ] || { echo "$file: $(field region .start | wc -l) regions, not $regions"; return 1; }
		[ "$pid" = - ] || [ "$(field process '"\(.pid) \(.name)"' | tr -d '"')" = "$pid $name" ] || { echo "$file: $(field process .)"; return 1; }
	done <<-END
		crash_vmregioninfo_ios13.4_arm64 1 - -
		crash_vmregioninfo_ios18.6_arm64 1 - -
		crash_vmregionsummary_gigacage_excerpt 0 - -
		fmt2.0_git-fast-import_32bit_osx10.4_mailwrapped 75 27270 git-fast-import
		fmt2.2_python_cuda_default_osx10.9 10 45624 python
		fmt2.3_ocspd_osx10.10 20 94338 ocspd
		fmt2.4_complete_macos14.0_arm64_shared_library_demo 250 66814 shared_library_demo
		fmt2.4_finder_macos26.2_arm64_excerpt_doc 6 677 Finder
		fmt2.4_go_wide_macos10.13_snipped 47 83358 go
		fmt2.4_i386_vmmap32_nasm_macos10.12 11 12832 sample.out
		fmt2.4_pages_option_macos10.14_annotated 47 2771 memory_allocation
		fmt2.4_sleep_macos10.13_snipped 17 29057 sleep
		fmt2.4_summary_macos26.4_arm64_big_complete-table 0 - -
	END
}

@test "ranges and permissions of external reports are those of the text, to the byte (external samples)" {
	requires samples
	for file in "$SAMPLES"/vmmap/*.txt; do
		sed -nE 's/^.* ([0-9a-f]+)-([0-9a-f]+) +\[[^]]*\] ([r-][w-][x-])\/([r-][w-][x-]) SM=([A-Z/]{3}).*$/\1 \2 \3 \4 \5/p' "$file" |
			awk '{ for (i = 1; i <= 2; i++) { while (length($i) < 16) $i = "0" $i; $i = "0x" $i } $5 = tolower($5); print }' | sort >"$BATS_TEST_TMPDIR/want"
		vm-parse -q "$file" | jq -r 'select(.type == "region") | "\(.start) \(.end) \(.perms) \(.max_perms) \(.share)"' | sort >"$BATS_TEST_TMPDIR/got"
		diff "$BATS_TEST_TMPDIR/want" "$BATS_TEST_TMPDIR/got" || { echo "$file"; return 1; }
	done
}

@test "the complete external report agrees with its own summary (external samples)" {
	requires samples
	parsed "$SAMPLES"/vmmap/fmt2.4_complete_*.txt
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[ -z "$(field lost .)" ]
}

@test "a crash report in JSON (.ips): the process, the fault, the regions around it, its images, the sums by type" {
	vm-parse "$ROOT/tests/texts/crash.ips" >"$BATS_TEST_TMPDIR/s"
	valid_stream <"$BATS_TEST_TMPDIR/s"
	[ "$(jq -c 'select(.type == "process") | [.pid, .ppid, .name, .exe, .parent, .arch, .os]' "$BATS_TEST_TMPDIR/s")" = '[4711,815,"hello","/Users/USER/my \"tools\"/hello","zsh","ARM-64","macOS 14.4.1 (23E224)"]' ]
	[ "$(jq -c 'select(.type == "snapshot") | [.fault, .labels.MALLOC_NANO.size, .labels.__TEXT.regions, .labels["STACK GUARD"].size, .writable.total]' "$BATS_TEST_TMPDIR/s")" = '["0x0000000000000010",536870912,44,58720256,554906419]' ]
	# the region of the listing replaces the image at the same place; unknown members of an image are left out
	[ "$(jq -c 'select(.type == "region") | [.start, .size, .perms, .name, .uuid]' "$BATS_TEST_TMPDIR/s")" = '["0x00000001009bc000",16384,"r-x","/Users/USER/hello",null]
["0x0000000180084000",577536,null,"/usr/lib/dyld","66666666-7777-8888-9999-000000000000"]' ]
}

@test "a crash report in JSON without its first line, on one line, two in a row, cut short, with CRLF" {
	file=$ROOT/tests/texts/crash.ips
	of() { jq -c 'select(.type == "region") | [.start, .end, .name]'; }
	want=$(vm-parse "$file" | of)
	[ "$(tail -n +2 "$file" | vm-parse | of)" = "$want" ]
	[ "$( { head -1 "$file"; tail -n +2 "$file" | jq -c .; } | vm-parse | of)" = "$want" ]
	[ "$(tail -n +2 "$file" | jq -c . | vm-parse --format ips | of)" = "$want" ]
	[ "$(sed 's/$/\r/' "$file" | vm-parse | of)" = "$want" ]
	[ "$(cat "$file" "$file" | vm-parse | jq -c 'select(.type == "snapshot") | .seq' | paste -sd' ')" = "0 1" ]
	for n in 700 1500 2100 2600 3000; do
		head -c "$n" "$file" >"$BATS_TEST_TMPDIR/cut"
		run --separate-stderr vm-parse "$BATS_TEST_TMPDIR/cut"
		[ "$status" -le 1 ]
		[[ $stderr == *"cut short"* || $stderr == *"no format"* ]]
		[ -z "$(of <<<"$output" | grep -vxF "$want")" ]
	done
}

@test "a stream is still recognised as a stream, and JSON that is neither is reported" {
	[ "$(echo '{"t":0,"type":"region","seq":0,"pid":1,"start":"0x1000","end":"0x2000","size":4096,"bug_type":"309"}' | vm-parse | jq -r 'select(.type == "region") | .bug_type')" = 309 ]
	run -1 --separate-stderr vm-parse <<<'{
  "hello": 1
}'
	[[ $stderr == *"no format"* || $stderr == *"JSON"* ]]
}

@test "resident, dirty and swapped bytes are compared with the summary too, by type and in all" {
	file=$ROOT/tests/texts/vmmap.txt
	run -0 --separate-stderr vm-parse "$file"
	[ -z "$stderr" ]
	for column in 2:resident 3:dirty 4:swapped; do
		# one row of the listing has 64K more than the summary
		awk -v c="${column%:*}" '/^MALLOC_SMALL .*\[/ && !done { done = 1; i = index($0, "["); j = index($0, "]"); n = split(substr($0, i + 1, j - i - 1), v, " ")
			v[c] = (v[c] + 64) "K"; $0 = substr($0, 1, i) sprintf("%6s %6s %6s %6s", v[1], v[2], v[3], v[4]) substr($0, j) } 1' "$file" >"$BATS_TEST_TMPDIR/row"
		run --separate-stderr vm-parse "$BATS_TEST_TMPDIR/row"
		[[ $stderr == *"summary has MALLOC_SMALL with "*" KiB ${column#*:}, the listing"* ]]
		[ "$(jq -r 'select(.type == "lost") | .what' <<<"$output")" = regions ]
		awk -v c="${column%:*}" '/^TOTAL / && !done { done = 1; $(c + 1) = ($(c + 1) + 640) "K" } 1' "$file" >"$BATS_TEST_TMPDIR/total"
		run --separate-stderr vm-parse "$BATS_TEST_TMPDIR/total"
		[[ $stderr == *"KiB ${column#*:}, its TOTAL says"* ]]
	done
}

@test "formats 2.2 and 2.3 sum types without a row of their own as MALLOC" {
	printf '%s\n' 'Virtual Memory Map of process 312 (x)' 'Output report format:  2.2  -- 64-bit process' '' '==== Non-writable regions for process 312' \
		'__TEXT                 0000000100000000-0000000100013000 [   76K    76K] r-x/rwx SM=COW  /x' '' '==== Writable regions for process 312' \
		'MALLOC_TINY            0000000100400000-0000000100500000 [ 1024K   212K] rw-/rwx SM=PRV  DefaultMallocZone_0x100037000' \
		'MALLOC_LARGE           0000000100600000-0000000100800000 [ 2048K  2048K] rw-/rwx SM=PRV  DefaultMallocZone_0x100037000' '' '==== Summary for process 312' \
		'REGION TYPE                      VIRTUAL [RESIDENT]' '===========                      =======  ========' \
		'MALLOC                             1024K [    212K]        see MALLOC ZONE table below' 'MALLOC_LARGE                       2048K [   2048K]' \
		'__TEXT                               76K [     76K]' 'TOTAL                              3148K [   2336K]' >"$BATS_TEST_TMPDIR/in"
	run -0 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[ -z "$stderr" ]
	sed -i 's/^MALLOC   .* 1024K/MALLOC                             9024K/; s/^TOTAL .* 3148K/TOTAL                             11148K/' "$BATS_TEST_TMPDIR/in"
	run -0 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[[ $stderr == *"summary has MALLOC with 9024 KiB"* ]]
}

@test "a crash report wrapped by mail, with a gap in its middle, and rows of a diff" {
	printf '%s\n' 'VM Region Info: 0x528 is not in any region.  Bytes before following' 'region: 4373938176' '      REGION TYPE                      START - END             [ VSIZE]' \
		'PRT/MAX SHRMOD  REGION DETAIL' '      UNUSED SPACE AT START' '--->' '      __TEXT                 0000000104a4c000-0000000104a50000 [   16K]' 'r-x/r-x SM=COW  ...app/App]' '' \
		'VM Region Info: 0x16b2c3ff0 is in 0x16b2c0000-0x16b2c4000;  bytes after start: 16368  bytes before end: 15' \
		'      REGION TYPE                 START - END      [ VSIZE] PRT/MAX SHRMOD  REGION DETAIL' '      MALLOC_NANO              280000000-2a0000000 [512.0M] rw-/rwx SM=PRV  ' '      GAP OF 0x3fffffff bytes' \
		'--->  STACK GUARD              16b2c0000-16b2c4000 [   16K] ---/rwx SM=NUL  ... for thread 0' >"$BATS_TEST_TMPDIR/in"
	run -0 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[ -z "$stderr" ]
	[ "$(jq -c 'select(.type == "region") | [.seq, .label, .perms]' <<<"$output")" = '[0,"__TEXT","r-x"]
[1,"STACK GUARD","---"]
[1,"MALLOC_NANO","rw-"]' ]
	[ "$(printf '%s\n' '-VM_ALLOCATE (reserved) 0000000105d6c000-0000000145d6c000 [  1.0G     0K     0K     0K] rw-/rwx SM=NUL          reserved' \
		'+VM_ALLOCATE (reserved) 0000000105d6c000-0000000185d6c000 [  2.0G     0K     0K     0K] rw-/rwx SM=NUL          reserved' | vm-parse -q | jq -r 'select(.type == "region") | .label' | sort -u)" = "VM_ALLOCATE (reserved)" ]
}

@test "VM Regions Near: each is a snapshot with its fault, the arrow is no part of a type, and additional types of a summary are no error" {
	printf '%s\n' 'Process:               Foo [81]' '' 'VM Regions Near 0x10:' '--> ' '    __TEXT                      100e5f000-100e9b000    [  240K] r-x/r-x SM=COW  /Applications/Foo.app/Contents/MacOS/Foo' '' \
		'VM Region Summary:' '                                VIRTUAL   REGION ' 'REGION TYPE                        SIZE    COUNT (non-coalesced) ' 'Stack                             8192K        1 ' \
		'__TEXT                             240K        1 ' 'TOTAL                             8432K        2 ' >"$BATS_TEST_TMPDIR/in"
	run -0 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[ -z "$stderr" ]
	[ "$(jq -c 'select(.type == "snapshot") | [.pid, .fault, .report_format, .labels.Stack.size]' <<<"$output")" = '[81,"0x0000000000000010","crash",8388608]' ]
	printf '%s\n' 'VM Regions Near 0:' '--> ' '    __TEXT                 000000010f2d5000-000000010f2d6000 [    4K] r-x/rwx SM=COW  /a.out' 'VM Regions Near 0x7fff5bc00000:' \
		'--> STACK GUARD            00007fff58400000-00007fff5bc00000 [ 56.0M] ---/rwx SM=NUL  stack guard for thread 0' \
		'    Stack                  00007fff5bc00000-00007fff5c400000 [ 8192K] rw-/rwx SM=COW  thread 0' >"$BATS_TEST_TMPDIR/in"
	run -0 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[ -z "$stderr" ]
	[ "$(jq -c 'select(.type == "region") | [.seq, .label, .kind]' <<<"$output" | paste -sd' ')" = '[0,"__TEXT","text"] [1,"STACK GUARD","guard"] [1,"Stack","stack"]' ]
}

@test "prose between rows, and fences around them, are no corrupt rows; a cut row is" {
	printf '%s\n' 'Look:' '```' '==== Writable regions for process 9' '__DATA                  100d00000-100d04000  [   16K] rw-  prog' 'MALLOC_LARGE            (not to be seen)' \
		'Stack                   16b164000-16b95c000  [ 8160K] rw-  thread 0' '```' 'and so it is' '</details>' >"$BATS_TEST_TMPDIR/in"
	run -0 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[ -z "$stderr" ]
	[ "$(grep -c '"type":"region"' <<<"$output")" = 2 ]
	printf '%s' 'Stack                   16b164000-16b95c000  [ 8160K] rw-  thread 0
Stack                   16b96' >"$BATS_TEST_TMPDIR/in"
	run -1 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[[ $stderr == *":2: neither a row"* ]]
}

@test "types and zones with numbers in their names keep these, whatever the gaps" {
	{ report 1M 'Memory Tag 250 (reserved)' 105300000-105304000 16K 16K 16K 0K 'Memory Tag 241 (reserved)' 105304000-105308000 16K 16K 16K 0K MALLOC_TINY 105400000-105500000 1024K 16K 16K 0K
	printf '%s\n' '                                          VIRTUAL   RESIDENT      DIRTY    SWAPPED ALLOCATION      BYTES DIRTY+SWAP          REGION' \
		'MALLOC ZONE                                  SIZE       SIZE       SIZE       SIZE      COUNT  ALLOCATED  FRAG SIZE  % FRAG   COUNT' \
		'===========                               =======  =========  =========  =========  =========  =========  =========  ======  ======' \
		'My 3 zone 4K_0x1086d8000                    1024K        32K        32K         0K        173       1712        31K     97%       1' \
		'GFX 8K 2_0x1                                   0K         0K         0K         0K          0         0K         0K      0%       0'; } >"$BATS_TEST_TMPDIR/in"
	for how in '' 's/   */ /g'; do
		sed "$how" "$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/now"
		parsed -q "$BATS_TEST_TMPDIR/now"
		[ "$(field region .label | paste -sd' ')" = '"Memory Tag 250 (reserved)" "Memory Tag 241 (reserved)" "MALLOC_TINY"' ]
		[ "$(field snapshot '.zones | [keys[], .["My 3 zone 4K_0x1086d8000"].allocated]')" = '["GFX 8K 2_0x1","My 3 zone 4K_0x1086d8000",1712]' ]
	done
}

@test "a crash report in JSON within a letter, between other reports, is recognised" {
	of() { vm-parse -q "$@" | jq -c 'select(.type == "region") | [.start, .end, .name]'; }
	ips=$ROOT/tests/texts/crash.ips
	{ printf 'Look at this:\n\n'; cat "$ips"; printf '\nand pmap:\n\n'; cat "$ROOT/tests/texts/pmap.txt" "$ips" "$ROOT/tests/texts/vmmap.txt" "$ips"; printf '\nThanks!\n'; } >"$BATS_TEST_TMPDIR/in"
	run -0 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[ "$(jq -c 'select(.type == "region") | [.start, .end, .name]' <<<"$output")" = "$(of "$ips"; of "$ROOT/tests/texts/pmap.txt"; of "$ips"; of "$ROOT/tests/texts/vmmap.txt"; of "$ips")" ]
	[ "$(field snapshot .pid | wc -l)" = 5 ]
}
