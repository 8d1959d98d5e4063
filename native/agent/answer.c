/* What a call from inside a job means for its accesses (see calls.h). Agent's thread. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../access/crc.h"
#include "../access/log.h"
#include "../access/mounts.h"
#include "../access/resolve.h"
#include "calls.h"
#include "isolate.h"
#include "slots.h"

struct job *call_owner(uint64_t token)
{
	for (struct job *job = agent.jobs; token && job; job = job->next)
		if (job->slot && job->slot->token == token)
			return job;
	return NULL;
}

int call_read(struct call *c, struct lm_reader *r)
{
	size_t n = (size_t)(r->end - r->p);
	struct lm_reader own;

	call_free(c);
	c->frame = malloc(n + 1);
	if (!c->frame)
		abort();
	memcpy(c->frame, r->p, n);
	own = (struct lm_reader){ c->frame, c->frame + n, false };
	c->verb = lm_get_u8(&own);
	c->options = lm_get_u32(&own);
	c->dep_flags = lm_get_u32(&own);
	c->target_flags = lm_get_u32(&own);
	c->delay_ms = lm_get_u32(&own);
	c->cwd = lm_get_cstr(&own);
	c->n_args = lm_get_count(&own, 4);
	c->args = calloc(c->n_args + 1, sizeof *c->args);
	if (!c->args)
		abort();
	for (uint32_t i = 0; i < c->n_args; i++)
		c->args[i] = lm_get_cstr(&own);
	if (!lm_read_all(&own) || c->verb < LM_VERB_DEPEND || c->verb > LM_VERB_CONDEMN || *c->cwd != '/')
		return -EPROTO;
	return 0;
}

void call_free(struct call *c)
{
	for (uint32_t i = 0; i < c->n_names; i++)
		free(c->names[i]);
	free(c->names);
	free(c->args);
	free(c->frame);
	*c = (struct call){ 0 };
}

struct crossing {
	struct job *job;
	uint32_t dep_flags;
};

/* Who does without a file in error does without what leads to it: a link that is gone would not be met at all from nothing. */
static void note_link(void *arg, const char *name)
{
	const struct crossing *x = arg;
	struct noted n = {
		.name = (char *)name, .bits = LM_L | LM_EXISTED, .date = now_real(),
		.dep_flags = x->dep_flags & LM_DEP_IGNORE_ERROR,
	};

	n.sig = name_sig(name, &n.mtime);
	noted_add(x->job, &n);
}

static void note_patterns(struct job *job, const struct call *c)
{
	struct lm_buf *b = &job->patterns.buf;
	uint32_t dep = c->dep_flags, target = c->target_flags;

	if (c->options & LM_OPT_IGNORE)
		dep |= LM_DEP_IGNORE;
	if (c->verb == LM_VERB_TARGET) {
		target |= c->options & LM_OPT_IGNORE ? LM_TGT_IGNORE : 0;
		target |= c->options & LM_OPT_NO_ALLOW ? 0 : LM_TGT_ALLOW;
	} else if (!(c->options & LM_OPT_NO_REQUIRED)) {
		dep |= LM_DEP_REQUIRED;
	}
	for (uint32_t i = 0; i < c->n_args; i++) {
		lm_put_cstr(b, c->args[i]);
		lm_put_u8(b, c->verb == LM_VERB_TARGET ? 2 : 1);
		lm_put_u32(b, dep);
		lm_put_u32(b, target);
		lm_put_u64(b, (uint64_t)now_real());
		job->patterns.n++;
	}
}

/* ---- names, as the job sees them ---- */

struct caller_view {
	struct lm_view v;
	const char *cwd;
};

static const char *cwd_of(const struct lm_view *v, char *buf, uint32_t *len)
{
	const char *cwd = ((const struct caller_view *)v)->cwd;

	*len = (uint32_t)strlen(cwd);
	return *len < LM_PATH_MAX ? memcpy(buf, cwd, *len + 1) : NULL;
}

