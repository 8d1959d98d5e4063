/*
 * One entry per file out of the many records of a job: those of its log, and those noted here (redirections, run-time
 * calls). Dates decide, not the order of arrival, since the processes of a job write side by side. The table is one,
 * reused by each merge; names stay in the log or in the job. Agent's thread.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../access/crc.h"
#include "../access/log.h"
#include "slots.h"

#define READS  (LM_L | LM_R | LM_T | LM_E | LM_LISTED | LM_EXISTED | LM_EXECUTED)
#define WRITES (LM_WRITE | LM_UNLINK | LM_MAYBE_WRITE)
#define EMPTY  UINT32_MAX

enum { KIND_L, KIND_R, KIND_T, KIND_E, KIND_OTHER };	/* L and R of an update come first */

static const uint32_t kind_bits[N_KINDS] = { LM_L, LM_R, LM_T, LM_E, LM_LISTED | LM_REQUIRED };

void noted_add(struct job *job, const struct noted *one)
{
	if (job->n_noted == job->cap_noted) {
		job->cap_noted = job->cap_noted ? 2 * job->cap_noted : 8;
		job->noted = realloc(job->noted, job->cap_noted * sizeof *job->noted);
		if (!job->noted)
			abort();
	}
	job->noted[job->n_noted] = *one;
	job->noted[job->n_noted].name = strdup(one->name);
	if (!job->noted[job->n_noted++].name)
		abort();
}

/* ---- the table ---- */

static uint32_t hash_of(const char *name, size_t n)
{
	uint64_t h = 0xcbf29ce484222325ull;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (uint8_t)name[i]) * 0x100000001b3ull;
	return (uint32_t)(h ^ h >> 32);
}

static void grow(struct merged *m)
{
	m->cap = m->cap ? 2 * m->cap : 256;
	m->list = realloc(m->list, m->cap * sizeof *m->list);
	free(m->table);
	m->mask = 4 * m->cap - 1;
	m->table = malloc((m->mask + 1ull) * sizeof *m->table);
	if (!m->list || !m->table)
		abort();
	memset(m->table, 0xff, (m->mask + 1ull) * sizeof *m->table);
	for (uint32_t i = 0; i < m->n; i++) {
		uint32_t at = m->list[i].hash & m->mask;

		while (m->table[at] != EMPTY)
			at = (at + 1) & m->mask;
		m->table[at] = i;
		m->list[i].at = at;
	}
}

/* The table is taken out entry by entry: a big job may have left it large. */
static void clear(struct merged *m)
{
	for (uint32_t i = 0; i < m->n; i++)
		m->table[m->list[i].at] = EMPTY;
	m->n = 0;
	m->refused = m->warned = NULL;
	m->overflow = false;
}

static struct access *find(struct merged *m, const char *name)
{
	size_t len = strlen(name);
	uint32_t hash = hash_of(name, len), at;
	struct access *a;

	if (m->n == m->cap)
		grow(m);
	for (at = hash & m->mask; m->table[at] != EMPTY; at = (at + 1) & m->mask) {
		a = &m->list[m->table[at]];
		if (a->hash == hash && !strcmp(a->name, name))
			return a;
	}
	m->table[at] = m->n;
	a = &m->list[m->n++];
	*a = (struct access){ .name = name, .hash = hash, .at = at, .sig = LM_SIG_UNKNOWN, .end_sig = LM_SIG_UNKNOWN };
	return a;
}

/* ---- one record ---- */

static void earliest(int64_t *at, int64_t date)
{
	if (!*at || date < *at)
		*at = date;
}

static void see_sig(struct access *a, const struct noted *r)
{
	bool earlier = !a->first || r->date < a->first;

	/* A later record may know what the first did not look at, as long as the job has not written. */
	if (earlier ? r->sig != LM_SIG_UNKNOWN || a->sig == LM_SIG_UNKNOWN :
		      a->sig == LM_SIG_UNKNOWN && r->sig && !a->write && !a->maybe) {
		a->sig = r->sig;
		a->mtime = r->mtime;
	}
	earliest(&a->first, r->date);
	if (!(r->bits & READS) || r->sig == LM_SIG_UNKNOWN)
		return;
	if (!a->seen) {
		a->seen = true;
		a->read_sig = r->sig;
	} else if (r->sig != a->read_sig) {
		earliest(&a->other_sig, r->date);
	}
}

/*
 * A write was announced with the link and the existence it depends on, and now it is confirmed: these are no reads
 * before the write, and get its date. An announcement before it, of a call that failed, keeps its own.
 */
static void confirm(struct access *a, const struct noted *r)
{
	if (r->sig != LM_SIG_UNKNOWN || r->mtime || !a->announced)
		return;
	if (a->kind[KIND_R] != a->announced) {	/* of a rename or an update all is read */
		if (a->kind[KIND_L] == a->announced)
			a->kind[KIND_L] = r->date;
		if (a->kind[KIND_T] == a->announced)
			a->kind[KIND_T] = r->date;
	}
	a->announced = 0;
}

