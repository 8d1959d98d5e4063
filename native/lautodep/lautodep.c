/*
 * Entry of lautodep (see lautodep.h), and what the agent's code asks of its server and of its redirections: one job, with our
 * own standard files, whose in-job commands get the answers a server would give if everything was fine.
 */
#define _GNU_SOURCE
#include "lautodep.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../access/crc.h"
#include "../agent/slots.h"
#include "../client/client.h"
#include "../lib/beneath.h"

static struct wish wish;
static char logs[PATH_MAX], own_tmp[PATH_MAX];
static FILE *report;
static int exit_code = 1;

void die(int rc, const char *fmt, ...)
{
	va_list ap;

	fputs("lautodep : ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(rc);
}

/* ---- in the place of the server ---- */

void proto_log(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void proto_warn(const char *fmt, ...)
{
	va_list ap;

	fputs("lautodep : ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void proto_started(const struct job *job)
{
	(void)job;
}

int64_t proto_deadline(void)
{
	return NEVER;
}

static void put_line(struct lm_buf *b, const char *name)
{
	uint64_t crc, sig;
	int64_t date;
	char line[PATH_MAX + 64];

	if (lm_crc_at(AT_FDCWD, name, &crc, &sig, &date) < 0)
		crc = LM_CRC_NONE;
	if (crc == LM_CRC_NONE || crc == LM_CRC_EMPTY)
		snprintf(line, sizeof line, "ok %s %s", crc == LM_CRC_NONE ? "none" : "empty-R", name);
	else
		snprintf(line, sizeof line, "ok %016llx-%c %s", (unsigned long long)crc, crc & 1 ? 'L' : 'R', name);
	lm_put_cstr(b, line);
}

/* Everything is built and fine. */
static void answer(struct lm_reader *r)
{
	struct lm_buf b = { 0 };
	struct lm_reader payload;
	uint64_t seq = lm_get_u64(r), ask = lm_get_u64(r);
	uint8_t type;
	uint32_t n;

	lm_get_u8(r);
	lm_get_u32(r);
	n = lm_get_count(r, 4);
	lm_frame_open(&b, LM_ANSWER);
	lm_put_u64(&b, seq);
	lm_put_u64(&b, ask);
	lm_put_u8(&b, 1);
	lm_put_u32(&b, n);
	while (n--)
		put_line(&b, lm_get_cstr(r));
	lm_frame_close(&b, 0);
	if (lm_frame_next(b.data, b.len, &type, &payload) > 0)
		calls_answer(&payload);
	lm_buf_free(&b);
}

void proto_flush(void)
{
	struct lm_reader payload;
	uint8_t type;
	long size;

	while ((size = lm_frame_next(agent.out.data, agent.out.len, &type, &payload)) > 0) {
		if (type == LM_ASK)
			answer(&payload);
		lm_buf_drop(&agent.out, (size_t)size);
	}
}

static void clean_up(void)
{
	calls_close();
	lm_remove_tree(AT_FDCWD, logs);
	if (*own_tmp)
		lm_remove_tree(AT_FDCWD, own_tmp);
}

void agent_shutdown(int rc)
{
	(void)rc;
	for (struct job *job = agent.jobs; job; job = job->next) {
		tree_kill(job);
		job_remove_tmp(job);
	}
	clean_up();
	die(1, "interrupted, the command was killed");
}

/* ---- redirections: none ---- */

int job_redirect(struct job *job, struct ends *ends)
{
	int *to[] = { &ends->in, &ends->out, &ends->err };

	*ends = (struct ends){ -1, -1, -1 };
	for (int i = 0; i < 3; i++) {
		*to[i] = fcntl(i, F_DUPFD_CLOEXEC, 3);
		if (*to[i] < 0 && errno == EBADF)
			*to[i] = fcntl(agent.dev_null, F_DUPFD_CLOEXEC, 3);
		if (*to[i] < 0) {
			job_message(job, "cannot pass our standard files on : %s", strerror(errno));
			return -1;
		}
	}
	return 0;
}

void ends_close(struct ends *ends)
{
	int fds[] = { ends->in, ends->out, ends->err };

	for (int i = 0; i < 3; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

void stream_drain(struct stream *s, bool to_the_end)
{
	(void)s;
	(void)to_the_end;
}

/* ---- the job ---- */

/* Nobody will serve what is left behind: its calls would fail. */
static void end_daemons(struct job *job)
{
	bool traced = job->slot && job->slot->trace;
	struct pollfd p = { .fd = traced ? job->slot->notify.fd : -1, .events = 0 };

	if (!traced || (p.fd >= 0 && poll(&p, 1, 0) == 1 && p.revents & POLLHUP))
		return;
	tree_kill(job);
	fprintf(stderr, "lautodep : processes left behind by the command were killed, as they can be followed no further\n");
}

void job_report(struct job *job)
{
	end_daemons(job);
	exit_code = tell(&wish, job, report);
	agent.quit = true;
}

static char *copy(const char *text)
{
	char *to = strdup(text);

	if (!to)
		abort();
	return to;
}

/* A name as the command sees it: the repo and the tmp dir may be seen elsewhere. To be freed by nobody. */
static const char *seen(const char *name)
{
	const struct isolation_order *iso = &wish.iso;
	size_t n = strlen(agent.config.root);
	char *to = NULL;

	if (!strcmp(name, wish.tmp) && *iso->tmp_view)
		return iso->tmp_view;
	if (!*iso->repo_view || strncmp(name, agent.config.root, n) || (name[n] && name[n] != '/'))
		return name;
	if (asprintf(&to, "%s%s", iso->repo_view, name + n) < 0)
		abort();
	return to;
}

/* With the keys rules know replaced; unknown ones stay. */
static char *expand(const char *text)
{
	const struct { const char *key, *value; } keys[] = {
		{ "REPO_ROOT", seen(agent.config.root) }, { "PHYSICAL_REPO_ROOT", agent.config.root },
		{ "TOP_REPO_ROOT", seen(agent.config.root) }, { "PHYSICAL_TOP_REPO_ROOT", agent.config.root },
		{ "LMAKE_ROOT", *wish.iso.lmake_view ? wish.iso.lmake_view : agent.config.install }, { "PHYSICAL_LMAKE_ROOT", agent.config.install },
		{ "TMPDIR", seen(wish.tmp) }, { "PHYSICAL_TMPDIR", wish.tmp }, { "SHELL", "/bin/bash" },
		{ "STD_PATH", "/usr/local/bin:/usr/bin:/bin" }, { "SEQUENCE_ID", "1" }, { "SMALL_ID", "1" },
	};
	struct lm_buf b = { 0 };

	while (*text) {
		bool braces = text[0] == '$' && text[1] == '{';
		const char *name = text + 1 + braces;
		size_t n = 0, i;

		while (text[0] == '$' && (isalnum((unsigned char)name[n]) || name[n] == '_'))
			n++;
		for (i = 0; i < sizeof keys / sizeof *keys; i++)
			if (n && strlen(keys[i].key) == n && !strncmp(keys[i].key, name, n) && (!braces || name[n] == '}'))
				break;
		if (i < sizeof keys / sizeof *keys) {
			lm_put_bytes(&b, keys[i].value, strlen(keys[i].value));
			text = name + n + braces;
		} else {
			lm_put_u8(&b, (uint8_t)*text++);
		}
	}
	lm_put_u8(&b, 0);
	return b.data;
}

static void put_variable(struct order *o, const char *name)
{
	const char *value = strchr(name, '=') ? NULL : getenv(name);
	char *pair = NULL;

	if (!value && !strchr(name, '='))
		return;
	if (value ? asprintf(&pair, "%s=%s", name, value) < 0 : !(pair = strdup(name)))
		abort();
	o->env[o->n_env++] = wish.expand ? expand(pair) : pair;
}

static struct order order_of_wish(void)
{
	struct order o = {
		.seq = 1, .small_id = 1, .cwd = (char *)wish.cwd, .in = "", .out = "", .tmp = (char *)wish.tmp,
		.flags = wish.flags, .autodep = wish.autodep,
		.iso = wish.iso,
	};
	size_t below = strlen(agent.config.root);
	size_t n = 0, kept = 0;
	char *tmp;

	while (wish.argv[n])
		n++;
	while (wish.keep[kept])
		kept++;
	o.argv = calloc(n + 1, sizeof *o.argv);
	o.env = calloc(kept + 5, sizeof *o.env);
	if (!o.argv || !o.env || asprintf(&tmp, "TMPDIR=%s", seen(wish.tmp)) < 0)
		abort();
	if (*wish.iso.repo_view)	/* from the root, whatever that is called */
		o.cwd += below + (o.cwd[below] == '/');
	memcpy(o.argv, wish.argv, n * sizeof *o.argv);
	if (wish.expand)
		o.argv[0] = expand(o.argv[0]);
	for (size_t i = 0; i < kept; i++)
		put_variable(&o, wish.keep[i]);
	o.env[o.n_env++] = tmp;
	return o;
}

/* ---- places ---- */

/* The repo the command runs in, else its dir. */
static char *root_of(const char *cwd)
{
	char dir[PATH_MAX], name[PATH_MAX + 16];

	snprintf(dir, sizeof dir, "%s", cwd);
	while (*dir) {
		snprintf(name, sizeof name, "%s/LMAKE/version", dir);
		if (!access(name, F_OK))
			return copy(dir);
		*strrchr(dir, '/') = 0;
	}
	return copy(cwd);
}

static char *own_install(void)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);

	exe[n < 0 ? 0 : n] = 0;
	for (int i = 0; i < 2 && strrchr(exe, '/'); i++)	/* bin/lautodep */
		*strrchr(exe, '/') = 0;
	return copy(exe);
}

static void source_dirs_of_wish(struct config *c)
{
	while (wish.source_dirs[c->n_dirs])
		c->n_dirs++;
	c->dirs = calloc(c->n_dirs + 1, sizeof *c->dirs);
	if (!c->dirs)
		abort();
	for (uint32_t i = 0; i < c->n_dirs; i++) {
		const char *name = wish.source_dirs[i];
		char *physical = realpath(name, NULL);
		const char *slash = name[strlen(name) - 1] == '/' ? "" : "/";

		if (!physical)
			die(RC_USAGE, "source dir %s : %s", name, strerror(errno));
		if (asprintf(&c->dirs[i].physical, "%s/", physical) < 0 || asprintf(&c->dirs[i].name, "%s%s", name, slash) < 0)
			abort();
		free(physical);
	}
}

static void make_dir(char *name, const char *const *places, const char *what)
{
	for (; *places; places++) {
		snprintf(name, PATH_MAX, "%s/lautodep.XXXXXX", *places);
		if (mkdtemp(name))
			return;
	}
	die(RC_SYSTEM, "cannot make %s in %s : %s", what, places[-1], strerror(errno));
}

static void set_up(void)
{
	static const char *const in_memory[] = { "/dev/shm", "/tmp", NULL };
	const char *const tmps[] = { getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp", "/tmp", NULL };
	struct config *c = &agent.config;
	char tmp[PATH_MAX];

	report = stdout;
	if (wish.out && !(report = fopen(wish.out, "we")))
		die(RC_SYSTEM, "cannot write %s : %s", wish.out, strerror(errno));
	if (!strcmp(wish.cwd, "/"))
		die(RC_USAGE, "all files are below / and would count, consider : -d, or cd somewhere else");
	c->root = root_of(wish.cwd);
	c->install = wish.install ? realpath(wish.install, NULL) : own_install();
	if (!c->install || !*c->install)
		die(RC_USAGE, "no installation at %s", wish.install ? wish.install : "/proc/self/exe");
	if (chdir(c->root) < 0)
		die(RC_SYSTEM, "cannot go to %s : %s", c->root, strerror(errno));
	source_dirs_of_wish(c);
	make_dir(logs, in_memory, "the log of accesses");
	c->logs = logs;
	c->link_support = wish.link_support;
	c->known = true;
	if (!wish.tmp) {
		make_dir(own_tmp, tmps, "a tmp dir");
		wish.tmp = realpath(own_tmp, tmp) ? copy(tmp) : own_tmp;
		if (wish.flags & JOB_KEEP_TMP) {
			fprintf(stderr, "lautodep : tmp dir is %s\n", wish.tmp);
			*own_tmp = 0;
		}
	}
}

int main(int argc, char **argv)
{
	struct order order;

	wish_of(&wish, argc, argv);
	syscall(SYS_close_range, 3u, ~0u, 4u /* CLOSE_RANGE_CLOEXEC */);
	set_up();
	if (loop_open() < 0 || calls_listen() < 0) {
		clean_up();
		die(RC_SYSTEM, "cannot start : %s", strerror(errno));
	}
	order = order_of_wish();
	job_start(&order);
	loop_run();
	clean_up();
	if (fflush(report) || ferror(report))
		die(RC_SYSTEM, "cannot write the report : %s", strerror(errno));
	return exit_code;
}
