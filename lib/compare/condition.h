/* Conditions on two address spaces, as a person writes them:
 *
 *   heap.rss > +5%            regions of a kind: grown by more than 5 %
 *   total.size > +64M         all regions: grown by more than 64 MiB
 *   name:*libssl*.regions != +0
 *   perms:rwx.regions > 0     B's own value, where there is no sign
 *
 * SUBJECT.MEASURE OP AMOUNT: a subject is total, a kind, kind:KIND, name:GLOB or perms:PATTERN; a
 * measure is size, regions, or one of a region's; OP is one of > >= < <= = !=. With a sign the
 * amount is compared with the difference, B less A; a percentage is of A.
 */
#ifndef VMPIPE_COMPARE_CONDITION_H
#define VMPIPE_COMPARE_CONDITION_H

#include "compare/sums.h"
#include "space/state.h"

enum vp_subject { VP_SUBJECT_TOTAL, VP_SUBJECT_KIND, VP_SUBJECT_NAME, VP_SUBJECT_PERMS };
enum vp_compare { VP_MORE, VP_AT_LEAST, VP_LESS, VP_AT_MOST, VP_EQUAL, VP_UNEQUAL };

struct vp_condition {
	char text[160]; /* as the user has written it */
	enum vp_subject subject;
	char pattern[128]; /* of the subject */
	int measure;       /* enum vp_measure; VP_M_COUNT: size; VP_M_COUNT + 1: regions */
	enum vp_compare compare;
	bool relative; /* the amount has a sign */
	bool percent;
	double amount; /* bytes, regions or percent */
};

/* Reads a condition. 0, or -1 (vp_error, with the column in the text, from 1). */
int vp_condition_parse(struct vp_condition *condition, const char *text);
/* Returns 1: it holds; 0: it does not; -1 (vp_error): the measure is unknown on one side. `words`
 * gets both values: "heap.rss > +5%: 132 KiB -> 264 KiB (+100 %)". */
int vp_condition_test(const struct vp_condition *condition, const struct vp_space *a,
                      const struct vp_space *b, char *words, size_t size);
/* The same of reports of sums, which have no names and no permissions. */
int vp_condition_test_sums(const struct vp_condition *condition, const struct vp_sums *a,
                           const struct vp_sums *b, char *words, size_t size);

#endif
