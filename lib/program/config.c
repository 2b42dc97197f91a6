/* The YAML file: sections of options with their positions. The only file that knows yaml.h.
 *
 *   vm-sample:
 *     intervall: 50ms
 *   -> x.yaml:2:3: vm-sample has no option "intervall"; did you mean "interval"?
 *
 * Format: YAML 1.1 as libyaml reads it. Only nodes that are asked for are visited: deep nesting and
 * aliases within aliases cost nothing.
 */
#include "program/config.h"
#include "base/error.h"
#include "base/nearest.h"
#include "program/load.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum {
	KEYS_MAX = 1024, /* of one mapping: each is compared with all others */
	DEPTH_MAX = 32,  /* libyaml's time grows with its square */
};

struct vp_config {
	char *path, *text;
	size_t n;
	yaml_document_t document;
	bool loaded;
};

/* ---- reading ---- */

static int read_all(struct vp_config *config)
{
	FILE *file = fopen(config->path, "rb");
	if (!file)
		return vp_fail_errno("%s", config->path);
	config->text = malloc(VP_CONFIG_MAX + 1);
	config->n = config->text ? fread(config->text, 1, VP_CONFIG_MAX + 1, file) : 0;
	int result = 0;
	if (!config->text)
		result = vp_no_memory();
	else if (ferror(file))
		result = vp_fail_errno("%s", config->path);
	else if (config->n > VP_CONFIG_MAX)
		result = vp_fail("%s: more than %u KiB", config->path, VP_CONFIG_MAX >> 10);
	fclose(file);
	return result;
}

/* Makes the mark of a reader error, which has a byte offset only. */
static yaml_mark_t mark_of_offset(const struct vp_config *config, size_t offset)
{
	yaml_mark_t mark = { 0, 0, 0 };
	for (size_t i = 0; i < offset && i < config->n; i++) {
		mark.column++;
		if (config->text[i] == '\n') {
			mark.line++;
			mark.column = 0;
		}
	}
	return mark;
}

static int syntax_error(const struct vp_config *config, const yaml_parser_t *parser)
{
	const char *problem = parser->problem ? parser->problem : "out of memory";
	yaml_mark_t mark = parser->problem_mark;
	if (parser->error == YAML_READER_ERROR)
		mark = mark_of_offset(config, parser->problem_offset);
	return vp_fail("%s:%zu:%zu: %s%s%s", config->path, mark.line + 1, mark.column + 1, problem,
	               parser->context ? ", " : "", parser->context ? parser->context : "");
}

static int position(const struct vp_config *config, const yaml_node_t *node, const char *text)
{
	return vp_fail("%s:%zu:%zu: %s", config->path, node->start_mark.line + 1,
	               node->start_mark.column + 1, text);
}

static int only_document(struct vp_config *config, yaml_parser_t *parser)
{
	yaml_document_t next;
	if (!yaml_parser_load(parser, &next))
		return syntax_error(config, parser);
	yaml_node_t *root = yaml_document_get_root_node(&next);
	int result = root ? position(config, root, "a second document") : 0;
	yaml_document_delete(&next);
	return result;
}

static int begin(struct vp_config *config, yaml_parser_t *parser)
{
	if (!yaml_parser_initialize(parser))
		return vp_no_memory();
	yaml_parser_set_input_string(parser, (const unsigned char *)config->text, config->n);
	return 0;
}

static int nesting(yaml_event_type_t type)
{
	if (type == YAML_MAPPING_START_EVENT || type == YAML_SEQUENCE_START_EVENT)
		return 1;
	return type == YAML_MAPPING_END_EVENT || type == YAML_SEQUENCE_END_EVENT ? -1 : 0;
}

/* Refuses deep nesting in a first pass. Syntax errors are left to the second. */
static int check_depth(struct vp_config *config)
{
	yaml_parser_t parser;
	yaml_event_t event;
	int depth = 0, result = 0;
	if (begin(config, &parser))
		return -1;
	for (bool more = true; more && !result && yaml_parser_parse(&parser, &event);
	     yaml_event_delete(&event)) {
		more = event.type != YAML_STREAM_END_EVENT;
		if ((depth += nesting(event.type)) > DEPTH_MAX)
			result = vp_fail("%s:%zu:%zu: nested too deep", config->path,
			                 event.start_mark.line + 1, event.start_mark.column + 1);
	}
	yaml_parser_delete(&parser);
	return result;
}

