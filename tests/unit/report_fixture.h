/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Made-up result folders below a folder of the test's own, and the page of them. */

#include "tests/test.h"

#include "harness/file.h"
#include "harness/report_page.h"
#include "tests/unit/browser.h"
#include "tests/unit/folder.h"
#include "tests/unit/synthetic.h"

#include <sys/stat.h>

#define HOSTILE "\"'><script>alert(1)</script>`id`\n${x}"
#define HARMLESS "&quot;&#39;&gt;&lt;script&gt;alert(1)&lt;/script&gt;`id`\n${x}"

static const struct synthetic made_up = {
	.title = "title" HOSTILE,
	.segments = { "veth1", "bridge", "seg" HOSTILE },
	.means_ns = { 3000, 12000, 2900 },
	.batches = 3,
	.iterations = 20,
};

static inline json_t *load(const char *base, const char *name)
{
	_free_ char *path = browser_path(base, name);
	json_t *json = json_load_file(path, 0, NULL);

	assert_non_null(json);
	return json;
}

static inline void store(const char *base, const char *name, const json_t *json)
{
	_free_ char *path = browser_path(base, name);

	assert_int_equal(json_dump_file(json, path, 0), 0);
}

static inline void append(const char *base, const char *name, const char *text)
{
	_free_ char *path = browser_path(base, name);
	_fclose_ FILE *file = fopen(path, "ae");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
}

static inline void make_folder(const char *base, const struct synthetic *about, const char *name)
{
	_free_ char *dir = browser_path(base, name), *file = NULL;
	_json_ json_t *summary = NULL;
	struct err err = {};

	if (synthetic_write(about, dir, NULL, &err))
		fail_msg("%s", err.text);
	assert_true(asprintf(&file, "%s/summary.json", name) > 0);
	summary = load(base, file);
	json_array_append_new(json_object_get(summary, "claims"),
			      json_pack("{s:s, s:s, s:s, s:s}", "id", "x", "text", "text" HOSTILE,
					"verdict", "fails", "detail", "detail" HOSTILE));
	store(base, file, summary);
}

/* The text of a page of those folders, the caller's to free; a name ended by NULL. */
static inline char *make_page(const char *base, const char *first, const char *second)
{
	_free_ char *one = browser_path(base, first);
	_free_ char *two = second ? browser_path(base, second) : NULL;
	_free_ char *path = browser_path(base, REPORT_PAGE), *text = NULL;
	const char *const dirs[] = { one, two };
	struct err err = {};

	if (report_page_write(dirs, second ? 2 : 1, path, &err) ||
	    file_read(path, &text, NULL, &err))
		fail_msg("%s", err.text);
	return steal_ptr(text);
}

static inline size_t count_of(const char *text, const char *what)
{
	size_t count = 0;

	while ((text = strstr(text, what))) {
		text += strlen(what);
		count++;
	}
	return count;
}

static inline void expect(const char *page, const char *what, size_t count)
{
	if (count_of(page, what) != count)
		fail_msg("\"%s\" is there %zu times, not %zu", what, count_of(page, what), count);
}
