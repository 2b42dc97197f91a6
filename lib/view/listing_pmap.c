/* The presets pmap, pmap-x, pmap-X and pmap-d of the view table: the lines of procps 4.0.2.
 *
 *   --table=pmap-x   ->   4711:   ./counter
 *                         Address           Kbytes     RSS   Dirty Mode  Mapping
 *                         000055d0c8a4f000     132       8       8 rw---   [ anon ]
 */
#include "view/listing_lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N(n) ((unsigned long long)(n))

/* KiB, right-justified; "-": not known. */
static const char *kib(struct vp_listing *l, const struct vp_region *region, int measure, int width)
{
	if (!vp_listing_known(region, measure))
		return vp_pool_print(l->pool, "%*s", width, "-");
	return vp_pool_print(l->pool, "%*llu", width, N(region->measure[measure]) >> 10);
}

static uint64_t sum(const struct vp_listing *l, int measure)
{
	uint64_t total = 0;
	for (size_t i = 0; i < l->region_count; i++) {
		const struct vp_region *r = l->regions[i];
		if (measure < 0)
			total += r->size;
		else if (vp_listing_known(r, measure))
			total += r->measure[measure];
	}
	return total;
}

/* A line break in an argument (\012 after vp_words) is a blank there. */
static void pmap_head(struct vp_listing *l)
{
	const char *command = l->command ? l->command : "";
	if (l->space->pid < 0)
		return;
	if (!l->command && l->proc && l->proc->name)
		command = l->proc->name;
	char *text = vp_pool_print(l->pool, "%lld:   %s", (long long)l->space->pid, command);
	for (char *at = text; (at = strstr(at, "\\012"));) {
		*at = ' ';
		memmove(at + 1, at + 4, strlen(at + 4) + 1);
	}
	vp_listing_line(l, "%s", text);
}

/* "rw-s-" as pmap has it. */
static const char *mode(struct vp_listing *l, const struct vp_region *region)
{
	return vp_pool_print(l->pool, "%.3s%c-", region->perms[0] ? region->perms : "---",
	                     region->perms[0] && region->perms[3] == 's' ? 's' : '-');
}

static bool is(vp_str text, const char *word)
{
	return vp_str_is(text, word);
}

/* Without -X, pmap writes a question mark for each byte that is no printable ASCII. */
static const char *plain(struct vp_listing *l, vp_str name)
{
	char *text = vp_pool_take(l->pool, name.n + 1);
	for (size_t i = 0; text && i < name.n; i++) {
		unsigned char byte = (unsigned char)name.p[i];
		text[i] = byte < 0x20 || byte > 0x7e ? '?' : name.p[i];
	}
	return text ? text : "";
}

/* The name of System V shared memory: its number, which is in the place of an inode. NULL: it is no
 * such memory, or has no number. */
static const char *shared_id(struct vp_listing *l, const struct vp_region *region)
{
	char digits[24];
	static const char start[] = "/SYSV";
	if (region->name.n < sizeof start - 1 || memcmp(region->name.p, start, sizeof start - 1) ||
	    !region->inode.n || region->inode.n >= sizeof digits)
		return NULL;
	snprintf(digits, sizeof digits, "%.*s", (int)region->inode.n, region->inode.p);
	return vp_pool_print(l->pool, "  [ shmid=0x%llx ]", strtoull(digits, NULL, 10));
}

/* The last part of a path. To pmap all without a slash is anonymous, but the main stack. */
static const char *mapping(struct vp_listing *l, const struct vp_region *region)
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

void vp_listing_pmap(struct vp_listing *l)
{
	pmap_head(l);
	for (size_t i = 0; i < l->region_count; i++) {
		const struct vp_region *r = l->regions[i];
		vp_listing_line(l, "%016llx %6lluK %s %s", N(r->start), N(r->size) >> 10,
		                mode(l, r), mapping(l, r));
	}
	vp_listing_line(l, " total %16lluK", N(sum(l, -1)) >> 10);
}

void vp_listing_pmap_x(struct vp_listing *l)
{
	pmap_head(l);
	vp_listing_line(l, "Address           Kbytes     RSS   Dirty Mode  Mapping");
	for (size_t i = 0; i < l->region_count; i++) {
		const struct vp_region *r = l->regions[i];
		vp_listing_line(l, "%016llx %7llu %s %s %s %s", N(r->start), N(r->size) >> 10,
		                kib(l, r, VP_M_rss, 7), kib(l, r, VP_M_dirty, 7), mode(l, r),
		                mapping(l, r));
	}
	vp_listing_line(l, "---------------- ------- ------- ------- ");
	vp_listing_line(l, "total kB         %7llu %7llu %7llu", N(sum(l, -1)) >> 10,
	                N(sum(l, VP_M_rss)) >> 10, N(sum(l, VP_M_dirty)) >> 10);
}

/* Reads "fe:00" as two numbers; 0, 0: no device. */
static void device(const struct vp_region *region, unsigned *major, unsigned *minor)
{
	char text[32];
	snprintf(text, sizeof text, "%.*s", (int)region->dev.n, region->dev.n ? region->dev.p : "");
	if (sscanf(text, "%x:%x", major, minor) != 2)
		*major = *minor = 0;
}

