/* Findings: the processes, and one pass over the regions of a process after each sample. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "judge/inner.h"
#include "space/kind.h"

#define EVENT_LOOK INT64_C(100000000) /* ns from one visit to the next, where events alone come */
#define EVENT_EACH 10000              /* the same for each region */

/* ---- processes ---- */

static struct finding_space *find(const struct vp_findings *findings, int64_t pid)
{
	size_t at = vp_places_get(&findings->pids, pid, SIZE_MAX);
	return at == SIZE_MAX ? NULL : findings->spaces[at];
}

/* Finds or adds a process. NULL: no memory; then this process has no findings. */
static struct finding_space *make(struct vp_findings *findings, int64_t pid)
{
	struct finding_space *space = find(findings, pid);
	if (space)
		return space;
	if (vp_list_room(&findings->spaces, findings->count, &findings->size,
	                 sizeof *findings->spaces))
		return NULL;
	space = calloc(1, sizeof *space);
	if (!space || vp_places_set(&findings->pids, pid, findings->count)) {
		free(space);
		return NULL;
	}
	space->pid = pid;
	findings->spaces[findings->count++] = space;
	return space;
}

static void clear(struct finding_space *space)
{
	vp_finding_grow_clear(space);
	vp_finding_site_clear(space);
	for (size_t i = 0; i < space->kind_count; i++)
		free(space->kinds[i]);
	free(space->kinds);
	free(space->regions);
	free(space->groups);
	free(space->sites);
}

void vp_findings_exit(struct vp_findings *findings, int64_t pid)
{
	size_t at = vp_places_get(&findings->pids, pid, SIZE_MAX);
	if (at == SIZE_MAX)
		return;
	struct finding_space *space = findings->spaces[at],
	                     *last = findings->spaces[--findings->count];
	findings->spaces[at] = last; /* the last one takes its place */
	vp_places_set(&findings->pids, last->pid, at);
	vp_places_drop(&findings->pids, pid);
	clear(space);
	free(space);
}

struct vp_findings *vp_findings_new(const struct vp_finding_options *options,
                                    const struct vp_finding_sink *sink)
{
	struct vp_findings *findings = calloc(1, sizeof *findings);
	if (!findings)
		return NULL;
	findings->options = *options;
	findings->sink = *sink;
	return findings;
}

void vp_findings_free(struct vp_findings *findings)
{
	if (!findings)
		return;
	while (findings->count)
		vp_findings_exit(findings, findings->spaces[0]->pid);
	free(findings->spaces);
	free(findings->groups);
	vp_places_free(&findings->pids);
	vp_places_free(&findings->stack_ids);
	free(findings->stacks);
	free(findings);
}

/* Reads a number of the host. False: it is absent. */
static bool host_has(const struct vp_member *host, const char *key, uint64_t *value)
{
	struct vp_member m;
	for (size_t at = 0; host && host->json == VP_OBJECT && vp_json_each(host->value, &at, &m);)
		if (vp_str_is(m.key, key))
			return vp_json_num(m.value, value);
	return false;
}

/* The same; 0: it is absent. */
static uint64_t host_number(const struct vp_member *host, const char *key)
{
	uint64_t value;
	return host_has(host, key, &value) ? value : 0;
}

void vp_findings_segment(struct vp_findings *findings, struct vp_record *stream)
{
	const struct vp_member *host = vp_record_member(stream, "host");
	while (findings->count)
		vp_findings_exit(findings, findings->spaces[0]->pid);
	findings->max_map_count = host_number(host, "max_map_count");
	findings->memory = host_number(host, "memory");
	uint64_t overcommit;
	vp_places_free(&findings->stack_ids);
	findings->stack_count = 0;
	findings->t = 0;
	findings->overcommit = host_has(host, "overcommit", &overcommit) ? overcommit + 1 : 0;
	findings->swap = findings->commit_limit = findings->committed = 0;
}

uint64_t vp_finding_hash(vp_str text)
{
	uint64_t h = 14695981039346656037u;
	for (size_t i = 0; i < text.n; i++)
		h = (h ^ (unsigned char)text.p[i]) * 1099511628211u;
	return h;
}

/* Forgets a process, which now runs another program. */
static void renew(struct finding_space *space)
{
	int64_t pid = space->pid;
	clear(space);
	memset(space, 0, sizeof *space);
	space->pid = pid;
}

