/* Completion scripts for bash, zsh and fish from the option tables of a program.
 *
 *   { .name = "view", .letter = 'w', .help = "the view" }, and about->values gives "map", "area"
 *   -> fish: complete -c vm-render -s w -l view -x -a 'map area' -d 'the view'
 *
 * Words from outside (names of processes) are compared and quoted, never evaluated.
 */
#include "program/complete.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "program/load.h"

enum want { NONE, ANYTHING, WORDS, FILES, PROCESSES, PLUGINS, OPTIONS };

struct offer {
	enum want want;
	bool list;        /* several, with commas between */
	char words[2048]; /* with blanks between */
};

struct script {
	const struct vp_about *about;
	const struct vp_option *tables[3]; /* NULL-ended */
	char function[64];                 /* "_vm_render" */
	FILE *to;
};

/* ---- what may follow an option ---- */

/* "maps|smaps" as "maps smaps"; false if it is no list of words. */
static bool alternatives(const char *text, char *words, size_t size)
{
	if (!text || !strchr(text, '|') || strlen(text) >= size)
		return false;
	for (const char *c = text; *c; c++)
		if (!islower((unsigned char)*c) && !isdigit((unsigned char)*c) &&
		    !strchr("|-_", *c))
			return false;
	snprintf(words, size, "%s", text);
	for (char *c = words; *c; c++)
		if (*c == '|')
			*c = ' ';
	return true;
}

static bool told(const struct vp_about *about, const char *option, char *words, size_t size)
{
	FILE *to = about->values ? fmemopen(words, size, "w") : NULL;
	if (!to)
		return false;
	bool known = about->values(option, to);
	if (fclose(to) != 0)
		return false;
	for (char *c = words; known && *c; c++)
		if (*c == '\n')
			*c = c[1] ? ' ' : 0;
	return known;
}

/* An option that names a plugin is called after the kind of plugin. */
static bool names_plugin(const struct vp_option *row)
{
	return !strcmp(row->name, "source") || !strcmp(row->name, "renderer");
}

static struct offer offer_of(const struct vp_about *about, const struct vp_option *row)
{
	struct offer offer = { .want = ANYTHING, .list = row->type == VP_OPT_LIST };
	const char *arg = row->arg ? row->arg : "";
	if (row->type == VP_OPT_FLAG)
		offer.want = NONE;
	else if (told(about, row->name, offer.words, sizeof offer.words))
		offer.want = WORDS;
	else if (row->type == VP_OPT_ENUM &&
	         alternatives(row->limits, offer.words, sizeof offer.words))
		offer.want = WORDS;
	else if (alternatives(arg, offer.words, sizeof offer.words))
		offer.want = WORDS;
	else if (names_plugin(row))
		offer.want = PLUGINS;
	else if (strstr(arg, "PID"))
		offer.want = PROCESSES;
	else if (strstr(arg, "FILE") || strstr(arg, "FIFO") || strstr(arg, "PATH"))
		offer.want = FILES;
	else if (!strcmp(arg, "KEY=VALUE"))
		offer.want = OPTIONS;
	if (offer.want == OPTIONS)
		offer.list = false;
	return offer;
}

static bool takes(const struct script *s, const char *word)
{
	return strstr(s->about->usage, word) != NULL;
}

/* ---- texts within quotes ---- */

/* Writes `before` before each byte of `special`, and `quote` for a single quote: the text is within
 * single quotes. */
static void put_quoted(FILE *to, const char *text, const char *special, const char *before,
                       const char *quote)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs(quote, to);
		else if (strchr(special, *text))
			fprintf(to, "%s%c", before, *text);
		else
			fputc(*text, to);
	}
}

/* ---- bash ---- */

/* %1$s: the name of the completion function, and the prefix of those that it calls. */
static const char bash_begin[] = "%1$s_offer()\n{\n"
                                 "	local each\n"
                                 "	while IFS= read -r each; do [[ -n $each && $each == "
                                 "\"$cur\"* ]] && COMPREPLY+=(\"$ahead$each\"); done\n"
                                 "}\n"
                                 "%1$s_files()\n{\n"
                                 "	compopt -o filenames 2>/dev/null\n"
                                 "	mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
                                 "}\n"
                                 "%1$s()\n{\n"
                                 "	local cur=${COMP_WORDS[COMP_CWORD]} "
                                 "prev=${COMP_WORDS[COMP_CWORD-1]} self=${COMP_WORDS[0]} ahead= i\n"
                                 "	COMPREPLY=()\n";