static int parse(struct vp_config *config)
{
	yaml_parser_t parser;
	if (check_depth(config) || begin(config, &parser))
		return -1;
	int result = 0;
	if (!yaml_parser_load(&parser, &config->document))
		result = syntax_error(config, &parser);
	else
		config->loaded = true;
	if (!result && yaml_document_get_root_node(&config->document))
		result = only_document(config, &parser);
	yaml_parser_delete(&parser);
	return result;
}

/* ---- nodes ---- */

static yaml_node_t *node_at(struct vp_config *config, int index)
{
	return yaml_document_get_node(&config->document, index);
}

static bool is_scalar(const yaml_node_t *node)
{
	return node->type == YAML_SCALAR_NODE;
}

/* The text of a scalar. */
static const char *text_of(const yaml_node_t *node)
{
	return (const char *)node->data.scalar.value;
}

/* True for `key:` without a value, or with null. */
static bool is_empty(const yaml_node_t *node)
{
	if (!is_scalar(node) || node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return false;
	return !*text_of(node) || !strcmp(text_of(node), "~") || !strcmp(text_of(node), "null");
}

static int check_scalar(struct vp_config *config, const yaml_node_t *node, const char *what)
{
	char text[160];
	snprintf(text, sizeof text, "%.100s must be one plain value", what);
	if (!is_scalar(node))
		return position(config, node, text);
	if (strlen(text_of(node)) != node->data.scalar.length)
		return position(config, node, "a NUL in a value");
	return 0;
}

static size_t pair_count(const yaml_node_t *mapping)
{
	return (size_t)(mapping->data.mapping.pairs.top - mapping->data.mapping.pairs.start);
}

static int duplicate(struct vp_config *config, const yaml_node_t *mapping,
                     const yaml_node_pair_t *pair)
{
	const yaml_node_t *key = node_at(config, pair->key);
	for (const yaml_node_pair_t *p = mapping->data.mapping.pairs.start; p < pair; p++) {
		const yaml_node_t *other = node_at(config, p->key);
		if (strcmp(text_of(other), text_of(key)))
			continue;
		char text[160];
		snprintf(text, sizeof text, "\"%.80s\" is given twice, first in line %zu",
		         text_of(key), other->start_mark.line + 1);
		return position(config, key, text);
	}
	return 0;
}

static int check_mapping(struct vp_config *config, const yaml_node_t *node, const char *what)
{
	char text[160];
	snprintf(text, sizeof text, "%.100s must be a mapping (key: value)", what);
	if (node->type != YAML_MAPPING_NODE)
		return position(config, node, text);
	if (pair_count(node) > KEYS_MAX)
		return position(config, node, "too many keys");
	for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++)
		if (check_scalar(config, node_at(config, pair->key), "a key") ||
		    duplicate(config, node, pair))
			return -1;
	return 0;
}

/* Finds the value of a key in a checked mapping. NULL: absent. */
static yaml_node_t *member(struct vp_config *config, const yaml_node_t *mapping, const char *key)
{
	for (const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
	     pair < mapping->data.mapping.pairs.top; pair++)
		if (!strcmp(text_of(node_at(config, pair->key)), key))
			return node_at(config, pair->value);
	return NULL;
}

static yaml_node_t *root_of(struct vp_config *config)
{
	return yaml_document_get_root_node(&config->document);
}

struct vp_config *vp_config_read(const char *path)
{
	struct vp_config *config = calloc(1, sizeof *config);
	if (!config || !(config->path = strdup(path))) {
		vp_no_memory();
		free(config);
		return NULL;
	}
	if (read_all(config) || parse(config) ||
	    (root_of(config) && !is_empty(root_of(config)) &&
	     check_mapping(config, root_of(config), "the file"))) {
		vp_config_free(config);
		return NULL;
	}
	return config;
}

void vp_config_free(struct vp_config *config)
{
	if (!config)
		return;
	if (config->loaded)
		yaml_document_delete(&config->document);
	free(config->text);
	free(config->path);
	free(config);
}

/* ---- sections ---- */

/* Finds and checks a section: 1; 0: there is none; -1 (vp_error). */
static int section(struct vp_config *config, const yaml_node_t *from, const char *name,
                   yaml_node_t **found)
{
	yaml_node_t *node = from && !is_empty(from) ? member(config, from, name) : NULL;
	if (!node || is_empty(node))
		return 0;
	*found = node;
	return check_mapping(config, node, name) ? -1 : 1;
}

