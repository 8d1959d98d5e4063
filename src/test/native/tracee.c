/*
 * A program under test: `tracee <case> [args]` does some accesses in the current dir and prints on stdout the truth,
 * one line "> <bits> <name>" per file touched, as the tracer must report it. Bits: L R T, W written, U unlinked, D listed,
 * X executed. Built dynamic and static: each case runs under each method. run_tracer_tests.py compares.
 *
 * The repo it runs in: a, d/f, d/g, x.sh (executable), files; l -> a, ld -> d, dangling -> nowhere, p -> q -> p, links.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utime.h>

#define CHECK(x) do { if (!(x)) { fprintf(stderr, "%d: %s: %s\n", __LINE__, #x, strerror(errno)); exit(9); } } while (0)

static char **args;
extern char **environ;

static void truth(const char *bits, const char *name)
{
	printf("> %s %s\n", bits, name);
	fflush(stdout);
}

static void reap(pid_t pid)
{
	int status;

	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(!status);
}

static void close_ok(int fd)
{
	CHECK(fd >= 0);
	close(fd);
}

static void c_open(void)	/* flags, name: the driver has the table */
{
	int fd = open(args[1], atoi(args[0]), 0666);

	if (fd >= 0)
		close(fd);
}

static void c_open_ways(void)
{
	struct { unsigned long flags, mode, resolve; } how = { O_RDONLY, 0, 0 };
	int dirfd = open("d", O_RDONLY | O_DIRECTORY);

	close_ok(open("a", O_RDONLY));
	truth("LR", "a");
	close_ok(openat(dirfd, "f", O_RDONLY));
	truth("LR", "d/f");
	close_ok((int)syscall(SYS_openat, AT_FDCWD, "d/g", O_RDONLY));
	truth("LR", "d/g");
	close_ok((int)syscall(SYS_openat2, AT_FDCWD, "x.sh", &how, sizeof(how)));
	truth("LR", "x.sh");
	close_ok(creat("new", 0666));
	truth("LW", "new");
	CHECK(open("absent", O_RDONLY) < 0);
	truth("LR", "absent");
	CHECK(open("absent.d/x", O_RDONLY) < 0);
	truth("LR", "absent.d/x");
	CHECK(open("a/x", O_RDONLY) < 0);
	truth("LR", "a/x");
}

static void c_stdio(void)
{
	FILE *f;

	CHECK(f = fopen("a", "r"));
	truth("LR", "a");
	CHECK(freopen("d/f", "r", f));
	fclose(f);
	truth("LR", "d/f");
	CHECK(f = fopen("w", "w"));
	fputs("hello", f);
	fclose(f);
	truth("LW", "w");
	CHECK(f = fopen("ap", "a+"));
	fclose(f);
	truth("LRW", "ap");
	CHECK(f = fopen("d/g", "r+"));
	fputs("changed", f);
	fclose(f);
	truth("LRW", "d/g");
	CHECK(!fopen("no", "r"));
	truth("LR", "no");
}

static void c_stat(void)
{
	struct stat st;
	struct statx sx;
	int dirfd = open("d", O_PATH);

	CHECK(!stat("l", &st));
	truth("L", "l");
	truth("LRT", "a");
	CHECK(!lstat("ld", &st));
	truth("LRT", "ld");
	CHECK(stat("none", &st) < 0);
	truth("LRT", "none");
	CHECK(!fstatat(dirfd, "f", &st, 0));
	truth("LR", "d");	/* O_PATH without O_DIRECTORY is like any open for reading */
	truth("LRT", "d/f");
	CHECK(!fstat(dirfd, &st));
	CHECK(!statx(AT_FDCWD, "d/g", 0, STATX_MODE, &sx));
	truth("LR", "d/g");
	CHECK(!statx(AT_FDCWD, "x.sh", 0, STATX_MTIME, &sx));
	truth("L", "x.sh");
	CHECK(statx(AT_FDCWD, "none2", 0, STATX_SIZE, &sx) < 0);
	truth("LRT", "none2");
	CHECK(!fstatat(AT_FDCWD, "dangling", &st, AT_SYMLINK_NOFOLLOW));
	truth("LRT", "dangling");
}

static void c_access(void)
{
	CHECK(!access("l", F_OK));
	truth("L", "l");
	truth("LT", "a");
	CHECK(!access("x.sh", X_OK));
	truth("LR", "x.sh");
	CHECK(faccessat(AT_FDCWD, "none", R_OK, 0) < 0);
	truth("LT", "none");
	CHECK(!euidaccess("d/f", R_OK));
	truth("euidaccess", "d/f");
	CHECK(!faccessat(AT_FDCWD, "d/g", R_OK, AT_EACCESS));
	truth("LT", "d/g");
}

static void c_readlink(void)
{
	char buf[4096];

	CHECK(readlink("l", buf, sizeof(buf)) == 1);
	truth("L", "l");
	CHECK(readlink("a", buf, sizeof(buf)) < 0);
	truth("L", "a");
	CHECK(readlinkat(AT_FDCWD, "ld/f", buf, sizeof(buf)) < 0);
	truth("L", "ld");
	truth("L", "d/f");
	CHECK(readlink("none", buf, sizeof(buf)) < 0);
	truth("L", "none");
}

static void c_realpath(void)
{
	char buf[4096];

	CHECK(realpath("ld/f", buf));
	truth("L", "ld");
	truth("realpath_dir", "d");
	truth("L", "d/f");
}

static void c_dotdot(void)
{
	close_ok(open("ld/../a", O_RDONLY));	/* physical: d/.. */
	truth("L", "ld");
	truth("L", "d");	/* were it a link, the path would lead elsewhere */
	truth("LR", "a");
	close_ok(open("./d//f", O_RDONLY));
	truth("LR", "d/f");
	CHECK(open("none/../a", O_RDONLY) < 0);
	truth("LR", "none");
}

static void c_loop(void)
{
	struct stat st;

	CHECK(open("p", O_RDONLY) < 0 && errno == ELOOP);
	truth("L", "p");
	truth("L", "q");
	CHECK(!lstat("q", &st));
	truth("RT", "q");
	CHECK(open("dangling", O_RDONLY) < 0);
	truth("L", "dangling");
	truth("LR", "nowhere");
}

