/*
 * The ptrace method (trace.h): the agent is the tracer of all tasks of the job. The kernel stops them at the calls the
 * filter picks (install.c), at each birth, at each signal; serve.c says what a call does. All tasks of all jobs are in
 * one table, since what the kernel tells of is a task. Agent's thread only, as only the tracer may ask.
 *
 * The kernel kills the tasks if the agent dies. Requests fail with ESRCH when a task was killed meanwhile: its end is
 * told next, and nothing is to be done here.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <linux/audit.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "../access/sys.h"
#include "serve.h"

#define BUCKETS 256u
#define OPTIONS (PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | \
		 PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)
#define CALL_STOP (SIGTRAP | 0x80)

/* Later than the oldest headers we build with: PTRACE_GET_SYSCALL_INFO and the head of what it tells. */
#define GET_CALL_INFO 0x420e
enum { CALL_ENTRY = 1, CALL_EXIT = 2 };
struct call_info {
	uint8_t op, pad[3];
	uint32_t arch;
	uint64_t rest[10];
};

struct task {
	struct task *next;
	pid_t id;
	struct lm_trace *trace;	/* NULL: it stopped before its parent told of it, and waits for that */
};

static struct task *table[BUCKETS];

static struct task **place(pid_t id)
{
	struct task **at = &table[(unsigned)id % BUCKETS];

	while (*at && (*at)->id != id)
		at = &(*at)->next;
	return at;
}

static int add(pid_t id, struct lm_trace *trace)
{
	struct task **at = place(id);

	*at = calloc(1, sizeof(**at));
	if (!*at)
		return -ENOMEM;
	(*at)->id = id;
	(*at)->trace = trace;
	if (trace)
		trace->tasks++;
	return 0;
}

/* The task is no more. Its trace if it was the last of it, else NULL. */
static struct lm_trace *take_away(pid_t id)
{
	struct task **at = place(id), *task = *at;
	struct lm_trace *trace;

	if (!task)
		return NULL;
	trace = task->trace;
	*at = task->next;
	free(task);
	return trace && !--trace->tasks ? trace : NULL;
}

/* Let it run, giving it a signal or 0. */
static void go_on(const struct lm_trace *trace, pid_t id, int signal)
{
	ptrace(trace->entries ? PTRACE_SYSCALL : PTRACE_CONT, id, NULL, (long)signal);
}

/* A task was born. It may have stopped before we hear of it here, or be dead already. */
static void adopt(pid_t id, struct lm_trace *trace)
{
	struct task *task = *place(id);

	if (!task) {
		if (kill(id, 0) && errno == ESRCH)
			return;
		if (add(id, trace))
			kill(id, SIGKILL);	/* nobody would serve it */
		return;
	}
	if (task->trace)
		return;
	task->trace = trace;
	trace->tasks++;
	go_on(trace, id, 0);
}

#if defined(__x86_64__)
#define FOREIGN_ARCH AUDIT_ARCH_I386

static int read_registers(pid_t id, struct user_regs_struct *r)
{
	return (int)ptrace(PTRACE_GETREGS, id, NULL, r);
}

/* The call a task is stopped at. */
static void read_call(const struct user_regs_struct *r, uint32_t arch, struct seccomp_data *d)
{
	*d = (struct seccomp_data){
		.nr = (int)r->orig_rax, .arch = arch, .instruction_pointer = r->rip,
		.args = { r->rdi, r->rsi, r->rdx, r->r10, r->r8, r->r9 },
	};
	if (arch == FOREIGN_ARCH) {
		const uint64_t args[] = { r->rbx, r->rcx, r->rdx, r->rsi, r->rdi, r->rbp };

		for (int i = 0; i < 6; i++)
			d->args[i] = (uint32_t)args[i];
	}
}

/* No call: the kernel leaves the result as it is. */
static void refuse_call(pid_t id, struct user_regs_struct *r, int rc)
{
	r->orig_rax = (unsigned long long)-1;
	r->rax = (unsigned long long)rc;
	ptrace(PTRACE_SETREGS, id, NULL, r);
}
#else
#define FOREIGN_ARCH AUDIT_ARCH_ARM

static int read_registers(pid_t id, struct user_regs_struct *r)
{
	struct iovec to = { r, sizeof(*r) };

	return (int)ptrace(PTRACE_GETREGSET, id, (void *)NT_PRSTATUS, &to);
}

