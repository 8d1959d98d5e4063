/*
 * The gate (gate.h). Its code is written here once, run in place, or copied to its page.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "gate.h"
#include "sys.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

#if defined(__i386__)	/* no gate: its only tracer is the library that has this */
__asm__(
	".text\n"
	".globl lm_sys\n"
	".hidden lm_sys\n"
	".type lm_sys, @function\n"
	"lm_sys:\n"
	"	push %ebp\n"
	"	push %edi\n"
	"	push %esi\n"
	"	push %ebx\n"
	"	mov 20(%esp), %ebx\n"
	"	mov 24(%esp), %ecx\n"
	"	mov 28(%esp), %edx\n"
	"	mov 32(%esp), %esi\n"
	"	mov 36(%esp), %edi\n"
	"	mov 44(%esp), %eax\n"
	"	mov 40(%esp), %ebp\n"
	"	int $0x80\n"
	"	pop %ebx\n"
	"	pop %esi\n"
	"	pop %edi\n"
	"	pop %ebp\n"
	"	ret\n"
	".size lm_sys, .-lm_sys\n"
);

int lm_gate_open(void)
{
	return -ENOSYS;
}
#else

/* In bss, 0 until opened: no relocation. */
__attribute__((visibility("hidden"), used)) uintptr_t lm_gate_at;

#if defined(__x86_64__)
__asm__(
	".text\n"
	".globl lm_sys\n"
	".hidden lm_sys\n"
	".type lm_sys, @function\n"
	"lm_sys:\n"
	"	mov lm_gate_at(%rip), %rax\n"
	"	test %rax, %rax\n"
	"	jnz 1f\n"
	".globl lm_gate_code\n"
	".hidden lm_gate_code\n"
	"lm_gate_code:\n"
	"	endbr64\n"
	"	mov 8(%rsp), %rax\n"
	"	mov %rcx, %r10\n"
	"	syscall\n"
	"	ret\n"
	".globl lm_gate_end\n"
	".hidden lm_gate_end\n"
	"lm_gate_end:\n"
	"1:	jmp *%rax\n"
	".size lm_sys, .-lm_sys\n"
);
#else
__asm__(
	".text\n"
	".globl lm_sys\n"
	".hidden lm_sys\n"
	".type lm_sys, %function\n"
	"lm_sys:\n"
	"	adrp x16, lm_gate_at\n"
	"	ldr x16, [x16, #:lo12:lm_gate_at]\n"
	"	cbnz x16, 1f\n"
	".globl lm_gate_code\n"
	".hidden lm_gate_code\n"
	"lm_gate_code:\n"
	"	hint #34\n"		/* bti c */
	"	mov x8, x6\n"
	"	svc #0\n"
	"	ret\n"
	".globl lm_gate_end\n"
	".hidden lm_gate_end\n"
	"lm_gate_end:\n"
	"1:	br x16\n"
	".size lm_sys, .-lm_sys\n"
);
#endif

int lm_gate_open(void)
{
	long at;

	if (lm_gate_at)
		return 0;
	at = lm_sys6(SYS_mmap, (long)LM_GATE_ADDR, LM_GATE_SIZE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (at < 0 && at > -4096)
		return (int)at;
	if (at != (long)LM_GATE_ADDR) {		/* a kernel older than the flag: only a wish */
		lm_sys3(SYS_munmap, at, LM_GATE_SIZE, 0);
		return -EEXIST;
	}
	memcpy((void *)at, lm_gate_code, (size_t)(lm_gate_end - lm_gate_code));
#ifdef __aarch64__
	__builtin___clear_cache((char *)at, (char *)at + (lm_gate_end - lm_gate_code));
#endif
	at = lm_sys3(SYS_mprotect, at, LM_GATE_SIZE, PROT_READ | PROT_EXEC);
	if (at < 0) {
		lm_sys3(SYS_munmap, (long)LM_GATE_ADDR, LM_GATE_SIZE, 0);
		return (int)at;
	}
	__atomic_store_n(&lm_gate_at, LM_GATE_ADDR, __ATOMIC_RELEASE);
	return 0;
}
#endif
