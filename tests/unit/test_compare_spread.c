// SPDX-License-Identifier: GPL-2.0-only
#include "tests/unit/compare_fixture.h"

#include "harness/compare_welch.h"
#include "harness/html_compare.h"

static const char other_initramfs[] =
	"[{\"initramfs\": \"c3d4e5\", \"kernel\": {\"release\": \"6.1.0\"}, \"cpu\": \"max\"}]";

static void test_bundle_named(void **state)
{
	struct fixture *fixture = *state;
	const struct made base = { .spread = 0 };
	const struct made new = { .spread = 0, .vm = other_initramfs, .batches = 5 };
	_json_ json_t *comparison = compare_made(fixture, &base, &new);

	assert_string_equal(string(comparison, "method"), "seeds");
	expect_text(comparison, "    initramfs: a1b2c3 -> c3d4e5\n");
	expect_text(comparison, "    cpu: (none) -> max\n");
	expect_text(comparison, "    experiment.batches: 4 -> 5\n");
	assert_null(strstr(string(comparison, "verdict"), "regression"));
	assert_int_equal(count_of(comparison, "same"), 12);
}

static void test_long_members(void **state)
{
	struct fixture *fixture = *state;
	const struct made base = { .vm = "[{\"argv\": \"qemu -machine q35 -cpu max -icount "
					 "shift=0,sleep=off -m 512M\"}]" };
	const struct made new = {
		.vm = "[{\"argv\": \"qemu -machine q35 -cpu max -icount shift=0,sleep=off -m 1G\"}]"
	};
	_json_ json_t *comparison = compare_made(fixture, &base, &new);

	expect_text(comparison, "    argv: ...leep=off -m 512M -> ...leep=off -m 1G\n");
}

static void test_further_topology(void **state)
{
	struct fixture *fixture = *state;
	const struct made made = { .spread = 3 };
	_json_ json_t *comparison = NULL;

	make(fixture->base, &made);
	make(fixture->new, &made);
	write_text(fixture->new, "topology-1.json", "{}");
	comparison = compare(fixture);
	expect_text(comparison, "    topology-1.json differs\n");
}

/* A shift over seeds that differ by a few instructions among themselves. */
static void test_seeds(void **state)
{
	static const struct {
		double shift, per_service, spread;
		const char *verdict;
		int changed; /* rows of that verdict */
	} cases[] = {
		/* In both cells; the slope stays. */
		{ 10, 0, 0.5, "regression", 2 },
		{ -10, 0, 0, "improvement", 2 },
		{ 10, 0, 0, "regression", 2 },
		{ 0, 0, 0, "same", 12 },
		/* Within a spread of seeds that is beyond the minimum effect: neither is shown. */
		{ 10, 0, 40, "inconclusive", 12 },
		{ 3, 0, 0, "same", 12 },
		/* 26 instructions a service: both cells and the slope. */
		{ 0, 26, 1, "regression", 3 },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct made base = { .spread = cases[i].spread, .batches = 10 };
		const struct made new = { .spread = cases[i].spread,
					  .batches = 10,
					  .shift = cases[i].shift,
					  .per_service = cases[i].per_service,
					  .vm = other_initramfs };
		_json_ json_t *comparison = compare_made(fixture, &base, &new);

		assert_string_equal(string(comparison, "verdict"), cases[i].verdict);
		assert_int_equal(count_of(comparison, cases[i].verdict), cases[i].changed);
		assert_int_equal(compare_regressed(comparison),
				 !strcmp(cases[i].verdict, "regression"));
		file_remove_tree(fixture->base);
		file_remove_tree(fixture->new);
	}
}

static char *page_of(const json_t *comparison)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	html_put_comparison(out, comparison);
	fclose(out);
	return text;
}

