/*
 * The libraries the dynamic loader will look for (exec.h): it runs before us in the new process and tells nobody which
 * names it tried. Its search is done again here, each name in the repo or in a source dir is recorded, found or not.
 * Runs in the process that calls exec or dlopen. Memory is mapped for the time of the search: no malloc, little stack.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "crc.h"
#include "exec.h"
#include "sys.h"
#include "wide.h"

#define MAX_LIBS  512	/* per search */
#define MAX_DEPTH 24
#define LIST_SIZE 4096

struct object {		/* an ELF file being looked at; one per level */
	char rpath[LIST_SIZE], runpath[LIST_SIZE], origin[LM_PATH_MAX];
	char needed[64][128];
	int  n_needed;
	int  narrow;		/* of 32 bits */
};

struct search {
	const struct lm_view *v;
	const char *ld_path;
	int local_ld_path;	/* LD_LIBRARY_PATH has a dir that is not the system's */
	int narrow;		/* the program is of 32 bits: libraries of 64 are passed over, and the other way round */
	int n_names;
	uint32_t names[MAX_LIBS];	/* hashes of those searched already */
	struct lm_path path;
	char candidate[LM_PATH_MAX];
	struct object objects[MAX_DEPTH];
};

static const char system_dirs[2][6][32] = {
	{ "/lib/" LM_TRIPLET, "/usr/lib/" LM_TRIPLET, "/lib64", "/usr/lib64", "/lib", "/usr/lib" },
	{ "/lib/i386-linux-gnu", "/usr/lib/i386-linux-gnu", "/lib32", "/usr/lib32", "/lib", "/usr/lib" },
};

static uint32_t hash(const char *s)
{
	uint32_t h = 2166136261u;

	while (*s)
		h = (h ^ (uint8_t)*s++) * 16777619u;
	return h;
}

static int is_local(const struct lm_view *v, const char *list)
{
	for (; list && *list; list += strcspn(list, ":;"), list += !!*list)
		if (*list != '/' || !lm_filtered(v->area, list))
			return 1;
	return 0;
}

/* Offset in the file of a virtual address. */
static off_t offset_of(const Elf64_Phdr *ph, int n, uint64_t addr)
{
	int i;

	for (i = 0; i < n; i++)
		if (ph[i].p_type == PT_LOAD && addr >= ph[i].p_vaddr && addr < ph[i].p_vaddr + ph[i].p_filesz)
			return (off_t)(addr - ph[i].p_vaddr + ph[i].p_offset);
	return -1;
}

static void read_string(int fd, off_t at, char *buf, size_t size)
{
	long n = at < 0 ? -1 : lm_sys_pread(fd, buf, size - 1, at);

	buf[n < 0 ? 0 : n] = 0;
}

static void read_dynamic(int fd, const Elf64_Phdr *ph, int n_ph, off_t at, struct object *o)
{
	char table[128 * sizeof(Elf64_Dyn)];
	uint64_t rpath = 0, runpath = 0;
	off_t strings = -1;
	long n = lm_sys_pread(fd, table, sizeof(table), at) / (long)lm_elf_dyn_size(o->narrow);
	Elf64_Dyn d;
	int i;

	for (i = 0; i < n && (d = lm_elf_dyn(table, o->narrow, i)).d_tag != DT_NULL; i++)
		if (d.d_tag == DT_STRTAB)
			strings = offset_of(ph, n_ph, d.d_un.d_ptr);
	if (strings < 0)
		return;
	for (i = 0; i < n && (d = lm_elf_dyn(table, o->narrow, i)).d_tag != DT_NULL; i++) {
		if (d.d_tag == DT_NEEDED && o->n_needed < 64)
			read_string(fd, strings + (off_t)d.d_un.d_val, o->needed[o->n_needed++], 128);
		else if (d.d_tag == DT_RPATH)
			rpath = d.d_un.d_val + 1;
		else if (d.d_tag == DT_RUNPATH)
			runpath = d.d_un.d_val + 1;
	}
	if (runpath)
		read_string(fd, strings + (off_t)runpath - 1, o->runpath, LIST_SIZE);
	else if (rpath)
		read_string(fd, strings + (off_t)rpath - 1, o->rpath, LIST_SIZE);
}

