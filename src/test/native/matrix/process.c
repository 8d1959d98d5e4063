/*
 * The probes of the matrix that are about the process that makes the call (see probe.c): how it came to be, what it has done to
 * its descriptors, environment, limits and rights, and what the name looks like. Nearly all of them read one file.
 */
#include "probe.h"

#include <dlfcn.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>

extern char **environ;
static char *const no_env[] = { NULL };

static const char *self(const char *end)	/* the program of the probe, or a file beside it */
{
	static char name[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", name, sizeof(name) - 20);

	strcpy(name + (n > 0 ? n : 0), end);
	return name;
}

static int now(const struct file *f)
{
	return closed(open(f->path, O_RDONLY));
}

/* ---- children ---- */

static int p_fork(const struct file *f)
{
	pid_t pid = fork();

	if (!pid)
		_exit(-now(f));
	return reaped(pid);
}

static int p_grandchild(const struct file *f)
{
	pid_t pid = fork();

	if (!pid) {
		setsid();
		_exit(-p_fork(f));
	}
	return reaped(pid);
}

#define ARGV(f) ((char *[]){ "probe", "-open", (char *)(f)->path, NULL })
#define IN_CHILD(name, ...) static int name(const struct file *f) \
	{ pid_t pid = fork(); if (!pid) { __VA_ARGS__; _exit(99); } return reaped(pid); }
IN_CHILD(p_exec, execv(self(""), ARGV(f)))
IN_CHILD(p_exec_no_env, execve(self(""), ARGV(f), no_env))
IN_CHILD(p_clearenv, clearenv(); execv(self(""), ARGV(f)))
IN_CHILD(p_environ_null, environ = NULL; execv(self(""), ARGV(f)))
IN_CHILD(p_unsetenv, unsetenv("LD_PRELOAD"); unsetenv("LMAKE_AUTODEP_ENV"); execv(self(""), ARGV(f)))
IN_CHILD(p_own_preload, setenv("LD_PRELOAD", "/nosuch.so", 1); close(2); execv(self(""), ARGV(f)))
IN_CHILD(p_sys_execve, syscall(SYS_execve, self(""), ARGV(f), no_env))
IN_CHILD(p_fexecve, fexecve(open(self(""), O_RDONLY | O_CLOEXEC), ARGV(f), no_env))
IN_CHILD(p_execveat_empty, syscall(SYS_execveat, open(self(""), O_PATH | O_CLOEXEC), "", ARGV(f), no_env, AT_EMPTY_PATH))
IN_CHILD(p_suid, if (access(self(".suid"), X_OK)) _exit(200); execv(self(".suid"), ARGV(f)))
IN_CHILD(p_other_user, if (setgid(65534) || setuid(65534)) _exit(200); execv(self(""), ARGV(f)))
IN_CHILD(p_undumpable, prctl(PR_SET_DUMPABLE, 0); _exit(-now(f)))
IN_CHILD(p_personality, personality(ADDR_NO_RANDOMIZE | READ_IMPLIES_EXEC); execv(self(""), ARGV(f)))
#ifdef __i386__
#define LOADER "/lib/ld-linux.so.2"
#else
#define LOADER "/lib64/ld-linux-x86-64.so.2"
#endif
IN_CHILD(p_loader, execl(LOADER, "ld.so", self(""), "-open", f->path, NULL))
IN_CHILD(p_limit_memory, setrlimit(RLIMIT_AS, &(struct rlimit){ 100 << 20, 100 << 20 }); execv(self(""), ARGV(f)))
IN_CHILD(p_limit_files, syscall(436, 3u, ~0u, 0); setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 4, 4 }); execv(self(""), ARGV(f)))
IN_CHILD(p_limit_size, signal(SIGXFSZ, SIG_IGN); setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 0, 0 }); execv(self(""), ARGV(f)))
IN_CHILD(p_early, setenv("PROBE_EARLY", f->path, 1); execl(self(""), "probe", "-open", "/dev/null", NULL))
IN_CHILD(p_late, setenv("PROBE_LATE", f->path, 1); execl(self(""), "probe", "-open", "/dev/null", NULL))
IN_CHILD(p_closefrom, for (int i = 0; i < 1024; i++) close(i); _exit(-now(f)))
IN_CHILD(p_close_range, syscall(436, 0u, ~0u, 0); _exit(-now(f)))
IN_CHILD(p_fill_fds, for (int i = 3; i < 1000; i++) dup2(0, i); _exit(-now(f)))
IN_CHILD(p_fork_exec_closed, for (int i = 0; i < 1024; i++) close(i); execve(self(""), ARGV(f), no_env))
IN_CHILD(p_stopped, if (!fork()) { usleep(20000); kill(getppid(), SIGCONT); _exit(0); } raise(SIGSTOP); _exit(-now(f)))
IN_CHILD(p_new_user, if (unshare(CLONE_NEWUSER)) _exit(200); execv(self(""), ARGV(f)))
IN_CHILD(p_new_pid, if (unshare(CLONE_NEWPID)) _exit(200); _exit(-p_fork(f)))
IN_CHILD(p_new_pid_exec, if (unshare(CLONE_NEWPID)) _exit(200); _exit(-p_exec_no_env(f)))
IN_CHILD(p_new_mounts, if (unshare(CLONE_NEWNS)) _exit(200); execv(self(""), ARGV(f)))

