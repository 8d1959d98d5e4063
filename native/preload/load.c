/*
 * The shims that cannot be plain C functions around a call (preload.h): dlopen and dlmopen, to which the address of
 * their caller matters; vfork, which returns twice in one frame; syscall, which is any of the others.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <sched.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "../access/exec.h"
#include "../access/sys.h"
#include "preload.h"

void *lm_dlopen_note(const char *name, const void *caller);
void *lm_dlmopen_note(const char *name, const void *caller);

/* Where the caller's object asks its libraries to be looked for; `origin` is room for its dir. */
static void dirs_of_caller(const void *caller, struct lm_lib_dirs *dirs, char *origin)
{
	struct link_map *map = NULL;
	const ElfW(Dyn) *d;
	const char *strings = NULL, *slash;
	Dl_info info;

	if (!dladdr1(caller, &info, (void **)&map, RTLD_DL_LINKMAP) || !map)
		return;
	for (d = map->l_ld; d->d_tag != DT_NULL; d++)
		if (d->d_tag == DT_STRTAB)
			strings = (const char *)d->d_un.d_ptr;
	for (d = map->l_ld; strings && d->d_tag != DT_NULL; d++) {
		if (d->d_tag == DT_RPATH)
			dirs->rpath = strings + d->d_un.d_val;
		else if (d->d_tag == DT_RUNPATH)
			dirs->runpath = strings + d->d_un.d_val;
	}
	if (map->l_name[0]) {
		slash = strrchr(map->l_name, '/');
		if (slash && (size_t)(slash - map->l_name) < LM_PATH_MAX) {
			memcpy(origin, map->l_name, (size_t)(slash - map->l_name));
			origin[slash - map->l_name] = 0;
		}
	} else {
		long n = lm_sys_readlink("/proc/self/exe", origin, LM_PATH_MAX - 1);

		origin[n < 0 ? 0 : n] = 0;
		slash = strrchr(origin, '/');
		if (slash)
			origin[slash - origin] = 0;
	}
}

static void note(const char *name, const void *caller)
{
	struct lm_lib_dirs dirs = { .ld_path = lm_ld_path };
	const struct lm_view *v = lm_enter();
	char origin[LM_PATH_MAX];

	if (!v || !name || !*name || lm_hybrid || v->audited)
		return;		/* the loader's own calls are notified, or it says what it looks for */
	origin[0] = 0;
	dirs.origin = origin;
	dirs_of_caller(caller, &dirs, origin);
	lm_lib_note(v, name, &dirs);
}

__attribute__((used)) void *lm_dlopen_note(const char *name, const void *caller)
{
	note(name, caller);
	return (void *)LM_REAL(dlopen);
}

__attribute__((used)) void *lm_dlmopen_note(const char *name, const void *caller)
{
	note(name, caller);
	return (void *)LM_REAL(dlmopen);
}

