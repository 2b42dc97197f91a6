/* Shared by the files of the source sums: a report of the sums of a process, in the making. Each
 * file reads one text and shows it in its head; sums.c is the list of them. */
#ifndef SUMS_H
#define SUMS_H

#include "../kit/text.h"

struct sums {
	struct vp_parse_api *host;
	int64_t pid; /* of the text; -1: the text says whose it is */
	struct vp_region total;
	struct text_json members, labels;
	bool open;
};

/* Begins the `process` line of the report that follows; the caller adds members. False: the process
 * of the text is known already, there is no line to add to. */
bool sums_process(struct sums *sums, uint64_t pid, vp_str name);
/* Begins a report; the one before ends. */
void sums_begin(struct sums *sums);
/* Begins a part of the sum, by the word of the report and its kind; the caller adds numbers to
 * `labels` and closes it. False: the report has that part already. */
bool sums_label(struct sums *sums, vp_str word, const char *kind);
void sums_end(struct sums *sums);
void sums_free(struct sums *sums);

/* Reads "5224 kB", "12K", "1.5G", or a bare number in units of `unit` bytes. */
bool sums_bytes(vp_str number, uint64_t unit, uint64_t *bytes);

/* One text that is read. Its parse gets the text without the prefixes of a log. */
struct sums_reader {
	const char *format;
	int sure;
	const char *needs[4];         /* words: a text without any of them is no such text */
	bool (*is)(vp_str line);      /* a line that only this text has */
	bool (*beside)(vp_str line);  /* a line that may stand around those; NULL: none */
	bool (*certain)(vp_str text); /* more lines than that one decide; NULL: it is enough */
	void (*parse)(struct sums *sums, vp_str text);
};

extern const struct sums_reader sums_status, sums_ps, sums_oom, sums_dumpsys, sums_nmt,
        sums_numastat;

#endif
