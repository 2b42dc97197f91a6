#!/usr/bin/env bats
# Control groups of version 1 and 2: their memory, limits and events, of every level; and what a kill for lack of memory says.
load helper
load cgroup

# tree2: a hand-made /proc and a tree of version 2 below $T, with process 4242 in /box/a
tree2() {
	T=$BATS_TEST_TMPDIR/tree
	mkdir -p "$T/proc/self" "$T/proc/4242" "$T/cg/box/a"
	echo "30 23 0:26 / $T/cg rw,relatime shared:4 - cgroup2 cgroup2 rw" >"$T/proc/self/mountinfo"
	echo "cpu memory pids" >"$T/cg/cgroup.controllers"
	echo "0::/box/a" >"$T/proc/4242/cgroup"
	printf 'anon 1000\nfile 9000\nkernel 50\nshmem 4096\nnonsense\n' >"$T/cg/memory.stat"
	echo 20480 >"$T/cg/box/memory.current"
	echo 30720 >"$T/cg/box/memory.max"
	printf 'low 0\nhigh 0\nmax 7\noom 2\noom_kill 1\n' >"$T/cg/box/memory.events"
	printf 'anon 4096\nfile 12288\nkernel_stack 16\npagetables 32\npercpu 1\nsock 0\nslab 64\nshmem 8192\n' >"$T/cg/box/memory.stat"
	echo 12345 >"$T/cg/box/a/memory.current"
	echo max >"$T/cg/box/a/memory.max"
}

tree1() {
	T=$BATS_TEST_TMPDIR/tree
	mkdir -p "$T/proc/self" "$T/proc/4242" "$T/cg/memory/box"
	{
		echo "30 23 0:26 / $T/cg/unified rw,relatime - cgroup2 cgroup2 rw"
		echo "36 24 0:31 / $T/cg/memory rw,relatime shared:9 - cgroup cgroup rw,memory"
	} >"$T/proc/self/mountinfo"
	printf '5:cpu,cpuacct:/other\n4:memory:/box\n0::/\n' >"$T/proc/4242/cgroup"
	echo 9223372036854771712 >"$T/cg/memory/memory.limit_in_bytes"
	echo 99999 >"$T/cg/memory/memory.usage_in_bytes"
	echo 20480 >"$T/cg/memory/box/memory.usage_in_bytes"
	echo 30720 >"$T/cg/memory/box/memory.limit_in_bytes"
	echo 50 >"$T/cg/memory/box/memory.kmem.usage_in_bytes"
	echo 7 >"$T/cg/memory/box/memory.failcnt"
	printf 'oom_kill_disable 0\nunder_oom 0\noom_kill 1\n' >"$T/cg/memory/box/memory.oom_control"
	printf 'cache 1\nrss 2\nshmem 3\nhierarchical_memory_limit 9223372036854771712\ntotal_cache 12288\ntotal_rss 4096\ntotal_shmem 8192\n' >"$T/cg/memory/box/memory.stat"
}

lines() { jq -c 'select(.type == "system") | del(.t)'; }

@test "version 2: every level up to the root is a line, with the kernel's figures" {
	tree2
	vm-sample -s cgroup -O proc="$T/proc" -p 4242 -n 1 >"$T/raw"
	vm-parse "$T/raw" 2>"$T/err" | lines >"$T/out"
	[ "$(jq -r .cgroup "$T/out" | tr '\n' ' ')" = "/box/a /box / " ]
	[ "$(sed -n 1p "$T/out")" = '{"type":"system","cgroup":"/box/a","current":12345}' ]
	jq -se '.[1] | .current == 20480 and .limit == 30720 and .anon == 4096 and .file == 12288 and .shmem == 8192 and .kernel == 113 and .events == {low: 0, high: 0, max: 7, oom: 2, oom_kill: 1}' "$T/out"
	jq -se '.[2] | .cgroup == "/" and .kernel == 50 and (has("limit") | not)' "$T/out"
	grep -q "not a value of memory.stat" "$T/err"
}

@test "version 1: figures are those with all that is below, and no limit is no member" {
	tree1
	vm-sample -s cgroup -O proc="$T/proc" -p 4242 -n 1 | vm-parse | lines >"$T/out"
	[ "$(jq -r .cgroup "$T/out" | tr '\n' ' ')" = "/box / " ]
	jq -se '.[0] | .current == 20480 and .limit == 30720 and .anon == 4096 and .file == 12288 and .shmem == 8192 and .kernel == 50 and .events == {max: 7, oom_kill: 1}' "$T/out"
	jq -se '.[1] | .current == 99999 and (has("limit") | not)' "$T/out"
}

