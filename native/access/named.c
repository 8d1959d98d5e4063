/*
 * Names of what is open (named.h). The kernel tells them by links of /proc; they are believed where they lead to what is open. In
 * traced processes, any thread, and in the agent. Only raw system calls: errno is the program's.
 */
#define _GNU_SOURCE
#include <string.h>

#include "named.h"
#include "sys.h"

/* Does this device have files of the repo, or of a source dir? */
static int is_device_of_ours(const struct lm_view *v, dev_t dev)
{
	const char *s = v->area->cfg->text + v->area->cfg->source_dirs;
	struct stat st;
	uint32_t i;

	if (!lm_sys_stat(LM_SEEN(v, v->area->seen_root), &st) && st.st_dev == dev)
		return 1;
	for (i = 0; i < v->area->cfg->n_source_dirs; i++) {
		if (!v->foreign_root && !lm_sys_stat(s, &st) && st.st_dev == dev)
			return 1;
		s += strlen(s) + 1;
		s += strlen(s) + 1;
	}
	return 0;
}

/* The dir the agent has last found by its name: most calls are of that one again. It has no other use for this place. */
static int was_found(const struct lm_view *v, const char *text, size_t n, const struct stat *st)
{
	const struct lm_dir *d = v->pid && v->cache ? &v->cache->dir : NULL;

	return d && d->len == n && d->dev == st->st_dev && d->ino == st->st_ino && !memcmp(d->path, text, n);
}

static void remember_found(const struct lm_view *v, const char *text, size_t n, const struct stat *st)
{
	struct lm_dir *d = v->pid && v->cache ? &v->cache->dir : NULL;

	if (!d || n > sizeof(d->path))
		return;
	d->len = (uint32_t)n;
	d->dev = st->st_dev;
	d->ino = st->st_ino;
	memcpy(d->path, text, n);
}

/*
 * Text found in `link`, one of /proc/<pid>/: -1 if it is no name of a file. A dir by whose name another one is found, or none,
 * lies in a mount that is not ours (of another namespace, or none), or was moved just now (-EAGAIN: ask again).
 */
static int fd_text(const struct lm_view *v, const char *link, int fd, char *text, long n)
{
	static const char deleted[] = " (deleted)";
	const size_t m = sizeof(deleted) - 1;
	struct stat is, named;
	int ends;

	if (n <= 0 || n >= LM_PATH_MAX)
		return -1;
	text[n] = 0;
	if (text[0] != '/')
		return strchr(text, ':') ? -1 : 0;	/* pipe:[1234] */
	ends = (size_t)n > m && !memcmp(text + n - m, deleted, m);
	if (fd >= 0 && !v->pid ? lm_sys_fstat(fd, &is) : lm_sys_stat(link, &is))
		return ends ? -1 : 0;
	if ((!ends && !S_ISDIR(is.st_mode)) || was_found(v, text, (size_t)n, &is))
		return 0;
	if (!lm_sys_lstat(LM_SEEN(v, text), &named) && named.st_ino == is.st_ino && named.st_dev == is.st_dev) {
		remember_found(v, text, (size_t)n, &is);
		return 0;
	}
	return S_ISDIR(is.st_mode) && is.st_nlink && is_device_of_ours(v, is.st_dev) ? -EAGAIN : -1;
}

long lm_named_link(const struct lm_view *v, const char *link, int fd, char *text, size_t size)
{
	int i, rc = -1;
	long n = 0;

	for (i = 0; i < 4; i++) {
		n = lm_sys_readlink(link, text, size);
		rc = fd_text(v, link, fd, text, n);
		if (rc != -EAGAIN)
			break;
	}
	if (v->pid && (n == -EACCES || n == -EPERM))
		lm_refuse(v, LM_HIDDEN, "", "");
	if (rc == -EAGAIN)
		lm_refuse(v, "a dir of a mount that has no place among the files of the job (%s) cannot be followed", text, "");
	return rc ? (n == -ENAMETOOLONG ? n : -1) : n;
}

/*
 * To ask for the name of an open dir costs more than all the rest of a call, and who walks a tree asks for each file. The
 * name holds while device and inode are the same and no name of the repo has changed its meaning. Signal handlers and
 * other threads may come in between: what they write at the same time is not believed.
 */
static int recall_dir(const struct lm_view *v, struct lm_path *out, const struct stat *st)
{
	const struct lm_dir *d = &v->cache->dir;
	uint32_t seq = __atomic_load_n(&d->seq, __ATOMIC_ACQUIRE), len = d->len;

	if (seq & 1 || !len || len >= sizeof(d->path) || d->dev != st->st_dev || d->ino != st->st_ino || d->gen != lm_gen(v))
		return 0;
	memcpy(out->real, d->path, len);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (__atomic_load_n(&d->seq, __ATOMIC_RELAXED) != seq)
		return 0;
	out->real[len] = 0;
	out->len = len;
	return 1;
}

