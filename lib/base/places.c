/* From a pid to a place. A slot whose place is SIZE_MAX is free. */
#include "base/places.h"

#include <stdlib.h>

#include "base/error.h"

static size_t wanted(const struct vp_pids *pids, int64_t pid)
{
	return (size_t)((uint64_t)pid * 0x9e3779b97f4a7c15u >> 20) & (pids->size - 1);
}

/* Where the pid is, or would be. */
static size_t slot_of(const struct vp_pids *pids, int64_t pid)
{
	size_t i = wanted(pids, pid);
	while (pids->slots[i].place != SIZE_MAX && pids->slots[i].pid != pid)
		i = (i + 1) & (pids->size - 1);
	return i;
}

static int grow(struct vp_pids *pids)
{
	struct vp_pids old = *pids;
	size_t size = old.size ? 2 * old.size : 16;
	struct vp_pid_slot *slots = malloc(size * sizeof *slots);
	if (!slots)
		return vp_fail("out of memory");
	for (size_t i = 0; i < size; i++)
		slots[i].place = SIZE_MAX;
	pids->slots = slots;
	pids->size = size;
	for (size_t i = 0; i < old.size; i++)
		if (old.slots[i].place != SIZE_MAX)
			slots[slot_of(pids, old.slots[i].pid)] = old.slots[i];
	free(old.slots);
	return 0;
}

size_t vp_pids_get(const struct vp_pids *pids, int64_t pid, size_t none)
{
	const struct vp_pid_slot *slot = pids->size ? &pids->slots[slot_of(pids, pid)] : NULL;
	return slot && slot->place != SIZE_MAX ? slot->place : none;
}

int vp_pids_set(struct vp_pids *pids, int64_t pid, size_t place)
{
	if (2 * pids->count >= pids->size && grow(pids))
		return -1;
	struct vp_pid_slot *slot = &pids->slots[slot_of(pids, pid)];
	if (slot->place == SIZE_MAX)
		pids->count++;
	*slot = (struct vp_pid_slot){ pid, place };
	return 0;
}

/* What was pushed on by the one that goes moves back. */
void vp_pids_drop(struct vp_pids *pids, int64_t pid)
{
	if (!pids->size)
		return;
	size_t mask = pids->size - 1, hole = slot_of(pids, pid);
	if (pids->slots[hole].place == SIZE_MAX)
		return;
	pids->slots[hole].place = SIZE_MAX;
	pids->count--;
	for (size_t i = (hole + 1) & mask; pids->slots[i].place != SIZE_MAX; i = (i + 1) & mask) {
		if (((i - wanted(pids, pids->slots[i].pid)) & mask) < ((i - hole) & mask))
			continue;
		pids->slots[hole] = pids->slots[i];
		pids->slots[i].place = SIZE_MAX;
		hole = i;
	}
}

void vp_pids_free(struct vp_pids *pids)
{
	free(pids->slots);
	*pids = (struct vp_pids){ NULL, 0, 0 };
}
