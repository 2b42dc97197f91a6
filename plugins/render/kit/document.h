/* The page of the browser as one HTML document: style, body, worker, engine, a recording, script.
 *
 *   document_begin, document_base64 … (the recording, gzip), document_base64_end, document_end
 *
 * Nothing of a stream is ever HTML: base64 has no character that acts in one.
 */
#ifndef VMPIPE_KIT_DOCUMENT_H
#define VMPIPE_KIT_DOCUMENT_H

#include "plugin.h"

struct document {
	void (*put)(void *ctx, const char *bytes, size_t n);
	void *ctx;
	bool policy; /* the document says its policy itself; else a server does, in a header */
	/* Appended to the worker, and a script of its own behind the page's; empty: none. */
	vp_str worker_more, script_more;
	/* The document's own: bytes that wait for a whole group of base64, and its text. */
	unsigned char left[3];
	size_t left_n;
	char text[64 << 10];
};

#define DOCUMENT_SCRIPT 0
#define DOCUMENT_STYLE  1
/* Returns the SHA-256 of the page's script or style, in base64, as a policy names it. */
const char *document_hash(int which);
void document_begin(struct document *document);
void document_base64(struct document *document, const unsigned char *bytes, size_t n);
void document_base64_end(struct document *document);
void document_end(struct document *document);

#endif
