/* The presets of the view table that print as programs do that people know: pmap and its -x, -X and
 * -d, smaps of the kernel, vmmap.
 *
 *   --table=pmap-x   ->   4711:   ./counter
 *                         Address           Kbytes     RSS   Dirty Mode  Mapping
 *                         000055d0c8a4f000     132       8       8 rw---   [ anon ]
 *
 * The lines are those of procps 4.0.2 and of Linux 6.18, byte for byte where the snapshot has what
 * they show; a measure that is not known stands as "-", bytes that are no UTF-8 as U+FFFD. Each
 * line is a cell, and the figure is verbatim: a renderer of text adds nothing.
 */
#include "base/error.h"
#include "space/region.h"
#include "view/build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct listing {
	struct vp_pool *pool;
	const struct vp_space *space;
	const struct vp_proc *proc;
	const char *command; /* words, or NULL */
	struct vp_cell *lines;
	size_t count, size;
	bool failed;
	const struct vp_region **regions;
	size_t region_count;
};

static void line(struct listing *l, const char *text)
{
	struct vp_cell *more = vp_build_grow(l->pool, l->lines, l->count, &l->size, sizeof *more);
	l->failed = l->failed || !more || !text;
	if (l->failed)
		return;
	l->lines = more;
	l->lines[l->count++] = (struct vp_cell){ text, true };
}

static bool known(const struct vp_region *region, int measure)
{
	return region->measured >> measure & 1;
}

/* KiB, right-justified; "-" where it is not known. */
static const char *kib(struct listing *l, const struct vp_region *region, int measure, int width)
{
	if (!known(region, measure))
		return vp_pool_print(l->pool, "%*s", width, "-");
	return vp_pool_print(l->pool, "%*llu", width,
	                     (unsigned long long)region->measure[measure] >> 10);
}

static uint64_t sum(const struct listing *l, int measure)
{
	uint64_t total = 0;
	for (size_t i = 0; i < l->region_count; i++)
		total += measure < 0                     ? l->regions[i]->size
		         : known(l->regions[i], measure) ? l->regions[i]->measure[measure]
		                                         : 0;
	return total;
}

static bool any(const struct listing *l, int measure)
{
	for (size_t i = 0; i < l->region_count; i++)
		if (known(l->regions[i], measure))
			return true;
	return false;
}

/* ---- pmap ---- */

/* A line break in an argument (\012, as words have it) is a blank there. */
static void pmap_head(struct listing *l)
{
	const char *command = l->command                 ? l->command
	                      : l->proc && l->proc->name ? l->proc->name
	                                                 : "";
	char *text = l->space->pid >= 0 ? vp_pool_print(l->pool, "%lld:   %s",
	                                                (long long)l->space->pid, command)
	                                : NULL;
	for (char *at = text; at && (at = strstr(at, "\\012"));) {
		*at = ' ';
		memmove(at + 1, at + 4, strlen(at + 4) + 1);
	}
	if (l->space->pid >= 0)
		line(l, text);
}

/* "rw-s-" as pmap has it. */
static const char *mode(struct listing *l, const struct vp_region *region)
{
	return vp_pool_print(l->pool, "%.3s%c-", region->perms[0] ? region->perms : "---",
	                     region->perms[0] && region->perms[3] == 's' ? 's' : '-');
}

static bool is(vp_str text, const char *word)
{
	return vp_str_is(text, word);
}

/* Without -X, pmap writes a question mark for each byte that is no printable ASCII. */
static const char *plain(struct listing *l, vp_str name)
{
	char *text = vp_pool_take(l->pool, name.n + 1);
	for (size_t i = 0; text && i < name.n; i++)
		text[i] = (char)((unsigned char)name.p[i] < 0x20 || (unsigned char)name.p[i] > 0x7e
		                         ? '?'
		                         : name.p[i]);
	return text;
}

/* Shared memory of System V is called by its number, which stands where others have their inode;
 * NULL: it is none, or has no number. */
static const char *shared_id(struct listing *l, const struct vp_region *region)
{
	char digits[24];
	static const char start[] = "/SYSV";
	if (region->name.n < sizeof start - 1 || memcmp(region->name.p, start, sizeof start - 1) ||
	    !region->inode.n || region->inode.n >= sizeof digits)
		return NULL;
	snprintf(digits, sizeof digits, "%.*s", (int)region->inode.n, region->inode.p);
	return vp_pool_print(l->pool, "  [ shmid=0x%llx ]", strtoull(digits, NULL, 10));
}