static int set(struct vp_config *config, struct vp_options *options, const char *key,
               const yaml_node_t *value, enum vp_layer layer)
{
	if (check_scalar(config, value, key))
		return -1;
	if (is_empty(value))
		return position(config, value, "no value");
	if (vp_options_set(options, key, text_of(value), layer))
		return position(config, value, vp_error());
	return 0;
}

static int set_list(struct vp_config *config, struct vp_options *options,
                    const struct vp_option *row, const yaml_node_t *list, enum vp_layer layer)
{
	if (row->type != VP_OPT_LIST)
		return position(config, list, "a list; expected one value");
	for (const yaml_node_item_t *item = list->data.sequence.items.start;
	     item < list->data.sequence.items.top; item++)
		if (set(config, options, row->name, node_at(config, *item), layer))
			return -1;
	return 0;
}

struct words {
	const char *list[256];
	size_t count;
};

static void add_word(struct words *words, const char *word)
{
	if (words->count < sizeof words->list / sizeof words->list[0])
		words->list[words->count++] = word;
}

static void add_names(struct words *words, const struct vp_options *options)
{
	for (const struct vp_option *row = options ? options->rows : NULL; row && row->name; row++)
		add_word(words, row->name);
}

/* Refuses a key, and names the nearest option or plugin of the section. */
static int unknown_key(struct vp_config *config, const struct vp_config_into *into,
                       const yaml_node_t *key)
{
	struct words words = { .count = 0 };
	char text[400];
	const char *owner = into->options->owner,
	           *kind = strstr(owner, "render") ? "render" : "source";
	add_names(&words, into->options);
	add_names(&words, into->shared);
	for (const char *const *own = into->own; own && *own; own++)
		add_word(&words, *own);
	if (into->plugins)
		for (const char *const *name = vp_plugin_names(kind); *name; name++)
			add_word(&words, *name);
	snprintf(text, sizeof text, "%.80s has no option%s \"%.80s\"%s", owner,
	         into->plugins ? " and no plugin" : "", text_of(key),
	         vp_did_you_mean(text_of(key), words.list, words.count));
	return position(config, key, text);
}

static bool is_plugin(const char *kind, const char *word)
{
	for (const char *const *name = vp_plugin_names(kind); *name; name++)
		if (!strcmp(*name, word))
			return true;
	return false;
}

static bool is_own(const struct vp_config_into *into, const char *word)
{
	for (const char *const *own = into->own; own && *own; own++)
		if (!strcmp(*own, word))
			return true;
	return false;
}

static int apply_pair(struct vp_config *config, const struct vp_config_into *into,
                      const yaml_node_pair_t *pair)
{
	const yaml_node_t *key = node_at(config, pair->key), *value = node_at(config, pair->value);
	struct vp_options *options = into->options;
	const struct vp_option *row = vp_options_find(options->rows, text_of(key));
	if (is_own(into, text_of(key)))
		return 0;
	if (!row && into->shared) {
		options = into->shared;
		row = vp_options_find(options->rows, text_of(key));
	}
	if (row && value->type == YAML_SEQUENCE_NODE)
		return set_list(config, options, row, value, into->layer);
	if (row)
		return set(config, options, row->name, value, into->layer);
	if (!into->plugins ||
	    (!is_plugin("source", text_of(key)) && !is_plugin("render", text_of(key))))
		return unknown_key(config, into, key);
	return is_empty(value) ? 0 : check_mapping(config, value, text_of(key));
}

static int apply_mapping(struct vp_config *config, const yaml_node_t *node,
                         const struct vp_config_into *into)
{
	for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++)
		if (apply_pair(config, into, pair))
			return -1;
	return 0;
}

int vp_config_apply(struct vp_config *config, const char *within, const char *name,
                    const struct vp_config_into *into)
{
	yaml_node_t *from = root_of(config), *node;
	int found = within ? section(config, from, within, &from) : 1;
	if (found == 1)
		found = section(config, from, name, &node);
	return found == 1 ? apply_mapping(config, node, into) : found;
}

/* ---- nodes for callers ---- */

