/* The mounts of a job as its log lists them for the tracer (plan.h; ../access/mounts.h reads it). */
#define _GNU_SOURCE
#include "plan.h"

#include <stdio.h>
#include <string.h>

static void tell(struct ns_plan *p, const char *at, uint8_t layers)
{
	lm_put_bytes(&p->text, at, strlen(at) + 1);
	lm_put_u8(&p->text, layers);
	p->n_text++;
}

static void tell_layer(struct ns_plan *p, const char *dir, const char *look)
{
	lm_put_bytes(&p->text, dir, strlen(dir) + 1);
	lm_put_bytes(&p->text, look, strlen(look) + 1);
}

/* A mount that has nothing to do with what is recorded is not worth looking for. */
static bool matters(const struct planner *w, const char *at, const char *dir)
{
	if (plan_related(at, w->root) || plan_related(at, w->p->seen_root))
		return true;
	if (*w->p->base || plan_related(dir, w->root) || (*w->tmp && plan_related(dir, w->tmp)))
		return true;
	for (uint32_t i = 0; i < agent.config.n_dirs; i++) {
		const char *source = agent.config.dirs[i].physical;

		if (!strncmp(source, dir, strlen(dir)) || !strncmp(source, dir, strlen(source)))
			return true;
	}
	return false;
}

void plan_tell(struct planner *w)
{
	struct ns_plan *p = w->p;
	unsigned hidden = 0;

	if (*p->base) {
		const char *ours[] = { "/proc", "/dev" };

		tell(p, "", 1);
		tell_layer(p, p->base, "");
		for (int i = 0; i < 2; i++) {
			tell(p, ours[i], 1);
			tell_layer(p, ours[i], "");
		}
	}
	for (uint32_t i = 0; i < p->n_mounts; i++) {
		const struct ns_mount *m = &p->mounts[i];
		uint8_t n = 1;
		char look[32];

		if (!m->lower) {
			if (!matters(w, m->at, m->from))
				continue;
			tell(p, m->at, 1);
			tell_layer(p, m->from, "");
			continue;
		}
		while (m->lower[n - 1])
			n++;
		tell(p, m->at, n);
		for (uint8_t k = 0; k < n; k++) {
			snprintf(look, sizeof look, NS_HIDDEN "/%u", hidden++);
			tell_layer(p, k ? m->lower[k - 1] : m->from, look);
		}
	}
}