static void c_procfd(void)
{
	char name[64];
	int fd = open("a", O_RDONLY);
	int pipes[2];

	truth("LR", "a");
	sprintf(name, "/proc/self/fd/%d", fd);
	close_ok(open(name, O_RDONLY));
	fd = open("d", O_RDONLY | O_DIRECTORY);
	sprintf(name, "/proc/self/fd/%d/f", fd);
	close_ok(open(name, O_RDONLY));
	truth("LR", "d/f");
	sprintf(name, "/proc/%d/cwd/d/g", getpid());
	close_ok(open(name, O_RDONLY));
	truth("LR", "d/g");
	CHECK(!pipe(pipes));
	sprintf(name, "/dev/fd/%d", pipes[0]);
	close_ok(open(name, O_RDONLY | O_NONBLOCK));
	close_ok(open("/dev/null", O_RDWR));
}

static void c_cwd(void)
{
	int top = open(".", O_RDONLY | O_DIRECTORY);
	int dirfd;

	CHECK(!chdir("ld"));
	truth("L", "ld");
	truth("L", "d");
	close_ok(open("f", O_RDONLY));
	truth("LR", "d/f");
	close_ok(open("../a", O_RDONLY));
	truth("LR", "a");
	CHECK(!fchdir(top));
	close_ok(open("x.sh", O_RDONLY));
	truth("LR", "x.sh");
	dirfd = open("d", O_RDONLY | O_DIRECTORY);
	CHECK(!fchdir(dirfd));
	close_ok(open("g", O_RDONLY));
	truth("LR", "d/g");
	CHECK(open("a", O_RDONLY) < 0);
	truth("LR", "d/a");
}

static void c_rename(void)
{
	CHECK(!rename("a", "b"));
	truth("LRU", "a");
	truth("W", "b");
	CHECK(!rename("ld/f", "new"));
	truth("L", "ld");
	truth("LRU", "d/f");
	truth("W", "new");
	CHECK(rename("none", "x") < 0);
	truth("LR", "none");
	CHECK(!renameat2(AT_FDCWD, "new", AT_FDCWD, "new2", 1));
	truth("LRU", "new");
	truth("TW", "new2");
	CHECK(!renameat2(AT_FDCWD, "l", AT_FDCWD, "x.sh", 2));
	truth("LRW", "l");
	truth("LRW", "x.sh");
	CHECK(!rename("b", "b"));
}

static void c_rename_dir(void)
{
	CHECK(!rename("d", "e"));
	truth("LRU", "d/f");
	truth("LRU", "d/g");
	truth("W", "e/f");
	truth("W", "e/g");
}

static void c_links(void)
{
	CHECK(!link("a", "hard"));
	truth("LR", "a");
	truth("TW", "hard");
	CHECK(!linkat(AT_FDCWD, "l", AT_FDCWD, "hard2", AT_SYMLINK_FOLLOW));
	truth("L", "l");
	truth("TW", "hard2");
	CHECK(!symlink("whatever", "soft"));
	truth("TW", "soft");
	CHECK(symlink("whatever", "d/f") < 0);
	truth("T", "d/f");
	CHECK(!symlinkat("d", AT_FDCWD, "ld2"));
	truth("TW", "ld2");
	close_ok(open("ld2/g", O_RDONLY));
	truth("L", "ld2");
	truth("LR", "d/g");
}

static void c_unlink(void)
{
	CHECK(!unlink("a"));
	truth("TU", "a");
	CHECK(!unlinkat(AT_FDCWD, "ld/f", 0));
	truth("L", "ld");
	truth("TU", "d/f");
	CHECK(!remove("l"));
	truth("TU", "l");
	CHECK(unlink("none") < 0);
	truth("T", "none");
}

static void c_dirs(void)
{
	CHECK(!mkdir("m", 0777));
	truth("T", "m");
	CHECK(!mkdir("m/n", 0777));
	truth("T", "m/n");
	CHECK(mkdir("a", 0777) < 0);
	truth("T", "a");
	CHECK(!rmdir("m/n"));
	truth("L", "m");
	CHECK(!unlinkat(AT_FDCWD, "m", AT_REMOVEDIR));
}

static void c_attr(void)
{
	struct utimbuf t = { 1, 2 };

	CHECK(!truncate("a", 0));
	truth("LW", "a");
	CHECK(!truncate("d/f", 1));
	truth("LRW", "d/f");
	CHECK(!chmod("d/g", 0755));
	truth("LRW", "d/g");
	CHECK(!chmod("x.sh", 0711));	/* already executable: not content */
	CHECK(!fchmodat(AT_FDCWD, "l", 0600, 0));
	truth("L", "l");
	CHECK(!utime("x.sh", &t));
	CHECK(!utimensat(AT_FDCWD, "ld/g", NULL, 0));
	truth("L", "ld");
}

static void c_list(void)
{
	struct dirent **names;
	DIR *d = opendir("d");
	int n;

	while (readdir(d))
		;
	closedir(d);
	truth("D", "d");
	n = scandir("ld", &names, NULL, NULL);
	CHECK(n == 4);
	truth("L", "ld");
	CHECK(d = opendir("."));
	CHECK(readdir(d));
	closedir(d);
	truth("D", ".");
}

#define N_ENTRIES 2000

/* A name of each entry, in the order of the dir; how many. */
static int read_all(DIR *d, char names[][16], long places[])
{
	struct dirent *e;
	int n = 0;

	errno = EBUSY;
	while (places[n] = telldir(d), (e = readdir(d))) {
		CHECK(n < N_ENTRIES + 8);
		snprintf(names[n++], 16, "%s", e->d_name);
	}
	CHECK(errno == EBUSY);		/* the end is no error */
	return n;
}

static DIR *shared;
static int taken[N_ENTRIES + 8];

