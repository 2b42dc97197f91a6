# Kinds, compared with processes that print what their memory is, with node, java and python, and over time.
load helper

# Compares the kinds that a process prints with those of vm-parse; $1: its stream. An address in no region or in several is a failure.
judge() {
	jq -r 'select(.type == "region") | [.start, .end, .kind] | @tsv' "$1" >"$BATS_TEST_TMPDIR/regions"
	awk 'NR == FNR { start[NR] = $1; end[NR] = $2; kind[NR] = $3; n = NR; next }
		$1 == "is" { found = "nothing"; for (i = 1; i <= n; i++) if ($3 >= start[i] && $3 < end[i]) found = kind[i]
			if (found != $2) print $3 " is " $2 ", not " found }' "$BATS_TEST_TMPDIR/regions" - <<<"$ready_text"
}

kinds_of() { jq -r 'select(.type == "region") | .kind' "$1" | sort | uniq -c | awk '{ printf "%s=%s ", $2, $1 }'; }

# Stops the process, so that all that look at it see the same.
halt() {
	kill -STOP "$pid"
	until_true eval '! grep -L "^State:.T" /proc/$pid/task/*/status | grep -q .'
}

look() { vm-sample -p "$pid" -n 1 "$@" | vm-parse -o "$BATS_TEST_TMPDIR/look"; }

@test "each region of a process that prints its purpose has the printed kind" {
	workload kinds "$BATS_TEST_TMPDIR"
	[ "$(grep -c '^is ' <<<"$ready_text")" -ge 35 ]
	look
	wrong=$(judge "$BATS_TEST_TMPDIR/look")
	[ -z "$wrong" ] || { echo "$wrong"; return 1; }
}

@test "maps alone and residency alone give the same kinds, except for regions above a guard that are as large as a stack" {
	workload kinds "$BATS_TEST_TMPDIR"
	ready_text=$(grep -v 'is anon .* as large as a stack' <<<"$ready_text")
	for detail in maps rss; do
		look --detail "$detail"
		wrong=$(judge "$BATS_TEST_TMPDIR/look")
		[ -z "$wrong" ] || { echo "$detail: $wrong"; return 1; }
	done
}

@test "by shape, without known threads, exactly the thread stacks are recognised" {
	workload kinds "$BATS_TEST_TMPDIR"
	vm-parse "/proc/$pid/smaps" -o "$BATS_TEST_TMPDIR/look"
	ready_text=$(grep -E 'is (thread-stack|guard|arena|wasm|reserved|heap|jit|shm|memfd) ' <<<"$ready_text")
	wrong=$(judge "$BATS_TEST_TMPDIR/look" | { grep -v 'is thread-stack, not anon' || true; }) # smaps shows an odd size only since 6.7
	[ -z "$wrong" ] || { echo "$wrong"; return 1; }
	[ "$(jq -r 'select(.kind == "thread-stack") | .size' "$BATS_TEST_TMPDIR/look" | grep -c "^$((8 << 20))$")" -ge 4 ]
}

@test "shared, huge and locale regions are found in a process that has them" {
	workload kinds "$BATS_TEST_TMPDIR"
	look
	[[ $(kinds_of "$BATS_TEST_TMPDIR/look") == *"shm=3 "* ]]
	run grep -c 'is huge' <<<"$ready_text"
	if [ "$output" = 1 ]; then [ "$(grep -c '"kind":"huge"' "$BATS_TEST_TMPDIR/look")" -ge 1 ]; fi
}

@test "reserved huge pages are huge" {
	requires root
	before=$(cat /proc/sys/vm/nr_hugepages)
	echo $((before + 1)) 2>/dev/null >/proc/sys/vm/nr_hugepages || skip "huge pages cannot be set aside"
	[ "$(cat /proc/sys/vm/nr_hugepages)" -gt "$before" ] || skip "huge pages cannot be set aside"
	workload kinds "$BATS_TEST_TMPDIR"
	look
	echo "$before" >/proc/sys/vm/nr_hugepages
	grep -q 'is huge' <<<"$ready_text"
	[ -z "$(judge "$BATS_TEST_TMPDIR/look")" ]
}

@test "no region changes its kind while threads come and go" {
	workload kinds "$BATS_TEST_TMPDIR" churn
	until_true grep -q '^Threads:.*[6-9]\|^Threads:.*1[0-9]' "/proc/$pid/status"
	vm-sample -p "$pid" -i 2ms -d 1500ms -O share=100 | vm-parse -o "$BATS_TEST_TMPDIR/looks"
	# the same region in two consecutive samples has the same kind: before vm-track changes anything
	flaps=$(jq -r 'select(.type == "region") | [.seq, .start, .end, .perms, .name // "-", .kind] | @tsv' "$BATS_TEST_TMPDIR/looks" |
		awk -F'\t' '{ key = $2 $3 $4 $5; if (key in kind && at[key] >= $1 - 3 && kind[key] != $6) print $2, $3, $4, kind[key], "->", $6; kind[key] = $6; at[key] = $1 }')
	[ -z "$flaps" ] || { echo "$flaps"; return 1; }
	vm-track --keyframe 100ms "$BATS_TEST_TMPDIR/looks" -o "$BATS_TEST_TMPDIR/life"
	vm-check "$BATS_TEST_TMPDIR/life"
	# a sample may show a guard and its stack as one inaccessible region: such a region descends from another
	[ "$(jq -c 'select(.type == "change" and .event == "RENAME" and (has("from") | not))' "$BATS_TEST_TMPDIR/life")" = "" ]
	[ "$(jq -c 'select(.type == "change" and .event == "MMAP_ADD" and .kind == "thread-stack")' "$BATS_TEST_TMPDIR/life" | wc -l)" -ge 3 ]
}

