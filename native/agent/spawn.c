/*
 * The birth of a job. By vfork semantics: the child borrows our memory until exec, so nothing is copied however big the
 * agent is. We sleep meanwhile and serve nobody: under a tracer of system calls the child execs through the gate
 * (access/gate.h), untold, and its notify fd is ours because descriptors are shared too until the filter is in place. By
 * ptrace the child must wait until we trace it: we do not sleep in clone then, but see it through to its exec. The
 * child runs on a stack of its own, calls nothing but system calls, and touches nothing but its struct launch.
 */
#define _GNU_SOURCE
#include "isolate.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../access/sys.h"
#include "../trace/trace.h"
#include "slots.h"

#define STACK_SIZE (256u << 10)

enum step { STEP_NONE, STEP_STDIO, STEP_CWD, STEP_TRACER, STEP_EXEC };

struct launch {
	char **argv, **env;
	const char *path, *cwd;
	struct ends ends;
	const struct lm_slot *log;
	bool watched, traced, all;	/* by any tracer; by seccomp notification; LM_LOGF_ALL */
	bool ptraced, stops_all;
	int ready;			/* by ptrace: written by us, once its tracer is there; less than 0: it cannot be */
	/* written by the child */
	int notify;			/* -1: none */
	int error;
	enum step step;
};

static void fail(struct launch *l, enum step step, int error)
{
	l->step = step;
	l->error = error;
	_exit(127);
}

/* errno is shared with the agent, which runs meanwhile: no libc here. */
static void await_tracer(struct launch *l)
{
	while (!__atomic_load_n(&l->ready, __ATOMIC_ACQUIRE))
		lm_sys6(SYS_futex, (long)&l->ready, FUTEX_WAIT_PRIVATE, 0, 0, 0, 0);
	if (l->ready < 0)
		_exit(127);
}

static int child(void *arg)
{
	struct launch *l = arg;
	sigset_t none;
	int rc;

	if (l->ptraced)
		await_tracer(l);
	/* The agent may have died before the line above: then nobody is left to kill us. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != agent.pid)
		_exit(127);
	setsid();
	if (*l->cwd && chdir(l->cwd) < 0)
		fail(l, STEP_CWD, errno);
	if (l->traced) {		/* until then our descriptors are the agent's own */
		l->notify = lm_trace_install(l->all);
		if (l->notify < 0)
			fail(l, STEP_TRACER, -l->notify);
	}
	if (l->ptraced && !l->stops_all && (rc = lm_ptrace_install(l->all)) < 0)
		fail(l, STEP_TRACER, -rc);
	if (dup2(l->ends.in, 0) < 0 || dup2(l->ends.out, 1) < 0 || dup2(l->ends.err, 2) < 0)
		fail(l, STEP_STDIO, errno);
	setrlimit(RLIMIT_NOFILE, &agent.files);
	setrlimit(RLIMIT_CORE, &agent.cores);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (l->watched)
		lm_slot_exec(l->log, l->path, l->env);
	fail(l, STEP_EXEC, (int)-lm_sys3(SYS_execve, (long)l->path, (long)l->argv, (long)l->env));
	return 127;
}

/* ---- which file, which environment ---- */

const char *env_value(char *const *env, const char *key)
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

/* One of the loader's variables: our library, then what the rule gave. Returns the entry, or NULL: it is not for us. */
static char *loader_entry(const char *key, const char *library, const char *given)
{
	char *entry;

	if (asprintf(&entry, "%s%s%s%s", key, library, given ? ":" : "", given ? given : "") < 0)
		abort();
	return entry;
}