/* The page says what its figures are, as the text does. */
static void test_page(void **state)
{
	struct fixture *fixture = *state;
	const struct made base = { .batches = 10 };
	const struct made new = { .batches = 10, .shift = 10, .vm = other_initramfs };
	_json_ json_t *comparison = compare_made(fixture, &base, &new);
	_free_ char *text = NULL;
	json_t *row;
	size_t i;

	text = page_of(comparison);
	assert_non_null(strstr(text, "the p50 of each seed, as mean [lowest, highest]"));
	assert_non_null(strstr(text, "<th>cell</th>"));
	/* As with one cell. */
	json_array_foreach (json_object_get(comparison, "rows"), i, row)
		json_object_clear(json_object_get(row, "factors"));
	free(text);
	text = page_of(comparison);
	assert_null(strstr(text, "<th>cell</th>"));
}

static void test_seeds_figures(void **state)
{
	struct fixture *fixture = *state;
	const struct made base = { .batches = 10 };
	const struct made new = {
		.batches = 10, .shift = 10, .per_service = 26, .vm = other_initramfs
	};
	_json_ json_t *comparison = compare_made(fixture, &base, &new);
	const json_t *first = row_of(comparison, "regression", 0);
	const json_t *slope = row_of(comparison, "regression", 2);

	assert_near(number(first, "difference"), 10 + 26 * 100, 1e-9);
	assert_near(number(json_object_get(first, "base"), "mean"), 1201, 1e-9);
	assert_near(number(json_object_get(first, "new"), "max"), 3811, 1e-9);
	assert_near(number(first, "minimum_effect"), 6.005, 1e-9);
	assert_string_equal(string(slope, "over"), "topology.nodes.node1.proxy.services");
	assert_near(number(slope, "difference"), 26, 1e-9);
	assert_near(number(json_object_get(slope, "base"), "mean"), 2, 1e-9);
	assert_int_equal(json_object_size(json_object_get(slope, "factors")), 0);
	expect_text(comparison, "veth1 request per services  2 [2, 2]");
	expect_text(comparison, "+26 [26, 26] +1300.00%");
}

static json_t *compare_least_of(const struct fixture *fixture, double least_percent)
{
	json_t *comparison = NULL;
	struct err err = {};

	if (compare_folders(&comparison, fixture->base, fixture->new, least_percent, &err))
		fail_msg("%s", err.text);
	return comparison;
}

/* An instruction is a small part of a segment, and no chance where no seed differs from another. */
static void test_one_instruction(void **state)
{
	struct fixture *fixture = *state;
	const struct made base = { .batches = 10 };
	const struct made new = { .batches = 10, .shift = 1, .vm = other_initramfs };
	_json_ json_t *usual = compare_made(fixture, &base, &new), *any = NULL, *large = NULL;

	assert_string_equal(string(usual, "verdict"), "same");
	expect_text(usual, "+1 [1, 1] +0.08%");
	expect_text(usual, "moved, but by less than the minimum effect");
	expect_text(usual, "2 of the same moved, but by less than 0.5 %: --least=0 judges them");
	any = compare_least_of(fixture, 0);
	assert_int_equal(count_of(any, "regression"), 2);
	assert_int_equal(json_array_size(json_object_get(any, "notes")), 0);
	expect_text(any, "standing and is at least 0 % and 1 instruction");
	large = compare_least_of(fixture, 90);
	assert_string_equal(string(large, "verdict"), "same");
}

/* What lies within the spread is no change, whatever is asked. */
static void test_least_keeps_the_spread(void **state)
{
	struct fixture *fixture = *state;
	const struct made base = { .batches = 10, .spread = 40 };
	const struct made new = { .batches = 10, .spread = 40, .shift = 10, .vm = other_initramfs };
	_json_ json_t *usual = compare_made(fixture, &base, &new);
	_json_ json_t *any = compare_least_of(fixture, 0);

	_json_ json_t *large = compare_least_of(fixture, 50);

	assert_int_equal(count_of(usual, "inconclusive"), 12);
	assert_int_equal(count_of(any, "inconclusive"), 12);
	assert_int_equal(json_array_size(json_object_get(any, "notes")), 0);
	expect_text(usual, "may be as much as ");
	/* Of the cells, and of the slope of 2 a service; of none half is none. */
	assert_int_equal(count_of(large, "same"), 9);
}

