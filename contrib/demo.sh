#!/bin/sh
# Records the life of a bundled workload and draws it, for `make demo`.
#
#   contrib/demo.sh BUILD     -> BUILD/demo/run.ndjson, timeline.svg, map.svg, area.svg
set -eu
build=$1
to=$build/demo
bin=$build/bin
mkdir -p "$to"

echo "Recording $build/workloads/lifecycle: about three seconds ..."
"$bin/vm-sample" -i 20ms -- "$build/workloads/lifecycle" | "$bin/vm-parse" | "$bin/vm-track" -o "$to/run.ndjson"
"$bin/vm-check" "$to/run.ndjson"
for view in timeline map area; do
	"$bin/vm-render" --svg --view $view -o "$to/$view.svg" "$to/run.ndjson"
done
"$bin/vm-render" --ascii --view timeline "$to/run.ndjson"
echo
echo "$to/run.ndjson     the recording, one JSON object on each line: jq . $to/run.ndjson | less"
for view in timeline map area; do echo "$to/$view.svg"; done
