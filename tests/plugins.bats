# Plugins: found by name in three places; a wrong file is refused with a message that names the fault.
load helper

setup() {
	requires program vm-sample
	export VMPIPE_PLUGINS=$BATS_TEST_TMPDIR/plugins
	mkdir -p "$VMPIPE_PLUGINS/source" "$VMPIPE_PLUGINS/render"
	cd "$BATS_TEST_TMPDIR"
}

plugin() { # PATH, text of a C file after the include
	printf '#include "plugin.h"\n%s\n' "$2" | "${CC:-cc}" -shared -fPIC -I"$ROOT/lib" -x c -o "$VMPIPE_PLUGINS/$1.so" -
}

refused() { # SOURCE, text of the message
	run --separate-stderr vm-sample -s "$1" -p $$ -n 1
	echo "$stderr"
	[ "$status" != 0 ]
	[[ $stderr == *"$2"* ]]
}

@test "a missing plugin is reported, with the known plugins and the nearest name" {
	refused porcfs 'no source plugin "porcfs"; did you mean "procfs"? There are: '
}

@test "a name with a path is refused" {
	refused ../source/procfs 'no name of a plugin'
	refused "/tmp/x" 'no name of a plugin'
	refused "a.b" 'no name of a plugin'
}

@test "a stale plugin is refused, with both ABI numbers" {
	plugin source/old 'const struct vp_source vp_source = { .abi = 6, .name = "old" };'
	refused old "source/old.so speaks plugin ABI 6, this program $(sed -n "s|^#define VP_ABI ||p" "$ROOT/lib/plugin.h")"
}

@test "plugins built with the header of ABI 6 are refused, with both numbers" {
	mkdir old
	sed 's/^#define VP_ABI .*/#define VP_ABI 6/' "$ROOT/lib/plugin.h" >old/plugin.h
	now=$(sed -n "s|^#define VP_ABI ||p" "$ROOT/lib/plugin.h")
	echo '#include "plugin.h"
		const struct vp_source vp_source = { .abi = VP_ABI, .name = "past" };' >past.c
	echo '#include "plugin.h"
		const struct vp_renderer vp_renderer = { .abi = VP_ABI, .name = "past" };' >drawn.c
	"${CC:-cc}" -shared -fPIC -Iold -o "$VMPIPE_PLUGINS/source/past.so" past.c
	"${CC:-cc}" -shared -fPIC -Iold -o "$VMPIPE_PLUGINS/render/past.so" drawn.c
	refused past "source/past.so speaks plugin ABI 6, this program $now"
	run --separate-stderr vm-render -r past "$ROOT/tests/golden/life.track.ndjson"
	[ "$status" = 2 ]
	[[ $stderr == *"render/past.so speaks plugin ABI 6, this program $now"* ]]
	[ -z "$output" ]
}

@test "a half gets the functions that are for it: the compiler refuses the others" {
	try() { # TYPE OF THE TABLE, CALL
		printf '#include "plugin.h"\nvoid f(struct %s *h); void f(struct %s *h) { %s; }\n' "$1" "$1" "$2" |
			"${CC:-cc}" -Wall -Werror -I"$ROOT/lib" -fsyntax-only -x c - 2>/dev/null
	}
	not() { ! try "$@" || { echo "$2 compiles"; return 1; }; }
	for half in sample parse render; do
		try vp_${half}_api 'h->fail(h, "%s", "x")'
		not vp_${half}_api 'h->fail(h, "%s", 1)'
	done
	try vp_render_api 'h->write(h, "x", 1)'
	not vp_render_api 'h->begin(h, "mark", 0, -1)'
	not vp_render_api 'h->region(h, 0)'
	try vp_sample_api 'h->raw(h, 0, 1, 0, "maps", (vp_str){ 0 })'
	not vp_sample_api 'h->region(h, 0)'
	not vp_sample_api 'h->write(h, "x", 1)'
	try vp_parse_api 'h->region(h, 0)'
	not vp_parse_api 'h->raw(h, 0, 1, 0, "maps", (vp_str){ 0 })'
	not vp_parse_api 'h->follow(h, 1)'
}

