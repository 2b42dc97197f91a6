/* Marks, findings, losses, exec, fork and exit as upright lines over a picture with a time axis. */
#include "view_build.h"

#include <string.h>

#define FLAGS_MAX 60
#define WORDS_MAX 60

static const char *flag_words(struct vp_build *build, const struct vp_note *note, bool many)
{
	struct vp_arena *arena = build->arena;
	const char *who = many && note->pid >= 0 ? vp_arena_print(arena, " (%lld)", (long long)note->pid) : "";
	if (!*note->text)
		return vp_arena_print(arena, "%s%s", note->type, who);
	size_t n = strlen(note->text);
	const char *cut = n > WORDS_MAX ? "..." : "";
	if (n > WORDS_MAX)
		for (n = WORDS_MAX; n && (note->text[n] & 0xc0) == 0x80;)
			n--; /* not inside a character */
	if (!strcmp(note->type, "mark"))
		return vp_arena_print(arena, "%.*s%s%s", (int)n, note->text, cut, who);
	return vp_arena_print(arena, "%s%s: %.*s%s", note->type, who, (int)n, note->text, cut);
}

static bool of_life(const struct vp_note *note)
{
	return !strcmp(note->type, "exec") || !strcmp(note->type, "fork") || !strcmp(note->type, "exit") || !strcmp(note->type, "reused");
}

static void flags(struct vp_build *build, int64_t t0, int64_t t1, int64_t pid, bool lives)
{
	const struct vp_model *model = build->model;
	size_t hidden = 0;
	for (size_t i = 0; i < model->note_count; i++) {
		const struct vp_note *note = &model->notes[i];
		if ((!lives && of_life(note)) || note->t < t0 || note->t > t1 || (pid >= 0 && note->pid >= 0 && note->pid != pid))
			continue;
		if (build->figure->flag_count >= FLAGS_MAX) {
			hidden++;
			continue;
		}
		vp_build_flag(build, t1 > t0 ? (double)(note->t - t0) / (double)(t1 - t0) : 0, flag_words(build, note, pid < 0 && model->proc_count > 1));
	}
	if (hidden)
		vp_build_note(build, vp_arena_print(build->arena, "%zu more marks, findings and events are not shown; narrow --from and --to", hidden));
}

void vp_flags_of(struct vp_build *build, int64_t t0, int64_t t1, int64_t pid)
{
	flags(build, t0, t1, pid, true);
}

void vp_flags_told(struct vp_build *build, int64_t t0, int64_t t1, int64_t pid)
{
	flags(build, t0, t1, pid, false);
}
