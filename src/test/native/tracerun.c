/*
 * Runs one command under a method of the tracer and writes what was recorded, merged per file in order of first access,
 * as the agent would merge it: a "maybe" write is settled by comparing the disk with the sig before. For tests only.
 *
 *	tracerun [-l link_support] [-f flags] [-s dir -n name]... [-t tmp] [-c] -o report preload.so method root cmd...
 *
 * -c: only count the records.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../../native/access/crc.h"
#include "../../../native/access/slot.h"
#include "../../../native/access/sys.h"
#include "../../../native/trace/trace.h"

struct file {
	char *name;
	unsigned bits;
	uint64_t sig;
	struct file *next;
};

static struct file *files, **last = &files;
static const char *root;
static unsigned long n_records, n_notified;
static int count_only;

static void die(const char *what)
{
	fprintf(stderr, "tracerun: %s: %s\n", what, strerror(errno));
	exit(3);
}

static int merge(const struct lm_record *rec, void *arg)
{
	struct file *f;

	(void)arg;
	n_records++;
	if (count_only)
		return 0;
	for (f = files; f; f = f->next)
		if (!strcmp(f->name, rec->path) && !(f->bits & (LM_REFUSED | LM_WARNED)) == !(rec->bits & (LM_REFUSED | LM_WARNED)))
			break;
	if (!f) {
		f = calloc(1, sizeof(*f));
		f->name = strndup(rec->path, rec->path_len);
		f->sig = LM_SIG_UNKNOWN;
		*last = f;
		last = &f->next;
	}
	if (rec->sig != LM_SIG_UNKNOWN && f->sig == LM_SIG_UNKNOWN)
		f->sig = rec->sig;
	f->bits |= rec->bits;
	return 0;
}

static void settle(struct file *f)
{
	struct stat st;
	char path[8192];
	uint64_t now = LM_SIG_NONE;

	if (!(f->bits & LM_MAYBE_WRITE))
		return;
	snprintf(path, sizeof(path), "%s%s%s", f->name[0] == '/' ? "" : root, f->name[0] == '/' ? "" : "/", f->name);
	if (!lstat(path, &st))
		now = lm_sig_of(&st);
	if (!(f->bits & (LM_WRITE | LM_UNLINK)) && now != f->sig)
		f->bits |= now ? LM_WRITE : LM_UNLINK;
	f->bits &= ~LM_MAYBE_WRITE;
}

static void report(FILE *out, const struct lm_slot *slot, int status)
{
	static const char letters[] = "LRTEWUD";	/* WRITE, UNLINK, LISTED */
	struct file *f;
	int i;

	lm_slot_iterate(slot, merge, NULL);
	fprintf(out, "status %d\nrecords %lu\noverflow %llu\nnotified %lu\n", status, n_records,
		(unsigned long long)lm_slot_overflowed(slot), n_notified);
	for (f = files; f; f = f->next) {
		settle(f);
		for (i = 0; letters[i]; i++)
			if (f->bits & 1u << i)
				fputc(letters[i], out);
		fprintf(out, "%s%s %s\n", f->bits & LM_EXECUTED ? "X" : "", f->bits & LM_REFUSED ? "!" : f->bits & LM_WARNED ? "?" : "", f->name);
	}
}

static int serve_until_end(int notify, struct lm_slot *slot, pid_t pid)
{
	struct lm_trace *trace;
	struct pollfd p = { .fd = notify, .events = POLLIN };
	int status, rc;

	if ((rc = lm_trace_open(&trace, notify, slot)))
		errno = -rc, die("lm_trace_open");
	for (;;) {
		if (poll(&p, 1, -1) < 0)
			continue;
		if (p.revents & POLLIN) {
			rc = lm_trace_serve(trace);
			if (rc && rc != -ENOENT)
				errno = -rc, die("lm_trace_serve");
		} else if (p.revents & POLLHUP) {
			break;
		}
	}
	n_notified = lm_trace_served(trace);
	lm_trace_close(trace);
	waitpid(pid, &status, 0);
	return status;
}

struct child {
	const struct lm_slot *slot;
	char **cmd;
	int traced, watched, all, notify;
	int ptraced, all_calls, ready;	/* ready: the tracer is there */
};

static int child(void *arg)
{
	struct child *c = arg;

	while (c->ptraced && !__atomic_load_n(&c->ready, __ATOMIC_ACQUIRE))
		usleep(100);
	if (chdir(root))
		_exit(124);
	if (c->ptraced && !c->all_calls && lm_ptrace_install(c->all))
		_exit(123);
	if (c->traced && (c->notify = lm_trace_install(c->all)) < 0)
		_exit(123);
	if (c->watched)
		lm_slot_exec(c->slot, c->cmd[0], environ);
	lm_sys3(SYS_execve, (long)c->cmd[0], (long)c->cmd, (long)environ);
	_exit(127);
}

