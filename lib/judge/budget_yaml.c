/* Budgets in YAML: a list of mappings, each one budget. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/amount.h"
#include "base/error.h"
#include "base/nearest.h"
#include "judge/budget_inner.h"
#include "program/config_kinds.h"
#include "space/kind.h"

static const struct vp_option rows[] = {
	{
	        .name = "name",
	        .type = VP_OPT_STRING,
	        .offset = offsetof(struct limit, name),
	        .arg = "TEXT",
	        .help = "what the report calls it",
	},
	{
	        .name = "process",
	        .type = VP_OPT_STRING,
	        .offset = offsetof(struct limit, process),
	        .arg = "GLOB",
	        .help = "only processes of this name",
	},
	{
	        .name = "pid",
	        .type = VP_OPT_INT,
	        .offset = offsetof(struct limit, pid),
	        .preset = "0",
	        .limits = "0..4294967295",
	        .arg = "PID",
	        .help = "only this process; 0: any",
	},
	{
	        .name = "kind",
	        .type = VP_OPT_LIST,
	        .offset = offsetof(struct limit, kind),
	        .arg = "KIND,...",
	        .help = "only regions of these kinds",
	},
	{
	        .name = "perms",
	        .type = VP_OPT_STRING,
	        .offset = offsetof(struct limit, perms),
	        .arg = "PERMS",
	        .help = "only regions with these permissions",
	},
	{
	        .name = "region",
	        .type = VP_OPT_STRING,
	        .offset = offsetof(struct limit, region),
	        .arg = "GLOB",
	        .help = "only regions of this name",
	},
	{
	        .name = "measure",
	        .type = VP_OPT_ENUM,
	        .offset = offsetof(struct limit, measure),
	        .preset = "size",
	        .limits = "size|rss|pss|dirty|swap|regions",
	        .arg = "MEASURE",
	        .help = "what is counted",
	},
	{
	        .name = "at",
	        .type = VP_OPT_ENUM,
	        .offset = offsetof(struct limit, at),
	        .preset = "peak",
	        .limits = "peak|end",
	        .arg = "WHEN",
	        .help = "at the peak, or at the end",
	},
	{
	        .name = "most",
	        .type = VP_OPT_STRING,
	        .offset = offsetof(struct limit, most),
	        .arg = "AMOUNT",
	        .help = "not more than that",
	},
	{
	        .name = "growth",
	        .type = VP_OPT_STRING,
	        .offset = offsetof(struct limit, growth),
	        .arg = "AMOUNT",
	        .help = "not that much more than at first",
	},
	{
	        .name = "after",
	        .type = VP_OPT_TIME,
	        .offset = offsetof(struct limit, after),
	        .preset = "0",
	        .arg = "TIME",
	        .help = "ignore samples before that",
	},
	{
	        .name = "together",
	        .type = VP_OPT_FLAG,
	        .offset = offsetof(struct limit, together),
	        .help = "all processes in one sum",
	},
	{ 0 },
};

static int wrong(struct vp_budget *budget, size_t i, const char *key, const char *text)
{
	char path[64];
	snprintf(path, sizeof path, "budgets/%zu%s%s", i + 1, key ? "/" : "", key ? key : "");
	return vp_config_wrong(budget->config, vp_config_find(budget->config, path), text);
}

static int amount(struct vp_budget *budget, size_t i, const char *key, const char *text, bool count)
{
	struct limit *limit = &budget->limits[i];
	uint64_t value;
	char *end;
	if (count) {
		errno = 0;
		value = strtoull(text, &end, 10);
		if (*text < '0' || *text > '9' || *end || errno)
			return wrong(budget, i, key, "a count of regions must be a whole number");
	} else if (vp_parse_size(text, &value)) {
		return wrong(budget, i, key, vp_error());
	}
	limit->least_broken = (double)value;
	return 0;
}

/* Reads 5%, 1M or 100K/s. */
static int growth(struct vp_budget *budget, size_t i)
{
	struct limit *limit = &budget->limits[i];
	char text[64], *end;
	size_t n = strlen(limit->growth);
	if (n >= sizeof text)
		return wrong(budget, i, "growth",
		             "growth is an amount, an amount with /s, or a share with %");
	memcpy(text, limit->growth, n + 1);
	limit->grows = GROWTH_BYTES;
	if (n > 1 && text[n - 1] == '%') {
		limit->grows = GROWTH_PERCENT;
		text[n - 1] = 0;
		limit->least_broken = strtod(text, &end);
		bool fine = strspn(text, "0123456789.") == strlen(text) && !*end;
		return fine ? 0 : wrong(budget, i, "growth", "a share is a number and %");
	}
	if (n > 2 && !strcmp(text + n - 2, "/s")) {
		limit->grows = GROWTH_RATE;
		text[n - 2] = 0;
	}
	return amount(budget, i, "growth", text, limit->measure == MEASURE_REGIONS);
}

