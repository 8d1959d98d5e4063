/*
 * The probes of the matrix of the tracer: `probe <dir> <name>...` makes the calls of these names, each in dir/<name> on a regular
 * file, a link, a missing file, a directory and a file through a linked directory (run_matrix_tests.py makes them), and prints the
 * truth: "= <name> <kind> <0, -errno or n/a>" for each call, and "> <name> <kind> <bits> <file>" for each file it touched. Built
 * dynamic, static, with musl, 32 bit. `probe -l` lists the probes. This file has the calls; process.c has the ways for
 * a process to make them.
 */
#include "probe.h"

#include <dirent.h>
#include <ftw.h>
#ifdef __GLIBC__
#include <fts.h>
#endif
#include <glob.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <utime.h>

/*                                 follow  regular    absent     dir */
const struct class READ            = { 1, "LR",       "LR",      "LR" };
const struct class READ_NOFOLLOW   = { 0, "LR",       "LR",      "LR" };
const struct class WRITE           = { 1, "W+L",      "W+L",     "L+R" };
const struct class WRITE_OLD       = { 1, "W+L",      "L",       "L+R" };
const struct class UPDATE          = { 1, "RW+L",     "RW+L",    "LR" };
const struct class UPDATE_OLD      = { 1, "RW+L",     "LR",      "LR" };
const struct class EXCLUSIVE       = { 0, "T",        "W+T",     "T" };
const struct class EXCLUSIVE_READ  = { 0, "R",        "W+R",     "R" };
const struct class STAT            = { 1, "LRT",      "LRT",     "LRT" };
const struct class LSTAT           = { 0, "LRT",      "LRT",     "LRT" };
const struct class SIZE_ONLY       = { 1, "LR+T",     "LR+T",    "LR+T" };
const struct class ACCESS          = { 1, "L+RT",     "L+RT",    "L+RT" };
const struct class ACCESS_X        = { 1, "LR+T",     "LR+T",    "LR+T" };
const struct class NAME            = { 1, "L+RT",     "L+RT",    "+LRT" };
const struct class NAME_NOFOLLOW   = { 0, "L",        "L",       "L" };
const struct class LINKS           = { 1, "",         "L+T",     "" };
const struct class LINKS_NOFOLLOW  = { 0, "",         "L+T",     "" };
const struct class REMOVE          = { 0, "U+T",      "T",       "T" };
const struct class CHMOD           = { 1, "RW+L",     "L+T",     "" };
const struct class TRUNCATE        = { 1, "W+L",      "L",       "L" };
const struct class MAKE_DIR        = { 0, "T",        "T",       "T" };
const struct class MAKE_NEW        = { 0, "T",        "W+T",     "T" };
const struct class SPECIAL         = { 0, "T",        "T",       "T" };
const struct class EXEC            = { 1, "LRX",      "LR+X",    "LR+X" };
const struct class GO_TO           = { 1, "L",        "L",       "L" };
const struct class LIST            = { 1, "+L",       "+L",      "D+L" };
const struct class LIST_OPEN       = { 1, "LR",       "LR",      "LRD" };
const struct class NOTHING         = { 1, "",         "",        "" };

static const char *const kinds[] = { "regular", "link", "absent", "directory", "through" };
static const char *current;

void truth(const struct file *f, const char *bits, const char *name)
{
	printf("> %s %s %s %s\n", current, kinds[f->kind], *bits ? bits : "+", name);
}

void truth_of(const struct file *f, const struct class *c)
{
	const char *bits = f->kind == ABSENT ? c->absent : f->kind == DIRECTORY ? c->dir : c->regular;

	if (f->kind == LINK && !c->follow) {
		truth(f, bits, f->path);
		return;
	}
	if (*f->link)
		truth(f, "L", f->link);
	if (*bits)
		truth(f, bits, f->leaf);
}

const char *with(const struct file *f, const char *end)
{
	static char names[4][300];
	static int next;

	snprintf(names[++next & 3], sizeof(names[0]), "%s%s", f->path, end);
	return names[next & 3];
}

/* The same beside what the path stands for: a name in the dir of a file reached by a link. */
static const char *beside(const struct file *f, const char *end)
{
	static char name[300];

	snprintf(name, sizeof(name), "%s%s", f->kind == THROUGH ? f->leaf : f->path, end);
	return name;
}

int done(long rc)
{
	return rc < 0 ? -errno : 0;
}

int closed(long fd)
{
	int rc = done(fd);

	if (fd >= 0)
		close((int)fd);
	return rc;
}

int reaped(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -ECHILD;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}

static int dir_of(const struct file *f)	/* a descriptor of the dir of the probe, taken without a record */
{
	char name[256];

	snprintf(name, sizeof(name), "%s", f->path);
	name[strcspn(name, "/")] = 0;
	return open(name, O_RDONLY | O_DIRECTORY);
}

static const char *in_dir(const struct file *f)
{
	return strchr(f->path, '/') + 1;
}

/* ---- opening ---- */

#define OPENS(name, call) static int name(const struct file *f) { return closed(call); }
OPENS(o_open, open(f->path, O_RDONLY))
OPENS(o_open_create, open(f->path, O_RDONLY | O_CREAT, 0666))
OPENS(o_open_nofollow, open(f->path, O_RDONLY | O_NOFOLLOW))
OPENS(o_open_path, open(f->path, O_PATH))
OPENS(o_open_path_nofollow, open(f->path, O_PATH | O_NOFOLLOW))
OPENS(o_open_write, open(f->path, O_WRONLY))
OPENS(o_open_append, open(f->path, O_WRONLY | O_APPEND))
OPENS(o_open_trunc, open(f->path, O_RDONLY | O_TRUNC))
OPENS(o_open_write_create, open(f->path, O_WRONLY | O_CREAT | O_TRUNC, 0666))
OPENS(o_open_update, open(f->path, O_RDWR))
OPENS(o_open_update_create, open(f->path, O_RDWR | O_CREAT, 0666))
OPENS(o_open_excl, open(f->path, O_WRONLY | O_CREAT | O_EXCL, 0666))
OPENS(o_open_excl_rw, open(f->path, O_RDWR | O_CREAT | O_EXCL, 0666))
OPENS(o_openat, openat(AT_FDCWD, f->path, O_RDONLY))
OPENS(o_creat, creat(f->path, 0666))
OPENS(o_sys_open, syscall(SYS_open, f->path, O_RDONLY))
OPENS(o_sys_openat, syscall(SYS_openat, AT_FDCWD, f->path, O_RDONLY))
OPENS(o_sys_creat, syscall(SYS_creat, f->path, 0666))
#ifdef __GLIBC__
int __open_2(const char *path, int flags);
int __openat_2(int fd, const char *path, int flags);
OPENS(o_open64, open64(f->path, O_RDONLY))
OPENS(o_openat64, openat64(AT_FDCWD, f->path, O_RDONLY))
OPENS(o_creat64, creat64(f->path, 0666))
OPENS(o_open_2, __open_2(f->path, O_RDONLY))
OPENS(o_openat_2, __openat_2(AT_FDCWD, f->path, O_RDONLY))
#endif