static int run_ptraced(struct lm_slot *slot, struct child *c, pid_t pid)
{
	struct lm_trace *trace;
	int status, result, rc;
	pid_t task;

	if ((rc = lm_ptrace_open(&trace, pid, slot, c->all_calls)))
		errno = -rc, die("lm_ptrace_open");
	__atomic_store_n(&c->ready, 1, __ATOMIC_RELEASE);
	if (lm_ptrace_launch(pid, &result))
		return result;
	while ((task = waitpid(-1, &status, __WALL)) > 0) {
		if (task == pid && !WIFSTOPPED(status))
			result = status;
		if (lm_ptrace_event(task, status))
			break;
	}
	n_notified = lm_trace_served(trace);
	lm_trace_close(trace);
	return result;
}

static int run(struct lm_slot *slot, struct child *c)
{
	static char stack[256 << 10];
	int status, rc;
	pid_t pid;

	if ((c->traced || c->ptraced) && (rc = lm_trace_prepare()))
		errno = -rc, die("lm_trace_prepare");
	pid = clone(child, stack + sizeof(stack), CLONE_VM | (c->ptraced ? 0 : CLONE_VFORK) | (c->traced ? CLONE_FILES : 0) | SIGCHLD,
		    c);
	if (pid < 0)
		die("clone");
	if (c->ptraced)
		return run_ptraced(slot, c, pid);
	if (c->notify > 0)
		return serve_until_end(c->notify, slot, pid);
	waitpid(pid, &status, 0);
	return status;
}

int main(int argc, char **argv)
{
	struct lm_slot_cfg cfg = { .tmp_dir = "", .socket = "", .preload = "", .link_support = 2 };
	const char *dirs[16];
	const char *out = NULL;
	char dir[] = "/dev/shm/tracerun.XXXXXX";
	char env[512], entry[600], audit_lib[512], audit_entry[600];
	struct lm_slot slot;
	FILE *f;
	struct child child = { .slot = &slot };
	const char *method;
	int c, rc, status, preload, audit;

	while ((c = getopt(argc, argv, "+l:f:s:n:t:o:c")) > 0) {
		if (c == 'l')
			cfg.link_support = (uint32_t)atoi(optarg);
		else if (c == 'f')
			cfg.flags = (uint32_t)atoi(optarg);
		else if (c == 's')
			dirs[2 * cfg.n_source_dirs] = optarg;
		else if (c == 'n')
			dirs[2 * cfg.n_source_dirs++ + 1] = optarg;
		else if (c == 't')
			cfg.tmp_dir = optarg;
		else if (c == 'o')
			out = optarg;
		else if (c == 'c')
			count_only = 1;
		else
			return 2;
	}
	if (argc - optind < 4 || !out)
		return 2;
	method = argv[optind + 1];
	audit = !strcmp(method, "audit");
	preload = !strcmp(method, "preload") || !strcmp(method, "hybrid") || !strcmp(method, "jemalloc") || audit;
	child.traced = !strcmp(method, "seccomp") || !strcmp(method, "hybrid");
	child.all_calls = !strcmp(method, "allcalls");
	child.ptraced = child.all_calls || !strcmp(method, "ptrace");
	child.watched = preload || child.traced || child.ptraced;
	child.all = cfg.flags & LM_LOGF_ALL;
	child.cmd = argv + optind + 3;
	if (child.traced || child.ptraced)
		cfg.flags |= preload ? LM_LOGF_HYBRID : LM_LOGF_TRACED;
	if (!strcmp(method, "jemalloc"))
		cfg.flags |= LM_LOGF_DORMANT;
	if (audit) {
		cfg.flags |= LM_LOGF_AUDIT;
		snprintf(audit_lib, sizeof(audit_lib), "%s", getenv("AUDIT_LIB"));
		cfg.audit = audit_lib;
		snprintf(audit_entry, sizeof(audit_entry), "LD_AUDIT=%s", audit_lib);
		putenv(audit_entry);
	}
	root = cfg.repo_root = argv[optind + 2];
	cfg.source_dirs = dirs;
	cfg.preload = preload ? argv[optind] : "";
	if (!mkdtemp(dir))
		die(dir);
	if ((rc = lm_slot_open(&slot, dir, 0)) || (rc = lm_slot_reset(&slot, 0x1234567890abcdefull, &cfg)))
		errno = -rc, die("slot");
	if (preload) {
		lm_slot_env(&slot, env, sizeof(env));
		putenv(env);
		snprintf(entry, sizeof(entry), "LD_PRELOAD=%s", cfg.preload);
		putenv(entry);
	}
	status = run(&slot, &child);
	f = fopen(out, "w");
	if (!f)
		die(out);
	report(f, &slot, status);
	fclose(f);
	unlink(slot.path);
	rmdir(dir);
	return 0;
}
