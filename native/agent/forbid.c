/*
 * Why a job could not have its namespaces (isolate.h), for people: the machine may forbid them in several ways, each
 * with its own remedy, and the kernel tells only an error number. Agent's thread; looks into /proc when something has
 * failed.
 */
#define _GNU_SOURCE
#include "isolate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The number a file of one line holds, or -1. */
static long number_in(const char *name)
{
	char text[32] = "";
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);

	if (fd >= 0)
		close(fd);
	return n > 0 ? strtol(text, NULL, 10) : -1;
}

static bool filtered(void)
{
	char text[8192] = "", *at;
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);

	if (fd >= 0)
		close(fd);
	at = n > 0 ? strstr(text, "\nSeccomp:") : NULL;
	return at && strtol(at + 9, NULL, 10);
}

static const char *profile(void)
{
	static char text[256];
	int fd = open("/proc/self/attr/current", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = 0;
	text[strcspn(text, "\n")] = 0;
	return *text && strcmp(text, "unconfined") ? text : NULL;
}

/* A limit of namespaces that is reached; NULL: none is 0, so many are in use. */
static const char *limit(void)
{
	static const char *const names[] = { "user", "mnt", "pid" };
	static char name[64];

	for (size_t i = 0; i < 3; i++) {
		snprintf(name, sizeof name, "/proc/sys/user/max_%s_namespaces", names[i]);
		if (!number_in(name)) {
			snprintf(name, sizeof name, "user.max_%s_namespaces", names[i]);
			return name;
		}
	}
	return NULL;
}

/* Making namespaces, or using the rights that come with them. */
static void say_forbidden(struct job *job, const struct ns_note *note, const char *what)
{
	const char *zero = note->error == ENOSPC ? limit() : NULL;
	const char *confined = profile();

	if (note->error == ENOSPC && zero)
		job_message(job, "cannot make %s : %s is 0 on this machine, consider : sysctl -w %s=10000, as "
			    "root", what, zero, zero);
	else if (note->error == ENOSPC || note->error == EUSERS)
		job_message(job, "cannot make %s : too many namespaces are in use or nested, consider : fewer jobs "
			    "at once", what);
	else if (!number_in("/proc/sys/kernel/unprivileged_userns_clone"))
		job_message(job, "cannot make %s : kernel.unprivileged_userns_clone is 0 on this machine, consider : "
			    "sysctl -w kernel.unprivileged_userns_clone=1, as root", what);
	else if (geteuid() && number_in("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == 1)
		job_message(job, "cannot make %s : AppArmor forbids it to programs without a profile, consider : as "
			    "root, "
			    "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or a profile with 'userns,' for "
			    "%s/bin/lmake_agent", what, agent.config.install);
	else if (filtered())
		job_message(job, "cannot make %s : %s, a seccomp filter is at work around lmake (a container?), "
			    "consider : a "
			    "container that allows clone and mount (docker: --security-opt seccomp=unconfined)", what,
			    strerror(note->error));
	else if (confined)
		job_message(job, "cannot make %s : %s under the security profile %s, consider : one that allows "
			    "namespaces", what,
			    strerror(note->error), confined);
	else if (note->error == EINVAL || note->error == ENOSYS)
		job_message(job, "cannot make %s : this kernel has none, consider : one with CONFIG_USER_NS and "
			    "CONFIG_PID_NS",
			    what);
	else
		job_message(job, "cannot make %s : %s, consider : a rule without views, chroot_dir nor "
			    "kill_daemons", what,
			    strerror(note->error));
}

static void say_overlay(struct job *job, const struct ns_note *note)
{
	const char *view = note->what, *why = strerror(note->error);

	if (note->error == ENODEV)
		job_message(job, "view %s : this kernel has no overlay, consider : modprobe overlay, as root", view);
	else if (note->error == EPERM || note->error == EINVAL)
		job_message(job, "view %s : the kernel refuses an overlay here (%s), consider : a kernel of version "
			    "5.11 or later, "
			    "or upper on a disk that is not itself an overlay or on the network", view, why);
	else if (note->error == ELOOP)
		job_message(job, "view %s : its upper and lower dirs lie in each other, consider : dirs apart", view);
	else
		job_message(job, "view %s : cannot mount the overlay : %s, consider : other upper and lower "
			    "dirs", view, why);
}

void isolate_say(struct job *job, const struct ns_note *note)
{
	const char *what = note->what, *why = strerror(note->error);

	switch (note->step) {
	case NS_USERS:
		say_forbidden(job, note, "namespaces for the job");
		break;
	case NS_PRIVATE:
	case NS_TMPFS:
		say_forbidden(job, note, "mounts for the job");
		break;
	case NS_PROC:
		if (note->error == EPERM && geteuid())
			job_message(job, "cannot mount /proc for the job : parts of it are hidden from us (a "
				    "container?), consider : "
				    "a container that shows it whole (docker: --security-opt systempaths=unconfined)");
		else
			say_forbidden(job, note, "a /proc for the job");
		break;
	case NS_OVERLAY:
		say_overlay(job, note);
		break;
	case NS_BIND:
		job_message(job, "cannot bind %s in the root of the job : %s, consider : another view or "
			    "chroot_dir", what, why);
		break;
	case NS_PLACE:
	case NS_FILE:
	case NS_LINK:
		job_message(job, "cannot make %s in the root of the job : %s, consider : another view or "
			    "chroot_dir", what, why);
		break;
	case NS_ROOT:
		job_message(job, "cannot change the root of the job : %s, consider : a rule without views nor "
			    "chroot_dir", why);
		break;
	case NS_COPY:
		job_message(job, "cannot copy up %s : %s, consider : a file that a lower dir has", what, why);
		break;
	case NS_FORK:
		job_message(job, "cannot make a process : %s, consider : fewer jobs at once", why);
		break;
	case NS_CWD:
		job_message(job, "cannot go to dir %s in the root of the job : %s, consider : repo_view", what, why);
		break;
	case NS_TRACER:
		job_message(job, "cannot trace the job by %s : %s, consider : autodep = 'ld_preload'",
			    job->order.autodep == AUTODEP_HYBRID ? "hybrid" : "seccomp",
			    note->error == EBUSY || note->error == EEXIST ? "we run in a job that is traced in the "
				    "same way" : why);
		break;
	case NS_NO_PROGRAM:
		job_message(job, "cannot run %s : not found in $PATH, consider : its full name, or PATH in "
			    "environ", what);
		break;
	case NS_EXEC:
		job_message(job, "cannot run %s : %s, consider : check that it is in the root of the job, with its "
			    "interpreter and "
			    "its libraries", what, why);
		break;
	default:
		job_message(job, "cannot set up %s of the job : %s, consider : ulimit -n", what, why);
	}
}
