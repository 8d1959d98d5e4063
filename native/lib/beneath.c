/* Names that cannot lead out of their directory; see beneath.h. Called from any thread, no state. */
#define _GNU_SOURCE
#include "beneath.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DIR_FLAGS (O_PATH | O_DIRECTORY | O_CLOEXEC)

/* Kernels before 5.6, and sandboxes that hide openat2: one component at a time. */
static int dir_open_by_steps(int top, const char *dir)
{
	int fd = openat(top, *dir == '/' ? "/" : ".", DIR_FLAGS), next;
	char part[NAME_MAX + 1];

	while (fd >= 0) {
		size_t n;

		dir += strspn(dir, "/");
		n = strcspn(dir, "/");
		if (!n)
			return fd;
		if (n > NAME_MAX) {
			close(fd);
			return -ENAMETOOLONG;
		}
		memcpy(part, dir, n);
		part[n] = 0;
		dir += n;
		next = openat(fd, part, DIR_FLAGS | O_NOFOLLOW);
		if (next < 0 && errno == ENOTDIR) {
			struct stat st;

			errno = !fstatat(fd, part, &st, AT_SYMLINK_NOFOLLOW) && S_ISLNK(st.st_mode) ? ELOOP : ENOTDIR;
		}
		close(fd);
		fd = next;
	}
	return -errno;
}

int lm_dir_open(int top, const char *dir)
{
	struct open_how how = { .flags = DIR_FLAGS, .resolve = RESOLVE_NO_SYMLINKS };
	long fd = syscall(SYS_openat2, top, *dir ? dir : ".", &how, sizeof how);

	if (fd >= 0)
		return (int)fd;
	if (errno == ENOSYS || errno == EPERM)
		return dir_open_by_steps(top, dir);
	return -errno;
}

int lm_parent_open(int top, const char *name, const char **leaf)
{
	const char *slash = strrchr(name, '/');
	char dir[PATH_MAX];
	size_t n;

	*leaf = slash ? slash + 1 : name;
	if (!**leaf || !strcmp(*leaf, ".") || !strcmp(*leaf, ".."))
		return -EINVAL;
	n = slash ? (size_t)(slash - name) : 0;
	if (slash == name)
		n = 1;
	if (n >= sizeof dir)
		return -ENAMETOOLONG;
	memcpy(dir, name, n);
	dir[n] = 0;
	return lm_dir_open(top, dir);
}