static int o_openat_dir(const struct file *f)
{
	int fd = dir_of(f), rc = closed(openat(fd, in_dir(f), O_RDONLY));

	close(fd);
	return rc;
}

static int openat2_with(const struct file *f, unsigned long flags, unsigned long resolve)
{
	unsigned long long how[3] = { flags, 0, resolve };

	return closed(syscall(437 /* openat2 */, AT_FDCWD, f->path, how, sizeof(how)));
}

static const char *in_root_of(const struct file *f)
{
	static char name[300];

	snprintf(name, sizeof(name), "/../%s", f->path);
	return name;
}

static int o_openat2(const struct file *f) { return openat2_with(f, O_RDONLY, 0); }
static int o_openat2_beneath(const struct file *f) { return openat2_with(f, O_RDONLY, 8 /* RESOLVE_BENEATH */); }
static int o_openat2_write(const struct file *f) { return openat2_with(f, O_WRONLY | O_TRUNC, 0); }

static int o_openat2_in_root(const struct file *f)	/* the path begins where the dir is */
{
	unsigned long long how[3] = { O_RDONLY, 0, 0x10 /* RESOLVE_IN_ROOT */ };
	int top = open(".", O_RDONLY | O_DIRECTORY), rc;

	rc = closed(syscall(437, top, in_root_of(f), how, sizeof(how)));
	close(top);
	return rc;
}

#define FOPENS(name, call) static int name(const struct file *f) \
	{ FILE *s = call; int rc = s ? 0 : -errno; if (s) fclose(s); return rc; }
FOPENS(o_fopen_r, fopen(f->path, "r"))
FOPENS(o_fopen_re, fopen(f->path, "re"))
FOPENS(o_fopen_rp, fopen(f->path, "r+"))
FOPENS(o_fopen_w, fopen(f->path, "w"))
FOPENS(o_fopen_wx, fopen(f->path, "wx"))
FOPENS(o_fopen_a, fopen(f->path, "a"))
FOPENS(o_fopen_ap, fopen(f->path, "a+"))
FOPENS(o_freopen, freopen(f->path, "r", fopen("/dev/null", "r")))
#ifdef __GLIBC__
FOPENS(o_fopen64, fopen64(f->path, "r"))
FOPENS(o_fopen_m, fopen(f->path, "rm"))		/* by mmap */
#endif

/* ---- the same without libc ---- */

