/* Reports of sums compared: what the snapshot lines of two inputs state in common. */
#include "compare/sums.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/list.h"
#include "base/words.h"
#include "parse/totals.h"
#include "stream/put.h"

/* Amounts beside the measures of regions: those of the whole in bytes, and the size. */
static const char *const amounts[] = { "size",      "page_tables",    "rss_peak",  "hugetlb",
	                               "footprint", "footprint_peak", "committed", NULL };

static bool is_residency(vp_str key)
{
	for (int i = 0; i < VP_M_COUNT; i++)
		if (vp_str_is(key, vp_measure_names[i]))
			return i != VP_M_page && i != VP_M_mmu_page && i != VP_M_thp_eligible &&
			       i != VP_M_pkey;
	return vp_str_is(key, "rss_peak") || vp_str_is(key, "page_tables");
}

static bool is_amount(vp_str key)
{
	for (size_t i = 0; amounts[i]; i++)
		if (vp_str_is(key, amounts[i]))
			return true;
	return is_residency(key);
}

/* ---- reading ---- */

static int add(struct vp_sums *sums, vp_str of, vp_str key, uint64_t value)
{
	if (vp_list_room(&sums->list, sums->count, NULL, sizeof *sums->list))
		return -1;
	struct vp_sum *sum = &sums->list[sums->count];
	*sum = (struct vp_sum){ strndup(of.n ? of.p : "", of.n), strndup(key.p, key.n), value };
	sums->count++;
	return sum->of && sum->name ? 0 : vp_no_memory();
}

/* Takes the amounts of one object, and of those in its member `kinds`. */
static int take(struct vp_sums *sums, vp_str of, vp_str object)
{
	struct vp_member m, kind;
	uint64_t value;
	for (size_t at = 0; vp_json_each(object, &at, &m);) {
		vp_str key = { m.key.p, m.key.n };
		if (!of.n && vp_str_is(key, "kinds") && m.json == VP_OBJECT) {
			for (size_t in = 0; vp_json_each(m.value, &in, &kind);)
				if (kind.json == VP_OBJECT && take(sums, kind.key, kind.value))
					return -1;
			continue;
		}
		bool counted = of.n && vp_str_is(key, "regions");
		if (m.json != VP_NUMBER || !vp_json_num(m.value, &value) ||
		    !(counted ? value > 0 : is_amount(key)))
			continue;
		if (add(sums, of, key, value))
			return -1;
	}
	return 0;
}

bool vp_sums_stated(const struct vp_record *record)
{
	struct vp_sums sums = { 0 };
	bool any = false;
	if (!take(&sums, (vp_str){ NULL, 0 }, record->line))
		for (size_t i = 0; i < sums.count; i++)
			any |= sums.list[i].value > 0;
	vp_sums_free(&sums);
	return any;
}

/* Makes the snapshot line of a process of which the regions are known. NULL: no memory. */
static char *line_of(const struct vp_space *space)
{
	struct vp_totals totals = { .kinds = NULL };
	struct vp_out out;
	char *line = NULL;
	int failed = 0;
	vp_totals_clear(&totals);
	for (size_t i = 0; i < space->count && !failed; i++)
		failed = vp_totals_add(&totals, &space->live[i]->region, 1);
	vp_out_memory(&out);
	vp_put_begin(&out, "snapshot", 0, space->pid);
	vp_put_totals(&out, &totals);
	vp_put_end(&out);
	if (!failed && out.used)
		line = strndup(out.buffer, out.used - 1);
	vp_out_free(&out);
	vp_totals_free(&totals);
	return line;
}

/* Has the input regions of this process (-1: of any)? */
static const struct vp_space *space_of(const struct vp_whole *whole, int64_t pid)
{
	for (size_t i = 0; i < whole->state.count; i++) {
		const struct vp_space *space = whole->state.spaces[i];
		if (space->count && (pid < 0 || space->pid == pid))
			return space;
	}
	return NULL;
}

