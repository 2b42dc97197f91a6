#!/usr/bin/env bats
# Renderers that take lines in place of figures, and renderers that serve somebody beside their input.
load helper

setup() {
	requires program vm-render
	cd "$BATS_TEST_TMPDIR" || return 1
	export VMPIPE_PLUGINS=$PWD
	life=$ROOT/tests/golden/life.track.ndjson
	mkfifo door feed
	# served: prints its calls. What is written into the FIFO `door` reaches its drain; "stop" is enough, "fail" fails.
	cat >served.c <<'END'
#include "plugin.h"
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
struct served { const char *door; int fd, stop; };
static const struct vp_option options[] = { { .name = "door", .type = VP_OPT_STRING, .offset = offsetof(struct served, door), .arg = "FIFO" }, { 0 } };
static void put(struct vp_render_api *h, const char *word, const char *text, size_t n)
{
	h->write(h, word, strlen(word));
	h->write(h, text, n);
	h->write(h, "\n", 1);
}
static int begin(void *state, struct vp_render_api *h, const struct vp_canvas *canvas)
{
	struct served *s = state;
	(void)canvas;
	s->fd = s->door ? open(s->door, O_RDWR | O_NONBLOCK) : -1;
	put(h, "begin", "", 0);
	return 0;
}
static int fd(void *state) { return ((struct served *)state)->fd; }
static int record(void *state, struct vp_render_api *h, vp_str line)
{
	(void)state;
	put(h, "record ", line.p, line.n < 24 ? line.n : 24);
	return 0;
}
static int draw(void *state, struct vp_render_api *h, const struct vp_figure *figure)
{
	(void)state;
	put(h, "draw ", figure->view, strlen(figure->view));
	return 0;
}
static int drain(void *state, struct vp_render_api *h)
{
	struct served *s = state;
	char text[256];
	ssize_t n = read(s->fd, text, sizeof text);
	if (n > 0) put(h, "drain ", text, (size_t)n - 1);
	if (n >= 4 && !memcmp(text, "stop", 4)) s->stop = 1;
	if (n >= 4 && !memcmp(text, "fail", 4)) return h->fail(h, "the door is stuck");
	return !s->stop;
}
static int end(void *state, struct vp_render_api *h) { (void)state; put(h, "end", "", 0); return 0; }
static void close_(void *state, struct vp_render_api *h)
{
	struct served *s = state;
	put(h, "close", "", 0);
	if (s->fd >= 0) close(s->fd);
}
const struct vp_renderer vp_renderer = { .abi = VP_ABI, .name = NAME, .about = "prints its calls", .state = sizeof(struct served), .options = options,
	.lines = LINES, .begin = begin, .record = record, .draw = draw, .end = end, .close = close_, .fd = fd, .drain = drain };
END
	build served true
}

build() { # NAME, true or false: whether it takes lines
	"${CC:-cc}" -Wall -Wextra -Werror -shared -fPIC -DNAME="\"$1\"" -DLINES="$2" -I"$ROOT/lib" -o "$1.so" served.c
}

teardown() {
	[ -z "${pid:-}" ] || kill "$pid" 2>/dev/null || true
}

says() { grep -qx -- "$1" out; }

@test "a renderer of lines gets every line in order and no figure" {
	run --separate-stderr vm-render -r served "$life"
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[ "${lines[0]}" = begin ]
	[ "$(grep -c ^record <<<"$output")" -eq "$(wc -l <"$life")" ]
	[ "$(sed -n 's/^record //p' <<<"$output")" = "$(cut -c1-24 "$life")" ]
	[ "$(tail -2 <<<"$output")" = $'end\nclose' ]
	! grep -q ^draw <<<"$output" || return 1
}

@test "a renderer that has both gets the lines and then the figure" {
	build both false
	run --separate-stderr vm-render -r both --view map "$life"
	[ "$status" -eq 0 ]
	[ "$(tail -3 <<<"$output")" = $'draw map\nend\nclose' ]
	[ "$(grep -c ^record <<<"$output")" -eq "$(wc -l <"$life")" ]
}

@test "a renderer that can neither take lines nor draw is refused" {
	printf '#include "plugin.h"\nconst struct vp_renderer vp_renderer = { .abi = VP_ABI, .name = "blind" };\n' |
		"${CC:-cc}" -shared -fPIC -I"$ROOT/lib" -o blind.so -x c -
	run --separate-stderr vm-render -r blind "$life"
	[ "$status" -ne 0 ]
	[[ $stderr == *"renderer blind has no draw and no record"* ]]
}

@test "its descriptor is served while the input waits, and what it writes goes out at once" {
	vm-render -r served -O door=door feed >out 3>&- &
	pid=$!
	exec {in}>feed
	head -3 "$life" >&"$in"
	until_true says 'record {"type":"stream".*'
	echo hello >door
	until_true says 'drain hello'
	! says end || return 1
	sed -n 4,6p "$life" >&"$in"
	until_true eval '[ "$(grep -c ^record out)" = 6 ]'
	exec {in}>&-
	echo stop >door
	wait "$pid"
	[ "$(tail -3 out)" = $'end\ndrain stop\nclose' ] || [ "$(tail -3 out)" = $'drain stop\nend\nclose' ]
}

@test "after the end of the input it serves on until it has served enough" {
	vm-render -r served -O door=door "$life" >out 3>&- &
	pid=$!
	until_true says end
	echo first >door
	until_true says 'drain first'
	kill -0 "$pid"
	echo stop >door
	wait "$pid"
	[ "$(tail -4 out)" = $'end\ndrain first\ndrain stop\nclose' ]
}

@test "a signal after the end of the input ends the serving well" {
	for signal in INT TERM HUP; do
		# a shell without job control starts its background jobs with SIGINT ignored, nohup with SIGHUP
		: >out
		env --default-signal=INT,TERM,HUP vm-render -r served -O door=door "$life" >out 3>&- &
		pid=$!
		until_true says end
		kill -"$signal" "$pid"
		wait "$pid"
		[ "$(tail -2 out)" = $'end\nclose' ]
	done
}

@test "a failure to serve ends the program with its reason" {
	vm-render -r served -O door=door feed >out 2>err 3>&- &
	pid=$!
	exec {in}>feed
	head -3 "$life" >&"$in"
	until_true says 'record {"type":"stream".*'
	echo fail >door
	wait "$pid" && return 1
	exec {in}>&-
	grep -q 'vm-render: the door is stuck' err
}

@test "a busy input does not keep it from serving" {
	head -2 "$life" >busy
	for i in {1..2000}; do echo '{"type":"mark","t":9,"text":"x"}'; done >>busy
	exec {door}<>door
	echo early >&"$door"
	vm-render -r served -O door=door busy >out 3>&- &
	pid=$!
	until_true says end
	echo stop >&"$door"
	wait "$pid"
	awk '/^drain early/ { seen = NR } /^end/ { end = NR } END { exit !(seen && seen < end - 1000) }' out
}
