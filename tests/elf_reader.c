/* Reads an ELF file as the source ebpf does, for the tests.
 *
 *   elf_reader rules FILE <addresses    the rule at each address: "1000 rsp+8 u c-8"
 *   elf_reader names FILE <offsets      the function at each offset, or "?"
 *   elf_reader all FILE                 asks for all of it, and prints how much there is
 *   elf_reader mapped PATH DEV INODE    whether PATH is taken as the mapped file: yes or no
 */
#include "../plugins/source/kit/cfi.h"
#include "../plugins/source/kit/symbols.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Registers saved as readelf prints them: "c-16", "u" unchanged, "exp" an expression. */
static void put_saved(uint8_t by, int32_t off, const char *unchanged)
{
	if (by == CFI_SAVED)
		printf(" c%+d", off);
	else
		printf(" %s", by == CFI_SAVED_AT ? "exp" : by == CFI_NONE ? "u" : unchanged);
}

static void put_rules(const struct cfi *cfi)
{
	uint64_t address;
	struct cfi_rule rule;
	while (scanf("%" SCNx64, &address) == 1) {
		printf("%" PRIx64, address);
		if (cfi_find(cfi, address, &rule)) {
			puts(" none");
			continue;
		}
		if (rule.cfa_by == CFI_EXPRESSION)
			printf(" exp");
		else
			printf(" %s%+d", rule.cfa_by == CFI_SP ? "sp" : "fp", rule.cfa);
		put_saved(rule.fp_by, rule.fp, "u");
		put_saved(rule.ra_by, rule.ra, "u");
		putchar('\n');
	}
}

static void put_names(const struct symbols *symbols)
{
	uint64_t offset;
	while (scanf("%" SCNx64, &offset) == 1) {
		vp_str name = symbols_find(symbols, offset);
		printf("%.*s\n", name.n ? (int)name.n : 1, name.n ? name.p : "?");
	}
}

static bool no_memory_of(const void *memory, uint64_t address, uint64_t *word)
{
	(void)memory;
	*word = address;
	return address & 8;
}

/* Asks for rules and names all over the file's addresses. */
static void put_all(const struct elf_file *elf, const struct cfi *cfi,
                    const struct symbols *symbols)
{
	uint64_t rules = 0, names = 0, value;
	for (size_t i = 0; i < elf->segment_count; i++) {
		const struct elf_segment *segment = &elf->segments[i];
		uint64_t step = segment->size / 20000 + 1, address;
		for (uint64_t off = 0; off < segment->size; off += step) {
			struct cfi_rule rule;
			struct cfi_state state = { .read = no_memory_of };
			names += symbols_find(symbols, segment->offset + off).n > 0;
			if (!elf_file_address(elf->segments, elf->segment_count,
			                      segment->offset + off, &address) ||
			    cfi_find(cfi, address, &rule))
				continue;
			rules++;
			if (rule.cfa_by == CFI_EXPRESSION)
				cfi_evaluate(cfi, rule.cfa, &state, NULL, &value);
			if (rule.fp_by == CFI_SAVED_AT)
				cfi_evaluate(cfi, rule.fp, &state, &state.cfa, &value);
		}
	}
	printf("%" PRIu64 " rules, %" PRIu64 " names\n", rules, names);
}

int main(int argc, char **argv)
{
	struct elf_file elf;
	struct cfi cfi;
	struct symbols symbols;
	if (argc == 5 && !strcmp(argv[1], "mapped")) {
		struct elf_mapped mapped = { .pid = getpid(),
			                     .dev = (uint32_t)strtoul(argv[3], NULL, 0),
			                     .inode = strtoull(argv[4], NULL, 0),
			                     .path = { argv[2], strlen(argv[2]) } };
		puts(elf_file_find(&mapped) >= 0 ? "yes" : "no");
		return 0;
	}
	int fd = argc == 3 ? open(argv[2], O_RDONLY) : -1;
	if (fd < 0 || elf_file_open(&elf, fd)) {
		puts("no such file");
		return 1;
	}
	cfi_read(&cfi, &elf);
	symbols_read(&symbols, &elf);
	if (!strcmp(argv[1], "rules"))
		put_rules(&cfi);
	else if (!strcmp(argv[1], "names"))
		put_names(&symbols);
	else
		put_all(&elf, &cfi, &symbols);
	cfi_free(&cfi);
	symbols_free(&symbols);
	elf_file_close(&elf);
	close(fd);
	return 0;
}
