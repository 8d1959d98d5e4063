/*
 * Jobs per second through the agent, against a bare vfork+exec loop; both keep the same number of processes in flight.
 * The CPU time (of the jobs, the agent and us) is told too: on a busy machine it alone can be compared.
 * bench_agent <install> [jobs] [in flight] [autodep 0..3 [command...]]
 * Run it in an empty directory, which becomes the repo.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../../native/wire/wire.h"

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* CPU seconds of this process and of all those it has waited for. */
static double cpu(void)
{
	struct rusage us, them;

	getrusage(RUSAGE_SELF, &us);
	getrusage(RUSAGE_CHILDREN, &them);
	return (double)(us.ru_utime.tv_sec + us.ru_stime.tv_sec + them.ru_utime.tv_sec + them.ru_stime.tv_sec) +
	       (double)(us.ru_utime.tv_usec + us.ru_stime.tv_usec + them.ru_utime.tv_usec + them.ru_stime.tv_usec) * 1e-6;
}

/* Time on the CPU of one process alone, seconds. */
static double own_cpu(pid_t pid)
{
	unsigned long long ns = 0;
	char name[64];
	FILE *f;

	snprintf(name, sizeof name, "/proc/%d/schedstat", (int)pid);
	f = fopen(name, "r");
	if (!f || fscanf(f, "%llu", &ns) != 1)
		return 0;
	fclose(f);
	return (double)ns * 1e-9;
}

/* The guardian's only child. */
static pid_t agent_of(pid_t guardian)
{
	char name[64];
	int pid = 0;
	FILE *f;

	snprintf(name, sizeof name, "/proc/%d/task/%d/children", (int)guardian, (int)guardian);
	f = fopen(name, "r");
	if (!f || fscanf(f, "%d", &pid) != 1)
		return 0;
	fclose(f);
	return pid;
}

static double agent_own;	/* of the last run */

static char *truth[] = { "/bin/true", NULL };
static char **command = truth;

static void bare_start(void)
{
	static char *const env[] = { "PATH=/bin:/usr/bin", NULL };
	pid_t pid;

	if (posix_spawn(&pid, command[0], NULL, NULL, command, env))	/* vfork semantics */
		exit(1);
}

static double bare(int jobs, int in_flight)
{
	double begin = now();
	int started = 0, ended = 0;

	while (started < in_flight)
		bare_start(), started++;
	while (ended < jobs) {
		if (wait(NULL) < 0)
			exit(1);
		ended++;
		if (started < jobs)
			bare_start(), started++;
	}
	return now() - begin;
}

static void send_frames(int fd, struct lm_buf *b)
{
	for (size_t done = 0; done < b->len; ) {
		ssize_t n = write(fd, b->data + done, b->len - done);

		if (n < 0)
			exit(1);
		done += (size_t)n;
	}
	b->len = 0;
}

static void config(struct lm_buf *b, const char *install)
{
	char *cwd = getcwd(NULL, 0);
	size_t at = lm_frame_open(b, LM_CONFIG);

	lm_put_cstr(b, cwd);
	lm_put_cstr(b, install);
	lm_put_u32(b, 0);
	lm_put_u8(b, 1);
	lm_put_u32(b, 1 << 20);
	lm_put_cstr(b, "/dev/shm");
	lm_frame_close(b, at);
	free(cwd);
}

/* Set by $ISOLATION: "pids" (kill_daemons), or the name of a repo_view. */
static uint8_t isolation;
static const char *repo_view = "";

