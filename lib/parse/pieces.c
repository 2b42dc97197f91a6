/* Joins `raw` lines. Memory: the largest read of each source and process. */
#include "parse/pieces.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/error.h"
#include "base/large.h"
#include "base/list.h"

#define READ_MAX ((size_t)1 << 30)

struct vp_pieces {
	struct vp_pieces_read *reads;
	size_t count, last; /* last: the read that got the last piece */
	void (*incomplete)(void *ctx, const struct vp_pieces_read *read, const char *why);
	void *ctx;
};

struct vp_pieces *vp_pieces_new(void (*incomplete)(void *ctx, const struct vp_pieces_read *read,
                                                   const char *why),
                                void *ctx)
{
	struct vp_pieces *pieces = calloc(1, sizeof *pieces);
	if (!pieces) {
		vp_no_memory();
		return NULL;
	}
	pieces->incomplete = incomplete;
	pieces->ctx = ctx;
	return pieces;
}

void vp_pieces_free(struct vp_pieces *pieces)
{
	for (size_t i = 0; i < pieces->count; i++)
		free(pieces->reads[i].text);
	free(pieces->reads);
	free(pieces);
}

static void give_up(struct vp_pieces *pieces, struct vp_pieces_read *read, const char *why)
{
	if (!read->open)
		return;
	read->open = false;
	pieces->incomplete(pieces->ctx, read, why);
}

void vp_pieces_end(struct vp_pieces *pieces)
{
	for (size_t i = 0; i < pieces->count; i++)
		give_up(pieces, &pieces->reads[i], "the stream stops before its last piece");
}

void vp_pieces_expect(struct vp_pieces *pieces, const struct vp_record *record)
{
	if (record->type == VP_T_stream || record->type == VP_T_end)
		vp_pieces_end(pieces);
	if (record->type != VP_T_sample)
		return;
	for (size_t i = 0; i < pieces->count; i++)
		if (pieces->reads[i].pid == record->pid)
			give_up(pieces, &pieces->reads[i], "its last piece is missing");
}

/* Finds the read that a line belongs to, or an unused one. NULL (vp_error): out of memory. */
static struct vp_pieces_read *find(struct vp_pieces *pieces, int64_t pid, vp_str source,
                                   vp_str format)
{
	struct vp_pieces_read *unused = NULL;
	for (size_t i = 0; i < pieces->count; i++) {
		struct vp_pieces_read *read = &pieces->reads[i];
		if (read->pid == pid && vp_str_is(source, read->source) &&
		    vp_str_is(format, read->format))
			return read;
		if (!read->open)
			unused = read;
	}
	if (!unused) {
		if (vp_list_room(&pieces->reads, pieces->count, NULL, sizeof *pieces->reads))
			return NULL;
		unused = &pieces->reads[pieces->count++];
		memset(unused, 0, sizeof *unused);
	}
	memcpy(unused->source, source.p, source.n);
	memcpy(unused->format, format.p, format.n);
	unused->source[source.n] = unused->format[format.n] = '\0';
	unused->pid = pid;
	return unused;
}

static int make_room(struct vp_pieces_read *read, size_t n)
{
	if (read->size - read->n >= n)
		return 0;
	size_t size = read->size ? read->size : 65536;
	while (size - read->n < n && size < READ_MAX)
		size = vp_large_more(size) < READ_MAX ? vp_large_more(size) : READ_MAX;
	if (size - read->n < n)
		return vp_fail("a read of more than 1 GiB");
	char *more = vp_large_grow(read->text, read->n, size);
	if (!more)
		return vp_no_memory();
	read->text = more;
	read->size = size;
	return 0;
}

static int append(struct vp_pieces_read *read, struct vp_record *record)
{
	const struct vp_member *raw = vp_record_member(record, "text_raw");
	if (record->text.p) {
		if (make_room(read, record->text.n))
			return -1; /* a text that was decoded in place fits: the place stays */
		if (record->text.n && record->text.p != read->text + read->n)
			memmove(read->text + read->n, record->text.p, record->text.n);
		read->n += record->text.n;
		return 0;
	}
	if (!raw || raw->json != VP_STRING || vp_record_member(record, "text"))
		return vp_fail("a raw line without \"text\"");
	if (make_room(read, raw->value.n))
		return -1;
	long n = vp_base64_decode(vp_record_decode(record, raw->value), read->text + read->n);
	if (n < 0)
		return vp_fail("a raw line whose \"text_raw\" is no base64");
	read->n += (size_t)n;
	return 0;
}

void vp_pieces_offer(struct vp_pieces *pieces, struct vp_record *record)
{
	record->text_room = NULL;
	if (pieces->last >= pieces->count)
		return;
	struct vp_pieces_read *read = &pieces->reads[pieces->last];
	size_t used = read->open ? read->n : 0;
	record->text_room = read->text ? read->text + used : NULL;
	record->text_room_n = read->size - used;
}

int vp_pieces_add(struct vp_pieces *pieces, struct vp_record *record,
                  const struct vp_pieces_read **whole)
{
	uint64_t part = 0;
	bool last = false;
	vp_str source = vp_record_str(record, "source"), format = vp_record_str(record, "format");
	if (!format.p)
		return vp_fail("a raw line without \"format\"");
	if (!source.p)
		source = (vp_str){ "", 0 };
	if (source.n > 31 || format.n > 31)
		return vp_fail("a \"source\" or \"format\" of more than 31 letters");
	bool has_last = vp_record_bool(record, "last", &last);
	bool has_part = vp_record_num(record, "part", &part);
	if (!has_last && !has_part)
		last = true; /* a text in one piece */
	struct vp_pieces_read *read = find(pieces, record->pid, source, format);
	if (!read)
		return -1;
	pieces->last = (size_t)(read - pieces->reads);
	uint64_t seq = record->has_seq ? record->seq : 0;
	if (read->open && (part == 0 || seq != read->seq))
		give_up(pieces, read, "its last piece is missing");
	if (part == 0) {
		read->open = true;
		read->n = 0;
		read->next = 0;
		read->seq = seq;
		read->t = record->t;
	}
	if (!read->open)
		return vp_fail("piece %llu of a read whose beginning is missing",
		               (unsigned long long)part);
	if (part != read->next) {
		give_up(pieces, read, "a piece in its middle is missing");
		return 0;
	}
	if (append(read, record)) {
		read->open = false;
		return -1;
	}
	read->next++;
	if (!last)
		return 0;
	read->open = false;
	*whole = read;
	return 1;
}
