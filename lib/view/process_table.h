/* The view table by process: a row for each process of one moment, the largest first. */
#ifndef VMPIPE_VIEW_PROCESS_TABLE_H
#define VMPIPE_VIEW_PROCESS_TABLE_H

#include "view/options.h"

bool vp_process_table_is(const struct vp_view_options *options); /* --by process */
/* Are --columns and --sort of that table? 0, -1 (vp_error). */
int vp_process_table_check(const struct vp_view_options *options);
/* Returns 0, -1 (vp_error). */
int vp_process_table(const struct vp_model *model, const struct vp_view_options *options,
                     struct vp_figure *figure, struct vp_pool *pool);

#endif
