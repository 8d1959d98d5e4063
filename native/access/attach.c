/* Opening the log in a process of the job (attach.h). */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>

#include "attach.h"
#include "slot.h"
#include "sys.h"

static int is_error(long rc)
{
	return rc < 0 && rc > -4096;
}

/* The header as it is now: the slot may be given to another job while we live. NULL: no memory. */
static const struct lm_log_header *copy_header(struct lm_attached *a, const struct lm_log_header *log)
{
	size_t size = offsetof(struct lm_log_header, text) + log->text_size;
	void *to = a->header;

	if (size > LM_LOG_HEAD_SIZE)
		return log;	/* being rewritten: the token will tell */
	if (size > sizeof(a->header)) {
		long map = lm_sys6(SYS_mmap, 0, (long)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (is_error(map))
			return NULL;
		to = (void *)map;
	}
	memcpy(to, log, size);
	return to;
}

int lm_attach(struct lm_attached *to, struct lm_area *area, const char *value, const char **why)
{
	const struct lm_log_header *cfg;
	uint64_t token;
	size_t n;
	long fd, map;
	int rc, hybrid;

	*why = "bad " LM_LOG_ENV;
	if (lm_env_parse(value, &n, &token, &hybrid) || n + sizeof(LM_LOG_ENV) + 24 > sizeof(to->entry))
		return -EINVAL;
	strcpy(to->entry, LM_LOG_ENV "=");
	strcat(to->entry, value);
	to->entry[sizeof(LM_LOG_ENV) + n] = 0;
	fd = lm_sys4(SYS_openat, AT_FDCWD, (long)(to->entry + sizeof(LM_LOG_ENV)), O_RDWR | O_CLOEXEC, 0);
	to->entry[sizeof(LM_LOG_ENV) + n] = ':';
	*why = "the log cannot be opened";
	if (fd < 0)
		return (int)fd;
	map = lm_sys6(SYS_mmap, 0, (long)LM_LOG_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
	lm_sys_close((int)fd);
	*why = "the log cannot be mapped";
	if (is_error(map))
		return (int)map;
	cfg = copy_header(to, (const void *)map);
	*why = "no memory";
	rc = cfg ? lm_area_init(area, (void *)map, cfg, token) : -ENOMEM;
	if (rc == -EINVAL)
		*why = "the log is of another version of lmake";
	if (rc)
		lm_sys3(SYS_munmap, map, (long)LM_LOG_SIZE, 0);
	return rc;
}
