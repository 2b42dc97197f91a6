# vm-run: the whole pipeline as one command, from flags or YAML; a failing program is named, and the others end in order.
load helper

setup() {
	requires program vm-run vm-sample vm-parse vm-track vm-render
	cd "$BATS_TEST_TMPDIR"
	file=$BATS_TEST_TMPDIR/x.yaml
}

# Runs vm-run in the background, with its output in files. Sets pid.
run_behind() {
	background vm-run "$@" >out 2>err
	runner=$pid
}

child() { # PROGRAM: its pid below vm-run
	pgrep -P "$runner" -x "$1"
}

refused() { # YAML, text of the message; checks that nothing is started
	printf "$1" >"$file"
	run --separate-stderr timeout 100 vm-run "$file" -- touch started
	echo "$stderr"
	[ "$status" = 2 ]
	[ -z "$output" ]
	[[ $stderr == *"$2"* ]]
	[ ! -e started ]
}

@test "a command is drawn to its end, with a summary after the picture, and its status is vm-run's" {
	run --separate-stderr vm-run -i 10ms -- sh -c "'$WORKLOADS'/lifecycle 5; exit 7"
	echo "$stderr"
	[ "$status" = 7 ]
	[[ ${lines[0]} == *sh* ]]
	[[ $output == *"address space over time"*"regions  came"* ]]
	[[ $output != *$'\e'* ]]
}

@test "a recording holds the lines of the renderers, packed by its name, raw, parsed or tracked" {
	requires program vm-check
	run --separate-stderr vm-run -i 10ms --record run.ndjson.zst -- "$WORKLOADS/lifecycle" 5
	[ "$status" = 0 ]
	[ "$(head -c 4 run.ndjson.zst | od -An -tx1 | tr -d ' ')" = 28b52ffd ]
	vm-check run.ndjson.zst
	vm-run -i 10ms --record raw.ndjson --recorded raw --renderer none -- "$WORKLOADS/lifecycle" 5
	[ "$(jq -r 'select(.type=="raw" or .type=="region").type' raw.ndjson | sort -u)" = raw ]
	vm-run -i 10ms --record parsed-%p.ndjson --recorded parsed --renderer none -- "$WORKLOADS/lifecycle" 5
	parsed=$(echo parsed-*.ndjson)
	[ "$parsed" = "parsed-$(jq -r 'select(.type=="process").pid' "$parsed" | head -1).ndjson" ]
	[ "$(jq -c 'select(.id or .type=="raw")' "$parsed" | wc -l)" = 0 ]
	tail -1 "$parsed" | jq -e '.type=="end" and .status==0'
}

@test "one recording and several renderers at once, as leak-watch.yaml describes them" {
	cp "$ROOT/contrib/examples/leak-watch.yaml" .
	run --separate-stderr vm-run leak-watch.yaml -i 10ms -- "$WORKLOADS/lifecycle" 5
	echo "$stderr"
	[ "$status" = 0 ]
	[[ $output == *"changes: "* ]]
	grep -q '</svg>' leak-watch.timeline.svg
	grep -q '</svg>' leak-watch.area.svg
	vm-render --table=kinds leak-watch.ndjson.zst
	run valid_stream < <(zstd -dcq leak-watch.ndjson.zst 2>/dev/null || vm-replay --speed max leak-watch.ndjson.zst)
	echo "$output"
	[ "$status" = 0 ]
}

@test "pictures for stdout follow each other, in their order" {
	printf 'vm-run:\n  render:\n    - { view: table, preset: kinds }\n    - { renderer: svg, view: area }\n    - { view: summary }\n' >"$file"
	run --separate-stderr vm-run "$file" -i 10ms -- "$WORKLOADS/lifecycle" 5
	echo "$stderr"
	[ "$status" = 0 ]
	[[ $output == *"kind"*"total"*"<svg"*"</svg>"*"changes: "* ]]
}

@test "a recording replaces a process" {
	vm-run -i 10ms --record run.ndjson --recorded raw --renderer none -- "$WORKLOADS/lifecycle" 5
	run --separate-stderr vm-run --input run.ndjson --speed max --view table --summary=false
	echo "$stderr"
	[ "$status" = 0 ]
	[[ $output == *lifecycle* ]]
	run --separate-stderr vm-run --input run.ndjson -p 1
	[ "$status" = 2 ]
}

@test "any command can be a stage between the others" {
	requires cmd jq
	printf 'vm-run:\n  command: [%s, 5]\n  stages: [vm-sample, vm-parse, [jq, -c, "select(.kind != \\"text\\")"], vm-track]\n  record: run.ndjson\n  render: []\n' "$WORKLOADS/lifecycle" >"$file"
	printf 'vm-sample: { interval: 10ms }\n' >>"$file"
	run --separate-stderr vm-run "$file"
	echo "$stderr"
	grep -q '"kind":"stack"' run.ndjson
	run ! grep -q '"kind":"text"' run.ndjson
}