/* Of a job with mounts of its own: what is found is looked for by its eyes. Links are recorded in its log. */
static int resolve_seen(struct job *job, const struct call *c, const char *name, bool follow, struct resolved *to)
{
	struct lm_log_header *log = job->slot->log.log;
	static struct lm_path path;
	struct lm_area area;
	struct caller_view view = {
		.v = { .area = &area, .pid = c->pid, .foreign_root = 1, .cwd = cwd_of }, .cwd = c->cwd,
	};
	char buf[LM_PATH_MAX];
	uint32_t layer = 0, layers;
	struct stat st;

	if (lm_area_init(&area, log, log, log->token) < 0)
		return -ESTALE;
	lm_resolve(&view.v, &path, AT_FDCWD, name, follow);
	if (path.none)
		return -ENAMETOOLONG;
	layers = lm_layers(&area, path.real, path.len);
	/* What is declared is the file that is seen; a new one would be in the upper layer. */
	while (c->verb == LM_VERB_DEPEND && layer < layers - 1 &&
	       lm_layer_lstat(&view.v, path.real, path.len, layer, &st) < 0)
		layer++;
	if (layers > 1 && layer == layers - 1 && lm_layer_lstat(&view.v, path.real, path.len, layer, &st) < 0)
		layer = 0;
	if (layers > 1 && c->verb == LM_VERB_DEPEND && c->options & LM_OPT_READ)
		lm_note(&view.v, path.real, path.len, LM_L | LM_R, LM_SIG_NONE, 0);
	if (lm_physical(&area, path.real, path.len, layer, buf) < 0)
		return -ENAMETOOLONG;
	return name_report(*buf ? buf : "/", to);
}

static int resolve(struct job *job, const struct call *c, const char *name, bool follow, struct resolved *to,
	    link_fn link)
{
	if (job->iso && job->iso->plan.n_text && c->pid)
		return resolve_seen(job, c, name, follow, to);
	return name_resolve(c->cwd, name, follow, to, link, &(struct crossing){ job, c->dep_flags });
}

static const char *physical_cwd(struct job *job, const struct call *c, char *buf)
{
	struct lm_log_header *log = job->slot->log.log;
	struct lm_area area;

	if (!job->iso || !job->iso->plan.n_text || lm_area_init(&area, log, log, log->token) < 0 ||
	    lm_physical(&area, c->cwd, (uint32_t)strlen(c->cwd), 0, buf) < 0)
		return c->cwd;
	return buf;
}

/* What every file of the call gets. */
static struct noted model(struct job *job, const struct call *c)
{
	struct noted n = { .date = now_real(), .dep_flags = c->dep_flags, .target_flags = c->target_flags };

	if (c->verb == LM_VERB_DEPEND) {
		n.group = ++job->groups;
		if (c->options & LM_OPT_IGNORE)
			n.bits |= LM_IGNORE_READ;
		else if (!(c->options & LM_OPT_NO_REQUIRED))
			n.bits |= LM_REQUIRED;
		if (n.bits & LM_REQUIRED)
			n.dep_flags |= LM_DEP_REQUIRED;
		return n;
	}
	if (c->options & LM_OPT_IGNORE)
		n.bits |= LM_IGNORE_READ | LM_IGNORE_WRITE;
	else if (!(c->options & LM_OPT_NO_ALLOW))
		n.bits |= LM_ALLOW;
	if (n.bits & LM_ALLOW)
		n.target_flags |= LM_TGT_ALLOW;
	if (c->options & LM_OPT_WRITE)
		n.bits |= LM_WRITE;
	return n;
}

void call_note(struct job *job, struct call *c)
{
	struct resolved to;
	struct noted n;

	if (c->options & LM_OPT_REGEXPR) {
		note_patterns(job, c);
		return;
	}
	n = model(job, c);
	c->first_noted = job->n_noted;
	c->names = calloc(c->n_args + 1, sizeof *c->names);
	if (!c->names)
		abort();
	c->n_names = c->n_args;
	for (uint32_t i = 0; i < c->n_args; i++) {
		if (resolve(job, c, c->args[i], c->options & LM_OPT_FOLLOW, &to, note_link) < 0 ||
		    to.where == NAME_OUTSIDE)
			continue;
		n.name = to.name;
		n.sig = name_sig(n.name, &n.mtime);
		noted_add(job, &n);
		/* The root is no file: it can be said that it may be listed, and nothing can be asked of it. */
		if (to.where != NAME_ROOT)
			c->names[i] = strdup(to.name);
	}
	c->end_noted = job->n_noted;
}

