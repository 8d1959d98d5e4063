/*
 * The birth of a job. By vfork semantics (the child borrows our memory until exec, so nothing is copied however big the
 * agent is), except under the seccomp tracer, where the exec itself waits for us to serve it: that child is forked, and
 * tells a failed exec through a shared page. The child runs on a stack of its own, calls nothing but system calls, and
 * touches nothing but its struct launch.
 */
#define _GNU_SOURCE
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../trace/trace.h"
#include "slots.h"

#define STACK_SIZE (256u << 10)

enum step { STEP_NONE, STEP_STDIO, STEP_CWD, STEP_TRACER, STEP_EXEC };

/* Written by the child, read by us: in our own memory (vfork) or on a shared page (fork). */
struct shared_error {
	int error;
	enum step step;
};

struct launch {
	char **argv, **env;
	const char *path, *cwd;
	struct ends ends;
	int trace_sock;			/* -1: not traced */
	struct shared_error *failed;
};

static void fail(const struct launch *l, enum step step, int error)
{
	l->failed->step = step;
	l->failed->error = error;
	_exit(127);
}

static int child(void *arg)
{
	const struct launch *l = arg;
	sigset_t none;
	int rc;

	/* The agent may have died before the line above: then nobody is left to kill us. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != agent.pid)
		_exit(127);
	setsid();
	if (dup2(l->ends.in, 0) < 0 || dup2(l->ends.out, 1) < 0 || dup2(l->ends.err, 2) < 0)
		fail(l, STEP_STDIO, errno);
	if (*l->cwd && chdir(l->cwd) < 0)
		fail(l, STEP_CWD, errno);
	setrlimit(RLIMIT_NOFILE, &agent.files);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (l->trace_sock >= 0) {
		rc = lm_trace_install(l->trace_sock);
		if (rc < 0)
			fail(l, STEP_TRACER, -rc);
	}
	execve(l->path, l->argv, l->env);
	fail(l, STEP_EXEC, errno);
	return 127;
}

/* ---- which file, which environment ---- */

static const char *env_value(char *const *env, const char *key)
{
	size_t n = strlen(key);

	for (; *env; env++)
		if (!strncmp(*env, key, n) && (*env)[n] == '=')
			return *env + n + 1;
	return NULL;
}

/* As execvpe, but with the path of the job, not ours. `found` is a buffer of PATH_MAX bytes. */
static const char *find_program(const struct order *o, char *found)
{
	const char *path = env_value(o->env, "PATH"), *name = o->argv[0];
	struct stat st;

	if (strchr(name, '/'))
		return name;
	for (path = path ? path : "/usr/bin:/bin"; path; path = strchr(path, ':') ? strchr(path, ':') + 1 : NULL) {
		int n = (int)strcspn(path, ":");

		if (snprintf(found, 4096, "%.*s%s%s", n, path, n ? "/" : "", name) < 4096 && !stat(found, &st) &&
		    S_ISREG(st.st_mode) && !access(found, X_OK))
			return found;
	}
	return NULL;
}

/* Tracer variables are put in place of what the rule gave, so that no key comes twice. Returns what to free. */
static char *add_tracer_env(struct job *job)
{
	struct order *o = &job->order;
	char *preload = NULL, **at;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < o->n_env; i++) {
		if (!strncmp(o->env[i], "LMAKE_AUTODEP_ENV=", 18))
			continue;
		if (o->autodep == AUTODEP_PRELOAD && !strncmp(o->env[i], "LD_PRELOAD=", 11)) {
			if (!preload && asprintf(&preload, "LD_PRELOAD=%s/lib/liblmake_preload.so:%s",
						 agent.config.install, o->env[i] + 11) < 0)
				abort();
			continue;
		}
		o->env[kept++] = o->env[i];
	}
	at = o->env + kept;
	*at++ = job->token;
	if (o->autodep == AUTODEP_PRELOAD) {
		if (!preload && asprintf(&preload, "LD_PRELOAD=%s/lib/liblmake_preload.so", agent.config.install) < 0)
			abort();
		*at++ = preload;
	}
	*at = NULL;
	o->n_env = (uint32_t)(at - o->env);
	return preload;
}

/* ---- saying why not ---- */

