# The view explain, compared with what awk counts in /proc of other programs.
# bats file_tags=steady
load helper

explain() { run -0 --separate-stderr vm-render --trace --view explain --width 200 "$@"; }

# cell KIND FIELD: a cell of the row of a kind.
cell() { awk -v kind="$1" -v field="$2" '$1 == "cell" && $3 == "\"kind\"" { on = $4 == "\"" kind "\"" } $1 == "cell" && on && index($0, "\"" field "\" ") { gsub("\"", "", $NF); print $NF }' <<<"$output"; }
total() { awk -v field="$1" '$1 == "total" && index($0, "\"" field "\" ") { gsub("\"", "", $NF); print $NF }' <<<"$output"; }
note() { grep -F "note \"$1" <<<"$output" || { echo "no note that begins with: $1" >&2; grep '^note' <<<"$output" >&2; return 1; }; }
no() { if grep -F "$1" <<<"$output"; then return 1; fi; }
same() { [ "$1" = "$2" ] || { echo "is $1, should be $2" >&2; return 1; }; }

# The smaps text of an idle process, in $SMAPS.
stand_still() {
	background "$@"
	until_true bash -c "[ \"\$(readlink /proc/$pid/exe)\" != \"\$(readlink /proc/$$/exe)\" ] && grep -q stack /proc/$pid/maps"
	until_true grep -q '^State:.S' "/proc/$pid/status"
	kill -STOP "$pid"
	until_true grep -q '^State:.T' "/proc/$pid/status"
	SMAPS=$BATS_TEST_TMPDIR/smaps
	cat "/proc/$pid/smaps" >"$SMAPS"
	vm-parse "$SMAPS" -o "$BATS_TEST_TMPDIR/parsed"
}

sum() { awk -v key="$1:" '$1 == key { n += $2 } END { print n + 0 }' "$SMAPS"; } # KiB
rows() { grep -E '^[0-9a-f]+-[0-9a-f]+ ' "$SMAPS"; }

@test "explain: totals equal those of smaps" {
	requires cmd /usr/bin/python3
	stand_still /usr/bin/python3 -c 'import time; time.sleep(600)'
	explain "$BATS_TEST_TMPDIR/parsed"
	same "$(total regions)" "$(rows | wc -l)"
	same "$(total "size KiB")" "$(sum Size)"
	same "$(total "rss KiB")" "$(sum Rss)"
	same "$(total "shared KiB")" $(($(sum Shared_Clean) + $(sum Shared_Dirty)))
	same "$(total "private KiB")" $(($(sum Private_Clean) + $(sum Private_Dirty)))
}

@test "explain: rows equal the sums by kind, and each gives the purpose of its kind" {
	stand_still sleep 600
	explain "$BATS_TEST_TMPDIR/parsed"
	same "$(cell stack regions)" "$(rows | grep -c '\[stack\]')"
	same "$(cell heap "size KiB")" "$(awk '/^[0-9a-f]+-/ { on = /\[heap\]/ } on && $1 == "Size:" { print $2 }' "$SMAPS")"
	same "$(cell heap "rss KiB")" "$(awk '/^[0-9a-f]+-/ { on = /\[heap\]/ } on && $1 == "Rss:" { print $2 }' "$SMAPS")"
	same "$(cell text regions)" "$(rows | grep -c ' r-xp .* /')"
	grep -q 'what it is' <<<"$output"
	grep -qF 'the break area: what brk hands out' <<<"$output"
}

@test "explain: the number of regions, beside the four of the textbook" {
	stand_still sleep 600
	explain "$BATS_TEST_TMPDIR/parsed"
	kinds=$(jq -r 'select(.type == "region") | .kind' "$BATS_TEST_TMPDIR/parsed" | sort -u | wc -l)
	book=$(jq -r 'select(.type == "region") | .kind' "$BATS_TEST_TMPDIR/parsed" | grep -cxE 'text|rodata|data|bss|heap|stack')
	note "$(rows | wc -l) regions of $kinds kinds; $book of these are code, data, heap or stack"
}

