#!/usr/bin/env bats
# Call stacks of programs without frame pointers: the rules of .eh_frame, compared with readelf's; whole stacks, compared with gdb's.
load helper

setup_file() {
	requires cmd cc
	export READER="$BATS_FILE_TMPDIR/elf_reader"
	cc -std=c11 -D_GNU_SOURCE -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -I"$ROOT/lib" -o "$READER" \
		"$ROOT/tests/elf_reader.c" "$ROOT"/plugins/source/kit/{cfi,cfi_rule,elf_file,symbols}.c -ldl
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
}

needs_ebpf() {
	requires bpf
	requires cmd jq
	[ -e "$BUILD/lib/vmpipe/source/ebpf.so" ] || skip "the source ebpf is not built (clang, bpftool or libbpf-dev is missing)"
}

traced() { # ARG... : vm-sample's lines in raw.ndjson
	needs_ebpf
	timeout 100 vm-sample --ebpf --stacks "$@" >raw.ndjson
}

# The functions of the stacks of mmap calls of LENGTH, one stack a line, once each; frames without a function are "?".
stacks() { # LENGTH
	jq -rs --argjson length "$1" '([.[] | select(.type=="stack") | {key: (.id|tostring), value: (([.frames[] | .function // "?"] | join(" ")) + (if .cut then " (cut)" else "" end))}] | from_entries) as $stacks
		| [.[] | select(.call=="mmap" and .length == $length) | $stacks[.stack|tostring]] | unique[]' raw.ndjson
}

@test "the rules equal readelf's at each address where one begins" {
	requires cmd readelf
	[ "$(uname -m)" = x86_64 ] || skip "compares registers of x86-64"
	libc=$(ldd "$(command -v bash)" | awk '/libc\.so/ { print $3 }')
	for file in "$libc" "$(command -v bash)" /usr/bin/python3; do
		[ -f "$file" ] || continue
		readelf --debug-dump=no-follow-links --debug-dump=frames-interp "$file" 2>/dev/null | awk '
			{ gsub(/ \([a-z0-9]+\)/, "") }
			/ CIE / { on = 0 } / FDE / { on = 0; split($NF, range, /[=.]+/) }
			$1 == "LOC" { on = 1; fp = ra = 0; for (i = 2; i <= NF; i++) { if ($i == "rbp") fp = i; if ($i == "ra") ra = i }; next }
			NF < 3 || !/^[0-9a-f]/ { on = 0 }
			on { cfa = $2; sub(/^rsp/, "sp", cfa); sub(/^rbp/, "fp", cfa); address = $1; sub(/^0+/, "", address)
				if (address == "") next # of no code
				if (cfa !~ /^(sp|fp|exp)/) cfa = "none"
				print address, cfa, (fp ? $fp : "u"), (ra ? $ra : "u") }' |
			awk '{ row[$1] = $0; if (!($1 in at)) order[++n] = $1; at[$1] = 1 } END { for (i = 1; i <= n; i++) print row[order[i]] }' |
			grep -v ' (*r[0-9]' | sed 's/ none .*/ none/' >wanted # a register saved in another is not followed
		cut -d' ' -f1 wanted | "$READER" rules "$file" >got
		[ "$(wc -l <wanted)" -gt 1000 ]
		diff wanted got
	done
}

@test "the functions are nm's, also from a debug file packed in .gnu_debugdata" {
	requires cmd objcopy
	requires cmd xz
	cat >two.c <<-'C'
		__attribute__((noinline)) static int hidden_one(int n) { return n * 3 + *(volatile int *)&n; }
		__attribute__((noinline)) static int hidden_two(int n) { return hidden_one(n) + 7; }
		int main(int n, char **v) { return hidden_two(n) + hidden_one((int)(long)v); }
	C
	cc -O1 -o two two.c
	offset() { nm two | awk -v name="$1" '$3 == name { print $1 }'; } # the code's segment has equal offsets and addresses
	names() { for name in hidden_one hidden_two main; do offset $name; done | "$READER" names "$1" | paste -sd' '; }
	[ "$(names two)" = "hidden_one hidden_two main" ]
	objcopy -S two stripped
	[ "$(names stripped)" = "? ? ?" ]
	objcopy --only-keep-debug two mini && objcopy -S --keep-symbol=hidden_one --keep-symbol=hidden_two --keep-symbol=main mini mini2
	xz -c mini2 >mini.xz
	objcopy --add-section .gnu_debugdata=mini.xz stripped packed
	[ "$(names packed)" = "hidden_one hidden_two main" ]
}

