/* The layout of a page of pixels. */
#include "page.h"

#include "lanes.h"
#include "width.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 13, LEAST = 80 /* px; the page grows for a lower plot */ };

double page_share(double v)
{
	return v >= 0 && v <= 1 ? v : v > 1 ? 1 : 0;
}

static int limited(int value, int least, int preset)
{
	enum { MOST = 32000 };
	if (value <= 0)
		return preset;
	if (value < least)
		return least;
	return value > MOST ? MOST : value;
}

void page_init(struct page *page, int width, int height, double u)
{
	*page = (struct page){ .width = limited(width, 160, 1200),
		               .height = limited(height, 120, 720),
		               .u = u,
		               .digit = 6.4,
		               .gap = 12 };
	page->indent = (page->width < 480 ? 10 : 28) * u;
}

void page_free(struct page *page)
{
	free(page->x_ticks);
	free(page->y_ticks);
	free(page->flags);
	page->x_ticks = page->y_ticks = NULL;
	page->flags = NULL;
}

double page_header(const struct page *page, const struct vp_figure *f)
{
	return (f->subtitle && *f->subtitle ? 80 : 58) * page->u;
}

/* ---- notes ---- */

size_t page_line(const char *text, double width, double size)
{
	size_t n = vp_text_fits(text, width, size), cut = n;
	if (!text[n])
		return n;
	while (cut && text[cut] != ' ')
		cut--;
	if (cut)
		return cut;
	return n ? n : strlen(text);
}

static int lines_of(const char *text, double width, double size)
{
	int lines = 0;
	for (; *text; lines++) {
		text += page_line(text, width, size);
		while (*text == ' ')
			text++;
	}
	return lines;
}

double page_notes(const struct page *page, const struct vp_figure *f)
{
	int lines = page->unnamed > 0;
	for (size_t i = 0; i < f->note_count; i++)
		lines += lines_of(f->notes[i], page->width - 2 * page->indent, 11 * page->u);
	return lines ? (lines * PAGE_NOTE_ROW + 4) * page->u : 0;
}

const char *page_unnamed(const struct page *page, char *words, size_t room)
{
	return vp_lanes_note(words, room, page->unnamed);
}

/* ---- the legend ---- */

static unsigned keys_for(uint32_t flags)
{
	return (unsigned)!!(flags & VP_BOX_NEW) << PAGE_NEW |
	       (unsigned)!!(flags & VP_BOX_GONE) << PAGE_GONE |
	       (unsigned)!!(flags & VP_BOX_CHANGED) << PAGE_CHANGED;
}

static unsigned keys_of(const struct vp_figure *f)
{
	unsigned keys = 0;
	for (size_t i = 0; f->shape == VP_BOXES && !f->empty && i < f->box_count; i++) {
		const struct vp_box *b = &f->boxes[i];
		keys |= (b->fill >= 0 && b->fill < 1) << PAGE_RESIDENT;
		keys |= keys_for(b->flags);
	}
	for (size_t i = 0; f->shape == VP_STACKS && !f->empty && i < f->frame_count; i++)
		keys |= keys_for(f->frames[i].flags);
	return keys;
}

size_t page_items(const struct page *page, const struct vp_figure *f)
{
	if (page->plot_only && (f->shape == VP_TABLE || f->empty))
		return 0;
	return f->class_count + (size_t)__builtin_popcount(keys_of(f));
}

static double item_width(const struct page *page, const struct vp_class *c)
{
	double details = c->detail && !page->terse ? 8 + vp_text_width(c->detail, 11) : 0;
	return (PAGE_SWATCH + 7 + vp_text_width(c->name, 12) + details + 22) * page->u;
}

/* Returns as many columns as the widest entry allows. */
static size_t columns_of(const struct page *page, const struct vp_figure *f)
{
	double widest = (page->terse ? 90 : 120) * page->u,
	       room = fmax(page->width - 2 * page->indent, 1);
	size_t columns, items = page_items(page, f);
	for (size_t i = 0; i < f->class_count; i++)
		widest = fmax(widest, item_width(page, &f->classes[i]));
	columns = (size_t)fmax(room / fmin(widest, room), 1);
	return columns > items && items ? items : columns;
}

double page_legend(const struct page *page, const struct vp_figure *f)
{
	size_t items = page_items(page, f), columns = columns_of(page, f);
	double rows = (double)((items + columns - 1) / columns);
	return items ? (rows * PAGE_LEGEND_ROW + 8) * page->u : 0;
}

double page_feet(const struct page *page, const struct vp_figure *f)
{
	return page_legend(page, f) + page_notes(page, f) + 16 * page->u;
}

struct page_item page_item(const struct page *page, const struct vp_figure *f, size_t i)
{
	static const char *const words[PAGE_KEYS] = { "resident", "new", "gone", "changed" };
	size_t columns = columns_of(page, f), left = i - f->class_count;
	unsigned keys = keys_of(f);
	struct page_item item = { .index = i };
	int key = 0;
	item.room = (page->width - 2 * page->indent) / (double)columns;
	item.x = page->indent + (double)(i % columns) * item.room;
	item.y = (double)(i / columns) * PAGE_LEGEND_ROW * page->u;
	if (i < f->class_count) {
		item.class = f->classes[i];
		return item;
	}
	for (; key < PAGE_KEYS - 1; key++)
		if (keys >> key & 1 && !left--)
			break;
	item.index = f->class_count;
	item.key = (enum page_key)key;
	item.class.name = words[key];
	return item;
}

/* ---- flags ---- */

