/*
 * What a job with namespaces is to see (isolate.h): from the order to a list of mounts, every rule on them checked. Its views are
 * views.c's, the same list as the tracer needs it tell.c's. Agent's thread, before the job's log is taken; makes dirs of the repo,
 * mounts nothing.
 */
#define _GNU_SOURCE
#include "plan.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- names ---- */

char *plan_format(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		abort();
	va_end(ap);
	return s;
}

/* Is name this dir, or below? */
bool plan_covers(const char *dir, const char *name)
{
	size_t n = strlen(dir);

	return !strncmp(dir, name, n) && (!name[n] || name[n] == '/');
}

bool plan_related(const char *a, const char *b)
{
	return plan_covers(a, b) || plan_covers(b, a);
}

/* Cut n components; false if there are not that many, or none would be left. */
static bool cut(char *path, uint32_t n)
{
	while (n--) {
		char *slash = strrchr(path, '/');

		if (!slash)
			return false;
		*slash = 0;
	}
	return *path;
}

/* What of a name is below n levels up: its last n components. */
static const char *last(const char *path, uint32_t n)
{
	const char *at = path + strlen(path);

	while (n && at > path)
		if (*--at == '/')
			n--;
	return n ? "" : at;
}

const char *plan_missing(const char *dir)
{
	struct stat st;

	if (stat(dir, &st) < 0)
		return strerror(errno);
	return S_ISDIR(st.st_mode) ? NULL : strerror(ENOTDIR);
}

bool plan_has_link(const char *path)
{
	char *real = realpath(path, NULL);
	bool differs = real && strcmp(real, path);

	free(real);
	return differs;
}

/* ---- the list ---- */

struct ns_mount *plan_add(struct ns_plan *p, char *at, char *from, bool inside)
{
	p->mounts = realloc(p->mounts, (p->n_mounts + 1) * sizeof *p->mounts);
	if (!p->mounts || !at || !from)
		abort();
	p->mounts[p->n_mounts] = (struct ns_mount){ .at = at, .from = from, .inside = inside };
	return &p->mounts[p->n_mounts++];
}

static bool plan_root(struct planner *w)
{
	const char *chroot = w->o->chroot, *why;

	w->p->base = strdup("");
	if (!*chroot || !strcmp(chroot, "/"))
		return true;
	why = plan_missing(chroot);
	if (why) {
		job_message(w->job, "chroot_dir %s : %s, consider : another dir, or / to keep the root", chroot, why);
		return false;
	}
	free(w->p->base);
	w->p->base = realpath(chroot, NULL);
	if (!w->p->base)
		abort();
	if (plan_related(w->p->base, w->root) || (*w->tmp && plan_related(w->p->base, w->tmp))) {
		job_message(w->job, "chroot_dir %s %s the repo, its files could not be told from those of the repo, "
			    "consider : a dir elsewhere, or views", chroot,
			    plan_covers(w->root, w->p->base) ? "lies in" : "contains");
		return false;
	}
	return true;
}

/* How many levels above the root source dirs are declared. */
static uint32_t levels_up(const char **who)
{
	uint32_t most = 0;

	for (uint32_t i = 0; i < agent.config.n_dirs; i++) {
		uint32_t n = 0;

		for (const char *s = agent.config.dirs[i].name; !strncmp(s, "../", 3); s += 3)
			n++;
		if (n > most) {
			most = n;
			*who = agent.config.dirs[i].name;
		}
	}
	return most;
}

/* The repo with what is declared beside it: ../x must be there, and be the same, whatever the root is called. */
static bool plan_repo(struct planner *w)
{
	const char *view = w->o->repo_view, *source = "";
	uint32_t up = levels_up(&source);
	char *at, *from;

	w->p->seen_root = strdup(*view ? view : w->root);
	if (!*view && !*w->p->base)
		return true;
	if (strcmp(last(w->p->seen_root, up), last(w->root, up)) || (up && !*last(w->p->seen_root, up + 1))) {
		job_message(w->job, "repo_view %s must end with %s below a dir, as source dir %s is seen from the "
			    "repo, consider : "
			    "repo_view = '/top%s'", view, last(w->root, up), source, last(w->root, up));
		return false;
	}
	at = strdup(w->p->seen_root);
	from = strdup(w->root);
	plan_add(w->p, at, from, false);
	return !up || (cut(at, up) && cut(from, up));
}

