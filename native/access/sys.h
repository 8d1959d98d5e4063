/*
 * System calls without libc: errno is not touched, nothing of the program's can be in between. For code that runs in
 * traced processes, any thread; the agent uses it through the same files. Only calls that x86-64 and aarch64 both have are
 * made. All go through the gate (gate.h) where it is open, so that a tracer of system calls does not take them for the
 * program's. All return the value of the call, or -errno.
 */
#ifndef LMAKE_ACCESS_SYS_H
#define LMAKE_ACCESS_SYS_H

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "gate.h"

#if defined(__i386__)	/* only what is loaded in programs of 32 bits: no gate, no tracer */
#define SYS_newfstatat SYS_fstatat64
#undef SYS_mmap
#define SYS_mmap       SYS_mmap2	/* the offset is in pages */
#undef SYS_geteuid
#define SYS_geteuid    SYS_geteuid32
#undef SYS_getegid
#define SYS_getegid    SYS_getegid32
#endif

#if defined(__x86_64__) || defined(__i386__)
#define LM_AUDIT_ARCH  AUDIT_ARCH_X86_64
#define LM_ELF_MACHINE EM_X86_64
#define LM_ELF_MACHINE32 EM_386	/* runs here, too */
#define LM_TRIPLET     "x86_64-linux-gnu"
#define LM_CALL_CODE   "\x0f\x05"		/* syscall */
#elif defined(__aarch64__)
#define LM_AUDIT_ARCH  AUDIT_ARCH_AARCH64
#define LM_ELF_MACHINE EM_AARCH64
#define LM_TRIPLET     "aarch64-linux-gnu"
#define LM_CALL_CODE   "\x01\x00\x00\xd4"	/* svc #0 */
#else
#error "the tracer knows the system calls of x86 and aarch64 only"
#endif

static inline long lm_sys6(long nr, long a, long b, long c, long d, long e, long f)
{
	return lm_sys(a, b, c, d, e, f, nr);
}

static inline long lm_sys3(long nr, long a, long b, long c)
{
	return lm_sys(a, b, c, 0, 0, 0, nr);
}

static inline long lm_sys4(long nr, long a, long b, long c, long d)
{
	return lm_sys(a, b, c, d, 0, 0, nr);
}

static inline long lm_sys_readlink(const char *path, char *buf, size_t size)
{
	return lm_sys4(SYS_readlinkat, AT_FDCWD, (long)path, (long)buf, (long)size);
}

#ifdef __i386__
/* The kernel's struct of 32 bits has short dates (sys.c). */
long lm_sys_stat32(int dirfd, const char *path, int flags, struct stat *st);

static inline long lm_sys_fstatat(int dirfd, const char *path, int flags, struct stat *st)
{
	return lm_sys_stat32(dirfd, path, flags, st);
}

static inline long lm_sys_fstat(int fd, struct stat *st)
{
	return lm_sys_stat32(fd, "", AT_EMPTY_PATH, st);
}
#else
static inline long lm_sys_fstatat(int dirfd, const char *path, int flags, struct stat *st)
{
	return lm_sys4(SYS_newfstatat, dirfd, (long)path, (long)st, flags);
}

static inline long lm_sys_fstat(int fd, struct stat *st)
{
	return lm_sys3(SYS_fstat, fd, (long)st, 0);
}
#endif

static inline long lm_sys_lstat(const char *path, struct stat *st)
{
	return lm_sys_fstatat(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, st);
}

static inline long lm_sys_stat(const char *path, struct stat *st)
{
	return lm_sys_fstatat(AT_FDCWD, path, 0, st);
}

/* Is it a dir? flags: AT_SYMLINK_NOFOLLOW. 1, 0, or -errno. For shims, whose struct stat may be any of those libc has. */
long lm_sys_is_dir(const char *path, int flags);

static inline long lm_sys_open(const char *path, int flags)
{
	return lm_sys4(SYS_openat, AT_FDCWD, (long)path, flags | O_CLOEXEC, 0);
}

static inline long lm_sys_pread(int fd, void *buf, size_t size, off_t offset)
{
#ifdef __i386__
	return lm_sys6(SYS_pread64, fd, (long)buf, (long)size, (long)offset, (long)((uint64_t)offset >> 32), 0);
#else
	return lm_sys4(SYS_pread64, fd, (long)buf, (long)size, offset);
#endif
}

static inline void lm_sys_close(int fd)
{
	lm_sys3(SYS_close, fd, 0, 0);
}

#endif
