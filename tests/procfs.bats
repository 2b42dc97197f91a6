#!/usr/bin/env bats
# The procfs source: reads /proc exactly, in every state of a process.
load helper

# The parse half alone: text in, region lines out.
parse() {
	run --separate-stderr vm-parse "$@"
}

regions() {
	jq -r 'select(.type=="region") | .start[2:] + "-" + .end[2:] + " " + .perms' <<<"$output"
}

@test "the regions of an idle process are the rows of its maps" {
	workload still "$BATS_TEST_TMPDIR"
	run --separate-stderr bash -c "vm-sample -p $pid -n 1 | vm-parse"
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	diff <(regions) <(while read -r range perms _; do printf '%016x-%016x %s\n' "0x${range%-*}" "0x${range#*-}" "$perms"; done <"/proc/$pid/maps")
}

@test "size and rss add up to those of pmap -x" {
	requires cmd pmap
	workload still "$BATS_TEST_TMPDIR"
	kill -STOP "$pid"
	until_true grep -q "State:.T" "/proc/$pid/status"
	sums=$(vm-sample -p "$pid" -n 1 | vm-parse | jq -s -r '[.[] | select(.type=="region")] |
		[(map(.size) | add), (map(.rss) | add)] | map(. / 1024) | @tsv')
	[ "$sums" = "$(pmap -x "$pid" | awk '/^total/ { printf "%d\t%d\n", $3, $4 }')" ]
}

@test "a path is the rest of the line, whatever its bytes" {
	printf '%s\n' '00400000-00401000 r-xp 00001000 fe:00 42                                 /tmp/two  blanks "quoted" <script>\012 (deleted) ' >"$BATS_TEST_TMPDIR/m"
	parse "$BATS_TEST_TMPDIR/m"
	[ "$status" -eq 0 ]
	[ "$(jq -r 'select(.type=="region").name' <<<"$output")" = '/tmp/two  blanks "quoted" <script>\012 (deleted) ' ]
}

@test "an anonymous row has no name, device, inode or offset" {
	printf '7f0000000000-7f0000001000 rw-p 00000000 00:00 0 \n' >"$BATS_TEST_TMPDIR/m"
	parse "$BATS_TEST_TMPDIR/m"
	[ "$(jq -c 'select(.type=="region") | [has("name","dev","inode","offset")]' <<<"$output")" = "[false,false,false,false]" ]
}

@test "an unknown field becomes a member of its own: kB in bytes, a bare number, a text" {
	printf '%s\n' '7f0000000000-7f0000001000 rw-p 00000000 00:00 0 ' 'Rss:                   4 kB' 'FooBar:                3 kB' \
		'Foo_Baz:        7' 'Mood: "glad" \o/' >"$BATS_TEST_TMPDIR/m"
	parse "$BATS_TEST_TMPDIR/m"
	[ "$status" -eq 0 ]
	[ "$(jq -c 'select(.type=="region") | [.rss, .foo_bar, .foo_baz, .mood]' <<<"$output")" = '[4096,3072,7,"\"glad\" \\o/"]' ]
}

@test "the order of fields does not matter, nor do wide numbers" {
	printf '%s\n' '1000-2000 rw-p 00000000 00:00 0 ' 'Pss: 1 kB' 'Rss:                   4 kB' \
		'2000-900000000000 rw-p 00000000 00:00 0 ' 'Rss:            1234567890 kB' 'Pss:                   2 kB' >"$BATS_TEST_TMPDIR/m"
	parse "$BATS_TEST_TMPDIR/m"
	[ "$(jq -c 'select(.type=="region") | [.rss, .pss]' <<<"$output" | tr '\n' ' ')" = "[4096,1024] [1264197519360,2048] " ]
}

@test "an entry that is cut in the middle gives its region with the known members" {
	printf '%s\n%s\n%s' '1000-2000 rw-p 00000000 00:00 0 ' 'Rss:                   4 kB' 'Pss:            ' >"$BATS_TEST_TMPDIR/m"
	parse "$BATS_TEST_TMPDIR/m"
	[ "$status" -eq 1 ]
	[[ "$stderr" == *"cut short"* ]]
	[ "$(jq -c 'select(.type=="region") | [.rss, .pss]' <<<"$output")" = "[4096,null]" ]
}

@test "an unreadable row is reported with its line, and the rest is read" {
	printf '%s\n' '1000-2000 rw-p 00000000 00:00 0 ' '3000-zzzz rw-p 00000000 00:00 0 ' '5000-6000 r--p 00000000 00:00 0 ' >"$BATS_TEST_TMPDIR/m"
	parse "$BATS_TEST_TMPDIR/m"
	[ "$status" -eq 1 ]
	[[ "$stderr" == *":2:"* ]]
	[ "$(regions | wc -l)" -eq 2 ]
}

@test "two reports in one text are two snapshots" {
	cat /proc/self/maps /proc/self/maps >"$BATS_TEST_TMPDIR/m"
	parse "$BATS_TEST_TMPDIR/m"
	[ "$(jq -c 'select(.type=="snapshot") | .regions' <<<"$output" | wc -l)" -eq 2 ]
}

@test "a row that overlaps the row before, as in a torn read, replaces or shortens it" {
	printf '%s\n' '1000-3000 rw-p 00000000 00:00 0 ' '5000-7000 rw-p 00000000 00:00 0 ' '6000-9000 r--p 00000000 00:00 0 ' >"$BATS_TEST_TMPDIR/m"
	parse "$BATS_TEST_TMPDIR/m"
	[ "$status" -eq 0 ]
	[ "$(jq -c 'select(.type=="region") | [.start[-4:], .size, .torn]' <<<"$output" | tr '\n' ' ')" = '["1000",8192,null] ["5000",4096,null] ["6000",12288,true] ' ]
}

@test "smaps_rollup is a snapshot with totals and no regions" {
	workload still "$BATS_TEST_TMPDIR"
	parse "/proc/$pid/smaps_rollup"
	[ "$status" -eq 0 ]
	rss=$(awk '/^Rss/ { print $2 * 1024 }' "/proc/$pid/smaps_rollup")
	[ "$(jq -c 'select(.type=="snapshot") | [.regions, .rss, has("pss_anon")]' <<<"$output")" = "[0,$rss,true]" ]
}

@test "an unchanged address space is sent once" {
	workload still "$BATS_TEST_TMPDIR"
	run --separate-stderr vm-sample -p "$pid" -n 3 -i 1ms --detail maps
	[ "$(jq -c 'select(.type=="sample") | [.seq, .same]' <<<"$output" | tr '\n' ' ')" = "[0,null] [1,true] [2,true] " ]
	[ "$(jq -c 'select(.format=="linux-maps") | .seq' <<<"$output")" = 0 ]
}

@test "a text of many pieces is cut at line ends and complete when joined" {
	workload many 2000
	run --separate-stderr vm-sample -p "$pid" -n 1 --detail maps
	[ "$(jq -r 'select(.format=="linux-maps") | .part' <<<"$output" | sort -n | uniq | wc -l)" -gt 1 ]
	[ "$(jq -c 'select(.format=="linux-maps" and .last) | .part' <<<"$output" | wc -l)" -eq 1 ]
	jq -j 'select(.format=="linux-maps") | .text' <<<"$output" | cmp - "/proc/$pid/maps"
}

@test "a name that is no UTF-8 survives the pipe byte for byte" {
	dir=$BATS_TEST_TMPDIR
	cp "$(command -v sleep)" "$dir/bad"$'\xff'"name"
	background "$dir/bad"$'\xff'"name" 60
	until_true grep -qa "/bad" "/proc/$pid/maps"
	run --separate-stderr bash -c "vm-sample -p $pid -n 1 --detail maps | vm-parse"
	[ "$status" -eq 0 ]
	raw=$(jq -r 'select(.type=="region" and .kind=="text" and has("name_raw")) | .name_raw' <<<"$output" | head -1)
	[ "$(base64 -d <<<"$raw")" = "$dir/bad"$'\xff'"name" ]
	[ "$(jq -c 'select(.type=="process") | has("args_raw")' <<<"$output")" = true ]
}

@test "an exec between two samples is reported before the next sample" {
	mkfifo "$BATS_TEST_TMPDIR/go"
	background bash -c "read x <'$BATS_TEST_TMPDIR/go'; exec sleep 60"
	until_true grep -qa "read x" "/proc/$pid/cmdline"
	vm-sample -p "$pid" -i 1ms --detail maps >"$BATS_TEST_TMPDIR/out" &
	sampler=$!
	until_true grep -q '"type":"sample"' "$BATS_TEST_TMPDIR/out"
	echo >"$BATS_TEST_TMPDIR/go"
	until_true grep -q '"why":"exec"' "$BATS_TEST_TMPDIR/out"
	until_true bash -c "sed '1,/\"why\":\"exec\"/d' '$BATS_TEST_TMPDIR/out' | grep -q '\"type\":\"raw\"'"
	kill -INT "$sampler"
	wait "$sampler"
	[ "$(jq -r 'select(.type=="process") | .why + " " + .name' "$BATS_TEST_TMPDIR/out" | tr '\n' ' ')" = "first bash exec sleep " ]
	[ "$(tail -1 "$BATS_TEST_TMPDIR/out" | jq -r .reason)" = signal ]
}

@test "a pid that another process has taken between two samples is recognised by its start time" {
	requires root
	[ -w /proc/sys/kernel/ns_last_pid ] || skip "needs a writable ns_last_pid"
	sleep 60 3>&- &
	old=$!
	until_true grep -q sleep "/proc/$old/comm"
	vm-sample -p "$old" -i 20ms >"$BATS_TEST_TMPDIR/out" &
	sampler=$!
	until_true grep -q '"type":"sample"' "$BATS_TEST_TMPDIR/out"
	kill -STOP "$sampler"
	until_true grep -q "State:.T" "/proc/$sampler/status"
	kill -KILL "$old"
	wait "$old" || true
	taken=
	for _ in {1..50}; do
		echo $((old - 1)) >/proc/sys/kernel/ns_last_pid
		tail -f /dev/null 3>&- &
		[ $! = "$old" ] && { taken=1; break; }
		kill -KILL $! # not TERM: before the exec of tail this process is a shell of the test, which would report a failure
	done
	started+=($!)
	kill -CONT "$sampler"
	[ "$taken" ] || { kill "$sampler"; skip "another process was faster"; }
	until_true grep -q '"why":"reused"' "$BATS_TEST_TMPDIR/out"
	kill -INT "$sampler"
	wait "$sampler"
	[[ "$(jq -r 'select(.type=="process") | .why' "$BATS_TEST_TMPDIR/out" | tr '\n' ' ')" == "first reused "* ]] # the exec may come later
}

@test "an end is reported with its status at once, not at the next tick" {
	mkfifo "$BATS_TEST_TMPDIR/go"
	background bash -c "read x <'$BATS_TEST_TMPDIR/go'; exit 3"
	vm-sample -p "$pid" -i 1h >"$BATS_TEST_TMPDIR/out" &
	sampler=$!
	until_true grep -q '"type":"raw"' "$BATS_TEST_TMPDIR/out"
	echo >"$BATS_TEST_TMPDIR/go"
	wait "$sampler"
	[ "$(jq -c 'select(.type=="event") | [.call, .status]' "$BATS_TEST_TMPDIR/out")" = '["exit",3]' ] ||
		[ "$(jq -c 'select(.type=="event") | [.call, .status]' "$BATS_TEST_TMPDIR/out")" = '["exit",null]' ]
	[ "$(tail -1 "$BATS_TEST_TMPDIR/out" | jq -r .reason)" = gone ]
}

@test "a kernel thread is refused with a message" {
	[ -d /proc/2 ] && [ -z "$(readlink /proc/2/exe)" ] || skip "needs a kernel thread as pid 2"
	run --separate-stderr vm-sample -p 2
	[ "$status" -eq 1 ]
	[[ "$stderr" == *"kernel thread"* ]]
	[ "$(tail -1 <<<"$output" | jq -r .reason)" = error ]
}

@test "a process of another user is refused with a remedy" {
	requires other
	workload still "$BATS_TEST_TMPDIR"
	run --separate-stderr setpriv --reuid 65534 --regid 65534 --clear-groups "$(command -v vm-sample)" -p "$pid" -n 1
	[ "$status" -eq 1 ]
	[[ "$stderr" == *"CAP_SYS_PTRACE"* ]]
}

@test "a /proc that hides the process, and a missing /proc, are named" {
	requires root
	requires other
	requires cmd unshare
	workload still "$BATS_TEST_TMPDIR"
	unshare -m true || skip "needs a mount namespace of its own"
	run --separate-stderr unshare -m sh -c "mount -t proc -o hidepid=2 proc /proc && exec setpriv --reuid 65534 --regid 65534 --clear-groups '$(command -v vm-sample)' -p $pid"
	[ "$status" -eq 1 ]
	[[ "$stderr" == *hidepid* ]]
	run --separate-stderr unshare -m env VMPIPE_PLUGINS="$BUILD/lib/vmpipe" sh -c "umount -l /proc; exec '$(command -v vm-sample)' -p $pid"
	[ "$status" -eq 1 ]
	[[ "$stderr" == *"mount -t proc"* ]]
}

@test "a missing process is refused, and the others continue" {
	workload still "$BATS_TEST_TMPDIR"
	run --separate-stderr vm-sample -p "4194303,$pid" -n 1
	[ "$status" -eq 1 ]
	[[ "$stderr" == *"no process 4194303"* ]]
	[ "$(jq -r 'select(.type=="sample").pid' <<<"$output")" = "$pid" ]
	[ "$(tail -1 <<<"$output" | jq -r .reason)" = count ]
}

@test "every captured text is read row by row" {
	requires samples
	for file in "$SAMPLES"/maps/*.txt "$SAMPLES"/smaps/[al]*.txt; do
		parse "$file"
		[ "$status" -eq 0 ]
		[ "$(grep -c '^{"type":"region"' <<<"$output")" -eq "$(grep -acE '^[0-9a-f]+-[0-9a-f]+ ' "$file")" ]
	done
}
