/*
 * Shims of the names that functions of libc have on 32 bit x86 for programs whose dates have 64 bits (preload.h). Their structs are
 * of no concern here: only names of files are looked at. Any thread of a traced process.
 */
#ifdef __i386__
#define _GNU_SOURCE
#include <dirent.h>
#include <glob.h>
#include <stddef.h>

#include "../access/sys.h"
#include "preload.h"

#define SHIM(type, name, params, op, at, bad, args) \
	type name params; \
	LM_EXPORT type name params \
	{ \
		return LM_AROUND(type, op, at, LM_REAL(name) args, bad, -1, NULL); \
	}
#define SHIM_INT(name, params, op, at, args) SHIM(int, name, params, op, at, -1, args)

SHIM_INT(__stat64_time64, (const char *path, void *st), LM_OP_STAT, LM_AT(AT_FDCWD, path, 0, 0), (path, st))
SHIM_INT(__lstat64_time64, (const char *path, void *st), LM_OP_STAT, LM_AT(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, 0), (path, st))
SHIM_INT(__fstatat64_time64, (int dirfd, const char *path, void *st, int flags), LM_OP_STAT,
	 LM_AT(dirfd, path, flags & AT_SYMLINK_NOFOLLOW, 0), (dirfd, path, st, flags))
SHIM_INT(__utime64, (const char *path, const void *times), LM_OP_LINKS, LM_AT(AT_FDCWD, path, 0, 0), (path, times))
SHIM_INT(__utimes64, (const char *path, const void *times), LM_OP_LINKS, LM_AT(AT_FDCWD, path, 0, 0), (path, times))
SHIM_INT(__lutimes64, (const char *path, const void *times), LM_OP_LINKS, LM_AT(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, 0), (path, times))
SHIM_INT(__futimesat64, (int dirfd, const char *path, const void *times), LM_OP_LINKS, LM_AT(dirfd, path, 0, 0), (dirfd, path, times))
SHIM_INT(__utimensat64, (int dirfd, const char *path, const void *times, int flags), LM_OP_LINKS, LM_AT(dirfd, path, flags, 0),
	 (dirfd, path, times, flags))

int __ftw64_time64(const char *path, void *fn, int n);
LM_EXPORT int __ftw64_time64(const char *path, void *fn, int n)
{
	lm_note_tree(path);
	return LM_REAL(__ftw64_time64)(path, fn, n);
}

int __nftw64_time64(const char *path, void *fn, int n, int flags);
LM_EXPORT int __nftw64_time64(const char *path, void *fn, int n, int flags)
{
	lm_note_tree(path);
	return LM_REAL(__nftw64_time64)(path, fn, n, flags);
}

void *__fts64_open_time64(char *const *paths, int options, void *compare);
LM_EXPORT void *__fts64_open_time64(char *const *paths, int options, void *compare)
{
	int i;

	for (i = 0; paths && paths[i]; i++)
		lm_note_tree(paths[i]);
	return LM_REAL(__fts64_open_time64)(paths, options, compare);
}

/* glob64_t, but for what its functions take. */
static void *glob_open(const char *path)
{
	return opendir(path);
}

static void glob_close(void *d)
{
	closedir(d);
}

static struct dirent64 *glob_read(void *d)
{
	return readdir64(d);
}

typedef int stat_fn(const char *restrict, struct stat64 *restrict);

int __glob64_time64(const char *pattern, int flags, int (*on_error)(const char *, int), glob64_t *g);
LM_EXPORT int __glob64_time64(const char *pattern, int flags, int (*on_error)(const char *, int), glob64_t *g)
{
	glob64_t own;
	int rc;

	if ((flags & GLOB_ALTDIRFUNC) || !lm_enter())
		return LM_REAL(__glob64_time64)(pattern, flags, on_error, g);
	own = *g;
	g->gl_opendir = glob_open;
	g->gl_closedir = glob_close;
	g->gl_readdir = glob_read;
	g->gl_stat = (stat_fn *)(void *)__stat64_time64;
	g->gl_lstat = (stat_fn *)(void *)__lstat64_time64;
	rc = LM_REAL(__glob64_time64)(pattern, flags | GLOB_ALTDIRFUNC, on_error, g);
	g->gl_flags &= ~GLOB_ALTDIRFUNC;
	g->gl_opendir = own.gl_opendir;
	g->gl_closedir = own.gl_closedir;
	g->gl_readdir = own.gl_readdir;
	g->gl_stat = own.gl_stat;
	g->gl_lstat = own.gl_lstat;
	return rc;
}
#endif
