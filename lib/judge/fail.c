/* Findings of calls that failed for want of memory, and why they did.
 *
 *   {"type":"event","call":"mprotect","addr":"0x7f..","len":4096,"error":"ENOMEM"}
 *   -> "mprotect failed with ENOMEM: the process has 65530 regions, and may have 65530
 *      (vm.max_map_count); ..."
 *
 * The kernel does not say why. Each limit that the stream states is compared with what the process
 * has and what it asked for; the order is that in which the kernel asks (mm/mmap.c, mm/mprotect.c,
 * mm/util.c: __vm_enough_memory).
 */
#include <stdio.h>
#include <string.h>

#include "judge/inner.h"

#define COUNT_SPARE 3 /* regions: one call may need two more, and /proc shows one of the kernel */
#define ALL_47      (UINT64_C(1) << 47)

enum { MAPS = 1, DATA = 2, LOCKS = 4 }; /* a call takes addresses, writable memory, locked memory */

static const struct {
	const char *call, *length;
	unsigned takes;
} calls[] = {
	{ "mmap", "length", MAPS | DATA },
	{ "mmap2", "length", MAPS | DATA },
	{ "mremap", "new_size", MAPS | DATA },
	{ "brk", NULL, MAPS | DATA },
	{ "mprotect", "len", 0 },
	{ "pkey_mprotect", "len", 0 },
	{ "munmap", "length", 0 },
	{ "madvise", "length", 0 },
	{ "mlock", "len", LOCKS },
	{ "mlock2", "len", LOCKS },
	{ "mlockall", NULL, LOCKS },
	{ "shmat", NULL, MAPS },
	{ "mbind", "len", 0 },
};

bool vp_finding_refused(struct vp_record *event, struct vp_refused *refused)
{
	vp_str error = vp_record_str(event, "error"), call;
	size_t i = 0;
	if (!vp_str_is(error, "ENOMEM") && !vp_str_is(error, "EAGAIN"))
		return false;
	call = vp_record_str(event, "call");
	while (i < sizeof calls / sizeof *calls && !vp_str_is(call, calls[i].call))
		i++;
	if (i == sizeof calls / sizeof *calls)
		return false;
	*refused = (struct vp_refused){ .call = calls[i].call,
		                        .error = vp_str_is(error, "EAGAIN") ? "EAGAIN" : "ENOMEM",
		                        .maps = calls[i].takes & MAPS,
		                        .data = calls[i].takes & DATA,
		                        .locks = calls[i].takes & LOCKS };
	if (calls[i].length)
		vp_record_num(event, calls[i].length, &refused->length);
	if (!refused->maps)
		vp_record_addr(event, "addr", &refused->addr);
	vp_record_num(event, "tid", &refused->tid);
	vp_record_num(event, "stack", &refused->stack);
	return true;
}

/* At each power of two: to find out why, every region is visited. */
bool vp_finding_refusal_due(struct finding_space *space)
{
	uint64_t n = ++space->failed;
	return !(n & (n - 1));
}

/* ---- why ---- */

struct why {
	const char *word; /* for programs */
	enum vp_severity severity;
	uint64_t has, limit; /* limit 0: none is concerned */
	char text[256];
};

static const char *words_of(const struct vp_refused *refused, char text[64])
{
	text[0] = 0;
	if (refused->length)
		snprintf(text, 64, " of %s", vp_finding_size((double)refused->length).text);
	return text;
}

static bool exceeds(uint64_t has, uint64_t more, uint64_t limit)
{
	return limit && (more > limit || has > limit - more);
}

static bool by_count(const struct vp_findings *findings, struct finding_space *space,
                     uint64_t regions, struct why *why)
{
	uint64_t most = findings->max_map_count;
	if (!most || regions + COUNT_SPARE < most)
		return false;
	*why = (struct why){ .word = "map_count", .severity = VP_ERROR, regions, most };
	snprintf(why->text, sizeof why->text,
	         "the process has %llu regions of at most %llu (vm.max_map_count); a change in the "
	         "middle of a region makes two more",
	         (unsigned long long)regions, (unsigned long long)most);
	(void)space;
	return true;
}

static bool by_limit(const struct vp_refused *refused, const char *word, const char *name,
                     const char *what, uint64_t has, uint64_t limit, struct why *why)
{
	if (!exceeds(has, refused->length, limit))
		return false;
	*why = (struct why){ .word = word, .severity = VP_ERROR, has, limit };
	snprintf(why->text, sizeof why->text, "the process has %s of %s, and %s is %s",
	         vp_finding_size((double)has).text, what, name,
	         vp_finding_size((double)limit).text);
	return true;
}

/* Strict overcommit (2) counts all writable private memory of the machine; the heuristic (0)
 * refuses a single request above memory and swap. */