static void add(struct merged *m, const struct noted *given)
{
	struct access *a = find(m, given->name);
	struct noted r = *given;

	if (r.bits & LM_IGNORE_READ)
		earliest(&a->ignore_read, r.date);
	if (r.bits & LM_IGNORE_WRITE)
		earliest(&a->ignore_write, r.date);
	if (a->ignore_read && r.date >= a->ignore_read)
		r.bits &= ~(uint32_t)(READS | LM_REQUIRED);
	if (a->ignore_write && r.date >= a->ignore_write)
		r.bits &= ~(uint32_t)WRITES;
	a->bits |= r.bits;
	a->dep_flags |= r.dep_flags;
	a->target_flags |= r.target_flags;
	if (r.group && !a->group)
		a->group = r.group;
	if (!r.bits && !r.group && !r.target_flags)
		return;
	for (int k = 0; k < N_KINDS; k++)
		if (r.bits & kind_bits[k])
			earliest(&a->kind[k], r.date);
	if (r.group && !(r.bits & (LM_ALLOW | WRITES)))
		earliest(&a->kind[KIND_OTHER], r.date);
	see_sig(a, &r);
	if (r.bits & LM_MAYBE_WRITE)
		a->announced = r.date;
	if (r.bits & (LM_WRITE | LM_UNLINK)) {
		confirm(a, &r);
		earliest(&a->write, r.date);
	} else if (r.bits & LM_MAYBE_WRITE && (!a->maybe || r.date < a->maybe)) {
		a->maybe = r.date;
		a->maybe_sig = r.sig;
	}
	if (r.bits & WRITES && r.bits & LM_R)	/* a rename reads what it takes away */
		earliest(&a->updated, r.date);
	if (r.bits & LM_ALLOW)
		earliest(&a->allowed, r.date);
}

static int on_record(const struct lm_record *rec, void *arg)
{
	struct merged *m = arg;
	struct noted r = {
		.name = (char *)rec->path, .bits = rec->bits, .date = rec->date, .sig = rec->sig, .mtime = rec->mtime,
	};

	if (rec->bits & LM_REFUSED) {
		if (!m->refused)
			m->refused = rec->path;
	} else if (rec->bits & LM_WARNED) {
		m->warned = rec->path;
	} else {
		add(m, &r);
	}
	return 0;
}

/* ---- the verdict on one file ---- */

/* Announced but never confirmed (the process died in the call, or the call failed): the disk tells. */
static void settle_maybe(struct access *a)
{
	int64_t date;
	uint64_t now;

	a->bits &= ~(uint32_t)LM_MAYBE_WRITE;
	if (a->write)
		return;
	now = name_sig_physical(a->name, &date);
	if (a->maybe_sig == LM_SIG_UNKNOWN ? now && date < a->maybe : now == a->maybe_sig)
		return;
	a->bits |= now ? LM_WRITE : LM_UNLINK;
	a->write = a->maybe;
}

/* Reads count before the first write and before the file was declared a target; on equal dates the target wins. */
static void drop_late_reads(struct access *a)
{
	int64_t limit = a->write ? a->write : INT64_MAX;
	bool early = false;

	if (a->allowed && a->allowed < limit && !(a->target_flags & LM_TGT_SOURCE_OK))
		limit = a->allowed;
	if (limit == INT64_MAX)
		return;
	for (int k = 0; k < N_KINDS; k++)
		/* Opened for update: reading comes first, though both have one date. */
		if (a->kind[k] && (a->kind[k] < limit || (k <= KIND_R && a->updated == limit && a->kind[k] == limit)))
			early = true;
	if (!early) {
		if (a->write && a->bits & READS)
			a->bits |= LM_READ_LATE;
		return;
	}
	for (int k = 0; k < N_KINDS; k++)
		if (a->kind[k] > limit || (a->kind[k] == limit && !(k <= KIND_R && a->updated == limit))) {
			a->bits &= ~kind_bits[k];
			a->kind[k] = 0;
		}
}

static void conclude(struct access *a)
{
	if (a->bits & LM_MAYBE_WRITE)
		settle_maybe(a);
	if (a->other_sig && (!a->write || a->other_sig < a->write))
		a->bits |= LM_UNSTABLE;
	drop_late_reads(a);
	for (int k = 0; k < N_KINDS; k++)
		if (a->kind[k])
			earliest(&a->read, a->kind[k]);
}

/* First access first; what was only wanted, and never touched, last. */
static int by_date(const void *x, const void *y)
{
	const struct access *a = x, *b = y;
	uint64_t da = (uint64_t)a->first - 1, db = (uint64_t)b->first - 1;

	if (da != db)
		return da < db ? -1 : 1;
	return strcmp(a->name, b->name);
}

struct merged *merge_job(struct job *job)
{
	static struct merged table;
	struct merged *m = &table;
	bool sorted = true;

	clear(m);
	for (uint32_t i = 0; i < job->n_noted; i++)
		add(m, &job->noted[i]);
	if (job->slot) {
		lm_slot_iterate(&job->slot->log, on_record, m);
		m->overflow = lm_slot_overflowed(&job->slot->log);
	}
	for (uint32_t i = 0; i < job->order.n_wanted; i++)
		find(m, job->order.wanted[i])->wanted = true;
	for (uint32_t i = 0; i < m->n; i++) {
		conclude(&m->list[i]);
		sorted = sorted && (!i || by_date(&m->list[i - 1], &m->list[i]) < 0);
	}
	if (!sorted)
		qsort(m->list, m->n, sizeof *m->list, by_date);
	return m;
}
