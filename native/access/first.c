/*
 * The first exec of a job (slot.h): nothing of ours is loaded yet in the process that makes it. Runs in the agent's
 * child, between fork and exec.
 */
#define _GNU_SOURCE
#include <string.h>

#include "exec.h"
#include "slot.h"
#include "sys.h"

static const char *cwd(const struct lm_view *v, char *buf, uint32_t *len)
{
	long n = lm_sys3(SYS_getcwd, (long)buf, LM_PATH_MAX, 0);

	(void)v;
	if (n <= 0)
		return NULL;
	*len = (uint32_t)n - 1;
	return buf;
}

void lm_slot_exec(const struct lm_slot *slot, const char *path, char *const envp[])
{
	struct lm_area area;
	struct lm_view v = { .area = &area, .cwd = cwd };
	struct lm_args args = { .dirfd = AT_FDCWD, .dirfd2 = AT_FDCWD, .path = path };
	struct lm_path room;
	char *const *e;

	if (lm_area_init(&area, slot->log, slot->log, slot->log->token))
		return;
	v.followed = !!(slot->log->flags & (LM_LOGF_TRACED | LM_LOGF_HYBRID));
	v.audited = !!(slot->log->flags & LM_LOGF_AUDIT);
	for (e = envp; e && *e; e++)
		if (!strncmp(*e, "LD_LIBRARY_PATH=", 16))
			args.path2 = *e + 16;
	lm_exec_note(&v, &room, &args);
}
