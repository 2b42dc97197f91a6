#!/bin/sh
# Traces each call of four workloads and draws them, for `make demo-ebpf`. Needs root.
#
#   contrib/demo-ebpf.sh BUILD     -> BUILD/demo/NAME.ndjson, NAME.timeline.svg, NAME.tree.svg; for a parent and its child also NAME.compare.svg
set -eu
build=$1
to=$build/demo
bin=$build/bin
mkdir -p "$to"

one() {
	name=$1
	shift
	"$bin/vm-sample" --ebpf -f --command-output /dev/null -- "$build/workloads/$name" "$@" | "$bin/vm-parse" | "$bin/vm-track" -o "$to/$name.ndjson"
	echo "$name: $(grep -c '"type":"event"' "$to/$name.ndjson") raw events; $("$bin/vm-check" "$to/$name.ndjson")"
	for view in timeline tree; do "$bin/vm-render" --svg --view $view -o "$to/$name.$view.svg" "$to/$name.ndjson"; done
	echo "  $to/$name.timeline.svg  $to/$name.tree.svg"
}

# Draws parent and child after the child's first mapping, and before it executes another program.
beside() {
	child=$(sed -n 's/.*"call":"fork".*"child":\([0-9]*\).*/\1/p' "$to/$1.ndjson" | head -1)
	moment=$(sed -n "/\"pid\":$child,\"call\":\"mmap\"/s/.*\"t\":\([0-9.]*\).*/\1/p" "$to/$1.ndjson" | head -1)
	"$bin/vm-render" --svg --view compare --pid "$child" --at "$moment" -o "$to/$1.compare.svg" "$to/$1.ndjson"
	echo "  $to/$1.compare.svg"
}

# A short pause before each step: the steps are then wider in the picture than the loader's work before them.
one single_basic 5
one parent_child 0.02 5
beside parent_child
one one_parent_multi_child 5
one long_running 20 5
