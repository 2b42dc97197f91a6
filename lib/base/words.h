/* Words for people: sizes, times, and bytes from outside as text. */
#ifndef VMPIPE_BASE_WORDS_H
#define VMPIPE_BASE_WORDS_H

#include "base/pool.h"
#include "plugin.h"

enum { VP_SIZE_WORDS = 32 };

/* "1.2 MiB", in units of 1024, ended by a NUL. Returns its length. */
size_t vp_size_into(char to[VP_SIZE_WORDS], double bytes);
/* The same with a decimal also from 100 on: "145.3 MiB". */
size_t vp_size_exact(char to[VP_SIZE_WORDS], double bytes);
const char *vp_size_words(struct vp_pool *pool, double bytes);
const char *vp_time_words(struct vp_pool *pool, int64_t ns); /* "1.2 s", "2h05m" */

/* A plural noun after a count: "samples", but "sample" after 1. */
vp_str vp_counted(vp_str noun, uint64_t count);

/* "SIGKILL", "signal 35", by the numbers of Linux on most machines, which a recording has. */
enum { VP_SIGNAL_WORDS = 32 };
void vp_signal_words(char to[VP_SIGNAL_WORDS], uint64_t number);

/* Bytes from outside as UTF-8 text in one line: what is no UTF-8 becomes U+FFFD, newline and NUL
 * become \012 and \000. Other control characters stay: the renderer escapes. */
const char *vp_words(struct vp_pool *pool, vp_str bytes);
/* The same into `to`, which has room for 4 * n + 1 bytes. Returns the length. */
size_t vp_words_into(char *to, vp_str bytes);

#endif
