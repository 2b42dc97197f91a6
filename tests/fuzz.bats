# Whatever comes in: a fixed number of random inputs for each reader, under the sanitizers. `make fuzz` goes on for hours.
load helper

setup_file() {
	make -s -C "$ROOT" BUILD="${FUZZ_BUILD:-$BUILD}" fuzzers >&2
}

# fuzz NAME ROUNDS SEED-FILE...
fuzz() {
	local name=$1 rounds=$2
	shift 2
	run "$BUILD/fuzz/target/$name" "$rounds" 1 "${@/#/$ROOT/tests/fuzz/seeds/}"
	[ "$status" -eq 0 ] && [[ $output == *" inputs" ]] || { tail -40 <<<"$output"; return 1; }
}

@test "no line harms the reader, and what it reads is written and read the same" { fuzz reader 10000 stream.ndjson; }
@test "no text harms the parsers of maps, smaps and smaps_rollup" { fuzz procfs 9000 maps.txt smaps.txt rollup.txt; }
@test "no YAML harms a program, and each refusal names the file" { fuzz config 1500 config.yaml; }
@test "no stream harms the state, the model or a view" { fuzz stream 300 stream.ndjson; }