/* 200 says that a right is missing. */
#define IF_ALLOWED(name, of) static int name(const struct file *f) { int rc = of(f); return rc == -200 ? NOT_HERE : rc; }
IF_ALLOWED(p_suid_if, p_suid)
IF_ALLOWED(p_other_user_if, p_other_user)
IF_ALLOWED(p_new_user_if, p_new_user)
IF_ALLOWED(p_new_pid_if, p_new_pid)
IF_ALLOWED(p_new_pid_exec_if, p_new_pid_exec)
IF_ALLOWED(p_new_mounts_if, p_new_mounts)

__attribute__((destructor)) static void at_the_end(void)
{
	const char *path = getenv("PROBE_LATE");

	if (path)
		_exit(-closed(open(path, O_RDONLY)));
}

/* Before any constructor. */
static void at_first(int argc, char **argv, char **env)
{
	(void)argc, (void)argv;
	for (; env && *env; env++)
		if (!strncmp(*env, "PROBE_EARLY=", 12))
			_exit(-closed(open(*env + 12, O_RDONLY)));
}

__attribute__((section(".preinit_array"), used)) static void (*const first)(int, char **, char **) = at_first;

static int p_vfork_exec(const struct file *f)
{
	const char *program = self("");
	pid_t pid = vfork();

	if (!pid) {
		execve(program, ARGV(f), no_env);
		_exit(99);
	}
	return reaped(pid);
}

static int p_vfork_chdir(const struct file *f)	/* the parent must not believe it has moved */
{
	pid_t pid = vfork();

	if (!pid) {
		int fd = open("/", O_RDONLY | O_DIRECTORY);

		_exit(fchdir(fd) ? 1 : 0);
	}
	return reaped(pid) ? -EINVAL : now(f);
}

static int p_spawn(const struct file *f)
{
	pid_t pid;

	return posix_spawn(&pid, self(""), NULL, NULL, ARGV(f), no_env) ? -ECHILD : reaped(pid);
}

static int p_spawn_action(const struct file *f)	/* the open is made by libc, in the child */
{
	posix_spawn_file_actions_t fa;
	pid_t pid;
	int rc;

	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 3, f->path, O_RDONLY, 0);
	rc = posix_spawn(&pid, "/bin/true", &fa, NULL, (char *[]){ "true", NULL }, no_env);
	return rc ? -rc : reaped(pid);
}

static int p_spawn_chdir(const struct file *f)
{
	posix_spawn_file_actions_t fa;
	char dir[256];
	pid_t pid;
	int rc;

	snprintf(dir, sizeof(dir), "%s", f->path);
	dir[strcspn(dir, "/")] = 0;
	truth(f, "L", dir);
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addchdir_np(&fa, dir);
	rc = posix_spawn(&pid, self(""), &fa, NULL, (char *[]){ "probe", "-open", strchr(f->path, '/') + 1, NULL }, no_env);
	return rc ? -rc : reaped(pid);
}

