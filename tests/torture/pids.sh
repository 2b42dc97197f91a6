#!/bin/bash
# A pid that is given to another process at once (ns_last_pid): the first life ends, and the second is told as another or not at all.
. "${0%/*}/common.bash"
needs root unshare jq
unshare -p -f --mount-proc test -w /proc/sys/kernel/ns_last_pid 2>/dev/null || skipped "no pid namespace with ns_last_pid"
cat >inside <<'I'
# Runs as pid 1 of a pid namespace: two programs with one pid, the second right after the first.
"$WORKLOADS/still" "$work" >/dev/null & # some pid
first=$!
until grep -q still /proc/$first/comm 2>/dev/null; do :; done
vm-sample -p $first -i 5ms --detail maps -o "$work/raw" 2>"$work/err" &
sampler=$!
until [ -s "$work/raw" ] && grep -q '"type":"raw"' "$work/raw"; do :; done
[ "$1" = 0 ] || sleep "0.0$1"
kill -KILL $first
wait $first 2>/dev/null
for try in 1 2 3 4 5 6 7 8; do
	echo $((first - 1)) >/proc/sys/kernel/ns_last_pid
	sleep 20 &
	[ $! = $first ] && break
done
echo "$first $!" >"$work/pids"
sleep 0.05
kill -TERM $sampler 2>/dev/null
wait $sampler
I
chmod +x inside
export work
reused=0
while left; do
	rm -f raw pids
	unshare -p -f --mount-proc bash ./inside $((RANDOM % 10)) 2>/dev/null || true
	read -r first second <pids || failed "the processes did not run"
	[ "$first" = "$second" ] || continue
	vm-parse -q raw | vm-track -q >tracked || failed "the recording cannot be read: $(<err)"
	vm-check -q tracked || failed "the recording of a reused pid is not whole"
	# A region of the second program may stand only behind a line that tells of another process.
	jq -se --arg name sleep '[.[] | select(.type == "process" or ((.type == "region" or .type == "change") and ((.name // "") | endswith("/sleep"))))] |
		([.[] | .type == "region" or .type == "change"] | index(true)) as $at | $at == null or ([.[:$at][] | select(.why == "reused" or .why == "exec")] | length) > 0' tracked >/dev/null ||
		failed "the second process is told as the first: $(grep -m3 '"process"' tracked)"
	reused=$((reused + 1))
done
done_with "$reused pids given twice"
