/* The one message of a failure, recorded where the cause is known, said by whoever decides. */
#ifndef VMPIPE_BASE_ERROR_H
#define VMPIPE_BASE_ERROR_H

#include <stdarg.h>

int vp_fail(const char *format, ...)
        __attribute__((format(printf, 1, 2)));      /* records, returns -1 */
int vp_fail_list(const char *format, va_list list); /* the same, for who has the list */
int vp_fail_errno(const char *format, ...)
        __attribute__((format(printf, 1, 2))); /* adds ": " and strerror(errno) */
int vp_no_memory(void);                        /* records "out of memory", returns -1 */
const char *vp_error(void);                    /* the last one recorded */

#endif
