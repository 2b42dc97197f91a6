/* Whether the sums that a report states are those of its rows. What the format itself explains is
 * no difference:
 *
 * - sizes are rounded, to K below 10M and to a tenth of an M or G above; each may be wrong by one
 * in its last digit;
 * - "unused __DATA", "unused __AUTH" ... are summed as "unused but dirty shlib __DATA";
 * - formats 2.0 to 2.3 sum as MALLOC all MALLOC_... that have no row of their own; a Submap is no
 * memory of its own; COUNT is that of pieces, not of rows;
 * - rows of a crash report are only those around the fault.
 */
#include "inner.h"

uint64_t vmmap_bytes(const struct vmmap_report *report, const struct text_size *size)
{
	return report->pages && size->bare ? size->bytes * (report->page ? report->page : 4096)
	                                   : size->bytes;
}

static bool belongs(const struct vmmap_report *report, const struct vmmap_row *row,
                    const struct vmmap_sum *sum)
{
	if (text_eq(row->type, sum->name))
		return true;
	if (text_is(sum->name, "unused but dirty shlib __DATA"))
		return text_starts(row->type, "unused __");
	if (!text_is(sum->name, "MALLOC") || !text_starts(row->type, "MALLOC"))
		return false;
	for (size_t i = 0; i < report->types.count; i++)
		if (text_eq(row->type, report->types.rows[i].name))
			return false;
	return true;
}

struct found {
	uint64_t bytes, slack, rows;
};

/* Returns the value of a row for a column of sizes: the range if there is one, else resident, dirty
 * or swapped bytes. */
static struct found rows_of(const struct vmmap_report *report, const struct vmmap_sum *sum,
                            unsigned column)
{
	struct found found = { 0, 0, 0 };
	for (size_t i = 0; i < report->row_count; i++) {
		const struct vmmap_row *row = &report->rows[i];
		if (row->submap || !belongs(report, row, sum))
			continue;
		bool range = row->end > row->start && column == VMMAP_SIZE;
		if (column >= row->size_count)
			continue;
		found.rows++;
		found.bytes +=
		        range ? row->end - row->start : vmmap_bytes(report, &row->sizes[column]);
		found.slack += range && !report->pages ? 0
		               : report->pages         ? report->page
		                                       : row->sizes[column].step;
	}
	return found;
}

static const char *const column_words[] = { [VMMAP_SIZE] = "",
	                                    [VMMAP_RSS] = " resident",
	                                    [VMMAP_DIRTY] = " dirty",
	                                    [VMMAP_SWAP] = " swapped" };

static void differs(struct vp_parse_api *host, const struct vmmap_report *report,
                    const struct vmmap_sum *sum, const struct found *found, unsigned column)
{
	char why[256];
	uint64_t stated = vmmap_bytes(report, &sum->values[column]);
	snprintf(why, sizeof why,
	         "the summary has %.*s with %llu KiB%s, the listing %llu KiB in %llu rows",
	         (int)(sum->name.n < 64 ? sum->name.n : 64), sum->name.p,
	         (unsigned long long)stated >> 10, column_words[column],
	         (unsigned long long)found->bytes >> 10, (unsigned long long)found->rows);
	host->warn(host, "%s", why);
	host->lost(host, report->pid, "regions", 1, why);
}

/* Reports rows or a section that are missing, by the summary. */
static void lacks(struct vp_parse_api *host, const struct vmmap_report *report, uint64_t types,
                  uint64_t bytes)
{
	char why[160];
	snprintf(why, sizeof why,
	         "the listing is incomplete: by the summary %llu KiB of %llu types are missing",
	         (unsigned long long)bytes >> 10, (unsigned long long)types);
	host->warn(host, "%s", why);
	host->lost(host, report->pid, "regions", 1, why);
}

/* Compares the total with the rows of the summary; a difference means missing rows. */
static void check_total(struct vp_parse_api *host, const struct vmmap_report *report,
                        unsigned column)
{
	uint64_t sum = 0, slack = report->total.values[column].step * 2,
	         stated = vmmap_bytes(report, &report->total.values[column]);
	char why[160];
	for (size_t i = 0; i < report->types.count; i++) {
		const struct vmmap_sum *type = &report->types.rows[i];
		if (text_has(type->remark, "not counted in TOTAL"))
			continue;
		sum += vmmap_bytes(report, &type->values[column]);
		slack += type->values[column].step;
	}
	if (sum + slack >= stated && stated + slack >= sum)
		return;
	snprintf(why, sizeof why, "the summary's rows make %llu KiB%s, its TOTAL says %llu KiB",
	         (unsigned long long)sum >> 10, column_words[column],
	         (unsigned long long)stated >> 10);
	host->warn(host, "%s", why);
	host->lost(host, report->pid, "sums", 1, why);
}

/* Reports rows whose size differs from their range; the range counts. */
static void check_rows(struct vp_parse_api *host, const struct vmmap_report *report)
{
	uint64_t wrong = 0;
	for (size_t i = 0; i < report->row_count; i++) {
		const struct vmmap_row *row = &report->rows[i];
		uint64_t size = row->end - row->start, stated = vmmap_bytes(report, &row->sizes[0]);
		uint64_t slack =
		        report->pages ? (report->page ? report->page : 16384) : row->sizes[0].step;
		wrong += row->end > row->start && (stated + slack < size || size + slack < stated);
	}
	if (wrong)
		host->warn(host,
		           "%llu rows have a size that differs from their range; the range counts",
		           (unsigned long long)wrong);
}

/* Compares resident, dirty and swapped bytes, in a whole report, for types with the value in every
 * row. */
static void check_measures(struct vp_parse_api *host, const struct vmmap_report *report,
                           const struct vmmap_sum *sum, uint64_t rows)
{
	for (unsigned column = VMMAP_RSS; column <= VMMAP_SWAP; column++) {
		if (!(sum->known >> column & 1))
			continue;
		struct found found = rows_of(report, sum, column);
		uint64_t stated = vmmap_bytes(report, &sum->values[column]),
		         slack = sum->values[column].step + found.slack;
		if (found.rows == rows && rows &&
		    (stated + slack < found.bytes || found.bytes + slack < stated))
			differs(host, report, sum, &found, column);
	}
}

void vmmap_check(struct vp_parse_api *host, const struct vmmap_report *report)
{
	check_rows(host, report);
	for (unsigned column = VMMAP_SIZE;
	     column <= VMMAP_SWAP && report->has_total && report->types.count; column++)
		if (report->total.known >> column & 1)
			check_total(host, report, column);
	if (!report->row_count || report->has_fault || report->images)
		return;
	uint64_t types = 0, missing = 0;
	for (size_t i = 0; i < report->types.count; i++) {
		const struct vmmap_sum *sum = &report->types.rows[i];
		struct found found = rows_of(report, sum, VMMAP_SIZE);
		uint64_t stated = vmmap_bytes(report, &sum->values[VMMAP_SIZE]),
		         slack = sum->values[VMMAP_SIZE].step + found.slack;
		if (stated + slack >= found.bytes && found.bytes + slack >= stated) {
			if (report->whole)
				check_measures(host, report, sum, found.rows);
			continue;
		}
		if (report->whole || stated < found.bytes)
			differs(host, report, sum, &found, VMMAP_SIZE);
		else {
			types++;
			missing += stated - found.bytes;
		}
	}
	if (types)
		lacks(host, report, types, missing);
}
