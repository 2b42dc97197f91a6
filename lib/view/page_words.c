/* How views show pages, page tables and page faults. */
#include "view/page_words.h"

const char *vp_page_word(enum vp_page_class class_)
{
	static const char *const words[VP_PC_COUNT] = {
		"anonymous, only here", "anonymous, shared", "huge",      "file",
		"file, dirty",          "swapped",           "zero page", "guard page",
		"no page (device)"
	};
	return words[class_];
}

struct vp_class vp_page_colours(enum vp_page_class class_)
{
	static const struct vp_class classes[VP_PC_COUNT] = {
		[VP_PC_PRIVATE] = { NULL, NULL, 0x2f7fc1, 0x5aa9e6, 32, 'a' },
		[VP_PC_SHARED] = { NULL, NULL, 0x8e6bbf, 0xb294dd, 140, 's' },
		[VP_PC_HUGE] = { NULL, NULL, 0x0b4f8a, 0x2f86d1, 25, 'H' },
		[VP_PC_FILE] = { NULL, NULL, 0x5b9e4d, 0x86c777, 71, 'f' },
		[VP_PC_FILE_DIRTY] = { NULL, NULL, 0xc9762b, 0xe79b55, 172, 'd' },
		[VP_PC_SWAPPED] = { NULL, NULL, 0xc23b3b, 0xe56b6b, 167, 'w' },
		[VP_PC_ZERO] = { NULL, NULL, 0xb9b9b9, 0x777777, 248, 'z' },
		[VP_PC_GUARD] = { NULL, NULL, 0x4a4a4a, 0xc4c4c4, 240, 'g' },
		[VP_PC_FOREIGN] = { NULL, NULL, 0xb59a2b, 0xd9c15a, 178, 'm' },
	};
	struct vp_class one = classes[class_];
	one.name = vp_page_word(class_);
	return one;
}

static const char *entries_words(struct vp_pool *pool, const struct vp_tables *tables, int level)
{
	static const char *const names[VP_TABLE_LEVELS] = { "PTE", "PMD", "PUD", "P4D", "PGD" };
	return vp_pool_print(pool, "%llu %s", (unsigned long long)tables->entries[level],
	                     names[level]);
}

/* "; 12 KiB are reserved for 3 huge pages; 4 KiB are empty tables" or "". A huge page keeps a
 * table, in case it is split. */
static const char *rest_words(struct vp_build *build, const struct vp_tables *tables)
{
	struct vp_pool *pool = build->pool;
	uint64_t page = build->model->page ? build->model->page : 4096;
	uint64_t reserve = tables->huge * page, used = tables->needed + reserve;
	const char *reserved = "", *empty = "";
	if (tables->huge && tables->stated > tables->needed)
		reserved = vp_pool_print(pool, "; %s are reserved for %llu huge page%s",
		                         vp_size_words(pool, (double)reserve),
		                         (unsigned long long)tables->huge, vp_plural(tables->huge));
	if (tables->stated > used)
		empty = vp_pool_print(pool, "; %s are empty tables",
		                      vp_size_words(pool, (double)(tables->stated - used)));
	return vp_pool_print(pool, "%s%s", reserved, empty);
}

void vp_tables_note(struct vp_build *build, int64_t pid)
{
	struct vp_pool *pool = build->pool;
	const struct vp_tables *tables = vp_model_tables(build->model, pid);
	const char *stated = "", *five = "";
	if (!tables)
		return;
	if (tables->stated)
		stated = vp_size_words(pool, (double)tables->stated);
	if (!tables->known) {
		vp_build_note(build,
		              "page tables: %s%sthe kernel lacks PAGEMAP_SCAN, so their use is "
		              "unknown",
		              stated, *stated ? " (VmPTE); " : "");
		return;
	}
	if (tables->entries[3])
		five = vp_pool_print(pool, ", %s", entries_words(pool, tables, 3));
	vp_build_note(build,
	              "page tables: %llu PTE, %llu PMD and %llu PUD tables (%s) with %s, %s, %s%s, "
	              "%s "
	              "entries%s%s%s",
	              (unsigned long long)tables->tables[0], (unsigned long long)tables->tables[1],
	              (unsigned long long)tables->tables[2],
	              vp_size_words(pool, (double)tables->needed), entries_words(pool, tables, 0),
	              entries_words(pool, tables, 1), entries_words(pool, tables, 2), five,
	              entries_words(pool, tables, 4), rest_words(build, tables),
	              *stated ? "; VmPTE says " : "", stated);
}

void vp_faults_note(struct vp_build *build, int64_t pid)
{
	uint64_t major, minor;
	if (!vp_model_faults(build->model, pid, 0, 1, &major, &minor) || !(major + minor))
		return;
	vp_build_note(build, "page faults while recorded: %llu minor, %llu major",
	              (unsigned long long)minor, (unsigned long long)major);
}
