/* The table free: the machine's memory as free(1) of procps 4.0.2 prints it, byte for byte, with
 * its options as letters.
 *
 *   --table=free     ->                  total        used        free      shared  buff/cache ...
 *                         Mem:        24684092      609784    23716388        8856      648936 ...
 *                         Swap:              0           0           0
 *   --table=free-hwt ->  as free -h -w -t: human readable, buffers and cache apart, totals
 *
 * Letters: b, k, m, g the unit; h readable; i powers of 1000 (--si); w wide; l low and high; t
 * totals; v committed. Used is total less available, unless the text states it. Where the text
 * does not state a value, its place is blank.
 */
#include "base/error.h"
#include "view/build.h"
#include "view/free.h"

#include <stdio.h>
#include <string.h>

struct free_table {
	struct vp_pool *pool;
	const struct vp_machine *sample;
	const char *letters;
	struct vp_cell lines[8];
	size_t count;
};

static bool has(const struct free_table *l, char letter)
{
	return strchr(l->letters, letter) != NULL;
}

/* The letters after "free". NULL: another preset. */
static const char *letters_of(const char *preset)
{
	if (!preset || strncmp(preset, "free", 4))
		return NULL;
	return !preset[4] ? "" : preset[4] == '-' ? preset + 5 : NULL;
}

bool vp_free_is(const char *preset)
{
	return letters_of(preset) != NULL;
}

int vp_free_check(const struct vp_view_options *options)
{
	const char *letters = letters_of(options->preset), *units = "bkmg";
	size_t n = strspn(letters, "bkmghiwltv"), count = 0;
	if (letters[n])
		return vp_fail("--table=%s: unknown letter '%c'; there are: b, k, m, g, h, i "
		               "(--si), "
		               "w, l, t, v",
		               options->preset, letters[n]);
	for (; *units; units++)
		count += strchr(letters, *units) != NULL;
	if (count + (strchr(letters, 'h') != NULL) > 1)
		return vp_fail("--table=%s: expected one unit of b, k, m, g, h", options->preset);
	if (options->columns || options->by || options->sort)
		return vp_fail("--table=%s prints what free prints: it takes no --columns, --by, "
		               "--sort",
		               options->preset);
	return 0;
}

/* ---- figures ---- */

#define UNKNOWN INT64_MIN /* also of a difference that cannot be true */

static int64_t of(const struct free_table *l, int field)
{
	return l->sample->known >> field & 1 ? l->sample->value[field] : UNKNOWN;
}

static int64_t less(int64_t from, int64_t what)
{
	return from < 0 || what < 0 || what > from ? UNKNOWN : from - what;
}

static int64_t sum(int64_t a, int64_t b)
{
	return a < 0 || b < 0 ? UNKNOWN : a + b;
}

/* A sum of which parts may be unknown. UNKNOWN: all are. */
static int64_t known_sum(int64_t a, int64_t b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;
	return a + b;
}

static bool told(const struct free_table *l, int field)
{
	return l->sample->known >> field & 1;
}

/* In a container the kernel may report more available than total: free then takes free. */
static int64_t available(const struct free_table *l)
{
	int64_t total = of(l, VP_MC_total), value = of(l, VP_MC_available);
	return total >= 0 && value > total ? of(l, VP_MC_free) : value;
}

static int64_t used(const struct free_table *l)
{
	if (told(l, VP_MC_used))
		return of(l, VP_MC_used);
	return less(of(l, VP_MC_total),
	            told(l, VP_MC_available) ? available(l) : of(l, VP_MC_free));
}

static int64_t swap_used(const struct free_table *l)
{
	return told(l, VP_MC_swap_used) ? of(l, VP_MC_swap_used)
	                                : less(of(l, VP_MC_swap_total), of(l, VP_MC_swap_free));
}

/* At most four places before the unit: 9.5, 15, 926. */
static const char *readable(const struct free_table *l, int64_t bytes)
{
	static const char units[] = "BKMGTPE";
	double value = (double)bytes, base = has(l, 'i') ? 1000 : 1024;
	char text[64];
	if (snprintf(text, sizeof text, "%lldB", (long long)bytes) <= 4)
		return vp_pool_print(l->pool, "%s", text);
	for (int unit = 1; unit < 7; unit++) {
		value /= base;
		if (snprintf(text, sizeof text, "%.1f%c", value, units[unit]) <= 4 ||
		    snprintf(text, sizeof text, "%lld%c", (long long)value, units[unit]) <= 4)
			return vp_pool_print(l->pool, "%s%s", text, has(l, 'i') ? "" : "i");
	}
	return vp_pool_print(l->pool, "%lld", (long long)bytes);
}

