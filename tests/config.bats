# The YAML file: the program's own section, checked with the option table; every error with file, line and column.
# bats file_tags=steady
load helper

setup() {
	requires program vm-sample
	file=$BATS_TEST_TMPDIR/x.yaml
}

refused() { # YAML, position and text of the message
	printf "$1" >"$file"
	run --separate-stderr timeout 100 vm-sample -c "$file" -p 1 -n 1
	echo "$stderr"
	[ "$status" = 2 ]
	[ -z "$output" ]
	[[ $stderr == *"$file:$2"* ]]
}

option() { # jq path in .options of the stream line, for the command line that follows
	local path=$1
	shift
	vm-sample -c "$file" "$@" | head -1 | jq -c ".options.$path"
}

@test "the program reads its section, and no other" {
	workload many 4
	printf 'vm-sample:\n  interval: 50ms\n  count: 1\n  source: [procfs]\nvm-track: {}\n' >"$file"
	[ "$(option interval -p "$pid")" = '"50ms"' ]
	[ "$(option source -p "$pid")" = '"procfs"' ]
}

@test "the command line overrides YAML, YAML overrides presets" {
	workload many 4
	printf 'vm-sample: {interval: 50ms, count: 1, source: nosuch}\n' >"$file"
	[ "$(option interval -p "$pid" -i 20ms -s procfs)" = '"20ms"' ]
	[ "$(option interval -i 20ms -s procfs -p "$pid")" = '"20ms"' ]
	[ "$(option interval -s procfs -p "$pid")" = '"50ms"' ]
}

@test "a plugin's options are read from under its name" {
	workload many 4
	printf 'vm-sample:\n  count: 1\n  procfs: { detail: maps }\n' >"$file"
	run --separate-stderr vm-sample -c "$file" -p "$pid"
	[ "$status" = 0 ]
	[[ $output == *'"format":"linux-maps"'* ]]
	run --separate-stderr vm-sample -c "$file" -p "$pid" -O detail=smaps
	[[ $output == *'"format":"linux-smaps"'* ]]
	refused 'vm-sample:\n  procfs: { detial: maps }\n' '2:13: '
	[[ $stderr == *'"detail"'* ]]
	refused 'vm-sample:\n  procfs: { detail: most }\n' '2:21: '
}

@test "an unknown key is refused with its position and the nearest key" {
	refused 'vm-sample:\n  intervall: 50ms\n' '2:3: '
	[[ $stderr == *'"interval"'* ]]
	refused 'vm-sampel: {}\n' '1:1: '
	[[ $stderr == *'"vm-sample"'* ]]
	refused 'vm-sample:\n  porcfs: {detail: maps}\n' '2:3: '
	[[ $stderr == *'"procfs"'* ]]
}

@test "a wrong value is refused with its position" {
	refused 'vm-sample:\n  interval: soon\n' '2:13: option "interval": "soon" is not a time'
	refused 'vm-sample:\n  interval: [1s, 2s]\n' '2:13: a list'
	refused 'vm-sample:\n  interval: {a: b}\n' '2:13: interval must be one plain value'
	refused 'vm-sample:\n  interval:\n' '2:12: no value'
	refused 'vm-sample: 3\n' '1:12: vm-sample must be a mapping'
	refused 'vm-sample:\n  pid: "a\\0b"\n' '2:8: a NUL'
}

@test "invalid or hostile YAML is refused with its position, at once" {
	refused 'a: [1,\nb' '3:1: '
	refused 'a: b: c\n' '1:5: '
	refused 'a\x01b: 1\n' '1:2: control characters'
	refused 'a: \xff\n' '1:4: '
	refused '\tx: 1\n' '1:1: '
	refused '[a]' '1:1: the file must be a mapping'
	refused 'vm-sample: {}\nvm-sample: {}\n' '2:1: "vm-sample" is given twice, first in line 1'
	refused '{}\n---\n{}\n' '3:1: a second document'
	refused '&a [*a]\n' '1:1: the file must be a mapping'
	refused '&a {vm-sample: *a}\n' '1:5: '
	refused "$(printf '[%.0s' {1..20000})" '1:33: nested too deep'
	refused "$(printf 'vm-sample: {'; printf 'k%d: 1,' {1..5000})}" '1:12: too many keys'
	refused "$(printf '#%.0s' {1..300000})" ' more than 256 KiB'
}

