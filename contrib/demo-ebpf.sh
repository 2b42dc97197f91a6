#!/bin/sh
# Four workloads, each call of theirs traced: what `make demo-ebpf` runs once all is built. It wants root.
#
#   contrib/demo-ebpf.sh BUILD     -> BUILD/demo/NAME.ndjson, NAME.timeline.svg, NAME.tree.svg
set -eu
build=$1
to=$build/demo
bin=$build/bin
mkdir -p "$to"

one() {
	name=$1
	shift
	"$bin/vm-sample" --ebpf -f -- "$build/workloads/$name" "$@" | "$bin/vm-parse" | "$bin/vm-track" -o "$to/$name.ndjson"
	"$bin/vm-check" -q "$to/$name.ndjson"
	for view in timeline tree; do "$bin/vm-render" --svg --view $view -o "$to/$name.$view.svg" "$to/$name.ndjson"; done
	echo "$name: $(grep -c '"type":"event"' "$to/$name.ndjson") calls, $(grep -c '"type":"change"' "$to/$name.ndjson") changes"
	echo "  $to/$name.timeline.svg  $to/$name.tree.svg"
}

one single_basic
one parent_child 0.2
one one_parent_multi_child
one long_running 20 50
