/* A random process: mmap, munmap, mprotect, mremap, brk, madvise, shmat and prctl from a fixed
 * seed, with a sample after each call.
 *
 *   random SEED CALLS MODEL [EVERY [MODE]] > stream of raw lines (linux-maps)
 *
 * EVERY: calls between two samples (1).
 *
 * All calls happen in a window of pages. The program keeps a model of the window: the state of each
 * page, and its former page. The model knows which neighbours the kernel merges. It is compared
 * with /proc/self/maps after each call; if the model is wrong, the program says so and ends with 3.
 * MODEL has a line for each sample (one line in the file):
 *
 *   {"t":3,"call":"mremap 0x..","acts":1,
 *    "regions":[["0x..start","0x..end","rw-p","name","0x..offset","flags",backing,
 *                [[birth,pages],...]],...]}
 *
 * Births number pages from the beginning; a page keeps its number until it is unmapped. Two states
 * do not always show which call lies between them. So the model counts only visible changes:
 *
 * - A page mapped over memory with the same backing counts as the old page. The backing is
 *   anonymous, or the same page of the same file. Other permissions then look like an mprotect.
 * - A move (mremap) shows by the pages that differ from before at its target. They are as many as
 *   the pages that have gone. They are fewer if the first or last of them land on pages with the
 *   same backing, permissions, name and flags. Then the move looks like an munmap of the source,
 *   and like a mapping of the differing pages, if any differ. (A difference may also show only by
 *   the ends of regions: advice in maps, and attachments of one segment.) `acts` is the number of
 *   changes that this takes.
 *
 * No page is touched: a region with pages of its own would not merge. Nothing is allocated.
 *
 * MODE is one of
 *   maps      as above
 *   smaps     samples are linux-smaps, with flags, which show advice
 *   named     maps of the model itself, if the kernel cannot name memory: names are then in the
 *             model alone
 *   stepped   another program samples: stdout has only the number of each sample, and an answer on
 *             stdin lets the process continue
 *   touched   like smaps, and pages are written; then only the kernel knows which regions merge:
 *             the model has the kernel's regions, and no births
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <unistd.h>

#ifndef PR_SET_VMA
#define PR_SET_VMA           0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

#define PAGES    256
#define PAGE     4096ul
#define WINDOW   ((char *)0x100000000000ul)
#define HEAP_MAX 64
#define FILES    2

enum backing { FREE, ANON, FILE_A, FILE_B, SEGMENT, SHARED /* + n: mapping number n */ };

struct page {
	int backing; /* FREE, ANON, FILE_A.., SEGMENT, SHARED + n */
	long offset; /* page of the file; an anonymous page has none */
	char perms[5];
	int name;        /* of anonymous memory; 0: none */
	unsigned advice; /* the advice of earlier madvise calls */
	int attached;    /* number of the attachment: two attachments of a segment never merge */
	int area;        /* pieces of different areas never merge, but may extend into each other */
	long birth;
};

static struct page pages[PAGES];
static long heap_births[HEAP_MAX];
static int heap_pages;
static char *heap_start;
static long births;
static int shared_count, attach_count, area_count, acts;
static enum { MAPS, SMAPS, TOUCHED, NAMED, STEPPED } mode;
static int files[FILES], segment;
static int shm_id;
static FILE *model;
static uint64_t seed;
static char what[200];
static const char *const names[] = { "", "red", "blue pipe" };
static bool can_name;

static unsigned random_below(unsigned n)
{
	seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
	return (unsigned)(seed >> 33) % n;
}

static void die(const char *format, ...)
{
	va_list list;
	va_start(list, format);
	fprintf(stderr, "random: ");
	vfprintf(stderr, format, list);
	fprintf(stderr, " (%s)\n", strerror(errno));
	va_end(list);
	exit(3);
}

static void note(const char *format, ...)
{
	va_list list;
	va_start(list, format);
	vsnprintf(what, sizeof what, format, list);
	va_end(list);
}

