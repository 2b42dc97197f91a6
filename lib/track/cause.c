/* Calls that wait for the changes that they caused, oldest first. */
#include "track/cause.h"

#include <stdlib.h>
#include <string.h>

#include "base/amount.h"

struct call {
	int64_t pid, t;
	uint64_t tid, start, end; /* end 0: the address is unknown */
	uint64_t stack;           /* 0: none */
	char name[24];
	bool whole; /* fork, exec: it concerns the whole process */
};

struct vp_causes {
	struct call calls[VP_CAUSES], only; /* a ring */
	size_t first, count;
	uint64_t dropped; /* calls that have been forgotten */
	bool alone;       /* `only` is the cause of all */
	char text[192];
};

struct vp_causes *vp_causes_new(void)
{
	return calloc(1, sizeof(struct vp_causes));
}

void vp_causes_free(struct vp_causes *causes)
{
	free(causes);
}

void vp_causes_clear(struct vp_causes *causes)
{
	causes->count = causes->dropped = 0;
	causes->alone = false;
}

static struct call *call_at(struct vp_causes *causes, size_t i)
{
	return &causes->calls[(causes->first + i) % VP_CAUSES];
}

static bool read_address(struct vp_record *record, const struct vp_member *member, uint64_t *value)
{
	return member && member->json == VP_STRING &&
	       vp_parse_address(vp_record_decode(record, member->value), value);
}

/* Members that say where a call worked; of several, the first here. */
/* clang-format off */
#define WORD(text) { text, sizeof text - 1 }
static const struct word {
	const char *text;
	size_t n;
} lengths[] = { WORD("new_size"), WORD("length"), WORD("len"), WORD("size") },
  places[] = { WORD("result"), WORD("addr"), WORD("old_address"), WORD("shmaddr") };
#undef WORD
/* clang-format on */
enum { WORDS = 4 };

static uint64_t *place_for(uint64_t *values, const struct word *words, vp_str key)
{
	for (size_t i = 0; i < WORDS; i++)
		if (words[i].n == key.n && memcmp(words[i].text, key.p, key.n) == 0)
			return &values[i];
	return NULL;
}

static uint64_t first_of(const uint64_t *values)
{
	for (size_t i = 0; i < WORDS; i++)
		if (values[i])
			return values[i];
	return 0;
}

static void find_range(struct vp_record *record, struct call *call)
{
	uint64_t sizes[WORDS] = { 0 }, starts[WORDS] = { 0 }, *value;
	for (size_t i = 0; i < record->rest_count; i++) {
		const struct vp_member *member = &record->rest[i];
		if ((value = place_for(sizes, lengths, member->key))) {
			if (member->json != VP_NUMBER || !vp_json_num(member->value, value))
				*value = 0;
		} else if ((value = place_for(starts, places, member->key))) {
			if (!read_address(record, member, value))
				*value = 0;
		}
	}
	uint64_t length = first_of(sizes);
	call->start = first_of(starts);
	bool moves = strcmp(call->name, "mremap") == 0 || strcmp(call->name, "brk") == 0 || !length;
	if (call->start && !moves)
		call->end = call->start + length;
}

static bool read_call(struct vp_record *record, struct call *call)
{
	vp_str name = vp_record_str(record, "call");
	*call = (struct call){ .pid = record->pid, .t = record->t };
	if (!name.n || name.n >= sizeof call->name)
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] < '0' || name.p[i] > 'z' || name.p[i] == '\\')
			return false; /* no name of a call, and it could break the line */
	memcpy(call->name, name.p, name.n);
	if (!vp_record_num(record, "tid", &call->tid))
		call->tid = (uint64_t)-1;
	if (!vp_record_num(record, "stack", &call->stack))
		call->stack = 0;
	return true;
}

/* Advice that only sets marks on pages. */
static bool is_idle_advice(vp_str advice)
{
	static const char *const idle[] = {
		"MADV_WILLNEED",      "MADV_DONTNEED",       "MADV_FREE",
		"MADV_REMOVE",        "MADV_COLD",           "MADV_PAGEOUT",
		"MADV_POPULATE_READ", "MADV_POPULATE_WRITE", "MADV_DONTNEED_LOCKED",
		"MADV_COLLAPSE"
	};
	for (size_t i = 0; i < sizeof idle / sizeof *idle; i++)
		if (vp_str_is(advice, idle[i]))
			return true;
	return false;
}

