#!/bin/sh
# Puts files in place and takes them away again: what `make install` and `make uninstall` run.
#
#   contrib/install.sh install PREFIX < list     a line each: MODE SOURCE TARGET, the target below PREFIX
#   contrib/install.sh uninstall PREFIX
#
# $DESTDIR goes in front of PREFIX. What was put there is written to lib/vmpipe/installed; uninstall removes just that, and the
# folders of vmpipe that are empty then. An install removes first what a former one left that is not in the list any more.
set -eu

usage() {
	echo "usage: install.sh install|uninstall PREFIX" >&2
	exit 2
}

[ $# = 2 ] || usage
case $2 in /*) ;; *) echo "install.sh: PREFIX is $2; wanted is a full path" >&2; exit 2 ;; esac
root=${DESTDIR:-}$2
record=lib/vmpipe/installed

# Ours alone, the inner ones first; bin, share/man and the like stay.
folders='lib/vmpipe/source lib/vmpipe/render lib/vmpipe include/vmpipe share/vmpipe/schemas share/vmpipe/ci share/vmpipe/examples share/vmpipe'

remove() {
	while IFS= read -r target; do
		case /$target/ in */../* | */./* | //*) continue ;; esac # a record that was tampered with leads nowhere else
		rm -f "$root/$target"
	done
}

put() {
	rm -f "$root/$record.new"
	while read -r mode source target; do
		mkdir -p "$root/${target%/*}"
		rm -f "$root/$target" # a program that runs, or a plugin that is loaded, keeps its old file
		cp "$source" "$root/$target"
		chmod "$mode" "$root/$target"
		mkdir -p "$root/${record%/*}"
		printf '%s\n' "$target" >>"$root/$record.new"
	done
	[ -f "$root/$record.new" ] || { echo "install.sh: nothing to install" >&2; exit 1; }
}

case $1 in
install)
	put
	[ ! -f "$root/$record" ] || grep -vxF -f "$root/$record.new" "$root/$record" | remove
	mv "$root/$record.new" "$root/$record"
	chmod 644 "$root/$record"
	;;
uninstall)
	[ -f "$root/$record" ] || { echo "install.sh: nothing was installed in $root" >&2; exit 1; }
	remove <"$root/$record"
	rm -f "$root/$record"
	for folder in $folders; do rmdir "$root/$folder" 2>/dev/null || :; done
	;;
*) usage ;;
esac