/* The entries of one stream, by two threads: each once. Kept names are those of the buffer, so only what is copied at once. */
static void *take(void *arg)
{
	struct dirent e, *next;

	(void)arg;
	while (!readdir_r(shared, &e, &next) && next)
		if (e.d_name[0] != '.')
			__atomic_fetch_add(&taken[atoi(e.d_name + 1)], 1, __ATOMIC_RELAXED);
	return NULL;
}

/* All that a program can do with a DIR. Out of the repo: how libc does it is the measure, whoever does it. */
static void c_dir_streams(void)
{
	static char names[N_ENTRIES + 8][16], again[N_ENTRIES + 8][16];
	static long places[N_ENTRIES + 9], others[N_ENTRIES + 9];
	DIR *(*libc_open)(const char *);
	struct dirent *(*libc_read)(DIR *), *e, one, *next;
	int (*libc_close)(DIR *);
	char dir[] = "/tmp/tracee.XXXXXX", name[64];
	void *libc;
	pthread_t thread;
	DIR *d;
	int i, n, fd;

	CHECK(mkdtemp(dir));
	for (i = 0; i < N_ENTRIES; i++) {
		snprintf(name, sizeof(name), "%s/f%d", dir, i);
		close_ok(open(name, O_WRONLY | O_CREAT, 0600));
	}
	CHECK(d = opendir(dir));
	CHECK(fcntl(dirfd(d), F_GETFD) & FD_CLOEXEC);
	CHECK(read_all(d, names, places) == N_ENTRIES + 2);
	for (i = N_ENTRIES + 1; i >= 0; i -= 97) {
		seekdir(d, places[i]);
		CHECK(telldir(d) == places[i]);
		CHECK((e = readdir(d)) && !strcmp(e->d_name, names[i]));
	}
	rewinddir(d);
	CHECK(read_all(d, again, others) == N_ENTRIES + 2 && !memcmp(names, again, sizeof(names)));
	snprintf(name, sizeof(name), "%s/f%d", dir, N_ENTRIES);
	close_ok(open(name, O_WRONLY | O_CREAT, 0600));
	rewinddir(d);
	CHECK(read_all(d, names, places) == N_ENTRIES + 3);
	CHECK(!unlink(name));
	rewinddir(d);
	for (n = 0; !(i = readdir_r(d, &one, &next)) && next; n++)
		CHECK(next == &one && one.d_reclen >= 20 && (one.d_name[0] == '.' ? one.d_type == DT_DIR : one.d_type == DT_REG));
	CHECK(!i && n == N_ENTRIES + 2);
	shared = d;
	rewinddir(d);
	CHECK(!pthread_create(&thread, NULL, take, NULL));
	take(NULL);
	CHECK(!pthread_join(thread, NULL));
	for (i = 0; i < N_ENTRIES; i++)
		CHECK(taken[i] == 1);
	CHECK(!closedir(d));

	CHECK((fd = open(dir, O_RDONLY)) >= 0 && (d = fdopendir(fd)) && dirfd(d) == fd);
	CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	CHECK(read_all(d, again, others) == N_ENTRIES + 2 && !closedir(d));
	CHECK(fcntl(fd, F_GETFD) < 0 && errno == EBADF);
	CHECK(!fdopendir(fd) && errno == EBADF);
	CHECK(closedir(NULL) < 0 && errno == EINVAL);
	CHECK((fd = open(dir, O_PATH)) >= 0 && (d = fdopendir(fd)) && !readdir(d) && errno == EBADF && !closedir(d));
	snprintf(name, sizeof(name), "%s/f0", dir);
	CHECK(!opendir(name) && errno == ENOTDIR);
	CHECK((fd = open(name, O_RDONLY)) >= 0 && !fdopendir(fd) && errno == ENOTDIR && !close(fd));
	CHECK(!opendir("") && errno == ENOENT);

	/* Of libc itself, by ours, and ours by it: a library may be bound past us. */
	if ((libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD))) {
		libc_open = (DIR *(*)(const char *))dlsym(libc, "opendir");
		libc_read = (struct dirent *(*)(DIR *))dlsym(libc, "readdir");
		libc_close = (int (*)(DIR *))dlsym(libc, "closedir");
		CHECK(d = libc_open(dir));
		CHECK(read_all(d, again, others) == N_ENTRIES + 2 && !closedir(d));
		CHECK(d = opendir(dir));
		CHECK(readdir(d));
		for (n = 1; libc_read(d); n++)
			;
		CHECK(n == N_ENTRIES + 2 && !libc_close(d));
	}

	for (i = 0; i < N_ENTRIES; i++) {
		snprintf(name, sizeof(name), "%s/f%d", dir, i);
		CHECK(!unlink(name));
	}
	CHECK(d = opendir(dir));
	CHECK(!rmdir(dir));
	errno = EBUSY;
	CHECK(!readdir(d) && errno == EBUSY && !closedir(d));	/* a dir that is gone has come to its end */

	CHECK((d = opendir("d")) && readdir(d) && !closedir(d));
	truth("D", "d");
}

/* Dirs by the hundred, of the system: nobody needs to be told of their entries. */
static void c_many_dirs(void)
{
	DIR *d;
	int i;

	for (i = 0; i < 200; i++) {
		CHECK(d = opendir("/usr/lib"));
		while (readdir(d))
			;
		CHECK(!closedir(d));
	}
}

static void c_glob(void)
{
	glob_t g;

	CHECK(!glob("d/*", 0, NULL, &g));
	CHECK(g.gl_pathc == 2);
	globfree(&g);
	truth("D", "d");
}

static int visit(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)path, (void)st, (void)type, (void)ftw;
	return 0;
}

static void c_nftw(void)
{
	CHECK(!nftw("d", visit, 8, FTW_PHYS));
	truth("LRTD", "d");
	truth("LRT", "d/f");
	truth("LRT", "d/g");
}

static void c_mkstemp(void)
{
	char name[] = "tmpXXXXXX";
	int fd = mkstemp(name);

	CHECK(fd >= 0);
	truth("mkstemp", name);
}

static char *const cat_f[] = { "cat", "d/f", NULL };

