/*
 * The agent's half of the seccomp and hybrid methods (trace.h), and what ptrace has in common with them: one stopped call
 * at a time, read the arguments in the memory of its process, record what the call will touch (../access/calls.c), let it
 * go on. Agent's thread only.
 *
 * The outcome is not seen, so it is foretold from the disk where that is certain, and else left LM_MAYBE_WRITE.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../access/sys.h"
#include "../access/calls.h"
#include "../access/off.h"
#include "learn.h"
#include "serve.h"
#include "trace.h"

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

static const char *cwd_of(const struct lm_view *v, char *buf, uint32_t *len)
{
	char link[40];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%d/cwd", (int)v->pid);
	n = readlink(link, buf, LM_PATH_MAX - 1);
	if (n < 0 && (errno == EACCES || errno == EPERM))
		lm_refuse(v, LM_HIDDEN, "", "");
	if (n <= 0)
		return NULL;
	buf[n] = 0;
	*len = (uint32_t)n;
	return buf;
}

int lm_trace_make(struct lm_trace **trace, struct lm_slot *slot)
{
	struct lm_trace *t = calloc(1, sizeof(*t));
	int rc = t ? lm_area_init(&t->area, slot->log, slot->log, slot->log->token) : -ENOMEM;

	if (rc) {
		free(t);
		return rc;
	}
	t->fd = -1;
	*trace = t;
	return 0;
}

int lm_trace_open(struct lm_trace **trace, int notify_fd, struct lm_slot *slot)
{
	struct seccomp_notif_sizes sizes;
	struct lm_trace *t;
	int rc;

	if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) < 0)
		return -errno;
	rc = lm_trace_make(&t, slot);
	if (rc)
		return rc;
	t->req_size = sizes.seccomp_notif > sizeof(*t->req) ? sizes.seccomp_notif : sizeof(*t->req);
	t->resp_size = sizes.seccomp_notif_resp > sizeof(*t->resp) ? sizes.seccomp_notif_resp : sizeof(*t->resp);
	t->req = malloc(t->req_size);
	t->resp = malloc(t->resp_size);
	if (!t->req || !t->resp) {
		lm_trace_close(t);
		return -ENOMEM;
	}
	t->fd = notify_fd;
	/* The waker goes to sleep at once: let the kernel hand the CPU over. Older kernels do without. */
	ioctl(notify_fd, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
	*trace = t;
	return 0;
}

void lm_trace_close(struct lm_trace *t)
{
	if (!t)
		return;
	if (t->fd >= 0)
		close(t->fd);
	free(t->req);
	free(t->resp);
	free(t);
}

/* A string of the process, page by page as the next one may not be there. Its length, or -errno. */
static int fetch_string(pid_t pid, unsigned long addr, char *buf, size_t size)
{
	size_t n = 0;

	while (n < size) {
		size_t want = 4096 - ((addr + n) & 4095);
		struct iovec to, from;
		ssize_t got;
		char *end;

		if (want > size - n)
			want = size - n;
		if (!n && want > 256 && size > 256)
			want = 256;	/* most names are short */
		to = (struct iovec){ buf + n, want };
		from = (struct iovec){ (void *)(addr + n), want };
		got = process_vm_readv(pid, &to, 1, &from, 1, 0);
		if (got <= 0)
			return got ? -errno : -EFAULT;
		end = memchr(buf + n, 0, (size_t)got);
		if (end)
			return (int)(end - buf);
		n += (size_t)got;
	}
	return -ENAMETOOLONG;
}

static int fetch(pid_t pid, unsigned long addr, void *buf, size_t size)
{
	struct iovec to = { buf, size }, from = { (void *)addr, size };

	return process_vm_readv(pid, &to, 1, &from, 1, 0) == (ssize_t)size ? 0 : -EFAULT;
}

/* The table a call's number is of, NULL: of none we have. */
static const struct lm_row *rows_of(const struct seccomp_data *d)
{
	if (d->arch == LM_AUDIT_ARCH)
		return d->nr & 0x40000000 && d->nr != -1 ? NULL : lm_rows;
#ifdef __x86_64__
	if (d->arch == AUDIT_ARCH_I386)
		return lm_rows32;
#endif
	return NULL;
}

