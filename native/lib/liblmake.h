/*
 * What the server asks of the system through jnr-ffi: few, coarse calls with a plain C ABI. Called from any thread of
 * the server; nothing is kept between calls but the descriptors that are returned. All names are relative to the current
 * directory (the repo root) unless absolute; none is followed through a symbolic link. Functions return 0, or what they
 * say, or -errno.
 */
#ifndef LMAKE_LIB_LIBLMAKE_H
#define LMAKE_LIB_LIBLMAKE_H

#include <stdint.h>

enum lmake_kind {
	LMAKE_ABSENT, LMAKE_REGULAR, LMAKE_EXE, LMAKE_LINK, LMAKE_DIR, LMAKE_SPECIAL, LMAKE_THROUGH_LINK,
};

/*
 * Look at n files. names: NUL terminated, back to back; sorted by directory they are looked at faster. For each:
 *	sigs[i]		as crc.h says
 *	dates[i]	later of mtime and ctime, ns; 0 when absent
 *	kinds[i]	enum lmake_kind; 6: its directory is reached through a symbolic link (or is none), sig 0
 *	crcs[i]		computed when the sig is not known_sigs[i] and bit 0 of flags_in[i] is clear, else 0
 * known_sigs and flags_in may be NULL (nothing known, nothing set). threads: how many may work (1 under 2000 names).
 * A file that cannot be read has crc 0. Returns 0, -EINVAL, -ENOMEM.
 */
int lmake_stat_batch(const char *names, int n, int threads, const uint64_t *known_sigs, const uint8_t *flags_in,
		     uint64_t *sigs, uint64_t *crcs, int64_t *dates, uint8_t *kinds);

/*
 * Take an exclusive kernel lock on a file, made if needed (0600). The lock lasts until the descriptor is closed or the
 * process dies; children do not inherit it. Returns the descriptor, -EWOULDBLOCK when another process has it.
 */
int lmake_lock(const char *file);

/* Unlink a file. -EISDIR for a directory, -ELOOP when its directory is reached through a link. */
int lmake_unlink_at(const char *name);

/* Remove an empty directory. */
int lmake_rmdir_at(const char *name);

/* Make a directory and those above. */
int lmake_mkdirs(const char *name);

/*
 * Move a file to LMAKE/quarantine/<dest> (dest "" or NULL: its own name), in place of what was kept there before; the
 * directories are made, and what stands in their way set aside.
 */
int lmake_quarantine(const char *name, const char *dest);

/* The date the filesystem of dir gives to a file made just now, ns: what dates of files may be compared to. */
int64_t lmake_fs_now(const char *dir);

/* Push a file, or a directory's entries, to the disk. */
int lmake_fsync_file(const char *name);

/*
 * Should this process be stopped, send it on. A child of ours that has not been waited for: its number is nobody else's.
 * 1: it was stopped; 0: it is not, or is gone; else -errno.
 */
int lmake_send_on(int pid);

/* User id of the process at the other end of a unix socket. */
int lmake_peer_uid(int fd);

#endif
