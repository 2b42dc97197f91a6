#!/bin/bash
# A storm of signals that interrupts system calls, and a clock of the day that steps by hours: nothing is lost, and nothing ends early.
. "${0%/*}/common.bash"
preload torture/storm.c storm.so
workload still "$work"
vm-sample -p "$pid" -n 20 -i 1ms --detail smaps -o raw
vm-parse raw -o parsed
vm-track parsed -o tracked
same() { grep -v '"type":"st\(age\|ream\)"' "$1"; }

storms=0
while left; do
	for STORM in signals clock; do
		export STORM
		with() { LD_PRELOAD=$work/storm.so "$@"; }
		cat raw | with vm-parse 2>err | cat >out || failed "$STORM: vm-parse: $(<err)"
		cmp -s <(same out) <(same parsed) || failed "$STORM: vm-parse lost something"
		cat parsed | with vm-track -o out.zst 2>err || failed "$STORM: vm-track: $(<err)"
		vm-check -q out.zst || failed "$STORM: what vm-track wrote is not whole"
		(head -c 3000 tracked; sleep 0.05; tail -c +3001 tracked) | with vm-check -q 2>err || failed "$STORM: vm-check: $(<err)"
		with vm-replay --speed 1 tracked -o out 2>err || failed "$STORM: vm-replay: $(<err)"
		cmp -s <(same out) <(same tracked) || failed "$STORM: vm-replay lost something"
		with vm-sample -p "$pid" -n 20 -i 2ms --detail maps -o out 2>err || failed "$STORM: vm-sample: $(<err)"
		tail -1 out | grep -q '"reason":"count"' || failed "$STORM: vm-sample ended early: $(tail -1 out)"
		[ "$(grep -c '"type":"sample"' out)" -ge 1 ] || failed "$STORM: no sample"
		vm-parse -q out | vm-track -q | vm-check -q || failed "$STORM: the recording is not whole"
		with vm-sample -i 5ms -o out -- sh -c 'sleep 0.1; exit 7' 2>err
		[ $? = 7 ] || failed "$STORM: the status of the command is lost: $(<err)"
		with vm-run -q -i 5ms --record out --svg -o x.svg -- sh -c 'sleep 0.1; exit 7' >summary 2>err
		[ $? = 7 ] || failed "$STORM: vm-run: the status of the command is lost: $(<err)"
		[ "$(tail -1 x.svg)" = "</svg>" ] || failed "$STORM: vm-run drew half a picture"
		storms=$((storms + 1))
	done
done
done_with "$storms storms"
