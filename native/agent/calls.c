/*
 * The commands that run inside jobs (ldepend, ltarget, lcheck_deps, the Python module): one unix socket for all jobs in
 * the private dir of logs, each call carrying the token of its job. What only the server can tell is asked of it, the
 * caller waiting meanwhile; the loop goes on. Agent's thread; answer.c makes the lists.
 */
#define _GNU_SOURCE
#include "calls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../access/off.h"
#include "slots.h"

enum ask { ASK_DIRECT = 1, ASK_VERBOSE = 2, ASK_CHECK_SYNC = 3, ASK_CHECK_ASYNC = 4 };

static struct sockaddr_un address = { .sun_family = AF_UNIX };
static char short_dir[32];		/* made for the socket alone */
static struct source listener;
static struct caller *callers;
static struct delayed *delayed;		/* check_deps to be done later */
static uint64_t last_ask;

const char *calls_socket(void)
{
	return address.sun_path;
}

/* ---- one connection ---- */

static void caller_close(struct caller *c)
{
	for (struct caller **at = &callers; *at; at = &(*at)->next)
		if (*at == c) {
			*at = c->next;
			break;
		}
	source_close(&c->src);
	lm_buf_free(&c->in);
	lm_buf_free(&c->out);
	call_free(&c->call);
	later_free(c);
}

