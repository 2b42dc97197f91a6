/* Plugins found by name and loaded; a wrong file or another ABI is refused.
 *
 *   "procfs" -> DIR/source/procfs.so or DIR/procfs.so in the first DIR that has it
 *            -> &vp_source in that file
 */
#include "program/load.h"
#include "base/error.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/nearest.h"
#include "program/help.h"
#include "system/system.h"

#include <ctype.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef VP_PLUGIN_DIR
#define VP_PLUGIN_DIR "/usr/local/lib/vmpipe"
#endif

/* What differs between the two kinds; both descriptors have the same front. */
struct kind {
	const char *word, *symbol, *other;
	size_t options;
};
static const struct kind kinds[] = {
	{ "source", "vp_source", "vp_renderer", offsetof(struct vp_source, options) },
	{ "render", "vp_renderer", "vp_source", offsetof(struct vp_renderer, options) },
};

/* ---- where ---- */

/* The folder of plugins that belongs to the running program: /opt/x/lib/vmpipe of
 * /opt/x/bin/vm-track. NULL: unknown. */
static char *beside(void)
{
	static const char below[] = "/lib/vmpipe";
	char path[PATH_MAX + sizeof below];
	size_t n = vp_system_program(path, PATH_MAX);
	for (int parts = 0; n > 0 && parts < 2; parts++)
		while (n > 0 && path[--n] != '/') {}
	if (!n)
		return NULL;
	memcpy(path + n, below, sizeof below);
	return strdup(path);
}

static void add_dir(const char **dirs, size_t *count, size_t limit, const char *dir)
{
	if (dir && *dir && *count < limit)
		dirs[(*count)++] = dir;
}

/* Directories searched, in order; NULL-ended. */
static const char *const *plugin_dirs(void)
{
	enum { LIMIT = 32 };
	static const char *dirs[LIMIT + 1];
	size_t count = 0;
	if (dirs[0])
		return dirs;
	/* Ignored in a program with file capabilities: its user must not choose what it loads. */
	char *list = secure_getenv("VMPIPE_PLUGINS"), *at;
	if (list && (list = strdup(list)))
		while ((at = strsep(&list, ":")))
			add_dir(dirs, &count, LIMIT - 2, at);
	add_dir(dirs, &count, LIMIT, beside());
	add_dir(dirs, &count, LIMIT, VP_PLUGIN_DIR);
	return dirs;
}

static bool name_good(const char *name, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!islower((unsigned char)name[i]) && !isdigit((unsigned char)name[i]) &&
		    name[i] != '_' && name[i] != '-')
			return false;
	return n > 0 && n < 64;
}

enum place { NOWHERE, UNDER_KIND, IN_DIR };

static const char *path_of(const struct kind *kind, const char *name, const char *dir,
                           enum place place, char *path, size_t size)
{
	snprintf(path, size, "%s/%s%s%s.so", dir, place == UNDER_KIND ? kind->word : "",
	         place == UNDER_KIND ? "/" : "", name);
	return path;
}

static enum place file_of(const struct kind *kind, const char *name, char *path, size_t size)
{
	for (const char *const *dir = plugin_dirs(); *dir; dir++)
		for (int place = UNDER_KIND; place <= IN_DIR; place++)
			if (!access(path_of(kind, name, *dir, place, path, size), F_OK))
				return place;
	return NOWHERE;
}

/* ---- names ---- */

struct names {
	char **list; /* NULL-ended, or NULL */
	size_t count, size;
};

static void names_free(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->list[i]);
	free(names->list);
	*names = (struct names){ 0 };
}

static void names_add(struct names *names, const char *name, size_t n)
{
	for (size_t i = 0; i < names->count; i++)
		if (strlen(names->list[i]) == n && !memcmp(names->list[i], name, n))
			return;
	char *copy = strndup(name, n);
	if (!copy || vp_list_more(&names->list, names->count, 2, &names->size, sizeof copy)) {
		free(copy);
		return;
	}
	names->list[names->count++] = copy;
	names->list[names->count] = NULL;
}

