# Options: one table gives presets, checks, help and the stream line; the command line overrides YAML, YAML overrides presets.
load helper

setup() {
	requires program vm-sample
}

usage_error() { # TEXT that the message must contain
	[ "$status" = 2 ]
	[ -z "$output" ]
	[[ $stderr == "vm-"*": "*"$1"* ]] || { echo "$stderr"; return 1; }
}

@test "an unknown option is refused, with the nearest option" {
	run --separate-stderr vm-sample --intervall 1s -p 1
	usage_error "--interval"
	run --separate-stderr vm-sample --zzzzzzz
	usage_error "--zzzzzzz"
	run --separate-stderr vm-sample -J
	usage_error "-J"
}

@test "a value of the wrong type or outside its limits is refused with type and limits" {
	run --separate-stderr vm-sample -i soon -p 1
	usage_error '"soon" is not a time'
	run --separate-stderr vm-sample -n 0 -p 1
	usage_error '"0" is outside 1..'
	run --separate-stderr vm-sample -n 99999999999999999999 -p 1
	usage_error 'is not a whole number'
	run --separate-stderr vm-sample --detail most -p 1
	usage_error 'most'
	run --separate-stderr vm-sample -i
	usage_error 'value'
}

@test "an option of a plugin is checked like the program's own" {
	run --separate-stderr vm-sample -O detial=maps -p 1
	usage_error '"detail"'
	run --separate-stderr vm-sample -O detail=most -p 1
	usage_error '"most" is not one of'
}

@test "times are exact to the nanosecond in every unit" {
	workload many 4
	for pair in 1500us:1500us 0.0015s:1500us 100ms:100ms 2:2s 1.5m:90s 1h:1h 1ns:1ns; do
		run --separate-stderr vm-sample -p "$pid" -n 1 -i "${pair%:*}"
		[ "$status" = 0 ]
		[ "$(head -1 <<<"$output" | jq -r .options.interval)" = "${pair#*:}" ]
	done
}

@test "the stream line has the options in force" {
	workload many 4
	run --separate-stderr vm-sample -p "$pid" --count=1 --detail maps
	[ "$status" = 0 ]
	[ "$(head -1 <<<"$output" | jq -c '.options | [.count, .detail, .interval]')" = '[1,"maps","100ms"]' ]
}

@test "--help goes to stdout, fits 80 columns, and names every option with its preset" {
	for program in "$BUILD"/bin/vm-*; do
		run --separate-stderr "$program" --help
		[ "$status" = 0 ]
		[ -z "$stderr" ]
		[[ ${lines[0]} == "usage: ${program##*/} "* ]]
		[[ $output == *"--help"* && $output == *"--config"* ]]
		run awk '/^ / && length > 80' <<<"$output"
		[ -z "$output" ] || { echo "$program: $output"; return 1; }
	done
}

@test "--version prints name and version" {
	for program in "$BUILD"/bin/vm-*; do
		run --separate-stderr "$program" -V
		[ "$status" = 0 ]
		[[ $output =~ ^${program##*/}\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
	done
}

@test "help to a full disk is an error" {
	run bash -c 'vm-sample --help >/dev/full'
	[ "$status" = 1 ]
	[[ $output == *"No space left"* ]]
}
