# Dates of reports: if all reports have one, dates give the times of saved reports; otherwise a message says so.
# bats file_tags=steady
load helper

# dated DATE [FILE]: a report of vmmap with that date.
dated() { sed "s/^Date\/Time:.*/Date\/Time:       $1/" "${2:-$ROOT/tests/texts/vmmap.txt}"; }
times() { jq -r 'select(.type == "snapshot" or .type == "system") | .t' <<<"$output" | awk '{ print $1 + 0 }' | paste -sd' '; }
parsed() { run --separate-stderr vm-parse "$@"; }

setup() { cd "$BATS_TEST_TMPDIR"; }

@test "saved reports get times from their own dates, with fractions" {
	dated '2026-05-04 10:00:00.500 +0200' >t1
	dated '2026-05-04 10:00:02.750 +0200' >t2
	dated '2026-05-04 10:01:00.001 +0200' >t3
	parsed t1 t2 t3
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[ "$(times)" = "0 2.25 59.501" ]
	valid_stream <<<"$output"
	[ "$(vm-parse t1 t2 t3 | tail -1 | jq '.t == 59.501')" = true ]
	cat t1 t2 t3 >all # also within one text
	parsed all
	[ -z "$stderr" ]
	[ "$(times)" = "0 2.25 59.501" ]
	parsed --every 1s t1 t2 t3 # --every overrides the dates
	[ -z "$stderr" ]
	[ "$(times)" = "0 1 2" ]
	parsed --every 0s t1 t2 t3
	[ -z "$stderr" ]
	[ "$(times)" = "0 0 0" ]
}

@test "dates are compared across midnights, months, leap days and time zones" {
	dated '2024-02-28 23:59:59.000 +0100' >t1
	dated '2024-02-29 00:00:01.000 +0100' >t2
	dated '2024-02-29 18:30:00.000 -0500' >t3
	parsed t1 t2 t3
	[ -z "$stderr" ]
	[ "$(times)" = "0 2 88201" ]
}

@test "a process line has the time of its own snapshot" {
	dated '2026-05-04 10:00:00 +0200' >t1
	dated '2026-05-04 10:00:05 +0200' | sed 's/4711/4712/' >t2
	parsed t1 t2
	[ "$(jq -c 'select(.type == "process") | [.pid, (.t | round)]' <<<"$output" | paste -sd' ')" = "[4711,0] [4712,5]" ]
}

@test "if only some reports have a date, or dates go back or cannot be compared, all are at 0 and one message says so" {
	dated '2026-05-04 10:00:00 +0200' >t1
	dated '2026-05-04 10:00:05 +0200' >t2
	sed '/^Date/d' "$ROOT/tests/texts/vmmap.txt" >none
	dated '2026-05-04 10:00:05' >zoneless
	parsed t1 t2 none
	[ "$status" -eq 0 ]
	[ "$(times)" = "0 0 0" ]
	[ "$stderr" = "vm-parse: the reports have dates only in part (2 of 3): their times are not used, see --every" ]
	parsed none t1 t2
	[ "$(times)" = "0 0 0" ]
	[ "$stderr" = "vm-parse: the reports have dates only in part (2 of 3): their times are not used, see --every" ]
	parsed t2 t1
	[ "$(times)" = "0 0" ]
	[ "$stderr" = "vm-parse: the reports have dates that go back in time: their times are not used, see --every" ]
	parsed t1 zoneless
	[ "$(times)" = "0 0" ]
	[[ $stderr == *"of different forms or time zones"* && $(wc -l <<<"$stderr") == 1 ]]
	parsed -q t2 t1
	[ -z "$stderr" ]
}

@test "without several reports, or without any date, no message mentions dates" {
	parsed "$ROOT/tests/texts/vmmap.txt"
	[ -z "$stderr" ]
	[ "$(times)" = 0 ]
	head -5 /proc/self/maps >m1
	cp m1 m2
	parsed m1 m2
	[ -z "$stderr" ]
	[ "$(times)" = "0 0" ]
	free >f1
	parsed f1 f1 m1
	[ -z "$stderr" ]
	[ "$(times)" = "0 0 0" ]
}

@test "the machine between dated reports gets the time of the report before" {
	dated '2026-05-04 10:00:00 +0200' >t1
	dated '2026-05-04 10:00:05 +0200' >t2
	free >f
	parsed f t1 f t2 f
	[ -z "$stderr" ]
	[ "$(times)" = "0 0 0 5 5" ]
}

