/*
 * What stands in for single system calls where 32 bit x86 has none of the same form (sys.h), and what shims ask of files whatever
 * struct stat they were compiled with. All of ../access is compiled with 64 bits for sizes and dates. Any thread; errno untouched.
 */
#define _GNU_SOURCE
#include <string.h>
#include <sys/sysmacros.h>

#include "sys.h"

#ifdef __i386__
_Static_assert(sizeof(((struct stat *)0)->st_mtim.tv_sec) == 8 && sizeof(off_t) == 8, "dates and sizes of 64 bits");

/* As the kernel fills it, whatever libc has. */
struct kernel_stat64 {
	uint64_t dev;
	uint32_t pad0, ino32, mode, nlink, uid, gid;
	uint64_t rdev;
	uint32_t pad1;
	int64_t  size;
	uint32_t blksize;
	uint64_t blocks;
	uint32_t atime, atime_ns, mtime, mtime_ns, ctime, ctime_ns;
	uint64_t ino;
} __attribute__((packed, aligned(4)));

/* Kernels and sandboxes that know no statx: good until 2038, as all they tell of a file is. */
static long by_fstatat64(int dirfd, const char *path, int flags, struct stat *st)
{
	struct kernel_stat64 k;
	long rc = lm_sys4(SYS_fstatat64, dirfd, (long)path, (long)&k, flags);

	if (rc < 0)
		return rc;
	memset(st, 0, sizeof(*st));
	st->st_dev = k.dev;
	st->st_ino = k.ino;
	st->st_mode = k.mode;
	st->st_nlink = k.nlink;
	st->st_uid = k.uid;
	st->st_gid = k.gid;
	st->st_rdev = k.rdev;
	st->st_size = k.size;
	st->st_mtim.tv_sec = (int32_t)k.mtime;
	st->st_mtim.tv_nsec = (long)k.mtime_ns;
	st->st_ctim.tv_sec = (int32_t)k.ctime;
	st->st_ctim.tv_nsec = (long)k.ctime_ns;
	return 0;
}

long lm_sys_stat32(int dirfd, const char *path, int flags, struct stat *st)
{
	struct statx x;
	long rc = lm_sys6(SYS_statx, dirfd, (long)path, flags, STATX_BASIC_STATS, (long)&x, 0);

	if (rc == -ENOSYS || rc == -EPERM)
		return by_fstatat64(dirfd, path, flags, st);
	if (rc < 0)
		return rc;
	memset(st, 0, sizeof(*st));
	st->st_dev = makedev(x.stx_dev_major, x.stx_dev_minor);
	st->st_ino = x.stx_ino;
	st->st_mode = x.stx_mode;
	st->st_nlink = x.stx_nlink;
	st->st_uid = x.stx_uid;
	st->st_gid = x.stx_gid;
	st->st_rdev = makedev(x.stx_rdev_major, x.stx_rdev_minor);
	st->st_size = (off_t)x.stx_size;
	st->st_mtim.tv_sec = x.stx_mtime.tv_sec;
	st->st_mtim.tv_nsec = (long)x.stx_mtime.tv_nsec;
	st->st_ctim.tv_sec = x.stx_ctime.tv_sec;
	st->st_ctim.tv_nsec = (long)x.stx_ctime.tv_nsec;
	return 0;
}
#endif

long lm_sys_is_dir(const char *path, int flags)
{
	struct stat st;
	long rc = lm_sys_fstatat(AT_FDCWD, path, flags, &st);

	return rc < 0 ? rc : S_ISDIR(st.st_mode);
}
