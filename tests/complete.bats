# Completions come from the option tables: Tab offers what --help shows, in bash, zsh and fish.
# bats file_tags=steady
load helper

SHELLS="bash zsh fish"

setup() {
	requires program vm-sample vm-render vm-track
	files=$BUILD/completions
	cd "$BATS_TEST_TMPDIR"
	mkdir "a folder"
	touch one.ndjson "two words.ndjson"
}

in_bash() { # WORD...: the completions of the last word, one on each line
	requires cmd bash
	bash --norc -c '
		source "$1/bash/${2##*/}"
		shift
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		"_${1//-/_}"
		printf "%s\n" "${COMPREPLY[@]}"' bash "$files" "$@"
}

in_fish() { # TEXT
	requires cmd fish
	env HOME="$BATS_TEST_TMPDIR" fish --no-config -c 'source $argv[1]; complete -C $argv[2]' -- "$files/fish/${1%% *}" "$1" | cut -f1
}

in_zsh() { # TEXT: the line after Tab
	requires cmd zsh
	mkdir -p functions
	for each in "$files"/zsh/*; do cp "$each" "functions/_${each##*/}"; done
	cat >tab.zsh <<-'END'
		zmodload zsh/zpty
		zpty shell zsh -f -i
		zpty -w shell 'PS1= PROMPT_EOL_MARK=; stty cols 500; fpath=($PWD/functions $fpath); autoload -Uz compinit; compinit -u -D;
			tab() { zle complete-word; print -r -- "{{$BUFFER}}"; zle kill-whole-line }; zle -N tab; bindkey "^T" tab; print RE""ADY'
		zpty -r -m shell said '*READY*'
		zpty -w -n shell "$1"$'\x14'
		zpty -r -m shell said '*{{*}}*'
		said=${said##*\{\{}
		print -r -- "${said%%\}\}*}"
	END
	timeout 100 zsh -f tab.zsh "$1"
}

long_options() { # PROGRAM: its options as --help shows them
	"$1" --help | grep -oE '^  (-[a-zA-Z], |    )--[a-z-]+' | grep -oE -- '--[a-z-]+' | sort
}

