/* The presets of the view table that print as other programs do: pmap (listing_pmap.c), vmmap
 * (listing_vmmap.c), and smaps of Linux 6.18.
 *
 * The lines are equal byte for byte if the snapshot has all their data. An unknown measure is "-",
 * bytes that are no UTF-8 are U+FFFD. Each line is a cell, and the figure is verbatim: a renderer
 * of text adds nothing.
 */
#include "base/error.h"
#include "view/empty.h"
#include "view/listing.h"
#include "view/listing_lines.h"
#include "view/moment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* "00:00" or "0" for a device or an inode that is missing. */
static const char *text_or(struct vp_listing *l, vp_str text, size_t most, const char *other)
{
	int n = (int)(text.n < most ? text.n : most);
	return n ? vp_pool_print(l->pool, "%.*s", n, text.p) : other;
}

static void smaps_row(struct vp_listing *l, const struct vp_region *r)
{
	char front[160];
	int n = snprintf(front, sizeof front, "%08llx-%08llx %s %08llx %s %s",
	                 (unsigned long long)r->start, (unsigned long long)r->end,
	                 r->perms[0] ? r->perms : "----",
	                 r->has_offset ? (unsigned long long)r->offset : 0,
	                 text_or(l, r->dev, 20, "00:00"), text_or(l, r->inode, 24, "0"));
	if (r->name.n)
		vp_listing_line(l, "%-*s%s", n < 73 ? 73 : n + 1, front,
		                vp_words(l->pool, r->name));
	else
		vp_listing_line(l, "%s ", front);
}

static void smaps(struct vp_listing *l)
{
	char key[24];
	for (size_t i = 0; i < l->region_count; i++) {
		const struct vp_region *r = l->regions[i];
		smaps_row(l, r);
		for (size_t f = 0; f < sizeof fields / sizeof *fields && r->measured; f++) {
			int m = fields[f].measure;
			bool plain = m == VP_M_thp_eligible || m == VP_M_pkey;
			if (m >= 0 && !vp_listing_known(r, m))
				continue;
			snprintf(key, sizeof key, "%s:", fields[f].name);
			vp_listing_line(l, "%-16s%8llu%s", key,
			                (unsigned long long)
			                        vp_listing_amount(m,
			                                          m < 0 ? r->size : r->measure[m]),
			                plain ? "" : " kB");
		}
		if (r->flags.n)
			vp_listing_line(l, "VmFlags: %s ", vp_words(l->pool, r->flags));
	}
}

/* ---- the figure ---- */

static const struct {
	const char *name;
	void (*list)(struct vp_listing *l);
} listings[] = {
	{ "pmap", vp_listing_pmap },
	{ "pmap-x", vp_listing_pmap_x },
	{ "pmap-X", vp_listing_pmap_X },
	{ "pmap-d", vp_listing_pmap_d },
	{ "smaps", smaps },
	{ "vmmap", vp_listing_vmmap },
};

bool vp_listing_is(const char *preset)
{
	for (size_t i = 0; preset && i < sizeof listings / sizeof *listings; i++)
		if (!strcmp(listings[i].name, preset))
			return true;
	return false;
}

/* The regions that the filter lets through, in the order of addresses. */
static int collect(struct vp_listing *l, const struct vp_model *model)
{
	l->regions = vp_pool_take(l->pool, (l->space->count + 1) * sizeof *l->regions);
	if (!l->regions)
		return vp_no_memory();
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
	struct vp_listing l = { .pool = pool,
		                .space = vp_moment_space(model),
		                .proc = vp_model_chosen(model) };
	struct vp_column *column = vp_pool_take(pool, sizeof *column);
	if (!column)
		return vp_no_memory();
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
		return vp_no_memory();
	vp_build_verbatim(&build, column, options->preset, l.lines, l.count);
	return 0;
}
