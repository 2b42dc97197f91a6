# vm-parse: the system's text becomes snapshots and regions; bad input is reported, and nothing else is lost.
load helper

lines_of() { jq -c "select(.type == \"$1\")" <<<"$output"; }

@test "a plain maps text becomes one snapshot and a region for each row" {
	run --separate-stderr vm-parse /proc/self/maps
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	rows=$(jq -r 'select(.type == "region") | .start' <<<"$output" | wc -l)
	[ "$(jq 'select(.type == "snapshot") | .regions' <<<"$output")" = "$rows" ]
	[ "$(head -1 <<<"$output" | jq -r .type)" = stream ]
	[ "$(tail -1 <<<"$output" | jq -r .type)" = end ]
}

@test "regions of a stopped process are the rows of its maps, to the byte" {
	workload still "$BATS_TEST_TMPDIR"
	awk '{ split($1, a, "-"); printf "0x%16s 0x%16s %s\n", a[1], a[2], $2 }' "/proc/$pid/maps" | sed 's/x  */&/; :a; s/x\(0*\) /x\10/; ta' >"$BATS_TEST_TMPDIR/want"
	vm-parse "/proc/$pid/maps" | jq -r 'select(.type == "region") | "\(.start) \(.end) \(.perms)"' >"$BATS_TEST_TMPDIR/got"
	diff "$BATS_TEST_TMPDIR/want" "$BATS_TEST_TMPDIR/got"
}

@test "sums of a stopped process equal those of pmap -x" {
	requires cmd pmap
	workload still "$BATS_TEST_TMPDIR"
	want=$(pmap -x "$pid" | awk '/^total/ { print $3, $4 }')
	got=$(vm-parse "/proc/$pid/smaps" | jq -r 'select(.type == "snapshot") | "\(.size / 1024) \(.rss / 1024)"')
	[ "$got" = "$want" ]
}

@test "the sums by kind add up to the totals" {
	run -0 --separate-stderr vm-parse /proc/self/smaps
	lines_of snapshot | jq -e '([.kinds[].size] | add) == .size and ([.kinds[].rss] | add) == .rss and ([.kinds[].regions] | add) == .regions'
}

