/*
 * Shims of the calls that name a file: open, stat, access, links, renames, removals (preload.h). Any thread of a traced
 * process, signal handlers and vfork children included.
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utime.h>

#include "../access/sys.h"
#include "preload.h"

/* Declared nowhere: entry points of fortified code and of programs built long ago. */
int __open_2(const char *, int);
int __open64_2(const char *, int);
int __openat_2(int, const char *, int);
int __openat64_2(int, const char *, int);
int __open(const char *, int, ...);
int __open64(const char *, int, ...);
int __open_nocancel(const char *, int, ...);
int __xstat(int, const char *, struct stat *);
int __xstat64(int, const char *, struct stat64 *);
int __lxstat(int, const char *, struct stat *);
int __lxstat64(int, const char *, struct stat64 *);
int __fxstatat(int, int, const char *, struct stat *, int);
int __fxstatat64(int, int, const char *, struct stat64 *, int);
ssize_t __readlink_chk(const char *, char *, size_t, size_t);
ssize_t __readlinkat_chk(int, const char *, char *, size_t, size_t);
char *__realpath_chk(const char *, char *, size_t);

/* The mode argument is there only when a file may be made. */
#define MAY_MAKE(flags) (((flags) & O_CREAT) || ((flags) & O_TMPFILE) == O_TMPFILE)
#define MODE(flags) \
	({ \
		mode_t mode_ = 0; \
		if (MAY_MAKE(flags)) { \
			va_list ap_; \
			va_start(ap_, flags); \
			mode_ = va_arg(ap_, mode_t); \
			va_end(ap_); \
		} \
		mode_; \
	})

#define SHIM_OPEN(name) \
	LM_EXPORT int name(const char *path, int flags, ...) \
	{ \
		mode_t mode = MODE(flags); \
		return LM_FD(LM_OP_OPEN, LM_AT(AT_FDCWD, path, flags, 0), \
			     LM_CALL(name, lm_direct_open(AT_FDCWD, path, flags, mode), path, flags, mode)); \
	}
SHIM_OPEN(open)
SHIM_OPEN(open64)
SHIM_OPEN(__open)
SHIM_OPEN(__open64)

#define SHIM_OPENAT(name) \
	LM_EXPORT int name(int dirfd, const char *path, int flags, ...) \
	{ \
		mode_t mode = MODE(flags); \
		return LM_FD(LM_OP_OPEN, LM_AT(dirfd, path, flags, 0), \
			     LM_CALL(name, lm_direct_open(dirfd, path, flags, mode), dirfd, path, flags, mode)); \
	}
SHIM_OPENAT(openat)
SHIM_OPENAT(openat64)

#define SHIM_OPEN_2(name) \
	LM_EXPORT int name(const char *path, int flags) \
	{ \
		return LM_FD(LM_OP_OPEN, LM_AT(AT_FDCWD, path, flags, 0), \
			     MAY_MAKE(flags) ? LM_REAL(name)(path, flags) : \
			     LM_CALL(name, lm_direct_open(AT_FDCWD, path, flags, 0), path, flags)); \
	}
SHIM_OPEN_2(__open_2)
SHIM_OPEN_2(__open64_2)

#define SHIM_OPENAT_2(name) \
	LM_EXPORT int name(int dirfd, const char *path, int flags) \
	{ \
		return LM_FD(LM_OP_OPEN, LM_AT(dirfd, path, flags, 0), \
			     MAY_MAKE(flags) ? LM_REAL(name)(dirfd, path, flags) : \
			     LM_CALL(name, lm_direct_open(dirfd, path, flags, 0), dirfd, path, flags)); \
	}
SHIM_OPENAT_2(__openat_2)
SHIM_OPENAT_2(__openat64_2)

#define SHIM_CREAT(name) \
	LM_EXPORT int name(const char *path, mode_t mode) \
	{ \
		return LM_FD(LM_OP_OPEN, LM_AT(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0), \
			     LM_CALL(name, lm_direct_open(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode), \
			     	     	path, mode)); \
	}
