// SPDX-License-Identifier: GPL-2.0-only
#include "json_locate.h"

#include <string.h>

/* Walks without recursion: neither the depth of the text nor its being garbage can hurt. */
struct cursor {
	const char *at, *end;
};

/* One part of a path: a member's name, still escaped as in JSON, or an index. */
struct step {
	bool is_index;
	size_t index;
	struct cursor name;
};

/* The bytes that a JSON string stands for: "\u00e9" and "é" are one name. */
struct decoder {
	struct cursor in;
	unsigned char bytes[4];
	unsigned next, count;
};

static int peek(const struct cursor *cursor)
{
	return cursor->at < cursor->end ? (unsigned char)*cursor->at : -1;
}

static bool take(struct cursor *cursor, int c)
{
	if (peek(cursor) != c)
		return false;
	cursor->at++;
	return true;
}

static bool is_one_of(int c, const char *set)
{
	return c > 0 && strchr(set, c);
}

static void skip_space(struct cursor *cursor)
{
	while (is_one_of(peek(cursor), " \t\r\n"))
		cursor->at++;
}

/* Past the closing quote. */
static bool skip_string(struct cursor *cursor)
{
	for (cursor->at++; cursor->at < cursor->end; cursor->at++) {
		if (take(cursor, '"'))
			return true;
		if (*cursor->at == '\\' && ++cursor->at == cursor->end)
			return false;
	}
	return false;
}

static void skip_word(struct cursor *cursor)
{
	while (peek(cursor) >= 0 && !is_one_of(peek(cursor), " \t\r\n,:{}[]\""))
		cursor->at++;
}

static bool skip_token(struct cursor *cursor, size_t *depth)
{
	int c = peek(cursor);

	if (c < 0)
		return false;
	if (c == '"')
		return skip_string(cursor);
	if (!is_one_of(c, ",:{}[]")) {
		skip_word(cursor);
		return true;
	}
	cursor->at++;
	if (c == '{' || c == '[')
		++*depth;
	else if (!*depth)
		return false;
	else if (c == '}' || c == ']')
		--*depth;
	return true;
}

static bool skip_value(struct cursor *cursor)
{
	size_t depth = 0;

	do {
		skip_space(cursor);
		if (!skip_token(cursor, &depth))
			return false;
	} while (depth);
	return true;
}