/* The loader looks at its return address to know who asks: we must not stand in between, so we leave by a jump. */
#if defined(__i386__)
__asm__(
	".text\n"
	".globl dlopen\n"
	".type dlopen, @function\n"
	"dlopen:\n"
	"	mov (%esp), %eax\n"
	"	mov 4(%esp), %edx\n"
	"	sub $4, %esp\n"
	"	push %eax\n"
	"	push %edx\n"
	"	call lm_dlopen_note\n"
	"	add $12, %esp\n"
	"	jmp *%eax\n"
	".size dlopen, .-dlopen\n"
	".globl dlmopen\n"
	".type dlmopen, @function\n"
	"dlmopen:\n"
	"	mov (%esp), %eax\n"
	"	mov 8(%esp), %edx\n"
	"	sub $4, %esp\n"
	"	push %eax\n"
	"	push %edx\n"
	"	call lm_dlmopen_note\n"
	"	add $12, %esp\n"
	"	jmp *%eax\n"
	".size dlmopen, .-dlmopen\n"
);
#elif defined(__x86_64__)
__asm__(
	".text\n"
	".globl dlopen\n"
	".type dlopen, @function\n"
	"dlopen:\n"
	"	push %rdi\n"
	"	push %rsi\n"
	"	sub $8, %rsp\n"
	"	mov 24(%rsp), %rsi\n"
	"	call lm_dlopen_note\n"
	"	add $8, %rsp\n"
	"	pop %rsi\n"
	"	pop %rdi\n"
	"	jmp *%rax\n"
	".size dlopen, .-dlopen\n"
	".globl dlmopen\n"
	".type dlmopen, @function\n"
	"dlmopen:\n"
	"	push %rdi\n"
	"	push %rsi\n"
	"	push %rdx\n"
	"	mov %rsi, %rdi\n"
	"	mov 24(%rsp), %rsi\n"
	"	call lm_dlmopen_note\n"
	"	pop %rdx\n"
	"	pop %rsi\n"
	"	pop %rdi\n"
	"	jmp *%rax\n"
	".size dlmopen, .-dlmopen\n"
);
#else
__asm__(
	".text\n"
	".globl dlopen\n"
	".type dlopen, %function\n"
	"dlopen:\n"
	"	stp x29, x30, [sp, #-32]!\n"
	"	stp x0, x1, [sp, #16]\n"
	"	mov x1, x30\n"
	"	bl lm_dlopen_note\n"
	"	mov x16, x0\n"
	"	ldp x0, x1, [sp, #16]\n"
	"	ldp x29, x30, [sp], #32\n"
	"	br x16\n"
	".size dlopen, .-dlopen\n"
	".globl dlmopen\n"
	".type dlmopen, %function\n"
	"dlmopen:\n"
	"	stp x29, x30, [sp, #-48]!\n"
	"	stp x0, x1, [sp, #16]\n"
	"	str x2, [sp, #32]\n"
	"	mov x0, x1\n"
	"	mov x1, x30\n"
	"	bl lm_dlmopen_note\n"
	"	mov x16, x0\n"
	"	ldr x2, [sp, #32]\n"
	"	ldp x0, x1, [sp, #16]\n"
	"	ldp x29, x30, [sp], #48\n"
	"	br x16\n"
	".size dlmopen, .-dlmopen\n"
);
#endif

/* Called by vfork below, in the parent, on failure. */
__attribute__((used)) int lm_vfork_failed(int rc);
int lm_vfork_failed(int rc)
{
	errno = -rc;
	return -1;
}

/*
 * The child runs in our frame and in our memory: the return address is kept in a register, and lm_vforked tells the
 * shims to leave no trace until the parent is back.
 */
#if defined(__i386__)
__asm__(
	".text\n"
	".globl vfork\n"
	".type vfork, @function\n"
	".globl __vfork\n"
	".set __vfork, vfork\n"
	"vfork:\n"
	"	pop %ecx\n"
	"	call 0f\n"
	"0:	pop %edx\n"
	"	add $_GLOBAL_OFFSET_TABLE_+[.-0b], %edx\n"
	"	mov lm_vforked@gotntpoff(%edx), %edx\n"
	"	mov $190, %eax\n"	/* SYS_vfork */
	"	int $0x80\n"
	"	push %ecx\n"
	"	test %eax, %eax\n"
	"	jz 1f\n"
	"	movb $0, %gs:(%edx)\n"
	"	js 2f\n"
	"	ret\n"
	"1:	movb $1, %gs:(%edx)\n"
	"	ret\n"
	"2:	sub $8, %esp\n"
	"	push %eax\n"
	"	call lm_vfork_failed\n"
	"	add $12, %esp\n"
	"	ret\n"
	".size vfork, .-vfork\n"
);
#elif defined(__x86_64__)
__asm__(
	".text\n"
	".globl vfork\n"
	".type vfork, @function\n"
	".globl __vfork\n"
	".set __vfork, vfork\n"
	"vfork:\n"
	"	pop %rdi\n"
	"	mov lm_vforked@gottpoff(%rip), %rsi\n"
	"	mov $58, %eax\n"	/* SYS_vfork */
	"	syscall\n"
	"	push %rdi\n"
	"	test %eax, %eax\n"
	"	jz 1f\n"
	"	movb $0, %fs:(%rsi)\n"
	"	js 2f\n"
	"	ret\n"
	"1:	movb $1, %fs:(%rsi)\n"
	"	ret\n"
	"2:	mov %eax, %edi\n"
	"	jmp lm_vfork_failed\n"
	".size vfork, .-vfork\n"
);
#else
__asm__(
	".text\n"
	".globl vfork\n"
	".type vfork, %function\n"
	".globl __vfork\n"
	".set __vfork, vfork\n"
	"vfork:\n"
	"	mrs x9, tpidr_el0\n"
	"	adrp x10, :gottprel:lm_vforked\n"
	"	ldr x10, [x10, #:gottprel_lo12:lm_vforked]\n"
	"	mov x0, #0x4111\n"	/* CLONE_VM | CLONE_VFORK | SIGCHLD */
	"	mov x1, #0\n"
	"	mov x2, #0\n"
	"	mov x3, #0\n"
	"	mov x4, #0\n"
	"	mov x8, #220\n"	/* SYS_clone */
	"	svc #0\n"
	"	cbz x0, 1f\n"
	"	strb wzr, [x9, x10]\n"
	"	tbnz x0, #63, 2f\n"
	"	ret\n"
	"1:	mov w11, #1\n"
	"	strb w11, [x9, x10]\n"
	"	ret\n"
	"2:	b lm_vfork_failed\n"
	".size vfork, .-vfork\n"
);
#endif

