/* The server's side of the agent: frames in on fd 0, frames out on fd 1. Agent's thread, never blocks. */
#define _GNU_SOURCE
#include "agent.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../access/crc.h"
#include "../lib/beneath.h"
#include "isolate.h"

#define READ_SIZE 65536
#define LAZY_MS   20

static struct source in, out;
static struct lm_buf inbuf;
static bool out_watched;

/* Bytes of `out` that may wait, when they are all of it, and until when (now_mono): see proto_started. */
static size_t lazy_len;
static int64_t lazy_until = NEVER;

/* ---- out ---- */

/* Returns false when the server takes no more for now. */
static bool write_some(void)
{
	size_t done = 0;

	while (done < agent.out.len) {
		ssize_t n = write(1, agent.out.data + done, agent.out.len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {		/* nobody reads any more: the end of stdin is near, or never comes */
			agent.out.len = done = 0;
			agent.quit = true;
			return true;
		}
		done += (size_t)n;
	}
	lm_buf_drop(&agent.out, done);
	return !agent.out.len;
}

int64_t proto_deadline(void)
{
	return lazy_until;
}

void proto_started(const struct job *job)
{
	bool alone = agent.out.len == lazy_len;
	size_t at = lm_frame_open(&agent.out, LM_STARTED);

	lm_put_u64(&agent.out, job->order.seq);
	lm_put_u64(&agent.out, (uint64_t)job->start);
	lm_put_u32(&agent.out, (uint32_t)job->pid);
	lm_put_u8(&agent.out, job->order.autodep);
	lm_frame_close(&agent.out, at);
	if (!alone)
		return;
	lazy_len = agent.out.len;
	if (lazy_until == NEVER)
		lazy_until = now_mono() + LAZY_MS * NS_PER_MS;
}

void proto_flush(void)
{
	bool all;

	if (agent.out.len && agent.out.len == lazy_len && now_mono() < lazy_until && !agent.quit)
		return;
	lazy_len = 0;
	lazy_until = NEVER;
	all = !agent.out.len || write_some();

	if (agent.quit)
		agent_shutdown(0);
	if (all == out_watched) {
		source_change(&out, all ? 0 : EPOLLOUT);
		out_watched = !all;
	}
	if (all && agent.out.cap > (1 << 20))
		lm_buf_free(&agent.out);
}

static void on_writable(struct source *s, uint32_t events)
{
	(void)s;
	(void)events;		/* proto_flush comes at the end of each turn */
}

static void say(enum lm_agent_msg type, const char *fmt, va_list ap)
{
	char line[1024];
	size_t at = lm_frame_open(&agent.out, type);

	vsnprintf(line, sizeof line, fmt, ap);
	lm_put_cstr(&agent.out, line);
	lm_frame_close(&agent.out, at);
}

void proto_log(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(LM_LOG, fmt, ap);
	va_end(ap);
}

void proto_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(LM_WARN, fmt, ap);
	va_end(ap);
}

/* The last words may wait for a slow server, but not for ever. */
static void flush_for_ever(void)
{
	const struct timespec nap = { .tv_nsec = 1000000 };

	for (int ms = 0; ms < 2000 && !write_some(); ms++)
		nanosleep(&nap, NULL);
}

void agent_shutdown(int rc)
{
	const struct timespec nap = { .tv_nsec = 1000000 };
	struct job *job;
	pid_t pid;

	for (job = agent.jobs; job; job = job->next)
		tree_kill(job);
	for (int ms = 0; ms < 1000 && agent.n_jobs; ms++) {
		while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
			for (job = agent.jobs; job; job = job->next)
				if (job->pid == pid)
					job->exited = true;
		for (job = agent.jobs; job && job->exited; job = job->next)
			;
		if (!job)
			break;
		nanosleep(&nap, NULL);
	}
	for (job = agent.jobs; job; job = job->next) {
		if (job->order.tmp && *job->order.tmp && !(job->order.flags & JOB_KEEP_TMP))
			job_remove_tmp(job);
	}
	calls_close();
	isolate_sweep();
	if (agent.config.logs)
		lm_remove_tree(AT_FDCWD, agent.config.logs);
	flush_for_ever();
	exit(rc);
}