@test "a cut or altered file is read as far as it goes: no crash, no hang, no great memory" {
	requires cmd python3
	/usr/bin/python3 -I - "$READER" /bin/true <<-'P'
		import random, subprocess, sys
		reader, path = sys.argv[1:]
		whole = open(path, "rb").read()
		random.seed(1)
		def run(data, what):
		    open("altered", "wb").write(data)
		    ran = subprocess.run([reader, "all", "altered"], capture_output=True, timeout=60)
		    assert ran.returncode in (0, 1), (what, ran.returncode, ran.stderr[-2000:])
		for n in [0, 1, 15, 16, 51, 52, 63, 64, 65, 200] + random.sample(range(len(whole)), 15):
		    run(whole[:n], "cut at %d" % n)
		frames = whole.find(b".eh_frame")
		for i in range(120):
		    data = bytearray(whole)
		    low, high = [(0, 64), (64, 800), (len(whole) - 2000, len(whole)), (0, len(whole))][i % 4]
		    for _ in range(random.choice([1, 4, 40, 400])):
		        data[random.randrange(low, high)] = random.choice([0, 1, 0x7f, 0x80, 0xff, random.randrange(256)])
		    run(bytes(data), "altered %d" % i)
	P
}

@test "only the mapped file is opened: no pipe, no device, no other file in its place" {
	echo x >file && mkfifo pipe
	read -r dev inode <<<"$(stat -c '%Hd %Ld %i' file | awk '{ print $1 * 1048576 + $2, $3 }')"
	[ "$("$READER" mapped "$PWD/file" "$dev" "$inode")" = yes ]
	[ "$("$READER" mapped "$PWD/file" "$dev" $((inode + 1)))" = no ]
	[ "$("$READER" mapped "$PWD/file" $((dev + 1)) "$inode")" = no ]
	read -r dev inode <<<"$(stat -c '%Hd %Ld %i' pipe | awk '{ print $1 * 1048576 + $2, $3 }')"
	[ "$(timeout 100 "$READER" mapped "$PWD/pipe" "$dev" "$inode")" = no ]
	[ "$(timeout 100 "$READER" mapped /dev/zero 0 "$(stat -c %i /dev/zero)")" = no ]
}

@test "--stacks: a call is followed through malloc of the C library to the function that asked for it" {
	cat >asks.c <<-'C'
		#include <stdlib.h>
		#include <string.h>
		__attribute__((noinline)) char *parse_doc(int n) { char *p = malloc(n); return memset(p, 1, 9); }
		__attribute__((noinline)) char *cache_put(int n) { char *p = malloc(n); return memset(p, 1, 9); }
		int main(void) { for (int i = 0; i < 20; i++) { free(parse_doc(10000000)); *(volatile char *)cache_put(20000000) = 1; } return 0; }
	C
	for how in "-O2 -fomit-frame-pointer" "-O1 -fno-omit-frame-pointer" "-O2 -static -no-pie"; do
		cc $how -o asks asks.c
		traced -- ./asks
		[[ $(stacks 10002432) == *"malloc parse_doc main "*"_start" ]]
		[[ $(stacks 20000768) == *"malloc cache_put main "*"_start" ]]
	done
}

