#!/bin/sh
# Lists the Debian packages that a build or a test run needs, names the missing ones, and installs them.
#
#   contrib/packages.sh build            names the packages missing for a build; exit 1
#   contrib/packages.sh build test       ... and for the tests and the demo
#   contrib/packages.sh build ebpf       ... and for the source ebpf, which is not built if one is missing
#   contrib/packages.sh build page       ... and for the renderers html and web, likewise
#   contrib/packages.sh build web        ... and for the renderer web, likewise
#   contrib/packages.sh lacks ebpf       names the missing requirements of that source on one line, also BTF; exit 0
#   contrib/packages.sh lacks page       the same for the renderers html and web, lacks web for web alone
#   contrib/packages.sh bench            tools that `make bench` compares with; without them those columns stay empty
#   contrib/packages.sh -i build test    installs the missing packages; needs apt-get, and root or sudo without a password
#
# A package counts as present if its commands or headers are, however they were installed; apt is then not asked.
set -u

# need | package | test whether it is present | reason
table() {
	cat <<'END'
build|gcc|command -v "${CC:-cc}"|the compiler (CC names another)
build|libc6-dev|header stdio.h|the C library's headers
build|libyaml-dev|header yaml.h|reads the YAML configuration; linked statically, so a run does not need it
build|libzstd-dev|header zstd.h|packs and unpacks recordings (.zst); linked statically
build|make|command -v make|runs the build
ebpf|clang|command -v clang|compiles the half of the source ebpf that runs in the kernel
ebpf|bpftool|command -v bpftool|writes the loader of that half and the kernel's types as headers
ebpf|libbpf-dev|header bpf/libbpf.h|loads that half (a run needs libbpf1: a plugin cannot contain its archive)
build|zlib1g-dev|header zlib.h|packs and unpacks recordings (.gz); linked statically
page|clang|command -v clang|compiles the engine of the page to WebAssembly
page|lld|command -v wasm-ld|links it
page|wasi-libc|test -r /usr/include/wasm32-wasi/stdio.h|the C library of WebAssembly
page|libclang-rt-14-dev-wasm32|wasms|the compiler's run-time library for it
page|binaryen|command -v wasm-opt|makes it a seventh smaller
web|libwebsockets-dev|header libwebsockets.h|HTTP and WebSocket of the renderer web (a run needs libwebsockets17)
test|bats|command -v bats|runs tests/*.bats
bench|bpftrace|command -v bpftrace|a tracer to compare the source ebpf with
bench|linux-perf|command -v perf|perf trace, a tracer to compare with; tests/ebpf_truth.bats checks counts with it too
bench|time|command -v /usr/bin/time|measures the memory of a program
fuzz|clang|command -v clang|libFuzzer, for make fuzz
fuzz|libclang-rt-14-dev|fuzzes|libFuzzer's run-time library and the sanitizers
format|clang-format-14|command -v clang-format-14|formats the C code, for make format
test|clang-format-14|command -v clang-format-14|checks the C code against .clang-format
test|chromium|command -v chromium|the browser that opens the page in the tests
test|npm|command -v npm|installs playwright-core and axe-core below the build folder, for the tests of the page
test|jq|command -v jq|selects members of lines in the tests and in the README's pipelines
test|nodejs|command -v node|an independent judge of the JSON reader and of the property tests
test|mandoc|command -v mandoc|checks the manual pages, and compares them with --help
test|zsh|command -v zsh|runs the completions for zsh
test|fish|command -v fish|runs the completions for fish
test|pkgconf|command -v pkg-config|builds the plugin template with a staged install
test|g++|command -v c++|checks that C++ can include plugin.h
test|procps|command -v pmap|pmap -x, to compare sums and counts with
test|strace|command -v strace|shows which system calls a program makes
test|zstd|command -v zstd|an independent judge of packed recordings, like gzip
test|libxml2-utils|command -v xmllint|checks that an SVG is well-formed
test|gnuplot-nox|command -v gnuplot|draws the scripts of vm-render --gnuplot; at run time only -o x.png, .pdf and .svg need it
test|gdb|command -v gcore|dumps a process, to compare with the regions read from core files
test|tmux|command -v tmux|the terminal that shows the live picture to a test
test|librsvg2-bin|command -v rsvg-convert|draws an SVG, to check that other programs can
test|python3|test -x /usr/bin/python3|runs the validator of the schemas
test|python3-jsonschema|/usr/bin/python3 -I -c "from jsonschema import Draft202012Validator"|checks every line of the programs against schemas/ (JSON Schema 2020-12)
test|python3-yaml|/usr/bin/python3 -I -c "import yaml"|reads the YAML of vm-run, to check it against schemas/
END
}

header() {
	echo "#include <$1>" | ${CC:-cc} ${CFLAGS:-} -E - >/dev/null 2>&1
}

fuzzes() {
	echo 'int LLVMFuzzerTestOneInput(const char *p, unsigned long n) { return p && n ? 0 : 0; }' |
		clang -fsanitize=fuzzer,address -x c - -o /dev/null >/dev/null 2>&1
}

wasms() {
	echo 'int main(void) { return 0; }' | clang --target=wasm32-wasi -x c - -o /dev/null >/dev/null 2>&1
}

missing() {
	table | while IFS='|' read -r need package probe reason; do
		case " $1 " in *" $need "*) ;; *) continue ;; esac
		case $probe in
		header* | fuzzes | wasms) $probe ;;
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
	case $need in build | test | ebpf | page | web | bench | fuzz | format) ;; *) echo "usage: packages.sh [-i] build|test|ebpf|page|web|bench|fuzz|format ..." >&2; exit 2 ;; esac
done

lacking=$(missing "$*")
[ -n "$lacking" ] || exit 0
packages=$(printf '%s\n' "$lacking" | cut -d'|' -f1 | tr '\n' ' ')
[ -n "$install" ] || tell "These packages are missing (apt-get install $packages):" "$lacking"
command -v apt-get >/dev/null || tell "These packages are missing, and apt-get is not available:" "$lacking"
if [ "$(id -u)" = 0 ]; then
	as=
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
	as='sudo -n'
else
	tell "These packages are missing, and only root can install them (apt-get install $packages):" "$lacking"
fi
echo "Installing the missing packages: $packages" >&2
{ $as apt-get -q update && $as env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends $packages; } </dev/null >&2 ||
	tell "apt-get failed; these packages are missing:" "$lacking"
lacking=$(missing "$*")
[ -z "$lacking" ] || tell "Installed, but still not found (does another program come first on PATH?):" "$lacking"
