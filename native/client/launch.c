/*
 * Connecting to the server, and starting it when there is none. Any number of clients may come at once: they take turns
 * at LMAKE/lmake/start.lock, the first starts the server and keeps the lock until it answers.
 */
#define _GNU_SOURCE
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define START_LOCK  "LMAKE/lmake/start.lock"
#define SERVER_LOG  "LMAKE/lmake/server.log"
#define MAX_ARGS    128
#define TRIES       10
#define PATIENCE_MS 60000	/* for a server that is alive but does not answer yet */

static void nap_ms(long ms)
{
	const struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

static int try_connect(const struct command *c)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die(RC_SYSTEM, "cannot make a socket: %s", strerror(errno));
	memcpy(a.sun_path, c->socket, sizeof a.sun_path);
	while (connect(fd, (void *)&a, sizeof a) < 0) {
		if (errno == EINTR)
			continue;
		close(fd);
		return -1;
	}
	return fd;
}

/* ---- the command that starts it ---- */

static char *replace(const char *line, const char *key, const char *value)
{
	const char *at = strstr(line, key);
	char *out;

	if (!at)
		return strdup(line);
	if (asprintf(&out, "%.*s%s%s", (int)(at - line), line, value, at + strlen(key)) < 0)
		die(RC_SYSTEM, "no memory");
	return out;
}

/* lib/server.args: the java to run, then its arguments, one per line. */
static void read_args(const struct command *c, char **argv)
{
	const char *java = getenv("LMAKE_JAVA");
	char name[4096 + 16], line[4096];
	int n = 0;
	FILE *f;

	snprintf(name, sizeof name, "%s/server.args", c->lib);
	f = fopen(name, "re");
	if (!f)
		die(RC_BAD_SERVER, "cannot read %s: %s, consider : install lmake again", name, strerror(errno));
	while (n < MAX_ARGS - 8 && fgets(line, sizeof line, f)) {
		line[strcspn(line, "\n")] = 0;
		if (!*line)
			continue;
		argv[n] = replace(line, "${LIB}", c->lib);
		if (!n && java && *java)
			argv[n] = strdup(java);
		else if (!n && !strcmp(line, "${JAVA}"))
			argv[n] = strdup("java");
		n++;
	}
	fclose(f);
	if (!n)
		die(RC_BAD_SERVER, "%s is empty, consider : install lmake again", name);
	argv[n++] = "--server";
	argv[n++] = "--root";
	argv[n++] = (char *)c->root;
	if (c->readonly) {
		argv[n++] = "--readonly";
		argv[n++] = "--socket";
		argv[n++] = (char *)c->socket;
	}
	if (c->by_hand)
		argv[n++] = (char *)c->by_hand;
	argv[n] = NULL;
}

void server_become(struct command *c)
{
	char *argv[MAX_ARGS];

	read_args(c, argv);
	fflush(NULL);
	execvp(argv[0], argv);
	die(RC_BAD_SERVER, "cannot run %s: %s, consider : LMAKE_JAVA=<java 17 or later>", argv[0], strerror(errno));
}

static const char *log_name(const struct command *c)
{
	static char name[128];

	if (!c->readonly)
		return SERVER_LOG;
	snprintf(name, sizeof name, "%s/server.log", c->private_dir);
	return name;
}

/* In the child: from here on it is the server, which must owe nothing to our terminal. */
static void become_server(char **argv, const char *log)
{
	int null = open("/dev/null", O_RDONLY), out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0666);
	sigset_t none;

	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (null < 0 || out < 0)
		_exit(RC_SYSTEM);
	dup2(null, 0);
	dup2(out, 1);
	dup2(out, 2);
	close(null);
	close(out);
	execvp(argv[0], argv);
	fprintf(stderr, "cannot run %s: %s, consider : LMAKE_JAVA=<java 17 or later>\n", argv[0], strerror(errno));
	_exit(RC_BAD_SERVER);
}

/* ---- what it said before it died ---- */

/* Returns whether there was anything. */
static bool show_log(const char *log, off_t from)
{
	static char text[4096 + 1];
	struct stat st;
	int fd = open(log, O_RDONLY | O_CLOEXEC);
	char *start = text;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return false;
	if (st.st_size - from > (off_t)sizeof text - 1)
		from = st.st_size - (off_t)sizeof text + 1;
	n = pread(fd, text, sizeof text - 1, from);
	close(fd);
	if (n <= 0)
		return false;
	text[n] = 0;
	if (n == sizeof text - 1 && strchr(text, '\n'))
		start = strchr(text, '\n') + 1;
	fputs(start, stderr);
	if (text[n - 1] != '\n')
		fputc('\n', stderr);
	return true;
}

