# The source heap: every call of the allocator of an unmodified program.
load helper

program() { # TEXT: compiles it, with frame pointers
	cat >"$BATS_TEST_TMPDIR/prog.${1:-c}"
	"${2:-${CC:-cc}}" -O1 -g -fno-builtin -fno-omit-frame-pointer -o "$BATS_TEST_TMPDIR/prog" "$BATS_TEST_TMPDIR/prog.${1:-c}" -pthread
}

@test "each call of the allocator is told, in order, with its size and its caller" {
	program <<'END_OF_C'
#include <stdlib.h>
#include <stdio.h>
__attribute__((noinline)) void *take(size_t n) { void *block = malloc(n); printf("m %p %zu\n", block, n); return block; }
int main(void)
{
	void *blocks[40];
	setvbuf(stdout, NULL, _IONBF, 0);
	for (int i = 0; i < 40; i++)
		blocks[i] = take(100 + (size_t)i);
	for (int i = 0; i < 40; i += 2) {
		printf("f %p\n", blocks[i]);
		free(blocks[i]);
	}
	void *old = blocks[1];
	blocks[1] = realloc(old, 3000000);
	printf("r %p %p\n", blocks[1], old);
	printf("e %d\n", malloc((size_t)1 << 62) == NULL);
	return 3;
}
END_OF_C
	run -3 --separate-stderr vm-sample --heap --command-output "$BATS_TEST_TMPDIR/said" -o "$BATS_TEST_TMPDIR/out" -- "$BATS_TEST_TMPDIR/prog"
	valid_stream <"$BATS_TEST_TMPDIR/out"
	diff <(tr -d '()' <"$BATS_TEST_TMPDIR/said") <(jq -r 'def a: sub("0x0*"; "0x");
		select(.type == "alloc") | if .error then "e 1" elif .op == "malloc" then "m \(.addr | a) \(.size)"
		elif .op == "free" then "f \(.addr | a)" else "r \(.addr | a) \(.old | a)" end' "$BATS_TEST_TMPDIR/out")
	# One call site in take, called from one loop.
	[ "$(jq -s '[.[] | select(.type == "alloc" and .op == "malloc" and (.error | not)) | .stack] | unique | length' "$BATS_TEST_TMPDIR/out")" -eq 1 ]
	jq -se '[.[] | select(.type == "module") | .path] | any(endswith("/prog"))' "$BATS_TEST_TMPDIR/out"
	vm-parse "$BATS_TEST_TMPDIR/out" | vm-track >"$BATS_TEST_TMPDIR/tracked" # so short a life may be without a sample
}

@test "the caller of an allocation lies in the object that a module line names" {
	program <<<'#include <stdlib.h>
	int main(void) { for (int i = 0; i < 3; i++) free(malloc(77)); return 0; }'
	run -0 --separate-stderr vm-sample --heap -- "$BATS_TEST_TMPDIR/prog"
	jq -se '(map(select(.type == "module" and (.path | endswith("/prog"))))[0]) as $object
		| (map(select(.type == "alloc" and .size == 77))) as $calls
		| (map(select(.type == "stack" and .id == $calls[0].stack))[0].frames[0].addr) as $caller
		| ($calls | length) == 3 and $caller >= $object.start and $caller < $object.end' <<<"$output"
}

@test "threads of a C++ program: each new has its delete, nothing is lost where the program waits" {
	program cc c++ <<'END_OF_CC'
#include <map>
#include <string>
#include <thread>
#include <vector>
int main()
{
	std::vector<std::thread> threads;
	for (int k = 0; k < 4; k++)
		threads.emplace_back([] {
			std::map<int, std::string> map;
			for (int i = 0; i < 3000; i++)
				map[i % 100] = std::string(50 + i % 500, 'x');
			struct alignas(64) wide { char bytes[128]; };
			delete new wide;
		});
	for (auto &thread : threads)
		thread.join();
}
END_OF_CC
	vm-sample --heap -O block=true -o "$BATS_TEST_TMPDIR/out" -- "$BATS_TEST_TMPDIR/prog"
	jq -se '(map(select(.type == "alloc")) | group_by(.op) | map({(.[0].op): length}) | add) as $count
		| $count.new == $count.delete and $count.new > 12000 and (map(select(.type == "lost" and (.thinned | not))) | length) == 0
		and ([.[] | select(.type == "alloc" and .op == "new") | .tid] | unique | length) >= 4' "$BATS_TEST_TMPDIR/out"
	# What a block had is free before anybody gets it again.
	jq -r 'select(.type == "alloc") | "\(if .op == "delete" or .op == "free" then "-" else "+" end) \(.addr)"' "$BATS_TEST_TMPDIR/out" |
		awk '$1 == "+" { if (live[$2]) wrong++; live[$2] = 1 } $1 == "-" { if (!live[$2]) wrong++; live[$2] = 0 } END { exit wrong > 0 }'
}

@test "a child is a session of its own: told with -f, silent without" {
	program <<'END_OF_C'
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void)
{
	free(malloc(11));
	if (fork() == 0) {
		free(malloc(22));
		_exit(0);
	}
	wait(NULL);
	free(malloc(33));
	return 0;
}
END_OF_C
	vm-sample --heap -f -o "$BATS_TEST_TMPDIR/out" -- "$BATS_TEST_TMPDIR/prog"
	jq -se '[.[] | select(.type == "alloc" and .size) | {pid, size}] | group_by(.pid) | map(map(.size)) | sort == [[11, 33], [22]]' "$BATS_TEST_TMPDIR/out"
	vm-sample --heap -o "$BATS_TEST_TMPDIR/out" -- "$BATS_TEST_TMPDIR/prog"
	jq -se '[.[] | select(.type == "alloc" and .size) | .size] == [11, 33]' "$BATS_TEST_TMPDIR/out"
}

