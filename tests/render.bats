#!/usr/bin/env bats
# vm-render as a program: choice of view and renderer, wrong usage, bad input, output. Pictures are read through trace.
load helper

setup() {
	requires program vm-render
	S=$BATS_TEST_TMPDIR/s.ndjson
	cat >"$S" <<'END'
{"type":"stream","t":0.0,"version":1,"program":"vm-sample 0.1.0","began":"2026-11-20T13:52:01.000000000Z","host":{"name":"box"}}
{"type":"process","t":0.0,"pid":7,"why":"first","name":"demo"}
{"type":"snapshot","t":0.1,"pid":7,"seq":0,"regions":2,"size":12288}
{"type":"region","t":0.1,"pid":7,"seq":0,"id":1,"start":"0x0000000000001000","end":"0x0000000000002000","size":4096,"perms":"r-xp","kind":"text","name":"/bin/demo","rss":4096}
{"type":"region","t":0.1,"pid":7,"seq":0,"id":2,"start":"0x0000000000008000","end":"0x000000000000a000","size":8192,"perms":"rw-p","kind":"heap","name":"[heap]","rss":4096}
{"type":"change","t":1.1,"pid":7,"event":"BRK_GROW","act":1,"id":2,"start":"0x0000000000008000","end":"0x000000000000c000","size":16384,"perms":"rw-p","kind":"heap","name":"[heap]","rss":12288,"was":{"end":"0x000000000000a000","size":8192,"rss":4096}}
{"type":"end","t":1.2,"reason":"exit"}
END
}

render() { run --separate-stderr vm-render --trace "$@"; }
has() { grep -qF -- "$1" <<<"$output" || { echo "not in the output: $1" >&2; echo "$output" >&2; return 1; }; }
hasnt() { ! grep -qF -- "$1" <<<"$output"; }
says() { grep -qF -- "$1" <<<"$stderr" || { echo "not on stderr: $1" >&2; echo "$stderr" >&2; return 1; }; }

@test "the preset view is the timeline" {
	render "$S"
	[ "$status" = 0 ]
	[ -z "$stderr" ]
	has 'draw boxes view="timeline"'
}

@test "a renderer is called in order: begin, draw, end, close" {
	render "$S"
	[ "$(grep -E '^(begin|draw|end|close)' <<<"$output" | cut -d' ' -f1 | tr '\n' ' ')" = "begin draw end close " ]
}

@test "a renderer that takes lines gets each line before the figure" {
	render -O lines=true "$S"
	[ "$status" = 0 ]
	[ "$(grep -c '^record ' <<<"$output")" = 7 ]
	has 'record "{\"type\":\"end\"'
}

@test "the same input gives the same picture" {
	vm-render --trace "$S" >"$BATS_TEST_TMPDIR/a"
	vm-render --trace "$S" >"$BATS_TEST_TMPDIR/b"
	cmp "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b"
}

@test "lines come from standard input too" {
	run --separate-stderr vm-render --trace <"$S"
	[ "$status" = 0 ]
	has 'title "demo (7)"'
}

@test "an unknown view is refused, with the nearest view" {
	render --view tabel "$S"
	[ "$status" = 2 ]
	[ -z "$output" ]
	says 'no view "tabel"; did you mean "table"?'
}

@test "an unknown renderer is refused" {
	run --separate-stderr vm-render --renderer nosuch "$S"
	[ "$status" = 2 ]
	[ -z "$output" ]
	says nosuch
}

@test "a mistyped option is not taken for a renderer" {
	run --separate-stderr vm-render --veiw map "$S"
	[ "$status" = 2 ]
	says "--view"
}

@test "an unknown preset of a table is refused, with the known presets" {
	run --separate-stderr vm-render --table=pmpa "$S"
	[ "$status" = 2 ]
	says 'did you mean "pmap"?'
	says "default, pmap, pmap-x, pmap-X, pmap-d, vmmap, regions, smaps, kinds"
	render --view table -O preset=nosuch "$S"
	[ "$status" = 2 ]
}

@test "an unknown column is refused, with the nearest column" {
	render --view table --columns start,sise "$S"
	[ "$status" = 2 ]
	says 'did you mean "size"?'
	render --view table --sort=-rsss "$S"
	[ "$status" = 2 ]
	says 'did you mean "rss"?'
}

@test "an unknown option of the renderer is refused" {
	render -O nosuch=1 "$S"
	[ "$status" = 2 ]
	says nosuch
}

@test "wrong values of filters are refused" {
	for wrong in "--address 12zz" "--address 20-10" "--perms abc" "--from 2 --to 1" "--at soon" "--by size --view table"; do
		render $wrong "$S"
		[ "$status" = 2 ] || { echo "$wrong" >&2; return 1; }
	done
}

@test "empty input gives a picture with the reason" {
	render /dev/null
	[ "$status" = 0 ]
	has 'empty "the input is empty: no line was read"'
}

