/*
 * Processes of a job that have turned recording off, for themselves and those they start: their numbers stand in the
 * header of the log (log.h), where preload and the agent find them alike. Any thread of a traced process, or the agent's;
 * errno untouched.
 */
#ifndef LMAKE_ACCESS_OFF_H
#define LMAKE_ACCESS_OFF_H

#include <sys/types.h>

#include "log.h"

/* Turn recording off, or on again, for a process. 0; -ENOSPC: too many have turned it off, this one goes on recording. */
int lm_off_set(struct lm_log_header *log, pid_t pid, int off);

/* Has this process, or one it comes from, turned it off? `pid` may be of any of its threads, 0 is the caller's. */
int lm_off_is(const struct lm_log_header *log, pid_t pid);

/* Is it worth asking? Cheap. */
static inline int lm_off_any(const struct lm_log_header *log)
{
	return __atomic_load_n(&log->n_off, __ATOMIC_RELAXED) != 0;
}

/* Changes with each lm_off_set. */
static inline uint32_t lm_off_gen(const struct lm_log_header *log)
{
	return __atomic_load_n(&log->off_gen, __ATOMIC_RELAXED);
}

#endif
