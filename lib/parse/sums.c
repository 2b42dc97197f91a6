/* Counts and sums of a snapshot. */
#include "parse/sums.h"

#include <stdlib.h>

#include "base/list.h"
#include "space/kind.h"
#include "space/region.h"
#include "space/rules_macos.h"

static const enum vp_measure summed[VP_SUMMED] = { VP_M_rss, VP_M_pss, VP_M_dirty, VP_M_swap };

void vp_sums_clear(struct vp_sums *sums)
{
	sums->all = (struct vp_sum){ 0 };
	if (sums->kinds)
		memset(sums->kinds, 0, sums->size * sizeof *sums->kinds);
}

void vp_sums_free(struct vp_sums *sums)
{
	free(sums->kinds);
	*sums = (struct vp_sums){ .kinds = NULL };
}

static void add(struct vp_sum *to, const struct vp_region *region)
{
	to->regions++;
	to->size += region->size;
	if (!region->measured)
		return;
	for (size_t i = 0; i < VP_SUMMED; i++)
		if (region->measured & (uint64_t)1 << summed[i]) {
			to->measure[i] += region->measure[summed[i]];
			to->known |= 1u << i;
		}
}

/* Returns the sum of a kind, valid until the next call; NULL (vp_error): out of memory. */
static struct vp_sum *sum_of(struct vp_sums *sums, vp_str kind)
{
	size_t index = vp_kind_index(kind);
	if (vp_list_reach(&sums->kinds, index + 1, &sums->size, sizeof *sums->kinds))
		return NULL;
	return &sums->kinds[index];
}

/* Kinds are static texts, and neighbours mostly have the same one. */
int vp_sums_add(struct vp_sums *sums, const struct vp_region *regions, size_t count)
{
	struct vp_sum *of_kind = NULL;
	for (size_t i = 0; i < count; i++) {
		const struct vp_region *region = &regions[i];
		if (!i || region->kind.p != region[-1].kind.p)
			of_kind = sum_of(sums, region->kind);
		if (!of_kind)
			return -1;
		add(&sums->all, region);
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

/* Adds one row of `labels`. footprint gives dirty and clean: together they are resident. */
static int add_label(struct vp_sums *sums, const struct vp_member *label)
{
	struct vp_region region = { .label = { label->key.p, label->key.n } };
	struct vp_member value;
	uint64_t number, clean = 0, regions = 0;
	bool has_clean = false;
	for (size_t at = 0; vp_json_each(label->value, &at, &value);) {
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
	const char *kind = vp_macos_kind(&region);
	struct vp_sum *to = sum_of(sums, vp_s(kind ? kind : "unknown"));
	if (!to)
		return -1;
	add(to, &region);
	to->regions += regions - 1; /* the number of the report, perhaps 0 */
	return 0;
}

int vp_sums_labels(struct vp_sums *sums, vp_str members)
{
	struct vp_member member, label;
	int count = 0;
	for (size_t at = 0; vp_region_extra(members, &at, &member);) {
		if (!vp_str_is(member.key, "labels") || member.json != VP_OBJECT)
			continue;
		for (size_t in = 0; vp_json_each(member.value, &in, &label);) {
			if (label.json != VP_OBJECT)
				continue;
			if (add_label(sums, &label))
				return -1;
			count++;
		}
	}
	return count;
}

/* ---- writing ---- */

/* footprint counts regions and states no size for them. */
static void put_sum(struct vp_out *out, const struct vp_sum *sum)
{
	vp_put_num(out, "regions", sum->regions);
	if (sum->size || !sum->regions)
		vp_put_num(out, "size", sum->size);
	for (size_t i = 0; i < VP_SUMMED; i++)
		if (sum->known & 1u << i)
			vp_put_num(out, vp_measure_names[summed[i]], sum->measure[i]);
}

void vp_put_kind_sums(struct vp_out *out, const struct vp_sums *sums)
{
	vp_put_object(out, "kinds");
	for (size_t i = 0; i < sums->size; i++) {
		const struct vp_sum *sum = &sums->kinds[i];
		if (!sum->regions && !sum->size && !sum->known)
			continue;
		vp_put_object(out, vp_kind_name(i));
		put_sum(out, sum);
		vp_put_close(out);
	}
	vp_put_close(out);
}

void vp_put_sums(struct vp_out *out, const struct vp_sums *sums)
{
	put_sum(out, &sums->all);
	vp_put_kind_sums(out, sums);
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
