# The rows of tests/bench/run for the source ebpf; tests/bench/run reads this file. Without root or the source ebpf one line says so.

traces() {
	[ "$(id -u)" = 0 ] && [ -e "$build/lib/vmpipe/source/ebpf.so" ] && return
	echo "| $1 | left out: needs root and the source ebpf | | | | |"
	return 1
}

of_three() { sort -n | awk '{ v[NR] = $1 } END { printf "%.2f (%.2f - %.2f)", v[int((NR + 1) / 2)], v[1], v[NR] }'; }
middle() { sort -n | awk '{ v[NR] = $1 } END { printf "'"${1:-%.2f}"'", v[int((NR + 1) / 2)] }'; }
lost_events() { awk '/"type":"lost"/ && /"what":"events"/ { sub(/.*"count":/, ""); n += $0 + 0 } END { print n + 0 }' "$@"; }

# paced COUNT [COMMAND...]: ns of a pair of mmap and munmap under that command, CPU time and the time stopped by it
paced() {
	local count=$1
	shift
	"$@" "$build/workloads/stress" "$count" >"$work/paced" 2>&1 </dev/null
	sed -n 's/.* each, \([0-9]*\) ns with the time.*/\1/p' "$work/paced"
}

# The same two calls of the same loop with other tracers, which also write a line for each call into a file. perf mounts tracefs and leaves it
# mounted, so it gets mounts of its own.
by_strace() { paced "$1" strace -f -e trace=mmap,munmap -o "$work/peer"; }
by_perf() { paced "$1" unshare -m perf trace -e mmap,munmap -o "$work/peer"; }
by_bpftrace() {
	bpftrace -o "$work/peer" -e 'tracepoint:syscalls:sys_exit_mmap /pid == cpid/ { printf("mmap %lx\n", args->ret); }
		tracepoint:syscalls:sys_exit_munmap /pid == cpid/ { printf("munmap %d\n", args->ret); }' \
		-c "$build/workloads/stress $1" >"$work/paced" 2>&1 </dev/null
	sed -n 's/.* each, \([0-9]*\) ns with the time.*/\1/p' "$work/paced"
}

