/*
 * What calls that make, change, move and remove files touch: the part of lm_begin (calls.h) for them. What it announces, and
 * cannot foretell, is settled by lm_end.
 */
#ifndef LMAKE_ACCESS_WRITES_H
#define LMAKE_ACCESS_WRITES_H

#include "calls.h"

void lm_begin_open(const struct lm_view *v, struct lm_access *acc, const struct lm_args *args);
void lm_begin_unlink(const struct lm_view *v, struct lm_access *acc);
void lm_begin_create(const struct lm_view *v, const struct lm_path *p, int possible, uint32_t *confirm);
void lm_begin_link(const struct lm_view *v, struct lm_access *acc, const struct lm_args *args);
void lm_begin_rename(const struct lm_view *v, struct lm_access *acc, const struct lm_args *args);
void lm_begin_chmod(const struct lm_view *v, struct lm_access *acc, const struct lm_args *args);
void lm_begin_fchmod(const struct lm_view *v, struct lm_access *acc, const struct lm_args *args);
void lm_begin_truncate(const struct lm_view *v, struct lm_access *acc, const struct lm_args *args);

#endif
