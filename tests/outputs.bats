#!/usr/bin/env bats
# Outputs: what a name stood for is not destroyed, half a picture is never left, and a recording that failed is told.
load helper

setup() {
	cd "$BATS_TEST_TMPDIR"
	vm-sample -n 2 -i 1ms -p $$ -o raw.ndjson
	vm-parse raw.ndjson -o parsed.ndjson
	cp parsed.ndjson before
}

# refused COMMAND...: exits 2 with one message; parsed.ndjson is as it was.
refused() {
	run --separate-stderr timeout 100 "$@"
	[ "$status" -eq 2 ] && [ "${#stderr_lines[@]}" = 1 ] || { echo "$*: status $status: $stderr"; return 1; }
	cmp parsed.ndjson before
}

nothing_beside() { # no file that a program made and left
	[ -z "$(find . -name '.vmpipe*')" ]
}

@test "an output that is an input is refused: by name, symlink, hard link, descriptor, stdin and stdout" {
	ln -s parsed.ndjson link.ndjson
	ln parsed.ndjson hard.ndjson
	mkdir folder
	ln -s ../parsed.ndjson folder/far
	for program in vm-track vm-parse vm-check vm-replay vm-render; do
		for name in parsed.ndjson ./parsed.ndjson link.ndjson hard.ndjson folder/far "$PWD/parsed.ndjson"; do
			refused $program parsed.ndjson -o "$name"
			[[ $stderr == "$program: parsed.ndjson is an input, and the output would replace it"* ]]
		done
		refused $program -o parsed.ndjson <parsed.ndjson
		refused bash -c "$program parsed.ndjson -o /proc/self/fd/7 7<>parsed.ndjson"
		refused bash -c "$program parsed.ndjson >>parsed.ndjson"
		refused bash -c "$program -o /dev/stdout <parsed.ndjson >>parsed.ndjson"
	done
	refused vm-diff before parsed.ndjson -o link.ndjson
	refused vm-run --input before,parsed.ndjson --svg -o link.ndjson
	refused vm-run --input parsed.ndjson --record hard.ndjson --svg -o x.svg
}

@test "an output named after the pid is refused too, when it turns out to be the input" {
	cp parsed.ndjson "$$.ndjson"
	run --separate-stderr vm-track "$$.ndjson" -o %p.ndjson
	[ "$status" -eq 1 ]
	[[ $stderr == *"is an input, and the output would replace it"* ]]
	cmp "$$.ndjson" before
}

@test "an output that is the configuration or the budget is refused" {
	echo 'vm-track: { keyframe: 1s }' >c.yaml
	cp c.yaml c.before
	run --separate-stderr vm-track -c c.yaml -o c.yaml parsed.ndjson
	[ "$status" -eq 2 ]
	run --separate-stderr vm-run c.yaml --record c.yaml -p $$
	[ "$status" -eq 2 ]
	echo 'budgets: [{ name: x, what: rss, most: 1G }]' >b.yaml
	run --separate-stderr vm-track -b b.yaml -o b.yaml parsed.ndjson
	[ "$status" -eq 2 ]
	run --separate-stderr vm-track -b b.yaml --report b.yaml --report-format tap parsed.ndjson
	[ "$status" -eq 2 ]
	cmp c.yaml c.before
	grep -q budgets b.yaml
}

@test "two outputs of one name are refused, /dev/null excepted" {
	ln -s x y
	run --separate-stderr vm-track parsed.ndjson -o x --timing x
	[ "$status" -eq 2 ]
	run --separate-stderr vm-track parsed.ndjson -o x --timing y
	[ "$status" -eq 2 ]
	run --separate-stderr vm-track parsed.ndjson --timing ./parsed.ndjson
	[ "$status" -eq 2 ]
	run --separate-stderr vm-sample -o x --command-output ./x -- touch ran
	[ "$status" -eq 2 ]
	[[ $stderr == *"--output and --command-output both write"* ]]
	run --separate-stderr vm-run --record x --svg -o ./x -- touch ran
	[ "$status" -eq 2 ]
	[ ! -e ran ]
	cmp parsed.ndjson before
	vm-sample -o /dev/null --command-output /dev/null -- true
	vm-track parsed.ndjson -o /dev/null --timing /dev/null
}

@test "a pipeline may write the file that it reads: the reader reads the old file to its end" {
	vm-track before >expected
	vm-replay parsed.ndjson | vm-track -o parsed.ndjson
	diff <(grep '"type":"region"' expected) <(grep '"type":"region"' parsed.ndjson)
}