static const char bash_command[] =
        "	for ((i = 1; i < COMP_CWORD; i++)); do\n"
        "		[[ ${COMP_WORDS[i]} == -- ]] || continue\n"
        "		if declare -F _command_offset >/dev/null; then _command_offset $((i + 1))\n"
        "		elif ((i + 1 == COMP_CWORD)); then mapfile -t COMPREPLY < <(compgen -c -- "
        "\"$cur\")\n"
        "		else %1$s_files\n"
        "		fi\n"
        "		return\n"
        "	done\n";

static const char bash_words[] =
        "	# readline takes the = of --name=value for a word of its own\n"
        "	if [[ $cur == = ]]; then cur=\n"
        "	elif [[ $prev == = && $COMP_CWORD -gt 2 ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}\n"
        "	fi\n";

/* The command that prints the words. NULL: there is none. Only plain names of processes are
 * offered: Tab must not write a command line. */
static const char *bash_source(const struct vp_option *row, const struct offer *offer)
{
	switch (offer->want) {
	case PLUGINS:
		return row->name[0] == 's' ? "\"$self\" --complete source 2>/dev/null"
		                           : "\"$self\" --complete renderer 2>/dev/null";
	case OPTIONS: return "\"$self\" --complete options 2>/dev/null";
	case PROCESSES:
		return strstr(row->arg, "NAME") ? "ps -e -o pid= -o comm= | tr -s ' ' '\\n' | grep "
		                                  "-x '[A-Za-z0-9._-]*' | sort -u"
		                                : "ps -e -o pid= | tr -d ' '";
	default: return NULL;
	}
}

static void bash_offer(const struct script *s, const struct vp_option *row)
{
	struct offer offer = offer_of(s->about, row);
	const char *source = bash_source(row, &offer);
	if (offer.want == NONE)
		return;
	fputs("	", s->to);
	if (row->letter)
		fprintf(s->to, "-%c | ", row->letter);
	fprintf(s->to, "--%s) ", row->name);
	if (offer.list && (source || offer.want == WORDS))
		fputs("[[ $cur == *,* ]] && ahead=${cur%,*}, cur=${cur##*,}; ", s->to);
	if (offer.want == OPTIONS)
		fputs("compopt -o nospace 2>/dev/null; ", s->to);
	if (offer.want == WORDS)
		fprintf(s->to, "%s_offer < <(printf '%%s\\n' %s); ", s->function, offer.words);
	else if (offer.want == FILES)
		fprintf(s->to, "%s_files; ", s->function);
	else if (source)
		fprintf(s->to, "%s_offer < <(%s); ", s->function, source);
	fputs("return ;;\n", s->to);
}

static void bash(const struct script *s)
{
	FILE *to = s->to;
	fprintf(to, "# Completion of %s for bash, made by `%s --complete bash`.\n", s->about->name,
	        s->about->name);
	fprintf(to, bash_begin, s->function);
	if (takes(s, "COMMAND"))
		fprintf(to, bash_command, s->function);
	fputs(bash_words, to);
	fputs("	case $prev in\n", to);
	for (size_t t = 0; s->tables[t]; t++)
		for (const struct vp_option *row = s->tables[t]; row->name; row++)
			bash_offer(s, row);
	fprintf(to,
	        "	esac\n	if [[ $cur == -* ]]; then\n		%s_offer < <(printf "
	        "'%%s\\n'",
	        s->function);
	for (size_t t = 0; s->tables[t]; t++)
		for (const struct vp_option *row = s->tables[t]; row->name; row++)
			fprintf(to, " --%s", row->name);
	fputs(")\n", to);
	if (s->about->shorthand)
		fprintf(to,
		        "		%s_offer < <(\"$self\" --complete plugins 2>/dev/null | "
		        "sed s/^/--/)\n",
		        s->function);
	if (takes(s, "FILE"))
		fprintf(to, "	else\n		%s_files\n", s->function);
	fprintf(to, "	fi\n}\ncomplete -F %s %s\n", s->function, s->about->name);
}

/* ---- zsh ---- */

static const char zsh_command[] =
        "	local dashes=${words[(i)--]}\n"
        "	if (( dashes < CURRENT )); then\n"
        "		shift dashes words; (( CURRENT -= dashes )); _normal; return\n"
        "	fi\n";