/* Programs that are known to compile while they run, and to keep the code writable. */
static bool is_compiler(vp_str exe)
{
	static const char *const names[] = { "node",     "nodejs",  "deno",
		                             "bun",      "java",    "luajit",
		                             "dotnet",   "mono",    "beam.smp",
		                             "julia",    "chrome",  "chromium",
		                             "electron", "firefox", "qemu-system-x86_64" };
	const char *slash = exe.n ? memrchr(exe.p, '/', exe.n) : NULL;
	if (slash)
		exe = (vp_str){ slash + 1, exe.n - (size_t)(slash + 1 - exe.p) };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (vp_str_is(exe, names[i]))
			return true;
	return false;
}

/* Bytes; 0: none, or unknown. */
static uint64_t limit_of(const struct vp_record *process, const char *key)
{
	uint64_t limit;
	return vp_record_num(process, key, &limit) ? limit : 0;
}

void vp_findings_process(struct vp_findings *findings, struct vp_record *process)
{
	vp_str why = vp_record_str(process, "why");
	struct finding_space *space = make(findings, process->pid);
	if (!space)
		return;
	if (!vp_str_is(why, "first"))
		renew(space);
	space->stack_limit = limit_of(process, "stack_limit");
	space->memory_limit = limit_of(process, "memory_limit");
	space->address_limit = limit_of(process, "address_limit");
	space->data_limit = limit_of(process, "data_limit");
	space->locked_limit = limit_of(process, "locked_limit");
	space->limits_known = true;
	space->compiles = is_compiler(vp_record_str(process, "exe"));
	space->cgroup = vp_finding_hash(vp_record_str(process, "cgroup"));
}

/* ---- samples ---- */

struct kind_life *vp_finding_kind(struct finding_space *space, size_t kind)
{
	if (vp_list_reach(&space->kinds, kind + 1, &space->kind_count, sizeof *space->kinds))
		return NULL;
	if (!space->kinds[kind])
		space->kinds[kind] = calloc(1, sizeof *space->kinds[kind]);
	return space->kinds[kind];
}

struct going {
	const struct vp_findings *findings;
	struct finding_space *space;
	vp_str kind; /* of the region before */
	size_t index;
};

static bool measured(const struct vp_region *region, enum vp_measure measure)
{
	return region->measured >> measure & 1;
}

static void add_up(struct sum *sum, uint64_t id, const struct vp_region *region)
{
	sum->regions++;
	sum->size += region->size;
	sum->rss += measured(region, VP_M_rss) ? region->measure[VP_M_rss] : 0;
	few_add(&sum->ids, id);
}

static void visit(void *ctx, uint64_t id, const struct vp_region *region)
{
	struct going *going = ctx;
	struct finding_space *space = going->space;
	if (going->kind.n != region->kind.n || !region->kind.n ||
	    memcmp(going->kind.p, region->kind.p, region->kind.n)) {
		going->kind = region->kind;
		going->index =
		        vp_kind_index(region->kind.n ? region->kind : (vp_str){ "unknown", 7 });
	}
	struct kind_life *kind = vp_finding_kind(space, going->index);
	if (!kind)
		return;
	add_up(&kind->sum, id, region);
	add_up(&space->all, id, region);
	if (strchr(region->perms, 'w') && strchr(region->perms, 'x'))
		add_up(&kind->both, id, region);
	space->resident_known |= measured(region, VP_M_rss);
	space->pss_known |= measured(region, VP_M_pss);
	space->pss += measured(region, VP_M_pss) ? region->measure[VP_M_pss] : 0;
	if (strchr(region->perms, 'w') && !strchr(region->perms, 's'))
		space->writable += region->size;
	space->locked += measured(region, VP_M_locked) ? region->measure[VP_M_locked] : 0;
	if (region->end > space->asked.start && region->start < space->asked.end)
		space->asked.covered +=
		        (region->end < space->asked.end ? region->end : space->asked.end) -
		        (region->start > space->asked.start ? region->start : space->asked.start);
	if (space->added)
		vp_finding_grow_region(space, id, region, going->index);
	vp_finding_limit_region(space, id, region);
	vp_finding_shape_region(going->findings, space, id, region);
}

