# A random life of an address space of 64 pages, in the form of vm-parse: awk -v seed=N -v steps=N -f regions.awk
# Each step maps, unmaps, protects, renames or touches some ranges; regions are merged like the kernel's.
function random(n) { return int(rand() * n) }
function address(page) { return sprintf("0x%016x", 1048576 + page * 4096) }

function change(    from, to, what, p, file) {
	from = random(64)
	to = from + 1 + random(rand() < 0.5 ? 4 : 24)
	if (to > 64) to = 64
	what = random(7)
	file = 1 + random(3)
	for (p = from; p < to; p++) {
		if (what == 0) delete perms[p]
		else if (what == 1) { perms[p] = letters[1 + from % 3]; name[p] = ""; base[p] = ""; rss[p] = 0 }
		else if (what == 2) { perms[p] = letters[1 + from % 3]; name[p] = "/lib/" file; base[p] = from; rss[p] = 4096 }
		else if (!(p in perms)) continue
		else if (what == 3) perms[p] = letters[1 + to % 3]
		else if (what == 4 && base[p] == "") name[p] = names[1 + to % 3]
		else if (what >= 5) rss[p] = 4096 * random(2)
	}
}

function same(p, q) { return perms[p] == perms[q] && name[p] == name[q] && base[p] == base[q] }

function region(from, to,    p, sum) {
	for (p = from; p < to; p++) sum += rss[p]
	lines[++count] = sprintf("\"start\":\"%s\",\"end\":\"%s\",\"size\":%d,\"perms\":\"%s\",\"kind\":\"%s\"%s%s,\"rss\":%d,\"pss\":%d",
		address(from), address(to), (to - from) * 4096, perms[from], base[from] == "" ? "anon" : "data",
		name[from] == "" ? "" : sprintf(",\"name\":\"%s\"", name[from]),
		base[from] == "" ? "" : sprintf(",\"offset\":\"0x%016x\",\"dev\":\"fe:00\",\"inode\":\"%d\"", (from - base[from]) * 4096, 7 + substr(name[from], 6)),
		sum, sum / 2)
}

function snapshot(pid, seq,    p, from, i) {
	count = 0
	for (p = 0; p < 64; p = from) {
		if (!(p in perms)) { from = p + 1; continue }
		for (from = p + 1; from < 64 && (from in perms) && same(p, from); from++) continue
		region(p, from)
	}
	printf "{\"type\":\"snapshot\",\"t\":%d.000000000,\"pid\":%d,\"seq\":%d,\"regions\":%d}\n", seq, pid, seq, count
	for (i = 1; i <= count; i++) printf "{\"type\":\"region\",\"t\":%d.000000000,\"pid\":%d,\"seq\":%d,%s}\n", seq, pid, seq, lines[i]
}

BEGIN {
	srand(seed)
	split("rw-p r--p ---p", letters, " ")
	split("[anon:a] [anon:b]", names, " ")
	print "{\"type\":\"stream\",\"t\":0.000000000,\"version\":1,\"program\":\"fuzz\"}"
	print "{\"type\":\"process\",\"t\":0.000000000,\"pid\":7,\"why\":\"first\",\"name\":\"fuzz\"}"
	for (step = 0; step < steps; step++) {
		for (n = random(4); n >= 0; n--) change()
		if (random(40) == 0) printf "{\"type\":\"process\",\"t\":%d.000000000,\"pid\":7,\"why\":\"%s\",\"name\":\"fuzz\"}\n", step, random(2) ? "exec" : "reused"
		snapshot(7, step)
		if (step == int(steps / 2)) { # from here on there is a child too
			printf "{\"type\":\"process\",\"t\":%d.000000000,\"pid\":8,\"why\":\"fork\",\"ppid\":7,\"name\":\"fuzz\"}\n", step
			snapshot(8, step)
		}
	}
	printf "{\"type\":\"end\",\"t\":%d.000000000,\"reason\":\"count\"}\n", steps
}
