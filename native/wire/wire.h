/*
 * Frames, as src/doc/protocols.md describes them: the C twin of lmake.wire. Used by the client, the in-job commands and
 * the agent, each on its single thread; holds no state of its own and does no I/O.
 *
 * A writer never fails: without memory it aborts, since nothing sensible can be said any more. A reader never passes the
 * end of its frame: past it, every value is 0 or empty and `bad` is set, so that one test at the end of a message is
 * enough.
 */
#ifndef LMAKE_WIRE_H
#define LMAKE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LM_WIRE_PROTOCOL   1u
#define LM_WIRE_MAX_FRAME  (1u << 30)

enum lm_client_msg { LM_HELLO = 1, LM_INTERRUPT = 2 };
enum lm_reply_msg  { LM_OUT = 1, LM_ERR = 2, LM_EXIT = 3 };
enum lm_server_msg { LM_CONFIG = 1, LM_START = 2, LM_KILL = 3, LM_ANSWER = 4, LM_STAT = 5 };
enum lm_agent_msg  { LM_STARTED = 1, LM_END = 2, LM_ASK = 3, LM_LIVE = 4, LM_LOG = 5, LM_STATED = 6, LM_WARN = 7 };
enum lm_job_msg    { LM_CALL = 1, LM_REPLY = 1 };

/* What HELLO says of the terminal (bits). */
enum lm_tty { LM_TTY_IN = 1, LM_TTY_OUT = 2, LM_TTY_SAME = 4, LM_REPO_READONLY = 8 };

/* Verbs and option bits of CALL. */
enum lm_verb {
	LM_VERB_DEPEND = 1, LM_VERB_TARGET = 2, LM_VERB_CHECK = 3, LM_VERB_LIST_DEPS = 4, LM_VERB_LIST_TARGETS = 5, LM_VERB_AUTODEP = 6,
};
enum lm_call_opt {
	LM_OPT_READ = 1, LM_OPT_WRITE = 2, LM_OPT_DIRECT = 4, LM_OPT_VERBOSE = 8, LM_OPT_REGEXPR = 16,
	LM_OPT_FOLLOW = 32, LM_OPT_NO_ALLOW = 64, LM_OPT_NO_REQUIRED = 128, LM_OPT_SYNC = 256, LM_OPT_IGNORE = 512,
};

/* Dep and target flags (section 5). */
enum lm_dep_flag {
	LM_DEP_CRITICAL = 1, LM_DEP_ESSENTIAL = 2, LM_DEP_IGNORE_ERROR = 4, LM_DEP_READDIR_OK = 8, LM_DEP_REQUIRED = 16,
	LM_DEP_STATIC = 32, LM_DEP_IGNORE = 64,
};
enum lm_target_flag {
	LM_TGT_ESSENTIAL = 1, LM_TGT_INCREMENTAL = 2, LM_TGT_OPTIONAL = 4, LM_TGT_PHONY = 8, LM_TGT_SOURCE_OK = 16,
	LM_TGT_NO_WARNING = 32, LM_TGT_IGNORE = 64, LM_TGT_ALLOW = 1024,
};

/* ---- writing ---- */

struct lm_buf {
	char *data;
	size_t len, cap;
};

void lm_buf_free(struct lm_buf *b);
void lm_buf_drop(struct lm_buf *b, size_t n);		/* forget the first n bytes */
char *lm_buf_room(struct lm_buf *b, size_t n);		/* at least n bytes to fill after data + len */
void lm_put_bytes(struct lm_buf *b, const void *p, size_t n);
void lm_put_u8(struct lm_buf *b, uint8_t v);
void lm_put_u32(struct lm_buf *b, uint32_t v);
void lm_put_u64(struct lm_buf *b, uint64_t v);
void lm_put_str(struct lm_buf *b, const void *p, size_t n);
void lm_put_cstr(struct lm_buf *b, const char *s);
void lm_set_u32(struct lm_buf *b, size_t at, uint32_t v);	/* fill a count left as 0 earlier */
void lm_set_u64(struct lm_buf *b, size_t at, uint64_t v);

/* A frame is opened, filled and closed; open returns what close needs. */
size_t lm_frame_open(struct lm_buf *b, uint8_t type);
void lm_frame_close(struct lm_buf *b, size_t at);

/* ---- reading ---- */

struct lm_reader {
	char *p, *end;
	bool bad;
};

/*
 * Look for a whole frame at the beginning of data. Returns the bytes it takes and sets type and payload, 0 when more
 * bytes are needed, -1 when this can never be a frame.
 */
long lm_frame_next(char *data, size_t len, uint8_t *type, struct lm_reader *payload);

uint8_t lm_get_u8(struct lm_reader *r);
uint32_t lm_get_u32(struct lm_reader *r);
uint64_t lm_get_u64(struct lm_reader *r);
const char *lm_get_str(struct lm_reader *r, uint32_t *len);	/* not NUL terminated */

/*
 * A NUL terminated string, made inside the frame (the bytes move over their own length prefix, so the frame cannot be
 * read twice). A string with a NUL inside makes the frame bad: names, arguments and variables have none.
 */
char *lm_get_cstr(struct lm_reader *r);

/* A count of things that take at least `least` bytes each; bad when the frame cannot hold as many. */
uint32_t lm_get_count(struct lm_reader *r, size_t least);

/* Whether the message was sound and is wholly read. */
bool lm_read_all(const struct lm_reader *r);

#endif
