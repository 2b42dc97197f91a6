/* The renderer html: one file, with the recording and the engine of the page inside. It is opened
 * by a browser, from a disk or a mail, and needs no network.
 *
 *   <style>          page.css
 *   text/plain       worker.js: runs the engine beside the page
 *   text/plain       engine.wasm, gzip, base64 (engine.wasm.c)
 *   text/plain       the lines of the stream, gzip, base64
 *   <script>         page.js, with its hash in the Content-Security-Policy
 *
 * Nothing of the stream is ever HTML: base64 has no character that acts in one.
 */
#include "plugin.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static const unsigned char css[] = {
#include "plugins/render/html/page.css.h"
};
static const unsigned char body[] = {
#include "plugins/render/html/page.html.h"
};
static const unsigned char worker[] = {
#include "plugins/render/html/worker.js.h"
};
static const unsigned char script[] = {
#include "plugins/render/html/page.js.h"
};
static const unsigned char engine[] = {
#include "plugins/render/html/engine.wasm.gz.h"
};
#include "plugins/render/html/hashes.h" /* PAGE_CSS_HASH, PAGE_JS_HASH */

enum { LEVEL = 6, PIECE = 48 << 10 };

struct html {
	z_stream zip;
	bool open;
	unsigned char left[3]; /* bytes that wait for a whole group of base64 */
	size_t left_n;
	unsigned char packed[PIECE];
	char text[PIECE / 3 * 4 + 8];
};

static void put(struct vp_render_api *host, const char *text)
{
	host->write(host, text, strlen(text));
}

static void put_bytes(struct vp_render_api *host, const unsigned char *bytes, size_t n)
{
	host->write(host, (const char *)bytes, n);
}

/* ---- base64 ---- */

static char *group(char *to, const unsigned char *from, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz012345678"
	                             "9+/";
	unsigned value = (unsigned)from[0] << 16 | (n > 1 ? (unsigned)from[1] << 8 : 0) |
	                 (n > 2 ? from[2] : 0u);
	*to++ = digits[value >> 18];
	*to++ = digits[value >> 12 & 63];
	*to++ = '=';
	*to++ = '=';
	if (n > 1)
		to[-2] = digits[value >> 6 & 63];
	if (n > 2)
		to[-1] = digits[value & 63];
	return to;
}

/* Writes all whole groups; the rest waits for the next call, or for base64_end. */
static void base64(struct html *html, struct vp_render_api *host, const unsigned char *bytes,
                   size_t n)
{
	char *to = html->text;
	while (n && html->left_n) {
		html->left[html->left_n++] = *bytes++;
		n--;
		if (html->left_n < 3)
			continue;
		to = group(to, html->left, 3);
		html->left_n = 0;
	}
	for (; n >= 3; bytes += 3, n -= 3) {
		to = group(to, bytes, 3);
		if (to - html->text > (ptrdiff_t)sizeof html->text - 8) {
			host->write(host, html->text, (size_t)(to - html->text));
			to = html->text;
		}
	}
	memcpy(html->left, bytes, n);
	html->left_n = html->left_n ? html->left_n : n;
	host->write(host, html->text, (size_t)(to - html->text));
}

static void base64_end(struct html *html, struct vp_render_api *host)
{
	char last[4];
	if (html->left_n)
		host->write(host, last, (size_t)(group(last, html->left, html->left_n) - last));
	html->left_n = 0;
}

/* ---- the recording ---- */

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
			base64(html, host, html->packed, sizeof html->packed - html->zip.avail_out);
		} while (!html->zip.avail_out);
	} while (n);
	return 0;
}

static int html_begin(void *state, struct vp_render_api *host, const struct vp_canvas *canvas)
{
	struct html *html = state;
	(void)canvas;
	put(host, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	          "script-src 'sha256-" PAGE_JS_HASH "' 'wasm-unsafe-eval'; worker-src blob:; "
	          "style-src 'sha256-" PAGE_CSS_HASH "'; img-src data: blob:; base-uri 'none'; "
	          "form-action 'none'\">\n"
	          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	          "<meta name=\"referrer\" content=\"no-referrer\">\n"
	          "<title>vmpipe</title>\n<style>");
	put_bytes(host, css, sizeof css);
	put(host, "</style>\n</head>\n");
	put_bytes(host, body, sizeof body);
	put(host, "<script type=\"text/plain\" id=\"worker\">");
	put_bytes(host, worker, sizeof worker);
	put(host, "</script>\n<script type=\"text/plain\" id=\"engine\">");
	base64(html, host, engine, sizeof engine);
	base64_end(html, host);
	put(host, "</script>\n<script type=\"text/plain\" id=\"recording\">");
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
	base64_end(html, host);
	put(host, "</script>\n<script>");
	put_bytes(host, script, sizeof script);
	put(host, "</script>\n</body>\n</html>\n");
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
