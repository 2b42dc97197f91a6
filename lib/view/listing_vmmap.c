/* The preset vmmap of the view table: format 2.4 of macOS, whatever system the regions are from.
 *
 *   REGION TYPE                    START - END         [ VSIZE  RSDNT  DIRTY   SWAP] PRT/MAX SHRMOD
 *   Stack                   7ff7bf6ff000-7ff7bfeff000  [ 8192K    20K    20K     0K] rw-/rwx SM=PRV
 */
#include "space/region.h"
#include "view/listing_lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static long long pid_of(const struct vp_listing *l)
{
	return l->space->pid >= 0 ? l->space->pid : 0;
}

static const char *macos_size(struct vp_listing *l, bool there, uint64_t bytes)
{
	static const char units[] = "KMGTP";
	double value = (double)bytes / 1024;
	int unit = 0;
	if (!there)
		return "-";
	if (bytes < 4096 && bytes % 1024)
		return vp_pool_print(l->pool, "%llu", (unsigned long long)bytes);
	if (value < 9999.5)
		return vp_pool_print(l->pool, "%.0fK", value);
	for (; value >= 999.95 && unit < 4; unit++)
		value /= 1024;
	return vp_pool_print(l->pool, "%.1f%c", value, units[unit]);
}

/* V, N or E: the first letter of the member `purge`; 0: not purgeable, or unknown. */
static char purge_of(const struct vp_region *region)
{
	struct vp_member member;
	for (size_t at = 0; vp_region_extra(region->extra, &at, &member);)
		if (vp_str_is(member.key, "purge") && member.json == VP_STRING &&
		    member.value.n > 2 && member.value.p[1] >= 'a' && member.value.p[1] <= 'z')
			return (char)(member.value.p[1] - 32);
	return 0;
}

static vp_str macos_type(const struct vp_region *region)
{
	return region->label.n ? region->label : region->kind;
}

/* `four`, or the first alone, as formats before 2.4 have it. */
static const char *macos_sizes(struct vp_listing *l, const struct vp_region *r, bool four)
{
	if (!four)
		return vp_pool_print(l->pool, "%6s", macos_size(l, true, r->size));
	return vp_pool_print(l->pool, "%6s %6s %6s %6s", macos_size(l, true, r->size),
	                     macos_size(l, vp_listing_known(r, VP_M_rss), r->measure[VP_M_rss]),
	                     macos_size(l, vp_listing_known(r, VP_M_dirty), r->measure[VP_M_dirty]),
	                     macos_size(l, vp_listing_known(r, VP_M_swap), r->measure[VP_M_swap]));
}

/* "COW": the share in capitals; "---": not known. */
static void share_of(const struct vp_region *r, char share[4])
{
	memcpy(share, "---", 4);
	for (size_t c = 0; c < 3 && c < r->share.n; c++) {
		char letter = r->share.p[c];
		share[c] = (char)(letter >= 'a' && letter <= 'z' ? letter - 32 : letter);
	}
}

static void vmmap_row(struct vp_listing *l, const struct vp_region *r, bool four)
{
	char range[48], share[4], purge[16] = "", letter = purge_of(r);
	const char *perms = r->perms[0] ? r->perms : "---",
	           *max_perms = r->max_perms[0] ? r->max_perms : perms;
	share_of(r, share);
	snprintf(range, sizeof range, "%14llx-%-12llx ", (unsigned long long)r->start,
	         (unsigned long long)r->end);
	if (letter)
		snprintf(purge, sizeof purge, " PURGE=%c", letter);
	vp_listing_line(l, "%-22s %s[%s] %.3s/%.3s SM=%s%-*s%s", vp_words(l->pool, macos_type(r)),
	                range, macos_sizes(l, r, four), perms, max_perms, share, r->name.n ? 10 : 0,
	                purge, r->name.n ? vp_words(l->pool, r->name) : "");
}

static void vmmap_section(struct vp_listing *l, const char *title, bool writable)
{
	bool four = vp_listing_any(l, VP_M_rss);
	vp_listing_line(l, "==== %s regions for process %lld", title, pid_of(l));
	vp_listing_line(l,
	                "REGION TYPE                    START - END         [ VSIZE%s] PRT/MAX "
	                "SHRMOD PURGE    REGION DETAIL",
	                four ? "  RSDNT  DIRTY   SWAP" : "");
	for (size_t i = 0; i < l->region_count; i++) {
		const struct vp_region *r = l->regions[i];
		if ((r->perms[0] && r->perms[1] == 'w') == writable)
			vmmap_row(l, r, four);
	}
}

