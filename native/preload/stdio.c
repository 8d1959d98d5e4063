/*
 * Shims of the functions of libc that open files on their own, without going through open() as others see it
 * (preload.h): stdio, temporary files. Any thread of a traced process.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../access/sys.h"
#include "preload.h"

/* Open flags of a mode of fopen. */
static int flags_of(const char *mode)
{
	int plus = 0;
	const char *p;

	if (!mode)
		return O_RDONLY;
	for (p = mode + !!*mode; *p && *p != ','; p++)
		plus |= *p == '+';
	switch (mode[0]) {
	case 'w':
		return (plus ? O_RDWR : O_WRONLY) | O_CREAT | (strchr(mode, 'x') ? O_EXCL : O_TRUNC);
	case 'a':
		return (plus ? O_RDWR : O_WRONLY) | O_CREAT | O_APPEND;
	default:
		return plus ? O_RDWR : O_RDONLY;
	}
}

#define LM_FILE(args, call) LM_AROUND(FILE *, LM_OP_OPEN, args, call, NULL, lm_rc ? lm_rc->_fileno : -1, NULL)

/* As libc does it, but that the open is ours. Modes that ask for more than an open are left to it. */
static FILE *direct_fopen(const char *path, const char *mode)
{
	int fd, err;
	FILE *f;

	fd = (int)lm_direct_open(AT_FDCWD, path, flags_of(mode) | (strchr(mode, 'e') ? O_CLOEXEC : 0), 0666);
	if (fd < 0)
		return NULL;
	f = LM_REAL(fdopen)(fd, mode);
	if (!f) {
		err = errno;
		lm_sys_close(fd);
		errno = err;
	}
	return f;
}

static int is_plain(const char *mode)
{
	return mode && *mode && strchr("rwa", *mode) && mode[1 + strspn(mode + 1, "b+ex")] == 0;
}

#define SHIM_FOPEN(name) \
	LM_EXPORT FILE *name(const char *path, const char *mode) \
	{ \
		return LM_FILE(LM_AT(AT_FDCWD, path, flags_of(mode), 0), \
			       is_plain(mode) ? LM_CALL(name, direct_fopen(path, mode), path, mode) : \
						LM_REAL(name)(path, mode)); \
	}
SHIM_FOPEN(fopen)
SHIM_FOPEN(fopen64)

#define SHIM_FREOPEN(name) \
	LM_EXPORT FILE *name(const char *path, const char *mode, FILE *f) \
	{ \
		return LM_FILE(LM_AT(AT_FDCWD, path, flags_of(mode), 0), LM_REAL(name)(path, mode, f)); \
	}
SHIM_FREOPEN(freopen)
SHIM_FREOPEN(freopen64)

/* The name is known only afterwards. */
static int made(const char *path, int fd)
{
	const struct lm_view *v = lm_enter();
	const struct lm_args args = { .dirfd = AT_FDCWD, .dirfd2 = AT_FDCWD, .path = path };
	struct lm_access *acc;

	if (!v || fd < 0)
		return fd;
	acc = lm_take();
	lm_begin(v, acc, LM_OP_MADE, &args, 0);
	lm_end(v, acc, 1, &(struct lm_told){ .fd = fd });
	lm_give(acc);
	return fd;
}

#define SHIM_MKSTEMP(name, params, args) \
	LM_EXPORT int name params \
	{ \
		return made(path, LM_REAL(name) args); \
	}
SHIM_MKSTEMP(mkstemp, (char *path), (path))
SHIM_MKSTEMP(mkstemp64, (char *path), (path))
SHIM_MKSTEMP(mkostemp, (char *path, int flags), (path, flags))
SHIM_MKSTEMP(mkostemp64, (char *path, int flags), (path, flags))
SHIM_MKSTEMP(mkstemps, (char *path, int n), (path, n))
SHIM_MKSTEMP(mkstemps64, (char *path, int n), (path, n))
SHIM_MKSTEMP(mkostemps, (char *path, int n, int flags), (path, n, flags))
SHIM_MKSTEMP(mkostemps64, (char *path, int n, int flags), (path, n, flags))
