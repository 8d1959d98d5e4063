/*
 * Views (view.h): classes of paths, and what was recorded already. Runs in traced processes, any thread, and in the
 * agent. No malloc, no lock, errno untouched.
 */
#define _GNU_SOURCE
#define XXH_INLINE_ALL
#include <string.h>
#include <xxhash.h>

#include "append.h"
#include "sys.h"
#include "view.h"

#define ADMIN "LMAKE/lmake"
#define BITS_MASK 0x1ffffull	/* low bits of a word of `files`: LM_* */

static int starts(const char *s, const char *prefix, size_t n)
{
	return !strncmp(s, prefix, n) && (s[n] == '/' || !s[n]);
}

/* Dirs whose files are the system's. /dev/fd and /dev/std* lead to files of the job; /proc only through a process. */
static int is_system(const char *p)
{
	static const char dirs[][8] = { "bin", "etc", "opt", "sbin", "usr", "lib", "lib32", "lib64", "run", "sys", "var" };
	size_t i, n;

	for (i = 0; i < sizeof(dirs) / sizeof(*dirs); i++) {
		n = strlen(dirs[i]);
		if (p[1] == dirs[i][0] && starts(p + 1, dirs[i], n))
			return 1;
	}
	return 0;
}

int lm_area_init(struct lm_area *area, struct lm_log_header *log, const struct lm_log_header *cfg, uint64_t token)
{
	const char *s = cfg->text + cfg->source_dirs;
	uint32_t i;

	if (cfg->version != LM_LOG_VERSION)
		return -EINVAL;
	if (__atomic_load_n(&log->token, __ATOMIC_ACQUIRE) != token)
		return -ESTALE;
	area->log = log;
	area->cfg = cfg;
	area->token = token;
	area->root = cfg->text + cfg->repo_root;
	area->root_len = (uint32_t)strlen(area->root);
	area->tmp = cfg->text + cfg->tmp_dir;
	area->tmp_len = (uint32_t)strlen(area->tmp);
	area->all = !!(cfg->flags & LM_LOGF_ALL);
	area->no_filter = (uint8_t)is_system(area->root);
	for (i = 0; i < cfg->n_source_dirs; i++) {
		if (is_system(s))
			area->no_filter = 1;
		s += strlen(s) + 1;
		s += strlen(s) + 1;
	}
	return 0;
}

int lm_filtered(const struct lm_area *area, const char *path)
{
	const char *p;

	if (path[0] != '/' || area->all)
		return 0;
	while (path[1] == '/')
		path++;
	p = path + 1;
	if (!strncmp(p, "dev/", 4)) {
		if (!strncmp(p + 4, "fd", 2) || !strncmp(p + 4, "std", 3) || p[4] == '/' || p[4] == '.')
			return 0;
	} else if (!strncmp(p, "proc/", 5)) {
		if (!strncmp(p + 5, "self", 4) || !strncmp(p + 5, "thread-self", 11) || (p[5] >= '0' && p[5] <= '9') ||
		    p[5] == '/' || p[5] == '.')
			return 0;
	} else if (area->no_filter || !is_system(path)) {
		return 0;
	}
	return !strstr(p, "..");	/* may come out of the system dir again */
}

static int below(const char *real, uint32_t len, const char *dir, uint32_t n)
{
	return len > n && real[n] == '/' && !memcmp(real, dir, n);
}

/* The source dir this name lies in: its physical length, and *as what to report instead. */
static uint32_t source_dir(const struct lm_area *area, const char *real, uint32_t len, const char **as)
{
	const char *s = area->cfg->text + area->cfg->source_dirs;
	uint32_t i, n, best = 0;

	for (i = 0; i < area->cfg->n_source_dirs; i++) {
		n = (uint32_t)strlen(s);
		if (len > n && n > best && !memcmp(real, s, n)) {
			best = n;
			*as = s + n + 1;
		}
		s += n + 1;
		s += strlen(s) + 1;
	}
	return best;
}

enum lm_where lm_where(const struct lm_area *area, const char *real, uint32_t len)
{
	const char *as;

	if (area->tmp_len && (below(real, len, area->tmp, area->tmp_len) ||
			      (len == area->tmp_len && !memcmp(real, area->tmp, len))))
		return LM_IN_TMP;
	if (below(real, len, area->root, area->root_len)) {
		const char *rel = real + area->root_len + 1;

		return starts(rel, ADMIN, sizeof(ADMIN) - 1) ? LM_OUTSIDE : LM_IN_REPO;
	}
	if (len == area->root_len && !memcmp(real, area->root, len))
		return LM_AT_ROOT;
	if (starts(real, "/proc", 5) || starts(real, "/dev", 4))
		return LM_IN_PROC;
	if (area->cfg->n_source_dirs && source_dir(area, real, len, &as))
		return LM_IN_SOURCE;
	return LM_OUTSIDE;
}

