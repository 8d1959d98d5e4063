/*
 * The gate: the one place from which the kernel lets calls of the table through unseen, when a filter is at work
 * (../trace). It is a page at a fixed address that holds nothing but "make this call, return"; whoever has opened it
 * makes all its own calls there. Who has not makes them where it stands: the same calls, but the agent is told of them.
 *
 * Used by all of ../access, by ../preload (what a shim has recorded needs not be told again), and by the agent's child
 * (the first exec of a job). Any thread, signal handlers, vfork children; errno untouched.
 */
#ifndef LMAKE_ACCESS_GATE_H
#define LMAKE_ACCESS_GATE_H

/*
 * Below all that linkers, loaders and sanitizers use (programs begin at 2 MB, Wine ends at 1.1 MB), above the lowest
 * address the kernel gives (64 kB); same for all, since a filter compares with constants.
 */
#define LM_GATE_ADDR 0x170000ul
#define LM_GATE_SIZE 4096ul

/* Make a call: here, or through the gate once it is open. The value of the call, or -errno. */
long lm_sys(long a, long b, long c, long d, long e, long f, long nr);

/* Map the gate and use it from now on. -EEXIST: something else is there; other -errno: it may not be. Twice is fine. */
int lm_gate_open(void);

/* What lies at LM_GATE_ADDR where the gate is open: its first bytes. */
extern const char lm_gate_code[], lm_gate_end[];

#endif
