/* How views show pages and page tables. */
#ifndef VMPIPE_VIEW_PAGES_H
#define VMPIPE_VIEW_PAGES_H

#include "view/build.h"

const char *vp_page_word(enum vp_page_class class_);
struct vp_class vp_page_colours(enum vp_page_class class_); /* named, without detail */
/* A note: the page tables of a process, what of them is needed, and why there are more. Nothing
 * where nothing is known. */
void vp_tables_note(struct vp_build *build, int64_t pid);
/* A note: how many page faults it has had, where a source tells them of the process as a whole. */
void vp_faults_note(struct vp_build *build, int64_t pid);

#endif