static long inlined(long nr, long a, long b, long c, long d)
{
#if defined(__x86_64__) && !defined(__ILP32__)
	register long r10 __asm__("r10") = d;
	long rc;

	__asm__ volatile("syscall" : "=a"(rc) : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
	if (rc < 0) {
		errno = (int)-rc;
		return -1;
	}
	return rc;
#else
	return syscall(nr, a, b, c, d);
#endif
}

#define INLINE(name, ...) static int name(const struct file *f) { return done(inlined(__VA_ARGS__)); }
#define INLINE_OPEN(name, ...) static int name(const struct file *f) { return closed(inlined(__VA_ARGS__)); }
#define P ((long)f->path)
INLINE_OPEN(i_open, SYS_open, P, O_RDONLY, 0, 0)
INLINE_OPEN(i_openat, SYS_openat, AT_FDCWD, P, O_RDONLY, 0)
INLINE_OPEN(i_creat, SYS_creat, P, 0666, 0, 0)
INLINE_OPEN(i_open_update, SYS_open, P, O_RDWR, 0, 0)
INLINE(i_access, SYS_access, P, F_OK, 0, 0)
INLINE(i_unlink, SYS_unlink, P, 0, 0, 0)
INLINE(i_mkdir, SYS_mkdir, P, 0777, 0, 0)
INLINE(i_truncate, SYS_truncate, P, 0, 0, 0)
INLINE(i_symlink, SYS_symlink, (long)"text", P, 0, 0)
INLINE(i_chmod, SYS_chmod, P, 0644, 0, 0)

static int i_stat(const struct file *f)
{
	char st[512];

	return done(inlined(SYS_stat, P, (long)st, 0, 0));
}

static int i_lstat(const struct file *f)
{
	char st[512];

	return done(inlined(SYS_lstat, P, (long)st, 0, 0));
}

static int i_readlink(const struct file *f)
{
	char text[256];

	return done(inlined(SYS_readlink, P, (long)text, sizeof(text), 0));
}

static int i_openat2(const struct file *f)
{
	unsigned long long how[3] = { O_RDONLY, 0, 0 };

	return closed(inlined(437, AT_FDCWD, P, (long)how, sizeof(how)));
}

/* ---- looking ---- */

#define LOOKS(name, call) static int name(const struct file *f) { struct stat st; (void)st; return done(call); }
LOOKS(l_stat, stat(f->path, &st))
LOOKS(l_lstat, lstat(f->path, &st))
LOOKS(l_fstatat, fstatat(AT_FDCWD, f->path, &st, 0))
LOOKS(l_fstatat_nofollow, fstatat(AT_FDCWD, f->path, &st, AT_SYMLINK_NOFOLLOW))
LOOKS(l_access, access(f->path, F_OK))
LOOKS(l_access_r, access(f->path, R_OK))
LOOKS(l_access_x, access(f->path, X_OK))
LOOKS(l_faccessat, faccessat(AT_FDCWD, f->path, R_OK, 0))
LOOKS(l_faccessat_eaccess, faccessat(AT_FDCWD, f->path, R_OK, AT_EACCESS))
#ifdef __GLIBC__
LOOKS(l_euidaccess, euidaccess(f->path, R_OK))
LOOKS(l_stat64, stat64(f->path, (struct stat64 *)&st))
LOOKS(l_canonicalize, canonicalize_file_name(f->path) ? 0 : -1)
LOOKS(l_statx_size, statx(AT_FDCWD, f->path, 0, STATX_SIZE, (struct statx *)(char[512]){ 0 }))
LOOKS(l_statx_mode, statx(AT_FDCWD, f->path, 0, STATX_MODE, (struct statx *)(char[512]){ 0 }))
LOOKS(l_statx_date, statx(AT_FDCWD, f->path, 0, STATX_MTIME, (struct statx *)(char[512]){ 0 }))
#endif
LOOKS(l_sys_stat, syscall(SYS_stat, f->path, (char[512]){ 0 }))
#ifdef __i386__		/* calls that libc of today has no need for */
LOOKS(l_sys_stat64, syscall(SYS_stat64, f->path, (char[512]){ 0 }))
LOOKS(l_sys_lstat64, syscall(SYS_lstat64, f->path, (char[512]){ 0 }))
LOOKS(l_sys_oldstat, syscall(18 /* oldstat */, f->path, (char[512]){ 0 }))
LOOKS(l_sys_fstatat64, syscall(SYS_fstatat64, AT_FDCWD, f->path, (char[512]){ 0 }, AT_SYMLINK_NOFOLLOW))
LOOKS(l_sys_utimensat_time64, syscall(SYS_utimensat_time64, AT_FDCWD, f->path, NULL, 0))
LOOKS(l_sys_chown32, syscall(SYS_chown32, f->path, getuid(), getgid()))
LOOKS(l_sys_statfs64, syscall(SYS_statfs64, f->path, 84, (char[512]){ 0 }))
#endif
LOOKS(l_sys_faccessat2, syscall(439, AT_FDCWD, f->path, F_OK, 0))
LOOKS(l_realpath, realpath(f->path, NULL) ? 0 : -1)
LOOKS(l_readlink, readlink(f->path, (char[256]){ 0 }, 256))
LOOKS(l_readlinkat, readlinkat(AT_FDCWD, f->path, (char[256]){ 0 }, 256))
LOOKS(l_statfs, statfs(f->path, (struct statfs *)(char[512]){ 0 }))
LOOKS(l_getxattr, getxattr(f->path, "user.x", NULL, 0))
LOOKS(l_lgetxattr, lgetxattr(f->path, "user.x", NULL, 0))
LOOKS(l_listxattr, listxattr(f->path, NULL, 0))
LOOKS(l_chown, chown(f->path, getuid(), getgid()))
LOOKS(l_lchown, lchown(f->path, getuid(), getgid()))
LOOKS(l_fchownat, fchownat(AT_FDCWD, f->path, getuid(), getgid(), 0))
LOOKS(l_utime, utime(f->path, NULL))
LOOKS(l_utimensat, utimensat(AT_FDCWD, f->path, NULL, 0))
LOOKS(l_utimensat_nofollow, utimensat(AT_FDCWD, f->path, NULL, AT_SYMLINK_NOFOLLOW))
LOOKS(l_inotify, inotify_add_watch(inotify_init(), f->path, IN_ACCESS))

static int l_fanotify(const struct file *f)
{
	int fd = (int)syscall(SYS_fanotify_init, 0, O_RDONLY);
	int rc;

	if (fd < 0)
		return NOT_HERE;
	rc = done(syscall(SYS_fanotify_mark, fd, 1 /* FAN_MARK_ADD */, 0x20ull /* FAN_OPEN */, AT_FDCWD, f->path));
	close(fd);
	return rc;
}

#define LATE(name, ...) static int name(const struct file *f) { char s[512] = { 0 }; (void)s; return done(syscall(__VA_ARGS__)); }
LATE(l_setxattrat, 463, AT_FDCWD, f->path, 0, "user.x", s, sizeof(struct { long a, b; }))
LATE(l_getxattrat, 464, AT_FDCWD, f->path, 0, "user.x", s, sizeof(struct { long a, b; }))
LATE(l_listxattrat, 465, AT_FDCWD, f->path, 0, NULL, 0)
LATE(l_removexattrat, 466, AT_FDCWD, f->path, AT_SYMLINK_NOFOLLOW, "user.x")
LATE(l_file_getattr, 468, AT_FDCWD, f->path, s, 24, 0)

static int l_name_to_handle(const struct file *f)
{
	struct { unsigned bytes; int type; char data[128]; } h = { .bytes = 128 };
	int mount;

	return done(syscall(SYS_name_to_handle_at, AT_FDCWD, f->path, &h, &mount, AT_SYMLINK_FOLLOW));
}

static int l_open_tree(const struct file *f)
{
	return closed(syscall(428 /* open_tree */, AT_FDCWD, f->path, 0));
}

static int l_open_tree_attr(const struct file *f)
{
	return closed(syscall(467, AT_FDCWD, f->path, 0, NULL, 0));
}

/* ---- changing ---- */

#define CALLS(name, call) static int name(const struct file *f) { return done(call); }
CALLS(c_unlink, unlink(f->path))
CALLS(c_unlinkat, unlinkat(AT_FDCWD, f->path, 0))
CALLS(c_sys_unlink, syscall(SYS_unlink, f->path))
CALLS(c_truncate, truncate(f->path, 0))
CALLS(c_sys_truncate, syscall(SYS_truncate, f->path, 0))
#ifdef __i386__
CALLS(c_sys_truncate64, syscall(SYS_truncate64, f->path, 0, 0))
#endif
CALLS(c_chmod, chmod(f->path, 0644))
CALLS(c_fchmodat, fchmodat(AT_FDCWD, f->path, 0644, 0))
CALLS(c_sys_fchmodat2, syscall(452, AT_FDCWD, f->path, 0644, 0))
CALLS(c_mkdir, mkdir(f->path, 0777))
CALLS(c_mkdirat, mkdirat(AT_FDCWD, f->path, 0777))
CALLS(c_symlink, symlink("text", f->path))
CALLS(c_symlinkat, symlinkat("text", AT_FDCWD, f->path))
CALLS(c_mknod, mknod(f->path, S_IFREG | 0666, 0))
CALLS(c_mkfifo, mkfifo(f->path, 0666))
CALLS(c_mknodat, mknodat(AT_FDCWD, f->path, S_IFREG | 0666, 0))
CALLS(c_sys_symlinkat, syscall(SYS_symlinkat, "text", AT_FDCWD, f->path))

/* The file is open to be read only; who may execute it is part of what it is. */
static int chmod_open(const struct file *f, int how)
{
	static const struct class c = { 1, "RW+L", "LR", "LR" };
	int fd = open(f->path, O_RDONLY), rc;

	truth_of(f, &c);
	if (fd < 0)
		return -errno;
	rc = f->kind == DIRECTORY ? 0 : done(how == 0 ? fchmod(fd, 0644) : how == 1 ? syscall(SYS_fchmod, fd, 0644) :
					     how == 2 ? syscall(452, fd, "", 0644, AT_EMPTY_PATH) : inlined(SYS_fchmod, fd, 0644, 0, 0));
	close(fd);
	return rc;
}

static int c_fchmod(const struct file *f) { return chmod_open(f, 0); }
static int c_sys_fchmod(const struct file *f) { return chmod_open(f, 1); }
static int c_fchmodat2_empty(const struct file *f) { return chmod_open(f, 2); }
static int i_fchmod(const struct file *f) { return chmod_open(f, 3); }

static int c_truncate_part(const struct file *f)
{
	static const struct class c = { 1, "RW+L", "LR", "LR" };

	truth_of(f, &c);
	return done(truncate(f->path, 3));
}

/* The truth of a rename to another name; `there`: bits on the new one. */
static void truth_of_rename(const struct file *f, const char *there)
{
	char name[300];

	if (f->kind == THROUGH)
		truth(f, "L", f->link);
	if (f->kind == DIRECTORY) {
		snprintf(name, sizeof(name), "%s/in", f->path);
		truth(f, "LRU", name);
		snprintf(name, sizeof(name), "%s.new/in", f->path);
		truth(f, "W", name);
	} else {
		truth(f, f->kind == ABSENT ? "LR" : "LRU", f->kind == THROUGH ? f->leaf : f->path);
		if (f->kind != ABSENT)
			truth(f, there, beside(f, ".new"));
	}
}

#define RENAMES(name, bits, call) static int name(const struct file *f) { truth_of_rename(f, bits); return done(call); }
RENAMES(c_rename, "W", rename(f->path, with(f, ".new")))
RENAMES(c_renameat, "W", renameat(AT_FDCWD, f->path, AT_FDCWD, with(f, ".new")))
RENAMES(c_sys_rename, "W", syscall(SYS_rename, f->path, with(f, ".new")))
RENAMES(i_rename, "W", inlined(SYS_rename, (long)f->path, (long)with(f, ".new"), 0, 0))

static int c_rename_noreplace(const struct file *f)
{
	truth_of_rename(f, "W+T");
	if (f->kind == ABSENT)
		truth(f, "T", beside(f, ".new"));
	return done(syscall(SYS_renameat2, AT_FDCWD, f->path, AT_FDCWD, with(f, ".new"), 1));
}

/* What is left of the old name is no content. */
static int c_rename_whiteout(const struct file *f)
{
	int rc = done(syscall(SYS_renameat2, AT_FDCWD, f->path, AT_FDCWD, with(f, ".new"), 4));

	if (rc != -EINVAL && rc != -EPERM)
		truth_of_rename(f, "W");
	return rc == -EINVAL || rc == -EPERM ? NOT_HERE : rc;
}

/* Removes and makes; the other way of replacing a file. */
static int c_rename_over(const struct file *f)
{
	const char *new = with(f, ".made");
	static const struct class c = { 0, "W", "W", "+" };

	closed(open(new, O_WRONLY | O_CREAT, 0666));
	truth(f, f->kind == DIRECTORY ? "RW+L" : "WU+LR", beside(f, ".made"));
	if (f->kind == THROUGH)
		truth(f, "W", f->leaf), truth(f, "L", f->link);
	else
		truth_of(f, &c);
	return done(rename(new, f->path));
}

static int c_exchange(const struct file *f)
{
	const char *other = with(f, ".other");
	static const struct class both = { 0, "RW+L", "LR", "+L" };

	closed(open(other, O_WRONLY | O_CREAT, 0666));
	truth(f, "W+LR", beside(f, ".other"));
	if (f->kind == DIRECTORY) {	/* file by file */
		truth(f, "RW+L", with(f, "/in"));
		truth(f, "W+LR", with(f, ".other/in"));
		truth(f, "W+LR", f->path);
	} else if (f->kind == THROUGH) {
		truth(f, "L", f->link);
		truth(f, "RW+L", f->leaf);
	} else {
		truth_of(f, &both);
	}
	return done(syscall(SYS_renameat2, AT_FDCWD, f->path, AT_FDCWD, other, 2));
}

/* A link to the file under another name. */
static int linked(const struct file *f, int rc, const struct class *source)
{
	truth_of(f, source);
	if (f->kind == THROUGH)
		truth(f, "W+T", beside(f, ".hard"));
	else
		truth(f, f->kind == ABSENT || f->kind == DIRECTORY ? "T" : "W+T", with(f, ".hard"));
	return rc;
}

static int c_link(const struct file *f)
{
	return linked(f, done(link(f->path, with(f, ".hard"))), &READ_NOFOLLOW);
}

static int c_linkat_follow(const struct file *f)
{
	return linked(f, done(linkat(AT_FDCWD, f->path, AT_FDCWD, with(f, ".hard"), AT_SYMLINK_FOLLOW)), &READ);
}

static int c_linkat_fd(const struct file *f)
{
	int fd = open(f->path, O_RDONLY), rc;
	char name[64];

	if (f->kind == DIRECTORY || fd < 0) {
		truth_of(f, &READ);
		return closed(fd);
	}
	sprintf(name, "/proc/self/fd/%d", fd);
	rc = done(linkat(AT_FDCWD, name, AT_FDCWD, with(f, ".hard"), AT_SYMLINK_FOLLOW));
	close(fd);
	return linked(f, rc, &READ);
}

static int c_linkat_empty(const struct file *f)
{
	int fd = open(f->path, O_PATH), rc;

	if (fd < 0) {
		truth_of(f, &READ);
		return -errno;
	}
	rc = done(linkat(fd, "", AT_FDCWD, with(f, ".hard"), AT_EMPTY_PATH));
	close(fd);
	return linked(f, rc, &READ);
}

static int i_link(const struct file *f)
{
	return linked(f, done(inlined(SYS_link, (long)f->path, (long)with(f, ".hard"), 0, 0)), &READ_NOFOLLOW);
}

/* The path is where the link is made. */
static int c_link_to(const struct file *f)
{
	const char *from = with(f, ".from");

	closed(open(from, O_WRONLY | O_CREAT, 0666));
	truth(f, "RW+L", beside(f, ".from"));
	truth_of(f, &MAKE_NEW);
	return done(link(from, f->path));
}

static int c_tmpfile_linkat(const struct file *f)
{
	char name[64];
	int fd = open(".", O_TMPFILE | O_RDWR, 0666), rc;

	if (fd < 0)
		return NOT_HERE;
	sprintf(name, "/proc/self/fd/%d", fd);
	truth_of(f, &MAKE_NEW);
	rc = done(linkat(AT_FDCWD, name, AT_FDCWD, f->path, AT_SYMLINK_FOLLOW));
	close(fd);
	return rc;
}

static int made(const struct file *f, int (*make)(char *))
{
	char name[300];
	int fd;

	snprintf(name, sizeof(name), "%sXXXXXX", f->path);
	if (f->kind == ABSENT) {	/* a dir that is not there */
		snprintf(name, sizeof(name), "%s/XXXXXX", f->path);
		return closed(make(name));
	}
	fd = make(name);
	if (f->kind == THROUGH) {
		char real[300];

		snprintf(real, sizeof(real), "%s%s", f->leaf, name + strlen(f->path));
		truth(f, "W+RT", real);
		truth(f, "L", f->link);
	} else {
		truth(f, "W+RT", name);
	}
	return closed(fd);
}

static int make_stemp(char *name) { return mkstemp(name); }
static int make_ostemp(char *name) { return mkostemp(name, O_CLOEXEC); }
static int c_mkstemp(const struct file *f) { return f->kind == ABSENT ? 0 : made(f, make_stemp); }
static int c_mkostemp(const struct file *f) { return f->kind == ABSENT ? 0 : made(f, make_ostemp); }

/* ---- moving bytes: the opens say it all ---- */

static int copied(const struct file *f, int how)
{
	int from = open(f->path, O_RDONLY), to = -1, rc = 0;
	off_t zero = 0;

	truth_of(f, &READ);
	if (from < 0)
		return -errno;
	if (f->kind != DIRECTORY) {
		to = open(with(f, ".copy"), O_RDWR | O_CREAT | O_TRUNC, 0666);
		truth(f, "W+LR", beside(f, ".copy"));
	}
	if (to >= 0 && how == 0)
		rc = done(sendfile(to, from, &zero, 5));
	if (to >= 0 && how == 1)
		rc = done(syscall(SYS_copy_file_range, from, NULL, to, NULL, 5, 0));
	if (to >= 0 && how == 2) {
		char *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, to, 0);

		rc = done(ftruncate(to, 5));
		if (map != MAP_FAILED && !rc)
			memcpy(map, "bytes", 5);
	}
	close(to);
	close(from);
	return rc;
}