SHIM_CREAT(creat)
SHIM_CREAT(creat64)

#define SHIM_STAT(name, type, flags) \
	LM_EXPORT int name(const char *path, struct type *st) \
	{ \
		return LM_STAT(LM_AT(AT_FDCWD, path, flags, 0), name, LM_SYS(SYS_newfstatat, AT_FDCWD, path, st, flags), st, \
			       path, st); \
	}
SHIM_STAT(stat, stat, 0)
SHIM_STAT(stat64, stat64, 0)
SHIM_STAT(lstat, stat, AT_SYMLINK_NOFOLLOW)
SHIM_STAT(lstat64, stat64, AT_SYMLINK_NOFOLLOW)

#define SHIM_XSTAT(name, type, flags) \
	LM_EXPORT int name(int ver, const char *path, struct type *st) \
	{ \
		if (ver < 0 || ver > 1) \
			return LM_REAL(name)(ver, path, st); \
		return LM_STAT(LM_AT(AT_FDCWD, path, flags, 0), name, LM_SYS(SYS_newfstatat, AT_FDCWD, path, st, flags), st, \
			       ver, path, st); \
	}
SHIM_XSTAT(__xstat, stat, 0)
SHIM_XSTAT(__xstat64, stat64, 0)
SHIM_XSTAT(__lxstat, stat, AT_SYMLINK_NOFOLLOW)
SHIM_XSTAT(__lxstat64, stat64, AT_SYMLINK_NOFOLLOW)

/* Only the flag that matters, so that the same stat is remembered whatever else was asked. */
#define NOFOLLOW(flags) ((flags) & AT_SYMLINK_NOFOLLOW)

#define SHIM_FSTATAT(name, type) \
	LM_EXPORT int name(int dirfd, const char *path, struct type *st, int flags) \
	{ \
		return LM_STAT(LM_AT(dirfd, path, NOFOLLOW(flags), 0), name, LM_SYS(SYS_newfstatat, dirfd, path, st, flags), \
			       st, dirfd, path, st, flags); \
	}
SHIM_FSTATAT(fstatat, stat)
SHIM_FSTATAT(fstatat64, stat64)

#define SHIM_FXSTATAT(name, type) \
	LM_EXPORT int name(int ver, int dirfd, const char *path, struct type *st, int flags) \
	{ \
		if (ver < 0 || ver > 1) \
			return LM_REAL(name)(ver, dirfd, path, st, flags); \
		return LM_STAT(LM_AT(dirfd, path, NOFOLLOW(flags), 0), name, LM_SYS(SYS_newfstatat, dirfd, path, st, flags), \
			       st, ver, dirfd, path, st, flags); \
	}
SHIM_FXSTATAT(__fxstatat, stat)
SHIM_FXSTATAT(__fxstatat64, stat64)

/* Nothing to record; but libc of some years makes them by an empty name, which would be notified. */
#define SHIM_FSTAT(name, type) \
	LM_EXPORT int name(int fd, struct type *st) \
	{ \
		return LM_CALL(name, LM_SYS(SYS_fstat, fd, st), fd, st); \
	}
SHIM_FSTAT(fstat, stat)
SHIM_FSTAT(fstat64, stat64)

/* What a statx has told, as far as a sig is made of it; NULL: not enough. Of one that failed nothing is looked at. */
static const struct stat *told(int rc, const struct statx *st, struct stat *to)
{
	const unsigned all = STATX_TYPE | STATX_MODE | STATX_INO | STATX_SIZE | STATX_MTIME | STATX_CTIME;

	memset(to, 0, sizeof(*to));
	if (rc)
		return to;
	if ((st->stx_mask & all) != all)
		return NULL;
	to->st_mode = st->stx_mode;
	to->st_ino = st->stx_ino;
	to->st_size = (off_t)st->stx_size;
	to->st_mtim.tv_sec = st->stx_mtime.tv_sec;
	to->st_mtim.tv_nsec = st->stx_mtime.tv_nsec;
	to->st_ctim.tv_sec = st->stx_ctime.tv_sec;
	to->st_ctim.tv_nsec = st->stx_ctime.tv_nsec;
	return to;
}

