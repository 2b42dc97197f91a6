/* Where memory lies among NUMA nodes: sums of the members `numa` and `policy` of regions. */
#include "view/nodes.h"
#include "base/error.h"
#include "space/region.h"
#include "stream/json.h"
#include "view/rows.h"

#include <string.h>

enum { POLICIES_MOST = 16 };

static int add_node(struct vp_nodes *nodes, struct vp_pool *pool, uint64_t id, uint64_t bytes)
{
	size_t at = 0;
	while (at < nodes->count && nodes->list[at].id < id)
		at++;
	if (at == nodes->count || nodes->list[at].id != id) {
		struct vp_node *list =
		        vp_build_grow(pool, nodes->list, nodes->count, &nodes->size, sizeof *list);
		if (!list)
			return vp_no_memory();
		memmove(list + at + 1, list + at, (nodes->count - at) * sizeof *list);
		list[at] = (struct vp_node){ .id = id };
		nodes->list = list;
		nodes->count++;
	}
	nodes->list[at].bytes += bytes;
	return 0;
}

static bool number(vp_str text, uint64_t *value)
{
	return text.n && text.n < 10 && vp_json_num(text, value);
}

int vp_nodes_add(struct vp_nodes *nodes, struct vp_pool *pool, vp_str json)
{
	struct vp_member node;
	uint64_t id, bytes;
	for (size_t at = 0; json.n && vp_json_each(json, &at, &node);)
		if (number(node.key, &id) && vp_json_num(node.value, &bytes) &&
		    add_node(nodes, pool, id, bytes))
			return -1;
	return 0;
}

int vp_nodes_join(struct vp_nodes *to, const struct vp_nodes *from, struct vp_pool *pool)
{
	for (size_t i = 0; i < from->count; i++)
		if (add_node(to, pool, from->list[i].id, from->list[i].bytes))
			return -1;
	return 0;
}

const char *vp_nodes_words(const struct vp_nodes *nodes, struct vp_pool *pool)
{
	const char *text = "";
	for (size_t i = 0; i < nodes->count; i++)
		text = vp_pool_print(pool, "%s%sN%llu:%s", text, *text ? " " : "",
		                     (unsigned long long)nodes->list[i].id,
		                     vp_kib_words(pool, (int64_t)nodes->list[i].bytes, false));
	return text;
}

/* ---- sums of an address space ---- */

struct policy {
	vp_str name;
	uint64_t bytes;
};

static void add_policy(struct policy *list, size_t *count, vp_str name, uint64_t bytes)
{
	size_t i = 0;
	while (i < *count && !vp_str_eq(list[i].name, name))
		i++;
	if (i == POLICIES_MOST)
		i--; /* the last takes all others */
	else if (i == *count)
		list[(*count)++] = (struct policy){ .name = name };
	list[i].bytes += bytes;
}

static uint64_t total_of(vp_str json)
{
	struct vp_member node;
	uint64_t bytes, sum = 0;
	for (size_t at = 0; json.n && vp_json_each(json, &at, &node);)
		if (vp_json_num(node.value, &bytes))
			sum += bytes;
	return sum;
}

static int add_region(struct vp_build *build, const struct vp_region *region,
                      struct vp_nodes *nodes, struct policy *policies, size_t *count)
{
	struct vp_member member;
	vp_str numa = { NULL, 0 }, policy = { NULL, 0 };
	for (size_t at = 0; vp_region_extra(region->extra, &at, &member);) {
		if (vp_str_is(member.key, "numa") && member.json == VP_OBJECT)
			numa = member.value;
		else if (vp_str_is(member.key, "policy") && member.json == VP_STRING &&
		         member.value.n > 2)
			policy = (vp_str){ member.value.p + 1, member.value.n - 2 };
	}
	if (policy.n)
		add_policy(policies, count, policy, total_of(numa));
	return vp_nodes_add(nodes, build->pool, numa);
}

void vp_nodes_note(struct vp_build *build, const struct vp_space *space)
{
	struct vp_pool *pool = build->pool;
	struct vp_nodes nodes = { 0 };
	struct policy policies[POLICIES_MOST];
	size_t count = 0;
	const char *text = "", *by = "";
	for (size_t i = 0; space && i < space->count; i++) {
		const struct vp_region *region = &space->live[i]->region;
		if (region->extra.n &&
		    vp_filter_region(&build->model->filter, region, region->kind) &&
		    add_region(build, region, &nodes, policies, &count))
			return;
	}
	for (size_t i = 0; i < nodes.count; i++)
		text = vp_pool_print(pool, "%s%s%s on node %llu", text, *text ? ", " : "",
		                     vp_size_words(pool, (double)nodes.list[i].bytes),
		                     (unsigned long long)nodes.list[i].id);
	for (size_t i = 0; i < count; i++)
		by = vp_pool_print(pool, "%s%s%s %s", by, *by ? ", " : "",
		                   vp_words(pool, policies[i].name),
		                   vp_size_words(pool, (double)policies[i].bytes));
	if (nodes.count)
		vp_build_note(build, "NUMA: %s%s%s", text, *by ? "; by policy: " : "", by);
}