@test "raw lines give a picture that asks for vm-parse" {
	render <<<'{"type":"raw","t":0.1,"pid":7,"seq":0,"source":"procfs","format":"linux-maps","part":0,"last":true,"text":"x"}'
	[ "$status" = 0 ]
	has 'empty "the input has 1 raw line: put vm-parse before vm-render"'
}

@test "lines without a region are counted in the picture" {
	render <<<'{"type":"alloc","t":0.1,"pid":7,"op":"malloc","addr":"0x0000000000001000","size":1}'
	has '(lines of the input: 1 alloc)"'
}

@test "a bad line is reported, skipped and noted in the picture; the status is 1" {
	sed '5s/.*/{"type":"region","t":0.1,"pi/' "$S" >"$BATS_TEST_TMPDIR/bad"
	render "$BATS_TEST_TMPDIR/bad"
	[ "$status" = 1 ]
	says "bad:5:"
	has 'note "1 line of the input was skipped"'
	has 'box 0 class="text"'
}

@test "a stream without its end is drawn and reported" {
	head -6 "$S" >"$BATS_TEST_TMPDIR/cut"
	render "$BATS_TEST_TMPDIR/cut"
	says "without its"
	has 'box 0 class="text"'
}

@test "a missing file is an error" {
	render "$BATS_TEST_TMPDIR/nosuch"
	[ "$status" = 1 ]
	says nosuch
}

@test "a full disk is an error" {
	run --separate-stderr bash -c 'vm-render --trace "$1" >/dev/full' - "$S"
	[ "$status" = 1 ]
	[ -n "$stderr" ]
}

@test "a reader that leaves ends vm-render quietly" {
	run --separate-stderr bash -c 'set -o pipefail; vm-render --trace "$1" | head -1' - "$S"
	[ "$status" = 0 ]
	[ -z "$stderr" ]
	[ "${#lines[@]}" = 1 ]
}

@test "-o writes the picture to a file, with the pid in its name" {
	cd "$BATS_TEST_TMPDIR"
	render -o 'out-%p.txt' "$S"
	[ "$status" = 0 ]
	[ -z "$output" ]
	grep -q '^close' out-7.txt
}

@test "width, height, colours and characters of the canvas follow options and environment" {
	render --width 321 --height 123 "$S"
	has 'begin width=321 height=123 terminal=no unicode=yes colours=none'
	CLICOLOR_FORCE=1 render "$S"
	has 'colours=256'
	NO_COLOR=1 CLICOLOR_FORCE=1 render "$S"
	has 'colours=none'
	LC_ALL=C render "$S"
	has 'unicode=no'
}

@test "YAML sets options, and the command line overrides it" {
	printf 'vm-render:\n  view: table\n  renderer: trace\n' >"$BATS_TEST_TMPDIR/c.yaml"
	run --separate-stderr vm-render -c "$BATS_TEST_TMPDIR/c.yaml" "$S"
	has 'view="table"'
	run --separate-stderr vm-render -c "$BATS_TEST_TMPDIR/c.yaml" --view map "$S"
	has 'view="map"'
}

@test "names from outside are escaped, and never break a title into a new line" {
	cat >"$BATS_TEST_TMPDIR/evil" <<'END'
{"type":"region","t":0.1,"pid":7,"seq":0,"start":"0x0000000000001000","end":"0x0000000000002000","size":4096,"perms":"r-xp","kind":"file","name":"/a\u001b[31m\"<b>\nid 99"}
END
	render "$BATS_TEST_TMPDIR/evil"
	[ "$status" = 0 ]
	has '\x1b[31m\"<b>\\012id 99'
	[ "$(grep -c '^box' <<<"$output")" = 1 ]
}

# Bit 1 of the caught signals is SIGINT.
catches_int() { local mask; grep -q vm-render "/proc/$1/comm" || return 1; mask=$(sed -n 's/^SigCgt:[[:space:]]*//p' "/proc/$1/status"); (((16#$mask & 2) && 1)); }

@test "SIGINT does not cut a picture whose input is a pipe" {
	mkfifo "$BATS_TEST_TMPDIR/in"
	(trap - INT; exec vm-render --trace <"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out" 2>/dev/null) &
	renderer=$!
	exec {to}>"$BATS_TEST_TMPDIR/in"
	head -5 "$S" >&"$to"
	until_true catches_int "$renderer"
	kill -INT "$renderer"
	tail -2 "$S" >&"$to"
	exec {to}>&-
	wait "$renderer"
	grep -q '^close' "$BATS_TEST_TMPDIR/out"
	grep -q 'class="heap"' "$BATS_TEST_TMPDIR/out"
}

@test "the manual page names every option" {
	for option in $(vm-render --help | grep -o -- '--[a-z]*' | sort -u); do
		case $option in --NAME | --ascii | --svg | --help | --version | --list | --) continue ;; esac
		name=${option#--}
		grep -q -e "-$name" -e "Fl .*$name" "$ROOT/cmd/vm-render.1" || { echo "$option" >&2; return 1; }
	done
}
