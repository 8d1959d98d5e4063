/* The one report of a job, END: how it ended, what it said, what it touched. Agent's thread. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../access/crc.h"
#include "../access/log.h"
#include "../lib/beneath.h"
#include "slots.h"

#define OVERFLOW "the log of accesses is full, its result cannot be trusted, consider : split the job"

static bool is_ours(const char *name)
{
	if (*name != '/')
		return true;
	for (uint32_t i = 0; i < agent.config.n_dirs; i++)
		if (!strncmp(name, agent.config.dirs[i].name, strlen(agent.config.dirs[i].name)))
			return true;
	return false;
}

static bool is_written(const struct access *a)
{
	return a->wanted || a->bits & (LM_WRITE | LM_UNLINK);
}

/* Nothing was done: no write that came about, no word of a call. */
static bool is_void(const struct access *a)
{
	return !a->bits && !a->wanted && !a->group && !a->dep_flags && !a->target_flags;
}

/*
 * What a file that was written, or wanted, is now; its size is returned, near enough. A dir that has become a link since
 * leads to a file of another name, which is not looked at. No crc of what a killed job has left: nobody will use it.
 */
static uint64_t look_at_written(struct access *a, bool killed)
{
	const char *leaf = a->name;
	struct stat st;
	int64_t date;
	int dir = *a->name == '/' ? AT_FDCWD : lm_parent_open(AT_FDCWD, a->name, &leaf);
	bool there;

	a->end_sig = LM_SIG_NONE;
	a->crc = killed ? LM_CRC_UNKNOWN : LM_CRC_NONE;
	if (dir < 0 && dir != AT_FDCWD)
		return 0;
	there = !fstatat(dir, leaf, &st, AT_SYMLINK_NOFOLLOW);
	if (!killed)
		lm_crc_at(dir, leaf, &a->crc, &a->end_sig, &date);
	else if (there)
		a->end_sig = lm_sig_of(&st);
	if (dir != AT_FDCWD)
		close(dir);
	return there && a->end_sig > LM_SIG_UNKNOWN && (a->wanted || a->bits & LM_WRITE) ? (uint64_t)st.st_size : 0;
}

/* Those first, as they tell whether the job has made links: then names that were only read may lead elsewhere, too. */
static uint64_t look_at_end(struct merged *m, bool killed)
{
	bool links = killed;
	uint64_t made = 0;
	int64_t date;

	for (uint32_t i = 0; i < m->n; i++) {
		struct access *a = &m->list[i];

		if (is_void(a) || !is_written(a) || !is_ours(a->name))
			continue;
		made += look_at_written(a, killed);
		links = links || a->crc == LM_CRC_UNKNOWN || (a->crc > LM_CRC_EMPTY && a->crc & 1);
	}
	for (uint32_t i = 0; i < m->n; i++) {
		struct access *a = &m->list[i];

		if (!is_void(a) && !is_written(a) && is_ours(a->name))
			a->end_sig = links ? name_sig_physical(a->name, &date) : name_sig(a->name, &date);
	}
	return made;
}

static void put_access(struct lm_buf *b, const struct access *a)
{
	lm_put_cstr(b, a->name);
	lm_put_u32(b, a->bits);
	lm_put_u64(b, (uint64_t)a->read);
	lm_put_u64(b, (uint64_t)a->write);
	lm_put_u64(b, (uint64_t)a->allowed);
	lm_put_u64(b, a->sig);
	lm_put_u64(b, a->end_sig);
	lm_put_u64(b, (uint64_t)a->mtime);
	lm_put_u64(b, a->crc);
	lm_put_u32(b, a->group);
	lm_put_u32(b, a->dep_flags);
	lm_put_u32(b, a->target_flags);
}

/* Returns the size of what the job has made. */
static uint64_t put_accesses(struct lm_buf *b, struct merged *m, bool killed)
{
	size_t count = b->len;
	uint64_t made = look_at_end(m, killed);
	uint32_t n = 0;

	lm_put_u32(b, 0);
	for (uint32_t i = 0; i < m->n; i++) {
		if (is_void(&m->list[i]))
			continue;
		put_access(b, &m->list[i]);
		n++;
	}
	lm_set_u32(b, count, n);
	return made;
}

