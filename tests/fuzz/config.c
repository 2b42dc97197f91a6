/* Fuzz target: the YAML file. Any bytes are read or refused with their position. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "program/config.h"
#include "base/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

struct state { int64_t interval, count; const char *source; bool quiet; int detail; };
static const struct vp_option rows[] = {
	{ "interval", 'i', VP_OPT_TIME, offsetof(struct state, interval), "100ms", NULL, "TIME", "" },
	{ "count", 'n', VP_OPT_INT, offsetof(struct state, count), NULL, "0..1000", "N", "" },
	{ "source", 's', VP_OPT_LIST, offsetof(struct state, source), "procfs", NULL, "NAME", "" },
	{ "quiet", 'q', VP_OPT_FLAG, offsetof(struct state, quiet), NULL, NULL, NULL, "" },
	{ "detail", 0, VP_OPT_ENUM, offsetof(struct state, detail), "smaps", "maps|smaps", "WORD", "" },
	{ 0 },
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char path[64];
	struct state state = { 0 };
	struct vp_options options;
	int fd = memfd_create("config", 0);
	if (fd < 0 || (n && write(fd, bytes, n) != (ssize_t)n)) abort();
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (vp_options_init(&options, rows, &state, "vm-sample")) abort();
	struct vp_config *config = vp_config_read(path);
	if (config) vp_config_apply(config, NULL, "vm-sample", &(struct vp_config_into){ .options = &options, .plugins = true, .layer = VP_LAYER_YAML });
	else if (!strstr(vp_error(), path)) abort();
	vp_config_free(config);
	vp_options_free(&options);
	close(fd);
	return 0;
}
