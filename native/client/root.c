/* Which repo a command is about, and whether it may be used. Runs first in the client, alone, before any server. */
#define _GNU_SOURCE
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../access/log.h"

#define VERSION_FILE "LMAKE/version"
#define REPO_STATE   "1"			/* first line of it; the second, about python, does not matter to us */

/* --version and -h need no repo. In one, the server answers them, once it has checked the whole command line. */
static void answer_without_repo(const struct command *c)
{
	for (int i = 0; i < c->argc && strcmp(c->argv[i], "--"); i++) {
		if (!strcmp(c->argv[i], "--version")) {
			fprintf(stderr, "version %s\n", LM_VERSION);
			exit(RC_OK);
		}
		if (!strcmp(c->argv[i], "-h") || !strcmp(c->argv[i], "--help"))
			die(RC_USAGE, "%s [options] [args]\nversion %s\nin a repo, %s -h lists the options\n"
			    "consider : man %s", c->tool, LM_VERSION, c->tool, c->tool);
	}
}

static bool has(const char *dir, const char *name, mode_t type)
{
	char path[4096 + 64];
	struct stat st;

	snprintf(path, sizeof path, "%s/%s", strcmp(dir, "/") ? dir : "", name);
	return !stat(path, &st) && (st.st_mode & S_IFMT) == type;
}

static void too_few_or_many(char *const *dirs, int n, int n_lmake)
{
	const char *what = n_lmake ? "several repos are above" : "several dirs could be the root of the repo";

	fprintf(stderr, "%s, consider one of :\n", what);
	for (int i = 0; i < n; i++) {
		const char *dir = strcmp(dirs[i], "/") ? dirs[i] : "";

		if (!n_lmake)
			fprintf(stderr, "  mkdir %s/LMAKE\n", dir);
		else if (has(dirs[i], "LMAKE", S_IFDIR))
			fprintf(stderr, "  rm -r %s/LMAKE\n", dir);
	}
	exit(RC_USAGE);
}

static const char *choose(char *const *dirs, int n)
{
	int n_lmake = 0, which = 0;

	if (n == 1)
		return dirs[0];
	for (int i = 0; i < n; i++)
		if (has(dirs[i], "LMAKE", S_IFDIR)) {
			n_lmake++;
			which = i;
		}
	if (n_lmake != 1)
		too_few_or_many(dirs, n, n_lmake);
	return dirs[which];
}

void root_enter(struct command *c)
{
	static char cwd[4096], dir[4096];
	char *dirs[2048];
	const char *root;
	int n = 0;

	if (!getcwd(cwd, sizeof cwd) || *cwd != '/')
		die(RC_SYSTEM, "cannot find the current dir: %s", strerror(errno));
	strcpy(dir, cwd);
	for (;;) {
		char *slash;

		if (has(dir, "Lmakefile.py", S_IFREG) || has(dir, "Lmakefile/__init__.py", S_IFREG))
			dirs[n++] = strdup(dir);
		if (!strcmp(dir, "/"))
			break;
		slash = strrchr(dir, '/');
		slash[slash == dir] = 0;
	}
	if (!n) {
		answer_without_repo(c);
		die(RC_USAGE, "cannot find any of [Lmakefile.py,Lmakefile/__init__.py]");
	}
	if (n > 1)
		answer_without_repo(c);
	root = choose(dirs, n);
	snprintf(c->root, sizeof c->root, "%s", root);
	c->startup = cwd + strlen(root);
	c->startup += *c->startup == '/';
	if (chdir(root) < 0)
		die(RC_SYSTEM, "cannot go to %s: %s", root, strerror(errno));
}

void root_check_by_hand(const struct command *c)
{
	if (!c->by_hand)
		return;
	answer_without_repo(c);
	if (c->argc)
		die(RC_USAGE, "%s takes no argument", c->tool);
	if (*c->startup)
		die(RC_USAGE, "%s must be called in the root of the repo, consider : cd %s", c->tool, c->root);
}

