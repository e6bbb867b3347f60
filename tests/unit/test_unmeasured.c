// SPDX-License-Identifier: GPL-2.0-only
/* What a probe could not tell: from a counter's name to what people read. */
#include "tests/test.h"

#include "harness/cleanup.h"
#include "harness/html_tables.h"
#include "harness/report_text.h"
#include "harness/summary.h"

#include <string.h>

/* Of two cells: the first lacks two series, one of them in two batches. */
static json_t *make_summary(void)
{
	struct summary_cell cells[2] = { 0 };
	struct samples *samples = samples_new();
	const struct summary_input input = { .experiment = "x",
					     .mode = "native",
					     .cells = cells,
					     .cell_count = ARRAY_SIZE(cells),
					     .samples = samples };
	uint32_t series = samples_series(samples, "a", DIRECTION_BOTH, "ns");
	uint32_t tools = samples_series(samples, "memory_tools", DIRECTION_BOTH, "bytes");
	json_t *summary;

	for (uint32_t cell = 0; cell < ARRAY_SIZE(cells); cell++)
		samples_add(samples, cell, 0, 0, series, 1);
	/* In one of its batches it was seen. */
	samples_add(samples, 0, 1, 0, tools, 1);
	samples_count(samples, 0, 0, "unmeasured.memory_tools: hidden: by <a> copy", 1);
	samples_count(samples, 0, 2, "unmeasured.memory_tools: hidden: by <a> copy", 1);
	samples_count(samples, 0, 2, "unmeasured.cpu_load: of the kernel", 1);
	samples_count(samples, 0, 2, "unmeasured.without", 1);
	samples_count(samples, 1, 0, "drop.a.b: c", 1);
	summary = summary_build(&input);
	samples_free(samples);
	return summary;
}

static const json_t *cell_of(const json_t *summary, size_t cell)
{
	return json_array_get(json_object_get(summary, "cells"), cell);
}

static void test_summary(void **state)
{
	_json_ json_t *summary = make_summary();
	_json_ json_t *expected = json_pack("{s:s, s:s}", "memory_tools", "hidden: by <a> copy",
					    "cpu_load", "of the kernel");

	(void)state;
	assert_true(json_equal(json_object_get(cell_of(summary, 0), "unmeasured"), expected));
	assert_null(json_object_get(cell_of(summary, 1), "unmeasured"));
}

static size_t count_of(const char *text, const char *part)
{
	size_t count = 0;

	for (; (text = strstr(text, part)); text++)
		count++;
	return count;
}

static void test_text(void **state)
{
	_json_ json_t *summary = make_summary();
	_free_ char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	report_text(summary, out);
	fclose(out);
	assert_non_null(
		strstr(text, "  not measured in each batch: memory_tools: hidden: by <a> copy\n"));
	assert_non_null(strstr(text, "  not measured: cpu_load: of the kernel\n"));
	assert_int_equal(count_of(text, "not measured"), 2);
}

static void test_page(void **state)
{
	_json_ json_t *summary = make_summary();
	_free_ char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	html_put_series(out, cell_of(summary, 0));
	html_put_series(out, cell_of(summary, 1));
	fclose(out);
	assert_non_null(strstr(
		text,
		"<p>Not measured in each batch: memory_tools: hidden: by &lt;a&gt; copy.</p>"));
	assert_int_equal(count_of(text, "Not measured"), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_summary),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