static void remember_dir(const struct lm_view *v, const struct lm_path *out, const struct stat *st, uint32_t gen)
{
	struct lm_dir *d = &v->cache->dir;
	uint32_t seq = __atomic_load_n(&d->seq, __ATOMIC_RELAXED);

	if (seq & 1 || !out->len || out->len >= sizeof(d->path) ||
	    !__atomic_compare_exchange_n(&d->seq, &seq, seq + 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	d->gen = gen;
	d->dev = st->st_dev;
	d->ino = st->st_ino;
	d->len = out->len;
	memcpy(d->path, out->real, out->len);
	__atomic_store_n(&d->seq, seq + 2, __ATOMIC_RELEASE);
}

void lm_named_dirfd(const struct lm_view *v, struct lm_path *out, int fd)
{
	struct stat st;
	uint32_t gen;

	if (!v->cache || v->pid || fd < 0 || lm_sys_fstat(fd, &st) || !S_ISDIR(st.st_mode)) {
		lm_resolve_fd(v, out, fd);
		return;
	}
	gen = lm_gen(v);	/* before the name is asked for: should it change meanwhile, it will not be believed */
	if (recall_dir(v, out, &st))
		return;
	lm_resolve_fd(v, out, fd);
	if (!out->none)
		remember_dir(v, out, &st, gen);
}

/* The link of /proc for a descriptor of the process. */
static void name_fd(const struct lm_view *v, int fd, char link[64])
{
	char prefix[32];

	if (v->pid)
		lm_with_number(prefix, "/proc/", (unsigned)v->pid, "/fd/");
	else
		memcpy(prefix, "/proc/self/fd/", 15);
	lm_with_number(link, prefix, (unsigned)fd, "");
}

int lm_fd_stat(const struct lm_view *v, int fd, struct stat *st)
{
	char link[64];

	if (!v->pid)
		return (int)lm_sys_fstat(fd, st);
	if (fd < 0)
		return -EBADF;
	name_fd(v, fd, link);
	return (int)lm_sys_stat(link, st);
}

int lm_fd_open(const struct lm_view *v, int fd)
{
	char link[64];

	if (fd < 0)
		return -EBADF;
	name_fd(v, fd, link);
	return (int)lm_sys_open(link, O_RDONLY | O_NONBLOCK);
}

/*
 * Below a dir whose name is too long the kernel tells none; some levels up it does again. base: a descriptor of ours. Is that dir
 * of the repo? If that cannot be found out, too.
 */
static int is_deep(const struct lm_view *v, struct lm_path *out, int base)
{
	enum { LEVELS = 8 };	/* of 256 bytes each: what is told then is still half as long as a name may be */
	char up[3 * LEVELS + 1], link[64];
	int i, fd;
	long n;

	for (i = 0; i < LEVELS; i++)
		memcpy(up + 3 * i, "../", 3);
	up[3 * LEVELS] = 0;
	for (i = 0; i < 4096 && base >= 0; i++) {
		fd = (int)lm_sys4(SYS_openat, base, (long)up, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
		lm_sys_close(base);
		base = fd;
		if (fd < 0)
			break;
		lm_with_number(link, "/proc/self/fd/", (unsigned)fd, "");
		n = lm_sys_readlink(link, out->real, sizeof(out->real) - 1);
		if (n < 0)
			continue;
		lm_sys_close(fd);
		out->where = lm_where(v->area, out->real, n == 1 ? 0 : (uint32_t)n);
		return out->where == LM_IN_REPO || out->where == LM_AT_ROOT || out->where == LM_IN_SOURCE;
	}
	return 1;
}

void lm_resolve_fd(const struct lm_view *v, struct lm_path *out, int fd)
{
	char link[64];
	long n;

	out->none = 1;
	out->absent = 0;
	out->moving = out->cut = 0;
	out->where = LM_OUTSIDE;
	out->deep = 0;
	if (fd < 0)
		return;
	name_fd(v, fd, link);
	n = lm_named_link(v, link, fd, out->real, sizeof(out->real) - 1);
	if (n == -ENAMETOOLONG)
		out->deep = (uint8_t)is_deep(v, out, (int)lm_sys_open(link, O_PATH));
	if (n < 0 || out->real[0] != '/')
		return;
	out->len = (uint32_t)n;
	if (out->len == 1)
		out->len = 0;	/* the root is "" here, as in the walk */
	out->real[out->len] = 0;
	out->where = lm_where(v->area, out->real, out->len);
	out->none = 0;
}

void lm_named_no_cwd(const struct lm_view *v, struct lm_path *out)
{
	char link[64] = "/proc/self/cwd", text[2];

	if (v->pid)
		lm_with_number(link, "/proc/", (unsigned)v->pid, "/cwd");
	if (lm_sys_readlink(link, text, sizeof(text)) == -ENAMETOOLONG)
		out->deep = (uint8_t)is_deep(v, out, (int)lm_sys_open(link, O_PATH));
}
