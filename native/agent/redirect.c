/*
 * Standard input and outputs of a job: files, which count as accesses, or pipes drained by the loop so that a job never
 * waits for us; no more than the given amount is kept in memory. Agent's thread.
 */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../access/crc.h"
#include "../access/log.h"

#define TURN_READS 4		/* per pipe and turn of the loop: others want their share */
#define LAST_READS 64		/* more than a pipe holds, but not for ever: a daemon may still write */

/* ---- files ---- */

static void note_link(void *arg, const char *name)
{
	struct noted n = { .name = (char *)name, .bits = LM_L | LM_EXISTED, .date = now_real() };

	n.sig = name_sig(name, &n.mtime);
	noted_add(arg, &n);
}

/* Record what opening `name` touches; sig and date are those before. */
static void note_file(struct job *job, const char *name, uint32_t bits)
{
	struct resolved to;
	struct noted n = { .name = to.name, .bits = bits, .date = now_real() };

	if (name_resolve(agent.config.root, name, true, &to, note_link, job) < 0 || to.where == NAME_OUTSIDE ||
	    to.where == NAME_ROOT)
		return;
	n.sig = name_sig(to.name, &n.mtime);
	if (n.sig && !(bits & LM_WRITE))
		n.bits |= LM_EXISTED;
	noted_add(job, &n);
}

static int open_in(struct job *job)
{
	const char *name = job->order.in;
	int fd;

	if (!*name)
		return agent.dev_null;
	note_file(job, name, LM_L | LM_R);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		job_message(job, "cannot open stdin %s : %s, consider : make it a dep of the rule", name,
			    strerror(errno));
	return fd;
}

static int open_out(struct job *job)
{
	const char *name = job->order.out;
	int fd;

	note_file(job, name, LM_L | LM_WRITE);
	fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		job_message(job, "cannot open stdout %s : %s, consider : check its permissions and those of its dir",
			    name, strerror(errno));
	return fd;
}

/* ---- pipes ---- */

static void keep(struct stream *s, const char *data, size_t n)
{
	size_t room = agent.config.max_stderr > s->kept.len ? agent.config.max_stderr - s->kept.len : 0;
	size_t kept = n < room ? n : room;

	lm_put_bytes(&s->kept, data, kept);
	s->dropped += n - kept;
	if (s->live) {
		size_t at = lm_frame_open(&agent.out, LM_LIVE);

		lm_put_u64(&agent.out, s->job->order.seq);
		lm_put_bytes(&agent.out, data, n);
		lm_frame_close(&agent.out, at);
	}
}

void stream_drain(struct stream *s, bool to_the_end)
{
	static char block[65536];
	int reads = to_the_end ? LAST_READS : TURN_READS;

	while (s->src.fd >= 0 && reads--) {
		ssize_t n = read(s->src.fd, block, sizeof block);

		if (n > 0)
			keep(s, block, (size_t)n);
		else if (n == 0)
			source_close(&s->src);
		else if (errno != EINTR)
			return;
	}
}

static void on_pipe(struct source *src, uint32_t events)
{
	struct stream *s = (struct stream *)src;

	(void)events;
	stream_drain(s, false);
	if (src->fd < 0)
		job_settle(s->job);
}

/* Returns the job's side. */
static int open_pipe(struct job *job, struct stream *s)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0) {
		job_message(job, "cannot make a pipe : %s, consider : ulimit -n, or fewer jobs at once",
			    strerror(errno));
		return -1;
	}
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	s->job = job;
	s->src = (struct source){ fds[0], on_pipe };
	source_watch(&s->src, EPOLLIN);
	return fds[1];
}

int job_redirect(struct job *job, struct ends *ends)
{
	bool one = job->order.flags & JOB_ONE_STREAM;

	*ends = (struct ends){ -1, -1, -1 };
	ends->in = open_in(job);
	if (ends->in < 0)
		return -1;
	ends->err = open_pipe(job, &job->err);
	if (ends->err < 0)
		return -1;
	if (*job->order.out) {
		ends->out = open_out(job);
	} else if (one) {
		ends->out = ends->err;
	} else {
		ends->out = open_pipe(job, &job->out);
		job->out.live = job->order.flags & JOB_LIVE;
	}
	if (one)
		job->err.live = job->order.flags & JOB_LIVE;
	return ends->out < 0 ? -1 : 0;
}

void ends_close(struct ends *ends)
{
	if (ends->in >= 0 && ends->in != agent.dev_null)
		close(ends->in);
	if (ends->out >= 0 && ends->out != ends->err)
		close(ends->out);
	if (ends->err >= 0)
		close(ends->err);
}