@test "--dump-config prints YAML that runs the same pipeline" {
	sections() { grep -v '^#'; }
	vm-run -i 20ms -n 3 -p 1,2 -f --detail maps --view area --svg --width 900 -O theme=dark -o 'a b.svg' --record run.ndjson --dump-config >one.yaml
	vm-run one.yaml --dump-config >two.yaml
	diff <(sections <one.yaml) <(sections <two.yaml)
	vm-run -q -i 10ms --record run.ndjson --dump-config -- "$WORKLOADS/lifecycle" 5 "it's" >one.yaml
	vm-run one.yaml --dump-config >two.yaml
	diff <(sections <one.yaml) <(sections <two.yaml)
	vm-run "$ROOT/contrib/examples/leak-watch.yaml" -i 50ms -p 1 --dump-config >one.yaml
	vm-run one.yaml --dump-config >two.yaml
	diff <(sections <one.yaml) <(sections <two.yaml)
	grep -q 'interval: 50ms' two.yaml
	vm-run -i 10ms --view table --record run.ndjson --dump-config -- "$WORKLOADS/lifecycle" 5 >one.yaml
	run --separate-stderr vm-run one.yaml
	[ "$status" = 0 ]
	[[ $output == *lifecycle*"changes: "* ]]
	vm-check run.ndjson
}

@test "the YAML of --dump-config is valid by the schema, and so is the example" {
	requires cmd /usr/bin/python3
	vm-run "$ROOT/contrib/examples/leak-watch.yaml" -i 50ms -q --svg -o x.svg -O theme=dark --dump-config -- a 'b c' >one.yaml
	for yaml in one.yaml "$ROOT/contrib/examples/leak-watch.yaml"; do
		/usr/bin/python3 -I - "$ROOT/schemas/config.schema.json" "$yaml" <<-'PY' || { [ $? = 77 ] && skip "needs python3-yaml and python3-jsonschema"; return 1; }
			import json, sys
			try:
			    import yaml, jsonschema
			except ImportError:
			    sys.exit(77)
			jsonschema.Draft202012Validator(json.load(open(sys.argv[1]))).validate(yaml.safe_load(open(sys.argv[2])))
		PY
	done
}

@test "the flags of vm-run are those of the programs that get them" {
	left() { "$1" --help | sed -n 's/^  \(-., \|    \)--\([a-z-]*\)\( [^ ]*\)\{0,1\}.*/\1\2\3/p' | sort; }
	left vm-run | grep -vE -- '(config|output|option|quiet|verbose|list|help|version|record|recorded|summary|dump-config|input)( |$)' >ours
	{ left vm-sample; left vm-render | grep -v pid; left vm-replay | sed 's/^-s, /    /'; } | sort >theirs
	sort -u ours | while read -r row; do grep -qF -- "$row" theirs || { echo "no program has: $row"; exit 1; }; done
}

@test "wrong YAML is refused with its position, and nothing is started" {
	refused 'vm-run:\n  stages: [vm-sample, vm-prase]\n' "$file:2:23: no stage \"vm-prase\"; did you mean \"vm-parse\"?"
	refused 'vm-run:\n  rendre: []\n' "$file:2:3: "
	[[ $stderr == *'did you mean "render"?'* ]]
	refused 'vm-rnu: {}\n' "$file:1:1: "
	refused 'vm-run:\n  render: ascii\n' "$file:2:11: render must be a list"
	refused 'vm-run:\n  render: [ascii]\n' "$file:2:12: a renderer must be a mapping"
	refused 'vm-run:\n  render:\n    - { view: area }\n    - { veiw: area }\n' "$file:4:9: "
	[[ $stderr == *'"view"'* ]]
	refused 'vm-run:\n  stages: []\n' "$file:2:11: stages must be a list"
	refused 'vm-run:\n  stages: [vm-sample, [nosuchprogram, x]]\n' "$file:2:24: no program nosuchprogram"
	refused 'vm-run: { command: ls }\nvm-track: { keyframe: soon }\n' 'keyframe": "soon" is not a time'
	refused 'vm-run:\n  recorded: half\n' "$file:2:13: "
	refused 'vm-run:\n  render: []\n' 'no output: neither a renderer nor a recording'
	refused 'vm-run:\n  render: [\n' "$file:3:1: "
}

@test "a missing plugin is reported before anything is started" {
	refused 'vm-run:\n  render:\n    - { renderer: nosuch }\n' 'nosuch'
	[[ $stderr == *"vm-render 1 (nosuch, timeline) rejected its options; nothing started"* ]]
	refused 'vm-sample: { source: nosuch }\n' 'nosuch'
	run --separate-stderr vm-run --nosuch -p 1
	[ "$status" = 2 ]
}

