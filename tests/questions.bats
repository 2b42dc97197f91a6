#!/usr/bin/env bats
# The README's table "What people ask": each command runs as it stands there, with a process, a program and files of this test.
load helper

@test "each command of the README's table of questions gives an answer" {
	cd "$BATS_TEST_TMPDIR"
	name=asked$$ # nobody else's process has this name
	cp "$WORKLOADS/still" "$name"
	WORKLOADS=$PWD workload "$name" "$BATS_TEST_TMPDIR"
	printf '#!/bin/sh\nsleep 0.3\n' >prog
	chmod +x prog
	cp "$WORKLOADS/parent_child" server
	vm-sample -i 50ms -- ./prog 2>/dev/null | vm-parse | vm-track >tracked.ndjson
	cat /proc/self/smaps >smaps.txt
	for text in before after run1 run2 run3; do cat /proc/self/maps >$text.txt; done
	cp "$ROOT/tests/texts/vmmap.txt" vmmap.txt
	{ echo Hello,; pmap -x "$pid"; echo Thanks; } >letter.txt
	printf 'budgets:\n  - { most: 1G }\n' >budget.yaml
	count=0
	while IFS= read -r command; do
		count=$((count + 1))
		[[ $command == *cgroup:* ]] && command=${command/CGROUP/$(sed -n "s/^0:://p" /proc/self/cgroup)}
		[[ $command == *--ebpf* ]] && { [ "$(id -u)" != 0 ] || [ ! -r /sys/kernel/btf/vmlinux ] || [ ! -e "$BUILD/lib/vmpipe/source/ebpf.so" ]; } && continue
		[[ $command == *--html* && ! -e $BUILD/lib/vmpipe/render/html.so ]] && continue
		run bash -c "${command//-p 123/-p $pid}" </dev/null
		echo "$command: status $status"
		[ "$status" = 0 ] || { echo "$output"; false; }
		[[ $output != *"did you mean"* && $output != *"no such"* ]]
	done < <(sed -n '/^## What people ask/,/^## Uses/s/^| .* | `\(.*\)` |$/\1/p' "$ROOT/README.md" |
		sed 's/\\|/|/g; s/-i 1s -d 1m/-i 50ms -d 300ms/; s/-p postgres/-p '"$name"'/; s/-p cgroup:[^ ]*/-p cgroup:CGROUP/')
	[ "$count" -ge 40 ]
}
