/* Mounts of a job's own (mounts.h). Constant data of the header, and a few lstat. */
#define _GNU_SOURCE
#include <string.h>

#include "mounts.h"
#include "sys.h"

struct mount {
	const char *at;
	uint32_t at_len, n;
	const char *layers;	/* n pairs of strings */
};

static const char *after(const char *s)
{
	return s + strlen(s) + 1;
}

/* Read one; returns where the next one begins. */
static const char *read_mount(const char *s, struct mount *m)
{
	uint32_t i;

	m->at = s;
	m->at_len = (uint32_t)strlen(s);
	s += m->at_len + 1;
	m->n = (uint8_t)*s++;
	m->layers = s;
	for (i = 0; i < 2 * m->n; i++)
		s = after(s);
	return s;
}

static int covers(const struct mount *m, const char *seen, uint32_t len)
{
	return len >= m->at_len && !memcmp(seen, m->at, m->at_len) && (len == m->at_len || seen[m->at_len] == '/');
}

/* The deepest one that covers a name; 0: none does, it is what it seems. */
static int find(const struct lm_area *area, const char *seen, uint32_t len, struct mount *found)
{
	const char *s = area->mounts;
	struct mount m;
	uint32_t i;
	int any = 0;

	for (i = 0; i < area->n_mounts; i++) {
		s = read_mount(s, &m);
		if (covers(&m, seen, len) && (!any || m.at_len >= found->at_len)) {
			*found = m;
			any = 1;
		}
	}
	return any;
}

uint32_t lm_layers(const struct lm_area *area, const char *seen, uint32_t len)
{
	struct mount m;

	return area->n_mounts && find(area, seen, len, &m) ? m.n : 1;
}

static int join(char *buf, const char *head, const char *tail, uint32_t tail_len)
{
	size_t n = strlen(head);

	if (n + tail_len >= LM_PATH_MAX)
		return -1;
	memcpy(buf, head, n);
	memcpy(buf + n, tail, tail_len);
	buf[n + tail_len] = 0;
	return (int)(n + tail_len);
}

/* The n'th string of the layers, and what of the name is below. */
static int rebased(const struct mount *m, uint32_t n, const char *seen, uint32_t len, char *buf)
{
	const char *s = m->layers;

	while (n--)
		s = after(s);
	return join(buf, s, seen + m->at_len, len - m->at_len);
}

int lm_physical(const struct lm_area *area, const char *seen, uint32_t len, uint32_t layer, char *buf)
{
	struct mount m;

	if (!area->n_mounts || !find(area, seen, len, &m))
		return layer ? -1 : join(buf, "", seen, len);
	return layer < m.n ? rebased(&m, 2 * layer, seen, len, buf) : -1;
}

__attribute__((noinline)) int lm_layer_lstat(const struct lm_view *v, const char *seen, uint32_t len, uint32_t layer,
					     struct stat *st)
{
	char look[LM_PATH_MAX];
	struct mount m;

	if (!find(v->area, seen, len, &m) || layer >= m.n)
		return -ENOENT;
	if (rebased(&m, 2 * layer + 1, seen, len, look) < 0)
		return -ENAMETOOLONG;
	return (int)lm_sys_lstat(LM_SEEN(v, look), st);
}

int lm_in_lower_layer(const struct lm_view *v, const char *seen, uint32_t len)
{
	uint32_t i, n = lm_layers(v->area, seen, len);
	struct stat st;

	for (i = 1; i < n; i++)
		if (!lm_layer_lstat(v, seen, len, i, &st))
			return 1;
	return 0;
}

int lm_mounts_in_system(const struct lm_area *area)
{
	const char *s = area->mounts;
	struct mount m;
	uint32_t i;

	for (i = 0; i < area->n_mounts; i++) {
		s = read_mount(s, &m);
		if (m.at_len && lm_is_system(m.at))
			return 1;
	}
	return 0;
}
