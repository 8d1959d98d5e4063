/*
 * Shims of the functions that start programs (preload.h). Whatever environment the new program is given, our two
 * variables are put back in it. Runs in vfork children too: the new environment is built on the stack. By the hybrid
 * method the execs libc makes itself (spawn, system, popen) are notified, and need not be recorded here.
 */
#define _GNU_SOURCE
#include <alloca.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <wordexp.h>

#include "../access/exec.h"
#include "../access/sys.h"
#include "preload.h"

/* The libraries the loader is told of, and what it must be told. */
static const char keys[2][12] = { "LD_PRELOAD=", "LD_AUDIT=" };

static const char *ours(int i)
{
	return i ? lm_audit_name : lm_preload_name;
}

static int is_key(const char *entry, const char *key_eq)
{
	return !strncmp(entry, key_eq, strlen(key_eq));
}

/* What is in envp after the key, "": nothing. */
static const char *given(const struct lm_env *e, char *const envp[], int i)
{
	return e->at[i] < 0 ? "" : envp[e->at[i]] + strlen(keys[i]);
}

void lm_env_measure(struct lm_env *e, char *const envp[])
{
	int i;

	memset(e, 0, sizeof(*e));
	e->at[0] = e->at[1] = e->env_at = -1;
	for (; envp && envp[e->n]; e->n++) {
		for (i = 0; i < 2; i++)
			if (e->at[i] < 0 && is_key(envp[e->n], keys[i]))
				e->at[i] = e->n;
		if (e->env_at < 0 && is_key(envp[e->n], LM_LOG_ENV "="))
			e->env_at = e->n;
	}
	if (!lm_enter() || !lm_preload_name[0]) {
		e->fixed = 1;
		return;
	}
	e->fixed = e->env_at >= 0 && !strcmp(envp[e->env_at], lm_env_entry);
	for (i = 0; i < 2; i++) {
		const char *v = given(e, envp, i);
		size_t n = strlen(ours(i));

		e->fixed &= !n || (!strncmp(v, ours(i), n) && (!v[n] || v[n] == ':' || v[n] == ' '));
		e->size += sizeof(keys[i]) + n + 1 + strlen(v) + 1;
	}
}

char *const *lm_env_fill(const struct lm_env *e, char *const envp[], char **room, char *text)
{
	int i, n = 0;

	for (i = 0; i < 2; i++) {
		const char *old = given(e, envp, i);

		if (!*ours(i))
			continue;
		room[n++] = text;
		strcpy(text, keys[i]);
		strcat(text, ours(i));
		if (*old) {
			strcat(text, ":");
			strcat(text, old);
		}
		text += strlen(text) + 1;
	}
	room[n++] = lm_env_entry;
	for (i = 0; i < e->n; i++)
		if (i != e->env_at && (i != e->at[0] || !*ours(0)) && (i != e->at[1] || !*ours(1)))
			room[n++] = envp[i];
	room[n] = NULL;
	return room;
}

void lm_env_repair(void)
{
	struct lm_env e;
	size_t size;
	long map;

	lm_env_measure(&e, environ);
	if (e.fixed)
		return;
	size = (size_t)(e.n + 4) * sizeof(char *) + e.size;
	map = lm_sys6(SYS_mmap, 0, (long)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map < 0 && map > -4096)
		return;
	environ = (char **)lm_env_fill(&e, environ, (char **)map, (char *)map + (size_t)(e.n + 4) * sizeof(char *));
}

const char *lm_env_ld_path(char *const envp[])
{
	for (; envp && *envp; envp++)
		if (is_key(*envp, "LD_LIBRARY_PATH="))
			return *envp + sizeof("LD_LIBRARY_PATH=") - 1;
	return NULL;
}

/* Own frame: the caller's stays small while the new program is started. */
__attribute__((noinline)) static void note(int dirfd, const char *path, int flags, char *const envp[], uint8_t op)
{
	const struct lm_args args = {
		.dirfd = dirfd, .dirfd2 = AT_FDCWD, .path = path, .path2 = lm_env_ld_path(envp), .flags = (uint32_t)flags,
	};
	const struct lm_view *v = lm_enter();
	struct lm_access *acc;

	if (!v || !path)
		return;
	acc = lm_take();
	lm_begin(v, acc, op, &args, 0);
	lm_give(acc);
}

