/*
 * Start of the tracer in a process, and the state shared by its shims (preload.h). The constructor runs before main,
 * but any shim may come first (constructors of libraries): whoever is first attaches. The state is then constant but
 * for the cache, whose words are independent atomics.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../access/crc.h"
#include "../access/slot.h"
#include "../access/sys.h"
#include "preload.h"

enum { NOT_YET, BUSY, ON, OFF };

__thread uint8_t lm_vforked __attribute__((tls_model("initial-exec")));
char *lm_env_entry;
const char *lm_preload_name;
char lm_ld_path[4096];

uint8_t lm_hybrid;
static uint8_t attached;
static struct lm_area area;
static struct lm_cache cache;
static char entry[512];
static _Alignas(8) char header[4096];

static const char *own_cwd(const struct lm_view *v, char *buf, uint32_t *len)
{
	long n = lm_sys3(SYS_getcwd, (long)buf, LM_PATH_MAX, 0);

	(void)v;
	if (n <= 0)
		return NULL;
	*len = (uint32_t)n - 1;
	return buf;
}

static struct lm_view view = { .area = &area, .cache = &cache, .cwd = own_cwd };
static struct lm_view child_view = { .area = &area, .cwd = own_cwd };

static void die(const char *what)
{
	static const char head[] = "lmake: accesses cannot be recorded: ";

	lm_sys3(SYS_write, 2, (long)head, sizeof(head) - 1);
	lm_sys3(SYS_write, 2, (long)what, (long)strlen(what));
	lm_sys3(SYS_write, 2, (long)"\n", 1);
	lm_sys3(SYS_exit_group, 125, 0, 0);
	__builtin_unreachable();
}

static const char *env_value(const char *key)
{
	size_t n = strlen(key);
	char **p;

	for (p = environ; p && *p; p++)
		if (!strncmp(*p, key, n) && (*p)[n] == '=')
			return *p + n + 1;
	return NULL;
}

/* The header as it is now: the slot may be given to another job while we live. */
static const struct lm_log_header *copy_header(const struct lm_log_header *log)
{
	size_t size = offsetof(struct lm_log_header, text) + log->text_size;
	void *to = header;

	if (size > LM_LOG_HEAD_SIZE)
		return log;	/* being rewritten: the token will tell */
	if (size > sizeof(header)) {
		long map = lm_sys6(SYS_mmap, 0, (long)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (map < 0 && map > -4096)
			die("no memory");
		to = (void *)map;
	}
	memcpy(to, log, size);
	return to;
}

/* Where libc lies; old ones are in two. */
static struct {
	uintptr_t from, to;
} libc[2];

static int find_libc(struct dl_phdr_info *info, size_t size, void *arg)
{
	const char *name = info->dlpi_name ? strrchr(info->dlpi_name, '/') : NULL;
	int i, n = libc[0].to ? 1 : 0;

	(void)size, (void)arg;
	if (!name || libc[1].to || (strncmp(name, "/libc.so.", 9) && strncmp(name, "/libc-2", 7) && strncmp(name, "/libpthread", 11)))
		return 0;
	for (i = 0; i < info->dlpi_phnum; i++) {
		uintptr_t end = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz;

		if (info->dlpi_phdr[i].p_type == PT_LOAD && end > libc[n].to)
			libc[n].to = end;
	}
	libc[n].from = info->dlpi_addr;
	return 0;
}

static int attach(const char *value)
{
	const struct lm_log_header *cfg;
	uint64_t token;
	size_t n;
	long fd, map;
	int rc, hybrid;

	if (lm_env_parse(value, &n, &token, &hybrid) || n + sizeof(LM_LOG_ENV) + 24 > sizeof(entry))
		die("bad " LM_LOG_ENV);
	if (hybrid && lm_gate_open())
		return OFF;	/* the program has something there: the tracer sees all its calls, without us */
	strcpy(entry, LM_LOG_ENV "=");
	strcat(entry, value);
	entry[sizeof(LM_LOG_ENV) + n] = 0;
	fd = lm_sys3(SYS_open, (long)(entry + sizeof(LM_LOG_ENV)), O_RDWR | O_CLOEXEC, 0);
	entry[sizeof(LM_LOG_ENV) + n] = ':';
	if (fd < 0 && hybrid)
		return OFF;	/* another user, perhaps: the tracer goes on without us */
	if (fd < 0)
		die("the log cannot be opened");
	map = lm_sys6(SYS_mmap, 0, (long)LM_LOG_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
	lm_sys_close((int)fd);
	if (map < 0 && map > -4096 && hybrid)
		return OFF;	/* a limit on memory */
	if (map < 0 && map > -4096)
		die("the log cannot be mapped");
	cfg = copy_header((const void *)map);
	rc = lm_area_init(&area, (void *)map, cfg, token);
	if (rc == -EINVAL)
		die("the log is of another version of lmake");
	if (rc || (cfg->flags & LM_LOGF_TRACED)) {
		lm_sys3(SYS_munmap, map, (long)LM_LOG_SIZE, 0);
		return OFF;
	}
	if (hybrid) {
		dl_iterate_phdr(find_libc, NULL);
		view.followed = child_view.followed = 1;
		lm_hybrid = 1;
	}
	lm_env_entry = entry;
	lm_preload_name = cfg->text + cfg->preload;
	return ON;
}

/* Slow path of lm_enter: 1 if this process records. */
static int start(void)
{
	uint8_t seen = NOT_YET;
	const char *value;
	int to;

	if (!environ)
		return 0;	/* libc itself has not started: nothing of the job's runs yet */
	if (!__atomic_compare_exchange_n(&attached, &seen, BUSY, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		while ((seen = __atomic_load_n(&attached, __ATOMIC_ACQUIRE)) == BUSY)
			lm_sys3(SYS_sched_yield, 0, 0, 0);
		return seen == ON;
	}
	value = env_value(LM_LOG_ENV);
	to = value ? attach(value) : OFF;
	value = env_value("LD_LIBRARY_PATH");
	if (value && strlen(value) < sizeof(lm_ld_path))
		strcpy(lm_ld_path, value);
	__atomic_store_n(&attached, to, __ATOMIC_RELEASE);
	return to == ON;
}

#define N_ACCESSES 16
static struct lm_access accesses[N_ACCESSES];
static uint32_t in_use;	/* a bit each; those of other threads stay set in a forked child: it has fewer then */

struct lm_access *lm_take(void)
{
	uint32_t seen = __atomic_load_n(&in_use, __ATOMIC_RELAXED);
	long map;
	int i;

	while ((i = __builtin_ffs((int)~seen & ((1 << N_ACCESSES) - 1)) - 1) >= 0)
		if (__atomic_compare_exchange_n(&in_use, &seen, seen | 1u << i, 1, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return &accesses[i];
	map = lm_sys6(SYS_mmap, 0, sizeof(struct lm_access), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map < 0 && map > -4096)
		die("no memory");
	return (struct lm_access *)map;
}

void lm_give(struct lm_access *acc)
{
	if (acc >= accesses && acc < accesses + N_ACCESSES)
		__atomic_fetch_and(&in_use, ~(1u << (acc - accesses)), __ATOMIC_RELEASE);
	else
		lm_sys3(SYS_munmap, (long)acc, sizeof(*acc), 0);
}

const struct lm_view *lm_enter(void)
{
	uint8_t now = __atomic_load_n(&attached, __ATOMIC_ACQUIRE);

	if (now != ON && (now == OFF || !start()))
		return NULL;
	return lm_vforked ? &child_view : &view;
}

int lm_skip(const struct lm_view *v, uint8_t op, const struct lm_args *args, uint64_t *key)
{
	*key = 0;
	if (!args->path || args->path2)
		return 0;
	return lm_filtered(v->area, args->path) || lm_known(v, op, args, key);
}

void lm_moved(const struct lm_view *v)
{
	if (v && v->cache)
		__atomic_fetch_add(&v->cache->cwd_gen, 1, __ATOMIC_RELAXED);
}

static void *lookup(const char *name)
{
	int err = errno;
	void *p = dlsym(RTLD_NEXT, name);

	if (!p)
		p = dlvsym(RTLD_NEXT, name, "GLIBC_2.2.5");	/* old ones have no default version */
	if (!p)
		die(name);
	errno = err;
	return p;
}

void *lm_lookup(void **fn, const char *name)
{
	void *p = lookup(name);

	__atomic_store_n(fn, p, __ATOMIC_RELAXED);
	return p;
}

static int is_libc(const void *p)
{
	uintptr_t at = (uintptr_t)p;

	return (at >= libc[0].from && at < libc[0].to) || (at >= libc[1].from && at < libc[1].to);
}

void *lm_lookup_direct(void **fn, const char *name)
{
	void *p = lookup(name);

	if (!lm_enter() && __atomic_load_n(&attached, __ATOMIC_ACQUIRE) != OFF)
		return p;	/* not known yet: ask again */
	if (lm_hybrid && is_libc(p))
		p = LM_DIRECT;
	__atomic_store_n(fn, p, __ATOMIC_RELAXED);
	return p;
}

static long result(long rc)
{
	if (rc < 0 && rc > -4096) {
		errno = (int)-rc;
		return -1;
	}
	return rc;
}

long lm_direct(long nr, long a, long b, long c, long d, long e)
{
	return result(lm_sys6(nr, a, b, c, d, e, 0));
}

extern char __libc_single_threaded __attribute__((weak));
extern __typeof__(pthread_setcanceltype) pthread_setcanceltype __attribute__((weak));

/* A thread that sleeps in the open of a fifo may be cancelled there, as in libc's. */
long lm_direct_open(int dirfd, const char *path, int flags, unsigned mode)
{
	int own = 0;
	long rc;

	if ((&__libc_single_threaded && __libc_single_threaded) || !pthread_setcanceltype || lm_vforked)
		return lm_direct(SYS_openat, dirfd, (long)path, flags, mode, 0);
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &own);
	rc = lm_sys4(SYS_openat, dirfd, (long)path, flags, mode);
	pthread_setcanceltype(own, NULL);
	return result(rc);
}

/* Libraries of the repo that the loader mapped before us, however it found them. (The vdso has no /.) */
static int note_loaded(struct dl_phdr_info *info, size_t size, void *arg)
{
	const struct lm_args args = { .dirfd = AT_FDCWD, .dirfd2 = AT_FDCWD, .path = info->dlpi_name };
	struct lm_access *acc;
	uint64_t key;

	(void)size;
	if (info->dlpi_name && strchr(info->dlpi_name, '/') && !lm_skip(arg, LM_OP_DLOPEN, &args, &key) &&
	    strcmp(info->dlpi_name, lm_preload_name)) {
		acc = lm_take();
		lm_begin(arg, acc, LM_OP_DLOPEN, &args, 0);
		lm_give(acc);
	}
	return 0;
}

__attribute__((constructor)) static void begin(void)
{
	const struct lm_view *v = lm_enter();

	if (v && !lm_hybrid)
		dl_iterate_phdr(note_loaded, (void *)v);
}
