/* One program for vm-run to start: its path and arguments. */
#ifndef VMPIPE_RUN_JOB_H
#define VMPIPE_RUN_JOB_H

#include <stdbool.h>
#include <stddef.h>

struct vp_job {
	char **argv; /* NULL-ended, owned; argv[0] is a path */
	size_t count, size;
	char *label;        /* for messages: "vm-render 2 (svg)"; owned */
	bool ours;          /* a program of vmpipe: has --check, handles Ctrl-C */
	bool to_stdout;     /* of a renderer; several write one after another, in their order */
	const char *output; /* of a renderer: its output file, or NULL */
};

/* Each returns 0, or -1 (vp_error). */
int vp_job_word(struct vp_job *job, const char *word);                   /* adds an argument */
int vp_job_pair(struct vp_job *job, const char *key, const char *value); /* adds --KEY=VALUE */
/* Adds the path of a program as argv[0]: beside the running program if it is ours, else on PATH. */
int vp_job_find(struct vp_job *job, const char *name);
int vp_job_label(struct vp_job *job, const char *format, ...) __attribute__((format(printf, 2, 3)));
void vp_jobs_free(struct vp_job *jobs, size_t count); /* frees the array too */

#endif
