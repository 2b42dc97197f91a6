/* Files by device and inode, and where they have several names by an alias: the kernel's half sends
 * each path once; what it did not, maps says. Of names that nobody asks for the oldest are
 * forgotten, and the kernel's half forgets that it has sent them.
 *
 * Memory: BYTES and FRESH_BYTES, however fast names come. A drain stops at FRESH_BYTES of new
 * names, and then forgets old ones; it keeps the new ones, since the records that need them may
 * follow. */
#include <bpf/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "inner.h"

#define MOST        32768      /* names ... */
#define BYTES       (16 << 20) /* ... and bytes of them, after which old ones are forgotten */
#define FRESH       8192       /* new names of one drain ... */
#define FRESH_BYTES (4 << 20)  /* ... and bytes of them, after which it stops */

struct named {
	uint64_t inode;
	uint32_t dev;
	uint32_t n;
	uint32_t shown_n;
	uint32_t alias;
	uint32_t used;  /* the turn in which it was last asked for */
	uint32_t batch; /* the drain that learned it */
	bool sent;      /* by the kernel's half, under this key */
	struct ebpf_file_key key;
	char *name; /* NULL: a free place; behind it, with --redact, what is shown */
};

struct names {
	struct named *at;
	size_t count, size;        /* size: a power of two, less than three quarters full */
	size_t bytes;              /* of all names */
	uint32_t turn;             /* grows when names are forgotten */
	uint32_t batch;            /* grows at the end of a drain that has learned names */
	size_t fresh, fresh_bytes; /* names learned in this drain */
	int files;                 /* the map of the kernel's half */
	struct vp_sample_api *h;
};

struct names *names_new(struct vp_sample_api *h, int files)
{
	struct names *names = calloc(1, sizeof *names);
	if (names) {
		names->h = h;
		names->files = files;
	}
	if (names && !(names->at = calloc(names->size = 256, sizeof *names->at))) {
		free(names);
		names = NULL;
	}
	return names;
}

void names_free(struct names *names)
{
	if (!names)
		return;
	for (size_t i = 0; i < names->size; i++)
		free(names->at[i].name);
	free(names->at);
	free(names);
}

static struct named *place(const struct names *names, uint32_t dev, uint64_t inode, uint32_t alias)
{
	size_t i = (size_t)(((inode ^ (uint64_t)alias << 32) * 0x9e3779b97f4a7c15u ^
	                     dev * 0xc2b2ae3d27d4eb4fu) >>
	                    17);
	for (;; i++) {
		struct named *named = &names->at[i & (names->size - 1)];
		if (!named->name ||
		    (named->inode == inode && named->dev == dev && named->alias == alias))
			return named;
	}
}

/* Puts all names into a table of another size. */
static bool resize(struct names *names, size_t size)
{
	struct names more = *names;
	more.size = size;
	more.at = calloc(size, sizeof *more.at);
	if (!more.at)
		return false;
	for (size_t i = 0; i < names->size; i++)
		if (names->at[i].name)
			*place(&more, names->at[i].dev, names->at[i].inode, names->at[i].alias) =
			        names->at[i];
	free(names->at);
	*names = more;
	return true;
}

static size_t bytes_of(const struct names *names, size_t n)
{
	return n + 1 + (names->h->redacting ? REDACTED_MAX : 0);
}

/* Learns a name. NULL: no memory. */
static struct named *learn(struct names *names, uint32_t dev, uint64_t inode, uint32_t alias,
                           vp_str name)
{
	if (names->count * 4 >= names->size * 3 && !resize(names, 2 * names->size))
		return NULL;
	struct named *named = place(names, dev, inode, alias);
	if (named->name && named->n == name.n && memcmp(named->name, name.p, name.n) == 0) {
		named->used = names->turn;
		return named;
	}
	char *copy = malloc(bytes_of(names, name.n));
	if (!copy)
		return NULL;
	memcpy(copy, name.p, name.n);
	copy[name.n] = 0;
	size_t shown =
	        names->h->redacting ? redact_name(names->h, name, copy + name.n + 1) : name.n;
	if (named->name)
		names->bytes -= bytes_of(names, named->n);
	names->count += !named->name;
	names->bytes += bytes_of(names, name.n);
	names->fresh++;
	names->fresh_bytes += bytes_of(names, name.n);
	free(named->name);
	*named = (struct named){ .inode = inode,
		                 .dev = dev,
		                 .n = (uint32_t)name.n,
		                 .shown_n = (uint32_t)shown,
		                 .alias = alias,
		                 .used = names->turn,
		                 .batch = names->batch,
		                 .name = copy };
	return named;
}

void names_learn(struct names *names, uint32_t dev, uint64_t inode, uint32_t alias, vp_str name)
{
	learn(names, dev, inode, alias, name);
}

