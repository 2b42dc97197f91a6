#!/usr/bin/env bats
# The rooms of lib/: their list and its order are the table of lib/README.md.

load helper

setup() { cd "$ROOT"; }

# The rooms from the ground up, one a line, without plugin.h.
rooms() { sed -n 's/^| `\([a-z]*\)\/` |.*/\1/p' lib/README.md; }

# The quoted includes of C files below the given folders: FILE INCLUDED, one a line.
includes() { grep -rn --include='*.[ch]' '^ *# *include "' "$@" | sed 's|^\([^:]*\):[0-9]*: *# *include "\([^"]*\)".*|\1 \2|'; }

@test "every folder of lib/ is in the list of lib/README.md, and every room of the list is there" {
	diff <(rooms | sort) <(cd lib && ls -d */ | tr -d / | sort)
}

@test "an include of lib/ and cmd/ names the room, and the header is there" {
	[ "$(includes lib | wc -l)" -gt 300 ]
	while read -r file header; do
		[ "$header" = plugin.h ] && continue
		[[ $header == */*.h && -f lib/$header ]] || echo "$file: $header"
	done < <(includes lib cmd) >"$BATS_TEST_TMPDIR/wrong"
	cat "$BATS_TEST_TMPDIR/wrong"
	[ ! -s "$BATS_TEST_TMPDIR/wrong" ]
}

@test "a room includes only itself and the rooms above it" {
	includes lib | awk -v list="$(rooms | tr '\n' ' ')" '
		BEGIN { n = split(list, rooms, " "); for (i = 1; i <= n; i++) at[rooms[i]] = i }
		{
			split($1, path, "/"); split($2, header, "/")
			from = path[2] == "plugin.h" ? 0 : at[path[2]]
			to = $2 == "plugin.h" ? 0 : at[header[1]]
			if (to > from) print $1 ": " $2
		}' >"$BATS_TEST_TMPDIR/wrong"
	cat "$BATS_TEST_TMPDIR/wrong"
	[ ! -s "$BATS_TEST_TMPDIR/wrong" ]
}

@test "an inner header is included in its own room alone" {
	[ "$(includes lib | grep -c '/\(\|[a-z]*_\)inner\.h$')" -gt 20 ]
	includes lib cmd plugins tests | awk '
		$2 ~ /^[a-z]+\/([a-z]+_)?inner\.h$/ {
			split($1, path, "/"); split($2, header, "/")
			if (path[1] != "lib" || path[2] != header[1]) print $1 ": " $2
		}' >"$BATS_TEST_TMPDIR/wrong"
	cat "$BATS_TEST_TMPDIR/wrong"
	[ ! -s "$BATS_TEST_TMPDIR/wrong" ]
}

@test "a plugin includes plugin.h, headers of base/, its own and its kit's, and no other plugin's" {
	while read -r file header; do
		[[ $file == *.wasm.c ]] && continue # not of the plugin: the engine of the page, which links lib/
		kind=$(cut -d/ -f2 <<<"$file") own=${file%/*}
		case $header in
		plugin.h | wire.h) continue ;;
		base/*) [ -f "lib/$header" ] && continue ;;
		plugins/*.gz.h | plugins/*/hashes.h) continue ;; # made by the build
		plugins/*) # a file made into bytes; a kit has those that several plugins of its kind write
			header=${header%.h} && [[ $header == "$own"/* || $own == plugins/$kind/kit && $header == plugins/$kind/* ]] && [ -f "$header" ] && continue ;;
		vmlinux.h | *.skel.h) continue ;;
		*) there=$(realpath -m --relative-to=. "$own/$header")
			[[ -f $there && $there == plugins/$kind/kit/* ]] && continue
			[[ -f $there && $own != plugins/$kind && $there == "$own"/* ]] && continue ;;
		esac
		echo "$file: $header"
	done < <(includes plugins) >"$BATS_TEST_TMPDIR/wrong"
	cat "$BATS_TEST_TMPDIR/wrong"
	[ ! -s "$BATS_TEST_TMPDIR/wrong" ]
}