/* What was built while the caller waited is what it finds; what was there before was seen by nobody. */
static void note_built(struct job *job, const struct call *c)
{
	for (uint32_t i = c->first_noted; i < c->end_noted; i++)
		job->noted[i].sig = name_sig(job->noted[i].name, &job->noted[i].mtime);
}

void call_note_reads(struct job *job, const struct call *c)
{
	struct noted n = { .bits = LM_L | LM_R, .date = now_real(), .group = job->groups };

	if (c->verb == LM_VERB_DEPEND && c->options & LM_OPT_DIRECT)
		note_built(job, c);
	if (!(c->options & LM_OPT_READ) || c->verb != LM_VERB_DEPEND)
		return;
	for (uint32_t i = 0; i < c->n_names; i++) {
		if (!c->names[i])
			continue;
		n.name = c->names[i];
		n.sig = name_sig(n.name, &n.mtime);
		n.bits = LM_L | LM_R | (n.sig ? LM_EXISTED : 0);
		noted_add(job, &n);
	}
}

/* ---- lists ---- */

/* A reported name as seen from a dir of the repo (below: "" or "a/b"), absolute elsewhere. */
static void put_seen_from(struct tally *t, const char *root, const char *dir, bool inside, const char *name)
{
	char text[3 * PATH_MAX];
	size_t common = 0, n = 0;

	if (*name == '/') {
		snprintf(text, sizeof text, "%s", name);
	} else if (!inside) {
		snprintf(text, sizeof text, "%s/%s", root, name);
	} else {
		for (size_t i = 0; dir[i] && dir[i] == name[i]; i++)
			if (dir[i] == '/')
				common = i + 1;
		if (*dir && !strncmp(dir, name, strlen(dir)) && name[strlen(dir)] == '/')
			common = strlen(dir) + 1;
		for (const char *up = common > strlen(dir) ? "" : dir + common; *up; ) {
			n += (size_t)snprintf(text + n, sizeof text - n, "../");
			up += strcspn(up, "/");
			up += *up == '/';
		}
		snprintf(text + n, sizeof text - n, "%s", name + common);
	}
	lm_put_cstr(&t->buf, text);
	t->n++;
}

/* Options of a list: stay below a dir, match a pattern. Returns false for a pattern that is none. */
static bool compile(const struct call *c, regex_t *re, bool *with)
{
	char *whole;
	int rc;

	*with = c->n_args > 1 && *c->args[1];
	if (!*with)
		return true;
	if (asprintf(&whole, "^(%s)$", c->args[1]) < 0)
		abort();
	rc = regcomp(re, whole, REG_EXTENDED | REG_NOSUB);
	free(whole);
	return !rc;
}

static bool is_below(const char *dir, const char *name)
{
	size_t n = strlen(dir);

	return !n || (!strncmp(dir, name, n) && (name[n] == '/' || !name[n]));
}

uint8_t call_list(struct job *job, const struct call *c, struct tally *lines)
{
	struct resolved cwd, dir = { .name = "" };
	bool inside, with, targets = c->verb == LM_VERB_LIST_TARGETS, at_root;
	char buf[LM_PATH_MAX];
	struct merged *m;
	regex_t re;

	at_root = !strcmp(physical_cwd(job, c, buf), agent.config.root);
	inside = at_root || (!name_report(physical_cwd(job, c, buf), &cwd) && cwd.where == NAME_REPO);
	if (at_root)
		cwd.name[0] = 0;
	if (c->n_args && *c->args[0]) {
		if (resolve(job, c, c->args[0], true, &dir, NULL) < 0)
			return 1;
		if (dir.where == NAME_ROOT)
			dir.name[0] = 0;
	}
	if (!compile(c, &re, &with))
		return 11;
	m = merge_job(job);
	for (uint32_t i = 0; i < m->n; i++) {
		const struct access *a = &m->list[i];

		if (!strcmp(a->name, ".") || (targets ? !a->write : !a->read || a->bits & LM_READ_LATE))
			continue;
		if (is_below(dir.name, a->name) && (!with || !regexec(&re, a->name, 0, NULL, 0)))
			put_seen_from(lines, job->iso ? job->iso->plan.seen_root : agent.config.root, cwd.name,
				    inside, a->name);
	}
	if (with)
		regfree(&re);
	return 0;
}
