/* A tree of calls: stacks merged from their outermost function in. */
#include "view/call_tree.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/places.h"
#include "view/palette.h"

enum {
	DEEPEST = 256,   /* functions of a stack that are drawn, the innermost */
	TEXT_LEAST = 500 /* parts of the whole: a line of text is for one of them at least */
};

/* What stands in a node in place of a function. */
enum { CUT = UINT32_MAX - 1, NAMED = UINT32_MAX };

enum sort { PROGRAM, LIBRARY, C_LIBRARY, UNNAMED, CALLERLESS, SMALL, CLASSES };

static const struct {
	const char *name, *kind; /* kind: whose colours it has */
} class_rows[CLASSES] = {
	[PROGRAM] = { "program", "heap" },
	[LIBRARY] = { "library", "text" },
	[C_LIBRARY] = { "C library, loader, allocator", "rodata" },
	[UNNAMED] = { "no function name", "unknown" },
	[CALLERLESS] = { "no callers known", "reserved" },
	[SMALL] = { "too small to draw", "guard" },
};

struct node {
	uint32_t parent, function; /* parent: VP_NO_PARENT of a root */
	const char *name;          /* of NAMED */
	uint64_t all[VP_CALL_WEIGHTS], own[VP_CALL_WEIGHTS];
};

struct tree {
	struct vp_build *build;
	const struct vp_call_weight *weights;
	size_t weight_count;
	struct node *nodes;
	size_t count, size;
	struct vp_places places; /* into nodes, by parent and function */
};

/* ---- merging ---- */

struct wanted {
	const struct tree *tree;
	uint32_t parent, function;
	const char *name;
};

static bool same(const void *ctx, uint64_t place)
{
	const struct wanted *wanted = ctx;
	const struct node *node = &wanted->tree->nodes[place];
	return node->parent == wanted->parent && node->function == wanted->function &&
	       (node->function != NAMED || !strcmp(node->name, wanted->name));
}

/* Finds or adds a callee. UINT32_MAX: no memory. */
static uint32_t callee(struct tree *tree, uint32_t parent, uint32_t function, const char *name)
{
	struct wanted wanted = { tree, parent, function, name };
	uint64_t hash = ((uint64_t)parent << 32 | function) * 0x9e3779b97f4a7c15u;
	uint64_t at = vp_places_find(&tree->places, hash, same, &wanted, UINT64_MAX);
	if (at != UINT64_MAX)
		return (uint32_t)at;
	struct node *nodes = vp_build_grow(tree->build->pool, tree->nodes, tree->count, &tree->size,
	                                   sizeof *nodes);
	if (!nodes || vp_places_add(&tree->places, hash, tree->count))
		return UINT32_MAX;
	tree->nodes = nodes;
	nodes[tree->count] = (struct node){ .parent = parent, .function = function, .name = name };
	return (uint32_t)tree->count++;
}

static void add(const struct tree *tree, uint64_t *to, const uint64_t *from)
{
	for (size_t i = 0; i < tree->weight_count; i++)
		to[i] += from[i];
}

static int put(struct tree *tree, const struct vp_call_stack *stack)
{
	size_t count = stack->count < DEEPEST ? stack->count : DEEPEST;
	uint32_t at = VP_NO_PARENT;
	bool cut = stack->cut || count < stack->count;
	for (size_t i = 0; i <= count; i++) {
		if (!count)
			at = callee(tree, at, NAMED, stack->name ? stack->name : "?");
		else if (i)
			at = callee(tree, at, stack->functions[count - i], NULL);
		else if (cut)
			at = callee(tree, at, CUT, NULL);
		else
			continue;
		if (at == UINT32_MAX)
			return vp_no_memory();
		add(tree, tree->nodes[at].all, stack->weights);
	}
	add(tree, tree->nodes[at].own, stack->weights);
	return 0;
}

/* ---- words ---- */

static const struct vp_function *function_of(const struct tree *tree, const struct node *node)
{
	return node->function < CUT ? &tree->build->model->functions[node->function] : NULL;
}

static const char *name_of(const struct tree *tree, const struct node *node)
{
	const struct vp_function *function = function_of(tree, node);
	if (function)
		return vp_words(tree->build->pool, vp_s(function->name));
	return node->function == CUT ? "(cut: callers unknown)" : node->name;
}

static enum sort class_of(const struct tree *tree, const struct node *node)
{
	static const enum sort classes[] = {
		[VP_FN_PROGRAM] = PROGRAM,
		[VP_FN_LIBRARY] = LIBRARY,
		[VP_FN_C_LIBRARY] = C_LIBRARY,
		[VP_FN_UNNAMED] = UNNAMED,
	};
	const struct vp_function *function = function_of(tree, node);
	return function ? classes[function->sort] : CALLERLESS;
}

static const char *amount(const struct tree *tree, size_t weight, uint64_t n)
{
	struct vp_pool *pool = tree->build->pool;
	return tree->weights[weight].bytes ? vp_size_words(pool, (double)n)
	                                   : vp_pool_print(pool, "%llu", (unsigned long long)n);
}

