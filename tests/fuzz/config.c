/* Fuzz target: the YAML file. Any bytes are read, or refused with their position. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "program/config_kinds.h"
#include "base/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

struct state {
	int64_t interval, count;
	const char *source;
	bool quiet;
	int detail;
};
static const struct vp_option rows[] = {
	{
	        .name = "interval",
	        .letter = 'i',
	        .type = VP_OPT_TIME,
	        .offset = offsetof(struct state, interval),
	        .preset = "100ms",
	        .arg = "TIME",
	        .help = "",
	},
	{
	        .name = "count",
	        .letter = 'n',
	        .type = VP_OPT_INT,
	        .offset = offsetof(struct state, count),
	        .limits = "0..1000",
	        .arg = "N",
	        .help = "",
	},
	{
	        .name = "source",
	        .letter = 's',
	        .type = VP_OPT_LIST,
	        .offset = offsetof(struct state, source),
	        .preset = "procfs",
	        .arg = "NAME",
	        .help = "",
	},
	{
	        .name = "quiet",
	        .letter = 'q',
	        .type = VP_OPT_FLAG,
	        .offset = offsetof(struct state, quiet),
	        .help = "",
	},
	{
	        .name = "detail",
	        .type = VP_OPT_ENUM,
	        .offset = offsetof(struct state, detail),
	        .preset = "smaps",
	        .limits = "maps|smaps",
	        .arg = "WORD",
	        .help = "",
	},
	{ 0 },
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char path[64];
	struct state state = { 0 };
	struct vp_options options;
	int fd = memfd_create("config", 0);
	if (fd < 0 || (n && write(fd, bytes, n) != (ssize_t)n))
		abort();
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (vp_options_init(&options, rows, &state, "vm-sample"))
		abort();
	struct vp_config *config = vp_config_read(path);
	if (config)
		vp_config_apply(config, NULL, "vm-sample",
		                &(struct vp_config_into){ .options = &options,
		                                          .plugins = true,
		                                          .layer = VP_LAYER_YAML });
	else if (!strstr(vp_error(), path))
		abort();
	vp_config_free(config);
	vp_options_free(&options);
	close(fd);
	return 0;
}