/* The last part of a path; all without a slash is anonymous to pmap but the main stack. */
static const char *mapping(struct listing *l, const struct vp_region *region)
{
	const char *slash = region->name.n ? memrchr(region->name.p, '/', region->name.n) : NULL,
	           *id = shared_id(l, region);
	if (id)
		return id;
	if (slash) {
		size_t n = (size_t)(region->name.p + region->name.n - slash);
		return plain(l, n > 1 ? (vp_str){ slash + 1, n - 1 } : (vp_str){ slash, n });
	}
	if (is(region->name, "[stack]"))
		return "  [ stack ]";
	if (region->name.n > 8 && !memcmp(region->name.p, "[shmid=", 7)) /* of pmap's own text */
		return vp_pool_print(l->pool, "  [ %s ]",
		                     plain(l, (vp_str){ region->name.p + 1, region->name.n - 2 }));
	if (region->name.n && region->name.p[0] != '[' &&
	    !memchr(region->name.p, ':', region->name.n))
		return plain(l, region->name); /* of a text that has no paths */
	return "  [ anon ]";
}

static void pmap(struct listing *l)
{
	pmap_head(l);
	for (size_t i = 0; i < l->region_count; i++) {
		const struct vp_region *r = l->regions[i];
		line(l,
		     vp_pool_print(l->pool, "%016llx %6lluK %s %s", (unsigned long long)r->start,
		                   (unsigned long long)r->size >> 10, mode(l, r), mapping(l, r)));
	}
	line(l, vp_pool_print(l->pool, " total %16lluK", (unsigned long long)sum(l, -1) >> 10));
}

static void pmap_x(struct listing *l)
{
	pmap_head(l);
	line(l, "Address           Kbytes     RSS   Dirty Mode  Mapping");
	for (size_t i = 0; i < l->region_count; i++) {
		const struct vp_region *r = l->regions[i];
		line(l, vp_pool_print(l->pool, "%016llx %7llu %s %s %s %s",
		                      (unsigned long long)r->start,
		                      (unsigned long long)r->size >> 10, kib(l, r, VP_M_rss, 7),
		                      kib(l, r, VP_M_dirty, 7), mode(l, r), mapping(l, r)));
	}
	line(l, "---------------- ------- ------- ------- ");
	line(l, vp_pool_print(l->pool, "total kB         %7llu %7llu %7llu",
	                      (unsigned long long)sum(l, -1) >> 10,
	                      (unsigned long long)sum(l, VP_M_rss) >> 10,
	                      (unsigned long long)sum(l, VP_M_dirty) >> 10));
}

/* "fe:00" as two numbers; 0 where there is no device. */
static void device(const struct vp_region *region, unsigned *major, unsigned *minor)
{
	char text[32];
	snprintf(text, sizeof text, "%.*s", (int)region->dev.n, region->dev.n ? region->dev.p : "");
	if (sscanf(text, "%x:%x", major, minor) != 2)
		*major = *minor = 0;
}

static void pmap_d(struct listing *l)
{
	uint64_t writable = 0, shared = 0;
	unsigned major, minor;
	pmap_head(l);
	line(l, "Address           Kbytes Mode  Offset           Device    Mapping");
	for (size_t i = 0; i < l->region_count; i++) {
		const struct vp_region *r = l->regions[i];
		bool is_shared = r->perms[0] && r->perms[3] == 's';
		device(r, &major, &minor);
		line(l,
		     vp_pool_print(l->pool, "%016llx %7llu %s %016llx %03x:%05x %s",
		                   (unsigned long long)r->start, (unsigned long long)r->size >> 10,
		                   mode(l, r), r->has_offset ? (unsigned long long)r->offset : 0,
		                   major, minor, mapping(l, r)));
		shared += is_shared ? r->size : 0;
		writable += !is_shared && r->perms[0] && r->perms[1] == 'w' ? r->size : 0;
	}
	line(l,
	     vp_pool_print(l->pool, "mapped: %lluK    writeable/private: %lluK    shared: %lluK",
	                   (unsigned long long)sum(l, -1) >> 10, (unsigned long long)writable >> 10,
	                   (unsigned long long)shared >> 10));
}