/* "cache_put\n/usr/bin/x\n1.2 MiB still mapped, 13.4 %\n..." */
static const char *title(const struct tree *tree, const char *name, const char *file,
                         const uint64_t *all, double share)
{
	struct vp_pool *pool = tree->build->pool;
	const char *text =
	        vp_pool_print(pool, "%s%s%s\n%s %s, %.1f %%", name, *file ? "\n" : "", file,
	                      amount(tree, 0, all[0]), tree->weights[0].words, share * 100);
	for (size_t i = 1; i < tree->weight_count; i++)
		text = vp_pool_print(pool, "%s\n%s %s", text, amount(tree, i, all[i]),
		                     tree->weights[i].words);
	return text;
}

/* ---- the figure ---- */

/* Where the widest callees of one caller begin, and how many there are. */
struct callees {
	size_t from, count;
};

/* A node in the order in which it is drawn. */
struct place {
	uint32_t parent, node;
	uint64_t width;
	const char *name, *file;
};

/* By caller, then the widest first, then by name. */
static int by_caller(const void *x, const void *y)
{
	const struct place *a = x, *b = y;
	if (a->parent != b->parent)
		return a->parent < b->parent ? -1 : 1;
	if (a->width != b->width)
		return a->width > b->width ? -1 : 1;
	int order = strcmp(a->name, b->name);
	return order ? order : strcmp(a->file, b->file);
}

/* A caller whose callees are still to be drawn. */
struct open {
	uint32_t node, frame;
	double at; /* where its next callee begins */
	size_t next;
};

struct drawing {
	struct tree *tree;
	struct place *order; /* nodes by caller */
	struct callees *of;  /* by node; the last: the roots */
	double total, least;
	struct vp_stack_frame *frames;
	size_t count;
	uint64_t merged;
	bool used[CLASSES];
};

static const double *own_of(const struct tree *tree, const uint64_t *own)
{
	double *list = vp_pool_take(tree->build->pool, VP_CALL_WEIGHTS * sizeof *list);
	for (size_t i = 0; list && i < tree->weight_count; i++)
		list[i] = (double)own[i];
	return list;
}

static struct vp_stack_frame *frame(struct drawing *drawing, const struct open *caller,
                                    const uint64_t *all, const uint64_t *own, enum sort class)
{
	const struct tree *tree = drawing->tree;
	struct vp_stack_frame *to = &drawing->frames[drawing->count++];
	double end = caller->at + (double)all[0] / drawing->total;
	*to = (struct vp_stack_frame){
		.parent = caller->frame,
		.depth = caller->frame == VP_NO_PARENT ? 0
		                                       : drawing->frames[caller->frame].depth + 1,
		.x0 = (float)caller->at,
		.x1 = (float)(end < 1 ? end : 1),
		.class = class,
		.amount = amount(tree, 0, all[0]),
		.own = own_of(tree, own),
	};
	drawing->used[class] = true;
	return to;
}

/* Draws the callees that are too small, as one: it has all their weights. */
static void draw_small(struct drawing *drawing, const struct open *caller,
                       const struct callees *callees)
{
	struct tree *tree = drawing->tree;
	struct vp_build *build = tree->build;
	uint64_t all[VP_CALL_WEIGHTS] = { 0 };
	size_t count = callees->count - caller->next;
	for (size_t i = caller->next; i < callees->count; i++)
		add(tree, all, tree->nodes[drawing->order[callees->from + i].node].all);
	if (!all[0])
		return;
	struct vp_stack_frame *to = frame(drawing, caller, all, all, SMALL);
	to->name = vp_pool_print(build->pool, "(%zu more)", count);
	to->flags = VP_BOX_MERGED;
	drawing->merged += count;
	if (!build->options->untitled)
		to->title = title(tree,
		                  vp_pool_print(build->pool,
		                                "%zu functions, each too small to draw", count),
		                  "", all, (double)all[0] / drawing->total);
}

static void draw_one(struct drawing *drawing, const struct open *caller, const struct node *node)
{
	struct tree *tree = drawing->tree;
	const struct vp_function *function = function_of(tree, node);
	struct vp_stack_frame *to =
	        frame(drawing, caller, node->all, node->own, class_of(tree, node));
	to->name = name_of(tree, node);
	if (!tree->build->options->untitled)
		to->title = title(tree, to->name,
		                  function ? vp_words(tree->build->pool, vp_s(function->file)) : "",
		                  node->all, (double)node->all[0] / drawing->total);
}

