/* The rules under `kinds`, by an option table like any other.
 *
 *   kinds:
 *     - { kind: model, name: "*.gguf", file: true }
 */
#include "program/config_kinds.h"

#include <string.h>

#include "base/error.h"
#include "space/kinds.h"

/* The fields of struct vp_kind_rule as YAML has them. */
struct rule {
	const char *kind, *name, *label, *perms, *flags, *after, *program;
	bool file, object;
	uint64_t least, most;
};

static const struct vp_option rows[] = {
	{
	        .name = "kind",
	        .type = VP_OPT_STRING,
	        .offset = offsetof(struct rule, kind),
	        .arg = "KIND",
	        .help = "the kind of a region that the rule fits",
	},
	{
	        .name = "name",
	        .type = VP_OPT_STRING,
	        .offset = offsetof(struct rule, name),
	        .arg = "GLOB",
	        .help = "the region's name; alternatives by |",
	},
	{
	        .name = "label",
	        .type = VP_OPT_STRING,
	        .offset = offsetof(struct rule, label),
	        .arg = "GLOB",
	        .help = "the source's own word for the region",
	},
	{
	        .name = "perms",
	        .type = VP_OPT_STRING,
	        .offset = offsetof(struct rule, perms),
	        .arg = "RWXP",
	        .help = "its permissions; ? stands for any",
	},
	{
	        .name = "flags",
	        .type = VP_OPT_STRING,
	        .offset = offsetof(struct rule, flags),
	        .arg = "WORD",
	        .help = "a word among its VmFlags",
	},
	{
	        .name = "file",
	        .type = VP_OPT_FLAG,
	        .offset = offsetof(struct rule, file),
	        .help = "whether it has an inode",
	},
	{
	        .name = "object",
	        .type = VP_OPT_FLAG,
	        .offset = offsetof(struct rule, object),
	        .help = "whether code of the same file is mapped beside it",
	},
	{
	        .name = "after",
	        .type = VP_OPT_STRING,
	        .offset = offsetof(struct rule, after),
	        .arg = "KIND",
	        .help = "the kind of the region that ends where it starts",
	},
	{
	        .name = "program",
	        .type = VP_OPT_STRING,
	        .offset = offsetof(struct rule, program),
	        .arg = "GLOB",
	        .help = "the file name of some code of the process",
	},
	{
	        .name = "least",
	        .type = VP_OPT_SIZE,
	        .offset = offsetof(struct rule, least),
	        .arg = "SIZE",
	        .help = "its least size",
	},
	{
	        .name = "most",
	        .type = VP_OPT_SIZE,
	        .offset = offsetof(struct rule, most),
	        .arg = "SIZE",
	        .help = "its greatest size",
	},
	{ 0 },
};

static int check(struct vp_config *config, int node, const struct rule *rule)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
	static const char perms[] = "rwxsp-?";
	if (!rule->kind)
		return vp_config_wrong(config, node, "a rule without kind");
	if (!*rule->kind || strlen(rule->kind) > 32 || rule->kind[strspn(rule->kind, letters)])
		return vp_config_wrong(config, node,
		                       "a kind is a word of at most 32 of a-z, 0-9, - and _");
	if (rule->perms && (strlen(rule->perms) != 4 || rule->perms[strspn(rule->perms, perms)]))
		return vp_config_wrong(config, node,
		                       "perms are four characters of r w x s p - and ?");
	if (rule->most && rule->most < rule->least)
		return vp_config_wrong(config, node, "most is less than least");
	return 0;
}

/* +1 true, -1 false, 0 not given. */
static int either(const struct vp_options *options, const char *name, bool value)
{
	if (!vp_options_given(options, name))
		return 0;
	return value ? +1 : -1;
}

static int add(struct vp_config *config, int node)
{
	struct rule rule = { .kind = NULL };
	struct vp_options options;
	struct vp_config_into into = { .options = &options, .layer = VP_LAYER_YAML };
	if (vp_options_init(&options, rows, &rule, "a rule of kinds") ||
	    vp_config_apply_node(config, node, &into) || check(config, node, &rule)) {
		vp_options_free(&options);
		return -1;
	}
	struct vp_kind_rule made = {
		.kind = rule.kind,
		.name = rule.name,
		.label = rule.label,
		.perms = rule.perms,
		.flags = rule.flags,
		.after = rule.after,
		.program = rule.program,
		.file = either(&options, "file", rule.file),
		.object = either(&options, "object", rule.object),
		.least = rule.least,
		.most = rule.most,
	};
	int failed = vp_kinds_add(&made);
	if (failed)
		vp_config_wrong(config, node, vp_error());
	vp_options_free(&options);
	return failed;
}

int vp_config_kinds(struct vp_config *config)
{
	int list = vp_config_find(config, "kinds");
	enum vp_node is = vp_config_node(config, list);
	if (is == VP_NODE_NONE || is == VP_NODE_EMPTY)
		return 0;
	if (is != VP_NODE_LIST)
		return vp_config_wrong(config, list, "kinds must be a list of rules");
	for (size_t i = 0; i < vp_config_count(config, list); i++)
		if (add(config, vp_config_item(config, list, i)))
			return -1;
	return 0;
}
