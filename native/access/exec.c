/*
 * What an exec reads (exec.h), and what preload must refuse because it would not be loaded there. Runs in traced
 * processes, vfork children included, and in the agent.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <string.h>

#include "crc.h"
#include "exec.h"
#include "sys.h"
#include "wide.h"

#define HEAD       4096
#define MAX_LEVELS 4	/* of #! */
#define INSTEAD    "; use autodep = 'hybrid'"

/* Name for people: relative in the repo. */
static const char *shown(const struct lm_view *v, const struct lm_path *p)
{
	return p->where == LM_IN_REPO && !v->area->n_mounts ? p->real + v->area->root_len + 1 : p->real;
}

/* The word after #!, NUL terminated in place; NULL if there is none. */
static char *interpreter(char *head, long n)
{
	char *p = head + 2, *end;

	head[n < 256 ? n : 255] = 0;	/* the kernel looks no further */
	while (*p == ' ' || *p == '\t')
		p++;
	end = p + strcspn(p, " \t\n");
	*end = 0;
	return *p ? p : NULL;
}

/* ET_DYN without interpreter: the loader itself, or a static program that can be placed anywhere? */
static int is_static_pie(int fd, const char *ph, int n, int narrow)
{
	char table[64 * sizeof(Elf64_Dyn)];
	long got;
	int i, j;

	for (i = 0; i < n; i++) {
		Elf64_Phdr p = lm_elf_phdr(ph, narrow, i);

		if (p.p_type != PT_DYNAMIC)
			continue;
		got = lm_sys_pread(fd, table, sizeof(table), (off_t)p.p_offset);
		for (j = 0; j < got / (long)lm_elf_dyn_size(narrow); j++) {
			Elf64_Dyn d = lm_elf_dyn(table, narrow, j);

			if (d.d_tag == DT_NULL)
				break;
			if (d.d_tag == DT_FLAGS_1)
				return !!(d.d_un.d_val & DF_1_PIE);
		}
	}
	return 0;
}

static int gains_privileges(int fd, const struct stat *st)
{
	long uid = lm_sys3(SYS_geteuid, 0, 0, 0);

	if ((st->st_mode & S_ISUID) && (long)st->st_uid != uid)
		return 1;
	if ((st->st_mode & S_ISGID) && (st->st_mode & S_IXGRP) && (long)st->st_gid != lm_sys3(SYS_getegid, 0, 0, 0))
		return 1;
	return uid && lm_sys4(SYS_fgetxattr, fd, (long)"security.capability", 0, 0) > 0;
}

/* Is there a library for programs of 32 bits? It is found by the name ours has then. */
static int has_narrow(const struct lm_view *v)
{
	return !!strstr(v->area->cfg->text + v->area->cfg->preload, "/$PLATFORM/");
}

/* Preload only: will the program load us? If not say so, the job must not pass unseen. 1: refused. */
static int escapes(const struct lm_view *v, const struct lm_path *p, int fd, const char *head, long n)
{
	const char *name = shown(v, p), *ph;
	int i, narrow, interp = 0;
	struct stat st;
	Elf64_Ehdr eh;

	if (lm_sys_fstat(fd, &st) || !(st.st_mode & 0111))
		return 0;	/* cannot be executed */
	if (gains_privileges(fd, &st)) {
		lm_refuse(v, "%s changes user, group or capabilities: it is not seen by ld_preload" INSTEAD, name, "");
		return 1;
	}
	narrow = n < (long)sizeof(eh) ? -1 : lm_elf_is_narrow(head);
	if (narrow < 0) {
		lm_refuse(v, "executable %s is of another architecture: it is not seen by ld_preload" INSTEAD, name, "");
		return 1;
	}
	if (narrow && !has_narrow(v)) {
		lm_refuse(v, "executable %s is of 32 bits: it is not seen by ld_preload here" INSTEAD, name, "");
		return 1;
	}
	eh = lm_elf_ehdr(head, narrow);
	ph = head + eh.e_phoff;
	if (eh.e_phoff > HEAD || eh.e_phoff + eh.e_phnum * lm_elf_phdr_size(narrow) > (size_t)n)
		return 0;	/* nothing a linker makes */
	for (i = 0; i < eh.e_phnum; i++)
		interp |= lm_elf_phdr(ph, narrow, i).p_type == PT_INTERP;
	if (interp || (eh.e_type == ET_DYN && !is_static_pie(fd, ph, eh.e_phnum, narrow)))
		return 0;
	lm_refuse(v, "static executable %s is not seen by ld_preload" INSTEAD, name, "");
	return 1;
}

