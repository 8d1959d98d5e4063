/*
 * What a job with namespaces is to see (isolate.h): from the order to a list of mounts, every rule on them checked,
 * and the same list as the tracer needs it. Agent's thread, before the job's log is taken; makes dirs of the repo,
 * mounts nothing.
 */
#define _GNU_SOURCE
#include "isolate.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/beneath.h"

struct planner {
	struct job *job;
	struct ns_plan *p;
	const struct isolation_order *o;
	const char *root, *tmp;		/* physical */
	char *install, *seen_install;	/* NULL in seen_install: no mount is needed for it */
};

/* ---- names ---- */

static char *format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static char *format(const char *fmt, ...)
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
static bool covers(const char *dir, const char *name)
{
	size_t n = strlen(dir);

	return !strncmp(dir, name, n) && (!name[n] || name[n] == '/');
}

static bool related(const char *a, const char *b)
{
	return covers(a, b) || covers(b, a);
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

static const char *missing(const char *dir)
{
	struct stat st;

	if (stat(dir, &st) < 0)
		return strerror(errno);
	return S_ISDIR(st.st_mode) ? NULL : strerror(ENOTDIR);
}

static bool has_link(const char *path)
{
	char *real = realpath(path, NULL);
	bool differs = real && strcmp(real, path);

	free(real);
	return differs;
}

/* ---- the list ---- */

static struct ns_mount *add(struct ns_plan *p, char *at, char *from, bool inside)
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
	why = missing(chroot);
	if (why) {
		job_message(w->job, "chroot_dir %s : %s, consider : another dir, or / to keep the root", chroot, why);
		return false;
	}
	free(w->p->base);
	w->p->base = realpath(chroot, NULL);
	if (!w->p->base)
		abort();
	if (related(w->p->base, w->root) || (*w->tmp && related(w->p->base, w->tmp))) {
		job_message(w->job, "chroot_dir %s %s the repo, its files could not be told from those of the repo, "
			    "consider : a dir elsewhere, or views", chroot,
			    covers(w->root, w->p->base) ? "lies in" : "contains");
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
	add(w->p, at, from, false);
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
	else if (covers(w->root, w->tmp))
		w->p->seen_tmp = format("%s%s", w->p->seen_root, w->tmp + strlen(w->root));
	else
		w->p->seen_tmp = strdup(w->tmp);
	if (*w->tmp && (*view || (*w->p->base && !covers(w->root, w->tmp))))
		add(w->p, strdup(w->p->seen_tmp), strdup(w->tmp), false);
}

/* The installation of the job: of its own root if it is there, else of ours. */
static bool plan_install(struct planner *w)
{
	const char *named = *w->o->lmake_root ? w->o->lmake_root : agent.config.install, *view = w->o->lmake_view;
	char *within = format("%s%s/lib/liblmake_preload.so", w->p->base, named);
	char *native = format("%s/lib/liblmake_preload.so", named);
	bool own = *w->p->base && *w->o->lmake_root && !access(within, R_OK), found = own || !access(native, R_OK);

	free(within);
	free(native);
	if (!found) {
		job_message(w->job, "lmake_root %s : no lib/liblmake_preload.so there, consider : the dir of an "
			    "installed lmake",
			    named);
		return false;
	}
	w->install = own ? format("%s%s", w->p->base, named) : strdup(named);
	w->seen_install = strdup(*view ? view : named);
	w->p->preload = method_library(w->job->order.autodep, w->install, w->seen_install);
	if (*view || (*w->p->base && !own))
		add(w->p, strdup(w->seen_install), strdup(w->install), false);
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
	if (*w->p->base && !covers("/dev", logs))
		add(w->p, strdup(logs), strdup(logs), false);
	if (*w->p->base && strcmp(dir, logs) && !covers("/dev", dir))
		add(w->p, strdup(dir), strdup(dir), false);
	free(dir);
}

/* ---- views ---- */

/* Would the job no longer see what it needs of the installation, if this is mounted at that place? */
static bool hides_installation(const struct planner *w, const char *at)
{
	static const char *const needed[] = { "bin", "lib/liblmake_preload.so", "lib/hybrid", "lib/preload", "lib/python" };
	bool hides = false;

	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
		char *name = format("%s/%s", w->seen_install, needed[i]);

		hides |= covers(at, name);
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

	if (hides_installation(w, at)) {
		job_message(w->job, "view %s would hide the installation of lmake, %s, consider : a view on a smaller dir, or "
			    "lmake_view = '/lmake'",
			    at, w->seen_install);
		return true;
	}
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
		if (*kept[i].name && covers(at, kept[i].name)) {
			job_message(w->job, "view %s would hide %s, consider : a view on a smaller "
				    "dir", at, kept[i].what);
			return true;
		}
	if (*w->tmp && (covers(w->p->seen_tmp, at) || (!*w->p->base && covers(w->tmp, at)))) {
		job_message(w->job, "view %s is in the tmp dir, which is the job's own, consider : a dir "
			    "elsewhere", at);
		return true;
	}
	return false;
}

/* A view elsewhere than in the repo stands on a dir that is there, or right below the root. */
static bool place_is_missing(struct planner *w, const char *what, const char *at)
{
	char *there = format("%s%s", w->p->base, at);
	bool top = !strchr(at + 1, '/');
	const char *why = missing(there);
	bool link = !why && has_link(there);

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
	char *name = *dir == '/' ? strdup(dir) : format("%s/%s", w->root, dir), *real;
	bool in_repo = covers(w->root, name), in_tmp = *w->tmp && covers(w->tmp, name);
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
	why = why ? why : missing(name);
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
	bool in_tmp = *w->tmp && covers(w->tmp, m->from);
	char *beside = strdup(*w->tmp ? w->tmp : w->root);
	int rc;

	if (!beside)
		abort();
	*strrchr(beside, '/') = 0;
	lm_mkdirs(AT_FDCWD, NS_WORKS, 0700);
	if (*w->tmp)
		lm_mkdirs(AT_FDCWD, beside, 0777);
	if (same_device(in_tmp ? beside : m->from, NS_WORKS))
		m->work = format("%s/" NS_WORKS "/%llu.%u", w->root, (unsigned long long)w->job->order.small_id, i);
	else if (*w->tmp && (in_tmp || same_device(m->from, beside)))
		m->work = format("%s.work%u", w->tmp, i);
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

static bool plan_view(struct planner *w, const struct view_order *v, uint32_t i)
{
	char *at = *v->at == '/' ? strdup(v->at) : format("%s/%s", w->p->seen_root, v->at), *dir;
	bool inside = covers(w->p->seen_root, at);
	struct ns_mount *m;

	if (place_is_bad(w, at) || (!inside && place_is_missing(w, "view", at))) {
		free(at);
		return false;
	}
	dir = physical_dir(w, at, v->dirs[0], inside);
	if (!dir) {
		free(at);
		return false;
	}
	m = add(w->p, at, dir, inside);
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

/* ---- for the tracer ---- */

static void tell(struct ns_plan *p, const char *at, uint8_t layers)
{
	lm_put_bytes(&p->text, at, strlen(at) + 1);
	lm_put_u8(&p->text, layers);
	p->n_text++;
}

static void tell_layer(struct ns_plan *p, const char *dir, const char *look)
{
	lm_put_bytes(&p->text, dir, strlen(dir) + 1);
	lm_put_bytes(&p->text, look, strlen(look) + 1);
}

/* A mount that has nothing to do with what is recorded is not worth looking for. */
static bool matters(const struct planner *w, const char *at, const char *dir)
{
	if (related(at, w->root) || related(at, w->p->seen_root))
		return true;
	if (*w->p->base || related(dir, w->root) || (*w->tmp && related(dir, w->tmp)))
		return true;
	for (uint32_t i = 0; i < agent.config.n_dirs; i++) {
		const char *source = agent.config.dirs[i].physical;

		if (!strncmp(source, dir, strlen(dir)) || !strncmp(source, dir, strlen(source)))
			return true;
	}
	return false;
}

static void tell_all(struct planner *w)
{
	struct ns_plan *p = w->p;
	unsigned hidden = 0;

	if (*p->base) {
		const char *ours[] = { "/proc", "/dev" };

		tell(p, "", 1);
		tell_layer(p, p->base, "");
		for (int i = 0; i < 2; i++) {
			tell(p, ours[i], 1);
			tell_layer(p, ours[i], "");
		}
	}
	for (uint32_t i = 0; i < p->n_mounts; i++) {
		const struct ns_mount *m = &p->mounts[i];
		uint8_t n = 1;
		char look[32];

		if (!m->lower) {
			if (!matters(w, m->at, m->from))
				continue;
			tell(p, m->at, 1);
			tell_layer(p, m->from, "");
			continue;
		}
		while (m->lower[n - 1])
			n++;
		tell(p, m->at, n);
		for (uint8_t k = 0; k < n; k++) {
			snprintf(look, sizeof look, NS_HIDDEN "/%u", hidden++);
			tell_layer(p, k ? m->lower[k - 1] : m->from, look);
		}
	}
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
		if (*views[i].at && hides_installation(w, views[i].at)) {
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
		if (place_is_missing(w, views[i].what, place))
			return false;
		if (i != 1 && *w->p->seen_tmp && *o->tmp_view && related(views[i].at, o->tmp_view)) {
			job_message(w->job, "%s %s and tmp_view %s cover each other, consider : views "
				    "apart", views[i].what,
				    views[i].at, o->tmp_view);
			return false;
		}
		if ((i && covers(views[i].at, w->p->seen_root)) || (!i && !*w->p->base && covers(views[i].at,
			    w->root)) ||
		    covers(views[i].at, agent.config.logs)) {
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
	tell_all(w);
	p->point = format("%s/root", agent.config.logs);
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
