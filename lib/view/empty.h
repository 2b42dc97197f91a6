/* Texts that every picture may have: why it is empty, and what was lost or left out. */
#ifndef VMPIPE_VIEW_EMPTY_H
#define VMPIPE_VIEW_EMPTY_H

#include "view/build.h"

/* Says why there is no `what` ("region"): from what the stream held and the filter asked for. */
void vp_build_empty(struct vp_build *build, const char *what);
/* Adds the notes that every view owes: other processes, kinds that do not occur, findings, losses,
 * contradictions. */
void vp_build_notes(struct vp_build *build);

#endif