/* A script whose #! line names a program that is not there fails as if the script itself were missing. */
static void say_no_entry(struct job *job, const char *path)
{
	char line[256] = "", *interpreter;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, line, sizeof line - 1);

	if (fd >= 0)
		close(fd);
	if (n > 2 && !strncmp(line, "#!", 2)) {
		interpreter = line + 2 + strspn(line + 2, " \t");
		interpreter[strcspn(interpreter, " \t\n")] = 0;
		job_message(job, "cannot run %s : its interpreter %s does not exist, consider : correct its first line",
			    path, interpreter);
	} else if (n > 0) {
		job_message(job, "cannot run %s : the loader it names does not exist on this machine, consider : "
			    "install it, or rebuild the program", path);
	} else {
		job_message(job, "cannot run %s : %s, consider : check the shell or interpreter of the rule", path,
			    strerror(ENOENT));
	}
}

static void say_failed(struct job *job, const struct shared_error *e, const char *path)
{
	const char *why = strerror(e->error);

	switch (e->step) {
	case STEP_CWD:
		job_message(job, "cannot go to dir %s : %s, consider : make it, or check the sub-repo", job->order.cwd,
			    why);
		break;
	case STEP_TRACER:
		job_message(job, "cannot trace the job by seccomp : %s, consider : autodep = 'ld_preload'", why);
		break;
	case STEP_EXEC:
		if (e->error == ENOENT)
			say_no_entry(job, path);
		else if (e->error == E2BIG)
			job_message(job, "cannot run %s : command line and environment are too long, consider : "
				    "use_script = True, or a smaller environ", path);
		else if (e->error == ENOEXEC)
			job_message(job, "cannot run %s : not a program the system can run, consider : "
				    "a first line #!<interpreter>", path);
		else
			job_message(job, "cannot run %s : %s, consider : check its permissions", path, why);
		break;
	default:
		job_message(job, "cannot set up the standard files of the job : %s, consider : ulimit -n", why);
	}
}

void job_check_late_error(struct job *job)
{
	if (!job->late_error)
		return;
	if (job->late_error->step)
		say_failed(job, job->late_error, job->order.argv[0]);
	job->not_started = job->late_error->step;
	munmap((void *)job->late_error, sizeof *job->late_error);
	job->late_error = NULL;
}

/* ---- going ---- */

static pid_t go_vfork(struct launch *l)
{
	static char *stack;

	if (!stack) {
		stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (stack == MAP_FAILED)
			abort();
	}
	/* We sleep until the child execs or dies: one stack serves all jobs in turn. */
	return clone(child, stack + STACK_SIZE, CLONE_VM | CLONE_VFORK | SIGCHLD, l);
}

static pid_t go_traced(struct job *job, struct launch *l)
{
	int sv[2], notify, rc;
	pid_t pid;

	l->failed = mmap(NULL, sizeof *l->failed, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (l->failed == MAP_FAILED || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) < 0)
		return -1;
	job->late_error = l->failed;
	l->trace_sock = sv[1];
	pid = fork();
	if (!pid)
		child(l);
	close(sv[1]);
	if (pid > 0) {
		notify = lm_trace_receive(sv[0]);
		rc = notify < 0 ? notify : slot_trace(job, notify);
		/* Without a filter the child says why and leaves by itself; with one we cannot serve, it must die. */
		if (notify >= 0 && rc < 0) {
			close(notify);
			kill(pid, SIGKILL);
			l->failed->step = STEP_TRACER;
			l->failed->error = -rc;
		}
	}
	close(sv[0]);
	return pid;
}

int job_spawn(struct job *job)
{
	struct shared_error failed = { 0 };
	struct launch l = { .argv = job->order.argv, .cwd = job->order.cwd, .trace_sock = -1, .failed = &failed };
	bool traced = job->order.autodep == AUTODEP_SECCOMP;
	char found[4096], *preload;

	l.path = find_program(&job->order, found);
	if (!l.path) {
		job_message(job, "cannot run %s : not found in $PATH, consider : its full name, or PATH in environ",
			    job->order.argv[0]);
		return -1;
	}
	if (job_redirect(job, &l.ends) < 0) {
		ends_close(&l.ends);
		return -1;
	}
	preload = add_tracer_env(job);
	l.env = job->order.env;
	job->start = now_real();
	job->pid = traced ? go_traced(job, &l) : go_vfork(&l);
	ends_close(&l.ends);
	free(preload);
	if (job->pid < 0) {
		job_message(job, "cannot make a process : %s, consider : fewer jobs at once", strerror(errno));
		return -1;
	}
	if (failed.step) {
		while (waitpid(job->pid, NULL, 0) < 0 && errno == EINTR)
			;
		job->pid = 0;
		say_failed(job, &failed, l.path);
		return -1;
	}
	return 0;
}