static void c_exec(void)
{
	pid_t pid = fork();

	if (!pid) {
		execl("./x.sh", "x.sh", "d/f", (char *)NULL);
		_exit(1);
	}
	reap(pid);
	truth("LRX", "x.sh");
	truth("LR", "d/f");
}

static void c_exec_chain(void)	/* y.sh is run by x.sh, a script too */
{
	FILE *f = fopen("y.sh", "w");
	char cwd[4096];
	pid_t pid;

	fprintf(f, "#!%s/x.sh\n", getcwd(cwd, sizeof(cwd)));
	fchmod(fileno(f), 0755);
	fclose(f);
	truth("LWRX", "y.sh");
	pid = fork();
	if (!pid) {
		execl("./y.sh", "y.sh", (char *)NULL);
		_exit(1);
	}
	reap(pid);
	truth("LRX", "x.sh");
}

static void c_exec_path(void)
{
	pid_t pid = fork();

	if (!pid) {
		setenv("PATH", "d:.:/bin", 1);
		execlp("x.sh", "x.sh", "d/f", (char *)NULL);
		_exit(1);
	}
	reap(pid);
	truth("LR", "d/x.sh");
	truth("LR", "d/cat");	/* by the script */
	truth("LR", "cat");
	truth("LRX", "x.sh");
	truth("LR", "d/f");
}

static void c_clean_env(void)
{
	char *const none[] = { NULL };
	pid_t pid = fork();

	if (!pid) {
		execve("/bin/cat", cat_f, none);
		_exit(1);
	}
	reap(pid);
	truth("LR", "d/f");
	CHECK(!system("exec env -i /bin/cat d/g"));
	truth("LR", "d/g");
	clearenv();
	CHECK(!system("/bin/cat a"));
	truth("LR", "a");
}

static void c_vfork(void)
{
	pid_t pid = vfork();

	if (!pid) {
		if (chdir("d"))
			_exit(1);
		execl("/bin/cat", "cat", "f", (char *)NULL);
		_exit(1);
	}
	reap(pid);
	truth("L", "d");
	truth("LR", "d/f");
	close_ok(open("a", O_RDONLY));	/* the parent has not moved */
	truth("LR", "a");
}

static void c_spawn(void)
{
	posix_spawn_file_actions_t fa;
	char *const none[] = { NULL };
	pid_t pid;

	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 1, "out", O_WRONLY | O_CREAT | O_TRUNC, 0666);
	CHECK(!posix_spawn(&pid, "/bin/cat", &fa, NULL, cat_f, none));
	reap(pid);
	truth("LW", "out");
	truth("LR", "d/f");
	CHECK(!posix_spawnp(&pid, "cat", NULL, NULL, (char *[]){ "cat", "d/g", NULL }, environ));
	reap(pid);
	truth("LR", "d/g");
}

static void c_shell(void)
{
	FILE *f;

	CHECK(!system("cat d/f > w"));
	truth("LR", "d/f");
	truth("LW", "w");
	CHECK(f = popen("cat d/g; exec cat l", "r"));
	while (fgetc(f) != EOF)
		;
	pclose(f);
	truth("LR", "d/g");
	truth("L", "l");
	truth("LR", "a");
}

static void *thread(void *arg)
{
	char name[64];
	int i;

	for (i = 0; i < 500; i++) {
		sprintf(name, "t%ld.%d", (long)arg, i);
		close_ok(open(name, O_WRONLY | O_CREAT, 0666));
		close_ok(open("a", O_RDONLY));
	}
	return NULL;
}

static void c_threads(void)
{
	pthread_t t[8];
	char name[64];
	long i;
	int j;

	for (i = 0; i < 8; i++)
		CHECK(!pthread_create(&t[i], NULL, thread, (void *)i));
	for (i = 0; i < 8; i++)
		pthread_join(t[i], NULL);
	truth("LR", "a");
	for (i = 0; i < 8; i++) {
		for (j = 0; j < 500; j++) {
			sprintf(name, "t%ld.%d", i, j);
			truth("LW", name);
		}
	}
}

static void on_small_stack(int sig)
{
	struct stat st;

	(void)sig;
	close(open("d/f", O_RDONLY));
	stat("d/g", &st);
	stat("ld/none", &st);
}

