/*
 * Shims of the functions that list a dir by a DIR (preload.h). Any thread of a traced process. By the hybrid method what libc reads
 * is told to the tracer, each time it fills its buffer and once more at the end of the dir: there, all of them are ours, with a DIR of
 * our own, and its calls go through the gate. Such a DIR is told apart from libc's, which a program may have by other ways, so that
 * each goes to whom it belongs. Opening one allocates, as libc's does; nothing else here does.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../access/sys.h"
#include "preload.h"

/* Open dirs of libc known to be listed: a readdir then costs a look here. Forgotten when the DIR is given anew. */
#define N_DIRS 256
static DIR *listed[N_DIRS];

static DIR **slot_of(DIR *d)
{
	return &listed[((uintptr_t)d >> 4) % N_DIRS];
}

static DIR *fresh(DIR *d)
{
	DIR **slot = slot_of(d);

	if (__atomic_load_n(slot, __ATOMIC_RELAXED) == d)
		__atomic_store_n(slot, NULL, __ATOMIC_RELAXED);
	return d;
}

__attribute__((noinline)) int lm_note_list(int fd)
{
	const struct lm_args args = { .dirfd = fd, .dirfd2 = AT_FDCWD };
	const struct lm_view *v = lm_enter();
	struct lm_access *acc;

	if (!v)
		return 0;
	acc = lm_take();
	lm_begin(v, acc, LM_OP_LIST, &args, 0);
	lm_give(acc);
	return 1;
}

static void seen(DIR *d)
{
	if (lm_hybrid || !d || __atomic_load_n(slot_of(d), __ATOMIC_RELAXED) == d)
		return;
	if (lm_note_list(dirfd(d)) && !lm_vforked)
		__atomic_store_n(slot_of(d), d, __ATOMIC_RELAXED);
}

#ifdef __LP64__		/* elsewhere there is no gate, and what the kernel gives is not what readdir gives */

/* The kernel's entries and those of readdir are one thing: struct linux_dirent64 of getdents64(2), struct dirent of readdir(3). */
_Static_assert(offsetof(struct dirent, d_ino) == 0 && offsetof(struct dirent, d_off) == 8 && offsetof(struct dirent, d_reclen) == 16 &&
	       offsetof(struct dirent, d_type) == 18 && offsetof(struct dirent, d_name) == 19 &&
	       sizeof(struct dirent) == sizeof(struct dirent64), "entries of dirs as the kernel gives them");

/*
 * As glibc's own begins (what the debugger shows of its DIR), so that its functions find their way in ours should one be handed to a
 * library bound past us. Our mark is in a hole between its fields.
 */
struct own {
	int fd;
	uint32_t busy;		/* a thread is at it */
	size_t room;		/* of `entries`, in bytes */
	size_t end, next;	/* what is left in it: from next to end */
	long at;		/* where the next entry begins, for the kernel */
	int err;		/* of readdir_r: to be given at the end */
	uint32_t mark;		/* one of the two */
	_Alignas(16) char entries[32 << 10];
};
#define MARK	    0xd1a1157eu
#define MARK_NOTED  0xd1a1157fu	/* that it is listed is recorded */

_Static_assert(offsetof(struct own, room) == 8 && offsetof(struct own, mark) == 44 && offsetof(struct own, entries) == 48, "as glibc's");

static struct own *own(DIR *d)
{
	struct own *o = (struct own *)d;

	__asm__("" : "+r"(o));	/* declared never to be NULL, which programs do give to closedir */
	return o && (o->mark | 1) == MARK_NOTED ? o : NULL;
}

/* Does all the family belong to libc? Another library may stand in between (fakechroot, sanitizers), and its DIR is its own. */
static int ours(void)
{
	static void *fn[11];
	static const char names[][12] = {
		"opendir", "fdopendir", "readdir", "readdir64", "readdir_r", "readdir64_r", "closedir", "dirfd", "rewinddir", "telldir", "seekdir",
	};
	void *p;
	int i;

	_Static_assert(sizeof(fn) / sizeof(*fn) == sizeof(names) / sizeof(*names), "one for each");
	for (i = 0; i < 11; i++) {
		p = __atomic_load_n(&fn[i], __ATOMIC_RELAXED);
		if ((p ? p : lm_lookup_direct(&fn[i], names[i])) != LM_DIRECT)
			return 0;
	}
	return 1;
}

static DIR *made(int fd)
{
	struct own *o = malloc(sizeof(*o));

	if (!o)
		return NULL;
	memset(o, 0, offsetof(struct own, entries));
	o->fd = fd;
	o->room = sizeof(o->entries);
	o->mark = MARK;
	return (DIR *)o;
}

static DIR *own_opendir(const char *path)
{
	int err, fd = (int)lm_direct_open(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_DIRECTORY | O_CLOEXEC, 0);
	DIR *d;

	if (fd < 0)
		return NULL;
	d = made(fd);
	if (!d) {
		err = errno;
		lm_sys_close(fd);
		errno = err;
	}
	return d;
}

static DIR *own_fdopendir(int fd)
{
	struct stat st;
	long flags;

	if (LM_SYS(SYS_fstat, fd, &st))
		return NULL;
	if (!S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		return NULL;
	}
	flags = LM_SYS(SYS_fcntl, fd, F_GETFL);
	if (flags < 0)
		return NULL;
	if ((flags & O_ACCMODE) == O_WRONLY) {
		errno = EINVAL;
		return NULL;
	}
	return LM_SYS(SYS_fcntl, fd, F_SETFD, FD_CLOEXEC) ? NULL : made(fd);
}