static int p_system(const struct file *f)
{
	char cmd[400];

	snprintf(cmd, sizeof(cmd), "read x 2>/dev/null < %s", f->path);
	return system(cmd) ? -1 : 0;
}

static int p_popen(const struct file *f)
{
	char cmd[400];
	FILE *p;

	snprintf(cmd, sizeof(cmd), "exec env -i /bin/cat %s 2>/dev/null", f->path);
	p = popen(cmd, "r");
	while (p && fgetc(p) != EOF)
		;
	return p && !pclose(p) ? 0 : -1;
}

static int p_memfd(const struct file *f)	/* a program without a name */
{
	int from = open(self(""), O_RDONLY | O_CLOEXEC), to = memfd_create("probe", MFD_CLOEXEC), n;
	char block[65536];
	pid_t pid;

	while ((n = (int)read(from, block, sizeof(block))) > 0)
		if (write(to, block, (size_t)n) != n)
			return NOT_HERE;
	close(from);
	pid = fork();
	if (!pid) {
		fexecve(to, ARGV(f), no_env);
		_exit(99);
	}
	close(to);
	return reaped(pid);
}

static int p_clone3(const struct file *f)
{
	struct { unsigned long long flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls; } args = {
		.exit_signal = SIGCHLD,
	};
	pid_t pid = (pid_t)syscall(435, &args, sizeof(args));

	if (!pid)
		_exit(-now(f));
	return pid < 0 ? NOT_HERE : reaped(pid);
}

static int on_own_stack(void *f)
{
	return -now(f);
}

static int cloned(const struct file *f, int flags)
{
	static char stack[1 << 18] __attribute__((aligned(16)));

	return reaped(clone(on_own_stack, stack + sizeof(stack), flags | SIGCHLD, (void *)f));
}

static int p_clone_vm(const struct file *f) { return cloned(f, CLONE_VM | CLONE_VFORK); }
static int p_clone_files(const struct file *f) { return cloned(f, CLONE_VM | CLONE_FILES | CLONE_FS); }

struct elsewhere {
	char dir[256];
	const char *rest;
};

static int in_other_dir(void *arg)
{
	const struct elsewhere *e = arg;

	return chdir(e->dir) ? 99 : -closed(open(e->rest, O_RDONLY));
}

/* A child that shares our memory, and moves; we have not. */
static int p_clone_cwd(const struct file *f)
{
	static char stack[1 << 18] __attribute__((aligned(16)));
	struct elsewhere e = { .rest = strchr(f->path, '/') + 1 };
	char other[300];
	int rc;

	snprintf(e.dir, sizeof(e.dir), "%s", f->path);
	e.dir[strcspn(e.dir, "/")] = 0;
	truth(f, "L", e.dir);
	snprintf(other, sizeof(other), "%s", e.rest);
	truth(f, "LR", other);	/* the same text, from where we are */
	rc = reaped(clone(in_other_dir, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, &e));
	closed(open(other, O_RDONLY));
	return rc;
}

/* ---- threads and signals ---- */

static void *in_thread(void *f)
{
	return (void *)(long)now(f);
}

static int p_thread(const struct file *f)
{
	pthread_t t;
	void *rc;

	if (pthread_create(&t, NULL, in_thread, (void *)f))
		return NOT_HERE;
	pthread_join(t, &rc);
	return (int)(long)rc;
}

static void *in_own_cwd(void *arg)	/* the thread moves, the process does not */
{
	const struct file *f = arg;
	char dir[256];
	int rc;

	snprintf(dir, sizeof(dir), "%s", f->path);
	dir[strcspn(dir, "/")] = 0;
	if (unshare(CLONE_FS) || chdir(dir))
		return (void *)(long)-EINVAL;
	rc = closed(open(strchr(f->path, '/') + 1, O_RDONLY));
	return (void *)(long)rc;
}

static int p_thread_cwd(const struct file *f)
{
	char dir[256], other[300];
	pthread_t t;
	void *rc;

	snprintf(dir, sizeof(dir), "%s", f->path);
	dir[strcspn(dir, "/")] = 0;
	truth(f, "L", dir);
	snprintf(other, sizeof(other), "%s", strchr(f->path, '/') + 1);
	truth(f, "LR", other);	/* the same text, from where we are still */
	if (pthread_create(&t, NULL, in_own_cwd, (void *)f))
		return NOT_HERE;
	pthread_join(t, &rc);
	closed(open(other, O_RDONLY));
	return (int)(long)rc;
}

