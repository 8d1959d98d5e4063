/* What the user asks of lautodep (see lautodep.h): options of rules, under the names they have there. No file is touched. */
#define _GNU_SOURCE
#include "lautodep.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "../client/client.h"
#include "../client/options.h"

static const struct option_row rows[] = {
	{ 'a', "auto-mkdir", NULL, "make the dirs the command goes to" },
	{ 'A', "accesses", NULL, "tell how each file was accessed, in place of the marks of groups" },
	{ 'c', "chroot-dir", "dir", "root of the command" },
	{ 'C', "chroot-actions", "list", "what to set up in it : user_name, resolv_conf" },
	{ 'd', "cwd", "dir", "run there" },
	{ 'D', "readdir-ok", NULL, "say nothing of dirs that are listed" },
	{ 'e', "env", "names", "variables to keep, as a python tuple or list; KEY=value gives one (default: none)" },
	{ 'E', "expand-env", NULL, "replace $REPO_ROOT and alike in variables and in the name of the command" },
	{ 'k', "keep-tmp", NULL, "keep the tmp dir" },
	{ 'l', "link-support", "level", "none, file, full or full_ext (default: full)" },
	{ 'm', "autodep-method", "method", "as autodep of rules : none, ld_preload... (default: hybrid)" },
	{ 'M', "mount-chroot-ok", NULL, "mount and chroot are allowed" },
	{ 'N', "domain-name", "name", "of this host; nothing comes from elsewhere here" },
	{ 'o', "out", "file", "write the report there (default: stdout)" },
	{ 'r', "lmake-root", "dir", "installation to use" },
	{ 's', "source-dirs", "dirs", "source dirs out of the repo, as a python tuple or list" },
	{ 't', "tmp-dir", "dir", "tmp dir, absolute, emptied before and after (default: one of its own)" },
	{ 'L', "lmake-view", "dir", "installation as seen by the command" },
	{ 'R', "repo-view", "dir", "repo as seen by the command" },
	{ 'T', "tmp-view", "dir", "tmp dir as seen by the command" },
	{ 'V', "views", "dict", "views of the command, a python dict : place : dir" },
	{ 0, NULL, NULL, NULL },
};

/* ---- sequences ---- */

static const char *skip(const char *p)
{
	while (isspace((unsigned char)*p))
		p++;
	return p;
}

/* One string, quoted as in Python, or bare up to a comma. NULL: none. */
static const char *item(const char *p, char close, char *to)
{
	char quote = *p == '\'' || *p == '"' ? *p++ : 0;

	if (!quote) {
		while (*p && *p != ',' && *p != close && !isspace((unsigned char)*p))
			*to++ = *p++;
		*to = 0;
		return p;
	}
	for (; *p && *p != quote; p++) {
		if (*p == '\\' && p[1] && !(*++p == quote || *p == '\\'))
			return NULL;	/* nobody has such names */
		*to++ = *p;
	}
	*to = 0;
	return *p ? p + 1 : NULL;
}

char **sequence_of(const char *text)
{
	const char *p = skip(text);
	char close = *p == '(' ? ')' : *p == '[' ? ']' : 0;
	char **list = calloc(strlen(text) + 2, sizeof *list);
	int n = 0;

	if (!list)
		abort();
	p = skip(close ? p + 1 : p);
	while (*p && *p != close) {
		list[n] = malloc(strlen(p) + 1);
		if (!list[n])
			abort();
		p = item(p, close, list[n]);
		if (!p || !*list[n++])
			return NULL;
		p = skip(p);
		if (*p == ',')
			p = skip(p + 1);
		else if (*p && *p != close)
			return NULL;
	}
	if (close && *p++ != close)
		return NULL;
	return *skip(p) ? NULL : list;
}

/* ---- options ---- */

static int word_of(const char *const *words, const char *given)
{
	for (int i = 0; words[i]; i++)
		if (!strcmp(words[i], given))
			return i;
	return -1;
}

static uint8_t choice(const struct options *o, char key, const char *const *words, uint8_t by_default)
{
	int found = o->given[(int)key] ? word_of(words, o->value[(int)key]) : by_default;

	if (found < 0)
		options_refuse(o, "unexpected value %s for option -%c", o->value[(int)key], key);
	return (uint8_t)found;
}

static char **list(const struct options *o, char key)
{
	char **found = sequence_of(o->given[(int)key] ? o->value[(int)key] : "()");

	if (!found)
		options_refuse(o, "value of option -%c is no tuple or list of strings : %s", key, o->value[(int)key]);
	return found;
}

static const char *text(const struct options *o, char key)
{
	return o->given[(int)key] ? o->value[(int)key] : NULL;
}

/* ---- what is seen otherwise ---- */

