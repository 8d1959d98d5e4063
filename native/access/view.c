/*
 * Views (view.h): classes of paths, and what was recorded already. Runs in traced processes, any thread, and in the
 * agent. No malloc, no lock, errno untouched.
 */
#define _GNU_SOURCE
#define XXH_INLINE_ALL
#include <string.h>
#include <xxhash.h>

#include "append.h"
#include "crc.h"
#include "mounts.h"
#include "sys.h"
#include "view.h"

#define ADMIN "LMAKE/lmake"
#define BITS_MASK 0x1ffffull	/* low bits of a word of `files`: LM_* */

static int starts(const char *s, const char *prefix, size_t n)
{
	return !strncmp(s, prefix, n) && (s[n] == '/' || !s[n]);
}

/*
 * Dirs whose files are the system's: no link in them leads into a repo. Nor is one of those where everybody may make links.
 * /dev/fd and /dev/std* lead to files of the job; /proc only through a process.
 */
static int is_system(const char *p)
{
	static const char dirs[][8] = { "bin", "etc", "opt", "sbin", "usr", "lib", "lib32", "lib64", "sys", "var" };
	size_t i, n;

	for (i = 0; i < sizeof(dirs) / sizeof(*dirs); i++) {
		n = strlen(dirs[i]);
		if (p[1] == dirs[i][0] && starts(p + 1, dirs[i], n))
			return strncmp(p, "/var/", 5) || (p[5] != '/' && p[5] != '.' && !starts(p + 5, "tmp", 3) &&
							    !starts(p + 5, "run", 3) && !starts(p + 5, "lock", 4));
	}
	return 0;
}

int lm_is_system(const char *path)
{
	return is_system(path);
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
	area->seen_root = cfg->text + cfg->seen_root;
	area->seen_root_len = (uint32_t)strlen(area->seen_root);
	area->n_mounts = cfg->n_mounts;
	area->mounts = cfg->text + cfg->mounts;
	if (area->n_mounts && lm_mounts_in_system(area))
		area->no_filter = 1;
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
		if (!strncmp(p + 4, "fd", 2) || !strncmp(p + 4, "std", 3) || !strncmp(p + 4, "shm", 3) || p[4] == '/' || p[4] == '.')
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

static enum lm_where where_physical(const struct lm_area *area, const char *real, uint32_t len)
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

/* Of an overlay the best of its layers: one that matters makes the name matter. */
__attribute__((noinline)) static enum lm_where where_mounted(const struct lm_area *area, const char *real, uint32_t len)
{
	enum lm_where found = LM_OUTSIDE, one;
	char buf[LM_PATH_MAX];
	uint32_t i, n = lm_layers(area, real, len);
	int got;

	for (i = 0; i < n; i++) {
		got = lm_physical(area, real, len, i, buf);
		if (got < 0)
			continue;
		one = where_physical(area, buf, (uint32_t)got);
		if (one == LM_IN_REPO || one == LM_AT_ROOT || one == LM_IN_SOURCE)
			return one;
		if (!i)
			found = one;
	}
	return found;
}

enum lm_where lm_where(const struct lm_area *area, const char *real, uint32_t len)
{
	return area->n_mounts ? where_mounted(area, real, len) : where_physical(area, real, len);
}

/* Two names of one file share what is remembered of it. What an overlay shows is a thing of its own. */
__attribute__((noinline)) static uint64_t mounted_hash(const struct lm_area *area, const char *real, uint32_t len)
{
	char buf[LM_PATH_MAX];
	int n;

	if (lm_layers(area, real, len) > 1)
		return XXH3_64bits_withSeed(real, len, 0x0b);
	n = lm_physical(area, real, len, 0, buf);
	return n < 0 ? XXH3_64bits(real, len) : XXH3_64bits(buf, (uint32_t)n);
}

static uint64_t *file_word(const struct lm_view *v, const char *real, uint32_t len, uint64_t *tag)
{
	uint64_t h = v->area->n_mounts ? mounted_hash(v->area, real, len) : XXH3_64bits(real, len);

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
	lm_append(v->area->log, v->area->token, bits, sig, mtime, name, m + len - n);
}

/* Were these bits recorded? They are from now on. */
static int noted_before(const struct lm_view *v, const char *real, uint32_t len, uint32_t bits)
{
	uint64_t tag, w, *word;

	if (!v->cache)
		return 0;
	word = file_word(v, real, len, &tag);
	w = __atomic_load_n(word, __ATOMIC_RELAXED);
	if ((w & ~BITS_MASK) != tag)
		w = tag;
	if ((w & bits) == bits)
		return 1;
	__atomic_store_n(word, w | bits, __ATOMIC_RELAXED);
	return 0;
}

static int is_recorded(const struct lm_area *area, enum lm_where where, const char *real, uint32_t len, uint32_t bits)
{
	if (where == LM_AT_ROOT)
		return (bits & LM_LISTED) || area->all;
	return where == LM_IN_REPO || where == LM_IN_SOURCE ||
	       (area->all && where == LM_OUTSIDE && !below(real, len, area->root, area->root_len));
}

/* Below a physical name. */
static void append(const struct lm_view *v, enum lm_where where, const char *real, uint32_t len, uint32_t bits,
		   uint64_t sig, int64_t mtime)
{
	const struct lm_area *area = v->area;

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
		return;
	}
	lm_append(area->log, area->token, bits, sig, mtime, real, len);
}

