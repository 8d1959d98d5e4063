/*
 * A program of random file calls, for run_random_tests.py: `walker <script>...` has several actors, each a process of its own,
 * and tells them in turn what to do; one line of answer for each line of script: the number of the line and 0 or -errno. What the
 * calls should give and touch is worked out beforehand by who wrote the script. Built dynamic and static.
 *
 *	script: argument "<actor><where> <op> <path> [<path>]", paths without blanks; actor: a digit; where:
 *	  l by libc, i by inline system calls, a by a descriptor of the dir, t in a thread, f in a forked child, v in a vforked one, e in a new program,
 *	  n in a new program without environment
 *	The first argument has a letter for each actor: d the same program, f a fork of it, s the static one (<program>.static).
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_ACTORS 10

struct call {
	char where, op[16], a[400], b[400];
};

static char program[4000];

static long raw(long nr, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	long rc;

	__asm__ volatile("syscall" : "=a"(rc) : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8) : "rcx", "r11", "memory");
	return rc;
}

static long libc(long rc)
{
	return rc < 0 ? -errno : rc;
}

static int shut(long fd)
{
	if (fd < 0)
		return (int)fd;
	close((int)fd);
	return 0;
}

static const struct {
	const char *op;
	int flags;
} opens[] = {
	{ "read", O_RDONLY }, { "write", O_WRONLY | O_CREAT | O_TRUNC }, { "append", O_WRONLY | O_APPEND },
	{ "update", O_RDWR | O_CREAT }, { "excl", O_WRONLY | O_CREAT | O_EXCL }, { "nofollow", O_RDONLY | O_NOFOLLOW },
	{ "path", O_PATH },
};

/* By an fd of the dir part. */
static long open_at(const char *path, int flags)
{
	char dir[400];
	char *slash;
	long fd, rc;

	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (!slash || slash == dir)
		return libc(openat(AT_FDCWD, path, flags, 0666));
	*slash = 0;
	fd = libc(open(dir, O_PATH | O_DIRECTORY));
	if (fd < 0)
		return fd;
	rc = libc(openat((int)fd, slash + 1, flags, 0666));
	close((int)fd);
	return rc;
}

static int do_open(const struct call *c, int flags)
{
	if (c->where == 'i')
		return shut(raw(SYS_openat, AT_FDCWD, (long)c->a, flags, 0666, 0));
	return shut(c->where == 'a' ? open_at(c->a, flags) : libc(open(c->a, flags, 0666)));
}

#define IS(name)	(!strcmp(c->op, name))
#define RAW raw
#define EITHER(inlined, by_libc) (c->where == 'i' ? (int)RAW inlined : (int)libc(by_libc))

static int work(const struct call *c)
{
	const long a = (long)c->a, b = (long)c->b;
	char buf[4096];
	struct stat st;
	size_t i;
	int rc;

	for (i = 0; i < sizeof(opens) / sizeof(*opens); i++)
		if (IS(opens[i].op))
			return do_open(c, opens[i].flags);
	if (IS("stat"))
		return EITHER((SYS_stat, a, (long)&st, 0, 0, 0), stat(c->a, &st));
	if (IS("lstat"))
		return EITHER((SYS_lstat, a, (long)&st, 0, 0, 0), lstat(c->a, &st));
	if (IS("access"))
		return EITHER((SYS_access, a, R_OK, 0, 0, 0), access(c->a, R_OK));
	if (IS("readlink")) {
		rc = EITHER((SYS_readlink, a, (long)buf, sizeof(buf), 0, 0), readlink(c->a, buf, sizeof(buf)));
		return rc < 0 ? rc : 0;
	}
	if (IS("unlink"))
		return EITHER((SYS_unlink, a, 0, 0, 0, 0), unlink(c->a));
	if (IS("rename"))
		return EITHER((SYS_rename, a, b, 0, 0, 0), rename(c->a, c->b));
	if (IS("exchange"))
		return EITHER((SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 2), renameat2(AT_FDCWD, c->a, AT_FDCWD, c->b, 2));
	if (IS("link"))
		return EITHER((SYS_link, a, b, 0, 0, 0), link(c->a, c->b));
	if (IS("symlink"))	/* text, then name */
		return EITHER((SYS_symlink, a, b, 0, 0, 0), symlink(c->a, c->b));
	if (IS("mkdir"))
		return EITHER((SYS_mkdir, a, 0777, 0, 0, 0), mkdir(c->a, 0777));
	if (IS("rmdir"))
		return EITHER((SYS_rmdir, a, 0, 0, 0, 0), rmdir(c->a));
	if (IS("truncate"))
		return EITHER((SYS_truncate, a, 0, 0, 0, 0), truncate(c->a, 0));
	if (IS("chdir"))
		return EITHER((SYS_chdir, a, 0, 0, 0, 0), chdir(c->a));
	if (IS("fopen")) {
		FILE *f = fopen(c->a, "r");

		rc = f ? 0 : -errno;
		if (f)
			fclose(f);
		return rc;
	}
	fprintf(stderr, "walker: no op %s\n", c->op);
	exit(3);
}

