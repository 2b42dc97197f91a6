# Budgets: kept or broken, on standard error, in the stream, in the exit status and in reports for CI systems.
load helper
load stream

setup() {
	requires cmd jq
	cd "$BATS_TEST_TMPDIR"
}

# A process of ten seconds: a heap of 1 to 10 pages, half of it resident, and one rwx page in seconds 4 to 6.
life() {
	local i
	begin
	for i in {1..10}; do
		if [ $i -ge 4 ] && [ $i -le 6 ]; then
			snap $i "100 $(printf %x $((0x100 + i))) rw-p heap \"name\":\"[heap]\",\"rss\":$((i * 2048)),\"pss\":0,\"dirty\":0,\"swap\":0" '200 201 rwxp jit "rss":4096,"pss":0,"dirty":0,"swap":0'
		else
			snap $i "100 $(printf %x $((0x100 + i))) rw-p heap \"name\":\"[heap]\",\"rss\":$((i * 2048)),\"pss\":0,\"dirty\":0,\"swap\":0"
		fi
	done
	finish 11
}

budgets() { printf 'budgets:\n' >b.yaml; printf '  - { %s }\n' "$@" >>b.yaml; }

judged() { # Prints the verdicts of these budgets on that process.
	budgets "$@"
	life >in
	run --separate-stderr vm-track -f none --budget b.yaml --report r.tap in
}

@test "a kept budget prints nothing, and the status is 0" {
	judged "kind: heap, most: 40K" "measure: regions, most: 2" "growth: 900%" "kind: heap, measure: rss, growth: 2K/s" "kind: heap, at: end, most: 40960"
	echo "$stderr"
	[ "$status" = 0 ]
	[ -z "$stderr" ]
	[ "$(grep -c '^ok' r.tap)" = 5 ]
	run ! grep '"type":"finding"' <<<"$output"
}

@test "a broken budget is a finding at its time, a message, and status 1" {
	judged "name: the heap is small, kind: heap, most: 20K"
	[ "$status" = 1 ]
	[ "$stderr" = "vm-track: budget broken: the heap is small: demo (7): size reached 24 KiB, the budget is 20 KiB" ]
	[ "$(jq -c 'select(.type=="finding") | [.t, .pid, .rule, .severity, .budget, .measure, .value, .limit]' <<<"$output")" = '[6,7,"budget","error","the heap is small","size",24576,20480]' ]
	[ "$(jq -r .type <<<"$output" | tail -2 | head -1)" = stage ]
}

@test "permissions, counts, growth in bytes, in percent and per second, and the end value break too" {
	judged "perms: wx, measure: regions, most: 0" "perms: 'rwx?', most: 0" "kind: heap, growth: 35K" "kind: [heap, jit], growth: 899.9%" \
		"kind: heap, measure: rss, growth: 2047/s" "kind: heap, measure: rss, at: end, most: 20479" "region: '[[]heap]', most: 39K" "pid: 7, measure: rss, most: 1"
	echo "$stderr"
	[ "$status" = 1 ]
	[ "$(grep -c 'budget broken' <<<"$stderr")" = 8 ]
	[ "$(grep -c '^not ok' r.tap)" = 8 ]
	[[ $stderr == *"grew by 900 %, the budget is 899.9 %"* ]]
	[[ $stderr == *"grew by 2 KiB/s, the budget is 2.0 KiB/s"* ]]
}

@test "growth counts from the time given with after" {
	judged "kind: heap, growth: 16K, after: 6s" "kind: heap, growth: 100%, after: 5s"
	[ "$status" = 0 ]
	judged "kind: heap, growth: 15K, after: 6s"
	[ "$status" = 1 ]
}

@test "a budget may hold for all processes together" {
	{ begin; echo '{"type":"process","t":0,"pid":8,"why":"fork","ppid":7,"name":"child"}'
	snap 1 "10 20 rw-p anon"; who=8 snap 2 "10 20 rw-p anon"; finish 3; } >in
	budgets "most: 64K" "together: true, most: 127K"
	run vm-track -f none --budget b.yaml --report r.tap -o out in
	[ "$status" = 1 ]
	[ "$output" = "vm-track: budget broken: size is at most 127K: all processes together: size reached 128 KiB, the budget is 127 KiB" ]
	[ "$(head -2 r.tap | tail -1)" = 1..3 ]
}

