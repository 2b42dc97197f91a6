# The heap in vm-track and in the views: sums by call stack, held against a witness that adds up itself.
# bats file_tags=steady
load helper

made() { python3 "$ROOT/tests/heap_witness.py" make "$1" "$2"; }

# Of a tracked stream: stack live blocks allocated calls at_peak, as the last site lines have them.
sites() { jq -r 'select(.type == "site") | "\(.stack) \(.live) \(.live_blocks) \(.live + .freed) \(.live_blocks + .freed_blocks) \(.at_peak)"' |
	awk '{ last[$1] = $0 } END { for (i in last) if (last[i] !~ / 0 0 0 0 0$/) print last[i] }' | sort -n; }

@test "vm-track --aggregate: sums by call stack equal those of a witness, for any calls" {
	for seed in 1 2 3 4 5; do
		made $seed 3000 >"$BATS_TEST_TMPDIR/in"
		vm-track --aggregate "$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out"
		valid_stream <"$BATS_TEST_TMPDIR/out"
		[ "$(grep -c '"type":"alloc"' "$BATS_TEST_TMPDIR/out")" -eq 0 ]
		diff <(python3 "$ROOT/tests/heap_witness.py" sums "$BATS_TEST_TMPDIR/in") <(sites <"$BATS_TEST_TMPDIR/out")
	done
}

@test "views show the same of calls and of sums: leaks, and calls by each weight" {
	made 8 2000 >"$BATS_TEST_TMPDIR/in"
	vm-track "$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/calls"
	vm-track --aggregate "$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/sums"
	columns=site,live,blocks,allocated,calls,at-peak,temporary
	diff <(vm-render --json --view leaks --columns $columns "$BATS_TEST_TMPDIR/calls" | jq -S 'del(.notes, .subtitle)') \
		<(vm-render --json --view leaks --columns $columns "$BATS_TEST_TMPDIR/sums" | jq -S 'del(.notes, .subtitle)')
	for by in live blocks peak allocated calls temporary leaked; do
		diff <(vm-render --json --view calls --by $by "$BATS_TEST_TMPDIR/calls" | jq -S '.frames') \
			<(vm-render --json --view calls --by $by "$BATS_TEST_TMPDIR/sums" | jq -S '.frames')
	done
	# The whole of the tree is what the witness has.
	live=$(python3 "$ROOT/tests/heap_witness.py" sums "$BATS_TEST_TMPDIR/in" | awk '{ sum += $2 } END { print sum }')
	[ "$(vm-render --json --view calls "$BATS_TEST_TMPDIR/calls" | jq '[.frames[].own[0]] | add')" -eq "$live" ]
}

@test "--at shows the heap of that moment" {
	made 3 1000 >"$BATS_TEST_TMPDIR/in"
	t=$(jq -s 'map(select(.type == "alloc"))[400].t' "$BATS_TEST_TMPDIR/in")
	jq -c --argjson t "$t" 'select(.t <= $t)' "$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/front"
	live=$(python3 "$ROOT/tests/heap_witness.py" sums "$BATS_TEST_TMPDIR/front" | awk '{ sum += $2 } END { print sum }')
	vm-track "$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/tracked"
	[ "$(vm-render --json --view calls --at "$t" "$BATS_TEST_TMPDIR/tracked" | jq '[.frames[].own[0]] | add')" -eq "$live" ]
}

@test "sizes: each call is in the class of its size" {
	made 4 1000 >"$BATS_TEST_TMPDIR/in"
	calls=$(jq -s '[.[] | select(.type == "alloc" and .op != "free" and (.error | not))] | length' "$BATS_TEST_TMPDIR/in")
	small=$(jq -s '[.[] | select(.type == "alloc" and .op != "free" and .size >= 16 and .size < 32)] | length' "$BATS_TEST_TMPDIR/in")
	run -0 --separate-stderr vm-render --json --view sizes "$BATS_TEST_TMPDIR/in"
	[ "$(jq '.totals[1] | tonumber' <<<"$output")" -eq "$calls" ]
	[ "$(jq '.rows[].cells | select(.[0] == "16 B-32 B")[1] | tonumber' <<<"$output")" -eq "$small" ]
}