static void names_of(struct names *names, const char *path)
{
	DIR *dir = opendir(path);
	if (!dir && errno == ENOMEM)
		vp_memory_failed();
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		size_t n = strlen(entry->d_name);
		if (n > 3 && !strcmp(entry->d_name + n - 3, ".so") &&
		    name_good(entry->d_name, n - 3))
			names_add(names, entry->d_name, n - 3);
	}
	if (dir)
		closedir(dir);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void names_find(struct names *names, const struct kind *kind)
{
	char path[PATH_MAX];
	for (const char *const *dir = plugin_dirs(); *dir; dir++) {
		snprintf(path, sizeof path, "%s/%s", *dir, kind->word);
		names_of(names, path);
		names_of(names, *dir);
	}
	if (names->count)
		qsort(names->list, names->count, sizeof *names->list, by_name);
}

static const struct kind *kind_of(const char *word)
{
	return strcmp(word, "source") ? &kinds[1] : &kinds[0];
}

const char *const *vp_plugin_names(const char *kind)
{
	static struct names names;
	static const char *const none[] = { NULL };
	names_free(&names);
	names_find(&names, kind_of(kind));
	return names.count ? (const char *const *)names.list : none;
}

/* ---- loading ---- */

static int missing(const struct kind *kind, const char *name)
{
	struct names names = { 0 };
	char what[32];
	names_find(&names, kind);
	snprintf(what, sizeof what, "%s plugin", kind->word);
	if (names.count)
		vp_unknown(what, name, (const char *const *)names.list, names.count);
	else
		vp_fail("no %s \"%s\": none found in %s", what, name, plugin_dirs()[0]);
	names_free(&names);
	return -1;
}

/* Checks the ABI number, then the name. Nothing else may be read before the number is right. */
static const void *checked(const struct kind *kind, const char *name, const char *path,
                           const void *symbol)
{
	int abi = *(const int *)symbol;
	if (abi != VP_ABI) {
		vp_fail("%s speaks plugin ABI %d, this program %d", path, abi, VP_ABI);
		return NULL;
	}
	const char *own = kind == kinds ? ((const struct vp_source *)symbol)->name
	                                : ((const struct vp_renderer *)symbol)->name;
	if (own && !strcmp(own, name))
		return symbol;
	vp_fail("%s calls itself \"%s\"", path, own ? own : "");
	return NULL;
}

static const void *load_file(const struct kind *kind, const char *name, const char *path,
                             void *handle)
{
	if (!handle) {
		vp_fail("%s", dlerror());
		return NULL;
	}
	const void *symbol = dlsym(handle, kind->symbol);
	if (symbol)
		return checked(kind, name, path, symbol);
	bool other = dlsym(handle, kind->other);
	vp_fail("%s has no %s%s%s", path, kind->symbol, other ? "; it has a " : "",
	        other ? kind->other : "");
	return NULL;
}

static const void *load(const struct kind *kind, const char *name)
{
	char path[PATH_MAX];
	if (!name_good(name, strlen(name))) {
		vp_fail("\"%s\" is no name of a plugin: a-z, 0-9, _ and - only", name);
		return NULL;
	}
	for (const char *const *dir = plugin_dirs(); *dir; dir++)
		for (int place = UNDER_KIND; place <= IN_DIR; place++) {
			void *handle = dlopen(path_of(kind, name, *dir, place, path, sizeof path),
			                      RTLD_NOW | RTLD_LOCAL);
			if (handle || !access(path, F_OK))
				return load_file(kind, name, path, handle);
		}
	missing(kind, name);
	return NULL;
}

const struct vp_source *vp_load_source(const char *name)
{
	return load(&kinds[0], name);
}

const struct vp_renderer *vp_load_renderer(const char *name)
{
	return load(&kinds[1], name);
}

const char *vp_load_why(const char *name)
{
	char path[PATH_MAX];
	if (!name_good(name, strlen(name)))
		return NULL;
	for (size_t i = 0; i < 2; i++)
		if (file_of(&kinds[i], name, path, sizeof path) == UNDER_KIND)
			return load(&kinds[i], name) ? NULL : vp_error();
	if (file_of(&kinds[0], name, path, sizeof path) == NOWHERE || load(&kinds[0], name) ||
	    load(&kinds[1], name))
		return NULL;
	return vp_error();
}

