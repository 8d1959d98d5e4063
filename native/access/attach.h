/*
 * The log, as a process of the job comes to it: the value of LMAKE_AUTODEP_ENV names it. Used by the libraries that are
 * loaded in processes of the job, once each, before anything is recorded. No malloc, errno untouched.
 */
#ifndef LMAKE_ACCESS_ATTACH_H
#define LMAKE_ACCESS_ATTACH_H

#include "view.h"

struct lm_attached {
	char entry[512];		/* LMAKE_AUTODEP_ENV=<value>, as it is to be given to programs */
	_Alignas(8) char header[4096];	/* copy of that of the log, unless it is longer */
};

/*
 * Map the log and make *area ready. 0; -ESTALE: the job is over; other -errno with *why, a few words: accesses cannot be
 * recorded.
 */
int lm_attach(struct lm_attached *to, struct lm_area *area, const char *value, const char **why);

#endif
