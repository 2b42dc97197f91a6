/* vm-diff: the differences between two recordings or snapshots, whose addresses may all differ.
 *
 *   vm-diff before.ndjson after.txt
 *   -> a key frame of the one, `change` lines, a key frame of the other
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/list.h"
#include "compare/condition.h"
#include "compare/diff.h"
#include "compare/entropy.h"
#include "compare/sums.h"
#include "compare/whole.h"
#include "program/program.h"
#include "stream/put.h"

enum { SAME = 0, DIFFERENT = 1, TROUBLE = 2 };

struct state {
	int64_t at_a, at_b, pid, pid_a, pid_b;
	uint64_t resident;
	bool same_addresses, entropy;
	const char *fail_if;
};

#define FIELD(name) offsetof(struct state, name)
static const struct vp_option rows[] = {
	{
	        .name = "at-a",
	        .type = VP_OPT_TIME,
	        .offset = FIELD(at_a),
	        .arg = "TIME",
	        .help = "compare the state of A at TIME; preset: its last complete state before "
	                "the process ended",
	},
	{
	        .name = "at-b",
	        .type = VP_OPT_TIME,
	        .offset = FIELD(at_b),
	        .arg = "TIME",
	        .help = "the same for B",
	},
	{
	        .name = "pid",
	        .letter = 'p',
	        .type = VP_OPT_INT,
	        .offset = FIELD(pid),
	        .preset = "-1",
	        .limits = "-1..4194304",
	        .arg = "PID",
	        .help = "compare this process; preset: the first with regions",
	},
	{
	        .name = "pid-a",
	        .type = VP_OPT_INT,
	        .offset = FIELD(pid_a),
	        .preset = "-1",
	        .limits = "-1..4194304",
	        .arg = "PID",
	        .help = "for A only",
	},
	{
	        .name = "pid-b",
	        .type = VP_OPT_INT,
	        .offset = FIELD(pid_b),
	        .preset = "-1",
	        .limits = "-1..4194304",
	        .arg = "PID",
	        .help = "for B only",
	},
	{
	        .name = "resident",
	        .letter = 'r',
	        .type = VP_OPT_SIZE,
	        .offset = FIELD(resident),
	        .preset = "1M",
	        .arg = "SIZE",
	        .help = "residency that differs by at least SIZE is a difference; 0: never",
	},
	{
	        .name = "same-addresses",
	        .type = VP_OPT_FLAG,
	        .offset = FIELD(same_addresses),
	        .help = "pair regions by address: for moments of one process, or runs without "
	                "ASLR",
	},
	{
	        .name = "fail-if",
	        .letter = 'f',
	        .type = VP_OPT_LIST,
	        .offset = FIELD(fail_if),
	        .arg = "CONDITION,...",
	        .help = "exit 1 if a condition holds, else 0: 'heap.rss > +5%', "
	                "'perms:rwx.regions > 0'",
	},
	{
	        .name = "entropy",
	        .letter = 'e',
	        .type = VP_OPT_FLAG,
	        .offset = FIELD(entropy),
	        .help = "report how much the addresses vary between all inputs (also more than "
	                "two)",
	},
	{ 0 },
};

static const struct vp_about about = {
	.name = "vm-diff",
	.usage = "A B [FILE...]",
	.summary = "Compares two runs, recorded or as plain text, whatever their addresses.",
	.more = "A and B are streams of any kind, or texts such as /proc/PID/smaps; - is stdin.\n"
	        "A condition is SUBJECT.MEASURE OP AMOUNT: total, a kind, name:GLOB or "
	        "perms:PATTERN; size, regions, rss ...;\n"
	        "> >= < <= = !=; 300M, +5%, -64K: an amount with a sign is the difference, B "
	        "minus A.",
	.plugins = "source",
	.source = true,
	.trouble = TROUBLE,
	.statuses = "0 the same; 1 different, or a condition holds; 2 trouble, or wrong usage",
};

/* ---- conditions ---- */

struct conditions {
	struct vp_condition *at;
	size_t count;
};

