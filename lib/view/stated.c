/* Reports that state sums and list no region, or a part of their regions.
 *
 *   smaps_rollup                       -> one sum
 *   the summary of a crash report      -> a sum for each label, __TEXT 112 MiB ...
 *   two rows of it beside its summary  -> the summary is the whole, the rows are a part
 */
#include "view/stated.h"

#include "space/kind.h"

const struct vp_account *vp_stated_of(const struct vp_model *model)
{
	const struct vp_proc *proc = vp_model_chosen(model);
	int64_t pid = proc ? proc->pid : model->filter.pid;
	const struct vp_account *account = vp_model_account(model, pid ? pid : -1);
	if (account || proc || model->filter.pid >= 0 || !model->account_count)
		return account;
	return &model->accounts[0];
}

/* Has a report without regions and sizes other amounts, such as the footprint? */
static bool has_amounts(const struct vp_account *account)
{
	static const enum vp_account_field amounts[] = { VP_AC_footprint, VP_AC_footprint_peak,
		                                         VP_AC_allocated, VP_AC_rss_peak,
		                                         VP_AC_page_tables };
	for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++)
		if (account->known >> amounts[i] & 1 && account->value[amounts[i]])
			return true;
	return false;
}

bool vp_stated_alone(const struct vp_model *model, const struct vp_account *account)
{
	if (!account || !account->stated || model->filter.perms || model->filter.address_end)
		return false;
	if (account->regions)
		return vp_account_partial(account);
	return account->kind_count || account->measured || has_amounts(account);
}

void vp_stated_note(struct vp_build *build, const struct vp_account *account)
{
	uint64_t regions = 0;
	for (size_t i = 0; i < account->kind_count; i++)
		regions += account->kinds[i].regions;
	if (account->regions)
		vp_build_note(build,
		              "the report lists %llu of %llu regions, %s: the sums are those of "
		              "its "
		              "summary, and --view map shows the listed ones",
		              (unsigned long long)account->regions, (unsigned long long)regions,
		              vp_size_words(build->pool, (double)account->size));
	else
		vp_build_note(build, "the report states sums and lists no region: addresses, "
		                     "permissions, "
		                     "names and holes are unknown");
}

int vp_stated_each(const struct vp_model *model, const struct vp_account *account,
                   vp_stated_visit *visit, void *ctx)
{
	struct vp_region all = { .kind = vp_s("unknown"),
		                 .size = account->size,
		                 .measured = account->measured };
	memcpy(all.measure, account->measure, sizeof all.measure);
	if (!account->kind_count)
		return vp_filter_kind(&model->filter, all.kind) ? visit(ctx, &all, 0) : 0;
	for (size_t i = 0; i < account->kind_count; i++) {
		const struct vp_stated_kind *one = &account->kinds[i];
		struct vp_region sums = one->sums;
		sums.kind = vp_s(vp_kind_name(one->kind));
		sums.label = one->label ? vp_s(one->label) : (vp_str){ NULL, 0 };
		if (vp_filter_kind(&model->filter, sums.kind) && visit(ctx, &sums, one->regions))
			return -1;
	}
	return 0;
}
