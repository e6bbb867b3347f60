// SPDX-License-Identifier: GPL-2.0-only
/* `labrun reproduce`: a folder of result folders and one page of them all. */
#include "tests/netns/result_fixture.h"

#define EXPERIMENT(name, more)                                                                     \
	"{ \"name\": \"" name "\", \"title\": \"t<b>\", \"source\": \"s&t\", "                     \
	"\"topology\": \"bridge\", \"load\": { \"kind\": \"ping\", \"from\": \"vm\", "             \
	"\"to\": \"internet\", \"interval_us\": 500 }, \"probes\": [{ \"kind\": \"hops\" }], "     \
	"\"batches\": 2, \"iterations\": 10" more " }\n"

static char *read_page(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		fail_msg("no %s", path);
	return run_read(fd);
}

static void test_page(void **state)
{
	_finished_ struct finished finished = {};
	_free_ char *page = NULL;

	(void)state;
	write_text("one.json", EXPERIMENT("one", ", \"reference\": \"bridge\""));
	write_text("two.json", EXPERIMENT("two", ""));
	finished = labrun("reproduce", "--no-charts", "--out", "r", "./one.json", "./two.json");
	assert_measured(finished);
	assert_says(finished.out, "one: t<b>\n");
	assert_says(finished.out, "\nresults in r, all on one page in r/reproduce.html\n");
	assert_int_equal(count_entries("r"), 3);
	assert_true(exists("r/one/summary.json") && exists("r/two/samples.csv"));
	assert_false(exists("r/one/plots"));
	page = read_page("r/reproduce.html");
	assert_says(page, "t&lt;b&gt;");
	assert_says(page, "s&amp;t");
	assert_says(page, "href=\"./two/samples.csv\"");
	assert_says(page, "8.012 us [7.635, 8.511]");
	assert_says(page, "The probe: one event costs ");
	assert_says(page, "claims are tested on what is left without it");
	assert_says(page, "labrun reproduce --no-charts --out r ./one.json ./two.json");
	assert_says(page, "</html>\n");
}

static void test_charts(void **state)
{
	_finished_ struct finished finished = {};
	_free_ char *page = NULL;

	(void)state;
	write_text("one.json", EXPERIMENT("one", ", \"reference\": \"bridge\""));
	finished = labrun("reproduce", "--out", "r", "./one.json");
	assert_measured(finished);
	if (strstr(finished.error, "gnuplot is not installed"))
		skip_because("gnuplot is not installed");
	page = read_page("r/reproduce.html");
	assert_says(page, "alt=\"chart: segments of one\" src=\"data:image/svg+xml;base64,");
	assert_says(page, "alt=\"chart: path of one\"");
}

/* The one that cannot run is named, those before it are kept. */
static void test_failure(void **state)
{
	_finished_ struct finished finished = {};
	_free_ char *page = NULL;

	(void)state;
	write_text("one.json", EXPERIMENT("one", ""));
	finished = labrun("reproduce", "--no-charts", "--out", "r", "./one.json", "./one.json");
	assert_status(finished, 2);
	assert_says(finished.error, "'r/one' exists");
	page = read_page("r/reproduce.html");
	assert_says(page, "href=\"./one/samples.csv\"");
	assert_null(strstr(page, "gave no results"));
}

static void test_no_results(void **state)
{
	_finished_ struct finished finished = {};

	(void)state;
	finished = labrun("reproduce", "--out", "r", "./nosuch.json");
	assert_status(finished, 2);
	assert_string_equal(finished.out, "");
	assert_false(exists("r"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		program_test(test_page),
		program_test(test_charts),
		program_test(test_failure),
		program_test(test_no_results),
	};
	int status = run_prepare();

	return status ? status : cmocka_run_group_tests(tests, NULL, NULL);
}
