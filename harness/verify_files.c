// SPDX-License-Identifier: GPL-2.0-only
#include "harness/verify_files.h"

#include "harness/cleanup.h"
#include "harness/folder.h"
#include "harness/html.h"
#include "harness/report_page.h"
#include "harness/results_partial.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define QUOTED_CHARS 60
#define LINE_BYTES 4096
#define DRAWN_LINES 20 /* that may come before the one by which gnuplot signs */

struct comparison {
	json_t *report;
	const char *dir, *again;
};

static char *join(const char *dir, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		abort();
	return path;
}

static bool ends_with(const char *text, const char *suffix)
{
	size_t length = strlen(text), tail = strlen(suffix);

	return length >= tail && !strcmp(text + length - tail, suffix);
}

static void note(const struct comparison *comparison, const char *list, const char *file,
		 const char *key, const char *text)
{
	json_t *value = json_string(text);

	json_array_append_new(
		json_object_get(comparison->report, list),
		json_pack("{s:s, s:o}", "file", file, key, value ? value : json_string("differs")));
}

/* A line as part of a message: no control characters, cut to what can be read. */
static void quote(const char *line, char ret[static QUOTED_CHARS + 4])
{
	size_t length = strcspn(line, "\n"), skipped = strspn(line, " \t"), i;

	line += skipped;
	length -= skipped < length ? skipped : length;
	for (i = 0; i < length && i < QUOTED_CHARS; i++)
		ret[i] = (unsigned char)line[i] < ' ' || (unsigned char)line[i] > '~' ? '?'
										      : line[i];
	strcpy(ret + i, length > QUOTED_CHARS ? "..." : "");
}

/* To be read; NULL if it is not there, or is no file. A stranger's may be of any length. */
static FILE *open_in(const char *dir, const char *name)
{
	struct err err;
	int fd = folder_open_file(dir, name, &err);

	return fd < 0 ? NULL : fdopen(fd, "r");
}

/* The line that begins at `from`, as far as it is quoted. */
static void quote_at(FILE *file, long from, char ret[static QUOTED_CHARS + 4])
{
	char line[LINE_BYTES];

	if (fseek(file, from, SEEK_SET) || !fgets(line, sizeof(line), file))
		strcpy(ret, "nothing");
	else
		quote(line, ret);
}

/* "" if they are the same to the last byte. */
static void tell_difference(FILE *there, FILE *again, bool text, char *ret, size_t size)
{
	char found[QUOTED_CHARS + 4], wanted[QUOTED_CHARS + 4];
	unsigned long number = 1;
	long at = 0, line = 0;
	int byte;

	*ret = '\0';
	for (; (byte = getc_unlocked(there)) == getc_unlocked(again); at++) {
		if (byte == EOF)
			return;
		if (byte == '\n') {
			number++;
			line = at + 1;
		}
	}
	if (!text) {
		snprintf(ret, size, "is another image than the one drawn again");
		return;
	}
	quote_at(there, line, found);
	quote_at(again, line, wanted);
	snprintf(ret, size, "line %lu is %s, recomputed %s", number, found, wanted);
}

static bool is_image(const char *name)
{
	return ends_with(name, ".svg") || ends_with(name, ".png");
}

/* The line by which gnuplot signs an SVG; the PNG beside it was drawn by the same script. */
static void drawn_by(const char *dir, const char *name, char *ret, size_t size)
{
	_free_ char *svg = NULL;
	_fclose_ FILE *file = NULL;
	char line[LINE_BYTES];
	const char *found;

	if (asprintf(&svg, "%.*s.svg", (int)(strlen(name) - strlen(".svg")), name) < 0)
		abort();
	*ret = '\0';
	file = open_in(dir, svg);
	for (int i = 0; file && i < DRAWN_LINES && fgets(line, sizeof(line), file); i++) {
		found = strcasestr(line, "gnuplot ");
		if (found && strstr(line, "Produced by"))
			snprintf(ret, size, "%.*s", (int)strcspn(found, "<\n"), found);
	}
}

/* Which labrun wrote a page; "" if it does not say. */
static void written_by(const char *dir, const char *name, char *ret, size_t size)
{
	_fclose_ FILE *file = open_in(dir, name);
	size_t length = strlen(HTML_GENERATOR);
	char line[LINE_BYTES];

	*ret = '\0';
	for (int i = 0; file && i < DRAWN_LINES && fgets(line, sizeof(line), file); i++)
		if (!strncmp(line, HTML_GENERATOR, length))
			snprintf(ret, size, "labrun %.*s", (int)strcspn(line + length, "\"\n"),
				 line + length);
}

/* Another labrun lays out the same page with other bytes. */
static bool is_comparable_page(const struct comparison *comparison)
{
	char there[80], again[80], why[200];

	written_by(comparison->dir, REPORT_PAGE, there, sizeof(there));
	written_by(comparison->again, REPORT_PAGE, again, sizeof(again));
	if (!*there || !strcmp(there, again))
		return true;
	snprintf(why, sizeof(why), "written by %s, here is %s", there, again);
	note(comparison, "not_compared", REPORT_PAGE, "why", why);
	return false;
}

/* Another gnuplot draws the same charts with other bytes. */
static bool is_comparable(const struct comparison *comparison, const char *name)
{
	char there[80], again[80], why[200];

	if (!strcmp(name, REPORT_PAGE))
		return is_comparable_page(comparison);
	if (!is_image(name))
		return true;
	drawn_by(comparison->dir, name, there, sizeof(there));
	drawn_by(comparison->again, name, again, sizeof(again));
	if (*there && !strcmp(there, again))
		return true;
	snprintf(why, sizeof(why), "drawn by %s, here is %s", *there ? there : "an unknown gnuplot",
		 *again ? again : "an unknown one");
	note(comparison, "not_compared", name, "why", why);
	return false;
}

static void compare_file(const struct comparison *comparison, const char *name)
{
	_fclose_ FILE *there = open_in(comparison->dir, name);
	_fclose_ FILE *again = open_in(comparison->again, name);
	char text[300];

	if (!there || !again) {
		note(comparison, "findings", name, "finding", "is not there");
		return;
	}
	if (!is_comparable(comparison, name))
		return;
	tell_difference(there, again, !is_image(name), text, sizeof(text));
	if (*text)
		note(comparison, "findings", name, "finding", text);
	else
		json_array_append_new(json_object_get(comparison->report, "recomputed"),
				      json_string(name));
}

static int by_name(const struct dirent **left, const struct dirent **right)
{
	return strcmp((*left)->d_name, (*right)->d_name);
}

static int is_file(const struct dirent *entry)
{
	return entry->d_type != DT_DIR && !partial_owns(entry->d_name);
}

static int compare_folder(const struct comparison *comparison, const char *prefix, struct err *err)
{
	_free_ char *path = join(comparison->again, prefix);
	_free_ struct dirent **entries = NULL;
	int count = scandir(path, &entries, is_file, by_name);

	if (count < 0)
		return errno == ENOENT ? 0 : err_errno(err, -errno, "read '%s'", path);
	for (int i = 0; i < count; i++) {
		_free_ char *name = NULL;

		if (asprintf(&name, "%s%s", prefix, entries[i]->d_name) < 0)
			abort();
		compare_file(comparison, name);
		free(entries[i]);
	}
	return 0;
}

int verify_files(json_t *report, const char *dir, const char *again, struct err *err)
{
	const struct comparison comparison = { report, dir, again };
	int code = compare_folder(&comparison, "", err);

	return code ? code : compare_folder(&comparison, "plots/", err);
}