static bool may_join(const struct page *a, const struct page *b)
{
	bool file = a->backing != ANON;
	return a->backing != FREE && a->backing == b->backing && a->attached == b->attached &&
	       strcmp(a->perms, b->perms) == 0 && a->name == b->name && a->advice == b->advice &&
	       (!file || b->offset == a->offset + 1);
}

static bool joined(const struct page *a, const struct page *b) /* true if the kernel merges them */
{
	return may_join(a, b) && a->area == b->area;
}

static bool same_memory(const struct page *old,
                        const struct page *new) /* true if both pages have the same backing */
{
	return old->backing == new->backing && (new->backing == ANON || old->offset == new->offset);
}

static bool looks_the_same(
        const struct page *old,
        const struct page *new) /* ... and the same permissions, name and advice */
{
	return same_memory(old, new) && strcmp(old->perms, new->perms) == 0 &&
	       old->name == new->name && (mode != SMAPS || old->advice == new->advice);
}

/* ---- choosing ---- */

struct range {
	int from, count;
};

static struct range any_range(int most)
{
	struct range r = { (int)random_below(PAGES), 1 + (int)random_below((unsigned)most) };
	if (r.from + r.count > PAGES)
		r.count = PAGES - r.from;
	return r;
}

/* Picks a mapped range, within one region if `one`. count 0: no memory at the chosen place. */
static struct range mapped_range(bool one, int most)
{
	struct range r = { (int)random_below(PAGES), 0 };
	int want = 1 + (int)random_below((unsigned)most);
	for (int tries = 0; pages[r.from].backing == FREE && tries < 50; tries++)
		r.from = (int)random_below(PAGES);
	while (r.count < want && r.from + r.count < PAGES &&
	       pages[r.from + r.count].backing != FREE) {
		if (one && r.count &&
		    !joined(&pages[r.from + r.count - 1], &pages[r.from + r.count]))
			break;
		r.count++;
	}
	return r;
}

static char *at(int page)
{
	return WINDOW + (unsigned long)page * PAGE;
}

/* Finds the next region of the model from page `i` on; returns its end. */
static int region_end(int i)
{
	int end = i + 1;
	while (end < PAGES && joined(&pages[end - 1], &pages[end]))
		end++;
	return end;
}

static void set_area(int from, int end, int area)
{
	for (int i = from; i < end; i++)
		pages[i].area = area;
}

/* Separates the region at page `i` from the memory below. */
static void split_at(int i)
{
	if (i < PAGES && pages[i].backing == SEGMENT)
		set_area(i, region_end(i), ++area_count);
}

/* Returns the area that pages may extend: the one below, or else above. */
static int area_around(int from, int end, int area)
{
	if (from > 0 && may_join(&pages[from - 1], &pages[from]))
		return pages[from - 1].area;
	if (end < PAGES && may_join(&pages[end - 1], &pages[end]))
		return pages[end].area;
	return area;
}

static void clear(int from, int count)
{
	split_at(from + count);
	for (int i = from; i < from + count; i++)
		memset(&pages[i], 0, sizeof pages[i]);
}

static void put_page(int at, struct page new)
{
	new.birth = same_memory(&pages[at], &new) ? pages[at].birth : ++births;
	pages[at] = new;
}

static void put(struct range r, int backing, long offset, const char *perms)
{
	int attached = backing == SEGMENT ? ++attach_count : 0,
	    area = backing == SEGMENT ? ++area_count : 0;
	split_at(r.from + r.count);
	for (int i = 0; i < r.count; i++) {
		struct page new = {
			.backing = backing, .offset = offset + i, .attached = attached, .area = area
		};
		snprintf(new.perms, sizeof new.perms, "%s", perms);
		put_page(r.from + i, new);
	}
}

/* ---- the calls ---- */

static const struct {
	int prot;
	const char *letters;
} prots[] = {
	{ PROT_READ | PROT_WRITE, "rw-" },
	{ PROT_READ, "r--" },
	{ PROT_NONE, "---" },
	{ PROT_READ | PROT_EXEC, "r-x" },
};

