/*
 * How jobs can be watched on this host. The methods by seccomp notification do not work everywhere: an old kernel, a
 * container that forbids filters, another lmake around us. Then ptrace is used instead, which sees as much, and the user is
 * told: nothing is ever watched less than was asked for. Agent's thread; what is possible is found out once.
 */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "../trace/trace.h"

#define UNKNOWN 1

static int usable = UNKNOWN;	/* 0, or -errno: why not */
static int all_calls;

/* Why, and what can be done about it. */
static void explain(int error, const char **why, const char **remedy)
{
	switch (error) {
	case EBUSY:
		*why = "lmake runs in a job that is watched in the same way";
		*remedy = "autodep = 'ld_preload' in the rules of either";
		break;
	case ENOSYS:
	case EINVAL:
		*why = "this kernel does not notify system calls";
		*remedy = "Linux 5.0 or later";
		break;
	case EEXIST:
	case ENOMEM:
	case EACCES:
		*why = "memory at 0x170000 cannot be had";
		*remedy = "sysctl -w vm.mmap_min_addr=65536";
		break;
	default:
		*why = strerror(error);
		*remedy = "allow system call seccomp in this container";
	}
}

static void find_out(void)
{
	if (usable == UNKNOWN)
		usable = lm_trace_usable(&all_calls);
}

uint8_t method_for(uint8_t autodep)
{
	static bool said;
	const char *why, *remedy;

	if (autodep == AUTODEP_PTRACE)
		find_out();
	if (autodep != AUTODEP_SECCOMP && autodep != AUTODEP_HYBRID)
		return autodep;
	find_out();
	if (!usable)
		return autodep;
	explain(-usable, &why, &remedy);
	if (!said)
		proto_warn("autodep %s does not work here (%s), jobs are watched by ptrace instead, which is slower\n"
			   "  consider : %s", autodep == AUTODEP_HYBRID ? "hybrid" : "seccomp", why, remedy);
	said = true;
	return AUTODEP_PTRACE;
}

bool method_stops_all(void)
{
	return all_calls;
}

bool method_preloads(uint8_t autodep)
{
	return autodep == AUTODEP_PRELOAD || autodep == AUTODEP_HYBRID || autodep == AUTODEP_AUDIT || autodep == AUTODEP_JEMALLOC;
}

/*
 * Loaders know themselves by $PLATFORM: so one name leads those of 64 bits to our library, and those of 32 to theirs. Only where
 * all that is needed for that is there, and the kernel tells programs what they run on; else the plain name.
 */
char *method_library(uint8_t autodep, const char *there, const char *seen)
{
	const char *kind = autodep == AUTODEP_HYBRID ? "hybrid" : autodep == AUTODEP_PRELOAD ? "preload" : NULL;
	const char *platform = (const char *)getauxval(AT_PLATFORM);
	const char *const needed[] = { platform ? platform : "", "$PLATFORM", "i686" };
	char name[PATH_MAX], *library;

	for (size_t i = 0; kind && i < sizeof needed / sizeof *needed; i++) {
		snprintf(name, sizeof name, "%s/lib/%s/%s/liblmake_preload.so", there, kind, needed[i]);
		if (!*needed[i] || access(name, R_OK))
			kind = NULL;
	}
	if ((kind ? asprintf(&library, "%s/lib/%s/$PLATFORM/liblmake_preload.so", seen, kind) :
		    asprintf(&library, "%s/lib/liblmake_preload.so", seen)) < 0)
		abort();
	return library;
}
