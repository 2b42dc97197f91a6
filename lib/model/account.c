/* What the last snapshot line of each process states beside its regions: sums by kind or by the
 * report's own labels, page tables, peaks, threads; and the page faults of its last sample.
 *
 *   {"type":"snapshot",...,"regions":0,"rss":56991744,"page_tables":420478976,"threads":3}
 *   -> measure[VP_M_rss] 56991744, value[VP_AC_page_tables] 420478976, value[VP_AC_threads] 3
 */
#include "model/inner.h"
#include "space/rules_macos.h"

#include <stdlib.h>
#include <string.h>

#define LABELS_MAX 1000 /* further labels of a report are added to the last one */

static const char *const names[VP_AC_COUNT] = {
#define X(name) #name,
	VP_ACCOUNT(X)
#undef X
};

static void set(struct vp_account *account, enum vp_account_field field, uint64_t value)
{
	account->value[field] = value;
	account->known |= 1u << field;
}

static void clear_kinds(struct vp_account *account)
{
	for (size_t i = 0; i < account->kind_count; i++)
		free(account->kinds[i].label);
	account->kind_count = 0;
}

static struct vp_account *account_of(struct vp_model *model, int64_t pid)
{
	size_t at = vp_places_get(&model->account_pids, (uint64_t)pid, SIZE_MAX);
	if (at != SIZE_MAX)
		return &model->accounts[at];
	at = model->account_count;
	if (vp_model_room(model, &model->accounts, at, &model->account_size,
	                  sizeof *model->accounts))
		return NULL;
	if (vp_places_set(&model->account_pids, (uint64_t)pid, at)) {
		model->no_memory = true;
		return NULL;
	}
	model->account_count++;
	model->accounts[at] = (struct vp_account){ .pid = pid };
	return &model->accounts[at];
}

/* ---- sums by kind ---- */

static void set_measure(struct vp_region *region, enum vp_measure measure, uint64_t bytes)
{
	region->measure[measure] = bytes;
	region->measured |= UINT64_C(1) << measure;
}

/* Reads the sums of one kind or label. footprint gives dirty and clean: together they are resident.
 */
static uint64_t read_sums(vp_str object, struct vp_region *sums)
{
	struct vp_member member;
	uint64_t number, regions = 0, clean = 0;
	bool has_clean = false;
	for (size_t at = 0; vp_json_each(object, &at, &member);) {
		if (member.json != VP_NUMBER || !vp_json_num(member.value, &number))
			continue;
		for (int i = 0; i < VP_M_COUNT; i++)
			if (vp_str_is(member.key, vp_measure_names[i]))
				set_measure(sums, (enum vp_measure)i, number);
		if (vp_str_is(member.key, "regions")) {
			regions = number;
		} else if (vp_str_is(member.key, "size")) {
			sums->size = number;
			sums->has_size = true;
		} else if (vp_str_is(member.key, "clean")) {
			clean = number;
			has_clean = true;
		}
	}
	if (has_clean && !(sums->measured >> VP_M_rss & 1))
		set_measure(sums, VP_M_rss, sums->measure[VP_M_dirty] + clean);
	return regions;
}

/* The kind that a label states by itself; n 0: none. */
static vp_str kind_of(vp_str object)
{
	struct vp_member member;
	for (size_t at = 0; vp_json_each(object, &at, &member);)
		if (vp_str_is(member.key, "kind") && member.json == VP_STRING && member.value.n > 2)
			return (vp_str){ member.value.p + 1, member.value.n - 2 };
	return (vp_str){ NULL, 0 };
}

static void add_kind(struct vp_model *model, struct vp_account *account, vp_str key, vp_str object,
                     bool label)
{
	struct vp_region sums = { 0 };
	uint64_t regions = read_sums(object, &sums);
	if (account->kind_count == LABELS_MAX ||
	    vp_model_room(model, &account->kinds, account->kind_count, &account->kind_size,
	                  sizeof *account->kinds))
		return;
	char *text = label ? strndup(key.p, key.n) : NULL;
	if (label && !text) {
		model->no_memory = true;
		return;
	}
	sums.label = vp_s(text ? text : "");
	const char *kind = label ? vp_macos_kind(&sums) : NULL;
	vp_str stated = label ? kind_of(object) : key;
	if (!stated.n)
		stated = vp_s(kind ? kind : "unknown");
	account->kinds[account->kind_count++] = (struct vp_stated_kind){
		.kind = vp_kind_index(stated),
		.label = text,
		.regions = regions,
		.sums = sums,
	};
	account->kinds[account->kind_count - 1].sums.label = (vp_str){ NULL, 0 };
}

static void read_kinds(struct vp_model *model, struct vp_account *account,
                       const struct vp_member *object, bool label)
{
	struct vp_member member;
	for (size_t at = 0; vp_json_each(object->value, &at, &member);)
		if (member.json == VP_OBJECT)
			add_kind(model, account, member.key, member.value, label);
}

/* Adds what the report states of the whole beyond its parts, as the kind unknown. A hundredth is
 * rounding. */
