# The common start of every torture script: the programs of this build, a folder that is removed at the end, and the time there is.
#
#   . "${0%/*}/common.bash"
#   while left; do ... || failed "what went wrong"; done
#   done_with "200 kills"
#
# A script is given TORTURE_SECONDS. It does at least one round, then as many as fit. It exits 0 if all held, 77 if it cannot run here (its reason
# on stdout), else 1. TORTURE_SEED makes its random choices repeatable; a failure names it.
set -u
ROOT=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
BUILD=${BUILD:-build}
[[ $BUILD == /* ]] || BUILD=$ROOT/$BUILD
WORKLOADS=$BUILD/workloads
PATH=$BUILD/bin:$PATH
TORTURE_SECONDS=${TORTURE_SECONDS:-10}
TORTURE_SEED=${TORTURE_SEED:-$RANDOM}
RANDOM=$TORTURE_SEED
export ROOT BUILD WORKLOADS PATH LC_ALL=C.UTF-8 TZ=UTC
unset VMPIPE_PLUGINS NO_COLOR CLICOLOR_FORCE COLUMNS LINES
work=$(mktemp -d) || exit 1
started=()

clean_up() {
	local one
	for one in "${started[@]+"${started[@]}"}"; do
		kill -KILL "$one" 2>/dev/null
		wait "$one" 2>/dev/null
	done
	cd /
	umount -q "$work/disk" 2>/dev/null
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP
cd "$work" || exit 1

rounds=0
# Is there time for another round? The first one is always done.
left() {
	((rounds++ == 0 || SECONDS < TORTURE_SECONDS))
}

failed() {
	echo "$* (TORTURE_SEED=$TORTURE_SEED)"
	exit 1
}

skipped() {
	echo "$*"
	exit 77
}

done_with() {
	echo "$*"
	exit 0
}

needs() {
	local name
	for name; do
		case $name in
		root) [ "$(id -u)" = 0 ] || skipped "needs root" ;;
		*) command -v "$name" >/dev/null || skipped "needs the command $name" ;;
		esac
	done
}

# Starts a program that ends with the script. Sets pid.
background() {
	"$@" &
	pid=$!
	started+=("$pid")
}

# Starts a workload and waits for its "ready". Sets pid.
workload() {
	local name=$1 line fd
	shift
	mkfifo ready
	"$WORKLOADS/$name" "$@" >ready 2>/dev/null &
	pid=$!
	started+=("$pid")
	exec {fd}<ready
	while IFS= read -r -t 100 -u "$fd" line; do [ "$line" = ready ] && break; done
	rm -f ready
	[ "${line:-}" = ready ] || failed "the workload $name does not start"
}

# Builds a library that is preloaded, at $2. Skips where the programs have a sanitizer, or another C library.
preload() {
	[[ $(getconf GNU_LIBC_VERSION 2>/dev/null) == glibc* ]] || skipped "needs glibc"
	grep -qE '__(asan|tsan)_init' "$BUILD/bin/vm-parse" && skipped "the sanitizer cannot be preloaded"
	"${CC:-cc}" -shared -fPIC -O1 -o "$2" "$ROOT/tests/$1" -ldl || failed "no compiler"
}
