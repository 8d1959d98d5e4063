/*
 * Appending to the access log. Runs in traced processes (any thread, signal handlers, vfork children) and, for the
 * seccomp method, in the agent. No lock, no malloc, errno untouched.
 */
#ifndef LMAKE_ACCESS_APPEND_H
#define LMAKE_ACCESS_APPEND_H

#include <stdint.h>

#include "log.h"

/* One access, date taken now. Dropped when the slot no longer belongs to `token`. `path` need not end with NUL. */
void lm_append(struct lm_log_header *log, uint64_t token, uint32_t bits, uint64_t sig, int64_t mtime, const char *path,
	       uint32_t path_len);

#endif