/* Forgets the names last asked for before `turn`, without those of this drain. */
static void forget(struct names *names, uint32_t turn)
{
	for (size_t i = 0; i < names->size; i++) {
		struct named *named = &names->at[i];
		if (!named->name || named->used >= turn || named->batch == names->batch)
			continue;
		if (named->sent) /* so that it is sent again when it is used again */
			bpf_map_delete_elem(names->files, &named->key);
		names->bytes -= bytes_of(names, named->n);
		names->count--;
		free(named->name);
		named->name = NULL;
	}
}

bool names_full(const struct names *names)
{
	return names->fresh >= FRESH || names->fresh_bytes >= FRESH_BYTES;
}

/* Forgets old names until half of the room is free, as far as this drain's are not more. */
static void make_room(struct names *names)
{
	forget(names, names->turn);
	if (names->count > MOST / 2 || names->bytes > BYTES / 2)
		forget(names, names->turn + 1); /* all are in use: they are asked for again */
	names->turn++;
	size_t size = 256;
	while (size * 3 <= names->count * 4 * 2)
		size *= 2;
	resize(names, size); /* the places of the others depended on those */
}

void names_trim(struct names *names)
{
	if (!names->fresh)
		return;
	if (names->count > MOST || names->bytes > BYTES)
		make_room(names);
	names->fresh = names->fresh_bytes = 0;
	names->batch++;
}

static const struct named *known(const struct names *names, uint32_t dev, uint64_t inode,
                                 uint32_t alias)
{
	struct named *named = place(names, dev, inode, alias);
	if (!named->name)
		named = place(names, dev, inode, 0);
	named->used = names->turn;
	return named;
}

vp_str names_of(const struct names *names, uint32_t dev, uint64_t inode, uint32_t alias)
{
	const struct named *named = known(names, dev, inode, alias);
	return named->name ? (vp_str){ named->name, named->n } : (vp_str){ NULL, 0 };
}

vp_str names_shown(const struct names *names, uint32_t dev, uint64_t inode, uint32_t alias)
{
	const struct named *named = known(names, dev, inode, alias);
	if (!named->name)
		return (vp_str){ NULL, 0 };
	return (vp_str){ names->h->redacting ? named->name + named->n + 1 : named->name,
		         named->shown_n };
}

vp_str names_hidden(struct vp_sample_api *h, vp_str name, char *to)
{
	if (!h->redacting || !name.n)
		return name;
	return (vp_str){ to, redact_word(h, name, to) };
}

/* As maps has it: a newline is written \012, and what has no name in a folder any more is
 * (deleted). */
static size_t put_bytes(char *to, const char *bytes, size_t n)
{
	size_t used = 0;
	for (size_t i = 0; i < n; i++) {
		if (bytes[i] == '\n') {
			memcpy(to + used, "\\012", 4);
			used += 4;
		} else
			to[used++] = bytes[i];
	}
	return used;
}

void names_learn_path(struct names *names, const struct ebpf_file *file)
{
	char path[4 * sizeof file->names + 64];
	size_t used = 0, end = file->n <= sizeof file->names ? file->n : 0;
	while (end) { /* from the last name, which is the uppermost */
		size_t at = end - 1;
		while (at && file->names[at - 1])
			at--;
		if (file->root == 2) {
			memcpy(path, "anon_inode:", 11);
			used = 11;
		} else
			path[used++] = '/';
		used += put_bytes(path + used, file->names + at, end - 1 - at);
		end = at;
	}
	if (!used)
		return;
	if (file->root == 1 || (file->deleted && !file->root)) {
		memcpy(path + used, " (deleted)", 10);
		used += 10;
	}
	struct named *named = learn(names, file->key.dev, file->key.inode, (uint32_t)file->alias,
	                            (vp_str){ path, used });
	if (!named)
		return;
	named->sent = true;
	named->key = file->key;
}

/* START-END PERMS OFFSET MAJOR:MINOR INODE      NAME */
static void learn_row(struct names *names, const char *row, const char *end)
{
	const char *at = row;
	for (int field = 0; field < 3 && at; field++) {
		at = memchr(at, ' ', (size_t)(end - at));
		at = at ? at + 1 : NULL;
	}
	const char *name = at ? memchr(at, '/', (size_t)(end - at)) : NULL;
	char *stop;
	if (!at || !name)
		return;
	unsigned long major = strtoul(at, &stop, 16);
	if (*stop != ':')
		return;
	unsigned long minor = strtoul(stop + 1, &stop, 16);
	unsigned long long inode = strtoull(stop, &stop, 10);
	if (inode)
		names_learn(names, (uint32_t)(major << 20 | minor), inode, 0,
		            (vp_str){ name, (size_t)(end - name) });
}

void names_learn_maps(struct names *names, vp_str text)
{
	const char *at = text.p, *end = text.p + text.n;
	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		if (!stop)
			return;
		learn_row(names, at, stop);
		at = stop + 1;
	}
}
