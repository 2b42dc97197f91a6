#!/bin/sh
# Installs what drives the browser in the tests of the page, below the folder DIR: playwright-core (1.60.0 is the last that takes node 18)
# and axe-core. Without the registry the tests say why they are skipped.
#
#   tests/browser/setup.sh DIR
set -u
dir=$1
[ ! -r "$dir/node_modules/playwright-core/package.json" ] || [ ! -r "$dir/node_modules/axe-core/axe.js" ] || exit 0
command -v npm >/dev/null || exit 0
mkdir -p "$dir" && echo '{"private":true}' >"$dir/package.json" &&
	npm install --prefix "$dir" --no-audit --no-fund --silent playwright-core@1.60.0 axe-core@4.14 </dev/null >"$dir/npm.log" 2>&1 ||
	echo "  playwright-core is not installed: $(tail -1 "$dir/npm.log")"
