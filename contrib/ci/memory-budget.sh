#!/bin/sh
# Runs a command with a memory budget:  memory-budget.sh BUDGET.yaml REPORT.xml COMMAND [ARGUMENT...]
#
# The report is JUnit XML, or TAP if its name ends in .tap. The exit status is the command's if the command failed. Otherwise
# it is 1 if a budget was broken or could not be judged, else 0. The recording stays beside the report, for a picture:
#   vm-track REPORT.ndjson.zst | vm-render --svg --view tree >picture.svg
# INTERVAL (100ms) is the time between samples. DETAIL=maps costs the processes less, and measures only sizes.
[ $# -ge 3 ] || {
	echo "usage: memory-budget.sh BUDGET.yaml REPORT.xml COMMAND [ARGUMENT...]" >&2
	exit 2
}
budget=$1 report=$2
shift 2
recording=${report%.*}.ndjson.zst

# Reports an error in the budget file, or an unwritable report, before the command runs.
slip=$(vm-track --budget "$budget" --report "$report" -o /dev/null /dev/null 2>&1)
if [ $? -gt 1 ] || [ ! -w "$report" ]; then
	echo "$slip" >&2
	exit 2
fi
status=$(mktemp) || exit 2
trap 'rm -f "$status"' EXIT

# A pipe has the status of its last program: the command's status goes through a file, and its output to standard error.
{
	vm-sample --follow -i "${INTERVAL:-100ms}" --detail "${DETAIL:-smaps}" -- "$@"
	echo $? >"$status"
} | vm-parse -o "$recording"

vm-track --budget "$budget" --report "$report" -o /dev/null "$recording"
judged=$?
failed=$(cat "$status")
[ "${failed:-1}" = 0 ] || exit "${failed:-1}"
exit $judged
