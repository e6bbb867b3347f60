// SPDX-License-Identifier: GPL-2.0-only
#include "tests/test.h"

#include "harness/cleanup.h"
#include "harness/file.h"
#include "harness/html.h"

#include <string.h>

struct page {
	char *text;
	size_t size;
	FILE *out;
};

static void page_open(struct page *page)
{
	page->out = open_memstream(&page->text, &page->size);
	assert_non_null(page->out);
}

static void assert_page(struct page *page, const char *expected)
{
	fclose(page->out);
	assert_string_equal(page->text, expected);
	free(page->text);
}

static void test_text(void **state)
{
	static const char *const cases[][2] = {
		{ "plain µs", "plain µs" },
		{ "<script>alert('1')</script>",
		  "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;" },
		{ "\" onload=\"x", "&quot; onload=&quot;x" },
		{ "&lt;", "&amp;lt;" },
		{ "a\x01\x7f\tb\nc", "a   b\nc" },
		/* U+202E turns what follows around, U+009B is a terminal's. */
		{ "a\xe2\x80\xae"
		  "b\xc2\x9b",
		  "ab" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct page page;

		page_open(&page);
		html_put_text(page.out, cases[i][0]);
		assert_page(&page, cases[i][1]);
	}
}

static void test_format(void **state)
{
	struct page page;

	(void)state;
	page_open(&page);
	html_put_format(page.out, "<%d> %s", 7, "\"<b>\"");
	assert_page(&page, "&lt;7&gt; &quot;&lt;b&gt;&quot;");
}

static void test_link(void **state)
{
	struct page page;

	(void)state;
	page_open(&page);
	html_put_link(page.out, "javascript:a\" b/c?d#%\xff", "<b>");
	assert_page(&page, "<a href=\"./javascript%3Aa%22%20b/c%3Fd%23%25%FF\">&lt;b&gt;</a>");
}

/* The vectors of RFC 4648, section 10. */
static void test_picture(void **state)
{
	static const char *const cases[][2] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
		{ "\xff\xfe\xfb", "//77" },
	};
	char path[] = "/tmp/labrun-test-html.XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_free_ char *expected = NULL;
		struct err err = {};
		struct page page;
		bool there = false;

		assert_int_equal(file_write(path, cases[i][0], strlen(cases[i][0]), &err), 0);
		page_open(&page);
		assert_int_equal(html_put_picture(page.out, "/tmp", strrchr(path, '/') + 1, "\"",
						  &there, &err),
				 0);
		assert_true(there);
		assert_true(asprintf(&expected,
				     "<figure><img alt=\"&quot;\" "
				     "src=\"data:image/svg+xml;base64,%s\"></figure>\n",
				     cases[i][1]) > 0);
		assert_page(&page, expected);
	}
	unlink(path);
}

static void test_no_picture(void **state)
{
	struct err err = {};
	struct page page;
	bool there = true;

	(void)state;
	page_open(&page);
	assert_int_equal(html_put_picture(page.out, "/nonexistent", "x", "", &there, &err), 0);
	assert_false(there);
	/* What is there and is no file is a fault, not a missing chart. */
	assert_true(html_put_picture(page.out, "/", "tmp", "", &there, &err) < 0);
	assert_page(&page, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),	   cmocka_unit_test(test_format),
		cmocka_unit_test(test_link),	   cmocka_unit_test(test_picture),
		cmocka_unit_test(test_no_picture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
