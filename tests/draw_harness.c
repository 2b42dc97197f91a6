/* Gives figures to a renderer plugin:  draw PLUGIN.so FIGURE [name=value ...] > picture
 *
 * FIGURE: timeline map area table stacks empty nasty none many toomany.
 * Names: width height colours unicode terminal, or an option of the plugin.
 */
#include <dlfcn.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

static int fail(struct vp_render_api *h, const char *format, ...)
{
	va_list list;
	(void)h;
	va_start(list, format);
	vfprintf(stderr, format, list);
	fputc('\n', stderr);
	va_end(list);
	return -1;
}

static void warn(struct vp_render_api *h, const char *format, ...)
{
	va_list list;
	(void)h;
	va_start(list, format);
	vfprintf(stderr, format, list);
	fputc('\n', stderr);
	va_end(list);
}

static void put(struct vp_render_api *h, const char *bytes, size_t n)
{
	(void)h;
	fwrite(bytes, 1, n, stdout);
}

static struct vp_render_api host = { .abi = VP_ABI, .fail = fail, .warn = warn, .write = put };

static struct vp_class classes[] = {
	{ "text", "6 regions, 38.2 MiB", 0x0072b2, 0x56a5dd, 32, 't' },
	{ "rodata", "61 regions, 12.9 MiB", 0x56b4e9, 0x7fc8f0, 74, 'r' },
	{ "data", "44 regions, 2.1 MiB", 0x009e73, 0x37c49c, 36, 'd' },
	{ "heap", "1 region, 1.4 MiB", 0xe69f00, 0xf0b93a, 178, 'H' },
	{ "anon", "52 regions, 612.5 MiB", 0xd55e00, 0xf08a4b, 166, 'a' },
	{ "stack", "1 region, 132 KiB", 0xcc79a7, 0xdf9cc1, 175, 'S' },
	{ "thread stack", "10 regions, 80.0 MiB", 0xaa4499, 0xcf7ac0, 133, 'T' },
	{ "jit", "8 regions, 4.0 MiB", 0x882255, 0xc06090, 125, 'J' },
	{ "file", "3 regions, 1.0 MiB", 0x999933, 0xc0c060, 143, 'f' },
	{ "guard", "14 regions, 1.2 GiB", 0xb0b4ba, 0x5c636e, 246, '.' },
	{ "vdso", "2 regions, 24 KiB", 0x332288, 0x8f80e0, 61, 'v' },
};
enum { CLASSES = sizeof classes / sizeof *classes };

static struct vp_tick xt[64], yt[64];
static struct vp_box boxes[20000];
static struct vp_flag flags[16];
static struct vp_serie series[CLASSES];
static double xs[2000], ys[CLASSES][2000];
static struct vp_cell cells[8 * 300], totals[8];
static int row_class[300];
static const char *notes[4];

/* Allocates memory that lives to the end: figures point into it, and the leak detector finds it. */
static const char *print(const char *format, ...)
{
	static char **kept;
	static size_t count;
	char *text = NULL;
	va_list list;
	va_start(list, format);
	if (vasprintf(&text, format, list) < 0)
		abort();
	va_end(list);
	if (!(kept = realloc(kept, (count + 1) * sizeof *kept)))
		abort();
	return kept[count++] = text;
}

/* Returns the same random numbers on every machine. */
static double chance(void)
{
	static unsigned seed = 7;
	seed = seed * 1103515245 + 12345;
	return (seed >> 8 & 0xffff) / 65536.0;
}

static void times(struct vp_figure *f)
{
	for (int i = 0; i <= 12; i++)
		xt[i] = (struct vp_tick){ i / 12.0, print("%d s", i * 5), false };
	f->x = (struct vp_axis){ "time since start", xt, 13 };
}

