/*
 * From the views of an order to mounts (plan.h): where they may stand, what they show, the work dirs of overlays. Makes dirs of the repo,
 * mounts nothing.
 */
#define _GNU_SOURCE
#include "plan.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/beneath.h"

bool plan_hides_installation(const struct planner *w, const char *at)
{
	static const char *const needed[] = { "bin", "lib/liblmake_preload.so", "lib/hybrid", "lib/preload", "lib/python" };
	bool hides = false;

	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
		char *name = plan_format("%s/%s", w->seen_install, needed[i]);

		hides |= plan_covers(at, name);
		free(name);
	}
	return hides;
}

static bool place_is_bad(struct planner *w, const char *at)
{
	const struct { const char *name, *what; } kept[] = {
		{ w->p->seen_root, "the repo" }, { *w->p->base ? w->p->seen_root : w->root, "the repo" },
		{ w->p->seen_tmp, "the tmp dir" }, { *w->p->base ? w->p->seen_tmp : w->tmp, "the tmp dir" },
		{ agent.config.logs, "the logs of lmake" },
		{ "/dev", "/dev" }, { "/proc", "/proc" }, { "/sys", "/sys" },
	};

	if (plan_hides_installation(w, at)) {
		job_message(w->job, "view %s would hide the installation of lmake, %s, consider : a view on a smaller dir, or "
			    "lmake_view = '/lmake'",
			    at, w->seen_install);
		return true;
	}
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
		if (*kept[i].name && plan_covers(at, kept[i].name)) {
			job_message(w->job, "view %s would hide %s, consider : a view on a smaller "
				    "dir", at, kept[i].what);
			return true;
		}
	if (*w->tmp && (plan_covers(w->p->seen_tmp, at) || (!*w->p->base && plan_covers(w->tmp, at)))) {
		job_message(w->job, "view %s is in the tmp dir, which is the job's own, consider : a dir "
			    "elsewhere", at);
		return true;
	}
	return false;
}

bool plan_place_is_missing(struct planner *w, const char *what, const char *at)
{
	char *there = plan_format("%s%s", w->p->base, at);
	bool top = !strchr(at + 1, '/');
	const char *why = plan_missing(there);
	bool link = !why && plan_has_link(there);

	free(there);
	if (link)
		job_message(w->job, "%s %s is reached through a symbolic link, consider : its real name", what, at);
	else if (why && !top)
		job_message(w->job, "%s %s : %s, consider : a dir that exists, or one right below / such as "
			    "/%s", what, at, why,
			    strrchr(at, '/') + 1);
	else if (why && strcmp(why, strerror(ENOENT)))
		job_message(w->job, "%s %s : %s, consider : another name", what, at, why);
	else
		return false;
	return true;
}

/* The physical dir, made if it is in the repo. NULL: said why not. */
static char *physical_dir(struct planner *w, const char *at, const char *dir, bool inside)
{
	char *name = *dir == '/' ? strdup(dir) : plan_format("%s/%s", w->root, dir), *real;
	bool in_repo = plan_covers(w->root, name), in_tmp = *w->tmp && plan_covers(w->tmp, name);
	const char *why = NULL;
	int rc;

	if (!inside && (in_repo || in_tmp)) {
		job_message(w->job, "view %s is not in the repo, but its dir %s is, consider : a view in the repo, "
			    "or a dir elsewhere", at, dir);
		goto bad;
	}
	if (in_tmp)
		return name;
	if (in_repo && name[strlen(w->root)]) {
		rc = lm_mkdirs(AT_FDCWD, name + strlen(w->root) + 1, 0777);
		if (rc == -ELOOP) {
			job_message(w->job, "view %s : its dir %s is reached through a symbolic link, consider : its "
				    "real name",
				    at, dir);
			goto bad;
		}
		why = rc ? strerror(-rc) : NULL;
	}
	why = why ? why : plan_missing(name);
	if (why) {
		job_message(w->job, "view %s : its dir %s : %s, consider : make it, or a dir of the "
			    "repo", at, dir, why);
		goto bad;
	}
	real = realpath(name, NULL);
	if (real && in_repo && strcmp(real, name)) {
		job_message(w->job, "view %s : its dir %s is reached through a symbolic link, consider : its real "
			    "name", at, dir);
		free(real);
		goto bad;
	}
	free(name);
	return real;
bad:
	free(name);
	return NULL;
}

static bool same_device(const char *a, const char *b)
{
	struct stat x, y;

	return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev;
}

/*
 * The kernel wants an empty dir on the disk of the upper one: of ours, where the next agent finds what a killed one has
 * left; or beside the tmp dir.
 */
static bool plan_work(struct planner *w, struct ns_mount *m, uint32_t i)
{
	bool in_tmp = *w->tmp && plan_covers(w->tmp, m->from);
	char *beside = strdup(*w->tmp ? w->tmp : w->root);
	int rc;

	if (!beside)
		abort();
	*strrchr(beside, '/') = 0;
	lm_mkdirs(AT_FDCWD, NS_WORKS, 0700);
	if (*w->tmp)
		lm_mkdirs(AT_FDCWD, beside, 0777);
	if (same_device(in_tmp ? beside : m->from, NS_WORKS))
		m->work = plan_format("%s/" NS_WORKS "/%llu.%u", w->root, (unsigned long long)w->job->order.small_id, i);
	else if (*w->tmp && (in_tmp || same_device(m->from, beside)))
		m->work = plan_format("%s.work%u", w->tmp, i);
	free(beside);
	if (!m->work) {
		job_message(w->job, "view %s : upper dir %s is on another disk than the repo and the tmp dir, "
			    "consider : "
			    "a dir of the repo", m->at, m->from);
		return false;
	}
	rc = lm_remove_tree(AT_FDCWD, m->work);
	if (!rc || rc == -ENOENT)
		rc = lm_mkdirs(AT_FDCWD, m->work, 0700);
	if (rc)
		job_message(w->job, "view %s : cannot make %s : %s, consider : check its permissions", m->at, m->work,
			    strerror(-rc));
	return !rc;
}

bool plan_view(struct planner *w, const struct view_order *v, uint32_t i)
{
	char *at = *v->at == '/' ? strdup(v->at) : plan_format("%s/%s", w->p->seen_root, v->at), *dir;
	bool inside = plan_covers(w->p->seen_root, at);
	struct ns_mount *m;

	if (place_is_bad(w, at) || (!inside && plan_place_is_missing(w, "view", at))) {
		free(at);
		return false;
	}
	dir = physical_dir(w, at, v->dirs[0], inside);
	if (!dir) {
		free(at);
		return false;
	}
	m = plan_add(w->p, at, dir, inside);
	m->order = v;
	if (!v->overlay)
		return true;
	m->lower = calloc(v->n_dirs + 1, sizeof *m->lower);
	if (!m->lower)
		abort();
	for (uint32_t k = 1; k < v->n_dirs; k++) {
		dir = physical_dir(w, at, v->dirs[k], inside);
		if (!dir)
			return false;
		w->p->mounts[w->p->n_mounts - 1].lower[k - 1] = dir;
	}
	return plan_work(w, &w->p->mounts[w->p->n_mounts - 1], i);
}
