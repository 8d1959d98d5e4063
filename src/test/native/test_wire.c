/*
 * The frame codec against golden bytes. For each message a list of fields; `test_wire DIR` encodes it, compares with
 * DIR/<name>.bin, decodes that and compares again, then cuts the frame at each byte and checks that no reader goes past
 * the end. `test_wire --write DIR` makes the files: only when the contract changes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../native/wire/wire.h"

struct field {
	char kind;		/* '1' u8, '4' u32, '8' u64, 's' str, 'b' bytes to the end, 0 end of message */
	unsigned long long v;
	const char *s;
};

#define U8(v)  { '1', (v), NULL }
#define U32(v) { '4', (v), NULL }
#define U64(v) { '8', (v), NULL }
#define STR(s) { 's', sizeof(s) - 1, s }
#define RAW(s) { 'b', sizeof(s) - 1, s }
#define END    { 0, 0, NULL }

static const struct message {
	const char *name;
	unsigned char type;
	struct field fields[64];
} messages[] = {
	{ "HELLO", LM_HELLO, { U32(1), STR("lmake"), U32(2), STR("-j4"), STR("d/t\xff"), STR("sub"), U32(2), STR("A=1"),
		STR("PATH=/bin"), U8(3), U32(4321), END } },
	{ "INTERRUPT", LM_INTERRUPT, { END } },
	{ "OUT", LM_OUT, { RAW("done\n"), END } },
	{ "ERR", LM_ERR, { RAW("read config because it was never read\n"), END } },
	{ "EXIT", LM_EXIT, { U8(11), END } },
	{ "CONFIG", LM_CONFIG, { STR("/repo"), STR("/install"), U32(2), STR("../ext/"), STR("/abs/dir/"), U8(1), U32(1048576),
		STR("/dev/shm"), END } },
	{ "START", LM_START, { U64(0x100000002ull), U64(3), U32(3), STR("/bin/sh"), STR("-c"), STR("cat in"), U32(1),
		STR("PATH=/bin"), STR("sub"), STR("in"), STR("out"), STR("/repo/LMAKE/auto_tmp/3"), U8(5), U8(1), U32(2500),
		U32(2), U8(15), U8(9), U32(2), U8(1), STR("old"), U64(0x1122334455667788ull), STR("note"), U8(4), STR("dir"),
		U64(0), STR(""), U32(1), STR("out"), U8(9), STR("/chroot"), STR("/repo_view"), STR("/tmp_view"),
		STR("/lmake_view"), STR("/other"), U32(2), STR("v"), U8(0), U32(1), STR("/ext"), U32(0), STR("o"),
		U8(1),
		U32(2), STR("up"), STR("low"), U32(2), STR("d/"), STR("f"), END } },
	{ "KILL", LM_KILL, { U64(0x100000002ull), U8(2), END } },
	{ "ANSWER", LM_ANSWER, { U64(0x100000002ull), U64(7), U8(0), U32(2), STR("ok 0123456789abcdee-R src"),
		STR("error none dep"), END } },
	{ "STAT", LM_STAT, { U64(9), U32(1), STR("src"), U64(5), U8(1), END } },
	{ "STARTED", LM_STARTED, { U64(0x100000002ull), U64(1700000000123456789ull), U32(4321), U8(3), END } },
	{ "END", LM_END, { U64(0x100000002ull), U8(0), U32(256), U64(1700000000123456789ull), U64(1700000001123456789ull),
		U64(1000000), U64(2000000), U64(3145728), U64(12), STR("out\n"), STR("err\xff\n"), U32(1), STR("a message"), U32(1), U8(3),
		STR("old"), STR("note"), U32(1), STR("src"), U32(0x83), U64(1700000000123456790ull), U64(0), U64(0),
		U64(0x1122334455667788ull), U64(0x1122334455667788ull), U64(1600000000000000000ull), U64(0), U32(1), U32(16), U32(0),
		U32(1), STR("lib/.*"), U8(1), U32(16), U32(0), U64(1700000000223456789ull), END } },
	{ "ASK", LM_ASK, { U64(0x100000002ull), U64(7), U8(3), U32(256), U32(0), U32(1), STR("src"), U64(0x1122334455667788ull),
		U32(0x83), END } },
	{ "LIVE", LM_LIVE, { U64(0x100000002ull), RAW("line\n"), END } },
	{ "LOG", LM_LOG, { STR("agent: a line"), END } },
	{ "WARN", LM_WARN, { STR("a warning\n  consider : a remedy"), END } },
	{ "STATED", LM_STATED, { U64(9), U32(1), U64(0x1122334455667788ull), U64(0x0123456789abcdeeull),
		U64(1600000000000000000ull), U8(1), END } },
	{ "CALL", LM_CALL, { U64(0x0102030405060708ull), U8(1), U32(9), U32(4), U32(0), U32(0), STR("/repo/sub"), U32(2),
		STR("../src"), STR("dep"), END } },
	{ "REPLY", LM_REPLY, { U8(1), U32(1), STR("- - /etc/hosts"), END } },
};

#define N_MESSAGES (sizeof messages / sizeof *messages)

