# Findings: reported for sick programs, silent for healthy ones; with real processes at the presets, and with small streams for exact limits.
load helper
load stream

SICK='brk realloc mmap many threads deep reserve maps holes wx'

# Makes two recordings at once, of every sick workload and of ten healthy programs, longer than growth must last.
setup_file() {
	load helper
	mkdir "$BATS_FILE_TMPDIR/well"
	healthy >"$BATS_FILE_TMPDIR/well.log" 2>&1 3>&- &
	local well=$! pids= mode one
	for mode in $SICK; do
		"$WORKLOADS/sick" "$mode" </dev/null >"$BATS_FILE_TMPDIR/ready.$mode" 2>&1 3>&- &
		pids+=,$!
		echo "$!" >"$BATS_FILE_TMPDIR/pid.$mode"
	done
	for mode in $SICK; do until_true grep -q ready "$BATS_FILE_TMPDIR/ready.$mode"; done
	vm-sample --detail maps -i 100ms -d 13s -p "${pids#,}" >"$BATS_FILE_TMPDIR/sick.raw" 2>"$BATS_FILE_TMPDIR/sick.log" 3>&-
	for one in ${pids//,/ }; do kill -KILL "$one" 2>/dev/null || true; done
	vm-parse "$BATS_FILE_TMPDIR/sick.raw" | vm-track >"$BATS_FILE_TMPDIR/sick"
	wait "$well"
}

teardown_file() {
	local file
	for file in "$BATS_FILE_TMPDIR"/pid.*; do kill -KILL "$(cat "$file")" 2>/dev/null || true; done
}

# Runs everyday programs. $1: a folder, $2 the workload, $3 seconds, $4 the stream tracked so far. Programs that would be too short for
# two samples get their input only after their first sample.
DAY='cd "$1"
tracked=$4; END=$(($3 + 60)) # a loaded machine may be slow to see the first round
held() { local name=$1; until grep -q "\"name\":\"$name\"" "$tracked" || [ $SECONDS -ge $END ]; do read -rt 0.02 <>never || true; done; }
mkfifo never
sleep "$3" & "$2" warm & warm=$!; "$2" saw & saw=$!; "$2" pool & pool=$!
if command -v node >/dev/null; then node -e "require(\"http\").createServer(() => {}).listen(0); setTimeout(() => process.exit(), $3 * 1000)" & fi
while [ $SECONDS -lt "$3" ]; do
	{ printf "#include <stdio.h>\n"; held cc1; printf "int main(void) { return puts(\"a\"); }\n"; } | cc -x c -O2 -o a - && ./a
	{ seq 300000 | sort -R; held sort; } | sort -n >n
	{ cat n; held gzip; } | gzip >n.gz
	{ find /usr/include -type f; held tar; } | tar -czf n.tgz -T - 2>/dev/null
	if command -v python3 >/dev/null; then { echo "print(sum(len(str(i)) for i in range(300000)))"; held python3; } | python3 -; fi
	if command -v jq >/dev/null; then { seq 100000; held jq; } | jq -s "map(.*2) | add"; fi
done
kill $warm $saw $pool; wait'

healthy() {
	vm-sample -f -i 100ms -- bash -c "$DAY" day "$BATS_FILE_TMPDIR/well" "$WORKLOADS/sick" 13 "$BATS_FILE_TMPDIR/well.tracked" </dev/null |
		vm-parse | vm-track >"$BATS_FILE_TMPDIR/well.tracked"
}

setup() { requires cmd jq; }

# MODE RULE SEVERITY: is there a finding of this rule and severity for that workload?
loud() { # MODE RULE SEVERITY
	local pid
	pid=$(cat "$BATS_FILE_TMPDIR/pid.$1")
	jq -c --argjson pid "$pid" 'select(.type=="finding" and .pid==$pid)' "$BATS_FILE_TMPDIR/sick" | tee "$BATS_TEST_TMPDIR/found"
	jq -e -s --arg rule "$2" --arg severity "$3" 'any(.[]; .rule==$rule and .severity==$severity)' "$BATS_TEST_TMPDIR/found" >/dev/null
}

@test "a heap that only grows is found, with its slope, its start, and its id" {
	loud brk grows warning
	jq -e -s 'map(select(.rule=="grows"))[0] | (.text | startswith("[heap] grew in ")) and .slope > 0 and .confidence > 0.9 and .samples >= 11
		and (.ids | length) == 1 and .from < .to and .kind == "heap" and .measure == "size" and .since >= 0' "$BATS_TEST_TMPDIR/found"
}

@test "a block that grows by realloc is found" { loud realloc grows warning; }

@test "mappings that are never unmapped are found, although the kernel merges them" { loud mmap grows warning; }

@test "small mappings that pile up are found as such, and as a kind that grows" {
	loud many piles-up warning
	loud many grows warning
}

@test "threads that never end are found by their stacks" { loud threads piles-up warning; }

@test "a recursion near the limit of the stack is found" {
	[ "$(ulimit -s)" != unlimited ] || skip "needs a limit of the stack (ulimit -s)"
	loud deep stack-near-limit warning
}

@test "ten reserved terabytes are found" { loud reserve reserved warning; }

@test "a number of regions close to vm.max_map_count is found" {
	[ "$(cat /proc/sys/vm/max_map_count)" -lt 75000 ] || skip "vm.max_map_count is far above 60000"
	loud maps map-count error
}

@test "a fragmented address space is found" { loud holes fragmented info; }

@test "writable and executable memory is found" { loud wx writable-executable warning; }

# Starts `piles MODE STEPS`, records it until it is over and two samples more, and tracks that.
pile() { # MODE STEPS
	workload piles "$1" "$2" 2
	timeout 100 vm-sample --detail maps -i 20ms -p "$pid" -n 1000 -o "$BATS_TEST_TMPDIR/raw" &
	local sampler=$! line
	IFS= read -r -t 100 -u "${kept[-1]}" line
	[ "$line" = over ]
	local seen
	seen=$(grep -c '"type":"sample"' "$BATS_TEST_TMPDIR/raw" || true)
	until_true bash -c "[ \$(grep -c '\"type\":\"sample\"' '$BATS_TEST_TMPDIR/raw') -gt $((seen + 2)) ]"
	kill -INT "$sampler"
	wait "$sampler" || no_crash $?
	vm-parse "$BATS_TEST_TMPDIR/raw" | vm-track --grow-for 300ms --grow-samples 4 -o "$BATS_TEST_TMPDIR/life"
	vm-check "$BATS_TEST_TMPDIR/life"
	valid_stream <"$BATS_TEST_TMPDIR/life"
	jq -c 'select(.type == "finding" and .rule == "piles-up")' "$BATS_TEST_TMPDIR/life" | tee "$BATS_TEST_TMPDIR/found"
}

@test "a file that is mapped again and again is named, and its regions counted" {
	pile files 400
	[ "$(jq -r .name "$BATS_TEST_TMPDIR/found" | sort -u)" = "$(readlink -f "$WORKLOADS/piles")" ]
	[[ $(jq -r .text "$BATS_TEST_TMPDIR/found") == *" r--p of $(readlink -f "$WORKLOADS/piles"), 4 KiB each, pile up"* ]]
}

@test "regions that mprotect splits pile up, and mprotect is named; the count is that of maps" {
	pile protect 400
	[ "$(jq -r .call "$BATS_TEST_TMPDIR/found" | sort -u)" = mprotect ]
	[[ $(jq -r .text "$BATS_TEST_TMPDIR/found") == *"regions of anon are split into ever more pieces by mprotect: "*" (a process may have $(cat /proc/sys/vm/max_map_count))"* ]]
	last=$(jq -s '.[-1].regions' "$BATS_TEST_TMPDIR/found")
	[ "$last" -gt 100 ]
	[ "$last" -le "$(wc -l <"/proc/$pid/maps")" ]
}

@test "regions that madvise splits pile up too, though their permissions are the same" {
	pile advise 400
	[[ $(jq -r .text "$BATS_TEST_TMPDIR/found") == *"split into ever more pieces by calls in their middle"* ]]
	[ "$(jq -c 'select(has("call"))' "$BATS_TEST_TMPDIR/found")" = "" ]
}

# A process of one mapping of 1 MiB and a call that fails.
refused() { # HOST_MEMBERS PROCESS_MEMBERS EVENT_MEMBERS
	{
		echo '{"type":"stream","t":0,"version":1,"program":"test 1","sources":["test"],"host":{"page":4096'"$1"'}}'
		echo '{"type":"process","t":0,"pid":7,"why":"first","name":"p"'"$2"'}'
		echo '{"type":"snapshot","t":0,"pid":7,"seq":0,"regions":2,"size":2097152}'
		echo '{"type":"region","t":0,"pid":7,"seq":0,"start":"0x0000000000100000","end":"0x0000000000200000","size":1048576,"perms":"rw-p","kind":"anon","locked":65536}'
		echo '{"type":"region","t":0,"pid":7,"seq":0,"start":"0x0000000000300000","end":"0x0000000000400000","size":1048576,"perms":"r--p","kind":"file","name":"/f"}'
		echo '{"type":"event","t":1,"pid":7,"tid":8,'"$3"'}'
		echo '{"type":"end","t":2,"reason":"exit"}'
	} | vm-track -o "$BATS_TEST_TMPDIR/life"
	valid_stream <"$BATS_TEST_TMPDIR/life" >"$BATS_TEST_TMPDIR/valid" || { cat "$BATS_TEST_TMPDIR/valid"; return 1; }
	jq -r 'select(.rule == "failed-call") | "\(.why) \(.severity) \(.tid): \(.text)"' "$BATS_TEST_TMPDIR/life"
}

@test "a call that failed is a finding that says why: each limit, just reached and just not" {
	[[ $(refused '' ',"address_limit":4194304' '"call":"mmap","length":2097153,"error":"ENOMEM"') == \
		'address_limit error 8: mmap of 2'*' failed with ENOMEM: the process has 2 MiB of addresses, and RLIMIT_AS (ulimit -v) is 4 MiB' ]]
	[[ $(refused '' ',"address_limit":4194304' '"call":"mmap","length":2097152,"error":"ENOMEM"') == 'unknown warning 8: '* ]]
	[[ $(refused '' ',"data_limit":2097152' '"call":"mremap","new_size":2097152,"error":"ENOMEM"') == 'data_limit error 8: '*'1 MiB of private writable memory, and RLIMIT_DATA (ulimit -d) is 2 MiB' ]]
	[[ $(refused '' ',"locked_limit":131072' '"call":"mlock","addr":"0x0000000000100000","len":131072,"error":"ENOMEM"') == 'locked_limit error 8: '*'64 KiB of locked memory'* ]]
	[[ $(refused ',"max_map_count":3' '' '"call":"mprotect","addr":"0x0000000000101000","len":4096,"error":"ENOMEM"') == 'map_count error 8: '*'2 regions of at most 3 (vm.max_map_count)'* ]]
	[[ $(refused ',"max_map_count":30' '' '"call":"mprotect","addr":"0x0000000000101000","len":4096,"error":"ENOMEM"') == 'unknown warning 8: '* ]]
	[[ $(refused ',"memory":8388608,"overcommit":0' '' '"call":"mmap","length":8388609,"error":"ENOMEM"') == 'overcommit error 8: '*'vm.overcommit_memory is 0'*'(8 MiB)' ]]
	[[ $(refused ',"memory":8388608,"overcommit":1' '' '"call":"mmap","length":8388609,"error":"ENOMEM"') == 'unknown warning 8: '* ]]
	[[ $(refused ',"memory":8388608,"overcommit":2' '' '"call":"mmap","length":4096,"error":"ENOMEM"') == 'overcommit error 8: '*'vm.overcommit_memory is 2'* ]]
	[[ $(refused '' '' '"call":"mmap","length":281474976710656,"error":"ENOMEM"') == 'address_space error 8: '* ]]
	[[ $(refused '' ',"cgroup":"/a","memory_limit":1' '"call":"mmap","length":4096,"error":"ENOMEM"') == 'cgroup error 8: '* ]]
	[[ $(refused '' '' '"call":"mprotect","addr":"0x00000000001ff000","len":8192,"error":"ENOMEM"') == 'unmapped info 8: '*'a wrong range'* ]]
	[ -z "$(refused '' '' '"call":"mmap","length":4096,"error":"EINVAL"')" ]
	[ -z "$(refused '' '' '"call":"openat","error":"ENOMEM"')" ]
}

@test "calls that fail again and again are reported at ten times as many" {
	{
		echo '{"type":"stream","t":0,"version":1,"program":"test","sources":["test"]}'
		for i in $(seq 2000); do echo '{"type":"event","t":'"$i"',"pid":7,"call":"mmap","length":4096,"error":"ENOMEM"}'; done
	} | vm-track -o "$BATS_TEST_TMPDIR/life"
	[ "$(jq -s -c '[.[] | select(.rule == "failed-call") | .calls]' "$BATS_TEST_TMPDIR/life")" = '[1,16,256]' ]
	[[ $(jq -r 'select(.calls == 16) | .text' "$BATS_TEST_TMPDIR/life") == *'call 16 of the process that failed: why is unknown, as the recording has no limits or no regions'* ]]
}

@test "a call that fails by RLIMIT_AS, one by overcommit, and events between samples are judged, as traced" {
	requires bpf
	(ulimit -v 1000000 && vm-sample --ebpf -- "$WORKLOADS/piles" refused 3000) 2>/dev/null | vm-parse | vm-track -o "$BATS_TEST_TMPDIR/life"
	[ "$(jq -r 'select(.rule == "failed-call" and .call == "mmap") | .why' "$BATS_TEST_TMPDIR/life")" = address_limit ]
	workload piles protect 2000 1
	vm-sample --ebpf -p "$pid" -o "$BATS_TEST_TMPDIR/raw" &
	local sampler=$! line
	IFS= read -r -t 100 -u "${kept[-1]}" line
	[ "$line" = over ]
	kill -INT "$sampler"
	wait "$sampler" || no_crash $?
	vm-parse "$BATS_TEST_TMPDIR/raw" | jq -c 'select(.type != "sample")' | vm-track --grow-for 300ms --grow-samples 4 -o "$BATS_TEST_TMPDIR/life"
	[ "$(jq -r 'select(.rule == "piles-up") | .call' "$BATS_TEST_TMPDIR/life" | sort -u)" = mprotect ]
}

@test "the functions that a call came from are named, without those of the C library" {
	{
		echo '{"type":"stream","t":0,"version":1,"program":"test 1","sources":["test"]}'
		echo '{"type":"snapshot","t":0,"pid":7,"seq":0,"regions":1,"size":4096}'
		echo '{"type":"region","t":0,"pid":7,"seq":0,"start":"0x0000000000010000","end":"0x0000000000011000","size":4096,"perms":"r--p","kind":"file"}'
		echo '{"type":"stack","t":0,"pid":7,"id":3,"frames":[{"addr":"0x0000000000000001","object":"/lib/libc.so.6","function":"mmap"},{"addr":"0x0000000000000002","object":"/lib/libc.so.6","function":"malloc"},{"addr":"0x0000000000000003","object":"/bin/p","function":"cache_put"},"0x0000000000000004",{"addr":"0x0000000000000005","object":"/bin/p","function":"main \u0001\"%s"}]}'
		echo '{"type":"event","t":1,"pid":7,"call":"mmap","length":4096,"error":"ENOMEM","stack":3}'
		for i in $(seq 0 400); do
			printf '{"type":"event","t":%d.%02d,"pid":7,"call":"mmap","addr":"0x0000000000000000","length":4096,"stack":3,"result":"0x%016x","span":{"start":"0x%016x","end":"0x%016x"},"after":[{"start":"0x%016x","end":"0x%016x","size":4096,"perms":"r--p","kind":"file","name":"/f"}]}\n' \
				$((2 + i / 20)) $((i % 20 * 5)) $((0x100000 + i * 8192)) $((0x100000 + i * 8192)) $((0x101000 + i * 8192)) $((0x100000 + i * 8192)) $((0x101000 + i * 8192))
		done
		echo '{"type":"end","t":30,"reason":"exit"}'
	} >"$BATS_TEST_TMPDIR/in"
	vm-track "$BATS_TEST_TMPDIR/in" -o "$BATS_TEST_TMPDIR/life"
	valid_stream <"$BATS_TEST_TMPDIR/life"
	[[ $(jq -r 'select(.rule == "failed-call") | .text' "$BATS_TEST_TMPDIR/life") == $'mmap of 4 KiB from cache_put < main \001"%s failed with ENOMEM: '* ]]
	jq -r 'select(.rule == "piles-up") | .text' "$BATS_TEST_TMPDIR/life" | tee "$BATS_TEST_TMPDIR/found"
	[[ $(head -1 "$BATS_TEST_TMPDIR/found") == *' regions of file r--p of /f, 4 KiB each, pile up by mmap from cache_put < main '* ]]
}

# Calls of process 7, half a second apart, N rounds. leak_put maps 256 KiB and keeps it, up to round LEAKS; churn maps 1 MiB and gives it
# back; ring keeps its last four; load maps once. FRAMES: those of the stack of leak_put.
sites_stream() { # N LEAKS [FRAMES]
	local frames='{"addr":"0x0000000000000003","object":"/bin/p","function":"leak_put"},{"addr":"0x0000000000000005","object":"/bin/p","function":"main"}'
	awk -v n="$1" -v leaks="$2" -v frames="${3:-$frames}" '
	function hex(x) { return sprintf("\"0x%016x\"", x) }
	function map(t, at, size, stack) {
		printf "{\"type\":\"event\",\"t\":%.2f,\"pid\":7,\"call\":\"mmap\",\"addr\":\"0x0000000000000000\",\"length\":%d,\"stack\":%d,\"result\":%s,\"span\":{\"start\":%s,\"end\":%s},\"after\":[{\"start\":%s,\"end\":%s,\"size\":%d,\"perms\":\"rw-p\",\"kind\":\"anon\"}]}\n",
			t, size, stack, hex(at), hex(at), hex(at + size), hex(at), hex(at + size), size
	}
	function unmap(t, at, size, stack) {
		printf "{\"type\":\"event\",\"t\":%.2f,\"pid\":7,\"call\":\"munmap\",\"addr\":%s,\"length\":%d,\"stack\":%d,\"result\":0,\"span\":{\"start\":%s,\"end\":%s},\"after\":[]}\n", t, hex(at), size, stack, hex(at), hex(at + size)
	}
	BEGIN {
		print "{\"type\":\"stream\",\"t\":0,\"version\":1,\"program\":\"test 1\",\"sources\":[\"test\"]}"
		print "{\"type\":\"snapshot\",\"t\":0,\"pid\":7,\"seq\":0,\"regions\":1,\"size\":4096}"
		print "{\"type\":\"region\",\"t\":0,\"pid\":7,\"seq\":0,\"start\":\"0x0000000000010000\",\"end\":\"0x0000000000011000\",\"size\":4096,\"perms\":\"r--p\",\"kind\":\"file\"}"
		libc = "{\"addr\":\"0x0000000000000001\",\"object\":\"/lib/libc.so.6\",\"function\":\"mmap\"}"
		split(frames "|{\"addr\":\"0x0000000000000006\",\"function\":\"churn\"}|{\"addr\":\"0x0000000000000007\",\"function\":\"ring\"}|{\"addr\":\"0x0000000000000008\",\"function\":\"load\"}", of, "|")
		for (i = 1; i <= 4; i++)
			printf "{\"type\":\"stack\",\"t\":0,\"pid\":7,\"id\":%d,\"frames\":[%s,%s]}\n", i, libc, of[i]
		map(0.5, 536870912, 33554432, 4)
		for (i = 0; i < n; i++) {
			t = 1 + i / 2
			if (i < leaks)
				map(t, 268435456 + i * 524288, 262144, 1)
			map(t + 0.1, 805306368, 1048576, 2)
			if (i >= 4)
				unmap(t + 0.12, 1073741824 + i % 4 * 1048576, 262144, 3)
			map(t + 0.15, 1073741824 + i % 4 * 1048576, 262144, 3)
			unmap(t + 0.3, 805306368, 1048576, 2)
		}
		printf "{\"type\":\"end\",\"t\":%.2f,\"reason\":\"exit\"}\n", t + 1
	}'
}

@test "the call site that holds more and more is named; those that give back, keep as much, or map once are not" {
	sites_stream 60 60 | vm-track >"$BATS_TEST_TMPDIR/life"
	valid_stream <"$BATS_TEST_TMPDIR/life"
	run jq -r 'select(.rule == "grows-by-site") | "\(.severity) \(.functions) \(.stack)"' "$BATS_TEST_TMPDIR/life"
	[ "$(sort -u <<<"$output")" = "warning leak_put < main 1" ]
	run jq -r 'select(.rule == "grows-by-site") | .text' "$BATS_TEST_TMPDIR/life"
	[[ ${lines[0]} == "memory mapped by leak_put < main grew in "*" and is not given back: 512 KiB/s, from "* ]]
	# every view names it, explain too
	run vm-render --view explain "$BATS_TEST_TMPDIR/life"
	[[ $output == *"memory mapped by leak_put < main grew in"* ]]
	# the rule can be left out, and without stacks there is none
	run ! grep grows-by-site <(sites_stream 60 60 | vm-track --findings all,-grows-by-site)
	run ! grep grows-by-site <(sites_stream 60 60 | sed 's/"stack":[0-9]*,//' | vm-track)
	# as tracked by a program that was not the first: the functions have no names
	sites_stream 60 60 '{"addr":"0x0000000000000003","object":"/bin/p","offset":"0x0000000000001189"}' | vm-track >"$BATS_TEST_TMPDIR/life"
	[ "$(jq -r 'select(.rule == "grows-by-site").functions' "$BATS_TEST_TMPDIR/life" | sort -u)" = p+0x1189 ]
	sites_stream 60 60 '{"addr":"0x0000000000000003"}' | vm-track >"$BATS_TEST_TMPDIR/life"
	[[ $(jq -r 'select(.rule == "grows-by-site").text' "$BATS_TEST_TMPDIR/life") == "memory mapped by call stack 1 grew"* ]]
}

@test "a call site that stops growing in time is silent; its end is reported where its growth was" {
	run ! grep grows-by-site <(sites_stream 120 10 | vm-track)
	sites_stream 240 60 | vm-track >"$BATS_TEST_TMPDIR/life"
	run jq -r 'select(.rule == "grows-by-site") | "\(.severity) \(.ended != null)"' "$BATS_TEST_TMPDIR/life"
	[ "${lines[0]}" = "warning false" ]
	[ "${lines[-1]}" = "info true" ]
	valid_stream <"$BATS_TEST_TMPDIR/life"
	run vm-render --view explain --width 300 "$BATS_TEST_TMPDIR/life"
	[[ $output == *"memory mapped by leak_put < main stopped growing at"* && $output != *"leak_put < main grew in"* ]]
}

@test "no finding is before the line that it follows, also where growth ends with the process" {
	{
		echo '{"type":"stream","t":0,"version":1,"program":"test 1","sources":["test"]}'
		echo '{"type":"snapshot","t":0,"pid":7,"seq":0,"regions":1,"size":4096}'
		echo '{"type":"region","t":0,"pid":7,"seq":0,"start":"0x0000000010000000","end":"0x0000000010001000","size":4096,"perms":"rw-p","kind":"heap","name":"[heap]"}'
		for i in $(seq 40); do
			printf '{"type":"event","t":%d.5,"pid":7,"call":"brk","result":"0x%016x","span":{"start":"0x0000000010000000","end":"0x%016x"},"after":[{"start":"0x0000000010000000","end":"0x%016x","size":%d,"perms":"rw-p","kind":"heap","name":"[heap]"}]}\n' \
				"$i" $((0x10001000 + i * 0x100000)) $((0x10001000 + i * 0x100000)) $((0x10001000 + i * 0x100000)) $((0x1000 + i * 0x100000))
		done
		echo '{"type":"event","t":45.5,"pid":7,"call":"exit","status":0}'
		echo '{"type":"end","t":46,"reason":"exit"}'
	} | vm-track >"$BATS_TEST_TMPDIR/life"
	[ "$(jq -r 'select(.type == "finding") | "\(.t) \(.text)"' "$BATS_TEST_TMPDIR/life" | tail -1)" = "45.5 [heap] stopped growing: unmapped at 40.0 MiB" ]
	jq -s -e '[.[].t | select(.)] | . == sort' "$BATS_TEST_TMPDIR/life" >/dev/null
}

@test "each finding is reported once, and again only when its value has doubled" {
	run jq -s 'map(select(.type=="finding")) | group_by([.pid, .rule, .kind, .severity, .measure]) | map(length) | max' "$BATS_FILE_TMPDIR/sick"
	[ "$output" -le 2 ]
}

@test "every finding is valid, and vm-check accepts the stream with them" {
	run valid_stream <"$BATS_FILE_TMPDIR/sick"
	echo "$output"
	[ "$status" = 0 ]
	vm-check "$BATS_FILE_TMPDIR/sick"
}

@test "bash, sleep, gcc, sort, gzip, tar, python3, jq, node, a pool of threads, a warm-up and a sawtooth are silent" {
	requires program vm-sample
	names=$(jq -r 'select(.type=="process").name' "$BATS_FILE_TMPDIR/well.tracked" | sort -u)
	echo "$names"
	for name in bash sleep sick cc1 sort gzip tar python3 jq node; do
		command -v "$name" >/dev/null || [[ $name == sick || $name == cc1 ]] || continue
		grep -qx "$name" <<<"$names" || { echo "$name was not seen"; return 1; }
	done
	# node may keep its code writable: this finding is true
	run jq -c 'select(.type=="finding" and ([.rule, .severity] != ["writable-executable", "info"]))' "$BATS_FILE_TMPDIR/well.tracked"
	echo "$output"
	[ "$status" = 0 ]
	[ -z "$output" ]
}

# ---- small streams: a heap of that many pages at each second ----

heaps() { # PAGES…
	local seq=0 pages
	begin
	for pages; do
		seq=$((seq + 1))
		snap $seq "1000 $(printf %x $((0x1000 + pages))) rw-p heap \"name\":\"[heap]\""
	done
	finish $((seq + 1))
}

found() { jq -c 'select(.type=="finding") | [.t, .rule, .severity]' | tr '\n' ' '; }

@test "growth is reported when it has lasted for enough samples, time and bytes" {
	heaps {1..13} >"$BATS_TEST_TMPDIR/in"
	run found < <(vm-track --grow-least 4K "$BATS_TEST_TMPDIR/in")
	[ "$output" = '[13,"grows","warning"] ' ]
	for option in "--grow-least 1M" "--grow-least 4K --grow-samples 20" "--grow-least 4K --grow-for 1m" "--grow-least 4K --findings none" "--grow-least 4K -f all,-grows"; do
		echo "$option"
		run found < <(vm-track $option "$BATS_TEST_TMPDIR/in")
		[ -z "$output" ]
	done
}

@test "growth that levels off is not reported, nor is a sawtooth of constant height" {
	run found < <(heaps {1..8} 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 | vm-track --grow-least 4K --grow-for 0)
	[ -z "$output" ]
	run found < <(heaps $(for i in {1..9}; do echo {1..9}; done) | vm-track --grow-least 4K --grow-for 0)
	[ -z "$output" ]
	run found < <(heaps 100 150 180 190 195 197 198 199 200 201 202 203 204 205 206 207 | vm-track --grow-least 4K --grow-for 0)
	[ -z "$output" ]
}

@test "a leak beneath a sawtooth is found by the level after each fall" {
	run found < <(heaps $(for i in {0..39}; do echo $((10 * i + 20)) $((10 * i + 60)) $((10 * i + 90)) $((10 * i + 10)); done) | vm-track --grow-least 4K)
	[[ $output == *'"grows","warning"'* ]]
}

@test "growth that has ended is reported as ended: a warm-up of minutes, a tooth of a slow sawtooth, memory that is unmapped" {
	warm=($(seq 60) $(printf '60 %.0s' {1..60}))
	run found < <(heaps "${warm[@]}" | vm-track --grow-least 4K)
	[[ $output == '[13,"grows","warning"] '*'[1'??',"grows","info"] ' ]] || { echo "$output"; return 1; }
	heaps "${warm[@]}" | vm-track --grow-least 4K | jq -e -s 'map(select(.type == "finding"))[-1] | .ended > 50 and .ended <= 61 and .to == 60 * 4096 and .since == 1' >/dev/null
	saw=($(for i in 1 2 3 4 5 6; do seq 60; done))
	run found < <(heaps "${saw[@]}" | vm-track --grow-least 4K)
	[ "$(grep -o '"info"' <<<"$output" | wc -l)" = 1 ] && [[ $output == *'[61,"grows","info"] ' ]] || { echo "$output"; return 1; } # once: the second tooth is not reported again
	slower=($(for i in {1..400}; do awk -v i="$i" 'BEGIN { print int(2000 * (1 - exp(-i / 40))) + 1 }'; done))
	run found < <(heaps "${slower[@]}" | vm-track --grow-least 4K) # the growth never quite levels off
	[[ $output == *'"grows","info"] ' ]] || { echo "$output"; return 1; }
	{ begin; for i in {1..20}; do snap "$i" "1000 $(printf %x $((0x1000 + i))) rw-p anon"; done; snap 21 "9000 9001 r--p file"; finish 22; } >"$BATS_TEST_TMPDIR/in"
	run jq -r 'select(.type == "finding" and has("ended")).text' < <(vm-track --grow-least 4K "$BATS_TEST_TMPDIR/in")
	[[ $output == *"stopped growing: unmapped at "*" KiB"* ]]
}

@test "a leak of an hour is still reported at its end, beneath any sawtooth or steps" {
	leak=($(seq 0 1499 | awk '{ print 1000 + ($1 % 30) * 20 + $1 * 4 }'))
	run found < <(heaps "${leak[@]}" | vm-track)
	[[ $output == *'"grows","warning"] ' ]] || { echo "$output"; return 1; }
	[ "$(grep -o '"info"' <<<"$output" | wc -l)" -le 8 ]
	steps=($(for i in {0..360}; do echo $((1000 + i / 20 * 256)); done))
	run found < <(heaps "${steps[@]}" | vm-track)
	[[ $output == *'"grows","warning"] ' ]] || { echo "$output"; return 1; }
}

@test "one sample in ten without growth, and a heap that doubles, are reported again once" {
	run found < <(heaps {1..9} 9 {10..60} | vm-track --grow-least 4K)
	echo "$output"
	[ "$(grep -o grows <<<"$output" | wc -l)" -ge 2 ]
	[ "$(grep -o grows <<<"$output" | wc -l)" -le 4 ]
}

@test "samples without changes count as samples without growth" {
	{ begin
	for i in {1..12}; do
		snap $((i * 4)) "1000 $(printf %x $((0x1000 + i))) rw-p heap \"name\":\"[heap]\""
		for k in 1 2 3; do printf '{"type":"sample","t":%d,"pid":7,"seq":%d,"same":true}\n' $((i * 4 + k)) $((i * 4 + k)); done
	done
	finish; } >"$BATS_TEST_TMPDIR/in"
	run found < <(vm-track --grow-least 4K "$BATS_TEST_TMPDIR/in") # steps of four samples: 11 whole groups of four, one too few
	[ -z "$output" ]
	run found < <(vm-track --grow-least 4K --grow-samples 10 "$BATS_TEST_TMPDIR/in")
	[[ $output == *grows* ]]
}

@test "a stack without a guard below it, and an executable stack, are reported" {
	run found < <({ begin; snap 1 "10 20 rw-p anon" "20 30 rw-p thread-stack" "40 41 ---p guard" "41 50 rwxp stack"; finish; } | vm-track)
	[ "$output" = '[1,"writable-executable","error"] [1,"unguarded","info"] ' ]
}

@test "a stack with guard pages inside it is not reported as unguarded" {
	run found < <({ begin; snap 1 "10 20 rw-p anon" '20 30 rw-p thread-stack "flags":"rd wr mr mw me ac gu nh"'; finish; } | vm-track)
	[ -z "$output" ]
	run found < <({ begin; snap 1 "10 20 rw-p anon" '20 30 rw-p thread-stack "flags":"rd wr mr mw me ac gd nh"'; finish; } | vm-track)
	[ "$output" = '[1,"unguarded","info"] ' ]
}

@test "the limits come from the stream: of a stack, of the kernel, of a cgroup over all its processes" {
	stream='{"type":"stream","t":0,"version":1,"program":"test","host":{"max_map_count":2}}'
	process='{"type":"process","t":0,"pid":7,"why":"first","name":"a","stack_limit":65536,"cgroup":"/x","memory_limit":100000}'
	{ echo "$stream"; echo "$process"; echo "${process/7/8}"
	snap 1 '10 1f rw-p stack "rss":4096' '20 22 rw-p anon "rss":40960'
	who=8 snap 2 '20 40 rw-p anon "rss":45056'; finish 3; } >"$BATS_TEST_TMPDIR/in"
	run found < <(vm-track "$BATS_TEST_TMPDIR/in")
	[ "$output" = '[1,"stack-near-limit","error"] [1,"map-count","error"] [2,"cgroup-limit","error"] ' ]
	run found < <(vm-track --near 99 "$BATS_TEST_TMPDIR/in")
	[ "$output" = '[1,"map-count","error"] ' ]
}

@test "vm-sample reports the limits of a process and of the kernel" {
	background sleep 60
	vm-sample -p "$pid" -n 1 >"$BATS_TEST_TMPDIR/s"
	[ "$(jq 'select(.type=="stream").host.max_map_count' "$BATS_TEST_TMPDIR/s")" = "$(cat /proc/sys/vm/max_map_count)" ]
	limit=$(ulimit -s)
	[ "$limit" = unlimited ] && limit=null || limit=$((limit * 1024))
	[ "$(jq 'select(.type=="process").stack_limit' "$BATS_TEST_TMPDIR/s")" = "$limit" ]
}

@test "usage close to a cgroup's limit is found" {
	requires root
	group=/sys/fs/cgroup/vmpipe-test-$$
	grep -qw memory /sys/fs/cgroup/cgroup.controllers 2>/dev/null || skip "needs cgroup v2 with the memory controller"
	grep -qw memory /sys/fs/cgroup/cgroup.subtree_control || echo +memory 2>/dev/null >/sys/fs/cgroup/cgroup.subtree_control || skip "the memory controller may not be handed down here"
	mkdir "$group" 2>/dev/null || skip "no cgroup can be made here"
	echo 64M >"$group/memory.max"
	workload sick memory 0 56
	echo "$pid" >"$group/cgroup.procs" # the memory is charged to the first cgroup: the limit is not reached, and nothing is killed
	run found < <(vm-sample -p "$pid" -n 1 | vm-parse | vm-track)
	kill -KILL "$pid"
	wait "$pid" || true
	rmdir "$group"
	[ "$output" = '' ] || [[ $output == *'"cgroup-limit","warning"'* ]]
	[[ $output == *cgroup-limit* ]]
}

@test "a 32-bit address space whose largest hole is small is reported" {
	rows=()
	for i in {0..63}; do rows+=("$(printf '%x %x rw-p anon' $((i * 0x4000 + 0x10)) $((i * 0x4000 + 0x2000)))"); done
	run found < <({ begin; snap 1 "${rows[@]}"; finish; } | vm-track)
	[ "$output" = '[1,"fragmented","warning"] ' ]
}

@test "a rule that does not exist is refused, and the nearest is named" {
	run -2 vm-track --findings piles-upp </dev/null
	[ "$output" = 'vm-track: --findings: no rule "piles-upp"; did you mean "piles-up"?' ]
}

@test "a name with quotes, escapes and invalid UTF-8 does no harm in a finding" {
	{ begin
	for i in {1..13}; do
		printf '{"type":"snapshot","t":%d,"pid":7,"seq":%d,"regions":1}\n' $i $i
		printf '{"type":"region","t":%d,"pid":7,"seq":%d,"start":"0x0000000000001000","end":"0x%016x","size":%d,"perms":"rw-p","kind":"anon","name":"\\u001b[31m\\"<x>\\ufffd","name_raw":"G1szMW0iPHg+/w=="}\n' $i $i $((0x1000 + i * 4096)) $((i * 4096))
	done
	finish; } >"$BATS_TEST_TMPDIR/in"
	vm-track --grow-least 4K "$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out"
	[ "$(jq -r 'select(.type=="finding").text' "$BATS_TEST_TMPDIR/out" | cut -c1-9)" = $'\e[31m"<x>' ]
	run valid_stream < <(grep '"type":"finding"' "$BATS_TEST_TMPDIR/out")
	[[ $output != *"does not match"* && $output != *"is not"* ]]
}

@test "findings appear in the view events, as a note, and as flags over a timeline" {
	vm-track "$BATS_FILE_TMPDIR/sick" >"$BATS_TEST_TMPDIR/s"
	run vm-render --ascii --width 200 --view events --pid "$(cat "$BATS_FILE_TMPDIR/pid.wx")" "$BATS_TEST_TMPDIR/s"
	[ "$status" = 0 ]
	[[ $output == *"writable-executable: 1 region of "* ]]
	run vm-render --ascii --width 200 --view map --pid "$(cat "$BATS_FILE_TMPDIR/pid.wx")" "$BATS_TEST_TMPDIR/s"
	[[ $output == *"1 finding: 1 region of "* ]]
	run vm-render --svg --view timeline --pid "$(cat "$BATS_FILE_TMPDIR/pid.brk")" "$BATS_TEST_TMPDIR/s"
	[[ $output == *"grew in "* ]]
}

@test "without findings the rest of the stream is the same" {
	vm-parse "$BATS_FILE_TMPDIR/sick.raw" | vm-track -f none | grep -v '"type":"stage"' >"$BATS_TEST_TMPDIR/without"
	grep -v '"type":"\(finding\|stage\)"' "$BATS_FILE_TMPDIR/sick" | cmp - "$BATS_TEST_TMPDIR/without"
}
