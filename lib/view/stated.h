/* Reports that state sums and list no region, or a part of their regions: what views show of them.
 */
#ifndef VMPIPE_VIEW_STATED_H
#define VMPIPE_VIEW_STATED_H

#include "view/build.h"

/* Finds what the stream states of the process that a view shows. NULL: nothing. */
const struct vp_account *vp_stated_of(const struct vp_model *model);
/* Are its sums to be shown in place of regions? With a filter of permissions or addresses, which
 * sums do not have, they are not. */
bool vp_stated_alone(const struct vp_model *model, const struct vp_account *account);
/* Adds the note that says so, and what is not known therefore. */
void vp_stated_note(struct vp_build *build, const struct vp_account *account);
/* Visits its sums by kind that the filter passes; a report without kinds gives one sum, of the kind
 * unknown. The region has kind, label, size and measures. Stops at -1, and returns it. */
typedef int vp_stated_visit(void *ctx, const struct vp_region *sums, uint64_t regions);
int vp_stated_each(const struct vp_model *model, const struct vp_account *account,
                   vp_stated_visit *visit, void *ctx);

#endif
