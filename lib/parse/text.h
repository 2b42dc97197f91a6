/* One plain text: read whole, divided into parts of one format each, parsed. */
#ifndef VMPIPE_PARSE_TEXT_H
#define VMPIPE_PARSE_TEXT_H

#include "parse/host.h"
#include "parse/parts.h"

/* Bytes of a text that is read whole: /proc/PID/smaps of as many mappings as Linux allows by preset
 * has 90 MB. */
#define VP_TEXT_MAX ((size_t)256 << 20)

/* What is known of all texts beforehand. */
struct vp_text_options {
	const struct vp_source *reader; /* reads all texts as `format`; NULL: recognise them */
	const char *format;
	int64_t every; /* ns between consecutive reports of one process; 0: all are of one time */
};

struct vp_plain_text {
	char *name; /* of the file */
	char *bytes;
	size_t n;
	bool mapped;
	uint64_t long_lines; /* left out, as no report has such lines; vp_text_long says so */
	struct vp_text_part *parts;
	int count; /* of parts; 0: no source knows the text */
};

/* Where the next text continues. */
struct vp_text_next {
	int64_t t;
	uint64_t seq;
};

/* Reads the next text of the flow's input to its end. 0, or -1 (vp_error): there is nothing to
 * free.
 */
int vp_text_read(struct vp_plain_text *text, struct vp_flow *flow,
                 const struct vp_text_options *options);
/* Says and writes as `lost` that long lines were left out, if any. */
void vp_text_long(const struct vp_plain_text *text, struct vp_flow *flow);
void vp_text_free(struct vp_plain_text *text);
/* Parses all parts. An unreadable part is said and written as `lost`. Returns how many parts were
 * readable. */
int vp_text_parse(const struct vp_plain_text *text, struct vp_flow *flow,
                  struct vp_parse_host *parse, const struct vp_text_options *options,
                  struct vp_text_next *next);

#endif
