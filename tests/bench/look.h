/* Data that look.c notes and picture.c reads: the times of samples, monotonic ns, in a ring. */
#ifndef BENCH_LOOK_H
#define BENCH_LOOK_H

#include <stdint.h>

enum { LOOKS = 4096 };

struct looks {
	volatile uint32_t count;
	volatile int64_t at[LOOKS];
};

#endif
