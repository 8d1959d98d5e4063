/* The frame codec; see wire.h. Single thread of whoever calls. Integers travel little-endian whatever the host. */
#include "wire.h"

#include <stdlib.h>
#include <string.h>

#define HEAD 5u		/* length and type */

void lm_buf_free(struct lm_buf *b)
{
	free(b->data);
	*b = (struct lm_buf){ 0 };
}

void lm_buf_drop(struct lm_buf *b, size_t n)
{
	b->len -= n;
	if (b->len)
		memmove(b->data, b->data + n, b->len);
}

char *lm_buf_room(struct lm_buf *b, size_t n)
{
	if (b->cap - b->len < n) {
		size_t cap = b->cap ? b->cap : 512;

		while (cap - b->len < n)
			cap *= 2;
		b->data = realloc(b->data, cap);
		if (!b->data)
			abort();
		b->cap = cap;
	}
	return b->data + b->len;
}

void lm_put_bytes(struct lm_buf *b, const void *p, size_t n)
{
	if (!n)
		return;
	memcpy(lm_buf_room(b, n), p, n);
	b->len += n;
}

void lm_put_u8(struct lm_buf *b, uint8_t v)
{
	lm_put_bytes(b, &v, 1);
}

static void encode(char *to, uint64_t v, int n)
{
	for (int i = 0; i < n; i++)
		to[i] = (char)(v >> (8 * i));
}

void lm_put_u32(struct lm_buf *b, uint32_t v)
{
	encode(lm_buf_room(b, 4), v, 4);
	b->len += 4;
}

void lm_put_u64(struct lm_buf *b, uint64_t v)
{
	encode(lm_buf_room(b, 8), v, 8);
	b->len += 8;
}

void lm_put_str(struct lm_buf *b, const void *p, size_t n)
{
	lm_put_u32(b, (uint32_t)n);
	lm_put_bytes(b, p, n);
}

void lm_put_cstr(struct lm_buf *b, const char *s)
{
	lm_put_str(b, s, strlen(s));
}

void lm_set_u32(struct lm_buf *b, size_t at, uint32_t v)
{
	encode(b->data + at, v, 4);
}

void lm_set_u64(struct lm_buf *b, size_t at, uint64_t v)
{
	encode(b->data + at, v, 8);
}

size_t lm_frame_open(struct lm_buf *b, uint8_t type)
{
	size_t at = b->len;

	lm_put_u32(b, 0);
	lm_put_u8(b, type);
	return at;
}

void lm_frame_close(struct lm_buf *b, size_t at)
{
	lm_set_u32(b, at, (uint32_t)(b->len - at - 4));
}

static uint64_t decode(const char *from, int n)
{
	uint64_t v = 0;

	for (int i = 0; i < n; i++)
		v |= (uint64_t)(uint8_t)from[i] << (8 * i);
	return v;
}

long lm_frame_next(char *data, size_t len, uint8_t *type, struct lm_reader *payload)
{
	uint64_t n;

	if (len < 4)
		return 0;
	n = decode(data, 4);
	if (n < 1 || n > LM_WIRE_MAX_FRAME)
		return -1;
	if (len < 4 + n)
		return 0;
	*type = (uint8_t)data[4];
	*payload = (struct lm_reader){ data + HEAD, data + 4 + n, false };
	return (long)(4 + n);
}

static bool has(struct lm_reader *r, size_t n)
{
	if (r->bad || (size_t)(r->end - r->p) < n) {
		r->bad = true;
		r->p = r->end;
		return false;
	}
	return true;
}

static uint64_t get(struct lm_reader *r, int n)
{
	uint64_t v;

	if (!has(r, (size_t)n))
		return 0;
	v = decode(r->p, n);
	r->p += n;
	return v;
}

uint8_t lm_get_u8(struct lm_reader *r)
{
	return (uint8_t)get(r, 1);
}

uint32_t lm_get_u32(struct lm_reader *r)
{
	return (uint32_t)get(r, 4);
}

uint64_t lm_get_u64(struct lm_reader *r)
{
	return get(r, 8);
}

const char *lm_get_str(struct lm_reader *r, uint32_t *len)
{
	const char *s;

	*len = lm_get_u32(r);
	if (!has(r, *len)) {
		*len = 0;
		return "";
	}
	s = r->p;
	r->p += *len;
	return s;
}

char *lm_get_cstr(struct lm_reader *r)
{
	static char none[1];
	char *at = r->p;
	uint32_t n = lm_get_u32(r);

	if (!has(r, n) || memchr(r->p, 0, n)) {
		r->bad = true;
		none[0] = 0;
		return none;
	}
	memmove(at, r->p, n);
	at[n] = 0;		/* n + 1 <= 4 + n: never past what was read */
	r->p += n;
	return at;
}

uint32_t lm_get_count(struct lm_reader *r, size_t least)
{
	uint32_t n = lm_get_u32(r);

	if (!r->bad && (uint64_t)n * least > (uint64_t)(r->end - r->p))
		r->bad = true;
	return r->bad ? 0 : n;
}

bool lm_read_all(const struct lm_reader *r)
{
	return !r->bad && r->p == r->end;
}