LM_EXPORT int statx(int dirfd, const char *path, int flags, unsigned mask, struct statx *st)
{
	struct stat to;

	return LM_TOLD(LM_OP_STATX, LM_AT(dirfd, path, NOFOLLOW(flags), mask), statx,
		       LM_SYS(SYS_statx, dirfd, path, flags, mask, st), told(lm_rc, st, &to), dirfd, path, flags, mask, st);
}

LM_EXPORT int access(const char *path, int mode)
{
	return LM_INT(LM_OP_ACCESS, LM_AT(AT_FDCWD, path, 0, mode),
		      LM_CALL(access, LM_NAMED(access, (path, mode), faccessat, (AT_FDCWD, path, mode)), path, mode));
}

/* libc makes several calls of these, by its own rules. */
#define SHIM_ACCESS(name) \
	LM_EXPORT int name(const char *path, int mode) \
	{ \
		return LM_INT(LM_OP_ACCESS, LM_AT(AT_FDCWD, path, 0, mode), LM_REAL(name)(path, mode)); \
	}
SHIM_ACCESS(eaccess)
SHIM_ACCESS(euidaccess)

LM_EXPORT int faccessat(int dirfd, const char *path, int mode, int flags)
{
	return LM_INT(LM_OP_ACCESS, LM_AT(dirfd, path, NOFOLLOW(flags), mode),
		      flags ? LM_REAL(faccessat)(dirfd, path, mode, flags) :
		      LM_CALL(faccessat, LM_SYS(SYS_faccessat, dirfd, path, mode), dirfd, path, mode, flags));
}

#define LM_SSIZE(op, args, call) LM_AROUND(ssize_t, op, args, call, -1, -1, NULL)

LM_EXPORT ssize_t readlink(const char *path, char *buf, size_t size)
{
	return LM_SSIZE(LM_OP_READLINK, LM_AT(AT_FDCWD, path, 0, 0),
			LM_CALL(readlink, LM_NAMED(readlink, (path, buf, size), readlinkat, (AT_FDCWD, path, buf, size)), path, buf, size));
}

LM_EXPORT ssize_t __readlink_chk(const char *path, char *buf, size_t size, size_t room)
{
	return LM_SSIZE(LM_OP_READLINK, LM_AT(AT_FDCWD, path, 0, 0),
			size > room ? LM_REAL(__readlink_chk)(path, buf, size, room) :
			LM_CALL(__readlink_chk,
				LM_NAMED(readlink, (path, buf, size), readlinkat, (AT_FDCWD, path, buf, size)),
				path, buf, size, room));
}

LM_EXPORT ssize_t readlinkat(int dirfd, const char *path, char *buf, size_t size)
{
	return LM_SSIZE(LM_OP_READLINK, LM_AT(dirfd, path, 0, 0),
			LM_CALL(readlinkat, LM_SYS(SYS_readlinkat, dirfd, path, buf, size), dirfd, path, buf, size));
}

LM_EXPORT ssize_t __readlinkat_chk(int dirfd, const char *path, char *buf, size_t size, size_t room)
{
	return LM_SSIZE(LM_OP_READLINK, LM_AT(dirfd, path, 0, 0),
			size > room ? LM_REAL(__readlinkat_chk)(dirfd, path, buf, size, room) :

		      LM_CALL(__readlinkat_chk, LM_SYS(SYS_readlinkat, dirfd, path, buf, size), dirfd, path, buf, size,
				room));
}

#define LM_STR(op, args, call) LM_AROUND(char *, op, args, call, NULL, -1, NULL)

