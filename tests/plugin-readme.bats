# The examples of plugins/README.md: extracted, built with the header alone, and run.
load helper

setup() {
	cd "$BATS_TEST_TMPDIR"
	export VMPIPE_PLUGINS=$PWD
	for name in ranges csv; do
		awk -v start="\`\`\`c $name.c" '$0 == start { on = 1; next } on && $0 == "```" { exit } on' "$ROOT/plugins/README.md" >$name.c
		"${CC:-cc}" -std=c11 -Wall -Wextra -Werror -shared -fPIC -I"$ROOT/lib" -o $name.so $name.c
	done
	printf '# board map\n10000000 10004000 rw- heap\n20000000 20100000 r-x flash image\n' >board.txt
}

@test "the example source is listed with its option" {
	requires program vm-sample
	run --separate-stderr vm-sample --list
	[ "$status" = 0 ]
	[[ $output == *"ranges "*"the memory map of a board"*"$PWD/ranges.so"*"file=FILE"*"preset board.txt"* ]]
}

@test "the example source recognises its text and parses it" {
	requires program vm-parse
	run --separate-stderr vm-parse board.txt
	[ "$status" = 0 ]
	[ "$(jq -r 'select(.type=="region") | "\(.start) \(.size) \(.perms) \(.name)"' <<<"$output" | sed -n 2p)" = "0x0000000020000000 1048576 r-x flash image" ]
	run valid_stream <<<"$output"
	echo "$output"
	[ "$status" = 0 ]
}

@test "the example source reports a bad line with its number" {
	requires program vm-parse
	echo "nonsense" >>board.txt
	run --separate-stderr vm-parse board.txt
	[ "$status" = 1 ]
	[[ $stderr == *"board.txt:4: "*"expected START END PERMS NAME"* ]]
}

@test "the example source samples, through the usual pipeline" {
	requires program vm-sample vm-parse
	vm-sample -s ranges -O file=board.txt -p $$ -n 3 -i 1ms >raw
	run valid_stream <raw
	echo "$output"
	[ "$status" = 0 ]
	[ "$(vm-parse raw | grep -c '"type":"region"')" = 6 ]
}

@test "the example renderer draws boxes, series and tables" {
	requires program vm-parse vm-render
	vm-parse board.txt >s
	run --separate-stderr vm-render --csv --view table s
	[ "$status" = 0 ]
	[[ $output == *'"flash image"'* ]]
	run --separate-stderr vm-render --csv --view map s
	[ "$status" = 0 ]
	[ "${lines[0]}" = "class,x0,x1,y0,y1,title" ]
	run --separate-stderr vm-render --csv --view area s
	[ "$status" = 0 ]
	[ "${lines[0]}" = "name,x,y" ]
}
