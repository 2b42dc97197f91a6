# Counts of four traced workloads, compared with table 3 of a report on a visualizer of the kernel's mappings. Raw events and
# semantic changes are two numbers: an mmap is one change, and enters and leaves the kernel.

load helper

setup() {
	requires bpf
	requires cmd jq
	[ -e "$BUILD/lib/vmpipe/source/ebpf.so" ] || skip "the source ebpf is not built (clang, bpftool or libbpf-dev is missing)"
	cd "$BATS_TEST_TMPDIR"
}

# Counts the workload's own calls: of the first process between its marks, of a child before its exec, and lives that end after
# the first mark. Prints: mmap munmap brk fork exec exit, raw triggers, semantic changes, KiB mapped, processes.
counted() {
	vm-sample --ebpf -f --command-output out -- "$@" | vm-parse | vm-track >tracked.ndjson
	vm-check -q tracked.ndjson
	run ! grep '"what":"events"' tracked.ndjson
	jq -nr '
		[inputs | select(.type=="event" or .type=="change" or .type=="process")] as $all
		| [$all[] | select(.type=="event")] as $events
		| ($all | map(select(.type=="process"))[0].pid) as $root
		| [$events[] | select(.call=="madvise" and .addr=="0x0000000000000000") | .t] as [$from, $to]
		| ([$events[] | select(.call=="exec" and .t > $from)] | map({key: "\(.pid)", value: .t}) | from_entries) as $execs
		| def own: if .pid == $root then .t > $from and .t < $to else .t < ($execs["\(.pid)"] // 1e9) end;
		def memory: . == "mmap" or . == "munmap" or . == "brk";
		[$events[] | select((.call | memory) and own)] as $calls
		| def count(f): [f] | length;
		def calls($name): count($calls[] | select(.call==$name));
		def lives($name): count($events[] | select(.call==$name and .t > $from));
		[calls("mmap"), calls("munmap"), calls("brk"), lives("fork"), lives("exec"), lives("exit")] as $row
		| ([$all[] | select(.type=="change" and .t > $from and (.event=="EXIT" or .event=="FORK" or .event=="EXEC_REBUILD" or ((.cause.call // "" | memory) and own))) | .act] | unique | length) as $semantic
		| [($row | join(" ")), "raw \(2 * ($row[:3] | add) + ($row[3:] | add)) semantic \($semantic)",
			"\([$calls[] | select(.call=="mmap") | .length / 1024] | add) KiB of \([$all[] | select(.type=="process") | .pid] | unique | length)"] | join(", ")' tracked.ndjson
}

# row WORKLOAD... : ROW OF THE TABLE : RAW AND SEMANTIC, by how many they exceed that row
row() {
	local counts=$1 raw=$2 semantic=$3 rest=$4 more_raw=$5 more_semantic=$6
	shift 6
	local got wanted="$counts, raw $((raw + more_raw)) semantic $((semantic + more_semantic)), $rest"
	got=$(counted "$@")
	[ "$got" = "$wanted" ] || { printf 'counted: %s\n wanted: %s\n' "$got" "$wanted" >&2; return 1; }
}

# The columns: mmap munmap brk fork exec exit | raw | semantic | mapped, processes | raw and semantic events that the row does not count.
# Rows with one process list an exit, and count it neither as raw nor as semantic. Rows with several processes count every exit as
# raw, and one exit as semantic. Here each exit is one raw event and one semantic change.
@test "table 3, single_basic: one more raw event and change, the exit, which the row does not count" {
	row "1 1 1 0 0 1" 6 3 "96 KiB of 1" 1 1 "$WORKLOADS/single_basic"
}

@test "table 3, parent_child: raw events as in the table; the row counts one of two exits as semantic" {
	row "2 1 0 1 1 2" 10 6 "72 KiB of 2" 0 1 "$WORKLOADS/parent_child" 0
}

@test "table 3, one_parent_multi_child: raw events as in the table; the row counts one of four exits as semantic" {
	row "4 4 2 3 0 4" 27 14 "192 KiB of 4" 0 3 "$WORKLOADS/one_parent_multi_child"
}

@test "table 3, long_running: 150 rounds; one more raw event and change, the exit, which the row does not count" {
	row "150 150 75 0 0 1" 750 375 "4800 KiB of 1" 1 1 "$WORKLOADS/long_running" 150 0
}

@test "without exits every row has one semantic change for each call, fork and exec" {
	for workload in single_basic "parent_child 0" one_parent_multi_child "long_running 10 0"; do
		run counted "$WORKLOADS/"$workload
		[[ $output =~ ^([0-9]+)\ ([0-9]+)\ ([0-9]+)\ ([0-9]+)\ ([0-9]+)\ ([0-9]+),\ raw\ ([0-9]+)\ semantic\ ([0-9]+), ]]
		local n=("${BASH_REMATCH[@]:1}")
		[ "${n[7]}" = $((n[0] + n[1] + n[2] + n[3] + n[4] + n[5])) ]
		[ "${n[6]}" = $((n[7] + n[0] + n[1] + n[2])) ]
	done
}

@test "raw events and semantic changes are distinguished, and periodic samples miss short-lived mappings" {
	vm-sample --ebpf --command-output out -- "$WORKLOADS/long_running" 100 0 | vm-parse | vm-track >exact.ndjson
	vm-sample -i 5ms --detail maps --command-output out -- "$WORKLOADS/long_running" 100 0 | vm-parse | vm-track >polled.ndjson
	calls() { jq -c 'select(.type=="event" and (.call=="mmap" or .call=="munmap" or .call=="brk"))' "$1" | wc -l; }
	acts() { jq -s '[.[] | select(.type=="change") | .act] | unique | length' "$1"; }
	[ "$(calls polled.ndjson)" = 0 ]
	[ "$(calls exact.ndjson)" -gt 250 ]
	[ "$(acts exact.ndjson)" -gt 250 ]
	[ "$(acts polled.ndjson)" -lt "$(acts exact.ndjson)" ]
}

@test "the picture names each process on its band, and the demo's pictures can be drawn" {
	requires cmd rsvg-convert
	mkdir -p build && ln -s "$BUILD/bin" build/bin && ln -s "$WORKLOADS" build/workloads && ln -s "$BUILD/lib" build/lib
	run "$ROOT/contrib/demo-ebpf.sh" build
	[ "$status" = 0 ]
	for picture in {single_basic,parent_child,one_parent_multi_child,long_running}.{timeline,tree} parent_child.compare; do
		rsvg-convert "build/demo/$picture.svg" -o picture.png
	done
	for one in $(jq -r 'select(.type=="process") | .pid' build/demo/one_parent_multi_child.ndjson | sort -u); do
		grep -q "<text[^>]*>one_parent_mult ($one)</text>" build/demo/one_parent_multi_child.timeline.svg
	done
}