/* Fills a figure like a node process: 150 regions in 9 clusters between folded gaps. */
static void timeline(struct vp_figure *f)
{
	double y = 0;
	uint64_t at = 0x55d0c2a4b000;
	times(f);
	for (int i = 0, c = 0; i < 150; i++) {
		double high = 0.002 + chance() * 0.008, born = chance() < 0.6 ? 0 : chance() * 0.6,
		       dead = chance() < 0.8 ? 1 : born + chance() * (1 - born);
		unsigned class = (unsigned)(chance() * CLASSES);
		if (i % 17 == 0) {
			if (i) {
				yt[f->y.count++] = (struct vp_tick){
					y + 0.006, print("%.1f TiB", 0.3 + 40 * chance()), true
				};
				y += 0.012;
			}
			yt[f->y.count++] =
			        (struct vp_tick){ y, print("0x%012llx", (unsigned long long)at),
				                  false };
			at += 0x2a0000000000 * (uint64_t)(1 + c++ % 3) / 7;
		}
		for (double x = born; x < dead;) {
			double to = chance() < 0.7 ? dead : fmin(dead, x + 0.15);
			boxes[f->box_count++] = (struct vp_box){
				(float)x,
				(float)to,
				(float)y,
				(float)(y + high * 0.85),
				class,
				(x == born && born > 0 ? VP_BOX_NEW : 0) |
				        (to == dead && dead < 1 ? VP_BOX_GONE : 0),
				class == 9 ? -1 : (float)chance(),
				class == 3     ? "[heap]"
				: high > 0.007 ? "libnode.so.108"
				               : NULL,
				print("0x%012llx-0x%012llx\nr-xp "
				      "%s\n/usr/lib/x86_64-linux-gnu/libnode.so.108\nresident 1.2 "
				      "MiB of 3.4 MiB",
				      (unsigned long long)at, (unsigned long long)at + 4096,
				      classes[class].name)
			};
			x = to;
		}
		y += high;
	}
	for (size_t i = 0; i < f->box_count; i++) {
		boxes[i].y0 /= (float)y;
		boxes[i].y1 /= (float)y;
	}
	for (size_t i = 0; i < f->y.count; i++)
		yt[i].at /= y;
	f->y.title = "address (gaps folded)";
	f->y.ticks = yt;
	flags[0] = (struct vp_flag){ 0.1, "exec /usr/bin/node" };
	flags[1] = (struct vp_flag){ 0.14, "mark: opened file" };
	flags[2] = (struct vp_flag){ 0.5, "GC" };
	flags[3] = (struct vp_flag){ 0.97, "leak suspected: anon grows 1.2 MiB/s" };
	f->flag_count = 4;
	f->box_count = f->box_count;
}

static void map(struct vp_figure *f)
{
	static const char *names[] = { "node", "[heap]", "libnode.so.108", "libc.so.6",
		                       "anon", "guard",  "[stack]",        "[vdso]" };
	static const unsigned flags_of[26] = {
		[3] = VP_BOX_NEW, [9] = VP_BOX_GONE, [11] = VP_BOX_CHANGED
	};
	double y = 1;
	for (int i = 0; i < 26; i++) {
		double high = 1 / 26.0;
		unsigned class = (unsigned)(chance() * CLASSES);
		boxes[f->box_count++] = (struct vp_box){ 0,
			                                 (float)(0.2 + 0.8 * chance()),
			                                 (float)(y - high * 0.9),
			                                 (float)y,
			                                 class,
			                                 flags_of[i],
			                                 (float)chance(),
			                                 print("%s  1.2 MiB r-xp", names[i % 8]),
			                                 names[i % 8] };
		yt[f->y.count++] = (struct vp_tick){
			y - high / 2, print("0x%016llx", 0x7f0000000000ull + (unsigned)i * 0x13000),
			false
		};
		y -= high;
	}
	f->y.ticks = yt;
	f->y.title = "address";
}

static void area(struct vp_figure *f)
{
	times(f);
	for (int i = 0; i < 400; i++) {
		xs[i] = i / 400.0;
		for (int k = 0; k < CLASSES; k++)
			ys[k][i] = 0.015 + 0.01 * k / 3.0;
		ys[4][i] = 0.1 + 0.4 * xs[i] - (i % 100 > 70 ? 0.05 : 0);
		ys[6][i] = i > 120 ? 0.15 : 0;
	}
	for (int k = 0; k < CLASSES; k++)
		series[k] = (struct vp_serie){ classes[k].name, (uint32_t)k, ys[k],
			                       print("%s\npeak 12.2 MiB", classes[k].name) };
	for (int i = 0; i <= 5; i++)
		yt[i] = (struct vp_tick){ i / 5.0, print("%d MiB", i * 200), false };
	f->y = (struct vp_axis){ "resident", yt, 6 };
	f->series = series;
	f->serie_count = CLASSES;
	f->xs = xs;
	f->points = 400;
	flags[0] = (struct vp_flag){ 0.3, "threads started" };
	f->flag_count = 1;
}

