/*
 * What a job with namespaces leaves when it is over (isolate.h): its plan in memory, and on disk the dirs its overlays wanted.
 * Those of an agent that was killed are removed by the next one. Agent's thread.
 */
#define _GNU_SOURCE
#include "isolate.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/beneath.h"

/* The kernel leaves a dir in it that even we may not enter. */
static void remove_work(const char *work)
{
	char inner[PATH_MAX + 8];

	snprintf(inner, sizeof inner, "%s/work", work);
	chmod(inner, 0700);
	lm_remove_tree(AT_FDCWD, work);
}

void job_unisolate(struct job *job)
{
	struct isolation *iso = job->iso;
	struct ns_plan *p;

	if (!iso)
		return;
	p = &iso->plan;
	source_close(&iso->control);
	for (uint32_t i = 0; i < p->n_mounts; i++) {
		struct ns_mount *m = &p->mounts[i];

		if (m->work)
			remove_work(m->work);
		for (char **l = m->lower; l && *l; l++)
			free(*l);
		free(m->lower);
		free(m->at);
		free(m->from);
		free(m->work);
	}
	free(p->mounts);
	free(p->base);
	free(p->point);
	free(p->seen_root);
	free(p->seen_tmp);
	free(p->preload);
	lm_buf_free(&p->text);
	munmap(iso->end, sizeof *iso->end);
	job->iso = NULL;
	later_free(iso);
}

void isolate_sweep(void)
{
	DIR *d = opendir(NS_WORKS);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		char name[PATH_MAX];

		if (*e->d_name != '.' && snprintf(name, sizeof name, NS_WORKS "/%s", e->d_name) < (int)sizeof name)
			remove_work(name);
	}
	if (d) {
		closedir(d);
		rmdir(NS_WORKS);
	}
}