/* Places the words of flags in lanes. Returns the number of lanes, or -1: no memory. */
static int place_flags(struct page *page, const struct vp_figure *f)
{
	struct vp_places *lanes = calloc(VP_LANES, sizeof *lanes);
	size_t index[VP_PLACES], n = vp_flags_by_x(f, index);
	int most = 0;
	if (!lanes)
		return -1;
	page->unnamed = f->flag_count - n;
	page->flag_count = n;
	for (size_t i = 0; i < page->flag_count; i++) {
		const struct vp_flag *flag = &f->flags[index[i]];
		double x = page->x + page_share(flag->x) * page->w,
		       width = (vp_text_width(flag->text, 11) + 10) * page->u;
		struct vp_flag_words w = vp_lanes_words(lanes, x, width, page->width);
		page->flags[i] = (struct page_flag){ flag, x, w.lane, w.left };
		page->unnamed += w.lane < 0;
		most = w.lane + 1 > most ? w.lane + 1 : most;
	}
	free(lanes);
	return most;
}

/* ---- ticks ---- */

static double tick_width(const struct page *page, const struct vp_tick *t)
{
	if (!t->text)
		return 0;
	if (vp_is_address(t->text))
		return (double)strlen(t->text) * page->digit * page->u;
	return vp_text_width(t->text, t->fold ? 10 : 11) * page->u;
}

static double gutter(const struct page *page, const struct vp_axis *y)
{
	double widest = 0;
	for (size_t i = 0; i < y->count; i++)
		widest = fmax(widest, tick_width(page, &y->ticks[i]));
	return fmin(widest + page->gap * page->u, page->width / 3.0);
}

static void place_y(struct page *page, const struct vp_axis *axis, struct vp_places *taken)
{
	double half = LINE * page->u / 2;
	taken->n = 0;
	for (int fold = 0; fold < 2; fold++)
		for (size_t i = 0; i < axis->count; i++) {
			const struct vp_tick *t = &axis->ticks[i];
			double y = page->y + (1 - page_share(t->at)) * page->h;
			if (t->fold == fold &&
			    (!t->text || vp_place_take(taken, y - half, y + half)))
				page->y_ticks[page->y_count++] = (struct page_tick){ t, y, y };
		}
}

static void place_x(struct page *page, const struct vp_axis *axis, struct vp_places *taken)
{
	taken->n = 0;
	for (size_t i = 0; i < axis->count; i++) {
		const struct vp_tick *t = &axis->ticks[i];
		double x = page->x + page_share(t->at) * page->w, half = tick_width(page, t) / 2,
		       apart = half + 6 * page->u, middle = x;
		if (page->centred && x + half > page->width - 4)
			continue;
		if (!page->centred)
			middle = fmin(fmax(x, 4 + half), page->width - 4 - half);
		if (!t->text || vp_place_take(taken, middle - apart, middle + apart))
			page->x_ticks[page->x_count++] = (struct page_tick){ t, x, middle };
	}
}

/* ---- the plot ---- */

static bool has_words(const struct vp_axis *axis)
{
	for (size_t i = 0; i < axis->count; i++)
		if (axis->ticks[i].text)
			return true;
	return false;
}

/* Grows the page; shrinks it by a negative amount. */
static void grow(struct page *page, double more)
{
	page->height += (int)more;
	page->h += more;
}

size_t page_levels(const struct vp_figure *f)
{
	size_t levels = 1;
	for (size_t i = 0; i < f->frame_count; i++)
		if (f->frames[i].depth >= levels)
			levels = (size_t)f->frames[i].depth + 1;
	return levels;
}

/* Returns the height of stacks, which follows from their levels. */
static double stacks_height(const struct page *page, const struct vp_figure *f)
{
	enum { LOW = 17, HIGH = 26, MOST = 30000 };
	double levels = (double)page_levels(f), row = page->h / levels;
	row = fmin(fmax(row, LOW * page->u), HIGH * page->u);
	return fmin(fmax(levels * row, LEAST * page->u), MOST);
}

int page_plot(struct page *page, const struct vp_figure *f)
{
	double under = (16 + (has_words(&f->x) ? 18 : 0) + (f->x.title ? 16 : 0)) * page->u;
	struct vp_places *taken = malloc(sizeof *taken);
	page_free(page);
	page->x_ticks = calloc(f->x.count + 1, sizeof *page->x_ticks);
	page->y_ticks = calloc(f->y.count + 1, sizeof *page->y_ticks);
	page->flags = calloc(f->flag_count + 1, sizeof *page->flags);
	if (!taken || !page->x_ticks || !page->y_ticks || !page->flags) {
		free(taken);
		return -1;
	}
	page->terse = page_legend(page, f) > page->height * 0.3;
	page->x = page->indent + gutter(page, &f->y);
	page->w = fmax(page->width - page->indent - page->x, 10);
	page->y = page_header(page, f) + (f->y.title ? 16 * page->u : 0);
	int lanes = place_flags(page, f);
	page->y += lanes * PAGE_LANE * page->u;
	/* after place_flags: the notes mention flags without words */
	page->h = page->height - page_feet(page, f) - under - page->y;
	if (f->shape == VP_STACKS)
		grow(page, stacks_height(page, f) - page->h);
	else if (page->h < LEAST * page->u)
		grow(page, LEAST * page->u - page->h);
	page->below = page->y + page->h + under;
	place_y(page, &f->y, taken);
	place_x(page, &f->x, taken);
	free(taken);
	return lanes < 0 ? -1 : 0;
}
