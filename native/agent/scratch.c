/*
 * The mounts of a job (isolate.h), made in its first process, which has a mount namespace and the rights to it. The
 * root is assembled in a tmpfs: each entry of the true one (or of the chroot) is bound there, links are copied, so
 * that there is a place for views that the true one has no dir for. Where a place is missing deeper in a root that is
 * not ours to change, the dir it should be in is assembled in the same way. What is found is bound by its name for us,
 * which stays there until the new root takes its place.
 */
#define _GNU_SOURCE
#include "isolate.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../lib/beneath.h"

/* The scratch being made. Its process makes one and becomes the job's: static, as nothing else runs there. */
static const struct ns_plan *plan;
static struct ns_note *note;
static char *assembled[64];	/* names in the scratch, "" its root: dirs that are ours, in a tmpfs */
static int n_assembled;

int ns_fail(struct ns_note *n, enum ns_step step, int error, const char *what)
{
	n->step = step;
	n->error = error;
	snprintf(n->what, sizeof n->what, "%.1000s", what);
	return -1;
}

static int fail(enum ns_step step, const char *what)
{
	return ns_fail(note, step, errno, what);
}

/* Name of something of the scratch, from here. Two at a time. */
static const char *in_scratch(const char *name)
{
	static char bufs[2][PATH_MAX];
	static int turn;
	char *buf = bufs[turn ^= 1];

	snprintf(buf, PATH_MAX, "%s%s", plan->point, name);
	return buf;
}

static const char *in_base(const char *name)
{
	static char buf[PATH_MAX];

	snprintf(buf, sizeof buf, "%s%s", plan->base, name);
	return buf;
}

