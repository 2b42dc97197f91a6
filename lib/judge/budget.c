/* Budgets, judged: after each sample with changes, sums what a budget selects and compares the sum
 * with its limit. */
#include "judge/budget_inner.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/list.h"
#include "base/words.h"
#include "space/select.h"

const char *const vp_budget_measures[] = { "size", "rss", "pss", "dirty", "swap", "regions" };

/* ---- the budgets ---- */

struct vp_budget *vp_budget_read(const char *path)
{
	struct vp_budget *budget = calloc(1, sizeof *budget);
	if (!budget) {
		vp_no_memory();
		return NULL;
	}
	budget->config = vp_config_read(path);
	if (budget->config && !vp_budget_fill(budget, path))
		return budget;
	vp_budget_free(budget);
	return NULL;
}

void vp_budget_free(struct vp_budget *budget)
{
	if (!budget)
		return;
	for (size_t i = 0; i < budget->limit_count; i++) {
		if (budget->limits[i].options.rows)
			vp_options_free(&budget->limits[i].options);
		free(budget->limits[i].title);
	}
	free(budget->limits);
	free(budget->cases);
	vp_places_free(&budget->pids);
	vp_config_free(budget->config);
	free(budget);
}

void vp_budget_sink(struct vp_budget *budget, const struct vp_finding_sink *sink)
{
	budget->sink = *sink;
}

/* ---- cases ---- */

static struct budget_case *new_case(struct vp_budget *budget, size_t limit, int64_t pid)
{
	if (vp_list_room(&budget->cases, budget->case_count, &budget->case_size,
	                 sizeof *budget->cases))
		return NULL;
	size_t before = vp_places_get(&budget->pids, pid, NO_CASE);
	if (vp_places_set(&budget->pids, pid, budget->case_count))
		return NULL;
	struct budget_case *one = &budget->cases[budget->case_count++];
	*one = (struct budget_case){ .limit = limit, .pid = pid, .before = before, .live = true };
	return one;
}

static struct budget_case *find_case(struct vp_budget *budget, size_t limit, int64_t pid)
{
	for (size_t i = vp_places_get(&budget->pids, pid, NO_CASE); i != NO_CASE;
	     i = budget->cases[i].before) {
		struct budget_case *one = &budget->cases[i];
		if (one->live && one->limit == limit)
			return one;
	}
	return NULL;
}

static bool is_called(const char *glob, vp_str name)
{
	char text[300];
	snprintf(text, sizeof text, "%.*s", (int)(name.n < sizeof text ? name.n : sizeof text - 1),
	         name.p ? name.p : "");
	return fnmatch(glob, text, 0) == 0;
}

static vp_str base_of(vp_str path)
{
	const char *slash = path.n ? memrchr(path.p, '/', path.n) : NULL;
	return slash ? (vp_str){ slash + 1, path.n - (size_t)(slash + 1 - path.p) } : path;
}

static bool is_for(const struct limit *limit, int64_t pid, vp_str name, vp_str exe)
{
	if (limit->pid && limit->pid != pid)
		return false;
	return !limit->process || is_called(limit->process, name) ||
	       (exe.n && is_called(limit->process, base_of(exe)));
}

int vp_budget_process(struct vp_budget *budget, struct vp_record *process)
{
	vp_str why = vp_record_str(process, "why"), name = vp_record_str(process, "name"),
	       exe = vp_record_str(process, "exe");
	if (!vp_str_is(why, "first"))
		vp_budget_exit(budget, process->pid);
	for (size_t i = 0; i < budget->limit_count; i++) {
		if (!is_for(&budget->limits[i], process->pid, name, exe) ||
		    find_case(budget, i, process->pid))
			continue;
		struct budget_case *one = new_case(budget, i, process->pid);
		if (!one)
			return -1;
		one->born = process->t;
		snprintf(one->process, sizeof one->process, "%.*s",
		         (int)(name.n < 63 ? name.n : 63), name.p ? name.p : "");
	}
	return 0;
}

/* ---- sums ---- */

struct adding {
	const struct limit *limit;
	struct budget_case *one;
	uint64_t sum;
	size_t regions; /* of the process, counted or not */
};

static void visit(void *ctx, uint64_t id, const struct vp_region *region)
{
	static const int which[] = { -1, VP_M_rss, VP_M_pss, VP_M_dirty, VP_M_swap, -1 };
	struct adding *adding = ctx;
	const struct limit *limit = adding->limit;
	(void)id;
	adding->regions++;
	if (!vp_select_kind(limit->kind, region->kind) ||
	    !vp_select_perms(limit->perms, region->perms))
		return;
	if (limit->region && !is_called(limit->region, region->name))
		return;
	if (limit->measure == MEASURE_REGIONS)
		adding->sum++;
	else if (limit->measure == MEASURE_SIZE)
		adding->sum += region->size;
	else if (region->measured >> which[limit->measure] & 1)
		adding->sum += region->measure[which[limit->measure]];
	else
		adding->one->unmeasured = true;
}