@test "explain: W^X holds for sleep, and node breaks it with as many regions as awk finds" {
	stand_still sleep 600
	explain "$BATS_TEST_TMPDIR/parsed"
	note "W^X holds: of $(rows | awk '$2 ~ /x/' | wc -l) executable regions none is writable"
	requires cmd node
	background node -e 'require("fs").writeFileSync(process.argv[1], "ready"); setInterval(() => {}, 1e6)' "$BATS_TEST_TMPDIR/ready"
	until_true test -s "$BATS_TEST_TMPDIR/ready"
	kill -STOP "$pid"
	until_true grep -q '^State:.T' "/proc/$pid/status"
	SMAPS=$BATS_TEST_TMPDIR/smaps
	cat "/proc/$pid/smaps" >"$SMAPS"
	vm-parse "$SMAPS" -o "$BATS_TEST_TMPDIR/parsed"
	explain "$BATS_TEST_TMPDIR/parsed"
	both=$(rows | awk '$2 ~ /wx/' | wc -l)
	if [ "$both" = 0 ]; then note "W^X holds"; else note "W^X is broken: $both region"; fi
}

@test "explain: pages that are executable here and writable there evade W^X" {
	map() { printf '%s-%s %s %08x 00:01 %d                             %s\n' "$@"; }
	{ map 7f0000000000 7f0000004000 rw-s 0 77 "/memfd:code (deleted)"; map 7f0000100000 7f0000102000 r-xs 8192 77 "/memfd:code (deleted)"
		map 7f0000200000 7f0000202000 r-xs 65536 77 "/memfd:code (deleted)"; map 7f0000300000 7f0000302000 r-xs 0 78 "/memfd:other (deleted)"; } >"$BATS_TEST_TMPDIR/m"
	run -0 --separate-stderr vm-render --ascii --view explain --width 200 <(vm-parse "$BATS_TEST_TMPDIR/m")
	[[ $output == *"W^X holds"* ]]
	[[ $output == *"W^X is evaded: 1 executable region, 8 KiB, can be written through another mapping of the same pages; the first: jit at 0x7f0000100000"* ]]
}

@test "explain: lazy memory, and whether RSS follows the requested size" {
	step_start
	step mmap 16384 rw
	vm-parse "/proc/$pid/smaps" -o "$BATS_TEST_TMPDIR/parsed"
	explain "$BATS_TEST_TMPDIR/parsed"
	note "allocated (heap, anon, arena ...): " | grep -q 'of 64.* are resident .*; RSS follows what was touched, not what was allocated'
	note "lazy: "
	note "  laziest: anon at 0x$(printf %x "$((answer))")"
	step touch "$answer" 16384
	vm-parse "/proc/$pid/smaps" -o "$BATS_TEST_TMPDIR/parsed"
	explain "$BATS_TEST_TMPDIR/parsed"
	note "allocated (heap, anon, arena ...): " | grep -q 'nearly all of it was touched'
}

@test "explain: guards, reserved addresses and the largest hole" {
	workload kinds "$BATS_TEST_TMPDIR"
	SMAPS=$BATS_TEST_TMPDIR/smaps
	cat "/proc/$pid/smaps" >"$SMAPS"
	vm-parse "$SMAPS" -o "$BATS_TEST_TMPDIR/parsed"
	explain "$BATS_TEST_TMPDIR/parsed"
	small=$(rows | awk '$2 == "---p"' | grep -c ' 00:00 0 *$')
	same $(($(cell guard regions) + $(cell reserved regions))) "$small"
	note "without any access: $(cell guard regions) guards"
	largest=$(rows | awk '{ split($1, a, "-"); print a[1], a[2] }' | /usr/bin/python3 -c '
import sys
rows = [[int(x, 16) for x in line.split()] for line in sys.stdin]
holes = [(b[0] - a[1], a[1]) for a, b in zip(rows, rows[1:]) if b[0] > a[1] and b[0] < 1 << 63]
print(len(holes), "%x" % max(holes)[1])')
	note "holes: ${largest% *} between the regions"
	grep -q "the largest: [0-9.]* TiB above 0x${largest#* }" <<<"$output"
}

@test "explain: unknown values are named unknown, never shown as 0" {
	stand_still sleep 600
	vm-parse "/proc/$pid/maps" -o "$BATS_TEST_TMPDIR/parsed"
	explain "$BATS_TEST_TMPDIR/parsed"
	note "what is resident is unknown: record with vm-sample --detail rss or smaps"
	no 'rss KiB'
	no 'note "lazy'
}

@test "explain: the user may choose columns, order and filters, but no groups" {
	stand_still sleep 600
	explain --columns kind,swap,about --sort kind "$BATS_TEST_TMPDIR/parsed"
	same "$(grep '^column' <<<"$output" | wc -l)" 3
	explain --kind heap "$BATS_TEST_TMPDIR/parsed"
	note "1 region of 1 kind"
	no 'note "holes'
	run -2 --separate-stderr vm-render --ascii --view explain --by kind "$BATS_TEST_TMPDIR/parsed"
	[[ $stderr == *"one row for each kind"* ]]
	run -2 --separate-stderr vm-render --ascii --view explain --columns sise "$BATS_TEST_TMPDIR/parsed"
	[[ $stderr == *'did you mean "size"?'* ]]
}

@test "explain: every renderer draws the view, also hostile names and kinds" {
	printf '%s\n' '{"type":"region","t":0,"pid":7,"seq":0,"start":"0x0000000000001000","end":"0x0000000040001000","size":1073741824,"perms":"rwxp","kind":"<b>\u001b[31m","name":"</text><script>alert(1)</script>\n","rss":4096}' >"$BATS_TEST_TMPDIR/s"
	explain "$BATS_TEST_TMPDIR/s"
	run -0 --separate-stderr vm-render --svg -O script=no --view explain "$BATS_TEST_TMPDIR/s"
	[[ $output != *"<script>"* ]]
	run -0 --separate-stderr vm-render --ascii --view explain "$BATS_TEST_TMPDIR/s"
	[[ $output != *$'\033[31m'* ]]
	[[ $output == *"W^X is broken: 1 region, 1 GiB"* ]]
	run -0 --separate-stderr vm-render --gnuplot --view explain "$BATS_TEST_TMPDIR/s"
	vm-render --ascii --view explain "$BATS_TEST_TMPDIR/s" | head -1
}

@test "explain: one moment, a tracked stream, and an empty stream" {
	golden=$ROOT/tests/golden/life.track.ndjson
	explain --at 1s "$golden"
	early=$(total regions)
	same "$early" "$(vm-render --trace --view table --at 1s --by kind "$golden" | awk '$1 == "total" && /"regions"/ { gsub("\"", "", $NF); print $NF }')"
	explain "$golden"
	[ "$(total regions)" != "$early" ]
	run -0 --separate-stderr vm-render --ascii --view explain </dev/null
	[[ $output == *"the input is empty"* ]]
}

