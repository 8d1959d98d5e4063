/*
 * Killing a job with all that came of it: its session and process group, the descendants of those, and the orphans that
 * changed session and came to the agent (a subreaper), known by the token of the job in their environment. Agent's
 * thread; reads /proc, only when a job must die.
 */
#define _GNU_SOURCE
#include "agent.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ENVIRON_MAX (2u << 20)	/* of a process, for the kernel: 128 kB a string, but any number of them */
#define ROUNDS      50

struct process {
	pid_t pid, parent, group, session;
	bool ours;
};

struct census {
	struct process *list;
	size_t n, cap;
};

/* Returns the length read, 0 when there is nothing to read. */
static size_t slurp(const char *name, char *to, size_t size)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return 0;
	while (len < size && (n = read(fd, to + len, size - len)) > 0)
		len += (size_t)n;
	close(fd);
	return len;
}

static bool read_process(pid_t pid, struct process *p)
{
	char name[64], text[1024], *at, state;
	size_t n;

	snprintf(name, sizeof name, "/proc/%d/stat", (int)pid);
	n = slurp(name, text, sizeof text - 1);
	text[n] = 0;
	at = strrchr(text, ')');	/* the name before it may hold anything */
	*p = (struct process){ .pid = pid };
	if (!at || sscanf(at + 1, " %c %d %d %d", &state, &p->parent, &p->group, &p->session) != 4)
		return false;
	return state != 'Z' && state != 'X';
}

static void take_census(struct census *c)
{
	DIR *d = opendir("/proc");
	struct dirent *e;

	c->n = 0;
	while (d && (e = readdir(d))) {
		pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);

		if (pid <= 0)
			continue;
		if (c->n == c->cap) {
			c->cap = c->cap ? 2 * c->cap : 256;
			c->list = realloc(c->list, c->cap * sizeof *c->list);
			if (!c->list)
				abort();
		}
		if (read_process(pid, &c->list[c->n]))
			c->n++;
	}
	if (d)
		closedir(d);
}

static bool carries_token(pid_t pid, const char *token)
{
	static char *text;
	char name[64];
	size_t n, len;

	if (!token)
		return false;
	if (!text)
		text = malloc(ENVIRON_MAX);
	if (!text)
		abort();
	snprintf(name, sizeof name, "/proc/%d/environ", (int)pid);
	n = slurp(name, text, ENVIRON_MAX);
	len = strlen(token);
	for (char *at = text; at < text + n; at += strnlen(at, (size_t)(text + n - at)) + 1)
		if ((size_t)(text + n - at) >= len && !memcmp(at, token, len) &&
		    (at + len == text + n || !at[len]))
			return true;
	return false;
}

static bool is_main(pid_t pid)
{
	for (struct job *j = agent.jobs; j; j = j->next)
		if (j->pid == pid && !j->exited)
			return true;
	return false;
}

static void mark(struct census *c, const struct job *job)
{
	bool more = true;

	for (size_t i = 0; i < c->n; i++) {
		struct process *p = &c->list[i];

		if (p->pid == agent.pid)
			continue;
		p->ours = p->session == job->pid || p->group == job->pid ||
			  (p->parent == agent.pid && !is_main(p->pid) && carries_token(p->pid, job->token));
	}
	while (more) {
		more = false;
		for (size_t i = 0; i < c->n; i++)
			for (size_t k = 0; !c->list[i].ours && k < c->n; k++)
				if (c->list[k].ours && c->list[k].pid == c->list[i].parent)
					c->list[i].ours = more = true;
	}
}

void tree_kill(const struct job *job)
{
	static struct census now, before;
	bool fresh = true;

	if (job->iso) {		/* all there is of it is in its namespace, which dies with its first process */
		kill(job->pid, SIGKILL);
		return;
	}
	kill(-job->pid, SIGKILL);
	/* A process may fork while we look: go on until a round finds none that was not killed in the round before. */
	before.n = 0;
	for (int round = 0; round < ROUNDS && fresh; round++) {
		struct census swap;

		fresh = false;
		take_census(&now);
		mark(&now, job);
		for (size_t i = 0; i < now.n; i++) {
			bool known = false;

			if (!now.list[i].ours)
				continue;
			for (size_t k = 0; !known && k < before.n; k++)
				known = before.list[k].ours && before.list[k].pid == now.list[i].pid;
			fresh = fresh || !known;
			kill(now.list[i].pid, SIGKILL);
		}
		swap = before;
		before = now;
		now = swap;
	}
}
