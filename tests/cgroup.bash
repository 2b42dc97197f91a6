# Control groups of the machine for tests; loaded beside helper.bash.

groups_made=()

# Where the memory controller is mounted. Prints VERSION FOLDER, or fails.
group_root() {
	local dir
	dir=$(awk '$3 == "cgroup" && $4 ~ /(^|,)memory(,|$)/ { print $2; exit }' /proc/self/mounts)
	[ -n "$dir" ] && echo "1 $dir" && return
	dir=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)
	[ -n "$dir" ] && grep -qw memory "$dir/cgroup.controllers" && grep -qw memory "$dir/cgroup.subtree_control" && echo "2 $dir"
}

# Makes a cgroup with the memory controller. Sets version and group (its folder), or skip_reason.
group_new() {
	local root
	skip_reason="no memory controller of cgroups is mounted here"
	root=$(group_root) || return 1
	version=${root%% *} group=${root#* }/vmpipe-test-$BASHPID-${#groups_made[@]}
	skip_reason="no cgroup may be made here"
	mkdir "$group" 2>/dev/null || return 1
	groups_made+=("$group")
}

teardown() {
	local one
	for one in "${started[@]}"; do
		kill -KILL "$one" 2>/dev/null
		wait "$one" 2>/dev/null
	done
	for one in "${kept[@]}"; do exec {one}<&-; done
	for one in "${groups_made[@]}"; do find "$one" -depth -type d -exec rmdir {} \; 2>/dev/null; done
	return 0
}
