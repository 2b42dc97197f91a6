#!/bin/bash
# Each allocation of each program fails in turn: no crash, no loop, no output that lacks something in silence.
. "${0%/*}/common.bash"
. "$ROOT/tests/allocations.bash"
SHORT=$work
preload short_of_memory.c short.so
ulimit -c 0
life=$ROOT/tests/golden/life.track.ndjson parsed=$ROOT/tests/golden/life.parse.ndjson raw=$ROOT/tests/golden/life.raw.ndjson
echo 'budgets: [{ what: rss, most: 1G, name: x }, { kind: heap, most: 1K }]' >b.yaml
vm-replay --speed max "$life" -o life.zst
workload still "$work"
vm-sample -p "$pid" -n 3 -i 1ms --detail pages -o pages.raw 2>/dev/null
vm-parse pages.raw -q | vm-track >pages
vm-parse pages.raw -q >pages.parsed

renderers=(ascii svg trace gnuplot json)
[ ! -e "$BUILD/lib/vmpipe/render/html.so" ] || renderers+=(html)

# The commands, one a line; the word before it says which statuses are well, and ~ that the output may differ.
commands() {
	local view renderer
	for view in timeline map area table events tree summary cards diff explain stats pages compare aslr; do
		for renderer in "${renderers[@]}"; do
			echo "0 vm-render --view $view --$renderer $life"
			echo "0 vm-render --view $view --$renderer pages"
		done
	done
	for preset in pmap pmap-x pmap-X smaps vmmap free kinds pages numa; do echo "0,2 vm-render --table=$preset pages"; done
	for text in "$ROOT"/tests/texts/*.txt "$raw" pages.raw; do echo "0,1 vm-parse $text"; done
	echo "0 vm-track $parsed"
	echo "0 vm-track pages.parsed"
	echo "0,1 vm-track -b b.yaml --report r.xml --timing t $parsed"
	echo "0 vm-check $life"
	echo "0 vm-check life.zst"
	echo "0 vm-replay --speed max --from 1 life.zst -o out.gz"
	echo "0,1 vm-diff $parsed pages"
	echo "0,1 vm-diff --entropy $parsed pages $life"
	echo "~0 vm-run --input $life --record out.zst --svg -o x.svg"
	echo "~0 vm-sample -p $pid -n 2 -i 1ms --detail pages -s procfs,system --redact"
	echo "~0 vm-sample -f -i 1ms -o out.zst -- true"
}

mapfile -t all < <(commands | shuf --random-source=<(yes "$TORTURE_SEED"))
count=0
while left; do
	command=${all[count % ${#all[@]}]}
	statuses=${command%% *} any_output=
	[[ $statuses == '~'* ]] && any_output=1 statuses=${statuses#\~}
	statuses=${statuses//,/ }
	# In a short run a part of the allocations, from a random one on.
	[ "$TORTURE_SECONDS" -gt 60 ] || { FIRST_ALLOCATION=$((RANDOM % 7 + 1)) ALLOCATION_STEP=7; }
	said=$(each_allocation ${command#* }) || failed "$said"
	count=$((count + 1))
done
done_with "$count commands, each allocation failed in turn"
