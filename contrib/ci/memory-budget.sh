#!/bin/sh
# Runs a command under a memory budget:  memory-budget.sh BUDGET.yaml REPORT.xml COMMAND [ARGUMENT...]
#
# The report is JUnit's (or TAP, if it is called .tap). The status is the command's if that failed, else 1 if a budget was
# broken or could not be judged, else 0. The recording stays beside the report, so that the picture can be drawn afterwards:
#   vm-track REPORT.ndjson.zst | vm-render --svg --view tree >picture.svg
# INTERVAL (100ms) says how often the processes are looked at; DETAIL=maps costs them less, and knows only sizes.
[ $# -ge 3 ] || {
	echo "usage: memory-budget.sh BUDGET.yaml REPORT.xml COMMAND [ARGUMENT...]" >&2
	exit 2
}
budget=$1 report=$2
shift 2
recording=${report%.*}.ndjson.zst

# A slip in the budget, or a report that cannot be written, is told before the command has run for its minutes.
slip=$(vm-track --budget "$budget" --report "$report" -o /dev/null /dev/null 2>&1)
if [ $? -gt 1 ] || [ ! -w "$report" ]; then
	echo "$slip" >&2
	exit 2
fi
status=$(mktemp) || exit 2
trap 'rm -f "$status"' EXIT

# A pipe has the status of its last program: that of the command goes through a file, and its output to standard error.
{
	vm-sample --follow -i "${INTERVAL:-100ms}" --detail "${DETAIL:-smaps}" -- "$@"
	echo $? >"$status"
} | vm-parse -o "$recording"

vm-track --budget "$budget" --report "$report" -o /dev/null "$recording"
judged=$?
failed=$(cat "$status")
[ "${failed:-1}" = 0 ] || exit "${failed:-1}"
exit $judged
