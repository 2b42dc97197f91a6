#!/usr/bin/env bats
# Streams of very many processes: the work for a line does not grow with their number.
load helper

# stream COUNT: each process with one region, which grows, and its end
stream() {
	awk -v n="$1" 'BEGIN {
		print "{\"type\":\"stream\",\"t\":0,\"version\":1,\"program\":\"awk\",\"sources\":[\"procfs\"],\"began\":\"2026-01-01T00:00:00Z\"}"
		for (look = 0; look < 2; look++) for (p = 1; p <= n; p++) {
			if (!look) printf "{\"type\":\"process\",\"t\":0,\"pid\":%d,\"why\":\"first\",\"ppid\":1,\"name\":\"x%d\"}\n", p, p
			printf "{\"type\":\"snapshot\",\"t\":%d,\"pid\":%d,\"seq\":%d,\"regions\":1}\n", look, p, look
			printf "{\"type\":\"region\",\"t\":%d,\"pid\":%d,\"seq\":%d,\"start\":\"0x1000\",\"end\":\"0x%d000\",\"perms\":\"rw-p\",\"kind\":\"heap\",\"name\":\"[heap]\"}\n", look, p, look, 3 + look
		}
		for (p = n; p > 0; p -= 2) printf "{\"type\":\"event\",\"t\":2,\"pid\":%d,\"call\":\"exit\"}\n", p
		for (p = 1; p < n; p += 2) printf "{\"type\":\"event\",\"t\":2,\"pid\":%d,\"call\":\"exit\"}\n", p
		print "{\"type\":\"end\",\"t\":3,\"reason\":\"exit\"}"
	}'
}

@test "thirty thousand processes come, grow and end in any order, each with its own regions" {
	stream 30000 | vm-track >"$BATS_TEST_TMPDIR/tracked"
	[ "$(grep -c '"event":"BRK_GROW"' "$BATS_TEST_TMPDIR/tracked")" -eq 30000 ]
	[ "$(grep -c '"event":"EXIT"' "$BATS_TEST_TMPDIR/tracked")" -eq 30000 ]
	run --separate-stderr vm-check "$BATS_TEST_TMPDIR/tracked"
	[ "$status" -eq 0 ]
	[[ $output == "ok: 30000 processes,"* ]]
}
