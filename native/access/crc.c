/*
 * Checksums and signatures (crc.h). lm_sig_of and lm_date_of run in traced processes too: they must stay free of libc
 * calls; lm_crc_at runs in the agent and in the server's liblmake.so, in any thread.
 */
#define _GNU_SOURCE
#define XXH_INLINE_ALL
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <xxhash.h>

#include "crc.h"

#define CHUNK 65536

uint64_t lm_sig_of(const struct stat *st)
{
	uint64_t words[5];
	uint64_t kind, h;

	if (S_ISREG(st->st_mode))
		kind = st->st_mode & S_IXUSR ? 2 : 1;
	else if (S_ISLNK(st->st_mode))
		kind = 3;
	else
		return LM_SIG_NONE;
	words[0] = st->st_ino;
	words[1] = (uint64_t)st->st_mtim.tv_sec * 1000000000u + (uint64_t)st->st_mtim.tv_nsec;
	words[2] = (uint64_t)st->st_ctim.tv_sec * 1000000000u + (uint64_t)st->st_ctim.tv_nsec;
	words[3] = (uint64_t)st->st_size;
	words[4] = kind;	/* little-endian: u32 kind, u32 zero */
	h = XXH3_64bits(words, sizeof(words));
	return h < 16 ? h + 16 : h;
}

int64_t lm_date_of(const struct stat *st)
{
	int64_t m = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
	int64_t c = (int64_t)st->st_ctim.tv_sec * 1000000000 + st->st_ctim.tv_nsec;

	return m > c ? m : c;
}

static uint64_t finish(uint64_t h, int is_link)
{
	h = is_link ? h | 1 : h & ~1ull;
	return h < 16 ? h + 16 : h;
}

static int crc_of_link(int dirfd, const char *name, uint64_t *crc)
{
	char text[4097];
	ssize_t n = readlinkat(dirfd, name, text, sizeof(text));

	if (n < 0)
		return -errno;
	*crc = finish(XXH3_64bits_withSeed(text, (size_t)n, 2), 1);
	return 0;
}

/* *st is refreshed to what was opened. */
static int crc_of_file(int dirfd, const char *name, struct stat *st, uint64_t *crc)
{
	char buf[CHUNK];
	XXH3_state_t state;
	ssize_t n;
	int rc = 0;
	int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (fstat(fd, st) < 0) {
		rc = -errno;
		goto out;
	}
	if (!S_ISREG(st->st_mode)) {
		rc = -EAGAIN;	/* replaced meanwhile */
		goto out;
	}
	if (!st->st_size && !(st->st_mode & S_IXUSR)) {
		*crc = LM_CRC_EMPTY;
		goto out;
	}
	XXH3_64bits_reset_withSeed(&state, st->st_mode & S_IXUSR ? 1 : 0);
	while ((n = read(fd, buf, sizeof(buf))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			rc = -errno;
			goto out;
		}
		XXH3_64bits_update(&state, buf, (size_t)n);
	}
	*crc = finish(XXH3_64bits_digest(&state), 0);
out:
	close(fd);
	return rc;
}

int lm_crc_at(int dirfd, const char *name, uint64_t *crc, uint64_t *sig, int64_t *date)
{
	struct stat before, after;
	int rc, i;

	for (i = 0; i < 8; i++) {
		*crc = LM_CRC_NONE;
		*sig = LM_SIG_NONE;
		*date = 0;
		if (fstatat(dirfd, name, &before, AT_SYMLINK_NOFOLLOW) < 0)
			return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
		*date = lm_date_of(&before);
		*sig = lm_sig_of(&before);
		if (S_ISLNK(before.st_mode))
			rc = crc_of_link(dirfd, name, crc);
		else if (S_ISREG(before.st_mode))
			rc = crc_of_file(dirfd, name, &before, crc);
		else
			return 0;
		if (rc == -ENOENT || rc == -ELOOP || rc == -EINVAL || rc == -EAGAIN)
			continue;	/* changed kind between the two calls */
		if (rc < 0)
			return rc;
		if (!fstatat(dirfd, name, &after, AT_SYMLINK_NOFOLLOW) && lm_sig_of(&after) == lm_sig_of(&before)) {
			*sig = lm_sig_of(&after);
			*date = lm_date_of(&after);
			return 0;
		}
	}
	*crc = LM_CRC_UNKNOWN;
	return 0;
}
