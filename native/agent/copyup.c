/*
 * What a view copies from its lower dirs to its upper one before the job starts (copy_up). Runs in the job's first
 * process, while all names are still ours, and tells the log of accesses what it reads and writes, as the job itself
 * would.
 */
#define _GNU_SOURCE
#include "isolate.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../access/append.h"
#include "../access/crc.h"
#include "../access/log.h"
#include "../lib/beneath.h"

/* Under its reported name, if it has one that counts. */
static void record(struct slot *slot, const char *physical, uint32_t bits)
{
	struct resolved to;
	int64_t date;
	uint64_t sig;

	if (name_report(physical, &to) < 0 || (to.where != NAME_REPO && to.where != NAME_SOURCE_DIR))
		return;
	sig = name_sig(physical, &date);
	if (sig > LM_SIG_UNKNOWN)
		bits |= LM_EXISTED;
	lm_append(slot->log.log, slot->log.log->token, bits, sig, date, to.name,
		    (uint32_t)strlen(to.name));
}

static int copy_link(const char *from, const char *to)
{
	char text[PATH_MAX];
	ssize_t n = readlink(from, text, sizeof text - 1);

	if (n < 0)
		return -errno;
	text[n] = 0;
	return symlink(text, to) < 0 ? -errno : 0;
}

static int copy_bytes(const char *from, const char *to, const struct stat *st)
{
	int in = open(from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), out, rc = 0;
	ssize_t n = 0;

	if (in < 0)
		return -errno;
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, st->st_mode & 0777);
	if (out < 0)
		rc = -errno;
	while (!rc && (n = sendfile(out, in, NULL, 1 << 30)))
		rc = n < 0 ? -errno : 0;
	if (out >= 0)
		close(out);
	close(in);
	return rc;
}

/* In no lower dir: nothing to copy, which is as good to know as the file. */
static int copy_file(const struct ns_mount *m, const char *name, struct slot *slot)
{
	char to[PATH_MAX], from[PATH_MAX], *slash;
	struct stat st;
	int rc;

	if (snprintf(to, sizeof to, "%s/%s", m->from, name) >= (int)sizeof to)
		return -ENAMETOOLONG;
	if (!lstat(to, &st))
		return 0;
	for (int k = 0; m->lower[k]; k++) {
		snprintf(from, sizeof from, "%s/%s", m->lower[k], name);
		record(slot, from, LM_L | LM_R);
		if (lstat(from, &st) < 0)
			continue;
		slash = strrchr(to, '/');
		*slash = 0;
		rc = lm_mkdirs(AT_FDCWD, to, 0777);
		*slash = '/';
		if (rc)
			return rc;
		record(slot, to, LM_WRITE);
		return S_ISLNK(st.st_mode) ? copy_link(from, to) : S_ISREG(st.st_mode) ? copy_bytes(from, to,
			    &st) : -EISDIR;
	}
	return -ENOENT;
}

static int copy_one(const struct ns_mount *m, const char *name, struct slot *slot)
{
	char to[PATH_MAX];
	size_t n = strlen(name);

	if (name[n - 1] != '/')
		return copy_file(m, name, slot);
	if (snprintf(to, sizeof to, "%s/%.*s", m->from, (int)n - 1, name) >= (int)sizeof to)
		return -ENAMETOOLONG;
	return lm_mkdirs(AT_FDCWD, to, 0777);
}

int ns_copy_up(const struct ns_plan *plan, struct slot *slot, struct ns_note *note)
{
	for (uint32_t i = 0; i < plan->n_mounts; i++) {
		const struct ns_mount *m = &plan->mounts[i];

		for (uint32_t k = 0; m->lower && k < m->order->n_copy_up; k++) {
			int rc = lm_mkdirs(AT_FDCWD, m->from, 0777);

			rc = rc ? rc : copy_one(m, m->order->copy_up[k], slot);
			if (rc)
				return ns_fail(note, NS_COPY, -rc, m->order->copy_up[k]);
		}
	}
	return 0;
}
