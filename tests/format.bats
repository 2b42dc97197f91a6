#!/usr/bin/env bats
# Layout of the code: .clang-format defines it, `make format` applies it.
# bats file_tags=steady

load helper

@test "all C files have the layout of .clang-format" {
	cd "$ROOT"
	find cmd lib plugins tests contrib -name '*.[ch]' >"$BATS_TEST_TMPDIR/files"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/files")" -gt 200 ]
	run clang-format-14 --dry-run --Werror $(cat "$BATS_TEST_TMPDIR/files")
	[ -z "$output" ]
	[ "$status" -eq 0 ]
}
