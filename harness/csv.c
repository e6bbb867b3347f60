// SPDX-License-Identifier: GPL-2.0-only
#include "harness/csv.h"

#include "harness/cleanup.h"
#include "harness/folder.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

/* Every integer of a smaller magnitude is a double of its own. */
#define EXACT_INTEGERS 9007199254740992.0

const char *csv_number(double value, char text[static CSV_NUMBER_BYTES])
{
	if (!isfinite(value)) {
		text[0] = '\0';
		return text;
	}
	if (fabs(value) < EXACT_INTEGERS && value == (double)(int64_t)value) {
		snprintf(text, CSV_NUMBER_BYTES, "%" PRId64, (int64_t)value);
		return text;
	}
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, CSV_NUMBER_BYTES, "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	return text;
}

int csv_put_text(FILE *out, const char *text)
{
	if (!strpbrk(text, ",\"\r\n"))
		return fputs(text, out);
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text == '\n' || *text == '\r' ? ' ' : *text, out);
	}
	return fputc('"', out);
}

int csv_fault(const struct csv *csv, struct err *err, const char *format, ...)
{
	va_list args;
	char text[256];

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return err_usage(err, "%s:%lu: %s", csv->path, csv->line, text);
}

static char *cut_quoted(char *text, bool *ret_bad)
{
	char *to = text, *from = text + 1;

	while (*from && (*from != '"' || from[1] == '"')) {
		from += *from == '"';
		*to++ = *from++;
	}
	*ret_bad = !*from || (from[1] && from[1] != ',');
	from = *from && from[1] ? from + 2 : NULL;
	*to = '\0';
	return from;
}

/* Cuts the field that starts at `text` off in place; the next one's start, or NULL at the end. */
static char *cut_field(char *text, bool *ret_bad)
{
	char *end;

	if (*text == '"')
		return cut_quoted(text, ret_bad);
	end = strchrnul(text, ',');
	*ret_bad = memchr(text, '"', end - text);
	if (!*end)
		return NULL;
	*end = '\0';
	return end + 1;
}

static int cut_line(struct csv *csv, struct err *err)
{
	char *at = csv->text;
	bool bad = false;

	csv->count = 0;
	while (at) {
		if (csv->count == CSV_MAX_FIELDS)
			return csv_fault(csv, err, "more than %d fields", CSV_MAX_FIELDS);
		csv->fields[csv->count++] = at;
		at = cut_field(at, &bad);
		if (bad)
			return csv_fault(csv, err, "a quote that is not closed or not doubled");
	}
	return 0;
}

/* 1, 0 at the end, or a negative errno. */
static int read_line(struct csv *csv, struct err *err)
{
	size_t length;

	csv->line++;
	errno = 0;
	if (!fgets(csv->text, CSV_LINE_BYTES, csv->file)) {
		if (ferror(csv->file))
			return err_errno(err, errno ? -errno : -EIO, "%s", csv->path);
		return 0;
	}
	length = strlen(csv->text);
	if (!length || csv->text[length - 1] != '\n')
		return csv_fault(csv, err,
				 length == CSV_LINE_BYTES - 1 ? "the line is too long"
				 : feof(csv->file) ? "the file ends in the middle of a line"
						   : "a NUL byte");
	length -= 1 + (length > 1 && csv->text[length - 2] == '\r');
	csv->text[length] = '\0';
	return 1;
}

static bool header_matches(const char *header, const char *columns, bool whole)
{
	size_t length = strlen(columns);

	if (strncmp(header, columns, length))
		return false;
	return !header[length] || (!whole && header[length] == ',');
}

int csv_open(struct csv *csv, const char *dir, const char *name, const char *columns, bool whole,
	     struct err *err)
{
	int code = folder_open_file(dir, name, err);

	*csv = (struct csv){};
	if (code < 0)
		return code;
	*csv = (struct csv){
		.file = fdopen(code, "r"),
		.text = malloc(CSV_LINE_BYTES),
		.fields = calloc(CSV_MAX_FIELDS, sizeof(char *)),
	};
	if (!csv->file || !csv->text || !csv->fields ||
	    asprintf(&csv->path, "%s/%s", dir, name) < 0)
		abort();
	code = read_line(csv, err);
	if (code < 0)
		return code;
	if (!code || !header_matches(csv->text, columns, whole))
		return csv_fault(csv, err, "the header is not \"%s\"", columns);
	return cut_line(csv, err);
}

void csv_close(struct csv *csv)
{
	if (csv->file)
		fclose(csv->file);
	free(csv->path);
	free(csv->text);
	free(csv->fields);
	*csv = (struct csv){ 0 };
}

int csv_next(struct csv *csv, struct err *err)
{
	size_t expected = csv->count;
	int code = read_line(csv, err);

	if (code <= 0)
		return code;
	code = cut_line(csv, err);
	if (code)
		return code;
	if (csv->count != expected)
		return csv_fault(csv, err, "%zu fields, the header has %zu", csv->count, expected);
	return 1;
}

int csv_uint(const struct csv *csv, size_t field, uint64_t max, const char *what, uint64_t *ret,
	     struct err *err)
{
	const char *text = csv->fields[field];
	size_t digits = strspn(text, "0123456789");

	errno = 0;
	*ret = strtoull(text, NULL, 10);
	if (!digits || text[digits] || errno || *ret > max)
		return csv_fault(csv, err, "%s: \"%.40s\" is not a whole number up to %" PRIu64,
				 what, text, max);
	return 0;
}

int csv_real(const struct csv *csv, size_t field, const char *what, double *ret, struct err *err)
{
	const char *text = csv->fields[field];
	char *end;

	*ret = strtod(text, &end);
	/* strtod() also takes spaces, "inf", "nan" and hexadecimal. */
	if (end == text || *end || text[strspn(text, "0123456789+-.eE")] || !isfinite(*ret))
		return csv_fault(csv, err, "%s: \"%.40s\" is not a number", what, text);
	return 0;
}
