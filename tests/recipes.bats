# contrib/vm.jq and its recipes: each command of the document runs, prints the shown output, and agrees with a separate calculation.
# GOLDEN=write writes the output of the commands into the document.
load helper

setup() {
	requires cmd jq python3
	cd "$BATS_TEST_TMPDIR"
	ln -s "$ROOT/contrib" contrib
	cp "$ROOT/tests/golden/life.track.ndjson" run.ndjson
	[ -z "${GOLDEN:-}" ] || python3 -I "$ROOT/tests/recipes.py" "$ROOT/contrib/recipes.md" write
}

recipe() { # N
	python3 -I "$ROOT/tests/recipes.py" "$ROOT/contrib/recipes.md" command "$1" >command.sh
	[ -s command.sh ]
	run --separate-stderr sh command.sh
	echo "$stderr"
	[ "$status" = 0 ]
	[ -z "$stderr" ]
}

# A separate calculation: a replay in Python. Its body has `lines`, and regions(t): the regions at that moment, by address.
python() {
	python3 -I -c '
import json
lines = [json.loads(line) for line in open("run.ndjson")]
def regions(until):
    live, left = {}, 0
    for line in lines:
        if line["t"] > until: break
        if line["type"] == "snapshot": fresh = True
        if line["type"] == "region":
            if fresh: live, fresh = {}, False
            live[line["id"]] = line
        if line["type"] == "change":
            for gone in line.get("gone", []): live.pop(gone, None)
            if line["event"] in ("MUNMAP_REMOVE", "EXIT"): live.pop(line["id"], None)
            else: live[line["id"]] = line
    return sorted(live.values(), key=lambda r: r["start"])
'"$1"
}

right() { # a Python expression that prints the same
	diff <(echo "$output") <(python "$1")
}

vm() { # jq program
	jq -nc -L "$ROOT/contrib" "include \"vm\"; $1" run.ndjson
}

@test "every recipe runs and prints what the document shows; the document has at least ten" {
	list=$(python3 -I "$ROOT/tests/recipes.py" "$ROOT/contrib/recipes.md" list)
	[ "$(wc -l <<<"$list")" -ge 10 ]
	[ "$(grep -c '^## [0-9]' "$ROOT/contrib/recipes.md")" = "$(wc -l <<<"$list")" ]
	for n in $list; do
		recipe "$n"
		diff <(echo "$output") <(python3 -I "$ROOT/tests/recipes.py" "$ROOT/contrib/recipes.md" output "$n" | sed '$!b; s/$//'; [ -n "$output" ] || echo)
	done
}

