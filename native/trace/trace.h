/*
 * The seccomp and hybrid methods: the kernel stops the job at each call that names a file and tells the agent, which
 * records what the call will touch (../access) and lets it go on: static programs, cleaned environments and inline
 * syscalls are followed alike. Calls made through the gate (../access/gate.h) are not told. By the seccomp method nothing
 * is loaded in the job, so that all its calls are; by the hybrid one preload is there, records what it sees and makes the
 * calls through the gate, so that only the calls it does not see are told.
 *
 * lm_trace_install runs in the child, between clone and exec; everything else in the agent's one thread. Functions
 * return 0 or -errno and print nothing.
 *
 *	parent: lm_trace_prepare(); clone(CLONE_VM | CLONE_VFORK | CLONE_FILES): it sleeps until the exec
 *	child:  chdir and all that names files; fd = lm_trace_install(all): the fd is the parent's too, then the child gets
 *	        descriptors of its own; dup2, ...; lm_slot_exec(); lm_sys3(SYS_execve, ...): through the gate, nobody serves yet
 *	parent: lm_trace_open(&trace, fd, &slot); add fd to epoll, EPOLLIN
 *	        EPOLLIN: lm_trace_serve(trace)	EPOLLHUP: no process of the job is left; lm_trace_close(trace)
 *
 * lm_slot_reset must have been done, with LM_LOGF_HYBRID in flags if LD_PRELOAD is given, else with LM_LOGF_TRACED.
 */
#ifndef LMAKE_TRACE_TRACE_H
#define LMAKE_TRACE_TRACE_H

#include "../access/slot.h"

struct lm_trace;

/* Parent: before each clone. -EEXIST...: the gate cannot be made; the job must not be run by these methods. */
int lm_trace_prepare(void);

/*
 * Child: no_new_privs, load the filter, leave the parent's descriptors. `all`: the job has LM_LOGF_ALL. The notify fd
 * (close-on-exec), or -errno. Async-signal-safe. -ENOSYS, -EINVAL: this kernel has no user notification; -EBUSY: we are
 * in a job of these methods ourselves.
 */
int lm_trace_install(int all);

/* Parent: begin to serve. The slot must outlive the trace. The fd now belongs to *trace. */
int lm_trace_open(struct lm_trace **trace, int notify_fd, struct lm_slot *slot);

/*
 * Parent: the notify fd is readable: serve one call. One, since the next is seldom there before its process has run
 * again, and asking if it is costs as much as the loop's own wait.
 * 0: served; -ENOENT: nothing was waiting (its process was killed), not an error; else -errno, and the trace is broken:
 * kill the job.
 */
int lm_trace_serve(struct lm_trace *trace);

/* Parent: calls served so far. */
unsigned long lm_trace_served(const struct lm_trace *trace);

/* Parent: closes the notify fd. Processes still running get ENOSYS from their file calls. NULL is accepted. */
void lm_trace_close(struct lm_trace *trace);

/* Has this kernel what is needed? */
int lm_trace_supported(void);

#endif