static void start(struct lm_buf *b, uint64_t seq, uint8_t autodep)
{
	size_t at = lm_frame_open(b, LM_START);
	uint32_t n = 0;

	while (command[n])
		n++;
	lm_put_u64(b, seq);
	lm_put_u64(b, seq);
	lm_put_u32(b, n);
	for (uint32_t i = 0; i < n; i++)
		lm_put_cstr(b, command[i]);
	lm_put_u32(b, 1);
	lm_put_cstr(b, "PATH=/bin:/usr/bin");
	for (int i = 0; i < 4; i++)
		lm_put_cstr(b, "");
	lm_put_u8(b, 0);
	lm_put_u8(b, autodep);
	lm_put_u32(b, 0);
	lm_put_u32(b, 0);
	lm_put_u32(b, 0);
	lm_put_u32(b, 0);
	lm_put_u8(b, isolation);
	for (int i = 0; i < 5; i++)
		lm_put_cstr(b, i == 1 ? repo_view : "");
	lm_put_u32(b, 0);
	lm_frame_close(b, at);
}

static double through_agent(const char *install, int jobs, int in_flight, uint8_t autodep)
{
	int to[2], from[2], started = 0, ended = 0;
	struct lm_buf b = { 0 }, in = { 0 };
	char name[4096];
	double begin;
	pid_t pid;

	snprintf(name, sizeof name, "%s/bin/lmake_agent", install);
	if (pipe(to) || pipe(from))
		exit(1);
	pid = fork();
	if (!pid) {
		dup2(to[0], 0);
		dup2(from[1], 1);
		close(to[1]);
		close(from[0]);
		execl(name, name, NULL);
		_exit(1);
	}
	close(to[0]);
	close(from[1]);
	config(&b, install);
	begin = now();
	while (started < in_flight)
		start(&b, (uint64_t)++started, autodep);
	send_frames(to[1], &b);
	while (ended < jobs) {
		ssize_t n = read(from[0], lm_buf_room(&in, 65536), 65536);
		struct lm_reader r;
		uint8_t type;
		long size;

		if (n <= 0)
			exit(1);
		in.len += (size_t)n;
		while ((size = lm_frame_next(in.data, in.len, &type, &r)) > 0) {
			if (type == LM_LOG)
				fprintf(stderr, "%.*s\n", (int)(r.end - r.p - 4), r.p + 4);
			if (type == LM_END) {
				ended++;
				lm_get_u64(&r);
				if (lm_get_u8(&r) || lm_get_u32(&r)) {
					fprintf(stderr, "a job failed\n");
					exit(1);
				}
				if (started < jobs)
					start(&b, (uint64_t)++started, autodep);
			}
			lm_buf_drop(&in, (size_t)size);
		}
		send_frames(to[1], &b);
	}
	begin = now() - begin;
	agent_own = own_cpu(agent_of(pid));
	close(to[1]);
	waitpid(pid, NULL, 0);
	return begin;
}

int main(int argc, char **argv)
{
	const char *iso = getenv("ISOLATION");
	int jobs = argc > 2 ? atoi(argv[2]) : 5000, in_flight = argc > 3 ? atoi(argv[3]) : 2;
	double plain, agent, c0, c1, c2, bare_own;

	if (argc < 2)
		return 11;
	isolation = iso && !strcmp(iso, "pids");
	repo_view = iso && *iso == '/' ? iso : "";
	if (argc > 5)
		command = argv + 5;
	mkdir("LMAKE", 0777);
	mkdir("LMAKE/lmake", 0777);
	for (int turn = 0; turn < 3; turn++) {
		c0 = cpu();
		bare_own = own_cpu(getpid());
		plain = bare(jobs, in_flight);
		bare_own = own_cpu(getpid()) - bare_own;
		c1 = cpu();
		agent = through_agent(argv[1], jobs, in_flight, argc > 4 ? (uint8_t)atoi(argv[4]) : 0);
		c2 = cpu();
		printf("bare %.0f jobs/s, %.0f us CPU a job; agent %.0f jobs/s, %.0f us CPU a job: %+.0f us wall, %+.0f us CPU, "
		       "of which ours %.0f -> %.0f us\n",
		       jobs / plain, (c1 - c0) / jobs * 1e6, jobs / agent, (c2 - c1) / jobs * 1e6,
		       (agent - plain) / jobs * 1e6, (c2 - c1 - c1 + c0) / jobs * 1e6, bare_own / jobs * 1e6, agent_own / jobs * 1e6);
	}
	return 0;
}