static void table(struct vp_figure *f)
{
	static const struct vp_column columns[] = { { "start", VP_LEFT }, { "size", VP_RIGHT },
		                                    { "rss", VP_RIGHT },  { "perms", VP_LEFT },
		                                    { "kind", VP_LEFT },  { "name", VP_LEFT } };
	for (int i = 0; i < 40; i++) {
		struct vp_cell *c = cells + i * 6;
		row_class[i] = (int)(chance() * CLASSES);
		c[0] = (struct vp_cell){
			print("0x%016llx", 0x7f0000000000ull + (unsigned)i * 0x13000), true
		};
		c[1] = (struct vp_cell){ print("%.1f MiB", chance() * 100), true };
		c[2] = (struct vp_cell){ print("%d KiB", (int)(chance() * 900)), i % 7 != 3 };
		c[3] = (struct vp_cell){ "r-xp", true };
		c[4] = (struct vp_cell){ classes[row_class[i]].name, true };
		c[5] = (struct vp_cell){ i % 3 ? "/usr/lib/x86_64-linux-gnu/libnode.so.108"
			                       : "/opt/google/a very long path/with "
			                         "many/parts/that goes/on and on/for ever/and "
			                         "ever/libgraphics-driver-extra.so.12.4.8",
			                 i % 5 != 4 };
	}
	totals[0] = (struct vp_cell){ "40 regions", true };
	totals[1] = (struct vp_cell){ "1234.5 MiB", true };
	totals[2] = (struct vp_cell){ "321 MiB", true };
	f->columns = columns;
	f->column_count = 6;
	f->cells = cells;
	f->row_count = 40;
	f->totals = totals;
	f->row_class = row_class;
}

/* The tree of calls of a program that keeps what it reads: depth and weight of each frame, callers
 * first. */
static void stacks(struct vp_figure *f)
{
	static const struct {
		const char *name;
		unsigned depth, own, class;
	} list[] = {
		{ "main", 0, 0, 4 },
		{ "read_all", 1, 96, 4 },
		{ "std::vector<std::string, std::allocator<std::string>>::push_back", 2, 512, 4 },
		{ "parse", 1, 0, 4 },
		{ "parse_node", 2, 128, 3 },
		{ "parse_node", 3, 160, 3 },
		{ "strdup", 4, 64, 3 },
		{ "_start", 0, 40, 8 },
		{ "libc.so.6+0x2a1ca", 1, 24, 8 },
	};
	enum { COUNT = sizeof list / sizeof *list };
	static struct vp_stack_frame frames[COUNT];
	static double own[COUNT][2];
	static const struct vp_weight weights[] = { { "live", "KiB" }, { "blocks", "" } };
	double sums[COUNT] = { 0 }, at[COUNT], whole = 0;
	uint32_t path[8];

	for (uint32_t i = 0; i < COUNT; i++) {
		path[list[i].depth] = i;
		for (unsigned k = 0; k <= list[i].depth; k++)
			sums[path[k]] += list[i].own;
		whole += list[i].own;
	}
	double next = 0;
	for (uint32_t i = 0; i < COUNT; i++) {
		unsigned depth = list[i].depth;
		double from = depth ? at[path[depth - 1]] : next;
		path[depth] = i;
		at[i] = from;
		if (depth)
			at[path[depth - 1]] += sums[i];
		else
			next += sums[i];
		own[i][0] = list[i].own;
		own[i][1] = list[i].own / 8;
		frames[i] = (struct vp_stack_frame){
			.parent = depth ? path[depth - 1] : VP_NO_PARENT,
			.depth = depth,
			.x0 = (float)(from / whole),
			.x1 = (float)((from + sums[i]) / whole),
			.class = list[i].class,
			.flags = i == 6 ? VP_BOX_NEW : 0,
			.name = list[i].name,
			.amount = print("%.0f KiB", sums[i]),
			.title = print("%s\n%.0f KiB live, %d KiB its own", list[i].name, sums[i],
			               list[i].own),
			.own = own[i],
		};
	}
	for (int i = 0; i <= 4; i++)
		xt[i] = (struct vp_tick){ i / 4.0, print("%.0f KiB", whole * i / 4), false };
	f->x = (struct vp_axis){ "live", xt, 5 };
	f->shape = VP_STACKS;
	f->frames = frames;
	f->frame_count = COUNT;
	f->weights = weights;
	f->weight_count = 2;
}