static void zsh_action(const struct script *s, const struct vp_option *row,
                       const struct offer *offer)
{
	const char *asked = offer->want == PLUGINS   ? row->name
	                    : offer->want == OPTIONS ? "options"
	                    : strstr(row->arg ? row->arg : "", "NAME") ? "names"
	                                                               : "pids";
	const char *several = offer->list ? "_sequence " : "";
	if (offer->want == WORDS && offer->list)
		fprintf(s->to, "{_sequence compadd - %s}", offer->words);
	else if (offer->want == WORDS)
		fprintf(s->to, "(%s)", offer->words);
	else if (offer->want == FILES)
		fputs("_files", s->to);
	else if (offer->want == ANYTHING)
		fputc(' ', s->to);
	else
		fprintf(s->to, "%s%s_%s", several, s->function, asked);
}

/* Writes an option as _arguments expects it: '(-w --view)'{-w+,--view=}'[the view]:VIEW:(map area)'
 */
static void zsh_option(const struct script *s, const struct vp_option *row)
{
	FILE *to = s->to;
	struct offer offer = offer_of(s->about, row);
	bool value = offer.want != NONE, again = row->type == VP_OPT_LIST;
	fputs("		", to);
	if (again)
		fputs("'*'", to);
	else if (row->letter)
		fprintf(to, "'(-%c --%s)'", row->letter, row->name);
	if (row->letter)
		fprintf(to, "{-%c%s,--%s%s}", row->letter, value ? "+" : "", row->name,
		        value ? "=" : "");
	else
		fprintf(to, "--%s%s", row->name, value ? "=" : "");
	fputs("'[", to);
	put_quoted(to, row->help ? row->help : "", "[]\\:", "\\", "'\\''");
	fputc(']', to);
	if (value) {
		fputc(':', to);
		put_quoted(to, row->arg ? row->arg : "VALUE", ":\\[]", "\\", "'\\''");
		fputc(':', to);
		zsh_action(s, row, &offer);
	}
	fputs("'\n", to);
}

/* Writes a function that _arguments and _sequence call with arguments for compadd. */
static void zsh_helper(const struct script *s, const char *name, const char *command,
                       const char *more)
{
	fprintf(s->to,
	        "%s_%s()\n{\n	local -a found\n	found=(${(f)\"$(%s)\"})\n	compadd "
	        "\"$@\"%s -a found\n}\n",
	        s->function, name, command, more);
}

static void zsh(const struct script *s)
{
	FILE *to = s->to;
	const char *f = s->function;
	fprintf(to, "#compdef %s\n# Completion of %s for zsh, made by `%s --complete zsh`.\n",
	        s->about->name, s->about->name, s->about->name);
	zsh_helper(s, "source", "$self --complete source 2>/dev/null", "");
	zsh_helper(s, "renderer", "$self --complete renderer 2>/dev/null", "");
	zsh_helper(s, "options", "$self --complete options 2>/dev/null", " -S ''");
	zsh_helper(s, "pids", "ps -e -o pid= | tr -d ' '", "");
	zsh_helper(s, "names", "ps -e -o pid= -o comm= | tr -s ' ' '\\n' | sort -u", "");
	fprintf(to, "%s()\n{\n	local self=$words[1]\n	local -a options\n", f);
	if (takes(s, "COMMAND"))
		fputs(zsh_command, to);
	fputs("	options=(\n", to);
	for (size_t t = 0; s->tables[t]; t++)
		for (const struct vp_option *row = s->tables[t]; row->name; row++)
			zsh_option(s, row);
	fputs("	)\n", to);
	if (s->about->shorthand)
		fputs("	local each\n	for each in ${(f)\"$($self --complete plugins "
		      "2>/dev/null)\"}; do\n"
		      "		options+=(\"--${each}[the plugin $each]\")\n	done\n",
		      to);
	fprintf(to, "	_arguments -s -S $options%s\n}\n%s \"$@\"\n",
	        takes(s, "FILE") ? " '*:FILE:_files'" : "", f);
}

/* ---- fish ---- */

static void fish_offer(const struct script *s, const struct vp_option *row)
{
	FILE *to = s->to;
	struct offer offer = offer_of(s->about, row);
	static const char several[] = "__fish_complete_list , ";
	if (offer.want == NONE)
		return;
	if (offer.want == FILES)
		fputs(" -rF", to);
	else
		fputs(" -x", to);
	if (offer.want == WORDS && offer.list)
		fprintf(to, " -a \"(%s'string split \\\" \\\" \\\"%s\\\"')\"", several,
		        offer.words);
	else if (offer.want == WORDS)
		fprintf(to, " -a '%s'", offer.words);
	else if (offer.want == PLUGINS && offer.list)
		fprintf(to, " -a \"(%s'%s --complete %s')\"", several, s->about->name, row->name);
	else if (offer.want == PLUGINS)
		fprintf(to, " -a '(%s --complete %s)'", s->about->name, row->name);
	else if (offer.want == OPTIONS)
		fprintf(to, " -a '(%s --complete options)'", s->about->name);
	else if (offer.want == PROCESSES && offer.list)
		fprintf(to,
		        " -a \"(%s'ps -e -o pid= -o comm= | string trim | string split -n \\\" "
		        "\\\"')\"",
		        several);
	else if (offer.want == PROCESSES)
		fputs(" -a '(ps -e -o pid= | string trim)'", to);
}

