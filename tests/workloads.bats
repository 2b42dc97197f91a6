# The workloads for use by hand, and memory_user seen through the pipeline: resident memory follows touched memory, not requested memory.

load helper

setup() {
	requires cmd jq
	cd "$BATS_TEST_TMPDIR"
}

mib=$((1 << 20))

# asked MEGABYTES PERCENT: memory_user, and from one sample: block (the size of its region), rss (of that region), all_size and all_rss (of the process)
asked() {
	workload memory_user "$1" 0 "$2"
	read -r block rss all_size all_rss < <(vm-sample -p "$pid" -n 1 | vm-parse |
		jq -rs --argjson least $(($1 * mib)) '(map(select(.type=="snapshot"))[0]) as $all
			| map(select(.type=="region" and .size >= $least and .kind != "reserved"))[0] | "\(.size) \(.rss) \($all.size) \($all.rss)"')
	[ "$block" -lt $(($1 * mib + mib)) ]
}

# near FIGURE EXPECTED: at most 2 MiB (a huge page) more, and at most a page less than expected
near() { [ "$1" -ge $(($2 - 4096)) ] && [ "$1" -le $(($2 + 2 * mib)) ]; }

done_with() { kill -KILL "$pid"; wait "$pid" || true; }

@test "every workload prints its usage, on request and after wrong arguments" {
	for one in single_basic parent_child one_parent_multi_child long_running stress generations memory_user recursion leak dlopen; do
		run --separate-stderr "$WORKLOADS/$one" --help
		[ "$status" = 0 ]
		[[ ${lines[0]} == "usage: $one"* ]]
		[ -z "$stderr" ]
		run --separate-stderr "$WORKLOADS/$one" 1 2 3 4 $(seq 100)
		[ "$status" = 2 ]
		[ -z "$output" ]
		[[ $stderr == *"usage: $one"* ]]
	done
	for one in long_running stress generations memory_user recursion leak dlopen; do
		for wrong in x -1 1.5 99999999999999999999; do
			run --separate-stderr "$WORKLOADS/$one" $wrong
			[ "$status" = 2 ]
			[[ $stderr == *"\"$wrong\" is no number from 0 to "*"usage: $one"* ]]
		done
	done
	run --separate-stderr "$WORKLOADS/memory_user"
	[ "$status" = 2 ]
	run --separate-stderr "$WORKLOADS/generations" 1 1 swim
	[ "$status" = 2 ]
}

@test "memory_user prints its pid, for the sampler" {
	workload memory_user 50
	[[ $ready_text == "Process ID (PID): $pid"$'\n'"Allocating 50 MB of memory..."$'\n'* ]]
}

@test "the size is the requested memory: 50 MB to 8 GB, with nothing touched and nothing resident" {
	for megabytes in 50 100 200 1024 4096 8192; do
		[ "$(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo)" -gt "$megabytes" ] || continue
		asked "$megabytes" 0
		[ "$all_size" -gt $((megabytes * mib)) ]
		[ "$rss" -le $((2 * mib)) ]
		[ "$all_rss" -lt $((8 * mib)) ]
		done_with
	done
}

@test "resident memory is touched memory, however much was requested" {
	for case in 50:100 100:100 200:100 100:50 200:25 400:10 1024:5; do
		megabytes=${case%:*} percent=${case#*:}
		asked "$megabytes" "$percent"
		near "$rss" $((megabytes * mib * percent / 100))
		[ "$all_rss" -ge "$rss" ]
		done_with
	done
}

@test "1 GB touched is resident to the last page" { # 4 GB: BENCH_LONG=1 tests/bench/run memory_user
	[ "$(awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)" -gt 3000 ] || skip "needs 3 GB that are available"
	asked 1024 100
	near "$rss" $((1024 * mib))
}

@test "the last line of pmap -x is the last line of the table: one command instead of a loop around it" {
	requires cmd pmap
	for percent in 0 50 100; do
		workload memory_user 100 0 $percent
		kill -STOP "$pid"
		until_true grep -q '^State:.T' "/proc/$pid/status"
		wanted=$(pmap -x "$pid" | tail -1)
		got=$(vm-sample -p "$pid" -n 1 | vm-parse | vm-render --table=pmap-x | tail -1)
		[ "$(tr -s ' ' <<<"$got")" = "$(tr -s ' ' <<<"$wanted")" ]
		done_with
	done
}

@test "while memory_user touches memory, its region grows in RSS from change to change, and never again in size" {
	grown='.rss | length > 2'
	for take in 1 2 3 4 5; do # a loaded machine may let no sample fall into the growth
		vm-sample -i 2ms --detail rss -O share=100 --command-output out -- "$WORKLOADS/memory_user" 400 1 75 | vm-parse | vm-track >tracked.ndjson
		vm-check -q tracked.ndjson
		jq -sc --argjson size $((400 * mib)) '[.[] | select((.type=="change" or .type=="region") and .size >= $size and .event != "EXIT" and .kind != "reserved")]
			| group_by(.id)[0] | {sizes: (map(.size) | unique | length), rss: map(.rss // 0)}
			| .rss |= .[:index(max) + 1] # a sample may fall into its end, when pages go one by one' tracked.ndjson >seen
		jq -e "$grown" seen && break
	done
	jq -e "$grown" seen
	jq -e --argjson all $((300 * mib)) '.sizes == 1 and (.rss | . == sort and .[0] < $all and .[-1] >= $all and .[-1] <= $all + 2097152)' seen
	grep -q '"event":"RESIDENT_CHANGE"' tracked.ndjson
}

@test "generations end properly, whichever way they go on; missing libraries are reported" {
	for way in fork exec mixed; do "$WORKLOADS/generations" 3 3 $way >out; done
	run --separate-stderr "$WORKLOADS/dlopen" 1 0 libnone.so.1
	[ "$status" = 1 ]
	[[ $stderr == *libnone.so.1* ]]
	run --separate-stderr bash -c 'ulimit -S -s 8192; exec "$@"' limited "$WORKLOADS/recursion" 100000 1024 # without a limit it would take all memory
	[ "$status" = 1 ]
	[[ $stderr == *"do not fit into the stack of"* ]]
}