static struct conditions conditions_of(struct vp_program *program, const char *list)
{
	static struct conditions conditions; /* what it owns lives as long as the program */
	for (const char *p = list; p;) {
		size_t n = strcspn(p, ",");
		char one[256]; /* one that does not fit is too long in any case */
		snprintf(one, sizeof one, "%.*s", (int)n, p);
		if (vp_list_room(&conditions.at, conditions.count, NULL, sizeof *conditions.at))
			vp_die(&program->flow, VP_TROUBLE, "%s", vp_error());
		if (vp_condition_parse(&conditions.at[conditions.count++], one))
			vp_die(&program->flow, VP_USAGE, "--fail-if: %s", vp_error());
		p = p[n] ? p + n + 1 : NULL;
	}
	return conditions;
}

static void put_finding(struct vp_program *program, int64_t pid, const char *text)
{
	vp_put_begin(&program->flow.out, "finding", 1000000000, pid);
	vp_put_str(&program->flow.out, "rule", vp_s("fail-if"));
	vp_put_str(&program->flow.out, "severity", vp_s("error"));
	vp_put_str(&program->flow.out, "text", vp_s(text));
	vp_put_end(&program->flow.out);
}

/* Says each condition that holds, and writes its finding. Returns how many hold. */
static size_t judge(struct vp_program *program, const struct conditions *conditions,
                    const struct vp_diff_side *a, const struct vp_diff_side *b)
{
	size_t held = 0;
	char words[512];
	for (size_t i = 0; i < conditions->count; i++) {
		int holds = vp_condition_test(&conditions->at[i], a->space, b->space, words,
		                              sizeof words);
		if (holds < 0)
			vp_trouble(&program->flow, "%s", vp_error());
		if (holds <= 0)
			continue;
		held++;
		vp_say(&program->flow, "%s", words);
		put_finding(program, a->space->pid >= 0 ? a->space->pid : b->space->pid, words);
	}
	return held;
}

/* ---- inputs ---- */

static void say_of(struct vp_program *program, const struct vp_whole *whole,
                   const struct vp_space *space, bool asked)
{
	size_t others = 0;
	for (size_t i = 0; i < whole->state.count; i++)
		others += whole->state.spaces[i] != space && whole->state.spaces[i]->count;
	if (whole->cut)
		vp_say(&program->flow,
		       "%s: its last snapshot is incomplete; the state before it is used",
		       whole->name);
	if (others && !asked)
		vp_say(&program->flow,
		       "%s: %zu more process%s in it; process %lld is compared (see --pid)",
		       whole->name, others, others > 1 ? "es" : "", (long long)space->pid);
	if (whole->contradictions)
		vp_trouble(&program->flow, "%s: %llu lines contradict the lines before them",
		           whole->name, (unsigned long long)whole->contradictions);
}

static void read_whole(struct vp_program *program, struct vp_whole *whole, const char *path,
                       int64_t at)
{
	if (vp_whole_read(whole, &program->flow, path, at))
		vp_die(&program->flow, VP_TROUBLE, "%s", vp_error());
}

static struct vp_diff_side side_of(struct vp_program *program, struct vp_whole *whole, int64_t at,
                                   int64_t pid)
{
	struct vp_space *space = vp_whole_space(whole, pid);
	if (!space)
		vp_die(&program->flow, VP_TROUBLE, "%s", vp_error());
	say_of(program, whole, space, pid >= 0);
	const struct vp_whole_life *life = vp_whole_life(whole, space->pid);
	struct vp_diff_side side = { .name = whole->name, .at = at, .space = space };
	if (life && life->line)
		side.process = (vp_str){ life->line, life->n };
	return side;
}

static void put_stream(struct vp_program *program)
{
	char *options = vp_options_json(&program->options);
	vp_put_begin(&program->flow.out, "stream", 0, -1);
	vp_put_num(&program->flow.out, "version", 1);
	vp_put_str(&program->flow.out, "program", vp_s("vm-diff " VP_VERSION));
	vp_put_json(&program->flow.out, "options", vp_s(options));
	vp_put_end(&program->flow.out);
	free(options);
}

static void put_end(struct vp_program *program)
{
	vp_put_stage(&program->flow, 1);
	vp_put_begin(&program->flow.out, "end", program->flow.t, -1);
	vp_put_str(&program->flow.out, "reason", vp_s("exit"));
	vp_put_end(&program->flow.out);
}

