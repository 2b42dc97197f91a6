/* The sums of each region over time: an episode for each change of them, of
 * its name, its kind or its start. */
#include "model/inner.h"

#include <stdlib.h>
#include <string.h>

static void episode_add(struct vp_model *model, int64_t t, const struct vp_span *span,
                        const struct vp_sums *had, const struct vp_sums *has)
{
	if (vp_model_room(model, &model->episodes, model->episode_count, &model->episode_size,
	                  sizeof *model->episodes))
		return;
	struct vp_episode *one = &model->episodes[model->episode_count++];
	*one = (struct vp_episode){ .t = t,
		                    .pid = span->pid,
		                    .id = span->id,
		                    .start = span->start,
		                    .name = span->name,
		                    .kind = span->kind,
		                    .known = has->known };
	memcpy(one->sums, has->of, sizeof one->sums);
	memcpy(one->before, had->of, sizeof one->before);
}

static void episodes_region(struct vp_model *model, const struct vp_move *move)
{
	static const struct vp_sums none = { { 0 }, 0 };
	const struct vp_sums *had = move->had ? move->had : &none,
	                     *has = move->has ? move->has : &none;
	const struct vp_span *was = move->was, *now = move->now, *span = now ? now : was;
	if (was && now && move->had && move->has && was->name != now->name) {
		/* Its bytes leave the old name and come to the new one. */
		struct vp_sums left = { { 0 }, had->known };
		episode_add(model, move->t, was, had, &left);
		episode_add(model, move->t, now, &none, has);
		return;
	}
	bool same = !was || !now || (was->start == now->start && was->kind == now->kind);
	if (!same || memcmp(had->of, has->of, sizeof has->of))
		episode_add(model, move->t, span, had, has);
}

static void episodes_free(struct vp_model *model)
{
	free(model->episodes);
}

const struct vp_keeper vp_keeper_episodes = {
	.keep = VP_KEEP_HISTORY,
	.region = episodes_region,
	.free = episodes_free,
};
