/* The options that all programs have. */
#include "program/about.h"

#define FIELD(name) offsetof(struct vp_common, name)

const struct vp_option vp_common_rows[] = {
	{
	        .name = "config",
	        .letter = 'c',
	        .type = VP_OPT_STRING,
	        .offset = FIELD(config_path),
	        .arg = "FILE",
	        .help = "read the program's section of a YAML file",
	},
	{
	        .name = "output",
	        .letter = 'o',
	        .type = VP_OPT_STRING,
	        .offset = FIELD(output),
	        .arg = "FILE",
	        .help = "write to FILE; - is stdout, %p the pid, %t the time",
	},
	{
	        .name = "option",
	        .letter = 'O',
	        .type = VP_OPT_LIST,
	        .offset = FIELD(plugin_option),
	        .arg = "KEY=VALUE",
	        .help = "set an option of the plugin (see --list)",
	},
	{
	        .name = "quiet",
	        .letter = 'q',
	        .type = VP_OPT_FLAG,
	        .offset = FIELD(quiet),
	        .help = "print nothing but errors that end the program",
	},
	{
	        .name = "verbose",
	        .letter = 'v',
	        .type = VP_OPT_FLAG,
	        .offset = FIELD(verbose),
	        .help = "at the end, print what was read, written and spent",
	},
	{
	        .name = "list",
	        .type = VP_OPT_FLAG,
	        .offset = FIELD(list),
	        .help = "list the plugins that can be found, and their options",
	},
	{
	        .name = "help",
	        .letter = 'h',
	        .type = VP_OPT_FLAG,
	        .offset = FIELD(help),
	        .help = "print the options",
	},
	{
	        .name = "version",
	        .letter = 'V',
	        .type = VP_OPT_FLAG,
	        .offset = FIELD(version),
	        .help = "print the version",
	},
	{ 0 },
};
