#!/bin/sh
# Which Debian packages a build or a test run needs, which of them are missing, and how to get them.
#
#   contrib/packages.sh build            says what is missing to build; exit 1
#   contrib/packages.sh build test       ... and to run the tests and the demo
#   contrib/packages.sh build ebpf       ... and for the source ebpf, which is left out where something is missing
#   contrib/packages.sh lacks ebpf       names on one line what that source lacks, the kernel's types among it; exit 0
#   contrib/packages.sh bench            what `make bench` compares with; without it those columns stay empty
#   contrib/packages.sh -i build test    installs what is missing, where root or a sudo without password and apt-get are at hand
#
# A package is present if what we use of it is there, however it came; then nothing is asked of apt.
set -u

# need | package | how to see it is there | reason
table() {
	cat <<'END'
build|gcc|command -v "${CC:-cc}"|the compiler (CC names another)
build|libc6-dev|header stdio.h|the C library's headers
build|libyaml-dev|header yaml.h|reads the YAML configuration; linked statically, so it is not needed to run
build|libzstd-dev|header zstd.h|packs and unpacks recordings (.zst); linked statically
build|make|command -v make|builds
ebpf|clang|command -v clang|compiles the half of the source ebpf that runs in the kernel
ebpf|bpftool|command -v bpftool|makes the loader of that half, and the kernel's types as a header
ebpf|libbpf-dev|header bpf/libbpf.h|loads it (libbpf1 is needed to run: its archive cannot go into a plugin)
build|zlib1g-dev|header zlib.h|the same for .gz; linked statically
test|bats|command -v bats|runs tests/*.bats
bench|bpftrace|command -v bpftrace|a tracer beside which the source ebpf is measured
bench|linux-perf|command -v perf|the same: perf trace; its counts are a witness in tests/ebpf_truth.bats too
bench|time|command -v /usr/bin/time|tells how much memory a program took
fuzz|clang|command -v clang|libFuzzer, for make fuzz
fuzz|libclang-rt-14-dev|fuzzes|libFuzzer's run-time library and the sanitizers
format|clang-format-14|command -v clang-format-14|lays out the C, for make format
test|clang-format-14|command -v clang-format-14|holds the layout of the C against .clang-format
test|jq|command -v jq|the tests and the README's pipelines pick members out of lines with it
test|nodejs|command -v node|judges the reader of JSON and the property tests, as one who is not us
test|mandoc|command -v mandoc|checks the manual pages, and holds them against --help
test|zsh|command -v zsh|runs the completions for zsh
test|fish|command -v fish|runs the completions for fish
test|pkgconf|command -v pkg-config|builds the plugin template against a staged install
test|g++|command -v c++|checks that plugin.h can be used from C++
test|procps|command -v pmap|pmap -x, which sums and counts are held against
test|strace|command -v strace|shows which system calls a program makes
test|zstd|command -v zstd|witness for compressed recordings, beside gzip
test|libxml2-utils|command -v xmllint|checks that an SVG is well-formed
test|gnuplot-nox|command -v gnuplot|draws the scripts of vm-render --gnuplot; at run time only -o x.png, .pdf and .svg need it
test|gdb|command -v gcore|dumps a process, as a witness for what is read from core files
test|tmux|command -v tmux|is the terminal in which the live picture is watched
test|librsvg2-bin|command -v rsvg-convert|draws an SVG, to see that it can be drawn
test|python3|test -x /usr/bin/python3|runs the validator of the schemas
test|python3-jsonschema|/usr/bin/python3 -I -c "from jsonschema import Draft202012Validator"|JSON Schema 2020-12: every line that a program writes is held against schemas/
test|python3-yaml|/usr/bin/python3 -I -c "import yaml"|YAML: what vm-run prints is held against schemas/
END
}

header() {
	echo "#include <$1>" | ${CC:-cc} ${CFLAGS:-} -E - >/dev/null 2>&1
}

fuzzes() {
	echo 'int LLVMFuzzerTestOneInput(const char *p, unsigned long n) { return p && n ? 0 : 0; }' |
		clang -fsanitize=fuzzer,address -x c - -o /dev/null >/dev/null 2>&1
}

missing() {
	table | while IFS='|' read -r need package probe reason; do
		case " $1 " in *" $need "*) ;; *) continue ;; esac
		case $probe in
		header* | fuzzes) $probe ;;
		*) eval "$probe" >/dev/null 2>&1 ;;
		esac || printf '%s|%s\n' "$package" "$reason"
	done
}

tell() {
	echo "$1" >&2
	printf '%s\n' "$2" | sed 's/^\([^|]*\)|\(.*\)/  \1: \2/' >&2
	exit 1
}

if [ "${1:-}" = lacks ]; then
	shift
	missing "$*" | cut -d'|' -f1 | tr '\n' ' '
	case $* in *ebpf*) [ -r /sys/kernel/btf/vmlinux ] || echo "/sys/kernel/btf/vmlinux (CONFIG_DEBUG_INFO_BTF)" ;; esac
	exit 0
fi
install=
if [ "${1:-}" = -i ]; then
	install=1
	shift
fi
for need; do
	case $need in build | test | ebpf | bench | fuzz) ;; *) echo "usage: packages.sh [-i] build|test|ebpf|bench|fuzz ..." >&2; exit 2 ;; esac
done

lacking=$(missing "$*")
[ -n "$lacking" ] || exit 0
packages=$(printf '%s\n' "$lacking" | cut -d'|' -f1 | tr '\n' ' ')
[ -n "$install" ] || tell "These packages are missing (apt-get install $packages):" "$lacking"
command -v apt-get >/dev/null || tell "These packages are missing, and there is no apt-get to install them:" "$lacking"
if [ "$(id -u)" = 0 ]; then
	as=
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
	as='sudo -n'
else
	tell "These packages are missing, and only root may install them (apt-get install $packages):" "$lacking"
fi
echo "Installing what is missing: $packages" >&2
{ $as apt-get -q update && $as env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends $packages; } </dev/null >&2 ||
	tell "apt-get failed; these packages are missing:" "$lacking"
lacking=$(missing "$*")
[ -z "$lacking" ] || tell "Installed, but still not found (is something else in front of it on PATH?):" "$lacking"
