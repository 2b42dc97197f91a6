/* Names of output files, with what they ask for filled in. */
#include "base/path.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/error.h"

static void put_stamp(FILE *to)
{
	char stamp[32];
	time_t now = time(NULL);
	struct tm parts;
	strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%S", localtime_r(&now, &parts));
	fputs(stamp, to);
}

/* Writes what the letter after % stands for. False: the letter stands for nothing. */
static bool put_letter(char letter, int64_t pid, FILE *to)
{
	switch (letter) {
	case 'p':
		if (pid < 0)
			fputs("none", to);
		else
			fprintf(to, "%lld", (long long)pid);
		return true;
	case 't': put_stamp(to); return true;
	case '%': fputc('%', to); return true;
	default: return false;
	}
}

char *vp_path_expand(const char *path, int64_t pid)
{
	char *made = NULL;
	size_t size;
	FILE *to = open_memstream(&made, &size);
	for (const char *c = path; to && *c; c++) {
		if (*c == '%' && put_letter(c[1], pid, to))
			c++;
		else
			fputc(*c, to);
	}
	if (to && fclose(to) == 0)
		return made;
	free(made);
	vp_no_memory();
	return NULL;
}
