/* Findings of what only grows: a region, a kind as a whole, and sorts of regions that come and
 * stay.
 *
 * Growth that levels off or falls again is no finding (trend.h). Growth for longer than `grow_for`
 * is one although it may end one day. Nobody can see that from outside, so a finding has its slope
 * and its confidence.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "judge/inner.h"
#include "space/kind.h"

static bool among(size_t kind, const char *const *names)
{
	for (; *names; names++)
		if (!strcmp(vp_kind_name(kind), *names))
			return true;
	return false;
}

/* Only address space, or kinds with a rule of their own. */
static bool never_grows(size_t kind)
{
	static const char *const names[] = { "reserved", "guard",    "stack", "vdso",
		                             "vvar",     "vsyscall", NULL };
	return among(kind, names);
}

/* The kernel can reclaim these pages at any time, or other processes share them. */
static bool of_files(size_t kind)
{
	static const char *const names[] = { "text",     "rodata",       "data",   "file",
		                             "locale",   "font",         "device", "gpu",
		                             "linkedit", "shared-cache", NULL };
	return among(kind, names);
}

static struct vp_trend_rule rule_of(const struct vp_findings *findings, uint64_t least)
{
	return (struct vp_trend_rule){ findings->options.grow_samples, findings->options.grow_for,
		                       least };
}

/* ---- what the tracker says ---- */

static struct region_life *find_region(const struct finding_space *space, uint64_t id)
{
	for (size_t i = 0; i < space->region_count; i++)
		if (space->regions[i].id == id)
			return &space->regions[i];
	return NULL;
}

static void drop_region(struct vp_findings *findings, struct finding_space *space, uint64_t id)
{
	struct region_life *life = find_region(space, id);
	if (!life)
		return;
	vp_finding_end_region(findings, space, life);
	vp_trend_clear(&life->size);
	*life = space->regions[--space->region_count];
}

/* Adds a region; when there is no room, in place of the one that has been unchanged for longest.
 * NULL: no memory. */
static struct region_life *new_region(struct finding_space *space)
{
	if (space->region_count < VP_FINDING_REGIONS) {
		if (vp_list_room(&space->regions, space->region_count, &space->region_size,
		                 sizeof *space->regions))
			return NULL;
		return memset(&space->regions[space->region_count++], 0, sizeof *space->regions);
	}
	struct region_life *still = &space->regions[0];
	for (size_t i = 1; i < space->region_count; i++)
		if (space->regions[i].size.look < still->size.look)
			still = &space->regions[i];
	vp_trend_clear(&still->size);
	return memset(still, 0, sizeof *still);
}

static void resized(struct vp_findings *findings, struct finding_space *space,
                    const struct vp_change *change)
{
	struct region_life *life = find_region(space, change->id);
	if (!life && change->now->size < change->was->size)
		return;
	if (!life && (life = new_region(space))) {
		life->id = change->id;
		life->first = change->was->size;
		life->kind = vp_kind_index(change->now->kind);
		vp_trend_set(&life->size, space->look ? space->look - 1 : 0, space->t,
		             change->was->size);
	}
	if (!life)
		return;
	vp_finding_call(life->words, change->now);
	if (vp_trend_set(&life->size, space->look, change->t, change->now->size))
		drop_region(findings, space, change->id);
}

static unsigned magnitude(uint64_t size)
{
	unsigned bits = 0;
	while (size >>= 1)
		bits++;
	return bits;
}

static struct group *find_group(const struct finding_space *space, size_t kind,
                                const struct vp_region *region)
{
	unsigned bits = magnitude(region->size);
	for (size_t i = 0; i < space->group_count; i++) {
		struct group *group = &space->groups[i];
		if (group->kind == kind && group->magnitude == bits &&
		    !memcmp(group->perms, region->perms, sizeof group->perms))
			return group;
	}
	return NULL;
}

/* Notes the call that made a region. */
static void note_caller(struct callers *callers, const char *call, uint64_t stack)
{
	callers->all++;
	if (stack && (!callers->stack || callers->alike_stack * 2 < callers->all)) {
		callers->stack = stack;
		callers->alike_stack = 0;
	}
	callers->alike_stack += stack && stack == callers->stack;
	if (!*call)
		return;
	if (!callers->call[0] || callers->alike * 2 < callers->all) {
		snprintf(callers->call, sizeof callers->call, "%.15s", call);
		callers->alike = 0;
	}
	callers->alike += !strcmp(callers->call, call);
}

