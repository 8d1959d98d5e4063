/*
 * What serve.c and ptrace.c share: the state of a trace, and what is decided of a call. Agent's thread only.
 */
#ifndef LMAKE_TRACE_SERVE_H
#define LMAKE_TRACE_SERVE_H

#include <linux/seccomp.h>
#include <sys/types.h>

#include "../access/calls.h"
#include "trace.h"

/* What the filter of ptrace does with a call that is to be seen; FOREIGN is added if it is not of our own table. */
#define LM_TOLD_PTRACE  (SECCOMP_RET_TRACE | 2u)
#define LM_TOLD_FOREIGN 1u

/* Numbers of 32 bit x86: the headers that have them cannot be had beside those of our own. */
#define LM_NR32_PTRACE  26
#define LM_NR32_CLONE   120
#define LM_NR32_SECCOMP 354

struct lm_trace {
	int fd;				/* notifications, -1: by ptrace */
	struct lm_area area;
	struct lm_cache cache;		/* `files` only: texts depend on who asks */
	struct seccomp_notif *req;
	struct seccomp_notif_resp *resp;
	size_t req_size, resp_size;
	unsigned long served;
	int entries;			/* by ptrace: every call stops, not only those of the filter */
	int begun;			/* by ptrace: the command has been exec'ed, calls are the job's */
	unsigned tasks;			/* by ptrace: threads that are traced */
	char path[LM_PATH_MAX], path2[LM_PATH_MAX];
};

/* A trace that has no task yet. 0 or -errno. */
int lm_trace_make(struct lm_trace **trace, struct lm_slot *slot);

/* A stopped call of task `pid`: record it. What to answer: 0 to go on, or -errno to give instead of the call. */
int lm_trace_decide(struct lm_trace *t, pid_t pid, const struct seccomp_data *d);

#endif
