/* The engine of the page: vm-parse, vm-track, vm-diff and vm-render as one WebAssembly module, each
 * by its own main. The page runs an instance for each text or figure, with the text as stdin, and
 * takes what comes on stdout and stderr. So a figure in the page is the figure of vm-render, and no
 * view is written twice.
 *
 * The plugins are linked in; the screen, the service of others and the system's own files are not
 * there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/nearest.h"
#include "program/load.h"
#include "render/serve.h"
#include "render/terminal.h"
#include "stream/compress.h"
#include "system/system.h"

#include <sys/mman.h>
#include <yaml.h>

/* page_plugins.h: SOURCE(name) and RENDERER(name) for each plugin of the page. */
#define SOURCE(name)   extern const struct vp_source vp_source_##name;
#define RENDERER(name) extern const struct vp_renderer vp_renderer_##name;
#include "page_plugins.h"
#undef SOURCE
#undef RENDERER

static const struct vp_source *const sources[] = {
#define SOURCE(name) &vp_source_##name,
#define RENDERER(name)
#include "page_plugins.h"
#undef SOURCE
#undef RENDERER
	NULL,
};

static const struct vp_renderer *const renderers[] = {
#define SOURCE(name)
#define RENDERER(name) &vp_renderer_##name,
#include "page_plugins.h"
#undef SOURCE
#undef RENDERER
	NULL,
};

/* ---- program/load.h ---- */

const struct vp_source *vp_load_source(const char *name)
{
	for (size_t i = 0; sources[i]; i++)
		if (!strcmp(sources[i]->name, name))
			return sources[i];
	vp_fail("no source \"%s\" in the page", name);
	return NULL;
}

const struct vp_renderer *vp_load_renderer(const char *name)
{
	for (size_t i = 0; renderers[i]; i++)
		if (!strcmp(renderers[i]->name, name))
			return renderers[i];
	vp_fail("no renderer \"%s\" in the page", name);
	return NULL;
}

const char *vp_load_why(const char *name)
{
	(void)name;
	return NULL;
}

const struct vp_source *const *vp_load_sources(void)
{
	return sources;
}

const char *vp_load_trouble(void)
{
	return NULL;
}

int vp_list_plugins(const char *kind, FILE *to)
{
	for (size_t i = 0; sources[i] && (!kind || !strcmp(kind, "source")); i++)
		fprintf(to, "%s  %s\n", sources[i]->name, sources[i]->about);
	for (size_t i = 0; renderers[i] && (!kind || !strcmp(kind, "render")); i++)
		fprintf(to, "%s  %s\n", renderers[i]->name, renderers[i]->about);
	return 0;
}

const char *const *vp_plugin_names(const char *kind)
{
	static const char *const none[] = { NULL };
	(void)kind;
	return none;
}

/* ---- system/system.h ---- */

size_t vp_system_program(char *path, size_t size)
{
	(void)path, (void)size;
	return 0;
}

/* ---- render/terminal.h ---- */

bool vp_terminal_possible(void)
{
	return false;
}

int vp_terminal_open(struct vp_terminal *terminal)
{
	(void)terminal;
	return vp_fail("a page has no terminal");
}

void vp_terminal_close(struct vp_terminal *terminal)
{
	(void)terminal;
}

unsigned vp_terminal_news(struct vp_terminal *terminal)
{
	(void)terminal;
	return 0;
}

void vp_terminal_forget(struct vp_terminal *terminal)
{
	(void)terminal;
}

int vp_terminal_key(struct vp_terminal *terminal)
{
	(void)terminal;
	return VP_KEY_NONE;
}

int vp_terminal_draw(struct vp_terminal *terminal, const vp_str *lines, int count)
{
	(void)terminal, (void)lines, (void)count;
	return 0;
}

/* ---- render/serve.h ---- */

void vp_serve_begin(struct vp_serve *serve, struct vp_render_host *host)
{
	*serve = (struct vp_serve){ .host = host, .fd = -1 };
}

int vp_serve_line(struct vp_serve *serve)
{
	(void)serve;
	return 0;
}

int vp_serve_end(struct vp_serve *serve)
{
	(void)serve;
	return 0;
}

/* ---- stream/compress.h: the page unpacks gzip itself, and a browser has no zstd ---- */

static int gzip_magic(const unsigned char *at, size_t n)
{
	return vp_begins(at, n, (const unsigned char[]){ 0x1f, 0x8b }, 2, 0xff);
}

static int zstd_magic(const unsigned char *at, size_t n)
{
	return vp_begins(at, n, (const unsigned char[]){ 0x28, 0xb5, 0x2f, 0xfd }, 4, 0xff);
}

static void *no_packer(void)
{
	return NULL;
}

static void *unpacker(void)
{
	static char one;
	return &one;
}

static int no_pack(void *state, struct vp_pack_io *io, enum vp_pack how)
{
	(void)state, (void)io, (void)how;
	return -1;
}

static int no_unpack(void *state, struct vp_pack_io *io, const char **why)
{
	(void)state, (void)io;
	*why = "it is packed, which the page cannot read: unpack it first (zstd -d, gzip -d)";
	return -1;
}

static void nothing(void *state)
{
	(void)state;
}

const struct vp_codec vp_codec_gzip = {
	".gz", gzip_magic, no_packer, no_pack, nothing, unpacker, no_unpack, nothing,
};
const struct vp_codec vp_codec_zstd = {
	".zst", zstd_magic, no_packer, no_pack, nothing, unpacker, no_unpack, nothing,
};

/* ---- the C library and libyaml: a page has no files ---- */

int madvise(void *at, size_t n, int advice)
{
	(void)at, (void)n, (void)advice;
	return 0;
}

FILE *tmpfile(void)
{
	return NULL;
}

int yaml_parser_initialize(yaml_parser_t *parser)
{
	(void)parser;
	return 0;
}

void yaml_parser_delete(yaml_parser_t *parser)
{
	(void)parser;
}

void yaml_parser_set_input_string(yaml_parser_t *parser, const unsigned char *input, size_t size)
{
	(void)parser, (void)input, (void)size;
}

int yaml_parser_parse(yaml_parser_t *parser, yaml_event_t *event)
{
	(void)parser, (void)event;
	return 0;
}

int yaml_parser_load(yaml_parser_t *parser, yaml_document_t *document)
{
	(void)parser, (void)document;
	return 0;
}

void yaml_event_delete(yaml_event_t *event)
{
	(void)event;
}

void yaml_document_delete(yaml_document_t *document)
{
	(void)document;
}

yaml_node_t *yaml_document_get_node(yaml_document_t *document, int index)
{
	(void)document, (void)index;
	return NULL;
}

yaml_node_t *yaml_document_get_root_node(yaml_document_t *document)
{
	(void)document;
	return NULL;
}

/* ---- the programs ---- */

int vm_parse_main(int argc, char **argv);
int vm_track_main(int argc, char **argv);
int vm_diff_main(int argc, char **argv);
int vm_render_main(int argc, char **argv);

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*main)(int argc, char **argv);
	} programs[] = {
		{ "vm-parse", vm_parse_main },
		{ "vm-track", vm_track_main },
		{ "vm-diff", vm_diff_main },
		{ "vm-render", vm_render_main },
	};
	for (size_t i = 0; argc > 0 && i < sizeof programs / sizeof *programs; i++)
		if (!strcmp(argv[0], programs[i].name))
			return programs[i].main(argc, argv);
	fprintf(stderr, "the page has no program %s\n", argc > 0 ? argv[0] : "");
	return 2;
}
