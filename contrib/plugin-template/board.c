/* The source board: the memory map of a board, from a file that its monitor keeps rewriting.
 *
 *   20000000 20100000 r-x flash image
 *   -> start 0x20000000, end 0x20100000, perms r-x, name "flash image"
 */
#include <vmpipe/plugin.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MARK "# board map\n"

/* The state: the host allocates and zeroes it, and fills it from the options below. */
struct board {
	const char *file;
	int64_t pid;
	uint64_t seq;
};

static const struct vp_option options[] = {
	{
	        .name = "map",
	        .type = VP_OPT_STRING,
	        .offset = offsetof(struct board, file),
	        .preset = "board.txt",
	        .arg = "FILE",
	        .help = "file of the monitor",
	},
	{ .name = NULL },
};

/* ---- sample half: passes the text on untouched ---- */

static int board_attach(void *state, struct vp_sample_api *host, const struct vp_process *process)
{
	struct board *board = state;
	if (board->pid)
		return host->fail(host, "board can sample one process only");
	board->pid = process->pid;
	host->begin(host, "process", host->now(host), process->pid);
	host->str(host, "why", (vp_str){ "first", 5 });
	host->end(host);
	return 0;
}

static int board_sample(void *state, struct vp_sample_api *host)
{
	struct board *board = state;
	static char text[65536];
	int64_t begun = host->now(host);
	FILE *file = fopen(board->file, "r");
	if (!file)
		return host->fail(host, "cannot open %s", board->file);
	size_t n = fread(text, 1, sizeof text, file);
	fclose(file);
	host->begin(host, "sample", begun, board->pid);
	host->num(host, "seq", board->seq);
	host->sec(host, "took", host->now(host) - begun);
	host->end(host);
	host->raw(host, begun, board->pid, board->seq++, "board", (vp_str){ text, n });
	return 1; /* number of processes that still exist */
}

/* ---- parse half: a pure function from the text to regions ---- */

static int board_probe(vp_str head, const char **format)
{
	*format = "board";
	return head.n >= strlen(MARK) && !memcmp(head.p, MARK, strlen(MARK)) ? 100 : 0;
}

static int parse_line(struct vp_parse_api *host, const char *line)
{
	struct vp_region region = { .start = 0 };
	int name = 0;
	if (sscanf(line, "%" SCNx64 " %" SCNx64 " %3[rwx-] %n", &region.start, &region.end,
	           region.perms, &name) < 3)
		return -1;
	if (region.end <= region.start)
		return -1;
	region.size = region.end - region.start;
	if (name)
		region.name = (vp_str){ line + name, strlen(line + name) };
	host->region(host, &region);
	return 0;
}

static int board_parse(void *state, struct vp_parse_api *host, const struct vp_text *text)
{
	const char *at = text->text.p, *end = at + text->text.n;
	(void)state;
	host->snapshot(host, (vp_str){ NULL, 0 }, NULL);
	for (size_t number = 1; at < end; number++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t n = (size_t)((stop ? stop : end) - at);
		char line[512]; /* the text comes from outside, and is not ended by a NUL */
		snprintf(line, sizeof line, "%.*s", (int)(n < sizeof line ? n : sizeof line - 1),
		         at);
		if (*line && *line != '#' && parse_line(host, line))
			host->bad(host, number, "expected START END PERMS NAME");
		at += n + 1;
	}
	return 0;
}

static const char *const formats[] = { "board", NULL };

const struct vp_source vp_source = {
	.abi = VP_ABI,
	.name = "board", /* equals the name of the file */
	.about = "the memory map of a board, from its monitor's file",
	.formats = formats,
	.state = sizeof(struct board),
	.options = options,
	.attach = board_attach,
	.sample = board_sample,
	.probe = board_probe,
	.parse = board_parse,
};