@test "a thread that only computes has its stack recognised too" {
	cat >"$BATS_TEST_TMPDIR/spin.c" <<-'C'
		#include <pthread.h>
		#include <stdio.h>
		static void *spin(void *p) { volatile long n = 0; printf("is thread-stack 0x%016lx\n", (unsigned long)&n); puts("ready"); fflush(stdout); for (;;) n++; return p; }
		int main(void) { pthread_t t; pthread_attr_t a; pthread_attr_init(&a); pthread_attr_setstacksize(&a, 77 * 4096); pthread_attr_setguardsize(&a, 0);
			pthread_create(&t, &a, spin, 0); pthread_join(t, 0); }
	C
	cc -pthread -o "$BATS_TEST_TMPDIR/spin" "$BATS_TEST_TMPDIR/spin.c"
	WORKLOADS=$BATS_TEST_TMPDIR workload spin
	look --detail maps
	wrong=$(judge "$BATS_TEST_TMPDIR/look")
	[ -z "$wrong" ] || { echo "$wrong"; return 1; }
}

@test "node: V8's heap, its compiled code and a WebAssembly memory" {
	requires cmd node
	cat >"$BATS_TEST_TMPDIR/w.js" <<-'JS'
		const memory = new WebAssembly.Memory({ initial: 48, maximum: 100 });
		new Uint8Array(memory.buffer).fill(1);
		globalThis.kept = Array.from({ length: 200000 }, (_, i) => ({ i }));
		require('fs').writeFileSync(process.argv[2], 'ready');
		setInterval(() => { let s = 0; for (let i = 0; i < 1e6; i++) s += i * i; globalThis.s = s; }, 50);
	JS
	background node "$BATS_TEST_TMPDIR/w.js" "$BATS_TEST_TMPDIR/ready"
	until_true test -s "$BATS_TEST_TMPDIR/ready"
	halt
	look
	kinds=$(jq -c 'select(.type == "snapshot") | .kinds' "$BATS_TEST_TMPDIR/look")
	[ "$(jq '.wasm.size' <<<"$kinds")" = $((48 * 65536)) ]
	[ "$(jq '.wasm.rss' <<<"$kinds")" = $((48 * 65536)) ]
	[ "$(jq '.jit.regions' <<<"$kinds")" = "$(grep -c '^[^ ]* ..x[^ ]* [^ ]* 00:00 0 *$' "/proc/$pid/maps")" ]
	[ "$(jq '.gc.rss' <<<"$kinds")" -gt 4000000 ]
	[ "$(jq '."thread-stack".regions' <<<"$kinds")" = $(($(ls "/proc/$pid/task" | wc -l) - 1)) ]
}

@test "java: its heap below 32 GiB, its code cache, a stack for each thread" {
	requires cmd java javac
	mkdir "$BATS_TEST_TMPDIR/j"
	cat >"$BATS_TEST_TMPDIR/j/S.java" <<-'JAVA'
		public class S { public static void main(String[] a) throws Exception { byte[][] x = new byte[200][]; for (int i = 0; i < 200; i++) x[i] = new byte[100000];
			new java.io.FileOutputStream(a[0]).write(1); Thread.sleep(600000); } }
	JAVA
	javac -d "$BATS_TEST_TMPDIR/j" "$BATS_TEST_TMPDIR/j/S.java"
	background java -Xmx512m -cp "$BATS_TEST_TMPDIR/j" S "$BATS_TEST_TMPDIR/ready"
	until_true test -s "$BATS_TEST_TMPDIR/ready"
	halt
	look
	kinds=$(jq -c 'select(.type == "snapshot") | .kinds' "$BATS_TEST_TMPDIR/look")
	[ "$(jq '.gc.rss' <<<"$kinds")" -gt 20000000 ]
	[ "$(jq '.jit.regions' <<<"$kinds")" = "$(grep -c '^[^ ]* rwxp [^ ]* 00:00 0 *$' "/proc/$pid/maps")" ]
	[ "$(jq '."thread-stack".regions' <<<"$kinds")" = $(($(ls "/proc/$pid/task" | wc -l) - 1)) ]
}

