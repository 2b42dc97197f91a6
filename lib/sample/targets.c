/* Finds the processes that -p names. */
#include "sample/targets.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/list.h"
#include "system/system.h"

enum { WORD_SIZE = 4096 }; /* a path of a cgroup; a file name has at most 255 bytes */

/* Copies the next word that is not empty; false: there is none. */
static bool next_word(const char **list, char word[WORD_SIZE])
{
	size_t n = 0;
	for (; *list && **list && !n; *list += **list == ',') {
		n = strcspn(*list, ",");
		size_t fits = n < WORD_SIZE ? n : WORD_SIZE - 1;
		memcpy(word, *list, fits);
		word[fits] = 0;
		*list += n;
	}
	return n > 0;
}

static bool is_number(const char *text)
{
	return *text && text[strspn(text, "0123456789")] == 0;
}

/* Reads an id; -1 (vp_error): no process can have it. */
static int64_t id_of(const char *word)
{
	errno = 0;
	long long pid = strtoll(word, NULL, 10);
	if (errno || pid <= 0 || pid > INT32_MAX)
		return vp_fail("there is no process %s: ids go from 1 to %d", word, INT32_MAX);
	return pid;
}

/* Reads "user:NAME" or "cgroup:PATH". 1; 0: the word is neither; -1 (vp_error). */
static int group_of(const char *word, struct vp_group *group)
{
	static const char user[] = "user:", cgroup[] = "cgroup:";
	int failed;
	if (!strncmp(word, user, sizeof user - 1))
		failed = vp_group_user(group, word + sizeof user - 1);
	else if (!strncmp(word, cgroup, sizeof cgroup - 1))
		failed = vp_group_cgroup(group, word + sizeof cgroup - 1);
	else
		return 0;
	return failed ? -1 : 1;
}

static int attach_named(struct vp_sources *sources, struct vp_groups *groups, const char *name)
{
	struct vp_group user;
	int64_t *pids;
	size_t count;
	int taken = 0;
	if (vp_system_find(name, &pids, &count)) {
		vp_trouble(sources->flow, "%s", vp_error());
		return 0;
	}
	if (!count && vp_group_user(&user, name) == 0) {
		if (vp_groups_add(groups, user))
			vp_trouble(sources->flow, "%s", vp_error());
	} else if (!count)
		vp_trouble(sources->flow,
		           "no process is called %s, none runs a program of that name, and no user "
		           "is (ps -e shows the names)",
		           name);
	for (size_t i = 0; i < count; i++)
		taken += vp_sources_attach(sources, &(struct vp_process){ .pid = pids[i] });
	free(pids);
	return taken;
}

int vp_targets_attach(struct vp_sources *sources, struct vp_groups *groups, const char *list)
{
	char word[WORD_SIZE];
	int taken = 0;
	while (next_word(&list, word)) {
		struct vp_group group;
		int grouped = group_of(word, &group);
		if (grouped < 0 || (grouped && vp_groups_add(groups, group))) {
			vp_trouble(sources->flow, "%s", vp_error());
			continue;
		}
		if (!grouped && !is_number(word))
			taken += attach_named(sources, groups, word);
		if (grouped || !is_number(word))
			continue;
		int64_t pid = id_of(word);
		if (pid < 0)
			vp_trouble(sources->flow, "%s", vp_error());
		else
			taken += vp_sources_attach(sources, &(struct vp_process){ .pid = pid });
	}
	return taken;
}

/* True also where nothing can be known: to attach then fails with the reason. */
static bool is_there(const char *word)
{
	struct vp_group group;
	int64_t *pids = NULL;
	size_t count = 0;
	int grouped = group_of(word, &group);
	if (grouped > 0)
		vp_group_free(&group);
	if (grouped)
		return grouped > 0;
	if (is_number(word)) {
		int64_t pid = id_of(word);
		return pid > 0 && (kill((pid_t)pid, 0) == 0 || errno != ESRCH);
	}
	bool known = vp_system_find(word, &pids, &count) == 0;
	free(pids);
	return !known || count || vp_group_user(&group, word) == 0;
}

int vp_targets_check(const char *list)
{
	char word[WORD_SIZE];
	for (const char *rest = list; next_word(&rest, word);)
		if (is_there(word))
			return 0;
	if (group_of(word, &(struct vp_group){ 0 }) < 0)
		return -1;
	return vp_fail("there is no process %s: it has ended, or is in another pid namespace",
	               list);
}

static int add_id(int64_t **pids, size_t *count, const char *word)
{
	if (!is_number(word))
		return vp_fail("--probe takes ids, not names: %s", word);
	int64_t pid = id_of(word);
	if (pid < 0 || vp_list_room(pids, *count, NULL, sizeof **pids))
		return -1;
	(*pids)[(*count)++] = pid;
	return 0;
}

int vp_targets_ids(const char *list, int64_t **pids, size_t *count)
{
	char word[WORD_SIZE];
	*pids = NULL;
	*count = 0;
	while (next_word(&list, word)) {
		if (!add_id(pids, count, word))
			continue;
		free(*pids);
		*pids = NULL;
		return -1;
	}
	return 0;
}
