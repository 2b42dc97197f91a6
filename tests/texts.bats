# Texts that people paste: numa_maps, gdb's mappings, core files, maps within logs and mails, maps of all kernels; --format and --every.
load helper

regions() { jq -c "select(.type == \"region\") | $1" <<<"$output"; }

@test "numa_maps: what is on which node, and that the end of a region is the least that it can be" {
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

@test "a core file has the regions, the files and the name of its process" {
	requires cmd gcore
	sleep 1000 3>&- & # small: a reserve of gigabytes would be written out
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

@test "maps within a log, behind its prefix, quoted, or wrapped by mail" {
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

@test "smaps that were quoted keep their values" {
	sed 's/^/> /' /proc/self/smaps >"$BATS_TEST_TMPDIR/in"
	output=$(vm-parse "$BATS_TEST_TMPDIR/in")
	[ "$(regions .rss | grep -c null)" -eq 0 ]
	[ "$(regions .rss | wc -l)" -eq "$(grep -c '^> Rss:' "$BATS_TEST_TMPDIR/in")" ]
}

@test "--format decides what a text is taken for; a word that nobody reads is refused with those that there are" {
	run -0 vm-parse --format meminfo <<<'MemFree:  4 kB'
	[ "$(jq 'select(.type == "system") | .free' <<<"$output")" = 4096 ]
	run -2 --separate-stderr vm-parse --format wishes </dev/null
	[[ $stderr == *'"wishes"'*vmmap* ]]
}

@test "--every makes one timeline of files that were saved one after the other" {
	head -5 /proc/self/maps >"$BATS_TEST_TMPDIR/t1"
	cp "$BATS_TEST_TMPDIR/t1" "$BATS_TEST_TMPDIR/t2"
	sed 1d "$BATS_TEST_TMPDIR/t1" >"$BATS_TEST_TMPDIR/t3"
	output=$(vm-parse --every 1s "$BATS_TEST_TMPDIR"/t[123] | vm-track)
	[ "$(jq -c 'select(.type == "change") | [.t, .event]' <<<"$output" | sed 's/\.0*,/,/')" = '[2,"MUNMAP_REMOVE"]' ]
}

@test "numa_maps, maps and smaps of others give a region for each row (external samples)" {
	requires samples
	for file in "$SAMPLES"/maps/*.txt "$SAMPLES"/smaps/[al]*.txt; do
		rows=$(grep -acE '^[0-9a-f]+-[0-9a-f]+ [rwxps-]{4} ' "$file")
		got=$(vm-parse -q "$file" | grep -c '"type":"region"')
		[ "$rows" = "$got" ] || { echo "$file: $rows rows, $got regions"; return 1; }
	done
	[ "$(vm-parse -q "$SAMPLES"/smaps/numa_maps_local_*.txt | grep -c '"type":"region"')" = 65 ]
}

@test "texts as other systems save them: CR LF, a byte order mark, UTF-16 of either order" {
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

@test "one name that ends in CR keeps it" {
	printf '10000000-10001000 r--p 00000000 fe:00 7 /tmp/odd\r\n10001000-10002000 r--p 00000000 fe:00 8 /tmp/even\n' >"$BATS_TEST_TMPDIR/in"
	[ "$(vm-parse "$BATS_TEST_TMPDIR/in" | jq -c 'select(.type == "region") | .name')" = '"/tmp/odd\r"
"/tmp/even"' ]
}

@test "behind the prefix of a log every text is what it is" {
	of() { vm-parse -q | jq -c 'select(.type == "region" or .type == "system") | del(.t)'; }
	for name in vmmap pmap gdb free meminfo vm_stat top; do
		file=$ROOT/tests/texts/$name.txt
		want=$(of <"$file")
		for prefix in 'Nov 20 10:00:00 host app[123]: ' '2024-05-01T10:00:00.123Z INFO ' '05-01 10:00:00.123  1234  1256 F DEBUG   : ' '> > ' '    '; do
			[ "$(sed "s/^/$prefix/" "$file" | of)" = "$want" ] || { echo "$name behind '$prefix'"; return 1; }
		done
	done
}