static void fish_option(const struct script *s, const struct vp_option *row)
{
	FILE *to = s->to;
	fprintf(to, "complete -c %s", s->about->name);
	if (row->letter)
		fprintf(to, " -s %c", row->letter);
	fprintf(to, " -l %s", row->name);
	fish_offer(s, row);
	fputs(" -d '", to);
	put_quoted(to, row->help ? row->help : "", "\\", "\\", "\\'");
	fputs("'\n", to);
}

static void fish(const struct script *s)
{
	FILE *to = s->to;
	const char *name = s->about->name;
	fprintf(to, "# Completion of %s for fish, made by `%s --complete fish`.\n", name, name);
	if (!takes(s, "FILE"))
		fprintf(to, "complete -c %s -f\n", name);
	if (takes(s, "COMMAND"))
		fprintf(to,
		        "complete -c %s -n 'contains -- -- (commandline -opc)' -F -a "
		        "'(__fish_complete_command)'\n",
		        name);
	for (size_t t = 0; s->tables[t]; t++)
		for (const struct vp_option *row = s->tables[t]; row->name; row++)
			fish_option(s, row);
	if (s->about->shorthand)
		fprintf(to,
		        "for each in (%s --complete plugins 2>/dev/null)\n	complete -c %s -l "
		        "$each -d \"the plugin $each\"\nend\n",
		        name, name);
}

/* ---- words at the time of Tab ---- */

static void put_names(const char *kind, FILE *to)
{
	for (const char *const *name = vp_plugin_names(kind); *name; name++)
		fprintf(to, "%s\n", *name);
}

/* The names are copied first, as loading a plugin may ask for them again. A plugin that cannot be
 * loaded has no options. */
static void put_options(const char *kind, FILE *to)
{
	char names[4096] = "", *rest = names, *name;
	size_t used = 0;
	bool source = !strcmp(kind, "source");
	for (const char *const *each = vp_plugin_names(kind); *each && used + 66 < sizeof names;
	     each++)
		used += (size_t)snprintf(names + used, sizeof names - used, "%s ", *each);
	while ((name = strsep(&rest, " "))) {
		const struct vp_source *from = *name && source ? vp_load_source(name) : NULL;
		const struct vp_renderer *drawer = *name && !source ? vp_load_renderer(name) : NULL;
		const struct vp_option *row = from     ? from->options
		                              : drawer ? drawer->options
		                                       : NULL;
		for (; row && row->name; row++)
			fprintf(to, "%s=\n", row->name);
	}
}

/* A program without plugins of its own (vm-run) has options for plugins of both kinds. */
static void for_kinds(const struct vp_about *about, void (*put)(const char *kind, FILE *to),
                      FILE *to)
{
	bool both = !about->plugins;
	if (both || !strcmp(about->plugins, "source"))
		put("source", to);
	if (both || strcmp(about->plugins, "source"))
		put("renderer", to);
}

int vp_complete(const char *what, const struct vp_about *about, const struct vp_option *rows,
                FILE *to)
{
	struct script script = { .about = about, .tables = { vp_common_rows }, .to = to };
	if (rows && rows->name) {
		script.tables[0] = rows;
		script.tables[1] = vp_common_rows;
	}
	snprintf(script.function, sizeof script.function, "_%s", about->name);
	for (char *c = script.function; *c; c++)
		if (*c == '-')
			*c = '_';
	if (!strcmp(what, "bash"))
		bash(&script);
	else if (!strcmp(what, "zsh"))
		zsh(&script);
	else if (!strcmp(what, "fish"))
		fish(&script);
	else if (!strcmp(what, "source") || !strcmp(what, "renderer"))
		put_names(what, to);
	else if (!strcmp(what, "plugins"))
		for_kinds(about, put_names, to);
	else if (!strcmp(what, "options"))
		for_kinds(about, put_options, to);
	else if (!about->values || !about->values(what, to))
		return vp_fail("--complete %s: expected bash, zsh or fish", what);
	return 0;
}
