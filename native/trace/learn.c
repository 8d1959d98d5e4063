/* Constant names of libc and of the loader (learn.h), learned from the calls that are served. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "learn.h"

#define MAX_CONSTANTS 16
#define MAX_TRIES     400	/* each reads the map of a process */
#define MAX_DISTANCE  (8u << 20)	/* in one library */

static struct lm_constant known[MAX_CONSTANTS];
static unsigned n_known, n_tries;

const struct lm_constant *lm_constant(int i)
{
	return i < (int)n_known ? &known[i] : NULL;
}

/* Of libraries all programs share, so that the few that are learned serve all. */
static int is_common(const char *file)
{
	const char *name = strrchr(file, '/');

	return name && (!strncmp(name, "/libc.so.6", 10) || !strncmp(name, "/ld-linux", 9) || !strncmp(name, "/libc-2", 7) ||
			!strncmp(name, "/ld-2", 5)) &&
	       (!strncmp(file, "/usr/", 5) || !strncmp(file, "/lib", 4));
}

/* Do both addresses lie in the same file, where it cannot be written? */
static int in_one_file(pid_t pid, uint64_t name, uint64_t instruction)
{
	char line[1024], perms[8], *file;
	unsigned long from, to, inode, seen = 0;
	char path[40];
	int found = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	while (found < 2 && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx %7s %*x %*s %lu", &from, &to, perms, &inode) != 4)
			continue;
		if ((name < from || name >= to) && (instruction < from || instruction >= to))
			continue;
		file = strchr(line, '/');
		if (file)
			file[strcspn(file, "\n")] = 0;
		if (!file || !is_common(file) || strchr(perms, 'w') || !inode || (seen && seen != inode))
			break;
		seen = inode;
		found += (name >= from && name < to) + (instruction >= from && instruction < to);
	}
	fclose(f);
	return found == 2;
}

int lm_constant_is_new(const struct lm_constant *c)
{
	unsigned i;

	if (n_known == MAX_CONSTANTS || n_tries == MAX_TRIES || c->instruction - c->name + MAX_DISTANCE > 2 * MAX_DISTANCE)
		return 0;
	for (i = 0; i < n_known; i++)
		if (known[i].nr == c->nr && known[i].arg == c->arg &&
		    lm_constant_distance(&known[i]) == lm_constant_distance(c) &&
		    lm_constant_offset(&known[i]) == lm_constant_offset(c))
			return 0;
	return 1;
}

int lm_constant_is_sure(const struct lm_constant *c, pid_t pid)
{
	n_tries++;
	return in_one_file(pid, c->name, c->instruction);
}

void lm_constant_add(const struct lm_constant *c)
{
	known[n_known++] = *c;
}
