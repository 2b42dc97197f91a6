/* Findings: processes and their looks, and how a finding is told. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/nearest.h"
#include "base/utf8.h"
#include "base/words.h"
#include "judge/inner.h"
#include "space/kind.h"
#include "stream/put.h"

const char *const vp_rule_names[VP_R_COUNT] = {
#define R(name, word) word,
	VP_RULES(R)
#undef R
};

static const char *const severities[] = { "info", "warning", "error" };

/* ---- which rules ---- */

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

/* ---- telling ---- */

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
	finding->t = space->t;
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

void vp_finding_call(char words[VP_FINDING_WORDS], const struct vp_region *region)
{
	enum { MOST = 60, KIND_MOST = 33 };
	size_t n = region->name.n < MOST ? region->name.n : MOST;
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

static void put_evidence(struct vp_out *out, const struct vp_evidence *one)
{
	char text[32];
	switch (one->type) {
	case VP_EV_NUM: vp_put_num(out, one->key, one->value); break;
	case VP_EV_SEC: vp_put_sec(out, one->key, (int64_t)one->value); break;
	case VP_EV_WORD: vp_put_str(out, one->key, (vp_str){ one->word, strlen(one->word) }); break;
	case VP_EV_SHARE:
		snprintf(text, sizeof text, "%llu.%03llu", (unsigned long long)one->value / 1000,
		         (unsigned long long)one->value % 1000);
		vp_put_json(out, one->key, (vp_str){ text, strlen(text) });
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
	vp_put_str(out, "rule", (vp_str){ finding->rule, strlen(finding->rule) });
	vp_put_str(out, "severity",
	           (vp_str){ severities[finding->severity],
	                     strlen(severities[finding->severity]) });
	vp_put_str(out, "text", (vp_str){ finding->text, strlen(finding->text) });
	if (finding->id_count)
		vp_put_json(out, "ids", (vp_str){ ids, n });
	for (size_t i = 0; i < finding->evidence_count; i++)
		put_evidence(out, &finding->evidence[i]);
	vp_put_end(out);
}

/* ---- processes ---- */

static struct finding_space *find(const struct vp_findings *findings, int64_t pid)
{
	size_t at = vp_places_get(&findings->pids, pid, SIZE_MAX);
	return at == SIZE_MAX ? NULL : findings->spaces[at];
}

/* NULL: no memory; then this process has no findings. */
static struct finding_space *make(struct vp_findings *findings, int64_t pid)
{
	struct finding_space *space = find(findings, pid);
	if (space)
		return space;
	struct finding_space **grown =
	        realloc(findings->spaces, (findings->count + 1) * sizeof *grown);
	if (!grown)
		return NULL;
	findings->spaces = grown;
	if (!(space = calloc(1, sizeof *space)))
		return NULL;
	space->pid = pid;
	if (vp_places_set(&findings->pids, pid, findings->count))
		return free(space), NULL;
	return grown[findings->count++] = space;
}

static void clear(struct finding_space *space)
{
	vp_finding_grow_clear(space);
	free(space->kinds);
	free(space->regions);
	free(space->groups);
}

void vp_findings_exit(struct vp_findings *findings, int64_t pid)
{
	size_t at = vp_places_get(&findings->pids, pid, SIZE_MAX);
	if (at == SIZE_MAX)
		return;
	struct finding_space *space = findings->spaces[at],
	                     *last = findings->spaces[--findings->count];
	findings->spaces[at] = last; /* it was there: the last one takes its place */
	vp_places_set(&findings->pids, last->pid, at);
	vp_places_drop(&findings->pids, pid);
	clear(space);
	free(space);
}

struct vp_findings *vp_findings_new(const struct vp_finding_options *options,
                                    const struct vp_finding_sink *sink)
{
	struct vp_findings *findings = calloc(1, sizeof *findings);
	if (!findings)
		return NULL;
	findings->options = *options;
	findings->sink = *sink;
	return findings;
}

void vp_findings_free(struct vp_findings *findings)
{
	if (!findings)
		return;
	while (findings->count)
		vp_findings_exit(findings, findings->spaces[0]->pid);
	free(findings->spaces);
	vp_places_free(&findings->pids);
	free(findings);
}

/* A number of the host; 0: not there. */
static uint64_t host_number(const struct vp_member *host, const char *key)
{
	struct vp_member m;
	uint64_t value;
	for (size_t at = 0; host && host->json == VP_OBJECT && vp_json_each(host->value, &at, &m);)
		if (vp_str_is(m.key, key))
			return vp_json_num(m.value, &value) ? value : 0;
	return 0;
}

void vp_findings_segment(struct vp_findings *findings, struct vp_record *stream)
{
	const struct vp_member *host = vp_record_member(stream, "host");
	while (findings->count)
		vp_findings_exit(findings, findings->spaces[0]->pid);
	findings->max_map_count = host_number(host, "max_map_count");
	findings->memory = host_number(host, "memory");
}

static uint64_t hash(vp_str text)
{
	uint64_t h = 14695981039346656037u;
	for (size_t i = 0; i < text.n; i++)
		h = (h ^ (unsigned char)text.p[i]) * 1099511628211u;
	return h;
}

/* Another program in the same process: nothing of what was found holds. */
static void renew(struct finding_space *space)
{
	int64_t pid = space->pid;
	clear(space);
	memset(space, 0, sizeof *space);
	space->pid = pid;
}

/* Programs that are known to compile as they run, and to keep what they have compiled writable. */
static bool is_compiler(vp_str exe)
{
	static const char *const names[] = { "node",     "nodejs",  "deno",
		                             "bun",      "java",    "luajit",
		                             "dotnet",   "mono",    "beam.smp",
		                             "julia",    "chrome",  "chromium",
		                             "electron", "firefox", "qemu-system-x86_64" };
	const char *slash = exe.n ? memrchr(exe.p, '/', exe.n) : NULL;
	if (slash)
		exe = (vp_str){ slash + 1, exe.n - (size_t)(slash + 1 - exe.p) };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (vp_str_is(exe, names[i]))
			return true;
	return false;
}

void vp_findings_process(struct vp_findings *findings, struct vp_record *process)
{
	vp_str why = vp_record_str(process, "why");
	struct finding_space *space = make(findings, process->pid);
	if (!space)
		return;
	if (!vp_str_is(why, "first"))
		renew(space);
	if (!vp_record_num(process, "stack_limit", &space->stack_limit))
		space->stack_limit = 0;
	if (!vp_record_num(process, "memory_limit", &space->memory_limit))
		space->memory_limit = 0;
	space->compiles = is_compiler(vp_record_str(process, "exe"));
	space->cgroup = hash(vp_record_str(process, "cgroup"));
}

/* ---- looks ---- */

static bool ensure_kind(struct finding_space *space, size_t kind)
{
	if (kind < space->kind_count)
		return true;
	size_t count = vp_kind_count() > kind ? vp_kind_count() : kind + 1;
	struct kind_life *grown = realloc(space->kinds, count * sizeof *grown);
	if (!grown)
		return false;
	memset(grown + space->kind_count, 0, (count - space->kind_count) * sizeof *grown);
	space->kinds = grown;
	space->kind_count = count;
	return true;
}

struct going {
	const struct vp_findings *findings;
	struct finding_space *space;
	vp_str kind; /* of the region before */
	size_t index;
};

static bool measured(const struct vp_region *region, enum vp_measure measure)
{
	return region->measured >> measure & 1;
}

static void add_up(struct sum *sum, uint64_t id, const struct vp_region *region)
{
	sum->regions++;
	sum->size += region->size;
	sum->rss += measured(region, VP_M_rss) ? region->measure[VP_M_rss] : 0;
	few_add(&sum->ids, id);
}

static void visit(void *ctx, uint64_t id, const struct vp_region *region)
{
	struct going *going = ctx;
	struct finding_space *space = going->space;
	if (going->kind.n != region->kind.n || !region->kind.n ||
	    memcmp(going->kind.p, region->kind.p, region->kind.n)) {
		going->kind = region->kind;
		going->index =
		        vp_kind_index(region->kind.n ? region->kind : (vp_str){ "unknown", 7 });
	}
	if (!ensure_kind(space, going->index))
		return;
	struct kind_life *kind = &space->kinds[going->index];
	add_up(&kind->sum, id, region);
	add_up(&space->all, id, region);
	if (strchr(region->perms, 'w') && strchr(region->perms, 'x'))
		add_up(&kind->both, id, region);
	space->resident_known |= measured(region, VP_M_rss);
	space->pss_known |= measured(region, VP_M_pss);
	space->pss += measured(region, VP_M_pss) ? region->measure[VP_M_pss] : 0;
	if (space->added)
		vp_finding_grow_region(space, id, region, going->index);
	vp_finding_limit_region(space, id, region);
	vp_finding_shape_region(going->findings, space, id, region);
}

static void begin_look(struct finding_space *space)
{
	for (size_t i = 0; i < space->kind_count; i++)
		space->kinds[i].sum = space->kinds[i].both = (struct sum){ 0 };
	for (size_t i = 0; i < space->group_count && space->added; i++)
		space->groups[i].live = space->groups[i].total = space->groups[i].largest =
		        space->groups[i].ids.count = 0,
		space->groups[i].smallest = UINT64_MAX;
	space->all = space->reserved = space->unguarded = (struct sum){ 0 };
	space->main = space->thread = (struct stack_use){ 0 };
	space->reserved_usable = space->holes = space->narrow = space->free = space->largest_hole =
	        space->top = space->pss = space->last_end = 0;
	space->resident_known = space->pss_known = space->last_open = false;
}

void vp_findings_change(struct vp_findings *findings, const struct vp_change *change)
{
	struct finding_space *space = make(findings, change->pid);
	if (!space)
		return;
	space->changed = true;
	space->added |= change->event == VP_E_MMAP_ADD || change->event == VP_E_MUNMAP_REMOVE;
	vp_finding_grow_change(findings, space, change);
}

void vp_findings_frame(struct vp_findings *findings, int64_t pid)
{
	struct finding_space *space = make(findings, pid);
	if (space)
		space->changed = true;
}

void vp_findings_look(struct vp_findings *findings, int64_t t, int64_t pid,
                      const struct vp_tracker *tracker)
{
	struct finding_space *space = make(findings, pid);
	if (!space)
		return;
	if (space->changed) {
		begin_look(space);
		vp_tracker_visit(tracker, pid, visit,
		                 &(struct going){ .findings = findings, .space = space });
		space->t = t;
		vp_finding_grow_judge(findings, space);
		vp_finding_limit_judge(findings, space);
		vp_finding_shape_judge(findings, space);
		space->changed = space->added = false;
	}
	space->t = t;
	vp_finding_end_judge(findings, space);
	space->look++;
}