static void begin_look(struct finding_space *space)
{
	for (size_t i = 0; i < space->kind_count; i++)
		if (space->kinds[i])
			space->kinds[i]->sum = space->kinds[i]->both = (struct sum){ 0 };
	for (size_t i = 0; i < space->group_count && space->added; i++) {
		struct group *group = &space->groups[i];
		group->live = group->total = group->largest = group->ids.count = 0;
		group->smallest = UINT64_MAX;
		group->named = group->votes = 0;
	}
	space->all = space->reserved = space->unguarded = (struct sum){ 0 };
	space->main = space->thread = (struct stack_use){ 0 };
	space->reserved_usable = space->holes = space->narrow = space->free = space->largest_hole =
	        space->top = space->pss = space->last_end = space->writable = space->locked = 0;
	space->resident_known = space->pss_known = space->last_open = false;
	space->asked.covered = 0;
}

void vp_findings_change(struct vp_findings *findings, const struct vp_change *change,
                        const char *call, uint64_t stack)
{
	struct finding_space *space = make(findings, change->pid);
	if (!space)
		return;
	findings->t = change->t;
	space->changed = true;
	space->added |= change->event == VP_E_MMAP_ADD || vp_change_removes(change) ||
	                change->born || change->gone_count;
	if (vp_finding_kind(space, vp_kind_index(change->now->kind)))
		vp_finding_grow_change(findings, space, change, call, stack);
}

void vp_findings_frame(struct vp_findings *findings, int64_t pid)
{
	struct finding_space *space = make(findings, pid);
	if (space)
		space->changed = true;
}

/* Visits the regions as they are now. */
static void visit_all(struct vp_findings *findings, struct finding_space *space,
                      const struct vp_tracker *tracker)
{
	begin_look(space);
	vp_tracker_visit(tracker, space->pid, visit,
	                 &(struct going){ .findings = findings, .space = space });
}

void vp_findings_look(struct vp_findings *findings, int64_t t, int64_t pid,
                      const struct vp_tracker *tracker)
{
	struct finding_space *space = make(findings, pid);
	if (!space)
		return;
	findings->t = t;
	if (space->changed) {
		visit_all(findings, space, tracker);
		space->t = t;
		vp_finding_grow_judge(findings, space);
		vp_finding_limit_judge(findings, space);
		vp_finding_shape_judge(findings, space);
		space->changed = space->added = false;
	}
	space->t = t;
	vp_finding_site_judge(findings, space);
	vp_finding_end_judge(findings, space);
	space->look++;
}

/* ---- events ---- */

/* Every region is visited: the more there are, the rarer. */
bool vp_findings_due(const struct vp_findings *findings, int64_t t, int64_t pid)
{
	const struct finding_space *space = find(findings, pid);
	if (!space || !space->changed)
		return false;
	int64_t least = (int64_t)(space->all.regions * EVENT_EACH);
	return t - space->t >= (least > EVENT_LOOK ? least : EVENT_LOOK);
}

void vp_findings_machine(struct vp_findings *findings, struct vp_record *system)
{
	if (vp_record_member(system, "cgroup")) {
		vp_finding_group(findings, system);
		return;
	}
	vp_record_num(system, "swap_total", &findings->swap);
	vp_record_num(system, "commit_limit", &findings->commit_limit);
	vp_record_num(system, "committed", &findings->committed);
}

struct finding_space *vp_finding_space(struct vp_findings *findings, int64_t pid)
{
	return make(findings, pid);
}

void vp_findings_event(struct vp_findings *findings, struct vp_record *event,
                       const struct vp_tracker *tracker)
{
	struct vp_refused refused;
	struct finding_space *known = find(findings, event->pid);
	if (vp_finding_site_due(findings, known, event) &&
	    (known || (known = make(findings, event->pid))))
		vp_finding_site_event(findings, known, event, tracker);
	if (!looks_for(findings, VP_R_failed_call) || !vp_finding_refused(event, &refused))
		return;
	struct finding_space *space = make(findings, event->pid);
	if (!space || !vp_finding_refusal_due(space))
		return;
	space->asked.start = refused.addr;
	space->asked.end = refused.addr + refused.length;
	visit_all(findings, space, tracker);
	space->t = event->t;
	vp_finding_refusal(findings, space, &refused, vp_tracker_count(tracker, event->pid));
}
