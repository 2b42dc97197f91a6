#!/usr/bin/env bats
# vm-sample --redact: no name leaves it, while ranges, kinds and comparisons stay the same.
load helper

# A process with a telling name, arguments, folder and files, of many kinds.
setup() {
	cd "$BATS_TEST_TMPDIR"
	mkdir -p "secretdir/xfontconfigs" "secretdir/fontconfig" "secretdir/locale/de_geheim"
	cp "$WORKLOADS/step" secretdir/planb
	for file in fontconfig/private.cache-7 locale/de_geheim/LC_CTYPE mine.so.2.7 letters.ttf "deleted one" model.gguf; do
		head -c 8192 /dev/zero >"secretdir/$file"
	done
	mkfifo in out
	"$PWD/secretdir/planb" --password=hunter2 "$PWD/secretdir/model.gguf" plainword <in >out 3>&- &
	pid=$!
	started+=("$pid")
	exec {step_in}>in {step_out}<out
	IFS= read -r -t 100 -u "$step_out" answer
	for file in fontconfig/private.cache-7 locale/de_geheim/LC_CTYPE mine.so.2.7 letters.ttf model.gguf; do step file "$PWD/secretdir/$file" 1 r; done
	(cd secretdir && mv "deleted one" deletedone)
	step file "$PWD/secretdir/deletedone" 1 r
	rm secretdir/deletedone
	step mmap 4 rw
	step name "$answer" 4 hushstack || true
	step mmap 4 rw
	step name "$answer" 4 whisper || true
	kill -STOP "$pid"
	until_true grep -q "State:.T" "/proc/$pid/status"
}

shape() {
	vm-parse "$1" | jq -c 'select(.type=="region") | del(.name, .t, .pss, .swap_pss)'
}

@test "the stream contains no component of a path, no argument, no name of process, host or memory" {
	mkfifo said
	vm-sample -p "$pid" -n 1 --redact --marks said >redacted
	run ! grep -aE "secretdir|planb|hunter2|password|plainword|gguf|geheim|private|letters|mine|hush|whisper|deletedone|libc|ld-linux|\"said|bats" redacted
	for part in $(sed 's/^[^/]*//; s/ (deleted)$//' "/proc/$pid/maps" | tr / '\n' | grep -E '^.{4,}$' | sort -u); do
		case $part in locale-archive | gconv-modules.cache | locale | fontconfig) continue ;; esac
		run ! grep -aF "$part" redacted
	done
	jq -e -s 'any(.[]; .type=="process" and (.args | length) == 4)' redacted
	[ "$(jq -r 'select(.type=="stream").host.name' redacted)" = "$({ head -c 64 /dev/zero; uname -n | tr -d '\n'; } | sha256sum | cut -c1-12)" ]
	vm-sample --redact -n 1 -i 1ms --detail maps --command-output tellingfile -- "$PWD/secretdir/planb" hunter2 </dev/null >redacted
	run ! grep -aE "secretdir|planb|hunter2|tellingfile" redacted
}

@test "ranges, kinds, number and a process's own measures equal those without --redact, for maps and smaps" {
	for detail in maps smaps; do
		vm-sample -p "$pid" -n 1 --detail $detail >plain
		vm-sample -p "$pid" -n 1 --detail $detail --redact >redacted
		diff <(shape plain) <(shape redacted)
		[ "$(shape redacted | wc -l)" -eq "$(wc -l <"/proc/$pid/maps")" ]
		valid_stream <redacted
	done
	[ "$(shape redacted | jq -r .kind | sort -u | grep -cE 'font|locale|heap|stack|text|data')" -ge 6 ]
}

@test "the same name has the same hash in every recording, and another hash under another key" {
	names() { vm-sample -p "$pid" -n 1 --detail maps "$@" | vm-parse | jq -r 'select(.type=="region").name'; }
	[ "$(names --redact)" = "$(names --redact)" ]
	[ "$(names --redact-key salt)" = "$(names --redact-key salt --redact)" ]
	[ "$(names --redact | grep so.2.7)" != "$(names --redact-key salt | grep so.2.7)" ]
	vm-sample -p "$pid" -n 1 --redact-key saltandpepper >keyed
	run ! grep -q saltandpepper keyed
}

@test "the hash is that of SHA-256 over a block of the key and the bytes" {
	run --separate-stderr vm-sample -p "$pid" -n 1 --redact
	[ "$(jq -r 'select(.type=="process").name' <<<"$output")" = "$({ head -c 64 /dev/zero; printf planb; } | sha256sum | cut -c1-12)" ]
	[ "$(jq -r 'select(.type=="process").args[3]' <<<"$output")" = "$({ head -c 64 /dev/zero; printf plainword; } | sha256sum | cut -c1-12)" ]
	run --separate-stderr vm-sample -p "$pid" -n 1 --redact-key k
	[ "$(jq -r 'select(.type=="process").name' <<<"$output")" = "$({ printf k; head -c 63 /dev/zero; printf planb; } | sha256sum | cut -c1-12)" ]
	long=$(printf 'n%.0s' {1..150})
	run --separate-stderr vm-sample -p "$pid" -n 1 --redact-key "$long"
	[ "$(jq -r 'select(.type=="process").name' <<<"$output")" = "$({ printf %s "$long" | sha256sum | cut -c1-64 | xxd -r -p; head -c 32 /dev/zero; printf planb; } | sha256sum | cut -c1-12)" ] || ! command -v xxd
}

@test "exe, the first argument and the rows of the program have the same path; a deleted file stays marked as deleted" {
	vm-sample -p "$pid" -n 1 --redact | vm-parse >s
	exe=$(jq -r 'select(.type=="process").exe' s)
	[ "$(jq -r 'select(.type=="process").args[0]' s)" = "$exe" ]
	jq -e -s --arg exe "$exe" 'any(.[]; .type=="region" and .name==$exe and .kind=="text")' s
	[ "$(jq -r 'select(.type=="region" and (.name // "" | endswith(" (deleted)"))).name' s | wc -l)" -eq 1 ]
}

@test "names that the kernel gives stay: [heap], [stack], [vdso]" {
	vm-sample -p "$pid" -n 1 --redact --detail maps | vm-parse >s
	for name in '[stack]' '[vdso]'; do grep -qF "\"name\":\"$name\"" s; done
}

@test "a message about a process leaves its name out of the stream too" {
	requires root
	run --separate-stderr bash -c "vm-sample -f --redact -i 5ms -n 30 -- bash -c 'exec -a secretname sleep 0.1' | grep -c secretname"
	[ "$output" = 0 ]
}

@test "a source that cannot redact is refused" {
	mkdir -p plugins/source
	printf '#include "plugin.h"\nstatic int sample(void *s, struct vp_sample_api *h) { (void)s; (void)h; return 0; }\nconst struct vp_source vp_source = { .abi = VP_ABI, .name = "blab", .sample = sample };\n' |
		"${CC:-cc}" -shared -fPIC -I"$ROOT/lib" -x c -o plugins/source/blab.so -
	VMPIPE_PLUGINS=$PWD/plugins run --separate-stderr vm-sample -s procfs,blab --redact -p "$pid" -n 1
	[ "$status" -eq 2 ]
	[[ "$stderr" == *"blab"*"--redact"* ]]
	[ -z "$output" ]
}
