/* --redact: the text of maps and smaps, and a process' own words, with every name hashed.
 *
 *   7f12..-7f13.. r-xp 00000000 fe:00 4711        /opt/secret/lib/libplan.so.2 (deleted)
 *   -> the same up to the name, then               /0c1f03a1d2b4/5be0c8a1f7d2.so.2 (deleted)
 *
 * What stays: what the kernel calls things by itself ([heap], anon_inode:[eventpoll]), the prefixes
 * and endings by which a kind is told (/dev/shm/, /memfd:, .so, .ttf, " (deleted)" ...), and a few
 * words that programs put into names for that purpose (stack, jit ...). A folder is one hash,
 * whatever its depth.
 */
#include "redact.h"
#include "list.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_LIMIT 64 /* bytes of a name that may stay unchanged */

struct redacted { /* a name in the making */
	struct vp_sample_api *h;
	char *at;
};

static void put(struct redacted *to, const char *bytes, size_t n)
{
	memcpy(to->at, bytes, n);
	to->at += n;
}

static void hash(struct redacted *to, vp_str bytes)
{
	to->h->redact(to->h, bytes, to->at);
	to->at += VP_REDACTED;
}

static bool starts(vp_str text, const char *prefix)
{
	size_t n = strlen(prefix);
	return text.n >= n && memcmp(text.p, prefix, n) == 0;
}

static bool ends(vp_str text, const char *suffix)
{
	size_t n = strlen(suffix);
	return text.n >= n && memcmp(text.p + text.n - n, suffix, n) == 0;
}

static bool is(vp_str text, const char *word)
{
	return text.n == strlen(word) && memcmp(text.p, word, text.n) == 0;
}

static vp_str behind(vp_str text, size_t n)
{
	return (vp_str){ text.p + n, text.n - n };
}

/* Keeps words that tell the kind of memory, anywhere in the name. */
static void put_words(struct redacted *to, vp_str name)
{
	static const char *const words[] = { "stack",  "guard",  "heap",
		                             "malloc", "arena",  "jit",
		                             "gc",     "wasm",   "tls",
		                             "bss",    "dalvik", "v8",
		                             "scudo",  "shadow", "SizeClassAllocator" };
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		size_t n = strlen(words[i]);
		for (size_t at = 0; at + n <= name.n; at++) {
			if (strncasecmp(name.p + at, words[i], n) != 0)
				continue;
			put(to, "-", 1);
			put(to, words[i], n);
			break;
		}
	}
}

/* Returns the ending to keep: ".so" with versions, or one that tells the kind of file. */
static vp_str ending(vp_str base)
{
	static const char *const known[] = { ".ttf", ".ttc",  ".otf", ".pfb",  ".pcf.gz", ".cache",
		                             ".jar", ".apk",  ".dex", ".odex", ".vdex",   ".oat",
		                             ".art", ".wasm", ".dll", ".exe" };
	size_t n = base.n;
	while (n && (isdigit((unsigned char)base.p[n - 1]) || base.p[n - 1] == '.'))
		n--;
	vp_str front = { base.p, n };
	if (ends(front, ".so") && base.n - n < 24 && (base.n == n || base.p[n] == '.'))
		return behind(base, n - 3);
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (ends(base, known[i]))
			return behind(base, base.n - strlen(known[i]));
	return (vp_str){ base.p, 0 };
}

static void put_base(struct redacted *to, vp_str base)
{
	vp_str tail = ending(base);
	if (is(base, "locale-archive") || is(base, "gconv-modules.cache")) {
		put(to, base.p, base.n);
		return;
	}
	if (starts(base, "LC_"))
		put(to, "LC_", 3);
	hash(to, base);
	put(to, tail.p, tail.n);
}

static void put_path(struct redacted *to, vp_str path)
{
	static const char *const devices[] = { "/dev/shm/",   "/dev/hugepages/", "/dev/dri/",
		                               "/dev/nvidia", "/dev/kgsl",       "/dev/mali",
		                               "/dev/" };
	for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
		if (!starts(path, devices[i]))
			continue;
		put(to, devices[i], strlen(devices[i]));
		hash(to, behind(path, strlen(devices[i])));
		return;
	}
	const char *slash = memrchr(path.p, '/', path.n);
	vp_str folder = { path.p, (size_t)(slash - path.p) };
	if (folder.n) {
		put(to, "/", 1);
		hash(to, folder);
	}
	if (memmem(path.p, folder.n + 1, "/locale/", 8))
		put(to, "/locale", 7);
	if (memmem(path.p, folder.n + 1, "/fontconfig/", 12))
		put(to, "/fontconfig", 11);
	put(to, "/", 1);
	put_base(to, behind(path, folder.n + 1));
}