/* Follows one part of a path. Returns the node, 0: there is none. */
static int step(struct vp_config *config, const yaml_node_t *node, const char *part, size_t n)
{
	if (node->type == YAML_SEQUENCE_NODE) {
		size_t place = strtoul(part, NULL, 10),
		       count = (size_t)(node->data.sequence.items.top -
		                        node->data.sequence.items.start);
		return place >= 1 && place <= count ? node->data.sequence.items.start[place - 1]
		                                    : 0;
	}
	if (node->type != YAML_MAPPING_NODE)
		return 0;
	for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++) {
		const yaml_node_t *key = node_at(config, pair->key);
		if (is_scalar(key) && key->data.scalar.length == n &&
		    !memcmp(text_of(key), part, n))
			return pair->value;
	}
	return 0;
}

int vp_config_find(struct vp_config *config, const char *path)
{
	int node = root_of(config) ? 1 : 0; /* the root is the first */
	while (node && *path) {
		size_t n = strcspn(path, "/");
		node = step(config, node_at(config, node), path, n);
		path += n + (path[n] == '/');
	}
	return node;
}

enum vp_node vp_config_node(struct vp_config *config, int node)
{
	const yaml_node_t *at = node ? node_at(config, node) : NULL;
	if (!at)
		return VP_NODE_NONE;
	if (at->type == YAML_SEQUENCE_NODE)
		return VP_NODE_LIST;
	if (at->type == YAML_MAPPING_NODE)
		return VP_NODE_MAP;
	return is_empty(at) ? VP_NODE_EMPTY : VP_NODE_TEXT;
}

size_t vp_config_count(struct vp_config *config, int node)
{
	const yaml_node_t *at = node ? node_at(config, node) : NULL;
	if (at && at->type == YAML_SEQUENCE_NODE)
		return (size_t)(at->data.sequence.items.top - at->data.sequence.items.start);
	return at && at->type == YAML_MAPPING_NODE ? pair_count(at) : 0;
}

int vp_config_item(struct vp_config *config, int node, size_t i)
{
	const yaml_node_t *at = node_at(config, node);
	return at->type == YAML_MAPPING_NODE ? at->data.mapping.pairs.start[i].value
	                                     : at->data.sequence.items.start[i];
}

const char *vp_config_key(struct vp_config *config, int node, size_t i)
{
	const yaml_node_t *key =
	        node_at(config, node_at(config, node)->data.mapping.pairs.start[i].key);
	return is_scalar(key) ? text_of(key) : NULL;
}

const char *vp_config_text(struct vp_config *config, int node)
{
	const yaml_node_t *at = node ? node_at(config, node) : NULL;
	return at && is_scalar(at) && strlen(text_of(at)) == at->data.scalar.length ? text_of(at)
	                                                                            : NULL;
}

bool vp_config_plain(struct vp_config *config, int node)
{
	return node_at(config, node)->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

char *vp_config_place(struct vp_config *config, int node)
{
	char text[64];
	yaml_mark_t mark = node_at(config, node)->start_mark;
	int n = snprintf(text, sizeof text, ":%zu:%zu", mark.line + 1, mark.column + 1);
	char *place = malloc(strlen(config->path) + (size_t)n + 1);
	if (place)
		strcpy(stpcpy(place, config->path), text);
	return place;
}

int vp_config_wrong(struct vp_config *config, int node, const char *text)
{
	return position(config, node_at(config, node), text);
}

int vp_config_apply_node(struct vp_config *config, int node, const struct vp_config_into *into)
{
	const yaml_node_t *at = node_at(config, node);
	if (is_empty(at))
		return 0;
	return check_mapping(config, at, into->options->owner) ? -1
	                                                       : apply_mapping(config, at, into);
}

/* ---- the top level ---- */

int vp_config_check(struct vp_config *config, const char *const *sections)
{
	enum { LIMIT = 64 };
	const char *words[LIMIT + 1] = { "kinds" };
	size_t count = 1;
	yaml_node_t *root = root_of(config);
	if (!root || is_empty(root))
		return 0;
	for (; *sections && count < LIMIT; sections++)
		words[count++] = *sections;
	for (const yaml_node_pair_t *pair = root->data.mapping.pairs.start;
	     pair < root->data.mapping.pairs.top; pair++) {
		const yaml_node_t *key = node_at(config, pair->key);
		size_t i = 0;
		while (i < count && strcmp(words[i], text_of(key)))
			i++;
		if (i < count)
			continue;
		char text[300];
		snprintf(text, sizeof text, "no section \"%.80s\"%s", text_of(key),
		         vp_did_you_mean(text_of(key), words, count));
		return position(config, key, text);
	}
	return 0;
}
