/*
 * Jobs with namespaces of their own: pids always, mounts for the /proc that goes with them and for all the views,
 * users when we are not root. isolate.c decides in the agent what is to be mounted where, and writes what the tracer
 * must know; scratch.c makes the mounts, in the job's first process; pid1.c is that process. Little is left to undo
 * (unisolate.c): mounts die with their namespace, and that with its first process.
 */
#ifndef LMAKE_AGENT_ISOLATE_H
#define LMAKE_AGENT_ISOLATE_H

#include "agent.h"
#include "slots.h"

/* Below the root: a dir for each overlay, which the kernel wants on the disk of the upper dir. */
#define NS_WORKS "LMAKE/lmake/overlay"

/* One thing seen elsewhere. Names are absolute, without links nor trailing /. */
struct ns_mount {
	char *at;			/* as the job sees it */
	char *from;			/* physical dir; of an overlay the upper one */
	char **lower;			/* NULL terminated; NULL: a plain mount */
	char *work;			/* of an overlay: the empty dir the kernel wants beside upper */
	bool inside;			/* the place may be made where it is missing: it is of the repo */
	const struct view_order *order;	/* NULL: not a view */
};

/* Where `from` of each of its layers is in the scratch root, for the tracer: /.lmake/<first + i>. */
#define NS_HIDDEN "/.lmake"

struct ns_plan {
	bool scratch;			/* the root is assembled; else all names are as for us */
	char *base;			/* dir whose entries the root is made of: "" or that of the chroot */
	char *point;			/* where it is assembled, a dir of ours */
	struct ns_mount *mounts;	/* shallow ones first */
	uint32_t n_mounts;
	char *seen_root, *seen_tmp;
	char *preload;			/* the tracer's library, as the job names it */
	bool user_name, resolv_conf;
	/* for the log */
	struct lm_buf text;
	uint32_t n_text;
};

/* What init tells the agent: by the control socket, one message each. */
enum ns_step {
	NS_RUNS,	/* the main process is there (credentials tell its pid); a descriptor: notify fd */
	NS_USERS, NS_PRIVATE, NS_TMPFS, NS_PROC, NS_BIND, NS_OVERLAY, NS_PLACE, NS_ROOT, NS_FORK, NS_COPY, NS_FILE,
	NS_LINK, NS_STDIO, NS_CWD, NS_TRACER, NS_NO_PROGRAM, NS_EXEC,
};

struct ns_note {
	uint32_t step;			/* enum ns_step */
	int32_t error;
	char what[1024];		/* what it was done to */
};

/* How the main process ended, in memory shared with init. */
struct ns_end {
	uint32_t known;
	int32_t status;
	struct rusage usage;
};

struct isolation {
	struct ns_plan plan;
	struct source control;		/* first message to last: the job is being born */
	struct job *job;
	struct ns_end *end;
};

/* isolate.c: 0, or -1 having said why. Nothing is done, and job->iso stays NULL, for a job that asks for nothing. */
int job_isolate(struct job *job);
void isolate_say(struct job *job, const struct ns_note *note);

/* unisolate.c */
void job_unisolate(struct job *job);	/* frees, and removes what overlays have left */
void isolate_sweep(void);		/* what former agents have left */

/* scratch.c, in the job's first process: all mounts. 0, or *note says what failed. */
int ns_mounts(const struct ns_plan *plan, struct ns_note *note);
int ns_fail(struct ns_note *note, enum ns_step step, int error, const char *what);

/* copyup.c, in the job's first process, before the mounts: 0 or as above. Accesses are recorded in the log. */
int ns_copy_up(const struct ns_plan *plan, struct slot *slot, struct ns_note *note);

/* pid1.c */
struct ns_launch {
	char **argv, **env;
	const char *cwd;		/* below the root */
	struct ends ends;
	struct slot *slot;
	bool watched, traced, all;
	uint64_t small_id;
};
/* 0, or -1 having said why; what fails later comes by the control socket. */
int ns_spawn(struct job *job, const struct ns_launch *l);
void ns_drain(struct job *job);		/* what the control socket still holds */

#endif
