#!/usr/bin/env bats
# vm-sample --probe: one JSON object that lists the features that work here, and what would enable the others.
load helper

feature() { # NAME [of OBJECT]
	jq -c ".features[] | select(.name==\"$1\") | .works" <<<"${2:-$output}"
}

@test "the output is one valid object, and the status is 0" {
	run --separate-stderr vm-sample --probe
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[ "$(wc -l <<<"$output")" -eq 1 ]
	[[ "$output" == '{"type":"probe",'* ]]
	valid_stream <<<"$output"
	[ "$(jq -r '.os + " " + .release + " " + .arch' <<<"$output")" = "linux $(uname -r) $(uname -m)" ]
	[ "$(jq .user.uid <<<"$output")" = "$(id -u)" ]
	[ "$(jq -c '.plugins.source | index("procfs") != null' <<<"$output")" = true ]
}

@test "a feature that works lacks nothing, any other names what would enable it" {
	run --separate-stderr vm-sample --probe
	[ "$(jq '[.features[] | select(.works == has("missing"))] | length' <<<"$output")" = 0 ]
}

@test "the probe agrees with observations from outside" {
	run --separate-stderr vm-sample --probe
	for file in maps smaps smaps_rollup pagemap; do
		[ "$(feature $file)" = "$([ -r /proc/self/$file ] && echo true || echo false)" ]
	done
	[ "$(feature children)" = "$([ -r /proc/thread-self/children ] && echo true || echo false)" ]
	[ "$(feature btf)" = "$([ -r /sys/kernel/btf/vmlinux ] && echo true || echo false)" ]
	caps=$((0x$(awk '/^CapEff/ { print $2 }' /proc/self/status)))
	[ "$(jq '.capabilities | index("SYS_PTRACE") != null' <<<"$output")" = "$( (((caps >> 19) & 1)) && echo true || echo false)" ]
	[ "$(jq '.capabilities | index("BPF") != null' <<<"$output")" = "$( (((caps >> 39) & 1)) && echo true || echo false)" ]
}

@test "a user without privileges is told which features root would have" {
	requires root
	requires other
	run --separate-stderr setpriv --reuid 65534 --regid 65534 --clear-groups "$(command -v vm-sample)" --probe
	[ "$status" -eq 0 ]
	[ "$(feature maps)" = true ]
	[ "$(feature page_frames)" = false ]
	[ "$(feature other_users)" = false ]
	[ "$(jq -c .capabilities <<<"$output")" = "[]" ]
	[[ "$(jq -r '.features[] | select(.name=="other_users").missing' <<<"$output")" == *CAP_SYS_PTRACE* ]]
	[[ "$(jq -r '.features[] | select(.name=="page_frames").missing' <<<"$output")" == *CAP_SYS_ADMIN* ]]
}

@test "with -p the object says what is permitted for that process" {
	workload still "$BATS_TEST_TMPDIR"
	run --separate-stderr vm-sample --probe -p "$pid,4194303"
	[ "$status" -eq 0 ]
	valid_stream <<<"$output"
	[ "$(jq -c '.processes[0] | [.pid, .name]' <<<"$output")" = "[$pid,\"still\"]" ]
	[ "$(feature maps "$(jq '.processes[0]' <<<"$output")")" = true ]
	[ "$(feature maps "$(jq '.processes[1]' <<<"$output")")" = false ]
	[[ "$(jq -r '.processes[1].features[0].missing' <<<"$output")" == *"it has ended"* ]]
	requires root
	requires other
	run --separate-stderr setpriv --reuid 65534 --regid 65534 --clear-groups "$(command -v vm-sample)" --probe -p "$pid"
	[ "$(feature smaps "$(jq '.processes[0]' <<<"$output")")" = false ]
	[[ "$(jq -r '.processes[0].features[1].missing' <<<"$output")" == *CAP_SYS_PTRACE* ]]
}

@test "a kernel thread is reported to have no address space" {
	[ -d /proc/2 ] && [ -z "$(readlink /proc/2/exe)" ] || skip "needs a kernel thread as pid 2"
	run --separate-stderr vm-sample --probe -p 2
	[[ "$(jq -r '.processes[0].features[0].missing' <<<"$output")" == *"address space"* ]]
}

@test "for BPF the probe names the missing right by the kernel's answer, and the need for the first pid namespace" {
	requires root
	requires other
	run --separate-stderr setpriv --reuid 65534 --regid 65534 --clear-groups "$(command -v vm-sample)" --probe
	if [ "$(feature bpf)" = false ]; then [[ "$(jq -r '.features[] | select(.name=="bpf").missing' <<<"$output")" == *"Operation not permitted"* ]]; fi
	unshare -p -f --mount-proc true || skip "no pid namespace can be made here"
	run --separate-stderr unshare -p -f --mount-proc vm-sample --probe
	[ "$(feature first_pid_namespace)" = false ]
}

@test "every process given with -p is reported, however many they are; a number that no process can have is refused" {
	run --separate-stderr vm-sample --probe -p "$(seq -s, 4000001 4000100)"
	[ "$status" -eq 0 ]
	[ "$(jq '.processes | length' <<<"$output")" = 100 ]
	[ "$(jq -c '[.processes[0,99].pid]' <<<"$output")" = '[4000001,4000100]' ]
	for id in 0 2147483648 99999999999999999999; do
		run -2 --separate-stderr vm-sample --probe -p "$id"
		[ -z "$output" ]
		[[ $stderr == *"no process $id"* ]]
		run -1 --separate-stderr vm-sample --check -p "$id"
		[[ $stderr == *"no process $id"* ]]
	done
}

@test "tracefs is among the features: with its reason where it cannot be read" {
	requires cmd jq
	run vm-sample --probe
	[ "$(jq -r '[.features[] | select(.name=="tracefs")] | length' <<<"$output")" = 1 ]
	jq -se '.[].features? // [] | map(select(.name == "tracefs")) | all(.works or (.missing | length > 0))' <<<"$output"
	requires other
	requires cmd unshare
	run setpriv --reuid 65534 --regid 65534 --clear-groups unshare -Ur vm-sample --probe
	[ "$status" -eq 0 ] || skip "no user namespace here"
	[ "$(jq -r '.features[] | select(.name=="tracefs") | .works' <<<"$output")" = false ]
}
