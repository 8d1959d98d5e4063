/*
 * The child's half of the methods that see system calls (trace.h): between clone and exec it loads a filter made from the
 * table of calls. The filter is written beforehand, in the agent, and again when constants are learned (learn.c). The one
 * of ptrace differs in what it does with the calls it picks (it stops them), and in that it picks some more: those by
 * which a program of the job would get in its way, or out of its sight.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../access/calls.h"
#include "../access/gate.h"
#include "../access/sys.h"
#include "learn.h"
#include "serve.h"
#include "trace.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
#define X32_BIT 0x40000000u
#define NO_CALL 0xffffffffu	/* a debugger has put it in place of a call, to skip it */

#define LOW(field)	((unsigned)offsetof(struct seccomp_data, field))
#define HIGH(field)	(LOW(field) + 4)

/* What is done with a range of numbers; also the order of the ends of the filter. */
enum action { ALLOW, NOTIFY, ABSENT, GATED, MAPS, PROTECTS, CLONES, N_ACTIONS };

struct program {
	struct sock_filter code[1024];
	unsigned short n;
	unsigned told;			/* what becomes of a call the agent is told of */
	unsigned foreign;		/* added to it, for those of another table */
	struct {
		unsigned first;		/* number */
		enum action action;
	} ranges[2 * LM_N_ROWS];
	int n_ranges;
};

/* By seccomp or ptrace; the second of each is without constants, for jobs all of whose paths are recorded. */
static struct program programs[2][2];
static int n_constants = -1;		/* they were made with */

static void emit(struct program *p, unsigned short code, unsigned k, unsigned char yes, unsigned char no)
{
	p->code[p->n++] = (struct sock_filter){ code, yes, no, k };
}

#define LOAD(p, at)		emit(p, BPF_LD | BPF_W | BPF_ABS, at, 0, 0)
#define RETURN(p, action)	emit(p, BPF_RET | BPF_K, action, 0, 0)
/* Unless the comparison holds, allow. */
#define ALLOW_UNLESS(p, test, k) \
	(emit(p, BPF_JMP | (test) | BPF_K, k, 1, 0), RETURN(p, SECCOMP_RET_ALLOW))

static enum action action_of(const struct program *p, unsigned nr)
{
	if (nr >= LM_N_ROWS)
		return nr < X32_BIT ? ABSENT : NOTIFY;
	if (p->told == LM_TOLD_PTRACE && (nr == SYS_ptrace || nr == SYS_seccomp || nr == SYS_clone3))
		return NOTIFY;
	if (p->told == LM_TOLD_PTRACE && nr == SYS_clone)
		return CLONES;
	if (nr == SYS_mmap)
		return MAPS;
	if (nr == SYS_mprotect || nr == SYS_pkey_mprotect)
		return PROTECTS;
	if (!lm_rows[nr].name[0])
		return ALLOW;
	return lm_rows[nr].op == LM_OP_ABSENT ? ABSENT : GATED;
}

#ifdef __x86_64__
/*
 * Of 32 bits. Each number told apart makes loading the filter longer, for all jobs, and few have such programs: only what these
 * do all the time is let pass, the rest is told whatever it is. There is no gate, and what lies in its place is of no concern.
 */
static enum action action32_of(unsigned nr)
{
	static const struct {
		uint16_t from, to;
	} often[] = {
		{ 3, 4 }, { 142, 146 },		/* read, write, select to writev */
		{ 168, 181 },			/* poll, signals, pread64, pwrite64 */
		{ 239, 267 }, { 403, 424 },	/* futex, clocks, and what has longer dates */
	};
	unsigned i;

	for (i = 0; i < sizeof(often) / sizeof(*often); i++)
		if (nr >= often[i].from && nr <= often[i].to)
			return lm_rows32[nr].name[0] ? NOTIFY : ALLOW;
	return NOTIFY;
}
#endif

static void add_range(struct program *p, unsigned first, enum action action)
{
	if (p->n_ranges && p->ranges[p->n_ranges - 1].action == action)
		return;
	p->ranges[p->n_ranges].first = first;
	p->ranges[p->n_ranges++].action = action;
}

/*
 * A tree, not a list: the kernel runs the filter once for each number there is when it is loaded, to know those that
 * are always allowed and never run it for them again. By a list that took 0.25 ms, each time a job was started. The
 * leaves are jumps, to be completed once it is known where to.
 */