/* Record one file of the chain and open it: fd, or < 0. */
static int note_file(const struct lm_view *v, const struct lm_path *p)
{
	const char *seen;
	struct stat st;
	uint64_t sig = LM_SIG_NONE;
	int fd;

	if (p->none)
		return -1;
	seen = LM_SEEN(v, p->real);
	if (!lm_sys_lstat(seen, &st))
		sig = lm_sig_of(&st);
	lm_note(v, p->real, p->len, LM_L | LM_R | (sig ? LM_EXECUTED : 0), sig, sig ? lm_date_of(&st) : 0);
	fd = sig ? (int)lm_sys_open(seen, O_RDONLY | O_NONBLOCK) : -1;
	if (fd == -EMFILE || fd == -ENFILE)
		lm_refuse(v, "%s is executed with no descriptor left to look at it: its interpreter cannot be told", shown(v, p), "");
	return fd;
}

/*
 * A program without a name (memfd_create, a file removed since), by its descriptor or by that in /proc: of it nothing is recorded, but of
 * what it names. fd, or < 0.
 */
static int open_nameless(const struct lm_view *v, struct lm_path *p, const struct lm_args *args)
{
	int fd = -1;

	if (!args->path[0] && args->flags & AT_EMPTY_PATH)
		fd = lm_fd_open(v, args->dirfd);
	else if (!strncmp(p->real, "/proc/", 6))	/* where the walk has ended */
		fd = (int)lm_sys_open(LM_SEEN(v, p->real), O_RDONLY | O_NONBLOCK);
	p->real[0] = 0;
	p->len = 0;
	p->where = LM_OUTSIDE;
	return fd;
}

/*
 * A program linked so low that code of its own lies where the gate is: calls made there would not be seen. Only if it has some.
 */
static int calls_at_gate(int fd, const char *head, long n)
{
	int i, narrow = n < (long)sizeof(Elf64_Ehdr) ? -1 : lm_elf_is_narrow(head);
	char page[LM_GATE_SIZE];
	Elf64_Ehdr eh;

	if (narrow)
		return 0;
	eh = lm_elf_ehdr(head, 0);
	if (eh.e_type != ET_EXEC || eh.e_phoff > HEAD || eh.e_phoff + eh.e_phnum * lm_elf_phdr_size(0) > (size_t)n)
		return 0;
	for (i = 0; i < eh.e_phnum; i++) {
		Elf64_Phdr p = lm_elf_phdr(head + eh.e_phoff, 0, i);
		long got;

		if (p.p_type != PT_LOAD || !(p.p_flags & PF_X) || p.p_vaddr >= LM_GATE_ADDR + LM_GATE_SIZE ||
		    p.p_vaddr + p.p_filesz <= LM_GATE_ADDR)
			continue;
		if (p.p_vaddr > LM_GATE_ADDR)
			got = lm_sys_pread(fd, page, LM_GATE_ADDR + LM_GATE_SIZE - p.p_vaddr, (off_t)p.p_offset);
		else
			got = lm_sys_pread(fd, page, sizeof(page), (off_t)(p.p_offset + LM_GATE_ADDR - p.p_vaddr));
		if (got > 1 && memmem(page, (size_t)got, LM_CALL_CODE, sizeof(LM_CALL_CODE) - 1))
			return 1;
	}
	return 0;
}

/* Give p the name of a file: resolved, or as it is when it is the system's. */
static void name_file(const struct lm_view *v, struct lm_path *p, int dirfd, const char *path, uint32_t flags)
{
	size_t n = strlen(path);

	if (!n) {
		if (flags & AT_EMPTY_PATH)
			lm_resolve_fd(v, p, dirfd);
	} else if (lm_filtered(v->area, path) && n < sizeof(p->real)) {
		memcpy(p->real, path, n + 1);
		p->len = (uint32_t)n;
		p->where = LM_OUTSIDE;
		p->none = 0;
	} else {
		lm_resolve(v, p, dirfd, path, !(flags & AT_SYMLINK_NOFOLLOW));
	}
}

/* A stack of its own: the head of the file is needed while libraries are looked for only for ELF. */
void lm_exec_note(const struct lm_view *v, struct lm_path *p, const struct lm_args *args)
{
	_Alignas(8) char head[HEAD];
	char *name;
	long n;
	int level, fd;

	p->none = 1;
	p->real[0] = 0;
	name_file(v, p, args->dirfd, args->path, args->flags);
	for (level = 0; level <= MAX_LEVELS; level++) {
		fd = !level && p->none ? open_nameless(v, p, args) : note_file(v, p);
		if (fd < 0)
			return;
		n = lm_sys_pread(fd, head, sizeof(head) - 1, 0);
		if (n >= EI_NIDENT && !memcmp(head, ELFMAG, SELFMAG)) {
			if (v->followed && calls_at_gate(fd, head, n))
				lm_refuse(v, "executable %s makes system calls where the tracer has its gate (0x170000)", shown(v, p), "");
			if (v->followed || !escapes(v, p, fd, head, n))
				lm_elf_note(v, fd, p->real, args->path2);
			lm_sys_close(fd);
			return;
		}
		lm_sys_close(fd);
		if (n < 3 || head[0] != '#' || head[1] != '!')
			return;
		name = interpreter(head, n);
		if (!name)
			return;
		p->none = 1;
		name_file(v, p, AT_FDCWD, name, 0);
	}
}
