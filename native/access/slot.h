/*
 * The agent's side of the access log (log.h): slots are files log.<index>, reused from job to job. Runs in the agent
 * only, in its one thread; the processes of the job append meanwhile through append.h. Functions return 0 or -errno.
 *
 *	lm_slot_open(&slot, "/dev/shm/lmake-xyz", 3);
 *	lm_slot_reset(&slot, token, &cfg);
 *	lm_slot_env(&slot, env, sizeof(env));		put it, and LD_PRELOAD=<cfg.preload>, in the job's environment
 *	... run the job ...
 *	lm_slot_iterate(&slot, merge, &job);
 */
#ifndef LMAKE_ACCESS_SLOT_H
#define LMAKE_ACCESS_SLOT_H

#include <stddef.h>
#include <stdint.h>

#include "log.h"

struct lm_slot {
	struct lm_log_header *log;	/* mapped shared, LM_LOG_SIZE bytes; NULL: closed */
	int  fd;
	char path[256];
};

/* What lm_slot_reset writes in the header. No pointer is kept. */
struct lm_slot_cfg {
	const char *repo_root;		/* physical, no trailing / */
	const char *tmp_dir;		/* physical, no trailing /; "": none */
	const char *socket;		/* of the agent, for in-job calls */
	const char *preload;		/* absolute name of liblmake_preload.so; "": the job runs without it */
	const char *audit;		/* absolute name of liblmake_audit.so; NULL: the job runs without it */
	uint32_t link_support;		/* 0 none, 1 file, 2 full */
	uint32_t flags;			/* LM_LOGF_* */
	uint32_t n_source_dirs;
	const char *const *source_dirs;	/* 2*n strings: physical dir, name it is reported under; both end with / */
};

/* Open, create if needed, the file <dir>/log.<index> (mode 0600) and map it. Its content holds no job until reset. */
int lm_slot_open(struct lm_slot *slot, const char *dir, unsigned index);

/*
 * Give the slot to a job. token must be different for each job, never 0. Memory an earlier job used is given back.
 * -E2BIG: the strings do not fit in the header (64 kB).
 */
int lm_slot_reset(struct lm_slot *slot, uint64_t token, const struct lm_slot_cfg *cfg);

/* Take the slot back: processes that survive their job record nothing any more (token 0). */
void lm_slot_retire(struct lm_slot *slot);

/*
 * "LMAKE_AUTODEP_ENV=<file>:<token in decimal>". Under LM_LOGF_HYBRID the token begins with a 0, so that preload knows
 * before it opens the log that it has to go through the gate. Returns 0, or -ERANGE.
 */
int lm_slot_env(const struct lm_slot *slot, char *buf, size_t size);

/*
 * In the child of the agent, after chdir and just before execve: record the exec of the job's own command and its #!
 * chain, and by the ld_preload method its libraries, as the preload library will do for all later ones. Refuses a static
 * command in the same way. The other methods need it too: the first exec goes through the gate, unseen. Needs no memory,
 * async-signal-safe.
 */
void lm_slot_exec(const struct lm_slot *slot, const char *path, char *const envp[]);

/* Split the value of LMAKE_AUTODEP_ENV: length of the file name, token, is it hybrid. 0 or -EINVAL. */
int lm_env_parse(const char *value, size_t *path_len, uint64_t *token, int *hybrid);

/*
 * Call cb for each record of the current token, in order of reservation (dates may be slightly out of order between
 * processes). Holes left by killed processes are skipped. May be called while the job runs: records being written are
 * not seen yet. Stops at the first non-zero cb, which is returned.
 */
int lm_slot_iterate(const struct lm_slot *slot, int (*cb)(const struct lm_record *rec, void *arg), void *arg);

/* Number of records that found no room. Not 0: accesses are lost, the job's result must not be trusted. */
uint64_t lm_slot_overflowed(const struct lm_slot *slot);

void lm_slot_close(struct lm_slot *slot);

/* A string of the header. */
static inline const char *lm_log_text(const struct lm_log_header *log, uint32_t offset)
{
	return log->text + offset;
}

#endif