static void caller_flush(struct caller *c)
{
	size_t done = 0;

	while (done < c->out.len) {
		ssize_t n = send(c->src.fd, c->out.data + done, c->out.len - done, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN) {
			caller_close(c);
			return;
		}
		if (n < 0)
			break;
		done += (size_t)n;
	}
	lm_buf_drop(&c->out, done);
	source_change(&c->src, c->out.len ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static void reply(struct caller *c, uint8_t rc, const struct tally *lines)
{
	size_t at = lm_frame_open(&c->out, LM_REPLY);

	lm_put_u8(&c->out, rc);
	lm_put_u32(&c->out, lines ? lines->n : 0);
	if (lines)
		lm_put_bytes(&c->out, lines->buf.data, lines->buf.len);
	lm_frame_close(&c->out, at);
	call_free(&c->call);
	caller_flush(c);
}

/* ---- asking the server ---- */

static void put_reads(struct lm_buf *b, struct job *job)
{
	struct merged *m = merge_job(job);
	size_t count = b->len;
	uint32_t n = 0;

	lm_put_u32(b, 0);
	for (uint32_t i = 0; i < m->n; i++) {
		const struct access *a = &m->list[i];

		if (!a->read || !strcmp(a->name, "."))
			continue;
		lm_put_cstr(b, a->name);
		lm_put_u64(b, a->sig);
		lm_put_u32(b, a->bits);
		n++;
	}
	lm_set_u32(b, count, n);
}

static uint64_t ask_server(struct job *job, enum ask what, const struct call *call)
{
	struct lm_buf *b = &agent.out;
	size_t at = lm_frame_open(b, LM_ASK), count;
	uint32_t n = 0;

	lm_put_u64(b, job->order.seq);
	lm_put_u64(b, ++last_ask);
	lm_put_u8(b, what);
	lm_put_u32(b, call ? (call->options & 0xffff) | call->dep_flags << 16 : 0);
	count = b->len;
	lm_put_u32(b, 0);
	for (uint32_t i = 0; call && i < call->n_names; i++)
		if (call->names[i]) {
			lm_put_cstr(b, call->names[i]);
			n++;
		}
	lm_set_u32(b, count, n);
	if (what == ASK_CHECK_SYNC || what == ASK_CHECK_ASYNC)
		put_reads(b, job);
	lm_frame_close(b, at);
	return last_ask;
}

static struct caller *caller_of_ask(uint64_t seq, uint64_t ask)
{
	for (struct caller *c = callers; c; c = c->next)
		if (c->ask == ask && c->job && c->job->order.seq == seq)
			return c;
	return NULL;
}

void calls_answer(struct lm_reader *r)
{
	uint64_t seq = lm_get_u64(r), ask = lm_get_u64(r);
	uint8_t ok = lm_get_u8(r);
	uint32_t n = lm_get_count(r, 4);
	struct caller *c = caller_of_ask(seq, ask);
	struct tally lines = { 0 };

	/* The server has a line for each name it was asked; files of nobody's repo have none. */
	for (uint32_t i = 0; c && i < c->call.n_names && c->call.options & LM_OPT_VERBOSE; i++) {
		uint32_t len = 0;
		const char *line = "";

		if (c->call.names[i] && n) {
			line = lm_get_str(r, &len);
			n--;
		}
		if (len)
			lm_put_str(&lines.buf, line, len);
		else
			lm_put_cstr(&lines.buf, "- - ?");
		lines.n++;
	}
	while (n--)
		lm_get_cstr(r);
	if (c) {
		c->ask = 0;
		call_note_reads(c->job, &c->call);
		reply(c, ok ? 0 : 1, &lines);
	}
	lm_buf_free(&lines.buf);
}

/* ---- check_deps later ---- */

static void check_later(struct caller *c, bool sync)
{
	struct delayed *d = calloc(1, sizeof *d);

	if (!d)
		abort();
	*d = (struct delayed){ delayed, c->job, sync ? c : NULL, now_mono() + c->call.delay_ms * NS_PER_MS };
	delayed = d;
}

static void check_now(struct job *job, struct caller *c)
{
	uint64_t ask = ask_server(job, c ? ASK_CHECK_SYNC : ASK_CHECK_ASYNC, NULL);

	if (c)
		c->ask = ask;
}

void calls_tick(int64_t now)
{
	struct delayed **at = &delayed, *d;

	while ((d = *at)) {
		if (d->deadline > now) {
			at = &d->next;
			continue;
		}
		*at = d->next;
		check_now(d->job, d->caller);
		free(d);
	}
}

int64_t calls_deadline(void)
{
	int64_t first = NEVER;

	for (const struct delayed *d = delayed; d; d = d->next)
		if (d->deadline < first)
			first = d->deadline;
	return first;
}

static void delayed_forget(const struct job *job, const struct caller *c)
{
	struct delayed **at = &delayed, *d;

	while ((d = *at))
		if ((job && d->job == job) || (c && d->caller == c)) {
			*at = d->next;
			free(d);
		} else {
			at = &d->next;
		}
}

void calls_forget(struct job *job)
{
	struct caller *next;

	delayed_forget(job, NULL);
	for (struct caller *c = callers; c; c = next) {
		next = c->next;
		if (c->job == job)
			caller_close(c);
	}
}

/* ---- a call ---- */

/* The caller turns recording on (LM_OPT_READ) or off, for itself and those it starts. */
static int set_autodep(const struct caller *c)
{
	struct ucred who;
	socklen_t size = sizeof who;

	if (getsockopt(c->src.fd, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0 || !who.pid)
		return -1;
	return lm_off_set(c->job->slot->log.log, who.pid, !(c->call.options & LM_OPT_READ));
}

static void serve(struct caller *c)
{
	struct call *call = &c->call;
	bool sync = call->options & LM_OPT_SYNC;
	struct tally lines = { 0 };

	switch (call->verb) {
	case LM_VERB_DEPEND:
	case LM_VERB_TARGET:
		call_note(c->job, call);
		if (call->verb == LM_VERB_DEPEND && call->options & (LM_OPT_DIRECT | LM_OPT_VERBOSE)) {
			c->ask = ask_server(c->job, call->options & LM_OPT_DIRECT ? ASK_DIRECT : ASK_VERBOSE, call);
			return;
		}
		call_note_reads(c->job, call);
		reply(c, 0, NULL);
		return;
	case LM_VERB_AUTODEP:
		reply(c, set_autodep(c) ? 1 : 0, NULL);
		return;
	case LM_VERB_CHECK:
		if (call->delay_ms)
			check_later(c, sync);
		else
			check_now(c->job, sync ? c : NULL);
		if (!sync)
			reply(c, 0, NULL);
		return;
	default:
		reply(c, call_list(c->job, call, &lines), &lines);
		lm_buf_free(&lines.buf);
	}
}

/* Returns false when the caller must be let go. */
static bool on_call(struct caller *c, uint8_t type, struct lm_reader *r)
{
	uint64_t token;

	if (type != LM_CALL || c->ask)
		return false;
	token = lm_get_u64(r);
	c->job = call_owner(token);
	if (!c->job || call_read(&c->call, r) < 0)
		return false;
	serve(c);
	return true;
}

static void on_caller(struct source *s, uint32_t events)
{
	struct caller *c = (struct caller *)s;
	struct lm_reader payload;
	uint8_t type;
	ssize_t n;
	long size;

	if (events & EPOLLOUT) {
		caller_flush(c);
		if (s->fd < 0 || !(events & EPOLLIN))
			return;
	}
	n = read(s->fd, lm_buf_room(&c->in, 4096), 4096);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		c->in.len += (size_t)n;
	size = n > 0 ? lm_frame_next(c->in.data, c->in.len, &type, &payload) : -1;
	if (size > (long)CALL_MAX || c->in.len > CALL_MAX)
		size = -1;
	if (size > 0 && !on_call(c, type, &payload))
		size = -1;
	if (size < 0) {
		delayed_forget(NULL, c);
		caller_close(c);
	} else if (size > 0 && s->fd >= 0) {
		lm_buf_drop(&c->in, (size_t)size);
	}
}

static void on_connection(struct source *s, uint32_t events)
{
	int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct caller *c;

	(void)events;
	if (fd < 0)
		return;
	c = calloc(1, sizeof *c);
	if (!c)
		abort();
	c->src = (struct source){ fd, on_caller };
	c->next = callers;
	callers = c;
	source_watch(&c->src, EPOLLIN);
}

/* Beside the logs; when that name is too long for a socket, in a dir of its own in /tmp. */
static int make_address(void)
{
	int n = snprintf(address.sun_path, sizeof address.sun_path, "%s/s", agent.config.logs);

	if (n < (int)sizeof address.sun_path)
		return 0;
	strcpy(short_dir, "/tmp/lmake-XXXXXX");
	if (!mkdtemp(short_dir)) {
		*short_dir = 0;
		return -1;
	}
	snprintf(address.sun_path, sizeof address.sun_path, "%s/s", short_dir);
	return 0;
}

int calls_listen(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || make_address() < 0 || bind(fd, (void *)&address, sizeof address) < 0 || listen(fd, 1024) < 0) {
		proto_log("agent: cannot listen to jobs at %s: %s", address.sun_path, strerror(errno));
		return -1;
	}
	listener = (struct source){ fd, on_connection };
	source_watch(&listener, EPOLLIN);
	return 0;
}

void calls_close(void)
{
	if (*address.sun_path)
		unlink(address.sun_path);
	if (*short_dir)
		rmdir(short_dir);
}
