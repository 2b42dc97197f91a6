/* Fuzz target: the reader of lines. A region that the reader accepts survives writing and reading.
 */
#include <stdlib.h>
#include <string.h>

#include "stream/put.h"
#include "stream/record.h"
#include "space/region.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static struct vp_record *new_record(void)
{
	struct vp_record *record = malloc(sizeof *record);
	if (!record || vp_record_init(record))
		abort();
	return record;
}

static void again(struct vp_record *first, struct vp_record *second, struct vp_out *out)
{
	vp_out_memory(out);
	vp_put_region_line(out, first->t, first->pid, first->seq, first->has_id ? first->id : 0,
	                   &first->region);
	if (vp_record_read(second, (vp_str){ out->buffer, out->used - 1 }))
		abort();
	if (vp_region_differs(&first->region, &second->region, true))
		abort();
	if (first->t != second->t || first->pid != second->pid || first->seq != second->seq)
		abort();
	vp_out_free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct vp_record *first, *second;
	static const char *const keys[] = { "text", "version", "took", "same", "count" };
	struct vp_out out;
	uint64_t number;
	int64_t time;
	bool flag;
	if (!first)
		first = new_record(), second = new_record();
	for (const char *at = (const char *)bytes, *end = at + n, *newline; at < end;
	     at = newline + 1) {
		newline = memchr(at, '\n', (size_t)(end - at));
		if (!newline)
			newline = end;
		if (vp_record_read(first, (vp_str){ at, (size_t)(newline - at) }))
			continue;
		for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
			vp_record_str(first, keys[i]);
			vp_record_num(first, keys[i], &number);
			vp_record_time(first, keys[i], &time);
			vp_record_bool(first, keys[i], &flag);
		}
		if (first->type == VP_T_region && first->pid >= -1 && first->t >= 0)
			again(first, second, &out);
	}
	return 0;
}
