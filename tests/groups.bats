#!/usr/bin/env bats
# Targets that are groups: all processes of a user, of a cgroup, of the machine, also those that come later.
load helper
load cgroup

setup() {
	requires program vm-sample
	requires root
	requires cmd unshare
	requires cmd setpriv
	unshare --pid --fork --mount-proc true 2>/dev/null || skip "no new pid namespace is allowed here"
	O=$BATS_TEST_TMPDIR
	chmod 755 "$O"
}

# inside SCRIPT: runs it in a pid namespace of its own, so that nobody else's processes are there.
inside() { timeout 100 unshare --pid --fork --mount-proc --kill-child bash -c "set -e; as() { local id=\$1; shift; exec setpriv --reuid=\$id --regid=\$id --clear-groups \"\$@\"; }; $1" 3>&-; }

pids() { jq -r 'select(.type == "process") | .pid' "$1" | sort -nu; } # a second line is of a process seen before its exec, too

@test "-p user:NAME samples the processes that ps lists for that user, and no other" {
	inside "
		for i in 1 2 3; do as 65534 sleep 60 & done
		as 65533 sleep 60 &
		sleep 60 &
		while [ \$(ps -u 65534 -o comm= | grep -c sleep) != 3 ] || [ \$(ps -u 65533 -o comm= | grep -c sleep) != 1 ]; do :; done
		ps -u 65534 -o pid= | tr -d ' ' | sort -n >'$O/ps'
		vm-sample -p user:65534 -n 1 -o '$O/raw'
		vm-sample -p user:nobody -n 1 -o '$O/named'
		vm-sample -p nobody -n 1 -o '$O/plain'
		kill \$(jobs -p)"
	[ "$(wc -l <"$O/ps")" = 3 ]
	diff "$O/ps" <(pids "$O/raw")
	diff "$O/ps" <(pids "$O/named")
	diff "$O/ps" <(pids "$O/plain")
}

@test "a name that a program has is the program, though a user has it too" {
	cp "$(command -v sleep)" "$O/nobody"
	inside "
		as 65534 sleep 60 &
		'$O/nobody' 60 & named=\$!
		while [ \$(ps -u 65534 -o comm= | grep -c sleep) != 1 ] || [ \$(ps -C nobody -o pid= | wc -l) != 1 ]; do :; done
		echo \$named >'$O/ps'
		vm-sample -p nobody -n 1 -o '$O/raw'
		kill \$(jobs -p)"
	diff "$O/ps" <(pids "$O/raw")
}

@test "a process of the user that comes later is sampled, and the end of all does not end the sampling" {
	inside "
		vm-sample -p user:65534 -i 10ms -o '$O/raw' 2>'$O/err' & sampler=\$!
		for i in 1 2; do
			as 65534 sleep 60 & one=\$!
			until grep -q '\"sample\".*\"pid\":'\$one, '$O/raw'; do :; done
			kill \$one
			until grep -q '\"pid\":'\$one',.*\"call\":\"exit\"' '$O/raw'; do :; done
			echo \$one >>'$O/ps'
		done
		kill -INT \$sampler
		wait \$sampler"
	diff "$O/ps" <(pids "$O/raw")
	grep -q '"type":"end".*"reason":"signal"' "$O/raw"
}

@test "--all samples the whole machine; what may not be read is told once, and counted" {
	inside "
		for i in 1 2; do as 65534 sleep 60 & done
		for i in 1 2 3; do sleep 60 & done
		while [ \$(ps -e -o comm= | grep -c sleep) != 5 ]; do :; done
		(as 65534 vm-sample --all -n 3 -i 10ms >'$O/raw' 2>'$O/err')
		vm-sample --all -n 1 >'$O/root' 2>'$O/err2'
		ps -u 65534 -o pid= | tr -d ' ' | sort -n >'$O/ps'
		ps -e -o pid= -o comm= | awk '\$2 == \"sleep\" { print \$1 }' | sort -n >'$O/sleeps'
		kill \$(jobs -p)"
	diff "$O/ps" <(pids "$O/raw")
	# the three of root, the shell, and where bash keeps it the subshell
	counted=$(jq -s '[.[] | select(.type == "lost" and .what == "processes") | .count] | add' "$O/raw")
	[ "$counted" -ge 4 ]
	[ "$(grep -c "$counted processes cannot be sampled" "$O/err")" = 1 ]
	[ "$(wc -l <"$O/err")" = 1 ]
	for one in $(cat "$O/sleeps"); do pids "$O/root" | grep -qx "$one"; done
}

