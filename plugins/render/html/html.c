/* The renderer html: one file, with the recording and the engine of the page inside. It is opened
 * by a browser, from a disk or a mail, and needs no network. ../kit/document.h has its parts.
 */
#include "plugin.h"

#include <string.h>
#include <zlib.h>

#include "../kit/document.h"

enum { LEVEL = 6, PIECE = 48 << 10 };

struct html {
	z_stream zip;
	bool open;
	unsigned char packed[PIECE];
	struct document document;
};

static void put(void *ctx, const char *bytes, size_t n)
{
	struct vp_render_api *host = ctx;
	host->write(host, bytes, n);
}

static int pack(struct html *html, struct vp_render_api *host, const char *bytes, size_t n, int how)
{
	int state;
	html->zip.next_in = (unsigned char *)bytes;
	do {
		unsigned now = n > UINT32_MAX / 2 ? UINT32_MAX / 2 : (unsigned)n;
		html->zip.avail_in = now;
		n -= now;
		do {
			html->zip.next_out = html->packed;
			html->zip.avail_out = sizeof html->packed;
			state = deflate(&html->zip, n ? Z_NO_FLUSH : how);
			if (state == Z_STREAM_ERROR)
				return host->fail(host, "the recording cannot be packed");
			document_base64(&html->document, html->packed,
			                sizeof html->packed - html->zip.avail_out);
		} while (!html->zip.avail_out);
	} while (n);
	return 0;
}

static int html_begin(void *state, struct vp_render_api *host, const struct vp_canvas *canvas)
{
	struct html *html = state;
	(void)canvas;
	html->document = (struct document){ .put = put, .ctx = host, .policy = true };
	document_begin(&html->document);
	/* 15 + 16: the largest window, with a header of gzip */
	if (deflateInit2(&html->zip, LEVEL, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK)
		return host->fail(host, "out of memory");
	html->open = true;
	return 0;
}

static int html_record(void *state, struct vp_render_api *host, vp_str line)
{
	if (pack(state, host, line.p, line.n, Z_NO_FLUSH))
		return -1;
	return pack(state, host, "\n", 1, Z_NO_FLUSH);
}

static int html_end(void *state, struct vp_render_api *host)
{
	struct html *html = state;
	if (pack(html, host, "", 0, Z_FINISH))
		return -1;
	document_base64_end(&html->document);
	document_end(&html->document);
	return 0;
}

static void html_close(void *state, struct vp_render_api *host)
{
	struct html *html = state;
	(void)host;
	if (html->open)
		deflateEnd(&html->zip);
	html->open = false;
}

const struct vp_renderer vp_renderer = {
	.abi = VP_ABI,
	.name = "html",
	.about = "one page for a browser, with the whole recording: all views, to touch",
	.state = sizeof(struct html),
	.lines = true,
	.begin = html_begin,
	.record = html_record,
	.end = html_end,
	.close = html_close,
};