static void c_small_stack(void)	/* handlers may run on very little */
{
	size_t page = 4096, size = 2 * page;
	char *map = mmap(NULL, page + size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	stack_t ss = { .ss_sp = map + page, .ss_size = size };
	struct sigaction sa = { .sa_handler = on_small_stack, .sa_flags = SA_ONSTACK };

	CHECK(!mprotect(map, page, PROT_NONE));
	CHECK(!sigaltstack(&ss, NULL));
	CHECK(!sigaction(SIGUSR1, &sa, NULL));
	raise(SIGUSR1);
	truth("LR", "d/f");
	truth("LRT", "d/g");
	truth("L", "ld");
	truth("LRT", "d/none");
}

static void c_closefrom(void)
{
	int i, out = fcntl(1, F_DUPFD, 900);

	for (i = 0; i < 900; i++)
		close(i);
	i = open("a", O_RDONLY);
	i = open("d/f", O_RDONLY);
	dup2(out, 1);
	truth("LR", "a");
	truth("LR", "d/f");
}

static void c_dlopen(void)
{
	CHECK(dlopen("./libt.so", RTLD_NOW));
	truth("LR", "libt.so");
	CHECK(!dlopen("./libnone.so", RTLD_NOW));
	truth("LR", "libnone.so");
}

static void c_killed(void)	/* in the middle of a write */
{
	int fd = open("w", O_WRONLY | O_CREAT, 0666);

	truth("LW", "w");
	CHECK(open("a", O_RDONLY) >= 0);
	truth("LR", "a");
	CHECK(write(fd, "x", 1) == 1);
	raise(SIGKILL);
}

static void on_signal(int sig)
{
	(void)sig;
	close(open("d/f", O_RDONLY));
}

static void c_signals(void)
{
	long every = args[0] ? atol(args[0]) : 100;	/* us; a tracer stops at each signal, and must get on */
	struct itimerval it = { { 0, every }, { 0, every } };
	struct stat st;
	char name[32];
	int i;

	signal(SIGALRM, on_signal);
	setitimer(ITIMER_REAL, &it, NULL);
	for (i = 0; i < 2000; i++) {
		sprintf(name, "n%d", i);
		while (stat(name, &st) < 0 && errno == EINTR)
			;
		truth("LRT", name);
	}
	memset(&it, 0, sizeof(it));
	setitimer(ITIMER_REAL, &it, NULL);
	raise(SIGALRM);
	truth("LR", "d/f");
}

static void c_errno(void)
{
	errno = 77;
	close_ok(open("a", O_RDONLY));
	CHECK(errno == 77);
	truth("LR", "a");
	CHECK(open("none", O_RDONLY) < 0 && errno == ENOENT);
	truth("LR", "none");
	CHECK(syscall(SYS_openat, -1, "none", O_RDONLY) < 0 && errno == EBADF);
	CHECK(syscall(425 /* io_uring_setup */, 1, NULL) < 0 && errno == ENOSYS);
}

static void c_rewrite(void)	/* what was read must be told again once written, and the other way round */
{
	close_ok(open("a", O_RDONLY));
	close_ok(open("a", O_WRONLY | O_TRUNC));
	truth("LRW", "a");
	CHECK(!unlink("d/f"));
	close_ok(open("d/f", O_WRONLY | O_CREAT | O_EXCL, 0666));
	truth("TUW", "d/f");
	CHECK(!unlink("l"));
	CHECK(!symlink("d/g", "l"));
	close_ok(open("l", O_RDONLY));
	truth("LTUW", "l");
	truth("LR", "d/g");
}

static void c_admin(void)
{
	CHECK(open("LMAKE/lmake/x", O_RDONLY) < 0);
	CHECK(open("LMAKE/y", O_RDONLY) < 0);
	truth("LR", "LMAKE/y");
	CHECK(open("LMAKE/lmakex", O_RDONLY) < 0);
	truth("LR", "LMAKE/lmakex");
}

static void c_inline(void)	/* no libc in between */
{
	long rc;

	__asm__ volatile("syscall" : "=a"(rc) : "a"(SYS_open), "D"("d/f"), "S"(O_RDONLY), "d"(0) : "rcx", "r11", "memory");
	CHECK(rc >= 0);
	truth("inline", "d/f");
}

static sigjmp_buf before_fault;

static void on_fault(int sig)
{
	(void)sig;
	siglongjmp(before_fault, 1);
}

static void c_int80(void)	/* open of the 32 bit table: needs a name below 4 GB */
{
	char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	long rc;

	strcpy(low, "d/f");
	signal(SIGSEGV, on_fault);	/* where the kernel has no such calls */
	if (sigsetjmp(before_fault, 1))
		return;
	__asm__ volatile("int $0x80" : "=a"(rc) : "a"(5), "b"((long)low), "c"(0), "d"(0) : "memory");
	if ((int)rc >= 0)	/* else the kernel has no such table */
		truth("inline", "d/f");
}

static long inline_call(long nr, const void *a, const void *b, const void *c)
{
	long rc;

	__asm__ volatile("syscall" : "=a"(rc) : "a"(nr), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
	return rc;
}

static void c_inline_exec(void)	/* nobody puts an environment back */
{
	static char *const none[] = { NULL };
	pid_t pid = fork();

	if (!pid) {
		inline_call(SYS_execve, "/bin/cat", cat_f, none);
		_exit(1);
	}
	reap(pid);
	truth("inline", "d/f");
}

static void c_uring(void)	/* a way to open files out of sight: there is none, and programs that try do otherwise */
{
	char params[120];

	memset(params, 0, sizeof(params));
	CHECK(syscall(425, 4, params) < 0 && errno == ENOSYS);
	close_ok(open("a", O_RDONLY));
	truth("LR", "a");
}

static void c_x32(void)		/* stat of the x32 table */
{
	char st[256];

	CHECK(inline_call(0x40000000 | SYS_stat, "d/f", st, NULL) < 0);
}

static void *forker(void *arg)
{
	int i;

	for (i = 0; i < 20; i++) {
		pid_t pid = fork();

		if (!pid) {
			close(open("d/f", O_RDONLY));
			close(open(arg, O_RDONLY));
			_exit(0);
		}
		reap(pid);
		close(open("a", O_RDONLY));
	}
	return NULL;
}

static void c_thread_fork(void)
{
	static char *const names[] = { "f0", "f1", "f2", "f3" };
	pthread_t t[4];
	int i;

	for (i = 0; i < 4; i++)
		CHECK(!pthread_create(&t[i], NULL, forker, names[i]));
	for (i = 0; i < 4; i++) {
		pthread_join(t[i], NULL);
		truth("LR", names[i]);
	}
	truth("LR", "d/f");
	truth("LR", "a");
}

static void c_moved_inline(void)	/* what a name stood for when we looked last */
{
	CHECK(!mkdir("k", 0777));
	CHECK(open("k/f", O_RDONLY) < 0);
	CHECK(!inline_call(SYS_rmdir, "k", NULL, NULL));
	CHECK(!inline_call(SYS_symlink, "d", "k", NULL));
	close_ok(open("k/f", O_RDONLY));
	truth("LTW", "k");
	truth("LR", "k/f");
	truth("LR", "d/f");
}

static void c_cwd_inline(void)	/* what a relative name stood for when we looked last */
{
	int fd = open(".", O_RDONLY | O_DIRECTORY);

	CHECK(open("g", O_RDONLY) < 0);
	CHECK(!inline_call(SYS_chdir, "d", NULL, NULL));
	close_ok(open("g", O_RDONLY));
	CHECK(!inline_call(SYS_fchdir, (void *)(long)fd, NULL, NULL));
	CHECK(open("h", O_RDONLY) < 0);
	CHECK(!inline_call(SYS_chdir, "d/..", NULL, NULL));
	CHECK(!inline_call(SYS_chdir, "d", NULL, NULL));
	CHECK(open("h", O_RDONLY) < 0);
	close(fd);
	truth("LR", "g");
	truth("LR", "d/g");
	truth("LR", "h");
	truth("LR", "d/h");
}

static void c_walk(void)	/* by dirfd, while dirs move under it */
{
	struct stat st;
	int fd;

	CHECK(!mkdir("v", 0777));
	fd = open("v", O_RDONLY | O_DIRECTORY);
	CHECK(fstatat(fd, "x", &st, 0) < 0);
	CHECK(!rename("v", "w"));
	CHECK(fstatat(fd, "x", &st, 0) < 0);
	close(fd);
	CHECK(open("d", O_RDONLY | O_DIRECTORY) == fd);
	CHECK(!fstatat(fd, "f", &st, 0) && !fstatat(fd, "g", &st, 0));
	truth("T", "v");
	truth("LRT", "v/x");
	truth("LRT", "w/x");
	truth("LRT", "d/f");
	truth("LRT", "d/g");
}

static void c_skipped(void)	/* a debugger that puts no call in place of one */
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		inline_call(SYS_getppid, NULL, NULL, NULL);
		close(open("a", O_RDONLY));
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status));
	CHECK(!ptrace(PTRACE_SYSCALL, pid, NULL, NULL) && waitpid(pid, &status, 0) == pid);
	while (WIFSTOPPED(status)) {
		if (ptrace(PTRACE_PEEKUSER, pid, (void *)(15 * 8), NULL) == SYS_getppid)
			ptrace(PTRACE_POKEUSER, pid, (void *)(15 * 8), (void *)-1);
		CHECK(!ptrace(PTRACE_SYSCALL, pid, NULL, NULL) && waitpid(pid, &status, 0) == pid);
	}
	CHECK(!status);
	truth("LR", "a");
}

