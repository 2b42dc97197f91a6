/* The one message of a failure: recorded where the cause is known, said by the caller who decides.
 */
#ifndef VMPIPE_BASE_ERROR_H
#define VMPIPE_BASE_ERROR_H

#include <stdarg.h>

/* Each records the thread's message and returns -1. */
int vp_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
int vp_fail_list(const char *format, va_list list);
/* Adds ": " and strerror(errno). */
int vp_fail_errno(const char *format, ...) __attribute__((format(printf, 1, 2)));
int vp_no_memory(void); /* "out of memory" */

const char *vp_error(void); /* the last message of the thread */

#endif