static const struct file *handled;
static volatile int handled_rc;

static void on_signal(int sig)
{
	(void)sig;
	handled_rc = now(handled);
}

static int p_signal(const struct file *f)
{
	handled = f;
	signal(SIGUSR1, on_signal);
	raise(SIGUSR1);
	signal(SIGUSR1, SIG_DFL);
	return handled_rc;
}

static int p_small_stack(const struct file *f)
{
	stack_t ss = { .ss_sp = malloc(8192), .ss_size = 8192 }, off = { .ss_flags = SS_DISABLE };
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_ONSTACK };

	handled = f;
	sigaltstack(&ss, NULL);
	sigaction(SIGUSR1, &sa, NULL);
	raise(SIGUSR1);
	signal(SIGUSR1, SIG_DFL);
	sigaltstack(&off, NULL);
	free(ss.ss_sp);
	return handled_rc;
}

/* ---- debuggers and sandboxes ---- */

static int p_ptrace(const struct file *f)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			_exit(200);
		execv(self(""), ARGV(f));
		_exit(99);
	}
	while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status))
		ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
	return WIFEXITED(status) ? WEXITSTATUS(status) == 200 ? NOT_HERE : -WEXITSTATUS(status) : -EINTR;
}

static void filter_mkdir(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mkdir, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { .len = 4, .filter = code };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		_exit(200);
}

IN_CHILD(p_filter, filter_mkdir(); execv(self(""), ARGV(f)))
IF_ALLOWED(p_filter_if, p_filter)

/* ---- libraries ---- */

#ifdef SHARED_PROBE
static int of_library(const struct file *f, void *lib)
{
	int (*run)(const char *) = lib ? (int (*)(const char *))dlsym(lib, "library_open") : NULL;

	return run ? run(f->path) : NOT_HERE;
}

static int p_dlopen(const struct file *f) { return of_library(f, dlopen(self(".so"), RTLD_NOW)); }
static int p_dlmopen(const struct file *f)
{
	static void *lib;

	if (!lib)
		lib = dlmopen(LM_ID_NEWLM, self(".so"), RTLD_NOW);
	return of_library(f, lib);
}
static int p_deepbind(const struct file *f) { return of_library(f, dlopen(self(".2.so"), RTLD_NOW | RTLD_DEEPBIND)); }
static int p_dlsym_next(const struct file *f)
{
	int (*real)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(dlopen("libc.so.6", RTLD_NOW), "open");

	return closed(real(f->path, O_RDONLY));
}
#endif

/* ---- names ---- */

#define NAMED(name, flags, ...) static int name(const struct file *f) { char n[PATH_MAX * 2]; \
	snprintf(n, sizeof(n), __VA_ARGS__); return closed(open(n, flags)); }
NAMED(n_absolute, O_RDONLY, "%s/%s", getcwd((char[PATH_MAX]){ 0 }, PATH_MAX), f->path)
NAMED(n_dots, O_RDONLY, "./%.*s/.//../%s", (int)strcspn(f->path, "/"), f->path, f->path)
NAMED(n_self_cwd, O_RDONLY, "/proc/self/cwd/%s", f->path)
NAMED(n_pid_cwd, O_RDONLY, "/proc/%d/cwd/%s", getpid(), f->path)
NAMED(n_task_cwd, O_RDONLY, "/proc/self/task/%d/cwd/%s", (int)syscall(SYS_gettid), f->path)
NAMED(n_thread_self, O_RDONLY, "/proc/thread-self/cwd/%s", f->path)
NAMED(n_root, O_RDONLY, "/proc/self/root%s/%s", getcwd((char[PATH_MAX]){ 0 }, PATH_MAX), f->path)
NAMED(n_system, O_RDONLY, "/usr/../proc/self/cwd/%s", f->path)
NAMED(n_slashes, O_RDONLY, "///proc//self///cwd//%s", f->path)

