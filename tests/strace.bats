# strace: calls of memory in its logs are events with their effects, and a timeline follows from them.
load helper

@test "a log of strace: an event for each call of memory, and what is mapped at the end" {
	cat >"$BATS_TEST_TMPDIR/in" <<'END'
317   10:00:00.000000 execve("/usr/bin/app", ["app"], 0x7ffc /* 9 vars */) = 0
317   10:00:00.100000 brk(NULL)              = 0x55d0c8a4f000
317   10:00:00.200000 openat(AT_FDCWD, "/lib64/libc.so.6", O_RDONLY|O_CLOEXEC) = 3
317   10:00:00.300000 mmap(NULL, 16384, PROT_READ, MAP_PRIVATE|MAP_DENYWRITE, 3, 0) = 0x7f0000000000
317   10:00:00.400000 mmap(0x7f0000001000, 4096, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_FIXED, 3, 0x1000) = 0x7f0000001000
317   10:00:00.500000 mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0 <unfinished ...>
318   10:00:00.550000 close(9)               = 0
317   10:00:00.600000 <... mmap resumed>)    = 0x7f0000010000
317   10:00:00.700000 mprotect(0x7f0000010000, 4096, PROT_READ) = 0
317   10:00:00.800000 brk(0x55d0c8a70000)    = 0x55d0c8a70000
317   10:00:00.900000 munmap(0x7f0000002000, 4096) = 0
317   10:00:01.000000 mmap(NULL, 9000000000000000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -1 ENOMEM (Cannot allocate memory)
END
	run -0 --separate-stderr vm-parse "$BATS_TEST_TMPDIR/in"
	[ -z "$stderr" ]
	valid_stream <<<"$output"
	[ "$(jq -c 'select(.type == "event") | [.call, .error]' <<<"$output" | paste -sd' ')" = '["brk",null] ["mmap",null] ["mmap",null] ["mmap",null] ["mprotect",null] ["brk",null] ["munmap",null] ["mmap","ENOMEM"]' ]
	[ "$(jq -c 'select(.type == "region") | [.start[6:], .size, .perms, .name, .offset]' <<<"$output")" = '["55d0c8a4f000",135168,"rw-p","[heap]",null]
["7f0000000000",4096,"r--p","/lib64/libc.so.6","0x0000000000000000"]
["7f0000001000",4096,"r-xp","/lib64/libc.so.6","0x0000000000001000"]
["7f0000003000",4096,"r--p","/lib64/libc.so.6","0x0000000000003000"]
["7f0000010000",4096,"r--p",null,null]
["7f0000011000",4096,"rw-p",null,null]' ]
	vm-parse "$BATS_TEST_TMPDIR/in" | vm-track >"$BATS_TEST_TMPDIR/tracked"
	[ "$(jq -c 'select(.type == "change") | .event' "$BATS_TEST_TMPDIR/tracked" | sort | uniq -c | awk '{ print $2, $1 }' | grep -c .)" -ge 3 ]
	vm-check "$BATS_TEST_TMPDIR/tracked"
	[ "$(jq -r 'select(.type == "finding" and .rule == "failed-call") | [.call, .error, .size] | @tsv' "$BATS_TEST_TMPDIR/tracked")" = $'mmap\tENOMEM\t9000000000000000' ]
}
