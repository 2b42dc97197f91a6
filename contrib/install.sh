#!/bin/sh
# Installs and removes files, for `make install` and `make uninstall`.
#
#   contrib/install.sh install PREFIX < list     lines of MODE SOURCE TARGET, the target below PREFIX
#   contrib/install.sh uninstall PREFIX
#
# $DESTDIR is prepended to PREFIX. install writes the installed files to lib/vmpipe/installed, and removes files of a former
# install that are no longer in the list. uninstall removes only the recorded files, then the empty folders of vmpipe.
set -eu

usage() {
	echo "usage: install.sh install|uninstall PREFIX" >&2
	exit 2
}

[ $# = 2 ] || usage
case $2 in /*) ;; *) echo "install.sh: PREFIX is $2; expected an absolute path" >&2; exit 2 ;; esac
root=${DESTDIR:-}$2
record=lib/vmpipe/installed

# The folders of vmpipe alone, inner folders first; bin, share/man and the like stay.
folders='lib/vmpipe/source lib/vmpipe/render lib/vmpipe include/vmpipe share/vmpipe/schemas share/vmpipe/ci share/vmpipe/examples share/vmpipe'

remove() {
	while IFS= read -r target; do
		case /$target/ in */../* | */./* | //*) continue ;; esac # a damaged record must not reach other folders
		rm -f "$root/$target"
	done
}

put() {
	rm -f "$root/$record.new"
	while read -r mode source target; do
		mkdir -p "$root/${target%/*}"
		rm -f "$root/$target" # a running program or a loaded plugin keeps its old file
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
