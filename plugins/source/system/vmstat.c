/* What vmstat prints: a row for each interval, or with -s a line for each figure.
 *
 *   procs -----------memory---------- ---swap-- ...
 *    r  b   swpd   free   buff  cache   si   so ...
 *    1  0      0 19005132 120344 4250124    0    0 ...
 *   -> free 19461255168, buffers, cached, swap_used 0
 *        24684092 K total memory                                        (-s)
 *   -> total 25276510208
 *
 * Quirks: KiB; -S gives other units, which the rows do not say: -S M and -S m have small numbers
 * and are not told from a small machine, so a bare row is KiB. Columns of rates, faults and time
 * are passed over: they are of an interval, not of a moment. -a has inact and active in place of
 * buff and cache; -t adds the time of day.
 */
#include "inner.h"

#define COLUMNS_MAX 24

static const struct {
	const char *word, *key;
} columns[] = {
	{ "swpd", "swap_used" }, { "free", "free" },          { "buff", "buffers" },
	{ "cache", "cached" },   { "inact", "inactive" },     { "active", "active" },
	{ "fre", "free" },       { "avm", "virtual_active" },
};

static const struct {
	const char *words, *key;
} figures[] = {
	{ "K total memory", "total" },   { "K used memory", "used" },
	{ "K active memory", "active" }, { "K inactive memory", "inactive" },
	{ "K free memory", "free" },     { "K buffer memory", "buffers" },
	{ "K swap cache", "cached" },    { "K total swap", "swap_total" },
	{ "K used swap", "swap_used" },  { "K free swap", "swap_free" },
};

static const char *figure(vp_str line, uint64_t *value)
{
	vp_str rest = line, word = text_word(&rest);
	if (!text_decimal(word, value) || *value >> 43)
		return NULL;
	rest = text_trim(rest);
	for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
		if (text_is(rest, figures[i].words))
			return figures[i].key;
	return NULL;
}

/* " r  b   swpd   free   buff  cache   si   so    bi    bo" */
static bool is_head(vp_str line)
{
	vp_str rest = line;
	return text_is(text_word(&rest), "r") && text_is(text_word(&rest), "b") &&
	       text_has(rest, " free ") && text_has(rest, "swpd");
}

bool system_is_vmstat(vp_str line)
{
	uint64_t value;
	return is_head(line) || figure(line, &value);
}

bool system_is_vmstat_beside(vp_str line)
{
	uint64_t value;
	size_t numbers = 0;
	if (text_starts(line, "procs ") && text_has(line, "memory-"))
		return true;
	while (text_decimal(text_word(&line), &value))
		numbers++;
	return numbers >= 16;
}

static void row(struct system_line *line, vp_str head, vp_str text)
{
	uint64_t values[COLUMNS_MAX];
	size_t n = 0;
	vp_str word;
	while (n < COLUMNS_MAX && text_decimal(word = text_word(&text), &values[n]))
		n++;
	if (n < 6)
		return;
	system_end(line);
	for (size_t i = 0; i < n && (word = text_word(&head)).n; i++)
		for (size_t k = 0; k < sizeof columns / sizeof *columns; k++)
			if (text_is(word, columns[k].word) && !(values[i] >> 43))
				system_num(line, columns[k].key, values[i] << 10);
	word = text_word(&text);
	vp_str clock = text_word(&text);
	if (word.n == 10 && clock.n == 8 && clock.p[2] == ':') /* -t */
		system_str(line, "date", (vp_str){ word.p, (size_t)(clock.p + 8 - word.p) });
}

int system_vmstat(struct vp_parse_api *host, vp_str text)
{
	struct system_line line = { .host = host };
	struct text_lines lines = { .rest = text };
	uint64_t value;
	vp_str one, head = { NULL, 0 };
	while (text_next(&lines, &one)) {
		one = text_trim(text_unquoted(one));
		const char *key = figure(one, &value);
		if (is_head(one))
			head = one;
		else if (key) {
			if (!strcmp(key, "total"))
				system_end(&line);
			system_num(&line, key, value << 10);
		} else if (head.n)
			row(&line, head, one);
	}
	system_end(&line);
	return 0;
}