@test "the installed scripts are the output of each program, for every program and shell" {
	for program in "$BUILD"/bin/vm-*; do
		for shell in $SHELLS; do
			run --separate-stderr "$program" --complete $shell
			[ "$status" = 0 ]
			[ -z "$stderr" ]
			[ "$output" = "$(cat "$files/$shell/${program##*/}")" ]
		done
	done
}

@test "each shell can read its scripts" {
	for program in "$BUILD"/bin/vm-*; do
		for shell in $SHELLS; do
			command -v $shell >/dev/null || continue
			run $shell -n "$files/$shell/${program##*/}"
			echo "$shell ${program##*/}: $output"
			[ "$status" = 0 ]
			[ -z "$output" ]
		done
	done
}

@test "an unknown word after --complete is wrong usage, and --help does not show --complete" {
	run --separate-stderr vm-track --complete tcsh
	[ "$status" = 2 ]
	[[ $stderr == *"bash, zsh or fish"* ]]
	run vm-track --help
	[[ $output != *--complete* ]]
}

@test "bash offers every option that --help shows" {
	for program in "$BUILD"/bin/vm-*; do
		name=${program##*/}
		run in_bash "$name" --
		for option in $(long_options "$program"); do
			grep -qx -- "$option" <<<"$output" || { echo "$name $option"; return 1; }
		done
	done
}

@test "fish offers every option that --help shows" {
	requires cmd fish
	for program in "$BUILD"/bin/vm-*; do
		name=${program##*/}
		run in_fish "$name --"
		for option in $(long_options "$program"); do
			grep -qx -- "$option" <<<"$output" || { echo "$name $option"; return 1; }
		done
	done
}

@test "bash completes values: views, words, kinds in a list, also after =" {
	[ "$(in_bash vm-render --view ti)" = timeline ]
	[ "$(in_bash vm-render --view = ti)" = timeline ]
	[ "$(in_bash vm-render --scale = | sort | paste -sd ' ')" = "linear log packed" ]
	[ "$(in_bash vm-render --kind heap,vds)" = heap,vdso ]
	[ "$(in_bash vm-render --kind heap,vvar,memf)" = heap,vvar,memfd ]
	[ "$(in_bash vm-sample --detail s)" = smaps ]
}

@test "bash completes files where a file is expected, and names with blanks as one" {
	[ "$(in_bash vm-render one)" = one.ndjson ]
	[ "$(in_bash vm-track tw)" = "two words.ndjson" ]
	[ "$(in_bash vm-track -o tw)" = "two words.ndjson" ]
	[ -z "$(in_bash vm-render --width 1)" ]
}

@test "bash completes the plugins that are found when Tab is pressed, and their options" {
	[ "$(in_bash vm-render -r sv)" = svg ]
	in_bash vm-render --s | grep -qx -- --svg
	[ "$(in_bash vm-sample --source procfs,pro)" = procfs,procfs ]
	in_bash vm-render -O the | grep -qx theme=
	[ ! -x "$BUILD/bin/vm-run" ] || [ "$(in_bash vm-run -r sv) $(in_bash vm-run -s procf)" = "svg procfs" ]
	mkdir render
	touch render/mine.so
	VMPIPE_PLUGINS=$PWD in_bash vm-render -r mi | grep -qx mine
}

@test "bash completes pids and names of processes, and never runs a name" {
	requires cmd ps
	in_bash vm-sample -p $$ | grep -qx $$
	cp "$WORKLOADS/still" '$(touch evil)'
	"./\$(touch evil)" 3>&- >/dev/null &
	started+=($!)
	run in_bash vm-sample -p ''
	[[ $output == *bash* ]]
	[ ! -e evil ]
	[[ $output != *evil\)* ]]
}

@test "bash completes a command after --" {
	in_bash vm-sample -i 1s -- fals | grep -qx false
	in_bash vm-sample -- cat tw | grep -qx "two words.ndjson"
}

@test "fish completes options, views, plugins, lists and files" {
	requires cmd fish
	[ "$(in_fish 'vm-render --view ti')" = timeline ]
	[ "$(in_fish 'vm-render --view=ti')" = --view=timeline ]
	[ "$(in_fish 'vm-render -r sv')" = svg ]
	in_fish 'vm-render --sv' | grep -qx -- --svg
	in_fish 'vm-render --kind heap,vds' | grep -qx heap,vdso
	in_fish 'vm-render --s' | grep -qx -- --sort
	in_fish 'vm-track on' | grep -qx one.ndjson
	[ "$(in_fish 'vm-sample --detail s')" = smaps ]
	in_fish 'vm-sample -- fals' | grep -qx false
}

@test "zsh completes options, views, plugins, lists and files" {
	requires cmd zsh
	[ "$(in_zsh 'vm-render --view ti')" = "vm-render --view timeline " ]
	[ "$(in_zsh 'vm-render --view=ti')" = "vm-render --view=timeline " ]
	[ "$(in_zsh 'vm-render --rend')" = "vm-render --renderer=" ]
	[ "$(in_zsh 'vm-render -r sv')" = "vm-render -r svg " ]
	[ "$(in_zsh 'vm-render --sv')" = "vm-render --svg " ]
	[[ $(in_zsh 'vm-render --kind heap,vds') == "vm-render --kind heap,vdso"* ]]
	[ "$(in_zsh 'vm-track on')" = "vm-track one.ndjson " ]
	[ "$(in_zsh 'vm-sample --detail s')" = "vm-sample --detail smaps " ]
	[ "$(in_zsh 'vm-sample -i 1s -- fals')" = "vm-sample -i 1s -- false " ]
}