/* Does what follows a component ask for a dir: "/", "/.", "/.." and what else only has slashes in between? */
static int asks_dir(const char *rest)
{
	if (*rest != '/')
		return 0;
	rest += strspn(rest, "/");
	return !*rest || (rest[0] == '.' && (!rest[1] || rest[1] == '/' || (rest[1] == '.' && (!rest[2] || rest[2] == '/'))));
}

/* One component more, in `at` of length *len; `rest` is what follows, replaced in `text` if it is a link. 0 or -errno. */
static long realpath_step(char *at, size_t *len, char *text, const char **rest, int *links)
{
	char link[LM_PATH_MAX];
	size_t tail = strlen(*rest);
	long n = lm_sys_readlink(at, link, sizeof(link) - 1);

	if (n == -EINVAL)	/* no link */
		return asks_dir(*rest) && !lm_sys_is_dir(at, 0) ? -ENOTDIR : 0;
	if (n < 0)
		return n;
	if (++*links > 40)
		return -ELOOP;
	if ((size_t)n + tail >= LM_PATH_MAX)
		return -ENAMETOOLONG;
	memmove(text + n, *rest, tail + 1);
	memcpy(text, link, (size_t)n);
	*rest = text;
	if (*text == '/')
		*len = 0;
	else
		while (at[--*len] != '/')
			;
	return 0;
}

/*
 * As libc does it, since what it does would be notified: one readlink per component. `at` has LM_PATH_MAX bytes; what
 * was found so far stays there if a component is missing. 0 or -errno.
 */
static long realpath_walk(const char *path, char *at)
{
	char text[LM_PATH_MAX];
	const char *rest = text;
	size_t n, len = 0;
	int links = 0;
	long rc = 0;

	if (strlen(path) >= LM_PATH_MAX)
		return -ENAMETOOLONG;
	strcpy(text, path);
	if (*path != '/') {
		rc = lm_sys3(SYS_getcwd, (long)at, LM_PATH_MAX, 0);
		if (rc < 0 || *at != '/')
			return rc < 0 ? rc : -ENOENT;
		len = rc == 2 ? 0 : (size_t)rc - 1;
	}
	for (rc = 0; !rc && *(rest += strspn(rest, "/")); ) {
		n = strcspn(rest, "/");
		if (n == 2 && rest[0] == '.' && rest[1] == '.') {
			while (len && at[--len] != '/')
				;
			rest += n;
		} else if (n == 1 && rest[0] == '.') {
			rest += n;
		} else if (len + n + 2 > LM_PATH_MAX) {
			rc = -ENAMETOOLONG;
		} else {
			at[len] = '/';
			memcpy(at + len + 1, rest, n);
			len += n + 1;
			at[len] = 0;
			rest += n;
			rc = realpath_step(at, &len, text, &rest, &links);
		}
	}
	if (!len)
		at[len++] = '/';
	at[len] = 0;
	return rc;
}

__attribute__((noinline)) static char *direct_realpath(const char *path, char *buf)
{
	char at[LM_PATH_MAX];
	long rc = !path ? -EINVAL : !*path ? -ENOENT : realpath_walk(path, at);

	if (buf && (!rc || rc == -EACCES || (rc == -ENOENT && *path)))
		strcpy(buf, at);
	if (!rc)
		return buf ? buf : strdup(at);
	errno = (int)-rc;
	return NULL;
}

LM_EXPORT char *realpath(const char *path, char *buf)
{
	return LM_STR(LM_OP_REALPATH, LM_AT(AT_FDCWD, path, 0, 0),
		      LM_CALL(realpath, direct_realpath(path, buf), path, buf));
}

LM_EXPORT char *__realpath_chk(const char *path, char *buf, size_t room)
{
	return LM_STR(LM_OP_REALPATH, LM_AT(AT_FDCWD, path, 0, 0),
		      room < LM_PATH_MAX ? LM_REAL(__realpath_chk)(path, buf, room) :
		      LM_CALL(__realpath_chk, direct_realpath(path, buf), path, buf, room));
}

