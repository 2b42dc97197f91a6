#!/usr/bin/env bats
# vm-sample -f: children are found as they appear, reported with all that is known, and followed until the last one has gone.
load helper

setup() {
	cd "$BATS_TEST_TMPDIR"
}

follow() { # options ...: runs vm-sample in the background, into out
	vm-sample -f -i 5ms --detail maps "$@" >out 2>err 3>&- &
	sampler=$!
	started+=("$sampler")
}

has() { # jq condition: holds for the whole lines written so far
	jq -e -n "first(inputs | select($1))" out >/dev/null 2>&1
}

ends() {
	kill -INT "$sampler"
	wait "$sampler"
}

lives() {
	jq -c "select(.type==\"process\" and .pid==$1) | [.why, .ppid]" out | tr '\n' ' '
}

@test "a child and its own child are reported as forks of their parents, and sampled" {
	step_start
	follow -p "$pid"
	until_true has '.type=="sample"'
	step fork
	child=$answer
	until_true has ".type==\"raw\" and .pid==$child"
	ends
	[ "$(lives "$child")" = "[\"fork\",$pid] " ]
	mkfifo go
	follow -- bash -c '(: ; (read x <go); :); :'
	until_true [ "$(jq -r 'select(.type=="process" and .why=="fork").pid' out 2>/dev/null | wc -l)" -ge 0 ]
	until_true bash -c "[ \"\$(jq -r 'select(.type==\"process\" and .why==\"fork\").pid' out | wc -l)\" -ge 2 ]"
	echo >go
	wait "$sampler"
	jq -s -e '[.[] | select(.type=="process")] | .[0].pid == .[1].ppid and .[1].pid == .[2].ppid' out
}