static void c_own_filter(void)	/* a sandbox: no dir is made, the rest goes on */
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mkdir, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { .len = 4, .filter = code };
	pid_t pid;

	CHECK(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	CHECK(!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog));
	CHECK(mkdir("m", 0777) < 0 && errno == EACCES);
	truth("filtered", "m");
	close_ok(open("a", O_RDONLY));
	truth("LR", "a");
	pid = fork();
	if (!pid) {
		execv("/bin/cat", cat_f);
		_exit(1);
	}
	reap(pid);
	truth("LR", "d/f");
}

static void c_ptrace(void)	/* a debugger that stops at each call */
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execv("/bin/cat", cat_f);
		_exit(1);
	}
	while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status))
		CHECK(!ptrace(PTRACE_SYSCALL, pid, NULL, NULL));
	CHECK(!status);
	truth("LR", "d/f");
}

static void *starter(void *arg)
{
	static char *const none[] = { NULL };
	pid_t pid;
	int i;

	for (i = 0; i < 20; i++) {
		if (i & 1) {
			CHECK(!posix_spawn(&pid, "/bin/cat", NULL, NULL, cat_f, none));
		} else {
			pid = fork();
			if (!pid) {
				execve("/bin/cat", cat_f, none);
				_exit(1);
			}
		}
		reap(pid);
		close_ok(open(arg, O_RDONLY));
	}
	return NULL;
}

