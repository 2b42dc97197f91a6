#!/bin/bash
# The source ebpf follows very many living processes: each is told, or their number is. As many as the time, the ids and the memory allow, at
# most 50 000.
. "${0%/*}/common.bash"
needs root
[ -e "$BUILD/lib/vmpipe/source/ebpf.so" ] || skipped "the source ebpf is not built"
[ -r /sys/kernel/btf/vmlinux ] || skipped "needs a kernel with BTF"

least() { sort -n | head -n 1; }
ids=$(($(cat /proc/sys/kernel/pid_max) - $(ls /proc | grep -c '^[0-9]') - 4000))
processes=$(printf '%s\n' 50000 $((TORTURE_SECONDS * 200)) $ids $(($(ulimit -u | sed s/unlimited/99999999/) * 9 / 10)) $(awk '/^MemAvailable/ { print int($2 / 400) }' /proc/meminfo) | least)
[ "$processes" -gt 100 ] || skipped "there is room for $processes processes only"
told=0
while left; do
	vm-sample --ebpf -f -O faults=none -- "$WORKLOADS/burst" live $processes </dev/null >raw 2>err
	status=$?
	[ $status = 0 ] || [ $status = 125 ] || failed "vm-sample of $processes processes ended with status $status: $(grep -v '^forked\|^ready' err | head -3)"
	made=$(sed -n 's/^forked //p' err)
	told=$(grep '"call":"mmap"' raw | grep -c '"length":12288')
	exits=$(grep -c '"call":"exit"' raw)
	unfollowed=$(awk '/"what":"processes"/ { sub(/.*"count":/, ""); n += $0 + 0 } END { print n + 0 }' raw)
	lost=$(awk '/"what":"events"/ { sub(/.*"count":/, ""); n += $0 + 0 } END { print n + 0 }' raw)
	# each child has one such call, and the loader of their parent at most a few
	[ $((told + lost + unfollowed)) -ge "$made" ] || failed "$made processes, $told told, $lost events and $unfollowed processes lost, $exits exits, $(tail -n 1 raw)"
	[ $((exits + unfollowed)) -eq $((made + 1)) ] || failed "$made processes, $exits exits told, $unfollowed processes not followed"
done
done_with "$processes processes at once, $rounds times"
