/* Writes the page. Its parts are files of render/html, which are bytes here:
 *
 *   <style>          page.css
 *   text/plain       worker.js: runs the engine beside the page
 *   text/plain       engine.wasm, gzip, base64 (engine.wasm.c)
 *   text/plain       the lines of the stream, gzip, base64
 *   <script>         page.js
 */
#include "document.h"

#include <string.h>

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

static void put(struct document *document, const char *text)
{
	document->put(document->ctx, text, strlen(text));
}

static void put_bytes(struct document *document, const unsigned char *bytes, size_t n)
{
	document->put(document->ctx, (const char *)bytes, n);
}

static void put_str(struct document *document, vp_str text)
{
	document->put(document->ctx, text.p, text.n);
}

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

/* Writes all whole groups; the rest waits for the next call, or for document_base64_end. */
void document_base64(struct document *document, const unsigned char *bytes, size_t n)
{
	char *to = document->text;
	while (n && document->left_n) {
		document->left[document->left_n++] = *bytes++;
		n--;
		if (document->left_n < 3)
			continue;
		to = group(to, document->left, 3);
		document->left_n = 0;
	}
	for (; n >= 3; bytes += 3, n -= 3) {
		to = group(to, bytes, 3);
		if (to - document->text > (ptrdiff_t)sizeof document->text - 8) {
			document->put(document->ctx, document->text, (size_t)(to - document->text));
			to = document->text;
		}
	}
	memcpy(document->left + document->left_n, bytes, n);
	document->left_n += n;
	document->put(document->ctx, document->text, (size_t)(to - document->text));
}

void document_base64_end(struct document *document)
{
	char last[4];
	if (document->left_n)
		document->put(document->ctx, last,
		              (size_t)(group(last, document->left, document->left_n) - last));
	document->left_n = 0;
}

const char *document_hash(int which)
{
	return which == DOCUMENT_SCRIPT ? PAGE_JS_HASH : PAGE_CSS_HASH;
}

void document_begin(struct document *document)
{
	put(document, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
	if (document->policy)
		put(document,
		    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		    "script-src 'sha256-" PAGE_JS_HASH "' 'wasm-unsafe-eval'; worker-src blob:; "
		    "style-src 'sha256-" PAGE_CSS_HASH "'; img-src data: blob:; base-uri 'none'; "
		    "form-action 'none'\">\n");
	put(document, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	              "<meta name=\"referrer\" content=\"no-referrer\">\n"
	              "<title>vmpipe</title>\n<style>");
	put_bytes(document, css, sizeof css);
	put(document, "</style>\n</head>\n");
	put_bytes(document, body, sizeof body);
	put(document, "<script type=\"text/plain\" id=\"worker\">");
	put_bytes(document, worker, sizeof worker);
	put_str(document, document->worker_more);
	put(document, "</script>\n<script type=\"text/plain\" id=\"engine\">");
	document_base64(document, engine, sizeof engine);
	document_base64_end(document);
	put(document, "</script>\n<script type=\"text/plain\" id=\"recording\">");
}

void document_end(struct document *document)
{
	put(document, "</script>\n<script>");
	put_bytes(document, script, sizeof script);
	put(document, "</script>\n");
	if (document->script_more.n) {
		put(document, "<script>");
		put_str(document, document->script_more);
		put(document, "</script>\n");
	}
	put(document, "</body>\n</html>\n");
}
