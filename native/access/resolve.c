/*
 * Path resolution (resolve.h): a physical walk, one readlink per component not known yet to be no link. Runs in traced
 * processes, any thread, and in the agent. Only raw system calls: errno is the program's.
 */
#define _GNU_SOURCE
#define XXH_INLINE_ALL
#include <string.h>
#include <xxhash.h>

#include "crc.h"
#include "named.h"
#include "resolve.h"
#include "sys.h"

#define MAX_LINKS 40		/* as the kernel */

struct walk {
	const struct lm_view *v;
	struct lm_path *out;
	int links;
	uint32_t floor;		/* length of the name that .. and absolute links do not leave */
	uint32_t at;		/* what remains of the text is out->rest from here to its end */
};

static void pop(struct lm_path *out)
{
	while (out->len && out->real[out->len - 1] != '/')
		out->len--;
	if (out->len)
		out->len--;	/* the / itself */
	out->real[out->len] = 0;
}

/* Where the walk of a relative path begins. */
static void start(struct walk *w, int dirfd)
{
	struct lm_path *out = w->out;
	const char *cwd;

	if (dirfd != AT_FDCWD) {
		lm_named_dirfd(w->v, out, dirfd);
		return;
	}
	cwd = w->v->cwd(w->v, out->real, &out->len);
	if (!cwd || cwd[0] != '/') {
		out->none = 1;
		if (!cwd)
			lm_named_no_cwd(w->v, out);
		return;
	}
	if (cwd != out->real)
		memcpy(out->real, cwd, out->len + 1);
	if (out->len == 1)
		out->len = 0;
	out->real[out->len] = 0;
}

static uint64_t dir_key(const struct lm_view *v, const struct lm_path *out)
{
	return XXH3_64bits_withSeed(out->real, out->len, ((uint64_t)lm_gen(v) << 8) | 0xd1) | 1;
}

/* As dir_key, of a component known to be a dir and told to be no link. */
static uint64_t left_key(const struct lm_view *v, const struct lm_path *out)
{
	return XXH3_64bits_withSeed(out->real, out->len, ((uint64_t)lm_gen(v) << 8) | 0xd2) | 1;
}

/* May this component be a link for us? Within the repo that depends on link_support. */
static int may_be_link(const struct lm_view *v, const struct lm_path *out, int last)
{
	uint32_t support = v->area->cfg->link_support;

	if (support >= 2 || (support == 1 && last))
		return 1;
	return lm_where(v->area, out->real, out->len) != LM_IN_REPO;
}

static void note_link(const struct lm_view *v, const struct lm_path *out)
{
	enum lm_where where = lm_where(v->area, out->real, out->len);
	struct stat st;

	if (where == LM_IN_PROC || where == LM_IN_TMP || lm_noted(v, out->real, out->len, LM_L))
		return;
	if (!lm_sys_lstat(LM_SEEN(v, out->real), &st))
		lm_note(v, out->real, out->len, LM_L, lm_sig_of(&st), lm_date_of(&st));
}

/* The pid of the process for itself: with pids of its own it is the last word of a line of its status. */
static unsigned own_pid(const struct lm_view *v)
{
	char name[32], text[2048], *p;
	unsigned pid = (unsigned)v->pid;
	long n;
	int fd;

	if (!v->foreign_root)
		return pid;
	lm_with_number(name, "/proc/", pid, "/status");
	fd = (int)lm_sys_open(name, O_RDONLY);
	n = fd < 0 ? 0 : lm_sys_pread(fd, text, sizeof(text) - 1, 0);
	if (fd >= 0)
		lm_sys_close(fd);
	text[n > 0 ? n : 0] = 0;
	p = strstr(text, "\nNSpid:");
	for (p = p ? p + 7 : text; *p == '\t' || (*p >= '0' && *p <= '9'); p++)
		if (*p == '\t')
			pid = 0;
		else
			pid = pid * 10 + (unsigned)(*p - '0');
	return pid ? pid : (unsigned)v->pid;
}

/*
 * A dir left through "..": were it a link, the path would lead elsewhere. Where it is a file the call will fail: -1, and
 * then the file is all the call has touched.
 */
static int note_left(const struct lm_view *v, const struct lm_path *out)
{
	enum lm_where where = lm_where(v->area, out->real, out->len);
	uint64_t key = 0;
	struct stat st;

	if (where != LM_IN_REPO && where != LM_IN_SOURCE)
		return 0;
	if (v->cache) {
		key = left_key(v, out);
		if (lm_texts_has(v->cache, key))
			return 0;
	}
	if (!lm_sys_lstat(LM_SEEN(v, out->real), &st) && !S_ISDIR(st.st_mode) && !S_ISLNK(st.st_mode)) {
		lm_note(v, out->real, out->len, LM_L | LM_R | LM_T, lm_sig_of(&st), lm_sig_of(&st) ? lm_date_of(&st) : 0);
		return -1;
	}
	if (where == LM_IN_REPO && may_be_link(v, out, 0) && !lm_noted(v, out->real, out->len, LM_L))
		lm_note(v, out->real, out->len, LM_L, LM_SIG_NONE, 0);
	if (key)
		lm_texts_add(v->cache, key);
	return 0;
}