static void add_rest(struct vp_model *model, struct vp_account *account)
{
	struct vp_stated_kind rest = { .kind = vp_kind_index(vp_s("unknown")) };
	uint64_t size = 0, sums[VP_M_COUNT] = { 0 };
	for (size_t k = 0; k < account->kind_count; k++) {
		size += account->kinds[k].sums.size;
		for (int i = 0; i < VP_M_COUNT; i++)
			sums[i] += account->kinds[k].sums.measure[i];
	}
	if (account->size > size && account->size - size > account->size / 100) {
		rest.sums.size = account->size - size;
		rest.sums.has_size = true;
	}
	for (int i = 0; i < VP_M_COUNT; i++) {
		uint64_t whole = account->measured >> i & 1 ? account->measure[i] : 0;
		if (whole > sums[i] && whole - sums[i] > whole / 100)
			set_measure(&rest.sums, (enum vp_measure)i, whole - sums[i]);
	}
	if ((!rest.sums.size && !rest.sums.measured) || account->kind_count == LABELS_MAX ||
	    vp_model_room(model, &account->kinds, account->kind_count, &account->kind_size,
	                  sizeof *account->kinds))
		return;
	if (account->labelled && !(rest.label = strdup("not listed"))) {
		model->no_memory = true;
		return;
	}
	account->kinds[account->kind_count++] = rest;
}

/* Sums what the malloc zones of macOS have handed out. */
static void read_zones(struct vp_account *account, const struct vp_member *zones)
{
	struct vp_member zone, member;
	uint64_t number, allocated = 0;
	bool known = false;
	for (size_t at = 0; vp_json_each(zones->value, &at, &zone);)
		for (size_t in = 0;
		     zone.json == VP_OBJECT && vp_json_each(zone.value, &in, &member);)
			if (vp_str_is(member.key, "allocated") &&
			    vp_json_num(member.value, &number)) {
				allocated += number;
				known = true;
			}
	if (known)
		set(account, VP_AC_allocated, allocated);
}

/* ---- lines ---- */

static bool is_object(const struct vp_member *member)
{
	return member && member->json == VP_OBJECT;
}

static void snapshot(struct vp_model *model, struct vp_account *account, const struct vp_fact *fact)
{
	const unsigned faults = 1u << VP_AC_minor | 1u << VP_AC_major;
	const struct vp_record *record = fact->record;
	const struct vp_member *kinds = vp_record_member(record, "kinds"),
	                       *labels = vp_record_member(record, "labels"),
	                       *zones = vp_record_member(record, "zones");
	clear_kinds(account);
	account->t = fact->t;
	account->stated = true;
	account->known &= faults;
	account->regions = 0;
	vp_record_num(record, "regions", &account->regions);
	account->size = account->measured = 0;
	vp_record_num(record, "size", &account->size);
	for (int i = 0; i < VP_M_COUNT; i++)
		if (vp_record_num(record, vp_measure_names[i], &account->measure[i]))
			account->measured |= UINT64_C(1) << i;
	for (int i = 0; i < VP_AC_COUNT; i++) {
		uint64_t value;
		if (vp_record_num(record, names[i], &value))
			set(account, (enum vp_account_field)i, value);
	}
	account->labelled = is_object(labels);
	if (account->labelled)
		read_kinds(model, account, labels, true);
	else if (is_object(kinds) && !account->regions)
		read_kinds(model, account, kinds, false);
	if (account->kind_count && !account->regions)
		add_rest(model, account);
	if (is_object(zones))
		read_zones(account, zones);
}

static void account_line(struct vp_model *model, struct vp_fact *fact)
{
	uint64_t minor, major;
	if (!fact->wanted || fact->t > model->filter.at || vp_model_aside(model, fact->pid))
		return;
	bool faults = fact->type == VP_T_sample && vp_record_num(fact->record, "minor", &minor) &&
	              vp_record_num(fact->record, "major", &major);
	if (fact->type == VP_T_sample && !faults)
		return;
	struct vp_account *account = account_of(model, fact->pid);
	if (!account)
		return;
	if (faults) {
		set(account, VP_AC_minor, minor);
		set(account, VP_AC_major, major);
	} else {
		snapshot(model, account, fact);
	}
}

const struct vp_account *vp_model_account(const struct vp_model *model, int64_t pid)
{
	size_t at = vp_places_get(&model->account_pids, (uint64_t)pid, SIZE_MAX);
	return at == SIZE_MAX ? NULL : &model->accounts[at];
}

/* A summary counts regions before neighbours are merged, so their number alone shows nothing. */
bool vp_account_partial(const struct vp_account *account)
{
	uint64_t regions = 0, size = 0;
	for (size_t i = 0; account->regions && account->labelled && i < account->kind_count; i++) {
		regions += account->kinds[i].regions;
		size += account->kinds[i].sums.size;
	}
	return regions / 2 > account->regions && size / 2 > account->size;
}

static void account_free(struct vp_model *model)
{
	for (size_t i = 0; i < model->account_count; i++) {
		clear_kinds(&model->accounts[i]);
		free(model->accounts[i].kinds);
	}
	free(model->accounts);
	vp_places_free(&model->account_pids);
}

const struct vp_keeper vp_keeper_account = {
	.keep = VP_KEEP_STATE | VP_KEEP_MOMENTS,
	.types = 1u << VP_T_snapshot | 1u << VP_T_sample,
	.line = account_line,
	.free = account_free,
};
