/*
 * The logs of accesses, one slot per running job, reused (access/slot.h); and the tracer of system calls of a job, which may
 * outlive it: a daemon left behind still needs its calls served, so its slot is not lent again before it is gone.
 */
#define _GNU_SOURCE
#include "isolate.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>

static struct slot *free_slots, *slots;
static unsigned n_slots;

static struct slot *slot_get(void)
{
	struct slot *slot = free_slots;
	int rc;

	if (slot) {
		free_slots = slot->next;
		return slot;
	}
	slot = calloc(1, sizeof *slot);
	if (!slot)
		abort();
	rc = lm_slot_open(&slot->log, agent.config.logs, n_slots);
	if (rc < 0) {
		free(slot);
		errno = -rc;
		return NULL;
	}
	n_slots++;
	slot->made = slots;
	slots = slot;
	return slot;
}

/* Never 0, and not to be guessed: it is what lets a caller speak for the job. */
static uint64_t new_token(void)
{
	static uint64_t pool[64];
	static unsigned left;

	for (;;) {
		if (!left) {
			if (getrandom(pool, sizeof pool, 0) != sizeof pool)
				abort();
			left = 64;
		}
		if (pool[--left])
			return pool[left];
	}
}

/* The library for ld_audit lies beside the one for ld_preload, wherever the job finds that. Valid until the next call. */
static const char *audit_beside(const char *library)
{
	static char *name;
	const char *slash = strrchr(library, '/');

	free(name);
	if (asprintf(&name, "%.*s/liblmake_audit.so", (int)(slash - library), library) < 0)
		abort();
	return name;
}

int slot_take(struct job *job)
{
	const struct config *c = &agent.config;
	static const char **dirs;
	static char *preload[N_AUTODEPS], *audit;
	char **library = &preload[job->order.autodep];
	struct lm_slot_cfg cfg = {
		.repo_root = c->root, .tmp_dir = job->order.tmp, .socket = calls_socket(), .preload = "",
		.link_support = c->link_support, .n_source_dirs = c->n_dirs,
	};
	char env[512];
	int rc;

	if (!dirs) {
		dirs = calloc(2 * c->n_dirs + 1, sizeof *dirs);
		if (!dirs || asprintf(&audit, "%s/lib/liblmake_audit.so", c->install) < 0)
			abort();
	}
	for (uint32_t i = 0; i < c->n_dirs; i++) {
		dirs[2 * i] = c->dirs[i].physical;
		dirs[2 * i + 1] = c->dirs[i].name;
	}
	cfg.source_dirs = dirs;
	if (method_preloads(job->order.autodep) && !job->library && !*library)
		*library = method_library(job->order.autodep, c->install, c->install);
	if (method_preloads(job->order.autodep))
		cfg.preload = job->library ? job->library : *library;
	if (job->order.autodep == AUTODEP_AUDIT) {
		cfg.audit = job->library ? audit_beside(job->library) : audit;
		cfg.flags |= LM_LOGF_AUDIT;
	}
	if (job->order.autodep == AUTODEP_JEMALLOC)
		cfg.flags |= LM_LOGF_DORMANT;
	if (job->iso) {
		cfg.flags |= LM_LOGF_OWN_ROOT;
		cfg.seen_root = job->iso->plan.seen_root;
		cfg.n_mounts = job->iso->plan.n_text;
		cfg.mounts = job->iso->plan.text.data;
		cfg.mounts_size = (uint32_t)job->iso->plan.text.len;
	}
	if (job->order.iso.flags & ISO_MOUNT_OK)
		cfg.flags |= LM_LOGF_MOUNT_OK | LM_LOGF_OWN_ROOT;
	if (job->order.autodep == AUTODEP_HYBRID)
		cfg.flags |= LM_LOGF_HYBRID;
	if (job->order.autodep == AUTODEP_SECCOMP || job->order.autodep == AUTODEP_PTRACE)
		cfg.flags |= LM_LOGF_TRACED;
	if (job->order.flags & JOB_RECORD_ALL)
		cfg.flags |= LM_LOGF_ALL;
	if (job->order.flags & JOB_AUTO_MKDIR)
		cfg.flags |= LM_LOGF_AUTO_MKDIR;
	if (job->order.flags & JOB_MOUNT_OK)
		cfg.flags |= LM_LOGF_MOUNT_OK;
	job->slot = slot_get();
	if (!job->slot)
		return -errno;
	job->slot->token = new_token();
	job->slot->owned = true;
	rc = lm_slot_reset(&job->slot->log, job->slot->token, &cfg);
	if (!rc)
		rc = lm_slot_env(&job->slot->log, env, sizeof env);
	if (rc < 0) {
		slot_give_back(job);
		return rc;
	}
	job->token = strdup(env);
	return 0;
}

static void slot_free(struct slot *slot)
{
	slot->next = free_slots;
	free_slots = slot;
}

void slot_give_back(struct job *job)
{
	struct slot *slot = job->slot;

	if (!slot)
		return;
	job->slot = NULL;
	slot->token = 0;
	lm_slot_retire(&slot->log);
	slot->owned = false;
	if (!slot->trace)
		slot_free(slot);
	free(job->token);
	job->token = NULL;
}

static void trace_end(struct slot *slot)
{
	if (slot->notify.fd >= 0)
		source_forget(&slot->notify);
	lm_trace_close(slot->trace);
	slot->trace = NULL;
	if (!slot->owned)
		slot_free(slot);
}

static void on_notify(struct source *s, uint32_t events)
{
	struct slot *slot = (struct slot *)((char *)s - offsetof(struct slot, notify));
	int rc = 0;

	if (events & EPOLLIN)
		rc = lm_trace_serve(slot->trace);
	if (slot->owned && slot->log.log->condemned)
		for (struct job *job = agent.jobs; job; job = job->next)
			if (job->slot == slot)
				job_kill(job, OUT_REFUSED);
	if (rc < 0 && rc != -ENOENT) {
		proto_log("agent: the tracer of system calls failed: %s", strerror(-rc));
		for (struct job *job = agent.jobs; job; job = job->next)
			if (job->slot == slot) {
				job->broken = true;
				job_kill(job, OUT_REFUSED);
			}
		trace_end(slot);
	} else if (events & (EPOLLHUP | EPOLLERR)) {
		trace_end(slot);
	}
}

int slot_trace(struct job *job, int notify_fd)
{
	struct slot *slot = job->slot;
	int rc = lm_trace_open(&slot->trace, notify_fd, &slot->log);

	if (rc < 0)
		return rc;
	slot->notify = (struct source){ notify_fd, on_notify };
	source_watch(&slot->notify, EPOLLIN);
	return 0;
}

int slot_ptrace(struct job *job, pid_t pid)
{
	job->slot->notify.fd = -1;
	return lm_ptrace_open(&job->slot->trace, pid, &job->slot->log, method_stops_all());
}

int slot_ptrace_launch(struct job *job, pid_t pid)
{
	int status;

	if (!lm_ptrace_launch(pid, &status))
		return 0;
	trace_end(job->slot);
	return 1;
}

void slot_traced(pid_t task, int status)
{
	struct lm_trace *ended = lm_ptrace_event(task, status);

	for (struct slot *slot = ended ? slots : NULL; slot; slot = slot->made)
		if (slot->trace == ended) {
			trace_end(slot);
			return;
		}
}