static bool changes_nothing(struct vp_record *record, const struct call *call)
{
	static const char *const idle[] = { "clone", "fault", "exit", "read", "write" };
	for (size_t i = 0; i < sizeof idle / sizeof *idle; i++)
		if (strcmp(call->name, idle[i]) == 0)
			return true;
	uint64_t asked;
	if (strcmp(call->name, "brk") == 0)
		return read_address(record, vp_record_member(record, "addr"), &asked) &&
		       asked == 0; /* brk(0) only asks for the break */
	return strcmp(call->name, "madvise") == 0 && is_idle_advice(vp_record_str(record, "advic"
	                                                                                  "e"));
}

void vp_causes_note(struct vp_causes *causes, struct vp_record *record)
{
	struct call call;
	uint64_t child;
	if (!read_call(record, &call) || changes_nothing(record, &call) ||
	    vp_record_member(record, "error"))
		return;
	call.whole = strcmp(call.name, "exec") == 0 || strcmp(call.name, "fork") == 0;
	if (strcmp(call.name, "fork") == 0) {
		if (!vp_record_num(record, "child", &child))
			return;
		call.pid = (int64_t)child;
	}
	if (!call.whole)
		find_range(record, &call);
	if (causes->count == VP_CAUSES) {
		causes->first = (causes->first + 1) % VP_CAUSES;
		causes->count--;
		causes->dropped++;
	}
	*call_at(causes, causes->count++) = call;
}

void vp_causes_only(struct vp_causes *causes, struct vp_record *record)
{
	causes->alone = read_call(record, &causes->only);
}

void vp_causes_done(struct vp_causes *causes, int64_t pid)
{
	size_t kept = 0;
	causes->alone = false;
	if (pid < 0)
		return;
	for (size_t i = 0; i < causes->count; i++)
		if (call_at(causes, i)->pid != pid)
			*call_at(causes, kept++) = *call_at(causes, i);
	causes->count = kept;
	causes->dropped = 0;
}

static bool may_have(const struct call *call, const struct vp_change *change)
{
	const struct vp_region *is = change->now, *was = change->was;
	if (call->pid != change->pid || call->t > change->t)
		return false;
	if (call->whole != (change->event == VP_E_FORK || change->event == VP_E_EXEC_REBUILD))
		return false;
	if (call->whole || !call->end)
		return true;
	uint64_t end = (call->end + 4095) & ~(uint64_t)4095;
	if (call->start < is->end && is->start < end)
		return true;
	return was && call->start < was->end && was->start < end;
}

static char *put_text(char *at, const char *text)
{
	size_t n = strlen(text);
	memcpy(at, text, n);
	return at + n;
}

static char *put_number(char *at, uint64_t value, int least)
{
	char digits[20];
	int n = 0;
	do
		digits[n++] = (char)('0' + value % 10);
	while (value /= 10);
	while (n < least)
		digits[n++] = '0';
	while (n)
		*at++ = digits[--n];
	return at;
}

static vp_str say(struct vp_causes *causes, const struct call *call, int64_t t)
{
	uint64_t lag = t > call->t ? (uint64_t)(t - call->t) : 0;
	char *at = put_text(causes->text, "{\"call\":\"");
	at = put_text(put_text(at, call->name), "\"");
	if (call->tid != (uint64_t)-1)
		at = put_number(put_text(at, ",\"tid\":"), call->tid, 1);
	/* An exit that a sample has found has no tid, and no known time. */
	if (lag || call->tid != (uint64_t)-1) {
		at = put_number(put_text(at, ",\"lag\":"), lag / 1000000000, 1);
		at = put_number(put_text(at, "."), lag % 1000000000, 9);
	}
	if (call->stack)
		at = put_number(put_text(at, ",\"stack\":"), call->stack, 1);
	at = put_text(at, "}");
	return (vp_str){ causes->text, (size_t)(at - causes->text) };
}

static const struct call *find(const struct vp_causes *causes, const struct vp_change *change)
{
	const struct call *found = NULL, *call;
	if (causes->alone)
		return &causes->only;
	if (change->event == VP_E_RESIDENT_CHANGE || causes->dropped)
		return NULL;
	for (size_t i = 0; i < causes->count; i++) {
		call = &causes->calls[(causes->first + i) % VP_CAUSES];
		if (!may_have(call, change))
			continue;
		if (found)
			return NULL;
		found = call;
	}
	return found;
}

vp_str vp_causes_of(struct vp_causes *causes, const struct vp_change *change)
{
	const struct call *found = find(causes, change);
	return found ? say(causes, found, change->t) : (vp_str){ NULL, 0 };
}

const char *vp_causes_call(const struct vp_causes *causes, const struct vp_change *change,
                           uint64_t *stack)
{
	const struct call *found = find(causes, change);
	*stack = found ? found->stack : 0;
	return found ? found->name : "";
}