/* Most of them have one caller: its name; else NULL. */
static const char *caller(const struct callers *callers)
{
	return callers->call[0] && callers->alike >= callers->all / 5 * 4 ? callers->call : NULL;
}

/* The functions that most of them come from; "": unknown, or there are several. */
static const char *functions(const struct vp_findings *findings, const struct callers *callers)
{
	bool most = callers->alike_stack >= callers->all / 5 * 4;
	return most ? vp_finding_functions(findings, callers->stack) : "";
}

/* Adds the sort of a region that has come; when there is no room, in place of the rarest one. */
static void came(struct finding_space *space, const struct vp_region *region, const char *call,
                 uint64_t stack)
{
	size_t kind = vp_kind_index(region->kind);
	struct group *group = find_group(space, kind, region);
	if (group)
		note_caller(&group->callers, call, stack);
	if (group || never_grows(kind))
		return;
	if (space->group_count < VP_FINDING_GROUPS) {
		if (vp_list_room(&space->groups, space->group_count, &space->group_size,
		                 sizeof *space->groups))
			return;
		group = &space->groups[space->group_count++];
	} else {
		group = &space->groups[0];
		for (size_t i = 1; i < space->group_count; i++)
			if (space->groups[i].live < group->live)
				group = &space->groups[i];
		vp_trend_clear(&group->count);
	}
	memset(group, 0, sizeof *group);
	group->kind = kind;
	group->magnitude = magnitude(region->size);
	group->smallest = UINT64_MAX;
	memcpy(group->perms, region->perms, sizeof group->perms);
	note_caller(&group->callers, call, stack);
}

/* A piece of a region. Its permissions differ: only mprotect changes them in place. */
static void was_split(struct finding_space *space, const struct vp_change *change, const char *call,
                      uint64_t stack)
{
	struct kind_life *kind = vp_finding_kind(space, vp_kind_index(change->now->kind));
	const struct vp_region *was = change->was;
	bool protected = was && was->perms[0] && strcmp(was->perms, change->now->perms);
	if (!kind)
		return;
	kind->splits++;
	if (*call || protected)
		note_caller(&kind->splitters, *call ? call : "mprotect", stack);
	if (!kind->trend.regions.begun)
		vp_trend_set(&kind->trend.regions, space->look ? space->look - 1 : 0, space->t,
		             kind->sum.regions);
}

void vp_finding_grow_change(struct vp_findings *findings, struct finding_space *space,
                            const struct vp_change *change, const char *call, uint64_t stack)
{
	for (size_t i = 0; i < change->gone_count; i++)
		drop_region(findings, space, change->gone[i]);
	if (vp_change_removes(change))
		drop_region(findings, space, change->id);
	else if (change->event == VP_E_MMAP_ADD && looks_for(findings, VP_R_piles_up))
		came(space, change->now, call, stack);
	else if (change->born && change->from_count && looks_for(findings, VP_R_piles_up) &&
	         change->event != VP_E_FORK && change->event != VP_E_EXEC_REBUILD)
		was_split(space, change, call, stack);
	else if (change->was && !change->born && change->was->size != change->now->size &&
	         looks_for(findings, VP_R_grows))
		resized(findings, space, change);
}

static uint64_t hash(vp_str text)
{
	uint64_t h = 14695981039346656037u;
	for (size_t i = 0; i < text.n; i++)
		h = (h ^ (unsigned char)text.p[i]) * 1099511628211u;
	return h;
}

/* Counts a region by its name: exactly for the name that won the last vote, and a vote for the
 * next. */
static void vote(struct group *group, const struct vp_region *region)
{
	uint64_t name = region->name.n ? hash(region->name) : 0;
	group->named += name && name == group->name;
	if (!group->votes) {
		group->next = name;
		group->votes = 1;
	} else {
		group->votes += name == group->next ? 1 : UINT64_MAX;
	}
	if (name && name == group->next && !group->name) {
		group->name = name;
		group->named = 1;
		vp_finding_call(group->words, region);
	}
}

