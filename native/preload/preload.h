/*
 * liblmake_preload.so: shims over the functions of libc that touch files. It lives in every process of a job, in all its
 * threads, its signal handlers and its vfork children. Rules: no malloc, no stdio, no lock held across the real call,
 * errno is the real call's. What a call touches is said in ../access/calls.c; a shim only gathers the arguments.
 *
 *	state.c   start, the view of this process, real functions     files.c   open, stat, ... by name
 *	exec.c    exec family, environment of the new program         stdio.c   fopen family, temporary files
 *	dirs.c    listing of dirs by other ways, cwd                  load.c    dlopen, vfork, syscall
 *	listing.c listing of dirs by a DIR                            time64.c  names of functions on 32 bit x86 only
 */
#ifndef LMAKE_PRELOAD_PRELOAD_H
#define LMAKE_PRELOAD_PRELOAD_H

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>

#include "../access/calls.h"

#define LM_EXPORT __attribute__((visibility("default")))

/* Set while a vfork child runs in its parent's memory: it must leave no trace there. */
extern __thread uint8_t lm_vforked __attribute__((tls_model("initial-exec")));

/* The view of this process, or NULL: nothing is to be recorded (no job, or it is over). */
const struct lm_view *lm_enter(void);

/*
 * The hybrid method is at work: a tracer sees all calls but ours, so that what libc does on its own, what a program we
 * start does before we are there, or instead of us, is recorded anyway.
 */
extern uint8_t lm_hybrid;

