/* Reads lines with the reader of the stream and prints the result, for the tests and their oracles.
 *
 *   reader_harness verdict   ->  "ok" or "bad COLUMN: TEXT" for each line
 *   reader_harness echo      ->  the object again, each value rebuilt by the library
 *   reader_harness region    ->  region lines through the record's slots and the writer of regions
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stream/line.h"
#include "stream/record.h"
#include "stream/put.h"

static void echo_value(struct vp_out *out, const struct vp_member *member);

static void echo_string(struct vp_out *out, vp_str json)
{
	char *text = malloc(json.n + 1);
	long n = vp_json_unescape(json, text);
	if (n < 0)
		abort();
	vp_out_quoted(out, (vp_str){ text, (size_t)n });
	free(text);
}

static void echo_container(struct vp_out *out, vp_str json)
{
	bool object = json.p[0] == '{';
	struct vp_member member;
	size_t at = 0, count = 0;
	vp_out_bytes(out, object ? "{" : "[", 1);
	while (vp_json_each(json, &at, &member)) {
		if (count++)
			vp_out_bytes(out, ",", 1);
		if (object) {
			echo_string(out, (vp_str){ member.key.p - 1, member.key.n + 2 });
			vp_out_bytes(out, ":", 1);
		}
		echo_value(out, &member);
	}
	vp_out_bytes(out, object ? "}" : "]", 1);
}

static void echo_value(struct vp_out *out, const struct vp_member *member)
{
	uint64_t whole;
	char digits[24];
	if (member->json == VP_STRING) {
		echo_string(out, member->value);
	} else if (member->json == VP_ARRAY || member->json == VP_OBJECT) {
		echo_container(out, member->value);
	} else if (member->json == VP_NUMBER && member->value.p[0] != '-' &&
	           vp_json_num(member->value, &whole)) {
		snprintf(digits, sizeof digits, "%llu", (unsigned long long)whole);
		vp_out_bytes(out, digits, strlen(digits));
	} else {
		vp_out_bytes(out, member->value.p, member->value.n);
	}
}

static void tell(struct vp_out *out, const char *mode, struct vp_record *record, bool good)
{
	char text[300];
	if (!good) {
		snprintf(text, sizeof text, "bad %zu: %s\n", record->column, record->error);
		vp_out_bytes(out, text, strlen(text));
	} else if (strcmp(mode, "echo") == 0) {
		vp_str line = record->line;
		while (*line.p != '{')
			line.p++, line.n--;
		echo_container(out, line);
		vp_out_bytes(out, "\n", 1);
	} else if (strcmp(mode, "region") == 0) {
		vp_put_region_line(out, record->t, record->pid, record->seq,
		                   record->has_id ? record->id : 0, &record->region);
	} else {
		vp_out_bytes(out, "ok\n", 3);
	}
}

int main(int argc, char **argv)
{
	static struct vp_record record;
	struct vp_input input;
	struct vp_out out;
	vp_str line;
	int got;
	if (argc < 2 || vp_record_init(&record) || vp_input_open(&input, argv + 2) ||
	    vp_out_open(&out, NULL))
		return 2;
	while ((got = vp_input_next(&input, &line)) != 0) {
		if (got == 1)
			tell(&out, argv[1], &record, vp_record_read(&record, line) == 0);
		if (got == 2)
			vp_out_bytes(&out, "bad 0: too long\n", 16);
	}
	vp_record_free(&record);
	vp_input_close(&input);
	return vp_out_close(&out) != 0;
}