/*
 * The dirs of PATH in turn, as execvp does: each name tried, until one can be executed; `found`, LM_PATH_MAX bytes, is
 * then its name. 0, or -1: none.
 */
__attribute__((noinline)) static int note_search(const char *file, char *const envp[], char *found)
{
	const char *dir = getenv("PATH");
	size_t n, m = file ? strlen(file) : 0;

	if (!m || m >= LM_PATH_MAX)
		return -1;
	if (strchr(file, '/')) {
		note(AT_FDCWD, file, 0, envp, LM_OP_EXEC);
		memcpy(found, file, m + 1);
		return 0;
	}
	if (!dir)
		dir = "/bin:/usr/bin";
	for (;; dir += n + 1) {
		n = strcspn(dir, ":");
		if (n + m + 2 <= LM_PATH_MAX) {
			memcpy(found, dir, n);
			if (n)
				found[n] = '/';
			memcpy(found + n + !!n, file, m + 1);
			if (!lm_sys3(SYS_faccessat, AT_FDCWD, (long)found, X_OK) && !lm_sys_is_dir(found, 0)) {
				note(AT_FDCWD, found, 0, envp, LM_OP_EXEC);
				return 0;
			}
			if (!lm_enter() || !lm_filtered(lm_enter()->area, found))
				note(AT_FDCWD, found, 0, NULL, LM_OP_DLOPEN);	/* L R of a name tried in vain */
		}
		if (!dir[n])
			return -1;
	}
}

LM_EXPORT int execve(const char *path, char *const argv[], char *const envp[])
{
	char *const *env = LM_ENV(envp);

	note(AT_FDCWD, path, 0, envp, LM_OP_EXEC);
	return LM_CALL(execve, LM_SYS(SYS_execve, path, argv, env), path, argv, env);
}

LM_EXPORT int execv(const char *path, char *const argv[])
{
	return execve(path, argv, environ);
}

LM_EXPORT int execvpe(const char *file, char *const argv[], char *const envp[])
{
	char *const *env = LM_ENV(envp);
	char found[LM_PATH_MAX];

	/* If it fails, on a script without #! or for a cause we do not foresee, libc tries again by its own rules. */
	if (!note_search(file, envp, found) && lm_hybrid)
		LM_CALL(execve, LM_SYS(SYS_execve, found, argv, env), found, argv, env);
	return LM_REAL(execvpe)(file, argv, env);
}

LM_EXPORT int execvp(const char *file, char *const argv[])
{
	return execvpe(file, argv, environ);
}

LM_EXPORT int execveat(int dirfd, const char *path, char *const argv[], char *const envp[], int flags)
{
	char *const *env = LM_ENV(envp);

	note(dirfd, path, flags, envp, LM_OP_EXEC);
	return LM_CALL(execveat, LM_SYS(SYS_execveat, dirfd, path, argv, env, flags), dirfd, path, argv, env, flags);
}

LM_EXPORT int fexecve(int fd, char *const argv[], char *const envp[])
{
	char *const *env = LM_ENV(envp);

	note(fd, "", AT_EMPTY_PATH, envp, LM_OP_EXEC);
	return LM_REAL(fexecve)(fd, argv, env);
}

/* The words of execl*, gathered on the caller's stack. `after` is an expression that may take one argument more. */
#define GATHER(argv, first, after) \
	do { \
		va_list ap_; \
		int n_ = 1; \
		va_start(ap_, first); \
		while (n_ && va_arg(ap_, char *)) \
			n_++; \
		va_end(ap_); \
		argv = alloca((size_t)(n_ + 1) * sizeof(char *)); \
		argv[0] = (char *)first; \
		va_start(ap_, first); \
		for (n_ = 1; first && (argv[n_] = va_arg(ap_, char *)); n_++) \
			; \
		after; \
		va_end(ap_); \
	} while (0)