static void vmmap_legend(struct vp_listing *l)
{
	static const char *const lines[] = { "",
		                             "==== Legend",
		                             "SM=sharing mode:",
		                             "        COW=copy_on_write PRV=private NUL=empty "
		                             "ALI=aliased",
		                             "        SHM=shared ZER=zero_filled S/A=shared_alias",
		                             "PURGE=purgeable mode:",
		                             "        V=volatile N=nonvolatile E=empty   otherwise "
		                             "is unpurgeable",
		                             "" };
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		vp_listing_line(l, lines[i]);
}

/* The sums of regions of one type. */
struct vmmap_sum {
	uint64_t size, rss, dirty, swap, purgeable[3], count; /* volatile, not volatile, empty */
	bool known;                                           /* rss, dirty, swap */
};

static void vmmap_add(struct vmmap_sum *to, const struct vp_region *r)
{
	static const char letters[] = "VNE";
	char purge = purge_of(r);
	const char *at = purge ? strchr(letters, purge) : NULL;
	to->size += r->size;
	to->rss += vp_listing_known(r, VP_M_rss) ? r->measure[VP_M_rss] : 0;
	to->dirty += vp_listing_known(r, VP_M_dirty) ? r->measure[VP_M_dirty] : 0;
	to->swap += vp_listing_known(r, VP_M_swap) ? r->measure[VP_M_swap] : 0;
	to->known |= vp_listing_known(r, VP_M_rss);
	if (at && vp_listing_known(r, VP_M_rss))
		to->purgeable[at - letters] += r->measure[VP_M_rss];
	to->count++;
}

static void vmmap_sum_line(struct vp_listing *l, const char *type, const struct vmmap_sum *sum)
{
	const uint64_t values[] = { sum->rss,          sum->dirty,        sum->swap,
		                    sum->purgeable[0], sum->purgeable[1], sum->purgeable[2] };
	char text[96] = "";
	for (size_t i = 0, n = 0; i < sizeof values / sizeof *values; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, " %8s",
		                      macos_size(l, sum->known, values[i]));
	vp_listing_line(l, "%-31s %7s%s %8llu ", type, macos_size(l, true, sum->size), text,
	                (unsigned long long)sum->count);
}

static int by_type(const void *a, const void *b)
{
	vp_str x = macos_type(*(const struct vp_region *const *)a),
	       y = macos_type(*(const struct vp_region *const *)b);
	size_t n = x.n < y.n ? x.n : y.n;
	int order = n ? memcmp(x.p, y.p, n) : 0;
	return order ? order : (x.n > y.n) - (x.n < y.n);
}

/* By type, in the order of bytes as vmmap has it. COUNT is that of the rows. */
static void vmmap_summary(struct vp_listing *l)
{
	static const char rule[] = "===========                     ======= ========    =====  "
	                           "======= ========   ======    =====  ======= ";
	const struct vp_region **sorted =
	        vp_pool_take(l->pool, (l->region_count + 1) * sizeof *sorted);
	struct vmmap_sum total = { 0 };
	l->failed = l->failed || !sorted;
	if (l->failed)
		return;
	memcpy(sorted, l->regions, l->region_count * sizeof *sorted);
	qsort(sorted, l->region_count, sizeof *sorted, by_type);
	vp_listing_line(l, "==== Summary for process %lld", pid_of(l));
	vp_listing_line(l, "                                VIRTUAL RESIDENT    DIRTY  SWAPPED "
	                   "VOLATILE   "
	                   "NONVOL    EMPTY   REGION ");
	vp_listing_line(l, "REGION TYPE                        SIZE     SIZE     SIZE     SIZE     "
	                   "SIZE     "
	                   "SIZE     SIZE    COUNT (non-coalesced) ");
	vp_listing_line(l, rule);
	for (size_t i = 0, next; i < l->region_count; i = next) {
		struct vmmap_sum sum = { 0 };
		for (next = i; next < l->region_count && !by_type(&sorted[i], &sorted[next]);
		     next++) {
			vmmap_add(&sum, sorted[next]);
			vmmap_add(&total, sorted[next]);
		}
		vmmap_sum_line(l, vp_words(l->pool, macos_type(sorted[i])), &sum);
	}
	vp_listing_line(l, rule);
	vmmap_sum_line(l, "TOTAL", &total);
}

void vp_listing_vmmap(struct vp_listing *l)
{
	vp_listing_line(l, "Virtual Memory Map of process %lld (%s)", pid_of(l),
	                l->proc && l->proc->name ? l->proc->name : "");
	bool large = l->region_count && l->regions[l->region_count - 1]->end > UINT32_MAX;
	vp_listing_line(l, large ? "Output report format:  2.4  -- 64-bit process"
	                         : "Output report format:  2.4");
	vp_listing_line(l, "%s", "");
	vmmap_section(l, "Non-writable", false);
	vp_listing_line(l, "%s", "");
	vmmap_section(l, "Writable", true);
	vmmap_legend(l);
	vmmap_summary(l);
}
