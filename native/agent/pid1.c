/*
 * The first process of a job with namespaces (isolate.h): a fork of the agent that is process 1 of its own pids. It
 * makes the mounts, starts the main process, reaps whatever comes to it, and when the main process is over tells how
 * and leaves: the kernel then kills all that is left. It dies with the agent too. Set-up costs the agent a fork and no
 * wait: what happens is told by a socket, which the loop watches (ns_drain and what is above it run in the agent, the
 * rest not).
 */
#define _GNU_SOURCE
#include "isolate.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../access/sys.h"

union control {
	struct cmsghdr align;
	char space[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
};

/* ---- in the agent ---- */

static void runs(struct job *job, struct msghdr *msg)
{
	int notify = -1, rc = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		struct ucred from;

		if (c->cmsg_level != SOL_SOCKET)
			continue;
		if (c->cmsg_type == SCM_RIGHTS)
			memcpy(&notify, CMSG_DATA(c), sizeof notify);
		if (c->cmsg_type == SCM_CREDENTIALS) {
			memcpy(&from, CMSG_DATA(c), sizeof from);
			job->group = from.pid;
		}
	}
	if (notify >= 0)
		rc = slot_trace(job, notify);
	if (rc < 0) {
		close(notify);
		job->broken = true;
		job_kill(job, OUT_REFUSED);
	}
}

/* Returns false when nothing more comes now. */
static bool hear(struct job *job)
{
	struct isolation *iso = job->iso;
	struct ns_note note = { 0 };
	union control control;
	struct iovec io = { &note, sizeof note };
	struct msghdr msg = {
		.msg_iov = &io, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control,
	};
	ssize_t n = iso->control.fd < 0 ? 0 : recvmsg(iso->control.fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		source_close(&iso->control);
		return false;
	}
	note.what[sizeof note.what - 1] = 0;
	if (note.step == NS_RUNS) {
		runs(job, &msg);
	} else {
		isolate_say(job, &note);
		job->not_started = true;
	}
	return true;
}

static void on_control(struct source *s, uint32_t events)
{
	struct isolation *iso = (struct isolation *)((char *)s - offsetof(struct isolation, control));

	(void)events;
	hear(iso->job);
}

void ns_drain(struct job *job)
{
	while (hear(job))
		;
}

/* ---- in the first process ---- */

static int control_fd;

/* Tell the agent, with a descriptor if it is not -1. */
static void tell(const struct ns_note *note, int fd)
{
	union control control = { 0 };
	struct iovec io = { (void *)note, sizeof *note };
	struct msghdr msg = { .msg_iov = &io, .msg_iovlen = 1 };

	if (fd >= 0) {
		struct cmsghdr *c = &control.align;

		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(sizeof fd);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(c), &fd, sizeof fd);
	}
	sendmsg(control_fd, &msg, MSG_NOSIGNAL);
}

static void give_up(struct ns_note *note)
{
	tell(note, -1);
	_exit(127);
}

static void give_up_at(enum ns_step step, int error, const char *what)
{
	static struct ns_note note;

	ns_fail(&note, step, error, what);
	give_up(&note);
}

static int write_file(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));
	int error = errno;

	if (fd >= 0)
		close(fd);
	errno = error;
	return n < 0 ? -1 : 0;
}

/* We are who we were: the ids of files mean the same, nothing is gained. */
static void map_users(uid_t uid, gid_t gid)
{
	char line[64];

	if (write_file("/proc/self/setgroups", "deny") < 0)
		give_up_at(NS_USERS, errno, "/proc/self/setgroups");
	snprintf(line, sizeof line, "%u %u 1", (unsigned)uid, (unsigned)uid);
	if (write_file("/proc/self/uid_map", line) < 0)
		give_up_at(NS_USERS, errno, "/proc/self/uid_map");
	snprintf(line, sizeof line, "%u %u 1", (unsigned)gid, (unsigned)gid);
	if (write_file("/proc/self/gid_map", line) < 0)
		give_up_at(NS_USERS, errno, "/proc/self/gid_map");
}

/* As execvp looks for it, in the root of the job. */
static const char *find_program(const struct ns_launch *l)
{
	static char found[4096];
	const char *path = env_value(l->env, "PATH"), *name = l->argv[0];
	struct stat st;

	if (strchr(name, '/'))
		return name;
	for (path = path ? path : "/usr/bin:/bin"; path; path = strchr(path, ':') ? strchr(path, ':') + 1 : NULL) {
		int n = (int)strcspn(path, ":");

		if (snprintf(found, sizeof found, "%.*s%s%s", n, path, n ? "/" : "", name) < (int)sizeof found &&
		    !stat(found, &st) && S_ISREG(st.st_mode) && !access(found, X_OK))
			return found;
	}
	return NULL;
}

/* ---- in the main process ---- */

