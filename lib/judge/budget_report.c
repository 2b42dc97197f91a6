/* Budgets as a report of tests: JUnit's XML or TAP.
 *
 * A case has the name of its budget and process, without a pid: CI systems recognise it in the next
 * run. The pid is in the message. JUnit: <testsuites> <testsuite> <testcase classname name>
 * <failure message>, as the CI systems read it; there is no standard. TAP 13: testanything.org.
 * Names come from outside: XML allows no controls and no bytes that are not UTF-8, so they become
 * U+FFFD; in TAP a # would begin a directive.
 */
#include "judge/budget_inner.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "stream/out.h"

int vp_report_format(const char *path, enum vp_report *format)
{
	size_t n = strlen(path);
	if (*format != VP_REPORT_AUTO)
		return 0;
	if (n > 4 && !strcmp(path + n - 4, ".xml"))
		*format = VP_REPORT_JUNIT;
	else if (n > 4 && !strcmp(path + n - 4, ".tap"))
		*format = VP_REPORT_TAP;
	else
		return vp_fail("%s: by its name it is neither .xml nor .tap; choose with "
		               "--report-format",
		               path);
	return 0;
}

static void say(struct vp_out *out, const char *text)
{
	vp_out_bytes(out, text, strlen(text));
}

/* Returns the length of the character at `at`; 0: XML does not allow it. */
static size_t xml_character(const char *at)
{
	const unsigned char *c = (const unsigned char *)at;
	if (*c < 0x80)
		return *c >= 0x20 && *c != 0x7f;
	size_t n = *c < 0xe0 ? 2 : *c < 0xf0 ? 3 : 4;
	if (strnlen(at, n) < n || !vp_utf8_valid((vp_str){ at, n }))
		return 0;
	return n == 3 && !memcmp(at, "\xef\xbf", 2) && c[2] >= 0xbe ? 0 : n; /* U+FFFE and U+FFFF */
}

static void xml(struct vp_out *out, const char *text)
{
	for (const char *at = text; *at;) {
		size_t n = xml_character(at);
		if (n == 0)
			say(out, "\xef\xbf\xbd");
		else if (*at == '<')
			say(out, "&lt;");
		else if (*at == '>')
			say(out, "&gt;");
		else if (*at == '&')
			say(out, "&amp;");
		else if (*at == '"')
			say(out, "&quot;");
		else
			vp_out_bytes(out, at, n);
		at += n ? n : 1;
	}
}

static void tap(struct vp_out *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '#' || *text == '\\')
			say(out, "\\");
		bool control = (unsigned char)*text < 0x20 || *text == 0x7f;
		vp_out_bytes(out, control ? "?" : text, 1);
	}
}

static double lasted(const struct budget_case *one)
{
	return one->begun ? (double)(one->t_last - one->t_first) / 1e9 : 0;
}

/* The second process of one name under one budget is "name #2". */
static const char *ordinal(const struct vp_budget *budget, const struct budget_case *one,
                           char *text, size_t size)
{
	size_t before = 0;
	for (const struct budget_case *other = budget->cases; other < one; other++)
		before += other->limit == one->limit && vp_budget_counts(budget, other) &&
		          !strcmp(other->process, one->process);
	text[0] = 0;
	if (before)
		snprintf(text, size, " #%zu", before + 1);
	return text;
}

static void junit_case(const struct vp_budget *budget, struct vp_out *out,
                       const struct budget_case *one)
{
	char text[96];
	say(out, "    <testcase classname=\"");
	xml(out, one->pid < 0 ? "all" : one->process);
	if (one->pid >= 0)
		say(out, ordinal(budget, one, text, sizeof text));
	say(out, "\" name=\"");
	xml(out, budget->limits[one->limit].title);
	snprintf(text, sizeof text, "\" time=\"%.3f\"", lasted(one));
	say(out, text);
	if (one->verdict == JUDGE_KEPT) {
		say(out, "/>\n");
		return;
	}
	say(out, one->verdict == JUDGE_BROKEN ? ">\n      <failure type=\"budget\" message=\""
	                                      : ">\n      <error type=\"unknown\" message=\"");
	xml(out, one->text);
	say(out, "\"/>\n    </testcase>\n");
}

/* Counts the cases with a verdict; JUDGE_NOT_YET: all. */
static size_t count(const struct vp_budget *budget, enum verdict verdict)
{
	size_t n = 0;
	for (size_t i = 0; i < budget->case_count; i++)
		n += vp_budget_counts(budget, &budget->cases[i]) &&
		     (verdict == JUDGE_NOT_YET || budget->cases[i].verdict == verdict);
	return n;
}

static void junit(const struct vp_budget *budget, struct vp_out *out)
{
	char numbers[128];
	snprintf(numbers, sizeof numbers, "tests=\"%zu\" failures=\"%zu\" errors=\"%zu\"",
	         count(budget, JUDGE_NOT_YET), count(budget, JUDGE_BROKEN),
	         count(budget, JUDGE_UNKNOWN));
	say(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites ");
	say(out, numbers);
	say(out, ">\n  <testsuite name=\"memory budgets\" ");
	say(out, numbers);
	say(out, ">\n");
	for (size_t i = 0; i < budget->case_count; i++)
		if (vp_budget_counts(budget, &budget->cases[i]))
			junit_case(budget, out, &budget->cases[i]);
	say(out, "  </testsuite>\n</testsuites>\n");
}

static void tap_case(const struct vp_budget *budget, struct vp_out *out,
                     const struct budget_case *one, size_t number)
{
	char text[64];
	snprintf(text, sizeof text, "%sok %zu - ", one->verdict == JUDGE_KEPT ? "" : "not ",
	         number);
	say(out, text);
	tap(out, budget->limits[one->limit].title);
	if (one->pid >= 0) {
		say(out, ": ");
		tap(out, one->process);
		tap(out, ordinal(budget, one, text, sizeof text));
	}
	say(out, "\n");
	if (one->verdict == JUDGE_KEPT)
		return;
	say(out, "# ");
	tap(out, one->text);
	say(out, "\n");
}

static void tap_all(const struct vp_budget *budget, struct vp_out *out)
{
	char text[64];
	size_t number = 0;
	snprintf(text, sizeof text, "TAP version 13\n1..%zu\n", count(budget, JUDGE_NOT_YET));
	say(out, text);
	for (size_t i = 0; i < budget->case_count; i++)
		if (vp_budget_counts(budget, &budget->cases[i]))
			tap_case(budget, out, &budget->cases[i], ++number);
}

int vp_budget_report(const struct vp_budget *budget, const char *path, enum vp_report format)
{
	struct vp_out out;
	if (vp_out_open(&out, path))
		return -1;
	out.whole = true;
	if (format == VP_REPORT_TAP)
		tap_all(budget, &out);
	else
		junit(budget, &out);
	return vp_out_close(&out);
}