static bool knows(const struct vp_space *space, enum vp_measure measure)
{
	for (size_t i = 0; i < space->count; i++)
		if (space->live[i]->region.measured >> measure & 1)
			return true;
	return false;
}

/* ---- reports of sums ---- */

static void say_words(void *program, const char *words)
{
	vp_say(&((struct vp_program *)program)->flow, "%s", words);
}

static size_t judge_sums(struct vp_program *program, const struct conditions *conditions,
                         const struct vp_sums *a, const struct vp_sums *b, int64_t pid)
{
	size_t held = 0;
	char words[512];
	for (size_t i = 0; i < conditions->count; i++) {
		int holds = vp_condition_test_sums(&conditions->at[i], a, b, words, sizeof words);
		if (holds < 0)
			vp_trouble(&program->flow, "%s", vp_error());
		if (holds <= 0)
			continue;
		held++;
		vp_say(&program->flow, "%s", words);
		put_finding(program, pid, words);
	}
	return held;
}

static void put_side(struct vp_program *program, const struct vp_sums *sums,
                     const struct vp_whole *whole, int index, int64_t pid)
{
	char text[512];
	snprintf(text, sizeof text, "%c: %.480s", "AB"[index], whole -> name);
	vp_put_begin(&program->flow.out, "mark", index * INT64_C(1000000000), pid);
	vp_put_str(&program->flow.out, "text", vp_s(text));
	vp_put_end(&program->flow.out);
	vp_sums_put(sums, (uint64_t)index, index * INT64_C(1000000000), pid, &program->flow.out);
}

/* Compares what both sides state of the whole and by kind, where a side lists no region. */
static int compare_sums(struct vp_program *program, const struct state *state,
                        const struct conditions *conditions, struct vp_whole *wholes)
{
	struct vp_sums sums[2];
	int64_t pids[2], asked[2] = { state->pid_a, state->pid_b }, differ;
	for (int i = 0; i < 2; i++)
		if (vp_sums_read(&sums[i], &wholes[i], asked[i] >= 0 ? asked[i] : state->pid,
		                 &pids[i]))
			vp_die(&program->flow, VP_TROUBLE, "%s", vp_error());
	int64_t pid = pids[0] >= 0 ? pids[0] : pids[1];
	vp_flow_complete(&program->flow);
	put_stream(program);
	for (int i = 0; i < 2; i++)
		put_side(program, &sums[i], &wholes[i], i, pid);
	program->flow.t = 1000000000;
	vp_flow_complete(&program->flow);
	vp_say(&program->flow, "%s states sums and lists no region: sums are compared",
	       vp_sums_life(&wholes[0], pids[0]) ? wholes[0].name : wholes[1].name);
	differ = vp_sums_compare(&sums[0], &sums[1], state->resident, say_words, program);
	if (differ < 0)
		vp_trouble(&program->flow, "%s", vp_error());
	else if (!differ)
		vp_say(&program->flow, "no difference in the sums");
	size_t held = judge_sums(program, conditions, &sums[0], &sums[1], pid);
	put_end(program);
	for (int i = 0; i < 2; i++)
		vp_sums_free(&sums[i]);
	return (conditions->count ? held > 0 : differ > 0) ? DIFFERENT : SAME;
}

/* ---- two, or many ---- */