/* Make one level below what must exist; -ENOENT when that does not. */
static int mkdir_leaf(int top, const char *dir, mode_t mode)
{
	const char *leaf;
	struct stat st;
	int fd = lm_parent_open(top, dir, &leaf), rc = 0;

	if (fd < 0)
		return fd;
	if (mkdirat(fd, leaf, mode) < 0) {
		rc = -errno;
		if (rc == -EEXIST) {
			rc = fstatat(fd, leaf, &st, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
			if (!rc && !S_ISDIR(st.st_mode))
				rc = S_ISLNK(st.st_mode) ? -ELOOP : -ENOTDIR;
		}
	}
	close(fd);
	return rc;
}

int lm_mkdirs(int top, const char *dir, mode_t mode)
{
	char up[PATH_MAX];
	size_t n = strlen(dir);
	int rc;

	if (n >= sizeof up)
		return -ENAMETOOLONG;
	memcpy(up, dir, n + 1);
	while (n > 1 && up[n - 1] == '/')
		up[--n] = 0;
	if (!n || !strcmp(up, "/") || !strcmp(up, "."))
		return 0;
	rc = mkdir_leaf(top, up, mode);
	if (rc == -ENOENT) {
		char *slash = strrchr(up, '/');

		if (!slash || slash == up)
			return rc;
		*slash = 0;
		rc = lm_mkdirs(top, up, mode);
		*slash = '/';
		if (!rc)
			rc = mkdir_leaf(top, up, mode);
	}
	return rc;
}

static int unlink_leaf(int top, const char *name, int flags)
{
	const char *leaf;
	int fd = lm_parent_open(top, name, &leaf), rc;

	if (fd < 0)
		return fd;
	rc = unlinkat(fd, leaf, flags) < 0 ? -errno : 0;
	close(fd);
	return rc;
}

int lm_unlink_beneath(int top, const char *name)
{
	return unlink_leaf(top, name, 0);
}

int lm_rmdir_beneath(int top, const char *dir)
{
	return unlink_leaf(top, dir, AT_REMOVEDIR);
}

static int remove_at(int fd, const char *leaf);

static int empty_dir(int fd, const char *leaf)
{
	int sub = openat(fd, leaf, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), rc = 0;
	struct dirent *e;
	DIR *d;

	if (sub < 0 && errno == EACCES && !fchmodat(fd, leaf, 0700, 0))
		sub = openat(fd, leaf, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (sub < 0)
		return -errno;
	d = fdopendir(sub);
	if (!d) {
		close(sub);
		return -ENOMEM;
	}
	while ((e = readdir(d))) {
		int one;

		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		one = remove_at(sub, e->d_name);
		if (one == -EACCES && !fchmod(sub, 0700))
			one = remove_at(sub, e->d_name);
		if (one)
			rc = one;
	}
	closedir(d);
	return rc;
}

static int remove_at(int fd, const char *leaf)
{
	int rc;

	if (!unlinkat(fd, leaf, 0) || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	if (!unlinkat(fd, leaf, AT_REMOVEDIR) || errno == ENOENT)
		return 0;
	if (errno != ENOTEMPTY && errno != EEXIST)
		return -errno;
	rc = empty_dir(fd, leaf);
	if (rc)
		return rc;
	return unlinkat(fd, leaf, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

int lm_remove_tree(int top, const char *name)
{
	const char *leaf;
	int fd = lm_parent_open(top, name, &leaf), rc;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	rc = remove_at(fd, leaf);
	close(fd);
	return rc;
}

/* What lies at `name`, whatever its shape, goes to a free name beside it. */
static int set_aside(int top, const char *name)
{
	char other[PATH_MAX];
	const char *leaf, *to;
	int fd = lm_parent_open(top, name, &leaf), rc = -EEXIST;

	if (fd < 0)
		return fd;
	for (int i = 1; i < 10000 && rc == -EEXIST; i++) {
		if (snprintf(other, sizeof other, "%s~%d~", leaf, i) >= (int)sizeof other)
			rc = -ENAMETOOLONG;
		else {
			to = other;
			rc = syscall(SYS_renameat2, fd, leaf, fd, to, 1 /* RENAME_NOREPLACE */) < 0 ? -errno : 0;
		}
	}
	close(fd);
	return rc;
}

/* Make the dirs above dest; a file or a link found in place of one of them is set aside. */
static int clear_way(int top, const char *dest)
{
	char dir[PATH_MAX];
	size_t n = strlen(dest);
	int rc;

	if (n >= sizeof dir)
		return -ENAMETOOLONG;
	for (size_t i = 1; i < n; i++) {
		if (dest[i] != '/')
			continue;
		memcpy(dir, dest, i);
		dir[i] = 0;
		rc = mkdir_leaf(top, dir, 0777);
		if (rc == -ENOTDIR || rc == -ELOOP) {
			rc = set_aside(top, dir);
			if (!rc)
				rc = mkdir_leaf(top, dir, 0777);
		}
		if (rc)
			return rc;
	}
	return 0;
}

int lm_move_aside(int top, const char *name, const char *dest)
{
	const char *from_leaf, *to_leaf;
	int from = lm_parent_open(top, name, &from_leaf), to, rc;

	if (from < 0)
		return from;
	rc = clear_way(top, dest);
	if (rc)
		goto out_from;
	to = lm_parent_open(top, dest, &to_leaf);
	if (to < 0) {
		rc = to;
		goto out_from;
	}
	rc = renameat(from, from_leaf, to, to_leaf) < 0 ? -errno : 0;
	if (rc == -EISDIR || rc == -ENOTEMPTY || rc == -EEXIST) {
		rc = set_aside(top, dest);
		if (!rc)
			rc = renameat(from, from_leaf, to, to_leaf) < 0 ? -errno : 0;
	}
	close(to);
out_from:
	close(from);
	return rc;
}

int lm_quarantine(int top, const char *name)
{
	char dest[PATH_MAX];

	if (snprintf(dest, sizeof dest, "%s/%s", LM_QUARANTINE, name) >= (int)sizeof dest)
		return -ENAMETOOLONG;
	return lm_move_aside(top, name, dest);
}

static int copy_content(int from, int to)
{
	static __thread char block[1 << 16];
	ssize_t n;

	for (;;) {
		n = copy_file_range(from, NULL, to, NULL, 1 << 30, 0);
		if (n == 0)
			return 0;
		if (n < 0)
			break;
	}
	/* Not every pair of filesystems can: the offsets are where the last good copy left them. */
	while ((n = read(from, block, sizeof block)) > 0)
		for (ssize_t done = 0, w; done < n; done += w) {
			w = write(to, block + done, (size_t)(n - done));
			if (w < 0)
				return -errno;
		}
	return n < 0 ? -errno : 0;
}

static int copy_over(int fd, const char *leaf, int from, const struct stat *st)
{
	const struct timespec dates[2] = { st->st_atim, st->st_mtim };
	char tmp[64];
	int to, rc;

	snprintf(tmp, sizeof tmp, ".lmake.%d.%llx", (int)getpid(), (unsigned long long)st->st_ino);
	to = openat(fd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (to < 0)
		return -errno;
	rc = copy_content(from, to);
	if (!rc && (fchmod(to, st->st_mode & 07777) < 0 || futimens(to, dates) < 0))
		rc = -errno;
	close(to);
	if (!rc && renameat(fd, tmp, fd, leaf) < 0)
		rc = -errno;
	if (rc)
		unlinkat(fd, tmp, 0);
	return rc;
}

int lm_uniquify(int top, const char *name, bool *done)
{
	const char *leaf;
	struct stat st;
	int fd = lm_parent_open(top, name, &leaf), from, rc = 0;

	*done = false;
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	if (fstatat(fd, leaf, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		rc = errno == ENOENT ? 0 : -errno;
		goto out;
	}
	if (!S_ISREG(st.st_mode) || st.st_nlink < 2 || !(st.st_mode & 0222))
		goto out;
	from = openat(fd, leaf, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (from < 0) {
		rc = -errno;
		goto out;
	}
	rc = copy_over(fd, leaf, from, &st);
	*done = !rc;
	close(from);
out:
	close(fd);
	return rc;
}