static void emit_tree(struct program *p, int from, int to)
{
	int middle = (from + to) / 2, at;

	if (to - from == 1) {
		emit(p, BPF_JMP | BPF_JA, p->ranges[from].action, 0, 0);
		return;
	}
	at = p->n;
	emit(p, BPF_JMP | BPF_JGE | BPF_K, p->ranges[middle].first, 0, 0);
	emit_tree(p, from, middle);
	p->code[at].jt = (unsigned char)(p->n - at - 1);
	emit_tree(p, middle, to);
}

/* The same text at the same place of the same library: nothing to tell (learn.h). */
static void emit_constants(struct program *p)
{
	const struct lm_constant *c;
	int i, at;

	for (i = 0; (c = lm_constant(i)); i++) {
		LOAD(p, LOW(nr));
		at = p->n;
		emit(p, BPF_JMP | BPF_JEQ | BPF_K, c->nr, 0, 7);
		LOAD(p, LOW(args) + 8 * c->arg);
		emit(p, BPF_MISC | BPF_TAX, 0, 0, 0);
		LOAD(p, LOW(instruction_pointer));
		emit(p, BPF_ALU | BPF_SUB | BPF_X, 0, 0, 0);
		emit(p, BPF_JMP | BPF_JEQ | BPF_K, lm_constant_distance(c), 0, 3);
		LOAD(p, LOW(instruction_pointer));
		emit(p, BPF_ALU | BPF_AND | BPF_K, 0xfff, 0, 0);
		emit(p, BPF_JMP | BPF_JEQ | BPF_K, lm_constant_offset(c), 0, 1);
		RETURN(p, SECCOMP_RET_ALLOW);
		p->code[at].jf = (unsigned char)(p->n - at - 1);
		p->code[at + 5].jf = (unsigned char)(p->n - at - 6);
	}
}

static void emit_end(struct program *p, enum action action, int constants)
{
	switch (action) {
	case NOTIFY:
		RETURN(p, p->told | p->foreign);
		break;
	case ABSENT:
		RETURN(p, SECCOMP_RET_ERRNO | ENOSYS);
		break;
	case GATED:		/* from the gate: told already, or ours */
		LOAD(p, HIGH(instruction_pointer));
		emit(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 4);
		LOAD(p, LOW(instruction_pointer));
		emit(p, BPF_ALU | BPF_AND | BPF_K, ~(unsigned)(LM_GATE_SIZE - 1), 0, 0);
		emit(p, BPF_JMP | BPF_JEQ | BPF_K, (unsigned)LM_GATE_ADDR, 0, 1);
		RETURN(p, SECCOMP_RET_ALLOW);
		if (constants)
			emit_constants(p);
		RETURN(p, p->told);
		break;
	case MAPS:		/* over what may be the gate, or is asked for there */
		LOAD(p, HIGH(args[0]));
		ALLOW_UNLESS(p, BPF_JEQ, 0);
		LOAD(p, LOW(args[0]));
		emit(p, BPF_JMP | BPF_JGE | BPF_K, (unsigned)(LM_GATE_ADDR + LM_GATE_SIZE), 0, 1);
		RETURN(p, SECCOMP_RET_ALLOW);
		LOAD(p, LOW(args[3]));
		emit(p, BPF_JMP | BPF_JSET | BPF_K, MAP_FIXED, 5, 0);
		LOAD(p, LOW(args[2]));
		ALLOW_UNLESS(p, BPF_JSET, PROT_EXEC);
		LOAD(p, LOW(args[0]));
		emit(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
		RETURN(p, p->told);
		RETURN(p, SECCOMP_RET_ALLOW);
		break;
	case PROTECTS:		/* memory there becomes code; that of just this page is the gate itself */
		LOAD(p, LOW(args[2]));
		ALLOW_UNLESS(p, BPF_JSET, PROT_EXEC);
		LOAD(p, HIGH(args[0]));
		ALLOW_UNLESS(p, BPF_JEQ, 0);
		LOAD(p, LOW(args[0]));
		emit(p, BPF_JMP | BPF_JGE | BPF_K, (unsigned)(LM_GATE_ADDR + LM_GATE_SIZE), 0, 1);
		RETURN(p, SECCOMP_RET_ALLOW);
		emit(p, BPF_JMP | BPF_JEQ | BPF_K, (unsigned)LM_GATE_ADDR, 0, 3);
		LOAD(p, LOW(args[1]));
		emit(p, BPF_JMP | BPF_JEQ | BPF_K, (unsigned)LM_GATE_SIZE, 0, 1);
		RETURN(p, SECCOMP_RET_ALLOW);
		RETURN(p, p->told);
		break;
	case CLONES:		/* of a task ptrace would not be told of */
		LOAD(p, LOW(args[0]));
		ALLOW_UNLESS(p, BPF_JSET, CLONE_UNTRACED);
		RETURN(p, p->told);
		break;
	default:
		RETURN(p, SECCOMP_RET_ALLOW);
	}
}

/* The tree over the ranges, and its ends. */
static void emit_table(struct program *p, int constants)
{
	int i, tree = p->n, action;
	unsigned end[N_ACTIONS], used = 0;

	for (i = 0; i < p->n_ranges; i++)
		used |= 1u << p->ranges[i].action;
	emit_tree(p, 0, p->n_ranges);
	i = p->n;
	for (action = 0; action < N_ACTIONS; action++) {
		end[action] = p->n;
		if (used >> action & 1)
			emit_end(p, action, constants);
	}
	while (--i >= tree)
		if (p->code[i].code == (BPF_JMP | BPF_JA))
			p->code[i].k = end[p->code[i].k] - (unsigned)i - 1;
}

/*
 * Calls by numbers of 32 bits (programs of 32 bits, int 0x80) have a table of their own; those of x32, or of what is no table
 * at all here, are notified whatever the call: the agent refuses them.
 */
static void make(struct program *p, unsigned told, int constants)
{
	unsigned nr;
	int other;

	p->told = told;
	p->n = 0;
	p->n_ranges = 0;
	p->foreign = 0;
	for (nr = 0; nr <= LM_N_ROWS; nr++)
		add_range(p, nr, action_of(p, nr));
	add_range(p, X32_BIT, NOTIFY);
	add_range(p, NO_CALL, ALLOW);
	LOAD(p, LOW(arch));
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, LM_AUDIT_ARCH, 1, 0);
	other = p->n;
	emit(p, BPF_JMP | BPF_JA, 0, 0, 0);
	LOAD(p, LOW(nr));
	emit_table(p, constants);
	p->code[other].k = p->n - (unsigned)other - 1;
	p->foreign = LM_TOLD_FOREIGN & (told == LM_TOLD_PTRACE ? ~0u : 0);
#ifdef __x86_64__
	p->n_ranges = 0;
	for (nr = 0; nr <= LM_N_ROWS; nr++)
		add_range(p, nr, action32_of(nr));
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_I386, 1, 0);
	RETURN(p, told | p->foreign);
	LOAD(p, LOW(nr));
	emit_table(p, 0);
