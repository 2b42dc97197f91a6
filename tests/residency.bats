#!/usr/bin/env bats
# --detail rss equals smaps in its measures, at a fraction of the cost; reading never stops a process for more than its share.
load helper

# regions DETAIL OPTION...: prints start, end and the common measures of the process $pid, a region on each line
regions() {
	local detail=$1
	shift
	vm-sample -p "$pid" -n 1 --detail "$detail" "$@" | vm-parse |
		jq -c 'select(.type == "region") | [.start, .end, .perms, .name, .kind, .rss, .anonymous, .huge]'
}

scans() { # does this kernel have PAGEMAP_SCAN?
	vm-sample --detail rss -n 1 -p "$pid" 2>&1 >/dev/null | grep -q PAGEMAP_SCAN && skip "needs PAGEMAP_SCAN (Linux 6.7)"
	return 0
}

@test "detail rss gives every region the measures of smaps, whatever its pages" {
	workload resident "$BUILD/bin/vm-sample"
	scans
	regions rss >"$BATS_TEST_TMPDIR/rss"
	regions smaps >"$BATS_TEST_TMPDIR/smaps"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/rss")" -gt 30 ]
	diff "$BATS_TEST_TMPDIR/rss" "$BATS_TEST_TMPDIR/smaps"
}

@test "a thousand regions, more than one scan returns, have each its own residency" {
	workload many 3000
	scans
	diff <(regions rss) <(regions smaps)
}

@test "detail rss is recorded as plain text, which can be parsed again, also without the stream" {
	workload resident "$BUILD/bin/vm-sample"
	scans
	vm-sample -p "$pid" -n 1 --detail rss -o "$BATS_TEST_TMPDIR/a.ndjson"
	[ "$(jq -r 'select(.type == "raw") | .format' "$BATS_TEST_TMPDIR/a.ndjson" | tail -1)" = linux-rss ]
	jq -j 'select(.format == "linux-rss") | .text' "$BATS_TEST_TMPDIR/a.ndjson" >"$BATS_TEST_TMPDIR/text"
	diff <(grep '^[0-9a-f]' "$BATS_TEST_TMPDIR/text") "/proc/$pid/maps"
	members='select(.type == "region") | [.start, .rss, .swap]' # not the kind: the text alone has no threads
	diff <(vm-parse "$BATS_TEST_TMPDIR/a.ndjson" | jq -c "$members") <(vm-parse "$BATS_TEST_TMPDIR/text" | jq -c "$members")
}

@test "swap is left out for regions that may contain shared memory" {
	workload resident "$BUILD/bin/vm-sample"
	scans
	run --separate-stderr bash -c "vm-sample -p $pid -n 1 --detail rss | vm-parse | jq -c 'select(.type == \"region\" and .perms == \"rw-s\") | has(\"swap\")'"
	[ "$(sort -u <<<"$output")" = false ]
	run --separate-stderr bash -c "vm-sample -p $pid -n 1 --detail rss | vm-parse | jq -c 'select(.name == \"[stack]\") | has(\"swap\")'"
	[ "$output" = true ]
}

@test "if the kernel cannot scan page tables, smaps is read instead" {
	workload many 10
	run --separate-stderr vm-sample -p "$pid" -n 1 --detail rss -O residency=smaps
	[ "$status" -eq 0 ]
	[ "$(jq -r 'select(.type == "raw") | .format' <<<"$output" | tail -1)" = linux-smaps ]
}

@test "an unchanged process is reported as same under detail rss, and an exec and an exit are reported" {
	workload many 10
	run --separate-stderr vm-sample -p "$pid" -n 3 -i 1ms --detail rss -O share=100
	[ "$(jq -c 'select(.type == "sample") | .same' <<<"$output" | tr '\n' ' ')" = "null true true " ]
	step_start
	vm-sample -p "$pid" -i 1ms --detail rss >"$BATS_TEST_TMPDIR/out" 3>&- &
	sampler=$!
	until_true grep -q '"sample"' "$BATS_TEST_TMPDIR/out"
	step exec
	until_true grep -q '"why":"exec"' "$BATS_TEST_TMPDIR/out"
	step exit 0 || true
	wait "$sampler"
	[ "$(jq -r 'select(.type == "event") | .call' "$BATS_TEST_TMPDIR/out")" = exit ]
}

@test "an unknown detail is refused with the known details" {
	run --separate-stderr vm-sample -p $$ -n 1 --detail page
	[ "$status" -eq 2 ]
	[[ $stderr == *maps*rss*smaps*pages* ]]
}

@test "samples that would stop a process for more than its share are skipped, counted and reported" {
	workload many 1000 1
	for detail in smaps rss pages; do
		run --separate-stderr vm-sample -p "$pid" -n 2 -i 1ms --detail $detail -O share=1
		[ "$status" -eq 0 ]
		[ "$(jq -c 'select(.type == "sample") | .seq' <<<"$output" | tr '\n' ' ')" = "0 1 " ]
		lost=$(jq -c 'select(.type == "lost" and (.why | contains("share")))' <<<"$output")
		[ "$(jq -r .what <<<"$lost")" = samples ]
		[ "$(jq -r .count <<<"$lost")" -gt 2 ]
		[[ $(jq -r .why <<<"$lost") == *"more than 1 % of its time"* ]]
	done
	valid_stream <<<"$output"
}

@test "maps stops no process, and with a share of 100 no sample is skipped" {
	workload many 1000 1
	for options in "--detail maps -O share=1" "--detail smaps -O share=100"; do
		run --separate-stderr vm-sample -p "$pid" -n 2 -i 1ms $options
		[ "$(jq -c 'select(.type == "lost" and (.why | contains("share")))' <<<"$output")" = "" ]
	done
}

@test "of two processes only the expensive one is spared" {
	workload many 1000 1
	long=$pid
	workload many 4 1
	run --separate-stderr vm-sample -p "$long,$pid" -n 30 -i 5ms -O share=1
	[ "$status" -eq 0 ]
	seen() { jq -c "select(.type == \"sample\" and .pid == $1)" <<<"$output" | wc -l; }
	[ "$(seen "$long")" -lt "$(seen "$pid")" ]
	[ "$(jq -c "select(.type == \"lost\" and .pid == $long and (.why | contains(\"share\"))) | .what" <<<"$output" | sort -u)" = '"samples"' ]
}

@test "a process that ends while it is spared is reported to have ended at once" {
	background "$WORKLOADS/many" 3000 1
	vm-sample -p "$pid" -i 1ms -O share=1 -d 60s >"$BATS_TEST_TMPDIR/out" 3>&- &
	sampler=$!
	until_true grep -q '"sample"' "$BATS_TEST_TMPDIR/out"
	kill "$pid"
	wait "$sampler"
	[ "$(jq -r 'select(.type == "event") | .call' "$BATS_TEST_TMPDIR/out")" = exit ]
	[ "$(jq -r 'select(.type == "end") | .reason' "$BATS_TEST_TMPDIR/out")" = gone ]
}