void vp_finding_grow_region(struct finding_space *space, uint64_t id,
                            const struct vp_region *region, size_t kind)
{
	struct group *group = space->group_count ? find_group(space, kind, region) : NULL;
	if (!group)
		return;
	group->live++;
	group->total += region->size;
	if (region->size < group->smallest)
		group->smallest = region->size;
	if (region->size > group->largest)
		group->largest = region->size;
	few_add(&group->ids, id);
	vote(group, region);
}

void vp_finding_grow_clear(struct finding_space *space)
{
	for (size_t i = 0; i < space->region_count; i++)
		vp_trend_clear(&space->regions[i].size);
	for (size_t i = 0; i < space->group_count; i++)
		vp_trend_clear(&space->groups[i].count);
	for (size_t i = 0; i < space->kind_count; i++) {
		if (!space->kinds[i])
			continue;
		vp_trend_clear(&space->kinds[i]->trend.size);
		vp_trend_clear(&space->kinds[i]->trend.rss);
		vp_trend_clear(&space->kinds[i]->trend.regions);
	}
	space->region_count = space->group_count = 0;
}

/* ---- the verdict ---- */

/* Growth that has been reported is news again when there is twice as much. */
static bool grows(const struct vp_trend *trend, const struct vp_trend_rule *rule, struct told *told,
                  struct vp_growth *growth)
{
	if (trend->value < told->still || !vp_trend_grows(trend, rule, growth))
		return false;
	told->still = 2 * growth->to - growth->from;
	return true;
}

bool vp_finding_grows(const struct vp_findings *findings, const struct vp_trend *trend,
                      uint64_t least, struct told *told, struct vp_growth *growth)
{
	struct vp_trend_rule rule = rule_of(findings, least);
	return grows(trend, &rule, told, growth);
}

static double seconds(int64_t ns)
{
	return (double)ns / 1e9;
}

static void tell_growth(struct vp_findings *findings, const struct vp_growth *growth,
                        const char *what, const char *how, const char *measure)
{
	vp_finding_text(findings, "%s %s in %u of %u samples since %.1f s: %s/s, from %s to %s",
	                what, how, growth->rising, growth->samples, seconds(growth->since),
	                vp_finding_size(growth->slope).text,
	                vp_finding_size((double)growth->from).text,
	                vp_finding_size((double)growth->to).text);
	vp_finding_word(findings, "measure", measure);
	vp_finding_growth(findings, growth);
	vp_finding_tell(findings);
}

static enum vp_severity severity_of(size_t kind)
{
	return of_files(kind) ? VP_INFO : VP_WARNING;
}

static void tell_region(struct vp_findings *findings, struct finding_space *space,
                        struct region_life *life, const struct vp_growth *growth)
{
	if (!vp_finding_due(&life->grows, severity_of(life->kind), growth->to - growth->from))
		return;
	struct few_ids ids = { { life->id }, 1 };
	vp_finding_begin(findings, space, VP_R_grows, severity_of(life->kind));
	vp_finding_ids(findings, &ids);
	vp_finding_word(findings, "kind", vp_kind_name(life->kind));
	tell_growth(findings, growth, life->words, "grew", "size");
	vp_finding_rises(space, &life->grows, growth);
}

static void judge_region(struct vp_findings *findings, struct finding_space *space,
                         struct region_life *life)
{
	struct vp_trend_rule rule = rule_of(findings, findings->options.grow_least);
	struct vp_growth growth;
	if (never_grows(life->kind) || life->size.look != space->look)
		return;
	if (grows(&life->size, &rule, &life->grows, &growth))
		tell_region(findings, space, life, &growth);
}

/* Finds the region that has four fifths of its kind's growth. NULL: none. */
static struct region_life *culprit(struct finding_space *space, size_t kind, uint64_t more)
{
	for (size_t i = 0; i < space->region_count; i++) {
		struct region_life *life = &space->regions[i];
		if (life->kind == kind && life->size.value > life->first &&
		    life->size.value - life->first >= more - more / 5)
			return life;
	}
	return NULL;
}

