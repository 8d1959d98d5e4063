/*
 * Does what a job has made hold the name of the repo? Then it would not be the same elsewhere (check_abs_paths). The
 * file is read in blocks, and a name that lies across two of them is found too. Agent's thread, at the end of the job.
 */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK (256u << 10)

/* Could the name of a file go on with this? /a/repo is not in /a/repository. */
static bool goes_on(char c)
{
	return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_' || c == '-';
}

static bool found_in(const char *text, size_t n, const char *root, size_t len, bool last)
{
	const char *end = text + n, *at = text;

	while ((at = memmem(at, (size_t)(end - at), root, len))) {
		at += len;
		if (at == end)
			return last;	/* else the next block tells: all of this name is kept with it */
		if (!goes_on(*at))
			return true;
	}
	return false;
}

static bool link_holds(const char *name, const char *root, size_t len)
{
	char text[PATH_MAX];
	ssize_t n = readlink(name, text, sizeof text);

	return n > 0 && found_in(text, (size_t)n, root, len, true);
}

bool holds_root(const char *name)
{
	static char block[BLOCK + PATH_MAX];
	const char *root = agent.config.root;
	size_t len = strlen(root), kept = 0;
	bool found = false;
	struct stat st;
	int fd;

	if (lstat(name, &st) < 0)
		return false;
	if (S_ISLNK(st.st_mode))
		return link_holds(name, root, len);
	if (!S_ISREG(st.st_mode))
		return false;
	fd = open(name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	while (fd >= 0 && !found) {
		ssize_t n = read(fd, block + kept, BLOCK);

		if (n < 0 && errno == EINTR)
			continue;
		found = found_in(block, kept + (n > 0 ? (size_t)n : 0), root, len, n <= 0);
		if (n <= 0)
			break;
		kept += (size_t)n;
		if (kept > len + 1) {
			memmove(block, block + kept - len - 1, len + 1);
			kept = len + 1;
		}
	}
	if (fd >= 0)
		close(fd);
	return found;
}