static int m_sendfile(const struct file *f) { return copied(f, 0); }
static int m_copy_file_range(const struct file *f) { return copied(f, 1); }
static int m_mmap(const struct file *f) { return copied(f, 2); }

/* ---- listing ---- */

static int d_readdir(const struct file *f)
{
	DIR *d = opendir(f->path);

	if (!d)
		return -errno;
	while (readdir(d))
		;
	closedir(d);
	return 0;
}

static int d_scandir(const struct file *f)
{
	struct dirent **list;

	return done(scandir(f->path, &list, NULL, NULL));
}

#ifdef __GLIBC__
static int d_scandirat(const struct file *f)
{
	struct dirent **list;

	return done(scandirat(AT_FDCWD, f->path, &list, NULL, NULL));
}

static int d_readdir_r(const struct file *f)
{
	DIR *d = opendir(f->path);
	struct dirent one, *next;

	if (!d)
		return -errno;
	while (!readdir_r(d, &one, &next) && next)
		;
	closedir(d);
	return 0;
}
#endif

static int d_glob(const struct file *f)
{
	static const struct class c = { 1, "+LRT", "+LRT", "D+LRT" };
	glob_t g;

	truth_of(f, &c);
	return glob(with(f, "/*"), 0, NULL, &g) ? -ENOENT : 0;
}

