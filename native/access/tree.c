/*
 * Trees of files under a dir that is renamed or walked (tree.h). Runs in traced processes, any thread, and in the agent.
 * Both names of a file are built in place in the caller's lm_path buffers.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "crc.h"
#include "sys.h"
#include "tree.h"

#define MAX_DEPTH 64

struct dent {	/* as getdents64 gives it */
	uint64_t ino;
	int64_t  off;
	uint16_t size;
	uint8_t  type;
	char     name[];
};

struct job {
	const struct lm_view *v;
	struct lm_path *list;	/* the tree that is on disk */
	struct lm_path *twin;	/* NULL: none */
	uint32_t list_bits, twin_bits, dir_bits;
	int look;		/* files are there to be looked at; else records only confirm */
	int twin_is_dir;	/* else nothing is below it: what its name leads to is not its own */
};

static int push(struct lm_path *p, const char *name, uint32_t n)
{
	if (p->len + n + 2 > sizeof(p->real))
		return -1;
	p->real[p->len] = '/';
	memcpy(p->real + p->len + 1, name, n + 1);
	p->len += n + 1;
	return 0;
}

static void cut(struct lm_path *p, uint32_t len)
{
	p->len = len;
	p->real[len] = 0;
}

/* Own frame: walk is recursive. */
__attribute__((noinline)) static int look_at(const struct job *j, const struct lm_path *p, struct stat *st)
{
	return (int)lm_sys_lstat(LM_SEEN(j->v, p->real), st);
}

__attribute__((noinline)) static int open_dir(const struct job *j)
{
	return (int)lm_sys_open(LM_SEEN(j->v, j->list->real), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

static int is_dir(const struct job *j, const struct lm_path *p)
{
	struct stat st;

	return !look_at(j, p, &st) && S_ISDIR(st.st_mode);
}

static void record(const struct job *j, const struct lm_path *p, uint32_t bits)
{
	struct stat st;
	uint64_t sig = LM_SIG_UNKNOWN;
	int64_t date = 0;

	if (!bits)
		return;
	if (j->look && p == j->twin && !j->twin_is_dir) {
		sig = LM_SIG_NONE;
	} else if (j->look) {
		sig = look_at(j, p, &st) ? LM_SIG_NONE : lm_sig_of(&st);
		date = sig ? lm_date_of(&st) : 0;
	}
	if (bits & (LM_WRITE | LM_UNLINK))
		lm_forget(j->v, p->real, p->len);
	lm_note(j->v, p->real, p->len, bits, sig, date);
}

static void walk(const struct job *j, int depth)
{
	char buf[1024];
	uint32_t list_len = j->list->len, twin_len = j->twin ? j->twin->len : 0;
	int fd = depth < MAX_DEPTH ? open_dir(j) : -ENAMETOOLONG;
	long n, at;

	if (fd < 0) {	/* a file, exchanged with a dir */
		if (!depth && (fd == -ENOTDIR || fd == -ELOOP)) {
			record(j, j->list, j->list_bits);
			if (j->twin)
				record(j, j->twin, j->twin_bits);
		} else if (fd != -ENOENT && (fd != -EACCES || !j->dir_bits)) {	/* too deep, not to be read, no descriptor left */
			lm_refuse(j->v, "dir %s is moved or walked, but what is in it cannot be told", j->list->real, "");
		}
		return;
	}
	record(j, j->list, j->dir_bits);
	while ((n = lm_sys3(SYS_getdents64, fd, (long)buf, sizeof(buf))) > 0) {
		for (at = 0; at < n; at += ((struct dent *)(buf + at))->size) {
			const struct dent *d = (const void *)(buf + at);
			uint32_t len = (uint32_t)strlen(d->name);
			struct stat st;
			int dir = d->type == DT_DIR;

			if (!strcmp(d->name, ".") || !strcmp(d->name, ".."))
				continue;
			if (push(j->list, d->name, len) || (j->twin && push(j->twin, d->name, len))) {
				lm_refuse(j->v, "names below dir %s, which is moved or walked, are too long", j->list->real, "");
				goto next;
			}
			if (d->type == DT_UNKNOWN && !look_at(j, j->list, &st))
				dir = S_ISDIR(st.st_mode);
			if (dir) {
				walk(j, depth + 1);
			} else {
				record(j, j->list, j->list_bits);
				if (j->twin)
					record(j, j->twin, j->twin_bits);
			}
next:
			cut(j->list, list_len);
			if (j->twin)
				cut(j->twin, twin_len);
		}
	}
	lm_sys_close(fd);
}

void lm_tree_announce(const struct lm_view *v, struct lm_path *a, struct lm_path *b, uint32_t flags, int certain)
{
	int exchange = !!(flags & 2 /* RENAME_EXCHANGE */);
	struct job j = {
		.v = v, .list = a, .twin = b, .look = 1,
		.list_bits = LM_L | LM_R | (certain ? (exchange ? LM_WRITE : LM_UNLINK) : LM_MAYBE_WRITE),
		.twin_bits = certain ? LM_WRITE : LM_MAYBE_WRITE,
	};

	struct job reads = { .v = v, .list = a, .look = 1, .list_bits = LM_L | LM_R };

	if (exchange) {		/* both are read before either is written */
		walk(&reads, 0);
		reads.list = b;
		walk(&reads, 0);
	}
	j.twin_is_dir = is_dir(&j, b);
	walk(&j, 0);
	if (!exchange)
		return;
	j.list = b;
	j.twin = a;
	j.twin_is_dir = is_dir(&j, a);
	walk(&j, 0);
}

void lm_tree_confirm(const struct lm_view *v, struct lm_path *a, struct lm_path *b, uint32_t flags)
{
	int exchange = !!(flags & 2 /* RENAME_EXCHANGE */);
	struct job j = {
		.v = v, .list = b, .twin = a, .look = 0,
		.list_bits = LM_WRITE, .twin_bits = exchange ? LM_WRITE : LM_UNLINK,
	};

	walk(&j, 0);
	if (!exchange)
		return;
	j.list = a;
	j.twin = b;
	walk(&j, 0);
}

void lm_tree_listed(const struct lm_view *v, struct lm_path *a)
{
	struct job j = {
		.v = v, .list = a, .look = 1, .list_bits = LM_L | LM_R | LM_T, .dir_bits = LM_LISTED,
	};

	walk(&j, 0);
}
