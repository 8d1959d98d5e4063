/*
 * Shims of the calls that change what all names stand for: mounts, roots and namespaces (preload.h). Any thread of a traced
 * process.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include "preload.h"

LM_EXPORT int unshare(int flags)
{
	return LM_INT(LM_OP_UNSHARE, LM_AT(AT_FDCWD, NULL, (uint32_t)flags, 0), LM_REAL(unshare)(flags));
}

LM_EXPORT int setns(int fd, int type)
{
	return LM_INT(LM_OP_SETNS, LM_AT(fd, NULL, (uint32_t)type, 0), LM_REAL(setns)(fd, type));
}

LM_EXPORT int mount(const char *what, const char *where, const char *type, unsigned long flags, const void *data)
{
	return LM_INT(LM_OP_MOUNT, ({ .call = "mount" }), LM_REAL(mount)(what, where, type, flags, data));
}

LM_EXPORT int umount(const char *where)
{
	return LM_INT(LM_OP_MOUNT, ({ .call = "umount" }), LM_REAL(umount)(where));
}

LM_EXPORT int umount2(const char *where, int flags)
{
	return LM_INT(LM_OP_MOUNT, ({ .call = "umount2" }), LM_REAL(umount2)(where, flags));
}

LM_EXPORT int chroot(const char *path)
{
	return LM_INT(LM_OP_MOUNT, ({ .call = "chroot" }), LM_REAL(chroot)(path));
}

int move_mount(int from, const char *what, int to, const char *where, unsigned flags);

LM_EXPORT int move_mount(int from, const char *what, int to, const char *where, unsigned flags)
{
	return LM_INT(LM_OP_MOUNT, ({ .call = "move_mount" }), LM_REAL(move_mount)(from, what, to, where, flags));
}

int pivot_root(const char *root, const char *old);

LM_EXPORT int pivot_root(const char *root, const char *old)
{
	return LM_INT(LM_OP_MOUNT, ({ .call = "pivot_root" }), LM_REAL(pivot_root)(root, old));
}