@test "a part of the tree that is mounted in a container is read from there" {
	tree2
	echo "30 23 0:26 /box $T/cg/box rw,relatime - cgroup2 cgroup2 rw" >"$T/proc/self/mountinfo"
	echo memory >"$T/cg/box/cgroup.controllers"
	vm-sample -s cgroup -O proc="$T/proc" -p 4242 -n 1 | vm-parse | lines >"$T/out"
	[ "$(jq -r .cgroup "$T/out" | tr '\n' ' ')" = "/box/a /box " ]
}

@test "without a memory controller the source says so, and the others go on" {
	tree2
	: >"$T/proc/self/mountinfo"
	run --separate-stderr vm-sample -s procfs,cgroup -O proc="$T/proc" -p $$ -n 1
	[ "$status" = 1 ]
	[[ $stderr == *"no memory controller of cgroups is mounted"* && $output == *'"type":"sample"'* ]]
}

@test "what tail prints of several files is recognised, also behind the prefix of a log" {
	tree2
	(cd / && tail -n +1 "$T/cg/box/memory.current" "$T/cg/box/memory.stat" "$T/cg/box/memory.max") | sed "s|$T/cg|/sys/fs/cgroup|" >"$T/text"
	[ "$(vm-parse "$T/text" | lines)" = "$(vm-parse <(sed 's/^/web1 | 12:00 : /' "$T/text") | lines)" ]
	vm-parse "$T/text" | lines | jq -e '.cgroup == "/box" and .current == 20480 and .limit == 30720 and .anon == 4096'
}

@test "--redact hashes the paths, each level in its own way" {
	tree2
	vm-sample -s cgroup -O proc="$T/proc" -p 4242 -n 1 --redact >"$T/raw"
	run ! grep -q box "$T/raw"
	[ "$(vm-parse "$T/raw" | lines | jq -r .cgroup | sort -u | wc -l)" = 3 ]
}

@test "lines of control groups are valid, and are no lines of the machine" {
	tree2
	vm-sample -s cgroup -O proc="$T/proc" -p 4242 -n 1 | vm-parse 2>/dev/null >"$T/out" || no_crash $?
	valid_stream <"$T/out"
	run --separate-stderr vm-render --table=free "$T/out"
	[[ $output != *20480* && $output != *"20 "* ]]
}

@test "of a real control group the figures are those of its files" {
	group_new || skip "$skip_reason"
	sleep 60 3>&- & started+=("$!")
	echo "$!" >"$group/cgroup.procs"
	case $version in 1) echo 67108864 >"$group/memory.limit_in_bytes" ;; 2) echo 67108864 >"$group/memory.max" ;; esac
	vm-sample -s cgroup -p "$!" -n 1 | vm-parse | lines >"$BATS_TEST_TMPDIR/out"
	path=$(jq -rs '.[0].cgroup' "$BATS_TEST_TMPDIR/out")
	[[ $path == */"$(basename "$group")" && $group == *"$path" ]]
	jq -se '.[0].limit == 67108864 and .[-1].cgroup == "/" or .[0].limit == 67108864' "$BATS_TEST_TMPDIR/out"
	current=$(cat "$group/memory.usage_in_bytes" "$group/memory.current" 2>/dev/null || true)
	jq -se --argjson c "$current" '(.[0].current - $c) | if . < 0 then -. else . end | . < 4194304' "$BATS_TEST_TMPDIR/out"
}

@test "a kill for lack of memory names the control group that was at its limit, though it is a level up" {
	group_new || skip "$skip_reason"
	requires cmd python3
	[ "$version" = 1 ] || echo +memory >"$group/cgroup.subtree_control"
	mkdir "$group/in"
	case $version in
	1) echo 31457280 >"$group/memory.limit_in_bytes"; echo 31457280 >"$group/memory.memsw.limit_in_bytes" || true ;;
	2) echo 31457280 >"$group/memory.max"; echo 0 >"$group/memory.swap.max" || true ;;
	esac
	mkfifo "$BATS_TEST_TMPDIR/go"
	exec {go}<>"$BATS_TEST_TMPDIR/go"
	kept+=("$go")
	vm-sample -i 10ms --detail rss -o "$BATS_TEST_TMPDIR/raw" -- bash -c "echo \$\$ >$group/in/cgroup.procs; exec /usr/bin/python3 -S -c 'input(); hold = [bytearray(1 << 20) for i in range(100)]'" <"$BATS_TEST_TMPDIR/go" 2>/dev/null 3>&- &
	until_true grep -q '"why":"exec".*"name":"python3' "$BATS_TEST_TMPDIR/raw"
	child=$(jq -r 'select(.type == "process") | .pid' "$BATS_TEST_TMPDIR/raw" | head -1)
	until_true eval '[ "$(grep -c "\"sample\"" "$BATS_TEST_TMPDIR/raw")" -ge 3 ]'
	echo >&"$go"
	wait "$!" && false || [ "$?" = 137 ]
	path=$(jq -rs '[.[] | select(.call == "exit")][0].cgroup' "$BATS_TEST_TMPDIR/raw")
	[[ $group == *"$path" && $path == */"$(basename "$group")" ]]
	vm-parse "$BATS_TEST_TMPDIR/raw" | vm-track >"$BATS_TEST_TMPDIR/run"
	for view in summary tree timeline; do
		vm-render --view $view --width 250 "$BATS_TEST_TMPDIR/run" | grep -q "was killed by SIGKILL: out of memory in cgroup $path"
	done
	[ "$(jq -r 'select(.type == "process" and .why == "exec") | .memory_limit' "$BATS_TEST_TMPDIR/raw")" = 31457280 ]
}

