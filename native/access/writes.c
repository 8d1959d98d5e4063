/*
 * Calls that make, change, move and remove files (writes.h). In traced processes, any thread, and in the agent.
 */
#define _GNU_SOURCE
#include <linux/fs.h>
#include <linux/sched.h>
#include <string.h>

#include "mounts.h"
#include "notes.h"
#include "tree.h"
#include "writes.h"

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#define RENAME_EXCHANGE  2
#endif

/* Bits of the leaf, and whether the call would write, by its open flags. */
static uint32_t open_bits(uint32_t flags, int *write, int *follow)
{
	uint32_t acc = flags & O_ACCMODE;
	int excl = (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);

	*write = 0;
	*follow = !(flags & O_NOFOLLOW) && !excl;
	if (flags & O_PATH)
		return LM_L | LM_R;
	if (excl) {
		*write = 1;
		return acc == O_WRONLY ? LM_T : LM_R;
	}
	if (acc == O_RDONLY && !(flags & O_TRUNC))
		return LM_L | LM_R;
	*write = 1;
	return (*follow ? LM_L : 0) | (acc == O_RDWR && !(flags & O_TRUNC) ? LM_R : 0);
}

/* Announce a write of a, to be confirmed with `done`. `certain`: nothing can make the call fail. */
static void announce(const struct lm_view *v, const struct lm_path *p, uint32_t bits, uint32_t done, int certain,
		     const struct state *s, uint32_t *confirm)
{
	if (lm_noted(v, p->real, p->len, done)) {	/* written already, and not lost since */
		note_state(v, p, bits, s);
		return;
	}
	if (v->predict && certain && !p->cut) {
		lm_forget(v, p->real, p->len);	/* bumps the only cache there is */
		note_state(v, p, bits | done, s);
		return;
	}
	note_state(v, p, bits | LM_MAYBE_WRITE, s);
	*confirm = done;
}