static void call_mmap(void)
{
	struct range r = any_range(16);
	unsigned p = random_below(4), kind = random_below(6);
	char perms[5];
	bool shared = kind == 4 || (kind == 5 && random_below(2));
	snprintf(perms, sizeof perms, "%s%c", prots[p].letters, shared ? 's' : 'p');
	int flags = MAP_FIXED | MAP_NORESERVE | (shared ? MAP_SHARED : MAP_PRIVATE), backing = ANON,
	    fd = -1;
	long offset = 0;
	if (kind < 4 && kind != 3) {
		flags |= MAP_ANONYMOUS;
	} else if (kind == 4 && random_below(2)) {
		flags |= MAP_ANONYMOUS;
		backing = SHARED + ++shared_count;
	} else {
		backing = FILE_A + (int)random_below(FILES);
		fd = files[backing - FILE_A];
		offset = (long)random_below(8);
	}
	note("mmap %p %d %s backing %d offset %ld", (void *)at(r.from), r.count, perms, backing,
	     offset);
	if (mmap(at(r.from), (size_t)r.count * PAGE, prots[p].prot, flags, fd,
	         offset * (long)PAGE) == MAP_FAILED)
		die("%s", what);
	put(r, backing, offset, perms);
}

static void call_munmap(void)
{
	struct range r = any_range(16);
	note("munmap %p %d", (void *)at(r.from), r.count);
	if (munmap(at(r.from), (size_t)r.count * PAGE))
		die("%s", what);
	clear(r.from, r.count);
}

/* Changes permissions and advice of a piece of a region. The kernel extends a neighbour over a part
 * of a segment's region, but never over the whole region. */
static void change_piece(int from, int end, const struct page *to)
{
	bool whole_low = from == 0 || !joined(&pages[from - 1], &pages[from]),
	     whole_high = region_end(end - 1) == end;
	if (strcmp(pages[from].perms, to->perms) == 0 && pages[from].advice == to->advice)
		return;
	if (!whole_high)
		split_at(end);
	for (int i = from; i < end; i++) {
		memcpy(pages[i].perms, to->perms, sizeof to->perms);
		pages[i].advice = to->advice;
	}
	if (pages[from].backing == SEGMENT && !(whole_low && whole_high))
		set_area(from, end, area_around(from, end, ++area_count));
}

static void change(struct range r, const char *letters, unsigned set, unsigned unset)
{
	for (int i = r.from, end; i < r.from + r.count; i = end) {
		struct page to = pages[i];
		end = region_end(i) < r.from + r.count ? region_end(i) : r.from + r.count;
		if (letters)
			memcpy(to.perms, letters, 3);
		to.advice = (to.advice & ~unset) | set;
		change_piece(i, end, &to);
	}
}

static void call_mprotect(void)
{
	struct range r = mapped_range(false, 24);
	unsigned p = random_below(4);
	if (!r.count)
		return;
	note("mprotect %p %d %s", (void *)at(r.from), r.count, prots[p].letters);
	if (mprotect(at(r.from), (size_t)r.count * PAGE, prots[p].prot))
		die("%s", what);
	change(r, prots[p].letters, 0, 0);
}

static bool is_free(int from, int count)
{
	if (from < 0 || from + count > PAGES)
		return false;
	for (int i = from; i < from + count; i++)
		if (pages[i].backing != FREE)
			return false;
	return true;
}

/* Returns the number of acts that explain the pages moved to `to`, see above. */
static int acts_of_move(int to, const struct page *moved, int count)
{
	int differ = 0;
	for (int i = 0; i < count; i++)
		differ += !looks_the_same(&pages[to + i], &moved[i]) ||
		          pages[to + i].advice != moved[i].advice ||
		          pages[to + i].attached != moved[i].attached;
	bool first = !looks_the_same(&pages[to], &moved[0]),
	     last = !looks_the_same(&pages[to + count - 1], &moved[count - 1]);
	return differ == 0 || (first && last) ? 1 : 2;
}

