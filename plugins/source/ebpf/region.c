/* A region of the kernel's half becomes a region of the stream. */
#include <string.h>

#include "inner.h"

static char *put_hex(char *at, uint64_t value, int least)
{
	char digits[16];
	int n = 0;
	do
		digits[n++] = "0123456789abcdef"[value & 15];
	while (value >>= 4);
	while (n < least)
		digits[n++] = '0';
	while (n)
		*at++ = digits[--n];
	return at;
}

static char *put_decimal(char *at, uint64_t value)
{
	char digits[20];
	int n = 0;
	do
		digits[n++] = (char)('0' + value % 10);
	while (value /= 10);
	while (n)
		*at++ = digits[--n];
	return at;
}

static void tell_file(const struct ebpf *e, const struct ebpf_vma *vma, struct vp_region *region,
                      char *digits)
{
	char *at = put_hex(digits, vma->dev >> 20, 2);
	*at++ = ':';
	at = put_hex(at, vma->dev & 0xfffff, 2);
	region->dev = (vp_str){ digits, (size_t)(at - digits) };
	region->inode = (vp_str){ at, (size_t)(put_decimal(at, vma->inode) - at) };
	region->offset = vma->offset;
	region->has_offset = true;
	region->name = names_shown(e->names, vma->dev, vma->inode, vma->alias);
}

void tell_region(const struct ebpf *e, const struct ebpf_vma *vma, struct vp_region *region,
                 char *digits)
{
	memset(region, 0, sizeof *region);
	region->start = vma->start;
	region->end = vma->end;
	region->size = vma->end - vma->start;
	region->perms[0] = vma->perms & 1 ? 'r' : '-';
	region->perms[1] = vma->perms & 2 ? 'w' : '-';
	region->perms[2] = vma->perms & 4 ? 'x' : '-';
	region->perms[3] = vma->perms & 0x80 ? 's' : 'p';
	region->share = (vp_str){ vma->perms & 0x80 ? "shm" : "prv", 3 };
	if (vma->what & EBPF_VMA_FILE) {
		tell_file(e, vma, region, digits);
	} else if (vma->what & EBPF_VMA_HEAP) {
		region->name = (vp_str){ "[heap]", 6 };
	} else if (vma->what & EBPF_VMA_STACK) {
		region->name = (vp_str){ "[stack]", 7 };
	} else if (vma->what & EBPF_VMA_SPECIAL) {
		memcpy(digits, &vma->offset, 16);
		if (digits[0] == '[')
			region->name = (vp_str){ digits, strnlen(digits, 16) };
	}
}
