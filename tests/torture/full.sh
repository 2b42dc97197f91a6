#!/bin/bash
# A disk that fills: every program says so once and fails, and what was written before can be read.
. "${0%/*}/common.bash"
needs root
mkdir disk
mount -t tmpfs -o size=64k torture disk 2>/dev/null || skipped "cannot mount a tmpfs"
workload still "$work"
vm-sample -p "$pid" -n 30 -i 1ms --detail smaps -o raw
vm-parse raw -o parsed
vm-track -k 1ns parsed -o tracked
disks=0

# full WHAT COMMAND...: the command must fail, and say why.
full() {
	local what=$1
	shift
	"$@" >out 2>err
	status=$?
	[ $status -ge 1 ] && [ $status -le 2 ] || failed "$what: status $status on a full disk"
	grep -q 'No space left' err || failed "$what says nothing of a full disk: $(<err)"
	[ "$(grep -c 'No space left' err)" = 1 ] || failed "$what says it more than once"
	disks=$((disks + 1))
}

while left; do
	rm -f disk/*
	head -c $((RANDOM % 60000 + 1)) /dev/zero >disk/other
	full vm-sample vm-sample -p "$pid" -i 1ms -d 200s --detail smaps -o disk/out
	vm-parse disk/out >read 2>err
	[ $? -le 1 ] || failed "what vm-sample wrote cannot be read"
	rm -f disk/out
	full vm-parse vm-parse raw raw raw raw raw -o disk/out
	rm -f disk/out
	full vm-track vm-track -k 1ns parsed parsed parsed -o disk/out
	rm -f disk/out
	full vm-replay vm-replay --speed max raw -o disk/out
	rm -f disk/out
	head -c 65536 /dev/zero >disk/other 2>/dev/null
	for renderer in ascii svg trace; do
		rm -f disk/out
		full "vm-render --$renderer" vm-render --$renderer tracked -o disk/out
		[ ! -e disk/out ] || failed "vm-render --$renderer leaves half a picture"
	done
	full vm-diff vm-diff raw raw -o disk/out
done
done_with "$disks full disks"
