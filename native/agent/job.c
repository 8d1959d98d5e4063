/*
 * The life of a job: started, perhaps killed, ended, reported once. Driven by the loop: the server's orders, the death
 * of children, pipes that close, and the one deadline each job has.
 *
 *	running --main process ends--> settling (pipes still open, at most 2 s) --> reported
 *	running --kill or time out--> being killed (signals 1 s apart, SIGKILL to all, 1 s of patience) --> the same
 */
#define _GNU_SOURCE
#include "isolate.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "slots.h"

#define PIPE_PATIENCE (2 * NS_PER_S)
#define KILL_STEP     (1 * NS_PER_S)

struct job *job_of_seq(uint64_t seq)
{
	for (struct job *job = agent.jobs; job; job = job->next)
		if (job->order.seq == seq)
			return job;
	return NULL;
}

void job_message(struct job *job, const char *fmt, ...)
{
	char *line;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&line, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	lm_put_str(&job->messages.buf, line, (size_t)n);
	job->messages.n++;
	free(line);
}

static void order_free(struct order *o)
{
	free(o->argv);
	free(o->env);
	free(o->pre);
	free(o->wanted);
	for (uint32_t i = 0; i < o->iso.n_views; i++) {
		free(o->iso.views[i].dirs);
		free(o->iso.views[i].copy_up);
	}
	free(o->iso.views);
	free(o->frame);
}

static void job_free(struct job *job)
{
	source_close(&job->out.src);
	source_close(&job->err.src);
	job_unisolate(job);
	free(job->library);
	slot_give_back(job);
	lm_buf_free(&job->out.kept);
	lm_buf_free(&job->err.kept);
	lm_buf_free(&job->messages.buf);
	lm_buf_free(&job->pre_done.buf);
	lm_buf_free(&job->patterns.buf);
	for (uint32_t i = 0; i < job->n_noted; i++)
		free(job->noted[i].name);
	free(job->noted);
	order_free(&job->order);
	later_free(job);		/* its pipes may still be named by events of this turn */
}

static void job_report_and_free(struct job *job)
{
	for (struct job **at = &agent.jobs; *at; at = &(*at)->next)
		if (*at == job) {
			*at = job->next;
			agent.n_jobs--;
			break;
		}
	calls_forget(job);
	job_report(job);
	job_remove_tmp(job);
	job_free(job);
}

void job_start(struct order *order)
{
	struct job *job = calloc(1, sizeof *job);
	int rc;

	if (!job)
		abort();
	job->order = *order;
	job->out.src.fd = job->err.src.fd = -1;
	job->deadline = NEVER;
	if (job_of_seq(order->seq)) {
		proto_log("agent: job %llu is running already, START ignored", (unsigned long long)order->seq);
		job_free(job);
		return;
	}
	job->start = now_real();
	job->order.autodep = method_for(job->order.autodep);
	name_locate_source_dirs();
	if (job_isolate(job) < 0) {
		job->not_started = true;
		job_report_and_free(job);
		return;
	}
	rc = slot_take(job);
	if (rc < 0)
		job_message(job, "cannot make the log of accesses in %s : %s, consider : free some room there",
			    agent.config.logs, strerror(-rc));
	if (rc < 0 || job_pre_actions(job) < 0 || job_make_tmp(job) < 0 || job_spawn(job) < 0) {
		job->not_started = true;
		job_report_and_free(job);
		return;
	}
	job->next = agent.jobs;
	agent.jobs = job;
	agent.n_jobs++;
	if (order->timeout_ms)
		job->deadline = now_mono() + order->timeout_ms * NS_PER_MS;
	proto_started(job);
}

/* ---- death ---- */

/* Next signal of the list; after the last, SIGKILL to all, then a second of patience for what cannot die. */
static void kill_step(struct job *job)
{
	const struct order *o = &job->order;

	job->deadline = now_mono() + KILL_STEP;
	if (job->kill_step < o->n_kill_sigs && o->kill_sigs[job->kill_step] != SIGKILL && !job->exited) {
		if (job->group) {
			kill(-job->group, o->kill_sigs[job->kill_step]);
			kill(-job->group, SIGCONT);	/* a stopped process hears nothing else */
		}
		job->kill_step++;
		return;
	}
	job->kill_step = UINT32_MAX;
	tree_kill(job);
}

void job_kill(struct job *job, uint8_t outcome)
{
	if (job->killed)
		return;
	job->killed = outcome;
	kill_step(job);
}

/* Patience is over for the pipes, or for a process that does not die. */
static void give_up(struct job *job)
{
	if (!job->exited)
		job_message(job, "process %d could not be killed, left behind, consider : see what blocks it with "
			    "cat /proc/%d/stack", (int)job->pid, (int)job->pid);
	else
		job_message(job, "its stdout or stderr is still open in a process it left behind, not waited for, "
			    "consider : close them in daemons");
	stream_drain(&job->out, true);
	stream_drain(&job->err, true);
	job_report_and_free(job);
}

static void job_expired(struct job *job)
{
	if (job->killed && job->kill_step != UINT32_MAX)
		kill_step(job);
	else if (job->killed || job->exited)
		give_up(job);
	else
		job_kill(job, OUT_TIMEOUT);
}

void jobs_tick(int64_t now)
{
	struct job *next;

	for (struct job *job = agent.jobs; job; job = next) {
		next = job->next;
		if (job->deadline <= now)
			job_expired(job);
	}
}

int64_t jobs_deadline(void)
{
	int64_t first = NEVER;

	for (const struct job *job = agent.jobs; job; job = job->next)
		if (job->deadline < first)
			first = job->deadline;
	return first;
}

void job_settle(struct job *job)
{
	if (!job->exited)
		return;
	if (job->out.src.fd < 0 && job->err.src.fd < 0)
		job_report_and_free(job);
}

static void main_ended(struct job *job, int status, const struct rusage *usage)
{
	job->exited = true;
	job->wait_status = status;
	job->usage = *usage;
	job->end = now_real();
	if (job->iso) {
		ns_drain(job);
		if (job->iso->end->known) {
			job->wait_status = job->iso->end->status;
			job->usage = job->iso->end->usage;
		}
	}
	if (job->killed) {
		job->kill_step = UINT32_MAX;
		tree_kill(job);
		job->deadline = now_mono() + KILL_STEP;
	} else {
		job->deadline = now_mono() + PIPE_PATIENCE;
	}
	stream_drain(&job->out, true);
	stream_drain(&job->err, true);
	job_settle(job);
}

void jobs_reap(void)
{
	struct rusage usage;
	int status;
	pid_t pid;

	while ((pid = wait4(-1, &status, WNOHANG | __WALL, &usage)) > 0) {
		slot_traced(pid, status);
		for (struct job *job = WIFSTOPPED(status) ? NULL : agent.jobs; job; job = job->next)
			if (job->pid == pid && !job->exited) {
				main_ended(job, status, &usage);
				break;
			}
	}
}