@test "no function of a host is missing: a half may call all that its table has" {
	plugin source/caller 'static const char *const formats[] = { "callers", NULL };
		static bool ends(const char *at) { return at != NULL; }
		static const struct vp_frame frame = { .addr = 4096, .function = { "f", 1 }, .file = { "f.c", 3 }, .line = 7, .inlined = true };
		static const struct vp_region region = { .start = 4096, .end = 8192, .size = 4096, .perms = "r--p" };
		#define LINE(h, t) do { h->begin(h, "x_line", t, -1); h->str(h, "str", (vp_str){ "s", 1 }); h->num(h, "num", 1); h->sec(h, "sec", 1); \
			h->addr(h, "addr", 1); h->json(h, "json", (vp_str){ "[1]", 3 }); h->strs(h, "strs", &(vp_str){ "\377", 1 }, 1); h->span(h, "span", 1, 2); \
			h->regions(h, "regions", &region, 1); h->frames(h, "frames", &frame, 1); h->end(h); h->lost(h, -1, "things", 1, "a test"); } while (0)
		static int sample(void *s, struct vp_sample_api *h)
		{
			char digits[VP_REDACTED];
			(void)s;
			LINE(h, h->now(h));
			h->redact(h, (vp_str){ "name", 4 }, digits);
			h->rest(h, 0, "no reason");
			h->warn(h, "sampled %.*s, redacting %d", VP_REDACTED, digits, h->redacting);
			h->raw(h, h->now(h), 7, 0, "callers", (vp_str){ "callers\n", 8 });
			return 0;
		}
		static int probe(vp_str head, const char **format) { *format = "callers"; return head.n >= 7 && head.p[0] == 0x63 ? 99 : 0; }
		static int parse(void *s, struct vp_parse_api *h, const struct vp_text *text)
		{
			size_t n, lines;
			(void)s;
			LINE(h, h->now(h));
			h->thread(h, &(struct vp_thread){ .tid = 4097, .main = true });
			h->snapshot(h, (vp_str){ 0 }, NULL);
			if (h->again(h, text->text, ends, &n, &lines)) return h->fail(h, "%s", "nothing was there");
			h->region(h, &region);
			h->part(h, text->text, 1);
			h->bad(h, 1, "line %d", 1);
			h->warn(h, "parsed");
			return 0;
		}
		const struct vp_source vp_source = { .abi = VP_ABI, .name = "caller", .formats = formats, .sample = sample, .probe = probe, .parse = parse };'
	run --separate-stderr bash -c 'vm-sample -s caller -n 1 >s; vm-parse s'
	echo "$output" "$stderr"
	[[ $stderr == *"sampled "*", redacting 0"*"line 1"*"parsed"* ]]
	[ "$(grep -c '"type":"x_line"' <<<"$output")" = 2 ]
	[ "$(jq -c 'select(.type == "x_line") | del(.t)' <<<"$output" | sort -u | wc -l)" = 1 ]
	[ "$(jq -c 'select(.type == "x_line") | .strs_raw, .span.end, .frames[0].line, .frames[0].inlined' <<<"$output" | head -4 | tr '\n' ' ')" = '["/w=="] "0x0000000000000002" 7 true ' ]
	[ "$(grep -c '"type":"region"' <<<"$output")" = 1 ]
}

@test "a plugin of the other type, and a file that is no plugin, are refused" {
	plugin source/drawer 'const struct vp_renderer vp_renderer = { .abi = VP_ABI, .name = "drawer" };'
	refused drawer "drawer.so has no vp_source; it has a vp_renderer"
	plugin source/none 'int unused_symbol;'
	refused none "none.so has no vp_source"
}

@test "a plugin with another name than its file is refused" {
	plugin source/alias 'const struct vp_source vp_source = { .abi = VP_ABI, .name = "other" };'
	refused alias 'alias.so calls itself "other"'
}

@test "a file that is no shared object is refused" {
	echo "not an object" >"$VMPIPE_PLUGINS/source/text.so"
	refused text "text.so"
	: >"$VMPIPE_PLUGINS/source/empty.so"
	refused empty "empty.so"
}

@test "a plugin with an undefined symbol is refused before it runs" {
	plugin source/lacking 'extern int nobody_has_this(void); int use(void); int use(void) { return nobody_has_this(); }
		const struct vp_source vp_source = { .abi = VP_ABI, .name = "lacking" };'
	refused lacking "nobody_has_this"
}

@test "--list shows name, about, path and options, and unusable plugins with the reason" {
	plugin source/old 'const struct vp_source vp_source = { .abi = 6, .name = "old" };'
	run --separate-stderr vm-sample --list
	[ "$status" = 0 ]
	[[ $output == *procfs*"$BUILD/lib/vmpipe/source/procfs.so"*detail=* ]]
	[[ $output == *"old "*"cannot be used: "*"speaks plugin ABI 6"* ]]
}

