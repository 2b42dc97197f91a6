/* The parse half of the source procfs as a whole: a text of maps alone is parsed directly, any
 * other text as a log with maps in it. */
#include "inner.h"

const char *const procfs_formats[] = { "linux-maps",         "linux-rss",
	                               "linux-smaps",        "linux-pages",
	                               "linux-smaps-rollup", "linux-threads",
	                               "linux-maps-log",     NULL };

int procfs_text_probe(vp_str head, const char **format)
{
	const char *within = NULL;
	int sure = procfs_probe(head, format);
	if (sure > 90)
		return sure;
	int log = procfs_log_probe(head, &within);
	if (log > sure)
		*format = within;
	if (log > sure)
		sure = log;
	if (!sure && procfs_log_beside(head)) {
		*format = "linux-maps-log";
		sure = 5;
	}
	return sure;
}

int procfs_text_parse(void *state, struct vp_parse_api *h, const struct vp_text *text)
{
	return strcmp(text->format, "linux-maps-log") ? procfs_parse(state, h, text)
	                                              : procfs_log_parse(state, h, text);
}
