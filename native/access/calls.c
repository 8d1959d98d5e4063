/*
 * What each call touches (calls.h): from a row's operation and its arguments to records. Runs in traced processes, any
 * thread, and in the agent (seccomp: there lm_end is never called, the outcome is foretold, and what cannot be foretold
 * stays LM_MAYBE_WRITE for the agent to settle by looking at the disk).
 */
#define _GNU_SOURCE
#define XXH_INLINE_ALL
#include <linux/fs.h>
#include <linux/sched.h>
#include <linux/stat.h>
#include <string.h>
#include <xxhash.h>

#include "calls.h"
#include "condemn.h"
#include "exec.h"
#include "mounts.h"
#include "notes.h"
#include "sys.h"
#include "tree.h"
#include "writes.h"

void lm_args_of(const struct lm_row *row, const unsigned long regs[6], struct lm_args *args)
{
	args->dirfd = row->dirfd < 0 ? AT_FDCWD : (int)regs[row->dirfd];
	args->dirfd2 = row->dirfd2 < 0 ? AT_FDCWD : (int)regs[row->dirfd2];
	args->path = row->path < 0 ? NULL : (const char *)regs[row->path];
	args->path2 = row->path2 < 0 ? NULL : (const char *)regs[row->path2];
	args->flags = row->flags < 0 ? row->fixed : (uint32_t)regs[row->flags];
	args->mode = row->mode < 0 ? 0 : (uint32_t)regs[row->mode];
	args->call = row->name;
	args->in_root = 0;
	if (row->op == LM_OP_TRUNCATE)
		args->mode = !(regs[row->mode] | (row->flags < 0 ? 0 : regs[row->flags]));	/* of 64 bits, in two of 32 */
}

/* Files of a mount that stands nowhere have no name. */
uint8_t lm_op_of(const struct lm_row *row, const struct lm_args *args)
{
	if (row->op == LM_OP_TREE)
		return args->flags & 1 /* OPEN_TREE_CLONE */ ? LM_OP_MOUNT : LM_OP_LINKS;
	return row->op;
}

int lm_known(const struct lm_view *v, uint8_t op, const struct lm_args *args, uint64_t *key)
{
	struct lm_cache *cache = v->cache;
	uint64_t seed, k;

	*key = 0;
	if (!cache || !args->path || args->path2 || (args->dirfd != AT_FDCWD && args->path[0] != '/'))
		return 0;
	seed = (uint64_t)(lm_gen(v) + 1) * 0x9e3779b97f4a7c15ull;
	if (args->path[0] != '/' && (__atomic_load_n(&v->area->log->own_cwds, __ATOMIC_RELAXED) ||
				     __atomic_load_n(&cache->own_cwds, __ATOMIC_RELAXED)))
		return 0;
	if (args->path[0] != '/')
		seed ^= (uint64_t)(__atomic_load_n(&cache->cwd_gen, __ATOMIC_RELAXED) + 1) * 0xc2b2ae3d27d4eb4full;
	seed = (seed ^ (uint64_t)args->flags << 32 ^ (uint64_t)args->mode << 8 ^ op) * 0xff51afd7ed558ccdull;
	k = XXH3_64bits_withSeed(args->path, strlen(args->path), seed) | 1;
	if (lm_texts_has(cache, k))
		return 1;
	*key = k;
	return 0;
}

static void remember(const struct lm_view *v, uint64_t key)
{
	if (key && v->cache)
		lm_texts_add(v->cache, key);
}

/* auto_mkdir: a job may go to a dir of the repo that is not there yet, as dirs are nobody's product. */
static void make_dirs(const struct lm_view *v, struct lm_path *p)
{
	char buf[LM_PATH_MAX + 64];
	uint32_t i;

	for (i = v->area->seen_root_len + 1; i <= p->len; i++) {
		if (i < p->len && p->real[i] != '/')
			continue;
		p->real[i] = 0;
		lm_sys3(SYS_mkdirat, AT_FDCWD, (long)lm_seen(v, p->real, buf), 0777);
		if (i < p->len)
			p->real[i] = '/';
	}
}

static void begin_chdir(const struct lm_view *v, struct lm_access *acc, const struct lm_args *args)
{
	lm_resolve(v, &acc->a, args->dirfd, args->path, 1);
	note(v, &acc->a, LM_L);
	if ((v->area->cfg->flags & LM_LOGF_AUTO_MKDIR) && acc->a.where == LM_IN_REPO && !acc->a.none)
		make_dirs(v, &acc->a);
	acc->key = 0;
}

