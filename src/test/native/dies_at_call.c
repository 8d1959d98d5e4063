/*
 * LD_PRELOAD library of the tests: the process dies of SIGKILL at its N-th call of those that change something outside of it,
 * before it, after it, or half way through a write. The file named by LMAKE_TEST_DEATHS, shared by all processes, holds the
 * orders (see struct deaths); each is meant for a kind of process and comes into force when the one before was carried out, so
 * that the second can strike during recovery. Without the variable nothing is done. Any thread.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { BEFORE, AFTER, HALF };

struct order {
	char who[16];		/* server, agent, or what LMAKE_TEST_WHO says */
	_Atomic int left;	/* calls until death */
	int how;
	int pid;		/* of who died, 0 until then */
	char call[44];
};

struct deaths {
	_Atomic unsigned count, current;
	struct order orders[4];
};

static struct deaths *deaths;
static const char *who = "";

__attribute__((constructor)) static void begin(void)
{
	const char *file = getenv("LMAKE_TEST_DEATHS"), *told = getenv("LMAKE_TEST_WHO"), *slash;
	static char exe[300];
	ssize_t n;
	int fd;

	if (!file || (fd = open(file, O_RDWR | O_CLOEXEC)) < 0)
		return;
	n = readlink("/proc/self/exe", exe, sizeof exe - 1);
	slash = n > 0 ? strrchr(exe, '/') : NULL;
	who = told ? told : !slash ? "" : !strcmp(slash, "/java") ? "server" : !strcmp(slash, "/lmake_agent") ? "agent" : "";
	deaths = mmap(NULL, sizeof *deaths, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (deaths == MAP_FAILED)
		deaths = NULL;
	close(fd);
}

/* The order to die at this very call, if any. */
static struct order *due(const char *call)
{
	unsigned at;
	struct order *o;

	if (!deaths || !*who || (at = atomic_load(&deaths->current)) >= atomic_load(&deaths->count))
		return NULL;
	o = &deaths->orders[at];
	if (strcmp(o->who, who) || atomic_fetch_sub(&o->left, 1) != 1)
		return NULL;
	o->pid = (int)syscall(SYS_getpid);
	snprintf(o->call, sizeof o->call, "%s", call);
	return o;
}

static void die(struct order *o)
{
	if (o->pid != (int)syscall(SYS_getpid))
		return;		/* the child of a fork after which its parent was to die */
	atomic_fetch_add(&deaths->current, 1);
	/* Of a job all dies: one that outlives its cat is in error, and rightly so. */
	syscall(SYS_kill, strcmp(who, "job") ? o->pid : 0, SIGKILL);
	for (;;)
		syscall(SYS_pause);
}

#define WRAP(type, name, params, args) \
	type name params \
	{ \
		static type (*real) params; \
		struct order *o = due(#name); \
		type rc; \
		if (!real) \
			*(void **)&real = dlsym(RTLD_NEXT, #name); \
		if (o && o->how == BEFORE) \
			die(o); \
		rc = real args; \
		if (o) \
			die(o); \
		return rc; \
	}

#define WRAP_WRITE(name, params, args, half) \
	ssize_t name params \
	{ \
		static ssize_t (*real) params; \
		struct order *o = due(#name); \
		ssize_t rc; \
		if (!real) \
			*(void **)&real = dlsym(RTLD_NEXT, #name); \
		if (o && o->how == BEFORE) \
			die(o); \
		rc = o && o->how == HALF && n > 1 ? real half : real args; \
		if (o) \
			die(o); \
		return rc; \
	}

/* In a file, as far as a kill can tear it: whole sectors. A write of one is made or not. */
static size_t sectors(size_t n)
{
	return n / 2 / 512 * 512;
}

WRAP_WRITE(write, (int fd, const void *p, size_t n), (fd, p, n), (fd, p, n / 2))
WRAP_WRITE(pwrite, (int fd, const void *p, size_t n, off_t at), (fd, p, n, at), (fd, p, sectors(n), at))
WRAP_WRITE(pwrite64, (int fd, const void *p, size_t n, off64_t at), (fd, p, n, at), (fd, p, sectors(n), at))
WRAP_WRITE(writev, (int fd, const struct iovec *v, int n), (fd, v, n), (fd, v, n / 2))
WRAP_WRITE(pwritev, (int fd, const struct iovec *v, int n, off_t at), (fd, v, n, at), (fd, v, n / 2, at))
WRAP(ssize_t, send, (int fd, const void *p, size_t n, int flags), (fd, p, n, flags))
WRAP(ssize_t, sendmsg, (int fd, const struct msghdr *m, int flags), (fd, m, flags))
WRAP(int, fsync, (int fd), (fd))
WRAP(int, fdatasync, (int fd), (fd))
WRAP(int, ftruncate, (int fd, off_t size), (fd, size))
WRAP(int, ftruncate64, (int fd, off64_t size), (fd, size))
WRAP(int, rename, (const char *a, const char *b), (a, b))
WRAP(int, renameat, (int f, const char *a, int g, const char *b), (f, a, g, b))
WRAP(int, renameat2, (int f, const char *a, int g, const char *b, unsigned flags), (f, a, g, b, flags))
WRAP(int, unlink, (const char *a), (a))
WRAP(int, unlinkat, (int f, const char *a, int flags), (f, a, flags))
WRAP(int, rmdir, (const char *a), (a))
WRAP(int, mkdir, (const char *a, mode_t mode), (a, mode))
WRAP(int, mkdirat, (int f, const char *a, mode_t mode), (f, a, mode))
WRAP(int, symlink, (const char *a, const char *b), (a, b))
WRAP(int, bind, (int fd, const struct sockaddr *a, socklen_t n), (fd, a, n))
WRAP(int, listen, (int fd, int n), (fd, n))
WRAP(int, flock, (int fd, int how), (fd, how))
WRAP(int, kill, (pid_t pid, int signal), (pid, signal))
WRAP(pid_t, fork, (void), ())
WRAP(int, execve, (const char *path, char *const *argv, char *const *env), (path, argv, env))

#define WRAP_OPEN(name, params, ...) \
	int name params \
	{ \
		static void *real; \
		struct order *o = flags & O_CREAT ? due(#name) : NULL; \
		mode_t mode = 0; \
		va_list more; \
		int rc; \
		if (flags & (O_CREAT | __O_TMPFILE)) { \
			va_start(more, flags); \
			mode = va_arg(more, mode_t); \
			va_end(more); \
		} \
		if (!real) \
			real = dlsym(RTLD_NEXT, #name); \
		if (o && o->how == BEFORE) \
			die(o); \
		rc = __VA_ARGS__; \
		if (o) \
			die(o); \
		return rc; \
	}
typedef int open_fn(const char *, int, ...);
typedef int openat_fn(int, const char *, int, ...);
WRAP_OPEN(open, (const char *path, int flags, ...), ((open_fn *)real)(path, flags, mode))
WRAP_OPEN(open64, (const char *path, int flags, ...), ((open_fn *)real)(path, flags, mode))
WRAP_OPEN(openat, (int fd, const char *path, int flags, ...), ((openat_fn *)real)(fd, path, flags, mode))
WRAP_OPEN(openat64, (int fd, const char *path, int flags, ...), ((openat_fn *)real)(fd, path, flags, mode))