@test "explain: a report of macOS has its own labels, each with an explanation" {
	vm-parse "$ROOT/tests/texts/vmmap.txt" >"$BATS_TEST_TMPDIR/s"
	run -0 --separate-stderr vm-render --ascii --view explain --columns kind,label,regions,size,about --width 200 "$BATS_TEST_TMPDIR/s"
	while read -r label; do
		want=$(jq -s --arg word "$label" '[.[] | select(.type == "region" and .label == $word) | .size] | add / 1024' "$BATS_TEST_TMPDIR/s")
		grep -qE "^[a-z-]+ +$label +[0-9]+ +$want +[a-z]" <<<"$output" || { echo "no row of $label with $want KiB in: $output"; return 1; }
	done < <(jq -r 'select(.type == "region") | .label' "$BATS_TEST_TMPDIR/s" | sort -u | grep -E '^(MALLOC_|__TEXT|Stack)[A-Z]*$')
	[[ $output == *"regions of 1 MiB"* && $output == *"a trap"* ]]
}

@test "explain: endless labels of an invented report do not become endless rows" {
	{ echo 'Virtual Memory Map of process 1 (x)'; echo 'Output report format:  2.4  -- 64-bit process'; echo '==== regions for process 1'
	seq 3000 | awk '{ printf "MALLOC_%d  %x-%x [ 4K 4K 4K 0K] rw-/rwx SM=PRV\n", $1, $1 * 65536, $1 * 65536 + 4096 }'; } | vm-parse -q >"$BATS_TEST_TMPDIR/s" || no_crash $?
	run -0 vm-render --ascii --view explain --width 200 "$BATS_TEST_TMPDIR/s"
	[ "${#lines[@]}" -lt 600 ]
	[[ $output =~ total\ +3000\  ]]
}

@test "explain: a user's own kinds are marked, and their memory counts as requested" {
	printf 'kinds:\n  - { kind: pool, name: "", least: 1M }\n' >"$BATS_TEST_TMPDIR/c.yaml"
	printf '%s\n' '7f0000000000-7f0000400000 rw-p 00000000 00:00 0' 'Size: 4096 kB' 'Rss: 4096 kB' >"$BATS_TEST_TMPDIR/smaps"
	run -0 --separate-stderr vm-parse -c "$BATS_TEST_TMPDIR/c.yaml" -o "$BATS_TEST_TMPDIR/parsed" "$BATS_TEST_TMPDIR/smaps"
	explain "$BATS_TEST_TMPDIR/parsed"
	grep -F "a kind from a rule in YAML or from a plugin" <<<"$output"
	note "allocated (heap, anon, arena ...): 4 MiB of 4 MiB are resident"
}