static uint32_t statx_bits(uint32_t mask)
{
	if (mask & (STATX_TYPE | STATX_SIZE | STATX_BLOCKS))
		return LM_L | LM_R | LM_T;
	return mask & STATX_MODE ? LM_L | LM_R : LM_L;
}

/* Calls that only look: resolve, record. */
static void begin_look(const struct lm_view *v, struct lm_access *acc, const struct lm_args *args, uint32_t bits,
		       int follow)
{
	lm_resolve(v, &acc->a, args->dirfd, args->path, follow);
	note(v, &acc->a, bits);
}

/*
 * Attributes are no content; that a file is missing is told. In an overlay a new one for a file of a lower layer is a copy of it
 * in the upper one: the disk will tell.
 */
static void begin_attributes(const struct lm_view *v, struct lm_access *acc)
{
	struct state s;

	if (!matters(v, &acc->a))
		return;
	look(v, &acc->a, &s);
	if (!s.mode)
		note_state(v, &acc->a, LM_L | LM_T, &s);
	else if (v->area->n_mounts && !S_ISDIR(s.mode) && lm_in_lower_layer(v, acc->a.real, acc->a.len))
		note_state(v, &acc->a, LM_MAYBE_WRITE, &s);
	acc->key = 0;
}

/* Only dirs are listed: of anything else the call fails. */
static void note_listed(const struct lm_view *v, const struct lm_path *p)
{
	struct state s;

	if (!matters(v, p) || lm_noted(v, p->real, p->len, LM_LISTED))
		return;
	look(v, p, &s);
	if (S_ISDIR(s.mode))
		note_state(v, p, LM_LISTED, &s);
}

/* After it names would not mean what they seem: the job ends here. */
static int begin_mount(const struct lm_view *v, const struct lm_args *args)
{
	if (v->area->cfg->flags & LM_LOGF_MOUNT_OK)
		return 0;
	lm_refuse(v, "system call %s is not allowed, consider : mount_chroot_ok = "
		    "True", args->call ? args->call : "mount", "");
	lm_condemn(v);
	return -EPERM;
}

/* setns(2): without a type the fd tells, and is one of /proc/<pid>/ns. */
static int to_other_mounts(const struct lm_view *v, struct lm_access *acc, const struct lm_args *args)
{
	if (args->flags)
		return !!(args->flags & CLONE_NEWNS);
	lm_resolve_fd(v, &acc->a, args->dirfd);
	return !strncmp(acc->a.real, "mnt:", 4);
}

/* Removing a file of a lower layer leaves a mark in the upper one, which is no file: nobody would know of it. */
static int hides(const struct lm_view *v, struct lm_access *acc, const struct lm_path *p)
{
	if (!v->area->n_mounts || p->none || !lm_in_lower_layer(v, p->real, p->len))
		return 0;
	lm_refuse(v, "%s is in a lower dir of a view : it can be replaced, not removed or renamed", p->real, "");
	acc->over = 1;
	return 1;
}

/*
 * A call seen by the tracer of system calls is about to change what names mean: processes that have our library must look again.
 * It is done only after we have answered, so once more when the next call comes.
 */
static void foretell_names(const struct lm_view *v, uint8_t op)
{
	if (!v->predict || !v->cache)
		return;
	if (v->cache->names_moved) {
		lm_names_changed(v);
		v->cache->names_moved = 0;
	}
	if (op == LM_OP_UNLINK || op == LM_OP_RMDIR || op == LM_OP_RENAME || op == LM_OP_LINK || op == LM_OP_SYMLINK ||
	    op == LM_OP_CHDIR || op == LM_OP_FCHDIR) {	/* made inline, the library of that process does not know of it */
		lm_names_changed(v);
		v->cache->names_moved = 1;
	}
}

/* Dirs that are walked, made and removed are no deps: there is nothing to tell of them. */
static int touches_content(const struct lm_access *acc)
{
	switch (acc->op) {
	case LM_OP_OPEN:
		return !(acc->flags & O_DIRECTORY);
	case LM_OP_UNLINK:
		return acc->flags != AT_REMOVEDIR;
	case LM_OP_RENAME:
	case LM_OP_LINK:
	case LM_OP_SYMLINK:
	case LM_OP_MKNOD:
	case LM_OP_TRUNCATE:
	case LM_OP_CHMOD:
	case LM_OP_EXEC:
		return 1;
	default:
		return 0;
	}
}

