/*
 * Calls by another table than that of 64 bit programs, made from assembly: `foreign <way> <path>` opens it. The truth is the path, if
 * the kernel knows the way ("opened" or "failed"), else "n/a". Ways: int80, x32; built for 32 bit: call (through the vdso: sysenter
 * or syscall), sysenter.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static sigjmp_buf back;

static void on_fault(int sig)
{
	(void)sig;
	siglongjmp(back, 1);
}

static long int80(long nr, const char *path)
{
	long rc;

	__asm__ volatile("int $0x80" : "=a"(rc) : "a"(nr), "b"(path), "c"(0), "d"(0) : "memory");
	return (int)rc;
}

static long other(const char *way, const char *path)
{
#ifdef __x86_64__
	long rc;

	if (!strcmp(way, "x32")) {
		__asm__ volatile("syscall" : "=a"(rc) : "a"(SYS_open | 0x40000000), "D"(path), "S"(0), "d"(0)
				 : "rcx", "r11", "memory");
		return rc;
	}
#else
	long rc;

	if (!strcmp(way, "call"))
		return syscall(SYS_open, path, 0) < 0 ? -errno : 3;
	if (!strcmp(way, "sysenter")) {
		/* The kernel comes back to a place of the vdso, which takes these three from the stack and returns. */
		__asm__ volatile("pushl $1f\n pushl %%ecx\n pushl %%edx\n pushl %%ebp\n movl %%esp, %%ebp\n sysenter\n 1:"
				 : "=a"(rc) : "a"(SYS_open), "b"(path), "c"(0), "d"(0) : "memory");
		return rc;
	}
#endif
	return -ENOSYS;
}

int main(int argc, char **argv)
{
	char *low;
	long rc;

	if (argc < 3)
		return 2;
	low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	strcpy(low, argv[2]);
	signal(SIGILL, on_fault);
	signal(SIGSEGV, on_fault);
	if (sigsetjmp(back, 1))
		rc = -ENOSYS;
	else
		rc = !strcmp(argv[1], "int80") ? int80(5, low) : other(argv[1], low);
	printf("%s %s\n", rc == -ENOSYS ? "n/a" : rc < 0 ? "failed" : "opened", argv[2]);
	return 0;
}
