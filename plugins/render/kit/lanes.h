/* Words that must not overlap: places taken on a line, and lanes of words above the lines of flags.
 */
#ifndef VMPIPE_RENDER_KIT_LANES_H
#define VMPIPE_RENDER_KIT_LANES_H

#include <stdio.h>

#include "plugin.h"

enum { VP_PLACES = 512, VP_LANES = 3 };

/* Parts of a line that words have taken. */
struct vp_places {
	size_t n;
	double a[VP_PLACES], b[VP_PLACES];
};

static inline bool vp_place_take(struct vp_places *p, double a, double b)
{
	for (size_t i = 0; i < p->n; i++)
		if (a < p->b[i] && b > p->a[i])
			return false;
	if (p->n == VP_PLACES)
		return false;
	p->a[p->n] = a;
	p->b[p->n++] = b;
	return true;
}

/* Sorts flags from right to left. Returns their number. */
static inline size_t vp_flags_by_x(const struct vp_figure *f, size_t index[VP_PLACES])
{
	size_t n = 0;
	for (size_t i = 0; i < f->flag_count && n < VP_PLACES; i++, n++) {
		size_t j = n;
		for (; j && f->flags[index[j - 1]].x < f->flags[i].x; j--)
			index[j] = index[j - 1];
		index[j] = i;
	}
	return n;
}

/* The place of a flag's words. The rightmost flag is lowest, so that no line crosses the words of
 * another. */
struct vp_flag_words {
	int lane;  /* -1: no room; only the line is drawn */
	bool left; /* the words stand left of the line */
};

static inline bool vp_lanes_crossed(const struct vp_places lanes[VP_LANES], int lane, double x)
{
	while (lane--)
		for (size_t i = 0; i < lanes[lane].n; i++)
			if (x > lanes[lane].a[i] && x < lanes[lane].b[i])
				return true;
	return false;
}

/* Places the words of a flag at x, `width` wide, in a picture that ends at `right`. Call it for
 * flags from right to left. */
static inline struct vp_flag_words vp_lanes_words(struct vp_places lanes[VP_LANES], double x,
                                                  double width, double right)
{
	struct vp_flag_words w = { 0, x + width > right - 4 };
	if (w.left && x - width < 4)
		return (struct vp_flag_words){ -1, false };
	for (; w.lane < VP_LANES && !vp_lanes_crossed(lanes, w.lane, x); w.lane++)
		if (vp_place_take(&lanes[w.lane], w.left ? x - width : x, w.left ? x : x + width))
			return w;
	return (struct vp_flag_words){ -1, false };
}

/* Writes the note about flags without words; NULL: there are none. */
static inline const char *vp_lanes_note(char *words, size_t room, size_t unnamed)
{
	if (!unnamed)
		return NULL;
	snprintf(words, room,
	         unnamed == 1 ? "1 marker is unlabelled" : "%zu markers are unlabelled", unnamed);
	return words;
}

#endif