/* Replace addresses by copies. 0; -EPERM: not allowed; else -errno as the kernel will give: nothing is touched then. */
static int fetch_args(struct lm_trace *t, pid_t pid, const struct seccomp_data *d, struct lm_args *args, uint8_t *op)
{
	const struct lm_row *row = &rows_of(d)[d->nr];
	struct lm_open_how how;
	int rc;

	if (args->path) {
		rc = fetch_string(pid, (unsigned long)args->path, t->path, sizeof(t->path));
		if (rc < 0)
			return rc;
		args->path = t->path;
	}
	if (args->path2) {
		rc = fetch_string(pid, (unsigned long)args->path2, t->path2, sizeof(t->path2));
		if (rc < 0)
			return rc;
		args->path2 = t->path2;
	}
	if (*op == LM_OP_OPENAT2) {
		rc = fetch(pid, (unsigned long)d->args[2], &how, sizeof(how));
		if (rc < 0)
			return rc;
		args->flags = (uint32_t)how.flags;
		args->in_root = !!(how.resolve & RESOLVE_IN_ROOT);
		*op = LM_OP_OPEN;
	}
	if (row->op == LM_OP_LINKS && !strcmp(row->name, "name_to_handle_at"))
		args->flags = args->flags & AT_SYMLINK_FOLLOW ? 0 : AT_SYMLINK_NOFOLLOW;
	return 0;
}

/* By ptrace it is stopped by us, and nobody else takes its number. */
static int still_there(struct lm_trace *t)
{
	return t->fd < 0 || !ioctl(t->fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &t->req->id);
}

static int has_gate(const struct lm_view *v)
{
	size_t n = (size_t)(lm_gate_end - lm_gate_code);
	char code[64];

	return n <= sizeof(code) && !fetch(v->pid, LM_GATE_ADDR, code, n) && !memcmp(code, lm_gate_code, n);
}

/*
 * A mapping put over the place of the gate, whatever was there. Where preload has its gate its calls would run into it;
 * elsewhere code put there, or memory made code, would make calls unseen.
 */
static int decide_mapping(const struct seccomp_data *d, const struct lm_view *v)
{
	const uint64_t *args = (const uint64_t *)d->args;
	int gate, exec = !!(args[2] & PROT_EXEC), maps = d->nr == SYS_mmap;

	if (args[0] >= LM_GATE_ADDR + LM_GATE_SIZE || args[0] + args[1] <= LM_GATE_ADDR)
		return 0;
	gate = has_gate(v);
	if (maps ? gate && !(args[3] & MAP_FIXED) : gate && !(args[2] & PROT_WRITE))
		return 0;	/* it will lie elsewhere, or stays what it is */
	if (maps ? !exec && !gate : !exec)
		return 0;
	lm_refuse(v, "a program maps memory where the tracer has its gate (0x170000); use autodep = 'ld_preload'", "", "");
	return -ENOMEM;
}

/* Calls by which a program of the job would get in the way of ptrace: is it one? */
static int disturbs_ptrace(const struct seccomp_data *d)
{
	if (d->arch != LM_AUDIT_ARCH)
		return d->nr == LM_NR32_PTRACE || d->nr == LM_NR32_SECCOMP || d->nr == LM_NR32_CLONE || d->nr == SYS_clone3;
	return d->nr == SYS_ptrace || d->nr == SYS_seccomp || d->nr == SYS_clone || d->nr == SYS_clone3;
}

/* A task that asks not to be traced would not be, whatever it does. */
static int decide_clone(const struct seccomp_data *d, const struct lm_view *v)
{
	uint64_t flags = d->args[0];

	if (d->nr == SYS_clone3 && fetch(v->pid, (unsigned long)d->args[0], &flags, sizeof(flags)))
		return -EFAULT;
	if (!(flags & CLONE_UNTRACED))
		return 0;
	lm_refuse(v, "a program of the job starts a process with CLONE_UNTRACED, which cannot be followed by ptrace; use autodep = 'hybrid'",
		  "", "");
	return -EPERM;
}

static int decide_ptrace(const struct seccomp_data *d, const struct lm_view *v)
{
	if (d->nr == SYS_clone3 || d->nr == (d->arch == LM_AUDIT_ARCH ? SYS_clone : LM_NR32_CLONE))
		return decide_clone(d, v);
	if (d->nr == (d->arch == LM_AUDIT_ARCH ? SYS_ptrace : LM_NR32_PTRACE)) {
		lm_refuse(v, "a program of the job uses ptrace, which already watches the job; use autodep = 'hybrid'", "", "");
		return -EPERM;
	}
	/* A listener is heard before ptrace: what it lets go on would not be seen. The kernel allows one per process. */
	return d->args[0] == SECCOMP_SET_MODE_FILTER && d->args[1] & SECCOMP_FILTER_FLAG_NEW_LISTENER ? -EBUSY : 0;
}

