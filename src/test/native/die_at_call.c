/*
 * Runs a program that dies of SIGKILL at its N-th system call, for programs that are linked statically. Only the process
 * itself is watched; what it starts lives on.
 *
 * Usage: die_at_call N program [args]; exits as the program does, 128 + 9 when it was killed here or elsewhere.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	long left = argc > 2 ? 2 * atol(argv[1]) : 0;	/* a call stops twice, at its begin and at its end */
	int status, deliver = 0;
	pid_t child;

	if (argc < 3) {
		fprintf(stderr, "usage: die_at_call N program [args]\n");
		return 2;
	}
	child = fork();
	if (!child) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return 2;
	ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
	for (;;) {
		ptrace(PTRACE_SYSCALL, child, NULL, (void *)(long)deliver);
		if (waitpid(child, &status, 0) < 0)
			return 2;
		if (!WIFSTOPPED(status))
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		deliver = WSTOPSIG(status) == (SIGTRAP | 0x80) || WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
		if (WSTOPSIG(status) == (SIGTRAP | 0x80) && --left == 0)
			kill(child, SIGKILL);
	}
}
