/* A change as a line of the stream. */
#include "track/change.h"

#include "space/region.h"
#include "stream/put.h"

const char *const vp_event_names[VP_E_COUNT] = {
#define E(name) #name,
	VP_EVENTS(E)
#undef E
};

static void put_ids(struct vp_out *out, const char *key, const uint64_t *ids, size_t count)
{
	char number[24];
	if (!count)
		return;
	vp_put_json(out, key, vp_s("["));
	for (size_t i = 0; i < count; i++) {
		char *at = number + sizeof number;
		uint64_t id = ids[i];
		do
			*--at = (char)('0' + id % 10);
		while (id /= 10);
		if (i)
			vp_out_bytes(out, ",", 1);
		vp_out_bytes(out, at, (size_t)(number + sizeof number - at));
	}
	vp_out_bytes(out, "]", 1);
}

void vp_put_change(struct vp_out *out, const struct vp_change *change, vp_str cause)
{
	const struct vp_region *region = change->now;
	struct vp_region last;
	/* A removal does not repeat how the region was used. */
	if (vp_change_removes(change)) {
		last = *region;
		last.measured = 0;
		last.flags = last.extra = (vp_str){ NULL, 0 };
		region = &last;
	}
	vp_put_begin(out, "change", change->t, change->pid);
	vp_put_str(out, "event", vp_s(vp_event_names[change->event]));
	vp_put_num(out, "act", change->act);
	vp_put_num(out, "id", change->id);
	put_ids(out, "from", change->from, change->from_count);
	put_ids(out, "gone", change->gone, change->gone_count);
	vp_put_region(out, region);
	if (change->was)
		vp_put_was(out, change->was, change->now, change->born);
	vp_put_json(out, "cause", cause);
	vp_put_end(out);
}