void vp_listing_pmap_d(struct vp_listing *l)
{
	uint64_t writable = 0, shared = 0;
	unsigned major, minor;
	pmap_head(l);
	vp_listing_line(l, "Address           Kbytes Mode  Offset           Device    Mapping");
	for (size_t i = 0; i < l->region_count; i++) {
		const struct vp_region *r = l->regions[i];
		bool is_shared = r->perms[0] && r->perms[3] == 's';
		device(r, &major, &minor);
		vp_listing_line(l, "%016llx %7llu %s %016llx %03x:%05x %s", N(r->start),
		                N(r->size) >> 10, mode(l, r), r->has_offset ? N(r->offset) : 0,
		                major, minor, mapping(l, r));
		shared += is_shared ? r->size : 0;
		writable += !is_shared && r->perms[0] && r->perms[1] == 'w' ? r->size : 0;
	}
	vp_listing_line(l,
	                "mapped: %lluK    writeable/private: %lluK    shared: "
	                "%lluK",
	                N(sum(l, -1)) >> 10, N(writable) >> 10, N(shared) >> 10);
}

/* ---- pmap -X: columns as wide as their values ---- */

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

static int digits(uint64_t value)
{
	char text[24];
	return snprintf(text, sizeof text, "%llu", N(value));
}

static int greater(int a, int b)
{
	return a > b ? a : b;
}

/* Adds a column, which takes less than 64 bytes. Returns the end. */
static char *add(char *to, const char *text, int width)
{
	return to + sprintf(to, "%*.60s ", width, text);
}

/* The widths of the columns; 0: no region has that measure. */
struct widths {
	int address, offset, dev, inode, measure[WIDE];
};

static struct widths widths_of(const struct vp_listing *l)
{
	struct widths w = { .address = 7, .dev = 6, .inode = 5, .offset = 8 };
	for (size_t i = 0; i < l->region_count; i++) {
		const struct vp_region *r = l->regions[i];
		w.address = greater(w.address, snprintf(NULL, 0, "%08llx", N(r->start)));
		if (r->has_offset)
			w.offset = greater(w.offset, snprintf(NULL, 0, "%08llx", N(r->offset)));
		w.dev = greater(w.dev, r->dev.n < 20 ? (int)r->dev.n : 20);
		w.inode = greater(w.inode, r->inode.n < 20 ? (int)r->inode.n : 20);
	}
	for (int c = 0; c < WIDE; c++) {
		int m = wide[c].measure;
		if (m < 0 || vp_listing_any(l, m))
			w.measure[c] = greater((int)strlen(wide[c].name),
			                       digits(vp_listing_amount(m, sum(l, m))));
	}
	return w;
}

static const char *text_or(struct vp_listing *l, vp_str text, const char *other)
{
	return text.n ? vp_pool_print(l->pool, "%.*s", (int)text.n, text.p) : other;
}

static void wide_row(struct vp_listing *l, const struct widths *w, const struct vp_region *r,
                     char *row)
{
	char text[64], *at = row;
	const char *slash = r->name.n ? memrchr(r->name.p, '/', r->name.n) : NULL;
	vp_str name = r->name;
	if (slash)
		name = (vp_str){ slash + 1, (size_t)(r->name.p + r->name.n - slash) - 1 };
	snprintf(text, sizeof text, "%08llx", N(r->start));
	at = add(at, text, w->address);
	at = add(at, r->perms[0] ? r->perms : "----", 4);
	snprintf(text, sizeof text, "%08llx", r->has_offset ? N(r->offset) : 0);
	at = add(at, text, w->offset);
	at = add(at, text_or(l, r->dev, "00:00"), w->dev);
	at = add(at, text_or(l, r->inode, "0"), w->inode);
	for (int c = 0; c < WIDE; c++) {
		int m = wide[c].measure;
		bool known = m < 0 || vp_listing_known(r, m);
		uint64_t value = m < 0 ? r->size : r->measure[m];
		snprintf(text, sizeof text, "%llu", N(vp_listing_amount(m, value)));
		if (w->measure[c])
			at = add(at, known ? text : "-", w->measure[c]);
	}
	vp_listing_line(l, "%s%s", row, name.n ? vp_words(l->pool, name) : "");
}

/* A row of rules, then the sums. */
static void wide_sums(struct vp_listing *l, const struct widths *w, char *row)
{
	static const char rule[] = "============================================================";
	enum { RULE = sizeof rule - 1 };
	char text[64];
	for (int end = 0; end < 2; end++) {
		char *at = row + sprintf(row, "%*s",
		                         w->address + 4 + w->offset + w->dev + w->inode + 5, "");
		for (int c = 0; c < WIDE; c++) {
			int m = wide[c].measure, width = w->measure[c];
			if (!width)
				continue;
			snprintf(text, sizeof text, "%llu", N(vp_listing_amount(m, sum(l, m))));
			at = add(at, end ? text : rule + RULE - (width < RULE ? width : RULE),
			         width);
		}
		vp_listing_line(l, "%s%s", row, end ? "KB " : "");
	}
}

void vp_listing_pmap_X(struct vp_listing *l)
{
	char row[64 * (WIDE + 6)], *at = row;
	struct widths w = widths_of(l);
	pmap_head(l);
	at = add(at, "Address", w.address);
	at = add(at, "Perm", 4);
	at = add(at, "Offset", w.offset);
	at = add(at, "Device", w.dev);
	at = add(at, "Inode", w.inode);
	for (int c = 0; c < WIDE; c++)
		if (w.measure[c])
			at = add(at, wide[c].name, w.measure[c]);
	vp_listing_line(l, "%sMapping", row);
	for (size_t i = 0; i < l->region_count; i++)
		wide_row(l, &w, l->regions[i], row);
	wide_sums(l, &w, row);
}
