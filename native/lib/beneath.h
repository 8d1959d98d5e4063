/*
 * Touching the files of the repo without ever being led elsewhere: no function here goes through a symbolic link in the
 * directory part of a name, nor removes what one points to. Shared by liblmake.so (any thread of the server) and the
 * agent. Names are relative to `top`, a directory descriptor (AT_FDCWD for the current directory), or absolute.
 * Functions return 0 or -errno; -ELOOP tells that the directory part of the name crosses a link.
 */
#ifndef LMAKE_LIB_BENEATH_H
#define LMAKE_LIB_BENEATH_H

#include <stdbool.h>
#include <sys/types.h>

#define LM_QUARANTINE "LMAKE/quarantine"

/* Open a directory, all links refused. Returns the descriptor (O_PATH) or -errno. "" is top itself. */
int lm_dir_open(int top, const char *dir);

/* Open the directory that holds `name`; *leaf is set to its last component. Returns the descriptor or -errno. */
int lm_parent_open(int top, const char *name, const char **leaf);

/* Make a directory and all those above it; fine when it is there already. */
int lm_mkdirs(int top, const char *dir, mode_t mode);

/* Unlink one file (not a directory). */
int lm_unlink_beneath(int top, const char *name);

/* Remove an empty directory. */
int lm_rmdir_beneath(int top, const char *dir);

/* Remove a file or a whole tree. Fine when there is nothing. */
int lm_remove_tree(int top, const char *name);

/*
 * Move a file to LMAKE/quarantine/<name> under top, in place of what was kept there before; an obstacle of another
 * shape (a directory where the file must go, a file where a directory must) is set aside as <obstacle>~<n>~.
 */
int lm_quarantine(int top, const char *name);

/* Same, to a destination of choice. */
int lm_move_aside(int top, const char *name, const char *dest);

/* Give a file with several hard links an inode of its own, same content, mode and dates. *done tells whether it had. */
int lm_uniquify(int top, const char *name, bool *done);

#endif