@test "python: the arenas of its objects are gc; large bytearrays, and arenas merged with them, are anon" {
	requires cmd /usr/bin/python3
	background /usr/bin/python3 -c "import sys, time; x = [object() for i in range(1000000)]; open(sys.argv[1], 'w').write('ready'); time.sleep(600)" "$BATS_TEST_TMPDIR/ready"
	until_true test -s "$BATS_TEST_TMPDIR/ready"
	look
	[ "$(jq 'select(.type == "snapshot") | .kinds.gc.rss' "$BATS_TEST_TMPDIR/look")" -gt 8000000 ]
	[ -z "$(jq -c 'select(.kind == "gc" and (.size % 1048576 != 0 or .kind_by != "shape"))' "$BATS_TEST_TMPDIR/look")" ]
	background /usr/bin/python3 -c "import sys, time; x = [bytearray(300000) for i in range(100)] + [bytearray(50 << 20)]; open(sys.argv[1], 'w').write('ready'); time.sleep(600)" "$BATS_TEST_TMPDIR/ready2"
	until_true test -s "$BATS_TEST_TMPDIR/ready2"
	look
	[ "$(jq 'select(.type == "snapshot") | .kinds.anon.rss' "$BATS_TEST_TMPDIR/look")" -gt 80000000 ]
	[ "$(jq 'select(.type == "snapshot") | .kinds.gc.rss // 0' "$BATS_TEST_TMPDIR/look")" -lt 8000000 ]
}

@test "in pmap's text of a python process neither the heap nor blocks of malloc are gc" {
	requires cmd pmap /usr/bin/python3
	background /usr/bin/python3 -c "import sys, time; x = [bytearray(5 << 20)]; open(sys.argv[1], 'w').write('ready'); time.sleep(600)" "$BATS_TEST_TMPDIR/ready"
	until_true test -s "$BATS_TEST_TMPDIR/ready"
	heap=$(awk '$6 == "[heap]" { split($1, a, "-"); print a[1] }' "/proc/$pid/maps")
	for form in "" -x -d; do
		pmap $form "$pid" | vm-parse -o "$BATS_TEST_TMPDIR/look"
		[ "$(jq -r --arg start "$heap" 'select(.type == "region" and (.start | endswith($start))) | .kind' "$BATS_TEST_TMPDIR/look")" = anon ]
		[ -z "$(jq -c 'select(.type == "region" and .kind == "gc" and .size % 1048576 != 0)' "$BATS_TEST_TMPDIR/look")" ]
	done
}

@test "each way of telling a kind is in kind_by; what only a program's name says stays anon" {
	printf '%s\n' '000000400000-000000401000 r-xp 00000000 fe:00 7 /usr/bin/python3.11' '000000401000-000000402000 rw-p 00001000 fe:00 7 /usr/bin/python3.11' \
		'000000402000-000000403000 rw-p 00000000 00:00 0 ' '000056000000-000056001000 rw-p 00000000 00:00 0 [heap]' \
		'7f0000000000-7f0000200000 rw-p 00000000 00:00 0 ' '7f0001000000-7f0001211000 rw-p 00000000 00:00 0 ' '7f0002000000-7f0002001000 rwxp 00000000 00:00 0 ' \
		'7f0003000000-7f0003001000 r--p 00000000 fe:00 8 /tmp/notes' >"$BATS_TEST_TMPDIR/m"
	[ "$(vm-parse "$BATS_TEST_TMPDIR/m" | jq -r 'select(.type == "region") | .kind + "/" + .kind_by' | paste -sd' ')" = "text/file data/file bss/file heap/name gc/shape anon/file jit/flags file/file" ]
	sed -i 's/python3.11/python3.8/; s/7f0000200000/7f00000c0000/' "$BATS_TEST_TMPDIR/m" # arenas of 256 KiB
	[ "$(vm-parse "$BATS_TEST_TMPDIR/m" | jq -r 'select(.type == "region" and .kind == "gc") | .size')" = $((768 << 10)) ]
	sed -i 's/python3.8/python3.12/' "$BATS_TEST_TMPDIR/m"
	[ -z "$(vm-parse "$BATS_TEST_TMPDIR/m" | jq -r 'select(.type == "region" and .kind == "gc") | .size')" ]
	printf '%s\n' 'kinds:' '  - { kind: ours, program: "python*", perms: "rw-p", name: "", file: false }' '  - { kind: mine, least: 1M }' '  - { kind: notes, name: "*notes" }' >"$BATS_TEST_TMPDIR/c.yaml"
	[ "$(vm-parse -c "$BATS_TEST_TMPDIR/c.yaml" "$BATS_TEST_TMPDIR/m" | jq -r 'select(.type == "region" and .kind_by != "file") | .kind + "/" + .kind_by' | paste -sd' ')" = "ours/program heap/name ours/program ours/program jit/flags notes/name" ]
}

