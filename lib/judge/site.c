/* Findings of call sites that hold more and more: memory that a stack of calls has mapped and that
 * nobody gives back.
 *
 * A site is what findings say of a stack (functions.c): its functions, or its place in a file.
 * Calls that come by other ways to the same functions are one site. What counts is what is still
 * mapped, so memory that is given back or mapped again elsewhere is no growth.
 */
#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "judge/inner.h"
#include "track/owners.h"

/* ---- events ---- */

struct heap {
	uint64_t end;
};

static void look_for_heap(void *ctx, uint64_t id, const struct vp_region *region)
{
	(void)id;
	if (vp_str_is(region->name, "[heap]"))
		((struct heap *)ctx)->end = region->end;
}

static uint64_t heap_end(void *ctx, int64_t pid)
{
	const struct vp_findings *findings = ctx;
	struct heap heap = { 0 };
	vp_tracker_visit(findings->tracker, pid, look_for_heap, &heap);
	return heap.end;
}

/* Fork, exec and exit: a process begins anew, and what its parent has mapped is no growth of its
 * own. */
static bool of_memory(vp_str call)
{
	return !vp_str_is(call, "fork") && !vp_str_is(call, "exec") && !vp_str_is(call, "exit");
}

bool vp_finding_site_due(const struct vp_findings *findings, const struct finding_space *space,
                         const struct vp_record *event)
{
	return looks_for(findings, VP_R_grows_by_site) &&
	       ((space && space->owners) || vp_record_member(event, "stack"));
}

void vp_finding_site_event(struct vp_findings *findings, struct finding_space *space,
                           struct vp_record *event, const struct vp_tracker *tracker)
{
	if (!of_memory(vp_record_str(event, "call")))
		return;
	findings->tracker = tracker;
	if (!space->owners)
		space->owners = vp_owners_new(heap_end, findings);
	if (space->owners && vp_owners_event(space->owners, event, event->t))
		vp_finding_site_clear(space); /* no memory: this process has no such findings */
	space->called = true;
}

void vp_finding_site_clear(struct finding_space *space)
{
	vp_owners_free(space->owners);
	space->owners = NULL;
	for (size_t i = 0; i < space->site_count; i++)
		vp_trend_clear(&space->sites[i].live);
	space->site_count = 0;
	vp_places_free(&space->site_keys);
}

/* ---- sites ---- */

/* The functions, or without any the number of the stack. */
static uint64_t key_of(const struct vp_findings *findings, uint64_t stack)
{
	const char *functions = vp_finding_functions(findings, stack);
	return *functions ? vp_finding_hash(vp_s(functions)) : stack;
}

/* Adds a site; when there is no room, in place of the one that holds least and is not reported.
 * NULL: no room, or no memory. */
static struct site_life *new_site(struct finding_space *space, uint64_t key)
{
	struct site_life *least = NULL;
	if (space->site_count < VP_FINDING_SITES) {
		if (vp_list_room(&space->sites, space->site_count, &space->site_size,
		                 sizeof *space->sites))
			return NULL;
		least = &space->sites[space->site_count++];
	} else {
		for (size_t i = 0; i < space->site_count; i++)
			if (!space->sites[i].grows.said && !space->sites[i].now &&
			    (!least || space->sites[i].live.value < least->live.value))
				least = &space->sites[i];
		if (!least)
			return NULL;
		vp_places_drop(&space->site_keys, least->key);
		vp_trend_clear(&least->live);
	}
	*least = (struct site_life){ .key = key };
	size_t at = (size_t)(least - space->sites);
	return vp_places_set(&space->site_keys, key, at) ? NULL : least;
}

/* Adds up what each site holds now. */
static void add_up(const struct vp_findings *findings, struct finding_space *space)
{
	size_t count;
	const struct vp_owner *list = vp_owners_list(space->owners, &count);
	for (size_t i = 0; i < space->site_count; i++)
		space->sites[i].now = space->sites[i].calls = space->sites[i].most = 0;
	for (size_t i = 0; i < count; i++) {
		if (list[i].stack == VP_STACK_NONE)
			continue;
		uint64_t key = key_of(findings, list[i].stack);
		size_t at = vp_places_get(&space->site_keys, key, SIZE_MAX);
		struct site_life *site = at != SIZE_MAX  ? &space->sites[at]
		                         : !list[i].live ? NULL
		                                         : new_site(space, key);
		if (!site)
			continue;
		site->now += list[i].live;
		site->calls += list[i].calls;
		if (!site->stack || list[i].live >= site->most) {
			site->stack = list[i].stack;
			site->most = list[i].live;
		}
	}
}

const char *vp_finding_site_words(const struct vp_findings *findings, const struct site_life *site,
                                  char words[VP_FINDING_WORDS])
{
	const char *functions = vp_finding_functions(findings, site->stack);
	if (*functions)
		return functions;
	snprintf(words, VP_FINDING_WORDS, "call stack %llu", (unsigned long long)site->stack);
	return words;
}

static void tell(struct vp_findings *findings, struct finding_space *space, struct site_life *site,
                 const struct vp_growth *growth)
{
	char words[VP_FINDING_WORDS];
	const char *functions = vp_finding_functions(findings, site->stack);
	struct few_ids none = { 0 };
	vp_finding_begin(findings, space, VP_R_grows_by_site, VP_WARNING);
	vp_finding_text(findings,
	                "memory mapped by %s grew in %u of %u samples since %.1f s and is not "
	                "given "
	                "back: %s/s, from %s to %s",
	                vp_finding_site_words(findings, site, words), growth->rising,
	                growth->samples, (double)growth->since / 1e9,
	                vp_finding_size(growth->slope).text,
	                vp_finding_size((double)growth->from).text,
	                vp_finding_size((double)growth->to).text);
	vp_finding_ids(findings, &none);
	if (*functions)
		vp_finding_word(findings, "functions", functions);
	vp_finding_num(findings, "stack", site->stack);
	vp_finding_num(findings, "calls", site->calls);
	vp_finding_growth(findings, growth);
	vp_finding_tell(findings);
	vp_finding_rises(space, &site->grows, growth);
	site->grows.rise.stack = site->stack;
}

void vp_finding_site_judge(struct vp_findings *findings, struct finding_space *space)
{
	struct vp_growth growth;
	if (!space->called || !space->owners)
		return;
	space->called = false;
	add_up(findings, space);
	for (size_t i = 0; i < space->site_count; i++) {
		struct site_life *site = &space->sites[i];
		if (site->live.begun && site->live.value == site->now)
			continue;
		if (vp_trend_set(&site->live, space->look, space->t, site->now))
			continue;
		if (vp_finding_grows(findings, &site->live, findings->options.grow_least,
		                     &site->grows, &growth) &&
		    vp_finding_due(&site->grows, VP_WARNING, growth.to - growth.from))
			tell(findings, space, site, &growth);
	}
}
