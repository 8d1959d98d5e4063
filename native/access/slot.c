/*
 * Slots of the access log (slot.h). Runs in the agent's thread only; the mapping is shared with the job's processes, so
 * that only `head`, `token` and records are ever read while they run.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "slot.h"

#define KEEP (4ull << 20)	/* memory of the log kept from job to job */

int lm_slot_open(struct lm_slot *slot, const char *dir, unsigned index)
{
	void *map;
	int rc;

	slot->log = NULL;
	if ((size_t)snprintf(slot->path, sizeof(slot->path), "%s/log.%u", dir, index) >= sizeof(slot->path))
		return -ENAMETOOLONG;
	slot->fd = open(slot->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (slot->fd < 0)
		return -errno;
	if (ftruncate(slot->fd, (off_t)LM_LOG_SIZE) < 0)
		goto fail;
	map = mmap(NULL, LM_LOG_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, slot->fd, 0);
	if (map == MAP_FAILED)
		goto fail;
	slot->log = map;
	slot->log->token = 0;
	return 0;
fail:
	rc = -errno;
	close(slot->fd);
	slot->fd = -1;
	return rc;
}

/*
 * Copy bytes that end with a NUL at *at in the header's text; its offset, or 0 when there is no room (offset 0 is the
 * empty string).
 */
static uint32_t put_bytes(struct lm_log_header *log, uint32_t *at, const char *s, size_t n)
{
	uint32_t here = *at;

	if (offsetof(struct lm_log_header, text) + here + n > LM_LOG_HEAD_SIZE) {
		*at = UINT32_MAX / 2;	/* no later string fits either */
		return 0;
	}
	memcpy(log->text + here, s, n);
	*at += (uint32_t)n;
	return here;
}

static uint32_t put(struct lm_log_header *log, uint32_t *at, const char *s)
{
	return put_bytes(log, at, s, strlen(s) + 1);
}

int lm_slot_reset(struct lm_slot *slot, uint64_t token, const struct lm_slot_cfg *cfg)
{
	struct lm_log_header *log = slot->log;
	uint64_t used = log->head < LM_LOG_SIZE ? log->head : LM_LOG_SIZE;
	uint32_t at = 1, i;

	lm_slot_retire(slot);
	if (used > KEEP)
		fallocate(slot->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)KEEP, (off_t)(used - KEEP));
	log->version = LM_LOG_VERSION;
	log->flags = cfg->flags;
	log->size = LM_LOG_SIZE;
	log->overflow = 0;
	log->link_support = cfg->link_support;
	log->text[0] = 0;
	log->repo_root = put(log, &at, cfg->repo_root);
	log->tmp_dir = put(log, &at, cfg->tmp_dir);
	log->socket = put(log, &at, cfg->socket);
	log->preload = put(log, &at, cfg->preload);
	log->audit = put(log, &at, cfg->audit ? cfg->audit : "");
	log->n_source_dirs = cfg->n_source_dirs;
	log->source_dirs = at;
	for (i = 0; i < 2 * cfg->n_source_dirs; i++)
		put(log, &at, cfg->source_dirs[i]);
	log->seen_root = cfg->seen_root ? put(log, &at, cfg->seen_root) : log->repo_root;
	log->n_mounts = cfg->n_mounts;
	log->mounts = cfg->n_mounts ? put_bytes(log, &at, cfg->mounts, cfg->mounts_size) : 0;
	log->condemned = 0;
	log->text_size = at;
	log->own_cwds = 0;
	log->n_off = 0;
	memset(log->off, 0, sizeof(log->off));
	memset(log->reserved, 0, sizeof(log->reserved));
	if (at >= LM_LOG_HEAD_SIZE)
		return -E2BIG;
	__atomic_store_n(&log->head, LM_LOG_HEAD_SIZE, __ATOMIC_RELAXED);
	__atomic_store_n(&log->token, token, __ATOMIC_RELEASE);
	return 0;
}

void lm_slot_retire(struct lm_slot *slot)
{
	__atomic_store_n(&slot->log->token, 0, __ATOMIC_RELEASE);
}

int lm_slot_env(const struct lm_slot *slot, char *buf, size_t size)
{
	const char *hybrid = slot->log->flags & LM_LOGF_HYBRID ? "0" : "";
	int n = snprintf(buf, size, LM_LOG_ENV "=%s:%s%" PRIu64, slot->path, hybrid, slot->log->token);

	return n < 0 || (size_t)n >= size ? -ERANGE : 0;
}

int lm_env_parse(const char *value, size_t *path_len, uint64_t *token, int *hybrid)
{
	const char *colon = strrchr(value, ':');
	const char *p;
	uint64_t t = 0;

	if (!colon || colon == value || !colon[1])
		return -EINVAL;
	for (p = colon + 1; *p; p++) {
		if (*p < '0' || *p > '9')
			return -EINVAL;
		t = t * 10 + (uint64_t)(*p - '0');
	}
	*path_len = (size_t)(colon - value);
	*token = t;
	*hybrid = colon[1] == '0';
	return 0;
}

int lm_slot_iterate(const struct lm_slot *slot, int (*cb)(const struct lm_record *rec, void *arg), void *arg)
{
	const struct lm_log_header *log = slot->log;
	uint64_t magic = LM_MAGIC ^ log->token;
	uint64_t end = __atomic_load_n(&log->head, __ATOMIC_ACQUIRE);
	uint64_t at = LM_LOG_HEAD_SIZE;
	int rc;

	if (end > LM_LOG_SIZE)
		end = LM_LOG_SIZE;
	while (at + sizeof(struct lm_record) <= end) {
		const struct lm_record *rec = (const void *)((const char *)log + at);

		if (__atomic_load_n(&rec->magic, __ATOMIC_ACQUIRE) != magic || rec->size & 7 ||
		    rec->size <= sizeof(*rec) || rec->size > end - at ||
		    rec->path_len >= rec->size - sizeof(*rec) || rec->path[rec->path_len]) {
			at += 8;	/* a hole, or the room of a record that is being written */
			continue;
		}
		rc = cb(rec, arg);
		if (rc)
			return rc;
		at += rec->size;
	}
	return 0;
}

uint64_t lm_slot_overflowed(const struct lm_slot *slot)
{
	return __atomic_load_n(&slot->log->overflow, __ATOMIC_RELAXED);
}

void lm_slot_close(struct lm_slot *slot)
{
	if (!slot->log)
		return;
	munmap(slot->log, LM_LOG_SIZE);
	close(slot->fd);
	slot->log = NULL;
	slot->fd = -1;
}