/* Under the physical name that this layer gives. */
__attribute__((noinline)) static void append_mounted(const struct lm_view *v, const char *real, uint32_t len,
						     uint32_t layer, uint32_t bits, uint64_t sig, int64_t mtime)
{
	char buf[LM_PATH_MAX];
	int n = lm_physical(v->area, real, len, layer, buf);
	enum lm_where where;

	if (n < 0 || !bits)
		return;
	where = where_physical(v->area, buf, (uint32_t)n);
	if (is_recorded(v->area, where, buf, (uint32_t)n, bits))
		append(v, where, buf, (uint32_t)n, bits, sig, mtime);
}

/*
 * A name seen in an overlay: what is read is the first layer that has it, and that those above have it not. What is
 * written is in the upper layer; a file that is only changed is copied there first, so that it is read, too.
 */
static void append_layers(const struct lm_view *v, const char *real, uint32_t len, uint32_t layers, uint32_t bits)
{
	const uint32_t writes = LM_WRITE | LM_UNLINK | LM_MAYBE_WRITE;
	uint32_t i, layer_bits;
	struct stat st;
	int rc;

	for (i = 0; i < layers; i++) {
		rc = lm_layer_lstat(v, real, len, i, &st);
		layer_bits = i ? (bits & ~writes) | (bits & writes && !rc ? LM_L | LM_R : 0) : bits;
		append_mounted(v, real, len, i, layer_bits, rc ? LM_SIG_NONE : lm_sig_of(&st),
			       rc || !lm_sig_of(&st) ? 0 : lm_date_of(&st));
		if (rc)
			continue;
		if (S_ISCHR(st.st_mode) && !st.st_rdev)
			lm_refuse(v, "%s is hidden by a whiteout of the overlay it is seen in", real, "");
		if (!S_ISDIR(st.st_mode) || !(bits & LM_LISTED))
			break;
	}
}

/* Only by a job that has mounts of its own. */
static int note_mounted(const struct lm_view *v, const char *real, uint32_t len, uint32_t bits, uint64_t sig,
			int64_t mtime)
{
	uint32_t layers = lm_layers(v->area, real, len);

	if (noted_before(v, real, len, bits))
		return 0;
	if (layers <= 1 || (sig == LM_SIG_UNKNOWN && !mtime && !(bits & ~(LM_WRITE | LM_UNLINK))))
		append_mounted(v, real, len, 0, bits, sig, mtime);
	else
		append_layers(v, real, len, layers, bits);
	return 1;
}

int lm_note(const struct lm_view *v, const char *real, uint32_t len, uint32_t bits, uint64_t sig, int64_t mtime)
{
	const struct lm_area *area = v->area;
	enum lm_where where = lm_where(area, real, len);

	if (!bits || !is_recorded(area, where, real, len, bits))
		return 0;
	if (area->n_mounts)
		return note_mounted(v, real, len, bits, sig, mtime);
	if (noted_before(v, real, len, bits))
		return 0;
	append(v, where, real, len, bits, sig, mtime);
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
	lm_append(v->area->log, v->area->token, LM_REFUSED, 1, 0, buf, n);
}

void lm_warn(const struct lm_view *v, const char *text)
{
	lm_append(v->area->log, v->area->token, LM_WARNED, 1, 0, text, (uint32_t)strlen(text));
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