static int n_reopened(const struct file *f, const char *format, int flags)
{
	int fd = open(f->path, O_PATH), rc;
	char name[64];

	if (fd < 0)
		return -errno;
	snprintf(name, sizeof(name), format, fd);
	rc = closed(open(name, flags));
	close(fd);
	return rc;
}

static int n_proc_fd(const struct file *f) { return n_reopened(f, "/proc/self/fd/%d", O_RDONLY); }
static int n_dev_fd(const struct file *f) { return n_reopened(f, "/dev/fd/%d", O_RDONLY); }
static int n_proc_fd_write(const struct file *f)
{
	static const struct class c = { 1, "RW+L", "LR", "LR" };

	truth_of(f, &c);
	return n_reopened(f, "/proc/self/fd/%d", O_WRONLY | O_TRUNC);
}

static int n_fd_dir(const struct file *f)
{
	char name[300];
	int fd = open(".", O_RDONLY | O_DIRECTORY), rc;

	snprintf(name, sizeof(name), "/proc/self/fd/%d/%s", fd, f->path);
	rc = closed(open(name, O_RDONLY));
	close(fd);
	return rc;
}

/* By a link out of the repo, in a dir of the system where everybody may make one. */
static int n_by_link_in(const struct file *f, const char *dir)
{
	char name[64], text[PATH_MAX * 2];
	int rc;

	snprintf(name, sizeof(name), "%s/probe.%d.%d", dir, (int)getpid(), f->kind);
	snprintf(text, sizeof(text), "%s/%s", getcwd((char[PATH_MAX]){ 0 }, PATH_MAX), f->path);
	if (symlink(text, name))
		return NOT_HERE;
	rc = closed(open(name, O_RDONLY));
	unlink(name);
	return rc;
}

static int n_link_in_shm(const struct file *f) { return n_by_link_in(f, "/dev/shm"); }
static int n_link_in_var_tmp(const struct file *f) { return n_by_link_in(f, "/var/tmp"); }

/* The last bytes that can be read. */
static int n_page_end(const struct file *f)
{
	char *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *name = map + 4096 - strlen(f->path) - 1;

	strcpy(name, f->path);
	munmap(map + 4096, 4096);
	return closed(syscall(SYS_open, name, O_RDONLY));
}

/* The same of a file that is mapped. */
static int n_map_files(const struct file *f)
{
	int fd = open(f->path, O_RDONLY), rc;
	char name[64], *map;

	if (fd < 0)
		return -errno;
	map = mmap(NULL, 1, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return f->kind == DIRECTORY ? -errno : NOT_HERE;
	snprintf(name, sizeof(name), "/proc/self/map_files/%lx-%lx", (long)map, (long)map + 4096);
	rc = closed(open(name, O_RDONLY));
	munmap(map, 1);
	return rc == -EPERM ? NOT_HERE : rc;
}

static int moved(const struct file *f, int by_fd)
{
	int top = open(".", O_RDONLY | O_DIRECTORY), fd, rc;
	char dir[256];

	snprintf(dir, sizeof(dir), "%s", f->path);
	dir[strcspn(dir, "/")] = 0;
	truth(f, "L", dir);
	fd = open(dir, O_RDONLY | O_DIRECTORY);
	if (by_fd ? fchdir(fd) : chdir(dir))
		return -errno;
	close(fd);
	rc = closed(open(strchr(f->path, '/') + 1, O_RDONLY));
	if (fchdir(top))
		abort();
	close(top);
	return rc;
}

static int n_chdir(const struct file *f) { return moved(f, 0); }
static int n_fchdir(const struct file *f) { return moved(f, 1); }

/* A descriptor of a dir that came from another process. */
static int n_passed_fd(const struct file *f)
{
	union { char room[CMSG_SPACE(sizeof(int))]; struct cmsghdr head; } control = { { 0 } };
	struct iovec one = { "x", 1 }, got = { (char[1]){ 0 }, 1 };
	struct msghdr m = { .msg_iov = &one, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	int pair[2], fd, rc;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair))
		return NOT_HERE;
	pid = fork();
	if (!pid) {
		fd = open(".", O_PATH | O_DIRECTORY);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
		_exit(sendmsg(pair[0], &m, 0) == 1 ? 0 : 1);
	}
	m.msg_iov = &got;
	if (reaped(pid) || recvmsg(pair[1], &m, 0) != 1)
		return NOT_HERE;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	rc = closed(openat(fd, f->path, O_RDONLY));
	close(fd);
	close(pair[0]);
	close(pair[1]);
	return rc;
}