static void encode(const struct message *m, struct lm_buf *b)
{
	size_t at = lm_frame_open(b, m->type);

	for (const struct field *f = m->fields; f->kind; f++)
		switch (f->kind) {
		case '1': lm_put_u8(b, (uint8_t)f->v); break;
		case '4': lm_put_u32(b, (uint32_t)f->v); break;
		case '8': lm_put_u64(b, f->v); break;
		case 's': lm_put_str(b, f->s, f->v); break;
		default:  lm_put_bytes(b, f->s, f->v);
		}
	lm_frame_close(b, at);
}

/* Whether the frame holds the fields of m; in place selects the reader that makes NUL terminated strings. */
static bool decode(const struct message *m, struct lm_reader r, bool in_place)
{
	bool same = true;

	for (const struct field *f = m->fields; f->kind; f++) {
		uint32_t n = 0;
		const char *s;

		switch (f->kind) {
		case '1': same &= lm_get_u8(&r) == f->v; break;
		case '4': same &= lm_get_u32(&r) == f->v; break;
		case '8': same &= lm_get_u64(&r) == f->v; break;
		case 's':
			s = in_place ? lm_get_cstr(&r) : lm_get_str(&r, &n);
			n = in_place ? (uint32_t)strlen(s) : n;
			same &= n == f->v && !memcmp(s, f->s, n);
			break;
		default:
			same &= (size_t)(r.end - r.p) == f->v && !memcmp(r.p, f->s, f->v);
			r.p = r.end;
		}
	}
	return same && lm_read_all(&r);
}

static bool check(const struct message *m, const char *data, size_t n, bool in_place)
{
	char *copy = malloc(n);		/* exactly as long: a checker of memory sees any step beyond */
	struct lm_reader r;
	uint8_t type = 0;
	bool ok;

	memcpy(copy, data, n);
	ok = lm_frame_next(copy, n, &type, &r) == (long)n && type == m->type && decode(m, r, in_place);
	free(copy);
	return ok;
}

/* Whatever is missing, the reader says so; every shorter prefix is "more bytes needed". */
static bool check_cuts(const struct message *m, const char *data, size_t n)
{
	bool raw = false;

	for (const struct field *f = m->fields; f->kind; f++)
		raw |= f->kind == 'b';
	for (size_t cut = 0; cut < n; cut++) {
		char *copy = malloc(cut + 1);
		struct lm_reader r;
		uint8_t type;
		bool bad;

		memcpy(copy, data, cut);
		bad = lm_frame_next(copy, cut, &type, &r) != 0;
		if (cut >= 5 && !raw) {
			r = (struct lm_reader){ copy + 5, copy + cut, false };
			bad |= decode(m, r, cut & 1);
		}
		free(copy);
		if (bad)
			return false;
	}
	return true;
}

static bool check_edges(void)
{
	char zero[4] = { 0 }, huge[5] = { (char)0xff, (char)0xff, (char)0xff, (char)0x7f, 1 };
	char nul[] = { 3, 0, 0, 0, 'a', 0, 'b' }, count[] = { 3, 0, 0, 0, 1, 2 };
	struct lm_reader r;
	uint8_t type;

	if (lm_frame_next(zero, 4, &type, &r) != -1 || lm_frame_next(huge, 5, &type, &r) != -1)
		return false;
	r = (struct lm_reader){ nul, nul + sizeof nul, false };
	lm_get_cstr(&r);
	if (!r.bad)
		return false;
	r = (struct lm_reader){ count, count + sizeof count, false };
	return lm_get_count(&r, 1) == 0 && r.bad;
}

static size_t load(const char *dir, const char *name, char *to, size_t size)
{
	char path[4096];
	size_t n;
	FILE *f;

	snprintf(path, sizeof path, "%s/%s.bin", dir, name);
	f = fopen(path, "rb");
	if (!f)
		return 0;
	n = fread(to, 1, size, f);
	fclose(f);
	return n;
}

static int store(const char *dir, const char *name, const struct lm_buf *b)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s.bin", dir, name);
	f = fopen(path, "wb");
	return f && fwrite(b->data, 1, b->len, f) == b->len && !fclose(f) ? 0 : 1;
}

int main(int argc, char **argv)
{
	bool write = argc > 2 && !strcmp(argv[1], "--write");
	const char *dir = argc > 1 ? argv[argc - 1] : "native/wire/vectors";
	int passed = 0, failed = 0;

	for (size_t i = 0; i < N_MESSAGES; i++) {
		const struct message *m = &messages[i];
		struct lm_buf b = { 0 };
		char golden[4096];
		size_t n;
		bool ok;

		encode(m, &b);
		if (write && store(dir, m->name, &b))
			return 1;
		n = load(dir, m->name, golden, sizeof golden);
		ok = n == b.len && !memcmp(golden, b.data, n) && check(m, golden, n, false) && check(m, golden, n, true) &&
		     check_cuts(m, golden, n);
		printf("%s %s\n", ok ? "ok    " : "FAILED", m->name);
		ok ? passed++ : failed++;
		lm_buf_free(&b);
	}
	check_edges() ? passed++ : failed++;
	printf("%d passed, %d failed\n", passed, failed);
	return failed ? 1 : 0;
}
