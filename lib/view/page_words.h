/* How views show pages, page tables and page faults. */
#ifndef VMPIPE_VIEW_PAGE_WORDS_H
#define VMPIPE_VIEW_PAGE_WORDS_H

#include "view/build.h"

const char *vp_page_word(enum vp_page_class class_);
struct vp_class vp_page_colours(enum vp_page_class class_); /* named, without detail */
/* Adds a note about the page tables of a process: which are needed, and why there are more. Nothing
 * if they are unknown. */
void vp_tables_note(struct vp_build *build, int64_t pid);
/* Adds a note about its page faults, if a source counts them for the whole process. */
void vp_faults_note(struct vp_build *build, int64_t pid);

#endif
