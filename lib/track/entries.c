/* Lists of entries grow. */
#include "base/error.h"
#include "base/list.h"
#include "track/inner.h"

int vp_track_entries(struct entries *entries, uint32_t more)
{
	if (more > UINT32_MAX / 4 || entries->count > UINT32_MAX / 4)
		return vp_no_memory();
	return vp_list_more(&entries->at, entries->count, more, &entries->size,
	                    sizeof *entries->at);
}

struct entry *vp_track_entry(struct entries *entries)
{
	if (entries->count == entries->size && vp_track_entries(entries, 1))
		return NULL;
	struct entry *entry = &entries->at[entries->count++];
	*entry = (struct entry){ .same = NONE };
	return entry;
}
