# The schemas are the public interface: every line of a program is valid, and the schemas refuse invalid lines.
load helper

@test "every line that vm-sample writes is valid" {
	requires program vm-sample
	vm-sample -i 10ms -d 200ms -- "$WORKLOADS/lifecycle" 5 >"$BATS_TEST_TMPDIR/s"
	run valid_stream <"$BATS_TEST_TMPDIR/s"
	echo "$output"
	[ "$status" = 0 ]
}

@test "every line that vm-parse writes is valid, for names with any bytes too" {
	requires program vm-sample vm-parse
	mkdir "$BATS_TEST_TMPDIR/names"
	workload still "$BATS_TEST_TMPDIR/names"
	vm-sample -p "$pid" -n 1 | vm-parse >"$BATS_TEST_TMPDIR/s"
	grep -q '"name_raw":' "$BATS_TEST_TMPDIR/s"
	run valid_stream <"$BATS_TEST_TMPDIR/s"
	echo "$output"
	[ "$status" = 0 ]
}

@test "every line that vm-parse writes for plain text is valid" {
	requires program vm-parse
	workload many 50
	cat "/proc/$pid/smaps" >"$BATS_TEST_TMPDIR/text"
	vm-parse "$BATS_TEST_TMPDIR/text" >"$BATS_TEST_TMPDIR/s"
	run valid_stream <"$BATS_TEST_TMPDIR/s"
	echo "$output"
	[ "$status" = 0 ]
}

@test "every line that vm-track writes is valid" {
	requires program vm-sample vm-parse vm-track
	vm-sample -i 5ms -- "$WORKLOADS/lifecycle" 8 | vm-parse | vm-track >"$BATS_TEST_TMPDIR/s"
	grep -q '"type":"change"' "$BATS_TEST_TMPDIR/s"
	run valid_stream <"$BATS_TEST_TMPDIR/s"
	echo "$output"
	[ "$status" = 0 ]
}

@test "the captured example stream is valid" {
	requires samples
	[ -f "$SAMPLES/../example.ndjson" ] || skip "needs example.ndjson beside the samples"
	run valid_stream <"$SAMPLES/../example.ndjson"
	echo "$output"
	[ "$status" = 0 ]
}

refused() { # LINE, text of the verdict
	run valid_stream <<<"$1"
	echo "$output"
	[ "$status" = 1 ]
	[[ $output == *"line 1: "*"$2"* ]]
}

@test "the schemas refuse a short address, a null, an unknown event, a late type, a second member" {
	refused '{"type":"faults","t":0,"pid":1,"start":"0x1000"}' "start: '0x1000' does not match"
	refused '{"type":"mark","t":0,"text":"a","more":null}' "more: None should not be valid"
	refused '{"type":"change","t":0,"pid":1,"event":"GROW","act":1,"id":1,"start":"0x0000000000001000","end":"0x0000000000002000","size":4096}' "'GROW' is not one of"
	refused '{"t":0,"type":"mark","text":"a"}' "must come first"
	refused '{"type":"mark","t":0,"text":"a","text":"b"}' "given twice"
	refused '{"type":"event","t":0,"pid":1,"call":"mmap","error":"ENOMEM","result":"0x0000000000000000"}' "should not be valid"
	refused '{"type":"mood","t":0}' "no schema for type 'mood'"
}

@test "a type unknown to the schemas passes if permitted" {
	run valid_stream --unknown <<<'{"type":"mood","t":0}'
	[ "$status" = 0 ]
}

@test "the schema of the YAML has exactly the options of the programs" {
	common='config|output|option|quiet|verbose|list|help|version'
	for program in vm-sample vm-parse vm-track vm-check vm-diff vm-render vm-replay vm-run; do
		[ -x "$BUILD/bin/$program" ] || continue
		"$program" --help | sed -n 's/^  \(-., \|    \)--\([a-z-]*\).*/\2/p' |
			grep -vxE "$common" | sort >"$BATS_TEST_TMPDIR/has" || true
		jq -r --arg p "$program" '.properties[$p].properties | keys[]' "$ROOT/schemas/config.schema.json" >"$BATS_TEST_TMPDIR/keys"
		[ "$(grep -cxE 'output|option|quiet|verbose' "$BATS_TEST_TMPDIR/keys")" = 4 ]
		grep -vxE "$common|command|stages|render" "$BATS_TEST_TMPDIR/keys" | sort >"$BATS_TEST_TMPDIR/told" || true
		echo "$program"
		diff "$BATS_TEST_TMPDIR/has" "$BATS_TEST_TMPDIR/told"
	done
}

@test "the schema of the configuration accepts every word of --detail" {
	for program in vm-sample vm-run; do
		for word in $("$program" --help | sed -nE 's/.*--detail ([a-z|]+).*/\1/p' | tr '|' ' '); do
			jq -e --arg p "$program" --arg word "$word" '.properties[$p].properties.detail.enum | index($word) != null' "$ROOT/schemas/config.schema.json" >/dev/null ||
				{ echo "$program: detail: $word"; false; }
		done
	done
}