#else
	RETURN(p, told | p->foreign);
#endif
}

int lm_trace_prepare(void)
{
	static const unsigned told[] = { SECCOMP_RET_USER_NOTIF, LM_TOLD_PTRACE };
	int i;

	for (i = 0; n_constants < 0 && i < 2; i++)
		make(&programs[i][1], told[i], 0);
	if (n_constants < 0 || lm_constant(n_constants)) {
		for (i = 0; i < 2; i++)
			make(&programs[i][0], told[i], 1);
		for (n_constants = 0; lm_constant(n_constants); n_constants++)
			;
	}
	return lm_gate_open();
}

static long load(const struct program *p, unsigned long flags)
{
	struct sock_fprog prog = { .filter = (struct sock_filter *)p->code, .len = p->n };
	long rc = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);

	return rc < 0 ? -errno : rc;
}

int lm_trace_install(int all)
{
	const struct program *p = &programs[0][!!all];
	unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	long fd;
	int rc;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	/* Killable only, if the kernel can: else each signal restarts the call, and a program may never get through. */
	fd = load(p, flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
	if (fd == -EINVAL)
		fd = load(p, flags);
	if (fd < 0)
		return (int)fd;
	rc = (int)lm_sys3(SYS_unshare, CLONE_FILES, 0, 0);	/* through the gate: nobody serves yet */
	if (rc < 0) {
		close((int)fd);
		return rc;
	}
	return (int)fd;
}

int lm_ptrace_install(int all)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return (int)load(&programs[1][!!all], SECCOMP_FILTER_FLAG_SPEC_ALLOW);
}

struct attempt {
	int listener, filter;	/* what became of it */
};

/* Shares memory with the agent, but no descriptors. */
static int attempt(void *arg)
{
	struct attempt *a = arg;

	a->listener = lm_trace_install(1);
	a->filter = lm_ptrace_install(1);	/* last: it has no tracer to tell */
	_exit(0);
}

int lm_trace_usable(int *all_calls)
{
	static _Alignas(16) char stack[64 << 10];
	struct attempt a = { -ECHILD, -ECHILD };
	int gate = lm_trace_prepare();
	pid_t pid = clone(attempt, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, &a);

	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	*all_calls = a.listener == -EBUSY || a.filter < 0;
	return a.listener < 0 ? a.listener : gate;
}