@test "a guess is called one where it matters, and only there" {
	printf '%s\n' '000000400000-000000401000 r-xp 00000000 fe:00 7 /usr/bin/python3.11' '000000402000-000000403000 ---p 00000000 00:00 0 ' '7f0000000000-7f0000200000 rw-p 00000000 00:00 0 ' \
		'7f0001000000-7f0001211000 rw-p 00000000 00:00 0 ' >"$BATS_TEST_TMPDIR/m"
	vm-parse "$BATS_TEST_TMPDIR/m" | vm-track -o "$BATS_TEST_TMPDIR/life"
	vm-render --ascii --view explain --width 200 "$BATS_TEST_TMPDIR/life" >"$BATS_TEST_TMPDIR/words"
	grep -q '^gc .* probably the heap of a garbage-collected language' "$BATS_TEST_TMPDIR/words"
	[ "$(grep -c probably "$BATS_TEST_TMPDIR/words")" = 1 ]
	for view in map cards timeline; do
		vm-render --trace --view "$view" "$BATS_TEST_TMPDIR/life" >"$BATS_TEST_TMPDIR/trace"
		grep -q 'probably gc' "$BATS_TEST_TMPDIR/trace"
		! grep -q 'probably anon\|probably guard\|probably text' "$BATS_TEST_TMPDIR/trace" || return 1
	done
	[[ $(vm-render --table --columns kind,kind_by "$BATS_TEST_TMPDIR/life") == *"gc"*"shape"* ]]
}

@test "sanitizers: their shadows and what their allocators take memory from" {
	cat >"$BATS_TEST_TMPDIR/s.c" <<-'C'
		#include <stdio.h>
		#include <stdlib.h>
		#include <string.h>
		#include <unistd.h>
		int main(void) { char *small = malloc(3000), *large = malloc(16 << 20); memset(small, 1, 3000); memset(large, 1, 16 << 20);
			printf("is arena 0x%016lx\nis anon 0x%016lx\nready\n", (unsigned long)small, (unsigned long)large); fflush(stdout); for (;;) pause(); }
	C
	tried=0
	for with in gcc:address gcc:thread gcc:leak clang:address clang:thread clang:memory clang:leak; do
		command -v "${with%:*}" >/dev/null && "${with%:*}" -O1 -fsanitize="${with#*:}" -o "$BATS_TEST_TMPDIR/s-$with" "$BATS_TEST_TMPDIR/s.c" 2>/dev/null || continue
		WORKLOADS=$BATS_TEST_TMPDIR workload "s-$with" || continue
		tried=$((tried + 1))
		for detail in maps smaps; do
			look --detail "$detail"
			wrong=$(judge "$BATS_TEST_TMPDIR/look")
			[ -z "$wrong" ] || { echo "$with, $detail: $wrong"; return 1; }
			kinds=$(jq -c 'select(.type == "snapshot") | .kinds' "$BATS_TEST_TMPDIR/look")
			[ "$(jq .wasm <<<"$kinds")" = null ]
			# all that is open and larger than 1 TiB is a shadow
			[ -z "$(jq -c 'select(.type == "region" and .size > 1099511627776 and .perms[1:2] == "w" and .kind != "shadow")' "$BATS_TEST_TMPDIR/look")" ]
			case $with in *:leak) [ "$(jq .shadow <<<"$kinds")" = null ] ;; *) [ "$(jq .shadow.size <<<"$kinds")" -gt 1099511627776 ] ;; esac
		done
		kill "$pid"
	done
	[ "$tried" -gt 0 ] || skip "no compiler with a sanitizer"
}

@test "the vdso and its data are told from pmap's text, wherever the kernel puts them" {
	requires cmd pmap
	background sleep 600
	until_true grep -q libc.so "/proc/$pid/maps"
	places() { vm-parse - | jq -r 'select(.type == "region" and (.kind == "vdso" or .kind == "vvar" or .kind == "vsyscall")) | .kind + " " + .start' | sed 's/0x0*//' | sort; }
	expected=$(awk '$6 ~ /^\[(vdso|vvar.*|vsyscall)\]$/ { split($1, a, "-"); kind = $6; gsub(/[][]|_vclock/, "", kind); print kind, a[1] }' "/proc/$pid/maps" | sort)
	for form in "" -x -X -XX -d -p; do
		got=$(pmap $form "$pid" | places)
		[ "$got" = "$expected" ] || { echo "pmap $form: $got"; return 1; }
	done
	# above the stack, as older kernels have it; code that a program made lies elsewhere
	got=$(printf '%s\n' '77:   ed' '0000000000400000     16K r-x-- ed' '00007f1200000000      8K r-x--   [ anon ]' '00007ffc10000000    132K rw---   [ stack ]' \
		'00007ffc10150000     16K r----   [ anon ]' '00007ffc10154000      8K r----   [ anon ]' '00007ffc10156000      8K r-x--   [ anon ]' ' total              184K' | vm-parse - | jq -r 'select(.type == "region") | .kind' | paste -sd' ')
	[ "$got" = "text jit stack vvar vvar vdso" ]
}