static int visit(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)path, (void)st, (void)type, (void)ftw;
	return 0;
}

/* A link at the top is looked at, and perhaps what it leads to. */
static void truth_of_walk(const struct file *f)
{
	static const struct class c = { 0, "LRT", "LRT", "LRTD" };

	if (f->kind == LINK) {
		truth(f, "L+RT", f->path);
		truth(f, "+LRT", f->leaf);
		return;
	}
	truth_of(f, &c);
	if (f->kind == DIRECTORY)
		truth(f, "LRT", with(f, "/in"));
}

static int d_nftw(const struct file *f)
{
	truth_of_walk(f);
	return done(nftw(f->path, visit, 8, FTW_PHYS));
}

#ifdef __GLIBC__
static int d_fts(const struct file *f)
{
	char *const paths[] = { (char *)f->path, NULL };
	FTS *fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);

	truth_of_walk(f);
	while (fts && fts_read(fts))
		;
	fts_close(fts);
	return 0;
}
#endif

static int listed(const struct file *f, long nr, int without_libc)
{
	int fd = open(f->path, O_RDONLY);
	char list[2048];
	int rc;

	if (fd < 0)
		return -errno;
	rc = done(without_libc ? inlined(nr, fd, (long)list, sizeof(list), 0) : syscall(nr, fd, list, sizeof(list)));
	close(fd);
	return rc;
}

