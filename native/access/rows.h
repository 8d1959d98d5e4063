/*
 * Rows of the table of calls (calls.h) that are the same whatever numbers they have: ROW, defined by who includes this, is given
 * the name of a call, what it does, and which argument is what. table.c makes the table of our own numbers of it, table32.c that
 * of 32 bit x86. Constant data, no code.
 */
/* Later than the oldest headers we build with; from 403 on numbers are the same for all. */
#ifndef __NR_fchmodat2
#define __NR_fchmodat2 452
#endif
#ifndef __NR_fspick
#define __NR_fsmount 432
#define __NR_fspick 433
#endif
#ifndef __NR_pidfd_getfd
#define __NR_pidfd_getfd 438
#endif
#ifndef __NR_mount_setattr
#define __NR_mount_setattr 442
#endif
#ifndef __NR_setxattrat
#define __NR_setxattrat 463
#define __NR_getxattrat 464
#define __NR_listxattrat 465
#define __NR_removexattrat 466
#endif
#ifndef __NR_file_getattr
#define __NR_file_getattr 468
#define __NR_file_setattr 469
#endif
#ifndef __NR_open_tree_attr
#define __NR_open_tree_attr 467
#endif

	/*  call               op        dirfd path dirfd2 path2 flags mode fixed */
	ROW(openat,            OPEN,         0, 1, -1, -1,  2, -1, 0),
	ROW(openat2,           OPENAT2,      0, 1, -1, -1, -1, -1, 0),
	ROW(statx,             STATX,        0, 1, -1, -1,  2,  3, 0),
	ROW(faccessat,         ACCESS,       0, 1, -1, -1, -1,  2, 0),
	ROW(faccessat2,        ACCESS,       0, 1, -1, -1,  3,  2, 0),
	ROW(readlinkat,        READLINK,     0, 1, -1, -1, -1, -1, 0),
	ROW(chdir,             CHDIR,       -1, 0, -1, -1, -1, -1, 0),
	ROW(fchdir,            FCHDIR,       0, -1, -1, -1, -1, -1, 0),
	ROW(mkdirat,           MKDIR,        0, 1, -1, -1, -1, -1, 0),
	ROW(unlinkat,          UNLINK,       0, 1, -1, -1,  2, -1, 0),
	ROW(renameat,          RENAME,       0, 1,  2,  3, -1, -1, 0),
	ROW(renameat2,         RENAME,       0, 1,  2,  3,  4, -1, 0),
	ROW(linkat,            LINK,         0, 1,  2,  3,  4, -1, 0),
	ROW(symlinkat,         SYMLINK,      1, 2, -1, -1, -1, -1, 0),
	ROW(mknodat,           MKNOD,        0, 1, -1, -1, -1,  2, 0),
	ROW(truncate,          TRUNCATE,    -1, 0, -1, -1, -1,  1, 0),
	ROW(fchmodat,          CHMOD,        0, 1, -1, -1, -1,  2, 0),
	ROW(fchmodat2,         CHMOD,        0, 1, -1, -1,  3,  2, 0),
	ROW(fchmod,            FCHMOD,       0, -1, -1, -1, -1, 1, 0),
	ROW(fchown,            FATTR,        0, -1, -1, -1, -1, -1, 0),
	ROW(fsetxattr,         FATTR,        0, -1, -1, -1, -1, -1, 0),
	ROW(fremovexattr,      FATTR,        0, -1, -1, -1, -1, -1, 0),
	ROW(utimensat,         LINKS,        0, 1, -1, -1,  3, -1, 0),
	ROW(name_to_handle_at, LINKS,        0, 1, -1, -1,  4, -1, 0),
	ROW(fchownat,          LINKS,        0, 1, -1, -1,  4, -1, 0),
	ROW(statfs,            LINKS,       -1, 0, -1, -1, -1, -1, 0),
	ROW(getxattr,          LINKS,       -1, 0, -1, -1, -1, -1, 0),
	ROW(setxattr,          LINKS,       -1, 0, -1, -1, -1, -1, 0),
	ROW(listxattr,         LINKS,       -1, 0, -1, -1, -1, -1, 0),
	ROW(removexattr,       LINKS,       -1, 0, -1, -1, -1, -1, 0),
	ROW(lgetxattr,         LINKS,       -1, 0, -1, -1, -1, -1, AT_SYMLINK_NOFOLLOW),
	ROW(lsetxattr,         LINKS,       -1, 0, -1, -1, -1, -1, AT_SYMLINK_NOFOLLOW),
	ROW(llistxattr,        LINKS,       -1, 0, -1, -1, -1, -1, AT_SYMLINK_NOFOLLOW),
	ROW(lremovexattr,      LINKS,       -1, 0, -1, -1, -1, -1, AT_SYMLINK_NOFOLLOW),
	ROW(setxattrat,        LINKS,        0, 1, -1, -1,  2, -1, 0),
	ROW(getxattrat,        LINKS,        0, 1, -1, -1,  2, -1, 0),
	ROW(listxattrat,       LINKS,        0, 1, -1, -1,  2, -1, 0),
	ROW(removexattrat,     LINKS,        0, 1, -1, -1,  2, -1, 0),
	ROW(file_getattr,      LINKS,        0, 1, -1, -1,  4, -1, 0),
	ROW(file_setattr,      LINKS,        0, 1, -1, -1,  4, -1, 0),
	ROW(inotify_add_watch, LINKS,       -1, 1, -1, -1, -1, -1, 0),
	ROW(fspick,            LINKS,        0, 1, -1, -1, -1, -1, 0),
	ROW(open_tree,         TREE,         0, 1, -1, -1,  2, -1, 0),
	ROW(open_tree_attr,    TREE,         0, 1, -1, -1,  2, -1, 0),
	ROW(getdents64,        LIST,         0, -1, -1, -1, -1, -1, 0),
	ROW(execve,            EXEC,        -1, 0, -1, -1, -1, -1, 0),
	ROW(execveat,          EXEC,         0, 1, -1, -1,  4, -1, 0),
	ROW(quotactl,          LINKS,       -1, 1, -1, -1, -1, -1, 0),
	ROW(acct,              REFUSE,      -1, 0, -1, -1, -1, -1, 0),
	ROW(swapon,            REFUSE,      -1, 0, -1, -1, -1, -1, 0),
	ROW(unshare,           UNSHARE,     -1, -1, -1, -1,  0, -1, 0),
	ROW(setns,             SETNS,        0, -1, -1, -1,  1, -1, 0),
	ROW(mount,             MOUNT,       -1, 1, -1, -1, -1, -1, 0),
	ROW(move_mount,        MOUNT,        2, 3, -1, -1, -1, -1, 0),
	ROW(fsmount,           MOUNT,       -1, -1, -1, -1, -1, -1, 0),
	ROW(umount2,           MOUNT,       -1, 0, -1, -1, -1, -1, 0),
	ROW(mount_setattr,     MOUNT,        0, 1, -1, -1, -1, -1, 0),
	ROW(chroot,            MOUNT,       -1, 0, -1, -1, -1, -1, 0),
	ROW(pivot_root,        MOUNT,       -1, 0, -1, -1, -1, -1, 0),
	ROW(open_by_handle_at, REFUSE,      -1, -1, -1, -1, -1, -1, 0),
	ROW(pidfd_getfd,       ABSENT,      -1, -1, -1, -1, -1, -1, 0),
	ROW(io_uring_setup,    ABSENT,      -1, -1, -1, -1, -1, -1, 0),
	ROW(io_uring_enter,    ABSENT,      -1, -1, -1, -1, -1, -1, 0),
	ROW(io_uring_register, ABSENT,      -1, -1, -1, -1, -1, -1, 0),
