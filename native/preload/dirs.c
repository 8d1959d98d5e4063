/*
 * Shims of the functions that list dirs, and of those that move the process (preload.h). Any thread of a traced process.
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

/* Open dirs known to be listed: a readdir then costs a look here. Forgotten when the DIR is given anew. */
#define N_DIRS 256
static DIR *listed[N_DIRS];

static DIR **slot_of(DIR *d)
{
	return &listed[((uintptr_t)d >> 4) % N_DIRS];
}

static DIR *fresh(DIR *d)
{
	DIR **slot = slot_of(d);

	if (__atomic_load_n(slot, __ATOMIC_RELAXED) == d)
		__atomic_store_n(slot, NULL, __ATOMIC_RELAXED);
	return d;
}

__attribute__((noinline)) static void note_list(int fd)
{
	const struct lm_args args = { .dirfd = fd, .dirfd2 = AT_FDCWD };
	const struct lm_view *v = lm_enter();
	struct lm_access *acc;

	if (!v)
		return;
	acc = lm_take();
	lm_begin(v, acc, LM_OP_LIST, &args, 0);
	lm_give(acc);
}

/* By the hybrid method what libc reads is notified. */
static void seen(DIR *d)
{
	if (lm_hybrid || !d || __atomic_load_n(slot_of(d), __ATOMIC_RELAXED) == d)
		return;
	note_list(dirfd(d));
	if (!lm_vforked)
		__atomic_store_n(slot_of(d), d, __ATOMIC_RELAXED);
}

static DIR *direct_opendir(const char *path)
{
	int err, fd = (int)lm_direct_open(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_DIRECTORY | O_CLOEXEC, 0);
	DIR *d;

	if (fd < 0)
		return NULL;
	d = LM_REAL(fdopendir)(fd);
	if (!d) {
		err = errno;
		lm_sys_close(fd);
		errno = err;
	}
	return d;
}

LM_EXPORT DIR *opendir(const char *path)
{
	return fresh(LM_AROUND(DIR *, LM_OP_OPENDIR, LM_AT(AT_FDCWD, path, 0, 0),
			       LM_CALL(opendir, direct_opendir(path), path), NULL, -1, NULL));
}

LM_EXPORT DIR *fdopendir(int fd)
{
	return fresh(LM_REAL(fdopendir)(fd));
}

LM_EXPORT struct dirent *readdir(DIR *d)
{
	seen(d);
	return LM_REAL(readdir)(d);
}

LM_EXPORT struct dirent64 *readdir64(DIR *d)
{
	seen(d);
	return LM_REAL(readdir64)(d);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
LM_EXPORT int readdir_r(DIR *d, struct dirent *entry, struct dirent **result)
{
	seen(d);
	return LM_REAL(readdir_r)(d, entry, result);
}

LM_EXPORT int readdir64_r(DIR *d, struct dirent64 *entry, struct dirent64 **result)
{
	seen(d);
	return LM_REAL(readdir64_r)(d, entry, result);
}
#pragma GCC diagnostic pop

LM_EXPORT ssize_t getdents64(int fd, void *buf, size_t size)
{
	note_list(fd);
	return LM_CALL(getdents64, LM_SYS(SYS_getdents64, fd, buf, size), fd, buf, size);
}

LM_EXPORT ssize_t getdirentries(int fd, char *restrict buf, size_t size, off_t *restrict base)
{
	note_list(fd);
	return LM_REAL(getdirentries)(fd, buf, size, base);
}

LM_EXPORT ssize_t getdirentries64(int fd, char *restrict buf, size_t size, off64_t *restrict base)
{
	note_list(fd);
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
