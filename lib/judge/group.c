/* Findings of a control group as a whole, from `system` lines with `cgroup`: near its limit, and
 * processes killed for lack of memory.
 *
 * The kernel charges page cache, tmpfs and its own memory too, which no process shows. Clean page
 * cache can be reclaimed: a group that is full of it is no warning.
 */
#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "judge/inner.h"
#include "stream/json.h"

/* What a line states of a group; 0: unknown. */
struct charged {
	uint64_t current, limit, anon, file, shmem, kernel;
};

static struct finding_group *group_of(struct vp_findings *findings, uint64_t path)
{
	for (size_t i = 0; i < findings->group_count; i++)
		if (findings->groups[i].path == path)
			return &findings->groups[i];
	if (vp_list_room(&findings->groups, findings->group_count, &findings->group_size,
	                 sizeof *findings->groups))
		return NULL;
	struct finding_group *group = &findings->groups[findings->group_count++];
	*group = (struct finding_group){ .path = path };
	return group;
}

static uint64_t number(const struct vp_record *system, const char *key)
{
	uint64_t value;
	return vp_record_num(system, key, &value) ? value : 0;
}

static const char *parts_words(char to[200], const struct charged *c)
{
	snprintf(to, 200, "processes %s, page cache %s, tmpfs and shared memory %s, kernel %s",
	         vp_finding_size((double)c->anon).text,
	         vp_finding_size((double)(c->file > c->shmem ? c->file - c->shmem : 0)).text,
	         vp_finding_size((double)c->shmem).text, vp_finding_size((double)c->kernel).text);
	return to;
}

static void judge_limit(struct vp_findings *findings, const struct finding_space *at,
                        struct finding_group *group, const struct charged *c, const char *name)
{
	uint64_t cache = c->file > c->shmem ? c->file - c->shmem : 0,
	         held = c->current > cache ? c->current - cache : 0;
	double share = (double)c->current / (double)c->limit, near = findings->options.near / 100.0,
	       firm = (double)held / (double)c->limit;
	enum vp_severity severity = firm >= (1 + near) / 2 ? VP_ERROR
	                            : firm >= near         ? VP_WARNING
	                                                   : VP_INFO;
	char parts[200];
	if (share < near || !vp_finding_due(&group->near, severity, c->current))
		return;
	vp_finding_begin(findings, at, VP_R_cgroup_limit, severity);
	vp_finding_text(findings, "cgroup %s has used %s of its limit of %s (%.0f %%): %s%s", name,
	                vp_finding_size((double)c->current).text,
	                vp_finding_size((double)c->limit).text, share * 100, parts_words(parts, c),
	                severity == VP_INFO ? "; the kernel can reclaim clean page cache"
	                                    : "; at the limit the kernel kills");
	vp_finding_word(findings, "cgroup", name);
	vp_finding_num(findings, "current", c->current);
	vp_finding_num(findings, "limit", c->limit);
	vp_finding_share(findings, "share", share);
	vp_finding_tell(findings);
}

/* Counters are those since the group was made: what had been before is no news. */
static void judge_kills(struct vp_findings *findings, const struct finding_space *at,
                        struct finding_group *group, struct vp_record *system, const char *name)
{
	const struct vp_member *events = vp_record_member(system, "events");
	struct vp_member member;
	uint64_t kills = 0, was = group->kills;
	bool known = false;
	for (size_t i = 0;
	     events && events->json == VP_OBJECT && vp_json_each(events->value, &i, &member);)
		if (vp_str_is(member.key, "oom_kill"))
			known |= vp_json_num(member.value, &kills);
	bool news = known && group->kills_known && kills > was;
	group->kills = known ? kills : was;
	group->kills_known |= known;
	if (!news)
		return;
	vp_finding_begin(findings, at, VP_R_cgroup_limit, VP_ERROR);
	vp_finding_text(findings,
	                "the kernel has killed %llu process%s of cgroup %s for lack of memory",
	                (unsigned long long)(kills - was), kills - was == 1 ? "" : "es", name);
	vp_finding_word(findings, "cgroup", name);
	vp_finding_num(findings, "killed", kills - was);
	vp_finding_tell(findings);
}

void vp_finding_group(struct vp_findings *findings, struct vp_record *system)
{
	char name[VP_FINDING_WORDS];
	vp_str path = vp_record_str(system, "cgroup");
	const struct finding_space at = { .pid = -1, .t = system->t };
	struct finding_group *group = group_of(findings, vp_finding_hash(path));
	if (!group || !path.n)
		return;
	/* Of a long path the end says more. */
	size_t most = sizeof name - 8, cut = path.n > most ? path.n - most : 0;
	struct vp_region named = { .name = { path.p + cut, path.n - cut } };
	vp_finding_call(name, &named);
	const struct charged c = { .current = number(system, "current"),
		                   .limit = number(system, "limit"),
		                   .anon = number(system, "anon"),
		                   .file = number(system, "file"),
		                   .shmem = number(system, "shmem"),
		                   .kernel = number(system, "kernel") };
	if (c.limit && looks_for(findings, VP_R_cgroup_limit))
		judge_limit(findings, &at, group, &c, name);
	if (looks_for(findings, VP_R_cgroup_limit))
		judge_kills(findings, &at, group, system, name);
}