/* ---- judging ---- */

struct words {
	char text[40];
};

#define FROM_NOTHING 1e9 /* percent of growth from 0 */

static struct words amount(const struct limit *limit, double value)
{
	struct words words;
	char size[VP_SIZE_WORDS];
	bool rate = limit->grows == GROWTH_RATE;
	if (limit->grows == GROWTH_PERCENT && value >= FROM_NOTHING)
		snprintf(words.text, sizeof words.text, "all of it, from 0");
	else if (limit->grows == GROWTH_PERCENT)
		snprintf(words.text, sizeof words.text, value < 1000 ? "%.4g %%" : "%.0f %%",
		         value);
	else if (limit->measure == MEASURE_REGIONS)
		snprintf(words.text, sizeof words.text, rate && value < 1000 ? "%.4g%s" : "%.0f%s",
		         value, rate ? "/s" : "");
	else if (vp_size_into(size, value))
		snprintf(words.text, sizeof words.text, "%s%s", size, rate ? "/s" : "");
	return words;
}

static double value_of(const struct limit *limit, const struct budget_case *one)
{
	double value = (double)(limit->at == AT_END || limit->growth ? one->last : one->peak),
	       more = value - (double)one->first;
	if (!limit->growth)
		return value;
	if (limit->grows == GROWTH_BYTES)
		return more;
	if (limit->grows == GROWTH_PERCENT && one->first)
		return 100 * more / (double)one->first;
	if (limit->grows == GROWTH_PERCENT)
		return more > 0 ? FROM_NOTHING : 0;
	return one->t_last > one->t_first ? more * 1e9 / (double)(one->t_last - one->t_first) : 0;
}

static void tell(struct vp_budget *budget, const struct limit *limit, struct budget_case *one,
                 double value)
{
	struct vp_finding *finding = &budget->finding;
	char who[100] = "all processes together";
	if (one->pid >= 0)
		snprintf(who, sizeof who, "%s (%lld)", one->process[0] ? one->process : "process",
		         (long long)one->pid);
	snprintf(one->text, sizeof one->text, "%s: %s %s %s, the budget is %s", who,
	         vp_budget_measures[limit->measure],
	         limit->growth         ? "grew by"
	         : limit->at == AT_END ? "is at the end"
	                               : "reached",
	         amount(limit, value).text, amount(limit, limit->least_broken).text);
	*finding = (struct vp_finding){
		.t = budget->t, .pid = one->pid, .rule = "budget", .severity = VP_ERROR
	};
	snprintf(finding->text, sizeof finding->text, "%.100s: %s", limit->title, one->text);
	finding->evidence[0] =
	        (struct vp_evidence){ .key = "budget", .type = VP_EV_WORD, .word = limit->title };
	finding->evidence[1] = (struct vp_evidence){ .key = "measure",
		                                     .type = VP_EV_WORD,
		                                     .word = vp_budget_measures[limit->measure] };
	finding->evidence[2] =
	        (struct vp_evidence){ .key = limit->grows == GROWTH_PERCENT ? "percent" : "value",
		                      .value = value > 0 ? (uint64_t)value : 0 };
	finding->evidence[3] =
	        (struct vp_evidence){ .key = "limit", .value = (uint64_t)limit->least_broken };
	finding->evidence_count = 4;
	if (budget->sink.finding)
		budget->sink.finding(budget->sink.ctx, finding);
}

static void judge(struct vp_budget *budget, struct budget_case *one)
{
	const struct limit *limit = &budget->limits[one->limit];
	double value = value_of(limit, one);
	if (one->verdict == JUDGE_BROKEN || !one->begun || value <= limit->least_broken)
		return;
	one->verdict = JUDGE_BROKEN;
	tell(budget, limit, one, value);
}

static void enter(struct budget_case *one, int64_t t, uint64_t value)
{
	if (!one->begun) {
		one->begun = true;
		one->first = value;
		one->t_first = t;
	}
	one->last = value;
	one->t_last = t;
	if (value > one->peak)
		one->peak = value;
}

