# A process whose traced calls fill the ring of a stopped sampler.

# overrun [OPTION...]: starts a process driven call by call ($pid) and a sampler of it ($sampler), which is stopped while the
# ring has room for few of 200 calls. The options are the sampler's; it writes raw.ndjson.
overrun() {
	step_start
	step mmap 2 rw
	local at=$answer stepped=$pid i
	background vm-sample --ebpf "$@" -p "$pid" -O ring=4K -O faults=none -i 1h -o raw.ndjson
	sampler=$pid pid=$stepped
	until_true grep -qs '"type":"raw"' raw.ndjson
	kill -STOP "$sampler"
	until_true grep -q '^State:.T' "/proc/$sampler/status"
	for i in {1..100}; do
		step mprotect "$at" 1 r
		step mprotect "$at" 1 rw
	done
}
