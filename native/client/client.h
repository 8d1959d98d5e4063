/*
 * The client: one static executable under the name of each user command. It finds the repo, makes sure there is a
 * server, hands it the command line and copies what comes back; it knows no option. One thread, one process.
 * root.c finds the repo, launch.c starts the server, talk.c carries the bytes.
 */
#ifndef LMAKE_CLIENT_CLIENT_H
#define LMAKE_CLIENT_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#define LM_VERSION "0.1.0"

/* Exit codes the client itself gives (commands, table of exit codes). */
enum rc {
	RC_OK = 0, RC_BAD_SERVER = 4, RC_BAD_STATE = 5, RC_READONLY = 7, RC_LOST = 8, RC_SYSTEM = 10, RC_USAGE = 11,
	RC_VERSION = 12,
};

/* Everything known of this command before the server has a say. */
struct command {
	const char *tool;		/* lmake, lshow, ... */
	int argc;			/* arguments, without the tool */
	char **argv;
	char root[4096];
	const char *startup;		/* cwd relative to root, "" at root */
	bool builds;			/* may initialise the repo: lmake itself, lmake_server */
	const char *by_hand;		/* we become the server, told this: lmake_server, lmake_repair; else NULL */
	bool readonly;
	char lib[4096];			/* <install>/lib */
	char socket[108];		/* of the server; relative to root, unless private */
	char private_dir[64];		/* of a private server, "" otherwise */
};

/* Print a line on stderr and leave. */
void die(int rc, const char *fmt, ...) __attribute__((format(printf, 2, 3), noreturn));

/*
 * root.c: find the root, go there, fill root and startup. Leaves with a message when there is none, or several; when the
 * command line asks for the version or help, answers that instead.
 */
void root_enter(struct command *c);

/* root.c: version gate and permissions; initialises the repo for lmake. Leaves with a message when the gate is shut. */
void root_gate(struct command *c);

/* root.c: leave when a tool that is the server itself is not called as it must be: in the root, without arguments. */
void root_check_by_hand(const struct command *c);

/* root.c: leave when this very repo is running us in a job. */
void root_refuse_in_job(const struct command *c);

/* launch.c: a connection to the server of the repo, started if need be. Does not return without one. */
int server_connect(struct command *c);
void server_become(struct command *c) __attribute__((noreturn));	/* lmake_server, lmake_repair */
void server_forget(struct command *c);		/* remove what a private server left */

/*
 * talk.c: send the command, copy what comes. Returns the exit code, or TALK_AGAIN when the server left before it had
 * read the command (it was about to leave, being idle). Does not return after ^C: dies of SIGINT.
 */
#define TALK_AGAIN (-1)
int talk(const struct command *c, int sock, char **environ_list);

#endif
