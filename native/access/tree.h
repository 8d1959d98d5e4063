/*
 * Renaming a dir renames each file below it. Runs where calls.c does; recursive, about 1 kB of stack per level.
 */
#ifndef LMAKE_ACCESS_TREE_H
#define LMAKE_ACCESS_TREE_H

#include "resolve.h"

/* Before: each file of a is read and will go, its twin in b will be written. `certain`: record it as done. */
void lm_tree_announce(const struct lm_view *v, struct lm_path *a, struct lm_path *b, uint32_t flags, int certain);

/* After success: the files are below b now (for an exchange: on both sides). */
void lm_tree_confirm(const struct lm_view *v, struct lm_path *a, struct lm_path *b, uint32_t flags);

/* List all dirs from a on and stat all files: what nftw does. */
void lm_tree_listed(const struct lm_view *v, struct lm_path *a);

#endif