/* ---- pmap -X: columns as wide as what stands in them ---- */

static const struct {
	const char *name;
	int measure;
} wide[] = {
	{ "Size", -1 },
	{ "Rss", VP_M_rss },
	{ "Pss", VP_M_pss },
	{ "Pss_Dirty", VP_M_pss_dirty },
	{ "Referenced", VP_M_referenced },
	{ "Anonymous", VP_M_anonymous },
	{ "KSM", VP_M_ksm },
	{ "LazyFree", VP_M_lazy_free },
	{ "ShmemPmdMapped", VP_M_shmem_huge },
	{ "FilePmdMapped", VP_M_file_huge },
	{ "Shared_Hugetlb", VP_M_shared_hugetlb },
	{ "Private_Hugetlb", VP_M_private_hugetlb },
	{ "Swap", VP_M_swap },
	{ "SwapPss", VP_M_swap_pss },
	{ "Locked", VP_M_locked },
	{ "THPeligible", VP_M_thp_eligible },
	{ "ProtectionKey", VP_M_pkey },
};
enum { WIDE = sizeof wide / sizeof *wide };

static uint64_t shown(int measure, uint64_t value)
{
	return measure == VP_M_thp_eligible || measure == VP_M_pkey ? value : value >> 10;
}

static int digits(uint64_t value)
{
	char text[24];
	return snprintf(text, sizeof text, "%llu", (unsigned long long)value);
}

static int greater(int a, int b)
{
	return a > b ? a : b;
}

/* The figure is known to be shorter than 64 bytes a column. */
static char *add(char *to, const char *text, int width)
{
	return to + sprintf(to, "%*.60s ", width, text);
}

static void pmap_X(struct listing *l)
{
	int address = 7, dev = 6, inode = 5, offset = 8, widths[WIDE];
	char row[64 * (WIDE + 6)], text[64];
	for (size_t i = 0; i < l->region_count; i++) {
		const struct vp_region *r = l->regions[i];
		address = greater(address, snprintf(text, sizeof text, "%08llx",
		                                    (unsigned long long)r->start));
		offset = greater(offset, r->has_offset ? snprintf(text, sizeof text, "%08llx",
		                                                  (unsigned long long)r->offset)
		                                       : 0);
		dev = greater(dev, r->dev.n < 20 ? (int)r->dev.n : 20);
		inode = greater(inode, r->inode.n < 20 ? (int)r->inode.n : 20);
	}
	for (int c = 0; c < WIDE; c++)
		widths[c] =
		        wide[c].measure >= 0 && !any(l, wide[c].measure)
		                ? 0
		                : greater((int)strlen(wide[c].name),
		                          digits(shown(wide[c].measure, sum(l, wide[c].measure))));
	pmap_head(l);
	char *at = add(add(add(add(add(row, "Address", address), "Perm", 4), "Offset", offset),
	                   "Device", dev),
	               "Inode", inode);
	for (int c = 0; c < WIDE; c++)
		at = widths[c] ? add(at, wide[c].name, widths[c]) : at;
	line(l, vp_pool_print(l->pool, "%sMapping", row));
	for (size_t i = 0; i < l->region_count; i++) {
		const struct vp_region *r = l->regions[i];
		snprintf(text, sizeof text, "%08llx", (unsigned long long)r->start);
		at = add(add(row, text, address), r->perms[0] ? r->perms : "----", 4);
		snprintf(text, sizeof text, "%08llx",
		         r->has_offset ? (unsigned long long)r->offset : 0);
		at = add(at, text, offset);
		snprintf(text, sizeof text, "%.*s", (int)(r->dev.n ? r->dev.n : 5),
		         r->dev.n ? r->dev.p : "00:00");
		at = add(at, text, dev);
		snprintf(text, sizeof text, "%.*s", (int)(r->inode.n ? r->inode.n : 1),
		         r->inode.n ? r->inode.p : "0");
		at = add(at, text, inode);
		for (int c = 0; c < WIDE; c++) {
			int m = wide[c].measure;
			uint64_t value = m < 0 ? r->size : known(r, m) ? r->measure[m] : 0;
			snprintf(text, sizeof text, "%llu", (unsigned long long)shown(m, value));
			at = widths[c] ? add(at, m < 0 || known(r, m) ? text : "-", widths[c]) : at;
		}
		const char *slash = r->name.n ? memrchr(r->name.p, '/', r->name.n) : NULL;
		vp_str name =
		        slash ? (vp_str){ slash + 1, (size_t)(r->name.p + r->name.n - slash) - 1 }
		              : r->name;
		line(l, vp_pool_print(l->pool, "%s%s", row, name.n ? vp_words(l->pool, name) : ""));
	}
	for (int end = 0; end < 2; end++) {
		at = row + sprintf(row, "%*s", address + 4 + offset + dev + inode + 5, "");
		for (int c = 0; c < WIDE; c++) {
			if (!widths[c])
				continue;
			snprintf(text, sizeof text, "%llu",
			         (unsigned long long)shown(wide[c].measure,
			                                   sum(l, wide[c].measure)));
			at = add(at,
			         end ? text
			             : "==========================================================="
			               "=" + 60 - greater(0, widths[c] < 60 ? widths[c] : 60),
			         widths[c]);
		}
		line(l, vp_pool_print(l->pool, "%s%s", row, end ? "KB " : ""));
	}
}