static int check_kinds(struct vp_budget *budget, size_t i)
{
	const char *words[256], *at = budget->limits[i].kind;
	size_t count = 0;
	for (; count < vp_kind_count() && count < 256; count++)
		words[count] = vp_kind_name(count);
	while (at && *at) {
		char word[64], text[200];
		bool known = false;
		size_t n = strcspn(at, ",");
		snprintf(word, sizeof word, "%.*s", (int)n, at);
		at += n + (at[n] == ',');
		for (size_t k = 0; k < count; k++)
			known |= !strcmp(word, words[k]);
		const char *near = known ? "" : vp_did_you_mean(word, words, count);
		if (!*near)
			continue; /* the stream may have such a kind */
		snprintf(text, sizeof text, "no kind \"%s\"%s", word, near);
		return wrong(budget, i, "kind", text);
	}
	return 0;
}

static int check_perms(struct vp_budget *budget, size_t i)
{
	const char *perms = budget->limits[i].perms;
	size_t n = perms ? strlen(perms) : 1;
	bool fine = !perms || (n == 4 ? !perms[strspn(perms, "rwxsp-?")]
	                              : n && n < 4 && !perms[strspn(perms, "rwxsp")]);
	return fine ? 0
	            : wrong(budget, i, "perms",
	                    "perms are letters of r w x s p that must be there, or four characters "
	                    "of r w x s p - and ?");
}

static int check(struct vp_budget *budget, size_t i)
{
	struct limit *limit = &budget->limits[i];
	if (!limit->most == !limit->growth)
		return wrong(budget, i, NULL, "a budget has either most or growth");
	if (limit->together && (limit->growth || limit->at == AT_END))
		return wrong(budget, i, "together", "only a peak can be of all together");
	if (check_kinds(budget, i) || check_perms(budget, i))
		return -1;
	return limit->growth
	               ? growth(budget, i)
	               : amount(budget, i, "most", limit->most, limit->measure == MEASURE_REGIONS);
}

/* "heap rw rss is at most 64M": the title of a budget without a name. */
static char *title_of(const struct limit *limit)
{
	const char *subjects[] = { limit->kind, limit->perms, limit->region };
	const char *verb = limit->at == AT_END ? "is at the end at most" : "is at most";
	char text[512] = "";
	size_t used = 0;
	if (limit->name)
		return strdup(limit->name);
	for (size_t i = 0; i < 3; i++)
		if (subjects[i] && used < sizeof text)
			used += (size_t)snprintf(text + used, sizeof text - used, "%s ",
			                         subjects[i]);
	if (used < sizeof text)
		snprintf(text + used, sizeof text - used, "%s %s %s",
		         vp_budget_measures[limit->measure],
		         limit->growth ? "grows by at most" : verb,
		         limit->growth ? limit->growth : limit->most);
	return strdup(text);
}

static int read_one(struct vp_budget *budget, int node)
{
	size_t i = budget->limit_count++;
	struct limit *limit = &budget->limits[i];
	if (vp_config_node(budget->config, node) != VP_NODE_MAP)
		return vp_config_wrong(budget->config, node,
		                       "a budget must be a mapping (key: value)");
	if (vp_options_init(&limit->options, rows, limit, "a budget"))
		return -1;
	struct vp_config_into into = { .options = &limit->options, .layer = VP_LAYER_YAML };
	if (vp_config_apply_node(budget->config, node, &into) || check(budget, i))
		return -1;
	limit->title = title_of(limit);
	return limit->title ? 0 : vp_no_memory();
}

int vp_budget_fill(struct vp_budget *budget, const char *path)
{
	static const char *const sections[] = { "budgets", NULL };
	struct vp_config *config = budget->config;
	if (vp_config_check(config, sections) || vp_config_kinds(config))
		return -1;
	int list = vp_config_find(config, "budgets");
	size_t count = vp_config_count(config, list);
	if (list && vp_config_node(config, list) != VP_NODE_LIST)
		return vp_config_wrong(config, list, "budgets must be a list");
	if (!count)
		return vp_fail("%s: there are no budgets in it", path);
	budget->limits = calloc(count, sizeof *budget->limits);
	if (!budget->limits)
		return vp_no_memory();
	for (size_t i = 0; i < count; i++)
		if (read_one(budget, vp_config_item(config, list, i)))
			return -1;
	return 0;
}
