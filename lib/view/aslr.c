/* The view aslr: of several runs that vm-diff --entropy compared, the addresses of each base, and
 * which of their bits differed.
 *
 *   base     runs  distinct  bits  bits 47 to 12                         lowest          highest
 *   program     8         8    30  000000111111111111111111111111111111  0x555de5d8c000  0x5632...
 */
#include "base/error.h"
#include "view/aslr.h"
#include "view/rows.h"

#include <stdlib.h>
#include <string.h>

enum field { BASE, RUNS, DISTINCT, BITS, PATTERN, LOW, HIGH, SPAN, FIELDS };

/* clang-format off */
static const struct vp_field fields[FIELDS] = {
	[BASE]     = { "base",     "base",          false, false },
	[RUNS]     = { "runs",     "runs",          true,  false },
	[DISTINCT] = { "distinct", "distinct",      true,  false },
	[BITS]     = { "bits",     "bits",          true,  false },
	[PATTERN]  = { "pattern",  "bits 47 to 12", false, false },
	[LOW]      = { "low",      "lowest",        false, false },
	[HIGH]     = { "high",     "highest",       false, false },
	[SPAN]     = { "span",     "span KiB",      true,  false },
};
/* clang-format on */

struct aslr {
	struct vp_build build;
	const struct vp_model *model;
};

/* 1: the bit differed. Digits have one width in every renderer. Below bit 12 is the page, above bit
 * 47 the kernel. */
static const char *pattern(struct vp_pool *pool, uint64_t varies)
{
	char text[37];
	for (int i = 0; i < 36; i++)
		text[i] = varies >> (47 - i) & 1 ? '1' : '0';
	text[36] = 0;
	return vp_pool_print(pool, "%s", text);
}

static struct vp_value value(void *ctx, size_t i, int field)
{
	struct aslr *aslr = ctx;
	struct vp_pool *pool = aslr->build.pool;
	if (i == aslr->model->varied_count)
		return vp_nothing();
	const struct vp_varied *one = &aslr->model->varied[i];
	switch (field) {
	case BASE: return vp_word(one->base);
	case RUNS: return vp_number(VP_COUNT, (int64_t)one->runs);
	case DISTINCT: return vp_number(VP_COUNT, (int64_t)one->distinct);
	case BITS: return vp_number(VP_COUNT, (int64_t)one->bits);
	case PATTERN: return vp_word(pattern(pool, one->varies));
	case LOW: return vp_word(vp_pool_print(pool, "0x%012llx", (unsigned long long)one->low));
	case HIGH: return vp_word(vp_pool_print(pool, "0x%012llx", (unsigned long long)one->high));
	default: return vp_number(VP_KIB, (int64_t)(one->high - one->low));
	}
}

static struct vp_rows rows_of(struct aslr *aslr)
{
	return (struct vp_rows){
		.fields = fields,
		.field_count = FIELDS,
		.preset = "base,runs,distinct,bits,pattern,low,high",
		.count = aslr ? aslr->model->varied_count : 0,
		.value = value,
		.ctx = aslr,
	};
}

static void words(struct aslr *aslr)
{
	struct vp_build *build = &aslr->build;
	uint64_t runs = 0, fixed = 0;
	for (size_t i = 0; i < aslr->model->varied_count; i++) {
		const struct vp_varied *one = &aslr->model->varied[i];
		runs = one->runs > runs ? one->runs : runs;
		fixed += one->runs > 1 && !one->varies;
	}
	build->figure->title =
	        vp_pool_print(build->pool, "addresses of %llu runs", (unsigned long long)runs);
	build->figure->subtitle =
	        vp_pool_print(build->pool, "%zu bases, %llu at the same address in every run",
	                      aslr->model->varied_count, (unsigned long long)fixed);
	vp_build_note(build,
	              "1 = bit differed between runs; with %llu runs some random bits may look "
	              "fixed "
	              "(chance 2^-%llu each)",
	              (unsigned long long)runs, (unsigned long long)(runs ? runs - 1 : 0));
}

int vp_aslr_build(const struct vp_model *model, const struct vp_view_options *options,
                  struct vp_figure *figure, struct vp_pool *pool)
{
	struct aslr aslr = { .model = model };
	if (vp_build_begin(&aslr.build, "aslr", VP_TABLE, model, options, figure, pool))
		return -1;
	figure->title = "addresses of several runs";
	if (!model->varied_count) {
		figure->empty = "the input does not compare several runs: use vm-diff --entropy";
		return 0;
	}
	struct vp_rows rows = rows_of(&aslr);
	words(&aslr);
	return vp_rows_put(&rows, &aslr.build);
}

static int check(const struct vp_view_options *options)
{
	struct vp_rows rows = rows_of(NULL);
	if (options->by || options->preset)
		return vp_fail("aslr has one row for each base: it takes no --by and no --preset");
	return vp_rows_check(&rows, options);
}

const struct vp_view vp_view_aslr = {
	.name = "aslr",
	.about = "where several runs of a program lay, and which bits of the addresses differ "
	         "(vm-diff --entropy)",
	.build = vp_aslr_build,
	.check = check,
};
