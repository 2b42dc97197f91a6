#!/bin/bash
# Streams that no program would write, through every program, view and renderer: each ends by itself, and says what is wrong. With the sanitizers
# where `make SAN=1` has built the programs.
. "${0%/*}/common.bash"
needs /usr/bin/python3
if [ -x "$BUILD/san/bin/vm-run" ]; then PATH=$BUILD/san/bin:$PATH; fi
export UBSAN_OPTIONS=print_stacktrace=1 ASAN_OPTIONS=detect_leaks=0
ulimit -c 0
life=$ROOT/tests/golden/life.track.ndjson
views=(timeline map area table events tree summary cards diff explain stats pages compare aslr)
renderers=(ascii svg trace gnuplot json)
[ ! -e "$BUILD/lib/vmpipe/render/html.so" ] || renderers+=(html)
extra=("--by region" "--scale log" "--scale linear" "--at 1" "--from 1 --to 2" "--by event" "--measure pss" "--table=pmap-x" "--table=smaps" "--table=vmmap"
	"--table=pages" "--table=kinds" "--kind heap,stack" "--address 0-ffffffffffffffff" "--width 1 --height 1" "--width 100000 --height 3" "--pid 7")

# ends COMMAND...: within 20 s of CPU, with one of our statuses, and no report of a sanitizer.
ends() {
	(ulimit -t 60; exec "$@") >out 2>err
	local status=$?
	[ $status -le 2 ] || failed "seed $seed ($form): $*: status $status: $(tail -c 1500 err)"
	! grep -q 'runtime error:\|ERROR: AddressSanitizer' err || failed "seed $seed ($form): $*: $(tail -c 1500 err)"
	runs=$((runs + 1))
}

runs=0 seed=$((TORTURE_SEED * 1000))
while left; do
	seed=$((seed + 1))
	for form in raw parsed tracked; do
		/usr/bin/python3 -I "$ROOT/tests/torture/generate.py" $seed $form >stream || failed "seed $seed: no stream"
		ends vm-parse stream
		cp out parsed
		ends vm-track parsed
		cp out tracked
		ends vm-check tracked
		ends vm-replay --speed max stream
		ends vm-replay --speed max --from 1 --to 5 tracked
		ends vm-diff stream "$life"
		ends vm-diff "$life" tracked
		ends vm-diff --entropy stream tracked "$life"
		# Each view once, with a renderer and an option that change.
		for i in "${!views[@]}"; do
			input=$([ $((RANDOM % 2)) = 0 ] && echo stream || echo tracked)
			ends vm-render --view ${views[i]} --${renderers[RANDOM % ${#renderers[@]}]} $input
		done
		ends vm-render ${extra[RANDOM % ${#extra[@]}]} --${renderers[RANDOM % ${#renderers[@]}]} tracked
		((SECONDS < TORTURE_SECONDS || rounds == 1)) || break
	done
done
done_with "$runs runs$([[ $PATH == "$BUILD/san"* ]] && echo ' with the sanitizers')"
