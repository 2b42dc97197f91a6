# Tables in the form of known programs: byte for byte, if a snapshot has their data.
load helper

setup() {
	workload still "$BATS_TEST_TMPDIR"
	kill -STOP "$pid"
	vm-sample -p "$pid" -n 1 | vm-parse >"$BATS_TEST_TMPDIR/s"
}

# Terminal controls and invalid UTF-8 are replaced: each run of such bytes by one question mark.
plain() { LC_ALL=C sed -E 's/[^ -~]+/?/g'; }

@test "--table=pmap, pmap-x and pmap-d are those of procps 4.0.2, byte for byte and line for line" {
	requires cmd pmap
	[[ $(pmap -V) == *"procps-ng 4.0.2"* ]] || skip "needs pmap of procps-ng 4.0.2"
	for form in "" -x -d; do
		pmap $form "$pid" >"$BATS_TEST_TMPDIR/want"
		vm-render --table="pmap$form" "$BATS_TEST_TMPDIR/s" >"$BATS_TEST_TMPDIR/got"
		diff "$BATS_TEST_TMPDIR/want" "$BATS_TEST_TMPDIR/got" || { echo "pmap $form"; return 1; }
	done
}

@test "--table=pmap prints System V memory by its number, and a command of several lines on one line, as procps does" {
	requires cmd pmap
	requires cmd gcc
	[[ $(pmap -V) == *"procps-ng 4.0.2"* ]] || skip "needs pmap of procps-ng 4.0.2"
	cat >"$BATS_TEST_TMPDIR/sysv.c" <<-'C'
		#include <stdio.h>
		#include <sys/ipc.h>
		#include <sys/shm.h>
		#include <unistd.h>
		int main(void) { int id = shmget(IPC_PRIVATE, 1 << 20, 0600); void *at = shmat(id, 0, 0); shmctl(id, IPC_RMID, 0); puts(at ? "ready" : "no"); fflush(stdout); for (;;) pause(); }
	C
	gcc -o "$BATS_TEST_TMPDIR/sysv" "$BATS_TEST_TMPDIR/sysv.c"
	background "$BATS_TEST_TMPDIR/sysv" $'one\ntwo\nthree' >"$BATS_TEST_TMPDIR/out"
	until_true grep -q ready "$BATS_TEST_TMPDIR/out"
	for form in "" -x -d; do
		pmap $form "$pid" >"$BATS_TEST_TMPDIR/want"
		grep -q 'shmid=' "$BATS_TEST_TMPDIR/want"
		diff "$BATS_TEST_TMPDIR/want" <(vm-sample -p "$pid" -n 1 | vm-parse | vm-render --table="pmap$form")
		diff "$BATS_TEST_TMPDIR/want" <(vm-parse "$BATS_TEST_TMPDIR/want" | vm-render --table="pmap$form") | { ! grep shmid; }
	done
}

# The lines of pmap -X without Pss and Referenced, each with its length in front.
columns() { awk '$7 ~ /^[0-9]/ || NF > 12 { n = length; $8 = "Pss"; $10 = "Referenced"; $0 = n " " $0 } /KB *$/ { $4 = "Pss"; $6 = "Referenced" } 1'; }

@test "--table=pmap-X equals procps 4.0.2, except for Pss, which pmap's own libraries change, and Referenced, which the kernel takes back" {
	requires cmd pmap
	[[ $(pmap -V) == *"procps-ng 4.0.2"* ]] || skip "needs pmap of procps-ng 4.0.2"
	pmap -X "$pid" | plain | columns >"$BATS_TEST_TMPDIR/want"
	vm-render --table=pmap-X "$BATS_TEST_TMPDIR/s" | plain | columns >"$BATS_TEST_TMPDIR/got"
	diff "$BATS_TEST_TMPDIR/want" "$BATS_TEST_TMPDIR/got"
}

