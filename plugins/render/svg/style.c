/* The SVG's colours: plain rules for one theme; for `auto` the dark ones too, in a media query. */
#include "inner.h"

#include <stdio.h>
#include <string.h>

static const char light_css[] = {
#include "plugins/render/svg/light.css.h"
	0
};
static const char dark_css[] = {
#include "plugins/render/svg/dark.css.h"
	0
};

static const char touch_css[] = {
#include "plugins/render/svg/touch.css.h"
	0
};
static const char touch_dark_css[] = {
#include "plugins/render/svg/touch_dark.css.h"
	0
};
static const char touch_js[] = {
#include "plugins/render/svg/touch.js.h"
	0
};

static unsigned channel(uint32_t rgb, int shift)
{
	return rgb >> shift & 0xff;
}

/* Moves rgb a quarter of the way towards `to` (0 or 255). */
static uint32_t shade(uint32_t rgb, unsigned to)
{
	uint32_t out = 0;
	for (int shift = 0; shift <= 16; shift += 8)
		out |= (channel(rgb, shift) * 3 + to) / 4 << shift;
	return out;
}

/* Returns black or white, the more readable one on rgb (Rec. 601 luma). */
static const char *ink(uint32_t rgb)
{
	return channel(rgb, 16) * 299 + channel(rgb, 8) * 587 + channel(rgb, 0) * 114 > 140000
	               ? "111827"
	               : "fff";
}

static void class_rules(struct svg *s, const struct vp_figure *f, bool dark)
{
	char rule[128];
	for (size_t i = 0; i < f->class_count; i++) {
		uint32_t rgb = (dark ? f->classes[i].dark : f->classes[i].light) & 0xffffff;
		snprintf(rule, sizeof rule, ".c%zu{fill:#%06x;stroke:#%06x}.l%zu{fill:#%s}\n", i,
		         rgb, shade(rgb, dark ? 255 : 0), i, ink(rgb));
		svg_put(s, rule);
	}
}

static void rules(struct svg *s, const struct vp_figure *f, bool dark)
{
	svg_put(s, dark ? dark_css : light_css);
	if (s->script == SVG_SCRIPT_YES)
		svg_put(s, dark ? touch_dark_css : touch_css);
	class_rules(s, f, dark);
}

void svg_style(struct svg *s, const struct vp_figure *f)
{
	svg_put(s, "<style>\n");
	rules(s, f, false);
	if (s->theme == SVG_DARK)
		rules(s, f, true);
	if (s->theme == SVG_AUTO) {
		svg_put(s, "@media (prefers-color-scheme:dark){\n");
		rules(s, f, true);
		svg_put(s, "}\n");
	}
	svg_put(s, "</style>\n<defs>"
	           "<pattern id=\"hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" "
	           "patternTransform=\"rotate(45)\">"
	           "<path class=\"hatch\" d=\"M0 0V6\"/></pattern>"
	           "<pattern id=\"zig\" width=\"8\" height=\"6\" patternUnits=\"userSpaceOnUse\">"
	           "<path class=\"zig\" d=\"M-1 6L2 1.5 6 4.5 9 0\"/></pattern></defs>\n");
}

void svg_script(struct svg *s)
{
	if (s->script != SVG_SCRIPT_YES)
		return;
	svg_put(s, "<script><![CDATA[\n");
	svg_put(s, touch_js);
	svg_put(s, "]]></script>\n");
}

bool svg_hatched(const struct vp_class *c)
{
	return c->name && (strstr(c->name, "guard") || strstr(c->name, "reserved"));
}
