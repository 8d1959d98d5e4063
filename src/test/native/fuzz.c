/*
 * Fuzzing of what the agent reads from others: the log of accesses, which any process of a job may scribble on, and frames of the
 * wire. `fuzz <log|wire> <seconds> <seed> [file...]` mutates what it begins with (for wire: the files, golden frames) and reads it;
 * built with the address and undefined sanitizers, which stop it at the first wrong step. Prints the rounds made.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../../../native/access/append.h"
#include "../../../native/access/slot.h"
#include "../../../native/wire/wire.h"

#define TOKEN 0x1234567890abcdefull
#define ROOM  4096		/* bytes of the log that are scribbled on */

static unsigned long long state;
static volatile unsigned long long sink;

static unsigned rnd(unsigned n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state >> 11) % n;
}

/* Some of the ways of going wrong: a bit, a byte, a number at its limits, a piece moved, zeros. */
static void mutate(unsigned char *p, size_t n)
{
	static const unsigned long long edges[] = { 0, 1, 7, 8, 0x7fffffff, 0x80000000, 0xffffffff, ~0ull, 1ull << 63, 0xfffffff8, 64, 65 };
	size_t at, from, len;
	int i, times = 1 + (int)rnd(8);

	for (i = 0; n && i < times; i++) {
		at = rnd((unsigned)n);
		len = 1 + rnd(16);
		from = rnd((unsigned)n);
		switch (rnd(5)) {
		case 0:
			p[at] ^= (unsigned char)(1u << rnd(8));
			break;
		case 1:
			p[at] = (unsigned char)rnd(256);
			break;
		case 2:
			memcpy(p + at, &edges[rnd(sizeof(edges) / sizeof(*edges))], n - at < 8 ? n - at : rnd(2) ? 8 : 4);
			break;
		case 3:
			if (at + len <= n && from + len <= n)
				memmove(p + at, p + from, len);
			break;
		default:
			memset(p + at, 0, at + len <= n ? len : n - at);
		}
	}
}

/* As the agent does: the whole name, as text. */
static int see(const struct lm_record *rec, void *arg)
{
	++*(unsigned long *)arg;
	sink += rec->bits + rec->sig + (unsigned long long)rec->date + strlen(rec->path);
	if (strlen(rec->path) > rec->path_len) {
		fprintf(stderr, "fuzz: a name of %zu bytes where %u were announced\n", strlen(rec->path), rec->path_len);
		abort();
	}
	return 0;
}

static unsigned long fuzz_log(time_t until)
{
	struct lm_slot_cfg cfg = { .repo_root = "/repo", .tmp_dir = "", .socket = "", .preload = "", .link_support = 2 };
	char dir[] = "/dev/shm/lmfuzz.XXXXXX", name[64];
	static unsigned char clean[ROOM];
	struct lm_slot slot;
	unsigned long rounds = 0, seen = 0;
	unsigned char *at;
	int i;

	if (!mkdtemp(dir) || lm_slot_open(&slot, dir, 0) || lm_slot_reset(&slot, TOKEN, &cfg))
		exit(3);
	for (i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "%.*s", 1 + (int)rnd(60), "dir/file.with.a.name.that.is.long.enough.for.all.of.us.to.see.it");
		lm_append(slot.log, TOKEN, 1u << rnd(17), rnd(1000), rnd(1000), name, (unsigned)strlen(name));
	}
	at = (unsigned char *)slot.log + LM_LOG_HEAD_SIZE;
	memcpy(clean, at, ROOM);
	while (time(NULL) < until || rounds < 1000) {
		memcpy(at, clean, ROOM);
		mutate(at, ROOM);
		slot.log->head = rnd(400) ? LM_LOG_HEAD_SIZE + rnd(ROOM + 64) : (unsigned long long)rnd(~0u) << rnd(32);
		lm_slot_iterate(&slot, see, &seen);
		rounds++;
	}
	unlink(slot.path);
	lm_slot_close(&slot);
	rmdir(dir);
	if (!seen)
		abort();	/* nothing was ever read: no test */
	return rounds;
}

/* Read a payload as one of the messages is read: numbers, texts, counted lists. */
static void read_payload(struct lm_reader *r)
{
	uint32_t n, len;

	while (r->p < r->end && !r->bad) {
		switch (rnd(5)) {
		case 0:
			sink += lm_get_u8(r);
			break;
		case 1:
			sink += lm_get_u32(r) + lm_get_u64(r);
			break;
		case 2:
			sink += strlen(lm_get_cstr(r));
			break;
		case 3:
			for (n = lm_get_count(r, 4); n--;)
				sink += strlen(lm_get_cstr(r));
			break;
		default: {
			const char *s = lm_get_str(r, &len);

			while (len)
				sink += (unsigned char)s[--len];
		}
		}
	}
	sink += lm_read_all(r);
}

static size_t slurp(const char *name, unsigned char *to, size_t size)
{
	FILE *f = fopen(name, "r");
	size_t n = f ? fread(to, 1, size, f) : 0;

	if (!n)
		exit(3);
	fclose(f);
	return n;
}

static unsigned long fuzz_wire(time_t until, char **files, int n_files)
{
	static unsigned char text[65536];
	unsigned long rounds = 0, whole = 0;
	struct lm_reader payload;
	unsigned char *frame;
	uint8_t type;
	size_t n;

	while (time(NULL) < until || rounds < 1000) {
		n = slurp(files[rnd((unsigned)n_files)], text, sizeof(text));
		if (rnd(4))
			mutate(text, n);
		if (!rnd(4))
			n = rnd((unsigned)n + 1);
		frame = malloc(n + 1);		/* of that size: past it the sanitizer sees */
		memcpy(frame, text, n);
		if (lm_frame_next((char *)frame, n, &type, &payload) > 0) {
			read_payload(&payload);
			whole++;
		}
		free(frame);
		rounds++;
	}
	if (!whole)
		abort();
	return rounds;
}

int main(int argc, char **argv)
{
	time_t until;

	if (argc < 4)
		return 2;
	until = time(NULL) + atoi(argv[2]);
	state = strtoull(argv[3], NULL, 10) * 0x9e3779b97f4a7c15ull | 1;
	printf("%lu rounds\n", !strcmp(argv[1], "log") ? fuzz_log(until) : fuzz_wire(until, argv + 4, argc - 4));
	return 0;
}
