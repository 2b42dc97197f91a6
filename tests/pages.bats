#!/usr/bin/env bats
# The state of every page from --detail pages, compared with other files of the kernel; page tables; nodes; the film strip.
load helper

start() { # starts the workload pages; sets $pid, and its output in $ready_text
	head -c 65536 /dev/zero >"$BATS_TEST_TMPDIR/file"
	workload pages "$BATS_TEST_TMPDIR/file"
}

scans() { # does this kernel have PAGEMAP_SCAN?
	vm-sample --detail rss -n 1 -p "$pid" 2>&1 >/dev/null | grep -q PAGEMAP_SCAN && skip "needs PAGEMAP_SCAN (Linux 6.7)"
	return 0
}

look() { # OPTION...: one sample of $pid, parsed, in $BATS_TEST_TMPDIR/look
	vm-sample -p "$pid" -n 1 --detail pages "$@" | vm-parse >"$BATS_TEST_TMPDIR/look"
}

at() { # NAME: address of that mapping of the workload
	sed -n "s/^$1 \(0x[0-9a-f]*\) .*/\1/p" <<<"$ready_text"
}

runs() { # NAME: the runs of that region
	jq -c --arg at "$(at "$1")" 'select(.type == "pages" and .start == $at) | .runs' "$BATS_TEST_TMPDIR/look"
}

of() { # NAME FILTER: a value from that region's line
	jq -c --arg at "$(at "$1")" "select(.type == \"region\" and .start == \$at) | $2" "$BATS_TEST_TMPDIR/look"
}

covers() { # ADDRESS BYTES UNIT: number of naturally aligned units that a range touches
	echo $(((($1 + $2 - 1) / $3) - ($1 / $3) + 1))
}

snapshot() { # FILTER
	jq -c "select(.type == \"snapshot\") | $1" "$BATS_TEST_TMPDIR/look"
}