static void malformed(const char *what)
{
	proto_log("agent: malformed frame from the server (%s), leaving", what);
	agent_shutdown(2);
}

/* ---- CONFIG ---- */

/* What agents that were killed have left, if their process is gone. */
static void sweep_logs(const char *dir)
{
	char prefix[32], name[PATH_MAX];
	DIR *d = opendir(dir);
	struct dirent *e;
	size_t n = (size_t)snprintf(prefix, sizeof prefix, "lmake-%u-", (unsigned)getuid());

	while (d && (e = readdir(d))) {
		pid_t pid = strncmp(e->d_name, prefix, n) ? 0 : (pid_t)strtol(e->d_name + n, NULL, 10);

		if (pid > 0 && (pid == agent.pid || (kill(pid, 0) < 0 && errno == ESRCH)) &&
		    snprintf(name, sizeof name, "%s/%s", dir, e->d_name) < (int)sizeof name)
			lm_remove_tree(AT_FDCWD, name);
	}
	if (d)
		closedir(d);
}

/* A private dir for logs and socket, so that no other user can reach them. Absolute: jobs have any cwd. */
static char *make_logs_dir(const char *in_dir)
{
	char *real, *dir;

	lm_mkdirs(AT_FDCWD, in_dir, 0700);
	real = realpath(in_dir, NULL);
	if (real)
		sweep_logs(real);
	if (asprintf(&dir, "%s/lmake-%u-%d", real ? real : in_dir, (unsigned)getuid(), (int)getpid()) < 0)
		abort();
	free(real);
	if (mkdir(dir, 0700) < 0) {
		proto_log("agent: cannot make %s: %s", dir, strerror(errno));
		agent_shutdown(1);
	}
	return dir;
}

static char *with_slash(const char *dir)
{
	size_t n = strlen(dir);
	char *s = malloc(n + 2);

	if (!s)
		abort();
	memcpy(s, dir, n + 1);
	if (!n || s[n - 1] != '/')
		memcpy(s + n, "/", 2);
	return s;
}

static void on_config(struct lm_reader *r, char *frame)
{
	struct config *c = &agent.config;
	char *logs_in, **dirs;

	c->frame = frame;
	c->root = lm_get_cstr(r);
	c->install = lm_get_cstr(r);
	c->n_dirs = lm_get_count(r, 4);
	dirs = calloc(c->n_dirs + 1, sizeof *dirs);
	c->dirs = calloc(c->n_dirs + 1, sizeof *c->dirs);
	if (!dirs || !c->dirs)
		abort();
	for (uint32_t i = 0; i < c->n_dirs; i++)
		dirs[i] = lm_get_cstr(r);
	c->link_support = lm_get_u8(r);
	c->max_stderr = lm_get_u32(r);
	logs_in = lm_get_cstr(r);
	if (!lm_read_all(r) || *c->root != '/')
		malformed("CONFIG");
	if (chdir(c->root) < 0) {
		proto_log("agent: cannot go to the repo root %s: %s", c->root, strerror(errno));
		agent_shutdown(1);
	}
	for (uint32_t i = 0; i < c->n_dirs; i++)
		c->dirs[i].name = with_slash(dirs[i]);	/* cwd is root: `../x/` is as declared */
	free(dirs);
	name_locate_source_dirs();
	c->logs = make_logs_dir(logs_in);
	isolate_sweep();
	c->known = true;
	if (calls_listen() < 0)
		agent_shutdown(1);
}

/* ---- START ---- */

