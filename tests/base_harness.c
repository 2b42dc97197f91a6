/* Runs lib/base/ against naive twins: lists that grow, places by key, sizes in words.
 *
 *   base_harness lists | places SEED | texts    -> "ok", or the first difference and status 1
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/amount.h"
#include "base/error.h"
#include "base/list.h"
#include "base/nearest.h"
#include "base/places.h"
#include "base/str.h"
#include "base/words.h"

#define EXPECT(condition)                                              \
	do {                                                           \
		if (!(condition)) {                                    \
			printf("line %d: %s\n", __LINE__, #condition); \
			return 1;                                      \
		}                                                      \
	} while (0)

static int lists(void)
{
	uint32_t *small = NULL, *counted = NULL;
	struct {
		char bytes[100];
	} *large = NULL;
	size_t size = 0, large_size = 0, reached = 0;
	unsigned char *zeroed = NULL;
	for (uint32_t i = 0; i < 100000; i++) {
		EXPECT(!vp_list_room(&small, i, &size, sizeof *small));
		EXPECT(!vp_list_room(&counted, i, NULL, sizeof *counted));
		small[i] = counted[i] = i;
	}
	for (uint32_t i = 0; i < 100000; i++)
		EXPECT(small[i] == i && counted[i] == i);
	EXPECT(!vp_list_more(&large, 0, 3, &large_size, sizeof *large) && large_size >= 3);
	EXPECT(!vp_list_reach(&zeroed, 10, &reached, 1));
	memset(zeroed, 1, reached);
	size_t before = reached;
	EXPECT(!vp_list_reach(&zeroed, before + 1, &reached, 1));
	for (size_t i = 0; i < reached; i++)
		EXPECT(zeroed[i] == (i < before));
	size_t kept = large_size;
	EXPECT(vp_list_more(&large, 3, SIZE_MAX - 3, &large_size, sizeof *large) == -1);
	EXPECT(vp_list_more(&large, 3, SIZE_MAX / 8, &large_size, sizeof *large) == -1);
	EXPECT(large_size == kept && large && !strcmp(vp_error(), "out of memory"));
	free(small);
	free(counted);
	free(large);
	free(zeroed);
	return 0;
}

enum { KEYS = 300 };

static bool is_place(const void *ctx, uint64_t place)
{
	return place == *(const uint64_t *)ctx;
}

/* Sets, drops and looks up few keys often, so that they collide and move. */
static int places(unsigned seed)
{
	struct vp_places table = { NULL, 0, 0 };
	uint64_t twin[KEYS];
	size_t count = 0;
	memset(twin, 0xff, sizeof twin);
	srand(seed);
	for (int step = 0; step < 200000; step++) {
		size_t at = (size_t)rand() % KEYS;
		uint64_t key =
		        (uint64_t)at << 44 | at % 3; /* alike in the bits that choose a slot */
		bool there = twin[at] != UINT64_MAX;
		EXPECT(vp_places_get(&table, key, UINT64_MAX) == twin[at]);
		if (rand() % 2) {
			count += !there;
			twin[at] = (uint64_t)rand();
			EXPECT(!vp_places_set(&table, key, twin[at]));
		} else {
			count -= there;
			twin[at] = UINT64_MAX;
			vp_places_drop(&table, key);
		}
		EXPECT(table.count == count);
	}
	vp_places_clear(&table);
	EXPECT(!table.count && vp_places_get(&table, 0, 7) == 7);
	for (uint64_t i = 0; i < 100; i++) /* all of one hash */
		EXPECT(!vp_places_add(&table, 5, i));
	for (uint64_t i = 0; i < 100; i++)
		EXPECT(vp_places_find(&table, 5, is_place, &i, UINT64_MAX) == i);
	uint64_t absent = 100;
	EXPECT(vp_places_find(&table, 5, is_place, &absent, 9) == 9);
	vp_places_free(&table);
	return 0;
}

static int texts(void)
{
	static const struct {
		double bytes;
		const char *words, *exact;
	} sizes[] = {
		{ 0, "0 B", "0 B" },
		{ 1023, "1023 B", "1023 B" },
		{ 1024, "1 KiB", "1 KiB" },
		{ 1536, "1.5 KiB", "1.5 KiB" },
		{ -1536, "-1.5 KiB", "-1.5 KiB" },
		{ 104960 * 1024.0, "102 MiB", "102.5 MiB" },
		{ 1e40, "8.67e+21 EiB", "8.67e+21 EiB" },
	};
	static const char *const words[] = { "size", "rss", "pss", "interval" };
	char text[VP_SIZE_WORDS];
	uint64_t address;
	int64_t ns;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		size_t n = vp_size_into(text, sizes[i].bytes);
		EXPECT(!strcmp(text, sizes[i].words) && n == strlen(text));
		n = vp_size_exact(text, sizes[i].bytes);
		EXPECT(!strcmp(text, sizes[i].exact) && n == strlen(text));
	}
	EXPECT(vp_parse_address(vp_s("0x00007f12345678aB"), &address) && address == 0x7f12345678ab);
	EXPECT(vp_parse_address(vp_s("0Xf"), &address) && address == 15);
	EXPECT(!vp_parse_address(vp_s("0x"), &address) && !vp_parse_address(vp_s("12"), &address));
	EXPECT(!vp_parse_address(vp_s("0x00007f12345678ag"), &address));
	EXPECT(!vp_parse_address(vp_s("0x10000000000000000"), &address));
	EXPECT(!vp_parse_address((vp_str){ NULL, 0 }, &address) && !address);
	EXPECT(!vp_parse_time("1.5m", &ns) && ns == 90000000000);
	EXPECT(!vp_parse_time(".25s", &ns) && ns == 250000000);
	EXPECT(vp_parse_time(".", &ns) && vp_parse_time("1.5.s", &ns) && vp_parse_time("-1", &ns));
	EXPECT(!strcmp(vp_did_you_mean("intervall", words, 4), "; did you mean \"interval\"?"));
	EXPECT(!strcmp(vp_did_you_mean("sise", words, 4), "; did you mean \"size\"?"));
	EXPECT(!*vp_did_you_mean("x", words, 4) && !*vp_did_you_mean("", words, 4));
	vp_unknown("column", "sise", words, 2);
	EXPECT(!strcmp(vp_error(), "no column \"sise\"; did you mean \"size\"? There are: size, "
	                           "rss"));
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	int failed = !strcmp(what, "lists")                 ? lists()
	             : !strcmp(what, "places") && argc == 3 ? places((unsigned)atoi(argv[2]))
	                                                    : texts();
	if (!failed)
		puts("ok");
	return failed;
}
