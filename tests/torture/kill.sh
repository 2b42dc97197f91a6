#!/bin/bash
# kill -9 of a writer at a random moment: what was recorded up to there stays under its name, and is read to its last whole line.
. "${0%/*}/common.bash"
needs zstd gzip
workload still "$work"

# The programs that write a stream, and what they read. The input flows slowly enough to be cut at any place.
vm-sample -p "$pid" -n 40 -i 1ms --detail maps -o raw
vm-parse raw -o parsed
[ -s parsed ] || failed "no recording to begin with"

# write PROGRAM NAME: one of the stages, writing a recording of that name.
write() {
	case $1 in
	vm-sample) exec vm-sample -p "$pid" -i 1ms --detail maps -o "$2" ;;
	vm-parse) exec vm-parse -o "$2" <(while cat raw; do :; done) ;;
	vm-track) exec vm-track -k 1ms -o "$2" <(while cat parsed; do :; done) ;;
	vm-replay) exec vm-replay --speed 1 -o "$2" parsed parsed parsed parsed parsed ;;
	esac
}

kills=0
while left; do
	for program in vm-sample vm-parse vm-track vm-replay; do
		for suffix in "" .zst .gz; do
			rm -f run*
			write $program "run$suffix" 2>/dev/null &
			writer=$!
			# The moment: some time after the name is there, which is at the first byte.
			for ((i = 0; i < 20000; i++)); do [ -s "run$suffix" ] && break; sleep 0.005; done
			[ -s "run$suffix" ] || failed "$program never wrote run$suffix"
			sleep "0.0$((RANDOM % 90 + 10))"
			kill -KILL $writer 2>/dev/null
			wait $writer 2>/dev/null
			kills=$((kills + 1))
			compgen -G 'run*.*.*' >/dev/null && failed "$program left another file: $(echo run*)"
			vm-parse -q "run$suffix" >read 2>err
			[ $? -le 1 ] || failed "$program, run$suffix: status of the reader; $(head -1 err)"
			grep -q '"type":"\(raw\|region\)"' read || [ "$(wc -l <read)" -ge 1 ] || failed "$program: nothing of run$suffix can be read: $(head -1 err)"
			# At most the last line is cut, and only of a plain recording.
			bad=$(grep -c 'line skipped' err)
			[ "$bad" -le $([ -z "$suffix" ] && echo 1 || echo 0) ] || failed "$program, run$suffix: $bad bad lines: $(head -2 err)"
		done
	done
done
done_with "$kills kills"