@test "huge pages are told by numa_maps, and by their page size where smaps has no flags" {
	got=$(printf '%s\n' '7f2480000000 default anon=1 dirty=1 N0=1 kernelpagesize_kB=4' '7f2485000000 default huge dirty=1 N0=1 kernelpagesize_kB=2048' '7f2485600000 default file=/mnt/pool\040x huge' |
		vm-parse - | jq -r 'select(.type == "region") | .kind + "/" + .kind_by' | paste -sd' ')
	[ "$got" = "anon/file huge/flags huge/flags" ]
	got=$(printf '%s\n' '7f0000000000-7f0000200000 rw-p 00000000 00:0e 7 /mnt/pool' 'Size: 2048 kB' 'Rss: 0 kB' 'KernelPageSize: 2048 kB' '7f0000200000-7f0000400000 rw-p 00000000 00:00 0 ' 'Size: 2048 kB' 'Rss: 0 kB' 'KernelPageSize: 4 kB' |
		vm-parse - | jq -r 'select(.type == "region") | .kind' | paste -sd' ')
	[ "$got" = "huge anon" ]
}

@test "every region type of vmmap that is known has a kind, also in a summary without permissions" {
	while IFS='|' read -r kind types; do
		IFS=, read -ra list <<<"$types"
		for type in "${list[@]}"; do
			printf '%s\n' '                                VIRTUAL   REGION ' 'REGION TYPE                        SIZE    COUNT (non-coalesced) ' '===========                     =======  ======= ' >"$BATS_TEST_TMPDIR/in"
			printf '%-32s  1024K        1 \n' "$type" >>"$BATS_TEST_TMPDIR/in"
			got=$(vm-parse "$BATS_TEST_TMPDIR/in" | jq -r 'select(.type == "snapshot") | .kinds | keys[]')
			[ "$got" = "$kind" ] || { echo "$type is $got, not $kind"; return 1; }
		done
	done <<-'TABLE'
		data|__DATA,__DATA_DIRTY,__AUTH,__OBJC_RW,unused but dirty shlib __DATA,__BSS
		rodata|__DATA_CONST,__AUTH_CONST,__OBJC_RO,__UNICODE,__CTF,__TPRO_CONST
		gpu|CoreUI image data,CoreUI cached image data,CG backing stores,CG raster data,Image IO,ImageIO,IOSurface,IOAccelerator (graphics),RawCamera,SceneKit
		file|CoreUI image file,mapped file
		anon|Accelerate framework,Audio,CoreMedia memory pool,Activity Tracing,CoreServices,CoreData Object IDs,Core Data,Assets Library,Swift metadata,AppleScript,OS Alloc Once,Rosetta Generic,Rosetta IndirectBranch,JS VM register file,WebCore purgeable data,Process Corpse Info,Memory Tag 242
		arena|MALLOC_NANO metadata,WebKit Malloc,Rosetta Arena,TCMalloc
		jit|Rosetta JIT,JS JIT generated code
		thread-stack|Rosetta Return Stack
		tls|Rosetta Thread Context
		wasm|WebAssembly memory
		gc|JS garbage collector,JS VM Isolated Heap,Java
		reserved|IOKit (reserved),JS VM Gigacage (reserved)
		page-table|page table in kernel
		font|ATS (font support),__FONT_DATA
		shm|Skywalk Networking,shared memory
	TABLE
}

# A process with threads of these names, each of which prints where its stack is: "is thread-stack ADDRESS TID NAME".
threads() {
	cat >"$BATS_TEST_TMPDIR/t.c" <<-'C'
		#define _GNU_SOURCE
		#include <pthread.h>
		#include <stdio.h>
		#include <string.h>
		#include <sys/syscall.h>
		#include <unistd.h>
		static pthread_barrier_t all;
		static void deep(int n) { volatile char x[65536]; memset((void *)x, 1, sizeof x); if (n) deep(n - 1); }
		static void *work(void *name) { char here; pthread_setname_np(pthread_self(), name); if (!strcmp(name, "deep")) deep(115);
			printf("is thread-stack 0x%016lx %ld %s\n", (unsigned long)&here, (long)syscall(SYS_gettid), (char *)name); pthread_barrier_wait(&all); for (;;) pause(); return name; }
		int main(int n, char **names) { pthread_t thread; pthread_barrier_init(&all, 0, n); for (int i = 1; i < n; i++) pthread_create(&thread, 0, work, names[i]);
			pthread_barrier_wait(&all); puts("ready"); fflush(stdout); for (;;) pause(); }
	C
	cc -pthread -o "$BATS_TEST_TMPDIR/t" "$BATS_TEST_TMPDIR/t.c"
	WORKLOADS=$BATS_TEST_TMPDIR workload t "$@"
}