@test "a usage error found late leaves the old file, whatever the program" {
	echo precious >out
	for command in "vm-parse --format nonsense raw.ndjson" "vm-track --findings nonsense parsed.ndjson" "vm-track --report x parsed.ndjson" \
		"vm-render --view nonsense parsed.ndjson" "vm-render --perms 7 parsed.ndjson" "vm-render --svg -O nonsense=1 parsed.ndjson" "vm-replay --from 2 --to 1 raw.ndjson" \
		"vm-diff parsed.ndjson" "vm-diff --fail-if nonsense raw.ndjson raw.ndjson" "vm-sample -p $$ -s nonsense" "vm-sample --marks out -p $$" "vm-run --record out --view nonsense -p $$"; do
		run --separate-stderr $command -o out
		[ "$status" -eq 2 ] || { echo "$command: $status $stderr"; return 1; }
		[ "$(<out)" = precious ] || { echo "$command: destroyed"; return 1; }
	done
	nothing_beside
	run --separate-stderr vm-sample --command-output out --marks raw.ndjson -- true
	[ "$status" -eq 2 ]
	[ "$(<out)" = precious ]
}

@test "an input that cannot be read leaves no picture in place of the old one" {
	echo precious >out.svg
	for renderer in svg ascii trace gnuplot; do
		run --separate-stderr vm-render --$renderer --view nonsense parsed.ndjson -o out.svg
		[ "$(<out.svg)" = precious ]
	done
	mkfifo in
	vm-render --svg in -o out.svg 3>&- &
	pid=$!
	started+=("$pid")
	exec {feed}>in
	head -c 2000 parsed.ndjson >&"$feed"
	kill -KILL $pid
	wait $pid || true
	exec {feed}>&-
	[ "$(<out.svg)" = precious ]
	nothing_beside
}

@test "a picture takes its name when it is whole: a full disk leaves the old one" {
	requires root
	mkdir disk
	mount -t tmpfs -o size=32k none disk || skip "cannot mount"
	echo precious >disk/out.svg
	head -c 24576 /dev/zero >disk/other
	for renderer in svg ascii trace; do
		run --separate-stderr vm-render --$renderer --view table parsed.ndjson -o disk/out.svg
		[ "$status" -eq 1 ] && [[ $stderr == *"No space left on device"* ]] && [ "$(<disk/out.svg)" = precious ] && [ "$(ls -A disk | wc -l)" = 2 ] ||
			{ echo "$renderer: $status $stderr"; ls -la disk; umount disk; return 1; }
	done
	umount disk
}

@test "a replaced file keeps its owner and permissions, a new one has those of the umask" {
	requires root
	: >old
	chown 12:34 old
	chmod 640 old
	vm-track parsed.ndjson -o old
	[ "$(stat -c '%u:%g %a' old)" = "12:34 640" ]
	(umask 027 && vm-track parsed.ndjson -o new)
	[ "$(stat -c %a new)" = 640 ]
	(umask 022 && vm-render --svg parsed.ndjson -o new.svg)
	[ "$(stat -c %a new.svg)" = 644 ]
}

@test "a symlink stays one, hard links stay one file, a file that is bound to its place is written there" {
	: >file
	ln -s file link
	vm-track parsed.ndjson -o link
	[ -L link ]
	[ -s file ]
	ln -s not-yet dangling
	vm-track parsed.ndjson -o dangling
	[ -L dangling ]
	cmp file not-yet || [ -s not-yet ]
	echo longer than what follows? no >one
	ln one other
	vm-track parsed.ndjson -o one
	cmp one other
	[ "$(stat -c %i one)" = "$(stat -c %i other)" ]
	requires root
	echo 1 >bound
	echo 2 >source
	run unshare -m sh -c 'mount --bind source bound && vm-track parsed.ndjson -o bound && cmp source bound && vm-render --svg parsed.ndjson -o bound && tail -1 source'
	[ "$status" -eq 0 ]
	[ "$output" = "</svg>" ]
	nothing_beside
}

