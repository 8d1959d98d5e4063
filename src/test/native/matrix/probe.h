/*
 * What the probes share (see probe.c): the five kinds of file a call is made on, and how a probe tells the truth about
 * what it touched. A probe is a function that makes one call, in one of the ways a program has to make it.
 */
#ifndef PROBE_H
#define PROBE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <stddef.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum kind { REGULAR, LINK, ABSENT, DIRECTORY, THROUGH, N_KINDS };	/* THROUGH: a file in a dir reached by a link */

struct file {
	enum kind kind;
	char path[256];		/* the name given to calls, from the cwd */
	char leaf[256];		/* what it stands for once links are followed */
	char link[256];		/* the link crossed on the way, "": none */
};

/*
 * What a call of a class touches. For each state of the leaf, the bits that must be reported, then a + and those that may be:
 * L link, R content, T existence, W written, U removed, D listed, X executed.
 */
struct class {
	int follow;		/* a link as last component */
	const char *regular, *absent, *dir;
};

struct probe {
	const char *group, *name;
	int (*run)(const struct file *f);	/* 0, or -errno of the call, or NOT_HERE */
	const struct class *class;		/* NULL: it tells by itself */
};

#define NOT_HERE 10000		/* this machine has no such call, or a right is missing */

extern const struct class READ, READ_NOFOLLOW, WRITE, WRITE_OLD, UPDATE, UPDATE_OLD, EXCLUSIVE, EXCLUSIVE_READ, STAT, LSTAT,
	ACCESS, ACCESS_X, NAME, NAME_NOFOLLOW, LINKS, LINKS_NOFOLLOW, REMOVE, CHMOD, TRUNCATE, MAKE_DIR, MAKE_NEW, SPECIAL, EXEC,
	GO_TO, LIST, LIST_OPEN, NOTHING, SIZE_ONLY;

/* One line of truth: this file must be reported with these bits. */
void truth(const struct file *f, const char *bits, const char *name);

/* The truth of a class on this file. */
void truth_of(const struct file *f, const struct class *class);

/* f->path with something after it. */
const char *with(const struct file *f, const char *end);

/* 0 or -errno of a call that gave rc; closes a descriptor. */
int done(long rc);
int closed(long fd);

/* How a child ended: 0, -errno it has exited with, or -EINTR if it was killed. */
int reaped(pid_t pid);

extern const struct probe probes[], probes_of_process[];

#endif