static void lock(struct own *o)
{
	while (__atomic_exchange_n(&o->busy, 1, __ATOMIC_ACQUIRE))
		lm_sys3(SYS_sched_yield, 0, 0, 0);
}

static void unlock(struct own *o)
{
	__atomic_store_n(&o->busy, 0, __ATOMIC_RELEASE);
}

/* The next entry; NULL: the end, or *err. That a dir was removed meanwhile is its end. */
static struct dirent *next(struct own *o, int *err)
{
	struct dirent *e;
	long n;

	*err = 0;
	if (o->next >= o->end) {
		if (o->mark == MARK && lm_note_list(o->fd))
			o->mark = MARK_NOTED;
		n = lm_sys3(SYS_getdents64, o->fd, (long)o->entries, (long)o->room);
		if (n <= 0) {
			*err = n == -ENOENT ? 0 : (int)-n;
			return NULL;
		}
		o->next = 0;
		o->end = (size_t)n;
	}
	e = (struct dirent *)(o->entries + o->next);
	o->next += e->d_reclen;
	o->at = e->d_off;
	return e;
}

static struct dirent *own_readdir(struct own *o)
{
	struct dirent *e;
	int err;

	lock(o);
	e = next(o, &err);
	unlock(o);
	if (err)
		errno = err;
	return e;
}

/* What is too long for the room a program has by declaration is left out, and said once all else is read. */
static int own_readdir_r(struct own *o, struct dirent *entry, struct dirent **result)
{
	struct dirent *e;
	int err;

	lock(o);
	while ((e = next(o, &err)) && offsetof(struct dirent, d_name) + strlen(e->d_name) >= sizeof(*e))
		o->err = ENAMETOOLONG;
	if (e)
		memcpy(entry, e, e->d_reclen < sizeof(*e) ? e->d_reclen : sizeof(*e));
	else if (!err)
		err = o->err;
	*result = e ? entry : NULL;
	unlock(o);
	return err;
}

static void own_seek(struct own *o, long at)
{
	lock(o);
	lm_sys3(SYS_lseek, o->fd, at, SEEK_SET);
	o->at = at;
	o->next = o->end = 0;
	o->err = 0;
	unlock(o);
}

static int own_closedir(struct own *o)
{
	int fd = o->fd;

	*(volatile uint32_t *)&o->mark = 0;	/* libc may get this memory for one of its own */
	free(o);
	return (int)LM_SYS(SYS_close, fd);
}

LM_EXPORT int closedir(DIR *d)
{
	struct own *o = own(d);

	return o ? own_closedir(o) : LM_REAL(closedir)(d);
}

LM_EXPORT int dirfd(DIR *d)
{
	struct own *o = own(d);

	return o ? o->fd : LM_REAL(dirfd)(d);
}

LM_EXPORT void rewinddir(DIR *d)
{
	struct own *o = own(d);

	if (o)
		own_seek(o, 0);
	else
		LM_REAL(rewinddir)(d);
}

LM_EXPORT void seekdir(DIR *d, long at)
{
	struct own *o = own(d);

	if (o)
		own_seek(o, at);
	else
		LM_REAL(seekdir)(d, at);
}

LM_EXPORT long telldir(DIR *d)
{
	struct own *o = own(d);

	return o ? __atomic_load_n(&o->at, __ATOMIC_RELAXED) : LM_REAL(telldir)(d);
}
#define OWN(d, call)	if (own(d)) return call
#else
#define OWN(d, call)
#define ours()			0
#define own_opendir(path)	NULL
#define own_fdopendir(fd)	NULL
#endif

static DIR *any_opendir(const char *path)
{
	return ours() ? own_opendir(path) : LM_REAL(opendir)(path);
}

LM_EXPORT DIR *opendir(const char *path)
{
	return fresh(LM_AROUND(DIR *, LM_OP_OPENDIR, LM_AT(AT_FDCWD, path, 0, 0), any_opendir(path), NULL, -1, NULL));
}

LM_EXPORT DIR *fdopendir(int fd)
{
	return fresh(ours() ? own_fdopendir(fd) : LM_REAL(fdopendir)(fd));
}

LM_EXPORT struct dirent *readdir(DIR *d)
{
	OWN(d, own_readdir((struct own *)d));
	seen(d);
	return LM_REAL(readdir)(d);
}

LM_EXPORT struct dirent64 *readdir64(DIR *d)
{
	OWN(d, (struct dirent64 *)own_readdir((struct own *)d));
	seen(d);
	return LM_REAL(readdir64)(d);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
LM_EXPORT int readdir_r(DIR *d, struct dirent *entry, struct dirent **result)
{
	OWN(d, own_readdir_r((struct own *)d, entry, result));
	seen(d);
	return LM_REAL(readdir_r)(d, entry, result);
}

LM_EXPORT int readdir64_r(DIR *d, struct dirent64 *entry, struct dirent64 **result)
{
	OWN(d, own_readdir_r((struct own *)d, (struct dirent *)entry, (struct dirent **)result));
	seen(d);
	return LM_REAL(readdir64_r)(d, entry, result);
}
#pragma GCC diagnostic pop