/* A place, without / at its end; "": not asked for. */
static char *place(const struct options *o, char key)
{
	const char *given = text(o, key) ? text(o, key) : "";
	char *to = strdup(given);
	size_t n = strlen(given);

	if (!to)
		abort();
	if (text(o, key) && (*given != '/' || strstr(given, "//") || strstr(given, "/.")))
		options_refuse(o, "value of option -%c must be an absolute name, without dots : %s", key, given);
	while (n > 1 && to[n - 1] == '/')
		to[--n] = 0;
	if (n == 1 && key != 'c')
		options_refuse(o, "value of option -%c would hide all there is, consider : another dir", key);
	return to;
}

/* { place : dir, ... }, each a string. Views of several dirs are made in a dir of a repo, which there is none of here. */
static void views_of(const struct options *o, struct isolation_order *iso)
{
	const char *given = text(o, 'V') ? text(o, 'V') : "{}", *p = skip(given);
	size_t room = strlen(given) + 1;

	iso->views = calloc(room, sizeof *iso->views);
	if (!iso->views)
		abort();
	if (*p++ != '{')
		goto bad;
	for (p = skip(p); *p && *p != '}'; p = skip(p)) {
		struct view_order *v = &iso->views[iso->n_views++];
		size_t n;

		v->at = malloc(room);
		v->dirs = calloc(2, sizeof *v->dirs);
		if (!v->at || !v->dirs || !(v->dirs[0] = malloc(room)))
			abort();
		v->n_dirs = 1;
		p = *p == '\'' || *p == '"' ? item(p, '}', v->at) : NULL;
		if (!p || *(p = skip(p)) != ':')
			goto bad;
		p = skip(p + 1);
		if (*p == '(' || *p == '[' || *p == '{')
			options_refuse(o, "a view of several dirs needs a repo : %s, consider : a rule with views", v->at);
		p = *p == '\'' || *p == '"' ? item(p, '}', v->dirs[0]) : NULL;
		if (!p || (*(p = skip(p)) != ',' && *p != '}') || !*v->at || !*v->dirs[0])
			goto bad;
		p += *p == ',';
		for (n = strlen(v->at); n > 1 && v->at[n - 1] == '/'; )
			v->at[--n] = 0;
		for (n = strlen(v->dirs[0]); n > 1 && v->dirs[0][n - 1] == '/'; )
			v->dirs[0][--n] = 0;
		if (!strcmp(v->at, "/"))
			options_refuse(o, "view / would hide all there is, consider : another dir");
	}
	if (*p == '}' && !*skip(p + 1))
		return;
bad:
	options_refuse(o, "value of option -V is no dict of strings : %s", given);
}

static struct isolation_order isolation_of(const struct options *o)
{
	static const char *const actions[] = { "user_name", "resolv_conf", NULL };
	static const uint8_t flags[] = { ISO_USER_NAME, ISO_RESOLV_CONF };
	struct isolation_order iso = {
		.chroot = place(o, 'c'), .repo_view = place(o, 'R'), .tmp_view = place(o, 'T'), .lmake_view = place(o, 'L'),
		.lmake_root = "",
	};

	for (char **a = list(o, 'C'); *a; a++) {
		int found = word_of(actions, *a);

		if (found < 0)
			options_refuse(o, "unexpected value %s for option -C", *a);
		iso.flags |= flags[found];
	}
	views_of(o, &iso);
	return iso;
}

void wish_of(struct wish *wish, int argc, char **argv)
{
	static const char *const levels[] = { "none", "file", "full", "full_ext", NULL };
	static const char *const methods[] = {
		"none", "ld_preload", "seccomp", "hybrid", "ptrace", "ld_audit", "ld_preload_jemalloc", NULL,	/* as enum autodep */
	};
	struct options o = { .tool = "lautodep", .synopsis = "[options] -- cmd args...", .rows = rows };
	static char cwd[PATH_MAX];

	options_parse(&o, argc, argv);
	if (!o.n_args)
		options_refuse(&o, "no command to run");
	if (text(&o, 't') && *text(&o, 't') != '/')
		options_refuse(&o, "the tmp dir must be absolute : %s", text(&o, 't'));
	if (!realpath(text(&o, 'd') ? text(&o, 'd') : ".", cwd))
		options_refuse(&o, "cannot go to %s", text(&o, 'd') ? text(&o, 'd') : "the current dir");
	*wish = (struct wish){
		.argv = o.args, .cwd = cwd, .out = text(&o, 'o'), .install = text(&o, 'r'), .tmp = text(&o, 't'),
		.keep = list(&o, 'e'), .source_dirs = list(&o, 's'), .link_support = choice(&o, 'l', levels, 2),
		.autodep = choice(&o, 'm', methods, AUTODEP_HYBRID), .readdir_ok = o.given['D'], .expand = o.given['E'],
		.accesses = o.given['A'], .iso = isolation_of(&o),
	};
	if (wish->link_support > 2)
		wish->link_support = 2;		/* links from elsewhere into the repo are followed anyway */
	wish->flags = (uint8_t)((o.given['a'] ? JOB_AUTO_MKDIR : 0) | (o.given['k'] ? JOB_KEEP_TMP : 0) |
				(o.given['M'] ? JOB_MOUNT_OK : 0));
}
