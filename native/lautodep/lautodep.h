/*
 * lautodep: any command, followed as a job would be, and a report of what it read and wrote. No server, no repo needed: this
 * room holds what stands in the place of the server (lautodep.c), its options (ask.c) and its report (tell.c); all the
 * rest is the agent's own code (../agent), with its loop and its one thread.
 */
#ifndef LMAKE_LAUTODEP_H
#define LMAKE_LAUTODEP_H

#include <stdio.h>

#include "../agent/agent.h"

/* What the command line asks for. Strings live as long as the process. */
struct wish {
	char **argv;			/* the command, NULL terminated */
	char **keep;			/* names of variables to keep, or "KEY=value"; NULL terminated */
	char **source_dirs;		/* as declared; NULL terminated */
	const char *cwd;		/* absolute, physical */
	const char *out;		/* file of the report, NULL: stdout */
	const char *install;		/* NULL: the one we belong to */
	const char *tmp;		/* NULL: one of our own */
	uint8_t link_support, autodep, flags;
	struct isolation_order iso;	/* what is seen otherwise */
	bool readdir_ok, expand, accesses;
};

/* ask.c: parse; leaves by itself for -h, --version and mistakes (exit code 11). */
void wish_of(struct wish *wish, int argc, char **argv);

/* ask.c: a Python tuple or list of strings, or names with commas in between, NULL terminated; NULL: it is none of these. */
char **sequence_of(const char *text);

/* tell.c: the report on a finished job. Returns the exit code for lautodep. */
int tell(const struct wish *wish, struct job *job, FILE *to);

#endif
