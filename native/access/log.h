/*
 * The log of accesses of one job: shared memory between the agent, which reads it, and every process of the job, which
 * append to it. This header is the contract between preload, trace and agent; nothing else knows the layout.
 *
 * A log is a file (tmpfs where there is one) mapped shared. Slots are reused from job to job, so each record carries the
 * token of its job: what a surviving daemon of an older job appends is recognised and dropped. Appending is one atomic
 * add on `head`, then the body, then `magic` last with release order: a process killed in between leaves a hole, which
 * the reader skips by looking for the next magic word on an 8 byte boundary. A hole loses nothing: records are written
 * before the call they announce.
 */
#ifndef LMAKE_ACCESS_LOG_H
#define LMAKE_ACCESS_LOG_H

#include <stdint.h>

#define LM_LOG_VERSION   3u
#define LM_LOG_SIZE      (256ull << 20)	/* mapping; sparse, only what is used costs memory */
#define LM_LOG_HEAD_SIZE 65536u		/* records begin here */
#define LM_LOG_OFF       16u
#define LM_LOG_ENV       "LMAKE_AUTODEP_ENV"

/* What a process must know to record; all strings are NUL terminated, in `text`, at the given offsets. */
struct lm_log_header {
	uint32_t version;
	uint32_t flags;			/* LM_LOGF_* */
	uint64_t token;			/* of the job that owns the slot now; 0: none */
	uint64_t head;			/* offset of the next record; atomic add; may pass `size` (overflow) */
	uint64_t size;
	uint64_t overflow;		/* records that found no room */
	uint32_t link_support;		/* 0 none, 1 file, 2 full, 3 full_ext: as full, which follows links out of the repo too */
	uint32_t repo_root;		/* offsets in text: physical root, no trailing / */
	uint32_t tmp_dir;
	uint32_t socket;		/* name of the agent's socket for in-job calls */
	uint32_t preload;		/* value to keep in LD_PRELOAD */
	uint32_t n_source_dirs;
	uint32_t source_dirs;		/* n pairs of strings: physical dir, name it is reported under (both end with /) */
	uint32_t text_size;		/* bytes of text used */
	uint32_t gen;			/* bumped when a name changes meaning: link made, file renamed or removed */
	uint32_t n_off, off_gen;	/* off.h: how many of `off` are not 0; bumped when one changes */
	uint32_t off[LM_LOG_OFF];	/* processes that record nothing */
	uint32_t audit;			/* value to keep in LD_AUDIT */
	uint32_t seen_root;		/* repo root as the job sees it; the same as repo_root without a view on it */
	uint32_t n_mounts;		/* where the job sees other files than are there for us: see mounts.h */
	uint32_t mounts;
	uint32_t condemned;		/* set by whoever saw a call for which the job must be killed at once */
	uint32_t own_cwds;		/* some process has threads with a cwd of their own: relative names say nothing twice */
	uint32_t reserved[2];
	char text[];
};

#define LM_LOGF_ALL        1u	/* record every path, system ones too (reading of makefiles) */
#define LM_LOGF_AUTO_MKDIR 2u
#define LM_LOGF_TRACED     4u	/* a syscall tracer is at work too: preload stays silent */
#define LM_LOGF_MOUNT_OK   8u	/* mount and chroot are allowed; else refused with EPERM and an LM_REFUSED record */
#define LM_LOGF_OWN_ROOT  16u	/* the job has its own pids, mounts or root: the agent looks through /proc/<pid>/root */
#define LM_LOGF_HYBRID   32u	/* a syscall tracer sees all calls but those made through the gate (gate.h), where preload makes its own */

#define LM_LOGF_AUDIT    64u	/* a library in the loader tells what it looks for; preload need not */
#define LM_LOGF_DORMANT 128u	/* preload does nothing before main */

/* access bits: the same as protocols.md section 4 */
#define LM_L            0x001u
#define LM_R            0x002u
#define LM_T            0x004u
#define LM_E            0x008u
#define LM_WRITE        0x010u
#define LM_UNLINK       0x020u
#define LM_LISTED       0x040u
#define LM_EXISTED      0x080u
#define LM_MAYBE_WRITE  0x100u
#define LM_UNSTABLE     0x200u
#define LM_REQUIRED     0x400u
#define LM_ALLOW        0x800u
#define LM_IGNORE_READ  0x1000u
#define LM_IGNORE_WRITE 0x2000u
#define LM_READ_LATE    0x4000u
#define LM_EXECUTED     0x8000u
#define LM_REFUSED      0x10000u
#define LM_WARNED       0x20000u	/* name is a sentence too, but the job goes on */

/*
 * One access. `sig` and `mtime` describe the file *before* the call, or as opened (fstat) for reads. A record that only
 * confirms (WRITE or UNLINK after LM_MAYBE_WRITE) has sig 1 and mtime 0: it tells nothing of what was there before.
 */
struct lm_record {
	uint64_t magic;		/* LM_MAGIC ^ token; written last */
	uint32_t size;		/* of the whole record, multiple of 8 */
	uint32_t bits;		/* LM_*; LM_REFUSED: name is a sentence for the user */
	int64_t  date;		/* CLOCK_REALTIME ns at the call */
	uint64_t sig;		/* crc.h: 0 absent, 1 not looked at */
	int64_t  mtime;		/* later of mtime and ctime, ns; 0 unknown */
	uint32_t path_len;
	uint32_t reserved;	/* 0 */
	char path[];		/* as reported (relative to root, or in a source dir as declared, or absolute), NUL padded */
};
#define LM_MAGIC 0x4c4d4b5245433031ull	/* "LMKREC01" */

#endif
