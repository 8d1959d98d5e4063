/*
 * Checksum of contents and signature of files (section 6 of src/doc/protocols.md). Used by the agent and by liblmake.so;
 * lm_sig_of alone is used inside traced processes (it calls nothing but the inlined hash). Functions return 0 or -errno.
 */
#ifndef LMAKE_ACCESS_CRC_H
#define LMAKE_ACCESS_CRC_H

#include <stdint.h>
#include <sys/stat.h>

#define LM_CRC_UNKNOWN   0ull
#define LM_CRC_NONE      1ull
#define LM_CRC_UNKNOWN_R 2ull
#define LM_CRC_UNKNOWN_L 3ull
#define LM_CRC_EMPTY     4ull

#define LM_SIG_NONE      0ull	/* absent, dir or special */
#define LM_SIG_UNKNOWN   1ull	/* exists, not looked at */

/* Signature of what a stat call told. */
uint64_t lm_sig_of(const struct stat *st);

/* Later of modification and change time, ns. */
int64_t lm_date_of(const struct stat *st);

/*
 * Checksum of dirfd/name, not following a last link. *sig is that of the content that was summed: the file is stat'ed
 * before and after, and summed again while it moves (8 times, then crc unknown).
 */
int lm_crc_at(int dirfd, const char *name, uint64_t *crc, uint64_t *sig, int64_t *date);

#endif
