#!/bin/bash
# The source ebpf with rings that are too small and a sampler that is stopped: for each process, told and lost calls are all that it made, each
# exit is there, and whoever gets the id of a dead process next is not traced.
. "${0%/*}/common.bash"
needs root jq
[ -e "$BUILD/lib/vmpipe/source/ebpf.so" ] || skipped "the source ebpf is not built"
[ -r /sys/kernel/btf/vmlinux ] || skipped "needs a kernel with BTF"

# burst_round: some processes call as fast as they can; the sampler stands still for some of the time
burst_round() {
	local processes=$((RANDOM % 16 + 1)) pairs=$((RANDOM % 20000 + 1)) ring=$((4 << RANDOM % 10))K wrong
	vm-sample --ebpf -f -O ring=$ring -- "$WORKLOADS/burst" $processes $pairs >raw 2>err &
	local sampler=$!
	if ((RANDOM % 2)); then
		sleep "0.$((RANDOM % 5 + 1))"
		kill -STOP $sampler 2>/dev/null
		sleep "0.$((RANDOM % 9 + 1))"
		kill -CONT $sampler 2>/dev/null
	fi
	wait $sampler || failed "vm-sample ended with status $?: $(<err)"
	wrong=$(jq -rs --argjson pairs $pairs --argjson processes $processes '
		([.[] | select(.type == "process")][0].pid) as $first
		| [.[] | select(.pid and .pid != $first)] | group_by(.pid)
		| map({pid: .[0].pid,
			calls: (map(select(.call == "mmap" or .call == "munmap" or (.type == "lost" and .what == "events")) | .count // 1) | add),
			exits: (map(select(.call == "exit")) | length)})
		| if length != $processes then "\(length) processes" else .[] | select(.exits != 1 or .calls != 2 * $pairs) | tostring end' raw)
	[ -z "$wrong" ] || failed "$processes processes, $pairs pairs, ring $ring: $wrong"
	vm-parse -q raw | vm-track -q | vm-check -q || failed "the stream is not whole"
}

# reuse_round: a process ends while its sampler stands still and the ring is full; another gets its id
reuse_round() {
	local sampler traced
	rm -f raw
	sleep 1000 &
	traced=$!
	started+=($traced)
	vm-sample --ebpf -p $traced -O ring=4K -i 1h -o raw 2>err &
	sampler=$!
	started+=($sampler)
	until grep -qs '"type":"raw"' raw; do kill -0 $sampler 2>/dev/null || failed "vm-sample has ended: $(<err)"; sleep 0.01; done
	kill -STOP $sampler
	kill -KILL $traced
	wait $traced 2>/dev/null
	"$WORKLOADS/reuse" $traced "$WORKLOADS/burst" 0 1 || { kill -CONT $sampler; wait $sampler; rm -f raw; return; }
	kill -CONT $sampler
	wait $sampler || failed "vm-sample ended with status $?: $(<err)"
	[ "$(grep -c '"call":"exit"' raw)" = 1 ] || failed "not one exit"
	! grep -q '"call":"exec"' raw || failed "a stranger with the id of the dead process was traced"
	rm -f raw
}

bursts=0 reuses=0
while left; do
	burst_round
	bursts=$((bursts + 1))
	[ -w /proc/sys/kernel/ns_last_pid ] || continue
	reuse_round
	reuses=$((reuses + 1))
done
done_with "$bursts bursts, $reuses ids used again"
