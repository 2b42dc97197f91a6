# Pasted texts: numa_maps, gdb's mappings, core files, maps within logs and mails, maps of all kernels; --format and --every.
# bats file_tags=steady
load helper

regions() { jq -c "select(.type == \"region\") | $1" <<<"$output"; }

@test "numa_maps: bytes by node, and the end of a region is its smallest possible end" {
	output=$(vm-parse "$ROOT/tests/texts/numa_maps.txt")
	[ "$(regions '[.start, .name, .rss, .policy, .least, .numa]' | sed -n 2p)" = '["0x00007f2485986000","/usr/lib/libc.so.6",155648,"interleave:0-1",true,{"0":122880,"1":32768}]' ]
	[ "$(regions '[.name, .rss]' | sed -n 3p)" = '["/anon_hugepage (deleted)",4194304]' ]
	valid_stream <<<"$output"
}

@test "gdb: info proc mappings" {
	output=$(vm-parse "$ROOT/tests/texts/gdb.txt")
	[ "$(regions '[.start, .end, .perms, .offset, .name]' | sed -n 2p)" = '["0x0000555555556000","0x000055555555a000","r-xp","0x0000000000002000","/usr/bin/my program"]' ]
	[ "$(jq 'select(.type == "process") | .pid' <<<"$output")" = 4711 ]
}