void lm_begin_open(const struct lm_view *v, struct lm_access *acc, const struct lm_args *args)
{
	struct state s;
	int write, follow;
	uint32_t bits = open_bits(args->flags, &write, &follow);
	int excl = (args->flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
	int certain;

	acc->flags = args->flags;
	if (!(args->flags & O_PATH) && (args->flags & O_TMPFILE) == O_TMPFILE)
		bits = 0;
	if (args->flags & O_DIRECTORY) {
		bits = 0;
		write = 0;
	}
	if (args->in_root)
		lm_resolve_in_root(v, &acc->a, args->dirfd, args->path, follow);
	else
		lm_resolve(v, &acc->a, args->dirfd, args->path, follow);
	if (!matters(v, &acc->a)) {
		if (write && v->cache && !acc->a.none)
			acc->done_a = LM_WRITE;	/* may make the text cache stale: it has to be told */
		return;
	}
	if (!write) {
		if (v->predict)
			note(v, &acc->a, bits);
		else
			acc->after = bits;
		return;
	}
	look(v, &acc->a, &s);
	if (excl ? s.mode != 0 : !s.mode && !(args->flags & O_CREAT)) {
		note_state(v, &acc->a, bits, &s);	/* bound to fail */
		return;
	}
	if (s.mode && !S_ISREG(s.mode) && !S_ISLNK(s.mode)) {
		note_state(v, &acc->a, bits, &s);	/* a fifo, a dir: not content */
		return;
	}
	certain = v->predict && (s.mode ? S_ISREG(s.mode) && can_write(v, &acc->a) : can_change_dir(v, &acc->a, NULL));
	announce(v, &acc->a, bits, LM_WRITE, certain, &s, &acc->done_a);
}

void lm_begin_unlink(const struct lm_view *v, struct lm_access *acc)
{
	struct state s;

	if (!matters(v, &acc->a)) {
		acc->done_a = LM_UNLINK;
		return;
	}
	look(v, &acc->a, &s);
	if (!s.mode || S_ISDIR(s.mode))
		note_state(v, &acc->a, LM_T, &s);
	else
		announce(v, &acc->a, LM_T, LM_UNLINK, v->predict && can_change_dir(v, &acc->a, NULL), &s, &acc->done_a);
}

/* A new name that must not exist: link, symlink. */
void lm_begin_create(const struct lm_view *v, const struct lm_path *p, int possible, uint32_t *confirm)
{
	struct state s;

	look(v, p, &s);
	if (s.mode || !possible)
		note_state(v, p, LM_T, &s);
	else
		announce(v, p, LM_T, LM_WRITE, v->predict && can_change_dir(v, p, NULL), &s, confirm);
}

/* The source may be a file without a name (O_TMPFILE), or an fd. */
void lm_begin_link(const struct lm_view *v, struct lm_access *acc, const struct lm_args *args)
{
	struct state s;

	if (args->path[0])
		lm_resolve(v, &acc->a, args->dirfd, args->path, !!(args->flags & AT_SYMLINK_FOLLOW));
	else
		lm_resolve_fd(v, &acc->a, args->dirfd);
	lm_resolve(v, &acc->b, args->dirfd2, args->path2, 0);
	note(v, &acc->a, LM_L | LM_R);
	look(v, &acc->a, &s);
	if (matters(v, &acc->b))
		lm_begin_create(v, &acc->b, (acc->a.none && !acc->a.cut) || (s.mode && !S_ISDIR(s.mode)), &acc->done_b);
	else
		acc->done_b = LM_WRITE;
}

/*
 * rename(2) removes the old name and writes the new one; of a dir, each file below. Both names are resolved before the
 * call, since it changes what they stand for.
 */
void lm_begin_rename(const struct lm_view *v, struct lm_access *acc, const struct lm_args *args)
{
	int exchange = !!(args->flags & RENAME_EXCHANGE);
	struct state src, dst;
	uint32_t dst_bits = 0;
	int possible, certain = 0;
	dev_t da, db;

	acc->flags = args->flags;
	lm_resolve(v, &acc->a, args->dirfd, args->path, 0);
	lm_resolve(v, &acc->b, args->dirfd2, args->path2, 0);
	if (acc->a.none || acc->b.none || (acc->a.len == acc->b.len && !memcmp(acc->a.real, acc->b.real, acc->a.len))) {
		acc->over = 1;
		return;
	}
	look(v, &acc->a, &src);
	look(v, &acc->b, &dst);
	if (args->flags & RENAME_NOREPLACE)
		dst_bits = LM_T;
	if (exchange)
		dst_bits = LM_L | LM_R;
	possible = src.mode && !((args->flags & RENAME_NOREPLACE) && dst.mode) && !(exchange && !dst.mode) &&
		   (exchange || !dst.mode || !S_ISDIR(dst.mode) == !S_ISDIR(src.mode));
	if (!exchange && src.mode && src.ino == dst.ino && src.dev == dst.dev)
		possible = 0;	/* two names of one file: nothing is done, without an error */
	/* Of a dir that is to take the place of another, only the kernel knows whether that is empty. */
	if (v->predict && possible && !acc->a.cut && !acc->b.cut && (exchange || !S_ISDIR(dst.mode)))
		certain = can_change_dir(v, &acc->a, &da) && can_change_dir(v, &acc->b, &db) && da == db;
	if (!possible) {
		note_state(v, &acc->a, LM_L | LM_R, &src);
		note_state(v, &acc->b, dst_bits, &dst);
		return;
	}
	acc->done_a = exchange ? LM_WRITE : LM_UNLINK;
	acc->done_b = LM_WRITE;
	acc->is_dir = S_ISDIR(src.mode) || (exchange && S_ISDIR(dst.mode));
	if (acc->is_dir && !matters(v, &acc->a) && !matters(v, &acc->b)) {
		acc->is_dir = 0;
		return;
	}
	if (acc->is_dir) {
		lm_tree_announce(v, &acc->a, &acc->b, args->flags, certain);
		return;
	}
	if (matters(v, &acc->a)) {
		acc->done_a = 0;
		announce(v, &acc->a, LM_L | LM_R, exchange ? LM_WRITE : LM_UNLINK, certain, &src, &acc->done_a);
	}
	if (matters(v, &acc->b)) {
		acc->done_b = 0;
		announce(v, &acc->b, dst_bits, LM_WRITE, certain, &dst, &acc->done_b);
	}
}

static void begin_chmod_of(const struct lm_view *v, struct lm_access *acc, const struct lm_args *args)
{
	struct state s;

	if (!matters(v, &acc->a))
		return;
	look(v, &acc->a, &s);
	if (!s.mode)
		note_state(v, &acc->a, LM_L | LM_T, &s);
	if (!S_ISREG(s.mode) || !((s.mode ^ args->mode) & S_IXUSR))
		return;
	acc->key = 0;	/* what it does depends on the mode now */
	announce(v, &acc->a, LM_L | LM_R, LM_WRITE, v->predict && can_write(v, &acc->a), &s, &acc->done_a);
}

void lm_begin_chmod(const struct lm_view *v, struct lm_access *acc, const struct lm_args *args)
{
	lm_resolve(v, &acc->a, args->dirfd, args->path, !(args->flags & AT_SYMLINK_NOFOLLOW));
	begin_chmod_of(v, acc, args);
}

/* Most leave the bit as it is, or are of a file just made: no name is asked for then. */
void lm_begin_fchmod(const struct lm_view *v, struct lm_access *acc, const struct lm_args *args)
{
	struct stat st;

	if (lm_fd_stat(v, args->dirfd, &st) || !S_ISREG(st.st_mode) || !((st.st_mode ^ args->mode) & S_IXUSR)) {
		acc->over = 1;
		return;
	}
	lm_resolve_fd(v, &acc->a, args->dirfd);
	if (!acc->a.none && lm_noted(v, acc->a.real, acc->a.len, LM_WRITE))
		acc->over = 1;
	else
		begin_chmod_of(v, acc, args);
}

void lm_begin_truncate(const struct lm_view *v, struct lm_access *acc, const struct lm_args *args)
{
	uint32_t bits = args->mode ? LM_L : LM_L | LM_R;
	struct state s;

	lm_resolve(v, &acc->a, args->dirfd, args->path, 1);
	if (!matters(v, &acc->a))
		return;
	look(v, &acc->a, &s);
	if (!S_ISREG(s.mode))
		note_state(v, &acc->a, bits, &s);
	else
		announce(v, &acc->a, bits, LM_WRITE, v->predict && can_write(v, &acc->a), &s, &acc->done_a);
}