@test "a wrong option of a plugin in the list is refused with its position" {
	refused 'vm-run:\n  render:\n    - { renderer: svg, svg: { thmee: dark } }\n' "$file:3:31: "
	refused 'vm-run:\n  render:\n    - { renderer: svg, option: [theme=pink] }\n' "$file:3:33: "
}

@test "wrong usage is refused" {
	run --separate-stderr vm-run
	[ "$status" = 2 ]
	[[ $stderr == *"nothing to sample"* ]]
	[[ $stderr == *"nothing started"* ]]
	[ -z "$output" ]
	run --separate-stderr vm-run -p 1 -- ls
	[ "$status" = 2 ]
	run --separate-stderr vm-run ls -l
	[ "$status" = 2 ]
	run --separate-stderr vm-run /nowhere/x.yaml
	[ "$status" = 2 ]
	[[ $stderr == *"/nowhere/x.yaml: No such file"* ]]
	run --separate-stderr vm-run --input x.ndjson -i 1s
	[ "$status" = 2 ]
	[[ $stderr == *"--interval is for vm-sample"* ]]
}

@test "a missing program is named" {
	mkdir only
	cp "$BUILD/bin/vm-run" only/
	run --separate-stderr env PATH=/nowhere only/vm-run -- ls
	[ "$status" = 2 ]
	[ "$stderr" = "vm-run: no program vm-sample, neither beside vm-run nor on PATH" ]
}

@test "a missing command ends vm-run as it would end a shell" {
	run -127 --separate-stderr vm-run -- /nowhere/prog
	[[ $stderr == *"/nowhere/prog: No such file"* ]]
}

# A process that is sampled until vm-run is asked to end.
watch_process() {
	workload still "$BATS_TEST_TMPDIR"
	target=$pid
	run_behind -i 10ms --record run.ndjson -p "$target" "$@"
	until_true grep -qs '"type":"region"' run.ndjson
}

@test "a killed stage is named with its signal, the rest ends, and the samples are drawn" {
	watch_process
	kill -9 "$(child vm-track)"
	wait "$runner" && status=0 || status=$?
	cat err
	[ "$status" = 137 ]
	grep -q '^vm-run: vm-track was killed by signal 9 (Killed) (vm-sample, vm-parse, vm-render 1 (ascii, timeline) and vm-render 2 (ascii, summary) ended after it)$' err
	grep -q "address space over time" out
	grep -q '"type":"region"' run.ndjson
	kill -0 "$target"
}

@test "the same holds for the first stage and the last" {
	watch_process
	kill -9 "$(child vm-sample)"
	wait "$runner" && status=0 || status=$?
	[ "$status" = 137 ]
	grep -q '^vm-run: vm-sample was killed by signal 9' err
}

@test "a renderer that dies stops neither the others nor the recording" {
	watch_process --svg -o x.svg
	kill -9 "$(pgrep -P "$runner" -f renderer=svg)"
	lines=$(wc -l <run.ndjson)
	until_true eval "[ \"\$(wc -l <run.ndjson)\" -gt $((lines + 10)) ]"
	kill -INT "$runner"
	wait "$runner" && status=0 || status=$?
	cat err
	[ "$status" = 137 ]
	grep -q '^vm-run: vm-render 1 (svg, timeline) was killed by signal 9' err
	grep -q "^kind  *regions  *came  *went" out
	tail -1 run.ndjson | jq -e '.type=="end" and .reason=="signal"'
}

@test "a renderer that fails is named with its status, and the others draw" {
	printf 'vm-run:\n  render:\n    - { renderer: svg, output: /dev/full }\n    - { view: table }\n' >"$file"
	run --separate-stderr vm-run "$file" -i 10ms --record run.ndjson -- "$WORKLOADS/lifecycle" 5
	echo "$stderr"
	[ "$status" = 1 ]
	[[ $stderr == *"cannot write /dev/full: No space left on device"* ]]
	[[ $stderr == *"vm-run: vm-render 1 (svg, timeline) failed with status 1"* ]]
	[[ $output == *lifecycle* ]]
	vm-check run.ndjson
}

@test "a recording that cannot be written is reported, and the pictures are drawn" {
	run --separate-stderr vm-run -i 10ms --record /dev/full -- "$WORKLOADS/lifecycle" 5
	echo "$stderr"
	[ "$status" = 125 ]
	[[ $stderr == *"vm-run: the recording has failed: cannot write /dev/full: No space left on device"* ]]
	[[ $output == *"address space over time"*"changes: "* ]]
	run --separate-stderr vm-run --record /nowhere/x -- touch started
	[ "$status" = 1 ]
	[[ $stderr == *"cannot write /nowhere/x: No such file"* ]]
	[ ! -e started ]
}