@test "--table=smaps is the kernel's text of that snapshot" {
	grep -q '^Pss_Dirty:' "/proc/$pid/smaps" && grep -q '^KSM:' "/proc/$pid/smaps" || skip "a kernel with other fields"
	cat "/proc/$pid/smaps" >"$BATS_TEST_TMPDIR/text"
	plain <"$BATS_TEST_TMPDIR/text" >"$BATS_TEST_TMPDIR/want"
	vm-parse "$BATS_TEST_TMPDIR/text" | vm-render --table=smaps | plain >"$BATS_TEST_TMPDIR/got"
	diff "$BATS_TEST_TMPDIR/want" "$BATS_TEST_TMPDIR/got"
}

@test "--table=vmmap is read back by vm-parse as the same regions" {
	vm-parse "$ROOT/tests/texts/vmmap.txt" >"$BATS_TEST_TMPDIR/s"
	vm-render --table=vmmap "$BATS_TEST_TMPDIR/s" | vm-parse | jq -c 'select(.type == "region") | [.start, .end, .label, .perms, .max_perms, .share, .name, .rss, .dirty, .swap]' >"$BATS_TEST_TMPDIR/got"
	jq -c 'select(.type == "region") | [.start, .end, .label, .perms, .max_perms, .share, .name, .rss, .dirty, .swap]' "$BATS_TEST_TMPDIR/s" >"$BATS_TEST_TMPDIR/want"
	diff "$BATS_TEST_TMPDIR/want" "$BATS_TEST_TMPDIR/got"
}

@test "--table=vmmap has purge states, a legend, and a summary that agrees with the report's own" {
	vm-parse "$ROOT/tests/texts/vmmap.txt" | vm-render --table=vmmap >"$BATS_TEST_TMPDIR/got"
	grep -q 'SM=SHM PURGE=N  SurfaceID' "$BATS_TEST_TMPDIR/got"
	for type in IOSurface 'MALLOC_NANO' 'MALLOC_SMALL' 'STACK GUARD' __DATA_DIRTY __TEXT; do
		[ "$(grep "^$type  .* 1 *\$" "$BATS_TEST_TMPDIR/got" | sed 's/ *$//')" = "$(grep "^$type  .* 1 *\(see .*\)\?\$" "$ROOT/tests/texts/vmmap.txt" | sed 's/ *see .*//; s/ *$//')" ]
	done
	run -0 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/got"
	[ -z "$stderr" ]
	vm-parse /proc/self/maps | vm-render --table=vmmap >"$BATS_TEST_TMPDIR/linux"
	run -0 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/linux"
	[ -z "$stderr" ]
}

@test "a listing takes filters, and with columns or a sort it is an ordinary table" {
	[ "$(vm-render --table=pmap --kind stack "$BATS_TEST_TMPDIR/s" | wc -l)" -eq 3 ]
	run -0 vm-render --table=pmap --sort -rss "$BATS_TEST_TMPDIR/s"
	[[ $output == *"rss KiB"* ]]
}

@test "names cannot control a terminal" {
	printf '7f0000000000-7f0000001000 r--p 00000000 fe:00 7                          /tmp/a\033[31mb\n' | vm-parse >"$BATS_TEST_TMPDIR/s"
	run -0 vm-render --table=pmap "$BATS_TEST_TMPDIR/s"
	[[ $output == *"a?[31mb"* && $output != *$'\033'* ]]
}

@test "--table=vmmap has the rows of its report, byte for byte" {
	files=("$ROOT/tests/texts/vmmap.txt")
	[ -d "$SAMPLES/vmmap" ] && files+=("$SAMPLES/vmmap/fmt2.4_complete_macos14.0_arm64_shared_library_demo.txt")
	for file in "${files[@]}"; do
		vm-parse -q "$file" | vm-render --table=vmmap | grep -E '\] [r-][w-][x-]/' | sed 's/ *$//' >"$BATS_TEST_TMPDIR/got"
		grep -E '\] [r-][w-][x-]/.*SM=' "$file" | grep -vE 'kernel-kernel|^Submap' | sed 's/ *$//' >"$BATS_TEST_TMPDIR/want"
		[ -s "$BATS_TEST_TMPDIR/want" ]
		diff "$BATS_TEST_TMPDIR/want" "$BATS_TEST_TMPDIR/got"
	done
}
