/* The host of a source's parse half: takes its regions and writes them, kinds and sums added,
 * behind their snapshot line. */
#ifndef VMPIPE_PARSE_HOST_H
#define VMPIPE_PARSE_HOST_H

#include "stream/flow.h"

struct vp_parse_host;
struct vp_parse_host *vp_parse_host_new(
        struct vp_flow *flow); /* writes to flow->out; NULL: no memory */
void vp_parse_host_free(struct vp_parse_host *parse);

/* One whole text, parsed by a source. `place` names it in messages ("FILE" or "pid 7, sample 3").
 * several: reports in a row become snapshots of their own with seq counting on; else all is one
 * snapshot. goes_on: the text is a further part of the one before. Returns how many snapshots were
 * written, or -1 (vp_error). Memory: the lines of one snapshot. */
struct vp_parse_job {
	const struct vp_source *source;
	struct vp_text text;
	int64_t t;
	const char *place;
	bool several, goes_on;
	int64_t every; /* the next report of the same process is so much later; 0: all of one text
	                  are of one time */
};
int vp_parse_run(struct vp_parse_host *parse, const struct vp_parse_job *job);
/* The times of all reports (snapshots, lines of the machine) that come from now on, in their order;
 * borrowed. */
void vp_parse_times(struct vp_parse_host *parse, const int64_t *times, size_t count);
/* Of the reports so far those that matter, snapshots or where there are none lines of the machine,
 * and how many of them have a date. */
uint64_t vp_parse_reports(const struct vp_parse_host *parse, uint64_t *dated);
/* How much has been said so far: reports, other lines of a reader's own, bad lines. */
uint64_t vp_parse_told(const struct vp_parse_host *parse);
/* `fail` of every host of a parse half. */
int vp_parse_fail(struct vp_parse_api *host, const char *format, ...) VP_PRINTF(2, 3);
int64_t vp_parse_last(const struct vp_parse_host *parse); /* of the last report */

#endif