static void *in_thread(void *c)
{
	return (void *)(long)work(c);
}

static int reaped(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) {
		fprintf(stderr, "walker: child lost\n");
		exit(3);
	}
	return -WEXITSTATUS(status);
}

static int in_child(const struct call *c)
{
	static char *const nothing[] = { NULL };
	char *argv[] = { "walker", "-one", (char *)c->op, (char *)c->a, (char *)c->b, NULL };
	pid_t pid = c->where == 'v' ? vfork() : fork();

	if (pid)
		return reaped(pid);
	if (c->where == 'f')
		_exit(-work(c));
	execve(program, argv, c->where == 'e' ? environ : nothing);
	_exit(126);
}

static int one(const struct call *c)
{
	pthread_t t;
	void *rc;

	if (strchr("fven", c->where))
		return in_child(c);
	if (c->where != 't')
		return work(c);
	if (pthread_create(&t, NULL, in_thread, (void *)c) || pthread_join(t, &rc))
		exit(3);
	return (int)(long)rc;
}

/* Reads calls from one pipe, writes results to another. */
static int act(int in, int out)
{
	struct call c;
	int rc;

	while (read(in, &c, sizeof(c)) == sizeof(c) && strcmp(c.op, "end")) {
		rc = one(&c);
		if (write(out, &rc, sizeof(rc)) != sizeof(rc))
			return 3;
	}
	return 0;
}

static void start(char kind, int fds[2])
{
	int to[2], from[2];
	char in[16], out[16];

	if (pipe(to) || pipe(from))
		exit(3);
	if (!fork()) {
		close(to[1]);
		close(from[0]);
		if (kind == 'f')
			_exit(act(to[0], from[1]));
		if (kind == 's')
			strcat(program, ".static");
		snprintf(in, sizeof(in), "%d", to[0]);
		snprintf(out, sizeof(out), "%d", from[1]);
		execl(program, program, "-act", in, out, NULL);
		_exit(126);
	}
	close(to[0]);
	close(from[1]);
	fcntl(to[1], F_SETFD, FD_CLOEXEC);
	fcntl(from[0], F_SETFD, FD_CLOEXEC);
	fds[0] = from[0];
	fds[1] = to[1];
}

int main(int argc, char **argv)
{
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 16);
	int fds[MAX_ACTORS][2], i, rc, actors;
	struct call c;

	if (n <= 0 || argc < 2)
		return 2;
	program[n] = 0;
	if (!strcmp(argv[1], "-act"))
		return act(atoi(argv[2]), atoi(argv[3]));
	if (!strcmp(argv[1], "-one")) {
		memset(&c, 0, sizeof(c));
		c.where = 'l';
		strcpy(c.op, argv[2]);
		strcpy(c.a, argv[3]);
		strcpy(c.b, argv[4]);
		return -work(&c);
	}
	actors = (int)strlen(argv[1]);
	for (i = 0; i < actors && i < MAX_ACTORS; i++)
		start(argv[1][i], fds[i]);
	for (i = 2; i < argc; i++) {
		memset(&c, 0, sizeof(c));
		sscanf(argv[i] + 1, "%c %15s %399s %399s", &c.where, c.op, c.a, c.b);
		if (write(fds[argv[i][0] - '0'][1], &c, sizeof(c)) != sizeof(c) ||
		    read(fds[argv[i][0] - '0'][0], &rc, sizeof(rc)) != sizeof(rc)) {
			fprintf(stderr, "walker: actor lost at line %d\n", i - 2);
			return 3;
		}
		printf("%d %d\n", i - 2, rc);
	}
	memset(&c, 0, sizeof(c));
	strcpy(c.op, "end");
	for (i = 0; i < actors; i++)
		if (write(fds[i][1], &c, sizeof(c)) != sizeof(c) || wait(&rc) < 0 || rc)
			return 3;
	return fflush(stdout) ? 1 : 0;
}
