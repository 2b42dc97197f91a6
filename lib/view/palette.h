/* Which colour and letter a class has. */
#ifndef VMPIPE_VIEW_PALETTE_H
#define VMPIPE_VIEW_PALETTE_H

#include "plugin.h"

/* Sets the colours and the letter of a kind: the same in every picture, by the kind's name. */
void vp_class_colours(const char *kind, struct vp_class *class_);
/* Changes letters that occur twice, as long as there are letters. */
void vp_class_letters(struct vp_class *classes, size_t count);

#endif
