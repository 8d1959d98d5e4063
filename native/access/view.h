/*
 * A view: through whose eyes paths are seen, and where accesses are recorded. The preload library has one, of its own
 * process; the seccomp supervisor makes one for each call it serves. Everything in ../access that looks at files takes
 * a view. No malloc, no lock; any thread of a traced process, or the agent's.
 */
#ifndef LMAKE_ACCESS_VIEW_H
#define LMAKE_ACCESS_VIEW_H

#include <stdint.h>
#include <sys/types.h>

#include "log.h"

#define LM_PATH_MAX 4096

/* What the log's header says, made ready for comparing. Lives as long as the process (or the trace). */
struct lm_area {
	struct lm_log_header *log;	/* shared: records go there */
	const struct lm_log_header *cfg;	/* its header; in a traced process a copy, as the slot may go to another job */
	uint64_t token;
	const char *root;	/* repo root */
	uint32_t root_len;
	const char *tmp;
	uint32_t tmp_len;	/* 0: none */
	uint8_t  all;		/* LM_LOGF_ALL */
	uint8_t  no_filter;	/* a source dir, the repo or a mount of the job's lies in a system dir */
	const char *seen_root;	/* repo root as the job sees it */
	uint32_t seen_root_len;
	uint32_t n_mounts;	/* 0: the job sees what we see */
	const char *mounts;	/* mounts.h */
};

/*
 * What was recorded already, so that it is not twice. Words are independent and only ever loaded and stored whole;
 * a lost one costs a record too many. `texts` remembers whole calls by the text of their path, `files` the bits
 * recorded per file. Bumping `gen`, or the log's, forgets texts.
 */
struct lm_dir {		/* the dir last used as dirfd, by what makes sure it is still that one */
	uint32_t seq;		/* odd: being written */
	uint32_t gen, len;
	uint64_t dev, ino;
	char path[512];
};
#define LM_TEXTS 4096u		/* in sets of LM_WAYS: with one place for each, names that share it drive each other out */
#define LM_WAYS  4u
#define LM_FILES 4096u
struct lm_cache {
	uint32_t gen;
	uint32_t cwd_gen;
	uint32_t turn;
	uint32_t names_moved;	/* the call answered last changes what names mean (agent) */
	uint32_t own_cwds;	/* who shares this memory may have another cwd: relative names are not remembered */
	uint64_t texts[LM_TEXTS];
	uint64_t files[LM_FILES];
	struct lm_dir dir;
};

/* Has this key been remembered? Remember it, in place of one of its set. Keys are odd, not 0. */
static inline int lm_texts_has(struct lm_cache *c, uint64_t key)
{
	const uint64_t *set = &c->texts[(key >> 1) % (LM_TEXTS / LM_WAYS) * LM_WAYS];
	uint32_t i;

	for (i = 0; i < LM_WAYS; i++)
		if (__atomic_load_n(&set[i], __ATOMIC_RELAXED) == key)
			return 1;
	return 0;
}

static inline void lm_texts_add(struct lm_cache *c, uint64_t key)
{
	uint64_t *set = &c->texts[(key >> 1) % (LM_TEXTS / LM_WAYS) * LM_WAYS];
	uint32_t i;

	for (i = 0; i < LM_WAYS - 1 && __atomic_load_n(&set[i], __ATOMIC_RELAXED); i++)
		;
	if (i == LM_WAYS - 1)	/* full, or nearly */
		i = __atomic_fetch_add(&c->turn, 1, __ATOMIC_RELAXED) % LM_WAYS;
	__atomic_store_n(&set[i], key, __ATOMIC_RELAXED);
}

struct lm_view {
	const struct lm_area *area;
	struct lm_cache *cache;		/* NULL: remember nothing (vfork child) */
	pid_t pid;			/* 0: this process */
	uint8_t foreign_root;		/* look at files through /proc/<pid>/root */
	uint8_t followed;		/* programs are followed whatever they are, and what their loader opens is seen */
	uint8_t audited;		/* the loader tells what libraries it looks for (../audit) */
	uint8_t predict;		/* the outcome of a call will not be seen: foretell it (seccomp) */
	/* name of the cwd, physical; NULL: cannot be told. buf has room for LM_PATH_MAX bytes. */
	const char *(*cwd)(const struct lm_view *v, char *buf, uint32_t *len);
};

/* Read the header. -EINVAL: another version. -ESTALE: the slot belongs to another job. */
int lm_area_init(struct lm_area *area, struct lm_log_header *log, const struct lm_log_header *cfg, uint64_t token);

/*
 * Record an access to a file, unless these bits were already. `real` is its name as the process sees it, without links;
 * it is recorded under its physical name, in an overlay under that of each layer that decided. Returns 1 if recorded.
 */
int lm_note(const struct lm_view *v, const char *real, uint32_t len, uint32_t bits, uint64_t sig, int64_t mtime);

/* Have these bits been recorded for this file? */
int lm_noted(const struct lm_view *v, const char *real, uint32_t len, uint32_t bits);

/* The process changed this file: what was recorded of it before does not tell of it any more. */
void lm_forget(const struct lm_view *v, const char *real, uint32_t len);

/* Names of the repo may stand for other files now (link made, rename, removal): all processes of the job forget texts. */
void lm_names_changed(const struct lm_view *v);

/* Changes whenever what texts stood for may have changed. Only with a cache. */
static inline uint32_t lm_gen(const struct lm_view *v)
{
	return __atomic_load_n(&v->cache->gen, __ATOMIC_RELAXED) + __atomic_load_n(&v->area->log->gen, __ATOMIC_RELAXED);
}

/* Record that something cannot be followed; printf-like with %s only. The agent fails the job with the sentence. */
void lm_refuse(const struct lm_view *v, const char *fmt, const char *a, const char *b);

#define LM_HIDDEN "the kernel does not let a process of the job be looked at: its calls cannot be followed"

/* The same for what the user should know; the job goes on. */
void lm_warn(const struct lm_view *v, const char *text);

enum lm_where {
	LM_OUTSIDE,	/* not recorded: tmp, admin, proc, foreign */
	LM_IN_REPO,
	LM_AT_ROOT,	/* the root dir itself: only its listing matters */
	LM_IN_SOURCE,	/* below a source dir out of the repo */
	LM_IN_PROC,	/* links are followed, nothing is recorded */
	LM_IN_TMP,
};

/* Class of a name without links, as the process sees it. */
enum lm_where lm_where(const struct lm_area *area, const char *real, uint32_t len);

/* Is it known from its text alone that this path is of no interest? (system dirs) */
int lm_filtered(const struct lm_area *area, const char *path);

/* The name under which the agent can look at a file of the view; buf has LM_PATH_MAX + 64 bytes. */
const char *lm_seen(const struct lm_view *v, const char *real, char *buf);

/* The same, on the caller's stack, which in a traced process may be small: nothing is taken there. Not in loops. */
#define LM_SEEN(v, real) ((v)->foreign_root ? lm_seen(v, real, __builtin_alloca(LM_PATH_MAX + 64)) : (real))

#endif
