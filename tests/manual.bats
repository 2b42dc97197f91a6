# Manual pages: well-formed, and equal to the programs, the schemas and the header in options, members and types.
# bats file_tags=steady
load helper

PAGES=("$ROOT"/cmd/*.1 "$ROOT"/contrib/man/*)

plain() { # PAGE as text, without backspaces
	mandoc -T utf8 -O width=400 "$1" | col -b
}

# The options before their descriptions ("-o, --output file"), up to the examples.
tagged() { # PAGE
	plain "$1" | sed -n '/^EXAMPLES/q; /^ *-/p' | grep -oE '(^|[ ,])--[a-z][a-z-]*' | grep -oE -- '--[a-z-]+' | sort -u
}

long_options() { # PROGRAM
	"$BUILD/bin/$1" --help | grep -oE '^  (-[a-zA-Z], |    )--[a-z-]+' | grep -oE -- '--[a-z-]+' | sort
}

# The members that a section of a page documents, one on each line: the arguments of .It Va (or another macro) in it.
items() { # PAGE SECTION MACRO
	awk -v section="$2" -v macro="$3" '
		/^\.S[hs] / { name = $0; sub(/^\.S[hs] /, "", name); on = name == section }
		on && $1 == ".It" && $2 == macro { for (i = 3; i <= NF; i++) if ($i != ",") print $i }' "$1" | sort -u
}

# Every member of a schema as PATH, members of objects after a dot.
members() { # jq program's input: a schema (or a part of one)
	jq -r '. as $root | def inner($at):
			if (."$ref" // "" | startswith("#/$defs/")) then ($root["$defs"][."$ref"[8:]] | inner($at)) else empty end,
			(.properties // {} | to_entries[] | ($at + .key) as $here | $here, (.value | inner($here + "."))),
			((.items // empty) | inner($at), (.anyOf // [] | .[] | inner($at))),
			(select(.propertyNames) | .additionalProperties | inner($at + "KIND."));
		inner("")' | sort -u
}

same() { # NAME, the program's list, the manual's list
	diff <(echo "$2") <(echo "$3") || { echo "$1: < is the program's, > the manual's"; return 1; }
}

@test "every program has a manual page, and every page is well-formed" {
	requires cmd mandoc
	for program in "$ROOT"/cmd/*.c; do
		[ -f "${program%.c}.1" ] || { echo "${program%.c}.1 is missing"; return 1; }
	done
	run mandoc -T lint -W warning "${PAGES[@]}"
	echo "$output"
	[ "$status" = 0 ]
	[ -z "$output" ]
}

@test "a page has the name of its file, and names its section" {
	for page in "${PAGES[@]}"; do
		file=${page##*/}
		name=${file%.*}
		grep -qiE "^\.(Dt|TH) ${name} ${file##*.}( |$)" "$page" || { echo "$page"; return 1; }
	done
}

@test "every page of vmpipe that a page refers to exists" {
	for page in "${PAGES[@]}"; do
		for name in $(grep -hoE '^\.Xr (vm|vmpipe)[a-z-]* [157]' "$page" | cut -d' ' -f2,3 | tr ' ' . | sort -u); do
			[ -f "$ROOT/cmd/$name" ] || [ -f "$ROOT/contrib/man/$name" ] || { echo "$page: $name"; return 1; }
		done
	done
}

