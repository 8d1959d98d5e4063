/*
 * The commands a job may run: ldepend, ltarget, lcheck_deps, which talk to the agent of their job, and xxhsum. One
 * executable under four names, linked dynamically so that the tracer follows it as any other program. Outside a job the
 * first three do nothing, successfully.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../access/log.h"
#include "../wire/wire.h"
#include "client.h"
#include "options.h"
#include "xxhsum.h"

struct call {
	uint8_t verb;
	uint32_t options, dep_flags, target_flags, delay_ms;
	char **args;
	int n_args;
};

struct answer {
	bool in_job;		/* false: there is no job, or it is over */
	uint8_t rc;
	struct lm_buf frame;
	struct lm_reader lines;
	uint32_t n_lines;
};

/* ---- reaching the agent ---- */

/* The token of our job, and where its agent listens; false outside a job. */
static bool find_job(uint64_t *token, struct sockaddr_un *agent)
{
	static struct { struct lm_log_header head; char text[LM_LOG_HEAD_SIZE]; } h;
	const char *env = getenv(LM_LOG_ENV), *colon = env ? strrchr(env, ':') : NULL;
	char log[4096];
	ssize_t n;
	int fd;

	if (!colon || (size_t)(colon - env) >= sizeof log)
		return false;
	memcpy(log, env, (size_t)(colon - env));
	log[colon - env] = 0;
	*token = strtoull(colon + 1, NULL, 10);
	fd = open(log, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : pread(fd, &h, LM_LOG_HEAD_SIZE, 0);
	if (fd >= 0)
		close(fd);
	if (n < (ssize_t)sizeof h.head || h.head.version != LM_LOG_VERSION || h.head.token != *token ||
	    h.head.socket >= sizeof h.text)
		return false;
	agent->sun_family = AF_UNIX;
	snprintf(agent->sun_path, sizeof agent->sun_path, "%s", h.head.text + h.head.socket);
	return *agent->sun_path;
}

static bool send_call(int sock, uint64_t token, const struct call *c)
{
	struct lm_buf b = { 0 };
	size_t at = lm_frame_open(&b, LM_CALL);
	char *cwd = getcwd(NULL, 0);
	bool ok;

	lm_put_u64(&b, token);
	lm_put_u8(&b, c->verb);
	lm_put_u32(&b, c->options);
	lm_put_u32(&b, c->dep_flags);
	lm_put_u32(&b, c->target_flags);
	lm_put_u32(&b, c->delay_ms);
	lm_put_cstr(&b, cwd ? cwd : "/");
	lm_put_u32(&b, (uint32_t)c->n_args);
	for (int i = 0; i < c->n_args; i++)
		lm_put_cstr(&b, c->args[i]);
	lm_frame_close(&b, at);
	ok = send(sock, b.data, b.len, MSG_NOSIGNAL) == (ssize_t)b.len;
	lm_buf_free(&b);
	free(cwd);
	return ok;
}

static bool read_reply(int sock, struct answer *a)
{
	for (;;) {
		uint8_t type;
		long size = lm_frame_next(a->frame.data, a->frame.len, &type, &a->lines);
		ssize_t n;

		if (size < 0)
			return false;
		if (size > 0) {
			a->rc = lm_get_u8(&a->lines);
			a->n_lines = lm_get_count(&a->lines, 4);
			return type == LM_REPLY && !a->lines.bad;
		}
		n = read(sock, lm_buf_room(&a->frame, 65536), 65536);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		a->frame.len += (size_t)n;
	}
}

static struct answer ask(const struct call *c)
{
	struct answer a = { 0 };
	struct sockaddr_un agent = { 0 };
	uint64_t token;
	int sock;

	if (!find_job(&token, &agent))
		return a;
	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (sock < 0 || connect(sock, (void *)&agent, sizeof agent) < 0)
		return a;
	a.in_job = true;
	/* The agent hangs up on a job that ends or is killed: whatever we were for does not matter any more. */
	if (!send_call(sock, token, c) || !read_reply(sock, &a))
		exit(1);
	close(sock);
	return a;
}

/* ---- options that ldepend and ltarget share ---- */

static void refuse_empty_names(const struct options *o)
{
	for (int i = 0; i < o->n_args; i++)
		if (!*o->args[i])
			options_refuse(o, "empty file name");
}

/* A pattern is checked where it is used, by the server; what no regular expression is stops here. */
static void check_patterns(const struct options *o)
{
	for (int i = 0; i < o->n_args; i++) {
		int depth = 0;
		bool set = false;

		for (const char *p = o->args[i]; *p; p++) {
			if (*p == '\\') {
				if (!p[1])
					options_refuse(o, "bad pattern %s : ends with \\", o->args[i]);
				p++;
			} else if (set) {
				set = *p != ']';
			} else if (*p == '[') {
				set = true;
				p += p[1] == '^';
				p += p[1] == ']';
			} else if (*p == '(') {
				depth++;
			} else if (*p == ')' && --depth < 0) {
				break;
			}
		}
		if (depth || set)
			options_refuse(o, "bad pattern %s : unbalanced %s", o->args[i], set ? "[" : "parenthesis");
	}
}

static uint32_t dep_flags(const struct options *o, bool is_depend)
{
	return (o->given['c'] ? LM_DEP_CRITICAL : 0u) | (o->given['e'] ? LM_DEP_IGNORE_ERROR : 0u) |
	       (o->given['D'] ? LM_DEP_READDIR_OK : 0u) | (is_depend && o->given['E'] ? LM_DEP_ESSENTIAL : 0u);
}

static int print_list(const struct options *o, uint8_t verb)
{
	char *args[2] = { (char *)(o->given['z'] ? o->value['z'] : ""), (char *)(o->given['X'] ? o->args[0] : "") };
	struct call c = { .verb = verb, .args = args, .n_args = 2 };
	struct answer a;

	for (const struct option_row *r = o->rows; r->key; r++)
		if (o->given[(int)r->key] && !strchr("lzX", r->key))
			options_refuse(o, "-l goes with -z and -X only");
	if (o->n_args != (o->given['X'] ? 1 : 0))
		options_refuse(o, o->given['X'] ? "-l -X takes exactly one pattern" : "-l takes no file");
	a = ask(&c);
	if (a.rc == RC_USAGE)
		options_refuse(o, "bad pattern %s", args[1]);
	while (a.n_lines--) {
		uint32_t n;
		const char *line = lm_get_str(&a.lines, &n);

		printf("%.*s\n", (int)n, line);
	}
	return a.rc;
}

/* ---- ldepend ---- */

static const struct option_row depend_rows[] = {
	{ 'R', "read",            NULL,  "record an actual read" },
	{ 'r', "no-required",     NULL,  "deps may be non-buildable" },
	{ 'c', "critical",        NULL,  "if modified, later deps are not built speculatively" },
	{ 'E', "essential",       NULL,  "show in graphs" },
	{ 'e', "ignore-error",    NULL,  "accept that deps are in error" },
	{ 'D', "readdir-ok",      NULL,  "allow listing the dir; implies -r" },
	{ 'I', "ignore",          NULL,  "ignore reads from now on" },
	{ 'L', "follow-symlinks", NULL,  "follow the last link" },
	{ 'X', "regexpr",         NULL,  "args are patterns; flags apply to the files that match" },
	{ 'd', "direct",          NULL,  "build deps now and wait; rc 1 if one is in error" },
	{ 'v', "verbose",         NULL,  "wait and print a line per dep; needs -R or -e" },
	{ 'l', "list",            NULL,  "list deps so far" },
	{ 'z', "dir",             "dir", "with -l: only below this dir" },
	{ 0 }
};

struct verbose_line {
	const char *status, *crc;
	int status_len, crc_len;
};

/* "<status> <crc> <name>"; the name printed is the one given. */
static struct verbose_line cut_line(const char *line, uint32_t n)
{
	struct verbose_line v = { "-", "-", 1, 1 };
	const char *blank = memchr(line, ' ', n), *second;

	if (!blank)
		return v;
	second = memchr(blank + 1, ' ', (size_t)(line + n - blank - 1));
	v.status = line;
	v.status_len = (int)(blank - line);
	v.crc = blank + 1;
	v.crc_len = (int)((second ? second : line + n) - v.crc);
	return v;
}

static void print_verbose(const struct options *o, struct answer *a)
{
	struct verbose_line *v = calloc((size_t)o->n_args + 1, sizeof *v);
	int w0 = 1, w1 = 1;

	if (!v)
		abort();
	for (int i = 0; i < o->n_args; i++) {
		uint32_t n = 0;
		const char *line = a->n_lines > (uint32_t)i ? lm_get_str(&a->lines, &n) : "";

		v[i] = cut_line(line, n);
		if (!o->given['e'])
			v[i].status = "-", v[i].status_len = 1;
		if (!o->given['R'])
			v[i].crc = "-", v[i].crc_len = 1;
		w0 = v[i].status_len > w0 ? v[i].status_len : w0;
		w1 = v[i].crc_len > w1 ? v[i].crc_len : w1;
	}
	for (int i = 0; i < o->n_args; i++)
		printf("%-*.*s %-*.*s %s\n", w0, v[i].status_len, v[i].status, w1, v[i].crc_len, v[i].crc, o->args[i]);
	free(v);
}

static int ldepend(int argc, char **argv)
{
	struct options o = { .tool = "ldepend", .synopsis = "[options] file...", .rows = depend_rows };
	struct call c = { .verb = LM_VERB_DEPEND };
	struct answer a;

	options_parse(&o, argc, argv);
	if (o.given['l'])
		return print_list(&o, LM_VERB_LIST_DEPS);
	if (o.given['z'])
		options_refuse(&o, "-z goes with -l only");
	if (o.given['d'] + o.given['v'] + o.given['X'] > 1)
		options_refuse(&o, "-d, -v and -X exclude each other");
	if (o.given['v'] && !o.given['R'] && !o.given['e'])
		options_refuse(&o, "-v needs -R or -e");
	refuse_empty_names(&o);
	if (o.given['X'])
		check_patterns(&o);
	if (!o.n_args)
		return 0;
	c.options = (o.given['R'] ? LM_OPT_READ : 0u) | (o.given['d'] ? LM_OPT_DIRECT : 0u) |
		    (o.given['v'] ? LM_OPT_VERBOSE : 0u) | (o.given['X'] ? LM_OPT_REGEXPR : 0u) |
		    (o.given['L'] ? LM_OPT_FOLLOW : 0u) | (o.given['I'] ? LM_OPT_IGNORE : 0u) |
		    (o.given['r'] || o.given['D'] ? LM_OPT_NO_REQUIRED : 0u);
	c.dep_flags = dep_flags(&o, true);
	c.args = o.args;
	c.n_args = o.n_args;
	a = ask(&c);
	if (o.given['v'])
		print_verbose(&o, &a);
	return o.given['e'] ? 0 : a.rc;
}

/* ---- ltarget ---- */

static const struct option_row target_rows[] = {
	{ 'W', "write",           NULL,  "record an actual write" },
	{ 'a', "no-allow",        NULL,  "do not make files allowed targets" },
	{ 'i', "incremental",     NULL,  "not unlinked before the job runs, reads ignored" },
	{ 'p', "phony",           NULL,  "may stay non-existing" },
	{ 'w', "no-warning",      NULL,  "no warning if uniquified or unlinked" },
	{ 's', "source-ok",       NULL,  "may be a source" },
	{ 'I', "ignore",          NULL,  "ignore reads and writes from now on" },
	{ 'E', "essential",       NULL,  "show in graphs" },
	{ 'c', "critical",        NULL,  "as ldepend, should it be a dep" },
	{ 'e', "ignore-error",    NULL,  "as ldepend, should it be a dep" },
	{ 'r', "no-required",     NULL,  "as ldepend, should it be a dep" },
	{ 'D', "readdir-ok",      NULL,  "as ldepend, should it be a dep" },
	{ 'L', "follow-symlinks", NULL,  "follow the last link" },
	{ 'X', "regexpr",         NULL,  "args are patterns; flags apply to the files that match" },
	{ 'l', "list",            NULL,  "list targets written so far" },
	{ 'z', "dir",             "dir", "with -l: only below this dir" },
	{ 0 }
};

static int ltarget(int argc, char **argv)
{
	struct options o = { .tool = "ltarget", .synopsis = "[options] file...", .rows = target_rows };
	struct call c = { .verb = LM_VERB_TARGET };

	options_parse(&o, argc, argv);
	if (o.given['l'])
		return print_list(&o, LM_VERB_LIST_TARGETS);
	if (o.given['z'])
		options_refuse(&o, "-z goes with -l only");
	refuse_empty_names(&o);
	if (o.given['X'])
		check_patterns(&o);
	if (!o.n_args)
		return 0;
	c.options = (o.given['W'] ? LM_OPT_WRITE : 0u) | (o.given['X'] ? LM_OPT_REGEXPR : 0u) |
		    (o.given['L'] ? LM_OPT_FOLLOW : 0u) | (o.given['I'] ? LM_OPT_IGNORE : 0u) |
		    (o.given['a'] ? LM_OPT_NO_ALLOW : 0u) | (o.given['r'] || o.given['D'] ? LM_OPT_NO_REQUIRED : 0u);
	c.dep_flags = dep_flags(&o, false);
	c.target_flags = (o.given['E'] ? LM_TGT_ESSENTIAL : 0u) | (o.given['i'] ? LM_TGT_INCREMENTAL : 0u) |
			 (o.given['p'] ? LM_TGT_PHONY : 0u) | (o.given['s'] ? LM_TGT_SOURCE_OK : 0u) |
			 (o.given['w'] ? LM_TGT_NO_WARNING : 0u);
	c.args = o.args;
	c.n_args = o.n_args;
	return ask(&c).rc;
}

/* ---- lcheck_deps ---- */

static const struct option_row check_rows[] = {
	{ 's', "sync",  NULL,      "wait for the answer; rc 1 if a dep is in error" },
	{ 'd', "delay", "seconds", "check that much later" },
	{ 0 }
};

static int lcheck_deps(int argc, char **argv)
{
	struct options o = { .tool = "lcheck_deps", .synopsis = "[options]", .rows = check_rows };
	struct call c = { .verb = LM_VERB_CHECK };

	options_parse(&o, argc, argv);
	if (o.n_args)
		options_refuse(&o, "unexpected argument %s", o.args[0]);
	if (o.given['d']) {
		char *end;
		double delay = strtod(o.value['d'], &end);

		if (end == o.value['d'] || *end || !(delay >= 0) || delay > 4e6)
			options_refuse(&o, "delay must be a number of seconds, at least 0, not %s", o.value['d']);
		c.delay_ms = (uint32_t)(delay * 1000);
	}
	c.options = o.given['s'] ? LM_OPT_SYNC : 0;
	return ask(&c).rc;
}

int main(int argc, char **argv)
{
	const char *slash = argc ? strrchr(argv[0], '/') : NULL;
	const char *tool = slash ? slash + 1 : argc ? argv[0] : "";

	if (!strcmp(tool, "ldepend"))
		return ldepend(argc, argv);
	if (!strcmp(tool, "ltarget"))
		return ltarget(argc, argv);
	if (!strcmp(tool, "lcheck_deps"))
		return lcheck_deps(argc, argv);
	if (!strcmp(tool, "xxhsum"))
		return xxhsum(argc, argv);
	fprintf(stderr, "call me ldepend, ltarget, lcheck_deps or xxhsum\n");
	return RC_USAGE;
}