/* ---- smaps ---- */

static const struct {
	const char *name;
	int measure;
} fields[] = {
	{ "Size", -1 },
	{ "KernelPageSize", VP_M_page },
	{ "MMUPageSize", VP_M_mmu_page },
	{ "Rss", VP_M_rss },
	{ "Pss", VP_M_pss },
	{ "Pss_Dirty", VP_M_pss_dirty },
	{ "Shared_Clean", VP_M_shared_clean },
	{ "Shared_Dirty", VP_M_shared_dirty },
	{ "Private_Clean", VP_M_private_clean },
	{ "Private_Dirty", VP_M_private_dirty },
	{ "Referenced", VP_M_referenced },
	{ "Anonymous", VP_M_anonymous },
	{ "KSM", VP_M_ksm },
	{ "LazyFree", VP_M_lazy_free },
	{ "AnonHugePages", VP_M_huge },
	{ "ShmemPmdMapped", VP_M_shmem_huge },
	{ "FilePmdMapped", VP_M_file_huge },
	{ "Shared_Hugetlb", VP_M_shared_hugetlb },
	{ "Private_Hugetlb", VP_M_private_hugetlb },
	{ "Swap", VP_M_swap },
	{ "SwapPss", VP_M_swap_pss },
	{ "Locked", VP_M_locked },
	{ "THPeligible", VP_M_thp_eligible },
	{ "ProtectionKey", VP_M_pkey },
};

static void smaps_row(struct listing *l, const struct vp_region *r)
{
	char front[160];
	int n = snprintf(front, sizeof front, "%08llx-%08llx %s %08llx %.*s %.*s",
	                 (unsigned long long)r->start, (unsigned long long)r->end,
	                 r->perms[0] ? r->perms : "----",
	                 r->has_offset ? (unsigned long long)r->offset : 0,
	                 (int)(r->dev.n ? r->dev.n < 20 ? r->dev.n : 20 : 5),
	                 r->dev.n ? r->dev.p : "00:00",
	                 (int)(r->inode.n ? r->inode.n < 24 ? r->inode.n : 24 : 1),
	                 r->inode.n ? r->inode.p : "0");
	line(l, r->name.n ? vp_pool_print(l->pool, "%-*s%s", n < 73 ? 73 : n + 1, front,
	                                  vp_words(l->pool, r->name))
	                  : vp_pool_print(l->pool, "%s ", front));
}

static void smaps(struct listing *l)
{
	char key[24];
	for (size_t i = 0; i < l->region_count; i++) {
		const struct vp_region *r = l->regions[i];
		smaps_row(l, r);
		for (size_t f = 0; f < sizeof fields / sizeof *fields && r->measured; f++) {
			int m = fields[f].measure;
			bool plain = m == VP_M_thp_eligible || m == VP_M_pkey;
			if (m >= 0 && !known(r, m))
				continue;
			snprintf(key, sizeof key, "%s:", fields[f].name);
			line(l, vp_pool_print(l->pool, "%-16s%8llu%s", key,
			                      (unsigned long long)shown(m, m < 0 ? r->size
			                                                         : r->measure[m]),
			                      plain ? "" : " kB"));
		}
		if (r->flags.n)
			line(l,
			     vp_pool_print(l->pool, "VmFlags: %s ", vp_words(l->pool, r->flags)));
	}
}

