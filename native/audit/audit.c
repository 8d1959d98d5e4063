/*
 * liblmake_audit.so: the ld_audit method. The loader tells it each name it tries for a library (la_objsearch), and each
 * function it binds (la_symbind64). It lives in a namespace of its own, with a libc of its own: what the calls of the program
 * do is recorded by liblmake_preload.so, which is loaded beside it. What this one adds:
 *
 * - libraries: every name tried in the repo is recorded, hit or miss, by the loader's own word;
 * - functions bound past preload (libraries opened with RTLD_DEEPBIND, dlsym in libc itself) are led to its shims.
 *
 * Called by the loader, any thread of the program, mostly before main. No malloc, errno is not the program's.
 */
#define _GNU_SOURCE
#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "../access/attach.h"
#include "../access/calls.h"
#include "../access/exec.h"
#include "../access/sys.h"

#define EXPORT __attribute__((visibility("default")))

static struct lm_attached attached;
static struct lm_area area;
static struct lm_cache cache;
static struct lm_access access_;	/* the loader holds its lock around us */
static int is_on;
static struct link_map *preload;

static const char *own_cwd(const struct lm_view *v, char *buf, uint32_t *len)
{
	long n = lm_sys3(SYS_getcwd, (long)buf, LM_PATH_MAX, 0);

	(void)v;
	if (n <= 0)
		return NULL;
	*len = (uint32_t)n - 1;
	return buf;
}

static const struct lm_view view = { .area = &area, .cache = &cache, .audited = 1, .cwd = own_cwd };

EXPORT unsigned la_version(unsigned version)
{
	const char *value = getenv(LM_LOG_ENV), *why;

	/* Preload is loaded next, and ends the program if the log cannot be had. */
	is_on = value && !lm_attach(&attached, &area, value, &why) && (area.cfg->flags & LM_LOGF_AUDIT);
	return version < LAV_CURRENT ? version : LAV_CURRENT;
}

EXPORT char *la_objsearch(const char *name, uintptr_t *cookie, unsigned flag)
{
	const struct lm_args args = { .dirfd = AT_FDCWD, .dirfd2 = AT_FDCWD, .path = name };

	(void)cookie;
	/* The name as asked for is a file only if it has a /; then it is not told again as a candidate. */
	if (is_on && name && (flag != LA_SER_ORIG || strchr(name, '/')) && !lm_filtered(&area, name) &&
	    strcmp(name, area.cfg->text + area.cfg->preload)) {
		/* To load ourselves it has looked in LD_LIBRARY_PATH already, and does not try again what is not there. */
		if (flag == LA_SER_LIBPATH)
			lm_variants_note(&view, &access_.a, name);
		lm_begin(&view, &access_, LM_OP_DLOPEN, &args, 0);
	}
	return (char *)name;
}

/* ---- symbols ---- */

struct symbols {
	const uint32_t *hash;
	const ElfW(Sym) *list;
	const char *strings;
};

/* Addresses in the dynamic section are relocated by glibc, not by all. */
static int symbols_of(const struct link_map *map, struct symbols *s)
{
	const ElfW(Dyn) *d;

	memset(s, 0, sizeof(*s));
	for (d = map->l_ld; d && d->d_tag != DT_NULL; d++) {
		const char *at = (const char *)(d->d_un.d_ptr + (d->d_un.d_ptr < map->l_addr ? map->l_addr : 0));

		if (d->d_tag == DT_GNU_HASH)
			s->hash = (const void *)at;
		else if (d->d_tag == DT_SYMTAB)
			s->list = (const void *)at;
		else if (d->d_tag == DT_STRTAB)
			s->strings = at;
	}
	return s->hash && s->list && s->strings ? 0 : -1;
}

/* What an object defines under this name, NULL: nothing. */
static void *defined(const struct link_map *map, const char *name)
{
	const uint32_t *buckets, *chain;
	struct symbols s;
	uint32_t h = 5381, n, first, i;
	const char *c;

	if (symbols_of(map, &s))
		return NULL;
	for (c = name; *c; c++)
		h = h * 33 + (uint8_t)*c;
	n = s.hash[0];
	first = s.hash[1];
	buckets = s.hash + 4 + s.hash[2] * (sizeof(ElfW(Addr)) / sizeof(uint32_t));
	chain = buckets + n;
	i = n ? buckets[h % n] : 0;
	if (i < first)
		return NULL;
	for (;; i++) {
		if ((chain[i - first] | 1) == (h | 1) && s.list[i].st_shndx && !strcmp(s.strings + s.list[i].st_name, name))
			return (void *)(map->l_addr + s.list[i].st_value);
		if (chain[i - first] & 1)
			return NULL;
	}
}

static int is_libc(const struct link_map *map)
{
	const char *name = map->l_name ? strrchr(map->l_name, '/') : NULL;

	return name && (!strncmp(name, "/libc.so.", 9) || !strncmp(name, "/libc-2", 7) || !strncmp(name, "/libpthread", 11));
}

EXPORT unsigned la_objopen(struct link_map *map, Lmid_t space, uintptr_t *cookie)
{
	uint8_t *flag;

	*cookie = (uintptr_t)map;
	if (!is_on || space != LM_ID_BASE)
		return 0;
	if (map->l_name && !strcmp(map->l_name, area.cfg->text + area.cfg->preload)) {
		preload = map;
		flag = defined(map, "lm_audited");
		if (flag)
			*flag = 1;
		return 0;
	}
	return is_libc(map) ? LA_FLG_BINDTO | LA_FLG_BINDFROM : LA_FLG_BINDFROM;
}

/* A library that replaces a function of libc, and looks for the one it replaces, must get that one. */
EXPORT uintptr_t la_symbind64(Elf64_Sym *symbol, unsigned index, uintptr_t *from, uintptr_t *to, unsigned *flags,
			      const char *name)
{
	void *shim;

	(void)index, (void)to;
	*flags |= LA_SYMB_NOPLTENTER | LA_SYMB_NOPLTEXIT;
	shim = preload ? defined(preload, name) : NULL;
	if (!shim || defined((const struct link_map *)*from, name))
		return symbol->st_value;
	return (uintptr_t)shim;
}