@test "the stack of a thread has the thread's number and name, in the stream, the views and findings" {
	threads 'io worker 1' deep 'a "b"\c' $'no\xff'
	vm-sample -p "$pid" -n 3 -i 20ms | vm-parse -o "$BATS_TEST_TMPDIR/look"
	expected=$(LC_ALL=C sed -n 's/^is thread-stack \(0x[0-9a-f]*\) \([0-9]*\) .*/\1 \2/p' <<<"$ready_text")
	[ "$(wc -l <<<"$expected")" = 4 ]
	while read -r at tid; do
		got=$(jq -r --arg at "$at" 'select(.type == "region" and .start <= $at and $at < .end) | "\(.kind) \(.kind_by) \(.tid) \(.thread_raw // .thread | if . == "bm//" then "no" else . end)"' "$BATS_TEST_TMPDIR/look" | sort -u)
		name=$(cat "/proc/$pid/task/$tid/comm" | tr -d '\377')
		[ "$got" = "thread-stack thread $tid $name" ] || { echo "$got, not $tid $name"; return 1; }
	done <<<"$expected"
	vm-track "$BATS_TEST_TMPDIR/look" -o "$BATS_TEST_TMPDIR/life"
	vm-check "$BATS_TEST_TMPDIR/life"
	tid=$(sed -n 's/^is .* \([0-9]*\) deep$/\1/p' <<<"$ready_text")
	[[ $(vm-render --table --columns kind,tid,thread "$BATS_TEST_TMPDIR/life") == *"thread-stack"*"$tid"*"deep"* ]]
	for view in map cards timeline; do vm-render --trace --view "$view" "$BATS_TEST_TMPDIR/life" | grep -q "title=.*thread-stack deep ($tid)"; done
	vm-render --ascii --view explain --width 200 "$BATS_TEST_TMPDIR/life" | grep -q 'of thread '
	[[ $(jq -r 'select(.type == "finding" and .rule == "stack-near-limit") | .text' "$BATS_TEST_TMPDIR/life") == "thread deep ($tid) has used "* ]]
}

@test "with --redact no thread's name leaves the source, and its number does" {
	threads 'secret plan'
	vm-sample -p "$pid" -n 1 --redact -o "$BATS_TEST_TMPDIR/raw"
	! grep -q secret "$BATS_TEST_TMPDIR/raw" || return 1
	[ "$(vm-parse "$BATS_TEST_TMPDIR/raw" | jq -r 'select(.kind == "thread-stack") | .tid')" = "$(sed -n 's/^is thread-stack [^ ]* \([0-9]*\) .*/\1/p' <<<"$ready_text")" ]
}

@test "a stack that another thread takes over is a change that says which; a recording without names has numbers" {
	look_of() { printf '%s\n' '{"type":"raw","t":'"$1"',"pid":9,"seq":'"$1"',"source":"procfs","format":"linux-threads","part":0,"last":true,"text":"9 0x7ffff0000800 0x0\n'"$2"'\n"}' \
		'{"type":"raw","t":'"$1"',"pid":9,"seq":'"$1"',"source":"procfs","format":"linux-maps","part":0,"last":true,"text":"7f0000000000-7f0000001000 ---p 00000000 00:00 0 \n7f0000001000-7f0000801000 rw-p 00000000 00:00 0 \n7ffff0000000-7ffff0001000 rw-p 00000000 00:00 0 [stack]\n"}'; }
	{
		echo '{"type":"stream","t":0,"version":1,"program":"test","sources":["procfs"]}'
		look_of 0 '11 0x7f0000800000 0x7f0000800800'
		look_of 1 '12 0x7f0000800000 0x7f0000800800 second one'
		look_of 2 '12 0x7f0000800000 0x7f0000800800 renamed'
		look_of 3 '12 0x7f0000800000 0x7f0000800800 renamed'
	} >"$BATS_TEST_TMPDIR/raw"
	vm-parse "$BATS_TEST_TMPDIR/raw" | vm-track --keyframe 1s -o "$BATS_TEST_TMPDIR/life"
	vm-check "$BATS_TEST_TMPDIR/life"
	[ "$(jq -c 'select(.type == "change") | [.event, .tid, .thread, .was]' "$BATS_TEST_TMPDIR/life" | paste -sd' ')" = \
		'["RESIDENT_CHANGE",12,"second one",{"tid":11}] ["RESIDENT_CHANGE",12,"renamed",{"thread":"second one"}]' ]
}

@test "user rules may name the region below, sizes, adjacent code, and the program" {
	printf '%s\n' 'kinds:' '  - { kind: above-heap, after: heap }' '  - { kind: ours, file: true, object: true, perms: "?w?p", program: "sleep" }' '  - { kind: large, name: "", least: 1M, most: 2M }' >"$BATS_TEST_TMPDIR/c.yaml"
	printf '%s\n' '000055000000-000055001000 r-xp 00000000 fe:00 7 /bin/sleep' '000055001000-000055002000 rw-p 00001000 fe:00 7 /bin/sleep' \
		'000056000000-000056001000 rw-p 00000000 00:00 0 [heap]' '000056001000-000056002000 rw-p 00000000 00:00 0 ' \
		'7f0000000000-7f0000100000 rw-p 00000000 00:00 0 ' '7f1000000000-7f1000400000 rw-p 00000000 00:00 0 ' >"$BATS_TEST_TMPDIR/m"
	run -0 --separate-stderr vm-parse -c "$BATS_TEST_TMPDIR/c.yaml" "$BATS_TEST_TMPDIR/m"
	[ "$(jq -r 'select(.type == "region") | .kind' <<<"$output" | paste -sd' ')" = "text ours heap above-heap large anon" ]
	run -2 --separate-stderr vm-parse -c <(echo 'kinds: [{ kind: a, least: 2M, most: 1M }]') "$BATS_TEST_TMPDIR/m"
	[[ $stderr == *"most is less than least"* ]]
}