static int hex_digit(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four hexadecimal digits; moves only if they are there. */
static bool take_unit(struct cursor *cursor, unsigned *ret)
{
	unsigned unit = 0;

	if (cursor->end - cursor->at < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		int digit = hex_digit((unsigned char)cursor->at[i]);

		if (digit < 0)
			return false;
		unit = unit << 4 | (unsigned)digit;
	}
	cursor->at += 4;
	*ret = unit;
	return true;
}

/* After "\u": two units where they are a surrogate pair. */
static bool take_code_point(struct cursor *cursor, unsigned *ret)
{
	struct cursor ahead;
	unsigned low;

	if (!take_unit(cursor, ret))
		return false;
	ahead = *cursor;
	if (*ret >> 10 == 0xd800 >> 10 && take(&ahead, '\\') && take(&ahead, 'u') &&
	    take_unit(&ahead, &low) && low >> 10 == 0xdc00 >> 10) {
		*ret = 0x10000 + ((*ret & 0x3ff) << 10) + (low & 0x3ff);
		*cursor = ahead;
	}
	return true;
}

static void queue_utf8(struct decoder *decoder, unsigned code)
{
	unsigned count = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	decoder->next = 0;
	decoder->count = count;
	for (unsigned i = count - 1; i; i--, code >>= 6)
		decoder->bytes[i] = 0x80 | (code & 0x3f);
	decoder->bytes[0] = count == 1 ? code : (0xf00 >> count & 0xff) | code;
}

static int decode_escape(struct decoder *decoder)
{
	static const char names[] = "bfnrt", values[] = "\b\f\n\r\t";
	const char *name;
	unsigned code;
	int c = peek(&decoder->in);

	if (c < 0)
		return -1;
	decoder->in.at++;
	if (c == 'u' && take_code_point(&decoder->in, &code)) {
		queue_utf8(decoder, code);
		return decoder->bytes[decoder->next++];
	}
	name = is_one_of(c, names) ? strchr(names, c) : NULL;
	return name ? values[name - names] : c;
}

/* The next byte, -1 at the end. */
static int decode(struct decoder *decoder)
{
	int c;

	if (decoder->next < decoder->count)
		return decoder->bytes[decoder->next++];
	c = peek(&decoder->in);
	if (c < 0)
		return -1;
	decoder->in.at++;
	return c == '\\' ? decode_escape(decoder) : c;
}

static bool same_name(const struct cursor *a, const struct cursor *b)
{
	struct decoder left = { .in = *a }, right = { .in = *b };
	int c;

	do {
		c = decode(&left);
		if (c != decode(&right))
			return false;
	} while (c >= 0);
	return true;
}

static bool take_index(struct cursor *path, struct step *ret)
{
	const char *start = path->at;

	ret->is_index = true;
	ret->index = 0;
	for (; peek(path) >= '0' && peek(path) <= '9'; path->at++)
		if (__builtin_mul_overflow(ret->index, 10, &ret->index) ||
		    __builtin_add_overflow(ret->index, *path->at - '0', &ret->index))
			return false;
	return path->at > start && take(path, ']');
}

static bool take_quoted_name(struct cursor *path, struct step *ret)
{
	const char *start = path->at + 1;

	if (!skip_string(path))
		return false;
	ret->name = (struct cursor){ start, path->at - 1 };
	return take(path, ']');
}

static bool take_plain_name(struct cursor *path, struct step *ret)
{
	const char *start = path->at;

	while (peek(path) >= 0 && !is_one_of(peek(path), ".["))
		path->at++;
	ret->name = (struct cursor){ start, path->at };
	return path->at > start;
}

static bool take_step(struct cursor *path, struct step *ret)
{
	*ret = (struct step){ .is_index = false };
	if (take(path, '['))
		return peek(path) == '"' ? take_quoted_name(path, ret) : take_index(path, ret);
	take(path, '.');
	return take_plain_name(path, ret);
}

/* From a value on to the next one of the same list or object. */
static bool skip_to_next(struct cursor *cursor)
{
	if (!skip_value(cursor))
		return false;
	skip_space(cursor);
	if (!take(cursor, ','))
		return false;
	skip_space(cursor);
	return true;
}

/* Leaves the cursor at the value; returns where the name stands. */
static const char *enter_member(struct cursor *cursor, const struct step *step)
{
	if (!take(cursor, '{'))
		return NULL;
	skip_space(cursor);
	while (peek(cursor) == '"') {
		const char *key = cursor->at;
		struct cursor name;

		if (!skip_string(cursor))
			return NULL;
		name = (struct cursor){ key + 1, cursor->at - 1 };
		skip_space(cursor);
		if (!take(cursor, ':'))
			return NULL;
		skip_space(cursor);
		if (same_name(&name, &step->name))
			return key;
		if (!skip_to_next(cursor))
			return NULL;
	}
	return NULL;
}

static const char *enter_item(struct cursor *cursor, const struct step *step)
{
	if (!take(cursor, '['))
		return NULL;
	skip_space(cursor);
	for (size_t i = 0; i < step->index; i++)
		if (!skip_to_next(cursor))
			return NULL;
	return cursor->at;
}

static bool at_value(const struct cursor *cursor)
{
	return peek(cursor) >= 0 && !is_one_of(peek(cursor), ",:]}");
}

static bool find(struct cursor *cursor, struct cursor path, bool key, const char **ret_spot)
{
	*ret_spot = cursor->at;
	while (path.at < path.end) {
		const char *name = NULL;
		struct step step;

		if (take_step(&path, &step))
			name = step.is_index ? enter_item(cursor, &step)
					     : enter_member(cursor, &step);
		if (!name || !at_value(cursor))
			return false;
		*ret_spot = key && path.at == path.end ? name : cursor->at;
	}
	return at_value(cursor);
}

static struct json_position position_of(const char *text, const char *spot)
{
	struct json_position position = { .line = 1, .column = 1 };

	for (; text < spot; text++) {
		if (*text == '\n') {
			position.line++;
			position.column = 1;
		} else if (((unsigned char)*text & 0xc0) != 0x80) {
			position.column++;
		}
	}
	return position;
}

bool json_locate(const char *text, size_t length, const char *path, bool key,
		 struct json_position *ret)
{
	struct cursor cursor = { text, text + length };
	const char *spot;
	bool found;

	skip_space(&cursor);
	found = find(&cursor, (struct cursor){ path, path + strlen(path) }, key, &spot);
	*ret = position_of(text, spot);
	return found;
}
