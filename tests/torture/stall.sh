#!/bin/bash
# A reader that stalls: the sampler waits without growing, skipped samples are told, and the stream ends well when the reader goes on.
. "${0%/*}/common.bash"
needs jq
workload still "$work"
stalls=0
while left; do
	mkfifo pipe.$stalls
	vm-sample -p "$pid" -i 1ms -d 400ms --detail smaps -o pipe.$stalls 2>err &
	sampler=$!
	exec {fd}<pipe.$stalls
	head -c 4096 <&$fd >out
	sleep "0.$((RANDOM % 8 + 2))"
	memory=$(awk '/^VmHWM/ { print $2 }' /proc/$sampler/status 2>/dev/null)
	cat <&$fd >>out
	exec {fd}<&-
	wait $sampler || failed "vm-sample ended with status $?: $(<err)"
	[ "${memory:-0}" -lt 65536 ] || failed "vm-sample grew to $memory kB while its reader stalled"
	jq -se 'last.type == "end"' out >/dev/null || failed "the stream has no end"
	vm-parse -q out | vm-track -q | vm-check -q || failed "the stream is not whole"
	stalls=$((stalls + 1))
done
done_with "$stalls stalls"