@test "VMPIPE_PLUGINS comes before the folder beside the program, and may hold a plugin directly" {
	plugin procfs 'const struct vp_source vp_source = { .abi = 999, .name = "procfs" };'
	refused procfs "plugins/procfs.so speaks plugin ABI 999"
}

@test "a missing directory of VMPIPE_PLUGINS does no harm" {
	VMPIPE_PLUGINS="/nowhere::$VMPIPE_PLUGINS" run --separate-stderr vm-sample --list
	[ "$status" = 0 ]
	[[ $output == *procfs* ]]
}

@test "a plugin built from a folder links only the parts that run in the programs" {
	requires cmd make
	tree=$BATS_TEST_TMPDIR/tree
	mkdir -p "$tree/plugins/source/two" "$tree/lib" "$tree/cmd" "$tree/contrib"
	cp "$ROOT/Makefile" "$tree"
	cp "$ROOT/plugins/memory.c" "$tree/plugins"
	cp "$ROOT/contrib/packages.sh" "$tree/contrib"
	echo 'int half(void); int half(void) { return 1; }' >"$tree/plugins/source/two/two.c"
	echo 'int other(void); int other(void) { return 2; }' >"$tree/plugins/source/two/other.c"
	echo '#error this half runs elsewhere' >"$tree/plugins/source/two/two.bpf.c"
	run make -C "$tree" BUILD=out
	[ "$status" = 0 ]
	run nm "$tree/out/lib/vmpipe/source/two.so" # local symbols too: a plugin hides its own
	[[ ${output,,} == *" t half"* && ${output,,} == *" t other"* ]]
}

@test "a broken plugin that is passed over while a text is recognised is named, once" {
	plugin source/old 'const struct vp_source vp_source = { .abi = 6, .name = "old" };'
	echo 'not an object' >"$VMPIPE_PLUGINS/source/torn.so"
	printf '%s\n' '1000-2000 rw-p 00000000 00:00 0 [heap]' >maps
	run --separate-stderr vm-parse maps maps
	[ "$status" = 0 ]
	[ "$(grep -c '"type":"region"' <<<"$output")" = 2 ]
	[ "$(grep -c 'source/old.so speaks plugin ABI 6, this program .*: it is passed over' <<<"$stderr")" = 1 ]
	[ "$(grep -c 'source/torn.so: .*: it is passed over' <<<"$stderr")" = 1 ]
	run --separate-stderr vm-diff maps maps
	[ "$status" = 0 ]
	[ "$(grep -c 'old.so .*: it is passed over' <<<"$stderr")" = 1 ]
	run --separate-stderr vm-parse -q maps
	[ "$status" = 0 ]
	[ -z "$stderr" ]
}

@test "a format that nothing reads is refused with the plugins that could not be loaded" {
	echo 'not an object' >"$VMPIPE_PLUGINS/source/torn.so"
	run --separate-stderr vm-parse --format torn-maps /dev/null
	[ "$status" = 2 ]
	[[ $stderr == *"source/torn.so: "*": it is passed over"* ]]
	[[ $stderr == *'no source plugin reads the format "torn-maps"'* ]]
}

@test "a raw line that another plugin reads names its own, which is broken" {
	echo 'not an object' >"$VMPIPE_PLUGINS/source/torn.so"
	printf '%s\n' '{"type":"raw","t":0,"pid":7,"seq":0,"source":"torn","format":"linux-maps","part":0,"last":true,"text":"1000-2000 rw-p 00000000 00:00 0 [heap]\n"}' >raw
	run --separate-stderr vm-parse raw
	[ "$(grep -c '"type":"region"' <<<"$output")" = 1 ]
	[[ $stderr == *"source/torn.so: "*": it is passed over"* ]]
}

