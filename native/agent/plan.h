/*
 * Between the rooms where the mounts of a job are planned (isolate.h): isolate.c for the list as a whole and all that is always in it, views.c
 * for the views of the order, tell.c for the list as the tracer needs it. Agent's thread, before the job starts.
 */
#ifndef LMAKE_AGENT_PLAN_H
#define LMAKE_AGENT_PLAN_H

#include "isolate.h"

struct planner {
	struct job *job;
	struct ns_plan *p;
	const struct isolation_order *o;
	const char *root, *tmp;		/* physical */
	char *install, *seen_install;	/* NULL in seen_install: no mount is needed for it */
};

/* Formatted, to be freed. Aborts without memory, as all here. */
char *plan_format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Is name this dir, or below? One of both below the other? */
bool plan_covers(const char *dir, const char *name);
bool plan_related(const char *a, const char *b);

/* Why this is no dir; NULL: it is one. */
const char *plan_missing(const char *dir);

/* Is a link crossed on the way? */
bool plan_has_link(const char *path);

/* One mount more; both names are its own from now on. */
struct ns_mount *plan_add(struct ns_plan *p, char *at, char *from, bool inside);

/* views.c: would the job no longer see what it needs of the installation, if this is mounted at that place? */
bool plan_hides_installation(const struct planner *w, const char *at);

/* A view elsewhere than in the repo stands on a dir that is there, or right below the root. True: the job has been told that it does not. */
bool plan_place_is_missing(struct planner *w, const char *what, const char *at);

/* The mount of one view, number i of the order. False: the job has been told why not. */
bool plan_view(struct planner *w, const struct view_order *v, uint32_t i);

/* tell.c: the log's list of mounts. */
void plan_tell(struct planner *w);

#endif
