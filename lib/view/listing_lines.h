/* The lines of a listing, and the regions that it is made of. */
#ifndef VMPIPE_VIEW_LISTING_LINES_H
#define VMPIPE_VIEW_LISTING_LINES_H

#include "view/build.h"

struct vp_listing {
	struct vp_pool *pool;
	const struct vp_space *space;
	const struct vp_proc *proc;
	const char *command; /* as text, or NULL */
	struct vp_cell *lines;
	size_t count, size;
	bool failed;                      /* out of memory */
	const struct vp_region **regions; /* that the filter lets through, by address */
	size_t region_count;
};

/* Adds a line, formed as by printf. */
void vp_listing_line(struct vp_listing *l, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
bool vp_listing_known(const struct vp_region *region, int measure); /* it is known */
bool vp_listing_any(const struct vp_listing *l, int measure);       /* some region has it */
/* A measure as these programs print it: KiB, but numbers that are no bytes stay. */
uint64_t vp_listing_amount(int measure, uint64_t value);

/* The whole texts of these programs. */
void vp_listing_pmap(struct vp_listing *l);
void vp_listing_pmap_x(struct vp_listing *l);
void vp_listing_pmap_X(struct vp_listing *l);
void vp_listing_pmap_d(struct vp_listing *l);
void vp_listing_vmmap(struct vp_listing *l);

#endif
