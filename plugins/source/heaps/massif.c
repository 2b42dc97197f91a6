/* The output of valgrind --tool=massif.
 *
 *   snapshot=2
 *   time=277
 *   mem_heap_B=100000
 *   heap_tree=peak
 *   n1: 100000 (heap allocation functions) malloc/new/new[], --alloc-fns, etc.
 *    n1: 100000 0x109154: f (m.c:4)
 *     n0: 100000 0x109188: main (m.c:6)
 *   -> a site for each leaf: stack f, main; live 100000, at_peak 100000; and their `heap` line
 *
 * Quirks: blanks before a node are its depth; a node's bytes beyond those of its children are its
 * own; leaves below a threshold are one node "in 3 places". Most snapshots have no tree: they give
 * the total alone, and the sites stay as the last tree had them. Massif counts no blocks. Its time
 * may be instructions or bytes: snapshots are then a second apart.
 */
#include "inner.h"

#define DEPTH_MAX 200

struct node {
	uint64_t bytes, below;
	struct vp_frame frame;
	bool real; /* it has a frame */
};

struct reader {
	struct heaps *h;
	struct node path[DEPTH_MAX];
	size_t depth;                 /* nodes of the path */
	bool in_ms, peak, open, tree; /* `tree`: of this snapshot */
	uint64_t time, heap, number;
};

static bool node(vp_str line, uint64_t *bytes, vp_str *rest)
{
	uint64_t children;
	vp_str at = text_left(line), word = text_word(&at);
	if (word.n < 3 || *word.p != 'n' || !text_ends(word, ":") ||
	    !text_decimal((vp_str){ word.p + 1, word.n - 2 }, &children))
		return false;
	if (!text_decimal(text_word(&at), bytes))
		return false;
	*rest = text_trim(at);
	return text_starts(*rest, "0x") || text_starts(*rest, "(heap allocation functions)") ||
	       text_starts(*rest, "in ") || text_starts(*rest, "(page allocation syscalls)");
}

static bool is(vp_str line)
{
	uint64_t bytes;
	vp_str rest;
	return text_starts(line, "mem_heap_B=") || text_starts(line, "mem_heap_extra_B=") ||
	       text_starts(line, "heap_tree=") || node(line, &bytes, &rest);
}

static bool beside(vp_str line)
{
	return text_starts(line, "desc: ") || text_starts(line, "cmd: ") ||
	       text_starts(line, "time_unit: ") || text_starts(line, "snapshot=") ||
	       text_starts(line, "time=") || text_starts(line, "mem_stacks_B=") ||
	       text_is(line, "#-----------");
}

static int64_t when(const struct reader *r)
{
	uint64_t ns = r->in_ms ? r->time * 1000000 : r->number * 1000000000;
	return r->h->base + (int64_t)(ns >> 61 ? 0 : ns);
}

/* Ends the nodes from `depth` on: what a node has beyond its children is of the stack from it to
 * the root. */
static void close_to(struct reader *r, size_t depth)
{
	while (r->depth > depth) {
		struct node *last = &r->path[r->depth - 1];
		if (last->bytes > last->below) {
			uint64_t own = last->bytes - last->below;
			for (size_t i = 0; i < r->depth; i++)
				if (r->path[i].real)
					heaps_frame(r->h, &r->path[i].frame);
			struct heaps_site *site = heaps_site(r->h, heaps_stack(r->h));
			if (site) {
				site->live += own;
				if (site->peak < site->live)
					site->peak = site->live;
				if (r->peak)
					site->at_peak += own;
			}
		}
		r->depth--;
	}
}

static void finish(struct reader *r)
{
	close_to(r, 0);
	if (r->open)
		heaps_sums(r->h, when(r), r->heap);
	r->open = false;
}

static void begin(struct reader *r)
{
	finish(r);
	r->open = true;
	r->peak = r->tree = false;
	r->heap = 0;
}

/* The first node of a snapshot: what the tree before had may be gone. */
static void begin_tree(struct reader *r)
{
	if (!r->open)
		begin(r);
	r->tree = true;
	for (size_t i = 0; i < r->h->site_count; i++) {
		struct heaps_site *site = &r->h->sites[i];
		site->changed |= site->live > 0;
		site->live = 0;
		site->at_peak = r->peak ? 0 : site->at_peak;
	}
}

static void one_node(struct reader *r, vp_str line, uint64_t bytes, vp_str rest)
{
	size_t depth = 0;
	while (depth < line.n && line.p[depth] == ' ')
		depth++;
	close_to(r, depth < r->depth ? depth : r->depth);
	if (r->depth)
		r->path[r->depth - 1].below += bytes;
	if (r->depth == DEPTH_MAX) {
		r->path[DEPTH_MAX - 1].below -= bytes; /* its own, as far as is known */
		return;
	}
	struct node *made = &r->path[r->depth++];
	made->bytes = bytes;
	made->below = 0;
	made->real = heaps_valgrind_frame(rest, &made->frame);
}

static void parse(struct heaps *h, vp_str text)
{
	struct reader *r = calloc(1, sizeof *r);
	struct text_lines lines = { .rest = text };
	uint64_t bytes;
	vp_str line, rest;
	if (!r) {
		h->failed = true;
		return;
	}
	r->h = h;
	h->live_alone = h->peaks = true;
	while (text_next(&lines, &line)) {
		vp_str right = text_right(line), all = text_trim(line);
		if (text_starts(all, "cmd: ")) {
			heaps_process(h, (uint64_t)h->pid, text_trim(text_from(all, 5)));
		} else if (text_starts(all, "time_unit: ")) {
			r->in_ms = text_is(text_trim(text_from(all, 11)), "ms");
		} else if (text_starts(all, "snapshot=")) {
			begin(r);
			text_decimal(text_from(all, 9), &r->number);
		} else if (text_starts(all, "time=")) {
			text_decimal(text_from(all, 5), &r->time);
		} else if (text_starts(all, "mem_heap_B=")) {
			if (!r->open)
				begin(r);
			text_decimal(text_from(all, 11), &r->heap);
		} else if (text_starts(all, "heap_tree=")) {
			r->peak = text_is(all, "heap_tree=peak");
		} else if (node(right, &bytes, &rest)) {
			if (!r->tree)
				begin_tree(r);
			one_node(r, right, bytes, rest);
		}
	}
	finish(r);
	free(r);
}

const struct heaps_reader heaps_massif = {
	.format = "massif",
	.sure = 90,
	.is = is,
	.beside = beside,
	.parse = parse,
};
