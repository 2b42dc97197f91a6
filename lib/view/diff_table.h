/* The view diff as a table. */
#ifndef VMPIPE_VIEW_DIFF_TABLE_H
#define VMPIPE_VIEW_DIFF_TABLE_H

#include "view/options.h"

/* Also for the view table, if vm-diff wrote the stream. */
int vp_diff_table(const struct vp_model *model, const struct vp_view_options *options,
                  struct vp_figure *figure, struct vp_pool *pool);
/* Are --columns and --sort of that table? 0, -1 (vp_error). */
int vp_diff_table_check(const struct vp_view_options *options);

#endif
