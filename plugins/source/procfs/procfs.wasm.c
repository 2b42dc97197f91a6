/* The source procfs in the page: its parse half alone. */
#include "inner.h"

const struct vp_source vp_source = {
	.abi = VP_ABI,
	.name = "procfs",
	.about = "the regions of Linux processes from the text of /proc/PID/maps or smaps",
	.formats = procfs_formats,
	.probe = procfs_text_probe,
	.parse = procfs_text_parse,
};