LM_EXPORT char *canonicalize_file_name(const char *path)
{
	return LM_STR(LM_OP_REALPATH, LM_AT(AT_FDCWD, path, 0, 0),
		      LM_CALL(canonicalize_file_name, direct_realpath(path, NULL), path));
}

LM_EXPORT int unlink(const char *path)
{
	return LM_INT(LM_OP_UNLINK, LM_AT(AT_FDCWD, path, 0, 0),
		      LM_CALL(unlink, LM_NAMED(unlink, (path), unlinkat, (AT_FDCWD, path, 0)), path));
}

LM_EXPORT int unlinkat(int dirfd, const char *path, int flags)
{
	return LM_INT(LM_OP_UNLINK, LM_AT(dirfd, path, flags, 0),
		      LM_CALL(unlinkat, LM_SYS(SYS_unlinkat, dirfd, path, flags), dirfd, path, flags));
}

LM_EXPORT int rmdir(const char *path)
{
	return LM_INT(LM_OP_RMDIR, LM_AT(AT_FDCWD, path, 0, 0),
		      LM_CALL(rmdir, LM_NAMED(rmdir, (path), unlinkat, (AT_FDCWD, path, AT_REMOVEDIR)), path));
}

LM_EXPORT int remove(const char *path)
{
	int dir = path && lm_sys_is_dir(path, AT_SYMLINK_NOFOLLOW) > 0;

	return LM_INT(dir ? LM_OP_RMDIR : LM_OP_UNLINK, LM_AT(AT_FDCWD, path, 0, 0),
		      LM_CALL(remove, dir ? LM_NAMED(rmdir, (path), unlinkat, (AT_FDCWD, path, AT_REMOVEDIR)) :
					    LM_NAMED(unlink, (path), unlinkat, (AT_FDCWD, path, 0)), path));
}

LM_EXPORT int rename(const char *old, const char *new)
{
	return LM_INT(LM_OP_RENAME, LM_TWO(AT_FDCWD, old, AT_FDCWD, new, 0),
		      LM_CALL(rename, LM_NAMED(rename, (old, new), renameat, (AT_FDCWD, old, AT_FDCWD, new)), old, new));
}

LM_EXPORT int renameat(int old_fd, const char *old, int new_fd, const char *new)
{
	return LM_INT(LM_OP_RENAME, LM_TWO(old_fd, old, new_fd, new, 0),
		      LM_CALL(renameat, LM_SYS(SYS_renameat, old_fd, old, new_fd, new), old_fd, old, new_fd, new));
}

LM_EXPORT int renameat2(int old_fd, const char *old, int new_fd, const char *new, unsigned flags)
{
	return LM_INT(LM_OP_RENAME, LM_TWO(old_fd, old, new_fd, new, flags),

		      LM_CALL(renameat2, LM_SYS(SYS_renameat2, old_fd, old, new_fd, new, flags),
		      	old_fd, old, new_fd, new, flags));
}

LM_EXPORT int link(const char *old, const char *new)
{
	return LM_INT(LM_OP_LINK, LM_TWO(AT_FDCWD, old, AT_FDCWD, new, 0),
		      LM_CALL(link, LM_NAMED(link, (old, new), linkat, (AT_FDCWD, old, AT_FDCWD, new, 0)), old, new));
}

LM_EXPORT int linkat(int old_fd, const char *old, int new_fd, const char *new, int flags)
{
	return LM_INT(LM_OP_LINK, LM_TWO(old_fd, old, new_fd, new, flags),

		      LM_CALL(linkat, LM_SYS(SYS_linkat, old_fd, old, new_fd, new, flags),
		      	old_fd, old, new_fd, new, flags));
}

LM_EXPORT int symlink(const char *text, const char *path)
{
	return LM_INT(LM_OP_SYMLINK, LM_AT(AT_FDCWD, path, 0, 0),
		      LM_CALL(symlink, LM_NAMED(symlink, (text, path), symlinkat, (text, AT_FDCWD, path)), text, path));
}