static void judge_kind_size(struct vp_findings *findings, struct finding_space *space, size_t at)
{
	struct kind_life *kind = space->kinds[at];
	struct vp_trend_rule rule = rule_of(findings, findings->options.grow_least);
	struct vp_growth growth;
	char what[64];
	if (!grows(&kind->trend.size, &rule, &kind->grows, &growth))
		return;
	struct region_life *life = culprit(space, at, growth.to - growth.from);
	if (life) {
		tell_region(findings, space, life, &growth);
		return;
	}
	if (!vp_finding_due(&kind->grows, severity_of(at), growth.to - growth.from))
		return;
	snprintf(what, sizeof what, "%.32s (%llu regions)", vp_kind_name(at),
	         (unsigned long long)kind->sum.regions);
	vp_finding_begin(findings, space, VP_R_grows, severity_of(at));
	vp_finding_word(findings, "kind", vp_kind_name(at));
	tell_growth(findings, &growth, what, "grew", "size");
	vp_finding_rises(space, &kind->grows, &growth);
}

static bool size_told(const struct finding_space *space, size_t kind)
{
	for (size_t i = 0; i < space->region_count; i++)
		if (space->regions[i].kind == kind && space->regions[i].grows.said)
			return true;
	return space->kinds[kind]->grows.said;
}

/* Memory that was mapped long ago is used more and more: that ends with the mapping at the latest.
 */
static void judge_kind_rss(struct vp_findings *findings, struct finding_space *space, size_t at)
{
	struct kind_life *kind = space->kinds[at];
	struct vp_trend_rule rule = rule_of(findings, findings->options.grow_least);
	struct vp_growth growth;
	char what[64];
	if (of_files(at) || size_told(space, at) ||
	    !grows(&kind->trend.rss, &rule, &kind->resident, &growth))
		return;
	if (!vp_finding_due(&kind->resident, VP_INFO, growth.to - growth.from))
		return;
	snprintf(what, sizeof what, "%.32s (%llu regions)", vp_kind_name(at),
	         (unsigned long long)kind->sum.regions);
	vp_finding_begin(findings, space, VP_R_grows, VP_INFO);
	vp_finding_ids(findings, &kind->sum.ids);
	vp_finding_word(findings, "kind", vp_kind_name(at));
	tell_growth(findings, &growth, what, "became resident", "rss");
	vp_finding_rises(space, &kind->resident, &growth);
}

static void judge_kind(struct vp_findings *findings, struct finding_space *space, size_t at)
{
	struct kind_life *kind = space->kinds[at];
	struct trend_pair *trend = &kind->trend;
	if (never_grows(at) || (!kind->sum.regions && !trend->size.begun))
		return;
	if (!trend->size.begun || trend->size.value != kind->sum.size) {
		if (vp_trend_set(&trend->size, space->look, space->t, kind->sum.size))
			return;
		judge_kind_size(findings, space, at);
	}
	if (!space->resident_known || (trend->rss.begun && trend->rss.value == kind->sum.rss))
		return;
	if (!vp_trend_set(&trend->rss, space->look, space->t, kind->sum.rss))
		judge_kind_rss(findings, space, at);
}

/* A line of evidence that all that piles up has. */
static void pile_evidence(struct vp_findings *findings, size_t kind, const char *call,
                          const char *functions, const struct vp_growth *growth)
{
	vp_finding_word(findings, "kind", vp_kind_name(kind));
	if (call)
		vp_finding_word(findings, "call", call);
	if (*functions)
		vp_finding_word(findings, "functions", functions);
	vp_finding_share(findings, "slope", growth->slope);
	vp_finding_share(findings, "confidence", growth->confidence);
	vp_finding_sec(findings, "since", growth->since);
	vp_finding_num(findings, "samples", growth->samples);
}

static void tell_group(struct vp_findings *findings, struct finding_space *space,
                       struct group *group, const struct vp_growth *growth)
{
	struct size_words size = vp_finding_size((double)group->smallest);
	const char *call = caller(&group->callers), *from = functions(findings, &group->callers);
	bool named = group->name && group->named >= group->live / 5 * 4;
	vp_finding_begin(findings, space, VP_R_piles_up, severity_of(group->kind));
	vp_finding_text(findings,
	                "%llu regions of %.32s %.4s%s%s, %s%s each, pile up%s%s%s%s: %llu more "
	                "since "
	                "%.1f s, %.3g a second, and hardly any is unmapped",
	                (unsigned long long)group->live, vp_kind_name(group->kind), group->perms,
	                named ? " of " : "", named ? group->words : "", size.text,
	                group->smallest == group->largest ? "" : " or more", call ? " by " : "",
	                call ? call : "", *from ? " from " : "", from,
	                (unsigned long long)(growth->to - growth->from), seconds(growth->since),
	                growth->slope);
	vp_finding_ids(findings, &group->ids);
	vp_finding_word(findings, "perms", group->perms);
	if (named)
		vp_finding_word(findings, "name", group->words);
	vp_finding_num(findings, "regions", group->live);
	vp_finding_num(findings, "size", group->total);
	pile_evidence(findings, group->kind, call, from, growth);
	vp_finding_tell(findings);
	vp_finding_rises(space, &group->piles, growth);
}