@test "each option of --help is in the manual page" {
	requires cmd mandoc col
	for program in "$BUILD"/bin/vm-*; do
		name=${program##*/}
		text=$(plain "$ROOT/cmd/$name.1")
		for option in $(long_options "$name"); do
			grep -qE -- "(^|[^a-z-])$option([^a-z-]|$)" <<<"$text" || { echo "$name.1 lacks $option"; return 1; }
		done
		# a letter is beside its word
		while read -r letter long; do
			grep -qE -- "$letter(, [^ ]+)*,? .*$long" <<<"$text" || { echo "$name.1 lacks $letter for $long"; return 1; }
		done < <("$program" --help | sed -nE 's/^  (-[a-zA-Z]), (--[a-z-]+).*/\1 \2/p')
	done
}

@test "each option of a manual page is in --help" {
	requires cmd mandoc col
	for program in "$BUILD"/bin/vm-*; do
		name=${program##*/}
		known=$(long_options "$name"; vm-render --complete plugins | sed 's/^/--/'; vm-sample --complete plugins | sed 's/^/--/'; printf "%s\n" --table --name)
		for option in $(tagged "$ROOT/cmd/$name.1"); do
			grep -qx -- "$option" <<<"$known" || { echo "$name.1 describes $option"; return 1; }
		done
	done
}

@test "the common options in vmpipe(7) are those of every program" {
	requires cmd mandoc col
	run tagged "$ROOT/contrib/man/vmpipe.7"
	same vmpipe.7 "$(long_options vm-check)" "$output"
}

@test "vmpipe-stream(5) documents every type and member of the schemas, and no other" {
	requires cmd jq
	page=$ROOT/contrib/man/vmpipe-stream.5
	types=$(cd "$ROOT/schemas" && ls | sed 's/\.schema\.json//' | grep -vxE 'common|config|budget|figure' | sort)
	same types "$types" "$(sed -n '/^\.Sh LINE TYPES/,/^\.Sh MEMBERS/s/^\.Ss //p' "$page" | sort)"
	for type in $types; do
		same "$type" "$(members <"$ROOT/schemas/$type.schema.json" | grep -vxE 'type|t|pid')" "$(items "$page" "$type" Va)"
	done
	same region "$(jq '."$defs".regionMembers' "$ROOT/schemas/common.schema.json" | members)" "$(items "$page" "MEMBERS OF A REGION" Va)"
	same "every line" "$(printf 'pid\nt\ntype')" "$(items "$page" "EVERY LINE" Va)"
}

@test "vmpipe-stream(5) names every event of a change and every reason of an end" {
	for word in $(jq -r '.properties.event.enum[]' "$ROOT/schemas/change.schema.json") \
		$(jq -r '.properties.reason.enum[]' "$ROOT/schemas/end.schema.json") $(jq -r '.properties.why.enum[]' "$ROOT/schemas/process.schema.json"); do
		grep -qE "^\.Li $word( |$)" "$ROOT/contrib/man/vmpipe-stream.5" || { echo "$word"; return 1; }
	done
}

@test "vmpipe-config(5) has every section of the file and every key of a rule" {
	requires cmd jq
	page=$ROOT/contrib/man/vmpipe-config.5
	schema=$ROOT/schemas/config.schema.json
	documented=$(items "$page" SECTIONS Cm)
	for section in $(jq -r '.properties | keys[]' "$schema"); do
		grep -qx -- "$section" <<<"$documented" || { echo "$section"; return 1; }
	done
	same rule "$(jq -r '."$defs".rule.properties | keys[]' "$schema")" "$(items "$page" "Rules of kinds" Cm)"
}

@test "the YAML of vmpipe-config(5) is read by the programs" {
	cd "$BATS_TEST_TMPDIR"
	awk '/^\.Sh EXAMPLES/ { on = 1 } on && /^\.Ed/ { exit } on && !/^\./' "$ROOT/contrib/man/vmpipe-config.5" >f.yaml
	grep -q vm-sample: f.yaml
	vm-sample -c f.yaml -p $$ -n 2 | vm-parse -c f.yaml | vm-track -c f.yaml | vm-render -c f.yaml | grep -q '</svg>'
}

# The members of a struct in the header, one on each line.
struct_members() { # NAME
	sed -n "/^struct $1 {/,/^};/p" "$ROOT/lib/plugin.h" | tr '\n' ' ' |
		sed 's|/\*[^*]*\(\*[^/][^*]*\)*\*/||g; s/^[^{]*{//; s/}[^}]*$//; s/([^()]*)\( *[;,]\)/()\1/g; s/\t/ /g' | tr ';' '\n' | sed -E 's/\(\*([a-z_]+)\).*/ \1/; s/\[.*//; s/^[[:space:]]*//' | grep -vE '^$' |
		awk '{ n = split($0, part, ","); for (i = 1; i <= n; i++) { sub(/.*[ *]/, "", part[i]); if (part[i] ~ /^[a-z_]+$/) print part[i] } }' | sort -u
}

@test "vmpipe-plugin(7) has every member of the tables of the host, of a source and of a renderer, and every type of option" {
	page=$ROOT/contrib/man/vmpipe-plugin.7
	for half in sample parse; do
		same vp_${half}_api "$(struct_members vp_${half}_api)" "$(for part in "THE HOST" Lines "The $half half"; do items "$page" "$part" Va; done | sort -u)"
	done
	same vp_render_api "$(struct_members vp_render_api)" "$(for part in "THE HOST" "A renderer"; do items "$page" "$part" Va; done | sort -u)"
	same vp_source "$(struct_members vp_source)" "$(items "$page" SOURCES Va)"
	same vp_renderer "$(struct_members vp_renderer)" "$(items "$page" RENDERERS Va)"
	same options "$(grep -oE '^	VP_OPT_[A-Z]+' "$ROOT/lib/plugin.h" | tr -d '\t' | sort)" "$(items "$page" "OPTIONS OF A PLUGIN" Dv)"
}

@test "the renderer of vmpipe-plugin(7) compiles and draws" {
	cd "$BATS_TEST_TMPDIR"
	mkdir vmpipe
	cp "$ROOT/lib/plugin.h" vmpipe
	awk '/^\.Sh EXAMPLES/ { on = 1 } on && /^\.Ed/ { exit } on && !/^\./' "$ROOT/contrib/man/vmpipe-plugin.7" >title.c
	"${CC:-cc}" -std=c11 -Wall -Wextra -Werror -shared -fPIC -I. -o title.so title.c
	VMPIPE_PLUGINS=$PWD run --separate-stderr vm-render --title "$ROOT/tests/golden/life.track.ndjson"
	[ "$status" = 0 ]
	[[ $output == *lifecycle* ]]
}
