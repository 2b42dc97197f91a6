/* Lines that announce a map: "======= Memory map: ========", "Dynamic libraries:",
 * "/proc/4711/maps:", a rule of dashes. */
#include "inner.h"
#include "../kit/text.h"

/* "--------" */
static bool is_rule(vp_str text)
{
	text = text_trim(text);
	if (text.n < 3 || !strchr("-=*#_~+", *text.p))
		return false;
	for (size_t i = 1; i < text.n; i++)
		if (text.p[i] != *text.p)
			return false;
	return true;
}

bool procfs_is_heading(vp_str text)
{
	if (is_rule(text))
		return true;
	return text.n < 120 &&
	       (text_has(text, "emory map") || text_has(text, "Dynamic libraries") ||
	        (text_has(text, "/proc/") && text_has(text, "maps")));
}
