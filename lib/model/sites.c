/* Which code has mapped what: bytes by call stack, from the calls that events tell.
 *
 * Each address space is a list of ranges, by address, and the site that mapped each: a call takes
 * its range from whoever had it, an munmap leaves it to nobody, an mremap carries it along, a fork
 * copies the list, an exec empties it. What a process held at its exit stays with its sites.
 *
 * Memory: the ranges of each space, and each pair of process and stack.
 */
#include "model/inner.h"

#include <stdlib.h>
#include <string.h>

#define PAGE 4096u

struct range {
	uint64_t start, end;
	size_t site;
};

struct space {
	int64_t pid;
	uint64_t life; /* number of its life: a pid is used again */
	size_t as;     /* index + 1 of the space that it shares; 0: its own */
	struct range *at;
	size_t count, size;
	uint64_t brk; /* 0: unknown */
};

struct vp_sites_work {
	struct space *spaces;
	size_t count, size;
	struct vp_places pids;  /* into spaces, the last one of a pid */
	struct vp_places sites; /* by a hash of life and stack */
	uint64_t lives;
};

static struct vp_sites_work *work_of(struct vp_model *model)
{
	if (!model->inner->sites &&
	    !(model->inner->sites = calloc(1, sizeof(struct vp_sites_work))))
		model->no_memory = true;
	return model->inner->sites;
}

/* ---- ranges ---- */