@test "--stacks equals gdb's backtrace, frame by frame: python3, bash, and threads of C++" {
	needs_ebpf
	requires cmd gdb
	requires cmd c++
	cat >threads.cc <<-'C'
		#include <thread>
		#include <vector>
		#include <functional>
		#include <sys/mman.h>
		static void __attribute__((noinline)) map_it(size_t n) { volatile auto p = mmap(nullptr, n, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); (void)p; }
		static void __attribute__((noinline)) work(const std::function<void(size_t)> &f, int depth) { if (depth) work(f, depth - 1); else f(0x123000); asm volatile(""); }
		int main() { std::vector<std::thread> all; for (int i = 0; i < 2; i++) all.emplace_back([] { work([](size_t n) { try { map_it(n); throw 1; } catch (int) { map_it(n); } }, 5); }); for (auto &t : all) t.join(); }
	C
	c++ -O2 -pthread -o threads threads.cc
	cat >frames.py <<-'P'
		import gdb
		def put():
		    frame = gdb.newest_frame()
		    row = []
		    while frame:
		        if frame.type() != gdb.INLINE_FRAME:
		            row.append("0x%016x" % frame.pc())
		        frame = frame.older()
		    print("FRAMES " + " ".join(row))
	P
	one() { # LENGTH COMMAND...
		local length=$1
		shift
		cat >frames.gdb <<-G
			set debuginfod enabled off
			set startup-with-shell off
			set backtrace past-main on
			set backtrace past-entry on
			source frames.py
			catch syscall mmap
			condition 1 \$rsi == $length && \$rax == -38
			commands 1
			silent
			python put()
			continue
			end
			run
		G
		timeout 100 gdb -nx -batch -x frames.gdb --args "$@" 2>gdb.err | sed -n 's/^FRAMES //p' | sort -u >theirs
		setarch -R vm-sample --ebpf --stacks -- "$@" >raw.ndjson
		jq -rs --argjson length "$length" '([.[] | select(.type=="stack") | {key: (.id|tostring), value: .}] | from_entries) as $stacks
			| .[] | select(.call=="mmap" and .length == $length) | $stacks[.stack|tostring] | select(.cut | not) | [.frames[].addr] | join(" ")' raw.ndjson | sort -u >ours
		[ -s ours ]
		diff theirs ours
	}
	[ "$(uname -m)" = x86_64 ] || skip "asks for registers of x86-64"
	one $((0x123000)) ./threads
	printf 'import mmap\ndef deep(n):\n  return deep(n-1) if n else mmap.mmap(-1, 54321*4096)\ndeep(5)\n' >deep.py
	one $((54321 * 4096)) /usr/bin/python3 -I -S deep.py
	echo 'printf -v x %3000000s; :' >large.sh
	one $((3002368)) "$(readlink -f "$BASH")" --norc large.sh
}

@test "a stack goes on below a signal's handler, and is cut where it lies on another stack" {
	cat >signal.c <<-'C'
		#include <signal.h>
		#include <stdlib.h>
		#include <sys/mman.h>
		static void handler(int s) { volatile void *p = mmap(0, 0x321000 + (s == SIGUSR2) * 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); (void)p; }
		__attribute__((noinline)) static int raiser(int s) { int n = raise(s); asm volatile("" : "+r"(n)); return n; }
		int main(void)
		{
			stack_t other = { .ss_sp = malloc(65536), .ss_size = 65536 };
			struct sigaction plain = { .sa_handler = handler }, aside = { .sa_handler = handler, .sa_flags = SA_ONSTACK };
			sigaltstack(&other, 0);
			sigaction(SIGUSR1, &plain, 0);
			sigaction(SIGUSR2, &aside, 0);
			return raiser(SIGUSR1) + raiser(SIGUSR2);
		}
	C
	cc -O1 -o signal signal.c
	traced -- ./signal
	[[ $(stacks $((0x321000))) == "mmap handler "*" raise raiser main "*"_start" ]]
	[[ $(stacks $((0x322000))) == "mmap handler "*"(cut)" ]]
}

@test "generated code is passed by its frame pointer; its frame has an address alone" {
	[ "$(uname -m)" = x86_64 ] || skip "generates code of x86-64"
	cat >jit.c <<-'C'
		#include <string.h>
		#include <sys/mman.h>
		__attribute__((noinline)) static void callback(void) { volatile void *p = mmap(0, 0x432000, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); (void)p; }
		int main(void)
		{
			static const unsigned char code[] = { 0x55, 0x48, 0x89, 0xe5, 0xff, 0xd7, 0x5d, 0xc3 }; /* push rbp; mov rbp,rsp; call rdi; pop rbp; ret */
			char *p = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			memcpy(p, code, sizeof code);
			((void (*)(void (*)(void)))p)(callback);
			return 0;
		}
	C
	cc -O1 -o jit jit.c
	traced -- ./jit
	[[ $(stacks $((0x432000))) == "mmap callback ? main "*"_start" ]]
}

@test "a deep stack is cut, and says so: in the stream and in the words of a view" {
	cat >deep.c <<-'C'
		#include <sys/mman.h>
		__attribute__((noinline)) static int down(int n) { int r; if (n) r = down(n - 1) + 1; else { volatile void *p = mmap(0, 0x543000, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); r = p != 0; } asm volatile("" : "+r"(r)); return r; }
		int main(void) { down(5); return down(500) == 0; }
	C
	cc -O1 -fno-optimize-sibling-calls -o deep deep.c
	traced -- ./deep
	[ "$(stacks $((0x543000)) | grep -c '(cut)')" -eq 1 ]
	[[ $(stacks $((0x543000)) | grep -v '(cut)') == "mmap down down down down down down main "*"_start" ]]
	traced -O stack-size=256 -- ./deep
	[[ $(stacks $((0x543000))) == "mmap down "*"(cut)"* ]]
	run valid_stream <raw.ndjson
	[ "$status" -eq 0 ]
}

