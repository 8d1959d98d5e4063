/* Telling the agent that a job must die (condemn.h), by the socket of in-job calls. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "../wire/wire.h"
#include "condemn.h"
#include "sys.h"

static char *put(char *p, uint64_t v, int bytes)
{
	while (bytes--) {
		*p++ = (char)v;
		v >>= 8;
	}
	return p;
}

/* A CALL: token, verb, four numbers that do not matter, cwd "/", no argument. */
static long make_frame(char *buf, uint64_t token)
{
	char *p = put(buf + 4, LM_CALL, 1);

	p = put(p, token, 8);
	p = put(p, LM_VERB_CONDEMN, 1);
	p = put(p, 0, 16);
	p = put(p, 1, 4);
	*p++ = '/';
	p = put(p, 0, 4);
	put(buf, (uint64_t)(p - buf - 4), 4);
	return p - buf;
}

void lm_condemn(const struct lm_view *v)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const char *name = v->area->cfg->text + v->area->cfg->socket;
	char frame[64];
	long fd, n;

	__atomic_store_n(&v->area->log->condemned, 1, __ATOMIC_RELEASE);
	if (v->pid || strlen(name) >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, name, strlen(name) + 1);
	fd = lm_sys3(SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	n = make_frame(frame, v->area->token);
	if (!lm_sys3(SYS_connect, fd, (long)&to, sizeof(to)) &&
	    lm_sys6(SYS_sendto, fd, (long)frame, n, MSG_NOSIGNAL, 0, 0) == n)
		while (lm_sys3(SYS_read, fd, (long)frame, sizeof(frame)) == -EINTR)
			;
	lm_sys_close((int)fd);
}
