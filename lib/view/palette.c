/* Which colour and letter a kind has: the same in every picture, from families that colour-blind
 * people can tell apart.
 *
 * The hues are those of Okabe and Ito (https://jfly.uni-koeln.de/color/), one for each family;
 * within a family the kinds differ in lightness. Reserved and guarded ranges are grey: they hold no
 * memory.
 */
#include "view/palette.h"

#include <string.h>

struct row {
	const char *kind;
	uint32_t light, dark;
	uint8_t ansi;
	char letter;
};

static const struct row rows[] = {
	/* code: blues */
	{ "text", 0x0072b2, 0x3f9fe0, 32, 'x' },
	{ "rodata", 0x7fb2d9, 0x2d6f9f, 110, 'r' },
	{ "jit", 0x004f80, 0x7cc4f5, 25, 'j' },
	{ "wasm", 0x33628a, 0x5d94c4, 67, 'w' },
	{ "linkedit", 0xa3c4de, 0x24527a, 152, 'l' },
	{ "shared-cache", 0x5590bd, 0x4a88b8, 68, 'e' },
	/* data: greens */
	{ "data", 0x009e73, 0x2fc49a, 36, 'd' },
	{ "bss", 0x6cc4a8, 0x1b7d60, 79, 'b' },
	{ "tls", 0x00694d, 0x86e0c4, 29, 't' },
	/* allocated by the program: oranges */
	{ "heap", 0xd55e00, 0xff8a3c, 166, 'H' },
	{ "arena", 0xe8894a, 0xc4662a, 173, 'A' },
	{ "gc", 0x9c4500, 0xffb487, 130, 'G' },
	{ "anon", 0xe69f00, 0xf2b632, 178, 'a' },
	{ "shadow", 0xc9a26b, 0x8a6a3a, 180, 'h' },
	{ "huge", 0xb37b00, 0xffd27a, 136, 'U' },
	/* stacks: purples */
	{ "stack", 0xb8578f, 0xe58fc0, 169, 'S' },
	{ "thread-stack", 0xd99bc0, 0xa5577f, 176, 's' },
	/* files and shared memory: sky */
	{ "file", 0x56b4e9, 0x7fcbf5, 74, 'f' },
	{ "shm", 0x2a86bb, 0xa9dcf8, 31, 'M' },
	{ "memfd", 0x86cbf0, 0x3c86b0, 117, 'm' },
	{ "locale", 0xa9daf5, 0x4f7f99, 153, 'L' },
	{ "font", 0xc0e2f5, 0x6d93a8, 189, 'F' },
	{ "device", 0x3d7f9e, 0x5fa9cc, 66, 'D' },
	{ "gpu", 0x1f5f80, 0x8fc0d8, 24, 'P' },
	/* of the kernel: yellows */
	{ "vdso", 0xc9b800, 0xf0e442, 184, 'v' },
	{ "vvar", 0xdccf4e, 0xb8ad2c, 185, 'V' },
	{ "vsyscall", 0xa39500, 0xfff08a, 142, 'y' },
	{ "commpage", 0xb5a93c, 0xd6cc6a, 143, 'c' },
	{ "page-table", 0x857a00, 0xcfc46a, 100, 'p' },
	/* no memory: greys */
	{ "guard", 0x6e6e6e, 0x8a8a8a, 242, '!' },
	{ "reserved", 0xb5b5b5, 0x5a5a5a, 248, '.' },
	{ "unknown", 0x8f8f8f, 0xa8a8a8, 245, '?' },
};

/* A user's own kinds: one of these by the hash of the name. */
static const struct row others[] = {
	{ NULL, 0x8c510a, 0xd8a25e, 94, 0 }, { NULL, 0x5e3c99, 0xb2a0dc, 97, 0 },
	{ NULL, 0x01665e, 0x5fbdb2, 30, 0 }, { NULL, 0xa6266e, 0xf08cc4, 125, 0 },
	{ NULL, 0x4d7c0f, 0xa8d65e, 70, 0 }, { NULL, 0x7a3b2e, 0xdb9a8c, 131, 0 },
	{ NULL, 0x35508a, 0x93aae0, 61, 0 }, { NULL, 0x7d6a1c, 0xd4c27a, 101, 0 },
};

static const struct row *find(const char *kind)
{
	uint32_t hash = 2166136261u;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (!strcmp(rows[i].kind, kind))
			return &rows[i];
	for (const char *p = kind; *p; p++)
		hash = (hash ^ (unsigned char)*p) * 16777619u;
	return &others[hash % (sizeof others / sizeof *others)];
}

void vp_class_colours(const char *kind, struct vp_class *class_)
{
	const struct row *row = find(kind);
	class_->light = row->light;
	class_->dark = row->dark;
	class_->ansi = row->ansi;
	class_->letter = row->letter;
	if (!row->letter)
		class_->letter = *kind > ' ' && *kind < 0x7f ? *kind : '*';
}

static char letter_free(const bool *taken, const char *name)
{
	static const char all[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	for (const char *p = name; *p; p++)
		if (*p > ' ' && *p < 0x7f && !taken[(unsigned char)*p])
			return *p;
	for (const char *p = all; *p; p++)
		if (!taken[(unsigned char)*p])
			return *p;
	return '*';
}

void vp_class_letters(struct vp_class *classes, size_t count)
{
	bool taken[256] = { false };
	for (size_t i = 0; i < count; i++) {
		if (taken[(unsigned char)classes[i].letter])
			classes[i].letter = letter_free(taken, classes[i].name);
		taken[(unsigned char)classes[i].letter] = true;
	}
}
