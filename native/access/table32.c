/*
 * The table of the calls that touch files by the numbers of 32 bit x86: what a tracer of system calls goes by for programs of 32
 * bits (and for `int 0x80` in any), and what our own calls are in a library built for them. Constant data, no code.
 */
#if defined(__x86_64__) || defined(__i386__)
#define _GNU_SOURCE
#include <asm/unistd_32.h>	/* alone: the numbers of 64 bits have the same names */
#include <fcntl.h>

#include "calls.h"

#define ROW(nr, op, dirfd, path, dirfd2, path2, flags, mode, fixed) \
	[__NR_##nr] = { #nr, LM_OP_##op, dirfd, path, dirfd2, path2, flags, mode, fixed }
#define LM_ROWS_BY_NAME

#ifdef __i386__
const struct lm_row lm_rows[LM_N_ROWS] = {
#else
const struct lm_row lm_rows32[LM_N_ROWS] = {
#endif
#include "rows.h"
	ROW(fanotify_mark,     LINKS,        4, 5, -1, -1, -1, -1, 0),	/* the mask is in two */
	/* Those that 32 bits have twice or thrice, for ids, sizes and dates of more bits. */
	ROW(fstatat64,         STAT,         0, 1, -1, -1,  3, -1, 0),
	ROW(stat64,            STAT,        -1, 0, -1, -1, -1, -1, 0),
	ROW(lstat64,           STAT,        -1, 0, -1, -1, -1, -1, AT_SYMLINK_NOFOLLOW),
	ROW(oldstat,           STAT,        -1, 0, -1, -1, -1, -1, 0),
	ROW(oldlstat,          STAT,        -1, 0, -1, -1, -1, -1, AT_SYMLINK_NOFOLLOW),
	ROW(truncate64,        TRUNCATE,    -1, 0, -1, -1,  2,  1, 0),	/* the length is in two */
	ROW(chown32,           LINKS,       -1, 0, -1, -1, -1, -1, 0),
	ROW(fchown32,          FATTR,        0, -1, -1, -1, -1, -1, 0),
	ROW(lchown32,          LINKS,       -1, 0, -1, -1, -1, -1, AT_SYMLINK_NOFOLLOW),
	ROW(statfs64,          LINKS,       -1, 0, -1, -1, -1, -1, 0),
	ROW(utimensat_time64,  LINKS,        0, 1, -1, -1,  3, -1, 0),
	ROW(readdir,           LIST,         0, -1, -1, -1, -1, -1, 0),
	ROW(umount,            MOUNT,       -1, 0, -1, -1, -1, -1, 0),
};
#endif