/* By default below the repo, and seen there. */
static void plan_tmp(struct planner *w)
{
	const char *view = w->o->tmp_view;

	if (!*w->tmp)
		w->p->seen_tmp = strdup("");
	else if (*view)
		w->p->seen_tmp = strdup(view);
	else if (plan_covers(w->root, w->tmp))
		w->p->seen_tmp = plan_format("%s%s", w->p->seen_root, w->tmp + strlen(w->root));
	else
		w->p->seen_tmp = strdup(w->tmp);
	if (*w->tmp && (*view || (*w->p->base && !plan_covers(w->root, w->tmp))))
		plan_add(w->p, strdup(w->p->seen_tmp), strdup(w->tmp), false);
}

/* The installation of the job: of its own root if it is there, else of ours. */
static bool plan_install(struct planner *w)
{
	const char *named = *w->o->lmake_root ? w->o->lmake_root : agent.config.install, *view = w->o->lmake_view;
	char *within = plan_format("%s%s/lib/liblmake_preload.so", w->p->base, named);
	char *native = plan_format("%s/lib/liblmake_preload.so", named);
	bool own = *w->p->base && *w->o->lmake_root && !access(within, R_OK), found = own || !access(native, R_OK);

	free(within);
	free(native);
	if (!found) {
		job_message(w->job, "lmake_root %s : no lib/liblmake_preload.so there, consider : the dir of an "
			    "installed lmake",
			    named);
		return false;
	}
	w->install = own ? plan_format("%s%s", w->p->base, named) : strdup(named);
	w->seen_install = strdup(*view ? view : named);
	w->p->preload = method_library(w->job->order.autodep, w->install, w->seen_install);
	if (*view || (*w->p->base && !own))
		plan_add(w->p, strdup(w->seen_install), strdup(w->install), false);
	return true;
}

/* In a root of its own a job needs the log of its accesses, and the socket of its calls. */
static void plan_log(struct planner *w)
{
	const char *logs = agent.config.logs;
	char *dir = strdup(calls_socket());

	if (!dir)
		abort();
	*strrchr(dir, '/') = 0;
	if (*w->p->base && !plan_covers("/dev", logs))
		plan_add(w->p, strdup(logs), strdup(logs), false);
	if (*w->p->base && strcmp(dir, logs) && !plan_covers("/dev", dir))
		plan_add(w->p, strdup(dir), strdup(dir), false);
	free(dir);
}

/* ---- all of it ---- */

static int by_depth(const void *x, const void *y)
{
	const struct ns_mount *a = x, *b = y;
	size_t na = strlen(a->at), nb = strlen(b->at);

	return na != nb ? (na < nb ? -1 : 1) : strcmp(a->at, b->at);
}

/* Unless it is mounted for the job: then it is there whatever lies below. */
static bool installation_is_seen(struct planner *w)
{
	const struct { const char *what, *at; } views[] = {
		{ "repo_view", w->o->repo_view }, { "tmp_view", w->o->tmp_view },
	};

	for (uint32_t i = 0; i < w->p->n_mounts; i++)
		if (!strcmp(w->p->mounts[i].at, w->seen_install) && !strcmp(w->p->mounts[i].from, w->install))
			return true;
	for (size_t i = 0; i < 2; i++)
		if (*views[i].at && plan_hides_installation(w, views[i].at)) {
			job_message(w->job, "%s %s would hide the installation of lmake, %s, consider : a view elsewhere, such as "
				    "/%s, or lmake_view = '/lmake'",
				    views[i].what, views[i].at, w->seen_install, i ? "view" : "repo");
			return false;
		}
	return true;
}

