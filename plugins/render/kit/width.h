/* Estimates the width of a text without its font: rather too wide than too narrow. */
#ifndef VMPIPE_RENDER_KIT_WIDTH_H
#define VMPIPE_RENDER_KIT_WIDTH_H

#include <string.h>

#include "text.h"

/* Returns the width of a character as a share of the font size, after DejaVu Sans, the widest of
 * the common sans fonts. */
static inline double vp_advance(uint32_t c)
{
	char shown[12];
	if (c == VP_BAD_BYTE)
		return 1.03;
	if (vp_acts(c))
		return 0.64 * (double)vp_show_escape(shown, c);
	if (c >= 0x80)
		return vp_columns(c) == 2 ? 1.1 : vp_columns(c) * 0.68;
	if (strchr("ijlI.,:;'|!", (int)c))
		return 0.33;
	if (strchr(" ()[]ftr-/", (int)c))
		return 0.40;
	if (strchr("mwMWO@%Q", (int)c))
		return 0.97;
	return c >= 'A' && c <= 'Z' ? 0.72 : 0.63;
}

/* Returns the width in the unit of `size`; 0 for NULL. */
static inline double vp_text_width(const char *text, double size)
{
	double sum = 0;
	while (text && *text)
		sum += vp_advance(vp_code_point(&text));
	return sum * size;
}

/* Returns the bytes of the text that fit. */
static inline size_t vp_text_fits(const char *text, double width, double size)
{
	const char *p = text, *good = text;
	double sum = 0;
	while (*p) {
		sum += vp_advance(vp_code_point(&p)) * size;
		if (sum > width)
			break;
		good = p;
	}
	return (size_t)(good - text);
}

/* Whether a text is an address, to be set in a fixed pitch: 0x7f00..., or sixteen digits as pmap
 * prints them. */
static inline bool vp_is_address(const char *text)
{
	size_t prefix, digits;
	if (!text)
		return false;
	prefix = text[0] == '0' && text[1] == 'x' ? 2 : 0;
	digits = strspn(text + prefix, "0123456789abcdef");
	return text[prefix + digits] == 0 && digits >= (prefix ? 1 : 16);
}

#endif
