/* liblmake.so (see liblmake.h). Threads: the server's, and the helpers of one lmake_stat_batch, gone when it returns. */
#define _GNU_SOURCE
#include "liblmake.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../access/crc.h"
#include "beneath.h"

#define EXPORT      __attribute__((visibility("default")))
#define WORTH       2000	/* names below which one thread is faster */
#define CHUNK       256		/* names a thread takes at once: neighbours, so mostly of one directory */
#define MAX_THREADS 16

struct batch {
	const char **names;
	int n, next;			/* next: taken by atomic add */
	const uint64_t *known;
	const uint8_t *flags;
	uint64_t *sigs, *crcs;
	int64_t *dates;
	uint8_t *kinds;
};

/* The directory last opened by a thread; err is why it could not be. */
struct dir_cache {
	char name[PATH_MAX];
	size_t len;
	int fd, err;
};

static uint8_t kind_of(const struct stat *st)
{
	if (S_ISREG(st->st_mode))
		return st->st_mode & 0111 ? LMAKE_EXE : LMAKE_REGULAR;
	return S_ISLNK(st->st_mode) ? LMAKE_LINK : S_ISDIR(st->st_mode) ? LMAKE_DIR : LMAKE_SPECIAL;
}

static void open_dir_of(struct dir_cache *c, const char *name, size_t len)
{
	if (c->len == len && !memcmp(c->name, name, len))
		return;
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->len = 0;
	if (len >= sizeof c->name) {
		c->err = ENAMETOOLONG;
		c->len = SIZE_MAX;
		return;
	}
	memcpy(c->name, name, len);
	c->name[len] = 0;
	c->len = len;
	c->fd = lm_dir_open(AT_FDCWD, c->name);
	c->err = c->fd < 0 ? -c->fd : 0;
}

static void look_at(struct batch *b, int i, struct dir_cache *c)
{
	const char *name = b->names[i], *slash = strrchr(name, '/'), *leaf = slash ? slash + 1 : name;
	int dir = AT_FDCWD;
	struct stat st;

	b->sigs[i] = LM_SIG_NONE;
	b->crcs[i] = 0;
	b->dates[i] = 0;
	b->kinds[i] = LMAKE_ABSENT;
	if (slash) {
		open_dir_of(c, name, slash == name ? 1 : (size_t)(slash - name));
		dir = c->fd;
		if (dir < 0) {
			if (c->err == ELOOP)
				b->kinds[i] = LMAKE_THROUGH_LINK;
			return;
		}
	}
	if (!*leaf || fstatat(dir, leaf, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	b->sigs[i] = lm_sig_of(&st);
	b->dates[i] = lm_date_of(&st);
	b->kinds[i] = kind_of(&st);
	if ((b->known && b->known[i] == b->sigs[i]) || (b->flags && b->flags[i] & 1))
		return;
	/* Gone, or not readable: crc 0, unknown. */
	if (lm_crc_at(dir, leaf, &b->crcs[i], &b->sigs[i], &b->dates[i]) < 0)
		b->crcs[i] = LM_CRC_UNKNOWN;
}

static void *work(void *arg)
{
	struct batch *b = arg;
	struct dir_cache c;

	c.fd = -1;
	c.err = 0;
	c.len = SIZE_MAX;
	for (;;) {
		int from = __atomic_fetch_add(&b->next, CHUNK, __ATOMIC_RELAXED);
		int to = from + CHUNK < b->n ? from + CHUNK : b->n;

		if (from >= b->n)
			break;
		for (int i = from; i < to; i++)
			look_at(b, i, &c);
	}
	if (c.fd >= 0)
		close(c.fd);
	return NULL;
}

EXPORT int lmake_stat_batch(const char *names, int n, int threads, const uint64_t *known_sigs, const uint8_t *flags_in,
			    uint64_t *sigs, uint64_t *crcs, int64_t *dates, uint8_t *kinds)
{
	struct batch b = {
		.n = n, .known = known_sigs, .flags = flags_in, .sigs = sigs, .crcs = crcs, .dates = dates,
		.kinds = kinds,
	};
	pthread_t helpers[MAX_THREADS];
	int n_helpers = 0;

	if (n < 0 || threads < 0)
		return -EINVAL;
	if (!n)
		return 0;
	b.names = malloc((size_t)n * sizeof *b.names);
	if (!b.names)
		return -ENOMEM;
	for (int i = 0; i < n; i++) {
		b.names[i] = names;
		names += strlen(names) + 1;
	}
	if (threads > MAX_THREADS)
		threads = MAX_THREADS;
	/* Without a helper we do it all: not an error. */
	while (n > WORTH && n_helpers < threads - 1 && !pthread_create(&helpers[n_helpers], NULL, work, &b))
		n_helpers++;
	work(&b);
	while (n_helpers)
		pthread_join(helpers[--n_helpers], NULL);
	free(b.names);
	return 0;
}

EXPORT int lmake_lock(const char *file)
{
	int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600), rc;

	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		rc = -errno;
		close(fd);
		return rc;
	}
	return fd;
}

EXPORT int lmake_unlink_at(const char *name)
{
	return lm_unlink_beneath(AT_FDCWD, name);
}

EXPORT int lmake_rmdir_at(const char *name)
{
	return lm_rmdir_beneath(AT_FDCWD, name);
}

EXPORT int lmake_mkdirs(const char *name)
{
	return lm_mkdirs(AT_FDCWD, name, 0777);
}

EXPORT int lmake_quarantine(const char *name, const char *dest)
{
	char to[PATH_MAX];

	if (!dest || !*dest)
		return lm_quarantine(AT_FDCWD, name);
	if (snprintf(to, sizeof to, "%s/%s", LM_QUARANTINE, dest) >= (int)sizeof to)
		return -ENAMETOOLONG;
	return lm_move_aside(AT_FDCWD, name, to);
}

EXPORT int64_t lmake_fs_now(const char *dir)
{
	char name[PATH_MAX];
	struct stat st;
	int64_t now;
	int fd;

	/* Without a name where that can be: nothing is left by who is killed here. */
	fd = open(dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	if (fd >= 0) {
		now = fstat(fd, &st) < 0 ? -errno : lm_date_of(&st);
		close(fd);
		return now;
	}
	if (snprintf(name, sizeof name, "%s/.now.XXXXXX", dir) >= (int)sizeof name)
		return -ENAMETOOLONG;
	fd = mkostemp(name, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	now = fstat(fd, &st) < 0 ? -errno : lm_date_of(&st);
	close(fd);
	unlink(name);
	return now;
}

EXPORT int lmake_fsync_file(const char *name)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC), rc;

	if (fd < 0)
		return -errno;
	rc = fsync(fd) < 0 ? -errno : 0;
	close(fd);
	return rc;
}

EXPORT int lmake_send_on(int pid)
{
	char name[40], text[300], *at;
	ssize_t n;
	int fd;

	if (pid <= 0)
		return -EINVAL;
	snprintf(name, sizeof name, "/proc/%d/stat", pid);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	n = read(fd, text, sizeof text - 1);
	close(fd);
	text[n > 0 ? n : 0] = 0;
	at = strrchr(text, ')');	/* the name before it may hold anything */
	if (!at || at[1] != ' ' || at[2] != 'T')
		return 0;
	return kill(pid, SIGCONT) < 0 ? -errno : 1;
}

EXPORT int lmake_peer_uid(int fd)
{
	struct ucred peer;
	socklen_t n = sizeof peer;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) < 0)
		return -errno;
	return (int)peer.uid;
}
