# Fails each allocation of a program in turn. Needs short.so, built from tests/short_of_memory.c, in the folder $SHORT.

lines() { grep -av '"type":"st\(age\|ream\)"'; } # without what tells memory and time

# each_allocation PROGRAM ARGUMENT...: runs it with the first allocation that fails, with the second, ... until none is left. It may fail with a
# message, or its output is complete. A crash, a loop of 60 s, a failure or a lost line in silence is told, and the status is 1.
# statuses="0 1": the statuses of a run that was well; any_output=1: its output may differ.
each_allocation() {
	local n status left=${ALLOCATIONS:-100000}
	"$@" 2>/dev/null | lines >expected || true
	for ((n = ${FIRST_ALLOCATION:-1}; left > 0; n += ${ALLOCATION_STEP:-1}, left--)); do
		: >reached
		status=0
		(
			ulimit -t 60
			export FAIL_AT=$n LD_PRELOAD=$SHORT/short.so
			exec "$@"
		) >out 2>err 9>reached || status=$?
		[ -s reached ] || break
		case " ${statuses:-0} " in
		*" $status "*)
			[ -n "${any_output:-}" ] || [ -s err ] || lines <out | cmp -s - expected || { echo "$*: allocation $n: the output lacks something in silence"; return 1; }
			;;
		*)
			[ $status -le 2 ] || [ $status = 125 ] || { echo "$*: allocation $n: status $status: $(<err)"; return 1; }
			[ -s err ] || { echo "$*: allocation $n: status $status in silence"; return 1; }
			;;
		esac
	done
	allocations=$n
}