@test "a user without the right to a folder writes a file of it that is his, and no other" {
	requires other
	open=$(mktemp -d /tmp/vmpipe-outputs-XXXXXX)
	cp parsed.ndjson "$open"
	cd "$open"
	mkdir mine
	: >mine/his
	chown 65534 mine/his
	echo precious >mine/not
	chmod 755 . mine
	chmod 644 parsed.ndjson mine/not
	as() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
	as vm-track "$PWD/parsed.ndjson" -o mine/his
	[ -s mine/his ]
	run --separate-stderr as vm-track "$PWD/parsed.ndjson" -o mine/not
	[ "$status" -eq 1 ]
	[[ $stderr == *"cannot write mine/not: Permission denied"* ]]
	[ "$(<mine/not)" = precious ]
	run --separate-stderr as vm-track "$PWD/parsed.ndjson" -o mine/new
	[ "$status" -eq 1 ]
	mkdir -m 1777 sticky # as /tmp: others' names cannot be taken
	echo old >sticky/his
	chmod 666 sticky/his
	as vm-track "$PWD/parsed.ndjson" -o sticky/his || true # fs.protected_regular may refuse
	[ "$(ls -A sticky)" = his ]
	rm -r "$open"
}

@test "FIFOs, devices and descriptors are written as they are, folders are refused" {
	mkfifo pipe
	cat pipe >read &
	vm-track parsed.ndjson -o pipe
	wait $!
	[ -s read ]
	[ -p pipe ]
	{ echo first; vm-track parsed.ndjson -o /dev/stdout; echo last; } >all
	[ "$(head -1 all)" = first ]
	[ "$(tail -1 all)" = last ]
	{ echo first; vm-track parsed.ndjson -o /proc/self/fd/8; } 8>eight >all
	[ -s eight ]
	[ "$(<all)" = first ]
	vm-track parsed.ndjson -o /dev/null
	[ -c /dev/null ]
	run --separate-stderr vm-track parsed.ndjson -o .
	[ "$status" -eq 1 ]
	[[ $stderr == *"cannot write .: Is a directory"* ]]
	run --separate-stderr vm-track parsed.ndjson -o missing/x
	[ "$status" -eq 1 ]
	[[ $stderr == *"cannot write missing/x: No such file or directory"* ]]
}

@test "a stream has its name from its first bytes on, and an empty output is an empty file" {
	mkfifo in
	vm-track in -o out 3>&- &
	pid=$!
	started+=("$pid")
	exec {feed}>in
	head -1 parsed.ndjson >&"$feed"
	until_true test -s out
	kill -KILL $pid
	wait $pid || true
	exec {feed}>&-
	grep -q '"type":"stream"' out
	vm-check -q parsed.ndjson -o empty || no_crash $?
	[ -f empty ]
	[ ! -s empty ]
	nothing_beside
}

@test "a recording that failed is 125 if the command was well, and the command's own status if not" {
	run --separate-stderr vm-sample -o /dev/full -- true
	[ "$status" -eq 125 ]
	[[ $stderr == *"No space left on device"* ]]
	run --separate-stderr vm-sample -o /dev/full -- sh -c 'exit 3'
	[ "$status" -eq 3 ]
	run --separate-stderr vm-sample -o /dev/null -- true
	[ "$status" -eq 0 ]
	run --separate-stderr vm-run --record /dev/full --svg -o x.svg -- true
	[ "$status" -eq 125 ]
	[[ $stderr == *"the recording has failed"* ]]
	run --separate-stderr vm-run --record /dev/full --svg -o x.svg -- sh -c 'exit 3'
	[ "$status" -eq 3 ]
	[ "$(tail -1 x.svg)" = "</svg>" ]
	run bash -c 'vm-sample -i 1ms -- sleep 0.2 | head -c 1 >/dev/null; echo "${PIPESTATUS[0]}"' # a reader that has what it needs
	[ "$output" = 0 ]
}

@test "a program that gives up in mid-stream has written what it had" {
	[[ $(getconf GNU_LIBC_VERSION 2>/dev/null) == glibc* ]] || skip "needs the allocator of glibc"
	! grep -qE '__(asan|tsan)_init' "$BUILD/bin/vm-parse" || skip "the sanitizer has an allocator of its own"
	"${CC:-cc}" -shared -fPIC -o short.so "$ROOT/tests/short_of_memory.c"
	: >reached
	for ((at = 1, kept = 0; at < 400; at += 7)); do
		rm -f out
		FAIL_AT=$at LD_PRELOAD=$PWD/short.so vm-track parsed.ndjson -o out 2>/dev/null 9>>reached && continue
		[ ! -s out ] || whole=$((whole + 1))
	done
	[ $whole -gt 0 ]
	nothing_beside
}
