/* The conversation with the server: the command goes, bytes come, ^C is passed on. */
#define _GNU_SOURCE
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../wire/wire.h"

#define SILENCE_MS 2000		/* of the server, before we ask what it is doing */

static int wake[2] = { -1, -1 };	/* written by the signal handler */

static void on_interrupt(int sig)
{
	int saved = errno;
	ssize_t n = write(wake[1], "", 1);	/* full: it will be heard anyway */

	(void)sig;
	(void)n;
	errno = saved;
}

/* Heard even if ignored so far; a blocked SIGINT stays blocked. */
static void hear_interrupts(void)
{
	struct sigaction act = { .sa_handler = on_interrupt };

	if (wake[0] >= 0)
		return;
	if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) < 0)
		die(RC_SYSTEM, "cannot make a pipe: %s", strerror(errno));
	sigaction(SIGINT, &act, NULL);
}

static void die_of_interrupt(void)
{
	sigset_t one;

	signal(SIGINT, SIG_DFL);
	sigemptyset(&one);
	sigaddset(&one, SIGINT);
	sigprocmask(SIG_UNBLOCK, &one, NULL);
	kill(getpid(), SIGINT);
	kill(getpid(), SIGHUP);
}

static int send_all(int sock, const char *data, size_t n)
{
	while (n) {
		ssize_t done = send(sock, data, n, MSG_NOSIGNAL);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		data += done;
		n -= (size_t)done;
	}
	return 0;
}

static void write_all(int fd, const char *data, size_t n)
{
	while (n) {
		ssize_t done = write(fd, data, n);

		if (done < 0 && errno == EAGAIN) {	/* somebody else made our terminal non-blocking */
			struct pollfd p = { fd, POLLOUT, 0 };

			poll(&p, 1, -1);
			continue;
		}
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0 && fd != 1)
			return;		/* no stderr: no way to complain either */
		if (done < 0 && errno == EPIPE) {
			signal(SIGPIPE, SIG_DFL);
			raise(SIGPIPE);
		}
		if (done < 0)
			die(RC_SYSTEM, "cannot write on stdout: %s", strerror(errno));
		data += done;
		n -= (size_t)done;
	}
}

static unsigned terminal_bits(void)
{
	struct stat in, out;
	unsigned bits = (isatty(0) ? LM_TTY_IN : 0u) | (isatty(1) ? LM_TTY_OUT : 0u);

	if (bits == (LM_TTY_IN | LM_TTY_OUT) && !fstat(0, &in) && !fstat(1, &out) && in.st_rdev == out.st_rdev)
		bits |= LM_TTY_SAME;
	return bits;
}

static int send_hello(const struct command *c, int sock, char **env)
{
	struct lm_buf b = { 0 };
	size_t at = lm_frame_open(&b, LM_HELLO);
	uint32_t n = 0;
	int rc;

	lm_put_u32(&b, LM_WIRE_PROTOCOL);
	lm_put_cstr(&b, c->tool);
	lm_put_u32(&b, (uint32_t)c->argc);
	for (int i = 0; i < c->argc; i++)
		lm_put_cstr(&b, c->argv[i]);
	lm_put_cstr(&b, c->startup);
	while (env[n])
		n++;
	lm_put_u32(&b, n);
	for (uint32_t i = 0; i < n; i++)
		lm_put_cstr(&b, env[i]);
	lm_put_u8(&b, (uint8_t)(terminal_bits() | (c->readonly ? LM_REPO_READONLY : 0)));
	lm_put_u32(&b, (uint32_t)getpid());
	lm_frame_close(&b, at);
	rc = send_all(sock, b.data, b.len);
	lm_buf_free(&b);
	return rc;
}

static void pass_interrupt(int sock, bool *interrupted)
{
	struct lm_buf b = { 0 };
	char some[64];

	while (read(wake[0], some, sizeof some) > 0)
		;
	if (!*interrupted)
		write_all(1, "\n", 1);
	*interrupted = true;
	lm_frame_close(&b, lm_frame_open(&b, LM_INTERRUPT));
	send_all(sock, b.data, b.len);		/* a lost server is seen by the reader */
	lm_buf_free(&b);
}

/* The state of a process, as the kernel abbreviates it; 0: not known. */
static char state_of(pid_t pid)
{
	char name[40], text[300], *at;
	ssize_t n;
	int fd;

	snprintf(name, sizeof name, "/proc/%d/stat", (int)pid);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = 0;
	at = strrchr(text, ')');	/* the name before it may hold anything */
	return at && at[1] ? at[2] : 0;
}

/* The server is silent. It may have much to do; stopped, as by a job or by hand, it would be silent for ever. */
static void send_on(int sock, bool *told)
{
	struct ucred server;
	socklen_t n = sizeof server;

	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &server, &n) < 0 || server.pid <= 0 || state_of(server.pid) != 'T')
		return;
	if (!*told)
		fprintf(stderr, "lmake: the server, process %d, was stopped by somebody: it is sent on\n", (int)server.pid);
	*told = true;
	kill(server.pid, SIGCONT);
}

/* Returns the bytes used by whole frames; sets *rc when EXIT is among them. */
static size_t take_frames(struct lm_buf *in, int *rc)
{
	size_t used = 0;

	while (*rc < 0) {
		struct lm_reader r;
		uint8_t type;
		long n = lm_frame_next(in->data + used, in->len - used, &type, &r);

		if (n < 0 || (n > 0 && (type < LM_OUT || type > LM_EXIT)))
			die(RC_LOST, "the server does not speak our language, consider : restart it");
		if (!n)
			break;
		if (type == LM_EXIT)
			*rc = lm_get_u8(&r);
		else
			write_all(type == LM_OUT ? 1 : 2, r.p, (size_t)(r.end - r.p));
		used += (size_t)n;
	}
	return used;
}

int talk(const struct command *c, int sock, char **env)
{
	struct lm_buf in = { 0 };
	bool interrupted = false, heard = false, told = false;
	int rc = -1;

	if (c->builds)
		hear_interrupts();
	if (send_hello(c, sock, env) < 0)
		return TALK_AGAIN;
	while (rc < 0) {
		struct pollfd p[2] = { { sock, POLLIN, 0 }, { wake[0], POLLIN, 0 } };
		ssize_t n;
		int ready = poll(p, wake[0] < 0 ? 1 : 2, SILENCE_MS);

		if (ready < 0 && errno != EINTR)
			die(RC_SYSTEM, "cannot wait: %s", strerror(errno));
		if (!ready)
			send_on(sock, &told);
		if (ready <= 0)
			continue;
		if (p[1].revents)
			pass_interrupt(sock, &interrupted);
		if (!p[0].revents)
			continue;
		n = read(sock, lm_buf_room(&in, 65536), 65536);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		/* Reset, as opposed to closed: our command was still unread when the server left. */
		if (n < 0 && errno == ECONNRESET && !heard && !interrupted)
			return TALK_AGAIN;
		if (n <= 0) {
			rc = RC_LOST;
			break;
		}
		heard = true;
		in.len += (size_t)n;
		lm_buf_drop(&in, take_frames(&in, &rc));
	}
	lm_buf_free(&in);
	if (interrupted)
		die_of_interrupt();
	return rc;
}
