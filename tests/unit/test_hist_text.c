// SPDX-License-Identifier: GPL-2.0-only
/* Histograms in text, of folders of made-up samples. */
#include "tests/test.h"
#include "tests/unit/folder.h"

#include "harness/file.h"
#include "harness/plot_hist_text.h"
#include "tests/unit/synthetic.h"

static const struct synthetic about = {
	.title = "Made up",
	.segments = { "quick", "slow" },
	.means_ns = { 300, 30000 },
	.modes = 2,
	.batches = 2,
	.iterations = 50,
};

/* NULL if there was an error, which is then in *err. The caller frees. */
static char *print(const char *base, const struct synthetic *made_up, const struct hist_text *what,
		   struct err *err)
{
	_plot_data_ struct plot_data data = { 0 };
	_free_ char *dir = NULL, *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int code;

	assert_non_null(out);
	assert_true(asprintf(&dir, "%s/run", base) > 0);
	if (synthetic_write(made_up, dir, NULL, err) || plot_data_read(&data, dir, false, err) ||
	    plot_data_samples(&data, err))
		fail_msg("%s", err->text);
	code = plot_hist_text(&data, what, out, err);
	fclose(out);
	return code ? NULL : steal_ptr(text);
}

static size_t count_of(const char *text, const char *what)
{
	size_t count = 0;

	for (; (text = strstr(text, what)); text++)
		count++;
	return count;
}

/* The counts of the lines from `at` on, up to the first that is none of a bin. */
static size_t sum_bins(const char *at, size_t *ret_most)
{
	size_t sum = 0, count;
	int used;

	*ret_most = 0;
	while (sscanf(at, "  [%*[^)]) %zu |%*[@ ]|\n%n", &count, &used) == 1) {
		sum += count;
		*ret_most = count > *ret_most ? count : *ret_most;
		at = strchr(at, '\n') + 1;
	}
	return sum;
}

/* Every sample is in each of the two, and the fullest bin has the whole bar. */
static void check_bins(const char *text, const char *head)
{
	const char *at = strstr(text, head);
	size_t most;

	if (!at)
		fail_msg("no \"%s\" in:\n%s", head, text);
	at = strchr(at, '\n') + 1;
	assert_int_equal(sum_bins(at, &most), 100);
	assert_true(most > 20);
}

static void test_all(void **state)
{
	struct err err = { 0 };
	_free_ char *text = print(*state, &about, &(struct hist_text){ 0 }, &err);

	assert_non_null(text);
	assert_int_equal(count_of(text, "mode=iptables-legacy: quick, request: n 100, min "), 1);
	/* Nanoseconds where microseconds would be below 1. */
	check_bins(text, "powers of two (ns):");
	check_bins(text, "powers of two (us):");
	assert_non_null(strstr(text, "  [16, 32) "));
	/* Two modes, two directions; lateness and round trip too. */
	assert_int_equal(count_of(text, ": slow, "), 4);
	assert_int_equal(count_of(text, "lateness, both"), 2);
}

static void test_asked(void **state)
{
	const char *const names[] = { "slow" };
	const struct hist_text what = { .series = names, .series_count = 1, .step_ns = 5000 };
	struct err err = { 0 };
	_free_ char *text = print(*state, &about, &what, &err);

	assert_non_null(text);
	assert_int_equal(count_of(text, "quick"), 0);
	assert_int_equal(count_of(text, "steps of 5 us:"), 4);
	check_bins(text, "steps of 5 us:");
	assert_non_null(strstr(text, "  [25, 30) "));
}

static void test_refused(void **state)
{
	const char *const names[] = { "slow", "swol" };
	const struct hist_text what = { .series = names, .series_count = 2 };
	struct err err = { 0 };

	assert_null(print(*state, &about, &what, &err));
	assert_int_equal(err.class, ERR_USAGE);
	assert_non_null(strstr(err.text, "has no series 'swol'"));
}

/* A value a batch is no distribution. */
static void test_none(void **state)
{
	struct synthetic bulk = about;
	struct err err = { 0 };

	bulk.bulk = true;
	assert_null(print(*state, &bulk, &(struct hist_text){ 0 }, &err));
	assert_int_equal(err.class, ERR_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_asked, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_refused, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_none, folder_setup, folder_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
