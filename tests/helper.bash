# The common start of every test: the programs of this build first on PATH, the repository, the workloads, and a way to
# start processes that end with the test.
#
#   load helper
#   setup() { workload still "$BATS_TEST_TMPDIR"; }      # -> $pid, once it has said "ready"
#   @test "..." { requires cmd jq; run --separate-stderr vm-sample -p "$pid" -n 1; }

ROOT=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)
BUILD=${BUILD:-$ROOT/build}
[[ $BUILD == /* ]] || BUILD=$ROOT/$BUILD
WORKLOADS=$BUILD/workloads
SAMPLES=${VMPIPE_SAMPLES:-$(compgen -G "$ROOT/../*/samples" | head -1)} # external samples, if present
PATH=$BUILD/bin:$PATH
export ROOT BUILD WORKLOADS SAMPLES PATH
# Pictures and messages must not depend on the user who runs the tests.
unset VMPIPE_PLUGINS NO_COLOR CLICOLOR_FORCE COLUMNS LINES
export LC_ALL=C.UTF-8 TERM=xterm-256color TZ=UTC
bats_require_minimum_version 1.5.0

# requires root | other | bpf | samples | ptrace | cmd NAME... | program NAME...: skips with a reason; an unknown word fails.
requires() {
	local what=$1 name
	shift
	case $what in
	root) [ "$(id -u)" = 0 ] || skip "needs root" ;;
	other) # root, setpriv, and a build in a folder that others may read
		requires root
		requires cmd setpriv
		setpriv --reuid 65534 --regid 65534 --clear-groups test -x "$BUILD/bin/vm-sample" || skip "another user cannot reach the build" ;;
	bpf) [ "$(id -u)" = 0 ] && [ -r /sys/kernel/btf/vmlinux ] || skip "needs root and a kernel with BTF" ;;
	samples) [ -d "$SAMPLES" ] || skip "needs VMPIPE_SAMPLES, a folder of captured text" ;;
	ptrace) [ "$(id -u)" = 0 ] || [ "$(cat /proc/sys/kernel/yama/ptrace_scope 2>/dev/null || echo 0)" = 0 ] || skip "needs ptrace of one's own processes" ;;
	cmd) for name; do command -v "$name" >/dev/null || skip "needs the command $name"; done ;;
	program) for name; do [ -x "$BUILD/bin/$name" ] || skip "$name is not built"; done ;;
	*) echo "requires: unknown word \"$what\"" >&2; return 1 ;;
	esac
}

# For a program whose status a test does not ask for: `COMMAND || no_crash $?`. False: it was ended by a signal, or was not found.
no_crash() {
	[ "$1" -le 125 ] || { echo "ended with status $1" >&2; return 1; }
}

# Waits until a command succeeds, at most 100 s: for conditions that give no event.
until_true() {
	local end=$((SECONDS + 100))
	until "$@"; do
		if [ $SECONDS -ge $end ]; then
			echo "until_true: still false: $*" >&2
			return 1
		fi
		sleep 0.01
	done
}

# Waits until the process $pid sleeps or has ended; or has worked for 50 ms, if it goes on working. What it does just after its "ready" would change
# its resident memory between two looks.
at_rest() {
	local fields spent began=
	while { read -r fields <"/proc/$pid/stat"; } 2>/dev/null; do
		fields=(${fields##*) }) # from the state on
		case ${fields[0]} in [RD]) ;; *) return 0 ;; esac
		spent=$((fields[11] + fields[12])) # hundredths of a second in user and system mode
		[ $((spent - ${began:=$spent})) -lt 5 ] || return 0
		sleep 0.01
	done
	return 0
}

# Starts a workload and waits for its "ready". Sets pid; its lines before that are in $ready_text.
workload() {
	local name=$1 fifo line fd
	shift
	fifo=$BATS_TEST_TMPDIR/ready.$RANDOM$RANDOM
	mkfifo "$fifo"
	"$WORKLOADS/$name" "$@" >"$fifo" 2>"$BATS_TEST_TMPDIR/workload.err" 3>&- &
	pid=$!
	started+=("$pid")
	exec {fd}<"$fifo"
	ready_text=
	while IFS= read -r -t 100 -u "$fd" line; do
		[ "$line" = ready ] && break
		ready_text+=$line$'\n'
	done
	rm -f "$fifo"
	kept+=("$fd") # stays open: the workload may print more
	[ "$line" = ready ] || { echo "workload $name: $(cat "$BATS_TEST_TMPDIR/workload.err")" >&2; return 1; }
	at_rest
}

# Starts a process that is driven call by call (tests/workloads/step.c). Sets pid; then `step mmap 4 rw` sets $answer (without "ok ").
step_start() {
	local fifo=$BATS_TEST_TMPDIR/step
	mkfifo "$fifo.in" "$fifo.out"
	"$WORKLOADS/step" <"$fifo.in" >"$fifo.out" 3>&- &
	pid=$!
	started+=("$pid")
	exec {step_in}>"$fifo.in" {step_out}<"$fifo.out"
	IFS= read -r -t 100 -u "$step_out" answer
	[ "$answer" = ready ]
	at_rest
}

step() {
	echo "$*" >&"$step_in"
	IFS= read -r -t 100 -u "$step_out" answer || { echo "step $*: no answer" >&2; return 1; }
	case $answer in
	ok*) answer=${answer#ok}; answer=${answer# } ;;
	ready) ;;
	*) echo "step $*: $answer" >&2; return 1 ;;
	esac
}

# Runs a command in the background, which ends with the test. Sets pid.
background() {
	"$@" 3>&- &
	pid=$!
	started+=("$pid")
}

# Validates the stream on stdin against schemas/.
valid_stream() {
	requires cmd /usr/bin/python3
	/usr/bin/python3 -I "$ROOT/tests/validate.py" "$ROOT/schemas" "$@"
}

# Builds the program that gives figures to a renderer, at $1; with the sanitizers if the plugins have them.
draw_harness() {
	local plugin=$BUILD/lib/vmpipe/render/svg.so with=
	if ldd "$plugin" | grep -q libasan; then with=-fsanitize=address,undefined; fi
	if ldd "$plugin" | grep -q libtsan; then with=-fsanitize=thread; fi
	cc -std=c11 -D_GNU_SOURCE $with -I"$ROOT/lib" -o "$1" "$ROOT/tests/draw_harness.c" -ldl -lm
}

# bats 1.8 ends a test's countdown by a signal that may come before the countdown's trap is set. Then the `sleep` of BATS_TEST_TIMEOUT seconds
# lives on, and the run ends no earlier, as it holds the output. Here it ends with its shell.
if declare -F bats_abort_timeout_countdown >/dev/null; then
	bats_abort_timeout_countdown() {
		local children=
		kill -STOP "$1"
		read -r children <"/proc/$1/task/$1/children"
		kill -TERM "$1" $children
		kill -CONT "$1"
		return 0
	} 2>/dev/null
fi

started=()
kept=()
teardown() {
	local one
	for one in "${started[@]}"; do
		kill -CONT "$one" 2>/dev/null
		kill -KILL "$one" 2>/dev/null
		wait "$one" 2>/dev/null
	done
	for one in "${kept[@]}"; do exec {one}<&-; done
	return 0
}
