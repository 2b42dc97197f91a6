#!/bin/sh
# Four workloads, each call of theirs traced: what `make demo-ebpf` runs once all is built. It wants root.
#
#   contrib/demo-ebpf.sh BUILD     -> BUILD/demo/NAME.ndjson, NAME.timeline.svg, NAME.tree.svg; of a parent and its child also NAME.compare.svg
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

# Parent and child when the child has mapped something of its own, and has not yet executed another program.
beside() {
	child=$(sed -n 's/.*"call":"fork".*"child":\([0-9]*\).*/\1/p' "$to/$1.ndjson" | head -1)
	moment=$(sed -n "/\"pid\":$child,\"call\":\"mmap\"/s/.*\"t\":\([0-9.]*\).*/\1/p" "$to/$1.ndjson" | head -1)
	"$bin/vm-render" --svg --view compare --pid "$child" --at "$moment" -o "$to/$1.compare.svg" "$to/$1.ndjson"
	echo "  $to/$1.compare.svg"
}

# Half a breath before each step, so that the steps are wider than the loader's work before them.
one single_basic 5
one parent_child 0.02 5
beside parent_child
one one_parent_multi_child 5
one long_running 20 5
