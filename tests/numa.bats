#!/usr/bin/env bats
# NUMA: sums by node and by policy.
load helper

maps() {
	cat <<'X'
00400000 default file=/bin/a mapped=2 N0=1 N1=1 kernelpagesize_kB=4
01000000 bind:1 anon=100 dirty=100 N1=100 kernelpagesize_kB=4
02000000 interleave:0-1 anon=8 dirty=8 N0=4 N1=4 kernelpagesize_kB=4
03000000 default anon=30 dirty=30 N0=30 kernelpagesize_kB=4
40000000 bind:0 file=/anon_hugepage\040(deleted) huge anon=2 dirty=2 N0=2 kernelpagesize_kB=2048
7fff00000000 default stack anon=3 dirty=3 N0=3 kernelpagesize_kB=4
X
}

# KiB by node, from numa_maps by awk
by_node() {
	maps | awk '{ kb = $NF; sub(/.*=/, "", kb); for (i = 3; i <= NF; i++) if ($i ~ /^N[0-9]+=/) { split(substr($i, 2), a, "="); sum[a[1]] += a[2] * kb } } END { for (n in sum) print "N" n ":" sum[n] }' | sort | paste -sd' '
}

@test "the total of a table is the sum by node that awk finds in numa_maps" {
	run --separate-stderr bash -c "$(declare -f maps); maps | vm-parse | vm-render --table --columns start,numa,name --width 200"
	[ "$status" = 0 ]
	grep -q "^total .*$(by_node)" <<<"$output"
}

@test "rows by policy and by kind add up by node" {
	run --separate-stderr bash -c "$(declare -f maps); maps | vm-parse | vm-render --table --by policy --columns policy,regions,rss,numa --width 200"
	[ "$status" = 0 ]
	grep -Eq "^default +3 +140 +N0:136 N1:4" <<<"$output"
	grep -Eq "^bind:1 +1 +400 +N1:400" <<<"$output"
	grep -Eq "^bind:0 +1 +4096 +N0:4096" <<<"$output"
	run --separate-stderr bash -c "$(declare -f maps); maps | vm-parse | vm-render --table --by kind --width 200"
	[[ $output == *"numa KiB"* ]]
}

@test "table, stats and explain say the sums in a note" {
	for view in table stats explain; do
		run --separate-stderr bash -c "$(declare -f maps); maps | vm-parse | vm-render --view $view --width 300"
		[ "$status" = 0 ]
		[[ $output == *"NUMA: 4.1 MiB on node 0, 420 KiB on node 1; by policy: default 140 KiB, bind:1 400 KiB, interleave:0-1 32 KiB, bind:0 4 MiB"* ]]
	done
}

@test "of a real process the sums are those of its numa_maps" {
	[ -r /proc/self/numa_maps ] || skip "this kernel has no numa_maps"
	background sleep 60
	vm-sample -p "$pid" -n 1 -O numa | vm-parse >"$BATS_TEST_TMPDIR/run"
	want=$(jq -r 'select(.type == "region") | .numa // {} | to_entries[] | [.key, .value] | @tsv' "$BATS_TEST_TMPDIR/run" | awk '{ s[$1] += $2 } END { for (n in s) print "N" n ":" s[n] / 1024 }' | sort | paste -sd' ')
	[ -n "$want" ]
	vm-render --table --columns start,numa --width 200 "$BATS_TEST_TMPDIR/run" | grep -q "^total .*$want"
}

@test "without nodes there is no column and no note" {
	run --separate-stderr bash -c "vm-render --table $BATS_TEST_TMPDIR/none < <(echo '{\"type\":\"region\",\"start\":\"0x1000\",\"end\":\"0x2000\",\"perms\":\"rw-p\"}')"
	[[ $output != *NUMA* && $output != *numa* ]]
}