static int compare(struct vp_program *program, const struct state *state,
                   const struct conditions *conditions)
{
	struct vp_whole wholes[2];
	int64_t at_a = vp_options_given(&program->options, "at-a") ? state->at_a : INT64_MAX,
	        at_b = vp_options_given(&program->options, "at-b") ? state->at_b : INT64_MAX;
	int64_t pid_a = state->pid_a >= 0 ? state->pid_a : state->pid,
	        pid_b = state->pid_b >= 0 ? state->pid_b : state->pid;
	read_whole(program, &wholes[0], program->arguments[0], at_a);
	read_whole(program, &wholes[1], program->arguments[1], at_b);
	if (vp_sums_life(&wholes[0], pid_a) || vp_sums_life(&wholes[1], pid_b)) {
		int verdict = compare_sums(program, state, conditions, wholes);
		vp_whole_free(&wholes[0]);
		vp_whole_free(&wholes[1]);
		return verdict;
	}
	struct vp_diff_side a = side_of(program, &wholes[0], at_a, pid_a);
	struct vp_diff_side b = side_of(program, &wholes[1], at_b, pid_b);
	struct vp_diff_options options = { .resident = state->resident,
		                           .same_addresses = state->same_addresses };
	struct vp_diff *diff = vp_diff_new(&a, &b, &options);
	char words[512];
	vp_flow_complete(&program->flow);
	put_stream(program);
	if (!diff || vp_diff_put(diff, &program->flow.out))
		vp_die(&program->flow, VP_TROUBLE, "%s", vp_error());
	program->flow.t = 1000000000;
	struct vp_diff_counts counts = vp_diff_counts(diff);
	vp_diff_words(&counts, words, sizeof words);
	vp_flow_complete(&program->flow);
	if (knows(a.space, VP_M_rss) != knows(b.space, VP_M_rss))
		vp_say(&program->flow, "residency is known for %s only, and is not compared",
		       knows(a.space, VP_M_rss) ? a.name : b.name);
	vp_say(&program->flow, "%s", words);
	size_t held = judge(program, conditions, &a, &b);
	put_end(program);
	vp_diff_free(diff);
	vp_whole_free(&wholes[0]);
	vp_whole_free(&wholes[1]);
	return (conditions->count ? held : vp_diff_real(&counts)) ? DIFFERENT : SAME;
}

static int entropy(struct vp_program *program, const struct state *state)
{
	struct vp_entropy all = { 0 };
	for (int i = 0; i < program->argument_count; i++) {
		struct vp_whole whole;
		read_whole(program, &whole, program->arguments[i], INT64_MAX);
		struct vp_diff_side side = side_of(program, &whole, INT64_MAX, state->pid);
		if (vp_entropy_run(&all, side.space))
			vp_die(&program->flow, VP_TROUBLE, "%s", vp_error());
		vp_whole_free(&whole);
	}
	vp_entropy_finish(&all);
	vp_flow_complete(&program->flow);
	put_stream(program);
	vp_entropy_put(&all, &program->flow.out);
	put_end(program);
	size_t fixed = vp_entropy_fixed(&all);
	vp_say(&program->flow,
	       "%zu runs, %zu bases, %zu of them at one address in every run; with few runs some "
	       "random bits look fixed",
	       all.runs, all.count, fixed);
	vp_entropy_free(&all);
	return fixed ? DIFFERENT : SAME;
}

static void check_usage(struct vp_program *program, const struct state *state)
{
	bool many = state->entropy || program->argument_count > 2, stdin_twice = false;
	static const char *const of_two[] = { "at-a",  "at-b",    "pid-a",
		                              "pid-b", "fail-if", "same-addresses" };
	for (int i = 0, seen = 0; i < program->argument_count; i++)
		stdin_twice |= !strcmp(program->arguments[i], "-") && seen++;
	if (program->argument_count < 2)
		vp_die(&program->flow, VP_USAGE,
		       "two inputs are needed: A and B (vm-diff --help shows the usage)");
	program->flow.input.paths = program->arguments;
	if (vp_flow_check_output(&program->flow,
	                         program->flow.output_name ? program->flow.output_name : "-"))
		vp_die(&program->flow, VP_USAGE, "%s", vp_error());
	if (stdin_twice)
		vp_die(&program->flow, VP_USAGE, "stdin (-) can be one input only");
	for (size_t i = 0; many && i < sizeof of_two / sizeof *of_two; i++)
		if (vp_options_given(&program->options, of_two[i]))
			vp_die(&program->flow, VP_USAGE,
			       "--%s is for two inputs and not for --entropy; there are %d inputs",
			       of_two[i], program->argument_count);
}

int main(int argc, char **argv)
{
	static struct vp_program program;
	static struct state state;
	vp_program_start(&program, &about, rows, &state, argc, argv);
	struct conditions conditions = conditions_of(&program, state.fail_if);
	vp_program_checked(&program);
	check_usage(&program, &state);
	bool many = state.entropy || program.argument_count > 2;
	int verdict = many ? entropy(&program, &state) : compare(&program, &state, &conditions);
	free(conditions.at);
	return vp_program_finish(&program) ? TROUBLE : verdict;
}