/* A full disk has no room for what the server would have said about it. */
static const char *guess(const char *log)
{
	struct statvfs fs;
	char dir[128];

	snprintf(dir, sizeof dir, "%.*s", (int)(strrchr(log, '/') - log), log);
	if (!statvfs(dir, &fs) && (!fs.f_bavail || !fs.f_favail))
		return strerror(ENOSPC);
	return access(dir, W_OK) ? strerror(errno) : "nobody knows why";
}

static void report_death(const char *log, off_t from, int status)
{
	int rc = WIFEXITED(status) ? WEXITSTATUS(status) : 0;

	bool told = show_log(log, from);

	if (WIFSIGNALED(status))
		fprintf(stderr, "the server was killed by signal %d while it started\n", WTERMSIG(status));
	else if (!told)
		fprintf(stderr, "the server cannot start and has written nothing in %s : %s\n", log, guess(log));
	exit(rc == 3 || rc == 5 || rc == 6 || rc == 10 || rc == 12 ? rc : RC_BAD_SERVER);
}

/* Start the server and wait until it answers. -1: it found another one at work, or just leaving. */
static int start_server(const struct command *c)
{
	char *argv[MAX_ARGS];
	const char *log = log_name(c);
	struct stat st;
	off_t from = stat(log, &st) < 0 ? 0 : st.st_size;
	pid_t pid;

	read_args(c, argv);
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		die(RC_SYSTEM, "cannot start the server: %s", strerror(errno));
	if (!pid)
		become_server(argv, log);
	for (long waited = 0; waited < PATIENCE_MS; waited++) {
		int sock = try_connect(c), status;

		if (sock >= 0)
			return sock;
		if (waitpid(pid, &status, WNOHANG) == pid) {
			if (WIFEXITED(status) && !WEXITSTATUS(status))
				return -1;
			report_death(log, from, status);
		}
		nap_ms(1);
	}
	die(RC_BAD_SERVER, "the server (pid %d) does not answer after %d s, consider : kill %d", (int)pid,
	    PATIENCE_MS / 1000, (int)pid);
}

static int take_turn(void)
{
	int lock = open(START_LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (lock < 0)
		die(RC_SYSTEM, "cannot open " START_LOCK ": %s", strerror(errno));
	while (flock(lock, LOCK_EX) < 0)
		if (errno != EINTR)
			die(RC_SYSTEM, "cannot lock " START_LOCK ": %s", strerror(errno));
	return lock;
}

/* A repo that cannot be written holds no socket: a server for this command alone, in a dir of its own. */
static int private_server(struct command *c)
{
	const char *tmp = getenv("TMPDIR");
	int sock;

	if (!tmp || *tmp != '/' || strlen(tmp) > sizeof c->private_dir - 16)
		tmp = "/tmp";
	snprintf(c->private_dir, sizeof c->private_dir, "%s/lmake-XXXXXX", tmp);
	if (!mkdtemp(c->private_dir))
		die(RC_SYSTEM, "cannot make a dir in %s: %s", tmp, strerror(errno));
	snprintf(c->socket, sizeof c->socket, "%s/s", c->private_dir);
	sock = start_server(c);
	if (sock < 0)
		die(RC_BAD_SERVER, "the private server left at once");
	return sock;
}

void server_forget(struct command *c)
{
	if (!*c->private_dir)
		return;
	unlink(c->socket);
	unlink(log_name(c));
	rmdir(c->private_dir);
}

int server_connect(struct command *c)
{
	int sock, lock;

	if (c->readonly)
		return private_server(c);
	sock = try_connect(c);
	for (int i = 0; i < TRIES && sock < 0; i++) {
		lock = take_turn();
		sock = try_connect(c);
		if (sock < 0)
			sock = start_server(c);
		close(lock);
		if (sock < 0)
			nap_ms(100);
	}
	if (sock < 0)
		die(RC_BAD_SERVER, "cannot connect to the server, though it holds LMAKE/lmake/server.lock, consider : "
		    "kill $(fuser LMAKE/lmake/server.lock)");
	return sock;
}
