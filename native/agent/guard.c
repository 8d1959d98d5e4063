/* The guardian (see guard.h): its own process, holding nothing but the lock. Also tells when the lock cannot be had. */
#define _GNU_SOURCE
#include "guard.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../wire/wire.h"

#define LOCK "LMAKE/lmake/agent.lock"
#define PATIENCE_MS 10000

static void say_and_exit(const char *what, const char *why)
{
	struct lm_buf b = { 0 };
	char line[512];
	size_t at = lm_frame_open(&b, LM_LOG);
	ssize_t done;

	snprintf(line, sizeof line, "agent: %s: %s", what, why);
	lm_put_cstr(&b, line);
	lm_frame_close(&b, at);
	done = write(1, b.data, b.len);
	fprintf(stderr, "lmake_agent: %s: %s\n", what, why);
	exit(done < 0 ? 2 : 1);
}

static void take_lock(void)
{
	int fd = open(LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	const struct timespec nap = { .tv_nsec = 10 * 1000000 };

	if (fd < 0)
		say_and_exit("cannot open " LOCK, strerror(errno));
	for (int waited = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; waited += 10) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			say_and_exit("cannot lock " LOCK, strerror(errno));
		if (waited >= PATIENCE_MS)
			say_and_exit(LOCK " is held by a former agent after 10 s",
				     "kill the process that `fuser " LOCK "` names");
		nanosleep(&nap, NULL);
	}
}

static long parent_of(const char *pid)
{
	char name[300], text[512], *p;
	ssize_t n;
	int fd;

	snprintf(name, sizeof name, "/proc/%s/stat", pid);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = read(fd, text, sizeof text - 1);
	close(fd);
	if (n <= 0)
		return -1;
	text[n] = 0;
	p = strrchr(text, ')');
	return p && strlen(p) > 4 ? strtol(p + 4, NULL, 10) : -1;
}

/* SIGKILL to each child; their own children come to us in turn. Returns how many there were. */
static int kill_children(void)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	int n = 0;

	while (d && (e = readdir(d)))
		if (*e->d_name >= '1' && *e->d_name <= '9' && parent_of(e->d_name) == getpid()) {
			kill((pid_t)strtol(e->d_name, NULL, 10), SIGKILL);
			n++;
		}
	if (d)
		closedir(d);
	return n;
}

static void reap_orphans(void)
{
	const struct timespec nap = { .tv_nsec = 2 * 1000000 };

	for (int turn = 0; turn < 2500 && kill_children(); turn++) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		nanosleep(&nap, NULL);
	}
}

static void guard(pid_t agent)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), status;
	pid_t pid;

	/* The agent alone must hold the server's pipes, so that each side sees the other's end. */
	dup2(null, 0);
	dup2(null, 1);
	for (;;) {
		pid = waitpid(-1, &status, WUNTRACED);
		if (pid == agent && WIFSTOPPED(status))
			kill(agent, SIGCONT);	/* by a job: stopped, it would serve nobody, and be waited for */
		else if (pid == agent)
			break;
		if (pid < 0 && errno != EINTR)
			_exit(1);
	}
	if (WIFEXITED(status))
		_exit(WEXITSTATUS(status));
	reap_orphans();
	_exit(128 + WTERMSIG(status));
}

void guard_start(void)
{
	sigset_t polite;
	pid_t self = getpid(), pid;

	take_lock();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	/* Meant for the whole group, or for the agent by the server's death: the agent decides, the guardian follows. */
	sigemptyset(&polite);
	sigaddset(&polite, SIGINT);
	sigaddset(&polite, SIGHUP);
	sigprocmask(SIG_BLOCK, &polite, NULL);
	pid = fork();
	if (pid < 0)
		say_and_exit("cannot fork", strerror(errno));
	if (pid)
		guard(pid);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != self)
		_exit(1);
}
