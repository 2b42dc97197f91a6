# Random input: a fixed number of inputs for each reader, with the sanitizers. `make fuzz` runs for hours.
# bats file_tags=steady
load helper

setup_file() {
	env -u MAKEFLAGS make -s -C "$ROOT" BUILD="${FUZZ_BUILD:-${BUILD#"$ROOT"/}}" fuzzers >&2
}

# fuzz NAME ROUNDS SEED-FILE...
fuzz() {
	local name=$1 rounds=$2
	shift 2
	run "$BUILD/fuzz/target/$name" "$rounds" 1 "${@/#/$ROOT/tests/fuzz/seeds/}"
	[ "$status" -eq 0 ] && [[ $output == *" inputs" ]] || { tail -40 <<<"$output"; return 1; }
}

@test "no line harms the reader, and every accepted line survives writing and reading" { fuzz reader 10000 stream.ndjson; }
@test "no text harms the parsers of maps, smaps, smaps_rollup and pages" { fuzz procfs 9000 maps.txt smaps.txt rollup.txt pages.txt falling.txt; }
@test "no YAML harms a program, and each refusal names the file" { fuzz config 1500 config.yaml; }
@test "no stream harms the state, the model or a view" { fuzz stream 300 stream.ndjson vast.ndjson; }
@test "no report harms the parser of vmmap" { fuzz vmmap 4000 ../../texts/vmmap.txt; }
@test "no text harms the parser of pmap" { fuzz pmap 6000 ../../texts/pmap.txt ../../texts/pmap-X.txt; }
@test "no text harms the parsers of meminfo, free, vm_stat, top and footprint" {
	fuzz system 6000 ../../texts/meminfo.txt ../../texts/free.txt ../../texts/vm_stat.txt ../../texts/top.txt ../../texts/footprint.txt
}
@test "no text harms the parsers of numa_maps, gdb's mappings and other listings, and no log harms the parser of maps in logs" {
	fuzz numa 3000 ../../texts/numa_maps.txt
	fuzz gdb 3000 ../../texts/gdb.txt
	fuzz listing 4000 ../../texts/listing.txt
	fuzz procfs 3000 ../../texts/log.txt
}
@test "no text harms the parsers of sums and of logs of strace" {
	fuzz sums 4000 ../../texts/oom.txt ../../texts/status.txt
	fuzz strace 4000 ../../texts/strace.txt
}
@test "no text harms the parsers of what other tools record of the heap" {
	fuzz heaps 5500 ../../texts/{mtrace,ltrace,heaptrack,heaptrack-interpreted,massif,dhat,heap-profile,heap-profile-go,heap-profile-jemalloc,macos-heap,macos-leaks}.txt
}
@test "no bytes harm the parser of core files" {
	requires cmd gcore
	sleep 1000 3>&- & # small: a reserve of gigabytes would be dumped in full
	pid=$!
	started+=("$pid")
	until_true grep -qx sleep "/proc/$pid/comm"
	gcore -o "$BATS_TEST_TMPDIR/core" "$pid" >/dev/null 2>&1 || skip "gcore may not look at a process here"
	head -c 60000 "$BATS_TEST_TMPDIR/core.$pid" >"$BATS_TEST_TMPDIR/seed"
	run "$BUILD/fuzz/target/core" 4000 1 "$BATS_TEST_TMPDIR/seed"
	[ "$status" -eq 0 ] || { tail -40 <<<"$output"; return 1; }
}
