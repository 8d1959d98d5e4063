/*
 * Shims of the functions that list dirs without a DIR (that is listing.c), and of those that move the process (preload.h). Any thread of a traced
 * process.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fts.h>
#include <ftw.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../access/sys.h"
#include "../access/tree.h"
#include "preload.h"

LM_EXPORT ssize_t getdents64(int fd, void *buf, size_t size)
{
	lm_note_list(fd);
	return LM_CALL(getdents64, LM_SYS(SYS_getdents64, fd, buf, size), fd, buf, size);
}

LM_EXPORT ssize_t getdirentries(int fd, char *restrict buf, size_t size, off_t *restrict base)
{
	lm_note_list(fd);
	return LM_REAL(getdirentries)(fd, buf, size, base);
}

LM_EXPORT ssize_t getdirentries64(int fd, char *restrict buf, size_t size, off64_t *restrict base)
{
	lm_note_list(fd);
	return LM_REAL(getdirentries64)(fd, buf, size, base);
}

#define SHIM_SCANDIR(name, type) \
	LM_EXPORT int name(const char *path, struct type ***list, int (*filter)(const struct type *), \
			   int (*compare)(const struct type **, const struct type **)) \
	{ \
		return LM_INT(LM_OP_LISTNAME, LM_AT(AT_FDCWD, path, 0, 0), LM_REAL(name)(path, list, filter, compare)); \
	}
SHIM_SCANDIR(scandir, dirent)
SHIM_SCANDIR(scandir64, dirent64)

#define SHIM_SCANDIRAT(name, type) \
	LM_EXPORT int name(int dirfd, const char *path, struct type ***list, int (*filter)(const struct type *), \
			   int (*compare)(const struct type **, const struct type **)) \
	{ \
		return LM_INT(LM_OP_LISTNAME, LM_AT(dirfd, path, 0, 0), \
			      LM_REAL(name)(dirfd, path, list, filter, compare)); \
	}
SHIM_SCANDIRAT(scandirat, dirent)
SHIM_SCANDIRAT(scandirat64, dirent64)

/* glob can be told which functions to use: ours, so that it lists and stats before our eyes. */
static void *glob_open(const char *path)
{
	return opendir(path);
}

static void glob_close(void *d)
{
	closedir(d);
}

#define SHIM_GLOB(name, type, entry, readfn, statfn, lstatfn) \
	static struct entry *name##_read(void *d) \
	{ \
		return readfn(d); \
	} \
	LM_EXPORT int name(const char *restrict pattern, int flags, int (*on_error)(const char *, int), type *restrict g) \
	{ \
		type own; \
		int rc; \
		if ((flags & GLOB_ALTDIRFUNC) || !lm_enter()) \
			return LM_REAL(name)(pattern, flags, on_error, g); \
		own = *g; \
		g->gl_opendir = glob_open; \
		g->gl_closedir = glob_close; \
		g->gl_readdir = name##_read; \
		g->gl_stat = statfn; \
		g->gl_lstat = lstatfn; \
		rc = LM_REAL(name)(pattern, flags | GLOB_ALTDIRFUNC, on_error, g); \
		g->gl_flags &= ~GLOB_ALTDIRFUNC; \
		g->gl_opendir = own.gl_opendir; \
		g->gl_closedir = own.gl_closedir; \
		g->gl_readdir = own.gl_readdir; \
		g->gl_stat = own.gl_stat; \
		g->gl_lstat = own.gl_lstat; \
		return rc; \
	}
SHIM_GLOB(glob, glob_t, dirent, readdir, stat, lstat)
SHIM_GLOB(glob64, glob64_t, dirent64, readdir64, stat64, lstat64)

/* Walks of libc's own: what they will list and stat is recorded beforehand. */
__attribute__((noinline)) void lm_note_tree(const char *path)
{
	const struct lm_args args = { .dirfd = AT_FDCWD, .dirfd2 = AT_FDCWD, .path = path };
	const struct lm_view *v = lm_enter();
	struct lm_access *acc;

	if (!v || !path || lm_hybrid)
		return;
	acc = lm_take();
	lm_begin(v, acc, LM_OP_STAT, &args, 0);
	if (!acc->a.none && acc->a.where != LM_OUTSIDE && acc->a.where != LM_IN_PROC && acc->a.where != LM_IN_TMP)
		lm_tree_listed(v, &acc->a);
	lm_give(acc);
}

#define SHIM_FTW(name, fn_type) \
	LM_EXPORT int name(const char *path, fn_type fn, int n) \
	{ \
		lm_note_tree(path); \
		return LM_REAL(name)(path, fn, n); \
	}
SHIM_FTW(ftw, __ftw_func_t)
SHIM_FTW(ftw64, __ftw64_func_t)

#define SHIM_NFTW(name, fn_type) \
	LM_EXPORT int name(const char *path, fn_type fn, int n, int flags) \
	{ \
		lm_note_tree(path); \
		return LM_REAL(name)(path, fn, n, flags); \
	}
SHIM_NFTW(nftw, __nftw_func_t)
SHIM_NFTW(nftw64, __nftw64_func_t)

#define SHIM_FTS(name, fts, ftsent) \
	LM_EXPORT fts *name(char *const *paths, int options, int (*compare)(const ftsent **, const ftsent **)) \
	{ \
		int i; \
		for (i = 0; paths && paths[i]; i++) \
			lm_note_tree(paths[i]); \
		return LM_REAL(name)(paths, options, compare); \
	}
SHIM_FTS(fts_open, FTS, FTSENT)
SHIM_FTS(fts64_open, FTS64, FTSENT64)

LM_EXPORT int chdir(const char *path)
{
	int rc = LM_INT(LM_OP_CHDIR, LM_AT(AT_FDCWD, path, 0, 0), LM_CALL(chdir, LM_SYS(SYS_chdir, path), path));

	if (!rc)
		lm_moved(lm_enter());
	return rc;
}

LM_EXPORT int fchdir(int fd)
{
	int rc = LM_INT(LM_OP_FCHDIR, LM_AT(fd, NULL, 0, 0), LM_CALL(fchdir, LM_SYS(SYS_fchdir, fd), fd));

	if (!rc)
		lm_moved(lm_enter());
	return rc;
}