static void put_moved(int to, const struct page *moved, int count)
{
	split_at(to + count);
	acts = acts_of_move(to, moved, count);
	bool seen = acts == 1 && !looks_the_same(&pages[to], &moved[0]);
	for (int i = 0; i < count; i++) {
		if (seen)
			pages[to + i] = moved[i];
		else
			put_page(to + i, moved[i]);
	}
	if (moved->backing == SEGMENT)
		set_area(to, to + count, area_around(to, to + count, ++area_count));
}

static void refused(
        void) /* mremap needs one region; with touched pages the model does not know the regions */
{
	if (mode != TOUCHED || errno != EFAULT)
		die("%s", what);
}

static void call_move(struct range r)
{
	struct page moved[PAGES];
	int to = (int)random_below((unsigned)(PAGES - r.count));
	if (to < r.from + r.count && r.from < to + r.count)
		return;
	if (random_below(2) && !is_free(to, r.count))
		return;
	note("mremap %p %d to %p", (void *)at(r.from), r.count, (void *)at(to));
	if (mremap(at(r.from), (size_t)r.count * PAGE, (size_t)r.count * PAGE,
	           MREMAP_MAYMOVE | MREMAP_FIXED, at(to)) == MAP_FAILED)
		return refused();
	memcpy(moved, &pages[r.from], (size_t)r.count * sizeof *moved);
	clear(r.from, r.count);
	put_moved(to, moved, r.count);
}

static void call_resize(struct range r)
{
	int more = 1 + (int)random_below(8), end = r.from + r.count;
	if (random_below(2) && r.count > 1) { /* smaller */
		int less = 1 + (int)random_below((unsigned)r.count - 1);
		note("mremap %p %d to %d pages", (void *)at(r.from), r.count, r.count - less);
		if (mremap(at(r.from), (size_t)r.count * PAGE, (size_t)(r.count - less) * PAGE,
		           0) == MAP_FAILED)
			return refused();
		clear(end - less, less);
		return;
	}
	if (pages[end - 1].backing > FILE_B || !is_free(end, more))
		return; /* shared memory cannot grow beyond its end */
	note("mremap %p %d to %d pages", (void *)at(r.from), r.count, r.count + more);
	if (mremap(at(r.from), (size_t)r.count * PAGE, (size_t)(r.count + more) * PAGE, 0) ==
	    MAP_FAILED)
		return refused();
	for (int i = end; i < end + more; i++) {
		pages[i] = pages[end - 1];
		pages[i].offset = pages[end - 1].offset + (i - end + 1);
		pages[i].birth = ++births;
	}
}

static void call_mremap(void)
{
	struct range r = mapped_range(true, 16);
	if (!r.count)
		return;
	if (random_below(2))
		call_move(r);
	else
		call_resize(r);
}

static void call_brk(void)
{
	int delta = (int)random_below(17) - 8;
	if (delta == 0 || heap_pages + delta < 1 || heap_pages + delta > HEAP_MAX)
		return;
	note("brk %+d", delta);
	if (sbrk(delta * (long)PAGE) == (void *)-1)
		die("%s", what);
	for (int i = heap_pages; i < heap_pages + delta; i++)
		heap_births[i] = ++births;
	heap_pages += delta;
}

static void call_madvise(void)
{
	static const struct {
		int advice;
		unsigned set, unset;
		const char *name;
	} advices[] = {
		{ MADV_RANDOM, 1, 2, "random" }, { MADV_SEQUENTIAL, 2, 1, "sequential" },
		{ MADV_NORMAL, 0, 3, "normal" }, { MADV_DONTFORK, 4, 0, "dontfork" },
		{ MADV_DOFORK, 0, 4, "dofork" }, { MADV_DONTDUMP, 8, 0, "dontdump" },
		{ MADV_DODUMP, 0, 8, "dodump" }, { MADV_DONTNEED, 0, 0, "dontneed" },
	};
	struct range r = mapped_range(false, 24);
	unsigned a = random_below(sizeof advices / sizeof advices[0]);
	if (!r.count)
		return;
	note("madvise %p %d %s", (void *)at(r.from), r.count, advices[a].name);
	if (madvise(at(r.from), (size_t)r.count * PAGE, advices[a].advice))
		die("%s", what);
	change(r, NULL, advices[a].set, advices[a].unset);
}

