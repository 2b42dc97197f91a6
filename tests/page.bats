#!/usr/bin/env bats
# The renderers json and html: figures as data, and the page in a real browser.
load helper

setup_file() {
	export VMPIPE_BROWSER=$BUILD/browser
	vm-sample -i 20ms -- "$WORKLOADS/lifecycle" 2>/dev/null | vm-parse | vm-track >"$BATS_FILE_TMPDIR/run.ndjson"
	vm-render --html -o "$BATS_FILE_TMPDIR/run.html" "$BATS_FILE_TMPDIR/run.ndjson" 2>/dev/null || no_crash $?
}

setup() {
	requires program vm-render
	cd "$BATS_TEST_TMPDIR"
	R=$BATS_FILE_TMPDIR/run.ndjson
	P=$BATS_FILE_TMPDIR/run.html
}

page() { # only where the engine can be compiled
	[ -e "$BUILD/lib/vmpipe/render/html.so" ] || skip "the renderer html is not built: $("$ROOT/contrib/packages.sh" lacks page)"
}

browser() { # CHECK FILE...
	page
	requires cmd node chromium
	[ -r "$VMPIPE_BROWSER/node_modules/playwright-core/package.json" ] || skip "playwright-core is not installed"
	node "$ROOT/tests/browser/page.mjs" "$@"
}

@test "json: each view's figure is one line, valid by its schema, with what trace prints" {
	for view in $(vm-render --complete view); do
		vm-render --json --view "$view" "$R" >figure
		[ "$(wc -l <figure)" = 1 ]
		/usr/bin/python3 -I -c 'import json,sys,jsonschema; jsonschema.Draft202012Validator(json.load(open(sys.argv[1]))).validate(json.load(sys.stdin))' "$ROOT/schemas/figure.schema.json" <figure
		vm-render --trace --view "$view" "$R" >trace
		for pair in box:boxes row:rows class:classes frame:frames note:notes serie:series; do
			[ "$(grep -c "^${pair%:*} " trace)" = "$(jq "[.${pair#*:} // [] | .[]] | length" figure)" ]
		done
	done
}

@test "json: the sums of a table are those that jq adds up from the recording" {
	vm-render --json --view table "$R" >figure
	[ "$(jq '[.rows[].cells[.cells | length - 1]] | length' figure)" -gt 10 ]
	column=$(jq '[.columns[].name] | index("size KiB")' figure)
	[ "$(jq -r ".totals[$column]" figure)" = "$(jq "[.rows[].cells[$column] | tonumber] | add" figure)" ]
}

@test "json: names with quotes, control characters and bytes that are no UTF-8 stay one valid line" {
	printf '%s\n' '{"type":"region","t":0.0,"pid":7,"seq":0,"id":1,"start":"0x0000000000004000","end":"0x0000000000005000","size":4096,"perms":"rw-p","kind":"anon","name":"a\"b\\\u0001\u2028\ud83d\ude00 \ufffd"}' >odd
	for view in table map timeline; do
		vm-render --json --view $view odd | jq -e . >/dev/null
	done
	vm-render --json --view table odd | grep -q 'a\\"b'
}

@test "html: one file without any address of a network; its policy allows its own script alone" {
	page
	run ! grep -aoE '(src|href)="?(https?:|//)' "$P"
	policy=$(grep -ao 'Content-Security-Policy" content="[^"]*"' "$P")
	grep -q "default-src 'none'" <<<"$policy"
	run ! grep -qE 'unsafe-inline|unsafe-eval[^"]*[^-]unsafe-eval|\*|https?:' <<<"$policy"
	# the hash is that of the script that stands in the file
	hash=$(/usr/bin/python3 -I -c 'import sys,hashlib,base64,re; t=open(sys.argv[1],"rb").read(); s=re.findall(rb"<script>(.*?)</script>", t, re.S); assert len(s)==1; print(base64.b64encode(hashlib.sha256(s[0]).digest()).decode())' "$P")
	grep -qF "script-src 'sha256-$hash'" <<<"$policy"
}

@test "html: the file holds the recording to the byte" {
	page
	/usr/bin/python3 -I -c 'import sys,base64,gzip,re; t=open(sys.argv[1],"rb").read(); sys.stdout.buffer.write(gzip.decompress(base64.b64decode(re.search(rb"id=\"recording\">([^<]*)<", t)[1])))' "$P" | cmp - "$R"
}

@test "the page gives every view the figure of vm-render, at the end and at a moment" {
	browser figures "$P" "$R"
}

@test "the page: hover, pin, zoom, move, choose a time, undo" {
	browser mouse "$P"
}

@test "the page: filters by legend, permissions, address and words" {
	browser filters "$P"
}

@test "the page: one plays and steps through time; a link keeps the state" {
	browser time "$P"
}

@test "the page: a mark goes into the picture and into the saved recording" {
	browser marks "$P"
}

@test "the page saves SVG, PNG, CSV and text as vm-render writes them" {
	browser saving "$P" "$R"
}

@test "the empty page reads texts as vm-parse does, and says what it cannot read" {
	page
	vm-render --html -o empty.html </dev/null 2>/dev/null || no_crash $?
	cat /proc/self/smaps >smaps.txt
	pmap -x $$ >pmap.txt
	cp "$R" run.ndjson
	gzip -k run.ndjson
	texts=(smaps.txt pmap.txt run.ndjson run.ndjson.gz)
	for name in "$ROOT"/tests/texts/*.{txt,ips}; do texts+=("$name"); done
	browser texts empty.html "${texts[@]}"
}

@test "the page compares two moments, and two recordings, chosen or dropped" {
	page
	jq -c 'select(.kind != "stack" and .event != "STACK_GROW")' "$R" >other.ndjson
	browser compare "$P" "$R" other.ndjson
}

@test "the page says all of a region, an event and a finding, and puts a process beside another" {
	page
	vm-render --html -o family.html "$ROOT/tests/browser/family.ndjson"
	browser details family.html "$ROOT/tests/browser/family.ndjson"
}

@test "the page works by keyboard alone" {
	browser keyboard "$P"
}

@test "the page breaks no rule of axe-core, light and dark, wide and on a phone" {
	browser access "$P"
}

@test "the page: names that are scripts stay texts" {
	page
	jq -c 'if .name then .name = "</script><img src=x onerror=\"globalThis.hacked=1\"><script>globalThis.hacked=1</script>" + .name else . end' "$R" >hostile.ndjson
	vm-render --html -o hostile.html hostile.ndjson
	browser hostile hostile.html
}
