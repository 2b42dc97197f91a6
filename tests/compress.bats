#!/usr/bin/env bats
# Packed recordings: other programs unpack ours, every reader unpacks theirs, and damage is reported.
# bats file_tags=steady
load helper

setup() {
	requires cmd zstd gzip
	cd "$BATS_TEST_TMPDIR"
	workload still "$BATS_TEST_TMPDIR"
}

record() { # writes the same sample into a file of that name
	vm-sample -p "$pid" -n 1 --detail maps -o "$1"
}

regions() {
	grep -c '^{"type":"region"' <<<"$output"
}

@test "-o x.zst and -o x.gz write files that zstd and gzip unpack completely" {
	record run.ndjson.zst
	record run.ndjson.gz
	zstd -t -q run.ndjson.zst
	gzip -t run.ndjson.gz
	[ "$(zstd -dc run.ndjson.zst | jq -r .type | tr '\n' ' ')" = "stream process sample raw raw stage end " ]
	[ "$(gzip -dc run.ndjson.gz | jq -r .type | tr '\n' ' ')" = "stream process sample raw raw stage end " ]
}

@test "every reader recognises packed files, by file and on stdin, whatever their name" {
	record plain.ndjson
	zstd -q plain.ndjson -o a
	gzip -c plain.ndjson >b
	vm-parse plain.ndjson >parsed
	for file in a b; do
		run --separate-stderr vm-parse "$file"
		[ "$status" -eq 0 ]
		[ -z "$stderr" ]
		[ "$(regions)" -eq "$(grep -c '^{"type":"region"' parsed)" ]
		run --separate-stderr vm-parse <"$file"
		[ "$(regions)" -eq "$(grep -c '^{"type":"region"' parsed)" ]
	done
	vm-track parsed >tracked
	zstd -q tracked
	run --separate-stderr vm-check tracked.zst
	[ "$status" -eq 0 ]
	vm-render --table tracked >table
	vm-render --table tracked.zst | cmp - table
}

@test "a plain text may be packed too" {
	cat "/proc/$pid/maps" >maps
	gzip maps
	run --separate-stderr vm-parse maps.gz
	[ "$status" -eq 0 ]
	[ "$(regions)" -eq "$(wc -l <"/proc/$pid/maps")" ]
}

@test "consecutive frames are one text, skippable frames are ignored" {
	record x.ndjson
	half=$(($(wc -c <x.ndjson) / 2))
	{ head -c $half x.ndjson | zstd -q; printf 'P*M\x18\x03\0\0\0abc'; tail -c +$((half + 1)) x.ndjson | zstd -q; } >x.zst
	{ head -c $half x.ndjson | gzip; tail -c +$((half + 1)) x.ndjson | gzip; printf '\0\0\0\0'; } >x.gz
	vm-parse x.ndjson >parsed
	for file in x.zst x.gz; do
		run --separate-stderr vm-parse "$file"
		[ "$status" -eq 0 ]
		[ -z "$stderr" ]
		[ "$(regions)" -eq "$(grep -c '^{"type":"region"' parsed)" ]
	done
	printf 'P*M\x18\x03\0\0\0abc' | cat - x.zst >front.zst
	run --separate-stderr vm-parse front.zst
	[ "$status" -eq 0 ]
}

@test "a truncated file gives its whole lines, one message, a lost line, and status 1" {
	vm-sample -p "$pid" -n 3 -i 1ms -o x.ndjson.zst
	vm-sample -p "$pid" -n 3 -i 1ms -o x.ndjson.gz
	for file in x.ndjson.zst x.ndjson.gz; do
		head -c -10 "$file" >cut
		run --separate-stderr vm-parse cut
		[ "$status" -eq 1 ]
		[[ "$stderr" == *"vm-parse: cut: the compressed input stops early"* ]]
		[ "$(regions)" -ge 10 ]
		[ "$(jq -r 'select(.type=="lost" and .what=="input").why' <<<"$output")" = "cut: the compressed input stops early" ]
	done
}

@test "a damaged file is named, and the files after it are read" {
	record good.ndjson.zst
	record bad.ndjson.zst
	record bad.ndjson.gz
	for file in bad.ndjson.zst bad.ndjson.gz; do
		printf 'XXXXXXXX' | dd of="$file" bs=1 seek=200 conv=notrunc status=none
		run --separate-stderr vm-parse "$file" good.ndjson.zst
		[ "$status" -eq 1 ]
		[[ "$stderr" == *"$file: the "*" input is damaged: "* ]]
		[ "$(jq -r 'select(.type=="end").reason' <<<"$output")" = count ]
		[ "$(regions)" -gt 10 ]
	done
}

@test "bytes after a packed file that are not packed are damage, not the end" {
	record x.ndjson.zst
	echo '{"type":"mark","t":1,"text":"behind"}' >>x.ndjson.zst
	run --separate-stderr vm-parse x.ndjson.zst
	[ "$status" -eq 1 ]
	[[ "$stderr" == *damaged* ]]
}

@test "a text of one byte and an empty text are no packed files" {
	printf '(' >x
	run --separate-stderr vm-check x
	[[ "$stderr" != *compressed* ]]
	: >empty
	run --separate-stderr vm-track empty
	[ "$status" -eq 0 ]
}

@test "flushed samples can be read while the writer lives, and after it was killed" {
	for suffix in zst gz; do
		vm-sample -p "$pid" -i 1ms --detail maps -o "live.$suffix" 3>&- &
		sampler=$!
		started+=("$sampler")
		until_true bash -c "[ \$(vm-parse -q live.$suffix 2>/dev/null | grep -c '\"same\":true') -gt 3 ]"
		kill -KILL "$sampler"
		wait "$sampler" || true
		run --separate-stderr vm-parse "live.$suffix"
		[ "$status" -eq 1 ]
		[ "$(regions)" -eq "$(wc -l <"/proc/$pid/maps")" ]
		[[ "$stderr" == *"stops early"* ]]
		[[ "$stderr" != *"line skipped"* ]] # whole lines only
	done
}

@test "a live packed pipe shows a line as soon as its writer pauses" {
	mkfifo in
	vm-parse in >out 3>&- &
	reader=$!
	started+=("$reader")
	vm-sample -p "$pid" -i 1h --detail maps -o in.zst 3>&- &
	sampler=$!
	started+=("$sampler")
	until_true bash -c '[ "$(zstd -dc in.zst 2>/dev/null | grep -c "\"format\":\"linux-maps\"")" = 1 ]'
	exec {feed}>in
	cat in.zst >&"$feed"
	until_true grep -q '"type":"region"' out # the frame is still open
	exec {feed}>&-
}

@test "a full disk is an error for a packed file too" {
	ln -s /dev/full full.zst
	run --separate-stderr vm-sample -p "$pid" -n 1 -o full.zst
	[ "$status" -eq 1 ]
	[[ "$stderr" == *"No space left"* ]]
}