static enum outcome outcome_of(const struct job *job, const struct merged *m)
{
	if (job->not_started)
		return OUT_CANNOT_START;
	if (job->killed)
		return job->killed;
	if (m->refused || m->overflow)
		return OUT_REFUSED;
	return WIFSIGNALED(job->wait_status) ? OUT_SIGNALED : OUT_EXITED;
}

static uint64_t ns_of(const struct timeval *t)
{
	return (uint64_t)t->tv_sec * 1000000000ull + (uint64_t)t->tv_usec * 1000ull;
}

static void say_dropped(struct job *job, const char *what, const struct stream *s)
{
	if (s->dropped)
		job_message(job, "%s was truncated : %llu bytes kept, %llu dropped", what,
			    (unsigned long long)s->kept.len, (unsigned long long)s->dropped);
}

static void put_messages(struct lm_buf *b, struct job *job, const struct merged *m)
{
	const char *first = job->broken ? "the tracer of system calls failed, see the log of the server" :
			    m->refused ? m->refused : m->overflow ? OVERFLOW : NULL;

	if (m->warned)
		job_message(job, "%s", m->warned);
	say_dropped(job, "stdout", &job->out);
	say_dropped(job, "stderr", &job->err);
	lm_put_u32(b, job->messages.n + (first ? 1 : 0));
	if (first)
		lm_put_cstr(b, first);
	lm_put_bytes(b, job->messages.buf.data, job->messages.buf.len);
}

static void put_tally(struct lm_buf *b, const struct tally *t)
{
	lm_put_u32(b, t->n);
	lm_put_bytes(b, t->buf.data, t->buf.len);
}

/* Only of a job that is all right so far. */
static void check_paths(struct job *job, struct merged *m)
{
	static char sentence[PATH_MAX + 300];

	if (!(job->order.iso.flags & ISO_CHECK_PATHS) || outcome_of(job, m) != OUT_EXITED || job->wait_status)
		return;
	for (uint32_t i = 0; i < m->n; i++) {
		const struct access *a = &m->list[i];

		if (!(a->bits & LM_WRITE) || *a->name == '/' || !holds_root(a->name))
			continue;
		if (m->refused) {
			job_message(job, "the name of the repo is also in %s", a->name);
			continue;
		}
		snprintf(sentence, sizeof sentence, "the name of the repo (%s) is in %s, which check_abs_paths "
			    "forbids, "
			 "consider : relative names, or repo_view", agent.config.root, a->name);
		m->refused = sentence;
	}
}

void job_report(struct job *job)
{
	struct merged *m = merge_job(job);
	enum outcome outcome = (check_paths(job, m), outcome_of(job, m));
	struct lm_buf *b = &agent.out;
	size_t at = lm_frame_open(b, LM_END), size;
	uint64_t made;

	if (!job->end)
		job->end = now_real();
	lm_put_u64(b, job->order.seq);
	lm_put_u8(b, (uint8_t)outcome);
	lm_put_u32(b, (uint32_t)(job->exited || job->not_started ? job->wait_status : SIGKILL));
	lm_put_u64(b, (uint64_t)job->start);
	lm_put_u64(b, (uint64_t)job->end);
	lm_put_u64(b, ns_of(&job->usage.ru_utime));
	lm_put_u64(b, ns_of(&job->usage.ru_stime));
	lm_put_u64(b, (uint64_t)job->usage.ru_maxrss * 1024);
	size = b->len;
	lm_put_u64(b, 0);
	lm_put_str(b, job->out.kept.data, job->out.kept.len);
	lm_put_str(b, job->err.kept.data, job->err.kept.len);
	put_messages(b, job, m);
	put_tally(b, &job->pre_done);
	made = put_accesses(b, m, outcome == OUT_KILLED || outcome == OUT_CHECK_DEPS || outcome == OUT_CANNOT_START);
	lm_set_u64(b, size, made);
	put_tally(b, &job->patterns);
	lm_frame_close(b, at);
}