static void call_shm(void)
{
	struct range r = { (int)random_below(PAGES - 4), 4 };
	if (is_free(r.from, 4)) {
		note("shmat %p", (void *)at(r.from));
		if (shmat(shm_id, at(r.from), 0) == (void *)-1)
			die("%s", what);
		put(r, SEGMENT, 0, "rw-s");
		return;
	}
	for (int i = 0; i + 4 <= PAGES; i++) { /* a complete segment */
		bool whole = true;
		for (int k = 0; k < 4; k++)
			whole &= pages[i + k].backing == SEGMENT && pages[i + k].offset == k;
		if (!whole)
			continue;
		note("shmdt %p", (void *)at(i));
		if (shmdt(at(i)))
			die("%s", what);
		clear(i, 4);
		return;
	}
}

static void call_name(void)
{
	struct range r = mapped_range(false, 24);
	int name = (int)random_below(3), n = 0;
	while (n < r.count && pages[r.from + n].backing == ANON)
		n++;
	if (!n || (!can_name && mode != NAMED))
		return;
	note("name %p %d \"%s\"", (void *)at(r.from), n, names[name]);
	if (can_name && prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, at(r.from), (size_t)n * PAGE,
	                      name ? names[name] : NULL))
		die("%s", what);
	for (int i = r.from; i < r.from + n; i++)
		pages[i].name = name;
}

static void call_touch(void)
{
	struct range r = mapped_range(true, 8);
	if (!r.count || pages[r.from].perms[1] != 'w' || pages[r.from].backing != ANON)
		return;
	note("touch %p %d", (void *)at(r.from), r.count);
	for (int i = 0; i < r.count; i++)
		*(volatile char *)at(r.from + i) = 1;
}

static void call_any(void)
{
	static void (*const calls[])(
	        void) = { call_mmap,     call_mmap,     call_mmap,   call_munmap, call_munmap,
		          call_mprotect, call_mprotect, call_mremap, call_mremap, call_brk,
		          call_madvise,  call_shm,      call_name,   call_touch,  call_touch };
	note("nothing");
	acts = 1;
	calls[random_below(sizeof calls / sizeof calls[0] - (mode == TOUCHED ? 0 : 2))]();
}

/* ---- samples ---- */

static char text[1 << 20], line[1 << 21];

static size_t read_maps(void)
{
	size_t used = 0;
	int fd = open(mode == SMAPS || mode == TOUCHED ? "/proc/self/smaps" : "/proc/self/maps",
	              O_RDONLY);
	for (ssize_t n; (n = read(fd, text + used, sizeof text - 1 - used)) > 0;)
		used += (size_t)n;
	close(fd);
	text[used] = '\0';
	return used;
}

/* Prints the model in the form of maps. */
static size_t imagine_maps(void)
{
	size_t used = 0;
	for (int i = 0, end; i < PAGES; i = end) {
		const struct page *page = &pages[i];
		char name[32] = "";
		end = region_end(i);
		if (page->backing == FREE)
			continue;
		if (page->name)
			snprintf(name, sizeof name, "[anon:%s]", names[page->name]);
		else if (page->backing != ANON)
			snprintf(name, sizeof name, "/memfd:%d", page->backing);
		used += (size_t)sprintf(text + used, "%lx-%lx %s %08lx 00:0%d %d %s\n",
		                        (unsigned long)at(i), (unsigned long)at(end), page->perms,
		                        page->backing == ANON ? 0
		                                              : (unsigned long)page->offset * PAGE,
		                        page->backing != ANON,
		                        page->backing == ANON ? 0 : page->backing, name);
	}
	return used + (size_t)sprintf(text + used, "%lx-%lx rw-p 00000000 00:00 0 [heap]\n",
	                              (unsigned long)heap_start,
	                              (unsigned long)heap_start + (unsigned long)heap_pages * PAGE);
}