@test "crash logs of Java: each has its process, its date and the memory of the machine" {
	crash() { # PID DATE
		printf '#\n# A fatal error has been detected by the Java Runtime Environment:\n#\n#  SIGSEGV (0xb) at pc=0x00007f2485999999, pid=%s, tid=4712\n#\n\n' "$1"
		printf '%s elapsed time: 12.345678 seconds (0d 0h 0m 12s)\n\nDynamic libraries:\n' "$2"
		printf '55d0c8000000-55d0c8001000 r-xp 00000000 08:01 132946                     /usr/lib/jvm/java-17/bin/java\n7fffc13ff000-7fffc1420000 rw-p 00000000 00:00 0                          [stack]\n'
		printf '\n/proc/meminfo:\nMemTotal:       24684084 kB\nMemFree:        18000000 kB\n\nEND.\n'
	}
	crash 4711 'Time: Wed May  1 10:00:00 2024 CEST' >c1
	crash 4712 'Time: Wed May  1 10:00:10 2024 CEST' >c2
	parsed c1 c2
	[ -z "$stderr" ]
	[ "$(times)" = "0 0 10 10" ]
	[ "$(jq -c 'select(.type == "snapshot") | [.pid, .regions, .date]' <<<"$output" | paste -sd' ')" = '[4711,2,"Wed May  1 10:00:00 2024 CEST"] [4712,2,"Wed May  1 10:00:10 2024 CEST"]' ]
	valid_stream <<<"$output"
	sed -i '/meminfo/,$d' c1 c2 # consecutive reports in one text, with nothing between them
	cat c1 c2 >both
	parsed both
	[ -z "$stderr" ]
	[ "$(times)" = "0 10" ]
	[ "$(jq -c 'select(.type == "snapshot") | [.pid, .regions]' <<<"$output" | paste -sd' ')" = '[4711,2] [4712,2]' ]
	sed 's/55d0c8001000 r/55d0c7000000 r/' both >broken
	run -1 --separate-stderr vm-parse broken
	for line in $(grep -n 55d0c7000000 broken | cut -d: -f1); do [[ $stderr == *"broken:$line: "* ]]; done
}

@test "crash reports of iOS and Android have dates too" {
	sed 's/"captureTime"[^,]*,/"captureTime" : "2024-05-01 10:00:00.0000 +0200",/' "$ROOT/tests/texts/crash.ips" >i1
	grep -q 10:00:00.0000 i1
	sed 's/10:00:00.0000/10:00:07.2500/' i1 >i2
	parsed i1 i2
	[ -z "$stderr" ]
	[ "$(times)" = "0 7.25" ]
	for second in 03 05; do
		printf '*** *** ***\nTimestamp: 2024-05-01 10:00:%s.123456789+0200\npid: 2411, tid: 2430, name: x  >>> org.example <<<\nmemory map (1 entry):\n    00000055'\''8c000000-00000055'\''8c003fff r--         0      4000  /system/bin/app\n' $second >"a$second"
	done
	parsed a03 a05
	[ -z "$stderr" ]
	[ "$(times)" = "0 2" ]
	[ "$(jq -r 'select(.type == "snapshot") | .date' <<<"$output" | head -1)" = "2024-05-01 10:00:03.123456789+0200" ]
}

@test "samples of top get times from its clock, unless midnight was between" {
	for second in 00 03 09; do sed "s/10:00:00/10:00:$second/" "$ROOT/tests/texts/top.txt"; echo; done >tops
	parsed tops
	[ -z "$stderr" ]
	[ "$(times)" = "0 3 9" ]
	[ "$(jq -r 'select(.type == "system") | .clock' <<<"$output" | paste -sd' ')" = "10:00:00 10:00:03 10:00:09" ]
	valid_stream <<<"$output"
	{ sed 's/10:00:00/23:59:59/' "$ROOT/tests/texts/top.txt"; echo; sed 's/10:00:00/00:00:02/' "$ROOT/tests/texts/top.txt"; } >tops
	parsed tops
	[[ $stderr == *"go back in time"* ]]
	[ "$(times)" = "0 0" ]
	printf 'Processes: 423 total\n2024/05/01 10:00:%s\nPhysMem: 15G used (2101M wired), 117M unused.\n\n' 01 05 >mac
	parsed mac
	[ -z "$stderr" ]
	[ "$(times)" = "0 4" ]
}
