/* The end of growth that was reported: it levelled off, fell again, or its region is gone. A
 * warm-up and the teeth of a saw look like a leak while they rise; here they are taken back. */
#include <stdio.h>

#include "judge/inner.h"
#include "space/kind.h"

void vp_finding_rises(struct finding_space *space, struct told *told,
                      const struct vp_growth *growth)
{
	if (!told->rise.open)
		told->rise =
		        (struct rise){ .open = true, .since = growth->since, .from = growth->from };
	told->rise.top = growth->to;
	space->rising = true;
}

#define NO_KIND SIZE_MAX /* of a call site, which may have mapped several */

enum end { GOES_ON, LEVELLED, FELL, GONE };

/* LEVELLED: at most a sixteenth of the growth is from the latter half of the time. FELL: three
 * quarters are given back. */
static enum end end_of(const struct vp_findings *findings, const struct finding_space *space,
                       struct rise *rise, const struct vp_trend *trend)
{
	int64_t lasted = space->t - rise->since;
	if (trend->value > rise->top)
		rise->top = trend->value;
	if (trend->value <= rise->from + (rise->top - rise->from) / 4)
		return FELL;
	if (lasted / 2 < findings->options.grow_for)
		return GOES_ON;
	uint64_t then = vp_trend_at(trend, rise->since + lasted / 2);
	return rise->top < then + (rise->top - rise->from) / 16 ? LEVELLED : GOES_ON;
}

static void amount(char *text, size_t size, uint64_t value, bool bytes)
{
	if (bytes)
		snprintf(text, size, "%s", vp_finding_size((double)value).text);
	else
		snprintf(text, size, "%llu regions", (unsigned long long)value);
}

static void tell(struct vp_findings *findings, const struct finding_space *space,
                 const struct rise *rise, enum end end, uint64_t value, enum vp_rule rule,
                 const char *what, size_t kind, const char *measure)
{
	bool bytes = rule != VP_R_piles_up;
	char top[32], now[32];
	amount(top, sizeof top, rise->top, bytes);
	amount(now, sizeof now, value, bytes);
	vp_finding_begin(findings, space, rule, VP_INFO);
	const char *verb = bytes ? "growing" : "piling up";
	if (end == LEVELLED)
		vp_finding_text(findings, "%s stopped %s at %s, %.0f s ago", what, verb, top,
		                (double)(space->t - rise->since) / 2e9);
	else if (end == FELL)
		vp_finding_text(findings, "%s stopped %s: fell from %s to %s", what, verb, top,
		                now);
	else
		vp_finding_text(findings, "%s stopped %s: unmapped at %s", what, verb, top);
	if (kind != NO_KIND)
		vp_finding_word(findings, "kind", vp_kind_name(kind));
	if (*vp_finding_functions(findings, rise->stack))
		vp_finding_word(findings, "functions", vp_finding_functions(findings, rise->stack));
	if (rise->stack)
		vp_finding_num(findings, "stack", rise->stack);
	if (measure)
		vp_finding_word(findings, "measure", measure);
	vp_finding_sec(findings, "since", rise->since < space->t ? rise->since : space->t);
	vp_finding_sec(findings, "ended",
	               end == LEVELLED ? rise->since + (space->t - rise->since) / 2 : space->t);
	vp_finding_num(findings, "from", rise->from);
	vp_finding_num(findings, "to", rise->top);
	vp_finding_tell(findings);
}

/* Reports the end, if it has come. True: it still rises. The same height, or a little more, is no
 * news afterwards: the teeth of a saw differ. */
static bool judge(struct vp_findings *findings, struct finding_space *space, struct told *told,
                  const struct vp_trend *trend, enum vp_rule rule, const char *what, size_t kind,
                  const char *measure)
{
	if (!told->rise.open)
		return false;
	enum end end = end_of(findings, space, &told->rise, trend);
	if (end == GOES_ON)
		return true;
	tell(findings, space, &told->rise, end, trend->value, rule, what, kind, measure);
	uint64_t more = (told->rise.top - told->rise.from) / (end == FELL ? 4 : 16);
	*told = (struct told){ .still = told->rise.top + more + 1 };
	return false;
}

void vp_finding_end_region(struct vp_findings *findings, const struct finding_space *space,
                           const struct region_life *life)
{
	if (life->grows.rise.open)
		tell(findings, space, &life->grows.rise, GONE, 0, VP_R_grows, life->words,
		     life->kind, "size");
}

void vp_finding_end_judge(struct vp_findings *findings, struct finding_space *space)
{
	char what[64];
	bool rising = false;
	if (!space->rising)
		return;
	for (size_t i = 0; i < space->region_count; i++) {
		struct region_life *life = &space->regions[i];
		rising |= judge(findings, space, &life->grows, &life->size, VP_R_grows, life->words,
		                life->kind, "size");
	}
	for (size_t i = 0; i < space->kind_count; i++) {
		struct kind_life *kind = space->kinds[i];
		if (!kind)
			continue;
		snprintf(what, sizeof what, "%.32s (%llu regions)", vp_kind_name(i),
		         (unsigned long long)kind->sum.regions);
		rising |= judge(findings, space, &kind->grows, &kind->trend.size, VP_R_grows, what,
		                i, "size");
		rising |= judge(findings, space, &kind->resident, &kind->trend.rss, VP_R_grows,
		                what, i, "rss");
		snprintf(what, sizeof what, "split regions of %.32s", vp_kind_name(i));
		rising |= judge(findings, space, &kind->piles, &kind->trend.regions, VP_R_piles_up,
		                what, i, NULL);
	}
	for (size_t i = 0; i < space->group_count; i++) {
		struct group *group = &space->groups[i];
		snprintf(what, sizeof what, "regions of %.32s %.4s", vp_kind_name(group->kind),
		         group->perms);
		rising |= judge(findings, space, &group->piles, &group->count, VP_R_piles_up, what,
		                group->kind, NULL);
	}
	for (size_t i = 0; i < space->site_count; i++) {
		struct site_life *site = &space->sites[i];
		char words[VP_FINDING_WORDS], by[128];
		if (!site->grows.rise.open)
			continue;
		snprintf(by, sizeof by, "memory mapped by %s",
		         vp_finding_site_words(findings, site, words));
		rising |= judge(findings, space, &site->grows, &site->live, VP_R_grows_by_site, by,
		                NO_KIND, NULL);
	}
	space->rising = rising;
}
