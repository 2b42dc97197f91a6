/* The functions of call stacks, as findings name them.
 *
 *   frames mmap (libc.so.6), sysmalloc (libc.so.6), malloc (libc.so.6), cache_put, main
 *   -> "cache_put < main"; where no function has a name, "prog+0x1189"
 */
#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "base/utf8.h"
#include "judge/inner.h"

#define FRAMES 3  /* named of a stack */
#define NAME   30 /* bytes of a name that are shown */

static vp_str file_name(vp_str path)
{
	const char *slash = path.n ? memrchr(path.p, '/', path.n) : NULL;
	return slash ? (vp_str){ slash + 1, path.n - (size_t)(slash + 1 - path.p) } : path;
}

/* Every allocation goes through these: they tell nothing. */
static bool is_c_library(vp_str object)
{
	static const char *const begins[] = { "libc.so",    "libc-",     "ld-linux", "ld-musl",
		                              "libpthread", "libstdc++", "libc++" };
	vp_str name = file_name(object);
	for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
		if (name.n >= strlen(begins[i]) && !memcmp(name.p, begins[i], strlen(begins[i])))
			return true;
	return false;
}

static void add(char *text, size_t size, vp_str function)
{
	size_t n = strlen(text);
	int most = function.n < NAME ? (int)function.n : NAME;
	if (vp_utf8_valid((vp_str){ function.p, (size_t)most }))
		snprintf(text + n, size - n, "%s%.*s", n ? " < " : "", most, function.p);
}

/* "prog+0x1189", where no function has a name. */
static void put_place(char *text, size_t size, vp_str object, vp_str offset)
{
	vp_str name = file_name(object);
	size_t zeros = 2;
	while (zeros + 1 < offset.n && offset.p[zeros] == '0')
		zeros++;
	if (offset.n > zeros && offset.n < 20 && vp_utf8_valid(name) && name.n && name.n <= NAME)
		snprintf(text, size, "%.*s+0x%.*s", (int)name.n, name.p, (int)(offset.n - zeros),
		         offset.p + zeros);
}

void vp_findings_stack(struct vp_findings *findings, struct vp_record *stack)
{
	const struct vp_member *frames = vp_record_member(stack, "frames");
	struct stack_words words = { "" };
	struct vp_member frame, member;
	char place[sizeof words.text] = "";
	unsigned named = 0;
	if (!frames || frames->json != VP_ARRAY || !stack->has_id ||
	    findings->stack_count == VP_FINDING_STACKS)
		return;
	for (size_t at = 0; named < FRAMES && vp_json_each(frames->value, &at, &frame);) {
		vp_str object = { NULL, 0 }, function = { NULL, 0 }, offset = { NULL, 0 };
		for (size_t in = 0;
		     frame.json == VP_OBJECT && vp_json_each(frame.value, &in, &member);) {
			if (member.json != VP_STRING)
				continue;
			if (vp_str_is(member.key, "object"))
				object = vp_record_decode(stack, member.value);
			else if (vp_str_is(member.key, "function"))
				function = vp_record_decode(stack, member.value);
			else if (vp_str_is(member.key, "offset"))
				offset = vp_record_decode(stack, member.value);
		}
		if (!function.n && !*place && offset.n && !is_c_library(object))
			put_place(place, sizeof place, object, offset);
		if (!function.n || is_c_library(object))
			continue;
		add(words.text, sizeof words.text, function);
		named++;
	}
	if (!named)
		memcpy(words.text, place, sizeof place);
	if (!*words.text || vp_places_get(&findings->stack_ids, stack->id, SIZE_MAX) != SIZE_MAX ||
	    vp_list_room(&findings->stacks, findings->stack_count, &findings->stack_size,
	                 sizeof *findings->stacks) ||
	    vp_places_set(&findings->stack_ids, stack->id, findings->stack_count))
		return;
	findings->stacks[findings->stack_count++] = words;
}

const char *vp_finding_functions(const struct vp_findings *findings, uint64_t stack)
{
	size_t at = stack ? vp_places_get(&findings->stack_ids, stack, SIZE_MAX) : SIZE_MAX;
	return at == SIZE_MAX ? "" : findings->stacks[at].text;
}
