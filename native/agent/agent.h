/*
 * The agent: runs the jobs of one host for one server. One process, one thread, one epoll loop; nothing here may block
 * for longer than a disk access. loop.c owns the loop, proto.c the server's messages, job.c the life of a job, spawn.c
 * its birth, prepare.c what comes before, tree.c its death, merge.c and finish.c what is told at the end, calls.c the
 * commands that run inside jobs. A second process, the guardian (guard.c), only waits for the agent to die.
 */
#ifndef LMAKE_AGENT_H
#define LMAKE_AGENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "../wire/wire.h"

/* ---- the loop (loop.c) ---- */

int loop_open(void);			/* 0, or -1 and errno */
void loop_run(void);			/* until agent.quit */

/* Something epoll watches. `ready` is called with the epoll events; -1 in fd: closed. */
struct source {
	int fd;
	void (*ready)(struct source *s, uint32_t events);
};

void source_watch(struct source *s, uint32_t events);
void source_change(struct source *s, uint32_t events);
void source_close(struct source *s);
void source_forget(struct source *s);		/* no more events; the descriptor stays open */
void later_free(void *p);		/* at the end of the turn, when no event can name it any more */

int64_t now_real(void);			/* ns */
int64_t now_mono(void);			/* ns */

#define NS_PER_MS 1000000ll
#define NS_PER_S  1000000000ll
#define NEVER     INT64_MAX

/* ---- what the server told once ---- */

struct source_dir {
	char *physical;		/* ends with /; where it was when the last job started */
	char *name;		/* as declared, ends with / */
};

struct config {
	bool known;
	char *root, *install, *logs;	/* logs: private dir of this agent, in the dir the server gave */
	struct source_dir *dirs;
	uint32_t n_dirs;
	uint8_t link_support;
	uint32_t max_stderr;
	char *frame;			/* what the strings live in */
};

struct agent {
	struct config config;
	struct job *jobs;		/* running, newest first */
	uint32_t n_jobs;
	struct lm_buf out;		/* not yet taken by the server */
	int dev_null;
	pid_t pid;
	bool quit;
	struct rlimit files;		/* as found at start, for the jobs */
	struct rlimit cores;		/* none unless the job asks: nobody would know of these files */
};
extern struct agent agent;

/* ---- messages to the server (proto.c) ---- */

void proto_start(void);
void proto_flush(void);

/* Tell that a job is there. Not worth waking the server for: sent with what comes next, 20 ms later at most. */
struct job;
void proto_started(const struct job *job);
int64_t proto_deadline(void);		/* when the loop must come round for it (now_mono), or NEVER */
void proto_log(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void proto_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));	/* for the user, in each command from now on */
void agent_shutdown(int rc);		/* kill every job, say the last words, leave */

/* ---- jobs ---- */

enum outcome {
	OUT_EXITED, OUT_SIGNALED, OUT_TIMEOUT, OUT_KILLED, OUT_CHECK_DEPS, OUT_CANNOT_START, OUT_REFUSED,
};

enum job_flag {
	JOB_KEEP_TMP = 1, JOB_LIVE = 2, JOB_RECORD_ALL = 4, JOB_AUTO_MKDIR = 8, JOB_ONE_STREAM = 16,
	JOB_MOUNT_OK = 32,
};

enum autodep {
	AUTODEP_NONE, AUTODEP_PRELOAD, AUTODEP_SECCOMP, AUTODEP_HYBRID, AUTODEP_PTRACE, AUTODEP_AUDIT, AUTODEP_JEMALLOC,
	N_AUTODEPS,
};

enum pre_what { PRE_UNLINK = 1, PRE_POLLUTED = 2, PRE_UNIQUIFY = 3, PRE_MKDIR = 4, PRE_RMDIR = 5 };
enum pre_done { DONE_UNLINKED = 1, DONE_EMPTY = 2, DONE_QUARANTINED = 3, DONE_UNIQUIFIED = 4, DONE_POLLUTED = 5 };

struct pre_action {
	uint8_t what;
	char *name, *note;
	uint64_t sig;
};

enum isolation_flag {
	ISO_KILL_DAEMONS = 1, ISO_MOUNTS = 2, ISO_MOUNT_OK = 4, ISO_CHECK_PATHS = 8, ISO_USER_NAME = 16,
		    ISO_RESOLV_CONF = 32,
};

struct view_order {
	char *at;			/* relative: in the repo */
	bool overlay;
	char **dirs;			/* upper first */
	char **copy_up;
	uint32_t n_dirs, n_copy_up;
};

/* What of the machine the job is to see otherwise; "" where nothing is asked. */
struct isolation_order {
	uint8_t flags;
	char *chroot, *repo_view, *tmp_view, *lmake_view, *lmake_root;
	struct view_order *views;
	uint32_t n_views;
};

/* What START asked for; strings live in `frame`. */
struct order {
	char *frame;
	uint64_t seq, small_id;
	char **argv, **env;		/* NULL terminated */
	uint32_t n_env;
	char *cwd, *in, *out, *tmp;
	uint8_t flags, autodep;
	uint32_t timeout_ms;
	uint32_t n_kill_sigs;
	const uint8_t *kill_sigs;
	uint32_t n_pre;
	struct pre_action *pre;
	uint32_t n_wanted;
	char **wanted;
	struct isolation_order iso;
};

/* A counted list of encoded things, ready for END. */
struct tally {
	struct lm_buf buf;
	uint32_t n;
};

struct stream {
	struct source src;		/* first: the loop hands it back */
	struct job *job;
	struct lm_buf kept;
	uint64_t dropped;
	bool live;
};

