/* The source vmmap in the page: its parse half alone. */
#include "inner.h"

const struct vp_source vp_source = {
	.abi = VP_ABI,
	.name = "vmmap",
	.about = "memory of processes of macOS from reports that were saved",
	.formats = vmmap_formats,
	.probe = vmmap_probe,
	.parse = vmmap_parse,
};
