/* Marks, findings, losses, exec, fork and exit as upright lines over a picture with a time axis:
 * markers. */
#include "view/axis.h"
#include "view/flags.h"

#include <string.h>

#define FLAGS_MAX    60
#define WORDS_MAX    60
#define PIXELS_APART 3.0

static const char *flag_words(struct vp_build *build, const struct vp_note *note, bool many)
{
	struct vp_pool *pool = build->pool;
	const char *who = "";
	if (many && note->pid >= 0)
		who = vp_pool_print(pool, " (%lld)", (long long)note->pid);
	if (!*note->text)
		return vp_pool_print(pool, "%s%s", note->type, who);
	size_t n = strlen(note->text);
	const char *cut = n > WORDS_MAX ? "..." : "";
	if (n > WORDS_MAX)
		for (n = WORDS_MAX; n && (note->text[n] & 0xc0) == 0x80;)
			n--; /* not inside a character */
	if (!strcmp(note->type, "mark"))
		return vp_pool_print(pool, "%.*s%s%s", (int)n, note->text, cut, who);
	return vp_pool_print(pool, "%s%s: %.*s%s", note->type, who, (int)n, note->text, cut);
}

static bool of_life(const struct vp_note *note)
{
	return !strcmp(note->type, "exec") || !strcmp(note->type, "fork") ||
	       !strcmp(note->type, "exit") || !strcmp(note->type, "reused");
}

/* Flags so near each other that their lines would be one. */
struct group {
	const struct vp_note *first;
	double x;
	size_t count;
};

struct groups {
	struct vp_build *build;
	struct group now;
	size_t hidden, merged, into;
	bool many; /* texts name the process */
};

static void group_end(struct groups *all)
{
	struct vp_build *build = all->build;
	const struct group *now = &all->now;
	if (!now->count)
		return;
	if (build->figure->flag_count >= FLAGS_MAX) {
		all->hidden += now->count;
		return;
	}
	const char *words = flag_words(build, now->first, all->many);
	if (now->count > 1)
		words = vp_pool_print(build->pool, "%s and %zu more", words, now->count - 1);
	vp_build_flag(build, now->x, words);
	all->merged += now->count > 1 ? now->count : 0;
	all->into += now->count > 1;
}

/* Adds a note to the group at x, or begins a new group. A user's mark names its group. */
static void group_add(struct groups *all, const struct vp_note *note, double x)
{
	const struct vp_view_options *options = all->build->options;
	double least = (options->text ? 1.0 : PIXELS_APART) / options->width;
	if (all->now.count && x - all->now.x < least) {
		all->now.count++;
		if (!strcmp(note->type, "mark") && strcmp(all->now.first->type, "mark"))
			all->now.first = note;
		return;
	}
	group_end(all);
	all->now = (struct group){ note, x, 1 };
}

static void flags(struct vp_build *build, int64_t t0, int64_t t1, int64_t pid, bool lives)
{
	const struct vp_model *model = build->model;
	struct groups all = { .build = build, .many = pid < 0 && model->proc_count > 1 };
	for (size_t i = 0; i < model->note_count; i++) {
		const struct vp_note *note = &model->notes[i];
		if ((!lives && of_life(note)) || note->t < t0 || note->t > t1 ||
		    (pid >= 0 && note->pid >= 0 && note->pid != pid))
			continue;
		group_add(&all, note, vp_axis_at(note->t, t0, t1));
	}
	group_end(&all);
	if (all.merged && all.into == 1)
		vp_build_note(build, "%zu markers overlap and are drawn as one", all.merged);
	else if (all.merged)
		vp_build_note(build, "%zu markers overlap and are drawn as %zu", all.merged,
		              all.into);
	if (all.hidden)
		vp_build_note(build, "%zu more markers are not shown (narrow --from and --to)",
		              all.hidden);
}

void vp_flags_of(struct vp_build *build, int64_t t0, int64_t t1, int64_t pid)
{
	flags(build, t0, t1, pid, true);
}

void vp_flags_told(struct vp_build *build, int64_t t0, int64_t t1, int64_t pid)
{
	flags(build, t0, t1, pid, false);
}
