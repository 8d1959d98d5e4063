/*
 * From a descriptor, or the cwd, to the name of the file it stands for: the part of resolve.c that asks the kernel. Runs where that
 * does.
 */
#ifndef LMAKE_ACCESS_NAMED_H
#define LMAKE_ACCESS_NAMED_H

#include "resolve.h"

/* Write prefix then a number, NUL terminated; the length. */
static inline uint32_t lm_with_number(char *buf, const char *prefix, unsigned x, const char *suffix)
{
	char digits[12];
	int n = 0;
	char *p = buf;

	while (*prefix)
		*p++ = *prefix++;
	do
		digits[n++] = (char)('0' + x % 10);
	while (x /= 10);
	while (n)
		*p++ = digits[--n];
	while (*suffix)
		*p++ = *suffix++;
	*p = 0;
	return (uint32_t)(p - buf);
}

/*
 * Read a link of /proc/<pid>/ that stands for a file; its length, -ENAMETOOLONG, or -1: for none. What cannot be told is refused.
 * fd: the descriptor of the process it is for, if it is for one, else -1.
 */
long lm_named_link(const struct lm_view *v, const char *link, int fd, char *text, size_t size);

/* The dir a path is seen from, as lm_resolve_fd. */
void lm_named_dirfd(const struct lm_view *v, struct lm_path *out, int fd);

/* The view has given no cwd: there is none, or its name is too long (out->deep). */
void lm_named_no_cwd(const struct lm_view *v, struct lm_path *out);

#endif