/* True for a file in DIR itself that is a plugin of the other kind, which is no error. */
static bool of_other_kind(const struct kind *kind, const char *name)
{
	char path[PATH_MAX];
	if (file_of(kind, name, path, sizeof path) != IN_DIR)
		return false;
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	return handle && !dlsym(handle, kind->symbol) && dlsym(handle, kind->other);
}

static struct names troubles;

const struct vp_source *const *vp_load_sources(void)
{
	static const struct vp_source **sources;
	static const struct vp_source *const none[] = { NULL };
	struct names names = { 0 };
	size_t count = 0;
	if (sources)
		return sources;
	names_find(&names, &kinds[0]);
	sources = calloc(names.count + 1, sizeof *sources);
	for (size_t i = 0; sources && i < names.count; i++) {
		if (of_other_kind(&kinds[0], names.list[i]))
			continue;
		const struct vp_source *source = NULL;
		if (count < VP_SOURCES_KNOWN)
			source = vp_load_source(names.list[i]);
		else
			vp_fail("%s: there are more than %d source plugins", names.list[i],
			        VP_SOURCES_KNOWN);
		if (source)
			sources[count++] = source;
		else
			names_add(&troubles, vp_error(), strlen(vp_error()));
	}
	names_free(&names);
	return sources ? sources : none;
}

const char *vp_load_trouble(void)
{
	static size_t given;
	return given < troubles.count ? troubles.list[given++] : NULL;
}

/* ---- --list ---- */

/* Writes the formats that a source reads, each with an example of its lines. */
static void list_formats(const struct vp_source *source, FILE *to)
{
	for (const char *const *format = source->formats; format && *format; format++) {
		const char *example = NULL;
		for (const char *const(*row)[2] = source->examples; row && (*row)[0]; row++)
			if (!strcmp((*row)[0], *format))
				example = (*row)[1];
		fprintf(to, "  %-10s  %s%s", "", *format, example ? ": " : "\n");
		for (; example && *example; example += *example == '\n') {
			size_t n = strcspn(example, "\n");
			fprintf(to, "%.*s\n%*s", (int)n, example, example[n] ? 16 : 0, "");
			example += n;
		}
	}
}

static void list_one(const struct kind *kind, const char *name, FILE *to)
{
	char path[PATH_MAX];
	const char *symbol = load(kind, name);
	if (!symbol) {
		fprintf(to, "  %-10s  cannot be used: %s\n", name, vp_error());
		return;
	}
	const char *about = kind == kinds
	                            ? ((const struct vp_source *)(const void *)symbol)->about
	                            : ((const struct vp_renderer *)(const void *)symbol)->about;
	fprintf(to, "  %-10s  %s\n", name, about ? about : "");
	if (file_of(kind, name, path, sizeof path))
		fprintf(to, "  %-10s  %s\n", "", path);
	if (kind == kinds)
		list_formats((const struct vp_source *)(const void *)symbol, to);
	const struct vp_option *options;
	memcpy(&options, symbol + kind->options, sizeof options);
	vp_options_list(options, 14, to);
}

static size_t list_kind(const struct kind *kind, FILE *to)
{
	struct names names = { 0 };
	size_t listed = 0;
	names_find(&names, kind);
	for (size_t i = 0; i < names.count; i++) {
		if (of_other_kind(kind, names.list[i]))
			continue;
		if (!listed++)
			fprintf(to, "%s plugins:\n", kind->word);
		list_one(kind, names.list[i], to);
	}
	names_free(&names);
	return listed;
}

int vp_list_plugins(const char *kind, FILE *to)
{
	size_t listed = 0;
	for (size_t i = 0; i < 2; i++)
		if (!kind || &kinds[i] == kind_of(kind))
			listed += list_kind(&kinds[i], to);
	if (listed)
		return 0;
	return vp_fail("no plugins found in %s", plugin_dirs()[0]);
}
