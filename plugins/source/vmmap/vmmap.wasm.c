/* The source vmmap in the page: its parse half alone. */
#include "inner.h"

static const char *const formats[] = { "vmmap", "vmmap-summary", "ips", NULL };

const struct vp_source vp_source = {
	.abi = VP_ABI,
	.name = "vmmap",
	.about = "memory of processes of macOS from reports that were saved",
	.formats = formats,
	.probe = vmmap_probe,
	.parse = vmmap_parse,
};