@test "named regions are recognised by name: Android, Go, huge pages, devices" {
	while read -r kind perms name; do
		printf '7f0000000000-7f0000200000 %s 00000000 00:05 9                          %s\n' "$perms" "$name" >"$BATS_TEST_TMPDIR/m"
		got=$(vm-parse "$BATS_TEST_TMPDIR/m" | jq -r 'select(.type == "region") | .kind')
		[ "$got" = "$kind" ] || { echo "$name is $got, not $kind"; return 1; }
	done <<-'TABLE'
		gc rw-p [anon:dalvik-main space (region space)]
		jit r-xs [anon_shmem:dalvik-zygote-jit-code-cache]
		jit r-xp [anon:v8]
		gc rw-p [anon:v8]
		gc rw-p [anon: Go: heap]
		reserved ---p [anon: Go: heap reservation]
		thread-stack rw-p [anon:stack_and_tls:4711]
		thread-stack rw-p [anon: glibc: pthread stack: 4711]
		tls rw-p [anon:static_tls-main-thread]
		bss rw-p [anon:.bss]
		arena rw-p [anon:scudo:primary]
		arena rw-p [anon: glibc: malloc arena]
		jit rwxs /memfd:doublemapper (deleted)
		gc rw-s /memfd:java_heap (deleted)
		memfd rw-s /memfd:x (deleted)
		huge rw-p /anon_hugepage (deleted)
		shm rw-s /SYSV0000004d (deleted)
		shm rw-s /dev/shm/a
		shm rw-s /dev/zero (deleted)
		gpu rw-s /dev/dri/renderD128
		gpu rw-s anon_inode:dmabuf17
		device rw-s anon_inode:[io_uring]
		device rw-s /dev/fb0
		locale r--p /usr/lib/locale/C.utf8/LC_CTYPE
		font r--p /usr/share/fonts/a.otf
	TABLE
}

@test "a region beside a library's data with the first thread's storage is no bss of that library, however large" {
	for size in 3 140; do
		end=$(printf '%x' $((0x7f0000002000 + size * 1024 / 4096 * 4096 + 4096)))
		maps="550000000000-550000001000 r-xp 00000000 fe:00 6 /bin/p\\n550000002000-550000003000 rw-p 00000000 00:00 0 [heap]\\n7f0000000000-7f0000001000 r-xp 00000000 fe:00 7 /lib/a.so\\n7f0000001000-7f0000002000 rw-p 00001000 fe:00 7 /lib/a.so\\n7f0000002000-$end rw-p 00000000 00:00 0 \\n7f1000000000-7f1000001000 r-xp 00000000 fe:00 8 /lib/b.so\\n7f1000001000-7f1000002000 rw-p 00001000 fe:00 8 /lib/b.so\\n7f1000002000-7f1000042000 rw-p 00000000 00:00 0 \\n"
		printf '%s\n' '{"type":"stream","t":0,"version":1,"program":"test","sources":["procfs"]}' \
			'{"type":"raw","t":0,"pid":9,"seq":0,"source":"procfs","format":"linux-threads","part":0,"last":true,"text":"9 0x7ffff0000000 0x7f0000002040\n"}' \
			'{"type":"raw","t":0,"pid":9,"seq":0,"source":"procfs","format":"linux-maps","part":0,"last":true,"text":"'"$maps"'"}' >"$BATS_TEST_TMPDIR/raw"
		run -0 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/raw"
		got=$(jq -r 'select(.type == "region") | .kind' <<<"$output" | paste -sd' ')
		echo "$size: $got"
		if [ "$size" = 3 ]; then [ "$got" = "text heap text data tls text data bss" ]; else [ "$got" = "text heap text data anon text data bss" ]; fi
	done
}

@test "uncertain regions: Go's heap by its place, arenas of 32 bits" {
	printf '%s\n' 'c000000000-c000400000 rw-p 00000000 00:00 0 ' 'c000400000-c004000000 ---p 00000000 00:00 0 ' >"$BATS_TEST_TMPDIR/go"
	[ "$(vm-parse "$BATS_TEST_TMPDIR/go" | jq -r 'select(.type == "region") | .kind' | paste -sd' ')" = "gc reserved" ]
	printf '%s\n' 'f5e00000-f5e21000 rw-p 00000000 00:00 0 ' 'f5e21000-f5f00000 ---p 00000000 00:00 0 ' >"$BATS_TEST_TMPDIR/small"
	[ "$(vm-parse "$BATS_TEST_TMPDIR/small" | jq -r 'select(.type == "region") | .kind' | paste -sd' ')" = "arena reserved" ]
}