/* Fill *o, give the name of the loader (in interp, LM_PATH_MAX bytes) if there is one. 0 or -1: no ELF of ours. */
static int read_object(int fd, const char *real, struct object *o, char *interp)
{
	char head[sizeof(Elf64_Ehdr)], table[32 * sizeof(Elf64_Phdr)];
	Elf64_Phdr ph[32];
	Elf64_Ehdr eh;
	const char *slash = strrchr(real, '/');
	long n;
	int i;

	o->n_needed = 0;
	o->rpath[0] = o->runpath[0] = interp[0] = 0;
	memcpy(o->origin, real, slash ? (size_t)(slash - real) : 0);
	o->origin[slash ? slash - real : 0] = 0;
	if (lm_sys_pread(fd, head, sizeof(head), 0) != sizeof(head) || memcmp(head, ELFMAG, SELFMAG) ||
	    (o->narrow = lm_elf_is_narrow(head)) < 0)
		return -1;
	eh = lm_elf_ehdr(head, o->narrow);
	n = lm_sys_pread(fd, table, 32 * lm_elf_phdr_size(o->narrow), (off_t)eh.e_phoff) / (long)lm_elf_phdr_size(o->narrow);
	if (n > eh.e_phnum)
		n = eh.e_phnum;
	for (i = 0; i < n; i++)
		ph[i] = lm_elf_phdr(table, o->narrow, i);
	for (i = 0; i < n; i++) {
		if (ph[i].p_type == PT_INTERP)
			read_string(fd, (off_t)ph[i].p_offset, interp, LM_PATH_MAX);
		else if (ph[i].p_type == PT_DYNAMIC)
			read_dynamic(fd, ph, (int)n, (off_t)ph[i].p_offset, o);
	}
	return 0;
}

/* Dirs in which loaders of glibc look first, below each dir of a list. */
#if defined(__x86_64__) || defined(__i386__)
#define PLATFORM "x86_64"
static const char variants[][24] = {
	"glibc-hwcaps/x86-64-v4", "glibc-hwcaps/x86-64-v3", "glibc-hwcaps/x86-64-v2",
	"tls/x86_64/x86_64", "tls/x86_64", "tls", "x86_64/x86_64", "x86_64",	/* until 2.36 */
	"tls/i686/sse2", "tls/i686", "tls/sse2", "i686/sse2", "i686", "sse2",	/* of 32 bits, until then */
};
#else
#define PLATFORM "aarch64"
static const char variants[][24] = {
	"tls/aarch64/atomics", "tls/aarch64", "tls/atomics", "tls", "aarch64/atomics", "aarch64", "atomics",	/* until 2.36 */
};
#endif

/* Which of them are tried depends on the processor, and on what was found missing before: all are recorded. */
void lm_variants_note(const struct lm_view *v, struct lm_path *p, const char *name)
{
	const char *slash = strrchr(name, '/');
	size_t i, dir = slash ? (size_t)(slash - name) : 0;
	char text[LM_PATH_MAX];

	if (!slash || lm_filtered(v->area, name) || strlen(name) + sizeof(variants[0]) + 1 > sizeof(text))
		return;
	for (i = 0; i < sizeof(variants) / sizeof(*variants); i++) {
		size_t n = strlen(variants[i]);
		uint64_t sig = LM_SIG_NONE;
		struct stat st;

		if (dir >= n && !memcmp(name + dir - n, variants[i], n))
			return;		/* it is one */
		memcpy(text, name, dir + 1);
		strcpy(text + dir + 1, variants[i]);
		strcat(text, slash);
		lm_resolve(v, p, AT_FDCWD, text, 1);
		if (p->none)
			continue;
		if (!lm_sys_lstat(LM_SEEN(v, p->real), &st))
			sig = lm_sig_of(&st);
		lm_note(v, p->real, p->len, LM_L | LM_R, sig, sig ? lm_date_of(&st) : 0);
	}
}