#ifdef LM_ROWS_BY_NAME	/* those by a name alone; architectures of later have none of them */
	ROW(open,              OPEN,        -1, 0, -1, -1,  1, -1, 0),
	ROW(creat,             OPEN,        -1, 0, -1, -1, -1, -1, O_WRONLY | O_CREAT | O_TRUNC),
	ROW(stat,              STAT,        -1, 0, -1, -1, -1, -1, 0),
	ROW(lstat,             STAT,        -1, 0, -1, -1, -1, -1, AT_SYMLINK_NOFOLLOW),
	ROW(access,            ACCESS,      -1, 0, -1, -1, -1,  1, 0),
	ROW(readlink,          READLINK,    -1, 0, -1, -1, -1, -1, 0),
	ROW(mkdir,             MKDIR,       -1, 0, -1, -1, -1, -1, 0),
	ROW(rmdir,             RMDIR,       -1, 0, -1, -1, -1, -1, 0),
	ROW(unlink,            UNLINK,      -1, 0, -1, -1, -1, -1, 0),
	ROW(rename,            RENAME,      -1, 0, -1,  1, -1, -1, 0),
	ROW(link,              LINK,        -1, 0, -1,  1, -1, -1, 0),
	ROW(symlink,           SYMLINK,     -1, 1, -1, -1, -1, -1, 0),
	ROW(mknod,             MKNOD,       -1, 0, -1, -1, -1,  1, 0),
	ROW(chmod,             CHMOD,       -1, 0, -1, -1, -1,  1, 0),
	ROW(utime,             LINKS,       -1, 0, -1, -1, -1, -1, 0),
	ROW(utimes,            LINKS,       -1, 0, -1, -1, -1, -1, 0),
	ROW(futimesat,         LINKS,        0, 1, -1, -1, -1, -1, 0),
	ROW(chown,             LINKS,       -1, 0, -1, -1, -1, -1, 0),
	ROW(lchown,            LINKS,       -1, 0, -1, -1, -1, -1, AT_SYMLINK_NOFOLLOW),
	ROW(getdents,          LIST,         0, -1, -1, -1, -1, -1, 0),
	ROW(uselib,            REFUSE,      -1, 0, -1, -1, -1, -1, 0),
#endif
