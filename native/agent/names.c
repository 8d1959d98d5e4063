/*
 * From the name a command gives to the name we report: links resolved one by one, then the repo root or the source dir
 * taken off. The agent's cwd is the repo root, so a reported name can be used as it is. Agent's thread.
 */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../access/crc.h"
#include "../lib/beneath.h"

#define MAX_LINKS 40
#define PATH_SIZE (PATH_MAX + NAME_MAX + 3)

uint64_t name_sig(const char *name, int64_t *date)
{
	struct stat st;

	*date = 0;
	if (lstat(name, &st) < 0)
		return LM_SIG_NONE;
	*date = lm_date_of(&st);
	return lm_sig_of(&st);
}

uint64_t name_sig_physical(const char *name, int64_t *date)
{
	uint64_t sig = LM_SIG_NONE;
	const char *leaf;
	struct stat st;
	int fd;

	if (*name == '/')
		return name_sig(name, date);
	*date = 0;
	fd = lm_parent_open(AT_FDCWD, name, &leaf);
	if (fd < 0)
		return LM_SIG_NONE;
	if (!fstatat(fd, leaf, &st, AT_SYMLINK_NOFOLLOW)) {
		*date = lm_date_of(&st);
		sig = lm_sig_of(&st);
	}
	close(fd);
	return sig;
}

static bool below(const char *dir, size_t n, const char *name)
{
	return !strncmp(name, dir, n) && name[n] == '/' && name[n + 1];
}

int name_report(const char *physical, struct resolved *to)
{
	const struct config *c = &agent.config;
	size_t n = strlen(c->root);

	to->where = NAME_OUTSIDE;
	if (!strcmp(physical, c->root)) {
		to->where = NAME_ROOT;
		physical = ".";
	} else if (below(c->root, n, physical)) {
		to->where = NAME_REPO;
		physical += n + 1;
		/* The book-keeping is no file of the user. */
		if (!strncmp(physical, "LMAKE/lmake", 11) && (!physical[11] || physical[11] == '/'))
			to->where = NAME_OUTSIDE;
	}
	for (uint32_t i = 0; to->where == NAME_OUTSIDE && i < c->n_dirs; i++) {
		n = strlen(c->dirs[i].physical);
		if (strncmp(physical, c->dirs[i].physical, n))
			continue;
		to->where = NAME_SOURCE_DIR;
		n = (size_t)snprintf(to->name, sizeof to->name, "%s%s", c->dirs[i].name, physical + n);
		return n < sizeof to->name ? 0 : -ENAMETOOLONG;
	}
	n = (size_t)snprintf(to->name, sizeof to->name, "%s", physical);
	return n < sizeof to->name ? 0 : -ENAMETOOLONG;
}

static void pop(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		*slash = 0;
}

/* Put `text` before what remains to walk. */
static int push_front(char *rest, const char *text, size_t n)
{
	size_t len = strlen(rest);

	if (n + 1 + len >= PATH_MAX)
		return -ENAMETOOLONG;
	memmove(rest + n + 1, rest, len + 1);
	memcpy(rest, text, n);
	rest[n] = '/';
	return 0;
}

static void tell_link(const char *path, link_fn link, void *arg)
{
	struct resolved at;

	if (link && !name_report(path, &at) && at.where != NAME_OUTSIDE)
		link(arg, at.name);
}

/* Into path, of PATH_SIZE bytes: the physical name, of what there is and of what there is not. */
static int walk(char *path, const char *cwd, const char *name, bool follow, link_fn link, void *arg)
{
	char rest[PATH_MAX], text[PATH_MAX];
	int links = 0;

	if (strlen(name) >= sizeof rest || strlen(cwd) >= PATH_MAX)
		return -ENAMETOOLONG;
	strcpy(path, *name == '/' || !strcmp(cwd, "/") ? "" : cwd);
	strcpy(rest, name);
	for (;;) {
		char *part = rest + strspn(rest, "/");
		size_t n = strcspn(part, "/"), len = strlen(path);
		bool last = !part[n + strspn(part + n, "/")];
		ssize_t got;

		if (!n)
			break;
		if (n > NAME_MAX || len + n + 1 >= PATH_MAX)
			return -ENAMETOOLONG;
		if (n == 1 && *part == '.') {
			memmove(rest, part + n, strlen(part + n) + 1);
			continue;
		}
		if (n == 2 && !memcmp(part, "..", 2)) {
			pop(path);
			memmove(rest, part + n, strlen(part + n) + 1);
			continue;
		}
		path[len] = '/';
		memcpy(path + len + 1, part, n);
		path[len + 1 + n] = 0;
		memmove(rest, part + n, strlen(part + n) + 1);
		if (last && !follow)
			break;
		got = readlink(path, text, sizeof text - 1);
		if (got < 0)
			continue;	/* no link, or nothing there: the name stands for itself */
		if (++links > MAX_LINKS)
			return -ELOOP;
		tell_link(path, link, arg);
		if (push_front(rest, text, (size_t)got) < 0)
			return -ENAMETOOLONG;
		path[*text == '/' ? 0 : len] = 0;
	}
	return 0;
}

int name_resolve(const char *cwd, const char *name, bool follow, struct resolved *to, link_fn link, void *arg)
{
	char path[PATH_SIZE];
	int rc = walk(path, cwd, name, follow, link, arg);

	return rc < 0 ? rc : name_report(path, to);
}

void name_locate_source_dirs(void)
{
	const struct config *c = &agent.config;
	char path[PATH_SIZE];

	for (uint32_t i = 0; i < c->n_dirs; i++) {
		struct source_dir *dir = &c->dirs[i];

		if (walk(path, c->root, dir->name, true, NULL, NULL) < 0)
			strcpy(path, dir->name);	/* a loop of links, or too long: no file is ever in it */
		strcat(path, "/");
		if (dir->physical && !strcmp(dir->physical, path))
			continue;
		free(dir->physical);
		dir->physical = strdup(path);
		if (!dir->physical)
			abort();
	}
}