@test "vm-track makes an act of a fork: every region of the child is from its parent's; vm-check agrees" {
	step_start
	step mmap 64 rw
	step touch "$answer" 64
	follow -p "$pid"
	until_true has '.type=="sample" and .same'
	step fork
	child=$answer
	until_true has ".type==\"raw\" and .pid==$child"
	kill -KILL "$child"
	until_true has ".type==\"event\" and .pid==$child and .call==\"exit\""
	ends
	vm-parse out | vm-track >tracked
	forks=$(jq -c "select(.event==\"FORK\" and .pid==$child)" tracked)
	[ "$(wc -l <<<"$forks")" -eq "$(jq "select(.type==\"snapshot\" and .pid==$child).regions" tracked | head -1)" ]
	[ "$(jq -s '[.[].act] | unique | length' <<<"$forks")" = 1 ]
	[ "$(jq -s 'all(.[]; .from | length == 1)' <<<"$forks")" = true ]
	jq -s -e "[.[] | select(.event==\"EXIT\" and .pid==$child)] | length > 0" tracked
	run --separate-stderr vm-check tracked
	[ "$status" -eq 0 ]
	valid_stream <tracked
}

@test "a child that executed another program before its first sample is reported as fork, then exec, and is no copy" {
	follow -i 50ms -- bash -c 'sleep 60 & echo $! >child; wait'
	until_true test -s child
	child=$(cat child)
	until_true has ".type==\"process\" and .pid==$child and .why==\"exec\" and .name==\"sleep\""
	until_true has ".type==\"raw\" and .pid==$child and (.text | contains(\"/sleep\"))"
	kill "$child"
	wait "$sampler" || no_crash $?
	[[ "$(lives "$child")" == '["fork",'* ]]
	vm-parse out | vm-track >tracked
	run --separate-stderr vm-check tracked
	[ "$status" -eq 0 ]
	run ! jq -e "select(.event==\"FORK\" and .pid==$child and (.name // \"\" | endswith(\"/sleep\")))" tracked
}

@test "children that existed before are first, not forked in this stream" {
	step_start
	step fork
	child=$answer
	follow -p "$pid" -n 2
	wait "$sampler"
	[ "$(lives "$child")" = "[\"first\",$pid] " ]
	[ "$(jq -c "select(.type==\"sample\" and .pid==$child).seq" out | tr '\n' ' ')" = "0 1 " ]
}

@test "without the kernel's children files, children are found by their parent's pid" {
	step_start
	follow -p "$pid" -O children=stat
	until_true has '.type=="sample"'
	step fork
	until_true has ".type==\"raw\" and .pid==$answer"
	ends
	[ "$(lives "$answer")" = "[\"fork\",$pid] " ]
}

@test "an orphan stays followed, and the stream ends with the last process; the status is the command's" {
	mkfifo go up
	follow -- bash -c '(echo >up; read x <go; exit 9) & read x <up; exec 3<>up; until grep -q "\"why\":\"fork\"" out; do :; done; exit 4'
	until_true has '.type=="event" and .call=="exit"'
	orphan=$(jq -r 'select(.type=="process" and .why=="fork").pid' out | head -1)
	[ -d "/proc/$orphan" ]
	seen=$(grep -c "\"type\":\"sample\".*\"pid\":$orphan," out)
	until_true bash -c "[ \$(grep -c '\"type\":\"sample\".*\"pid\":$orphan,' out) -gt $((seen + 2)) ]"
	echo >go
	run wait "$sampler"
	wait "$sampler" || [ $? -eq 4 ]
	[ "$(jq -c 'select(.type=="event").pid' out | tail -1)" = "$orphan" ]
	[ "$(tail -1 out | jq -c '[.reason, .status]')" = '["exit",4]' ]
}

@test "the end of a child is reported while others continue" {
	step_start
	follow -p "$pid"
	until_true has '.type=="sample"'
	step fork
	one=$answer
	step fork
	two=$answer
	until_true has ".type==\"raw\" and .pid==$two"
	kill -KILL "$one"
	until_true has ".type==\"event\" and .pid==$one and .call==\"exit\""
	seen=$(wc -l <out)
	until_true bash -c "tail -n +$((seen + 1)) out | grep -q '\"type\":\"sample\".*\"pid\":$two,'"
	ends
}

@test "without -f children are ignored" {
	run --separate-stderr vm-sample -i 5ms -- bash -c 'sleep 0.1; sleep 0.1; :'
	[ "$(jq -r 'select(.type=="process").why' <<<"$output")" = first ]
}

@test "hundreds of children: all are sampled, and late samples are reported" {
	follow -i 20ms -- bash -c 'for i in {1..300}; do sleep 60 & done; wait'
	until_true bash -c "[ \"\$(jq -r 'select(.type==\"raw\").pid' out 2>/dev/null | sort -u | wc -l)\" -ge 301 ]"
	kill $(jq -r 'select(.type=="process" and .why=="exec" and .name=="sleep").pid' out) || true
	wait "$sampler"
	[ "$(jq -r 'select(.type=="event" and .call=="exit").pid' out | sort -u | wc -l)" -eq 301 ]
	[ "$(tail -1 out | jq -r .reason)" = exit ]
	[ "$(jq -r 'select(.type=="lost").what' out | sort -u | tr '\n' ' ')" = "samples " ] || ! grep -q '"type":"lost"' out
}

@test "if descriptors run out, each process that cannot be sampled is reported once, and the others continue" {
	mkfifo go
	(
		ulimit -n 40
		exec vm-sample -f -i 20ms --detail maps -- bash -c 'exec 9<>go; for i in {1..60}; do read x <&9 & done; wait' >out 2>err 3>&-
	) &
	sampler=$!
	exec 8<>go
	seen() { jq -r 'select(.type=="raw").pid' out | sort -u | wc -l; }
	unseen() { jq -s '[.[] | select(.type=="lost" and .what=="processes").count] | add // 0' out; }
	all() { [ $(($(seen) + $(unseen))) = 61 ]; }
	until_true all
	for i in {1..60}; do echo >&8; done
	status=0 # a recording that lacks processes
	wait "$sampler" || status=$?
	[ "$status" = 125 ]
	[ "$(grep -c "ulimit -n" err)" -eq 1 ]
	[ "$(seen)" -gt 1 ]
	[ "$(seen)" -lt 40 ]
	all
}

@test "the output of vm-sample -f is valid" {
	run --separate-stderr vm-sample -f -i 2ms -- bash -c 'sleep 0.02; (sleep 0.02; :); sleep 0.02 & wait'
	[ "$status" -eq 0 ]
	valid_stream <<<"$output"
}

@test "a child that waits for its parent to collect it has one life" {
	mkfifo go
	follow -i 20ms -- bash -c 'exec 9<>go; for i in 1 2 3; do (read x <&9; exit 7) & done; exec sleep 1000 9>&-'
	exec 8<>go
	until_true has '.type=="process" and .name=="sleep"' # which collects no child
	until_true eval '[ "$(jq -r "select(.type==\"raw\").pid" out | sort -u | wc -l)" = 4 ]'
	echo $'1\n2\n3' >&8
	until_true eval '[ "$(jq -r "select(.type==\"event\" and .call==\"exit\").pid" out | sort -u | wc -l)" = 3 ]'
	seen=$(grep -c '"type":"sample"' out)
	until_true eval '[ "$(grep -c "\"type\":\"sample\"" out)" -gt $((seen + 2)) ]'
	kill "$(jq -r 'select(.type=="process" and .name=="sleep").pid' out | head -1)"
	wait "$sampler" || [ $? = 143 ] # as its command, whose child was killed
	[ "$(jq -r 'select(.type=="event" and .call=="exit" and .status==7).pid' out | sort | uniq -c | awk '$1 != 1' | wc -l)" = 0 ]
	[ "$(jq -r 'select(.type=="event" and .call=="exit" and .status==7).pid' out | wc -l)" = 3 ]
	[ "$(jq -r 'select(.type=="process" and .why=="fork").pid' out | sort | uniq -d | wc -l)" = 0 ]
}

@test "where /proc is that of another pid namespace, no process is taken for another: the reason is given" {
	requires root
	requires cmd unshare
	unshare -p -f true || skip "no pid namespace can be made here"
	run --separate-stderr unshare -p -f vm-sample -- touch "$BATS_TEST_TMPDIR/ran"
	[ "$status" -ne 0 ]
	[[ $stderr == *"another pid namespace"*"--mount-proc"* ]]
	[ ! -e "$BATS_TEST_TMPDIR/ran" ]
	run --separate-stderr unshare -p -f vm-sample -n 1 -p 1
	[ "$status" -ne 0 ]
	[[ $stderr == *"another pid namespace"* ]]
	unshare -p -f --mount-proc vm-sample -n 1 -- true >out
	[ "$(jq -r 'select(.type=="process").name' out | head -1)" = true ]
}