static void test_one_seed(void **state)
{
	struct fixture *fixture = *state;
	const struct made base = { .batches = 1 };
	const struct made new = { .batches = 1, .shift = 100, .vm = other_initramfs };
	_json_ json_t *comparison = compare_made(fixture, &base, &new);

	assert_int_equal(count_of(comparison, "inconclusive"), 12);
	expect_text(comparison, "a spread takes two seeds on each side");
}

/* More packets a second are better. */
static void test_rates(void **state)
{
	struct fixture *fixture = *state;
	const struct made base = { .unit = "pps" };
	const struct made new = { .unit = "pps", .shift = 300, .vm = other_initramfs };
	_json_ json_t *comparison = compare_made(fixture, &base, &new);

	assert_string_equal(string(comparison, "verdict"), "improvement");
}

static void test_missing(void **state)
{
	struct fixture *fixture = *state;
	const struct made base = { .spread = 0 };
	const struct made new = {
		.spread = 0, .services = 3, .without_veth2 = true, .vm = other_initramfs
	};
	_json_ json_t *comparison = compare_made(fixture, &base, &new);

	/* veth2 both ways in two cells, and one cell. */
	assert_int_equal(count_of(comparison, "inconclusive"), 5);
	expect_text(comparison, "only BASE has this series");
	expect_text(comparison, "inconclusive  services=900");
	expect_text(comparison, "only NEW has this cell");
}

/* Other orders of cells, and 100.0 for 100: found by their factors. */
static void test_cells_by_factors(void **state)
{
	struct fixture *fixture = *state;
	const struct made base = { .spread = 0 }, new = { .spread = 0, .vm = other_initramfs };
	_json_ json_t *summary = NULL, *comparison = NULL;
	json_t *cells, *first;

	make(fixture->base, &base);
	make(fixture->new, &new);
	summary = read_json(fixture->new, "summary.json");
	cells = json_object_get(summary, "cells");
	first = json_incref(json_array_get(cells, 0));
	json_array_remove(cells, 0);
	json_array_append_new(cells, first);
	json_object_set_new(json_object_get(first, "factors"),
			    "topology.nodes.node1.proxy.services", json_real(100.0));
	write_json(fixture->new, "summary.json", summary);
	comparison = compare(fixture);
	assert_int_equal(count_of(comparison, "same"), 12);
	assert_string_equal(string(comparison, "verdict"), "same");
}

/* Never a regression, however far apart. */
static void test_native(void **state)
{
	struct fixture *fixture = *state;
	const struct made base = { .mode = "native", .unit = "ns", .vm = "", .spread = 1 };
	const struct made new = {
		.mode = "native", .unit = "ns", .vm = "", .spread = 1, .shift = 5000
	};
	_json_ json_t *comparison = compare_made(fixture, &base, &new);

	assert_string_equal(string(comparison, "method"), "batches");
	assert_string_equal(string(comparison, "verdict"), "inconclusive");
	assert_int_equal(count_of(comparison, "inconclusive"), 2);
	assert_int_equal(count_of(comparison, "same"), 6);
	assert_false(compare_regressed(comparison));
	expect_text(comparison, "At most inconclusive: ");
	expect_text(comparison, "6.280 us");
}

