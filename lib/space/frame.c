/* A snapshot is put together from its lines. */
#include "space/frame.h"

static int64_t pid_of(const struct vp_record *record)
{
	return record->has_pid ? record->pid : -1;
}

void vp_snapshot_begin(struct vp_snapshot *snapshot, const struct vp_record *record)
{
	*snapshot = (struct vp_snapshot){
		.t = record->t,
		.pid = pid_of(record),
		.seq = record->seq,
		.open = true,
		.headed = record->type == VP_T_snapshot,
	};
	snapshot->counted =
	        snapshot->headed && vp_record_num(record, "regions", &snapshot->declared);
}

bool vp_snapshot_holds(const struct vp_snapshot *snapshot, const struct vp_record *record)
{
	return record->type == VP_T_region && snapshot->pid == pid_of(record) &&
	       snapshot->seq == record->seq;
}

bool vp_snapshot_ends(const struct vp_snapshot *snapshot, const struct vp_record *record)
{
	return snapshot->open && !vp_snapshot_holds(snapshot, record);
}

bool vp_snapshot_full(const struct vp_snapshot *snapshot)
{
	return snapshot->counted && snapshot->got == snapshot->declared;
}

bool vp_snapshot_whole(const struct vp_snapshot *snapshot)
{
	return !snapshot->counted || snapshot->got == snapshot->declared;
}