/* Text of the link `out` stands at, in buf. The length, 0 if it is no link, -errno. */
static long link_text(const struct lm_view *v, const struct lm_path *out, char *buf, uint32_t room)
{
	char task[32];
	long n;

	if (room < 64)
		return -ELOOP;
	if (v->pid && !strcmp(out->real, "/proc/self"))
		return lm_with_number(buf, "", own_pid(v), "");
	if (v->pid && !strcmp(out->real, "/proc/thread-self")) {
		lm_with_number(task, "", own_pid(v), "/task/");
		return lm_with_number(buf, task, own_pid(v), "");
	}
	n = lm_sys_readlink(LM_SEEN(v, out->real), buf, room - 1);
	if (n == -EINVAL)
		return 0;
	if (n == (long)room - 1)
		return -ELOOP;	/* cut: too long */
	if (n > 0 && !strncmp(out->real, "/proc/", 6) && (n = lm_named_link(v, LM_SEEN(v, out->real), -1, buf, room - 1)) < 0)
		return -ELOOP;
	return n;
}

/* `out` has just got one component more: follow it if it is a link. -1: give up. */
static int cross(struct walk *w, int last)
{
	struct lm_path *out = w->out;
	const struct lm_view *v = w->v;
	char *text = out->rest;	/* there is room before what remains */
	uint64_t key = 0;
	long n;

	if (!may_be_link(v, out, last))
		return 0;
	if (v->cache && !last) {
		key = dir_key(v, out);
		if (lm_texts_has(v->cache, key))
			return 0;
	}
	n = link_text(v, out, text, w->at);
	if (n == -ENOENT || n == -ENOTDIR)
		out->absent = 1;
	if (n == 0 && key)
		lm_texts_add(v->cache, key);
	if (n == -ELOOP)
		return -1;
	if (n <= 0)
		return 0;
	if (lm_where(v->area, out->real, out->len) == LM_IN_PROC)
		out->moving = 1;
	note_link(v, out);
	if (++w->links > MAX_LINKS)
		return -1;
	w->at -= (uint32_t)n;	/* what remains begins with / or is empty */
	memmove(out->rest + w->at, text, (size_t)n);
	if (out->rest[w->at] == '/') {
		out->len = w->floor;
		out->real[w->floor] = 0;
	} else {
		pop(out);
	}
	return 0;
}

/* One component of the text. 0: go on, 1: end reached, -1: stands for nothing. */
static int step(struct walk *w, int follow)
{
	struct lm_path *out = w->out;
	const char *p = out->rest + w->at;
	const char *end;
	uint32_t n;
	int last;

	while (*p == '/')
		p++;
	if (!*p)
		return 1;
	end = strchrnul(p, '/');
	n = (uint32_t)(end - p);
	w->at = (uint32_t)(end - out->rest);
	if (n == 1 && p[0] == '.')
		return 0;
	if (n == 2 && p[0] == '.' && p[1] == '.') {
		if (out->len == w->floor)
			return 0;
		if (out->absent) {
			out->cut = 1;
			return 1;	/* the call fails at the missing component: that is all it tells */
		}
		if (note_left(w->v, out) < 0) {
			out->cut = 1;
			return -1;
		}
		pop(out);
		return 0;
	}
	if (out->len + n + 2 > sizeof(out->real))
		return -1;
	out->real[out->len] = '/';
	memcpy(out->real + out->len + 1, p, n);
	out->len += n + 1;
	out->real[out->len] = 0;
	if (out->absent)
		return 0;
	last = !*end;
	if (last && !follow)
		return 0;
	while (*end == '/')
		end++;
	return cross(w, !*end);
}

/* link_support none: a path within the repo is only text. Outside, links lead where they lead. */
static void resolve(const struct lm_view *v, struct lm_path *out, int dirfd, const char *path, int follow, int in_root)
{
	struct walk w = { .v = v, .out = out };
	size_t n;
	int rc;

	out->none = 0;
	out->absent = 0;
	out->moving = out->cut = out->deep = 0;
	out->where = LM_OUTSIDE;
	out->len = 0;
	if (!path || !path[0] || (n = strnlen(path, LM_PATH_MAX)) >= LM_PATH_MAX) {
		out->none = 1;
		return;
	}
	w.at = (uint32_t)(sizeof(out->rest) - n - 1);
	memcpy(out->rest + w.at, path, n + 1);
	out->real[0] = 0;
	if (path[0] != '/' || in_root) {
		start(&w, dirfd);
		w.floor = in_root ? out->len : 0;
	} else if (n > v->area->seen_root_len && path[v->area->seen_root_len] == '/' &&
		   !memcmp(path, v->area->seen_root, v->area->seen_root_len)) {
		out->len = v->area->seen_root_len;	/* no link to look for on the way */
		memcpy(out->real, path, out->len);
		out->real[out->len] = 0;
		w.at += out->len;
	}
	if (out->none)
		return;
	do
		rc = step(&w, follow);
	while (!rc);
	if (rc < 0) {
		out->none = 1;
		return;
	}
	out->where = lm_where(v->area, out->real, out->len);
}

void lm_resolve(const struct lm_view *v, struct lm_path *out, int dirfd, const char *path, int follow)
{
	resolve(v, out, dirfd, path, follow, 0);
}

void lm_resolve_in_root(const struct lm_view *v, struct lm_path *out, int dirfd, const char *path, int follow)
{
	resolve(v, out, dirfd, path, follow, 1);
}

void lm_parent(const struct lm_view *v, struct lm_path *path)
{
	pop(path);
	path->where = lm_where(v->area, path->real, path->len);
}
