/* xxhsum: the checksum of files, as ldepend -v and lshow print it. Alone, one thread. */
#define _GNU_SOURCE
#include "xxhsum.h"

#define XXH_INLINE_ALL
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <xxhash.h>

#include "../access/crc.h"

static void print_crc(uint64_t crc)
{
	switch (crc) {
	case LM_CRC_UNKNOWN:	fputs("unknown", stdout); break;
	case LM_CRC_NONE:	fputs("none", stdout); break;
	case LM_CRC_UNKNOWN_R:	fputs("unknown-R", stdout); break;
	case LM_CRC_UNKNOWN_L:	fputs("unknown-L", stdout); break;
	case LM_CRC_EMPTY:	fputs("empty-R", stdout); break;
	default:		printf("%016llx-%c", (unsigned long long)crc, crc & 1 ? 'L' : 'R');
	}
}

/* What a plain file of these bytes would give, without the suffix. */
static void sum_stdin(void)
{
	static char block[1 << 16];
	XXH3_state_t *state = XXH3_createState();
	ssize_t n;
	uint64_t h;

	XXH3_64bits_reset(state);
	while ((n = read(0, block, sizeof block)) > 0)
		XXH3_64bits_update(state, block, (size_t)n);
	h = XXH3_64bits_digest(state) & ~1ull;
	XXH3_freeState(state);
	printf("%016llx\n", (unsigned long long)(h < 16 ? h + 16 : h));
}

int xxhsum(int argc, char **argv)
{
	if (argc < 2)
		sum_stdin();
	for (int i = 1; i < argc; i++) {
		uint64_t crc = LM_CRC_NONE, sig;
		int64_t date;

		if (lm_crc_at(AT_FDCWD, argv[i], &crc, &sig, &date) < 0)
			crc = LM_CRC_NONE;
		print_crc(crc);
		if (argc > 2)
			printf(" %s", argv[i]);
		putchar('\n');
	}
	return 0;
}