static void c_thread_exec(void)
{
	static char *const names[] = { "a", "d/g", "x.sh", "l" };
	pthread_t t[4];
	int i;

	for (i = 0; i < 4; i++)
		CHECK(!pthread_create(&t[i], NULL, starter, names[i]));
	for (i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	truth("LR", "d/f");
	truth("LR", "a");
	truth("LR", "d/g");
	truth("LR", "x.sh");
	truth("L", "l");
}

static void *opener(void *arg)
{
	open("fifo", O_RDONLY);
	return arg;
}

static void c_cancel(void)	/* of a thread that sleeps in open */
{
	pthread_t t;
	void *rc;

	CHECK(!mkfifo("fifo", 0666));
	truth("cancelled", "fifo");
	CHECK(!pthread_create(&t, NULL, opener, NULL));
	usleep(100000);
	CHECK(!pthread_cancel(t));
	CHECK(!pthread_join(t, &rc));
	CHECK(rc == PTHREAD_CANCELED);
	close_ok(open("a", O_RDONLY));
	truth("LR", "a");
}

static void c_low_map(void)	/* where the tracer has its gate */
{
	char *at = (char *)0x170000;
	void *map = mmap(at, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	CHECK(map == at || errno == ENOMEM);
	close_ok(open("a", O_RDONLY));
	truth("LR", "a");
}

static const char low_code[] = "\x89\xf8\x48\x89\xf7\x48\x89\xd6\x31\xd2\x0f\x05\xc3";	/* call edi(rsi, rdx, 0) */
#define LOW_MAP(at, size, prot, flags) mmap((char *)(at), size, prot, MAP_PRIVATE | MAP_ANONYMOUS | (flags), -1, 0)

static void call_low(void)
{
	((long (*)(long, const char *, long))0x170000)(SYS_open, "a", O_RDONLY);
}

static void c_low_code(void)	/* calls from where the gate would be */
{
	char *at = LOW_MAP(0x170000, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_FIXED);

	if (at == MAP_FAILED)
		return;
	memcpy(at, low_code, sizeof(low_code));
	call_low();
}

static void c_low_hint(void)	/* the same by a wish */
{
	char *at = LOW_MAP(0x170000, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, 0);

	if (at != (char *)0x170000)
		return;
	memcpy(at, low_code, sizeof(low_code));
	call_low();
}

static void c_low_protect(void)	/* the same in two steps */
{
	char *at = LOW_MAP(0x16f000, 8192, PROT_READ | PROT_WRITE, MAP_FIXED);

	CHECK(at != MAP_FAILED);
	memcpy(at + 4096, low_code, sizeof(low_code));
	if (!mprotect(at, 8192, PROT_READ | PROT_EXEC))
		call_low();
}

#ifdef BIG
char room[1 << 20] = { 1 };	/* linked low: the place of the gate is taken by the program */
#endif

static void c_tmpfile(void)	/* a file that gets its name once complete */
{
	char name[64];
	int fd = open(".", O_TMPFILE | O_RDWR, 0666);

	CHECK(fd >= 0);
	sprintf(name, "/proc/self/fd/%d", fd);
	CHECK(!linkat(AT_FDCWD, name, AT_FDCWD, "made", AT_SYMLINK_FOLLOW));
	truth("TW", "made");
	if (!geteuid()) {
		CHECK(!linkat(fd, "", AT_FDCWD, "made2", AT_EMPTY_PATH));
		truth("TW", "made2");
	}
}

static void c_late_link(void)	/* what a name stands for is changed by another process */
{
	struct stat st;

	CHECK(stat("late/f", &st) < 0);
	truth("LRT", "late/f");
	CHECK(!system("/bin/ln -s d late"));
	truth("LTW", "late");	/* ln looks first */
	CHECK(!stat("late/f", &st));
	truth("LRT", "d/f");
}

static void c_mknod(void)
{
	CHECK(!mknod("reg", S_IFREG | 0666, 0));
	truth("TW", "reg");
	CHECK(!mkfifo("fifo", 0666));
	truth("T", "fifo");
}

static void c_made_dir(void)	/* a name that leads nowhere at first */
{
	CHECK(open("m/../a", O_RDONLY) < 0);
	CHECK(!mkdir("m", 0777));
	close_ok(open("m/../a", O_RDONLY));
	truth("LRT", "m");
	truth("LR", "a");
}

static void c_reused_dir(void)	/* another dir by the number of one that is gone */
{
	struct stat was, is;
	char name[16];
	int i, fd;

	CHECK(!mkdir("u", 0777));
	fd = open("u", O_RDONLY | O_DIRECTORY);
	CHECK(!fstat(fd, &was));
	CHECK(openat(fd, "f", O_RDONLY) < 0);
	close(fd);
	truth("T", "u");
	truth("LR", "u/f");
	CHECK(!rmdir("u"));
	for (i = 0; i < 100; i++) {
		sprintf(name, "u%d", i);
		CHECK(!mkdir(name, 0777));
		truth("T", name);
		fd = open(name, O_RDONLY | O_DIRECTORY);
		CHECK(!fstat(fd, &is));
		if (is.st_ino == was.st_ino)
			break;
		close(fd);
	}
	if (i == 100)
		return;		/* this disk gives no number twice */
	CHECK(openat(fd, "f", O_RDONLY) < 0);
	strcat(name, "/f");
	truth("LR", name);
}

static void c_deleted_name(void)	/* what the kernel says of files that are gone */
{
	char name[64];
	int fd;

	CHECK(!mkdir("x (deleted)", 0777));
	truth("T", "x (deleted)");
	fd = open("x (deleted)", O_RDONLY | O_DIRECTORY);
	close_ok(openat(fd, "f", O_WRONLY | O_CREAT, 0666));
	truth("LW", "x (deleted)/f");
	sprintf(name, "/proc/self/fd/%d/g", fd);
	close_ok(open(name, O_WRONLY | O_CREAT, 0666));
	truth("LW", "x (deleted)/g");
	close(fd);
	fd = open("y (deleted)", O_RDWR | O_CREAT, 0666);
	truth("LRW", "y (deleted)");
	sprintf(name, "/proc/self/fd/%d", fd);
	close_ok(open(name, O_RDONLY));
}

static void c_bytes(void)	/* names are bytes */
{
	close_ok(open("n\xff\x80\xc3", O_WRONLY | O_CREAT, 0666));
	truth("LW", "n\xff\x80\xc3");
	CHECK(!symlink("n\xff\x80\xc3", "\x01"));
	close_ok(open("\x01", O_RDONLY));
	truth("LTW", "\x01");
	truth("R", "n\xff\x80\xc3");
}

static void c_moved_cwd(void)	/* the dir a process is in gets another name */
{
	int to[2], from[2];
	pid_t pid;
	char c;

	CHECK(!pipe(to) && !pipe(from));
	pid = fork();
	if (!pid) {
		if (chdir("d") || close(open("f", O_RDONLY)) || write(from[1], "x", 1) != 1 || read(to[0], &c, 1) != 1 ||
		    close(open("f", O_RDONLY)) || close(open("g", O_RDONLY)))
			_exit(1);
		_exit(0);
	}
	CHECK(read(from[0], &c, 1) == 1);
	CHECK(!rename("d", "e"));
	CHECK(write(to[1], "x", 1) == 1);
	reap(pid);
	truth("L", "d");
	truth("LRU", "d/f");
	truth("LRU", "d/g");
	truth("LRW", "e/f");
	truth("LRW", "e/g");
}

static void c_deep(void)	/* below a dir whose name is longer than any may be */
{
	char name[251];
	int i;

	memset(name, 'n', 250);
	name[250] = 0;
	for (i = 0; i < 20; i++)
		CHECK(!mkdir(name, 0777) && !chdir(name));
	if (args[0])	/* dirs alone are no matter */
		close_ok(open(args[0], O_WRONLY | O_CREAT, 0666));
}

static void c_deep_rename(void)	/* of a dir with more levels than are walked */
{
	int i, top = open(".", O_RDONLY | O_DIRECTORY);

	CHECK(!mkdir("deep", 0777) && !chdir("deep"));
	for (i = 0; i < 80; i++)
		CHECK(!mkdir("n", 0777) && !chdir("n"));
	close_ok(creat("f", 0666));
	CHECK(!fchdir(top));
	CHECK(!rename("deep", "moved"));
}

static void c_exec_no_fds(void)	/* nor can we look at what is executed */
{
	FILE *f = fopen("y.sh", "w");
	char cwd[4096];
	pid_t pid;

	fprintf(f, "#!%s/x.sh\n", getcwd(cwd, sizeof(cwd)));
	fchmod(fileno(f), 0755);
	fclose(f);
	truth("LWRX", "y.sh");
	truth("LRX", "x.sh");
	pid = fork();
	if (!pid) {
		while (fcntl(0, F_DUPFD_CLOEXEC, 3) >= 0)
			;
		execl("./y.sh", "y.sh", (char *)NULL);
		_exit(1);
	}
	reap(pid);
}

static int in_untraced(void *arg)
{
	(void)arg;
	return open("a", O_RDONLY) < 0;
}

static void c_untraced(void)	/* a child that says its tracer is not to follow it */
{
	static char stack[1 << 16] __attribute__((aligned(16)));
	pid_t pid = clone(in_untraced, stack + sizeof(stack), 0x00800000 /* CLONE_UNTRACED */ | SIGCHLD, NULL);

	if (pid < 0)
		return;		/* refused */
	reap(pid);
	truth("LR", "a");
}

static void c_later(void)	/* calls this kernel does not have are not let pass: a later one may */
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 470, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),	/* heard if ours lets it pass */
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { .len = 4, .filter = code };
	pid_t pid = fork();
	int status;

	if (!pid) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) || ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			_exit(1);
		raise(SIGSTOP);
		_exit(inline_call(470, "a", NULL, NULL) != -ENOSYS || inline_call(4000, "a", NULL, NULL) != -ENOSYS);
	}
	CHECK(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status));
	CHECK(!ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)PTRACE_O_TRACESECCOMP));
	CHECK(!ptrace(PTRACE_CONT, pid, NULL, NULL));
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status));
	CHECK(!WEXITSTATUS(status));
}

