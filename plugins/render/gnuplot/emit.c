/* The gnuplot renderer's writer: quoted text, labels at pixels, colours.
 *
 * gnuplot looks into strings: in "..." it runs `commands` and reads escapes, in data it reads
 * escapes, in tick words and formats it reads %, in enhanced text {}_^@&. So all text is in '...',
 * where nothing has a meaning, all terminals are noenhanced, and data blocks hold numbers only. A '
 * is written as '."'".' and not as '', which gnuplot 5.4 misreads at the beginning of a string.
 * gnuplot writes text into SVG as CDATA, untouched: the > of ]]>, which would end it, is written as
 * \x3e. */
#include "inner.h"
#include "../kit/width.h"

#include <math.h>
#include <stdarg.h>

void gp_quote(struct gp *g, const char *text, size_t bytes, bool percent)
{
	const char *begin = text, *end = text + bytes;
	fputc('\'', g->to);
	while (text < end && *text) {
		const char *from = text;
		uint32_t c = vp_code_point(&text);
		char shown[12];
		if (c == VP_BAD_BYTE)
			fputs("\xef\xbf\xbd", g->to);
		else if (c == '\'')
			fputs("'.\"'\".'", g->to);
		else if (c == '%' && percent)
			fputs("%%", g->to);
		else if (vp_acts(c) ||
		         (c == '>' && from - begin >= 2 && from[-1] == ']' && from[-2] == ']'))
			fwrite(shown, 1, vp_show_escape(shown, c), g->to);
		else
			fwrite(from, 1, (size_t)(text - from), g->to);
	}
	fputc('\'', g->to);
}

/* Returns the bytes of `text` that fit into `width`; *cut: not all of them. */
static size_t fitted(const char *text, double width, double size, bool *cut)
{
	size_t n = vp_text_fits(text, width, size);
	*cut = text[n] != 0;
	return *cut ? vp_text_fits(text, width - size, size) : n;
}

static void dots(struct gp *g, bool cut)
{
	if (cut)
		fputs(".'…'", g->to);
}

void gp_label(struct gp *g, double x, double y, const struct gp_style *style, const char *text,
              double width)
{
	double size = style->size * g->page.u;
	bool cut, front = text &&
	                  text[0] == '/'; /* a long path keeps its end, the name of the file */
	if (!text || !*text)
		return;
	fputs("set label ", g->to);
	if (front && vp_text_width(text, size) > width) {
		while (*text && vp_text_width(text, size) > width - size)
			vp_code_point(&text);
		fputs("'…'.", g->to);
		gp_quote(g, text, strlen(text), false);
	} else {
		size_t n = fitted(text, width, size, &cut);
		gp_quote(g, text, n, false);
		dots(g, cut);
	}
	fprintf(g->to, " at screen %.6g,%.6g %s front font f(%s,%.4g) textcolor rgb %s%s\n",
	        x / g->page.width, 1 - y / g->page.height, style->align, style->font, size,
	        style->colour, style->boxed ? " boxed" : "");
}

void gp_rectangle(struct gp *g, double x, double y, double w, double h, const char *colour,
                  const char *layer)
{
	fprintf(g->to,
	        "set object rectangle from screen %.6g,%.6g to screen %.6g,%.6g %s fillcolor rgb "
	        "%s fillstyle solid noborder\n",
	        x / g->page.width, 1 - (y + h) / g->page.height, (x + w) / g->page.width,
	        1 - y / g->page.height, layer, colour);
}

void gp_clause(struct gp *g, const char *format, ...)
{
	va_list list;
	fputs(g->clauses++ ? ", \\\n     " : "plot ", g->to);
	va_start(list, format);
	vfprintf(g->to, format, list);
	va_end(list);
}

uint32_t gp_colour(const struct gp *g, const struct vp_figure *f, size_t class)
{
	if (class >= f->class_count)
		return 0x808080;
	return (g->theme ? f->classes[class].dark : f->classes[class].light) & 0xffffff;
}

uint32_t gp_shade(const struct gp *g, uint32_t rgb)
{
	uint32_t out = 0, to = g->theme ? 255 : 0;
	for (int shift = 0; shift <= 16; shift += 8)
		out |= ((rgb >> shift & 0xff) * 3 + to) / 4 << shift;
	return out;
}

/* Rec. 601 luma */
uint32_t gp_ink(uint32_t rgb)
{
	return (rgb >> 16 & 0xff) * 299 + (rgb >> 8 & 0xff) * 587 + (rgb & 0xff) * 114 > 140000
	               ? 0x111827
	               : 0xffffff;
}
