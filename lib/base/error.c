/* The one message of a failure, kept by thread until the next. */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

static _Thread_local char message[2048];

int vp_fail_list(const char *format, va_list list)
{
	char fresh[sizeof message]; /* an argument may be vp_error() itself */
	vsnprintf(fresh, sizeof fresh, format, list);
	memcpy(message, fresh, sizeof message);
	return -1;
}

int vp_fail(const char *format, ...)
{
	va_list list;
	va_start(list, format);
	int failed = vp_fail_list(format, list);
	va_end(list);
	return failed;
}

int vp_fail_errno(const char *format, ...)
{
	int cause = errno;
	va_list list;
	char fresh[sizeof message];
	va_start(list, format);
	vsnprintf(fresh, sizeof fresh, format, list);
	va_end(list);
	size_t used = strlen(fresh);
	snprintf(fresh + used, sizeof fresh - used, ": %s", strerror(cause));
	memcpy(message, fresh, sizeof message);
	return -1;
}

int vp_no_memory(void)
{
	vp_memory_failed();
	return vp_fail("out of memory");
}

const char *vp_error(void)
{
	return message[0] ? message : "unknown error";
}