static void c_tree(void)	/* a mount that has no place, made before it was known that it leads nowhere */
{
	CHECK(syscall(428, AT_FDCWD, ".", 1 /* OPEN_TREE_CLONE */) < 0 && errno == EPERM);
}

static void c_mount(void)
{
	CHECK(mount("none", "d", "tmpfs", 0, NULL) < 0 && errno == EPERM);
	CHECK(chroot("d") < 0 && errno == EPERM);
}

static void c_mount_ok(void)	/* reaches the kernel, which knows no such file system */
{
	CHECK(mount("none", "d", "no such type", 0, NULL) < 0 && (errno == ENODEV || errno == EPERM));
}

static void c_handle(void)
{
	struct file_handle h = { .handle_bytes = 0 };

	CHECK(open_by_handle_at(AT_FDCWD, &h, O_RDONLY) < 0 && errno == EPERM);
}

static void c_many(void)	/* n records */
{
	char name[1024];
	struct stat st;
	int i, n = atoi(args[0]);

	for (i = 0; i < n; i++) {
		sprintf(name, "%s%d", args[1], i);
		lstat(name, &st);
	}
}

/* CPU time of this process and its children, ns: says more than a clock on a shared machine. */
static double cpu(void)
{
	struct rusage a, b;

	getrusage(RUSAGE_SELF, &a);
	getrusage(RUSAGE_CHILDREN, &b);
	return 1e9 * (a.ru_utime.tv_sec + a.ru_stime.tv_sec + b.ru_utime.tv_sec + b.ru_stime.tv_sec) +
	       1e3 * (a.ru_utime.tv_usec + a.ru_stime.tv_usec + b.ru_utime.tv_usec + b.ru_stime.tv_usec);
}

static void c_time(void)	/* CPU cost of a repeated access */
{
	int i, n = atoi(args[0]);
	const char *name = args[1];
	struct stat st;
	double start = cpu();

	for (i = 0; i < n; i++)
		stat(name, &st);
	fprintf(stderr, "stat %s %.0f ns\n", name, (cpu() - start) / n);
	start = cpu();
	for (i = 0; i < n; i++)
		close(open(name, O_RDONLY));
	fprintf(stderr, "open+close %s %.0f ns\n", name, (cpu() - start) / n);
}

static void c_time_exec(void)	/* CPU cost of vfork, exec, exit */
{
	int i, n = atoi(args[0]);
	double start = cpu();

	for (i = 0; i < n; i++) {
		pid_t pid = vfork();

		if (!pid) {
			execl("/bin/true", "true", (char *)NULL);
			_exit(1);
		}
		reap(pid);
	}
	fprintf(stderr, "exec %.1f us\n", (cpu() - start) / n / 1e3);
}

static void c_run(void)	/* any command */
{
	execvp(args[0], args);
	_exit(127);
}

#define CASE(name) { #name, c_##name }
static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	CASE(open), CASE(open_ways), CASE(stdio), CASE(stat), CASE(access), CASE(readlink), CASE(realpath), CASE(dotdot),
	CASE(loop), CASE(procfd), CASE(cwd), CASE(rename), CASE(rename_dir), CASE(links), CASE(unlink), CASE(dirs),
	CASE(attr), CASE(list), CASE(glob), CASE(nftw), CASE(mkstemp), CASE(exec), CASE(exec_chain), CASE(exec_path),
	CASE(clean_env), CASE(vfork), CASE(spawn), CASE(shell), CASE(threads), CASE(closefrom), CASE(dlopen), CASE(killed),
	CASE(signals), CASE(errno), CASE(rewrite), CASE(admin), CASE(inline), CASE(inline_exec), CASE(own_filter), CASE(ptrace),
	CASE(thread_exec), CASE(cancel), CASE(low_map), CASE(low_code), CASE(int80), CASE(tmpfile), CASE(small_stack),
	CASE(late_link), CASE(mknod), CASE(uring), CASE(x32), CASE(thread_fork), CASE(moved_inline), CASE(cwd_inline), CASE(walk), CASE(skipped),
	CASE(mount), CASE(mount_ok), CASE(handle), CASE(many), CASE(time),
	CASE(made_dir), CASE(reused_dir), CASE(deleted_name), CASE(bytes), CASE(moved_cwd), CASE(deep), CASE(deep_rename), CASE(exec_no_fds), CASE(untraced), CASE(later),
	CASE(tree), CASE(low_hint), CASE(low_protect), CASE(dir_streams), CASE(many_dirs),
	CASE(time_exec), CASE(run),
};

int main(int argc, char **argv)
{
	size_t i;

	args = argv + 2;
	for (i = 0; argc > 1 && i < sizeof(cases) / sizeof(*cases); i++) {
		if (!strcmp(argv[1], cases[i].name)) {
			cases[i].run();
			return 0;
		}
	}
	return 8;
}
