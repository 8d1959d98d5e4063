/* The report of lautodep (see lautodep.h), from the accesses as the agent merges them. */
#define _GNU_SOURCE
#include "lautodep.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "../access/crc.h"
#include "../access/log.h"
#include "../agent/slots.h"

#define LISTED_ADVICE "lautodep : dir was listed : %s, consider : -D, or readdir_ok in the rule\n"

static bool is_dir(const char *name)
{
	struct stat st;

	return !lstat(name, &st) && S_ISDIR(st.st_mode);
}

/* A name is a target as long as something was made or removed: what came and went in between is nothing to anybody. */
static bool is_target(const struct access *a)
{
	int64_t date;

	return a->write && (a->sig > LM_SIG_UNKNOWN || name_sig_physical(a->name, &date));
}

static bool is_dep(const struct access *a)
{
	const uint32_t kinds = LM_L | LM_R | LM_T | LM_E | LM_REQUIRED;

	return a->read && strcmp(a->name, ".") && !(a->bits & LM_READ_LATE) && (a->bits & kinds || a->group);
}

static int by_name(const void *x, const void *y)
{
	return strcmp((*(const struct access *const *)x)->name, (*(const struct access *const *)y)->name);
}

static int by_read(const void *x, const void *y)
{
	const struct access *a = *(const struct access *const *)x, *b = *(const struct access *const *)y;

	return a->read != b->read ? a->read < b->read ? -1 : 1 : strcmp(a->name, b->name);
}

/* Is there, in a list sorted by name, a file below this dir? It says all that the dir does. */
static bool has_below(struct access *const *list, size_t n, const char *dir)
{
	size_t len = strlen(dir), low = 0, high = n;

	while (low < high) {	/* the first name that is not before "dir/" */
		size_t middle = (low + high) / 2;
		int order = strncmp(list[middle]->name, dir, len);

		if (order < 0 || (!order && (unsigned char)list[middle]->name[len] < '/'))
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && !strncmp(list[low]->name, dir, len) && list[low]->name[len] == '/';
}

static bool together(const struct access *a, const struct access *b)
{
	return a->read == b->read || (a->group && a->group == b->group);
}

static void put_mark(const struct wish *wish, const struct access *a, bool after, bool before, FILE *to)
{
	static const char letters[] = "LRTEWUD";
	static const char *const marks[] = { "  ", "/ ", "\\ ", "| " };
	const uint32_t kept = a->bits & (is_dep(a) || is_target(a) ? ~0u : ~(uint32_t)LM_EXISTED);

	if (!wish->accesses) {
		fputs(marks[after * 2 + before], to);
		return;
	}
	for (int i = 0; letters[i]; i++)
		if (kept & 1u << i)
			fputc(letters[i], to);
	if (kept & LM_EXECUTED)
		fputc('X', to);
	fputc(' ', to);
}

static void put_targets(const struct wish *wish, const struct merged *m, FILE *to)
{
	fputs("targets :\n", to);
	for (uint32_t i = 0; i < m->n; i++)
		if (wish->accesses ? m->list[i].write : is_target(&m->list[i])) {
			if (wish->accesses)
				put_mark(wish, &m->list[i], false, false, to);
			fprintf(to, "%s\n", m->list[i].name);
		}
}

static void put_deps(const struct wish *wish, struct merged *m, FILE *to)
{
	struct access **named = calloc(m->n + 1, sizeof *named), **deps = calloc(m->n + 1, sizeof *deps);
	size_t n = 0;

	if (!named || !deps)
		abort();
	for (uint32_t i = 0; i < m->n; i++)
		named[i] = &m->list[i];
	qsort(named, m->n, sizeof *named, by_name);
	for (uint32_t i = 0; i < m->n; i++) {
		struct access *a = &m->list[i];

		/* All that is known when asked for it; else what counts. */
		if (wish->accesses ? !a->write && a->bits & ~(uint32_t)LM_EXISTED :
				     is_dep(a) && !(is_dir(a->name) && has_below(named, m->n, a->name)))
			deps[n++] = a;
	}
	qsort(deps, n, sizeof *deps, by_read);
	fputs("deps :\n", to);
	for (size_t i = 0; i < n; i++) {
		put_mark(wish, deps[i], i && together(deps[i - 1], deps[i]), i + 1 < n && together(deps[i], deps[i + 1]), to);
		fprintf(to, "%s\n", deps[i]->name);
	}
	free(named);
	free(deps);
}

/* The messages of the job, one a line, as they stand in its tally. */
static void put_messages(const struct job *job)
{
	struct lm_reader r = { job->messages.buf.data, job->messages.buf.data + job->messages.buf.len, false };

	for (uint32_t i = 0; i < job->messages.n; i++)
		fprintf(stderr, "lautodep : %s\n", lm_get_cstr(&r));
}

static int verdict(const struct job *job, const struct merged *m)
{
	const char *why = job->broken ? "the tracer of system calls failed" : m->refused ? m->refused :
			  m->overflow ? "the log of accesses is full, the report is not complete" : NULL;

	if (why)
		fprintf(stderr, "lautodep : %s\n", why);
	if (why || job->not_started || job->killed)
		return 1;
	return WIFSIGNALED(job->wait_status) ? 128 + WTERMSIG(job->wait_status) : WEXITSTATUS(job->wait_status);
}

int tell(const struct wish *wish, struct job *job, FILE *to)
{
	struct merged *m = merge_job(job);

	put_messages(job);
	put_targets(wish, m, to);
	put_deps(wish, m, to);
	for (uint32_t i = 0; i < m->n && !wish->readdir_ok; i++)
		if (m->list[i].bits & LM_LISTED)
			fprintf(stderr, LISTED_ADVICE, m->list[i].name);
	return verdict(job, m);
}