int lm_begin(const struct lm_view *v, struct lm_access *acc, uint8_t op, const struct lm_args *args, uint64_t key)
{
	int follow = !(args->flags & AT_SYMLINK_NOFOLLOW);

	acc->op = op;
	acc->over = acc->is_dir = 0;
	acc->flags = acc->after = acc->done_a = acc->done_b = 0;
	acc->key = key;
	foretell_names(v, op);
	acc->a.none = acc->b.none = 1;
	acc->a.moving = acc->b.moving = 0;
	acc->a.deep = acc->b.deep = 0;
	switch (op) {
	case LM_OP_MOUNT:
		return begin_mount(v, args);
	case LM_OP_REFUSE:
		lm_refuse(v, "%s cannot be followed : files by handle or by old means", args->call ? args->call : "a call", "");
		return -EPERM;
	case LM_OP_ABSENT:
		return -ENOSYS;
	case LM_OP_SETNS:
		if (to_other_mounts(v, acc, args))
			return begin_mount(v, &(struct lm_args){ .call = "setns" });
		/* fall through */
	case LM_OP_UNSHARE:
		if (args->flags & (CLONE_FS | CLONE_NEWNS | CLONE_NEWUSER))
			__atomic_store_n(&v->area->log->own_cwds, 1, __ATOMIC_RELAXED);
		acc->over = 1;
		return 0;
	case LM_OP_LIST:
		lm_resolve_fd(v, &acc->a, args->dirfd);
		note_listed(v, &acc->a);
		return 0;
	case LM_OP_FCHDIR:
		lm_resolve_fd(v, &acc->a, args->dirfd);
		note(v, &acc->a, LM_L);
		acc->key = 0;
		return 0;
	default:
		break;
	}
	/* What remains has a name. An empty one, or none, is the fd itself, opened before. */
	if (!args->path || !args->path[0]) {
		if (op == LM_OP_CHMOD || op == LM_OP_FCHMOD)
			lm_begin_fchmod(v, acc, args);
		else if ((op == LM_OP_LINKS || op == LM_OP_FATTR) && args->dirfd >= 0 && v->area->n_mounts)
			lm_resolve_fd(v, &acc->a, args->dirfd), begin_attributes(v, acc);
		else if (!args->path || (op != LM_OP_EXEC && op != LM_OP_LINK))
			acc->over = 1;
		if (!args->path || (op != LM_OP_EXEC && op != LM_OP_LINK))
			return 0;
	}
	switch (op) {
	case LM_OP_OPEN:
		lm_begin_open(v, acc, args);
		break;
	case LM_OP_STAT:
		begin_look(v, acc, args, LM_L | LM_R | LM_T, follow);
		break;
	case LM_OP_STAT_TOLD:
		lm_resolve(v, &acc->a, args->dirfd, args->path, follow);
		if (matters(v, &acc->a))
			acc->after = LM_L | LM_R | LM_T;
		break;
	case LM_OP_STATX_TOLD:
		lm_resolve(v, &acc->a, args->dirfd, args->path, follow);
		if (matters(v, &acc->a))
			acc->after = statx_bits(args->mode);
		break;
	case LM_OP_STATX:
		begin_look(v, acc, args, statx_bits(args->mode), follow);
		break;
	case LM_OP_ACCESS:
		begin_look(v, acc, args, args->mode & 1 /* X_OK */ ? LM_L | LM_R : LM_L | LM_T, follow);
		break;
	case LM_OP_READLINK:
		begin_look(v, acc, args, LM_L, 0);
		break;
	case LM_OP_REALPATH:
		begin_look(v, acc, args, LM_L, 1);
		break;
	case LM_OP_CHDIR:
		begin_chdir(v, acc, args);
		break;
	case LM_OP_MKDIR:
		begin_look(v, acc, args, LM_T, 0);
		break;
	case LM_OP_LINKS:
		lm_resolve(v, &acc->a, args->dirfd, args->path, follow);
		begin_attributes(v, acc);
		break;
	case LM_OP_OPENDIR:
		begin_look(v, acc, args, 0, follow);
		break;
	case LM_OP_LISTNAME:
		lm_resolve(v, &acc->a, args->dirfd, args->path, 1);
		note_listed(v, &acc->a);
		break;
	case LM_OP_DLOPEN:
		begin_look(v, acc, args, LM_L | LM_R, 1);
		break;
	case LM_OP_UNLINK:
		lm_resolve(v, &acc->a, args->dirfd, args->path, 0);
		if (hides(v, acc, &acc->a))
			return -EPERM;
		if (!(args->flags & AT_REMOVEDIR)) {
			lm_begin_unlink(v, acc);
			break;
		}
		/* fall through */
	case LM_OP_RMDIR:
		if (op == LM_OP_RMDIR)
			lm_resolve(v, &acc->a, args->dirfd, args->path, 0);
		if (op == LM_OP_RMDIR && hides(v, acc, &acc->a))
			return -EPERM;
		if (!acc->a.none)
			lm_parent(v, &acc->a);
		note(v, &acc->a, LM_L);
		acc->key = 0;
		acc->flags = AT_REMOVEDIR;
		break;
	case LM_OP_RENAME:
		lm_begin_rename(v, acc, args);
		if (hides(v, acc, &acc->a) || (args->flags & RENAME_EXCHANGE && hides(v, acc, &acc->b)))
			return -EPERM;
		break;
	case LM_OP_LINK:
		lm_begin_link(v, acc, args);
		break;
	case LM_OP_SYMLINK:
		lm_resolve(v, &acc->a, args->dirfd, args->path, 0);
		if (matters(v, &acc->a))
			lm_begin_create(v, &acc->a, 1, &acc->done_a);
		else
			acc->done_a = LM_WRITE;
		break;
	case LM_OP_MKNOD:
		lm_resolve(v, &acc->a, args->dirfd, args->path, 0);
		if (!matters(v, &acc->a))
			break;
		if ((args->mode & S_IFMT) && !S_ISREG(args->mode))
			note(v, &acc->a, LM_T);	/* special files count as absent */
		else
			lm_begin_create(v, &acc->a, 1, &acc->done_a);
		break;
	case LM_OP_TRUNCATE:
		lm_begin_truncate(v, acc, args);
		break;
	case LM_OP_CHMOD:
		lm_begin_chmod(v, acc, args);
		break;
	case LM_OP_EXEC:
		lm_exec_note(v, &acc->a, args);
		acc->key = 0;
		break;
	case LM_OP_MADE:
		lm_resolve(v, &acc->a, args->dirfd, args->path, 0);
		acc->done_a = LM_WRITE;
		acc->key = 0;
		break;
	default:
		break;
	}
	if ((acc->a.deep || acc->b.deep) && touches_content(acc))
		lm_refuse(v, "%s of a file in a dir of the repo whose name is too long to be told", args->call ? args->call : "use", "");
	return 0;
}

