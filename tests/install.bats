# Installation: the installed tree works, builds plugins with pkg-config alone, and is removed without a trace.
# bats file_tags=steady
load helper

stage() { # stage [PREFIX]: installs below the staging folder
	# -o all: do not build again, perhaps with other flags
	requires cmd make
	prefix=${1:-/opt/vmpipe}
	DEST=$BATS_TEST_TMPDIR/stage
	tree=$DEST$prefix
	make -s -o all -C "$ROOT" BUILD="${BUILD#"$ROOT"/}" DESTDIR="$DEST" PREFIX="$prefix" install >"$BATS_TEST_TMPDIR/said" 2>&1 ||
		{ cat "$BATS_TEST_TMPDIR/said"; return 1; }
	export PKG_CONFIG_PATH=$tree/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$DEST
}

# Runs with programs and plugins of the staged tree alone.
staged() {
	PATH=$tree/bin:/usr/bin:/bin "$@"
}

template() {
	requires cmd pkg-config make
	cp -r "$ROOT/contrib/plugin-template" "$BATS_TEST_TMPDIR/mine"
	make -s -C "$BATS_TEST_TMPDIR/mine" "CFLAGS=${1:--Werror}"
	export VMPIPE_PLUGINS=$BATS_TEST_TMPDIR/mine
}

@test "the staged programs run, with the staged plugins" {
	stage
	for program in "$BUILD"/bin/vm-*; do
		run --separate-stderr staged "${program##*/}" --version
		[ "$status" = 0 ]
	done
	run --separate-stderr staged vm-render --list
	[[ $output == *"$tree/lib/vmpipe/render/svg.so"* ]]
	[[ $output != *"$BUILD"* ]]
	workload many 4
	staged vm-sample -p "$pid" -n 2 -i 1ms >"$BATS_TEST_TMPDIR/s"
	staged vm-parse "$BATS_TEST_TMPDIR/s" | staged vm-track | staged vm-render --svg | grep -q '</svg>'
}

@test "the installed shell script judges a command" {
	requires program vm-sample
	stage
	cd "$BATS_TEST_TMPDIR"
	echo 'budgets: [{ process: sleep, measure: regions, most: 1 }]' >b.yaml
	run staged "$tree/share/vmpipe/ci/memory-budget.sh" b.yaml r.tap sleep 0.3
	[ "$status" = 1 ]
	[[ $output == *"budget broken: regions"* ]]
	grep -q '^not ok 1 ' r.tap
}

@test "a prefix with blanks, and another prefix than the built one, work" {
	stage "/opt/two words"
	run --separate-stderr staged vm-sample --list
	[[ $output == *"$tree/lib/vmpipe/source/procfs.so"* ]]
}

@test "through a link on PATH the programs still find their plugins" {
	stage
	mkdir "$BATS_TEST_TMPDIR/links"
	ln -s "$tree/bin/vm-render" "$BATS_TEST_TMPDIR/links/vm-render"
	run --separate-stderr "$BATS_TEST_TMPDIR/links/vm-render" --list
	[[ $output == *"$tree/lib/vmpipe/render/svg.so"* ]]
}

@test "without /proc the programs find their plugins by the name they were started with" {
	stage
	unshare -m true 2>/dev/null || skip "needs a mount namespace of its own"
	! grep -q __asan_init "$BUILD/bin/vm-render" || skip "the sanitizer itself needs /proc"
	run unshare -m sh -c 'mount -t tmpfs none /proc && cd "$1/bin" && ./vm-render --list && PATH=$1/bin:$PATH && cd / && vm-render --list' sh "$tree"
	[ "$status" = 0 ]
	[ "$(grep -c "$tree/lib/vmpipe/render/svg.so" <<<"$output")" = 2 ]
}

@test "uninstall removes exactly the installed files" {
	stage
	touch "$tree/bin/other" "$tree/share/man/man1/other.1" "$tree/lib/vmpipe/render/mine.so"
	make -s -o all -C "$ROOT" BUILD="${BUILD#"$ROOT"/}" DESTDIR="$DEST" PREFIX="$prefix" uninstall
	run find "$DEST" ! -type d
	[ "$(sort <<<"$output")" = "$(printf '%s\n' "$tree/bin/other" "$tree/lib/vmpipe/render/mine.so" "$tree/share/man/man1/other.1")" ]
	[ ! -e "$tree/share/vmpipe" ]
	[ ! -e "$tree/include/vmpipe" ]
	[ ! -e "$tree/lib/vmpipe/source" ]
	run make -s -o all -C "$ROOT" BUILD="${BUILD#"$ROOT"/}" DESTDIR="$DEST" PREFIX="$prefix" uninstall
	[ "$status" != 0 ]
	[[ $output == *"nothing was installed in $tree"* ]]
}

@test "a second install removes the files that only the first one had, and nothing else" {
	stage
	touch "$tree/lib/vmpipe/render/old.so" "$tree/lib/vmpipe/render/mine.so"
	echo lib/vmpipe/render/old.so >>"$tree/lib/vmpipe/installed"
	stage
	[ ! -e "$tree/lib/vmpipe/render/old.so" ]
	[ -e "$tree/lib/vmpipe/render/mine.so" ]
	[ -x "$tree/bin/vm-render" ]
}