@test "a program goes on as without us: python, git and a shell say the same, with the same status" {
	cd "$ROOT"
	for command in "python3 -c 'import json, sys; print(json.dumps({str(i): i for i in range(200)})); sys.exit(7)'" \
		"sh -c 'ls | sort | head -2; exit 4'" "git --version"; do
		run bash -c "$command"
		expected=$output wanted=$status
		run vm-sample --heap -f --command-output "$BATS_TEST_TMPDIR/said" -o "$BATS_TEST_TMPDIR/out" -- bash -c "$command"
		[ "$status" -eq "$wanted" ]
		[ "$(cat "$BATS_TEST_TMPDIR/said")" = "$expected" ]
		[ "$(grep -c '"type":"alloc"' "$BATS_TEST_TMPDIR/out")" -gt 100 ]
	done
}

@test "a process that runs already is refused with the command to type" {
	sleep 100 3>&- &
	run -1 --separate-stderr vm-sample -s heap -n 1 -p $!
	kill $!
	[[ $stderr == *"vm-sample --heap -- COMMAND"* ]]
}

@test "stacks equal those of the C library's own unwinder: recursion, signals, threads, contexts, odd frames" {
	for flags in -O2 "-O1 -fno-omit-frame-pointer" -O0; do
		"${CC:-cc}" $flags -std=c11 -D_GNU_SOURCE -I"$ROOT/lib" -o "$BATS_TEST_TMPDIR/walks" "$ROOT/tests/heap_walks.c" -pthread
		run -0 "$BATS_TEST_TMPDIR/walks"
		[ "${output#equal }" -gt 200 ]
	done
}

