/* Fuzz target: whole streams through the state, the tracker and the model, and each view of it. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "model/feed.h"
#include "stream/record.h"
#include "space/state.h"
#include "view/views.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void views(const struct vp_model *model)
{
	for (const struct vp_view *const *view = vp_views; *view; view++) {
		struct vp_pool *pool = vp_pool_new();
		struct vp_figure figure;
		struct vp_view_options options = { .width = 80, .height = 24 };
		memset(&figure, 0, sizeof figure);
		if (!pool)
			abort();
		if ((*view)->build(model, &options, &figure, pool) && !vp_error())
			abort();
		vp_pool_free(pool);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct vp_record *record;
	struct vp_state state;
	struct vp_model model;
	struct vp_filter filter = { .to = INT64_MAX, .at = INT64_MAX, .pid = -1 };
	unsigned keep = 0;
	if (!record && (!(record = malloc(sizeof *record)) || vp_record_init(record)))
		abort();
	for (const struct vp_view *const *view = vp_views; *view; view++)
		keep |= (*view)->keep;
	vp_state_init(&state);
	if (vp_model_init(&model, &filter, keep))
		abort();
	for (const char *at = (const char *)bytes, *end = at + n, *newline; at < end;
	     at = newline + 1) {
		newline = memchr(at, '\n', (size_t)(end - at));
		if (!newline)
			newline = end;
		if (vp_record_read(record, (vp_str){ at, (size_t)(newline - at) }))
			continue;
		vp_state_apply(&state, record);
		vp_model_feed(&model, record);
	}
	vp_model_finish(&model);
	views(&model);
	vp_model_free(&model);
	vp_state_free(&state);
	return 0;
}
