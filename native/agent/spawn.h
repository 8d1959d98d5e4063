/* What only job.c needs of spawn.c. */
#ifndef LMAKE_AGENT_SPAWN_H
#define LMAKE_AGENT_SPAWN_H

#include "agent.h"

/*
 * A traced child execs while the loop serves it, so its failure is known only once it is dead: says it in a message and
 * sets not_started.
 */
void job_check_late_error(struct job *job);

#endif