static bool by_overcommit(const struct vp_findings *findings, const struct vp_refused *refused,
                          struct why *why)
{
	uint64_t limit = findings->commit_limit, all = findings->memory + findings->swap;
	if (!refused->data && strcmp(refused->call, "mprotect"))
		return false;
	*why = (struct why){ .word = "overcommit", .severity = VP_ERROR, 0, 0 };
	if (findings->overcommit == 3 &&
	    (!limit || exceeds(findings->committed, refused->length, limit))) {
		why->has = findings->committed;
		why->limit = limit;
		snprintf(why->text, sizeof why->text,
		         "vm.overcommit_memory is 2: the kernel promises no more than %s%s",
		         limit ? vp_finding_size((double)limit).text : "the commit limit",
		         limit ? "" : " (CommitLimit in /proc/meminfo)");
		return true;
	}
	if (findings->overcommit == 1 && findings->memory && refused->length > all) {
		why->limit = all;
		snprintf(why->text, sizeof why->text,
		         "vm.overcommit_memory is 0: the kernel refuses a single request above "
		         "memory and swap (%s)",
		         vp_finding_size((double)all).text);
		return true;
	}
	return false;
}

static bool by_space(const struct vp_refused *refused, struct why *why)
{
	if (!refused->maps || refused->length < ALL_47)
		return false;
	*why = (struct why){ .word = "address_space", .severity = VP_ERROR, 0, ALL_47 };
	snprintf(why->text, sizeof why->text, "no address space has so many addresses");
	return true;
}

static bool by_range(const struct vp_refused *refused, const struct finding_space *space,
                     struct why *why)
{
	if (!refused->addr || !refused->length || !space->all.regions ||
	    space->asked.covered >= refused->length)
		return false;
	*why = (struct why){ .word = "unmapped", .severity = VP_INFO, space->asked.covered, 0 };
	snprintf(why->text, sizeof why->text,
	         "a part of the addresses is not mapped: the program names a wrong range, and no "
	         "memory is lacking");
	return true;
}

static bool by_cgroup(const struct vp_findings *findings, const struct finding_space *space,
                      struct why *why)
{
	uint64_t used = vp_finding_cgroup(findings, space, NULL), limit = space->memory_limit;
	if (!limit || used < limit / 10 * 9)
		return false;
	*why = (struct why){ .word = "cgroup", .severity = VP_ERROR, used, limit };
	snprintf(why->text, sizeof why->text,
	         "no limit of the process explains that; its cgroup has used %s of %s",
	         vp_finding_size((double)used).text, vp_finding_size((double)limit).text);
	return true;
}

static void by_nothing(const struct vp_findings *findings, const struct finding_space *space,
                       struct why *why)
{
	*why = (struct why){ .word = "unknown", .severity = VP_WARNING, 0, 0 };
	bool known = space->limits_known && findings->max_map_count && space->all.regions;
	snprintf(why->text, sizeof why->text, "%s",
	         known ? "the count of regions, RLIMIT_AS, RLIMIT_DATA and the cgroup leave room "
	                 "for it, so why is unknown"
	               : "why is unknown, as the recording has no limits or no regions to compare "
	                 "with (vm-sample -p records both)");
}

static void find_why(const struct vp_findings *findings, struct finding_space *space,
                     const struct vp_refused *refused, uint64_t regions, struct why *why)
{
	if (by_range(refused, space, why) || by_space(refused, why))
		return;
	if (by_count(findings, space, regions, why))
		return;
	if (refused->maps && by_limit(refused, "address_limit", "RLIMIT_AS (ulimit -v)",
	                              "addresses", space->all.size, space->address_limit, why))
		return;
	if (refused->data &&
	    by_limit(refused, "data_limit", "RLIMIT_DATA (ulimit -d)", "private writable memory",
	             space->writable, space->data_limit, why))
		return;
	if ((refused->locks || !strcmp(refused->error, "EAGAIN")) &&
	    by_limit(refused, "locked_limit", "RLIMIT_MEMLOCK (ulimit -l)", "locked memory",
	             space->locked, space->locked_limit, why))
		return;
	if (by_overcommit(findings, refused, why) || by_cgroup(findings, space, why))
		return;
	by_nothing(findings, space, why);
}

void vp_finding_refusal(struct vp_findings *findings, struct finding_space *space,
                        const struct vp_refused *refused, uint64_t regions)
{
	struct why why;
	char size[64], times[64] = "";
	find_why(findings, space, refused, regions, &why);
	if (!vp_finding_due(&space->told_failed, why.severity, space->failed))
		return;
	space->told_failed.worse = 10 * space->failed;
	if (space->failed > 1)
		snprintf(times, sizeof times, ", call %llu of the process that failed",
		         (unsigned long long)space->failed);
	vp_finding_begin(findings, space, VP_R_failed_call, why.severity);
	const char *from = vp_finding_functions(findings, refused->stack);
	vp_finding_text(findings, "%s%s%s%s failed with %s%s: %s", refused->call,
	                words_of(refused, size), *from ? " from " : "", from, refused->error, times,
	                why.text);
	vp_finding_word(findings, "call", refused->call);
	vp_finding_word(findings, "error", refused->error);
	vp_finding_word(findings, "why", why.word);
	vp_finding_num(findings, "calls", space->failed);
	if (refused->length)
		vp_finding_num(findings, "size", refused->length);
	if (regions)
		vp_finding_num(findings, "regions", regions);
	if (why.limit)
		vp_finding_num(findings, "limit", why.limit);
	if (refused->tid)
		vp_finding_num(findings, "tid", refused->tid);
	if (refused->stack)
		vp_finding_num(findings, "stack", refused->stack);
	if (*from)
		vp_finding_word(findings, "functions", from);
	vp_finding_tell(findings);
}