/* Enters the sum over all live processes. */
static int enter_together(struct vp_budget *budget, size_t limit, int64_t t)
{
	struct budget_case *all = find_case(budget, limit, -1);
	uint64_t sum = 0;
	if (!all && !(all = new_case(budget, limit, -1)))
		return -1;
	for (size_t i = 0; i < budget->case_count; i++)
		if (budget->cases[i].live && budget->cases[i].limit == limit &&
		    budget->cases[i].pid >= 0)
			sum += budget->cases[i].last;
	for (size_t i = 0; i < budget->case_count; i++)
		all->unmeasured |= budget->cases[i].limit == limit && budget->cases[i].unmeasured;
	enter(all, t, sum);
	judge(budget, all);
	return 0;
}

static int look(struct vp_budget *budget, struct budget_case *one, int64_t t,
                const struct vp_tracker *tracker, bool changed)
{
	size_t at = one->limit;
	const struct limit *limit = &budget->limits[at];
	struct adding adding = { .limit = limit, .one = one, .sum = one->last };
	if (t < one->born + limit->after) {
		one->measured = false;
		return 0;
	}
	if (changed || !one->measured) {
		adding.sum = 0;
		vp_tracker_visit(tracker, one->pid, visit, &adding);
		/* Nothing is known of its memory: a sample without a snapshot, as of raw lines. */
		if (!adding.regions)
			return 0;
	}
	one->measured = true;
	enter(one, t, adding.sum);
	if (limit->together)
		return enter_together(budget, at, t);
	if (limit->at == AT_PEAK && !limit->growth)
		judge(budget, one);
	return 0;
}

int vp_budget_look(struct vp_budget *budget, int64_t t, int64_t pid,
                   const struct vp_tracker *tracker, bool changed)
{
	budget->t = t;
	for (size_t i = 0; i < budget->limit_count; i++) {
		struct budget_case *one = find_case(budget, i, pid);
		if (one && look(budget, one, t, tracker, changed))
			return -1;
	}
	return 0;
}

static void end_case(struct vp_budget *budget, struct budget_case *one)
{
	const struct limit *limit = &budget->limits[one->limit];
	one->live = false;
	if (one->verdict == JUDGE_BROKEN)
		return;
	if (!limit->together || one->pid < 0)
		judge(budget, one);
	if (one->verdict == JUDGE_BROKEN)
		return;
	one->verdict = !one->begun ? JUDGE_SKIPPED : one->unmeasured ? JUDGE_UNKNOWN : JUDGE_KEPT;
	if (one->unmeasured)
		snprintf(one->text, sizeof one->text, "%s of some of its regions is unknown",
		         vp_budget_measures[limit->measure]);
}

void vp_budget_exit(struct vp_budget *budget, int64_t pid)
{
	for (size_t i = 0; i < budget->limit_count; i++) {
		struct budget_case *one = find_case(budget, i, pid);
		if (one)
			end_case(budget, one);
	}
	vp_places_drop(&budget->pids, pid);
}

void vp_budget_segment(struct vp_budget *budget)
{
	for (size_t i = 0; i < budget->case_count; i++)
		if (budget->cases[i].live)
			end_case(budget, &budget->cases[i]);
	vp_places_free(&budget->pids);
}

bool vp_budget_counts(const struct vp_budget *budget, const struct budget_case *one)
{
	return one->verdict != JUDGE_SKIPPED &&
	       (one->pid < 0 || !budget->limits[one->limit].together);
}

static bool is_judged(const struct vp_budget *budget, size_t limit)
{
	for (size_t i = 0; i < budget->case_count; i++)
		if (budget->cases[i].limit == limit && vp_budget_counts(budget, &budget->cases[i]))
			return true;
	return false;
}

size_t vp_budget_finish(struct vp_budget *budget, void (*say)(void *ctx, const char *text),
                        void *ctx)
{
	char text[512];
	size_t unknown = 0;
	vp_budget_segment(budget);
	for (size_t i = 0; i < budget->limit_count; i++) {
		struct budget_case *one = is_judged(budget, i) ? NULL : new_case(budget, i, -1);
		if (!one)
			continue;
		one->live = false;
		one->verdict = JUDGE_UNKNOWN;
		snprintf(one->text, sizeof one->text, "no memory map of such a process was seen%s",
		         budget->limits[i].after ? " so late" : "");
	}
	for (size_t i = 0; i < budget->case_count; i++) {
		if (budget->cases[i].verdict != JUDGE_UNKNOWN ||
		    !vp_budget_counts(budget, &budget->cases[i]))
			continue;
		snprintf(text, sizeof text, "%.100s: %s",
		         budget->limits[budget->cases[i].limit].title, budget->cases[i].text);
		say(ctx, text);
		unknown++;
	}
	return unknown;
}
