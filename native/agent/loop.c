/*
 * The loop of the agent (see agent.h): SIGCHLD by a signalfd, pipes, the tracer's notifications and in-job calls by epoll,
 * delays by its timeout. Everything runs on its one thread, in lmake_agent as in lautodep.
 */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

struct agent agent;

static int epoll_fd;
static void **garbage;
static size_t n_garbage, cap_garbage;

static int64_t now_of(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

int64_t now_real(void)
{
	return now_of(CLOCK_REALTIME);
}

int64_t now_mono(void)
{
	return now_of(CLOCK_MONOTONIC);
}

void source_watch(struct source *s, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = s };

	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, s->fd, &ev) < 0) {
		fprintf(stderr, "lmake_agent: cannot watch descriptor %d: %s\n", s->fd, strerror(errno));
		exit(1);
	}
}

void source_change(struct source *s, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = s };

	epoll_ctl(epoll_fd, EPOLL_CTL_MOD, s->fd, &ev);
}

void source_forget(struct source *s)
{
	epoll_ctl(epoll_fd, EPOLL_CTL_DEL, s->fd, NULL);
	s->fd = -1;
}

void source_close(struct source *s)
{
	int fd = s->fd;

	if (fd < 0)
		return;
	/* A job may have reopened our side by /proc: the watch must go even if the file stays open. */
	source_forget(s);
	close(fd);
}

void later_free(void *p)
{
	if (n_garbage == cap_garbage) {
		cap_garbage = cap_garbage ? 2 * cap_garbage : 64;
		garbage = realloc(garbage, cap_garbage * sizeof *garbage);
		if (!garbage)
			abort();
	}
	garbage[n_garbage++] = p;
}

static void on_signal(struct source *s, uint32_t events)
{
	struct signalfd_siginfo info[8];
	ssize_t n = read(s->fd, info, sizeof info);

	(void)events;
	for (ssize_t i = 0; i < n / (ssize_t)sizeof *info; i++)
		if (info[i].ssi_signo != SIGCHLD)
			agent_shutdown(0);
	jobs_reap();
}

/* All signals at their default action and blocked: a job gets an empty mask and nothing else has to be reset. */
static int signals_set_up(void)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t all, heard;

	for (int s = 1; s < NSIG; s++)
		sigaction(s, &dfl, NULL);	/* fails for those that cannot be changed: fine */
	sigfillset(&all);
	for (int s = 1; s < NSIG; s++)
		if (s == SIGSEGV || s == SIGBUS || s == SIGFPE || s == SIGILL || s == SIGABRT || s == SIGTRAP)
			sigdelset(&all, s);
	sigprocmask(SIG_SETMASK, &all, NULL);
	sigemptyset(&heard);
	sigaddset(&heard, SIGCHLD);
	sigaddset(&heard, SIGTERM);
	sigaddset(&heard, SIGINT);
	sigaddset(&heard, SIGHUP);
	return signalfd(-1, &heard, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Many jobs need many pipes; the jobs themselves keep the limit we were given. */
static void raise_files(void)
{
	struct rlimit more;

	getrlimit(RLIMIT_CORE, &agent.cores);
	agent.cores.rlim_cur = 0;
	getrlimit(RLIMIT_NOFILE, &agent.files);
	more = agent.files;
	more.rlim_cur = more.rlim_max;
	setrlimit(RLIMIT_NOFILE, &more);
}

static int timeout_ms(void)
{
	int64_t until = jobs_deadline(), calls = calls_deadline(), left;

	if (calls < until)
		until = calls;
	if (proto_deadline() < until)
		until = proto_deadline();
	if (until == NEVER)
		return -1;
	left = until - now_mono();
	if (left <= 0)
		return 0;
	left = left / NS_PER_MS + 1;
	return left > 3600000 ? 3600000 : (int)left;
}

void loop_run(void)
{
	struct epoll_event events[64];

	while (!agent.quit) {
		int n = epoll_wait(epoll_fd, events, 64, timeout_ms());
		int64_t now;

		for (int i = 0; i < n; i++) {
			struct source *s = events[i].data.ptr;

			if (s->fd >= 0)		/* may have been closed by an earlier event of this turn */
				s->ready(s, events[i].events);
		}
		now = now_mono();
		jobs_tick(now);
		calls_tick(now);
		proto_flush();
		while (n_garbage)
			free(garbage[--n_garbage]);
	}
}

int loop_open(void)
{
	static struct source signals = { .ready = on_signal };

	agent.pid = getpid();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	raise_files();
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	agent.dev_null = open("/dev/null", O_RDWR | O_CLOEXEC);
	signals.fd = signals_set_up();
	if (epoll_fd < 0 || agent.dev_null < 0 || signals.fd < 0)
		return -1;
	source_watch(&signals, EPOLLIN);
	return 0;
}