/* A file read: what was opened, or what stat told, not what is there now under its name. */
static void end_read(const struct lm_view *v, struct lm_access *acc, const struct lm_told *told)
{
	const struct stat *st = told->st;
	struct stat opened;
	uint64_t sig;

	if (lm_noted(v, acc->a.real, acc->a.len, acc->after))
		return;
	if (told->absent) {
		lm_note(v, acc->a.real, acc->a.len, acc->after, LM_SIG_NONE, 0);
		return;
	}
	if (!st && told->fd >= 0 && !(acc->flags & O_NOFOLLOW) && !lm_sys_fstat(told->fd, &opened))
		st = &opened;
	if (!st) {
		note(v, &acc->a, acc->after);
		return;
	}
	sig = lm_sig_of(st);
	lm_note(v, acc->a.real, acc->a.len, acc->after, sig, sig ? lm_date_of(st) : 0);
}

void lm_end(const struct lm_view *v, struct lm_access *acc, int ok, const struct lm_told *told)
{
	if (acc->over)
		return;
	if (acc->after)
		end_read(v, acc, told);
	if (!acc->done_a && !acc->done_b) {
		if (ok && (acc->op == LM_OP_RMDIR || acc->op == LM_OP_UNLINK) && acc->flags == AT_REMOVEDIR)
			lm_names_changed(v);	/* its number may be given to the next dir */
		/* What has told nothing of the file may do so next time, as when the dir before a .. is there. */
		remember(v, acc->a.moving || acc->b.moving || acc->a.cut || acc->a.none ? 0 : acc->key);
		return;
	}
	if (!ok)
		return;
	if (acc->op != LM_OP_OPEN)
		lm_names_changed(v);
	if (acc->is_dir) {
		lm_tree_confirm(v, &acc->a, &acc->b, acc->flags);
		return;
	}
	if (acc->done_a && !acc->a.none)
		changed(v, &acc->a, acc->done_a);
	if (acc->done_b && !acc->b.none)
		changed(v, &acc->b, acc->done_b);
}