/* An access declared by a run-time call, or by a redirection. */
struct noted {
	char *name;
	uint32_t bits, group, dep_flags, target_flags;
	int64_t date, mtime;
	uint64_t sig;
};

struct job {
	struct job *next;
	struct order order;
	pid_t pid;			/* main process; with pids of its own the first one, that of the namespace */
	pid_t group;			/* its process group; 0: not known yet */
	struct isolation *iso;		/* NULL: none (isolate.h) */
	char *library;			/* of the tracer, as the job names it; NULL: ours */
	bool exited;			/* the main process is reaped */
	int wait_status;
	struct rusage usage;
	int64_t start, end;		/* CLOCK_REALTIME */
	int64_t deadline;		/* CLOCK_MONOTONIC: time out, next signal, or end of patience */
	uint8_t killed;			/* an outcome, 0: nobody asked */
	uint32_t kill_step;
	struct stream out, err;
	struct tally messages, pre_done, patterns;
	struct noted *noted;
	uint32_t n_noted, cap_noted, groups;
	struct slot *slot;		/* its log */
	char *token;			/* value of LMAKE_AUTODEP_ENV */
	bool broken;			/* the tracer failed */
	bool not_started;
};

/* job.c */
void job_start(struct order *order);		/* takes over *order */
void job_kill(struct job *job, uint8_t outcome);
struct job *job_of_seq(uint64_t seq);
void job_message(struct job *job, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void jobs_reap(void);
void jobs_tick(int64_t now);
int64_t jobs_deadline(void);
void job_settle(struct job *job);	/* a pipe closed or the main process ended: report if all is over */

/*
 * method.c: how jobs can be watched on this host. A method that cannot work here is replaced, with a warning, by one that
 * sees as much; is there a need to stop all calls, by ptrace?
 */
uint8_t method_for(uint8_t autodep);
bool method_stops_all(void);
bool method_preloads(uint8_t autodep);	/* is liblmake_preload.so loaded in its processes? */
/* Its name for the loader (src/doc/tracer.md): to be freed. The installation lies in the dir `there`, the job sees it as `seen`. */
char *method_library(uint8_t autodep, const char *there, const char *seen);

/* spawn.c: 0, or -1 having said why in a message. */
int job_spawn(struct job *job);

const char *env_value(char *const *env, const char *key);

/* redirect.c: open stdin, stdout and the pipes. The descriptors of the job's side are for spawn.c to close. */
struct ends {
	int in, out, err;
};
int job_redirect(struct job *job, struct ends *ends);
void ends_close(struct ends *ends);
void stream_drain(struct stream *s, bool to_the_end);

/* prepare.c */
int job_pre_actions(struct job *job);
int job_make_tmp(struct job *job);
void job_remove_tmp(struct job *job);

/* tree.c */
void tree_kill(const struct job *job);

/* names.c */
enum { NAME_OUTSIDE, NAME_REPO, NAME_SOURCE_DIR, NAME_ROOT };	/* root: the dir itself, "." in logs too */
struct resolved {
	char name[4096 + 16];		/* as reported */
	int where;
};
typedef void (*link_fn)(void *arg, const char *name);

/*
 * What a name stands for, seen from the physical directory cwd: links of its directory part (and the last one if
 * follow) are resolved; each one met in the repo is told to `link` by its reported name.
 */
int name_resolve(const char *cwd, const char *name, bool follow, struct resolved *to, link_fn link, void *arg);
int name_report(const char *physical, struct resolved *to);
/*
 * Where the source dirs are now, through links or not. One may come, go or be a link to elsewhere while the agent lives, and
 * what a job looks for in one that is not there must be recorded too. A readlink for each level of each; none without them.
 */
void name_locate_source_dirs(void);
uint64_t name_sig(const char *name, int64_t *date);	/* lstat of a reported name */
/* As name_sig, but a dir that has become a link since the name was reported leads to no file of that name. */
uint64_t name_sig_physical(const char *name, int64_t *date);

/* slots.c: the logs, reused from job to job */
int slot_take(struct job *job);
void slot_give_back(struct job *job);

/* merge.c */
#define N_KINDS 5			/* L, R, T, E, and the other ways of being a dep */

struct access {
	const char *name;
	uint32_t hash, at;		/* place in the table */
	uint32_t bits, group, dep_flags, target_flags;
	int64_t kind[N_KINDS];		/* first dates */
	int64_t read, write, allowed;	/* first dates, 0: never */
	int64_t maybe, updated;		/* announced write; opened to read and write */
	int64_t announced;		/* date of the last announcement */
	int64_t ignore_read, ignore_write;
	int64_t first, other_sig;	/* dates: of any access; of a sig that was not the first */
	uint64_t sig, read_sig, maybe_sig;
	int64_t mtime;
	uint64_t end_sig, crc;
	bool wanted, seen;
};

struct merged {
	struct access *list;		/* in order of first access */
	uint32_t n, cap, mask;
	uint32_t *table;
	const char *refused;		/* the first sentence of the tracer, NULL: none */
	const char *warned;		/* one that does not fail the job */
	bool overflow;
};

/* All accesses of the job so far. Valid until the next merge, or the end of the job. */
struct merged *merge_job(struct job *job);
void noted_add(struct job *job, const struct noted *one);	/* copies the name */

/* abspaths.c: does the file, or the text of the link, hold the name of the repo's root? `name` as reported. */
bool holds_root(const char *name);

/* finish.c */
void job_report(struct job *job);

/* calls.c */
int calls_listen(void);
void calls_close(void);
void calls_answer(struct lm_reader *r);
void calls_forget(struct job *job);		/* the job ends: its callers are let go */
void calls_tick(int64_t now);
int64_t calls_deadline(void);
const char *calls_socket(void);

#endif