/* ---- vmmap ---- */

static const char *macos_size(struct listing *l, bool there, uint64_t bytes)
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

/* V, N or E: the first letter of what the member says; 0: not purgeable, or not known. */
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
static const char *macos_sizes(struct listing *l, const struct vp_region *r, bool four)
{
	if (!four)
		return vp_pool_print(l->pool, "%6s", macos_size(l, true, r->size));
	return vp_pool_print(l->pool, "%6s %6s %6s %6s", macos_size(l, true, r->size),
	                     macos_size(l, known(r, VP_M_rss), r->measure[VP_M_rss]),
	                     macos_size(l, known(r, VP_M_dirty), r->measure[VP_M_dirty]),
	                     macos_size(l, known(r, VP_M_swap), r->measure[VP_M_swap]));
}

static void vmmap_section(struct listing *l, const char *title, bool writable)
{
	line(l, vp_pool_print(l->pool, "==== %s regions for process %lld", title,
	                      (long long)(l->space->pid >= 0 ? l->space->pid : 0)));
	bool four = any(l, VP_M_rss);
	line(l, four ? "REGION TYPE                    START - END         [ VSIZE  RSDNT  DIRTY   "
	               "SWAP] PRT/MAX SHRMOD PURGE    REGION DETAIL"
	             : "REGION TYPE                    START - END         [ VSIZE] PRT/MAX SHRMOD "
	               "PURGE    REGION DETAIL");
	for (size_t i = 0; i < l->region_count; i++) {
		const struct vp_region *r = l->regions[i];
		char range[48], share[8] = "---", purge[16] = "", letter = purge_of(r);
		if ((r->perms[0] && r->perms[1] == 'w') != writable)
			continue;
		for (size_t c = 0; c < 3 && c < r->share.n; c++)
			share[c] = (char)(r->share.p[c] >= 'a' && r->share.p[c] <= 'z'
			                          ? r->share.p[c] - 32
			                          : r->share.p[c]);
		snprintf(range, sizeof range, "%14llx-%-12llx ", (unsigned long long)r->start,
		         (unsigned long long)r->end);
		if (letter)
			snprintf(purge, sizeof purge, " PURGE=%c", letter);
		line(l, vp_pool_print(l->pool, "%-22s %s[%s] %.3s/%.3s SM=%s%-*s%s",
		                      vp_words(l->pool, macos_type(r)), range,
		                      macos_sizes(l, r, four), r->perms[0] ? r->perms : "---",
		                      r->max_perms[0] ? r->max_perms
		                      : r->perms[0]   ? r->perms
		                                      : "---",
		                      share, r->name.n ? 10 : 0, purge,
		                      r->name.n ? vp_words(l->pool, r->name) : ""));
	}
}

static void vmmap_legend(struct listing *l)
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
		line(l, lines[i]);
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
	to->rss += known(r, VP_M_rss) ? r->measure[VP_M_rss] : 0;
	to->dirty += known(r, VP_M_dirty) ? r->measure[VP_M_dirty] : 0;
	to->swap += known(r, VP_M_swap) ? r->measure[VP_M_swap] : 0;
	to->known |= known(r, VP_M_rss);
	if (at && known(r, VP_M_rss))
		to->purgeable[at - letters] += r->measure[VP_M_rss];
	to->count++;
}

