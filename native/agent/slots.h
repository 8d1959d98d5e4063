/* What the agent keeps for each log of accesses (slots.c); only slots, merge and calls look inside. */
#ifndef LMAKE_AGENT_SLOTS_H
#define LMAKE_AGENT_SLOTS_H

#include "../access/slot.h"
#include "../trace/trace.h"
#include "agent.h"

struct slot {
	struct slot *next;		/* among the free ones */
	struct lm_slot log;
	uint64_t token;			/* of the job that holds it, 0: none */
	bool owned;			/* lent to a job */
	struct lm_trace *trace;		/* NULL: no tracer of system calls at work */
	struct source notify;
};

/* Begin to serve the notifications of a job that has just installed its filter. 0 or -errno. */
int slot_trace(struct job *job, int notify_fd);

#endif