/* Splits: a call in the middle of a region leaves three where one was. */
static void tell_splits(struct vp_findings *findings, struct finding_space *space, size_t at,
                        const struct vp_growth *growth)
{
	struct kind_life *kind = space->kinds[at];
	const char *call = caller(&kind->splitters), *from = functions(findings, &kind->splitters);
	struct few_ids none = { 0 };
	char limit[64] = "";
	if (findings->max_map_count)
		snprintf(limit, sizeof limit, " (a process may have %llu)",
		         (unsigned long long)findings->max_map_count);
	vp_finding_begin(findings, space, VP_R_piles_up, VP_WARNING);
	vp_finding_text(findings,
	                "regions of %.32s are split into ever more pieces by %s%s%s: %llu "
	                "regions%s, "
	                "%llu more since %.1f s, %.3g a second",
	                vp_kind_name(at), call ? call : "calls in their middle",
	                *from ? " from " : "", from, (unsigned long long)kind->sum.regions, limit,
	                (unsigned long long)(growth->to - growth->from), seconds(growth->since),
	                growth->slope);
	vp_finding_ids(findings, &none);
	vp_finding_num(findings, "regions", kind->sum.regions);
	vp_finding_num(findings, "splits", kind->splits);
	pile_evidence(findings, at, call, from, growth);
	vp_finding_tell(findings);
	vp_finding_rises(space, &kind->piles, growth);
}

/* Half of the growth at least must be pieces: mappings that come whole have sorts of their own. */
static void judge_splits(struct vp_findings *findings, struct finding_space *space, size_t at)
{
	struct kind_life *kind = space->kinds[at];
	struct vp_trend *trend = &kind->trend.regions;
	struct vp_trend_rule rule = rule_of(findings, findings->options.pile_least);
	struct vp_growth growth;
	if (!trend->begun || trend->value == kind->sum.regions || never_grows(at))
		return;
	if (vp_trend_set(trend, space->look, space->t, kind->sum.regions))
		return;
	if (!grows(trend, &rule, &kind->piles, &growth) ||
	    kind->splits < (growth.to - growth.from) / 2)
		return;
	if (vp_finding_due(&kind->piles, VP_WARNING, growth.to - growth.from))
		tell_splits(findings, space, at, &growth);
}

static void judge_group(struct vp_findings *findings, struct finding_space *space,
                        struct group *group)
{
	struct vp_trend_rule rule = rule_of(findings, findings->options.pile_least);
	struct vp_growth growth;
	if (group->count.begun && group->count.value == group->live)
		return;
	if (vp_trend_set(&group->count, space->look, space->t, group->live))
		return;
	if (!grows(&group->count, &rule, &group->piles, &growth))
		return;
	if (vp_finding_due(&group->piles, severity_of(group->kind), growth.to - growth.from))
		tell_group(findings, space, group, &growth);
}

void vp_finding_grow_judge(struct vp_findings *findings, struct finding_space *space)
{
	for (size_t i = 0; i < space->region_count && looks_for(findings, VP_R_grows); i++)
		judge_region(findings, space, &space->regions[i]);
	for (size_t i = 0; i < space->kind_count && looks_for(findings, VP_R_grows); i++)
		if (space->kinds[i])
			judge_kind(findings, space, i);
	for (size_t i = 0; i < space->kind_count && looks_for(findings, VP_R_piles_up); i++)
		if (space->kinds[i])
			judge_splits(findings, space, i);
	for (size_t i = 0; i < space->group_count && space->added; i++)
		judge_group(findings, space, &space->groups[i]);
}