LM_EXPORT int symlinkat(const char *text, int dirfd, const char *path)
{
	return LM_INT(LM_OP_SYMLINK, LM_AT(dirfd, path, 0, 0),
		      LM_CALL(symlinkat, LM_SYS(SYS_symlinkat, text, dirfd, path), text, dirfd, path));
}

LM_EXPORT int mkdir(const char *path, mode_t mode)
{
	return LM_INT(LM_OP_MKDIR, LM_AT(AT_FDCWD, path, 0, 0),
		      LM_CALL(mkdir, LM_NAMED(mkdir, (path, mode), mkdirat, (AT_FDCWD, path, mode)), path, mode));
}

LM_EXPORT int mkdirat(int dirfd, const char *path, mode_t mode)
{
	return LM_INT(LM_OP_MKDIR, LM_AT(dirfd, path, 0, 0),
		      LM_CALL(mkdirat, LM_SYS(SYS_mkdirat, dirfd, path, mode), dirfd, path, mode));
}

LM_EXPORT int mknod(const char *path, mode_t mode, dev_t dev)
{
	return LM_INT(LM_OP_MKNOD, LM_AT(AT_FDCWD, path, 0, mode), LM_REAL(mknod)(path, mode, dev));
}

LM_EXPORT int mknodat(int dirfd, const char *path, mode_t mode, dev_t dev)
{
	return LM_INT(LM_OP_MKNOD, LM_AT(dirfd, path, 0, mode), LM_REAL(mknodat)(dirfd, path, mode, dev));
}

LM_EXPORT int mkfifo(const char *path, mode_t mode)
{
	return LM_INT(LM_OP_MKNOD, LM_AT(AT_FDCWD, path, 0, S_IFIFO | mode),
		      LM_CALL(mkfifo,
			      LM_NAMED(mknod, (path, S_IFIFO | mode), mknodat, (AT_FDCWD, path, S_IFIFO | mode)),
			      path, mode));
}

LM_EXPORT int mkfifoat(int dirfd, const char *path, mode_t mode)
{
	return LM_INT(LM_OP_MKNOD, LM_AT(dirfd, path, 0, S_IFIFO | mode),
		      LM_CALL(mkfifoat, LM_SYS(SYS_mknodat, dirfd, path, S_IFIFO | mode), dirfd, path, mode));
}

LM_EXPORT int truncate(const char *path, off_t size)
{
	return LM_INT(LM_OP_TRUNCATE, LM_AT(AT_FDCWD, path, 0, !size),
		      LM_CALL(truncate, LM_SYS(SYS_truncate, path, size), path, size));
}

LM_EXPORT int truncate64(const char *path, off64_t size)
{
	return LM_INT(LM_OP_TRUNCATE, LM_AT(AT_FDCWD, path, 0, !size),
		      LM_CALL(truncate64, LM_SYS(SYS_truncate, path, size), path, size));
}

LM_EXPORT int chmod(const char *path, mode_t mode)
{
	return LM_INT(LM_OP_CHMOD, LM_AT(AT_FDCWD, path, 0, mode),
		      LM_CALL(chmod, LM_NAMED(chmod, (path, mode), fchmodat, (AT_FDCWD, path, mode)), path, mode));
}

LM_EXPORT int fchmodat(int dirfd, const char *path, mode_t mode, int flags)
{
	return LM_INT(LM_OP_CHMOD, LM_AT(dirfd, path, flags, mode), flags ? LM_REAL(fchmodat)(dirfd, path, mode, flags) :
		      LM_CALL(fchmodat, LM_SYS(SYS_fchmodat, dirfd, path, mode), dirfd, path, mode, flags));
}

LM_EXPORT int fchmod(int fd, mode_t mode)
{
	return LM_INT(LM_OP_FCHMOD, LM_AT(fd, NULL, 0, mode), LM_CALL(fchmod, LM_SYS(SYS_fchmod, fd, mode), fd, mode));
}