@test "a block that is freed twice is a finding with the call that allocated it; a stranger's is another" {
	cat >"$BATS_TEST_TMPDIR/in" <<'END'
{"type":"stream","t":0,"version":1,"program":"test 1.0"}
{"type":"stack","t":0,"pid":7,"id":1,"frames":[{"addr":"0x0000000000001001","function":"parse","object":"/bin/x"},{"addr":"0x0000000000001002","function":"main","object":"/bin/x"}]}
{"type":"alloc","t":1,"pid":7,"tid":7,"op":"malloc","addr":"0x0000000000010000","size":100,"stack":1}
{"type":"alloc","t":2,"pid":7,"tid":7,"op":"free","addr":"0x0000000000010000"}
{"type":"alloc","t":3,"pid":7,"tid":7,"op":"free","addr":"0x0000000000010000"}
{"type":"alloc","t":4,"pid":7,"tid":7,"op":"free","addr":"0x0000000000099000"}
{"type":"alloc","t":5,"pid":7,"tid":7,"op":"malloc","addr":"0x0000000000020000","size":3000,"stack":1}
{"type":"end","t":6,"reason":"exit"}
END
	vm-track "$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out"
	valid_stream <"$BATS_TEST_TMPDIR/out"
	[ "$(jq -r 'select(.type == "finding") | "\(.rule) \(.severity) \(.size) \(.functions)"' "$BATS_TEST_TMPDIR/out")" = 'double-free error 100 parse < main
foreign-free warning null null
never-freed info 3000 parse < main' ]
	[[ $(jq -r 'select(.rule == "double-free") | .text' "$BATS_TEST_TMPDIR/out") == "free of 0x10000, which was freed before, at 2.000 s: 100 B, allocated by parse < main" ]]
	# Where calls were lost, a stranger may be one of theirs.
	sed 's/^{"type":"alloc","t":1,.*/{"type":"lost","t":1,"pid":7,"what":"alloc","count":3,"where":"test","why":"none"}/' "$BATS_TEST_TMPDIR/in" |
		vm-track >"$BATS_TEST_TMPDIR/out"
	[ "$(jq -r 'select(.type == "finding") | .rule' "$BATS_TEST_TMPDIR/out")" = never-freed ]
}

@test "rest: the steps from live blocks to rss and pss close, to the byte, against the regions of the stream" {
	[ -e "$BUILD/lib/vmpipe/preload/vmpipe-heap.so" ] || skip "the source heap is not built"
	cat >"$BATS_TEST_TMPDIR/prog.c" <<'END'
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(void)
{
	for (int i = 0; i < 500; i++) {
		char *block = malloc(100 + (size_t)i * 17);
		memset(block, 1, 100);
		if (i % 3 == 0)
			free(block);
	}
	memset(malloc(3000000), 1, 500000);
	char go;
	return read(0, &go, 1) < 0;
}
END
	"${CC:-cc}" -O1 -fno-builtin -o "$BATS_TEST_TMPDIR/prog" "$BATS_TEST_TMPDIR/prog.c"
	{ vm-sample --heap -i 20ms -n 12 -- "$BATS_TEST_TMPDIR/prog" < <(sleep 1) | vm-parse | vm-track; } >"$BATS_TEST_TMPDIR/out"
	t=$(jq -s 'map(select(.type == "sample"))[8].t' "$BATS_TEST_TMPDIR/out")
	run -0 --separate-stderr vm-render --json --view rest --at "$t" "$BATS_TEST_TMPDIR/out"
	# Each sum is what stands above it.
	jq -e '[.rows[].cells | {sum: (.[0] | startswith("= ")), n: (.[1] | ltrimstr("+") | tonumber)}] |
		reduce .[] as $row ({at: 0, good: true}; if $row.sum then .good = (.good and .at == $row.n) else .at += $row.n end) | .good' <<<"$output"
	# The ends are the stream's: live blocks by a witness, rss by the key frame.
	jq -c --argjson t "$t" 'select(.t <= $t)' "$BATS_TEST_TMPDIR/out" >"$BATS_TEST_TMPDIR/front"
	live=$(python3 "$ROOT/tests/heap_witness.py" sums "$BATS_TEST_TMPDIR/front" | awk '{ sum += $2 } END { print sum }')
	[ "$(jq '.rows[0].cells[1] | ltrimstr("+") | tonumber' <<<"$output")" -eq "$live" ]
	rss=$(vm-render --json --view table --columns rss --at "$t" "$BATS_TEST_TMPDIR/out" | jq '.totals[0] | tonumber * 1024')
	[ "$(jq '.rows[].cells | select(.[0] == "= rss")[1] | tonumber' <<<"$output")" -eq "$rss" ]
}
