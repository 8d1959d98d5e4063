/*
 * The table of the calls that touch files (calls.h), by number of system call. Constant data, no code.
 */
#define _GNU_SOURCE
#include "calls.h"
#include "sys.h"

#ifndef __i386__	/* ours is that of table32.c then */

#define ROW(nr, op, dirfd, path, dirfd2, path2, flags, mode, fixed) \
	[__NR_##nr] = { #nr, LM_OP_##op, dirfd, path, dirfd2, path2, flags, mode, fixed }

#ifdef SYS_open
#define LM_ROWS_BY_NAME
#endif

const struct lm_row lm_rows[LM_N_ROWS] = {
	ROW(newfstatat,        STAT,         0, 1, -1, -1,  3, -1, 0),
	ROW(fanotify_mark,     LINKS,        3, 4, -1, -1, -1, -1, 0),
#include "rows.h"
};
#endif
