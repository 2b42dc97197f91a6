#!/usr/bin/env bats
# Input without end: memory is bounded, a message is given once, and the work grows with the bytes.
# bats file_tags=steady
load helper

setup() {
	cd "$BATS_TEST_TMPDIR"
	! grep -qE '__(asan|tsan)_init' "$BUILD/bin/vm-parse" || skip "the sanitizer takes addresses without bound"
}

# bounded COMMAND...: runs it with 192 MiB of addresses; the status is 1, and one message on stderr says $why.
bounded() {
	run --separate-stderr bash -c 'ulimit -v 196608; exec "$@"' bounded "$@"
	[ "$status" -eq "${want:-1}" ] && [ "${#stderr_lines[@]}" -le 2 ] && [ "$(grep -c "$why" <<<"$stderr")" = 1 ] || { echo "$*: status $status: $stderr"; return 1; }
}

@test "a line of 512 MiB is skipped by every reader of lines, and as text" {
	line() { head -c 512M /dev/zero | tr '\0' x; }
	why="longer than 1 MiB"
	mkfifo in
	for program in vm-track vm-check "vm-replay --speed max" vm-render vm-parse; do
		line >in 2>/dev/null 3>&- &
		bounded $program in
	done
	want=2
	line >in 2>/dev/null 3>&- &
	bounded vm-diff in "$ROOT/tests/golden/life.track.ndjson"
}

@test "long lines within a text are told with the number of the first, and the rest is read" {
	{ cat /proc/self/maps; head -c 3M /dev/zero | tr '\0' x; echo; head -c 2M /dev/zero; echo; cat /proc/self/maps; } >text
	run --separate-stderr vm-parse text
	[ "$status" -eq 1 ]
	lines=$(($(grep -an xxxxx text | cut -d: -f1)))
	[ "$stderr" = "vm-parse: text:$lines: 2 lines, of which this is the first, are longer than 1 MiB; line skipped" ]
	[ "$(grep -c '"type":"snapshot"' <<<"$output")" = 2 ]
	[ "$(grep -c '"type":"lost"' <<<"$output")" = 1 ]
	[ "$(jq -r 'select(.type == "stage").skipped' <<<"$output")" = 2 ]
	# A line of just 1 MiB is none of them.
	{ cat /proc/self/maps; head -c 1048576 /dev/zero | tr '\0' x; echo; } >text
	run --separate-stderr vm-parse text
	[[ $stderr != *longer* ]]
}

@test "a packed bomb: gigabytes of one line, and of lines, in a few kilobytes" {
	requires cmd zstd gzip
	head -c 2G /dev/zero | zstd -q -o line.zst
	head -c 300M /dev/zero | gzip -9 >line.gz
	yes '7f' | head -c 300M | zstd -q -o text.zst
	yes ' ' | head -c 100M | zstd -q -o blank.zst
	why="longer than 1 MiB"
	for program in vm-track vm-check vm-parse; do
		bounded $program line.zst
		bounded $program line.gz
	done
	why="larger than 256 MiB"
	run --separate-stderr bash -c 'ulimit -v 1048576; exec vm-parse text.zst'
	[ "$status" -eq 1 ]
	[[ $stderr == "vm-parse: text.zst is larger than 256 MiB" ]]
	run --separate-stderr bash -c 'ulimit -v 196608; exec vm-track blank.zst'
	[ "$status" -eq 0 ]
}

@test "a hundred thousand processes in vm-parse, also such whose threads come without regions" {
	pids() {
		seq "$1" | awk '{ printf "{\"type\":\"raw\",\"t\":%d.0,\"pid\":%d,\"seq\":0,\"source\":\"procfs\",\"format\":\"linux-maps\",\"text\":\"00400000-00401000 r-xp 00000000 08:01 5 /bin/x\\n\"}\n", $1 / 1000, $1 }'
	}
	threads() {
		seq "$1" | awk '{ printf "{\"type\":\"raw\",\"t\":%d.0,\"pid\":%d,\"seq\":0,\"source\":\"procfs\",\"format\":\"linux-threads\",\"text\":\"%d 0x7f0000001000 0x7f0000002000 name\\n\"}\n", $1 / 1000, $1, $1 }'
	}
	first='{"type":"stream","t":0,"version":1,"program":"x","sources":["procfs"],"began":"2026-01-01T00:00:00Z"}'
	run bash -c "ulimit -v 65536; set -o pipefail; { echo '$first'; $(declare -f pids); pids 100000; } | vm-parse -q | grep -c '\"type\":\"region\"'"
	[ "$output" = 100000 ]
	run bash -c "ulimit -v 65536; set -o pipefail; { echo '$first'; $(declare -f threads); threads 100000; } | vm-parse -q 2>&1 | grep -c 'out of memory'"
	[ "$output" = 0 ]
}

@test "a view keeps little of a process that has ended: its regions, sums and spans are given back" {
	# peak N COMMAND...: KiB that it takes at most for N processes of 10 regions, one after the other.
	peak() {
		python3 -I "$ROOT/tests/bench/grow.py" tracked "$1" >"lives.$1"
		python3 -I -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "${@:2}" "lives.$1"
	}
	local view few many most=3000 # KiB for 4000 processes more: of the process that a view shows it keeps all
	for view in map area cards table stats explain also timeline tree "area --by process" "table --by process"; do
		[ "$view" != also ] || { most=9000; continue; }
		few=$(peak 1000 vm-render --view $view) many=$(peak 5000 vm-render --view $view)
		[ $((many - few)) -lt $most ] || { echo "$view: $few KiB, $many KiB"; return 1; }
	done
}

@test "regions of one snapshot that overlap in many ways harm nothing, and are reported" {
	run --separate-stderr -0 vm-track "$ROOT/tests/fuzz/seeds/overlaps.ndjson"
	[[ $stderr == *"regions of one snapshot overlap"* ]]
	[ "$(jq -c 'select(.type == "end")' <<<"$output" | wc -l)" = 1 ]
}
