/* Counts and totals of a snapshot. */
#include "parse/totals.h"

#include <stdlib.h>

#include "base/list.h"
#include "space/kind.h"
#include "space/region.h"
#include "space/rules_macos.h"

#define HAS_SIZE (1u << VP_SUMMED) /* in `known` */

static const enum vp_measure summed[VP_SUMMED] = { VP_M_rss, VP_M_pss, VP_M_dirty, VP_M_swap };

void vp_totals_clear(struct vp_totals *totals)
{
	totals->all = (struct vp_total){ 0 };
	if (totals->kinds)
		memset(totals->kinds, 0, totals->size * sizeof *totals->kinds);
}

void vp_totals_free(struct vp_totals *totals)
{
	free(totals->kinds);
	*totals = (struct vp_totals){ .kinds = NULL };
}

static void add(struct vp_total *to, const struct vp_region *region)
{
	to->regions++;
	to->size += region->size;
	to->known |= HAS_SIZE;
	if (!region->measured)
		return;
	for (size_t i = 0; i < VP_SUMMED; i++)
		if (region->measured & (uint64_t)1 << summed[i]) {
			to->measure[i] += region->measure[summed[i]];
			to->known |= 1u << i;
		}
}

/* Returns the total of a kind, valid until the next call; NULL (vp_error): out of memory. */
static struct vp_total *total_of(struct vp_totals *totals, vp_str kind)
{
	size_t index = vp_kind_index(kind);
	if (vp_list_reach(&totals->kinds, index + 1, &totals->size, sizeof *totals->kinds))
		return NULL;
	return &totals->kinds[index];
}

/* Kinds are static texts, and neighbours mostly have the same one. */
int vp_totals_add(struct vp_totals *totals, const struct vp_region *regions, size_t count)
{
	struct vp_total *of_kind = NULL;
	for (size_t i = 0; i < count; i++) {
		const struct vp_region *region = &regions[i];
		if (!i || region->kind.p != region[-1].kind.p)
			of_kind = total_of(totals, region->kind);
		if (!of_kind)
			return -1;
		add(&totals->all, region);
		add(of_kind, region);
	}
	return 0;
}

/* ---- labels ---- */

static void set_measure(struct vp_region *region, enum vp_measure measure, uint64_t bytes)
{
	region->measure[measure] = bytes;
	region->measured |= UINT64_C(1) << measure;
}

static bool has_measure(const struct vp_region *region, enum vp_measure measure)
{
	return region->measured >> measure & 1;
}

/* Adds one row of `labels`; its kind is its own, or that of macOS for its word. footprint gives
 * dirty and clean: together they are resident. */
static int add_label(struct vp_totals *totals, const struct vp_member *label)
{
	struct vp_region region = { .label = { label->key.p, label->key.n } };
	struct vp_member value;
	uint64_t number, clean = 0, regions = 0;
	bool has_clean = false;
	vp_str kind = { NULL, 0 };
	for (size_t at = 0; vp_json_each(label->value, &at, &value);) {
		if (vp_str_is(value.key, "kind") && value.json == VP_STRING && value.value.n > 2)
			kind = (vp_str){ value.value.p + 1, value.value.n - 2 };
		if (value.json != VP_NUMBER || !vp_json_num(value.value, &number))
			continue;
		for (size_t i = 0; i < VP_SUMMED; i++)
			if (vp_str_is(value.key, vp_measure_names[summed[i]]))
				set_measure(&region, summed[i], number);
		if (vp_str_is(value.key, "size")) {
			region.size = number;
			region.has_size = true;
		} else if (vp_str_is(value.key, "regions")) {
			regions = number;
		} else if (vp_str_is(value.key, "clean")) {
			clean = number;
			has_clean = true;
		}
	}
	if (has_clean && !has_measure(&region, VP_M_rss))
		set_measure(&region, VP_M_rss, region.measure[VP_M_dirty] + clean);
	if (!region.has_size && !region.measured)
		return 0;
	if (!kind.n) {
		const char *known = vp_macos_kind(&region);
		kind = vp_s(known ? known : "unknown");
	}
	struct vp_total *to = total_of(totals, kind);
	if (!to)
		return -1;
	bool sized = region.has_size || to->known & HAS_SIZE;
	add(to, &region);
	to->known = sized ? to->known : to->known & ~HAS_SIZE;
	to->regions += regions - 1; /* the number of the report, perhaps 0 */
	return 0;
}

int vp_totals_labels(struct vp_totals *totals, vp_str members)
{
	struct vp_member member, label;
	int count = 0;
	for (size_t at = 0; vp_region_extra(members, &at, &member);) {
		if (!vp_str_is(member.key, "labels") || member.json != VP_OBJECT)
			continue;
		for (size_t in = 0; vp_json_each(member.value, &in, &label);) {
			if (label.json != VP_OBJECT)
				continue;
			if (add_label(totals, &label))
				return -1;
			count++;
		}
	}
	return count;
}

/* ---- writing ---- */

/* Reports of sums may state no size. */
static void put_total(struct vp_out *out, const struct vp_total *total)
{
	vp_put_num(out, "regions", total->regions);
	if (total->known & HAS_SIZE || (!total->regions && !total->known))
		vp_put_num(out, "size", total->size);
	for (size_t i = 0; i < VP_SUMMED; i++)
		if (total->known & 1u << i)
			vp_put_num(out, vp_measure_names[summed[i]], total->measure[i]);
}

void vp_put_kind_totals(struct vp_out *out, const struct vp_totals *totals)
{
	vp_put_object(out, "kinds");
	for (size_t i = 0; i < totals->size; i++) {
		const struct vp_total *total = &totals->kinds[i];
		if (!total->regions && !total->size && !total->known)
			continue;
		vp_put_object(out, vp_kind_name(i));
		put_total(out, total);
		vp_put_close(out);
	}
	vp_put_close(out);
}

void vp_put_totals(struct vp_out *out, const struct vp_totals *totals)
{
	put_total(out, &totals->all);
	vp_put_kind_totals(out, totals);
}

void vp_put_stated(struct vp_out *out, const struct vp_region *stated)
{
	vp_put_num(out, "regions", 0);
	if (stated->size)
		vp_put_num(out, "size", stated->size);
	for (int i = 0; i < VP_M_COUNT; i++)
		if (stated->measured & (uint64_t)1 << i)
			vp_put_num(out, vp_measure_names[i], stated->measure[i]);
	vp_put_members(out, stated->extra);
}
