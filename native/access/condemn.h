/*
 * A job that has done what cannot be followed ends at once (condemn.c). Runs where calls.c does: in a process of the
 * job, any thread, or in the agent. No malloc, errno untouched.
 */
#ifndef LMAKE_ACCESS_CONDEMN_H
#define LMAKE_ACCESS_CONDEMN_H

#include "view.h"

/*
 * Ask for the death of the job; why was recorded before (lm_refuse). In the agent only a mark in the log, which it
 * looks at after each call served. In a process of the job also a message to the agent, and it does not return before
 * the agent has hung up or killed it.
 */
void lm_condemn(const struct lm_view *v);

#endif