static int d_getdents64(const struct file *f) { return listed(f, SYS_getdents64, 0); }
static int d_getdents(const struct file *f) { return listed(f, SYS_getdents, 0); }
static int d_inline_getdents64(const struct file *f) { return listed(f, SYS_getdents64, 1); }

/* ---- calls that cannot be followed ---- */

static int n_open_by_handle(const struct file *f)
{
	struct { unsigned bytes; int type; char data[128]; } h = { .bytes = 128 };
	int mount, top = open("/", O_RDONLY | O_DIRECTORY), rc;

	if (syscall(SYS_name_to_handle_at, AT_FDCWD, f->path, &h, &mount, AT_SYMLINK_FOLLOW) < 0)
		return -errno;
	rc = closed(syscall(SYS_open_by_handle_at, top, &h, O_RDONLY));
	close(top);
	return rc;
}

static int n_io_uring(const struct file *f)
{
	char params[256] = { 0 };

	(void)f;
	return closed(syscall(425 /* io_uring_setup */, 4, params));
}

static int n_mount(const struct file *f)
{
	return f->kind == DIRECTORY ? done(mount("none", f->path, "nosuch", 0, NULL)) : -ENOENT;
}

static int n_umount(const struct file *f)
{
	return done(umount2(f->path, 0));
}

static int n_chroot(const struct file *f)
{
	int pid;

	if (f->kind != DIRECTORY)
		return -ENOENT;
	pid = fork();
	if (!pid)
		_exit(chroot(f->path) ? errno : 0);
	return reaped(pid);
}

static int n_acct(const struct file *f)
{
	return f->kind == ABSENT ? done(acct(f->path)) : -ENOENT;
}

/* A mount that stands nowhere: what is in it has no name. */
static int n_open_tree_clone(const struct file *f)
{
	int tree = (int)syscall(428, AT_FDCWD, ".", 1 /* OPEN_TREE_CLONE */), rc;

	if (tree < 0)
		return NOT_HERE;
	truth_of(f, &READ);
	rc = closed(openat(tree, f->path, O_RDONLY));
	close(tree);
	return rc;
}

static int n_fsmount(const struct file *f)
{
	int fs = (int)syscall(430, "tmpfs", 0), rc;

	(void)f;
	if (fs < 0 || syscall(431, fs, 6 /* FSCONFIG_CMD_CREATE */, NULL, NULL, 0))
		return NOT_HERE;
	rc = closed(syscall(432, fs, 0, 0));
	close(fs);
	return rc;
}

static int n_swapon(const struct file *f)
{
	if (f->kind != REGULAR)
		return -ENOENT;
	truth_of(f, &READ);
	return done(syscall(SYS_swapon, f->path, 0));
}

static int n_pidfd_getfd(const struct file *f)	/* a descriptor of another process */
{
	int fd = open(f->path, O_RDONLY), other = (int)syscall(434, getpid(), 0), rc;

	if (other < 0)
		return NOT_HERE;
	truth_of(f, &READ);
	rc = closed(syscall(438, other, fd, 0));
	close(other);
	close(fd);
	return rc;
}

/* A socket is no content: nothing to tell. */
static int s_bind(const struct file *f)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM, 0), rc;

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", f->path);
	rc = done(bind(s, (void *)&a, sizeof(a)));
	close(s);
	return rc;
}

