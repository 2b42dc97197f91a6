/* Feeds a fuzz target without a fuzzer: seed files, and ROUNDS random changes of them, the same
 * each time.
 *
 *   TARGET ROUNDS SEED FILE...
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

#define SEED_MAX 65536

static uint64_t state;

static unsigned below(unsigned n)
{
	state ^= state << 13, state ^= state >> 7, state ^= state << 17;
	return n ? (unsigned)(state >> 33) % n : 0;
}

static size_t change(uint8_t *bytes, size_t n)
{
	static const char letters[] = "\"\\{}[],:0-19eE.+ \n\t\r\xff\xc3\x80x/pr=s\0";
	size_t at = below((unsigned)n), count = 1 + below(12);
	switch (below(6)) {
	case 0: /* another byte */
		if (n)
			bytes[at] = (uint8_t)letters[below(sizeof letters)];
		return n;
	case 1: /* one bit */
		if (n)
			bytes[at] ^= (uint8_t)(1u << below(8));
		return n;
	case 2: /* some bytes removed */
		if (at + count > n)
			count = n - at;
		memmove(bytes + at, bytes + at + count, n - at - count);
		return n - count;
	case 3: /* some bytes doubled */
		if (at + count > n)
			count = n - at;
		if (n + count > SEED_MAX)
			return n;
		memmove(bytes + at + count, bytes + at, n - at);
		return n + count;
	case 4: /* cut off */ return at;
	default: /* one byte added */
		if (n + 1 > SEED_MAX)
			return n;
		memmove(bytes + at + 1, bytes + at, n - at);
		bytes[at] = (uint8_t)letters[below(sizeof letters)];
		return n + 1;
	}
}

static uint8_t *seed_file(const char *path, size_t *n)
{
	uint8_t *bytes = calloc(1, SEED_MAX);
	FILE *file = fopen(path, "rb");
	if (!bytes || !file) {
		perror(path);
		exit(2);
	}
	*n = fread(bytes, 1, SEED_MAX, file);
	fclose(file);
	return bytes;
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return fputs("usage: TARGET ROUNDS SEED FILE...\n", stderr), 2;
	state = strtoull(argv[2], NULL, 10) * 0x9e3779b97f4a7c15u + 1;
	long rounds = atol(argv[1]), ran = 0;
	for (int i = 3; i < argc; i++) {
		size_t n, m;
		uint8_t *seed = seed_file(argv[i], &n), *bytes = malloc(SEED_MAX);
		LLVMFuzzerTestOneInput(seed, n);
		for (long k = 0; k < rounds / (argc - 3); k++, ran++) {
			memcpy(bytes, seed, m = n);
			for (unsigned c = 1 + below(4); c > 0; c--)
				m = change(bytes, m);
			uint8_t *exact = malloc(m + !m); /* of exact size: the sanitizer reports a
			                                    read beyond its end */
			memcpy(exact, bytes, m);
			LLVMFuzzerTestOneInput(exact, m);
			free(exact);
		}
		free(seed);
		free(bytes);
	}
	printf("%ld inputs\n", ran);
	return 0;
}