static void write_look(unsigned t, size_t n)
{
	char *to = line;
	to += sprintf(to, "{\"type\":\"sample\",\"t\":%u.000000000,\"pid\":1000,\"seq\":%u}\n", t,
	              t);
	for (size_t from = 0, part = 0; from < n; part++) {
		size_t end = n - from > 60000 ? from + 60000 : n;
		while (end < n && text[end - 1] != '\n')
			end--;
		to += sprintf(to,
		              "{\"type\":\"raw\",\"t\":%u.000000000,\"pid\":1000,\"seq\":%u,"
		              "\"source\":\"procfs\",\"format\":\"linux-%s\",\"part\":%zu,\"last\":"
		              "%s,\"text\":\"",
		              t, t, mode == SMAPS || mode == TOUCHED ? "smaps" : "maps", part,
		              end == n ? "true" : "false");
		for (; from < end; from++) {
			if (text[from] == '\n')
				*to++ = '\\', *to++ = 'n';
			else
				*to++ = text[from];
		}
		to += sprintf(to, "\"}\n");
	}
	for (char *p = line; p < to;) {
		ssize_t done = write(STDOUT_FILENO, p, (size_t)(to - p));
		if (done < 0)
			die("write");
		p += done;
	}
}

static void put_births(int from, int end)
{
	fputs(",[", model);
	for (int i = from; i < end;) {
		int n = 1;
		while (i + n < end && pages[i + n].birth == pages[i].birth + n)
			n++;
		fprintf(model, "%s[%ld,%d]", i == from ? "" : ",", pages[i].birth, n);
		i += n;
	}
	fputs("]]", model);
}

/* Prints flags in the form of VmFlags. */
static void put_flags(unsigned advice)
{
	static const char *const flags[] = { "sr", "rr", "dc", "dd" };
	static const unsigned bits[] = { 2, 1, 4, 8 };
	bool some = false;
	for (int i = 0; i < 4 && mode == SMAPS; i++)
		if (advice & bits[i])
			some = fprintf(model, some ? " %s" : "%s", flags[i]) > 0;
}

static void write_pages(void)
{
	fprintf(model, "[\"0x%016lx\",\"0x%016lx\",\"rw-p\",\"[heap]\",\"\",\"\",%d,[",
	        (unsigned long)heap_start,
	        (unsigned long)heap_start + (unsigned long)heap_pages * PAGE, ANON);
	for (int i = 0; i < heap_pages; i++)
		fprintf(model, "%s[%ld,1]", i ? "," : "", heap_births[i]);
	fputs("]]", model);
	for (int i = 0, end; i < PAGES; i = end) {
		end = i + 1;
		if (pages[i].backing == FREE)
			continue;
		end = region_end(i);
		fprintf(model, ",[\"0x%016lx\",\"0x%016lx\",\"%s\",\"%s\",\"", (unsigned long)at(i),
		        (unsigned long)at(end), pages[i].perms, names[pages[i].name]);
		if (pages[i].backing != ANON)
			fprintf(model, "0x%016lx", (unsigned long)pages[i].offset * PAGE);
		fputs("\",\"", model);
		put_flags(pages[i].advice);
		fprintf(model, "\",%d", pages[i].backing);
		put_births(i, end);
	}
}

/* Reads a row of /proc/self/maps or smaps within the window. */
struct row {
	unsigned long start, end, offset, inode;
	char perms[5], name[40];
};

static bool read_row(const char *at, struct row *row)
{
	row->name[0] = '\0';
	if (sscanf(at, "%lx-%lx %4s %lx %*s %lu%39[^\n]", &row->start, &row->end, row->perms,
	           &row->offset, &row->inode, row->name) < 5)
		return false;
	return strstr(row->name, "[heap]") ||
	       ((char *)row->start >= WINDOW && (char *)row->start < WINDOW + PAGES * PAGE);
}

