#!/usr/bin/env bats
# Sums over processes: by PSS where it is known, the largest first, with arguments where names are the same; and how processes ended.
load helper

# stream PSS: three processes named db of 1 to 3 MiB and one named app of 8 MiB; with PSS, a member of the last two db regions
stream() {
	echo '{"type":"stream","t":0,"version":1,"program":"test","began":"2026-01-01T00:00:00Z"}'
	local pid n name
	for pid in 11 12 13 20; do
		n=$((pid - 10)) name=db
		[ $pid = 20 ] && n=8 name=app
		echo '{"type":"process","t":0,"pid":'$pid',"why":"first","ppid":1,"name":"'$name'","args":["'$name'","--worker='$pid'"]}'
		echo '{"type":"snapshot","t":0,"pid":'$pid',"seq":0,"regions":1}'
		echo '{"type":"region","t":0,"pid":'$pid',"seq":0,"start":"0x0000000000400000","end":"0x0000000001400000","perms":"rw-p","kind":"anon","name":"","rss":'$((n * 1048576))"$([ "$1" = all ] || { [ "$1" = some ] && [ $pid = 11 ]; } && echo ',"pss":'$((n * 524288)))"'}'
	done
	echo '{"type":"event","t":1,"pid":12,"call":"exit","status":3}'
	echo '{"type":"event","t":2,"pid":13,"call":"exit","signal":11}'
	echo '{"type":"event","t":3,"pid":11,"call":"exit","signal":9,"oom":true,"cgroup":"/box/a"}'
	echo '{"type":"mark","t":4,"text":"end"}'
	echo '{"type":"end","t":4,"reason":"gone"}'
}

setup() { S=$BATS_TEST_TMPDIR/s; }

@test "summary by process adds up by pss, the largest first, and says what rss counts more than once" {
	stream all >"$S"
	run --separate-stderr vm-render --view summary --by process --columns process,pss_peak,rss_peak,ended,args --width 200 "$S"
	[ "$status" = 0 ]
	[[ ${lines[3]} =~ ^"app (20)"\ +4096\ +8192 ]]
	[[ ${lines[4]} =~ ^"db (13)"\ +1536\ +3072.*"db --worker=13" ]]
	[[ ${lines[5]} =~ ^"db (12)"\ +1024\ +2048.*"db --worker=12" ]]
	[[ $output != *"app --worker"* ]] # its name says enough
	[[ ${lines[1]} == *"pss 7 MiB"* ]]
	[[ $output == *"rss counts shared memory once for each process; pss shares it out"* ]]
}

@test "where pss is not known, or not of all, the sum by rss says that it counts shared memory once for each process" {
	for some in none some; do
		stream $some >"$S"
		for view in "summary --by process" "table --by process --at 0.5" "area --by process"; do
			run --separate-stderr vm-render --view $view --width 200 "$S"
			[ "$status" = 0 ]
			[[ $output == *"rss counts shared memory once for each process"* ]]
			[[ $output != *"pss adds up"* && ${lines[1]} != *", pss "* && ${lines[1]} != *"(pss) by process"* ]]
		done
		run --separate-stderr vm-render --view tree --width 200 "$S"
		[[ $output == *"rss counts shared memory once for each process"* ]]
	done
}

@test "table by process shows the processes of one moment and their total" {
	stream all >"$S"
	run --separate-stderr vm-render --table --by process --at 0.5 --columns process,pss,rss,size --width 200 "$S"
	[ "$status" = 0 ]
	[[ $output =~ "4 processes"\ +7168\ +14336\ +65536 ]]
	run --separate-stderr vm-render --table --by process --columns process,pss "$S"
	[[ $output =~ "1 process"\ +4096 ]]
	run --separate-stderr vm-render --table --by process --columns nonsense "$S"
	[ "$status" = 2 ]
}

@test "area by process stacks processes by pss; one that ended is gone; the peak is that of the sum" {
	stream all >"$S"
	run --separate-stderr vm-render --trace --view area --by process "$S"
	[ "$status" = 0 ]
	[[ $output == *"proportional (pss) by process, the 4 largest of 4, last 4 MiB, peak 7 MiB"* ]]
	grep -q '"app (20)" .*detail="4 MiB, peak 4 MiB"' <<<"$output"
	grep -q '"db (13)" .*detail="0 B, peak 1.5 MiB: db --worker=13"' <<<"$output"
	for renderer in svg gnuplot ascii; do vm-render --$renderer --view area --by process "$S" | grep -q "app (20)"; done
	vm-render --view area --by process --measure rss "$S" | grep -q "resident (rss) by process"
}

@test "with more processes than colours the smallest are one series" {
	for pid in $(seq 1 30); do
		echo '{"type":"snapshot","t":0,"pid":'$pid',"seq":0,"regions":1}'
		echo '{"type":"region","t":0,"pid":'$pid',"seq":0,"start":"0x0000000000400000","end":"0x0000000001400000","perms":"rw-p","kind":"anon","name":"","rss":'$((pid * 1048576))',"pss":'$((pid * 1048576))'}'
	done >"$S"
	run --separate-stderr vm-render --trace --view area --by process "$S"
	[[ $output == *"the 11 largest of 30, last 465 MiB"* ]]
	grep -q '"all others" .*detail="19, 190 MiB"' <<<"$output" # 1 + ... + 19
}

@test "a process that was killed, or failed, is named with the reason by every view" {
	stream all >"$S"
	for view in summary tree "table --by process" "area --by process"; do
		run --separate-stderr vm-render --view $view --width 250 "$S"
		[[ $output == *"db (11) was killed by SIGKILL: out of memory in cgroup /box/a at 3 s; db (12) ended with exit 3 at 1 s; db (13) was killed by SIGSEGV at 2 s"* ]]
	done
	run --separate-stderr vm-render --view timeline --pid 13 --width 250 "$S"
	[[ $output == *"db (13) was killed by SIGSEGV"* && $output != *SIGKILL* ]]
	run --separate-stderr vm-render --view summary --by process --columns process,ended "$S"
	[[ $output == *"exit 3"*  ]]
}

@test "sums of real processes are those of their smaps by awk, process by process" {
	for i in 1 2 3; do sleep 60 3>&- & started+=("$!"); done
	for one in "${started[@]}"; do until_true eval '[ "$(cat /proc/'"$one"'/comm)" = sleep ]'; done
	vm-sample -p "$(IFS=,; echo "${started[*]}")" -n 1 -O share=100 >"$S"
	# Reading the files anew would change the figures: the pages of the C library are shared with each reader.
	for one in "${started[@]}"; do
		jq -rj "select(.type == \"raw\" and .pid == $one and .format == \"linux-smaps\") | .text" "$S" |
			awk -v pid="$one" '/^Pss:/ { pss += $2 } /^Rss:/ { rss += $2 } END { print pid, pss, rss }'
	done | sort -n >"$BATS_TEST_TMPDIR/awk"
	vm-parse "$S" | vm-render --table --by process --columns pid,pss,rss | awk '$1 ~ /^[0-9]+$/ && NF == 3 { print $1, $2, $3 }' | sort -n >"$BATS_TEST_TMPDIR/ours"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/awk")" = 3 ]
	diff "$BATS_TEST_TMPDIR/awk" "$BATS_TEST_TMPDIR/ours"
}
