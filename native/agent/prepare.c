/*
 * What must be done before a job runs: its former targets removed, kept aside or given an inode of their own, its
 * directories and its tmp dir made. Agent's thread, in the repo root; no name is followed through a link.
 */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../access/crc.h"
#include "../lib/beneath.h"

static void done(struct job *job, enum pre_done what, const struct pre_action *a)
{
	struct lm_buf *b = &job->pre_done.buf;

	lm_put_u8(b, what);
	lm_put_cstr(b, a->name);
	lm_put_cstr(b, a->note);
	job->pre_done.n++;
}

/* Stat a name below root. 0, or -errno. */
static int look(const char *name, struct stat *st)
{
	const char *leaf;
	int fd = lm_parent_open(AT_FDCWD, name, &leaf), rc;

	if (fd < 0)
		return fd;
	rc = fstatat(fd, leaf, st, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
	close(fd);
	return rc;
}

static int unlink_target(struct job *job, const struct pre_action *a)
{
	enum pre_done what;
	struct stat st;
	int rc = look(a->name, &st);

	if (rc == -ENOENT || rc == -ENOTDIR)
		return 0;
	if (rc)
		return rc;
	if (S_ISDIR(st.st_mode))
		return a->what == PRE_POLLUTED ? -EISDIR : 0;
	if (a->what == PRE_POLLUTED)
		what = DONE_POLLUTED;
	else if (lm_sig_of(&st) == a->sig)
		what = DONE_UNLINKED;
	else if ((S_ISREG(st.st_mode) && st.st_size) || S_ISLNK(st.st_mode))
		what = DONE_QUARANTINED;
	else
		what = DONE_EMPTY;
	rc = what == DONE_QUARANTINED ? lm_quarantine(AT_FDCWD, a->name) : lm_unlink_beneath(AT_FDCWD, a->name);
	if (!rc)
		done(job, what, a);
	return rc == -ENOENT ? 0 : rc;
}

static int one_action(struct job *job, const struct pre_action *a)
{
	struct stat st;
	bool was_shared;
	int rc;

	switch (a->what) {
	case PRE_UNIQUIFY:
		/* What a job would write through a link that no job made goes to a file that is not its own. */
		if (!look(a->name, &st) && S_ISLNK(st.st_mode) && lm_sig_of(&st) != a->sig)
			return unlink_target(job, a);
		rc = lm_uniquify(AT_FDCWD, a->name, &was_shared);
		if (!rc && was_shared)
			done(job, DONE_UNIQUIFIED, a);
		return rc;
	case PRE_MKDIR:
		rc = lm_mkdirs(AT_FDCWD, a->name, 0777);
		/* The user may keep a dir elsewhere: a link to it is as good, and it is made through no link. */
		if (rc == -ELOOP) {
			rc = !stat(a->name, &st) && S_ISDIR(st.st_mode) ? 0 : rc;
		}
		return rc;
	case PRE_RMDIR:
		/* One that is not empty, or not there, stays as it is. */
		lm_rmdir_beneath(AT_FDCWD, a->name);
		return 0;
	default:
		return unlink_target(job, a);
	}
}

static const char *verb_of(const struct pre_action *a)
{
	return a->what == PRE_MKDIR ? "make dir" : a->what == PRE_UNIQUIFY ? "uniquify" : "remove";
}

int job_pre_actions(struct job *job)
{
	const struct order *o = &job->order;

	for (uint32_t i = 0; i < o->n_pre; i++) {
		const struct pre_action *a = &o->pre[i];
		int rc = one_action(job, a);

		if (rc == -ELOOP)
			job_message(job, "cannot %s %s : its dir is reached through a symbolic link, "
				    "consider : use the real name", verb_of(a), a->name);
		else if (rc)
			job_message(job, "cannot %s %s : %s, consider : check its permissions and those of its dir",
				    verb_of(a), a->name, strerror(-rc));
		if (rc)
			return -1;
	}
	return 0;
}

/*
 * Making and removing a dir for each job costs more than any other preparation, and most jobs leave it empty. So while
 * other jobs run, an empty one stays, to be taken by the next job of the same name; it is looked into both times. With
 * the last job they all go.
 */
#define MAX_SPARE 64
static char *spare[MAX_SPARE];
static unsigned int n_spare;

static bool is_empty_dir(const char *name)
{
	char buf[1024];
	struct stat st;
	int fd = open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	bool whole;
	long n;

	if (fd < 0)
		return false;
	whole = !fstat(fd, &st) && (st.st_mode & S_IRWXU) == S_IRWXU;	/* a job may have shut it */
	n = syscall(SYS_getdents64, fd, buf, sizeof buf);
	close(fd);
	return whole && n > 0 && n <= 48;	/* "." and ".." alone take 24 bytes each */
}

static bool take_spare(const char *tmp)
{
	for (unsigned int i = 0; i < n_spare; i++)
		if (!strcmp(spare[i], tmp)) {
			free(spare[i]);
			spare[i] = spare[--n_spare];
			return is_empty_dir(tmp);
		}
	return false;
}

static bool keep_spare(const char *tmp)
{
	if (!agent.n_jobs || n_spare == MAX_SPARE || strncmp(tmp, agent.config.root, strlen(agent.config.root)) ||
		    !is_empty_dir(tmp))
		return false;
	spare[n_spare] = strdup(tmp);
	return spare[n_spare] && ++n_spare;
}

static void remove_tmp(const char *tmp)
{
	int rc;

	if (!rmdir(tmp))
		return;
	rc = lm_remove_tree(AT_FDCWD, tmp);
	if (rc && rc != -ENOENT)
		proto_log("agent: cannot remove tmp dir %s: %s", tmp, strerror(-rc));
}

int job_make_tmp(struct job *job)
{
	const char *tmp = job->order.tmp, *root = agent.config.root;
	size_t n = strlen(root);
	bool inside = !strncmp(tmp, root, n) && tmp[n] == '/';
	int rc = 0;

	/* Elsewhere each dir of the name is looked at: what is below a link has two names, and is known by one. */
	if (!*tmp || (inside && (take_spare(tmp) || !mkdir(tmp, 0777))))
		return 0;
	rc = !inside || errno == EEXIST ? lm_remove_tree(AT_FDCWD, tmp) : -errno;
	if (!rc || rc == -ENOENT)
		rc = lm_mkdirs(AT_FDCWD, tmp, 0777);
	if (rc)
		job_message(job, "cannot make tmp dir %s : %s, consider : another TMPDIR in environ of the rule", tmp,
			    rc == -ELOOP ? "a dir of its name is a symbolic link" : strerror(-rc));
	return rc ? -1 : 0;
}

void job_remove_tmp(struct job *job)
{
	const char *tmp = job->order.tmp;

	if (*tmp && !(job->order.flags & JOB_KEEP_TMP) && !keep_spare(tmp))
		remove_tmp(tmp);
	while (!agent.n_jobs && n_spare) {
		remove_tmp(spare[--n_spare]);
		free(spare[n_spare]);
	}
}
