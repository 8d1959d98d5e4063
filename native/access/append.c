/*
 * Writer of the access log (append.h): one atomic add reserves the room, the magic word written last makes the record
 * exist. Runs in traced processes, any thread, and in the agent.
 */
#define _GNU_SOURCE
#include <string.h>
#include <time.h>

#include "append.h"
#include "sys.h"

static void get_time(struct timespec *now)
{
#ifdef __i386__		/* that of libc has a new name where dates are long, which an old one does not have */
	int32_t old[2] = { 0, 0 };

	if (!lm_sys3(SYS_clock_gettime64, CLOCK_REALTIME, (long)now, 0))
		return;
	lm_sys3(SYS_clock_gettime, CLOCK_REALTIME, (long)old, 0);
	now->tv_sec = old[0];
	now->tv_nsec = old[1];
#else
	clock_gettime(CLOCK_REALTIME, now);	/* vdso: no system call, cannot fail */
#endif
}

void lm_append(struct lm_log_header *log, uint64_t token, uint32_t bits, uint64_t sig, int64_t mtime, const char *path,
	       uint32_t path_len)
{
	uint32_t size = (uint32_t)(sizeof(struct lm_record) + path_len + 1 + 7) & ~7u;
	struct lm_record *rec;
	struct timespec now;
	uint64_t at;

	if (__atomic_load_n(&log->token, __ATOMIC_RELAXED) != token)
		return;		/* a daemon that outlived its job */
	/* Tested first, so that head cannot wrap however long the job goes on after an overflow. */
	if (__atomic_load_n(&log->head, __ATOMIC_RELAXED) + size > log->size)
		goto overflow;
	at = __atomic_fetch_add(&log->head, size, __ATOMIC_RELAXED);
	if (at + size > log->size)
		goto overflow;
	get_time(&now);
	rec = (struct lm_record *)((char *)log + at);
	rec->size = size;
	rec->bits = bits;
	rec->date = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	rec->sig = sig;
	rec->mtime = mtime;
	rec->path_len = path_len;
	rec->reserved = 0;
	memcpy(rec->path, path, path_len);
	memset(rec->path + path_len, 0, size - sizeof(*rec) - path_len);
	__atomic_store_n(&rec->magic, LM_MAGIC ^ token, __ATOMIC_RELEASE);
	return;
overflow:
	__atomic_fetch_add(&log->overflow, 1, __ATOMIC_RELAXED);
}
