/*
 * Names a job sees and names we see: a job may have mounts of its own (views, a view on the repo, another root), and
 * what it does there is recorded under the name the file has for everybody. Runs where view.c does: traced processes,
 * any thread, and the agent. No malloc, errno untouched.
 *
 * In the log's header a mount is: the name it is seen at, NUL ("" is the root itself); its number of layers, one byte;
 * for each layer, the topmost first, its physical name, NUL, and a name under which the job can look at that layer
 * alone, NUL ("" for a mount of one layer: what is seen there is it). No name ends with /.
 */
#ifndef LMAKE_ACCESS_MOUNTS_H
#define LMAKE_ACCESS_MOUNTS_H

#include <sys/stat.h>

#include "view.h"

/* How many physical files may stand behind this name: 1 unless it is in an overlay. */
uint32_t lm_layers(const struct lm_area *area, const char *seen, uint32_t len);

/*
 * Physical name of what is seen, in that layer; buf has LM_PATH_MAX bytes, and must not overlap. Its length ("" for the
 * root), or -1: no such layer, or too long.
 */
int lm_physical(const struct lm_area *area, const char *seen, uint32_t len, uint32_t layer, char *buf);

/* lstat of the file in that layer alone, by a process of the job or by the agent. 0 or -errno. */
int lm_layer_lstat(const struct lm_view *v, const char *seen, uint32_t len, uint32_t layer, struct stat *st);

/* Does an overlay have this name in a lower layer, so that removing it would only hide it? */
int lm_in_lower_layer(const struct lm_view *v, const char *seen, uint32_t len);

/* Is a mount seen in a system dir, whose names would be filtered? */
int lm_mounts_in_system(const struct lm_area *area);

/* Are the files below this name the system's? (view.c) */
int lm_is_system(const char *path);

#endif
