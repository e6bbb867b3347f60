// SPDX-License-Identifier: GPL-2.0-only
#include "diag.h"

#include "arena.h"
#include "cleanup.h"
#include "json_locate.h"
#include "terminal.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

/*
 * Each fault shown costs a scan of the text, so a hostile file of many megabytes must not be able
 * to ask for millions of them. Nobody reads more than these; the rest is only counted.
 */
#define DIAG_KEPT 200
#define DIAG_PATH_SHOWN 160

struct diag {
	const char *file;
	const char *text;
	size_t length;
	struct arena *arena;
	struct diag_fault faults[DIAG_KEPT];
	size_t kept, count;
};

/* Like snprintf(): counts on when the place is full, so that a first pass can measure. */
struct sink {
	char *text;
	size_t size, used;
};

static void sink_char(struct sink *sink, char c)
{
	if (sink->used + 1 < sink->size)
		sink->text[sink->used] = c;
	sink->used++;
}

static void sink_text(struct sink *sink, const char *text)
{
	while (*text)
		sink_char(sink, *text++);
}

static void sink_end(struct sink *sink)
{
	if (sink->size)
		sink->text[sink->used < sink->size ? sink->used : sink->size - 1] = '\0';
}

static bool is_plain(const char *key)
{
	if (!*key)
		return false;
	for (; *key; key++)
		if (!isascii(*key) || (!isalnum(*key) && !strchr("_{}-", *key)))
			return false;
	return true;
}

static void sink_quoted_key(struct sink *sink, const char *key)
{
	char escape[8];

	sink_text(sink, "[\"");
	for (; *key; key++) {
		if ((unsigned char)*key < 0x20) {
			snprintf(escape, sizeof(escape), "\\u%04x", (unsigned char)*key);
			sink_text(sink, escape);
			continue;
		}
		if (*key == '"' || *key == '\\')
			sink_char(sink, '\\');
		sink_char(sink, *key);
	}
	sink_text(sink, "\"]");
}

static void sink_path(struct sink *sink, const struct jpath *path)
{
	char index[32];

	if (!path)
		return;
	sink_path(sink, path->up);
	if (!path->key) {
		snprintf(index, sizeof(index), "[%zu]", path->index);
		sink_text(sink, index);
	} else if (!is_plain(path->key)) {
		sink_quoted_key(sink, path->key);
	} else {
		if (sink->used)
			sink_char(sink, '.');
		sink_text(sink, path->key);
	}
}

void jpath_format(const struct jpath *path, char *text, size_t size)
{
	struct sink sink = { .text = text, .size = size };

	sink_path(&sink, path);
	sink_end(&sink);
}

struct diag *diag_new(const char *file, const char *text, size_t length)
{
	struct arena *arena = arena_new();
	struct diag *diag = arena_alloc(arena, sizeof(*diag));

	diag->arena = arena;
	diag->file = arena_strdup(arena, file);
	diag->text = text;
	diag->length = length;
	return diag;
}

void diag_free(struct diag *diag)
{
	if (diag)
		arena_free(diag->arena);
}

/* NULL when there are enough already. */
static struct diag_fault *next_fault(struct diag *diag)
{
	diag->count++;
	return diag->kept < DIAG_KEPT ? &diag->faults[diag->kept++] : NULL;
}

static char *format_message(struct arena *arena, const char *format, va_list args)
{
	_free_ char *text = NULL;

	if (vasprintf(&text, format, args) < 0)
		abort();
	return arena_strdup(arena, text);
}

static char *format_path(struct arena *arena, const struct jpath *path)
{
	struct sink measure = { .text = NULL };
	char *text;

	sink_path(&measure, path);
	text = arena_alloc(arena, measure.used + 1);
	jpath_format(path, text, measure.used + 1);
	return text;
}

void diag_add(struct diag *diag, const struct jpath *path, enum diag_place place,
	      const char *format, ...)
{
	struct diag_fault *fault = next_fault(diag);
	va_list args;

	if (!fault)
		return;
	va_start(args, format);
	fault->message = format_message(diag->arena, format, args);
	va_end(args);
	fault->path = format_path(diag->arena, path);
	fault->place = place;
}