LM_EXPORT int fchown(int fd, uid_t user, gid_t group)
{
	return LM_INT(LM_OP_FATTR, LM_AT(fd, NULL, 0, 0), LM_CALL(fchown, LM_SYS(SYS_fchown, fd, user, group), fd, user, group));
}

LM_EXPORT int fsetxattr(int fd, const char *name, const void *value, size_t size, int flags)
{
	return LM_INT(LM_OP_FATTR, LM_AT(fd, NULL, 0, 0),
		      LM_CALL(fsetxattr, LM_SYS(SYS_fsetxattr, fd, name, value, size, flags), fd, name, value, size, flags));
}

#ifndef SYS_utime
/* Where they are no calls of the kernel's. */
static int utime_by(const char *path, const struct utimbuf *times)
{
	struct timespec ts[2] = { { 0 } };

	if (times) {
		ts[0].tv_sec = times->actime;
		ts[1].tv_sec = times->modtime;
	}
	return (int)LM_SYS(SYS_utimensat, AT_FDCWD, path, times ? ts : NULL, 0);
}

static int utimes_by(const char *path, const struct timeval times[2])
{
	struct timespec ts[2] = { { 0 } };
	int i;

	for (i = 0; times && i < 2; i++) {
		if (times[i].tv_usec < 0 || times[i].tv_usec >= 1000000) {
			errno = EINVAL;
			return -1;
		}
		ts[i].tv_sec = times[i].tv_sec;
		ts[i].tv_nsec = 1000 * times[i].tv_usec;
	}
	return (int)LM_SYS(SYS_utimensat, AT_FDCWD, path, times ? ts : NULL, 0);
}
#define LM_UTIME(name, path, times) name##_by(path, times)
#else
#define LM_UTIME(name, path, times) LM_SYS(SYS_##name, path, times)
#endif

LM_EXPORT int utime(const char *path, const struct utimbuf *times)
{
	return LM_INT(LM_OP_LINKS, LM_AT(AT_FDCWD, path, 0, 0),
		      LM_CALL(utime, LM_UTIME(utime, path, times), path, times));
}

LM_EXPORT int utimes(const char *path, const struct timeval times[2])
{
	return LM_INT(LM_OP_LINKS, LM_AT(AT_FDCWD, path, 0, 0),
		      LM_CALL(utimes, LM_UTIME(utimes, path, times), path, times));
}

LM_EXPORT int lutimes(const char *path, const struct timeval times[2])
{
	return LM_INT(LM_OP_LINKS, LM_AT(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, 0), LM_REAL(lutimes)(path, times));
}

LM_EXPORT int futimesat(int dirfd, const char *path, const struct timeval times[2])
{
	return LM_INT(LM_OP_LINKS, LM_AT(dirfd, path, 0, 0), LM_REAL(futimesat)(dirfd, path, times));
}

LM_EXPORT int utimensat(int dirfd, const char *path, const struct timespec times[2], int flags)
{
	return LM_INT(LM_OP_LINKS, LM_AT(dirfd, path, flags, 0), !path ? LM_REAL(utimensat)(dirfd, path, times, flags) :
		      LM_CALL(utimensat, LM_SYS(SYS_utimensat, dirfd, path, times, flags), dirfd, path, times, flags));
}

LM_EXPORT int name_to_handle_at(int dirfd, const char *path, struct file_handle *handle, int *mount_id, int flags)
{
	return LM_INT(LM_OP_LINKS, LM_AT(dirfd, path, flags & AT_SYMLINK_FOLLOW ? 0 : AT_SYMLINK_NOFOLLOW, 0),
		      LM_CALL(name_to_handle_at,
			      LM_SYS(SYS_name_to_handle_at, dirfd, path, handle, mount_id, flags), dirfd, path, handle, mount_id, flags));
}

LM_EXPORT int open_by_handle_at(int mount_fd, struct file_handle *handle, int flags)
{
	return LM_FD(LM_OP_REFUSE, LM_AT(AT_FDCWD, NULL, 0, 0), LM_REAL(open_by_handle_at)(mount_fd, handle, flags));
}