static bool views_are_sound(struct planner *w)
{
	const struct isolation_order *o = w->o;
	const struct { const char *what, *at; } views[] = {
		{ "repo_view", o->repo_view }, { "tmp_view", o->tmp_view }, { "lmake_view", o->lmake_view },
	};

	for (size_t i = 0; i < 3; i++) {
		char place[PATH_MAX];
		const char *source;

		if (!*views[i].at)
			continue;
		snprintf(place, sizeof place, "%s", views[i].at);
		if (!i)
			cut(place, levels_up(&source));
		if (plan_place_is_missing(w, views[i].what, place))
			return false;
		if (i != 1 && *w->p->seen_tmp && *o->tmp_view && plan_related(views[i].at, o->tmp_view)) {
			job_message(w->job, "%s %s and tmp_view %s cover each other, consider : views "
				    "apart", views[i].what,
				    views[i].at, o->tmp_view);
			return false;
		}
		if ((i && plan_covers(views[i].at, w->p->seen_root)) || (!i && !*w->p->base && plan_covers(views[i].at,
			    w->root)) ||
		    plan_covers(views[i].at, agent.config.logs)) {
			job_message(w->job, "%s %s would hide the repo or the logs of lmake, consider : a view "
				    "elsewhere, such as /%s",
				    views[i].what, views[i].at, i ? "view" : "repo");
			return false;
		}
	}
	return true;
}

static bool plan(struct planner *w)
{
	const struct isolation_order *o = w->o;
	struct ns_plan *p = w->p;

	p->user_name = o->flags & ISO_USER_NAME;
	p->resolv_conf = o->flags & ISO_RESOLV_CONF;
	p->scratch = (*o->chroot && strcmp(o->chroot, "/")) || *o->repo_view || *o->tmp_view || *o->lmake_view ||
		    o->n_views ||
		     p->user_name || p->resolv_conf;
	if (!plan_root(w) || !plan_repo(w))
		return false;
	plan_tmp(w);
	if (!views_are_sound(w) || !plan_install(w) || !installation_is_seen(w))
		return false;
	plan_log(w);
	for (uint32_t i = 0; i < o->n_views; i++)
		if (!plan_view(w, &o->views[i], i))
			return false;
	qsort(p->mounts, p->n_mounts, sizeof *p->mounts, by_depth);
	for (uint32_t i = 1; i < p->n_mounts; i++)
		if (!strcmp(p->mounts[i].at, p->mounts[i - 1].at)) {
			job_message(w->job, "two views on %s, consider : one of them", p->mounts[i].at);
			return false;
		}
	plan_tell(w);
	p->point = plan_format("%s/root", agent.config.logs);
	mkdir(p->point, 0755);
	return true;
}

static bool asks_anything(const struct isolation_order *o)
{
	return o->flags & (ISO_KILL_DAEMONS | ISO_MOUNTS | ISO_USER_NAME | ISO_RESOLV_CONF) || *o->chroot ||
		    *o->repo_view ||
	       *o->tmp_view || *o->lmake_view || o->n_views;
}

int job_isolate(struct job *job)
{
	struct planner w = { .job = job, .o = &job->order.iso, .root = agent.config.root, .tmp = job->order.tmp };
	bool ok;

	if (!asks_anything(w.o) && !*w.o->lmake_root)
		return 0;
	job->iso = calloc(1, sizeof *job->iso);
	if (!job->iso)
		abort();
	job->iso->job = job;
	job->iso->control.fd = -1;
	job->iso->end = mmap(NULL, sizeof *job->iso->end, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (job->iso->end == MAP_FAILED)
		abort();
	w.p = &job->iso->plan;
	ok = plan(&w);
	free(w.install);
	free(w.seen_install);
	if (ok)
		job->library = strdup(job->iso->plan.preload);
	if (ok && !asks_anything(w.o))	/* another tracer is all it wants */
		job_unisolate(job);
	return ok ? 0 : -1;
}