@test "forty more source plugins all take part in recognising a text, and beyond 64 the rest is told" {
	for i in $(seq 10 49); do
		echo "static int probe(vp_str t, const char **f) { *f = \"zz$i\"; return t.n >= 4 && t.p[0] == 'z' && t.p[1] == 'z' && t.p[2] == '${i:0:1}' && t.p[3] == '${i:1:1}' ? 99 : 0; }
			static int parse(void *s, struct vp_parse_api *h, const struct vp_text *t) { struct vp_region r = { .start = 4096, .end = 8192 }; (void)s; (void)t; h->snapshot(h, (vp_str){ 0, 0 }, 0); h->region(h, &r); return 0; }
			static const char *const formats[] = { \"zz$i\", 0 };
			const struct vp_source vp_source = { .abi = VP_ABI, .name = \"zz$i\", .formats = formats, .probe = probe, .parse = parse };" >code
		plugin "source/zz$i" "$(<code)"
	done
	cat /proc/self/maps >text
	echo zz49 >>text
	run --separate-stderr vm-parse text
	[ "$status" -eq 0 ]
	[[ $output == *'"zz49"'* ]]
	for i in $(seq 50 99); do ln -s zz49.so "$VMPIPE_PLUGINS/source/zzz$i.so"; done
	for i in $(seq 50 79); do plugin "source/y$i" "const struct vp_source vp_source = { .abi = VP_ABI, .name = \"y$i\" };"; done
	run --separate-stderr vm-parse text
	[[ $stderr == *"there are more than 64 source plugins"* ]]
}

@test "options of a view that a renderer of lines does not draw are told, once each" {
	plugin render/lines 'static int record(void *s, struct vp_render_api *h, vp_str l) { (void)s; h->write(h, l.p, 1); return 0; }
		const struct vp_renderer vp_renderer = { .abi = VP_ABI, .name = "lines", .lines = true, .record = record };'
	run --separate-stderr vm-render --lines --view map --kind heap --width 10 "$ROOT/tests/golden/life.track.ndjson"
	[ "$status" -eq 0 ]
	[ "${stderr_lines[0]}" = "vm-render: --view has no effect: the renderer lines takes lines and draws no view" ]
	[ "${stderr_lines[1]}" = "vm-render: --kind has no effect: the renderer lines takes lines and draws no view" ]
	[ "${#stderr_lines[@]}" = 2 ]
}

@test "a plugin is linked anew when a file of its folder was removed" {
	requires cmd make
	tree=$BATS_TEST_TMPDIR/again
	mkdir -p "$tree/plugins/source/two" "$tree/lib" "$tree/cmd" "$tree/contrib"
	cp "$ROOT/Makefile" "$tree"
	cp "$ROOT/plugins/memory.c" "$tree/plugins"
	cp "$ROOT/contrib/packages.sh" "$tree/contrib"
	echo 'int half(void); int half(void) { return 1; }' >"$tree/plugins/source/two/two.c"
	echo 'int other(void); int other(void) { return 2; }' >"$tree/plugins/source/two/other.c"
	make -C "$tree" BUILD=out
	nm "$tree/out/lib/vmpipe/source/two.so" | grep -qi ' t other'
	rm "$tree/plugins/source/two/other.c"
	make -C "$tree" BUILD=out
	run ! grep -qi ' t other' <(nm "$tree/out/lib/vmpipe/source/two.so")
	[ "$(make -C "$tree" BUILD=out | grep -c PLUGIN)" = 0 ]
}

@test "the library is archived anew when a file of it was removed" {
	requires cmd make
	tree=$BATS_TEST_TMPDIR/again
	mkdir -p "$tree/lib/base" "$tree/contrib"
	cp "$ROOT/Makefile" "$tree"
	cp "$ROOT/contrib/packages.sh" "$tree/contrib"
	echo 'int half(void); int half(void) { return 1; }' >"$tree/lib/base/half.c"
	echo 'int other(void); int other(void) { return 2; }' >"$tree/lib/base/other.c"
	make -C "$tree" BUILD=out out/libvmpipe.a
	ar t "$tree/out/libvmpipe.a" | grep -qx other.o
	rm "$tree/lib/base/other.c"
	make -C "$tree" BUILD=out out/libvmpipe.a
	[ "$(ar t "$tree/out/libvmpipe.a")" = half.o ]
	[ "$(make -C "$tree" BUILD=out out/libvmpipe.a | grep -c AR)" = 0 ]
}

@test "vm-parse --list shows each format, those that people paste with an example that vm-parse recognises" {
	run -0 --separate-stderr vm-parse --list
	for format in linux-maps pmap gdb-mappings listing free vm_stat vmstat cgroup vmmap status ps oom nmt numastat dumpsys-meminfo strace mtrace ltrace-malloc heaptrack massif dhat heap-profile macos-heap; do
		grep -q "^ *$format: ." <<<"$output" || { echo "$format"; return 1; }
	done
}
