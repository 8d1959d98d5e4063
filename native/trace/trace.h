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
 * The ptrace method picks the same calls by the same filter, but has the kernel stop them for the tracer of the process,
 * which is the agent. Where a filter of another lmake around us would be heard before ours, it stops all calls instead.
 *
 *	parent: lm_trace_prepare(); clone(CLONE_VM): the child waits for a word from us
 *	        lm_ptrace_open(&trace, pid, &slot, all_calls); give the word; lm_ptrace_launch(pid): until the exec
 *	child:  lm_ptrace_install(all) unless all_calls; then as above
 *	parent: for each task wait4(-1, &status, WNOHANG | __WALL) tells of: ended = lm_ptrace_event(task, status)
 *
 * lm_slot_reset must have been done, with LM_LOGF_HYBRID in flags if LD_PRELOAD is given, else with LM_LOGF_TRACED.
 */
#ifndef LMAKE_TRACE_TRACE_H
#define LMAKE_TRACE_TRACE_H

#include <sys/types.h>

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

/*
 * Can jobs be run by the seccomp and hybrid methods here? 0, or why not, as lm_trace_install and lm_trace_prepare say it.
 * *all_calls: must ptrace stop all calls (a listener is around us, or filters are forbidden)? Makes a process to know.
 */
int lm_trace_usable(int *all_calls);

/* Child: no_new_privs, load the filter of ptrace. 0 or -errno. Async-signal-safe. */
int lm_ptrace_install(int all);

/*
 * Parent: become the tracer of a child that waits, before its exec. all_calls: see above. -EPERM: it may not be, or somebody else
 * is (a debugger, another lmake by ptrace); -EIO, -EINVAL: an old kernel.
 */
int lm_ptrace_open(struct lm_trace **trace, pid_t pid, struct lm_slot *slot, int all_calls);

/* Parent: see the child through to its exec. 0; or 1: it has ended without, *status being its last. */
int lm_ptrace_launch(pid_t pid, int *status);

/*
 * Parent: a task has stopped or ended. Any may be given, what is not traced is left alone. Returns a trace none of
 * whose tasks is left, to be closed, or NULL.
 */
struct lm_trace *lm_ptrace_event(pid_t task, int status);

#endif