static char **get_strings(struct lm_reader *r, uint32_t *n, uint32_t spare)
{
	char **list;

	*n = lm_get_count(r, 4);
	list = malloc((*n + 1 + spare) * sizeof *list);
	if (!list)
		abort();
	for (uint32_t i = 0; i < *n; i++)
		list[i] = lm_get_cstr(r);
	list[*n] = NULL;
	return list;
}

static void get_pre_actions(struct lm_reader *r, struct order *o)
{
	o->n_pre = lm_get_count(r, 1 + 4 + 8 + 4);
	o->pre = calloc(o->n_pre + 1, sizeof *o->pre);
	if (!o->pre)
		abort();
	for (uint32_t i = 0; i < o->n_pre; i++) {
		o->pre[i].what = lm_get_u8(r);
		o->pre[i].name = lm_get_cstr(r);
		o->pre[i].sig = lm_get_u64(r);
		o->pre[i].note = lm_get_cstr(r);
		if (o->pre[i].what < PRE_UNLINK || o->pre[i].what > PRE_RMDIR)
			r->bad = true;
	}
}

static void get_isolation(struct lm_reader *r, struct isolation_order *o)
{
	o->flags = lm_get_u8(r);
	o->chroot = lm_get_cstr(r);
	o->repo_view = lm_get_cstr(r);
	o->tmp_view = lm_get_cstr(r);
	o->lmake_view = lm_get_cstr(r);
	o->lmake_root = lm_get_cstr(r);
	o->n_views = lm_get_count(r, 4 + 1 + 4 + 4);
	o->views = calloc(o->n_views + 1, sizeof *o->views);
	if (!o->views)
		abort();
	for (uint32_t i = 0; i < o->n_views; i++) {
		struct view_order *v = &o->views[i];

		v->at = lm_get_cstr(r);
		v->overlay = lm_get_u8(r);
		v->dirs = get_strings(r, &v->n_dirs, 0);
		v->copy_up = get_strings(r, &v->n_copy_up, 0);
		if (!*v->at || !v->n_dirs || v->n_dirs > 100)
			r->bad = true;
	}
}

static bool order_is_sound(const struct order *o, uint32_t n_argv)
{
	if (!o->seq || !n_argv || o->autodep > AUTODEP_JEMALLOC)
		return false;
	for (uint32_t i = 0; i < o->n_kill_sigs; i++)
		if (!o->kill_sigs[i] || o->kill_sigs[i] > 64)
			return false;
	return !*o->tmp || *o->tmp == '/';
}

static void on_start(struct lm_reader *r, char *frame)
{
	struct order o = { .frame = frame };
	uint32_t n_argv;

	o.seq = lm_get_u64(r);
	o.small_id = lm_get_u64(r);
	o.argv = get_strings(r, &n_argv, 0);
	o.env = get_strings(r, &o.n_env, 3);
	o.cwd = lm_get_cstr(r);
	o.in = lm_get_cstr(r);
	o.out = lm_get_cstr(r);
	o.tmp = lm_get_cstr(r);
	o.flags = lm_get_u8(r);
	o.autodep = lm_get_u8(r);
	o.timeout_ms = lm_get_u32(r);
	o.n_kill_sigs = lm_get_count(r, 1);
	o.kill_sigs = (const uint8_t *)r->p;
	r->p += o.n_kill_sigs;
	get_pre_actions(r, &o);
	o.wanted = get_strings(r, &o.n_wanted, 0);
	get_isolation(r, &o.iso);
	if (!lm_read_all(r) || !order_is_sound(&o, n_argv))
		malformed("START");
	if (!agent.config.known)
		malformed("START before CONFIG");
	job_start(&o);
}

/* ---- STAT ---- */