static void vmmap_sum_line(struct listing *l, const char *type, const struct vmmap_sum *sum)
{
	const uint64_t values[] = { sum->rss,          sum->dirty,        sum->swap,
		                    sum->purgeable[0], sum->purgeable[1], sum->purgeable[2] };
	char text[96] = "";
	for (size_t i = 0, n = 0; i < sizeof values / sizeof *values; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, " %8s",
		                      macos_size(l, sum->known, values[i]));
	line(l, vp_pool_print(l->pool, "%-31s %7s%s %8llu ", type, macos_size(l, true, sum->size),
	                      text, (unsigned long long)sum->count));
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
static void vmmap_summary(struct listing *l)
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
	line(l, vp_pool_print(l->pool, "==== Summary for process %lld",
	                      (long long)(l->space->pid >= 0 ? l->space->pid : 0)));
	line(l, "                                VIRTUAL RESIDENT    DIRTY  SWAPPED VOLATILE   "
	        "NONVOL    EMPTY   REGION ");
	line(l, "REGION TYPE                        SIZE     SIZE     SIZE     SIZE     SIZE     "
	        "SIZE     SIZE    COUNT (non-coalesced) ");
	line(l, rule);
	for (size_t i = 0, next; i < l->region_count; i = next) {
		struct vmmap_sum sum = { 0 };
		for (next = i; next < l->region_count && !by_type(&sorted[i], &sorted[next]);
		     next++) {
			vmmap_add(&sum, sorted[next]);
			vmmap_add(&total, sorted[next]);
		}
		vmmap_sum_line(l, vp_words(l->pool, macos_type(sorted[i])), &sum);
	}
	line(l, rule);
	vmmap_sum_line(l, "TOTAL", &total);
}

static void vmmap(struct listing *l)
{
	line(l, vp_pool_print(l->pool, "Virtual Memory Map of process %lld (%s)",
	                      (long long)(l->space->pid >= 0 ? l->space->pid : 0),
	                      l->proc && l->proc->name ? l->proc->name : ""));
	bool large = l->region_count && l->regions[l->region_count - 1]->end > UINT32_MAX;
	line(l, large ? "Output report format:  2.4  -- 64-bit process"
	              : "Output report format:  2.4");
	line(l, "");
	vmmap_section(l, "Non-writable", false);
	line(l, "");
	vmmap_section(l, "Writable", true);
	vmmap_legend(l);
	vmmap_summary(l);
}

/* ---- the figure ---- */

static const struct {
	const char *name;
	void (*list)(struct listing *l);
} listings[] = {
	{ "pmap", pmap },     { "pmap-x", pmap_x }, { "pmap-X", pmap_X },
	{ "pmap-d", pmap_d }, { "smaps", smaps },   { "vmmap", vmmap },
};

bool vp_listing_is(const char *preset)
{
	for (size_t i = 0; preset && i < sizeof listings / sizeof *listings; i++)
		if (!strcmp(listings[i].name, preset))
			return true;
	return false;
}

/* The regions that the filter lets through, in the order of addresses. */
static int collect(struct listing *l, const struct vp_model *model)
{
	l->regions = vp_pool_take(l->pool, (l->space->count + 1) * sizeof *l->regions);
	if (!l->regions)
		return vp_fail("out of memory");
	for (size_t i = 0; i < l->space->count; i++) {
		const struct vp_live *live = l->space->live[i];
		if (vp_filter_region(&model->filter, &live->region, live->region.kind))
			l->regions[l->region_count++] = &live->region;
	}
	return 0;
}

static const char *command_of(const struct vp_model *model, int64_t pid)
{
	const char *command = NULL;
	for (size_t i = 0; i < model->life_count; i++)
		if (model->lives[i].pid == pid && model->lives[i].args)
			command = model->lives[i].args;
	return command;
}

int vp_listing_build(const struct vp_model *model, const struct vp_view_options *options,
                     struct vp_figure *figure, struct vp_pool *pool)
{
	struct vp_build build;
	struct listing l = { .pool = pool,
		             .space = vp_moment_space(model),
		             .proc = vp_model_chosen(model) };
	struct vp_column *column = vp_pool_take(pool, sizeof *column);
	if (!column)
		return vp_fail("out of memory");
	if (vp_build_begin(&build, "table", VP_TABLE, model, options, figure, pool))
		return -1;
	figure->title = vp_build_process(&build, l.proc);
	if (!l.space || !l.space->count) {
		vp_build_empty(&build, "region");
		return 0;
	}
	l.command = command_of(model, l.space->pid);
	if (collect(&l, model))
		return -1;
	for (size_t i = 0; i < sizeof listings / sizeof *listings; i++)
		if (!strcmp(listings[i].name, options->preset))
			listings[i].list(&l);
	if (l.failed)
		return vp_fail("out of memory");
	column->name = options->preset;
	figure->columns = column;
	figure->column_count = 1;
	figure->cells = l.lines;
	figure->row_count = l.count;
	figure->verbatim = true;
	return 0;
}
