/* The options of vm-render. */
#include "render/flags.h"

#define FIELD(name) offsetof(struct vp_render_flags, name)
const struct vp_option vp_render_rows[] = {
	{
	        .name = "renderer",
	        .letter = 'r',
	        .type = VP_OPT_STRING,
	        .offset = FIELD(renderer),
	        .preset = "ascii",
	        .arg = "NAME",
	        .help = "draws the picture; --NAME is short for it, as in --svg (see --list)",
	},
	{
	        .name = "view",
	        .type = VP_OPT_STRING,
	        .offset = FIELD(view),
	        .preset = "timeline",
	        .arg = "VIEW",
	        .help = "what the picture shows: timeline, map, area, table, events, tree, "
	                "summary, cards, diff, explain, stats, pages, compare, aslr",
	},
	{
	        .name = "width",
	        .type = VP_OPT_INT,
	        .offset = FIELD(width),
	        .preset = "0",
	        .limits = "0..100000",
	        .arg = "N",
	        .help = "columns or pixels; 0: those of the terminal or the renderer",
	},
	{
	        .name = "height",
	        .type = VP_OPT_INT,
	        .offset = FIELD(height),
	        .preset = "0",
	        .limits = "0..100000",
	        .arg = "N",
	        .help = "rows or pixels; 0: those of the terminal or the renderer",
	},
	{
	        .name = "scale",
	        .type = VP_OPT_ENUM,
	        .offset = FIELD(scale),
	        .preset = "packed",
	        .limits = "packed|log|linear",
	        .arg = "SCALE",
	        .help = "scale of addresses; packed folds the gaps",
	},
	{
	        .name = "from",
	        .type = VP_OPT_TIME,
	        .offset = FIELD(from),
	        .arg = "TIME",
	        .help = "leave out what happened before",
	},
	{
	        .name = "to",
	        .type = VP_OPT_TIME,
	        .offset = FIELD(to),
	        .arg = "TIME",
	        .help = "leave out what happened after",
	},
	{
	        .name = "at",
	        .type = VP_OPT_TIME,
	        .offset = FIELD(at),
	        .arg = "TIME",
	        .help = "moment that map, table, cards, explain, stats, sites and stacks show; "
	                "preset: "
	                "the last",
	},
	{
	        .name = "pid",
	        .letter = 'p',
	        .type = VP_OPT_INT,
	        .offset = FIELD(pid),
	        .preset = "-1",
	        .limits = "-1..4194304",
	        .arg = "PID",
	        .help = "only this process",
	},
	{
	        .name = "reference",
	        .type = VP_OPT_INT,
	        .offset = FIELD(reference),
	        .preset = "-1",
	        .limits = "-1..4194304",
	        .arg = "PID",
	        .help = "for compare: the process to compare --pid with; preset: its parent",
	},
	{
	        .name = "kind",
	        .type = VP_OPT_LIST,
	        .offset = FIELD(kind),
	        .arg = "KIND,...",
	        .help = "only regions of these kinds: heap,stack",
	},
	{
	        .name = "perms",
	        .type = VP_OPT_STRING,
	        .offset = FIELD(perms),
	        .arg = "PERMS",
	        .help = "only regions with these letters (w, rwx) or this pattern (r-xp; ? is any)",
	},
	{
	        .name = "address",
	        .type = VP_OPT_STRING,
	        .offset = FIELD(address),
	        .arg = "A[-B]",
	        .help = "only regions that touch these addresses (hexadecimal)",
	},
	{
	        .name = "measure",
	        .type = VP_OPT_ENUM,
	        .offset = FIELD(measure),
	        .preset = "auto",
	        .limits = "auto|size|rss|pss|dirty|swap|regions|system|cgroup",
	        .arg = "MEASURE",
	        .help = "what area and tree draw; system: the machine; cgroup: a control group; "
	                "auto: system, cgroup, rss or size, the first that is known",
	},
	{
	        .name = "columns",
	        .type = VP_OPT_LIST,
	        .offset = FIELD(columns),
	        .arg = "COLUMN,...",
	        .help = "columns of a table: start,size,rss,kind,name ...",
	},
	{
	        .name = "sort",
	        .type = VP_OPT_STRING,
	        .offset = FIELD(sort),
	        .arg = "[-]COLUMN",
	        .help = "order the rows of a table by this column; -: descending",
	},
	{
	        .name = "rows",
	        .type = VP_OPT_INT,
	        .offset = FIELD(rows),
	        .preset = "10000",
	        .limits = "0..1000000000",
	        .arg = "N",
	        .help = "for events: keep the last N rows; 0: all",
	},
	{
	        .name = "by",
	        .type = VP_OPT_STRING,
	        .offset = FIELD(by),
	        .arg = "FIELD",
	        .help = "group a table by kind, name, perms, policy or process; a summary by kind, "
	                "name, "
	                "event or process; events by act or change; an area by kind, name, "
	                "region or process; stacks by live, mapped, given or calls",
	},
	{
	        .name = "preset",
	        .type = VP_OPT_STRING,
	        .offset = FIELD(preset),
	        .arg = "PRESET",
	        .help = "columns of a table: default, regions, kinds, pages, all; or the format of "
	                "pmap, pmap-x, pmap-X, pmap-d, smaps, vmmap, free, free-h; sites: the view "
	                "sites",
	},
	{
	        .name = "live",
	        .type = VP_OPT_ENUM,
	        .offset = FIELD(live),
	        .preset = "auto",
	        .limits = "auto|yes|no",
	        .arg = "WHEN",
	        .help = "draw on the full screen while lines arrive; auto: if stdout is a terminal "
	                "and the input a pipe",
	},
	{
	        .name = "fps",
	        .type = VP_OPT_INT,
	        .offset = FIELD(fps),
	        .preset = "15",
	        .limits = "1..60",
	        .arg = "N",
	        .help = "live pictures per second, at most",
	},
	{
	        .name = "port",
	        .type = VP_OPT_STRING,
	        .offset = FIELD(port),
	        .arg = "N",
	        .help = "for web: this port and no other; preset: 8080, or the next free one",
	},
	{
	        .name = "listen",
	        .type = VP_OPT_STRING,
	        .offset = FIELD(listen),
	        .arg = "NAME,...",
	        .help = "for web: serve at these names or addresses; preset: this machine alone",
	},
	{
	        .name = "window",
	        .type = VP_OPT_STRING,
	        .offset = FIELD(window),
	        .arg = "TIME",
	        .help = "for web: keep this much of the stream for pages that join late; preset: "
	                "1h",
	},
	{
	        .name = "record",
	        .type = VP_OPT_STRING,
	        .offset = FIELD(record),
	        .arg = "FILE",
	        .help = "for web: write the lines, and marks of the page, to FILE; .zst or .gz "
	                "packs them",
	},
	{
	        .name = "timing",
	        .type = VP_OPT_STRING,
	        .offset = FIELD(timing),
	        .arg = "FILE",
	        .help = "for web: CSV: when each update was sent to a page, and drawn by one",
	},
	{
	        .name = "pick",
	        .type = VP_OPT_FLAG,
	        .offset = FIELD(pick),
	        .help = "for web: the page lists your processes and starts the pipeline on one",
	},
	{ 0 },
};