@test "each page of a known process has the state that the process gave it" {
	start
	scans
	look
	[ "$(runs every)" = "$(jq -cn '[range(0; 64; 2) | [., 1, "rdx"]]')" ]
	[ "$(runs zero)" = '[[0,16,"z"]]' ]
	[ "$(runs given)" = '[[0,1,"rdx"]]' ]
	[ "$(runs copy)" = '[[0,64,"rdx"]]' ]
	[[ $(runs file) =~ ^\[\[0,1,\"rfd?x\"\],\[1,1,\"rdx\"\]\]$ ]]
}

@test "huge pages are reported as huge, and count as one entry each" {
	start
	scans
	look
	[ "$(of huge .huge)" = 4194304 ] || skip "needs transparent huge pages by madvise"
	[ "$(runs huge)" = '[[0,1024,"rhdx"]]' ]
	[ "$(of huge '[.pmd_entries, .pte_entries, .pte_tables]')" = '[2,0,0]' ]
}

@test "resident pages agree with mincore" {
	start
	scans
	look
	for name in every huge given; do
		jq -cr --arg at "$(at $name)" 'select(.type == "pages" and .start == $at) | .runs[] | select(.[2] | startswith("r")) | range(.[0]; .[0] + .[1])' \
			"$BATS_TEST_TMPDIR/look" >"$BATS_TEST_TMPDIR/ours"
		sed -n "s/^mincore $name //p" <<<"$ready_text" | grep -o . | awk '$1 { print NR - 1 }' | diff - "$BATS_TEST_TMPDIR/ours"
		[ -s "$BATS_TEST_TMPDIR/ours" ]
	done
}

@test "the sums of a region equal those of smaps, for every kind of page" {
	workload resident "$BUILD/bin/vm-sample"
	scans
	sums='select(.type == "region") | [.start, .end, .rss, .anonymous, .huge]'
	vm-sample -p "$pid" -n 1 --detail smaps | vm-parse | jq -c "$sums" >"$BATS_TEST_TMPDIR/smaps"
	look
	[ "$(wc -l <"$BATS_TEST_TMPDIR/smaps")" -gt 30 ]
	jq -c "$sums" "$BATS_TEST_TMPDIR/look" | diff - "$BATS_TEST_TMPDIR/smaps"
}

@test "the runs of a region add up to its resident, swapped and dirty bytes" {
	start
	scans
	look
	jq -se '
		(map(select(.type == "pages"))) as $pages
		| map(select(.type == "region" and (.name // "" | startswith("[v") | not)))
		| all(.[]; . as $r | [$pages[] | select(.start >= $r.start and .end <= $r.end) | .runs[]] as $runs
			| def pages(f): [$runs[] | select(.[2] | f) | .[1]] | add // 0;
			  $r.rss == 4096 * pages(startswith("r")) and ($r.swap // 0) == 4096 * pages(startswith("s"))
			  and $r.exclusive == 4096 * pages(contains("x"))
			  and ($r.dirty // 0) <= $r.rss and ($r | has("dirty") | not) or $r.dirty == 4096 * pages(contains("d")))' "$BATS_TEST_TMPDIR/look"
}

@test "the needed page tables are counted by level, and with the reserve for huge pages they equal the kernel's" {
	start
	scans
	look
	every=$(at every) every_bytes=$((64 * 4096))
	tables=$(covers "$every" $every_bytes $((2 << 20))) # whatever its place: one table for each 2 MiB
	[ "$(of every '[.pgd_entries, .pud_entries, .pmd_entries, .pte_entries, .pte_tables]')" = \
		"[1,$(covers "$every" $every_bytes $((1 << 30))),$tables,32,$tables]" ]
	[ "$(of apart '[.pmd_entries, .pte_entries, .pte_tables]')" = '[4,4,4]' ]
	[ "$(of zero '[.rss, .pte_entries]')" = '[0,16]' ]
	[ "$(snapshot '.page_tables / 1024')" = "$(awk '/^VmPTE/ { print $2 }' "/proc/$pid/status")" ]
	[ "$(snapshot '.page_tables_needed == 4096 * (.pte_tables + .pmd_tables + .pud_tables + (.p4d_tables // 0))')" = true ]
	[ "$(snapshot '.page_tables - .page_tables_needed - 4096 * .huge_entries | . >= 0 and . <= 16384')" = true ] # the rest is empty
}

@test "the tables of a process are those of its regions, each counted once" {
	start
	scans
	look
	all=$(jq -s '[.[] | select(.type == "region") | .pte_entries // 0] | add' "$BATS_TEST_TMPDIR/look")
	[ "$(snapshot .pte_entries)" = "$all" ]
	[ "$(jq -s '[.[] | select(.type == "region") | .pte_tables // 0] | add' "$BATS_TEST_TMPDIR/look")" -gt "$(snapshot .pte_tables)" ]
	# counted by hand: the stretches of 2 MiB that contain a page outside huge pages
	jq -r 'select(.type == "pages") | .start as $s | .runs[] | select(.[2] | contains("h") | not) | "\($s) \(.[0]) \(.[1])"' "$BATS_TEST_TMPDIR/look" |
		while read -r start offset count; do
			for ((i = 0; i < count; i++)); do echo $(((start + (offset + i) * 4096) >> 21)); done
		done | sort -u >"$BATS_TEST_TMPDIR/stretches"
	[ "$(snapshot .pte_tables)" = "$(wc -l <"$BATS_TEST_TMPDIR/stretches")" ]
}

@test "without PAGEMAP_SCAN pagemap gives the same, except for huge pages and the zero page, and no tables are guessed" {
	start
	scans
	look
	for name in every given copy; do runs $name; done >"$BATS_TEST_TMPDIR/scanned"
	run --separate-stderr vm-sample -p "$pid" -n 1 --detail pages -O residency=smaps
	[ "$status" = 0 ]
	vm-parse <<<"$output" >"$BATS_TEST_TMPDIR/look"
	for name in every given copy; do runs $name; done | diff - "$BATS_TEST_TMPDIR/scanned"
	[ "$(of every .private_dirty)" = 131072 ]
	[ "$(snapshot '[has("page_tables"), has("pte_tables")]')" = '[true,false]' ]
}

@test "without privilege pages work for one's own process, and dirty pages of files are reported as unknown" {
	requires root
	requires cmd setpriv
	setpriv --reuid 65534 --clear-groups test -x "$WORKLOADS/pages" || skip "nobody may not run what is built here"
	mkfifo "$BATS_TEST_TMPDIR/words"
	setpriv --reuid 65534 --clear-groups "$WORKLOADS/pages" "$WORKLOADS/pages" >"$BATS_TEST_TMPDIR/words" 3>&- &
	pid=$! started+=("$pid")
	ready_text=$(sed /ready/q "$BATS_TEST_TMPDIR/words")
	setpriv --reuid 65534 --clear-groups "$BUILD/bin/vm-sample" -p "$pid" -n 1 --detail pages | vm-parse >"$BATS_TEST_TMPDIR/look" || skip "this user may not look at its own processes"
	scans
	[ "$(snapshot .file_dirty)" = false ]
	[ "$(runs copy)" = '[[0,64,"rdx"]]' ]
	[ "$(of file 'has("dirty")')" = false ]
	[ "$(of copy .dirty)" = 262144 ]
}

@test "another user's process is refused with a remedy" {
	requires root
	requires cmd setpriv
	start
	run --separate-stderr setpriv --reuid 65534 --clear-groups "$BUILD/bin/vm-sample" -p "$pid" -n 1 --detail pages
	[ "$status" = 1 ]
	[[ $stderr == *ptrace* || $stderr == *root* || $stderr == *user* ]]
}

@test "a region of thousands of runs takes several adjacent lines" {
	{
		printf '%s\n' 'PageTables: 52 kB, 4 levels of 512, pages of 4096 bytes' '7f0000000000-7f0002000000 rw-p 00000000 00:00 0 '
		printf 'Pages:'
		for ((i = 0; i < 2049; i++)); do printf ' %d+1=rdx' $((2 * i)); done
		printf '\nRss: 8196 kB\n'
	} >"$BATS_TEST_TMPDIR/text"
	run --separate-stderr vm-parse "$BATS_TEST_TMPDIR/text"
	[ "$status" = 0 ]
	[ "$(jq -r 'select(.type == "snapshot") | .pages, .pte_entries' <<<"$output" | tr '\n' ' ')" = "2 2049 " ]
	[ "$(jq -c 'select(.type == "pages") | [.start, .end, (.runs | length), .runs[-1]]' <<<"$output" | tr '\n' ' ')" = \
		'["0x00007f0000000000","0x00007f0001000000",2048,[4094,1,"rdx"]] ["0x00007f0001000000","0x00007f0002000000",1,[0,1,"rdx"]] ' ]
}

@test "runs outside their region, or in decreasing order, are bad rows, and change nothing else" {
	printf '%s\n' 'PageTables: 52 kB, 4 levels of 512, pages of 4096 bytes' '7f0000000000-7f0000004000 rw-p 00000000 00:00 0 ' \
		'Pages: 0+1=r 3+2=r' 'Rss: 8 kB' '7f0000004000-7f0000008000 rw-p 00000000 00:00 0 ' 'Pages: 2+1=r 1+1=r' \
		'7f0000008000-7f000000c000 rw-p 00000000 00:00 0 ' 'Pages: 1+1=rdx' >"$BATS_TEST_TMPDIR/text"
	run --separate-stderr vm-parse "$BATS_TEST_TMPDIR/text"
	[ "$status" = 1 ]
	[[ $stderr == *:3:* && $stderr == *:6:* ]]
	[ "$(jq -c 'select(.type == "pages" and .start == "0x00007f0000008000") | .runs' <<<"$output")" = '[[1,1,"rdx"]]' ]
	valid_stream <<<"$output"
}

@test "pages lines are valid, pass the tracker in their place, and survive --redact" {
	start
	scans
	look
	valid_stream <"$BATS_TEST_TMPDIR/look"
	vm-track "$BATS_TEST_TMPDIR/look" >"$BATS_TEST_TMPDIR/tracked"
	diff <(grep '"type":"pages"' "$BATS_TEST_TMPDIR/look") <(grep '"type":"pages"' "$BATS_TEST_TMPDIR/tracked")
	runs every >"$BATS_TEST_TMPDIR/every"
	look --redact
	runs every | diff - "$BATS_TEST_TMPDIR/every"
	[ "$(of every .pte_entries)" = 32 ]
}

@test "the nodes of each region are those of numa_maps, whatever the detail" {
	[ -r /proc/self/numa_maps ] || skip "needs a kernel with numa_maps"
	start
	nodes='select(.type == "region" and .policy) | [.start, .policy, .numa]'
	vm-parse "/proc/$pid/numa_maps" | jq -c "$nodes" >"$BATS_TEST_TMPDIR/theirs"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/theirs")" -gt 20 ]
	for detail in maps rss smaps pages; do
		vm-sample -p "$pid" -n 1 --detail $detail -O numa 2>/dev/null | vm-parse | jq -c "$nodes" | diff - "$BATS_TEST_TMPDIR/theirs"
	done
}

# strip: a stream of one process with samples at 0, 1 and 2 s, in which pages appear, are shared, and go
strip() {
	cat <<-'END'
		{"type":"stream","t":0.000000000,"version":1,"program":"vm-parse 0.1.0","sources":["procfs"],"began":"2026-01-01T00:00:00.000000000Z","host":{"name":"h","os":"linux","release":"6","arch":"x86_64","page":4096}}
		{"type":"process","t":0.000000000,"pid":7,"why":"first","name":"demo"}
	END
	local t
	for t in 0 1 2; do
		echo '{"type":"snapshot","t":'$t'.000000000,"pid":7,"seq":'$t',"regions":2,"size":131072,"pages":2,"file_dirty":true,"page_tables":20480,"page_tables_needed":12288,"huge_entries":1,"pgd_entries":1,"pud_entries":1,"pmd_entries":2,"pte_entries":10,"pud_tables":1,"pmd_tables":1,"pte_tables":1}'
		echo '{"type":"region","t":'$t'.000000000,"pid":7,"seq":'$t',"start":"0x0000000000100000","end":"0x0000000000110000","size":65536,"perms":"rw-p","kind":"heap","name":"[heap]","rss":32768,"pmd_entries":2,"pte_entries":8,"numa":{"0":16384,"1":16384},"policy":"default"}'
		echo '{"type":"region","t":'$t'.000000000,"pid":7,"seq":'$t',"start":"0x0000000000200000","end":"0x0000000000210000","size":65536,"perms":"r-xp","kind":"text","name":"/bin/demo","rss":8192,"pmd_entries":2,"pte_entries":2}'
		case $t in
		0) echo '{"type":"pages","t":0.000000000,"pid":7,"seq":0,"start":"0x0000000000100000","end":"0x0000000000110000","runs":[[0,8,"rdx"]]}' ;;
		1) echo '{"type":"pages","t":1.000000000,"pid":7,"seq":1,"start":"0x0000000000100000","end":"0x0000000000110000","runs":[[0,4,"rdx"],[4,4,"rd"],[8,2,"s"]]}' ;;
		2) echo '{"type":"pages","t":2.000000000,"pid":7,"seq":2,"start":"0x0000000000100000","end":"0x0000000000110000","runs":[[0,4,"rdx"]]}' ;;
		esac
		echo '{"type":"pages","t":'$t'.000000000,"pid":7,"seq":'$t',"start":"0x0000000000200000","end":"0x0000000000210000","runs":[[2,2,"rf"]]}'
	done
	echo '{"type":"mark","t":4.000000000,"text":"later"}'
}

boxes() { # OPTION...: x0 x1 class of each box of the strip, by address and time
	strip | vm-render --trace --view pages "$@" | sed -n 's/^box //p'
}

@test "in the film strip a run is one box while its state does not change" {
	strip | valid_stream
	strip | vm-render --trace --view pages >"$BATS_TEST_TMPDIR/out"
	cat "$BATS_TEST_TMPDIR/out"
	# heap: 0-4 all the time, 4-8 private for a second, then shared for one; 8-10 swapped for one; text all the time
	[ "$(grep -c '^box' "$BATS_TEST_TMPDIR/out")" = 5 ]
	grep -q 'title="4 pages: anonymous, only here\\n0x100000-0x104000 16 KiB\\nin heap \[heap\], rw-p from 0x100000\\n0 s to the end"' "$BATS_TEST_TMPDIR/out"
	grep -q 'title="4 pages: anonymous, shared\\n0x104000-0x108000 16 KiB.*\\n1 s to 2 s"' "$BATS_TEST_TMPDIR/out"
	grep -q 'title="2 pages: swapped\\n0x108000-0x10a000 8 KiB.*\\n1 s to 2 s"' "$BATS_TEST_TMPDIR/out"
	grep -q 'title="2 pages: file\\n0x202000-0x204000 8 KiB\\nin text /bin/demo.*to the end"' "$BATS_TEST_TMPDIR/out"
}

@test "the strip compares existing page tables with needed ones" {
	strip | vm-render --trace --view pages >"$BATS_TEST_TMPDIR/out"
	grep '^note' "$BATS_TEST_TMPDIR/out" | grep -q 'page tables: 1 PTE, 1 PMD and 1 PUD tables (12 KiB) with 10 PTE, 2 PMD, 1 PUD, 1 PGD entries; 4 KiB are reserved for 1 huge page; 4 KiB are empty tables; VmPTE says 20 KiB'
}

@test "the strip shows only the requested regions, addresses and times" {
	[ "$(strip | vm-render --trace --view pages --kind text | grep -c ^box)" = 1 ]
	[ "$(strip | vm-render --trace --view pages --address 104000-106000 | grep -c ^box)" = 2 ]
	strip | vm-render --trace --view pages --address 104000-106000 | grep -q 'title="2 pages: anonymous, shared\\n0x104000-0x106000'
	[ "$(strip | vm-render --trace --view pages --to 0.5 | grep -c ^box)" = 2 ]
	[ "$(strip | vm-render --trace --view pages --from 3 | grep -c ^box)" = 2 ]
}

@test "a tracked stream gives the same strip as an untracked one" {
	strip >"$BATS_TEST_TMPDIR/stream"
	echo '{"type":"end","t":4.000000000,"reason":"count"}' >>"$BATS_TEST_TMPDIR/stream"
	vm-track "$BATS_TEST_TMPDIR/stream" >"$BATS_TEST_TMPDIR/tracked"
	diff <(vm-render --svg --view pages "$BATS_TEST_TMPDIR/stream") <(vm-render --svg --view pages "$BATS_TEST_TMPDIR/tracked")
}

@test "thousands of runs are drawn on a grid with cells filled by the present share" {
	{
		echo '{"type":"snapshot","t":0.000000000,"pid":7,"seq":0,"regions":1,"size":67108864,"pages":1}'
		echo '{"type":"region","t":0.000000000,"pid":7,"seq":0,"start":"0x0000000010000000","end":"0x0000000014000000","size":67108864,"perms":"rw-p","kind":"anon"}'
		printf '{"type":"pages","t":0.000000000,"pid":7,"seq":0,"start":"0x0000000010000000","end":"0x0000000014000000","runs":['
		for ((i = 0; i < 8192; i++)); do printf '%s[%d,1,"rdx"]' "$( ((i)) && echo ,)" $((2 * i)); done
		echo ']}'
		echo '{"type":"mark","t":1.000000000,"text":"later"}'
	} >"$BATS_TEST_TMPDIR/stream"
	vm-render --trace --view pages "$BATS_TEST_TMPDIR/stream" >"$BATS_TEST_TMPDIR/out"
	[ "$(grep -c ^box "$BATS_TEST_TMPDIR/out")" -lt 2000 ]
	grep -q '50 % of it has pages' "$BATS_TEST_TMPDIR/out"
	grep -q '8192 page runs are drawn as a grid' "$BATS_TEST_TMPDIR/out"
}

@test "for a stream without pages the strip names the option that records them, in every renderer" {
	run --separate-stderr vm-render --view pages "$ROOT/tests/golden/life.track.ndjson"
	[ "$status" = 0 ]
	[[ $output == *"record with vm-sample --detail pages"* ]]
	for renderer in ascii svg gnuplot; do
		strip | vm-render "--$renderer" --view pages >"$BATS_TEST_TMPDIR/out"
		grep -q "anonymous, shared" "$BATS_TEST_TMPDIR/out"
	done
	requires cmd xmllint
	strip | vm-render --svg --view pages | xmllint --noout -
}

@test "invalid or misplaced pages lines change nothing and crash nothing" {
	{
		strip
		echo '{"type":"pages","t":5.0,"pid":7,"start":"0x1000","end":"0x2000","runs":[[0,1,"r"]]}'
		echo '{"type":"snapshot","t":6.0,"pid":7,"seq":9,"regions":0,"size":0,"pages":3}'
		echo '{"type":"pages","t":6.0,"pid":7,"seq":9,"start":"0x0000000000100000","end":"0x0000000000110000","runs":[[15,2,"r"],[-1,2,"r"],["a"],3,[0,1,"r",4],[0,99999999999999,"r"],[1,1,""],[2,1,"r"],[0,1,"q"]]}'
		echo '{"type":"pages","t":6.0,"pid":7,"seq":9,"start":"0x0000000000110000","end":"0x0000000000100000","runs":[[0,1,"r"]]}'
		echo '{"type":"pages","t":6.0,"pid":7,"seq":9,"runs":{}}'
		echo '{"type":"mark","t":7.0,"text":"later"}'
	} >"$BATS_TEST_TMPDIR/stream"
	for view in pages compare table area; do
		run --separate-stderr vm-render --trace --view $view "$BATS_TEST_TMPDIR/stream"
		[ "$status" = 0 ]
	done
}

@test "the table has columns for page tables, nodes and faults" {
	strip >"$BATS_TEST_TMPDIR/stream"
	echo '{"type":"faults","t":4.5,"pid":7,"start":"0x0000000000100000","major":1,"minor":8}' >>"$BATS_TEST_TMPDIR/stream"
	echo '{"type":"faults","t":4.6,"pid":7,"start":"0x0000000000100000","major":1,"minor":2}' >>"$BATS_TEST_TMPDIR/stream"
	run --separate-stderr vm-render --table --columns start,numa,policy,minor,major,pte_entries "$BATS_TEST_TMPDIR/stream"
	[ "$status" = 0 ]
	grep -Eq '^0000000000100000 +N0:16 N1:16 +default +10 +2 +8$' <<<"$output"
	run --separate-stderr vm-render --table=pages "$BATS_TEST_TMPDIR/stream"
	grep -Eq '^total +128 +40 +10 +2 ' <<<"$output" # the total of the process, not a sum
	[[ $output == *"page tables: 1 PTE, "*"VmPTE says 20 KiB"* ]]
	run --separate-stderr vm-render --table --by kind "$BATS_TEST_TMPDIR/stream"
	[ "$status" = 0 ]
}

@test "the area by region and by name has the sums of the table's regions" {
	strip >"$BATS_TEST_TMPDIR/stream"
	for by in region name; do
		vm-render --trace --view area --by $by "$BATS_TEST_TMPDIR/stream" >"$BATS_TEST_TMPDIR/out"
		grep -q '^class 0 "\[heap\].* detail="32 KiB, peak 32 KiB"' "$BATS_TEST_TMPDIR/out"
		grep -q '^class 1 "demo.* detail="8 KiB, peak 8 KiB"' "$BATS_TEST_TMPDIR/out"
	done
	run --separate-stderr vm-render --view area --by perms "$BATS_TEST_TMPDIR/stream"
	[ "$status" = 2 ]
	[[ $stderr == *"kind, region, name or process"* ]]
}

@test "faults of the process are counted from sample to sample, as the kernel counts them" {
	step_start
	vm-sample -p "$pid" -i 5ms -O faults >"$BATS_TEST_TMPDIR/raw" 3>&- &
	sampler=$!
	until_true grep -q '"sample"' "$BATS_TEST_TMPDIR/raw"
	before=$(cut -d ' ' -f 10 "/proc/$pid/stat")
	looks=$(grep -c '"sample"' "$BATS_TEST_TMPDIR/raw")
	until_true eval "[ \$(grep -c '\"sample\"' $BATS_TEST_TMPDIR/raw) -gt $((looks + 1)) ]"
	told=$(jq -s '[.[] | select(.type == "faults") | .minor] | add // 0' "$BATS_TEST_TMPDIR/raw")
	step mmap 200 rw
	step touch "$answer" 200
	after=$(cut -d ' ' -f 10 "/proc/$pid/stat")
	until_true eval "[ \$(jq -s '[.[] | select(.type == \"faults\") | .minor] | add // 0' $BATS_TEST_TMPDIR/raw 2>/dev/null || echo 0) -ge $((told + after - before)) ]"
	kill -INT "$sampler"
	wait "$sampler"
	vm-parse "$BATS_TEST_TMPDIR/raw" | valid_stream
	vm-parse "$BATS_TEST_TMPDIR/raw" | vm-track | vm-render --table | grep -q 'page faults while recorded: '
}

@test "faults that the kernel counts by region are shown beside their regions, also after the process has ended" {
	requires bpf
	vm-sample --list | grep -q '^ *ebpf' || skip "the ebpf source is not built"
	vm-sample --ebpf -- "$WORKLOADS/lifecycle" 1 2>/dev/null | vm-parse | vm-track >"$BATS_TEST_TMPDIR/run"
	told=$(jq -s '[.[] | select(.type == "faults") | .minor] | add // 0' "$BATS_TEST_TMPDIR/run")
	[ "$told" -gt 50 ]
	shown=$(vm-render --table --columns start,minor "$BATS_TEST_TMPDIR/run" | awk '$1 == "total" { print $2 }')
	[ "$shown" -gt 50 ]
	[ "$shown" -le "$told" ]
}