static void main_process(const struct ns_launch *l, const char *root)
{
	static struct ns_note ready = { .step = NS_RUNS };
	const char *path;
	sigset_t none;
	int notify = -1;

	setsid();
	if (chdir(root) < 0)
		give_up_at(NS_CWD, errno, root);
	if (*l->cwd && chdir(l->cwd) < 0)
		give_up_at(NS_CWD, errno, l->cwd);
	path = find_program(l);
	if (!path)
		give_up_at(NS_NO_PROGRAM, ENOENT, l->argv[0]);
	if (dup2(l->ends.in, 0) < 0 || dup2(l->ends.out, 1) < 0 || dup2(l->ends.err, 2) < 0)
		give_up_at(NS_STDIO, errno, "standard files");
	setrlimit(RLIMIT_NOFILE, &agent.files);
	setrlimit(RLIMIT_CORE, &agent.cores);
	if (l->traced) {
		notify = lm_trace_install(l->all || l->slot->log.log->n_mounts);
		if (notify < 0)
			give_up_at(NS_TRACER, -notify, "");
	}
	tell(&ready, notify);
	if (notify >= 0)
		close(notify);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (l->watched)
		lm_slot_exec(&l->slot->log, path, l->env);
	give_up_at(NS_EXEC, (int)-lm_sys3(SYS_execve, (long)path, (long)l->argv, (long)l->env), path);
}

/* Until the main process is over. Its end is known to the agent by ours. */
static void reap(pid_t main_pid, struct ns_end *end)
{
	struct rusage usage;
	int status;
	pid_t pid;

	while ((pid = wait4(-1, &status, 0, &usage)) > 0 || errno == EINTR)
		if (pid == main_pid) {
			end->status = status;
			end->usage = usage;
			__atomic_store_n(&end->known, 1, __ATOMIC_RELEASE);
			_exit(0);
		}
	_exit(127);
}

/* No descriptor of the agent's may be held open by us: pipes of other jobs, the server's, ends of this one. */
static void close_all_but(const int *keep, int n)
{
	unsigned from = 0;

	for (;;) {
		unsigned next = ~0u;

		for (int i = 0; i < n; i++)
			if (keep[i] >= (int)from && (unsigned)keep[i] < next)
				next = (unsigned)keep[i];
		if (next > from)
			syscall(SYS_close_range, from, next == ~0u ? next : next - 1, 0u);
		if (next == ~0u)
			return;
		from = next + 1;
	}
}

/* Jobs that run together have pids apart: names made of them do not meet in a dir they share. */
static void spread_pids(uint64_t small_id)
{
	char text[32];

	snprintf(text, sizeof text, "%u", (unsigned)(small_id % 300) * 100 + 1);
	write_file("/proc/sys/kernel/ns_last_pid", text);
}

static void first_process(struct job *job, const struct ns_launch *l, bool users, uid_t uid, gid_t gid)
{
	static struct ns_note note;
	struct isolation *iso = job->iso;
	const int keep[] = { control_fd, l->ends.in, l->ends.out, l->ends.err };
	pid_t pid;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "lmake_job");
	setsid();
	close_all_but(keep, 4);
	if (users)
		map_users(uid, gid);
	if (ns_copy_up(&iso->plan, l->slot, &note) < 0 || ns_mounts(&iso->plan, &note) < 0)
		give_up(&note);
	spread_pids(l->small_id);
	pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (pid < 0)
		give_up_at(NS_FORK, errno, "");
	if (!pid)
		main_process(l, iso->plan.seen_root);
	close_all_but(NULL, 0);
	reap(pid, iso->end);
}

/* ---- in the agent ---- */

/* With users of its own when we may not do it otherwise. */
static pid_t clone_first(bool users)
{
	unsigned long flags = SIGCHLD | CLONE_NEWPID | CLONE_NEWNS | (users ? CLONE_NEWUSER : 0);

	return (pid_t)syscall(SYS_clone, flags, 0, 0, 0, 0);
}

int ns_spawn(struct job *job, const struct ns_launch *l)
{
	struct isolation *iso = job->iso;
	struct ns_note note;
	uid_t uid = geteuid();		/* asked here: there nobody has a name yet */
	gid_t gid = getegid();
	bool users = uid;
	int ends[2], on = 1;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
		job_message(job, "cannot make a socket : %s, consider : fewer jobs at once", strerror(errno));
		return -1;
	}
	setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
	control_fd = ends[1];
	pid = clone_first(users);
	if (pid < 0 && errno == EPERM && !users)	/* root without the right to: as anybody else */
		pid = clone_first(users = true);
	if (!pid)
		first_process(job, l, users, uid, gid);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		ns_fail(&note, NS_USERS, errno, "");
		isolate_say(job, &note);
		return -1;
	}
	job->pid = pid;
	iso->control = (struct source){ ends[0], on_control };
	source_watch(&iso->control, EPOLLIN);
	return 0;
}
