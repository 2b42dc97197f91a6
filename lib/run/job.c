/* The arguments of a job, and the search for its program. */
#include "run/job.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/list.h"
#include "system/system.h"

/* Adds a word and owns it from now on; frees it on failure. */
static int add(struct vp_job *job, char *word)
{
	if (!word || vp_list_more(&job->argv, job->count, 2, &job->size, sizeof *job->argv)) {
		free(word);
		return vp_no_memory();
	}
	job->argv[job->count++] = word;
	job->argv[job->count] = NULL;
	return 0;
}

int vp_job_word(struct vp_job *job, const char *word)
{
	return add(job, strdup(word));
}

int vp_job_pair(struct vp_job *job, const char *key, const char *value)
{
	char *word;
	if (asprintf(&word, "--%s=%s", key, value) < 0)
		return vp_no_memory();
	return add(job, word);
}

int vp_job_label(struct vp_job *job, const char *format, ...)
{
	char *label;
	va_list list;
	va_start(list, format);
	int n = vasprintf(&label, format, list);
	va_end(list);
	if (n < 0)
		return vp_no_memory();
	free(job->label);
	job->label = label;
	return 0;
}

/* Returns the path if the file can be executed; else frees it and returns NULL. */
static char *executable(char *path)
{
	if (!access(path, X_OK))
		return path;
	free(path);
	return NULL;
}

static char *beside_us(const char *name)
{
	char own[PATH_MAX], *path;
	size_t n = vp_system_program(own, sizeof own);
	while (n > 0 && own[n - 1] != '/')
		n--;
	if (!n || asprintf(&path, "%.*s%s", (int)n, own, name) < 0)
		return NULL;
	return executable(path);
}

static char *on_path(const char *name)
{
	const char *list = getenv("PATH");
	char *found = NULL;
	while (list && *list && !found) {
		size_t n = strcspn(list, ":");
		if (asprintf(&found, "%.*s%s%s", (int)n, list, n ? "/" : "./", name) < 0)
			return NULL;
		found = executable(found);
		list += n + (list[n] == ':');
	}
	return found;
}

int vp_job_find(struct vp_job *job, const char *name)
{
	char *path = NULL;
	if (strchr(name, '/'))
		return vp_job_word(job, name);
	if (job->ours)
		path = beside_us(name);
	if (!path)
		path = on_path(name);
	if (path)
		return add(job, path);
	return vp_fail(job->ours ? "no program %s, neither beside vm-run nor on PATH"
	                         : "no program %s on PATH",
	               name);
}

void vp_jobs_free(struct vp_job *jobs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < jobs[i].count; j++)
			free(jobs[i].argv[j]);
		free(jobs[i].argv);
		free(jobs[i].label);
	}
	free(jobs);
}
