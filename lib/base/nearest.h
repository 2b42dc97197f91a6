/* "did you mean": the nearest of several known words. */
#ifndef VMPIPE_BASE_NEAREST_H
#define VMPIPE_BASE_NEAREST_H

#include <stddef.h>

/* Returns the nearest of `words` to `word`: an edit distance of at most 2, or a third of the word's
 * length; a swap of neighbours counts 1. NULL: none is near. */
const char *vp_nearest(const char *word, const char *const *words, size_t count);
/* Records `no WHAT "WORD"; did you mean "b"? There are: a, b, c`, and returns -1. */
int vp_unknown(const char *what, const char *word, const char *const *words, size_t count);
/* The end of a message about an unknown word: `; did you mean "rss"?`, or "" where none is near.
 * Holds until the thread's next call. */
const char *vp_did_you_mean(const char *word, const char *const *words, size_t count);

#endif