static const char nasty_text[] = "<script>alert(1)</script>&\"' \x1b[31mred\x1b[0m \x01\x7f\n "
                                 "\xff\xfe\xc3( \xed\xa0\x80 \xc2\x9b"
                                 "31m \xe2\x80\xae"
                                 "evil \xef\xbf\xbe ]]> \xe6\xbc\xa2\xe5\xad\x97 e\xcc\x81";

static void nasty(struct vp_figure *f)
{
	static struct vp_column column[] = { { nasty_text, VP_LEFT } };
	static struct vp_cell cell[] = { { nasty_text, true } };
	static const char *note = nasty_text;
	f->title = f->subtitle = f->view = nasty_text;
	f->notes = &note;
	f->note_count = 1;
	for (int i = 0; i < CLASSES; i++)
		classes[i].name = classes[i].detail = nasty_text;
	yt[0] = (struct vp_tick){ NAN, nasty_text, false };
	yt[1] = (struct vp_tick){ 7, nasty_text, true };
	f->y = f->x = (struct vp_axis){ nasty_text, yt, 2 };
	boxes[0] = (struct vp_box){ NAN, 1, -3, 9, 0, 15, 0.5f, nasty_text, nasty_text };
	boxes[1] = (struct vp_box){ 1, 0, 1, 0, 99, 15, 2, nasty_text, nasty_text };
	f->box_count = 2;
	ys[0][0] = NAN;
	ys[0][1] = 1e300;
	xs[1] = NAN;
	series[0] = (struct vp_serie){ nasty_text, 0, ys[0], nasty_text };
	series[1] = (struct vp_serie){ NULL, 99, ys[0], NULL };
	f->series = series;
	f->serie_count = 2;
	f->xs = xs;
	f->points = 2;
	f->columns = column;
	f->column_count = 1;
	f->cells = f->totals = cell;
	f->row_count = 1;
	f->row_class = row_class;
	row_class[0] = 99;
	static const double own[] = { NAN };
	static const struct vp_weight weight = { nasty_text, NULL };
	static struct vp_stack_frame frames[] = {
		{ 7, UINT32_MAX - 1, NAN, 3, 99, 255, NULL, NULL, NULL, NULL },
		{ 1, 0, 1, 0, 0, 15, nasty_text, nasty_text, nasty_text, own },
		{ VP_NO_PARENT, 3, -1, 9, 1, 0, nasty_text, nasty_text, NULL, own },
	};
	f->frames = frames;
	f->frame_count = 3;
	f->weights = &weight;
	f->weight_count = 1;
	flags[0] = (struct vp_flag){ NAN, nasty_text };
	flags[1] = (struct vp_flag){ 0.5, NULL };
	f->flag_count = 2;
}

/* Boxes of one size; those above 10000 are smaller. */
static void many(struct vp_figure *f, int count)
{
	times(f);
	for (int i = 0; i < count; i++) {
		float x = (float)(i % 100) / 100, y = (float)(i % 10000 / 100) / 100;
		float wide = i < 10000 ? 0.01f : 0.003f;
		boxes[f->box_count++] = (struct vp_box){ x,
			                                 x + wide,
			                                 y,
			                                 y + 0.01f,
			                                 (unsigned)(chance() * CLASSES),
			                                 0,
			                                 (float)chance(),
			                                 "x",
			                                 print("0x%016x-0x%016x\nr-xp "
			                                       "anon\n/usr/lib/x86_64-linux-gnu/"
			                                       "libnode.so.108\nresident 1.2 MiB "
			                                       "of 3.4 MiB\n1.20 s - 3.40 s",
			                                       i, i) };
	}
}