@test "a budget that cannot be judged is no success" {
	judged "process: daemon, most: 1G" "measure: pss, after: 1h, most: 1G"
	[ "$status" = 1 ]
	[[ $stderr == *"budget not judged: size is at most 1G: no memory map of such a process was seen"* ]]
	[[ $stderr == *"no memory map of such a process was seen so late"* ]]
	{ begin; snap 1 "10 20 rw-p anon"; finish 3; } >in
	budgets "measure: pss, most: 1G"
	run vm-track --budget b.yaml -o out in
	[ "$status" = 1 ]
	[ "$output" = "vm-track: budget not judged: pss is at most 1G: pss of some of its regions is unknown" ]
	life | vm-track >tracked
	run vm-track --budget b.yaml -o out tracked
	[ "$status" = 1 ]
	[[ $output == *"it is tracked already"* ]]
}

@test "a budget selects a process by name, executable or pid, and judges each life separately" {
	{ begin; snap 1 "10 20 rw-p anon"
	echo '{"type":"process","t":1,"pid":7,"why":"exec","name":"worker","exe":"/opt/bin/worker-of-a-long-name"}'
	snap 2 "10 90 rw-p anon"; finish 3; } >in
	budgets "process: demo, most: 64K" "process: 'worker-of-*', most: 512K" "process: w?rker, most: 511K"
	run vm-track -f none --budget b.yaml -o out in
	[ "$status" = 1 ]
	[ "$output" = "vm-track: budget broken: size is at most 511K: worker (7): size reached 512 KiB, the budget is 511 KiB" ]
}