/* Keeps the flags of advice from the kernel's flags. */
static void put_flags_of_row(const char *row)
{
	const char *flags = strstr(row, "VmFlags:"), *between = "";
	for (flags = flags ? flags + 8 : "\n"; *flags == ' ' && flags[1] != '\n'; flags += 3) {
		if (memcmp(flags, " sr", 3) && memcmp(flags, " rr", 3) && memcmp(flags, " dc", 3) &&
		    memcmp(flags, " dd", 3))
			continue;
		fprintf(model, "%s%.2s", between, flags + 1);
		between = " ";
	}
}

static void write_rows(void)
{
	struct row row;
	const char *between = "";
	for (const char *at = text; *at; at = strchr(at, '\n') + 1) {
		if (!read_row(at, &row))
			continue;
		const char *name = strchr(row.name, '[');
		fprintf(model, "%s[\"0x%016lx\",\"0x%016lx\",\"%s\",\"", between, row.start,
		        row.end, row.perms);
		if (name)
			fprintf(model, "%.*s",
			        (int)strcspn(name + (name[1] == 'a' ? 6 : 0),
			                     name[1] == 'a' ? "]" : ""),
			        name + (name[1] == 'a' ? 6 : 0));
		fputs("\",\"", model);
		if (strchr(row.name, '/'))
			fprintf(model, "0x%016lx", row.offset);
		fputs("\",\"", model);
		put_flags_of_row(at);
		fprintf(model, "\",%lu,[]]", row.inode);
		between = ",";
	}
}

static void write_model(unsigned t)
{
	fprintf(model, "{\"t\":%u,\"call\":\"", t);
	for (const char *c = what; *c; c++)
		fprintf(model, *c == '"' ? "\\%c" : "%c", *c);
	fprintf(model, "\",\"acts\":%d,\"regions\":[", acts);
	if (mode == TOUCHED)
		write_rows();
	else
		write_pages();
	fputs("]}\n", model);
}

/* Verifies that the rows of the window in /proc/self/maps are the regions of the model. */
static void hold_against_kernel(void)
{
	int i = 0;
	struct row row;
	for (const char *r = text; *r; r = strchr(r, '\n') + 1) {
		if (!read_row(r, &row) || (char *)row.start < WINDOW ||
		    (char *)row.start >= WINDOW + PAGES * PAGE)
			continue;
		while (i < PAGES && pages[i].backing == FREE)
			i++;
		if (i == PAGES || (char *)row.start != at(i) ||
		    (char *)row.end != at(region_end(i)) || strcmp(row.perms, pages[i].perms) != 0)
			die("after %s: the model is wrong at %lx-%lx %s: it has %p-%p %s", what,
			    row.start, row.end, row.perms, (void *)at(i), (void *)at(region_end(i)),
			    pages[i].perms);
		i = region_end(i);
	}
	while (i < PAGES && pages[i].backing == FREE)
		i++;
	if (i < PAGES)
		die("after %s: the model has a region too many at %p", what, (void *)at(i));
}

static void set_up(char **argv)
{
	seed = strtoull(argv[1], NULL, 10) * 0x9e3779b97f4a7c15u + 1;
	model = fopen(argv[3], "w");
	if (!model)
		die("%s", argv[3]);
	static char buffer[1 << 16];
	setvbuf(model, buffer, _IOFBF, sizeof buffer);
	for (int i = 0; i < FILES; i++) {
		files[i] = memfd_create(i ? "file-b" : "file-a", 0);
		if (files[i] < 0 || ftruncate(files[i], 64 * (long)PAGE))
			die("memfd");
	}
	shm_id = shmget(IPC_PRIVATE, 4 * PAGE, 0600);
	if (shm_id < 0)
		die("shmget");
	void *first = shmat(shm_id, NULL, 0); /* attached once, to outlive its removal */
	if (first == (void *)-1 || shmctl(shm_id, IPC_RMID, NULL))
		die("shmat");
	void *probe = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	can_name = prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, probe, PAGE, "probe") == 0;
	munmap(probe, PAGE);
	heap_start = sbrk(0);
	heap_pages = 1 + (int)(-(unsigned long)heap_start % PAGE ? 1 : 0);
	if (sbrk((long)(-(unsigned long)heap_start % PAGE) + (long)PAGE) == (void *)-1)
		die("sbrk");
	heap_start = (char *)((unsigned long)heap_start / PAGE * PAGE);
	for (int i = 0; i < heap_pages; i++)
		heap_births[i] = ++births;
}