static uint64_t *file_word(const struct lm_view *v, const char *real, uint32_t len, uint64_t *tag)
{
	uint64_t h = XXH3_64bits(real, len);

	*tag = h & ~BITS_MASK;
	return &v->cache->files[h & (LM_FILES - 1)];
}

int lm_noted(const struct lm_view *v, const char *real, uint32_t len, uint32_t bits)
{
	uint64_t tag, w;

	if (!v->cache)
		return 0;
	w = __atomic_load_n(file_word(v, real, len, &tag), __ATOMIC_RELAXED);
	return (w & ~BITS_MASK) == tag && (w & bits) == bits;
}

void lm_forget(const struct lm_view *v, const char *real, uint32_t len)
{
	uint64_t tag, *word;

	if (!v->cache)
		return;
	word = file_word(v, real, len, &tag);
	if ((__atomic_load_n(word, __ATOMIC_RELAXED) & ~BITS_MASK) == tag)
		__atomic_store_n(word, 0, __ATOMIC_RELAXED);
	__atomic_fetch_add(&v->cache->gen, 1, __ATOMIC_RELAXED);
}

void lm_names_changed(const struct lm_view *v)
{
	__atomic_fetch_add(&v->area->log->gen, 1, __ATOMIC_RELAXED);
}

static uint32_t pid_of(const struct lm_view *v)
{
	return (uint32_t)(v->pid ? v->pid : lm_sys3(SYS_getpid, 0, 0, 0));
}

/* Below a source dir: the name is as declared. Own frame: the buffer is big, and this is rare. */
__attribute__((noinline)) static void append_source(const struct lm_view *v, const char *real, uint32_t len,
						    uint32_t bits, uint64_t sig, int64_t mtime)
{
	char name[LM_PATH_MAX];
	const char *as = "";
	uint32_t n = source_dir(v->area, real, len, &as);
	uint32_t m = (uint32_t)strlen(as);

	if (m + len - n >= sizeof(name))
		return;
	memcpy(name, as, m);
	memcpy(name + m, real + n, len - n);
	lm_append(v->area->log, v->area->token, pid_of(v), bits, sig, mtime, name, m + len - n);
}

int lm_note(const struct lm_view *v, const char *real, uint32_t len, uint32_t bits, uint64_t sig, int64_t mtime)
{
	const struct lm_area *area = v->area;
	enum lm_where where = lm_where(area, real, len);
	uint64_t tag, w, *word;

	if (!bits)
		return 0;
	if (where == LM_AT_ROOT && !(bits & LM_LISTED) && !area->all)
		return 0;
	if (where != LM_IN_REPO && where != LM_AT_ROOT && where != LM_IN_SOURCE &&
	    !(area->all && where == LM_OUTSIDE && !below(real, len, area->root, area->root_len)))
		return 0;
	if (v->cache) {
		word = file_word(v, real, len, &tag);
		w = __atomic_load_n(word, __ATOMIC_RELAXED);
		if ((w & ~BITS_MASK) != tag)
			w = tag;
		if ((w & bits) == bits)
			return 0;
		__atomic_store_n(word, w | bits, __ATOMIC_RELAXED);
	}
	if (sig > 1)
		bits |= LM_EXISTED;
	if (where == LM_IN_REPO) {
		real += area->root_len + 1;
		len -= area->root_len + 1;
	} else if (where == LM_AT_ROOT) {
		real = ".";
		len = 1;
	} else if (where == LM_IN_SOURCE) {
		append_source(v, real, len, bits, sig, mtime);
		return 1;
	}
	lm_append(area->log, area->token, pid_of(v), bits, sig, mtime, real, len);
	return 1;
}

void lm_refuse(const struct lm_view *v, const char *fmt, const char *a, const char *b)
{
	char buf[1024];
	const char *s, *f;
	uint32_t n = 0;

	for (f = fmt; *f && n < sizeof(buf) - 1; f++) {
		if (f[0] != '%' || f[1] != 's') {
			buf[n++] = *f;
			continue;
		}
		for (s = a; *s && n < sizeof(buf) - 1; s++)
			buf[n++] = *s;
		a = b;
		f++;
	}
	lm_append(v->area->log, v->area->token, pid_of(v), LM_REFUSED, 1, 0, buf, n);
}

void lm_warn(const struct lm_view *v, const char *text)
{
	lm_append(v->area->log, v->area->token, pid_of(v), LM_WARNED, 1, 0, text, (uint32_t)strlen(text));
}

const char *lm_seen(const struct lm_view *v, const char *real, char *buf)
{
	char digits[16];
	char *p = buf;
	unsigned x = (unsigned)v->pid;
	int n = 0;

	if (!v->foreign_root)
		return real;
	do
		digits[n++] = (char)('0' + x % 10);
	while (x /= 10);
	memcpy(p, "/proc/", 6);
	p += 6;
	while (n)
		*p++ = digits[--n];
	memcpy(p, "/root", 5);
	strcpy(p + 5, real);
	return buf;
}