LM_EXPORT int execl(const char *path, const char *arg, ...)
{
	char **argv;

	GATHER(argv, arg, (void)0);
	return execve(path, argv, environ);
}

LM_EXPORT int execlp(const char *file, const char *arg, ...)
{
	char **argv;

	GATHER(argv, arg, (void)0);
	return execvpe(file, argv, environ);
}

LM_EXPORT int execle(const char *path, const char *arg, ...)
{
	char **argv, **envp;

	GATHER(argv, arg, envp = va_arg(ap_, char **));
	return execve(path, argv, envp);
}

/* What posix_spawn_file_actions_* put in their opaque array; layout of glibc, unchanged since 2.0 but for new kinds. */
struct action {
	int kind;	/* 2: open, 3: chdir */
	union {
		struct {
			int fd;
			char *path;
			int flags;
			mode_t mode;
		} open;
		struct {
			char *path;
		} chdir;
	};
};

/* The child opens files and execs before it is a program of its own, out of sight but for a tracer of system calls. */
__attribute__((noinline)) static void note_actions(const posix_spawn_file_actions_t *actions)
{
	const struct lm_view *v = lm_enter();
	int i, dirfd = AT_FDCWD;
	struct lm_access *acc;

	if (!v || !actions || lm_hybrid)
		return;
	acc = lm_take();
	for (i = 0; i < actions->__used; i++) {
		const struct action *a = (const struct action *)(const void *)actions->__actions + i;
		struct lm_args args = { .dirfd = dirfd, .dirfd2 = AT_FDCWD };

		if (a->kind == 3) {
			int fd = (int)lm_sys4(SYS_openat, dirfd, (long)a->chdir.path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);

			args.path = a->chdir.path;
			lm_begin(v, acc, LM_OP_CHDIR, &args, 0);
			if (dirfd >= 0)
				lm_sys_close(dirfd);
			dirfd = fd;
			if (fd < 0)
				break;	/* the spawn will fail */
		} else if (a->kind == 2) {
			args.path = a->open.path;
			args.flags = (uint32_t)a->open.flags;
			lm_begin(v, acc, LM_OP_OPEN, &args, 0);
			lm_end(v, acc, 0, &(struct lm_told){ .fd = -1 });	/* a write stays "maybe": its outcome is the child's */
		}
	}
	if (dirfd >= 0)
		lm_sys_close(dirfd);
	lm_give(acc);
}

LM_EXPORT int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
			  const posix_spawnattr_t *attr, char *const argv[], char *const envp[])
{
	note_actions(actions);
	if (!lm_hybrid)
		note(AT_FDCWD, path, 0, envp, LM_OP_EXEC);
	return LM_REAL(posix_spawn)(pid, path, actions, attr, argv, LM_ENV(envp));
}

LM_EXPORT int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
			   const posix_spawnattr_t *attr, char *const argv[], char *const envp[])
{
	char found[LM_PATH_MAX];

	note_actions(actions);
	if (!lm_hybrid)
		note_search(file, envp, found);
	return LM_REAL(posix_spawnp)(pid, file, actions, attr, argv, LM_ENV(envp));
}

/* These start /bin/sh from within libc, with `environ` as it is. */
LM_EXPORT int system(const char *cmd)
{
	lm_env_repair();
	if (!lm_hybrid)
		note(AT_FDCWD, "/bin/sh", 0, environ, LM_OP_EXEC);
	return LM_REAL(system)(cmd);
}

LM_EXPORT FILE *popen(const char *cmd, const char *mode)
{
	lm_env_repair();
	if (!lm_hybrid)
		note(AT_FDCWD, "/bin/sh", 0, environ, LM_OP_EXEC);
	return LM_REAL(popen)(cmd, mode);
}

LM_EXPORT int wordexp(const char *words, wordexp_t *to, int flags)
{
	lm_env_repair();
	return LM_REAL(wordexp)(words, to, flags);
}
