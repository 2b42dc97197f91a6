# Plugins: found by name in three places; a wrong file is refused with a message that names the fault.
load helper

setup() {
	requires program vm-sample
	export VMPIPE_PLUGINS=$BATS_TEST_TMPDIR/plugins
	mkdir -p "$VMPIPE_PLUGINS/source" "$VMPIPE_PLUGINS/render"
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
	plugin source/old 'const struct vp_source vp_source = { .abi = 7, .name = "old" };'
	refused old "source/old.so speaks plugin ABI 7, this program $(sed -n "s|^#define VP_ABI ||p" "$ROOT/lib/plugin.h")"
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
	plugin source/old 'const struct vp_source vp_source = { .abi = 7, .name = "old" };'
	run --separate-stderr vm-sample --list
	[ "$status" = 0 ]
	[[ $output == *procfs*"$BUILD/lib/vmpipe/source/procfs.so"*detail=* ]]
	[[ $output == *"old "*"cannot be used: "*"speaks plugin ABI 7"* ]]
}

@test "VMPIPE_PLUGINS comes before the folder beside the program, and may hold a plugin directly" {
	plugin procfs 'const struct vp_source vp_source = { .abi = 9, .name = "procfs" };'
	refused procfs "plugins/procfs.so speaks plugin ABI 9"
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
	cp "$ROOT/contrib/packages.sh" "$tree/contrib"
	echo 'int half(void); int half(void) { return 1; }' >"$tree/plugins/source/two/two.c"
	echo 'int other(void); int other(void) { return 2; }' >"$tree/plugins/source/two/other.c"
	echo '#error this half runs elsewhere' >"$tree/plugins/source/two/two.bpf.c"
	run make -C "$tree" BUILD=out
	[ "$status" = 0 ]
	run nm "$tree/out/lib/vmpipe/source/two.so" # local symbols too: a plugin hides its own
	[[ ${output,,} == *" t half"* && ${output,,} == *" t other"* ]]
}