/* The next definition of a function, looked up once. */
void *lm_lookup(void **fn, const char *name);
#define LM_REAL(name) \
	({ \
		static void *fn_; \
		void *p_ = __atomic_load_n(&fn_, __ATOMIC_RELAXED); \
		(__typeof__(&name))(p_ ? p_ : lm_lookup(&fn_, #name)); \
	})

/*
 * By the hybrid method the call is made through the gate by ourselves (`direct`: an expression), since what libc does is
 * notified; but only if it is libc that would do it: another library may stand in between (fakeroot, sanitizers).
 */
#define LM_DIRECT ((void *)1)
void *lm_lookup_direct(void **fn, const char *name);
#define LM_CALL(name, direct, ...) \
	({ \
		static void *fn_; \
		void *p_ = __atomic_load_n(&fn_, __ATOMIC_RELAXED); \
		if (!p_) \
			p_ = lm_lookup_direct(&fn_, #name); \
		p_ == LM_DIRECT ? (__typeof__(name(__VA_ARGS__)))(direct) : ((__typeof__(&name))p_)(__VA_ARGS__); \
	})

/* A system call as libc makes it: -1 and errno. */
long lm_direct(long nr, long a, long b, long c, long d, long e);
#define LM_SYS_(nr, a, b, c, d, e, ...) lm_direct(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e))
#define LM_SYS(...) LM_SYS_(__VA_ARGS__, 0, 0, 0, 0, 0)

/*
 * A call by a name alone, where the architecture has it: libc makes that one, and a filter of the program's own goes by
 * numbers. Elsewhere the one that takes a dir.
 */
#ifdef SYS_open
#define LM_NAMED(nr, args, at, at_args) LM_SYS(SYS_##nr, LM_UNPAREN args)
#else
#define LM_NAMED(nr, args, at, at_args) LM_SYS(SYS_##at, LM_UNPAREN at_args)
#endif

/* The same for those where a thread may be cancelled: opens. */
long lm_direct_open(int dirfd, const char *path, int flags, unsigned mode);

/* Is there nothing to record for this call? *key: to give to lm_begin if there is. */
int lm_skip(const struct lm_view *v, uint8_t op, const struct lm_args *args, uint64_t *key);

/* A dir is listed by this descriptor. 0: there was nobody to tell, it is to be told later. errno is not touched. */
int lm_note_list(int fd);

/* A walk of libc's own will list and stat what is below. */
void lm_note_tree(const char *path);

/* The cwd has changed. */
void lm_moved(const struct lm_view *v);

/*
 * Room for an access, which is big: stacks of threads and of signal handlers may be small, so it is one of a few that
 * are kept aside, and mapped only when all of these are in use (threads that sit in blocking calls). Never NULL.
 */
struct lm_access *lm_take(void);
void lm_give(struct lm_access *acc);

/*
 * Record around a call: `call` is an expression, `failed` its value on error, `opened` the fd it gives (lm_rc: its result),
 * `known` what it tells of the file, NULL: nothing.
 */
#define LM_AROUND(type, op, args, call, failed, opened, known) \
	({ \
		const struct lm_args lm_args = LM_UNPAREN args; \
		const struct lm_view *lm_v = lm_enter(); \
		uint64_t lm_key; \
		type lm_rc; \
		int lm_err; \
		if (!lm_v || lm_skip(lm_v, op, &lm_args, &lm_key)) { \
			lm_rc = call; \
		} else { \
			struct lm_access *lm_acc = lm_take(); \
			if ((lm_err = lm_begin(lm_v, lm_acc, op, &lm_args, lm_key)) < 0) { \
				errno = -lm_err; \
				lm_rc = failed; \
			} else { \
				lm_rc = call; \
				int lm_ok = lm_rc != failed; \
				const struct lm_told lm_told = { \
					lm_ok ? opened : -1, (known) && !lm_ok && errno == ENOENT, \
					lm_ok ? (const struct stat *)(known) : NULL, \
				}; \
				lm_end(lm_v, lm_acc, lm_ok, &lm_told); \
			} \
			lm_give(lm_acc); \
		} \
		lm_rc; \
	})
#define LM_UNPAREN(...) __VA_ARGS__

/* Arguments: at(dirfd, path, flags, mode), two names. */
#define LM_AT(fd, name, f, m)		({ .dirfd = fd, .dirfd2 = AT_FDCWD, .path = name, .flags = (uint32_t)(f), .mode = (uint32_t)(m) })
#define LM_TWO(fd, name, fd2, name2, f)	({ .dirfd = fd, .path = name, .dirfd2 = fd2, .path2 = name2, .flags = (uint32_t)(f) })

#define LM_INT(op, args, call) LM_AROUND(int, op, args, call, -1, -1, NULL)
#define LM_FD(op, args, call)  LM_AROUND(int, op, args, call, -1, lm_rc, NULL)

/*
 * A stat. What the kernel says to us of the file spares looking at it before, and is what the program sees; another library
 * in between may make it look otherwise.
 */
#define LM_STAT(args, name, direct, st, ...) LM_TOLD(LM_OP_STAT, args, name, direct, st, __VA_ARGS__)
#define LM_TOLD(op, args, name, direct, st, ...) \
	({ \
		static void *fn_; \
		void *p_ = __atomic_load_n(&fn_, __ATOMIC_RELAXED); \
		if (!p_) \
			p_ = lm_lookup_direct(&fn_, #name); \
		p_ == LM_DIRECT ? LM_AROUND(int, op##_TOLD, args, direct, -1, -1, st) : \
				  LM_INT(op, args, ((__typeof__(&name))p_)(__VA_ARGS__)); \
	})

/* Environment for a new program (exec.c). */
struct lm_env {
	int fixed;		/* ours was there already */
	int n;			/* entries of envp */
	size_t size;		/* room for LD_PRELOAD=... and LD_AUDIT=... */
	int env_at;		/* where they are in envp, -1: nowhere */
	int at[2];		/* of LD_PRELOAD, of LD_AUDIT */
};
void lm_env_measure(struct lm_env *e, char *const envp[]);
char *const *lm_env_fill(const struct lm_env *e, char *const envp[], char **room, char *text);

/* The environment to exec with, on the caller's stack. */
#define LM_ENV(envp) \
	({ \
		struct lm_env e_; \
		lm_env_measure(&e_, envp); \
		e_.fixed ? (char *const *)(envp) : \
			lm_env_fill(&e_, envp, __builtin_alloca((size_t)(e_.n + 4) * sizeof(char *)), \
				    __builtin_alloca(e_.size)); \
	})

/* Put our variables back in `environ` itself, for functions of libc that start programs on their own. */
void lm_env_repair(void);

/* LD_LIBRARY_PATH of an environment, NULL: none. */
const char *lm_env_ld_path(char *const envp[]);

/* Our variables, "KEY=value" and the bare names of libraries ("": none); NULL when there is no job. */
extern char *lm_env_entry;
extern const char *lm_preload_name, *lm_audit_name;

/* LD_LIBRARY_PATH as the loader of this process knows it. */
extern char lm_ld_path[4096];

#endif
