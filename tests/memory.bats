#!/usr/bin/env bats
# Out of memory: whichever allocation fails, a program ends by itself, says so, or its output is complete.
# bats file_tags=steady
load helper
load allocations

setup_file() {
	[[ $(getconf GNU_LIBC_VERSION 2>/dev/null) == glibc* ]] || skip "needs the allocator of glibc"
	! grep -qE '__(asan|tsan)_init' "$BUILD/bin/vm-parse" || skip "the sanitizer has an allocator of its own"
	cd "$BATS_FILE_TMPDIR"
	"${CC:-cc}" -shared -fPIC -o short.so "$ROOT/tests/short_of_memory.c"
}

setup() {
	cd "$BATS_TEST_TMPDIR"
	SHORT=$BATS_FILE_TMPDIR
	life=$ROOT/tests/golden/life.track.ndjson
	parsed=$ROOT/tests/golden/life.parse.ndjson
}

text() { for i in $(seq 10 60); do echo "7f00000${i}000-7f00000${i}800 rw-p 00000000 00:00 $i   /tmp/file with $i"; done; }

@test "vm-parse: plain text, several texts with dates, raw lines with the cache of the last sample" {
	text >maps
	each_allocation vm-parse maps
	[ "$allocations" -gt 20 ]
	each_allocation vm-parse --every 1s maps maps
	workload still "$BATS_TEST_TMPDIR"
	vm-sample -p "$pid" -n 4 -i 0 --detail maps >raw
	each_allocation vm-parse raw
}

@test "vm-sample: one source, and several whose lines are put in order" {
	workload still "$BATS_TEST_TMPDIR"
	any_output=1
	each_allocation vm-sample -p "$pid" -n 2 -i 1ms
	each_allocation vm-sample -p "$pid" -n 2 -i 1ms -s procfs,system --redact
	each_allocation vm-sample -i 1ms -o out.zst -- true
}

@test "vm-track: an untracked stream, a tracked one, a budget with a report, times" {
	each_allocation vm-track "$parsed"
	[ "$allocations" -gt 100 ]
	each_allocation vm-track "$life"
	echo 'budgets: [{ what: rss, most: 1G, name: x }, { kind: heap, most: 1K }]' >b.yaml
	statuses="0 1" each_allocation vm-track -b b.yaml --report r.tap --timing t.csv "$parsed"
}

@test "vm-check and vm-replay: also from and into packed files" {
	each_allocation vm-check "$life"
	vm-replay --speed max "$life" -o life.zst
	vm-replay --speed max "$life" -o life.gz
	each_allocation vm-check life.zst
	each_allocation vm-check life.gz
	each_allocation vm-replay --speed max "$life"
	each_allocation vm-replay --speed max --from 300ms "$life"
	each_allocation vm-replay --speed max life.gz -o out.zst
}

@test "vm-diff: a wrong verdict is never given" {
	statuses="0 1"
	each_allocation vm-diff "$parsed" "$life"
	each_allocation vm-diff --entropy "$parsed" "$life"
	each_allocation vm-diff --fail-if 'heap.rss > +5%, total.size > 1' "$parsed" "$life"
	head -40 "$parsed" >other
	each_allocation vm-diff other "$life"
}

@test "vm-render: every view, and every renderer with boxes, series, tables and stacks" {
	local renderers=(ascii svg trace gnuplot) i=0
	for view in timeline map area table events tree summary cards diff explain stats pages compare aslr sites stacks; do
		each_allocation vm-render --view $view --${renderers[i++ % 4]} "$life"
	done
	for view in timeline area table tree; do
		for renderer in "${renderers[@]}"; do
			each_allocation vm-render --view $view --$renderer "$life"
		done
	done
	each_allocation vm-render --json "$life"
	[ ! -e "$BUILD/lib/vmpipe/render/html.so" ] || each_allocation vm-render --html "$life"
	each_allocation vm-render --table=pmap-x "$life"
	each_allocation vm-render --table=vmmap "$life"
	each_allocation vm-render --svg "$life" -o out-%p.svg
}

@test "vm-run: the plan, the copies of the stream, the recording" {
	any_output=1
	each_allocation vm-run --input "$life" --record out --svg --no-summary -o x.svg
	printf 'vm-run:\n  input: %s\n  render:\n    - { renderer: svg, output: y.svg }\n    - { view: table }\n' "$life" >run.yaml
	ALLOCATION_STEP=7 each_allocation vm-run run.yaml
	each_allocation vm-run run.yaml --dump-config
}

@test "a configuration, completions and the help" {
	echo 'vm-render: { view: map, kind: [heap, stack] }' >c.yaml
	each_allocation vm-render -c c.yaml "$life"
	echo 'kinds: [{ kind: model, name: "*.gguf", file: true }]' >k.yaml
	each_allocation vm-parse -c k.yaml "$parsed"
	any_output=1 each_allocation vm-render --list # a plugin that cannot be loaded is told in the list
	each_allocation vm-sample --complete bash
}