/* Reads the heap's end from the kernel: earlier code may have used the heap. */
static void find_heap(void)
{
	char *row = strstr(text, "[heap]");
	if (!row)
		die("no heap");
	while (row > text && row[-1] != '\n')
		row--;
	unsigned long start, end;
	if (sscanf(row, "%lx-%lx", &start, &end) != 2)
		die("no heap");
	heap_start = (char *)start;
	heap_pages = (int)((end - start) / PAGE);
	if (heap_pages > HEAP_MAX)
		die("a heap of %d pages", heap_pages);
	births = 0;
	for (int i = 0; i < heap_pages; i++)
		heap_births[i] = ++births;
}

/* Waits for the sample of another program. */
static void be_looked_at(unsigned t)
{
	char number[16];
	int n = snprintf(number, sizeof number, "%u\n", t);
	if (write(STDOUT_FILENO, number, (size_t)n) != n || read(STDIN_FILENO, number, 1) != 1)
		die("nobody looks");
}

static void look(unsigned t, size_t n)
{
	if (mode == STEPPED)
		be_looked_at(t);
	else
		write_look(t, mode == NAMED ? imagine_maps() : n);
	write_model(t);
}

static void say(const char *text)
{
	if (mode != STEPPED && write(STDOUT_FILENO, text, strlen(text)) < 0)
		die("write");
}

static int mode_of(const char *word)
{
	static const char *const words[] = { "maps", "smaps", "touched", "named", "stepped" };
	for (int i = 0; i < 5; i++)
		if (strcmp(word, words[i]) == 0)
			return i;
	die("no mode is called %s", word);
	return -1;
}

int main(int argc, char **argv)
{
	if (argc < 4) {
		fputs("usage: random SEED CALLS MODEL [EVERY [maps|smaps|touched|named|stepped]]\n",
		      stderr);
		return 2;
	}
	unsigned calls = (unsigned)atoi(argv[2]), every = argc > 4 ? (unsigned)atoi(argv[4]) : 1;
	if (argc > 5)
		mode = mode_of(argv[5]);
	set_up(argv);
	say("{\"type\":\"stream\",\"t\":0.000000000,\"version\":1,\"program\":\"random\","
	    "\"sources\":[\"procfs\"],\"began\":\"2026-01-01T00:00:00.000000000Z\"}\n"
	    "{\"type\":\"process\",\"t\":0.000000000,\"pid\":1000,\"why\":\"first\",\"name\":"
	    "\"random\"}\n");
	fprintf(model, "\n"), fflush(model), rewind(model),
	        ftruncate(fileno(model),
	                  0); /* allocates the stream's own memory before the first sample */
	size_t n = read_maps();
	find_heap();
	note("start");
	look(0, n);
	for (unsigned i = 1; i <= calls; i++) {
		call_any();
		n = read_maps();
		if (mode != TOUCHED && (mode != NAMED || can_name))
			hold_against_kernel();
		if (i % every == 0)
			look(i / every, n);
	}
	char last[100];
	snprintf(last, sizeof last, "{\"type\":\"end\",\"t\":%u.000000000,\"reason\":\"exit\"}\n",
	         calls / every);
	say(last);
	if (fclose(model))
		die("write");
	return 0;
}