@test "listings of crash reporters, sanitizers and debuggers: each a snapshot, with ranges, permissions, names and process" {
	run -0 --separate-stderr vm-parse "$ROOT/tests/texts/listing.txt"
	[ -z "$stderr" ]
	[ "$(jq -c 'select(.type == "snapshot") | [.pid, .regions, .rss]' <<<"$output" | paste -sd' ')" = \
		'[2411,5,null] [4711,3,null] [4711,2,null] [4711,2,null] [815,2,147456] [815,1,61440] [815,1,null] [815,1,2097152]' ]
	rows() { jq -c --argjson seq "$1" 'select(.type == "region" and .seq == $seq) | [.start[6:], .size, .perms, .offset, .name]' <<<"$output"; }
	[ "$(rows 0)" = '["000012c00000",1007616,"rw-",null,"[anon:dalvik-main space]"]
["00558c000000",16384,"r--","0x0000000000000000","/system/bin/app"]
["00558c004000",65536,"r-x","0x0000000000004000","/system/bin/app"]
["007fffb00000",1048576,"rw-",null,"[stack]"]
["600000000000",4398046511104,"---",null,"[anon:scudo:reserved]"]' ]
	[ "$(rows 3)" = '["555555554000",4096,"r-xp","0x0000000000002000","/tmp/with blank"]
["7ffff7d80000",12288,"rw-p",null,null]' ]
	sed "s/^/01-02 03:04:05.678  2411  2430 F DEBUG   : /" "$ROOT/tests/texts/listing.txt" | head -9 >"$BATS_TEST_TMPDIR/in"
	[ "$(vm-parse "$BATS_TEST_TMPDIR/in" | grep -c '"type":"region"')" = 5 ]
	printf '%s\n' 'memory map:' '    12c00000-12c95000 rw-       0   95000 /a name' '    12c95000-141ef000 rw-   95000 155a000 >' '    40000000-4000ffff r-x /old' '    5000000g-50010000 r-x /bad' >"$BATS_TEST_TMPDIR/in"
	run -0 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[ "$(jq -r 'select(.type == "region") | "\(.size) \(.name)"' <<<"$output" | paste -sd' ')" = "610304 /a name 22388736 /a name 65536 /old" ]
}

@test "a core file has the regions, the files and the name of its process" {
	requires cmd gcore
	sleep 1000 3>&- & # small: a reserve of gigabytes would be dumped in full
	pid=$!
	started+=("$pid")
	until_true grep -qx sleep "/proc/$pid/comm"
	gcore -o "$BATS_TEST_TMPDIR/core" "$pid" >/dev/null 2>&1 || skip "gcore may not look at a process here"
	output=$(vm-parse "$BATS_TEST_TMPDIR/core.$pid")
	[ "$(jq -c 'select(.type == "process") | [.pid, .name]' <<<"$output")" = "[$pid,\"sleep\"]" ]
	vm-parse "/proc/$pid/maps" | jq -r 'select(.type == "region" and .inode and (.perms | startswith("rw"))) | "\(.start) \(.end) \(.name)"' >"$BATS_TEST_TMPDIR/want"
	regions 'select(.name and .perms == "rw-") | "\(.start) \(.end) \(.name)"' | tr -d '"' >"$BATS_TEST_TMPDIR/got"
	[ -s "$BATS_TEST_TMPDIR/want" ]
	diff "$BATS_TEST_TMPDIR/want" "$BATS_TEST_TMPDIR/got"
}

@test "maps within a log, after its prefix, quoted, or wrapped by mail" {
	want=$(vm-parse "$ROOT/tests/texts/log.txt" | jq -c 'select(.type == "region") | [.start, .end, .perms, .name]')
	[ "$(wc -l <<<"$want")" -eq 4 ]
	sed 's/^/2026-05-04T10:00:00.123 host app[99]: /' "$ROOT/tests/texts/log.txt" >"$BATS_TEST_TMPDIR/logged"
	sed 's/^/> > /' "$ROOT/tests/texts/log.txt" >"$BATS_TEST_TMPDIR/quoted"
	fold -s -w 72 "$ROOT/tests/texts/log.txt" | sed 's/^/> /; s/ *$//' >"$BATS_TEST_TMPDIR/wrapped"
	for form in logged quoted wrapped; do
		run -0 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/$form"
		[ "$(regions '[.start, .end, .perms, .name]')" = "$want" ] || { echo "$form"; return 1; }
	done
}

@test "quoted smaps keep their values" {
	sed 's/^/> /' /proc/self/smaps >"$BATS_TEST_TMPDIR/in"
	output=$(vm-parse "$BATS_TEST_TMPDIR/in")
	[ "$(regions .rss | grep -c null)" -eq 0 ]
	[ "$(regions .rss | wc -l)" -eq "$(grep -c '^> Rss:' "$BATS_TEST_TMPDIR/in")" ]
}

@test "--format decides the format of a text; an unknown format is refused with the known ones" {
	run -0 vm-parse --format meminfo <<<'MemFree:  4 kB'
	[ "$(jq 'select(.type == "system") | .free' <<<"$output")" = 4096 ]
	run -2 --separate-stderr vm-parse --format wishes </dev/null
	[[ $stderr == *'"wishes"'*vmmap* ]]
}

@test "--every makes one timeline of consecutive files" {
	head -5 /proc/self/maps >"$BATS_TEST_TMPDIR/t1"
	cp "$BATS_TEST_TMPDIR/t1" "$BATS_TEST_TMPDIR/t2"
	sed 1d "$BATS_TEST_TMPDIR/t1" >"$BATS_TEST_TMPDIR/t3"
	output=$(vm-parse --every 1s "$BATS_TEST_TMPDIR"/t[123] | vm-track)
	[ "$(jq -c 'select(.type == "change") | [.t, .event]' <<<"$output" | sed 's/\.0*,/,/')" = '[2,"MUNMAP_REMOVE"]' ]
}

@test "external numa_maps, maps and smaps give a region for each row (external samples)" {
	requires samples
	for file in "$SAMPLES"/maps/*.txt "$SAMPLES"/smaps/[al]*.txt; do
		rows=$(grep -acE '^[0-9a-f]+-[0-9a-f]+ [rwxps-]{4} ' "$file")
		got=$(vm-parse -q "$file" | grep -c '"type":"region"')
		[ "$rows" = "$got" ] || { echo "$file: $rows rows, $got regions"; return 1; }
	done
	[ "$(vm-parse -q "$SAMPLES"/smaps/numa_maps_local_*.txt | grep -c '"type":"region"')" = 65 ]
}

@test "texts in the forms of other systems: CR LF, a byte order mark, UTF-16 of either order" {
	of() { vm-parse -q | jq -c 'select(.type == "region" or .type == "system") | del(.t)'; }
	requires cmd iconv
	for name in vmmap pmap pmap-X gdb numa_maps log free meminfo vm_stat top; do
		file=$ROOT/tests/texts/$name.txt
		want=$(of <"$file")
		[ -n "$want" ]
		[ "$(sed 's/$/\r/' "$file" | of)" = "$want" ] || { echo "$name with CR LF"; return 1; }
		[ "$( { printf '\xef\xbb\xbf'; cat "$file"; } | of)" = "$want" ] || { echo "$name with a mark"; return 1; }
		[ "$( { printf '\xff\xfe'; sed 's/$/\r/' "$file" | iconv -f UTF-8 -t UTF-16LE; } | of)" = "$want" ] || { echo "$name in UTF-16"; return 1; }
		[ "$( { printf '\xfe\xff'; iconv -f UTF-8 -t UTF-16BE "$file"; } | of)" = "$want" ] || { echo "$name in UTF-16BE"; return 1; }
		[ "$(iconv -f UTF-8 -t UTF-16LE "$file" | of)" = "$want" ] || { echo "$name in UTF-16 without a mark"; return 1; }
	done
}

@test "line numbers, a diff's +, colours, non-breaking and padding blanks do no harm if every line has them" {
	rows() { vm-parse -q "$1" | jq -c 'select(.type == "region" or .type == "system") | [.start, .end, .perms, .name, .label, .rss, .total, .free]'; }
	for name in vmmap pmap pmap-X gdb listing meminfo free; do
		want=$(rows "$ROOT/tests/texts/$name.txt")
		for how in 's/ /\xc2\xa0/g' 's/^/\x1b[0m/; s/$/\x1b[K/' 's/$/   /' 's/^/+/' =; do
			sed "$how" "$ROOT/tests/texts/$name.txt" >"$BATS_TEST_TMPDIR/in"
			[ "$how" != = ] || cat -n "$ROOT/tests/texts/$name.txt" >"$BATS_TEST_TMPDIR/in"
			[ "$(rows "$BATS_TEST_TMPDIR/in")" = "$want" ] || { echo "$name, $how"; return 1; }
		done
		grep -n '' "$ROOT/tests/texts/$name.txt" >"$BATS_TEST_TMPDIR/in"
		[ "$(rows "$BATS_TEST_TMPDIR/in")" = "$want" ] || { echo "$name, grep -n"; return 1; }
	done
	printf '7f0000000000-7f0000001000 r--p 00000000 fe:00 7    /tmp/a  \n7f0000001000-7f0000002000 r--p 00000000 fe:00 8    /tmp/b\xc2\xa0\033[1mc\n' >"$BATS_TEST_TMPDIR/in"
	[ "$(vm-parse "$BATS_TEST_TMPDIR/in" | jq -r 'select(.type == "region") | .name')" = "$(printf '/tmp/a  \n/tmp/b\xc2\xa0\033[1mc')" ]
}

@test "a single name that ends in CR keeps it" {
	printf '10000000-10001000 r--p 00000000 fe:00 7 /tmp/odd\r\n10001000-10002000 r--p 00000000 fe:00 8 /tmp/even\n' >"$BATS_TEST_TMPDIR/in"
	[ "$(vm-parse "$BATS_TEST_TMPDIR/in" | jq -c 'select(.type == "region") | .name')" = '"/tmp/odd\r"
"/tmp/even"' ]
}

@test "after the prefix of a log every text is recognised" {
	of() { vm-parse -q | jq -c 'select(.type == "region" or .type == "system") | del(.t)'; }
	for name in vmmap pmap gdb free meminfo vm_stat top; do
		file=$ROOT/tests/texts/$name.txt
		want=$(of <"$file")
		for prefix in 'Nov 20 10:00:00 host app[123]: ' '2024-05-01T10:00:00.123Z INFO ' '05-01 10:00:00.123  1234  1256 F DEBUG   : ' '> > ' '    '; do
			[ "$(sed "s/^/$prefix/" "$file" | of)" = "$want" ] || { echo "$name behind '$prefix'"; return 1; }
		done
	done
}

@test "a crash log of a Java machine: its maps, and the machine's memory, however long the log" {
	{ echo '#  SIGSEGV (0xb) at pc=0x00007f2485999999, pid=4711, tid=4712'
	echo 'Current thread (0x00007f247c01b800):  JavaThread "main" [_thread_in_vm, id=4712, stack(0x00007f2484a00000,0x00007f2484b00000)]'
	echo 'Dynamic libraries:'
	echo 'e0000000-eaa80000 rw-p 00000000 00:00 0 '
	echo '55d0c8000000-55d0c8001000 r-xp 00000000 08:01 132946                     /usr/lib/jvm/java-17/bin/java'
	echo '7fffc13ff000-7fffc1420000 rw-p 00000000 00:00 0                          [stack]'
	printf '\n/proc/meminfo:\nMemTotal:       24684084 kB\nMemFree:        18000000 kB\nMemAvailable:   20000000 kB\n\nMemory: 4k page, physical 24684084k\nRss:   77 kB\nEND.\n'; } >"$BATS_TEST_TMPDIR/hs_err"
	of() { vm-parse -q | jq -c 'if .type == "region" then [.start, .perms, .name] elif .type == "system" then [.total, .available, .rss] else empty end'; }
	want='["0x00000000e0000000","rw-p",null]
["0x000055d0c8000000","r-xp","/usr/lib/jvm/java-17/bin/java"]
["0x00007fffc13ff000","rw-p","[stack]"]
[25276502016,20480000000,null]'
	[ "$(of <"$BATS_TEST_TMPDIR/hs_err")" = "$want" ]
	yes 'a line of a log that says nothing of memory' | head -5000 >"$BATS_TEST_TMPDIR/long" || true
	[ "$(cat "$BATS_TEST_TMPDIR/long" "$BATS_TEST_TMPDIR/hs_err" | of)" = "$want" ]
	[ "$(cat "$BATS_TEST_TMPDIR/long" "$BATS_TEST_TMPDIR/hs_err" | vm-parse | jq -r 'select(.type == "snapshot").pid')" = 4711 ]
	cp "$BATS_TEST_TMPDIR/hs_err" "$BATS_TEST_TMPDIR/again"
	[ "$(vm-diff "$BATS_TEST_TMPDIR/hs_err" "$BATS_TEST_TMPDIR/again" 2>/dev/null | jq -r 'select(.type == "change") | .event' | grep -vc EXIT || true)" -le 3 ]
}

@test "maps and output of free in one text are both read, and smaps is not taken for the machine" {
	{ cat "/proc/$$/smaps"; free; } >"$BATS_TEST_TMPDIR/in"
	[ "$(vm-parse "$BATS_TEST_TMPDIR/in" | jq -r .type | sort | uniq -c | awk '$2 == "region" || $2 == "system" { print $2, $1 }' | paste -sd,)" = "region $(wc -l <"/proc/$$/maps"),system 1" ]
	[ "$(vm-parse "/proc/$$/smaps" | jq -r 'select(.type == "system")' | wc -l)" -eq 0 ]
}

# A report with everything: prose, a report, prose, another report, in as many formats as there are.
letter() {
	local name
	printf 'Hello,\nI have looked at it with all that I have. See below: 3 of 4 are new.\n\n'
	for name; do printf 'And this is %s:\n\n' "$name"; cat "$ROOT/tests/texts/$name.txt"; printf '\nSo far that.\n'; done
	echo 'Thanks!'
}
told() { jq -c 'select(.type == "region" or .type == "system" or .type == "snapshot" or .type == "process") | del(.t, .seq)'; }

@test "reports of different formats in one text are each read by their own reader, in the order of the text, whatever surrounds them" {
	names=(pmap vmmap log meminfo gdb free numa_maps footprint listing top pmap-X vm_stat)
	for name in "${names[@]}"; do vm-parse "$ROOT/tests/texts/$name.txt" | told; done >"$BATS_TEST_TMPDIR/want"
	letter "${names[@]}" >"$BATS_TEST_TMPDIR/in"
	run -0 --separate-stderr vm-parse -o "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/in"
	[[ $stderr == *"have dates only in part"* && $(wc -l <<<"$stderr") == 1 ]] # the snapshot of vmmap has one
	told <"$BATS_TEST_TMPDIR/out" | diff "$BATS_TEST_TMPDIR/want" -
	valid_stream <"$BATS_TEST_TMPDIR/out"
	[ "$(jq -c 'select(.type == "stream") | .sources | sort' "$BATS_TEST_TMPDIR/out")" = '["gdb","listing","numa","pmap","procfs","system","vmmap"]' ]
	[ "$(jq -c 'select(.type == "snapshot") | .seq' "$BATS_TEST_TMPDIR/out" | paste -sd' ')" = "$(seq -s' ' 0 "$(($(grep -c '"type":"snapshot"' "$BATS_TEST_TMPDIR/out") - 1))")" ]
	for how in 's/^/> /' 's/^/| > /' 's/^/    /' 's/^/Nov 20 10:00:00 host app[123]: /' 's/^/2024-05-01T10:00:00.123Z INFO /' 's/^/+/' 's/$/\r/'; do
		sed "$how" "$BATS_TEST_TMPDIR/in" | vm-parse | told | diff "$BATS_TEST_TMPDIR/want" - || { echo "$how"; return 1; }
	done
}

@test "any two consecutive formats give the same as each alone, even without a word or a blank line between them" {
	names=(pmap vmmap log meminfo gdb free numa_maps footprint listing top pmap-X vm_stat)
	told() { jq -c 'select(.type == "region" or .type == "system" or .type == "snapshot") | del(.t, .seq)'; } # a process is announced only once
	for a in "${names[@]}"; do vm-parse "$ROOT/tests/texts/$a.txt" | told >"$BATS_TEST_TMPDIR/$a"; done
	for a in "${names[@]}"; do
		for b in "${names[@]}"; do
			[ "$a" = "$b" ] && continue
			cat "$ROOT/tests/texts/$a.txt" "$ROOT/tests/texts/$b.txt" | vm-parse -q | told | diff <(cat "$BATS_TEST_TMPDIR/$a" "$BATS_TEST_TMPDIR/$b") - || { echo "$a, then $b"; return 1; }
		done
	done
}

@test "in a text of several formats a bad row is reported once, with its line in the whole text" {
	{ letter free; sed 's/rw---/rwq--/' "$ROOT/tests/texts/pmap.txt"; letter vmmap; } >"$BATS_TEST_TMPDIR/in"
	run -1 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	for line in $(grep -n rwq-- "$BATS_TEST_TMPDIR/in" | cut -d: -f1); do [ "$(grep -c ":$line: not a row of pmap" <<<"$stderr")" = 1 ] || { echo "$line: $stderr"; return 1; }; done
	[ "$(grep -c 'not a row of' <<<"$stderr")" = "$(grep -c rwq-- "$BATS_TEST_TMPDIR/in")" ]
	sed '/thread 0/,/^$/s/^Stack .*/...snip.../' "$ROOT/tests/texts/vmmap.txt" >"$BATS_TEST_TMPDIR/snipped"
	{ letter free pmap; cat "$BATS_TEST_TMPDIR/snipped"; } >"$BATS_TEST_TMPDIR/in"
	run --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[[ $stderr == *"rows of this report are omitted at line $(grep -n '^...snip' "$BATS_TEST_TMPDIR/in" | cut -d: -f1)"* ]]
}

@test "rows that only one format accepts below its head are not taken for another format's" {
	printf '%s\n' 'Maps Information' '10000000 10021000 r-xp /usr/lib/libfoo.so' '10021000 10022000 rw-p /usr/lib/libfoo.so' 'End of Maps Information' '' >"$BATS_TEST_TMPDIR/in"
	free >>"$BATS_TEST_TMPDIR/in"
	output=$(vm-parse "$BATS_TEST_TMPDIR/in")
	[ "$(regions '[.start, .size, .perms]' | paste -sd' ')" = '["0x0000000010000000",135168,"r-xp"] ["0x0000000010021000",4096,"rw-p"]' ]
	[ "$(grep -c '"type":"system"' <<<"$output")" = 1 ]
}

@test "a plugin whose probe knows only the head of its text keeps the lines below the head in a text of several formats" {
	mkdir "$BATS_TEST_TMPDIR/plugins"
	sed -n '/^```c ranges.c/,/^```$/p' "$ROOT/plugins/README.md" | sed '1d;$d' >"$BATS_TEST_TMPDIR/plugins/ranges.c"
	cc -shared -fPIC -I "$ROOT/lib" -o "$BATS_TEST_TMPDIR/plugins/ranges.so" "$BATS_TEST_TMPDIR/plugins/ranges.c"
	{ letter free; printf '# board map\n10000000 10004000 rw- heap\n20000000 20100000 r-x flash image\n\n'; letter pmap; } >"$BATS_TEST_TMPDIR/in"
	output=$(VMPIPE_PLUGINS=$BATS_TEST_TMPDIR/plugins vm-parse "$BATS_TEST_TMPDIR/in")
	[ "$(regions '[.start, .name]' | head -2 | paste -sd' ')" = '["0x0000000010000000","heap"] ["0x0000000020000000","flash image"]' ]
	[ "$(jq -c 'select(.type == "snapshot") | .regions' <<<"$output" | paste -sd' ')" = "2 $(vm-parse "$ROOT/tests/texts/pmap.txt" | jq -c 'select(.type == "snapshot") | .regions' | paste -sd' ')" ]
}

@test "vm-diff takes the processes of a text of several formats" {
	letter free pmap >"$BATS_TEST_TMPDIR/a"
	letter pmap meminfo >"$BATS_TEST_TMPDIR/b"
	run -0 --separate-stderr vm-diff "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b"
	[ "$stderr" = "vm-diff: no difference; 6 of 6 regions equal" ]
}

@test "a log of any length may come before and between reports of several formats" {
	awk 'BEGIN { srand(1); for (i = 0; i < 3000; i++) { s = ""; for (k = 0; k < 9; k++) s = s " " sprintf("%c%c%c", 97 + rand() * 26, 97 + rand() * 26, 97 + rand() * 26); print "INFO [" i "]" s } }' >"$BATS_TEST_TMPDIR/log"
	for name in pmap free numa_maps; do cat "$BATS_TEST_TMPDIR/log" "$ROOT/tests/texts/$name.txt"; done >"$BATS_TEST_TMPDIR/in"
	vm-parse "$BATS_TEST_TMPDIR/in" | told | diff <(for name in pmap free numa_maps; do vm-parse "$ROOT/tests/texts/$name.txt" | told; done) -
	cat "$BATS_TEST_TMPDIR/log" "$ROOT/tests/texts/pmap.txt" >"$BATS_TEST_TMPDIR/in"
	vm-parse "$BATS_TEST_TMPDIR/in" | told | diff <(vm-parse "$ROOT/tests/texts/pmap.txt" | told) -
}

@test "maps of two processes with prose between are two snapshots, even if the second lies above the first" {
	low='10000000-10001000 r-xp 00000000 fe:00 7                          /usr/bin/a' high='7f0000000000-7f0000001000 r-xp 00000000 fe:00 8                    /usr/bin/b'
	of() { vm-parse -q "$BATS_TEST_TMPDIR/in" | jq -c 'select(.type == "snapshot") | .regions' | paste -sd' '; }
	printf '%s\n' "$low" '' 'and of the other one:' "$high" >"$BATS_TEST_TMPDIR/in"
	[ "$(of)" = "1 1" ]
	printf '%s\n' 'of the first:' "$low" 'and of the other one:' '' "$high" >"$BATS_TEST_TMPDIR/in"
	[ "$(of)" = "1 1" ]
	printf '%s\n' "$low" '======= Memory map: ========' "$high" >"$BATS_TEST_TMPDIR/in"
	[ "$(of)" = "1 1" ]
	printf '%s\n' "$low" '---' "$high" >"$BATS_TEST_TMPDIR/in"
	[ "$(of)" = "1 1" ]
	printf '%s\n' "$low" '' "$high" >"$BATS_TEST_TMPDIR/in" # a blank line alone does not separate: some pages put one between all lines
	[ "$(of)" = 2 ]
	printf '%s\n' 'a log' "$low" 'INFO something else' "$high" >"$BATS_TEST_TMPDIR/in" # nor does prose alone, as a log has it
	[ "$(of)" = 2 ]
}

@test "a row within a log whose end lies before its start is reported like any bad row" {
	printf '%s\n' 'it says:' '10000000-10001000 r-xp 00000000 fe:00 7 /usr/bin/a' 'INFO between' '7f0000001000-7f0000000000 r-xp 00000000 fe:00 8 /usr/bin/b' >"$BATS_TEST_TMPDIR/in"
	run -1 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[[ $stderr == *":4: "*"row skipped"* ]]
}

@test "a sentence is no row of numa_maps, even if its words look hexadecimal" {
	printf '%s\n' 'We have added default' 'and facade bind:' >"$BATS_TEST_TMPDIR/in"
	run -1 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[[ $stderr == *"no format that is known"* ]]
	cat "$ROOT/tests/texts/numa_maps.txt" >>"$BATS_TEST_TMPDIR/in"
	run -0 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[ "$(regions .start | wc -l)" = 5 ]
}

@test "prose with a colon below a row is no value of the row" {
	printf '%s\n' '10000000-10001000 r-xp 00000000 fe:00 7 /usr/bin/a' "free: invalid option -- 'L'" 'Note: see below' 'Usage:' >"$BATS_TEST_TMPDIR/in"
	run -1 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[ "$(regions 'keys | map(select(IN("free", "note", "usage"))) | length')" = 0 ]
	[ "$(grep -c 'row skipped' <<<"$stderr")" = 3 ]
}

@test "tabs instead of blanks do no harm, and a name keeps its own tabs" {
	rows() { vm-parse -q | jq -c 'select(.type == "region" or .type == "system") | [.start, .end, .perms, .name, .label, .rss, .total, .free]'; }
	for name in vmmap pmap gdb numa_maps log meminfo free vm_stat; do
		want=$(rows <"$ROOT/tests/texts/$name.txt")
		[ -n "$want" ]
		[ "$(expand "$ROOT/tests/texts/$name.txt" | sed 's/   */\t/g; s/^\t//; s/ /\t/g' | rows | jq -c 'del(.[3])')" = "$(jq -c 'del(.[3])' <<<"$want")" ] || { echo "$name"; return 1; } # a name may hold two blanks
		[ "$(unexpand -a "$ROOT/tests/texts/$name.txt" | rows | sed 's/\\t/  /g')" = "$want" ] || { echo "$name, unexpand"; return 1; }
	done
	cat "/proc/$$/smaps" >"$BATS_TEST_TMPDIR/smaps"
	for how in 's/  */\t/g' 's/   */\t/g'; do
		diff <(rows <"$BATS_TEST_TMPDIR/smaps") <(sed "$how" "$BATS_TEST_TMPDIR/smaps" | rows)
	done
	printf '10000000-10001000 r--p 00000000 fe:00 7                          /tmp/a\tb\n' >"$BATS_TEST_TMPDIR/in"
	[ "$(vm-parse "$BATS_TEST_TMPDIR/in" | jq -r 'select(.type == "region") | .name')" = "$(printf '/tmp/a\tb')" ]
}

@test "a recognised text without any readable row is reported, with its assumed format" {
	{ cat "$ROOT/tests/texts/pmap.txt"; printf '\n             total       used       free     shared\n'; } >"$BATS_TEST_TMPDIR/in"
	run -1 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[[ $stderr == *"looks like free, but no row of it can be read"* ]]
	[ "$(jq -r 'select(.type == "lost") | .what' <<<"$output")" = text ]
}

@test "prose about reports is no report" {
	{ printf 'Hello,\nthe Physical footprint: is far too large, see VM Region Info: below, and in the Virtual Memory Map of process x.\nPhysMem: that is what top says of it.\nVM Regions Near the end, (non-coalesced).\n\n'
	cat "$ROOT/tests/texts/pmap.txt"
	printf '\nThe total used is free. Memory map: none. MemTotal: I do not know. Mem: neither.\nProcess: still running\n'; } >"$BATS_TEST_TMPDIR/in"
	run -0 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[ -z "$stderr" ]
	told <<<"$output" | diff <(vm-parse "$ROOT/tests/texts/pmap.txt" | told) -
}

@test "numa_maps that end within a name are reported as cut, and the name is not used" {
	{ cat "$ROOT/tests/texts/numa_maps.txt"; printf '7f2487000000 default file=/usr/lib/li'; } >"$BATS_TEST_TMPDIR/in"
	run -1 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[[ $stderr == *":6: the line is cut short"* && $output != *'/usr/lib/li"'* ]]
	{ cat "$ROOT/tests/texts/numa_maps.txt"; printf '7f2487000000 default anon=256 dirty=256 N0=25'; } >"$BATS_TEST_TMPDIR/in"
	run -1 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[[ $stderr == *":6: the line is cut short"* ]]
	{ cat "$ROOT/tests/texts/numa_maps.txt"; printf '7ffc87000000 default'; } >"$BATS_TEST_TMPDIR/in" # a last line may lack its newline
	run -0 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[ "$(regions .start | wc -l)" = 6 ]
}

# ---- rows in any order

all_rows() { jq -c 'select(.type == "region") | [.start, .end, .perms, .name, .rss]'; }
reports() { jq -c 'select(.type == "snapshot") | .regions' | paste -sd' '; }

@test "rows of one report may be in any order, in every format: backwards, shuffled, sorted by a column" {
	for name in pmap pmap-X gdb numa_maps; do
		file=$ROOT/tests/texts/$name.txt
		want=$(vm-parse -q "$file" | all_rows)
		[ "$(wc -l <<<"$want")" -gt 2 ]
		head=$(awk '/Address|Start Addr/ { print NR; exit }' "$file")
		for how in tac 'sort -k1' 'sort -rnk3' 'sort -nk2' 'shuf --random-source=/bin/sh'; do
			{ head -n "${head:-0}" "$file"; tail -n +"$((head + 1))" "$file" | grep -v '^--* --*' | $how; } >"$BATS_TEST_TMPDIR/in"
			run --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
			[ -z "$stderr" ] || { echo "$name, $how: $stderr"; return 1; }
			[ "$(reports <<<"$output")" = "$(wc -l <<<"$want")" ] || { echo "$name, $how: $(reports <<<"$output")"; return 1; }
			[ "$(all_rows <<<"$output")" = "$want" ] || { echo "$name, $how"; return 1; }
		done
	done
	awk '/^[0-9a-f]+-/ { if (rows) print rows; rows = "" } { rows = rows (rows ? "\\n" : "") $0 } END { print rows }' "/proc/$$/smaps" | tac | sed 's/\\n/\n/g' >"$BATS_TEST_TMPDIR/in"
	[ "$(vm-parse "$BATS_TEST_TMPDIR/in" | reports)" = "$(wc -l <"/proc/$$/maps")" ]
}

@test "pmap whose lines are all sorted, the head, the process and the total with the rows: one report, and its total is checked" {
	want=$(vm-parse -q "$ROOT/tests/texts/pmap.txt" | all_rows)
	for how in tac sort 'sort -r' 'sort -nk3' 'sort -rnk2' 'shuf --random-source=/bin/sh'; do
		$how "$ROOT/tests/texts/pmap.txt" >"$BATS_TEST_TMPDIR/in"
		run -0 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
		[ -z "$stderr" ] || { echo "$how: $stderr"; return 1; }
		[ "$(all_rows <<<"$output")" = "$want" ] || { echo "$how"; return 1; }
		[ "$(jq -c 'select(.type == "snapshot" or .type == "process") | .pid' <<<"$output" | paste -sd' ')" = "4711 4711" ] || { echo "$how"; return 1; }
		grep -v libc.so.6 "$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/less"
		run -0 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/less"
		[[ $stderr == *"total of 1852 KiB, its rows have 332 KiB"* ]] || { echo "$how: $stderr"; return 1; }
	done
}

@test "a loop that prints the same rows again and again gives a report for each round, whatever their order" {
	maps() { printf '%s\n' "55d0c8a4f000-55d0c8a$1000 rw-p 00000000 00:00 0                          [heap]" "7f24850${1}000-7f2485986000 rw-p 00000000 00:00 0 " \
		'7f2485986000-7f24859ac000 r--p 00000000 fe:00 7                          /usr/lib/libc.so.6' '7ffe00000000-7ffe00021000 rw-p 00000000 00:00 0                          [stack]'; }
	for how in cat tac 'sort -k6' 'head -1' 'grep heap'; do
		for n in 70 70 72 75 81; do maps $n | $how; done >"$BATS_TEST_TMPDIR/in"
		rows=$(maps 70 | $how | wc -l)
		run -0 --separate-stderr vm-parse --every 1s "$BATS_TEST_TMPDIR/in"
		[ "$(reports <<<"$output")" = "$rows $rows $rows $rows $rows" ] || { echo "$how: $(reports <<<"$output")"; return 1; }
		[ "$(jq -c 'select(.type == "snapshot") | .t | floor' <<<"$output" | paste -sd' ')" = "0 1 2 3 4" ]
	done
	pmap() { printf '%s\n' "000055d0c8a4f000     $1       8       8 rw---   [ anon ]" '00007f2485986000     152      38       0 r---- libc.so.6' '00007fffc13ff000     132      20      20 rw---   [ stack ]'; }
	for how in cat tac 'sort -rnk2' 'grep anon'; do
		for n in 132 136 160; do pmap $n | $how; done >"$BATS_TEST_TMPDIR/in"
		[ "$(vm-parse "$BATS_TEST_TMPDIR/in" | reports)" = "$(for n in 1 2 3; do pmap 132 | $how | wc -l; done | paste -sd' ')" ] || { echo "pmap, $how"; return 1; }
	done
}

@test "maps of two processes one below the other are two reports, though nothing but their rows says so" {
	workload still "$BATS_TEST_TMPDIR"
	cat "/proc/$$/maps" "/proc/$pid/maps" >"$BATS_TEST_TMPDIR/in"
	[ "$(vm-parse "$BATS_TEST_TMPDIR/in" | reports)" = "$(wc -l <"/proc/$$/maps") $(wc -l <"/proc/$pid/maps")" ]
	printf '%s\n' 'the lists are:' 10000000-10001000 20000000-20001000 30000000-30001000 08000000-08001000 09000000-09001000 0a000000-0a001000 |
		sed 's/\(^[0-9a-f]*-.*\)/\1 r--p 00000000 fe:00 7 \/a/' >"$BATS_TEST_TMPDIR/in" # nothing is against one process, but it looks like two lists
	run -0 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[ "$(reports <<<"$output")" = 6 ]
	[[ $stderr == *"6 rows look like several lists"*"taken as one report"* ]]
}

@test "rows below a total are of another report, whose process a heading names; an unknown process is nobody" {
	{ cat "$ROOT/tests/texts/pmap.txt"; printf '%s\n' '' 'Now others:' '=== PID 11111 ===' '0000555555759000   51200   51200   51200 rw---   [ heap ]' 'total kB            51200   51200   51200' \
		'and' '0000555555759000  204800  204800  204800 rw---   [ heap ]'; } >"$BATS_TEST_TMPDIR/in"
	run -0 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[ -z "$stderr" ]
	[ "$(jq -c 'select(.type == "snapshot") | [.pid, .regions]' <<<"$output" | paste -sd' ')" = "[4711,6] [11111,1] [null,1]" ]
}

@test "pmap of several processes whose totals go on is no contradiction" {
	{ cat "$ROOT/tests/texts/pmap.txt"; sed 's/^4711/4712/; s/^total kB            1852/total kB            3704/' "$ROOT/tests/texts/pmap.txt"; } >"$BATS_TEST_TMPDIR/in"
	run -0 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[ -z "$stderr" ]
	[ "$(jq -c 'select(.type == "snapshot") | [.pid, .regions]' <<<"$output" | paste -sd' ')" = "[4711,6] [4712,6]" ]
}

@test "rows of pmap without their head, in each dialect; what their numbers are is not guessed" {
	rows() { printf '%s\n' "$@" | vm-parse | jq -c 'select(.type == "region") | [.size / 1024, .perms, .name, .rss, .pss, .dirty, .offset, .dev]'; }
	[ "$(rows '0000555555759000     64K rw---   [ heap ]')" = '[64,"rw-p","[heap]",null,null,null,null,null]' ]
	[ "$(rows '0000555555759000      64      60       4 rw---   [ heap ]')" = '[64,"rw-p","[heap]",61440,null,4096,null,null]' ]
	[ "$(rows '0000555555759000      64 r-x-- 0000000000001000 0fe:00000 cat')" = '[64,"r-xp","cat",null,null,null,"0x0000000000001000","fe:00"]' ]
	[ "$(rows '00010000     192       -       -       - r-x--  ksh')" = '[192,"r-xp","ksh",null,null,null,null,null]' ]
	[ "$(rows '00010000     192     184       -       - r-x--  ksh')" = '[192,"r-xp","ksh",188416,null,null,null,null]' ]
	[ "$(rows '00010000     192     184       8       0  r-xp  /bin/busybox')" = '[192,"r-xp","/bin/busybox",null,188416,8192,null,null]' ]
	[ "$(rows '0000555555759000      64      60       4       0 rw---  cat')" = '[64,"rw-p","cat",null,null,null,null,null]' ]
	[ "$(rows '0000000000400000    880K    600K    500K      0K      0K r-xp 0000000000001000 08:02  /bin/bash')" = '[880,"r-xp","/bin/bash",614400,512000,0,"0x0000000000001000","08:02"]' ]
}

@test "a remark behind a row is a note, and no part of its name" {
	printf '%s\n' 'Address           Kbytes     RSS   Dirty Mode  Mapping' '00007fff8a000000    1024     128     128 rw--- [ anon ] # stack of thread 1' '00007fff8b000000    1024     128     128 r-x-- libx.so.1  # jit' >"$BATS_TEST_TMPDIR/in"
	[ "$(vm-parse "$BATS_TEST_TMPDIR/in" | jq -c 'select(.type == "region") | [.name, .note, .kind]')" = '[null,"stack of thread 1","anon"]
["libx.so.1","jit","text"]' ]
}

# ---- dress

@test "what web pages, markdown and programs' quotes put around the rows is taken off, and the rows are those of the text" {
	html() { sed 's/&/\&amp;/g; s/</\&lt;/g; s/\[/\&#91;/g; s/]/\&#x5d;/g; s/$/<br\/>/' "$1" | sed '1s/^/<p>Look:<br>/'; }
	pre() { echo '<pre class="x">'; sed 's/\[/\&#91;/g' "$1"; echo '</pre>'; }
	one_line() { sed 's/$/<br>/' "$1" | tr -d '\n'; echo; }
	json() { jq -Rs '{ report: . }' "$1" | sed 's/^{$/Here:/; s/^}$//'; }
	json_lines() { jq -R . "$1" | sed 's/$/,/'; }
	c() { sed 's/\\/\\\\/g; s/"/\\"/g; s/^/"/; s/$/\\n"/' "$1"; }
	python() { sed "s/^/'/; s/$/',/" "$1"; }
	ticks() { sed 's/^/`/; s/$/`/' "$1"; }
	list() { sed 's/^/- /' "$1"; }
	stars() { sed 's/^/* /' "$1"; }
	for name in pmap gdb free numa_maps; do
		want=$(vm-parse -q "$ROOT/tests/texts/$name.txt" | jq -c 'select(.type == "region" or .type == "system") | del(.t)')
		for how in html pre one_line json json_lines c python ticks list stars; do
			$how "$ROOT/tests/texts/$name.txt" >"$BATS_TEST_TMPDIR/in"
			[ "$(vm-parse -q "$BATS_TEST_TMPDIR/in" | jq -c 'select(.type == "region" or .type == "system") | del(.t)')" = "$want" ] || { echo "$name, $how"; head -5 "$BATS_TEST_TMPDIR/in"; return 1; }
		done
	done
	awk '{ printf "| %s | %s | %s | %s | %s | %s |\n", $1, $2, $3, $4, $5, $6 }' "/proc/$$/maps" >"$BATS_TEST_TMPDIR/in"
	[ "$(vm-parse "$BATS_TEST_TMPDIR/in" | all_rows)" = "$(vm-parse "/proc/$$/maps" | all_rows)" ]
	printf '%s\n' '7f0000000000-7f0000001000 r--p 00000000 fe:00 7    /tmp/<b>a</b> & "b" \n' '7f0000001000-7f0000002000 r--p 00000000 fe:00 8    /tmp/x' >"$BATS_TEST_TMPDIR/in" # names keep their signs
	[ "$(vm-parse "$BATS_TEST_TMPDIR/in" | jq -r 'select(.type == "region") | .name' | head -1)" = '/tmp/<b>a</b> & "b" \n' ]
}

@test "a reply between quoted rows, and grep's --, part nothing" {
	printf '%s\n' '> 10000000-10020000 r-xp 00000000 fd:00 1   /usr/bin/sed' '> 2cbb0000-2cbe0000 rw-p 00000000 00:00 0   [heap]' '' 'Somebody answers in between.' '' \
		'> 7fff7f9c0000-7fff7f9e0000 rw-p 00000000 00:00 0 ' '> 7fffd27a0000-7fffd27d0000 rw-p 00000000 00:00 0   [stack]' >"$BATS_TEST_TMPDIR/in"
	run -0 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[ -z "$stderr" ]
	[ "$(reports <<<"$output")" = 4 ]
	printf '%s\n' '55fa6947e000-55fa694c0000 rw-p 00000000 00:00 0                          [heap]' -- '7ff5662cd000-7ff566324000 r--p 00000000 fe:00 32                    /x' >"$BATS_TEST_TMPDIR/in"
	run -0 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[ -z "$stderr" ]
	[ "$(reports <<<"$output")" = 2 ]
}

@test "grep's names before the rows of several processes, and headings, say whose they are" {
	workload still "$BATS_TEST_TMPDIR"
	grep -E 'heap|stack' "/proc/$$/maps" "/proc/$pid/maps" >"$BATS_TEST_TMPDIR/in"
	vm-parse "$BATS_TEST_TMPDIR/in" | jq -c 'select(.type == "snapshot") | .pid' | paste -sd' ' >"$BATS_TEST_TMPDIR/got"
	[ "$(cat "$BATS_TEST_TMPDIR/got")" = "$$ $pid" ]
	for p in $$ $pid; do echo "==> /proc/$p/maps <=="; cat "/proc/$p/maps"; echo; done >"$BATS_TEST_TMPDIR/in"
	[ "$(vm-parse "$BATS_TEST_TMPDIR/in" | jq -c 'select(.type == "snapshot") | [.pid, .regions]' | paste -sd' ')" = "[$$,$(wc -l <"/proc/$$/maps")] [$pid,$(wc -l <"/proc/$pid/maps")]" ]
}

@test "rows with a remark behind, of a file without an inode, of Android 5, without a name" {
	printf '%s\n' '55d0c8a4f000-55d0c8a70000 rw-p 00000000 00:00 0                          [heap] # gc' '7f0000000000-7f0000001000 rw-p 00000000 00:00 0  # the stack of a thread' \
		'7f0000001000-7f0000002000 r-xp 00003000 00:00 0                          /mnt/c/x.so' >"$BATS_TEST_TMPDIR/in"
	[ "$(vm-parse "$BATS_TEST_TMPDIR/in" | jq -c 'select(.type == "region") | [.name, .kind, .note, .offset]')" = '["[heap]","heap","gc",null]
[null,"anon","the stack of a thread",null]
["/mnt/c/x.so","text",null,"0x0000000000003000"]' ]
	printf '%s\n' 'memory map:' '    f4d11000-f4dc8fff rw- 753664 /dev/ashmem/a (deleted)' '    f4d0f000-f4d10fff rw- 8192 /dev/ashmem/b (deleted)' >"$BATS_TEST_TMPDIR/in"
	[ "$(vm-parse "$BATS_TEST_TMPDIR/in" | jq -c 'select(.type == "region") | [.size, .offset]' | paste -sd' ')" = '[8192,null] [753664,null]' ]
	printf '%s\n' 'memory map (2 entries):' '    12c00000-12cf5fff r-x         0     f6000  (load bias 0x1000)' '    12cf6000-12cf6fff rw-         0      1000  /x (load bias 0x1000)' >"$BATS_TEST_TMPDIR/in"
	[ "$(vm-parse "$BATS_TEST_TMPDIR/in" | jq -c 'select(.type == "region") | .name' | paste -sd' ')" = 'null "/x"' ]
}

@test "free in other languages is read by its columns" {
	printf '%s\n' '              gesamt       benutzt     frei      gemns.  Puffer/Cache verfügbar' 'Speicher:   24684092     1635388    19005132        8856     4370472    23048704' 'Swap:              4           1           3' >"$BATS_TEST_TMPDIR/in"
	[ "$(vm-parse "$BATS_TEST_TMPDIR/in" | jq -c 'select(.type == "system") | [.total, .used, .available, .swap_free] | map(. / 1024)')" = '[24684092,1635388,23048704,3]' ]
	printf '%s\n' '             итого        занято    свободно  общая  буферы  кэш' 'Память:       8061420    7620716     440704          0     316764    3205600' '-/+ буферы/кэш:    4098352    3963068' 'Подкачка:      4194300          0    4194300' >"$BATS_TEST_TMPDIR/in"
	[ "$(vm-parse "$BATS_TEST_TMPDIR/in" | jq -c 'select(.type == "system") | [.total, .cached, .swap_free, .available] | map(if . then . / 1024 else . end)')" = '[8061420,3205600,4194300,null]' ]
}

@test "each external text of the table gives what the table says, and each text has a row (external samples)" {
	requires samples
	local folder=$SAMPLES/../cases/text
	[ -d "$folder" ] || skip "needs the folder cases/text beside the samples"
	while IFS=$'\t' read -r file filter want; do
		got=$(vm-parse -q "$folder/$file" | jq -sc "$filter") || true
		[ "$got" = "$want" ] || { echo "$file: $got, not $want"; return 1; }
	done < <(grep -v '^#' "$ROOT/tests/expected_texts.txt")
	diff <(ls "$folder") <(grep -v '^#' "$ROOT/tests/expected_texts.txt" | cut -f1 | LC_ALL=C sort) || { echo "a text without a row"; return 1; }
}

@test "an unknown text is told with the nearest format, and why it does not fit" {
	run -1 --separate-stderr vm-parse <<<'total kB            1852     330      32'
	[[ $stderr == *"no format that is known"*"nearest is pmap: 1 line may stand around its rows"* ]]
	run -1 --separate-stderr vm-parse <<<'hello'
	[[ $stderr == *"no format that is known"* && $stderr != *nearest* ]]
}
