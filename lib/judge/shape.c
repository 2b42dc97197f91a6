/* Findings that one sample shows: memory that is writable and executable, stacks without a guard,
 * huge reserved mappings that nobody uses, an address space in pieces. */
#include <string.h>

#include "judge/inner.h"
#include "space/kind.h"

#define RESERVED_ONE (UINT64_C(1) << 30) /* bytes: a smaller mapping does not count as huge */
#define UNTOUCHED    1024                /* resident is less than one in so many bytes */
#define NARROW       (UINT64_C(1) << 20) /* bytes: most mappings do not fit in a smaller hole */
#define ALL_32       (UINT64_C(1) << 32)

static void add(struct sum *sum, uint64_t id, const struct vp_region *region)
{
	sum->regions++;
	sum->size += region->size;
	few_add(&sum->ids, id);
}

static void count_hole(struct finding_space *space, const struct vp_region *region)
{
	if (region->start >> 63)
		return; /* the kernel's half: vsyscall */
	uint64_t hole = region->start > space->last_end ? region->start - space->last_end : 0;
	if (hole && space->last_end) {
		space->holes++;
		space->narrow += hole < NARROW;
		space->free += hole;
		if (hole > space->largest_hole)
			space->largest_hole = hole;
	}
	if (region->end > space->top)
		space->top = region->end;
}

/* Without residency: an inaccessible region, or one larger than the machine's memory. */
static bool untouched(const struct vp_findings *findings, const struct vp_region *region,
                      bool usable)
{
	if (region->size < RESERVED_ONE)
		return false;
	if (!(region->measured >> VP_M_rss & 1))
		return !usable || (findings->memory && region->size > findings->memory);
	return region->measure[VP_M_rss] < region->size / UNTOUCHED;
}

static bool is_stack(const struct vp_region *region)
{
	return vp_str_is(region->kind, "thread-stack") || vp_str_is(region->kind, "stack");
}

/* Linux 6.19 marks regions with guards of MADV_GUARD_INSTALL, which newer C libraries use: such
 * guards are no regions. */
static bool guards_within(const struct vp_region *region)
{
	for (size_t i = 0; i + 2 <= region->flags.n; i += 3)
		if (region->flags.p[i] == 'g' && region->flags.p[i + 1] == 'u')
			return true;
	return false;
}

void vp_finding_shape_region(const struct vp_findings *findings, struct finding_space *space,
                             uint64_t id, const struct vp_region *region)
{
	bool open = strchr(region->perms, 'r') || strchr(region->perms, 'w');
	count_hole(space, region);
	if (is_stack(region) && space->last_open && space->last_end == region->start &&
	    !guards_within(region)) {
		if (!space->unguarded.regions)
			vp_finding_thread(space->unguarded_thread, region);
		add(&space->unguarded, id, region);
	}
	if (untouched(findings, region, open)) {
		add(&space->reserved, id, region);
		space->reserved_usable += open ? region->size : 0;
	}
	if (region->end > space->last_end)
		space->last_end = region->end;
	space->last_open = open;
}

static void judge_both(struct vp_findings *findings, struct finding_space *space, size_t at)
{
	struct kind_life *kind = space->kinds[at];
	const struct sum *sum = &kind->both;
	static const char on_stack[] = ": bytes that overflow a buffer can be executed";
	bool stack = !strcmp(vp_kind_name(at), "stack");
	enum vp_severity severity = space->compiles ? VP_INFO : VP_WARNING;
	const char *why = space->compiles ? ", as this program compiles while it runs" : "";
	if (stack)
		severity = VP_ERROR;
	if (!sum->regions || !vp_finding_due(&kind->writable_executable, severity, sum->regions))
		return;
	vp_finding_begin(findings, space, VP_R_writable_executable, severity);
	vp_finding_text(findings, "%llu region%s of %.32s, %s in all, %s writable and executable%s",
	                (unsigned long long)sum->regions, sum->regions == 1 ? "" : "s",
	                vp_kind_name(at), vp_finding_size((double)sum->size).text,
	                sum->regions == 1 ? "is" : "are", stack ? on_stack : why);
	vp_finding_ids(findings, &sum->ids);
	vp_finding_word(findings, "kind", vp_kind_name(at));
	vp_finding_num(findings, "regions", sum->regions);
	vp_finding_num(findings, "size", sum->size);
	vp_finding_tell(findings);
}

