#!/usr/bin/env bats
# The view sites: which call stack has mapped what, compared with a count page by page that is not ours.
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
}

# Rows of the view: "mapped live stack", in KiB; "rest live": what no call has mapped. OPTIONS of vm-render.
rows() { # FILE [OPTION...]
	vm-render --json --view sites --columns site,mapped,live,stack "${@:2}" "$1" | jq -r '
		[.rows[]?.cells] | (map(select(.[1])) | .[] | "\(.[1]) \(.[2]) \(.[3] // "none")"),
		(map(select(.[1] | not) | .[2] | tonumber) | add | select(.) | "rest \(.)")' | sort
}

# Functions of the picture: "live path", in KiB, of the tree's own sums; "live rest": roots that are no calls.
tree() { # FILE [OPTION...]
	vm-render --json --width 100000 --view stacks "${@:2}" "$1" | jq -r '.frames as $f
		| (reduce range($f | length - 1; -1; -1) as $i ([]; .[$i] = (.[$i] // 0) + $f[$i].own[0]
			| if $f[$i].parent then .[$f[$i].parent] = (.[$f[$i].parent] // 0) + .[$i] else . end)) as $sums
		| (reduce range($f | length) as $i ([]; .[$i] = (if $f[$i].parent then .[$f[$i].parent] + " > " else "" end)
			+ ($f[$i] | (.title | split("\n")) as $t | if .name | startswith("(") then .name else .name + "@" + (if $t[1] | startswith("/") then $t[1] else "" end) end))) as $paths
		| [range($f | length) | [$sums[.] / 1024, $paths[.]] | if .[1] | test("^\\((from|by) ") then .[1] = "rest" else . end]
		| group_by(.[1])[] | "\(map(.[0]) | add) \(.[0][1])"' | sort
}

# The widths of the picture, as bytes of the sum of all; each function within its caller, none over another.
widths() { # FILE
	vm-render --json --width 100000 --view stacks "$1" | jq -e '.frames as $f | ([$f[].own[0]] | add) as $all
		| (reduce range($f | length - 1; -1; -1) as $i ([]; .[$i] = (.[$i] // 0) + $f[$i].own[0]
			| if $f[$i].parent then .[$f[$i].parent] = (.[$f[$i].parent] // 0) + .[$i] else . end)) as $sums
		| all(range($f | length); . as $i | ($f[$i].x1 - $f[$i].x0 - $sums[$i] / $all | fabs) < 1e-5
			and ($f[$i].parent == null or ($f[$f[$i].parent].x0 <= $f[$i].x0 + 1e-6 and $f[$f[$i].parent].x1 >= $f[$i].x1 - 1e-6)))
		and ([$f[] | select(.parent == null) | .x1 - .x0] | add | . - 1 | fabs) < 1e-4' >/dev/null
}

# The same from the events alone: each page of each process belongs to the stack that mapped it last.
witness() { # [--tree] FILE [AT]
	/usr/bin/python3 -I "$ROOT/tests/sites_witness.py" "$@" | sort
}

# A stream of calls of process 7 and others: lines of members, each with its t.
stream() {
	echo '{"type":"stream","t":0,"version":1}'
	for id in 1 2 3; do echo '{"type":"stack","t":0,"pid":7,"id":'$id',"frames":[{"addr":"0x0000000000001000","function":"f'$id'"},{"addr":"0x0000000000002000","function":"main"}]}'; done
	awk '{ print "{\"type\":\"event\",\"t\":" NR "," $0 "}" }'
}

@test "partial unmaps, mappings over others, mremap, brk, fork and exec count by their pages" {
	requires cmd python3
	stream >calls.ndjson <<-'END'
		"pid":7,"call":"mmap","length":40960,"result":"0x0000000000100000","stack":1
		"pid":7,"call":"munmap","addr":"0x0000000000102000","length":4097,"result":0,"stack":2
		"pid":7,"call":"mmap","length":8192,"result":"0x0000000000108000","stack":2
		"pid":7,"call":"mmap","length":8192,"error":"ENOMEM","stack":2
		"pid":7,"call":"mremap","old_address":"0x0000000000106000","old_size":16384,"new_size":32768,"flags":"MREMAP_MAYMOVE","result":"0x0000000000200000","stack":3
		"pid":7,"call":"mremap","old_address":"0x0000000000200000","old_size":32768,"new_size":20480,"flags":"MREMAP_MAYMOVE","result":"0x0000000000200000","stack":3
		"pid":7,"call":"brk","addr":"0x0000000000000000","result":"0x0000000000500000","stack":1
		"pid":7,"call":"brk","addr":"0x0000000000510000","result":"0x0000000000510000","stack":1
		"pid":7,"call":"brk","addr":"0x0000000000508000","result":"0x0000000000508000","stack":2
		"pid":7,"call":"fork","child":8,"stack":1
		"pid":8,"call":"munmap","addr":"0x0000000000100000","length":8192,"result":0,"stack":2
		"pid":7,"call":"mmap","length":4096,"result":"0x0000000000600000","stack":3
		"pid":7,"call":"fork","child":9,"stack":1
		"pid":9,"call":"exec"
		"pid":9,"call":"exit","status":0
		"pid":8,"call":"exit","status":0
	END
	diff <(witness calls.ndjson) <(rows calls.ndjson)
	diff <(witness --tree calls.ndjson) <(tree calls.ndjson)
	widths calls.ndjson
	[ "$(rows calls.ndjson)" = "$(printf '%s\n' '104 104 f1 < main' '20 12 f3 < main' '8 16 f2 < main' | sort)" ]
	# of one process, and of a moment
	[ "$(rows calls.ndjson --at 3)" = "$(printf '%s\n' '40 24 f1 < main' '8 8 f2 < main' | sort)" ]
	rows calls.ndjson --pid 8 | grep -qx '0 48 f1 < main'
}

@test "real programs: mapped and still mapped bytes by stack equal the count by pages" {
	requires bpf
	requires cmd cc python3
	[ -e "$BUILD/lib/vmpipe/source/ebpf.so" ] || skip "the source ebpf is not built (clang, bpftool or libbpf-dev is missing)"
	cat >busy.c <<-'C'
		#define _GNU_SOURCE
		#include <stdlib.h>
		#include <string.h>
		#include <sys/mman.h>
		#include <sys/wait.h>
		#include <unistd.h>
		__attribute__((noinline)) static void *keeps(size_t n) { void *p = malloc(n); *(volatile char *)p = 1; return p; }
		__attribute__((noinline)) static void drops(size_t n) { void *p = malloc(n); *(volatile char *)p = 1; free(p); }
		__attribute__((noinline)) static void grows(size_t n) { void *p = realloc(malloc(n), 3 * n); *(volatile char *)p = 1; }
		int main(void)
		{
			for (int i = 1; i <= 40; i++) {
				keeps(150000 + i * 4096);
				drops(300000);
				char *p = mmap(0, 20 * 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
				munmap(p + 4096 * (i % 7), 4096 * (1 + i % 5));
				grows(400000);
			}
			if (!fork()) {
				keeps(7000000);
				_exit(0);
			}
			wait(0);
			if (!fork())
				execl("/bin/true", "true", (char *)0);
			wait(0);
			return 0;
		}
	C
	cc -O1 -fno-builtin -o busy busy.c
	timeout 100 vm-sample --ebpf -f --stacks -- ./busy >raw.ndjson
	run ! grep -q '"type":"lost"' raw.ndjson
	vm-parse raw.ndjson | vm-track >tracked.ndjson
	diff <(witness raw.ndjson) <(rows tracked.ndjson)
	diff <(witness --tree raw.ndjson) <(tree tracked.ndjson)
	widths tracked.ndjson
	# at a moment in the middle
	middle=$(jq -s 'map(.t) | .[length / 2 | floor]' raw.ndjson)
	diff <(witness raw.ndjson "$middle") <(rows tracked.ndjson --at "$middle")
	# all that was mapped when the processes ended, and nothing else
	[ "$(vm-render --json --view sites --columns live tracked.ndjson | jq -r '.totals[0]')" = "$(jq -s 'map(select(.event == "EXIT").size) | add / 1024' tracked.ndjson)" ]
	diff <(vm-parse raw.ndjson | rows -) <(rows tracked.ndjson)
	# the code that gives nothing back comes first, by its own function
	run jq -r '.rows[0].cells[0]' <(vm-render --json --view sites tracked.ndjson)
	[ "$output" = grows ]
	run vm-render --ascii --width 120 --view sites tracked.ndjson
	[[ $output == *"still mapped"*grows*total* ]]
}

@test "a process that was there before: what it had has a row, and its first brk counts from the end of its heap" {
	requires cmd python3
	stream >calls.ndjson <<-'END'
		"pid":7,"call":"brk","addr":"0x0000000000580000","result":"0x0000000000580000","stack":1
		"pid":7,"call":"mmap","length":8192,"result":"0x0000000000900000","stack":2
		"pid":7,"call":"munmap","addr":"0x0000000000401000","length":4096,"result":0,"stack":2,"span":{"start":"0x0000000000401000","end":"0x0000000000402000"},"after":[]
		"pid":7,"call":"mmap","length":4096,"result":"0x0000000000402000"
	END
	maps='00400000-00404000 r-xp 00000000 00:00 0 /bin/x\n00500000-00560000 rw-p 00000000 00:00 0 [heap]\n'
	sed -i '1a{"type":"sample","t":0,"pid":7,"seq":0}\n{"type":"raw","t":0,"pid":7,"seq":0,"source":"ebpf","format":"linux-maps","part":0,"last":true,"text":"'"${maps//\\/\\\\}"'"}' calls.ndjson
	vm-parse calls.ndjson >parsed.ndjson
	diff <(witness calls.ndjson) <(rows parsed.ndjson)
	diff <(witness --tree calls.ndjson) <(tree parsed.ndjson)
	run rows parsed.ndjson
	[ "$output" = "$(printf '%s\n' '128 128 f1 < main' '4 4 none' '8 8 f2 < main' 'rest 392' | sort)" ]
	run vm-render --ascii --width 200 --table=sites parsed.ndjson
	[[ $output == *"(from before the recording)"* && $output == *"(calls without a stack)"* ]]
}

@test "the picture: equal functions of different files are two, a cut stack says so, unnamed functions have file and offset" {
	{
		echo '{"type":"stream","t":0,"version":1}'
		echo '{"type":"stack","t":0,"pid":7,"id":1,"frames":[{"addr":"0x0000000000001000","object":"/lib/a.so","function":"f"},{"addr":"0x0000000000002000","object":"/bin/x","offset":"0x0000000000002000"}]}'
		echo '{"type":"stack","t":0,"pid":7,"id":2,"frames":[{"addr":"0x0000000000001000","object":"/lib/b.so","function":"f"},{"addr":"0x0000000000002000","object":"/bin/x","offset":"0x0000000000002000"}]}'
		echo '{"type":"stack","t":0,"pid":7,"id":3,"frames":[{"addr":"0x0000000000005000"}],"cut":true}'
		for id in 1 2 3; do echo '{"type":"event","t":'$id',"pid":7,"call":"mmap","length":'$((id * 4096))',"result":"0x000000000'$id'000000","stack":'$id'}'; done
		echo '{"type":"event","t":4,"pid":7,"call":"munmap","addr":"0x0000000001000000","length":4096,"result":0}'
	} >calls.ndjson
	run jq -r '.frames[] | "\(.depth) \(.name) \(.own | join(","))"' <(vm-render --json --view stacks calls.ndjson)
	[ "$output" = '0 (cut: callers unknown) 0,0,0,0
1 0x5000 12288,12288,0,1
0 x+0x2000 0,0,0,0
1 f 8192,8192,0,1' ]
	run jq -r '.weights[0].name, (.frames[] | "\(.name) \(.own | join(","))")' <(vm-render --json --view stacks --by mapped calls.ndjson)
	[ "$output" = 'mapped
(cut: callers unknown) 0,0,0,0
0x5000 12288,12288,0,1
x+0x2000 0,0,0,0
f 8192,8192,0,1
f 4096,0,4096,1' ]
	run -2 vm-render --view stacks --by size calls.ndjson
	[[ $output == *'no --by "size"'*live* ]]
}

@test "the picture in every renderer: a function for each of the tree, too small ones merged and counted" {
	stream >calls.ndjson <<-'END'
		"pid":7,"call":"mmap","length":40960000,"result":"0x0000000010000000","stack":1
		"pid":7,"call":"mmap","length":4096,"result":"0x0000000020000000","stack":2
		"pid":7,"call":"mmap","length":4096,"result":"0x0000000030000000","stack":3
	END
	run -0 --separate-stderr vm-render --ascii --width 100 --view stacks calls.ndjson
	grep -q '^100.0 %  39.1 MiB .* main$' <<<"$output"
	grep -q '^100.0 %  39.1 MiB .*   f1$' <<<"$output"
	grep -q '(2 more)' <<<"$output"
	[[ $output == *"2 functions are too small to draw: merged with their siblings"* ]]
	run -0 --separate-stderr vm-render --svg --view stacks calls.ndjson
	[[ $output == *'<title>f1'*'still mapped, 100.0 %'* ]]
	run -0 --separate-stderr vm-render --gnuplot --view stacks calls.ndjson
	run -0 --separate-stderr vm-render --trace --view stacks calls.ndjson
	[[ $output == *'name="f1"'* ]]
}

@test "without stacks the view says how to record them" {
	run vm-render --ascii --view sites <<<'{"type":"event","t":0,"pid":7,"call":"brk","result":"0x0000000000500000"}'
	[[ $output == *"--ebpf --stacks"* ]]
	run vm-render --ascii --view stacks <<<'{"type":"event","t":0,"pid":7,"call":"brk","result":"0x0000000000500000"}'
	[[ $output == *"--ebpf --stacks"* ]]
}

@test "stacks without frames, deeper than is drawn, and with hostile names and sizes draw nothing wrong" {
	{
		echo '{"type":"stream","t":0,"version":1}'
		jq -nc '{type: "stack", t: 0, pid: 7, id: 1, frames: [range(5000) | {addr: "0x0000000000001000", function: "f\(.)"}]}'
		echo '{"type":"stack","t":0,"pid":7,"id":2,"frames":[]}'
		echo '{"type":"stack","t":0,"pid":7,"id":3,"frames":[{"addr":"x","function":"</script>\u0000\n\u001b[31m","object":"/a\u0000b"},7,null,[],"0x12",{"function":5}]}'
		for id in 1 2 3; do echo '{"type":"event","t":'$id',"pid":7,"call":"mmap","length":4096,"result":"0x000000000'$id'000000","stack":'$id'}'; done
		echo '{"type":"event","t":4,"pid":7,"call":"mmap","length":18446744073709551615,"result":"0xfffffffffffff000","stack":18446744073709551615}'
		echo '{"type":"event","t":4,"pid":7,"call":"fork","child":7,"stack":3}'
		echo '{"type":"event","t":4,"pid":7,"call":"fork","child":8,"vfork":true,"stack":3}'
		echo '{"type":"event","t":4,"pid":8,"call":"fork","child":8,"vfork":true,"stack":3}'
		echo '{"type":"event","t":5,"pid":8,"call":"mmap","length":4096,"result":"0x0000000005000000","stack":2}'
		echo '{"type":"end","t":6,"reason":"exit"}'
	} >calls.ndjson
	run -0 --separate-stderr vm-render --json --width 100000 --view stacks --by mapped calls.ndjson
	jq -e '[.frames[].depth] | max == 256' <<<"$output" >/dev/null
	jq -e 'any(.frames[]; .name == "(cut: callers unknown)") and any(.frames[]; .name == "(calls without a stack)")' <<<"$output" >/dev/null
	for renderer in svg gnuplot ascii trace; do
		run -0 --separate-stderr vm-render --$renderer --view stacks --by mapped calls.ndjson
		[[ $renderer != svg || $(grep -c "</script>" <<<"$output") = 1 ]] # its own
		[[ $output != *$'\e[31m'* ]]
	done
	run -0 --separate-stderr vm-render --ascii --width 200 --view sites calls.ndjson
	[[ $output == *"(calls without a stack)"* ]]
}
