# The reader of lines: accepts all valid JSON and nothing else, with the same meaning as other readers.
load helper

reader() { "$BUILD/tests/reader_harness" "$@"; }

# Each line of a file as the value of a member.
wrapped() { sed 's/^/{"type":"x","v":/; s/$/}/' "$1"; }

@test "every valid value is read" {
	wrapped "$ROOT/tests/reader/valid.txt" | reader verdict | grep -n bad && return 1
	[ "$(wrapped "$ROOT/tests/reader/valid.txt" | reader verdict | grep -c '^ok$')" -eq "$(wc -l <"$ROOT/tests/reader/valid.txt")" ]
}

@test "every invalid value is refused, with the column of the error" {
	while IFS= read -r line; do
		got=$(printf '%s\n' "{\"type\":\"x\",\"v\":$line}" | reader verdict)
		[[ $got =~ ^bad\ [0-9]+:\ .+ ]] || { echo "$line -> $got"; return 1; }
	done <"$ROOT/tests/reader/invalid.txt"
}

@test "jq agrees on validity and meaning" {
	requires cmd jq
	wrapped "$ROOT/tests/reader/valid.txt" >"$BATS_TEST_TMPDIR/v"
	diff <(jq -cS . "$BATS_TEST_TMPDIR/v") <(reader echo <"$BATS_TEST_TMPDIR/v" | jq -cS .)
}

@test "node agrees on thousands of random documents, whole and broken" {
	requires cmd node
	for seed in 1 2 3 4; do
		node "$ROOT/tests/reader/oracle.js" make $seed 3000 >"$BATS_TEST_TMPDIR/lines"
		reader verdict <"$BATS_TEST_TMPDIR/lines" >"$BATS_TEST_TMPDIR/verdicts"
		reader echo <"$BATS_TEST_TMPDIR/lines" >"$BATS_TEST_TMPDIR/echo"
		node "$ROOT/tests/reader/oracle.js" judge "$BATS_TEST_TMPDIR/lines" "$BATS_TEST_TMPDIR/verdicts" "$BATS_TEST_TMPDIR/echo"
	done
}

@test "invalid UTF-8 is refused anywhere" {
	for bytes in '\200' '\300\200' '\340\200\200' '\355\240\200' '\364\220\200\200' '\377' '\303' '\342\202'; do
		got=$(printf '{"type":"x","v":"aaaaaaaaaaaa'"$bytes"'"}\n' | reader verdict)
		[[ $got == bad*UTF-8* ]] || { echo "$bytes -> $got"; return 1; }
	done
}

@test "of a repeated member the last one counts, as for jq" {
	line='{"type":"region","start":"0x1000","end":"0x2000","rss":1,"rss":4096,"x":1,"x":2,"type":"region"}'
	[ "$(reader region <<<"$line" | jq -c '[.rss, .x]')" = "$(jq -c '[.rss, .x]' <<<"$line")" ]
}

@test "a number may have any form of JSON" {
	for form in 4096 4096.0 4.096e3 40960e-1 4096.000 0.4096E4; do
		[ "$(reader region <<<"{\"type\":\"region\",\"t\":1.5e0,\"start\":\"0x1000\",\"end\":\"0x2000\",\"rss\":$form}" | jq -c '[.t, .rss]')" = '[1.5,4096]' ]
	done
}

@test "a measure must be a whole number from 0 up" {
	for form in -1 0.5 1e400 '"4096"' '[1]' true 4096.5; do
		[[ $(reader region <<<"{\"type\":\"region\",\"start\":\"0x1000\",\"end\":\"0x2000\",\"rss\":$form}") == bad* ]]
	done
}

@test "a null is no value" {
	[ "$(reader region <<<'{"type":"region","start":"0x1000","end":"0x2000","rss":null,"name":null}' | jq -c 'keys - ["type","t","seq","start","end","size"]')" = '[]' ]
}

@test "an address may be short or in capitals; the output has 16 digits" {
	[ "$(reader region <<<'{"type":"region","start":"0xABC000","end":"0xabd000"}' | jq -r '"\(.start) \(.end) \(.size)"')" = "0x0000000000abc000 0x0000000000abd000 4096" ]
	for bad in 4096 '"1000"' '"0x"' '"0x12345678901234567"' '"0xg"' '"-0x1"'; do
		[[ $(reader region <<<"{\"type\":\"region\",\"start\":$bad,\"end\":\"0xfffffffffffff\"}") == bad* ]]
	done
}

@test "members without a slot are written unchanged, after the known ones" {
	line='{"type":"region","odd\u0041":[1,{"a":null}],"t":0.5,"pid":7,"seq":3,"start":"0x0000000000001000","end":"0x0000000000002000","size":4096,"zz":"\u00e9"}'
	[ "$(reader region <<<"$line" | jq -cS .)" = "$(jq -cS . <<<"$line")" ]
}

@test "lines of one shape after lines of another are read by their own content, not by that of earlier lines" {
	{
		echo '{"type":"region","t":1.000000000,"pid":7,"seq":1,"start":"0x1000","end":"0x2000","rss":1,"pss":2,"mood":"x"}'
		echo '{"type":"region","t":1.000000000,"pid":7,"seq":1,"start":"0x3000","end":"0x4000","pss":3}'
		echo '{"type":"region","t":1.000000000,"pid":8,"seq":1,"id":9,"start":"0x5000","end":"0x6000","name":"n"}'
		echo '{"start":"0x7000","type":"region","end":"0x8000","rss":4}'
		echo '{"name":"no region","pid":3,"type":"mark"}'
		echo '{"type":"region","t":1.000000000,"pid":8,"seq":1,"id":10,"start":"0x9000","end":"0xa000","rss":5}'
	} >"$BATS_TEST_TMPDIR/in"
	diff <(jq -c '[.pid, .id, .rss, .pss, (if .type == "region" then .name else null end), .mood]' "$BATS_TEST_TMPDIR/in") <(reader region <"$BATS_TEST_TMPDIR/in" | jq -c '[.pid, .id, .rss, .pss, (if .type == "region" then .name else null end), .mood]')
}

@test "nesting has a limit, and everything up to it is read" {
	deep() { printf '{"type":"x","v":%s%s}\n' "$(head -c "$1" /dev/zero | tr '\0' '[')" "$(head -c "$1" /dev/zero | tr '\0' ']')"; }
	[ "$(deep 60 | reader verdict)" = ok ]
	[[ $(deep 100000 | reader verdict) == bad*deep* ]]
}

@test "a last line without a newline, empty lines and carriage returns do no harm" {
	[ "$(printf '{"type":"x"}\r\n{"type":"y"}' | reader verdict | tr '\n' ' ')" = "ok ok " ]
}

@test "a line with two types is refused" {
	[[ $(reader verdict <<<'{"type":"mark","x":1,"type":"end"}') == bad*second* ]]
}