@test "aliases are followed" {
	workload many 4
	printf 'vm-track: {}\nvm-sample: {interval: &i 70ms, duration: *i}\n' >"$file"
	[ "$(option duration -p "$pid")" = '"70ms"' ]
}

@test "an empty file and a file of comments change nothing" {
	workload many 4
	for text in '' '# nothing\n' '---\n' 'vm-sample:\n'; do
		printf -- "$text" >"$file"
		[ "$(option interval -p "$pid" -n 1)" = '"100ms"' ]
	done
}

@test "an unreadable file is reported with its name" {
	run --separate-stderr vm-sample -c /nowhere/x.yaml -p 1
	[ "$status" = 2 ]
	[[ $stderr == *"/nowhere/x.yaml: No such file"* ]]
	run --separate-stderr vm-sample -c "$BATS_TEST_TMPDIR" -p 1
	[ "$status" = 2 ]
	[[ $stderr == *"Is a directory"* ]]
}

@test "escape sequences in a key do not reach the terminal" {
	printf 'vm-sample: {"\\e[31mred": 1}\n' >"$file"
	run --separate-stderr vm-sample -c "$file" -p 1
	[ "$status" = 2 ]
	[[ $stderr != *$'\e'* ]]
}

@test "user rules of kinds come before the built-in rules" {
	requires program vm-parse
	printf 'kinds:\n  - { kind: model, name: "*.gguf", file: true }\n  - { kind: quiet, perms: "---p" }\n' >"$file"
	text=$'7f0000000000-7f0000001000 r--p 00000000 fe:00 7 /m/x.gguf\n7f0000002000-7f0000003000 ---p 00000000 00:00 0 \n7f0000004000-7f0000005000 rw-p 00000000 00:00 0 [heap]\n'
	run --separate-stderr vm-parse -c "$file" <<<"$text"
	[ "$(jq -r 'select(.type=="region").kind' <<<"$output" | paste -sd' ')" = "model quiet heap" ]
}

@test "a wrong rule of kinds is refused with its position" {
	requires program vm-parse
	for case in '[{ kinf: x }]|1:11:' '[{ name: x }]|1:9:' '[{ kind: "a b" }]|1:9:' '[{ kind: a, perms: rw }]|1:9:' '[{ kind: a, file: maybe }]|1:26:' 'x|1:8:' '[x]|1:9:'; do
		printf 'kinds: %s\n' "${case%|*}" >"$file"
		run --separate-stderr vm-parse -c "$file" </dev/null
		echo "$case $stderr"
		[ "$status" = 2 ]
		[[ $stderr == *"$file:${case#*|}"* ]]
	done
}

@test "a section may hold the options of every program, and the command line overrides them" {
	requires program vm-track
	printf 'vm-track:\n  output: %s\n  quiet: true\n' "$BATS_TEST_TMPDIR/yaml.ndjson" >"$file"
	run --separate-stderr vm-track -c "$file" <<<'{"type":"mark","t":0,"text":"x"'
	[ "$status" = 1 ]
	[ -z "$output$stderr" ]
	grep -q '"type":"lost"' "$BATS_TEST_TMPDIR/yaml.ndjson"
	run --separate-stderr vm-track -c "$file" -o - <<<'{"type":"mark","t":0,"text":"x"}'
	[[ $output == *'"text":"x"'* ]]
	refused 'vm-sample:\n  outptu: x\n' '2:3: '
	[[ $stderr == *'"output"'* ]]
	refused 'vm-sample:\n  quiet: perhaps\n' '2:10: '
	refused 'vm-sample:\n  help: true\n' '2:3: '
}

@test "plugin options may be given under option as key=value, and errors have their position" {
	workload many 4
	printf 'vm-sample:\n  count: 1\n  procfs: { detail: smaps }\n  option: [detail=maps]\n' >"$file"
	run --separate-stderr vm-sample -c "$file" -p "$pid"
	[[ $output == *'"format":"linux-maps"'* ]]
	run --separate-stderr vm-sample -c "$file" -p "$pid" -O detail=smaps
	[[ $output == *'"format":"linux-smaps"'* ]]
	refused 'vm-sample:\n  option: detial=maps\n' '2:11: '
	refused 'vm-sample:\n  option:\n    - detail=maps\n    - detail=most\n' '4:7: '
	refused 'vm-sample:\n  option: [{a: b}]\n' '2:12: '
}
