/*
 * Options of the in-job commands, by the grammar all tools share: short flags combine, a value is attached or next to a
 * short option, only attached by `=` to a long one, options and arguments interleave until `--`. One thread, no state.
 */
#ifndef LMAKE_CLIENT_OPTIONS_H
#define LMAKE_CLIENT_OPTIONS_H

#include <stdbool.h>

struct option_row {
	char key;			/* short name, and what identifies it */
	const char *name;		/* long name */
	const char *value;		/* what its value is called, NULL: a flag */
	const char *help;
};

struct options {
	const char *tool, *synopsis;
	const struct option_row *rows;	/* ends with key 0 */
	bool given[128];		/* by key */
	const char *value[128];
	char **args;			/* what is no option, NULL terminated */
	int n_args;
};

/* Parse; leaves by itself for -h, --version and mistakes. */
void options_parse(struct options *o, int argc, char **argv);

/* Say what is wrong, then the usage; exit code 11. */
void options_refuse(const struct options *o, const char *fmt, ...) __attribute__((format(printf, 2, 3), noreturn));

#endif
