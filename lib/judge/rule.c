/* The rules by name, and the lines of findings. */
#include "judge/rule.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/nearest.h"
#include "stream/put.h"

const char *const vp_rule_names[VP_R_COUNT] = {
#define R(name, word) word,
	VP_RULES(R)
#undef R
};

static const char *const severities[] = { "info", "warning", "error" };

static int rule_word(const char *word, size_t n, uint32_t *rules)
{
	static const char *words[VP_R_COUNT + 2];
	bool without = n && *word == '-';
	char text[64];
	snprintf(text, sizeof text, "%.*s", (int)(n < 60 ? n : 60) - without, word + without);
	uint32_t bits = !strcmp(text, "all") ? (1u << VP_R_COUNT) - 1 : 0;
	for (unsigned i = 0; i < VP_R_COUNT; i++) {
		words[i] = vp_rule_names[i];
		if (!strcmp(text, vp_rule_names[i]))
			bits = 1u << i;
	}
	if (!bits && strcmp(text, "none")) {
		words[VP_R_COUNT] = "all";
		words[VP_R_COUNT + 1] = "none";
		return vp_fail("no rule \"%s\"%s", text,
		               vp_did_you_mean(text, words, VP_R_COUNT + 2));
	}
	*rules = without ? *rules & ~bits : *rules | bits;
	return 0;
}

int vp_finding_rules(const char *list, uint32_t *rules)
{
	*rules = 0;
	for (const char *at = list ? list : "all";;) {
		size_t n = strcspn(at, ",");
		if (rule_word(at, n, rules))
			return -1;
		if (!at[n])
			return 0;
		at += n + 1;
	}
}

static void put_evidence(struct vp_out *out, const struct vp_evidence *one)
{
	char text[32];
	switch (one->type) {
	case VP_EV_NUM: vp_put_num(out, one->key, one->value); break;
	case VP_EV_SEC: vp_put_sec(out, one->key, (int64_t)one->value); break;
	case VP_EV_WORD: vp_put_str(out, one->key, vp_s(one->word)); break;
	case VP_EV_SHARE:
		snprintf(text, sizeof text, "%llu.%03llu", (unsigned long long)one->value / 1000,
		         (unsigned long long)one->value % 1000);
		vp_put_json(out, one->key, vp_s(text));
	}
}

void vp_put_finding(struct vp_out *out, const struct vp_finding *finding)
{
	char ids[VP_FINDING_IDS * 22 + 3] = "[";
	size_t n = 1;
	for (size_t i = 0; i < finding->id_count; i++)
		n += (size_t)snprintf(ids + n, sizeof ids - n, "%s%llu", i ? "," : "",
		                      (unsigned long long)finding->ids[i]);
	ids[n++] = ']';
	vp_put_begin(out, "finding", finding->t, finding->pid);
	vp_put_str(out, "rule", vp_s(finding->rule));
	vp_put_str(out, "severity", vp_s(severities[finding->severity]));
	vp_put_str(out, "text", vp_s(finding->text));
	if (finding->id_count)
		vp_put_json(out, "ids", (vp_str){ ids, n });
	for (size_t i = 0; i < finding->evidence_count; i++)
		put_evidence(out, &finding->evidence[i]);
	vp_put_end(out);
}