/* Record a file the loader tries. Opened if it is there, else < 0. */
static int try_file(struct search *s, const char *name)
{
	const struct lm_view *v = s->v;
	struct lm_path *p = &s->path;
	const char *seen;
	struct stat st;
	uint64_t sig = LM_SIG_NONE;

	if (lm_filtered(v->area, name)) {
		size_t n = strlen(name);

		memcpy(p->real, name, n + 1);
		return (int)lm_sys_open(name, O_RDONLY);
	}
	lm_resolve(v, p, AT_FDCWD, name, 1);
	if (p->none)
		return -1;
	seen = LM_SEEN(v, p->real);
	if (!lm_sys_lstat(seen, &st))
		sig = lm_sig_of(&st);
	lm_note(v, p->real, p->len, LM_L | LM_R, sig, sig ? lm_date_of(&st) : 0);
	return sig ? (int)lm_sys_open(seen, O_RDONLY) : -1;
}

/* The loader passes over what it finds on its way and is of the other size. fd, or -1 and it is closed. */
static int of_kind(const struct search *s, int fd)
{
	char head[EI_NIDENT + 4];

	if (fd < 0 || lm_sys_pread(fd, head, sizeof(head), 0) < (long)sizeof(head) || lm_elf_is_narrow(head) != !s->narrow)
		return fd;
	lm_sys_close(fd);
	return -1;
}

/* What loaders replace $LIB by: of 32 bits it depends on the distribution. */
static const char *lib_dir(const struct search *s)
{
	if (!s->narrow)
		return "lib/" LM_TRIPLET;
	return lm_sys3(SYS_faccessat, AT_FDCWD, (long)"/lib/i386-linux-gnu/libc.so.6", 0) ? "lib32" : "lib/i386-linux-gnu";
}

/* One dir of a list, $ORIGIN and the like replaced, then /name, in s->candidate. 0, or -1: too long. */
static int expand(struct search *s, const char *dir, size_t n, const char *origin, const char *name)
{
	static const char words[][10] = { "ORIGIN", "LIB", "PLATFORM" };
	char *out = s->candidate, *end = s->candidate + sizeof(s->candidate) - 1;
	const char *stop = dir + n;
	size_t i, k, m;

	if (!n)
		*out++ = '.';
	while (dir < stop && out < end) {
		const char *value = NULL;
		int brace;

		if (*dir != '$') {
			*out++ = *dir++;
			continue;
		}
		brace = dir + 1 < stop && dir[1] == '{';
		for (i = 0; i < 3 && !value; i++) {
			k = strlen(words[i]);
			if ((size_t)(stop - dir) < 1 + (size_t)brace + k || memcmp(dir + 1 + brace, words[i], k))
				continue;
			value = i == 0 ? origin : i == 1 ? lib_dir(s) : s->narrow ? "i686" : PLATFORM;
			dir += 1 + k + 2 * (size_t)brace;
		}
		if (!value) {
			*out++ = *dir++;
			continue;
		}
		m = strlen(value);
		if (out + m >= end)
			return -1;
		memcpy(out, value, m);
		out += m;
	}
	m = strlen(name);
	if (out + m + 1 >= end)
		return -1;
	*out++ = '/';
	memcpy(out, name, m + 1);
	return 0;
}

static int try_list(struct search *s, const char *list, const char *origin, const char *name)
{
	size_t n;
	int fd;

	while (list && *list) {
		n = strcspn(list, ":;");
		if (!expand(s, list, n, origin, name)) {
			lm_variants_note(s->v, &s->path, s->candidate);
			fd = of_kind(s, try_file(s, s->candidate));
			if (fd >= 0)
				return fd;
		}
		list += n;
		if (*list && !*++list)
			break;
	}
	return -1;
}

static void libraries(struct search *s, int depth, int fd, const char *real);