static void read_call(const struct user_regs_struct *r, uint32_t arch, struct seccomp_data *d)
{
	*d = (struct seccomp_data){
		.nr = (int)r->regs[8], .arch = arch, .instruction_pointer = r->pc,
		.args = { r->regs[0], r->regs[1], r->regs[2], r->regs[3], r->regs[4], r->regs[5] },
	};
}

static void refuse_call(pid_t id, struct user_regs_struct *r, int rc)
{
	int none = -1;
	struct iovec number = { &none, sizeof(none) }, all = { r, sizeof(*r) };

	r->regs[0] = (unsigned long long)rc;
	ptrace(PTRACE_SETREGSET, id, (void *)NT_ARM_SYSTEM_CALL, &number);
	ptrace(PTRACE_SETREGSET, id, (void *)NT_PRSTATUS, &all);
}
#endif

static void serve(struct lm_trace *trace, pid_t id, uint32_t arch)
{
	struct user_regs_struct regs;
	struct seccomp_data d;
	int rc;

	if (read_registers(id, &regs))
		return;
	read_call(&regs, arch, &d);
	trace->served++;
	rc = lm_trace_decide(trace, id, &d);
	if (rc)
		refuse_call(id, &regs, rc);
}

/*
 * Where all calls stop, both ends of each do; or a filter of the job's own stops this one for a tracer it does not get, and
 * is heard in place of ours. Since Linux 5.3 it is told which end it is, and of what kind of call; what is not told is
 * refused as a call of no table.
 */
static void at_any_call(struct lm_trace *trace, pid_t id)
{
	struct call_info info = { .op = CALL_ENTRY };

	ptrace(GET_CALL_INFO, id, (void *)sizeof(info), &info);
	if (info.op != CALL_EXIT && trace->begun)
		serve(trace, id, info.arch);
}

/* The task has stopped; let it run again. */
static struct lm_trace *stopped(struct task *task, int status)
{
	struct lm_trace *trace = task->trace, *ended = NULL;
	int event = status >> 16, signal = WSTOPSIG(status);
	unsigned long told = 0;
	pid_t id = task->id;

	if (event)
		ptrace(PTRACE_GETEVENTMSG, id, NULL, &told);
	switch (event) {
	case PTRACE_EVENT_SECCOMP:
		if ((told & ~LM_TOLD_FOREIGN) == (LM_TOLD_PTRACE & SECCOMP_RET_DATA))
			serve(trace, id, told & LM_TOLD_FOREIGN ? FOREIGN_ARCH : LM_AUDIT_ARCH);
		else
			at_any_call(trace, id);
		signal = 0;
		break;
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		adopt((pid_t)told, trace);
		signal = 0;
		break;
	case PTRACE_EVENT_EXEC:		/* a thread that execs takes the number of the first one, and the others are no more */
		if ((pid_t)told != id)
			ended = take_away((pid_t)told);
		trace->begun = 1;
		signal = 0;
		break;
	case PTRACE_EVENT_STOP:
		if (signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU) {
			ptrace(PTRACE_LISTEN, id, NULL, NULL);	/* it stays stopped until SIGCONT */
			return NULL;
		}
		signal = 0;
		break;
	default:
		if (signal == CALL_STOP) {
			at_any_call(trace, id);
			signal = 0;
		}
	}
	go_on(trace, id, signal);
	return ended;
}

struct lm_trace *lm_ptrace_event(pid_t id, int status)
{
	struct task *task;

	if (!WIFSTOPPED(status))
		return take_away(id);
	task = *place(id);
	if (task && task->trace)
		return stopped(task, status);
	if (!task && add(id, NULL))
		kill(id, SIGKILL);
	return NULL;
}

int lm_ptrace_open(struct lm_trace **trace, pid_t pid, struct lm_slot *slot, int all_calls)
{
	struct lm_trace *t;
	int rc = lm_trace_make(&t, slot);

	if (rc)
		return rc;
	t->entries = all_calls;
	if (ptrace(PTRACE_SEIZE, pid, NULL, OPTIONS))
		rc = -errno;
	else
		rc = add(pid, t);
	if (rc) {
		lm_trace_close(t);
		return rc;
	}
	if (all_calls)		/* calls stop only once it has been let run by a request that says so */
		ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
	*trace = t;
	return 0;
}

int lm_ptrace_launch(pid_t pid, int *status)
{
	for (;;) {
		pid_t got = waitpid(pid, status, __WALL);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || !WIFSTOPPED(*status)) {
			take_away(pid);
			return 1;
		}
		lm_ptrace_event(pid, *status);
		if (*status >> 16 == PTRACE_EVENT_EXEC)
			return 0;
	}
}