#define G "opening"
const struct probe probes[] = {
	{ G, "open", o_open, &READ },
	{ G, "open O_CREAT", o_open_create, &READ },
	{ G, "open O_NOFOLLOW", o_open_nofollow, &READ_NOFOLLOW },
	{ G, "open O_PATH", o_open_path, &READ },
	{ G, "open O_PATH O_NOFOLLOW", o_open_path_nofollow, &READ_NOFOLLOW },
	{ G, "open O_WRONLY", o_open_write, &WRITE_OLD },
	{ G, "open O_WRONLY O_APPEND", o_open_append, &WRITE_OLD },
	{ G, "open O_RDONLY O_TRUNC", o_open_trunc, &WRITE_OLD },
	{ G, "open O_WRONLY O_CREAT O_TRUNC", o_open_write_create, &WRITE },
	{ G, "open O_RDWR", o_open_update, &UPDATE_OLD },
	{ G, "open O_RDWR O_CREAT", o_open_update_create, &UPDATE },
	{ G, "open O_WRONLY O_CREAT O_EXCL", o_open_excl, &EXCLUSIVE },
	{ G, "open O_RDWR O_CREAT O_EXCL", o_open_excl_rw, &EXCLUSIVE_READ },
	{ G, "openat", o_openat, &READ },
	{ G, "openat from a dir", o_openat_dir, &READ },
	{ G, "openat2", o_openat2, &READ },
	{ G, "openat2 RESOLVE_BENEATH", o_openat2_beneath, &READ },
	{ G, "openat2 RESOLVE_IN_ROOT", o_openat2_in_root, &READ },
	{ G, "openat2 O_WRONLY", o_openat2_write, &WRITE_OLD },
	{ G, "creat", o_creat, &WRITE },
	{ G, "fopen r", o_fopen_r, &READ },
	{ G, "fopen re", o_fopen_re, &READ },
	{ G, "fopen r+", o_fopen_rp, &UPDATE_OLD },
	{ G, "fopen w", o_fopen_w, &WRITE },
	{ G, "fopen wx", o_fopen_wx, &EXCLUSIVE },
	{ G, "fopen a", o_fopen_a, &WRITE },
	{ G, "fopen a+", o_fopen_ap, &UPDATE },
	{ G, "freopen", o_freopen, &READ },
#ifdef __GLIBC__
	{ G, "open64", o_open64, &READ },
	{ G, "openat64", o_openat64, &READ },
	{ G, "creat64", o_creat64, &WRITE },
	{ G, "__open_2", o_open_2, &READ },
	{ G, "__openat_2", o_openat_2, &READ },
	{ G, "fopen64", o_fopen64, &READ },
	{ G, "fopen rm", o_fopen_m, &READ },
#endif
	{ G, "syscall open", o_sys_open, &READ },
	{ G, "syscall openat", o_sys_openat, &READ },
	{ G, "syscall creat", o_sys_creat, &WRITE },
#undef G
#define G "calls made inline, without libc"
	{ G, "inline open", i_open, &READ },
	{ G, "inline open O_RDWR", i_open_update, &UPDATE_OLD },
	{ G, "inline openat", i_openat, &READ },
	{ G, "inline openat2", i_openat2, &READ },
	{ G, "inline creat", i_creat, &WRITE },
	{ G, "inline stat", i_stat, &STAT },
	{ G, "inline lstat", i_lstat, &LSTAT },
	{ G, "inline access", i_access, &ACCESS },
	{ G, "inline readlink", i_readlink, &NAME_NOFOLLOW },
	{ G, "inline unlink", i_unlink, &REMOVE },
	{ G, "inline rename", i_rename, NULL },
	{ G, "inline link", i_link, NULL },
	{ G, "inline symlink", i_symlink, &MAKE_NEW },
	{ G, "inline mkdir", i_mkdir, &MAKE_DIR },
	{ G, "inline truncate", i_truncate, &TRUNCATE },
	{ G, "inline chmod", i_chmod, &CHMOD },
	{ G, "inline fchmod", i_fchmod, NULL },
	{ G, "inline getdents64", d_inline_getdents64, &LIST_OPEN },
#undef G
#define G "looking"
	{ G, "stat", l_stat, &STAT },
	{ G, "lstat", l_lstat, &LSTAT },
	{ G, "fstatat", l_fstatat, &STAT },
	{ G, "fstatat AT_SYMLINK_NOFOLLOW", l_fstatat_nofollow, &LSTAT },
	{ G, "syscall stat", l_sys_stat, &STAT },
#ifdef __i386__
	{ G, "syscall stat64", l_sys_stat64, &STAT },
	{ G, "syscall lstat64", l_sys_lstat64, &LSTAT },
	{ G, "syscall oldstat", l_sys_oldstat, &STAT },
	{ G, "syscall fstatat64", l_sys_fstatat64, &LSTAT },
#endif
	{ G, "access F_OK", l_access, &ACCESS },
	{ G, "access R_OK", l_access_r, &ACCESS },
	{ G, "access X_OK", l_access_x, &ACCESS_X },
	{ G, "faccessat", l_faccessat, &ACCESS },
	{ G, "faccessat AT_EACCESS", l_faccessat_eaccess, &ACCESS },
	{ G, "syscall faccessat2", l_sys_faccessat2, &ACCESS },
	{ G, "realpath", l_realpath, &NAME },
	{ G, "readlink", l_readlink, &NAME_NOFOLLOW },
	{ G, "readlinkat", l_readlinkat, &NAME_NOFOLLOW },
#ifdef __GLIBC__
	{ G, "euidaccess", l_euidaccess, &ACCESS },
	{ G, "stat64", l_stat64, &STAT },
	{ G, "canonicalize_file_name", l_canonicalize, &NAME },
	{ G, "statx of size", l_statx_size, &STAT },
	{ G, "statx of mode", l_statx_mode, &SIZE_ONLY },
	{ G, "statx of date", l_statx_date, &(const struct class){ 1, "L", "L", "L" } },
#endif
#undef G
#define G "attributes and watches: what is missing, and links on the way, only"
	{ G, "utime", l_utime, &LINKS },
	{ G, "utimensat", l_utimensat, &LINKS },
	{ G, "utimensat AT_SYMLINK_NOFOLLOW", l_utimensat_nofollow, &LINKS_NOFOLLOW },
	{ G, "chown", l_chown, &LINKS },
	{ G, "lchown", l_lchown, &LINKS_NOFOLLOW },
	{ G, "fchownat", l_fchownat, &LINKS },
	{ G, "statfs", l_statfs, &LINKS },
#ifdef __i386__
	{ G, "syscall utimensat_time64", l_sys_utimensat_time64, &LINKS },
	{ G, "syscall chown32", l_sys_chown32, &LINKS },
	{ G, "syscall statfs64", l_sys_statfs64, &LINKS },
#endif
	{ G, "getxattr", l_getxattr, &LINKS },
	{ G, "lgetxattr", l_lgetxattr, &LINKS_NOFOLLOW },
	{ G, "listxattr", l_listxattr, &LINKS },
	{ G, "syscall setxattrat", l_setxattrat, &LINKS },
	{ G, "syscall getxattrat", l_getxattrat, &LINKS },
	{ G, "syscall listxattrat", l_listxattrat, &LINKS },
	{ G, "syscall removexattrat AT_SYMLINK_NOFOLLOW", l_removexattrat, &LINKS_NOFOLLOW },
	{ G, "syscall file_getattr", l_file_getattr, &LINKS },
	{ G, "inotify_add_watch", l_inotify, &LINKS },
	{ G, "fanotify_mark", l_fanotify, &LINKS },
	{ G, "name_to_handle_at", l_name_to_handle, &LINKS },
	{ G, "open_tree", l_open_tree, &LINKS },
	{ G, "syscall open_tree_attr", l_open_tree_attr, &LINKS },
	{ G, "bind of a unix socket", s_bind, NULL },
#undef G
#define G "changing"
	{ G, "unlink", c_unlink, &REMOVE },
	{ G, "unlinkat", c_unlinkat, &REMOVE },
	{ G, "syscall unlink", c_sys_unlink, &REMOVE },
	{ G, "rename", c_rename, NULL },
	{ G, "renameat", c_renameat, NULL },
	{ G, "syscall rename", c_sys_rename, NULL },
	{ G, "rename RENAME_NOREPLACE", c_rename_noreplace, NULL },
	{ G, "rename RENAME_EXCHANGE", c_exchange, NULL },
	{ G, "rename RENAME_WHITEOUT", c_rename_whiteout, NULL },
	{ G, "rename over", c_rename_over, NULL },
	{ G, "link", c_link, NULL },
	{ G, "linkat AT_SYMLINK_FOLLOW", c_linkat_follow, NULL },
	{ G, "linkat of /proc/self/fd", c_linkat_fd, NULL },
	{ G, "linkat AT_EMPTY_PATH", c_linkat_empty, NULL },
	{ G, "link to", c_link_to, NULL },
	{ G, "O_TMPFILE and linkat", c_tmpfile_linkat, NULL },
	{ G, "symlink", c_symlink, &MAKE_NEW },
	{ G, "symlinkat", c_symlinkat, &MAKE_NEW },
	{ G, "syscall symlinkat", c_sys_symlinkat, &MAKE_NEW },
	{ G, "truncate to nothing", c_truncate, &TRUNCATE },
	{ G, "syscall truncate", c_sys_truncate, &TRUNCATE },
#ifdef __i386__
	{ G, "syscall truncate64", c_sys_truncate64, &TRUNCATE },
#endif
	{ G, "truncate", c_truncate_part, NULL },
	{ G, "chmod", c_chmod, &CHMOD },
	{ G, "fchmodat", c_fchmodat, &CHMOD },
	{ G, "syscall fchmodat2", c_sys_fchmodat2, &CHMOD },
	{ G, "fchmod of a file opened for reading", c_fchmod, NULL },
	{ G, "syscall fchmod", c_sys_fchmod, NULL },
	{ G, "syscall fchmodat2 AT_EMPTY_PATH", c_fchmodat2_empty, NULL },
	{ G, "mkdir", c_mkdir, &MAKE_DIR },
	{ G, "mkdirat", c_mkdirat, &MAKE_DIR },
	{ G, "mknod of a file", c_mknod, &MAKE_NEW },
	{ G, "mknodat of a file", c_mknodat, &MAKE_NEW },
	{ G, "mkfifo", c_mkfifo, &SPECIAL },
	{ G, "mkstemp", c_mkstemp, NULL },
	{ G, "mkostemp", c_mkostemp, NULL },
#undef G
#define G "moving bytes"
	{ G, "sendfile", m_sendfile, NULL },
	{ G, "copy_file_range", m_copy_file_range, NULL },
	{ G, "shared mapping", m_mmap, NULL },
#undef G
#define G "listing"
	{ G, "opendir and readdir", d_readdir, &LIST },
	{ G, "scandir", d_scandir, &LIST },
	{ G, "glob", d_glob, NULL },
	{ G, "nftw", d_nftw, NULL },
#ifdef __GLIBC__
	{ G, "scandirat", d_scandirat, &LIST },
	{ G, "readdir_r", d_readdir_r, &LIST },
	{ G, "fts", d_fts, NULL },
#endif
	{ G, "syscall getdents", d_getdents, &LIST_OPEN },
	{ G, "syscall getdents64", d_getdents64, &LIST_OPEN },
#undef G
#define G "calls that cannot be followed"
	{ G, "open_by_handle_at", n_open_by_handle, &LINKS },
	{ G, "io_uring_setup", n_io_uring, NULL },
	{ G, "mount", n_mount, NULL },
	{ G, "umount2", n_umount, NULL },
	{ G, "chroot", n_chroot, NULL },
	{ G, "acct", n_acct, NULL },
	{ G, "swapon", n_swapon, NULL },
	{ G, "open_tree OPEN_TREE_CLONE", n_open_tree_clone, NULL },
	{ G, "fsmount", n_fsmount, NULL },
	{ G, "pidfd_getfd", n_pidfd_getfd, NULL },
	{ NULL, NULL, NULL, NULL },
};