@test "a thread with the smallest stack, a limit of the size of files, more threads than rings: the program works as without us" {
	program <<'END_OF_C'
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
static pthread_barrier_t all;
static void *use(void *n)
{
	void *block = malloc((size_t)n);
	if ((size_t)n == 456)
		pthread_barrier_wait(&all); /* they are there at the same time */
	free(block);
	return NULL;
}
int main(void)
{
	pthread_attr_t least;
	pthread_t thread, many[100];
	pthread_attr_init(&least);
	pthread_attr_setstacksize(&least, PTHREAD_STACK_MIN);
	printf("%s\n", strerror(pthread_create(&thread, &least, use, (void *)123)));
	pthread_join(thread, NULL);
	pthread_barrier_init(&all, NULL, 100);
	for (int i = 0; i < 100; i++)
		pthread_create(&many[i], NULL, use, (void *)456);
	for (int i = 0; i < 100; i++)
		pthread_join(many[i], NULL);
	if (fork() == 0)
		_exit(use((void *)789) != NULL);
	wait(NULL);
	return 0;
}
END_OF_C
	run -0 vm-sample --heap -f --command-output "$BATS_TEST_TMPDIR/said" -o "$BATS_TEST_TMPDIR/out" -- "$BATS_TEST_TMPDIR/prog"
	[ "$(cat "$BATS_TEST_TMPDIR/said")" = Success ]
	jq -se '([.[] | select(.type == "alloc" and .size == 123 and .stack)] | length) == 1
		and ([.[] | select(.type == "alloc" and .size == 456 and .stack) | .tid] | unique | length) == 100
		and ([.[] | select(.type == "alloc" and .size == 789 and .stack)][0].pid as $child
			| [.[] | select(.type == "module" and .pid == $child) | .path] | any(endswith("/prog")))' "$BATS_TEST_TMPDIR/out"
	run -0 bash -c 'ulimit -f 1000 && exec vm-sample --heap -o /dev/null -- "$0"' "$BATS_TEST_TMPDIR/prog"
}

known() { # a program with known sums: 1 100 000 blocks, 600 000 000 bytes, of two sizes
	program <<'END_OF_C'
#include <stdlib.h>
static void *volatile keep[20000];
__attribute__((noinline)) void *small(void) { return malloc(100); }
__attribute__((noinline)) void *large(void) { return malloc(5000); }
int main(void)
{
	for (int round = 0; round < 100; round++)
		for (int i = 0; i < 10000; i++) {
			free(keep[i]);
			keep[i] = small();
			if (i % 10 == 0) {
				free(keep[10000 + i]);
				keep[10000 + i] = large();
			}
		}
	return 0;
}
END_OF_C
}

@test "every=SIZE tells a sample: its weights add up to what the program has asked for, each free is of a sampled block" {
	known
	vm-sample --heap -O every=16K -o "$BATS_TEST_TMPDIR/out" -- "$BATS_TEST_TMPDIR/prog"
	valid_stream <"$BATS_TEST_TMPDIR/out"
	# About 37 000 samples: the sums vary by half a per cent; five times that is allowed.
	jq -se '[.[] | select(.type == "alloc")] as $calls
		| ([$calls[] | select(.size == 100 and .weight) | .weight] | add) as $small
		| ([$calls[] | select(.size == 5000 and .weight) | .weight] | add) as $large
		| ($small - 100000000 | fabs) < 7000000 and ($large - 500000000 | fabs) < 13000000
		and ([$calls[] | select(.stack == null and .weight)] | length) == 0' "$BATS_TEST_TMPDIR/out"
	jq -r 'select(.type == "alloc") | "\(if .op == "free" then "-" else "+" end) \(.addr)"' "$BATS_TEST_TMPDIR/out" |
		awk '$1 == "+" { if (live[$2]) wrong++; live[$2] = 1 } $1 == "-" { if (!live[$2]) wrong++; live[$2] = 0 } END { exit wrong > 0 }'
}

@test "aggregate=true counts: no call is told, the sums are exact" {
	known
	vm-sample --heap -O aggregate=true -o "$BATS_TEST_TMPDIR/out" -- "$BATS_TEST_TMPDIR/prog"
	valid_stream <"$BATS_TEST_TMPDIR/out"
	run ! grep -q '"type":"alloc"' "$BATS_TEST_TMPDIR/out"
	jq -se '[.[] | select(.type == "heap" and .allocated)][-1] | .allocated_blocks == 1100000 and .live_blocks == 11000 and .freed_blocks == 1089000
		and .allocated - .freed == .live and .live >= 6000000' "$BATS_TEST_TMPDIR/out"
}

