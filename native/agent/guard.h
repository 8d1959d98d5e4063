/*
 * The guardian: the process the server started. It takes the lock of the repo, forks the agent and does nothing but wait
 * for it. Should the agent be killed, its orphans come to the guardian, which kills them all before it lets the lock go:
 * a later agent never runs beside jobs of a former one. Should the agent be stopped, as by a job, it is sent on at
 * once; should the guardian be, the server does that within a second. Should the guardian be killed, the agent gets SIGTERM.
 */
#ifndef LMAKE_AGENT_GUARD_H
#define LMAKE_AGENT_GUARD_H

/* Returns in the agent only; leaves with status 1 when a former agent keeps the lock for 10 s. */
void guard_start(void);

#endif
