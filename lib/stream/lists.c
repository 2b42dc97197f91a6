/* Members of a line that hold several values.
 *
 *   "args":["sleep","1"]   "span":{"start":"0x...","end":"0x..."}
 *   "after":[{"start":"0x...", ...}]   "frames":[{"addr":"0x...","function":"main"}]
 */
#include "stream/lists.h"
#include "stream/put.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/base64.h"
#include "base/utf8.h"

static void quoted_base64(struct vp_out *out, vp_str bytes)
{
	char *text = malloc(bytes.n / 3 * 4 + 4);
	if (text)
		vp_out_quoted(out, (vp_str){ text, vp_base64_encode(bytes, text) });
	else
		out->error = ENOMEM;
	free(text);
}

static void array(struct vp_out *out, const char *key, const vp_str *values, size_t count,
                  void (*put)(struct vp_out *out, vp_str value))
{
	vp_put_json(out, key, (vp_str){ "[", 1 });
	for (size_t i = 0; i < count; i++) {
		if (i)
			vp_out_bytes(out, ",", 1);
		put(out, values[i]);
	}
	vp_out_bytes(out, "]", 1);
}

void vp_put_strs(struct vp_out *out, const char *key, const vp_str *values, size_t count)
{
	char raw[64];
	bool valid = true;
	for (size_t i = 0; i < count; i++)
		valid = valid && vp_utf8_valid(values[i]);
	array(out, key, values, count, vp_out_quoted);
	if (valid)
		return;
	snprintf(raw, sizeof raw, "%s_raw", key);
	array(out, raw, values, count, quoted_base64);
}

void vp_put_span(struct vp_out *out, const char *key, uint64_t start, uint64_t end)
{
	vp_put_object(out, key);
	vp_put_addr(out, "start", start);
	vp_put_addr(out, "end", end);
	vp_put_close(out);
}

/* Opens the next object of an array. */
static void next_object(struct vp_out *out, size_t i)
{
	vp_out_bytes(out, i ? ",{" : "{", i ? 2 : 1);
}

void vp_put_regions(struct vp_out *out, const char *key, const struct vp_region *regions,
                    size_t count)
{
	vp_put_json(out, key, (vp_str){ "[", 1 });
	for (size_t i = 0; i < count; i++) {
		next_object(out, i);
		vp_put_region(out, &regions[i]);
		vp_put_close(out);
	}
	vp_out_bytes(out, "]", 1);
}

static void put_frame(struct vp_out *out, const struct vp_frame *frame)
{
	vp_put_addr(out, "addr", frame->addr);
	vp_put_str(out, "object", frame->object);
	if (frame->has_offset)
		vp_put_addr(out, "offset", frame->offset);
	vp_put_str(out, "function", frame->function);
	vp_put_str(out, "file", frame->file);
	if (frame->line)
		vp_put_num(out, "line", frame->line);
	if (frame->inlined)
		vp_put_bool(out, "inlined", true);
}

void vp_put_frames(struct vp_out *out, const char *key, const struct vp_frame *frames, size_t count)
{
	vp_put_json(out, key, (vp_str){ "[", 1 });
	for (size_t i = 0; i < count; i++) {
		next_object(out, i);
		put_frame(out, &frames[i]);
		vp_put_close(out);
	}
	vp_out_bytes(out, "]", 1);
}
