/*
 * Entry of the agent (see agent.h): server's frames come on fd 0 and go on fd 1.
 */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guard.h"

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1) {
		fprintf(stderr, "usage: lmake_agent  (started by the lmake server, in the repo root)\n");
		return 11;
	}
	syscall(SYS_close_range, 3u, ~0u, 4u /* CLOSE_RANGE_CLOEXEC */);
	guard_start();		/* takes the lock; returns in the child, which is the agent */
	if (loop_open() < 0) {
		fprintf(stderr, "lmake_agent: cannot start: %s\n", strerror(errno));
		return 1;
	}
	proto_start();
	loop_run();
	return 0;
}