@test "names keep their blanks, quotes, escapes and invalid UTF-8" {
	printf '7f0000000000-7f0000001000 r--p 00000000 fe:00 7                          /tmp/a  "b\\c\033[31m \377 \n' >"$BATS_TEST_TMPDIR/m"
	run -0 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/m"
	region=$(lines_of region)
	[[ $region != *$'\033'* ]]
	[ "$(jq -r .name_raw <<<"$region" | base64 -d | od -An -c | tr -s ' ')" = "$(printf '/tmp/a  "b\\c\033[31m \377 ' | od -An -c | tr -s ' ')" ]
}

@test "an unknown smaps field becomes a member of its own" {
	printf '%s\n' '7f0000000000-7f0000001000 rw-p 00000000 00:00 0 ' 'Size:                  4 kB' 'Rss:                   4 kB' 'ShinyNewThing:         8 kB' 'VmFlags: rd wr ' >"$BATS_TEST_TMPDIR/s"
	run -0 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/s"
	[ "$(lines_of region | jq -c '[.rss, .shiny_new_thing, .flags]')" = '[4096,8192,"rd wr"]' ]
}

@test "each bad line is reported once with its place, written as lost, and the rest is read" {
	printf '%s\n' '{"type":"mark","t":1,"text":"a"}' 'nonsense' '{"type":"mark","t":2,"text":"b"}' >"$BATS_TEST_TMPDIR/in"
	run -1 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[ "$stderr" = "vm-parse: $BATS_TEST_TMPDIR/in:2: column 1: no JSON object; line skipped" ]
	[ "$(jq -r '.text // .what // empty' <<<"$output" | paste -sd' ')" = "a lines b" ]
}

@test "NUL bytes, a half line, invalid UTF-8 and an overlong line are each reported" {
	{
		printf '{"type":"mark","t":1,"text":"\0"}\n'
		printf '{"type":"mark","t":1,"text":"\377"}\n'
		printf '{"type":"mark","t":1,"text":"'; head -c 1100000 /dev/zero | tr '\0' x; printf '"}\n'
		printf '{"type":"mark","t":3,"text":"good"}\n{"type":"ma'
	} >"$BATS_TEST_TMPDIR/in"
	run -1 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[[ $stderr == *":1: "*NUL*":2: "*UTF-8*":3: "*"longer than 1 MiB"*":5: "*"stops in the middle"* ]]
	[ "$(lines_of lost | wc -l)" -eq 4 ]
	[ "$(lines_of mark | jq -r .text)" = good ]
}

raw() { printf '{"type":"raw","t":%s,"pid":7,"seq":%s,"source":"procfs","format":"linux-maps","part":%s,"last":%s,"text":"%s-%s rw-p 00000000 00:00 0 \\n"}\n' "$@"; }

@test "a read in several pieces is put together" {
	{ raw 1 0 0 false 1000 2000; raw 1 0 1 true 3000 4000; } >"$BATS_TEST_TMPDIR/in"
	run -0 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[ "$(lines_of snapshot | jq -c '[.seq, .pid, .regions, .size]')" = '[0,7,2,8192]' ]
}

@test "a read without its last piece is dropped and reported, the next one is complete" {
	{ raw 1 0 0 false 1000 2000; raw 2 1 0 true 3000 4000; } >"$BATS_TEST_TMPDIR/in"
	run -1 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[[ $stderr == *"pid 7, sample 0"*"last piece is missing"* ]]
	[ "$(lines_of lost | jq -r .what)" = raw ]
	[ "$(lines_of region | jq -r .start)" = 0x0000000000003000 ]
}

@test "a missing piece in the middle spoils its read only" {
	{ raw 1 0 0 false 1000 2000; raw 1 0 2 true 3000 4000; raw 2 1 0 true 5000 6000; } >"$BATS_TEST_TMPDIR/in"
	run -1 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[ "$(lines_of region | jq -r .start)" = 0x0000000000005000 ]
}

@test "a raw format that no plugin reads is reported" {
	echo '{"type":"raw","t":1,"pid":7,"seq":0,"source":"nobody","format":"strange","part":0,"last":true,"text":"x"}' >"$BATS_TEST_TMPDIR/in"
	run -1 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[[ $stderr == *"format strange"* ]]
	[ "$(lines_of lost | wc -l)" -eq 1 ]
}

@test "lines of other types pass unchanged and in order, unknown members too" {
	printf '%s\n' '{"type":"weather","t":1,"sun": true}' '{"t":2,"type":"mark","x":[1,{"y":null}]}' >"$BATS_TEST_TMPDIR/in"
	run -0 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[ "$(grep -v '"type":"stage"' <<<"$output")" = "$(cat "$BATS_TEST_TMPDIR/in")" ]
}

@test "a text of no known format is refused, with the known formats" {
	run -1 --separate-stderr vm-parse <<<"hello"
	[[ $stderr == *"no format that is known"*"smaps"* ]]
}

@test "a region's kind follows its name, permissions and file" {
	run -0 --separate-stderr vm-parse "/proc/$$/maps" # a shell: a reading program may be built with sanitizers, and have no [heap]
	kinds=$(lines_of region | jq -r .kind | sort -u | paste -sd' ')
	for kind in data heap rodata stack text vdso vvar; do [[ " $kinds " == *" $kind "* ]]; done
}

@test "kinds of a YAML file come before the built-in table" {
	printf 'kinds:\n  - { kind: mine, name: "[heap]" }\n' >"$BATS_TEST_TMPDIR/c.yaml"
	run -0 --separate-stderr vm-parse -c "$BATS_TEST_TMPDIR/c.yaml" "/proc/$$/maps"
	[ "$(lines_of region | jq -r 'select(.name == "[heap]") | .kind')" = mine ]
}

@test "the stage line adds up: lines read, written, skipped" {
	printf '%s\n' '{"type":"stream","t":0,"version":1}' junk '{"type":"end","t":1,"reason":"exit"}' >"$BATS_TEST_TMPDIR/in"
	run -1 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[ "$(lines_of stage | jq -c '[.read, .wrote, .skipped]')" = "[3,$(wc -l <<<"$output"),1]" ]
	[ "$(tail -1 <<<"$output" | jq -r .type)" = end ]
}

@test "smaps and maps of real processes, captured elsewhere, give a region for each row (external samples)" {
	requires samples
	for file in "$SAMPLES"/smaps/local_*.txt "$SAMPLES"/smaps/a*.txt "$SAMPLES"/maps/local_*.txt; do
		rows=$(grep -acE '^[0-9a-f]{8,16}-[0-9a-f]{8,16} [rwxps-]{4} ' "$file")
		got=$(vm-parse "$file" | grep -c '"type":"region"')
		[ "$rows" = "$got" ] || { echo "$file: $rows rows, $got regions"; return 1; }
	done
}

@test "an empty sample is a snapshot without regions, and the next sample is read" {
	printf '%s\n' '{"type":"raw","t":1,"pid":7,"seq":0,"source":"procfs","format":"linux-maps","part":0,"last":true,"text":""}' \
		'{"type":"raw","t":2,"pid":7,"seq":1,"source":"procfs","format":"linux-maps","part":0,"last":true,"text":"7f0000000000-7f0000001000 rw-p 00000000 00:00 0 \n"}' >"$BATS_TEST_TMPDIR/in"
	run -0 vm-parse -q "$BATS_TEST_TMPDIR/in"
	[ "$(jq -r 'select(.type=="snapshot") | .regions' <<<"$output" | paste -sd,)" = 0,1 ]
}

@test "a report of 200 000 regions is read whole, with and without measures" {
	for line in '' 'Rss: 4 kB\n'; do
		awk -v line="$line" 'BEGIN { for (i = 1; i <= 200000; i++) printf "%x-%x rw-p 00000000 00:00 0 \n" line, i * 8192, i * 8192 + 4096 }' >"$BATS_TEST_TMPDIR/in"
		vm-parse "$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out"
		[ "$(grep -c '"type":"region"' "$BATS_TEST_TMPDIR/out")" = 200000 ]
		grep '"type":"region"' "$BATS_TEST_TMPDIR/out" | tail -1 | grep -q '"start":"0x0000000061a80000"'
	done
}
