/*
 * Calls that need not be notified: those whose name is a constant of libc or of the loader, known to be of no interest.
 * Each start of a program makes some (/etc/ld.so.cache, fstat by an empty name), and to be told costs as much as ten
 * calls. What stays the same wherever a library is mapped, and fits in a filter, is the distance from the name to the
 * instruction: 32 bits of it, and the place of the instruction in its page, 44 bits in all. Agent's thread only.
 */
#ifndef LMAKE_TRACE_LEARN_H
#define LMAKE_TRACE_LEARN_H

#include <stdint.h>
#include <sys/types.h>

struct lm_constant {
	uint32_t nr;
	uint32_t arg;			/* which one is the name */
	uint64_t name, instruction;	/* where they were, in the process it was learned from */
};

/* From name to instruction, and where that is in its page. */
static inline uint32_t lm_constant_distance(const struct lm_constant *c)
{
	return (uint32_t)(c->instruction - c->name);
}

static inline uint32_t lm_constant_offset(const struct lm_constant *c)
{
	return (uint32_t)c->instruction & 0xfff;
}

/* The i-th learned, NULL: no more. */
const struct lm_constant *lm_constant(int i);

/* A call had a name of no interest. May it be learned, and is not yet? Cheap. */
int lm_constant_is_new(const struct lm_constant *c);

/* Do name and instruction lie in the same file, libc or loader of the system, in memory that cannot be written? */
int lm_constant_is_sure(const struct lm_constant *c, pid_t pid);

/* Filters made from now on let it pass. */
void lm_constant_add(const struct lm_constant *c);

#endif
