/* A call made from inside a job: calls.c talks, answer.c knows what it means. */
#ifndef LMAKE_AGENT_CALLS_H
#define LMAKE_AGENT_CALLS_H

#include "agent.h"

#define CALL_MAX (64u << 20)

struct call {
	char *frame;			/* what the strings live in */
	uint8_t verb;
	uint32_t options, dep_flags, target_flags, delay_ms;
	char *cwd;
	uint32_t n_args, n_names;
	uint32_t first_noted, end_noted;	/* what it added to job->noted */
	char **args;
	pid_t pid;			/* of the caller, asked only for a job with mounts of its own; 0: not known */
	char **names;			/* args as reported, NULL: outside; DEPEND and TARGET without patterns only */
};

struct caller {
	struct source src;		/* first: the loop hands it back */
	struct caller *next;
	struct job *job;
	struct lm_buf in, out;
	struct call call;
	uint64_t ask;			/* waits for this answer, 0: none */
};

struct delayed {
	struct delayed *next;
	struct job *job;
	struct caller *caller;		/* NULL: nobody waits */
	int64_t deadline;
};

struct job *call_owner(uint64_t token);			/* NULL: a job that is over, or a stranger */
int call_read(struct call *call, struct lm_reader *r);	/* 0, or -EPROTO */
void call_free(struct call *call);

/* Note the deps or targets of a call, all but reads; call_note_reads does these, once the deps are as they will be. */
void call_note(struct job *job, struct call *call);
void call_note_reads(struct job *job, const struct call *call);

/* The deps or targets so far, as seen from the cwd of the call. Returns the exit code. */
uint8_t call_list(struct job *job, const struct call *call, struct tally *lines);

#endif
