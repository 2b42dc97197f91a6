/* Option tables as text for people. */
#include "program/help.h"

#include <string.h>

enum { HELP_WIDTH = 80, HELP_COLUMN = 30 };

/* Returns how many bytes go on one line: a word, or of a word wider than `room` the alternatives
 * that fit. */
static int piece(const char *text, int room)
{
	int word = (int)strcspn(text, " "), n = 0;
	while (word > room && n < word) {
		int next = n + (int)strcspn(text + n, "| ") + 1;
		if (n && next > room)
			return n;
		n = next;
	}
	return word;
}

/* Prints `text` from column `at` on, wrapped at HELP_WIDTH; later lines begin with `indent` blanks.
 */
static void wrap(const char *text, int at, int indent, FILE *to)
{
	bool fresh = true;
	while (*text) {
		int n = piece(text, HELP_WIDTH - indent);
		if (!fresh && at + 1 + n > HELP_WIDTH) {
			fprintf(to, "\n%*s", indent, "");
			at = indent;
			fresh = true;
		}
		fprintf(to, "%s%.*s", fresh ? "" : " ", n, text);
		at += n + !fresh;
		fresh = false;
		text += n + (text[n] == ' ');
	}
	fputc('\n', to);
}

static const char *argument(const struct vp_option *row)
{
	static const char *const by_type[] = { "", "N", "SIZE", "TIME", "TEXT", "WORD", "LIST" };
	if (row->type == VP_OPT_FLAG)
		return NULL;
	return row->arg ? row->arg : by_type[row->type];
}

static void help_text(const struct vp_option *row, char *text, size_t size)
{
	int n = snprintf(text, size, "%s", row->help ? row->help : "");
	bool preset = row->preset && *row->preset && row->type != VP_OPT_FLAG;
	if (n < 0 || (size_t)n >= size || (!row->limits && !preset))
		return;
	snprintf(text + n, size - (size_t)n, " (%s%s%s%s)", row->limits ? row->limits : "",
	         row->limits && preset ? "; " : "", preset ? "preset " : "",
	         preset ? row->preset : "");
}

static void help_row(const char *left, const char *right, int column, FILE *to)
{
	int n = fprintf(to, "%s", left);
	if (n + 2 > column) {
		fputc('\n', to);
		n = 0;
	}
	fprintf(to, "%*s", column - n, "");
	wrap(right, column, column, to);
}

static void flags_help(const struct vp_option *rows, FILE *to)
{
	char left[128], right[512];
	for (; rows && rows->name; rows++) {
		const char *arg = argument(rows);
		char letter[8] = "    ";
		if (rows->letter)
			snprintf(letter, sizeof letter, "-%c, ", rows->letter);
		snprintf(left, sizeof left, "  %s--%s%s%s", letter, rows->name, arg ? " " : "",
		         arg ? arg : "");
		help_text(rows, right, sizeof right);
		help_row(left, right, HELP_COLUMN, to);
	}
}

void vp_options_list(const struct vp_option *rows, int indent, FILE *to)
{
	char left[128], right[512];
	for (; rows && rows->name; rows++) {
		const char *arg = argument(rows);
		snprintf(left, sizeof left, "%*s%s=%s", indent, "", rows->name,
		         arg ? arg : "true|false");
		help_text(rows, right, sizeof right);
		help_row(left, right, indent + HELP_COLUMN - 6, to);
	}
}

void vp_help(const struct vp_about *about, const struct vp_option *rows, FILE *to)
{
	static const char statuses[] = "0 no error; 1 something failed, or bad input was skipped; "
	                               "2 wrong usage or configuration";
	fprintf(to, "usage: %s [OPTION...] %s\n%s\n\n", about->name, about->usage, about->summary);
	flags_help(rows, to);
	flags_help(vp_common_rows, to);
	if (about->more)
		fprintf(to, "\n%s\n", about->more);
	fprintf(to, "\nExit status: %s.\n", about->statuses ? about->statuses : statuses);
}
