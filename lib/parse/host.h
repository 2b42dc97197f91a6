/* The host of a source's parse half: takes its regions and writes them, with kinds and sums, after
 * their snapshot line. */
#ifndef VMPIPE_PARSE_HOST_H
#define VMPIPE_PARSE_HOST_H

#include "stream/flow.h"

struct vp_parse_host;
/* Returns a host that writes to flow->out; NULL (vp_error): out of memory. */
struct vp_parse_host *vp_parse_host_new(struct vp_flow *flow);
void vp_parse_host_free(struct vp_parse_host *parse);

/* One text, and the source that parses it. */
struct vp_parse_job {
	const struct vp_source *source;
	struct vp_text text;
	int64_t t;
	const char *place; /* the text in messages: "FILE" or "pid 7, sample 3" */
	bool several;      /* each report is a snapshot, with seq counting on; else all is one */
	bool goes_on;      /* the text is a further part of the one before */
	int64_t every;     /* ns between two reports of one process; 0: all have one time */
};
/* Parses a text. Returns how many snapshots were written, or -1 (vp_error). Memory: the lines of
 * one snapshot. */
int vp_parse_run(struct vp_parse_host *parse, const struct vp_parse_job *job);
/* Sets the times of all further reports (snapshots, lines of the machine), in their order;
 * borrowed.
 */
void vp_parse_times(struct vp_parse_host *parse, const int64_t *times, size_t count);
/* Counts the reports so far, and those with a date: snapshots, or lines of the machine if there are
 * no snapshots. */
uint64_t vp_parse_reports(const struct vp_parse_host *parse, uint64_t *dated);
/* Counts what the parsers have said so far: reports, lines of their own, bad rows. */
uint64_t vp_parse_told(const struct vp_parse_host *parse);
/* Returns the time of the last report. */
int64_t vp_parse_last(const struct vp_parse_host *parse);
/* `fail` of every host of a parse half. */
int vp_parse_fail(struct vp_parse_api *host, const char *format, ...) VP_PRINTF(2, 3);

#endif
