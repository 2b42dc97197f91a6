/* vm-check: do the changes lead from each key frame to the next?
 *
 *   vm-check tracked.ndjson
 *   -> ok: 3 processes, 12 key frames, 345 changes in 310 acts
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/error.h"
#include "compare/check.h"
#include "program/program.h"

#define SAID_MAX 20 /* contradictions that are shown one by one */

static const struct vp_about about = {
	.name = "vm-check",
	.usage = "[FILE...]",
	.summary = "Replays the changes of a tracked stream and compares the result with each key "
	           "frame.",
	.more = "Prints the verdict as one line; nothing with -q. Contradictions are printed on "
	        "stderr, with file and line.",
};

struct said {
	struct vp_flow *flow;
	uint64_t count;
};

static void say_wrong(void *ctx, const char *text)
{
	struct said *said = ctx;
	struct vp_flow *flow = said->flow;
	flow->status = VP_TROUBLE;
	if (said->count++ < SAID_MAX)
		vp_say(flow, "%s:%" PRIu64 ": %s", flow->input.name, flow->input.line, text);
	else if (said->count == SAID_MAX + 1)
		vp_say(flow, "further contradictions are counted, not shown");
}

static void say_trouble(void *ctx, const char *text)
{
	struct vp_flow *flow = ((struct said *)ctx)->flow;
	vp_trouble(flow, "%s: %s", flow->input.name ? flow->input.name : "input", text);
}

static const char *plural(uint64_t count, const char *ending)
{
	return count == 1 ? "" : ending;
}

static void say_verdict(struct vp_flow *flow, const struct vp_check_counts *counts)
{
	char verdict[80], line[320];
	if (counts->wrong)
		snprintf(verdict, sizeof verdict, "wrong: %" PRIu64 " contradiction%s;",
		         counts->wrong, plural(counts->wrong, "s"));
	else if (counts->nothing)
		snprintf(verdict, sizeof verdict, "nothing to check:");
	else if (counts->cut)
		snprintf(verdict, sizeof verdict, "cut short:");
	else if (flow->status)
		snprintf(verdict, sizeof verdict, "bad input: %" PRIu64 " lines skipped;",
		         flow->skipped);
	else
		snprintf(verdict, sizeof verdict, "ok:");
	snprintf(line, sizeof line,
	         "%s %" PRIu64 " process%s, %" PRIu64 " key frame%s, %" PRIu64 " change%s in "
	         "%" PRIu64 " act%s",
	         verdict, counts->processes, plural(counts->processes, "es"), counts->frames,
	         plural(counts->frames, "s"), counts->changes, plural(counts->changes, "s"),
	         counts->acts, plural(counts->acts, "s"));
	vp_out_line(&flow->out, vp_s(line));
}

int main(int argc, char **argv)
{
	static struct vp_program program;
	struct vp_flow *flow = &program.flow;
	struct said said = { .flow = flow };
	vp_program_start(&program, &about, NULL, NULL, argc, argv);
	struct vp_check *check = vp_check_new(&(struct vp_check_sink){
	        .ctx = &said, .wrong = say_wrong, .trouble = say_trouble });
	int failed = !check;
	while (!failed && vp_flow_next(flow))
		failed = vp_check_line(check, &flow->record);
	if (failed || vp_check_finish(check))
		vp_die(flow, VP_TROUBLE, "%s", vp_error());
	vp_flow_complete(flow);
	struct vp_check_counts counts = vp_check_counts(check);
	if (!program.common.quiet)
		say_verdict(flow, &counts);
	vp_check_free(check);
	return vp_program_finish(&program);
}
