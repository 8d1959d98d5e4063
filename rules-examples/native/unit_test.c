/* A unit test of the checksums and of the frames, for the sake of the example: prints what it checked. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "native/access/crc.h"
#include "native/wire/wire.h"

static void check(const char *what, int holds)
{
	if (!holds) {
		printf("%s: wrong\n", what);
		exit(1);
	}
	printf("%s: ok\n", what);
}

static void checksum_of_a_missing_file_is_none(void)
{
	uint64_t crc, sig;
	int64_t date;

	check("checksum of a missing file", !lm_crc_at(AT_FDCWD, "missing", &crc, &sig, &date) && crc == LM_CRC_NONE);
}

static void a_frame_comes_back_as_it_went(void)
{
	struct lm_buf buf = { 0 };
	struct lm_reader payload;
	const char *text;
	uint32_t len;
	uint8_t type;
	size_t at = lm_frame_open(&buf, 7);

	lm_put_cstr(&buf, "hello");
	lm_frame_close(&buf, at);
	check("a whole frame", lm_frame_next(buf.data, buf.len, &type, &payload) == (long)buf.len && type == 7);
	text = lm_get_str(&payload, &len);
	check("its text", len == 5 && !memcmp(text, "hello", 5) && lm_read_all(&payload));
	lm_buf_free(&buf);
}

int main(void)
{
	checksum_of_a_missing_file_is_none();
	a_frame_comes_back_as_it_went();
	return 0;
}
