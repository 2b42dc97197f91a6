/* Writes a `system` line, member by member: each member once, no line without a member. */
#include "inner.h"

bool system_has(const struct system_line *line, const char *key)
{
	for (size_t i = 0; i < line->count && line->open; i++)
		if (!strcmp(line->keys[i], key))
			return true;
	return false;
}

/* Opens the line if needed, and remembers the key. False: the line has that key, or too many. */
static bool key(struct system_line *line, const char *word)
{
	static const char *const taken[] = { "type", "t", "pid" };
	if (!line->open) {
		line->host->begin(line->host, "system", line->host->now(line->host), -1);
		line->open = true;
		line->count = 0;
	}
	for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
		if (!strcmp(taken[i], word))
			return false;
	if (system_has(line, word) || line->count == sizeof line->keys / sizeof *line->keys ||
	    strlen(word) >= sizeof *line->keys)
		return false;
	strcpy(line->keys[line->count++], word);
	return true;
}

void system_num(struct system_line *line, const char *word, uint64_t value)
{
	if (key(line, word))
		line->host->num(line->host, word, value);
}

void system_json(struct system_line *line, const char *word, vp_str json)
{
	if (json.n && key(line, word))
		line->host->json(line->host, word, json);
}

void system_sec(struct system_line *line, const char *word, int64_t nanoseconds)
{
	if (key(line, word))
		line->host->sec(line->host, word, nanoseconds);
}

void system_str(struct system_line *line, const char *word, vp_str value)
{
	if (key(line, word))
		line->host->str(line->host, word, value);
}

void system_end(struct system_line *line)
{
	if (line->open)
		line->host->end(line->host);
	line->open = false;
}
