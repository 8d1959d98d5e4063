/* The option grammar (see options.h). */
#include "options.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

static void usage(const struct options *o)
{
	int width = 0;

	fprintf(stderr, "%s %s\nversion %s\n", o->tool, o->synopsis, LM_VERSION);
	for (const struct option_row *r = o->rows; r->key; r++) {
		int n = (int)strlen(r->name) + (r->value ? (int)strlen(r->value) + 3 : 0);

		width = n > width ? n : width;
	}
	for (const struct option_row *r = o->rows; r->key; r++) {
		char left[128];

		snprintf(left, sizeof left, "%s%s%s%s", r->name, r->value ? " <" : "", r->value ? r->value : "",
			 r->value ? ">" : "");
		fprintf(stderr, "  -%c or --%-*s : %s\n", r->key, width, left, r->help);
	}
	fprintf(stderr, "  -h or --%-*s : print this and leave\nconsider : man %s\n", width, "help", o->tool);
}

void options_refuse(const struct options *o, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s : ", o->tool);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	usage(o);
	exit(RC_USAGE);
}

static const struct option_row *row_of_key(const struct options *o, char key)
{
	for (const struct option_row *r = o->rows; r->key; r++)
		if (r->key == key)
			return r;
	return NULL;
}

struct wish {
	bool help, version;	/* granted once the whole line is known to be sound */
};

static void long_option(struct options *o, const char *text, struct wish *wish)
{
	size_t n = strcspn(text, "=");

	if (!strcmp(text, "help") || !strcmp(text, "version")) {
		wish->help = wish->help || *text == 'h';
		wish->version = wish->version || *text == 'v';
		return;
	}
	for (const struct option_row *r = o->rows; r->key; r++) {
		if (strlen(r->name) != n || strncmp(r->name, text, n))
			continue;
		if (r->value && !text[n])
			options_refuse(o, "no value for option --%s", text);
		if (!r->value && text[n])
			options_refuse(o, "unexpected value for option --%.*s", (int)n, text);
		o->given[(int)r->key] = !r->value || text[n + 1];	/* an empty value is none */
		o->value[(int)r->key] = r->value ? text + n + 1 : NULL;
		return;
	}
	options_refuse(o, "unexpected option --%.*s", (int)n, text);
}

/* Returns how many of the following arguments were used: 0 or 1. */
static int short_options(struct options *o, const char *text, const char *next, struct wish *wish)
{
	if (!*text)
		options_refuse(o, "unexpected lone -");
	for (; *text; text++) {
		const struct option_row *r = row_of_key(o, *text);

		if (!r && *text == 'h') {
			wish->help = true;
			continue;
		}
		if (!r)
			options_refuse(o, "unexpected option -%c", *text);
		o->given[(int)r->key] = true;
		if (!r->value)
			continue;
		if (!text[1] && !next)
			options_refuse(o, "no value for option -%c", *text);
		o->value[(int)r->key] = text[1] ? text + 1 : next;
		o->given[(int)r->key] = *o->value[(int)r->key];
		return text[1] ? 0 : 1;
	}
	return 0;
}

void options_parse(struct options *o, int argc, char **argv)
{
	struct wish wish = { false, false };

	o->args = calloc((size_t)argc + 1, sizeof *o->args);
	if (!o->args)
		abort();
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--")) {
			while (++i < argc)
				o->args[o->n_args++] = argv[i];
			break;
		}
		if (!strncmp(argv[i], "--", 2))
			long_option(o, argv[i] + 2, &wish);
		else if (*argv[i] == '-')
			i += short_options(o, argv[i] + 1, argv[i + 1], &wish);
		else
			o->args[o->n_args++] = argv[i];
	}
	if (wish.help) {
		usage(o);
		exit(RC_USAGE);
	}
	if (wish.version) {
		fprintf(stderr, "version %s\n", LM_VERSION);
		exit(RC_OK);
	}
}