/* One library: the loader's order of places. Goes on with what it needs itself. */
static void library(struct search *s, const char *name, const struct lm_lib_dirs *dirs, int depth)
{
	uint32_t h = hash(name);
	int i, fd = -1;

	for (i = 0; i < s->n_names; i++)
		if (s->names[i] == h)
			return;
	if (s->n_names == MAX_LIBS || depth >= MAX_DEPTH)
		return;
	s->names[s->n_names++] = h;
	if (strchr(name, '/')) {
		if (expand(s, name, strlen(name), dirs->origin, ""))
			return;
		s->candidate[strlen(s->candidate) - 1] = 0;	/* the / put before an empty name */
		fd = try_file(s, s->candidate);
	} else {
		if (!dirs->runpath || !*dirs->runpath) {
			fd = try_list(s, dirs->rpath, dirs->origin, name);
			if (fd < 0 && depth > 1)	/* that of the program counts for all */
				fd = try_list(s, s->objects[0].rpath, s->objects[0].origin, name);
		}
		if (fd < 0)
			fd = try_list(s, s->ld_path, dirs->origin, name);
		if (fd < 0)
			fd = try_list(s, dirs->runpath, dirs->origin, name);
		for (i = 0; fd < 0 && i < 6; i++)
			if (!expand(s, system_dirs[s->narrow][i], strlen(system_dirs[s->narrow][i]), "", name))
				fd = of_kind(s, (int)lm_sys_open(strcpy(s->path.real, s->candidate), O_RDONLY));
	}
	if (fd < 0)
		return;
	libraries(s, depth, fd, s->path.real);
	lm_sys_close(fd);
}

/* What the object at this depth needs. */
static void libraries(struct search *s, int depth, int fd, const char *real)
{
	struct object *o = &s->objects[depth];
	struct lm_lib_dirs dirs = { .rpath = o->rpath, .runpath = o->runpath, .origin = o->origin };
	int i;

	if (read_object(fd, real, o, s->candidate))
		return;
	if (!depth)
		s->narrow = o->narrow;
	if (!depth && s->candidate[0] && !lm_filtered(s->v->area, s->candidate)) {
		i = try_file(s, s->candidate);	/* a loader of the repo's own */
		if (i >= 0)
			lm_sys_close(i);
	}
	if (s->v->followed || s->v->audited)
		return;	/* its opens will be seen, or it will say what it tries */
	if (!s->local_ld_path && !is_local(s->v, o->rpath) && !is_local(s->v, o->runpath) &&
	    !is_local(s->v, s->objects[0].rpath))
		return;	/* all in the system: nothing to record */
	for (i = 0; i < o->n_needed; i++)
		library(s, o->needed[i], &dirs, depth + 1);
}

static struct search *begin(const struct lm_view *v, const char *ld_path)
{
	long map = lm_sys6(SYS_mmap, 0, sizeof(struct search), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct search *s;

	if (map < 0 && map > -4096)
		return NULL;
	s = (struct search *)map;
	s->v = v;
	s->ld_path = ld_path;
	s->local_ld_path = is_local(v, ld_path);
	s->narrow = sizeof(long) == 4;
	return s;
}

static void finish(struct search *s)
{
	lm_sys3(SYS_munmap, (long)s, sizeof(*s), 0);
}

void lm_elf_note(const struct lm_view *v, int fd, const char *real, const char *ld_path)
{
	struct search *s;

	if (lm_filtered(v->area, real) && !is_local(v, ld_path))
		return;		/* the common case: a program of the system */
	s = begin(v, ld_path);
	if (!s)
		return;
	libraries(s, 0, fd, real);
	finish(s);
}

void lm_lib_note(const struct lm_view *v, const char *name, const struct lm_lib_dirs *dirs)
{
	struct search *s;

	if (lm_filtered(v->area, name) && !is_local(v, dirs->ld_path))
		return;
	if (!strchr(name, '/') && !is_local(v, dirs->ld_path) && !is_local(v, dirs->rpath) && !is_local(v, dirs->runpath))
		return;
	s = begin(v, dirs->ld_path);
	if (!s)
		return;
	library(s, name, dirs, 1);
	finish(s);
}
