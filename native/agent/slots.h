/* What the agent keeps for each log of accesses (slots.c); only slots, merge and calls look inside. */
#ifndef LMAKE_AGENT_SLOTS_H
#define LMAKE_AGENT_SLOTS_H

#include "../access/slot.h"
#include "../trace/trace.h"
#include "agent.h"

struct slot {
	struct slot *next;		/* among the free ones */
	struct slot *made;		/* of all there are, the one made before */
	struct lm_slot log;
	uint64_t token;			/* of the job that holds it, 0: none */
	bool owned;			/* lent to a job */
	struct lm_trace *trace;		/* NULL: no tracer of system calls at work */
	struct source notify;
};

/* Begin to serve the notifications of a job that has just installed its filter. 0 or -errno. */
int slot_trace(struct job *job, int notify_fd);

/* Become the tracer of a job that waits before its exec; take it through that. 0; 1: it has ended; or -errno. */
int slot_ptrace(struct job *job, pid_t pid);
int slot_ptrace_launch(struct job *job, pid_t pid);

/* A process, or a task of one that is traced, has stopped or ended. */
void slot_traced(pid_t task, int status);

#endif
