/* A finding, put together: whether it is news, its text, its evidence, its regions. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "judge/inner.h"
#include "space/region.h"

bool vp_finding_due(struct told *told, enum vp_severity severity, uint64_t value)
{
	if (told->said && severity <= told->severity && value < told->worse)
		return false;
	told->said = true;
	if (severity > told->severity)
		told->severity = severity;
	told->worse = value < UINT64_MAX / 2 ? 2 * value : UINT64_MAX;
	return true;
}

void few_add(struct few_ids *ids, uint64_t id)
{
	if (ids->count < VP_FINDING_IDS)
		ids->at[ids->count++] = id;
}

void vp_finding_begin(struct vp_findings *findings, const struct finding_space *space,
                      enum vp_rule rule, enum vp_severity severity)
{
	struct vp_finding *finding = &findings->finding;
	finding->t = findings->t > space->t ? findings->t : space->t; /* never before its line */
	finding->pid = space->pid;
	finding->rule = vp_rule_names[rule];
	finding->severity = severity;
	finding->text[0] = 0;
	finding->id_count = finding->evidence_count = 0;
}

void vp_finding_text(struct vp_findings *findings, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	vsnprintf(findings->finding.text, sizeof findings->finding.text, format, list);
	va_end(list);
}

static struct vp_evidence *evidence(struct vp_findings *findings, const char *key)
{
	struct vp_finding *finding = &findings->finding;
	struct vp_evidence *next = &finding->evidence[finding->evidence_count];
	if (finding->evidence_count < VP_FINDING_EVIDENCE - 1)
		finding->evidence_count++;
	*next = (struct vp_evidence){ .key = key };
	return next;
}

void vp_finding_num(struct vp_findings *findings, const char *key, uint64_t value)
{
	evidence(findings, key)->value = value;
}

void vp_finding_sec(struct vp_findings *findings, const char *key, int64_t ns)
{
	struct vp_evidence *one = evidence(findings, key);
	one->type = VP_EV_SEC;
	one->value = (uint64_t)ns;
}

void vp_finding_share(struct vp_findings *findings, const char *key, double share)
{
	struct vp_evidence *one = evidence(findings, key);
	one->type = VP_EV_SHARE;
	one->value = share <= 0 ? 0 : (uint64_t)(share * 1000 + 0.5);
}

void vp_finding_word(struct vp_findings *findings, const char *key, const char *word)
{
	struct vp_evidence *one = evidence(findings, key);
	one->type = VP_EV_WORD;
	one->word = word;
}

void vp_finding_ids(struct vp_findings *findings, const struct few_ids *ids)
{
	memcpy(findings->finding.ids, ids->at, ids->count * sizeof *ids->at);
	findings->finding.id_count = ids->count;
}

void vp_finding_growth(struct vp_findings *findings, const struct vp_growth *growth)
{
	int64_t t = findings->finding.t;
	vp_finding_num(findings, "slope", (uint64_t)growth->slope);
	vp_finding_share(findings, "confidence", growth->confidence);
	vp_finding_sec(findings, "since", growth->since < t ? growth->since : t);
	vp_finding_num(findings, "samples", growth->samples);
	vp_finding_num(findings, "from", growth->from);
	vp_finding_num(findings, "to", growth->to);
}

void vp_finding_tell(struct vp_findings *findings)
{
	findings->sink.finding(findings->sink.ctx, &findings->finding);
}

struct size_words vp_finding_size(double bytes)
{
	struct size_words words;
	vp_size_into(words.text, bytes);
	return words;
}

/* By hand: it is asked of every region that is resized. */
static char *add_words(char *at, const char *text, size_t n)
{
	memcpy(at, text, n);
	at[n] = 0;
	return at + n;
}

static char *add_address(char *at, uint64_t address)
{
	at = add_words(at, "0x", 2);
	for (int shift = 60; shift >= 0; shift -= 4)
		*at++ = "0123456789abcdef"[address >> shift & 15];
	*at = 0;
	return at;
}

bool vp_finding_thread(char words[VP_FINDING_THREAD], const struct vp_region *region)
{
	char name[VP_THREAD_NAME];
	uint64_t tid;
	words[0] = 0;
	if (!vp_region_thread(region, &tid, name))
		return false;
	if (!vp_utf8_valid(vp_s(name)) || strlen(name) > 30)
		name[0] = 0;
	snprintf(words, VP_FINDING_THREAD, name[0] ? "%s (%llu)" : "%s%llu", name,
	         (unsigned long long)tid);
	return true;
}

void vp_finding_call(char words[VP_FINDING_WORDS], const struct vp_region *region)
{
	enum { MOST = 60, KIND_MOST = 33 };
	size_t n = region->name.n < MOST ? region->name.n : MOST;
	char thread[VP_FINDING_THREAD];
	if (!n && vp_finding_thread(thread, region)) {
		n = region->kind.n < KIND_MOST ? region->kind.n : KIND_MOST;
		char *at = add_words(words, region->kind.n ? region->kind.p : "", n);
		add_words(add_words(at, " of ", 4), thread, strlen(thread));
		return;
	}
	if (!n) {
		n = region->kind.n < KIND_MOST ? region->kind.n : KIND_MOST;
		char *at = add_words(words, region->kind.n ? region->kind.p : "", n);
		add_address(add_words(at, " at ", 4), region->start);
		return;
	}
	char *end = add_words(words, region->name.p, strnlen(region->name.p, n));
	if (region->name.n > MOST)
		end = add_words(end, "...", 3);
	if (vp_utf8_valid((vp_str){ words, (size_t)(end - words) }))
		return;
	for (char *c = words; *c; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
}