static void judge_unguarded(struct vp_findings *findings, struct finding_space *space)
{
	const struct sum *sum = &space->unguarded;
	bool named = space->unguarded_thread[0];
	if (!sum->regions || !vp_finding_due(&space->told_unguarded, VP_INFO, sum->regions))
		return;
	vp_finding_begin(findings, space, VP_R_unguarded, VP_INFO);
	vp_finding_text(findings,
	                "%llu stack%s%s%s%s directly above other memory without a guard: a call "
	                "that is too deep overwrites it",
	                (unsigned long long)sum->regions, sum->regions == 1 ? "" : "s",
	                !named             ? ""
	                : sum->regions > 1 ? ", the first of thread "
	                                   : " of thread ",
	                space->unguarded_thread, named && sum->regions > 1 ? "," : "");
	vp_finding_ids(findings, &sum->ids);
	if (named)
		vp_finding_word(findings, "thread", space->unguarded_thread);
	vp_finding_num(findings, "regions", sum->regions);
	vp_finding_tell(findings);
}

static void judge_reserved(struct vp_findings *findings, struct finding_space *space)
{
	const struct sum *sum = &space->reserved;
	enum vp_severity severity =
	        space->reserved_usable >= findings->options.reserved_least ? VP_WARNING : VP_INFO;
	if (!sum->regions || sum->size < findings->options.reserved_least ||
	    !vp_finding_due(&space->told_reserved, severity, sum->size))
		return;
	vp_finding_begin(findings, space, VP_R_reserved, severity);
	vp_finding_text(findings,
	                "%s is reserved in %llu region%s and hardly used; %s of it is accessible",
	                vp_finding_size((double)sum->size).text, (unsigned long long)sum->regions,
	                sum->regions == 1 ? "" : "s",
	                vp_finding_size((double)space->reserved_usable).text);
	vp_finding_ids(findings, &sum->ids);
	vp_finding_num(findings, "size", sum->size);
	vp_finding_num(findings, "regions", sum->regions);
	vp_finding_num(findings, "usable", space->reserved_usable);
	vp_finding_tell(findings);
}

/* With 32 bits the largest free block counts. With more there is room for everything, and the
 * number of narrow holes counts, for each costs a region. */
static void judge_fragmented(struct vp_findings *findings, struct finding_space *space)
{
	bool small = space->top <= ALL_32 && space->largest_hole < space->free / 4 &&
	             space->largest_hole < ALL_32 / 32 && space->free;
	bool pieces = space->narrow >= findings->options.holes;
	if ((!small && !pieces) ||
	    !vp_finding_due(&space->told_holes, small ? VP_WARNING : VP_INFO, space->narrow))
		return;
	vp_finding_begin(findings, space, VP_R_fragmented, small ? VP_WARNING : VP_INFO);
	if (small)
		vp_finding_text(findings,
		                "%s of address space is free in %llu holes; the largest has %s",
		                vp_finding_size((double)space->free).text,
		                (unsigned long long)space->holes,
		                vp_finding_size((double)space->largest_hole).text);
	else
		vp_finding_text(findings,
		                "%llu of %llu holes between regions are smaller than %s: few "
		                "mappings fit in them",
		                (unsigned long long)space->narrow, (unsigned long long)space->holes,
		                vp_finding_size((double)NARROW).text);
	vp_finding_num(findings, "holes", space->holes);
	vp_finding_num(findings, "narrow", space->narrow);
	vp_finding_num(findings, "largest", space->largest_hole);
	if (small)
		vp_finding_num(findings, "free", space->free);
	vp_finding_num(findings, "regions", space->all.regions);
	vp_finding_tell(findings);
}

void vp_finding_shape_judge(struct vp_findings *findings, struct finding_space *space)
{
	for (size_t i = 0; i < space->kind_count && looks_for(findings, VP_R_writable_executable);
	     i++)
		if (space->kinds[i])
			judge_both(findings, space, i);
	if (looks_for(findings, VP_R_unguarded))
		judge_unguarded(findings, space);
	if (looks_for(findings, VP_R_reserved))
		judge_reserved(findings, space);
	if (looks_for(findings, VP_R_fragmented))
		judge_fragmented(findings, space);
}