@test "a mapping that starts at a multiple of 64 MiB is an arena only with inaccessible memory up to the next multiple, and not if VmFlags lack nr" {
	kinds() { vm-parse "$BATS_TEST_TMPDIR/in" | jq -r 'select(.type == "region") | .kind' | paste -sd' '; }
	all='7f3000000000-7f3004000000 rw-p 00000000 00:00 0 ' part='7f3000000000-7f3000800000 rw-p 00000000 00:00 0 ' rest='7f3000800000-7f3004000000 ---p 00000000 00:00 0 '
	while IFS='|' read -r expected lines; do
		eval "printf '%s\n' $lines" >"$BATS_TEST_TMPDIR/in"
		[ "$(kinds)" = "$expected" ] || { cat "$BATS_TEST_TMPDIR/in"; echo "is $(kinds), not $expected"; return 1; }
	done <<-'TABLE'
		anon|"$all"
		anon|"7f3000000000-7f3008000000 rw-p 00000000 00:00 0 "
		arena reserved|"$part" "$rest"
		arena reserved|"7f3000000000-7f3004800000 rw-p 00000000 00:00 0 " "7f3004800000-7f3008000000 ---p 00000000 00:00 0 "
		anon reserved|"$part" "7f3000800000-7f3003fff000 ---p 00000000 00:00 0 "
		anon reserved|"$all" "7f3004000000-7f3008000000 ---p 00000000 00:00 0 "
		anon|"$all" "VmFlags: rd wr mr mw me ac sd "
		arena|"$all" "VmFlags: rd wr mr mw me nr sd "
		arena guard|"$all" "VmFlags: rd wr mr mw me nr sd " "7f3004000000-7f3004001000 ---p 00000000 00:00 0 " "VmFlags: mr mw me sd "
		arena reserved|"$part" "VmFlags: rd wr mr mw me nr sd " "$rest" "VmFlags: mr mw me nr sd "
		anon reserved|"$part" "VmFlags: rd wr mr mw me ac sd " "$rest" "VmFlags: mr mw me sd "
		anon reserved|"$part" "VmFlags: rd wr mr mw me ac sd " "$rest" "VmFlags: mr mw me nr sd "
	TABLE
}

@test "the stack of Linux 2.4, and [ anon ] of pmap above the stack, by offset and place" {
	kinds() { vm-parse - | jq -r 'select(.type == "region") | .kind' | paste -sd' '; }
	[ "$(printf '%s\n' '08048000-0804c000 r-xp 00000000 03:05 4711       /bin/ed' '40017000-40018000 rwxp 00000000 00:00 0' 'bfffc000-c0000000 rwxp ffffd000 00:00 0' | kinds)" = "text jit stack" ]
	[ "$(printf '%s\n' '00400000-00404000 r-xp 00000000 03:05 4711       /bin/ed' '7fffffff9000-8000000000 rw-p 00000000 00:00 0' \
		'7fbffff000-7fc0000000 rwxp fffffffffffff000 00:00 0' | sed 2d | kinds)" = "text stack" ]
	[ "$(printf '%s\n' 'ffa00000-ffb00000 rw-p ffa00000 00:00 0' | kinds)" = anon ] # before 2.6.26 memory without a file has its address as offset
	[ "$(printf '%s\n' '77:   ed' '0000000000400000     16K r-x-- ed' '00007f1200000000      8K r-x--   [ anon ]' '00007ffc10000000    132K rw---   [ stack ]' \
		'00007ffc10150000     16K r----   [ anon ]' '00007ffc10154000      8K r-x--   [ anon ]' 'ffffffffff600000      4K --x--   [ anon ]' ' total              184K' | kinds)" \
		= "text jit stack vvar vdso vsyscall" ]
}

@test "in a text without inodes and with three letters of permissions, programs still have text, constants, variables and bss" {
	printf '%s\n' '77:   ed' '0000000000400000     16K r-x-- ed' '0000000000600000      4K rw---  ed' '0000000000601000      8K rw---    [ anon ]' \
		'0000003000000000    128K r-x-- libc.so.6' '000000300021f000      4K r---- libc.so.6' '0000003000220000      4K rw--- libc.so.6' '0000003000400000      4K rw--- notes' >"$BATS_TEST_TMPDIR/in"
	[ "$(vm-parse "$BATS_TEST_TMPDIR/in" | jq -r 'select(.type == "region") | .kind' | paste -sd' ')" = "text data bss text rodata data file" ]
	printf '%s\n' '[0x0000000000400000-0x0000000000404000) r-x /bin/ed PT_LOAD[0]' '[0x0000000000404000-0x0000000000405000) rw- /bin/ed PT_LOAD[1]' \
		'[0x00007f0000000000-0x00007f0000001000) rwx' >"$BATS_TEST_TMPDIR/in"
	[ "$(vm-parse "$BATS_TEST_TMPDIR/in" | jq -r 'select(.type == "region") | .kind' | paste -sd' ')" = "text data jit" ]
}

@test "every kind is described in vmpipe-kinds(7), and no other" {
	requires cmd jq
	known=$(sed -n "/known\[\] = {/,/^};/s/^\t{ \"\([a-z-]*\)\",.*/\1/p" "$ROOT/lib/space/kind.c" | sort)
	page=$(awk '/^\.Ss Kinds/ { on = 1 } /^\.Ss What/ { on = 0 } on && /^\.It Cm/ { for (i = 3; i <= NF; i++) if ($i != ",") print $i }' "$ROOT/contrib/man/vmpipe-kinds.7" | sort)
	diff <(echo "$known") <(echo "$page")
}
