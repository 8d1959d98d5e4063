/*
 * What each call touches. One table: a row per system call says which arguments name files, and what is done to them.
 * Preload's shims and the seccomp supervisor are two doors to it: both fill a struct lm_args and call lm_begin before
 * the call; preload also calls lm_end after it. Any thread of a traced process, or the agent's; errno untouched.
 */
#ifndef LMAKE_ACCESS_CALLS_H
#define LMAKE_ACCESS_CALLS_H

#include <sys/stat.h>

#include "resolve.h"

enum lm_op {
	LM_OP_NONE,	/* touches nothing of ours */
	LM_OP_OPEN,
	LM_OP_OPENAT2,	/* flags are in a struct open_how: the door fetches them, then it is LM_OP_OPEN */
	LM_OP_STAT,
	LM_OP_STAT_TOLD, LM_OP_STATX_TOLD, /* what it tells is given to lm_end */
	LM_OP_STATX,
	LM_OP_ACCESS,
	LM_OP_READLINK,
	LM_OP_REALPATH,	/* and chdir: links, L on the name */
	LM_OP_CHDIR,
	LM_OP_FCHDIR,
	LM_OP_MKDIR,
	LM_OP_RMDIR,
	LM_OP_UNLINK,
	LM_OP_RENAME,
	LM_OP_LINK,
	LM_OP_SYMLINK,
	LM_OP_MKNOD,
	LM_OP_TRUNCATE,
	LM_OP_CHMOD,
	LM_OP_FCHMOD,	/* of an open file, whatever it was opened for */
	LM_OP_LINKS,	/* the links crossed, and a missing leaf: attributes, dates, watches, name_to_handle_at */
	LM_OP_FATTR,	/* the same of an open file: in an overlay it may be copied for that */
	LM_OP_TREE,	/* flags: a mount of its own as LM_OP_MOUNT, else as LM_OP_LINKS (lm_op_of) */
	LM_OP_OPENDIR,	/* only the links crossed matter */
	LM_OP_LIST,	/* of an open dir */
	LM_OP_LISTNAME,	/* of a dir by name */
	LM_OP_EXEC,
	LM_OP_MADE,	/* a file of a name not known before: mkstemp; only lm_end does something */
	LM_OP_DLOPEN,	/* L R on a library that is known by name */
	LM_OP_UNSHARE,	/* flags: threads may have a cwd of their own from now on */
	LM_OP_SETNS,	/* dirfd, flags: into other mounts as LM_OP_MOUNT, else as LM_OP_UNSHARE */
	LM_OP_MOUNT,	/* refused unless the rule allows it */
	LM_OP_REFUSE,	/* cannot be followed: refused */
	LM_OP_ABSENT,	/* said not to exist (ENOSYS), so that programs do otherwise */
};

/* Indexes of the arguments, -1: none (dirfd then is AT_FDCWD). `fixed` replaces flags when `flags` is -1. */
struct lm_row {
	char     name[20];	/* "": no row. Inline, as are all constants here: no relocation, no page to copy at start */
	uint8_t  op;
	int8_t   dirfd, path, dirfd2, path2, flags, mode;
	uint32_t fixed;
};

/* Calls we know, with a row or of no interest; what a later kernel has beyond them is said not to exist. */
#define LM_N_ROWS 470
extern const struct lm_row lm_rows[LM_N_ROWS];	/* by number of system call */
#ifdef __x86_64__
extern const struct lm_row lm_rows32[LM_N_ROWS];	/* by number in programs of 32 bits */
#endif

/* An open how: flags, mode, resolve as openat2 reads them. */
struct lm_open_how {
	uint64_t flags, mode, resolve;
};

struct lm_args {
	int dirfd, dirfd2;
	const char *path, *path2;	/* LM_OP_EXEC: path2 is LD_LIBRARY_PATH in the new environment */
	uint32_t flags;		/* open flags, AT_*, RENAME_* */
	uint32_t mode;		/* mode, amode, statx mask, 1 if length is 0 for truncate */
	int in_root;		/* openat2: RESOLVE_IN_ROOT, the dir is the root of all names */
	const char *call;	/* its name, NULL: that of the function of libc */
};

/* From lm_begin to lm_end; on the caller's stack. */
struct lm_access {
	uint8_t  op;
	uint8_t  over;		/* nothing to do in lm_end */
	uint8_t  is_dir;	/* rename of a dir */
	uint32_t flags;
	uint32_t after;		/* bits to record for a once the call is done */
	uint32_t done_a, done_b;	/* bits confirmed by success */
	uint64_t key;		/* of this call's text in the cache; 0: not to be remembered */
	struct lm_path a, b;
};

/*
 * Arguments of a system call by its row. Names and the open_how are addresses in the caller's memory; a door that lives
 * in another process replaces them by copies. LM_OP_OPENAT2 and LM_OP_EXEC need more: see there.
 */
void lm_args_of(const struct lm_row *row, const unsigned long regs[6], struct lm_args *args);

/* The operation of a row, where that depends on arguments. */
uint8_t lm_op_of(const struct lm_row *row, const struct lm_args *args);

/* Will this call be remembered as having nothing new to tell? Then neither lm_begin nor lm_end is needed. */
int lm_known(const struct lm_view *v, uint8_t op, const struct lm_args *args, uint64_t *key);

/* Before the call: resolve, record what is known now, announce what it may write. 0, or -errno to give instead of it. */
int lm_begin(const struct lm_view *v, struct lm_access *acc, uint8_t op, const struct lm_args *args, uint64_t key);

/* What the call has told of the file, if it has. fd: what was opened, -1: nothing. absent: it failed as there is none. */
struct lm_told {
	int fd;
	int absent;
	const struct stat *st;
};

/* After it: what was read, by what the call itself told where it can be had; what was written if it succeeded. */
void lm_end(const struct lm_view *v, struct lm_access *acc, int ok, const struct lm_told *told);

#endif