/* ---- running them ---- */

static void aim(struct file *f, enum kind kind, const char *dir)
{
	static const char *const path[] = { "reg", "lnk", "no", "dir", "ld/in" };
	static const char *const leaf[] = { "reg", "lto", "no", "dir", "real/in" };

	f->kind = kind;
	snprintf(f->path, sizeof(f->path), "%s/%s", dir, path[kind]);
	snprintf(f->leaf, sizeof(f->leaf), "%s/%s", dir, leaf[kind]);
	f->link[0] = 0;
	if (kind == LINK)
		snprintf(f->link, sizeof(f->link), "%s/lnk", dir);
	if (kind == THROUGH)
		snprintf(f->link, sizeof(f->link), "%s/ld", dir);
}

static int run(const struct probe *p, const char *dir)
{
	struct file f;
	int kind, rc;

	current = dir;
	for (kind = 0; kind < N_KINDS; kind++) {
		aim(&f, kind, dir);
		rc = p->run(&f);
		if (rc == NOT_HERE || rc == -ENOSYS) {
			printf("= %s %s n/a\n", dir, kinds[kind]);
			continue;
		}
		if (p->class)
			truth_of(&f, p->class);
		printf("= %s %s %d\n", dir, kinds[kind], rc);
	}
	return 0;
}

static const struct probe *find(const char *name)
{
	const struct probe *const lists[] = { probes, probes_of_process };
	const struct probe *p;
	size_t i;

	for (i = 0; i < 2; i++)
		for (p = lists[i]; p->name; p++)
			if (!strcmp(p->name, name))
				return p;
	fprintf(stderr, "no probe %s\n", name);
	exit(2);
}

static void list(const struct probe *p, const char *where)
{
	for (; p->name; p++)
		printf("%s\t%s\t%s\n", where, p->group, p->name);
}

/* As the child of a probe: one call on one path, its errno as exit code. */
static int as_child(char **argv)
{
	int fd = open(argv[2], O_RDONLY);

	return fd < 0 ? errno : 0;
}

int main(int argc, char **argv)
{
	static char room[1 << 20];	/* no child may write it a second time */
	int i;

	setvbuf(stdout, room, _IOFBF, sizeof(room));
	if (argc == 2 && !strcmp(argv[1], "-l")) {
		list(probes, "call");
		list(probes_of_process, "process");
		return 0;
	}
	if (argc == 3 && !strcmp(argv[1], "-open"))
		return as_child(argv);
	for (i = 1; i + 1 < argc; i += 2)	/* dir, name of the probe */
		run(find(argv[i + 1]), argv[i]);
	return fflush(stdout) ? 1 : 0;
}
