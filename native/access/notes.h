/*
 * What the code of calls.c and writes.c says of one file: how it stands before a call, that it is looked at or changed. In
 * traced processes, any thread, and in the agent.
 */
#ifndef LMAKE_ACCESS_NOTES_H
#define LMAKE_ACCESS_NOTES_H

#include <string.h>

#include "calls.h"
#include "crc.h"
#include "sys.h"

struct state {		/* of a file before the call */
	uint64_t sig;
	int64_t  date;
	mode_t   mode;	/* 0: absent */
	dev_t    dev;
	ino_t    ino;
};

static inline void look(const struct lm_view *v, const struct lm_path *p, struct state *s)
{
	struct stat st;

	memset(s, 0, sizeof(*s));
	if (p->none || lm_sys_lstat(LM_SEEN(v, p->len ? p->real : "/"), &st))
		return;
	s->sig = lm_sig_of(&st);
	s->date = s->sig ? lm_date_of(&st) : 0;
	s->mode = st.st_mode;
	s->dev = st.st_dev;
	s->ino = st.st_ino;
}

/* Is it worth looking at this file? */
static inline int matters(const struct lm_view *v, const struct lm_path *p)
{
	return !p->none && (p->where == LM_IN_REPO || p->where == LM_IN_SOURCE || p->where == LM_AT_ROOT ||
			    (v->area->all && p->where == LM_OUTSIDE));
}

static inline void note_state(const struct lm_view *v, const struct lm_path *p, uint32_t bits, const struct state *s)
{
	if (matters(v, p))
		lm_note(v, p->real, p->len, bits, s->sig, s->date);
}

static inline void note(const struct lm_view *v, const struct lm_path *p, uint32_t bits)
{
	struct state s;

	if (!matters(v, p) || lm_noted(v, p->real, p->len, bits))
		return;
	look(v, p, &s);
	lm_note(v, p->real, p->len, bits, s.sig, s.date);
}

/* The call did change the file. */
static inline void changed(const struct lm_view *v, const struct lm_path *p, uint32_t bits)
{
	if (!matters(v, p)) {
		if (v->cache)	/* a link out of the repo may lead into it */
			__atomic_fetch_add(&v->cache->gen, 1, __ATOMIC_RELAXED);
		return;
	}
	lm_forget(v, p->real, p->len);
	lm_note(v, p->real, p->len, bits, LM_SIG_UNKNOWN, 0);
}

/* Supervisor only: could it create or remove names in the dir of this file? */
static inline int can_change_dir(const struct lm_view *v, const struct lm_path *p, dev_t *dev)
{
	char dir[LM_PATH_MAX], buf[LM_PATH_MAX + 64];
	const char *seen;
	struct stat st;
	uint32_t n = p->len;

	while (n && p->real[n - 1] != '/')
		n--;
	memcpy(dir, p->real, n);
	dir[n] = 0;
	seen = lm_seen(v, dir, buf);
	if (dev && lm_sys_stat(seen, &st))
		return 0;
	if (dev)
		*dev = st.st_dev;
	return !lm_sys3(SYS_faccessat, AT_FDCWD, (long)seen, 3 /* W_OK | X_OK */);
}

static inline int can_write(const struct lm_view *v, const struct lm_path *p)
{
	char buf[LM_PATH_MAX + 64];

	return !lm_sys3(SYS_faccessat, AT_FDCWD, (long)lm_seen(v, p->real, buf), 2 /* W_OK */);
}

#endif
