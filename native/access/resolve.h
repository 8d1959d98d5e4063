/*
 * From a path as a program wrote it to the physical name of the file it stands for, recording the links crossed.
 * Runs in traced processes, any thread, and in the agent; a struct lm_path lives on the caller's stack.
 */
#ifndef LMAKE_ACCESS_RESOLVE_H
#define LMAKE_ACCESS_RESOLVE_H

#include <sys/stat.h>

#include "view.h"

struct lm_path {
	uint8_t  none;			/* stands for no file that has a name: nothing is to be recorded */
	uint8_t  absent;		/* a component on the way is missing */
	uint8_t  cut;			/* .. after a missing component, or a file: the call will fail, whatever it is */
	uint8_t  moving;		/* through a link of /proc or /dev: next time the text may stand for another file */
	uint8_t  deep;			/* with `none`: below a dir of the repo, by a name too long to be told */
	enum lm_where where;
	uint32_t len;
	char     real[LM_PATH_MAX];	/* absolute, no link but perhaps the last component, NUL terminated */
	char     rest[LM_PATH_MAX];	/* while resolving: text not walked yet, at the end of the buffer */
};

/*
 * Resolve `path` seen from `dirfd` (AT_FDCWD: the cwd). `follow`: also a link in the last place. Each link crossed in
 * the repo or in a source dir is recorded with L. After a missing component the text is kept as it is. A loop, or a
 * name too long, gives `none`: the links crossed are recorded, the leaf is not. So does a file that is left by "..",
 * with `cut` set: that file is recorded as read, and is all that matters.
 */
void lm_resolve(const struct lm_view *v, struct lm_path *out, int dirfd, const char *path, int follow);

/* The same as if `dirfd` were the root: links and .. do not lead out of it (openat2 with RESOLVE_IN_ROOT). */
void lm_resolve_in_root(const struct lm_view *v, struct lm_path *out, int dirfd, const char *path, int follow);

/* The file an open fd stands for. A dir of the repo that its name does not lead to is refused: what is in it cannot be told. */
void lm_resolve_fd(const struct lm_view *v, struct lm_path *out, int fd);

/* fstat of a descriptor of the process: 0 or -errno. The same file opened to be read: fd or -errno. */
int lm_fd_stat(const struct lm_view *v, int fd, struct stat *st);
int lm_fd_open(const struct lm_view *v, int fd);

/* Cut the last component: the dir a name is in. */
void lm_parent(const struct lm_view *v, struct lm_path *path);

#endif