static void stat_one(struct lm_reader *r, struct lm_buf *b)
{
	const char *name = lm_get_cstr(r);
	uint64_t known = lm_get_u64(r), crc = 0, sig = 0;
	uint8_t flags = lm_get_u8(r), kind = 0;
	int64_t date = 0;
	struct stat st;

	if (!lstat(name, &st)) {
		sig = lm_sig_of(&st);
		date = lm_date_of(&st);
		kind = S_ISREG(st.st_mode) ? (st.st_mode & 0111 ? 2 : 1) : S_ISLNK(st.st_mode) ? 3 :
		       S_ISDIR(st.st_mode) ? 4 : 5;
	}
	if (sig != known && !(flags & 1))
		lm_crc_at(AT_FDCWD, name, &crc, &sig, &date);
	lm_put_u64(b, sig);
	lm_put_u64(b, crc);
	lm_put_u64(b, (uint64_t)date);
	lm_put_u8(b, kind);
}

static void on_stat(struct lm_reader *r)
{
	size_t at = lm_frame_open(&agent.out, LM_STATED);
	uint32_t n;

	lm_put_u64(&agent.out, lm_get_u64(r));
	n = lm_get_count(r, 4 + 8 + 1);
	lm_put_u32(&agent.out, n);
	for (uint32_t i = 0; i < n; i++)
		stat_one(r, &agent.out);
	lm_frame_close(&agent.out, at);
	if (!lm_read_all(r))
		malformed("STAT");
}

/* ---- in ---- */

static void on_kill(struct lm_reader *r)
{
	struct job *job = job_of_seq(lm_get_u64(r));
	uint8_t why = lm_get_u8(r);

	if (!lm_read_all(r) || why < 1 || why > 2)
		malformed("KILL");
	if (job)		/* else it has just ended, and END is on its way */
		job_kill(job, why == 2 ? OUT_CHECK_DEPS : OUT_KILLED);
}

static void on_frame(uint8_t type, struct lm_reader *r)
{
	char *copy = NULL;

	/* CONFIG and START keep their strings: they get a frame of their own. */
	if (type == LM_CONFIG || type == LM_START) {
		size_t n = (size_t)(r->end - r->p);

		copy = malloc(n + 1);
		if (!copy)
			abort();
		memcpy(copy, r->p, n);
		*r = (struct lm_reader){ copy, copy + n, false };
	}
	switch (type) {
	case LM_CONFIG:
		if (agent.config.known)
			malformed("second CONFIG");
		on_config(r, copy);
		break;
	case LM_START:
		on_start(r, copy);
		break;
	case LM_KILL:
		on_kill(r);
		break;
	case LM_ANSWER:
		calls_answer(r);
		if (!lm_read_all(r))
			malformed("ANSWER");
		break;
	case LM_STAT:
		on_stat(r);
		break;
	default:
		malformed("unknown type");
	}
}

static void on_readable(struct source *s, uint32_t events)
{
	ssize_t n = read(s->fd, lm_buf_room(&inbuf, READ_SIZE), READ_SIZE);
	size_t used = 0;

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		agent_shutdown(0);
	inbuf.len += (size_t)n;
	for (;;) {
		struct lm_reader payload;
		uint8_t type;
		long size = lm_frame_next(inbuf.data + used, inbuf.len - used, &type, &payload);

		if (size < 0)
			malformed("length");
		if (size <= 0)
			break;
		on_frame(type, &payload);
		used += (size_t)size;
	}
	lm_buf_drop(&inbuf, used);
}

void proto_start(void)
{
	/* The other end sees nothing of it: O_NONBLOCK is of our side of the pipe or socket. */
	fcntl(0, F_SETFL, fcntl(0, F_GETFL) | O_NONBLOCK);
	fcntl(1, F_SETFL, fcntl(1, F_GETFL) | O_NONBLOCK);
	in = (struct source){ 0, on_readable };
	source_watch(&in, EPOLLIN);
	/* With one socket for both directions, epoll must not see the same file twice. */
	out = (struct source){ fcntl(1, F_DUPFD_CLOEXEC, 3), on_writable };
	source_watch(&out, 0);
}
