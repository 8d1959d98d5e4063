/* Entry of the client (see client.h): each step in turn. */
#define _GNU_SOURCE
#include "client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TRIES 10

extern char **environ;

void die(int rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(rc);
}

/* <install>/lib, from where our executable really is. */
static void find_lib(struct command *c)
{
	ssize_t n = readlink("/proc/self/exe", c->lib, sizeof c->lib - 8);
	char *slash;

	if (n < 0)
		die(RC_SYSTEM, "cannot read /proc/self/exe: %s", strerror(errno));
	c->lib[n] = 0;
	for (int up = 0; up < 2; up++) {
		slash = strrchr(c->lib, '/');
		if (slash)
			*slash = 0;
	}
	strcat(c->lib, "/lib");
}

int main(int argc, char **argv)
{
	static struct command c;
	const char *slash = argc ? strrchr(argv[0], '/') : NULL;
	int rc = TALK_AGAIN;

	if (!argc)
		return RC_USAGE;
	c.tool = slash ? slash + 1 : argv[0];
	c.argc = argc - 1;
	c.argv = argv + 1;
	c.by_hand = !strcmp(c.tool, "lmake_server") ? "--stay" : !strcmp(c.tool, "lmake_repair") ? "--repair" : NULL;
	c.builds = !strcmp(c.tool, "lmake") || !strcmp(c.tool, "lmake_server");
	strcpy(c.socket, "LMAKE/lmake/server.sock");
	root_enter(&c);
	root_refuse_in_job(&c);
	root_check_by_hand(&c);
	root_gate(&c);
	find_lib(&c);
	if (c.by_hand)
		server_become(&c);
	for (int i = 0; i < TRIES && rc == TALK_AGAIN; i++) {
		int sock = server_connect(&c);

		rc = talk(&c, sock, environ);
		close(sock);
	}
	server_forget(&c);
	return rc == TALK_AGAIN ? RC_LOST : rc;
}