@test "sums by kind at a moment are those of a replay" {
	recipe 1
	diff <(sort <<<"$output") <(python '
kinds = {}
for r in regions(1.5):
    k = kinds.setdefault(r["kind"], [0, 0, 0])
    k[0] += 1; k[1] += r["size"]; k[2] += r["rss"]
for kind in kinds: print(kind, *kinds[kind], sep="\t")' | sort)
}

@test "the regions with the most resident memory are those of a replay" {
	recipe 2
	diff <(cut -d' ' -f1 <<<"$output") <(python '
for r in sorted(regions(3), key=lambda r: (-r["rss"], r["start"]))[:5]: print(r["start"])')
}

@test "resident memory over time is the sum of a replay at each sample" {
	recipe 3
	right '
for line in lines:
    if line["type"] == "snapshot": print(line["t"], sum(r["rss"] for r in regions(line["t"])), sep=",")'
}

@test "the peak is the largest of these sums" {
	recipe 4
	right '
t, most = max(((l["t"], l["rss"]) for l in lines if l["type"] == "snapshot"), key=lambda p: p[1])
print(f"{t} s: {most / 1048576:.1f} MiB")'
}

@test "leaks are regions that appeared and remained until just before the exit, in bytes, pieces with their whole" {
	recipe 5
	[ "$(cut -f4 <<<"$output" | head -2 | sort | paste -sd ' ')" = "[heap] [stack]" ]
	# Just before its exit the process has this much more than at first: nothing else of this recording has shrunk or gone.
	run vm 'leaks(inputs) | map(.by) | add'
	right '
last = max(l["t"] for l in lines if l["type"] == "change" and l["event"] != "EXIT")
print(sum(r["size"] for r in regions(last)) - sum(r["size"] for r in regions(0.1)))'
}

@test "leaks exclude earlier regions, removed regions, and mere splits" {
	cat >run.ndjson <<-'END'
		{"type":"snapshot","t":0,"pid":1,"seq":0,"regions":1}
		{"type":"region","t":0,"pid":1,"seq":0,"id":1,"start":"0x0000000000001000","end":"0x0000000000003000","size":8192}
		{"type":"change","t":1,"pid":1,"event":"SPLIT","act":1,"id":1,"start":"0x0000000000001000","end":"0x0000000000002000","size":4096}
		{"type":"change","t":1,"pid":1,"event":"SPLIT","act":1,"id":2,"start":"0x0000000000002000","end":"0x0000000000003000","size":4096,"from":[1]}
		{"type":"change","t":2,"pid":1,"event":"MMAP_ADD","act":2,"id":3,"start":"0x0000000000007000","end":"0x0000000000008000","size":4096}
		{"type":"change","t":3,"pid":1,"event":"MUNMAP_REMOVE","act":3,"id":3,"start":"0x0000000000007000","end":"0x0000000000008000","size":4096}
		{"type":"change","t":4,"pid":1,"event":"MMAP_ADD","act":4,"id":4,"start":"0x0000000000009000","end":"0x000000000000a000","size":4096}
		{"type":"change","t":5,"pid":1,"event":"EXIT","act":5,"id":4,"start":"0x0000000000009000","end":"0x000000000000a000","size":4096}
	END
	run vm '[leaks(inputs)[] | [.id, .since, .by]]'
	[ "$output" = '[[4,4,4096]]' ]
}

@test "causes count acts and lines" {
	recipe 6
	diff <(sort <<<"$output") <(python '
events = {}
for l in lines:
    if l["type"] == "change": events.setdefault(l["event"], []).append(l["act"])
for e in events: print(e, len(set(events[e])), len(events[e]), sep="\t")' | sort)
}

@test "an address is found in its region, and only there" {
	recipe 7
	[ "$(wc -l <<<"$output")" = 1 ]
	diff <(cut -d' ' -f1 <<<"$output") <(python '
for r in regions(1):
    if int(r["start"], 16) <= 0x7f8180c28123 < int(r["end"], 16): print(r["start"])')
	[ "$(vm '[regions_at(1; inputs)[] | at("1")] | length')" = 0 ]
}

@test "the difference of two moments equals that of two replays" {
	recipe 8
	diff <(jq -r '.[0:2] | join(" ")' <<<"$output" | sort) <(python '
a, b = ({r["id"]: r for r in regions(t)} for t in (1, 2))
for i in b.keys() - a.keys(): print("came", b[i]["start"])
for i in a.keys() - b.keys(): print("went", a[i]["start"])
for i in a.keys() & b.keys():
    if a[i]["size"] != b[i]["size"]: print("changed", b[i]["start"])' | sort)
}

@test "the cost of files is the sum of their shares" {
	recipe 9
	diff <(sort <<<"$output") <(python '
files = {}
for r in regions(1):
    if "inode" in r: f = files.setdefault(r["name"], [0, 0]); f[0] += r["pss"]; f[1] += 1
for f in files: print(*files[f], f, sep="\t")' | sort)
}

@test "holes are found by exact differences" {
	recipe 10
	diff <(cut -d' ' -f1 <<<"$output") <(python '
r = regions(1)
holes = [(int(b["start"], 16) - int(a["end"], 16), a["end"]) for a, b in zip(r, r[1:])]
for hole, start in sorted(holes, reverse=True)[:3]: print(start)')
}

@test "changes of permissions are exactly those lines, and lost lines are listed" {
	recipe 11
	[ "$(wc -l <<<"$output")" = "$(grep -c '"was":{[^}]*"perms"' run.ndjson)" ]
	recipe 12
	[ -z "$output" ]
	echo '{"type":"lost","t":9,"what":"lines","count":3,"where":"vm-parse","why":"a test"}' >>run.ndjson
	recipe 12
	[ "$output" = "lines	3	vm-parse	a test" ]
}

@test "addresses become numbers and text again without loss, or an error" {
	python3 -I -c '
import random
random.seed(7)
edge = [0, 1, 0xfff, 2**31, 2**32 - 1, 2**32, 2**47 - 1, 2**53 - 1, 0xffffffffff600000, 2**64 - 4096]
for n in edge + [random.getrandbits(47) for i in range(200)] + [random.getrandbits(52) << 12 for i in range(200)]: print(n)' >numbers
	jq -R -L "$ROOT/contrib" -r 'include "vm"; . as $n | (tonumber | hex) as $h | ($h | addr | hex) as $again | "\($n) \($h) \($again)"' numbers >got
	python3 -I -c '
for line in open("got"):
    n, a, b = line.split()
    assert int(a, 16) == int(n) and a == b and len(a) == 18, line'
	[ "$(wc -l <got)" = 410 ]
	run vm '"0xffffffffff600123" | addr'
	[ "$status" != 0 ]
	[[ $output == *"not exact"* ]]
	run vm '-1 | hex'
	[ "$status" != 0 ]
	run vm '"0x12345678123456789" | address'
	[ "$status" != 0 ]
}

@test "sums and differences of any addresses are exact" {
	python3 -I -c '
import random
random.seed(8)
for i in range(300):
    a, n = random.getrandbits(64), random.randrange(-2**50, 2**50)
    if 0 <= a + n < 2**64: print(f"0x{a:016x} {n} 0x{a + n:016x}")' >sums
	[ "$(wc -l <sums)" -gt 250 ]
	run jq -R -L "$ROOT/contrib" -r 'include "vm"; split(" ") as [$a, $n, $b] | select(($a | addr_add($n | tonumber)) != $b or ($b | addr_diff($a)) != ($n | tonumber))' sums
	[ "$status" = 0 ]
	[ -z "$output" ]
	run vm '"0xffffffffffffffff" | addr_add(1)'
	[[ $output == *"beyond the address space"* ]]
}

@test "sizes are printed for people" {
	run vm '[0, 1023, 1024, 1536, 1048576, 2404352, 4294967296, 1125899906842624] | map(human)'
	[ "$output" = '["0 B","1023 B","1.0 KiB","1.5 KiB","1.0 MiB","2.3 MiB","4.0 GiB","1.0 PiB"]' ]
}

@test "output of vm-parse, without ids, works too, and names cannot control the terminal" {
	requires program vm-parse
	mkdir names
	workload still "$PWD/names"
	vm-parse "/proc/$pid/smaps" >run.ndjson
	[ "$(vm '[replay(inputs)[][]] | length')" = "$(grep -c '"type":"region"' run.ndjson)" ]
	jq -nr -L "$ROOT/contrib" 'include "vm"; regions_at(0; inputs)[] | row' run.ndjson >rows
	[ -s rows ]
	run ! env LC_ALL=C grep -q $'\e' rows
}
