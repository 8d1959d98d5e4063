/*
 * Tests of the access log and of checksums: holes, other jobs' records, overflow, golden values of protocols.md section
 * 6. Prints a line per failure; exit status 0 if there is none.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../../native/access/append.h"
#include "../../../native/access/crc.h"
#include "../../../native/access/slot.h"

#define CHECK(x) do { if (!(x)) { printf("%d: %s\n", __LINE__, #x); failures++; } } while (0)

static int failures;
static char seen[4096];

static int cb(const struct lm_record *rec, void *arg)
{
	(void)arg;
	strcat(seen, rec->path);
	strcat(seen, " ");
	return 0;
}

static const char *names(const struct lm_slot *slot)
{
	seen[0] = 0;
	lm_slot_iterate(slot, cb, NULL);
	return seen;
}

static void put(struct lm_slot *slot, uint64_t token, const char *name)
{
	lm_append(slot->log, token, LM_R, 0, 0, name, (uint32_t)strlen(name));
}

static void test_slot(const char *dir)
{
	struct lm_slot_cfg cfg = { .repo_root = "/r", .tmp_dir = "", .socket = "", .preload = "" };
	struct lm_slot slot;
	char env[300];
	uint64_t token;
	int hybrid;
	size_t n;

	CHECK(!lm_slot_open(&slot, dir, 1));
	CHECK(!lm_slot_reset(&slot, 7, &cfg));
	CHECK(!strcmp(lm_log_text(slot.log, slot.log->repo_root), "/r"));
	CHECK(!lm_slot_env(&slot, env, sizeof(env)));
	CHECK(!lm_env_parse(strchr(env, '=') + 1, &n, &token, &hybrid) && token == 7 && n == strlen(slot.path) && !hybrid);
	CHECK(!lm_env_parse("/x:012", &n, &token, &hybrid) && token == 12 && hybrid);
	CHECK(lm_env_parse("/x:", &n, &token, &hybrid) < 0 && lm_env_parse("x", &n, &token, &hybrid) < 0 &&
	      lm_env_parse("x:1z", &n, &token, &hybrid) < 0);
	put(&slot, 7, "one");
	put(&slot, 6, "stale");			/* of a job that is over */
	put(&slot, 7, "a/longer/name");
	slot.log->head += 88;			/* reserved, and its process killed */
	put(&slot, 7, "three");
	CHECK(!strcmp(names(&slot), "one a/longer/name three "));
	CHECK(!lm_slot_reset(&slot, 8, &cfg));
	CHECK(!strcmp(names(&slot), ""));
	slot.log->head += 64;			/* a hole made of an old record */
	put(&slot, 8, "new");
	CHECK(!strcmp(names(&slot), "new "));
	slot.log->head = LM_LOG_SIZE - 16;
	put(&slot, 8, "lost");
	CHECK(lm_slot_overflowed(&slot) == 1);
	lm_slot_retire(&slot);
	put(&slot, 8, "late");
	CHECK(lm_slot_overflowed(&slot) == 1);
	unlink(slot.path);
	lm_slot_close(&slot);
}

static uint64_t crc(int dirfd, const char *name)
{
	uint64_t c, sig;
	int64_t date;

	CHECK(!lm_crc_at(dirfd, name, &c, &sig, &date));
	return c;
}

static void test_crc(const char *dir)
{
	int dirfd = open(dir, O_RDONLY | O_DIRECTORY);
	int fd = openat(dirfd, "f", O_RDWR | O_CREAT, 0600);
	uint64_t plain;

	CHECK(crc(dirfd, "f") == LM_CRC_EMPTY);
	CHECK(crc(dirfd, "none") == LM_CRC_NONE);
	CHECK(crc(dirfd, ".") == LM_CRC_NONE);
	CHECK(!fchmod(fd, 0700));
	CHECK(crc(dirfd, "f") > 16);
	CHECK(write(fd, "hello", 5) == 5);
	CHECK(!fchmod(fd, 0600));
	plain = crc(dirfd, "f");
	CHECK(!(plain & 1));
	CHECK(plain == (0x9555e8555c62dcfdull & ~1ull));	/* XXH3_64bits("hello") */
	CHECK(!fchmod(fd, 0700));
	CHECK(crc(dirfd, "f") != plain && !(crc(dirfd, "f") & 1));
	CHECK(!symlinkat("hello", dirfd, "l"));
	CHECK((crc(dirfd, "l") & 1) && crc(dirfd, "l") != (plain | 1));
	unlinkat(dirfd, "f", 0);
	unlinkat(dirfd, "l", 0);
	close(fd);
	close(dirfd);
}

int main(void)
{
	char dir[] = "/dev/shm/slot_test.XXXXXX";

	if (!mkdtemp(dir))
		return 3;
	test_slot(dir);
	test_crc(dir);
	rmdir(dir);
	return failures ? 1 : 0;
}