@test "a signal that is no kill for lack of memory says the signal alone" {
	run --separate-stderr vm-run -q --summary=false --view summary -- bash -c 'kill -SEGV $$'
	[ "$status" = 139 ]
	[[ $output == *"was killed by SIGSEGV"* && $output != *memory\ in* ]]
	run --separate-stderr vm-run -q --summary=false --view summary -- bash -c 'exit 3'
	[ "$status" = 3 ]
	[[ $output == *"ended with exit 3"* ]]
}

# group CURRENT LIMIT ANON FILE SHMEM KERNEL KILLS: a line of a control group, one second after the last
second=0
line_of() {
	second=$((second + 1))
	echo '{"type":"system","t":'$second',"cgroup":"/box","current":'$1',"limit":'$2',"anon":'$3',"file":'$4',"shmem":'$5',"kernel":'$6',"events":{"oom_kill":'$7'}}'
}

@test "a control group near its limit is found with what fills it; clean page cache alone is no warning; a kill is an error" {
	begin='{"type":"stream","t":0,"version":1,"program":"test"}'
	end='{"type":"end","t":9,"reason":"count"}'
	found() { vm-track | jq -rc 'select(.type == "finding") | [.severity, .text] | @tsv'; }
	[ -z "$({ echo "$begin"; line_of 50000000 100000000 50000000 0 0 0 3; echo "$end"; } | found)" ]
	out=$({ echo "$begin"; line_of 99614720 104857600 10485760 78643200 73400320 10485760 0; echo "$end"; } | found)
	[ "$out" = $'error\tcgroup /box has used 95 MiB of its limit of 100 MiB (95 %): processes 10 MiB, page cache 5 MiB, tmpfs and shared memory 70 MiB, kernel 10 MiB; at the limit the kernel kills' ]
	out=$({ echo "$begin"; line_of 99614720 104857600 10485760 89128960 0 0 0; echo "$end"; } | found)
	[[ $out == info*"page cache 85 MiB"*"can reclaim clean page cache" ]]
	out=$({ echo "$begin"; line_of 1000 104857600 1000 0 0 0 5; line_of 1000 104857600 1000 0 0 0 7; echo "$end"; } | found)
	[ "$out" = $'error\tthe kernel has killed 2 processes of cgroup /box for lack of memory' ]
}

@test "area stacks a control group up to its limit; each part and their sum are the figures of the lines" {
	{
		echo '{"type":"stream","t":0,"version":1,"program":"test"}'
		line_of 10485760 104857600 10485760 0 0 0 0
		line_of 99614720 104857600 10485760 78643200 73400320 10485760 0
		echo '{"type":"system","t":2,"cgroup":"/","current":4000000000,"anon":1000000000}'
		echo '{"type":"end","t":3,"reason":"count"}'
	} >"$BATS_TEST_TMPDIR/s"
	for measure in auto cgroup; do
		run --separate-stderr vm-render --trace --view area --measure $measure "$BATS_TEST_TMPDIR/s"
		[ "$status" = 0 ]
		[[ $output == *'title "cgroup /box"'*"2 samples, last 95 MiB, peak 95 MiB, limit 100 MiB"* ]]
		grep -q '"processes" .*detail="10 MiB (10 MiB ... 10 MiB)"' <<<"$output"
		grep -q '"kernel" .*detail="10 MiB (0 B ... 10 MiB)"' <<<"$output"
		grep -q '"tmpfs and shared memory" .*detail="70 MiB (0 B ... 70 MiB)"' <<<"$output"
		grep -q '"page cache" .*detail="5 MiB (0 B ... 5 MiB)"' <<<"$output"
		grep -q '"free up to the limit" .*detail="5 MiB (5 MiB ... 90 MiB)"' <<<"$output"
	done
	for renderer in ascii svg gnuplot; do vm-render --$renderer --view area "$BATS_TEST_TMPDIR/s" | grep -q "page cache"; done
	run --separate-stderr vm-render --view area --measure cgroup --width 200 /dev/null
	[ "$status" = 0 ] || [ "$status" = 1 ]
	[[ $output == *"vm-sample -s procfs,cgroup"* ]]
}
