/* Who records nothing (off.h). Only raw system calls. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "off.h"
#include "sys.h"

#define MAX_LEVELS 256

int lm_off_set(struct lm_log_header *log, pid_t pid, int off)
{
	uint32_t *list = log->off, seen;
	int i, found = 0;

	for (i = 0; i < (int)LM_LOG_OFF; i++)
		if (__atomic_load_n(&list[i], __ATOMIC_RELAXED) == (uint32_t)pid) {
			found = 1;
			if (!off && __atomic_exchange_n(&list[i], 0, __ATOMIC_RELAXED))
				__atomic_fetch_sub(&log->n_off, 1, __ATOMIC_RELAXED);
		}
	for (i = 0; off && !found && i < (int)LM_LOG_OFF; i++) {
		seen = 0;
		found = __atomic_compare_exchange_n(&list[i], &seen, (uint32_t)pid, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
		if (found)
			__atomic_fetch_add(&log->n_off, 1, __ATOMIC_RELAXED);
	}
	__atomic_fetch_add(&log->off_gen, 1, __ATOMIC_RELEASE);
	return off && !found ? -ENOSPC : 0;
}

static pid_t number_after(const char *text, const char *key)
{
	const char *p = strstr(text, key);
	pid_t n = 0;

	if (!p)
		return 0;
	for (p += strlen(key); *p == ' ' || *p == '\t'; p++)
		;
	for (; *p >= '0' && *p <= '9'; p++)
		n = n * 10 + (*p - '0');
	return n;
}

/* The process of a task, and its parent. */
static int read_status(pid_t task, pid_t *process, pid_t *parent)
{
	char name[40] = "/proc/self/status", digits[12], text[1024], *p;
	int fd, n = 0;
	long got;

	if (task) {
		p = name + sizeof("/proc/") - 1;
		for (; task; task /= 10)
			digits[n++] = (char)('0' + task % 10);
		while (n)
			*p++ = digits[--n];
		strcpy(p, "/status");
	}
	fd = (int)lm_sys_open(name, O_RDONLY);
	if (fd < 0)
		return -1;
	got = lm_sys_pread(fd, text, sizeof(text) - 1, 0);
	lm_sys_close(fd);
	text[got > 0 ? got : 0] = 0;
	*process = number_after(text, "\nTgid:");
	*parent = number_after(text, "\nPPid:");
	return *process ? 0 : -1;
}

int lm_off_is(const struct lm_log_header *log, pid_t pid)
{
	pid_t process, parent;
	int level, i;

	for (level = 0; level < MAX_LEVELS && !read_status(pid, &process, &parent); level++) {
		for (i = 0; i < (int)LM_LOG_OFF; i++)
			if (__atomic_load_n(&log->off[i], __ATOMIC_RELAXED) == (uint32_t)process)
				return 1;
		if (parent <= 1)
			break;
		pid = parent;
	}
	return 0;
}