static const char *amount(const struct free_table *l, int64_t bytes)
{
	int64_t base = has(l, 'i') ? 1000 : 1024;
	if (bytes == UNKNOWN)
		return "";
	if (has(l, 'h'))
		return readable(l, bytes);
	int64_t unit = base;
	if (has(l, 'b'))
		unit = 1;
	else if (has(l, 'm'))
		unit = base * base;
	else if (has(l, 'g'))
		unit = base * base * base;
	return vp_pool_print(l->pool, "%lld", (long long)(bytes / unit));
}

/* ---- lines ---- */

static void row(struct free_table *l, const char *name, const int64_t *bytes, size_t count)
{
	const char *text = vp_pool_print(l->pool, "%-9s", name);
	for (size_t i = 0; i < count; i++)
		text = vp_pool_print(l->pool, "%s%*s", text, i ? 12 : 11, amount(l, bytes[i]));
	l->lines[l->count++] = (struct vp_cell){ text, true };
}

static void list(struct free_table *l)
{
	int64_t total = of(l, VP_MC_total), buffers = of(l, VP_MC_buffers),
	        cache = known_sum(of(l, VP_MC_cached), of(l, VP_MC_slab_reclaimable));
	int64_t both = told(l, VP_MC_buffers_cached) ? of(l, VP_MC_buffers_cached)
	                                             : known_sum(buffers, cache);
	bool wide = has(l, 'w');
	l->lines[l->count++] = (struct vp_cell){ wide ? "               total        used        "
		                                        "free      shared     buffers       cache  "
		                                        " available"
		                                      : "               total        used        "
		                                        "free      shared  buff/cache   available",
		                                 true };
	int64_t mem[7] = { total,
		           used(l),
		           of(l, VP_MC_free),
		           of(l, VP_MC_shared),
		           wide ? buffers : both,
		           wide ? cache : available(l),
		           available(l) };
	row(l, "Mem:", mem, wide ? 7 : 6);
	if (has(l, 'l')) {
		bool low = of(l, VP_MC_low_total) > 0;
		int64_t low_total = low ? of(l, VP_MC_low_total) : total,
		        low_free = low ? of(l, VP_MC_low_free) : of(l, VP_MC_free);
		row(l, "Low:", (int64_t[]){ low_total, less(low_total, low_free), low_free }, 3);
		/* A kernel that does not state it has no high memory. */
		int64_t high_total = known_sum(of(l, VP_MC_high_total), 0),
		        high_free = known_sum(of(l, VP_MC_high_free), 0);
		row(l, "High:", (int64_t[]){ high_total, less(high_total, high_free), high_free },
		    3);
	}
	row(l,
	    "Swap:", (int64_t[]){ of(l, VP_MC_swap_total), swap_used(l), of(l, VP_MC_swap_free) },
	    3);
	if (has(l, 't'))
		row(l, "Total:",
		    (int64_t[]){ sum(total, of(l, VP_MC_swap_total)), sum(used(l), swap_used(l)),
		                 sum(of(l, VP_MC_free), of(l, VP_MC_swap_free)) },
		    3);
	if (has(l, 'v'))
		row(l, "Comm:",
		    (int64_t[]){ of(l, VP_MC_commit_limit), of(l, VP_MC_committed),
		                 /* free shows more committed than allowed as negative */
		                 of(l, VP_MC_commit_limit) < 0 || of(l, VP_MC_committed) < 0
		                         ? UNKNOWN
		                         : of(l, VP_MC_commit_limit) - of(l, VP_MC_committed) },
		    3);
}

int vp_free_build(const struct vp_model *model, const struct vp_view_options *options,
                  struct vp_figure *figure, struct vp_pool *pool)
{
	struct vp_build build;
	struct free_table *l = vp_pool_take(pool, sizeof *l);
	struct vp_column *column = vp_pool_take(pool, sizeof *column);
	if (!l || !column)
		return vp_no_memory();
	if (vp_free_check(options) ||
	    vp_build_begin(&build, "table", VP_TABLE, model, options, figure, pool))
		return -1;
	figure->title = "the machine";
	if (!model->machine_count) {
		figure->empty = "the input has no sample of the machine: record with vm-sample -s "
		                "system, or parse the output of free or /proc/meminfo";
		return 0;
	}
	l->pool = pool;
	l->letters = letters_of(options->preset);
	l->sample = &model->machines[model->machine_count - 1];
	list(l);
	vp_build_verbatim(&build, column, options->preset, l->lines, l->count);
	return 0;
}
