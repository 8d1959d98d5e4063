/*
 * The seccomp method: the kernel stops the job at each call that names a file and tells the agent, which records what
 * the call will touch (../access) and lets it go on. Nothing is loaded in the job: static programs, cleaned
 * environments and inline syscalls are followed alike.
 *
 * lm_trace_install runs in the child, between fork and exec; everything else in the agent's one thread. Functions
 * return 0 or -errno and print nothing.
 *
 *	parent: socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv); fork (not vfork: the parent must serve the exec)
 *	child:  lm_trace_install(sv[1]); execve(...)		the exec itself is the first call to be notified
 *	parent: close(sv[1]); fd = lm_trace_receive(sv[0]); close(sv[0]);
 *	        lm_trace_open(&trace, fd, &slot); add fd to epoll, EPOLLIN
 *	        EPOLLIN: lm_trace_serve(trace)	EPOLLHUP: no process of the job is left; lm_trace_close(trace)
 *
 * The child must do its own set-up (dup2, chdir, ...) before lm_trace_install: after it each file call waits for the
 * parent. lm_slot_reset must have been done, with LM_LOGF_TRACED in flags if LD_PRELOAD is given too.
 */
#ifndef LMAKE_TRACE_TRACE_H
#define LMAKE_TRACE_TRACE_H

#include "../access/slot.h"

struct lm_trace;

/*
 * Child: no_new_privs, load the filter, send the notify fd over `sock`. sock and the notify fd are then closed here.
 * Async-signal-safe. -ENOSYS, -EINVAL: this kernel has no user notification; the job must not be run by this method.
 */
int lm_trace_install(int sock);

/* Parent: wait for the notify fd sent by lm_trace_install. The fd (close-on-exec), or -errno (-EPIPE: child is gone). */
int lm_trace_receive(int sock);

/* Parent: begin to serve. The slot must outlive the trace. The fd now belongs to *trace. */
int lm_trace_open(struct lm_trace **trace, int notify_fd, struct lm_slot *slot);

/*
 * Parent: the notify fd is readable: serve what is waiting (at most 64 calls, so that other jobs have their turn).
 * 0: served; -ENOENT: nothing was waiting (its process was killed), not an error; else -errno, and the trace is broken:
 * kill the job.
 */
int lm_trace_serve(struct lm_trace *trace);

/* Parent: closes the notify fd. Processes still running get ENOSYS from their file calls. NULL is accepted. */
void lm_trace_close(struct lm_trace *trace);

/* Does this kernel support the method? Cheap, no side effect. */
int lm_trace_supported(void);

#endif