static int make_file(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

/* Bind a file or a dir of the true root at a name of the scratch, which is made. */
static int bind_new(const char *from, const char *to, bool dir)
{
	const char *at = in_scratch(to);

	if ((dir ? mkdir(at, 0755) : make_file(at)) < 0 && errno != EEXIST)
		return fail(NS_PLACE, to);
	if (mount(from, at, NULL, MS_BIND | MS_REC, NULL) < 0)
		return fail(NS_BIND, from);
	return 0;
}

static int copy_link(const char *from, const char *to)
{
	char text[PATH_MAX];
	ssize_t n = readlink(from, text, sizeof text - 1);

	text[n < 0 ? 0 : n] = 0;
	return n < 0 || symlink(text, in_scratch(to)) < 0 ? fail(NS_LINK, from) : 0;
}

/* All entries of a dir, but those of the root we give ourselves. */
static int fill(const char *from, const char *to)
{
	DIR *d = opendir(*from ? from : "/");
	char source[PATH_MAX], dest[PATH_MAX];
	struct dirent *e;
	struct stat st;
	int rc = 0;

	if (!d)
		return fail(NS_PLACE, from);
	while (!rc && (e = readdir(d))) {
		bool special = !strcmp(e->d_name, "proc") || (*plan->base && (!strcmp(e->d_name, "dev") ||
			    !strcmp(e->d_name, "sys")));

		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") || (!*to && special))
			continue;
		snprintf(source, sizeof source, "%s/%s", from, e->d_name);
		snprintf(dest, sizeof dest, "%s/%s", to, e->d_name);
		if (lstat(source, &st) < 0)
			continue;	/* gone meanwhile */
		rc = S_ISLNK(st.st_mode) ? copy_link(source, dest) : bind_new(source, dest, S_ISDIR(st.st_mode));
	}
	closedir(d);
	return rc;
}

static bool is_assembled(const char *name)
{
	for (int i = 0; i < n_assembled; i++)
		if (!strcmp(assembled[i], name))
			return true;
	return false;
}

static int own(const char *name)
{
	if (n_assembled == sizeof assembled / sizeof *assembled) {
		errno = ENOSPC;
		return fail(NS_PLACE, name);
	}
	assembled[n_assembled++] = strdup(name);
	return 0;
}

static int assemble(const char *name)
{
	char from[PATH_MAX];

	if (mount("lmake", in_scratch(name), "tmpfs", 0, "mode=755,size=16m") < 0)
		return fail(NS_TMPFS, name);
	snprintf(from, sizeof from, "%s", in_base(name));
	return own(name) < 0 ? -1 : fill(from, name);
}

/*
 * Make the dir `name` of the scratch, and those above. `inside`: it is below the repo or the like, where dirs may be
 * made.
 */
static int make_place(const char *name, bool inside)
{
	char path[PATH_MAX], *slash;
	struct stat st;

	if (!*name)
		return 0;
	if (!lstat(in_scratch(name), &st)) {
		errno = S_ISLNK(st.st_mode) ? ELOOP : ENOTDIR;
		return S_ISDIR(st.st_mode) ? 0 : fail(NS_PLACE, name);
	}
	snprintf(path, sizeof path, "%s", name);
	slash = strrchr(path, '/');
	*slash = 0;
	if (make_place(path, inside) < 0)
		return -1;
	if (!inside && !is_assembled(path) && assemble(path) < 0)
		return -1;
	if (mkdir(in_scratch(name), 0777) < 0)
		return fail(NS_PLACE, name);
	return inside ? 0 : own(name);
}

/* ---- files the job finds in /etc ---- */

static int put_over(const char *hidden, const char *name)
{
	char dir[PATH_MAX];
	struct stat st;

	snprintf(dir, sizeof dir, "%s", name);
	*strrchr(dir, '/') = 0;
	if (make_place(dir, false) < 0)
		return -1;
	/* A link may lead nowhere in this root, or out of it. */
	if (lstat(in_scratch(name), &st) < 0 || S_ISLNK(st.st_mode)) {
		if (!is_assembled(dir) && assemble(dir) < 0)
			return -1;
		unlink(in_scratch(name));
		if (make_file(in_scratch(name)) < 0)
			return fail(NS_PLACE, name);
	}
	if (mount(in_scratch(hidden), in_scratch(name), NULL, MS_BIND, NULL) < 0)
		return fail(NS_BIND, name);
	return 0;
}

/* Copy a text file to a hidden one; left open at its end, NULL: failed. A missing one is empty. */
static FILE *copy_text(const char *from, const char *hidden)
{
	FILE *in = fopen(from, "re"), *out = fopen(in_scratch(hidden), "we");
	char block[4096];
	int last = '\n';
	size_t n;

	while (in && out && (n = fread(block, 1, sizeof block, in))) {
		fwrite(block, 1, n, out);
		last = block[n - 1];
	}
	if (in)
		fclose(in);
	if (out && last != '\n')
		putc('\n', out);
	return out;
}

/* Has a file of lines key:x:id:... one with this id? */
static bool has_id(const char *file, unsigned id)
{
	FILE *in = fopen(file, "re");
	char line[4096];
	bool found = false;
	unsigned other;

	while (in && !found && fgets(line, sizeof line, in))
		found = sscanf(line, "%*[^:]:%*[^:]:%u", &other) == 1 && other == id;
	if (in)
		fclose(in);
	return found;
}

static const char *name_of(const char *file, unsigned id, char *buf, size_t size)
{
	FILE *in = fopen(file, "re");
	char line[4096];
	unsigned other;

	snprintf(buf, size, "u%u", id);
	while (in && fgets(line, sizeof line, in))
		if (sscanf(line, "%*[^:]:%*[^:]:%u", &other) == 1 && other == id) {
			snprintf(buf, size, "%.*s", (int)strcspn(line, ":"), line);
			break;
		}
	if (in)
		fclose(in);
	return buf;
}

/* Root and the user have a name: programs that ask for it do not fail. */
static int add_users(void)
{
	char name[256], passwd[PATH_MAX], group[PATH_MAX];
	FILE *out;

	snprintf(passwd, sizeof passwd, "%s", in_base("/etc/passwd"));
	out = copy_text(passwd, NS_HIDDEN "/passwd");
	if (!out)
		return fail(NS_FILE, "/etc/passwd");
	if (!has_id(passwd, 0))
		fputs("root:x:0:0:root:/root:/bin/sh\n", out);
	if (getuid() && !has_id(passwd, getuid()))
		fprintf(out, "%s:x:%u:%u::/:/bin/sh\n", name_of("/etc/passwd", getuid(), name, sizeof name), getuid(),
			    getgid());
	fclose(out);
	snprintf(group, sizeof group, "%s", in_base("/etc/group"));
	out = copy_text(group, NS_HIDDEN "/group");
	if (!out)
		return fail(NS_FILE, "/etc/group");
	if (!has_id(group, 0))
		fputs("root:x:0:\n", out);
	if (getgid() && !has_id(group, getgid()))
		fprintf(out, "%s:x:%u:\n", name_of("/etc/group", getgid(), name, sizeof name), getgid());
	fclose(out);
	return put_over(NS_HIDDEN "/passwd", "/etc/passwd") < 0 ? -1 : put_over(NS_HIDDEN "/group", "/etc/group");
}

static int add_resolver(void)
{
	FILE *out = copy_text("/etc/resolv.conf", NS_HIDDEN "/resolv.conf");

	if (!out)
		return fail(NS_FILE, "/etc/resolv.conf");
	fclose(out);
	return put_over(NS_HIDDEN "/resolv.conf", "/etc/resolv.conf");
}

/* ---- all of it ---- */

static int mount_overlay(const struct ns_mount *m, unsigned *hidden)
{
	char options[4096], name[64];
	int n = snprintf(options, sizeof options, "userxattr,index=off,upperdir=%s,workdir=%s,lowerdir=", m->from,
		    m->work);

	for (int k = 0; m->lower[k] && n < (int)sizeof options; k++)
		n += snprintf(options + n, sizeof options - (size_t)n, "%s%s", k ? ":" : "", m->lower[k]);
	errno = E2BIG;
	if (n >= (int)sizeof options || mount("overlay", in_scratch(m->at), "overlay", 0, options) < 0)
		return fail(NS_OVERLAY, m->at);
	for (int k = -1; k < 0 || m->lower[k]; k++) {
		snprintf(name, sizeof name, NS_HIDDEN "/%u", (*hidden)++);
		if (bind_new(k < 0 ? m->from : m->lower[k], name, true) < 0)
			return -1;
	}
	return 0;
}

static int mount_all(void)
{
	unsigned hidden = 0;

	for (uint32_t i = 0; i < plan->n_mounts; i++) {
		const struct ns_mount *m = &plan->mounts[i];

		if (make_place(m->at, m->inside) < 0)
			return -1;
		if (m->lower ? mount_overlay(m, &hidden) < 0 :
			       mount(m->from, in_scratch(m->at), NULL, MS_BIND | MS_REC, NULL) < 0 && fail(NS_BIND,
				    m->from) < 0)
			return -1;
	}
	return 0;
}

/* The dirs of views that are in the tmp dir, which is there by now, or that were removed since. */
static int make_dirs(void)
{
	for (uint32_t i = 0; i < plan->n_mounts; i++) {
		const struct ns_mount *m = &plan->mounts[i];
		int rc = m->order ? lm_mkdirs(AT_FDCWD, m->from, 0777) : 0;

		for (int k = 0; !rc && m->lower && m->lower[k]; k++)
			rc = lm_mkdirs(AT_FDCWD, m->lower[k], 0777);
		if (rc)
			return ns_fail(note, NS_PLACE, -rc, m->from);
	}
	return 0;
}

static int take_root(void)
{
	/* Nothing may be put in the root by the job: it would be lost, in silence. */
	if (mount(NULL, plan->point, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) < 0 || chdir(plan->point) < 0 ||
	    syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return fail(NS_ROOT, plan->point);
	return 0;
}

static int make_scratch(void)
{
	if (make_dirs() < 0)
		return -1;
	if (mount("lmake", plan->point, "tmpfs", 0, "mode=755,size=16m") < 0)
		return fail(NS_TMPFS, plan->point);
	if (own("") < 0 || fill(plan->base, "") < 0)
		return -1;
	if (mkdir(in_scratch(NS_HIDDEN), 0755) < 0 || mkdir(in_scratch("/proc"), 0555) < 0)
		return fail(NS_PLACE, NS_HIDDEN);
	if (*plan->base && (bind_new("/dev", "/dev", true) < 0 || bind_new("/sys", "/sys", true) < 0))
		return -1;
	/* While the old one is in sight: without rights over it, one may only have one's own where it is whole. */
	if (mount("proc", in_scratch("/proc"), "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return fail(NS_PROC, "/proc");
	if (mount_all() < 0 || (plan->user_name && add_users() < 0) || (plan->resolv_conf && add_resolver() < 0))
		return -1;
	return take_root();
}

int ns_mounts(const struct ns_plan *p, struct ns_note *n)
{
	plan = p;
	note = n;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return fail(NS_PRIVATE, "/");
	if (plan->scratch)
		return make_scratch();
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return fail(NS_PROC, "/proc");
	return 0;
}