/* The repo root in the header of a log of accesses, if its job is the one named by token. */
static bool log_is_of_this_repo(const char *log, unsigned long long token, const char *root)
{
	static struct { struct lm_log_header head; char text[8192]; } h;
	int fd = open(log, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, &h, sizeof h - 1);
	const char *at = h.head.text + h.head.repo_root;

	if (fd >= 0)
		close(fd);
	return n > (ssize_t)sizeof h.head && h.head.version == LM_LOG_VERSION && h.head.token == token &&
	       h.head.repo_root < sizeof h.text - 1 && !strncmp(at, root, sizeof h.text - 1 - h.head.repo_root);
}

void root_refuse_in_job(const struct command *c)
{
	const char *env = getenv(LM_LOG_ENV), *colon = env ? strrchr(env, ':') : NULL;
	char log[4096];

	if (!colon || (size_t)(colon - env) >= sizeof log)
		return;
	memcpy(log, env, (size_t)(colon - env));
	log[colon - env] = 0;
	/* A variable that outlived its job, or of a job of another repo, forbids nothing. */
	if (log_is_of_this_repo(log, strtoull(colon + 1, NULL, 10), c->root))
		die(RC_BAD_STATE, "cannot run %s from inside a job of this repo, consider : "
		    "ldepend on what it should build", c->tool);
}

static void initialise(const struct command *c)
{
	static const char text[] = REPO_STATE "\n1\n";
	char tmp[64];
	int fd;

	if ((mkdir("LMAKE", 0777) < 0 && errno != EEXIST) || (mkdir("LMAKE/lmake", 0700) < 0 && errno != EEXIST))
		die(errno == EROFS || errno == EACCES ? RC_READONLY : RC_SYSTEM, "cannot make %s/LMAKE/lmake: %s",
		    c->root, strerror(errno));
	/* Whole or not at all: another client may be looking. */
	snprintf(tmp, sizeof tmp, VERSION_FILE ".%d", (int)getpid());
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	/* Synced: else a power cut may leave in it what its block held before, which would pass for another version. */
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || fsync(fd) < 0 ||
	    close(fd) < 0 || rename(tmp, VERSION_FILE) < 0) {
		int why = errno;

		unlink(tmp);
		die(RC_SYSTEM, "cannot write %s/" VERSION_FILE ": %s", c->root, strerror(why));
	}
}

static void check_version(char *found)
{
	found[strcspn(found, "\n")] = 0;
	if (strcmp(found, REPO_STATE))
		die(RC_VERSION, "version mismatch, found %s but expected " REPO_STATE "\nconsider : git clean -ffdx\n"
		    "or use lmake as installed in $(readlink LMAKE/lmake_root)", found);
}

void root_gate(struct command *c)
{
	struct stat st;
	char text[64] = "";
	int fd;
	ssize_t n;

	if (!lstat("LMAKE", &st) && !S_ISDIR(st.st_mode))
		die(RC_BAD_STATE, "LMAKE is %s, but must be a dir of %s itself, consider : rm LMAKE",
		    S_ISLNK(st.st_mode) ? "a symbolic link" : "a file", c->root);
	fd = open(VERSION_FILE, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (fd >= 0)
		close(fd);
	if (n == 0 || !*text)
		n = -1;		/* a power cut took its content: it was being made */
	c->readonly = access(".", W_OK) < 0 || (access("LMAKE", W_OK) < 0 && errno != ENOENT);
	if (n >= 0)
		check_version(text);
	/* What is there, and what that means, is for the repair to say. */
	if (c->by_hand && !c->builds && !c->readonly)
		return;
	if (n < 0 && !c->builds) {
		answer_without_repo(c);
		die(RC_VERSION, "repo not initialized, consider : lmake");
	}
	if (c->readonly && strcmp(c->tool, "lshow"))
		die(RC_READONLY, "cannot run in read-only repository");
	if (n < 0)
		initialise(c);
	/* Tests and users may have made LMAKE/lmake, or cleaned it: the socket needs it. */
	if (!c->readonly && mkdir("LMAKE/lmake", 0700) < 0 && errno != EEXIST)
		die(RC_SYSTEM, "cannot make %s/LMAKE/lmake: %s", c->root, strerror(errno));
}