/* Who shares our memory, but not our cwd, shares what we remember of relative names. */
static void note_clone(const struct lm_view *v, unsigned long flags)
{
	if (v && v->cache && (flags & (CLONE_VM | CLONE_FS)) == CLONE_VM)
		__atomic_store_n(&v->cache->own_cwds, 1, __ATOMIC_RELAXED);
}

LM_EXPORT int clone(int (*fn)(void *), void *stack, int flags, void *arg, ...)
{
	void *more[3];
	va_list ap;
	int i;

	va_start(ap, arg);
	for (i = 0; i < 3; i++)		/* which of them are there depends on flags; libc takes all, too */
		more[i] = va_arg(ap, void *);
	va_end(ap);
	note_clone(lm_enter(), (unsigned long)flags);
	return LM_REAL(clone)(fn, stack, flags, arg, more[0], more[1], more[2]);
}

static int opens(uint8_t op)
{
	return op == LM_OP_OPEN || op == LM_OP_OPENAT2;
}

static long call(long nr, const unsigned long *r)
{
	return lm_sys6(nr, (long)r[0], (long)r[1], (long)r[2], (long)r[3], (long)r[4], (long)r[5]);
}

/* A call of the table, made by number. */
static long routed(const struct lm_view *v, long nr, const struct lm_row *row, unsigned long *r)
{
	struct lm_access *acc;
	struct lm_args args;
	uint8_t op;
	long rc;
	int envp = nr == SYS_execve ? 2 : nr == SYS_execveat ? 3 : -1;

	lm_args_of(row, r, &args);
	op = lm_op_of(row, &args);
	if (op == LM_OP_OPENAT2)
		op = LM_OP_OPEN;
	if (row->op == LM_OP_OPENAT2 && r[2]) {
		args.flags = (uint32_t)((const struct lm_open_how *)r[2])->flags;
		args.in_root = !!(((const struct lm_open_how *)r[2])->resolve & 0x10 /* RESOLVE_IN_ROOT */);
	}
	if (envp >= 0) {
		args.path2 = lm_env_ld_path((char *const *)r[envp]);
		r[envp] = (unsigned long)LM_ENV((char *const *)r[envp]);
	}
	acc = lm_take();
	rc = lm_begin(v, acc, op, &args, 0);
	if (rc < 0 || envp >= 0) {
		lm_give(acc);	/* before an exec: a vfork child would take it away with it */
		return rc < 0 ? rc : call(nr, r);
	}
	rc = call(nr, r);
	lm_end(v, acc, rc >= 0, &(struct lm_told){ .fd = opens(op) ? (int)rc : -1 });
	lm_give(acc);
	if (rc >= 0 && (op == LM_OP_CHDIR || op == LM_OP_FCHDIR))
		lm_moved(v);
	return rc;
}

LM_EXPORT long syscall(long nr, ...)
{
	const struct lm_view *v;
	unsigned long r[6];
	va_list ap;
	long rc;
	int i;

	va_start(ap, nr);
	for (i = 0; i < 6; i++)
		r[i] = va_arg(ap, unsigned long);
	va_end(ap);
	v = lm_enter();
	if (v && nr >= 0 && nr < LM_N_ROWS && lm_rows[nr].name[0]) {
		rc = routed(v, nr, &lm_rows[nr], r);
	} else if (v && nr >= LM_N_ROWS) {
		rc = -ENOSYS;	/* of a later kernel, or of another table: what it does is not known */
	} else {
		if (nr == SYS_clone)
			note_clone(v, r[0]);
		else if (nr == SYS_clone3 && r[0])
			note_clone(v, *(const uint64_t *)r[0]);
		rc = call(nr, r);
	}
	if (rc >= 0 || rc <= -4096)
		return rc;
	errno = (int)-rc;
	return -1;
}