int lm_trace_decide(struct lm_trace *t, pid_t pid, const struct seccomp_data *d)
{
	struct lm_view v = {
		.area = &t->area, .cache = &t->cache, .pid = pid, .followed = 1, .predict = 1,
		.cwd = cwd_of,
		.foreign_root = !!(t->area.cfg->flags & LM_LOGF_OWN_ROOT),
	};
	const struct lm_row *rows = rows_of(d), *row;
	int native = d->arch == LM_AUDIT_ARCH;
	struct lm_constant c;
	struct lm_access acc;
	struct lm_args args;
	unsigned long regs[6];
	uint8_t op;
	int i, rc;

	if (!rows) {
		lm_refuse(&v, "a system call of another kind than those of 64 and of 32 bit programs (x32?) cannot be followed", "", "");
		return -ENOSYS;
	}
	if (native && (d->nr == SYS_mmap || d->nr == SYS_mprotect || d->nr == SYS_pkey_mprotect))
		return decide_mapping(d, &v);
	if (t->fd < 0 && disturbs_ptrace(d))
		return decide_ptrace(d, &v);
	if (d->nr >= (int)LM_N_ROWS)
		return -ENOSYS;		/* of a later kernel: what it does is not known */
	if (d->nr < 0 || !rows[d->nr].name[0])
		return 0;
	row = &rows[d->nr];
	for (i = 0; i < 6; i++)
		regs[i] = (unsigned long)d->args[i];
	lm_args_of(row, regs, &args);
	op = lm_op_of(row, &args);
	if (op == LM_OP_REFUSE || op == LM_OP_MOUNT || op == LM_OP_ABSENT)
		return lm_begin(&v, &acc, op, &args, 0);
	if (lm_off_any(t->area.log) && lm_off_is(t->area.log, pid))
		return 0;
	c = (struct lm_constant){ (uint32_t)d->nr, (uint32_t)row->path, (uint64_t)args.path, d->instruction_pointer };
	rc = fetch_args(t, pid, d, &args, &op);
	/* Most of what a loader does: let it go on at once. Should it be of another process by now, nothing is recorded. */
	if (!rc && args.path && !args.path2 && op != LM_OP_EXEC &&
	    (args.path[0] ? lm_filtered(&t->area, args.path) : op == LM_OP_STAT || op == LM_OP_STATX)) {
		if (native && lm_constant_is_new(&c) && lm_constant_is_sure(&c, v.pid) && still_there(t))
			lm_constant_add(&c);
		return 0;
	}
	if (!still_there(t))
		return 0;
	if (rc == -EPERM)	/* a program that may be executed but not read */
		lm_refuse(&v, LM_HIDDEN, "", "");
	if (rc < 0)	/* as the kernel would say, had it read the name then: it must not read another one now */
		return rc == -EFAULT || rc == -ENAMETOOLONG ? rc : 0;
	return lm_begin(&v, &acc, op, &args, 0);
}

int lm_trace_serve(struct lm_trace *t)
{
	memset(t->req, 0, t->req_size);
	if (ioctl(t->fd, SECCOMP_IOCTL_NOTIF_RECV, t->req) < 0)
		return errno == EINTR ? 0 : -errno;
	t->served++;
	memset(t->resp, 0, t->resp_size);
	t->resp->id = t->req->id;
	t->resp->error = lm_trace_decide(t, (pid_t)t->req->pid, &t->req->data);
	/* It will be killed: no answer, so that it does nothing more. One whose job is over already must have one. */
	if (t->area.log->condemned && __atomic_load_n(&t->area.log->token, __ATOMIC_ACQUIRE) == t->area.token)
		return 0;
	if (!t->resp->error)
		t->resp->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	if (ioctl(t->fd, SECCOMP_IOCTL_NOTIF_SEND, t->resp) < 0 && errno != ENOENT && errno != EINTR)
		return -errno;	/* ENOENT: killed meanwhile */
	return 0;
}

unsigned long lm_trace_served(const struct lm_trace *t)
{
	return t->served;
}
