#!/usr/bin/env bats
# Several sources at once: one clock, lines sorted by time, options for their source, each source once.
load helper

# ticker: samples the system as a whole; reports moments before the sample, like a source with a buffer.
setup() {
	cd "$BATS_TEST_TMPDIR"
	mkdir -p plugins/source
	cat >ticker.c <<'END'
#include "plugin.h"
struct ticker { int64_t last; int number; };
static const struct vp_option options[] = { { "number", 0, VP_OPT_INT, offsetof(struct ticker, number), "3", "0..9", "N", "of lines a look" }, { 0 } };
static int sample(void *state, struct vp_sample_api *h)
{
	struct ticker *ticker = state;
	int64_t now = h->now(h);
	for (int i = 1; i <= ticker->number; i++) {
		h->begin(h, "tick", ticker->last + (now - ticker->last) * i / ticker->number, -1);
		h->num(h, "i", (uint64_t)i);
		h->end(h);
	}
	ticker->last = now;
	return 1;
}
const struct vp_source vp_source = { .abi = VP_ABI, .name = "ticker", .about = "ticks", .state = sizeof(struct ticker), .options = options, .sample = sample };
END
	"${CC:-cc}" -shared -fPIC -Wall -Werror -I"$ROOT/lib" -o plugins/source/ticker.so ticker.c
	export VMPIPE_PLUGINS=$PWD/plugins
}

@test "the lines of two sources are one stream, sorted by time" {
	workload still "$BATS_TEST_TMPDIR"
	run --separate-stderr vm-sample -s procfs,ticker -p "$pid" -n 20 -i 2ms --detail maps
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[ "$(jq -c 'select(.type=="stream").sources' <<<"$output")" = '["procfs","ticker"]' ]
	[ "$(jq -s '[.[].t] | . == sort' <<<"$output")" = true ]
	[ "$(grep -c '"type":"tick"' <<<"$output")" -eq 60 ]
	[ "$(grep -c '"type":"sample"' <<<"$output")" -eq 20 ]
	[ "$(jq -s 'map(.type) | . as $t | any(range(1; length - 1); $t[. - 1] == "tick" and $t[.] == "sample" and $t[. + 1] == "tick")' <<<"$output")" = true ]
	[ "$(jq -s 'last(.[] | select(.type=="stage")).wrote == length' <<<"$output")" = true ]
	run valid_stream --unknown <<<"$output"
	[ "$status" -eq 0 ]
}

@test "the lines of one source for a sample stay together, however large" {
	workload many 3000
	vm-sample -s ticker,procfs -p "$pid" -n 3 -i 1ms --detail maps >s
	jq -j 'select(.format=="linux-maps") | .text' s | cmp - "/proc/$pid/maps"
	vm-parse s | grep -c '"type":"region"'
}

@test "an option goes to the source that has it; an unknown option is refused, with the nearest" {
	workload still "$BATS_TEST_TMPDIR"
	run --separate-stderr vm-sample -s procfs -s ticker -O number=1 -O detail=maps -p "$pid" -n 2 -i 1ms
	[ "$status" -eq 0 ]
	[ "$(grep -c '"type":"tick"' <<<"$output")" -eq 2 ]
	[ "$(jq -c 'select(.type=="stream").options | [.detail, .ticker.number]' <<<"$output")" = '["maps",1]' ]
	run --separate-stderr vm-sample -s procfs,ticker -O detial=maps -p "$pid" -n 1
	[ "$status" -eq 2 ]
	[[ "$stderr" == *detial*detail* ]]
}

@test "a source named twice, and a missing source, are refused" {
	run --separate-stderr vm-sample -s procfs,ticker,procfs -p $$ -n 1
	[ "$status" -eq 2 ]
	[[ "$stderr" == *"source procfs is named twice"* ]]
	run --separate-stderr vm-sample -s procfs,tikcer -p $$ -n 1
	[ "$status" -eq 2 ]
	[[ "$stderr" == *'"tikcer"'*'did you mean "ticker"?'* ]]
}

@test "the stream ends with the process, even if a system source goes on" {
	run --separate-stderr timeout 100 vm-sample -s ticker,procfs -i 5ms -- sh -c 'sleep 0.05; exit 3'
	[ "$status" -eq 3 ]
	[ "$(tail -1 <<<"$output" | jq -r .reason)" = exit ]
}

@test "a system source alone needs no process, and ends with a given one" {
	run --separate-stderr vm-sample -s ticker -n 3 -i 1ms
	[ "$status" -eq 0 ]
	[ "$(grep -c '"type":"tick"' <<<"$output")" -eq 9 ]
	run --separate-stderr timeout 100 vm-sample -s ticker -i 5ms -- sh -c 'exit 4'
	[ "$status" -eq 4 ]
}

@test "a source that cannot follow refuses -f" {
	run --separate-stderr vm-sample -s ticker -f -n 1
	[ "$status" -eq 2 ]
	[[ "$stderr" == *"--follow: none of the sources (ticker) has this option"* ]]
}