@test "a full stdout is an error, a closed one ends it quietly" {
	run --separate-stderr bash -c "vm-run -i 10ms -- '$WORKLOADS'/lifecycle 5 >/dev/full"
	[ "$status" = 1 ]
	[[ $stderr == *"No space left on device"* ]]
	run --separate-stderr bash -c "set -o pipefail; vm-run -i 10ms -- '$WORKLOADS'/lifecycle 5 | head -1"
	echo "$stderr"
	[ "$status" = 0 ]
	[ -z "$stderr" ]
}

@test "the first Ctrl-C stops the source, and everything is drawn; sent to one or to all" {
	watch_process
	kill -INT "$runner"
	wait "$runner" && status=0 || status=$?
	cat err
	[ "$status" = 0 ]
	[ ! -s err ]
	grep -q "^kind  *regions  *came  *went" out
	tail -1 run.ndjson | jq -e '.type=="end" and .reason=="signal"'
	vm-check run.ndjson
	kill -0 "$target"
	rm run.ndjson
	set -m
	run_behind -i 10ms --record run.ndjson -p "$target"
	set +m
	until_true grep -qs '"type":"sample"' run.ndjson
	kill -INT -- "-$runner"
	wait "$runner" && status=0 || status=$?
	cat err
	[ "$status" = 0 ]
	vm-check run.ndjson
}

@test "a second Ctrl-C kills all that has not ended" {
	requires cmd jq
	printf 'vm-run:\n  stages: [vm-sample, [sh, -c, "cat; exec sleep 1000"]]\n  render: [{ view: table }]\n' >"$file"
	workload still "$BATS_TEST_TMPDIR"
	run_behind "$file" -i 10ms -p "$pid" --record run.ndjson --recorded raw
	until_true grep -qs '"type":"sample"' run.ndjson
	kill -INT "$runner"
	until_true child sleep
	kill -INT "$runner"
	wait "$runner" && status=0 || status=$?
	cat err
	[ "$status" = 130 ]
	grep -q "interrupted twice: output is incomplete" err
}

@test "a missing process is reported before anything is started, and no picture is drawn" {
	run -1 --separate-stderr vm-run -p 2147483646
	[ -z "$output" ]
	[[ "$stderr" == *"there is no process 2147483646"*"nothing started"* ]]
	run -1 --separate-stderr vm-run -p no-such-program-anywhere --svg -o "$BATS_TEST_TMPDIR/none.svg"
	[ ! -e "$BATS_TEST_TMPDIR/none.svg" ]
}

@test "two outputs to one file are refused, with both names" {
	cd "$BATS_TEST_TMPDIR"
	printf 'vm-run:\n  render:\n    - { renderer: svg, output: same.svg }\n    - { renderer: ascii, output: ./same.svg }\n' >twice.yaml
	run -2 --separate-stderr vm-run twice.yaml -- true
	[[ "$stderr" == *"vm-render 1 (svg, timeline) and vm-render 2 (ascii, timeline) both write ./same.svg"* ]]
	run -2 --separate-stderr vm-run --record run.ndjson --svg -o ./run.ndjson -- true
	[[ "$stderr" == *"vm-render 1 (svg, timeline) and the recording both write ./run.ndjson"* ]]
	[ ! -e same.svg ]
	[ ! -e run.ndjson ]
}

@test "an unusable plugin, named as an option, is reported as unusable" {
	mkdir -p "$BATS_TEST_TMPDIR/plugins/source"
	echo junk >"$BATS_TEST_TMPDIR/plugins/source/broken.so"
	for program in vm-run vm-sample; do
		VMPIPE_PLUGINS=$BATS_TEST_TMPDIR/plugins run -2 --separate-stderr $program --broken -p 1
		[[ "$stderr" == "$program: --broken: the plugin of that name cannot be used: "*broken.so* ]]
	done
}

@test "options of a tracing source are handed to vm-sample" {
	run --separate-stderr vm-run --ebpf --stacks -e mmap,munmap --detail pages --dump-config -- true
	[ "$status" = 0 ]
	for line in 'source: .*ebpf' 'stacks: true' 'calls: .*mmap.*munmap' 'detail: pages'; do grep -qE "$line" <<<"$output"; done
	[ -e "$BUILD/lib/vmpipe/source/ebpf.so" ] || skip "the source ebpf is not built"
	requires bpf
	run --separate-stderr vm-run --ebpf --stacks -e mmap --record "$BATS_TEST_TMPDIR/run.ndjson" -r none --summary=false -- true
	[ "$status" = 0 ]
	jq -se 'any(.[]; .call=="mmap" and .stack) and any(.[]; .type=="stack") and all(.[]; .call != "brk")' "$BATS_TEST_TMPDIR/run.ndjson"
}