/* Whether the kernel chose the whole name, and no user any byte of it. */
static bool kernels(vp_str name)
{
	static const char *const whole[] = { "/dev/zero", "/anon_hugepage", "/i915",
		                             "/drm mm object", "/[aio]" };
	for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
		if (is(name, whole[i]))
			return true;
	if (name.n > NAME_LIMIT ||
	    !(starts(name, "[") || starts(name, "anon_inode:") || starts(name, "socket:[")))
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (!isalnum((unsigned char)name.p[i]) && !strchr("[]:_-.", name.p[i]))
			return false;
	return true;
}

static void put_name(struct redacted *to, vp_str name)
{
	static const char *const named[] = { "[anon:", "[anon_shmem:", "/memfd:", "/dmabuf:" };
	for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
		if (!starts(name, named[i]))
			continue;
		bool bracket = *named[i] == '[' && ends(name, "]");
		vp_str chosen = behind(name, strlen(named[i]));
		chosen.n -= bracket;
		put(to, named[i], strlen(named[i]));
		hash(to, chosen);
		put_words(to, chosen);
		put(to, "]", bracket);
		return;
	}
	if (kernels(name))
		put(to, name.p, name.n);
	else if (starts(name, "/SYSV")) {
		put(to, "/SYSV", 5);
		hash(to, behind(name, 5));
	} else if (starts(name, "/"))
		put_path(to, name);
	else
		hash(to, name);
}

size_t redact_name(struct vp_sample_api *h, vp_str name, char to[REDACTED_MAX])
{
	static const char deleted[] = " (deleted)";
	struct redacted redacted = { h, to };
	bool gone = ends(name, deleted);
	if (gone)
		name.n -= sizeof deleted - 1;
	if (name.n)
		put_name(&redacted, name);
	if (gone)
		put(&redacted, deleted, sizeof deleted - 1);
	return (size_t)(redacted.at - to);
}

size_t redact_word(struct vp_sample_api *h, vp_str word, char to[REDACTED_MAX])
{
	if (!word.n || *word.p == '/')
		return redact_name(h, word, to);
	h->redact(h, word, to);
	return VP_REDACTED;
}

/* ---- a whole text ---- */

/* Redacts a name; neighbours mostly repeat the last one. */
static size_t redact_again(struct redacted_text *text, struct vp_sample_api *h, vp_str name,
                           char *to)
{
	if (name.n != text->last_n || memcmp(name.p, text->last, name.n) != 0) {
		text->last_n = name.n <= sizeof text->last ? name.n : 0;
		memcpy(text->last, name.p, text->last_n);
		text->made_n = redact_name(h, name, text->made);
	}
	memcpy(to, text->made, text->made_n);
	return text->made_n;
}

/* Returns where the name of a row begins: after five words. */
static size_t name_of_row(vp_str line)
{
	size_t at = 0;
	for (int word = 0; word < 5; word++) {
		while (at < line.n && line.p[at] != ' ')
			at++;
		while (at < line.n && line.p[at] == ' ')
			at++;
	}
	return at;
}

/* Returns where a text begins in `Key: value`; line.n: the value is a number or flags. */
static size_t text_of_value(vp_str line)
{
	const char *colon = memchr(line.p, ':', line.n);
	if (!colon || starts(line, "VmFlags:") || starts(line, "Pages:") ||
	    starts(line, "PageTables:") || starts(line, "Numa:"))
		return line.n;
	size_t at = (size_t)(colon - line.p) + 1;
	while (at < line.n && (line.p[at] == ' ' || line.p[at] == '\t'))
		at++;
	size_t digits = at;
	while (digits < line.n && isdigit((unsigned char)line.p[digits]))
		digits++;
	return digits > at && (digits == line.n || is(behind(line, digits), " kB")) ? line.n : at;
}

int redact_text(struct redacted_text *text, struct vp_sample_api *h, vp_str from)
{
	const char *end = from.p + from.n;
	text->n = 0;
	while (from.p < end) {
		const char *newline = memchr(from.p, '\n', (size_t)(end - from.p));
		vp_str line = { from.p, (size_t)((newline ? newline : end) - from.p) };
		if (!list_more(&text->text, text->n, line.n + REDACTED_MAX + 1, &text->size, 1))
			return -1;
		bool row = isxdigit((unsigned char)*line.p) && !isupper((unsigned char)*line.p);
		size_t plain = row ? name_of_row(line) : text_of_value(line);
		memcpy(text->text + text->n, line.p, plain);
		text->n += plain;
		if (plain < line.n)
			text->n += redact_again(text, h, behind(line, plain), text->text + text->n);
		if (newline)
			text->text[text->n++] = '\n';
		from.p += line.n + (newline != NULL);
	}
	return 0;
}