/* ---- exec of the file itself: a script ---- */

IN_CHILD(x_execv, execl(f->path, f->path, NULL); _exit(errno))
IN_CHILD(x_execvp, execlp(f->path, f->path, NULL); _exit(errno))
IN_CHILD(x_execveat, syscall(SYS_execveat, AT_FDCWD, f->path, ((char *[]){ "x", NULL }), no_env, 0); _exit(errno))
static int x_spawn(const struct file *f)
{
	pid_t pid;
	int rc = posix_spawn(&pid, f->path, NULL, NULL, ((char *[]){ "x", NULL }), no_env);

	return rc ? -rc : reaped(pid);
}

/* Interpreter of a script that has no name. */
static int x_memfd(const struct file *f, int by_name)
{
	int fd = memfd_create("script", 0);
	char line[PATH_MAX * 2], name[64];
	pid_t pid;

	snprintf(line, sizeof(line), "#!%s/%s\n", getcwd((char[PATH_MAX]){ 0 }, PATH_MAX), f->path);
	if (write(fd, line, strlen(line)) < 0)
		return NOT_HERE;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	pid = fork();
	if (!pid) {
		if (by_name)
			execl(name, "x", NULL);
		else
			syscall(SYS_execveat, fd, "", ((char *[]){ "x", NULL }), no_env, AT_EMPTY_PATH);
		_exit(errno);
	}
	close(fd);
	return reaped(pid);
}

static int x_memfd_empty(const struct file *f) { return x_memfd(f, 0); }
static int x_memfd_name(const struct file *f) { return x_memfd(f, 1); }

static int x_path(const struct file *f)		/* found by PATH, after a dir that has it not */
{
	const char *slash = strrchr(f->path, '/');
	char path[400], tried[300], name[256];
	pid_t pid;

	snprintf(path, sizeof(path), "%.*s.x:%.*s", (int)(slash - f->path), f->path, (int)(slash - f->path), f->path);
	snprintf(name, sizeof(name), "%s", slash + 1);
	snprintf(tried, sizeof(tried), "%.*s.x%s", (int)(slash - f->path), f->path, slash);
	truth(f, "LR+X", tried);
	pid = fork();
	if (!pid) {
		setenv("PATH", path, 1);
		execlp(name, name, NULL);
		_exit(errno);
	}
	return reaped(pid);
}