/* Tracer variables are put in place of what the rule gave, so that no key comes twice. Returns what to free, a list. */
static char **add_tracer_env(struct job *job)
{
	static const char *const keys[] = { "LD_PRELOAD=", "LD_AUDIT=" };
	const struct lm_log_header *log = job->slot->log.log;
	const char *const libraries[] = { lm_log_text(log, log->preload), lm_log_text(log, log->audit) };
	struct order *o = &job->order;
	const bool wanted[] = { method_preloads(o->autodep), o->autodep == AUTODEP_AUDIT };
	const char *given[2] = { NULL, NULL };
	char **ours = calloc(3, sizeof *ours), **at;
	uint32_t kept = 0, i, n = 0;
	int k;

	if (!ours)
		abort();
	for (i = 0; i < o->n_env; i++) {
		for (k = 0; k < 2; k++)
			if (wanted[k] && !strncmp(o->env[i], keys[k], strlen(keys[k])))
				break;
		if (k < 2)
			given[k] = given[k] ? given[k] : o->env[i] + strlen(keys[k]);
		else if (strncmp(o->env[i], "LMAKE_AUTODEP_ENV=", 18))
			o->env[kept++] = o->env[i];
	}
	at = o->env + kept;
	*at++ = job->token;
	for (k = 0; k < 2; k++)
		if (wanted[k])
			*at++ = ours[n++] = loader_entry(keys[k], libraries[k], given[k]);
	*at = NULL;
	o->n_env = (uint32_t)(at - o->env);
	return ours;
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

static void say_failed(struct job *job, const struct launch *e, const char *path)
{
	const char *why = strerror(e->error);

	switch (e->step) {
	case STEP_CWD:
		job_message(job, "cannot go to dir %s : %s, consider : make it, or check the sub-repo", job->order.cwd,
			    why);
		break;
	case STEP_TRACER:
		job_message(job, "cannot trace the job by %s : %s, consider : autodep = 'ld_preload'",
			    job->order.autodep == AUTODEP_PTRACE ? "ptrace" : job->order.autodep == AUTODEP_HYBRID ? "hybrid" : "seccomp",
			    job->order.autodep == AUTODEP_PTRACE && e->error == EPERM ?
			    "another tracer is at work (a debugger, or lmake around us), or the system forbids it" : why);
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

/* ---- going ---- */

/* The child waits. */
static pid_t trace(struct job *job, struct launch *l, pid_t pid)
{
	int rc = slot_ptrace(job, pid);

	__atomic_store_n(&l->ready, rc < 0 ? -1 : 1, __ATOMIC_RELEASE);
	lm_sys6(SYS_futex, (long)&l->ready, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
	if (rc < 0) {
		l->step = STEP_TRACER;
		l->error = -rc;
	} else if (slot_ptrace_launch(job, pid) && !l->step) {
		l->step = STEP_TRACER;		/* killed by somebody */
		l->error = ECHILD;
	}
	return pid;
}

static pid_t go(struct job *job, struct launch *l)
{
	static char *stack;
	int rc = l->traced || l->ptraced ? lm_trace_prepare() : 0;
	pid_t pid;

	if (rc < 0 && l->traced) {
		l->step = STEP_TRACER;
		l->error = -rc;
		return 0;
	}
	if (!stack) {
		stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (stack == MAP_FAILED)
			abort();
	}
	/* We sleep until the child execs or dies: one stack serves all jobs in turn. */
	pid = clone(child, stack + STACK_SIZE,
		    CLONE_VM | (l->ptraced ? 0 : CLONE_VFORK) | (l->traced ? CLONE_FILES : 0) | SIGCHLD, l);
	return pid > 0 && l->ptraced ? trace(job, l, pid) : pid;
}

/* The child is the job now, or dead. */
static void serve(struct job *job, struct launch *l)
{
	int rc = l->step ? -ECANCELED : slot_trace(job, l->notify);

	if (rc >= 0)
		return;
	close(l->notify);
	if (l->step)
		return;
	kill(job->pid, SIGKILL);	/* with a filter that nobody serves */
	l->step = STEP_TRACER;
	l->error = -rc;
}

static void free_list(char **list)
{
	for (char **entry = list; *entry; entry++)
		free(*entry);
	free(list);
}

/* Its first process does the rest, while we go on. */
static int spawn_isolated(struct job *job)
{
	struct ns_launch l = {
		.argv = job->order.argv, .cwd = job->order.cwd, .slot = job->slot, .small_id = job->order.small_id,
		.watched = job->order.autodep != AUTODEP_NONE, .all = job->order.flags & JOB_RECORD_ALL,
		.traced = job->order.autodep == AUTODEP_SECCOMP || job->order.autodep == AUTODEP_HYBRID,
	};
	char **ours;
	int rc;

	if (job->order.autodep == AUTODEP_PTRACE) {
		job_message(job, "a job with processes, mounts or a root of its own cannot be watched by ptrace, "
			    "consider : autodep = 'hybrid', on a host that allows seccomp notifications");
		return -1;
	}
	if (job_redirect(job, &l.ends) < 0) {
		ends_close(&l.ends);
		return -1;
	}
	ours = add_tracer_env(job);
	l.env = job->order.env;
	job->start = now_real();
	rc = l.traced ? lm_trace_prepare() : 0;
	if (rc >= 0)
		rc = ns_spawn(job, &l);
	ends_close(&l.ends);
	free_list(ours);
	return rc;
}

int job_spawn(struct job *job)
{
	struct launch l = {
		.argv = job->order.argv, .cwd = job->order.cwd, .log = &job->slot->log, .notify = -1,
		.watched = job->order.autodep != AUTODEP_NONE, .all = job->order.flags & JOB_RECORD_ALL,
		.traced = job->order.autodep == AUTODEP_SECCOMP || job->order.autodep == AUTODEP_HYBRID,
		.ptraced = job->order.autodep == AUTODEP_PTRACE, .stops_all = method_stops_all(),
	};
	char found[4096], **ours;

	if (job->iso)
		return spawn_isolated(job);
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
	ours = add_tracer_env(job);
	l.env = job->order.env;
	job->start = now_real();
	job->pid = go(job, &l);
	ends_close(&l.ends);
	free_list(ours);
	if (job->pid < 0) {
		job_message(job, "cannot make a process : %s, consider : fewer jobs at once", strerror(errno));
		return -1;
	}
	job->group = job->pid;
	if (l.notify >= 0)
		serve(job, &l);
	if (l.step) {
		while (job->pid && waitpid(job->pid, NULL, 0) < 0 && errno == EINTR)
			;
		job->pid = 0;
		say_failed(job, &l, l.path);
		return -1;
	}
	return 0;
}