@test "the JUnit report is well-formed, and its counts are right, for any process name" {
	requires cmd xmllint
	{ begin | sed 's/"name":"demo"/"name":"\\u001b[31m<a\&\\"]]>\\n\\ufffe"/'; snap 1 "10 20 rw-p anon"; finish 3; } >in
	budgets 'name: "<b> & \"c\" # \\", most: 1' "most: 1G" "process: nobody, most: 1"
	run vm-track -f none --budget b.yaml --report r.xml -o out in
	[ "$status" = 1 ]
	[[ $output != *$'\e'* ]]
	xmllint --noout r.xml
	[ "$(xmllint --xpath 'string(/testsuites/@tests)' r.xml)" = 3 ]
	[ "$(xmllint --xpath 'count(//testcase)' r.xml)" = 3 ]
	[ "$(xmllint --xpath 'count(//failure)' r.xml)" = 1 ]
	[ "$(xmllint --xpath 'string(//testsuite/@failures)' r.xml)" = 1 ]
	[ "$(xmllint --xpath 'string(//testsuite/@errors)' r.xml)" = 1 ]
	[ "$(xmllint --xpath 'string(//testcase[1]/@name)' r.xml)" = '<b> & "c" # \' ]
	[[ "$(xmllint --xpath 'string(//testcase[1]/@classname)' r.xml)" == *'[31m<a&"]]>'* ]]
	[[ "$(xmllint --xpath 'string(//failure/@message)' r.xml)" == *'(7): size reached'* ]]
}

@test "a case has the same name in every run: budget and process, never the pid" {
	for pids in "7 8 9" "70 81 92"; do
		set -- $pids
		{ begin; for pid; do printf '{"type":"process","t":0,"pid":%d,"why":"first","name":"worker"}\n' "$pid"; done
			for pid; do who=$pid snap 1 "10 20 rw-p anon"; done; finish 3; } | grep -v '"name":"demo"' >in
		budgets "name: small, process: worker, most: 1G"
		for report in r.xml r.tap; do vm-track -f none --budget b.yaml --report $report -o out in && cat $report; done >"said.$1"
	done
	grep -q 'classname="worker #3" name="small"' said.7
	grep -q '^ok 2 - small: worker #2$' <(sed 's/\\#/#/' said.7)
	diff said.7 said.70
}

@test "the TAP report keeps its plan, and a # in a name begins no directive" {
	{ begin | sed 's/"name":"demo"/"name":"a # TODO\\nok 9"/'; snap 1 "10 20 rw-p anon"; finish 3; } >in
	budgets "most: 1"
	run vm-track -f none --budget b.yaml --report r --report-format tap -o out in
	[ "$status" = 1 ]
	[ "$(cat r)" = 'TAP version 13
1..1
not ok 1 - size is at most 1: a \# TODO?ok 9
# a \# TODO?ok 9 (7): size reached 64 KiB, the budget is 1 B' ]
}

@test "an error in the file is reported with its place and the nearest word, and the status is 2" {
	wrong() { # YAML, what it says
		printf "$1" >b.yaml
		run vm-track --budget b.yaml </dev/null
		echo "$output"
		[ "$status" = 2 ]
		[ "$output" = "vm-track: b.yaml$2" ]
	}
	wrong 'budgets:\n  - { kind: heap, mots: 1 }\n' ':2:19: a budget has no option "mots"; did you mean "most"?'
	wrong 'budget:\n  - { most: 1 }\n' ':1:1: no section "budget"; did you mean "budgets"?'
	wrong 'budgets:\n  - { kind: hepa, most: 1 }\n' ':2:13: no kind "hepa"; did you mean "heap"?'
	wrong 'budgets:\n  - { kind: heap }\n' ':2:5: a budget has either most or growth'
	wrong 'budgets:\n  - { most: 1, growth: 1 }\n' ':2:5: a budget has either most or growth'
	wrong 'budgets:\n  - { most: 1, perms: rwxz }\n' ':2:23: perms are letters of r w x s p that must be there, or four characters of r w x s p - and ?'
	wrong 'budgets:\n  - { measure: regions, most: 1K }\n' ':2:31: a count of regions must be a whole number'
	wrong 'budgets:\n  - { growth: 5x%% }\n' ':2:15: a share is a number and %'
	wrong 'budgets:\n  - { together: true, growth: 5%% }\n' ':2:17: only a peak can be of all together'
	wrong 'budgets: 5\n' ':1:10: budgets must be a list'
	run -2 vm-track --report x.xml </dev/null
	run -2 vm-track --budget nowhere.yaml </dev/null
	printf 'budgets: [ { most: 1 } ]\n' >b.yaml
	run -2 vm-track --budget b.yaml --report x.txt </dev/null
	[[ $output == *"neither .xml nor .tap"* ]]
	for none in '{}\n' '' 'budgets: []\n'; do wrong "$none" ': there are no budgets in it'; done
}

@test "a report that cannot be written is an error" {
	life >in
	budgets "most: 1G"
	run vm-track --budget b.yaml --report /dev/full --report-format tap -o out in
	[ "$status" = 1 ]
	[[ $output == *"/dev/full"* ]]
}

@test "the schema of budgets has exactly the keys of the program" {
	jq -r '.properties.budgets.items.properties | keys[]' "$ROOT/schemas/budget.schema.json" | sort >told
	sed -n '/vp_option rows/,/^};/s/.*\.name = "\([a-z]*\)".*/\1/p' "$ROOT/lib/judge/budget_yaml.c" | sort >has
	diff has told
}

@test "a budget holds for a command from its start, also with the shell script" {
	requires program vm-sample
	printf 'budgets:\n  - { process: sick, kind: heap, most: 100M }\n  - { perms: wx, measure: regions, most: 0 }\n' >b.yaml
	run bash "$ROOT/contrib/ci/memory-budget.sh" b.yaml r.xml sleep 0.3
	echo "$output"
	[ "$status" = 1 ] # there was no `sick`
	sed -i 's/process: sick/process: sleep/' b.yaml
	run bash "$ROOT/contrib/ci/memory-budget.sh" b.yaml r.xml sleep 0.3
	echo "$output"
	[ "$status" = 0 ]
	grep -q '<testsuites tests="2" failures="0" errors="0">' r.xml
	run bash "$ROOT/contrib/ci/memory-budget.sh" b.yaml r.xml sh -c 'sleep 0.3; exit 3'
	[ "$status" = 3 ]
	run bash "$ROOT/contrib/ci/memory-budget.sh" b.yaml
	[ "$status" = 2 ]
}

@test "the shell script reports an error in the budget or an unwritable report before it runs the command" {
	printf 'budgets:\n  - { kind: heep, most: 1M }\n' >slip.yaml
	printf 'budgets:\n  - { kind: heap, most: 1M }\n' >good.yaml
	recipe() { run bash "$ROOT/contrib/ci/memory-budget.sh" "$@" touch ran; echo "$output"; [ "$status" = 2 ] && [ ! -e ran ]; }
	recipe slip.yaml r.xml
	[[ $output == *'no kind "heep"'* ]]
	recipe none.yaml r.xml
	[[ $output == *'none.yaml: No such file'* ]]
	recipe good.yaml none/r.xml
	[[ $output == *'none/r.xml'* ]]
	recipe good.yaml r
	[[ $output == *'neither .xml nor .tap'* ]]
}

@test "numbers of regions are exact, and growth from nothing is named so" {
	process='{"type":"process","t":0,"pid":7,"why":"first","name":"demo"}'
	{
		echo '{"type":"stream","t":0,"version":1,"program":"test","sources":[]}'; echo "$process"; echo '{"type":"snapshot","t":0.5,"pid":7,"seq":0,"regions":12345}'
		awk 'BEGIN { for (i = 1; i <= 12345; i++) printf "{\"type\":\"region\",\"t\":0.5,\"pid\":7,\"start\":\"0x%016x\",\"end\":\"0x%016x\",\"size\":4096,\"perms\":\"rw-p\",\"kind\":\"anon\"}\n", i * 8192, i * 8192 + 4096 }'
		finish 1
	} >many
	echo 'budgets: [{ name: few, measure: regions, most: 12343 }]' >b.yaml
	run -1 --separate-stderr vm-track -f none -b b.yaml -o /dev/null many
	[ "$stderr" = "vm-track: budget broken: few: demo (7): regions reached 12345, the budget is 12343" ]
	echo 'budgets: [{ name: none, kind: heap, growth: 5% }]' >b.yaml
	region() { echo '{"type":"region","t":'"$1"',"pid":7,"seq":'$(($1 - 1))',"start":"0x000000000000'"$1"'000","end":"0x000000000000'$(($1 + 2))'000","size":8192,"perms":"rw-p","kind":"'"$2"'"}'; }
	{
		echo '{"type":"stream","t":0,"version":1,"program":"test","sources":[]}'; echo "$process"
		echo '{"type":"snapshot","t":1,"pid":7,"seq":0,"regions":1}'; region 1 anon
		echo '{"type":"snapshot","t":2,"pid":7,"seq":1,"regions":1}'; region 2 heap
		finish 3
	} >grown
	run -1 --separate-stderr vm-track -f none -b b.yaml -o /dev/null grown
	[ "$stderr" = "vm-track: budget broken: none: demo (7): size grew by all of it, from 0, the budget is 5 %" ]
}

@test "a process whose memory map was never seen is not judged, and the budget fails" {
	printf 'budgets:\n  - { name: heap, kind: heap, measure: size, most: 1M }\n' >b.yaml
	{
		echo '{"type":"stream","t":0,"version":1,"program":"vm-sample 0.1.0","sources":["procfs"]}'
		echo '{"type":"process","t":0,"pid":7,"why":"first","name":"demo"}'
		echo '{"type":"sample","t":0,"pid":7,"seq":0}'
		echo '{"type":"raw","t":0,"pid":7,"seq":0,"source":"procfs","format":"linux-maps","part":0,"last":true,"text":"1000-2000 rw-p 00000000 00:00 0 [heap]\n"}'
		echo '{"type":"sample","t":1,"pid":7,"seq":1,"same":true}'
		echo '{"type":"end","t":1,"reason":"count"}'
	} >raw
	run --separate-stderr vm-track --budget b.yaml --report r.tap -o out raw
	[ "$status" = 1 ]
	[[ $stderr == *"budget not judged: heap: no memory map of such a process was seen"* ]]
	grep -q '^not ok' r.tap
	vm-parse raw | vm-track --budget b.yaml >out
}