@test "-f takes up the children of a group's processes as forks" {
	inside "
		mkfifo '$O/go'; exec 8<>'$O/go'
		as 65534 bash -c 'read -u 8 line; sleep 60 & wait' & one=\$!
		vm-sample -f -p user:65534 -i 10ms -o '$O/raw' & sampler=\$!
		until grep -q '\"sample\".*\"pid\":'\$one, '$O/raw'; do :; done
		echo go >&8
		until grep -q '\"why\":\"fork\"' '$O/raw'; do :; done
		kill -INT \$sampler
		wait \$sampler"
	[ "$(jq -r 'select(.type == "process" and .why == "fork") | .ppid' "$O/raw" | sort -u | wc -l)" = 1 ]
}

@test "-p cgroup:PATH samples what lies in a cgroup and below it, by path, by its last names, by its folder" {
	group_new || skip "$skip_reason"
	mkdir "$group/below"
	for i in 1 2; do sleep 60 3>&- & started+=("$!"); done
	echo "${started[0]}" >"$group/cgroup.procs"
	echo "${started[1]}" >"$group/below/cgroup.procs"
	cat "$group/cgroup.procs" "$group/below/cgroup.procs" | sort -n >"$O/procs"
	path=$(grep -h "$(basename "$group")$" "/proc/${started[0]}/cgroup" | cut -d: -f3)
	for word in "cgroup:$path" "cgroup:$(basename "$group")" "cgroup:$group" "cgroup:$group/"; do
		vm-sample -p "$word" -n 1 >"$O/raw"
		diff "$O/procs" <(pids "$O/raw")
	done
	vm-sample -p "cgroup:$path/below" -n 1 >"$O/raw"
	diff <(echo "${started[1]}") <(pids "$O/raw")
}

@test "a group without a process is waited for, with a message" {
	run --separate-stderr vm-sample -p user:1999999999 -n 2 -i 10ms
	[ "$status" = 0 ]
	[[ $stderr == *"no process is there yet"* ]]
	grep -q '"reason":"count"' <<<"$output"
}

@test "a group that is not there, and --all beside other targets, are refused with a reason" {
	run --separate-stderr vm-sample -p user:no-such-user -n 1
	[ "$status" = 1 ]
	[[ $stderr == *"there is no user no-such-user"* ]]
	run --separate-stderr vm-sample -p cgroup: -n 1
	[ "$status" = 1 ]
	[[ $stderr == *"cgroup: names none"* ]]
	run --separate-stderr vm-sample --all -p 1 -n 1
	[ "$status" = 2 ]
	[[ $stderr == *"--all samples every process: leave out -p"* ]]
	run --separate-stderr vm-sample --all -n 1 -- true
	[ "$status" = 2 ]
	[[ $stderr == *"leave out the command"* ]]
	run --separate-stderr vm-run --all --input /dev/null
	[ "$status" = 2 ]
	[[ $stderr == *"--input and --all exclude each other"* ]]
}

@test "vm-run hands groups on" {
	inside "
		for i in 1 2; do as 65534 sleep 60 & done
		while [ \$(ps -u 65534 -o comm= | grep -c sleep) != 2 ]; do :; done
		vm-run -p user:65534 -n 1 --record '$O/run' --view summary >'$O/out'
		vm-run --all -n 1 --record '$O/machine' -q --view summary >/dev/null
		ps -u 65534 -o pid= | tr -d ' ' | sort -n >'$O/ps'
		kill \$(jobs -p)"
	diff "$O/ps" <(pids "$O/run")
	for one in $(cat "$O/ps"); do pids "$O/machine" | grep -qx "$one"; done
}