@test "the allocator's own account holds what is live" {
	known
	vm-sample --heap -O aggregate=true -i 5ms -O account=5ms -o "$BATS_TEST_TMPDIR/out" -- "$BATS_TEST_TMPDIR/prog"
	jq -se '[.[] | select(.type == "heap" and .system)] | length > 0 and (.[-1] | .system >= .used and .used > 1000000 and .used + .free + .mmapped == .system)' "$BATS_TEST_TMPDIR/out"
	[ "$(jq -r 'select(.type == "heap" and .allocator) | .allocator' "$BATS_TEST_TMPDIR/out" | sort -u)" = glibc ] || skip "another C library"
}

@test "a process that executes another program, and children after fork: no free of theirs is found at fault" {
	program <<'END_OF_C'
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int count, char **arguments)
{
	void *blocks[100];
	for (int i = 0; i < 100; i++)
		blocks[i] = malloc(1000 + (size_t)i);
	if (count == 1)
		execl("/proc/self/exe", "again", "x", (char *)0);
	if (fork() == 0) {
		for (int i = 0; i < 100; i++)
			free(blocks[i]);
		exit(0);
	}
	wait(NULL);
	for (int i = 0; i < 100; i++)
		free(blocks[i]);
	return 0;
}
END_OF_C
	cd "$BATS_TEST_TMPDIR" || return 1
	vm-sample --heap -f -O block=true -i 10ms -- ./prog | vm-track >"$BATS_TEST_TMPDIR/out"
	valid_stream <"$BATS_TEST_TMPDIR/out"
	jq -se '[.[] | select(.type == "heap" and .session) | .session] == ["start", "exec", "fork"]
		and [.[] | select(.type == "finding" and (.rule == "foreign-free" or .rule == "double-free"))] == []' "$BATS_TEST_TMPDIR/out"
	# Nothing is left of the first program, nor of the second.
	[ "$(jq -s '[.[] | select(.rule == "never-freed")] | length' "$BATS_TEST_TMPDIR/out")" -eq 0 ]
	# The line of the process that tells the exec comes with its next sample, after calls of the new program.
	sed -n '1p' "$BATS_TEST_TMPDIR/out" >late
	printf '%s\n' '{"type":"heap","t":1,"pid":7,"session":"start"}' '{"type":"alloc","t":1,"pid":7,"op":"malloc","addr":"0x10","size":5}' \
		'{"type":"heap","t":2,"pid":7,"session":"exec"}' '{"type":"alloc","t":2,"pid":7,"op":"malloc","addr":"0x20","size":6}' \
		'{"type":"process","t":3,"pid":7,"why":"exec"}' '{"type":"alloc","t":4,"pid":7,"op":"free","addr":"0x20"}' >>late
	run -0 --separate-stderr vm-track late
	[[ $output != *finding* ]]
}

@test "real programs under vm-run --heap's source: node, gcc, sqlite3, make say what they say without; no free is found at fault" {
	cd "$BATS_TEST_TMPDIR" || return 1
	printf 'int main(void) { return 0; }\n' >x.c
	printf 'all:\n\t@echo made; echo by a shell\n' >Makefile
	while IFS= read -r command; do
		command -v "${command%% *}" >/dev/null || continue
		run bash -c "$command"
		expected=$output wanted=$status
		run vm-sample --heap -f -O block=true --command-output said -o out -- bash -c "$command"
		[ "$status" -eq "$wanted" ]
		[ "$(cat said)" = "$expected" ]
		jq -se 'any(.type == "alloc")' out
		vm-track out | jq -se '[.[] | select(.type == "finding" and (.rule == "foreign-free" or .rule == "double-free"))] == []'
	done <<'END_OF_COMMANDS'
node -e 'console.log([1, 2, 3].map(x => x * 2).join()); process.exit(5)'
gcc -O2 -c -o x.o x.c && echo compiled
sqlite3 :memory: 'create table t(a); insert into t values (1), (2); select sum(a) from t'
make -s
END_OF_COMMANDS
}