@test "a record that leads out of the prefix is not followed" {
	stage
	touch "$DEST/precious"
	printf '%s\n' ../../precious bin/../../../precious >>"$tree/lib/vmpipe/installed"
	make -s -o all -C "$ROOT" BUILD="${BUILD#"$ROOT"/}" DESTDIR="$DEST" PREFIX="$prefix" uninstall
	[ -e "$DEST/precious" ]
}

@test "pkg-config reports version, flags, the plugins' folder and the ABI number" {
	requires cmd pkg-config
	stage
	[ "vm-render $(pkg-config --modversion vmpipe)" = "$(vm-render --version)" ]
	[ "$(pkg-config --cflags vmpipe | tr -d ' ')" = "-I$tree/include" ]
	[[ $(pkg-config --variable=plugindir vmpipe) == *"$prefix/lib/vmpipe" ]]
	[ "$(pkg-config --variable=abi vmpipe)" = "$(sed -n 's/^#define VP_ABI //p' "$tree/include/vmpipe/plugin.h")" ]
}

@test "the template's source samples and parses through the pipeline, built with pkg-config alone" {
	stage
	template
	cd "$BATS_TEST_TMPDIR"
	printf '# board map\n10000000 10004000 rw- heap\n20000000 20100000 r-x flash image\n' >board.txt
	run --separate-stderr bash -c "PATH=$tree/bin:\$PATH; vm-sample --board -p $$ -n 1 | vm-parse"
	[ "$status" = 0 ]
	[ "$(jq -r 'select(.type=="region") | "\(.start) \(.size) \(.name)"' <<<"$output" | tail -1)" = "0x0000000020000000 1048576 flash image" ]
	run --separate-stderr staged vm-parse board.txt
	[ "$(grep -c '"type":"region"' <<<"$output")" = 2 ]
	valid_stream <<<"$output"
}

@test "the template's renderer draws every figure" {
	stage
	template
	for view in timeline map area table; do
		run --separate-stderr staged vm-render --tally --view $view -O title=true "$ROOT/tests/golden/life.track.ndjson"
		[ "$status" = 0 ]
		[[ $output == *"  stack"* ]]
	done
}

@test "the template installs itself into the plugin folder of the programs" {
	stage
	template
	# The staging folder is the system root of the .pc file here, so plugindir contains it already.
	make -s -C "$BATS_TEST_TMPDIR/mine" install
	unset VMPIPE_PLUGINS
	[ -e "$tree/lib/vmpipe/source/board.so" ]
	run --separate-stderr staged vm-render --list
	[[ $output == *"$tree/lib/vmpipe/render/tally.so"* ]]
}

@test "a template built for another ABI is refused, with both numbers" {
	stage
	abi=$(pkg-config --variable=abi vmpipe)
	sed -i "s/^#define VP_ABI .*/#define VP_ABI 99/" "$tree/include/vmpipe/plugin.h"
	template
	run --separate-stderr staged vm-render --tally "$ROOT/tests/golden/life.track.ndjson"
	[ "$status" != 0 ]
	[[ $stderr == *"tally.so speaks plugin ABI 99, this program $abi"* ]]
	run --separate-stderr staged vm-sample --list
	[[ $output == *"board "*"cannot be used: "*"speaks plugin ABI 99, this program $abi"* ]]
}

@test "without vmpipe installed the template reports it" {
	requires cmd pkg-config make
	run env PKG_CONFIG_PATH=/nowhere PKG_CONFIG_LIBDIR=/nowhere make -s -C "$ROOT/contrib/plugin-template" -n
	[ "$status" != 0 ]
	[[ $output == *"pkg-config does not find vmpipe"* ]]
}

@test "a plugin may be written in C++" {
	requires cmd c++ pkg-config
	stage
	cd "$BATS_TEST_TMPDIR"
	cat >plus.cpp <<-'END'
		#include <vmpipe/plugin.h>
		#include <string>
		static int draw(void *, struct vp_render_api *host, const struct vp_figure *figure)
		{
			std::string text;
			for (size_t i = 0; i < figure->box_count; i++) text += figure->classes[figure->boxes[i].class_].letter;
			text += "\n";
			host->write(host, text.data(), text.size());
			return 0;
		}
		static vp_renderer make()
		{
			struct vp_renderer r = {};
			r.abi = VP_ABI, r.name = "plus", r.about = "letters", r.draw = draw;
			return r;
		}
		const struct vp_renderer vp_renderer = make();
	END
	sed -i 's/static vp_renderer make/static struct vp_renderer make/' plus.cpp
	c++ -Wall -Wextra -Werror -shared -fPIC $(pkg-config --cflags vmpipe) -o plus.so plus.cpp
	VMPIPE_PLUGINS=$PWD run --separate-stderr staged vm-render --plus "$ROOT/tests/golden/life.track.ndjson"
	[ "$status" = 0 ]
	[ ${#output} -gt 20 ]
}

@test "the installed header compiles alone, in C11 and in C++" {
	requires cmd c++
	echo '#include "plugin.h"' | "${CC:-cc}" -std=c11 -pedantic -Wall -Wextra -Werror -I"$ROOT/lib" -fsyntax-only -x c -
	echo '#include "plugin.h"' | c++ -Wall -Wextra -Werror -I"$ROOT/lib" -fsyntax-only -x c++ -
}