static size_t first_above(const struct space *space, uint64_t at)
{
	size_t low = 0, high = space->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (space->at[middle].end <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void add_live(struct vp_model *model, size_t site, uint64_t bytes)
{
	struct vp_site *at = &model->sites[site];
	at->live += bytes;
	if (at->live > at->peak)
		at->peak = at->live;
}

/* Puts a range of a site, or nothing (`with` NULL), in place of what [start, end) holds. */
static void put(struct vp_model *model, struct space *space, uint64_t start, uint64_t end,
                const struct range *with)
{
	struct range parts[3];
	size_t n = 0, from = first_above(space, start), to = from;
	if (start >= end)
		return;
	for (; to < space->count && space->at[to].start < end; to++) {
		const struct range *old = &space->at[to];
		uint64_t low = old->start > start ? old->start : start;
		uint64_t high = old->end < end ? old->end : end;
		model->sites[old->site].live -= high - low;
		model->sites[old->site].given += high - low;
	}
	if (from < to && space->at[from].start < start)
		parts[n++] = (struct range){ space->at[from].start, start, space->at[from].site };
	if (with)
		parts[n++] = *with;
	if (from < to && space->at[to - 1].end > end)
		parts[n++] = (struct range){ end, space->at[to - 1].end, space->at[to - 1].site };
	size_t count = space->count - (to - from) + n;
	if (vp_model_reach(model, &space->at, count, &space->size, sizeof *space->at))
		return;
	if (to < space->count)
		memmove(&space->at[from + n], &space->at[to],
		        (space->count - to) * sizeof *space->at);
	memcpy(&space->at[from], parts, n * sizeof *parts);
	space->count = count;
	if (with)
		add_live(model, with->site, end - start);
}

static void give(struct vp_model *model, struct space *space, uint64_t start, uint64_t end,
                 size_t site)
{
	put(model, space, start, end, &(struct range){ start, end, site });
}

static void clear(struct vp_model *model, struct space *space)
{
	put(model, space, 0, UINT64_MAX, NULL);
	space->brk = 0;
}

/* ---- spaces and sites ---- */

/* Returns the space of a process, or that which it shares. NULL: no memory. */
static struct space *space_of(struct vp_model *model, struct vp_sites_work *work, int64_t pid,
                              bool own)
{
	size_t at = vp_places_get(&work->pids, (uint64_t)pid, SIZE_MAX);
	if (at == SIZE_MAX) {
		if (vp_model_room(model, &work->spaces, work->count, &work->size,
		                  sizeof *work->spaces) ||
		    vp_places_set(&work->pids, (uint64_t)pid, work->count))
			return NULL;
		at = work->count++;
		work->spaces[at] = (struct space){ .pid = pid, .life = ++work->lives };
	}
	if (!own && work->spaces[at].as)
		at = work->spaces[at].as - 1;
	return &work->spaces[at];
}

static uint64_t hash_of(uint64_t life, uint64_t stack)
{
	return (life * 0x9e3779b97f4a7c15u ^ stack) * 0xff51afd7ed558ccdu;
}

struct wanted {
	const struct vp_model *model;
	uint64_t life, stack;
};

static bool same(const void *ctx, uint64_t place)
{
	const struct wanted *wanted = ctx;
	const struct vp_site *site = &wanted->model->sites[place];
	return site->life == wanted->life && site->stack == wanted->stack;
}

/* Returns the index of a site. SIZE_MAX: no memory. `of`: the site that it is inherited from;
 * SIZE_MAX: none. */
static size_t site_of(struct vp_model *model, struct vp_sites_work *work, const struct space *space,
                      uint64_t stack, size_t of)
{
	struct wanted wanted = { model, space->life, stack };
	uint64_t hash = hash_of(space->life, stack);
	size_t at = vp_places_find(&work->sites, hash, same, &wanted, SIZE_MAX);
	if (at != SIZE_MAX)
		return at;
	if (vp_model_room(model, &model->sites, model->site_count, &model->site_size,
	                  sizeof *model->sites))
		return SIZE_MAX;
	at = model->site_count;
	struct vp_site site = { .pid = space->pid, .stack = stack, .life = space->life };
	const char *words = of == SIZE_MAX ? vp_stacks_words(model, stack) : model->sites[of].words,
	           *who = of == SIZE_MAX ? vp_stacks_who(model, stack) : model->sites[of].who;
	if ((words && !(site.words = strdup(words))) || (who && !(site.who = strdup(who))) ||
	    vp_places_add(&work->sites, hash, at)) {
		free(site.words);
		free(site.who);
		model->no_memory = true;
		return SIZE_MAX;
	}
	model->sites[model->site_count++] = site;
	return at;
}

/* ---- calls ---- */

struct call {
	struct vp_model *model;
	struct vp_sites_work *work;
	struct vp_record *record;
	struct space *space;
	int64_t t;
	uint64_t stack;
};

static uint64_t pages(uint64_t bytes)
{
	return bytes > UINT64_MAX - PAGE ? bytes : (bytes + PAGE - 1) / PAGE * PAGE;
}

/* Notes that a call has mapped [start, start + n). */
static void mapped(struct call *call, uint64_t start, uint64_t n)
{
	size_t at = site_of(call->model, call->work, call->space, call->stack, SIZE_MAX);
	if (at == SIZE_MAX || !n || start > UINT64_MAX - n)
		return;
	struct vp_site *site = &call->model->sites[at];
	site->calls++;
	site->mapped += n;
	site->last = call->t;
	give(call->model, call->space, start, start + n, at);
}

static void unmapped(struct call *call, uint64_t start, uint64_t n)
{
	if (start <= UINT64_MAX - n)
		put(call->model, call->space, start, start + n, NULL);
}

static void call_brk(struct call *call)
{
	uint64_t result, was = call->space->brk;
	if (!vp_record_addr(call->record, "result", &result))
		return;
	call->space->brk = result;
	if (was && result > was)
		mapped(call, was, result - was);
	else if (result < was)
		unmapped(call, result, was - result);
}

/* Carries the ranges of [from, from + n) to another place. */
static void carry(struct call *call, uint64_t from, uint64_t to, uint64_t n)
{
	struct space *space = call->space;
	size_t first = first_above(space, from), count = 0;
	while (first + count < space->count && space->at[first + count].start < from + n)
		count++;
	struct range *moved = malloc((count + 1) * sizeof *moved);
	if (!moved) {
		call->model->no_memory = true;
		return;
	}
	if (count)
		memcpy(moved, &space->at[first], count * sizeof *moved);
	for (size_t i = 0; i < count; i++) {
		uint64_t low = moved[i].start > from ? moved[i].start : from,
		         high = moved[i].end < from + n ? moved[i].end : from + n;
		put(call->model, space, low, high, NULL);
		call->model->sites[moved[i].site].given -= high - low; /* it is not given back */
		give(call->model, space, low - from + to, high - from + to, moved[i].site);
	}
	free(moved);
}

static void call_mremap(struct call *call)
{
	uint64_t from, to, was, is;
	vp_str flags = vp_record_str(call->record, "flags");
	if (!vp_record_addr(call->record, "old_address", &from) ||
	    !vp_record_addr(call->record, "result", &to) ||
	    !vp_record_num(call->record, "old_size", &was) ||
	    !vp_record_num(call->record, "new_size", &is))
		return;
	was = pages(was);
	is = pages(is);
	if (from > UINT64_MAX - was || to > UINT64_MAX - is)
		return;
	bool stays = flags.p && memmem(flags.p, flags.n, "DONTUNMAP", 9);
	if (!was || stays) { /* the old place stays mapped, and its site's */
		mapped(call, to, is);
		return;
	}
	if (to != from) {
		put(call->model, call->space, to, to + is, NULL);
		carry(call, from, to, was < is ? was : is);
	}
	if (is < was)
		unmapped(call, from + is, was - is);
	else if (is > was)
		mapped(call, to + was, is - was);
}

/* The size of what was attached, and its end, are in the regions after the call. */
static void call_shmat(struct call *call)
{
	uint64_t result;
	struct vp_known known = { 0 };
	if (vp_record_addr(call->record, "result", &result) && vp_known_in(call->record) &&
	    vp_known_read(&known, call->record) == 0)
		for (size_t i = 0; i < known.count; i++)
			if (known.regions[i].start == result)
				mapped(call, result, known.regions[i].end - result);
	vp_known_free(&known);
}

static void call_shmdt(struct call *call)
{
	uint64_t at;
	if (!vp_record_addr(call->record, "shmaddr", &at))
		return;
	size_t i = first_above(call->space, at);
	if (i < call->space->count && call->space->at[i].start == at)
		unmapped(call, at, call->space->at[i].end - at);
}

/* ---- lives ---- */

/* A child has what its parent had, by the same stacks. */
static void call_fork(struct call *call)
{
	uint64_t child;
	struct vp_model *model = call->model;
	const struct vp_member *vfork = vp_record_member(call->record, "vfork");
	int64_t parent = call->space->pid;
	if (!vp_record_num(call->record, "child", &child))
		return;
	struct space *to = space_of(model, call->work, (int64_t)child, true);
	if (!to)
		return;
	size_t from = vp_places_get(&call->work->pids, (uint64_t)parent, 0);
	clear(model, to);
	to->as = vfork && vp_str_is(vfork->value, "true") ? from + 1 : 0;
	to->brk = call->work->spaces[from].brk;
	for (size_t i = 0; !to->as && i < call->work->spaces[from].count; i++) {
		struct range range = call->work->spaces[from].at[i];
		size_t of = range.site;
		size_t at = site_of(model, call->work, to, model->sites[of].stack, of);
		if (at == SIZE_MAX)
			return;
		give(model, to, range.start, range.end, at);
	}
}

/* What a process held at its end stays with its sites. Its pid may be used again. */
static void call_exit(struct call *call, struct space *own)
{
	free(own->at);
	*own = (struct space){ .pid = own->pid, .life = ++call->work->lives };
}

static void one(struct call *call, vp_str name)
{
	uint64_t start, n;
	if (vp_str_is(name, "mmap")) {
		if (vp_record_addr(call->record, "result", &start) &&
		    vp_record_num(call->record, "length", &n))
			mapped(call, start, pages(n));
	} else if (vp_str_is(name, "munmap")) {
		if (vp_record_addr(call->record, "addr", &start) &&
		    vp_record_num(call->record, "length", &n))
			unmapped(call, start, pages(n));
	} else if (vp_str_is(name, "brk"))
		call_brk(call);
	else if (vp_str_is(name, "mremap"))
		call_mremap(call);
	else if (vp_str_is(name, "shmat"))
		call_shmat(call);
	else if (vp_str_is(name, "shmdt"))
		call_shmdt(call);
	else if (vp_str_is(name, "fork"))
		call_fork(call);
}

static void sites_line(struct vp_model *model, struct vp_fact *fact)
{
	struct vp_sites_work *work = work_of(model);
	if (fact->type == VP_T_lost) {
		if (vp_str_is(fact->word, "events") || vp_str_is(fact->word, "stacks"))
			model->site_lost += fact->has_number ? fact->number : 1;
		return;
	}
	if (!work || fact->pid < 0 || fact->t > model->filter.at ||
	    vp_record_member(fact->record, "error"))
		return;
	struct space *own = space_of(model, work, fact->pid, true),
	             *space = own ? space_of(model, work, fact->pid, false) : NULL;
	struct call call = { model, work, fact->record, space, fact->t, 0 };
	if (!space)
		return;
	if (!vp_record_num(fact->record, "stack", &call.stack))
		call.stack = 0;
	model->site_calls += call.stack != 0;
	if (vp_str_is(fact->word, "exec")) {
		own->as = 0;
		clear(model, own);
	} else if (vp_str_is(fact->word, "exit"))
		call_exit(&call, own);
	else
		one(&call, fact->word);
}

static void forget(struct vp_model *model)
{
	struct vp_sites_work *work = model->inner->sites;
	for (size_t i = 0; work && i < work->count; i++)
		free(work->spaces[i].at);
	if (!work)
		return;
	free(work->spaces);
	vp_places_free(&work->pids);
	vp_places_free(&work->sites);
	free(work);
	model->inner->sites = NULL;
}

/* Ids of stacks and pids of another recording are its own. */
static void sites_segment(struct vp_model *model)
{
	forget(model);
}

static void sites_free(struct vp_model *model)
{
	forget(model);
	for (size_t i = 0; i < model->site_count; i++) {
		free(model->sites[i].words);
		free(model->sites[i].who);
	}
	free(model->sites);
}

const struct vp_keeper vp_keeper_sites = {
	.keep = VP_KEEP_SITES,
	.types = 1u << VP_T_event | 1u << VP_T_lost,
	.line = sites_line,
	.segment = sites_segment,
	.free = sites_free,
};