#define G "processes"
const struct probe probes_of_process[] = {
	{ G, "fork", p_fork, &READ },
	{ G, "grandchild in a session of its own", p_grandchild, &READ },
	{ G, "vfork and exec", p_vfork_exec, &READ },
	{ G, "vfork and fchdir", p_vfork_chdir, &READ },
	{ G, "clone3", p_clone3, &READ },
	{ G, "clone CLONE_VM CLONE_VFORK", p_clone_vm, &READ },
	{ G, "clone CLONE_VM CLONE_FILES CLONE_FS", p_clone_files, &READ },
	{ G, "clone CLONE_VM, child changes dir", p_clone_cwd, &READ },
	{ G, "posix_spawn", p_spawn, &READ },
	{ G, "posix_spawn that opens", p_spawn_action, &READ },
	{ G, "posix_spawn that changes dir", p_spawn_chdir, &READ },
	{ G, "system", p_system, &READ },
	{ G, "popen", p_popen, &READ },
	{ G, "exec", p_exec, &READ },
	{ G, "syscall execve", p_sys_execve, &READ },
	{ G, "fexecve", p_fexecve, &READ },
	{ G, "execveat AT_EMPTY_PATH", p_execveat_empty, &READ },
	{ G, "program in a memfd", p_memfd, &READ },
	{ G, "program given to the loader", p_loader, &READ },
	{ G, "before any constructor", p_early, &READ },
	{ G, "in a destructor", p_late, &READ },
	{ G, "thread", p_thread, &READ },
	{ G, "thread with a cwd of its own", p_thread_cwd, &READ },
	{ G, "signal handler", p_signal, &READ },
	{ G, "signal handler on 8 kB", p_small_stack, &READ },
	{ G, "stopped and continued", p_stopped, &READ },
#undef G
#define G "what a process did to itself"
	{ G, "exec without environment", p_exec_no_env, &READ },
	{ G, "clearenv", p_clearenv, &READ },
	{ G, "environ = NULL", p_environ_null, &READ },
	{ G, "unsetenv of our variables", p_unsetenv, &READ },
	{ G, "LD_PRELOAD replaced", p_own_preload, &READ },
	{ G, "all descriptors closed", p_closefrom, &READ },
	{ G, "all descriptors closed by close_range", p_close_range, &READ },
	{ G, "all descriptors closed, and exec without environment", p_fork_exec_closed, &READ },
	{ G, "all descriptors taken", p_fill_fds, &READ },
	{ G, "limit on memory", p_limit_memory, &READ },
	{ G, "limit on descriptors", p_limit_files, &READ },
	{ G, "limit on file size", p_limit_size, &READ },
	{ G, "personality", p_personality, &READ },
	{ G, "set-user-id program", p_suid_if, &READ },
	{ G, "other user", p_other_user_if, &READ },
	{ G, "not dumpable", p_undumpable, &READ },
	{ G, "user namespace", p_new_user_if, &READ },
	{ G, "pid namespace", p_new_pid_if, &READ },
	{ G, "pid namespace, exec without environment", p_new_pid_exec_if, &READ },
	{ G, "mount namespace", p_new_mounts_if, &READ },
	{ G, "seccomp filter of its own", p_filter_if, &READ },
	{ G, "debugged child", p_ptrace, &READ },
#ifdef SHARED_PROBE
#undef G
#define G "libraries"
	{ G, "dlopen", p_dlopen, &READ },
	{ G, "dlopen RTLD_DEEPBIND", p_deepbind, &READ },
	{ G, "dlmopen LM_ID_NEWLM", p_dlmopen, &READ },
	{ G, "dlsym in libc", p_dlsym_next, &READ },
#endif
#undef G
#define G "names"
	{ G, "absolute", n_absolute, &READ },
	{ G, "dots", n_dots, &(const struct class){ 1, "LR", "LR", "LR" } },
	{ G, "after chdir", n_chdir, &READ },
	{ G, "after fchdir", n_fchdir, &READ },
	{ G, "/proc/self/cwd", n_self_cwd, &READ },
	{ G, "/proc/<pid>/cwd", n_pid_cwd, &READ },
	{ G, "/proc/self/task/<tid>/cwd", n_task_cwd, &READ },
	{ G, "/proc/thread-self/cwd", n_thread_self, &READ },
	{ G, "/proc/self/root", n_root, &READ },
	{ G, "out of a system dir", n_system, &READ },
	{ G, "many slashes", n_slashes, &READ },
	{ G, "/proc/self/fd", n_proc_fd, &READ },
	{ G, "/proc/self/fd for writing", n_proc_fd_write, NULL },
	{ G, "/dev/fd", n_dev_fd, &READ },
	{ G, "/proc/self/fd of a dir", n_fd_dir, &READ },
	{ G, "/proc/self/map_files", n_map_files, &READ },
	{ G, "dir passed by another process", n_passed_fd, &READ },
	{ G, "link in /dev/shm", n_link_in_shm, &READ },
	{ G, "link in /var/tmp", n_link_in_var_tmp, &READ },
	{ G, "at the end of memory", n_page_end, &READ },
#undef G
#define G "exec of the file"
	{ G, "execv", x_execv, &EXEC },
	{ G, "execvp", x_execvp, &EXEC },
	{ G, "execveat", x_execveat, &EXEC },
	{ G, "posix_spawn of it", x_spawn, &EXEC },
	{ G, "found in PATH", x_path, &EXEC },
	{ G, "interpreter of a script in a memfd", x_memfd_empty, &EXEC },
	{ G, "interpreter of a script by its descriptor", x_memfd_name, &EXEC },
	{ NULL, NULL, NULL, NULL },
};
