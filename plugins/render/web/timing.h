/* --timing: a row of CSV for each update of a process, with when it was sent to a page and when a
 * page had drawn it. The columns are those of vm-track --timing; what only vm-track knows is empty.
 *
 *   t,pid,raw,semantic,acts,regions,reconstruct,took,seen,lag,sent,acknowledged
 *   0.138412776,24115,mmap,MMAP_ADD,1,,,,,0.001523000,0.141000214,0.152110021
 */
#ifndef VMPIPE_WEB_TIMING_H
#define VMPIPE_WEB_TIMING_H

#include "plugin.h"

struct timing;
struct timing *timing_open(const char *path); /* NULL: errno */
int timing_close(struct timing *timing);      /* NULL is allowed; -1: errno */
/* Takes a line, which arrived at `arrived` (ns, wall clock) and has this number. */
void timing_line(struct timing *timing, vp_str line, uint64_t number, int64_t arrived);
/* The lines up to `number` were sent first, or drawn first, at `when` (ns, wall clock). */
void timing_sent(struct timing *timing, uint64_t number, int64_t when);
void timing_drawn(struct timing *timing, uint64_t number, int64_t when);

#endif
