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
static int is_static_pie(int fd, const Elf64_Phdr *ph, int n)
{
	Elf64_Dyn dyn[64];
	long got;
	int i, j;

	for (i = 0; i < n; i++) {
		if (ph[i].p_type != PT_DYNAMIC)
			continue;
		got = lm_sys_pread(fd, dyn, sizeof(dyn), (off_t)ph[i].p_offset);
		for (j = 0; j < got / (long)sizeof(*dyn) && dyn[j].d_tag != DT_NULL; j++)
			if (dyn[j].d_tag == DT_FLAGS_1)
				return !!(dyn[j].d_un.d_val & DF_1_PIE);
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

/* Preload only: will the program load us? If not say so, the job must not pass unseen. 1: refused. */
static int escapes(const struct lm_view *v, const struct lm_path *p, int fd, const char *head, long n)
{
	const Elf64_Ehdr *eh = (const void *)head;
	const Elf64_Phdr *ph = (const void *)(head + eh->e_phoff);
	const char *name = shown(v, p);
	struct stat st;
	int i, interp = 0;

	if (lm_sys_fstat(fd, &st) || !(st.st_mode & 0111))
		return 0;	/* cannot be executed */
	if (gains_privileges(fd, &st)) {
		lm_refuse(v, "%s changes user, group or capabilities: it is not seen by ld_preload" INSTEAD, name, "");
		return 1;
	}
	if (n < (long)sizeof(*eh) || head[EI_CLASS] != ELFCLASS64 || eh->e_machine != LM_ELF_MACHINE) {
		lm_refuse(v, "executable %s is of another architecture (32 bit?): it is not seen by ld_preload" INSTEAD,
			  name, "");
		return 1;
	}
	if (eh->e_phoff > HEAD || eh->e_phoff + eh->e_phnum * sizeof(*ph) > (size_t)n)
		return 0;	/* nothing a linker makes */
	for (i = 0; i < eh->e_phnum; i++)
		interp |= ph[i].p_type == PT_INTERP;
	if (interp || (eh->e_type == ET_DYN && !is_static_pie(fd, ph, eh->e_phnum)))
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
	return fd;
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
	name_file(v, p, args->dirfd, args->path, args->flags);
	for (level = 0; level <= MAX_LEVELS; level++) {
		fd = note_file(v, p);
		if (fd < 0)
			return;
		n = lm_sys_pread(fd, head, sizeof(head) - 1, 0);
		if (n >= EI_NIDENT && !memcmp(head, ELFMAG, SELFMAG)) {
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