/* Draws all, callers before their callees. */
static void draw_all(struct drawing *drawing, struct open *stack)
{
	struct tree *tree = drawing->tree;
	size_t depth = 1;
	stack[0] = (struct open){ .frame = VP_NO_PARENT };
	while (depth) {
		struct open *top = &stack[depth - 1];
		const struct callees *callees =
		        &drawing->of[top->frame == VP_NO_PARENT ? tree->count : top->node];
		if (top->next == callees->count) {
			depth--;
			continue;
		}
		uint32_t at = drawing->order[callees->from + top->next].node;
		const struct node *node = &tree->nodes[at];
		double share = (double)node->all[0] / drawing->total;
		if (!node->all[0] || share < drawing->least) {
			draw_small(drawing, top, callees);
			depth--;
			continue;
		}
		draw_one(drawing, top, node);
		stack[depth] = (struct open){ .node = at,
			                      .frame = (uint32_t)drawing->count - 1,
			                      .at = top->at };
		top->at += share;
		top->next++;
		depth++;
	}
}

static void sort(struct drawing *drawing)
{
	struct tree *tree = drawing->tree;
	for (size_t i = 0; i < tree->count; i++) {
		const struct node *node = &tree->nodes[i];
		const struct vp_function *function = function_of(tree, node);
		drawing->order[i] = (struct place){
			.parent = node->parent,
			.node = (uint32_t)i,
			.width = node->all[0],
			.name = function ? function->name : name_of(tree, node),
			.file = function ? function->file : "",
		};
	}
	if (tree->count)
		qsort(drawing->order, tree->count, sizeof *drawing->order, by_caller);
	for (size_t i = 0; i < tree->count; i++) {
		uint32_t parent = drawing->order[i].parent;
		struct callees *of = &drawing->of[parent == VP_NO_PARENT ? tree->count : parent];
		if (!of->count++)
			of->from = i;
	}
}

/* Makes the legend of the classes that are drawn, and numbers them. */
static int classes_put(struct drawing *drawing)
{
	struct vp_build *build = drawing->tree->build;
	struct vp_figure *figure = build->figure;
	struct vp_class *classes = vp_pool_take(build->pool, CLASSES * sizeof *classes);
	uint32_t number[CLASSES] = { 0 };
	if (!classes)
		return vp_no_memory();
	for (size_t i = 0; i < CLASSES; i++) {
		if (!drawing->used[i])
			continue;
		number[i] = (uint32_t)figure->class_count;
		struct vp_class *one = &classes[figure->class_count++];
		vp_class_colours(class_rows[i].kind, one);
		one->name = class_rows[i].name;
	}
	vp_class_letters(classes, figure->class_count);
	for (size_t i = 0; i < drawing->count; i++)
		drawing->frames[i].class = number[drawing->frames[i].class];
	figure->classes = classes;
	return 0;
}

static double least_of(const struct vp_view_options *options)
{
	if (options->text)
		return 1.0 / TEXT_LEAST;
	return options->width > 0 ? 0.5 / options->width : 0;
}

static int draw(struct tree *tree)
{
	struct vp_build *build = tree->build;
	struct vp_figure *figure = build->figure;
	struct drawing drawing = { .tree = tree, .least = least_of(build->options) };
	struct vp_weight *weights = vp_pool_take(build->pool, VP_CALL_WEIGHTS * sizeof *weights);
	struct open *stack = vp_pool_take(build->pool, (DEEPEST + 3) * sizeof *stack);
	drawing.order = vp_pool_take(build->pool, (tree->count + 1) * sizeof *drawing.order);
	drawing.of = vp_pool_take(build->pool, (tree->count + 1) * sizeof *drawing.of);
	/* each caller has one more at most: what is too small */
	drawing.frames = vp_pool_take(build->pool, (2 * tree->count + 2) * sizeof *drawing.frames);
	if (!weights || !stack || !drawing.order || !drawing.of || !drawing.frames)
		return vp_no_memory();
	for (size_t i = 0; i < tree->count; i++)
		if (tree->nodes[i].parent == VP_NO_PARENT)
			drawing.total += (double)tree->nodes[i].all[0];
	for (size_t i = 0; i < tree->weight_count; i++)
		weights[i] = tree->weights[i].weight;
	sort(&drawing);
	if (drawing.total > 0)
		draw_all(&drawing, stack);
	figure->frames = drawing.frames;
	figure->frame_count = drawing.count;
	figure->weights = weights;
	figure->weight_count = tree->weight_count;
	if (drawing.merged)
		vp_build_note(build, "%llu function%s too small to draw: merged with %s siblings",
		              (unsigned long long)drawing.merged,
		              drawing.merged == 1 ? " is" : "s are",
		              drawing.merged == 1 ? "its" : "their");
	return classes_put(&drawing);
}

int vp_call_tree(struct vp_build *build, const struct vp_call_stack *stacks, size_t count,
                 const struct vp_call_weight *weights, size_t weight_count)
{
	struct tree tree = { .build = build, .weights = weights, .weight_count = weight_count };
	int failed = 0;
	for (size_t i = 0; i < count && !failed; i++)
		failed = put(&tree, &stacks[i]);
	failed = failed || draw(&tree);
	vp_places_free(&tree.places);
	return failed ? -1 : 0;
}