/* Shapes that readers must bear: no factors, cells twice, no values, numbers beyond all sense. */
static void test_odd(void **state)
{
	static const char *const p50s[] = { "[]", "[null, null]", "[1e308, -1e308, 1e308]",
					    "[0, 0]" };
	struct fixture *fixture = *state;
	const struct made base = { .spread = 1 }, new = { .spread = 1, .vm = other_initramfs };

	make(fixture->base, &base);
	for (size_t i = 0; i < ARRAY_SIZE(p50s); i++) {
		_json_ json_t *summary = NULL, *comparison = NULL;
		_free_ char *text = NULL;
		json_t *cells, *series, *cell;
		size_t at;

		file_remove_tree(fixture->new);
		make(fixture->new, &new);
		summary = read_json(fixture->new, "summary.json");
		cells = json_object_get(summary, "cells");
		json_array_append_new(cells, json_deep_copy(json_array_get(cells, 0)));
		json_array_append_new(cells, json_pack("{s:n, s:[]}", "factors", "series"));
		cell = json_array_get(cells, 0);
		json_array_foreach (json_object_get(cell, "series"), at, series)
			json_object_set_new(json_object_get(series, "percentiles_by_batch"), "p50",
					    json_loads(p50s[i], 0, NULL));
		write_json(fixture->new, "summary.json", summary);
		comparison = compare(fixture);
		text = text_of(comparison);
		assert_non_null(strstr(text, "only NEW has this cell"));
	}
}

static void test_welch(void **state)
{
	const double a[] = { 10, 12, 14, 16 }, b[] = { 15, 16, 18, 20.5 }, none[] = { 4, 4, 4 };
	struct welch welch = welch_compare(a, 4, b, 4);

	(void)state;
	/* t = 2.46871 with 5.977 degrees of freedom; five have a closed form. */
	assert_near(welch.difference, 4.375, 1e-12);
	assert_int_equal(welch.freedom, 5);
	assert_near(welch.interval.low, -0.1805359277792, 1e-9);
	assert_near(welch.interval.high, 8.9305359277792, 1e-9);
	assert_near(welch.p, 0.05661981567602, 1e-9);
	/* Two sides without spread. */
	welch = welch_compare(none, 3, none, 3);
	assert_near(welch.p, 1, 0);
	assert_near(welch.interval.low, 0, 0);
	/* One more of four with mean 13 and deviation 2.582: by t with 3 degrees, 3.18245. */
	welch = welch_compare(a, 4, b, 1);
	assert_near(welch.difference, 2, 1e-12);
	assert_int_equal(welch.freedom, 3);
	assert_near(welch.interval.high - 2, 3.182446305284 * 2.581988897472 * sqrt(1.25), 1e-9);
	assert_near(welch.interval.low - 2, -3.182446305284 * 2.581988897472 * sqrt(1.25), 1e-9);
	assert_near(welch_compare(b, 1, a, 4).difference, -2, 1e-12);
	welch = welch_compare(b, 1, a, 1);
	assert_true(isnan(welch.p) && isnan(welch.interval.low));
	welch = welch_compare(none, 0, none, 0);
	assert_true(isnan(welch.difference));
}

/* Seeds without any difference, of unequal number and spread: few intervals leave zero out. */
static void test_welch_coverage(void **state)
{
	uint64_t random = 20260401;
	size_t covered = 0;

	(void)state;
	for (size_t i = 0; i < 1000; i++) {
		double base[10] = { 0 }, new[5] = { 0 };
		struct welch welch;

		/* Sums of twelve uniform ones are as good as normal. */
		for (size_t j = 0; j < 120; j++)
			base[j / 12] += synthetic_random(&random);
		for (size_t j = 0; j < 60; j++)
			new[j / 12] += 5 * (synthetic_random(&random) - 0.5) + 0.5;
		welch = welch_compare(base, 10, new, 5);
		covered += welch.interval.low <= 0 && welch.interval.high >= 0;
		assert_int_equal(welch.p > 0.05,
				 welch.interval.low <= 0 && welch.interval.high >= 0);
	}
	assert_in_range(covered, 935, 975);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_bundle_named, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_long_members, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_further_topology, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_seeds, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_page, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_seeds_figures, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_one_instruction, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_least_keeps_the_spread, setup,
						folder_teardown),
		cmocka_unit_test_setup_teardown(test_one_seed, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_rates, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_missing, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_cells_by_factors, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_native, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_odd, setup, folder_teardown),
		cmocka_unit_test(test_welch),
		cmocka_unit_test(test_welch_coverage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