static enum vp_figure_shape shape_of(const char *name)
{
	if (strstr(name, "area"))
		return VP_SERIES;
	if (strstr(name, "table"))
		return VP_TABLE;
	return strstr(name, "stacks") ? VP_STACKS : VP_BOXES;
}

static void build(struct vp_figure *f, const char *name)
{
	*f = (struct vp_figure){ .view = name,
		                 .classes = classes,
		                 .class_count = CLASSES,
		                 .boxes = boxes,
		                 .flags = flags,
		                 .notes = notes };
	f->title = print("node (pid 4242): %s", name);
	f->subtitle = "150 regions, 742.1 MiB mapped, 96.4 MiB resident · 60 s, 240 samples · "
	              "packed addresses";
	notes[0] = "1 204 boxes smaller than a pixel are merged";
	f->note_count = 1;
	if (!strcmp(name, "timeline"))
		timeline(f);
	else if (!strcmp(name, "map"))
		map(f);
	else if (!strcmp(name, "area")) {
		f->shape = VP_SERIES;
		area(f);
	} else if (!strcmp(name, "table")) {
		f->shape = VP_TABLE;
		table(f);
	} else if (!strcmp(name, "stacks"))
		stacks(f);
	else if (!strcmp(name, "empty")) {
		f->empty = "Nothing to draw: the stream holds no snapshot of process 4242. It may "
		           "have ended before the first sample was taken.";
		f->class_count = 0;
	} else if (!strcmp(name, "many"))
		many(f, 10000);
	else if (!strcmp(name, "toomany"))
		many(f, 12000);
	else if (!strncmp(name, "nasty", 5)) {
		f->shape = shape_of(name);
		nasty(f);
	} else if (!strncmp(name, "none", 4))
		*f = (struct vp_figure){ .shape = shape_of(name) };
	else
		exit(fail(&host, "draw: no figure %s", name) + 2);
}

static void set_option(const struct vp_renderer *r, void *state, const char *name,
                       const char *value)
{
	for (const struct vp_option *o = r->options; o && o->name; o++)
		if (!strcmp(o->name, name) && o->type == VP_OPT_ENUM) {
			const char *word = o->limits;
			for (int i = 0; word; word = strchr(word, '|'), word += word != NULL, i++)
				if (!strncmp(word, value, strlen(value)))
					*(int *)((char *)state + o->offset) = i;
		}
}

int main(int argc, char **argv)
{
	struct vp_canvas canvas = { .unicode = true };
	struct vp_figure figure;
	void *object = argc > 2 ? dlopen(argv[1], RTLD_NOW) : NULL, *state;
	const struct vp_renderer *r = object ? dlsym(object, "vp_renderer") : NULL;
	if (!r)
		return fail(&host, "draw: %s",
		            argc > 2 ? dlerror()
		                     : "usage: draw PLUGIN.so FIGURE [name=value ...]") +
		       3;
	state = calloc(1, r->state);
	canvas.width = r->preset_width;
	canvas.height = r->preset_height;
	for (int i = 3; i < argc; i++) {
		char *eq = strchr(argv[i], '=');
		if (!eq)
			return fail(&host, "draw: %s: name=value expected", argv[i]) + 3;
		*eq = 0;
		if (!strcmp(argv[i], "width"))
			canvas.width = atoi(eq + 1);
		else if (!strcmp(argv[i], "height"))
			canvas.height = atoi(eq + 1);
		else if (!strcmp(argv[i], "colours"))
			canvas.colours = atoi(eq + 1) ? VP_COLOUR_256 : VP_COLOUR_NONE;
		else if (!strcmp(argv[i], "unicode"))
			canvas.unicode = atoi(eq + 1);
		else if (!strcmp(argv[i], "terminal"))
			canvas.terminal = atoi(eq + 1);
		else
			set_option(r, state, argv[i], eq + 1);
	}
	build(&figure, argv[2]);
	if ((r->begin && r->begin(state, &host, &canvas)) || r->draw(state, &host, &figure) ||
	    (r->end && r->end(state, &host)))
		return 1;
	if (r->close)
		r->close(state, &host);
	free(state);
	return 0;
}
