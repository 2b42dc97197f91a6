/* One row of vmmap's listing, by the grammar that holds from format 2.0 (Mac OS X 10.4) to 2.4
 * (macOS 26).
 *
 *   MALLOC_SMALL  7f8a00000000-7f8a00800000 [ 8192K    40K    40K     0K] rw-/rwx SM=PRV PURGE=N
 * DefaultMallocZone_0x10bee000
 *   -> type "MALLOC_SMALL", the range, four sizes, rw-, rwx, PRV, N, detail
 * "DefaultMallocZone_0x10bee000"
 *
 * Quirks:
 * - A type holds blanks, parentheses and question marks, and may leave one blank only before the
 * range: the range is the anchor.
 * - Ranges have 16 digits (10.x), 8 (32 bits), or as many as they need (11 and later); they need
 * not begin at a page.
 * - One size (2.0 to 2.3, crash reports), two (-resident, with a blank or a slash between) or four;
 * people who retype a row leave out the last, the maximum and SM=.
 */
#include "inner.h"

static bool letters(vp_str word, char perms[4])
{
	static const char wanted[] = "rwx";
	for (int i = 0; i < 3; i++)
		if (word.p[i] != wanted[i] && word.p[i] != '-')
			return false;
	memcpy(perms, word.p, 3);
	perms[3] = 0;
	return true;
}

/* Takes "[ 8192K 40K 40K 0K]" off the front of `rest`. */
static bool sizes(vp_str *rest, struct vmmap_row *row)
{
	const char *close = memchr(rest->p, ']', rest->n);
	if (!close || *rest->p != '[' || close - rest->p > 64)
		return false;
	vp_str inside = { rest->p + 1, (size_t)(close - rest->p - 1) };
	for (row->size_count = 0; text_left(inside).n; row->size_count++) {
		vp_str word = text_word(&inside);
		const char *slash = memchr(word.p, '/', word.n);
		if (slash && slash + 1 < word.p + word.n) { /* "8K/4K" */
			inside = (vp_str){ slash + 1, (size_t)(inside.p + inside.n - slash - 1) };
			word.n = (size_t)(slash - word.p);
		} else if (slash) {
			word.n--;
		}
		if (!word.n)
			return false;
		if (row->size_count == VMMAP_SIZES ||
		    !text_size(word, &row->sizes[row->size_count]))
			return false;
	}
	*rest = text_from(*rest, (size_t)(close + 1 - rest->p));
	return row->size_count > 0;
}

/* Takes "rw-/rwx SM=PRV" off the front, or "rw-" of retyped rows. */
static bool rights(vp_str *rest, struct vmmap_row *row)
{
	vp_str perms = text_word(rest), after = *rest, mode = text_word(&after);
	row->mode[0] = row->max_perms[0] = 0;
	if (perms.n == 3 && letters(perms, row->perms))
		return true;
	*rest = after;
	if (perms.n != 7 || perms.p[3] != '/' || !letters(perms, row->perms) ||
	    !letters(text_from(perms, 4), row->max_perms))
		return false;
	if (mode.n != 6 || !text_starts(mode, "SM="))
		return false;
	for (int i = 3; i < 6; i++)
		if ((mode.p[i] < 'A' || mode.p[i] > 'Z') && mode.p[i] != '/')
			return false;
	memcpy(row->mode, mode.p + 3, 3);
	row->mode[3] = 0;
	return true;
}

static void tail(vp_str rest, struct vmmap_row *row)
{
	vp_str after = rest, word = text_word(&after);
	row->purge = 0;
	if (text_starts(word, "PURGE=") && word.n == 7) {
		row->purge = word.p[6];
		rest = after;
	}
	row->detail = text_trim(rest);
}

/* Finds the range before a '['; `at`: where it begins. */
static bool find_range(vp_str line, struct vmmap_row *row, size_t *at, size_t *behind)
{
	vp_str rest = line;
	for (;;) {
		vp_str word = text_word(&rest);
		if (!word.n)
			return false;
		vp_str next = text_left(rest);
		if (!next.n || *next.p != '[')
			continue;
		bool kernel = text_is(word, "kernel-kernel");
		if (kernel)
			row->start = row->end = 0;
		if (!kernel && !text_range(word, &row->start, &row->end))
			continue;
		*at = (size_t)(word.p - line.p);
		*behind = (size_t)(next.p - line.p);
		return true;
	}
}

bool vmmap_row(vp_str line, struct vmmap_row *row)
{
	size_t at, behind;
	row->line = 0;
	row->within = row->uuid = row->arch = (vp_str){ NULL, 0 };
	row->image = false;
	if (!find_range(line, row, &at, &behind))
		return false;
	row->type = text_trim((vp_str){ line.p, at });
	vp_str rest = text_from(line, behind);
	if (!row->type.n || !sizes(&rest, row) || !rights(&rest, row))
		return false;
	row->submap = text_is(row->type, "Submap");
	tail(rest, row);
	return true;
}

/* Whether a word belongs to the prefix of a log: a colon in it, or a digit or a bracket first. No
 * type has these. */
static bool of_prefix(vp_str word)
{
	return word.n && (memchr(word.p, ':', word.n) || text_digit(*word.p) || *word.p == '[' ||
	                  *word.p == '<');
}

size_t vmmap_row_at(vp_str line)
{
	struct vmmap_row row;
	size_t at = 0;
	if (!vmmap_row(line, &row))
		return 0;
	for (vp_str rest = row.type, word; (word = text_word(&rest)).n;)
		if (of_prefix(word) && text_left(rest).n)
			at = (size_t)(text_left(rest).p - line.p);
	return at;
}