const struct vp_whole_life *vp_sums_life(const struct vp_whole *whole, int64_t pid)
{
	if (space_of(whole, pid))
		return NULL;
	for (size_t i = 0; i < whole->life_count; i++)
		if (whole->lives[i].sums && (pid < 0 || whole->lives[i].pid == pid))
			return &whole->lives[i];
	return NULL;
}

int vp_sums_read(struct vp_sums *sums, const struct vp_whole *whole, int64_t pid, int64_t *of)
{
	const struct vp_whole_life *life = vp_sums_life(whole, pid);
	const struct vp_space *space = life ? NULL : space_of(whole, pid);
	*sums = (struct vp_sums){ 0 };
	if (!life && !space)
		return vp_fail("%s: contains neither regions nor sums of the process", whole->name);
	*of = life ? life->pid : space->pid;
	sums->line = life ? strdup(life->sums) : line_of(space);
	if (!sums->line)
		return vp_no_memory();
	return take(sums, (vp_str){ NULL, 0 }, vp_s(sums->line));
}

void vp_sums_free(struct vp_sums *sums)
{
	for (size_t i = 0; i < sums->count; i++) {
		free(sums->list[i].of);
		free(sums->list[i].name);
	}
	free(sums->list);
	free(sums->line);
	*sums = (struct vp_sums){ 0 };
}

const uint64_t *vp_sums_find(const struct vp_sums *sums, const char *of, const char *name)
{
	for (size_t i = 0; i < sums->count; i++)
		if (!strcmp(sums->list[i].of, of) && !strcmp(sums->list[i].name, name))
			return &sums->list[i].value;
	return NULL;
}

/* ---- writing ---- */

void vp_sums_put(const struct vp_sums *sums, uint64_t seq, int64_t t, int64_t pid,
                 struct vp_out *out)
{
	struct vp_member m;
	vp_put_begin(out, "snapshot", t, pid);
	vp_put_num(out, "seq", seq);
	vp_put_num(out, "regions", 0);
	for (size_t at = 0; vp_json_each(vp_s(sums->line), &at, &m);) {
		char key[64];
		if (vp_str_is(m.key, "type") || vp_str_is(m.key, "t") || vp_str_is(m.key, "pid") ||
		    vp_str_is(m.key, "seq") || vp_str_is(m.key, "regions") || m.key.n >= sizeof key)
			continue;
		snprintf(key, sizeof key, "%.*s", (int)m.key.n, m.key.p);
		vp_put_json(out, key, m.value);
	}
	vp_put_end(out);
}

/* ---- comparing ---- */

static void amount_words(const char *name, char words[VP_SIZE_WORDS], double value)
{
	if (strcmp(name, "regions"))
		vp_size_exact(words, value);
	else
		snprintf(words, VP_SIZE_WORDS, "%.0f", value);
}

static void say_one(const struct vp_sum *a, uint64_t now, vp_sums_say *say, void *ctx)
{
	char was[VP_SIZE_WORDS], is[VP_SIZE_WORDS], delta[VP_SIZE_WORDS], words[256];
	amount_words(a->name, was, (double)a->value);
	amount_words(a->name, is, (double)now);
	amount_words(a->name, delta, (double)now - (double)a->value);
	snprintf(words, sizeof words, "%.80s %.40s: %s -> %s (%s%s)", *a->of ? a->of : "total",
	         a->name, was, is, now > a->value ? "+" : "", delta);
	say(ctx, words);
}

int64_t vp_sums_compare(const struct vp_sums *a, const struct vp_sums *b, uint64_t resident,
                        vp_sums_say *say, void *ctx)
{
	int64_t differ = 0;
	size_t common = 0;
	for (size_t i = 0; i < a->count; i++) {
		const struct vp_sum *sum = &a->list[i];
		const uint64_t *now = vp_sums_find(b, sum->of, sum->name);
		if (!now)
			continue;
		common++;
		uint64_t by = *now > sum->value ? *now - sum->value : sum->value - *now;
		bool counts = is_residency(vp_s(sum->name)) ? resident && by >= resident : true;
		if (!by || !counts)
			continue;
		differ++;
		say_one(sum, *now, say, ctx);
	}
	if (!common)
		return vp_fail("the two reports have no amount in common");
	return differ;
}