void diag_add_path(struct diag *diag, const char *path, enum diag_place place, const char *format,
		   ...)
{
	struct diag_fault *fault = next_fault(diag);
	va_list args;

	if (!fault)
		return;
	va_start(args, format);
	fault->message = format_message(diag->arena, format, args);
	va_end(args);
	fault->path = arena_strdup(diag->arena, path);
	fault->place = place;
}

void diag_add_position(struct diag *diag, unsigned line, unsigned column, const char *format, ...)
{
	struct diag_fault *fault = next_fault(diag);
	va_list args;

	if (!fault)
		return;
	va_start(args, format);
	fault->message = format_message(diag->arena, format, args);
	va_end(args);
	fault->line = line;
	fault->column = column;
}

size_t diag_count(const struct diag *diag)
{
	return diag->count;
}

const struct diag_fault *diag_get(const struct diag *diag, size_t index)
{
	if (!diag->kept)
		return NULL;
	return &diag->faults[index < diag->kept ? index : diag->kept - 1];
}

static void locate(const struct diag *diag, struct diag_fault *fault)
{
	struct json_position position;

	if (!diag->text || !fault->path || fault->line)
		return;
	json_locate(diag->text, diag->length, fault->path, fault->place == DIAG_KEY, &position);
	fault->line = position.line;
	fault->column = position.column;
}

static bool comes_before(const struct diag_fault *a, const struct diag_fault *b)
{
	return a->line != b->line ? a->line < b->line : a->column < b->column;
}

/* Stable, so that what stands at one place keeps the order in which it was found. */
static void sort_faults(struct diag *diag)
{
	for (size_t i = 1; i < diag->kept; i++) {
		struct diag_fault fault = diag->faults[i];
		size_t place = i;

		for (; place && comes_before(&fault, &diag->faults[place - 1]); place--)
			diag->faults[place] = diag->faults[place - 1];
		diag->faults[place] = fault;
	}
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool said_before(const struct diag *diag, size_t index)
{
	const struct diag_fault *fault = &diag->faults[index];

	for (size_t i = 0; i < index; i++) {
		const struct diag_fault *other = &diag->faults[i];

		if (other->line == fault->line && other->column == fault->column &&
		    same_text(other->path, fault->path) &&
		    same_text(other->message, fault->message))
			return true;
	}
	return false;
}

/* What a file holds must not be able to drive the terminal. */
static void put_escaped(const char *text, size_t length, FILE *out)
{
	for (; length; length--, text++) {
		if (*text >= 0x20 && *text < 0x7f)
			fputc(*text, out);
		else
			fprintf(out, "\\x%02x", (unsigned char)*text);
	}
}

static void put_path(const char *path, FILE *out)
{
	size_t length = strlen(path), half = DIAG_PATH_SHOWN / 2;

	if (length <= DIAG_PATH_SHOWN) {
		put_escaped(path, length, out);
		return;
	}
	put_escaped(path, half, out);
	fputs("...", out);
	put_escaped(path + length - half, half, out);
}

static void print_fault(const struct diag *diag, const struct diag_fault *fault, FILE *out)
{
	put_escaped(diag->file, strlen(diag->file), out);
	if (fault->line)
		fprintf(out, ":%u:%u", fault->line, fault->column);
	fprintf(out, ": %serror:%s ", terminal_on(out, TERMINAL_BAD), terminal_off(out));
	/* Without a position only the path tells where the key is. */
	if (fault->path && *fault->path && (fault->place == DIAG_VALUE || !fault->line)) {
		put_path(fault->path, out);
		fputs(": ", out);
	}
	put_escaped(fault->message, strlen(fault->message), out);
	fputc('\n', out);
}

void diag_print(struct diag *diag, FILE *out)
{
	for (size_t i = 0; i < diag->kept; i++)
		locate(diag, &diag->faults[i]);
	sort_faults(diag);
	for (size_t i = 0; i < diag->kept; i++)
		if (!said_before(diag, i))
			print_fault(diag, &diag->faults[i], out);
	if (diag->count > diag->kept) {
		put_escaped(diag->file, strlen(diag->file), out);
		fprintf(out, ": error: %zu more faults are not shown\n", diag->count - diag->kept);
	}
}