ebpf() { # the cost of tracing for the traced loop, beside other tracers
	traces "mmap and munmap traced" || return 0
	local count=200000 plain peer way
	rm -f "$work"/by_*
	: >"$work/hybrid" >"$work/exact" >"$work/calls" >"$work/plain"
	for _ in $(seq "$rounds"); do
		plain=$(paced $count)
		echo "$plain" >>"$work/plain"
		for way in hybrid:exact=no exact:exact=yes calls:exact=no,hook=calls; do
			local options=${way#*:}
			vm-sample --ebpf -O ${options//,/ -O } -o "$work/${way%:*}.ndjson" --command-output "$work/paced" -- "$build/workloads/stress" $count
			sed -n 's/.* each, \([0-9]*\) ns with the time.*/\1/p' "$work/paced" | awk -v plain="$plain" '{ print $1 / plain }' >>"$work/${way%:*}"
		done
		for peer in bpftrace perf strace; do
			has $peer && by_$peer $((count / 20)) | awk -v plain="$plain" '{ print $1 / plain }' >>"$work/by_$peer"
		done
	done
	local peers=
	for peer in "bpftrace printf" "perf trace" strace; do
		[ -s "$work/by_${peer% *}" ] && peers+="${peers:+, }$peer $(middle %.1f <"$work/by_${peer% *}") x"
	done
	echo "| mmap and munmap traced, read whole afterwards | | $(middle %.0f <"$work/plain") ns a pair untraced | $(of_three <"$work/hybrid") | 1.2 x | $peers |"
	echo "| the same, exact; lost $(lost_events "$work/exact.ndjson") of $(grep -c '"type":"event"' "$work/exact.ndjson") | | | $(of_three <"$work/exact") | 1.4 x | |"
	echo "| read whole afterwards, hooked at the end of memory calls alone (hook=calls) | | | $(of_three <"$work/calls") | 1.2 x | |"
	rm -f "$work/hybrid.ndjson" "$work/exact.ndjson" "$work/calls.ndjson" "$work/peer"
}

# cpu_of PROGRAM FILE: seconds of CPU time by its own account in a stream
cpu_of() { sed -n 's/.*"type":"stage".*"program":"'"$1"' .*"cpu":\([0-9.]*\).*/\1/p' "$2" | tail -1; }

stacks() { # what --stacks costs, against the same run without: for the traced loop, for vm-sample, and for vm-parse and vm-track
	traces "call stacks of mmap and munmap" || return 0
	local count=100000 way number
	rm -f "$work"/stacks.*
	for _ in $(seq "$rounds"); do
		for way in with without; do
			local options=()
			[ $way = without ] || options=(--stacks)
			vm-sample --ebpf "${options[@]}" -o "$work/$way.ndjson" --command-output "$work/paced" -- "$build/workloads/stress" $count
			vm-parse "$work/$way.ndjson" | vm-track >"$work/tracked.ndjson"
			sed -n 's/.* each, \([0-9]*\) ns with the time.*/\1/p' "$work/paced" >"$work/loop.$way"
			cpu_of vm-sample "$work/$way.ndjson" >"$work/sampler.$way"
			cat <(cpu_of vm-parse "$work/tracked.ndjson") <(cpu_of vm-track "$work/tracked.ndjson") | paste -sd+ | bc >"$work/others.$way"
		done
		for number in loop sampler others; do
			paste -d' ' "$work/$number.with" "$work/$number.without" | awk '{ print $1 / $2 }' >>"$work/stacks.$number"
		done
		awk -v n=$((2 * count)) '{ print $1 * 1e6 / n }' "$work/sampler.with" >>"$work/stacks.each"
		cat "$work/loop.with" >>"$work/stacks.pair"
	done
	echo "| mmap and munmap traced with --stacks, against without; lost $(lost_events "$work/with.ndjson") of $(grep -c '"type":"event"' "$work/with.ndjson") | $(middle %.0f <"$work/stacks.pair") ns a pair | | $(of_three <"$work/stacks.loop") | | CPU of vm-sample $(of_three <"$work/stacks.sampler") x, $(middle %.1f <"$work/stacks.each") us a call; of vm-parse and vm-track $(of_three <"$work/stacks.others") x |"
	rm -f "$work/with.ndjson" "$work/without.ndjson" "$work/tracked.ndjson"
}

rate() { # a tight loop through three stages; the stage line of vm-track gives the number of calls that arrived
	traces "events a second" || return 0
	local pairs=1000000 began took events
	[ -z "${BENCH_LONG:-}" ] || pairs=12000000
	began=$(date +%s%N)
	vm-sample --ebpf --command-output "$work/loop" -- "$build/workloads/stress" $pairs | vm-parse | vm-track | tail -n 3 >"$work/rate" # a search for losses among the lines would take a tenth of a processor
	took=$(($(date +%s%N) - began))
	events=$(sed -n 's/.*"program":"vm-track.*"events":\([0-9]*\).*/\1/p' "$work/rate")
	echo "| events a second through vm-sample --ebpf, vm-parse and vm-track: $((2 * pairs / 1000000)) million made in $((took / 1000000000)) s, $events there | $((2 * pairs * 1000 / (took / 1000000))) /s | | | 350000 /s, 0 lost | the loop: $(sed -n "s/.*pairs, \\([0-9]* ns\\).*/\\1/p" "$work/loop") a pair |"
}

lag() { # calls at a slow pace: the delay of the output
	traces "from a call's exit to its change line" || return 0
	local seconds=5 median least most late
	[ -z "${BENCH_LONG:-}" ] || seconds=60
	read -r median least most late <<<"$(command lag $((seconds * 100)) 100 'exec 2>/dev/null; vm-sample --ebpf -p $TARGET | vm-parse | vm-track')"
	echo "| from a call's end to its change line after vm-track, 100 calls per second for $seconds s | median $median ms, 99 % $late ms ($least - $most) | | | 0.5 ms, 5 ms | |"
}

# told_and_lost RING: calls of 16 processes that call at once: those in the stream, those reported as lost, the exits, and the seconds from the
# last exit to the end
told_and_lost() {
	vm-sample --ebpf -f -O ring="$1" -- "$build/workloads/burst" 16 150000 2>/dev/null | awk '
		/"type":"process".*"why":"first"/ { match($0, /"pid":[0-9]+/); first = substr($0, RSTART, RLENGTH) "," }
		index($0, first) { if ($0 ~ /"call":"exit"/) exits++; next }
		/"call":"(mmap|munmap)"/ { told++ }
		/"what":"events"/ { line = $0; sub(/.*"count":/, "", line); lost += line + 0 }
		/"call":"exit"/ { exits++; match($0, /"t":[0-9.]+/); last = substr($0, RSTART + 4, RLENGTH - 4) }
		/"type":"end"/ { match($0, /"t":[0-9.]+/); end = substr($0, RSTART + 4, RLENGTH - 4) }
		END { printf "%d %d %d %.3f\n", told, lost, exits, end - last }'
}

full() { # more calls than the ring takes: nothing is lost unsaid, and the end is not delayed
	traces "16 processes that call at once" || return 0
	local ring told lost exits late
	for ring in 64K 16M; do
		read -r told lost exits late <<<"$(told_and_lost $ring)"
		echo "| 16 processes of 300 000 calls at once, ring $ring | $told told + $lost lost of 4800000 made, $exits of 17 exits; the end $late s after the last exit | | | to the call; 1 s | |"
	done
}

live() { # the cost of a followed process as their number grows
	traces "living processes followed" || return 0
	local processes seen= cpu told
	rm -f "$work/live"
	for processes in 1000 10000 ${BENCH_LONG:+25000}; do
		vm-sample --ebpf -f -O faults=none -- "$build/workloads/burst" live $processes </dev/null 2>/dev/null >"$work/raw"
		told=$(grep -c '"call":"exit"' "$work/raw")
		cpu=$(sed -n 's/.*"program":"vm-sample.*"cpu":\([0-9.]*\).*/\1/p' "$work/raw" | tail -1)
		seen+="${seen:+, }$processes: $((told - 1)) told, $cpu s"
		echo "$processes $cpu" >>"$work/live"
	done
	echo "| living processes followed, and CPU time for them | $seen | | exponent $(awk 'NR == 1 { n = $1; c = $2 } END { printf "%.2f", log($2 / c) / log($1 / n) }' "$work/live") | all; 1 | |"
	rm -f "$work/raw"
}

others() { # the cost for processes that are not traced
	traces "the calls of other processes" || return 0
	target many 24
	local sampler hook
	rm -f "$work"/ppid.* "$work"/mmap.*
	for _ in $(seq "$rounds"); do
		calls 2000000 >"$work/plain"
		for hook in all calls; do
			: >"$work/watched"
			vm-sample --ebpf -O hook=$hook -p "$pid" >"$work/watched" 2>"$work/errors" &
			sampler=$!
			until grep -q '"type":"raw"' "$work/watched"; do kill -0 $sampler && sleep 0.05; done
			calls 2000000 >"$work/traced"
			kill -INT $sampler
			wait $sampler || true
			paste -d' ' "$work/plain" "$work/traced" >"$work/both"
			awk '{ print ($4 - $2) / 2 }' "$work/both" >>"$work/mmap.$hook"
			awk '{ print $3 - $1 }' "$work/both" >>"$work/ppid.$hook"
		done
	done
	for hook in all calls; do
		echo "| another process's getppid while one is traced, hook=$hook | $(middle %.0f <"$work/ppid.$hook") ns more | of $(cut -d' ' -f1 "$work/plain") ns | | 60 ns | its mmap or munmap: $(middle %.0f <"$work/mmap.$hook") ns more |"
	done
}

polls() { # whole reads in five minutes of the workload long_running
	traces "readings in 300 s" || return 0
	local scale=50 every peers= workload
	[ -z "${BENCH_LONG:-}" ] || scale=1
	workload=("$build/workloads/long_running" 150 $((2000 / scale)))
	acts() { jq -s '[.[] | select(.type=="change") | .act] | unique | length' "$work/tracked"; }
	for every in 100 500 1000; do
		vm-sample -i $((every * 1000 / scale))us --detail maps --command-output /dev/null -- "${workload[@]}" 2>/dev/null | vm-parse | vm-track >"$work/tracked"
		peers+="${peers:+; }each $every ms $(grep -c '"type":"sample"' "$work/tracked") readings, $(acts) changes"
	done
	vm-sample --ebpf -O reread=$((1000 / scale))ms --command-output /dev/null -- "${workload[@]}" 2>/dev/null | tee >(grep -c '"type":"sample"' >"$work/read") | vm-parse | vm-track >"$work/tracked"
	sleep 0.1
	echo "| readings of the whole in 300 s of long_running$([ $scale = 1 ] || echo ", $scale times as fast"): event-driven | $(cat "$work/read") readings, $(acts) changes | | | every change | $peers |"
}

# Waits until PID has written nothing for longer than a whole read may be delayed.
settled() {
	local before=- now
	until now=$(grep wchar "/proc/$1/io") && [ "$now" = "$before" ]; do
		before=$now
		sleep 2
	done
}

soak() { # a million calls among 5000 regions: does the state at the end equal the kernel's?
	traces "a million random calls" || return 0
	has python3 || return 0
	local calls=${CALLS:-1000000} pid verdict=equal tracker
	mkfifo "$work/go" "$work/regions"
	: >"$work/out"
	{ vm-sample --ebpf --command-output "$work/out" -- "$build/workloads/churn" calls "$calls" 5000 77 <"$work/go" 2>"$work/errors" | vm-parse; } >"$work/regions" &
	vm-track <"$work/regions" >"$work/changes" & # into a file: a reader would be slower than the three stages
	tracker=$!
	exec 4>"$work/go"
	until grep -q ready "$work/out"; do sleep 0.2; done
	settled $tracker
	pid=$(sed -n 's/^ready //p' "$work/out")
	tr -s ' ' <"/proc/$pid/maps" | sed -E 's/^0*([0-9a-f]+)-0*/\1-/; s/ $//' >"$work/maps"
	echo go >&4
	exec 4>&-
	wait $tracker
	LC_ALL=C grep -F '"type":"lost"' "$work/changes" >"$work/lost" || true
	LC_ALL=C grep -vF '"type":"event"' "$work/changes" | python3 -I "$here/../state.py" >"$work/state"
	sed -i 's/ $//' "$work/state"
	cmp -s "$work/maps" "$work/state" || verdict="$(diff "$work/maps" "$work/state" | grep -c '^[<>]') lines differ"
	echo "| $calls random calls in a process of $(wc -l <"$work/maps") regions: the state at the end against maps, line for line | $verdict, $(lost_events "$work/lost") calls lost and reported | | | equal | |"
	rm -f "$work/go" "$work/regions" "$work/changes"
}

memory_user() { # 50 MB to 4 GB, all touched
	local most=1024 megabytes seen=
	[ -z "${BENCH_LONG:-}" ] || most=4096
	for megabytes in 50 100 200 1024 4096; do
		[ $megabytes -le $most ] || continue
		"$build/workloads/memory_user" $megabytes >"$work/out" 2>&1 &
		pids+=($!)
		until grep -q ready "$work/out"; do sleep 0.1; done
		seen+="${seen:+, }$megabytes: $(vm-sample -p $! -n 1 | vm-parse | jq -r 'select(.type=="snapshot") | "\(.rss / 1048576 * 10 | round / 10)"')"
		kill $!
		wait $! 2>/dev/null || true
	done
	echo "| memory_user, MB requested and touched: resident | $seen | | | the touched memory, and the program | |"
}
