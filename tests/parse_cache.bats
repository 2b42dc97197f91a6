# The cache of vm-parse: most of a sample is unchanged and not parsed again; the output must not depend on that.

load helper

setup() {
	requires cmd /usr/bin/python3 jq
	cd "$BATS_TEST_TMPDIR"
}

# Compares the output for consecutive samples with the output for each sample alone; losses too, without the name of the file.
told() { vm-parse -q "$@" 2>/dev/null | grep -E '"type":"(snapshot|region|lost)"' || true; }

# each_as_alone SEED LOOKS DETAIL
each_as_alone() {
	local looks=$2 i
	rm -rf looks
	mkdir looks
	/usr/bin/python3 -I "$ROOT/tests/parse_cache.py" "$1" "$2" "$3" looks
	told looks/all.ndjson >all.txt
	for ((i = 0; i < looks; i++)); do told "looks/$i.ndjson"; done >alone.txt
	[ "$(grep -c '"type":"region"' all.txt)" -gt "$looks" ]
	cmp all.txt alone.txt
}

@test "consecutive samples of maps give the same as each alone: rows come, go, split, tear and are unreadable" {
	for seed in 1 2 3 4 5 6; do each_as_alone $seed 60 maps; done
}

@test "the same for smaps: values change too" {
	for seed in 11 12 13 14 15 16; do each_as_alone $seed 60 smaps; done
}

@test "two processes with alternating samples stay separate" {
	mkdir looks other
	/usr/bin/python3 -I "$ROOT/tests/parse_cache.py" 21 20 maps looks
	/usr/bin/python3 -I "$ROOT/tests/parse_cache.py" 22 20 maps other
	jq -c 'if .type == "stream" then . else .pid = 8 end' other/all.ndjson >other.txt
	{ grep -v '"end"' looks/all.ndjson; grep '"raw"' other.txt; } | jq -sc 'sort_by(.t)[]' | told | grep '"pid":7' >both.txt
	told looks/all.ndjson >alone.txt
	cmp both.txt alone.txt
	{ grep -v '"end"' looks/all.ndjson; grep '"raw"' other.txt; } | jq -sc 'sort_by(.t)[]' | told | grep '"pid":8' >both.txt
	told other.txt >alone.txt
	cmp both.txt alone.txt
}

@test "with more processes than the cache holds, each sample is still right" {
	for i in {1..40}; do
		for round in 1 2 3; do
			printf '{"type":"raw","t":%d,"pid":%d,"seq":%d,"source":"procfs","format":"linux-maps","part":0,"last":true,"text":"7f00000%02x000-7f00000%02x800 rw-p 00000000 00:00 0 \\n"}\n' \
				$round $i $round $i $i
		done
	done | sort -t, -k2,2 -s | vm-parse -q | jq -r 'select(.type=="region") | "\(.t) \(.pid) \(.start)"' >got.txt
	for round in 1 2 3; do for i in {1..40}; do printf '%d %d 0x00007f00000%02x000\n' $round $i $i; done; done >wanted.txt
	diff <(sort got.txt) <(sort wanted.txt)
}
