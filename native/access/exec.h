/*
 * What exec and dlopen read: interpreters named by #!, and the libraries the loader will look for. Runs where calls.c
 * does. Libraries are looked for by preload only: the seccomp method sees the loader's own opens.
 */
#ifndef LMAKE_ACCESS_EXEC_H
#define LMAKE_ACCESS_EXEC_H

#include "calls.h"

/* Record the file (L R, executed), its interpreters, its libraries. `p` is room for names. Refuses what escapes. */
void lm_exec_note(const struct lm_view *v, struct lm_path *p, const struct lm_args *args);

/* Where an object asks its libraries to be looked for. All may be NULL. */
struct lm_lib_dirs {
	const char *rpath, *runpath;
	const char *ld_path;	/* LD_LIBRARY_PATH */
	const char *origin;	/* dir of the object */
};

/* Record the names tried for the libraries of an ELF file, `real` open at fd. */
void lm_elf_note(const struct lm_view *v, int fd, const char *real, const char *ld_path);

/* Record the names tried for one library, and for those it needs: dlopen. */
void lm_lib_note(const struct lm_view *v, const char *name, const struct lm_lib_dirs *dirs);

/* Record the names below its dir under which the loader may look first for a library; `p` is room for names. */
void lm_variants_note(const struct lm_view *v, struct lm_path *p, const char *name);

#endif
