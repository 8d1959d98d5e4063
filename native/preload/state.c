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
#include "../access/exec.h"
#include "../access/attach.h"
#include "../access/off.h"
#include "../access/slot.h"
#include "../access/sys.h"
#include "preload.h"

enum { NOT_YET, BUSY, ON, OFF };

__thread uint8_t lm_vforked __attribute__((tls_model("initial-exec")));
char *lm_env_entry;
const char *lm_preload_name, *lm_audit_name;
char lm_ld_path[4096];

uint8_t lm_hybrid;
static uint8_t attached;
static struct lm_area area;
static _Alignas(8) struct lm_cache cache;
static struct lm_attached log_;

/* Set by the audit library, in each process it is loaded in (../audit). */
LM_EXPORT uint8_t lm_audited;

/* Before main, by the ld_preload_jemalloc method: allocators that read files call us from within malloc. */
static uint8_t dormant, main_begun;

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

extern void *__libc_stack_end __attribute__((weak));	/* the loader's: where the kernel has put argc, argv, environ */

/* An allocator of the program may be called before libc has started, by the loader itself. */
static char **environment(void)
{
	long *top = &__libc_stack_end ? __libc_stack_end : NULL;

	return environ ? environ : top ? (char **)(top + 1 + top[0] + 1) : NULL;
}

static const char *env_value(const char *key)
{
	size_t n = strlen(key);
	char **p;

	for (p = environment(); p && *p; p++)
		if (!strncmp(*p, key, n) && (*p)[n] == '=')
			return *p + n + 1;
	return NULL;
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
	const char *why, *colon = strrchr(value, ':');
	int rc;

	if (colon && colon[1] == '0' && lm_gate_open())
		return OFF;	/* the program has something there: the tracer sees all its calls, without us */
	rc = lm_attach(&log_, &area, value, &why);
	if (rc && rc != -ESTALE && rc != -EINVAL && colon && colon[1] == '0')
		return OFF;	/* another user, or a limit on memory: the tracer goes on without us */
	if (rc && rc != -ESTALE)
		die(why);
	if (rc || (area.cfg->flags & LM_LOGF_TRACED))
		return OFF;
	if (area.cfg->flags & LM_LOGF_HYBRID) {
		dl_iterate_phdr(find_libc, NULL);
		view.followed = child_view.followed = 1;
		lm_hybrid = 1;
	}
	if (area.cfg->flags & LM_LOGF_AUDIT) {
		if (lm_audited)
			view.audited = child_view.audited = 1;
		else
			lm_warn(&view, "the loader of a program does not let itself be audited; what libraries it looks for was worked out "
				"from the program instead");
	}
	dormant = (area.cfg->flags & LM_LOGF_DORMANT) && !main_begun;
	lm_env_entry = log_.entry;
	lm_preload_name = area.cfg->text + area.cfg->preload;
	lm_audit_name = area.cfg->text + area.cfg->audit;
	return ON;
}

/* Slow path of lm_enter: 1 if this process records. */
static int start(void)
{
	uint8_t seen = NOT_YET;
	const char *value;
	int to;

	if (!environment())
		return 0;
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

/*
 * Has recording been turned off, here or in a process we come from? Asked again when somebody of the job has turned it off
 * or on, and by whoever is new. A vfork child takes the answer as it is: it must not write.
 */
static uint32_t off_seen;
static uint8_t is_off;

__attribute__((noinline)) static int look_off(uint32_t gen)
{
	__atomic_store_n(&is_off, lm_off_any(area.log) && lm_off_is(area.log, 0), __ATOMIC_RELAXED);
	__atomic_store_n(&off_seen, gen, __ATOMIC_RELEASE);
	return is_off;
}

const struct lm_view *lm_enter(void)
{
	uint8_t now = __atomic_load_n(&attached, __ATOMIC_ACQUIRE);
	uint32_t gen;

	if (now != ON && (now == OFF || !start()))
		return NULL;
	if (dormant)
		return NULL;
	gen = lm_off_gen(area.log);
	if (lm_vforked)
		return is_off ? NULL : &child_view;
	if (gen != __atomic_load_n(&off_seen, __ATOMIC_ACQUIRE))
		return look_off(gen) ? NULL : &view;
	return is_off ? NULL : &view;
}

/* For programs: turn recording off or on for this process and those it will start. 0, or -1 if it cannot be. */
LM_EXPORT int lmake_set_autodep(int on);
LM_EXPORT int lmake_set_autodep(int on)
{
	lm_enter();
	if (__atomic_load_n(&attached, __ATOMIC_ACQUIRE) != ON)
		return -1;
	return lm_off_set(area.log, (pid_t)lm_sys3(SYS_getpid, 0, 0, 0), !on) ? -1 : 0;
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

#ifdef __i386__
#define OLDEST "GLIBC_2.0"
#else
#define OLDEST "GLIBC_2.2.5"
#endif

static void *lookup(const char *name)
{
	int err = errno;
	void *p = dlsym(RTLD_NEXT, name);

	if (!p)
		p = dlvsym(RTLD_NEXT, name, OLDEST);	/* old ones have no default version */
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
	void *p;

#ifdef __i386__		/* it follows such programs without us; and the call libc makes is another one */
	return lm_lookup(fn, name);
#endif
	lm_enter();
	if (dormant || !environ)
		return LM_DIRECT;	/* to look it up may need malloc, and may be asked for by it */
	p = lookup(name);
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

/* Whoever started us has left our libraries to an audit that does not take place. */
__attribute__((noinline)) static void note_self(const struct lm_view *v)
{
	char name[LM_PATH_MAX];
	long n = lm_sys_readlink("/proc/self/exe", name, sizeof(name) - 1);
	int fd = (int)lm_sys_open("/proc/self/exe", O_RDONLY);

	if (n > 0 && fd >= 0) {
		name[n] = 0;
		lm_elf_note(v, fd, name, lm_ld_path);
	}
	if (fd >= 0)
		lm_sys_close(fd);
}

__attribute__((constructor)) static void begin(void)
{
	const struct lm_view *v = lm_enter();

	if (!v || lm_hybrid || v->audited)
		return;
	dl_iterate_phdr(note_loaded, (void *)v);
	if (area.cfg->flags & LM_LOGF_AUDIT)
		note_self(v);
}

typedef int main_fn(int, char **, char **);
static main_fn *real_main;

static int main_first(int argc, char **argv, char **envp)
{
	main_begun = 1;
	if (dormant) {
		dormant = 0;
		begin();
	}
	return real_main(argc, argv, envp);
}

/* Where programs begin. Glibc's constructors of libraries have run, those of the program have not always. */
LM_EXPORT int __libc_start_main(main_fn *fn, int argc, char **argv, void (*init)(void), void (*fini)(void),
				void (*rtld_fini)(void), void *stack_end);
LM_EXPORT int __libc_start_main(main_fn *fn, int argc, char **argv, void (*init)(void), void (*fini)(void),
				void (*rtld_fini)(void), void *stack_end)
{
	static __typeof__(&__libc_start_main) real;

	real_main = fn;
	if (!real)
		real = (__typeof__(real))lookup("__libc_start_main");
	return real(main_first, argc, argv, init, fini, rtld_fini, stack_end);
}