@test "the functions of a deleted program, and of a library that was replaced meanwhile, are found" {
	cat >gone.c <<-'C'
		#include <dlfcn.h>
		#include <stdio.h>
		#include <sys/mman.h>
		#include <unistd.h>
		__attribute__((noinline)) static void mapper(void) { volatile void *p = mmap(0, 0x654000, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); (void)p; }
		int main(int n, char **v)
		{
			void *library = dlopen("./lib.so", RTLD_NOW);
			void (*inside)(void) = library ? (void (*)(void))dlsym(library, "inside") : 0;
			if (!inside || unlink(v[0]) || rename("other.so", "lib.so"))
				return 1;
			mapper();
			inside();
			getchar(); /* its files are read while it lives */
			return n - 1;
		}
	C
	echo '#include <sys/mman.h>
		static void __attribute__((noinline)) NAME(void) { volatile void *p = mmap(0, 0x655000, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); (void)p; }
		void inside(void) { NAME(); __asm__ volatile(""); }' >lib.c
	cc -O1 -shared -fPIC -DNAME=right_one -o lib.so lib.c
	cc -O1 -shared -fPIC -DNAME=wrong_one -o other.so lib.c
	cc -O1 -o gone gone.c -ldl
	needs_ebpf
	mkfifo go
	vm-sample --ebpf --stacks -- ./gone <go >raw.ndjson 3>&- &
	exec {go}>go
	until_true grep -q inside raw.ndjson
	exec {go}>&-
	wait $!
	[[ $(stacks $((0x654000))) == "mmap mapper main "*"_start" ]]
	[[ $(stacks $((0x655000))) == "mmap right_one inside main "*"_start" ]]
}

@test "a library that is cut while its functions are read does no harm: the stream goes on to its end" {
	needs_ebpf
	if nm -D "$BUILD/bin/vm-sample" | grep -qE '__(asan|tsan)_init'; then skip "the sanitizer cannot be preloaded"; fi
	cc -shared -fPIC -O1 -D_GNU_SOURCE -o cut_when_read.so "$ROOT/tests/cut_when_read.c" -ldl
	cat >cut.c <<-'C'
		#include <dlfcn.h>
		#include <stdio.h>
		#include <unistd.h>
		int main(void)
		{
			void *library = dlopen("./lib.so", RTLD_NOW);
			void (*inside)(void) = library ? (void (*)(void))dlsym(library, "inside") : 0;
			if (!inside)
				return 1;
			inside();
			getchar();
			_exit(3); /* the library's end is no longer in its file */
		}
	C
	echo '#include <sys/mman.h>
		char large[1 << 20] = "x";
		void inside(void) { volatile void *p = mmap(0, 0x655000, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); (void)p; }' >lib.c
	cc -O1 -shared -fPIC -o lib.so lib.c
	cc -O1 -o cut cut.c -ldl
	mkfifo go
	CUT_FILE=$PWD/lib.so LD_PRELOAD=$PWD/cut_when_read.so vm-sample --ebpf --stacks -- ./cut <go >raw.ndjson 3>&- &
	exec {go}>go
	until_true grep -q '"length":6639616' raw.ndjson
	exec {go}>&-
	local status=0
	wait $! || status=$?
	[ "$status" = 3 ]
	[ "$(stat -c %s lib.so)" = 4096 ] # it was cut, not before it was read
	[ -n "$(stacks $((0x655000)))" ]
	tail -n 1 raw.ndjson | grep -q '"type":"end".*"status":3'
}

@test "calls that are left out still tell where code is" {
	cat >late.c <<-'C'
		#include <dlfcn.h>
		#include <sys/mman.h>
		int main(void) { void *library = dlopen("./lib.so", RTLD_NOW); ((void (*)(void))dlsym(library, "inside"))(); return 0; }
	C
	echo '#include <sys/mman.h>
		void inside(void) { volatile void *p = mmap(0, 0x765000, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); munmap((void *)p, 0x765000); }' >lib.c
	cc -O1 -shared -fPIC -o lib.so lib.c
	cc -O1 -o late late.c -ldl
	traced -e munmap -- ./late
	run jq -rs '([.[] | select(.type=="stack") | {key: (.id|tostring), value: [.frames[] | .function // "?"]}] | from_entries) as $stacks
		| .[] | select(.call=="munmap" and .length == 7753728) | $stacks[.stack|tostring][:3] | join(" ")' raw.ndjson
	[ "$output" = "munmap inside main" ]
	run ! grep -q '"call":"mmap"' raw.ndjson
}
